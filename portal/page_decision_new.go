package portal

import (
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// decisionNewPage is where the investigator prepares a decision: from its fields
// or as a PDF.
type decisionNewPage struct {
	Form     *web.Form
	Case     casefile.Case
	Kinds    []web.Option
	Flags    []web.Option
	Concerns []web.Option
	Joinable []web.Option
	Upload   bool // the draft holds an uploaded file
}

// publishable are the kinds an investigator may publish.
func publishable() []policy.Kind {
	var out []policy.Kind
	for _, k := range policy.Kinds {
		if rule, _ := policy.KindOf(k); rule.Publishable() {
			out = append(out, k)
		}
	}
	return out
}

func (p *Portal) showDecisionForm(c echo.Context, ask policy.Ask, form *web.Form, caseID uuid.UUID, upload bool) error {
	ctx := c.Request().Context()
	of, err := casefile.Read(ctx, p.DB, ask, caseID)
	if err != nil {
		return err
	}
	all, err := casefile.Participants(ctx, p.DB, ask, caseID)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := decisionNewPage{Form: form, Case: of, Upload: upload}
	for _, k := range publishable() {
		rule, _ := policy.KindOf(k)
		page.Kinds = append(page.Kinds, web.Option{Value: string(k), Label: w.T("kind."+string(k)) + " (" + w.Law(rule.By) + ")"})
	}
	for _, f := range policy.Flags {
		page.Flags = append(page.Flags, web.Option{Value: string(f), Label: w.T("flag." + string(f))})
	}
	for _, q := range all {
		if q.Status == casefile.Confirmed && q.Represents == uuid.Nil {
			page.Concerns = append(page.Concerns, web.Option{Value: q.ID.String(), Label: q.Name, Hint: w.T("role." + string(q.Role))})
		}
	}
	mine, err := casefile.Charge(ctx, p.DB, ask.To(policy.DeskRead))
	if err != nil {
		return err
	}
	for _, other := range mine {
		if other.ID != caseID && other.JoinedInto == uuid.Nil && other.Standing&policy.Charge != 0 {
			page.Joinable = append(page.Joinable, web.Option{Value: other.ID.String(), Label: w.T("case.title", "number", other.Number)})
		}
	}
	return p.form(c, form, "decision_new", page, policy.DecisionDraft, caseID)
}

func (p *Portal) decisionNew(c echo.Context, ask policy.Ask) error {
	caseID := id(c, "case")
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	form := web.NewForm("decision_new", "id", fresh.String(), "decided_on", ask.At.In(deadline.Zone).Format(time.DateOnly))
	return p.showDecisionForm(c, ask, form, caseID, false)
}

func (p *Portal) decisionDraft(c echo.Context, ask policy.Ask) error {
	caseID := id(c, "case")
	form := web.ReadForm(c, "decision_new")
	today := deadline.LastDay(ask.At)
	draft := casefile.DecisionDraft{
		Kind:      web.OneOf(form, "kind", publishable()...),
		DecidedOn: form.Date("decided_on", today),
		ReadyOn:   form.OptionalDate("ready_on", today),
		Flags:     web.AnyOf(form, "flags", policy.Flags...),
		Concerns:  form.IDs("concerns"),
		Language:  web.Lang(c),
		Upload:    form.File("file", document.MaxUpload),
		Joins:     form.OptionalID("joins"),
		Leaving:   form.Chosen("leaving"),
	}
	if form.Value("severs") != "" {
		draft.Severs = form.Line("severs", 15, 15)
	}
	if draft.Upload != nil {
		badPDF(form, "file", draft.Upload)
	} else {
		draft.Established = form.Text("established", 20, 20_000)
		draft.Resolved = form.Text("resolved", 10, 20_000)
	}
	number := form.ID("id")
	if form.Bad() {
		return p.showDecisionForm(c, ask, form, caseID, false)
	}
	err := p.sent(c, form, func(tx *vault.DB) error {
		return casefile.DraftDecision(c.Request().Context(), tx, p.press(), ask, caseID, number, draft)
	})
	if form.Refused(err) {
		return p.showDecisionForm(c, ask, form, caseID, false)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.DecisionCheck, number)
}

func (p *Portal) decisionEdit(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	draft, _, of, err := casefile.ReadDraft(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.NewForm("decision_new", "id", number.String(), "kind", string(draft.Kind),
		"decided_on", draft.DecidedOn.Format(time.DateOnly), "established", draft.Established, "resolved", draft.Resolved)
	if !draft.ReadyOn.IsZero() {
		form.Fill("ready_on", draft.ReadyOn.Format(time.DateOnly))
	}
	for _, f := range draft.Flags {
		form.Fill("flags", string(f))
	}
	if draft.Joins != uuid.Nil {
		form.Fill("joins", draft.Joins.String())
	}
	form.Fill("severs", draft.Severs)
	if draft.Leaving {
		form.Fill("leaving", "1")
	}
	for _, q := range draft.Concerns {
		form.Fill("concerns", q.String())
	}
	return p.showDecisionForm(c, ask, form, of.ID, draft.Upload != nil)
}

// decisionCheckPage shows the exact document before it is signed.
type decisionCheckPage struct {
	Case    casefile.Case
	Draft   casefile.DecisionDraft
	ID      uuid.UUID
	Names   []string // whom it concerns
	Nobody  bool     // it names nobody, and is shown to those it names alone
	Reopens bool     // with it the file closes to whom it was open
	Size    int      // bytes
	Signing signing
	Changed time.Time // when the draft was changed and not saved; zero: never
}

func (p *Portal) decisionCheck(c echo.Context, ask policy.Ask) error {
	return p.showDecisionCheck(c, ask, "")
}

func (p *Portal) showDecisionCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "decision")
	ctx := c.Request().Context()
	draft, doc, of, err := casefile.ReadDraft(ctx, p.DB, ask, number)
	if conflict(err) {
		return p.redirect(c, policy.DecisionRead, number)
	}
	if err != nil {
		return err
	}
	all, err := casefile.Participants(ctx, p.DB, ask, of.ID)
	if err != nil {
		return err
	}
	page := decisionCheckPage{Case: of, Draft: draft, ID: number, Size: len(doc.Content)}
	if page.Changed, err = p.unsaved(c, policy.DecisionEdit, number); err != nil {
		return err
	}
	rule, _ := policy.KindOf(draft.Kind)
	page.Nobody, page.Reopens = len(draft.Concerns) == 0 && policy.Names(draft.Kind), rule.Reopens
	for _, q := range all {
		for _, concerned := range draft.Concerns {
			if q.ID == concerned {
				page.Names = append(page.Names, q.Name)
			}
		}
	}
	if page.Signing, err = p.signDocument(c, doc, policy.DecisionPaper, draft.Act(), refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "decision_check", page, policy.DecisionCheck, number)
}

func (p *Portal) decisionPaper(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	_, doc, _, err := casefile.ReadDraft(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, "draft", false)
}

func (p *Portal) decisionPublish(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := casefile.Publish(c.Request().Context(), p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showDecisionCheck(c, ask.To(policy.DecisionCheck), refusal)
	}
	return p.redirect(c, policy.DecisionRead, number)
}

func (p *Portal) decisionDiscard(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	ctx := c.Request().Context()
	d, of, err := casefile.ReadDecision(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if d.Status != casefile.Draft {
		return fault.New(fault.Conflict, "fault.not-now")
	}
	if err := casefile.Discard(ctx, p.DB, ask, number); err != nil {
		return err
	}
	if err := p.forget(c, policy.DecisionEdit, number); err != nil {
		return err
	}
	return p.redirect(c, policy.CaseRead, of.ID)
}
