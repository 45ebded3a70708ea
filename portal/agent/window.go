package agent

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"slices"

	"github.com/google/uuid"
)

// Sentences the agent says to a person when it does not sign: keys of i18n, and
// what it says in English, for the log and for an agent without words.
const (
	wordParams   = "agent.error-params"
	wordFormat   = "agent.error-format"
	wordDigested = "agent.error-digested"
	wordMethod   = "agent.error-method"
	wordNoKey    = "agent.error-no-key"
	wordNoWindow = "agent.error-no-window"
	wordFailed   = "agent.error-failed"
	wordRefuse   = "agent.error-refuse"
	wordPassword = "agent.error-password"
	wordLocked   = "agent.error-locked"
	wordExpired  = "agent.error-expired"
)

var english = map[string]string{
	wordParams:   "The page asked for a signature in a wrong way.",
	wordFormat:   "This agent makes signatures of the kind CMS only.",
	wordDigested: "This agent does not sign a digest of something it has not seen.",
	wordMethod:   "This agent does not know that request.",
	wordNoKey:    "There is no key here that fits this owner and this purpose.",
	wordNoWindow: "There are several keys here and no window to choose one in.",
	wordFailed:   "The signature could not be made.",
	wordRefuse:   "The agent refused to sign.",
	wordPassword: "The password of the key is wrong.",
	wordLocked:   "The card is locked: too many wrong passwords.",
	wordExpired:  "The key is past its time.",
}

// asking is one request that waits for a person to choose a key.
type asking struct {
	ID       string
	Origin   string // of the page; empty for a program that named none
	Attached bool
	Items    []item
	Keys     []*holder
	chosen   chan *holder // nil: cancelled
}

// choose finds the key to sign with. The inserted key, or an only one, signs at
// once; of several, a person chooses in the window, for as long as they like.
func (a *Agent) choose(ctx context.Context, origin string, s *signing) (*holder, error) {
	fitting, ask := a.fitting(s)
	switch {
	case len(fitting) == 0:
		return nil, refusal{"INVALID_SIGNING_PARAMS", wordNoKey, "no key fits the owner, the usages and the chain"}
	case !ask:
		return fitting[0], nil
	case a.pages == nil:
		return nil, refusal{"INVOCATION_ERROR", wordNoWindow, "several keys and no window"}
	}
	return a.await(ctx, &asking{
		ID: uuid.NewString(), Origin: origin, Attached: s.attached(), Items: s.items(),
		Keys: fitting, chosen: make(chan *holder, 1),
	}, s.locale())
}

// fitting are the keys the page may have, and whether a person is to choose.
func (a *Agent) fitting(s *signing) (fitting []*holder, ask bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	keys := a.keys
	if a.inserted != nil {
		keys = []*holder{a.inserted}
	}
	for _, h := range keys {
		if h.fits(s) && s.allowed(h, a.trusted) {
			fitting = append(fitting, h)
		}
	}
	return fitting, len(keys) > 1
}

// await shows the request in the window until a key is chosen, the person
// cancels, or the page leaves.
func (a *Agent) await(ctx context.Context, asked *asking, locale string) (*holder, error) {
	a.mu.Lock()
	a.asked = append(a.asked, asked)
	a.locale = locale
	a.mu.Unlock()
	defer a.forget(asked)

	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case h := <-asked.chosen:
		if h == nil {
			return nil, errCancelled
		}
		return h, nil
	}
}

func (a *Agent) forget(asked *asking) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = slices.DeleteFunc(a.asked, func(other *asking) bool { return other == asked })
}

// Window gives the agent its window, a page at /window on its own port:
// templates holds templates/agent.html, static holds static/agent.css, and words
// answers for the keys agent.… of i18n in the languages kk and ru. Without it
// the agent cannot ask which of several keys to use. It is called before the
// agent serves.
func (a *Agent) Window(templates, static fs.FS, words func(lang, key string) string) error {
	pages := map[string]*template.Template{}
	for _, lang := range []string{"kk", "ru"} {
		// Words are bound when the page is parsed, once for each language.
		t := template.New("agent.html").Funcs(template.FuncMap{
			"t": func(key string) string { return words(lang, key) },
		})
		page, err := t.ParseFS(templates, "templates/agent.html")
		if err != nil {
			return fmt.Errorf("read the agent's window: %w", err)
		}
		pages[lang] = page
	}
	style, err := fs.ReadFile(static, "static/agent.css")
	if err != nil {
		return fmt.Errorf("read the agent's window: %w", err)
	}
	a.pages, a.style, a.words = pages, style, words
	return nil
}

// crossOrigin keeps a page of another site from pressing the window's buttons.
var crossOrigin = http.NewCrossOriginProtection()

// window shows what is asked and takes the answer. It is for the person at this
// computer alone: no frame, no other site's form, and no name that only
// pretends to be this computer (DNS rebinding) reaches it.
func (a *Agent) window(w http.ResponseWriter, r *http.Request) {
	if a.pages == nil {
		http.NotFound(w, r)
		return
	}
	if !isLoopback(hostOf(r)) || crossOrigin.Check(r) != nil {
		http.Error(w, "this window is for the person at this computer", http.StatusForbidden)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("X-Frame-Options", "DENY")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	switch {
	case r.URL.Path == "/window.css":
		header.Set("Content-Type", "text/css; charset=utf-8")
		w.Write(a.style)
	case r.Method == http.MethodPost:
		a.chosen(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		a.show(w, r)
	default:
		http.Error(w, "", http.StatusMethodNotAllowed)
	}
}

func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return r.Host
}

// windowPage is what the window shows.
type windowPage struct {
	Lang, Other string
	Asked       []*asking
	Keys        []*holder
}

func (a *Agent) show(w http.ResponseWriter, r *http.Request) {
	page := a.windowPage(r.URL.Query().Get("lang"))
	var text bytes.Buffer
	if err := a.pages[page.Lang].Execute(&text, page); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if len(page.Asked) == 0 {
		// An idle window looks again each second. One that asks stands still, so
		// that nothing moves under a hand or a screen reader.
		w.Header().Set("Refresh", "1")
	}
	w.Write(text.Bytes())
}

func (a *Agent) windowPage(lang string) windowPage {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pages[lang] == nil {
		lang = a.locale
	}
	page := windowPage{Lang: "kk", Other: "ru", Asked: slices.Clone(a.asked), Keys: a.keys}
	if lang == "ru" {
		page.Lang, page.Other = "ru", "kk"
	}
	return page
}

// chosen takes the person's answer. A request that is gone meanwhile needs none.
func (a *Agent) chosen(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	id, choice := r.PostFormValue("request"), r.PostFormValue("key")
	if asked := a.take(id); asked != nil {
		// An empty or unknown choice is Cancel: no key signs by mistake.
		i := slices.IndexFunc(asked.Keys, func(h *holder) bool { return h.id == choice })
		if i < 0 {
			asked.chosen <- nil
		} else {
			asked.chosen <- asked.Keys[i]
		}
	}
	http.Redirect(w, r, "/window", http.StatusSeeOther)
}

// take removes a request from the window, so that it is answered only once.
func (a *Agent) take(id string) *asking {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.asked, func(asked *asking) bool { return asked.ID == id })
	if i < 0 {
		return nil
	}
	asked := a.asked[i]
	a.asked = slices.Delete(a.asked, i, i+1)
	return asked
}
