package filing

import (
	"time"

	"zharia/portal/casefile"
	"zharia/portal/policy"
)

// FileBy is the end of the term to file a draft, where the Code sets one: a year
// from the termination of a case (CPC 102), counted from the day of the decision or, if that
// is later, of its approval.
// The zero time where it sets none: everything else may be filed as long as the
// investigation goes on.
func (f Filing) FileBy() time.Time {
	if f.Family() != policy.Complaint || f.AboutSince.IsZero() {
		return time.Time{}
	}
	return casefile.Decision{Kind: f.AboutKind, DecidedOn: f.AboutSince}.Complain(f.days)
}
