package filing_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/agenda"
	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
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
