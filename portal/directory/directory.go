// Package directory is who is an official of what body, who conducts which case,
// and who does the work of those who are away. Two people sign an entry into the
// directory or out of it; heads and chiefs give the cases to their own. What an
// official is to a case follows from here the same second (the view duty).
package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Posts are the posts that a kind of body has.
var Posts = map[string][]string{
	"investigation":  {"investigator", "head", "registrar"},
	"prosecution":    {"prosecutor", "chief-prosecutor", "registrar"},
	"court":          {"judge", "registrar"},
	"administration": {"administrator", "auditor"},
}

// under is whose cases a head gives to others, and by which article: the post of
// those he heads, and what they are to a case.
type under struct {
	post string
	duty string // of assignment.duty
	by   law.Ref
}

var heads = map[policy.Standing]under{
	policy.Head:  {"investigator", "charge", law.CPC(59)},
	policy.Chief: {"prosecutor", "supervisor", law.CPC(193)},
}

// headed is what the asker heads; false for one who heads nobody.
func headed(ask policy.Ask) (under, bool) {
	for post, of := range heads {
		if ask.Is&post != 0 {
			return of, true
		}
	}
	return under{}, false
}

// record writes a step of a head down by the article of his own post.
func (of under) record(ctx context.Context, tx *vault.DB, ask policy.Ask, object string, id, casefile uuid.UUID, digest []byte) error {
	return ledger.Record(ctx, tx.DB, ledger.Entry{
		At: ask.At, Who: ask.Person, Act: string(ask.Act), Object: object, ID: id, Casefile: casefile, By: of.by.String(), Digest: digest,
	})
}

// Body is a state body and how many officials it has here.
type Body struct {
	ID        uuid.UUID `db:"id"`
	Kind      string    `db:"kind"`
	Officials int       `db:"officials"`
	identity.Body
}

// Official is an official in post.
type Official struct {
	ID     uuid.UUID
	Name   string
	Post   string
	BodyID uuid.UUID
	Body   identity.Body
	Until  time.Time // the last day of his term; zero: none is set
}

type officialRow struct {
	ID     uuid.UUID  `db:"person"`
	Name   string     `db:"name"`
	Post   string     `db:"post"`
	BodyID uuid.UUID  `db:"body"`
	Until  *time.Time `db:"until"`
	identity.Body
}

const selectEverOfficial = `
SELECT o.person, o.name, o.post, o.body, o.until, b.name_kk AS body_kk, b.name_ru AS body_ru
  FROM officer o
  JOIN body b ON b.id = o.body`

const selectAnyOfficial = selectEverOfficial + `
 WHERE o.left_at IS NULL`

const selectOfficialsOfBody = selectAnyOfficial + `
   AND o.body = $1`

// A head and a chief see the body that is theirs.
const selectOwnOfficials = selectAnyOfficial + `
   AND o.body = (SELECT body FROM officer WHERE person = $1 AND left_at IS NULL)`

const selectOfficial = selectAnyOfficial + `
   AND o.person = $1`

const selectBodies = `
SELECT b.id, b.kind, b.name_kk AS body_kk, b.name_ru AS body_ru,
       (SELECT count(*) FROM officer o WHERE o.body = b.id AND o.left_at IS NULL) AS officials
  FROM body b
 ORDER BY b.kind, b.name_kk`

// Bodies are all state bodies the portal knows, for an administrator.
func Bodies(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Body, error) {
	if err := administrators(ask); err != nil {
		return nil, err
	}
	var out []Body
	err := db.Select(ctx, &out, selectBodies)
	return out, err
}

// administrators refuses what is for them alone, whatever the act also lets others do.
func administrators(ask policy.Ask) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	if ask.Is&policy.Administrator == 0 {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return nil
}

// Officials are those in post in one body, by post and name: for an administrator.
func Officials(ctx context.Context, db *vault.DB, ask policy.Ask, body uuid.UUID) ([]Official, error) {
	if err := administrators(ask); err != nil {
		return nil, err
	}
	var rows []officialRow
	if err := db.Select(ctx, &rows, selectOfficialsOfBody, body); err != nil {
		return nil, err
	}
	return officials(rows), nil
}

// Own are those in post in the asker's own body: for its head or its chief. He sees
// name, post and body; their terms are the administrators'.
func Own(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Official, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []officialRow
	if err := db.Select(ctx, &rows, selectOwnOfficials, ask.Person); err != nil {
		return nil, err
	}
	out := officials(rows)
	for i := range out {
		out[i].Until = time.Time{}
	}
	return out, nil
}

// Find is the official with an IIN; NotFound where nobody in post has it.
func Find(ctx context.Context, db *vault.DB, ask policy.Ask, iin eds.IIN) (Official, error) {
	if err := administrators(ask); err != nil {
		return Official{}, err
	}
	var row officialRow
	if err := db.Get(ctx, &row, selectOfficial, identity.IDOf(db, iin)); err != nil {
		return Official{}, err
	}
	return row.official(), nil
}

// Known is an official by his number, for an administrator who is about to change his
// entry. His IIN opens to himself alone: whoever changes the entry types it again.
func Known(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Official, error) {
	if err := administrators(ask); err != nil {
		return Official{}, err
	}
	var row officialRow
	if err := db.Get(ctx, &row, selectOfficial, id); err != nil {
		return Official{}, err
	}
	return row.official(), nil
}

func (row officialRow) official() Official {
	o := Official{ID: row.ID, Name: row.Name, Post: row.Post, BodyID: row.BodyID, Body: row.Body}
	if row.Until != nil {
		o.Until = *row.Until
	}
	return o
}

// officials puts them in the order of posts, then of names.
func officials(rows []officialRow) []Official {
	out := make([]Official, len(rows))
	for i, row := range rows {
		out[i] = row.official()
	}
	slices.SortFunc(out, func(a, b Official) int {
		if a.Post != b.Post {
			return slices.Index(policy.Posts, a.Post) - slices.Index(policy.Posts, b.Post)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// today is the civil day of a moment, as dates are kept.
func today(at time.Time) time.Time {
	local := at.In(deadline.Zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
}

// Longest is how far ahead the last day of a term, or of a substitution, may lie.
const Longest = 10 * 365 * 24 * time.Hour

// lastDay refuses a last day that has passed already, or is too far to be meant; a
// zero one is none.
func lastDay(day, at time.Time, field string) error {
	if !day.IsZero() && (day.Before(today(at)) || day.After(at.Add(Longest))) {
		return fault.New(fault.Invalid, "fault.last-day").At(field)
	}
	return nil
}

func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

// maybe is a day that need not be given.
func maybe(day time.Time) *time.Time {
	if day.IsZero() {
		return nil
	}
	return &day
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

const selectNameOf = `
SELECT name FROM officer WHERE person = $1`

// NameOf is the name that an official answers for his acts by; "" of somebody who never
// was one.
func NameOf(ctx context.Context, db *database.DB, person uuid.UUID) (string, error) {
	var names []string
	if err := db.Select(ctx, &names, selectNameOf, person); err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}
