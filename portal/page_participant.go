package portal

import (
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/eds"
	"zharia/portal/policy"
	"zharia/portal/web"
	"zharia/portal/words"
)

// participantPage is where the investigator confirms a status or ends it.
type participantPage struct {
	Form        *web.Form
	Case        casefile.Case
	Participant casefile.Participant // zero for somebody new
	Roles       []web.Option
	Bases       []web.Option
	Represents  []web.Option
}

// grantable are the statuses an investigator may confirm.
func grantable() []policy.Role {
	var out []policy.Role
	for _, r := range policy.Roles {
		if r != policy.Applicant {
			out = append(out, r)
		}
	}
	return out
}

// bases are the grounds of all statuses, each once.
func bases() []string {
	var out []string
	seen := map[string]bool{}
	for _, r := range grantable() {
		for _, b := range policy.Bases[r] {
			if !seen[b.Key] {
				seen[b.Key], out = true, append(out, b.Key)
			}
		}
	}
	return out
}

func (p *Portal) showGrant(c echo.Context, ask policy.Ask, form *web.Form, caseID uuid.UUID, who casefile.Participant, to policy.Act, of uuid.UUID) error {
	ctx := c.Request().Context()
	in, err := casefile.Read(ctx, p.DB, ask, caseID)
	if err != nil {
		return err
	}
	all, err := casefile.Participants(ctx, p.DB, ask, caseID)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := participantPage{Form: form, Case: in, Participant: who}
	for _, r := range grantable() {
		rule, _ := policy.RoleOf(r)
		page.Roles = append(page.Roles, web.Option{Value: string(r), Label: w.T("role." + string(r)), Hint: w.Law(rule.By)})
	}
	for _, b := range bases() {
		page.Bases = append(page.Bases, web.Option{Value: b, Label: w.T("basis." + b)})
	}
	for _, q := range all {
		if q.Status == casefile.Confirmed && q.Represents == uuid.Nil && q.ID != who.ID {
			page.Represents = append(page.Represents, web.Option{Value: q.ID.String(), Label: q.Name + ", " + words.Low(w.T("role."+string(q.Role)))})
		}
	}
	name := "participant"
	if who.ID == uuid.Nil {
		name = "participant_new"
	}
	return p.form(c, form, name, page, to, of)
}

// readGrant reads what is confirmed.
func readGrant(form *web.Form, at time.Time) casefile.Grant {
	return casefile.Grant{
		Role:       web.OneOf(form, "role", grantable()...),
		Basis:      web.OneOf(form, "basis", bases()...),
		Represents: form.OptionalID("represents"),
		Since:      form.Date("since", deadline.LastDay(at)),
	}
}

func (p *Portal) participant(c echo.Context, ask policy.Ask) error {
	number := id(c, "participant")
	who, err := casefile.ReadParticipant(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	since := who.Since
	if since.IsZero() {
		since = ask.At.In(deadline.Zone)
	}
	form := web.NewForm("participant", "role", string(who.Role), "since", since.Format(time.DateOnly), "basis", who.Basis)
	if who.Represents != uuid.Nil {
		form.Fill("represents", who.Represents.String())
	}
	if grounds := policy.Bases[who.Role]; who.Basis == "" && len(grounds) == 1 {
		form.Set("basis", grounds[0].Key)
	}
	return p.showGrant(c, ask, form, who.Case, who, policy.ParticipantGrant, number)
}

func (p *Portal) participantConfirm(c echo.Context, ask policy.Ask) error {
	number := id(c, "participant")
	ctx := c.Request().Context()
	who, err := casefile.ReadParticipant(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "participant")
	grant := readGrant(form, ask.At)
	p.hereIs(c, policy.ParticipantView, number)
	if form.Bad() {
		return p.showGrant(c, ask, form, who.Case, who, policy.ParticipantGrant, number)
	}
	err = casefile.Confirm(ctx, p.DB, ask, number, grant)
	if form.Refused(err) {
		return p.showGrant(c, ask, form, who.Case, who, policy.ParticipantGrant, number)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.CaseRead, who.Case)
}

func (p *Portal) participantEnd(c echo.Context, ask policy.Ask) error {
	number := id(c, "participant")
	ctx := c.Request().Context()
	who, err := casefile.ReadParticipant(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if err := casefile.End(ctx, p.DB, ask, number); err != nil {
		return err
	}
	return p.redirect(c, policy.CaseRead, who.Case)
}

func (p *Portal) participantNew(c echo.Context, ask policy.Ask) error {
	caseID := id(c, "case")
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	form := web.NewForm("participant", "id", fresh.String(), "since", ask.At.In(deadline.Zone).Format(time.DateOnly))
	return p.showGrant(c, ask, form, caseID, casefile.Participant{}, policy.ParticipantAdd, caseID)
}

func (p *Portal) participantAdd(c echo.Context, ask policy.Ask) error {
	caseID := id(c, "case")
	form := web.ReadForm(c, "participant")
	number := form.ID("id")
	iin, name := form.IIN("iin"), form.Line("name", 2, 150)
	grant := readGrant(form, ask.At)
	p.hereIs(c, policy.ParticipantNew, caseID)
	if form.Bad() {
		return p.showGrant(c, ask, form, caseID, casefile.Participant{}, policy.ParticipantAdd, caseID)
	}
	err := casefile.AddConfirmed(c.Request().Context(), p.DB, ask, caseID, number, eds.IIN(iin), name, grant)
	if form.Refused(err) {
		return p.showGrant(c, ask, form, caseID, casefile.Participant{}, policy.ParticipantAdd, caseID)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.CaseRead, caseID)
}
