package feed

import (
	"context"
	"fmt"

	"zharia/portal/database"
)

// Life is which life of the record an event is told in. A record that was put back to a
// moment (backup.GiveUp) gives the positions of what came after it again, to other acts:
// whoever was told of those has to forget them. Nobody else need have seen them, for what is
// told goes out within a second, and a witness has it later.
type Life struct {
	Number int64 `json:"life,omitempty" db:"life"` // another than before: it was put back meanwhile; 0: it never was
	Kept   int64 `json:"kept,omitempty" db:"kept"` // to this position an event is the same in each life
}

// The number is when it was put back last. How often would not do: a copy that is put back
// twice has been put back once. And the least that was ever kept, for nobody knows which
// lives in between a subscriber heard of.
const selectLife = `
SELECT coalesce((array_agg((extract(epoch FROM v.at) * 1000)::bigint ORDER BY r.seq DESC))[1], 0) AS life, coalesce(min(v.acts), 0) AS kept
  FROM restoration v
  JOIN record r ON r.object = 'restoration' AND r.object_id = v.id`

// ReadLife reads which life of the record this is.
func ReadLife(ctx context.Context, db *database.DB) (Life, error) {
	var l Life
	if err := db.Get(ctx, &l, selectLife); err != nil {
		return Life{}, fmt.Errorf("read the life of the record: %w", err)
	}
	return l, nil
}
