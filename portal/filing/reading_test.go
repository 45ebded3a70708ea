package filing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

func TestReadingSomebodyElsesFilingLeavesARecord(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	w.Explain(w.Zhanar, w.Theft)
	for _, reader := range []*portaltest.Actor{w.Aigul, w.Daniyar, w.Zhanar} {
		if _, err := filing.Open(t.Context(), w.DB, reader.Asks(policy.FilingRead), id); err != nil {
			t.Fatal(err)
		}
	}
	_, err := filing.Open(t.Context(), w.DB, w.Serik.Asks(policy.FilingRead), id)
	wantKind(t, "another participant", fault.NotFound, err)
	w.Want(t, `SELECT who, act, object FROM record WHERE act = 'filing-read' ORDER BY seq`, `
		who     | act         | object
		daniyar | filing-read | filing
		zhanar  | filing-read | filing`)
	w.Sound()
}

// A status that ends and a filing that rests on it are one after the other: while
// the act holds the status, ending it waits.
func TestAStatusDoesNotEndUnderAnActThatRestsOnIt(t *testing.T) {
	w := portaltest.World(t)
	aigul := w.Participant("aigul@theft")
	if err := casefile.DraftEnd(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantEnding), aigul, "kk", portaltest.Reasons); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	err := w.DB.Within(t.Context(), func(tx *vault.DB) error {
		if err := casefile.Hold(t.Context(), tx, aigul); err != nil {
			return err
		}
		go func() { ended <- w.Settle(w.Daniyar, policy.ParticipantEnd, aigul) }()
		select {
		case err := <-ended:
			t.Errorf("it ended meanwhile: %v", err)
		case <-time.After(200 * time.Millisecond):
		}
		return nil
	})
	if err = errors.Join(err, <-ended); err != nil {
		t.Fatal(err)
	}
	err = w.DB.Within(t.Context(), func(tx *vault.DB) error { return casefile.Hold(context.Background(), tx, aigul) })
	wantKind(t, "holding one that has ended", fault.Conflict, err)
	w.Sound()
}
