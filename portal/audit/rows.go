package audit

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/ledger"
)

// table is a protected table, as the catalogue has it.
type table struct {
	name    string
	columns []column
	key     []string // columns of the primary key
	count   int64    // of its rows
	written int64    // of those that were written since the last audit
}

// column is one of a table's.
type column struct {
	Table string `db:"tab"`
	Name  string `db:"col"`
	Bytes bool   `db:"bytes"` // its type is bytea
	Key   int    `db:"key"`   // its place in the primary key, from 1; 0: none
	Kind  string `db:"kind"`  // of the relation
}

// selectColumns reads the catalogue: what PostgreSQL itself goes by.
const selectColumns = `
SELECT c.relname AS tab, a.attname AS col, a.atttypid = 'bytea'::regtype AS bytes, c.relkind::text AS kind,
       coalesce(array_position(i.indkey::int2[], a.attnum) - array_lower(i.indkey::int2[], 1) + 1, 0) AS key
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
 ORDER BY c.relname COLLATE "C", a.attnum`

// readTables finds the protected tables. The list of them is the program's: a table
// that the database says nothing of is missing.
func (a *audit) readTables(ctx context.Context) error {
	var all []column
	if err := a.tx.Select(ctx, &all, selectColumns); err != nil {
		return err
	}
	of := map[string]*table{}
	for _, c := range all {
		t := of[c.Table]
		if t == nil {
			t = &table{name: c.Table}
			of[c.Table] = t
		}
		// What is no table answers like one; what no trace tells is for nobody to compare.
		if c.Kind != "r" || slices.Contains(ledger.Untraced[c.Table], c.Name) {
			continue
		}
		t.columns = append(t.columns, c)
	}
	for name, t := range of {
		keys := map[int]string{}
		for _, c := range t.columns {
			if c.Key > 0 {
				keys[c.Key] = c.Name
			}
		}
		for i := 1; i <= len(keys); i++ {
			t.key = append(t.key, keys[i])
		}
		of[name] = t
	}
	for _, name := range ledger.Protected {
		t := of[name]
		if t == nil || len(t.columns) == 0 || len(t.key) == 0 {
			a.found(Finding{Table: name, What: Missing, Why: "there is no such table with a primary key"})
			continue
		}
		a.tables = append(a.tables, *t)
	}
	return nil
}

// What is written of a table: its rows, each as its primary key and the hashes of its
// columns. It takes sixteen bytes of SHA-256: whoever holds the portal when a row is
// written chooses both values, the one he shows and the one he keeps for later, and finds
// two with the same eight bytes among 2^32, in minutes; of sixteen it takes 2^64.
func (t table) id(w *database.Writing) *database.Writing {
	for i, k := range t.key {
		if i > 0 {
			w.Text(` || '/' || `)
		}
		w.Text(`t.`).Name(k).Text(`::text`)
	}
	return w
}

func (t table) hashes(w *database.Writing) *database.Writing {
	for i, c := range t.columns {
		if i > 0 {
			w.Text(` || `)
		}
		w.Text(`coalesce(substring(sha256(`)
		if c.Bytes {
			w.Text(`t.`).Name(c.Name)
		} else {
			w.Text(`convert_to(t.`).Name(c.Name).Text(`::text, 'UTF8')`)
		}
		w.Text(`) FROM 1 FOR 16), '\x00000000000000000000000000000000')`)
	}
	return w
}

// from asks for the rows that count: a file that is still coming is a part of nothing,
// and neither are its pieces (schema.sql, "Traces").
func (t table) from(w *database.Writing) *database.Writing {
	w.Text(` FROM public.`).Name(t.name).Text(` t WHERE `)
	switch t.name {
	case "attachment":
		return w.Text(`t.state NOT IN ('receiving', 'checking')`)
	case "attachment_chunk":
		return w.Text(`EXISTS (SELECT FROM public.attachment a WHERE a.id = t.attachment AND a.state NOT IN ('receiving', 'checking'))`)
	}
	return w.Text(`true`)
}

// compare asks for the rows that are not as their newest trace says, of all rows or of
// those that are new. The newest is that of the last act, whatever its number says: its
// act is proved, its number is not. What no act of the record, up to $2, answers for
// counts for nothing.
//
// New are the rows that acts after $4 changed, and those that a transaction wrote since
// the last audit, with an act or without: PostgreSQL marks each row with its transaction
// even where all triggers were silenced.
func (t table) compare(whole bool) *database.Writing {
	w := &database.Writing{}
	w.Text(`WITH `)
	if !whole {
		w.Text(`touched AS MATERIALIZED (SELECT DISTINCT id FROM public.trace WHERE tab = $1 AND seq > $4), `)
	}
	w.Text(`standing AS (SELECT `)
	t.id(w).Text(` AS id, `)
	t.from(t.hashes(w).Text(` AS cols`))
	if !whole {
		w.Text(` AND (age(t.xmin) <= $3 OR `)
		t.id(w).Text(` IN (SELECT id FROM touched))`)
	}
	w.Text(`), newest AS (
SELECT DISTINCT ON (id COLLATE "C") id, cols, gone, seq FROM public.trace
 WHERE tab = $1 AND seq BETWEEN 1 AND $2`)
	if !whole {
		w.Text(` AND id IN (SELECT id FROM touched UNION SELECT id FROM standing)`)
	}
	w.Text(` ORDER BY id COLLATE "C", seq DESC, n DESC`)
	w.Text(`)
SELECT coalesce(s.id, n.id) AS id, s.cols AS now, n.cols AS was, coalesce(n.gone, false) AS gone, coalesce(n.seq, 0) AS seq
  FROM standing s FULL JOIN newest n ON n.id = s.id
 WHERE s.cols IS DISTINCT FROM CASE WHEN NOT n.gone THEN n.cols END`)
	return w
}

// pair is a row that is not as its trace says.
type pair struct {
	ID   string `db:"id"`
	Now  []byte `db:"now"`
	Was  []byte `db:"was"`
	Gone bool   `db:"gone"`
	Seq  int64  `db:"seq"`
}

// rows compares each row with what the last act left.
func (a *audit) rows(ctx context.Context) error {
	all, err := a.count(ctx)
	if err != nil {
		return err
	}
	var done int64
	a.touched = map[string]bool{}
	if !a.whole {
		var names []string
		if err := a.tx.Select(ctx, &names, selectTouchedTables, a.Since.Size); err != nil {
			return err
		}
		for _, name := range names {
			a.touched[name] = true
		}
	}
	for _, t := range a.tables {
		a.Progress(t.name, done, all)
		if err := a.rowsOf(ctx, t); err != nil {
			return fmt.Errorf("rows of %s: %w", t.name, err)
		}
		if err := a.stays(ctx, t); err != nil {
			return fmt.Errorf("what was accepted of %s: %w", t.name, err)
		}
		if err := a.partsOf(ctx, t); err != nil {
			return fmt.Errorf("what was accepted of %s: %w", t.name, err)
		}
		done += t.count
	}
	a.report.Rows = done
	a.Progress("rows", done, all)
	return nil
}

// count counts the rows of all tables, and those that are new, and returns the sum.
func (a *audit) count(ctx context.Context) (all int64, err error) {
	if len(a.tables) == 0 {
		return 0, nil
	}
	w := (&database.Writing{}).Text(`SELECT `)
	for i, t := range a.tables {
		if i > 0 {
			w.Text(` || `)
		}
		t.from(w.Text(`(SELECT ARRAY[count(*), count(*) FILTER (WHERE age(t.xmin) <= $1)]`)).Text(`)`)
	}
	age := a.age()
	if a.whole {
		age = -1 // nobody asks
	}
	var counts pq.Int64Array
	if err := a.tx.Get(ctx, &counts, w.Query(), age); err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	for i := range a.tables {
		a.tables[i].count, a.tables[i].written = counts[2*i], counts[2*i+1]
		all += counts[2*i]
	}
	return all, nil
}

func (a *audit) rowsOf(ctx context.Context, t table) error {
	each := func(p pair) error { a.differs(t, p); return nil }
	whole := func() error {
		return database.Each(ctx, a.tx, each, t.compare(true).Query(), t.name, a.report.Size)
	}
	if a.whole {
		return whole()
	}
	var more int64
	if a.touched[t.name] {
		if err := a.tx.Get(ctx, &more, selectGrowth, t.name, a.Since.Size, a.report.Size); err != nil {
			return err
		}
	}
	switch {
	case t.count != a.Since.Tables[t.name]+more:
		// A row that was deleted past all triggers is no longer there to be marked.
		return whole()
	case t.written > 0 || a.touched[t.name]:
		return database.Each(ctx, a.tx, each, t.compare(false).Query(), t.name, a.report.Size, a.age(), a.Since.Size)
	}
	return nil
}

// selectTouchedTables are those of which acts after one changed rows.
const selectTouchedTables = `SELECT DISTINCT tab FROM public.trace WHERE seq > $1`

// selectGrowth is how many rows more a table has by the acts after one.
const selectGrowth = `
WITH touched AS (SELECT DISTINCT ON (id) id, gone FROM public.trace WHERE tab = $1 AND seq > $2 AND seq <= $3 ORDER BY id, seq DESC, n DESC),
     before  AS (SELECT DISTINCT ON (id) id, gone FROM public.trace WHERE tab = $1 AND seq <= $2 AND id IN (SELECT id FROM touched) ORDER BY id, seq DESC, n DESC)
SELECT coalesce(sum((NOT t.gone)::int - (b.id IS NOT NULL AND NOT b.gone)::int), 0)
  FROM touched t LEFT JOIN before b USING (id)`

// differs says how a row differs.
func (a *audit) differs(t table, p pair) {
	f := Finding{Table: t.name, Row: p.ID, Leaf: p.Seq}
	switch {
	case p.Now == nil:
		f.What, f.Why = Missing, "the act left this row, and it is not there"
	case p.Seq == 0:
		f.What, f.Why = Foreign, "no act made this row"
	case p.Gone:
		f.What, f.Why = Foreign, "the act deleted this row, and it is there"
	case len(p.Now) != len(p.Was):
		f.What, f.Why = Changed, fmt.Sprintf("it has %d columns, and the act left %d", len(p.Now)/ledger.CellSize, len(p.Was)/ledger.CellSize)
	default:
		for i, c := range t.columns {
			part := func(of []byte) []byte { return of[i*ledger.CellSize : (i+1)*ledger.CellSize] }
			if !bytes.Equal(part(p.Now), part(p.Was)) {
				f.Column, f.What, f.Why = c.Name, Changed, "it does not hold what the act left in it"
				a.found(f)
			}
		}
		return
	}
	a.found(f)
}
