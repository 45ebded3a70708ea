package database

import (
	"time"

	"github.com/lib/pq"
)

// Blobs are byte strings of many rows on their way into one statement: as one, and the
// length of each. An array of them would be read letter by letter. In the statement
//
//	substring($1 FROM x.at FOR x.size)   with unnest($2::int[], $3::int[]) AS x(at, size)
//
// is one of them.
type Blobs struct {
	All  []byte
	At   pq.Int32Array // where each begins, from 1
	Size pq.Int32Array
}

// Add adds one. All together are less than half a gigabyte.
func (b *Blobs) Add(one []byte) {
	b.At, b.Size = append(b.At, int32(len(b.All)+1)), append(b.Size, int32(len(one)))
	b.All = append(b.All, one...)
}

// Times is an array of moments.
func Times(all []time.Time) pq.StringArray {
	out := make(pq.StringArray, len(all))
	for i, t := range all {
		out[i] = t.UTC().Format(time.RFC3339Nano)
	}
	return out
}

// MaybeTimes is an array of moments, of which some may be none.
func MaybeTimes(all []*time.Time) any {
	out := make([]*string, len(all))
	for i, t := range all {
		if t != nil {
			text := t.UTC().Format(time.RFC3339Nano)
			out[i] = &text
		}
	}
	return pq.Array(out)
}
