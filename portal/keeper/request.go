package keeper

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// place is vault.Where as it goes over the socket.
type place struct {
	Table  string    `json:"table"`
	Column string    `json:"column"`
	ID     uuid.UUID `json:"id"`
	Case   uuid.UUID `json:"case,omitzero"`
	Person uuid.UUID `json:"person,omitzero"`
	Body   uuid.UUID `json:"body,omitzero"`
	House  bool      `json:"house,omitempty"`
}

// ask is vault.Ask as it goes over the socket.
type ask struct {
	place
	Epoch   uint32 `json:"epoch"`
	Enc     []byte `json:"enc"`
	Wrapped []byte `json:"wrapped"`
	Packed  bool   `json:"packed,omitempty"`
}

func asksOf(asks []vault.Ask) []ask {
	out := make([]ask, len(asks))
	for i, a := range asks {
		out[i] = ask{place(a.Where), a.Epoch, a.Enc, a.Wrapped, a.Packed}
	}
	return out
}

func (a ask) ask() vault.Ask {
	return vault.Ask{Where: a.where(), Epoch: a.Epoch, Enc: a.Enc, Wrapped: a.Wrapped, Packed: a.Packed}
}

func (p place) where() vault.Where { return vault.Where(p) }

// request is what the key of a session signs: what it wants opened, when, once.
type request struct {
	Login []byte    `json:"login"` // loginName
	At    time.Time `json:"at"`
	Nonce []byte    `json:"nonce"`
	Asks  []ask     `json:"asks"`
}

// signed is a body with the signature of the key of a session over its very bytes.
type signed struct {
	Body      json.RawMessage `json:"body"`
	Signature []byte          `json:"signature"`
}

// What a signature is for stands before what it is over: a request is no slip.
const (
	forRequest = "zharia/keeper/request/1\x00"
	forSlip    = "zharia/keeper/slip/1\x00"
)

func sign(key ed25519.PrivateKey, purpose string, body any) (signed, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return signed{}, err
	}
	return signed{text, ed25519.Sign(key, append([]byte(purpose), text...))}, nil
}

func (s signed) by(key ed25519.PublicKey, purpose string) bool {
	return len(s.Signature) == ed25519.SignatureSize && ed25519.Verify(key, append([]byte(purpose), s.Body...), s.Signature)
}

// SlipLife is how long a worker may open what its author let it.
const SlipLife = 24 * time.Hour

// MaxPlaces is how many objects one slip names: the pieces of the longest recording,
// each with its author's own wrap.
const MaxPlaces = 1024

// slip is what the author of an act signs, with the key of his session, so that the
// portal can finish the act without him: these objects, until then, and no others.
type slip struct {
	Challenge []byte `json:"challenge"` // the sign-in of the author
	Login     []byte `json:"login"`
	Signed    signed `json:"signed"` // a permit
}

type permit struct {
	Login  []byte    `json:"login"` // loginName: a permit belongs to one sign-in
	At     time.Time `json:"at"`
	Places []place   `json:"places"`
}

// NewSlip makes a slip for these places, for a worker's Ticket. It has the author's
// certificate in it, so it is kept sealed.
func NewSlip(t vault.Ticket, at time.Time, places ...vault.Where) ([]byte, error) {
	if len(t.Key) != ed25519.PrivateKeySize || len(places) == 0 || len(places) > MaxPlaces {
		return nil, fmt.Errorf("keeper: a slip for %d places, with a key of %d bytes", len(places), len(t.Key))
	}
	name := loginName(t.Challenge, t.Login)
	p := permit{Login: name[:], At: at.UTC()}
	for _, where := range places {
		if _, err := where.Bytes(); err != nil {
			return nil, err
		}
		p.Places = append(p.Places, place(where))
	}
	s, err := sign(t.Key, forSlip, p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(slip{t.Challenge, t.Login, s})
}

func newNonce() []byte {
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	return nonce
}

// strictly reads one JSON value with no field that we do not know and nothing after.
func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("keeper: something follows the message")
	}
	return nil
}
