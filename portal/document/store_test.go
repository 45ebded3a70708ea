package document_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// paper keeps an unsigned paper of somebody's.
func paper(t *testing.T, w *portaltest.W, author *portaltest.Actor) document.Document {
	t.Helper()
	d := document.Document{
		ID: uuid.Must(uuid.NewV7()), Casefile: w.Theft, Kind: document.Petition, Language: "kk", Author: author.Person, MadeAt: w.At,
		Content: []byte("%PDF-1.7 жоба"),
	}
	if err := w.DB.Within(t.Context(), func(tx *vault.DB) error { return document.Add(t.Context(), tx, &d) }); err != nil {
		t.Fatal(err)
	}
	return d
}

func sign(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID, cms, digest []byte) error {
	t.Helper()
	ask := a.Asks(policy.FilingSubmit)
	signature, err := document.Verify(t.Context(), w.DB, w.Verifier, ask, cms, digest)
	if err != nil {
		return err
	}
	return w.DB.Within(t.Context(), func(tx *vault.DB) error {
		d, err := document.Sign(t.Context(), tx, ask, id, signature)
		if err != nil {
			return err
		}
		return ledger.Step(t.Context(), tx.DB, ask, "document", id, d.Casefile, d.Digest)
	})
}

// proof is what a page would say of the signature of a document.
func proof(t *testing.T, w *portaltest.W, d document.Document) document.Proof {
	t.Helper()
	p, err := d.Proof(t.Context(), w.DB, w.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantMessage(t *testing.T, what, message string, err error) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Message != message {
		t.Errorf("%s: %v, want %s", what, err, message)
	}
}

func TestAPaperBearsItsAuthorsSignatureAndCanBeCheckedForEver(t *testing.T) {
	w := portaltest.World(t)
	d := paper(t, w, w.Aigul)
	if err := sign(t, w, w.Aigul, d.ID, w.SignedBy(w.Aigul, d.Content), d.Digest); err != nil {
		t.Fatal(err)
	}
	back, err := document.Fetch(t.Context(), w.DB, d.ID)
	if err != nil || !back.Signed() || back.Signer != w.Aigul.Person || !back.SignedAt.Equal(w.At) || !bytes.Equal(back.Content, d.Content) {
		t.Fatalf("it comes back as %+v, %v", back, err)
	}
	s := proof(t, w, back)
	if !s.Valid || s.Name != w.Aigul.FullName() || s.Serial != w.Aigul.Key.Serial() {
		t.Errorf("verified as %+v", s)
	}
	back.Content = append(back.Content, '\n')
	if proof(t, w, back).Valid {
		t.Error("other bytes are signed, too")
	}
}

func TestOnlyTheAuthorSignsAndOnlyWhatWasShown(t *testing.T) {
	w := portaltest.World(t)
	d := paper(t, w, w.Aigul)
	own := w.SignedBy(w.Aigul, d.Content)
	wantMessage(t, "another asks with her own key", "fault.not-found", sign(t, w, w.Dana, d.ID, w.SignedBy(w.Dana, d.Content), d.Digest))
	wantMessage(t, "another asks with the author's signature", "fault.not-found", sign(t, w, w.Dana, d.ID, own, d.Digest))
	wantMessage(t, "the author asks with another's key", "fault.eds.other-person", sign(t, w, w.Aigul, d.ID, w.SignedBy(w.Dana, d.Content), d.Digest))
	wantMessage(t, "with her key as an employee", "fault.eds.organisation", sign(t, w, w.Aigul, d.ID, w.SignedBy(w.Actor("employee"), d.Content), d.Digest))
	wantMessage(t, "a page that showed something else", "fault.document-changed", sign(t, w, w.Aigul, d.ID, own, make([]byte, 32)))
	wantMessage(t, "a page that showed nothing", "fault.document-changed", sign(t, w, w.Aigul, d.ID, own, nil))
	wantMessage(t, "a signature over other bytes", "fault.eds.content-differs", sign(t, w, w.Aigul, d.ID, w.SignedBy(w.Aigul, []byte("басқа")), d.Digest))
	wantMessage(t, "a paper that is not there", "fault.not-found", sign(t, w, w.Aigul, uuid.Must(uuid.NewV7()), own, d.Digest))
	w.At = w.At.Add(25 * time.Hour)
	wantMessage(t, "the signature of yesterday", "fault.eds.claimed-time", sign(t, w, w.Aigul, d.ID, own, d.Digest))
	w.Want(t, `SELECT count(*) FROM document WHERE signed_at IS NOT NULL AND kind = 'petition'`, "count\n0")
}

func TestWhatIsSignedIsFinal(t *testing.T) {
	w := portaltest.World(t)
	d := paper(t, w, w.Aigul)
	cms := w.SignedBy(w.Aigul, d.Content)
	if err := sign(t, w, w.Aigul, d.ID, cms, d.Digest); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "signing again", "fault.signed-already", sign(t, w, w.Aigul, d.ID, cms, d.Digest))
	err := w.DB.Within(t.Context(), func(tx *vault.DB) error { return document.Drop(t.Context(), tx, d.ID) })
	wantMessage(t, "dropping", "fault.signed-already", err)
	for _, order := range []string{
		`UPDATE document SET content = cms WHERE id = $1`,
		`UPDATE document SET made_at = now() WHERE id = $1`,
		`UPDATE document SET cms = NULL, signer = NULL, signed_at = NULL WHERE id = $1`,
		`DELETE FROM document WHERE id = $1`,
	} {
		if _, err := w.SQL.Exec(order, d.ID); err == nil {
			t.Errorf("%s goes through", order)
		}
	}
}

func TestADraftCanBeDropped(t *testing.T) {
	w := portaltest.World(t)
	d := paper(t, w, w.Aigul)
	if err := w.DB.Within(t.Context(), func(tx *vault.DB) error { return document.Drop(t.Context(), tx, d.ID) }); err != nil {
		t.Fatal(err)
	}
	_, err := document.Fetch(t.Context(), w.DB, d.ID)
	wantMessage(t, "afterwards", "fault.not-found", err)
}

func TestThePageForCheckingKnowsSignedPapersOnly(t *testing.T) {
	w := portaltest.World(t)
	d := paper(t, w, w.Aigul)
	ask := policy.Ask{Is: policy.Visitor, Act: policy.Verify, At: w.At}
	_, _, err := document.Public(t.Context(), w.DB, ask, d.ID)
	wantMessage(t, "a draft", "fault.not-found", err)
	if err := sign(t, w, w.Aigul, d.ID, w.SignedBy(w.Aigul, d.Content), d.Digest); err != nil {
		t.Fatal(err)
	}
	back, proved, err := document.Public(t.Context(), w.DB, ask, d.ID)
	if err != nil || !proved.Valid || !proved.Noted || proved.Name != "" || back.Content != nil || back.Author != uuid.Nil || !bytes.Equal(back.Digest, d.Digest) {
		t.Errorf("a signed one: %v, %+v", err, proved)
	}
	if _, _, err := document.Public(t.Context(), w.DB, ask.To(policy.FilingRead), d.ID); !errors.Is(err, fault.Forbidden) {
		t.Errorf("through another door: %v", err)
	}
}

func TestAPaperMovedToAnotherRowDoesNotOpen(t *testing.T) {
	w := portaltest.World(t)
	a, b := paper(t, w, w.Aigul), paper(t, w, w.Serik)
	if _, err := w.SQL.Exec(`UPDATE document SET content = (SELECT content FROM document WHERE id = $1) WHERE id = $2`, a.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := document.Fetch(t.Context(), w.DB, b.ID); !errors.Is(err, vault.ErrNotSealedHere) {
		t.Errorf("it opens: %v", err)
	}
}

// While more signatures wait to be looked at than may, a page does not say of a good one that it
// does not hold: it says that it is to be asked for again.
func TestASignatureThatNobodyHadTimeForIsNotSaidToBeWrong(t *testing.T) {
	w := portaltest.World(t)
	d, cms := signed(t, w)
	d, err := document.Fetch(t.Context(), w.DB, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	busy := make(chan struct{}, 1000)
	long := make([]byte, eds.MaxContent)
	for range 600 {
		flood.Go(func() {
			_, err := w.Verifier.Document(ctx, cms, long, w.At)
			var refused *eds.Refusal
			if errors.As(err, &refused) && refused.Reason == eds.Busy {
				busy <- struct{}{}
			}
		})
	}
	<-busy
	p, err := d.Proof(t.Context(), w.DB, w.Verifier)
	stop()
	flood.Wait()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != fault.Unavailable {
		t.Errorf("%+v, %v", p, err)
	}
	if p := proof(t, w, d); !p.Valid {
		t.Error("afterwards it does not hold")
	}
}
