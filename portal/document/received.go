package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/evidence"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/vault"
)

// Received is a paper that was signed elsewhere, with its signature verified here.
type Received struct {
	Signer  uuid.UUID // the person, by the IIN of his certificate
	Content []byte
	CMS     []byte

	signer eds.Signer
}

// window is how old a signature may be and still count as one that is being made: within
// what eds takes for a signer's clock.
const window = 23 * time.Hour

// VerifyReceived verifies the signature of one person over a PDF that was made and signed
// elsewhere at signed. An older one is judged as of its day, and the authority is asked about the
// key now. fault.Invalid: it does not count; fault.Unavailable: the authority is silent, or
// nobody had time to look at the file.
func VerifyReceived(ctx context.Context, db *vault.DB, by eds.Receiver, at, signed time.Time, pdf, cms []byte) (Received, error) {
	out := Received{Content: pdf, CMS: cms}
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) > MaxUpload {
		return out, fault.New(fault.Invalid, "fault.register-pdf").At("pdf")
	}
	then := at
	if old := at.Sub(signed) > window; old {
		then = signed
	}
	var err error
	if out.signer, err = by.Received(ctx, cms, pdf, then, at); err != nil {
		return out, identity.Unsigned(err)
	}
	if out.signer.Role != eds.Individual {
		return out, fault.New(fault.Invalid, "fault.eds.organisation").At("cms")
	}
	if out.signer.Revocation == eds.Pending {
		return out, fault.New(fault.Unavailable, "fault.eds.revocation-unreachable")
	}
	out.Signer = identity.IDOf(db, out.signer.IIN)
	return out, readable(pdf)
}

// readable refuses what a participant could not open: his opening starts a term. What comes
// in a file of a million is looked at no less than what is uploaded, for it starts the same
// terms: it takes half as long again for papers of 50 KB, and starts no process.
func readable(pdf []byte) error {
	err := CheckUpload(pdf)
	var bad *BadPDF
	switch {
	case errors.As(err, &bad):
		return fault.New(fault.Invalid, "fault.register-pdf").At("pdf").Because(err)
	case err != nil:
		return fault.New(fault.Unavailable, "fault.closed-for-now").Because(err)
	}
	return nil
}

const insertReceived = `
INSERT INTO document (id, casefile, kind, language, author, content, size, digest, made_at, cms, signer, signed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $5, $11)`

// Receive keeps a paper that was signed elsewhere, with its signature and what proves it.
// Nothing is opened for that. It has no nonce and was no draft here: by that the feed knows
// that it came, and does not send it back. Of d the id, the case, the kind, the language,
// MadeAt and For count; at is when the portal took it.
func Receive(ctx context.Context, tx *vault.DB, d *Document, r Received, at time.Time) error {
	sum := sha256.Sum256(r.Content)
	d.Content, d.CMS, d.Digest = r.Content, r.CMS, sum[:]
	d.Author, d.Signer, d.SignedAt = r.Signer, r.Signer, at
	content, err := tx.Seal(d.at("content"), d.Content, d.readers()...)
	if err != nil {
		return err
	}
	cms, err := tx.Seal(d.at("cms"), d.CMS, d.readers()...)
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, insertReceived, d.ID, orNone(d.Casefile), d.Kind, d.Language, d.Author, content, len(d.Content), d.Digest, d.MadeAt, cms, at); err != nil {
		return err
	}
	return evidence.KeepDocument(ctx, tx, d.ID, d.home(), d.Signer, r.signer, at, slices.Clone(d.readers())...)
}

// Ready is a paper of a case that was signed elsewhere, sealed and not kept yet.
type Ready struct {
	Document
	content, cms []byte // sealed
	evidence     evidence.Ready
}

// Prepare seals a paper for ReceiveAll; of d and at holds what Receive says. It is of a
// case, and nobody opens it by a right of his own. False: Receive takes it.
func (r Received) Prepare(pack *vault.Pack, d Document, at time.Time) (out Ready, good bool, err error) {
	if len(d.readers()) > 0 || d.Casefile == uuid.Nil {
		return out, false, nil
	}
	sum := sha256.Sum256(r.Content)
	d.Content, d.CMS, d.Digest = r.Content, r.CMS, sum[:]
	d.Author, d.Signer, d.SignedAt = r.Signer, r.Signer, at
	out.Document = d
	if out.content, err = pack.Seal(d.at("content"), d.Content); err != nil {
		return out, false, err
	}
	if out.cms, err = pack.Seal(d.at("cms"), d.CMS); err != nil {
		return out, false, err
	}
	out.evidence, good, err = evidence.Prepare(pack, d.ID, d.home(), d.Signer, r.signer, at)
	return out, good, err
}

const insertReceivedAll = `
INSERT INTO document (id, casefile, kind, language, author, content, size, digest, made_at, cms, signer, signed_at)
SELECT x.id, x.casefile, x.kind, x.language, x.author, substring(CAST($1 AS bytea) FROM x.at FOR x.bytes), x.size, substring(CAST($2 AS bytea) FROM 32 * x.n - 31 FOR 32), x.made,
       substring($1 FROM x.cms_at FOR x.cms_bytes), x.author, x.signed
  FROM (SELECT u.*, CAST(i AS int) AS n
          FROM unnest(CAST($3 AS int[]), CAST($4 AS int[]), CAST($5 AS int[]), CAST($6 AS int[]), CAST($7 AS uuid[]), CAST($8 AS uuid[]), CAST($9 AS text[]), CAST($10 AS text[]),
                      CAST($11 AS uuid[]), CAST($12 AS int[]), CAST($13 AS timestamptz[]), CAST($14 AS timestamptz[]))
               WITH ORDINALITY AS u(at, bytes, cms_at, cms_bytes, id, casefile, kind, language, author, size, made, signed, i)) AS x`

// ReceiveAll is Receive for many. Each leaves two protected rows, a document and an
// evidence, both under its id.
func ReceiveAll(ctx context.Context, tx *vault.DB, all []Ready) error {
	var papers, signatures database.Blobs
	var digests []byte
	var ids, cases, kinds, languages, authors pq.StringArray
	var sizes pq.Int32Array
	made, signed := make([]time.Time, len(all)), make([]time.Time, len(all))
	proofs := make([]evidence.Ready, len(all))
	for i, r := range all {
		papers.Add(r.content)
		digests = append(digests, r.Digest...)
		ids, cases, authors = append(ids, r.ID.String()), append(cases, r.Casefile.String()), append(authors, r.Author.String())
		kinds, languages, sizes = append(kinds, string(r.Kind)), append(languages, r.Language), append(sizes, int32(len(r.Content)))
		made[i], signed[i], proofs[i] = r.MadeAt, r.SignedAt, r.evidence
	}
	signatures.All = papers.All // one after another in the same bytes
	for _, r := range all {
		signatures.Add(r.cms)
	}
	if err := tx.Exec(ctx, insertReceivedAll, signatures.All, digests, papers.At, papers.Size, signatures.At, signatures.Size, ids, cases, kinds, languages, authors, sizes,
		database.Times(made), database.Times(signed)); err != nil {
		return err
	}
	return evidence.KeepAll(ctx, tx, proofs)
}
