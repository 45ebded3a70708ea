// Package typed keeps what people have typed into forms and have not sent yet:
// a browser that dies, a session that ends or another device takes nothing from
// them. The text is sealed and bound to the person and the form, so that nobody
// else's form ever opens it. It has no legal effect, so the ledger does not
// tell of it; it is dropped when the form is sent, or after Life.
package typed

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// What one person may leave here, and for how long.
const (
	MaxSize  = 256 << 10           // bytes of one form: names and values of its fields
	MaxForms = 50                  // forms of one person
	Life     = 30 * 24 * time.Hour // since it was last typed into
)

// Form is what was typed into one form.
type Form struct {
	Address string // of the page with the form, without its language
	Fields  url.Values
	At      time.Time // when it was last typed into, UTC
}

// Page is a form as one window shows it. Two windows with the same form have
// different pages, so that they are told apart.
type Page struct {
	ID    uuid.UUID // made each time the form is shown
	Turn  int       // counts what this page has sent: an older text that comes late is not taken
	Since time.Time // the newest text this page knew of when it was shown, UTC
}

// row is the form as it lies in the database.
type row struct {
	ID      uuid.UUID `db:"id"`
	Fields  []byte    `db:"fields"`
	Page    uuid.UUID `db:"page"`
	Turn    int       `db:"turn"`
	SavedAt time.Time `db:"saved_at"`
}

// content is what is sealed. The address is in it, for the list.
type content struct {
	Address string     `json:"address"`
	Fields  url.Values `json:"fields"`
}

// Row is the id under which a person's form is kept. It follows from the two, so
// the seal binds the text to both.
func Row(person uuid.UUID, address string) uuid.UUID {
	return uuid.NewHash(sha256.New(), person, []byte(address), 8)
}

func fieldsAt(id, person uuid.UUID) vault.Where {
	return vault.Where{Table: "typed", Column: "fields", ID: id, Person: person}
}

// Size is how much of MaxSize the fields take, in bytes.
func Size(fields url.Values) int {
	n := 0
	for name, values := range fields {
		for _, value := range values {
			n += len(name) + len(value)
		}
	}
	return n
}

// Save keeps a form as it stands. The newest text wins whole: two windows are
// never mixed. newer tells that another window or device had saved after this
// page was shown, so that the person hears of it. An older text of the same
// page, or one that comes after the form was sent, changes nothing.
// fault.Invalid: more than MaxSize, or more than MaxForms forms.
func Save(ctx context.Context, db *vault.DB, ask policy.Ask, address string, page Page, fields url.Values) (newer bool, err error) {
	if err := ask.Check(0); err != nil {
		return false, err
	}
	if Size(fields) > MaxSize {
		return false, fault.New(fault.Invalid, "fault.too-large")
	}
	plain, err := json.Marshal(content{address, fields})
	if err != nil {
		return false, err
	}
	id := Row(ask.Person, address)
	sealed, err := db.For(ctx).Seal(fieldsAt(id, ask.Person), plain)
	if err != nil {
		return false, err
	}
	err = db.Within(ctx, func(tx *vault.DB) error {
		var one int // two new forms at once must not both be the fiftieth
		if err := tx.Get(ctx, &one, lockPerson, ask.Person); err != nil {
			return err
		}
		var old row
		switch err := tx.Get(ctx, &old, selectTyped, id); {
		case errors.Is(err, fault.NotFound):
		case err != nil:
			return err
		}
		if old.Fields == nil {
			var n int
			if err := tx.Get(ctx, &n, countTyped, ask.Person); err != nil {
				return err
			}
			if n >= MaxForms {
				return fault.New(fault.Invalid, "fault.typed-many")
			}
		}
		newer = old.Fields != nil && old.Page != page.ID && old.SavedAt.After(page.Since)
		return tx.Exec(ctx, upsertTyped, id, ask.Person, sealed, page.ID, page.Turn, ask.At)
	})
	return newer, err
}

// Read is what the asker typed into a form and has not sent. fault.NotFound:
// nothing.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, address string) (Form, error) {
	if err := ask.Check(0); err != nil {
		return Form{}, err
	}
	var r row
	if err := db.Get(ctx, &r, selectTyped, Row(ask.Person, address)); err != nil {
		return Form{}, err
	}
	return r.open(ctx, db, ask.Person)
}

// List is all that the asker typed and has not sent, newest first.
func List(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Form, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []row
	if err := db.Select(ctx, &rows, selectAllTyped, ask.Person); err != nil {
		return nil, err
	}
	out := make([]Form, 0, len(rows))
	for _, r := range rows {
		f, err := r.open(ctx, db, ask.Person)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (r row) open(ctx context.Context, db *vault.DB, person uuid.UUID) (Form, error) {
	if r.Fields == nil { // it was sent
		return Form{}, fault.New(fault.NotFound, "fault.not-found")
	}
	plain, err := db.Open(ctx, fieldsAt(r.ID, person), r.Fields)
	if err != nil {
		return Form{}, err
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return Form{}, err
	}
	return Form{c.Address, c.Fields, r.SavedAt}, nil
}

// Sent forgets what was typed into a form that was sent; call it in the
// transaction of what was asked for. A trace of the page stays, so that a text it
// sent before, and that comes late, does not fill the next form. What another
// window has saved since this page was shown is not forgotten: it was not sent.
func Sent(ctx context.Context, tx *vault.DB, ask policy.Ask, address string, page Page) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return tx.Exec(ctx, sendTyped, Row(ask.Person, address), ask.Person, page.ID, ask.At, page.Since)
}

// Forget drops what the asker typed into a form, whoever saved it last. page is
// the one on which he asked for it; zero where there is none.
func Forget(ctx context.Context, db *vault.DB, ask policy.Ask, address string, page uuid.UUID) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Exec(ctx, forgetTyped, Row(ask.Person, address), page, ask.At)
}

// DropOld removes what has not been typed into for Life, for the timetable.
func DropOld(ctx context.Context, db *vault.DB, at time.Time) error {
	return db.Exec(ctx, deleteOldTyped, at.Add(-Life))
}

const lockPerson = `
SELECT 1 FROM person WHERE id = $1 FOR NO KEY UPDATE`

const selectTyped = `
SELECT id, fields, page, turn, saved_at
  FROM typed
 WHERE id = $1`

const selectAllTyped = `
SELECT id, fields, page, turn, saved_at
  FROM typed
 WHERE person = $1 AND fields IS NOT NULL
 ORDER BY saved_at DESC, id`

const countTyped = `
SELECT count(*) FROM typed WHERE person = $1 AND fields IS NOT NULL`

const upsertTyped = `
INSERT INTO typed (id, person, fields, page, turn, saved_at)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE
   SET fields = $3, page = $4, turn = $5, saved_at = $6
 WHERE typed.page <> $4 OR typed.turn <= $5`

const sendTyped = `
INSERT INTO typed (id, person, fields, page, turn, saved_at)
VALUES ($1, $2, NULL, $3, 2147483647, $4)
    ON CONFLICT (id) DO UPDATE
   SET fields = NULL, page = $3, turn = 2147483647, saved_at = $4
 WHERE typed.page = $3 OR typed.saved_at <= $5`

const forgetTyped = `
UPDATE typed SET fields = NULL, page = $2, turn = 2147483647, saved_at = $3 WHERE id = $1`

const deleteOldTyped = `
DELETE FROM typed WHERE saved_at < $1`
