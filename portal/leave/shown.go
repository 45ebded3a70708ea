package leave

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/keeper"
	"zharia/portal/vault"
	"zharia/portal/warrant/papers"
)

// Papers is what the portal shows the keeper for whoever asks, himself or by the slip that
// a worker has of him: keeper.Client.Papers. db is the portal's own hand; what it reads is
// sealed.
func Papers(db *vault.DB) func(context.Context, uuid.UUID) ([]keeper.SealedPaper, error) {
	return func(ctx context.Context, casefile uuid.UUID) ([]keeper.SealedPaper, error) {
		person := database.Asking(ctx)
		if t, _ := vault.TicketOf(ctx); t.Person != uuid.Nil {
			person = t.Person
		}
		all, err := papers.Of(ctx, db, person, casefile)
		var out []keeper.SealedPaper
		for _, p := range all {
			one := shows(p)
			if one.Case != uuid.Nil { // of the case itself, or of one that people of it came from
				one.Case = casefile
			}
			out = append(out, one)
		}
		return out, err
	}
}

// shows is a paper as it goes to the keeper.
func shows(p papers.Paper) keeper.SealedPaper {
	s := keeper.SealedPaper{
		Case: p.Case, Content: keeper.Object{Where: p.ContentAt, Bytes: p.Content},
		Signatures: []keeper.Object{{Where: p.CMSAt, Bytes: p.CMS}}, Ended: p.Ended,
	}
	if p.Evidence != nil {
		s.Evidence = []keeper.Object{{Where: p.EvidenceAt, Bytes: p.Evidence}}
	}
	return s
}

// How often the keeper is shown what was signed meanwhile; how long the transaction of a
// paper may last, so that one that was signed earlier comes later; how far back it is
// looked after a start; and how many papers go before it is looked again what is new.
const (
	courierStep  = 2 * time.Second
	courierSlack = 2 * time.Minute
	courierPast  = 24 * time.Hour
	courierLoad  = 500
)

// Courier shows the keeper each paper that gives or takes a right as soon as it is
// signed, or came from the register, so that one who lost his right is refused a moment
// later, and a row that is deleted afterwards changes nothing.
type Courier struct {
	DB     *vault.DB // the portal's own hand
	Keeper *keeper.Client

	after time.Time
	done  map[papers.New]bool
}

// Run goes on until ctx ends.
func (c *Courier) Run(ctx context.Context) {
	told := false
	for ctx.Err() == nil {
		err := c.Go(ctx, time.Now())
		if err != nil && !told && ctx.Err() == nil {
			slog.WarnContext(ctx, "the keeper was not shown what was signed", "error", err)
		}
		told = err != nil
		select {
		case <-ctx.Done():
		case <-time.After(courierStep):
		}
	}
}

// Go shows what is new once.
func (c *Courier) Go(ctx context.Context, at time.Time) error {
	if c.done == nil {
		c.after, c.done = at.Add(-courierPast), map[papers.New]bool{}
	}
	all, err := papers.Since(ctx, c.DB, c.after)
	if err != nil {
		return err
	}
	var fresh []papers.New
	for i := range all {
		all[i].At = all[i].At.UTC()
		if !c.done[all[i]] {
			fresh = append(fresh, all[i])
		}
	}
	// A file of the register brings cases by the hundred thousand: nobody's ending waits for them.
	slices.SortStableFunc(fresh, func(a, b papers.New) int { return order(a.First) - order(b.First) })
	left := len(fresh) > courierLoad
	fresh = fresh[:min(len(fresh), courierLoad)]
	ids := make([]uuid.UUID, len(fresh))
	for i, n := range fresh {
		ids[i] = n.ID
	}
	for len(fresh) > 0 {
		n := min(len(fresh), 50)
		some, err := papers.These(ctx, c.DB, ids[:n])
		if err != nil {
			return err
		}
		sealed := make([]keeper.SealedPaper, len(some))
		for i, p := range some {
			sealed[i] = shows(p)
		}
		if err := c.Keeper.ShowNew(ctx, sealed...); err != nil {
			return err
		}
		for _, one := range fresh[:n] {
			c.done[one] = true
		}
		fresh, ids = fresh[n:], ids[n:]
	}
	if len(all) > 0 && !left {
		c.after = maxTime(c.after, all[len(all)-1].At.Add(-courierSlack))
		for one := range c.done {
			if !one.At.After(c.after) {
				delete(c.done, one)
			}
		}
	}
	return nil
}

func order(later bool) int {
	if later {
		return 1
	}
	return 0
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
