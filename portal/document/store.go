package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// Kind is what a document is; schema.sql lists the same.
type Kind string

// The kinds of documents.
const (
	Petition              Kind = "petition"
	ComplaintToProsecutor Kind = "complaint-prosecutor"
	Withdrawal            Kind = "withdrawal"
	Answer                Kind = "answer"
	Decision              Kind = "decision"
)

// Document is a paper of the portal and, once it is signed, the signature.
type Document struct {
	ID       uuid.UUID
	Casefile uuid.UUID
	Kind     Kind
	Language string // kk or ru
	Author   uuid.UUID
	Content  []byte // PDF
	Digest   []byte // SHA-256 of Content
	MadeAt   time.Time
	Signer   uuid.UUID // zero while unsigned
	SignedAt time.Time
	CMS      []byte
}

// Signed tells whether it bears its author's signature.
func (d Document) Signed() bool { return !d.SignedAt.IsZero() }

// Press prints documents: the words of both languages and the address that the
// code on a document leads to.
type Press struct {
	Words  *words.Book
	Origin string // https://…, without a slash
}

// VerifyURL is where anybody can check a document.
func (p Press) VerifyURL(language string, id uuid.UUID) string {
	return p.Origin + "/" + language + "/verify/" + id.String()
}

func contentAt(id uuid.UUID) vault.Where {
	return vault.Where{Table: "document", Column: "content", ID: id}
}

func cmsAt(id uuid.UUID) vault.Where {
	return vault.Where{Table: "document", Column: "cms", ID: id}
}

const insertDocument = `
INSERT INTO document (id, casefile, kind, language, author, content, size, digest, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// Add keeps a new, unsigned document and fills in its digest.
func Add(ctx context.Context, tx *vault.DB, d *Document) error {
	sum := sha256.Sum256(d.Content)
	d.Digest = sum[:]
	sealed, err := tx.Seal(contentAt(d.ID), d.Content)
	if err != nil {
		return err
	}
	return tx.Exec(ctx, insertDocument, d.ID, d.Casefile, d.Kind, d.Language, d.Author, sealed, len(d.Content), d.Digest, d.MadeAt)
}

const deleteDocument = `
DELETE FROM document WHERE id = $1 AND signed_at IS NULL`

// Drop removes an unsigned document: a draft that was changed or given up.
func Drop(ctx context.Context, tx *vault.DB, id uuid.UUID) error {
	n, err := tx.Change(ctx, deleteDocument, id)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "fault.signed-already")
	}
	return err
}

type documentRow struct {
	ID       uuid.UUID     `db:"id"`
	Casefile uuid.UUID     `db:"casefile"`
	Kind     Kind          `db:"kind"`
	Language string        `db:"language"`
	Author   uuid.UUID     `db:"author"`
	Content  []byte        `db:"content"`
	Digest   []byte        `db:"digest"`
	MadeAt   time.Time     `db:"made_at"`
	Signer   uuid.NullUUID `db:"signer"`
	SignedAt *time.Time    `db:"signed_at"`
	CMS      []byte        `db:"cms"`
}

const selectDocument = `
SELECT id, casefile, kind, language, author, content, digest, made_at, signer, signed_at, cms
  FROM document
 WHERE id = $1`

const lockDocument = selectDocument + `
   FOR UPDATE`

// Fetch opens a document. It is for those who reached its id through the asker:
// the domain that owns the filing or the decision has checked the right to it.
func Fetch(ctx context.Context, db *vault.DB, id uuid.UUID) (Document, error) {
	var row documentRow
	if err := db.Get(ctx, &row, selectDocument, id); err != nil {
		return Document{}, err
	}
	return row.open(db)
}

func (row documentRow) open(db *vault.DB) (Document, error) {
	d := Document{ID: row.ID, Casefile: row.Casefile, Kind: row.Kind, Language: row.Language, Author: row.Author, Digest: row.Digest, MadeAt: row.MadeAt}
	var err error
	if d.Content, err = db.Open(contentAt(row.ID), row.Content); err != nil {
		return d, err
	}
	if row.SignedAt != nil {
		d.Signer, d.SignedAt = row.Signer.UUID, *row.SignedAt
		d.CMS, err = db.Open(cmsAt(row.ID), row.CMS)
	}
	return d, err
}

const updateSigned = `
UPDATE document SET cms = $2, signer = $3, signed_at = $4 WHERE id = $1`

const selectIsPerson = `
SELECT count(*) FROM person WHERE id = $1 AND iin_tag = $2`

// Sign puts the asker's signature on a document of his own. The signature must
// be over exactly the bytes kept here and by the key of the very person who
// asks; digest is what the page showed, so that a draft changed in another
// window is not signed unseen.
func Sign(ctx context.Context, tx *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) (Document, error) {
	var row documentRow
	if err := tx.Get(ctx, &row, lockDocument, id); err != nil {
		return Document{}, err
	}
	d, err := row.open(tx)
	switch {
	case err != nil:
		return d, err
	case d.Author != ask.Person:
		return d, fault.New(fault.NotFound, "fault.not-found")
	case d.Signed():
		return d, fault.New(fault.Conflict, "fault.signed-already")
	case len(cms) == 0:
		return d, fault.New(fault.Invalid, "fault.unsigned")
	case !bytes.Equal(d.Digest, digest):
		return d, fault.New(fault.Conflict, "fault.document-changed")
	}
	signer, err := v.Document(ctx, cms, d.Content, ask.At)
	if err != nil {
		return d, identity.Unsigned(err)
	}
	if signer.Role != eds.Individual {
		return d, fault.New(fault.Invalid, "fault.eds.organisation")
	}
	var same int
	if err := tx.Get(ctx, &same, selectIsPerson, ask.Person, identity.IINTag(tx, signer.IIN)); err != nil {
		return d, err
	}
	if same != 1 {
		return d, fault.New(fault.Invalid, "fault.eds.other-person")
	}
	sealed, err := tx.Seal(cmsAt(id), cms)
	if err != nil {
		return d, err
	}
	d.CMS, d.Signer, d.SignedAt = cms, ask.Person, ask.At
	return d, tx.Exec(ctx, updateSigned, id, sealed, ask.Person, ask.At)
}

// Signature is what a page says of the signature of a document.
type Signature struct {
	Name      string // as in the certificate
	At        time.Time
	Algorithm string
	Serial    string
	Valid     bool // verified anew just now, against the bytes that are kept
}

// Verify verifies the signature anew, at the moment it was received.
func (d Document) Verify(ctx context.Context, v *eds.Verifier) Signature {
	signer, err := v.Document(ctx, d.CMS, d.Content, d.SignedAt)
	return Signature{identity.ProperName(signer), d.SignedAt, signer.Algorithm, signer.Serial, err == nil}
}

const selectSigned = `
SELECT id, casefile, kind, language, author, content, digest, made_at, signer, signed_at, cms
  FROM document
 WHERE id = $1 AND signed_at IS NOT NULL`

// Public is a signed document for the page on which anybody who holds its number
// can check it. The page shows no name and no text.
func Public(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Document, error) {
	if err := ask.Check(0); err != nil {
		return Document{}, err
	}
	var row documentRow
	if err := db.Get(ctx, &row, selectSigned, id); err != nil {
		return Document{}, err
	}
	return row.open(db)
}
