// Package identity is who somebody is to the portal: a person known by the IIN of
// a certificate, an official besides, a session, and the challenge that is signed
// to open one. There is no password and no registration.
package identity

import (
	"context"
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

// Read is the person of an id. at decides whether he is still in post.
func Read(ctx context.Context, db *vault.DB, id uuid.UUID, at time.Time) (Person, error) {
	var row personRow
	if err := db.Get(ctx, &row, selectPerson, id, at.In(deadline.Zone).Format(time.DateOnly)); err != nil {
		return Person{}, err
	}
	name, err := OpenName(db, row.ID, row.Name)
	if err != nil {
		return Person{}, err
	}
	iin, err := db.OpenText(vault.Where{Table: "person", Column: "iin", ID: row.ID}, row.IIN)
	if err != nil {
		return Person{}, err
	}
	return Person{row.ID, name, eds.IIN(iin), row.Post, row.Body}, nil
}

// OpenName opens the sealed name of a person that a query joined.
func OpenName(db *vault.DB, person uuid.UUID, sealed []byte) (string, error) {
	return db.OpenText(vault.Where{Table: "person", Column: "name", ID: person}, sealed)
}

// IINTag is what a person is looked up by.
func IINTag(db *vault.DB, iin eds.IIN) []byte { return db.Tag("person.iin", iin.Reveal()) }

const insertPerson = `
INSERT INTO person (id, iin_tag, iin, name, made_at)
VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (iin_tag) DO NOTHING`

const selectPersonByTag = `
SELECT id FROM person WHERE iin_tag = $1`

// Ensure finds the person of an IIN, or makes one under the name given. Two at
// once make one.
func Ensure(ctx context.Context, tx *vault.DB, iin eds.IIN, name string, at time.Time) (uuid.UUID, error) {
	var id uuid.UUID
	tag := IINTag(tx, iin)
	ctx = database.KnowingIIN(ctx, tag)
	var known []uuid.UUID
	if err := tx.Select(ctx, &known, selectPersonByTag, tag); err != nil {
		return id, err
	}
	if len(known) == 1 {
		return known[0], nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return id, err
	}
	sealedIIN, err := tx.SealText(vault.Where{Table: "person", Column: "iin", ID: id}, iin.Reveal())
	if err != nil {
		return id, err
	}
	sealedName, err := tx.SealText(vault.Where{Table: "person", Column: "name", ID: id}, name)
	if err != nil {
		return id, err
	}
	if err := tx.Exec(ctx, insertPerson, id, tag, sealedIIN, sealedName, at); err != nil {
		return id, err
	}
	return id, tx.Get(ctx, &id, selectPersonByTag, tag)
}

const updateName = `
UPDATE person SET name = $2 WHERE id = $1`

// rename puts the name of the certificate in place of what an official once typed.
func rename(ctx context.Context, tx *vault.DB, id uuid.UUID, name string) error {
	sealed, err := tx.SealText(vault.Where{Table: "person", Column: "name", ID: id}, name)
	if err != nil {
		return err
	}
	return tx.Exec(ctx, updateName, id, sealed)
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
