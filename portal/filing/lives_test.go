package filing_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// turn is one thing somebody tries in the life of a filing.
type turn string

// The turns of a life: each move, an answer that leaves a point out, and days that pass.
var turns = []turn{"consider", "forward", "extend", "ask", "reply", "grant", "grant-part", "refuse", "leave out", "withdraw", "a day", "three days"}

// acts are the moves that a turn tries.
var acts = map[turn]policy.Act{
	"consider": policy.FilingConsider, "forward": policy.FilingForward, "extend": policy.FilingExtend, "ask": policy.FilingAsk,
	"reply": policy.FilingReply, "grant": policy.FilingGrant, "grant-part": policy.FilingGrantPart, "refuse": policy.FilingRefuse,
	"leave out": policy.FilingRefuse, "withdraw": policy.FilingWithdraw,
}

// told is what a life should come to, written down here by hand and not by the table of
// the program: the state, and when the answer is due.
type told struct {
	status   filing.Status
	filed    time.Time
	term     deadline.Name
	due      time.Time
	extended bool
	awaits   bool // the author is asked for something and has not replied
	moved    int  // how many moves there were, the filing itself first
	seat     guide.Seat
}

func (s told) open() bool {
	return s.status == "filed" || s.status == "considered" || s.status == "waiting"
}

// after is the state after a turn, and whether the turn may be made.
func (s told) after(what turn, at time.Time) (told, bool) {
	if !s.open() || what == "leave out" {
		return s, false
	}
	next := s
	next.moved++
	switch what {
	case "consider":
		if s.status != "filed" {
			return s, false
		}
		next.status = "considered"
	case "forward": // from the chief to the one above him, and from there to nobody in this world
		if s.seat != guide.Chief {
			return s, false
		}
		next.status, next.seat, next.awaits = "filed", guide.Higher, false
	case "extend":
		if s.extended || !at.Before(s.due) {
			return s, false
		}
		next.extended, next.term = true, deadline.ComplaintExtended
		next.due = deadline.ComplaintExtended.Ends(s.filed, deadline.Kazakhstan())
	case "ask":
		if s.status == "waiting" {
			return s, false
		}
		next.status, next.awaits = "waiting", true
	case "reply":
		if s.status != "waiting" || !s.awaits {
			return s, false
		}
		next.status, next.awaits = "considered", false
	case "grant":
		next.status = "granted"
	case "grant-part":
		next.status = "granted-part"
	case "refuse":
		next.status = "refused"
	case "withdraw":
		next.status = "withdrawn"
	}
	return next, true
}

// life is a random one: what somebody tries, in turn.
type life struct {
	ground filing.Ground
	turns  []turn
}

var anyLife = rapid.Custom(func(t *rapid.T) life {
	return life{
		ground: rapid.SampledFrom([]filing.Ground{"other", "search"}).Draw(t, "ground"),
		turns:  rapid.SliceOfN(rapid.SampledFrom(turns), 1, 12).Draw(t, "turns"),
	}
})

// passes are how many days a turn lets go by; zero for a move.
func passes(what turn) int {
	return map[turn]int{"a day": 1, "three days": 3}[what]
}

// begins is the state of a complaint that was filed at that moment.
func begins(ground filing.Ground, at time.Time) told {
	term := deadline.ComplaintAnswer
	if ground != "other" {
		term = deadline.ComplaintUrgent
	}
	return told{status: "filed", filed: at, term: term, due: term.Ends(at, deadline.Kazakhstan()), moved: 1, seat: guide.Chief}
}

// inMemory plays a life by the rules of the program alone: the table of moves, the
// terms, whether an answer is whole. Where the two disagree it says so.
func inMemory(l life) error {
	at := portaltest.Afternoon
	want := begins(l.ground, at)
	f := filing.Filing{
		Kind: policy.FilingComplaintProsecutor, Ground: l.ground, Status: filing.Filed, Seat: guide.Chief, FiledAt: at, Term: filing.TermOf(policy.FilingComplaintProsecutor, l.ground),
		Points: []filing.Point{{N: 1}, {N: 2}},
	}
	f.DueRaw, f.DueAt = f.Term.Raw(at), f.Term.Ends(at, deadline.Kazakhstan())
	watched := map[time.Time]int{f.DueAt: 1}
	said := 0 // points that the answer decides
	for _, what := range l.turns {
		at = at.AddDate(0, 0, passes(what))
		if passes(what) > 0 {
			continue
		}
		expected, may := want.after(what, at)
		next, err := filing.After(f.Status, acts[what])
		switch { // what the table leaves to the rest of the rules
		case err != nil:
		case what == "extend" && !f.Extendable(at), what == "forward" && f.Seat != guide.Chief:
			err = errors.New("not now")
		case what == "leave out":
			err = filing.Complete(f.Points, portaltest.Said(filing.Refused, 1).Points)
		case next.Answered():
			answer := portaltest.Said(next, 2)
			if err = filing.Complete(f.Points, answer.Points); err == nil && filing.Outcome(answer.Points) != next {
				return fmt.Errorf("points that are all %s make it %s", next, filing.Outcome(answer.Points))
			}
			said = len(answer.Points)
		}
		if (err == nil) != may {
			return fmt.Errorf("%s from %s: the program says %v, the law %v", what, f.Status, err, may)
		}
		if err != nil {
			continue
		}
		want, f.Status = expected, next
		switch what {
		case "forward":
			f.Seat = guide.Higher
		case "extend":
			f.Term = deadline.ComplaintExtended
			f.DueRaw, f.DueAt = f.Term.Raw(f.FiledAt), f.Term.Ends(f.FiledAt, deadline.Kazakhstan())
			watched[f.DueAt]++
		}
		if f.Status != want.status || !f.DueAt.Equal(want.due) || f.Term != want.term {
			return fmt.Errorf("after %s it is %s due %v by %s, not %s due %v by %s", what, f.Status, f.DueAt, f.Term, want.status, want.due, want.term)
		}
		if f.Status.Open() && watched[f.DueAt] != 1 {
			return fmt.Errorf("after %s its end is watched %d times", what, watched[f.DueAt])
		}
		if f.Status.Answered() && said != len(f.Points) {
			return fmt.Errorf("it is %s and %d points are decided", f.Status, said)
		}
	}
	return nil
}

// inTheDatabase plays a life with people, keys, papers and both fences, and compares
// what the world looks like after each turn.
func inTheDatabase(t *testing.T, w *portaltest.W, l life) error {
	w.At = w.At.Add(time.Minute)
	author := w.Aigul
	id := filed(t, w, author, filing.NewFiling{
		Kind: policy.FilingComplaintProsecutor, Ground: l.ground, What: guide.Deed, Points: []string{portaltest.Request, "Сериялық нөмірін тексеруіңізді сұраймын."},
	})
	want := begins(l.ground, w.At)
	if err := compare(t, w, id, "filing it", want); err != nil {
		return err
	}
	for _, what := range l.turns {
		if days := passes(what); days > 0 {
			w.At = w.At.AddDate(0, 0, days)
			continue
		}
		w.At = w.At.Add(time.Second)
		official := w.Gulnar
		if want.seat == guide.Higher {
			official = w.Samat
		}
		next, may := want.after(what, w.At)
		err := tries(t, w, id, what, official, author)
		if (err == nil) != may {
			return fmt.Errorf("%s from %s by %s: the portal says %v, the law %v", what, want.status, official.Word, err, may)
		}
		want = next
		if err := compare(t, w, id, what, want); err != nil {
			return err
		}
	}
	return nil
}

// tries has somebody try a turn.
func tries(t *testing.T, w *portaltest.W, id uuid.UUID, what turn, official, author *portaltest.Actor) error {
	ctx := as(t, w, official)
	switch what {
	case "consider":
		return filing.Step(ctx, w.App, official.Asks(policy.FilingConsider), id)
	case "forward":
		if official == w.Samat { // the way back, and down to those who decide no complaints, is no move of this test
			return errors.New("not tried")
		}
		return handOn(t, w, official, id, filing.NewForward{To: guide.Higher, Himself: true})
	case "extend":
		return extend(t, w, official, id)
	case "ask":
		return filing.AskToAdd(ctx, w.App, official.Asks(policy.FilingAsk), id, []string{"Түбіртек"})
	case "reply":
		return reply(t, w, author, id, "Түбіртек менде сақталған")
	case "withdraw":
		return w.Withdraw(author, id)
	case "leave out":
		return decide(t, w, official, id, portaltest.Said(filing.Refused, 1))
	case "refuse":
		return decide(t, w, official, id, portaltest.Said(filing.Refused, 2))
	case "grant":
		return decide(t, w, official, id, with(portaltest.Said(filing.Granted, 2), filing.RemedyInstruct))
	}
	return decide(t, w, official, id, with(portaltest.Said(filing.GrantedPart, 2), filing.RemedyInstruct))
}

const lived = `
SELECT f.status, f.term, f.due_at, f.seat,
       (SELECT count(*) FROM job j WHERE j.name = 'filing-overdue' AND j.args->>'filing' = CAST(f.id AS text) AND j.run_at = f.due_at) AS watched,
       (SELECT count(*) FROM record r WHERE r.object_id = f.id AND r.act = ANY (ARRAY['filing-submit', 'filing-consider', 'filing-forward', 'filing-extend',
               'filing-ask', 'filing-reply', 'filing-grant', 'filing-grant-part', 'filing-refuse', 'filing-withdraw'])) AS moved,
       (SELECT count(*) FROM answer a WHERE a.filing = f.id AND a.signed_at IS NOT NULL) AS answers,
       (SELECT count(*) FROM point p WHERE p.filing = f.id AND NOT EXISTS (SELECT FROM resolution r WHERE r.point = p.id)) AS undecided
  FROM filing f WHERE f.id = $1`

// compare holds the row of a filing, its watches and its records against the model.
func compare(t *testing.T, w *portaltest.W, id uuid.UUID, what turn, want told) error {
	var is struct {
		Status    filing.Status `db:"status"`
		Term      deadline.Name `db:"term"`
		Due       time.Time     `db:"due_at"`
		Seat      guide.Seat    `db:"seat"`
		Watched   int           `db:"watched"`
		Moved     int           `db:"moved"`
		Answers   int           `db:"answers"`
		Undecided int           `db:"undecided"`
	}
	if err := w.DB.Within(t.Context(), func(tx *vault.DB) error { return tx.Get(t.Context(), &is, lived, id) }); err != nil {
		return err
	}
	answered := is.Status.Answered()
	switch {
	case is.Status != want.status || is.Term != want.term || !is.Due.Equal(want.due) || is.Seat != want.seat:
		return fmt.Errorf("after %s it is %s by %s due %v at %s, not %+v", what, is.Status, is.Term, is.Due, is.Seat, want)
	case is.Status.Open() && is.Watched != 1:
		return fmt.Errorf("after %s the end of its term is watched %d times", what, is.Watched)
	case is.Moved != want.moved:
		return fmt.Errorf("after %s the record has %d moves, not %d", what, is.Moved, want.moved)
	case answered != (is.Answers == 1), answered && is.Undecided > 0:
		return fmt.Errorf("after %s it is %s with %d answers and %d points undecided", what, is.Status, is.Answers, is.Undecided)
	}
	return nil
}

// Whatever is tried, in whatever order: no state outside the table, no clock lost, no
// answer without each point, each move in the record. All lives are played by the rules
// in memory, one of 20 with people and papers on the database, too. More of them:
// go test ./portal/filing -run RandomLives -rapid.checks=2000
func TestRandomLivesOfAFilingNeverLeaveTheTable(t *testing.T) {
	w := portaltest.World(t)
	memory, database := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		for range 5 {
			l := anyLife.Draw(r, "life")
			if err := inMemory(l); err != nil {
				r.Fatal(err)
			}
			if memory++; memory%20 != 1 {
				continue
			}
			if database++; database%40 == 0 { // keys of the cast are good for a year, and each life takes days
				w.Sound()
				w = portaltest.World(t)
			}
			if err := inTheDatabase(t, w, l); err != nil {
				r.Fatal(err)
			}
		}
	})
	w.Sound()
	t.Logf("%d random lives by the rules, %d of them on the database", memory, database)
}
