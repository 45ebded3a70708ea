package portal

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/assist"
	"zharia/portal/casefile"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// assistantsPage is where an advocate says who writes drafts for him, and until when.
type assistantsPage struct {
	Form       *web.Form
	Assistants []assist.Assistant
	Advocate   bool
}

func (p *Portal) assistants(c echo.Context, ask policy.Ask) error {
	return p.showAssistants(c, ask, web.NewForm("assistants"))
}

func (p *Portal) showAssistants(c echo.Context, ask policy.Ask, form *web.Form) error {
	ctx := c.Request().Context()
	page := assistantsPage{Form: form}
	var err error
	if page.Advocate, err = assist.Advocate(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Assistants, err = assist.List(ctx, p.DB, ask); err != nil {
		return err
	}
	return p.form(c, form, "assistants", page, policy.AssistantLet)
}

func (p *Portal) assistantLet(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "assistants")
	iin, name := eds.IIN(form.IIN("iin")), form.Line("name", 3, assist.MaxName)
	until := form.Date("until", ask.At.Add(assist.Longest))
	p.hereIs(c, policy.AssistantList)
	if form.Bad() {
		return p.showAssistants(c, ask, form)
	}
	err := assist.Let(c.Request().Context(), p.DB, ask, iin, name, until)
	if form.Refused(err) {
		return p.showAssistants(c, ask, form)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.AssistantList)
}

func (p *Portal) assistantEnd(c echo.Context, ask policy.Ask) error {
	if err := assist.End(c.Request().Context(), p.DB, ask, id(c, "assistant")); err != nil {
		return err
	}
	return p.redirect(c, policy.AssistantList)
}

// errandNewPage is where an advocate asks for a draft: what he chooses here is all
// that the assistant learns of the case.
type errandNewPage struct {
	Form       *web.Form
	Case       casefile.Case
	Assistants []web.Option
	Capacities []web.Option
	Kinds      []web.Option
	About      []web.Option
	Max        int
}

func (p *Portal) errandNew(c echo.Context, ask policy.Ask) error {
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	caseID := id(c, "case")
	if again, err := p.forSide(c, ask, caseID); again || err != nil {
		return err
	}
	return p.showErrandForm(c, ask, web.NewForm("errand_new", "id", fresh.String()), caseID)
}

func (p *Portal) showErrandForm(c echo.Context, ask policy.Ask, form *web.Form, caseID uuid.UUID) error {
	ctx := c.Request().Context()
	of, err := casefile.Read(ctx, p.DB, ask.To(policy.CaseRead), caseID)
	if err != nil {
		return err
	}
	if err := ask.To(policy.ErrandNew).Check(of.Standing); err != nil {
		return err
	}
	if len(of.Acts(ask, policy.FilingNew)) == 0 {
		return fault.New(fault.Forbidden, "fault.scope-file").Under(law.CPC(76))
	}
	page := errandNewPage{Form: form, Case: of, Max: assist.MaxWish}
	all, err := assist.List(ctx, p.DB, ask.To(policy.AssistantList))
	if err != nil {
		return err
	}
	for _, a := range all {
		page.Assistants = append(page.Assistants, web.Option{Value: a.ID.String(), Label: a.Name})
	}
	w := p.Words.In(web.Lang(c))
	for _, capacity := range of.Capacities {
		if capacity.Represented != "" && capacity.May(casefile.ScopeFile) {
			page.Capacities = append(page.Capacities, web.Option{Value: capacity.Participant.String(),
				Label: w.T("filing_new.acts-for", "role", w.T("role."+string(capacity.Role)), "name", capacity.Represented)})
		}
	}
	for _, kind := range filing.Kinds {
		for _, capacity := range of.Capacities {
			if _, ok := policy.MayFile(capacity.Role, capacity.RepresentedRole, kind); ok && capacity.Represented != "" {
				page.Kinds = append(page.Kinds, web.Option{Value: string(kind), Label: w.T("filing." + string(kind))})
				break
			}
		}
	}
	decisions, err := casefile.Decisions(ctx, p.DB, ask.To(policy.DecisionRead), of)
	if err != nil {
		return err
	}
	for _, d := range decisions {
		page.About = append(page.About, web.Option{Value: d.ID.String(), Label: w.T("paper.about-value", "kind", w.T("kind."+string(d.Kind)), "day", w.Day(d.DecidedOn))})
	}
	return p.form(c, form, "errand_new", page, policy.ErrandGive, caseID)
}

func (p *Portal) errandGive(c echo.Context, ask policy.Ask) error {
	caseID, form := id(c, "case"), web.ReadForm(c, "errand_new")
	number := form.ID("id")
	n := assist.NewErrand{
		Assistant: form.ID("assistant"), Participant: form.ID("participant"), Kind: web.OneOf(form, "kind", filing.Kinds...),
		About: form.OptionalID("about"), Wish: form.Text("wish", 0, assist.MaxWish), Language: web.Lang(c),
	}
	p.hereIs(c, policy.ErrandNew, caseID)
	if form.Bad() {
		return p.showErrandForm(c, ask, form, caseID)
	}
	err := assist.Give(c.Request().Context(), p.DB, ask, caseID, number, n)
	if form.Refused(err) {
		return p.showErrandForm(c, ask, form, caseID)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ErrandList)
}

// errandsPage are the drafts that somebody has asked for, and those he writes.
type errandsPage struct {
	Given  []assist.Errand // by the reader
	Writes []assist.Errand // for an advocate
}

func (p *Portal) errands(c echo.Context, ask policy.Ask) error {
	all, err := assist.Errands(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	var page errandsPage
	for _, e := range all {
		if e.Standing&policy.Addressee != 0 {
			page.Given = append(page.Given, e)
		} else {
			page.Writes = append(page.Writes, e)
		}
	}
	return p.show(c, "errands", page)
}

// errandPage is one of them: a form for the assistant, what he wrote for the advocate.
type errandPage struct {
	Form   *web.Form
	Errand assist.Errand
	Writes bool
	Points []string // names of the fields
	Max    int
}

func (p *Portal) errand(c echo.Context, ask policy.Ask) error {
	e, err := assist.Read(c.Request().Context(), p.DB, ask, id(c, "errand"))
	if err != nil {
		return err
	}
	form := web.NewForm("errand", "circumstances", e.Circumstances)
	pointFields.fill(form, e.Points)
	return p.showErrand(c, form, e)
}

func (p *Portal) showErrand(c echo.Context, form *web.Form, e assist.Errand) error {
	page := errandPage{Form: form, Errand: e, Max: filing.MaxText}
	if page.Writes = e.Standing&policy.Author != 0 && e.Status != assist.Taken; !page.Writes {
		return p.show(c, "errand", page)
	}
	page.Points = pointFields.shown(form)
	return p.form(c, form, "errand", page, policy.ErrandWrite, e.ID)
}

// errandWrite keeps what the assistant wrote and, by the act, hands it in.
func (p *Portal) errandWrite(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "errand")
	e, err := assist.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "errand")
	circumstances, asked := form.Text("circumstances", filing.MinText, filing.MaxText), points(form)
	p.hereIs(c, policy.ErrandRead, number)
	if form.Bad() {
		return p.showErrand(c, form, e)
	}
	if err := assist.Write(ctx, p.DB, ask, number, circumstances, asked); err != nil {
		return err
	}
	if ask.Act == policy.ErrandHand {
		return p.redirect(c, policy.ErrandList)
	}
	return p.redirect(c, policy.ErrandRead, number)
}

// errandTake leads the advocate to what is his own draft from now on.
func (p *Portal) errandTake(c echo.Context, ask policy.Ask) error {
	made, err := assist.Take(c.Request().Context(), p.DB, p.press(), ask, id(c, "errand"))
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, made)
}
