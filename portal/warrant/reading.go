package warrant

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/policy"
)

// The file of a case opens to a participant by a paper of its own (CPC 294).

// reading is that the file was opened to somebody for a term.
type reading struct {
	paper, in, participant, person uuid.UUID
	from, until                    Day
	unhurried                      bool // by the status that the paper names
	recorded                       bool // its reader has signed the record
}

// MaxPostponed is by how many days at most a reading is postponed altogether (CPC 294), which
// no signed paper says.
const MaxPostponed = 5

func (c *Chain) familiarise(p Paper) string {
	if !c.could(p, func(at time.Time) bool { return c.conducts(p.Signer, p.Case, at) }) {
		return "who opened the file did not conduct the case"
	}
	c.readings = append(c.readings, reading{paper: p.ID, in: p.Case, participant: p.Participant, person: p.Person, from: p.From, until: p.Until, unhurried: slices.Contains(policy.Unhurried, p.Role)})
	return ""
}

// record ends the reading of whoever signed it.
func (c *Chain) record(p Paper) string {
	for i, r := range c.readings {
		if r.paper == p.About && r.in == p.Case && r.person == p.Signer {
			c.readings[i].recorded = true
			return ""
		}
	}
	return "who signed the record did not read by that notice"
}

// Reads says that the file of a case was opened to a participant of it by a status that
// stands: file, ever, so that he has its list and what he wrote about it; pages, for today.
// To a suspect and his defender the last day of the paper closes nothing (CPC 296(3)); the record
// that its reader has signed closes the pages to each.
func (c *Chain) Reads(person, in uuid.UUID, at time.Time) (file, pages bool) {
	for _, r := range c.readings {
		if r.in != in || r.person != person {
			continue
		}
		m := c.holder(r, at)
		if c.members[r.participant] != nil && m == nil {
			continue // one who came with another case the portal may know under a number of its own
		}
		file = true
		if m != c.members[r.participant] && policy.File(m.role, "") == policy.NoFile {
			continue // before the court he has what he wrote about it
		}
		if today := day(at); !r.recorded && r.from <= today && (r.unhurried || today <= r.until.plus(MaxPostponed)) {
			pages = true
		}
	}
	return file, pages
}

// holder is the status by which somebody reads: the one that the file was opened to, or the
// one that has taken its place (CPC 65(5)); nil for none that stands.
func (c *Chain) holder(r reading, at time.Time) *member {
	was := c.members[r.participant]
	if was == nil || was.in != r.in || was.person != r.person {
		return nil
	}
	if c.stands(was, at) {
		return was
	}
	for id, m := range c.members {
		if id == m.id && m.in == r.in && m.person == r.person && c.stands(m, at) && slices.Contains(c.line(m), was) {
			return m
		}
	}
	return nil
}

// plus is the day that comes so many days later.
func (d Day) plus(days int) Day {
	day, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return On(day.AddDate(0, 0, days))
}
