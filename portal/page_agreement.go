package portal

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// agreementPage is where the prosecutor reads a decision that waits for him and says
// whether he agrees.
type agreementPage struct {
	Form     *web.Form
	Case     casefile.Case
	Decision decisionLine
	Names    []string // whom it concerns
	Size     int      // bytes of its document
	Overdue  bool
	Said     []web.Option
}

// submissionLine is a decision that waits for the prosecutor.
type submissionLine struct {
	casefile.Submission
	Late bool
}

func (p *Portal) submissions(c echo.Context, ask policy.Ask) ([]submissionLine, error) {
	list, err := casefile.ToAgree(c.Request().Context(), p.DB, ask)
	var lines []submissionLine
	for _, s := range list {
		lines = append(lines, submissionLine{s, s.Overdue(ask.At)})
	}
	return lines, err
}

// saidOf are the two things that can be said, by the value of a field.
var saidOf = []policy.Act{policy.DecisionAgree, policy.DecisionDecline}

// The least and the most that a refusal says.
const minDissent, maxDissent = 20, 4000

func (p *Portal) agreement(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	form := web.NewForm("agreement")
	_, _, said, _, err := casefile.ReadAgreement(c.Request().Context(), p.DB, ask, number)
	switch {
	case conflict(err):
		return p.redirect(c, policy.DecisionRead, number)
	case err == nil: // what he was about to sign
		form = web.NewForm("agreement", "said", string(said.Act()), "reasons", said.Reasons)
	case !errors.Is(err, fault.NotFound):
		return err
	}
	return p.showAgreement(c, ask, form, number)
}

func (p *Portal) showAgreement(c echo.Context, ask policy.Ask, form *web.Form, number uuid.UUID) error {
	ctx := c.Request().Context()
	d, of, err := casefile.ReadDecision(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if d.Status != casefile.Submitted {
		return fault.New(fault.Conflict, "fault.not-now")
	}
	doc, err := document.Fetch(ctx, p.DB, d.Document)
	if err != nil {
		return err
	}
	page := agreementPage{Form: form, Case: of, Decision: lineOf(d), Size: len(doc.Content)}
	page.Overdue = !d.DueAt.IsZero() && !ask.At.Before(d.DueAt)
	if page.Names, err = p.concerned(c, ask, of.ID, d.Concerns); err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	for _, act := range saidOf {
		page.Said = append(page.Said, web.Option{Value: string(act), Label: w.T("act." + string(act))})
	}
	p.hereIs(c, policy.AgreementRead, number)
	return p.form(c, form, "agreement", page, policy.AgreementDraft, number)
}

// concerned are the names of the participants whom a decision is about.
func (p *Portal) concerned(c echo.Context, ask policy.Ask, caseID uuid.UUID, list []uuid.UUID) ([]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	all, err := casefile.Participants(c.Request().Context(), p.DB, ask, caseID)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, q := range all {
		if slices.Contains(list, q.ID) {
			names = append(names, q.Name)
		}
	}
	return names, nil
}

func (p *Portal) agreementDraft(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	ctx := c.Request().Context()
	if _, _, err := casefile.ReadDecision(ctx, p.DB, ask, number); err != nil {
		return err
	}
	form := web.ReadForm(c, "agreement")
	said := web.OneOf(form, "said", saidOf...)
	a := casefile.Agreement{Agrees: said == policy.DecisionAgree, Language: web.Lang(c)}
	if said == policy.DecisionDecline {
		a.Reasons = form.Text("reasons", minDissent, maxDissent)
	}
	if form.Bad() {
		return p.showAgreement(c, ask, form, number)
	}
	err := p.sent(c, form, func(tx *vault.DB) error {
		return casefile.DraftAgreement(ctx, tx, p.press(), ask, number, a)
	})
	if form.Refused(err) {
		return p.showAgreement(c, ask, form, number)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.AgreementCheck, number)
}

// agreementCheckPage shows the exact paper by which the prosecutor agrees, or does
// not, before it is signed.
type agreementCheckPage struct {
	Case     casefile.Case
	Decision decisionLine
	Said     casefile.Agreement
	Size     int // bytes
	Signing  signing
	Changed  time.Time // when the draft was changed and not saved; zero: never
}

func (p *Portal) agreementCheck(c echo.Context, ask policy.Ask) error {
	return p.showAgreementCheck(c, ask, "")
}

func (p *Portal) showAgreementCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "decision")
	d, of, said, doc, err := casefile.ReadAgreement(c.Request().Context(), p.DB, ask, number)
	if conflict(err) {
		return p.redirect(c, policy.DecisionRead, number)
	}
	if errors.Is(err, fault.NotFound) && of.ID != uuid.Nil { // he has prepared nothing
		return p.redirect(c, policy.AgreementRead, number)
	}
	if err != nil {
		return err
	}
	page := agreementCheckPage{Case: of, Decision: lineOf(d), Said: said, Size: len(doc.Content)}
	if page.Changed, err = p.unsaved(c, policy.AgreementRead, number); err != nil {
		return err
	}
	if page.Signing, err = p.signDocument(c, doc, policy.AgreementPaper, said.Act(), refusal, number); err != nil {
		return err
	}
	page.Signing.Button = "agreement_check." + string(said.Act())
	return p.showSigning(c, refusal, "agreement_check", page, policy.AgreementCheck, number)
}

func (p *Portal) agreementPaper(c echo.Context, ask policy.Ask) error {
	_, _, _, doc, err := casefile.ReadAgreement(c.Request().Context(), p.DB, ask, id(c, "decision"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, "draft", false)
}

// agreementSettle puts the prosecutor's signature on his word: by the address, the
// decision opens or is declined.
func (p *Portal) agreementSettle(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := casefile.Resolve(c.Request().Context(), p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showAgreementCheck(c, ask.To(policy.AgreementCheck), refusal)
	}
	return p.redirect(c, policy.DecisionRead, number)
}
