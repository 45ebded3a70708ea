package audit_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal/audit"
)

// since audits what is new.
func (w *town) since(s audit.State, heads ...audit.Head) audit.Report {
	w.Helper()
	return verify(w, w.db, audit.Options{Key: w.key.Verifier, Since: s, Heads: heads})
}

// settled waits until every transaction that is under way is over, of whatever test: what
// such a one might still write is looked at again.
func (w *town) settled() {
	w.Helper()
	var next int64
	if err := w.raw.Get(&next, `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint`); err != nil {
		w.Fatal(err)
	}
	for range 400 {
		var oldest int64
		if err := w.raw.Get(&oldest, `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint`); err != nil {
			w.Fatal(err)
		}
		if oldest >= next {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.Fatal("somebody does not end his transaction")
}

func TestAnAuditGoesOnWhereTheLastOneEnded(t *testing.T) {
	t.Parallel()
	w := found(t, 30)
	w.settled()
	first := w.audit()
	sound(t, first)
	again := w.since(first.State)
	sound(t, again)
	if again.From != 31 || again.Traces != 0 || again.Size != 30 || again.Root != first.Root {
		t.Errorf("with nothing new it looked at acts from %d on, %d traces", again.From, again.Traces)
	}
	for range 5 {
		w.act()
	}
	next := w.since(again.State, append(w.held(), w.receipts...)...)
	sound(t, next)
	if next.From != 31 || next.Traces != 5 || next.Size != 35 || next.Heads != 5+36+35 {
		t.Errorf("of 5 new acts it looked at acts from %d on, %d traces, %d heads", next.From, next.Traces, next.Heads)
	}
	if !next.State.Whole.Equal(first.State.Whole) {
		t.Errorf("everything was audited at %v, and the state says %v", first.State.Whole, next.State.Whole)
	}
	sound(t, w.since(next.State))
}

// Whatever was proved is proved again where PostgreSQL says that somebody wrote there,
// and what is not there any more is missed.
func TestAnAuditOfWhatIsNewFindsWhatWasDoneToWhatIsOld(t *testing.T) {
	t.Parallel()
	w := found(t, 30)
	first := w.audit()
	sound(t, first)
	for range 3 {
		w.act()
	}
	zeros := `'\x` + strings.Repeat("00", 32) + `'`
	restore := w.keep()
	old := court(5)
	for name, test := range map[string]struct {
		orders []string
		want   string
	}{
		"a value":           {[]string{fmt.Sprintf(`UPDATE body SET name_ru = 'x' WHERE id = '%s'`, old)}, "body | " + old.String() + " | name_ru | 26 | changed"},
		"a row gone":        {[]string{fmt.Sprintf(`DELETE FROM body WHERE id = '%s'`, old)}, "body | " + old.String() + " |  | 26 | missing"},
		"a row more":        {[]string{`INSERT INTO body (id, kind, name_kk, name_ru) VALUES (md5('x')::uuid, 'court', 'x', 'x')`}, "body | 9dd4e461-268c-8034-f5c8-564e155c67a6 |  | 0 | foreign"},
		"one for another":   {[]string{fmt.Sprintf(`UPDATE body SET id = md5('x')::uuid WHERE id = '%s'`, old)}, "body | 9dd4e461-268c-8034-f5c8-564e155c67a6 |  | 0 | foreign"},
		"an act":            {[]string{`UPDATE record SET act = 'officer-first' WHERE seq = 7`}, "record | 7 |  | 7 | changed"},
		"an act gone":       {[]string{`DELETE FROM record WHERE seq = 7`}, "record | 7 |  | 7 | missing"},
		"a trace":           {[]string{`UPDATE trace SET cols = '' WHERE seq = 7`}, "trace | 7 |  | 7 | changed"},
		"a trace gone":      {[]string{`DELETE FROM trace WHERE seq = 7`}, "trace |  |  | 7 | missing"},
		"a trace of nobody": {[]string{`INSERT INTO trace (tab, id, cols, gone, tx, at) VALUES ('body', 'x', '', false, '1', now())`}, "body | x |  | 0 | unbound"},
		"a leaf":            {[]string{`UPDATE tree SET hash = ` + zeros + ` WHERE i = 3`}, "tree | 3 |  | 3 | changed"},
		"a node":            {[]string{`UPDATE tree SET hash = ` + zeros + ` WHERE i = 5`}, "tree | 5 |  | 4 | changed"},
		"a node gone":       {[]string{`DELETE FROM tree WHERE i = 5`}, "tree | 5 |  | 4 | missing"},
		"a checkpoint":      {[]string{`UPDATE checkpoint SET root = ` + zeros + ` WHERE size = 7`}, "checkpoint | 7 |  | 7 | changed"},
	} {
		t.Run(name, func(t *testing.T) {
			defer restore()
			w.orders(test.orders...)
			for _, f := range w.since(first.State).Findings {
				if fmt.Sprintf("%s | %s | %s | %d | %s", f.Table, f.Row, f.Column, f.Leaf, f.What) == test.want {
					return
				}
			}
			t.Errorf("it does not find %q", test.want)
		})
	}
	sound(t, w.since(first.State))
}

func TestARecordThatIsAnotherThanTheLastAuditSawIsFoundEvenIfItHoldsTogether(t *testing.T) {
	t.Parallel()
	w := found(t, 30)
	first := w.audit().State
	w.orders(`UPDATE record SET act = 'officer-first' WHERE seq = 7`)
	w.forge(true)
	sound(t, w.audit())
	finds(t, w.since(first), "tree |  |  | 30 | forked")
	w.cut(20)
	finds(t, w.since(first), "record |  |  | 21 | cut")
	// In another cluster the numbers of transactions say nothing: everything is audited,
	// and the head of before still counts.
	first.Cluster++
	finds(t, w.since(first), "record |  |  | 21 | cut")
}

func TestTheDailyAuditKeepsItsStateAndGoesOnUntilItIsAWeekOld(t *testing.T) {
	t.Parallel()
	w := found(t, 10)
	w.settled()
	file := filepath.Join(t.TempDir(), "audit.json")
	watch := audit.Watch{Key: w.key.Verifier, Witnesses: []string{w.witness.Folder}, State: file}
	daily := func(at time.Time) audit.Report {
		t.Helper()
		r, err := audit.Daily(t.Context(), w.db, watch, at)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	now := time.Now()
	if r := daily(now); r.From != 1 {
		t.Errorf("the first begins at act %d", r.From)
	}
	w.act()
	if r := daily(now.Add(24 * time.Hour)); r.From != 11 {
		t.Errorf("the second begins at act %d", r.From)
	}
	if r := daily(now.Add(8 * 24 * time.Hour)); r.From != 1 {
		t.Errorf("after a week it begins at act %d", r.From)
	}
	// A finding comes again each day, until somebody has looked.
	w.orders(`UPDATE body SET name_kk = 'x' WHERE name_kk LIKE '%act 4'`)
	for range 2 {
		r, err := audit.Daily(t.Context(), w.db, watch, now)
		if !errors.Is(err, audit.ErrNotSound) || r.Found != 1 {
			t.Errorf("it finds %v, %v", r.Findings, err)
		}
	}
	w.orders(fmt.Sprintf(`UPDATE body SET name_kk = '%s' WHERE id = '%s'`, w.names[3], court(3)))
	// A spoiled state hides nothing.
	write(t, file, `{"size": 5}`)
	if r := daily(now); r.From != 1 {
		t.Errorf("with a spoiled state it begins at act %d", r.From)
	}
	watch.State = ""
	if r := daily(now); r.From != 1 {
		t.Errorf("without a state it begins at act %d", r.From)
	}
	watch.Witnesses = []string{filepath.Join(t.TempDir(), "nowhere")}
	if _, err := audit.Daily(t.Context(), w.db, watch, now); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a witness that is not there it says %v", err)
	}
}

// After years a witness holds millions of checkpoints. Each but the newest of those that an
// earlier audit saw is rubbish here: whoever opens one sees it.
func TestTheDailyAuditOpensOfAWitnessWhatIsNewAndTheNewestThatItKnows(t *testing.T) {
	t.Parallel()
	const known, fresh = 300, 3
	w := found(t, known)
	w.settled()
	watch := audit.Watch{Key: w.key.Verifier, Witnesses: []string{w.witness.Folder}, State: filepath.Join(t.TempDir(), "audit.json")}
	now := time.Now()
	if r, err := audit.Daily(t.Context(), w.db, watch, now); err != nil || r.Heads != 2*known+1 {
		t.Fatalf("the first compares %d heads: %v", r.Heads, err)
	}
	spoil := func(from, to int) {
		for n := from; n <= to; n++ {
			write(t, filepath.Join(w.witness.Folder, "0", fmt.Sprint(n)), "rubbish")
		}
	}
	spoil(1, known-1)
	for range fresh {
		w.act()
	}
	w.settled()
	// Of the table the new ones, of the witness these, "newest" and the newest of before.
	if r, err := audit.Daily(t.Context(), w.db, watch, now.Add(24*time.Hour)); err != nil || r.Heads != 2*fresh+2 {
		t.Errorf("the second compares %d heads and finds %v: %v", r.Heads, r.Findings, err)
	}
	spoil(known+1, known+1) // which the second audit saw
	if r, err := audit.Daily(t.Context(), w.db, watch, now.Add(48*time.Hour)); err != nil || r.Heads != 2 {
		t.Errorf("the third compares %d heads and finds %v: %v", r.Heads, r.Findings, err)
	}
	spoil(known+fresh, known+fresh)
	if r, err := audit.Daily(t.Context(), w.db, watch, now.Add(72*time.Hour)); !errors.Is(err, audit.ErrNotSound) || r.Found != 1 {
		t.Errorf("with the newest spoiled it finds %v: %v", r.Findings, err)
	}
	if r, err := audit.Daily(t.Context(), w.db, watch, now.Add(8*24*time.Hour)); !errors.Is(err, audit.ErrNotSound) || r.Found != known+1 {
		t.Errorf("after a week it finds %d of %d: %v", r.Found, known+1, err)
	}
}

// Acts are signed and witnessed while an audit is under way: they are not in what it reads.
func TestARecordThatGrowsUnderItsAuditIsNotCalledCut(t *testing.T) {
	t.Parallel()
	w := found(t, 20)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			default:
				w.act()
			}
		}
	}()
	for range 8 {
		if r, err := audit.Verify(t.Context(), w.db, audit.Options{Key: w.key.Verifier, Witnesses: []string{w.witness.Folder}}); err != nil || !r.Sound() {
			t.Errorf("it finds %v: %v", r.Findings, err)
		}
	}
	close(end)
	<-ended
}

// What a witness has is read beside the record, some thousand acts at a time, and says
// what all of it read at once would have said.
func TestAWitnessOfWhomTheRecordWasTakenAwayIsHeardToTheEnd(t *testing.T) {
	t.Parallel()
	w := found(t, 40)
	o := audit.Options{Key: w.key.Verifier, Witnesses: []string{w.witness.Folder}}
	sound(t, verify(t, w.db, o))
	w.cut(25)
	r := verify(t, w.db, o)
	if got := about(r, "witness"); len(got) != 16 || got[w.witness.Path(26)] != audit.Cut || got[w.witness.Path(40)] != audit.Cut {
		t.Errorf("the witness says %v", got)
	}
	if all := w.audit(w.held()...); r.Heads != all.Heads || r.Found != all.Found {
		t.Errorf("%d heads and %d findings, of all at once %d and %d", r.Heads, r.Found, all.Heads, all.Found)
	}
}

func TestAStateIsReadAsItWasWrittenAndNothingElseIsOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "state")
	if s, err := audit.ReadState(file); err != nil || s.Size != 0 {
		t.Errorf("of a file that is not there: %v, %v", s, err)
	}
	r := found(t, 3).audit()
	if err := r.State.Write(file); err != nil {
		t.Fatal(err)
	}
	s, err := audit.ReadState(file)
	if err != nil || s.Size != 3 || s.Root != r.Root || s.Cluster != r.State.Cluster || s.Traces != 3 || s.Tables["body"] != 3 {
		t.Errorf("%+v became %+v, %v", r.State, s, err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "size 3", "no size": `{"tables": {}}`, "no tables": `{"size": 3}`,
		"a root too short": `{"size": 3, "root": "AAAA", "tables": {}}`, "too long": `{"size": 3, "tables": {}}` + strings.Repeat(" ", 1<<17),
	} {
		write(t, file, text)
		if s, err := audit.ReadState(file); err == nil {
			t.Errorf("%s: it reads %+v", name, s)
		}
	}
}
