// Package vault keeps texts and files so that neither the database nor the process
// of the portal can read them by itself. Each object is sealed with a key of its own,
// that key is wrapped to the public key of the keeper (form.go), and only the keeper
// unwraps it again, for whoever shows it his right (ticket.go). So writing needs no
// secret, and goes on while the keeper is down; reading needs the keeper.
//
// Each object is bound to its place, and the place says whose it is: of one case, or
// of one person. Bytes moved to another table, column, row, case or person do not
// open. So whoever reads the database, a copy of it or a backup reads nothing, and
// whoever changes it is found out.
//
// What stays in clear is written in schema.sql: ids, states, times, who is what
// in which case. The length of a sealed text shows, rounded by nothing.
package vault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"zharia/portal/database"
	"zharia/portal/fault"

	"github.com/google/uuid"
)

// MaxSize is the most one Seal takes, in bytes. The largest thing the portal
// keeps is an uploaded file of 20 MiB; all of it is held in memory.
const MaxSize = 32 << 20

// maxName is the longest identifier of PostgreSQL.
const maxName = 63

// ErrNotSealedHere says that the bytes are not what was sealed for this place:
// moved, changed, cut, or sealed for another keeper. Which of them, nobody learns.
var ErrNotSealedHere = errors.New("vault: this is not what was sealed for this place")

var errStale = errors.New("vault: the key to seal to is too old, the keeper was not asked for days")

// DB is a database and the keys to its texts: what domains take.
type DB struct {
	*database.DB
	*Keys
	holder string // whoever seals here may open it again while the keeper is down; "" for nobody
}

// New puts the two together. It costs nothing, so a job that got a bare
// transaction makes a DB of it where it stands.
func New(db *database.DB, keys *Keys) *DB { return &DB{DB: db, Keys: keys} }

// For is the database for a write outside a transaction: what is sealed there is
// remembered for the ticket of ctx, as Within does.
func (db *DB) For(ctx context.Context) *DB {
	return &DB{DB: db.DB, Keys: db.Keys, holder: holderOf(ctx)}
}

// Within is database.DB.Within with the keys at hand.
func (db *DB) Within(ctx context.Context, do func(tx *DB) error) error {
	return db.DB.Within(ctx, func(tx *database.DB) error { return do(New(tx, db.Keys).For(ctx)) })
}

// Where is the place a text is sealed for, and whose it is: exactly one of Case, Person,
// Body and House is set. The keeper asks for standing in the case, for that very person,
// for the post of one who receives for the body, or for any post.
type Where struct {
	Table  string
	Column string
	ID     uuid.UUID // of the row
	Case   uuid.UUID // the case it belongs to
	Person uuid.UUID // or the only person it is for
	Body   uuid.UUID // or the state body that received it, where there is no case yet
	House  bool      // or whoever is in a post: papers about officials
}

// String names the place for the log.
func (w Where) String() string { return fmt.Sprintf("%s.%s of %s", w.Table, w.Column, w.ID) }

// Home is where a paper belongs: to a case, to the body that received it while there is
// no case, or to the house, if it is about officials. One that is empty is no place to seal
// for: what a forgotten id opens to every official has to be said.
type Home struct {
	Case, Body uuid.UUID
	House      bool
}

// HomeOf is the home of what lies with neither a case nor a body only where it is about
// officials.
func HomeOf(casefile, body uuid.UUID) Home {
	return Home{Case: casefile, Body: body, House: casefile == uuid.Nil && body == uuid.Nil}
}

// In is the place of what belongs there.
func (w Where) In(h Home) Where {
	w.Case, w.Body, w.House = h.Case, h.Body, h.House
	return w
}

// Own is the same place as a person's own.
func (w Where) Own(person uuid.UUID) Where {
	return Where{Table: w.Table, Column: w.Column, ID: w.ID, Person: person}
}

// place begins the associated data, so that nothing else the keys are ever
// used for can be taken for a place, and another form for this one.
const place = "zharia/vault/place/2\x00"

// Bytes are the associated data: names with their lengths before them and a letter
// for whose it is, so that no two places give the same bytes. An incomplete place is
// an error.
func (w Where) Bytes() ([]byte, error) {
	owners := 0
	for _, one := range []bool{w.Case != uuid.Nil, w.Person != uuid.Nil, w.Body != uuid.Nil, w.House} {
		if one {
			owners++
		}
	}
	if !validName(w.Table) || !validName(w.Column) || w.ID == uuid.Nil || owners != 1 {
		return nil, fmt.Errorf("vault: %q is not a place", w)
	}
	data := make([]byte, 0, len(place)+2+len(w.Table)+len(w.Column)+len(w.ID)+1+len(w.Case))
	data = append(data, place...)
	for _, name := range []string{w.Table, w.Column} {
		data = append(data, byte(len(name)))
		data = append(data, name...)
	}
	data = append(data, w.ID[:]...)
	if w.Case != uuid.Nil {
		return append(append(data, 'c'), w.Case[:]...), nil
	}
	if w.House {
		return append(data, 'h'), nil
	}
	if w.Body != uuid.Nil {
		return append(append(data, 'b'), w.Body[:]...), nil
	}
	return append(append(data, 'p'), w.Person[:]...), nil
}

func validName(s string) bool { return 0 < len(s) && len(s) <= maxName }

// Seal makes plain unreadable to all but the keeper. The same text never gives the
// same bytes twice. also are persons who open it by their own right, whatever they are
// to the case: its author who has no standing there, whoever it is an answer to.
func (k *Keys) Seal(where Where, plain []byte, also ...uuid.UUID) ([]byte, error) {
	o, _, err := k.seal(where, plain, also)
	if err != nil {
		return nil, err
	}
	return o.bytes(), nil
}

// Seal is Keys.Seal; whoever seals may open it again without the keeper for a while.
func (db *DB) Seal(where Where, plain []byte, also ...uuid.UUID) ([]byte, error) {
	o, dek, err := db.Keys.seal(where, plain, also)
	if err != nil {
		return nil, err
	}
	db.made.keep(db.holder, o.head, dek)
	for _, a := range o.also {
		db.made.keep(db.holder, a, dek)
	}
	return o.bytes(), nil
}

func (k *Keys) seal(where Where, plain []byte, also []uuid.UUID) (object, []byte, error) {
	if len(plain) > MaxSize {
		return object{}, nil, fmt.Errorf("vault: %d bytes for %s, more than %d", len(plain), where, MaxSize)
	}
	if k.stale() {
		return object{}, nil, fault.New(fault.Unavailable, "fault.closed-for-now").Because(errStale)
	}
	return seal(*k.intake.Load(), where, plain, also)
}

// stale: the keeper was not asked for too long to whom texts are sealed.
func (k *Keys) stale() bool {
	return k.made.clock().UnixNano()-k.renewed.Load() > int64(MaxIntakeAge)
}

// Open gives back what Seal took, if the keeper lets the ticket of ctx have it.
// Anything else, a NULL included, is ErrNotSealedHere: taking a text away must not
// pass for an empty one. What the keeper refuses is not there (fault.NotFound); while
// it is down, texts are closed (fault.Unavailable).
func (k *Keys) Open(ctx context.Context, where Where, sealed []byte) ([]byte, error) {
	plain, err := k.OpenAll(ctx, []Sealed{{where, sealed}})
	if err != nil {
		return nil, err
	}
	return plain[0], nil
}

// Sealed is an object as it lies in the database.
type Sealed struct {
	Where Where
	Bytes []byte
}

// OpenAll is Open for several at once: the keeper is asked one time, not for each.
func (k *Keys) OpenAll(ctx context.Context, objects []Sealed) ([][]byte, error) {
	plain := make([][]byte, len(objects))
	if closed(ctx) {
		for i := range plain {
			plain[i] = []byte("-")
		}
		return plain, nil
	}
	taken, deks, err := k.deks(ctx, objects)
	if err != nil {
		return nil, err
	}
	for i, o := range taken {
		if plain[i], err = o.unseal(deks[i]); err != nil {
			return nil, err
		}
	}
	return plain, nil
}

// Ahead asks the keeper one time for all that a page is about to open one by one;
// those that are NULL are left out. It helps where the ticket of ctx has a memory, and
// changes nothing of what opens: a page that goes without is slower, and the same.
// Where one of them is refused, each is asked for when its turn comes.
func (k *Keys) Ahead(ctx context.Context, objects ...Sealed) error {
	if holderOf(ctx) == "" || closed(ctx) {
		return nil
	}
	there := make([]Sealed, 0, len(objects))
	for _, o := range objects {
		if o.Bytes != nil {
			there = append(there, o)
		}
	}
	_, _, err := k.deks(ctx, there)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// deks are the objects taken apart, and their keys: remembered, or from the keeper.
func (k *Keys) deks(ctx context.Context, objects []Sealed) (taken []object, deks [][]byte, err error) {
	holder, reader := holderOf(ctx), readerOf(ctx)
	taken, deks = make([]object, len(objects)), make([][]byte, len(objects))
	var asks []Ask
	var of [][]int // the objects each ask is for: the number of a case stands in many lines
	first := map[[32]byte]int{}
	for i, one := range objects {
		if taken[i], err = parse(one.Where, one.Bytes); err != nil {
			return nil, nil, err
		}
		ask := taken[i].theirs(reader)
		if deks[i] = k.made.find(holder, ask); deks[i] != nil {
			continue
		}
		name := nameOf("", ask)
		at, again := first[name]
		if !again {
			at, first[name] = len(asks), len(asks)
			asks, of = append(asks, ask), append(of, nil)
		}
		of[at] = append(of[at], i)
	}
	for len(asks) > 0 {
		n := min(len(asks), MaxAsks)
		got, err := k.unwrap(ctx, asks[:n])
		if err != nil {
			return nil, nil, err
		}
		for j, dek := range got {
			if dek == nil {
				return nil, nil, strange(asks[j].Where)
			}
			for _, i := range of[j] {
				deks[i] = dek
			}
			k.made.keep(holder, asks[j], dek)
		}
		asks, of = asks[n:], of[n:]
	}
	return taken, deks, nil
}

// unwrap asks the keeper, and says what came of it in words the portal can answer.
func (k *Keys) unwrap(ctx context.Context, asks []Ask) ([][]byte, error) {
	database.Rest(ctx) // the keeper may be away: nobody waits for a connection meanwhile
	deks, err := k.keeper.Unwrap(ctx, asks)
	var told *fault.Fault
	switch {
	case err == nil && len(deks) == len(asks):
		return deks, nil
	case err == nil:
		return nil, fmt.Errorf("vault: the keeper gave %d keys for %d", len(deks), len(asks))
	case errors.Is(err, ErrNotSealedHere) || errors.As(err, &told):
		return nil, err
	case errors.Is(err, ErrRefused):
		slog.WarnContext(ctx, "keeper refuses", "place", asks[0].Where.String(), "of", len(asks))
		return nil, fault.New(fault.NotFound, "fault.not-found").Because(err)
	case ctx.Err() != nil: // who asked has gone
		return nil, ctx.Err()
	}
	return nil, fault.New(fault.Unavailable, "fault.closed-for-now").Because(err)
}

// SealText is Seal for a string; an empty one becomes bytes too.
func (k *Keys) SealText(where Where, text string, also ...uuid.UUID) ([]byte, error) {
	return k.Seal(where, []byte(text), also...)
}

// SealText is Seal for a string; an empty one becomes bytes too.
func (db *DB) SealText(where Where, text string, also ...uuid.UUID) ([]byte, error) {
	return db.Seal(where, []byte(text), also...)
}

// OpenText is Open for a string.
func (k *Keys) OpenText(ctx context.Context, where Where, sealed []byte) (string, error) {
	plain, err := k.Open(ctx, where, sealed)
	return string(plain), err
}

// SealMaybe is SealText for a column that may be NULL: nil stays nil.
func (k *Keys) SealMaybe(where Where, text *string, also ...uuid.UUID) ([]byte, error) {
	if text == nil {
		return nil, nil
	}
	return k.SealText(where, *text, also...)
}

// SealMaybe is SealText for a column that may be NULL: nil stays nil.
func (db *DB) SealMaybe(where Where, text *string, also ...uuid.UUID) ([]byte, error) {
	if text == nil {
		return nil, nil
	}
	return db.SealText(where, *text, also...)
}

// OpenMaybe is OpenText for a column that may be NULL: nil stays nil. There a
// text that was taken away cannot be told from one that never was; the record
// of the act (portal/ledger) can.
func (k *Keys) OpenMaybe(ctx context.Context, where Where, sealed []byte) (*string, error) {
	if sealed == nil {
		return nil, nil
	}
	text, err := k.OpenText(ctx, where, sealed)
	if err != nil {
		return nil, err
	}
	return &text, nil
}
