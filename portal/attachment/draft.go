package attachment

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Draft is the asker's own draft of a thing that takes files, as whoever owns the thing
// guards it.
type Draft struct {
	// Lock locks the draft for the rest of the transaction, and answers what is to be said
	// where it is not his, or is no draft any more.
	Lock func(ctx context.Context, tx *vault.DB) error
	// Changed ends a change of its files, under the lock: the trace of it, and a paper that
	// names the files as they are now.
	Changed func(ctx context.Context, tx *vault.DB, a Attachment) error
}

// Begin makes room for a file that is about to be sent.
func (d Draft) Begin(ctx context.Context, db *vault.DB, ask policy.Ask, n New) (a Attachment, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		if err := d.Lock(ctx, tx); err != nil {
			return err
		}
		a, err = Begin(ctx, tx, ask, n)
		return err
	})
	return a, err
}

// Put takes the piece of a file that begins at an offset.
func (d Draft) Put(ctx context.Context, db *vault.DB, id uuid.UUID, offset int64, piece []byte) (a Attachment, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		if err := d.Lock(ctx, tx); err != nil {
			return err
		}
		a, err = Put(ctx, tx, id, offset, piece)
		return err
	})
	return a, err
}

// Finish examines a file that has come whole and makes it a part of the draft. One that
// cannot be taken is gone, and the error says why.
func (d Draft) Finish(ctx context.Context, db *vault.DB, s *Scanner, ask policy.Ask, a Attachment) (Attachment, error) {
	found, err := Examine(ctx, db, s, ask.At, a)
	if errors.Is(err, fault.Invalid) && a.Received == a.Size { // of one that is short more may come
		return d.refuse(ctx, db, a, err)
	}
	if err != nil {
		// The same request, sent twice, may have taken it: its pieces are not written any more.
		if now, gone := Fetch(ctx, db, a.ID); gone == nil && now.Taken() {
			return now, nil
		}
		return a, err
	}
	err = db.Within(ctx, func(tx *vault.DB) error {
		if err := d.Lock(ctx, tx); err != nil {
			return err
		}
		if a, err = Take(ctx, tx, found); err != nil {
			return err
		}
		return d.Changed(ctx, tx, a)
	})
	return a, err
}

// refuse drops a file that cannot be taken, unless the same request, sent twice, has taken
// it meanwhile: two that look at one file may both be slow, and only one too slow.
func (d Draft) refuse(ctx context.Context, db *vault.DB, a Attachment, why error) (Attachment, error) {
	err := db.Within(ctx, func(tx *vault.DB) error {
		if err := d.Lock(ctx, tx); err != nil {
			return err
		}
		now, err := lock(ctx, tx, a.ID)
		if errors.Is(err, fault.NotFound) { // dropped by it
			return nil
		}
		if err != nil {
			return err
		}
		if now.Taken() {
			a, why = now, nil
			return nil
		}
		return Drop(ctx, tx, a.ID)
	})
	if err == nil {
		err = why
	}
	return a, err
}

func (d Draft) drop(ctx context.Context, tx *vault.DB, id uuid.UUID) error {
	if err := d.Lock(ctx, tx); err != nil {
		return err
	}
	return Drop(ctx, tx, id)
}

// Add is all of it at once, for a file whose length is not known before it ends: a form
// sends it so. It comes through piece by piece.
func (d Draft) Add(ctx context.Context, db *vault.DB, s *Scanner, ask policy.Ask, n New, file io.Reader) error {
	if _, err := d.Begin(ctx, db, ask, n); err != nil {
		return err
	}
	err := d.receive(ctx, db, ask, n.ID, file)
	if err == nil {
		a, err := Fetch(ctx, db, n.ID)
		if err == nil {
			_, err = d.Finish(ctx, db, s, ask, a)
		}
		return err
	}
	gone := context.WithoutCancel(ctx)
	return errors.Join(err, db.Within(gone, func(tx *vault.DB) error { return d.drop(gone, tx, n.ID) }))
}

// receive cuts a stream into pieces. When it ends it is known how long it was.
func (d Draft) receive(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, file io.Reader) error {
	piece := make([]byte, Piece)
	for offset := int64(0); ; offset += Piece {
		n, err := io.ReadFull(file, piece)
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return err
		}
		if end {
			err := db.Within(ctx, func(tx *vault.DB) error { return Ends(ctx, tx, ask.At, id, offset+int64(n)) })
			if err != nil || n == 0 {
				return err
			}
		}
		if _, err := d.Put(ctx, db, id, offset, piece[:n]); err != nil || end {
			return err
		}
	}
}

// Remove takes a file away from the draft.
func (d Draft) Remove(ctx context.Context, db *vault.DB, a Attachment) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		if err := d.drop(ctx, tx, a.ID); err != nil {
			return err
		}
		if !a.Taken() { // it was no part of the draft yet
			return nil
		}
		return d.Changed(ctx, tx, a)
	})
}
