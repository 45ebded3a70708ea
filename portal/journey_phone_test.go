package portal_test

import (
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"

	"zharia/portal/egov"
	"zharia/portal/filing"
	"zharia/portal/policy"
)

// phoneFor is a phone with somebody's key beside the browser of a site.
func (s *site) phoneFor(word string) *egov.Phone {
	k := s.Actor(word).Key
	return &egov.Phone{Client: http.DefaultClient, Language: "kk", Clock: s.Clock, SignCMS: func(content []byte, attached bool) ([]byte, error) {
		return k.SignCMS(content, attached, s.Clock())
	}}
}

// scan points a phone at the code on the page.
func (v *visitor) scan(ph *egov.Phone) egov.Fetched {
	v.t.Helper()
	link, err := url.Parse(v.href(`.phone a[href*="/mobileSign/"]`))
	if err != nil {
		v.t.Fatal(err)
	}
	f, err := ph.Scan(v.t.Context(), egov.Code(link.Query().Get("link")))
	if err != nil {
		v.t.Fatal(err)
	}
	return f
}

// reads has another program read the code from the picture of the page, as a
// camera would.
func (v *visitor) reads() {
	v.t.Helper()
	if _, err := exec.LookPath("zbarimg"); err != nil {
		v.t.Log("zbarimg is not on this computer (make setup installs it): the code is not read from the picture")
		return
	}
	picture := filepath.Join(v.t.TempDir(), "code.png")
	v.paint(picture)
	link, err := url.Parse(v.href(`.phone a[href*="/mobileSign/"]`))
	if err != nil {
		v.t.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "-q", "--raw", picture).Output()
	if want := egov.Code(link.Query().Get("link")); err != nil || strings.TrimSpace(string(out)) != want {
		v.t.Errorf("the picture says %q, %v; want %q", out, err, want)
	}
}

// The main buttons of signing with a phone: on a computer, and on the phone itself.
const (
	phoneButton = "#phone button.wide"
	hereButton  = "#phone button[name=here]"
)

// A person with a phone and no program on the computer: the page goes on by
// itself when the signature has come.
func TestAPageGoesOnByItselfWhenThePhoneHasSigned(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	draft := s.Draft(s.Aigul, s.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	s.close() // there is no signing program on this computer
	ph := s.phoneFor("aigul")
	v := s.visit(t, "p", "kk", desktop)
	v.open("signin", "/signin?next=%2Ffilings%2F"+draft.String())
	v.click("code", phoneButton)
	v.reads()
	fetched := v.scan(ph)
	v.until(`document.querySelector("[data-phone]")?.dataset.phone === "fetched-0"`)
	v.arrive("code-fetched")
	v.leaves(func() {
		if err := ph.Sign(t.Context(), fetched); err != nil {
			t.Fatal(err)
		}
		v.until(`location.pathname === "/kk/filings/` + draft.String() + `"`)
	})
	v.want("in the header", v.text("header .name"), s.Aigul.FullName())
	v.click("code-filing", phoneButton)
	// Somebody else's phone first: the page tells, and the code serves on.
	other := s.phoneFor("serik")
	if err := other.Sign(t.Context(), v.scan(other)); err == nil {
		t.Error("another's signature is taken")
	}
	v.until(`document.querySelector(".errors") !== null`)
	v.arrive("code-refused")
	fetched = v.scan(ph)
	if err := ph.Sign(t.Context(), fetched); err != nil {
		t.Fatal(err)
	}
	v.until(`location.pathname === "/kk/filings/` + draft.String() + `" && document.querySelector(".unsent") === null`)
	v.want("the filing", s.one(t, `SELECT status FROM filing`), "filed")
	s.Sound()
}

// The page sends itself. Whoever presses its button meanwhile sends nothing a second time:
// the answer to the first would be lost, and with it the session.
func TestAPageThatSendsItselfIsSentOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var came atomic.Int32
	s.behind(t, func(w http.ResponseWriter, q *http.Request) bool {
		if q.Method == http.MethodPost && q.URL.Path == "/kk/session" {
			came.Add(1)
			time.Sleep(2 * time.Second) // the authority is slow
		}
		return false
	})
	ph := s.phoneFor("aigul")
	v := s.visit(t, "p-once", "kk", desktop)
	v.do(command(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `setTimeout(() => document.querySelector("form[data-send] button")?.click(), 1000)`,
	}))
	v.open("", "/signin?next=%2Ffilings")
	v.leaves(func() { v.press(phoneButton) })
	if err := ph.Sign(t.Context(), v.scan(ph)); err != nil {
		t.Fatal(err)
	}
	v.until(`location.pathname === "/kk/filings"`)
	if n := came.Load(); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	v.want("in the header", v.text("header .name"), s.Aigul.FullName())
}

// In both languages on a phone's screen, the link comes first; cancelling there
// is told here, and the other ways are one press away.
func TestOnAPhonesScreenTheLinkComesFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, lang := range []string{"kk", "ru"} {
		v := s.visit(t, "p360", lang, phone)
		v.open("signin-"+lang, "/signin")
		v.click("code-"+lang, hereButton)
		v.want("the link of this device is shown first", v.js(`[...document.querySelectorAll(".phone > section")].filter(e => e.offsetHeight > 0)[0].className`), "first")
		v.want("and once", v.each(`.phone a.button`, "e.offsetHeight > 0"), "true\nfalse")
		ph := s.phoneFor("aigul")
		fetched := v.scan(ph)
		if err := ph.Cancel(t.Context(), fetched); err != nil {
			t.Fatal(err)
		}
		v.until(`document.querySelector(".errors") !== null`)
		v.arrive("cancelled-" + lang)
		v.click("again-"+lang, `main form[action$="/phone"] button`)
		v.want("a new code", v.count("svg.qr"), "1")
		v.click("back-"+lang, `main form[action$="/session"] button`)
		v.want("the other ways", v.count("#sign"), "1")
	}
}
