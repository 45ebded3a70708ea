package portal_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/notice"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// front is the whole portal over a world: every middleware, every page, no
// socket.
type front struct {
	*portaltest.W
	http.Handler
	t testing.TB
}

// open puts a portal in front of a world of the test's own.
func open(t testing.TB) *front {
	t.Helper()
	w := portaltest.World(t)
	return openOver(t, w, w.Verifier)
}

func openOver(t testing.TB, w *portaltest.W, v *eds.Verifier) *front {
	t.Helper()
	p := &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: v, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", LogKey: portaltest.LogKey,
		Clock: func() time.Time { return w.At }, Channels: notice.Outward,
	}
	if err := portal.Share(p); err != nil {
		t.Fatal(err)
	}
	handler, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return &front{w, handler, t}
}

// guest is somebody with a browser: what he sends carries his cookie.
type guest struct {
	*front
	cookie string             // "" before the first one is set
	home   string             // network address; each member asks from a place of his own
	heard  func(query string) // each query that his requests cause, if he listens
}

// cookieName is the one of a portal that stands on https.
const cookieName = "__Host-zharia"

// visitor has just come.
func (f *front) visitor() *guest { return &guest{front: f} }

// as is a member who has signed in: the session is put there as the sign-in
// would, so that a table of a thousand requests needs no thousand signatures.
func (f *front) as(a *portaltest.Actor) *guest {
	f.t.Helper()
	token, id := make([]byte, 64), uuid.Must(uuid.NewV7())
	rand.Read(token)
	hash, cert := sha256.Sum256(token[:32]), sha256.Sum256(a.Key.Certificate())
	var login []byte
	if f.Guarded() != nil { // who asks a real keeper has signed for the key of his session
		_, signed := f.Ticket(a, token[32:])
		plain, err := json.Marshal(signed)
		if err == nil {
			login, err = f.App.SealBrief("session", "login", id, plain)
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	_, err := f.SQL.ExecContext(f.t.Context(),
		`INSERT INTO session (token_hash, id, person, certificate, way, made_at, seen_at, ends_at, told, login) VALUES ($1, $2, $3, $4, 'agent', $5, $5, $6, true, $7)`,
		hash[:], id, a.Person, cert[:], f.At, f.At.Add(identity.Life), login)
	if err != nil {
		f.t.Fatal(err)
	}
	return &guest{front: f, cookie: base64.RawURLEncoding.EncodeToString(token), home: fmt.Sprintf("198.18.%d.%d:1", hash[0], hash[1])}
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// to is where an answer leads.
func (a answer) to() string { return a.Header.Get("Location") }

func (g *guest) get(path string) answer { return g.do(httptest.NewRequest(http.MethodGet, path, nil)) }

func (g *guest) post(path string, fields url.Values) answer {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return g.do(r)
}

// upload posts a form with a file in it.
func (g *guest) upload(path, field string, file []byte, fields url.Values) answer {
	g.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, value := range values {
			form.WriteField(name, value)
		}
	}
	part, err := form.CreateFormFile(field, "file.pdf")
	if err != nil {
		g.t.Fatal(err)
	}
	part.Write(file)
	form.Close()
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return g.do(r)
}

func (g *guest) do(r *http.Request) answer {
	g.t.Helper()
	if g.cookie != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: g.cookie})
	}
	if g.home != "" {
		r.RemoteAddr = g.home
	}
	if g.heard != nil {
		r = r.WithContext(database.Overheard(r.Context(), g.heard))
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		if c.Name == cookieName {
			g.cookie = c.Value
		}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return answer{res, string(body)}
}

// want fails unless the answer has this status.
func (a answer) want(t testing.TB, what string, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s: status %d %s, want %d\n%s", what, a.StatusCode, a.to(), status, short(a.body))
	}
	return a
}

func short(s string) string {
	if len(s) > 1500 {
		return s[:1500] + "…"
	}
	return s
}

// attribute is the value of an attribute in a page that has it once.
func (a answer) attribute(t testing.TB, name string) string {
	t.Helper()
	found := regexp.MustCompile(`\b` + name + `="([^"]*)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no %s in\n%s", name, short(a.body))
	}
	return html.UnescapeString(found[1])
}

// hidden is the value of a hidden field.
func (a answer) hidden(t testing.TB, name string) string {
	t.Helper()
	found := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)">`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no hidden field %s in\n%s", name, short(a.body))
	}
	return html.UnescapeString(found[1])
}

// action is where the signature that a page asks for goes.
func (a answer) action(t testing.TB) string {
	t.Helper()
	found := regexp.MustCompile(`<form id="sign" method="post" action="([^"]+)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("nothing is signed on\n%s", short(a.body))
	}
	return found[1]
}

// signer makes a signature in the common way of key and cast.
type signer interface {
	SignCMS(content []byte, attached bool, at time.Time) ([]byte, error)
}

// signIn goes through the sign-in page with a real key.
func (g *guest) signIn(k signer) answer {
	g.t.Helper()
	page := g.get("/kk/signin").want(g.t, "the sign-in page", http.StatusOK)
	return g.signChallenge(page, k)
}

// decode opens what a page offers to sign.
func decode(content string) ([]byte, error) { return base64.StdEncoding.DecodeString(content) }

func (g *guest) signChallenge(page answer, k signer) answer {
	g.t.Helper()
	content, err := decode(page.attribute(g.t, "data-content"))
	if err != nil {
		g.t.Fatal(err)
	}
	return g.post(page.action(g.t), url.Values{
		"challenge": {page.hidden(g.t, "challenge")}, "next": {page.hidden(g.t, "next")}, "kept": {page.hidden(g.t, "kept")},
		"signature": {g.signature(k, content, true)},
	})
}

func (g *guest) signature(k signer, content []byte, attached bool) string {
	g.t.Helper()
	cms, err := k.SignCMS(content, attached, g.At)
	if err != nil {
		g.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(cms)
}

// sign signs the document of a page on which something is signed, and posts it.
func (g *guest) sign(page answer, k signer) answer {
	g.t.Helper()
	doc := g.get(page.attribute(g.t, "data-content-url")).want(g.t, "the document to sign", http.StatusOK)
	return g.post(page.action(g.t), url.Values{
		"digest": {page.hidden(g.t, "digest")}, "key": {page.hidden(g.t, "key")}, "signature": {g.signature(k, []byte(doc.body), false)},
	})
}

// objects are the things of the stories that addresses lead to, by a word.
type objects map[string]uuid.UUID

// play adds to a world what the cast has not done: a draft, a filing that waits,
// one that is answered, a complaint about the investigator, drafts of officials.
// The ids are fixed, so that golden files do not change from run to run.
func (f *front) play() objects {
	o := objects{
		"theft": f.Theft, "fraud": f.Fraud,
		"read": f.Decision("expertise-set"), "copy": f.Decision("victim-recognised"), "fact": f.Decision("suspect-recognised"),
		"flagged": f.Decision("bank-secret"), "not hers": f.Decision("fraud-suspect"),
		"awaiting": f.Participant("aigul@fraud"), "confirmed": f.Participant("saule@theft"),
	}
	now := f.At
	f.At = now.Add(-time.Hour)
	for _, act := range []func(){
		func() {
			o["draft"] = f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
		},
		func() { o["filed"] = f.Petition(f.Aigul, f.Theft) },
		func() { o["answered"] = f.Petition(f.Aigul, f.Theft) },
		func() { f.Answer(f.Daniyar, o["answered"], filing.GrantedPart) },
		func() { o["complaint"] = f.Complaint(f.Aigul, f.Theft, "other", "term-extended") },
		func() { o["defence"] = f.Petition(f.Dana, f.Theft) },
		func() { o["unsigned"] = f.draftRuling() },
	} {
		act()
		f.At = f.At.Add(7 * time.Minute)
	}
	f.At = now
	return o
}

// draftRuling is a decision that Daniyar is writing.
func (f *front) draftRuling() uuid.UUID {
	f.t.Helper()
	id := uuid.Must(uuid.NewV7())
	day := time.Date(f.At.Year(), f.At.Month(), f.At.Day(), 0, 0, 0, 0, time.UTC)
	err := casefile.DraftDecision(f.t.Context(), f.DB, f.Press, f.Daniyar.Asks(policy.DecisionDraft), f.Theft, id, casefile.DecisionDraft{
		Kind: "group", DecidedOn: day, Language: "kk", Concerns: []uuid.UUID{f.Participant("aigul@theft")},
		Established: portaltest.Circumstances, Resolved: portaltest.Request,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

// draftSuspicion is a ruling on Serik that Daniyar is writing; it waits for the
// prosecutor once it is signed.
func (f *front) draftSuspicion() uuid.UUID {
	f.t.Helper()
	id := uuid.Must(uuid.NewV7())
	day := time.Date(f.At.Year(), f.At.Month(), f.At.Day(), 0, 0, 0, 0, time.UTC)
	err := casefile.DraftDecision(f.t.Context(), f.DB, f.Press, f.Daniyar.Asks(policy.DecisionDraft), f.Theft, id, casefile.DecisionDraft{
		Kind: "qualified", DecidedOn: day, Language: "kk", Concerns: []uuid.UUID{f.Participant("serik@theft")},
		Established: portaltest.Circumstances, Resolved: portaltest.Request,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

// submitted is such a ruling, signed.
func (f *front) submitted() uuid.UUID {
	f.t.Helper()
	id := f.draftSuspicion()
	if err := f.Publish(f.Daniyar, id); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// agreementDraft has Zhanar prepare her refusal of a decision.
func (f *front) agreementDraft(id uuid.UUID) {
	f.t.Helper()
	err := casefile.DraftAgreement(f.t.Context(), f.DB, f.Press, f.Zhanar.Asks(policy.AgreementDraft), id, casefile.Agreement{Reasons: portaltest.Reasons, Language: "kk"})
	if err != nil {
		f.t.Fatal(err)
	}
}

// paperOf is the document of a thing.
func (f *front) paperOf(table string, id uuid.UUID) uuid.UUID {
	f.t.Helper()
	var doc uuid.UUID
	if err := f.SQL.GetContext(f.t.Context(), &doc, `SELECT document FROM `+table+` WHERE id = $1`, id); err != nil {
		f.t.Fatal(err)
	}
	return doc
}

// golden compares a text with testdata/NAME, or writes it there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got); -update writes it anew\n%s", name, diff)
	}
}
