package main

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// A kill leaves what a process wrote in the memory of the system; only a power cut takes
// that away, and there is no switch here. So it is watched that what must be on the disk
// is sent there before somebody relies on it.

const selectSyncs = `SELECT wal_sync FROM pg_stat_wal`

// syncTime is how long PostgreSQL may take to count what it did.
const syncTime = 5 * time.Second

const touch = `CREATE TABLE IF NOT EXISTS public.faultlab (at timestamptz); INSERT INTO public.faultlab VALUES (clock_timestamp()); DROP TABLE public.faultlab`

// lasting looks whether PostgreSQL sends its log to the disk with a commit, and whether
// the auditor wrote its files in the order in which they last.
func (l *lab) lasting(ctx context.Context, out findings) error {
	var before, after int64
	if err := l.db.Get(ctx, &before, selectSyncs); err != nil {
		return err
	}
	if err := l.db.Exec(ctx, touch); err != nil {
		return err
	}
	for end := time.Now().Add(syncTime); time.Now().Before(end) && after <= before; sleep(ctx, 200*time.Millisecond) {
		if err := l.db.Get(ctx, &after, selectSyncs); err != nil {
			return err
		}
	}
	if after <= before {
		out.add(I1, "PostgreSQL commits and sends nothing to the disk: a power cut takes back what was acknowledged")
	}
	if l.traces == "" {
		return nil
	}
	f, err := os.Open(l.traces)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("strace wrote nothing")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	order := newOrder()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		order.hear(lines.Text())
	}
	for _, why := range order.wrong {
		out.add(I7, "%s", why)
	}
	if order.renamed == 0 {
		out.add(Live, "the auditor kept no file while it was watched")
	}
	return lines.Err()
}

// order reads system calls as strace writes them. A file that gets its name by a rename
// must be on the disk before, and its folder afterwards, before the next is named so.
type order struct {
	begun   map[string]string // of a thread: a call that another's line came into
	synced  map[string]bool   // files that are on the disk
	pending map[string]bool   // folders with a new name in them that is not yet on the disk
	renamed int
	wrong   []string
}

func newOrder() *order {
	return &order{begun: map[string]string{}, synced: map[string]bool{}, pending: map[string]bool{}}
}

var (
	threadOf   = regexp.MustCompile(`^(\d+) +(.*)$`)
	killed     = regexp.MustCompile(`^\+\+\+ (killed|exited)`)
	unfinished = regexp.MustCompile(`^(.*) <unfinished \.\.\.>$`)
	resumed    = regexp.MustCompile(`^<\.\.\. \w+ resumed>(.*)$`)
	syncCall   = regexp.MustCompile(`^f(?:data)?sync\(\d+<([^>]*)>\) += 0`)
	renameCall = regexp.MustCompile(`^rename(?:at2?)?\((?:AT_FDCWD[^,]*, )?"([^"]+)", (?:AT_FDCWD[^,]*, )?"([^"]+)"(?:, 0)?\) += 0`)
)

func (o *order) hear(line string) {
	m := threadOf.FindStringSubmatch(line)
	if m == nil {
		return
	}
	thread, call := m[1], m[2]
	if killed.MatchString(call) { // it was killed: that comes between any two calls
		clear(o.pending)
		delete(o.begun, thread)
		return
	}
	if m := unfinished.FindStringSubmatch(call); m != nil {
		o.begun[thread] = m[1]
		return
	}
	if m := resumed.FindStringSubmatch(call); m != nil {
		call = o.begun[thread] + m[1]
	}
	if m := syncCall.FindStringSubmatch(call); m != nil {
		o.synced[m[1]] = true
		delete(o.pending, m[1])
		return
	}
	m = renameCall.FindStringSubmatch(call)
	if m == nil {
		return
	}
	o.renamed++
	folder := filepath.Dir(m[2])
	if o.pending[folder] {
		o.wrong = append(o.wrong, "a folder of the auditor got a new name, and was not sent to the disk before the next")
	}
	if !o.synced[m[1]] {
		o.wrong = append(o.wrong, "a file of the auditor got its name before its bytes were on the disk")
	}
	delete(o.synced, m[1])
	o.pending[folder] = true
}
