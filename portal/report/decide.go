package report

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"zharia/portal/attachment"
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
	"zharia/portal/vault"
	"zharia/portal/words"
)

// Ground is on what a decision about a report stands; schema.sql lists the same.
type Ground string

// The grounds.
const (
	ToRegister    Ground = "register"       // an investigation begins with the entry
	Same          Ground = "same"           // the same is registered already
	Territory     Ground = "territory"      // it happened elsewhere
	Subject       Ground = "subject"        // another body investigates such things
	Disciplinary  Ground = "disciplinary"   // signs of a disciplinary offence
	Audit         Ground = "audit"          // an audit comes first
	Private       Ground = "private"        // prosecuted by the victim himself
	Administering Ground = "administrative" // signs of an administrative offence
	NoInformation Ground = "no-information" // it tells of no breach of the law
	Repeated      Ground = "repeated"       // it was checked and answered before
	NoAudit       Ground = "no-audit"       // damage is an element, and no audit confirms it
	CivilDeal     Ground = "civil-deal"     // a dispute over a written deal that no court annulled
)

// grounds are those of each decision, in the order of the form; one that has a single
// one asks for none.
var grounds = map[Status][]Ground{
	Erdr: {ToRegister}, Joined: {Same}, Transferred: {Territory, Subject}, Elsewhere: {Disciplinary, Audit}, Court: {Private},
	Administrative: {Administering}, Shelved: {NoInformation, Repeated}, Refused: {NoAudit, CivilDeal},
}

// Grounds are those that a decision may stand on.
func (s Status) Grounds() []Ground { return slices.Clone(grounds[s]) }

// articles of the grounds. What the Code leaves to the order of the Prosecutor General
// stands on CPC 180(3).
var groundLaw = map[Ground]law.Ref{
	ToRegister: law.CPC(179, 1), Same: law.CPC(180, 3), Territory: law.CPC(186), Subject: law.CPC(187), Disciplinary: law.CPC(179, 4), Audit: law.CPC(181, 5),
	Private: law.CPC(179, 5), Administering: law.CPC(179, 4), NoInformation: law.CPC(180, 3), Repeated: law.CPC(180, 3), NoAudit: law.CPC(179, 1), CivilDeal: law.CPC(179, 1),
}

// By is the article of a ground.
func (g Ground) By() law.Ref { return groundLaw[g] }

// Decisions are what may be decided of a report, in the order of the page.
var Decisions = []Status{Erdr, Joined, Transferred, Elsewhere, Court, Administrative, Shelved, Refused}

// The lengths of the words of a decision, in characters. Whoever takes a report up
// owes less of them than whoever does not.
const (
	MinReasons    = 10
	MinWhyRefused = 40
	MaxReasons    = 5_000
	MinNext       = 10
	MaxNext       = 1_000
)

// Terms are the words of a decision, one sealed text.
type Terms struct {
	ERDR    string    `json:"erdr"`    // the number that the register gave: 15 digits
	Day     time.Time `json:"day"`     // of that entry
	Earlier string    `json:"earlier"` // the number of the report it is joined to
	Place   string    `json:"place"`   // the state body or the court it is sent to
	Reasons string    `json:"reasons"`
	Next    string    `json:"next"` // what comes next, for its author
}

// Decision is what a body decided of a report, or is about to.
type Decision struct {
	Document uuid.UUID
	Report   uuid.UUID
	Author   uuid.UUID
	Name     string // of the registrar
	Kind     Status
	Ground   Ground
	To       Body // to which it is transferred; else zero
	SignedAt time.Time
	SendBy   deadline.Counting // once signed, of what goes to another state body (CPC 179(4), 181(5)); else zero
	Terms
}

// NewDecision is what the registrar's form says.
type NewDecision struct {
	Kind     Status
	Ground   Ground
	To       uuid.UUID // of one that is transferred
	Language string
	Terms
}

// check holds a decision to what its kind needs; the fault names the field.
func (n *NewDecision) check(r Report, at time.Time) error {
	wrong := func(field, why string) error { return fault.New(fault.Invalid, why).At(field) }
	switch of := grounds[n.Kind]; {
	case len(of) == 0:
		return wrong("kind", "form.choose")
	case len(of) == 1:
		n.Ground = of[0]
	case !slices.Contains(of, n.Ground):
		return wrong("ground", "form.choose")
	}
	least := MinReasons
	if n.Kind == Refused || n.Kind == Shelved {
		least = MinWhyRefused
	}
	switch {
	case n.Kind == Erdr && !Plausible(n.ERDR, at):
		return wrong("erdr", "fault.book-erdr")
	case n.Kind == Erdr && (civil(n.Day) < civil(r.RegisteredAt.In(deadline.Zone)) || civil(n.Day) > civil(at.In(deadline.Zone))):
		return wrong("day", "fault.book-day")
	case (n.Kind == Elsewhere || n.Kind == Court) && n.Place == "":
		return wrong("place", "form.required")
	case utf8.RuneCountInString(n.Reasons) < least:
		return wrong("reasons", "fault.book-reasons")
	case n.Next == "":
		return wrong("next", "form.required")
	}
	if n.Kind != Erdr {
		n.ERDR, n.Day = "", time.Time{}
	}
	if n.Kind != Elsewhere && n.Kind != Court {
		n.Place = ""
	}
	if n.Kind != Joined {
		n.Earlier = ""
	}
	if n.Kind != Transferred {
		n.To = uuid.Nil
	}
	return nil
}

func civil(t time.Time) string { return t.Format(time.DateOnly) }

// Plausible tells that the register may have given such a number by now: fifteen digits,
// the year, and a region or the centre. Codes of bodies are not judged: the list is not
// public, and a number that is refused here would stop a report.
func Plausible(number string, at time.Time) bool {
	if len(number) != 15 || strings.Trim(number, "0123456789") != "" {
		return false
	}
	year, _ := strconv.Atoi(number[:2])
	if year < 15 || 2000+year > at.In(deadline.Zone).Year() { // the register began with the Code
		return false
	}
	return number[2:4] == "00" || slices.ContainsFunc(Regions, func(r Region) bool { return strings.HasPrefix(string(r), number[2:4]) })
}

// DraftDecision prints the paper of a decision, for the registrar to check and to sign.
// Drafting again changes his one draft. Whose report it is himself decides nothing.
func DraftDecision(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, n NewDecision) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		row, r, err := lockInBook(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := r.Status.may(policy.BookDecide, n.Kind); err != nil {
			return err
		}
		if err := n.check(r, ask.At); err != nil {
			return err
		}
		var earlier uuid.NullUUID
		if n.Kind == Joined {
			if earlier.UUID, err = earlierOf(ctx, tx, r, n.Earlier); err != nil {
				return err
			}
			earlier.Valid = true
		}
		d := Decision{Report: id, Author: ask.Person, Kind: n.Kind, Ground: n.Ground, Terms: n.Terms}
		if n.Kind == Transferred {
			if d.To, err = toward(ctx, tx, r, n.To); err != nil {
				return err
			}
		}
		a, err := row.answers(ctx, tx)
		if err != nil {
			return err
		}
		if n.Kind == Transferred && a.Path == Officer && a.Unit == d.To.ID {
			return fault.New(fault.Invalid, "fault.book-own-unit").At("to")
		}
		if n.Kind == Transferred {
			if waits, err := attachment.Unscanned(ctx, tx, id); err != nil {
				return err
			} else if waits {
				return fault.New(fault.Invalid, "fault.book-files").At("to")
			}
		}
		if err := dropDecision(ctx, tx, ask.Person, id); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		me, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, uuid.Nil, document.ReportDecision, n.Language)
		if err != nil {
			return err
		}
		doc.Body, d.Document, d.Name = r.Body.ID, doc.ID, me.Name
		if r.Author != uuid.Nil {
			doc.For = []uuid.UUID{r.Author}
		}
		if doc.Content, err = press.Paper(d.sheet(press, doc, r, a), doc, ""); err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		text, err := json.Marshal(d.Terms)
		if err != nil {
			return err
		}
		sealed, err := tx.Seal(termsOf(doc.ID, r.Body.ID), text, doc.For...)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertDecision, doc.ID, id, ask.Person, n.Kind, n.Ground, earlier, orNone(n.To), sealed, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, doc.Digest)
	})
}

// Decide signs the draft of a decision: the report is decided, and nobody decides it
// again. One that is transferred is registered anew with the other body in this very
// moment, under a number and an officer of its own, its texts sealed for that body.
func Decide(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		row, r, err := lockInBook(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		d, err := draftedBy(ctx, tx, ask.Person, r)
		if database.Lost(err) {
			return err
		}
		if err != nil {
			return fault.New(fault.Conflict, "fault.not-now").Because(err)
		}
		if err := r.Status.may(ask.Act, d.Kind); err != nil {
			return err
		}
		if d.Kind == Joined { // it may have been decided since the draft
			if _, err := earlierOf(ctx, tx, r, d.Earlier); err != nil {
				return err
			}
		}
		// First the decision, then its paper: a signed paper is seen by whoever sees what it is of.
		err = tx.Exec(ctx, signDecision, d.Document, ask.At)
		if database.Violates(err, "report_decision_final") {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err != nil {
			return err
		}
		doc, err := document.Sign(ctx, tx, ask, d.Document, signature)
		if err != nil {
			return err
		}
		var entry Entry
		if d.Kind == Transferred { // a book is taken before any step
			if d.To, err = toward(ctx, tx, r, d.To.ID); err != nil {
				return err
			}
			if entry, err = Register(ctx, tx, d.To, r.Author, ask.At); err != nil {
				return err
			}
		}
		if err := tx.Exec(ctx, decideReport, id, d.Kind, ask.At); err != nil {
			return err
		}
		// Its files are copied before the first step: from there on all other acts wait.
		var anew uuid.UUID
		if d.Kind == Transferred {
			if anew, err = handOn(ctx, tx, ask, row, r, d.To, entry); err != nil {
				return err
			}
		}
		if err := ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, doc.Digest); err != nil || d.Kind != Transferred {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask.To(policy.BookReceive), "report", anew, uuid.Nil, nil)
	})
}

// handOn registers a report that was transferred with the other body, and answers under
// which id.
func handOn(ctx context.Context, tx *vault.DB, ask policy.Ask, row reportRow, r Report, to Body, entry Entry) (id uuid.UUID, err error) {
	if id, err = uuid.NewV7(); err != nil {
		return id, err
	}
	var also []uuid.UUID
	if r.Author != uuid.Nil {
		also = append(also, r.Author)
	}
	a, err := row.answers(ctx, tx)
	if err != nil {
		return id, err
	}
	a.Body = to.ID
	answers, err := a.seal(tx, AnswersOf(id, to.ID), also...)
	if err != nil {
		return id, err
	}
	paper, err := r.paper(ctx, tx)
	if err != nil {
		return id, err
	}
	text, err := json.Marshal(paper)
	if err != nil {
		return id, err
	}
	sealed, err := tx.Seal(handedOf(id, to.ID), text, also...)
	if err != nil {
		return id, err
	}
	err = tx.Exec(ctx, insertSuccessor, id, orNone(r.Author), row.EnteredBy, r.Way, Registered, r.Language, answers, sealed, to.ID, entry.Number, orNone(entry.Officer),
		SlipHash(Token(tx, id)), r.ID, r.MadeAt, ask.At, entry.At, deadline.ReportDecision, entry.Raw, entry.Due)
	if err != nil {
		return id, err
	}
	if err := attachment.HandOn(ctx, tx, r.ID, attachment.Beside{Report: id, Body: to.ID}); err != nil {
		return id, err
	}
	return id, watch(ctx, tx, id, entry.Due)
}

// DiscardDecision gives the registrar's draft up.
func DiscardDecision(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		if _, _, err := lockInBook(ctx, tx, ask, id); err != nil {
			return err
		}
		if err := dropDecision(ctx, tx, ask.Person, id); errors.Is(err, fault.NotFound) {
			return fault.New(fault.Conflict, "fault.not-now")
		} else if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, nil)
	})
}

// DraftOfDecision is the asker's unsigned decision with its paper; NotFound where he has
// none.
func DraftOfDecision(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (r Report, d Decision, doc document.Document, err error) {
	if _, r, err = inBook(ctx, db, ask, id); err != nil {
		return r, d, doc, err
	}
	if d, err = draftedBy(ctx, db, ask.Person, r); err != nil {
		return r, d, doc, err
	}
	doc, err = document.Fetch(ctx, db, d.Document)
	return r, d, doc, err
}

// DecisionInBook is the signed decision about a report, for those who keep the book;
// NotFound where there is none. Its paper is opened by PaperOfDecision.
func DecisionInBook(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Decision, error) {
	_, r, err := inBook(ctx, db, ask, id)
	if err != nil {
		return Decision{}, err
	}
	return signedOf(ctx, db, r)
}

// DecisionFor is the same for the author of the report.
func DecisionFor(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Decision, error) {
	r, err := Read(ctx, db, ask, id)
	if err != nil {
		return Decision{}, err
	}
	return signedOf(ctx, db, r)
}

// PaperOfDecision is the paper of a decision that the asker was shown.
func PaperOfDecision(ctx context.Context, db *vault.DB, d Decision) (document.Document, error) {
	return document.Fetch(ctx, db, d.Document)
}

// lockInBook is inBook for a change. Nobody decides his own report.
func lockInBook(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (reportRow, Report, error) {
	var row reportRow
	if err := tx.Get(ctx, &row, lockReport, ask.Person, id); err != nil {
		return row, Report{}, err
	}
	r, err := row.atDesk(ask)
	switch {
	case err != nil:
		return row, r, err
	case r.Status == Draft:
		return row, r, fault.New(fault.NotFound, "fault.not-found")
	case r.Author == ask.Person:
		return row, r, fault.New(fault.Forbidden, "fault.book-own")
	}
	return row, r, nil
}

// A number of another body, or of a later report, is as if it were none. To one that was
// turned down nothing is joined: what says something new would end with it unread. Nobody
// decides it until this is done.
const lockEarlierReport = `
SELECT id FROM report WHERE number = $1 AND body = $2 AND status IN ('registered', 'erdr', 'joined') AND registered_at < $3
   FOR SHARE`

// earlierOf finds the report that another is joined to.
func earlierOf(ctx context.Context, tx *vault.DB, r Report, number string) (id uuid.UUID, err error) {
	err = tx.Get(ctx, &id, lockEarlierReport, number, r.Body.ID, r.RegisteredAt)
	if errors.Is(err, fault.NotFound) {
		return id, fault.New(fault.Invalid, "fault.book-earlier").At("earlier")
	}
	return id, err
}

// toward is another body that receives reports.
func toward(ctx context.Context, tx *vault.DB, r Report, to uuid.UUID) (Body, error) {
	all, err := Bodies(ctx, tx)
	if err != nil {
		return Body{}, err
	}
	i := slices.IndexFunc(all, func(b Body) bool { return b.ID == to && b.ID != r.Body.ID })
	if i < 0 {
		return Body{}, fault.New(fault.Invalid, "form.choose").At("to")
	}
	return all[i], nil
}

type decisionRow struct {
	Document uuid.UUID     `db:"document"`
	Author   uuid.UUID     `db:"author"`
	Name     string        `db:"name"`
	Kind     Status        `db:"kind"`
	Ground   Ground        `db:"ground"`
	To       uuid.NullUUID `db:"body"`
	Names    identity.Body `db:"names"`
	Terms    []byte        `db:"terms"`
	SignedAt *time.Time    `db:"signed_at"`
}

const selectDecisions = `
SELECT d.document, d.author, o.name, d.kind, d.ground, d.body, coalesce(b.name_kk, '') AS "names.body_kk", coalesce(b.name_ru, '') AS "names.body_ru", d.terms, d.signed_at
  FROM report_decision d
  JOIN officer o ON o.person = d.author
  LEFT JOIN body b ON b.id = d.body
 WHERE d.report = $1`

const selectOwnDecision = selectDecisions + ` AND d.signed_at IS NULL AND d.author = $2`

const selectFinalDecision = selectDecisions + ` AND d.signed_at IS NOT NULL`

const insertDecision = `
INSERT INTO report_decision (document, report, author, kind, ground, earlier, body, terms, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

const signDecision = `
UPDATE report_decision SET signed_at = $2 WHERE document = $1`

const decideReport = `
UPDATE report SET status = $2, decided_at = $3 WHERE id = $1 AND status = 'registered'`

const insertSuccessor = `
INSERT INTO report (id, author, entered_by, way, status, language, answers, handed, body, number, officer, slip_hash, previous, made_at, saved_at, registered_at, term, due_raw, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`

const selectUnsignedDecision = `
SELECT document FROM report_decision WHERE report = $1 AND author = $2 AND signed_at IS NULL`

const deleteDecision = `
DELETE FROM report_decision WHERE document = $1 AND signed_at IS NULL`

// dropDecision removes somebody's unsigned decision with its paper; NotFound where there
// is none.
func dropDecision(ctx context.Context, tx *vault.DB, author, report uuid.UUID) error {
	var doc uuid.UUID
	if err := tx.Get(ctx, &doc, selectUnsignedDecision, report, author); err != nil {
		return err
	}
	if err := tx.Exec(ctx, deleteDecision, doc); err != nil {
		return err
	}
	return document.Drop(ctx, tx, doc)
}

func termsOf(document, body uuid.UUID) vault.Where {
	return vault.Where{Table: "report_decision", Column: "terms", ID: document, Body: body}
}

func draftedBy(ctx context.Context, db *vault.DB, author uuid.UUID, r Report) (Decision, error) {
	var row decisionRow
	if err := db.Get(ctx, &row, selectOwnDecision, r.ID, author); err != nil {
		return Decision{}, err
	}
	return row.open(ctx, db, r)
}

func signedOf(ctx context.Context, db *vault.DB, r Report) (Decision, error) {
	var row decisionRow
	if err := db.Get(ctx, &row, selectFinalDecision, r.ID); err != nil {
		return Decision{}, err
	}
	return row.open(ctx, db, r)
}

func (row decisionRow) open(ctx context.Context, db *vault.DB, r Report) (Decision, error) {
	d := Decision{
		Document: row.Document, Report: r.ID, Author: row.Author, Name: row.Name, Kind: row.Kind, Ground: row.Ground,
		To: Body{ID: row.To.UUID, Body: row.Names}, SignedAt: deref(row.SignedAt),
	}
	if d.Kind == Elsewhere && row.SignedAt != nil {
		days, err := calendar.Read(ctx, db.DB)
		if err != nil {
			return d, err
		}
		d.SendBy = days.Running(deadline.ReportSending, d.SignedAt)
	}
	text, err := db.Open(ctx, termsOf(row.Document, r.Body.ID), row.Terms)
	if err != nil {
		return d, err
	}
	err = json.Unmarshal(text, &d.Terms)
	return d, err
}

// sheet is a decision on paper: to whom, about which report, what was decided by which
// article, why, what comes next, and how it may be complained of.
func (d Decision) sheet(press document.Press, doc document.Document, r Report, a Answers) document.Sheet {
	w := press.Words.In(doc.Language)
	s := press.Sheet(doc, "report-decision")
	s.To = []string{a.Applicant}
	if a.Address != "" {
		s.To = append(s.To, a.Address)
	}
	s.From = []string{r.Body.In(doc.Language), d.Name}
	s.Facts = []document.Fact{
		{Label: w.T("paper.report-decision.report"), Value: w.T("report.number", "number", r.Number)},
		{Label: w.T("paper.report-decision.registered"), Value: w.Moment(r.RegisteredAt)},
		{Label: w.T("paper.report-decision.decided"), Value: w.T("report.status." + string(d.Kind))},
		{Label: w.T("paper.report-decision.ground"), Value: w.T("book.ground."+string(d.Ground)) + " " + w.Law(d.Ground.By())},
	}
	s.Facts = append(s.Facts, d.facts(w, doc.MadeAt)...)
	s.Sections = []document.Section{
		{Heading: w.T("paper.report-decision.reasons"), Text: d.Reasons},
		{Heading: w.T("paper.report-decision.next"), Text: d.Next},
		{Heading: w.T("paper.report-decision.rights"), Text: w.T("paper.report-decision.rights.text", "body", r.Body.Prosecution.In(doc.Language))},
	}
	s.Closing = []string{w.Day(doc.MadeAt) + "\t" + d.Name}
	return s
}

// facts are what only some decisions have.
func (d Decision) facts(w *words.Language, at time.Time) (out []document.Fact) {
	add := func(label, value string) {
		if value != "" {
			out = append(out, document.Fact{Label: w.T("paper.report-decision." + label), Value: value})
		}
	}
	add("erdr", d.ERDR)
	if !d.Day.IsZero() {
		add("day", w.Day(d.Day.UTC()))
	}
	if d.Earlier != "" {
		add("earlier", w.T("report.number", "number", d.Earlier))
	}
	add("place", d.Place)
	if d.To.ID != uuid.Nil {
		add("to", d.To.In(w.Code))
	}
	if d.Kind == Elsewhere {
		term, _ := deadline.ReportSending.Term(at) // its days are counted from the signature, and nobody knows yet when that comes
		add("send", w.T("paper.report-decision.send.text", "n", term.Amount))
	}
	return out
}
