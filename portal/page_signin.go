package portal

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/phone"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// signing is the part of a page where something is signed with a key: what, by
// whom, and where the signature goes.
type signing struct {
	Action   string // the address the signature is posted to
	Agent    string // the signing program on the person's computer
	Mode     string // attached or detached
	Content  string // base64 of a short text; or
	URL      string // where the document is
	Digest   string // hex; what is signed is named, so that nothing else is signed unseen
	IIN      string // whose key is expected, if it is known
	Chain    string // "any": keys of an unknown authority too (test keys)
	Life     int    // seconds until what is signed is stale, or 0; then
	Renew    string // where it is exchanged for fresh
	Usages   string // object identifiers that the certificate must have all, spaces between
	Button   string // key of its label
	Refusal  string // key of why the last signature was refused, or ""
	Hidden   map[string]string
	Papers   []string     // several are signed at once: act, thing and digest of each
	Document bool         // a document is signed, not a challenge
	Act      policy.Act   // what is signed for
	Of       uuid.UUID    // the thing it is done to; zero for a sign-in
	Way      identity.Way // that worked last on this device, or ""
	Foreign  bool         // another prepared the paper, and nobody signs it for him
}

// usageDocument is e-mail protection, which every certificate has that may sign
// documents. For signing in no usage is asked for: keys of today have no client
// authentication.
const usageDocument = "1.3.6.1.5.5.7.3.4"

func (p *Portal) signing(action string) signing {
	s := signing{Action: action, Agent: p.Agent}
	if p.AnyChain {
		s.Chain = "any"
	}
	return s
}

// signDocument is the signing of a document by an act. The draft of one who had the case
// before is shown to whoever has it now, and he signs it once he has prepared it anew.
func (p *Portal) signDocument(c echo.Context, d document.Document, content policy.Act, to policy.Act, refusal string, of uuid.UUID) (signing, error) {
	lang := web.Lang(c)
	action, err := p.link(lang, string(to), of)
	if err != nil {
		return signing{}, err
	}
	s := p.signing(action)
	if s.URL, err = p.link(lang, string(content), of); err != nil {
		return signing{}, err
	}
	s.Act, s.Of, s.Way = to, of, way(c)
	s.Mode, s.Document, s.Refusal, s.Usages = "detached", true, refusal, usageDocument
	s.Button, s.Foreign = "act."+string(to), d.Author != me(c).ID
	s.Digest, s.IIN = hex.EncodeToString(d.Digest), me(c).IIN.Reveal()
	s.Hidden = map[string]string{"digest": s.Digest}
	s.Hidden["key"], err = keyOf(c, d.Digest)
	return s, err
}

// signed reads what a signing page posted: the signature, or the number of the
// request by which a phone gave it, and the fingerprint of what was shown. A
// request that is not this browser's has no signature.
func (p *Portal) signed(c echo.Context) (cms, digest []byte, err error) {
	digest, _ = hex.DecodeString(c.FormValue("digest"))
	of := c.FormValue("phone")
	if of == "" {
		if cms = []byte(c.FormValue("signature")); len(cms) > 0 {
			p.worked(c, identity.ByAgent)
		}
		return cms, digest, nil
	}
	request, _ := uuid.Parse(of)
	se := session(c)
	cms, err = phone.Signature(c.Request().Context(), p.DB, identity.Hash(se), se.ID, request)
	if errors.Is(err, fault.NotFound) {
		return nil, digest, nil
	}
	p.worked(c, identity.ByPhone)
	return cms, digest, err
}

// refused is why a signature was refused, where the refusal is the signature's;
// every other error stays an error.
func refused(err error) (string, error) {
	var fa *fault.Fault
	if errors.As(err, &fa) && (fa.Kind == fault.Invalid || fa.Message == "fault.document-changed" || fa.Message == "fault.added-since") {
		return fa.Message, nil
	}
	return "", err
}

// silent is the sentence for a signature that could not be judged, because the
// authority does not answer or too much is judged at once; "" for any other error.
// The page that carries what was typed must not be lost over it.
func silent(err error) string {
	var fa *fault.Fault
	if errors.As(err, &fa) && fa.Kind == fault.Unavailable && strings.HasPrefix(fa.Message, "fault.eds.") {
		return fa.Message
	}
	return ""
}

// signInPage is where a person shows who he is. Next is where he was going; Kept
// is what he had typed there; Over tells that his session had ended meanwhile.
type signInPage struct {
	Signing signing
	Next    string
	Kept    string
	Over    bool
}

func (p *Portal) signIn(c echo.Context, ask policy.Ask) error {
	next := local(c.QueryParam("next"))
	if ask.Is&policy.Citizen != 0 {
		if next = p.onward(next); next != "" {
			return c.Redirect(http.StatusSeeOther, "/"+web.Lang(c)+next)
		}
		return p.redirect(c, start(me(c)))
	}
	return p.showSignIn(c, ask, http.StatusOK, "", next, "")
}

// start is where a person begins.
func start(person identity.Person) policy.Act {
	switch person.Post {
	case "investigator":
		return policy.DeskRead
	case "prosecutor":
		return policy.OversightRead
	case "head":
		return policy.UnitRead
	case "chief-prosecutor":
		return policy.OfficeRead
	case "administrator":
		return policy.DirectoryRead
	case "judge":
		return policy.ChamberRead
	case "registrar":
		return policy.BookRead
	case "auditor":
		return policy.Home
	}
	return policy.CaseList
}

// local is an address of our own without its language, or "".
func local(next string) string {
	strange := func(r rune) bool { return r == '\\' || unicode.IsControl(r) } // a browser drops a tab and reads on
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, strange) || len(next) > 500 {
		return ""
	}
	return next
}

// onward is where somebody goes on who has signed in on his way to an address. Of a page by whose opening
// something begins for him it is the one before: he asked to sign in, and no more.
func (p *Portal) onward(next string) string {
	path, _, _ := strings.Cut(next, "?")
	parts := strings.Split(path, "/")
	for act, safe := range begins {
		same := slices.EqualFunc(parts, strings.Split(p.links[act], "/"), func(part, of string) bool { return part == of || strings.HasPrefix(of, ":") })
		if same {
			return strings.Join(parts[:strings.Count(p.links[safe], "/")+1], "/")
		}
	}
	return next
}

func (p *Portal) showSignIn(c echo.Context, ask policy.Ask, status int, refusal, next, kept string) error {
	challenge, err := p.challenge(c, ask)
	if err != nil {
		return err
	}
	action, err := p.link(web.Lang(c), string(policy.SessionOpen))
	if err != nil {
		return err
	}
	s := p.signing(action)
	s.Mode, s.Content, s.Refusal, s.Button = "attached", base64.StdEncoding.EncodeToString(challenge.Content), refusal, "act.session-open"
	s.Life = int(identity.ChallengeLife.Seconds())
	if s.Renew, err = p.link(web.Lang(c), string(policy.SessionChallenge)); err != nil {
		return err
	}
	s.Act, s.Way = policy.SessionOpen, way(c)
	s.Hidden = map[string]string{"challenge": challenge.ID.String(), "next": next, "kept": kept}
	c.Set(hereKey, "/signin?"+url.Values{"next": {next}}.Encode())
	frame := p.frame(c)
	if kept != "" { // switching the language must not lose what is kept
		if frame.Post, err = p.link(frame.Other, string(policy.SessionOpen)); err != nil {
			return err
		}
	}
	return p.pages.Show(c, status, "signin", frame, signInPage{s, next, kept, over(kept)})
}

// challenge makes one for the session of the request, and the session where there
// is none yet.
func (p *Portal) challenge(c echo.Context, ask policy.Ask) (identity.Challenge, error) {
	se := session(c)
	if se.IsNew {
		if err := p.sessions.Save(c.Request(), c.Response(), se); err != nil {
			return identity.Challenge{}, err
		}
	}
	return identity.NewChallenge(c.Request().Context(), p.DB, se, p.Origin, ask.At)
}

// freshChallenge is what the script of a page that was open long is answered.
type freshChallenge struct {
	Challenge uuid.UUID `json:"challenge"`
	Content   []byte    `json:"content"` // in base64
	Expires   time.Time `json:"expires"`
}

func (p *Portal) sessionChallenge(c echo.Context, ask policy.Ask) error {
	challenge, err := p.challenge(c, ask)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, freshChallenge{challenge.ID, challenge.Content, challenge.Ends.UTC()})
}

// toSignIn sends a visitor to sign in and remembers where he was going. What he
// had typed into a form whose session was over comes along: nothing is lost.
func (p *Portal) toSignIn(c echo.Context) error {
	r := c.Request()
	if r.Method != http.MethodPost {
		to, err := p.link(web.Lang(c), string(policy.SignIn))
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, to+"?"+url.Values{"next": {r.URL.RequestURI()}}.Encode())
	}
	ask, err := p.ask(c, policy.SignIn)
	if err != nil {
		return err
	}
	// Nothing was typed, or it is kept by us and was to be signed: back to its page.
	if len(r.PostForm) == 0 || r.PostForm.Has("signature") || r.PostForm.Has("phone") {
		return p.showSignIn(c, ask, http.StatusUnauthorized, "", p.pageOf(c), "")
	}
	kept := maps.Clone(r.PostForm)
	if r.MultipartForm != nil && len(r.MultipartForm.File) > 0 {
		kept.Set(lostFile, "1")
	}
	kept.Del(sessionOver)
	ended, err := p.sessions.Ended(r)
	if err != nil {
		return err
	}
	if ended {
		kept.Set(sessionOver, "1")
	}
	return p.showSignIn(c, ask, http.StatusUnauthorized, "", r.URL.Path, kept.Encode())
}

// pageOf is the page on which something was signed, or a button pressed: of a button the nearest one
// above its address. "" where there is none.
func (p *Portal) pageOf(c echo.Context) string {
	r := c.Request()
	if at, signed := signedOn(p.acts[verb(r.Method)+" "+pattern(c)]); signed && len(r.PostForm) > 0 {
		var of []any
		for _, name := range c.ParamNames() {
			of = append(of, id(c, name))
		}
		if to, err := p.bare(at.page, of...); err == nil {
			return to
		}
	}
	for above := path.Dir(r.URL.Path); above != "/"; above = path.Dir(above) {
		for _, page := range []string{above, above + "/check"} {
			if p.reads(page) {
				return page
			}
		}
	}
	return ""
}

// reads says that an address can be read.
func (p *Portal) reads(address string) bool {
	parts := strings.Split(address, "/")
	for row := range p.acts {
		method, path, _ := strings.Cut(row, " ")
		if method == http.MethodGet && fits(strings.Split(path, "/"), parts) {
			return true
		}
	}
	return false
}

// lostFile marks, among what was typed, that a file was chosen too. Files are not
// carried through signing in; the page that gives the rest back says so.
const lostFile = "file-lost"

// sessionOver marks, among what was typed, that it came with the cookie of a session that
// there is no more: whoever was never signed in is not told that his time is over.
const sessionOver = "session-over"

func over(kept string) bool {
	fields, _ := url.ParseQuery(kept)
	return fields.Has(sessionOver)
}

// sessionOpen opens a session by the signature over its challenge.
func (p *Portal) sessionOpen(c echo.Context, ask policy.Ask) error {
	next, kept := local(c.FormValue("next")), c.FormValue("kept")
	if web.ReadForm(c, "signin").Switched() {
		return p.showSignIn(c, ask, http.StatusOK, "", next, kept)
	}
	challenge, _ := uuid.Parse(c.FormValue("challenge"))
	se := session(c)
	cms, _, err := p.signed(c)
	if err != nil {
		return err
	}
	given := ask.At
	if of, err := uuid.Parse(c.FormValue("phone")); err == nil && len(cms) > 0 { // it came from the phone in time, however late it is brought
		r, err := phone.Read(c.Request().Context(), p.DB, identity.Hash(se), se.ID, of)
		if err != nil {
			return err
		}
		if r.Ends.Before(given) {
			given = r.Ends
		}
	}
	opening, err := identity.SignIn(c.Request().Context(), p.DB, p.Verifier, identity.Hash(se), challenge, cms, given, ask.At)
	if err != nil {
		refusal, other := refused(err)
		status := http.StatusUnprocessableEntity
		if other != nil {
			if refusal, status = silent(err), http.StatusServiceUnavailable; refusal == "" {
				return err
			}
		}
		return p.showSignIn(c, ask, status, refusal, next, kept)
	}
	opening.Way, opening.Browser = identity.ByAgent, identity.Browser(c.Request().UserAgent())
	if c.FormValue("phone") != "" {
		opening.Way = identity.ByPhone
	}
	if err := p.sessions.Start(c.Request(), c.Response(), se, opening); err != nil {
		return err
	}
	if err := p.speaksFor(c, se, opening.Person, uuid.Nil, ask.At); err != nil {
		return err
	}
	who, err := identity.Read(c.Request().Context(), p.DB, opening.Person, ask.At)
	if err != nil && !errors.Is(err, fault.Unavailable) { // he is in, and may bring what he had typed
		return err
	}
	c.Set(personKey, who)
	if kept != "" && next != "" {
		return p.resume(c, ask, next, kept)
	}
	if next = p.onward(next); next != "" {
		return c.Redirect(http.StatusSeeOther, "/"+web.Lang(c)+next)
	}
	return p.redirect(c, start(who))
}

// resumePage gives back what was typed before signing in: one button sends it where it
// was going.
type resumePage struct {
	Action   string
	Fields   url.Values
	Over     bool // a session had ended meanwhile
	LostFile bool // a file was chosen and must be chosen again
}

func (p *Portal) resume(c echo.Context, ask policy.Ask, next, kept string) error {
	fields, err := url.ParseQuery(kept)
	if err != nil {
		return p.redirect(c, policy.CaseList)
	}
	page := resumePage{"/" + web.Lang(c) + next, fields, fields.Has(sessionOver), fields.Has(lostFile)}
	fields.Del(lostFile)
	fields.Del(sessionOver)
	c.Set(hereKey, "/cases")
	return p.show(c, "resume", page)
}

func (p *Portal) sessionEnd(c echo.Context, ask policy.Ask) error {
	if err := p.sessions.End(c.Request(), c.Response(), session(c), ask); err != nil {
		return err
	}
	forget(c)
	return p.redirect(c, policy.Home)
}
