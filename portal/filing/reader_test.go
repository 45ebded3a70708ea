package filing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/agenda"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// ends are the last days of what somebody may complain of about one filing: by his agenda,
// and by the ways on of its page.
func ends(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) (inAgenda, onPage string) {
	t.Helper()
	ctx := a.As(t.Context())
	all, err := agenda.Gather(ctx, w.App, a.Asks(policy.ClientTerms))
	if err != nil {
		t.Fatal(err)
	}
	for _, term := range all {
		if term.Of == id && term.Kind == agenda.Complain {
			inAgenda += deadline.LastDay(term.DueAt).Format(time.DateOnly)
		}
	}
	f, err := filing.Read(ctx, w.App, a.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := filing.AnswerOf(ctx, w.App, f)
	if err != nil {
		t.Fatal(err)
	}
	ways, err := filing.Onwards(ctx, w.App, a.Asks(policy.FilingRead), f, answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range ways {
		if way.Unread.Amount > 0 {
			onPage += "unread"
		} else if !way.FileBy.IsZero() {
			onPage += deadline.LastDay(way.FileBy).Format(time.DateOnly)
		}
	}
	return inAgenda, onPage
}

func opens(t *testing.T, w *portaltest.W, a *portaltest.Actor, act policy.Act, id uuid.UUID) error {
	t.Helper()
	_, _, err := filing.AnswerDocument(a.As(t.Context()), w.App, a.Asks(act), id)
	return err
}

// CPC 106(5): the fifteen сутки run for each from when he made himself familiar with it.
func TestTheTermOfAClientRunsFromHisOwnReadingWhateverBecameOfHisLawyer(t *testing.T) {
	for _, dismissed := range []bool{false, true} {
		w := portaltest.Kept(t)
		id := w.Petition(w.Dana, w.Theft)
		if dismissed {
			if err := w.End(w.Daniyar, w.Participant("dana@theft")); err != nil {
				t.Fatal(err)
			}
		}
		w.At = almaty("2026-10-27 10:00")
		w.Answer(w.Daniyar, id, filing.Refused)
		want := func(when, line, page string) {
			t.Helper()
			if a, p := ends(t, w, w.Serik, id); a != line || p != page {
				t.Errorf("dismissed %v, %s: his agenda has %q and the page %q, not %q and %q", dismissed, when, a, p, line, page)
			}
		}
		want("unread", "", "unread")
		w.At = almaty("2026-10-28 09:00")
		if err := opens(t, w, w.Serik, policy.AnswerSignature, id); err != nil {
			t.Fatal(err)
		}
		want("the signature alone", "", "unread")
		w.At = almaty("2026-10-30 09:00")
		if err := opens(t, w, w.Serik, policy.AnswerDocument, id); err != nil {
			t.Fatal(err)
		}
		want("read", "2026-11-16", "2026-11-16") // the fifteenth is a Saturday
		w.At = almaty("2026-11-04 09:00")
		if err := opens(t, w, w.Serik, policy.AnswerDocument, id); err != nil {
			t.Fatal(err)
		}
		want("read again", "2026-11-16", "2026-11-16")
		if !dismissed {
			if err := opens(t, w, w.Dana, policy.AnswerDocument, id); err != nil {
				t.Fatal(err)
			}
			want("read by his lawyer as well", "2026-11-16", "2026-11-16")
			if a, p := ends(t, w, w.Dana, id); a != "2026-11-19" || p != "2026-11-19" {
				t.Errorf("her agenda has %q and the page %q", a, p)
			}
		}
		for _, term := range agendaOf(t, w, w.Serik) {
			if term.Of == id && (term.Client != "" || term.Side != uuid.Nil) {
				t.Errorf("his own line is for %q", term.Client)
			}
		}
		next := w.Draft(w.Serik, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Against: id})
		if err := w.Submit(w.Serik, next); err != nil {
			t.Errorf("dismissed %v, he complains: %v", dismissed, err)
		}
		w.Sound()
	}
}

func agendaOf(t *testing.T, w *portaltest.W, a *portaltest.Actor) []agenda.Term {
	t.Helper()
	all, err := agenda.Gather(a.As(t.Context()), w.App, a.Asks(policy.ClientTerms))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Who acts for the author has terms of his own, whether or not the author has read it.
func TestTheTermOfCounselRunsFromHisOwnReading(t *testing.T) {
	w := portaltest.Kept(t)
	id := w.Petition(w.Serik, w.Theft)
	w.At = almaty("2026-10-27 10:00")
	w.Answer(w.Daniyar, id, filing.Refused)
	w.At = almaty("2026-11-02 10:00")
	if a, p := ends(t, w, w.Dana, id); a != "" || p != "unread" {
		t.Errorf("unread, her agenda has %q and the page %q", a, p)
	}
	if err := opens(t, w, w.Dana, policy.AnswerDocument, id); err != nil {
		t.Fatal(err)
	}
	if a, p := ends(t, w, w.Dana, id); a != "2026-11-17" || p != "2026-11-17" {
		t.Errorf("her agenda has %q and the page %q", a, p)
	}
	if a, p := ends(t, w, w.Serik, id); a != "" || p != "unread" {
		t.Errorf("by her reading his agenda has %q and the page %q", a, p)
	}
	w.Sound()
}

// ROLES §1: whoever acts for another no more keeps what he filed and what was answered by
// then, and is shown nothing new.
func TestAnAuthorWhosePowerHasEndedKeepsTheOldAnswersAndOpensNoNewOne(t *testing.T) {
	w := portaltest.Kept(t)
	before, after := w.Petition(w.Dana, w.Theft), w.Petition(w.Dana, w.Theft)
	w.Answer(w.Daniyar, before, filing.Refused)
	w.At = w.At.Add(time.Hour)
	dana := w.Participant("dana@theft")
	if err := w.End(w.Daniyar, dana); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Hour)
	w.Answer(w.Daniyar, after, filing.Refused)
	if err := opens(t, w, w.Dana, policy.AnswerDocument, before); err != nil {
		t.Errorf("what was answered before: %v", err)
	}
	ctx := w.Dana.As(t.Context())
	for what, db := range map[string]*vault.DB{"by the queries": w.DB, "behind the fence": w.App} {
		for _, act := range []policy.Act{policy.AnswerDocument, policy.AnswerSignature} {
			_, _, err := filing.AnswerDocument(ctx, db, w.Dana.Asks(act), after)
			wantKind(t, what+", "+string(act), fault.NotFound, err)
		}
		f, err := filing.Open(ctx, db, w.Dana.Asks(policy.FilingRead), after)
		if err != nil || f.Circumstances != portaltest.Circumstances || f.Points[0].Resolution != nil {
			t.Errorf("%s, what she filed: %+v, %v", what, f.Points, err)
		}
		_, err = filing.AnswerOf(ctx, db, f)
		wantKind(t, what+", its reasons", fault.NotFound, err)
		if _, _, err := filing.Document(ctx, db, w.Dana.Asks(policy.FilingDocument), after); err != nil {
			t.Errorf("%s, her own paper: %v", what, err)
		}
		wantKind(t, what+", that a point was not answered", fault.NotFound, filing.DisputePoint(ctx, db, w.Dana.Asks(policy.PointDispute), after, 1, portaltest.Circumstances))
	}
	var paper uuid.UUID
	if err := w.SQL.Get(&paper, `SELECT document FROM answer WHERE filing = $1`, after); err != nil {
		t.Fatal(err)
	}
	var row, sheet, said int
	if err := errors.Join(
		w.App.Get(ctx, &row, `SELECT count(*) FROM answer WHERE document = $1`, paper),
		w.App.Get(ctx, &sheet, `SELECT count(*) FROM document WHERE id = $1`, paper),
		w.App.Get(ctx, &said, `SELECT count(*) FROM resolution r JOIN point p ON p.id = r.point WHERE p.filing = $1`, after),
	); err != nil || row+sheet+said != 0 {
		t.Errorf("the fence shows her the row of the answer %d, its paper %d, what it says of points %d: %v", row, sheet, said, err)
	}
	w.Want(t, `SELECT read_at IS NULL AS unread FROM answer WHERE filing = '`+after.String()+`'`, "unread\ntrue")
	// Not by the rows alone: the keeper does not open it to her.
	var kept, closed []byte
	if err := errors.Join(w.SQL.Get(&kept, `SELECT reasons FROM answer WHERE filing = $1`, before), w.SQL.Get(&closed, `SELECT reasons FROM answer WHERE filing = $1`, after)); err != nil {
		t.Fatal(err)
	}
	text := func(a *portaltest.Actor, id uuid.UUID, sealed []byte) error {
		_, err := w.App.OpenText(a.As(t.Context()), vault.Where{Table: "answer", Column: "reasons", ID: id, Case: w.Theft}, sealed)
		return err
	}
	if err := errors.Join(text(w.Dana, before, kept), text(w.Serik, after, closed)); err != nil {
		t.Error(err)
	}
	wantKind(t, "the keeper, of what came after", fault.NotFound, text(w.Dana, after, closed))
	// For whom it was filed opens it, whatever became of her.
	if err := opens(t, w, w.Serik, policy.AnswerDocument, after); err != nil {
		t.Errorf("her client: %v", err)
	}
	w.Sound()
}
