package audit

import (
	"context"
	"slices"

	"zharia/portal/database"
	"zharia/portal/ledger"
)

// selectPapers finds papers whose signature and the proof of it do not go together: one
// that is signed has its signature and what proved it, and what was proved is a signature.
const selectPapers = `
SELECT coalesce(d.id, e.document)::text AS row, d.signed_at IS NOT NULL AS signed, (d.signed_at IS NULL) = (d.cms IS NULL) AS whole, e.id IS NOT NULL AS proved
  FROM public.document d FULL JOIN (SELECT id, document FROM public.evidence WHERE document IS NOT NULL) e ON e.document = d.id
 WHERE (d.signed_at IS NULL) IS DISTINCT FROM (e.id IS NULL) OR (d.signed_at IS NULL) <> (d.cms IS NULL)
 ORDER BY 1`

// paper is one of them.
type paper struct {
	Row    string `db:"row"`
	Signed bool   `db:"signed"`
	Whole  *bool  `db:"whole"` // nil: there is no such paper
	Proved bool   `db:"proved"`
}

// papers looks for signatures without proof and proofs without signature.
func (a *audit) papers(ctx context.Context) error {
	a.Progress("papers", 0, 1)
	return database.Each(ctx, a.tx, func(p paper) error {
		if p.Whole != nil && !*p.Whole {
			a.found(Finding{Table: "document", Row: p.Row, Column: "cms", What: Unproved, Why: "its signature and the time of it do not go together"})
		}
		switch {
		case p.Signed && !p.Proved:
			a.found(Finding{Table: "document", Row: p.Row, What: Unproved, Why: "it is signed, and nothing is kept of what proved that"})
		case !p.Signed && p.Proved:
			a.found(Finding{Table: "evidence", Row: p.Row, Column: "document", What: Foreign, Why: "it proves the signature of a paper that has none"})
		}
		return nil
	}, selectPapers)
}

// selectGuards reads which triggers there are, and whether they are awake where nobody
// asked for replication.
const selectGuards = `
SELECT c.relname AS tab, t.tgname AS name
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')`

// selectBlinds reads which tables may hide rows from whoever audits: those whose row
// security binds him and does not show him everything.
const selectBlinds = `
SELECT c.relname AS tab, '' AS name
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND row_security_active(c.oid)
   AND (SELECT coalesce(bool_or(p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true'), false) AND bool_and(p.polpermissive)
          FROM pg_policy p
         WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
           AND EXISTS (SELECT FROM unnest(p.polroles) r WHERE r = 0 OR pg_has_role(current_user, r, 'USAGE'))) IS NOT TRUE`

type guard struct {
	Table string `db:"tab"`
	Name  string `db:"name"`
}

// guards looks whether the tables still leave traces, and show all their rows.
func (a *audit) guards(ctx context.Context) error {
	a.Progress("guards", 0, 1)
	awake := map[guard]bool{}
	if err := database.Each(ctx, a.tx, func(g guard) error { awake[g] = true; return nil }, selectGuards); err != nil {
		return err
	}
	want := slices.Clone(guardsOf)
	for _, name := range ledger.Protected {
		want = append(want, guard{name, "traced"}, guard{name, "traced_change"}, guard{name, "traced_end"})
		if _, other := finalOtherwise[name]; !other {
			want = append(want, guard{name, "stays"}, guard{name, "stays_whole"})
		}
	}
	for _, f := range finals {
		if f.guard {
			want = append(want, guard{f.table, "is_final"})
		}
	}
	for _, g := range want {
		if !awake[g] {
			a.found(Finding{Table: g.Table, Row: g.Name, What: Unguarded, Why: "this trigger is not there, or asleep: " + g.why()})
		}
	}
	return database.Each(ctx, a.tx, func(g guard) error {
		a.found(Finding{Table: g.Table, What: Unguarded, Why: "row security may hide rows of it from whoever audits"})
		return nil
	}, selectBlinds)
}
