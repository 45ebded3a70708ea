// Package agenda is what ends when for one person, over all his cases: the answers
// that he waits for or owes, and what he may file until a day. A list and a calendar
// show it inside the portal; a feed shows as little of it as can be in a calendar
// outside.
package agenda

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/law"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Kind is what a term is to the one whose agenda it stands in.
type Kind string

// The kinds.
const (
	Awaited  Kind = "awaited"  // an answer is owed to him, or to the one he acts for
	Owed     Kind = "owed"     // he owes an answer
	Complain Kind = "complain" // he may complain until then
	FileBy   Kind = "file-by"  // a draft of his must be filed until then
	Reading  Kind = "reading"  // the file of the case is open to him until then
	Petition Kind = "petition" // he may petition after he has read it
)

// Kinds are all of them.
var Kinds = []Kind{Awaited, Owed, Complain, FileBy, Reading, Petition}

// Kept is how long a term that is over stays in a feed, as cancelled: a calendar that
// asks once a week still learns of it.
const Kept = 30 * 24 * time.Hour

// Term is one thing that ends at a moment.
type Term struct {
	Kind       Kind
	Of         uuid.UUID // the filing, the decision, or the reading of the file
	Number     string    // of the filing; "" for a draft and anything else
	Filing     policy.FilingKind
	Decision   policy.Kind
	Case       uuid.UUID
	CaseNumber string
	// ReportNumber is that of the report of an offence, where there is no case.
	ReportNumber string
	Client       string    // for whom he acts in it; "" for himself
	Side         uuid.UUID // as whom he opens it; zero where there is one side only
	By           law.Ref   // the term
	DueAt        time.Time
	Hour         bool // it ends at an hour, not with a day
	Word         filing.StatusWord
	Status       filing.Status
	Over         bool // answered or taken back: nothing is awaited any more
	Revision     int  // grows with each change that a calendar must learn of
	Touched      time.Time
}

// Late tells that it has passed and is not over.
func (t Term) Late(at time.Time) bool { return !t.Over && !at.Before(t.DueAt) }

// Gather is the asker's agenda, what ends first on top. What one case holds for
// several clients is gathered side by side, as the wall between them has it; each line
// says whom it is for.
func Gather(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Term, error) {
	var out []Term
	ask.Acting = uuid.Nil
	own, err := filing.Current(ctx, db, ask.To(policy.FilingList))
	if err != nil {
		return nil, err
	}
	days, err := calendar.Read(ctx, db.DB)
	if err != nil {
		return nil, err
	}
	begun, err := filing.Begun(ctx, db, ask.To(policy.FilingList), days)
	if err != nil {
		return nil, err
	}
	for _, f := range own {
		runs := begun[f.ID]
		if f.Author != ask.Person { // filed for him
			f.Represented, runs = "", read(f, days, ask.At)
		}
		out = append(out, ofFiling(f, ask.At, runs)...)
	}
	clients, err := casefile.Clients(ctx, db, ask.To(policy.ClientList))
	if err != nil {
		return nil, err
	}
	for _, client := range clients {
		more, err := ofClient(ctx, db, ask, days, client)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	received, err := ofDecisions(ctx, db, ask, clients)
	if err != nil {
		return nil, err
	}
	readings, err := ofReadings(ctx, db, ask, days, clients)
	if err != nil {
		return nil, err
	}
	out = append(append(out, received...), readings...)
	if ask.Is&policy.Official != 0 {
		owed, err := filing.Urgent(ctx, db, ask.To(policy.FilingRead))
		if err != nil {
			return nil, err
		}
		for _, f := range owed {
			out = append(out, ofAnswer(f, Owed, ask.At))
		}
	}
	for i, t := range out {
		out[i].Side = sideOf(t, clients)
	}
	slices.SortStableFunc(out, func(a, b Term) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Of.String(), b.Of.String()))
	})
	return out, nil
}

// sideOf is the side that a term is opened on, where its case has several for him.
func sideOf(t Term, clients []casefile.Client) uuid.UUID {
	for _, client := range clients {
		his := func(k casefile.Capacity) bool { return k.Participant == t.Side }
		if client.Several && client.Case == t.Case && slices.ContainsFunc(client.Side.Capacities, his) {
			return client.Side.Participant()
		}
	}
	return uuid.Nil
}

// read are the terms that its reader began when he opened the answer to what another filed.
func read(f filing.Filing, days calendar.Changes, at time.Time) []filing.OnwardTerm {
	if f.OpenedAt.IsZero() {
		return nil
	}
	return f.OnwardTerms(f.OpenedAt, days, at)
}

// ofFiling is what a filing of the asker's, or one for him, puts into his agenda.
func ofFiling(f filing.Filing, at time.Time, begun []filing.OnwardTerm) []Term {
	if f.Status == filing.Draft {
		by := f.FileBy()
		if by.IsZero() {
			return nil
		}
		t := ofAnswer(f, FileBy, at)
		t.DueAt, t.By, t.Hour = by, lawOf(deadline.Termination, by), false
		return []Term{t}
	}
	out := []Term{ofAnswer(f, Awaited, at)}
	for _, next := range begun {
		if at.Before(next.Due) {
			t := ofAnswer(f, Complain, at)
			t.DueAt, t.By, t.Hour, t.Over = next.Due, next.Term.By, false, false
			out = append(out, t)
		}
	}
	return out
}

// ofAnswer is the term of the answer to a filing.
func ofAnswer(f filing.Filing, kind Kind, at time.Time) Term {
	term, _ := f.Term.Term(f.FiledAt)
	t := Term{
		Kind: kind, Of: f.ID, Number: f.Number, Filing: f.Kind, Case: f.Case, CaseNumber: f.CaseNumber, ReportNumber: f.ReportNumber, Client: f.Represented,
		By: term.By, DueAt: f.DueAt, Hour: term.Unit == deadline.Hours, Word: filing.Word(f, at), Status: f.Status,
		Over: f.Status != filing.Draft && !f.Status.Open(), Revision: f.Shifted(), Touched: f.Touched(),
	}
	if f.Represented != "" {
		t.Side = f.Participant
	}
	if t.Over {
		t.Revision++
	}
	return t
}

// ofClient are the filings that a client signed himself: whoever defends him keeps
// their terms, too. They are asked for as on his side of the case.
func ofClient(ctx context.Context, db *vault.DB, ask policy.Ask, days calendar.Changes, client casefile.Client) ([]Term, error) {
	ask.Acting = client.Side.Participant()
	all, err := filing.AllOfCase(database.As(ctx, ask.Person, ask.Acting, ask.At), db, ask.To(policy.FilingRead), client.Case)
	if err != nil {
		return nil, err
	}
	var out []Term
	for _, f := range all {
		if f.Author == ask.Person || f.Standing&policy.Counsel == 0 {
			continue
		}
		for _, t := range ofFiling(f, ask.At, read(f, days, ask.At)) {
			t.Client, t.Side = client.Side.Name, ask.Acting
			out = append(out, t)
		}
	}
	return out, nil
}

// ofDecisions are the terms to complain of what was handed over to the asker.
func ofDecisions(ctx context.Context, db *vault.DB, ask policy.Ask, clients []casefile.Client) ([]Term, error) {
	terms, err := casefile.Terms(ctx, db, ask.To(policy.CaseList))
	if err != nil || len(terms) == 0 {
		return nil, err
	}
	cases, _, err := casefile.List(ctx, db, ask.To(policy.CaseList))
	if err != nil {
		return nil, err
	}
	var out []Term
	for _, c := range cases {
		for _, s := range terms[c.ID] {
			t := Term{
				Kind: Complain, Of: s.Decision, Decision: s.Kind, Case: c.ID, CaseNumber: c.Number,
				By: lawOf(s.Term, s.At), DueAt: s.DueAt, Touched: s.At,
			}
			t.forClient(clients, s.Participant)
			out = append(out, t)
		}
	}
	return out, nil
}

// forClient says for whom a term runs that is of the asker as a participant.
func (t *Term) forClient(clients []casefile.Client, participant uuid.UUID) {
	for _, client := range clients {
		if slices.ContainsFunc(client.Side.Capacities, func(k casefile.Capacity) bool { return k.Participant == participant }) {
			t.Client, t.Side = client.Side.Name, participant
		}
	}
}

// ofReadings are the last day on which the file of a case is open to the asker, and the days
// for petitions after that (CPC 294, 297).
func ofReadings(ctx context.Context, db *vault.DB, ask policy.Ask, days calendar.Changes, clients []casefile.Client) ([]Term, error) {
	all, err := materials.Running(ctx, db, ask.To(policy.CaseRead))
	if err != nil {
		return nil, err
	}
	var out []Term
	for _, f := range all {
		t := Term{Kind: Reading, Of: f.ID, Case: f.Case, CaseNumber: f.CaseNumber, By: law.CPC(294), DueAt: f.Closes(), Revision: f.Postponed, Touched: f.OpenedAt}
		if f.Status != materials.Opened {
			t.Kind, t.By, t.DueAt, t.Revision, t.Touched = Petition, lawOf(deadline.AfterReading, f.RecordedAt), f.PetitionsUntil(days), 0, f.RecordedAt
		}
		if ask.At.Before(t.DueAt) {
			t.forClient(clients, f.Holder)
			out = append(out, t)
		}
	}
	return out, nil
}

func lawOf(name deadline.Name, at time.Time) law.Ref {
	term, _ := name.Term(at)
	return term.By
}

// Running are the terms that are not over.
func Running(all []Term) []Term {
	return slices.DeleteFunc(slices.Clone(all), func(t Term) bool { return t.Over })
}
