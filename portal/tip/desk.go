package tip

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// PerPage is how many tips an official lists at once.
const PerPage = 100

// List are the tips of the asker's body: what is open, the oldest first, then what was
// closed in the last month; those after one of them, or the first. more says that the list
// goes on: whoever sends hundreds hides nobody's. Texts stay closed.
func List(ctx context.Context, db *vault.DB, ask policy.Ask, after uuid.UUID) (out []Tip, more bool, err error) {
	if err := ask.Check(0); err != nil {
		return nil, false, err
	}
	var rows []tipRow
	if err := db.Select(ctx, &rows, selectMine, ask.Person, today(ask.At), after, PerPage+1); err != nil {
		return nil, false, err
	}
	if more = len(rows) > PerPage; more {
		rows = rows[:PerPage]
	}
	out = make([]Tip, len(rows))
	for i, r := range rows {
		out[i] = r.tip()
	}
	return out, more, nil
}

// found is a tip of the asker's body; NotFound where it is none. First whether he finds it,
// then whether he may.
func found(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (tipRow, error) {
	var row tipRow
	if err := db.Get(ctx, &row, selectOne, ask.Person, today(ask.At), id); err != nil {
		return row, err
	}
	return row, ask.Check(0)
}

// Open shows an official a tip of his body. Each look is an act in the record, his name
// beside it.
func Open(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (t Tip, err error) {
	return t, db.Within(ctx, func(tx *vault.DB) error {
		row, err := found(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		to, err := row.Status.after(ask.Act)
		if err != nil {
			return err
		}
		if to != row.Status {
			if err := tx.Exec(ctx, updateStatus, id, to, row.ClosedOn); err != nil {
				return err
			}
			row.Status = to
		}
		if t, err = row.read(ctx, tx); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "tip", id, uuid.Nil, nil)
	})
}

func (r tipRow) read(ctx context.Context, db *vault.DB) (Tip, error) {
	t := r.tip()
	var rows []messageRow
	if err := db.Select(ctx, &rows, selectMessages, r.ID); err != nil {
		return t, err
	}
	var objects []vault.Sealed
	for _, m := range rows {
		objects = append(objects, vault.Sealed{Where: where(r.Body, m.ID), Bytes: m.Text})
	}
	if err := db.Ahead(ctx, objects...); err != nil {
		return t, err
	}
	for i, m := range rows {
		one := Message{ID: m.ID, Official: m.Author.Valid, Day: m.Day, Gone: m.Text == nil}
		if m.Text != nil {
			plain, err := db.Open(ctx, objects[i].Where, m.Text)
			if err != nil {
				return t, err
			}
			var all said
			if err := json.Unmarshal(plain, &all); err != nil {
				all.Words = Words{Text: string(plain)} // while texts are closed a dash stands for each
			}
			one.Words, one.Files = all.Words, all.Files
		}
		t.Messages = append(t.Messages, one)
	}
	return t, nil
}

// Answer writes to whoever holds the code. id is the page's: sent twice, it is one answer.
func Answer(ctx context.Context, db *vault.DB, ask policy.Ask, tip, id uuid.UUID, text string) error {
	return reply(ctx, db, ask, tip, id, text)
}

// Close says what came of it, and ends the conversation. Three months later its texts are
// destroyed (Forget).
func Close(ctx context.Context, db *vault.DB, ask policy.Ask, tip, id uuid.UUID, reason string) error {
	return reply(ctx, db, ask, tip, id, reason)
}

func reply(ctx context.Context, db *vault.DB, ask policy.Ask, tip, id uuid.UUID, text string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		var row tipRow
		if err := tx.Get(ctx, &row, selectOne+forUpdate, ask.Person, today(ask.At), tip); err != nil {
			return err
		}
		if err := ask.Check(0); err != nil {
			return err
		}
		var there bool
		if err := tx.Get(ctx, &there, selectSaid, id, tip, ask.Person); err != nil || there {
			return err
		}
		to, err := row.Status.after(ask.Act)
		if err != nil {
			return err
		}
		m, err := sealed(tx.Keys, row.Body, id, row.Key, Words{Text: text})
		if err != nil {
			return err
		}
		if err := keep(ctx, tx, ask, id, tip, m); err != nil {
			return err
		}
		if to != row.Status {
			if err := tx.Exec(ctx, updateStatus, tip, to, today(ask.At)); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "tip_message", id, uuid.Nil, m.digest)
	})
}

const selectSaid = `SELECT EXISTS (SELECT FROM tip_message WHERE id = $1 AND tip = $2 AND author = $3)`
