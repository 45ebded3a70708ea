package leave_test

import (
	"testing"

	"github.com/google/uuid"

	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// BenchmarkUnwrap is how many texts of a case the keeper opens in a second for somebody
// with standing by papers, over its socket, with all its rules.
func BenchmarkUnwrap(b *testing.B) {
	w := portaltest.Kept(b)
	client, ctx := w.Guarded().Client, w.Aigul.As(b.Context())
	var asks []vault.Ask
	for range vault.MaxAsks {
		where := vault.Where{Table: "filing", Column: "body", ID: uuid.New(), Case: w.Theft}
		sealed, err := w.DB.Keys.SealText(where, "мәтін")
		ok(b, err)
		head, err := vault.Head(where, sealed)
		ok(b, err)
		asks = append(asks, head)
	}
	_, err := client.Unwrap(ctx, asks) // signed in, papers shown
	ok(b, err)
	for b.Loop() {
		_, err := client.Unwrap(ctx, asks)
		ok(b, err)
	}
	b.ReportMetric(float64(b.N*len(asks))/b.Elapsed().Seconds(), "texts/s")
}
