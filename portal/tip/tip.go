// Package tip is the anonymous lane: what somebody tells a state body without saying who
// he is, and what the body answers him. Nothing here knows an address, a browser, a
// session or a moment; days are kept, and random ids that tell no time. It is no ground
// to begin an investigation, CPC 181(6), and the pages say so before anything is typed.
//
// Each text is sealed twice: for the body that received it (vault.Where.Body), and to a
// key that comes out of the receipt code (seal.go). The code is nowhere in the database,
// so whoever holds all of it cannot say who wrote, and only he who kept his code reads
// the answers.
//
// What comes leaves no row in the record of acts at that moment, for a row has a time:
// the portal writes down once a day what came on the days before (daily.go). What
// officials do to it is recorded at once, as everything of theirs.
package tip

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// The limits of what is written, in characters, and of how many messages one tip has.
const (
	MinText  = 20
	MaxText  = 5000
	MaxLine  = 300
	MaxReply = 5000
	MaxTalk  = 60 // messages of both
)

// Words are what was typed.
type Words struct {
	Text  string `json:"text"`
	When  string `json:"when,omitempty"`  // roughly, in his words
	Where string `json:"where,omitempty"` // the same
}

// Body is a state body that receives reports.
type Body struct {
	ID     uuid.UUID `db:"id"`
	NameKK string    `db:"name_kk"`
	NameRU string    `db:"name_ru"`
}

// In is its name in a language.
func (b Body) In(lang string) string {
	if lang == "ru" {
		return b.NameRU
	}
	return b.NameKK
}

// Message is one of a conversation.
type Message struct {
	ID uuid.UUID
	Words
	Files    []File
	Official bool
	Day      time.Time
	Gone     bool // its text was destroyed when its time was over
}

// Tip is a conversation as one of its two sides sees it.
type Tip struct {
	ID        uuid.UUID
	Body      Body
	Day       time.Time // when it came
	Status    Status
	ClosedOn  time.Time // zero while it is open
	Forgotten bool
	Messages  []Message
}

// Full tells that nothing more can be written into it.
func (t Tip) Full() bool { return len(t.Messages) >= MaxTalk }

// Bodies are those that receive, by territory.
func Bodies(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Body, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var out []Body
	err := db.Select(ctx, &out, selectBodies)
	return out, err
}

// Send keeps a tip for a body; code is the receipt code, which is kept nowhere. Sent once
// more under the same code it is the same tip, so a double click makes one. Nothing but
// the two rows remains of it: no record, no job, no time.
//
// files are what Strip made; nothing else of what was sent ever comes here.
func Send(ctx context.Context, db *vault.DB, ask policy.Ask, body uuid.UUID, code Code, words Words, files ...attachment.Stripped) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	var known bool
	if err := db.Get(ctx, &known, selectReceives, body); err != nil {
		return err
	}
	if !known {
		return fault.New(fault.Invalid, "form.choose").At("body")
	}
	b, err := bearerOf(db.Keys, code)
	if err != nil {
		return err
	}
	id, first := uuid.New(), uuid.New() // random: a UUIDv7 would tell the moment
	kept, err := sealFiles(db.Keys, body, id, first, files)
	if err != nil {
		return err
	}
	m, err := sealed(db.Keys, body, first, b.key.PublicKey().Bytes(), words, kept...)
	if err != nil {
		return err
	}
	ctx = database.HoldingSecret(ctx, b.handle)
	return db.Within(ctx, func(tx *vault.DB) error {
		var fresh []uuid.UUID
		if err := tx.Select(ctx, &fresh, insertTip, id, body, b.handle, b.key.PublicKey().Bytes(), today(ask.At), Sent); err != nil || len(fresh) == 0 {
			return err
		}
		if err := keep(ctx, tx, ask, first, id, m); err != nil {
			return err
		}
		return keepFiles(ctx, tx, kept)
	})
}

// keep adds a message; errTwice where its id is there already.
func keep(ctx context.Context, tx *vault.DB, ask policy.Ask, id, tip uuid.UUID, m message) error {
	var fresh []uuid.UUID
	author := uuid.NullUUID{UUID: ask.Person, Valid: ask.Is&policy.Official != 0}
	if err := tx.Select(ctx, &fresh, insertMessage, id, tip, author, today(ask.At), m.text, m.own, m.digest); err != nil {
		return err
	}
	if len(fresh) == 0 {
		return errTwice
	}
	return nil
}

// errTwice says that a message was sent already.
var errTwice = fault.New(fault.Conflict, "fault.tip-twice")

// Read is the conversation that a code opens. An unknown code is NotFound, after as much
// work as a known one.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, code Code) (Tip, error) {
	b, err := bearerOf(db.Keys, code)
	if err != nil {
		return Tip{}, err
	}
	row, err := b.find(ctx, db, ask)
	if err != nil {
		return Tip{}, err
	}
	ctx = database.HoldingSecret(ctx, b.handle)
	var rows []messageRow
	if err := db.Select(ctx, &rows, selectMessages, row.ID); err != nil {
		return Tip{}, err
	}
	t := row.tip()
	for _, m := range rows {
		one := Message{ID: m.ID, Official: m.Author.Valid, Day: m.Day, Gone: m.Own == nil}
		if m.Own != nil {
			said, err := b.open(m.ID, m.Own)
			if err != nil {
				return Tip{}, err
			}
			one.Words, one.Files = said.Words, said.Files
		}
		t.Messages = append(t.Messages, one)
	}
	return t, nil
}

// Write adds a message to the conversation of a code. id is the page's: sent twice, it is
// one message.
func Write(ctx context.Context, db *vault.DB, ask policy.Ask, code Code, id uuid.UUID, text string) error {
	b, err := bearerOf(db.Keys, code)
	if err != nil {
		return err
	}
	if _, err := b.find(ctx, db, ask); err != nil {
		return err
	}
	ctx = database.HoldingSecret(ctx, b.handle)
	err = db.Within(ctx, func(tx *vault.DB) error {
		var row tipRow
		if err := tx.Get(ctx, &row, selectByHandle+forUpdate, b.handle); err != nil {
			return err
		}
		if _, err := row.Status.after(ask.Act); err != nil {
			return err
		}
		var n int
		if err := tx.Get(ctx, &n, countMessages, row.ID); err != nil {
			return err
		}
		if n >= MaxTalk {
			return fault.New(fault.Conflict, "fault.tip-full")
		}
		m, err := sealed(tx.Keys, row.Body, id, row.Key, Words{Text: text})
		if err != nil {
			return err
		}
		return keep(ctx, tx, ask, id, row.ID, m)
	})
	if errors.Is(err, errTwice) {
		return nil
	}
	return err
}

// find is the row of a code.
func (b bearer) find(ctx context.Context, db *vault.DB, ask policy.Ask) (tipRow, error) {
	var row tipRow
	if err := ask.Check(0); err != nil {
		return row, err
	}
	err := db.Get(database.HoldingSecret(ctx, b.handle), &row, selectByHandle, b.handle)
	if errors.Is(err, fault.NotFound) {
		err = fault.New(fault.Invalid, "fault.tip-unknown").At("code")
	}
	return row, err
}

// today is the civil day in Kazakhstan, all that is kept of a moment.
func today(at time.Time) string { return at.In(deadline.Zone).Format(time.DateOnly) }
