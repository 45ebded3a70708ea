package portal_test

import (
	"encoding/hex"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// BenchmarkCasePage is the page people open most: the victim's case with its
// decisions, through every middleware, session and rights included. Verifying a
// signature is measured in eds (BenchmarkVerifyGOST, BenchmarkVerifyRSA).
func BenchmarkCasePage(b *testing.B) {
	f := open(b)
	g := f.as(f.Aigul)
	path := "/kk/cases/" + f.Theft.String()
	size := len(g.get(path).want(b, "her case", http.StatusOK).body)
	b.ReportAllocs()
	for b.Loop() {
		g.get(path)
	}
	b.ReportMetric(float64(size), "bytes/page")
}

// BenchmarkFilingPage verifies the signature of what was filed anew each time.
func BenchmarkFilingPage(b *testing.B) {
	f := open(b)
	g := f.as(f.Aigul)
	path := "/kk/filings/" + f.Petition(f.Aigul, f.Theft).String()
	g.get(path).want(b, "her petition", http.StatusOK)
	b.ReportAllocs()
	for b.Loop() {
		g.get(path)
	}
}

// BenchmarkFiling is a petition from the form to its number: the document is
// printed, the signature verified, the clock started, the ledger written. What
// the person's own program does, signing, stands outside the clock.
func BenchmarkFiling(b *testing.B) {
	f := open(b)
	n := filing.NewFiling{
		Kind: policy.FilingPetition, Ground: "other", Participant: f.Participant("aigul@theft"), Language: "kk",
		Circumstances: portaltest.Circumstances, Points: []string{portaltest.Request},
	}
	create, submit := f.Aigul.Asks(policy.FilingCreate), f.Aigul.Asks(policy.FilingSubmit)
	b.ReportAllocs()
	for b.Loop() {
		id := uuid.Must(uuid.NewV7())
		if err := filing.Save(b.Context(), f.DB, f.Press, create, f.Theft, id, n); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		content, digest := f.Paper(f.Aigul, id)
		cms := f.SignedBy(f.Aigul, content)
		b.StartTimer()
		if err := filing.Submit(b.Context(), f.DB, f.Press, f.Verifier, submit, id, cms, digest); err != nil {
			b.Fatal(hex.EncodeToString(digest), err)
		}
	}
}

// BenchmarkNotHisAndNotThere is a page of somebody else's beside one of nothing, a
// stranger asking for both in turn: "apart" is the difference of their medians (T12
// wants no more than 5 ms).
func BenchmarkNotHisAndNotThere(b *testing.B) {
	f := open(b)
	g := f.as(f.Stranger)
	id := f.Petition(f.Aigul, f.Theft)
	for name, pair := range map[string][2]string{
		"filing": {"/kk/filings/" + id.String(), "/kk/filings/" + fresh().String()},
		"case":   {"/kk/cases/" + f.Theft.String(), "/kk/cases/" + fresh().String()},
	} {
		b.Run(name, func(b *testing.B) {
			var took [2][]time.Duration
			for b.Loop() {
				for i, path := range pair {
					start := time.Now()
					g.get(path).want(b, path, http.StatusNotFound)
					took[i] = append(took[i], time.Since(start))
				}
			}
			for i := range took {
				slices.Sort(took[i])
			}
			middle := len(took[0]) / 2
			b.ReportMetric(float64((took[0][middle] - took[1][middle]).Abs().Microseconds()), "µs-apart")
		})
	}
}
