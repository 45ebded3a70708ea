package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zharia/portal/portaltest"
)

func TestTheFloorAsksItsQueryAndAnswersWithBytesThatLieReady(t *testing.T) {
	w := portaltest.World(t)
	petition := w.Petition(w.Actor("aigul"), w.Troupe.Theft)
	for query, id := range map[string]string{floorOfCase: w.Troupe.Theft.String(), floorOfFiling: petition.String()} {
		floor, err := newFloor(t.Context(), w.DB.DSN(), floorQueries[query], 4321)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]int{"/" + id: http.StatusOK, "/nothing": http.StatusInternalServerError} {
			answer := httptest.NewRecorder()
			floor.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
			if answer.Code != want || want == http.StatusOK && answer.Body.Len() != 4321 {
				t.Errorf("%s %s: %d, %d bytes", query, path, answer.Code, answer.Body.Len())
			}
		}
	}
}

func TestARatioIsTheMiddleOfAllRounds(t *testing.T) {
	var out bytes.Buffer
	ratio(&out, "page ÷ floor", []three{{ours: 9, floor: 1}, {ours: 2, floor: 1}, {ours: 6, floor: 2}}, func(t three) float64 { return t.ours / t.floor })
	if said := out.String(); !strings.Contains(said, "  3.00  [2.00 to 9.00, 3 rounds]") {
		t.Error(said)
	}
}

func TestWhatIsNotMeasuredIsRefused(t *testing.T) {
	for _, args := range [][]string{{"page", "-pairs", "0"}, {"status", "-slice", "1ms"}, {"file", "-clients", "65"}, {"page", "more"}, {"floor"}, {"floor", "-database", "x", "-query", "other"}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
