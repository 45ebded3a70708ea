package casefile

import (
	"zharia/portal/document"
)

// sheet is a ruling on paper, as it will be signed (CPC 198: place, time, name
// and post, substance and grounds, articles of the Code).
func (draft DecisionDraft) sheet(press document.Press, d document.Document, c Case) document.Sheet {
	w := press.Words.In(draft.Language)
	s := press.Sheet(d, "ruling")
	s.Subtitle = w.T("kind." + string(draft.Kind))
	s.From = []string{c.Body.In(draft.Language)}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: c.Number},
		{Label: w.T("paper.decided"), Value: w.Day(draft.DecidedOn)},
	}
	if !draft.ReadyOn.IsZero() {
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.ready"), Value: w.Day(draft.ReadyOn)})
	}
	s.Sections = []document.Section{
		{Heading: w.T("paper.established"), Text: draft.Established},
		{Heading: w.T("paper.resolved"), Text: draft.Resolved},
	}
	s.Closing = []string{w.Day(draft.DecidedOn) + "\t" + w.T("paper.signer.petition", "name", c.Investigator.Name)}
	return s
}
