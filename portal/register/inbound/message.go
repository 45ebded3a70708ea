// Package inbound is what the register of investigations sends the portal: bodies and
// officials, cases, who is what in them, and papers that were signed elsewhere. Each
// message is signed with the register's own key over its exact bytes, is taken once, in
// the order of its case, and goes through the doors of the domains like everything else.
// Nothing in it is trusted but that: form, days, numbers and every signature are checked.
package inbound

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/vault"
)

// Envelope is how a message travels: its bytes, and the register's detached signature.
type Envelope struct {
	Body string `json:"body" is:"body"`
	CMS  string `json:"cms" is:"cms"`
}

// wire is the body of a message.
type wire struct {
	ID       string          `json:"id" is:"uuid"`
	Portal   string          `json:"portal" is:"origin"` // whom it is for: what one portal was sent no other takes
	Kind     string          `json:"kind" is:"word"`
	At       string          `json:"at" is:"moment"`
	Case     string          `json:"case,omitempty" is:"uuid"`
	Sequence int64           `json:"sequence,omitempty"`
	Data     json.RawMessage `json:"data"`
}

// Message is one that was read: its form is right, and nothing else is known of it.
type Message struct {
	ID       uuid.UUID
	Kind     Kind
	At       time.Time // when the register wrote it
	Case     uuid.UUID // zero: about none
	Sequence int64     // among those about the case: 1, 2, 3…
	Digest   []byte    // SHA-256 of the body

	payload payload
	problem error // of what it carries: the message is known, so it can be set aside
	partly  error // why something in it was passed over, though the rest was taken
}

// remark is what those on duty are told of a message that was taken; nothing of a whole one.
func (m *Message) remark() (code, field string) {
	if m.partly == nil {
		return "", ""
	}
	return Code(m.partly)
}

// payload is what a kind of message carries.
type payload interface {
	// check is all that the message alone can tell. db is asked nothing: its keys make
	// the ids of persons.
	check(m *Message, db *vault.DB) error
	// prove verifies the signatures in it: no transaction is open, an authority may be slow.
	prove(ctx context.Context, in *Inbox, m *Message) error
	// take goes through the doors of the domains. told says that the act of the door has
	// the digest of the message.
	take(ctx context.Context, tx *vault.DB, m *Message, at time.Time) (told bool, persons []uuid.UUID, err error)
}

// skew is how far ahead the clock of the register may be.
const skew = 5 * time.Minute

// elsewhere refuses what the register signed for another portal. Whoever caught it there can
// bring it here, so nothing of it is kept.
const elsewhere = "fault.register-portal"

// Read reads the body of a message, whose signature was verified, as the portal of this
// origin. An error means that it is no message at all, or not for this portal; what else is
// wrong with it comes up when it is taken.
func Read(body []byte, origin string, db *vault.DB, at time.Time) (Message, error) {
	if len(body) > maxBody {
		return Message{}, fault.New(fault.Invalid, "fault.too-large").At("body")
	}
	var w wire
	if err := decode(body, &w); err != nil {
		return Message{}, err
	}
	if w.Portal != origin {
		return Message{}, fault.New(fault.Forbidden, elsewhere).At("portal")
	}
	sum := sha256.Sum256(body)
	m := Message{ID: idOf(w.ID), Kind: Kind(w.Kind), At: momentOf(w.At), Case: idOf(w.Case), Sequence: w.Sequence, Digest: sum[:]}
	k, known := kinds[m.Kind]
	switch {
	case !known:
		return m, refused("kind")
	case k.of(ofCase) != (w.Case != ""):
		return m, refused("case")
	case (w.Case != "") != (w.Sequence != 0):
		return m, refused("sequence")
	case m.At.After(at.Add(skew)):
		return m, fault.New(fault.Invalid, "fault.register-future").At("at")
	}
	m.payload = k.fresh()
	if m.problem = fill(w.Data, m.payload); m.problem == nil {
		m.problem = m.payload.check(&m, db)
	}
	return m, nil
}
