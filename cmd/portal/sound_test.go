package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"zharia/portal/portaltest"
)

// The server of the tests writes nothing to disk for sure, so a portal refuses to serve
// over it; whoever develops may say so, and what was found is named to officials.
func TestAPortalDoesNotServeOverAServerThatCouldLoseAFiling(t *testing.T) {
	t.Parallel()
	db := portaltest.DB(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	c := config{Lists: t.TempDir()}
	watched, _, err := sound(ctx, db, c)
	if watched != nil || !errors.Is(err, errUnsafe) {
		t.Fatalf("it serves: %v", err)
	}
	for _, said := range []string{"fsync is off, wanted: on", "full_page_writes is off", "synchronous_commit is off", "PORTAL_UNSAFE"} {
		if !strings.Contains(err.Error(), said) {
			t.Errorf("it does not say %q: %v", said, err)
		}
	}
	c.Unsafe = development
	watched, found, err := sound(ctx, db, c)
	if err != nil || !strings.HasPrefix(found, "fsync, full_page_writes, synchronous_commit") {
		t.Fatalf("found %q, %v", found, err)
	}
	if !watched.Sound() || time.Since(watched.Now()).Abs() > time.Minute {
		t.Errorf("its clock gives %v", watched.Now())
	}
	// Nothing it gives is before the last act of the record.
	w := portaltest.World(t)
	last := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	if _, err := w.SQL.Exec(`SELECT ledger.record($1, NULL, 'test', 'person', gen_random_uuid(), NULL, '', NULL)`, last); err != nil {
		t.Fatal(err)
	}
	watched, found, err = sound(ctx, w.DB.DB, c)
	if err != nil || !strings.HasSuffix(found, ", clock") || watched.Now().Before(last) {
		t.Errorf("after an act at %v it gives %v; found %q, %v", last, watched.Now(), found, err)
	}
}
