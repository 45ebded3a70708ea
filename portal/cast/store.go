package cast

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// What stands here has no door in any domain yet: officials, bodies, cases and
// the statuses that await confirmation come to the portal from the register of
// investigations, and the cast stands in for it.

// oneAtATime lets one process at a time put the cast on the stage. The number is
// arbitrary; only Play uses it.
const oneAtATime = `SELECT pg_advisory_xact_lock(7310077)`

const insertPerson = `
INSERT INTO person (id, iin_tag, iin, name, made_at)
VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING`

const selectPerson = `
SELECT id FROM person WHERE iin_tag = $1`

const insertBody = `
INSERT INTO body (id, kind, name_kk, name_ru, above, court, kato, code, prosecution)
VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''), nullif($8, ''), $9)
    ON CONFLICT (id) DO NOTHING`

const insertOfficer = `
INSERT INTO officer (person, post, body, name)
VALUES ($1, $2, $3, $4)
    ON CONFLICT (person) DO NOTHING`

// other is a body that another names, or none.
func other(word string) uuid.NullUUID {
	if word == "" {
		return uuid.NullUUID{}
	}
	return uuid.NullUUID{UUID: ID("body", word), Valid: true}
}

// enter makes everybody known: bodies, persons, officials.
func (t *Troupe) enter(ctx context.Context, tx *vault.DB, at time.Time) error {
	for _, b := range t.people.Bodies {
		if err := tx.Exec(ctx, insertBody, ID("body", b.Word), b.Kind, b.KK, b.RU, other(b.Above), other(b.Court), b.KATO, b.Code, other(b.Prosecution)); err != nil {
			return err
		}
	}
	for _, word := range t.Order {
		m := t.Members[word]
		if m.of.IIN == "" {
			continue
		}
		if err := m.enter(ctx, tx, at); err != nil {
			return fmt.Errorf("cast: %s: %w", word, err)
		}
		if m.Post == "" {
			continue
		}
		if err := tx.Exec(ctx, insertOfficer, m.Person, m.Post, ID("body", m.of.Body), m.FullName()); err != nil {
			return err
		}
	}
	return nil
}

// took is the act that stands for what the register gave.
func (t *Troupe) took(ctx context.Context, tx *vault.DB, at time.Time, object string, id, casefile uuid.UUID) error {
	return ledger.Step(ctx, tx.DB, policy.Ask{Act: policy.RegisterTake, At: at}, object, id, casefile, nil)
}

// enter makes one person known under the id of the cast.
func (m *Member) enter(ctx context.Context, tx *vault.DB, at time.Time) error {
	sealed := func(column, text string) ([]byte, error) {
		return tx.SealText(vault.Where{Table: "person", Column: column, ID: m.Person, Person: m.Person}, text)
	}
	iin, err := sealed("iin", m.IIN.Reveal())
	if err != nil {
		return err
	}
	name, err := sealed("name", m.FullName())
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, insertPerson, m.Person, identity.IINTag(tx, m.IIN), iin, name, at); err != nil {
		return err
	}
	var known uuid.UUID
	if err := tx.Get(ctx, &known, selectPerson, identity.IINTag(tx, m.IIN)); err != nil {
		return err
	}
	if known != m.Person {
		return errors.New("is known under another id: this database is not the cast's own")
	}
	return nil
}

const insertCase = `
INSERT INTO casefile (id, number, number_tag, offence_kk, offence_ru, registered_on, body, investigator, prosecution, prosecutor, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (id) DO NOTHING`

// open makes the case; false when it is there and the play is over.
func (s stage) open(ctx context.Context) (bool, error) {
	id := s.caseID()
	kk, err := s.db.SealText(vault.Where{Table: "casefile", Column: "offence_kk", ID: id, Case: id}, s.play.KK)
	if err != nil {
		return false, err
	}
	ru, err := s.db.SealText(vault.Where{Table: "casefile", Column: "offence_ru", ID: id, Case: id}, s.play.RU)
	if err != nil {
		return false, err
	}
	lead, prosecutor := s.lead(), s.official("prosecutor")
	number, tag, err := register.Seal(s.db, id, s.number())
	if err != nil {
		return false, err
	}
	n, err := s.db.Change(ctx, insertCase, id, number, tag, kk, ru, s.day(s.play.Days), ID("body", lead.of.Body),
		lead.Person, ID("body", prosecutor.of.Body), prosecutor.Person, s.hour(s.play.Days, 8, 5))
	if err != nil || n == 0 {
		return false, err
	}
	return true, s.warrant(ctx, s.db, warrant.Fact{
		Kind: warrant.Charge, ID: ID("charge", s.play.Name), Made: s.hour(s.play.Days, 8, 5), Case: id,
		Officer: lead.Person, Body: ID("body", lead.of.Body), Prosecutor: prosecutor.Person, Office: ID("body", prosecutor.of.Body),
	})
}

const insertWarrant = `
INSERT INTO warrant (id, casefile, kind, content, cms, made_at)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO NOTHING`

// warrant keeps what the register says, signed with its key; the act answers for what
// was entered with it.
func (t *Troupe) warrant(ctx context.Context, tx *vault.DB, f warrant.Fact) error {
	text, err := f.Text()
	if err != nil {
		return err
	}
	cms, err := t.Register.SignCMS(text, false, f.Made)
	if err != nil {
		return err
	}
	n, err := tx.Change(ctx, insertWarrant, f.ID, uuid.NullUUID{UUID: f.Case, Valid: f.Case != uuid.Nil}, f.Kind, text, cms, f.Made)
	if err != nil || n == 0 {
		return err
	}
	return t.took(ctx, tx, f.Made, "warrant", f.ID, f.Case)
}

// enrolled is how long before the performance the roll was signed: before all that
// happens in the plays.
const enrolled = 90 * 24 * time.Hour

// roll has the register say who is in which post, and which body stands above which.
func (t *Troupe) roll(ctx context.Context, tx *vault.DB, at time.Time) error {
	f := warrant.Fact{Kind: warrant.Roll, ID: ID("roll", "roll"), Made: at.Add(-enrolled).UTC().Truncate(time.Second)}
	for _, b := range t.people.Bodies {
		f.Bodies = append(f.Bodies, warrant.Body{ID: ID("body", b.Word), Above: other(b.Above).UUID, Court: other(b.Court).UUID})
	}
	for _, word := range t.Order {
		if m := t.Members[word]; m.Post != "" && m.of.IIN != "" {
			f.Officers = append(f.Officers, warrant.Officer{Person: m.Person, Post: m.Post, Body: ID("body", m.of.Body)})
		}
	}
	return t.warrant(ctx, tx, f)
}

const insertAwaiting = `
INSERT INTO participant (id, casefile, person, role, status, asked_at)
VALUES ($1, $2, $3, $4, $5, $6)`

// wait writes down a status that nobody has confirmed.
func (s stage) wait(ctx context.Context, p part, at time.Time) error {
	if err := s.db.Exec(ctx, insertAwaiting, p.id, s.caseID(), s.Members[p.Who].Person, p.Role, casefile.Unconfirmed, at); err != nil {
		return err
	}
	if err := identity.Introduce(ctx, s.db, s.caseID(), s.Members[p.Who].known()); err != nil {
		return err
	}
	return s.took(ctx, s.db, at, "casefile", s.caseID(), s.caseID())
}

func (m *Member) known() identity.Person {
	return identity.Person{ID: m.Person, Name: m.FullName(), IIN: m.IIN}
}
