package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"

	"zharia/portal/agenda"
	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// calendarPage is where somebody makes a private address for his calendar program,
// and takes it back.
type calendarPage struct {
	Form     *web.Form
	Cases    []web.Option
	Feeds    []agenda.Feed
	Address  string // just made: it is shown this once
	Official bool
	Max      int
}

func (p *Portal) feeds(c echo.Context, ask policy.Ask) error {
	return p.showCalendar(c, ask, web.NewForm("calendar"), "")
}

func (p *Portal) showCalendar(c echo.Context, ask policy.Ask, form *web.Form, address string) error {
	ctx := c.Request().Context()
	page := calendarPage{Form: form, Address: address, Official: ask.Is&policy.Official != 0, Max: agenda.MaxFeeds}
	var err error
	if page.Feeds, err = agenda.Feeds(ctx, p.DB, ask.To(policy.FeedList)); err != nil {
		return err
	}
	cases, _, err := casefile.List(ctx, p.DB, ask.To(policy.CaseList))
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	for _, of := range cases {
		page.Cases = append(page.Cases, web.Option{Value: of.ID.String(), Label: w.T("case.title", "number", of.Number)})
	}
	return p.form(c, form, "calendar", page, policy.FeedMake)
}

// feedMake shows the address in its answer and nowhere else: only its hash is kept.
func (p *Portal) feedMake(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "calendar")
	of := form.OptionalID("case")
	p.hereIs(c, policy.FeedList)
	if form.Bad() {
		return p.showCalendar(c, ask, form, "")
	}
	token, err := agenda.Make(c.Request().Context(), p.DB, ask, of, web.Lang(c))
	if form.Refused(err) {
		return p.showCalendar(c, ask, form, "")
	}
	if err != nil {
		return err
	}
	return p.showCalendar(c, ask, web.NewForm("calendar"), p.Origin+"/calendar/"+token+".ics")
}

func (p *Portal) feedEnd(c echo.Context, ask policy.Ask) error {
	if err := agenda.End(c.Request().Context(), p.DB, ask, id(c, "feed")); err != nil {
		return err
	}
	return p.redirect(c, policy.FeedList)
}

// fetching bounds how often one feed is asked for, whoever asks: a calendar comes once
// an hour, and five people behind one address may look at once.
func fetching() *middleware.RateLimiterMemoryStore {
	return middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{
		Rate: rate.Every(10 * time.Second), Burst: 30, ExpiresIn: time.Hour,
	})
}

// feedFetch is what a calendar program reads: no cookie, no session, no name.
func (p *Portal) feedFetch(c echo.Context, ask policy.Ask) error {
	token, is := strings.CutSuffix(c.Param("token"), ".ics")
	if !is {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	// Only what is there is counted, or whoever tries addresses fills the memory.
	if err := agenda.Known(c.Request().Context(), p.DB, token); err != nil {
		return err
	}
	who := sha256.Sum256([]byte(token))
	if ok, err := p.fetched.Allow(string(who[:])); err != nil || !ok {
		c.Response().Header().Set("Retry-After", "60")
		return echo.ErrTooManyRequests
	}
	feed, terms, err := agenda.Read(c.Request().Context(), p.DB, ask, token)
	if err != nil {
		return err
	}
	content := agenda.Calendar(p.Words.In(feed.Language), terms, func(t agenda.Term) string {
		return p.Origin + p.pathOf(feed.Language, t, uuid.Nil)
	})
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	h := c.Response().Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Disposition", `attachment; filename="terms.ics"`)
	h.Set("X-Robots-Tag", "noindex")
	if strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, "text/calendar; charset=utf-8", content)
}

// pathOf is the address of the page that a term is of. What lies on one of several
// sides of a case opens there only: to whoever does not act on that side it is where
// he says for whom he acts.
func (p *Portal) pathOf(lang string, t agenda.Term, acting uuid.UUID) string {
	act, of := policy.FilingRead, t.Of
	switch {
	case t.Side != acting && t.Side != uuid.Nil:
		act, of = policy.ActingChoose, t.Case
	case t.Decision != "":
		act = policy.DecisionRead
	case t.Filing == "":
		act = policy.FamiliarisationRead
	}
	path, err := p.link(lang, string(act), of)
	if err != nil { // all are in the table of routes
		panic(fmt.Errorf("the address of a term: %w", err))
	}
	return path
}
