package filing

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/receipt"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// authorOf is the one who writes, as his document names him.
func authorOf(ctx context.Context, tx *vault.DB, ask policy.Ask) (identity.Person, error) {
	return identity.Read(ctx, tx, ask.Person, ask.At)
}

// sheet is what a paper says, once it is known which it is and who writes it.
type sheet = func(d document.Document, writer identity.Person) document.Sheet

// printed prints a paper in the asker's name and keeps it unsigned. author is that of
// the filing it belongs to: he opens it by his own right, for he may be nothing in the
// case.
func printed(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, in place, whose []uuid.UUID, kind document.Kind, language string, sheet sheet) (document.Document, error) {
	doc, err := document.New(ask, in.home.Case, kind, language)
	if err != nil {
		return doc, err
	}
	doc.Body, doc.For = in.home.Body, whose
	writer, err := authorOf(ctx, tx, ask)
	if err != nil {
		return doc, err
	}
	said := sheet(doc, writer)
	if in.home.Case == uuid.Nil { // who reads it the signed papers of the office say, not this one
		said.States = nil
	}
	if doc.Content, err = press.Paper(said, doc, in.number); err != nil {
		return doc, err
	}
	err = document.Add(ctx, tx, &doc)
	return doc, err
}

// dropOwn removes an unsigned paper of the asker's in whose place another came; zero
// for none. Another's is his own: it stays, and is signed by nobody.
func dropOwn(ctx context.Context, tx *vault.DB, ask policy.Ask, paper uuid.UUID) error {
	if paper == uuid.Nil {
		return nil
	}
	old, err := document.Fetch(ctx, tx, paper)
	if errors.Is(err, fault.NotFound) || err == nil && old.Author != ask.Person {
		return nil
	}
	if err != nil {
		return err
	}
	return document.Drop(ctx, tx, paper)
}

// seated is an official as papers name him: his body, and as whom he sits there.
func seated(w *words.Language, o casefile.Official, seat guide.Seat) []string {
	return []string{o.Body.In(w.Code), w.T("paper.seat."+string(seat), "name", o.Name)}
}

// closing is the line an official signs under.
func (f Filing) closing(w *words.Language, d document.Document, signer identity.Person) []string {
	return []string{w.Day(d.MadeAt) + "\t" + w.T("paper.seat."+string(f.Seat), "name", signer.Name)}
}

// from is the author of a filing as later papers name him.
func (f Filing) from(w *words.Language) []string {
	out := f.to(w)
	if f.Represented != "" {
		out = append(out, w.T("filings.for", "name", f.Represented))
	}
	return out
}

// sheet is the petition or complaint on paper, as it will be signed.
func (n NewFiling) sheet(press document.Press, d document.Document, c casefile.Case, to addressee, capacity casefile.Capacity, about casefile.Decision, against Filing, author identity.Person) document.Sheet {
	w := press.Words.In(n.Language)
	rule, _ := policy.FilingOf(n.Kind)
	s := press.Sheet(d, string(rule.Family))
	s.Subtitle = w.T("paper.filing.subtitle", "law", w.Law(rule.By))
	s.To = seated(w, to.official, to.seat)
	as := w.T("role." + string(capacity.Role))
	if n.affected {
		as = w.T("paper.affected")
	}
	s.From = []string{author.Name, w.T("paper.iin", "iin", author.IIN.Reveal()), as}
	if capacity.Represented != "" {
		s.From = append(s.From, w.T("paper.acts-for", "name", capacity.Represented, "role", w.T("role."+string(capacity.RepresentedRole))))
	}
	s.Facts = []document.Fact{subject(w, c.Number, n.report.Number)}
	if !about.DecidedOn.IsZero() {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.about"), Value: w.T("paper.about-value", "kind", w.T("kind."+string(about.Kind)), "day", w.Day(about.DecidedOn))})
	}
	if against.Number != "" {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.filing"), Value: w.T("paper.filing-value", "number", against.Number, "day", w.Day(against.FiledAt))})
	}
	if n.Ground != "other" {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.ground"), Value: w.T("ground." + string(n.Ground))})
	}
	if n.Suspend {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.suspend"), Value: w.T("paper.suspend-value")})
	}
	s.Sections = []document.Section{
		{Heading: w.T("paper.circumstances." + string(rule.Family)), Text: n.Circumstances},
		{Heading: w.T("paper.request"), Text: listed(n.Points)},
	}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + author.Name}
	return s
}

// listed numbers the points of a filing, if there are several.
func listed(points []string) string {
	if len(points) == 1 {
		return points[0]
	}
	lines := make([]string, len(points))
	for i, text := range points {
		lines[i] = strconv.Itoa(i+1) + ". " + text
	}
	return strings.Join(lines, "\n")
}

// facts are the case, or the report, and the number of a filing, as they stand on papers about it.
func (f Filing) facts(w *words.Language) []document.Fact {
	return []document.Fact{
		subject(w, f.CaseNumber, f.ReportNumber),
		{Label: w.T("paper.filing"), Value: w.T("paper.filing-value", "number", f.Number, "day", w.Day(f.FiledAt))},
	}
}

// sheet is the answer on paper, as it will be signed.
func (n NewAnswer) sheet(press document.Press, d document.Document, f Filing, signer identity.Person, off deadline.Calendar) document.Sheet {
	w := press.Words.In(n.Language)
	s := press.Sheet(d, "answer")
	s.Subtitle = w.T("paper.answer.subtitle." + string(f.Family()))
	s.To = f.to(w)
	s.From = []string{f.Decider.Body.In(n.Language)}
	s.Facts = append(f.facts(w), document.Fact{Label: w.T("paper.outcome"), Value: w.T("status." + string(n.outcome()))})
	s.Sections = []document.Section{
		{Heading: w.T("paper.asked"), Text: listed(f.Requests())},
		{Heading: w.T("paper.established"), Text: n.Reasons},
		{Heading: w.T("paper.resolved"), Text: n.resolved(w, f)},
		{Heading: w.T("paper.appeal"), Text: n.appeal(w, d, f, off)},
	}
	if f.Seat == guide.Head { // he decides, and rules nothing
		s.Title, s.Sections[2].Heading = w.T("paper.answer.title.head"), w.T("paper.resolved.head")
	}
	s.Closing = f.closing(w, d, signer)
	return s
}

// resolved says of each point what becomes of it, and why, and by which article.
func (n NewAnswer) resolved(w *words.Language, f Filing) string {
	var out []string
	for i, r := range n.Points {
		said := strconv.Itoa(i+1) + ". " + w.T("paper.point."+string(r.Outcome))
		if r.Reasons != "" {
			said += " " + w.T("paper.point.why", "why", r.Reasons)
		}
		if r.Article != "" {
			said += " " + w.T("paper.point.article", "article", r.Article)
		}
		out = append(out, said)
	}
	out = append(out, w.T("paper.resolved."+string(n.outcome())))
	if n.Remedy != "" {
		out = append(out, w.T("paper.remedy."+string(n.Remedy)))
	}
	if f.Family() == policy.Complaint && n.outcome() != Refused {
		out = append(out, w.T("paper.compensation")) // CPC 104(4)
	}
	return strings.Join(out, "\n")
}

// appeal says how to complain of the answer and, by the day it is written, until when:
// the term runs from the day it is read.
func (n NewAnswer) appeal(w *words.Language, d document.Document, f Filing, off deadline.Calendar) string {
	key := f.complained()
	text := w.T("paper.appeal." + key)
	if key == string(guide.Investigator) && f.Family() == policy.Petition {
		text += "\n" + w.T("paper.appeal.again")
	}
	var until []string
	for _, name := range guide.TermsAfter(f.Kind, f.Seat) {
		until = append(until, w.Until(name.Ends(d.MadeAt, off)))
	}
	if len(until) == 0 {
		return text
	}
	return text + "\n" + w.T("paper.appeal.until", "read", w.Day(d.MadeAt), "until", strings.Join(until, "; "))
}

// complained is how the answer is complained of, as the end of a key of i18n: as the answers of
// its seat are, or as the Code says of its matter alone (CPC 87(12), 96(5), 109(2), 297(6)).
func (f Filing) complained() string {
	terms := guide.TermsAfter(f.Kind, f.Seat)
	higher := slices.Contains([]guide.Seat{guide.Prosecutor, guide.Chief, guide.Higher}, f.Seat)
	switch {
	case f.Kind == policy.FilingChallenge && f.Final():
		return "challenge"
	case f.Kind == policy.FilingSecurity && (f.Seat == guide.Investigator || f.Seat == guide.Head):
		return "security"
	case slices.Contains(terms, deadline.StatusAppeal) && higher:
		return "status-appeal-higher"
	case slices.Contains(terms, deadline.StatusAppeal):
		return string(deadline.StatusAppeal)
	case slices.Contains(terms, deadline.RefusalAfterReading):
		return string(deadline.RefusalAfterReading)
	}
	return string(f.Seat)
}

// Receipt is the paper a filer keeps: what was received, when, by whom, until
// when an answer is due, the fingerprint of the document and where it stands in the
// ledger. It is printed anew each time, always the same once the ledger's root is
// signed.
func Receipt(press document.Press, f Filing, d document.Document, noted Noted, language string) ([]byte, error) {
	w := press.Words.In(language)
	d.Language, d.MadeAt = language, f.FiledAt
	s := press.Sheet(d, "receipt")
	s.Subtitle = w.T("paper.receipt.subtitle", "number", f.Number)
	s.Facts = []document.Fact{
		{Label: w.T("paper.receipt.what"), Value: w.T("filing." + string(f.Kind))},
		subject(w, f.CaseNumber, f.ReportNumber),
		{Label: w.T("paper.receipt.from"), Value: f.AuthorName},
		{Label: w.T("paper.receipt.received"), Value: w.Second(f.FiledAt)},
		{Label: w.T("paper.receipt.to"), Value: f.Decider.Name + ", " + f.Decider.Body.In(language)},
		{Label: w.T("paper.receipt.due"), Value: w.Until(f.DueAt)},
		{Label: w.T("paper.receipt.by"), Value: w.Law(f.Counting().Term.By)},
		{Label: w.T("paper.receipt.digest"), Value: w.Hex(d.Digest)},
	}
	s.Facts = append(s.Facts, noted.facts(w)...)
	s.Sections = []document.Section{{Text: w.T("paper.receipt.text")}}
	if f.AtCourt() {
		s.Sections[0].Text = w.T("paper.receipt.text." + string(f.Seat))
	}
	return document.Print(s)
}

// Noted is where a paper stands in the ledger, and the key by which that is verified;
// the zero one says nothing.
type Noted struct {
	receipt.Where
	Key string
}

// facts are the lines of the ledger on paper: short, to be compared by eye with the
// receipt that is a file.
func (n Noted) facts(w *words.Language) []document.Fact {
	if n.Seq == 0 {
		return nil
	}
	out := []document.Fact{{Label: w.T("paper.receipt.place"), Value: w.T("paper.receipt.place-value", "place", n.Seq)}}
	if n.Key == "" || !n.Signed() {
		return out
	}
	return append(out,
		document.Fact{Label: w.T("paper.receipt.root"), Value: w.T("paper.receipt.root-value", "size", n.Root.Size, "root", w.Hex(n.Root.Root[:16]))},
		document.Fact{Label: w.T("paper.receipt.key"), Value: w.Hex(receipt.Fingerprint(n.Key))})
}
