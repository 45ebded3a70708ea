package bucket_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/audit"
	"zharia/portal/backup"
	"zharia/portal/bucket"
	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// spoiler changes what lies in a store, past it.
type spoiler interface {
	spoil(t *testing.T, key string, how func([]byte) []byte)
}

// stores does it on our own stub and, where it is installed (make s3), on versitygw.
// With S3=must it has to be.
func stores(t *testing.T, do func(t *testing.T, s bucket.Settings, at spoiler)) {
	t.Run("stub", func(t *testing.T) {
		s, at := newStub(t)
		do(t, s, at)
	})
	path := gateway()
	if path == "" && os.Getenv("S3") == "must" {
		t.Fatal("versitygw is not installed: make s3 does it")
	}
	if path != "" {
		t.Run("versitygw", func(t *testing.T) {
			s, at := startGateway(t, path)
			do(t, s, at)
		})
	}
}

func gateway() string {
	if root, err := portaltest.Root(); err == nil {
		if path := filepath.Join(root, ".portal", "bin", "versitygw"); exec.Command(path, "--version").Run() == nil {
			return path
		}
	}
	path, _ := exec.LookPath("versitygw")
	return path
}

// files are a versitygw's objects, where they lie.
type files string

func (f files) spoil(t *testing.T, key string, how func([]byte) []byte) {
	t.Helper()
	path := filepath.Join(string(f), key)
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, how(content), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func startGateway(t *testing.T, path string) (bucket.Settings, spoiler) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "objects", "pieces"), 0o700); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	cmd := exec.Command(path, "--port", addr, "--access", "somebody", "--secret", "something-long", "--quiet", "posix", "--sidecar", filepath.Join(dir, "meta"), filepath.Join(dir, "objects"))
	if err := os.Mkdir(filepath.Join(dir, "meta"), 0o700); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 200 {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return bucket.Settings{Address: "http://" + addr + "/pieces", Region: "us-east-1", Key: "somebody", Secret: "something-long"}, files(filepath.Join(dir, "objects", "pieces"))
		}
		time.Sleep(100 * time.Millisecond)
	}
	cmd.Process.Kill()
	cmd.Wait()
	t.Fatalf("versitygw does not answer: %s", said.String())
	return bucket.Settings{}, nil
}

func open(t *testing.T, s bucket.Settings) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func key(name [sha256.Size]byte) string {
	text := hex.EncodeToString(name[:])
	return "pieces/" + text[:2] + "/" + text
}

func flip(b []byte) []byte { b[len(b)/2] ^= 1; return b }

func TestWhatIsKeptIsReadAsItWasOrNotAtAll(t *testing.T) {
	stores(t, func(t *testing.T, s bucket.Settings, at spoiler) {
		b, ctx := open(t, s), t.Context()
		content := make([]byte, 200<<10)
		if _, err := rand.Read(content); err != nil {
			t.Fatal(err)
		}
		name := sha256.Sum256(content)
		for range 2 { // the answer to the first may have been lost
			if err := b.Keep(ctx, name, content); err != nil {
				t.Fatal(err)
			}
		}
		got, err := b.Fetch(ctx, name, len(content))
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes of %d, %v", len(got), len(content), err)
		}
		if err := b.Keep(ctx, sha256.Sum256([]byte("another")), content); err == nil {
			t.Error("it was kept under another name")
		}
		if _, err := b.Fetch(ctx, sha256.Sum256([]byte("another")), 7); !errors.Is(err, vault.ErrGone) {
			t.Errorf("what was never there: %v", err)
		}
		for what, how := range map[string]func([]byte) []byte{
			"a bit flipped": flip, "cut": func(b []byte) []byte { return b[:100] }, "longer": func(b []byte) []byte { return append(b, 0) },
		} {
			at.spoil(t, key(name), how)
			if got, err := b.Fetch(ctx, name, len(content)); err == nil {
				t.Errorf("%s: %d bytes were read", what, len(got))
			}
			if err := b.Keep(ctx, name, content); err == nil {
				t.Errorf("%s: kept once more, and it is not there", what)
			}
			at.spoil(t, key(name), func([]byte) []byte { return bytes.Clone(content) })
		}
		listed := 0
		for _, before := range []time.Time{time.Now().Add(-time.Hour), time.Now().Add(time.Hour)} {
			if err := b.List(ctx, before, func(n [sha256.Size]byte) error {
				if listed++; n != name {
					t.Errorf("%x is listed", n)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if listed != 1 {
			t.Errorf("it is listed %d times: once is right, by its age", listed)
		}
		for range 2 {
			if err := b.Drop(ctx, name); err != nil {
				t.Error(err)
			}
		}
		if _, err := b.Fetch(ctx, name, len(content)); !errors.Is(err, vault.ErrGone) {
			t.Errorf("what was dropped: %v", err)
		}
	})
}

func TestABucketThatIsNotTheOneNamedStopsTheStart(t *testing.T) {
	stores(t, func(t *testing.T, s bucket.Settings, _ spoiler) {
		other := s
		other.Address = strings.Replace(s.Address, "/pieces", "/another", 1)
		stranger := s
		stranger.Key = "stranger"
		for what, wrong := range map[string]bucket.Settings{"another bucket": other, "another key": stranger} {
			if _, err := bucket.Open(t.Context(), wrong); err == nil {
				t.Errorf("%s: it opens", what)
			}
		}
	})
	for _, address := range []string{"", "pieces", "https://host", "https://host/a/b", "https://key:secret@host/pieces", "http://example.test/pieces", "https://host/pieces?x=1", "ftp://127.0.0.1/pieces"} {
		if err := (bucket.Settings{Address: address, Key: "a", Secret: "b"}).Check(); err == nil || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if err := (bucket.Settings{Address: "https://host/pieces"}).Check(); err == nil {
		t.Error("without a key")
	}
}

// What refuses the settings is told from what is away: the one stops a start, the other
// comes back, and the same Bucket keeps things then.
func TestAStoreThatIsAwayIsNotOneThatRefuses(t *testing.T) {
	var answer atomic.Int64
	stub, _ := newStub(t)
	to, err := url.Parse(stub.Address)
	if err != nil {
		t.Fatal(err)
	}
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := answer.Load(); status != 0 {
			w.WriteHeader(int(status))
			return
		}
		r.Host = to.Host
		behind.ServeHTTP(w, r)
	}))
	defer server.Close()
	settings := stub
	settings.Address = server.URL + "/pieces"
	b, err := bucket.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	for status, silent := range map[int]bool{403: false, 404: false, 400: false, 500: true, 503: true, 429: true} {
		answer.Store(int64(status))
		if err := b.Look(t.Context()); err == nil || errors.Is(err, bucket.ErrSilent) != silent {
			t.Errorf("answered %d it says %v", status, err)
		}
	}
	answer.Store(0)
	content := []byte("a piece")
	if err := errors.Join(b.Look(t.Context()), b.Keep(t.Context(), sha256.Sum256(content), content)); err != nil {
		t.Errorf("when the store is back: %v", err)
	}
	server.Close()
	if err := b.Look(t.Context()); !errors.Is(err, bucket.ErrSilent) {
		t.Errorf("of a closed port it says %v", err)
	}
	if _, err := bucket.Open(t.Context(), settings); !errors.Is(err, bucket.ErrSilent) {
		t.Errorf("whoever needs the bucket hears %v", err)
	}
}

// attach lays a file of some pieces beside a draft of Aigul's.
func attach(t *testing.T, w *portaltest.W, draft uuid.UUID, content []byte) error {
	t.Helper()
	n := attachment.New{ID: uuid.Must(uuid.NewV7()), Beside: attachment.Beside{Filing: draft}, Name: "letter.wav", Size: attachment.Unknown}
	return filing.Attach(t.Context(), w.DB, w.Press, nil, w.Aigul.Asks(policy.AttachmentAdd), n, bytes.NewReader(content))
}

// sound is a recording of so many bytes.
func sound(n int) []byte {
	head := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x00\x00\x00\x00")
	out := make([]byte, n)
	rand.Read(out)
	copy(out, head)
	for i, size := range map[int]int{4: n - 8, 40: n - 44} {
		for b := range 4 {
			out[i+b] = byte(size >> (8 * b))
		}
	}
	return out
}

func TestAFileInTheBucketIsAsSafeAsOneInTheDatabase(t *testing.T) {
	stores(t, func(t *testing.T, s bucket.Settings, at spoiler) {
		w, ctx := portaltest.World(t), t.Context()
		b := open(t, s)
		w.DB.Outside = b
		draft := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition})
		content := sound(600 << 10)
		if err := attach(t, w, draft, content); err != nil {
			t.Fatal(err)
		}
		w.Want(t, `SELECT part, n, octet_length(content) < 1200 AS short, rest FROM attachment_chunk ORDER BY part DESC, n`, `
			part | n | short | rest
			original | 0 | true | 262144
			original | 1 | true | 262144
			original | 2 | true | 90112`)
		all, err := attachment.Of(ctx, w.DB, draft)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		read := func() error {
			got, err := io.ReadAll(all[0].Open(ctx, w.DB, attachment.Original))
			if err == nil && !bytes.Equal(got, content) {
				err = fmt.Errorf("%d bytes, and others than were sent", len(got))
			}
			return err
		}
		if err := read(); err != nil {
			t.Fatal(err)
		}
		verify := func() audit.Report {
			t.Helper()
			r, err := audit.Verify(ctx, w.DB.DB, audit.Options{Pieces: b})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if r := verify(); !r.Sound() {
			t.Fatalf("%v", r.Findings)
		}
		// An epoch changes the wraps alone, and these are in the row.
		var near, outside []byte
		if err := w.SQL.QueryRow(`SELECT content, outside FROM attachment_chunk WHERE n = 1`).Scan(&near, &outside); err != nil {
			t.Fatal(err)
		}
		if wraps, err := vault.Wraps(near); err != nil || len(near)-len(wraps) != 16 {
			t.Errorf("the row has %d bytes, %d of them wraps, %v", len(near), len(wraps), err)
		}

		copied := t.TempDir()
		for _, brought := range []int64{3, 0} {
			c := backup.PieceCopy{From: b, Dir: copied}
			if err := errors.Join(c.Ahead(ctx, w.DB.DB), w.DB.Snapshot(ctx, func(tx *database.DB) error { return c.Name(ctx, tx) })); err != nil {
				t.Fatal(err)
			}
			if n, err := c.Rest(ctx); err != nil || n != (backup.Pieces{Named: 3, Brought: brought}) {
				t.Fatalf("%+v, %v", n, err)
			}
		}

		name := [sha256.Size]byte(outside)
		at.spoil(t, key(name), flip)
		if err := read(); err == nil {
			t.Error("a file with a flipped bit opens")
		}
		if r := verify(); r.Found != 1 || r.Findings[0].What != audit.Missing || r.Findings[0].Column != "outside" {
			t.Errorf("the audit finds %v", r.Findings)
		}
		if err := b.Drop(ctx, name); err != nil {
			t.Fatal(err)
		}
		if err := read(); err == nil {
			t.Error("a file without a piece opens")
		}
		if n, err := backup.PutPieces(ctx, w.DB.DB, copied, b); err != nil || n != (backup.Pieces{Named: 3, Brought: 1}) {
			t.Fatalf("%+v, %v", n, err)
		}
		if err := read(); err != nil {
			t.Error(err)
		}

		// What no row names goes after two days; what one names stays for ever.
		orphan := []byte("of a transaction that failed")
		if err := b.Keep(ctx, sha256.Sum256(orphan), orphan); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			after time.Duration
			swept int
		}{{47 * time.Hour, 0}, {49 * time.Hour, 1}, {1000 * time.Hour, 0}} {
			if n, err := attachment.SweepOutside(ctx, w.DB, time.Now().Add(c.after)); err != nil || n != c.swept {
				t.Errorf("after %s %d were swept, %v; want %d", c.after, n, err, c.swept)
			}
		}
		if err := read(); err != nil {
			t.Errorf("after the sweep: %v", err)
		}
		// Whoever does not see all rows would sweep what others have.
		if n, err := attachment.SweepOutside(ctx, w.App, time.Now().Add(1000*time.Hour)); err == nil || n != 0 {
			t.Errorf("the pool that serves people swept %d, %v", n, err)
		}
	})
}

func TestNoRowNamesWhatTheBucketDidNotTake(t *testing.T) {
	w := portaltest.World(t)
	down := dead{errors.New("no answer")}
	w.DB.Outside = down
	draft := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition})
	err := attach(t, w, draft, sound(300<<10))
	var said *fault.Fault
	if !errors.As(err, &said) || said.Kind != fault.Unavailable {
		t.Errorf("whoever sends is told %v", err)
	}
	w.Want(t, `SELECT count(*) FROM attachment_chunk`, `
		count
		0`)
}

// dead is a store that does not answer.
type dead struct{ err error }

func (d dead) Keep(context.Context, [sha256.Size]byte, []byte) error                { return d.err }
func (d dead) Fetch(context.Context, [sha256.Size]byte, int) ([]byte, error)        { return nil, d.err }
func (d dead) Drop(context.Context, [sha256.Size]byte) error                        { return d.err }
func (d dead) List(context.Context, time.Time, func([sha256.Size]byte) error) error { return d.err }
