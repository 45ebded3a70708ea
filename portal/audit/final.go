package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"zharia/portal/database"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// final is a table whose rows are accepted at some moment, and keep from then on what they
// say. A forged act may answer for a change of one, with a trace, a leaf and a place in the
// tree like any other: that such a thing never changes is what shows it.
type final struct {
	table  string
	since  string   // the column that has a value from that moment on; "": from the first
	values []string // of that column, one of these; none: any
	free   []string // columns in which it goes on
	sealed []string // columns whose wraps "reseal" makes anew
	guard  bool     // is_final of schema.sql refuses it as well, with the same list; else a trigger of its own
}

// finals are all of them. A table that is not here changes as the acts have it (deeds.go).
var finals = []final{
	{"document", "signed_at", nil, nil, []string{"content", "cms"}, false},
	{"evidence", "revocation", []string{"good", "refuted", "not-checked"}, nil, []string{"bundle"}, false},
	{"opening", "", nil, nil, []string{"words"}, false},
	{"unsealing", "", nil, nil, []string{"ground"}, false},
	{"restoration", "", nil, nil, nil, false},
	{"filing", "number", nil, []string{"status", "complained", "interested", "withdrawal", "decider", "seat", "former", "term", "due_raw", "due_at", "considered_at", "ended_at", "overdue_at"},
		[]string{"circumstances", "named", "filer"}, true},
	{"decision", "published_at", nil, []string{"ready_on"}, []string{"severs"}, true},
	{"answer", "signed_at", nil, []string{"read_at"}, []string{"reasons"}, true},
	{"confirmation", "signed_at", nil, nil, []string{"advocate", "reasons"}, true},
	{"supplement", "signed_at", nil, nil, []string{"text", "points"}, true},
	{"assent", "signed_at", nil, nil, []string{"reasons"}, true},
	{"revocation", "signed_at", nil, nil, nil, true},
	{"assignment", "signed_at", nil, nil, nil, true},
	{"forward", "signed_at", nil, nil, []string{"words"}, true},
	{"extension", "signed_at", nil, nil, []string{"reason"}, true},
	{"report_decision", "signed_at", nil, nil, []string{"terms"}, true},
	{"exposure", "signed_at", nil, []string{"ended_at"}, []string{"reasons"}, true},
	{"redaction", "signed_at", nil, []string{"replaced_at"}, []string{"established", "resolved"}, true},
	{"substitution", "signed_at", nil, []string{"ended_at"}, nil, true},
	{"report", "registered_at", nil, []string{"status", "decided_at", "overdue_at"}, []string{"draft", "answers", "handed"}, true},
	{"request", "asked_at", nil, []string{"status", "due_at", "overdue_at", "settled_at"}, []string{"represented", "words", "named"}, true},
	{"appointment", "proposed_at", nil, []string{"second", "status", "settled_at"}, nil, true},
	{"service", "at", nil, []string{"due_at"}, nil, true},
	{"familiarisation", "recorded_at", nil, []string{"status", "closed_at"}, []string{"motions"}, true},
	{"plea", "answered_at", nil, nil, []string{"words"}, true},
	{"warrant", "", nil, nil, nil, true},
	{"dispute", "", nil, nil, []string{"text"}, true},
	{"movement", "", nil, nil, nil, true},
	{"recount", "", nil, nil, nil, true},
	{"count_objection", "", nil, nil, []string{"words"}, true},
	{"cancellation", "", nil, nil, []string{"words"}, true},
	{"message", "", nil, []string{"read_at"}, []string{"text"}, true},
}

// begun are the tables in which a row is taken away while its status is "draft", and never
// after, though what it says is final only later or never. Of the others that have drafts,
// finals says what one is.
var begun = []string{"decision", "participant", "familiarisation"}

// terms are the columns of what is final that some acts alone change, of those that may
// change at all: by when something must be answered.
var terms = []struct {
	table, column string
	acts          []policy.Act
}{
	{"filing", "due_at", []policy.Act{policy.FilingExtend, policy.FilingRecount}},
	{"filing", "due_raw", []policy.Act{policy.FilingExtend}},
	{"filing", "term", []policy.Act{policy.FilingExtend}},
}

// finalOf is what a table has in the list.
func finalOf(table string) (final, bool) {
	i := slices.IndexFunc(finals, func(f final) bool { return f.table == table })
	if i < 0 {
		return final{}, false
	}
	return finals[i], true
}

// place is where a column stands among those that a trace tells of; -1: there is none.
func (t table) place(name string) int {
	return slices.IndexFunc(t.columns, func(c column) bool { return c.Name == name })
}

// cell is what a trace keeps of a column.
func (t table) cell(cols []byte, name string) []byte {
	i := t.place(name)
	if i < 0 || len(cols) < (i+1)*ledger.CellSize {
		return nil
	}
	return cols[i*ledger.CellSize : (i+1)*ledger.CellSize]
}

var empty = make([]byte, ledger.CellSize) // the cell of NULL

// past says that a row was accepted already when a trace left these cells.
func (f final) past(t table, cols []byte) bool {
	if f.since == "" {
		return true
	}
	c := t.cell(cols, f.since)
	if len(f.values) == 0 {
		return c != nil && !bytes.Equal(c, empty)
	}
	return slices.ContainsFunc(f.values, func(v string) bool {
		sum := sha256.Sum256([]byte(v))
		return bytes.Equal(c, sum[:ledger.CellSize])
	})
}

// may says that an act may change a column of a row that was accepted.
func (f final) may(act, column string) bool {
	if act == string(policy.Reseal) {
		return slices.Contains(f.sealed, column)
	}
	for _, t := range terms {
		if t.table == f.table && t.column == column {
			return slices.Contains(t.acts, policy.Act(act))
		}
	}
	return slices.Contains(f.free, column)
}

// turns asks for the changes of rows and for their ends, each with what stood before it:
// of all rows, or of those that acts after $4 changed, and then their changes since. Where
// one cell tells a draft, at $3, drafts that stay are left out; at -1 all that stays is. One pass in the order of the rows, as
// for the newest of each.
func (t table) turns(whole bool) *database.Writing {
	w := &database.Writing{}
	w.Text(`
SELECT t.id, t.cols, t.gone, t.seq, t.was, r.act
  FROM (SELECT id, cols, gone, seq, lag(cols) OVER (PARTITION BY id COLLATE "C" ORDER BY seq, n) AS was
          FROM public.trace WHERE tab = $1 AND seq BETWEEN 1 AND $2`)
	if !whole {
		w.Text(` AND id IN (SELECT id FROM public.trace WHERE tab = $1 AND seq > $4)`)
	}
	w.Text(`) t JOIN public.record r ON r.seq = t.seq
 WHERE t.was <> '' AND (t.gone OR CAST($3 AS int) = 0 OR $3 > 0 AND substring(t.was FROM greatest($3, 1) FOR 16) <> '\x00000000000000000000000000000000')`)
	if !whole {
		w.Text(` AND t.seq > $4`)
	}
	return w
}

// turn is a row that changed or went, by an act.
type turn struct {
	ID   string `db:"id"`
	Cols []byte `db:"cols"`
	Gone bool   `db:"gone"`
	Seq  int64  `db:"seq"`
	Was  []byte `db:"was"`
	Act  string `db:"act"`
}

// stays looks whether an act changed what was accepted, or took it away.
func (a *audit) stays(ctx context.Context, t table) error {
	f, is := finalOf(t.name)
	if !is && !slices.Contains(begun, t.name) || !a.whole && !a.touched[t.name] {
		return nil
	}
	each := func(x turn) error { a.turned(t, f, x); return nil }
	at := 0 // the cell that tells a draft, if one does
	if i := t.place(f.since); i >= 0 && len(f.values) == 0 {
		at = i*ledger.CellSize + 1
	} else if !is {
		at = -1
	}
	if a.whole {
		return database.Each(ctx, a.tx, each, t.turns(true).Query(), t.name, a.report.Size, at)
	}
	return database.Each(ctx, a.tx, each, t.turns(false).Query(), t.name, a.report.Size, at, a.Since.Size)
}

// draft says that a row was one when a trace left these cells.
func (t table) draft(cols []byte) bool {
	sum := sha256.Sum256([]byte("draft"))
	return bytes.Equal(t.cell(cols, "status"), sum[:ledger.CellSize])
}

// turned compares a change with what may change.
func (a *audit) turned(t table, f final, x turn) {
	finding := Finding{Table: t.name, Row: x.ID, Leaf: x.Seq, What: Broken}
	switch {
	case x.Gone && slices.Contains(begun, t.name) && !t.draft(x.Was):
		finding.Why = "it was no draft any more, and the act " + x.Act + " took it away"
		a.found(finding)
	case f.table == "" || !f.past(t, x.Was):
	case x.Gone:
		finding.Why = "it was accepted, and the act " + x.Act + " took it away"
		a.found(finding)
	case len(x.Cols) != len(x.Was):
		finding.Why = "it was accepted, and the act " + x.Act + " left it with other columns"
		a.found(finding)
	default:
		for _, c := range t.columns {
			if !bytes.Equal(t.cell(x.Cols, c.Name), t.cell(x.Was, c.Name)) && !f.may(x.Act, c.Name) {
				finding.Column, finding.Why = c.Name, "it was accepted with another value, which the act "+x.Act+" may not change"
				a.found(finding)
			}
		}
	}
}

// guardsOf are the triggers that refuse to change or to take away what was accepted, and
// those of the ledger itself, beside what every protected table has.
var guardsOf = []guard{
	{"record", "record_grows"}, {"tree", "tree_grows"}, {"checkpoint", "checkpoint_grows"},
	{"trace", "trace_grows"}, {"trace", "trace_stays"}, {"trace", "trace_answered"},
	{"attachment", "traced_pieces"}, {"attachment", "traced_pieces_go"},
	{"document", "document_is_final"}, {"evidence", "evidence_is_final"},
	{"opening", "opening_grows"}, {"unsealing", "unsealing_grows"}, {"restoration", "restoration_grows"},
	{"attachment", "attachment_is_final"}, {"attachment_chunk", "attachment_is_final"},
	{"answer", "answer_is_whole"},
}

// finalOtherwise are the protected tables that have no trigger "stays", each with the
// reason.
var finalOtherwise = map[string]string{
	"person":           "the rest hangs on it",
	"body":             "the same",
	"attachment":       "attachment_is_final",
	"attachment_chunk": "the same",
}

// why says of which act a line of guards is.
func (g guard) why() string {
	if strings.HasPrefix(g.Name, "trace") {
		return "changes leave no trace"
	}
	return "what was accepted can be changed"
}
