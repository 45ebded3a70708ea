package casefile

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/calendar"
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
)

// agreementTerms are the decisions for which the Code gives the prosecutor a number
// of days; with every other he agrees at once.
var agreementTerms = map[policy.Kind]deadline.Name{
	"term-interrupted":       deadline.AgreeInterruption,
	"accusation-protocol":    deadline.AgreeAccusation,
	"terminated-full":        deadline.AgreeTermination,
	"terminated-part":        deadline.AgreeTermination,
	"prosecution-terminated": deadline.AgreeTermination,
	"reconciled":             deadline.AgreeTermination,
	"indictment":             deadline.AgreeIndictment,
}

// AgreementTerm is the term within which the prosecutor says what he thinks of a
// decision of a kind; deadline.None where the Code gives no number: at once.
func AgreementTerm(kind policy.Kind) deadline.Name { return agreementTerms[kind] }

// Agreement is what the prosecutor is about to say, or has said, of a decision that
// the investigator has signed: he agrees, or gives his reasons why not.
type Agreement struct {
	Agrees   bool
	Reasons  string
	Language string
	By       string // who said it; empty in a draft
	SignedAt time.Time
	Document uuid.UUID // the paper that says it
}

// Act is the act that signing it does.
func (a Agreement) Act() policy.Act {
	if a.Agrees {
		return policy.DecisionAgree
	}
	return policy.DecisionDecline
}

const submitDecision = `
UPDATE decision SET status = 'submitted', submitted_at = $2, term = $3, due_raw = $4, due_at = $5 WHERE id = $1`

const awaitAgreement = `
UPDATE participant SET awaits_since = $2
 WHERE id = ANY (CAST($1 AS uuid[])) AND status <> 'ended' AND role = 'suspect'`

// submit has a signed decision wait for the prosecutor. Those who are suspects
// already, by an urgent questioning say, may know that his word is awaited, and no
// more than that (CPC 202(1-1)).
func submit(ctx context.Context, tx *vault.DB, ask policy.Ask, d Decision) error {
	term := AgreementTerm(d.Kind)
	var name *deadline.Name
	var raw, due *time.Time
	if term != deadline.None {
		off, err := calendar.Now(ctx, tx.DB)
		if err != nil {
			return err
		}
		atRaw, atDue := term.Raw(ask.At), term.Ends(ask.At, off)
		name, raw, due = &term, &atRaw, &atDue
	}
	if err := tx.Exec(ctx, submitDecision, d.ID, ask.At, name, raw, due); err != nil {
		return err
	}
	if d.Kind != "suspect-recognised" && d.Kind != "qualified" {
		return nil
	}
	return tx.Exec(ctx, awaitAgreement, array(d.Concerns), ask.At)
}

func array(list []uuid.UUID) pq.StringArray {
	out := make(pq.StringArray, len(list))
	for i, id := range list {
		out[i] = id.String()
	}
	return out
}

// Submission is a decision that waits for the prosecutor, as his list shows it.
type Submission struct {
	ID          uuid.UUID
	Case        uuid.UUID
	CaseNumber  string
	Kind        policy.Kind
	DecidedOn   time.Time
	SubmittedAt time.Time
	Term        deadline.Name
	DueAt       time.Time // zero: at once
}

// Overdue tells that the term has passed.
func (s Submission) Overdue(at time.Time) bool { return !s.DueAt.IsZero() && !at.Before(s.DueAt) }

type submissionRow struct {
	ID          uuid.UUID      `db:"id"`
	Case        uuid.UUID      `db:"casefile"`
	Number      []byte         `db:"number"`
	Kind        policy.Kind    `db:"kind"`
	DecidedOn   time.Time      `db:"decided_on"`
	SubmittedAt time.Time      `db:"submitted_at"`
	Term        *deadline.Name `db:"term"`
	DueAt       *time.Time     `db:"due_at"`
}

const selectSubmitted = `
SELECT d.id, d.casefile, c.number, d.kind, d.decided_on, d.submitted_at, d.term, d.due_at
  FROM decision d
  JOIN casefile c ON c.id = d.casefile
 WHERE d.status = 'submitted'
   AND d.casefile = ANY (ARRAY(SELECT y.casefile FROM duty y WHERE y.person = $1 AND y.standing = ANY (CAST($2 AS text[]))))
 ORDER BY d.due_at NULLS FIRST, d.submitted_at, d.id`

// ToAgree are the decisions that wait for the asker's word in the cases that he,
// or his office, supervises: what must be answered at once first, then by the day.
func ToAgree(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Submission, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var duties pq.StringArray
	if ask.Is&policy.Prosecutor != 0 {
		duties = append(duties, "supervisor")
	}
	if ask.Is&policy.Chief != 0 {
		duties = append(duties, "office")
	}
	var rows []submissionRow
	if err := db.Select(ctx, &rows, selectSubmitted, ask.Person, duties); err != nil {
		return nil, err
	}
	out := make([]Submission, len(rows))
	for i, row := range rows {
		number, err := register.Open(ctx, db, row.Case, row.Number)
		if err != nil {
			return nil, err
		}
		out[i] = Submission{row.ID, row.Case, number, row.Kind, row.DecidedOn, row.SubmittedAt, deref(row.Term), deref(row.DueAt)}
	}
	return out, nil
}

// DraftAgreement prints the prosecutor's word on a submitted decision, for him to
// check and to sign. Saving again changes the one draft. He who does not agree says
// why: without reasons it is fault.Invalid.
func DraftAgreement(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, a Agreement) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		d, c, err := lockDecision(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if _, err := d.Status.after(a.Act()); err != nil {
			return err
		}
		if a.Agrees {
			a.Reasons = ""
		} else if strings.TrimSpace(a.Reasons) == "" {
			return fault.New(fault.Invalid, "fault.agreement-reasons").At("reasons")
		}
		about, err := document.Fetch(ctx, tx, d.Document)
		if err != nil {
			return err
		}
		who, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		concerned, err := whoAre(ctx, tx, d.Concerns)
		if err != nil {
			return err
		}
		w := press.Words.In(a.Language)
		doc, err := document.DraftAssent(ctx, tx, press, ask, document.AssentDraft{
			About: about, Number: c.Number, Agrees: a.Agrees, Reasons: a.Reasons, Language: a.Language, From: who.Body.In(a.Language),
			What: []document.Fact{
				{Label: w.T("paper.case"), Value: c.Number},
				{Label: w.T("paper.agreement.decision"), Value: w.T("kind." + string(d.Kind))},
				{Label: w.T("paper.decided"), Value: w.Day(d.DecidedOn)},
			},
			Signer:   w.T("paper.agreement.signer", "post", w.T("paper.agreement.post."+who.Post), "name", who.Name),
			Decision: d.Kind, Concerns: d.Concerns, Who: concerned,
		})
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "decision", id, c.ID, doc.Digest)
	})
}

const selectWhoAre = `
SELECT p.person, p.role, r.person AS whom
  FROM unnest(CAST($1 AS uuid[])) WITH ORDINALITY AS n (id, place)
  JOIN participant p ON p.id = n.id
  LEFT JOIN participant r ON r.id = p.represents
 ORDER BY n.place`

// whoAre are the participants whom a paper names by their numbers, for machines: all of them,
// or none where one is kept from the asker.
func whoAre(ctx context.Context, tx *vault.DB, all []uuid.UUID) ([]warrant.Who, error) {
	var rows []struct {
		Person uuid.UUID     `db:"person"`
		Role   policy.Role   `db:"role"`
		Whom   uuid.NullUUID `db:"whom"`
	}
	if err := tx.Select(ctx, &rows, selectWhoAre, array(all)); err != nil || len(rows) != len(all) {
		return nil, err
	}
	var out []warrant.Who
	for _, row := range rows {
		out = append(out, warrant.Who{Person: row.Person, Role: row.Role, Whom: row.Whom.UUID})
	}
	return out, nil
}

// ReadAgreement is a submitted decision and the asker's unsigned word on it with its
// paper, to check and to sign; fault.NotFound where he has prepared none, and
// fault.Conflict where the decision waits no more.
func ReadAgreement(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Decision, Case, Agreement, document.Document, error) {
	d, c, err := ReadDecision(ctx, db, ask, id)
	if err != nil {
		return d, c, Agreement{}, document.Document{}, err
	}
	if d.Status != Submitted {
		return d, c, Agreement{}, document.Document{}, fault.New(fault.Conflict, "fault.not-now")
	}
	own, err := document.OwnAssent(ctx, db, ask, d.Document)
	if err != nil {
		return d, c, Agreement{}, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, own.Document)
	return d, c, agreement(own), doc, err
}

func agreement(a document.Assent) Agreement {
	return Agreement{Agrees: a.Agrees, Reasons: a.Reasons, Language: a.Language, SignedAt: a.SignedAt, Document: a.Document}
}

// AgreementTo is what the prosecutor said of a decision that its reader has before
// him: who said it, when, and why not. fault.NotFound while he has said nothing.
// His reasons are for the officials of the case.
func AgreementTo(ctx context.Context, db *vault.DB, c Case, d Decision) (Agreement, error) {
	said, err := document.AssentTo(ctx, db, d.Document)
	if err != nil {
		return Agreement{}, err
	}
	a := agreement(said)
	if c.Standing&policy.OnDuty == 0 {
		a.Reasons = ""
	}
	err = db.Get(ctx, &a.By, selectAssenter, said.Author)
	return a, err
}

const selectAssenter = `
SELECT name FROM officer WHERE person = $1`

const declineDecision = `
UPDATE decision SET status = 'declined' WHERE id = $1`

// Resolve signs the prosecutor's word with his key. By the act the decision opens to
// those whom the Code names, with this day as the day of agreement; or it is
// declined, and whoever held a status by it holds it no more, from the same moment
// and with all who act for him (CPC 202(1-2)).
func Resolve(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		d, c, err := lockDecision(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := d.Status.after(ask.Act)
		if err != nil {
			return err
		}
		said, paper, err := document.SettleAssent(ctx, tx, ask, d.Document, signature)
		if err != nil {
			return err
		}
		if agreement(said).Act() != ask.Act {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := tx.Exec(ctx, agreementCame, array(d.Concerns), d.ID); err != nil {
			return err
		}
		if next == Declined {
			if err := tx.Exec(ctx, declineDecision, id); err != nil {
				return err
			}
			if err := ledger.Step(ctx, tx.DB, ask, "decision", id, c.ID, paper.Digest); err != nil {
				return err
			}
			return lapse(ctx, tx, ask, d)
		}
		if err := tx.Exec(ctx, readyDecision, id, ask.At.In(deadline.Zone).Format(time.DateOnly)); err != nil {
			return err
		}
		if err := publish(ctx, tx, ask, d, c); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "decision", id, c.ID, paper.Digest)
	})
}

const readyDecision = `
UPDATE decision SET ready_on = $2 WHERE id = $1`

// Another ruling about him may wait still: of that one the word is awaited further.
const agreementCame = `
UPDATE participant p
   SET awaits_since = (SELECT max(d.submitted_at)
                         FROM decision_person n JOIN decision d ON d.id = n.decision
                        WHERE n.participant = p.id AND d.id <> $2 AND d.status = 'submitted' AND d.kind IN ('suspect-recognised', 'qualified'))
 WHERE p.id = ANY (CAST($1 AS uuid[])) AND p.awaits_since IS NOT NULL`

type statusRow struct {
	ID    uuid.UUID   `db:"id"`
	Role  policy.Role `db:"role"`
	Basis string      `db:"basis"`
}

// Whoever an agreed decision of the same kind names holds his status by that one.
const lockResting = `
SELECT p.id, p.role, p.basis
  FROM participant p
 WHERE p.id = ANY (CAST($1 AS uuid[])) AND p.status = 'confirmed' AND NOT fence.agreed(p.id, $2)
 ORDER BY p.id
   FOR UPDATE OF p`

// lapse ends the statuses that stood on a decision which the prosecutor declined, and
// those that people were brought out of them with into other cases.
func lapse(ctx context.Context, tx *vault.DB, ask policy.Ask, d Decision) error {
	var rows []statusRow
	if err := tx.Select(ctx, &rows, lockResting, array(d.Concerns), d.Kind); err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(row statusRow) bool {
		_, falls := policy.Falls(row.Role, row.Basis, d.Kind)
		return !falls
	})
	for _, row := range rows {
		by, _ := policy.Falls(row.Role, row.Basis, d.Kind)
		if err := tx.Exec(ctx, endParticipant, row.ID, Ended, ask.At); err != nil {
			return err
		}
		if err := follows(ctx, tx.DB, ask, policy.ParticipantLapse, "participant", row.ID, d.Case, by); err != nil {
			return err
		}
	}
	for _, id := range d.Concerns { // who left by a severance meanwhile went away with his status
		if err := endResting(ctx, tx, ask, id, d.Kind); err != nil {
			return err
		}
	}
	return nil
}

const endRestingOn = `
SELECT id, casefile, role, basis FROM fence.end_resting($1, $2, $3, $4)`

// endResting ends what rests on a status that has ended, in other cases: where the
// prosecutor refused a decision of a kind, what stood on the same ground; without a kind,
// all that somebody was, in cases that are joined, by what he is no more.
func endResting(ctx context.Context, tx *vault.DB, ask policy.Ask, ended uuid.UUID, refused policy.Kind) error {
	var kind *policy.Kind
	grounds := pq.StringArray{}
	if refused != "" {
		kind = &refused
		for role, bases := range policy.Bases {
			for _, b := range bases {
				if _, falls := policy.Falls(role, b.Key, refused); falls {
					grounds = append(grounds, b.Key)
				}
			}
		}
	}
	for next := []uuid.UUID{ended}; len(next) > 0; next = next[1:] {
		var rows []restingRow
		if err := tx.Select(ctx, &rows, endRestingOn, next[0], kind, grounds, ask.At); err != nil {
			return err
		}
		for _, row := range rows {
			by, falls := policy.Falls(row.Role, row.Basis, refused)
			if !falls {
				by = law.CPC(43) // the cases are one
				next = append(next, row.ID)
			}
			if err := follows(ctx, tx.DB, ask, policy.ParticipantLapse, "participant", row.ID, row.Case, by); err != nil {
				return err
			}
		}
	}
	return nil
}

type restingRow struct {
	statusRow
	Case uuid.UUID `db:"casefile"`
}

// follows records what came of itself with the asker's act, by its own article.
func follows(ctx context.Context, tx *database.DB, ask policy.Ask, act policy.Act, object string, id, casefile uuid.UUID, by law.Ref) error {
	if by.IsZero() {
		return ledger.Step(ctx, tx, ask.To(act), object, id, casefile, nil)
	}
	return ledger.Record(ctx, tx, ledger.Entry{
		At: ask.At, Who: ask.Person, Act: string(act), Object: object, ID: id, Casefile: casefile, By: by.String(),
	})
}
