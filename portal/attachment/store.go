package attachment

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/vault"
)

// Part is one of the two files that an attachment may be; schema.sql has the same.
type Part string

// The parts.
const (
	Original Part = "original" // as it came
	Shown    Part = "copy"     // what others open
)

type attachmentRow struct {
	ID         uuid.UUID  `db:"id"`
	Filing     uuid.UUID  `db:"filing"`
	Report     uuid.UUID  `db:"report"`
	Body       uuid.UUID  `db:"body"`
	Case       uuid.UUID  `db:"casefile"`
	Author     uuid.UUID  `db:"author"`
	Order      int        `db:"place"`
	Name       []byte     `db:"name"`
	Kind       Kind       `db:"kind"`
	Size       int64      `db:"size"`
	Received   int64      `db:"received"`
	Digest     []byte     `db:"digest"`
	State      State      `db:"state"`
	CopyKind   *Kind      `db:"copy_kind"`
	CopySize   *int64     `db:"copy_size"`
	CopyDigest []byte     `db:"copy_digest"`
	Disarmed   bool       `db:"disarmed"`
	MadeAt     time.Time  `db:"made_at"`
	ScannedAt  *time.Time `db:"scanned_at"`
}

const selectAttachments = `
SELECT id, filing, report, body, (SELECT f.casefile FROM filing f WHERE f.id = attachment.filing) AS casefile, author, place, name, kind, size, received, digest, state, copy_kind, copy_size, copy_digest, disarmed, made_at, scanned_at
  FROM attachment`

const selectAttachment = selectAttachments + `
 WHERE id = $1`

const lockAttachment = selectAttachment + `
   FOR UPDATE`

const selectOf = selectAttachments + `
 WHERE (filing = $1 OR report = $1)
 ORDER BY place, id`

func (a Attachment) nameAt() vault.Where {
	return vault.Where{Table: "attachment", Column: "name", ID: a.ID}.In(a.home())
}

func (row attachmentRow) open(ctx context.Context, db *vault.DB) (Attachment, error) {
	a := row.nameless()
	var err error
	a.Name, err = db.OpenText(ctx, a.nameAt(), row.Name)
	return a, err
}

func (row attachmentRow) nameless() Attachment {
	a := Attachment{
		ID: row.ID, Beside: Beside{row.Filing, row.Report, row.Body}, Case: row.Case, Author: row.Author, Order: row.Order, Kind: row.Kind, Size: row.Size, Received: row.Received,
		Digest: row.Digest, State: row.State, Disarmed: row.Disarmed, MadeAt: row.MadeAt,
	}
	if row.ScannedAt != nil {
		a.ScannedAt = *row.ScannedAt
	}
	if row.CopyKind != nil {
		a.Copy = &Copy{Kind: *row.CopyKind, Size: *row.CopySize, Digest: row.CopyDigest}
	}
	return a
}

const selectBeside = `
SELECT filing, report, body FROM attachment WHERE id = $1`

// BesideOf is what a file lies beside. It opens nothing: who may have the file is for the
// owner of the thing to say.
func BesideOf(ctx context.Context, db *vault.DB, id uuid.UUID) (Beside, error) {
	var row struct {
		Filing uuid.UUID `db:"filing"`
		Report uuid.UUID `db:"report"`
		Body   uuid.UUID `db:"body"`
	}
	err := db.Get(ctx, &row, selectBeside, id)
	return Beside(row), err
}

// Fetch is one attachment, for whoever reached the thing it lies beside.
func Fetch(ctx context.Context, db *vault.DB, id uuid.UUID) (Attachment, error) {
	var row attachmentRow
	if err := db.Get(ctx, &row, selectAttachment, id); err != nil {
		return Attachment{}, err
	}
	return row.open(ctx, db)
}

func lock(ctx context.Context, tx *vault.DB, id uuid.UUID) (Attachment, error) {
	var row attachmentRow
	if err := tx.Get(ctx, &row, lockAttachment, id); err != nil {
		return Attachment{}, err
	}
	return row.open(ctx, tx)
}

// Of are the attachments of a thing in their order, those on their way included.
func Of(ctx context.Context, db *vault.DB, thing uuid.UUID) ([]Attachment, error) {
	var rows []attachmentRow
	if err := db.Select(ctx, &rows, selectOf, thing); err != nil {
		return nil, err
	}
	out := make([]Attachment, 0, len(rows))
	for _, row := range rows {
		a, err := row.open(ctx, db)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// Listed are the attachments of a thing as its paper names them, so that the
// signature on the paper binds every byte of them.
func Listed(ctx context.Context, tx *vault.DB, thing uuid.UUID) ([]Line, error) {
	all, err := Of(ctx, tx, thing)
	if err != nil {
		return nil, err
	}
	var out []Line
	for _, a := range all {
		if a.Taken() {
			out = append(out, Line{len(out) + 1, a.Name, a.Size, a.Digest})
		}
	}
	return out, nil
}

const insertAttachment = `
INSERT INTO attachment (id, filing, report, body, author, place, name, kind, size, received, digest, state, disarmed, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 'receiving', false, $11)`

const updateReceived = `
UPDATE attachment SET received = $2 WHERE id = $1 AND state = 'receiving'`

const updateState = `
UPDATE attachment SET state = $2, digest = $3 WHERE id = $1`

const updateTaken = `
UPDATE attachment SET state = $2, copy_kind = $3, copy_size = $4, copy_digest = $5, disarmed = $6, scanned_at = $7
 WHERE id = $1`

const deleteAttachment = `
DELETE FROM attachment WHERE id = $1`

const insertPiece = `
INSERT INTO attachment_chunk (id, attachment, part, n, content, outside, rest)
VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO UPDATE SET content = $5, outside = $6, rest = $7`

const selectPiece = `
SELECT content, outside, rest FROM attachment_chunk WHERE id = $1`

// Held till the end of the transaction, the pieces are those that are written down.
const lockCopy = `
SELECT sha256(content) FROM attachment_chunk WHERE attachment = $1 AND part = 'copy' AND n < $2 ORDER BY n FOR UPDATE`

const deleteCopy = `
DELETE FROM attachment_chunk WHERE attachment = $1 AND part = 'copy'`

// pieceID is the id of the nth piece of a part: made of all three, so that the seal,
// which binds the id, binds the place of the piece in its file.
func pieceID(attachment uuid.UUID, part Part, n int64) uuid.UUID {
	return uuid.NewSHA1(attachment, []byte(string(part)+"/"+strconv.FormatInt(n, 10)))
}

// pieceAt is the place of a piece. Each piece is an object with a key of its own, so a
// file of any length opens piece by piece and no stream has to be kept in step.
func (a Attachment) pieceAt(id uuid.UUID) vault.Where {
	return vault.Where{Table: "attachment_chunk", Column: "content", ID: id}.In(a.home())
}

// pieces are the places of the file as it came.
func (a Attachment) pieces() []vault.Where {
	var out []vault.Where
	for n := int64(0); n*Piece < a.Size; n++ {
		out = append(out, a.pieceAt(pieceID(a.ID, Original, n)))
	}
	return out
}

// keep keeps a piece for the people of the case, or of the body, and for its author, who
// may be nothing there. The sum is of the row it is kept in, which is sealed with a key of its
// own: no other writing of the piece has the same.
func (a Attachment) keep(ctx context.Context, tx *vault.DB, part Part, n int64, content []byte) (sum [sha256.Size]byte, err error) {
	id := pieceID(a.ID, part, n)
	sealed, err := tx.Seal(a.pieceAt(id), content, a.Author)
	if err != nil {
		return sum, err
	}
	o, err := tx.Put(ctx, sealed)
	if err != nil {
		return sum, err
	}
	return sha256.Sum256(o.Near), tx.Exec(ctx, insertPiece, id, a.ID, part, n, o.Near, o.Outside, o.Rest)
}

func (a Attachment) piece(ctx context.Context, db *vault.DB, part Part, n int64) ([]byte, error) {
	id := pieceID(a.ID, part, n)
	var o vault.Shelved
	if err := db.Get(ctx, &o, selectPiece, id); err != nil {
		return nil, err
	}
	if o.Outside != nil {
		database.Rest(ctx) // a bucket may be long in answering
	}
	sealed, err := db.Whole(ctx, o)
	if err != nil {
		return nil, err
	}
	return db.Open(ctx, a.pieceAt(id), sealed)
}

// errNotWhole says that what is kept is not what was received: the reader must not
// take what he has for the file.
var errNotWhole = errors.New("attachment: the file is not what was received")

// content is a part, piece by piece: no more of it than one piece is in memory.
type content struct {
	ctx     context.Context
	db      *vault.DB
	of      Attachment
	part    Part
	size    int64
	n, read int64
	rest    []byte
	sum     hash.Hash
	digest  []byte // what the whole must be; nil: not asked
}

func (a Attachment) content(ctx context.Context, db *vault.DB, part Part) *content {
	c := &content{ctx: ctx, db: db, of: a, part: part, size: a.Size, digest: a.Digest, sum: sha256.New()}
	if part == Shown {
		c.size, c.digest = a.Copy.Size, a.Copy.Digest
	}
	return c
}

// Open gives a part of an attachment to a reader who has been let through. The last
// byte is given only where all of them are those that were received.
func (a Attachment) Open(ctx context.Context, db *vault.DB, part Part) io.Reader {
	return a.content(ctx, db, part)
}

func (c *content) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		if c.read == c.size {
			return 0, io.EOF
		}
		next, err := c.of.piece(c.ctx, c.db, c.part, c.n)
		if err != nil {
			return 0, fmt.Errorf("%w: piece %d: %w", errNotWhole, c.n, err)
		}
		c.n++
		c.read += int64(len(next))
		c.sum.Write(next)
		if len(next) == 0 || c.read > c.size || c.read == c.size && c.digest != nil && string(c.sum.Sum(nil)) != string(c.digest) {
			return 0, errNotWhole
		}
		c.rest = next
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// cutter keeps what is written to it as the pieces of a copy.
type cutter struct {
	ctx    context.Context
	db     *vault.DB
	of     Attachment
	buffer []byte
	n      int64
	size   int64
	most   int64
	sum    hash.Hash
	kept   [][sha256.Size]byte // of each piece, as keep says
}

func newCutter(ctx context.Context, db *vault.DB, of Attachment) *cutter {
	return &cutter{ctx: ctx, db: db.For(ctx), of: of, most: 2 * MaxPaper, sum: sha256.New()}
}

func (c *cutter) Write(p []byte) (int, error) {
	all := len(p)
	if c.size += int64(all); c.size > c.most {
		return 0, errors.New("attachment: the copy is too large")
	}
	c.sum.Write(p)
	for len(p) > 0 {
		step := min(Piece-len(c.buffer), len(p))
		c.buffer = append(c.buffer, p[:step]...)
		p = p[step:]
		if len(c.buffer) == Piece {
			if err := c.flush(); err != nil {
				return 0, err
			}
		}
	}
	return all, nil
}

func (c *cutter) flush() error {
	if len(c.buffer) == 0 {
		return nil
	}
	sum, err := c.of.keep(c.ctx, c.db, Shown, c.n, c.buffer)
	c.n++
	c.kept = append(c.kept, sum)
	c.buffer = c.buffer[:0]
	return err
}
