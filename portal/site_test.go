package portal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	devlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"zharia"
	"zharia/portal"
	"zharia/portal/agent"
	"zharia/portal/eds/key"
	"zharia/portal/portaltest"
)

// site is the whole portal, running: the world of the cast behind it, a signing
// agent beside it. Its clock goes on from the afternoon of the world, so terms
// and dates are the same whenever the tests run.
type site struct {
	*portaltest.W
	URL   string
	Clock func() time.Time
	later time.Duration // what a test added to the hour

	t         testing.TB
	agent     *agent.Agent
	agentAddr string
	close     func() // the agent, as if the person had quit it
	told      map[string]bool
}

// newSite starts the portal and the agent on free ports.
func newSite(t *testing.T) *site {
	t.Helper()
	began := time.Now()
	s := &site{W: portaltest.World(t), t: t, told: map[string]bool{}}
	s.Clock = func() time.Time { return portaltest.Afternoon.Add(time.Since(began) + s.later) }
	var keys []*key.Key
	for _, word := range s.Troupe.Order {
		keys = append(keys, s.Troupe.Members[word].Key)
	}
	s.agent = agent.New(keys...)
	s.agent.Clock(s.Clock)
	if err := s.agent.Window(zharia.Templates, zharia.Static, func(lang, key string) string { return s.Words.In(lang).T(key) }); err != nil {
		t.Fatal(err)
	}
	s.startAgent()
	t.Cleanup(func() { s.close() })

	s.serve(&portal.Portal{AnyChain: true})
	return s
}

// serve starts a portal over the site's world; p says what is particular to it.
func (s *site) serve(p *portal.Portal) {
	s.t.Helper()
	server := httptest.NewUnstartedServer(nil)
	s.URL = "http://" + server.Listener.Addr().String()
	s.guarded()
	p.DB, p.Words, p.Verifier, p.Origin, p.Agent, p.Clock = s.App, s.Words, s.Verifier, s.URL, "ws://"+s.agentAddr, s.Clock
	p.LogKey = portaltest.LogKey
	if err := portal.Share(p); err != nil {
		s.t.Fatal(err)
	}
	handler, err := p.Handler()
	if err != nil {
		s.t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Config.BaseContext = func(net.Listener) context.Context { return s.heard(context.Background()) }
	server.Start()
	s.t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
}

// guarded lets the real keeper, if one is behind the world, believe sign-ins at the
// address of the site.
func (s *site) guarded() {
	s.t.Helper()
	if s.Guarded() != nil {
		s.Guard(portaltest.Rules{Origin: s.URL, Clock: s.Clock})
	}
}

// heard is a context whose errors in the log fail the test of the site: no journey
// may cause one. Sites run beside each other, and each hears its own.
func (s *site) heard(ctx context.Context) context.Context {
	return context.WithValue(ctx, hearer{}, s.t)
}

type hearer struct{}

// ear is the log of these tests: of all that is said it passes on the errors of sites.
type ear struct{ slog.Handler }

func (ear) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && ctx.Value(hearer{}) != nil
}

func (e ear) WithAttrs([]slog.Attr) slog.Handler { return e }
func (e ear) WithGroup(string) slog.Handler      { return e }

func (ear) Handle(ctx context.Context, r slog.Record) error {
	var line strings.Builder
	r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&line, " %s", a); return true })
	t := ctx.Value(hearer{}).(testing.TB)
	t.Errorf("the portal: %s%s", r.Message, line.String())
	return nil
}

// startAgent has the agent listen, again on the port it had.
func (s *site) startAgent() {
	s.t.Helper()
	addr := s.agentAddr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.agentAddr = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.agent.ServeOn(ctx, l) }()
	s.close = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			s.t.Errorf("the agent: %v", err)
		}
	})
}

// insert puts a key of the cast into the agent.
func (s *site) insert(word string) { s.agent.Insert(s.Actor(word).Key) }

// one is the single value a query gives, as text.
func (s *site) one(t testing.TB, query string, args ...any) string {
	t.Helper()
	var value string
	if err := s.SQL.GetContext(t.Context(), &value, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// chrome is the one browser of all tests but those that need a whole one. TestMain closes both.
var chrome, wholeChrome = starts(portaltest.Browser), starts(portaltest.WholeBrowser)

func starts(find func() (string, error)) func() (context.Context, error) {
	return sync.OnceValues(func() (context.Context, error) {
		program, err := find()
		if err != nil {
			return nil, err
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(program),
			chromedp.NoSandbox,
			chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-component-update", true),
		)
		allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
		closing.Lock()
		closeBrowsers = append(closeBrowsers, end)
		closing.Unlock()
		ctx, _ := chromedp.NewContext(allocator)
		return ctx, chromedp.Do(ctx)
	})
}

var (
	closing       sync.Mutex
	closeBrowsers []func()
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(ear{slog.DiscardHandler})) // what else a test wants of the log it takes for itself
	code := m.Run()
	for _, end := range closeBrowsers {
		end()
	}
	portaltest.Strike()
	os.Exit(code)
}

// screen is what a person looks at.
type screen struct{ width, height int64 }

var (
	phone   = screen{360, 780}
	desktop = screen{1280, 900}
)

// visitor is one person with a browser of their own: no cookie is shared.
type visitor struct {
	t       testing.TB
	s       *site
	ctx     context.Context
	lang    string
	screen  screen
	journey string // prefix of the pictures
	n       int    // of the picture

	mu     sync.Mutex
	errors []string // that the browser complained of
}

// visit opens a browser for somebody. Pictures are named after the journey.
func (s *site) visit(t testing.TB, journey, lang string, on screen) *visitor {
	t.Helper()
	return s.visitIn(t, chrome, journey, lang, on)
}

func (s *site) visitIn(t testing.TB, chrome func() (context.Context, error), journey, lang string, on screen) *visitor {
	t.Helper()
	browser, err := chrome()
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, s: s, lang: lang, screen: on, journey: journey}
	ctx, end := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(v.hear))
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil { // a time limit here would end the tab with it
		t.Fatal(err)
	}
	v.ctx = ctx
	v.do(v.look(on), command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
	return v
}

// command is a command of the browser's own protocol as a step.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, c, params)
		return chromedp.Void{}, err
	}
}

// hear keeps what no page of ours may cause: script errors, and what the content
// policy forbade. It runs on the browser's own goroutine.
func (v *visitor) hear(ev any) {
	var text string
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		text = "script: " + ev.ExceptionDetails.Text
	case *devlog.EventEntryAdded:
		if ev.Entry.Source != devlog.EntrySourceSecurity {
			return
		}
		text = "policy: " + ev.Entry.Text
	default:
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.errors = append(v.errors, text)
}

func (v *visitor) look(on screen) chromedp.Action[chromedp.Void] {
	return chromedp.EmulateViewport(on.width, on.height)
}

func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, done := context.WithTimeout(v.ctx, 20*time.Second)
	defer done()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.t.Fatalf("%v; at %s the page says %q", err, v.js("location.pathname"), v.main())
	}
}

// js evaluates an expression; what it gives becomes text.
func (v *visitor) js(expression string) string {
	v.t.Helper()
	text, err := v.eval("(async () => String(await (" + expression + ")))()")
	if err != nil {
		v.t.Errorf("%s: %v", expression, err)
	}
	return text
}

func (v *visitor) eval(expression string) (string, error) {
	ctx, done := context.WithTimeout(v.ctx, 20*time.Second)
	defer done()
	return chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
}

// until waits for an expression to be true, over changes of the page, too.
func (v *visitor) until(expression string) {
	v.t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		if text, err := v.eval("String(" + expression + ")"); err == nil && text == "true" {
			return
		}
	}
	v.t.Fatalf("%s does not come true; at %s the page says %q", expression, v.js("location.pathname"), v.main())
}

// leaves does something that leads to another page and waits for it.
func (v *visitor) leaves(do func()) {
	v.t.Helper()
	v.js("window.left = true")
	do()
	v.until(`!window.left && document.readyState === "complete"`)
}

// arrive looks at a page that has come: a picture, and the checks that every
// page must pass.
func (v *visitor) arrive(name string) {
	v.t.Helper()
	v.picture(name)
	v.check(name)
}

// open goes to an address of the portal, given without its language.
func (v *visitor) open(name, path string) {
	v.t.Helper()
	v.do(chromedp.Navigate(v.s.URL + "/" + v.lang + path))
	v.arrive(name)
}

// click follows a link or presses a button, and looks at the page it leads to.
func (v *visitor) click(name, css string) {
	v.t.Helper()
	v.leaves(func() { v.press(css) })
	v.arrive(name)
}

// press clicks and waits for nothing.
func (v *visitor) press(css string) {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.CSS(css)))
}

// The button of the form that is signed, and the one of the form that is filled in.
const (
	signButton = "#sign .actions button:not([data-sign-stop])"
	formButton = "#form .actions button:not([name=more])" // not one that only changes the form
)

// sign presses the button of the signing form and waits for what comes of it.
func (v *visitor) sign(name string) {
	v.t.Helper()
	v.click(name, signButton)
}

// signIn signs in with a key of the cast, by way of the page that asks for it.
func (v *visitor) signIn(word string) {
	v.t.Helper()
	v.s.insert(word)
	v.do(chromedp.Navigate(v.s.URL + "/" + v.lang + "/signin"))
	v.leaves(func() { v.press(signButton) })
	if got := v.text("header .name"); !strings.Contains(got, v.s.Actor(word).Name) {
		v.t.Fatalf("%s is not signed in: the header says %q, the page %q", word, got, v.main())
	}
}

// fill types a text into a field in place of what is there.
func (v *visitor) fill(css, text string) {
	v.t.Helper()
	v.js(fmt.Sprintf("document.querySelector(%s).select()", quoted(css)))
	v.do(chromedp.Focus(chromedp.CSS(css)), command(input.InsertText, input.InsertTextParams{Text: text}))
}

// choose picks an option of a list by its value, or sets a date.
func (v *visitor) choose(css, value string) {
	v.t.Helper()
	v.do(chromedp.SetValue(chromedp.CSS(css), value))
	if got := v.value(css); got != value {
		v.t.Fatalf("%s cannot be %q: it is %q", css, value, got)
	}
}

func (v *visitor) value(css string) string {
	v.t.Helper()
	return v.js("document.querySelector(" + quoted(css) + ")?.value")
}

// text is what an element shows, spaces made one; "undefined" where there is none.
func (v *visitor) text(css string) string {
	v.t.Helper()
	return strings.Join(strings.Fields(v.js("document.querySelector("+quoted(css)+")?.innerText")), " ")
}

// main is what the page shows between header and footer.
func (v *visitor) main() string {
	v.t.Helper()
	return v.text("main")
}

func (v *visitor) count(css string) string {
	v.t.Helper()
	return v.js("document.querySelectorAll(" + quoted(css) + ").length")
}

// each gathers something of all elements, a line each.
func (v *visitor) each(css, expression string) string {
	v.t.Helper()
	return v.js("[...document.querySelectorAll(" + quoted(css) + ")].map(e => " + expression + ").join('\\n')")
}

func (v *visitor) path() string {
	v.t.Helper()
	return v.js("location.pathname")
}

// status is how the portal answered with the page shown now.
func (v *visitor) status() string {
	v.t.Helper()
	return v.js(`performance.getEntriesByType("navigation")[0].responseStatus`)
}

func (v *visitor) want(what, got, want string) {
	v.t.Helper()
	if got != want {
		v.t.Errorf("%s: %q, want %q (at %s)", what, got, want, v.path())
	}
}

// here checks address and status of the page shown now.
func (v *visitor) here(status, path string) {
	v.t.Helper()
	v.want("status", v.status(), status)
	v.want("address", v.path(), "/"+v.lang+path)
}

// has says whether the page's main part shows a text.
func (v *visitor) has(text string) bool {
	v.t.Helper()
	return strings.Contains(v.main(), strings.Join(strings.Fields(text), " "))
}

func (v *visitor) shows(text string) {
	v.t.Helper()
	if !v.has(text) {
		v.t.Errorf("%s does not show %q but %q", v.path(), text, v.main())
	}
}

// pdf downloads what a link leads to as the page would, and says what came:
// status, type, first bytes, disposition.
func (v *visitor) pdf(address string) string {
	v.t.Helper()
	return v.js(`fetch(` + quoted(address) + `).then(async r => {
		const b = new Uint8Array(await r.arrayBuffer());
		return [r.status, r.headers.get("Content-Type"), String.fromCharCode(...b.slice(0, 4)), b.length > 5000,
			(r.headers.get("Content-Disposition") ?? "").split(";")[0]].join(" ") })`)
}

// href is where an element leads.
func (v *visitor) href(css string) string {
	v.t.Helper()
	return v.js("document.querySelector(" + quoted(css) + ")?.getAttribute('href')")
}

// code is the status an address answers with, asked for from the page.
func (v *visitor) code(path string) string {
	v.t.Helper()
	return v.js("fetch(" + quoted("/"+v.lang+path) + ").then(r => r.status)")
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// pictures is the folder that keeps how pages look, or "" where nobody will look at them:
// to paint them takes longer than all the rest of a journey. make pictures paints them.
var pictures = sync.OnceValues(func() (string, error) {
	if os.Getenv("PICTURES") == "" {
		return "", nil
	}
	root, err := portaltest.Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "screenshots")
	return dir, os.MkdirAll(dir, 0o755)
})

// picture keeps how the whole page looks; an empty name keeps none.
func (v *visitor) picture(name string) {
	v.t.Helper()
	if name == "" {
		return
	}
	v.n++
	v.photograph(fmt.Sprintf("%s-%02d-%s", v.journey, v.n, name))
}

func (v *visitor) photograph(name string) {
	v.t.Helper()
	switch dir, err := pictures(); {
	case err != nil:
		v.t.Fatal(err)
	case dir != "":
		v.paint(filepath.Join(dir, name+".png"))
	}
}

// paint writes a picture of the whole page to a file.
func (v *visitor) paint(file string) {
	v.t.Helper()
	ctx, done := context.WithTimeout(v.ctx, 20*time.Second)
	defer done()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		v.t.Errorf("picture %s: %v", file, err)
	}
}

// complaints are what the browser complained of since it was last asked.
func (v *visitor) complaints() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := v.errors
	v.errors = nil
	return all
}
