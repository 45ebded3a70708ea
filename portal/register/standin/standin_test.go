package standin_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/filing"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
	"zharia/portal/register/standin"
	"zharia/portal/vault"
)

// house is a whole portal on a socket, and a register that speaks with it.
type house struct {
	*portaltest.W
	register *standin.Register
	line     standin.Line
	teller   *feed.Worker
	dir      string
	ill      atomic.Int64 // so many requests more are answered with 503
	t        *testing.T
}

func open(t *testing.T) *house {
	t.Helper()
	w := portaltest.World(t)
	hand, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hand.Close() })
	key, err := feed.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return w.At }
	p := &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", Clock: clock, Exchange: key.Public(),
		Register: &inbound.Inbox{DB: vault.New(hand, w.App.Keys), Verifier: w.Verifier, Register: w.Troupe.Register.Certificate(), Origin: portaltest.Origin, Clock: clock},
	}
	handler, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{W: w, teller: &feed.Worker{DB: hand, Key: key, Origin: portaltest.Origin, Clock: clock}, dir: t.TempDir(), t: t}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if h.ill.Add(-1) >= 0 {
			http.Error(rw, "", http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	h.line = standin.Line{Client: server.Client(), Portal: server.URL, Origin: portaltest.Origin, Troupe: w.Troupe, Clock: clock, Pause: time.Millisecond}
	public, err := h.line.Key(t.Context())
	if err != nil || public.String() != key.Public().String() {
		t.Fatalf("the portal gives another key: %v", err)
	}
	if h.register, err = standin.Open(h.dir, portaltest.Origin, public, clock); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.register.Close() })
	events := httptest.NewServer(h.register)
	t.Cleanup(events.Close)
	if err := feed.Subscribe(t.Context(), hand, feed.Subscriber{Name: portal.RegisterName, URL: events.URL, Seal: h.register.Seal()}, w.At); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) tell() {
	h.t.Helper()
	for {
		n, err := feed.Tell(h.t.Context(), h.teller.DB, h.At)
		if err != nil {
			h.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func (h *house) send() {
	h.t.Helper()
	for {
		n, err := h.teller.Send(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func none(int, int) {}

func TestACountryComesToThePortalAlthoughItIsBroughtTwiceOutOfOrderToAPortalThatIsIll(t *testing.T) {
	h := open(t)
	h.line.Duplicate, h.line.Shuffle = true, true
	h.ill.Store(3)
	last := 0
	got, err := h.register.Country(t.Context(), h.line, 8, func(done, all int) { last = done*100 + all })
	if err != nil || got.Taken != 24 || len(got.Refused) != 0 || last != 2424 {
		t.Fatalf("%+v, %v, last told of %d", got, err, last)
	}
	h.Want(t, `SELECT kind, state, count(*) AS n FROM inbound GROUP BY 1, 2 ORDER BY 1`,
		"kind|state|n\ncase|taken|8\nmovement|taken|8\nparticipant|taken|8\npersons|taken|1")
	h.Want(t, `SELECT o.post, count(*) AS n FROM casefile c JOIN officer o ON o.person = c.investigator
		WHERE c.id IN (SELECT casefile FROM inbound) GROUP BY 1`, "post|n\ninvestigator|8")
	// Sent once more, after the register was broken off, nothing comes twice.
	h.line.Duplicate = false
	again, err := h.register.Country(t.Context(), h.line, 8, none)
	if err != nil || again.Taken != 24 {
		t.Errorf("again: %+v, %v", again, err)
	}
	h.Want(t, `SELECT count(*) AS n FROM inbound`, "n\n25")
	h.Sound()
}

func TestWhatIsFiledComesToTheRegisterWithItsPaper(t *testing.T) {
	h := open(t)
	id := h.Petition(h.Aigul, h.Theft)
	h.tell()
	h.send()
	var filed *feed.Event
	for _, e := range h.register.Diary() {
		if e.Kind == "filing.filed" {
			filed = &e
		}
	}
	if filed == nil || filed.Subject.ID != id || filed.Paper == nil {
		t.Fatalf("the register knows %+v", filed)
	}
	paper, err := h.register.Fetch(t.Context(), h.line, *filed.Paper)
	if err != nil {
		t.Fatal(err)
	}
	if text := portaltest.PDFText(t, paper.PDF); !strings.Contains(strings.Join(strings.Fields(text), " "), "ноутбук") {
		t.Errorf("it reads %q", text)
	}
	if _, err := h.register.Fetch(t.Context(), h.line, feed.Paper{Document: uuid.New()}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a paper that is not there: %v", err)
	}
}

func TestARegisterThatWasAwayReadsTheRestFromItsPosition(t *testing.T) {
	h := open(t)
	h.register.Fail(standin.Faults{Down: true})
	for range 3 {
		h.Answer(h.Daniyar, h.Petition(h.Aigul, h.Theft), filing.Granted)
	}
	h.tell()
	h.send()
	all, err := feed.Events(t.Context(), h.teller.DB, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := h.register.CatchUp(t.Context(), h.line); err != nil || n != len(all) || n < 6 {
		t.Fatalf("it read %d events of %d, %v", n, len(all), err)
	}
	// What is sent by and by all the same it has already.
	h.register.Fail(standin.Faults{})
	h.At = h.At.Add(time.Hour)
	h.send()
	if got := h.register.Tally(); got.Taken != len(all) || got.Doubles != len(all) {
		t.Errorf("it took %+v", got)
	}
	h.Want(t, `SELECT count(*) AS n FROM sending WHERE state <> 'taken'`, "n\n0")
}

// Order holds in a line only: of two cases the later event may come first, and the earlier
// one waits to be sent again. Whoever goes on from the greatest position never hears of it.
func TestWhatWaitsWhileLaterEventsOfOthersComeIsReadAfterARestart(t *testing.T) {
	h := open(t)
	h.tell()
	h.send()
	if _, err := h.register.CatchUp(t.Context(), h.line); err != nil {
		t.Fatal(err)
	}
	h.Petition(h.Aigul, h.Theft)
	h.tell()
	h.register.Fail(standin.Faults{Wants: func(e feed.Event) bool { return e.Line != h.Theft }})
	h.send()
	h.Petition(h.Timur, h.Fraud)
	h.tell()
	h.send()
	all, err := feed.Events(t.Context(), h.teller.DB, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	before := h.register.Diary()
	newest, err := feed.Parse([]byte(all[len(all)-1]))
	if err != nil || len(before) != len(all)-1 || before[len(before)-1].ID != newest.ID {
		t.Fatalf("%d events of %d came, the last of them %s, %v", len(before), len(all), before[len(before)-1].ID, err)
	}
	h.register.Close()
	again, err := standin.Open(h.dir, portaltest.Origin, h.teller.Key.Public(), func() time.Time { return h.At })
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if n, err := again.CatchUp(t.Context(), h.line); err != nil || n != 1 || len(again.Diary()) != len(all) {
		t.Errorf("it read %d events, %v; it has %d of %d", n, err, len(again.Diary()), len(all))
	}
	if p := again.Position(); p != newest.Position {
		t.Errorf("it goes on from %d, not from %d", p, newest.Position)
	}
	again.Close()
	third, err := standin.Open(h.dir, portaltest.Origin, h.teller.Key.Public(), func() time.Time { return h.At })
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if p := third.Position(); p != newest.Position || len(third.Diary()) != len(all) {
		t.Errorf("at the next start it goes on from %d, not from %d, with %d events of %d", p, newest.Position, len(third.Diary()), len(all))
	}
}

func TestAnswersAreLostAlthoughOthersAreRubbish(t *testing.T) {
	h := open(t)
	h.register.Fail(standin.Faults{Wrong: 2, Lose: 4})
	for range 3 {
		h.Answer(h.Daniyar, h.Petition(h.Aigul, h.Theft), filing.Granted)
	}
	h.tell()
	for range 120 {
		h.send()
		h.At = h.At.Add(time.Minute)
	}
	h.Want(t, `SELECT count(*) AS n FROM sending WHERE state <> 'taken'`, "n\n0")
	if got := h.register.Tally(); got.Doubles == 0 {
		t.Errorf("no answer was lost: %+v", got)
	}
}

func TestEventsAndPapersAreForWhoHasTheKeyOfTheRegisterAndForNobodyElse(t *testing.T) {
	h := open(t)
	h.Petition(h.Aigul, h.Theft)
	h.tell()
	h.send()
	var document string
	for _, e := range h.register.Diary() {
		if e.Kind == "filing.filed" {
			document = e.Paper.Document.String()
		}
	}
	register := func(content []byte) ([]byte, error) { return h.Troupe.Register.SignCMS(content, false, h.At) }
	for name, show := range map[string]func(*http.Request) error{
		"nobody": func(*http.Request) error { return nil },
		"an investigator": func(r *http.Request) error {
			return feed.ShowWho(r, portaltest.Origin, h.At, func(c []byte) ([]byte, error) { return h.Daniyar.Key.SignCMS(c, false, h.At) })
		},
		"an hour ago":      func(r *http.Request) error { return feed.ShowWho(r, portaltest.Origin, h.At.Add(-time.Hour), register) },
		"to another house": func(r *http.Request) error { return feed.ShowWho(r, "https://other.test", h.At, register) },
		"of another address": func(r *http.Request) error {
			other := r.Clone(r.Context())
			other.URL.RawQuery = "after=7"
			err := feed.ShowWho(other, portaltest.Origin, h.At, register)
			r.Header = other.Header
			return err
		},
		"rubbish": func(r *http.Request) error {
			err := feed.ShowWho(r, portaltest.Origin, h.At, register)
			r.Header.Set(feed.HeaderShown, "rubbish")
			return err
		},
	} {
		for _, path := range []string{"/api/v1/events", "/api/v1/papers/" + document} {
			r, _ := http.NewRequest(http.MethodGet, h.line.Portal+path, nil)
			if err := show(r); err != nil {
				t.Fatal(err)
			}
			answer, err := h.line.Client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			var problem inbound.Problem
			json.NewDecoder(answer.Body).Decode(&problem)
			answer.Body.Close()
			if answer.StatusCode != http.StatusForbidden || problem.Code != "fault.register-signature" || problem.Texts["kk"] == "" {
				t.Errorf("%s %s: HTTP %d %s", name, path, answer.StatusCode, problem.Code)
			}
		}
	}
	for query, code := range map[string]string{"after=-1": "fault.register-form", "after=x": "fault.register-form", "after=01": "fault.register-form", "limit=1001": "fault.register-form", "after=99999999999999999999": "fault.register-form"} {
		r, _ := http.NewRequest(http.MethodGet, h.line.Portal+"/api/v1/events?"+query, nil)
		if err := feed.ShowWho(r, portaltest.Origin, h.At, register); err != nil {
			t.Fatal(err)
		}
		answer, err := h.line.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var problem inbound.Problem
		json.NewDecoder(answer.Body).Decode(&problem)
		answer.Body.Close()
		if answer.StatusCode != http.StatusUnprocessableEntity || problem.Code != code {
			t.Errorf("%s: HTTP %d %s", query, answer.StatusCode, problem.Code)
		}
	}
}

// One key of a portal may stand in two places, as when a copy of it is tried out; and one
// portal may tell several. What is signed says whose event it is and for whom.
func TestTheRegisterTakesNoEventOfAnotherPortalOrForAnother(t *testing.T) {
	h := open(t)
	h.Answer(h.Daniyar, h.Petition(h.Aigul, h.Theft), filing.Granted)
	h.tell()
	bodies, err := feed.Events(t.Context(), h.teller.DB, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	e, err := feed.Parse([]byte(bodies[0]))
	if err != nil {
		t.Fatal(err)
	}
	for _, try := range []struct {
		portal, to string
		status     int
	}{
		{"https://portal.example.org", standin.Name, http.StatusUnauthorized},
		{portaltest.Origin, "statistics", http.StatusUnauthorized},
		{portaltest.Origin, standin.Name, http.StatusOK},
	} {
		sent, err := feed.Addressed(bodies[0], try.portal, try.to, feed.Life{})
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(sent) {
			t.Fatalf("no JSON: %s", sent)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(sent))
		h.teller.Key.Sign(r.Header, e.ID.String(), sent, h.At)
		got := httptest.NewRecorder()
		before := len(h.register.Diary())
		h.register.ServeHTTP(got, r)
		if got.Code != try.status || (len(h.register.Diary()) > before) != (try.status == http.StatusOK) {
			t.Errorf("of %s to %s: %d, %d events in the diary", try.portal, try.to, got.Code, len(h.register.Diary()))
		}
	}
}

func TestTheDiaryOutlivesTheRegisterAndAHalfWrittenLineIsCutOff(t *testing.T) {
	h := open(t)
	h.Answer(h.Daniyar, h.Petition(h.Aigul, h.Theft), filing.Granted)
	h.tell()
	h.send()
	before := h.register.Diary()
	h.register.Close()
	file := filepath.Join(h.dir, "diary.jsonl")
	diary, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(diary, `{"id":"half`...), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := standin.Open(h.dir, portaltest.Origin, h.teller.Key.Public(), func() time.Time { return h.At })
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := again.Diary(); len(got) != len(before) || got[len(got)-1].ID != before[len(before)-1].ID || string(again.Seal()) != string(h.register.Seal()) {
		t.Errorf("it remembers %d of %d events", len(got), len(before))
	}
	if err := os.WriteFile(file, append([]byte("rubbish\n"), diary...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := standin.Open(h.dir, portaltest.Origin, h.teller.Key.Public(), time.Now); err == nil {
		t.Error("a diary that somebody spoilt was taken")
	}
}

func TestARegisterTakesNothingThatThePortalDidNotSign(t *testing.T) {
	h := open(t)
	other, _ := feed.NewKey()
	body := []byte(`{"id":"019a9c3e-0000-7000-8000-000000000001","position":1,"previous":0,"line":"019a9c3e-0000-7000-8000-000000000002","kind":"filing.filed"}`)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
	other.Sign(r.Header, "019a9c3e-0000-7000-8000-000000000001", body, h.At)
	w := httptest.NewRecorder()
	h.register.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized || h.register.Tally().Unsigned != 1 || len(h.register.Diary()) != 0 {
		t.Errorf("HTTP %d, %+v", w.Code, h.register.Tally())
	}
}

func TestLettersThatWaitForOneThatIsNotThereAreSaidSo(t *testing.T) {
	h := open(t)
	if _, err := h.register.Country(t.Context(), h.line, 1, none); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(h.dir, "outbox.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n != 3 {
		t.Fatalf("%d letters", n)
	}
	var late standin.Letter
	if err := json.Unmarshal([]byte(strings.SplitN(string(text), "\n", 2)[0]), &late); err != nil {
		t.Fatal(err)
	}
	// The same message is answered as before; one that skips a number waits.
	if got, err := h.line.Push(t.Context(), []standin.Letter{late}, none); err != nil || got.Taken != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	other := open(t)
	letters := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	var gap []standin.Letter
	for _, one := range letters {
		var l standin.Letter
		if err := json.Unmarshal([]byte(one), &l); err != nil {
			t.Fatal(err)
		}
		gap = append(gap, l)
	}
	if got, err := other.line.Push(t.Context(), gap, none); err == nil || got.Gaps != 2 || errors.Is(err, os.ErrNotExist) {
		t.Errorf("%+v, %v", got, err)
	}
}

// What refers to something that is not there yet is brought again when that was taken, and
// nothing that never comes is waited for.
func TestALetterThatRefersToALaterOneIsBroughtAgain(t *testing.T) {
	h := open(t)
	above, below := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	letter := func(court map[string]any) standin.Letter {
		t.Helper()
		id := uuid.Must(uuid.NewV7())
		court["kind"], court["name_kk"], court["name_ru"] = "court", "Сот", "Суд"
		body, err := json.Marshal(map[string]any{"id": id, "portal": portaltest.Origin, "kind": inbound.Bodies, "at": h.At.UTC().Format("2006-01-02T15:04:05Z"), "data": map[string]any{"bodies": []any{court}}})
		h.must(err)
		cms, err := h.Troupe.Register.SignCMS(body, false, h.At)
		h.must(err)
		return standin.Letter{ID: id, Envelope: inbound.Envelope{Body: base64.StdEncoding.EncodeToString(body), CMS: base64.StdEncoding.EncodeToString(cms)}}
	}
	got, err := h.line.Push(t.Context(), []standin.Letter{letter(map[string]any{"id": below, "above": above}), letter(map[string]any{"id": above})}, none)
	if err != nil || got.Taken != 2 || got.Gaps != 1 || len(got.Refused) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	h.Want(t, `SELECT state, count(*) AS n FROM inbound GROUP BY 1`, "state|n\ntaken|2")
	never := letter(map[string]any{"id": uuid.Must(uuid.NewV7()), "above": uuid.Must(uuid.NewV7())})
	if got, err = h.line.Push(t.Context(), []standin.Letter{never}, none); err == nil || got.Gaps != 1 {
		t.Errorf("it never comes: %+v, %v", got, err)
	}
}
