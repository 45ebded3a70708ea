package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/evidence"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/phone"
	"zharia/portal/policy"
	"zharia/portal/register/feed"
	"zharia/portal/submission"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Kind is what a document is; schema.sql lists the same.
type Kind string

// The kinds of documents.
const (
	Petition              Kind = "petition"
	Complaint             Kind = "complaint"
	Application           Kind = "application"
	Challenge             Kind = "challenge"
	Withdrawal            Kind = "withdrawal"
	Answer                Kind = "answer"
	Decision              Kind = "decision"
	Confirmation          Kind = "confirmation" // of a procedural status
	Ending                Kind = "ending"       // of a procedural status
	Request               Kind = "request"      // that a status be confirmed
	Authority             Kind = "authority"    // what gives a representative his power, as he brought it
	Revocation            Kind = "revocation"   // of that power, by the one he acts for
	Assenting             Kind = "assent"       // of a second official, to a paper that is signed
	Dissenting            Kind = "dissent"      // his refusal
	Appointment           Kind = "appointment"  // an entry into the directory of officials, or out of it
	Substitution          Kind = "substitution" // of an official who is away
	Assignment            Kind = "assignment"   // of a case to an official
	Exposure              Kind = "exposure"     // of a decision, further or less far than the matrix does
	Redaction             Kind = "redaction"    // a copy without what is not for everybody
	Service               Kind = "service"      // a receipt: a decision was handed over
	Material              Kind = "material"     // sheets of the file
	Familiarisation       Kind = "familiarisation"
	FamiliarisationRecord Kind = "record"
	Forward               Kind = "forward"         // a filing handed on, with explanations
	Extension             Kind = "extension"       // notice that a complaint takes longer
	Supplement            Kind = "supplement"      // what the author of a filing says after it was filed
	Report                Kind = "report"          // of an offence
	ReportTaken           Kind = "report-taken"    // the same, as a registrar took it down
	ReportDecision        Kind = "report-decision" // what the body that registered a report did with it
)

// Document is a paper of the portal and, once it is signed, the signature.
type Document struct {
	ID       uuid.UUID
	Casefile uuid.UUID // zero for a paper of the directory of officials, and for what Body received
	Body     uuid.UUID // the state body that received it, where there is no case
	Kind     Kind
	Language string // kk or ru
	Author   uuid.UUID
	Nonce    []byte // random, printed in the statement; none where a file was uploaded
	Content  []byte // PDF
	Digest   []byte // SHA-256 of Content
	MadeAt   time.Time
	Signer   uuid.UUID // zero while unsigned
	SignedAt time.Time
	CMS      []byte
	For      []uuid.UUID // of a new one: persons who open it by their own right, besides its author: whom it answers
}

// peoples are the papers of people who may be nothing in the case, or not be any more:
// each opens what he wrote by his own right.
var peoples = []Kind{Petition, Complaint, Application, Challenge, Withdrawal, Supplement, Request, Authority, Report}

// readers are the persons who open a new document by their own right.
func (d Document) readers() []uuid.UUID {
	if slices.Contains(peoples, d.Kind) {
		return append([]uuid.UUID{d.Author}, d.For...)
	}
	return d.For
}

// Signed tells whether it bears its author's signature.
func (d Document) Signed() bool { return !d.SignedAt.IsZero() }

// at is where a part of the document lies.
func (d Document) at(column string) vault.Where { return at(column, d.ID, d.home()) }

func at(column string, id uuid.UUID, home vault.Home) vault.Where {
	return vault.Where{Table: "document", Column: column, ID: id}.In(home)
}

// officials are the papers that lie with the house where they are of no case.
var officials = []Kind{Appointment, Substitution, Assenting, Dissenting}

func (d Document) home() vault.Home {
	if slices.Contains(officials, d.Kind) {
		return vault.HomeOf(d.Casefile, d.Body)
	}
	return vault.Home{Case: d.Casefile, Body: d.Body}
}

// Places are where the content and the signature of a document lie sealed, for who opens
// them without the portal.
func Places(id uuid.UUID, home vault.Home) (content, cms vault.Where) {
	return at("content", id, home), at("cms", id, home)
}

const insertDocument = `
INSERT INTO document (id, casefile, body, kind, language, author, nonce, content, size, digest, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

// stated are the facts that the paper of a kind may state for machines (portal/warrant); any
// other kind states none. What is signed as one thing gives no right as another.
var stated = map[Kind][]warrant.Kind{
	Petition:        {warrant.Filing},
	Complaint:       {warrant.Filing},
	Application:     {warrant.Filing},
	Challenge:       {warrant.Filing},
	Withdrawal:      {warrant.Withdrawal},
	Forward:         {warrant.Forward},
	Decision:        {warrant.Joinder, warrant.Severance},
	Confirmation:    {warrant.Confirmation},
	Ending:          {warrant.Ending},
	Revocation:      {warrant.Revocation},
	Assenting:       {warrant.Assent},
	Dissenting:      {warrant.Dissent},
	Appointment:     {warrant.Appointment},
	Substitution:    {warrant.Substitution},
	Assignment:      {warrant.Assignment},
	Familiarisation: {warrant.Familiarisation},

	FamiliarisationRecord: {warrant.Record},
}

// mayState refuses a paper that would be signed with a right that nobody has read: an
// upload that states something, or a paper that states what its kind does not. Sheets of
// the file are nobody's to sign, and papers of ours are among them.
func (d Document) mayState() error {
	if d.Kind == Material || !warrant.Claims(d.Content) {
		return nil
	}
	if len(d.Nonce) > 0 {
		f, err := warrant.Read(d.Content)
		if err == nil && f.ID == d.ID && f.Case == d.Casefile && slices.Contains(stated[d.Kind], f.Kind) {
			return nil
		}
	}
	no := fault.New(fault.Invalid, "fault.upload-states")
	if d.Kind == Authority {
		return no.At("authority")
	}
	return no.At("file")
}

// Add keeps a new, unsigned document and fills in its digest.
func Add(ctx context.Context, tx *vault.DB, d *Document) error {
	if err := d.mayState(); err != nil {
		return err
	}
	sum := sha256.Sum256(d.Content)
	d.Digest = sum[:]
	sealed, err := tx.Seal(d.at("content"), d.Content, d.readers()...)
	if err != nil {
		return err
	}
	return tx.Exec(ctx, insertDocument, d.ID, orNone(d.Casefile), orNone(d.Body), d.Kind, d.Language, d.Author, d.Nonce, sealed, len(d.Content), d.Digest, d.MadeAt)
}

func orNone(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

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
	Casefile uuid.NullUUID `db:"casefile"`
	Body     uuid.NullUUID `db:"body"`
	Kind     Kind          `db:"kind"`
	Language string        `db:"language"`
	Author   uuid.UUID     `db:"author"`
	Nonce    []byte        `db:"nonce"`
	Content  []byte        `db:"content"`
	Digest   []byte        `db:"digest"`
	MadeAt   time.Time     `db:"made_at"`
	Signer   uuid.NullUUID `db:"signer"`
	SignedAt *time.Time    `db:"signed_at"`
	CMS      []byte        `db:"cms"`
}

const selectDocument = `
SELECT id, casefile, body, kind, language, author, nonce, content, digest, made_at, signer, signed_at, cms
  FROM document
 WHERE id = $1`

const lockDocument = `
SELECT author, digest, signed_at IS NOT NULL AS signed FROM document WHERE id = $1 FOR UPDATE`

// Fetch opens a document. It is for those who reached its id through the asker:
// the domain that owns the filing or the decision has checked the right to it.
func Fetch(ctx context.Context, db *vault.DB, id uuid.UUID) (Document, error) {
	var row documentRow
	if err := db.Get(ctx, &row, selectDocument, id); err != nil {
		return Document{}, err
	}
	return row.open(ctx, db)
}

func (row documentRow) open(ctx context.Context, db *vault.DB) (Document, error) {
	d := Document{ID: row.ID, Casefile: row.Casefile.UUID, Body: row.Body.UUID, Kind: row.Kind, Language: row.Language, Author: row.Author, Nonce: row.Nonce, Digest: row.Digest, MadeAt: row.MadeAt}
	var err error
	if d.Content, err = db.Open(ctx, d.at("content"), row.Content); err != nil {
		return d, err
	}
	if row.SignedAt != nil {
		d.Signer, d.SignedAt = row.Signer.UUID, *row.SignedAt
		d.CMS, err = db.Open(ctx, d.at("cms"), row.CMS)
	}
	return d, err
}

// Signature is a signature that was verified over a draft of the asker's, on its
// way to be put there.
type Signature struct {
	document Document    // none where there is no such draft any more
	also     []uuid.UUID // who opens it by his own right
	cms      []byte
	digest   []byte
	signer   eds.Signer
}

// Early tells whether what an act files is received before it is known that the key is
// not revoked: a filing and a report, for a term may run out, and somebody may need help,
// while the authority is silent (security/THREATS S19).
func Early(act policy.Act) bool {
	return act == policy.FilingSubmit || act == policy.ReportSubmit || act == policy.EntrySubmit
}

const selectUnsigned = `
SELECT id, casefile, body, kind, language, author, nonce, content, digest, made_at, signer, signed_at, cms
  FROM document
 WHERE author = $1 AND digest = $2 AND signed_at IS NULL`

// Verify verifies the asker's signature over his draft with this digest, which is
// what the page showed. It goes before the transaction of the act: while the
// authority is asked no row is locked. A draft that is not there is Sign's to
// name.
func Verify(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, cms, digest []byte) (Signature, error) {
	s := Signature{cms: cms, digest: digest}
	var row documentRow
	err := db.Get(ctx, &row, selectUnsigned, ask.Person, digest)
	switch {
	case errors.Is(err, fault.NotFound):
		return s, nil
	case err != nil:
		return s, err
	case len(cms) == 0:
		return s, fault.New(fault.Invalid, "fault.unsigned")
	}
	d, err := row.open(ctx, db)
	if err != nil {
		return s, err
	}
	if err := d.mayState(); err != nil { // whatever was put in its place since
		return s, err
	}
	database.Rest(ctx)
	if s.signer, err = v.Document(ctx, cms, d.Content, ask.At); err != nil {
		return s, identity.Unsigned(err)
	}
	if s.signer.Revocation == eds.Pending && !Early(ask.Act) {
		return s, fault.New(fault.Unavailable, "fault.eds.revocation-unreachable")
	}
	s.document, s.also = d, vault.Readers(row.Content)
	return s, nil
}

const selectOwnSigned = `
SELECT EXISTS (SELECT FROM document WHERE digest = $2 AND author = $1 AND signed_at IS NOT NULL)`

// Signed tells whether the asker has signed his paper with this digest.
func Signed(ctx context.Context, db *vault.DB, ask policy.Ask, digest []byte) (is bool, err error) {
	err = db.Get(ctx, &is, selectOwnSigned, ask.Person, digest)
	return is, err
}

const updateSigned = `
UPDATE document SET cms = $2, signer = $3, signed_at = $4 WHERE id = $1`

// Sign puts a verified signature on the document it was verified over, which
// must be the asker's own, unchanged since. The key must be the very person's
// who asks.
func Sign(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID, s Signature) (Document, error) {
	var now struct {
		Author uuid.UUID `db:"author"`
		Digest []byte    `db:"digest"`
		Signed bool      `db:"signed"`
	}
	if err := tx.Get(ctx, &now, lockDocument, id); err != nil {
		return Document{}, err
	}
	d := s.document
	switch {
	case now.Author != ask.Person:
		return d, fault.New(fault.NotFound, "fault.not-found")
	case now.Signed:
		return d, fault.New(fault.Conflict, "fault.signed-already")
	case d.ID != id || !bytes.Equal(now.Digest, s.digest):
		return d, fault.New(fault.Conflict, "fault.document-changed")
	case s.signer.Role != eds.Individual:
		return d, fault.New(fault.Invalid, "fault.eds.organisation")
	}
	if identity.IDOf(tx, s.signer.IIN) != ask.Person {
		return d, fault.New(fault.Invalid, "fault.eds.other-person")
	}
	sealed, err := tx.Seal(d.at("cms"), s.cms, s.also...)
	if err != nil {
		return d, err
	}
	d.CMS, d.Signer, d.SignedAt = s.cms, ask.Person, ask.At
	if err := tx.Exec(ctx, updateSigned, id, sealed, ask.Person, ask.At); err != nil {
		return d, err
	}
	if err := phone.Use(ctx, tx, id); err != nil {
		return d, err
	}
	if err := submission.Keep(ctx, tx.DB, ask, id, d.Digest); err != nil {
		return d, err
	}
	if err := feed.KeepPaper(ctx, tx.DB, ask, id, feed.Copy{PDF: d.Content, CMS: s.cms}); err != nil {
		return d, err
	}
	return d, evidence.KeepDocument(ctx, tx, id, d.home(), ask.Person, s.signer, ask.At, s.also...)
}

// Proof is what a page says of the signature of a document.
type Proof struct {
	Name       string // as in the certificate
	At         time.Time
	Algorithm  string
	Serial     string
	Valid      bool // verified anew just now, against the bytes that are kept
	Revocation eds.Revocation
	KnownAt    time.Time // when the authority answered
	StampedAt  time.Time // by a time-stamp, if there is one
	Noted      bool      // nothing was opened: Valid says that the record has it, as it was verified when it came
}

// Proof verifies the signature anew, at the moment it was received, by what was
// kept of that moment: nobody is asked.
func (d Document) Proof(ctx context.Context, db *vault.DB, v *eds.Verifier) (Proof, error) {
	kept, err := evidence.Fetch(database.HoldingPaper(ctx, d.ID), db, d.ID)
	if errors.Is(err, fault.NotFound) {
		return Proof{At: d.SignedAt}, nil
	}
	if err != nil {
		return Proof{}, err
	}
	signer, err := v.Reverify(ctx, kept.Evidence, d.Content)
	var refused *eds.Refusal
	if errors.As(err, &refused) && refused.Reason == eds.Busy { // nobody had time to look, which says nothing about the signature
		return Proof{}, identity.Unsigned(err)
	}
	return Proof{
		Name: identity.ProperName(signer), At: d.SignedAt, Algorithm: signer.Algorithm, Serial: signer.Serial,
		Valid: err == nil && bytes.Equal(kept.Evidence.CMS, d.CMS), Revocation: kept.Revocation, KnownAt: kept.KnownAt,
		StampedAt: signer.ProvenAt,
	}, ctx.Err()
}

const selectSigned = `
SELECT id, kind, language, digest, made_at, signed_at, fence.noted(id) IS NOT NULL AS noted
  FROM document
 WHERE id = $1 AND signed_at IS NOT NULL`

// Public is a signed document for the page on which anybody who holds its number can
// check it, without content and author, and what is known of its signature. Nobody has
// signed in there, so nothing is opened: what stands in clear is held to the record of
// acts.
func Public(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Document, Proof, error) {
	if err := ask.Check(0); err != nil {
		return Document{}, Proof{}, err
	}
	ctx = database.HoldingPaper(ctx, id)
	var row struct {
		documentRow
		Noted bool `db:"noted"`
	}
	if err := db.Get(ctx, &row, selectSigned, id); err != nil {
		return Document{}, Proof{}, err
	}
	d := Document{ID: row.ID, Kind: row.Kind, Language: row.Language, Digest: row.Digest, MadeAt: row.MadeAt, SignedAt: *row.SignedAt}
	proof := Proof{At: d.SignedAt, Noted: true}
	kept, err := evidence.ReadPublic(ctx, db, id)
	switch {
	case errors.Is(err, fault.NotFound):
		return d, proof, nil
	case err != nil:
		return d, proof, err
	}
	proof.Valid, proof.Algorithm, proof.Revocation = row.Noted, kept.Algorithm, kept.Revocation
	if kept.KnownAt != nil {
		proof.KnownAt = *kept.KnownAt
	}
	if kept.StampedAt != nil {
		proof.StampedAt = *kept.StampedAt
	}
	return d, proof, nil
}
