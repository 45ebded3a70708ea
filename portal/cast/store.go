package cast

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/identity"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Officials, bodies, cases and the statuses that await confirmation come to the portal
// from the register of investigations, by the doors of the domains that its messages come
// by too; here the cast stands in for the register.

// oneAtATime lets one process at a time put the cast on the stage. The number is
// arbitrary; only Play uses it.
const oneAtATime = `SELECT pg_advisory_xact_lock(7310077)`

// other is a body that another names, or none.
func other(word string) uuid.NullUUID {
	if word == "" {
		return uuid.NullUUID{}
	}
	return uuid.NullUUID{UUID: ID("body", word), Valid: true}
}

// enter makes everybody known: bodies, and persons under the ids of the cast. The roll,
// which comes next, answers for the bodies and makes the officials.
func (t *Troupe) enter(ctx context.Context, tx *vault.DB, at time.Time) error {
	for _, b := range t.people.Bodies {
		if err := directory.EnterBody(ctx, tx, directory.Registered{
			ID: ID("body", b.Word), Kind: b.Kind, Body: identity.Body{NameKK: b.KK, NameRU: b.RU}, Above: other(b.Above).UUID, Court: other(b.Court).UUID,
			KATO: b.KATO, Code: b.Code, Prosecution: other(b.Prosecution).UUID,
		}); err != nil {
			return err
		}
	}
	for _, word := range t.Order {
		m := t.Members[word]
		if m.of.IIN == "" {
			continue
		}
		if _, err := identity.Ensure(ctx, tx, m.IIN, m.FullName(), at); err != nil {
			return fmt.Errorf("cast: %s: %w", word, err)
		}
	}
	return nil
}

// open makes the case; false when it is there and the play is over.
func (s stage) open(ctx context.Context) (bool, error) {
	id := s.caseID()
	lead, prosecutor := s.lead(), s.official("prosecutor")
	made := s.hour(s.play.Days, 8, 5)
	said, err := s.says(warrant.Fact{
		Kind: warrant.Charge, ID: ID("charge", s.play.Name), Made: made, Case: id,
		Officer: lead.Person, Body: ID("body", lead.of.Body), Prosecutor: prosecutor.Person, Office: ID("body", prosecutor.of.Body),
	})
	if err != nil {
		return false, err
	}
	return casefile.Enter(ctx, s.db, casefile.Entered{
		ID: id, Number: s.number(), OffenceKK: s.play.KK, OffenceRU: s.play.RU, RegisteredOn: s.day(s.play.Days), MadeAt: made,
	}, said, nil)
}

// says has the register sign a fact.
func (t *Troupe) says(f warrant.Fact) (register.Said, error) {
	text, err := f.Text()
	if err != nil {
		return register.Said{}, err
	}
	cms, err := t.Register.SignCMS(text, false, f.Made)
	return register.Said{Fact: f, Text: text, CMS: cms}, err
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
	var all []directory.Enrolled
	for _, word := range t.Order {
		if m := t.Members[word]; m.Post != "" && m.of.IIN != "" {
			one := directory.Enrolled{IIN: m.IIN, Name: m.FullName(), Post: m.Post, Body: ID("body", m.of.Body)}
			all, f.Officers = append(all, one), append(f.Officers, one.On(tx))
		}
	}
	said, err := t.says(f)
	if err != nil {
		return err
	}
	_, _, err = directory.Enroll(ctx, tx, f.Made, all, said, nil)
	return err
}

// wait writes down a status that nobody has confirmed.
func (s stage) wait(ctx context.Context, p part, at time.Time) error {
	return casefile.Await(ctx, s.db, s.caseID(), p.id, s.Members[p.Who].known(), p.Role, at, nil)
}

func (m *Member) known() identity.Person {
	return identity.Person{ID: m.Person, Name: m.FullName(), IIN: m.IIN}
}
