package fence_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zharia/portal/portaltest"
)

// node is one step of a plan of PostgreSQL.
type node struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"`
	Index string `json:"Index Name"`
	Cond  string `json:"Index Cond"`
	Parts []node `json:"Plans"`
}

// walked are the tables that a plan reads from end to end. An index without a condition
// leads to no row: it is the table in another order, but for one of which only the first
// rows are taken.
func (n node) walked(first bool) (out []string) {
	if n.Type == "Seq Scan" || strings.HasPrefix(n.Type, "Index") && n.Cond == "" && !first && slices.Contains(heaviest, n.Table) && !slices.Contains(narrow, n.Index) {
		out = append(out, n.Table)
	}
	for _, p := range n.Parts {
		out = append(out, p.walked(n.Type == "Limit")...)
	}
	return out
}

// heaviest are tables of a country of which nothing may read all, in whatever order.
var heaviest = []string{"document", "evidence", "warrant", "answer", "trace", "filing", "record", "participant", "decision"}

// narrow are the indexes of what waits: few rows, however many there were.
var narrow = []string{"document_unsigned", "decision_draft", "decision_submitted", "decision_moves", "participant_awaiting", "filing_open", "filing_due", "filing_seated"}

// few are the tables that stay small: of the house, of its officials, or of one row.
var few = []string{"day_off", "schema_version", "herald", "courier", "subscriber", "restoration", "body", "officer", "substitution", "pg_authid", "touched"}

// whole are the packages that read all of a table because that is what they are for.
var whole = []string{"portal/audit", "portal/backup", "portal/fence", "portal/portaltest"}

// whyWhole are the queries of others that do, with why.
var whyWhole = map[string]string{
	"portal/tip selectBatches":    "once a day all that was written down of messages is held against them",
	"portal/filing countDisputed": "the statistics of a month",
}

// A query that no index serves is quick in every test and stops a country: what is planned
// here may read a great table from end to end only where no index can lead to the rows.
func TestNoQueryReadsAGreatTableFromEndToEnd(t *testing.T) {
	w := portaltest.World(t)
	all := programQueries(t)
	planned := 0
	for i, q := range all {
		begins := func(o constant) bool {
			return o.pkg == q.pkg && len(o.text) > len(q.text) && strings.HasPrefix(o.text, q.text)
		}
		if slices.ContainsFunc(all, begins) {
			continue // no query yet: others go on from it
		}
		if slices.Contains(whole, q.pkg) || whyWhole[q.pkg+" "+q.at] != "" {
			continue
		}
		roles := hands[q.pkg]
		if roles == nil {
			roles = []string{"portal_app", "portal_work"}
		}
		for _, role := range roles {
			plan, ok := planOf(t, w, fmt.Sprintf("w%d_%s", i, role), role, q.text)
			if !ok {
				continue
			}
			planned++
			read := slices.DeleteFunc(plan.walked(false), func(table string) bool { return slices.Contains(few, table) })
			slices.Sort(read)
			if len(read) > 0 {
				t.Errorf("%s, %s, as %s, reads all of %s", q.pkg, q.at, role, strings.Join(slices.Compact(read), ", "))
			}
			break
		}
	}
	if planned < 500 {
		t.Errorf("only %d queries were planned: the search is broken", planned)
	}
}

// byIndex are queries that run each moment, with the index of just their rows. A kind that stands
// in the query and not in the index sends it through all papers: another index answers it where
// there are few, and none in a country.
var byIndex = map[string]string{
	"portal/warrant/papers selectNew":    "document_news",
	"portal/warrant/papers selectPapers": "document_says",
}

func TestWhatTheKeeperIsShownIsFoundByItsIndex(t *testing.T) {
	w := portaltest.World(t)
	found := 0
	for i, q := range programQueries(t) {
		index := byIndex[q.pkg+" "+q.at]
		if index == "" {
			continue
		}
		found++
		plan, ok := planOf(t, w, fmt.Sprintf("i%d", i), "portal_work", q.text)
		if !ok || !slices.Contains(plan.indexes(), index) {
			t.Errorf("%s, %s, goes not by %s but by %v", q.pkg, q.at, index, plan.indexes())
		}
	}
	if found != len(byIndex) {
		t.Errorf("%d of %d queries were found", found, len(byIndex))
	}
}

// indexes are those that a plan goes by.
func (n node) indexes() (out []string) {
	if n.Index != "" {
		out = append(out, n.Index)
	}
	for _, p := range n.Parts {
		out = append(out, p.indexes()...)
	}
	return out
}

// planOf is how PostgreSQL answers a query as a role, prepared as the portal prepares it,
// where any other way is better than to read a table from end to end.
func planOf(t *testing.T, w *portaltest.W, name, role, query string) (plan node, ok bool) {
	t.Helper()
	tx, err := w.SQL.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, s := range []string{"SET LOCAL plan_cache_mode = force_generic_plan", "SET LOCAL enable_seqscan = off", "SET LOCAL ROLE " + role, "PREPARE " + name + " AS " + query} {
		if _, err := tx.Exec(s); err != nil {
			return plan, false
		}
	}
	var said []byte
	if err := tx.Get(&said, `EXPLAIN (FORMAT JSON) EXECUTE `+call(t, tx, name)); err != nil {
		return plan, false
	}
	var top []struct{ Plan node }
	if err := json.Unmarshal(said, &top); err != nil || len(top) != 1 {
		t.Fatalf("%s: %v", said, err)
	}
	return top[0].Plan, true
}
