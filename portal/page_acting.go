package portal

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/assist"
	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// acting is for whom the person acts on this page: in the case that its address
// leads into, else as he last chose. The page of a failure knows no address: what is
// not his looks like what is not there.
func (p *Portal) acting(c echo.Context) any {
	ask := p.asks(c, policy.CaseRead)
	ask.Acting = identity.Of(session(c)).Acting
	ctx := c.Request().Context()
	if c.Get(failedKey) == nil {
		for _, name := range c.ParamNames() {
			var s casefile.Stand
			var err error
			if of, read := c.Get(caseKey).(casefile.Case); read && name == "case" {
				s, err = of.Stand(ask)
			} else {
				s, err = casefile.StandAt(ctx, p.DB, ask, name, id(c, name))
			}
			if err == nil && (s.Several || s.Side.Name != "") {
				return s
			}
			if err != nil && !errors.Is(err, fault.NotFound) {
				slog.ErrorContext(ctx, "for whom he acts is not known", "error", err.Error())
				c.Set(lackingKey, true)
			}
		}
	}
	if ask.Acting == uuid.Nil {
		return nil
	}
	s, err := casefile.StandAs(ctx, p.DB, ask)
	if err != nil { // it is over, or was never his
		if !errors.Is(err, fault.NotFound) {
			c.Set(lackingKey, true)
		}
		return nil
	}
	return s
}

// mustChoose leads who acts for several people in a case to where he says for whom.
func (p *Portal) mustChoose(c echo.Context, err error) bool {
	var choose *casefile.Choose
	return errors.As(err, &choose) && p.redirect(c, policy.ActingChoose, choose.Case) == nil
}

// actingChoosePage asks for whom somebody acts in a case: he sees one side of it at
// a time.
type actingChoosePage struct {
	Case  casefile.Case
	Sides []casefile.Side
}

func (p *Portal) actingChoose(c echo.Context, ask policy.Ask) error {
	of, sides, err := casefile.Sides(c.Request().Context(), p.DB, ask, id(c, "case"))
	if err != nil {
		return err
	}
	if !of.Several() {
		return p.redirect(c, policy.CaseRead, of.ID)
	}
	return p.show(c, "acting_choose", actingChoosePage{of, sides})
}

func (p *Portal) actingSet(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	participant := web.ReadForm(c, "acting_choose").ID("participant")
	of, side, err := casefile.SideOf(ctx, p.DB, ask, participant)
	if err != nil {
		return err
	}
	if err := p.sessions.Act(ctx, session(c), ask, side.Participant(), of.ID); err != nil {
		return err
	}
	return p.redirect(c, policy.CaseRead, of.ID)
}

// Clients says that the person acts for somebody, so that there is a page of those.
func (page casesPage) Clients() bool {
	return slices.ContainsFunc(page.Cases, func(of casefile.Case) bool {
		return slices.ContainsFunc(of.Capacities, func(c casefile.Capacity) bool { return c.Represented != "" })
	})
}

// clientsPage is all for whom somebody acts, over all cases: a line each, and
// nothing of a case.
type clientsPage struct {
	Clients  []clientLine
	Assisted bool // others write drafts for him
}

type clientLine struct {
	casefile.Client
	Open int
	Due  time.Time
	Late bool
}

func (p *Portal) clients(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	all, err := casefile.Clients(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	waits, err := filing.ClientsWait(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	assistants, err := assist.List(ctx, p.DB, ask.To(policy.AssistantList))
	if err != nil {
		return err
	}
	page := clientsPage{Assisted: len(assistants) > 0}
	for _, client := range all {
		line := clientLine{Client: client}
		for _, w := range waits {
			if _, his := (casefile.Case{Capacities: client.Side.Capacities}).Capacity(w.Participant); !his {
				continue
			}
			line.Open += w.Open
			if line.Due.IsZero() || w.Due.Before(line.Due) {
				line.Due, line.Late = w.Due, !ask.At.Before(w.Due)
			}
		}
		page.Clients = append(page.Clients, line)
	}
	return p.show(c, "clients", page)
}

// forSide gives the form of a case that has several sides an address for each: what
// was typed for one client is never shown while he acts for another.
func (p *Portal) forSide(c echo.Context, ask policy.Ask, caseID uuid.UUID) (bool, error) {
	of, err := casefile.Read(c.Request().Context(), p.DB, ask.To(policy.CaseRead), caseID)
	if err != nil || !of.Several() {
		return false, err
	}
	side := of.Capacities[0].Participant.String()
	if c.QueryParam("for") == side {
		return false, nil
	}
	to := *c.Request().URL
	query := to.Query()
	query.Set("for", side)
	to.RawQuery = query.Encode()
	return true, c.Redirect(http.StatusSeeOther, "/"+web.Lang(c)+to.RequestURI())
}

// onThisSide says that a form which was begun is not for another client of a case
// than the one the person acts for.
func (p *Portal) onThisSide(c echo.Context, address string) bool {
	u, err := url.Parse(address)
	acting := identity.Of(session(c)).Acting
	if err != nil || acting == uuid.Nil || u.Query().Get("for") == "" {
		return err == nil
	}
	participant, _ := uuid.Parse(u.Query().Get("for"))
	ask := p.asks(c, policy.CaseRead)
	of, side, err := casefile.SideOf(c.Request().Context(), p.DB, ask, participant)
	if err != nil {
		return false
	}
	ask.Acting = acting
	now, err := casefile.StandAs(c.Request().Context(), p.DB, ask)
	return err != nil || now.Case != of.ID || now.Side.Whom == side.Whom
}
