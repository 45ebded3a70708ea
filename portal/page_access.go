package portal

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// accessNewPage is where somebody asks that a status of his be confirmed.
type accessNewPage struct {
	Form   *web.Form
	Roles  []web.Option
	Brings bool // a file was brought with the draft
	Max    int  // characters of the text
	Size   int  // MiB of the file
}

func (p *Portal) showAccessForm(c echo.Context, form *web.Form, brings bool) error {
	w := p.Words.In(web.Lang(c))
	page := accessNewPage{Form: form, Brings: brings, Max: casefile.MaxRequestWords, Size: casefile.MaxAuthority >> 20}
	for _, r := range casefile.Requestable() {
		page.Roles = append(page.Roles, web.Option{Value: string(r), Label: w.T("role." + string(r))})
	}
	return p.form(c, form, "access_new", page, policy.AccessDraft)
}

func (p *Portal) accessNew(c echo.Context, ask policy.Ask) error {
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return p.showAccessForm(c, web.NewForm("access_new", "id", fresh.String()), false)
}

// caseNumber is what is typed as the number of a case, or of the report it began with;
// what is neither is this mistake of the form.
func caseNumber(form *web.Form, name, mistake string) string {
	text := form.Line(name, 1, 40)
	number, ok := casefile.Spelt(text)
	if text != "" && !ok {
		form.Wrong(name, mistake)
	}
	return number
}

func (p *Portal) accessDraft(c echo.Context, ask policy.Ask) error {
	ctx, form := c.Request().Context(), web.ReadForm(c, "access_new")
	number := caseNumber(form, "number", "form.case-number")
	n := casefile.NewRequest{
		Role:        web.OneOf(form, "role", casefile.Requestable()...),
		Represented: form.Line("represented", 0, 150),
		Words:       form.Text("words", casefile.MinRequestWords, casefile.MaxRequestWords),
		Authority:   form.File("authority", casefile.MaxAuthority),
		Language:    web.Lang(c),
	}
	if form.Value("represented_iin") != "" {
		n.RepresentedIIN = eds.IIN(form.IIN("represented_iin"))
	}
	if n.Authority != nil {
		badPDF(form, "authority", n.Authority)
	}
	draft := form.ID("id")
	again := func() error {
		p.hereIs(c, policy.AccessNew)
		return p.showAccessForm(c, form, false)
	}
	if form.Bad() {
		return again()
	}
	of, err := casefile.Numbered(ctx, p.DB, ask, number)
	if err == nil {
		err = p.sent(c, form, func(tx *vault.DB) error {
			return casefile.SaveRequest(ctx, tx, p.press(), ask, of, draft, n)
		})
	}
	if form.Refused(err) {
		return again()
	}
	if conflict(err) { // clicked again after it was signed: there it is
		return p.redirect(c, policy.AccessRead, draft)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.AccessCheck, draft)
}

func (p *Portal) accessEdit(c echo.Context, ask policy.Ask) error {
	r, err := casefile.ReadRequest(c.Request().Context(), p.DB, ask, id(c, "access"))
	if err != nil {
		return err
	}
	if r.Status != casefile.Draft {
		return p.redirect(c, policy.AccessRead, r.ID)
	}
	form := web.NewForm("access_new", "id", r.ID.String(), "number", r.CaseNumber, "role", string(r.Role), "words", r.Words,
		"represented", r.Represented, "represented_iin", r.RepresentedIIN.Reveal())
	return p.showAccessForm(c, form, r.Authority != uuid.Nil)
}

// accessCheckPage shows the exact paper of a request before it is signed.
type accessCheckPage struct {
	Request casefile.Request
	Size    int // bytes
	Signing signing
	Changed time.Time // when the draft was changed and not saved; zero: never
}

func (p *Portal) accessCheck(c echo.Context, ask policy.Ask) error {
	return p.showAccessCheck(c, ask, "")
}

func (p *Portal) showAccessCheck(c echo.Context, ask policy.Ask, refusal string) error {
	r, doc, err := casefile.RequestPaper(c.Request().Context(), p.DB, ask, id(c, "access"))
	if err != nil {
		return err
	}
	if r.Status != casefile.Draft {
		return p.redirect(c, policy.AccessRead, r.ID)
	}
	page := accessCheckPage{Request: r, Size: len(doc.Content)}
	if page.Changed, err = p.unsaved(c, policy.AccessEdit, r.ID); err != nil {
		return err
	}
	if page.Signing, err = p.signDocument(c, doc, policy.AccessPaper, policy.AccessSubmit, refusal, r.ID); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "access_check", page, policy.AccessCheck, r.ID)
}

func (p *Portal) accessSubmit(c echo.Context, ask policy.Ask) error {
	number := id(c, "access")
	ctx := c.Request().Context()
	if _, err := casefile.ReadRequest(ctx, p.DB, ask, number); err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	err = casefile.SubmitRequest(ctx, p.DB, p.Verifier, ask, number, cms, digest)
	if refusal, _ := refused(err); refusal != "" {
		return p.showAccessCheck(c, ask.To(policy.AccessCheck), refusal)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.AccessRead, number)
}

// accessPage is a request and what became of it.
type accessPage struct {
	Request  casefile.Request
	Mine     bool
	Overdue  bool
	DaysLeft int
	Count    deadline.Counting
	Complain bool // there is something to complain of, and it is his to do
	May      map[string]bool
	Stands   bool // the official may open the page of the status
}

func (p *Portal) access(c echo.Context, ask policy.Ask) error {
	r, err := casefile.ReadRequest(c.Request().Context(), p.DB, ask, id(c, "access"))
	if err != nil {
		return err
	}
	if r.Status == casefile.Draft {
		return p.redirect(c, policy.AccessCheck, r.ID)
	}
	days, err := calendar.Read(c.Request().Context(), p.DB.DB)
	if err != nil {
		return err
	}
	page := accessPage{
		Request: r, Mine: r.Person == ask.Person, Overdue: r.Overdue(ask.At), DaysLeft: r.DaysLeft(ask.At), Count: r.Counting(days),
		Complain: r.Contestable(ask.At) && ask.To(policy.AccessComplain).Check(r.Standing) == nil,
		Stands:   ask.To(policy.ParticipantView).Check(r.Standing) == nil,
		May:      map[string]bool{},
	}
	if r.Status == casefile.Asked && ask.To(policy.AccessWithdraw).Check(r.Standing) == nil {
		page.May[string(policy.AccessWithdraw)] = true
	}
	return p.show(c, "access", page)
}

func (p *Portal) accessPaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := casefile.RequestPaper(c.Request().Context(), p.DB, ask, id(c, "access"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, "request", c.QueryParam("keep") != "")
}

// accessAuthority gives the file as it was brought: it is not ours, so it comes as a
// download and never opens on a page.
func (p *Portal) accessAuthority(c echo.Context, ask policy.Ask) error {
	_, doc, err := casefile.RequestAuthority(c.Request().Context(), p.DB, ask, id(c, "access"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, "authority", true)
}

func (p *Portal) accessAnswer(c echo.Context, ask policy.Ask) error {
	_, doc, err := casefile.RequestAnswer(c.Request().Context(), p.DB, ask, id(c, "access"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, "answer", c.QueryParam("keep") != "")
}

func (p *Portal) accessWithdraw(c echo.Context, ask policy.Ask) error {
	number := id(c, "access")
	if err := casefile.WithdrawRequest(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	return p.redirect(c, policy.AccessRead, number)
}

func (p *Portal) accessDiscard(c echo.Context, ask policy.Ask) error {
	number := id(c, "access")
	if err := casefile.DiscardRequest(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	if err := p.forget(c, policy.AccessEdit, number); err != nil {
		return err
	}
	return p.redirect(c, policy.CaseList)
}

// accessComplaintPage is where the ready complaint is changed before it is signed.
type accessComplaintPage struct {
	Form    *web.Form
	Request casefile.Request
	Max     int
}

func (p *Portal) accessComplaint(c echo.Context, ask policy.Ask) error {
	r, f, err := filing.ComplaintOf(c.Request().Context(), p.DB, ask, id(c, "access"))
	if err != nil {
		return err
	}
	if f.ID != uuid.Nil && f.Status != filing.Draft {
		return p.redirect(c, policy.FilingRead, f.ID)
	}
	circumstances, request := f.Circumstances, strings.Join(f.Requests(), "\n")
	if f.ID == uuid.Nil {
		circumstances, request = filing.ReadyComplaint(r, p.Words.In(web.Lang(c)))
	}
	form := web.NewForm("access_complaint", "circumstances", circumstances, "request", request)
	return p.form(c, form, "access_complaint", accessComplaintPage{form, r, filing.MaxText}, policy.AccessComplain, r.ID)
}

// accessComplain is one step from a refusal, or from silence, to the complaint that
// is ready to be signed. The page on which it is changed sends its texts here, too.
func (p *Portal) accessComplain(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "access")
	form := web.ReadForm(c, "access_complaint")
	n := filing.NewFiling{Language: web.Lang(c)}
	if form.Chosen("circumstances") || form.Chosen("request") {
		n.Circumstances = form.Text("circumstances", filing.MinText, filing.MaxText)
		n.Points = []string{form.Text("request", filing.MinText, filing.MaxPointText)}
	}
	if form.Bad() {
		r, _, err := filing.ComplaintOf(ctx, p.DB, ask, number)
		if err != nil {
			return err
		}
		p.hereIs(c, policy.AccessComplaint, number)
		return p.form(c, form, "access_complaint", accessComplaintPage{form, r, filing.MaxText}, policy.AccessComplain, number)
	}
	var of uuid.UUID
	err := p.sent(c, form, func(tx *vault.DB) (err error) {
		of, err = filing.Complain(ctx, tx, p.press(), ask, number, n)
		return err
	})
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, of)
}

// requestLine is a request in a list.
type requestLine struct {
	casefile.Request
	Overdue  bool
	DaysLeft int
}

func requestLines(all []casefile.Request, ask policy.Ask) []requestLine {
	out := make([]requestLine, len(all))
	for i, r := range all {
		out[i] = requestLine{r, r.Overdue(ask.At), r.DaysLeft(ask.At)}
	}
	return out
}

// current are the requests that still tell their author something: a case that has
// opened speaks for itself, what was taken back is over.
func current(all []casefile.Request) []casefile.Request {
	return slices.DeleteFunc(all, func(r casefile.Request) bool {
		return r.Status == casefile.Confirmed || r.Status == casefile.Withdrawn
	})
}

// waitingLine is a status that awaits confirmation on the investigator's desk.
type waitingLine struct {
	casefile.Participant
	Request *requestLine // nil: nobody asked through the portal
	Ready   bool         // can be confirmed as it was asked for, without a look at its page
}

// waitingLines puts those whose term runs first, by what falls due next.
func (p *Portal) waitingLines(c echo.Context, ask policy.Ask, waiting []casefile.Participant) ([]waitingLine, error) {
	ctx := c.Request().Context()
	asked, err := casefile.RequestsWaiting(ctx, p.DB, ask)
	if err != nil {
		return nil, err
	}
	var out []waitingLine
	for _, r := range requestLines(asked, ask) {
		line := waitingLine{Request: &r, Ready: r.Represented == ""} // a power is looked at before it is confirmed
		i := slices.IndexFunc(waiting, func(w casefile.Participant) bool { return w.ID == r.Participant })
		if i < 0 {
			continue
		}
		line.Participant = waiting[i]
		waiting = slices.Delete(waiting, i, i+1)
		out = append(out, line)
	}
	for _, w := range waiting {
		out = append(out, waitingLine{Participant: w})
	}
	return out, nil
}

// deskConfirm prepares the confirmations of several statuses as they were asked for;
// the next page signs them all. One that needs a look first opens by itself.
func (p *Portal) deskConfirm(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "desk")
	chosen := form.IDs("request")
	if len(chosen) == 0 || len(chosen) > maxAtOnce || form.Bad() {
		return fault.New(fault.Invalid, "fault.desk-none")
	}
	ctx := c.Request().Context()
	for _, number := range chosen {
		err := casefile.DraftAsked(ctx, p.DB, p.press(), ask, number, web.Lang(c))
		var why *fault.Fault // one of a case that was joined to another is confirmed in that one: its page says so
		if errors.Is(err, fault.Invalid) || errors.As(err, &why) && why.Message == "fault.case-joined" {
			r, err := casefile.ReadRequest(ctx, p.DB, ask.To(policy.AccessRead), number)
			if err != nil {
				return err
			}
			return p.redirect(c, policy.ParticipantView, r.Participant)
		}
		if err != nil && !conflict(err) { // one that was taken back meanwhile is not here any more
			return err
		}
	}
	return p.redirect(c, policy.DeskDrafts)
}
