package filing

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// A complaint about what became of a report of an offence: it was not registered, or
// nothing was decided in time (CPC 185(2)). There is no case. It goes to the head of the
// prosecutor's office that supervises the body that received the report, or to the
// investigating judge, as its author chooses; its texts are sealed for that office.

// OfReport tells that it contests what became of a report: there is no case.
func (f Filing) OfReport() bool { return f.Report != uuid.Nil }

// home is whose the texts of a filing are: of its case or, where there is none, of the
// office that decides it.
func (f Filing) home() vault.Home { return vault.Home{Case: f.Case, Body: f.Body} }

func (row filingRow) home() vault.Home { return vault.Home{Case: row.Case, Body: row.Office.UUID} }

// place is where a filing belongs, as its papers need it.
type place struct {
	home   vault.Home
	number string // of the case; "" where there is none
}

func (f Filing) of() place { return place{f.home(), f.CaseNumber} }

func (n NewFiling) place(c casefile.Case, to addressee) place {
	if n.report.ID != uuid.Nil {
		return place{home: vault.Home{Body: to.body}}
	}
	return place{vault.Home{Case: c.ID}, c.Number}
}

// subject is the line of a paper that says what it is about: the case or, where there is
// none, the report.
func subject(w *words.Language, casefile, reported string) document.Fact {
	if reported != "" {
		return document.Fact{Label: w.T("complaint.report.about"), Value: w.T("complaint.report.number", "number", reported)}
	}
	return document.Fact{Label: w.T("paper.case"), Value: casefile}
}

// to is the author of a filing as papers to him name him.
func (f Filing) to(w *words.Language) []string {
	return []string{f.AuthorName, w.T("role." + string(f.Role))}
}

// called is how one of the two sides of a filing is called; "" where his name is not for
// the reader. sealed is his name as the people of the case know it.
func (f Filing) called(ctx context.Context, db *vault.DB, person uuid.UUID, sealed []byte) (string, error) {
	if f.OfReport() && person == f.Author {
		return f.AuthorName, nil
	}
	return identity.OpenName(ctx, db, f.Case, person, sealed)
}

// Reported is a report of an offence of the asker's of which he may complain, with the
// complaints that he filed before about what became of it: since it was decided, those about
// the silence before are of something else.
type Reported struct {
	report.Report
	Before []Earlier
}

// Earlier is a complaint about the same that its author filed before.
type Earlier struct {
	ID      uuid.UUID  `db:"id"`
	Number  string     `db:"number"`
	Status  Status     `db:"status"`
	Seat    guide.Seat `db:"seat"`
	Decider uuid.UUID  `db:"decider"`
	FiledAt time.Time  `db:"filed_at"`
	DueAt   time.Time  `db:"due_at"`
	EndedAt *time.Time `db:"ended_at"`
}

const selectEarlier = `
SELECT f.id, f.number, f.status, f.seat, f.decider, f.filed_at, f.due_at, f.ended_at
  FROM filing f JOIN report r ON r.id = f.report
 WHERE f.report = $1 AND f.author = $2 AND f.status <> 'draft' AND f.filed_at >= coalesce(r.decided_at, r.registered_at)
 ORDER BY f.filed_at, f.id`

// reported is a report of the asker's that he may complain of: NotFound where it is not
// his, Conflict where there is nothing to complain of.
func reported(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (r Reported, err error) {
	if r.Report, err = report.Read(ctx, db, ask.To(policy.ReportRead), id); err != nil {
		return r, err
	}
	if err := ask.To(policy.ReportComplain).Check(r.Standing); err != nil {
		return r, err
	}
	if !r.Contestable(ask.At) {
		return r, fault.New(fault.Conflict, "fault.report-in-time").Under(law.CPC(185, 2))
	}
	if err := db.Select(ctx, &r.Before, selectEarlier, id, ask.Person); err != nil {
		return r, err
	}
	if len(r.Seats(ask.At)) == 0 {
		return r, fault.New(fault.Conflict, "fault.last-word").Under(law.CPC(107, 4))
	}
	return r, nil
}

// answered is his last complaint about it that was refused, if only in part, or not
// answered in time: what a court said goes before what a prosecutor said.
func (r Reported) answered(at time.Time) (last Earlier, found bool) {
	for _, e := range r.Before {
		if e.failed(at) && (e.court() || !last.court()) {
			last, found = e, true
		}
	}
	return last, found
}

// granted is his last complaint about it that was granted in full: what is left to complain of
// is that it was not carried out.
func (r Reported) granted() (last Earlier, found bool) {
	for _, e := range r.Before {
		if e.Status == Granted && e.EndedAt != nil {
			last, found = e, true
		}
	}
	return last, found
}

func (e Earlier) court() bool { return e.Seat == guide.Judge || e.Seat == guide.Appeal }

func (e Earlier) failed(at time.Time) bool {
	return e.Status == Refused || e.Status == GrantedPart || e.Status.Open() && !at.Before(e.DueAt)
}

// Seats are where its author may complain now, the most proper first: to the prosecutor
// or to the court (CPC 185(2)); of what the prosecutor said, to the one above him (CPC
// 105(1)); of what the investigating judge said, to the court above him, and of that to
// nobody (CPC 107).
func (r Reported) Seats(at time.Time) []guide.Seat {
	before, _ := r.answered(at)
	switch before.Seat {
	case "":
		return []guide.Seat{guide.Chief, guide.Judge}
	case guide.Judge:
		return []guide.Seat{guide.Appeal}
	case guide.Appeal:
		return nil
	}
	return []guide.Seat{guide.Higher, guide.Judge}
}

// kindAt is the kind of a complaint that is decided there.
func kindAt(seat guide.Seat) policy.FilingKind {
	switch seat {
	case guide.Higher:
		return policy.FilingComplaintHigher
	case guide.Judge:
		return policy.FilingComplaintCourt
	case guide.Appeal:
		return policy.FilingComplaintJudge
	}
	return policy.FilingRegistration
}

// Those under whom reports are received decide no complaint about it: the seats are
// above the body.
const selectOffices = `
SELECT s.seat, s.person
  FROM body b
  LEFT JOIN body p ON p.id = b.prosecution
  LEFT JOIN body t ON t.id = b.court
  JOIN LATERAL (
       SELECT 'chief' AS seat, o.person FROM officer o WHERE o.body = b.prosecution AND o.post = 'chief-prosecutor' AND o.left_at IS NULL
       UNION ALL SELECT 'higher', o.person FROM officer o WHERE o.body = p.above AND o.post = 'chief-prosecutor' AND o.left_at IS NULL
       UNION ALL SELECT 'judge', o.person FROM officer o WHERE o.body = b.court AND o.post = 'judge' AND o.left_at IS NULL
       UNION ALL SELECT 'appeal', o.person FROM officer o WHERE o.body = t.above AND o.post = 'judge' AND o.left_at IS NULL
  ) s ON true
 WHERE b.id = $1
 ORDER BY s.seat, s.person`

const selectBodyOf = `
SELECT body FROM officer WHERE person = $1`

// addressee is who decides a complaint about it that is brought to a seat: never whoever
// dealt with the report, or refused a complaint about it (CPC 104(1)). Where nobody else is
// left in that seat it is another's, who decides it as his own.
func (r Reported) addressee(ctx context.Context, db *vault.DB, at time.Time, seat guide.Seat) (addressee, error) {
	var rows []seatRow
	if err := db.Select(ctx, &rows, selectOffices, r.Body.ID); err != nil {
		return addressee{}, err
	}
	c := guide.Contest{What: guide.NoRegistration, To: seat}
	switch seat {
	case guide.Higher:
		c.ByPost = guide.Chief
	case guide.Appeal:
		c.ByPost = guide.Judge
	}
	if r.Officer != uuid.Nil {
		c.By = append(c.By, r.Officer)
	}
	for _, e := range r.Before {
		if e.failed(at) && !e.court() { // a court may be asked again, CPC 56(2)
			c.By = append(c.By, e.Decider)
		}
	}
	to, err := decider(ctx, db, kindAt(seat), c, seatedIn(rows))
	if err != nil {
		return to, err
	}
	err = db.Get(ctx, &to.body, selectBodyOf, to.official.ID)
	return to, err
}

// To is who would decide a complaint now, each in the seat in which he would, the most
// proper first.
func (r Reported) To(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Seated, error) {
	var out []Seated
	for _, seat := range r.Seats(ask.At) {
		to, err := r.addressee(ctx, db, ask.At, seat)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(s Seated) bool { return s.Seat == to.seat || s.Official.ID == to.official.ID }) {
			out = append(out, Seated{to.seat, to.official})
		}
	}
	return out, nil
}

// seatFor is the seat to which its author brings a complaint: the one he chose of those that
// To offers, Invalid for any other, and the most proper where he chose none.
func (r Reported) seatFor(ctx context.Context, db *vault.DB, ask policy.Ask, chosen guide.Seat) (guide.Seat, error) {
	to, err := r.To(ctx, db, ask)
	if err != nil {
		return "", err
	}
	if chosen == "" {
		return to[0].Seat, nil
	}
	if !slices.ContainsFunc(to, func(s Seated) bool { return s.Seat == chosen }) {
		return "", fault.New(fault.Invalid, "form.choose").At("to")
	}
	return chosen, nil
}

// ReadyReport is the text of the complaint as the portal has it ready: when the report
// was registered, what became of it or that an earlier complaint was granted and nothing came
// of that, and what was said to one that was not.
func ReadyReport(r Reported, w *words.Language, at time.Time) (circumstances, request string) {
	pairs := []any{"number", r.Number, "registered", w.Moment(r.RegisteredAt), "body", r.Body.In(w.Code), "due", w.Moment(r.DueAt)}
	kind := "silence"
	if e, ok := r.granted(); ok {
		kind = "unheeded"
		pairs = append(pairs, "complaint", e.Number, "filed", w.Day(e.FiledAt), "granted", w.Moment(*e.EndedAt))
	} else if r.Report.Status.Decided() {
		kind = "refusal"
		pairs = append(pairs, "decided", w.Moment(r.DecidedAt), "decision", words.Low(w.T("complaint.report.decision."+string(r.Report.Status))))
	}
	circumstances, request = w.T("complaint.report."+kind+".circumstances", pairs...), w.T("complaint.report."+kind+".request", pairs...)
	if e, ok := r.answered(at); ok {
		key := "complaint.report.before"
		if e.court() {
			key, request = "complaint.report.judge", w.T("complaint.report.judge.request")
		}
		switch {
		case e.court() && e.Status.Open():
			key = "complaint.report.judge.silence"
		case e.Status.Open():
			key = "complaint.report.before.silence"
		}
		circumstances += "\n" + w.T(key, "number", e.Number, "day", w.Day(e.FiledAt), "outcome", words.Low(w.T("status."+string(e.Status))))
	}
	return circumstances, request
}

// ComplainOfReport keeps the draft of a complaint about a report and prints it, for its
// author to check and to sign. Without a text it is the ready one. There is one at a
// time: complaining again changes the draft, or leads to the complaint that is being
// considered.
func ComplainOfReport(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, of uuid.UUID, n NewFiling) (id uuid.UUID, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		if err := tx.Exec(ctx, lockReport, of); err != nil { // two at once make one
			return err
		}
		r, f, err := ReportComplaint(ctx, tx, ask, of)
		if err != nil {
			return err
		}
		if id = f.ID; id != uuid.Nil && (f.Status != Draft || n.Circumstances == "" && f.Circumstances != "") {
			return nil
		}
		if id == uuid.Nil {
			if id, err = uuid.NewV7(); err != nil {
				return err
			}
		}
		if n.To, err = r.seatFor(ctx, tx, ask, n.To); err != nil {
			return err
		}
		if n.Circumstances == "" {
			var request string
			n.Circumstances, request = ReadyReport(r, press.Words.In(n.Language), ask.At)
			n.Points = []string{request}
		}
		to, err := r.addressee(ctx, tx, ask.At, n.To)
		if err != nil {
			return err
		}
		n.To, n.Kind, n.Ground, n.report = to.seat, kindAt(to.seat), "other", r
		if err := n.bounded(); err != nil {
			return err
		}
		c := casefile.Case{}
		return n.draft(ctx, tx, press, ask, c, to, id, func(d document.Document, author identity.Person) document.Sheet {
			return n.sheet(press, d, c, to, casefile.Capacity{Role: policy.Applicant}, casefile.Decision{}, Filing{}, author)
		})
	})
	return id, err
}

const lockReport = `
SELECT id FROM report WHERE id = $1 FOR NO KEY UPDATE`

const selectOpenReport = `
SELECT f.id, f.status = 'draft' AND coalesce(d.made_at < r.decided_at, false) AS before
  FROM filing f JOIN report r ON r.id = f.report LEFT JOIN document d ON d.id = f.document
 WHERE f.report = $1 AND f.author = $2
   AND (f.status = 'draft' OR f.status IN ('filed', 'considered', 'waiting') AND f.due_at > $3 AND f.filed_at >= coalesce(r.decided_at, r.registered_at))
 ORDER BY f.made_at`

// ReportComplaint is a report that may be complained of, and the asker's complaint about
// it that is a draft or is being considered in time; the zero filing where there is none. A
// draft from before the report was decided comes without its texts: they say that nothing was.
func ReportComplaint(ctx context.Context, db *vault.DB, ask policy.Ask, of uuid.UUID) (Reported, Filing, error) {
	r, err := reported(ctx, db, ask, of)
	if err != nil {
		return r, Filing{}, err
	}
	var open []struct {
		ID     uuid.UUID `db:"id"`
		Before bool      `db:"before"` // the report was decided
	}
	if err := db.Select(ctx, &open, selectOpenReport, of, ask.Person, ask.At); err != nil || len(open) == 0 {
		return r, Filing{}, err
	}
	f, err := Read(ctx, db, ask.To(policy.FilingRead), open[0].ID)
	if open[0].Before {
		f.Circumstances, f.Points = "", nil
	}
	return r, f, err
}

// Further tells that the way on from a complaint about a report is open: there is something to
// complain of still, and it is the same.
func Further(ctx context.Context, db *vault.DB, ask policy.Ask, f Filing) (bool, error) {
	r, err := reported(ctx, db, ask, f.Report)
	if errors.Is(err, fault.Conflict) {
		return false, nil
	}
	return slices.ContainsFunc(r.Before, func(e Earlier) bool { return e.ID == f.ID }), err
}

const selectOfReport = selectFilings + `
 WHERE f.report = $2 AND f.author = $1
 ORDER BY coalesce(f.filed_at, f.made_at) DESC, f.id`

// ComplaintsOf are the asker's complaints about a report of his, the newest first.
func ComplaintsOf(ctx context.Context, db *vault.DB, ask policy.Ask, of uuid.UUID) ([]Filing, error) {
	return list(ctx, db, ask, func(rows *[]filingRow) error { return db.Select(ctx, rows, selectOfReport, ask.Person, of) })
}

const selectSettled = selectFilings + `
 WHERE f.id = ANY (ARRAY(
       SELECT l.id FROM filing l
        WHERE l.decider = $1 AND l.status <> 'draft' AND l.report IS NOT NULL AND l.ended_at IS NOT NULL
        ORDER BY l.ended_at DESC, l.id
        LIMIT 200))
 ORDER BY f.ended_at DESC, f.id`

// SettledReports are the newest 200 complaints about reports that the asker decided, or
// that were taken back from him: no page of a case lists them.
func SettledReports(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Filing, error) {
	return list(ctx, db, ask, func(rows *[]filingRow) error { return db.Select(ctx, rows, selectSettled, ask.Person) })
}
