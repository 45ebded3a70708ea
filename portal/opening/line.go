package opening

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Line is one view as its reader may see it.
type Line struct {
	ID       uuid.UUID
	Case     uuid.UUID
	At       time.Time
	Mine     bool          // the reader himself opened it
	Name     string        // of an official, and of the reader's own side; "" of other participants
	Standing string        // what the opener was: a role, or a duty
	Official bool          // Standing is a duty
	Role     policy.Role   // Standing is a role; "" where it was none that is named
	Body     identity.Body // an official's
	Object   Object
	ObjectID uuid.UUID
	Number   string // of a filing, where it is one
	Reason   Reason
	Words    string    // an official's own
	OpensOn  time.Time // of a covert look that shows by now, or that the reader may see all the same

	Question Question // what the reader asked about it; zero where he asked nothing
}

// Page is how many lines a page shows.
const Page = 50

// Of are the views of a case, newest first, as the asker may see them: a page of
// them, those before the line named where one is, and whether there are more. What
// is kept from him for now is not among them: Sealed tells that it is there.
func Of(ctx context.Context, db *vault.DB, ask policy.Ask, casefile, before uuid.UUID) ([]Line, bool, error) {
	is, err := standing(ctx, db, ask, casefile)
	if err != nil {
		return nil, false, err
	}
	var rows []lineRow
	if err := db.Select(ctx, &rows, selectLines, ask.Person, casefile, is&prosecution != 0, is&policy.OnDuty != 0, today(ask.At).Format(time.DateOnly), nullable(before), Page+1); err != nil {
		return nil, false, err
	}
	more := len(rows) > Page
	out := make([]Line, min(len(rows), Page))
	for i := range out {
		if out[i], err = rows[i].open(ctx, db, ask, is); err != nil {
			return nil, false, err
		}
	}
	return out, more, nil
}

// Sealed are the days on which views show that are kept from the asker until then,
// earliest first. Who looked and when is not told before.
func Sealed(ctx context.Context, db *vault.DB, ask policy.Ask, casefile uuid.UUID) ([]time.Time, error) {
	is, err := standing(ctx, db, ask, casefile)
	if err != nil || is&prosecution != 0 {
		return nil, err
	}
	var days []time.Time
	err = db.Select(ctx, &days, selectSealed, casefile, ask.Person, today(ask.At).Format(time.DateOnly))
	return days, err
}

// one is a line that the asker may see. What he may not see is not there.
func one(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Line, error) {
	var casefile uuid.UUID
	if err := db.Get(ctx, &casefile, selectCaseOf, id); err != nil {
		return Line{}, err
	}
	is, err := found(ctx, db, ask, casefile)
	if err != nil {
		return Line{}, err
	}
	var row lineRow
	if err := db.Get(ctx, &row, selectLine, ask.Person, casefile, is&prosecution != 0, is&policy.OnDuty != 0, today(ask.At).Format(time.DateOnly), id); err != nil {
		return Line{}, err
	}
	if err := ask.Check(is); err != nil { // first whether he finds it, then whether he may
		return Line{}, err
	}
	return row.open(ctx, db, ask, is)
}

// One is a single line, for who asks about it.
func One(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Line, error) {
	return one(ctx, db, ask, id)
}

// prosecution are those who supervise: to them nothing of a case is sealed.
const prosecution = policy.Supervisor | policy.Office

// found is what the asker is to a case; NotFound where he is nothing.
func found(ctx context.Context, db *vault.DB, ask policy.Ask, casefile uuid.UUID) (policy.Standing, error) {
	var words []string
	if err := db.Select(ctx, &words, selectStanding, casefile, ask.Person, today(ask.At).Format(time.DateOnly)); err != nil {
		return 0, err
	}
	is := ask.Standing(words)
	if is == 0 {
		return 0, fault.New(fault.NotFound, "fault.not-found")
	}
	return is, nil
}

// standing is found, and whether he may do the act.
func standing(ctx context.Context, db *vault.DB, ask policy.Ask, casefile uuid.UUID) (policy.Standing, error) {
	is, err := found(ctx, db, ask, casefile)
	if err != nil {
		return 0, err
	}
	return is, ask.Check(is)
}

// open is the line for its reader. A participant learns of another only what he
// is in the case, unless the two stand on one side: who acts for him, and for whom
// he acts, he knows by name. Officials answer for their looks by name.
func (row lineRow) open(ctx context.Context, db *vault.DB, ask policy.Ask, is policy.Standing) (Line, error) {
	l := Line{
		ID: row.ID, Case: row.Case, At: row.At, Mine: row.Person == ask.Person, Standing: row.Standing, Official: slices.Contains(duties, row.Standing),
		Object: row.Object, ObjectID: row.ObjectID, Reason: row.Reason,
	}
	if _, known := policy.RoleOf(policy.Role(row.Standing)); known {
		l.Role = policy.Role(row.Standing)
	}
	if row.BodyKK != nil && row.BodyRU != nil {
		l.Body = identity.Body{NameKK: *row.BodyKK, NameRU: *row.BodyRU}
	}
	if row.Number != nil {
		l.Number = *row.Number
	}
	if row.OpensOn != nil {
		l.OpensOn = *row.OpensOn
	}
	var err error
	switch {
	case l.Official && row.Official != nil:
		l.Name = *row.Official
	case l.Mine || row.Near || is&policy.OnDuty != 0:
		if l.Name, err = identity.OpenName(ctx, db, row.Case, row.Person, row.Name); err != nil {
			return l, err
		}
	}
	words, err := db.OpenMaybe(ctx, wordsAt(row.Case, row.ID), row.Words)
	if err != nil {
		return l, err
	}
	if words != nil {
		l.Words = *words
	}
	if row.QuestionID.Valid {
		l.Question, err = row.question(ctx, db)
	}
	return l, err
}

// duties are the words of standings that officials hold.
var duties = (policy.OnDuty | policy.Decider | policy.Addressee).Names()
