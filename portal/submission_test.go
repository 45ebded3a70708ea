package portal_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/filing"
	"zharia/portal/notice"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/submission"
	"zharia/portal/vault"
)

// ready is a draft on its check page, signed and not sent: where it goes, and what goes.
func (g *guest) ready(who *portaltest.Actor, draft uuid.UUID) (to string, sent url.Values) {
	g.t.Helper()
	page := g.get("/kk/filings/"+draft.String()).want(g.t, "the check page", http.StatusOK)
	doc := g.get(page.attribute(g.t, "data-content-url")).want(g.t, "the document", http.StatusOK)
	return page.action(g.t), url.Values{
		"digest": {page.hidden(g.t, "digest")}, "key": {page.hidden(g.t, "key")},
		"signature": {g.signature(who.Key, []byte(doc.body), false)},
	}
}

func (f *front) petitionDraft() uuid.UUID {
	return f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
}

// same is a guest with the same cookie, for another window; from a place of its own, where
// nobody counts how often it asks.
func (g *guest) same(n, i int) *guest {
	other := *g
	other.home = fmt.Sprintf("198.19.%d.%d:1", n, i)
	return &other
}

// behind puts a portal in front of a world, over a pool, changed as a test wishes.
func behind(t testing.TB, w *portaltest.W, db *vault.DB, change func(*portal.Portal)) *front {
	t.Helper()
	p := &portal.Portal{
		DB: db, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", LogKey: portaltest.LogKey,
		Clock: func() time.Time { return w.At }, Channels: notice.Outward,
	}
	change(p)
	if err := portal.Share(p); err != nil {
		t.Fatal(err)
	}
	handler, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return &front{w, handler, t}
}

// filed is what there is of a filing: how often it was filed, under which numbers.
func (f *front) filed(t testing.TB, draft uuid.UUID) (numbers string, acts int) {
	t.Helper()
	if err := f.SQL.Get(&numbers, `SELECT coalesce(number, '') FROM filing WHERE id = $1`, draft); err != nil {
		t.Fatal(err)
	}
	if err := f.SQL.Get(&acts, `SELECT count(*) FROM record WHERE object_id = $1 AND act = 'filing-submit'`, draft); err != nil {
		t.Fatal(err)
	}
	return numbers, acts
}

// RELIABILITY R14, I2: a thousand times the same is sent twice and more at once, by double
// clicks and by two windows with keys of their own. Each filing is one, with one number,
// and everybody is led to it.
func TestWhatIsSentTwiceIsFiledOnce(t *testing.T) {
	t.Parallel()
	const drafts, times = 20, 50
	f := open(t)
	g := f.as(f.Aigul)
	seen := map[string]bool{}
	for n := range drafts {
		draft := f.petitionDraft()
		to, sent := g.ready(f.Aigul, draft)
		_, second := g.ready(f.Aigul, draft)
		var all sync.WaitGroup
		answers := make([]answer, times)
		for i := range times {
			all.Go(func() {
				what := sent
				if i%5 == 4 {
					what = second
				}
				answers[i] = g.same(n, i).post(to, what)
			})
		}
		all.Wait()
		for i, a := range answers {
			if a.StatusCode != http.StatusSeeOther || a.to() != "/kk/filings/"+draft.String() {
				t.Errorf("sending %d: status %d to %q\n%s", i, a.StatusCode, a.to(), short(a.body))
			}
		}
		number, acts := f.filed(t, draft)
		if number == "" || acts != 1 || seen[number] {
			t.Errorf("filed %d times, number %q, had it before: %v", acts, number, seen[number])
		}
		seen[number] = true
		// The button Back, after all is done.
		g.post(to, sent).want(t, "once more, later", http.StatusSeeOther)
	}
	var keys int
	if err := f.SQL.Get(&keys, `SELECT count(*) FROM submission`); err != nil || keys != drafts {
		t.Errorf("%d keys are kept for %d filings, %v", keys, drafts, err)
	}
}

// A key belongs to one document on a page of one session.
func TestAKeyIsGoodForItsOwnDocumentAndSession(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	first, other := f.petitionDraft(), f.petitionDraft()
	to, sent := g.ready(f.Aigul, first)
	elsewhere, others := g.ready(f.Aigul, other)

	for what, key := range map[string]string{
		"the key of another document": sent.Get("key"), "no key of ours": uuid.NewString(), "another version": uuid.Must(uuid.NewV7()).String(), "no key at all": "x", "too long": strings.Repeat("0", 100_000),
	} {
		wrong := url.Values{"digest": others["digest"], "signature": others["signature"], "key": {key}}
		a := g.post(elsewhere, wrong)
		a.want(t, what, http.StatusConflict)
		if !strings.Contains(a.body, f.Words.In("kk").T("fault.key-used")) {
			t.Errorf("%s: not said why\n%s", what, short(a.body))
		}
	}
	f.as(f.Aigul).post(to, sent).want(t, "another session of hers", http.StatusConflict)
	for _, id := range []uuid.UUID{first, other} {
		if number, _ := f.filed(t, id); number != "" {
			t.Fatal("it was filed with a key that was not its own")
		}
	}

	g.post(to, sent).want(t, "with its own key", http.StatusSeeOther)
	used := url.Values{"digest": others["digest"], "signature": others["signature"], "key": sent["key"]}
	g.post(elsewhere, used).want(t, "a key that was used, with another document", http.StatusConflict)
	changed := url.Values{"digest": others["digest"], "signature": sent["signature"], "key": sent["key"]}
	g.post(to, changed).want(t, "a key that was used, with another digest", http.StatusConflict)
	// A connection was cut and she signed in anew: the stored answer all the same.
	again := f.as(f.Aigul).post(to, sent).want(t, "the same from a new session", http.StatusSeeOther)
	if again.to() != "/kk/filings/"+first.String() {
		t.Errorf("it leads to %s", again.to())
	}
	// Nobody else learns that there is such a key.
	f.as(f.Serik).get("/kk/submissions/"+sent.Get("key")).want(t, "another asks for the key", http.StatusNotFound)
	g.get("/kk/submissions/"+sent.Get("key")).want(t, "she asks", http.StatusSeeOther)
	g.get("/kk/submissions/"+uuid.NewString()).want(t, "a key of nothing", http.StatusNotFound)
}

// The key alone tells session and document; one bit of any of them makes another.
func TestAKeyTellsItsSessionAndDocument(t *testing.T) {
	session, digest := []byte(strings.Repeat("s", 32)), []byte(strings.Repeat("d", 32))
	seen := map[uuid.UUID]bool{}
	for range 1000 {
		key, err := submission.Key(session, digest)
		if err != nil || key.Version() != 7 || key.Variant() != uuid.RFC4122 || seen[key] {
			t.Fatalf("%s: version %d, variant %d, seen %v, %v", key, key.Version(), key.Variant(), seen[key], err)
		}
		seen[key] = true
		if !submission.Bound(key, session, digest) || submission.Bound(key, digest, session) || submission.Bound(key, session, nil) {
			t.Fatal("bound to something else")
		}
		key[15] ^= 1
		if submission.Bound(key, session, digest) {
			t.Fatal("another key is bound")
		}
	}
}

// dripping is a body whose last byte comes when it is let.
type dripping struct {
	begin, rest io.Reader
	last        func()
}

func (d *dripping) Read(b []byte) (int, error) {
	if n, err := d.begin.Read(b); err == nil {
		return n, nil
	}
	if d.last != nil {
		d.last()
		d.last = nil
	}
	return d.rest.Read(b)
}

// I4: the moment of a receipt is that at which the last byte had arrived, neither when the
// first came nor when all was written.
func TestAFilingIsReceivedWhenItsLastByteArrives(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	draft := f.petitionDraft()
	to, sent := g.ready(f.Aigul, draft)
	text := sent.Encode()
	began := f.At
	arrived := began.Add(40 * time.Second)
	r := httptest.NewRequest(http.MethodPost, to, &dripping{
		strings.NewReader(text[:len(text)-1]), strings.NewReader(text[len(text)-1:]), func() { f.At = arrived },
	})
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	g.do(r).want(t, "sent slowly", http.StatusSeeOther)
	var filed, recorded time.Time
	if err := f.SQL.Get(&filed, `SELECT filed_at FROM filing WHERE id = $1`, draft); err != nil {
		t.Fatal(err)
	}
	if err := f.SQL.Get(&recorded, `SELECT at FROM record WHERE object_id = $1 AND act = 'filing-submit'`, draft); err != nil {
		t.Fatal(err)
	}
	if !filed.Equal(arrived) || !recorded.Equal(arrived) {
		t.Errorf("begun %v, arrived %v; filed %v, in the record %v", began, arrived, filed, recorded)
	}
}

// While the clock is in doubt nothing is signed, and the draft stays; everything can be
// read. When it is mended the same signature is taken.
func TestNothingIsSignedWhileTheClockIsInDoubt(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	steady := false
	f := behind(t, w, w.App, func(p *portal.Portal) {
		p.Steady = func() bool { return steady }
		p.Unsafe = "fsync, clock"
	})
	g := f.as(f.Aigul)
	draft := f.petitionDraft()
	to, sent := g.ready(f.Aigul, draft)
	for _, lang := range []string{"kk", "ru"} {
		a := g.post("/"+lang+to[3:], sent).want(t, "in doubt", http.StatusServiceUnavailable)
		if said := f.Words.In(lang).T("fault.clock"); !strings.Contains(a.body, said) {
			t.Errorf("%s does not say: %s", lang, said)
		}
	}
	if number, _ := f.filed(t, draft); number != "" {
		t.Error("it was filed at a time that is in doubt")
	}
	g.get("/kk/filings").want(t, "reading goes on", http.StatusOK)
	// Nor are several papers at once.
	ruling, waiting, leaving := f.prepare()
	daniyar := f.as(f.Daniyar)
	three := daniyar.together(daniyar.get("/kk/desk/drafts"))
	daniyar.post("/kk/desk/drafts/signature", three).want(t, "three in doubt", http.StatusServiceUnavailable)
	if got := f.fates(ruling, waiting, leaving); got != "draft awaiting confirmed" {
		t.Errorf("what became of three papers: %s", got)
	}
	steady = true
	daniyar.post("/kk/desk/drafts/signature", three).want(t, "three, mended", http.StatusOK)
	if got := f.fates(ruling, waiting, leaving); got != "published confirmed ended" {
		t.Errorf("what became of three papers, mended: %s", got)
	}
	g.post(to, sent).want(t, "mended", http.StatusSeeOther)
	// What of the server could lose a filing is told to officials, and to nobody else.
	if a := f.as(f.Daniyar).get("/kk/desk"); !strings.Contains(a.body, "fsync, clock") {
		t.Error("the desk does not say that the server is unsafe")
	}
	if a := g.get("/kk/filings"); strings.Contains(a.body, "fsync") {
		t.Error("a citizen is told of the server")
	}
}
