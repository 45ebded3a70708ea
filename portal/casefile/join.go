package casefile

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// caseNumber is how the register numbers a case.
var caseNumber = regexp.MustCompile(`^[0-9]{15}$`)

// checkJoining holds a joinder against the law: it names another case, which the
// same investigator conducts and which stands alone (CPC 43).
func (draft DecisionDraft) checkJoining(ctx context.Context, tx *vault.DB, ask policy.Ask, c Case) (DecisionDraft, error) {
	switch {
	case draft.Kind != "joined" && draft.Joins == uuid.Nil:
		return draft, nil
	case draft.Kind != "joined":
		return draft, fault.New(fault.Invalid, "fault.joins-nothing").At("joins")
	case draft.Joins == uuid.Nil || draft.Joins == c.ID:
		return draft, fault.New(fault.Invalid, "fault.joins-which").At("joins").Under(law.CPC(43))
	}
	other, err := joinable(ctx, tx, ask, draft.Joins)
	draft.joins = other.Number
	return draft, err
}

// joinable is the other case of a joinder; one that is not the asker's to conduct is
// refused like one that is not there.
func joinable(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Case, error) {
	other, err := Read(ctx, tx, ask, id)
	var why *fault.Fault
	if errors.As(err, &why) && (why.Kind == fault.NotFound || why.Kind == fault.Forbidden) || err == nil && other.JoinedInto != uuid.Nil {
		return other, fault.New(fault.Invalid, "fault.joins-which").At("joins").Under(law.CPC(43))
	}
	return other, err
}

const selectNumberTaken = `
SELECT count(*) FROM casefile WHERE number_tag = $1`

// checkSevering holds a severance against the law: the new case has a number of its
// own in the register, and somebody goes there (CPC 44).
func (draft DecisionDraft) checkSevering(ctx context.Context, tx *vault.DB, all []Participant) (DecisionDraft, error) {
	switch {
	case draft.Kind != "severed" && (draft.Severs != "" || draft.Leaving):
		return draft, fault.New(fault.Invalid, "fault.severs-nothing").At("severs")
	case draft.Kind != "severed":
		return draft, nil
	case !caseNumber.MatchString(draft.Severs):
		return draft, fault.New(fault.Invalid, "fault.case-number").At("severs").Under(law.CPC(44))
	case len(draft.Concerns) == 0:
		return draft, fault.New(fault.Invalid, "fault.severs-whom").At("concerns").Under(law.CPC(44))
	}
	for _, p := range all {
		if !slices.Contains(draft.Concerns, p.ID) {
			continue
		}
		if p.Status != Confirmed || p.Represents != uuid.Nil {
			return draft, fault.New(fault.Invalid, "fault.severs-whom").At("concerns").Under(law.CPC(44))
		}
		draft.goes = append(draft.goes, p.Name)
	}
	var taken int
	tag := register.Tag(tx, draft.Severs)
	if err := tx.Get(database.NamingCase(ctx, tag), &taken, selectNumberTaken, tag); err != nil {
		return draft, err
	}
	if taken > 0 {
		return draft, fault.New(fault.Invalid, "fault.case-number-taken").At("severs")
	}
	return draft, nil
}

// Two joinders of the same cases meet here, one after the other.
const lockCases = `
SELECT id FROM casefile WHERE id IN ($1, $2) ORDER BY id FOR UPDATE`

const joinCase = `
UPDATE casefile SET joined_into = $2, joined_at = $3 WHERE id = $1`

// join lets a joinder take effect: the other case is conducted in this one from now
// on, and its participants are participants here. In the other case they keep what
// they have; what they see here of older decisions the matrix says (CPC 43(6)).
func join(ctx context.Context, tx *vault.DB, ask policy.Ask, d Decision, c Case) error {
	var locked []uuid.UUID
	if err := tx.Select(ctx, &locked, lockCases, c.ID, d.Joins); err != nil {
		return err
	}
	// Between the draft and the signature either may have gone.
	for _, id := range locked {
		if _, err := joinable(ctx, tx, ask, id); err != nil {
			return err
		}
	}
	if err := tx.Exec(ctx, joinCase, d.Joins, c.ID, ask.At); err != nil {
		return err
	}
	for _, id := range []uuid.UUID{d.Joins, c.ID} {
		if err := ledger.Step(ctx, tx.DB, ask.To(policy.CaseJoin), "casefile", id, id, nil); err != nil {
			return err
		}
	}
	all, err := participants(ctx, tx, d.Joins)
	if err != nil {
		return err
	}
	return passage{act: policy.ParticipantJoin, to: c.ID, from: d.Joins, people: d.people}.bring(ctx, tx, ask, all)
}

const insertSevered = `
INSERT INTO casefile (id, number, number_tag, offence_kk, offence_ru, registered_on, body, investigator, prosecution, prosecutor, severed_from, made_at, charged_at)
SELECT $2, $3, $4, $5, $6, $7, body, investigator, prosecution, prosecutor, id, $8, (SELECT made_at FROM document WHERE id = $9) FROM casefile WHERE id = $1`

// sever lets a severance take effect: a case of its own under a new number, with the
// same officials; those whom the decision concerns, and who acts for them, go there,
// and stay here too unless it says otherwise.
func sever(ctx context.Context, tx *vault.DB, ask policy.Ask, d Decision, c Case) error {
	fresh := warrant.Severed(d.Document) // the signed ruling names it
	var err error
	var sealed [2][]byte
	for i, text := range []string{c.OffenceKK, c.OffenceRU} {
		column := [...]string{"offence_kk", "offence_ru"}[i]
		if sealed[i], err = tx.SealText(vault.Where{Table: "casefile", Column: column, ID: fresh, Case: fresh}, text); err != nil {
			return err
		}
	}
	number, tag, err := register.Seal(tx, fresh, d.Severs)
	if err != nil {
		return err
	}
	err = tx.Exec(ctx, insertSevered, c.ID, fresh, number, tag, sealed[0], sealed[1], ask.At.In(deadline.Zone).Format(time.DateOnly), ask.At, d.Document)
	if database.Violates(err, "casefile_number_tag_key") {
		return fault.New(fault.Invalid, "fault.case-number-taken").At("severs")
	}
	if err != nil {
		return err
	}
	for _, id := range []uuid.UUID{c.ID, fresh} {
		if err := ledger.Step(ctx, tx.DB, ask.To(policy.CaseSever), "casefile", id, id, nil); err != nil {
			return err
		}
	}
	all, err := participants(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	going := slices.DeleteFunc(slices.Clone(all), func(p Participant) bool {
		return !slices.Contains(d.Concerns, p.ID) && !slices.Contains(d.Concerns, p.Represents)
	})
	if err := (passage{act: policy.ParticipantSever, to: fresh, people: d.people}).bring(ctx, tx, ask, going); err != nil {
		return err
	}
	if !d.Leaving {
		return nil
	}
	for _, p := range going {
		if p.Status != Confirmed || p.Represents != uuid.Nil {
			continue
		}
		if err := tx.Exec(ctx, endParticipant, p.ID, Ended, ask.At); err != nil {
			return err
		}
		if err := ledger.Step(ctx, tx.DB, ask.To(policy.ParticipantSever), "participant", p.ID, c.ID, nil); err != nil {
			return err
		}
	}
	return nil
}

// passage brings people from one case into another, with what they are.
type passage struct {
	act  policy.Act
	to   uuid.UUID
	from uuid.UUID // the case that is joined; zero for a severance, whose case has no past

	people map[uuid.UUID]Known // where the register brings them; nil: they are read in the case they come from
}

// who is the person whom a participant is, and the number of his licence.
func (m passage) who(ctx context.Context, tx *vault.DB, p Participant) (identity.Person, string, error) {
	if m.people == nil {
		known, err := identity.ReadIn(ctx, tx, p.Case, p.Person)
		return known, p.Advocate, err
	}
	known, there := m.people[p.ID]
	if !there || known.ID != p.Person {
		return identity.Person{}, "", fault.New(fault.Invalid, "fault.register-people").At("people")
	}
	return known.Person, known.Advocate, nil
}

// Who is in the other case already, confirmed, stays there as he is.
const insertPassage = `
INSERT INTO participant (id, casefile, person, role, represents, previous, capacity, scope, until, advocate, from_case,
                         basis, status, asked_at, since, confirmed_at, confirmed_by)
SELECT $2, $3, person, role, $4, id, capacity, scope, until, $5, $6, basis, 'confirmed', asked_at, since, $7, $8
  FROM participant
 WHERE id = $1
    ON CONFLICT (casefile, person, role, represents) DO NOTHING`

const selectSame = `
SELECT q.id
  FROM participant p
  JOIN participant q ON q.casefile = $2 AND q.person = p.person AND q.role = p.role AND q.represents IS NOT DISTINCT FROM $3
 WHERE p.id = $1
   FOR UPDATE OF q`

// Who is there without a confirmed status comes by the one he has.
const updatePassage = `
UPDATE participant q
   SET previous = coalesce(q.previous, p.id), capacity = p.capacity, scope = p.scope, until = p.until, advocate = $3, from_case = $4,
       basis = p.basis, status = 'confirmed', since = p.since, confirmed_at = $5, confirmed_by = $6, ended_at = NULL
  FROM participant p
 WHERE p.id = $1 AND q.id = $2 AND q.status <> 'confirmed'`

// bring takes those who are confirmed, the represented before those who act for them.
func (m passage) bring(ctx context.Context, tx *vault.DB, ask policy.Ask, people []Participant) error {
	there := map[uuid.UUID]uuid.UUID{}
	for _, acting := range []bool{false, true} {
		for _, p := range people {
			if p.Status != Confirmed || (p.Represents != uuid.Nil) != acting {
				continue
			}
			represents, comes := there[p.Represents]
			if acting && !comes {
				continue
			}
			id, err := m.one(ctx, tx, ask, p, represents)
			if err != nil {
				return err
			}
			there[p.ID] = id
		}
	}
	return nil
}

func (m passage) one(ctx context.Context, tx *vault.DB, ask policy.Ask, p Participant, represents uuid.UUID) (uuid.UUID, error) {
	fresh := warrant.Brought(m.to, p.ID) // so whoever has the signed ruling knows it
	known, licence, err := m.who(ctx, tx, p)
	if err != nil {
		return fresh, err
	}
	advocate, err := sealAdvocate(tx, "participant", m.to, fresh, licence)
	if err != nil {
		return fresh, err
	}
	if err := identity.Introduce(ctx, tx, m.to, known); err != nil {
		return fresh, err
	}
	n, err := tx.Change(ctx, insertPassage, p.ID, fresh, m.to, nullable(represents), advocate, nullable(m.from), ask.At, ask.Person)
	if err != nil {
		return fresh, err
	}
	if n == 0 {
		if err := tx.Get(ctx, &fresh, selectSame, p.ID, m.to, nullable(represents)); err != nil {
			return fresh, err
		}
		if advocate, err = sealAdvocate(tx, "participant", m.to, fresh, licence); err != nil {
			return fresh, err
		}
		if n, err = tx.Change(ctx, updatePassage, p.ID, fresh, advocate, nullable(m.from), ask.At, ask.Person); err != nil || n == 0 {
			return fresh, err
		}
	}
	return fresh, ledger.Step(ctx, tx.DB, ask.To(m.act), "participant", fresh, m.to, nil)
}

// Relation is another case that a case has to do with.
type Relation struct {
	ID     uuid.UUID `db:"id"`
	Number string    `db:"-"`
	Way    Way       `db:"way"`
	Opens  bool      `db:"opens"` // for this reader
}

// Way is what another case is to a case.
type Way string

// The ways.
const (
	WayInto    Way = "into"    // it was joined into that one
	WayFrom    Way = "from"    // it was severed from that one
	WayJoined  Way = "joined"  // that one was joined to it
	WaySevered Way = "severed" // that one was severed from it
)

type relationRow struct {
	Relation
	Sealed []byte `db:"number"`
}

// Each row is looked at once, for all the ways: with the policy of cases one look is dear.
const selectRelated = `
SELECT r.id, r.number, w.way, standings(r.id, $2) <> '{}' AS opens
  FROM casefile r
  JOIN LATERAL (VALUES ('into', r.id = $3), ('from', r.id = $4), ('joined', r.joined_into = $1), ('severed', r.severed_from = $1)) w(way, so) ON w.so
 WHERE r.id IN ($3, $4) OR r.joined_into = $1 OR r.severed_from = $1
 ORDER BY r.made_at, r.id`

// Related are the cases that a case has to do with, oldest first: where it was joined
// and what it was severed from for everybody in it; what came to it and out of it for
// a participant only where he is somebody himself.
func Related(ctx context.Context, db *vault.DB, ask policy.Ask, c Case) ([]Relation, error) {
	if err := ask.Check(c.Standing); err != nil {
		return nil, err
	}
	var rows []relationRow
	if err := db.Select(ctx, &rows, selectRelated, c.ID, ask.Person, nullable(c.JoinedInto), nullable(c.SeveredFrom)); err != nil {
		return nil, err
	}
	var out []Relation
	for _, row := range rows {
		r := row.Relation
		if !r.Opens && c.Standing&policy.OnDuty == 0 && (r.Way == WayJoined || r.Way == WaySevered) {
			continue
		}
		var err error
		r.Number, err = register.Open(ctx, db, r.ID, row.Sealed)
		if errors.Is(err, fault.NotFound) && !r.Opens { // the keeper tells no number of a case in which he is nothing
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

const selectGoesOn = `
SELECT $2 IN (SELECT fence.goes_on($1))`

// GoesOn says that a case goes on in another, which its reader has before him: what was
// decided there is complained of here. It was joined into it, or this one was severed from
// it. fault.NotFound where it does not.
func GoesOn(ctx context.Context, db *vault.DB, id uuid.UUID, c Case) error {
	var goes bool
	if err := db.Get(ctx, &goes, selectGoesOn, id, c.ID); err != nil {
		return err
	}
	if !goes {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return nil
}

const selectSeveredWith = `
SELECT c.id FROM casefile c WHERE c.severed_from = $1 AND 'party' = ANY (standings(c.id, $2)) ORDER BY c.made_at DESC, c.id LIMIT 1`

// Present is the case in which its reader files what comes of a case: that one, the joint
// one, or the one that he was severed into, where he left. fault.NotFound where he is
// nothing in any.
func Present(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Case, error) {
	c, err := Read(ctx, db, ask, id)
	if errors.Is(err, fault.NotFound) {
		if err := db.Get(ctx, &id, selectSeveredWith, id, ask.Person); err != nil {
			return Case{}, err
		}
		c, err = Read(ctx, db, ask, id)
	}
	for err == nil && c.JoinedInto != uuid.Nil {
		c, err = Read(ctx, db, ask, c.JoinedInto)
	}
	return c, err
}
