package policy_test

import (
	"testing"
	"time"

	"zharia/portal/deadline"
	"zharia/portal/policy"
)

func TestWhatIsHandedOverHasAnArticleAReaderAndAKnownTerm(t *testing.T) {
	rows := policy.Handings()
	if len(rows) < 30 {
		t.Fatalf("found only %d", len(rows))
	}
	for _, row := range rows {
		kind, known := policy.KindOf(row.Kind)
		if !known || !kind.Publishable() {
			t.Errorf("%s is published by nobody", row.Kind)
		}
		if _, counted := deadline.Name(row.Term).Term(time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)); row.Term != "" && !counted {
			t.Errorf("%s begins the term %q, which is none", row.Kind, row.Term)
		}
		if row.By.IsZero() || len(row.To) == 0 || row.Receipt != policy.ByOpening && row.Receipt != policy.BySignature {
			t.Errorf("%s: %+v", row.Kind, row)
		}
		for _, role := range row.To {
			viewer := policy.Viewer{Role: role, Concerned: true, Reached: true}
			if role == policy.Defender {
				viewer.Represented = policy.Suspect
			}
			if policy.See(row.Kind, viewer).View < policy.Read && policy.CellOf(row.Kind, role) != "–" {
				t.Errorf("%s is handed to %s, to whom the matrix opens %s", row.Kind, role, policy.CellOf(row.Kind, role))
			}
		}
	}
}

func TestASignatureIsAskedOfThePersonHimselfOnly(t *testing.T) {
	for viewer, want := range map[policy.Viewer]policy.Receipt{
		{Role: policy.Suspect}: policy.BySignature,
		{Role: policy.SuspectsLegalRep, Represented: policy.Suspect}: policy.ByOpening,
		{Role: policy.Defender, Represented: policy.Suspect}:         policy.ByOpening,
		{Role: policy.Victim}: "",
		{Role: policy.Defender, Represented: policy.ProtectedWitness}: policy.ByOpening,
	} {
		if h, _ := policy.HandedTo("suspect-recognised", viewer, false); h.Receipt != want {
			t.Errorf("%+v: %q, want %q", viewer, h.Receipt, want)
		}
	}
	if h, _ := policy.HandedTo("restraint-set", policy.Viewer{Role: policy.Suspect}, true); h.Term != string(deadline.JudgeComplaint) {
		t.Errorf("what a judge allowed is complained of by %q", h.Term)
	}
	if h, _ := policy.HandedTo("restraint-set", policy.Viewer{Role: policy.Suspect}, false); h.Term != string(deadline.CourtComplaint) {
		t.Errorf("what the investigator chose is complained of by %q", h.Term)
	}
}
