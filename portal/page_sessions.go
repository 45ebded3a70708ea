package portal

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// lasting is what stands around every page about the session of the person: how
// long it lasts, so that the page can warn before it ends (WCAG 2.2.1), and once
// after signing in, the sign-in before. Times are whole seconds.
type lasting struct {
	Left    int    // until it ends, if nothing more is done
	Last    bool   // it ends whatever is done: its whole life is over
	Idle    int    // how long it lasts unused
	Life    int    // how long it lasts at most, in hours
	Warning int    // how long before its end the person is asked
	Over    string // where to sign in and come back to this page; "" where what it shows would not come back
	Tell    *identity.Session
}

// Minutes is a number of seconds in minutes, begun ones counted.
func (lasting) Minutes(seconds int) int { return (seconds + 59) / 60 }

func (p *Portal) lasting(c echo.Context, here string) *lasting {
	se := identity.Of(session(c))
	l := &lasting{Idle: seconds(p.sessions.IdleFor()), Life: int(identity.Life / time.Hour), Warning: seconds(p.IdleWarning)}
	l.Left, l.Last = p.left(se), se.Last
	// What answers a form shows what was typed: it is not left for another page, and
	// it has something better to say than when the sign-in before was.
	if c.Request().Method != http.MethodGet {
		return l
	}
	if to, err := p.link(web.Lang(c), string(policy.SignIn)); err == nil {
		l.Over = to + "?" + url.Values{"next": {here}}.Encode()
	}
	if se.ID != uuid.Nil && !se.Told {
		l.Tell = &se
		if err := p.sessions.Tell(c.Request().Context(), session(c)); err != nil {
			slog.ErrorContext(c.Request().Context(), "it is told once more", "error", err.Error())
		}
	}
	return l
}

// left is the whole seconds until a session ends, the one begun counted: a page
// that goes to sign in a moment before its end would keep it alive for ever.
func (p *Portal) left(se identity.Session) int {
	return max(0, seconds(se.Ends.Sub(p.Clock())+time.Second-1))
}

func seconds(d time.Duration) int { return int(d / time.Second) }

// sessionStay answers a page that says its reader is still there. A visitor is
// told that nothing is left, and gets no session for asking. Whose session it is now, the
// page compares: the one who opened it may have left this browser to somebody else.
func (p *Portal) sessionStay(c echo.Context, _ policy.Ask) error {
	se := identity.Of(session(c))
	return c.JSON(http.StatusOK, struct {
		Left int    `json:"left"`
		Last bool   `json:"last"`
		Name string `json:"name,omitempty"`
	}{p.left(se), se.Last, me(c).Name})
}

// sessionsPage are the person's open sessions, the one of this browser first.
type sessionsPage struct {
	This   identity.Session
	Others []identity.Session
	Idle   int // minutes
	Life   int // hours
	Most   int
}

func (p *Portal) sessionList(c echo.Context, ask policy.Ask) error {
	open, err := p.sessions.Open(c.Request().Context(), ask)
	if err != nil {
		return err
	}
	page := sessionsPage{This: identity.Of(session(c)), Idle: int(p.sessions.IdleFor() / time.Minute), Life: int(identity.Life / time.Hour), Most: identity.Most}
	for _, se := range open {
		if se.ID != page.This.ID {
			page.Others = append(page.Others, se)
		}
	}
	return p.show(c, "sessions", page)
}

func (p *Portal) sessionEndOne(c echo.Context, ask policy.Ask) error {
	if err := p.sessions.EndOne(c.Request().Context(), ask, id(c, "session")); err != nil {
		return err
	}
	return p.redirect(c, policy.SessionList)
}

// forget has the browser forget the pages that it could show again of the one who leaves
// (ASVS 14.3.1). The cookie is taken away besides; what was not sent yet is not lost, and
// the worker that takes news stays.
func forget(c echo.Context) { c.Response().Header().Set("Clear-Site-Data", `"cache"`) }

// sessionEndAll ends the person's sessions elsewhere, and this one too where he
// says so.
func (p *Portal) sessionEndAll(c echo.Context, ask policy.Ask) error {
	if c.FormValue("this") == "" {
		if err := p.sessions.EndAll(c.Request().Context(), ask, identity.Of(session(c)).ID); err != nil {
			return err
		}
		return p.redirect(c, policy.SessionList)
	}
	if err := p.sessions.EndAll(c.Request().Context(), ask, uuid.Nil); err != nil {
		return err
	}
	if err := p.sessions.End(c.Request(), c.Response(), session(c), ask); err != nil {
		return err
	}
	forget(c)
	return p.redirect(c, policy.Home)
}
