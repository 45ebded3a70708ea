package portaltest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/vault"
)

// Keeper is that of one world. It takes the word of the database for who asks, and
// opens everything, but what is one person's own to nobody else. A test can take it
// down.
type Keeper struct {
	vault.Keeper
	Down  atomic.Bool  // it answers nothing
	Asked atomic.Int64 // how many keys it was asked for
	Calls atomic.Int64 // in how many questions

	mu      sync.Mutex
	foreign map[string]int
}

var errDown = errors.New("portaltest: the keeper is down")

// Intake is the keeper's, if it is there.
func (k *Keeper) Intake(ctx context.Context) (vault.Intake, error) {
	if k.Down.Load() {
		return vault.Intake{}, errDown
	}
	return k.Keeper.Intake(ctx)
}

// Unwrap is the keeper's, if it is there.
func (k *Keeper) Unwrap(ctx context.Context, asks []vault.Ask) ([][]byte, error) {
	k.Calls.Add(1)
	k.Asked.Add(int64(len(asks)))
	if k.Down.Load() {
		return nil, errDown
	}
	who := database.Asking(ctx)
	for _, ask := range asks {
		if who == uuid.Nil || ask.Where.Person == uuid.Nil || ask.Where.Person == who {
			continue
		}
		k.mu.Lock()
		if k.foreign == nil {
			k.foreign = map[string]int{}
		}
		k.foreign[ask.Where.Table+"."+ask.Where.Column]++
		k.mu.Unlock()
		return nil, vault.ErrRefused
	}
	return k.Keeper.Unwrap(ctx, asks)
}

// Foreign are the columns of one person's own that were asked for in another's name.
func (k *Keeper) Foreign() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.foreign))
}
