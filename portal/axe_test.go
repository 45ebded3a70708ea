package portal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// axe is the script of axe-core, as npm has it, or "" where there is no npm or it
// cannot be had: then the test says so. It stays in .portal, which is nobody's
// source.
func axe(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(must(portaltest.Root()), ".portal", "node", "axe")
	script := filepath.Join(folder, "node_modules", "axe-core", "axe.min.js")
	if b, err := os.ReadFile(script); err == nil {
		return string(b)
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Log("passed over: there is no npm on this computer")
		return ""
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		text := must(os.ReadFile(filepath.Join("testdata", "axe", name)))
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	install := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = folder
	if said, err := install.CombinedOutput(); err != nil {
		t.Logf("passed over: npm has no axe-core for us: %v\n%s", err, said)
		return ""
	}
	return string(must(os.ReadFile(script)))
}

// violation is what axe finds: a rule, and the elements that break it.
type violation struct {
	ID, Help string
	Tags     []string
	Nodes    []struct {
		HTML, FailureSummary string
	}
}

// wcag tells a rule of WCAG 2.2 AA from one that is only good practice.
func (v violation) wcag() bool {
	for _, tag := range v.Tags {
		if strings.HasPrefix(tag, "wcag2") {
			return true
		}
	}
	return false
}

// What stands in a frame is a document of its own, shown by the browser.
const runAxe = `(async () => {
	const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
	const found = await axe.run(document, {runOnly: {type: "tag", values: tags}, iframes: false, resultTypes: ["violations"]})
	return JSON.stringify({violations: found.violations, passes: found.passes.length})
})()`

// examiner looks at the page of a visitor with axe.
type examiner struct {
	*visitor
	script string
	looked int
}

// examine holds the page that is shown now against WCAG: on a phone by night and by
// day, on a desk by day. The colours of the night are the same on both. Every page is shown
// in both languages: each way of looking is for one of them, unless AXE=all.
func (e *examiner) examine(what string) {
	e.t.Helper()
	for _, way := range []struct {
		screen
		scheme, lang string
	}{{phone, "dark", "kk"}, {phone, "light", "ru"}, {desktop, "light", "kk"}} {
		if way.lang != e.lang && os.Getenv("AXE") != "all" {
			continue
		}
		e.screen = way.screen
		e.do(e.look(e.screen), command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: way.scheme}},
		}))
		e.once(fmt.Sprintf("%s (%s, %d px, %s)", what, e.lang, e.screen.width, way.scheme))
	}
}

func (e *examiner) once(what string) {
	e.t.Helper()
	if e.js(`!window.axe`) == "true" { // it is half a megabyte: a page that brings it is the quicker
		e.js(`(() => {` + e.script + `})()`)
	}
	text, err := e.eval(runAxe)
	if err != nil {
		e.t.Fatalf("%s: %v", what, err)
	}
	var found struct {
		Violations []violation
		Passes     int
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil || found.Passes < 10 {
		e.t.Fatalf("%s: axe has looked at nothing: %v, %d rules passed", what, err, found.Passes)
	}
	e.looked++
	for _, v := range found.Violations {
		complain := e.t.Logf
		if v.wcag() {
			complain = e.t.Errorf
		}
		for _, n := range v.Nodes {
			complain("%s: %s: %s\n\t%s\n\t%s", what, v.ID, v.Help, short(n.HTML), strings.ReplaceAll(n.FailureSummary, "\n", " "))
		}
	}
}

// Every page on the way of a signature, and those where it is checked, in both
// languages: axe-core finds nothing against WCAG 2.2 AA.
func TestAxeFindsNothingOnAnyPageOfSigning(t *testing.T) {
	t.Parallel()
	script := axe(t)
	if script == "" {
		return
	}
	s := newSite(t)
	filed := s.Petition(s.Aigul, s.Theft)
	doc, sig := s.paperAndSignature(t, filed)
	begun := s.Petition(s.Aigul, s.Theft)
	s.begin(t, begun)
	drafted, ruling := s.draft("aigul"), s.drafted(t)
	number := s.one(t, `SELECT document::text FROM filing WHERE id = $1`, filed)

	looked := 0
	for _, lang := range []string{"kk", "ru"} {
		e := &examiner{visitor: s.visit(t, "axe", lang, phone), script: script}
		at := func(what, path string) {
			t.Helper()
			e.open("", path)
			if e.status() != "200" {
				t.Errorf("%s: status %s", what, e.status())
			}
			e.examine(what)
		}
		at("the sign-in", "/signin")
		e.js(`document.querySelectorAll("[data-cause], [data-permission], [data-browser], [data-sign-stop]").forEach(e => e.hidden = false)`)
		e.examine("the sign-in with all its messages")
		e.open("", "/signin")
		e.click("", hereButton)
		e.examine("the phone that signs in")
		e.open("", "/signin")
		e.js(`document.querySelector("#sign textarea").value = "AAAA"`)
		e.leaves(func() { e.js(`document.querySelector("#sign").submit()`) })
		e.examine("a sign-in that was refused")

		at("the check by number", "/verify/"+number)
		at("the check by files", "/verify")
		e.click("", formButton)
		e.examine("the check of nothing")
		for what, files := range map[string][2][]byte{"a document of ours": {sig, doc}, "a changed document": {sig, append([]byte("%"), doc...)}} {
			e.open("", "/verify")
			e.attach("#signature", files[0])
			e.attach("#document", files[1])
			e.click("", formButton)
			if e.count(".verified") != "1" {
				t.Errorf("%s: no verdict: %s", what, e.main())
			}
			e.examine(what)
		}

		e.signIn("aigul")
		at("her sessions", "/sessions")
		at("a new petition", "/cases/"+s.Theft.String()+"/filings/new?kind=petition")
		e.click("", formButton)
		e.examine("a petition with mistakes")
		at("the petition to sign", drafted)
		e.click("", hereButton)
		e.examine("the phone that signs a petition")
		if lang == "kk" {
			e.open("", "/filings/"+filed.String())
			e.js(`document.querySelectorAll("details").forEach(e => e.open = true)`)
			e.click("", `form[action$="/withdrawal/draft"] button`)
			e.examine("the withdrawal to sign")
		} else {
			at("the withdrawal to sign", "/filings/"+filed.String()+"/withdrawal")
		}
		e.leaves(func() { e.press(`form[action$="/session/end"] button`) })
		e.signIn("daniyar")
		at("the answer to sign", "/filings/"+begun.String()+"/answer/check")
		at("the decision to sign", "/decisions/"+ruling.String()+"/check")
		looked += e.looked
	}
	t.Logf("axe-core has looked %d times", looked)
}

// bring puts a page in the place of the one that is shown, with its styles and axe kept: a
// page opened anew takes twice as long. It says why it cannot.
const bring = `(async () => {
	if (!window.axe) return "there is no page yet"
	const page = new DOMParser().parseFromString(await (await fetch(%s)).text(), "text/html")
	const root = document.documentElement, stays = "link[rel=stylesheet], script"
	const styles = d => [...d.querySelectorAll("link[rel=stylesheet]")].map(e => e.getAttribute("href")).join()
	if (styles(page) !== styles(document) || page.querySelector("style")) return "it has other styles"
	root.getAttributeNames().forEach(name => root.removeAttribute(name))
	page.documentElement.getAttributeNames().forEach(name => root.setAttribute(name, page.documentElement.getAttribute(name)))
	document.head.querySelectorAll(":scope > :not(" + stays + ")").forEach(e => e.remove())
	document.head.append(...page.head.querySelectorAll(":scope > :not(" + stays + ")"))
	document.body.replaceWith(page.body)
	scrollTo(0, 0)
	return ""
})()`

// covered gives a line for each thing to press that lies under another: a link that
// fills its row takes the clicks of what else is in the row.
const covered = `[...document.querySelectorAll("main :is(a[href], button, summary, input, select, textarea)")]
	.filter(e => e.checkVisibility({ visibilityProperty: true }))
	.flatMap(e => {
		e.scrollIntoView({ block: "center" })
		const box = e.getClientRects()[0]
		if (!box || !box.width) return []
		const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)
		return top && (e.contains(top) || top.contains(e) && !top.matches("a, button") || top.closest("label")?.contains(e)) ? [] : [e.outerHTML.slice(0, 150)]
	}).join("\n")`

// Every page of the portal in every state that has a golden file, in both languages:
// axe-core finds nothing against WCAG 2.2 AA, the page owes nothing at either width,
// and whatever can be pressed is on top.
func TestAxeFindsNothingOnAnyGoldenPage(t *testing.T) {
	t.Parallel()
	script := axe(t)
	if script == "" {
		return
	}
	version, scripts := regexp.MustCompile(`^/static/[^/]+/`), regexp.MustCompile(`<script[^>]*></script>`)
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if version.MatchString(r.URL.Path) {
			http.ServeFileFS(w, r, os.DirFS(must(portaltest.Root())), version.ReplaceAllString(r.URL.Path, "static/"))
			return
		}
		if r.URL.Path == "/axe.js" {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			w.Header().Set("Cache-Control", "max-age=600")
			_, _ = w.Write([]byte(script))
			return
		}
		page, err := os.ReadFile(filepath.Join("testdata", filepath.Base(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(bytes.Replace(scripts.ReplaceAll(page, nil), []byte("</head>"), []byte(`<script src="/axe.js"></script></head>`), 1))
	}))
	t.Cleanup(pages.Close)

	for lang, as := range map[string]struct {
		on     screen
		scheme string
	}{"kk": {phone, "dark"}, "ru": {desktop, "light"}} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			e := &examiner{visitor: (&site{t: t, told: map[string]bool{}}).visit(t, "axe", lang, as.on), script: script}
			e.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: as.scheme}},
			}))
			for i, file := range must(filepath.Glob("testdata/*." + lang + ".html")) {
				name := filepath.Base(file)
				if e.js(fmt.Sprintf(bring, quoted("/"+name))) != "" { // it is the first, or has styles of its own
					e.do(chromedp.Navigate(pages.URL + "/" + name))
				}
				// What is wrong with a hidden field is told only to whoever forged it.
				e.js(`document.querySelectorAll(".errors a").forEach(e => {
					if (document.querySelector("input[type=hidden][name='" + e.hash.slice(1) + "']")) e.removeAttribute("href")
				}), document.querySelectorAll("main details").forEach(e => e.open = true)`)
				e.check(name)
				for line := range strings.Lines(e.js(covered)) {
					t.Errorf("%s: lies under another: %s", name, line)
				}
				// Both languages have the same elements in the same colours: axe looks at each page
				// in one of them.
				if os.Getenv("AXE") == "all" || i%2 == 0 == (lang == "kk") {
					e.once(name)
				}
			}
			t.Logf("axe-core has looked at %d golden pages", e.looked)
		})
	}
}

// paperAndSignature is what was signed, and the signature.
func (s *site) paperAndSignature(t *testing.T, id uuid.UUID) (doc, sig []byte) {
	t.Helper()
	_, d, err := filing.Document(t.Context(), s.DB, s.Aigul.Asks(policy.FilingDocument), id)
	if err != nil {
		t.Fatal(err)
	}
	return d.Content, d.CMS
}

// attach chooses a file in a form.
func (v *visitor) attach(css string, file []byte) {
	v.t.Helper()
	v.js(`(() => {
		const bytes = Uint8Array.from(atob(` + quoted(base64.StdEncoding.EncodeToString(file)) + `), c => c.charCodeAt(0))
		const box = new DataTransfer()
		box.items.add(new File([bytes], "file.bin"))
		document.querySelector(` + quoted(css) + `).files = box.files
	})()`)
}
