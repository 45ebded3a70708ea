package portal

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/egov"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/phone"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// phones are the acts that a phone asks for, and a calendar: it has no session, no
// language in the address and reads no page.
var phones = map[policy.Act]bool{policy.EgovInvite: true, policy.EgovFetch: true, policy.EgovLogin: true, policy.EgovSign: true, policy.FeedFetch: true}

// notPhones is a middleware for everybody but phones: they bring no cookie, so
// nobody can act through them, and a web view inside an application may say any
// origin.
func notPhones(m echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		other := m(next)
		return func(c echo.Context) error {
			if strings.HasPrefix(c.Request().URL.Path, "/egov/") {
				return next(c)
			}
			return other(c)
		}
	}
}

// phoneGuard is guard for what a phone asks: no session is looked up, and the
// handler bounds the body by what it expects.
func (p *Portal) phoneGuard(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		ask := policy.Ask{Is: policy.Visitor, Act: r.act, At: p.Clock().UTC().Truncate(time.Microsecond)}
		if err := ask.Check(0); err != nil {
			return err
		}
		if outward[r.act] {
			if err := p.DB.Sure(c.Request().Context()); err != nil {
				return err
			}
		}
		return r.answer(c, ask)
	}
}

// failPhone answers a phone in words that it shows to the person. A signature
// that is not taken is 403, as the protocol has it.
func (p *Portal) failPhone(c echo.Context, page web.FailPage) {
	status := page.Status
	if status == http.StatusUnprocessableEntity || status == http.StatusConflict {
		status = http.StatusForbidden
	}
	message := p.Words.In(egov.Language(c.Request())).T(page.Message)
	if err := c.JSON(status, map[string]string{"message": message}); err != nil {
		c.NoContent(http.StatusInternalServerError)
	}
}

func (p *Portal) api1(token string) string { return p.Origin + "/egov/" + token }
func (p *Portal) api2(token string) string { return p.api1(token) + "/documents" }

func (p *Portal) egovInvite(c echo.Context, ask policy.Ask) error {
	token := c.Param("token")
	r, err := phone.Answering(c.Request().Context(), p.DB, token, ask.At)
	if err != nil {
		return err
	}
	i := egov.Invitation{
		Description:  p.both("phone.purpose." + string(r.Purpose)),
		Expires:      egov.Moment(r.Ends.In(deadline.Zone)),
		Organisation: egov.Organisation{Names: p.names("phone.organisation"), BIN: p.Egov.BIN},
		Document:     egov.Place{URI: p.api2(token), Auth: egov.Auth(r.Auth)},
	}
	if i.Document.Auth == egov.TokenAuth {
		i.Document.Token = phone.Bearer(p.DB, token)
	}
	return c.JSON(http.StatusOK, i)
}

func (p *Portal) names(key string) egov.Names {
	kk := p.Words.In("kk").T(key)
	return egov.Names{KK: kk, RU: p.Words.In("ru").T(key), EN: kk}
}

func (p *Portal) both(key string) string {
	return p.Words.In("kk").T(key) + " / " + p.Words.In("ru").T(key)
}

// bearing is the request of a phone that shows what API 1 told it. One that does
// not finds nothing.
func (p *Portal) bearing(c echo.Context, ask policy.Ask) (phone.Request, error) {
	token := c.Param("token")
	r, err := phone.Answering(c.Request().Context(), p.DB, token, ask.At)
	if err != nil {
		return r, err
	}
	shown, want := []byte(egov.Bearer(c.Request())), []byte(phone.Bearer(p.DB, token))
	if r.Auth == string(egov.TokenAuth) && subtle.ConstantTimeCompare(shown, want) != 1 {
		return r, fault.New(fault.NotFound, "fault.not-found")
	}
	return r, nil
}

func (p *Portal) egovFetch(c echo.Context, ask policy.Ask) error {
	r, err := p.bearing(c, ask)
	if err != nil {
		return err
	}
	if r.Auth == string(egov.EdsAuth) {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return p.hand(c, ask, r)
}

func (p *Portal) egovLogin(c echo.Context, ask policy.Ask) error {
	token := c.Param("token")
	r, err := phone.Answering(c.Request().Context(), p.DB, token, ask.At)
	if err != nil {
		return err
	}
	if r.Auth != string(egov.EdsAuth) {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	signer, err := egov.Login(c.Request().Context(), p.Verifier, bounded(c, egov.MaxLogin), p.api2(token), ask.At)
	if errors.Is(err, egov.ErrLogin) {
		return fault.New(fault.Invalid, "fault.phone-unreadable").Because(err)
	}
	if err != nil {
		return unread(identity.Unsigned(err))
	}
	if err := p.expected(r, signer); err != nil {
		return err
	}
	return p.hand(c, ask, r)
}

// bounded is the body of a request up to a limit.
func bounded(c echo.Context, limit int64) io.Reader {
	return http.MaxBytesReader(c.Response(), c.Request().Body, limit)
}

// unread turns a body that was too large into its answer.
func unread(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return echo.ErrStatusRequestEntityTooLarge.WithInternal(err)
	}
	return err
}

// hand gives the phone what is to be signed.
func (p *Portal) hand(c echo.Context, ask policy.Ask, r phone.Request) error {
	offered, err := p.offered(c.Request().Context(), r, ask.At)
	if err != nil {
		return err
	}
	if err := phone.Fetch(c.Request().Context(), p.DB, r.ID); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, offered)
}

// offered is what a request is to be signed over: the challenge, or the very PDF
// that the page showed.
func (p *Portal) offered(ctx context.Context, r phone.Request, at time.Time) (egov.Package, error) {
	if r.Purpose == phone.SignIn {
		challenge, err := identity.Challenged(ctx, p.DB, r.Session, r.Target, at)
		return egov.Package{{ID: 1, Names: p.names("phone.purpose.sign-in"), Method: egov.CMSWithData, Type: "text/plain", Content: challenge.Content}}, err
	}
	// Whoever shows the code of the page acts for the browser that asked.
	d, err := document.Still(database.As(ctx, r.Person, uuid.Nil, at), p.DB, r.Person, r.Digest)
	if errors.Is(err, fault.NotFound) || err == nil && d.ID != r.Target {
		return nil, fault.New(fault.Conflict, "fault.document-changed")
	}
	if err != nil {
		return nil, err
	}
	content, err := phone.Content(ctx, p.DB, r, at)
	meta := []egov.Meta{{Name: "SHA-256", Value: hex.EncodeToString(d.Digest)}}
	return egov.Package{{ID: 1, Names: p.names("verify.kind." + string(d.Kind)), Meta: meta, Method: egov.CMSSignOnly, Type: "application/pdf", Content: content}}, err
}

// egovSign takes the signature, or the refusal, from the phone.
func (p *Portal) egovSign(c echo.Context, ask policy.Ask) error {
	r, err := p.bearing(c, ask)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	offered, err := p.offered(ctx, r, ask.At)
	if err != nil {
		return err
	}
	signatures, err := offered.Read(bounded(c, offered.Limit()))
	switch {
	case errors.Is(err, egov.ErrCancelled):
		if err := phone.Cancel(ctx, p.DB, r.ID, ask.At); err != nil {
			return err
		}
		return p.replied(c)
	case errors.Is(err, egov.ErrUnreadable):
		return fault.New(fault.Invalid, "fault.phone-unreadable").Because(err)
	case err != nil:
		return unread(err)
	}
	if err := p.weigh(ctx, r, offered[0].Content, signatures[0], ask.At); err != nil {
		why, other := refused(err)
		if other != nil {
			return err
		}
		return errors.Join(err, phone.Refuse(ctx, p.DB, r.ID, why))
	}
	if err := phone.Answer(ctx, p.DB, r, signatures[0], ask.At); err != nil {
		return err
	}
	return p.replied(c)
}

func (p *Portal) replied(c echo.Context) error {
	kind, body := p.Egov.Reply.Body()
	return c.Blob(http.StatusOK, kind, body)
}

// weigh tells the phone at once what the act would say of its signature, so that
// the person sees it where he signed. The act judges again.
func (p *Portal) weigh(ctx context.Context, r phone.Request, content, cms []byte, at time.Time) error {
	if r.Purpose == phone.SignIn {
		signer, err := p.Verifier.SignIn(ctx, cms, content, at)
		if err != nil {
			return identity.Unsigned(err)
		}
		return p.expected(r, signer)
	}
	signer, err := p.Verifier.Document(ctx, cms, content, at)
	if err != nil {
		return identity.Unsigned(err)
	}
	if signer.Revocation == eds.Pending && !document.Early(policy.Act(r.Act)) {
		return fault.New(fault.Unavailable, "fault.eds.revocation-unreachable")
	}
	return p.expected(r, signer)
}

// expected refuses the key of an organisation, and of anybody but the person
// whose browser asked.
func (p *Portal) expected(r phone.Request, signer eds.Signer) error {
	if signer.Role != eds.Individual {
		return fault.New(fault.Invalid, "fault.eds.organisation")
	}
	if r.Purpose == phone.SignIn {
		return nil
	}
	if identity.IDOf(p.DB, signer.IIN) != r.Person {
		return fault.New(fault.Invalid, "fault.eds.other-person")
	}
	return nil
}
