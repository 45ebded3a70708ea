package report

import (
	"zharia/portal/document"
	"zharia/portal/identity"
	"zharia/portal/words"
)

// sheet is the report on paper, as it will be signed: who its author is, where he lives,
// by what document (CPC 181(1), (2)), what he says, and that he was warned (CPC 181(4)).
func (a Answers) sheet(press document.Press, d document.Document, to Body, author identity.Person) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, "report")
	s.To = []string{to.In(d.Language)}
	s.From = []string{author.Name, w.T("paper.iin", "iin", author.IIN.Reveal()), w.T("paper.report.address", "address", a.Address), w.T("paper.report.card", "card", a.Card)}
	if a.Behalf != Self {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.report.behalf"), Value: a.ForWhom(w)})
	}
	s.Facts = append(s.Facts,
		document.Fact{Label: w.T("paper.report.when"), Value: a.Moment(w)},
		document.Fact{Label: w.T("paper.report.where"), Value: a.Spot(w)},
		document.Fact{Label: w.T("paper.report.category"), Value: w.T("report.category." + string(a.Category))},
		document.Fact{Label: w.T("paper.report.contact"), Value: a.Contact(w)},
		document.Fact{Label: w.T("paper.report.language"), Value: w.T("report.language." + a.Language)},
	)
	s.Sections = []document.Section{{Heading: w.T("paper.report.what"), Text: a.What}}
	for _, part := range []struct{ heading, text string }{
		{"paper.report.who", a.Who}, {"paper.report.damage", a.Damage}, {"paper.report.witnesses", a.Witnesses}, {"paper.report.earlier", a.Earlier},
	} {
		if part.text != "" {
			s.Sections = append(s.Sections, document.Section{Heading: w.T(part.heading), Text: part.text})
		}
	}
	s.Sections = append(s.Sections,
		document.Section{Heading: w.T("paper.report.asks"), Text: w.T("paper.report.asks.text")},
		document.Section{Heading: w.T("paper.report.warned"), Text: w.T("paper.report.warned.text")})
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + author.Name}
	return s
}

// Moment is when it happened, in words.
func (a Answers) Moment(w *words.Language) string {
	switch {
	case a.Unknown:
		return w.T("report.when.unknown")
	case a.From.IsZero():
		return ""
	}
	text := w.Day(a.From) // kept as midnight in UTC: the same day in Almaty
	if !a.To.IsZero() && !a.To.Equal(a.From) {
		text = w.T("report.when.period", "from", text, "to", w.Day(a.To))
	}
	if a.Hour != "" {
		text += ", " + a.Hour
	}
	return text
}

// Spot is where it happened, in words.
func (a Answers) Spot(w *words.Language) string {
	if a.Region == "" {
		return ""
	}
	text := w.T("region." + string(a.Region))
	if a.Place != "" {
		text += ", " + a.Place
	}
	return text
}

// ForWhom is for whom it is reported, in words.
func (a Answers) ForWhom(w *words.Language) string {
	if a.Behalf == "" {
		return ""
	}
	text := w.T("report.behalf." + string(a.Behalf))
	for _, more := range []string{a.Whom, a.Position} {
		if more != "" {
			text += ", " + more
		}
	}
	return text
}

// Contact is how its author may be reached, in words.
func (a Answers) Contact(w *words.Language) string {
	if a.Reach == "" {
		return ""
	}
	text := w.T("report.reach." + string(a.Reach))
	for _, more := range []string{a.Phone, a.Email, a.Safely} {
		if more != "" {
			text += ", " + more
		}
	}
	return text
}
