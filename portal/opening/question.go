package opening

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// Question is "this looks wrong": a participant asks the prosecutor about a view.
// About the supervising prosecutor's own the head of his office answers; nobody
// answers about himself.
type Question struct {
	ID         uuid.UUID
	Case       uuid.UUID
	CaseNumber string
	Words      string
	MadeAt     time.Time
	Name       string // who asks; only for the one who answers
	Answer     string
	AnsweredAt time.Time
	Line       *Line // what it is about; only where it is read by itself
}

// Raise asks the prosecutor about a view, once. NotFound for a line that the asker
// does not see, Conflict where he has asked before or would ask about himself.
func Raise(ctx context.Context, db *vault.DB, ask policy.Ask, opening uuid.UUID, words string) (Line, error) {
	var line Line
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if line, err = one(ctx, tx, ask, opening); err != nil {
			return err
		}
		if line.Mine {
			return fault.New(fault.Conflict, "fault.objection-own")
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		sealed, err := tx.SealText(questionText("words", line.Case, id), words)
		if err != nil {
			return err
		}
		err = tx.Exec(ctx, insertObjection, id, opening, line.Case, ask.Person, sealed, ask.At)
		if database.Violates(err, "objection_opening_person_key") {
			return fault.New(fault.Conflict, "fault.objection-twice")
		}
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "objection", id, line.Case, nil)
	})
	return line, err
}

// Questions are those that wait for the asker's answer, longest first.
func Questions(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Question, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []questionRow
	if err := db.Select(ctx, &rows, selectWaitingObjections, ask.Person); err != nil {
		return nil, err
	}
	var out []Question
	for _, row := range rows {
		if ask.Standing(row.ToMe) == 0 {
			continue
		}
		q, err := row.open(ctx, db, ask)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

// ReadQuestion is one question with the view it is about, for the one who must
// answer. For others it is not there.
func ReadQuestion(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Question, error) {
	var row questionRow
	if err := db.Get(ctx, &row, selectObjection, ask.Person, id); err != nil {
		return Question{}, err
	}
	return row.forAsker(ctx, db, ask)
}

// forAsker opens the row for the one who asks: not found where it is not his to
// answer.
func (row questionRow) forAsker(ctx context.Context, db *vault.DB, ask policy.Ask) (Question, error) {
	is := ask.Standing(row.ToMe)
	if is == 0 {
		return Question{}, fault.New(fault.NotFound, "fault.not-found")
	}
	if err := ask.Check(is); err != nil {
		return Question{}, err
	}
	return row.open(ctx, db, ask)
}

// Reply answers a question in words; the one who asked sees it at once.
func Reply(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, words string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		var row questionRow
		if err := tx.Get(ctx, &row, lockObjection, ask.Person, id); err != nil {
			return err
		}
		q, err := row.forAsker(ctx, tx, ask)
		if err != nil {
			return err
		}
		if !q.AnsweredAt.IsZero() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		sealed, err := tx.SealText(questionText("answer", q.Case, id), words)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, answerObjection, id, ask.Person, sealed, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "objection", id, q.Case, nil)
	})
}

// open is the question for the one who answers it. He sees the whole line it is
// about.
func (row questionRow) open(ctx context.Context, db *vault.DB, ask policy.Ask) (Question, error) {
	q, err := row.question(ctx, db)
	if err != nil {
		return q, err
	}
	if q.CaseNumber, err = register.Open(ctx, db, row.Case, row.CaseNumber); err != nil {
		return q, err
	}
	if q.Name, err = identity.OpenName(ctx, db, row.Case, row.Asker, row.AskerName); err != nil {
		return q, err
	}
	line, err := row.lineRow.open(ctx, db, ask, policy.Supervisor)
	q.Line = &line
	return q, err
}
