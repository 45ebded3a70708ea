package tip

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// A text for the holder of a code: enc, 32 bytes, then the text and 16 bytes of tag, as
// HPKE has them (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM). The message it belongs to
// is bound to it, so no text passes for another.

const (
	encSize = 32
	info    = "zharia/tip/1"
)

func kem() hpke.KEM { return hpke.DHKEM(ecdh.X25519()) }

// step of the length of what is sealed, in bytes: how long a short text is does not show.
const block = 512

// said is what is sealed of a message: its words, and what its files are.
type said struct {
	Words
	Files []File `json:"files,omitempty"`
}

// padded is the words with spaces after them, which JSON does not mind.
func padded(w said) ([]byte, error) {
	plain, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	return append(plain, bytes.Repeat([]byte{' '}, (block-len(plain)%block)%block)...), nil
}

// message is a text sealed for both sides.
type message struct {
	text   []byte // for the body
	own    []byte // for the holder of the code
	digest []byte
}

func where(body, id uuid.UUID) vault.Where {
	return vault.Where{Table: "tip_message", Column: "text", ID: id, Body: body}
}

// sealed seals words for the body and for the holder of the code whose public key this is.
func sealed(keys *vault.Keys, body, id uuid.UUID, to []byte, w Words, files ...kept) (m message, err error) {
	all := said{Words: w}
	var of [][]byte
	for _, f := range files {
		all.Files = append(all.Files, f.File)
		of = append(of, f.row.Digest)
	}
	plain, err := padded(all)
	if err != nil {
		return m, err
	}
	if m.text, err = keys.Seal(where(body, id), plain); err != nil {
		return m, err
	}
	key, err := kem().NewPublicKey(to)
	if err != nil {
		return m, fmt.Errorf("tip: the key of a code: %w", err)
	}
	enc, sender, err := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info))
	if err != nil {
		return m, fmt.Errorf("tip: seal to a code: %w", err)
	}
	own, err := sender.Seal(id[:], plain)
	if err != nil {
		return m, fmt.Errorf("tip: seal to a code: %w", err)
	}
	m.own = append(enc, own...)
	m.digest, err = digest(m.text, m.own, of...)
	return m, err
}

// digest is the fingerprint of a message as it is kept, with those of its files. The wraps
// of its key are left out: a new epoch of the keeper changes those and nothing else.
func digest(text, own []byte, files ...[]byte) ([]byte, error) {
	wraps, err := vault.Wraps(text)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	sum.Write(text[len(wraps):])
	sum.Write(own)
	for _, f := range files {
		sum.Write(f)
	}
	return sum.Sum(nil), nil
}

// open gives the holder of a code what was sealed to it.
func (b bearer) open(id uuid.UUID, own []byte) (w said, err error) {
	if len(own) < encSize {
		return w, vault.ErrNotSealedHere
	}
	recipient, err := hpke.NewRecipient(own[:encSize], b.key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info))
	if err != nil {
		return w, vault.ErrNotSealedHere
	}
	plain, err := recipient.Open(id[:], own[encSize:])
	if err != nil {
		return w, vault.ErrNotSealedHere
	}
	err = json.Unmarshal(plain, &w)
	return w, err
}
