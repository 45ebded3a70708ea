package proving

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Statement is one that PostgreSQL was asked, with its arguments as the log shows them.
type Statement struct {
	SQL  string
	Args []string // NULL, or a text between quotation marks
}

// ErrAbsent says that pgbench is not on this machine.
var ErrAbsent = errors.New("pgbench is absent")

// overheard is how often a request is listened to until two times are the same: the portal
// does other things meanwhile.
const overheard = 10

// Overhear gives what PostgreSQL is asked while do is done. do is done several times.
func (s *Site) Overhear(ctx context.Context, do func() error) ([]Statement, error) {
	log := filepath.Join(filepath.Dir(s.server.Data), "server.log")
	if err := s.logging(ctx, "all"); err != nil {
		return nil, err
	}
	var last []Statement
	var failed error
	for range overheard {
		var now []Statement
		if now, failed = hear(log, do); failed != nil {
			break
		}
		if same(last, now) {
			return now, s.logging(ctx, "none")
		}
		last = now
	}
	if failed == nil {
		failed = errors.New("two requests of one page never asked PostgreSQL the same")
	}
	return nil, errors.Join(failed, s.logging(ctx, "none"))
}

func (s *Site) logging(ctx context.Context, what string) error {
	for _, order := range []string{`ALTER SYSTEM SET log_statement = '` + what + `'`, `SELECT pg_reload_conf()`} {
		if _, err := s.DB.ExecContext(ctx, order); err != nil {
			return err
		}
	}
	time.Sleep(300 * time.Millisecond) // every session is told
	return nil
}

func same(a, b []Statement) bool {
	return len(a) > 0 && slices.EqualFunc(a, b, func(x, y Statement) bool { return bare(x.SQL) == bare(y.SQL) })
}

// bare is a statement without the values that stand in it: who asks, and when.
func bare(sql string) string { return value.ReplaceAllString(sql, "''") }

// hear reads what is added to a log while do is done.
func hear(log string, do func() error) ([]Statement, error) {
	file, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return parseLog(string(text)), nil
}

var (
	entry    = regexp.MustCompile(`^(\d+)\|(LOG|DETAIL):  (.*)$`)
	asked    = regexp.MustCompile(`(?s)^(?:statement|execute [^:]*): (.*)$`)
	argument = regexp.MustCompile(`\$\d+ = (NULL|'(?:[^']|'')*')`)
	value    = regexp.MustCompile(`'(?:[^']|'')*'`)
	told     = regexp.MustCompile(`SET LOCAL ([a-z_.]+) = ('(?:[^']|'')*')`)
)

// ofPeople stands in what a connection is asked or told that serves people: whose session it
// is, who asks. The portal's own work says nothing of the kind.
var ofPeople = regexp.MustCompile(`portal\.person|SELECT token_hash`)

// parseLog reads the statements of those connections that serve people out of PostgreSQL's
// log, whose lines begin with the number of a process and |; those that go on begin with a tab.
func parseLog(text string) (out []Statement) {
	type heard struct {
		Statement
		by string
	}
	var all []heard
	serves := map[string]bool{}
	var by, kind, said string
	flush := func() {
		switch {
		case kind == "LOG":
			if found := asked.FindStringSubmatch(said); found != nil {
				all = append(all, heard{Statement{SQL: strings.TrimSpace(found[1])}, by})
				serves[by] = serves[by] || ofPeople.MatchString(found[1])
			}
		case kind == "DETAIL" && len(all) > 0 && all[len(all)-1].by == by && strings.HasPrefix(said, "parameters: "):
			for _, one := range argument.FindAllStringSubmatch(said, -1) {
				all[len(all)-1].Args = append(all[len(all)-1].Args, one[1])
			}
		}
		kind, said = "", ""
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if more, goesOn := strings.CutPrefix(line, "\t"); goesOn {
			said += "\n" + more
			continue
		}
		flush()
		if found := entry.FindStringSubmatch(line); found != nil {
			by, kind, said = found[1], found[2], found[3]
		}
	}
	flush()
	for _, one := range all {
		if serves[one.by] {
			out = append(out, one.Statement)
		}
	}
	return out
}

// inOne writes what several orders of one message tell the transaction as one statement,
// for pgbench would send them one after another.
func inOne(sql string) string {
	found := told.FindAllStringSubmatch(sql, -1)
	if len(found) < 2 {
		return strings.TrimSuffix(sql, ";")
	}
	begin := ""
	if strings.HasPrefix(sql, "BEGIN") {
		begin, _, _ = strings.Cut(sql, ";")
		begin += ";\n"
	}
	calls := make([]string, len(found))
	for i, one := range found {
		calls[i] = fmt.Sprintf("set_config('%s', %s, true)", one[1], one[2])
	}
	return begin + "SELECT " + strings.Join(calls, ", ")
}

var placeholder = regexp.MustCompile(`\$\d+`)

// script writes statements as pgbench takes them; variables are their arguments.
func script(all []Statement) (text string, variables []string) {
	var b strings.Builder
	for i, s := range all {
		b.WriteString(placeholder.ReplaceAllStringFunc(inOne(s.SQL), func(p string) string {
			n, _ := strconv.Atoi(p[1:])
			if n < 1 || n > len(s.Args) || s.Args[n-1] == "NULL" {
				return "NULL"
			}
			return fmt.Sprintf(":v%d_%d", i, n)
		}))
		b.WriteString(";\n")
		for n, arg := range s.Args {
			if arg != "NULL" {
				variables = append(variables, fmt.Sprintf("v%d_%d=%s", i, n+1, strings.ReplaceAll(arg[1:len(arg)-1], "''", "'")))
			}
		}
	}
	return b.String(), variables
}

// Bench is what pgbench measured.
type Bench struct {
	Rate float64       // transactions a second
	Each time.Duration // processor time of PostgreSQL for one
}

// Bench has pgbench do the statements again and again, prepared, as the pool that serves
// people does: all of them are one transaction of the count. ErrAbsent where there is none.
func (s *Site) Bench(ctx context.Context, clients int, length time.Duration, all []Statement) (Bench, error) {
	text, variables := script(all)
	return s.bench(ctx, clients, length, "-c role=portal_app -c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC", text, variables)
}

// warming is the part of a run that is not counted: plans are made then.
const warming = 0.4

func (s *Site) bench(ctx context.Context, clients int, length time.Duration, options, text string, variables []string) (b Bench, err error) {
	program := filepath.Join(s.server.Bin, "pgbench")
	if _, err := os.Stat(program); err != nil {
		return b, ErrAbsent
	}
	file, err := os.CreateTemp("", "pgbench-*.sql")
	if err != nil {
		return b, err
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString(text); err != nil {
		return b, errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return b, err
	}
	seconds := max(2, int(length.Seconds()))
	args := []string{"-n", "-M", "prepared", "-P", "1", "-c", strconv.Itoa(clients), "-j", "1", "-T", strconv.Itoa(seconds), "-h", s.server.Socket, "-U", "zharia", "-f", file.Name()}
	for _, v := range variables {
		args = append(args, "-D", v)
	}
	cmd := exec.CommandContext(ctx, program, append(args, "portal")...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "PGOPTIONS=" + options}
	out, err := cmd.StderrPipe()
	if err != nil {
		return b, err
	}
	if err := cmd.Start(); err != nil {
		return b, err
	}
	var told strings.Builder
	w := window{skip: max(1, int(warming*float64(seconds)))}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		told.WriteString(lines.Text() + "\n")
		w.line(lines.Text(), s.Spent().Database)
	}
	if err := cmd.Wait(); err != nil {
		return b, fmt.Errorf("pgbench: %w\n%.2000s", err, &told)
	}
	if w.n < 1 {
		return b, fmt.Errorf("pgbench did nothing in %d s:\n%.2000s", seconds, &told)
	}
	return Bench{w.n / w.seconds, time.Duration(float64(w.last-w.first) / w.n)}, nil
}

var progress = regexp.MustCompile(`^progress: ([0-9.]+) s, ([0-9.]+) tps`)

// window is what was done, and what it took, after the first seconds of a run: pgbench tells
// each second how many a second there were.
type window struct {
	skip        int
	seen        int
	begin       float64
	seconds, n  float64
	first, last time.Duration
}

func (w *window) line(text string, spent time.Duration) {
	found := progress.FindStringSubmatch(text)
	if found == nil {
		return
	}
	at, _ := strconv.ParseFloat(found[1], 64)
	rate, _ := strconv.ParseFloat(found[2], 64)
	if w.seen++; w.seen <= w.skip {
		w.begin, w.first = at, spent
		return
	}
	w.n += rate * (at - w.begin - w.seconds)
	w.seconds, w.last = at-w.begin, spent
}

// rows are as many bytes as a signed filing leaves behind, in tables of nobody: the paper
// and its signature, the filing, a line of the record, a job.
const (
	makeRows = `
DROP SCHEMA IF EXISTS yardstick CASCADE;
CREATE SCHEMA yardstick;
CREATE TABLE yardstick.document (id uuid PRIMARY KEY, casefile uuid NOT NULL, content bytea NOT NULL, cms bytea NOT NULL);
CREATE TABLE yardstick.filing (id uuid PRIMARY KEY, casefile uuid NOT NULL, author uuid NOT NULL, words bytea NOT NULL, at timestamptz NOT NULL);
CREATE INDEX ON yardstick.filing (author, at);
CREATE TABLE yardstick.record (seq bigserial PRIMARY KEY, at timestamptz NOT NULL, object uuid NOT NULL, hash bytea NOT NULL);
CREATE INDEX ON yardstick.record (object, seq);
CREATE TABLE yardstick.job (id uuid PRIMARY KEY, run_at timestamptz NOT NULL, args jsonb NOT NULL);
CREATE INDEX ON yardstick.job (run_at);
GRANT USAGE ON SCHEMA yardstick TO portal_app;
GRANT INSERT ON ALL TABLES IN SCHEMA yardstick TO portal_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA yardstick TO portal_app`
	writeRows = `
BEGIN;
INSERT INTO yardstick.document VALUES (gen_random_uuid(), gen_random_uuid(), decode(repeat(md5(random()::text), %d), 'hex'), decode(repeat(md5(random()::text), %d), 'hex'));
INSERT INTO yardstick.filing VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), decode(repeat(md5(random()::text), 40), 'hex'), now());
INSERT INTO yardstick.record (at, object, hash) VALUES (now(), gen_random_uuid(), decode(repeat(md5(random()::text), 2), 'hex'));
INSERT INTO yardstick.job VALUES (gen_random_uuid(), now(), '{"filing": "00000000-0000-4000-8000-000000000000"}');
COMMIT;`
	// By the act that filed it: papers stand in no order of their signing, and whoever reads
	// them all to find the last one is seen in what is measured.
	lastPaper = `
SELECT length(d.content) AS content, length(d.cms) AS cms
  FROM (SELECT digest FROM record WHERE act = 'filing-submit' ORDER BY seq DESC LIMIT 1) r
 CROSS JOIN LATERAL (SELECT content, cms FROM document WHERE digest = r.digest AND signed_at IS NOT NULL LIMIT 1) d`
	dropRows = `DROP SCHEMA yardstick CASCADE`
)

// BenchRows has pgbench write, for each transaction, rows of as many bytes as a signed
// filing leaves: what PostgreSQL alone takes to keep it.
func (s *Site) BenchRows(ctx context.Context, clients int, length time.Duration) (b Bench, err error) {
	var size struct{ Content, CMS int }
	if err := s.DB.GetContext(ctx, &size, lastPaper); err != nil {
		return b, err
	}
	if _, err := s.DB.ExecContext(ctx, makeRows); err != nil {
		return b, err
	}
	defer func() {
		_, gone := s.DB.ExecContext(context.WithoutCancel(ctx), dropRows)
		err = errors.Join(err, gone)
	}()
	return s.bench(ctx, clients, length, "-c role=portal_app -c jit=off", fmt.Sprintf(writeRows, size.Content/16+1, size.CMS/16+1), nil)
}
