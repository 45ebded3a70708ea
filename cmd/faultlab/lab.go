package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"zharia/portal/cast"
	"zharia/portal/country"
	"zharia/portal/database"
	"zharia/portal/eds/authority"
	"zharia/portal/proving"
)

// Where the portal of the lab is, to people: its TLS ends in front of it.
const origin = "https://faultlab.example"

// lab is a portal with all its processes, its database and its authority, in a folder of
// its own and on this machine alone, and the people who file in it.
type lab struct {
	dir     string
	out     io.Writer // progress
	seed    uint64
	planted string // a defect that was built in on purpose; "": none
	disk    string // a small file system for PostgreSQL; "": it lives in dir
	url     string
	began   time.Time
	at      func(login string) string // the address of the database "portal" for a login, past the wire; "": as its owner

	local    database.Local
	server   *database.Server
	db       *database.DB // as the owner, past the wire: for the checker
	wire     *wire
	services *authority.Services
	center   *http.Server
	troupe   *cast.Troupe
	citizens []country.Citizen
	key      string // public, of the auditor
	tenacity time.Duration
	traces   string // where the system calls of the auditor are written; "": nowhere

	keeper, auditor, portal *process

	who        map[string]country.Citizen // by the name of the client
	stagedActs int64                      // acts of the stage, before anybody filed
	acks       atomic.Int64
	crashes    int // of PostgreSQL: each may skip numbers
	mu         sync.Mutex
	wrong      []error // what clients met that they must not
}

func (l *lab) diaries() string { return filepath.Join(l.dir, "diaries") }
func (l *lab) witness() string { return filepath.Join(l.dir, "witness") }

func (l *lab) say(format string, args ...any) {
	fmt.Fprintf(l.out, "%7.1f s  "+format+"\n", append([]any{time.Since(l.began).Seconds()}, args...)...)
}

// trouble notes what no fault may lead to: that somebody cannot go on.
func (l *lab) trouble(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, err)
}

func (l *lab) troubles() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.wrong)
}

// build makes the portal that is tested. The overlay replaces files of it; "" is none.
func build(ctx context.Context, binary, overlay string) error {
	if overlay == "" {
		return proving.Build(ctx, binary)
	}
	return proving.Compile(ctx, binary, "-tags", "lab", "-overlay", overlay, "zharia/cmd/portal")
}

// open makes a lab with everything running. Where that fails, what was begun is in the lab
// if it is not nil, and to be closed.
func open(ctx context.Context, out io.Writer, p plan) (l *lab, err error) {
	l = &lab{out: out, seed: p.seed, planted: p.planted, disk: p.disk, tenacity: p.tenacity, began: time.Now(), who: map[string]country.Citizen{}}
	if l.dir, err = os.MkdirTemp("", "faultlab-"); err != nil {
		return nil, err
	}
	if p.traced {
		l.traces = filepath.Join(l.dir, "auditor.calls")
	}
	// Under root PostgreSQL runs as another user, who has to pass through.
	if err = os.Chmod(l.dir, 0o711); err != nil {
		return l, err
	}
	for _, dir := range []string{l.diaries(), l.witness(), filepath.Join(l.dir, "lists"), filepath.Join(l.dir, "auditor")} {
		if err = os.Mkdir(dir, 0o700); err != nil {
			return l, err
		}
	}
	if err = l.openDatabase(ctx, p.settings); err != nil {
		return l, err
	}
	if err = l.stage(ctx, p.binary); err != nil {
		return l, err
	}
	if err = l.openCenter(); err != nil {
		return l, err
	}
	if l.wire, err = openWire(filepath.Join(l.server.Socket, ".s.PGSQL.5432")); err != nil {
		return l, err
	}
	return l, l.openProcesses(ctx, p.binary)
}

// openDatabase starts a PostgreSQL that keeps what it says it keeps.
func (l *lab) openDatabase(ctx context.Context, settings []string) (err error) {
	home := l.dir
	if l.disk != "" {
		home = l.disk
	}
	l.local = database.Local{Dir: filepath.Join(home, "pg"), Settings: append([]string{"max_connections=200", "checkpoint_timeout=30s"}, settings...)}
	if l.server, err = database.StartLocal(ctx, l.local); err != nil {
		return err
	}
	var sums string
	if l.db, err = database.Open(ctx, l.server.DSN("postgres")); err != nil {
		return err
	}
	err = errors.Join(l.db.Get(ctx, &sums, `SHOW data_checksums`), l.db.Close())
	if err != nil {
		return err
	}
	if sums != "on" { // the portal asks for them
		if err := l.server.Stop(); err != nil {
			return err
		}
		if out, err := exec.CommandContext(ctx, filepath.Join(l.server.Bin, "pg_checksums"), "--enable", "--no-sync", "-D", l.server.Data).CombinedOutput(); err != nil {
			return fmt.Errorf("pg_checksums: %w: %s", err, out)
		}
		if l.server, err = database.StartLocal(ctx, l.local); err != nil {
			return err
		}
	}
	l.at = func(login string) string {
		if login == "" {
			return l.server.DSN("portal")
		}
		return fmt.Sprintf("host='%s' user=%s dbname=portal sslmode=disable", l.server.Socket, login)
	}
	return l.server.Create(ctx, "portal")
}

const makeLogins = `
CREATE ROLE zharia LOGIN IN ROLE portal_app, portal_work, portal_audit;
CREATE ROLE zharia_auditor LOGIN IN ROLE portal_audit`

// stage puts the cast on, and those who file.
func (l *lab) stage(ctx context.Context, binary string) (err error) {
	out, err := exec.CommandContext(ctx, binary, "lab-stage", "-dir", l.dir, "-database", l.at(""), "-origin", origin,
		"-citizens", strconv.Itoa(maxClients), "-decisions", "1").CombinedOutput()
	if err != nil {
		return fmt.Errorf("lab-stage: %w\n%s", err, out)
	}
	if l.troupe, err = cast.Keys(filepath.Join(l.dir, "cast"), time.Now()); err != nil {
		return err
	}
	if l.citizens, err = country.Citizens(filepath.Join(l.dir, "citizens"), l.troupe, maxClients, time.Now()); err != nil {
		return err
	}
	if l.db, err = database.Open(ctx, l.at("")); err != nil {
		return err
	}
	return l.db.Exec(ctx, makeLogins)
}

func (l *lab) openCenter() (err error) {
	if l.services, err = l.troupe.Authority.Services(time.Now); err != nil {
		return err
	}
	l.services.Delay = 5 * time.Second
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	l.center = &http.Server{Handler: l.services, Addr: listener.Addr().String(), ReadHeaderTimeout: 5 * time.Second}
	go l.center.Serve(listener)
	return nil
}

// freeAddress is an address of this machine that nobody has.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// openProcesses starts the keeper, the auditor and the portal, in this order.
func (l *lab) openProcesses(ctx context.Context, binary string) error {
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	l.url = "http://" + addr
	base := []string{"PATH=/usr/bin:/bin:/usr/local/bin", "HOME=" + l.dir, "TMPDIR=" + os.TempDir(), "LAB_PLANTED=" + l.planted, "PORTAL_LOG=text", "PORTAL_ORIGIN=" + origin, "PORTAL_WITNESSES=" + l.witness()}
	socket := filepath.Join(l.dir, "keeper.sock")
	l.keeper = &process{
		name: "keeper", ready: "ready", log: filepath.Join(l.dir, "keeper.log"), env: base,
		args: []string{
			binary, "keeper", "run", "-dev", "-dir", filepath.Join(l.dir, "keeper"), "-passphrase-file", filepath.Join(l.dir, "keys", "passphrase"),
			"-socket", socket, "-users", strconv.Itoa(os.Geteuid()), "-anchors", filepath.Join(l.dir, "anchors"), "-register", filepath.Join(l.dir, "register.cer"),
		},
	}
	if err := l.keeper.start(ctx); err != nil {
		return err
	}
	l.auditor = &process{
		name: "auditor", ready: "PORTAL_LOG_KEY=", log: filepath.Join(l.dir, "auditor.log"), args: []string{binary, "auditor"},
		env: append(slices.Clone(base), "DATABASE_URL="+l.at("zharia_auditor"), "PORTAL_AUDITOR_KEY="+filepath.Join(l.dir, "auditor", "key")),
	}
	if l.traces != "" {
		l.auditor.args = append([]string{"strace", "-D", "-A", "-f", "-q", "-y", "-s", "500", "-e", "trace=openat,fsync,fdatasync,rename,renameat,renameat2,linkat", "-o", l.traces}, l.auditor.args...)
	}
	if err := l.auditor.start(ctx); err != nil {
		return err
	}
	l.key = strings.TrimPrefix(l.auditor.said, "PORTAL_LOG_KEY=")
	served := l.at("zharia")
	if l.wire != nil {
		served = fmt.Sprintf("host=127.0.0.1 port=%d user=zharia dbname=portal sslmode=disable", l.wire.port())
	}
	l.portal = &process{
		name: "portal", ready: "ready", log: filepath.Join(l.dir, "portal.log"), args: []string{binary, "serve"},
		env: append(slices.Clone(base), "DATABASE_URL="+served,
			"PORTAL_ADDR="+addr, "PORTAL_OPS_ADDR=none", "PORTAL_ANCHORS="+filepath.Join(l.dir, "anchors"), "PORTAL_PINS="+strings.Repeat("0", 64),
			"PORTAL_LISTS="+filepath.Join(l.dir, "lists"), "PORTAL_KEEPER=unix:"+socket, "PORTAL_LOG_KEY="+l.key, "PORTAL_EGOV_BIN=123456789012",
			"LAB_AUTHORITY=http://"+l.center.Addr),
	}
	return l.portal.start(ctx)
}

// postmaster is the process of PostgreSQL that we started.
func (l *lab) postmaster() (int, error) {
	text, err := os.ReadFile(filepath.Join(l.server.Data, "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0, err
	}
	if parentOf(pid) != os.Getpid() {
		return 0, fmt.Errorf("process %d is not ours", pid)
	}
	return pid, nil
}

// endDatabase sends a signal to the postmaster and waits until it has gone.
func (l *lab) endDatabase(s syscall.Signal) error {
	pid, err := l.postmaster()
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, s); err != nil {
		return err
	}
	l.crashes++
	for range 300 {
		if parentOf(pid) != os.Getpid() {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("PostgreSQL did not end on signal %d", s)
}

// raiseDatabase starts it again, in whatever state it was left.
func (l *lab) raiseDatabase(ctx context.Context) (err error) {
	l.server, err = database.StartLocal(ctx, l.local)
	return err
}

const selectBackends = `
SELECT pid FROM pg_stat_activity WHERE usename = 'zharia' AND backend_type = 'client backend' ORDER BY state = 'active' DESC, random()`

// killBackend kills one backend of the portal: PostgreSQL then ends all others and
// recovers by itself. Until it has ended them people may still file, and what is asked of
// it next would meet the recovery.
func (l *lab) killBackend(ctx context.Context) error {
	var pids []int
	if err := l.db.Select(ctx, &pids, selectBackends); err != nil {
		return err
	}
	postmaster, err := l.postmaster()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if parentOf(pid) == postmaster {
			l.crashes++
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				return err
			}
			return ended(ctx, postmaster, pids)
		}
	}
	return errors.New("the portal has no connection to PostgreSQL")
}

// ended waits until none of the processes is a child of the parent any more.
func ended(ctx context.Context, parent int, pids []int) error {
	for end := time.Now().Add(readyTime); time.Now().Before(end); sleep(ctx, 5*time.Millisecond) {
		if ctx.Err() != nil || !slices.ContainsFunc(pids, func(pid int) bool { return parentOf(pid) == parent }) {
			return ctx.Err()
		}
	}
	return errors.New("PostgreSQL goes on as if no backend of its had been killed")
}

// healthy waits until the portal serves.
func (l *lab) healthy(ctx context.Context, most time.Duration) (time.Duration, error) {
	start := time.Now()
	browser := http.Client{Timeout: 2 * time.Second}
	var last error
	for time.Since(start) < most && ctx.Err() == nil {
		came, err := browser.Get(l.url + "/kk/signin")
		if err == nil {
			came.Body.Close()
			if came.StatusCode == http.StatusOK {
				return time.Since(start), nil
			}
			err = fmt.Errorf("status %d", came.StatusCode)
		}
		last = err
		sleep(ctx, 20*time.Millisecond)
	}
	return 0, fmt.Errorf("the portal does not serve after %s: %w\n%s", most, errors.Join(last, ctx.Err()), tail(l.portal.log))
}

// close ends everything that was started, and removes the folder.
func (l *lab) close() error {
	var errs []error
	for _, p := range []*process{l.portal, l.auditor, l.keeper} {
		if p != nil {
			errs = append(errs, p.kill())
		}
	}
	if l.wire != nil {
		l.wire.close()
	}
	if l.center != nil {
		l.center.Close()
	}
	if l.db != nil {
		l.db.Close()
	}
	if l.server != nil {
		errs = append(errs, l.server.Stop())
		if elsewhere := filepath.Dir(l.server.Data); strings.HasPrefix(elsewhere, "/var/tmp/zharia-pg-") { // a folder that PostgreSQL's user could not reach
			errs = append(errs, os.RemoveAll(elsewhere))
		}
	}
	if os.Getenv("FAULTLAB_KEEP") != "" {
		l.say("kept: %s", l.dir)
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}
