package filing

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// opened keeps that somebody else than its author opens a paper of a filing. Who
// files sees it, and the officials; no other participant learns of it.
func (f Filing) opened(ctx context.Context, tx *vault.DB, ask policy.Ask, object opening.Object, document uuid.UUID) error {
	if f.Author == ask.Person && object != opening.Answer || f.OfReport() { // of no case: its history says who opened it
		return nil
	}
	return opening.Keep(ctx, tx, ask, f.view(object, document))
}

// shown is opened for a page of a filing that leaves no act of its own.
func (f Filing) shown(ctx context.Context, tx *vault.DB, ask policy.Ask) error {
	if f.Author == ask.Person {
		return nil
	}
	if f.OfReport() {
		return ledger.Step(ctx, tx.DB, ask, "filing", f.ID, uuid.Nil, nil)
	}
	return opening.Show(ctx, tx, ask, f.view(opening.Filing, uuid.Nil))
}

func (f Filing) view(object opening.Object, document uuid.UUID) opening.Opening {
	return opening.Opening{
		Case: f.Case, As: f.Standing, Object: object, ObjectID: f.ID, Document: document, Owner: f.Author,
	}
}

// openPaper opens a paper of a filing, which names it for a reader who found the
// filing. One that is not signed is its writer's alone; reading another's leaves a
// record.
func openPaper(ctx context.Context, db *vault.DB, ask policy.Ask, object opening.Object, id uuid.UUID, which func(tx *vault.DB, f Filing) (uuid.UUID, error)) (Filing, document.Document, error) {
	var f Filing
	var doc document.Document
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if err := opening.Hold(ctx, tx, ask, object, id); err != nil {
			return err
		}
		if f, err = Read(ctx, tx, ask, id); err != nil {
			return err
		}
		paper, err := which(tx, f)
		if err != nil {
			return err
		}
		if doc, err = document.Fetch(ctx, tx, paper); err != nil || doc.Author == ask.Person {
			return err
		}
		if !doc.Signed() {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		if err := f.opened(ctx, tx, ask, object, doc.ID); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, doc.Digest)
	})
	return f, doc, err
}
