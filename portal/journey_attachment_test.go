package portal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"zharia/portal"
	"zharia/portal/filing"
	"zharia/portal/policy"
)

// onALine serves the portal at the far end of a line that is cut after so many bytes.
func (s *site) onALine(t *testing.T, cuts ...int64) *cutLine {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	cut := &cutLine{Listener: must(net.Listen("tcp", "127.0.0.1:0")), to: server.Listener.Addr().String(), cuts: cuts, dead: time.Second / 2} // a browser tries a line once more before it tells the page
	s.URL = "http://" + cut.Addr().String()
	s.guarded()
	p := &portal.Portal{DB: s.App, Words: s.Words, Verifier: s.Verifier, Origin: s.URL, Agent: "ws://" + s.agentAddr, AnyChain: true, Clock: s.Clock}
	if err := portal.Share(p); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = must(p.Handler())
	server.Start()
	go cut.serve()
	t.Cleanup(func() { cut.Close(); server.CloseClientConnections(); server.Close() })
	return cut
}

// file puts a file on the disk of whoever sends it.
func file(t *testing.T, name string, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// picks chooses files in the form as a person does.
func (v *visitor) picks(files ...string) {
	v.t.Helper()
	v.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), files))
}

// listens keeps everything that the live region of the form says, over the change of
// the page at its end.
func (v *visitor) listens() {
	v.t.Helper()
	v.js(`(() => {
		const region = document.querySelector("form[data-begin] [role=status]")
		sessionStorage.heard = ""
		new MutationObserver(() => { if (region.textContent) sessionStorage.heard += region.textContent + "\n" })
			.observe(region, {childList: true, characterData: true, subtree: true})
	})()`)
}

const attachButton = "form[data-begin] .actions button"

func (s *site) draftOf(t *testing.T, word string) string {
	t.Helper()
	return "/filings/" + s.Draft(s.Actor(word), s.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}).String()
}

func TestTwentyMegabytesComeOverALineCutThreeTimesAndTheWayIsTold(t *testing.T) {
	t.Parallel()
	for _, lang := range toldIn() {
		t.Run(lang, func(t *testing.T) {
			s := newSite(t)
			cut := s.onALine(t, 4_000_000, 11_111_111, 18_500_000)
			draft := s.draftOf(t, "aigul")
			content := heavyPDF(20 << 20)
			path := file(t, "Сараптама.pdf", content)
			w := s.Words.In(lang)

			v := s.visit(t, "30-attachment-"+lang, lang, phone)
			v.signIn("aigul")
			v.open("limits", draft+"/attachments")
			for _, limit := range []string{"papers", "records", "all"} { // said before a file is chosen
				v.shows(w.T("attachments.limits." + limit))
			}
			v.listens()
			v.picks(path)
			v.js("window.left = true")
			v.press(attachButton)
			for _, part := range []string{"0", "100", "200", "300"} { // each has a time of its own: the line is slow
				v.until(`document.querySelector("progress").value > ` + part)
			}
			v.picture("coming")
			v.want("it says that it is at work", v.js(`document.querySelector("progress").ariaBusy`), "true")
			v.want("the focus", v.js(`document.activeElement.tagName`), "BUTTON")
			for _, part := range []string{"400", "500", "600", "700", "800", "900", "999"} {
				v.until(`window.left === undefined || document.querySelector("progress").value > ` + part)
			}
			v.until(`window.left === undefined && document.readyState === "complete"`)
			v.arrive("taken")
			v.here("200", draft+"/attachments")
			v.shows("Сараптама.pdf")

			heard := v.js("sessionStorage.heard")
			at := -1
			for _, said := range []string{w.T("attachments.say.going"), "25", w.T("attachments.say.again"), "50", "75", w.T("attachments.say.checking")} {
				next := strings.Index(heard[at+1:], said)
				if next < 0 {
					t.Fatalf("%q is not said after the others: %q", said, heard)
				}
				at += 1 + next
			}
			if n := strings.Count(heard, w.T("attachments.say.again")); n != 3 {
				t.Errorf("that the line was cut is said %d times: %q", n, heard)
			}
			if n := strings.Count(heard, "\n"); n > 15 {
				t.Errorf("%d things are said of one file: %q", n, heard)
			}
			if cut.made != 3 {
				t.Errorf("the line was cut %d times", cut.made)
			}
			sum := sha256.Sum256(content)
			if got := s.one(t, `SELECT encode(digest, 'hex') FROM attachment WHERE state = 'clean'`); got != hex.EncodeToString(sum[:]) {
				t.Errorf("what is kept has SHA-256 %s, not %x", got, sum)
			}
			v.click("check", `main a.button[href$="`+draft+`"]`)
			v.shows("Сараптама.pdf")
			v.sign("filed")
			s.Want(t, `SELECT status FROM filing`, "status\nfiled")
			s.Sound()
		})
	}
}

func TestFilesThatAreNotTakenAreToldByNameAndTheOthersAreTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for lang, on := range map[string]screen{"kk": phone, "ru": desktop} {
		draft := s.draftOf(t, "aigul")
		v := s.visit(t, "31-attachment-"+lang, lang, on)
		v.signIn("aigul")
		v.open("", draft+"/attachments")
		v.picks(file(t, "photo.jpg", photo(1)), file(t, "list.pdf", []byte("<script>alert(1)</script>")), file(t, "note.html", []byte("<p>")))
		v.press(attachButton)
		v.until(`document.querySelectorAll("form[data-begin] [role=alert] .error-text").length === 2 && !!document.querySelector("form[data-begin] [role=alert] a")`)
		v.arrive("two-refused")
		said := v.text("form[data-begin] [role=alert]")
		for _, name := range []string{"list.pdf", "note.html"} {
			if !strings.Contains(said, name) {
				t.Errorf("%s is not named: %q", name, said)
			}
		}
		v.click("one-taken", `form[data-begin] [role=alert] a`)
		v.want("files", v.count("ol.files > li"), "1")
		v.shows("photo.jpg")
	}
}

func TestASessionThatEndedIsToldWhereFilesAreSentAndNothingOfTheDraftIsLost(t *testing.T) {
	t.Parallel()
	for _, lang := range toldIn() {
		t.Run(lang, func(t *testing.T) {
			s := newSite(t)
			draft := s.draftOf(t, "aigul")
			w := s.Words.In(lang)
			v := s.visit(t, "32-ended-"+lang, lang, phone)
			v.signIn("aigul")
			v.open("", draft+"/attachments")
			first, second := file(t, "birinshi.jpg", photo(1)), file(t, "ekinshi.jpg", photo(2))
			v.picks(first)
			v.click("", attachButton)
			v.want("files", v.count("ol.files > li"), "1")

			ends := func() {
				t.Helper()
				if _, err := s.SQL.ExecContext(t.Context(), `DELETE FROM session`); err != nil {
					t.Fatal(err)
				}
			}
			ends()
			v.picks(second)
			v.press(attachButton)
			v.until(`document.querySelector("form[data-begin] [role=alert]").textContent !== ""`)
			v.want("what is said", v.text("form[data-begin] [role=alert] .error-text"), w.T("attachments.say.out"))
			v.want("the file stays chosen", v.js(`document.querySelector("#file").files[0]?.name`), "ekinshi.jpg")
			v.arrive("said")
			s.insert("aigul")
			v.click("signin", `form[data-begin] [role=alert] a`)
			v.sign("back")
			v.here("200", draft+"/attachments")
			v.shows("birinshi.jpg")

			// Without a script the page of signing in says it, and leads back.
			v.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
			v.open("", draft+"/attachments")
			ends()
			v.picks(second)
			v.click("signin-plain", attachButton)
			v.want("status", v.status(), "401")
			v.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false}))
			v.signIn("aigul")
			v.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
			v.open("", draft+"/attachments")
			v.shows("birinshi.jpg")
			v.picks(second)
			v.click("plain", attachButton)
			v.here("200", draft+"/attachments")
			v.want("files", v.count("ol.files > li"), "2")
			v.picks(file(t, "script.svg", []byte("<svg onload='alert(1)'/>")))
			v.click("plain-refused", attachButton)
			v.want("status", v.status(), "422")
			v.shows("script.svg")
			v.want("the focus", v.count(".errors[role=alert][autofocus]"), "1")
			v.click("album", `form[action$="/attachments/binding"] button`)
			v.want("two photographs are one file", v.count("ol.files > li"), "1")
			v.click("removed", `form[action$="/removal"] button`)
			v.want("files", v.count("ol.files > li"), "0")
		})
	}
}

func TestASessionThatEndsLosesNeitherPointsNorASampleNorTheirOrder(t *testing.T) {
	journey(t, func(t *testing.T, s *site, lang string, on screen, says tongue) {
		v := s.member(t, "33-points", "aigul", lang, on)
		v.open("", s.newPetition())
		v.fill("#circumstances", says.circumstances)
		v.fill("#point-1", says.first)
		v.click("", `#form button[name=more][value="1"]`)
		v.fill("#point-2", says.second)
		v.choose("#about", s.Decision("expertise-done").String())
		if _, err := s.SQL.ExecContext(t.Context(), `DELETE FROM session`); err != nil {
			t.Fatal(err)
		}
		v.click("signin", formButton)
		v.want("status", v.status(), "401")
		s.Want(t, `SELECT count(*) FROM filing`, "count\n0")
		v.sign("resume")
		if left := v.js(`document.querySelector("#session").dataset.left`); len(left) < 3 { // seconds; none is left would warn at once
			t.Errorf("the session she has just begun ends in %s s", left)
		}
		v.click("check", "main form button")
		v.want("status", v.status(), "200")
		v.want("points in their order", v.each("article.paper ol > li", "e.innerText.trim()"), says.first+"\n"+says.second)
		v.shows(says.circumstances)

		// The same while a point is only being added: the form comes back with both.
		v.open("", s.newPetition())
		v.fill("#circumstances", says.arguments)
		v.fill("#point-1", says.second)
		if _, err := s.SQL.ExecContext(t.Context(), `DELETE FROM session`); err != nil {
			t.Fatal(err)
		}
		v.click("", `#form button[name=more][value="1"]`)
		v.want("status", v.status(), "401")
		v.sign("")
		v.click("two-points", "main form button")
		v.want("the text", v.value("#circumstances"), says.arguments)
		v.want("the first point", v.value("#point-1"), says.second)
		v.want("the place for a second", v.value("#point-2"), "")
	})
}
