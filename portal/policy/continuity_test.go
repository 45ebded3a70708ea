package policy_test

import (
	"testing"

	"zharia/portal/law"
	"zharia/portal/policy"
)

// LAW 2, CPC 64(1), 65-1, 65: who becomes what, and nothing else.
func TestAStatusBecomesOnlyWhatTheCodeLetsItBecome(t *testing.T) {
	want := map[policy.Role]string{
		policy.Witness:          "wrd suspect",
		policy.ProtectedWitness: "suspect",
		policy.Suspect:          "accused",
		policy.Accused:          "trial-defendant",
	}
	for _, before := range policy.Roles {
		got := ""
		for _, after := range policy.Roles {
			if policy.Continues(before, after) {
				got += " " + string(after)
			}
		}
		list := ""
		for _, after := range policy.Next(before) {
			list += " " + string(after)
		}
		if len(list) != len(got) || (want[before] != "" && list != " "+want[before]) || (want[before] == "" && got != "") {
			t.Errorf("%s becomes%s, the list says%s, want %s", before, got, list, want[before])
		}
	}
}

// CPC 202(1-2), 203(1-2): detention and questioning on a misdemeanour stand by
// themselves.
func TestWhatFallsWithARefusalFallsByItsOwnArticle(t *testing.T) {
	want := map[string]law.Ref{
		"ruling suspect-recognised":             law.CPC(202, 1).Dash(2),
		"urgent-questioning suspect-recognised": law.CPC(202, 1).Dash(2),
		"qualification qualified":               law.CPC(203, 1).Dash(2),
	}
	for _, role := range policy.Roles {
		for _, basis := range policy.Bases[role] {
			for _, kind := range policy.Kinds {
				by, falls := policy.Falls(role, basis.Key, kind)
				expected, should := want[basis.Key+" "+string(kind)]
				should = should && role == policy.Suspect
				if falls != should || falls && by != expected {
					t.Errorf("%s by %s, %s refused: falls %v by %s", role, basis.Key, kind, falls, by)
				}
			}
		}
	}
}

func TestWhatWaitsForTheProsecutorIsWhatHeAgreesWithOrApproves(t *testing.T) {
	waits := 0
	for _, kind := range policy.Kinds {
		k, _ := policy.KindOf(kind)
		if k.Waits() != (k.Needs == policy.Agreement || k.Needs == policy.Approval) {
			t.Errorf("%s needs %q and waits %v", kind, k.Needs, k.Waits())
		}
		if k.Waits() {
			waits++
		}
	}
	if waits != 18 {
		t.Errorf("%d kinds wait for the prosecutor", waits)
	}
}
