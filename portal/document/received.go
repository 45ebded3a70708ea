package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/google/uuid"

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
// key now. fault.Invalid: it does not count; fault.Unavailable: the authority is silent.
func VerifyReceived(ctx context.Context, db *vault.DB, v *eds.Verifier, at, signed time.Time, pdf, cms []byte) (Received, error) {
	out := Received{Content: pdf, CMS: cms}
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) > MaxUpload {
		return out, fault.New(fault.Invalid, "fault.register-pdf").At("pdf")
	}
	then := at
	if old := at.Sub(signed) > window; old {
		then = signed
	}
	var err error
	if out.signer, err = v.Document(ctx, cms, pdf, then); err != nil {
		return out, identity.Unsigned(err)
	}
	if out.signer.Role != eds.Individual {
		return out, fault.New(fault.Invalid, "fault.eds.organisation").At("cms")
	}
	if out.signer.Revocation == eds.Pending && !then.Equal(at) {
		if out.signer.Revocation, err = v.Confirm(ctx, out.signer.Evidence, at); err != nil {
			return out, identity.Unsigned(err)
		}
	}
	switch out.signer.Revocation {
	case eds.Pending:
		return out, fault.New(fault.Unavailable, "fault.eds.revocation-unreachable")
	case eds.Refuted:
		return out, fault.New(fault.Invalid, "fault.eds.revoked").At("cms")
	}
	out.Signer = identity.IDOf(db, out.signer.IIN)
	return out, nil
}

const insertReceived = `
INSERT INTO document (id, casefile, kind, language, author, content, size, digest, made_at, cms, signer, signed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $5, $11)`

// Receive keeps a paper that was signed elsewhere, with its signature and what proves it.
// Nothing is opened for that. Of d the id, the case, the kind, the language, MadeAt and For
// count; at is when the portal took it.
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
