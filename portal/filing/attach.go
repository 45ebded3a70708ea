package filing

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// Attachments are the files beside a filing, for whoever may read it; its author sees
// in a draft those that are on their way as well.
func Attachments(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, []attachment.Attachment, error) {
	f, err := Read(ctx, db, ask, id)
	if err != nil {
		return f, nil, err
	}
	all, err := attachment.Of(ctx, db, id)
	return f, all, err
}

// lockDraftOf locks the asker's draft: nothing is attached to anything else.
func lockDraftOf(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, error) {
	f, err := lock(ctx, tx, ask, id)
	if err == nil && f.Status != Draft {
		err = fault.New(fault.Conflict, "fault.not-now")
	}
	if err != nil {
		return f, err
	}
	f.Points, err = points(ctx, tx, ask, f.Case, id)
	return f, err
}

// beside is an attachment with the filing it lies beside, fetched through the asker.
func beside(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, attachment.Attachment, error) {
	a, err := attachment.Fetch(ctx, db, id)
	if err != nil {
		return Filing{}, a, err
	}
	f, err := Read(ctx, db, ask, a.Filing)
	return f, a, err
}

// BeginAttachment makes room for a file that is about to be sent.
func BeginAttachment(ctx context.Context, db *vault.DB, ask policy.Ask, n attachment.New) (a attachment.Attachment, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		if _, err := lockDraftOf(ctx, tx, ask, n.Filing); err != nil {
			return err
		}
		a, err = attachment.Begin(ctx, tx, ask, n)
		return err
	})
	return a, err
}

// AttachmentState tells how much of a file has come.
func AttachmentState(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (attachment.Attachment, error) {
	_, a, err := beside(ctx, db, ask, id)
	return a, err
}

// PutAttachment takes the piece of a file that begins at an offset.
func PutAttachment(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, offset int64, piece []byte) (a attachment.Attachment, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		if a, err = attachment.Fetch(ctx, tx, id); err != nil {
			return err
		}
		if _, err := lockDraftOf(ctx, tx, ask, a.Filing); err != nil {
			return err
		}
		a, err = attachment.Put(ctx, tx, id, offset, piece)
		return err
	})
	return a, err
}

// FinishAttachment examines a file that has come whole and makes it a part of the
// draft, whose paper is printed anew: it names the file with its SHA-256. A file that
// cannot be taken is gone, and the error says why.
func FinishAttachment(ctx context.Context, db *vault.DB, press document.Press, s *attachment.Scanner, ask policy.Ask, id uuid.UUID) (a attachment.Attachment, err error) {
	f, a, err := beside(ctx, db, ask, id)
	if err != nil || a.Taken() {
		return a, err
	}
	if f.Status != Draft {
		return a, fault.New(fault.Conflict, "fault.not-now")
	}
	if a.Received < a.Size { // more may come
		_, err := attachment.Examine(ctx, db, s, ask.At, a)
		return a, err
	}
	found, err := attachment.Examine(ctx, db, s, ask.At, a)
	if errors.Is(err, fault.Invalid) {
		gone := db.Within(ctx, func(tx *vault.DB) error {
			if _, err := lockDraftOf(ctx, tx, ask, a.Filing); err != nil {
				return err
			}
			return attachment.Drop(ctx, tx, id)
		})
		if gone != nil {
			err = gone
		}
	}
	if err != nil {
		return a, err
	}
	err = db.Within(ctx, func(tx *vault.DB) error {
		f, err := lockDraftOf(ctx, tx, ask, a.Filing)
		if err != nil {
			return err
		}
		if a, err = attachment.Take(ctx, tx, found); err != nil {
			return err
		}
		return f.attached(ctx, tx, press, ask, a)
	})
	return a, err
}

// attached ends a change of the files of a draft: its trace and its paper.
func (f Filing) attached(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, a attachment.Attachment) error {
	if err := ledger.Step(ctx, tx.DB, ask, "attachment", a.ID, f.Case, a.Digest); err != nil {
		return err
	}
	return f.reprint(ctx, tx, press, ask)
}

// reprint saves the draft as it stands, so that its paper lists the files it has now.
func (f Filing) reprint(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask) error {
	n := f.written()
	switch {
	case f.OfAccess():
		_, err := Complain(ctx, tx, press, ask.To(policy.AccessComplain), f.Access, n)
		return err
	case f.Affected:
		return n.affect(ctx, tx, press, ask.To(policy.ComplainDraft), f.Case, f.CaseNumber, f.ID)
	}
	return Save(ctx, tx, press, ask.To(policy.FilingCreate), f.Case, f.ID, n)
}

// Attach is all of it at once, for a file whose length is not known before it ends:
// a form sends it so. It comes through piece by piece.
func Attach(ctx context.Context, db *vault.DB, press document.Press, s *attachment.Scanner, ask policy.Ask, n attachment.New, file io.Reader) error {
	if _, err := BeginAttachment(ctx, db, ask, n); err != nil {
		return err
	}
	err := receive(ctx, db, ask, n.ID, file)
	if err == nil {
		_, err = FinishAttachment(ctx, db, press, s, ask, n.ID)
		return err
	}
	return errors.Join(err, db.Within(context.WithoutCancel(ctx), func(tx *vault.DB) error {
		if _, err := lockDraftOf(ctx, tx, ask, n.Filing); err != nil {
			return err
		}
		return attachment.Drop(ctx, tx, n.ID)
	}))
}

// receive cuts a stream into pieces. When it ends it is known how long it was.
func receive(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, file io.Reader) error {
	piece := make([]byte, attachment.Piece)
	for offset := int64(0); ; offset += attachment.Piece {
		n, err := io.ReadFull(file, piece)
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return err
		}
		if end {
			err := db.Within(ctx, func(tx *vault.DB) error { return attachment.Ends(ctx, tx, ask.At, id, offset+int64(n)) })
			if err != nil || n == 0 {
				return err
			}
		}
		if _, err := PutAttachment(ctx, db, ask, id, offset, piece[:n]); err != nil || end {
			return err
		}
	}
}

// RemoveAttachment takes a file away from a draft.
func RemoveAttachment(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID) (f Filing, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		a, err := attachment.Fetch(ctx, tx, id)
		if err != nil {
			return err
		}
		if f, err = lockDraftOf(ctx, tx, ask, a.Filing); err != nil {
			return err
		}
		if err := attachment.Drop(ctx, tx, id); err != nil {
			return err
		}
		if !a.Taken() { // it was no part of the draft yet
			return nil
		}
		return f.attached(ctx, tx, press, ask, a)
	})
	return f, err
}

// BindAttachments makes one PDF of the photographs of a draft, in their order, and
// puts it in their place; n.Name is what it is called.
func BindAttachments(ctx context.Context, db *vault.DB, press document.Press, s *attachment.Scanner, ask policy.Ask, n attachment.New) error {
	_, all, err := Attachments(ctx, db, ask, n.Filing)
	if err != nil {
		return err
	}
	var pictures []attachment.Attachment
	for _, a := range all {
		if a.Taken() && a.Kind.Picture() {
			pictures = append(pictures, a)
		}
	}
	n.Size, n.Album = attachment.Unknown, true
	err = attachment.Bind(ctx, db, pictures, func(album io.Reader) error { return Attach(ctx, db, press, s, ask, n, album) })
	if err != nil {
		return err
	}
	for _, a := range pictures {
		if _, err := RemoveAttachment(ctx, db, press, ask.To(policy.AttachmentRemove), a.ID); err != nil {
			return err
		}
	}
	return nil
}

// OpenAttachment lets a reader have a file beside a filing: the copy that is for
// others' eyes or, where his act says so, the original. Reading somebody else's is a
// step and leaves a record. What the scanner has not seen, or has found something in,
// opens to nobody but its author, and the latter not to him either.
func OpenAttachment(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (a attachment.Attachment, part attachment.Part, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		if a, err = attachment.Fetch(ctx, tx, id); err != nil {
			return err
		}
		if err := opening.Hold(ctx, tx, ask, opening.Attachment, a.Filing); err != nil {
			return err
		}
		f, err := Read(ctx, tx, ask, a.Filing)
		switch {
		case err != nil:
			return err
		case !a.Taken():
			return fault.New(fault.Conflict, "fault.attachment-coming")
		case a.State == attachment.Quarantined:
			return fault.New(fault.Conflict, "fault.attachment-infected")
		case a.State == attachment.Waiting && f.Author != ask.Person:
			return fault.New(fault.Conflict, "fault.attachment-unscanned")
		}
		part = attachment.Original
		digest := a.Digest
		if a.Copy != nil && ask.Act != policy.AttachmentOriginal {
			part, digest = attachment.Shown, a.Copy.Digest
		}
		if f.Author == ask.Person {
			return nil
		}
		if err := f.opened(ctx, tx, ask, opening.Attachment, id); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "attachment", id, f.Case, digest)
	})
	return a, part, err
}

// enclosed is the section of a paper that names the files of its filing, each with its
// SHA-256: so the signature on the paper is one on them. None where there are no files.
func enclosed(ctx context.Context, tx *vault.DB, w *words.Language, id uuid.UUID) ([]document.Section, error) {
	lines, err := attachment.Listed(ctx, tx, id)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	var text []string
	for _, line := range lines {
		text = append(text, strconv.Itoa(line.Order)+". "+w.T("paper.attachment", "name", line.Name, "bytes", line.Size, "digest", w.Hex(line.Digest)))
	}
	return []document.Section{{Heading: w.T("paper.attachments"), Text: strings.Join(text, "\n")}}, nil
}
