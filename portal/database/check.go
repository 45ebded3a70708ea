package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"zharia/portal/fault"
)

// Trouble is something about a server or a machine with which an accepted filing could be
// lost, or bear a wrong time.
type Trouble struct {
	Name string // of the setting or the thing: "fsync"
	Is   string
	Want string
}

func (t Trouble) String() string { return fmt.Sprintf("%s is %s, wanted: %s", t.Name, t.Is, t.Want) }

// Bounds of what Check measures.
const (
	MaxSkew   = 2 * time.Second // between the clocks of this machine and of the database
	LeastFree = 10              // percent of a disk that are free
	oldest    = 150000          // PostgreSQL that the schema is written for
)

// setting is one line of what a server must be set to.
type setting struct {
	name string
	ask  query // answers one text
	want string
	good func(is string, need Need) bool
}

func oneOf(words ...string) func(string, Need) bool {
	return func(is string, _ Need) bool { return slices.Contains(words, is) }
}

// settings is the list. With any of the first four not so, what was answered as received
// can be gone after a power cut.
var settings = []setting{
	{"fsync", `SHOW fsync`, "on", oneOf("on")},
	{"full_page_writes", `SHOW full_page_writes`, "on", oneOf("on")},
	{"synchronous_commit", `SHOW synchronous_commit`, "on, remote_write or remote_apply", oneOf("on", "remote_write", "remote_apply")},
	{"data_checksums", `SHOW data_checksums`, "on (pg_checksums --enable)", oneOf("on")},
	{"server_version_num", `SHOW server_version_num`, strconv.Itoa(oldest) + " or later", func(is string, _ Need) bool { return integer(is) >= oldest }},
	{"server_encoding", `SHOW server_encoding`, "UTF8", oneOf("UTF8")},
	{"timezone of a session", `SHOW timezone`, "UTC", oneOf("UTC")},
	{"in recovery", `SELECT CAST(pg_is_in_recovery() AS text)`, "false: the portal works on the primary", oneOf("false")},
	{"max_connections less those reserved", `SELECT CAST(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS text)`,
		"as many as the pools may take", func(is string, need Need) bool { return integer(is) >= need.Connections }},
}

func integer(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// Need is what a process asks of its surroundings.
type Need struct {
	Connections int      // all its pools together
	Disks       []string // folders it writes to
	Now         func() time.Time
}

// Pools is how many connections a process with so many pools of the usual size takes.
func Pools(n int) int { return n * maxOpen }

const selectLast = `SELECT at FROM record ORDER BY seq DESC LIMIT 1`

// Check looks at everything once, before anybody is served: the settings of the server,
// the clocks, the disks. What it finds stops a start. An error is that of asking.
func Check(ctx context.Context, db *DB, need Need) ([]Trouble, error) {
	var found []Trouble
	for _, s := range settings {
		var is string
		if err := db.Get(ctx, &is, s.ask); err != nil {
			return nil, fmt.Errorf("check %s: %w", s.name, err)
		}
		if !s.good(is, need) {
			found = append(found, Trouble{s.name, is, s.want})
		}
	}
	wrong, err := db.between(ctx)
	if err != nil {
		return nil, fmt.Errorf("check who is between: %w", err)
	}
	found = append(found, wrong...)
	skew, err := Skew(ctx, db, need.Now)
	if err != nil {
		return nil, err
	}
	if skew.Abs() > MaxSkew {
		found = append(found, Trouble{"clock", skew.Round(time.Millisecond).String() + " from the database's", "within " + MaxSkew.String()})
	}
	last, err := LastAct(ctx, db)
	if err != nil {
		return nil, err
	}
	if now := need.Now(); last.After(now.Add(MaxSkew)) {
		found = append(found, Trouble{"clock", now.UTC().Format(time.RFC3339), "not before the last act of the record, " + last.Format(time.RFC3339)})
	}
	for _, dir := range need.Disks {
		percent, known, err := free(dir)
		switch {
		case errors.Is(err, os.ErrNotExist): // it is made when it is needed
		case err != nil:
			return nil, fmt.Errorf("check the disk of %s: %w", dir, err)
		case known && percent < LeastFree:
			found = append(found, Trouble{"free disk of " + dir, strconv.Itoa(percent) + " %", strconv.Itoa(LeastFree) + " % or more"})
		}
	}
	return found, nil
}

// LastAct is the moment of the last act in the record; zero while there is none.
func LastAct(ctx context.Context, db *DB) (time.Time, error) {
	var at time.Time
	err := db.Get(ctx, &at, selectLast)
	if errors.Is(err, fault.NotFound) {
		return time.Time{}, nil
	}
	return at.UTC(), err
}

const selectClock = `SELECT clock_timestamp()`

// Skew is how far now is before the database's clock. The answer takes its time: the
// quickest of three is held against the middle of it.
func Skew(ctx context.Context, db *DB, now func() time.Time) (skew time.Duration, err error) {
	quickest := time.Hour
	for range 3 {
		var theirs time.Time
		asked, begin := now(), time.Now()
		if err := db.Get(ctx, &theirs, selectClock); err != nil {
			return 0, fmt.Errorf("ask the database for the time: %w", err)
		}
		if took := time.Since(begin); took < quickest {
			quickest, skew = took, theirs.Sub(asked.Add(took/2))
		}
	}
	return skew, nil
}

// Names are the names of all that was found, with commas between.
func Names(found []Trouble) string {
	names := make([]string, len(found))
	for i, t := range found {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}
