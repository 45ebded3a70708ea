package made_test

import (
	"testing"

	"zharia/portal/made"
	"zharia/portal/portaltest"
)

// What no page that is shown again is older than stays; what was touched before goes.
func TestWhatWasTouchedLongAgoGoesAndTheRestStays(t *testing.T) {
	w := portaltest.World(t)
	w.Petition(w.Aigul, w.Theft)
	if _, err := w.SQL.Exec(`UPDATE touched SET at = now() - CASE WHEN thing % 2 = 0 THEN interval '61 minutes' ELSE interval '59 minutes' END`); err != nil {
		t.Fatal(err)
	}
	var stays int
	if err := w.SQL.Get(&stays, `SELECT count(*) FROM touched WHERE thing % 2 <> 0`); err != nil || stays == 0 {
		t.Fatal(stays, err)
	}
	if err := made.Drop(t.Context(), w.DB.DB, w.At); err != nil {
		t.Fatal(err)
	}
	var left, old int
	if err := w.SQL.QueryRow(`SELECT count(*), count(*) FILTER (WHERE thing % 2 = 0) FROM touched`).Scan(&left, &old); err != nil {
		t.Fatal(err)
	}
	if left != stays || old != 0 {
		t.Errorf("%d are left of %d, and %d old ones", left, stays, old)
	}
}
