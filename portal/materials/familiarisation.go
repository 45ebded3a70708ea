package materials

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
	"zharia/portal/words"
)

// MaxPostponed is how many days a familiarisation may be postponed altogether
// (CPC 294).
const MaxPostponed = warrant.MaxPostponed

// longest is how far ahead a term may end: a mistyped year opens nothing for ever.
const longest = 366 * 24 * time.Hour

// Familiarisation is the file opened to one participant for a term.
type Familiarisation struct {
	ID          uuid.UUID
	Case        uuid.UUID
	CaseNumber  string
	Participant uuid.UUID
	Holder      uuid.UUID // participant: himself, or the status that has taken the place of that one
	Person      uuid.UUID
	Name        string
	Role        policy.Role     // of the holder
	Represented policy.Role     // the status of the one he stands for, or ""
	Part        policy.FilePart // how much of the file
	Document    uuid.UUID       // the notice
	OpensOn     time.Time       // a day
	Until       time.Time       // the last day, postponements counted in
	Postponed   int             // days
	Terminated  bool            // opened because of a termination, CPC 289(2), 290(3)
	Status      Status
	Record      uuid.UUID // zero until it is drafted
	Motions     string
	Pleads      bool // he waits to hear whether it is postponed
	MadeAt      time.Time
	OpenedAt    time.Time
	RecordedAt  time.Time
	ClosedAt    time.Time
	Mine        bool // the asker is its reader
	MayCopy     bool // and may take a copy away

	standing policy.Standing
}

// Unhurried says that the last day does not close the file to him (CPC 296(3)): he reads
// until he has signed the record.
func (f Familiarisation) Unhurried() bool { return slices.Contains(policy.Unhurried, f.Role) }

// Reads says that today is a day on which he reads.
func (f Familiarisation) Reads(at time.Time) bool {
	return f.Status == Opened && f.Part != policy.NoFile && !f.Early(at) && (f.Unhurried() || !f.over(at))
}

// Early says that his first day has not come.
func (f Familiarisation) Early(at time.Time) bool {
	return f.Status == Opened && at.In(deadline.Zone).Format(time.DateOnly) < f.OpensOn.Format(time.DateOnly)
}

// Pleading says that he waits to hear whether it is postponed.
func (f Familiarisation) Pleading() bool { return f.Status == Opened && f.Pleads }

// PetitionsUntil is the end of the term for petitions after the reading (CPC 297);
// zero before the record is signed, and after a termination, of which one complains.
func (f Familiarisation) PetitionsUntil(days calendar.Changes) time.Time {
	if f.RecordedAt.IsZero() || f.Terminated {
		return time.Time{}
	}
	return days.Running(deadline.AfterReading, f.RecordedAt).Ends
}

// Closes is the end of his last day; zero where no day closes the file to him.
func (f Familiarisation) Closes() time.Time {
	if f.Unhurried() {
		return time.Time{}
	}
	return time.Date(f.Until.Year(), f.Until.Month(), f.Until.Day()+1, 0, 0, 0, 0, deadline.Zone)
}

func motionsAt(casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "familiarisation", Column: "motions", ID: id, Case: casefile}
}

type familiarisationRow struct {
	ID          uuid.UUID      `db:"id"`
	Case        uuid.UUID      `db:"casefile"`
	Number      []byte         `db:"number"`
	Participant uuid.UUID      `db:"participant"`
	Holder      uuid.UUID      `db:"holder"`
	Person      uuid.UUID      `db:"person"`
	Name        []byte         `db:"name"`
	Role        policy.Role    `db:"role"`
	Represented *policy.Role   `db:"represented"`
	Scope       pq.StringArray `db:"scope"`
	Document    uuid.UUID      `db:"document"`
	OpensOn     time.Time      `db:"opens_on"`
	Until       time.Time      `db:"until"`
	Postponed   int            `db:"postponed"`
	Terminated  bool           `db:"terminated"`
	Status      Status         `db:"status"`
	Record      uuid.NullUUID  `db:"record"`
	Motions     []byte         `db:"motions"`
	Pleads      bool           `db:"pleads"`
	MadeAt      time.Time      `db:"made_at"`
	OpenedAt    *time.Time     `db:"opened_at"`
	RecordedAt  *time.Time     `db:"recorded_at"`
	ClosedAt    *time.Time     `db:"closed_at"`
	Stands      bool           `db:"stands"`
	Duty        pq.StringArray `db:"duty"`
}

// A reader finds what is opened to him while the status stands that it was opened
// to, or the one that has taken its place: an accused has all that he had as a suspect
// (CPC 65(5)). Who has a duty in the case finds all of it.
const selectAnyFamiliarisation = `
SELECT f.id, f.casefile, (SELECT c.number FROM casefile c WHERE c.id = f.casefile) AS number, f.participant, coalesce(s.id, p.id) AS holder, p.person, n.name,
       coalesce(s.role, p.role) AS role, r.role AS represented, p.scope, f.document,
       f.opens_on, f.until, f.postponed, f.terminated, f.status, f.record, f.motions,
       EXISTS (SELECT FROM plea w WHERE w.familiarisation = f.id AND w.days IS NULL) AS pleads,
       f.made_at, f.opened_at, f.recorded_at, f.closed_at,
       (p.status = 'confirmed' OR s.id IS NOT NULL) AND (p.represents IS NULL OR r.status = 'confirmed')
           AND (p.until IS NULL OR p.until >= CAST($2 AS date)) AND 'read' = ANY (p.scope) AS stands,
       array_remove(standings(f.casefile, $1), 'party') AS duty -- the view would be begun for nothing where there is no row
  FROM familiarisation f
  JOIN participant p ON p.id = f.participant
  LEFT JOIN LATERAL (SELECT t.id, t.role FROM participant t
                      WHERE p.status = 'ended' AND t.person = p.person AND t.casefile = p.casefile AND t.status = 'confirmed' AND p.id = ANY (lineage(t.id)) LIMIT 1) s ON true
  LEFT JOIN known n ON n.casefile = p.casefile AND n.person = p.person
  LEFT JOIN participant r ON r.id = p.represents`

const selectFamiliarisation = selectAnyFamiliarisation + `
 WHERE f.id = $3`

const lockFamiliarisation = selectFamiliarisation + `
   FOR UPDATE OF f`

const selectOfReader = selectAnyFamiliarisation + `
 WHERE p.person = $1 AND f.casefile = $3 AND f.status <> 'draft'
 ORDER BY f.opened_at DESC`

const selectRunning = selectAnyFamiliarisation + `
 WHERE p.person = $1 AND (f.status = 'open' OR f.recorded_at > $3)
 ORDER BY f.opened_at, f.id`

const selectOfCase = selectAnyFamiliarisation + `
 WHERE f.casefile = $3
 ORDER BY f.status = 'draft' DESC, f.made_at, f.id`

const selectWaiting = selectAnyFamiliarisation + `
 WHERE f.casefile = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing = 'charge'))
   AND (f.status = 'recorded' OR f.status = 'open' AND EXISTS (SELECT FROM plea w WHERE w.familiarisation = f.id AND w.days IS NULL))
 ORDER BY coalesce(f.recorded_at, (SELECT w.made_at FROM plea w WHERE w.familiarisation = f.id AND w.days IS NULL))`

func (row familiarisationRow) open(ctx context.Context, db *vault.DB, ask policy.Ask) (Familiarisation, error) {
	f := Familiarisation{
		ID: row.ID, Case: row.Case, Participant: row.Participant, Holder: row.Holder, Person: row.Person, Role: row.Role,
		Document: row.Document, OpensOn: row.OpensOn, Until: row.Until, Postponed: row.Postponed, Terminated: row.Terminated, Status: row.Status,
		Record: row.Record.UUID, MadeAt: row.MadeAt, Pleads: row.Pleads, Mine: row.Stands && row.Person == ask.Person && row.Status != Draft,
	}
	if row.Represented != nil {
		f.Represented = *row.Represented
	}
	f.Part = policy.File(f.Role, f.Represented)
	f.MayCopy = f.Mine && slices.Contains(row.Scope, "copy")
	for to, from := range map[*time.Time]*time.Time{&f.OpenedAt: row.OpenedAt, &f.RecordedAt: row.RecordedAt, &f.ClosedAt: row.ClosedAt} {
		if from != nil {
			*to = *from
		}
	}
	standings := []string(row.Duty)
	if f.Mine {
		standings = append(standings, "party")
	}
	f.standing = ask.Standing(standings)
	var errs [3]error
	f.CaseNumber, errs[2] = register.Open(ctx, db, row.Case, row.Number)
	f.Name, errs[0] = identity.OpenName(ctx, db, row.Case, row.Person, row.Name)
	f.Motions, errs[1] = maybe(ctx, db, motionsAt(row.Case, row.ID), row.Motions)
	return f, errors.Join(errs[:]...)
}

func maybe(ctx context.Context, db *vault.DB, where vault.Where, sealed []byte) (string, error) {
	text, err := db.OpenMaybe(ctx, where, sealed)
	if text == nil {
		return "", err
	}
	return *text, err
}

func today(at time.Time) string { return at.In(deadline.Zone).Format(time.DateOnly) }

// Read is a familiarisation, for its reader and for officials of the case.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Familiarisation, error) {
	var row familiarisationRow
	if err := db.Get(ctx, &row, selectFamiliarisation, ask.Person, today(ask.At), id); err != nil {
		return Familiarisation{}, err
	}
	return row.forAsker(ctx, db, ask)
}

func lock(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Familiarisation, error) {
	var row familiarisationRow
	if err := tx.Get(ctx, &row, lockFamiliarisation, ask.Person, today(ask.At), id); err != nil {
		return Familiarisation{}, err
	}
	return row.forAsker(ctx, tx, ask)
}

func (row familiarisationRow) forAsker(ctx context.Context, db *vault.DB, ask policy.Ask) (Familiarisation, error) {
	f, err := row.open(ctx, db, ask)
	if err != nil {
		return f, err
	}
	if f.Status == Draft && f.standing&policy.Charge == 0 || f.standing == 0 {
		return f, fault.New(fault.NotFound, "fault.not-found")
	}
	return f, ask.Check(f.standing)
}

// Mine are the familiarisations of the asker in a case, newest first.
func Mine(ctx context.Context, db *vault.DB, ask policy.Ask, casefileID uuid.UUID) ([]Familiarisation, error) {
	var rows []familiarisationRow
	if err := db.Select(ctx, &rows, selectOfReader, ask.Person, today(ask.At), casefileID); err != nil {
		return nil, err
	}
	all, err := openAll(ctx, db, ask, rows)
	return slices.DeleteFunc(all, func(f Familiarisation) bool { return !f.Mine }), err
}

// petitioned is how long the days for petitions can run, days off that were moved included.
const petitioned = 40 * 24 * time.Hour

// Running are those of the asker, over all his cases, of which a term may run: he reads, or
// has signed the record.
func Running(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Familiarisation, error) {
	var rows []familiarisationRow
	if err := db.Select(ctx, &rows, selectRunning, ask.Person, today(ask.At), ask.At.Add(-petitioned)); err != nil {
		return nil, err
	}
	all, err := openAll(ctx, db, ask, rows)
	return slices.DeleteFunc(all, func(f Familiarisation) bool { return !f.Mine }), err
}

// OfCase are all of a case, for its officials; drafts are the investigator's alone.
func OfCase(ctx context.Context, db *vault.DB, ask policy.Ask, casefileID uuid.UUID) ([]Familiarisation, error) {
	c, err := casefileOf(ctx, db, ask, casefileID)
	if err != nil {
		return nil, err
	}
	var rows []familiarisationRow
	if err := db.Select(ctx, &rows, selectOfCase, ask.Person, today(ask.At), casefileID); err != nil {
		return nil, err
	}
	all, err := openAll(ctx, db, ask, rows)
	return slices.DeleteFunc(all, func(f Familiarisation) bool { return f.Status == Draft && c.Standing&policy.Charge == 0 }), err
}

// Waiting are those of the asker's cases in which something waits for him: a reader
// asks for more time, or has signed the record.
func Waiting(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Familiarisation, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []familiarisationRow
	if err := db.Select(ctx, &rows, selectWaiting, ask.Person, today(ask.At)); err != nil {
		return nil, err
	}
	return openAll(ctx, db, ask, rows)
}

func openAll(ctx context.Context, db *vault.DB, ask policy.Ask, rows []familiarisationRow) ([]Familiarisation, error) {
	out := make([]Familiarisation, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.open(ctx, db, ask); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Term is for how long the file is opened.
type Term struct {
	OpensOn, Until time.Time // days
	Language       string    // of the notice
}

func (t Term) check(at time.Time) error {
	switch day := today(at); {
	case t.OpensOn.Format(time.DateOnly) < day:
		return fault.New(fault.Invalid, "fault.file-term-past").At("opens_on")
	case t.Until.Before(t.OpensOn):
		return fault.New(fault.Invalid, "fault.file-term-order").At("until")
	case t.Until.Sub(at) > longest:
		return fault.New(fault.Invalid, "fault.file-term-long").At("until")
	}
	return nil
}

// Invitee is a participant to whom the file may be opened, and how much of it.
type Invitee struct {
	casefile.Participant
	Part policy.FilePart
}

const selectBusy = `
SELECT s.id AS participant, f.status = 'open' AND f.until < $2 AS over
  FROM familiarisation f
  JOIN participant p ON p.id = f.participant
  JOIN participant s ON s.person = p.person AND s.casefile = p.casefile AND p.id = ANY (lineage(s.id))
 WHERE f.casefile = $1 AND f.status IN ('draft', 'open')`

// Invitees are those to whom the file may be opened now: their status is confirmed,
// the matrix opens the file to it, and it is not open to them already, nor prepared to be.
func Invitees(ctx context.Context, db *vault.DB, ask policy.Ask, casefileID uuid.UUID) ([]Invitee, error) {
	if _, err := casefileOf(ctx, db, ask, casefileID); err != nil {
		return nil, err
	}
	all, err := casefile.Participants(ctx, db, ask, casefileID)
	if err != nil {
		return nil, err
	}
	var busy []struct {
		Participant uuid.UUID `db:"participant"`
		Over        bool      `db:"over"`
	}
	if err := db.Select(ctx, &busy, selectBusy, casefileID, today(ask.At)); err != nil {
		return nil, err
	}
	over := map[uuid.UUID]bool{} // to whom it was opened for a time that has passed
	for _, b := range busy {
		before, twice := over[b.Participant]
		over[b.Participant] = b.Over && (before || !twice)
	}
	var out []Invitee
	for _, p := range all {
		if closed, known := over[p.ID]; known && (!closed || slices.Contains(policy.Unhurried, p.Role)) {
			continue
		}
		if part := policy.File(p.Role, p.RepresentedRole); p.Status == casefile.Confirmed && part != policy.NoFile {
			out = append(out, Invitee{p, part})
		}
	}
	return out, nil
}

// The notice of the end of investigative acts comes first (CPC 294(1)); after a
// termination the file opens without it (CPC 289(2)). By the newer of them it opens, unless
// the investigation was begun again after it: then it ends anew first.
const selectEnd = `
SELECT kind FROM decision
 WHERE casefile = $1 AND status = 'published'
   AND kind IN ('end-notice', 'terminated-full', 'terminated-part', 'prosecution-terminated', 'pti-reopened', 'returned')
 ORDER BY published_at DESC
 LIMIT 1`

// terminated says that what lets the file open is a termination; Conflict where nothing does.
func terminated(ctx context.Context, db *vault.DB, casefileID uuid.UUID) (bool, error) {
	var kind policy.Kind
	err := db.Get(ctx, &kind, selectEnd, casefileID)
	rule, _ := policy.KindOf(kind)
	if errors.Is(err, fault.NotFound) || rule.Reopens {
		return false, fault.New(fault.Conflict, "fault.file-no-notice").Under(law.CPC(294, 1))
	}
	return kind != "end-notice", err
}

const countUndrawn = `
SELECT count(*) FILTER (WHERE state <> 'ready') AS undrawn, count(*) FILTER (WHERE state = 'ready') AS ready
  FROM material
 WHERE casefile = $1 AND part <> 'prosecution-list' AND flags = '{}'`

// Hindrance is why the file of a case cannot be opened to anybody now; nil where it
// can.
func Hindrance(ctx context.Context, db *vault.DB, casefileID uuid.UUID) error {
	if _, err := terminated(ctx, db, casefileID); err != nil {
		return err
	}
	var n struct {
		Undrawn int `db:"undrawn"`
		Ready   int `db:"ready"`
	}
	if err := db.Get(ctx, &n, countUndrawn, casefileID); err != nil {
		return err
	}
	switch {
	case n.Undrawn > 0:
		return fault.New(fault.Conflict, "fault.file-not-drawn")
	case n.Ready == 0:
		return fault.New(fault.Conflict, "fault.file-empty").Under(law.CPC(296))
	}
	return nil
}

const insertFamiliarisation = `
INSERT INTO familiarisation (id, casefile, participant, author, document, opens_on, until, terminated, status, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'draft', $9)`

// DraftFor prepares the notices by which the file opens to some participants for
// one term, each to be signed.
func DraftFor(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, casefileID uuid.UUID, to []uuid.UUID, term Term) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		c, err := casefileOf(ctx, tx, ask, casefileID)
		if err != nil {
			return err
		}
		if len(to) == 0 {
			return fault.New(fault.Invalid, "form.choose").At("participants")
		}
		if err := term.check(ask.At); err != nil {
			return err
		}
		if err := Hindrance(ctx, tx, casefileID); err != nil {
			return err
		}
		invitees, err := Invitees(ctx, tx, ask, casefileID)
		if err != nil {
			return err
		}
		for _, id := range to {
			i := slices.IndexFunc(invitees, func(v Invitee) bool { return v.ID == id })
			if i < 0 {
				return fault.New(fault.Invalid, "form.choose").At("participants")
			}
			if err := invite(ctx, tx, press, ask, c, invitees[i], term); err != nil {
				return err
			}
		}
		return nil
	})
}

func invite(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, c casefile.Case, to Invitee, term Term) error {
	doc, err := document.New(ask, c.ID, document.Familiarisation, term.Language)
	if err != nil {
		return err
	}
	seen, err := visible(ctx, tx, c.ID, to.Part)
	if err != nil {
		return err
	}
	signer, err := identity.Read(ctx, tx, ask.Person, ask.At)
	if err != nil {
		return err
	}
	person, err := identity.ReadIn(ctx, tx, c.ID, to.Person)
	if err != nil {
		return err
	}
	ended, err := terminated(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	if doc.Content, err = press.Paper(notice(press, doc, c, to, person, signer.Name, seen, term, ended), doc, c.Number); err != nil {
		return err
	}
	if err := document.Add(ctx, tx, &doc); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	err = tx.Exec(ctx, insertFamiliarisation, id, c.ID, to.ID, ask.Person, doc.ID, term.OpensOn, term.Until, ended, ask.At)
	if database.Violates(err, "familiarisation_next") {
		return fault.New(fault.Conflict, "fault.not-now")
	}
	if err != nil {
		return err
	}
	return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, c.ID, doc.Digest)
}

// ReadNotice is a familiarisation with its notice.
func ReadNotice(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Familiarisation, document.Document, error) {
	f, err := Read(ctx, db, ask, id)
	if err != nil {
		return f, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, f.Document)
	return f, doc, err
}

const openFamiliarisation = `
UPDATE familiarisation SET status = $2, opened_at = $3 WHERE id = $1`

const lapse = `
UPDATE familiarisation SET status = 'lapsed' WHERE participant = $1 AND status = 'open' AND until < $2`

// Begin signs the notice with the investigator's key, and the file is open to the
// reader. What has changed since the draft (his status, the notice of the end, the day) is
// held against the law again. A reading of his whose last day has passed lapses: what
// was read in it stays written there.
func Begin(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := f.Status.after(ask.Act)
		if err != nil {
			return err
		}
		if err := casefile.Hold(ctx, tx, f.Participant); err != nil {
			return err
		}
		if err := Hindrance(ctx, tx, f.Case); err != nil {
			return err
		}
		ended, err := terminated(ctx, tx, f.Case)
		if err != nil {
			return err
		}
		if f.over(ask.At) || ended != f.Terminated {
			return fault.New(fault.Invalid, "fault.file-notice-old")
		}
		if err := tx.Exec(ctx, lapse, f.Participant, today(ask.At)); err != nil {
			return err
		}
		doc, err := document.Sign(ctx, tx, ask, f.Document, signature)
		if err != nil {
			return err
		}
		err = tx.Exec(ctx, openFamiliarisation, id, next, ask.At)
		if database.Violates(err, "familiarisation_now") {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, f.Case, doc.Digest)
	})
}

const deleteFamiliarisation = `
DELETE FROM familiarisation WHERE id = $1 AND status = 'draft'`

// Discard gives an unsigned notice up.
func Discard(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (uuid.UUID, error) {
	var in uuid.UUID
	err := db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		in = f.Case
		if f.Status != Draft {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := tx.Exec(ctx, deleteFamiliarisation, id); err != nil {
			return err
		}
		if err := document.Drop(ctx, tx, f.Document); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, f.Case, nil)
	})
	return in, err
}

const endFamiliarisation = `
UPDATE familiarisation SET status = $2 WHERE id = $1`

// End takes back what was opened by mistake, to another than was meant or for other days: its
// reader has it no more from here on, and is told. It only takes away, so it needs no
// signature; what he read stays written down, and a new notice opens the file anew.
func End(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := f.Status.after(ask.Act)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, endFamiliarisation, id, next); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, f.Case, nil)
	})
}

// over says that the last day has passed.
func (f Familiarisation) over(at time.Time) bool { return today(at) > f.Until.Format(time.DateOnly) }

// notice is the paper by which the file opens.
func notice(press document.Press, d document.Document, c casefile.Case, to Invitee, person identity.Person, signer string, seen []Material, term Term, ended bool) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, string(d.Kind))
	s.From = []string{c.Body.In(d.Language)}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: c.Number},
		{Label: w.T("paper.person"), Value: person.Name},
		{Label: w.T("paper.person.iin"), Value: person.IIN.Reveal()},
		{Label: w.T("paper.role"), Value: w.T("role." + string(to.Role))},
	}
	if to.Represented != "" {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.represents"), Value: w.T("paper.represents-value",
			"name", to.Represented, "role", words.Low(w.T("role."+string(to.RepresentedRole))))})
	}
	sheets := 0
	for _, m := range seen {
		sheets += m.Sheets
	}
	s.Facts = append(s.Facts,
		document.Fact{Label: w.T("paper.familiarisation.term"), Value: w.T("paper.familiarisation.term-value", "from", w.Day(term.OpensOn), "until", w.Day(term.Until))},
		document.Fact{Label: w.T("paper.familiarisation.amount"), Value: w.T("paper.familiarisation.amount-value", "volumes", len(Volumes(seen)), "sheets", sheets)},
	)
	text := []string{w.T("paper.familiarisation.text." + string(to.Part))}
	switch {
	case slices.Contains(policy.Unhurried, to.Role):
		text = append(text, w.T("paper.familiarisation.unhurried"))
	case !ended:
		text = append(text, w.T("paper.familiarisation.postponed"))
	}
	if ended {
		s.Subtitle = w.T("paper.familiarisation.subtitle.terminated")
		text = append(text, w.T("paper.familiarisation.complaint"))
	} else {
		text = append(text, w.T("paper.familiarisation.petitions"))
	}
	s.Sections = []document.Section{{Text: strings.Join(text, " ")}}
	s.States = &warrant.Fact{
		Kind: warrant.Familiarisation, Participant: to.ID, Person: to.Person, Role: to.Role, From: warrant.On(term.OpensOn), Until: warrant.On(term.Until),
	}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + w.T("paper.seat.investigator", "name", signer)}
	return s
}
