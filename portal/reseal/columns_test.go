package reseal_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zharia"
	"zharia/portal/portaltest"
	"zharia/portal/reseal"
)

var (
	begins   = regexp.MustCompile(`^CREATE TABLE (\w+) \(`)
	isSealed = regexp.MustCompile(`^\s+(\w+)\s+bytea\b.*-- sealed\b`)
)

// A new sealed column without a line in the list would keep an old key alive, or lose its
// texts when that is forgotten.
func TestTheListOfSealedColumnsIsThatOfTheSchema(t *testing.T) {
	var commented, listed, brief []string
	table := ""
	for line := range strings.SplitSeq(zharia.Schema, "\n") {
		if m := begins.FindStringSubmatch(line); m != nil {
			table = m[1]
		}
		if m := isSealed.FindStringSubmatch(line); m != nil {
			commented = append(commented, table+"."+m[1])
		}
	}
	if len(commented) < 60 {
		t.Fatalf("found only %d sealed columns: the search is broken", len(commented))
	}
	for _, c := range reseal.Columns {
		listed = append(listed, c.String())
		if c.Of == reseal.Brief {
			brief = append(brief, c.String())
		}
	}
	slices.Sort(commented)
	slices.Sort(listed)
	for _, name := range commented {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is sealed and is not in the list of portal/reseal, nor in that of portal_rotate in schema.sql", name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(commented, name) {
			t.Errorf("%s is in the list and is not sealed", name)
		}
	}
	db := portaltest.SQL(t, portaltest.DB(t))
	var granted, guarded []string
	if err := db.Select(&granted, `
		SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
		   AND (has_column_privilege('portal_rotate', c.oid, a.attnum, 'UPDATE') OR has_column_privilege('portal_rotate', c.oid, a.attnum, 'INSERT'))`); err != nil {
		t.Fatal(err)
	}
	if err := db.Select(&guarded, `SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'rewrapped' AND tgenabled = 'O'`); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(listed, granted) {
		table, column, _ := strings.Cut(name, ".")
		holds := slices.ContainsFunc(guarded, func(def string) bool {
			return strings.Contains(def, "BEFORE UPDATE ON public."+table+" ") && strings.Contains(def, fmt.Sprintf("rewrapped(old.%[1]s, new.%[1]s)", column))
		})
		if may := slices.Contains(granted, name); may == slices.Contains(brief, name) || may != slices.Contains(listed, name) != slices.Contains(brief, name) || may != holds {
			t.Errorf("%s: portal_rotate may change it: %v; held to its wraps: %v", name, may, holds)
		}
	}
}
