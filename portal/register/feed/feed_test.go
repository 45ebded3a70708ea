package feed_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
	"zharia/portal/register/standin"
)

// exchange is a world whose register is the stand-in; both live by the clock of the world.
type exchange struct {
	*portaltest.W
	*feed.Worker
	register *standin.Register
	hand     *database.DB
	dir      string
	t        *testing.T
}

func open(t *testing.T) *exchange {
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
	x := &exchange{W: w, hand: hand, dir: t.TempDir(), t: t}
	clock := func() time.Time { return w.At }
	x.Worker = &feed.Worker{DB: hand, Key: key, Origin: portaltest.Origin, Clock: clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if x.register, err = standin.Open(x.dir, portaltest.Origin, key.Public(), clock); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.register.Close() })
	x.tell() // what the cast did while it played is not told
	if _, err := w.SQL.Exec(`DELETE FROM event`); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(x.register)
	t.Cleanup(server.Close)
	if err := feed.Subscribe(t.Context(), hand, feed.Subscriber{Name: "register", URL: server.URL, Seal: x.register.Seal()}, w.At); err != nil {
		t.Fatal(err)
	}
	return x
}

// tell makes events of all acts that there are.
func (x *exchange) tell() {
	x.t.Helper()
	for {
		n, err := feed.Tell(x.t.Context(), x.hand, x.At)
		if err != nil {
			x.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// send sends for as long as something is taken, and answers how much was.
func (x *exchange) send() (taken int) {
	x.t.Helper()
	for {
		n, err := x.Send(x.t.Context())
		if err != nil {
			x.t.Fatal(err)
		}
		if n == 0 {
			return taken
		}
		taken += n
	}
}

// pass lets time pass by the minute, sending all the while.
func (x *exchange) pass(d time.Duration) {
	x.t.Helper()
	for end := x.At.Add(d); x.At.Before(end); {
		x.At = x.At.Add(time.Minute)
		x.send()
	}
}

// kinds are the events of the diary, by line.
func (x *exchange) kinds() map[uuid.UUID]string {
	out := map[uuid.UUID]string{}
	for _, e := range x.register.Diary() {
		out[e.Line] = strings.TrimSpace(out[e.Line] + " " + string(e.Kind))
	}
	return out
}

// whole compares the diary with the record: every event there is, once, each line in order.
func (x *exchange) whole() {
	x.t.Helper()
	made, err := feed.Events(x.t.Context(), x.hand, 0, 0)
	if err != nil {
		x.t.Fatal(err)
	}
	seen, last := map[int64]bool{}, map[uuid.UUID]int64{}
	for _, e := range x.register.Diary() {
		if seen[e.Position] || e.Position <= last[e.Line] {
			x.t.Errorf("event %d came twice or out of its order", e.Position)
		}
		seen[e.Position], last[e.Line] = true, e.Position
	}
	if len(seen) != len(made) {
		x.t.Errorf("the register has %d events of %d", len(seen), len(made))
	}
}

// busy has people file and officials answer in both cases.
func (x *exchange) busy(rounds int) {
	for range rounds {
		first := x.Petition(x.Aigul, x.Theft)
		x.Answer(x.Daniyar, first, filing.Granted)
		second := x.Petition(x.Aigul, x.Theft)
		if err := x.Withdraw(x.Aigul, second); err != nil {
			x.t.Fatal(err)
		}
		x.Petition(x.Timur, x.Fraud)
	}
}

func TestTheRegisterIsToldOfWhatWasFiledAnsweredAndTakenBackInItsOrder(t *testing.T) {
	x := open(t)
	x.busy(1)
	x.tell()
	if n := x.send(); n != 5 {
		t.Fatalf("%d events were taken", n)
	}
	if got := x.kinds(); got[x.Theft] != "filing.filed filing.answered filing.filed filing.withdrawn" || got[x.Fraud] != "filing.filed" {
		t.Errorf("the register was told %v", got)
	}
	x.whole()
	for _, e := range x.register.Diary() {
		if e.Subject.Number == "" || e.Paper == nil || e.Law == "" || e.Case == nil || *e.Case != e.Line {
			t.Errorf("an event lacks something: %+v", e)
		}
	}
	if n := x.send(); n != 0 {
		t.Errorf("%d events were sent again", n)
	}
}

func TestAnEventSaysNothingThatPeopleWroteAndNamesNobody(t *testing.T) {
	x := open(t)
	x.busy(1)
	x.tell()
	bodies, err := feed.Events(t.Context(), x.hand, 0, 0)
	if err != nil || len(bodies) != 5 {
		t.Fatalf("%d events, %v", len(bodies), err)
	}
	all := strings.Join(bodies, "\n")
	for _, word := range []string{portaltest.Circumstances, portaltest.Request, x.Aigul.Surname, x.Aigul.IIN.Reveal(), x.Aigul.Person.String(), x.Number(x.Theft)} {
		if strings.Contains(all, word) {
			t.Errorf("an event has %q", word)
		}
	}
}

func TestThePaperOfAFilingIsOpenedByTheRegisterAloneAndIsTheOneThatWasSigned(t *testing.T) {
	x := open(t)
	x.busy(1)
	x.tell()
	x.send()
	other, err := standin.Open(t.TempDir(), portaltest.Origin, x.Key.Public(), func() time.Time { return x.At })
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, e := range x.register.Diary() {
		sealed, err := feed.ReadPaper(t.Context(), x.hand, "register", e.Paper.Document)
		if err != nil {
			t.Fatalf("%s: %v", e.Kind, err)
		}
		paper, err := x.register.Open(e.Paper.Document, sealed)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(paper.PDF); hex.EncodeToString(sum[:]) != e.Paper.SHA256 || len(paper.PDF) != e.Paper.Size {
			t.Errorf("%s: another paper was sealed", e.Kind)
		}
		if _, err := x.Verifier.Document(t.Context(), paper.CMS, paper.PDF, x.At); err != nil {
			t.Errorf("%s: its signature: %v", e.Kind, err)
		}
		if _, err := other.Open(e.Paper.Document, sealed); err == nil {
			t.Error("another register opened it")
		}
		if _, err := x.register.Open(uuid.New(), sealed); err == nil {
			t.Error("it passes for another paper")
		}
		if bytes.Contains(sealed, paper.PDF[:64]) {
			t.Error("it is not sealed")
		}
		if _, err := feed.ReadPaper(t.Context(), x.hand, "somebody", e.Paper.Document); !errors.Is(err, fault.NotFound) {
			t.Errorf("somebody else was given it: %v", err)
		}
	}
}

func TestWhereNobodyIsToldNoPaperIsSealed(t *testing.T) {
	w := portaltest.World(t)
	w.Petition(w.Aigul, w.Theft)
	w.Want(t, `SELECT count(*) AS papers FROM event_paper`, "papers\n0")
}

func TestARegisterThatIsDownForADayLosesNothing(t *testing.T) {
	x := open(t)
	x.register.Fail(standin.Faults{Down: true})
	for range 4 {
		x.busy(1)
		x.tell()
		x.pass(6 * time.Hour)
	}
	if n := len(x.register.Diary()); n != 0 {
		t.Fatalf("it was down and took %d events", n)
	}
	x.Want(t, `SELECT state, count(*) AS events FROM sending GROUP BY 1`, "state|events\nwaiting|20")
	x.register.Fail(standin.Faults{})
	x.pass(time.Hour)
	x.whole()
	x.Want(t, `SELECT state, count(*) AS events FROM sending GROUP BY 1`, "state|events\ntaken|20")
	x.Want(t, `SELECT silent FROM subscriber`, "silent\n0")
}

func TestADeadRegisterIsAskedOnceAnHourAndNotMore(t *testing.T) {
	x := open(t)
	x.busy(1)
	x.tell()
	x.register.Fail(standin.Faults{Down: true})
	x.pass(24 * time.Hour)
	var tries int
	if err := x.SQL.Get(&tries, `SELECT max(tries) FROM sending`); err != nil || tries < 24 || tries > 40 {
		t.Errorf("it was asked %d times in a day, %v", tries, err)
	}
}

func TestRubbishForAnAnswerIsNoReceiptAndADoubleHarmsNothing(t *testing.T) {
	x := open(t)
	x.register.Fail(standin.Faults{Wrong: 2, Lose: 3})
	x.busy(4)
	x.tell()
	x.pass(3 * time.Hour)
	x.whole()
	if got := x.register.Tally(); got.Taken != 20 || got.Doubles == 0 || got.Early != 0 || got.Unsigned != 0 {
		t.Errorf("it took %+v", got)
	}
}

func TestWhatTheRegisterRefusesIsSetAsideAndKeepsOnlyItsOwnCaseWaiting(t *testing.T) {
	x := open(t)
	x.busy(1)
	x.tell()
	poison := int64(0)
	x.register.Fail(standin.Faults{Wants: func(e feed.Event) bool {
		if e.Kind == "filing.answered" {
			poison = e.Position
			return false
		}
		return true
	}})
	x.pass(24 * time.Hour)
	if got := x.kinds(); got[x.Theft] != "filing.filed" || got[x.Fraud] != "filing.filed" {
		t.Errorf("the register was told %v", got)
	}
	ask := x.Bolat.Asks(policy.DutyRead)
	all, err := feed.Watch(t.Context(), x.App.DB, ask)
	if err != nil || len(all) != 1 || all[0].Waiting != 2 || all[0].Held != 2 || len(all[0].Asides) != 1 ||
		all[0].Asides[0].Seq != poison || all[0].Asides[0].Tries != 8 || all[0].Asides[0].Failure != "the event is refused: HTTP 422" {
		t.Fatalf("duty sees %+v, %v", all, err)
	}
	if figures, err := feed.Backlog(t.Context(), x.hand); err != nil || len(figures) != 1 || figures[0].Waiting != 2 || figures[0].Aside != 1 || !figures[0].Since.Equal(*all[0].Since) {
		t.Errorf("the figures are %+v, %v", figures, err)
	}
	// It is mended there; somebody on duty has it sent again, and the rest follows.
	x.register.Fail(standin.Faults{})
	again := x.Bolat.Asks(policy.EventAgain)
	ctx := database.As(t.Context(), x.Bolat.Person, uuid.Nil, x.At)
	if err := feed.Again(ctx, x.App.DB, again, "register", poison); err != nil {
		t.Fatal(err)
	}
	if err := feed.Again(ctx, x.App.DB, again, "register", poison); !errors.Is(err, fault.NotFound) {
		t.Errorf("what is not set aside was tried again: %v", err)
	}
	x.pass(time.Minute)
	x.whole()
	x.Want(t, `SELECT who, object FROM record WHERE act = 'event-again'`, "who|object\nbolat|event")
	x.Sound()
}

func TestOnlyWhoIsOnDutySeesHowTheExchangeGoes(t *testing.T) {
	x := open(t)
	if _, err := feed.Watch(t.Context(), x.App.DB, x.Aigul.Asks(policy.DutyRead)); err == nil {
		t.Error("a citizen saw it")
	}
	if err := feed.Again(t.Context(), x.App.DB, x.Aigul.Asks(policy.EventAgain), "register", 1); err == nil {
		t.Error("a citizen had it tried again")
	}
}

func TestSeveralProcessesShareTheWorkAndKeepTheOrder(t *testing.T) {
	x := open(t)
	x.busy(4)
	x.register.Fail(standin.Faults{Slow: 5 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ended := make(chan bool, 3)
	for range 3 {
		w := *x.Worker
		w.Poll = 10 * time.Millisecond
		go func() { w.Run(ctx); ended <- true }()
	}
	for ctx.Err() == nil && len(x.register.Diary()) < 20 {
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	for range 3 {
		<-ended
	}
	x.whole()
	if got := x.register.Tally(); got.Taken != 20 || got.Early != 0 {
		t.Errorf("it took %+v", got)
	}
}

func TestASendingOfAProcessThatDiedIsTakenOverWhenItsLeaseEnds(t *testing.T) {
	x := open(t)
	x.Petition(x.Aigul, x.Theft)
	x.tell()
	if _, err := x.SQL.Exec(`UPDATE sending SET tries = 1, leased_until = $1`, x.At.Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := x.send(); n != 0 {
		t.Error("somebody has it in hand, and it was sent")
	}
	x.At = x.At.Add(2 * time.Minute)
	if n := x.send(); n != 1 {
		t.Errorf("%d were taken", n)
	}
}

func TestEventsAreReadAgainFromAnyPositionAndAreTheSameBytes(t *testing.T) {
	x := open(t)
	x.busy(1)
	x.tell()
	all, err := feed.Events(t.Context(), x.hand, 0, 0)
	if err != nil || len(all) != 5 {
		t.Fatalf("%d events, %v", len(all), err)
	}
	at, walked := int64(0), []string{}
	for {
		page, err := feed.Events(t.Context(), x.hand, at, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		walked = append(walked, page...)
		last, err := feed.Parse([]byte(page[len(page)-1]))
		if err != nil {
			t.Fatal(err)
		}
		at = last.Position
	}
	if strings.Join(walked, "\n") != strings.Join(all, "\n") {
		t.Error("read in pages they are others")
	}
	// Lost, they are made of the record again, the same to the byte.
	first, _ := feed.Parse([]byte(all[0]))
	for _, q := range []string{`DELETE FROM sending`, `DELETE FROM event`, fmt.Sprintf(`UPDATE herald SET seq = %d`, first.Position-1)} {
		if _, err := x.SQL.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	x.tell()
	if again, err := feed.Events(t.Context(), x.hand, 0, 0); err != nil || strings.Join(again, "\n") != strings.Join(all, "\n") {
		t.Errorf("made again they are others, %v", err)
	}
}

func TestWhoSubscribesLateIsToldOfWhatIsPast(t *testing.T) {
	x := open(t)
	x.busy(1)
	x.tell()
	key := x.Key.Public()
	late, err := standin.Open(t.TempDir(), portaltest.Origin, key, func() time.Time { return x.At })
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	late.Called("second")
	server := httptest.NewServer(late)
	defer server.Close()
	if err := feed.Subscribe(t.Context(), x.hand, feed.Subscriber{Name: "second", URL: server.URL}, x.At); err != nil {
		t.Fatal(err)
	}
	x.register.Fail(standin.Faults{Down: true})
	x.pass(10 * time.Minute)
	if n := len(late.Diary()); n != 5 {
		t.Errorf("it was told of %d events while another is down", n)
	}
}

func TestAMessageThatThePortalDidNotSignNowIsNotTaken(t *testing.T) {
	key, _ := feed.NewKey()
	other, _ := feed.NewKey()
	at := time.Date(2026, 10, 22, 9, 30, 0, 0, time.UTC)
	body := []byte(`{"id":"x"}`)
	for name, test := range map[string]struct {
		do func(http.Header, []byte) []byte
		at time.Time
		ok bool
	}{
		"as it was sent":     {nil, at, true},
		"four minutes later": {nil, at.Add(4 * time.Minute), true},
		"six minutes later":  {nil, at.Add(6 * time.Minute), false},
		"six minutes before": {nil, at.Add(-6 * time.Minute), false},
		"another body":       {func(h http.Header, b []byte) []byte { return append(b, ' ') }, at, false},
		"another id":         {func(h http.Header, b []byte) []byte { h.Set(feed.HeaderID, "y"); return b }, at, false},
		"another time":       {func(h http.Header, b []byte) []byte { h.Set(feed.HeaderTime, "1792661401"); return b }, at, false},
		"no time":            {func(h http.Header, b []byte) []byte { h.Del(feed.HeaderTime); return b }, at, false},
		"no signature":       {func(h http.Header, b []byte) []byte { h.Del(feed.HeaderSignature); return b }, at, false},
		"of another algorithm": {func(h http.Header, b []byte) []byte {
			h.Set(feed.HeaderSignature, "v1"+h.Get(feed.HeaderSignature)[3:])
			return b
		}, at, false},
		"by another key": {func(h http.Header, b []byte) []byte { other.Sign(h, "x", b, at); return b }, at, false},
		"by another key under the name of ours": {func(h http.Header, b []byte) []byte {
			other.Sign(h, "x", b, at)
			h.Set(feed.HeaderKey, key.Public().ID())
			return b
		}, at, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, sent := http.Header{}, bytes.Clone(body)
			key.Sign(h, "x", sent, at)
			if test.do != nil {
				sent = test.do(h, sent)
			}
			if err := key.Public().Verify(h, sent, test.at); (err == nil) != test.ok || err != nil && !errors.Is(err, feed.ErrSignature) {
				t.Errorf("it is %v", err)
			}
		})
	}
}

func TestTheKeyIsMadeOnceAndKeptFromOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "exchange.key")
	made, err := feed.LoadKey(file)
	if err != nil {
		t.Fatal(err)
	}
	if about, _ := os.Stat(file); about.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v", about.Mode())
	}
	if again, err := feed.LoadKey(file); err != nil || again.Public().String() != made.Public().String() {
		t.Errorf("another key at the next start, %v", err)
	}
	if public, err := feed.ParsePublic(made.Public().String()); err != nil || public.ID() != made.Public().ID() {
		t.Errorf("its public half reads otherwise, %v", err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := feed.LoadKey(file); err == nil {
		t.Error("a key that anybody may read was taken")
	}
	os.Chmod(file, 0o600)
	os.WriteFile(file, []byte("rubbish"), 0o600)
	if _, err := feed.LoadKey(file); err == nil {
		t.Error("rubbish was taken for a key")
	}
	if _, err := feed.ParsePublic("rubbish"); err == nil {
		t.Error("rubbish was taken for a public key")
	}
}

// Two portals of a site that start for the first time at one moment sign with one key: the
// register knows one, and what the other signs would be refused.
func TestWhoeverStartsAtOneMomentHasOneKey(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		file, start := filepath.Join(dir, "exchange.key"), make(chan struct{})
		keys := make(chan string, 32)
		for range cap(keys) {
			go func() {
				<-start
				key, err := feed.LoadKey(file)
				if err != nil {
					t.Errorf("a portal does not start: %v", err)
					keys <- ""
					return
				}
				keys <- key.Public().String()
			}()
		}
		close(start)
		kept := map[string]bool{}
		for range cap(keys) {
			kept[<-keys] = true
		}
		next, err := feed.LoadKey(file)
		if err != nil || len(kept) != 1 || !kept[next.Public().String()] {
			t.Fatalf("they go on with %d keys, and the next start with %s: %v", len(kept), next.Public(), err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Fatalf("there are %v %v", left, err)
		}
	}
}

func TestEventsGoWhereNobodyListensOnTheWay(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://register.gov.kz/zharia": true, "http://127.0.0.1:9000/events": true, "http://[::1]:9000/": true,
		"http://register.gov.kz/": false, "http://localhost/": false, "https://user:password@register.gov.kz/": false, "ftp://127.0.0.1/": false, "": false, "https://": false,
	} {
		if err := (feed.Subscriber{Name: "register", URL: url}).Check(); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
	if (feed.Subscriber{Name: "register", URL: "https://register.gov.kz/", Seal: []byte("short")}).Check() == nil {
		t.Error("a key of five bytes was taken")
	}
}

func TestPapersThatWereTakenAreDroppedAfterTheirTimeAndNoOthers(t *testing.T) {
	x := open(t)
	x.Petition(x.Aigul, x.Theft)
	x.tell()
	x.send()
	x.Petition(x.Aigul, x.Theft)
	x.tell()
	if err := feed.DropPapers(t.Context(), x.hand, x.At.Add(feed.PaperLife-time.Hour)); err != nil {
		t.Fatal(err)
	}
	x.Want(t, `SELECT count(*) AS papers FROM event_paper`, "papers\n2")
	if err := feed.DropPapers(t.Context(), x.hand, x.At.Add(feed.PaperLife+time.Hour)); err != nil {
		t.Fatal(err)
	}
	x.Want(t, `SELECT count(*) AS papers, count(*) FILTER (WHERE s.state = 'waiting') AS waiting
		FROM event_paper p JOIN event e ON e.document = p.document JOIN sending s ON s.seq = e.seq`, "papers|waiting\n1|1")
}
