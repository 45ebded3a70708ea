package portal

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// afterView is what the page of a filing says of what comes after it was filed.
type afterView struct {
	Form        *web.Form // "this point was not answered"
	Onwards     []filing.Onward
	Before      []filing.Told // what it brings again
	Later       []filing.Told // what brings it again
	Supplements []filing.Supplement
	Disputes    map[uuid.UUID]filing.Dispute
	Points      []web.Option // that may be said not to be answered
	Mail        filing.Correspondence
	MayWrite    bool
	MayAdd      bool
	Again       bool // it was taken back, and may be filed again
	Consent     bool // the reader must say whether it may be taken back
	Report      bool // it is about a report: the way on is on the page of that complaint
	Court       bool // the way on is a paper to the court, outside the portal
	Petition    bool // what was asked may be asked anew
	Final       bool // the court above has said the last word
	AsksConsent bool // the reader takes it back only with the consent of the one he filed it for
}

// after gathers it for a filing that the reader opened, and its answer if there is one.
func (p *Portal) after(c echo.Context, ask policy.Ask, f filing.Filing, answer *answerView) (afterView, error) {
	ctx := c.Request().Context()
	view := afterView{
		Form:        web.NewForm("filing"),
		MayWrite:    (f.Status.Open() || f.Status.Answered()) && ask.To(policy.MessageSend).Check(f.Standing) == nil && !f.Left,
		MayAdd:      len(f.Acts(ask, policy.SupplementSign)) > 0,
		Again:       f.Status == filing.Withdrawn && f.Author == ask.Person && f.Participant != uuid.Nil,
		Consent:     len(f.Acts(ask, policy.WithdrawalConsent)) > 0,
		AsksConsent: len(f.Acts(ask, policy.WithdrawalAsk)) > 0,
	}
	var err error
	if view.Before, view.Later, err = filing.Twins(ctx, p.DB, f); err != nil {
		return view, err
	}
	if view.Supplements, err = filing.Supplements(ctx, p.DB, f); err != nil {
		return view, err
	}
	if view.Disputes, err = filing.Disputes(ctx, p.DB, f); err != nil {
		return view, err
	}
	if view.Mail, err = filing.CorrespondenceOf(ctx, p.DB, f); err != nil {
		return view, err
	}
	var said filing.Answer
	if answer != nil {
		said = answer.Answer
		if f.Author == ask.Person && !said.ReadAt.IsZero() {
			view.Points = p.disputable(c, f, view.Disputes)
		}
	}
	if f.Own() && f.Contestable(ask.At, len(view.Disputes)) {
		if f.OfReport() && f.Status != filing.Granted && !f.Final() {
			if view.Report, err = filing.Further(ctx, p.DB, ask, f); err != nil {
				return view, err
			}
		}
		if view.Onwards, err = filing.Onwards(ctx, p.DB, ask, f, said); err != nil {
			return view, err
		}
	}
	if answer != nil {
		beside := f.OfAccess() || f.Affected
		view.Court = beside && len(view.Onwards) == 0 && len(answer.Terms) > 0
		view.Petition = !beside && !f.OfReport()
		view.Final = f.Final()
	}
	return view, nil
}

func (p *Portal) disputable(c echo.Context, f filing.Filing, said map[uuid.UUID]filing.Dispute) []web.Option {
	w := p.Words.In(web.Lang(c))
	var out []web.Option
	for _, point := range f.Points {
		if _, already := said[point.ID]; !already {
			out = append(out, web.Option{Value: digits(point.N), Label: w.T("filing.point.option", "point", digits(point.N), "text", point.Text)})
		}
	}
	return out
}

func (p *Portal) pointDispute(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "filing")
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if !f.Status.Answered() {
		return fault.New(fault.Conflict, "fault.not-now")
	}
	form := web.ReadForm(c, "filing")
	n := form.Number("disputed", 1, filing.MaxPoints)
	why := form.Text("unanswered", filing.MinDispute, filing.MaxDispute)
	if form.Bad() {
		return p.showFilingWith(c, ask.To(policy.FilingRead), f, form)
	}
	err = filing.DisputePoint(ctx, p.DB, ask, number, n, why)
	if form.Refused(err) {
		return p.showFilingWith(c, ask.To(policy.FilingRead), f, form)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, number)
}

// readied fills a new form from what came before: the complaint about an answer, or
// about silence, as the portal has it ready; or what was taken back and is filed again.
func (p *Portal) readied(c echo.Context, ask policy.Ask, form *web.Form) error {
	ctx := c.Request().Context()
	if old, err := uuid.Parse(c.QueryParam("previous")); err == nil {
		f, err := filing.Retake(ctx, p.DB, ask, old)
		if err != nil {
			return err
		}
		fillFiling(form, f)
		form.Set("previous", f.ID.String())
		return nil
	}
	against, err := uuid.Parse(c.QueryParam("against"))
	if err != nil || c.QueryParam("ready") == "" {
		return nil
	}
	circumstances, asked, err := filing.Ready(ctx, p.DB, ask, p.Words.In(web.Lang(c)), against)
	if err != nil {
		return err
	}
	form.Set("circumstances", circumstances)
	pointFields.fill(form, asked)
	f, err := filing.Read(ctx, p.DB, ask.To(policy.FilingRead), against)
	if err == nil && f.Grounded() { // it is about what that one was about
		form.Set("ground", string(f.Ground))
	}
	return err
}

// fillFiling puts what a filing says into a form.
func fillFiling(form *web.Form, f filing.Filing) {
	form.Set("participant", f.Participant.String())
	if f.Grounded() {
		form.Set("ground", string(f.Ground))
	}
	form.Set("circumstances", f.Circumstances)
	form.Set("what", string(f.What))
	form.Set("to", string(f.Seat))
	pointFields.fill(form, f.Requests())
	if f.Suspend {
		form.Set("suspend", "1")
	}
	for name, of := range map[string]uuid.UUID{"complained": f.Complained, "about": f.About, "against": f.Against, "previous": f.Previous} {
		if of != uuid.Nil {
			form.Set(name, of.String())
		}
	}
}
