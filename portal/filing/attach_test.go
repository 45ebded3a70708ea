package filing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
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

// asked is a scanner that finds nothing, and does something once before it says so.
func asked(t *testing.T, before func()) *attachment.Scanner {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var once sync.Once
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			file := make([]byte, 64<<10)
			for n := 0; !bytes.HasSuffix(file[:n], make([]byte, 4)); {
				more, err := conn.Read(file[n:])
				if n += more; err != nil {
					break
				}
			}
			once.Do(before)
			io.WriteString(conn, "stream: OK\x00")
			conn.Close()
		}
	}()
	return &attachment.Scanner{Network: "tcp", Address: listener.Addr().String()}
}

// armed is a PDF that starts a script when it is opened: others open a copy without it.
func armed() []byte {
	var b bytes.Buffer
	var at []int
	b.WriteString("%PDF-1.7\n")
	for i, o := range []string{"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>"} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return b.Bytes()
}

// A script whose line broke asks once more that a file be looked at while it is still
// looked at. Each makes a copy for others, and a PDF made anew is never the same twice: what
// others open is the copy that was written down, or the script is told to ask again.
func TestACopyThatAnotherLookWroteOverIsNotTaken(t *testing.T) {
	w := portaltest.World(t)
	draft := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	ctx, ask := as(t, w, w.Aigul), w.Aigul.Asks(policy.AttachmentFinish)
	n := attachment.New{ID: uuid.Must(uuid.NewV7()), Beside: attachment.Beside{Filing: draft}, Name: "letter.pdf", Size: int64(len(armed()))}
	if _, err := filing.BeginAttachment(ctx, w.App, ask, n); err != nil {
		t.Fatal(err)
	}
	before, err := filing.PutAttachment(ctx, w.App, ask, n.ID, 0, armed())
	if err != nil {
		t.Fatal(err)
	}
	scanner := asked(t, func() {
		time.Sleep(1100 * time.Millisecond) // the copy bears the second it was made in
		if _, err := attachment.Examine(ctx, w.App, nil, w.At, before); err != nil {
			t.Error(err)
		}
	})
	_, err = filing.FinishAttachment(ctx, w.App, w.Press, scanner, ask, n.ID)
	if err != nil && !errors.Is(err, fault.Unavailable) {
		t.Fatal(err)
	}
	if _, err := filing.FinishAttachment(ctx, w.App, w.Press, scanner, ask, n.ID); err != nil {
		t.Fatal(err)
	}
	a, err := attachment.Fetch(ctx, w.App, n.ID)
	if err != nil || a.Copy == nil || !a.Disarmed {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := io.ReadAll(a.Open(ctx, w.App, attachment.Shown)); err != nil {
		t.Errorf("the copy for others: %v", err)
	}

	// One that comes later still is told that the file is taken.
	late := attachment.Draft{Lock: func(context.Context, *vault.DB) error { return nil }}
	again, err := late.Finish(ctx, w.App, nil, ask, before)
	if err != nil || !again.Taken() {
		t.Errorf("the late one: %+v, %v", again, err)
	}
	if _, err := io.ReadAll(a.Open(ctx, w.App, attachment.Shown)); err != nil {
		t.Errorf("the copy for others, after the late one: %v", err)
	}
}
