package portaltest

import (
	"time"

	"github.com/google/uuid"

	"zharia/portal/cast"
	"zharia/portal/directory"
	"zharia/portal/policy"
)

// Body is a state body of the cast by its word.
func (w *W) Body(word string) uuid.UUID { return cast.ID("body", word) }

// Propose has an administrator propose an entry of the directory by a signed paper.
func (w *W) Propose(a *Actor, e directory.Entry) (uuid.UUID, error) {
	w.t.Helper()
	ctx, id := w.t.Context(), uuid.Must(uuid.NewV7())
	if e.Language == "" {
		e.Language = "kk"
	}
	if err := directory.DraftEntry(ctx, w.DB, w.Press, a.Asks(policy.AppointmentDraft), id, e); err != nil {
		return id, err
	}
	_, doc, err := directory.Paper(ctx, w.DB, a.Asks(policy.AppointmentPaper), id)
	if err != nil {
		return id, err
	}
	return id, directory.Propose(ctx, w.DB, w.Verifier, a.Asks(policy.AppointmentPropose), id, w.SignedBy(a, doc.Content), doc.Digest)
}

// Second has somebody agree with an entry, or decline it, by a signed paper.
func (w *W) Second(a *Actor, id uuid.UUID, agrees bool) error {
	w.t.Helper()
	ctx, act, reasons := w.t.Context(), policy.AppointmentAgree, ""
	if !agrees {
		act, reasons = policy.AppointmentDecline, Reasons
	}
	if err := directory.Reply(ctx, w.DB, w.Press, a.Asks(policy.AppointmentReply), id, agrees, reasons, "kk"); err != nil {
		return err
	}
	_, _, doc, err := directory.OwnReply(ctx, w.DB, a.Asks(policy.AppointmentCheck), id)
	if err != nil {
		return err
	}
	return directory.Settle(ctx, w.DB, w.Verifier, a.Asks(act), id, w.SignedBy(a, doc.Content), doc.Digest)
}

// Enter is the two administrators of the cast making an entry take effect.
func (w *W) Enter(e directory.Entry) {
	w.t.Helper()
	id, err := w.Propose(w.Bolat, e)
	if err == nil {
		err = w.Second(w.Raushan, id, true)
	}
	if err != nil {
		w.t.Fatalf("the entry does not take effect: %v", err)
	}
}

// Assign has a head give a case to an official of his by a signed paper.
func (w *W) Assign(a *Actor, casefile uuid.UUID, to *Actor) error {
	w.t.Helper()
	ctx := w.t.Context()
	if err := directory.DraftAssignment(ctx, w.DB, w.Press, a.Asks(policy.AssignmentDraft), casefile, to.Person, "kk"); err != nil {
		return err
	}
	_, doc, err := directory.ReadAssignment(ctx, w.DB, a.Asks(policy.AssignmentCheck), casefile)
	if err != nil {
		return err
	}
	return directory.Assign(ctx, w.DB, w.Verifier, a.Asks(policy.AssignmentSign), casefile, w.SignedBy(a, doc.Content), doc.Digest)
}

// Substitute has a head sign that until a day one official does another's work.
func (w *W) Substitute(a, officer, deputy *Actor, until time.Time) (uuid.UUID, error) {
	w.t.Helper()
	ctx, id := w.t.Context(), uuid.Must(uuid.NewV7())
	n := directory.NewSubstitution{Officer: officer.Person, Deputy: deputy.Person, Until: until, Language: "kk"}
	if err := directory.DraftSubstitution(ctx, w.DB, w.Press, a.Asks(policy.SubstitutionDraft), id, n); err != nil {
		return id, err
	}
	_, doc, err := directory.ReadSubstitution(ctx, w.DB, a.Asks(policy.SubstitutionPaper), id)
	if err != nil {
		return id, err
	}
	return id, directory.Substitute(ctx, w.DB, w.Verifier, a.Asks(policy.SubstitutionSign), id, w.SignedBy(a, doc.Content), doc.Digest)
}
