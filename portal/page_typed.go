package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/typed"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// formActs are the pages whose form is kept while it is being filled in.
var formActs = []policy.Act{
	policy.FilingNew, policy.FilingEdit, policy.SupplementNew, policy.AnswerNew, policy.DecisionNew, policy.DecisionEdit, policy.ExposureNew, policy.RedactionNew,
	policy.ParticipantNew, policy.ParticipantView, policy.ParticipantChange, policy.AgreementRead, policy.AccessNew, policy.AccessEdit, policy.AccessComplaint,
}

// formChoices are the parts of a query that make another form of the same page.
var formChoices = []string{"kind", "about", "against", "for", "part", "previous"}

// maxAddress is far more than the longest address of a form, in bytes.
const maxAddress = 300

// formAddress is the address of the form on the page that is asked for, without
// its language, the same whatever else stands in the query.
func formAddress(u *url.URL) string {
	query, choices := u.Query(), url.Values{}
	for _, name := range formChoices {
		if value := query.Get(name); value != "" {
			choices.Set(name, value)
		}
	}
	if len(choices) == 0 {
		return u.Path
	}
	return u.Path + "?" + choices.Encode()
}

// formAct is the act of the page that has the form of an address; "" where there
// is no such form.
func (p *Portal) formAct(address string) policy.Act {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxAddress || formAddress(u) != address {
		return ""
	}
	parts := strings.Split(u.Path, "/")
	for _, act := range formActs {
		if fits(strings.Split(p.links[act], "/"), parts) {
			return act
		}
	}
	return ""
}

// fits says that an address follows a row of the table; its parameters are ids.
func fits(row, parts []string) bool {
	if len(row) != len(parts) {
		return false
	}
	for i := range row {
		if strings.HasPrefix(row[i], ":") {
			if id, err := uuid.Parse(parts[i]); err != nil || id.String() != parts[i] {
				return false
			}
		} else if row[i] != parts[i] {
			return false
		}
	}
	return true
}

// bare is the address of an act without its language.
func (p *Portal) bare(act policy.Act, ids ...any) (string, error) {
	to, err := p.link("", string(act), ids...)
	return strings.TrimPrefix(to, "/"), err
}

// asks is the person of a request asking for one more thing than his address says.
func (p *Portal) asks(c echo.Context, act policy.Act) policy.Ask {
	person := me(c)
	ask := policy.Ask{Person: person.ID, Is: policy.Visitor, Act: act, At: p.Clock().UTC().Truncate(time.Microsecond)}
	if person.ID != uuid.Nil {
		ask.Is = person.Standing()
	}
	return ask
}

// typedOf is where the text of a form that was sent is kept. A page of one person
// that another sends, both with the same browser, is a fault.Conflict.
func (p *Portal) typedOf(form *web.Form, person uuid.UUID) (web.Typed, error) {
	t, ok := web.TypedOf(form)
	if !ok || p.formAct(t.Address) == "" {
		return t, fault.New(fault.Invalid, "fault.request")
	}
	if t.Row != typed.Row(person, t.Address) {
		return t, fault.New(fault.Conflict, "fault.typed-other")
	}
	return t, nil
}

func pageOf(t web.Typed) typed.Page { return typed.Page{ID: t.Page, Turn: t.Turn, Since: t.Since} }

// keep fills a fresh form with what the person typed into it before and has not
// sent, and keeps one that is shown again: so a button saves, too, where no
// script does.
func (p *Portal) keep(c echo.Context, form *web.Form) error {
	ask := p.asks(c, policy.TypedSave)
	if c.Request().Method != http.MethodPost {
		return p.restore(c, ask, form)
	}
	t, err := p.typedOf(form, ask.Person)
	if err != nil { // a form that no page of ours sent, or of somebody else: it is shown, not kept
		return nil
	}
	_, err = typed.Save(c.Request().Context(), p.DB, ask, t.Address, pageOf(t), form.Fields())
	if form.Typed = t; errors.Is(err, fault.Invalid) { // too much to keep is shown all the same
		return nil
	}
	return err
}

func (p *Portal) restore(c echo.Context, ask policy.Ask, form *web.Form) error {
	t := web.Typed{Address: formAddress(c.Request().URL), Since: ask.At}
	if p.formAct(t.Address) == "" {
		return nil
	}
	var err error
	if t.Page, err = uuid.NewV7(); err != nil {
		return err
	}
	t.Row = typed.Row(ask.Person, t.Address)
	before, err := typed.Read(c.Request().Context(), p.DB, ask, t.Address)
	switch {
	case err == nil:
		form.Restore(before.Fields)
		t.At, t.Since = before.At, before.At
	case !errors.Is(err, fault.NotFound):
		return err
	}
	form.Typed = t
	return nil
}

// sent does what a form asks for. With it, in one transaction, what was typed
// into the form stops being kept: it is where it was sent to. A page that another left open
// in the same browser is not sent: her words would be a draft of his.
func (p *Portal) sent(c echo.Context, form *web.Form, do func(tx *vault.DB) error) error {
	ctx, ask := c.Request().Context(), p.asks(c, policy.TypedSave)
	t, other := p.typedOf(form, ask.Person)
	if conflict(other) {
		return fault.New(fault.Forbidden, "fault.typed-other")
	}
	return p.DB.Within(ctx, func(tx *vault.DB) error {
		if err := do(tx); err != nil || other != nil { // a form that no page of ours sent keeps nothing
			return err
		}
		return typed.Sent(ctx, tx, ask, t.Address, pageOf(t))
	})
}

// unsaved is when the person typed something into a form that is still not sent;
// zero where there is nothing.
func (p *Portal) unsaved(c echo.Context, act policy.Act, ids ...any) (time.Time, error) {
	address, err := p.bare(act, ids...)
	if err != nil {
		return time.Time{}, err
	}
	form, err := typed.Read(c.Request().Context(), p.DB, p.asks(c, policy.TypedSave), address)
	if errors.Is(err, fault.NotFound) {
		return time.Time{}, nil
	}
	return form.At, err
}

// forget drops what the person typed into a form of a thing that is given up.
func (p *Portal) forget(c echo.Context, act policy.Act, ids ...any) error {
	address, err := p.bare(act, ids...)
	if err != nil {
		return err
	}
	return typed.Forget(c.Request().Context(), p.DB, p.asks(c, policy.TypedForget), address, uuid.Nil)
}

// typedLine is a form that was begun, in a list.
type typedLine struct {
	URL  string
	Act  policy.Act
	Kind policy.FilingKind // of a new filing, else ""
	At   time.Time
}

// begun are the forms that the person has begun and not sent, newest first: after
// a browser has died this is the way back.
func (p *Portal) begun(c echo.Context) ([]typedLine, error) {
	all, err := typed.List(c.Request().Context(), p.DB, p.asks(c, policy.TypedSave))
	if err != nil {
		return nil, err
	}
	var out []typedLine
	for _, f := range all {
		act := p.formAct(f.Address)
		if act == "" { // addresses may change from version to version
			continue
		}
		if !p.onThisSide(c, f.Address) {
			continue
		}
		line := typedLine{URL: "/" + web.Lang(c) + f.Address, Act: act, At: f.At}
		if kind := policy.FilingKind(f.Fields.Get("kind")); act == policy.FilingNew && slices.Contains(filing.Kinds, kind) {
			line.Kind = kind
		}
		out = append(out, line)
	}
	return out, nil
}

// typedSaved is what the script of a form is told: the clock of the save, and
// whether another window or device had saved the same form meanwhile.
type typedSaved struct {
	At    string `json:"at"`
	Newer bool   `json:"newer"`
}

func (p *Portal) typedSave(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "typed")
	t, err := p.typedOf(form, ask.Person)
	if err != nil {
		return err
	}
	fields := form.Fields()
	if typed.Size(fields) > typed.MaxSize {
		return echo.ErrStatusRequestEntityTooLarge
	}
	newer, err := typed.Save(c.Request().Context(), p.DB, ask, t.Address, pageOf(t), fields)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, typedSaved{ask.At.In(deadline.Zone).Format("15:04"), newer})
}

func (p *Portal) typedForget(c echo.Context, ask policy.Ask) error {
	t, err := p.typedOf(web.ReadForm(c, "typed"), ask.Person)
	if err != nil {
		return err
	}
	if err := typed.Forget(c.Request().Context(), p.DB, ask, t.Address, t.Page); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/"+web.Lang(c)+t.Address)
}
