package attachment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/job"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// New is a file that somebody is about to send.
type New struct {
	ID uuid.UUID // the page's: asking twice begins one upload
	Beside
	Name   string
	Size   int64  // Unknown where it is told by its end
	Digest []byte // SHA-256 that its sender knows, or nil: then it is what came
	Album  bool   // it takes the place of others, so they are not counted beside it
}

// Unknown is the length of a file that is told by its end (Ends).
const Unknown = -1

const (
	selectHeap = `
SELECT count(*) AS files, CAST(coalesce(sum(size), 0) AS bigint) AS bytes FROM attachment WHERE (filing = $1 OR report = $1) AND id <> $2`

	selectDay = `
SELECT CAST(coalesce(sum(size), 0) AS bigint) FROM attachment WHERE author = $1 AND made_at > $2 AND id <> $3`

	nextPlace = `
SELECT coalesce(max(place), 0) + 1 FROM attachment WHERE (filing = $1 OR report = $1)`
)

// Begin makes room for a file beside a thing whose draft the caller has locked: what
// can be known before its bytes come is checked here. Invalid where it cannot be
// taken, with the reason. An upload that was begun goes on.
func Begin(ctx context.Context, tx *vault.DB, ask policy.Ask, n New) (Attachment, error) {
	name, kind, err := cleanName(n.Name)
	switch {
	case err != nil:
		return Attachment{}, err
	case n.Size <= 0 && n.Size != Unknown:
		return Attachment{}, refuse(Empty)
	case n.Size > forms[kind].max:
		return Attachment{}, refuse(TooLarge)
	case n.ID == uuid.Nil || n.Digest != nil && len(n.Digest) != sha256.Size:
		return Attachment{}, fault.New(fault.Invalid, "form.unreadable").At("file")
	}
	open := n.Size == Unknown
	if open {
		n.Size = forms[kind].max
	}
	old, err := lock(ctx, tx, n.ID)
	switch {
	case err == nil && old.Beside == n.Beside && old.Author == ask.Person && old.Name == name && old.Size == n.Size:
		return old, nil
	case err == nil:
		return Attachment{}, refuse(Changed)
	case !errors.Is(err, fault.NotFound):
		return Attachment{}, err
	}
	if !n.Album {
		size := n.Size
		if open {
			size = 1
		}
		if err := room(ctx, tx, ask.At, ask.Person, n.thing(), n.ID, size); err != nil {
			return Attachment{}, err
		}
	}
	a := Attachment{
		ID: n.ID, Beside: n.Beside, Author: ask.Person, Name: name, Kind: kind, Size: n.Size, Digest: n.Digest, State: Receiving, MadeAt: ask.At,
	}
	if err := tx.Get(ctx, &a.Order, nextPlace, n.thing()); err != nil {
		return Attachment{}, err
	}
	if a.Case, err = caseOf(ctx, tx, n.Beside); err != nil {
		return Attachment{}, err
	}
	sealed, err := tx.SealText(a.nameAt(), name, ask.Person)
	if err != nil {
		return Attachment{}, err
	}
	if err := tx.Exec(ctx, insertAttachment, n.ID, orNone(n.Filing), orNone(n.Report), orNone(n.Body), ask.Person, a.Order, sealed, kind, n.Size, n.Digest, ask.At); err != nil {
		return Attachment{}, err
	}
	return a, nil
}

func orNone(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

// caseOf is the case that a thing belongs to; none for a report.
func caseOf(ctx context.Context, tx *vault.DB, b Beside) (in uuid.UUID, err error) {
	if b.Report != uuid.Nil {
		return in, nil
	}
	err = tx.Get(ctx, &in, selectCaseOf, b.Filing)
	return in, err
}

// room holds a file to what a thing and a person may have.
func room(ctx context.Context, tx *vault.DB, at time.Time, person, thing, id uuid.UUID, size int64) error {
	var heap struct {
		Files int   `db:"files"`
		Bytes int64 `db:"bytes"`
	}
	if err := tx.Get(ctx, &heap, selectHeap, thing, id); err != nil {
		return err
	}
	var day int64
	if err := tx.Get(ctx, &day, selectDay, person, at.Add(-24*time.Hour), id); err != nil {
		return err
	}
	switch {
	case heap.Files >= MaxFiles:
		return refuse(TooMany)
	case heap.Bytes+size > MaxTotal:
		return refuse(TooHeavy)
	case day+size > MaxDay:
		return refuse(TooMuch)
	}
	return nil
}

const updateSize = `
UPDATE attachment SET size = $2 WHERE id = $1 AND state = 'receiving'`

// Ends says how long a file is whose length was not known before.
func Ends(ctx context.Context, tx *vault.DB, at time.Time, id uuid.UUID, size int64) error {
	a, err := lock(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case size <= 0:
		return refuse(Empty)
	case size > a.Size:
		return refuse(TooLarge)
	}
	if err := room(ctx, tx, at, a.Author, a.thing(), id, size); err != nil {
		var full *fault.Fault
		if !errors.As(err, &full) || full.Message != refuse(TooMany).Message { // it was counted when it began
			return err
		}
	}
	return tx.Exec(ctx, updateSize, id, size)
}

// Put takes the piece that begins at an offset: Piece bytes, fewer only at the end. A
// piece that came before is the same piece or is refused; one that comes too early
// is refused, and the answer tells from where to go on.
func Put(ctx context.Context, tx *vault.DB, id uuid.UUID, offset int64, content []byte) (Attachment, error) {
	a, err := lock(ctx, tx, id)
	if err != nil {
		return a, err
	}
	length := int64(len(content))
	switch end := offset + length; {
	case end > a.Size:
		return a, refuse(TooLarge)
	case length == 0 || length > Piece || offset < 0 || offset%Piece != 0 || length < Piece && end != a.Size:
		return a, refuse(OutOfOrder)
	case offset < a.Received:
		old, err := a.piece(ctx, tx, Original, offset/Piece)
		if err == nil && !bytes.Equal(old, content) {
			err = refuse(Changed)
		}
		return a, err
	case offset > a.Received || a.State != Receiving:
		return a, refuse(OutOfOrder)
	}
	if _, err := a.keep(ctx, tx, Original, offset/Piece, content); err != nil {
		return a, err
	}
	a.Received += length
	return a, tx.Exec(ctx, updateReceived, id, a.Received)
}

const deleteComing = `
DELETE FROM attachment WHERE (filing = $1 OR report = $1) AND state IN ('receiving', 'checking')`

// DropComing takes away what has not become a part of a thing when that is signed: its
// paper does not name it.
func DropComing(ctx context.Context, tx *vault.DB, thing uuid.UUID) error {
	return tx.Exec(ctx, deleteComing, thing)
}

// Drop takes an attachment away, with all of it.
func Drop(ctx context.Context, tx *vault.DB, id uuid.UUID) error {
	return tx.Exec(ctx, deleteAttachment, id)
}

// Finding is what came of looking at a file, on its way to be written down.
type Finding struct {
	id        uuid.UUID
	verdict   verdict
	digest    []byte // of the original
	copy      *Copy
	kept      [][sha256.Size]byte // of the copy, piece by piece
	state     State
	scannedAt *time.Time // nil: no scanner has seen it
	at        time.Time
}

// Examine reads a file that has come whole: it must be the bytes that were announced
// and what its name says; others' copy of it is made, and the scanner asked, if there
// is one. It goes between two transactions, for it takes seconds; done twice it does
// the same. A scanner that does not answer stops nothing: the file waits for it.
func Examine(ctx context.Context, db *vault.DB, s *Scanner, at time.Time, a Attachment) (Finding, error) {
	f := Finding{id: a.ID, at: at}
	switch {
	case a.Received < a.Size:
		return f, refuse(Short)
	case a.State != Receiving && a.State != Checking:
		return f, fault.New(fault.Conflict, "fault.not-now")
	}
	original := a.content(ctx, db, Original)
	original.digest = nil // it may be that nobody announced one
	sum := sha256.New()
	copied := newCutter(ctx, db, a)
	through := io.TeeReader(original, sum)
	var err error
	if f.verdict, err = employ(ctx, string(a.Kind), through, copied); err != nil {
		return f, err
	}
	if f.verdict.Refused != "" {
		return f, refuse(f.verdict.Refused)
	}
	if _, err := io.Copy(io.Discard, through); err != nil {
		return f, err
	}
	if f.digest = sum.Sum(nil); a.Digest != nil && !bytes.Equal(a.Digest, f.digest) {
		return f, refuse(Changed)
	}
	if f.verdict.Copy != "" {
		if err := copied.flush(); err != nil {
			return f, err
		}
		f.copy, f.kept = &Copy{f.verdict.Copy, copied.size, copied.sum.Sum(nil)}, copied.kept
	}
	f.state, f.scannedAt, _ = s.look(ctx, a.content(ctx, db, Original), at)
	return f, nil
}

// look is the state that the scanner's word gives a file, and when it saw it. Where there
// is none, nothing is said against the file; where it waits, why is what the scanner said.
func (s *Scanner) look(ctx context.Context, file *content, at time.Time) (is State, seen *time.Time, why error) {
	if s == nil {
		return Clean, nil, nil
	}
	file.digest = nil
	infected, err := s.scan(ctx, file)
	switch {
	case err != nil:
		return Waiting, nil, err
	case infected:
		return Quarantined, &at, nil
	}
	return Clean, &at, nil
}

var errOverwritten = errors.New("attachment: another look at the file wrote over the copy")

// whole says whether the copy that lies there is the one that was found: two may look at
// one file at a time, and a copy made twice need not be the same. It cannot be written over
// any more after that.
func (f Finding) whole(ctx context.Context, tx *vault.DB) error {
	var there [][]byte
	if err := tx.Select(ctx, &there, lockCopy, f.id, len(f.kept)); err != nil {
		return err
	}
	if !slices.EqualFunc(there, f.kept, func(is []byte, was [sha256.Size]byte) bool { return bytes.Equal(is, was[:]) }) {
		return fault.New(fault.Unavailable, "fault.ours").Because(errOverwritten)
	}
	return nil
}

// Take writes down what Examine found: from now on the file is a part of the thing. Where
// another look at it wrote over the copy meanwhile it is fault.Unavailable, and to be asked
// for once more.
func Take(ctx context.Context, tx *vault.DB, f Finding) (Attachment, error) {
	a, err := lock(ctx, tx, f.id)
	if err != nil {
		return a, err
	}
	if a.Taken() { // by the same request, sent twice
		return a, nil
	}
	if err := tx.Exec(ctx, updateState, f.id, Checking, f.digest); err != nil {
		return a, err
	}
	var kind *Kind
	var size *int64
	var digest []byte
	if f.copy != nil {
		if err := f.whole(ctx, tx); err != nil {
			return a, err
		}
		kind, size, digest = &f.copy.Kind, &f.copy.Size, f.copy.Digest
	} else if err := tx.Exec(ctx, deleteCopy, f.id); err != nil {
		return a, err
	}
	if err := tx.Exec(ctx, updateTaken, f.id, f.state, kind, size, digest, f.verdict.Disarmed, f.scannedAt); err != nil {
		return a, err
	}
	if f.state == Waiting {
		err := job.AddFor(ctx, tx, f.at, job.New{
			Key: ScanJob + "/" + f.id.String(), Name: ScanJob, At: f.at.Add(soon), Args: job.Args{"attachment": f.id}, Opens: a.pieces(),
		})
		if err != nil {
			return a, err
		}
	}
	return lock(ctx, tx, f.id)
}

// Bind makes one PDF of pictures, a page each, in their order; name is what it is
// called. It becomes an upload that has come whole, for Examine. Invalid where there
// are no pictures.
func Bind(ctx context.Context, db *vault.DB, pictures []Attachment, write func(io.Reader) error) error {
	if len(pictures) == 0 {
		return refuse(NoPictures)
	}
	var files []io.Reader
	for _, a := range pictures {
		if !a.Kind.Picture() || a.Copy == nil || a.State == Quarantined {
			return refuse(NoPictures)
		}
		files = append(files, frame(a.Copy.Size, a.Open(ctx, db, Shown)))
	}
	read, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		v, err := employ(ctx, albumWork, io.MultiReader(files...), out)
		if err == nil && v.Refused != "" {
			err = refuse(v.Refused)
		}
		out.CloseWithError(err)
		done <- err
	}()
	err := write(read)
	read.CloseWithError(io.ErrClosedPipe)
	return errors.Join(<-done, err)
}
