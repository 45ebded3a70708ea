package main

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/nca"
)

// recovering is a PostgreSQL that tells everybody that it recovers, 57P03.
func recovering(t *testing.T) (dsn string) {
	t.Helper()
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				head := make([]byte, 4)
				if _, err := io.ReadFull(conn, head); err != nil {
					return
				}
				if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head))-4); err != nil {
					return
				}
				said := "SFATAL\x00VFATAL\x00C57P03\x00Mthe database system is in recovery mode\x00\x00"
				_, _ = conn.Write(append(binary.BigEndian.AppendUint32([]byte{'E'}, uint32(len(said)+4)), said...))
			}()
		}
	}()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	return "host=" + host + " port=" + port + " user=zharia dbname=portal sslmode=disable"
}

// A portal that is started while PostgreSQL recovers waits and says so; nobody is taken in
// before he can be served, and it can be told to end.
func TestAStartWaitsForADatabaseThatRecovers(t *testing.T) {
	before := authorities
	t.Cleanup(func() { authorities = before })
	authorities = func(config) (*eds.Verifier, *nca.Client, error) {
		verifier, err := eds.NewVerifier()
		return verifier, nil, err
	}
	var free [2]string // nobody listens there yet
	for i := range free {
		l, err := listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		free[i] = l.Addr().String()
		l.Close()
	}
	complete(t)
	t.Setenv("DATABASE_URL", recovering(t))
	t.Setenv("PORTAL_ADDR", free[0])
	t.Setenv("PORTAL_OPS_ADDR", free[1])
	ctx, cancel := context.WithCancel(t.Context())
	said, ended := new(heard), make(chan error, 1)
	go func() { ended <- serve(ctx, nil, said) }()
	ready := ""
	for end := time.Now().Add(20 * time.Second); ready == "" && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		if came, err := http.Get("http://" + free[1] + "/readyz"); err == nil {
			text, _ := io.ReadAll(came.Body)
			came.Body.Close()
			ready = came.Status + " " + string(text)
		}
	}
	if !strings.HasPrefix(ready, "503 ") || !strings.Contains(ready, "starting: waits for database") {
		t.Errorf("operators are told %q", ready)
	}
	if conn, err := net.DialTimeout("tcp", free[0], time.Second); err == nil {
		conn.Close()
		t.Error("people are taken in, and nobody serves them")
	}
	cancel()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "recovery") {
			t.Errorf("told to end it says %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it does not end while it waits")
	}
}

// A machine that comes back while the object store is away serves; wrong settings stop the
// start as ever.
func TestAStartDoesWithoutABucketThatIsAwayAndNotWithoutOneThatRefuses(t *testing.T) {
	status := http.StatusServiceUnavailable
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer store.Close()
	s := Store{S3: store.URL + "/pieces", S3Region: "us-east-1", S3Key: "somebody", S3Secret: "something-long"}
	open := func() bool {
		t.Helper()
		shelf, err := s.open(t.Context())
		if (err == nil) != (shelf != nil) {
			t.Errorf("%d: %v and %v", status, shelf, err)
		}
		return err == nil
	}
	if !open() {
		t.Error("a store in trouble stops the start")
	}
	for _, status = range []int{http.StatusForbidden, http.StatusNotFound} {
		if open() {
			t.Errorf("answered %d it starts", status)
		}
	}
	store.Close()
	if !open() {
		t.Error("a closed port stops the start")
	}
	t.Setenv("PORTAL_S3", s.S3)
	t.Setenv("PORTAL_S3_KEY", s.S3Key)
	t.Setenv("PORTAL_S3_SECRET", s.S3Secret)
	if _, err := bucketOfSettings(t.Context()); err == nil {
		t.Error("a copy of the pieces is begun without the bucket")
	}
}

// `systemctl reload` is for a certificate. Behind a front there is none, and it ended the
// process; so it did while a start waited.
func TestAReloadEndsNoPortal(t *testing.T) {
	if os.Getenv(child) != "" {
		authorities = func(config) (*eds.Verifier, *nca.Client, error) {
			verifier, err := eds.NewVerifier()
			return verifier, nil, err
		}
		t.Error(serve(t.Context(), nil, os.Stdout))
		return
	}
	complete(t)
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ops := l.Addr().String()
	l.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), child+"=1", "DATABASE_URL="+recovering(t), "PORTAL_OPS_ADDR="+ops)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { cmd.Process.Kill() }()
	lives := func() bool {
		answer, err := http.Get("http://" + ops + "/healthz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}
	for begun := time.Now(); !lives(); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("it does not answer")
		}
	}
	for range 3 {
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-ended:
		t.Errorf("it ended: %v", err)
	case <-time.After(time.Second):
		if !lives() {
			t.Error("it does not answer any more")
		}
	}
}
