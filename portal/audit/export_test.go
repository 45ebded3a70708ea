package audit

import (
	"maps"
	"slices"

	"zharia/portal/policy"
)

// Final is a line of the list of what is final, for its test.
type Final struct {
	Table               string
	Since, Free, Sealed []string
	Guard               bool
}

func Finals() (out []Final) {
	for _, f := range finals {
		line := Final{Table: f.table, Free: slices.Clone(f.free), Sealed: slices.Clone(f.sealed), Guard: f.guard}
		if f.since != "" {
			line.Since = []string{f.since}
		}
		out = append(out, line)
	}
	return out
}

// ActOn is some act that changes rows of a table, and need change no other with them.
func ActOn(table string) string {
	for _, act := range slices.Sorted(maps.Keys(done)) {
		brings := slices.ContainsFunc(bound, func(b struct {
			act           policy.Act
			table, brings string
		}) bool {
			return b.act == act && b.table == table
		})
		if _, writes := done[act][table]; writes && !brings {
			return string(act)
		}
	}
	return string(policy.DecisionRead) // which opens what it shows
}

// Deeds are the tables of each act.
func Deeds() map[string][]string {
	out := map[string][]string{}
	for act, d := range done {
		out[string(act)] = slices.Collect(maps.Keys(d))
	}
	return out
}
