// Package assist lets an advocate have drafts written for him. An assistant sees what
// the advocate tells him with a draft, the number of the case, the kind, the decision
// by name, and what he wrote himself: nothing of the case opens to him. What he hands
// in becomes a draft of the advocate's own, who checks it and signs it.
package assist

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// The limits of a grant: how long it may last, and how many at once.
const (
	Longest = 366 * 24 * time.Hour
	Most    = 10
)

// The lengths of texts, in characters; those of the draft are those of a filing.
const (
	MaxName = 120
	MaxWish = 2000
)

// Assistant is somebody whom an advocate lets write drafts.
type Assistant struct {
	ID     uuid.UUID
	Person uuid.UUID
	Name   string
	Until  time.Time // the last day
	MadeAt time.Time
}

type assistantRow struct {
	ID     uuid.UUID `db:"id"`
	Person uuid.UUID `db:"person"`
	Name   []byte    `db:"name"`
	Until  time.Time `db:"until"`
	MadeAt time.Time `db:"made_at"`
}

// nameAt is the advocate's own: he wrote it, and nobody else reads it.
func nameAt(id, advocate uuid.UUID) vault.Where {
	return vault.Where{Table: "assistant", Column: "name", ID: id, Person: advocate}
}

const selectAssistants = `
SELECT id, person, name, until, made_at
  FROM assistant
 WHERE advocate = $1 AND ended_at IS NULL AND until >= CAST($2 AS date)
 ORDER BY made_at, id`

// Only an advocate has assistants: who defends somebody as one, or has shown a
// licence (CPC 66(2)).
const selectAdvocate = `
SELECT EXISTS (SELECT FROM participant
                WHERE person = $1 AND status = 'confirmed' AND represents IS NOT NULL
                  AND (role = 'defender' AND basis <> 'relative' OR advocate IS NOT NULL))`

const insertAssistant = `
INSERT INTO assistant (id, advocate, person, name, until, made_at) VALUES ($1, $2, $3, $4, $5, $6)`

const endAssistant = `
UPDATE assistant SET ended_at = $3 WHERE id = $1 AND advocate = $2 AND ended_at IS NULL`

// A grant whose last day has passed makes room for the next one to the same person.
const endOver = `
UPDATE assistant SET ended_at = $3 WHERE advocate = $1 AND ended_at IS NULL AND until < CAST($2 AS date)`

func day(at time.Time) string { return at.In(deadline.Zone).Format(time.DateOnly) }

// Advocate tells whether the asker may have assistants.
func Advocate(ctx context.Context, db *vault.DB, ask policy.Ask) (is bool, err error) {
	err = db.Get(ctx, &is, selectAdvocate, ask.Person)
	return is, err
}

// List are the asker's assistants, the oldest first.
func List(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Assistant, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []assistantRow
	if err := db.Select(ctx, &rows, selectAssistants, ask.Person, day(ask.At)); err != nil {
		return nil, err
	}
	out := make([]Assistant, len(rows))
	for i, row := range rows {
		name, err := db.OpenText(ctx, nameAt(row.ID, ask.Person), row.Name)
		if err != nil {
			return nil, err
		}
		out[i] = Assistant{row.ID, row.Person, name, row.Until, row.MadeAt}
	}
	return out, nil
}

// Let lets the person of an IIN write drafts for the asker until a day. Forbidden to
// who is no advocate; Invalid for himself, for one who is let already, and past Most.
func Let(ctx context.Context, db *vault.DB, ask policy.Ask, iin eds.IIN, name string, until time.Time) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		is, err := Advocate(ctx, tx, ask)
		if err != nil {
			return err
		}
		if !is {
			return fault.New(fault.Forbidden, "fault.no-advocate")
		}
		if until.Format(time.DateOnly) < day(ask.At) {
			return fault.New(fault.Invalid, "form.date-past").At("until")
		}
		if err := tx.Exec(ctx, endOver, ask.Person, day(ask.At), ask.At); err != nil {
			return err
		}
		all, err := List(ctx, tx, ask)
		if err != nil {
			return err
		}
		person, err := identity.Ensure(ctx, tx, iin, name, ask.At)
		switch {
		case err != nil:
			return err
		case person == ask.Person:
			return fault.New(fault.Invalid, "fault.assistant-self").At("iin")
		case slices.ContainsFunc(all, func(a Assistant) bool { return a.Person == person }):
			return fault.New(fault.Invalid, "fault.assistant-twice").At("iin")
		case len(all) >= Most:
			return fault.New(fault.Conflict, "fault.assistants-many")
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		sealed, err := tx.SealText(nameAt(id, ask.Person), name)
		if err != nil {
			return err
		}
		err = tx.Exec(ctx, insertAssistant, id, ask.Person, person, sealed, until.Format(time.DateOnly), ask.At)
		if database.Violates(err, "assistant_now") {
			return fault.New(fault.Invalid, "fault.assistant-twice").At("iin")
		}
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "assistant", id, uuid.Nil, nil)
	})
}

// End takes back what somebody was let do: from this moment he sees nothing of it.
func End(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		n, err := tx.Change(ctx, endAssistant, id, ask.Person, ask.At)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		return ledger.Step(ctx, tx.DB, ask, "assistant", id, uuid.Nil, nil)
	})
}

// Status is where an errand is.
type Status string

// The statuses.
const (
	Given  Status = "given"  // the assistant writes
	Handed Status = "handed" // it waits for the advocate
	Taken  Status = "taken"  // it is a draft of the advocate's own now
)

// Errand is a draft that an assistant writes.
type Errand struct {
	ID            uuid.UUID
	Assistant     uuid.UUID
	Name          string // of the assistant, for the advocate
	Advocate      uuid.UUID
	AdvocateName  string
	Case          uuid.UUID // for the advocate
	Participant   uuid.UUID
	CaseNumber    string
	Kind          policy.FilingKind
	About         uuid.UUID
	AboutKind     policy.Kind
	AboutOn       time.Time
	Language      string
	Wish          string
	Circumstances string
	Points        []string
	Status        Status
	Filing        uuid.UUID
	MadeAt        time.Time
	SavedAt       time.Time
	Standing      policy.Standing // of the reader: Author writes it, Addressee is the advocate
}

type errandRow struct {
	ID            uuid.UUID         `db:"id"`
	Assistant     uuid.UUID         `db:"assistant"`
	Name          []byte            `db:"name"`
	Person        uuid.UUID         `db:"person"`
	Live          bool              `db:"live"`
	Advocate      uuid.UUID         `db:"advocate"`
	AdvocateName  []byte            `db:"advocate_name"`
	Case          uuid.UUID         `db:"casefile"`
	Participant   uuid.UUID         `db:"participant"`
	CaseNumber    []byte            `db:"case_number"`
	Kind          policy.FilingKind `db:"kind"`
	About         uuid.NullUUID     `db:"about"`
	AboutKind     *policy.Kind      `db:"about_kind"`
	AboutOn       *time.Time        `db:"about_on"`
	Language      string            `db:"language"`
	Wish          []byte            `db:"wish"`
	Circumstances []byte            `db:"circumstances"`
	Points        []byte            `db:"points"`
	Status        Status            `db:"status"`
	Filing        uuid.NullUUID     `db:"filing"`
	MadeAt        time.Time         `db:"made_at"`
	SavedAt       time.Time         `db:"saved_at"`
}

const selectErrands = `
SELECT e.id, e.assistant, a.name, a.person, a.ended_at IS NULL AND a.until >= CAST($2 AS date) AS live, e.advocate, e.advocate_name,
       e.casefile, e.participant, e.case_number, e.kind, e.about, e.about_kind, e.about_on, e.language,
       e.wish, e.circumstances, e.points, e.status, e.filing, e.made_at, e.saved_at` + ofErrands

const ofErrands = `
  FROM errand e
  JOIN assistant a ON a.id = e.assistant
 WHERE (e.advocate = $1 OR a.person = $1 AND a.ended_at IS NULL AND a.until >= CAST($2 AS date))`

const selectAny = `
SELECT EXISTS (SELECT` + ofErrands + `)`

const selectErrandList = selectErrands + `
 ORDER BY e.made_at DESC, e.id
 LIMIT 200`

const selectErrand = selectErrands + `
   AND e.id = $3`

const lockErrand = selectErrand + `
   FOR UPDATE OF e`

// errandText is the advocate's own; his assistant opens it by a right of his own, for he
// is nothing in the case (vault.Seal).
func errandText(column string, id, advocate uuid.UUID) vault.Where {
	return vault.Where{Table: "errand", Column: column, ID: id, Person: advocate}
}

// open opens a row for its advocate or, while he is let, for its assistant; what
// tells more of the case than he is to know is the advocate's alone.
func (row errandRow) open(ctx context.Context, db *vault.DB, ask policy.Ask) (Errand, error) {
	e := Errand{
		ID: row.ID, Assistant: row.Assistant, Advocate: row.Advocate, Kind: row.Kind,
		Language: row.Language, Status: row.Status, MadeAt: row.MadeAt, SavedAt: row.SavedAt,
	}
	if row.AboutKind != nil && row.AboutOn != nil {
		e.AboutKind, e.AboutOn = *row.AboutKind, *row.AboutOn
	}
	var name string
	var err error
	if row.Person == ask.Person && row.Live {
		e.Standing |= policy.Author
	}
	if row.Advocate == ask.Person {
		e.Standing |= policy.Addressee
		e.Case, e.Participant, e.About, e.Filing = row.Case, row.Participant, row.About.UUID, row.Filing.UUID
		if name, err = db.OpenText(ctx, nameAt(row.Assistant, row.Advocate), row.Name); err != nil {
			return e, err
		}
	}
	if e.Standing == 0 {
		return Errand{}, fault.New(fault.NotFound, "fault.not-found")
	}
	e.Name = name
	if err := ask.Check(e.Standing); err != nil {
		return Errand{}, err
	}
	if e.AdvocateName, err = db.OpenText(ctx, errandText("advocate_name", row.ID, row.Advocate), row.AdvocateName); err != nil {
		return e, err
	}
	if e.CaseNumber, err = db.OpenText(ctx, errandText("case_number", row.ID, row.Advocate), row.CaseNumber); err != nil {
		return e, err
	}
	if e.Wish, err = db.OpenText(ctx, errandText("wish", row.ID, row.Advocate), row.Wish); err != nil {
		return e, err
	}
	if e.Circumstances, err = db.OpenText(ctx, errandText("circumstances", row.ID, row.Advocate), row.Circumstances); err != nil {
		return e, err
	}
	points, err := db.OpenText(ctx, errandText("points", row.ID, row.Advocate), row.Points)
	if points != "" {
		e.Points = strings.Split(points, separator)
	}
	return e, err
}

// separator stands between points; a form lets no control character through.
const separator = "\x1e"

// Any tells that the asker has given errands or writes some. Nothing is opened for it.
func Any(ctx context.Context, db *vault.DB, ask policy.Ask) (has bool, err error) {
	if err := ask.Check(0); err != nil {
		return false, err
	}
	err = db.Get(ctx, &has, selectAny, ask.Person, day(ask.At))
	return has, err
}

// Errands are those that the asker has given or writes, the newest first.
func Errands(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Errand, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []errandRow
	if err := db.Select(ctx, &rows, selectErrandList, ask.Person, day(ask.At)); err != nil {
		return nil, err
	}
	out := make([]Errand, 0, len(rows))
	for _, row := range rows {
		e, err := row.open(ctx, db, ask.To(policy.ErrandRead))
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// Read is one errand. For whom it is not, it does not exist.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Errand, error) {
	return fetch(ctx, db, ask, id, false)
}

func fetch(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, lock bool) (Errand, error) {
	var row errandRow
	var err error
	if lock {
		err = db.Get(ctx, &row, lockErrand, ask.Person, day(ask.At), id)
	} else {
		err = db.Get(ctx, &row, selectErrand, ask.Person, day(ask.At), id)
	}
	if err != nil {
		return Errand{}, err
	}
	return row.open(ctx, db, ask)
}

// NewErrand is what the advocate asks for.
type NewErrand struct {
	Assistant   uuid.UUID
	Participant uuid.UUID // the advocate, in the capacity he will file it in
	Kind        policy.FilingKind
	About       uuid.UUID // decision; zero for none
	Wish        string
	Language    string
}

const insertErrand = `
INSERT INTO errand (id, assistant, advocate, casefile, participant, kind, about, case_number, about_kind, about_on, language,
                    wish, circumstances, points, status, made_at, saved_at, advocate_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'given', $15, $15, $16)
    ON CONFLICT (id) DO NOTHING`

// Give asks an assistant for a draft. The advocate must be able to file it himself,
// and to read the decision that it is about. The id is the page's: a double click asks
// once.
func Give(ctx context.Context, db *vault.DB, ask policy.Ask, of, id uuid.UUID, n NewErrand) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		c, err := casefile.Read(ctx, tx, ask, of)
		if err != nil {
			return err
		}
		if err := c.TakesNew(); err != nil {
			return err
		}
		capacity, ok := c.Capacity(n.Participant)
		if !ok || capacity.Represented == "" {
			return fault.New(fault.Invalid, "form.choose").At("participant")
		}
		if by, ok := policy.MayFile(capacity.Role, capacity.RepresentedRole, n.Kind); !ok || !capacity.May(casefile.ScopeFile) {
			return fault.New(fault.Invalid, "fault.filing-right").At("kind").Under(by)
		}
		all, err := List(ctx, tx, ask.To(policy.AssistantList))
		if err != nil {
			return err
		}
		chosen := slices.IndexFunc(all, func(a Assistant) bool { return a.ID == n.Assistant })
		if chosen < 0 {
			return fault.New(fault.Invalid, "form.choose").At("assistant")
		}
		me, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		var kind *policy.Kind
		var on *time.Time
		if n.About != uuid.Nil {
			d, in, err := casefile.ReadDecision(ctx, tx, ask.To(policy.DecisionRead), n.About)
			if err != nil || in.ID != c.ID {
				return fault.New(fault.Invalid, "form.choose").At("about").Because(err)
			}
			kind, on = &d.Kind, &d.DecidedOn
		}
		var sealed [5][]byte
		for i, text := range []struct{ column, text string }{{"wish", n.Wish}, {"circumstances", ""}, {"points", ""}, {"case_number", c.Number}, {"advocate_name", me.Name}} {
			if sealed[i], err = tx.SealText(errandText(text.column, id, ask.Person), text.text, all[chosen].Person); err != nil {
				return err
			}
		}
		made, err := tx.Change(ctx, insertErrand, id, n.Assistant, ask.Person, c.ID, n.Participant, n.Kind, uuid.NullUUID{UUID: n.About, Valid: n.About != uuid.Nil},
			sealed[3], kind, on, n.Language, sealed[0], sealed[1], sealed[2], ask.At, sealed[4])
		if err != nil {
			return err
		}
		if made == 0 { // clicked twice, or another's id
			_, err := Read(ctx, tx, ask.To(policy.ErrandRead), id)
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "errand", id, c.ID, nil)
	})
}

const saveErrand = `
UPDATE errand
   SET circumstances = $2, points = $3, status = $4, saved_at = $5,
       handed_at = CASE WHEN CAST($4 AS text) = 'handed' THEN CAST($5 AS timestamptz) ELSE handed_at END
 WHERE id = $1`

// Write keeps what the assistant wrote; by the act ErrandHand it goes to the
// advocate. Once handed in he may still mend it, until the advocate takes it.
func Write(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, circumstances string, points []string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		e, err := fetch(ctx, tx, ask, id, true)
		if err != nil {
			return err
		}
		if e.Status == Taken {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		next := e.Status
		if ask.Act == policy.ErrandHand {
			next = Handed
		}
		text, err := tx.SealText(errandText("circumstances", id, e.Advocate), circumstances, ask.Person)
		if err != nil {
			return err
		}
		asked, err := tx.SealText(errandText("points", id, e.Advocate), strings.Join(points, separator), ask.Person)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, saveErrand, id, text, asked, next, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "errand", id, uuid.Nil, nil)
	})
}

const takeErrand = `
UPDATE errand SET status = 'taken', filing = $2, saved_at = $3 WHERE id = $1`

// Take makes a draft of the advocate's own of what was handed in, under the id of
// the errand's filing: he checks it, changes it as he likes, and signs it. By his
// rights now, not by those he had when he asked.
func Take(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID) (uuid.UUID, error) {
	var out uuid.UUID
	err := db.Within(ctx, func(tx *vault.DB) error {
		e, err := fetch(ctx, tx, ask, id, true)
		if err != nil {
			return err
		}
		if e.Status == Taken {
			out = e.Filing
			return nil
		}
		if e.Status != Handed {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if out, err = uuid.NewV7(); err != nil {
			return err
		}
		err = filing.Save(ctx, tx, press, ask.To(policy.FilingCreate), e.Case, out, filing.NewFiling{
			Kind: e.Kind, Participant: e.Participant, About: e.About, Ground: "other", Circumstances: e.Circumstances, Points: e.Points, Language: e.Language,
		})
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, takeErrand, id, out, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "errand", id, e.Case, nil)
	})
	return out, err
}
