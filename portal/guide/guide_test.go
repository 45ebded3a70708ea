package guide_test

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/law"
	"zharia/portal/policy"
)

var update = flag.Bool("update", false, "write the golden file anew")

// person is somebody who sits in the n-th seat.
func person(n int) uuid.UUID { return uuid.UUID{15: byte(n + 1)} }

// from is every seat somebody may be complained of in, and none.
var from = append([]guide.Seat{""}, guide.AllSeats...)

// town is a house with one person in each seat whose bit is set.
func town(filled int) guide.House {
	h := guide.House{}
	for i, seat := range guide.AllSeats {
		if filled&(1<<i) != 0 {
			h[seat] = []uuid.UUID{person(i)}
		}
	}
	return h
}

// about is what a kind of filing is about by its nature.
func about(kind policy.FilingKind) guide.What {
	rule, _ := policy.FilingOf(kind)
	switch {
	case kind == policy.FilingRegistration:
		return guide.NoRegistration
	case kind == policy.FilingDelay:
		return guide.Delay
	case kind == policy.FilingComplaintJudge:
		return guide.Ruling
	case rule.Family == policy.Complaint:
		return guide.Decision
	}
	return guide.Nothing
}

// right holds one answer of Addressee against article 104: whoever did it and whoever
// approved it never gets it, and somebody does while anybody else is there. The one
// exception the Code makes itself: a judge decides a challenge of himself.
func right(t *testing.T, kind policy.FilingKind, c guide.Contest, h guide.House) {
	to, seat, by, err := guide.Addressee(kind, c, h)
	interested := func(who uuid.UUID) bool { return slices.Contains(c.By, who) || slices.Contains(c.Approved, who) }
	himself := kind == policy.FilingChallenge && c.ByPost == guide.Judge
	if err != nil {
		for s, all := range h {
			for _, who := range all {
				if !interested(who) || himself && s == guide.Judge {
					t.Fatalf("%s %+v in %v: nobody was found, and %v of %s is free", kind, c, h, who, s)
				}
			}
		}
		if !errors.Is(err, fault.Conflict) {
			t.Fatalf("%s %+v: %v", kind, c, err)
		}
		return
	}
	if interested(to) && !(himself && seat == guide.Judge) {
		t.Fatalf("%s %+v in %v: given to %v of %s, who is interested", kind, c, h, to, seat)
	}
	if !slices.Contains(h[seat], to) || by.IsZero() {
		t.Fatalf("%s %+v in %v: %v does not sit in %s, or no article gives it to him (%s)", kind, c, h, to, seat, by)
	}
}

func TestNobodyInterestedEverGetsAFilingWhateverSeatsAreFilled(t *testing.T) {
	n := 0
	for _, rule := range policy.Filings {
		for i, seat := range from {
			c := guide.Contest{What: about(rule.Kind), ByPost: seat}
			if seat != "" {
				c.By = []uuid.UUID{person(i - 1)}
			}
			for approved := range 1 << len(guide.AllSeats) {
				c.Approved = nil
				for a := range guide.AllSeats {
					if approved&(1<<a) != 0 {
						c.Approved = append(c.Approved, person(a))
					}
				}
				for filled := range 1 << len(guide.AllSeats) {
					right(t, rule.Kind, c, town(filled))
					n++
				}
			}
		}
	}
	if want := 15 * 8 * 128 * 128; n != want {
		t.Errorf("%d combinations, not %d", n, want)
	}
	t.Logf("%d combinations: kind, complained of, who approved it, which seats are filled", n)
}

// A chief who agreed with it himself, a deputy who stands in for another, an
// investigator who became the head: one person in two seats is one person.
func TestNobodyInterestedGetsAFilingFromHisOtherSeat(t *testing.T) {
	n := 0
	for _, rule := range policy.Filings {
		for _, seat := range from {
			for a := range guide.AllSeats {
				for b := range a { // the one of seat a sits in seat b, too: alone, then before its own
					for _, way := range []string{"alone", "first"} {
						for approver := -1; approver < len(guide.AllSeats); approver++ {
							for vacant := -1; vacant < len(guide.AllSeats); vacant++ {
								h := town(127)
								h[guide.AllSeats[b]] = append([]uuid.UUID{person(a)}, h[guide.AllSeats[b]]...)
								if way == "alone" {
									h[guide.AllSeats[b]] = h[guide.AllSeats[b]][:1]
								}
								c := guide.Contest{What: about(rule.Kind), ByPost: seat}
								if seat != "" {
									c.By = h[seat][:1:1]
								}
								if approver >= 0 {
									c.Approved = h[guide.AllSeats[approver]][:1:1]
								}
								if vacant >= 0 {
									delete(h, guide.AllSeats[vacant])
								}
								right(t, rule.Kind, c, h)
								n++
							}
						}
					}
				}
			}
		}
	}
	if want := 15 * 8 * 21 * 2 * 8 * 8; n != want {
		t.Errorf("%d combinations, not %d", n, want)
	}
	t.Logf("%d combinations: kind, complained of, one person in two seats, who approved it, which seat is vacant", n)
}

// Whatever is contested, and whatever the ground, the ways that are shown agree with
// the addressee that is taken.
func TestTheWaysShownAreTheWaysTaken(t *testing.T) {
	n := 0
	grounds := append([]string{"", "termination", "recognise", "security", "after-familiarisation"}, guide.Urgent...)
	for _, what := range guide.Whats {
		for i, seat := range from {
			for _, ground := range grounds {
				for approver := -1; approver < len(guide.AllSeats); approver++ {
					c := guide.Contest{What: what, ByPost: seat, Ground: ground}
					if seat != "" {
						c.By = []uuid.UUID{person(i - 1)}
					}
					if approver >= 0 {
						c.Approved = []uuid.UUID{person(approver)}
					}
					if what == guide.Nothing {
						c.By, c.Approved, c.Ground = nil, nil, ""
					}
					open := 0
					for _, w := range guide.Routes(c, town(127)) {
						n++
						if w.By.IsZero() || w.Why == "" {
							t.Errorf("%+v: %+v has no article or no reason", c, w)
						}
						if w.Closed {
							continue
						}
						open++
						if _, ok := w.Answer.Term(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)); !ok {
							t.Errorf("%+v: %+v has no term", c, w)
						}
						c.To = w.Seat
						to, at, by, err := guide.Addressee(w.Kind, c, town(127))
						if err != nil || to != w.To || at != w.Seat {
							t.Errorf("%+v: shown %+v, taken to %v of %s (%v)", c, w, to, at, err)
						}
						if by != w.By {
							t.Errorf("%+v: %+v is taken by %s", c, w, by)
						}
						c.To = ""
					}
					if open == 0 && seat != guide.Appeal && seat != guide.Higher && approver < 0 && what != guide.Ruling {
						t.Errorf("%+v: nothing is open", c)
					}
				}
			}
		}
	}
	t.Logf("%d ways", n)
}

// The worked cases of the Code, one by one.
func TestTheCodeLeadsToTheOneItNames(t *testing.T) {
	const (
		investigator = iota
		head
		prosecutor
		chief
		higher
		judge
		appeal
	)
	for _, row := range []struct {
		kind     policy.FilingKind
		what     guide.What
		by       guide.Seat
		approved []int
		vacant   []int
		to       guide.Seat
		law      law.Ref
	}{
		{policy.FilingComplaintHead, guide.Deed, guide.Investigator, nil, nil, guide.Head, law.CPC(105, 1)},
		{policy.FilingComplaintHead, guide.Deed, guide.Investigator, []int{head}, nil, guide.Chief, law.CPC(105, 1)},
		{policy.FilingComplaintHead, guide.Deed, guide.Head, nil, nil, guide.Chief, law.CPC(105, 1)},
		{policy.FilingComplaintProsecutor, guide.Deed, guide.Prosecutor, nil, nil, guide.Higher, law.CPC(105, 1)},
		{policy.FilingComplaintCourt, guide.Ruling, guide.Judge, nil, nil, guide.Appeal, law.CPC(107, 2)},
		{policy.FilingComplaintProsecutor, guide.Decision, guide.Investigator, nil, nil, guide.Chief, law.CPC(105, 1)},
		{policy.FilingComplaintProsecutor, guide.Decision, guide.Investigator, []int{prosecutor}, nil, guide.Chief, law.CPC(105, 1)},
		{policy.FilingComplaintProsecutor, guide.Decision, guide.Investigator, []int{chief}, nil, guide.Higher, law.CPC(104, 1)},
		{policy.FilingComplaintProsecutor, guide.Decision, guide.Investigator, nil, []int{chief}, guide.Higher, law.CPC(104, 1)},
		{policy.FilingComplaintHigher, guide.Decision, guide.Prosecutor, nil, nil, guide.Higher, law.CPC(105, 1)},
		{policy.FilingComplaintHigher, guide.Decision, guide.Chief, nil, nil, guide.Higher, law.CPC(105, 1)},
		{policy.FilingComplaintCourt, guide.Decision, guide.Investigator, []int{chief}, nil, guide.Judge, law.CPC(106, 5)},
		{policy.FilingComplaintCourt, guide.Decision, guide.Investigator, []int{judge}, nil, guide.Appeal, law.CPC(104, 1)},
		{policy.FilingComplaintCourt, guide.Decision, guide.Investigator, nil, []int{judge, appeal}, guide.Chief, law.CPC(105, 1)},
		{policy.FilingComplaintJudge, guide.Ruling, guide.Judge, nil, nil, guide.Appeal, law.CPC(107, 2)},
		{policy.FilingRegistration, guide.NoRegistration, guide.Investigator, nil, nil, guide.Chief, law.CPC(185, 2)},
		{policy.FilingDelay, guide.Delay, guide.Investigator, nil, nil, guide.Chief, law.CPC(192, 8)},
		{policy.FilingPetition, guide.Nothing, "", nil, nil, guide.Investigator, law.CPC(99, 1)},
		{policy.FilingPetition, guide.Nothing, "", nil, []int{investigator}, guide.Prosecutor, law.CPC(99, 1)},
		{policy.FilingSecurity, guide.Nothing, "", nil, []int{investigator}, guide.Prosecutor, law.CPC(104, 1)},
		{policy.FilingRecognise, guide.Nothing, "", nil, nil, guide.Investigator, law.CPC(109, 1)},
		{policy.FilingChallenge, guide.Nothing, guide.Investigator, nil, nil, guide.Head, law.CPC(89, 3)},
		{policy.FilingChallenge, guide.Nothing, guide.Prosecutor, nil, nil, guide.Higher, law.CPC(88, 3)},
		{policy.FilingChallenge, guide.Nothing, guide.Judge, nil, nil, guide.Judge, law.CPC(87, 11)},
		{policy.FilingChallenge, guide.Nothing, "", nil, nil, guide.Investigator, law.CPC(86, 2)},
	} {
		c := guide.Contest{What: row.what, ByPost: row.by}
		if i := slices.Index(guide.AllSeats, row.by); i >= 0 {
			c.By = []uuid.UUID{person(i)}
		}
		for _, a := range row.approved {
			c.Approved = append(c.Approved, person(a))
		}
		h := town(127)
		for _, v := range row.vacant {
			delete(h, guide.AllSeats[v])
		}
		to, seat, by, err := guide.Addressee(row.kind, c, h)
		if err != nil || seat != row.to || by != row.law || to != h[row.to][0] {
			t.Errorf("%s about %s of %q, approved by %v, vacant %v: to %s by %s (%v), not to %s by %s",
				row.kind, row.what, row.by, row.approved, row.vacant, seat, by, err, row.to, row.law)
		}
	}
}

// A lawyer reads the table here; a change of routing is a line in review.
func TestTheRoutingIsTheGoldenTable(t *testing.T) {
	var s strings.Builder
	for _, line := range guide.Table() {
		s.WriteString(strings.Join([]string{string(line.What), string(line.By), line.Ground}, " · "))
		s.WriteByte('\n')
		for _, w := range line.Ways {
			mark := "open  "
			if w.Closed {
				mark = "closed"
			}
			s.WriteString(strings.TrimRight(strings.Join([]string{"   ", mark, string(w.Kind), "→", string(w.Seat), w.By.String(), string(w.Answer), string(w.File), w.Why}, " "), " "))
			s.WriteByte('\n')
		}
	}
	const file = "testdata/routes.golden"
	if *update {
		if err := os.WriteFile(file, []byte(s.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if s.String() != string(want) {
		t.Errorf("the routing is not that of %s; run with -update and read the difference", file)
	}
}

func TestEveryKindHasASeatAndAWay(t *testing.T) {
	for _, rule := range policy.Filings {
		if len(guide.Seats(rule.Kind)) == 0 {
			t.Errorf("nobody decides %s", rule.Kind)
		}
		found := false
		for _, line := range guide.Table() {
			for _, w := range line.Ways {
				found = found || w.Kind == rule.Kind && !w.Closed
			}
		}
		if !found {
			t.Errorf("no way leads to %s", rule.Kind)
		}
	}
}

// CPC 87(12): what a judge ruled on a challenge is not complained of. On a challenge of anybody
// else, and on silence, it is.
func TestAJudgesWordOnAChallengeLeadsNowhere(t *testing.T) {
	for _, seat := range guide.AllSeats {
		judge := seat == guide.Judge || seat == guide.Appeal
		if terms := guide.TermsAfter(policy.FilingChallenge, seat); (len(terms) == 0) != judge || guide.Final(policy.FilingChallenge, seat) != judge {
			t.Errorf("%s: terms %v", seat, terms)
		}
		for _, w := range guide.Ways(guide.Contest{What: guide.Answer, ByPost: seat, Ground: string(policy.FilingChallenge)}) {
			if forbidden := w.Closed && w.By == law.CPC(87, 12); judge != forbidden {
				t.Errorf("%s: %+v", seat, w)
			}
		}
	}
	if all := guide.Ways(guide.Contest{What: guide.Silence, ByPost: guide.Judge, Ground: string(policy.FilingChallenge)}); len(all) == 0 || all[0].Closed {
		t.Errorf("his silence leads to %+v", all)
	}
}

// CPC 109(2): a term from the copy of a ruling is for whoever was given one. And CPC 106(5)
// begins a term with silence only after a complaint to the head of a prosecutor's office.
func TestSilenceBeginsNoTermThatRunsFromAnAnswer(t *testing.T) {
	for _, rule := range policy.Filings {
		for _, seat := range guide.AllSeats {
			open := 0
			for _, w := range guide.Ways(guide.Contest{What: guide.Silence, ByPost: seat, Ground: string(rule.Kind)}) {
				if w.Closed {
					continue
				}
				open++
				timed := w.File != deadline.None
				if headed := seat == guide.Chief || seat == guide.Higher; timed && (w.File != deadline.CourtComplaint || !headed) {
					t.Errorf("silence of %s about %s: to %s within %s", seat, rule.Kind, w.Seat, w.File)
				}
			}
			if open == 0 && seat != guide.Appeal {
				t.Errorf("silence of %s about %s leads nowhere", seat, rule.Kind)
			}
		}
	}
}
