package filing

import (
	"context"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// authorOf is the one who writes, as his document names him.
func authorOf(ctx context.Context, tx *vault.DB, ask policy.Ask) (identity.Person, error) {
	return identity.Read(ctx, tx, ask.Person, ask.At)
}

// sheet is the petition or complaint on paper, as it will be signed.
func (n NewFiling) sheet(press document.Press, d document.Document, c casefile.Case, capacity casefile.Capacity, about casefile.Decision, against Filing, author identity.Person) document.Sheet {
	w := press.Words.In(n.Language)
	to := n.addressee(c)
	s := press.Sheet(d, string(n.Kind))
	s.To = []string{to.Body.In(n.Language), w.T("paper.to."+string(n.Kind), "name", to.Name)}
	s.From = []string{author.Name, w.T("paper.iin", "iin", author.IIN.Reveal()), w.T("role." + string(capacity.Role))}
	if capacity.Represented != "" {
		s.From = append(s.From, w.T("paper.acts-for", "name", capacity.Represented, "role", w.T("role."+string(capacity.RepresentedRole))))
	}
	s.Facts = []document.Fact{{Label: w.T("paper.case"), Value: c.Number}}
	if !about.DecidedOn.IsZero() {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.about"), Value: w.T("paper.about-value", "kind", w.T("kind."+string(about.Kind)), "day", w.Day(about.DecidedOn))})
	}
	if against.Number != "" {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.filing"), Value: w.T("paper.filing-value", "number", against.Number, "day", w.Day(against.FiledAt))})
	}
	if n.Kind == policy.FilingComplaintProsecutor {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.ground"), Value: w.T("ground." + string(n.Ground))})
	}
	s.Sections = []document.Section{
		{Heading: w.T("paper.circumstances." + string(n.Kind)), Text: n.Circumstances},
		{Heading: w.T("paper.request"), Text: n.Request},
	}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + author.Name}
	return s
}

// sheet is the answer on paper, as it will be signed.
func (n NewAnswer) sheet(press document.Press, d document.Document, f Filing, signer identity.Person) document.Sheet {
	w := press.Words.In(n.Language)
	s := press.Sheet(d, "answer")
	s.Subtitle = w.T("paper.answer.subtitle." + string(f.Kind))
	s.To = []string{f.AuthorName, w.T("role." + string(f.Role))}
	s.From = []string{f.Decider.Body.In(n.Language)}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: f.CaseNumber},
		{Label: w.T("paper.filing"), Value: w.T("paper.filing-value", "number", f.Number, "day", w.Day(f.FiledAt))},
		{Label: w.T("paper.outcome"), Value: w.T("status." + string(n.Outcome))},
	}
	s.Sections = []document.Section{
		{Heading: w.T("paper.asked"), Text: f.Request},
		{Heading: w.T("paper.established"), Text: n.Reasons},
		{Heading: w.T("paper.resolved"), Text: w.T("paper.resolved." + string(n.Outcome))},
		{Heading: w.T("paper.appeal"), Text: w.T("paper.appeal." + string(f.Kind))},
	}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + w.T("paper.signer."+string(f.Kind), "name", signer.Name)}
	return s
}

// Receipt is the paper a filer keeps: what was received, when, by whom, until
// when an answer is due, and the fingerprint of the document. It is printed
// anew each time, always the same.
func Receipt(press document.Press, f Filing, d document.Document, language string) ([]byte, error) {
	w := press.Words.In(language)
	d.Language, d.MadeAt = language, f.FiledAt
	s := press.Sheet(d, "receipt")
	s.Subtitle = w.T("paper.receipt.subtitle", "number", f.Number)
	s.Facts = []document.Fact{
		{Label: w.T("paper.receipt.what"), Value: w.T("filing." + string(f.Kind))},
		{Label: w.T("paper.case"), Value: f.CaseNumber},
		{Label: w.T("paper.receipt.from"), Value: f.AuthorName},
		{Label: w.T("paper.receipt.received"), Value: w.Second(f.FiledAt)},
		{Label: w.T("paper.receipt.to"), Value: f.Decider.Name + ", " + f.Decider.Body.In(language)},
		{Label: w.T("paper.receipt.due"), Value: w.Until(f.DueAt)},
		{Label: w.T("paper.receipt.by"), Value: w.Law(f.Counting().Term.By)},
		{Label: w.T("paper.receipt.digest"), Value: w.Hex(d.Digest)},
	}
	s.Sections = []document.Section{{Text: w.T("paper.receipt.text")}}
	return document.Print(s)
}
