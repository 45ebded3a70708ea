package filing_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// complain has somebody take the ready complaint about a request as it is.
func complain(w *portaltest.W, t *testing.T, who *portaltest.Actor, request uuid.UUID) (uuid.UUID, error) {
	t.Helper()
	return filing.Complain(t.Context(), w.DB, w.Press, who.Asks(policy.AccessComplain), request, filing.NewFiling{Language: "kk"})
}

func TestARefusalLeadsInOneStepToAComplaintThatThePersonSigns(t *testing.T) {
	w := portaltest.World(t)
	request := w.Request(w.Stranger, w.Theft, casefile.NewRequest{Role: policy.Victim})
	if _, err := complain(w, t, w.Stranger, request); !errors.Is(err, fault.Conflict) {
		t.Errorf("before there is anything to complain of: %v", err)
	}
	r, err := casefile.ReadRequest(t.Context(), w.DB, w.Stranger.Asks(policy.AccessRead), request)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(w.Daniyar, r.Participant); err != nil {
		t.Fatal(err)
	}
	for _, other := range []*portaltest.Actor{w.Aigul, w.Nurlan} {
		if _, err := complain(w, t, other, request); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s complains about another's request: %v", other.Word, err)
		}
	}
	id, err := complain(w, t, w.Stranger, request)
	if err != nil {
		t.Fatal(err)
	}
	again, err := complain(w, t, w.Stranger, request)
	if err != nil || again != id {
		t.Errorf("the second click leads to %s, %v", again, err)
	}
	f, err := filing.Read(t.Context(), w.DB, w.Stranger.Asks(policy.FilingRead), id)
	if err != nil || f.Access != request || f.Participant != uuid.Nil || f.Role != policy.Victim || !f.OfAccess() {
		t.Fatalf("the draft is %+v, %v", f, err)
	}
	for _, known := range []string{portaltest.Reasons, r.CaseNumber, w.Daniyar.FullName(), "2026 жылғы 22 қазан"} {
		if !strings.Contains(f.Circumstances, known) {
			t.Errorf("the ready complaint does not say %q: %s", known, f.Circumstances)
		}
	}
	changed := filing.NewFiling{Language: "kk", Circumstances: f.Circumstances + "\nМен оқиға орнында болдым.", Points: f.Requests()}
	if _, err := filing.Complain(t.Context(), w.DB, w.Press, w.Stranger.Asks(policy.AccessComplain), request, changed); err != nil {
		t.Fatal(err)
	}
	if err := w.Submit(w.Stranger, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status, kind, decider, term, participant IS NULL AS nobody FROM filing`, `
		status | kind                 | decider | term             | nobody
		filed  | complaint-prosecutor | gulnar  | complaint-answer | true`)
	w.Want(t, `SELECT count(*) FROM document WHERE signed_at IS NULL`, "count\n0")
	if again, err := complain(w, t, w.Stranger, request); err != nil || again != id {
		t.Errorf("complaining once more leads to %s, %v", again, err)
	}

	// Never to the one who is complained of (CPC 104); the head of the office answers, and the
	// author, who has no status, reads it.
	if _, err := filing.Read(t.Context(), w.DB, w.Daniyar.Asks(policy.FilingRead), id); !errors.Is(err, fault.NotFound) {
		t.Errorf("the investigator reads it: %v", err)
	}
	w.Answer(w.Gulnar, id, filing.Granted)
	f, err = answered(t, w, w.Stranger, id)
	if err != nil || f.Status != filing.Granted {
		t.Errorf("she reads %s, %v", f.Status, err)
	}
	if _, err := casefile.Read(t.Context(), w.DB, w.Stranger.Asks(policy.CaseRead), w.Theft); !errors.Is(err, fault.NotFound) {
		t.Errorf("the case opens to her: %v", err)
	}
	w.Sound()
}

func TestSilenceAfterTheTermIsContestedAndAnAnswerMakesTheDraftVain(t *testing.T) {
	w := portaltest.World(t)
	request := w.Request(w.Stranger, w.Theft, casefile.NewRequest{Role: policy.Witness, Language: "ru"})
	r, err := casefile.ReadRequest(t.Context(), w.DB, w.Stranger.Asks(policy.AccessRead), request)
	if err != nil {
		t.Fatal(err)
	}
	w.At = r.DueAt
	id, err := filing.Complain(t.Context(), w.DB, w.Press, w.Stranger.Asks(policy.AccessComplain), request, filing.NewFiling{Language: "ru"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := filing.Read(t.Context(), w.DB, w.Stranger.Asks(policy.FilingRead), id)
	if err != nil || !strings.Contains(f.Circumstances, w.Words.In("ru").Until(r.DueAt)) || !strings.Contains(f.Circumstances, "бездействием") {
		t.Errorf("it says %q, %v", f.Circumstances, err)
	}
	if err := w.Confirm(w.Daniyar, r.Participant, casefile.Grant{Role: policy.Witness, Basis: "law", Since: deadline.LastDay(w.At)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Submit(w.Stranger, id); !errors.Is(err, fault.Conflict) {
		t.Errorf("after the answer it is filed: %v", err)
	}
	if err := filing.Discard(t.Context(), w.DB, w.Stranger.Asks(policy.FilingDiscard), id); err != nil {
		t.Error(err)
	}
	w.Sound()
}

// answered opens an answer as its reader.
func answered(t *testing.T, w *portaltest.W, who *portaltest.Actor, id uuid.UUID) (filing.Filing, error) {
	t.Helper()
	f, err := filing.Read(t.Context(), w.DB, who.Asks(policy.FilingRead), id)
	if err != nil {
		return f, err
	}
	_, err = filing.AnswerOf(t.Context(), w.DB, f)
	return f, err
}
