package warrant_test

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/policy"
	"zharia/portal/warrant"
)

// house is a small world of papers without a database: a unit with a head and two
// investigators, an office, two administrators, one case.
type house struct {
	papers []warrant.Paper
	at     time.Time
}

func begin() *house {
	h := &house{at: noon}
	officer := func(word, post, body string) warrant.Officer {
		return warrant.Officer{Person: id(word), Post: post, Body: id(body)}
	}
	h.register(warrant.Fact{Kind: warrant.Roll, Officers: []warrant.Officer{
		officer("head", "head", "police"), officer("first", "investigator", "police"), officer("second", "investigator", "police"),
		officer("prosecutor", "prosecutor", "office"), officer("chief", "chief-prosecutor", "office"), officer("judge", "judge", "court"),
		officer("admin", "administrator", "center"), officer("other admin", "administrator", "center"), officer("third admin", "administrator", "center"),
	}, Bodies: []warrant.Body{{ID: id("police"), Court: id("court")}, {ID: id("office")}, {ID: id("court")}}})
	h.register(warrant.Fact{Kind: warrant.Charge, Case: id("case"), Officer: id("first"), Body: id("police"), Prosecutor: id("prosecutor"), Office: id("office")})
	return h
}

func (h *house) register(f warrant.Fact) {
	p := h.say("", f)
	h.papers[len(h.papers)-1].Register, h.papers[len(h.papers)-1].Signer = true, uuid.Nil
	_ = p
}

// say has somebody sign a fact a minute later.
func (h *house) say(who string, f warrant.Fact) warrant.Paper {
	h.at = h.at.Add(time.Minute)
	if f.ID == uuid.Nil {
		f.ID = uuid.New()
	}
	f.Made = h.at
	p := warrant.Paper{Fact: f, Signer: id(who), Digest: sha256.Sum256(f.ID[:]), At: h.at.Add(time.Second)}
	h.papers = append(h.papers, p)
	return p
}

func (h *house) victim(by, word string) warrant.Paper {
	return h.say(by, warrant.Fact{
		Kind: warrant.Confirmation, Case: id("case"), Participant: id(word + "@case"), Person: id(word), Role: policy.Victim, Basis: "ruling", Capacity: "full", Scope: []string{"read"},
	})
}

func (h *house) end(by, word string) warrant.Paper {
	return h.say(by, warrant.Fact{Kind: warrant.Ending, Case: id("case"), Participant: id(word + "@case"), Person: id(word), Role: policy.Victim})
}

func (h *house) is(word string, taken ...warrant.Taken) warrant.Standing {
	at := h.at.Add(time.Minute)
	return warrant.New(h.papers, taken, at).Standing(id(word), id("case"), at)
}

func (h *house) assented(about warrant.Paper, by string) warrant.Paper {
	return h.say(by, warrant.Fact{Kind: warrant.Assent, About: about.ID, Digest: hex.EncodeToString(about.Digest[:])})
}

func TestOnlyWhoConductsTheCaseLetsPeopleIntoIt(t *testing.T) {
	for _, who := range []string{"second", "head", "prosecutor", "admin", "victim", "somebody"} {
		h := begin()
		h.victim(who, "victim")
		if s := h.is("victim"); !s.None() {
			t.Errorf("let in by the %s he is %v", who, s)
		}
	}
	h := begin()
	h.victim("first", "victim")
	if s := h.is("victim"); !s.Is(warrant.Party) || !slices.Equal(s.Whom, []uuid.UUID{id("victim")}) {
		t.Errorf("let in by the one who conducts it he is %v", s)
	}
	for _, c := range []struct {
		who string
		as  warrant.As
	}{{"first", warrant.InCharge}, {"prosecutor", warrant.Supervisor}, {"head", warrant.Unit}, {"chief", warrant.Office}} {
		if s := h.is(c.who); !slices.Equal(s.As, []warrant.As{c.as}) {
			t.Errorf("the %s is %v", c.who, s)
		}
	}
	for _, who := range []string{"second", "judge", "admin", "somebody"} {
		if s := h.is(who); !s.None() {
			t.Errorf("the %s is %v", who, s)
		}
	}
}

// The register is believed by its own key alone, and people by theirs.
func TestWhoIsNotTheRegisterDoesNotSpeakForIt(t *testing.T) {
	h := begin()
	h.say("second", warrant.Fact{Kind: warrant.Charge, Case: id("case"), Officer: id("second"), Body: id("police"), Prosecutor: id("prosecutor"), Office: id("office")})
	h.say("second", warrant.Fact{Kind: warrant.Roll, Officers: []warrant.Officer{{Person: id("second"), Post: "head", Body: id("police")}}})
	h.register(warrant.Fact{Kind: warrant.Confirmation, Case: id("case"), Participant: id("p"), Person: id("second"), Role: policy.Victim, Basis: "ruling", Capacity: "full", Scope: []string{"read"}})
	if s := h.is("second"); !s.None() {
		t.Errorf("he is %v", s)
	}
	if s := h.is("first"); !s.Is(warrant.InCharge) {
		t.Errorf("and the first is %v", s)
	}
}

// The register says who administers the portal only while there are not two: its key alone
// is not two people.
func TestTheRegisterMakesNoAdministratorAndUnmakesNone(t *testing.T) {
	roll := func(word, post, body string, until warrant.Day) warrant.Fact {
		return warrant.Fact{Kind: warrant.Roll, Officers: []warrant.Officer{{Person: id(word), Post: post, Body: id(body), Until: until}}}
	}
	appoints := func(h *house, proposer, second string) bool {
		h.assented(h.say(proposer, warrant.Fact{Kind: warrant.Appointment, Person: id("friend"), Post: "chief-prosecutor", Body: id("office")}), second)
		return !h.is("friend").None()
	}
	h := begin()
	for _, word := range []string{"thief", "other thief"} {
		h.register(roll(word, "administrator", "center", ""))
	}
	h.register(roll("first", "auditor", "center", ""))
	if appoints(h, "thief", "other thief") || appoints(h, "admin", "thief") {
		t.Error("whom the register made administrators appoint others")
	}
	if s := h.is("first"); !s.Is(warrant.InCharge) {
		t.Errorf("whom the register made an auditor is %v", s)
	}
	h = begin()
	h.register(roll("admin", "administrator", "center", "2026-10-01"))
	h.register(roll("other admin", "investigator", "police", ""))
	h.register(roll("third admin", "administrator", "center", "")) // as it is
	if !appoints(h, "admin", "other admin") {
		t.Error("whom the register would not have as administrators are none")
	}
	if all := warrant.New(h.papers, nil, h.at.Add(time.Minute)).Refused(); len(all) != 2 {
		t.Errorf("refused: %v", all)
	}
}

// Who the first two are the rolls say that came first, whatever day others bear, and though one
// of the first is shown again with another signature.
func TestARollThatCameLaterBeginsNothing(t *testing.T) {
	h := begin()
	came := h.at
	h.papers[0].Came = came
	h.assented(h.say("other admin", warrant.Fact{Kind: warrant.Appointment, Person: id("friend"), Post: "chief-prosecutor", Body: id("office")}), "third admin")
	forged := warrant.Paper{Register: true, Digest: [32]byte{1}, Came: came.Add(time.Hour), Fact: warrant.Fact{
		Kind: warrant.Roll, ID: uuid.New(), Made: noon.AddDate(-1, 0, 0),
		Officers: []warrant.Officer{{Person: id("admin"), Post: "administrator", Body: id("center")}, {Person: id("thief"), Post: "administrator", Body: id("center")}},
	}}
	again := h.papers[0]
	again.Came = came.Add(2 * time.Hour)
	for _, more := range [][]warrant.Paper{{forged}, {again, forged}, {forged, again}} {
		c := warrant.New(append(more, h.papers...), nil, h.at.Add(time.Minute))
		if c.Standing(id("friend"), id("case"), h.at.Add(time.Minute)).None() {
			t.Errorf("what the first administrators signed is void: %v", c.Refused())
		}
		if c.Serves(id("thief"), h.at) {
			t.Error("a thief administers the portal")
		}
	}
}

// A roll that says no more than is so takes nothing from anybody: not his substitutions either.
func TestARollThatRepeatsSomebodyTakesNothingFromHim(t *testing.T) {
	again := func(word string, until warrant.Day) warrant.Fact {
		return warrant.Fact{Kind: warrant.Roll, Officers: []warrant.Officer{{Person: id(word), Post: "investigator", Body: id("police"), Until: until}}}
	}
	h := begin()
	h.say("head", warrant.Fact{Kind: warrant.Substitution, Officer: id("first"), Deputy: id("second"), Until: "2026-12-30"})
	for _, until := range []warrant.Day{"", "2026-12-31"} { // or another term alone
		for _, word := range []string{"first", "second"} {
			h.register(again(word, until))
			if a, b := h.is("first"), h.is("second"); !a.Is(warrant.InCharge) || !b.Is(warrant.InCharge) {
				t.Errorf("the %s is named again until %q: who is away is %v, his deputy %v", word, until, a, b)
			}
		}
	}
	h.register(warrant.Fact{Kind: warrant.Roll, Officers: []warrant.Officer{{Person: id("second"), Post: "registrar", Body: id("police")}}})
	h.register(again("second", ""))
	if s := h.is("second"); !s.None() {
		t.Errorf("who was something else meanwhile is %v", s)
	}
}

func TestWhatIsTakenIsTakenInWhateverOrderThePapersCome(t *testing.T) {
	h := begin()
	h.victim("first", "victim")
	h.end("first", "victim")
	for range 50 {
		rand.Shuffle(len(h.papers), func(i, j int) { h.papers[i], h.papers[j] = h.papers[j], h.papers[i] })
		h.papers = append(h.papers, h.papers[0])
		if s := h.is("victim"); !s.None() {
			t.Fatalf("he is %v", s)
		}
	}
	h.victim("first", "victim")
	if s := h.is("victim"); !s.Is(warrant.Party) {
		t.Errorf("confirmed again he is %v", s)
	}
}

// The papers that prove the right of who took may be kept back; what he took stays taken.
func TestNothingComesBackWhereTheRightOfWhoTookItCannotBeProved(t *testing.T) {
	h := begin()
	h.victim("first", "victim")
	h.say("head", warrant.Fact{Kind: warrant.Assignment, Case: id("case"), Duty: "charge", Officer: id("second")})
	h.end("second", "victim")
	for i := range h.papers {
		if h.papers[i].Takes() && h.papers[i].Kind == warrant.Ending {
			continue
		}
		rest := slices.Delete(slices.Clone(h.papers), i, i+1)
		c := warrant.New(rest, nil, h.at)
		if s := c.Standing(id("victim"), id("case"), h.at); !s.None() {
			t.Errorf("without the %s he is %v", h.papers[i].Kind, s)
		}
	}
	// The case that was taken from the first does not come back to him, though whoever gave it could not.
	h = begin()
	h.say("somebody", warrant.Fact{Kind: warrant.Assignment, Case: id("case"), Duty: "charge", Officer: id("second")})
	if a, b := h.is("first"), h.is("second"); !a.None() || !b.None() {
		t.Errorf("the first is %v, the second %v", a, b)
	}
}

func TestAnEntryTakesTwoPeopleWhoAreNotInIt(t *testing.T) {
	entry := func(by, whom string) func(h *house) warrant.Paper {
		return func(h *house) warrant.Paper {
			return h.say(by, warrant.Fact{Kind: warrant.Appointment, Person: id(whom), Post: "head", Body: id("police")})
		}
	}
	for what, c := range map[string]struct {
		entry  func(h *house) warrant.Paper
		second string
		in     bool
	}{
		"two administrators":                 {entry("admin", "somebody"), "other admin", true},
		"an administrator and the head":      {entry("admin", "somebody"), "head", true},
		"one administrator twice":            {entry("admin", "somebody"), "admin", false},
		"with who comes in":                  {entry("admin", "somebody"), "somebody", false},
		"proposed by who comes in":           {entry("somebody", "somebody"), "admin", false},
		"proposed by an investigator":        {entry("first", "somebody"), "admin", false},
		"agreed by an investigator":          {entry("admin", "somebody"), "first", false},
		"agreed by the chief of another":     {entry("admin", "somebody"), "chief", false},
		"nobody agreed":                      {entry("admin", "somebody"), "", false},
		"two who are nobody":                 {entry("nobody", "somebody"), "nobody else", false},
		"an administrator whom nobody knows": {entry("admin", "somebody"), "nobody", false},
	} {
		h := begin()
		p := c.entry(h)
		if c.second != "" {
			h.assented(p, c.second)
		}
		if s := h.is("somebody"); s.Is(warrant.Unit) != c.in {
			t.Errorf("%s: he is %v", what, s)
		}
	}
	h := begin()
	p := h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("somebody"), Post: "head", Body: id("police")})
	forged := p
	forged.Digest[0]++ // agreed with another text under the same number
	h.say("other admin", warrant.Fact{Kind: warrant.Assent, About: p.ID, Digest: hex.EncodeToString(forged.Digest[:])})
	if s := h.is("somebody"); !s.None() {
		t.Errorf("agreed with another paper he is %v", s)
	}
	// An administrator who was taken in by a forged pair is none.
	h = begin()
	p = h.say("x", warrant.Fact{Kind: warrant.Appointment, Person: id("y"), Post: "administrator", Body: id("center")})
	h.assented(p, "z")
	p = h.say("y", warrant.Fact{Kind: warrant.Appointment, Person: id("somebody"), Post: "head", Body: id("police")})
	h.assented(p, "admin")
	if s := h.is("somebody"); !s.None() {
		t.Errorf("by a chain that hangs in the air he is %v", s)
	}
}

func TestWhoLeavesHisPostIsNothingAndWhatHeSignedStands(t *testing.T) {
	h := begin()
	h.victim("first", "victim")
	p := h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("first"), Leaves: true})
	h.assented(p, "other admin")
	if a, b := h.is("first"), h.is("victim"); !a.None() || !b.Is(warrant.Party) {
		t.Errorf("he is %v, and whom he let in %v", a, b)
	}
	h.victim("first", "late")
	if s := h.is("late"); !s.None() {
		t.Errorf("whom he lets in afterwards is %v", s)
	}
}

// Between the printing of a paper and its signature the one before still held his post.
func TestWhatWasSignedWhileAnAssignmentWaitedStands(t *testing.T) {
	h := begin()
	p := h.say("head", warrant.Fact{Kind: warrant.Assignment, Case: id("case"), Duty: "charge", Officer: id("second")})
	h.victim("first", "victim")
	h.papers[len(h.papers)-2].At = p.Made.Add(time.Hour) // signed only then
	if s := h.is("victim"); !s.Is(warrant.Party) {
		t.Errorf("whom the first let in meanwhile is %v", s)
	}
	if a, b := h.is("first"), h.is("second"); !a.None() || !b.Is(warrant.InCharge) {
		t.Errorf("the first is %v, the second %v", a, b)
	}
	h.at = h.at.Add(2 * time.Hour)
	h.victim("first", "late")
	if s := h.is("late"); !s.None() {
		t.Errorf("whom he let in afterwards is %v", s)
	}
}

// Who printed a paper says himself when that was; when it was signed a time-stamp says, or
// the keeper who saw it. So nobody lets people in, or gives a case or a post away, by a
// paper that bears a day on which he still could.
func TestAPaperThatIsDatedBackGivesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		gives func(h *house) warrant.Paper // while it is his to give
		taken func(h *house)               // from who signs
		to    string
	}{
		"a status": {func(h *house) warrant.Paper { return h.victim("first", "friend") }, func(h *house) {
			h.say("head", warrant.Fact{Kind: warrant.Assignment, Case: id("case"), Duty: "charge", Officer: id("second")})
		}, "friend"},
		"a case": {func(h *house) warrant.Paper {
			return h.say("head", warrant.Fact{Kind: warrant.Assignment, Case: id("case"), Duty: "charge", Officer: id("second")})
		}, func(h *house) {
			h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("head"), Leaves: true}), "other admin")
		}, "second"},
		"a deputy": {func(h *house) warrant.Paper {
			return h.say("head", warrant.Fact{Kind: warrant.Substitution, Officer: id("first"), Deputy: id("second"), Until: "2026-12-30"})
		}, func(h *house) {
			h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("head"), Leaves: true}), "other admin")
		}, "second"},
		"a post": {func(h *house) warrant.Paper {
			entry := h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("friend"), Post: "chief-prosecutor", Body: id("office")})
			return h.assented(entry, "other admin")
		}, func(h *house) {
			h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("other admin"), Post: "judge", Body: id("court")}), "third admin")
		}, "friend"},
		"a filing that was his": {func(h *house) warrant.Paper {
			h.say("friend", warrant.Fact{Kind: warrant.Filing, Case: id("case"), Filing: id("complaint"), To: id("chief"), Seat: "chief"})
			return h.say("chief", warrant.Fact{Kind: warrant.Forward, Case: id("case"), Filing: id("complaint"), To: id("judge"), Seat: "judge"})
		}, func(h *house) {
			h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("chief"), Leaves: true}), "other admin")
		}, "judge"},
	} {
		h := begin()
		p := c.gives(h)
		h.at = h.at.Add(24 * time.Hour)
		c.taken(h)
		if s := h.is(c.to); s.None() {
			t.Errorf("%s, signed when it was printed: nothing", name)
		}
		h.at = h.at.Add(24 * time.Hour)
		i := slices.IndexFunc(h.papers, func(one warrant.Paper) bool { return one.ID == p.ID })
		h.papers[i].At = h.at
		if s := h.is(c.to); !s.None() {
			t.Errorf("%s, signed two days after it says it was printed: %v", name, s)
		}
	}
}

// Whoever lost a case does not prolong it by a paper of his own that takes it too, dated back
// and signed today.
func TestWhoLostACaseDoesNotLoseItLaterByAnotherPaper(t *testing.T) {
	h := begin()
	h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("third"), Post: "investigator", Body: id("police")}), "other admin")
	h.say("first", warrant.Fact{Kind: warrant.Assignment, Case: id("case"), Officer: id("third"), Duty: "charge"})
	h.papers[len(h.papers)-1].At = h.at.Add(24 * time.Hour)
	h.say("head", warrant.Fact{Kind: warrant.Assignment, Case: id("case"), Officer: id("second"), Duty: "charge"})
	h.at = h.at.Add(12 * time.Hour)
	h.victim("first", "friend")
	h.victim("second", "victim")
	h.at = h.at.Add(24 * time.Hour)
	if a, b := h.is("friend"), h.is("victim"); !a.None() || b.None() {
		t.Errorf("let in by one who had lost the case: %v; by who has it: %v", a, b)
	}
}

// The same signature in other bytes, shown a day later, is the same paper: it was signed when it
// was known first, and who lost the case by it gives nothing of it in that day.
func TestAPaperThatIsShownAgainLaterWasSignedWhenItWasFirst(t *testing.T) {
	h := begin()
	h.victim("first", "victim")
	lost := h.say("head", warrant.Fact{Kind: warrant.Assignment, Case: id("case"), Officer: id("second"), Duty: "charge"})
	h.at = h.at.Add(12 * time.Hour)
	h.victim("first", "friend")
	h.at = h.at.Add(12 * time.Hour)
	lost.At = h.at
	h.papers = append(h.papers, lost)
	for range 20 {
		rand.Shuffle(len(h.papers), func(i, j int) { h.papers[i], h.papers[j] = h.papers[j], h.papers[i] })
		if s := h.is("friend"); !s.None() {
			t.Fatalf("let in by one who had lost the case: %v", s)
		}
		if s := h.is("victim"); s.None() {
			t.Fatal("let in while he had it: nothing")
		}
	}
}

// A draft may wait for its signature as long as its signer has the power.
func TestAPaperThatWaitedForItsSignatureCounts(t *testing.T) {
	h := begin()
	h.victim("first", "victim")
	h.papers[len(h.papers)-1].At = h.at.Add(72 * time.Hour)
	h.at = h.at.Add(96 * time.Hour)
	if s := h.is("victim"); !s.Is(warrant.Party) {
		t.Errorf("he is %v", s)
	}
}

func TestADeputyIsOneUntilHisLastDayOrUntilItEnded(t *testing.T) {
	h := begin()
	p := h.say("head", warrant.Fact{Kind: warrant.Substitution, Officer: id("first"), Deputy: id("second"), Until: "2026-10-23"})
	if s := h.is("second"); !s.Is(warrant.InCharge) {
		t.Errorf("he is %v", s)
	}
	ended := warrant.Taken{ID: p.ID, At: h.at.Add(10 * time.Minute)}
	h.victim("second", "victim")
	h.at = h.at.Add(time.Hour)
	h.victim("second", "late")
	if a, b, c := h.is("second", ended), h.is("victim", ended), h.is("late", ended); !a.None() || !b.Is(warrant.Party) || !c.None() {
		t.Errorf("when it ended he is %v; whom he had let in %v, whom he lets in after %v", a, b, c)
	}
	h.at = time.Date(2026, 10, 23, 18, 57, 0, 0, time.UTC) // 23:58 in Almaty, with the minute of is()
	if s := h.is("second"); !s.Is(warrant.InCharge) {
		t.Errorf("on the last day he is %v", s)
	}
	h.at = h.at.Add(2 * time.Minute)
	if s := h.is("second"); !s.None() {
		t.Errorf("after it he is %v", s)
	}
	h = begin()
	h.say("chief", warrant.Fact{Kind: warrant.Substitution, Officer: id("first"), Deputy: id("second"), Until: "2026-10-30"})
	if s := h.is("second"); !s.None() {
		t.Errorf("by the head of another body he is %v", s)
	}
}

func TestAComplaintOpensToTheOfficialItGoesToAndToHimAlone(t *testing.T) {
	h := begin()
	h.victim("first", "victim")
	h.say("victim", warrant.Fact{Kind: warrant.Filing, Case: id("case"), Filing: id("complaint"), To: id("judge"), Seat: "judge"})
	if s := h.is("judge"); !slices.Equal(s.As, []warrant.As{warrant.Decider}) || !slices.Equal(s.Filings, []uuid.UUID{id("complaint")}) {
		t.Errorf("the judge is %v", s)
	}
	for _, to := range []string{"somebody", "second", "victim"} {
		h := begin()
		h.say("victim", warrant.Fact{Kind: warrant.Filing, Case: id("case"), Filing: id("complaint"), To: id(to), Seat: "judge"})
		if s := h.is(to); !s.None() {
			t.Errorf("addressed to the %s, who sits nowhere: %v", to, s)
		}
	}
	h.say("somebody", warrant.Fact{Kind: warrant.Forward, Case: id("case"), Filing: id("complaint"), To: id("somebody"), Seat: "judge"})
	if a, b := h.is("somebody"), h.is("judge"); !a.None() || !b.None() {
		t.Errorf("handed on by who did not hold it: he is %v, the judge %v", a, b)
	}
}

// To sign a filing nothing is asked of anybody, so that to himself would be a right that he
// gives himself: to a judge, to every case of his court.
func TestNobodyDecidesAFilingOfHisOwn(t *testing.T) {
	h := begin()
	h.say("judge", warrant.Fact{Kind: warrant.Filing, Case: id("case"), Filing: id("own"), To: id("judge"), Seat: "judge"})
	if s := h.is("judge"); !s.None() {
		t.Errorf("to himself: the judge is %v", s)
	}
	h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("left"), Post: "judge", Body: id("court")}), "other admin")
	h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("left"), Leaves: true}), "other admin")
	h.say("judge", warrant.Fact{Kind: warrant.Filing, Case: id("case"), Filing: id("inherited"), To: id("left"), Seat: "judge"})
	if s := h.is("judge"); !s.None() {
		t.Errorf("to one who sits there no more: the judge is %v", s)
	}
	h.say("victim", warrant.Fact{Kind: warrant.Filing, Case: id("case"), Filing: id("complaint"), To: id("judge"), Seat: "judge"})
	if s := h.is("judge"); !slices.Equal(s.Filings, []uuid.UUID{id("complaint")}) {
		t.Errorf("by another: the judge is %v", s)
	}
}

// Whoever has the seat after him opens what was signed for him, and hands it on; nobody does
// while he sits there, nor by his not being known.
func TestWhatWasSignedForOneWhoSitsThereNoMoreIsHisWhoDoes(t *testing.T) {
	h := begin()
	h.say("victim", warrant.Fact{Kind: warrant.Filing, Case: id("case"), Filing: id("complaint"), To: id("judge"), Seat: "judge"})
	h.say("victim", warrant.Fact{Kind: warrant.Filing, Case: id("case"), Filing: id("unknown"), To: id("nobody"), Seat: "judge"})
	h.say("victim", warrant.Fact{Kind: warrant.Filing, Case: id("case"), Filing: id("petition"), To: id("prosecutor"), Seat: "prosecutor"})
	h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("new"), Post: "judge", Body: id("court")}), "other admin")
	if s := h.is("new"); !s.None() {
		t.Errorf("while the judge sits there the new one is %v", s)
	}
	h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("judge"), Leaves: true}), "other admin")
	if s := h.is("new"); !slices.Equal(s.As, []warrant.As{warrant.Decider}) || !slices.Equal(s.Filings, []uuid.UUID{id("complaint")}) {
		t.Errorf("after him the new one is %v", s)
	}
	if a, b := h.is("judge"), h.is("second"); !a.None() || !b.None() {
		t.Errorf("who left is %v, who never sat there %v", a, b)
	}
	h.assented(h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("third"), Post: "judge", Body: id("court")}), "other admin")
	h.say("new", warrant.Fact{Kind: warrant.Forward, Case: id("case"), Filing: id("complaint"), To: id("chief"), Seat: "chief"})
	if a, b, c := h.is("new"), h.is("third"), h.is("chief"); !a.None() || !b.None() || !c.Is(warrant.Office) {
		t.Errorf("handed on to the chief: the new one is %v, another judge %v, the chief %v", a, b, c)
	}
}

// A joinder that its signer could not sign takes, and gives nobody a look into the other case:
// else whoever conducts any case would read in every other by a paper of his own.
func TestAJoinderByWhoConductsOneCaseOpensNothingOfTheOther(t *testing.T) {
	h := begin()
	h.register(warrant.Fact{Kind: warrant.Charge, Case: id("his"), Officer: id("second"), Body: id("police"), Prosecutor: id("prosecutor"), Office: id("office")})
	h.say("anybody", warrant.Fact{Kind: warrant.Filing, Case: id("his"), Filing: id("petition"), To: id("second"), Seat: "investigator"})
	for _, by := range []string{"second", "anybody"} {
		h.say(by, warrant.Fact{Kind: warrant.Joinder, Case: id("his"), Other: id("case")})
		if s := h.is("second"); !s.None() {
			t.Errorf("joined by %s: the investigator of another case is %v", by, s)
		}
	}
	h.register(warrant.Fact{Kind: warrant.Charge, Case: id("case"), Officer: id("second"), Body: id("police"), Prosecutor: id("prosecutor"), Office: id("office")})
	h.say("second", warrant.Fact{Kind: warrant.Joinder, Case: id("his"), Other: id("case")})
	h.register(warrant.Fact{Kind: warrant.Charge, Case: id("case"), Officer: id("first"), Body: id("police"), Prosecutor: id("prosecutor"), Office: id("office")})
	if s := h.is("second"); !slices.Equal(s.As, []warrant.As{warrant.Decider}) {
		t.Errorf("joined by who conducted both: who decides there what was filed is %v", s)
	}
}

// The number of a paper is what it says of itself: another of the same number takes nothing
// out of it.
func TestAnEntryIsThePaperThatWasAssentedTo(t *testing.T) {
	h := begin()
	leaves := h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("first"), Leaves: true})
	h.say("first", warrant.Fact{Kind: warrant.Appointment, ID: leaves.ID, Person: id("nobody"), Leaves: true})
	last := &h.papers[len(h.papers)-1]
	last.Digest = sha256.Sum256([]byte("another file"))
	same := leaves // and the same file, signed by him
	same.Signer = id("first")
	h.papers = append(h.papers, same)
	h.say("first", warrant.Fact{Kind: warrant.Dissent, About: leaves.ID, Digest: hex.EncodeToString(leaves.Digest[:])})
	h.assented(leaves, "other admin")
	if s := h.is("first"); !s.None() {
		t.Errorf("who left his post is %v", s)
	}
	comes := h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("new"), Post: "head", Body: id("police")})
	for _, by := range []string{"first", "prosecutor", "judge"} {
		same := comes
		same.Signer = id(by)
		h.papers = append(h.papers, same)
	}
	h.assented(comes, "other admin")
	if s := h.is("new"); !s.Is(warrant.Unit) {
		t.Errorf("who came into a post by two administrators, and others put their names to it: %v", s)
	}
	declined := h.say("admin", warrant.Fact{Kind: warrant.Appointment, Person: id("late"), Post: "head", Body: id("police")})
	h.say("other admin", warrant.Fact{Kind: warrant.Dissent, About: declined.ID, Digest: hex.EncodeToString(declined.Digest[:])})
	h.assented(declined, "third admin")
	if s := h.is("late"); !s.None() {
		t.Errorf("declined: %v", s)
	}
}

// The case that begins by a severance is of the one it was severed from. Another paper of the
// same number can only be signed later, whatever day it bears.
func TestACaseThatIsSeveredIsNotAnothersByThePapersNumber(t *testing.T) {
	h := begin()
	h.register(warrant.Fact{Kind: warrant.Charge, Case: id("his"), Officer: id("second"), Body: id("police"), Prosecutor: id("prosecutor"), Office: id("office")})
	h.victim("first", "victim")
	number := uuid.New()
	fact := warrant.Fact{Kind: warrant.Severance, ID: number, Case: id("his"), Other: warrant.Severed(number), Concerns: []uuid.UUID{uuid.New()}}
	h.say("second", fact)
	strange := &h.papers[len(h.papers)-1]
	strange.Digest = sha256.Sum256([]byte("another file"))
	strange.At = h.at.Add(time.Hour)
	fact.Case, fact.Concerns = id("case"), []uuid.UUID{id("victim@case")}
	h.say("first", fact)
	at := h.at.Add(2 * time.Hour)
	c := warrant.New(h.papers, nil, at)
	for who, want := range map[string][]warrant.As{"second": nil, "first": {warrant.InCharge}, "victim": {warrant.Party}} {
		if s := c.Standing(id(who), fact.Other, at); !slices.Equal(s.As, want) {
			t.Errorf("the %s is %v in it", who, s)
		}
	}
}

func TestWhatIsYetToComeGivesNothing(t *testing.T) {
	h := begin()
	p := h.victim("first", "victim")
	before := p.Made.Add(-2 * time.Minute)
	if s := warrant.New(h.papers, nil, before).Standing(id("victim"), id("case"), before); !s.None() {
		t.Errorf("two minutes before he is %v", s)
	}
	if s := warrant.New(nil, nil, h.at).Standing(id("first"), id("case"), h.at); !s.None() {
		t.Errorf("by no papers he is %v", s)
	}
}
