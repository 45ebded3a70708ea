package portal

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/egov"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/phone"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// signedAt is where an act is signed and where its thing is read when it is done.
type signedAt struct{ page, after policy.Act }

// signings are the acts that are done by a signature, which a phone can give.
var signings = map[policy.Act]signedAt{
	policy.SessionOpen:       {policy.SignIn, policy.CaseList},
	policy.FilingSubmit:      {policy.FilingRead, policy.FilingRead},
	policy.FilingWithdraw:    {policy.WithdrawalCheck, policy.FilingRead},
	policy.WithdrawalAsk:     {policy.WithdrawalCheck, policy.FilingRead},
	policy.WithdrawalConsent: {policy.ConsentCheck, policy.FilingRead},
	policy.WithdrawalDecline: {policy.ConsentCheck, policy.FilingRead},
	policy.SupplementSign:    {policy.SupplementCheck, policy.FilingRead},
	policy.FilingForward:     {policy.ForwardCheck, policy.FilingRead},
	policy.FilingExtend:      {policy.ExtensionCheck, policy.FilingRead},
	policy.FilingReply:       {policy.ReplyCheck, policy.FilingRead},
	policy.FilingGrant:       {policy.AnswerCheck, policy.FilingRead},
	policy.FilingGrantPart:   {policy.AnswerCheck, policy.FilingRead},
	policy.FilingRefuse:      {policy.AnswerCheck, policy.FilingRead},
	policy.DecisionPublish:   {policy.DecisionCheck, policy.DecisionRead},
	policy.DecisionSubmit:    {policy.DecisionCheck, policy.DecisionRead},
	policy.DecisionAgree:     {policy.AgreementCheck, policy.DecisionRead},
	policy.DecisionDecline:   {policy.AgreementCheck, policy.DecisionRead},
	policy.ParticipantGrant:  {policy.ParticipantCheck, policy.ParticipantView},
	policy.ParticipantEnd:    {policy.ParticipantCheck, policy.ParticipantView},
	policy.PowerRevoke:       {policy.RevocationCheck, policy.PowerRead},

	policy.AppointmentPropose: {policy.AppointmentRead, policy.AppointmentRead},
	policy.AppointmentAgree:   {policy.AppointmentCheck, policy.AppointmentRead},
	policy.AppointmentDecline: {policy.AppointmentCheck, policy.AppointmentRead},
	policy.AssignmentSign:     {policy.AssignmentCheck, policy.CaseRead},
	policy.SubstitutionSign:   {policy.SubstitutionRead, policy.SubstitutionRead},

	policy.FamiliarisationOpen:  {policy.FamiliarisationCheck, policy.FamiliarisationRead},
	policy.RecordSign:           {policy.RecordCheck, policy.FamiliarisationRead},
	policy.FamiliarisationClose: {policy.FamiliarisationRead, policy.FamiliarisationRead},
	policy.AccessSubmit:         {policy.AccessCheck, policy.AccessRead},

	policy.ServiceSign:   {policy.ServiceCheck, policy.DecisionRead},
	policy.ExposureSign:  {policy.ExposureCheck, policy.ExposureCheck}, // signed, it leads to its decision
	policy.RedactionSign: {policy.RedactionCheck, policy.RedactionCheck},

	policy.ReportSubmit: {policy.ReportSign, policy.ReportRead},
	policy.BookDecide:   {policy.BookCheck, policy.BookOpen},
	policy.EntrySubmit:  {policy.EntryCheck, policy.BookOpen},
}

// phoneAsk asks a phone for the signature that a page needs.
func (p *Portal) phoneAsk(c echo.Context, ask policy.Ask) error {
	ctx, act := c.Request().Context(), policy.Act(c.FormValue("act"))
	at, known := signings[act]
	if !known {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	var kept string
	var content []byte
	r := phone.Request{ID: id, Act: string(act), Ends: ask.At.Add(phone.Life), Auth: string(p.auth(act))}
	if act == policy.SessionOpen {
		challenge, err := p.challenge(c, ask) // a fresh one: the page may have been open long
		if err != nil {
			return err
		}
		r.Purpose, r.Target = phone.SignIn, challenge.ID
		if challenge.Ends.Before(r.Ends) {
			r.Ends = challenge.Ends
		}
		kept = url.Values{"next": {local(c.FormValue("next"))}, "kept": {c.FormValue("kept")}}.Encode()
	} else {
		if ask.Is&policy.Citizen == 0 {
			return p.toSignIn(c)
		}
		r.Purpose = phone.Document
		r.Of, _ = uuid.Parse(c.FormValue("of"))
		r.Digest, _ = hex.DecodeString(c.FormValue("digest"))
		d, err := document.Unsigned(ctx, p.DB, ask.Person, r.Digest)
		if errors.Is(err, fault.NotFound) { // changed or signed in another window: its page shows what it is now
			return p.redirect(c, at.page, r.Of)
		}
		if err != nil {
			return err
		}
		r.Target, content = d.ID, d.Content
	}
	se := session(c)
	r.Session = identity.Hash(se)
	if err := phone.Ask(ctx, p.DB, se.ID, r, kept, content, ask.At); err != nil {
		return err
	}
	to, err := p.link(web.Lang(c), string(policy.PhoneRead), id)
	if err != nil {
		return err
	}
	if c.FormValue("here") != "" {
		to += "?here=true"
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// auth is how a phone shows that it may fetch what an act is signed over. A
// sign-in has nothing to hide and nobody to expect.
func (p *Portal) auth(act policy.Act) egov.Auth {
	switch {
	case p.Egov.Auth == "", act == policy.SessionOpen && p.Egov.Auth == egov.EdsAuth:
		return egov.TokenAuth
	}
	return p.Egov.Auth
}

// phonePage is where a signature is awaited from a phone.
type phonePage struct {
	Request          phone.Request
	Mark             string
	QR               template.HTML
	Mobile, Business string // links that open the application on this device
	Kind             document.Kind
	Action, Button   string            // where the signature goes, and the label of that
	Hidden           map[string]string // what goes there with it
	Again            map[string]string // what a new code is asked for with
	Back             string            // where the other ways are; "" for a sign-in, which goes back with what is kept
	Next, Kept       string
	Demo             bool
	Here             bool // eGov Mobile is on this very device, the person said
}

func (p *Portal) phonePage(c echo.Context, ask policy.Ask) error {
	r, err := p.requested(c)
	if err != nil {
		return err
	}
	lang, act, at := web.Lang(c), policy.Act(r.Act), signings[policy.Act(r.Act)]
	if r.State == phone.Used {
		return p.redirect(c, at.after, r.Of)
	}
	page := phonePage{Request: r, Mark: mark(r, ask.At), Button: "act." + r.Act, Demo: p.Demo != nil, Here: c.QueryParam("here") != "",
		Again: map[string]string{"act": r.Act}, Hidden: map[string]string{"phone": r.ID.String()}}
	if r.Purpose == phone.SignIn {
		goes, err := r.Kept(p.DB)
		if err != nil {
			return err
		}
		kept, err := url.ParseQuery(goes)
		if err != nil {
			return err
		}
		page.Next, page.Kept = kept.Get("next"), kept.Get("kept")
		for _, fields := range []map[string]string{page.Again, page.Hidden} {
			fields["next"], fields["kept"] = page.Next, page.Kept
		}
		page.Hidden["challenge"] = r.Target.String()
		page.Action, err = p.link(lang, r.Act)
		if err != nil {
			return err
		}
	} else {
		page.Again["of"], page.Again["digest"], page.Hidden["digest"] = r.Of.String(), hex.EncodeToString(r.Digest), hex.EncodeToString(r.Digest)
		if page.Hidden["key"], err = keyOf(c, r.Digest); err != nil {
			return err
		}
		if page.Action, err = p.link(lang, r.Act, r.Of); err != nil {
			return err
		}
		if page.Back, err = p.link(lang, string(at.page), r.Of); err != nil {
			return err
		}
		d, err := document.Unsigned(c.Request().Context(), p.DB, ask.Person, r.Digest)
		if errors.Is(err, fault.NotFound) {
			return c.Redirect(http.StatusSeeOther, page.Back)
		}
		if err != nil {
			return err
		}
		page.Kind = d.Kind
	}
	if r.Open(ask.At) {
		api1 := p.api1(phone.Token(session(c).ID, r.ID))
		code, err := egov.QR(egov.Code(api1), p.Words.In(lang).T("phone.code"))
		if err != nil {
			return err
		}
		page.QR = template.HTML(code) // made by us of an address of ours and escaped words
		page.Mobile, page.Business = egov.Launch(api1)
	}
	if act == policy.FilingGrant || act == policy.FilingGrantPart || act == policy.FilingRefuse {
		page.Button = "answer_check.sign"
	}
	if act == policy.DecisionAgree || act == policy.DecisionDecline {
		page.Button = "agreement_check." + r.Act
	}
	return p.show(c, "phone", page)
}

// requested is the request of an address, for the browser that asked.
func (p *Portal) requested(c echo.Context) (phone.Request, error) {
	se := session(c)
	return phone.Read(c.Request().Context(), p.DB, identity.Hash(se), se.ID, id(c, "request"))
}

// mark says how far a request has come: a page that shows another mark is old.
func mark(r phone.Request, at time.Time) string {
	state := string(r.State)
	if r.State != phone.Cancelled && r.Over(at) {
		state = "over"
	}
	return fmt.Sprintf("%s-%d", state, r.Tries)
}

// phoneMark is what a script is told of a request.
type phoneMark struct {
	Mark string `json:"mark"`
}

func (p *Portal) phoneState(c echo.Context, ask policy.Ask) error {
	r, err := p.requested(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, phoneMark{mark(r, ask.At)})
}

// A stream of events is short, and the browser opens the next by itself: one that
// is open must not keep a server from stopping.
const (
	streamTime = 10 * time.Second
	streamStep = 700 * time.Millisecond
)

// phoneEvents tells a page of a request at once when something changes.
func (p *Portal) phoneEvents(c echo.Context, ask policy.Ask) error {
	r, err := p.requested(c)
	if err != nil {
		return err
	}
	if !p.streams.enter(r.ID) {
		return fault.New(fault.TooMany, "fault.too-many") // the script asks for the state instead
	}
	defer p.streams.leave(r.ID)
	w := c.Response()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w).Flush
	ctx, told := c.Request().Context(), ""
	if _, err := io.WriteString(w, "retry: 500\n\n"); err != nil {
		return nil // the browser has gone
	}
	for end := time.Now().Add(streamTime); time.Now().Before(end); {
		if now := mark(r, p.Clock()); now != told {
			b, err := json.Marshal(phoneMark{now})
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "data: %s\n\n", b); err != nil || flush() != nil {
				return nil
			}
			told = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.Leaving: // the browser opens the next one at whoever serves then
			return nil
		case <-time.After(streamStep):
		}
		if r, err = phone.Read(ctx, p.DB, r.Session, session(c).ID, r.ID); err != nil {
			return nil // signed in elsewhere, or ended: the page finds out by asking
		}
	}
	return nil
}

// streams counts the streams that are open: a few for each request and so many in
// all, so that a flood of them leaves room for pages.
type streams struct {
	mu   sync.Mutex
	open map[uuid.UUID]int
	all  int
}

const (
	maxStreams    = 1000
	maxStreamsOne = 3
)

func (s *streams) enter(id uuid.UUID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxStreams || s.open[id] >= maxStreamsOne {
		return false
	}
	if s.open == nil {
		s.open = map[uuid.UUID]int{}
	}
	s.open[id]++
	s.all++
	return true
}

func (s *streams) leave(id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.open[id]--; s.open[id] == 0 {
		delete(s.open, id)
	}
}

// Which way of signing worked last on this device; it comes first next time. It
// is no secret.
const (
	wayCookie = "way"
	wayLife   = 365 * 24 * time.Hour
)

func (p *Portal) worked(c echo.Context, w identity.Way) {
	if way(c) == w {
		return
	}
	c.SetCookie(&http.Cookie{Name: wayCookie, Value: string(w), Path: "/", MaxAge: int(wayLife.Seconds()), HttpOnly: true, Secure: p.sessions.Secure, SameSite: http.SameSiteLaxMode})
}

func way(c echo.Context) identity.Way {
	if cookie, err := c.Cookie(wayCookie); err == nil && (cookie.Value == string(identity.ByAgent) || cookie.Value == string(identity.ByPhone)) {
		return identity.Way(cookie.Value)
	}
	return ""
}

// demoPhone plays the phone with the key in the reader: the demonstration shows
// the whole way on one computer.
func (p *Portal) demoPhone(c echo.Context) error {
	if _, err := p.ask(c, policy.PhoneRead); err != nil {
		return err
	}
	ctx := c.Request().Context()
	number, _ := uuid.Parse(c.FormValue("request"))
	se := session(c)
	r, err := phone.Read(ctx, p.DB, identity.Hash(se), se.ID, number)
	if err != nil {
		return err
	}
	played := egov.Phone{Client: p.Demo.Client, Language: "kk", SignCMS: p.Demo.Sign, Clock: p.Clock}
	fetched, err := played.Scan(ctx, egov.Code(p.api1(phone.Token(se.ID, r.ID))))
	if err == nil && c.FormValue("cancel") != "" {
		err = played.Cancel(ctx, fetched)
	} else if err == nil {
		err = played.Sign(ctx, fetched)
	}
	var no *egov.Refused
	if err != nil && !errors.As(err, &no) { // what was refused, the page tells
		return err
	}
	return p.demoBack(c)
}
