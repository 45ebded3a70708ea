package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zharia/portal"
	"zharia/portal/portaltest"
)

// openTo serves a world at an address of this machine.
func openTo(t *testing.T, with ...func(*portal.Portal)) (addr string) {
	t.Helper()
	listener, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving(t, portaltest.World(t), doors{people: listener}, with...)
	return listener.Addr().String()
}

// listened is what the portal logs during the test.
func listened(t *testing.T) *heard {
	t.Helper()
	said, before := new(heard), slog.Default()
	slog.SetDefault(logTo(said, "serve"))
	t.Cleanup(func() { slog.SetDefault(before) })
	return said
}

// raw sends bytes as they are and gives all that comes back.
func raw(t *testing.T, addr string, sent []byte) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(4 * time.Second)) // some are left open, which is no answer
	go func() {
		_, _ = conn.Write(sent) // it may be refused before it is sent
	}()
	back, _ := io.ReadAll(conn) // a reset is an answer, too
	return back
}

// statuses are those of all answers in what came back.
func statuses(back []byte) (out []int) {
	r := bufio.NewReader(bytes.NewReader(back))
	for {
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			return out
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		out = append(out, answer.StatusCode)
	}
}

const post = "POST /kk/session/end HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"

// What two readers could take in two ways is refused, or read in one way alone: nothing
// that stands in a body is ever answered as a request of its own (ASVS 4.2.1–4.2.5).
func TestARequestThatCouldBeReadInTwoWaysIsReadInOne(t *testing.T) {
	addr, said := openTo(t), listened(t)
	long := strings.Repeat("a", 70<<10)
	hidden := "GET /kk/verify HTTP/1.1\r\nHost: x\r\n\r\n"
	for what, c := range map[string]struct {
		sent string
		want []int
	}{
		"plain":                             {"GET /kk/verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{200}},
		"two lengths":                       {post + "Content-Length: 0\r\nContent-Length: " + strconv.Itoa(len(hidden)) + "\r\n\r\n" + hidden, []int{400}},
		"a list of lengths":                 {post + "Content-Length: 0, 37\r\n\r\n" + hidden, []int{400}},
		"a length with a sign":              {post + "Content-Length: +0\r\n\r\n" + hidden, []int{400}},
		"a negative length":                 {post + "Content-Length: -1\r\n\r\n" + hidden, []int{400}},
		"a length in hex":                   {post + "Content-Length: 0x25\r\n\r\n" + hidden, []int{400}},
		"a coding nobody knows":             {post + "Transfer-Encoding: xchunked\r\n\r\n" + hidden, []int{501}},
		"two codings":                       {post + "Transfer-Encoding: chunked, identity\r\n\r\n" + hidden, []int{501}},
		"a coding twice":                    {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + hidden, []int{501}},
		"a space before the colon":          {post + "Content-Length : 37\r\n\r\n" + hidden, []int{400}},
		"a header over two lines":           {post + "X-A: b\r\n c: d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", []int{303}},
		"a chunk with a bad size":           {post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n" + hidden, nil},
		"a chunk larger than anything":      {post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + hidden, nil},
		"no host":                           {"GET /kk/verify HTTP/1.1\r\n\r\n", []int{400}},
		"two hosts":                         {"GET /kk/verify HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", []int{400}},
		"a host with a path":                {"GET /kk/verify HTTP/1.1\r\nHost: x/y\r\n\r\n", []int{400}},
		"a null in a header":                {"GET /kk/verify HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n", []int{400}},
		"a bare return in a header":         {"GET /kk/verify HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n", []int{400}},
		"a header without a name":           {"GET /kk/verify HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n", []int{400}},
		"headers without an end":            {"GET /kk/verify HTTP/1.1\r\nHost: x\r\nX-A: " + long + "\r\n\r\n", []int{431}},
		"many headers":                      {"GET /kk/verify HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: b\r\n", 9000) + "\r\n", []int{431}},
		"a long address":                    {"GET /kk/" + long + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{431}},
		"an address with a line end":        {"GET /kk/\r\nX: HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}},
		"an old version":                    {"GET /kk/verify HTTP/0.9\r\n\r\n", []int{505}},
		"a version of the future":           {"GET /kk/verify HTTP/3.1\r\nHost: x\r\n\r\n", []int{505}},
		"no version":                        {"GET /kk/verify\r\n\r\n", []int{400}},
		"the preface of HTTP/2":             {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{404}},
		"TLS":                               {"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", []int{400}},
		"a method with odd letters":         {"GE(T /kk/verify HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}},
		"a tunnel":                          {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", []int{404}},
		"a trace":                           {"TRACE /kk/verify HTTP/1.1\r\nHost: x\r\nCookie: secret\r\nConnection: close\r\n\r\n", []int{405}},
		"the whole server":                  {"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{200}},
		"an address of another":             {"GET http://evil.example/kk/verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{200}},
		"a body that is longer than it may": {post + "Content-Length: 99999999999\r\nConnection: close\r\n\r\n", []int{413}},
		"a switch to another protocol":      {"GET /kk/verify HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", []int{200}},
		"nothing":                           {"\r\n\r\n\r\n", []int{400}},
	} {
		back := raw(t, addr, []byte(c.sent))
		got := statuses(back)
		if c.want == nil {
			if len(got) > 1 || len(got) == 1 && got[0] >= 500 {
				t.Errorf("%s: %v", what, got)
			}
		} else if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v\n%.300s", what, got, c.want, back)
		}
		if bytes.Contains(back, []byte("secret")) || bytes.Contains(back, []byte("goroutine")) {
			t.Errorf("%s: it comes back: %.500s", what, back)
		}
	}
	// A body that says both how long it is and that it comes in chunks is one request.
	back := raw(t, addr, []byte(post+"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
	if got := statuses(back); len(got) != 1 {
		t.Errorf("a length and chunks: %v", got)
	}
	if text := said.String(); strings.Contains(text, "panic") {
		t.Errorf("something broke: %s", text)
	}
}

// fuzzed is how many requests of chance are sent: a short form in CI.
const fuzzed = 1500

// Whatever methods, addresses and headers come, the portal answers, breaks nowhere, and
// says nothing of its insides.
func TestRequestsOfChanceBreakNothing(t *testing.T) {
	addr, said := openTo(t), listened(t)
	seed := uint64(time.Now().UnixNano())
	chance := rand.New(rand.NewPCG(seed, 1))
	methods := []string{"GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "TRACE", "get", "X"}
	paths := []string{"/", "/kk/", "/ru/cases", "/kk/cases/%00", "/kk/%ff%fe", "/kk/../..", "/kk/cases/" + strings.Repeat("a/", 50), "/static/x", "/healthz", "/kk/verify/%2e%2e", "/calendar/x", "/egov/x", "/sms/x", "/kk/tip", "/kk/signin", "/kk/filings/00000000-0000-0000-0000-000000000000?x[]=1&x=%zz"}
	names := []string{"Cookie", "Accept-Language", "Content-Type", "Content-Length", "Origin", "Referer", "Sec-Fetch-Site", "X-Forwarded-For", "Accept-Encoding", "Range", "If-None-Match", "Expect", "Authorization", "X-HTTP-Method-Override", "Content-Encoding", "Last-Event-Id"}
	values := []string{"", "0", "-1", "bytes=0-", "multipart/form-data; boundary=", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=ütf", "kk", "ru;q=9", "*", "__Host-zharia=AAAA", "__Host-zharia=" + strings.Repeat("A", 3000), "\xff\xfe", "gzip, br;q=x", "100-continue", "https://evil.example", "cross-site", "' OR 1=1", "{{.}}", "${jndi:ldap://x}", "127.0.0.1, ::1, x"}
	for i := range fuzzed {
		method, path := methods[chance.IntN(len(methods))], paths[chance.IntN(len(paths))]
		var head strings.Builder
		fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", method, path)
		for range chance.IntN(6) {
			fmt.Fprintf(&head, "%s: %s\r\n", names[chance.IntN(len(names))], values[chance.IntN(len(values))])
		}
		head.WriteString("\r\n")
		body := make([]byte, chance.IntN(200))
		for j := range body {
			body[j] = byte(chance.IntN(256))
		}
		back := raw(t, addr, append([]byte(head.String()), body...))
		for _, status := range statuses(back) {
			if status >= 500 && status != http.StatusNotImplemented {
				t.Fatalf("seed %d, request %d: %d\n%q\n%.500s", seed, i, status, head.String(), back)
			}
		}
	}
	if back := raw(t, addr, []byte("GET /kk/verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")); !slices.Equal(statuses(back), []int{200}) {
		t.Errorf("afterwards: %.200s", back)
	}
	if text := said.String(); strings.Contains(text, "panic") || strings.Contains(text, `"status":500`) {
		t.Errorf("seed %d: something broke: %s", seed, text)
	}
}

// X-Forwarded-For and its likes are words of whoever asks, unless a front that we trust
// has written them (ASVS 4.1.3).
func TestNobodyPassesForAnotherByAHeader(t *testing.T) {
	flood := func(addr string, headers func(i int) string) (stopped int) {
		var all bytes.Buffer
		for i := range 600 {
			last := ""
			if i == 599 {
				last = "Connection: close\r\n"
			}
			fmt.Fprintf(&all, "POST /kk/session/end HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n%s%s\r\n", headers(i), last)
		}
		for _, status := range statuses(raw(t, addr, all.Bytes())) {
			if status == http.StatusTooManyRequests {
				stopped++
			}
		}
		return stopped
	}
	another := func(i int) string { return fmt.Sprintf("198.51.%d.%d", 100+i/250, i%250) }
	every := func(i int) string {
		return "X-Forwarded-For: " + another(i) + "\r\nX-Real-IP: " + another(i) + "\r\nForwarded: for=" + another(i) + "\r\nTrue-Client-IP: " + another(i) + "\r\n"
	}
	twice := func(i int) string {
		return "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: " + another(i) + "\r\n"
	}
	before := func(i int) string { return "X-Forwarded-For: " + another(i) + ", 203.0.113.9\r\n" }
	for _, c := range []struct {
		what    string
		proxies []string
		headers func(int) string
		stopped bool
	}{
		{"no front is trusted", []string{"none"}, every, true},
		{"another machine is the front", []string{"192.0.2.1"}, every, true},
		{"this machine is the front", []string{"127.0.0.0/8"}, every, false},
		{"the last of two lines is the front's", []string{"127.0.0.0/8"}, twice, false},
		{"what stands before the front's word is the asker's", []string{"127.0.0.0/8"}, before, true},
		{"two fronts, one behind the other", []string{"127.0.0.0/8", "203.0.113.0/24"}, before, false},
	} {
		addr := openTo(t, func(p *portal.Portal) {
			var err error
			if p.Proxies, err = portal.Proxies(c.proxies); err != nil {
				t.Fatal(err)
			}
		})
		if n := flood(addr, c.headers); (n > 0) != c.stopped {
			t.Errorf("%s: %d of 600 were stopped", c.what, n)
		}
	}
}

// slow is how many connections send a byte now and then: SLOW=2000 in a campaign.
func slow(t *testing.T) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("SLOW")); err == nil {
		return n
	}
	return 300
}

// Who holds thousands of connections and sends a byte now and then keeps nobody waiting,
// and is cut off.
func TestSlowClientsKeepNobodyWaitingAndAreCutOff(t *testing.T) {
	addr := openTo(t)
	n := slow(t)
	var cut atomic.Int64
	var all sync.WaitGroup
	quit := make(chan struct{})
	for i := range n {
		all.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				return
			}
			defer conn.Close()
			begin := []string{"GET /kk/verify HTTP/1.1\r\nHost: x\r\nX-", post + "Content-Length: 100000\r\n\r\n", "G"}[i%3]
			if _, err := io.WriteString(conn, begin); err != nil {
				cut.Add(1)
				return
			}
			for {
				select {
				case <-quit:
					return
				case <-time.After(500 * time.Millisecond):
				}
				conn.SetReadDeadline(time.Now().Add(time.Millisecond))
				if _, err := conn.Read(make([]byte, 1)); err == io.EOF || err == nil {
					cut.Add(1) // answered, or closed
					return
				}
				if _, err := io.WriteString(conn, "a"); err != nil {
					cut.Add(1)
					return
				}
			}
		})
	}
	time.Sleep(time.Second)
	var times []time.Duration
	client := &http.Client{Timeout: 10 * time.Second}
	for begun := time.Now(); time.Since(begun) < 6*time.Second; time.Sleep(10 * time.Millisecond) {
		from := time.Now()
		answer, err := client.Get("http://" + addr + "/kk/verify")
		if err != nil {
			t.Fatalf("somebody else was not answered: %v", err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("somebody else: %d %v", answer.StatusCode, err)
		}
		answer.Body.Close()
		times = append(times, time.Since(from))
	}
	slices.Sort(times)
	p99 := times[len(times)*99/100]
	t.Logf("%d slow connections: %d pages for others, p50 %s, p99 %s; %d were cut off", n, len(times), times[len(times)/2], p99, cut.Load())
	if p99 > time.Second {
		t.Errorf("p99 of others is %s", p99)
	}
	if want := int64(n) * 6 / 10; cut.Load() < want { // those without an end of their headers, two of three
		t.Errorf("only %d of %d were cut off", cut.Load(), n)
	}
	close(quit)
	all.Wait()
}
