package vault

import (
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
// text that stays is ever sealed so.

// brief begins the associated data of such things.
const brief = "zharia/vault/brief/1\x00"

const briefNonce = 12

// SealBrief seals what stays no longer than a session. The place has no case and no person.
func (k *Keys) SealBrief(table, column string, id uuid.UUID, plain []byte) ([]byte, error) {
	data, err := briefPlace(table, column, id)
	if err != nil {
		return nil, err
	}
	if len(plain) > MaxSize {
		return nil, fmt.Errorf("vault: %d bytes for %s.%s of %s, more than %d", len(plain), table, column, id, MaxSize)
	}
	sealed := make([]byte, briefNonce, briefNonce+len(plain)+tagSize)
	rand.Read(sealed)
	return k.passing.Seal(sealed, sealed[:briefNonce], plain, data), nil
}

// OpenBrief gives back what SealBrief took; anything else is ErrNotSealedHere.
func (k *Keys) OpenBrief(table, column string, id uuid.UUID, sealed []byte) ([]byte, error) {
	data, err := briefPlace(table, column, id)
	if err != nil {
		return nil, err
	}
	if len(sealed) >= briefNonce+tagSize {
		if plain, err := k.passing.Open(nil, sealed[:briefNonce], sealed[briefNonce:], data); err == nil {
			return plain, nil
		}
	}
	return nil, fmt.Errorf("%w: %s.%s of %s", ErrNotSealedHere, table, column, id)
}

func briefPlace(table, column string, id uuid.UUID) ([]byte, error) {
	where, err := Where{Table: table, Column: column, ID: id, Person: id}.Bytes()
	return append([]byte(brief), where...), err
}

func briefKey(tag []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, tag, nil, "zharia/brief", dekSize)
}
