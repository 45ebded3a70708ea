// Package identity is who somebody is to the portal: a person known by the IIN of
// a certificate, an official besides, a session, and the challenge that is signed
// to open one. There is no password and no registration.
package identity

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/eds"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Person is somebody the portal knows.
type Person struct {
	ID   uuid.UUID
	Name string
	IIN  eds.IIN // prints masked
	Post string  // of policy.Posts, for an official in post; else ""
	Body Body    // of the official
}

// Body is a state body by its public names.
type Body struct {
	NameKK string `db:"body_kk"`
	NameRU string `db:"body_ru"`
}

// In is the name in a language.
func (b Body) In(lang string) string {
	if lang == "ru" {
		return b.NameRU
	}
	return b.NameKK
}

// Given is the name without surname and patronymic; the surname stands first.
func (p Person) Given() string {
	if words := strings.Fields(p.Name); len(words) > 1 {
		return words[1]
	}
	return p.Name
}

// Standing is what the person is to the portal.
func (p Person) Standing() policy.Standing {
	return policy.Citizen | policy.OfPost(p.Post)
}

type personRow struct {
	ID   uuid.UUID `db:"id"`
	IIN  []byte    `db:"iin"`
	Name []byte    `db:"name"`
	Post string    `db:"post"`
	Body
}

const selectPerson = `
SELECT p.id, p.iin, p.name,
       coalesce(o.post, '') AS post, coalesce(b.name_kk, '') AS body_kk, coalesce(b.name_ru, '') AS body_ru
  FROM person p
  LEFT JOIN officer o ON o.person = p.id AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= CAST($2 AS date))
  LEFT JOIN body b ON b.id = o.body
 WHERE p.id = $1`

// Read is the person of an id, for himself: the keeper opens his name and IIN to nobody
// else. at decides whether he is still in post. While texts are closed
// (fault.Unavailable) the rest of him comes with the error.
func Read(ctx context.Context, db *vault.DB, id uuid.UUID, at time.Time) (Person, error) {
	var row personRow
	if err := db.Get(ctx, &row, selectPerson, id, at.In(deadline.Zone).Format(time.DateOnly)); err != nil {
		return Person{}, err
	}
	p := Person{ID: row.ID, Post: row.Post, Body: row.Body}
	both, err := db.OpenAll(ctx, []vault.Sealed{{Where: inPerson("name", row.ID), Bytes: row.Name}, {Where: inPerson("iin", row.ID), Bytes: row.IIN}})
	if err != nil {
		return p, err
	}
	p.Name, p.IIN = string(both[0]), eds.IIN(both[1])
	return p, nil
}

// inPerson is a place of what is somebody's own.
func inPerson(column string, id uuid.UUID) vault.Where {
	return vault.Where{Table: "person", Column: column, ID: id, Person: id}
}

// inCase is a place of what the people of a case know of somebody.
func inCase(column string, casefile, person uuid.UUID) vault.Where {
	return vault.Where{Table: "known", Column: column, ID: person, Case: casefile}
}

// OpenName opens the name by which the people of a case know a person, as a query
// joined it; "" where there is none for its reader.
func OpenName(ctx context.Context, db *vault.DB, casefile, person uuid.UUID, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	return db.OpenText(ctx, inCase("name", casefile, person), sealed)
}

const selectCalled = `
SELECT (SELECT name FROM known WHERE casefile = $1 AND person = $2) AS name,
       coalesce((SELECT name FROM officer WHERE person = $2), '') AS official`

// Called is how somebody who did something in a case is called there: as one of its
// people or, if he is none, as an official; "" where his name is not for the reader.
func Called(ctx context.Context, db *vault.DB, casefile, person uuid.UUID) (string, error) {
	var row struct {
		Name     []byte `db:"name"`
		Official string `db:"official"`
	}
	if err := db.Get(ctx, &row, selectCalled, casefile, person); err != nil || row.Name == nil {
		return row.Official, err
	}
	return OpenName(ctx, db, casefile, person, row.Name)
}

// NameIn is what OpenName opens, to be asked for with others (vault.Keys.Ahead).
func NameIn(casefile, person uuid.UUID, sealed []byte) vault.Sealed {
	return vault.Sealed{Where: inCase("name", casefile, person), Bytes: sealed}
}

// OwnName is what OpenOwnName opens, to be asked for with others.
func OwnName(me uuid.UUID, sealed []byte) vault.Sealed {
	return vault.Sealed{Where: inPerson("name", me), Bytes: sealed}
}

// OpenOwnName opens the asker's own name, as a query joined it.
func OpenOwnName(ctx context.Context, db *vault.DB, me uuid.UUID, sealed []byte) (string, error) {
	return db.OpenText(ctx, inPerson("name", me), sealed)
}

const insertKnown = `
INSERT INTO known (casefile, person, name, iin)
VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING`

const updateKnown = `
UPDATE known SET name = $3 WHERE casefile = $1 AND person = $2`

// Introduce makes a person known to the people of a case, in the transaction that
// brings him there. Who is known there already keeps his name.
func Introduce(ctx context.Context, tx *vault.DB, casefile uuid.UUID, p Person) error {
	name, err := tx.SealText(inCase("name", casefile, p.ID), p.Name, p.ID)
	if err != nil {
		return err
	}
	iin, err := tx.SealText(inCase("iin", casefile, p.ID), p.IIN.Reveal(), p.ID)
	if err != nil {
		return err
	}
	return tx.Exec(ctx, insertKnown, casefile, p.ID, name, iin)
}

const selectKnown = `
SELECT name, iin FROM known WHERE casefile = $1 AND person = $2`

// ReadIn is a person as the people of a case know him: without post and body.
func ReadIn(ctx context.Context, db *vault.DB, casefile, person uuid.UUID) (Person, error) {
	p := Person{ID: person}
	var row struct {
		Name []byte `db:"name"`
		IIN  []byte `db:"iin"`
	}
	if err := db.Get(ctx, &row, selectKnown, casefile, person); err != nil {
		return p, err
	}
	both, err := db.OpenAll(ctx, []vault.Sealed{{Where: inCase("name", casefile, person), Bytes: row.Name}, {Where: inCase("iin", casefile, person), Bytes: row.IIN}})
	if err != nil {
		return p, err
	}
	p.Name, p.IIN = string(both[0]), eds.IIN(both[1])
	return p, nil
}

// IINTag is what a person is looked up by.
func IINTag(db *vault.DB, iin eds.IIN) []byte { return db.Tag("person.iin", iin.Reveal()) }

// IDOf is the id of whoever has an IIN, whether or not he is known: the key of the tags
// makes it, and no row can give it to somebody else.
func IDOf(db *vault.DB, iin eds.IIN) uuid.UUID { return vault.BlindID(IINTag(db, iin)) }

const insertPerson = `
INSERT INTO person (id, iin_tag, iin, name, made_at)
VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING`

const countPerson = `
SELECT count(*) FROM person WHERE id = $1 AND iin_tag = $2`

// errMoved says that somebody has changed rows of people: the tag of one stands under
// the id of another.
var errMoved = errors.New("identity: a person's row has another's tag")

// Ensure finds the person of an IIN, or makes one under the name given. Two at
// once make one.
func Ensure(ctx context.Context, tx *vault.DB, iin eds.IIN, name string, at time.Time) (uuid.UUID, error) {
	tag := IINTag(tx, iin)
	id := vault.BlindID(tag)
	ctx = database.KnowingIIN(ctx, tag)
	var known int
	if err := tx.Get(ctx, &known, countPerson, id, tag); err != nil || known == 1 {
		return id, err
	}
	sealedIIN, err := tx.SealText(inPerson("iin", id), iin.Reveal())
	if err != nil {
		return id, err
	}
	sealedName, err := tx.SealText(inPerson("name", id), name)
	if err != nil {
		return id, err
	}
	if err := tx.Exec(ctx, insertPerson, id, tag, sealedIIN, sealedName, at); err != nil {
		return id, err
	}
	if err := tx.Get(ctx, &known, countPerson, id, tag); err != nil {
		return id, err
	}
	if known != 1 {
		return id, errMoved
	}
	return id, nil
}

const selectKnownIn = `
SELECT casefile FROM known WHERE person = $1 ORDER BY casefile`

const updateName = `
UPDATE person SET name = $2 WHERE id = $1`

// rename puts the name of the certificate in place of what an official once typed.
func rename(ctx context.Context, tx *vault.DB, id uuid.UUID, name string) error {
	sealed, err := tx.SealText(inPerson("name", id), name)
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, updateName, id, sealed); err != nil {
		return err
	}
	var cases []uuid.UUID
	if err := tx.Select(ctx, &cases, selectKnownIn, id); err != nil {
		return err
	}
	for _, in := range cases {
		if sealed, err = tx.SealText(inCase("name", in, id), name, id); err != nil {
			return err
		}
		if err := tx.Exec(ctx, updateKnown, in, id, sealed); err != nil {
			return err
		}
	}
	return nil
}

// ProperName is the name of a certificate as people write it: the certificate
// has «SURNAME NAME» in capitals and the patronymic apart (pki/FACTS §2.2).
func ProperName(s eds.Signer) string {
	start := true
	return strings.Map(func(r rune) rune {
		first := start
		start = r == ' ' || r == '-'
		if first {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, strings.TrimSpace(s.Name+" "+s.Patronymic))
}
