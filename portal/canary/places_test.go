package canary_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"zharia/portal/canary"
	"zharia/portal/database"
)

// everywhere says that all places are searched (make campaigns), not those that CI
// has the time for.
var everywhere = os.Getenv("CANARY") == "all"

// estate is all that a portal leaves on its machines: one place after another.
type estate struct {
	t       testing.TB
	server  *database.Server
	sql     *sqlx.DB
	log     string // of the portal
	seen    string // copies of what stood there for a moment
	tmp     string // where the portal and what it starts put files for a moment
	work    string // of this test
	replica *database.Server
	net     *canary.Net
	places  []string
	decoys  []decoy
}

// decoy is a word of the test's own in one form: it must be found in each place that
// can hold it, or the net has a hole there.
type decoy struct {
	canary.Canary
	form   string
	bytes  []byte
	text   bool // it is text, so it may stand where only text does
	packed bool // it was compressed by the test: it stays so where bytes are kept as they are
	twice  bool // it has two strokes in a row, of which text that is quoted again makes four
}

// decoys are one word for each form, and some in what is compressed.
func decoys(seed uint64) (b *canary.Brood, out []decoy) {
	b = canary.Hatch(seed)
	// Not every word has every form of its own: base64 of both kinds is often the same.
	some := canary.Hatch(seed + 1)
	var forms []string
	for i := range 40 {
		some.Word(fmt.Sprint(i), "ru")
		for _, f := range some.All[i].Forms() {
			if !slices.Contains(forms, f.Name) {
				forms = append(forms, f.Name)
			}
		}
	}
	for _, name := range forms {
		c := canary.Canary{}
		for !slices.ContainsFunc(c.Forms(), func(f canary.Form) bool { return f.Name == name }) {
			b.All = slices.DeleteFunc(b.All, func(of canary.Canary) bool { return of.Name == "decoy: "+name })
			b.Word("decoy: "+name, "ru")
			c = b.All[len(b.All)-1]
		}
		for _, f := range c.Forms() {
			if f.Name == name {
				out = append(out, decoy{Canary: c, form: name, bytes: f.Bytes, text: utf8.Valid(f.Bytes) && !bytes.Contains(f.Bytes, []byte{0}), twice: bytes.Contains(f.Bytes, []byte(`\\`))})
				break
			}
		}
	}
	for _, kind := range []string{"latin", "kk"} {
		b.Word("decoy: "+kind, kind)
		c := b.All[len(b.All)-1]
		out = append(out, decoy{Canary: c, form: kind, bytes: []byte(c.Text), text: true})
	}
	b.IIN("decoy: iin")
	b.Phone("decoy: phone")
	b.Case("decoy: case")
	for _, c := range b.All[len(b.All)-3:] {
		out = append(out, decoy{Canary: c, form: "digits", bytes: []byte(c.Text), text: true})
	}
	out = append(out, decoy{Canary: canary.Canary{Name: "decoy: bytes", Binary: true, Text: string(b.Bytes("decoy: bytes"))}, form: "bytes"})
	out[len(out)-1].bytes = []byte(out[len(out)-1].Text)
	for _, way := range []struct {
		name string
		pack func(io.Writer) io.WriteCloser
	}{
		{"gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
		{"zlib", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }},
	} {
		word := b.Word("decoy: in "+way.name, "kk")
		var packed bytes.Buffer
		w := way.pack(&packed)
		fmt.Fprintf(w, "%s %s %s", strings.Repeat("қаулы ", 50), word, strings.Repeat("шағым ", 50))
		w.Close()
		out = append(out, decoy{Canary: b.All[len(b.All)-1], form: way.name, bytes: packed.Bytes(), packed: true})
	}
	for i := range out {
		if out[i].Binary {
			continue
		}
		c, _ := b.Called(out[i].Name)
		out[i].Canary = c
	}
	return b, out
}

const plantTables = `
CREATE SCHEMA planted;
CREATE TABLE planted.decoy (name text, words text, content bytea);
CREATE TABLE planted.great (name text, pglz text COMPRESSION pglz, lz4 text);`

// plant puts the decoys where the words of people might be: into the database, by
// parameters and within statements; into the log of the portal; into a temporary file.
func (e *estate) plant() {
	e.t.Helper()
	run := func(q string, args ...any) {
		e.t.Helper()
		if _, err := e.sql.Exec(q, args...); err != nil {
			e.t.Fatal(err)
		}
	}
	run(plantTables)
	var all []string
	for _, d := range e.decoys {
		if d.text {
			run(`INSERT INTO planted.decoy (name, words) VALUES ($1, $2)`, d.form, string(d.bytes))
			all = append(all, string(d.bytes))
		} else {
			run(`INSERT INTO planted.decoy (name, content) VALUES ($1, $2)`, d.form, d.bytes)
		}
	}
	// PostgreSQL compresses what is longer than two kilobytes, and moves what is still
	// longer out of its row.
	for _, d := range e.decoys {
		if d.form == "latin" || d.form == "kk" {
			run(`INSERT INTO planted.great (name, pglz) VALUES ($1, $2)`, "inline", d.Text[:4]+strings.Repeat(" қаулы шығарылды", 200)+" "+d.Text+" "+strings.Repeat(" шағым берілді", 100))
		}
	}
	// One statement stays to be seen in the view of what runs.
	conn, err := e.sql.Connx(context.Background())
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { conn.Close() })
	if _, err := conn.ExecContext(context.Background(), `SET planted.words = `+pq.QuoteLiteral(strings.Join(all, " "))); err != nil {
		e.t.Fatal(err)
	}
	log, err := os.OpenFile(e.log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		e.t.Fatal(err)
	}
	defer log.Close()
	for i, d := range e.decoys {
		fmt.Fprintf(log, "%s\n", d.bytes)
		if err := os.WriteFile(filepath.Join(e.tmp, fmt.Sprint("decoy-", i)), d.bytes, 0o600); err != nil {
			e.t.Fatal(err)
		}
		slog.Info("planted", "word", string(d.bytes))
	}
}

// what a place can hold of decoys.
type holds func(decoy) bool

func anything(decoy) bool   { return true }
func textual(d decoy) bool  { return d.text && !d.twice }
func unpacked(d decoy) bool { return !d.packed }
func dumped(d decoy) bool   { return !d.packed && !d.twice }

// search draws the net through one place and says what it caught; every decoy that
// the place can hold must be among it.
func (e *estate) search(place string, can holds, look func() error) {
	e.t.Helper()
	began, before := time.Now(), e.net.Bytes
	if err := look(); err != nil {
		e.t.Fatalf("%s: %v", place, err)
	}
	e.places = append(e.places, place)
	caught := e.net.In(place)
	missing := 0
	for _, d := range e.decoys {
		if can(d) && !slices.Contains(caught, d.String()) {
			missing++
			e.t.Errorf("%s: a word planted there as %s is not found: the search has a hole", place, d.form)
		}
	}
	e.t.Logf("%-24s %7.1f MB, %d of %d decoys found, %v", place, float64(e.net.Bytes-before)/1e6, len(e.decoys)-missing, len(e.decoys), time.Since(began).Round(time.Millisecond))
}

func (e *estate) program(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(e.server.Bin, name), args...)
	c.Env = append(os.Environ(), "PGHOST="+e.server.Socket, "PGUSER=portal", "PGDATABASE=portal", "TMPDIR="+e.work)
	return c
}

// said draws the net through what a program writes.
func (e *estate) said(place string, c *exec.Cmd) error {
	var wrong bytes.Buffer
	c.Stderr = &wrong
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	if err := errors.Join(e.net.Stream(place, out), c.Wait()); err != nil {
		return fmt.Errorf("%s: %w: %s", c.Args[0], err, wrong.String())
	}
	return nil
}

// copies draws the net through the rows of every table, as PostgreSQL gives them out:
// nothing is compressed there, and nothing moved elsewhere.
func (e *estate) copies(place string, of ...string) error {
	if len(of) == 0 {
		if err := e.sql.Select(&of, `
			SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			 WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1`); err != nil {
			return err
		}
		if len(of) < 50 {
			return fmt.Errorf("only %d tables", len(of))
		}
	}
	for _, table := range of {
		if err := e.said(place+" "+table, e.program("psql", "-X", "-q", "-c", `COPY (SELECT * FROM `+table+`) TO STDOUT (FORMAT binary)`)); err != nil {
			return err
		}
	}
	return nil
}

// spy keeps a copy of each folder in which the portal starts a program on a file of
// others, as it is in that moment: what stands there is gone a second later, but for
// who pulls the plug.
func (e *estate) spy() {
	e.t.Helper()
	tools, seen := e.t.TempDir(), filepath.Join(e.tmp, "seen")
	if err := os.Mkdir(seen, 0o700); err != nil {
		e.t.Fatal(err)
	}
	for _, name := range []string{"prlimit", "pdftoppm", "pdftotext"} {
		program, err := exec.LookPath(name)
		if err != nil {
			continue // no bounds on this system: the programs are started themselves
		}
		// With bounds on, those it starts could not write a copy.
		copies := fmt.Sprintf("d=$(mktemp -d %s/XXXXXX) && cp -R . \"$d\" 2>/dev/null\n", seen)
		if name != "prlimit" {
			copies = "[ \"$(ulimit -f)\" = 0 ] || { " + strings.TrimSpace(copies) + "; }\n"
		}
		script := "#!/bin/sh\nPATH=/usr/bin:/bin:$PATH\n" + copies + "exec " + program + " \"$@\"\n"
		if err := os.WriteFile(filepath.Join(tools, name), []byte(script), 0o700); err != nil {
			e.t.Fatal(err)
		}
	}
	e.t.Setenv("PATH", tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	e.seen = seen
}

// standby starts a server that follows the first.
func (e *estate) standby() {
	e.t.Helper()
	dir, err := os.MkdirTemp("", "zharia-replica-")
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		e.t.Fatal(err)
	}
	if out, err := e.program("pg_basebackup", "-D", filepath.Join(dir, "data"), "-R", "-X", "stream", "-c", "fast").CombinedOutput(); err != nil {
		e.t.Fatalf("pg_basebackup: %v: %s", err, out)
	}
	if e.replica, err = database.StartLocal(e.t.Context(), database.Local{Dir: dir}); err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() {
		e.replica.Stop()
		os.RemoveAll(filepath.Dir(e.replica.Data))
	})
}

// caughtUp waits until the standby has all that was written.
func (e *estate) caughtUp() error {
	for range 200 {
		var there bool
		err := e.sql.Get(&there, `SELECT count(*) > 0 AND bool_and(replay_lsn >= pg_current_wal_flush_lsn()) FROM pg_stat_replication WHERE application_name = 'walreceiver'`)
		if err != nil {
			return err
		}
		if there {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the standby does not follow")
}

// searchAll goes through all places, those that need the server first.
func (e *estate) searchAll() {
	e.t.Helper()
	e.net.PostgreSQL = false
	e.search("rows of tables", anything, func() error { return e.copies("rows of tables") })
	e.search("pg_stat_activity", textual, func() error { return e.copies("pg_stat_activity", "pg_stat_activity") })
	e.search("pg_dump plain", dumped, func() error { return e.said("pg_dump plain", e.program("pg_dump", "-Fp")) })
	if everywhere {
		e.search("pg_stat_statements", textual, func() error { return e.copies("pg_stat_statements", "pg_stat_statements") })
		e.search("pg_dump custom", dumped, func() error {
			path := filepath.Join(e.work, "dump.custom")
			if out, err := e.program("pg_dump", "-Fc", "-f", path).CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			// Its streams are cut into pieces, with a length before each: pg_restore joins them.
			return errors.Join(e.net.File("pg_dump custom", path), e.said("pg_dump custom", e.program("pg_restore", "-f", "-", path)))
		})
		e.search("pg_dump directory", dumped, func() error {
			path := filepath.Join(e.work, "dump.directory")
			if out, err := e.program("pg_dump", "-Fd", "-f", path).CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return e.net.Folder("pg_dump directory", path)
		})
		e.net.PostgreSQL = true
		e.search("base backup", anything, func() error {
			path := filepath.Join(e.work, "base")
			if out, err := e.program("pg_basebackup", "-D", path, "-Ft", "-z", "-X", "none", "-c", "fast").CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return e.net.Folder("base backup", path)
		})
		e.search("replica", anything, func() error {
			if err := errors.Join(e.caughtUp(), e.replica.Stop()); err != nil {
				return err
			}
			return e.net.Folder("replica", filepath.Dir(e.replica.Data))
		})
	}
	if err := e.server.Stop(); err != nil {
		e.t.Fatal(err)
	}
	e.net.PostgreSQL = true
	e.search("WAL", anything, func() error { return e.net.Folder("WAL", filepath.Join(e.server.Data, "pg_wal")) })
	e.search("data folder", anything, func() error { // but for the log that was searched
		all, err := os.ReadDir(e.server.Data)
		for _, f := range all {
			if err == nil && f.Name() != "pg_wal" {
				err = e.net.Folder("data folder/"+f.Name(), filepath.Join(e.server.Data, f.Name()))
			}
		}
		return err
	})
	e.net.PostgreSQL = false
	e.search("log of PostgreSQL", unpacked, func() error {
		return e.net.File("log of PostgreSQL", filepath.Join(filepath.Dir(e.server.Data), "server.log"))
	})
	e.search("log of the portal", anything, func() error { return e.net.File("log of the portal", e.log) })
	if all, err := os.ReadDir(e.seen); e.seen != "" && (err != nil || len(all) < 3) {
		e.t.Errorf("programs were started in %d folders, %v: nobody has looked at what they were given", len(all), err)
	}
	e.search("temporary files", anything, func() error { return e.net.Folder("temporary files", e.tmp) })
}
