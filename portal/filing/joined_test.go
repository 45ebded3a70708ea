package filing_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// decides has Daniyar decide something in the theft.
func decides(t *testing.T, w *portaltest.W, d casefile.DecisionDraft) {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	d.Language, d.Established, d.Resolved, d.DecidedOn = "kk", "Анықталды.", "Қаулы етілсін.", time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)
	if err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DecisionDraft), w.Theft, id, d); err != nil {
		t.Fatal(err)
	}
	if err := w.Publish(w.Daniyar, id); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Hour)
}

// CPC 100, 105, 106(5): what was decided in a case, or left unanswered, is complained of in
// the one that it was joined into; and whoever decides that reads what is contested, though
// he is nothing in the case of before.
func TestWhatWasDecidedInACaseThatWasJoinedIsComplainedOfInTheJointOne(t *testing.T) {
	w := portaltest.Kept(t)
	refused := w.Petition(w.Timur, w.Fraud)
	decides(t, w, casefile.DecisionDraft{Kind: "joined", Joins: w.Fraud})
	w.Answer(w.Daniyar, refused, filing.Refused)
	ctx := w.Timur.As(t.Context())
	f, err := filing.Read(ctx, w.App, w.Timur.Asks(policy.FilingRead), refused)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := filing.AnswerOf(ctx, w.App, f)
	if err != nil {
		t.Fatal(err)
	}
	ways, err := filing.Onwards(ctx, w.App, w.Timur.Asks(policy.FilingRead), f, answer)
	if err != nil || len(ways) == 0 || ways[0].Case != w.Theft {
		t.Fatalf("the ways on are %+v, %v", ways, err)
	}
	var timur, about uuid.UUID
	if err := w.SQL.Get(&timur, `SELECT id FROM participant WHERE casefile = $1 AND person = $2`, w.Theft, w.Timur.Person); err != nil {
		t.Fatal(err)
	}
	if err := w.SQL.Get(&about, `SELECT id FROM decision WHERE casefile = $1 AND kind = 'suspect-recognised'`, w.Fraud); err != nil {
		t.Fatal(err)
	}
	for what, n := range map[string]filing.NewFiling{
		"the answer, to the prosecutor":   {Kind: policy.FilingComplaintProsecutor, Against: refused},
		"the decision, to the court":      {Kind: policy.FilingComplaintCourt, About: about, To: guide.Judge},
		"the decision, to the prosecutor": {Kind: policy.FilingComplaintProsecutor, About: about},
	} {
		n.Participant = timur
		id := w.Draft(w.Timur, w.Theft, n)
		if err := w.Submit(w.Timur, id); err != nil {
			t.Errorf("about %s: %v", what, err)
			continue
		}
		var decider uuid.UUID
		if err := w.SQL.Get(&decider, `SELECT decider FROM filing WHERE id = $1`, id); err != nil {
			t.Fatal(err)
		}
		who := w.Actor(w.Word(decider))
		ctx := who.As(t.Context())
		if _, err := filing.Open(ctx, w.App, who.Asks(policy.FilingRead), id); err != nil {
			t.Errorf("about %s: %s opens it: %v", what, who.Word, err)
		}
		if n.About != uuid.Nil {
			if _, doc, err := filing.DisputedDecision(ctx, w.App, who.Asks(policy.FilingDisputed), id); err != nil || len(doc.Content) == 0 {
				t.Errorf("about %s: %s opens what is contested: %v", what, who.Word, err)
			}
		} else if _, err := filing.Read(ctx, w.App, who.Asks(policy.FilingRead), refused); err != nil {
			t.Errorf("about %s: %s opens what is contested: %v", what, who.Word, err)
		}
	}
	// Nothing of a case that is not joined, nor of one that is not his.
	for what, n := range map[string]filing.NewFiling{"a decision of the other": {About: w.Decision("search-done")}, "another's": {Against: w.Petition(w.Aigul, w.Theft)}} {
		n.Kind, n.Participant, n.Ground, n.Language, n.Circumstances, n.Points = policy.FilingComplaintProsecutor, timur, "other", "kk", portaltest.Circumstances, []string{portaltest.Request}
		wantKind(t, what, fault.Invalid, filing.Save(t.Context(), w.DB, w.Press, w.Timur.Asks(policy.FilingCreate), w.Theft, uuid.Must(uuid.NewV7()), n))
	}
	w.Sound()
}

// Who left by a severance complains there of what he was answered before.
func TestWhoLeftByASeveranceComplainsInHisOwnCaseOfWhatHeWasAnswered(t *testing.T) {
	w := portaltest.World(t)
	refused := w.Petition(w.Serik, w.Theft)
	decides(t, w, casefile.DecisionDraft{Kind: "severed", Severs: "267511031000777", Concerns: []uuid.UUID{w.Participant("serik@theft")}, Leaving: true})
	w.Answer(w.Daniyar, refused, filing.Refused)
	f := mustRead(t, w, w.Serik, refused)
	answer, err := filing.AnswerOf(t.Context(), w.DB, f)
	if err != nil {
		t.Fatal(err)
	}
	ways, err := filing.Onwards(t.Context(), w.DB, w.Serik.Asks(policy.FilingRead), f, answer)
	if err != nil || len(ways) == 0 {
		t.Fatalf("the ways on are %+v, %v", ways, err)
	}
	id := w.Draft(w.Serik, ways[0].Case, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Against: refused})
	if err := w.Submit(w.Serik, id); err != nil {
		t.Error(err)
	}
	w.Sound()
}
