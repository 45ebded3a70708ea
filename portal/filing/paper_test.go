package filing_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// wantSame says that a sheet, printed again under the number, the moment and the
// nonce that were kept, is the paper that was kept.
func wantSame(t *testing.T, w *portaltest.W, what string, s document.Sheet, d document.Document, number string) {
	t.Helper()
	again, err := w.Press.Paper(s, d, number)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, d.Content) {
		t.Errorf("%s: printed again it is another paper", what)
	}
	d.Nonce = make([]byte, document.NonceSize)
	if other, err := w.Press.Paper(s, d, number); err != nil || bytes.Equal(other, again) {
		t.Errorf("%s: under another nonce it is the same paper, %v", what, err)
	}
}

// Security/THREATS S31: every paper that is signed can be made again from what the
// portal keeps, byte by byte. Nothing of it ever came from a browser.
func TestEveryPaperIsPrintedAgainFromWhatIsKept(t *testing.T) {
	for _, language := range []string{"kk", "ru"} {
		w := portaltest.World(t)
		first := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other", Language: language})
		about := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: "other", Language: language, About: w.Decision("victim-recognised")})
		defence := w.Draft(w.Dana, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other", Language: language})
		for id, author := range map[uuid.UUID]*portaltest.Actor{first: w.Aigul, about: w.Aigul, defence: w.Dana} {
			s, d, number := sheetAgain(t, w, author, id)
			wantSame(t, w, string(d.Kind)+" in "+language, s, d, number)
		}
		filed := w.Petition(w.Aigul, w.Theft)
		n := portaltest.Said(filing.Refused, 1)
		n.Language = language
		if err := filing.DraftAnswer(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.AnswerDraft), filed, n); err != nil {
			t.Fatal(err)
		}
		f, _, d, err := filing.AnswerDraft(t.Context(), w.DB, w.Daniyar.Asks(policy.AnswerCheck), filed)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := identity.Read(t.Context(), w.DB, w.Daniyar.Person, w.At)
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, w, "an answer in "+language, filing.AnswerSheetOf(n, w.Press, d, f, signer, deadline.Kazakhstan()), d, f.CaseNumber)
		if err := filing.DraftWithdrawal(t.Context(), w.DB, w.Press, w.Aigul.Asks(policy.WithdrawalDraft), filed, language); err != nil {
			t.Fatal(err)
		}
		if f, d, err = filing.WithdrawalOf(t.Context(), w.DB, w.Aigul.Asks(policy.WithdrawalCheck), filed); err != nil {
			t.Fatal(err)
		}
		wantSame(t, w, "a withdrawal in "+language, filing.WithdrawalSheetOf(f, w.Press, d, f.AuthorName), d, f.CaseNumber)
	}
}

// sheetAgain makes the sheet of a draft anew from the kept filing.
func sheetAgain(t *testing.T, w *portaltest.W, author *portaltest.Actor, id uuid.UUID) (document.Sheet, document.Document, string) {
	t.Helper()
	f, d, err := filing.Document(t.Context(), w.DB, author.Asks(policy.FilingDocument), id)
	if err != nil {
		t.Fatal(err)
	}
	c, err := casefile.Read(t.Context(), w.DB, author.Asks(policy.CaseRead), f.Case)
	if err != nil {
		t.Fatal(err)
	}
	capacity, ok := c.Capacity(f.Participant)
	if !ok {
		t.Fatal("the capacity is gone")
	}
	person, err := identity.Read(t.Context(), w.DB, author.Person, w.At)
	if err != nil {
		t.Fatal(err)
	}
	n := filing.NewFiling{Kind: f.Kind, Participant: f.Participant, About: f.About, Ground: f.Ground, Circumstances: f.Circumstances, Points: f.Requests(), Language: f.Language}
	about := casefile.Decision{Kind: f.AboutKind, DecidedOn: f.AboutOn}
	return filing.SheetOf(n, w.Press, d, c, f, capacity, about, person), d, f.CaseNumber
}
