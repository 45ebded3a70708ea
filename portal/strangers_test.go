package portal_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"zharia/portal"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
)

// sent is what a machine at an address of the network sends.
func (f *front) sent(from, path, media string, body []byte) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), http.MethodPost, "https://portal.example"+path, bytes.NewReader(body))
	r.Header.Set("Content-Type", media)
	r.RemoteAddr = from
	out := httptest.NewRecorder()
	f.ServeHTTP(out, r)
	return out
}

// known is a message that the register has every right to send.
func (f *front) known() []byte {
	return message(inbound.Persons, map[string]any{"persons": []any{map[string]any{"iin": f.Stranger.IIN.Reveal(), "name": f.Stranger.FullName()}}})
}

// asks is the register at an address of the network asking for events.
func (f *front) asks(from string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), http.MethodGet, "/api/v1/events", nil)
	r.RemoteAddr = from
	if err := feed.ShowWho(r, portaltest.Origin, f.At, func(c []byte) ([]byte, error) { return f.Troupe.Register.SignCMS(c, false, f.At) }); err != nil {
		f.t.Fatal(err)
	}
	out := httptest.NewRecorder()
	f.ServeHTTP(out, r)
	return out
}

// Whoever is not the register takes none of its time at its door: after some tries his
// network is not listened to, and the register is taken as before.
func TestWhoIsNotTheRegisterIsSoonNotListenedTo(t *testing.T) {
	t.Parallel()
	f := registered(t)
	const stranger, neighbour, register = "[2001:db8:7::1]:9", "[2001:db8:7::abcd]:9", "[2001:db8:8::1]:9"
	body := f.known()
	forged := bytes.Replace(f.envelope(body), []byte(`"body":"`), []byte(`"body":"ICAg`), 1)
	for name, junk := range map[string][]byte{"forged": forged, "no JSON": []byte("{"), "another kind of thing": []byte(`{"a":1}`)} {
		for range 20 {
			if got := f.sent(stranger, "/api/v1/messages", "application/json", junk); got.Code < 400 || got.Code >= 500 {
				t.Fatalf("%s: %d", name, got.Code)
			}
		}
	}
	good := f.envelope(body)
	for what, from := range map[string]string{"the stranger": stranger, "another address of his house": neighbour} {
		for _, path := range []string{"/api/v1/messages", "/api/v1/batch"} {
			if got := f.sent(from, path, map[string]string{"/api/v1/messages": "application/json", "/api/v1/batch": "application/x-ndjson"}[path], good); got.Code != http.StatusTooManyRequests {
				t.Errorf("%s is listened to at %s: %d", what, path, got.Code)
			}
		}
	}
	if got := f.sent(register, "/api/v1/messages", "application/json", good); got.Code != http.StatusOK {
		t.Errorf("the register: %d %s", got.Code, got.Body)
	}
	// A refusal of what the register did sign is no mark against it.
	wrong := f.envelope(message(inbound.Bodies, map[string]any{"bodies": []any{}, "more": 1}))
	for range 80 {
		if got := f.sent(register, "/api/v1/messages", "application/json", wrong); got.Code == http.StatusTooManyRequests {
			t.Fatal("the register is not listened to any more")
		}
	}
}

// While nobody has time to look at a signature, that is no mark against who sent it, and he
// is told to come again.
func TestARegisterThatComesWhileTheMachineIsBusyIsNoStranger(t *testing.T) {
	t.Parallel()
	f := registered(t)
	const register = "[2001:db8:9::1]:9"
	content := []byte("of somebody who signs in")
	cms, err := f.Troupe.Register.SignCMS(content, false, f.At)
	if err != nil {
		t.Fatal(err)
	}
	stop, crowd := make(chan struct{}), sync.WaitGroup{}
	end := sync.OnceFunc(func() { close(stop); crowd.Wait() })
	defer end()
	for range 400 {
		crowd.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := f.Verifier.Machine(t.Context(), f.Troupe.Register.Certificate(), cms, content); err != nil {
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	good := f.envelope(f.known())
	asks := func() *httptest.ResponseRecorder { return f.asks(register) }
	for what, sends := range map[string]func() *httptest.ResponseRecorder{
		"a message": func() *httptest.ResponseRecorder {
			return f.sent(register, "/api/v1/messages", "application/json", good)
		},
		"a request": asks,
	} {
		turnedAway := 0
		for by := time.Now().Add(time.Minute); turnedAway < 70 && time.Now().Before(by); {
			switch got := sends(); {
			case got.Code == http.StatusServiceUnavailable && strings.Contains(got.Body.String(), `"code":"fault.eds.busy"`):
				turnedAway++
			case got.Code != http.StatusOK:
				t.Fatalf("%s: %d %s", what, got.Code, got.Body)
			}
		}
		if turnedAway < 70 {
			t.Errorf("%s was turned away %d times only", what, turnedAway)
		}
	}
	end()
	if got := f.sent(register, "/api/v1/messages", "application/json", good); got.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", got.Code, got.Body)
	}
	if got := asks(); got.Code != http.StatusOK {
		t.Errorf("afterwards it asks: %d %s", got.Code, got.Body)
	}
}

// Whoever comes and says nothing takes no place from the register: its message is taken at
// once, however many wait there with a line that does not end.
func TestStrangersWhoAreSlowHoldUpNoRegister(t *testing.T) {
	t.Parallel()
	f := registered(t)
	server := httptest.NewServer(f)
	defer server.Close()
	good := f.envelope(f.known())
	for _, door := range []struct{ path, media, header, first string }{
		{"/api/v1/messages", inbound.MediaMessage, "Expect: 100-continue\r\n", ""},
		{"/api/v1/batch", inbound.MediaBatch, "", "{}\n"},
	} {
		path, media := door.path, door.media
		for range 12 {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: portal.example\r\nContent-Type: %s\r\nContent-Length: 1000000\r\n%s\r\n%s", path, media, door.header, door.first)
			// Asked to go on, or answered to a first line: it is being read, and stands where the register is to be heard.
			if said, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
				t.Fatalf("a stranger at %s is told %q: %v", path, said, err)
			}
			fmt.Fprint(conn, `{"body":"`)
		}
		begun := time.Now()
		answer, err := http.Post(server.URL+path, media, bytes.NewReader(good))
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !bytes.Contains(said, []byte(`"taken"`)) || time.Since(begun) > 5*time.Second {
			t.Errorf("the register at %s waited %s: %d %s %v", path, time.Since(begun), answer.StatusCode, said, err)
		}
	}
	f.Sound()
}

// stalled sends so much of a line of zeros and then nothing, until it is let go.
type stalled struct {
	io.Reader
	waits func()
	gone  chan struct{}
}

func stall(n int64, waits func(), gone chan struct{}) *stalled {
	return &stalled{io.LimitReader(zeros{}, n), waits, gone}
}

func (s *stalled) Read(into []byte) (int, error) {
	n, err := s.Reader.Read(into)
	if err == io.EOF {
		s.waits()
		<-s.gone
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

type zeros struct{}

func (zeros) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = '0'
	}
	return len(into), nil
}

// Nor do those who send nearly all of a line, as long as any may be: what one network has in
// hand leaves room for a register that nobody here has seen yet.
func TestStrangersOfOneNetworkWhoStallHoldUpNoRegister(t *testing.T) {
	t.Parallel()
	f := registered(t)
	var there, all sync.WaitGroup
	gone := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(gone); all.Wait() })
	defer letGo()
	for i := range 4 {
		there.Add(1)
		arrived := sync.OnceFunc(there.Done)
		all.Go(func() {
			defer arrived() // or turned away
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://portal.example/api/v1/batch", stall(inbound.MaxLine-64<<10, arrived, gone))
			r.Header.Set("Content-Type", inbound.MediaBatch)
			r.RemoteAddr = fmt.Sprintf("[2001:db8:a::%x]:9", i+1)
			f.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	there.Wait()
	good := f.envelope(f.known())
	if got := f.sent("[2001:db8:b::1]:9", "/api/v1/batch", inbound.MediaBatch, good); !strings.Contains(got.Body.String(), `"taken"`) {
		t.Errorf("the register at the batch: %d %s", got.Code, got.Body)
	}
	if got := f.sent("[2001:db8:c::1]:9", "/api/v1/messages", inbound.MediaMessage, good); got.Code != http.StatusOK {
		t.Errorf("the register with a message: %d %s", got.Code, got.Body)
	}
	letGo()
	f.Sound()
}

// Whoever breaks off in the middle of a line, again and again, is no more listened to than who
// sends junk; the network from which the register came lately is, whatever else comes from there.
func TestWhoBreaksOffIsNotListenedToAndTheRegisterIs(t *testing.T) {
	t.Parallel()
	f := registered(t)
	const stranger, sends, asks = "[2001:db8:d::1]:9", "[2001:db8:e::1]:9", "[2001:db8:f::1]:9"
	good := f.envelope(f.known())
	if got := f.sent(sends, "/api/v1/messages", inbound.MediaMessage, good); got.Code != http.StatusOK {
		t.Fatalf("the register: %d %s", got.Code, got.Body)
	}
	if got := f.asks(asks); got.Code != http.StatusOK {
		t.Fatalf("the register asks: %d %s", got.Code, got.Body)
	}
	over := make(chan struct{})
	close(over)
	for _, from := range []string{stranger, sends, asks} {
		for range 120 { // more than are let in meanwhile on a slow machine
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://portal.example/api/v1/batch", stall(100, func() {}, over))
			r.Header.Set("Content-Type", inbound.MediaBatch)
			r.RemoteAddr = from
			f.ServeHTTP(httptest.NewRecorder(), r)
		}
		want := http.StatusOK
		if from == stranger {
			want = http.StatusTooManyRequests
		}
		if got := f.sent(from, "/api/v1/messages", inbound.MediaMessage, good); got.Code != want {
			t.Errorf("%s after all that: %d %s", from, got.Code, got.Body)
		}
	}
}

// A batch in which nobody finds a line of the register ends, however long it is.
func TestABatchWithoutALineOfTheRegisterEnds(t *testing.T) {
	t.Parallel()
	f := registered(t)
	junk := []byte(strings.Repeat("{\"body\":\"AAAA\",\"cms\":\"AAAA\"}\n", 500))
	got := f.sent("203.0.113.5:9", "/api/v1/batch", "application/x-ndjson", junk)
	if n := strings.Count(got.Body.String(), "\n"); n == 0 || n > 32 {
		t.Errorf("%d of 500 lines were answered", n)
	}
	good := append(f.envelope(f.known()), '\n')
	got = f.sent("203.0.113.6:9", "/api/v1/batch", "application/x-ndjson", append(good, junk[:40*29]...))
	if n := strings.Count(got.Body.String(), "\n"); n != 41 {
		t.Errorf("after a line of the register %d of 41 were answered", n)
	}
}

// Nor does it go on for whom there was no time to look at: nobody knows yet who he is.
func TestWhoWasNotLookedAtIsNotKnown(t *testing.T) {
	t.Parallel()
	var p *portal.Portal
	f := registered(t, func(of *portal.Portal) { p = of })
	portal.Crowd(p)
	got := f.sent("203.0.113.7:9", "/api/v1/batch", inbound.MediaBatch, bytes.Repeat([]byte("{}\n"), 100))
	if n := strings.Count(got.Body.String(), `{"line":`); n == 0 || n > 32 {
		t.Errorf("%d of 100 lines were answered", n)
	}
}

// Whoever has one address of IPv6 has 2^64: all of them are one asker. And a question
// without its answer's body is bounded as any: signing in keeps a row, whoever comes.
func TestAHouseOfManyAddressesIsOneAsker(t *testing.T) {
	t.Parallel()
	f := open(t)
	// As often as it takes to be stopped; a slow machine is given twenty a second meanwhile.
	flood := func(method, path string, most int, from func(i int) string) int {
		for i := range most {
			r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
			r.RemoteAddr = from(i)
			out := httptest.NewRecorder()
			f.ServeHTTP(out, r)
			if out.Code == http.StatusTooManyRequests {
				return i
			}
		}
		return 0
	}
	house := func(i int) string { return fmt.Sprintf("[2001:db8:1:1::%x]:9", i+1) }
	if flood(http.MethodPost, "/kk/session/end", 5000, house) == 0 {
		t.Error("many addresses of one house are never stopped")
	}
	if n := flood(http.MethodPost, "/kk/session/end", 430, func(i int) string { return fmt.Sprintf("[2001:db8:2:%x::1]:9", i) }); n > 0 {
		t.Errorf("of many houses %d were stopped", n)
	}
	if flood(http.MethodHead, "/kk/signin", 5000, func(int) string { return "203.0.113.7:9" }) == 0 {
		t.Error("HEAD of the page of signing in makes rows without end")
	}
	tried := 0
	for range 5000 {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/calendar/"+base64.RawURLEncoding.EncodeToString(secret())+".ics", nil)
		r.RemoteAddr = "203.0.113.8:9"
		out := httptest.NewRecorder()
		f.ServeHTTP(out, r)
		if out.Code == http.StatusTooManyRequests {
			tried++
			break
		} else if out.Code != http.StatusNotFound {
			t.Fatalf("an address that is none: %d", out.Code)
		}
	}
	if tried == 0 {
		t.Error("addresses of calendars are tried without end")
	}
}

// secret is one that no calendar has.
func secret() []byte {
	a, b := fresh(), fresh()
	return append(a[:], b[:]...)
}
