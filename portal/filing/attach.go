package filing

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
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
	if err == nil && f.OfReport() { // its files lie beside the report
		err = fault.New(fault.Conflict, "fault.attach-report")
	}
	if err != nil {
		return f, err
	}
	f.Points, err = f.points(ctx, tx, ask)
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

// filesOf is a draft of the asker's as attachments come to it.
func filesOf(press document.Press, ask policy.Ask, id uuid.UUID) attachment.Draft {
	var f Filing
	return attachment.Draft{
		Lock: func(ctx context.Context, tx *vault.DB) (err error) {
			f, err = lockDraftOf(ctx, tx, ask, id)
			return err
		},
		Changed: func(ctx context.Context, tx *vault.DB, a attachment.Attachment) error {
			return f.attached(ctx, tx, press, ask, a)
		},
	}
}

// BeginAttachment makes room for a file that is about to be sent.
func BeginAttachment(ctx context.Context, db *vault.DB, ask policy.Ask, n attachment.New) (attachment.Attachment, error) {
	return filesOf(document.Press{}, ask, n.Filing).Begin(ctx, db, ask, n)
}

// AttachmentState tells how much of a file has come.
func AttachmentState(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (attachment.Attachment, error) {
	_, a, err := beside(ctx, db, ask, id)
	return a, err
}

// PutAttachment takes the piece of a file that begins at an offset.
func PutAttachment(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, offset int64, piece []byte) (attachment.Attachment, error) {
	a, err := attachment.Fetch(ctx, db, id)
	if err != nil {
		return a, err
	}
	return filesOf(document.Press{}, ask, a.Filing).Put(ctx, db, id, offset, piece)
}

// FinishAttachment examines a file that has come whole and makes it a part of the
// draft, whose paper is printed anew: it names the file with its SHA-256. A file that
// cannot be taken is gone, and the error says why.
func FinishAttachment(ctx context.Context, db *vault.DB, press document.Press, s *attachment.Scanner, ask policy.Ask, id uuid.UUID) (attachment.Attachment, error) {
	f, a, err := beside(ctx, db, ask, id)
	if err != nil || a.Taken() {
		return a, err
	}
	if f.Status != Draft {
		return a, fault.New(fault.Conflict, "fault.not-now")
	}
	return filesOf(press, ask, f.ID).Finish(ctx, db, s, ask, a)
}

// attached ends a change of the files of a draft: its paper, and then its step, for from
// that on all other acts wait.
func (f Filing) attached(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, a attachment.Attachment) error {
	if err := f.reprint(ctx, tx, press, ask); err != nil {
		return err
	}
	return ledger.Step(ctx, tx.DB, ask, "attachment", a.ID, f.Case, a.Digest)
}

// reprint saves the draft as it stands, so that its paper lists the files it has now and
// names whoever decides it now.
func (f Filing) reprint(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask) error {
	n := f.written()
	switch {
	case f.OfAccess():
		_, err := Complain(ctx, tx, press, ask.To(policy.AccessComplain), f.Access, n)
		return err
	case f.OfReport():
		r, err := reported(ctx, tx, ask, f.Report)
		if err != nil {
			return err
		}
		if n.To, err = r.seatFor(ctx, tx, ask, n.To); errors.Is(err, fault.Invalid) { // to the one above, since somebody answered
			n.To, err = "", nil
		}
		if err != nil {
			return err
		}
		_, err = ComplainOfReport(ctx, tx, press, ask.To(policy.ReportComplain), f.Report, n)
		return err
	case f.Affected:
		return n.affect(ctx, tx, press, ask.To(policy.ComplainDraft), f.Case, f.CaseNumber, f.ID)
	}
	return Save(ctx, tx, press, ask.To(policy.FilingCreate), f.Case, f.ID, n)
}

// Attach is all of it at once, for a file whose length is not known before it ends:
// a form sends it so. It comes through piece by piece.
func Attach(ctx context.Context, db *vault.DB, press document.Press, s *attachment.Scanner, ask policy.Ask, n attachment.New, file io.Reader) error {
	return filesOf(press, ask, n.Filing).Add(ctx, db, s, ask, n, file)
}

// RemoveAttachment takes a file away from a draft; it answers whose it was.
func RemoveAttachment(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID) (uuid.UUID, error) {
	a, err := attachment.Fetch(ctx, db, id)
	if err != nil {
		return uuid.Nil, err
	}
	return a.Filing, filesOf(press, ask, a.Filing).Remove(ctx, db, a)
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
		if err != nil {
			return err
		}
		if part, err = a.For(ask.Person, ask.Act == policy.AttachmentOriginal); err != nil || f.Author == ask.Person {
			return err
		}
		digest := a.Digest
		if part == attachment.Shown {
			digest = a.Copy.Digest
		}
		if err := f.opened(ctx, tx, ask, opening.Attachment, id); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "attachment", id, f.Case, digest)
	})
	return a, part, err
}
