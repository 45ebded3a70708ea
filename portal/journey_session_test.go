package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"zharia/portal"
	"zharia/portal/identity"
)

// hurried is the site with a portal whose sessions live so long unused, and warn
// so long before their end.
func (s *site) hurried(t *testing.T, idle, warning time.Duration) {
	t.Helper()
	s.serve(&portal.Portal{AnyChain: true, Idle: idle, IdleWarning: warning})
}

// The questions about a session, as they stand on every page.
const (
	asks  = `document.querySelector("#session").open && !document.querySelector("#session [data-when=soon]").hidden`
	over  = `document.querySelector("#session").open && !document.querySelector("#session [data-when=over]").hidden`
	stay  = `#session [data-answer=stay]`
	shuts = `!document.querySelector("#session").open`
)

func (v *visitor) key(name string) {
	v.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		code := map[string]int64{"Escape": 27, "Enter": 13}[name]
		params := input.DispatchKeyEventParams{Type: kind, Key: name, Code: name, WindowsVirtualKeyCode: code}
		v.do(command(input.DispatchKeyEvent, params))
	}
}

func TestAPageWarnsBeforeItsSessionEndsAndTheAnswerKeepsEverything(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hurried(t, 12*time.Second, 8*time.Second)
	v := s.visit(t, "8-session", "kk", phone)
	v.signIn("aigul")
	form := "/cases/" + s.Theft.String() + "/filings/new?kind=petition"
	v.do(navigate(v, form))
	v.fill("#circumstances", circumstances)
	v.js(`document.querySelector("#circumstances").focus()`)
	v.until(asks)
	v.picture("asked")
	v.want("it is the button that has the focus", v.js(`document.activeElement.dataset.answer`), "stay")
	v.want("what it is called", v.js(`document.querySelector("#session").ariaLabelledByElements?.[0]?.id ?? document.querySelector("#session").getAttribute("aria-labelledby")`), "session-soon")
	if title := v.js(`document.title`); len(title) < 10 || title[:len(s.Words.In("kk").T("session.soon"))] != s.Words.In("kk").T("session.soon") {
		t.Errorf("the title of the window is %q", title)
	}
	v.press(stay)
	v.until(shuts)
	v.want("where she was", v.js(`document.activeElement.id`), "circumstances")
	v.want("what she typed", v.value("#circumstances"), circumstances)

	v.until(asks)
	v.key("Escape") // who presses a key is there
	v.until(shuts)
	v.want("where she was", v.js(`document.activeElement.id`), "circumstances")

	for end := time.Now().Add(14 * time.Second); time.Now().Before(end); time.Sleep(time.Second) { // longer than a session lives unused
		v.do(command(input.InsertText, input.InsertTextParams{Text: "."}))
		if v.js(asks) == "true" {
			t.Fatal("she is asked while she types")
		}
	}
	v.until(asks) // then she goes away, and the session ends
	v.until(over)
	v.picture("over")
	// What she typed last was saved after the page had last asked: the portal may
	// know her a second longer than the page does.
	for s.one(t, `SELECT count(*)::text FROM session WHERE seen_at > $1`, s.Clock().UTC().Add(-12*time.Second)) != "0" {
		time.Sleep(100 * time.Millisecond)
	}
	v.press("#session [data-when=over] [data-answer]")
	v.until(shuts)
	typed := v.value("#circumstances")
	v.fill("#point-1", request)
	v.click("signin", formButton)
	v.want("status", v.status(), "401")
	v.sign("resume")
	v.click("check", "main form button")
	v.shows(typed)
	v.shows(request)
}

func TestAPageThatIsOnlyReadIsLeftWhenItsSessionEndsAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hurried(t, 5*time.Second, 2*time.Second)
	v := s.visit(t, "8-left", "ru", desktop)
	v.signIn("aigul")
	page := "/cases/" + s.Theft.String()
	v.do(navigate(v, page))
	v.until(`location.pathname === "/ru/signin" && document.readyState === "complete"`)
	v.arrive("left")
	v.sign("back")
	v.here("200", page)

	// Two windows of one browser share one session: who works in one is not asked
	// in the other.
	other, end := chromedp.NewContext(v.ctx)
	t.Cleanup(end)
	if err := chromedp.Do(other, navigate(v, page)); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		v.do(navigate(v, "/filings"))
	}
	where, err := chromedp.Run(other, chromedp.Evaluate[string](`location.pathname + " " + document.querySelector("#session").open`))
	if err != nil || where != "/ru"+page+" false" {
		t.Errorf("the other window is at %s, %v", where, err)
	}
}

// A window that was left open in a browser that others use, too, shows nothing on: neither
// when its person has signed out in another, nor when somebody else is signed in by then.
func TestAWindowThatWasLeftOpenShowsNothingToWhoeverComesNext(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "8-shared", "ru", desktop)
	page := "/cases/" + s.Theft.String()
	other, end := chromedp.NewContext(v.ctx)
	t.Cleanup(end)
	look := func() {
		t.Helper()
		if err := chromedp.Do(other, navigate(v, page)); err != nil {
			t.Fatal(err)
		}
	}
	closes := func(when string) {
		t.Helper()
		var there string
		for end := time.Now().Add(12 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
			there, _ = chromedp.Run(other, chromedp.Evaluate[string](`document.readyState + " " + location.pathname + " " + document.querySelector("header .name")?.innerText`))
			if strings.HasPrefix(there, "complete") && !strings.Contains(there, s.Aigul.Name) {
				return
			}
		}
		t.Errorf("%s the other window still shows %.200s", when, there)
	}
	v.signIn("aigul")
	v.do(navigate(v, "/cases"))
	look()
	v.press(`header form[action$="/session/end"] button`)
	closes("she has signed out, and")

	v.signIn("aigul")
	look()
	s.SQL.MustExec(`DELETE FROM session`) // as it ends while the computer is off
	v.signIn("serik")
	closes("he has signed in, and")
}

func TestTheListOfSessionsAndTheNoticeStandOnAPhoneAndOnADesk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.visit(t, "8-first", "kk", desktop)
	first.signIn("aigul")
	others := 0
	for _, on := range []screen{phone, desktop} {
		for _, lang := range []string{"kk", "ru"} {
			v := s.visit(t, fmt.Sprintf("8-list-%s-%d", lang, on.width), lang, on)
			v.signIn("aigul")
			v.arrive("notice")
			v.want("notices", v.count("dialog.since[open]"), "1")
			v.press("dialog.since button")
			v.want("notices after closing", v.count("dialog.since[open]"), "0")
			v.open("sessions", "/sessions")
			others = min(others+1, identity.Most-1)
			v.want("others", v.count(`main section form[action$="/end"]`), fmt.Sprint(others))
		}
	}
}
