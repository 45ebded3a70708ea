// Package portal is the product: every address and every page. A page reads the
// address, asks the domain and shows what came; rights, terms and words are
// decided elsewhere.
package portal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"zharia"
	"zharia/portal/attachment"
	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/egov"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/notice"
	"zharia/portal/notice/webpush"
	"zharia/portal/ops"
	"zharia/portal/policy"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
	"zharia/portal/web"
	"zharia/portal/words"
)

// Portal is the running portal. Fill the exported fields and call Handler.
type Portal struct {
	DB       *vault.DB
	Words    *words.Book
	Verifier *eds.Verifier
	Origin   string              // what people type: https://zharia.example, without a slash
	Agent    string              // where the signing program listens: wss://127.0.0.1:13579
	AnyChain bool                // the signing program may use keys of an authority it does not know (test keys)
	Demo     *Demo               // nil outside the demonstration
	Scanner  *attachment.Scanner // of files that people attach; nil: none
	LogKey   string              // the public key of the ledger, as golang.org/x/mod/sumdb/note writes it; "": nobody signs the ledger
	Egov     egov.Settings       // signing on a phone: who asks, and how the phone is answered
	Clock    func() time.Time    // nil: the machine's
	Steady   func() bool         // whether that clock may stand under an act; nil: always
	Unsafe   string              // what of the server could lose a filing, where it serves all the same: officials are told
	Push     *webpush.Sender     // tells browsers that there is news; nil: none is told
	Receipts http.Handler        // what a gateway of SMS says of messages comes here; nil: none says anything
	Channels []notice.Channel    // over which people can be told outside the portal; what is not here is offered to nobody

	Exchange feed.Public    // by which the register checks what the portal sends it; zero: nothing is sent
	Register *inbound.Inbox // takes what the register of investigations sends; nil: nobody does, and nothing is there

	Counts    *vault.DB // a pool that may read a standby, for figures that decide nothing; nil: DB
	Tips      *vault.DB // the pool of the anonymous lane, so that nobody else waits behind it; nil: DB
	TipOrigin string    // where that lane stands alone, without a slash; "": beside everything else

	Proxies []netip.Prefix  // fronts whose word is taken for who asks; nil: any on this machine or network; empty: nobody's
	Meter   *ops.Meter      // counts what is answered; nil: nobody counts
	Leaving <-chan struct{} // closed when the process is about to end: what would go on for long ends; nil: it never is

	Idle, IdleWarning time.Duration // of a session; 0: those of identity, which tests shorten

	pages     *web.Pages
	static    *web.Static
	sessions  *identity.Sessions
	links     map[policy.Act]string
	acts      map[string]policy.Act // by method and pattern of the address
	streams   streams
	fetched   *middleware.RateLimiterMemoryStore // how often each feed is asked for
	lane      *lane                              // the anonymous one
	strangers strangers                          // at the door of the register
	door      *door                              // of the register
	views     views                              // what is shown again
	ofAll     *room                              // for files in forms, of people who are signed in
	toAsk     *room                              // and of anybody who asks whose signature it is
	early     *room                              // for words of those who were told to wait
	checked   chan struct{}                      // the places of those who are answered
}

// How much of a body is read, in bytes: of a form, for which the longest filing is some
// 700 KiB; of one that brings what was typed into another, and is written out twice; and of
// a form with a file.
const (
	formLimit   = 1 << 20
	keptLimit   = 2 << 20
	uploadLimit = document.MaxUpload + 1<<20
)

// openings are the acts of opening a document, which leave a record and may start
// a term. HEAD shows nothing, so it must not count as having read.
var openings = map[policy.Act]bool{
	policy.FamiliarisationPage: true, policy.FamiliarisationCopy: true, policy.FamiliarisationSearch: true, policy.MaterialOpen: true,
	policy.FilingRead: true, policy.AnswerNew: true, policy.PhoneEvents: true, policy.AttachmentOpen: true, policy.AttachmentOriginal: true,
	policy.AnswerDocument: true, policy.AnswerSignature: true, policy.FilingDocument: true, policy.FilingSignature: true, policy.DecisionCopy: true,
	policy.FilingDisputed: true, policy.ForwardPaper: true, policy.ExtensionPaper: true, policy.ReplyPaper: true,
	policy.DecisionRead: true, policy.WithdrawalPaper: true, policy.ConsentPaper: true, policy.SupplementPaper: true, policy.FilingVersions: true, policy.MessageList: true,
	policy.BookOpen: true, policy.BookPaper: true, policy.BookSimilar: true, policy.ReportFiles: true,
	policy.TipOpen: true, policy.TipFile: true, policy.AccessPaper: true, policy.AccessAuthority: true, policy.AccessAnswer: true, policy.RedactionPaper: true,
}

// begins are the pages by whose opening something begins for the reader: the term to contest
// an answer (CPC 106), a message that is read. Somebody else's page, link or picture does not
// open them: who comes from elsewhere is led to the page where he may.
var begins = map[policy.Act]policy.Act{policy.AnswerDocument: policy.FilingRead, policy.MessageList: policy.FilingRead}

// outward is what the record says to whoever has not signed in.
var outward = map[policy.Act]bool{
	policy.Verify: true, policy.VerifyFile: true, policy.VerifyFiles: true, policy.VerifyReceipt: true, policy.SlipRead: true, policy.TipRead: true,
	policy.LogCheckpoint: true, policy.LogConsistency: true, policy.FeedFetch: true,
}

// Handler is the portal over HTTP: the middleware in order, then the rows.
func (p *Portal) Handler() (http.Handler, error) {
	if err := p.prepare(); err != nil {
		return nil, err
	}
	secure := strings.HasPrefix(p.Origin, "https://")
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = p.fail
	// Who asks too often is told by the address that the front wrote down, never
	// by one that the asker wrote himself.
	e.IPExtractor = p.asker()
	e.Pre(p.measure, web.Log, middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true, LogErrorFunc: func(c echo.Context, err error, stack []byte) error {
		slog.ErrorContext(c.Request().Context(), "panic", "error", err.Error(), "stack", string(stack))
		return err
	}}), web.Headers(p.Agent, secure), notPhones(web.SameOrigin), web.Language("/api/", "/static/", "/healthz", "/demo/", "/egov/", "/calendar/", "/log/", "/sms/", "/push-worker.js"))
	e.GET("/static/*", p.static.Handle)
	e.GET("/healthz", p.healthz)
	if p.Push != nil {
		e.GET("/push-worker.js", p.pushWorker)
	}
	if p.Receipts != nil {
		e.POST("/sms/:secret", echo.WrapHandler(p.Receipts))
	}
	if p.Demo != nil && p.Demo.Sent != nil {
		e.GET("/demo/sent", p.demoSent)
	}
	if p.Demo != nil {
		e.POST("/demo/key", p.demoKey)
		e.POST("/demo/block", p.demoBlock)
		e.POST("/demo/phone", p.demoPhone)
	}
	signing := rates(20, 400)
	often := rates(checkRate, checkAtFirst)
	for address, r := range p.routes() {
		method, path, _ := strings.Cut(address, " ")
		if anonymous(path) {
			continue
		}
		var guards []echo.MiddlewareFunc
		if method == http.MethodPost || r.act == policy.SignIn || phones[r.act] || proofs[r.act] || r.act == policy.FeedFetch { // signing in keeps a row, whoever comes
			guards = append(guards, signing)
		}
		if checks[r.act] {
			guards = append(guards, often)
		}
		if machines[r.act] {
			e.Add(method, path, p.machineGuard(r))
			continue
		}
		if phones[r.act] {
			e.Add(method, path, p.phoneGuard(r), guards...)
			continue
		}
		e.Add(method, path, p.guard(r), guards...)
		if method == http.MethodGet && !openings[r.act] {
			e.HEAD(path, p.guard(r), guards...)
		}
	}
	return p.besideLane(e)
}

func (p *Portal) prepare() error {
	if p.Clock == nil {
		p.Clock = time.Now
	}
	p.links, p.acts = map[policy.Act]string{}, actsOf(p.routes())
	for address, r := range p.routes() {
		_, path, _ := strings.Cut(address, " ")
		p.links[r.act] = path
	}
	p.sessions = &identity.Sessions{DB: p.DB, Secure: strings.HasPrefix(p.Origin, "https://"), Clock: p.Clock, Idle: p.Idle}
	p.fetched, p.door = fetching(), newDoor()
	p.ofAll, p.toAsk = newRoom(roomOfAll, roomOfOne, "fault.upload-busy"), newRoom(roomToAsk, roomOfOne, "fault.check-busy")
	p.early = newRoom(roomEarly, roomEarlyOfOne, "fault.too-many")
	p.checked = make(chan struct{}, checkPlaces)
	if p.IdleWarning == 0 {
		p.IdleWarning = identity.Warning
	}
	files, err := fs.Sub(zharia.Static, "static")
	if err != nil {
		return err
	}
	if p.static, err = web.NewStatic(files); err != nil {
		return err
	}
	if p.pages != nil {
		return nil
	}
	pages, err := fs.Sub(zharia.Templates, "templates")
	if err != nil {
		return err
	}
	p.pages, err = web.NewPages(pages, p.Words, p.link, p.static)
	return err
}

func (p *Portal) press() document.Press { return document.Press{Words: p.Words, Origin: p.Origin} }

// link is the address of an act in a language; ids fill its parameters in order.
func (p *Portal) link(lang, act string, ids ...any) (string, error) {
	path, ok := p.links[policy.Act(act)]
	if !ok {
		return "", fmt.Errorf("no address for the act %q", act)
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, ":") {
			continue
		}
		if len(ids) == 0 {
			return "", fmt.Errorf("the address of %q lacks %s", act, part)
		}
		parts[i], ids = url.PathEscape(fmt.Sprint(ids[0])), ids[1:]
	}
	if len(ids) > 0 {
		return "", fmt.Errorf("the address of %q takes fewer ids", act)
	}
	return "/" + lang + strings.Join(parts, "/"), nil
}

// formMost is how long the form of an act may be.
func formMost(act policy.Act) int64 {
	if act == policy.SessionOpen || act == policy.PhoneAsk {
		return keptLimit
	}
	return formLimit
}

// guard is all that stands between a row and its page.
func (p *Portal) guard(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit := formMost(r.act)
		files := uploads[r.act] && withParts(c.Request())
		if files {
			limit = uploadLimit
		}
		if streamed[r.act] {
			limit = attachmentLimit
		}
		if c.Request().ContentLength > limit {
			return echo.ErrStatusRequestEntityTooLarge
		}
		c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, limit)
		switch {
		case files:
			leave, err := p.readFiles(c, r.act)
			defer leave()
			if err != nil {
				return err
			}
		case c.Request().Method == http.MethodPost && !streamed[r.act]:
			if err := web.ReadBody(c); err != nil {
				return err
			}
		}
		if checks[r.act] {
			done, err := p.checking(c.Request().Context())
			if err != nil {
				return err
			}
			defer done()
		}
		// What a page reads it reads in one transaction, which is over before it is written
		// to somebody slow. Before a change nothing is held; what is signed reads on until
		// its signature is verified, which may be over the network (document.Verify).
		ctx, rest := p.DB.Reading(c.Request().Context())
		defer rest()
		p.in(c, ctx)
		c.Response().Before(rest)
		if done, err := p.showAgain(c, r.act); done || err != nil {
			return err
		}
		// After all of the body: its last byte is the moment of a receipt.
		ask, err := p.ask(c, r.act)
		post := c.Request().Method == http.MethodPost
		_, signed := signedOn(r.act)
		if post && !signed {
			rest()
		}
		if err != nil && r.act == policy.SubmissionRead {
			return p.showChecking(c, id(c, "key"), c.QueryParams())
		}
		if err != nil {
			return err
		}
		if ask.Is == policy.Visitor && ask.Check(0) != nil {
			if r.act == policy.TypedSave { // a script asks: it has its own words for this
				return c.NoContent(http.StatusUnauthorized)
			}
			return p.toSignIn(c)
		}
		if ask.Closed() {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		if post && signed {
			return p.takes(c, ask, r.answer)
		}
		if !post && ask.Is != policy.Visitor && r.act != policy.SubmissionRead || outward[r.act] {
			if err := p.DB.Sure(ctx); err != nil {
				return err // a page that shows what is there says by it that it was received
			}
		}
		if safe, some := begins[r.act]; some && !post && web.Led(c) {
			return p.redirect(c, safe, id(c, c.ParamNames()[0]))
		}
		return r.answer(c, ask)
	}
}

// What a request knows, once it has been looked up.
const (
	sessionKey = "session"
	personKey  = "person"
	hereKey    = "here"
	actKey     = "act"
	failedKey  = "failed"
	caseKey    = "case" // the casefile.Case that the page is of, where it has one
	lookingKey = "looking"
	lackingKey = "lacking" // something of the page could not be found out: it is not shown again
)

// ask is who asks, to do what, and when.
func (p *Portal) ask(c echo.Context, act policy.Act) (policy.Ask, error) {
	ask := policy.Ask{Is: policy.Visitor, Act: act, At: p.Clock().UTC().Truncate(time.Microsecond)}
	se, err := p.sessions.Get(c.Request(), p.sessions.CookieName())
	if err != nil {
		return ask, fmt.Errorf("read the session: %w", err)
	}
	c.Set(sessionKey, se)
	c.Set(actKey, string(act))
	if id := identity.PersonOf(se); id != uuid.Nil {
		if err := p.speaksFor(c, se, id, identity.Of(se).Acting, ask.At); err != nil {
			return ask, err
		}
		person, err := identity.Read(c.Request().Context(), p.DB, id, ask.At)
		if err != nil && !errors.Is(err, fault.Unavailable) { // while texts are closed he goes on without his name
			return ask, fmt.Errorf("read who is signed in: %w", err)
		}
		c.Set(personKey, person)
		ask.Person, ask.Is, ask.Acting = id, person.Standing(), identity.Of(se).Acting
	}
	return ask, nil
}

// speaksFor has the request go on as the person's: from here on the database shows
// what is his and no more, and the keeper opens it on his signature.
func (p *Portal) speaksFor(c echo.Context, se *sessions.Session, person, acting uuid.UUID, at time.Time) error {
	ticket, err := identity.Ticket(se)
	if err != nil {
		return err
	}
	p.in(c, vault.WithTicket(database.As(c.Request().Context(), person, acting, at), ticket))
	return nil
}

// in sets the context of all that the request does from here on.
func (p *Portal) in(c echo.Context, ctx context.Context) { c.SetRequest(c.Request().WithContext(ctx)) }

func session(c echo.Context) *sessions.Session { return c.Get(sessionKey).(*sessions.Session) }

// me is who is signed in; the zero person for a visitor.
func me(c echo.Context) identity.Person {
	person, _ := c.Get(personKey).(identity.Person)
	return person
}

// id is an id of the address. What is no id is the zero id, under which nothing
// is found.
func id(c echo.Context, name string) uuid.UUID {
	text := c.Param(name)
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return uuid.Nil
	}
	return id
}

// show answers with a page.
func (p *Portal) show(c echo.Context, name string, page any) error {
	whole, err := p.pages.Render(name, p.frame(c), page)
	if err != nil {
		return err
	}
	p.seen(c, whole)
	return c.HTMLBlob(http.StatusOK, whole)
}

// form shows a page with a form that goes to an act: fresh, or once more with
// what was typed and what was wrong.
func (p *Portal) form(c echo.Context, form *web.Form, name string, page any, to policy.Act, ids ...any) error {
	if form.Typed.Address == "" { // else its page has asked already
		if err := p.keep(c, form); err != nil {
			return err
		}
	}
	frame := p.frame(c)
	var err error
	if frame.Post, err = p.link(frame.Other, string(to), ids...); err != nil {
		return err
	}
	status := http.StatusOK
	if frame.Problem = form.Problem(); frame.Problem {
		status = http.StatusUnprocessableEntity
	}
	return p.pages.Show(c, status, name, frame, page)
}

// redirect leads to where an act is read, after a change.
func (p *Portal) redirect(c echo.Context, act policy.Act, ids ...any) error {
	to, err := p.link(web.Lang(c), string(act), ids...)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// frame is what stands around a page.
func (p *Portal) frame(c echo.Context) web.Frame {
	lang := web.Lang(c)
	f := web.Frame{Lang: lang, Other: words.Other(lang)}
	here := here(c)
	if here != "" {
		f.Here = "/" + f.Other + here
	}
	person := me(c)
	f.Name, f.Given, f.Officer = person.Name, person.Given(), person.Post
	f.Act, _ = c.Get(actKey).(string)
	if person.Post != "" {
		f.Unsafe = p.Unsafe
	}
	if p.Demo != nil {
		f.Demo = p.Demo.strip(p.Words.In(lang), "/"+lang+here)
	}
	if person.ID != uuid.Nil {
		f.Acting = p.acting(c)
		f.Session = p.lasting(c, here)
		f.Unread = p.unread(c, person.ID)
	}
	return f
}

// here is the address of a page without its language; "": it cannot be read again.
func here(c echo.Context) string {
	if here, ok := c.Get(hereKey).(string); ok {
		return here
	}
	return c.Request().URL.RequestURI()
}

// hereIs says under which address the page shown now can be read again, where
// the address of the request is that of a change.
func (p *Portal) hereIs(c echo.Context, act policy.Act, ids ...any) {
	if to, err := p.link("", string(act), ids...); err == nil {
		c.Set(hereKey, strings.TrimPrefix(to, "/"))
	}
}

// fail turns every error into its page; it is the only place that does.
func (p *Portal) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if p.toReason(c, err) {
		return
	}
	if p.mustChoose(c, err) {
		return
	}
	away := database.Lost(err)
	if away { // whatever was made of it on the way
		err = &database.Away{Cause: err}
	}
	p.countRefusal(c, err)
	if strings.HasPrefix(c.Request().URL.Path, "/api/") {
		p.failMachine(c, err)
		return
	}
	page := web.Fail(c, err)
	if page.Status == 499 {
		return
	}
	if strings.HasPrefix(c.Path(), "/egov/") {
		p.failPhone(c, page)
		return
	}
	if strings.HasPrefix(c.Path(), "/calendar/") || strings.HasPrefix(c.Path(), "/log/") { // a program asks: it reads no page and brings no cookie
		c.NoContent(page.Status)
		return
	}
	if c.Request().Method == http.MethodHead {
		c.NoContent(page.Status)
		return
	}
	defer p.readEarly(c, err)()
	page.Again = p.again(c, err, away)
	// An address that is not there must look like one that is not for this
	// person, his name at the top included. A database that is away tells no name.
	switch {
	case away:
		c.Set(personKey, identity.Person{})
	case c.Get(sessionKey) == nil:
		if _, err := p.ask(c, ""); err != nil {
			slog.ErrorContext(c.Request().Context(), "who is signed in is not known", "error", err.Error())
		}
	}
	c.Set(actKey, "")
	c.Set(failedKey, true)
	if show := p.pages.Show(c, page.Status, "fail", p.frame(c), page); show != nil {
		slog.ErrorContext(c.Request().Context(), "the page of a failure failed", "error", show.Error())
		c.NoContent(http.StatusInternalServerError)
	}
}

const selectOne = `SELECT 1`

// healthz answers a watchman: the portal serves and its database answers.
func (p *Portal) healthz(c echo.Context) error {
	var one int
	if err := p.DB.Get(c.Request().Context(), &one, selectOne); err != nil {
		return errors.Join(fault.New(fault.Unavailable, "fault.ours"), err)
	}
	return c.String(http.StatusOK, "ok\n")
}
