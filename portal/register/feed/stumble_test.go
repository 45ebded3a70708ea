package feed_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/policy"
	"zharia/portal/register/feed"
)

// behind has events go to the register through a front that does with some what it likes.
func (x *exchange) behind(front func(w http.ResponseWriter, body []byte) (done bool)) {
	x.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		if front(w, body) {
			return
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		x.register.ServeHTTP(w, q)
	}))
	x.t.Cleanup(server.Close)
	x.must(feed.Subscribe(x.t.Context(), x.hand, feed.Subscriber{Name: "register", URL: server.URL, Seal: x.register.Seal()}, x.At))
}

// stumbles are the ways in which one event can break the register that takes all others.
var stumbles = map[string]struct {
	do      func(http.ResponseWriter)
	failure string
}{
	"the connection ends": {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "no answer"},
	"it answers with 500": {func(w http.ResponseWriter) { http.Error(w, "", http.StatusInternalServerError) }, "HTTP 500"},
}

func TestAnEventThatBreaksTheRegisterHoldsUpNoOtherAndIsSetAsideAfterADay(t *testing.T) {
	for name, s := range stumbles {
		t.Run(name, func(t *testing.T) {
			x := open(t)
			var breaks uuid.UUID
			x.behind(func(w http.ResponseWriter, body []byte) bool {
				if breaks != uuid.Nil && bytes.Contains(body, []byte(breaks.String())) {
					s.do(w)
				}
				return breaks != uuid.Nil && bytes.Contains(body, []byte(breaks.String()))
			})
			breaks = x.Petition(x.Dana, x.Theft)
			x.Petition(x.Aigul, x.Theft) // waits behind it
			x.tell()
			x.pass(12 * time.Hour) // nobody else says anything: as far as one can see the register is down
			began, aside := x.At, 0
			for hour := 1; hour <= 36; hour++ {
				x.Petition(x.Timur, x.Fraud)
				x.tell()
				had := len(x.register.Diary())
				x.pass(2 * time.Minute)
				if len(x.register.Diary()) == had {
					t.Fatalf("in hour %d another line waits for it", hour)
				}
				x.pass(58 * time.Minute)
				x.must(x.SQL.Get(&aside, `SELECT count(*) FROM sending WHERE state = 'aside'`))
				if aside > 0 {
					break
				}
			}
			if took := x.At.Sub(began); aside != 1 || took < 24*time.Hour {
				t.Fatalf("%d are set aside after %s", aside, took)
			}
			all, err := feed.Watch(t.Context(), x.App.DB, x.Bolat.Asks(policy.DutyRead))
			if err != nil || len(all) != 1 || all[0].Held != 1 || all[0].Silent != 0 || len(all[0].Asides) != 1 || all[0].Asides[0].Failure != s.failure {
				t.Fatalf("duty sees %+v, %v", all, err)
			}
			breaks = uuid.Nil // mended
			ctx := database.As(t.Context(), x.Bolat.Person, uuid.Nil, x.At)
			x.must(feed.Again(ctx, x.App.DB, x.Bolat.Asks(policy.EventAgain), "register", all[0].Asides[0].Seq))
			x.pass(time.Minute)
			x.whole()
		})
	}
}

// While nobody is taken it is nobody's fault, for however long, and whatever an event did before.
func TestARegisterThatIsDownForDaysHasNothingSetAside(t *testing.T) {
	for name, s := range stumbles {
		t.Run(name, func(t *testing.T) {
			x := open(t)
			var down, breaks []byte
			x.behind(func(w http.ResponseWriter, body []byte) bool {
				if is := down != nil || breaks != nil && bytes.Contains(body, breaks); is {
					s.do(w)
					return true
				}
				return false
			})
			breaks = []byte(x.Petition(x.Dana, x.Theft).String())
			for range 5 { // it stumbles alone
				x.Petition(x.Timur, x.Fraud)
				x.tell()
				x.pass(time.Hour)
			}
			down, breaks = []byte("all"), nil
			for range 5 {
				x.busy(1)
				x.Report(x.Stranger, x.Story())
				x.tell()
				x.pass(24 * time.Hour)
			}
			x.Want(t, `SELECT DISTINCT state FROM sending WHERE state <> 'taken'`, "state\nwaiting")
			down = nil
			x.pass(time.Hour)
			x.whole()
			x.Want(t, `SELECT DISTINCT state FROM sending`, "state\ntaken")
		})
	}
}

// However many lines there are, an address that is dead is asked by a handful an hour; and
// when it answers once, nobody waits any more for his own next try.
func TestADeadAddressIsNotAskedByEachLineForItself(t *testing.T) {
	x := open(t)
	asked, down := 0, true
	x.behind(func(http.ResponseWriter, []byte) bool {
		if asked++; down {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	x.busy(1)
	for range 120 {
		x.Report(x.Stranger, x.Story())
	}
	x.tell()
	x.pass(3 * time.Hour)
	if asked > 150 {
		t.Errorf("it was asked %d times in the first hours", asked)
	}
	before := asked
	x.pass(10 * time.Hour)
	if n := asked - before; n < 8 || n > 100 {
		t.Errorf("it was asked %d times in ten hours", n)
	}
	down = false
	for had := 0; had == 0; had = len(x.register.Diary()) {
		x.pass(time.Minute)
	}
	x.pass(time.Minute)
	x.whole()
}
