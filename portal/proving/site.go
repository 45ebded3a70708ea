// Package proving is a ground to measure the portal on: the built binary as processes of
// its own (serve, keeper, auditor) with a PostgreSQL and an invented authority, filled with
// a synthetic country (portal/country), and people who come to it at a steady rate, who
// never wait for the one before. It measures in processor time, which on a shared machine
// is all that means anything, and beside pgbench, which runs the same SQL in the same minute.
package proving

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"

	"zharia"
	"zharia/portal/cast"
	"zharia/portal/country"
	"zharia/portal/database"
	"zharia/portal/eds/authority"
)

// origin is where the portal is, to people: its TLS would end in front of it.
const origin = "https://proving.example"

// Plan is what a site is made of.
type Plan struct {
	Dir       string // is kept, and found again by the next run; "": a folder that goes at the end
	Binary    string // of the portal, built with the tag lab; "": it is built
	Filings   int    // of nobody
	Citizens  int    // with keys, and cases whose pages open
	Decisions int    // in each of these cases
	Settings  []string
	Out       io.Writer // progress
}

// Site is a portal that serves, with everything behind it.
type Site struct {
	Plan
	URL      string
	Citizens []country.Citizen
	Troupe   *cast.Troupe
	Took     time.Duration // to make the country; 0 where it was there already
	DB       *sqlx.DB      // as the owner

	temporary bool
	server    *database.Server
	services  *authority.Services
	center    *http.Server
	keeper    *process
	auditor   *process
	portal    *process
}

// serving are the settings of PostgreSQL while it is measured, beside its defaults: those
// of the install page for a machine of 24 GB. Autovacuum stays on: it is part of the price.
var serving = []string{"max_connections=200", "shared_buffers=2GB", "max_wal_size=8GB", "checkpoint_timeout=15min", "log_line_prefix=%p|"}

// filling are those while the country is made: it is lost if the machine stops, and made anew.
var filling = append(slices.Clone(serving), "fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off", "maintenance_work_mem=512MB")

// Open makes a site, or wakes one that was kept, and waits until it serves.
func Open(ctx context.Context, p Plan) (s *Site, err error) {
	s = &Site{Plan: p}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	if s.Dir == "" {
		if s.Dir, err = os.MkdirTemp("", "proving-"); err != nil {
			return s, err
		}
		s.temporary = true
	}
	if s.Dir, err = filepath.Abs(s.Dir); err != nil {
		return s, err
	}
	if err = os.MkdirAll(s.Dir, 0o711); err != nil {
		return s, err
	}
	// Under root PostgreSQL runs as another user, who has to pass through.
	if err = os.Chmod(s.Dir, 0o711); err != nil {
		return s, err
	}
	for _, dir := range []string{"witness", "lists", "auditor"} {
		if err = os.MkdirAll(filepath.Join(s.Dir, dir), 0o700); err != nil {
			return s, err
		}
	}
	if s.Binary == "" {
		s.Binary = filepath.Join(s.Dir, "portal")
		s.say("building the portal")
		if err = Build(ctx, s.Binary); err != nil {
			return s, err
		}
	}
	if err = s.inhabit(ctx); err != nil {
		return s, err
	}
	if err = s.openDatabase(ctx, serving); err != nil {
		return s, err
	}
	if s.Troupe, err = cast.Keys(filepath.Join(s.Dir, "cast"), time.Now()); err != nil {
		return s, err
	}
	if s.Citizens, err = country.Citizens(filepath.Join(s.Dir, "citizens"), s.Troupe, p.Citizens, time.Now()); err != nil {
		return s, err
	}
	if err = s.openCenter(); err != nil {
		return s, err
	}
	s.say("starting the keeper, the auditor and the portal")
	return s, s.openProcesses(ctx)
}

// Build makes the portal that is measured: that of cmd/faultlab, which takes an invented
// authority and is otherwise the one that is installed.
func Build(ctx context.Context, binary string) error {
	return Compile(ctx, binary, "-tags", "lab", "zharia/cmd/portal")
}

// Compile is go build -o binary. When ctx ends it is killed with all it started, and leaves
// nothing: its temporary folder is ours.
func Compile(ctx context.Context, binary string, args ...string) (err error) {
	temporary, err := os.MkdirTemp("", "compile-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", binary}, args...)...)
	build.Env = append(os.Environ(), "GOTMPDIR="+temporary)
	build.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	build.Cancel = func() error { return syscall.Kill(-build.Process.Pid, syscall.SIGKILL) }
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", filepath.Base(binary), err, out)
	}
	return nil
}

func (s *Site) say(format string, args ...any) { fmt.Fprintf(s.Out, format+"\n", args...) }

// made is what a folder holds, written when it is whole.
type made struct {
	Filings, Citizens, Decisions int
	Schema                       string // SHA-256: a portal serves its own alone
}

func (s *Site) made() made {
	return made{s.Filings, s.Plan.Citizens, s.Decisions, fmt.Sprintf("%x", sha256.Sum256([]byte(zharia.Schema)))}
}

var errOther = errors.New("the folder holds another country, or one of another schema: name another, or remove it")

// inhabit makes the country in a folder where there is none.
func (s *Site) inhabit(ctx context.Context) error {
	note := filepath.Join(s.Dir, "country.json")
	text, err := os.ReadFile(note)
	if err == nil {
		var there made
		if err := json.Unmarshal(text, &there); err != nil || there != s.made() {
			return fmt.Errorf("%s: %w: %s", s.Dir, errOther, text)
		}
		s.say("the country is there: %s", text)
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "pg")); err == nil {
		return fmt.Errorf("%s: %w: it was not made to its end", s.Dir, errOther)
	}
	start := time.Now()
	if err := s.openDatabase(ctx, filling); err != nil {
		return err
	}
	if err := s.stage(ctx); err != nil {
		return err
	}
	cases := s.Filings / country.Crowded.Filings
	filled := time.Now()
	err = country.Fill(ctx, s.DB, 0, cases, country.Crowded, func(done int) {
		fmt.Fprint(s.Out, country.Bar("filings", done*country.Crowded.Filings, s.Filings, filled))
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Out)
	if err := s.closeDatabase(); err != nil { // its checkpoint brings everything to the disk
		return err
	}
	s.Took = time.Since(start)
	s.say("the country was made in %s", s.Took.Round(time.Second))
	if text, err = json.Marshal(s.made()); err != nil {
		return err
	}
	return os.WriteFile(note, text, 0o600)
}

// openDatabase starts PostgreSQL, with checksums: the portal asks for them.
func (s *Site) openDatabase(ctx context.Context, settings []string) (err error) {
	local := database.Local{Dir: filepath.Join(s.Dir, "pg"), Settings: append(slices.Clone(settings), s.Settings...)}
	if s.server, err = database.StartLocal(ctx, local); err != nil {
		return err
	}
	if !s.server.Started {
		return fmt.Errorf("the PostgreSQL of %s runs already: another run has it in hand", s.Dir)
	}
	var sums string
	admin, err := sqlx.ConnectContext(ctx, "postgres", s.server.DSN("postgres"))
	if err != nil {
		return err
	}
	if err := errors.Join(admin.GetContext(ctx, &sums, `SHOW data_checksums`), admin.Close()); err != nil {
		return err
	}
	if sums != "on" {
		if err := s.server.Stop(); err != nil {
			return err
		}
		if out, err := exec.CommandContext(ctx, filepath.Join(s.server.Bin, "pg_checksums"), "--enable", "--no-sync", "-D", s.server.Data).CombinedOutput(); err != nil {
			return fmt.Errorf("pg_checksums: %w: %s", err, out)
		}
		if s.server, err = database.StartLocal(ctx, local); err != nil {
			return err
		}
	}
	if err := s.server.Create(ctx, "portal"); err != nil {
		return err
	}
	s.DB, err = sqlx.ConnectContext(ctx, "postgres", s.server.DSN("portal"))
	return err
}

func (s *Site) closeDatabase() error {
	var err error
	if s.DB != nil {
		err = s.DB.Close()
		s.DB = nil
	}
	if s.server != nil {
		err = errors.Join(err, s.server.Stop())
		s.server = nil
	}
	return err
}

const makeLogins = `
CREATE ROLE zharia LOGIN IN ROLE portal_app, portal_work, portal_audit;
CREATE ROLE zharia_auditor LOGIN IN ROLE portal_audit`

// stage puts the schema, the cast and the citizens into the database.
func (s *Site) stage(ctx context.Context) error {
	s.say("the cast and %d citizens, each with a case of %d decisions that are signed", s.Plan.Citizens, s.Decisions)
	cmd := exec.CommandContext(ctx, s.Binary, "lab-stage", "-dir", s.Dir, "-database", s.server.DSN("portal"), "-origin", origin,
		"-citizens", strconv.Itoa(s.Plan.Citizens), "-decisions", strconv.Itoa(s.Decisions))
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, s.Out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("lab-stage: %w\n%s", err, &said)
	}
	fmt.Fprintln(s.Out)
	_, err := s.DB.ExecContext(ctx, makeLogins)
	return err
}

func (s *Site) openCenter() (err error) {
	if s.services, err = s.Troupe.Authority.Services(time.Now); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.center = &http.Server{Handler: s.services, Addr: listener.Addr().String(), ReadHeaderTimeout: 5 * time.Second}
	go s.center.Serve(listener)
	return nil
}

// FreeAddress is an address of this machine that nobody has.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// done has what the portal does once a day be done already: it is measured while people
// come, and not in the hour of its audit.
const done = `
INSERT INTO timetable (name, due_at, ran_at) VALUES ('audit the database', now() + interval '1 day', now())
    ON CONFLICT (name) DO UPDATE SET due_at = now() + interval '1 day'`

// openProcesses starts the keeper, the auditor and the portal, in this order.
func (s *Site) openProcesses(ctx context.Context) error {
	if _, err := s.DB.ExecContext(ctx, done); err != nil {
		return err
	}
	addr, err := FreeAddress()
	if err != nil {
		return err
	}
	s.URL = "http://" + addr
	in := func(name string) string { return filepath.Join(s.Dir, name) }
	login := func(name string) string { return "DATABASE_URL=" + s.Login(name) }
	base := []string{"PATH=/usr/bin:/bin:/usr/local/bin", "HOME=" + s.Dir, "TMPDIR=" + os.TempDir(), "PORTAL_LOG=text", "PORTAL_ORIGIN=" + origin, "PORTAL_WITNESSES=" + in("witness")}
	base = append(base, profiling()...)
	socket := filepath.Join(s.server.Socket, "keeper.sock") // a short path that goes with the server
	if err := os.RemoveAll(socket); err != nil {
		return err
	}
	s.keeper = &process{name: "keeper", ready: "ready", log: in("keeper.log"), env: base, args: []string{
		s.Binary, "keeper", "run", "-dev", "-dir", in("keeper"), "-passphrase-file", in("keys/passphrase"),
		"-socket", socket, "-users", strconv.Itoa(os.Geteuid()), "-anchors", in("anchors"), "-register", in("register.cer"),
	}}
	if err := s.keeper.start(ctx); err != nil {
		return err
	}
	s.auditor = &process{name: "auditor", ready: "PORTAL_LOG_KEY=", log: in("auditor.log"), args: []string{s.Binary, "auditor"},
		env: append(slices.Clone(base), login("zharia_auditor"), "PORTAL_AUDITOR_KEY="+in("auditor/key"))}
	if err := s.auditor.start(ctx); err != nil {
		return err
	}
	s.portal = &process{name: "portal", ready: "ready", log: in("portal.log"), args: []string{s.Binary, "serve"},
		env: append(slices.Clone(base), login("zharia"),
			"PORTAL_ADDR="+addr, "PORTAL_OPS_ADDR=none", "PORTAL_ANCHORS="+in("anchors"), "PORTAL_PINS="+strings.Repeat("0", 64),
			"PORTAL_LISTS="+in("lists"), "PORTAL_KEEPER=unix:"+socket, s.auditor.said, "PORTAL_EGOV_BIN=123456789012",
			"LAB_AUTHORITY=http://"+s.center.Addr)}
	return s.portal.start(ctx)
}

// Login is the address of the database for one of its logins: zharia is the portal's.
func (s *Site) Login(name string) string {
	return fmt.Sprintf("host='%s' user=%s dbname=portal sslmode=disable", s.server.Socket, name)
}

// profiling passes on what the Go runtime is told in the environment.
func profiling() (out []string) {
	for _, name := range []string{"GOMAXPROCS", "GOGC", "GOMEMLIMIT"} {
		if value, set := os.LookupEnv(name); set {
			out = append(out, name+"="+value)
		}
	}
	return out
}

// LastWords is the end of what the portal told its log.
func (s *Site) LastWords() string {
	if s.portal == nil {
		return ""
	}
	return tail(s.portal.log)
}

// Close ends everything that was started, and removes the folder unless it is kept.
func (s *Site) Close() error {
	errs := []error{s.portal.stop(), s.auditor.stop(), s.keeper.stop()}
	if s.center != nil {
		errs = append(errs, s.center.Close())
	}
	var elsewhere string // of a database whose user could not reach the folder
	if s.server != nil {
		elsewhere = filepath.Dir(s.server.Data)
	}
	errs = append(errs, s.closeDatabase())
	if s.temporary {
		if strings.HasPrefix(elsewhere, "/var/tmp/zharia-pg-") {
			errs = append(errs, os.RemoveAll(elsewhere))
		}
		errs = append(errs, os.RemoveAll(s.Dir))
	}
	return errors.Join(errs...)
}
