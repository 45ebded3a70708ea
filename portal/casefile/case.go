// Package casefile is a case as the portal knows it: its number and its
// officials, who is what in it, and the decisions made in it. What of it opens
// to whom is decided in portal/policy.
package casefile

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Case is a case, as much of it as its reader may see.
type Case struct {
	ID           uuid.UUID
	Number       string // 15 digits of the register
	OffenceKK    string
	OffenceRU    string
	RegisteredOn time.Time
	Body         identity.Body
	Investigator Official
	Prosecutor   Official
	JoinedInto   uuid.UUID // the case in which this one is conducted since JoinedAt, CPC 43; zero: it stands alone
	JoinedAt     time.Time
	SeveredFrom  uuid.UUID       // the case it was part of, CPC 44; or zero
	Standing     policy.Standing // of the reader, to this case
	Capacities   []Capacity      // what the reader is in it, confirmed: those of the one side he acts for

	sides     []Side // all he may act for
	undecided bool   // there are several, and he has not said for which he acts

	deputy string // the reader's name, where he stands in for the investigator
}

// Offence is what the case is about, in a language.
func (c Case) Offence(lang string) string {
	if lang == "ru" {
		return c.OffenceRU
	}
	return c.OffenceKK
}

// signer is the name that stands under the papers of the one who conducts the case:
// his own, or his deputy's.
func (c Case) signer() string {
	if c.deputy != "" {
		return c.deputy
	}
	return c.Investigator.Name
}

// Official is an official by name.
type Official struct {
	ID   uuid.UUID
	Name string
	Body identity.Body
}

// Capacity is one thing a person is in a case: a role, and for a representative
// the one he acts for.
type Capacity struct {
	Participant     uuid.UUID
	Role            policy.Role
	Since           time.Time
	Represents      uuid.UUID // participant; zero for one's own rights
	Represented     string    // name
	RepresentedRole policy.Role
	JoinedAt        time.Time   // he came with a case that was joined to this one then; zero: he did not
	AwaitsSince     time.Time   // the ruling that the status rests on waits for the prosecutor since then; or zero
	line            []uuid.UUID // the participant whose rights these are, and all that he was before

	Whom  uuid.UUID // person: himself, or the one he acts for
	Scope []Scope   // what his power is for; all of it for one's own rights
	Until time.Time // the last day of the power; zero for none
}

// Awaiting is a status that is not confirmed yet: all that its holder may know.
type Awaiting struct {
	Number       string
	Role         policy.Role
	AskedAt      time.Time
	Investigator Official
}

// List is the asker's own cases: those in which a status is confirmed, newest
// first, and the statuses that still await confirmation.
func List(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Case, []Awaiting, error) {
	if err := ask.Check(0); err != nil {
		return nil, nil, err
	}
	var rows []caseRow
	if err := db.Select(ctx, &rows, selectOwnCases, ask.Person); err != nil {
		return nil, nil, err
	}
	if err := ahead(ctx, db, rows); err != nil {
		return nil, nil, err
	}
	cases := make([]Case, len(rows))
	for i, row := range rows {
		var err error
		if cases[i], err = row.open(ctx, db, ask); err != nil {
			return nil, nil, err
		}
	}
	cases = slices.DeleteFunc(cases, func(c Case) bool { return len(c.Capacities) == 0 }) // a power whose last day has passed
	var waits []awaitingRow
	if err := db.Select(ctx, &waits, selectAwaiting, ask.Person); err != nil {
		return nil, nil, err
	}
	awaiting := make([]Awaiting, len(waits))
	for i, w := range waits {
		number, err := w.number(ctx, db)
		if err != nil {
			return nil, nil, err
		}
		awaiting[i] = Awaiting{number, w.Role, w.AskedAt, Official{w.Investigator, w.InvestigatorName, w.Body}}
	}
	return cases, awaiting, nil
}

// Charge is the cases an official conducts or supervises, newest first.
func Charge(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Case, error) {
	return official(ctx, db, ask, func(rows *[]caseRow) error { return db.Select(ctx, rows, selectOfficialCases, ask.Person) })
}

// Newest are the first 200 of Charge: a unit or an office has thousands.
func Newest(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Case, error) {
	return official(ctx, db, ask, func(rows *[]caseRow) error { return db.Select(ctx, rows, selectNewestCases, ask.Person) })
}

// These are those of Charge whose ids are given.
func These(ctx context.Context, db *vault.DB, ask policy.Ask, ids []uuid.UUID) ([]Case, error) {
	return official(ctx, db, ask, func(rows *[]caseRow) error { return db.Select(ctx, rows, selectTheseCases, ask.Person, array(ids)) })
}

func official(ctx context.Context, db *vault.DB, ask policy.Ask, fetch func(*[]caseRow) error) ([]Case, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []caseRow
	if err := fetch(&rows); err != nil {
		return nil, err
	}
	if err := ahead(ctx, db, rows); err != nil {
		return nil, err
	}
	cases := make([]Case, len(rows))
	for i, row := range rows {
		var err error
		if cases[i], err = row.open(ctx, db, ask); err != nil {
			return nil, err
		}
	}
	return cases, nil
}

// Read is one case. Who has no part in it does not find it: that it exists is a
// secret. Who acts in it for several people must first say for whom: *Choose.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Case, error) {
	c, err := find(ctx, db, ask, id)
	if err == nil && c.undecided {
		return Case{}, &Choose{Case: id}
	}
	return c, err
}

// find is Read for whoever has yet to say for whom he acts, too: then the case has
// the capacities of all his sides.
func find(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Case, error) {
	var row caseRow
	if err := db.Get(ctx, &row, selectCase, ask.Person, id); err != nil {
		return Case{}, err
	}
	c, err := row.open(ctx, db, ask)
	if err != nil {
		return Case{}, err
	}
	if c.Standing == 0 { // what he was is over, if only since midnight
		return Case{}, fault.New(fault.NotFound, "fault.not-found")
	}
	return c, ask.Check(c.Standing)
}

// standing refuses who is nothing to a case as if it were not there, and who may
// not do the act as one who may not.
func standing(ask policy.Ask, words []string) error {
	to := ask.Standing(words)
	if to == 0 {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return ask.Check(to)
}

// TakesNew refuses what is new in a case that was joined to another: it belongs into
// that one (CPC 43).
func (c Case) TakesNew() error {
	if c.JoinedInto != uuid.Nil {
		return fault.New(fault.Conflict, "fault.case-joined").Under(law.CPC(43))
	}
	return nil
}

// Acts are those of the given acts that the reader may do in this case.
func (c Case) Acts(ask policy.Ask, acts ...policy.Act) []policy.Act {
	return slices.DeleteFunc(slices.Clone(acts), func(act policy.Act) bool {
		return ask.To(act).Check(c.Standing) != nil || act == policy.FilingNew && !c.may(ScopeFile)
	})
}

// Capacity finds one of the reader's capacities by its participant.
func (c Case) Capacity(participant uuid.UUID) (Capacity, bool) {
	i := slices.IndexFunc(c.Capacities, func(p Capacity) bool { return p.Participant == participant })
	if i < 0 {
		return Capacity{}, false
	}
	return c.Capacities[i], true
}
