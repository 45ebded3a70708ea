package leave_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zharia/portal/leave"
	"zharia/portal/portaltest"
)

// files are those of a folder, and what is in them.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	ok(t, err)
	for _, e := range entries {
		if e.Type().IsRegular() {
			out[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name()))
			ok(t, err)
		}
	}
	return out
}

// A folder of yesterday is whole in itself: only somebody outside can tell.
func TestAKeeperWhoseFolderWasPutBackIsFoundOut(t *testing.T) {
	w := portaltest.Kept(t)
	g := w.Guarded()
	courier := &leave.Courier{DB: w.DB, Keeper: g.Client}
	acts := func() (n int) {
		t.Helper()
		ok(t, w.SQL.Get(&n, `SELECT count(*) FROM record WHERE act = 'keeper-recall'`))
		return n
	}
	recall := func() error { return leave.Recall(t.Context(), w.DB.DB, g.Client, 0, w.At) }
	ok(t, courier.Go(t.Context(), w.At))
	ok(t, recall())
	yesterday := files(t, g.Folder())
	n := acts()

	w.At = w.At.Add(24 * time.Hour)
	ok(t, w.End(w.Daniyar, w.Participant("serik@theft")))
	ok(t, courier.Go(t.Context(), w.At))
	ok(t, recall())
	if acts() != n+1 {
		t.Errorf("%d acts say what was withdrawn, and there were %d", acts(), n)
	}
	ok(t, recall())
	g.Stop()
	today := files(t, g.Folder())
	g.Start()
	g.Unseal()
	ok(t, recall())
	if acts() != n+1 {
		t.Error("nothing is new, and an act says so")
	}

	put := func(files map[string][]byte) {
		t.Helper()
		g.Stop()
		for name, content := range files {
			ok(t, os.WriteFile(filepath.Join(g.Folder(), name), content, 0o600))
		}
		g.Start()
		g.Unseal()
	}
	put(yesterday)
	if err := recall(); !errors.Is(err, leave.ErrForgot) {
		t.Errorf("with the folder of yesterday: %v", err)
	}
	if acts() != n+1 {
		t.Error("and an act says that all is well")
	}
	put(today)
	ok(t, recall())

	// Nobody has that of today any more. The site says so, and the record keeps it.
	put(yesterday)
	var last int64
	ok(t, w.SQL.Get(&last, `SELECT max(seq) FROM record WHERE act = 'keeper-recall'`))
	for _, lost := range []int64{0, last - 1, last + 1} {
		if err := leave.Recall(t.Context(), w.DB.DB, g.Client, lost, w.At); !errors.Is(err, leave.ErrForgot) {
			t.Errorf("with act %d of %d given up: %v", lost, last, err)
		}
	}
	ok(t, leave.Recall(t.Context(), w.DB.DB, g.Client, last, w.At))
	if acts() != n+2 {
		t.Error("and nothing says so")
	}
	ok(t, recall())
	put(map[string][]byte{"withdrawn": today["withdrawn"], "withdrawn.head": today["withdrawn.head"]})
	ok(t, recall()) // it was found after all
}
