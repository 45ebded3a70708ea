package filing

import (
	"slices"
	"time"

	"zharia/portal/deadline"
	"zharia/portal/policy"
)

// terminations are the decisions whose complaint has a last day (CPC 102).
var terminations = []policy.Kind{"terminated-full", "terminated-part", "prosecution-terminated"}

// FileBy is the end of the term to file a draft, where the Code sets one: a year
// from the termination of a case (CPC 102), counted from the day of the decision.
// The zero time where it sets none: everything else may be filed as long as the
// investigation goes on.
func (f Filing) FileBy() time.Time {
	if f.Kind != policy.FilingComplaintProsecutor || !slices.Contains(terminations, f.AboutKind) || f.AboutOn.IsZero() {
		return time.Time{}
	}
	return deadline.Termination.Ends(f.AboutOn, deadline.Kazakhstan())
}
