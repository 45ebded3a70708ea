package identity_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"

	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
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
	b := &browser{store: &identity.Sessions{DB: w.DB, Secure: true}}
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
	c, err := identity.NewChallenge(t.Context(), w.DB, identity.Hash(b.session), portaltest.Origin, w.At)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (b *browser) signIn(t *testing.T, w *portaltest.W, c identity.Challenge, cms []byte, at time.Time) (uuid.UUID, eds.Signer, error) {
	t.Helper()
	return identity.SignIn(t.Context(), w.DB, w.Verifier, identity.Hash(b.session), c.ID, cms, at)
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
	person, signer, err := b.signIn(t, w, c, w.SignedBy(w.Aigul, c.Content), w.At.Add(time.Minute))
	if err != nil || person != w.Aigul.Person || signer.IIN != w.Aigul.IIN {
		t.Fatalf("%s signs in as %s, %v", signer.Name, w.Word(person), err)
	}
	rec := httptest.NewRecorder()
	if err := b.store.Start(b.request(t), rec, b.session, person, signer.Certificate); err != nil {
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
	if err := b.store.Start(b.request(t), rec, b.session, w.Aigul.Person, []byte("certificate")); err != nil {
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

func TestASessionThatEndedIsNobodys(t *testing.T) {
	w := portaltest.World(t)
	for what, order := range map[string]string{
		"idle for half an hour": `UPDATE session SET seen_at = now() - interval '31 minutes'`,
		"eight hours old":       `UPDATE session SET ends_at = now() - interval '1 second'`,
	} {
		b := newBrowser(t, w)
		rec := httptest.NewRecorder()
		if err := b.store.Start(b.request(t), rec, b.session, w.Aigul.Person, []byte("certificate")); err != nil {
			t.Fatal(err)
		}
		b.take(t, rec)
		if _, err := w.SQL.Exec(order); err != nil {
			t.Fatal(err)
		}
		if who := identity.PersonOf(b.visit(t)); who != uuid.Nil {
			t.Errorf("%s: still %s", what, w.Word(who))
		}
	}
	b := newBrowser(t, w)
	if err := identity.DropEnded(t.Context(), w.DB, time.Now()); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM session`, "count\n1")
	if err := b.store.End(b.request(t), httptest.NewRecorder(), b.session); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM session`, "count\n0")
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
			_, _, err := identity.SignIn(t.Context(), w.DB, w.Verifier, identity.Hash(b.session), c.ID, cms, w.At)
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

	_, _, err := other.signIn(t, w, c, cms, w.At)
	wantMessage(t, "in another session", "fault.challenge-unknown", err)
	_, _, err = b.signIn(t, w, identity.Challenge{ID: uuid.Must(uuid.NewV7())}, cms, w.At)
	wantMessage(t, "one nobody made", "fault.challenge-unknown", err)
	_, _, err = b.signIn(t, w, c, cms, w.At.Add(identity.ChallengeLife+time.Second))
	wantMessage(t, "after five minutes", "fault.challenge-stale", err)
	second := b.challenge(t, w)
	_, _, err = b.signIn(t, w, second, cms, w.At)
	wantMessage(t, "the signature over an earlier one", "fault.eds.content-differs", err)
	w.Want(t, `SELECT count(*) FROM challenge WHERE used_at IS NOT NULL`, "count\n0")

	if _, _, err := b.signIn(t, w, c, cms, w.At.Add(identity.ChallengeLife)); err != nil {
		t.Errorf("in its last second: %v", err)
	}
	_, _, err = b.signIn(t, w, c, cms, w.At)
	wantMessage(t, "a second time", "fault.challenge-used", err)
	w.Sound()
}

func TestAKeyThatIsWrongOpensNothingAndSpendsNothing(t *testing.T) {
	w := portaltest.World(t)
	b := newBrowser(t, w)
	c := b.challenge(t, w)
	for word, message := range map[string]string{
		"aigul-expired": "fault.eds.certificate-expired", "foreign": "fault.eds.unknown-authority",
		"system": "fault.eds.organisation", "employee": "fault.eds.organisation",
	} {
		_, _, err := b.signIn(t, w, c, w.SignedBy(w.Actor(word), c.Content), w.At)
		wantMessage(t, word, message, err)
		if !w.Words.In("ru").Has(message) {
			t.Errorf("nobody can be told %s", message)
		}
	}
	for what, cms := range map[string][]byte{"nothing": nil, "the challenge itself": c.Content} {
		if _, _, err := b.signIn(t, w, c, cms, w.At); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := b.signIn(t, w, c, w.SignedBy(w.Aigul, c.Content), w.At); err != nil {
		t.Errorf("and then the right key does not open: %v", err)
	}
	w.Sound()
}

func TestAChallengeNamesItsPurposeItsSiteAndItsSession(t *testing.T) {
	w := portaltest.World(t)
	b, other := newBrowser(t, w), newBrowser(t, w)
	c := b.challenge(t, w)
	lines := strings.Split(string(c.Content), "\n")
	if lines[0] != "zharia/sign-in/1" || lines[1] != "origin="+portaltest.Origin || lines[4] != "until=2026-10-22T09:35:00Z" {
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
	id, _, err := b.signIn(t, w, c, w.SignedBy(stranger, c.Content), w.At)
	if err != nil {
		t.Fatal(err)
	}
	p, err := identity.Read(t.Context(), w.DB, id, w.At)
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
	id, _, err := b.signIn(t, w, c, w.SignedBy(w.Stranger, c.Content), w.At)
	if err != nil || id != typed {
		t.Fatalf("another person: %v", err)
	}
	if p, err := identity.Read(t.Context(), w.DB, id, w.At); err != nil || p.Name != w.Stranger.FullName() {
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
	w.Want(t, `SELECT count(*) FROM person`, "count\n10")
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
	all := []*portaltest.Actor{w.Aigul, w.Dana, w.Daniyar, w.Zhanar, w.Marat, w.Stranger}
	portaltest.WantText(t, "standings", portaltest.Lines(all, func(a *portaltest.Actor) string {
		return a.Word + " | " + strings.Join(a.Asks(policy.Home).Is.Names(), ",")
	}), `
		aigul   | citizen
		dana    | citizen
		daniyar | citizen,investigator
		zhanar  | citizen,prosecutor
		marat   | citizen
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
