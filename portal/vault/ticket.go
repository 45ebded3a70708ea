package vault

import (
	"context"
	"crypto/ed25519"
	"errors"

	"github.com/google/uuid"

	"zharia/portal/database"
)

// ErrRefused is the keeper's no: whoever the ticket is of has no right to the text. The
// keeper's log says why; the portal answers that nothing is there.
var ErrRefused = errors.New("vault: the keeper refuses")

// Keeper is where our house ends: who holds the keys and decides by what he is shown,
// in another process (portal/keeper), or in this one for tests and development.
type Keeper interface {
	// Intake is the public key that new objects are sealed to.
	Intake(ctx context.Context) (Intake, error)
	// TagKey is the key of Tag, given to the process of the portal once at its start.
	TagKey(ctx context.Context) ([]byte, error)
	// Unwrap gives the key of each object, in order; nil for one whose wrap is not
	// what was sealed for its place. Without a right to one of them all are refused
	// with ErrRefused. Any other error means that the keeper is down or sealed. The
	// ticket is in ctx. At most MaxAsks at once.
	Unwrap(ctx context.Context, asks []Ask) ([][]byte, error)
}

// Ticket is what somebody shows the keeper: that he signed in, with which key his
// session signs its requests, or what lets the portal itself open something for him.
type Ticket struct {
	Login     []byte             // the signature (CMS) of the challenge he signed in with
	Challenge []byte             // what it is over; it names the public half of Key
	Key       ed25519.PrivateKey // of the session, there only while a request is answered
	Person    uuid.UUID          // whose it is, to pick his wrap; the keeper does not take our word for it. Zero: who asks the database
	Slip      []byte             // of a worker: what the author of the act signed for it; nil for a person
}

type ticketKey struct{}

// WithTicket is ctx in which texts are opened for whoever the ticket is of.
func WithTicket(ctx context.Context, t Ticket) context.Context {
	return context.WithValue(ctx, ticketKey{}, t)
}

// TicketOf is the ticket of ctx; false where nobody in particular asks.
func TicketOf(ctx context.Context) (Ticket, bool) {
	t, ok := ctx.Value(ticketKey{}).(Ticket)
	return t, ok
}

type closedKey struct{}

// Closed is ctx in which every text stays sealed, and reads as a dash: for what is
// gathered by the same rules as for its owner and shows none of it. The keeper is not
// asked.
func Closed(ctx context.Context) context.Context { return context.WithValue(ctx, closedKey{}, true) }

func closed(ctx context.Context) bool { return ctx.Value(closedKey{}) != nil }

// readerOf is who asks, as far as it matters which wrap of a key is his.
func readerOf(ctx context.Context) uuid.UUID {
	if t, _ := TicketOf(ctx); t.Person != uuid.Nil {
		return t.Person
	}
	return database.Asking(ctx)
}

// holderOf is whom the keys of objects are remembered for: the session, by its key.
// A worker has no memory.
func holderOf(ctx context.Context) string {
	t, _ := TicketOf(ctx)
	if len(t.Key) != ed25519.PrivateKeySize || t.Slip != nil {
		return ""
	}
	return string(t.Key[ed25519.SeedSize:])
}
