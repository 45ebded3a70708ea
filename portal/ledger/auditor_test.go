package ledger_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/portaltest"
)

const here = "zharia.test/log"

func key(t testing.TB) ledger.Key {
	t.Helper()
	k, err := ledger.OpenKey(filepath.Join(t.TempDir(), "auditor.key"), here)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signed(t *testing.T, a *ledger.Auditor) ledger.Checkpoint {
	t.Helper()
	c, err := a.Sign(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func isFork(t *testing.T, err error, where string) {
	t.Helper()
	var fork *ledger.Fork
	if !errors.As(err, &fork) || !strings.Contains(fork.Where, where) {
		t.Errorf("no fork with %q: %v", where, err)
	}
}

// quiet keeps what is shouted.
func quiet(t *testing.T) *strings.Builder {
	var out strings.Builder
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&lockedWriter{to: &out}, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &out
}

type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}

func TestACheckpointIsReadByWhoeverHasTheKeyAndByNobodyElse(t *testing.T) {
	db := chain(t, 5)
	a := &ledger.Auditor{DB: db, Key: key(t)}
	c := signed(t, a)
	root := holds(t, db, 5)
	if c.Size != 5 || !strings.HasPrefix(string(c.Note), fmt.Sprintf("%s\n5\n%s\n\n— %s ", here, c.Root, here)) || string(c.Root[:]) != string(root) {
		t.Errorf("the checkpoint of root %x is %s", root, c.Note)
	}
	v, err := note.NewVerifier(a.Key.Public)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ledger.ParseCheckpoint(c.Note, v)
	if err != nil || back.Size != c.Size || back.Root != c.Root {
		t.Errorf("it is read as %+v, %v", back, err)
	}
	newest, err := ledger.Newest(t.Context(), db)
	if err != nil || string(newest.Note) != string(c.Note) || !newest.At.Equal(c.At) {
		t.Errorf("the newest is %+v, %v", newest, err)
	}
	if _, err := ledger.ParseCheckpoint(c.Note, key(t).Verifier); err == nil {
		t.Error("another key takes it")
	}
	for at := range c.Note { // a bit turned anywhere
		other := append([]byte(nil), c.Note...)
		for bit := range 8 {
			other[at] = c.Note[at] ^ 1<<bit
			if got, err := ledger.ParseCheckpoint(other, v); err == nil {
				t.Errorf("with bit %d turned at %d it is read as %+v", bit, at, got)
			}
		}
	}
	for name, text := range map[string]string{
		"another log": "other.test/log\n5\n" + c.Root.String() + "\n", "a zero before": here + "\n05\n" + c.Root.String() + "\n", "less than nothing": here + "\n-5\n" + c.Root.String() + "\n",
		"a short root": here + "\n5\nAAAA\n", "one line more": here + "\n5\n" + c.Root.String() + "\nx\n", "no root": here + "\n5\n", "nothing": "\n", "a plus": here + "\n+5\n" + c.Root.String() + "\n",
	} {
		bad, err := note.Sign(&note.Note{Text: text}, a.Key.Signer)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ledger.ParseCheckpoint(bad, v); err == nil {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
	if _, err := ledger.ParseCheckpoint([]byte(strings.Repeat("x", 1<<20)), v); err == nil {
		t.Error("a million bytes are a checkpoint")
	}
}

func TestTheOldestCheckpointThatHoldsAnActCoversIt(t *testing.T) {
	db := portaltest.DB(t)
	a := &ledger.Auditor{DB: db, Key: key(t)}
	if c, err := a.Sign(t.Context(), true); err != nil || c.Size != 0 {
		t.Errorf("of no acts it signed %+v, %v", c, err)
	}
	if _, err := ledger.Newest(t.Context(), db); !errors.Is(err, fault.Unavailable) {
		t.Errorf("the newest of none: %v", err)
	}
	for _, size := range []int{3, 7} {
		many(t, db, size-int(signed(t, a).Size))
		signed(t, a)
	}
	many(t, db, 1)
	for seq, want := range map[int64]int64{1: 3, 3: 3, 4: 7, 7: 7} {
		if c, err := ledger.Covering(t.Context(), db, seq); err != nil || c.Size != want {
			t.Errorf("act %d is covered by %d, %v", seq, c.Size, err)
		}
	}
	if _, err := ledger.Covering(t.Context(), db, 8); !errors.Is(err, fault.Unavailable) {
		t.Errorf("an act that was done just now: %v", err)
	}
	holds(t, db, 8)
}

// An auditor that is started twice signs with one key, and finds no half of one.
func TestAuditorsThatStartAtOneMomentHaveOneKey(t *testing.T) {
	for range 20 {
		path, start := filepath.Join(t.TempDir(), "auditor.key"), make(chan struct{})
		keys := make(chan string, 16)
		for range cap(keys) {
			go func() {
				<-start
				k, err := ledger.OpenKey(path, here)
				if err != nil {
					t.Errorf("an auditor does not start: %v", err)
				}
				keys <- k.Public
			}()
		}
		close(start)
		first := <-keys
		for range cap(keys) - 1 {
			if k := <-keys; k != first {
				t.Fatalf("%s and %s", first, k)
			}
		}
	}
}

func TestTheKeyIsMadeOnceAndIsTheAuditorsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.key")
	made, err := ledger.OpenKey(path, here)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	again, err := ledger.OpenKey(path, here)
	if err != nil || again.Public != made.Public {
		t.Errorf("read again it is %s, not %s: %v", again.Public, made.Public, err)
	}
	if _, err := ledger.OpenKey(path, "other.test/log"); err == nil {
		t.Error("it signs for another log")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.OpenKey(path, here); err == nil {
		t.Error("others may read it, and it is used")
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.OpenKey(path, here); err == nil {
		t.Error("one letter is a key")
	}
	for address, want := range map[string]string{"https://zharia.kz": "zharia.kz/log", "http://127.0.0.1:8080": "127.0.0.1:8080/log", "zharia": ""} {
		if got, err := ledger.Origin(address); got != want || (err == nil) != (want != "") {
			t.Errorf("the log of %s is %q, %v", address, got, err)
		}
	}
}

// cut takes the last n acts away and leaves nothing that does not fit.
func cut(t *testing.T, db *database.DB, to int64) {
	t.Helper()
	tamper(t, db,
		fmt.Sprintf(`DELETE FROM record WHERE seq > %d`, to),
		fmt.Sprintf(`DELETE FROM tree WHERE i >= 2 * %d - bit_count(%[1]d::bigint::bit(64))`, to),
		fmt.Sprintf(`DELETE FROM checkpoint WHERE size > %d`, to))
}

// A07: an end that was cut off, with the checkpoints of before, is whole in itself. The
// witness knows better, and the portal does not start.
func TestAnEndCutOffIsFoundByTheWitness(t *testing.T) {
	db := portaltest.DB(t)
	w := ledger.Witness{Folder: t.TempDir()}
	a := &ledger.Auditor{DB: db, Key: key(t)}
	const most = 110
	for range most { // a checkpoint after each act
		many(t, db, 1)
		signed(t, a)
	}
	if err := w.Drop(t.Context(), signed(t, a)); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Proven(t.Context(), db, a.Key.Verifier, w); err != nil {
		t.Fatal(err)
	}
	for n := int64(1); n <= 100; n++ {
		cut(t, db, most-n)
		holds(t, db, most-n)
		if err := ledger.Proven(t.Context(), db, a.Key.Verifier); err != nil {
			t.Errorf("%d acts less, and nobody outside is asked: %v", n, err)
		}
		isFork(t, ledger.Proven(t.Context(), db, a.Key.Verifier, w), w.Folder)
	}
}

// A08: everything written anew, and signed with the auditor's own key.
func TestARecordWrittenAnewUnderAStolenKeyIsFoundByTheWitness(t *testing.T) {
	shouts := quiet(t)
	db := portaltest.DB(t)
	w := ledger.Witness{Folder: t.TempDir()}
	k := key(t)
	a := &ledger.Auditor{DB: db, Key: k}
	many(t, db, 10)
	if err := w.Drop(t.Context(), signed(t, a)); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{9, 10, 11, 40} {
		cut(t, db, 0)
		record(t, db, act(size))
		many(t, db, size-1)
		thief := &ledger.Auditor{DB: db, Key: k}
		c := signed(t, thief)
		holds(t, db, int64(size))
		isFork(t, ledger.Proven(t.Context(), db, k.Verifier, w), w.Folder)
		if c.Size == 10 { // A09: two of one size
			isFork(t, w.Drop(t.Context(), c), w.Folder)
		}
		// The auditor who was there before signs nothing of this.
		if _, err := a.Sign(t.Context(), true); err == nil {
			t.Errorf("with %d acts the auditor that knew ten others signs", size)
		}
		if a.State().Wrong == nil || a.State().Forks == 0 {
			t.Error("and says nothing of it")
		}
	}
	if !strings.Contains(shouts.String(), `level=ERROR msg="alarm: `) {
		t.Errorf("it was said like this: %s", shouts.String())
	}
	held, ok, err := w.Newest(k.Verifier)
	if err != nil || !ok || held.Size != 10 {
		t.Errorf("the witness holds %+v, %v", held, err)
	}
}

// Whoever has the database waits until the auditor is started anew. It must not sign then
// what it would not have signed before.
func TestAnAuditorThatIsStartedAnewKnowsWhatItSigned(t *testing.T) {
	for name, order := range map[string]string{
		"all is another":               ``,
		"and is longer":                `more`,
		"the checkpoint with new root": `checkpoint`,
	} {
		t.Run(name, func(t *testing.T) {
			quiet(t)
			db, k, file := chain(t, 5), key(t), filepath.Join(t.TempDir(), "last")
			one := &ledger.Auditor{DB: db, Key: k, Memory: file}
			c := signed(t, one)
			if again := signed(t, &ledger.Auditor{DB: db, Key: k, Memory: file}); again.Size != 5 {
				t.Errorf("started anew it has %+v", again)
			}
			cut(t, db, 0)
			record(t, db, act(9))
			many(t, db, 4)
			if order != "" {
				many(t, db, 3)
			}
			root, err := ledger.Root(t.Context(), db, 5)
			if err != nil {
				t.Fatal(err)
			}
			if order == "checkpoint" { // the columns say one thing, and its note, which is signed, another
				tamper(t, db, fmt.Sprintf(`INSERT INTO checkpoint (size, root, at, note) VALUES (5, '\x%x', now(), '%s')`, root[:], c.Note))
				if err := ledger.Proven(t.Context(), db, k.Verifier); err == nil {
					t.Error("and a portal starts with it")
				}
				forgetful := &ledger.Auditor{DB: db, Key: k}
				if c, err := forgetful.Sign(t.Context(), true); err == nil {
					t.Errorf("an auditor without a memory signed %+v on top of it", c)
				}
			}
			if c, err := (&ledger.Auditor{DB: db, Key: k, Memory: file}).Sign(t.Context(), true); err == nil {
				t.Errorf("it signed %+v", c)
			}
		})
	}
	// What is no memory of his is not believed, and not passed over.
	db, file := chain(t, 3), filepath.Join(t.TempDir(), "last")
	for _, text := range []string{"", "zharia.test/log\n3\n", string(signed(t, &ledger.Auditor{DB: chain(t, 2), Key: key(t)}).Note)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := (&ledger.Auditor{DB: db, Key: key(t), Memory: file}).Sign(t.Context(), true); err == nil {
			t.Errorf("with %q in its memory it signed %+v", text, c)
		}
	}
}

// No checkpoint is ever signed over acts that are not what was written, nor over a tree
// that does not grow out of the last one.
func TestTheAuditorSignsOnlyWhatHoldsTogether(t *testing.T) {
	for name, order := range map[string]string{
		"a new act":               `UPDATE record SET act = 'x' WHERE seq = 7`,
		"a new act with its leaf": `UPDATE record SET hash = sha256('x') WHERE seq = 7; UPDATE tree SET hash = sha256('x') WHERE i = 10`,
		"a node of a new act":     `UPDATE tree SET hash = sha256('x') WHERE i = 9`,
		"a new act taken away":    `DELETE FROM record WHERE seq = 6`,
		"an old node":             `UPDATE tree SET hash = sha256('x') WHERE i = 6`,
		"the last checkpoint":     `UPDATE checkpoint SET root = sha256('x')`,
		"no checkpoint":           `DELETE FROM checkpoint`,
		"acts signed for":         `DELETE FROM record WHERE seq > 4`,
	} {
		t.Run(name, func(t *testing.T) {
			quiet(t)
			db := chain(t, 5)
			a := &ledger.Auditor{DB: db, Key: key(t)}
			signed(t, a)
			record(t, db, act(5), act(6))
			tamper(t, db, order)
			if c, err := a.Sign(t.Context(), false); err == nil {
				t.Errorf("signed: %+v", c)
			}
			if a.State().Wrong == nil {
				t.Error("nothing is wrong")
			}
			if n := count(t, db, `SELECT count(*) FROM checkpoint WHERE size > 5`); n != 0 {
				t.Errorf("%d checkpoints came", n)
			}
			// People are served all the same.
			if name == "a new act" || name == "no checkpoint" {
				record(t, db, act(8))
			}
		})
	}
}

func count(t *testing.T, db *database.DB, query string) (n int) {
	t.Helper()
	if err := portaltest.SQL(t, db).Get(&n, query); err != nil {
		t.Fatal(err)
	}
	return n
}

// soon waits until it is so, and fails when it does not get so in time.
func soon(t *testing.T, within time.Duration, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// run has an auditor work until the test ends, or until the returned function is called.
func run(t *testing.T, a *ledger.Auditor) (end func()) {
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { a.Run(ctx) })
	end = sync.OnceFunc(func() { stop(); done.Wait() })
	t.Cleanup(end)
	return end
}

func TestNewsIsSignedWithinASecondByOneProcessAtATime(t *testing.T) {
	owner := portaltest.DB(t)
	k := key(t)
	folder := t.TempDir()
	var auditors []*ledger.Auditor
	var ends []func()
	for range 2 {
		a := &ledger.Auditor{DB: as(t, owner, database.Audit), Key: k, Witnesses: []ledger.Witness{{Folder: folder}}}
		auditors, ends = append(auditors, a), append(ends, run(t, a))
	}
	leading := func() (at int) {
		at = -1
		for i, a := range auditors {
			if a.State().Leads {
				if at >= 0 {
					t.Fatal("two sign at once")
				}
				at = i
			}
		}
		return at
	}
	soon(t, 5*time.Second, "somebody signs", func() bool { return leading() >= 0 })
	for n := int64(1); n <= 3; n++ {
		record(t, owner, act(int(n)))
		at := time.Now()
		soon(t, 5*time.Second, "news is signed", func() bool {
			c, err := ledger.Newest(t.Context(), owner)
			return err == nil && c.Size == n
		})
		if took := time.Since(at); took > time.Second {
			t.Errorf("it took %s", took)
		}
	}
	was := leading()
	ends[was]()
	soon(t, 5*time.Second, "the other takes over", func() bool { return auditors[1-was].State().Leads })
	record(t, owner, act(4))
	soon(t, 2*time.Second, "the witness has it", func() bool {
		held, ok, err := ledger.Witness{Folder: folder}.Newest(k.Verifier)
		return err == nil && ok && held.Size == 4
	})
	holds(t, owner, 4)
}

// A mail server that takes one letter, and a witness that takes notes.
func TestWitnessesAreGivenCheckpointsAndADeadOneStopsNobody(t *testing.T) {
	shouts := quiet(t)
	letters := make(chan string, 10)
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mail.Close()
	go receive(mail, letters)
	notes := make(chan string, 10)
	var refuse sync.Map
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, ok := refuse.Load("now"); ok {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		notes <- r.Method + " " + r.Header.Get("Content-Type") + "\n" + string(body)
	}))
	defer site.Close()
	refuse.Store("now", true)

	db := chain(t, 3)
	folder := t.TempDir()
	gone := filepath.Join(t.TempDir(), "not-mounted")
	a := &ledger.Auditor{DB: db, Key: key(t), Witnesses: []ledger.Witness{
		{Folder: gone},
		{Post: "http://127.0.0.1:1/"}, // nobody listens
		{Post: site.URL},
		{Mail: "gazette@example.kz", Server: mail.Addr().String(), From: "portal@example.kz"},
		{Folder: folder},
	}}
	a.Patience = time.Second
	run(t, a)
	letter := <-letters
	for _, part := range []string{"From: <portal@example.kz>\r\n", "To: <gazette@example.kz>\r\n", "Subject: " + here + " 3\r\n", "\r\n\r\n" + here + "\r\n3\r\n", "— " + here + " "} {
		if !strings.Contains(letter, part) {
			t.Errorf("the letter lacks %q:\n%s", part, letter)
		}
	}
	soon(t, 5*time.Second, "the folder has it", func() bool { _, err := os.Stat(filepath.Join(folder, "newest")); return err == nil })
	soon(t, 5*time.Second, "three are told to fail", func() bool { return len(a.State().Failed) == 3 })
	alarms := func(witness string) int {
		return strings.Count(shouts.String(), `alarm: a witness has not taken a checkpoint for long" witness=`+witness)
	}
	soon(t, 5*time.Second, "somebody is woken for each", func() bool { return alarms(gone) == 1 && alarms("http") == 2 })
	refuse.Delete("now")
	got := <-notes
	newest, err := ledger.Newest(t.Context(), db)
	if err != nil || got != "POST text/plain; charset=utf-8\n"+string(newest.Note) {
		t.Errorf("the site was given %q, %v", got, err)
	}
	soon(t, 5*time.Second, "it fails no more", func() bool { return len(a.State().Failed) == 2 })
	if _, err := os.Stat(gone); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder was made where one should be mounted: %v", err)
	}
	if !strings.Contains(shouts.String(), "not-mounted") {
		t.Error("nobody was told")
	}
	if alarms(gone) != 1 || alarms("http") != 2 || alarms(folder) != 0 {
		t.Errorf("it is said again and again, or of who takes all: %s", shouts)
	}
}

// receive is a mail server for as long as the listener is.
func receive(l net.Listener, letters chan<- string) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		in := bufio.NewReader(conn)
		fmt.Fprint(conn, "220 mail.test\r\n")
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				break
			}
			switch word := strings.ToUpper(strings.Fields(line)[0]); word {
			case "DATA":
				fmt.Fprint(conn, "354 go on\r\n")
				var letter strings.Builder
				for {
					line, err := in.ReadString('\n')
					if err != nil || line == ".\r\n" {
						break
					}
					letter.WriteString(line)
				}
				letters <- letter.String()
				fmt.Fprint(conn, "250 taken\r\n")
			case "QUIT":
				fmt.Fprint(conn, "221 bye\r\n")
			default:
				fmt.Fprint(conn, "250 ok\r\n")
			}
		}
		conn.Close()
	}
}

func TestAFolderKeepsEveryCheckpointAndNothingTakesItsPlace(t *testing.T) {
	db := portaltest.DB(t)
	a := &ledger.Auditor{DB: db, Key: key(t)}
	w := ledger.Witness{Folder: t.TempDir()}
	many(t, db, 2)
	two := signed(t, a)
	many(t, db, 3)
	five := signed(t, a)
	for _, c := range []ledger.Checkpoint{two, five, five, two} { // late and twice
		if err := w.Drop(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]ledger.Checkpoint{"0/2": two, "0/5": five, "newest": five} {
		got, err := os.ReadFile(filepath.Join(w.Folder, name))
		if err != nil || string(got) != string(want.Note) {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
	entries, err := os.ReadDir(filepath.Join(w.Folder, "0"))
	if err != nil || len(entries) != 2 {
		t.Errorf("there lie %v, %v", entries, err)
	}
	// "newest" put back: the files by size are asked.
	if err := os.WriteFile(filepath.Join(w.Folder, "newest"), two.Note, 0o644); err != nil {
		t.Fatal(err)
	}
	held, ok, err := w.Newest(a.Key.Verifier)
	if err != nil || !ok || held.Size != 5 {
		t.Errorf("the newest is %+v, %v", held, err)
	}
	for name, spoil := range map[string]string{"words": "x", "another size": string(two.Note)} {
		if err := os.WriteFile(filepath.Join(w.Folder, "0", "5"), []byte(spoil), 0o644); err != nil {
			t.Fatal(err)
		}
		isFork(t, w.Drop(t.Context(), five), w.Folder)
		if err := ledger.Proven(t.Context(), db, a.Key.Verifier, w); err == nil {
			t.Errorf("%s under a size, and it is proven", name)
		}
	}
	if err := ledger.Proven(t.Context(), db, a.Key.Verifier, ledger.Witness{Folder: filepath.Join(w.Folder, "none")}); err == nil {
		t.Error("a witness that is not there proves")
	}
	if err := ledger.Proven(t.Context(), db, a.Key.Verifier, ledger.Witness{Folder: t.TempDir()}, ledger.Witness{Mail: "x@example.kz"}); err != nil {
		t.Errorf("an empty folder and a mailbox say nothing against it: %v", err)
	}
	if err := ledger.Proven(t.Context(), db, key(t).Verifier); err == nil {
		t.Error("checkpoints of another key prove")
	}
}

// The auditor that works finds a rewrite by what the witness holds, and goes on serving.
func TestAWitnessThatHoldsAnotherLedgerIsShoutedAbout(t *testing.T) {
	shouts := quiet(t)
	db := chain(t, 4)
	k, folder := key(t), t.TempDir()
	first := &ledger.Auditor{DB: db, Key: k}
	if err := (ledger.Witness{Folder: folder}).Drop(t.Context(), signed(t, first)); err != nil {
		t.Fatal(err)
	}
	cut(t, db, 0)
	many(t, db, 6)
	a := &ledger.Auditor{DB: db, Key: k, Witnesses: []ledger.Witness{{Folder: folder}}}
	end := run(t, a)
	soon(t, 5*time.Second, "it is shouted", func() bool { return a.State().Forks > 0 && a.State().Failed[folder] != "" })
	end()
	if !strings.Contains(shouts.String(), `level=ERROR msg="alarm: a witness holds another ledger`) || !strings.Contains(shouts.String(), folder) {
		t.Errorf("it was said like this: %s", shouts.String())
	}
	held, ok, err := (ledger.Witness{Folder: folder}).Newest(k.Verifier)
	if err != nil || !ok || held.Size != 4 {
		t.Errorf("the witness holds %+v now, %v", held, err)
	}
	record(t, db, act(9))
}

func TestAWitnessOfTheSettingsIsReadOrRefused(t *testing.T) {
	for text, want := range map[string]string{
		"/var/lib/witness/": "/var/lib/witness", "mailto:gazette@example.kz": "gazette@example.kz", "https://witness.example.kz/log": "https://witness.example.kz/log",
		"http://127.0.0.1:9/": "http://127.0.0.1:9/", "witness": "", "": "", "mailto:nobody": "", "ftp://x/": "", "https://": "", "mailto:": "",
	} {
		w, err := ledger.ParseWitness(text, "127.0.0.1:25", "portal@example.kz")
		if w.String() != want || (err == nil) != (want != "") || want != "" && w.Every <= 0 {
			t.Errorf("%q is the witness %+v, %v", text, w, err)
		}
	}
	if w, err := ledger.ParseWitness("mailto:gazette@example.kz", "", "portal@example.kz"); err == nil {
		t.Errorf("mail through nothing: %+v", w)
	}
	if w, err := ledger.ParseWitness("mailto:gazette@example.kz", "127.0.0.1:25", ""); err == nil {
		t.Errorf("mail from nobody: %+v", w)
	}
}

// What an auditor costs those who act: BenchmarkRecord beside it says.
func BenchmarkRecordWhileTheAuditorSigns(b *testing.B) {
	db := portaltest.DB(b)
	a := &ledger.Auditor{DB: db, Key: key(b)}
	ctx, stop := context.WithCancel(b.Context())
	var done sync.WaitGroup
	done.Go(func() { a.Run(ctx) })
	for b.Loop() {
		if err := ledger.Record(b.Context(), db, act(0)); err != nil {
			b.Fatal(err)
		}
	}
	stop()
	done.Wait()
}
