package proving

import (
	"context"
	"fmt"
	"slices"
)

// great is from how many rows on a table must not be read from end to end for one person.
const great = 5000

const selectWalks = `SELECT relname, seq_scan FROM pg_stat_user_tables WHERE n_live_tup > $1`

// Walks is how often each great table was read from end to end since PostgreSQL began to
// count. It tells what an idle session did after ten seconds.
func (s *Site) Walks(ctx context.Context) (map[string]int64, error) {
	var rows []struct {
		Table string `db:"relname"`
		Scans int64  `db:"seq_scan"`
	}
	if err := s.DB.SelectContext(ctx, &rows, selectWalks, great); err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, r := range rows {
		out[r.Table] = r.Scans
	}
	return out, nil
}

// Walked says what was read from end to end between two looks: "document 24 times".
func Walked(before, after map[string]int64) (out []string) {
	for table, n := range after {
		if was, known := before[table]; known && n > was {
			out = append(out, fmt.Sprintf("%s %d times", table, n-was))
		}
	}
	slices.Sort(out)
	return out
}
