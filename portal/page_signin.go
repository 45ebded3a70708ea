package portal

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/identity"
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
	Expires  string // RFC 3339, or ""
	Button   string // key of its label
	Refusal  string // key of why the last signature was refused, or ""
	Hidden   map[string]string
	Document bool // a document is signed, not a challenge
}

func (p *Portal) signing(action string) signing {
	s := signing{Action: action, Agent: p.Agent}
	if p.AnyChain {
		s.Chain = "any"
	}
	return s
}

// signDocument is the signing of a document of the person's own by an act.
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
	s.Mode, s.Document, s.Refusal = "detached", true, refusal
	s.Button = "act." + string(to)
	s.Digest, s.IIN = hex.EncodeToString(d.Digest), me(c).IIN.Reveal()
	s.Hidden = map[string]string{"digest": s.Digest}
	return s, nil
}

// signed reads what a signing page posted: the signature and the fingerprint of
// what was shown.
func signed(c echo.Context) (cms, digest []byte) {
	digest, _ = hex.DecodeString(c.FormValue("digest"))
	return []byte(c.FormValue("signature")), digest
}

// refused is why a signature was refused, where the refusal is the signature's;
// every other error stays an error.
func refused(err error) (string, error) {
	var fa *fault.Fault
	if errors.As(err, &fa) && (fa.Kind == fault.Invalid || fa.Message == "fault.document-changed") {
		return fa.Message, nil
	}
	return "", err
}

// signInPage is where a person shows who he is. Next is where he was going; Kept
// is what he had typed there when his session was over.
type signInPage struct {
	Signing signing
	Next    string
	Kept    string
}

func (p *Portal) signIn(c echo.Context, ask policy.Ask) error {
	if ask.Is&policy.Citizen != 0 {
		return p.redirect(c, start(me(c)))
	}
	return p.showSignIn(c, ask, http.StatusOK, "", local(c.QueryParam("next")), "")
}

// start is where a person begins.
func start(person identity.Person) policy.Act {
	switch person.Post {
	case "investigator":
		return policy.DeskRead
	case "prosecutor":
		return policy.OversightRead
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

func (p *Portal) showSignIn(c echo.Context, ask policy.Ask, status int, refusal, next, kept string) error {
	se := session(c)
	if se.IsNew {
		if err := p.sessions.Save(c.Request(), c.Response(), se); err != nil {
			return err
		}
	}
	challenge, err := identity.NewChallenge(c.Request().Context(), p.DB, identity.Hash(se), p.Origin, ask.At)
	if err != nil {
		return err
	}
	action, err := p.link(web.Lang(c), string(policy.SessionOpen))
	if err != nil {
		return err
	}
	s := p.signing(action)
	s.Mode, s.Content, s.Refusal, s.Button = "attached", base64.StdEncoding.EncodeToString(challenge.Content), refusal, "act.session-open"
	s.Expires = challenge.Ends.Format(time.RFC3339)
	s.Hidden = map[string]string{"challenge": challenge.ID.String(), "next": next, "kept": kept}
	c.Set(hereKey, "/signin?"+url.Values{"next": {next}}.Encode())
	frame := p.frame(c)
	if kept != "" { // switching the language must not lose what is kept
		if frame.Post, err = p.link(frame.Other, string(policy.SessionOpen)); err != nil {
			return err
		}
	}
	return p.pages.Show(c, status, "signin", frame, signInPage{s, next, kept})
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
	if len(r.PostForm) == 0 || r.PostForm.Has("signature") {
		return p.showSignIn(c, ask, http.StatusUnauthorized, "", path.Dir(r.URL.Path), "")
	}
	return p.showSignIn(c, ask, http.StatusUnauthorized, "", r.URL.Path, r.PostForm.Encode())
}

// sessionOpen opens a session by the signature over its challenge.
func (p *Portal) sessionOpen(c echo.Context, ask policy.Ask) error {
	next, kept := local(c.FormValue("next")), c.FormValue("kept")
	if web.ReadForm(c, "signin").Switched() {
		return p.showSignIn(c, ask, http.StatusOK, "", next, kept)
	}
	challenge, _ := uuid.Parse(c.FormValue("challenge"))
	se := session(c)
	person, signer, err := identity.SignIn(c.Request().Context(), p.DB, p.Verifier, identity.Hash(se), challenge, []byte(c.FormValue("signature")), ask.At)
	if err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showSignIn(c, ask, http.StatusUnprocessableEntity, refusal, next, kept)
	}
	if err := p.sessions.Start(c.Request(), c.Response(), se, person, signer.Certificate); err != nil {
		return err
	}
	who, err := identity.Read(c.Request().Context(), p.DB, person, ask.At)
	if err != nil {
		return err
	}
	c.Set(personKey, who)
	if kept != "" && next != "" {
		return p.resume(c, ask, next, kept)
	}
	if next != "" {
		return c.Redirect(http.StatusSeeOther, "/"+web.Lang(c)+next)
	}
	return p.redirect(c, start(who))
}

// resumePage gives back what was typed before the session was over: one button
// sends it where it was going.
type resumePage struct {
	Action string
	Fields url.Values
}

func (p *Portal) resume(c echo.Context, ask policy.Ask, next, kept string) error {
	fields, err := url.ParseQuery(kept)
	if err != nil {
		return p.redirect(c, policy.CaseList)
	}
	c.Set(hereKey, "/cases")
	return p.show(c, "resume", resumePage{"/" + web.Lang(c) + next, fields})
}

func (p *Portal) sessionEnd(c echo.Context, _ policy.Ask) error {
	if err := p.sessions.End(c.Request(), c.Response(), session(c)); err != nil {
		return err
	}
	return p.redirect(c, policy.Home)
}
