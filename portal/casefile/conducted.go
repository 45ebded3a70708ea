package casefile

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Papers of the register come late, and count from who conducted the case when he signed
// them. What stands here follows the papers as the keeper does (warrant.Chain, conducts):
// charges, assignments and severances give a case from the moment they were made; until the
// next one was signed, who had it before could not know of it.

// skew is what the clocks of the portal and of the register may differ by.
const skew = time.Minute

// Where a case came from by a severance, those who had it there have it here. LATERAL, so
// that no plan reads a whole table for some cases.
const kinOf = `
WITH RECURSIVE kin AS (
    SELECT id, severed_from, body, investigator FROM casefile WHERE id = ANY (CAST($1 AS uuid[]))
    UNION
    SELECT c.* FROM kin k CROSS JOIN LATERAL (SELECT id, severed_from, body, investigator FROM casefile WHERE id = k.severed_from LIMIT 1) c
)`

const selectKin = kinOf + `
SELECT id, severed_from, body, investigator FROM kin`

const selectGiven = kinOf + `
SELECT g.*
  FROM kin k
  CROSS JOIN LATERAL (
       SELECT w.casefile, w.id, w.made_at, w.made_at AS signed_at, CAST(NULL AS uuid) AS officer, CAST(NULL AS uuid) AS previous, w.content
         FROM warrant w WHERE w.casefile = k.id LIMIT 10000) g
UNION ALL
SELECT g.*
  FROM kin k
  CROSS JOIN LATERAL (
       SELECT a.casefile, a.document, a.made_at, a.signed_at, a.officer, a.previous, CAST(NULL AS bytea)
         FROM assignment a WHERE a.casefile = k.id AND a.duty = 'charge' AND a.signed_at IS NOT NULL LIMIT 10000) g
UNION ALL
SELECT g.*
  FROM (SELECT DISTINCT severed_from AS id FROM kin) k
  CROSS JOIN LATERAL (
       SELECT d.casefile, d.id, d.made_at, d.made_at, CAST(NULL AS uuid), CAST(NULL AS uuid), CAST(NULL AS bytea)
         FROM decision x JOIN document d ON d.id = x.document WHERE x.casefile = k.id AND x.severs IS NOT NULL AND x.status = 'published' LIMIT 10000) g
 ORDER BY 3, 2`

const selectPosts = `
SELECT person, post, body, until, left_at, since FROM officer WHERE person = ANY (CAST($1 AS uuid[]))`

const selectDeputies = `
SELECT deputy, officer, made_at, until, ended_at FROM substitution WHERE deputy = ANY (CAST($1 AS uuid[])) AND signed_at IS NOT NULL`

type kinRow struct {
	ID           uuid.UUID     `db:"id"`
	From         uuid.NullUUID `db:"severed_from"`
	Body         uuid.UUID     `db:"body"`
	Investigator uuid.UUID     `db:"investigator"`
}

type givenRow struct {
	Case     uuid.UUID     `db:"casefile"`
	Paper    uuid.UUID     `db:"id"`
	Made     time.Time     `db:"made_at"`
	Signed   time.Time     `db:"signed_at"`
	Officer  uuid.NullUUID `db:"officer"`
	Previous uuid.NullUUID `db:"previous"`
	Content  []byte        `db:"content"`
}

type postRow struct {
	Person uuid.UUID  `db:"person"`
	Post   string     `db:"post"`
	Body   uuid.UUID  `db:"body"`
	Until  *time.Time `db:"until"`
	LeftAt *time.Time `db:"left_at"`
	Since  *time.Time `db:"since"`
}

type deputyRow struct {
	Deputy  uuid.UUID  `db:"deputy"`
	Officer uuid.UUID  `db:"officer"`
	Made    time.Time  `db:"made_at"`
	Until   time.Time  `db:"until"`
	EndedAt *time.Time `db:"ended_at"`
}

// given is a case in somebody's hands, until the next paper was signed.
type given struct {
	officer, body uuid.UUID
	paper         uuid.UUID
	from          time.Time
	late          time.Time // by then nobody before him has it any more
}

// after says that it was given by a paper newer than another: of two of one moment the
// keeper reads that with the lower number first.
func (g given) after(at time.Time, paper uuid.UUID) bool {
	n := g.from.Compare(at)
	return n > 0 || n == 0 && bytes.Compare(g.paper[:], paper[:]) > 0
}

// conductors are who conducted some cases, and what some people were then.
type conductors struct {
	given    map[uuid.UUID][]given // by case, oldest first
	posts    map[uuid.UUID]postRow
	deputies map[uuid.UUID][]deputyRow // by deputy
}

// conductorsOf reads it for these cases and these people.
func conductorsOf(ctx context.Context, tx *vault.DB, cases, people []uuid.UUID) (conductors, error) {
	c := conductors{given: map[uuid.UUID][]given{}, posts: map[uuid.UUID]postRow{}, deputies: map[uuid.UUID][]deputyRow{}}
	var kin []kinRow
	var papers []givenRow
	var posts []postRow
	var deputies []deputyRow
	if err := tx.Select(ctx, &kin, selectKin, array(cases)); err != nil {
		return c, err
	}
	if err := tx.Select(ctx, &papers, selectGiven, array(cases)); err != nil {
		return c, err
	}
	if err := tx.Select(ctx, &posts, selectPosts, array(people)); err != nil {
		return c, err
	}
	if err := tx.Select(ctx, &deputies, selectDeputies, array(people)); err != nil {
		return c, err
	}
	for _, p := range posts {
		c.posts[p.Person] = p
	}
	for _, d := range deputies {
		c.deputies[d.Deputy] = append(c.deputies[d.Deputy], d)
	}
	byID := map[uuid.UUID]kinRow{}
	for _, k := range kin {
		byID[k.ID] = k
	}
	for _, k := range kin {
		if err := c.follow(k.ID, byID, papers); err != nil {
			return c, err
		}
	}
	return c, nil
}

// follow writes down who was given a case, after those of the case it was severed from.
func (c conductors) follow(id uuid.UUID, kin map[uuid.UUID]kinRow, papers []givenRow) error {
	k, known := kin[id]
	if _, done := c.given[id]; done || !known {
		return nil
	}
	var all []given
	if k.From.Valid {
		if err := c.follow(k.From.UUID, kin, papers); err != nil {
			return err
		}
		for _, p := range papers {
			if warrant.Severed(p.Paper) == id {
				all = c.severed(k.From.UUID, p.Made, p.Paper)
			}
		}
	}
	for _, p := range papers {
		switch {
		case p.Case != id || p.Content == nil && !p.Officer.Valid:
			continue
		case p.Content != nil:
			f, err := warrant.Parse(p.Content)
			if err != nil {
				return err
			}
			all = append(all, given{officer: f.Officer, body: f.Body, paper: f.ID, from: f.Made, late: f.Made})
			continue
		case len(all) == 0: // nothing says who had it, but that he had it
			all = []given{{officer: p.Previous.UUID, body: k.Body}}
		}
		all = append(all, given{officer: p.Officer.UUID, body: all[len(all)-1].body, paper: p.Paper, from: p.Made, late: p.Signed})
	}
	if len(all) == 0 {
		all = []given{{officer: k.Investigator, body: k.Body}}
	}
	c.given[id] = all
	return nil
}

// severed are those who had a case when another was made of it.
func (c conductors) severed(from uuid.UUID, at time.Time, paper uuid.UUID) []given {
	i := c.last(from, at, paper)
	if i < 0 {
		return nil
	}
	one := c.given[from][i]
	one.paper, one.from, one.late = paper, at, at
	return []given{one}
}

// last is the newest that was made before a paper of a moment; before all of them it is
// the first.
func (c conductors) last(id uuid.UUID, at time.Time, paper uuid.UUID) int {
	all := c.given[id]
	i := len(all) - 1
	for i > 0 && all[i].after(at, paper) {
		i--
	}
	return i
}

// conducted says that somebody conducted a case at a moment, himself or for one who was
// away: enough for a ruling, or for what takes a right. Two clocks may differ by a skew,
// and of what was before the first charge, or before the post that he is in now, the
// register told nothing: there it counts that the case was given to him.
func (c conductors) conducted(person, id uuid.UUID, at time.Time) bool {
	return c.had(person, id, at, uuid.Max, skew)
}

// could is conducted for a paper that gives a right. The keeper finds nothing in it that
// he did not hold to the second, so neither do the tables.
func (c conductors) could(person, id uuid.UUID, at time.Time, paper uuid.UUID) bool {
	return c.had(person, id, at, paper, 0)
}

// had is both of them: clocks may differ within so much, and within nothing at all only
// what is known counts.
func (c conductors) had(person, id uuid.UUID, at time.Time, paper uuid.UUID, within time.Duration) bool {
	all := c.given[id]
	newest := c.last(id, at.Add(within), paper)
	if newest < 0 || within == 0 && all[newest].after(at, paper) {
		return false
	}
	for i := newest; i >= 0; i-- {
		if (all[i].officer == person || c.deputised(person, all[i].officer, at, within)) && c.served(person, all[i].body, at, within) {
			return true
		}
		if !at.Add(-within).Before(all[i].late) { // and from then on nobody before him
			return false
		}
	}
	return false
}

func (c conductors) deputised(person, away uuid.UUID, at time.Time, within time.Duration) bool {
	return slices.ContainsFunc(c.deputies[person], func(d deputyRow) bool {
		return d.Officer == away && !d.Made.After(at.Add(within)) && day(at) <= d.Until.Format(time.DateOnly) && (d.EndedAt == nil || at.Add(-within).Before(*d.EndedAt))
	})
}

// served says that somebody was an investigator of a body. What he was before the post
// that he is in now, or was in last, the directory keeps no more.
func (c conductors) served(person, body uuid.UUID, at time.Time, within time.Duration) bool {
	p, known := c.posts[person]
	switch {
	case !known:
		return false
	case p.Since != nil && at.Before(p.Since.Add(-within)):
		return within > 0
	}
	return p.Post == "investigator" && p.Body == body && (p.LeftAt == nil || at.Add(-within).Before(*p.LeftAt)) && (p.Until == nil || day(at) <= p.Until.Format(time.DateOnly))
}
