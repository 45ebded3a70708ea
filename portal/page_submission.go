package portal

import (
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/submission"
	"zharia/portal/web"
)

// deskSignings are the acts that are signed at a desk and not by phone: several at once.
var deskSignings = map[policy.Act]signedAt{
	policy.DeskSign: {policy.DeskDrafts, policy.DeskDrafts},
}

// signedOn is where an act that a signature does is signed, and where what came of it is
// read. A sign-in is none: it has no legal moment.
func signedOn(act policy.Act) (at signedAt, ok bool) {
	if at, ok = signings[act]; ok {
		return at, act != policy.SessionOpen
	}
	at, ok = deskSignings[act]
	return at, ok
}

// keyOf is a fresh key for a page on which a document is signed.
func keyOf(c echo.Context, digest []byte) (string, error) {
	key, err := submission.Key(identity.Hash(session(c)), digest)
	return key.String(), err
}

// takes does an act that bears a legal time and is sent with a signature: once, whatever
// is sent twice, and not while the clock is in doubt.
func (p *Portal) takes(c echo.Context, ask policy.Ask, do func(echo.Context, policy.Ask) error) error {
	steady := func() error {
		if p.Steady != nil && !p.Steady() {
			return fault.New(fault.Unavailable, "fault.clock")
		}
		return nil
	}
	if c.FormValue("key") == "" { // a page of the version before, or several papers at once
		if err := steady(); err != nil {
			return err
		}
		return do(c, ask)
	}
	s, err := sentOn(c, ask)
	if err != nil {
		return err
	}
	if came, err := p.cameBefore(c, ask, s); came || err != nil {
		return err
	}
	if err := steady(); err != nil { // what was taken before is told all the same
		return err
	}
	if !submission.Bound(s.Key, identity.Hash(session(c)), s.Digest) {
		return fault.New(fault.Conflict, "fault.key-used")
	}
	ctx := c.Request().Context()
	p.in(c, submission.With(ctx, s))
	err = do(c, ask)
	var unknown *database.Unknown
	switch {
	case errors.As(err, &unknown):
		slog.WarnContext(ctx, "it is not known whether a signature was taken", "key", s.Key, "act", ask.Act)
		return p.showChecking(c, s.Key, p.asking(ask, s.Key, unknown.Mark, s.Act, s.Of))
	case conflict(err): // the same came twice at once, and this one second
		if came, _ := p.cameBefore(c, ask, s); came {
			return nil
		}
	}
	return err
}

// sentOn reads what a signing page sent. fault.Conflict: the key is none.
func sentOn(c echo.Context, ask policy.Ask) (submission.Sent, error) {
	s := submission.Sent{Session: identity.Of(session(c)).ID, Act: ask.Act}
	var err error
	if s.Key, err = uuid.Parse(c.FormValue("key")); err != nil || len(c.ParamValues()) == 0 {
		return s, fault.New(fault.Conflict, "fault.key-used")
	}
	s.Of = id(c, c.ParamNames()[0])
	s.Digest, _ = hex.DecodeString(c.FormValue("digest"))
	return s, nil
}

// cameBefore leads to what came of the same signature, if it was taken already.
func (p *Portal) cameBefore(c echo.Context, ask policy.Ask, s submission.Sent) (bool, error) {
	taken, err := submission.Before(c.Request().Context(), p.DB.DB, ask, s)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, p.came(c, ask, taken)
}

// came leads to what came of a signature, once the standby has it.
func (p *Portal) came(c echo.Context, ask policy.Ask, taken submission.Taken) error {
	if err := p.DB.Everywhere(c.Request().Context()); err != nil {
		return p.showChecking(c, taken.Key, p.asking(ask, taken.Key, database.Mark{}, taken.Act, taken.Of))
	}
	at, _ := signedOn(taken.Act)
	return p.redirect(c, at.after, taken.Of)
}

// submissionPage is shown while it is not known whether a signature was taken.
type submissionPage struct {
	Key   uuid.UUID
	Again string // this page
	Lost  bool   // it is known now: it was not
	Page  string // where it is signed once more
}

// checkEvery is after how many seconds a browser asks again by itself. It must be enough to
// hear the page read aloud: a page that comes anew is read from its beginning.
const checkEvery = "20"

func (p *Portal) submission(c echo.Context, ask policy.Ask) error {
	ctx, key, query := c.Request().Context(), id(c, "key"), c.QueryParams()
	mark, _ := database.ParseMark(query.Get("tx"))
	// First what became of the transaction, then what it left: so what is read second
	// is not older.
	became, asked := p.DB.Outcome(ctx, mark)
	taken, err := submission.Find(ctx, p.DB.DB, ask, key)
	switch {
	case asked != nil, became == database.Pending:
		return p.showChecking(c, key, query)
	case err == nil:
		return p.came(c, ask, taken)
	case !errors.Is(err, fault.NotFound):
		return p.showChecking(c, key, query)
	}
	at, known := signedOn(policy.Act(query.Get("act")))
	of, wrong := uuid.Parse(query.Get("of"))
	if !known || wrong != nil || subtle.ConstantTimeCompare([]byte(query.Get("by")), []byte(p.asked(ask.Person, key, query))) == 0 {
		return err // nobody was led here by us: a link of somebody else's may not say that a filing is lost
	}
	page := submissionPage{Key: key, Lost: true}
	if page.Page, err = p.link(web.Lang(c), string(at.page), of); err != nil {
		return err
	}
	return p.show(c, "submission", page)
}

// asking is what the address of that page says: of which transaction, act and thing.
func (p *Portal) asking(ask policy.Ask, key uuid.UUID, mark database.Mark, act policy.Act, of uuid.UUID) url.Values {
	out := url.Values{"act": {string(act)}, "of": {of.String()}}
	if mark != (database.Mark{}) { // else its row was seen, and only the standby lacks it
		out.Set("tx", mark.String())
	}
	out.Set("by", p.asked(ask.Person, key, out))
	return out
}

// asked is a proof that the portal itself led a person to the page that says what became of
// what he sent.
func (p *Portal) asked(person, key uuid.UUID, query url.Values) string {
	of := strings.Join([]string{person.String(), key.String(), query.Get("tx"), query.Get("act"), query.Get("of")}, " ")
	return hex.EncodeToString(p.DB.Tag("submission.asked", of))
}

// showChecking says that it is not known yet, asks again by itself, and names nobody: the
// database may not answer even who is signed in.
func (p *Portal) showChecking(c echo.Context, key uuid.UUID, query url.Values) error {
	again, err := p.link(web.Lang(c), string(policy.SubmissionRead), key)
	if err != nil {
		return err
	}
	kept := url.Values{}
	for _, name := range []string{"tx", "act", "of", "by"} {
		kept.Set(name, query.Get(name))
	}
	again += "?" + kept.Encode()
	p.hereIs(c, policy.SubmissionRead, key)
	c.Set(hereKey, c.Get(hereKey).(string)+"?"+kept.Encode())
	c.Set(personKey, identity.Person{})
	c.Response().Header().Set("Refresh", checkEvery+"; url="+again)
	return p.pages.Show(c, http.StatusAccepted, "submission", p.frame(c), submissionPage{Key: key, Again: again})
}
