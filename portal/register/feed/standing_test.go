package feed_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"zharia/portal/database"
	"zharia/portal/policy"
	"zharia/portal/register/feed"
)

// log is what a worker writes, a line after another.
type log struct {
	sync.Mutex
	strings.Builder
}

func (l *log) Write(b []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.Builder.Write(b)
}

// has waits until a line is there so many times.
func (l *log) has(t *testing.T, line string, n int) {
	t.Helper()
	for range 2000 {
		l.Lock()
		got := strings.Count(l.String(), line)
		l.Unlock()
		if got == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%q is not there %d times", line, n)
}

func TestARegisterThatIsNotToldForFiveMinutesIsAnAlarm(t *testing.T) {
	x := open(t)
	gone, err := database.OpenAs(t.Context(), x.W.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	var mu sync.Mutex
	now := x.At
	pass := func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	said := new(log)
	w := feed.Worker{DB: gone, Key: x.Key, Poll: time.Millisecond, Log: slog.New(slog.NewTextHandler(said, nil)), Clock: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }}
	go w.Run(t.Context())
	said.has(t, `msg="tell the register of acts"`, 1)
	pass(4 * time.Minute)
	time.Sleep(20 * time.Millisecond)
	said.has(t, "alarm:", 0)
	pass(2 * time.Minute)
	said.has(t, `msg="alarm: the exchange with the register fails for five minutes"`, 2) // reading and sending
	pass(time.Hour)
	time.Sleep(20 * time.Millisecond)
	said.has(t, "alarm:", 2)
}

// A register whose address was taken out of the settings gets nothing there any more; events
// are made all the same, and the address that it has one day gets what it was not told.
func TestAnAddressThatWasTakenOutGetsNothingAndANewOneGetsAllThatWaited(t *testing.T) {
	x := open(t)
	var at feed.Subscriber
	x.must(x.SQL.Get(&at.URL, `SELECT url FROM subscriber`))
	at.Name, at.Seal = "register", x.register.Seal()
	x.busy(1)
	x.tell()
	x.must(feed.Retire(t.Context(), x.hand, "register"))
	if n := x.send(); n != 0 {
		t.Fatalf("%d events went to an address that is none any more", n)
	}
	x.busy(1)
	x.tell()
	if n := x.send(); n != 0 {
		t.Errorf("%d events were sent", n)
	}
	if all, err := feed.Events(t.Context(), x.hand, 0, 0); err != nil || len(all) != 10 {
		t.Errorf("%d events lie there, %v", len(all), err)
	}
	if seen, err := feed.Watch(t.Context(), x.App.DB, x.Bolat.Asks(policy.DutyRead)); err != nil || len(seen) != 0 {
		t.Errorf("duty sees %+v, %v", seen, err)
	}
	x.busy(1)
	if figures, err := feed.Backlog(t.Context(), x.hand); err != nil || len(figures) != 1 || figures[0].Name != "" || figures[0].Waiting != 5 {
		t.Errorf("the figures are %+v, %v", figures, err)
	}
	x.tell()
	x.must(feed.Subscribe(t.Context(), x.hand, at, x.At))
	if n := x.send(); n != 15 {
		t.Errorf("%d events were taken", n)
	}
	x.whole()
}

// A start of a portal must not walk through all events that there ever were.
func TestWhoIsToldAlreadyIsNotGivenThePastAgain(t *testing.T) {
	x := open(t)
	x.busy(1)
	x.tell()
	x.send()
	if _, err := x.SQL.Exec(`DELETE FROM sending`); err != nil {
		t.Fatal(err)
	}
	var at feed.Subscriber
	x.must(x.SQL.Get(&at.URL, `SELECT url FROM subscriber`))
	at.Name = "register"
	x.must(feed.Subscribe(t.Context(), x.hand, at, x.At))
	x.Want(t, `SELECT count(*) AS sendings FROM sending`, "sendings\n0")
}
