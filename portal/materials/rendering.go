package materials

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/job"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// RenderJob is the name of the job that draws the pages of a material.
const RenderJob = "material-render"

// batch is how many pages are drawn in one transaction, which is short so.
const batch = 12

func smallAt(casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "material_page", Column: "small", ID: id, Case: casefile}
}

func sharpAt(casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "material_page", Column: "sharp", ID: id, Case: casefile}
}

func wordsAt(casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "material_page", Column: "words", ID: id, Case: casefile}
}

const countPages = `
SELECT count(*) FROM material_page WHERE material = $1`

const insertPage = `
INSERT INTO material_page (id, material, number, small, size, width, height, sharp, sharp_size, words)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

const setState = `
UPDATE material SET state = $2 WHERE id = $1`

// Render draws the next pages of a material, and has the rest drawn by a job after
// this one. A file that cannot be drawn is marked so, for the investigator to bring
// another; that is no failure of the job. A material that is gone is left alone.
func Render(ctx context.Context, tx *vault.DB, id uuid.UUID, at time.Time) error {
	var row materialRow
	err := tx.Get(ctx, &row, lockMaterial, id)
	if errors.Is(err, fault.NotFound) || err == nil && row.State != Rendering {
		return nil
	}
	if err != nil {
		return err
	}
	if row.Part == InList || len(row.Flags) > 0 { // nobody will read it here: no picture of a secret is made
		if err := tx.Exec(ctx, setState, id, Ready); err != nil {
			return err
		}
		return rendered(ctx, tx, row, id, at)
	}
	var done int
	if err := tx.Get(ctx, &done, countPages, id); err != nil {
		return err
	}
	doc, err := document.Fetch(ctx, tx, row.Document)
	if err != nil {
		return err
	}
	last := min(done+batch, row.Sheets)
	sheets, err := draw(ctx, doc.Content, done+1, last)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, errUnreadable) {
		if err := tx.Exec(ctx, setState, id, Unreadable); err != nil {
			return err
		}
		return rendered(ctx, tx, row, id, at)
	}
	if err != nil {
		return err
	}
	for i, s := range sheets {
		if err := keepPage(ctx, tx, row.Case, id, done+1+i, s); err != nil {
			return err
		}
	}
	if last == row.Sheets {
		if err := tx.Exec(ctx, setState, id, Ready); err != nil {
			return err
		}
	} else if err := job.AddFor(ctx, tx, at, job.New{Name: RenderJob, At: at, Args: job.Args{"material": id}}); err != nil {
		return err
	}
	return rendered(ctx, tx, row, id, at)
}

// rendered is the portal's own act: it answers for the pictures.
func rendered(ctx context.Context, tx *vault.DB, row materialRow, id uuid.UUID, at time.Time) error {
	return ledger.Step(ctx, tx.DB, policy.Ask{Act: policy.MaterialRender, At: at}, "material", id, row.Case, nil)
}

func keepPage(ctx context.Context, tx *vault.DB, casefile, material uuid.UUID, number int, s sheet) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	var errs [3]error
	var small, sharp, words []byte
	small, errs[0] = tx.Seal(smallAt(casefile, id), s.small)
	sharp, errs[1] = tx.Seal(sharpAt(casefile, id), s.sharp)
	if s.words != "" {
		words, errs[2] = tx.SealText(wordsAt(casefile, id), s.words)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	return tx.Exec(ctx, insertPage, id, material, number, small, len(s.small), s.width, s.height, sharp, len(s.sharp), words)
}
