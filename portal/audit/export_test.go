package audit

import "slices"

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
