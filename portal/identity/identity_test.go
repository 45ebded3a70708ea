package identity_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"

	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/keeper"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// browser is a browser with the cookie of one session.
type browser struct {
	store   *identity.Sessions
	session *sessions.Session
	cookie  *http.Cookie
}

func newBrowser(t *testing.T, w *portaltest.W) *browser {
	t.Helper()
	b := &browser{store: &identity.Sessions{DB: w.DB, Secure: true, Clock: func() time.Time { return w.At }}}
	b.visit(t)
	rec := httptest.NewRecorder()
	if err := b.store.Save(b.request(t), rec, b.session); err != nil {
		t.Fatal(err)
	}
	b.take(t, rec)
	return b
}

func (b *browser) request(t *testing.T) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), "GET", portaltest.Origin+"/kk", nil)
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	return r
}

// visit is a request with the cookie the browser has.
func (b *browser) visit(t *testing.T) *sessions.Session {
	t.Helper()
	var err error
	if b.session, err = b.store.Get(b.request(t), b.store.CookieName()); err != nil {
		t.Fatal(err)
	}
	return b.session
}

func (b *browser) take(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	cookies := rec.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	b.cookie = cookies[0]
}

func (b *browser) challenge(t *testing.T, w *portaltest.W) identity.Challenge {
	t.Helper()
	c, err := identity.NewChallenge(t.Context(), w.DB, b.session, portaltest.Origin, w.At)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (b *browser) signIn(t *testing.T, w *portaltest.W, c identity.Challenge, cms []byte, at time.Time) (identity.Opening, error) {
	t.Helper()
	return identity.SignIn(t.Context(), w.DB, w.Verifier, identity.Hash(b.session), c.ID, cms, at, at)
}

func wantMessage(t *testing.T, what, message string, err error) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Message != message {
		t.Errorf("%s: %v, want %s", what, err, message)
	}
}

func TestAPersonSignsInWithAKeyAndIsKnownByItsIIN(t *testing.T) {
	w := portaltest.World(t)
	b := newBrowser(t, w)
	c := b.challenge(t, w)
	opening, err := b.signIn(t, w, c, w.SignedBy(w.Aigul, c.Content), w.At.Add(time.Minute))
	if err != nil || opening.Person != w.Aigul.Person || !bytes.Equal(opening.Certificate, w.Aigul.Key.Certificate()) {
		t.Fatalf("she signs in as %s, %v", w.Word(opening.Person), err)
	}
	opening.Way = identity.ByAgent
	rec := httptest.NewRecorder()
	if err := b.store.Start(b.request(t), rec, b.session, opening); err != nil {
		t.Fatal(err)
	}
	b.take(t, rec)
	if who := identity.PersonOf(b.visit(t)); who != w.Aigul.Person {
		t.Errorf("the next page is for %s", w.Word(who))
	}
	w.Want(t, `SELECT who, act, object, object_id, casefile, at FROM record WHERE act = 'session-open'`, `
		who   | act          | object | object_id | casefile | at
		aigul | session-open | person | aigul     |          | 2026-10-22 14:31:00`)
	w.Sound()
}

func TestWhatIsSignedToSignInNamesTheKeyOfTheSessionWhichNoRowHolds(t *testing.T) {
	w := portaltest.World(t)
	b := newBrowser(t, w)
	c := b.challenge(t, w)
	before, err := identity.Key(b.session)
	if err != nil {
		t.Fatal(err)
	}
	public := base64.RawURLEncoding.EncodeToString(before[ed25519.SeedSize:])
	if n := strings.Count(string(c.Content), "\nkey="+public+"\n"); n != 1 {
		t.Fatalf("the challenge names the key %d times:\n%s", n, c.Content)
	}
	cms := w.SignedBy(w.Aigul, c.Content)
	opening, err := b.signIn(t, w, c, cms, w.At)
	if err != nil {
		t.Fatal(err)
	}
	opening.Way = identity.ByAgent
	old := b.cookie.Value
	rec := httptest.NewRecorder()
	if err := b.store.Start(b.request(t), rec, b.session, opening); err != nil {
		t.Fatal(err)
	}
	b.take(t, rec)
	ticket, err := identity.Ticket(b.visit(t))
	if err != nil {
		t.Fatal(err)
	}
	if !ticket.Key.Equal(before) || !bytes.Equal(ticket.Challenge, c.Content) || !bytes.Equal(ticket.Login, cms) || b.cookie.Value == old {
		t.Error("the ticket of the session is not what was signed, or the cookie stayed")
	}
	var kept []byte
	if err := w.SQL.Get(&kept, `SELECT convert_to(session::text, 'UTF8') FROM session`); err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{before.Seed(), cms[:40], []byte(w.Aigul.IIN.Reveal())} {
		if bytes.Contains(kept, []byte(hex.EncodeToString(secret))) || bytes.Contains(kept, secret) {
			t.Error("the row of the session holds what it must not")
		}
	}
}

func TestASessionIsAHostCookieAndItsTokenIsNotKept(t *testing.T) {
	w := portaltest.World(t)
	b := newBrowser(t, w)
	if !strings.HasPrefix(b.cookie.Name, "__Host-") || !b.cookie.Secure || !b.cookie.HttpOnly || b.cookie.Path != "/" || b.cookie.Domain != "" {
		t.Errorf("the cookie is %v", b.cookie)
	}
	var kept []byte
	if err := w.SQL.Get(&kept, `SELECT token_hash FROM session`); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains([]byte(b.cookie.Value), kept) || len(kept) != sha256.Size {
		t.Error("what is kept opens the session")
	}
	b.cookie.Value = strings.Repeat("A", len(b.cookie.Value))
	if se := b.visit(t); !se.IsNew || identity.PersonOf(se) != uuid.Nil {
		t.Error("a cookie that nobody gave is a session")
	}
}

func TestSigningInGivesTheSessionANewToken(t *testing.T) {
	w := portaltest.World(t)
	b := newBrowser(t, w)
	before := b.cookie
	rec := httptest.NewRecorder()
	if err := b.store.Start(b.request(t), rec, b.session, opening(w.Aigul)); err != nil {
		t.Fatal(err)
	}
	b.take(t, rec)
	if b.cookie.Value == before.Value {
		t.Error("the token of before is the token of now")
	}
	b.cookie = before
	if se := b.visit(t); !se.IsNew {
		t.Error("the session of before is still there")
	}
}

// opening is a sign-in of somebody without the ceremony.
func opening(who *portaltest.Actor) identity.Opening {
	return identity.Opening{Person: who.Person, Certificate: who.Key.Certificate(), Way: identity.ByAgent, Browser: "Firefox, Linux"}
}

// enter signs somebody in, in a browser of its own, and asks as him from then on.
func enter(t *testing.T, w *portaltest.W, who *portaltest.Actor, o identity.Opening) (*browser, policy.Ask) {
	t.Helper()
	b := newBrowser(t, w)
	rec := httptest.NewRecorder()
	if err := b.store.Start(b.request(t), rec, b.session, o); err != nil {
		t.Fatal(err)
	}
	b.take(t, rec)
	b.visit(t)
	return b, who.Asks(policy.SessionList)
}

func TestASessionThatEndedIsNobodys(t *testing.T) {
	w := portaltest.World(t)
	began := w.At
	for what, silences := range map[string][]time.Duration{
		"15 minutes of silence":      {identity.Idle},
		"8 hours, whatever was done": slices.Repeat([]time.Duration{identity.Idle - time.Minute}, 35),
	} {
		w.At = began
		b, _ := enter(t, w, w.Aigul, opening(w.Aigul))
		for i, silence := range silences {
			if who := identity.PersonOf(b.visit(t)); (who == uuid.Nil) != (w.At.Sub(began) >= identity.Life) {
				t.Errorf("%s: after %s it is %s's", what, w.At.Sub(began), w.Word(who))
			}
			w.At = w.At.Add(silence)
			if i == len(silences)-1 && identity.PersonOf(b.visit(t)) != uuid.Nil {
				t.Errorf("%s: it lives on", what)
			}
		}
	}
	w.At = began.Add(2 * identity.Life) // whichever of the two came last
	b := newBrowser(t, w)
	if err := identity.DropEnded(t.Context(), w.DB, w.At); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM session`, "count\n1")
	if err := b.store.End(b.request(t), httptest.NewRecorder(), b.session, policy.Ask{Act: policy.SessionEnd, At: w.At}); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM session`, "count\n0")
}

func TestUseKeepsASessionAndItsLastMomentIsKnown(t *testing.T) {
	w := portaltest.World(t)
	b, _ := enter(t, w, w.Aigul, opening(w.Aigul))
	began := w.At
	if se := identity.Of(b.visit(t)); !se.Ends.Equal(began.Add(identity.Idle)) || se.Last {
		t.Errorf("it ends at %s, last %v", se.Ends, se.Last)
	}
	w.At = began.Add(30 * time.Second) // too soon to write it down
	if se := identity.Of(b.visit(t)); !se.Ends.Equal(began.Add(identity.Idle)) {
		t.Errorf("half a minute on it ends at %s", se.Ends)
	}
	w.At = began.Add(14 * time.Minute)
	if se := identity.Of(b.visit(t)); !se.Ends.Equal(w.At.Add(identity.Idle)) {
		t.Errorf("after use it ends at %s", se.Ends)
	}
	if _, err := w.SQL.Exec(`UPDATE session SET seen_at = ends_at - interval '5 minutes'`); err != nil {
		t.Fatal(err)
	}
	w.At = began.Add(identity.Life - 4*time.Minute)
	if se := identity.Of(b.visit(t)); !se.Ends.Equal(began.Add(identity.Life)) || !se.Last {
		t.Errorf("near the end of its life it ends at %s, last %v", se.Ends, se.Last)
	}
}

// With the standby gone nothing is received; who only reads goes on.
func TestWhoOnlyReadsDoesNotWaitForTheStandby(t *testing.T) {
	w := portaltest.World(t)
	b, _ := enter(t, w, w.Aigul, opening(w.Aigul))
	w.SQL.MustExec(`
		CREATE TABLE waits (how text);
		CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO public.waits VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
		CREATE TRIGGER waits AFTER UPDATE ON session FOR EACH ROW EXECUTE FUNCTION waits()`)
	w.At = w.At.Add(5 * time.Minute)
	b.visit(t)
	w.Want(t, `SELECT how FROM waits`, "how\nlocal")
}

func TestAPersonSeesAndEndsOnlyHisOwnSessions(t *testing.T) {
	w := portaltest.World(t)
	home, _ := enter(t, w, w.Aigul, opening(w.Aigul))
	w.At = w.At.Add(time.Minute)
	phone := opening(w.Aigul)
	phone.Way, phone.Browser = identity.ByPhone, "Chrome, Android"
	hand, aigul := enter(t, w, w.Aigul, phone)
	other, serik := enter(t, w, w.Serik, opening(w.Serik))
	list := func(ask policy.Ask) (out []string) {
		open, err := home.store.Open(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		for _, se := range open {
			out = append(out, string(se.Way)+" "+se.Browser)
		}
		return out
	}
	if got := list(aigul); !slices.Equal(got, []string{"phone Chrome, Android", "agent Firefox, Linux"}) {
		t.Errorf("her sessions: %q", got)
	}
	at := identity.Of(home.visit(t)).ID
	if err := home.store.EndOne(t.Context(), serik.To(policy.SessionEndOne), at); !errors.Is(err, fault.NotFound) {
		t.Errorf("another ends hers: %v", err)
	}
	if err := home.store.EndOne(t.Context(), aigul.To(policy.SessionEndOne), at); err != nil {
		t.Fatal(err)
	}
	if identity.PersonOf(home.visit(t)) != uuid.Nil || identity.PersonOf(hand.visit(t)) != w.Aigul.Person {
		t.Error("not the one that was named has ended")
	}
	if err := hand.store.EndAll(t.Context(), aigul.To(policy.SessionEndAll), uuid.Nil); err != nil {
		t.Fatal(err)
	}
	if identity.PersonOf(hand.visit(t)) != uuid.Nil || identity.PersonOf(other.visit(t)) != w.Serik.Person {
		t.Error("not hers, or not all of hers have ended")
	}
	w.Want(t, `SELECT who, act, object FROM record WHERE act LIKE 'session-end%' ORDER BY seq`, `
		who   | act             | object
		aigul | session-end-one | session
		aigul | session-end-all | person`)
	w.Sound()
}

func TestTheFourthSessionEndsTheOneThatWasUsedLongestAgo(t *testing.T) {
	w := portaltest.World(t)
	var all []*browser
	for range identity.Most {
		b, _ := enter(t, w, w.Aigul, opening(w.Aigul))
		all = append(all, b)
		w.At = w.At.Add(2 * time.Minute)
	}
	all[0].visit(t) // the first is used now, so the second is the idle one
	enter(t, w, w.Aigul, opening(w.Aigul))
	for i, b := range all {
		if open := identity.PersonOf(b.visit(t)) != uuid.Nil; open != (i != 1) {
			t.Errorf("session %d is open: %v", i, open)
		}
	}
}

func TestASignInTellsOfTheOneBeforeUntilItWasTold(t *testing.T) {
	w := portaltest.World(t)
	first, _ := enter(t, w, w.Aigul, opening(w.Aigul))
	began := w.At
	if se := identity.Of(first.session); !se.BeforeAt.IsZero() || se.Told {
		t.Errorf("the first has one before it: %+v", se)
	}
	w.At = w.At.Add(time.Hour)
	second, _ := enter(t, w, w.Aigul, opening(w.Aigul))
	if se := identity.Of(second.session); !se.BeforeAt.Equal(began) || se.BeforeWay != identity.ByAgent || se.Told {
		t.Errorf("the one before the second: %+v", se)
	}
	if err := second.store.Tell(t.Context(), second.session); err != nil {
		t.Fatal(err)
	}
	if !identity.Of(second.visit(t)).Told {
		t.Error("it is told again")
	}
}

func TestABrowserIsCalledByAShortWordOfAClosedList(t *testing.T) {
	const safari = "AppleWebKit/537.36 (KHTML, like Gecko) "
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + safari + "Chrome/147.0.0.0 Safari/537.36":                                    "Chrome, Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + safari + "Chrome/146.0.0.0 YaBrowser/26.1.0.0 Yowser/2.5 Safari/537.36":      "Yandex Browser, Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + safari + "Chrome/147.0.0.0 Safari/537.36 Edg/147.0.0.0":                      "Edge, Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0":                                          "Firefox, Windows",
		"Mozilla/5.0 (Linux; Android 14; SM-A556E) " + safari + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":         "Samsung Internet, Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/604.1": "Safari, iOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/147.0 Safari/604.1":  "Chrome, iOS",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15":     "Safari, macOS",
		"Mozilla/5.0 (X11; Linux x86_64) " + safari + "Chrome/147.0.0.0 Safari/537.36 OPR/120.0.0.0":                                "Opera, Linux",
		"Mozilla/5.0 (Windows NT 10.0) <script>alert(1)</script>":                                                                   "Windows",
		"curl/8.5.0": "", "": "",
		strings.Repeat("x", 500) + "Firefox/150.0 Windows": "", // nobody reads that far
	} {
		if got := identity.Browser(agent); got != want || len(got) > 60 {
			t.Errorf("%.80s is called %q, want %q", agent, got, want)
		}
	}
}

func TestAHundredAtOnceWithOneChallengeSignInOnce(t *testing.T) {
	w := portaltest.World(t)
	b := newBrowser(t, w)
	c := b.challenge(t, w)
	cms := w.SignedBy(w.Aigul, c.Content)
	const many = 100
	done := make(chan error, many)
	for range many {
		go func() {
			_, err := identity.SignIn(t.Context(), w.DB, w.Verifier, identity.Hash(b.session), c.ID, cms, w.At, w.At)
			done <- err
		}()
	}
	in := 0
	for range many {
		err := <-done
		if err == nil {
			in++
			continue
		}
		wantMessage(t, "another", "fault.challenge-used", err)
	}
	if in != 1 {
		t.Errorf("%d signed in", in)
	}
	w.Want(t, `SELECT who, act FROM record WHERE act = 'session-open'`, `
		who   | act
		aigul | session-open`)
	w.Want(t, `SELECT person, revocation FROM evidence WHERE document IS NULL`, `
		person | revocation
		aigul  | good`)
	w.Want(t, `SELECT count(*) AS used FROM challenge WHERE used_at IS NOT NULL`, "used\n1")
	w.Sound()
}

func TestAChallengeOfAnotherSessionOrTimeOpensNothing(t *testing.T) {
	w := portaltest.World(t)
	b, other := newBrowser(t, w), newBrowser(t, w)
	c := b.challenge(t, w)
	cms := w.SignedBy(w.Aigul, c.Content)

	_, err := other.signIn(t, w, c, cms, w.At)
	wantMessage(t, "in another session", "fault.challenge-unknown", err)
	_, err = b.signIn(t, w, identity.Challenge{ID: uuid.Must(uuid.NewV7())}, cms, w.At)
	wantMessage(t, "one nobody made", "fault.challenge-unknown", err)
	_, err = b.signIn(t, w, c, cms, w.At.Add(identity.ChallengeLife+time.Second))
	wantMessage(t, "after five minutes", "fault.challenge-stale", err)
	second := b.challenge(t, w)
	_, err = b.signIn(t, w, second, cms, w.At)
	wantMessage(t, "the signature over an earlier one", "fault.eds.content-differs", err)
	w.Want(t, `SELECT count(*) FROM challenge WHERE used_at IS NOT NULL`, "count\n0")

	if _, err := b.signIn(t, w, c, cms, w.At.Add(identity.ChallengeLife)); err != nil {
		t.Errorf("in its last second: %v", err)
	}
	_, err = b.signIn(t, w, c, cms, w.At)
	wantMessage(t, "a second time", "fault.challenge-used", err)
	w.Sound()
}

func TestAKeyThatIsWrongOpensNothingAndSpendsNothing(t *testing.T) {
	w := portaltest.World(t)
	b := newBrowser(t, w)
	c := b.challenge(t, w)
	for word, message := range map[string]string{
		"aigul-expired": "fault.eds.certificate-expired", "foreign": "fault.eds.unknown-authority",
		"system": "fault.eds.system", "employee": "fault.eds.organisation",
	} {
		_, err := b.signIn(t, w, c, w.SignedBy(w.Actor(word), c.Content), w.At)
		wantMessage(t, word, message, err)
		if !w.Words.In("ru").Has(message) {
			t.Errorf("nobody can be told %s", message)
		}
	}
	for what, cms := range map[string][]byte{"nothing": nil, "the challenge itself": c.Content} {
		if _, err := b.signIn(t, w, c, cms, w.At); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := b.signIn(t, w, c, w.SignedBy(w.Aigul, c.Content), w.At); err != nil {
		t.Errorf("and then the right key does not open: %v", err)
	}
	w.Sound()
}

func TestAChallengeNamesItsPurposeItsSiteAndItsSession(t *testing.T) {
	w := portaltest.World(t)
	b, other := newBrowser(t, w), newBrowser(t, w)
	c := b.challenge(t, w)
	lines := strings.Split(string(c.Content), "\n")
	if lines[0] != "zharia/sign-in/1" || lines[1] != "origin="+portaltest.Origin || !strings.HasPrefix(lines[3], "key=") || lines[5] != "until=2026-10-22T09:35:00Z" {
		t.Errorf("it says\n%s", c.Content)
	}
	if session := strings.Split(string(other.challenge(t, w).Content), "\n")[2]; session == lines[2] {
		t.Error("two sessions have one name")
	}
	if bytes.Contains(c.Content, []byte(b.cookie.Value)) {
		t.Error("it gives the token away")
	}
}

func TestOneSessionKeepsAFewChallengesOnly(t *testing.T) {
	w := portaltest.World(t)
	b := newBrowser(t, w)
	for range 20 {
		b.challenge(t, w)
		w.At = w.At.Add(time.Second)
	}
	w.Want(t, `SELECT count(*) FROM challenge`, "count\n8")
}

func TestWhoSignsInForTheFirstTimeIsMadeKnownUnderTheNameOfTheCertificate(t *testing.T) {
	w := portaltest.World(t)
	stranger := w.Stranger
	if _, err := w.SQL.Exec(`DELETE FROM person WHERE id = $1`, stranger.Person); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, w)
	c := b.challenge(t, w)
	opening, err := b.signIn(t, w, c, w.SignedBy(stranger, c.Content), w.At)
	if err != nil {
		t.Fatal(err)
	}
	p, err := identity.Read(t.Context(), w.DB, opening.Person, w.At)
	if err != nil || p.Name != "Мұратова Әсел Дәуренқызы" || p.IIN != stranger.IIN || p.Standing() != policy.Citizen {
		t.Errorf("known as %q, %v", p.Name, err)
	}
}

func TestTheNameAnOfficialTypedGivesWayToThatOfTheCertificate(t *testing.T) {
	w := portaltest.World(t)
	if _, err := w.SQL.Exec(`DELETE FROM person WHERE id = $1`, w.Stranger.Person); err != nil {
		t.Fatal(err)
	}
	typed, err := identity.Ensure(t.Context(), w.DB, w.Stranger.IIN, "Асель Муратова", w.At)
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, w)
	c := b.challenge(t, w)
	opening, err := b.signIn(t, w, c, w.SignedBy(w.Stranger, c.Content), w.At)
	if err != nil || opening.Person != typed {
		t.Fatalf("another person: %v", err)
	}
	if p, err := identity.Read(t.Context(), w.DB, opening.Person, w.At); err != nil || p.Name != w.Stranger.FullName() {
		t.Errorf("known as %q, %v", p.Name, err)
	}
}

func TestOnePersonIsMadeHoweverManyAskAtOnce(t *testing.T) {
	w := portaltest.World(t)
	iin := eds.IIN("030303699014")
	const many = 20
	ids := make(chan uuid.UUID, many)
	for range many {
		go func() {
			id, err := identity.Ensure(t.Context(), w.DB, iin, "Біреу", w.At)
			if err != nil {
				t.Error(err)
			}
			ids <- id
		}()
	}
	first := <-ids
	for range many - 1 {
		if id := <-ids; id != first {
			t.Error("one IIN, two persons")
		}
	}
	w.Want(t, `SELECT count(*) FROM person`, "count\n20")
}

func TestNamesAreWrittenAsPeopleWriteThem(t *testing.T) {
	for _, name := range []struct{ name, patronymic, want string }{
		{"ОСПАНОВА АЙГҮЛ", "БОЛАТҚЫЗЫ", "Оспанова Айгүл Болатқызы"},
		{"ӘБІЛҚАЙЫР-ҰЛЫ ЕРЖАН", "", "Әбілқайыр-Ұлы Ержан"},
		{"SMITH JOHN", "", "Smith John"},
		{"  ІЛИЯС ҚҰРМАНҒАЗЫ", "ҺҰСНИҰЛЫ", "Ілияс Құрманғазы Һұсниұлы"},
	} {
		got := identity.ProperName(eds.Signer{Name: name.name, Patronymic: name.patronymic})
		if got != name.want {
			t.Errorf("%q is written %q", name.name, got)
		}
	}
}

func TestAnOfficialIsOneUntilTheEndOfTheLastDayInPost(t *testing.T) {
	w := portaltest.World(t)
	if _, err := w.SQL.Exec(`UPDATE officer SET until = '2026-10-22' WHERE person = $1`, w.Daniyar.Person); err != nil {
		t.Fatal(err)
	}
	for clock, want := range map[string]policy.Standing{
		"2026-10-22T18:59:00Z": policy.Citizen | policy.Investigator, // 23:59 in Almaty
		"2026-10-22T19:01:00Z": policy.Citizen,                       // 00:01
		"2026-10-21T19:01:00Z": policy.Citizen | policy.Investigator,
	} {
		at, err := time.Parse(time.RFC3339, clock)
		if err != nil {
			t.Fatal(err)
		}
		p, err := identity.Read(t.Context(), w.DB, w.Daniyar.Person, at)
		if err != nil || p.Standing() != want {
			t.Errorf("at %s he is %v, %v", clock, p.Standing().Names(), err)
		}
	}
}

func TestWhatPeopleAreToThePortal(t *testing.T) {
	w := portaltest.World(t)
	all := []*portaltest.Actor{w.Aigul, w.Dana, w.Daniyar, w.Zhanar, w.Marat, w.Gulnar, w.Bolat, w.Stranger}
	portaltest.WantText(t, "standings", portaltest.Lines(all, func(a *portaltest.Actor) string {
		return a.Word + " | " + strings.Join(a.Asks(policy.Home).Is.Names(), ",")
	}), `
		aigul   | citizen
		dana    | citizen
		daniyar | citizen,investigator
		zhanar  | citizen,prosecutor
		marat   | citizen,head
		gulnar  | citizen,chief-prosecutor
		bolat   | citizen,administrator
		asel    | citizen`)
	if _, err := identity.Read(t.Context(), w.DB, uuid.Must(uuid.NewV7()), w.At); !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody is somebody: %v", err)
	}
}

func TestTheNameOfAnotherRowDoesNotOpen(t *testing.T) {
	w := portaltest.World(t)
	if _, err := w.SQL.Exec(`UPDATE person SET name = (SELECT name FROM person WHERE id = $1) WHERE id = $2`, w.Aigul.Person, w.Serik.Person); err != nil {
		t.Fatal(err)
	}
	if p, err := identity.Read(t.Context(), w.DB, w.Serik.Person, w.At); err == nil {
		t.Errorf("Serik bears the name %q", p.Name)
	}
}

// Who signs in with a key that was not seen before is told, for somebody may have got it in
// his name; with the first of all, and with those he has, he is not (ASVS 6.3.7).
func TestAKeyThatWasNeverSeenBeforeIsAnActOfItsOwn(t *testing.T) {
	w := portaltest.World(t)
	with := func(certificate string) {
		t.Helper()
		w.At = w.At.Add(time.Hour)
		o := opening(w.Aigul)
		o.Certificate = []byte(certificate)
		enter(t, w, w.Aigul, o)
	}
	acts := func() (n int) {
		t.Helper()
		if err := w.SQL.GetContext(t.Context(), &n, `SELECT count(*) FROM record WHERE act = 'key-new'`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, step := range []struct {
		certificate string
		acts        int
	}{{"on the computer", 0}, {"on the computer", 0}, {"on the phone", 1}, {"on the computer", 1}, {"on the phone", 1}, {"somebody else's", 2}} {
		with(step.certificate)
		if n := acts(); n != step.acts {
			t.Errorf("after %s: %d, want %d", step.certificate, n, step.acts)
		}
	}
	w.Want(t, `SELECT DISTINCT who, object, object_id FROM record WHERE act = 'key-new'`, `
		who   | object | object_id
		aigul | person | aigul`)
	// Eight are remembered: a ninth pushes out the one that was used longest ago.
	for _, n := range []string{"1", "2", "3", "4", "5", "6"} {
		with(n)
	}
	before := acts()
	if with("on the phone"); acts() != before {
		t.Error("one of the last eight is new again")
	}
	if with("on the computer"); acts() != before+1 {
		t.Error("more than eight are remembered")
	}
	w.Sound()
}

// A session that gives way to a new one has ended for the keeper too.
func TestTheKeeperHearsOfASessionThatGaveWay(t *testing.T) {
	w := portaltest.World(t)
	login := func(n int) identity.Login {
		return identity.Login{Challenge: fmt.Append(nil, "challenge ", n), CMS: fmt.Append(nil, "signature ", n)}
	}
	var last *browser
	for n := range identity.Most + 1 {
		o := opening(w.Aigul)
		o.Login = login(n)
		last, _ = enter(t, w, w.Aigul, o)
		w.At = w.At.Add(time.Minute)
	}
	again := opening(w.Aigul) // in the browser where she is signed in already
	again.Login = login(identity.Most + 1)
	if err := last.store.Start(last.request(t), httptest.NewRecorder(), last.session, again); err != nil {
		t.Fatal(err)
	}
	var names, want []string
	if err := w.SQL.Select(&names, `SELECT replace(CAST(args ->> 'name' AS text) || CAST(args ->> 'rest' AS text), '-', '') FROM job WHERE name = $1 ORDER BY run_at, id`, identity.LeaveJob); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, identity.Most} {
		for _, name := range keeper.LoginNames(login(n).Challenge, login(n).CMS) {
			want = append(want, fmt.Sprintf("%x", name))
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("the keeper will hear of %q, not of %q", names, want)
	}
}

// Whoever runs the portal ends the sessions of one person, or of everybody (ASVS 7.4.5).
func TestSessionsOfAnybodyAreEndedByWhoeverRunsThePortal(t *testing.T) {
	w := portaltest.World(t)
	ours, theirs := opening(w.Aigul), opening(w.Daniyar)
	ours.Login = identity.Login{Challenge: []byte("what she signed"), CMS: []byte("her signature")}
	theirs.Login = identity.Login{Challenge: []byte("what he signed"), CMS: []byte("his signature")}
	hers, _ := enter(t, w, w.Aigul, ours)
	his, _ := enter(t, w, w.Daniyar, theirs)
	if n, err := identity.Expel(t.Context(), w.DB, w.Aigul.Person, w.At); err != nil || n != 1 {
		t.Fatalf("%d %v", n, err)
	}
	if identity.PersonOf(hers.visit(t)) != uuid.Nil || identity.PersonOf(his.visit(t)) != w.Daniyar.Person {
		t.Error("another's session ended, or hers goes on")
	}
	if n, err := identity.Expel(t.Context(), w.DB, uuid.Nil, w.At); err != nil || n != 1 || identity.PersonOf(his.visit(t)) != uuid.Nil {
		t.Errorf("everybody's: %d %v", n, err)
	}
	w.Want(t, `SELECT who, act, object_id FROM record WHERE act = 'session-end-all' ORDER BY seq`, `
		who | act             | object_id
		    | session-end-all | aigul
		    | session-end-all | daniyar`)
	var names []string // that the keeper will hear of
	if err := w.SQL.Select(&names, `SELECT replace(CAST(args ->> 'name' AS text) || CAST(args ->> 'rest' AS text), '-', '') FROM job WHERE name = $1 ORDER BY id`, identity.LeaveJob); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, o := range []identity.Opening{ours, theirs} {
		for _, name := range keeper.LoginNames(o.Login.Challenge, o.Login.CMS) {
			want = append(want, fmt.Sprintf("%x", name))
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("the keeper will hear of %q, not of %q", names, want)
	}
}
