package directory

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Registered is a state body as the register of investigations has it.
type Registered struct {
	ID uuid.UUID
	identity.Body
	Kind        string // of Posts
	Above       uuid.UUID
	Court       uuid.UUID
	KATO        string    // of one that receives reports of offences; else ""
	Code        string    // and of its book
	Prosecution uuid.UUID // and who supervises how it receives them
	MadeAt      time.Time // when the register wrote it so; zero: before anything else
}

const upsertBody = `
INSERT INTO body (id, kind, name_kk, name_ru, above, court, kato, code, prosecution, made_at)
VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''), nullif($8, ''), $9, $10)
    ON CONFLICT (id) DO UPDATE
   SET name_kk = $3, name_ru = $4, above = $5, court = $6, kato = nullif($7, ''), code = nullif($8, ''), prosecution = $9, made_at = $10
 WHERE body.kind = $2 AND (body.made_at IS NULL OR body.made_at <= $10)`

const countOfKind = `
SELECT count(*) FROM body WHERE id = $1 AND kind = $2`

// EnterBody makes a body known, or writes its names and places anew; what was written before
// what stands comes too late and changes nothing. What a body is never changes:
// fault.Conflict. Whoever calls records the act.
func EnterBody(ctx context.Context, tx *vault.DB, b Registered) error {
	n, err := tx.Change(ctx, upsertBody, b.ID, b.Kind, b.NameKK, b.NameRU, nullable(b.Above), nullable(b.Court), b.KATO, b.Code, nullable(b.Prosecution), maybe(b.MadeAt))
	if err != nil || n > 0 {
		return err
	}
	var same int
	if err := tx.Get(ctx, &same, countOfKind, b.ID, b.Kind); err != nil {
		return err
	}
	if same == 0 {
		return fault.New(fault.Conflict, "fault.not-now").At("kind")
	}
	return nil
}

// Enrolled is an official on the roll of the register.
type Enrolled struct {
	IIN   eds.IIN
	Name  string
	Post  string
	Body  uuid.UUID
	Until time.Time // a day; zero: none is set
}

// On is the line of the roll that says it; a person's id is made of his IIN.
func (e Enrolled) On(db *vault.DB) warrant.Officer {
	return warrant.Officer{Person: identity.IDOf(db, e.IIN), Post: e.Post, Body: e.Body, Until: warrant.On(e.Until)}
}

const countRoll = `
SELECT count(*) FROM warrant WHERE id = $1`

// Enroll takes officials from the register: who is on its signed roll is in that post of
// that body from this moment, and in no other. Who is not on it stays what he is, and so
// does he of whom something newer was said. False: the roll is there already.
//
// Who administers the portal is not the register's to say: First enters two, and from then
// on two people sign. A message may only repeat it (the keeper knows the first two from
// there), and only of the time since it is so. Any other line about them is passed over, as
// the keeper does: over is how many, for those on duty. fault.Invalid: nothing else is in the
// roll, or the keeper might take such a line for what begins (begun). digest is that of the
// message: a roll that none brought is the cast's, which nobody signs for either.
func Enroll(ctx context.Context, tx *vault.DB, at time.Time, all []Enrolled, roll register.Said, digest []byte) (kept bool, over int, err error) {
	var there int
	if err := tx.Get(ctx, &there, countRoll, roll.ID); err != nil || there > 0 {
		return false, 0, err
	}
	ask, claims := policy.Ask{Act: policy.RegisterTake, At: at}, false
	for _, e := range all {
		person, err := identity.Ensure(ctx, tx, e.IIN, e.Name, at)
		if err != nil {
			return false, over, err
		}
		its, err := enroll(ctx, tx, ask, person, e, roll.Made, digest == nil)
		if err != nil {
			return false, over, err
		}
		if !its {
			over, claims = over+1, claims || administrates(e.Post)
		}
	}
	refused := over > 0 && over == len(all)
	if claims && !refused {
		known, err := begun(ctx, tx, roll.Made)
		if err != nil {
			return false, over, err
		}
		refused = !known
	}
	if refused {
		return false, over, fault.New(fault.Invalid, NotTheRegisters).At("officers")
	}
	kept, err = register.Keep(ctx, tx, roll, at, digest)
	return kept, over, err
}

// NotTheRegisters is why a line of a roll is passed over.
const NotTheRegisters = "fault.register-administration"

const selectOldestRoll = `
SELECT content FROM warrant WHERE casefile IS NULL ORDER BY made_at, id LIMIT 1`

// begun says that the keeper knows two administrators from a roll older than one that was
// made at a moment, whatever it remembers: it takes them from the oldest.
func begun(ctx context.Context, tx *vault.DB, made time.Time) (bool, error) {
	var rows [][]byte
	if err := tx.Select(ctx, &rows, selectOldestRoll); err != nil || len(rows) == 0 {
		return false, err
	}
	oldest, err := warrant.Parse(rows[0])
	if err != nil {
		return false, err
	}
	named := map[uuid.UUID]bool{}
	for _, o := range oldest.Officers {
		if o.Post == "administrator" {
			named[o.Person] = true
		}
	}
	return len(named) >= Fewest && oldest.Made.Before(made), nil
}

// administrates says that a post is one of the portal's own.
func administrates(post string) bool { return slices.Contains(Posts["administration"], post) }

// enroll takes a line of a roll; false where it is not the register's to say.
func enroll(ctx context.Context, tx *vault.DB, ask policy.Ask, person uuid.UUID, e Enrolled, made time.Time, first bool) (bool, error) {
	var before []officerRow
	if err := tx.Select(ctx, &before, lockOfficer, person); err != nil {
		return false, err
	}
	known := len(before) == 1
	holds := known && before[0].LeftAt == nil
	in := holds && (before[0].Until == nil || !today(made).After(*before[0].Until)) // the timetable may be late
	stays := holds && before[0].Post == e.Post && before[0].Body == e.Body
	same := stays && warrant.On(deref(before[0].Until)) == warrant.On(e.Until)
	late := known && before[0].MadeAt != nil && !made.After(*before[0].MadeAt)
	switch {
	case administrates(e.Post) && !first:
		return same && !made.Before(deref(before[0].Since)), nil
	case in && administrates(before[0].Post):
		return same || late, nil // late: he became one since
	case late && same, late && made.Before(*before[0].MadeAt):
		return true, nil
	case late: // of two of one moment the keeper takes either
		return false, fault.New(fault.Conflict, "fault.not-now").At("officers")
	}
	n, err := tx.Change(ctx, upsertOfficer, person, e.Post, e.Body, maybe(e.Until), e.Name, made, madeAt(before))
	switch {
	case err != nil:
		return false, err
	case n == 0: // somebody put him into a post meanwhile
		return enroll(ctx, tx, ask, person, e, made, first)
	case !holds || stays:
		return true, nil
	}
	return true, lose(ctx, tx, ask, person)
}

const selectStands = `
SELECT kind, above, court, made_at FROM body WHERE id = $1`

type bodyRow struct {
	Kind   string        `db:"kind"`
	Above  uuid.NullUUID `db:"above"`
	Court  uuid.NullUUID `db:"court"`
	MadeAt *time.Time    `db:"made_at"`
}

// Stands refuses a line of a roll that places a body otherwise than it is known here: the
// keeper goes by the roll, the pages by the rows. What the register wrote of the body after it
// made the roll does not count against it.
func Stands(ctx context.Context, tx *vault.DB, b warrant.Body, made time.Time) error {
	var rows []bodyRow
	if err := tx.Select(ctx, &rows, selectStands, b.ID); err != nil {
		return err
	}
	if len(rows) == 0 || (rows[0].Above.UUID != b.Above || rows[0].Court.UUID != b.Court) && !deref(rows[0].MadeAt).After(made) {
		return fault.New(fault.Invalid, "fault.register-body").At("fact")
	}
	return nil
}

// Has refuses a post that a body has not, and a body that nobody entered.
func Has(ctx context.Context, tx *vault.DB, body uuid.UUID, post string) error {
	var rows []bodyRow
	if err := tx.Select(ctx, &rows, selectStands, body); err != nil {
		return err
	}
	if len(rows) == 0 || !slices.Contains(Posts[rows[0].Kind], post) {
		return fault.New(fault.Invalid, "fault.register-body").At("officers")
	}
	return nil
}
