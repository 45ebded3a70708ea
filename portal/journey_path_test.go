package portal_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"zharia/portal/sample"
)

// A person who is here for the first time, with the phone of most people.

const (
	mostScreens = 9         // from the first page to a signed petition
	mostBytes   = 100 << 10 // of a page: its HTML, and all that it brings, to a browser that has nothing yet
)

// walk counts what somebody sees on the way.
type walk struct {
	member
	loads   int
	screens []string // pages, each once: a form that is shown again is the same one
}

// sees counts the page that is shown now, and weighs it.
func (w *walk) sees(screen string) {
	w.t.Helper()
	w.loads++
	if n := len(w.screens); n == 0 || w.screens[n-1] != screen {
		w.screens = append(w.screens, screen)
	}
	var p struct{ HTML, Wire, Plain, Paper int }
	text := w.js(`(() => {
		const page = performance.getEntriesByType("navigation")[0]
		const files = performance.getEntriesByType("resource").filter(e => e.name.includes("/static/"))
		const sum = (list, what) => list.reduce((n, e) => n + e[what], 0)
		return JSON.stringify({html: page.decodedBodySize, wire: sum([page, ...files], "encodedBodySize"), plain: sum([page, ...files], "decodedBodySize")})
	})()`)
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.HTML < 1000 {
		w.t.Fatalf("%s: nothing is weighed: %s %v", screen, text, err)
	}
	w.t.Logf("%s %d %-8s %6d bytes of HTML, %6d over the wire with all that it brings, %6d unpacked", w.lang, len(w.screens), screen, p.HTML, p.Wire, p.Plain)
	if p.HTML > mostBytes || p.Wire > mostBytes {
		w.t.Errorf("%s: %d bytes, %d with all that it brings", screen, p.HTML, p.Wire)
	}
}

func (w *walk) goes(screen, css string) {
	w.t.Helper()
	w.click(screen, css)
	w.want("status", w.status(), "200")
	w.sees(screen)
}

// toTheCase begins at the first page and ends at the case, by way of signing in.
func (s *site) toTheCase(t *testing.T, journey, lang string) *walk {
	t.Helper()
	w := &walk{member: member{s.visit(t, journey+"-"+lang, lang, screen{360, 740}), "aigul"}}
	w.open("home", "/")
	w.sees("home")
	w.goes("signin", `main a.button[href="/`+lang+`/signin"]`)
	w.sign("cases")
	w.here("200", "/cases")
	w.sees("cases")
	w.goes("case", `main ul.list a[href="/`+lang+`/cases/`+s.Theft.String()+`"]`)
	return w
}

// fills takes a sample, puts what only she knows in the place of its blanks, and signs.
func (w *walk) fills(says tongue) {
	w.t.Helper()
	w.press("#form details summary")
	w.choose("#sample", w.js(`[...document.querySelectorAll("#sample option")].find(o => o.value).value`))
	w.goes("form", `#form button[name=more][value=sample]`)
	if !strings.Contains(w.value("#circumstances")+w.value("#point-1"), sample.Blank) {
		w.t.Error("the sample leaves nothing to fill in")
	}
	w.fill("#circumstances", says.circumstances)
	for _, field := range strings.Fields(w.each(`#form textarea[name^="point-"]`, "e.name")) {
		w.fill("#"+field, says.first)
	}
	w.goes("check", formButton)
	w.want("blanks", w.count(`main .warn a[href$="/draft"]`), "0")
	if n := len(w.screens); n > mostScreens {
		w.t.Errorf("the petition is signed on screen %d: %v", n, w.screens)
	}
	w.sign("receipt")
	w.want("the number", w.count(".receipt .number"), "1")
	w.sees("receipt")
	w.s.Want(w.t, `SELECT kind, status FROM filing`, "kind     | status\npetition | filed")
	w.t.Logf("%s: signed on screen %d, %d pages loaded, the receipt among them: %v", w.lang, len(w.screens)-1, w.loads, w.screens)
}

func TestAFirstTimerSignsAPetitionWithinNineScreensByTheListOfKinds(t *testing.T) {
	journey(t, func(t *testing.T, s *site, lang string, _ screen, says tongue) {
		began := time.Now()
		w := s.toTheCase(t, "40-kinds", lang)
		w.goes("kinds", `main .actions a.button[href$="/filings/new"]`)
		w.goes("form", `main a[href$="kind=petition"]`)
		w.fills(says)
		if w.loads > mostScreens {
			t.Errorf("%d pages are loaded, the receipt and the sample among them", w.loads)
		}
		t.Logf("%s: %.1f s of a machine's clicks", lang, time.Since(began).Seconds())
	})
}

func TestAFirstTimerSignsAPetitionWithinNineScreensByTheGuide(t *testing.T) {
	journey(t, func(t *testing.T, s *site, lang string, _ screen, says tongue) {
		w := s.toTheCase(t, "41-guide", lang)
		w.goes("event", `main .actions a[href$="/guide"]`)
		w.press(`input[name=event][value=need]`)
		w.goes("need", `main form[action$="/guide"] .actions button`)
		w.press(`input[name=need][value=petition]`)
		w.goes("way", `main form[action$="/guide"] .actions button`)
		w.shows(s.Daniyar.Surname) // who will decide, and why
		w.goes("form", `main .actions a.button[href*="kind=petition"]`)
		w.fills(says)
	})
}
