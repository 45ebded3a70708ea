package portal_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zharia/portal"
)

// The status line says one of the sentences of a form, without what varies.
func (v *visitor) says(key string) {
	v.t.Helper()
	sentence, _, _ := strings.Cut(v.s.Words.In(v.lang).T(key, "clock", "\x00"), "\x00")
	v.until(`document.querySelector("[data-typed-status]").textContent.startsWith(` + quoted(strings.TrimSpace(sentence)) + `)`)
}

func (s *site) newPetition() string {
	return "/cases/" + s.Theft.String() + "/filings/new?kind=petition"
}

func TestAKilledTabLosesNothingAndAnotherDeviceGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "11-typed", "kk", phone)
	v.signIn("aigul")
	v.open("form", s.newPetition())
	v.want("said before anything is typed", v.text("[data-typed-status]"), "")
	v.fill("#circumstances", circumstances)
	v.choose("#about", s.Decision("expertise-done").String())
	v.js(`document.querySelector("#about").dispatchEvent(new Event("change", { bubbles: true }))`)
	v.says("typed.saved")
	v.arrive("saved")
	if err := chromedp.Cancel(v.ctx); err != nil { // the tab is gone in the middle of the sentence
		t.Fatal(err)
	}

	v = s.visit(t, "11-typed", "ru", desktop)
	v.signIn("aigul")
	v.here("200", "/cases")
	v.arrive("begun")
	v.click("filled", `main section[aria-labelledby=begun] a`)
	v.want("the text", v.value("#circumstances"), circumstances)
	v.want("the decision", v.value("#about"), s.Decision("expertise-done").String())
	v.want("told that it was typed before", v.count(`main .notice form[action$="/typed/forget"]`), "1")

	// Leaving within the second is saved as well.
	v.fill("#point-1", request)
	v.do(navigate(v, "/filings"))
	v.until(`document.readyState === "complete" && location.pathname.endsWith("/filings")`)
	v.want("begun", v.count(`main section[aria-labelledby=begun] li`), "1")
	v.open("", s.newPetition())
	v.want("typed just before leaving", v.value("#point-1"), request)
	v.click("check", formButton)
	v.shows(circumstances)
	v.shows(request)
	s.Want(t, `SELECT count(*) AS drafts, (SELECT count(*) FROM typed WHERE fields IS NOT NULL) AS typed FROM filing`, `
		drafts | typed
		1      | 0`)
	v.open("", s.newPetition())
	v.want("the next one is fresh", v.value("#circumstances")+v.value("#point-1"), "")
	v.want("notices", v.count("main .notice:not([hidden])"), "0")

	v.fill("#circumstances", arguments)
	v.says("typed.saved")
	v.open("", s.newPetition())
	v.click("anew", `main .notice form[action$="/typed/forget"] button`)
	v.want("after starting anew", v.value("#circumstances"), "")
}

// stage door: a server whose portal can be taken away and put back, as when its
// process dies.
type restarting struct {
	http.Handler
	down atomic.Bool
	now  atomic.Pointer[http.Handler]
}

func (r *restarting) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if r.down.Load() {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			c.Close()
		}
		return
	}
	(*r.now.Load()).ServeHTTP(w, q)
}

// start puts a new portal over the same database.
func (r *restarting) start(t *testing.T, s *site) {
	t.Helper()
	s.guarded()
	p := &portal.Portal{DB: s.App, Words: s.Words, Verifier: s.Verifier, Origin: s.URL, Agent: "ws://" + s.agentAddr, AnyChain: true, Clock: s.Clock}
	handler, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	r.now.Store(&handler)
	r.down.Store(false)
}

func TestAPortalThatDiesWhileSheTypesLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	door := &restarting{}
	server := httptest.NewServer(door)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	s.URL = server.URL
	door.start(t, s)

	v := s.visit(t, "12-died", "kk", phone)
	v.signIn("aigul")
	v.open("", s.newPetition())
	v.fill("#circumstances", circumstances)
	v.says("typed.saved")

	door.down.Store(true)
	v.fill("#point-1", request)
	v.says("typed.say.offline")
	v.arrive("offline")
	v.press(formButton) // she does not wait, and stays on the page
	v.says("typed.say.offline")
	v.want("where she is", v.path(), "/kk/cases/"+s.Theft.String()+"/filings/new")
	v.want("the text", v.value("#point-1"), request)
	s.Want(t, `SELECT count(*) FROM filing`, "count\n0")

	door.start(t, s)
	v.click("check", formButton)
	v.want("status", v.status(), "200")
	v.shows(circumstances)
	v.shows(request)
	v.sign("filed")
	s.Want(t, `SELECT status, author FROM filing`, `
		status | author
		filed  | aigul`)
	s.Sound()
}

// behind serves the portal behind something that may deal with a request itself.
func (s *site) behind(t *testing.T, deals func(http.ResponseWriter, *http.Request) bool) {
	t.Helper()
	door := &restarting{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !deals(w, q) {
			door.ServeHTTP(w, q)
		}
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	s.URL = server.URL
	door.start(t, s)
}

// Saving is refused, or takes longer than one waits for it: that is no reason to hold back
// the form, which brings all of it.
func TestAFormIsSentWhereItsTextCouldNotBeKeptBefore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var refuses atomic.Int32
	s.behind(t, func(w http.ResponseWriter, q *http.Request) bool {
		if q.URL.Path != "/kk/typed" || q.Method != http.MethodPost {
			return false
		}
		if status := refuses.Load(); status != 0 {
			w.WriteHeader(int(status))
			return true
		}
		time.Sleep(11 * time.Second) // EDGE
		return false
	})
	v := s.visit(t, "16-late", "kk", phone)
	v.signIn("aigul")
	for _, status := range []int32{http.StatusTooManyRequests, http.StatusInternalServerError, 0} {
		refuses.Store(status)
		v.do(navigate(v, s.newPetition()+"&about="+fresh().String())) // a form of its own each time
		v.fill("#circumstances", circumstances)
		v.fill("#point-1", request)
		if status != 0 {
			v.says("typed.say.late")
			v.picture("late")
			v.leaves(func() { v.press(formButton) })
		} else {
			v.leaves(func() {
				v.press(formButton)
				v.says("typed.say.late")
				v.want("at work", v.count("#form button[aria-busy=true]"), "1")
			})
		}
		v.want("status", v.status(), "200")
		v.shows(circumstances)
		v.shows(request)
	}
	s.Want(t, `SELECT count(*) FROM filing`, "count\n3")
	s.Sound()
}

func TestASessionThatEndsWhileSheTypesIsSaidAtOnceAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "13-ended", "kk", phone)
	v.signIn("aigul")
	v.open("", s.newPetition())
	v.fill("#circumstances", circumstances)
	v.says("typed.saved")
	if _, err := s.SQL.ExecContext(t.Context(), `DELETE FROM session`); err != nil {
		t.Fatal(err)
	}
	v.fill("#point-1", request) // typed after the end, so only the page has it
	v.says("typed.say.signed-out")
	v.arrive("said")
	v.click("signin", formButton)
	v.want("status", v.status(), "401")
	s.insert("aigul")
	v.sign("resume")
	v.click("check", "main form button")
	v.shows(circumstances)
	v.shows(request)

	// Whoever closes the page instead finds what was kept until then.
	v.open("", s.newPetition())
	v.fill("#circumstances", arguments)
	v.says("typed.saved")
	if _, err := s.SQL.ExecContext(t.Context(), `DELETE FROM session`); err != nil {
		t.Fatal(err)
	}
	v.open("signin", s.newPetition())
	v.sign("form")
	v.here("200", "/cases/"+s.Theft.String()+"/filings/new")
	v.want("the same question", v.value("#circumstances"), arguments)
}

func TestTwoWindowsWithOneFormAreToldOfEachOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one, two := s.visit(t, "14-one", "kk", phone), s.visit(t, "14-two", "kk", phone)
	for _, v := range []*visitor{one, two} {
		v.signIn("aigul")
		v.open("", s.newPetition())
	}
	one.fill("#circumstances", circumstances)
	one.says("typed.saved")
	one.want("notices", one.count("[data-typed-newer]:not([hidden])"), "0")
	two.fill("#circumstances", arguments)
	two.says("typed.saved")
	two.until(`!document.querySelector("[data-typed-newer]").hidden`)
	two.arrive("newer")
	one.open("", s.newPetition())
	one.want("the newest, whole", one.value("#circumstances"), arguments)
}
