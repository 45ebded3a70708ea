package portal

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
	"zharia/portal/words"
)

// participantPage is where the investigator prepares the confirmation of a status,
// or its end.
type participantPage struct {
	Form        *web.Form
	Case        casefile.Case
	Participant casefile.Participant // zero for somebody new
	Request     *requestLine         // by which the status was asked for; nil: nobody asked through the portal
	Unsigned    bool                 // a paper about the status waits to be signed
	Signed      bool                 // the last paper about it is signed, and may be read
	Into        *casefile.Relation   // where the case was joined: statuses are confirmed there; nil: it was not
	History     historyPart          // how it changed
	Next        []policy.Role        // what it may become
	Conflict    bool                 // it says that he looked into the interests of several clients
	Roles       []web.Option
	Bases       []web.Option
	Represents  []web.Option
	Capacities  []web.Option
	Scopes      []web.Option
	Checked     []web.Option // that he has looked into the interests of several clients
	Others      []string     // those clients, where he was warned of them
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
	if who.ID != uuid.Nil {
		_, paper, _, err := casefile.ReadConfirmation(ctx, p.DB, ask, who.ID)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		page.Conflict = err == nil && paper.Grant.Conflict && !paper.SignedAt.IsZero()
		page.Unsigned, page.Signed = err == nil && paper.SignedAt.IsZero(), !paper.SignedAt.IsZero()
		changes, err := casefile.HistoryOf(ctx, p.DB, ask, who.ID)
		if err != nil {
			return err
		}
		page.History = historyOf(who.Case, changes)
		if in.JoinedInto != uuid.Nil {
			related, err := casefile.Related(ctx, p.DB, ask, in)
			if err != nil {
				return err
			}
			if i := slices.IndexFunc(related, func(r casefile.Relation) bool { return r.Way == casefile.WayInto }); i >= 0 {
				page.Into = &related[i]
			}
		} else if who.Status == casefile.Confirmed {
			page.Next = policy.Next(who.Role)
		}
		switch r, _, err := casefile.RequestFor(ctx, p.DB, ask, who.ID); {
		case err == nil:
			page.Request = &requestLines([]casefile.Request{r}, ask)[0]
		case !errors.Is(err, fault.NotFound):
			return err
		}
	}
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
	page.Others, _ = c.Get(othersKey).([]string)
	page.Capacities = options(w, "capacity.", casefile.LegalCapacities)
	page.Scopes = options(w, "scope.", casefile.Scopes)
	if len(page.Others) > 0 || form.Chosen("conflict") {
		page.Checked = []web.Option{{Value: "checked", Label: w.T("participant.conflict.checked")}}
	}
	if !form.Chosen("scoped") && !form.Chosen("scope") {
		fillPower(form, casefile.Grant{})
	}
	name := "participant"
	if who.ID == uuid.Nil {
		name = "participant_new"
	}
	return p.form(c, form, name, page, to, of)
}

// readGrant reads what is confirmed.
func readGrant(c echo.Context, form *web.Form, at time.Time) casefile.Grant {
	return casefile.Grant{
		Language:   web.Lang(c),
		Role:       web.OneOf(form, "role", grantable()...),
		Basis:      web.OneOf(form, "basis", bases()...),
		Represents: form.OptionalID("represents"),
		Since:      form.Date("since", deadline.LastDay(at)),
		Capacity:   readCapacity(form),
		Scope:      readScope(form),
		Until:      form.OptionalDate("until", deadline.LastDay(at).AddDate(100, 0, 0)),
		Advocate:   readAdvocate(form),
		Conflict:   form.Chosen("conflict"),
	}
}

func readCapacity(form *web.Form) casefile.LegalCapacity {
	if form.Value("capacity") == "" {
		return casefile.FullCapacity
	}
	return web.OneOf(form, "capacity", casefile.LegalCapacities...)
}

// readScope takes boxes that were there and are all empty for a mistake: a power for
// nothing is none.
func readScope(form *web.Form) []casefile.Scope {
	scope := web.AnyOf(form, "scope", casefile.Scopes...)
	if len(scope) == 0 && form.Chosen("scoped") {
		form.Wrong("scope", "form.choose")
	}
	return scope
}

func readAdvocate(form *web.Form) string {
	text := form.Line("advocate", 0, 40)
	number := casefile.Licence(text)
	if text != "" && number == "" {
		form.Wrong("advocate", "fault.advocate-number")
	}
	return number
}

// fillPower puts what a grant says of a power into its form.
func fillPower(form *web.Form, g casefile.Grant) {
	if len(g.Scope) == 0 {
		g.Scope = casefile.Scopes
	}
	form.Set("scope", string(g.Scope[0]))
	for _, s := range g.Scope[1:] {
		form.Fill("scope", string(s))
	}
	form.Set("capacity", string(cmp.Or(g.Capacity, casefile.FullCapacity)))
	form.Set("advocate", g.Advocate)
	if !g.Until.IsZero() {
		form.Set("until", g.Until.Format(time.DateOnly))
	}
	if g.Conflict {
		form.Set("conflict", "checked")
	}
}

const othersKey = "others"

// warned remembers the other clients of a defender, for the form to name them.
func warned(c echo.Context, err error) {
	var conflict *casefile.ClientsConflict
	if errors.As(err, &conflict) {
		c.Set(othersKey, conflict.Names)
	}
}

// options are a closed list with its words.
func options[T ~string](w *words.Language, family string, list []T) []web.Option {
	out := make([]web.Option, len(list))
	for i, v := range list {
		out[i] = web.Option{Value: string(v), Label: w.T(family + string(v))}
	}
	return out
}

// maxEndingReasons bounds why a status is refused or ends, in characters.
const maxEndingReasons = 5_000

func (p *Portal) participant(c echo.Context, ask policy.Ask) error {
	return p.showParticipant(c, ask, nil)
}

// showParticipant shows the status, after a mistake with the form of its end as it
// was sent.
func (p *Portal) showParticipant(c echo.Context, ask policy.Ask, ending *web.Form) error {
	number := id(c, "participant")
	who, err := casefile.ReadParticipant(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	grant := casefile.Grant{
		Role: who.Role, Represents: who.Represents, Basis: who.Basis, Since: who.Since,
		Capacity: who.Capacity, Scope: who.Scope, Until: who.Until, Advocate: who.Advocate,
	}
	_, paper, _, err := casefile.ReadConfirmation(c.Request().Context(), p.DB, ask, number)
	if err == nil && paper.SignedAt.IsZero() && !paper.Ends { // what he was about to sign
		grant = paper.Grant
	} else if r, _, err := casefile.RequestFor(c.Request().Context(), p.DB, ask, number); err == nil { // as it was asked for
		if grant, err = r.Grant(c.Request().Context(), p.DB, ask); err != nil {
			return err
		}
	}
	if grant.Since.IsZero() {
		grant.Since = ask.At.In(deadline.Zone)
	}
	form := web.NewForm("participant")
	if ending != nil {
		form = ending
	}
	form.Set("role", string(grant.Role))
	form.Set("since", grant.Since.Format(time.DateOnly))
	form.Set("basis", grant.Basis)
	fillPower(form, grant)
	if grant.Represents != uuid.Nil {
		form.Fill("represents", grant.Represents.String())
	}
	if grounds := policy.Bases[grant.Role]; grant.Basis == "" && len(grounds) == 1 {
		form.Set("basis", grounds[0].Key)
	}
	return p.showGrant(c, ask, form, who.Case, who, policy.ParticipantDraft, number)
}

func (p *Portal) participantDraft(c echo.Context, ask policy.Ask) error {
	number := id(c, "participant")
	ctx := c.Request().Context()
	who, err := casefile.ReadParticipant(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "participant")
	grant := readGrant(c, form, ask.At)
	p.hereIs(c, policy.ParticipantView, number)
	if form.Bad() {
		return p.showGrant(c, ask, form, who.Case, who, policy.ParticipantDraft, number)
	}
	err = p.sent(c, form, func(tx *vault.DB) error { return casefile.DraftGrant(ctx, tx, p.press(), ask, number, grant) })
	warned(c, err)
	if form.Refused(err) {
		return p.showGrant(c, ask, form, who.Case, who, policy.ParticipantDraft, number)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ParticipantCheck, number)
}

func (p *Portal) participantEnding(c echo.Context, ask policy.Ask) error {
	number := id(c, "participant")
	ctx := c.Request().Context()
	form := web.ReadForm(c, "participant")
	reasons := form.Text("reasons", 0, maxEndingReasons)
	var err error
	if !form.Bad() {
		err = casefile.DraftEnd(ctx, p.DB, p.press(), ask, number, web.Lang(c), reasons)
	}
	if form.Refused(err) || form.Bad() {
		p.hereIs(c, policy.ParticipantView, number)
		return p.showParticipant(c, ask.To(policy.ParticipantView), form)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ParticipantCheck, number)
}

// participantCheckPage shows the exact paper by which a status is confirmed or
// ended, before it is signed.
type participantCheckPage struct {
	Case        casefile.Case
	Participant casefile.Participant
	Paper       casefile.Confirmation
	For         string // the name of the one whom he is to act for, or ""
	Size        int    // bytes
	Signing     signing
	Changed     time.Time // when the draft was changed and not saved; zero: never
}

func (p *Portal) participantCheck(c echo.Context, ask policy.Ask) error {
	return p.showParticipantCheck(c, ask, "")
}

func (p *Portal) showParticipantCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "participant")
	ctx := c.Request().Context()
	who, err := casefile.ReadParticipant(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	_, paper, doc, err := casefile.ReadConfirmation(ctx, p.DB, ask, number)
	if errors.Is(err, fault.NotFound) || doc.Signed() { // nothing waits to be signed
		return p.redirect(c, policy.ParticipantView, number)
	}
	if err != nil {
		return err
	}
	page := participantCheckPage{Participant: who, Paper: paper, Size: len(doc.Content)}
	if page.Changed, err = p.unsaved(c, policy.ParticipantView, number); err != nil {
		return err
	}
	if page.Case, err = casefile.Read(ctx, p.DB, ask, who.Case); err != nil {
		return err
	}
	all, err := casefile.Participants(ctx, p.DB, ask, who.Case)
	if err != nil {
		return err
	}
	for _, q := range all {
		if q.ID == paper.Grant.Represents {
			page.For = q.Name
		}
	}
	if page.Signing, err = p.signDocument(c, doc, policy.ParticipantPaper, paper.Act(), refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "participant_check", page, policy.ParticipantCheck, number)
}

func (p *Portal) participantPaper(c echo.Context, ask policy.Ask) error {
	_, _, doc, err := casefile.ReadConfirmation(c.Request().Context(), p.DB, ask, id(c, "participant"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

// participantSettle puts the investigator's signature on the paper: by the address,
// the status is confirmed or it ends.
func (p *Portal) participantSettle(c echo.Context, ask policy.Ask) error {
	number := id(c, "participant")
	ctx := c.Request().Context()
	who, err := casefile.ReadParticipant(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := casefile.Settle(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showParticipantCheck(c, ask.To(policy.ParticipantCheck), refusal)
	}
	return p.redirect(c, policy.CaseRead, who.Case)
}

func (p *Portal) participantDiscard(c echo.Context, ask policy.Ask) error {
	number := id(c, "participant")
	ctx := c.Request().Context()
	who, err := casefile.ReadParticipant(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if err := casefile.DiscardConfirmation(ctx, p.DB, ask, number); err != nil {
		return err
	}
	if err := p.forget(c, policy.ParticipantView, number); err != nil {
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
	grant := readGrant(c, form, ask.At)
	p.hereIs(c, policy.ParticipantNew, caseID)
	if form.Bad() {
		return p.showGrant(c, ask, form, caseID, casefile.Participant{}, policy.ParticipantAdd, caseID)
	}
	err := p.sent(c, form, func(tx *vault.DB) error {
		return casefile.DraftNew(c.Request().Context(), tx, p.press(), ask, caseID, number, eds.IIN(iin), name, grant)
	})
	warned(c, err)
	if form.Refused(err) {
		return p.showGrant(c, ask, form, caseID, casefile.Participant{}, policy.ParticipantAdd, caseID)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ParticipantCheck, number)
}
