package report

import (
	"context"
	"io"
	"slices"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Files beside a report (CPC 181(1): what proves it goes with it). They are sealed for the
// body from the start, and for their author by his own right: what is sealed is bound to
// its place to the last byte, so to seal a hundred megabytes anew when the report is
// signed would keep its author waiting for minutes. So the body is asked for before the
// first file, and does not change while there is one. Until the report is registered
// nobody but its author finds the rows.

// Files are those beside a report, for whoever may read it; its author sees in a draft
// those that are on their way as well. That an official was here is a look at the report.
func Files(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (r Report, a Answers, all []attachment.Attachment, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		if r, a, err = Open(ctx, tx, ask, id); err != nil {
			return err
		}
		if all, err = attachment.Of(ctx, tx, id); err != nil || r.Status == Draft || r.Author == ask.Person {
			return err
		}
		return look(ctx, tx, ask, id)
	})
	return r, a, all, err
}

const countFiles = `
SELECT count(*) FROM attachment WHERE report = $1`

// fileless refuses where files are sealed for the body already.
func fileless(ctx context.Context, tx *vault.DB, id uuid.UUID) error {
	var n int
	if err := tx.Get(ctx, &n, countFiles, id); err != nil || n == 0 {
		return err
	}
	return fault.New(fault.Invalid, "fault.report-files").At("body")
}

// enclose puts the list of files into a paper, before what is asked and the warning.
func enclose(ctx context.Context, tx *vault.DB, press document.Press, s *document.Sheet, d document.Document, id uuid.UUID) error {
	listed, err := attachment.Enclosed(ctx, tx, press.Words.In(d.Language), id)
	if err == nil {
		s.Sections = slices.Insert(s.Sections, len(s.Sections)-2, listed...)
	}
	return err
}

const unprintReport = `
UPDATE report SET document = NULL, body = NULL, saved_at = $2 WHERE id = $1 AND status = 'draft'`

// filesOf is a draft of the asker's as files come to it. A change of them makes its paper
// one that is not of this report any more.
func filesOf(ask policy.Ask, id, body uuid.UUID) attachment.Draft {
	var r Report
	return attachment.Draft{
		Lock: func(ctx context.Context, tx *vault.DB) error {
			now, a, err := lockDraft(ctx, tx, ask, id)
			if err != nil {
				return err
			}
			if r = now; a.Body != body {
				return fault.New(fault.Conflict, "fault.not-now")
			}
			return nil
		},
		Changed: func(ctx context.Context, tx *vault.DB, a attachment.Attachment) error {
			if err := tx.Exec(ctx, unprintReport, id, ask.At); err != nil {
				return err
			}
			if err := dropPaper(ctx, tx, r); err != nil {
				return err
			}
			return ledger.Step(ctx, tx.DB, ask, "attachment", a.ID, uuid.Nil, a.Digest)
		},
	}
}

// taking is the draft that files are to be added to; its body must be chosen.
func taking(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (attachment.Draft, attachment.Beside, error) {
	r, a, err := Open(ctx, db, ask, id)
	switch {
	case err != nil:
		return attachment.Draft{}, attachment.Beside{}, err
	case r.Status != Draft:
		return attachment.Draft{}, attachment.Beside{}, fault.New(fault.Conflict, "fault.not-now")
	case a.Body == uuid.Nil:
		return attachment.Draft{}, attachment.Beside{}, fault.New(fault.Conflict, "fault.not-now")
	}
	return filesOf(ask, id, a.Body), attachment.Beside{Report: id, Body: a.Body}, nil
}

// BeginFile makes room for a file that is about to be sent beside n.Report.
func BeginFile(ctx context.Context, db *vault.DB, ask policy.Ask, n attachment.New) (attachment.Attachment, error) {
	d, beside, err := taking(ctx, db, ask, n.Report)
	if err != nil {
		return attachment.Attachment{}, err
	}
	n.Beside = beside
	return d.Begin(ctx, db, ask, n)
}

// AddFile is all of it at once, as a form sends a file.
func AddFile(ctx context.Context, db *vault.DB, s *attachment.Scanner, ask policy.Ask, n attachment.New, file io.Reader) error {
	d, beside, err := taking(ctx, db, ask, n.Report)
	if err != nil {
		return err
	}
	n.Beside = beside
	return d.Add(ctx, db, s, ask, n, file)
}

// file is one with the report it lies beside, fetched through the asker.
func file(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Report, attachment.Attachment, error) {
	a, err := attachment.Fetch(ctx, db, id)
	if err != nil {
		return Report{}, a, err
	}
	r, err := Read(ctx, db, ask, a.Report)
	return r, a, err
}

// FileState tells how much of a file has come.
func FileState(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (attachment.Attachment, error) {
	_, a, err := file(ctx, db, ask, id)
	return a, err
}

// PutFile takes the piece of a file that begins at an offset.
func PutFile(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, offset int64, piece []byte) (attachment.Attachment, error) {
	_, a, err := file(ctx, db, ask, id)
	if err != nil {
		return a, err
	}
	return filesOf(ask, a.Report, a.Body).Put(ctx, db, id, offset, piece)
}

// FinishFile examines a file that has come whole and makes it a part of the draft. One
// that cannot be taken is gone, and the error says why.
func FinishFile(ctx context.Context, db *vault.DB, s *attachment.Scanner, ask policy.Ask, id uuid.UUID) (attachment.Attachment, error) {
	r, a, err := file(ctx, db, ask, id)
	if err != nil || a.Taken() {
		return a, err
	}
	if r.Status != Draft {
		return a, fault.New(fault.Conflict, "fault.not-now")
	}
	return filesOf(ask, a.Report, a.Body).Finish(ctx, db, s, ask, a)
}

// RemoveFile takes a file away from a draft; it answers whose it was.
func RemoveFile(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (uuid.UUID, error) {
	_, a, err := file(ctx, db, ask, id)
	if err != nil {
		return uuid.Nil, err
	}
	return a.Report, filesOf(ask, a.Report, a.Body).Remove(ctx, db, a)
}

// OpenFile lets a reader have a file: the copy that is for others' eyes or, where his act
// says so, the original. Each opening by an official leaves a record with his name. What
// the scanner has not seen opens to its author alone, what it found something in to nobody.
func OpenFile(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (a attachment.Attachment, part attachment.Part, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		_, found, err := file(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		a = found
		if part, err = a.For(ask.Person, ask.Act == policy.AttachmentOriginal); err != nil || a.Author == ask.Person {
			return err
		}
		digest := a.Digest
		if part == attachment.Shown {
			digest = a.Copy.Digest
		}
		return ledger.Step(ctx, tx.DB, ask, "attachment", id, uuid.Nil, digest)
	})
	return a, part, err
}
