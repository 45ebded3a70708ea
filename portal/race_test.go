package portal_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// Security/THREATS T32: the investigator ends the status of somebody, by his signature,
// while that somebody opens a decision; a thousand times (fewer in CI), each at another
// moment of the other. What is first is recorded first, and nothing is opened after the end.
func TestNothingOpensAfterTheStatusEndedHoweverTheyRace(t *testing.T) {
	t.Parallel()
	races := 300
	if allFences {
		races = 1000
	}
	f := open(t)
	read := f.Decision("group")
	var all sync.WaitGroup
	var mu sync.Mutex
	opened, refused := 0, 0
	next := make(chan int)
	for _, who := range []*portaltest.Actor{f.Aigul, f.Serik, f.Saule} {
		name := who.Word + "@theft"
		id := f.Participant(name)
		all.Go(func() {
			for i := range next {
				if err := f.confirmedAgain(id); err != nil {
					t.Error(err)
					continue
				}
				ended, looked := f.race(who, id, read, time.Duration(i%20)*500*time.Microsecond)
				if ended != nil {
					t.Errorf("the end of %s: %v", name, ended)
					continue
				}
				mu.Lock()
				switch {
				case looked == nil:
					opened++
				case errors.Is(looked, fault.NotFound):
					refused++
				default:
					t.Errorf("%s opens: %v", name, looked)
				}
				mu.Unlock()
			}
		})
	}
	for i := range races {
		next <- i
	}
	close(next)
	all.Wait()
	t.Logf("%d opened before the end, %d refused after it", opened, refused)
	if opened == 0 || refused == 0 {
		t.Error("one side always won: nobody raced")
	}
}

// confirmedAgain gives somebody whose status ended the same one anew. A real keeper (KEPT=1)
// remembers what ended, whatever a row says: there the investigator signs anew.
func (f *front) confirmedAgain(participant uuid.UUID) error {
	if f.Guarded() == nil {
		_, err := f.SQL.Exec(`UPDATE participant SET status = 'confirmed', ended_at = NULL WHERE id = $1`, participant)
		return err
	}
	var was struct{ Status, Role, Basis string }
	if err := f.SQL.Get(&was, `SELECT status, role, basis FROM participant WHERE id = $1`, participant); err != nil || was.Status == "confirmed" {
		return err
	}
	since := time.Date(2026, time.October, 20, 0, 0, 0, 0, time.UTC)
	return f.Confirm(f.Daniyar, participant, casefile.Grant{Role: policy.Role(was.Role), Basis: was.Basis, Since: since})
}

// race has the investigator end a status, and its holder open a decision so much
// later; it gives what came of both.
func (f *front) race(who *portaltest.Actor, participant, decision uuid.UUID, later time.Duration) (ended, looked error) {
	f.t.Helper()
	ctx := f.t.Context()
	if err := casefile.DraftEnd(ctx, f.DB, f.Press, f.Daniyar.Asks(policy.ParticipantEnding), participant, "kk", portaltest.Reasons); err != nil {
		return err, nil
	}
	_, _, doc, err := casefile.ReadConfirmation(ctx, f.DB, f.Daniyar.Asks(policy.ParticipantCheck), participant)
	if err != nil {
		return err, nil
	}
	cms := f.SignedBy(f.Daniyar, doc.Content)
	end, look := f.Daniyar.Asks(policy.ParticipantEnd), who.Asks(policy.DecisionCopy)
	his := who.As(ctx)
	var both sync.WaitGroup
	both.Go(func() { ended = casefile.Settle(ctx, f.DB, f.Verifier, end, participant, cms, doc.Digest) })
	both.Go(func() {
		time.Sleep(later)
		_, _, looked = casefile.CopyOf(his, f.App, look, decision)
	})
	both.Wait()
	var after int
	if err := f.SQL.Get(&after, `
		SELECT count(*) FROM record WHERE who = $1 AND act = 'decision-copy'
		   AND seq > (SELECT max(seq) FROM record WHERE act = 'participant-end' AND object_id = $2)`, who.Person, participant); err != nil || after > 0 {
		ended = errors.Join(ended, err, fmt.Errorf("%d looks after the end", after))
	}
	return ended, looked
}
