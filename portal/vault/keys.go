package vault

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Keys are what the process of the portal has for texts: to whom they are sealed, the
// keeper who opens them, and the key of Tag. None of it opens a text.
type Keys struct {
	keeper  Keeper
	intake  atomic.Pointer[Intake]
	tag     []byte
	passing cipher.AEAD // brief.go
	made    memory
	renewed atomic.Int64 // when the intake was last asked for, in nanoseconds

	// Outside is where the greater part of files lies, set before anything is sealed; nil:
	// in the database.
	Outside Shelf
}

// MaxIntakeAge is how long texts are sealed to a key that the keeper was not asked about
// again. Past it he may have forgotten that epoch (keeper.Rest is longer), and what is
// sealed to it would open to nobody: then nothing is taken.
const MaxIntakeAge = 6 * 24 * time.Hour

// Connect takes from the keeper what the portal needs of him all the time.
func Connect(ctx context.Context, keeper Keeper) (*Keys, error) {
	k := &Keys{keeper: keeper, made: memory{keys: map[[32]byte]lasting{}, clock: time.Now}}
	var err error
	if k.tag, err = keeper.TagKey(ctx); err != nil {
		return nil, fmt.Errorf("vault: the keeper's tagging key: %w", err)
	}
	if len(k.tag) != sha256.Size {
		return nil, fmt.Errorf("vault: a tagging key of %d bytes", len(k.tag))
	}
	key, err := briefKey(k.tag)
	if err != nil {
		return nil, err
	}
	if k.passing, err = textAEAD(key); err != nil {
		return nil, err
	}
	return k, k.Renew(ctx)
}

// Renew asks to whom new texts are sealed now: after a new epoch, another key. Until
// then what is sealed to the old one opens as well.
func (k *Keys) Renew(ctx context.Context) error {
	intake, err := k.keeper.Intake(ctx)
	if err != nil {
		return fmt.Errorf("vault: the keeper's intake key: %w", err)
	}
	if _, err := kem().NewPublicKey(intake.Key); err != nil {
		return fmt.Errorf("vault: the keeper's intake key: %w", err)
	}
	k.intake.Store(&intake)
	k.renewed.Store(k.made.clock().UnixNano())
	return nil
}

// Keeper is whoever opens what these keys seal.
func (k *Keys) Keeper() Keeper { return k.keeper }

// Intake is to whom new texts are sealed.
func (k *Keys) Intake() Intake { return *k.intake.Load() }

// Tag is a keyed fingerprint of value (HMAC-SHA256, 32 bytes), the same each time: the
// way to look a sealed IIN up. Without the key it can be neither computed nor
// guessed by trying all IINs. Tags of different purposes ("person.iin") have
// nothing in common, so one table cannot be matched with another.
func (k *Keys) Tag(purpose, value string) []byte { return Tag(k.tag, purpose, value) }

// BlindID is the id of whoever a tag is of: a UUID of version 8 of its first 16 bytes.
// Who shows a certificate is bound to his id by the key of the tags, and no row of the
// database can say otherwise.
func BlindID(tag []byte) uuid.UUID {
	id := uuid.UUID(tag[:16])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Tag is Keys.Tag for whoever has the key itself.
func Tag(key []byte, purpose, value string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(purpose))))
	mac.Write([]byte(purpose))
	mac.Write([]byte(value))
	return mac.Sum(nil)
}
