package portal

import "zharia/portal/policy"

// Openings are the acts that open a document, for the test that walks them.
func Openings() []policy.Act {
	var out []policy.Act
	for act := range openings {
		out = append(out, act)
	}
	return out
}
