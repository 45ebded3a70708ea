package keeper

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"zharia/portal/vault"
)

// Each epoch has a seed, drawn from that of the epoch before by a step that has no way
// back (vault.NextSeed). The state folder keeps the seed of the oldest epoch only, in a
// box that the root opens. So an old copy of the folder opens whatever was sealed after
// it (of the next maxAhead epochs by itself), and a folder that has forgotten an epoch opens nothing of it, whoever brings the
// shares.

// Rest is how old the present epoch must be before those before it may be forgotten: a
// portal seals to the key that it knows, and gives up one that it could not renew for
// longer (vault.MaxIntakeAge).
const Rest = 7 * 24 * time.Hour

// sweepLife is how long the portal's word counts that nothing old is left.
const sweepLife = 24 * time.Hour

// ErrRemains says that something may be left that only a key opens which is to be forgotten.
var ErrRemains = errors.New("keeper: these keys may still be needed")

// Sweep is the portal's word that no text of its database has a wrap of an epoch before
// this one. Nothing opens by it; whoever forgets keys goes by it.
type Sweep struct {
	Epoch uint32    `json:"epoch"`
	At    time.Time `json:"at"`
}

// sweptTo takes that word, of the present epoch and those that are begun already.
func (k *Keeper) sweptTo(epoch uint32) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opened == nil {
		return ErrSealed
	}
	if epoch == 0 || epoch > k.state.Epoch {
		return fmt.Errorf("%w: epoch %d", errFrame, epoch)
	}
	k.swept = Sweep{epoch, k.config.Now().UTC()}
	return k.decisions.write(decision{At: k.swept.At, What: "swept", Answer: "done", Count: int(epoch)}, true)
}

// Forget destroys the keys of all epochs before this one. There is no way back: what is
// sealed to them, in backups too, opens to nobody any more. ErrRemains, unless the
// portal has said within a day that nothing of them is left, and said so when the
// present epoch was older than Rest. Old copies of the state folder keep what they have.
func (k *Keeper) Forget(before uint32) error {
	k.ceremony.Lock()
	defer k.ceremony.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.opened == nil:
		return ErrSealed
	case k.unsettled(): // there the old seed lies as well
		return ErrUnsettled
	}
	now, may := k.config.Now(), k.state.Began.Add(Rest)
	switch {
	case before <= k.state.Oldest || before > k.state.Epoch:
		return fmt.Errorf("keeper: epochs %d to %d are kept; before %d there is nothing to forget", k.state.Oldest, k.state.Epoch, before)
	case now.Before(may):
		return fmt.Errorf("%w: some portal may seal to the old key until %s", ErrRemains, may.Format(time.RFC3339))
	case k.swept.Epoch < before || k.swept.At.Before(may) || now.Sub(k.swept.At) > sweepLife:
		return fmt.Errorf("%w: let `portal reseal` look that nothing of them is left, today", ErrRemains)
	}
	next, o := k.state, k.opened
	seed, err := later(o.seed.bytes(), before-next.Oldest)
	if err != nil {
		return err
	}
	defer clear(seed)
	next.Oldest = before
	if next.Seed, err = boxSeed(o.root.bytes(), before, seed); err != nil {
		return err
	}
	line := decision{At: now, What: "forget", Answer: "done", Count: int(before)}
	if err := k.decisions.write(line, true); err != nil {
		return err
	}
	if next, err = next.write(k.config.Dir, stateFile, o.root.bytes()); err != nil {
		return err
	}
	k.state = next
	o.forget(before, seed)
	return nil
}

func (o *opened) forget(before uint32, seed []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	copy(o.seed.bytes(), seed)
	o.oldest = before
	for epoch := range o.keys {
		if epoch < before {
			delete(o.keys, epoch)
		}
	}
}

// later is the seed so many epochs after that of the seed given.
func later(seed []byte, epochs uint32) ([]byte, error) {
	seed = bytes.Clone(seed)
	for ; epochs > 0; epochs-- {
		next, err := vault.NextSeed(seed)
		clear(seed)
		if err != nil {
			return nil, err
		}
		seed = next
	}
	return seed, nil
}

// firstSeed is drawn, so that the root alone does not give it. A source may say another:
// where texts were sealed before there was a keeper (vault.Direct).
func firstSeed(source Source, root []byte) ([]byte, error) {
	if from, ok := source.(interface {
		First(root []byte) ([]byte, error)
	}); ok {
		return from.First(root)
	}
	seed := make([]byte, rootSize)
	rand.Read(seed)
	return seed, nil
}

func boxSeed(root []byte, epoch uint32, seed []byte) ([]byte, error) {
	key, place, err := seedKey(root, epoch)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return box(key, place, seed)
}

// openSeed takes the seed of the oldest epoch into memory of its own.
func openSeed(root []byte, s state) (*page, error) {
	key, place, err := seedKey(root, s.Oldest)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	seed, err := unbox(key, place, s.Seed)
	if err != nil || len(seed) != rootSize {
		return nil, fmt.Errorf("%w: the seed in %s", ErrChanged, stateFile)
	}
	defer clear(seed)
	p, err := newPage()
	if err == nil {
		copy(p.bytes(), seed)
	}
	return p, err
}

// seedKey seals one seed only: that of this epoch.
func seedKey(root []byte, epoch uint32) (key []byte, place string, err error) {
	place = fmt.Sprintf("seed/%d", epoch)
	key, err = hkdf.Key(sha256.New, root, nil, "zharia/keeper/"+place, 32)
	return key, place, err
}
