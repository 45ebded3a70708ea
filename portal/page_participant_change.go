package portal

import (
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// changeLine is one change of a status with the article of the rights that it gave.
type changeLine struct {
	casefile.Change
	Rights law.Ref
}

// historyPart is how somebody's status changed in a case.
type historyPart struct {
	Case    uuid.UUID
	Changes []changeLine
}

func historyOf(of uuid.UUID, changes []casefile.Change) historyPart {
	part := historyPart{Case: of}
	for _, change := range changes {
		rule, _ := policy.RoleOf(change.After)
		part.Changes = append(part.Changes, changeLine{change, rule.By})
	}
	return part
}

// pastPart is what came before on the page of a case: where the case went and where
// it came from, how the reader's status changed, and what it waits for.
type pastPart struct {
	Related []casefile.Relation
	History historyPart
	Awaits  law.Ref // by which the ruling that his status rests on waits for the prosecutor; zero: none does
}

func (p *Portal) past(c echo.Context, ask policy.Ask, of casefile.Case) (pastPart, error) {
	ctx := c.Request().Context()
	var part pastPart
	var err error
	if part.Related, err = casefile.Related(ctx, p.DB, ask, of); err != nil {
		return part, err
	}
	changes, err := casefile.History(ctx, p.DB, ask, of)
	if err != nil {
		return part, err
	}
	part.History = historyOf(of.ID, changes)
	for _, capacity := range of.Capacities {
		if !capacity.AwaitsSince.IsZero() {
			part.Awaits = law.CPC(202, 1).Dash(1)
		}
	}
	return part, nil
}

// participantChangePage is where the investigator prepares a status that takes the
// place of another of the same person.
type participantChangePage struct {
	Form        *web.Form
	Case        casefile.Case
	Participant casefile.Participant
	Roles       []web.Option
	Bases       []web.Option
}

func (p *Portal) participantChange(c echo.Context, ask policy.Ask) error {
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	form := web.NewForm("participant_change", "id", fresh.String(), "since", ask.At.In(deadline.Zone).Format(time.DateOnly))
	return p.showChange(c, ask, form)
}

func (p *Portal) showChange(c echo.Context, ask policy.Ask, form *web.Form) error {
	number := id(c, "participant")
	ctx := c.Request().Context()
	who, err := casefile.ReadParticipant(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	next := policy.Next(who.Role)
	if who.Status != casefile.Confirmed || len(next) == 0 {
		return p.redirect(c, policy.ParticipantView, number)
	}
	page := participantChangePage{Form: form, Participant: who}
	if page.Case, err = casefile.Read(ctx, p.DB, ask, who.Case); err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	seen := map[string]bool{}
	for _, r := range next {
		rule, _ := policy.RoleOf(r)
		page.Roles = append(page.Roles, web.Option{Value: string(r), Label: w.T("role." + string(r)), Hint: w.Law(rule.By)})
		for _, b := range policy.Bases[r] {
			if !seen[b.Key] {
				seen[b.Key] = true
				page.Bases = append(page.Bases, web.Option{Value: b.Key, Label: w.T("basis." + b.Key)})
			}
		}
	}
	if len(next) == 1 && form.Value("role") == "" {
		form.Set("role", string(next[0]))
	}
	p.hereIs(c, policy.ParticipantChange, number)
	return p.form(c, form, "participant_change", page, policy.ParticipantChangeDraft, number)
}

func (p *Portal) participantChangeDraft(c echo.Context, ask policy.Ask) error {
	number := id(c, "participant")
	ctx := c.Request().Context()
	if _, err := casefile.ReadParticipant(ctx, p.DB, ask, number); err != nil {
		return err
	}
	form := web.ReadForm(c, "participant_change")
	fresh := form.ID("id")
	grant := casefile.Grant{
		Language: web.Lang(c),
		Role:     web.OneOf(form, "role", grantable()...),
		Basis:    web.OneOf(form, "basis", bases()...),
		Since:    form.Date("since", deadline.LastDay(ask.At)),
	}
	if form.Bad() {
		return p.showChange(c, ask, form)
	}
	err := p.sent(c, form, func(tx *vault.DB) error {
		return casefile.DraftChange(ctx, tx, p.press(), ask, number, fresh, grant)
	})
	if form.Refused(err) {
		return p.showChange(c, ask, form)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ParticipantCheck, fresh)
}
