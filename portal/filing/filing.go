// Package filing is the petitions and complaints of chapter 13 of the Criminal
// Procedure Code, from draft to answer. What is received is never lost and never
// turned away; each step has one door and leaves one record.
package filing

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Kinds are what can be filed, in the order they are offered.
var Kinds = func() (out []policy.FilingKind) {
	for _, rule := range policy.Filings {
		out = append(out, rule.Kind)
	}
	return out
}()

// The length of a text in a filing, in characters.
const (
	MinText = 20
	MaxText = 20_000
)

// Filing is a petition or a complaint as its reader sees it.
type Filing struct {
	ID            uuid.UUID
	Case          uuid.UUID
	CaseNumber    string
	Kind          policy.FilingKind
	Status        Status
	Language      string
	Number        string // "" while a draft
	Author        uuid.UUID
	AuthorName    string
	Role          policy.Role // the capacity it is filed in
	Participant   uuid.UUID   // zero in a complaint about a request for access
	Access        uuid.UUID   // that request; zero for none. Role is then what its author asks to be
	Report        uuid.UUID   // the report of an offence that it is about where there is no case; zero for none
	ReportNumber  string      // by which the book of reports has it
	Body          uuid.UUID   // of that one, whose official decides: the texts are sealed for it
	Represented   string      // name of the one its author acts for, or ""
	InPlaceOf     policy.Role // what that one is; "" for nobody
	Affected      bool        // its author has no status in the case: an act affects him (CPC 100(1))
	Decider       casefile.Official
	Seat          guide.Seat  // as whom he answers
	What          guide.What  // what it contests
	Complained    uuid.UUID   // of whom, where one official was named; zero for none
	Interested    []uuid.UUID // who must not decide it, CPC 104(1)
	Suspend       bool        // it asks that what it contests be suspended, CPC 103
	About         uuid.UUID   // decision; zero for none
	AboutKind     policy.Kind
	AboutOn       time.Time
	AboutSince    time.Time // the day it was approved, where that came after; else AboutOn
	Against       uuid.UUID // filing whose answer, or silence, it contests; zero for none
	AgainstNumber string
	AgainstKind   policy.FilingKind
	Previous      uuid.UUID // what its author had taken back, and brings again; zero for nothing
	Ground        Ground
	Circumstances string  // in a list of filings none
	Points        []Point // what it asks; in a list of filings none
	Document      uuid.UUID
	Withdrawal    uuid.UUID // the paper by which it is taken back; zero while nobody began to
	MadeAt        time.Time
	FiledAt       time.Time
	Term          deadline.Name
	DueRaw        time.Time
	DueAt         time.Time
	ConsideredAt  time.Time
	EndedAt       time.Time
	OverdueAt     time.Time
	Drafted       bool            // an answer is being written: for the one who writes it
	OpenedAt      time.Time       // when its reader, for whom it was filed or who acts for its author, first opened the answer
	Left          bool            // its author, who reads it, acts for the other no more, or did not when it was answered: the answer is not for him, nor is anything his to change
	Standing      policy.Standing // of the reader, to this filing

	ConsentWaits bool // its author wants it back, and the one he acts for has not said yet

	mayWithdraw bool             // its author acts for himself, or his power is for taking back too
	days        calendar.Changes // of a draft about the end of a case: by which it is counted until when it is filed
	holds       bool             // it waits for its reader, or for one whom he stands in for
}

// Family is what it is called on paper.
func (f Filing) Family() policy.Family {
	rule, _ := policy.FilingOf(f.Kind)
	return rule.Family
}

// Beyond tells that its reader answers it from outside the case: a court or an office
// above reads what was filed, and not the case.
func (f Filing) Beyond() bool {
	outside := f.Seat == guide.Higher || f.Seat == guide.Judge || f.Seat == guide.Appeal
	return outside && f.Standing&(policy.Decider|policy.Addressee) != 0 && f.Standing&(policy.Supervisor|policy.Unit|policy.Office) == 0
}

// OfAccess tells that it contests what became of a request for access: its author
// has no status in the case.
func (f Filing) OfAccess() bool { return f.Access != uuid.Nil }

// Own tells that it is its reader's affair: he filed it, it was filed for him, or he acts
// for who filed it. From his own first reading of the answer his terms run (CPC 106(5)).
func (f Filing) Own() bool { return f.Standing&(policy.Author|policy.Client|policy.Counsel) != 0 }

// Overdue tells that the term has passed and no answer has come.
func (f Filing) Overdue(at time.Time) bool { return f.Status.Open() && !at.Before(f.DueAt) }

// Pressing tells that the plain count has ended and only days off keep the term open,
// or that its last day has come: the one who must answer is warned.
func (f Filing) Pressing(at time.Time) bool {
	return f.Status.Open() && !f.Overdue(at) && (!at.Before(f.DueRaw) || f.DaysLeft(at) == 0)
}

// DaysLeft is how many сутки remain to the end of the term; 0 on its last day.
func (f Filing) DaysLeft(at time.Time) int { return deadline.DaysLeft(f.DueAt, at) }

// Counting is the working of its term, day by day.
func (f Filing) Counting() deadline.Counting { return f.Term.Count(f.FiledAt, deadline.Kazakhstan()) }

// Acts are the moves from here that the table of rights gives this reader.
func (f Filing) Acts(ask policy.Ask, acts ...policy.Act) []policy.Act {
	return slices.DeleteFunc(slices.Clone(acts), func(act policy.Act) bool {
		_, err := f.Status.after(act)
		return err != nil || ask.To(act).Check(f.Standing) != nil || !f.taking(act) || f.Left && slices.Contains(forAnother, act)
	})
}

// NewFiling is what somebody writes.
type NewFiling struct {
	Kind          policy.FilingKind
	Participant   uuid.UUID // the capacity: one of his own in this case
	About         uuid.UUID // decision; zero for none
	Against       uuid.UUID // filing; zero for none
	Ground        Ground
	Circumstances string
	Points        []string // what is asked, each to be decided by itself
	Language      string
	What          guide.What // what is contested; "" is told from About and Against
	Complained    uuid.UUID  // of whom, where that is one official; zero for whoever conducts the case
	To            guide.Seat // where its author wants it, of what is open; "" for the most proper
	Suspend       bool
	Previous      uuid.UUID // what he took back and brings again; zero for nothing

	access   uuid.UUID // the request for access that it contests: Complain
	report   Reported  // the report of an offence that it contests: ComplainOfReport
	affected bool      // by one who has no status in the case: Affect
}

// written is what its author wrote, as it is kept.
func (f Filing) written() NewFiling {
	return NewFiling{
		Kind: f.Kind, Participant: f.Participant, About: f.About, Against: f.Against, Ground: f.Ground, Circumstances: f.Circumstances,
		Points: f.Requests(), Language: f.Language, What: f.What, Complained: f.Complained, To: f.Seat, Suspend: f.Suspend, Previous: f.Previous,
	}
}

// Save keeps a draft and prints the document that will be signed. The id is the
// page's: saving the page again, or clicking twice, changes the one draft.
func Save(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, casefileID, id uuid.UUID, n NewFiling) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		c, err := casefile.Read(ctx, tx, ask, casefileID)
		if err != nil {
			return err
		}
		if err := c.TakesNew(); err != nil {
			return err
		}
		capacity, err := n.check(c)
		if err != nil {
			return err
		}
		about, against, err := n.contested(ctx, tx, ask, c)
		if database.Lost(err) {
			return err
		}
		if err != nil {
			return fault.New(fault.Invalid, "form.choose").At("about").Because(err)
		}
		to, err := n.addressee(ctx, tx, c, about, against)
		if err != nil {
			return err
		}
		if err := n.again(ctx, tx, ask, c); err != nil {
			return err
		}
		return n.draft(ctx, tx, press, ask, c, to, id, func(d document.Document, author identity.Person) document.Sheet {
			return n.sheet(press, d, c, to, capacity, about, against, author)
		})
	})
}

// draft prints what was written, names the files beside it, and keeps both in place of
// the draft before.
func (n NewFiling) draft(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, c casefile.Case, to addressee, id uuid.UUID, sheet sheet) error {
	old, err := lockDraft(ctx, tx, ask, c.ID, n.report.ID, id)
	if err != nil {
		return err
	}
	files, err := attachment.Enclosed(ctx, tx, press.Words.In(n.Language), id)
	if err != nil {
		return err
	}
	rule, _ := policy.FilingOf(n.Kind)
	var me identity.Person
	in := n.place(c, to)
	doc, err := printed(ctx, tx, press, ask, in, []uuid.UUID{ask.Person}, document.Kind(rule.Family), n.Language, func(d document.Document, author identity.Person) document.Sheet {
		me = author
		s := sheet(d, author)
		s.Sections = append(s.Sections, files...)
		s.States = n.states(id, to)
		return s
	})
	if err != nil {
		return err
	}
	if in.home.Case != uuid.Nil { // he may be nobody in the case yet
		if err := identity.Introduce(ctx, tx, c.ID, me); err != nil {
			return err
		}
	}
	if err := n.keep(ctx, tx, ask, in, to, id, doc.ID, me); err != nil {
		return err
	}
	if err := dropOwn(ctx, tx, ask, old); err != nil {
		return err
	}
	return record(ctx, tx.DB, ask, n.Kind, id, c.ID, doc.Digest)
}

// states is to whom it goes, for machines.
func (n NewFiling) states(id uuid.UUID, to addressee) *warrant.Fact {
	return &warrant.Fact{Kind: warrant.Filing, Filing: id, Participant: n.Participant, About: n.About, To: to.official.ID, Seat: string(to.seat)}
}

// check holds what was written against the law: the capacity must be the writer's own
// and must carry the right to file this.
func (n NewFiling) check(c casefile.Case) (casefile.Capacity, error) {
	capacity, ok := c.Capacity(n.Participant)
	if !ok {
		return capacity, fault.New(fault.Invalid, "form.choose").At("participant")
	}
	if by, ok := policy.MayFile(capacity.Role, capacity.RepresentedRole, n.Kind); !ok {
		return capacity, fault.New(fault.Invalid, "fault.filing-right").At("kind").Under(by)
	}
	if !capacity.May(casefile.ScopeFile) {
		return capacity, fault.New(fault.Invalid, "fault.scope-file").At("participant")
	}
	if !slices.Contains(Grounds, n.Ground) || !Sorted(n.Kind) && n.Ground != "other" {
		return capacity, fault.New(fault.Invalid, "form.choose").At("ground")
	}
	return capacity, n.bounded()
}

// contested reads what is complained of, of what the writer may see of the case, of those
// that were joined into it and of the one that it was severed from: a decision, or a filing that was received, for its answer or for silence. A complaint
// contests one thing. NotFound for anything else.
func (n NewFiling) contested(ctx context.Context, db *vault.DB, ask policy.Ask, c casefile.Case) (about casefile.Decision, against Filing, err error) {
	of := c
	switch {
	case n.About != uuid.Nil && n.Against != uuid.Nil:
		err = fault.New(fault.NotFound, "fault.not-found")
	case n.About != uuid.Nil:
		about, of, err = casefile.ReadDecision(ctx, db, ask.To(policy.DecisionRead), n.About)
	case n.Against != uuid.Nil:
		against, err = Read(ctx, db, ask.To(policy.FilingRead), n.Against)
		of.ID = against.Case
	}
	if err == nil && of.ID != c.ID {
		err = casefile.GoesOn(ctx, db, of.ID, c)
	}
	if err != nil || against.Status == Draft || against.Left {
		return casefile.Decision{}, Filing{}, fault.New(fault.NotFound, "fault.not-found").Because(err)
	}
	return about, against, nil
}

// Read is one filing. For whom it is not, it does not exist.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, error) {
	var row filingRow
	if err := db.Get(ctx, &row, selectFiling, ask.Person, id); err != nil {
		return Filing{}, err
	}
	f, err := row.forAsker(ctx, db, ask)
	if err != nil {
		return f, err
	}
	f.Points, err = f.points(ctx, db, ask)
	return f, err
}

// Open is Read for a page that shows the texts. Reading somebody else's is a step
// and leaves a record.
func Open(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, error) {
	var f Filing
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if err := opening.Hold(ctx, tx, ask, opening.Filing, id); err != nil {
			return err
		}
		if f, err = Read(ctx, tx, ask, id); err != nil || f.Author == ask.Person {
			return err
		}
		if err := f.opened(ctx, tx, ask, opening.Filing, uuid.Nil); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, nil)
	})
	return f, err
}

// Document opens the document of a filing. Reading somebody else's is a step and
// leaves a record.
func Document(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Document, error) {
	return openPaper(ctx, db, ask, opening.Filing, id, func(_ *vault.DB, f Filing) (uuid.UUID, error) { return f.Document, nil })
}

// errAnother is why what was signed is not filed as it is: the paper names another official,
// or another seat, than those it must go to now, and who may open it goes by the paper.
var errAnother = errors.New("another decides it than the one whom the paper names")

// Submit files a draft: the signature over exactly its document makes it
// received. It gives the number and starts the clock, in one transaction. Where another
// must decide it since it was printed, the paper is printed for him, to be signed anew.
func Submit(ctx context.Context, db *vault.DB, press document.Press, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	if err = submit(ctx, db, ask, id, signature, true); !errors.Is(err, errAnother) {
		return err
	}
	again := renew(ctx, db, press, ask, id)
	if again == nil {
		return err
	}
	if !errors.As(again, new(*fault.Fault)) {
		return again
	}
	// It cannot be printed now: what it is about is closed, or texts are. It is received as
	// it was signed, for nothing that somebody files is turned away (CPC 105(1-1)).
	return submit(ctx, db, ask, id, signature, false)
}

// renew prints a draft anew for the one who must decide it now.
func renew(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask.To(policy.FilingEdit), id)
		if err != nil {
			return err
		}
		if f.Status != Draft {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		return f.reprint(ctx, tx, press, ask)
	})
}

func submit(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, signature document.Signature, named bool) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		if err := tx.Lock(ctx, holdCaseOfDraft, ask.Person, id); err != nil { // before the filing, as whoever gives the case away
			return err
		}
		closed := vault.Closed(ctx) // nothing is shown here: whose it is and where it goes stands in clear
		f, next, err := move(closed, tx, ask, id)
		if err != nil {
			return err
		}
		if err := f.standing(closed, tx, ask); err != nil {
			return err
		}
		if err := attachment.DropComing(ctx, tx, id); err != nil {
			return err
		}
		doc, err := document.Sign(ctx, tx, ask, f.Document, signature)
		if err != nil {
			return err
		}
		to, err := f.seat(closed, tx, ask)
		if err != nil {
			return err
		}
		if named && (to.official.ID != f.Decider.ID || to.seat != f.Seat) {
			return fault.New(fault.Conflict, "fault.document-changed").Because(errAnother)
		}
		name := term(f.Kind, f.Ground)
		off, err := calendar.Now(ctx, tx.DB)
		if err != nil {
			return err
		}
		count := name.Count(ask.At, off)
		if err := tx.Exec(ctx, submitFiling, id, next, strconv.Itoa(ask.At.In(deadline.Zone).Year()), ask.At, name, count.Raw, count.Ends, to.official.ID, to.seat, texts(to.interested), to.what); err != nil {
			return err
		}
		if err := watch(ctx, tx, id, count.Ends); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// standing holds that its author may still file it. Between the draft and the
// signature the status may have ended, or the request been answered after all.
func (f Filing) standing(ctx context.Context, tx *vault.DB, ask policy.Ask) error {
	if f.OfAccess() {
		_, err := contestable(ctx, tx, ask, f.Access)
		return err
	}
	if f.OfReport() {
		_, err := reported(ctx, tx, ask, f.Report)
		return err
	}
	if f.Affected { // whoever an act affects may complain of it, CPC 100(1)
		return nil
	}
	c, err := casefile.Read(ctx, tx, ask.To(policy.CaseRead), f.Case)
	if database.Lost(err) { // nobody said that his status has ended
		return err
	}
	if err != nil {
		return fault.New(fault.Conflict, "fault.status-ended").Because(err)
	}
	if p, ok := c.Capacity(f.Participant); !ok || !p.May(casefile.ScopeFile) {
		return fault.New(fault.Conflict, "fault.status-ended")
	}
	if err := c.TakesNew(); err != nil { // the draft stays, to be written anew in the joint case
		return err
	}
	return casefile.Hold(ctx, tx, f.Participant)
}

// Step is the one door for a change that brings nothing with it: taking into
// consideration.
func Step(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	if ask.Act != policy.FilingConsider { // every other step brings a signature
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, next, err := move(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, stepFiling, id, next, ask.At); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, nil)
	})
}

// Discard gives a draft up.
func Discard(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if f.Status != Draft {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := tx.Exec(ctx, deleteFiling, id); err != nil {
			return err
		}
		if err := document.Drop(ctx, tx, f.Document); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, nil)
	})
}

// perPage is how many are listed at once: a person may file thousands, and the keeper opens
// 1,500 texts a minute for him (keeper.Usual).
const perPage = 100

// Page is a part of a list.
type Page struct {
	Filings []Filing
	Last    uuid.UUID // the one after which it goes on; zero: nothing follows
}

func (p *Page) cut(rows *[]filingRow) {
	if len(*rows) > perPage {
		*rows = (*rows)[:perPage]
		p.Last = (*rows)[perPage-1].ID
	}
}

// Own are the asker's filings and drafts that are older than one of them; zero: the newest.
func Own(ctx context.Context, db *vault.DB, ask policy.Ask, than uuid.UUID) (p Page, err error) {
	p.Filings, err = list(ctx, db, ask, func(rows *[]filingRow) error {
		err := db.Select(ctx, rows, selectOwn, ask.Person, than, perPage+1)
		p.cut(rows)
		return err
	})
	return p, err
}

// Current are those of the asker's filings and drafts, and of what was filed for him, that
// have not ended, and the newest of the others: 200 in all.
func Current(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Filing, error) {
	return list(ctx, db, ask, func(rows *[]filingRow) error { return db.Select(ctx, rows, selectCurrent, ask.Person) })
}

// OfCase are those of the asker's filings that belong to one case, and those of
// the person he acts for; for an official of the case, all that were filed to him
// or under his supervision: those older than one of them, or the newest.
func OfCase(ctx context.Context, db *vault.DB, ask policy.Ask, casefileID, than uuid.UUID) (p Page, err error) {
	p.Filings, err = list(ctx, db, ask, func(rows *[]filingRow) error {
		err := db.Select(ctx, rows, selectOfCase, ask.Person, casefileID, than, perPage+1)
		p.cut(rows)
		*rows = slices.DeleteFunc(*rows, func(row filingRow) bool { return !row.here(ask) })
		return err
	})
	return p, err
}

// AllOfCase are all parts of OfCase together, where none may be missing: a term, or an
// answer that can be complained of.
func AllOfCase(ctx context.Context, db *vault.DB, ask policy.Ask, casefileID uuid.UUID) (all []Filing, err error) {
	for p := (Page{}); ; {
		if p, err = OfCase(ctx, db, ask, casefileID, p.Last); err != nil {
			return nil, err
		}
		if all = append(all, p.Filings...); p.Last == uuid.Nil {
			return all, nil
		}
	}
}

// Inbox are the filings the asker must answer, what falls due first on top: those that
// follow one of them, or the most urgent.
func Inbox(ctx context.Context, db *vault.DB, ask policy.Ask, than uuid.UUID) (p Page, err error) {
	p.Filings, err = list(ctx, db, ask, func(rows *[]filingRow) error {
		err := db.Select(ctx, rows, selectInbox, ask.Person, than, perPage+1)
		p.cut(rows)
		return err
	})
	return p, err
}

// Urgent are the 200 of them that fall due first.
func Urgent(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Filing, error) {
	return list(ctx, db, ask, func(rows *[]filingRow) error {
		return db.Select(ctx, rows, selectInbox, ask.Person, uuid.Nil, 200)
	})
}

// CountOverdue is how many of all of them are overdue. No text is opened.
func CountOverdue(ctx context.Context, db *vault.DB, ask policy.Ask) (n int, err error) {
	err = db.Get(ctx, &n, countOverdue, ask.Person, ask.At)
	return n, err
}

// Supervised are the newest 200 filings in the cases the asker supervises: he sees
// each the moment it is filed. The older ones are on the pages of their cases.
func Supervised(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Filing, error) {
	return list(ctx, db, ask, func(rows *[]filingRow) error { return db.Select(ctx, rows, selectSupervised, ask.Person) })
}

// Late are the filings in those cases whose term has passed and no answer has come:
// the 200 that have waited longest.
func Late(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Filing, error) {
	return list(ctx, db, ask, func(rows *[]filingRow) error { return db.Select(ctx, rows, selectLate, ask.Person, ask.At) })
}

// list is filings without what they say, which stands on no list.
func list(ctx context.Context, db *vault.DB, ask policy.Ask, fetch func(*[]filingRow) error) ([]Filing, error) {
	return listWhole(ctx, db, ask, func(rows *[]filingRow) error {
		err := fetch(rows)
		for i := range *rows {
			(*rows)[i].Circumstances = nil
		}
		return err
	})
}

func listWhole(ctx context.Context, db *vault.DB, ask policy.Ask, fetch func(*[]filingRow) error) ([]Filing, error) {
	var rows []filingRow
	if err := fetch(&rows); err != nil {
		return nil, err
	}
	if err := ahead(ctx, db, ask, rows); err != nil {
		return nil, err
	}
	out := make([]Filing, 0, len(rows))
	for _, row := range rows {
		f, err := row.forAsker(ctx, db, ask.To(policy.FilingRead))
		if errors.As(err, new(*casefile.Choose)) { // he has chosen nobody: a list of all that is his names whom each is for
			mine := ask.To(policy.FilingRead)
			mine.Acting = row.side(ask)
			f, err = row.forAsker(ctx, db, mine)
		}
		if errors.Is(err, fault.NotFound) { // of another whom he acts for in the same case
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}
