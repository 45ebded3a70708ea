package filing

import (
	"time"

	"zharia/portal/document"
	"zharia/portal/words"
)

// NextSteps is one page to print after filing: what was filed, who decides it until
// when and by which article, what happens if he does not, and a code that leads to
// page, its address. It is printed anew each time, as things stand at that moment.
func NextSteps(press document.Press, f Filing, language, page string, at time.Time) ([]byte, error) {
	w := press.Words.In(language)
	s := press.Sheet(document.Document{ID: f.ID, Language: language, MadeAt: at}, "next")
	s.Subtitle = w.T("paper.next.subtitle", "number", f.Number)
	s.VerifyURL, s.VerifyText, s.Note = page, w.T("paper.next.code"), w.T("paper.next.note")
	said := w.T("status.word."+string(Word(f, at)), "number", f.Number)
	if f.Status.Answered() {
		said += ": " + w.T("status."+string(f.Status))
	}
	s.Facts = []document.Fact{
		{Label: w.T("paper.receipt.what"), Value: w.T("filing." + string(f.Kind))},
		subject(w, f.CaseNumber, f.ReportNumber),
		{Label: w.T("paper.receipt.received"), Value: w.Second(f.FiledAt)},
		{Label: w.T("paper.next.status"), Value: said},
		{Label: w.T("paper.receipt.to"), Value: f.Decider.Name + ", " + f.Decider.Body.In(language)},
	}
	if f.Status.Open() {
		s.Facts = append(s.Facts,
			document.Fact{Label: w.T("paper.receipt.due"), Value: w.Until(f.DueAt)},
			document.Fact{Label: w.T("paper.receipt.by"), Value: w.Law(f.Counting().Term.By)})
	}
	otherwise := w.T("paper.next.if-not")
	if f.AtCourt() {
		otherwise = w.T("paper.next.if-not." + string(f.Seat))
	}
	s.Sections = []document.Section{{Heading: w.T("paper.next.done"), Text: w.T("paper.next.done.text")}}
	switch {
	case f.Status.Open():
		s.Sections = append(s.Sections,
			document.Section{Heading: w.T("paper.next.comes"), Text: w.T("paper.next.comes.text")},
			document.Section{Heading: w.T("paper.next.otherwise"), Text: otherwise},
			document.Section{Heading: w.T("paper.next.after"), Text: f.onwardText(w, at)})
	case f.Status.Answered():
		s.Sections = append(s.Sections, document.Section{Heading: w.T("paper.next.after"), Text: f.onwardText(w, at)})
	default:
		s.Sections = append(s.Sections, document.Section{Heading: w.T("paper.next.comes"), Text: w.T("paper.next.withdrawn")})
	}
	return document.Print(s)
}

// onwardText says what can be done about the answer, and in what terms.
func (f Filing) onwardText(w *words.Language, at time.Time) string {
	if f.Final() {
		return w.T("paper.next.after.final." + f.LastWord())
	}
	terms := f.OnwardTerms(time.Time{}, nil, at) // the terms alone: no day is told here
	if len(terms) == 0 {
		return w.T("paper.next.after.text")
	}
	return w.T("paper.next.after.text") + " " + w.T("paper.next.after.terms", "terms", inWords(w, terms))
}
