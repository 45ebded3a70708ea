package report

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zharia/portal/identity"
	"zharia/portal/vault"
)

// Path is what the questions before a report led to. It decides which bodies are
// offered, and how much the pages show of what they are about.
type Path string

// The paths.
const (
	Offence Path = "offence"
	Home    Path = "home"    // violence by one's own people: its pages are shielded
	Officer Path = "officer" // about an official of a body that receives reports: never to his own unit
)

// Paths are all of them.
var Paths = []Path{Offence, Home, Officer}

// Region is one of the twenty regions by its code in the classifier of territories
// (KATO), nine digits; or Beyond.
type Region string

// Beyond is a place outside them: abroad, on the network, nobody knows.
const Beyond Region = "beyond"

// Regions are the regions in the order of their codes, and Beyond.
var Regions = []Region{
	"100000000", "110000000", "150000000", "190000000", "230000000", "270000000", "310000000", "330000000", "350000000", "390000000",
	"430000000", "470000000", "550000000", "590000000", "610000000", "620000000", "630000000", "710000000", "750000000", "790000000", Beyond,
}

// Category is what happened, in a citizen's words. It is no qualification.
type Category string

// Categories are all of them, in the order they are offered.
var Categories = []Category{
	"theft", "internet", "fraud", "robbery", "beating", "home", "threat", "extortion", "sexual", "death", "missing", "captivity", "road", "damage", "cattle", "privacy",
	"bribe", "abuse", "drugs", "forgery", "disorder", "other",
}

// articles are those of the Criminal Code that a category may be, for the officer alone:
// he qualifies, the citizen is never asked (law/LAW §7). That somebody is missing is a ground
// of itself (CPC 180(1)(1)).
var articles = map[Category][]string{
	"theft": {"188", "200"}, "cattle": {"188-1"}, "robbery": {"191", "192"}, "fraud": {"189", "190", "195", "217"},
	"internet": {"190", "232-1"}, "extortion": {"194"}, "damage": {"202"}, "beating": {"106", "107", "108-1", "109-1"},
	"home": {"108-1", "109-1", "110"}, "threat": {"115", "115-1"}, "sexual": {"120", "121"}, "death": {"99", "104", "105"},
	"captivity": {"125", "125-1", "128"}, "privacy": {"147", "205", "210"}, "abuse": {"146", "361"}, "bribe": {"366", "367", "368"},
	"road": {"345", "346"}, "drugs": {"296", "297"}, "forgery": {"385"}, "disorder": {"293", "294"},
}

// Suggested are the articles of the Criminal Code to begin with, for the officer.
func (c Category) Suggested() []string { return slices.Clone(articles[c]) }

// Body is a state body that receives reports.
type Body struct {
	ID    uuid.UUID     `db:"id"`
	Code  string        `db:"code"` // of its book
	KATO  Region        `db:"kato"` // of its region
	Above uuid.NullUUID `db:"above"`
	identity.Body
	Prosecution identity.Body `db:"prosecution"` // that supervises how it receives them
}

const selectBodies = `
SELECT b.id, b.code, left(b.kato, 2) || '0000000' AS kato, b.above, b.name_kk AS body_kk, b.name_ru AS body_ru,
       p.name_kk AS "prosecution.body_kk", p.name_ru AS "prosecution.body_ru"
  FROM body b
  JOIN body p ON p.id = b.prosecution
 WHERE b.code IS NOT NULL
 ORDER BY b.kato, b.code`

// Bodies are all that receive reports, by region.
func Bodies(ctx context.Context, db *vault.DB) ([]Body, error) {
	var all []Body
	err := db.Select(ctx, &all, selectBodies)
	return all, err
}

// Offered are the bodies that a report of these answers may go to, those of its region
// first. Any body must take any report (CPC 185(1)), so those elsewhere follow; but
// what is said of an officer never goes to his own unit. The body above his comes
// first; where his unit is not known, only bodies that stand above others are offered.
func (a Answers) Offered(all []Body) []Body {
	var above uuid.UUID
	over := map[uuid.UUID]bool{} // bodies that stand above others
	for _, b := range all {
		if b.ID == a.Unit {
			above = b.Above.UUID
		}
		if b.Above.Valid {
			over[b.Above.UUID] = true
		}
	}
	out := slices.DeleteFunc(slices.Clone(all), func(b Body) bool {
		switch {
		case a.Path != Officer:
			return false
		case a.Unit == uuid.Nil:
			return !over[b.ID]
		}
		return b.ID == a.Unit
	})
	near := func(b Body) int {
		switch {
		case above != uuid.Nil && b.ID == above:
			return 0
		case b.KATO == a.Region:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(x, y Body) int {
		if n := near(x) - near(y); n != 0 {
			return n
		}
		return strings.Compare(x.Code, y.Code)
	})
	return out
}
