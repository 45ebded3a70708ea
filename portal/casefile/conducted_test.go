package casefile_test

import (
	"testing"
	"time"

	"zharia/portal/casefile"
)

// As the keeper takes it (portal/leave): a time-stamp says when a paper was signed where
// it is near to when the paper is judged, which is its own day for one that is long signed.
func TestAPaperIsProvedByItsTimeStampOrByItsComing(t *testing.T) {
	came := time.Date(2026, 10, 21, 13, 30, 0, 0, time.UTC)
	stamped := func(before time.Duration) *time.Time { at := came.Add(-before); return &at }
	for what, c := range map[string]struct {
		stamped *time.Time
		before  time.Duration // its coming
	}{
		"without a time-stamp":           {nil, 0},
		"stamped here":                   {stamped(0), 0},
		"stamped some minutes before":    {stamped(9 * time.Minute), 9 * time.Minute},
		"stamped some hours before":      {stamped(3 * time.Hour), 0},
		"stamped the day before":         {stamped(30 * time.Hour), 30 * time.Hour},
		"stamped by a clock that is off": {stamped(-5 * time.Minute), -5 * time.Minute},
	} {
		if got := casefile.Proved(came, c.stamped); !got.Equal(came.Add(-c.before)) {
			t.Errorf("%s: %s", what, got)
		}
	}
}
