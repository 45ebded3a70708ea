package document

import "time"

// Sheet begins the paper of a document: language, purpose, title and what
// stands at the foot of all our papers. kind names the words: paper.KIND.title.
func (p Press) Sheet(d Document, kind string) Sheet {
	w := p.Words.In(d.Language)
	s := Sheet{
		Language: d.Language, ID: d.ID.String(), Purpose: "zharia/" + kind + "/1", Made: d.MadeAt.UTC().Truncate(time.Second),
		Title: w.T("paper." + kind + ".title"),
		Note:  w.T("paper.note"), VerifyURL: p.VerifyURL(d.Language, d.ID), VerifyText: w.T("paper.verify"), PageText: w.T("paper.page"),
	}
	if subtitle := "paper." + kind + ".subtitle"; w.Has(subtitle) {
		s.Subtitle = w.T(subtitle)
	}
	return s
}
