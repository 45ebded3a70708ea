// Package slip lets the portal finish what somebody began, when he has left: he signs,
// with the key of his session, that these texts may be opened once more within a day
// (keeper.SlipLife), and no others. What he signed lies with the work that is left,
// sealed for the portal's own processes: it names him.
package slip

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/keeper"
	"zharia/portal/vault"
)

// Make seals a slip of whoever the ticket of ctx is of, for a row of a table. A worker
// hands on the slip that it has itself. nil where nobody in particular asks: then a
// keeper that asks for no right opens it, and no other.
func Make(ctx context.Context, keys *vault.Keys, table string, row uuid.UUID, at time.Time, places ...vault.Where) ([]byte, error) {
	t, _ := vault.TicketOf(ctx)
	person, paper := t.Person, t.Slip
	if person == uuid.Nil {
		person = database.Asking(ctx)
	}
	if paper == nil {
		if len(t.Key) == 0 || len(t.Login) == 0 || len(places) == 0 {
			return nil, nil
		}
		var err error
		if paper, err = keeper.NewSlip(t, at, reach(places, person)...); err != nil {
			return nil, err
		}
	}
	return keys.SealBrief(table, "slip", row, append(person[:], paper...))
}

// reach are the places, and the same as the person's own: of an object that he opens by
// his own right, his is the wrap that is asked for.
func reach(places []vault.Where, person uuid.UUID) []vault.Where {
	out := append([]vault.Where(nil), places...)
	for _, where := range places {
		if own := where.Own(person); person != uuid.Nil && own != where {
			out = append(out, own)
		}
	}
	return out
}

// Bear is ctx in which what the slip of a row names is opened for whoever signed it.
func Bear(ctx context.Context, keys *vault.Keys, table string, row uuid.UUID, sealed []byte) (context.Context, error) {
	if sealed == nil {
		return ctx, nil
	}
	plain, err := keys.OpenBrief(table, "slip", row, sealed)
	if err != nil {
		return ctx, err
	}
	if len(plain) <= len(uuid.UUID{}) {
		return ctx, fmt.Errorf("slip: of %d bytes", len(plain))
	}
	return vault.WithTicket(ctx, vault.Ticket{Person: uuid.UUID(plain[:16]), Slip: plain[16:]}), nil
}
