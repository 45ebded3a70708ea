package keeper

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"zharia/portal/eds"
)

// OpeningLife is how long custodians open a case for.
const OpeningLife = 24 * time.Hour

// Bounds of a written ground, in characters: long enough to say why, short enough for
// an entry of the memory in any script.
const (
	MinGround = 20
	MaxGround = 800
)

// ErrGround says that the ground is not one.
var ErrGround = fmt.Errorf("keeper: the written ground has %d to %d characters", MinGround, MaxGround)

// Opening is a case that custodians opened for one official, against the rule. The
// portal shows it to the participants and to the prosecutor who supervises the case.
type Opening struct {
	ID     uuid.UUID `json:"id"`
	Case   uuid.UUID `json:"case"`
	Person uuid.UUID `json:"person"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Ground string    `json:"ground"`
}

type pair struct{ casefile, person uuid.UUID }

// OpenCase lets one official open texts of one case for a day. from are the shares of
// the custodians, brought for this alone; the ground is kept for ever, sealed.
func (k *Keeper) OpenCase(ctx context.Context, from Source, casefile uuid.UUID, iin eds.IIN, ground string) (Opening, error) {
	ground = strings.TrimSpace(ground)
	if n := utf8.RuneCountInString(ground); !utf8.ValidString(ground) || n < MinGround || n > MaxGround {
		return Opening{}, ErrGround
	}
	if _, err := eds.ParseIIN(iin.Reveal()); err != nil || casefile == uuid.Nil {
		return Opening{}, errors.New("keeper: an opening is of one case and for one official, by his IIN")
	}
	k.ceremony.Lock()
	defer k.ceremony.Unlock()
	root, err := k.root(ctx, from)
	if err != nil {
		return Opening{}, err
	}
	root.free()
	id, err := uuid.NewV7()
	if err != nil {
		return Opening{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opened == nil {
		return Opening{}, ErrSealed
	}
	now := k.config.Now().UTC().Truncate(time.Microsecond)
	opening := Opening{id, casefile, personOf(k.opened.tagKey, iin), now, now.Add(OpeningLife), ground}
	data, err := sealOpening(k.opened.root.bytes(), opening)
	if err != nil {
		return Opening{}, err
	}
	line := decision{At: now, What: "open-case", Answer: "done", Person: opening.Person, Case: casefile, Opening: id}
	if err := k.decisions.write(line, true); err != nil {
		return Opening{}, err
	}
	if err := k.openings.add(data, now); err != nil {
		if !k.openings.holds(data) {
			return Opening{}, err
		}
		k.config.Log.Error("a case was opened, and how far the memory goes could not be written down", "error", err)
	}
	k.opened.remember(opening)
	return opening, nil
}

// Openings are all that there ever were, the newest first.
func (k *Keeper) Openings() (out []Opening, err error) {
	err = k.within(func(o *opened, _ state) error {
		for _, e := range slices.Backward(k.openings.all()) {
			opening, err := readOpening(o.root.bytes(), e)
			if err != nil {
				return err
			}
			if out = append(out, opening); len(out) == maxOpenings {
				break
			}
		}
		return nil
	})
	return out, err
}

// maxOpenings is how many are told at once: what does not fit was told long ago.
const maxOpenings = 256

// remember makes an opening count; of two for one person and case the longer.
func (o *opened) remember(opening Opening) {
	of := pair{opening.Case, opening.Person}
	if o.cases[of].Until.Before(opening.Until) {
		o.cases[of] = opening
	}
}

// against says by which opening a person may read the case at that time.
func (o *opened) against(person, casefile uuid.UUID, at time.Time) (uuid.UUID, bool) {
	opening, ok := o.cases[pair{casefile, person}]
	return opening.ID, ok && !at.Before(opening.From.Add(-skew)) && at.Before(opening.Until)
}

// An opening is kept sealed: its ground may name people.
func sealOpening(root []byte, opening Opening) ([]byte, error) {
	text, err := json.Marshal(opening)
	if err != nil {
		return nil, err
	}
	sealer, err := openingSealer(root)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, sealer.NonceSize())
	rand.Read(nonce)
	return sealer.Seal(nonce, nonce, text, nil), nil
}

func readOpening(root []byte, e entry) (Opening, error) {
	var opening Opening
	sealer, err := openingSealer(root)
	if err != nil {
		return opening, err
	}
	if len(e.Data) < sealer.NonceSize() {
		return opening, fmt.Errorf("%w: %s, entry %d", ErrChanged, openingsFile, e.N)
	}
	text, err := sealer.Open(nil, e.Data[:sealer.NonceSize()], e.Data[sealer.NonceSize():], nil)
	if err == nil {
		err = strictly(text, &opening)
	}
	if err != nil {
		return opening, fmt.Errorf("%w: %s, entry %d: %w", ErrChanged, openingsFile, e.N, err)
	}
	return opening, nil
}

func openingSealer(root []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, root, nil, "zharia/keeper/openings", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
