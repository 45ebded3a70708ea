package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// batch is how many leaves are held at a time.
const batch = 10_000

const (
	selectLeaves = `
SELECT seq, at, who, act, object, object_id, casefile, law, digest, rows, hash
  FROM public.record WHERE seq > $1 ORDER BY seq LIMIT $2`

	selectNodes = `SELECT i, hash FROM public.tree WHERE i >= $1 AND i < $2 ORDER BY i`

	selectPlaces = `SELECT i, hash FROM public.tree WHERE i = ANY ($1) ORDER BY i`

	countBeyond = `SELECT count(*) FROM public.tree WHERE i < 0 OR i >= $1`
)

type node struct {
	I    int64  `db:"i"`
	Hash []byte `db:"hash"`
}

// leaves computes the tree anew from the rows of the record, and compares what is stored
// of it, what others hold of it and the traces that each leaf answers for. A leaf that is missing ends the walk: nothing after
// it can be in the tree.
func (a *audit) leaves(ctx context.Context) error {
	e, err := a.known(ctx)
	if err != nil {
		return err
	}
	a.report.From = e.Size + 1
	if err := a.readHeads(ctx, e.Size); err != nil {
		return err
	}
	for broken := false; !broken; {
		a.Progress("record", e.Size, a.now.Size)
		var rows []ledger.Row
		if err := a.tx.Select(ctx, &rows, selectLeaves, e.Size, batch); err != nil {
			return fmt.Errorf("leaves after %d: %w", e.Size, err)
		}
		if len(rows) == 0 {
			break
		}
		first := tlog.StoredHashCount(e.Size)
		var stored []node
		if err := a.tx.Select(ctx, &stored, selectNodes, first, tlog.StoredHashCount(e.Size+int64(len(rows)))); err != nil {
			return fmt.Errorf("the tree of leaves after %d: %w", e.Size, err)
		}
		if a.signed, err = a.readSigned(ctx, e.Size, e.Size+int64(len(rows))); err != nil {
			return fmt.Errorf("checkpoints after %d: %w", e.Size, err)
		}
		if err := a.readShelves(ctx, rows[len(rows)-1].Seq, e.Size); err != nil {
			return err
		}
		t, read := treeWalk{a: a, stored: stored, next: first}, 0
		for _, r := range rows {
			if r.Seq != e.Size+1 {
				a.found(Finding{Table: "record", Row: fmt.Sprint(e.Size + 1), Leaf: e.Size + 1, What: Missing,
					Why: fmt.Sprintf("the record goes on with leaf %d; what comes after a gap is in no tree", r.Seq)})
				broken = true
				break
			}
			leaf := ledger.LeafHash(r)
			if !bytes.Equal(leaf[:], r.Hash) {
				a.found(Finding{Table: "record", Row: fmt.Sprint(r.Seq), Leaf: r.Seq, What: Changed, Why: "its hash is not that of what it says"})
			}
			t.compare(r.Seq, e.Add(leaf))
			a.passes(e, leaf, r.At)
			read++
		}
		a.strange(rows[:read])
		if err := a.traces(ctx, rows[:read]); err != nil {
			return err
		}
	}
	a.report.Size, a.report.Root = e.Size, e.Root()
	if e.Size < a.Since.Size {
		a.found(Finding{Table: "record", Leaf: e.Size + 1, What: Cut, Why: fmt.Sprintf("an earlier audit saw %d acts", a.Since.Size)})
	}
	a.Progress("record", e.Size, a.now.Size)
	if err := a.tx.Get(ctx, &a.bound, countBound, e.Size); err != nil {
		return err
	}
	if err := a.loose(ctx); err != nil {
		return err
	}
	return a.beyond(ctx)
}

// selectTouched is the first act of which something was written since the last audit, of
// those that it saw: the acts in hand just then, and what somebody wrote over. An act or
// a trace that is there no more is missed in the count.
const selectTouched = `
SELECT least(r.touched, t.touched, c.touched, $1 + 1) AS act, coalesce(n.touched, $2) AS place, r.n AS acts, t.n AS traces, n.n AS places
  FROM (SELECT count(*) AS n, min(seq) FILTER (WHERE age(xmin) <= $3) AS touched FROM public.record WHERE seq <= $1) r,
       (SELECT count(*) AS n, min(seq) FILTER (WHERE age(xmin) <= $3) AS touched FROM public.trace WHERE seq <= $1) t,
       (SELECT min(size) FILTER (WHERE age(xmin) <= $3) AS touched FROM public.checkpoint WHERE size <= $1) c,
       (SELECT count(*) AS n, min(i) FILTER (WHERE age(xmin) <= $3) AS touched FROM public.tree WHERE i < $2) n`

// known is the edge at which this audit begins: where the last one ended, or before the
// first act of which something was written since. Its hashes are as they are stored; that
// they are the right ones shows where the tree is that of the last audit again.
func (a *audit) known(ctx context.Context) (*ledger.Edge, error) {
	var is struct{ Act, Place, Acts, Traces, Places int64 }
	stored := tlog.StoredHashCount(a.Since.Size)
	if !a.whole {
		if err := a.tx.Get(ctx, &is, selectTouched, a.Since.Size, stored, a.age()); err != nil {
			return nil, fmt.Errorf("what was written since the last audit: %w", err)
		}
	}
	if is.Acts != a.Since.Size || is.Traces != a.Since.Traces || is.Places != stored {
		a.whole = true
	}
	if a.whole {
		return &ledger.Edge{}, nil
	}
	size := is.Act - 1
	if is.Place < stored {
		// The leaf with which that place was filled is the last one under its node.
		level, n := tlog.SplitStoredHashIndex(is.Place)
		size = min(size, (n+1)<<level-1)
	}
	e, whole, err := a.readEdge(ctx, size)
	if err != nil || whole && (e.Size < a.Since.Size || e.Root() == a.Since.Root) {
		return e, err
	}
	a.whole = true
	return &ledger.Edge{}, nil
}

// age is how old a row is at most that was written since the last audit.
func (a *audit) age() int64 { return a.now.Next + a.now.Lag - a.Since.Oldest }

// readEdge reads the edge of a tree as it is stored, and says whether all of it is there.
func (a *audit) readEdge(ctx context.Context, size int64) (e *ledger.Edge, whole bool, err error) {
	whole = true
	edge, err := ledger.EdgeAt(size, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var nodes []node
		err := a.tx.Select(ctx, &nodes, selectPlaces, pq.Int64Array(at))
		out := make([]tlog.Hash, len(at))
		for _, n := range nodes {
			copy(out[slices.Index(at, n.I)][:], n.Hash)
		}
		whole = len(nodes) == len(at) && !slices.ContainsFunc(nodes, func(n node) bool { return len(n.Hash) != tlog.HashSize })
		return out, err
	}))
	if err != nil {
		err = fmt.Errorf("the tree of %d acts: %w", size, err)
	}
	return &edge, whole, err
}

// treeWalk goes along what is stored of the tree.
type treeWalk struct {
	a      *audit
	stored []node
	next   int64
}

// compare takes the places that a leaf fills.
func (t *treeWalk) compare(leaf int64, want []tlog.Hash) {
	for _, h := range want {
		f := Finding{Table: "tree", Row: fmt.Sprint(t.next), Leaf: leaf}
		switch {
		case len(t.stored) == 0 || t.stored[0].I != t.next:
			f.What, f.Why = Missing, "what is over this leaf is not stored"
			t.a.found(f)
		default:
			if !bytes.Equal(t.stored[0].Hash, h[:]) {
				f.What, f.Why = Changed, "it is not the hash of what the record says"
				t.a.found(f)
			}
			t.stored = t.stored[1:]
		}
		t.next++
	}
}

// beyond looks for what is after the end of the tree.
func (a *audit) beyond(ctx context.Context) error {
	var n int64
	if err := a.tx.Get(ctx, &n, countBeyond, tlog.StoredHashCount(a.report.Size)); err != nil {
		return err
	}
	if n > 0 {
		a.found(Finding{Table: "tree", Leaf: a.report.Size + 1, What: Foreign, Why: fmt.Sprintf("%d hashes are stored of leaves that are not there", n)})
	}
	return nil
}

const (
	selectTraces = `
SELECT n, tab, id, cols, gone, tx::text::bigint AS tx, at, seq
  FROM public.trace WHERE seq BETWEEN $1 AND $2 ORDER BY seq, n`

	countBound = `SELECT count(*) FROM public.trace WHERE seq <= $1`

	selectLoose = `
SELECT n, tab, id, cols, gone, tx::text::bigint AS tx, at, coalesce(seq, 0) AS seq
  FROM public.trace WHERE seq IS NULL OR seq < 1 OR seq > $1 ORDER BY n`
)

// traces computes for each of some leaves the digest of the traces that name it.
func (a *audit) traces(ctx context.Context, leaves []ledger.Row) error {
	if len(leaves) == 0 {
		return nil
	}
	w := traceWalk{a: a, leaves: leaves, hash: sha256.New()}
	if err := database.Each(ctx, a.tx, w.step, selectTraces, leaves[0].Seq, leaves[len(leaves)-1].Seq); err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	for len(w.leaves) > 0 {
		w.end()
	}
	return nil
}

// loose looks for traces that no act answers for.
func (a *audit) loose(ctx context.Context) error {
	return database.Each(ctx, a.tx, func(t ledger.Trace) error {
		f := Finding{Table: t.Tab, Row: t.ID, Leaf: t.Seq, What: Unbound, Why: fmt.Sprintf("trace %d, of %s: ", t.N, t.At.UTC().Format(time.RFC3339Nano))}
		if t.Seq == 0 {
			f.Why += "no act answers for it"
		} else {
			f.Why += "it names an act that is not there"
		}
		a.found(f)
		return nil
	}, selectLoose, a.report.Size)
}

// traceWalk goes along the traces in the order of their leaves.
type traceWalk struct {
	a      *audit
	leaves []ledger.Row // the first is the one whose traces are read
	n      int          // how many of them there were
	last   ledger.Trace
	hash   hash.Hash // of them
	tables []string  // that it changed
}

func (w *traceWalk) step(t ledger.Trace) error {
	for w.leaves[0].Seq < t.Seq {
		w.end()
	}
	w.n, w.last = w.n+1, t
	w.a.did(w.leaves[0].Act, t)
	if !slices.Contains(w.tables, t.Tab) {
		w.tables = append(w.tables, t.Tab)
	}
	w.a.report.Traces++
	w.hash.Write(t.Bytes())
	return nil
}

var noTraces [sha256.Size]byte

// end compares what a leaf answers for with what named it, and goes to the next.
func (w *traceWalk) end() {
	leaf, got := w.leaves[0], noTraces[:]
	if w.n > 0 {
		got = w.hash.Sum(nil)
	}
	if !bytes.Equal(got, leaf.Rows) {
		f := Finding{Table: "trace", Leaf: leaf.Seq, What: Changed, Why: fmt.Sprintf("the act answers for other changes than the %d that name it", w.n)}
		switch w.n {
		case 0:
			f.What, f.Why = Missing, "the act changed rows, and no trace names it"
		case 1:
			f.Row, f.Why = fmt.Sprint(w.last.N), fmt.Sprintf("the act answers for another change than this one, of %s %s", w.last.Tab, w.last.ID)
		}
		w.a.found(f)
	}
	w.a.together(leaf, w.tables)
	w.leaves, w.n, w.tables = w.leaves[1:], 0, w.tables[:0]
	w.hash.Reset()
}
