// Package evidence keeps what proved each accepted signature at the moment it
// was received (eds.Evidence), sealed, one row to a signature: of a document, or
// of a sign-in. From it alone the signature is proved again years later
// (security/THREATS S30). A filing that came while the authority could not be
// reached is asked about again by a job (S19).
package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
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

// bundleAt is with the paper it proves: in its case, or with those of officials. What
// proves a sign-in is the signer's own.
func bundleAt(id uuid.UUID, document uuid.NullUUID, home vault.Home, person uuid.UUID) vault.Where {
	where := vault.Where{Table: "evidence", Column: "bundle", ID: id}
	if !document.Valid {
		return where.Own(person)
	}
	return where.In(home)
}

// Place is where the evidence of a document's signature lies, for who opens it without
// the portal.
func Place(document uuid.UUID, home vault.Home) vault.Where {
	return bundleAt(document, uuid.NullUUID{UUID: document, Valid: true}, home, uuid.Nil)
}

const insertEvidence = `
INSERT INTO evidence (id, document, person, bundle, digest, revocation, received_at, known_at, signature, stamped, algorithm, stamped_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

// KeepSignIn keeps what proved a sign-in, under the id of its challenge.
func KeepSignIn(ctx context.Context, tx *vault.DB, challenge, person uuid.UUID, signer eds.Signer, at time.Time) error {
	return keep(ctx, tx, challenge, uuid.NullUUID{}, vault.Home{}, person, signer, at, nil)
}

// KeepDocument keeps what proved the signature of a document, and has the
// authority asked again where it was not reached or not clear enough. also are those
// who open the document by their own right.
func KeepDocument(ctx context.Context, tx *vault.DB, document uuid.UUID, home vault.Home, person uuid.UUID, signer eds.Signer, at time.Time, also ...uuid.UUID) error {
	of := uuid.NullUUID{UUID: document, Valid: true}
	if err := keep(ctx, tx, document, of, home, person, signer, at, also); err != nil {
		return err
	}
	if signer.Revocation != eds.Pending && signer.Revocation != eds.Listed {
		return nil
	}
	return job.AddFor(ctx, tx, at, job.New{
		Key: ConfirmJob + "/" + document.String(), Name: ConfirmJob, At: at.Add(soon), Args: job.Args{"evidence": document},
		Opens: []vault.Where{bundleAt(document, of, home, person)},
	})
}

// soon is when the authority is asked for the second time. The job is tried
// again, later each time, for about a day.
const soon = time.Minute

func keep(ctx context.Context, tx *vault.DB, id uuid.UUID, document uuid.NullUUID, home vault.Home, person uuid.UUID, signer eds.Signer, at time.Time, also []uuid.UUID) error {
	r, err := rowOf(id, person, signer, at, func(bundle []byte) ([]byte, error) {
		return tx.Seal(bundleAt(id, document, home, person), bundle, also...)
	})
	if err != nil {
		return err
	}
	return tx.Exec(ctx, insertEvidence, id, document, person, r.bundle, r.digest, signer.Revocation, at, r.known, r.signature, r.stamped, signer.Algorithm, r.stampedAt)
}

// Ready is the evidence of the signature of a document, sealed and not kept yet.
type Ready struct {
	id         uuid.UUID
	person     uuid.UUID
	bundle     []byte
	digest     []byte
	revocation eds.Revocation
	at         time.Time
	known      *time.Time
	signature  []byte
	stamped    []byte
	algorithm  string
	stampedAt  *time.Time
}

// rowOf makes the row of a signature received at at.
func rowOf(id, person uuid.UUID, signer eds.Signer, at time.Time, seal func([]byte) ([]byte, error)) (r Ready, err error) {
	r = Ready{id: id, person: person, revocation: signer.Revocation, at: at, algorithm: signer.Algorithm}
	bundle, err := signer.Evidence.Bundle()
	if err != nil {
		return r, err
	}
	sum := sha256.Sum256(bundle)
	r.digest = sum[:]
	if r.bundle, err = seal(bundle); err != nil {
		return r, err
	}
	if r.signature, r.stamped, err = prints(signer.Evidence); err != nil {
		return r, err
	}
	if !signer.ProvenAt.IsZero() {
		r.stampedAt = &signer.ProvenAt
	}
	if signer.Revocation != eds.Pending {
		r.known = &r.at
	}
	return r, nil
}

// Prepare seals what proved the signature of a document of a case, for KeepAll. The
// authority has said clearly that the key is good: nothing is to be asked again. False:
// it has not, and KeepDocument takes it.
func Prepare(pack *vault.Pack, document uuid.UUID, home vault.Home, person uuid.UUID, signer eds.Signer, at time.Time) (Ready, bool, error) {
	if signer.Revocation == eds.Pending || signer.Revocation == eds.Listed {
		return Ready{}, false, nil
	}
	where := bundleAt(document, uuid.NullUUID{UUID: document, Valid: true}, home, person)
	r, err := rowOf(document, person, signer, at, func(bundle []byte) ([]byte, error) { return pack.Seal(where, bundle) })
	return r, err == nil, err
}

const insertEvidences = `
INSERT INTO evidence (id, document, person, bundle, digest, revocation, received_at, known_at, signature, stamped, algorithm, stamped_at)
SELECT x.id, x.id, x.person, substring(CAST($1 AS bytea) FROM x.at FOR x.size), substring(CAST($2 AS bytea) FROM 96 * x.n - 95 FOR 32), x.revocation, x.received, x.received,
       substring($2 FROM 96 * x.n - 63 FOR 32), substring($2 FROM 96 * x.n - 31 FOR 32), x.algorithm, x.stamped_at
  FROM (SELECT u.*, CAST(i AS int) AS n
          FROM unnest(CAST($3 AS int[]), CAST($4 AS int[]), CAST($5 AS uuid[]), CAST($6 AS uuid[]), CAST($7 AS text[]), CAST($8 AS timestamptz[]), CAST($9 AS text[]), CAST($10 AS timestamptz[]))
               WITH ORDINALITY AS u(at, size, id, person, revocation, received, algorithm, stamped_at, i)) AS x`

// KeepAll is KeepDocument for many. Each is one protected row, under the id of its document.
func KeepAll(ctx context.Context, tx *vault.DB, all []Ready) error {
	var bundles database.Blobs
	var prints []byte
	var ids, people, revocations, algorithms pq.StringArray
	received, stamped := make([]time.Time, len(all)), make([]*time.Time, len(all))
	for i, r := range all {
		bundles.Add(r.bundle)
		prints = append(append(append(prints, r.digest...), r.signature...), r.stamped...)
		ids, people = append(ids, r.id.String()), append(people, r.person.String())
		revocations, algorithms = append(revocations, string(r.revocation)), append(algorithms, r.algorithm)
		received[i], stamped[i] = r.at, r.stampedAt
	}
	return tx.Exec(ctx, insertEvidences, bundles.All, prints, bundles.At, bundles.Size, ids, people, revocations, database.Times(received), algorithms, database.MaybeTimes(stamped))
}

// prints are the SHA-256 of the signature as it came, and as it is given out, with the
// time-stamp that the portal had put beside it: by them it is known again when somebody
// brings it, and nothing has to be opened.
func prints(e *eds.Evidence) (signature, stamped []byte, err error) {
	with, err := e.Stamped()
	if err != nil {
		return nil, nil, err
	}
	one := sha256.Sum256(Bare(e.CMS))
	if e.Token == nil { // it is given out as it came
		return one[:], one[:], nil
	}
	two := sha256.Sum256(Bare(with))
	return one[:], two[:], nil
}

// Bare takes off the text that a signature may be wrapped in. What cannot be unwrapped
// stays as it is.
func Bare(cms []byte) []byte {
	if block, _ := pem.Decode(cms); block != nil {
		return block.Bytes
	}
	text := bytes.Join(bytes.Fields(cms), nil)
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	if n, err := base64.StdEncoding.Decode(raw, text); err == nil {
		return raw[:n]
	}
	return cms
}

func seal(tx *vault.DB, where vault.Where, e *eds.Evidence, also []uuid.UUID) (sealed, digest []byte, err error) {
	bundle, err := e.Bundle()
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(bundle)
	sealed, err = tx.Seal(where, bundle, also...)
	return sealed, sum[:], err
}

type row struct {
	Document   uuid.NullUUID  `db:"document"`
	Casefile   uuid.NullUUID  `db:"casefile"`
	Body       uuid.NullUUID  `db:"body"`
	Person     uuid.UUID      `db:"person"`
	Bundle     []byte         `db:"bundle"`
	Revocation eds.Revocation `db:"revocation"`
	ReceivedAt time.Time      `db:"received_at"`
	KnownAt    *time.Time     `db:"known_at"`
}

func (r row) home() vault.Home { return vault.HomeOf(r.Casefile.UUID, r.Body.UUID) }

const selectEvidence = `
SELECT e.document, d.casefile, d.body, e.person, e.bundle, e.revocation, e.received_at, e.known_at
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

// Public is what anybody who holds the number of a document may know of its signature.
// All of it stands in clear; it names nobody.
type Public struct {
	Revocation eds.Revocation `db:"revocation"`
	ReceivedAt time.Time      `db:"received_at"`
	KnownAt    *time.Time     `db:"known_at"`
	Algorithm  string         `db:"algorithm"`
	StampedAt  *time.Time     `db:"stamped_at"`
	Signature  []byte         `db:"signature"` // SHA-256 of it
	Stamped    []byte         `db:"stamped"`   // SHA-256 of it with its time-stamp
}

const selectPublic = `
SELECT revocation, received_at, known_at, algorithm, stamped_at, signature, stamped
  FROM evidence
 WHERE id = $1 AND document = id`

// ReadPublic reads it; NotFound where no signature is kept.
func ReadPublic(ctx context.Context, db *vault.DB, document uuid.UUID) (p Public, err error) {
	err = db.Get(ctx, &p, selectPublic, document)
	return p, err
}

// Is tells whether a signature that somebody brought is the one that is kept.
func (p Public) Is(cms []byte) bool {
	sum := sha256.Sum256(Bare(cms))
	return bytes.Equal(sum[:], p.Signature) || bytes.Equal(sum[:], p.Stamped)
}

func (r row) open(ctx context.Context, db *vault.DB, id uuid.UUID) (Kept, error) {
	k := Kept{Revocation: r.Revocation, ReceivedAt: r.ReceivedAt}
	if r.KnownAt != nil {
		k.KnownAt = *r.KnownAt
	}
	bundle, err := db.Open(ctx, bundleAt(id, r.Document, r.home(), r.Person), r.Bundle)
	if err != nil {
		return k, err
	}
	k.Evidence, err = eds.ReadBundle(bundle)
	return k, err
}

// ConfirmJob is the name of the job that asks the authority again.
const ConfirmJob = "signature-confirm"

const updateEvidence = `
UPDATE evidence SET bundle = $2, digest = $3, revocation = $4, known_at = $5, stamped = $6 WHERE id = $1`

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
	sealed, digest, err := seal(tx, bundleAt(id, r.Document, r.home(), r.Person), k.Evidence, vault.Readers(r.Bundle))
	if err != nil {
		return err
	}
	_, stamped, err := prints(k.Evidence)
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, updateEvidence, id, sealed, digest, state, at, stamped); err != nil {
		return err
	}
	return ledger.Record(ctx, tx.DB, ledger.Entry{
		At: at, Act: string(policy.SignatureConfirm), Object: "document", ID: r.Document.UUID, Casefile: r.Casefile.UUID, Digest: digest,
	})
}
