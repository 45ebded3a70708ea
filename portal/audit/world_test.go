package audit_test

import (
	"testing"

	"zharia/portal/audit"
	"zharia/portal/portaltest"
)

func TestADemonstrationThatWasPlayedIsSound(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	w.Petition(w.Aigul, w.Theft)
	r := verify(t, w.DB.DB, audit.Options{})
	sound(t, r)
	t.Logf("%d acts, %d traces, %d rows in %v", r.Size, r.Traces, r.Rows, r.Took)
}

func BenchmarkVerifyADemonstration(b *testing.B) {
	w := portaltest.World(b)
	for b.Loop() {
		sound(b, verify(b, w.DB.DB, audit.Options{}))
	}
}

func BenchmarkVerifyAThousandActs(b *testing.B) {
	w := found(b, 1000)
	for b.Loop() {
		sound(b, w.audit())
	}
}
