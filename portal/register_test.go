package portal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/notice"
	"zharia/portal/ops"
	"zharia/portal/portaltest"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
)

// registered is a portal that takes what the register of the cast sends.
func registered(t *testing.T, with ...func(*portal.Portal)) *front {
	t.Helper()
	w := portaltest.World(t)
	hand, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hand.Close() })
	clock := func() time.Time { return w.At }
	p := &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", LogKey: portaltest.LogKey, Clock: clock, Channels: notice.Outward,
		Register: &inbound.Inbox{DB: vault.New(hand, w.App.Keys), Verifier: w.Verifier, Register: w.Troupe.Register.Certificate(), Origin: portaltest.Origin, Clock: clock},
	}
	for _, change := range with {
		change(p)
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

// envelope is a message in the hand of the register.
func (f *front) envelope(body []byte) []byte {
	f.t.Helper()
	cms, err := f.Troupe.Register.SignCMS(body, false, f.At)
	if err != nil {
		f.t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]string{"body": base64.StdEncoding.EncodeToString(body), "cms": base64.StdEncoding.EncodeToString(cms)})
	if err != nil {
		f.t.Fatal(err)
	}
	return raw
}

// machine is a request without cookie and language.
func (f *front) machine(method, path, media string, body []byte) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), method, portaltest.Origin+path, bytes.NewReader(body))
	r.Header.Set("Content-Type", media)
	out := httptest.NewRecorder()
	f.ServeHTTP(out, r)
	return out
}

func message(kind inbound.Kind, data any) []byte {
	raw, _ := json.Marshal(map[string]any{"id": uuid.Must(uuid.NewV7()), "portal": portaltest.Origin, "kind": kind, "at": "2026-10-22T09:30:00Z", "data": data})
	return raw
}

// contract is the document as the portal gives it.
func (f *front) contract() map[string]any {
	f.t.Helper()
	got := f.machine(http.MethodGet, "/api/v1/openapi.json", "", nil)
	var doc map[string]any
	if err := json.Unmarshal(got.Body.Bytes(), &doc); err != nil || got.Code != http.StatusOK || got.Header().Get("Set-Cookie") != "" {
		f.t.Fatalf("the contract: %d %v %s", got.Code, err, got.Header())
	}
	return doc
}

// at walks to a place of a document.
func at(t testing.TB, doc any, path ...string) any {
	t.Helper()
	for _, step := range path {
		m, ok := doc.(map[string]any)
		if !ok || m[step] == nil {
			t.Fatalf("the contract has no %s of %v", step, path)
		}
		doc = m[step]
	}
	return doc
}

// refusal reads an answer that refuses, and holds it against the contract.
func (f *front) refusal(doc map[string]any, path string, got *httptest.ResponseRecorder) inbound.Problem {
	f.t.Helper()
	var p inbound.Problem
	d := json.NewDecoder(bytes.NewReader(got.Body.Bytes()))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil || got.Header().Get("Content-Type") != "application/problem+json" || p.Status != got.Code {
		f.t.Fatalf("%d %s: no problem: %s", got.Code, got.Header().Get("Content-Type"), got.Body)
	}
	method := "post"
	if strings.HasSuffix(path, "json") {
		method = "get"
	}
	listed := at(f.t, doc, "paths", path, method, "responses", jsonNumber(p.Status), "x-codes").([]any)
	if !slices.Contains(listed, any(p.Code)) {
		f.t.Errorf("%s answers %d %s, which the contract does not list there", path, p.Status, p.Code)
	}
	if p.Texts["kk"] == "" || p.Texts["ru"] == "" || p.Texts["kk"] == p.Texts["ru"] || p.Request == "" {
		f.t.Errorf("%s has the words %v, request %q", p.Code, p.Texts, p.Request)
	}
	return p
}

func jsonNumber(n int) string { raw, _ := json.Marshal(n); return string(raw) }

func TestTheRegisterSendsAMessageOverHTTPAndIsAnsweredTheSameAgain(t *testing.T) {
	f := registered(t)
	e := f.envelope(message(inbound.Persons, map[string]any{"persons": []any{map[string]any{"iin": f.Stranger.IIN.Reveal(), "name": f.Stranger.FullName()}}}))
	first := f.machine(http.MethodPost, "/api/v1/messages", inbound.MediaMessage, e)
	again := f.machine(http.MethodPost, "/api/v1/messages", inbound.MediaMessage, e)
	if first.Code != http.StatusOK || again.Code != http.StatusOK || first.Body.String() != again.Body.String() {
		t.Fatalf("%d %s, then %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	if !strings.Contains(first.Body.String(), f.Stranger.Person.String()) || strings.Contains(first.Body.String(), f.Stranger.IIN.Reveal()) {
		t.Errorf("the answer is %s", first.Body)
	}
	f.Sound()
}

// Whoever looks after the machine sees in the figures that the exchange stands still, or
// that what comes is refused; nothing of anybody is in them.
func TestWhatTheRegisterSendsIsCountedByWhatCameOfIt(t *testing.T) {
	meter := ops.NewMeter()
	f := registered(t, func(p *portal.Portal) { p.Meter = meter })
	good := f.envelope(f.known())
	aside := f.envelope(message(inbound.Persons, map[string]any{"persons": []any{map[string]any{"iin": "123456789012", "name": "Аты"}}}))
	gap, _ := json.Marshal(map[string]any{"id": uuid.Must(uuid.NewV7()), "portal": portaltest.Origin, "kind": inbound.Movement, "at": "2026-10-22T09:30:00Z",
		"case": uuid.Must(uuid.NewV7()), "sequence": 7, "data": map[string]any{"state": "in-court", "since": "2026-10-01"}})
	for _, body := range [][]byte{good, good, aside, f.envelope(gap), []byte("no")} {
		f.machine(http.MethodPost, "/api/v1/messages", inbound.MediaMessage, body)
	}
	f.machine(http.MethodPost, "/api/v1/batch", inbound.MediaBatch, bytes.Join([][]byte{good, []byte("no")}, []byte("\n")))
	var out strings.Builder
	meter.Write(t.Context(), &out)
	for outcome, n := range map[string]string{"taken": "3", "aside": "1", "refused": "1", "strange": "2"} {
		if want := `portal_register_messages_total{outcome="` + outcome + `"} ` + n + "\n"; !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
	for _, never := range []string{f.Stranger.IIN.Reveal(), f.Stranger.Person.String(), "123456789012"} {
		if strings.Contains(out.String(), never) {
			t.Errorf("%q is among the figures", never)
		}
	}
}

func TestWhereNoRegisterIsPinnedNothingIsThere(t *testing.T) {
	f := open(t)
	nowhere := f.machine(http.MethodPost, "/api/v1/nowhere", inbound.MediaMessage, []byte("{}"))
	for _, path := range []string{"/api/v1/messages", "/api/v1/batch"} {
		got := f.machine(http.MethodPost, path, inbound.MediaMessage, []byte("{}"))
		if got.Code != http.StatusNotFound || got.Code != nowhere.Code {
			t.Errorf("%s answers %d, and what is not there %d", path, got.Code, nowhere.Code)
		}
	}
}

func TestEveryRefusalOfTheRegisterIsInTheContract(t *testing.T) {
	f := registered(t)
	doc := f.contract()
	good := message(inbound.Persons, map[string]any{"persons": []any{map[string]any{"iin": f.Stranger.IIN.Reveal(), "name": f.Stranger.FullName()}}})
	f.machine(http.MethodPost, "/api/v1/messages", inbound.MediaMessage, f.envelope(good))
	late := bytes.Replace(good, []byte("09:30:00"), []byte("09:29:00"), 1)
	foreign := func() []byte {
		raw, _ := json.Marshal(map[string]string{"body": base64.StdEncoding.EncodeToString(good), "cms": base64.StdEncoding.EncodeToString(f.SignedBy(f.Daniyar, good))})
		return raw
	}()
	ofCase := func(kind inbound.Kind, n int, data any) []byte {
		raw, _ := json.Marshal(map[string]any{"id": uuid.Must(uuid.NewV7()), "portal": portaltest.Origin, "kind": kind, "at": "2026-10-22T09:30:00Z", "case": uuid.Must(uuid.NewV7()), "sequence": n, "data": data})
		return raw
	}
	for _, try := range []struct {
		what, media string
		body        []byte
		code        string
	}{
		{"another type", "text/plain", f.envelope(good), "fault.register-media"},
		{"no JSON", inbound.MediaMessage, []byte("no"), "fault.register-form"},
		{"a field twice", inbound.MediaMessage, []byte(`{"body":"e30=","body":"e30=","cms":"e30="}`), "fault.register-form"},
		{"a field in large letters", inbound.MediaMessage, []byte(`{"Body":"e30=","cms":"e30="}`), "fault.register-form"},
		{"another's signature", inbound.MediaMessage, foreign, "fault.register-signature"},
		{"another body under the same id", inbound.MediaMessage, f.envelope(late), "fault.register-key"},
		{"a number that fails its check", inbound.MediaMessage, f.envelope(message(inbound.Persons, map[string]any{"persons": []any{map[string]any{"iin": "123456789012", "name": "Аты"}}})), "fault.register-form"},
		{"a field that is unknown", inbound.MediaMessage, f.envelope(message(inbound.Bodies, map[string]any{"bodies": []any{}, "more": 1})), "fault.register-form"},
		{"out of order", inbound.MediaMessage, f.envelope(ofCase(inbound.Movement, 7, map[string]any{"state": "in-court", "since": "2026-10-01"})), "fault.register-gap"},
		{"of a case that is not there", inbound.MediaMessage, f.envelope(ofCase(inbound.Movement, 1, map[string]any{"state": "in-court", "since": "2026-10-01"})), "fault.register-case"},
		{"a day to come", inbound.MediaMessage, f.envelope(ofCase(inbound.Movement, 1, map[string]any{"state": "in-court", "since": "2026-12-01"})), "fault.register-future"},
		{"too large", inbound.MediaMessage, bytes.Repeat([]byte("x"), inbound.MaxLine+1), "fault.too-large"},
	} {
		got := f.machine(http.MethodPost, "/api/v1/messages", try.media, try.body)
		p := f.refusal(doc, "/messages", got)
		if p.Code != try.code {
			t.Errorf("%s: %d %s at %q, not %s", try.what, p.Status, p.Code, p.Field, try.code)
		}
		if p.Code == "fault.register-gap" && p.Expected != 1 {
			t.Errorf("expected is %d", p.Expected)
		}
	}
	if got := f.machine(http.MethodDelete, "/api/v1/messages", "", nil); got.Code != http.StatusMethodNotAllowed {
		t.Errorf("another method: %d", got.Code)
	}
	f.Sound()
}

// Whoever caught at another portal what the register sent there may bring it here, with its
// good signature: nothing of it is taken, and nothing is kept.
func TestWhatTheRegisterSentAnotherPortalIsNotTakenHere(t *testing.T) {
	f := registered(t)
	doc := f.contract()
	good := message(inbound.Persons, map[string]any{"persons": []any{map[string]any{"iin": f.Stranger.IIN.Reveal(), "name": f.Stranger.FullName()}}})
	for what, body := range map[string][]byte{
		"for another":                     bytes.Replace(good, []byte(portaltest.Origin), []byte("https://portal.example.org"), 1),
		"for one whose name begins alike": bytes.Replace(good, []byte(portaltest.Origin), []byte(portaltest.Origin+".example"), 1),
	} {
		got := f.machine(http.MethodPost, "/api/v1/messages", inbound.MediaMessage, f.envelope(body))
		if p := f.refusal(doc, "/messages", got); p.Status != http.StatusForbidden || p.Code != "fault.register-portal" || p.Field != "portal" {
			t.Errorf("%s: %d %s at %q", what, p.Status, p.Code, p.Field)
		}
		if got = f.machine(http.MethodPost, "/api/v1/batch", inbound.MediaBatch, f.envelope(body)); !strings.Contains(got.Body.String(), "fault.register-portal") {
			t.Errorf("%s, in a batch: %s", what, got.Body)
		}
	}
	nameless := bytes.Replace(good, []byte(`"portal":"`+portaltest.Origin+`"`), []byte(`"portal":""`), 1)
	if p := f.refusal(doc, "/messages", f.machine(http.MethodPost, "/api/v1/messages", inbound.MediaMessage, f.envelope(nameless))); p.Code != "fault.register-form" {
		t.Errorf("for none: %s", p.Code)
	}
	var n int
	if err := f.SQL.Get(&n, `SELECT count(*) FROM inbound`); err != nil || n != 0 {
		t.Errorf("%d messages for others are kept, %v", n, err)
	}
	if got := f.machine(http.MethodPost, "/api/v1/messages", inbound.MediaMessage, f.envelope(good)); got.Code != http.StatusOK {
		t.Errorf("its own: %d %s", got.Code, got.Body)
	}
	f.Sound()
}

func TestABatchIsAnsweredLineByLine(t *testing.T) {
	f := registered(t)
	one := f.envelope(message(inbound.Persons, map[string]any{"persons": []any{map[string]any{"iin": f.Stranger.IIN.Reveal(), "name": f.Stranger.FullName()}}}))
	got := f.machine(http.MethodPost, "/api/v1/batch", inbound.MediaBatch, bytes.Join([][]byte{one, []byte("no"), nil, one}, []byte("\n")))
	var lines []map[string]any
	for line := range strings.Lines(got.Body.String()) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	if len(lines) != 3 || lines[0]["status"] != 200.0 || lines[1]["status"] != 422.0 || lines[2]["status"] != 200.0 {
		t.Fatalf("%d: %s", got.Code, got.Body)
	}
}

// Each example has the shape that the handler takes; what stands in it of signatures is
// judged, and refused as what it is and not as a wrong form.
func TestEveryExampleOfTheContractIsReadByTheHandler(t *testing.T) {
	f := registered(t)
	doc := f.contract()
	taken := 0
	for kind, body := range inbound.Examples(portaltest.Origin) {
		got := f.machine(http.MethodPost, "/api/v1/messages", inbound.MediaMessage, f.envelope(body))
		if got.Code == http.StatusOK {
			taken++
			continue
		}
		if p := f.refusal(doc, "/messages", got); p.Code == "fault.register-form" {
			t.Errorf("the example of %s is refused for its form at %q", kind, p.Field)
		}
	}
	if taken < 2 {
		t.Errorf("only %d examples are taken", taken)
	}
	if listed := at(t, doc, "components", "schemas", "message", "examples").([]any); len(listed) != len(inbound.Kinds) {
		t.Errorf("%d examples for %d kinds", len(listed), len(inbound.Kinds))
	}
}

// What a document of OpenAPI 3.1 must have, and that nothing in it leads nowhere.
func TestTheContractIsWhole(t *testing.T) {
	f := registered(t)
	doc := f.contract()
	if doc["openapi"] != "3.1.0" || at(t, doc, "info", "title") == "" || at(t, doc, "info", "version") == "" {
		t.Errorf("%v", doc["info"])
	}
	refs := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				refs++
				at(t, doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			}
			if required, ok := v["required"].([]any); ok {
				properties, _ := v["properties"].(map[string]any)
				for _, name := range required {
					if properties[name.(string)] == nil {
						t.Errorf("%s is required and described nowhere", name)
					}
				}
			}
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(doc)
	if refs < 30 {
		t.Errorf("only %d references", refs)
	}
	paths := at(t, doc, "paths").(map[string]any)
	for _, r := range portal.Routes() {
		path, ours := strings.CutPrefix(r.Path, "/api/v1")
		if !ours {
			continue
		}
		parts := strings.Split(path, "/")
		for i, part := range parts {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				parts[i] = "{" + name + "}"
			}
		}
		path = strings.Join(parts, "/")
		if paths[path] == nil || paths[path].(map[string]any)[strings.ToLower(r.Method)] == nil {
			t.Errorf("%s %s is not in the contract", r.Method, r.Path)
		}
		delete(paths, path)
	}
	for path := range paths {
		t.Errorf("the contract has %s, and the portal has not", path)
	}
}
