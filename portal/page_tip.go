package portal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/lib/pq"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/tip"
	"zharia/portal/vault"
	"zharia/portal/web"
	"zharia/portal/words"
)

// lane is the anonymous one: a handler of its own, which is given a request without its
// address, browser, cookies and languages, so that nothing behind it can keep them.
type lane struct {
	*echo.Echo
	db         *vault.DB
	send, read *tip.Gate // apart: who floods the one does not stand before the other
	tally      tally

	files chan struct{} // those who are sending files
	press chan struct{} // those whose page is being made

	mu     sync.Mutex
	bodies []tip.Body
	until  time.Time // the bodies are asked for again
}

// tipLimit is how much of a form is read, in bytes: the longest text, every letter escaped.
const tipLimit = 128 << 10

// anonymous tells the addresses of the lane, without their language.
func anonymous(path string) bool { return path == "/tip" || strings.HasPrefix(path, "/tip/") }

// inLane tells them with it, and without any.
func inLane(path string) bool {
	for _, lang := range words.Languages {
		if rest, ok := strings.CutPrefix(path, "/"+lang); ok && anonymous(rest) {
			return true
		}
	}
	return anonymous(path)
}

// besideLane puts the lane beside all other addresses. With a host of its own it alone
// stands there, with the files of pages, so that no cookie of the portal ever comes.
func (p *Portal) besideLane(others http.Handler) (http.Handler, error) {
	if err := p.openLane(); err != nil {
		return nil, err
	}
	own, err := url.Parse(p.TipOrigin)
	if err != nil || p.TipOrigin != "" && (own.Host == "" || own.Path != "") {
		return nil, fmt.Errorf("the origin of the anonymous lane is none: %q", p.TipOrigin)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch here := own.Host != "" && strings.EqualFold(r.Host, own.Host); {
		case inLane(r.URL.Path) && (here || own.Host == ""):
			p.lane.ServeHTTP(w, nameless(r))
		case inLane(r.URL.Path):
			w.Header().Set("Referrer-Policy", "no-referrer")
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, p.TipOrigin+r.URL.Path, http.StatusSeeOther)
		case here && strings.HasPrefix(r.URL.Path, "/static/"):
			p.lane.ServeHTTP(w, nameless(r))
		case here:
			http.Redirect(w, nameless(r), "/kk/tip", http.StatusSeeOther)
		default:
			others.ServeHTTP(w, r)
		}
	}), nil
}

// nameless is a request with nothing in it that tells who sent it; from which site a form
// came stays, so that no other site sends one.
func nameless(r *http.Request) *http.Request {
	out := r.Clone(r.Context())
	out.Header = http.Header{}
	for _, name := range []string{"Content-Type", "Content-Length", "Accept-Encoding", "Origin", "Sec-Fetch-Site"} {
		if v := r.Header.Get(name); v != "" {
			out.Header.Set(name, v)
		}
	}
	out.RemoteAddr, out.RequestURI, out.TLS = "", "", nil
	out.URL.RawQuery = "" // no page of the lane has one
	return out
}

func (p *Portal) openLane() error {
	l := &lane{Echo: echo.New(), db: p.Tips, send: tip.NewGate(), read: tip.NewGate(), files: make(chan struct{}, tipFilesAtOnce), press: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))}
	if l.db == nil {
		l.db = p.DB
	}
	l.HideBanner, l.HidePort = true, true
	l.HTTPErrorHandler = p.failTip
	l.IPExtractor = func(*http.Request) string { return "" }
	l.Pre(l.count, middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true, LogErrorFunc: func(_ echo.Context, err error, stack []byte) error {
		slog.Error("panic in the anonymous lane", "stack", string(stack)) // not what was said: a text could stand in it
		return err
	}}), tipHeaders(strings.HasPrefix(p.Origin, "https://")), web.SameOrigin, inLanguage)
	l.GET("/static/*", p.static.Handle)
	for address, r := range p.routes() {
		method, path, _ := strings.Cut(address, " ")
		if !anonymous(path) {
			continue
		}
		l.Add(method, path, p.nobody(r))
		if method == http.MethodGet {
			l.HEAD(path, p.nobody(r))
		}
	}
	p.lane = l
	return nil
}

// inLanguage is web.Language for those whose browser is not asked: Kazakh, where the
// address says nothing.
func inLanguage(next echo.HandlerFunc) echo.HandlerFunc {
	return web.Language("/static/")(next)
}

// tipHeaders closes a page of the lane to more than those of the portal: it tells nobody
// that it was read, and runs nothing but the puzzle of the page with a form.
func tipHeaders(secure bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", tipPolicy(""))
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
			h.Set("Cache-Control", "no-store")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
			}
			return next(c)
		}
	}
}

func tipPolicy(more string) string {
	return "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" + more
}

// withPuzzle lets the page run the one script of the lane, which can send nothing.
func withPuzzle(c echo.Context) {
	c.Response().Header().Set("Content-Security-Policy", tipPolicy("; script-src 'self'"))
}

// nobody is the guard of the lane: how much is read, and that nobody asks.
func (p *Portal) nobody(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit := int64(tipLimit)
		if r.act == policy.TipSend {
			limit = tipFilesLimit
		}
		if c.Request().ContentLength > limit {
			return echo.ErrStatusRequestEntityTooLarge
		}
		c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, limit)
		if c.Request().Method == http.MethodPost {
			read := web.ReadBody
			if r.act == policy.TipSend {
				read = readTip
			}
			if err := read(c); err != nil {
				return err
			}
		}
		c.Set(actKey, string(r.act))
		if outward[r.act] {
			if err := p.lane.db.Sure(c.Request().Context()); err != nil {
				return err
			}
		}
		return r.answer(c, policy.Ask{Is: policy.Visitor, Act: r.act, At: p.Clock().UTC().Truncate(time.Microsecond)})
	}
}

// tally counts what the lane answered. A line for each request would have a time.
type tally struct {
	mu     sync.Mutex
	counts map[string]int // by route and status
	failed map[string]int // what went wrong with us, by kind
}

func (t *tally) add(to *map[string]int, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if *to == nil {
		*to = map[string]int{}
	}
	(*to)[what]++
}

func (t *tally) take(from *map[string]int) map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := *from
	*from = nil
	return out
}

// count is the log of the lane.
func (l *lane) count(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := next(c); err != nil {
			c.Error(err)
		}
		l.tally.add(&l.tally.counts, c.Request().Method+" "+c.Path()+" "+strconv.Itoa(c.Response().Status))
		return nil
	}
}

// TellOfTips writes what the anonymous lane answered into the log, once a day, and what
// went wrong in it once an hour, until ctx ends. No line has the time of any request.
func (p *Portal) TellOfTips(ctx context.Context) {
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	day := p.Clock().UTC().Day()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hour.C:
		}
		for what, n := range p.lane.tally.take(&p.lane.tally.failed) {
			slog.ErrorContext(ctx, "failed in the anonymous lane", "what", what, "times", n)
		}
		if now := p.Clock().UTC().Day(); now != day {
			day = now
			for what, n := range p.lane.tally.take(&p.lane.tally.counts) {
				slog.InfoContext(ctx, "the anonymous lane in a day", "answer", what, "times", n)
			}
		}
	}
}

// kindOf is what went wrong without the words of it, which may hold what was typed.
func kindOf(err error) string {
	var of *pq.Error
	if errors.As(err, &of) {
		return "database " + string(of.Code)
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return fmt.Sprintf("%T", err)
}

// tipFailPage is the page of a failure in the lane.
type tipFailPage struct{ web.FailPage }

// failTip turns every error of the lane into its page.
func (p *Portal) failTip(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	page := web.Answer(c, err)
	if page.Status == 499 {
		return
	}
	if page.Status >= 500 {
		p.lane.tally.add(&p.lane.tally.failed, kindOf(err))
	}
	if c.Request().Method == http.MethodHead {
		c.NoContent(page.Status)
		return
	}
	if show := p.showTip(c, page.Status, "tip_fail", tipFailPage{page}, nil, ""); show != nil {
		c.NoContent(http.StatusInternalServerError)
	}
}

// showTip shows a page of the lane; one with a form can be had in the other language with
// what was typed, by the same act.
func (p *Portal) showTip(c echo.Context, status int, name string, page any, form *web.Form, to policy.Act) error {
	tipRest(c)
	lang := web.Lang(c)
	frame := web.Frame{Lang: lang, Other: words.Other(lang), Here: "/" + words.Other(lang) + "/tip"}
	if c.Request().Method == http.MethodGet {
		frame.Here = "/" + frame.Other + c.Request().URL.Path
	}
	if form != nil {
		var err error
		if frame.Post, err = p.link(frame.Other, string(to)); err != nil {
			return err
		}
		if frame.Problem = form.Problem(); frame.Problem && status == http.StatusOK {
			status = http.StatusUnprocessableEntity
		}
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "10")
	}
	whole, err := p.printTip(name, frame, page)
	if err != nil {
		return err
	}
	return c.HTMLBlob(status, whole)
}

// printTip makes a page, on all cores but one: in a flood the pages of the lane wait for
// each other, and those who sign do not wait for them. Writing it is no part of this, for
// somebody may read slowly.
func (p *Portal) printTip(name string, frame web.Frame, page any) ([]byte, error) {
	p.lane.press <- struct{}{}
	defer func() { <-p.lane.press }()
	return p.pages.Render(name, frame, page)
}

// tipPage says what the lane is and is not, before anything is typed.
type tipPage struct {
	Home  string // the portal, where one signs
	Waits int
	Kept  int
}

func (p *Portal) tipHome(c echo.Context, _ policy.Ask) error {
	home, err := p.link(web.Lang(c), string(policy.Home))
	if err != nil {
		return err
	}
	if p.TipOrigin != "" {
		home = p.Origin + home
	}
	return p.showTip(c, http.StatusOK, "tip", tipPage{Home: home, Kept: tip.Kept}, nil, "")
}

// puzzle is what a page of the lane with a form carries.
type puzzle struct {
	Ticket tip.Ticket
	Bits   int
}

// puzzleOf keeps the ticket of the form while it is good, so that its age counts on.
func (p *Portal) puzzleOf(c echo.Context, form *web.Form, at time.Time) puzzle {
	withPuzzle(c)
	t := tip.Ticket(form.Value("ticket"))
	if _, good := t.Good(p.DB.Keys, at); !good {
		t = tip.NewTicket(p.DB.Keys, at)
		form.Set("work", "")
	}
	return puzzle{t, tip.Bits}
}

// tipNewPage is the form.
type tipNewPage struct {
	puzzle
	Form   *web.Form
	Bodies []web.Option
	Max    int
	Kept   int
	Busy   bool // nothing was kept yet: once more, a little later
	Wait   int  // seconds until it may be sent; 0: at once
	Accept string
	Again  bool // files were sent and are kept nowhere: they must be chosen once more
}

func (p *Portal) tipNew(c echo.Context, ask policy.Ask) error {
	return p.showTipNew(c, ask, web.NewForm("tip_new"), http.StatusOK, tipNewPage{})
}

func (p *Portal) showTipNew(c echo.Context, ask policy.Ask, form *web.Form, status int, page tipNewPage) error {
	bodies, err := p.receiving(c.Request().Context(), ask)
	if err != nil {
		return err
	}
	for _, b := range bodies {
		page.Bodies = append(page.Bodies, web.Option{Value: b.ID.String(), Label: b.In(web.Lang(c))})
	}
	page.Form, page.Max, page.Kept, page.puzzle = form, tip.MaxText, tip.Kept, p.puzzleOf(c, form, ask.At)
	page.Accept = tipAccept
	page.Again = tipUpload(c).begun()
	return p.showTip(c, status, "tip_new", page, form, policy.TipSend)
}

// bodiesKept is how long the bodies are not asked for again.
const bodiesKept = time.Minute

// receiving are the bodies, asked for once a minute: in a flood the form costs the
// database nothing. While one asks the others go on with those that were known, and so
// does he where no answer comes: nobody's page waits for it, or is lost by it.
func (p *Portal) receiving(ctx context.Context, ask policy.Ask) ([]tip.Body, error) {
	l := p.lane
	l.mu.Lock()
	known, due := l.bodies, !ask.At.Before(l.until)
	if len(known) == 0 { // the first waits, and all others for him
		defer l.mu.Unlock()
		bodies, err := tip.Bodies(ctx, l.db, ask)
		if err == nil {
			l.bodies, l.until = bodies, ask.At.Add(bodiesKept)
		}
		return bodies, err
	}
	if due {
		l.until = ask.At.Add(bodiesKept)
	}
	l.mu.Unlock()
	if !due {
		return known, nil
	}
	bodies, err := tip.Bodies(ctx, l.db, ask)
	if err != nil {
		l.tally.add(&l.tally.failed, kindOf(err))
		return known, nil
	}
	l.mu.Lock()
	l.bodies = bodies
	l.mu.Unlock()
	return bodies, nil
}

func (p *Portal) tipSend(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "tip_new")
	body := form.ID("body")
	said := tip.Words{
		Text: form.Text("text", tip.MinText, tip.MaxText), When: form.Line("when", 0, tip.MaxLine), Where: form.Line("where", 0, tip.MaxLine),
	}
	ticket := tip.Ticket(form.Value("ticket"))
	age, good := ticket.Good(p.DB.Keys, ask.At)
	if !good {
		form.Wrong("", "fault.tip-stale")
	}
	if form.Bad() {
		return p.showTipNew(c, ask, form, http.StatusOK, tipNewPage{})
	}
	code := ticket.Code(p.DB.Keys)
	if p.lane.send.Used(ticket) { // a second click
		return p.showTipSent(c, web.NewForm("tip_sent"), code, false)
	}
	solved := ticket.Solved(form.Value("work"))
	if wait := tip.Wait - age; !solved && wait > 0 {
		return p.showTipNew(c, ask, form, http.StatusTooManyRequests, tipNewPage{Wait: int(wait/time.Second) + 1})
	}
	files, err := p.tipFiles(c)
	if form.Refused(err) {
		return p.showTipNew(c, ask, form, http.StatusOK, tipNewPage{})
	}
	if err != nil {
		p.lane.tally.add(&p.lane.tally.failed, kindOf(err))
		return p.showTipNew(c, ask, form, http.StatusTooManyRequests, tipNewPage{Busy: true})
	}
	leave, err := p.lane.send.Enter(c.Request().Context(), solved)
	if err != nil {
		return p.showTipNew(c, ask, form, http.StatusTooManyRequests, tipNewPage{Busy: true})
	}
	defer leave()
	err = tip.Send(c.Request().Context(), p.lane.db, ask, body, code, said, files...)
	leave()
	if form.Refused(err) {
		return p.showTipNew(c, ask, form, http.StatusOK, tipNewPage{})
	}
	if err != nil { // whatever it was, the text must not be lost
		p.lane.tally.add(&p.lane.tally.failed, kindOf(err))
		return p.showTipNew(c, ask, form, http.StatusServiceUnavailable, tipNewPage{Busy: true})
	}
	p.lane.send.Use(ticket, ask.At)
	return p.showTipSent(c, web.NewForm("tip_sent"), code, false)
}

// tipSentPage shows the code, once.
type tipSentPage struct {
	Form *web.Form
	Code tip.Code
	Kept bool // it was typed back
}

func (p *Portal) showTipSent(c echo.Context, form *web.Form, code tip.Code, kept bool) error {
	form.Set("code", string(code))
	return p.showTip(c, http.StatusOK, "tip_sent", tipSentPage{form, code, kept}, form, policy.TipKept)
}

// tipKept holds the last group against the code on the page. The database is not asked.
func (p *Portal) tipKept(c echo.Context, _ policy.Ask) error {
	form := web.ReadForm(c, "tip_sent")
	code, err := tip.ParseCode(form.Value("code"))
	if err != nil {
		return p.redirect(c, policy.TipEnter)
	}
	if form.Switched() {
		return p.showTipSent(c, form, code, form.Value("last") == code.Last())
	}
	if form.Line("last", 1, 40) != code.Last() {
		form.Wrong("last", "fault.tip-last")
	}
	return p.showTipSent(c, form, code, !form.Bad())
}

// tipReceipt is the code as a file with a name that says nothing.
func (p *Portal) tipReceipt(c echo.Context, _ policy.Ask) error {
	code, err := tip.ParseCode(web.ReadForm(c, "tip_sent").Value("code"))
	if err != nil {
		return p.redirect(c, policy.TipEnter)
	}
	at, err := p.link(web.Lang(c), string(policy.TipEnter))
	if err != nil {
		return err
	}
	origin := p.TipOrigin
	if origin == "" {
		origin = p.Origin
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="code.txt"`)
	return c.String(http.StatusOK, strings.Join(code.Groups(), " ")+"\n"+origin+at+"\n")
}

// tipEnterPage asks for the code.
type tipEnterPage struct {
	puzzle
	Form *web.Form
	Busy bool
}

func (p *Portal) tipEnter(c echo.Context, ask policy.Ask) error {
	return p.showTipEnter(c, ask, web.NewForm("tip_enter"), http.StatusOK, false)
}

func (p *Portal) showTipEnter(c echo.Context, ask policy.Ask, form *web.Form, status int, busy bool) error {
	return p.showTip(c, status, "tip_enter", tipEnterPage{p.puzzleOf(c, form, ask.At), form, busy}, form, policy.TipRead)
}

// tipTalkPage is the conversation of a code.
type tipTalkPage struct {
	puzzle
	Form *web.Form
	Code tip.Code
	Tip  tip.Tip
	Max  int
	Gone time.Time // the texts are destroyed on this day
	Sent bool
	Busy bool
}

func (p *Portal) tipRead(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "tip_enter")
	code, err := tip.ParseCode(form.Value("code"))
	if form.Switched() {
		return p.showTipEnter(c, ask, form, http.StatusOK, false)
	}
	if form.Refused(err) {
		return p.showTipEnter(c, ask, form, http.StatusOK, false)
	}
	leave, err := p.lane.read.Enter(c.Request().Context(), p.paid(form, ask.At))
	if err != nil {
		return p.showTipEnter(c, ask, form, http.StatusTooManyRequests, true)
	}
	t, err := tip.Read(c.Request().Context(), p.lane.db, ask, code)
	leave()
	if form.Refused(err) {
		return p.showTipEnter(c, ask, form, http.StatusOK, false)
	}
	if err != nil {
		return err
	}
	return p.showTipTalk(c, ask, web.NewForm("tip_talk", "id", uuid.NewString()), http.StatusOK, tipTalkPage{Code: code, Tip: t})
}

// paid tells that the form came with a solved puzzle.
func (p *Portal) paid(form *web.Form, at time.Time) bool {
	t := tip.Ticket(form.Value("ticket"))
	_, good := t.Good(p.DB.Keys, at)
	return good && t.Solved(form.Value("work"))
}

func (p *Portal) showTipTalk(c echo.Context, ask policy.Ask, form *web.Form, status int, page tipTalkPage) error {
	page.Form, page.Max, page.puzzle = form, tip.MaxReply, p.puzzleOf(c, form, ask.At)
	if !page.Tip.ClosedOn.IsZero() {
		page.Gone = tip.GoneOn(page.Tip.ClosedOn)
	}
	return p.showTip(c, status, "tip_talk", page, form, policy.TipWrite)
}

func (p *Portal) tipWrite(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "tip_talk")
	code, err := tip.ParseCode(form.Value("code"))
	if err != nil {
		return p.redirect(c, policy.TipEnter)
	}
	id, text := form.ID("id"), form.Text("text", 2, tip.MaxReply)
	ctx := c.Request().Context()
	leave, err := p.lane.read.Enter(ctx, p.paid(form, ask.At))
	if err != nil {
		return p.showTipTalk(c, ask, form, http.StatusTooManyRequests, tipTalkPage{Code: code, Busy: true})
	}
	defer leave()
	sent := false
	if !form.Bad() {
		err = tip.Write(ctx, p.lane.db, ask, code, id, text)
		if form.Refused(err) {
			return p.redirect(c, policy.TipEnter)
		}
		if sent = err == nil; sent {
			form = web.NewForm("tip_talk", "id", uuid.NewString())
		} else if told := new(fault.Fault); errors.As(err, &told) && told.Kind == fault.Conflict {
			form.Wrong("", told.Message)
		} else {
			leave()
			p.lane.tally.add(&p.lane.tally.failed, kindOf(err))
			return p.showTipTalk(c, ask, form, http.StatusServiceUnavailable, tipTalkPage{Code: code, Busy: true})
		}
	}
	t, err := tip.Read(ctx, p.lane.db, ask.To(policy.TipRead), code)
	leave()
	if form.Refused(err) {
		return p.redirect(c, policy.TipEnter)
	}
	if err != nil {
		return err
	}
	return p.showTipTalk(c, ask, form, http.StatusOK, tipTalkPage{Code: code, Tip: t, Sent: sent})
}
