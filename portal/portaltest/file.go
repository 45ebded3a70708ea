package portaltest

import (
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// PDF is a file of so many pages as there are texts, each a page of its own.
func (w *W) PDF(texts ...string) []byte {
	w.t.Helper()
	var parts [][]byte
	for _, text := range texts {
		pdf, err := document.Print(document.Sheet{
			Language: "kk", Purpose: "scan/1", Made: w.At.Truncate(time.Second), Title: "ХАТТАМА", PageText: "%d / %d",
			Sections: []document.Section{{Text: text}},
		})
		if err != nil {
			w.t.Fatal(err)
		}
		parts = append(parts, pdf)
	}
	bound, err := document.Bind(parts)
	if err != nil {
		w.t.Fatal(err)
	}
	return bound
}

// Material has Daniyar put a PDF into the file of the theft, at its end, and the
// portal draw its pages; what n leaves empty is filled in.
func (w *W) Material(n materials.New, texts ...string) uuid.UUID {
	w.t.Helper()
	_, all, err := materials.Contents(w.t.Context(), w.DB, w.Daniyar.Asks(policy.FileRead), w.Theft)
	if err != nil {
		w.t.Fatal(err)
	}
	volume, sheet := materials.Next(all)
	if n.Volume == 0 {
		n.Volume = volume
	}
	if n.Sheet == 0 {
		n.Sheet = sheet
	}
	if n.Part == "" {
		n.Part = materials.InCase
	}
	if n.PDF == nil {
		n.PDF = w.PDF(texts...)
	}
	if n.Title == "" {
		n.Title = "Жауап алу хаттамасы"
	}
	n.ID, n.Language = uuid.Must(uuid.NewV7()), "kk"
	if err := materials.Add(w.t.Context(), w.DB, w.Daniyar.Asks(policy.MaterialAdd), w.Theft, n); err != nil {
		w.t.Fatalf("the file does not take it: %v", err)
	}
	w.Render(n.ID)
	return n.ID
}

// Render does what the portal's job does, to the end.
func (w *W) Render(id uuid.UUID) {
	w.t.Helper()
	for state := "rendering"; state == "rendering"; {
		if err := w.DB.Within(w.t.Context(), func(tx *vault.DB) error { return materials.Render(w.t.Context(), tx, id, w.At) }); err != nil {
			w.t.Fatal(err)
		}
		if err := w.SQL.Get(&state, `SELECT state FROM material WHERE id = $1`, id); err != nil {
			w.t.Fatal(err)
		}
	}
}

// EndNotice has Daniyar publish the notice that investigative acts have ended.
func (w *W) EndNotice() {
	w.t.Helper()
	w.Decides("end-notice")
}

// Decides has Daniyar publish a decision of a kind in the theft.
func (w *W) Decides(kind policy.Kind) {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	day := w.At.In(deadline.Zone)
	err := casefile.DraftDecision(w.t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DecisionDraft), w.Theft, id, casefile.DecisionDraft{
		Kind: kind, DecidedOn: time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC), Language: "kk",
		Established: Circumstances, Resolved: Request,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	_, doc, _, err := casefile.ReadDraft(w.t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionCheck), id)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := casefile.Publish(w.t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(policy.DecisionPublish), id, w.SignedBy(w.Daniyar, doc.Content), doc.Digest); err != nil {
		w.t.Fatal(err)
	}
}

// Notice has Daniyar prepare the notice by which the file opens to a participant of
// the cast for ten days.
func (w *W) Notice(participant string) uuid.UUID {
	w.t.Helper()
	if err := w.Invite(w.Participant(participant)); err != nil {
		w.t.Fatalf("%s is not invited: %v", participant, err)
	}
	var id uuid.UUID
	if err := w.SQL.Get(&id, `SELECT id FROM familiarisation WHERE participant = $1 AND status = 'draft'`, w.Participant(participant)); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// Invite is Notice for several, with what came of it.
func (w *W) Invite(to ...uuid.UUID) error {
	w.t.Helper()
	today := w.At.In(deadline.Zone)
	from := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	return materials.DraftFor(w.t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.FamiliarisationDraft), w.Theft, to,
		materials.Term{OpensOn: from, Until: from.AddDate(0, 0, 9), Language: "kk"})
}

// Begin has Daniyar sign a notice.
func (w *W) Begin(id uuid.UUID) error {
	w.t.Helper()
	_, doc, err := materials.ReadNotice(w.t.Context(), w.DB, w.Daniyar.Asks(policy.FamiliarisationCheck), id)
	if err != nil {
		return err
	}
	return materials.Begin(w.t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(policy.FamiliarisationOpen), id, w.SignedBy(w.Daniyar, doc.Content), doc.Digest)
}

// Opened is the file opened to a participant of the cast.
func (w *W) Opened(participant string) uuid.UUID {
	w.t.Helper()
	id := w.Notice(participant)
	if err := w.Begin(id); err != nil {
		w.t.Fatalf("%s does not get the file: %v", participant, err)
	}
	return id
}

// Pages are the pages of a material, in order.
func (w *W) Pages(material uuid.UUID) (out []uuid.UUID) {
	w.t.Helper()
	if err := w.SQL.Select(&out, `SELECT id FROM material_page WHERE material = $1 ORDER BY number`, material); err != nil {
		w.t.Fatal(err)
	}
	return out
}
