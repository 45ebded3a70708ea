package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"zharia"
	"zharia/portal"
	"zharia/portal/audit"
	"zharia/portal/database"
	"zharia/portal/eds/nca"
	"zharia/portal/filing"
	"zharia/portal/keeper"
	"zharia/portal/ledger"
	"zharia/portal/ops"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
)

// pair writes a certificate of this machine with a serial number, and its key.
func pair(t *testing.T, dir string, serial int64, until time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "zharia.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// serial is the number of the certificate that is shown there.
func serial(t *testing.T, addr string, with *tls.Config) (int64, error) {
	t.Helper()
	with = with.Clone()
	with.InsecureSkipVerify = true // its number is what the test is about
	conn, err := tls.Dial("tcp", addr, with)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
}

func TestThePortalSpeaksTLSAndTakesANewCertificateWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	cert, key := pair(t, dir, 1, time.Now().Add(time.Hour))
	shown, err := openCertificate(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	server.TLSConfig = shown.config()
	go server.ServeTLS(listener, "", "")
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() { shown.watch(ctx); close(watched) }()
	defer func() { cancel(); <-watched }()

	for version, fine := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		if _, err := serial(t, addr, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version}); (err == nil) != fine {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	for _, suite := range append(tls.InsecureCipherSuites(), tls.CipherSuites()...) {
		sound := strings.HasPrefix(suite.Name, "TLS_ECDHE_") && (strings.Contains(suite.Name, "_GCM_") || strings.Contains(suite.Name, "CHACHA20"))
		if slices.Contains(suite.SupportedVersions, tls.VersionTLS12) && !sound {
			if _, err := serial(t, addr, &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}}); err == nil {
				t.Errorf("%s is spoken", suite.Name)
			}
		}
	}
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	answer, err := client.Get("https://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(answer.Body); string(body) != "HTTP/2.0" {
		t.Errorf("spoken is %q", body)
	}
	answer.Body.Close()
	if answer, err := http.Get("http://" + addr); err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Errorf("in clear: %v %v", answer, err)
	}

	// HUP is sent to this process and heard by the watch; one that comes when the watch has
	// ended must not end all tests.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	until := func(want int64) {
		t.Helper()
		for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			if got, err := serial(t, addr, &tls.Config{}); err == nil && got == want {
				return
			} else if time.Since(begun) > 10*time.Second {
				t.Fatalf("certificate %d is shown, not %d: %v", got, want, err)
			}
		}
	}
	pair(t, dir, 2, time.Now().Add(time.Hour))
	until(2)
	if err := os.WriteFile(cert, []byte("half a fi"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	until(2) // half of a file leaves the one before
	pair(t, dir, 3, time.Now().Add(-time.Minute))
	time.Sleep(100 * time.Millisecond)
	until(2) // so does one that has ended
	pair(t, dir, 4, time.Now().Add(time.Hour))
	until(4)
}

func TestACertificateThatCannotBeShownStopsTheStart(t *testing.T) {
	dir := t.TempDir()
	cert, key := pair(t, dir, 1, time.Now().Add(time.Hour))
	other, _ := pair(t, t.TempDir(), 2, time.Now().Add(time.Hour))
	if _, err := openCertificate(other, key); err == nil {
		t.Error("a certificate with another's key is shown")
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openCertificate(cert, key); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others read: %v", err)
	}
	cert, key = pair(t, t.TempDir(), 1, time.Now().Add(-time.Second))
	if _, err := openCertificate(cert, key); err == nil {
		t.Error("one that has ended is shown")
	}
}

func TestWhoComesWithoutTLSIsSentOnAndNothingIsTaken(t *testing.T) {
	h := toTLS("https://zharia.example")
	for _, c := range []struct {
		method, path string
		status       int
		to           string
	}{
		{"GET", "/", 301, "https://zharia.example/"}, {"HEAD", "/kk/cases", 301, "https://zharia.example/kk/cases"},
		{"GET", "//evil.example/x", 301, "https://zharia.example/evil.example/x"}, {"GET", `/\evil.example`, 301, "https://zharia.example/%5Cevil.example"},
		{"GET", "/kk/verify?code=secret", 301, "https://zharia.example/kk/verify"},
		{"POST", "/kk/signin", 400, ""}, {"GET", "/api/v1/cases", 400, ""}, {"GET", "/egov/x", 400, ""}, {"TRACE", "/", 400, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c.method, "http://evil.example"+c.path, nil))
		if w.Code != c.status || w.Header().Get("Location") != c.to {
			t.Errorf("%s %s: %d %q", c.method, c.path, w.Code, w.Header().Get("Location"))
		}
	}
}

// socket is one that its maker holds open and hands to several, as systemd does.
func socket(t *testing.T) (addr string, hand func() net.Listener) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), func() net.Listener {
		file, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		copied, err := net.FileListener(file)
		if err != nil {
			t.Fatal(err)
		}
		return copied
	}
}

// serving is one process of the portal, as run has it, on a database of the world.
func serving(t *testing.T, w *portaltest.W, d doors, with ...func(*portal.Portal)) (stop func()) {
	t.Helper()
	work, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	checks, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Audit)
	if err != nil {
		t.Fatal(err)
	}
	key, err := audit.ParseKey(portaltest.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	words, err := book()
	if err != nil {
		t.Fatal(err)
	}
	ways, err := Channels{}.open(portaltest.Origin, words)
	if err != nil {
		t.Fatal(err)
	}
	p := &portal.Portal{DB: w.App, Words: words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", LogKey: portaltest.LogKey}
	for _, change := range with {
		change(p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	said := new(heard)
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, p, hands{work: work, checks: checks, watch: audit.Watch{Key: key}, ways: ways}, d, said, portaltest.Origin)
	}()
	said.until(t, "ready")
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("it did not end cleanly: %v", err)
			}
		case <-time.After(stopTime + 30*time.Second):
			t.Error("it does not end")
		}
		if err := errors.Join(work.Close(), checks.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// crowd asks for pages without a pause, on connections that are kept, and with forms,
// which nobody may send twice for us.
type crowd struct {
	done, failed atomic.Int64
	said         sync.Map
	quit         chan struct{}
	all          sync.WaitGroup
}

func gather(base string, people int) *crowd {
	c := &crowd{quit: make(chan struct{})}
	for i := range people {
		c.all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: 60 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			defer client.CloseIdleConnections()
			for n := 0; ; n++ {
				select {
				case <-c.quit:
					return
				case <-time.After(2 * time.Millisecond):
				}
				request, err := http.NewRequest(http.MethodGet, base+"/kk/verify", nil)
				if i%2 == 1 {
					request, err = http.NewRequest(http.MethodPost, base+"/kk/session/end", io.MultiReader(strings.NewReader("a=b"))) // a body that cannot be sent again
					request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				}
				var answer *http.Response
				if err == nil {
					answer, err = client.Do(request)
				}
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
					if err == nil && answer.StatusCode >= 500 {
						err = fmt.Errorf("%s %s: %d", request.Method, request.URL.Path, answer.StatusCode)
					}
				}
				if err != nil {
					c.failed.Add(1)
					c.said.Store(err.Error(), true)
					continue
				}
				c.done.Add(1)
			}
		})
	}
	return c
}

// leave sends the crowd home.
func (c *crowd) leave(t *testing.T, least int64) {
	t.Helper()
	close(c.quit)
	c.all.Wait()
	t.Logf("%d requests, %d failed", c.done.Load(), c.failed.Load())
	c.said.Range(func(what, _ any) bool { t.Errorf("failed: %v", what); return true })
	if n := c.done.Load(); n < least {
		t.Errorf("only %d requests: nothing was tested", n)
	}
}

// Two processes side by side take from one socket; each is replaced by the next version
// while people go on asking, and nobody is told that it failed.
func TestProcessesAreReplacedUnderLoadAndNoRequestFails(t *testing.T) {
	w := portaltest.World(t)
	addr, hand := socket(t)
	next := func() func() {
		return serving(t, w, doors{people: hand(), handed: true, linger: 300 * time.Millisecond})
	}
	running := []func(){next(), next()}
	people := gather("http://"+addr, 8)
	for range 4 {
		time.Sleep(200 * time.Millisecond)
		running = append(running, next())
		running[0]()
		running = running[1:]
	}
	time.Sleep(200 * time.Millisecond)
	people.leave(t, 500)
	for _, stop := range running {
		stop()
	}
}

// A process that leaves says so first, finishes what it has in hand, and ends.
func TestARequestInHandIsFinishedAndThePortalSaysThatItLeaves(t *testing.T) {
	w := portaltest.World(t)
	listener, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	operators, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := "http://" + operators.Addr().String()
	ask := func(path string) (int, string) {
		t.Helper()
		answer, err := http.Get(at + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	stop := serving(t, w, doors{people: listener, ops: operators, linger: time.Second})
	if status, said := ask("/readyz"); status != http.StatusOK || !strings.Contains(said, "database: ok\nschema: ok\nledger: ok\n") {
		t.Errorf("%d %s", status, said)
	}
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /kk/session/end HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na")
	time.Sleep(100 * time.Millisecond)
	ended := make(chan struct{})
	go func() { stop(); close(ended) }()
	time.Sleep(200 * time.Millisecond)
	if status, said := ask("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(said, "leaving") {
		t.Errorf("while it leaves: %d %s", status, said)
	}
	time.Sleep(1500 * time.Millisecond) // it stopped listening by now
	select {
	case <-ended:
		t.Fatal("it ended with a request in hand")
	default:
	}
	fmt.Fprint(conn, "=b")
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 303")) || !bytes.Contains(answer, []byte("Connection: close")) {
		t.Errorf("the request in hand: %v %s", err, answer)
	}
	<-ended
}

// What the operators read tells of work, and of nobody.
func TestTheFiguresTellOfNobody(t *testing.T) {
	w := portaltest.World(t)
	listener, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	operators, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := serving(t, w, doors{people: listener, ops: operators})
	defer stop()
	base := "http://" + listener.Addr().String()
	for _, path := range []string{"/kk/", "/kk/cases/" + w.Theft.String(), "/kk/" + w.Aigul.IIN.Reveal(), "/kk/tip", "/kk/tip/read", "/ru/verify/" + w.Theft.String()} {
		for _, method := range []string{"GET", "POST", "BREW-" + w.Aigul.IIN.Reveal()} {
			request, err := http.NewRequest(method, base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
		}
	}
	answer, err := http.Get("http://" + operators.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`portal_requests_total{route="/",method="GET",code="200"} `, `route="none"`, `method="other"`, `portal_refusals_total{act="none",kind="404"} `,
		"portal_request_seconds_bucket{", "portal_database_connections{pool=\"people\"} ", "portal_ledger_acts ", "portal_notices_waiting ", "portal_notices_in_vain{channel=\"email\"} ", "process_open_fds ",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	for _, never := range []string{w.Theft.String(), w.Aigul.IIN.Reveal(), w.Aigul.Person.String(), w.Aigul.Surname, "/tip", "127.0.0.1"} {
		if strings.Contains(string(text), never) {
			t.Errorf("%q is among the figures", never)
		}
	}
}

// Work that fails again and again, and people's connections that are all taken.
func TestTheFiguresTellOfTasksThatFailAndWhenNothingIsReceived(t *testing.T) {
	w := portaltest.World(t)
	w.SQL.MustExec(`INSERT INTO timetable (name, due_at, failures) VALUES ('audit the database', now(), 3)`)
	tasks, err := hands{work: w.DB.DB}.tasks(t.Context())
	if err != nil || len(tasks) != 1 || tasks[0].Value != 3 || tasks[0].Labels[1] != "audit the database" {
		t.Errorf("of tasks they tell %v, %v", tasks, err)
	}
	people, err := database.OpenAs(t.Context(), w.DB.DSN(), database.App)
	if err != nil {
		t.Fatal(err)
	}
	defer people.Close()
	people.Limit(1)
	p := &portal.Portal{DB: vault.New(people, w.App.Keys)}
	if f := confirmed(t.Context(), p); f[0].Value != 1 {
		t.Errorf("all is well, and the figure is %v", f[0].Value)
	}
	reads, end := people.Reading(t.Context())
	defer end()
	var one int
	if err := people.Get(reads, &one, `SELECT 1`); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if f := confirmed(short, p); f[0].Value != 0 {
		t.Errorf("nobody's turn comes, and the figure is %v", f[0].Value)
	}
}

// audited is the pool that checks the record of a world, and a key of an auditor for it.
func audited(t *testing.T, w *portaltest.W) (*database.DB, ledger.Key) {
	t.Helper()
	checks, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Audit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { checks.Close() })
	key, err := ledger.OpenKey(filepath.Join(t.TempDir(), "auditor.key"), "zharia.example")
	if err != nil {
		t.Fatal(err)
	}
	return checks, key
}

// An auditor that died, or refuses, signs nothing: that shows in the figures of the portal.
func TestTheFiguresTellForHowLongNothingIsSigned(t *testing.T) {
	w := portaltest.World(t)
	checks, key := audited(t, w)
	witness := ledger.Witness{Folder: t.TempDir()}
	behind := func() float64 {
		t.Helper()
		figures, err := hands{checks: checks, watch: audit.Watch{Key: key.Verifier, Witnesses: []string{witness.Folder}}}.unwitnessed(t.Context())
		if err != nil || len(figures) != 1 || figures[0].Labels[1] != witness.Folder {
			t.Fatal(figures, err)
		}
		return figures[0].Value
	}
	waits := func() float64 {
		t.Helper()
		figures, err := hands{checks: checks}.unsigned(t.Context())
		if err != nil || len(figures) != 1 {
			t.Fatal(figures, err)
		}
		return figures[0].Value
	}
	sign := func() {
		t.Helper()
		c, err := (&ledger.Auditor{DB: w.DB.DB, Key: key}).Sign(t.Context(), true)
		if err == nil {
			err = witness.Drop(t.Context(), c)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sign()
	if n := behind(); n != 0 {
		t.Errorf("the witness has all, and something waits for %v seconds", n)
	}
	if n := waits(); n != 0 {
		t.Errorf("all is signed, and something waits for %v seconds", n)
	}
	w.At = time.Now().Add(-time.Hour)
	w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	w.At = w.At.Add(time.Minute)
	w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	if n := waits(); n < 3590 || n > 3700 { // the older of the two
		t.Errorf("an act of an hour ago is not signed, and the figure is %v", n)
	}
	if n := behind(); n < 3590 || n > 3700 {
		t.Errorf("the witness was told of nothing for an hour, and the figure is %v", n)
	}
	sign()
	if n := behind(); n != 0 {
		t.Errorf("the witness has all again, and something waits for %v seconds", n)
	}
	if err := os.RemoveAll(witness.Folder); err != nil {
		t.Fatal(err)
	}
	if n := behind(); n < 3590 {
		t.Errorf("the witness is gone, and the figure is %v", n)
	}
	if n := waits(); n != 0 {
		t.Errorf("all is signed again, and something waits for %v seconds", n)
	}
}

// The folder of a witness is there at each boot; what is mounted over it may not be.
func TestAPortalDoesNotStartOverAWitnessThatHoldsNothing(t *testing.T) {
	w := portaltest.World(t)
	checks, key := audited(t, w)
	full, empty := t.TempDir(), t.TempDir()
	starts := func(folders ...string) error {
		_, err := proven(t.Context(), checks, config{LogKey: key.Public, Witnesses: folders})
		return err
	}
	if err := starts(full, empty); err != nil {
		t.Errorf("nothing was signed yet: %v", err)
	}
	c, err := (&ledger.Auditor{DB: w.DB.DB, Key: key}).Sign(t.Context(), true)
	if err == nil {
		err = ledger.Witness{Folder: full}.Drop(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := starts(full, empty); err != nil {
		t.Errorf("it was signed a moment ago: %v", err)
	}
	if _, err := w.SQL.Exec(`ALTER TABLE checkpoint DISABLE TRIGGER USER; UPDATE checkpoint SET at = at - interval '2 hours'; ALTER TABLE checkpoint ENABLE TRIGGER USER`); err != nil {
		t.Fatal(err)
	}
	if err := starts(full, empty); err == nil || !strings.Contains(err.Error(), empty+" holds nothing: is it mounted?") {
		t.Errorf("it was signed two hours ago: %v", err)
	}
	if err := starts(full); err != nil {
		t.Errorf("a witness that holds it: %v", err)
	}
}

// A register that is silent shows in the figures before anybody asks why nothing came there.
func TestTheFiguresTellWhatTheRegisterWasNotToldYet(t *testing.T) {
	w := portaltest.World(t)
	hand := func(role database.Role) *database.DB {
		db, err := database.OpenAs(t.Context(), w.DB.DSN(), role)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	h := hands{work: hand(database.Work), checks: hand(database.Audit), exchange: &feed.Worker{}}
	meter := ops.NewMeter()
	for _, figures := range h.figures(&portal.Portal{DB: w.App, Register: &inbound.Inbox{}}) {
		meter.Read(figures)
	}
	read := func() string {
		var out strings.Builder
		meter.Write(t.Context(), &out)
		return out.String()
	}
	if text := read(); !strings.Contains(text, "portal_register_aside 0\n") || !regexp.MustCompile(`portal_exchange_waiting\{subscriber=""\} [1-9]`).MatchString(text) {
		t.Errorf("nobody made events of what the cast did, and the figures are\n%s", text)
	}
	if err := feed.Subscribe(t.Context(), h.work, feed.Subscriber{Name: portal.RegisterName, URL: "https://register.example/"}, w.At); err != nil {
		t.Fatal(err)
	}
	if _, err := feed.Tell(t.Context(), h.work, w.At); err != nil {
		t.Fatal(err)
	}
	var waits int
	if err := w.SQL.Get(&waits, `SELECT count(*) FROM sending WHERE state = 'waiting'`); err != nil || waits == 0 {
		t.Fatalf("%d events wait, %v", waits, err)
	}
	if _, err := w.SQL.Exec(`UPDATE event SET made_at = now() - interval '1 hour' WHERE seq = (SELECT min(seq) FROM sending)`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`UPDATE event SET made_at = now() WHERE seq <> (SELECT min(seq) FROM sending)`); err != nil {
		t.Fatal(err)
	}
	text := read()
	for _, want := range []string{fmt.Sprintf("portal_exchange_waiting{subscriber=\"register\"} %d\n", waits), "portal_exchange_aside{subscriber=\"register\"} 0\n", "portal_exchange_silent{subscriber=\"register\"} 0\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	age := regexp.MustCompile(`portal_exchange_oldest_seconds\{subscriber="register"\} ([0-9.]+)`).FindStringSubmatch(text)
	if age == nil {
		t.Fatalf("no age in\n%s", text)
	}
	if seconds, err := strconv.ParseFloat(age[1], 64); err != nil || seconds < 3600 || seconds > 3700 {
		t.Errorf("the oldest waits for %s seconds, not for an hour", age[1])
	}
}

// A version with another schema must not serve beside the old one: it says so, and what
// to do; and the old one is not ready once somebody migrated under it.
func TestAVersionWithAnotherSchemaSaysPlainlyThatItCannotServe(t *testing.T) {
	w := portaltest.World(t)
	work, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer work.Close()
	if err := database.Present(t.Context(), work, zharia.Schema); err != nil {
		t.Errorf("two versions with one schema: %v", err)
	}
	if err := database.Present(t.Context(), work, zharia.Schema+"\n-- the next version"); !errors.Is(err, database.ErrOtherSchema) {
		t.Errorf("another schema: %v", err)
	}
	ready := ops.NewReady(hands{work: work}.readiness()...)
	if failed := ready.Ask(t.Context()); failed != nil {
		t.Errorf("%v", failed)
	}
	if _, err := w.SQL.ExecContext(t.Context(), `UPDATE schema_version SET hash = sha256('the next version')`); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if failed := ready.Ask(t.Context()); !slices.Equal(failed, []string{"schema"}) {
		t.Errorf("after a migration: %v", failed)
	}
}

// SECURITY.md: no address of the network stands in the log; net/http writes that of whoever
// speaks no TLS.
func TestTheAddressOfWhoSpeaksNoTLSIsNotInTheLog(t *testing.T) {
	said := new(heard)
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(logTo(said, "serve"))
	shown, err := openCertificate(pair(t, t.TempDir(), 1, time.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	server := newServer(http.NotFoundHandler())
	server.TLSConfig = shown.config()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.ServeTLS(l, "", "")
	defer server.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
	said.until(t, "TLS handshake error")
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil || strings.Contains(said.String(), ":"+port) {
		t.Errorf("%v: %s", err, said)
	}
}

// A list that came no more, and an address that is left alone.
func TestTheFiguresTellOfAnAuthorityThatIsSilent(t *testing.T) {
	ends := time.Unix(1_800_000_000, 0)
	got := map[string]float64{}
	for _, f := range authorityFigures([]nca.Endpoint{
		{Service: "ocsp", URL: "http://ocsp.test", Open: true, LastSuccess: ends.Add(-time.Hour)},
		{Service: "list", URL: "http://lists.test/full", NextUpdate: ends},
		{Service: "delta", URL: "http://lists.test/delta"},
	}) {
		got[f.Name+" "+f.Labels[1]+" "+f.Labels[3]] = f.Value
	}
	want := map[string]float64{
		"portal_authority_left_alone ocsp http://ocsp.test": 1, "portal_authority_answered_seconds ocsp http://ocsp.test": 1_799_996_400,
		"portal_authority_left_alone list http://lists.test/full": 0, "portal_authority_answered_seconds list http://lists.test/full": 0,
		"portal_revocation_list_ends_seconds list http://lists.test/full": 1_800_000_000,
		"portal_authority_left_alone delta http://lists.test/delta":       0, "portal_authority_answered_seconds delta http://lists.test/delta": 0,
		"portal_revocation_list_ends_seconds delta http://lists.test/delta": 0,
	}
	if !maps.Equal(got, want) {
		t.Errorf("they tell %v", got)
	}
}

// Whoever is woken for a sealed keeper is woken for one that is gone as well: no text opens.
func TestAKeeperThatDoesNotAnswerOpensNothing(t *testing.T) {
	nobody, err := keeper.Dial("unix:"+filepath.Join(t.TempDir(), "keeper.sock"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	figures, err := hands{keeper: nobody}.keeps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range figures {
		got[f.Name] = f.Value
	}
	if got["portal_keeper_up"] != 0 || got["portal_keeper_sealed"] != 1 {
		t.Errorf("they tell %v", got)
	}
}

func TestAKeeperWithoutRoomIsToldOfBeforeItStands(t *testing.T) {
	said := new(strings.Builder)
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(said, nil)))
	defer slog.SetDefault(before)
	if got := keeperDisk(keeper.Disk{}); got != nil {
		t.Errorf("of a disk that is not known: %v", got)
	}
	if got := keeperDisk(keeper.Disk{All: 5}); len(got) != 1 || got[0].Name != "portal_keeper_disk_free_bytes" || got[0].Value != 0 {
		t.Errorf("of a full disk: %v", got)
	}
	lookAfter(t.Context(), keeper.Status{})
	lookAfter(t.Context(), keeper.Status{Disk: keeper.Disk{Free: 2 << 30, All: 5 << 30}, Withdrawn: keeper.Extent{Bytes: 3, Most: 4}})
	if said.Len() > 0 {
		t.Errorf("with room: %s", said)
	}
	lookAfter(t.Context(), keeper.Status{Disk: keeper.Disk{Free: 5 << 20, All: 5 << 30}})
	if !strings.Contains(said.String(), "alarm: the disk of the keeper") || strings.Contains(said.String(), "memory") {
		t.Errorf("without room: %s", said)
	}
	lookAfter(t.Context(), keeper.Status{Withdrawn: keeper.Extent{Bytes: 4, Most: 4}})
	if !strings.Contains(said.String(), "alarm: a memory of the keeper") || strings.Contains(said.String(), "from before") {
		t.Errorf("with a memory that is full: %s", said)
	}
	lookAfter(t.Context(), keeper.Status{Epoch: 1, Ahead: 2})
	if !strings.Contains(said.String(), "alarm: the keeper's folder is from before an epoch") {
		t.Errorf("with an old folder: %s", said)
	}
}

// child is this test as another process: it takes the socket that was handed to it, says
// on it who it is, and ends by its first signal only when told to.
const child = "ZHARIA_TEST_CHILD"

func TestASocketIsTakenFromWhoeverStartedUs(t *testing.T) {
	if os.Getenv(child) != "" {
		os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid())) // what systemd does between fork and exec
		d, err := openDoors("127.0.0.1:1", none, none)
		if err != nil {
			fmt.Println("failed:", err)
			os.Exit(3)
		}
		fmt.Println("took", d.handed, d.plain != nil, d.ops != nil, os.Getenv("LISTEN_FDS") == "")
		_ = newServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "child") })).Serve(d.people)
		return
	}
	addr, hand := socket(t)
	l := hand()
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, other := socket(t)
	l2 := other()
	defer l2.Close()
	second, err := l2.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), child+"=1", "LISTEN_FDS=2", "LISTEN_FDNAMES=zharia.socket:ops")
	cmd.ExtraFiles = []*os.File{file, second}
	said := new(heard)
	cmd.Stdout = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	said.until(t, "took true false true true")
	answer, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); string(text) != "child" {
		t.Errorf("answered %q", text)
	}
}
