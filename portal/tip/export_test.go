package tip

import "github.com/google/uuid"

// What tests look at from outside.
var (
	CodeOf    = codeOf
	AtWork    = atWork
	InLine    = inLine
	AtOnce    = atOnce
	SlowOnce  = slowOnce
	BearerOf  = bearerOf
	TicketLen = 38
)

// OpenWith opens what was sealed to a code.
func OpenWith(b bearer, id uuid.UUID, own []byte) (Words, error) {
	all, err := b.open(id, own)
	return all.Words, err
}
