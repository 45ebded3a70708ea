package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// defect is something that is wrong on purpose, so that it is known that the campaign
// would see it (security/RELIABILITY 5). It stands in no file of the portal: the source is
// changed while the lab's own binary is built, and one binary holds all of them asleep.
type defect struct {
	name, what string
	changes    []change
	seenBy     invariant                         // that does not hold with it
	faults     []string                          // under which it must be seen
	cycles     int                               // how many of them at the most; 0: plantedCycles
	settings   []string                          // of PostgreSQL
	prepare    func(context.Context, *lab) error // done to the stage; nil: nothing
}

// Two of the defects the database itself refuses, at COMMIT, as long as this is in force.
const letGo = `ALTER TABLE trace DISABLE TRIGGER trace_answered`

// unanswered lets changes pass for which no act answers.
func unanswered(ctx context.Context, l *lab) error { return l.db.Exec(ctx, letGo) }

// change is a place in the source, which must be there exactly once.
type change struct{ file, old, new string }

const (
	filingGo  = "portal/filing/filing.go"
	pageGo    = "portal/page_filing.go"
	outcomeGo = "portal/database/outcome.go"
	fanGo     = "portal/notice/fan.go"
	witnessGo = "portal/ledger/witness.go"
)

// The doors that several defects change.
const (
	submits = "	err = filing.Submit(ctx, p.DB, p.press(), p.Verifier, ask, number, cms, digest)\n"
	commits = "	err := tx.Commit()\n"
	begins  = "signature document.Signature, named bool) error {\n	return db.Within(ctx, func(tx *vault.DB) error {\n		if err := tx.Lock("
	ends    = "		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)\n	})\n}\n\n// standing holds"
)

var defects = []defect{
	{name: "ack-early", seenBy: I1, what: "the answer goes out before the commit", faults: []string{"portal"}, changes: []change{
		{pageGo, submits, "	if planted.Is(\"ack-early\") {\n		go func() {\n			planted.Pause()\n			_ = filing.Submit(planted.Detach(ctx), p.DB, p.press(), p.Verifier, ask, number, cms, digest)\n		}()\n		return p.redirect(c, policy.FilingRead, number)\n	}\n	ctx = planted.WithAnswer(ctx, func() { _ = p.redirect(c, policy.FilingRead, number); c.Response().Flush() })\n" + submits},
	}},
	{name: "async-commit", seenBy: I1, what: "synchronous_commit=off", faults: []string{"postmaster"}, changes: []change{
		{outcomeGo, commits, "	if planted.Is(\"async-commit\") {\n		_, _ = tx.ExecContext(ctx, \"SET LOCAL synchronous_commit = off\")\n	}\n	err := planted.Commit(tx.Commit)\n"},
	}},
	{name: "no-fsync", seenBy: I1, cycles: 1, what: "fsync=off, and nobody looks at the start", faults: []string{"portal"}, settings: []string{"fsync=off"}, changes: []change{
		{"portal/database/check.go", "		if !s.good(is, need) {\n", "		if !s.good(is, need) && !planted.Is(\"no-fsync\") {\n"},
	}},
	{name: "no-folder-sync", seenBy: I7, cycles: 2, what: "a file is renamed, and its folder not sent to the disk", faults: []string{"portal"}, changes: []change{
		{witnessGo, "func syncFolder(path string) error {\n", "func syncFolder(path string) error {\n	if planted.Is(\"no-folder-sync\") {\n		return nil\n	}\n"},
	}},
	{name: "no-key", seenBy: I3, cycles: 4, what: "who asks again is not known by his key", faults: []string{"portal-commit"}, changes: []change{
		{"portal/submission/submission.go", "	var t Taken\n	if err := db.Get(ctx, &t, selectBefore,", "	var t Taken\n	if planted.Is(\"no-key\") {\n		return t, fault.New(fault.NotFound, \"fault.not-found\")\n	}\n	if err := db.Get(ctx, &t, selectBefore,"},
		{pageGo, "	if conflict(err) { // a second click finds it filed, or a status that has ended\n", "	if conflict(err) && !planted.Is(\"no-key\") {\n"},
	}},
	{name: "outbox-late", seenBy: I6, what: "notices are written after the commit that says so", faults: []string{"portal"}, changes: []change{
		{fanGo, "		if _, err := w.tell(ctx, tx, acts, at); err != nil {\n			return err\n		}\n", "		if planted.Is(\"outbox-late\") {\n			return tx.Exec(ctx, setCourier, acts[len(acts)-1].Seq)\n		}\n		if _, err := w.tell(ctx, tx, acts, at); err != nil {\n			return err\n		}\n"},
		{fanGo, "		return 0, fmt.Errorf(\"tell of acts: %w\", err)\n	}\n	return len(acts), nil\n", "		return 0, fmt.Errorf(\"tell of acts: %w\", err)\n	}\n	if planted.Is(\"outbox-late\") && len(acts) > 0 {\n		planted.Pause()\n		err = w.DB.DB.Within(ctx, func(tx *database.DB) error { _, err := w.tell(ctx, tx, acts, at); return err })\n	}\n	return len(acts), err\n"},
	}},
	{name: "impatient", seenBy: I8, what: "a time limit around COMMIT, and its end taken for a failure", faults: []string{"hold"}, changes: []change{
		{outcomeGo, " || !uncertain(err) {\n", " || !uncertain(err) || planted.Is(\"impatient\") {\n"},
	}},
	{name: "name-first", seenBy: I7, cycles: 2, what: "a file gets its name before its bytes are on the disk", faults: []string{"portal"}, changes: []change{
		{witnessGo, "	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())\n", "	err = errors.Join(err, file.Chmod(0o644), planted.Unless(\"name-first\", file.Sync), file.Close())\n"},
	}},
	{name: "late-clock", seenBy: I4, cycles: 3, what: "the moment of receipt is taken at the commit", faults: []string{"slow"}, changes: []change{
		{filingGo, "		name := term(f.Kind, f.Ground)\n		off, err := calendar.Now(ctx, tx.DB)\n", "		if planted.Is(\"late-clock\") {\n			ask.At = planted.Now()\n		}\n		name := term(f.Kind, f.Ground)\n		off, err := calendar.Now(ctx, tx.DB)\n"},
	}},
	{name: "greedy-sweep", seenBy: I1, prepare: unanswered, what: "the sweep takes files that a paper names", faults: []string{"portal"}, changes: []change{
		{"portal/attachment/jobs.go", "	return db.Exec(ctx, sweep, at.Add(-Abandoned))\n", "	if planted.Is(\"greedy-sweep\") {\n		return db.Exec(ctx, `DELETE FROM attachment WHERE state = 'clean' AND filing IN (SELECT id FROM filing WHERE status = 'draft') AND made_at < $1`, at)\n	}\n	return db.Exec(ctx, sweep, at.Add(-Abandoned))\n"},
		{"cmd/portal/serve.go", "			\"drop uploads that were given up\": {Every: time.Hour,", "			\"drop uploads that were given up\": {Every: planted.Every(\"greedy-sweep\", time.Hour),"},
	}},
	{name: "leaf-late", seenBy: I3, what: "the act comes into the record in a second transaction", faults: []string{"portal"}, prepare: unanswered, changes: []change{
		{filingGo, begins, strings.Replace(begins, "	return db.Within(", "	var late func() error\n	err := db.Within(", 1)},
		{filingGo, ends, "		if planted.Is(\"leaf-late\") {\n			late = func() error {\n				planted.Pause()\n				return db.Within(ctx, func(tx *vault.DB) error { return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest) })\n			}\n			return nil\n		}\n		err = record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)\n		if err == nil && planted.Is(\"receipt-early\") {\n			planted.Answer(ctx)\n			planted.Pause()\n		}\n		return err\n	})\n	if err == nil && late != nil {\n		err = late()\n	}\n	return err\n}\n\n// standing holds"},
	}},
	{name: "receipt-early", seenBy: I1, what: "the receipt is given inside the transaction", faults: []string{"portal"}},
}

// sleeper is the package of the defects, which is in the lab's binary alone.
const sleeper = `package planted

import (
	"context"
	"errors"
	"os"
	"time"
)

var name = os.Getenv("LAB_PLANTED")

func Is(defect string) bool { return name == defect }

func Pause() { time.Sleep(400 * time.Millisecond) }

func Detach(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func Unless(defect string, do func() error) error {
	if Is(defect) {
		return nil
	}
	return do()
}

func Every(defect string, usual time.Duration) time.Duration {
	if Is(defect) {
		return time.Second
	}
	return usual
}

func Commit(do func() error) error {
	if !Is("impatient") {
		return do()
	}
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(300 * time.Millisecond):
		return errors.New("too long")
	}
}

type answerKey struct{}

func WithAnswer(ctx context.Context, do func()) context.Context {
	return context.WithValue(ctx, answerKey{}, do)
}

func Answer(ctx context.Context) {
	if do, ok := ctx.Value(answerKey{}).(func()); ok {
		do()
	}
}
`

// plant writes the changed files into a folder and answers the overlay for go build. A
// place that is not there any more is an error: the defect has to be thought through anew.
func plant(ctx context.Context, dir string) (overlay string, err error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "zharia").Output()
	if err != nil {
		return "", fmt.Errorf("find the source: %w", err)
	}
	root := strings.TrimSpace(string(out))
	texts := map[string]string{}
	for _, d := range defects {
		for _, c := range d.changes {
			if texts[c.file] == "" {
				text, err := os.ReadFile(filepath.Join(root, c.file))
				if err != nil {
					return "", err
				}
				texts[c.file] = strings.Replace(string(text), "import (\n", "import (\n\t\"zharia/portal/planted\"\n", 1)
			}
			if n := strings.Count(texts[c.file], c.old); n != 1 {
				return "", fmt.Errorf("defect %s: its place is %d times in %s", d.name, n, c.file)
			}
			texts[c.file] = strings.Replace(texts[c.file], c.old, c.new, 1)
		}
	}
	texts["portal/planted/planted.go"] = sleeper
	replace := map[string]string{}
	for file, text := range texts {
		at := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = at
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}

// plantedTime is how long a campaign may take to see a defect.
const plantedTime = 10 * time.Minute

// plantedCycles is how many faults at the most.
const plantedCycles = 12

// errUnseen is a defect that no campaign saw: then none is to be believed.
var errUnseen = errors.New("a defect was not seen")

func runPlanted(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("planted", flag.ContinueOnError)
	only := flags.String("only", "", "of which alone, with commas between")
	quiet := flags.Bool("q", false, "print the table alone")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return withFolder(func(dir string) error {
		overlay, err := plant(ctx, dir)
		if err != nil {
			return err
		}
		binary := filepath.Join(dir, "portal")
		fmt.Fprintln(out, "faultlab: building the portal with the defects in it")
		if err := build(ctx, binary, overlay); err != nil {
			return err
		}
		progress := out
		if *quiet {
			progress = io.Discard
		}
		var table strings.Builder
		missed := 0
		for _, d := range defects {
			if *only != "" && !strings.Contains(","+*only+",", ","+d.name+",") {
				continue
			}
			fmt.Fprintf(progress, "\n%s: %s\n", d.name, d.what)
			o, err := d.look(ctx, progress, binary)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			seen, why := o.found.names(), ""
			switch {
			case err != nil:
				seen, why = "NOT SEEN", err.Error()
				missed++
			case len(o.found[d.seenBy]) == 0:
				seen = "NOT SEEN " + seen
				missed++
			default:
				why = o.found[d.seenBy][0]
			}
			fmt.Fprintf(&table, "%-15s %-60s %-10s %2d cycles %5.0f s  %.110s\n", d.name, d.what, seen, o.cycles, o.took.Seconds(), strings.ReplaceAll(why, "\n", " "))
		}
		fmt.Fprintf(out, "\n%s", table.String())
		if missed > 0 {
			return fmt.Errorf("%w: %d", errUnseen, missed)
		}
		return nil
	})
}

// look runs a campaign over a portal with the defect awake.
func (d defect) look(ctx context.Context, out io.Writer, binary string) (outcome, error) {
	ctx, end := context.WithTimeout(ctx, plantedTime)
	defer end()
	cycles := d.cycles
	if cycles == 0 {
		cycles = plantedCycles
	}
	return campaign(ctx, out, plan{
		binary: binary, planted: d.name, settings: d.settings, prepare: d.prepare, faults: d.faults, cycles: cycles, clients: maxClients, seed: drawSeed(),
		until: d.seenBy, wait: 2 * time.Second, traced: straced(), tenacity: 25 * time.Second,
	})
}
