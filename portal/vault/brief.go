package vault

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"
)

// Some things only pass through the database, in minutes or for the life of a session:
// a signature that a phone brings, what was typed before the sign-in, the login that is
// shown to the keeper itself. Nobody has a right there yet that the keeper could
// judge. They are sealed with a key that each process of the portal makes of the
// tagging key and that lies on no disk: a copy of the database does not open them. No
// text that people write about a case is ever sealed so: what a phone is to sign, and what
// was typed before the sign-in, is sealed with a secret of its own as well (SealShown), for
// the log of the database is kept longer than any row, and the tagging key never changes.
//
// One thing that stays is: where somebody wishes to be told that there is news, an
// address or a number of a telephone. Whatever sends must read it while nobody is signed
// in, so no right can be shown for it. A copy of the database does not open it; whoever
// rules the machine of the portal while it runs does. README.md says so to everybody.

// What begins the associated data of what passes through, of what is opened for whoever
// shows a secret, and of what the hand reads.
const (
	brief = "zharia/vault/brief/1\x00"
	shown = "zharia/vault/shown/1\x00"
	hand  = "zharia/vault/hand/1\x00"
)

const briefNonce = 12

// SealBrief seals what stays no longer than a session. The place has no case and no person.
func (k *Keys) SealBrief(table, column string, id uuid.UUID, plain []byte) ([]byte, error) {
	return sealPassing(k.passing, brief, table, column, id, plain)
}

// SealShown seals what is opened for whoever shows a secret that is kept nowhere: the code
// on somebody's page. Neither a copy of the database nor the keys of the portal open it
// without that.
func (k *Keys) SealShown(secret, table, column string, id uuid.UUID, plain []byte) ([]byte, error) {
	aead, err := k.shown(secret)
	if err != nil {
		return nil, err
	}
	return sealPassing(aead, shown, table, column, id, plain)
}

// OpenShown gives back what SealShown took; anything else is ErrNotSealedHere.
func (k *Keys) OpenShown(secret, table, column string, id uuid.UUID, sealed []byte) ([]byte, error) {
	aead, err := k.shown(secret)
	if err != nil {
		return nil, err
	}
	return openPassing(aead, shown, table, column, id, sealed)
}

func (k *Keys) shown(secret string) (cipher.AEAD, error) {
	return textAEAD(k.Tag("vault.shown", secret))
}

// SealHand seals what the portal's own hand must read later, when nobody is signed in:
// an address to send to, and nothing else.
func (k *Keys) SealHand(table, column string, id uuid.UUID, plain []byte) ([]byte, error) {
	return sealPassing(k.passing, hand, table, column, id, plain)
}

// OpenHand gives back what SealHand took; anything else is ErrNotSealedHere.
func (k *Keys) OpenHand(table, column string, id uuid.UUID, sealed []byte) ([]byte, error) {
	return openPassing(k.passing, hand, table, column, id, sealed)
}

func sealPassing(with cipher.AEAD, what, table, column string, id uuid.UUID, plain []byte) ([]byte, error) {
	data, err := passingPlace(what, table, column, id)
	if err != nil {
		return nil, err
	}
	if len(plain) > MaxSize {
		return nil, fmt.Errorf("vault: %d bytes for %s.%s of %s, more than %d", len(plain), table, column, id, MaxSize)
	}
	sealed := make([]byte, briefNonce, briefNonce+len(plain)+tagSize)
	rand.Read(sealed)
	return with.Seal(sealed, sealed[:briefNonce], plain, data), nil
}

// OpenBrief gives back what SealBrief took; anything else is ErrNotSealedHere.
func (k *Keys) OpenBrief(table, column string, id uuid.UUID, sealed []byte) ([]byte, error) {
	return openPassing(k.passing, brief, table, column, id, sealed)
}

func openPassing(with cipher.AEAD, what, table, column string, id uuid.UUID, sealed []byte) ([]byte, error) {
	data, err := passingPlace(what, table, column, id)
	if err != nil {
		return nil, err
	}
	if len(sealed) >= briefNonce+tagSize {
		if plain, err := with.Open(nil, sealed[:briefNonce], sealed[briefNonce:], data); err == nil {
			return plain, nil
		}
	}
	return nil, fmt.Errorf("%w: %s.%s of %s", ErrNotSealedHere, table, column, id)
}

func passingPlace(what, table, column string, id uuid.UUID) ([]byte, error) {
	where, err := Where{Table: table, Column: column, ID: id, Person: id}.Bytes()
	return append([]byte(what), where...), err
}

func briefKey(tag []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, tag, nil, "zharia/brief", dekSize)
}
