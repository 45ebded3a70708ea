package audit

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"zharia/portal/database"
	"zharia/portal/policy"
)

// part is a table whose rows say something of another thing: they are accepted with it, and
// from then on are what they were.
type part struct {
	table, column string       // the column that names the thing, or a row of through
	through, of   string       // a table between, and its column that names the thing; "": none
	whole         string       // the table of the thing: finals has when it is accepted
	free, sealed  []string     // as of final
	comes         bool         // rows may come later as well
	by            []policy.Act // those that bring some later all the same
}

// parts are all of them. Their triggers look at the thing as it stands (stays,
// attachment_is_final), and so can whoever puts them to sleep not be seen by them.
var parts = []part{
	{table: "point", column: "filing", whole: "filing", sealed: []string{"text"}, by: []policy.Act{policy.SupplementSign}},
	{table: "resolution", column: "point", through: "point", of: "filing", whole: "answer", sealed: []string{"reasons", "article"}},
	{table: "decision_text", column: "decision", whole: "decision", sealed: []string{"established", "resolved"}},
	{table: "decision_person", column: "decision", whole: "decision", comes: true},
	{table: "attachment", column: "filing", whole: "filing", free: []string{"state", "scanned_at"}, sealed: []string{"name"}, comes: true},
	{table: "attachment", column: "report", whole: "report", free: []string{"state", "scanned_at"}, sealed: []string{"name"}, comes: true},
	{table: "attachment_chunk", column: "attachment", through: "attachment", of: "filing", whole: "filing", sealed: []string{"content"}, comes: true},
	{table: "attachment_chunk", column: "attachment", through: "attachment", of: "report", whole: "report", sealed: []string{"content"}, comes: true},
}

// turns asks for what became of rows by acts after the one that accepted the thing which
// they are a part of. A trace has a hash of the id of the thing, and each id hashes to it.
func (p part) turns(whole bool) *database.Writing {
	w := &database.Writing{}
	w.Text(`
WITH turned AS MATERIALIZED (
SELECT t.id, t.cols, t.gone, t.seq, coalesce(t.was, '') AS was, r.act, substring(CASE WHEN t.was <> '' THEN t.was ELSE t.cols END FROM $5 FOR 16) AS thing
  FROM (SELECT id, cols, gone, seq, lag(cols) OVER (PARTITION BY id COLLATE "C" ORDER BY seq, n) AS was
          FROM public.trace WHERE tab = $1 AND seq BETWEEN 1 AND $2`)
	if !whole {
		w.Text(` AND id IN (SELECT id FROM public.trace WHERE tab = $1 AND seq > $3)`)
	}
	w.Text(`) t JOIN public.record r ON r.seq = t.seq
 WHERE t.seq > $3 AND (t.was <> ''`)
	if !p.comes {
		w.Text(` OR NOT t.gone`)
	}
	w.Text(`)),
accepted AS (
SELECT substring(sha256(convert_to(id, 'UTF8')) FROM 1 FOR 16) AS thing, min(seq) AS seq
  FROM public.trace WHERE tab = $4 AND seq BETWEEN 1 AND $2 AND substring(cols FROM $6 FOR 16) NOT IN ('', '\x00000000000000000000000000000000')
 GROUP BY id)
SELECT x.id, x.cols, x.gone, x.seq, x.was, x.act FROM turned x`)
	if p.through == "" {
		return w.Text(` JOIN accepted a ON a.thing = x.thing AND a.seq < x.seq`)
	}
	w.Text(` JOIN public.`).Name(p.through).Text(` m ON substring(sha256(convert_to(m.id::text, 'UTF8')) FROM 1 FOR 16) = x.thing`)
	return w.Text(` JOIN accepted a ON a.thing = substring(sha256(convert_to(m.`).Name(p.of).Text(`::text, 'UTF8')) FROM 1 FOR 16) AND a.seq < x.seq`)
}

// partsOf looks whether an act changed a part of what was accepted, took it away or brought one.
func (a *audit) partsOf(ctx context.Context, t table) error {
	for _, p := range parts {
		if p.table != t.name || !a.whole && !a.touched[t.name] {
			continue
		}
		f, _ := finalOf(p.whole)
		i := slices.IndexFunc(a.tables, func(of table) bool { return of.name == p.whole })
		if i < 0 || a.tables[i].place(f.since) < 0 || t.place(p.column) < 0 { // another finding names it
			continue
		}
		since := a.Since.Size
		if a.whole {
			since = 0
		}
		cell := func(t table, column string) int { return t.place(column)*len(empty) + 1 }
		err := database.Each(ctx, a.tx, func(x turn) error { a.parted(t, p, x); return nil }, p.turns(a.whole).Query(),
			t.name, a.report.Size, since, p.whole, cell(t, p.column), cell(a.tables[i], f.since))
		if err != nil {
			return fmt.Errorf("as parts of a %s: %w", p.whole, err)
		}
	}
	return nil
}

// parted compares what became of a part with what may.
func (a *audit) parted(t table, p part, x turn) {
	finding := Finding{Table: t.name, Row: x.ID, Leaf: x.Seq, What: Broken}
	of := "the " + p.whole + " that it is a part of was accepted, and the act " + x.Act
	switch {
	case x.Gone:
		finding.Why = of + " took it away"
		a.found(finding)
	case len(x.Was) == 0:
		if !slices.Contains(p.by, policy.Act(x.Act)) {
			finding.Why = of + " brought it"
			a.found(finding)
		}
	case len(x.Cols) != len(x.Was):
		finding.Why = of + " left it with other columns"
		a.found(finding)
	default:
		may := p.free
		if x.Act == string(policy.Reseal) {
			may = p.sealed
		}
		for _, c := range t.columns {
			if !bytes.Equal(t.cell(x.Cols, c.Name), t.cell(x.Was, c.Name)) && !slices.Contains(may, c.Name) {
				finding.Column, finding.Why = c.Name, of+" gave it another value"
				a.found(finding)
			}
		}
	}
}
