package portaltest

import (
	"time"

	"github.com/google/uuid"

	"zharia/portal/policy"
	"zharia/portal/report"
)

// Story is a report of a theft, answered in full, to the police of Bostandyk.
func (w *W) Story() report.Answers {
	return report.Answers{
		What: "Кеше кешке көлігімнің терезесін сындырып, ішіндегі сөмкемді алып кетті.", From: time.Date(2026, 10, 21, 0, 0, 0, 0, time.UTC), Hour: "кешкі 9 шамасында",
		Region: "750000000", Place: "Тимирязев көшесі, 42", Body: w.Body("police"), Category: "theft", Behalf: report.Self,
		Address: "Алматы, Абай даңғылы, 10, 5-пәтер", Card: "жеке куәлік 012345678", Reach: report.ByPortal, Language: "kk",
	}
}

// ReportBegun is a draft of a's in which nothing is answered.
func (w *W) ReportBegun(a *Actor, path report.Path, unit uuid.UUID) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	if err := report.Begin(w.t.Context(), w.DB, a.Asks(policy.ReportBegin), id, path, unit, "kk"); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// ReportAnswer sends the answer to one question of a draft, as it stands in said.
func (w *W) ReportAnswer(a *Actor, id uuid.UUID, q report.Question, said report.Answers) error {
	return report.Answer(w.t.Context(), w.DB, a.Asks(policy.ReportAnswer), id, q, uuid.NewString(), func(kept *report.Answers) {
		said.Path, said.Unit, said.Done, said.Seen = kept.Path, kept.Unit, kept.Done, kept.Seen
		*kept = said
	})
}

// ReportDraft is a draft of a's whose paper is printed: it waits for the signature.
func (w *W) ReportDraft(a *Actor, path report.Path, said report.Answers) uuid.UUID {
	w.t.Helper()
	id := w.ReportBegun(a, path, uuid.Nil)
	for _, q := range report.Questions {
		if err := w.ReportAnswer(a, id, q, said); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := report.Print(w.t.Context(), w.DB, w.Press, a.Asks(policy.ReportPrint), id, "kk", true); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// ReportSubmit signs a draft of a's as it stands: it is registered.
func (w *W) ReportSubmit(a *Actor, id uuid.UUID) error {
	w.t.Helper()
	_, doc, err := report.ReadPaper(w.t.Context(), w.DB, a.Asks(policy.ReportPaper), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return report.Submit(w.t.Context(), w.DB, w.Verifier, a.Asks(policy.ReportSubmit), id, w.SignedBy(a, doc.Content), doc.Digest)
}

// Report is a registered report of a's.
func (w *W) Report(a *Actor, said report.Answers) uuid.UUID {
	w.t.Helper()
	id := w.ReportDraft(a, report.Offence, said)
	if err := w.ReportSubmit(a, id); err != nil {
		w.t.Fatal(err)
	}
	return id
}
