package policy_test

import (
	"slices"
	"strings"
	"testing"

	"zharia/portal/policy"
)

// oneKindOfEachRow is enough to walk every cell: kinds of a row differ in nothing
// that See reads.
func oneKindOfEachRow() []policy.Kind {
	seen := map[int]bool{}
	var out []policy.Kind
	for _, kind := range policy.Kinds {
		rule, _ := policy.KindOf(kind)
		if !seen[rule.Row] {
			seen[rule.Row] = true
			out = append(out, kind)
		}
	}
	return out
}

// cellsOf are the cells a seat reads.
func cellsOf(kind policy.Kind, seat policy.Viewer) []policy.Cell {
	switch {
	case seat.Role == policy.Defender && seat.Represented == policy.ProtectedWitness:
		return []policy.Cell{policy.CellOf(kind, policy.Defender), policy.CellOf(kind, policy.ProtectedWitness)}
	case seat.Role == policy.Defender || seat.Represented == "":
		return []policy.Cell{policy.CellOf(kind, seat.Role)}
	}
	return []policy.Cell{policy.CellOf(kind, seat.Represented)}
}

func anyCell(cells []policy.Cell, is func(policy.Cell) bool) bool {
	return slices.ContainsFunc(cells, is)
}

// Everything a viewer of every seat can be to a decision of every row: what may
// never happen, whatever is signed.
func TestWhateverIsSignedNothingOpensPastTheLaw(t *testing.T) {
	looked := 0
	for _, kind := range oneKindOfEachRow() {
		for _, seat := range policy.Seats() {
			cells := cellsOf(kind, seat)
			never := anyCell(cells, func(c policy.Cell) bool { return strings.TrimRight(string(c), "⁷") == "X" || c == "–" })
			withFile := anyCell(cells, func(c policy.Cell) bool { return c == "F" || c == "FP" })
			masked := anyCell(cells, func(c policy.Cell) bool { return strings.HasSuffix(string(c), "¹") && c[0] == 'V' || c == "C³" })
			policy.Viewers(seat, func(v policy.Viewer) {
				looked++
				got := policy.See(kind, v)
				plain := v
				plain.Exposed, plain.Ground = 0, ""
				before := policy.See(kind, plain)
				fail := func(what string) { t.Fatalf("%s: %+v sees %+v of %s, %+v before", what, v, got, kind, before) }
				shut := v.Flagged || !v.Reached || v.OthersOfHisSideOnly || v.BeforeJoining && !v.Concerned
				switch {
				case shut && got.View != policy.Hidden:
					fail("past a flag, a precondition or the part of another")
				case never && got.View != policy.Hidden:
					fail("past never")
				case withFile && !v.Familiarising && got.View != policy.Hidden:
					fail("past the file")
				case masked && got.View > policy.Fact && !got.Redacted():
					fail("past the personal data of others")
				case got.Part == policy.PersonalData && !v.MaskedCopy || got.Part == policy.CivilClaim && !v.ClaimCopy:
					fail("a copy that nobody made")
				case got.Redacted() && got.View < policy.Read:
					fail("a copy that is not shown")
				case v.Ground.Narrows() && (got.View > before.View || got.Opened || before.View >= policy.Fact && got.View < policy.Fact):
					fail("a narrowing that opens, or hides the fact")
				case v.Ground != "" && !v.Ground.Narrows() && (!got.Opened && got != before || got.Better(before) != got):
					fail("a widening that closes")
				case got.Opened && (v.Ground == "" || v.Ground.Narrows()):
					fail("opened without a ground")
				case got.Why == "" && (got.View != policy.Copy || got.Redacted()):
					fail("less than all and no reason")
				case got != before && got.Why == before.Why && !got.Opened:
					fail("narrowed and no reason of it")
				}
			})
		}
	}
	t.Logf("%d combinations", looked)
	if looked < 1_000_000 {
		t.Errorf("only %d combinations were walked", looked)
	}
}

func TestWhatTheInvestigatorSignsOneByOne(t *testing.T) {
	open := func(v policy.Viewer, to policy.View, g policy.Ground) policy.Viewer {
		v.Exposed, v.Ground = to, g
		return v
	}
	victim, plaintiff, suspect := own(policy.Victim, ""), own(policy.CivilPlaintiff, ""), own(policy.Suspect, "")
	wrd, dana := own(policy.ProtectedWitness, ""), own(policy.Defender, policy.Suspect)
	file := func(v policy.Viewer) policy.Viewer { v.Familiarising = true; return v }
	claim := func(v policy.Viewer) policy.Viewer { v.ClaimCopy = true; return v }
	masked := func(v policy.Viewer) policy.Viewer { v.MaskedCopy = true; return v }
	for _, row := range []struct {
		says string
		kind policy.Kind
		v    policy.Viewer
		want policy.Sight
	}{
		{"a victim has the fact of a suspicion", "term-resumed", victim, policy.Sight{View: policy.Fact, Why: policy.FactOnly}},
		{"and the text when it is opened to her", "term-resumed", open(victim, policy.Read, policy.ForTruth), policy.Sight{View: policy.Read, Why: policy.ToRead, Opened: true}},
		{"with a copy if the paper says so", "term-resumed", open(victim, policy.Copy, policy.OnPetition), policy.Sight{View: policy.Copy, Opened: true}},
		{"a search is hidden from a witness with defence (I)", "search-done", wrd, policy.Sight{Why: policy.Unopened}},
		{"until it is opened", "search-done", open(wrd, policy.Fact, policy.ForDefence), policy.Sight{View: policy.Fact, Why: policy.FactOnly, Opened: true}},
		{"a wanted notice never (X)", "wanted", open(suspect, policy.Copy, policy.ForDefence), policy.Sight{Why: policy.Never}},
		{"what needs the file waits for it (F)", "accepted", open(victim, policy.Copy, policy.ForTruth), policy.Sight{Why: policy.WithTheFile}},
		{"and opens with it", "accepted", file(victim), policy.Sight{View: policy.Copy}},
		{"an expert's answer to the plaintiff is of the claim (FP)", "expertise-done", file(plaintiff), policy.Sight{View: policy.Fact, Why: policy.ClaimOnly}},
		{"and needs its copy", "expertise-done", claim(file(plaintiff)), policy.Sight{View: policy.Copy, Part: policy.CivilClaim, Why: policy.ClaimOnly}},
		{"and the file", "expertise-done", claim(plaintiff), policy.Sight{Why: policy.WithTheFile}},
		{"a seizure to the plaintiff is of the claim (P)", "property-arrest", claim(plaintiff), policy.Sight{View: policy.Copy, Part: policy.CivilClaim, Why: policy.ClaimOnly}},
		{"a recognition as victim to the defence is without data (C³)", "victim-recognised", dana, policy.Sight{View: policy.Fact, Why: policy.NoOthersData}},
		{"and needs its copy, which is a right", "victim-recognised", masked(dana), policy.Sight{View: policy.Copy, Part: policy.PersonalData, Why: policy.NoOthersData}},
		{"nobody can open more of it", "victim-recognised", open(dana, policy.Copy, policy.ForDefence), policy.Sight{View: policy.Fact, Why: policy.NoOthersData}},
		{"a report to the witness with defence is to be read (V¹)", "erdr-registered", masked(wrd), policy.Sight{View: policy.Read, Part: policy.PersonalData, Why: policy.NoOthersData}},
		{"a right to a copy is narrowed by an article", "suspect-recognised", open(suspect, policy.Fact, policy.ForSecurity), policy.Sight{View: policy.Fact, Why: policy.Security}},
		{"to reading, too", "suspect-recognised", open(suspect, policy.Read, policy.NonDisclosure), policy.Sight{View: policy.Read, Why: policy.Undisclosed}},
		{"and by no other ground", "suspect-recognised", open(suspect, policy.Fact, policy.ForTruth), policy.Sight{View: policy.Copy}},
		{"nor by a word that is none", "suspect-recognised", open(suspect, policy.Fact, "because"), policy.Sight{View: policy.Copy}},
		{"a narrowed copy leaves the fact", "victim-recognised", open(masked(dana), policy.Fact, policy.ForSecret), policy.Sight{View: policy.Fact, Why: policy.Secret}},
		{"a text first, a copy later", "expertise-set", suspect, policy.Sight{View: policy.Read, Why: policy.CopyLater}},
	} {
		if got := policy.See(row.kind, row.v); got != row.want {
			t.Errorf("%s: %+v, want %+v", row.says, got, row.want)
		}
	}
	for _, row := range []struct {
		kind policy.Kind
		v    policy.Viewer
		want bool
	}{{"term-resumed", victim, true}, {"search-done", wrd, true}, {"wanted", suspect, false}, {"accepted", victim, false}, {"victim-recognised", dana, false}, {"suspect-recognised", suspect, false}} {
		if got := policy.Widest(row.kind, row.v).Opened; got != row.want {
			t.Errorf("%s can be opened further: %t", row.kind, got)
		}
	}
}

func TestTheBetterSightIsTheOneThatShowsMore(t *testing.T) {
	order := []policy.Sight{
		{}, {View: policy.Fact}, {View: policy.Read, Part: policy.CivilClaim}, {View: policy.Copy, Part: policy.PersonalData},
		{View: policy.Read}, {View: policy.Copy},
	}
	for i, less := range order {
		for j, more := range order {
			if got := less.Better(more); j >= i && got != more && less != more {
				t.Errorf("of %+v and %+v the better is %+v", less, more, got)
			} else if j < i && got != less {
				t.Errorf("of %+v and %+v the better is %+v", less, more, got)
			}
		}
	}
}

func TestWhatAStatusDoesNotOpenIsTheSameInEveryCase(t *testing.T) {
	for _, seat := range policy.Seats() {
		full := seat
		full.Concerned, full.Reached, full.Familiarising = true, true, false
		closed := policy.Closed(seat)
		listed := map[policy.Kind]policy.Sight{}
		for _, c := range closed {
			if c.Sight.View > policy.Fact || !slices.Contains(policy.Reasons, c.Sight.Why) || c.By.IsZero() {
				t.Errorf("%s: row %d is listed as %+v", seatName(seat), c.Number, c.Sight)
			}
			for _, kind := range c.Kinds {
				listed[kind] = c.Sight
			}
		}
		for _, kind := range policy.Kinds {
			rule, _ := policy.KindOf(kind)
			got, is := listed[kind]
			if want := policy.See(kind, full); rule.Answer == is && rule.Answer || is && got != want || !is && !rule.Answer && want.View < policy.Read && !slices.Contains(cellsOf(kind, seat), "–") {
				t.Errorf("%s, %s: listed %t as %+v, he is shown %+v", seatName(seat), kind, is, got, want)
			}
		}
		// Whatever a case holds, the page is the same.
		other := seat
		other.Flagged, other.OthersOfHisSideOnly, other.MaskedCopy, other.Exposed, other.Ground = true, true, true, policy.Copy, policy.ForDefence
		if !slices.EqualFunc(closed, policy.Closed(other), func(a, b policy.Closing) bool { return a.Number == b.Number && a.Sight == b.Sight }) {
			t.Errorf("%s: what is closed depends on the case", seatName(seat))
		}
	}
}

func TestEveryGroundAndReasonHasItsArticle(t *testing.T) {
	for _, g := range policy.Grounds {
		if g.By().IsZero() {
			t.Errorf("the ground %s has no article", g)
		}
	}
	for _, r := range policy.Reasons {
		if r.By().IsZero() {
			t.Errorf("the reason %s has no article", r)
		}
	}
	for _, v := range policy.Views {
		if policy.ViewOf(v.String()) != v {
			t.Errorf("%s is not read back", v)
		}
	}
	if policy.ViewOf("everything") != policy.Hidden {
		t.Error("a word that is no view opens something")
	}
}
