package filing_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// lay puts a file beside somebody's draft.
func lay(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	n := attachment.New{ID: uuid.Must(uuid.NewV7()), Beside: attachment.Beside{Filing: id}, Name: "letter.pdf", Size: attachment.Unknown}
	return filing.Attach(as(t, w, a), w.App, w.Press, nil, a.Asks(policy.AttachmentAdd), n, bytes.NewReader(w.PDF("A letter")))
}

func TestAFileBesideADraftChangesNothingElseOfIt(t *testing.T) {
	w := portaltest.World(t)
	taken := w.Petition(w.Aigul, w.Theft)
	if err := w.Withdraw(w.Aigul, taken); err != nil {
		t.Fatal(err)
	}
	again := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other", Previous: taken})
	if err := lay(t, w, w.Aigul, again); err != nil {
		t.Fatal(err)
	}
	f, err := filing.Read(t.Context(), w.DB, w.Aigul.Asks(policy.FilingRead), again)
	if err != nil || f.Previous != taken {
		t.Errorf("it brings again %v, not what was taken back: %v", f.Previous, err)
	}
}

func TestWhoIsAffectedLaysFilesBesideHisComplaint(t *testing.T) {
	w := portaltest.World(t)
	number := w.Number(w.Theft)
	ask, ctx := w.Stranger.Asks(policy.ComplainDraft), database.As(t.Context(), w.Stranger.Person, uuid.Nil, w.At)
	of, err := casefile.Numbered(ctx, w.App, ask, number)
	if err != nil {
		t.Fatal(err)
	}
	n := filing.NewFiling{Kind: policy.FilingComplaintHead, Language: "kk", Circumstances: portaltest.Circumstances, Points: []string{portaltest.Request}}
	id := uuid.Must(uuid.NewV7())
	if err := filing.Affect(ctx, w.App, w.Press, ask, of, id, n); err != nil {
		t.Fatal(err)
	}
	if err := lay(t, w, w.Stranger, id); err != nil {
		t.Fatal(err)
	}
	printed, _ := w.Paper(w.Stranger, id)
	if text := portaltest.PDFText(t, printed); !strings.Contains(text, "letter.pdf") {
		t.Errorf("the paper does not name the file:\n%s", text)
	}
	if err := filing.Affect(ctx, w.App, w.Press, ask, of, id, n); err != nil {
		t.Fatal(err)
	}
	content, digest := w.Paper(w.Stranger, id)
	if !strings.Contains(portaltest.PDFText(t, content), "letter.pdf") {
		t.Error("saved again, the paper does not name the file")
	}
	if err := filing.Submit(ctx, w.App, w.Press, w.Verifier, w.Stranger.Asks(policy.FilingSubmit), id, w.SignedBy(w.Stranger, content), digest); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT f.author, f.affected, f.kind, f.status, count(a.id) AS files FROM filing f JOIN attachment a ON a.filing = f.id GROUP BY f.id`, `
		author | affected | kind           | status | files
		asel   | true     | complaint-head | filed  | 1`)
}

// The case has another investigator by the time the complaint is filed: whom it is
// about stays the one who refused.
func TestAComplaintAboutARefusalIsAboutWhoeverRefused(t *testing.T) {
	w := portaltest.World(t)
	request := w.Request(w.Stranger, w.Theft, casefile.NewRequest{Role: policy.Victim})
	r, err := casefile.ReadRequest(t.Context(), w.DB, w.Stranger.Asks(policy.AccessRead), request)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(w.Daniyar, r.Participant); err != nil {
		t.Fatal(err)
	}
	id, err := complain(w, t, w.Stranger, request)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Assign(w.Marat, w.Theft, w.Ermek); err != nil {
		t.Fatal(err)
	}
	if err := w.Submit(w.Stranger, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT what, decider, interested[1] AS about, cardinality(interested) AS n FROM filing`, `
		what   | decider | about   | n
		answer | gulnar  | daniyar | 1`)
}

// An answer came while the complaint about silence was a draft.
func TestAComplaintAboutSilenceThatEndedIsAboutTheAnswer(t *testing.T) {
	w := portaltest.World(t)
	first := w.Petition(w.Aigul, w.Theft)
	draft := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: "other", Against: first})
	w.Answer(w.Daniyar, first, filing.Refused)
	if err := w.Submit(w.Aigul, draft); err != nil {
		t.Fatal(err)
	}
	f, err := filing.Read(t.Context(), w.DB, w.Aigul.Asks(policy.FilingRead), draft)
	if err != nil || f.What != "answer" {
		t.Errorf("it contests %q: %v", f.What, err)
	}
}

// A reply to the official and an addition of the author's own are two papers with two
// doors: the one is not signed through the other's.
func TestAReplyIsNotSignedAsAnAddition(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	if err := filing.AskToAdd(t.Context(), w.DB, w.Daniyar.Asks(policy.FilingAsk), id, []string{"The receipt for the thing"}); err != nil {
		t.Fatal(err)
	}
	if err := filing.DraftReply(t.Context(), w.DB, w.Press, w.Aigul.Asks(policy.ReplyDraft), id, []string{"It is in the file"}, "kk"); err != nil {
		t.Fatal(err)
	}
	_, _, doc, err := filing.ReplyDraft(t.Context(), w.DB, w.Aigul.Asks(policy.ReplyCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, err = filing.SupplementDraft(t.Context(), w.DB, w.Aigul.Asks(policy.SupplementCheck), id)
	wantKind(t, "a reply shown as an addition", fault.NotFound, err)
	err = filing.SignSupplement(t.Context(), w.DB, w.Verifier, w.Aigul.Asks(policy.SupplementSign), id, w.SignedBy(w.Aigul, doc.Content), doc.Digest)
	wantKind(t, "a reply signed as an addition", fault.Conflict, err)
	err = filing.DraftSupplement(t.Context(), w.DB, w.Press, w.Aigul.Asks(policy.SupplementDraft), id, filing.NewSupplement{Kind: filing.Added, Text: portaltest.Circumstances, Language: "kk"})
	wantKind(t, "an addition begun over a reply", fault.Conflict, err)
	if err := filing.Reply(t.Context(), w.DB, w.Verifier, w.Aigul.Asks(policy.FilingReply), id, w.SignedBy(w.Aigul, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT f.status, a.answered_at IS NOT NULL AS answered, s.kind FROM filing f JOIN addition a ON a.filing = f.id JOIN supplement s ON s.id = a.supplement`, `
		status     | answered | kind
		considered | true     | asked`)
}
