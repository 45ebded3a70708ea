// Package evidence keeps what proved each accepted signature at the moment it
// was received (eds.Evidence), sealed, one row to a signature: of a document, or
// of a sign-in. From it alone the signature is proved again years later
// (security/THREATS S30). A filing that came while the authority could not be
// reached is asked about again by a job (S19).
package evidence

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/job"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Kept is the evidence of one signature.
type Kept struct {
	Revocation eds.Revocation
	ReceivedAt time.Time
	KnownAt    time.Time // when the revocation became known; zero while Pending
	Evidence   *eds.Evidence
}

// bundleAt is with the paper it proves: in its case. What proves a sign-in, or a paper
// of the directory of officials, is the signer's.
func bundleAt(id, casefile, person uuid.UUID) vault.Where {
	return vault.Where{Table: "evidence", Column: "bundle", ID: id}.Theirs(casefile, person)
}

const insertEvidence = `
INSERT INTO evidence (id, document, person, bundle, digest, revocation, received_at, known_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

// KeepSignIn keeps what proved a sign-in, under the id of its challenge.
func KeepSignIn(ctx context.Context, tx *vault.DB, challenge, person uuid.UUID, signer eds.Signer, at time.Time) error {
	return keep(ctx, tx, challenge, uuid.NullUUID{}, uuid.Nil, person, signer, at)
}

// KeepDocument keeps what proved the signature of a document, and has the
// authority asked again where it was not reached or not clear enough. casefile is zero
// for a paper of the directory of officials.
func KeepDocument(ctx context.Context, tx *vault.DB, document, casefile, person uuid.UUID, signer eds.Signer, at time.Time) error {
	if err := keep(ctx, tx, document, uuid.NullUUID{UUID: document, Valid: true}, casefile, person, signer, at); err != nil {
		return err
	}
	if signer.Revocation != eds.Pending && signer.Revocation != eds.Listed {
		return nil
	}
	return job.AddOnce(ctx, tx.DB, ConfirmJob+"/"+document.String(), ConfirmJob, at.Add(soon), job.Args{"evidence": document})
}

// soon is when the authority is asked for the second time. The job is tried
// again, later each time, for about a day.
const soon = time.Minute

func keep(ctx context.Context, tx *vault.DB, id uuid.UUID, document uuid.NullUUID, casefile, person uuid.UUID, signer eds.Signer, at time.Time) error {
	sealed, digest, err := seal(tx, bundleAt(id, casefile, person), signer.Evidence)
	if err != nil {
		return err
	}
	var known *time.Time
	if signer.Revocation != eds.Pending {
		known = &at
	}
	return tx.Exec(ctx, insertEvidence, id, document, person, sealed, digest, signer.Revocation, at, known)
}

func seal(tx *vault.DB, where vault.Where, e *eds.Evidence) (sealed, digest []byte, err error) {
	bundle, err := e.Bundle()
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(bundle)
	sealed, err = tx.Seal(where, bundle)
	return sealed, sum[:], err
}

type row struct {
	Document   uuid.NullUUID  `db:"document"`
	Casefile   uuid.NullUUID  `db:"casefile"`
	Person     uuid.UUID      `db:"person"`
	Bundle     []byte         `db:"bundle"`
	Revocation eds.Revocation `db:"revocation"`
	ReceivedAt time.Time      `db:"received_at"`
	KnownAt    *time.Time     `db:"known_at"`
}

const selectEvidence = `
SELECT e.document, d.casefile, e.person, e.bundle, e.revocation, e.received_at, e.known_at
  FROM evidence e
  LEFT JOIN document d ON d.id = e.document
 WHERE e.id = $1`

const lockEvidence = selectEvidence + `
   FOR UPDATE OF e`

// Fetch opens the evidence of a document that the caller reached through the
// asker; NotFound where there is none.
func Fetch(ctx context.Context, db *vault.DB, document uuid.UUID) (Kept, error) {
	var r row
	if err := db.Get(ctx, &r, selectEvidence, document); err != nil {
		return Kept{}, err
	}
	return r.open(ctx, db, document)
}

func (r row) open(ctx context.Context, db *vault.DB, id uuid.UUID) (Kept, error) {
	k := Kept{Revocation: r.Revocation, ReceivedAt: r.ReceivedAt}
	if r.KnownAt != nil {
		k.KnownAt = *r.KnownAt
	}
	bundle, err := db.Open(ctx, bundleAt(id, r.Casefile.UUID, r.Person), r.Bundle)
	if err != nil {
		return k, err
	}
	k.Evidence, err = eds.ReadBundle(bundle)
	return k, err
}

// ConfirmJob is the name of the job that asks the authority again.
const ConfirmJob = "signature-confirm"

const updateEvidence = `
UPDATE evidence SET bundle = $2, digest = $3, revocation = $4, known_at = $5 WHERE id = $1`

// Confirm asks the authority again about a signature whose revocation is not
// known, or known by a long list only. While there is no answer it fails, and
// the job is tried again. It is the portal's own act.
func Confirm(ctx context.Context, tx *vault.DB, v *eds.Verifier, id uuid.UUID, at time.Time) error {
	var r row
	if err := tx.Get(ctx, &r, lockEvidence, id); err != nil {
		return err
	}
	if r.Revocation != eds.Pending && r.Revocation != eds.Listed {
		return nil
	}
	k, err := r.open(ctx, tx, id)
	if err != nil {
		return err
	}
	state, err := v.Confirm(ctx, k.Evidence, at)
	if err != nil || state != eds.Good && state != eds.Refuted {
		return fault.New(fault.Unavailable, "fault.eds.revocation-unreachable").Because(err)
	}
	sealed, digest, err := seal(tx, bundleAt(id, r.Casefile.UUID, r.Person), k.Evidence)
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, updateEvidence, id, sealed, digest, state, at); err != nil {
		return err
	}
	return ledger.Record(ctx, tx.DB, ledger.Entry{
		At: at, Act: string(policy.SignatureConfirm), Object: "document", ID: r.Document.UUID, Casefile: r.Casefile.UUID, Digest: digest,
	})
}
