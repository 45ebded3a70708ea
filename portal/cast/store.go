package cast

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/identity"
	"zharia/portal/vault"
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
    ON CONFLICT (iin_tag) DO NOTHING`

const selectPerson = `
SELECT id FROM person WHERE iin_tag = $1`

const insertBody = `
INSERT INTO body (id, kind, name_kk, name_ru, above, court)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO NOTHING`

const insertOfficer = `
INSERT INTO officer (person, post, body)
VALUES ($1, $2, $3)
    ON CONFLICT (person) DO NOTHING`

// other is a body that another names, or none.
func other(word string) uuid.NullUUID {
	return uuid.NullUUID{UUID: ID("body", word), Valid: word != ""}
}

// enter makes everybody known: bodies, persons, officials.
func (t *Troupe) enter(ctx context.Context, tx *vault.DB, at time.Time) error {
	for _, b := range t.people.Bodies {
		if err := tx.Exec(ctx, insertBody, ID("body", b.Word), b.Kind, b.KK, b.RU, other(b.Above), other(b.Court)); err != nil {
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
		if err := tx.Exec(ctx, insertOfficer, m.Person, m.Post, ID("body", m.of.Body)); err != nil {
			return err
		}
	}
	return nil
}

// enter makes one person known under the id of the cast.
func (m *Member) enter(ctx context.Context, tx *vault.DB, at time.Time) error {
	sealed := func(column, text string) ([]byte, error) {
		return tx.SealText(vault.Where{Table: "person", Column: column, ID: m.Person}, text)
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
INSERT INTO casefile (id, number, offence_kk, offence_ru, registered_on, body, investigator, prosecution, prosecutor, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (id) DO NOTHING`

// open makes the case; false when it is there and the play is over.
func (s stage) open(ctx context.Context) (bool, error) {
	id := s.caseID()
	kk, err := s.db.SealText(vault.Where{Table: "casefile", Column: "offence_kk", ID: id}, s.play.KK)
	if err != nil {
		return false, err
	}
	ru, err := s.db.SealText(vault.Where{Table: "casefile", Column: "offence_ru", ID: id}, s.play.RU)
	if err != nil {
		return false, err
	}
	lead, prosecutor := s.lead(), s.official("prosecutor")
	n, err := s.db.Change(ctx, insertCase, id, s.number(), kk, ru, s.day(s.play.Days), ID("body", lead.of.Body),
		lead.Person, ID("body", prosecutor.of.Body), prosecutor.Person, s.hour(s.play.Days, 8, 5))
	return n == 1, err
}

const insertAwaiting = `
INSERT INTO participant (id, casefile, person, role, status, asked_at)
VALUES ($1, $2, $3, $4, $5, $6)`

// wait writes down a status that nobody has confirmed.
func (s stage) wait(ctx context.Context, p part, at time.Time) error {
	return s.db.Exec(ctx, insertAwaiting, p.id, s.caseID(), s.Members[p.Who].Person, p.Role, casefile.Unconfirmed, at)
}
