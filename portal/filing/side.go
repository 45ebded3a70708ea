package filing

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// capacityOf is something the reader is in the case of a filing today.
type capacityOf struct {
	participant, whom uuid.UUID
	line              []uuid.UUID // the participant he acts for and all that this one was before; none for his own rights
}

// capacities reads what the query found: "participant whom line until", the last two
// perhaps empty, the line with commas. A power whose last day has passed is none.
func (row filingRow) capacities(at time.Time) []capacityOf {
	today := at.In(deadline.Zone).Format(time.DateOnly)
	var out []capacityOf
	for _, text := range row.Capacities {
		part := strings.Split(text, " ")
		if len(part) != 4 || part[3] != "" && part[3] < today {
			continue
		}
		var c capacityOf
		c.participant, _ = uuid.Parse(part[0])
		c.whom, _ = uuid.Parse(part[1])
		c.line = ids(strings.Split(part[2], ","))
		out = append(out, c)
	}
	return out
}

// lapsed says that the power by which its author filed it is over, if only since midnight,
// and that he has no other for the same one.
func (row filingRow) lapsed(at time.Time) bool {
	return row.Until != nil && row.Until.Format(time.DateOnly) < at.In(deadline.Zone).Format(time.DateOnly) &&
		!slices.ContainsFunc(row.capacities(at), func(c capacityOf) bool { return c.whom == row.Whom })
}

// whom says for whom somebody acts, among several; false while he has not said.
func whom(all []capacityOf, ask policy.Ask) (uuid.UUID, bool) {
	var sides []uuid.UUID
	for _, c := range all {
		if c.participant == ask.Acting {
			return c.whom, true
		}
		if !slices.Contains(sides, c.whom) {
			sides = append(sides, c.whom)
		}
	}
	if len(sides) == 1 {
		return sides[0], true
	}
	return uuid.Nil, len(sides) == 0
}

// official are the standings that see a filing whoever it is for.
const official = policy.Decider | policy.Addressee | policy.Supervisor | policy.Unit | policy.Office

// beside holds a filing against the wall between those for whom its reader acts in
// one case: that of the one is not found while he acts for the other, and nothing
// opens before he has said for whom (*casefile.Choose). What he filed for somebody
// whom he acts for no more stays his.
func (row filingRow) beside(ask policy.Ask, standing policy.Standing) (policy.Standing, error) {
	all := row.capacities(ask.At)
	if !slices.ContainsFunc(all, func(c capacityOf) bool { return slices.Contains(c.line, row.Participant) }) {
		standing &^= policy.Counsel // his power is over, if only since midnight
	}
	if standing&(policy.Author|policy.Counsel|policy.Client) == 0 || standing&official != 0 {
		return standing, nil
	}
	if !slices.ContainsFunc(all, func(c capacityOf) bool { return c.whom == row.Whom }) {
		return standing, nil
	}
	switch side, chosen := whom(all, ask); {
	case !chosen:
		return 0, &casefile.Choose{Case: row.Case}
	case side != row.Whom:
		return 0, fault.New(fault.NotFound, "fault.not-found")
	}
	return standing, nil
}

// side is as whom its reader finds it, of all that he is in the case.
func (row filingRow) side(ask policy.Ask) uuid.UUID {
	for _, c := range row.capacities(ask.At) {
		if c.whom == row.Whom {
			return c.participant
		}
	}
	return row.Participant
}

// here says that a filing belongs on the page of its case while its reader acts for
// somebody: that of a client of old does not.
func (row filingRow) here(ask policy.Ask) bool {
	all := row.capacities(ask.At)
	side, chosen := whom(all, ask)
	return len(all) == 0 || chosen && side == row.Whom || ask.Standing(row.Standing)&official != 0
}

// Waiting is what a client of somebody's waits for.
type Waiting struct {
	Participant uuid.UUID `db:"participant"` // the asker's, who acts for the client
	Open        int       `db:"open"`        // filings without an answer
	Due         time.Time `db:"due"`         // the nearest end of a term
}

const selectWaiting = `
SELECT q.participant, count(*) AS open, min(f.due_at) AS due
  FROM (SELECT k.casefile, k.participant, k.person, lineage(k.represents) AS line
          FROM capacity k WHERE k.person = $1 AND k.represents IS NOT NULL OFFSET 0) q -- once for each, not for each filing
  JOIN filing f ON f.casefile = q.casefile AND (f.participant = q.participant AND f.author = q.person OR f.participant = ANY (q.line))
 WHERE f.status IN ('filed', 'considered', 'waiting')
 GROUP BY q.participant`

// ClientsWait is what the asker's clients wait for: each answer that is due, by the
// participant as whom he acts.
func ClientsWait(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Waiting, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []Waiting
	err := db.Select(ctx, &rows, selectWaiting, ask.Person)
	return rows, err
}
