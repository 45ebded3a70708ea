package portal_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"zharia/portal/agent"
	"zharia/portal/eds/authority"
	"zharia/portal/egov"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// The matrix of faults: whatever goes wrong at a signature, at signing in and at
// filing, is told by its cause in words of both languages, and ends with the thing
// done, with nothing typed again. What the browser has a part in is played in the
// browser; what the portal refuses is played without one.

// trouble is a way in which no signature comes to be on the person's computer.
type trouble struct {
	name  string
	cause string // the block of the page that must be shown
	said  string // key of what the agent says in its own words, or ""
	begin func(*wronged)
	end   func(*wronged) // so that the agent can sign again; nil where nothing can: the phone does it
	stop  bool           // the person presses the button that stops
}

// wronged is a person whose signing goes wrong.
type wronged struct {
	*visitor
	place *place
}

// place is where something is signed: how it is opened, what was typed there, and
// how it looks when it is done.
type place struct {
	name, lang string
	open       func(*wronged)
	kept       func(*wronged)
	done       func(*wronged)
}

func behaving(b agent.Behaviour) func(*wronged) {
	return func(w *wronged) { w.s.agent.Behave(b) }
}

func well(w *wronged) { w.s.agent.Behave(agent.Honest) }

// permit sets what the person would answer to the browser's question.
func permit(setting browser.PermissionSetting) func(*wronged) {
	return func(w *wronged) {
		w.do(command(browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: "loopback-network"}, Setting: setting,
			BrowserContextID: chromedp.FromContext(w.ctx).BrowserContextID,
		}))
	}
}

func also(steps ...func(*wronged)) func(*wronged) {
	return func(w *wronged) {
		for _, step := range steps {
			step(w)
		}
	}
}

func quit(w *wronged)   { w.s.close() }
func launch(w *wronged) { w.s.startAgent() }

// says is a step by a script of the page's own world.
func says(script string) func(*wronged) { return func(w *wronged) { w.js(script) } }

const signForm = `document.querySelector("#sign")`

var troubles = []trouble{
	{name: "the agent is not running", cause: "agent-absent", begin: quit, end: launch},
	{name: "the agent is not installed", cause: "agent-absent", begin: quit},
	{name: "another program has the port", cause: "agent-absent", begin: func(w *wronged) {
		w.js(signForm + `.dataset.agent = "ws://" + location.host + "/healthz"`)
	}},
	{name: "the browser was told to block the site", cause: "agent-permission", begin: also(permit(browser.PermissionSettingDenied), quit),
		end: also(permit(browser.PermissionSettingGranted), launch)},
	{name: "the browser stays told to block the site", cause: "agent-permission", begin: also(permit(browser.PermissionSettingDenied), quit)},
	{name: "the agent is too old", cause: "agent-old", begin: behaving(agent.Old)},
	{name: "cancelled", cause: "agent-cancelled", begin: behaving(agent.Cancel), end: well},
	{name: "the agent refuses", cause: "agent-refused", said: "agent.error-refuse", begin: behaving(agent.Refuse), end: well},
	{name: "a wrong password", cause: "agent-refused", said: "agent.error-password", begin: behaving(agent.WrongPassword), end: well},
	{name: "the card is locked", cause: "agent-refused", said: "agent.error-locked", begin: behaving(agent.CardLocked)},
	{name: "the agent finds the key past its time", cause: "agent-refused", said: "agent.error-expired", begin: behaving(agent.Expired), end: well},
	{name: "another tab is signing", cause: "agent-busy",
		begin: says(`void navigator.locks.request("signing", () => new Promise(done => (window.free = done))) ?? new Promise(done => setTimeout(done, 50))`),
		end:   says(`(window.free(), new Promise(done => setTimeout(done, 50)))`)},
	{name: "the window of the agent belongs to somebody else", cause: "agent-cancelled", begin: also(behaving(agent.Busy), says(signForm+`.dataset.long = 50`)), stop: true},
	{name: "the agent is silent", cause: "agent-timeout", begin: also(behaving(agent.Silent), says(signForm+`.dataset.patience = 100`)), end: well},
	{name: "the agent dies between the request and the answer", cause: "agent-lost", begin: behaving(agent.DropMidway), end: well},
	{name: "the agent is closed for good", cause: "agent-lost", begin: behaving(agent.DropMidway)},
	{name: "what is to be signed does not arrive", cause: "content-unavailable",
		begin: says(`((f) => { f.dataset.url = f.dataset.contentUrl ?? f.dataset.renewUrl; f.dataset.since -= 200_000;
			if (f.dataset.contentUrl) f.dataset.contentUrl = "/kk/nothing"; else f.dataset.renewUrl = "/kk/nothing" })(` + signForm + `)`),
		end: says(`((f) => { if (f.dataset.contentUrl) f.dataset.contentUrl = f.dataset.url; else f.dataset.renewUrl = f.dataset.url })(` + signForm + `)`)},
}

// typing are the fields of a petition whose author's session was over.
func (s *site) typing() url.Values {
	return url.Values{
		"id": {uuid.Must(uuid.NewV7()).String()}, "kind": {"petition"}, "participant": {s.Participant("aigul@theft").String()},
		"circumstances": {portaltest.Circumstances}, "point-1": {portaltest.Request},
	}
}

func (s *site) places() []*place {
	var draft string
	return []*place{
		{name: "signing in", lang: "kk",
			open: func(w *wronged) {
				if _, err := s.SQL.ExecContext(w.t.Context(), `DELETE FROM session`); err != nil {
					w.t.Fatal(err)
				}
				w.do(navigate(w.visitor, "/about/access"))
				var fields strings.Builder
				for name, values := range s.typing() {
					fmt.Fprintf(&fields, `<input type="hidden" name="%s" value="%s">`, name, html.EscapeString(values[0]))
				}
				w.leaves(func() {
					w.js(`((f) => { f.method = "post"; f.action = ` + quoted("/"+w.lang+"/cases/"+s.Theft.String()+"/filings") + `; f.innerHTML = ` + quoted(fields.String()) +
						`; document.body.append(f); setTimeout(() => f.submit()) })(document.createElement("form"))`)
				})
				w.want("status", w.status(), "401")
			},
			kept: func(w *wronged) {
				kept, err := url.ParseQuery(w.value("#sign input[name=kept]"))
				if err != nil || kept.Get("circumstances") != portaltest.Circumstances {
					w.t.Errorf("what was typed is not on the page: %v", err)
				}
			},
			done: func(w *wronged) {
				w.until(`document.querySelector("input[name=circumstances]")?.value === ` + quoted(portaltest.Circumstances))
				w.want("signed in", w.text("header .name"), s.Aigul.Name)
			}},
		{name: "filing", lang: "ru",
			open: func(w *wronged) {
				if s.one(w.t, `SELECT count(*)::text FROM session WHERE person IS NOT NULL`) == "0" || w.text("header .name") == "undefined" {
					w.signIn("aigul")
				}
				draft = s.draft("aigul")
				w.do(navigate(w.visitor, draft))
			},
			kept: func(w *wronged) { w.shows(portaltest.Circumstances) },
			done: func(w *wronged) {
				w.until(`location.pathname === ` + quoted("/"+w.lang+draft) + ` && document.querySelector(".receipt .number") !== null`)
				if status := s.one(w.t, `SELECT status FROM filing WHERE id = $1`, strings.TrimPrefix(draft, "/filings/")); status != "filed" {
					w.t.Errorf("the filing is %s", status)
				}
			}},
	}
}

func TestEveryTroubleWithTheAgentIsToldAndEndsWithTheThingDone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, p := range s.places() {
		t.Run(p.name, func(t *testing.T) {
			w := &wronged{s.visit(t, "faults", p.lang, phone), p}
			s.insert("aigul")
			for _, fault := range troubles {
				w.goesThrough(t, fault)
			}
		})
	}
	s.Sound()
}

func (w *wronged) goesThrough(t *testing.T, f trouble) {
	t.Helper()
	before := w.t
	defer func() { w.t = before }()
	t.Run(f.name, func(t *testing.T) {
		w.t = t
		defer func() { // whatever came of it, the next trouble begins with all well
			permit(browser.PermissionSettingGranted)(w)
			well(w)
			quit(w)
			launch(w)
		}()
		w.place.open(w)
		f.begin(w)
		w.press(signButton)
		if f.stop {
			w.until(`document.querySelector("[data-sign-status]").textContent === ` + quoted(w.s.Words.In(w.lang).T("sign.long")))
			w.press("[data-sign-stop]")
		}
		w.until(`document.activeElement.dataset.cause === "` + f.cause + `"`)
		w.told(f)
		w.place.kept(w)
		if f.end != nil {
			f.end(w)
			w.press(signButton)
			w.place.done(w)
			return
		}
		w.byPhone()
		w.place.done(w)
	})
}

// told checks that the cause is said, in the words of the page's language, and
// nothing else; in the other language it has other words.
func (w *wronged) told(f trouble) {
	w.t.Helper()
	w.want("blocks shown", w.count(`[data-cause]:not([hidden])`), "1")
	shown := w.text(`[data-cause]:not([hidden])`)
	keys := []string{"sign.cause." + f.cause, "sign.cause." + f.cause + ".way"}
	if f.said != "" {
		keys = append(keys, f.said)
	}
	for _, key := range keys {
		kk, ru := w.s.Words.In("kk").T(key), w.s.Words.In("ru").T(key)
		if kk == ru {
			w.t.Errorf("%s is said in one language only", key)
		}
		if want := map[string]string{"kk": kk, "ru": ru}[w.lang]; !strings.Contains(shown, strings.Join(strings.Fields(want), " ")) {
			w.t.Errorf("%s: shown %q, want %q", key, shown, want)
		}
	}
	w.want("the button", w.js(`document.querySelector(`+quoted(signButton)+`).ariaBusy`), "null")
}

// byPhone signs with eGov Mobile in place of the agent, by the page's other way.
func (w *wronged) byPhone() {
	w.t.Helper()
	w.leaves(func() { w.press(hereButton) })
	link, err := url.Parse(w.href(`a[href*="mobileSign"]`))
	if err != nil {
		w.t.Fatal(err)
	}
	device := w.s.phone(w.s.Aigul.Key)
	fetched, err := device.Scan(w.t.Context(), "mobileSign:"+link.Query().Get("link"))
	if err == nil {
		err = device.Sign(w.t.Context(), fetched)
	}
	if err != nil {
		w.t.Fatalf("the phone: %v", err)
	}
}

// phone is eGov Mobile with a key.
func (s *site) phone(k signer) *egov.Phone {
	return &egov.Phone{Client: http.DefaultClient, Language: "kk", Clock: s.Clock,
		SignCMS: func(content []byte, attached bool) ([]byte, error) { return k.SignCMS(content, attached, s.Clock()) }}
}

// The page is left open past the life of its challenge: it is renewed, and nobody
// is asked anything again. The same with an agent that has the older module only.
func TestAPageLeftOpenAndAnOlderAgentAreNoFaultAtAll(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, p := range s.places() {
		w := &wronged{s.visit(t, "faults", p.lang, phone), p}
		s.insert("aigul")
		p.open(w)
		s.later += 2 * identity.ChallengeLife
		w.js(signForm + fmt.Sprintf(`.dataset.since -= %d`, 2*identity.ChallengeLife.Milliseconds()))
		w.press(signButton)
		p.done(w)

		p.open(w)
		s.agent.Behave(agent.NoBasics)
		w.press(signButton)
		p.done(w)
		s.agent.Behave(agent.Slow)
		p.open(w)
		w.press(signButton)
		p.done(w)
		s.agent.Behave(agent.Honest)
	}
	s.Sound()
}

// Refusals of the portal ------------------------------------------------------

// refusalCase is a signature that the portal does not take.
type refusalCase struct {
	name   string
	key    string // of the sentence
	status int
	bring  func(*refusing) // what is posted in place of a good signature
	signIn bool            // it can happen at signing in
	filing bool            // and at filing
}

// refusing is somebody at a page where something is signed.
type refusing struct {
	*guest
	page     answer
	content  []byte
	attached bool
	fields   url.Values // what will be posted
	after    func()     // puts the world right
}

// keyOf has somebody sign with a key of the cast.
func keyOf(word string) func(*refusing) {
	return func(r *refusing) {
		r.fields.Set("signature", r.signature(r.Actor(word).Key, r.content, r.attached))
	}
}

func instead(signature string) func(*refusing) {
	return func(r *refusing) { r.fields.Set("signature", signature) }
}

var refusals = []refusalCase{
	{"the key is past its time", "fault.eds.certificate-expired", 422, keyOf("aigul-expired"), true, true},
	{"the key is of an unknown authority", "fault.eds.unknown-authority", 422, keyOf("foreign"), true, true},
	{"the key is of an organisation", "fault.eds.organisation", 422, keyOf("employee"), true, true},
	{"the key is of a system of an organisation", "fault.eds.system", 422, keyOf("system"), true, true},
	{"the key is of another person", "fault.eds.other-person", 422, keyOf("serik"), false, true},
	{"the key is blocked", "fault.eds.revoked-hold", 422, func(r *refusing) {
		keyOf("aigul")(r)
		serial := r.Aigul.Key.Serial()
		if err := r.Troupe.Authority.Revoke(serial, authority.Hold, r.At.Add(-time.Minute)); err != nil {
			r.t.Fatal(err)
		}
		r.after = func() { r.Troupe.Authority.Unrevoke(serial) }
	}, true, true},
	{"other bytes were signed", "fault.eds.content-differs", 422, func(r *refusing) {
		r.fields.Set("signature", r.signature(r.Aigul.Key, append([]byte("?"), r.content...), r.attached))
	}, true, true},
	{"the signature is none", "fault.eds.malformed", 422, instead("?"), true, true},
	{"the signature was cut off on its way", "fault.eds.malformed", 422, func(r *refusing) {
		keyOf("aigul")(r)
		whole := r.fields.Get("signature")
		r.fields.Set("signature", whole[:len(whole)/8*4])
	}, true, true},
	{"there is no signature", "fault.unsigned", 422, instead(""), true, true},
	{"the clock of the computer is a day ahead", "fault.eds.claimed-time", 422, func(r *refusing) {
		cms, err := r.Aigul.Key.SignCMS(r.content, r.attached, r.At.Add(24*time.Hour))
		if err != nil {
			r.t.Fatal(err)
		}
		r.fields.Set("signature", base64.StdEncoding.EncodeToString(cms))
	}, true, true},
	{"the challenge is past its life", "fault.challenge-stale", 422, func(r *refusing) {
		keyOf("aigul")(r)
		r.At = r.At.Add(identity.ChallengeLife + time.Second)
	}, true, false},
	{"the challenge is of another browser", "fault.challenge-unknown", 422, func(r *refusing) {
		other := r.visitor().get("/kk/signin")
		r.fields.Set("challenge", other.hidden(r.t, "challenge"))
		r.fields.Set("signature", r.signature(r.Aigul.Key, must(decode(other.attribute(r.t, "data-content"))), true))
	}, true, false},
	{"the authority is silent", "fault.eds.revocation-unreachable", 503, func(r *refusing) {
		keyOf("aigul")(r)
		for _, service := range []authority.Service{authority.OCSP, authority.Lists} {
			r.Services.Break(service, authority.Unavailable)
		}
		r.after = func() {
			for _, service := range []authority.Service{authority.OCSP, authority.Lists} {
				r.Services.Break(service, authority.NoFault)
			}
		}
	}, true, false},
	{"the authority does not know the key", "fault.eds.revocation-unknown", 422, func(r *refusing) {
		keyOf("aigul")(r)
		r.Services.Break(authority.OCSP, authority.UnknownStatus)
		r.Services.Break(authority.Lists, authority.Unavailable)
		r.after = func() {
			r.Services.Break(authority.OCSP, authority.NoFault)
			r.Services.Break(authority.Lists, authority.NoFault)
		}
	}, true, false},
	{"the draft was changed in another window", "fault.document-changed", 422, func(r *refusing) {
		keyOf("aigul")(r)
		r.fields.Set("digest", strings.Repeat("00", len(r.fields.Get("digest"))/2))
	}, false, true},
}

func TestEveryRefusedSignatureIsToldAndEndsWithTheThingDone(t *testing.T) {
	t.Parallel()
	f := open(t)
	told := map[string]string{}
	cells := 0
	for i, r := range refusals {
		for _, lang := range []string{"kk", "ru"} {
			sentence := f.Words.In(lang).T(r.key)
			if other, ok := told[sentence]; ok && other != r.key {
				t.Errorf("%s and %s are told in the same words", r.key, other)
			}
			told[sentence] = r.key
			if r.signIn {
				cells++
				t.Run(lang+", signing in: "+r.name, func(t *testing.T) { f.refusedAtSignIn(t, r, lang, i%2 == 0) })
			}
			if r.filing {
				cells++
				t.Run(lang+", filing: "+r.name, func(t *testing.T) { f.refusedAtFiling(t, r, lang, i%2 == 0) })
			}
		}
	}
	f.Sound()
	if cells < 48 {
		t.Errorf("only %d cells", cells)
	}
}

// bring posts what is wrong and checks what is told.
func (r *refusing) bring(how refusalCase, lang string) {
	r.t.Helper()
	r.after = func() {}
	how.bring(r)
	got := r.post(r.page.action(r.t), r.fields).want(r.t, how.name, how.status)
	r.after()
	body := strings.Join(strings.Fields(html.UnescapeString(got.body)), " ")
	if sentence := strings.Join(strings.Fields(r.Words.In(lang).T(how.key)), " "); !strings.Contains(body, sentence) {
		r.t.Errorf("it is not told that %s:\n%s", how.name, short(body))
	}
	r.page = got
}

func (f *front) refusedAtSignIn(t *testing.T, how refusalCase, lang string, byPhone bool) {
	at := f.At
	defer func() { f.At = at }()
	g := f.visitor()
	g.front = &front{f.W, f.Handler, t}
	typed := f.petition(fresh())
	page := g.post("/"+lang+"/cases/"+f.Theft.String()+"/filings", typed).want(t, "without a session", http.StatusUnauthorized)
	r := &refusing{guest: g, page: page, content: must(decode(page.attribute(t, "data-content"))), attached: true, fields: url.Values{}}
	for _, name := range []string{"challenge", "next", "kept"} {
		r.fields.Set(name, page.hidden(t, name))
	}
	r.bring(how, lang)
	if kept, err := url.ParseQuery(r.page.hidden(t, "kept")); err != nil || kept.Encode() != typed.Encode() {
		t.Errorf("what was typed is not kept: %v", err)
	}
	var in answer
	if byPhone {
		in = g.byPhone(r.page, lang)
	} else {
		in = g.signChallenge(r.page, f.Aigul.Key)
	}
	in.want(t, "signed in", http.StatusOK)
	if in.hidden(t, "circumstances") != portaltest.Circumstances || in.hidden(t, "point-1") != portaltest.Request {
		t.Error("what was typed did not come back")
	}
}

func (f *front) refusedAtFiling(t *testing.T, how refusalCase, lang string, byPhone bool) {
	g := f.as(f.Aigul)
	g.front = &front{f.W, f.Handler, t}
	id := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	address := "/" + lang + "/filings/" + id.String()
	page := g.get(address).want(t, "the page", http.StatusOK)
	paper := g.get(page.attribute(t, "data-content-url")).want(t, "the paper", http.StatusOK)
	r := &refusing{guest: g, page: page, content: []byte(paper.body), fields: url.Values{"digest": {page.hidden(t, "digest")}}}
	r.bring(how, lang)
	if !strings.Contains(html.UnescapeString(r.page.body), portaltest.Circumstances) {
		t.Error("what was typed is not on the page")
	}
	if byPhone {
		g.byPhone(r.page, lang).want(t, "filed", http.StatusSeeOther)
	} else {
		g.sign(r.page, f.Aigul.Key).want(t, "filed", http.StatusSeeOther)
	}
	var status string
	if err := f.SQL.GetContext(t.Context(), &status, `SELECT status FROM filing WHERE id = $1`, id); err != nil || status != "filed" {
		t.Errorf("the filing is %s: %v", status, err)
	}
}

// The case is given to another while she signs: the page has the paper for him, with all
// that she wrote, and the second signature files it.
func TestASignatureForOneWhoHasTheCaseNoMoreIsAskedForAnew(t *testing.T) {
	t.Parallel()
	for i, lang := range []string{"kk", "ru"} {
		f := open(t)
		g := f.as(f.Aigul)
		id := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
		page := g.get("/"+lang+"/filings/"+id.String()).want(t, "the page", http.StatusOK)
		before := page.hidden(t, "digest")
		if err := f.Assign(f.Marat, f.Theft, f.Ermek); err != nil {
			t.Fatal(err)
		}
		again := g.sign(page, f.Aigul.Key).want(t, "a paper for the one before", http.StatusUnprocessableEntity)
		body := strings.Join(strings.Fields(html.UnescapeString(again.body)), " ")
		if !strings.Contains(body, f.Words.In(lang).T("fault.document-changed")) || !strings.Contains(body, portaltest.Circumstances) || again.hidden(t, "digest") == before {
			t.Errorf("%s: the page does not ask for another signature:\n%s", lang, short(again.body))
		}
		if i == 0 {
			g.sign(again, f.Aigul.Key).want(t, "filed", http.StatusSeeOther)
		} else {
			g.byPhone(again, lang).want(t, "filed", http.StatusSeeOther)
		}
		f.Want(t, `SELECT f.status, f.decider FROM filing f WHERE f.id = '`+id.String()+`'`, `
			status | decider
			filed  | ermek`)
		f.Sound()
	}
}

// formOf is the form of a page whose tag has this mark: where it goes and its hidden
// fields.
func (a answer) formOf(t testing.TB, mark string) (action string, fields url.Values) {
	t.Helper()
	for _, form := range regexp.MustCompile(`(?s)(<form[^>]*\baction="([^"]*)"[^>]*>).*?</form>`).FindAllStringSubmatch(a.body, -1) {
		if !strings.Contains(form[1], mark) {
			continue
		}
		fields = url.Values{}
		for _, f := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(form[0], -1) {
			fields.Set(f[1], html.UnescapeString(f[2]))
		}
		return form[2], fields
	}
	t.Fatalf("no form has %s in\n%s", mark, short(a.body))
	return "", nil
}

// byPhone signs what a page asks for with eGov Mobile, without a script: a code is
// asked for, the phone signs, and the button of the page of the code is pressed.
func (g *guest) byPhone(page answer, lang string) answer {
	g.t.Helper()
	to, fields := page.formOf(g.t, `/phone"`)
	asked := g.post(to, fields).want(g.t, "a code is asked for", http.StatusSeeOther)
	code := g.get(asked.to()).want(g.t, "the page of the code", http.StatusOK)
	link := regexp.MustCompile(`href="([^"]*mobileSign[^"]*)"`).FindStringSubmatch(code.body)
	if link == nil {
		g.t.Fatalf("no link to the application in\n%s", short(code.body))
	}
	launch, err := url.Parse(html.UnescapeString(link[1]))
	if err != nil {
		g.t.Fatal(err)
	}
	device := &egov.Phone{Client: &http.Client{Transport: air{g.front}}, Language: lang, Clock: func() time.Time { return g.At },
		SignCMS: func(content []byte, attached bool) ([]byte, error) {
			return g.Aigul.Key.SignCMS(content, attached, g.At)
		}}
	fetched, err := device.Scan(g.t.Context(), "mobileSign:"+launch.Query().Get("link"))
	if err == nil {
		err = device.Sign(g.t.Context(), fetched)
	}
	if err != nil {
		g.t.Fatalf("the phone: %v", err)
	}
	signed := g.get(asked.to()).want(g.t, "the page of the code", http.StatusOK)
	to, fields = signed.formOf(g.t, "data-send")
	return g.post(to, fields)
}

// air brings what a phone asks to the portal, without a socket.
type air struct{ *front }

func (w air) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := httptest.NewRequest(r.Method, r.URL.RequestURI(), r.Body)
	asked.Header = r.Header
	answered := httptest.NewRecorder()
	w.ServeHTTP(answered, asked)
	return answered.Result(), nil
}

// What a person seldom sees owes what every page owes, on a phone too: the notice
// that the browser will ask, the steps that undo a refusal in each browser.
func TestWhatIsSaidOfTheBrowsersPermissionStandsInBothLanguages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "faults", "kk", phone)
	for _, v.lang = range []string{"kk", "ru"} {
		v.do(navigate(v, "/signin"))
		v.js(`document.querySelectorAll('[data-permission], [data-cause="agent-permission"], [data-browser]').forEach(e => (e.hidden = false))`)
		v.arrive("permission-" + v.lang)
		v.want("notices", v.count(`[data-permission="prompt"]:not([hidden])`), "1")
		v.want("browsers", v.each(`[data-browser]`, `e.dataset.browser + " " + e.querySelectorAll("li").length`), "chrome 2\nedge 2\nyandex 2")
	}
}
