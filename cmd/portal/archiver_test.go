package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"zharia/portal/database"
	"zharia/portal/ops"
	"zharia/portal/portaltest"
)

// An archive that takes nothing any more fills the disk of the database, and what is
// acknowledged meanwhile can be put back to no moment: operators hear of it, by a login
// that has no right of its own for it.
func TestOperatorsHearOfALogThatIsNotArchived(t *testing.T) {
	dir, err := os.MkdirTemp("", "zharia-archiver-") // the server's user must be able to come to it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mounted := filepath.Join(dir, "mounted")
	if err := os.WriteFile(mounted, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	w, _ := portaltest.Private(t, "archive_mode=on", "archive_command=test -e "+mounted)
	work, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer work.Close()
	meter := ops.NewMeter()
	meter.Read(hands{work: work}.archived)
	figure := func(name string) float64 {
		t.Helper()
		text := written(t.Context(), meter)
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("no %s in\n%s", name, text)
		}
		value, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	// Something is written, and a segment of the log ends.
	write := func() {
		w.SQL.MustExec(`SELECT pg_logical_emit_message(true, 'test', 'x')`)
		w.SQL.MustExec(`SELECT pg_switch_wal()`)
	}
	until := func(what string, holds func() bool) {
		t.Helper()
		for range 200 {
			if holds() {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("%s does not come:\n%s", what, written(t.Context(), meter))
	}
	well := func() bool {
		return figure("portal_archive_on") == 1 && figure("portal_archive_failed") == 0 &&
			figure("portal_archive_waiting_segments") == 0 && figure("portal_archive_waiting_seconds") == 0
	}
	write()
	until("an archive that goes well", well)

	if err := os.Remove(mounted); err != nil {
		t.Fatal(err)
	}
	write()
	until("a failure", func() bool { return figure("portal_archive_failed") == 1 })
	write()
	if n, s := figure("portal_archive_waiting_segments"), figure("portal_archive_waiting_seconds"); n < 2 || n > 3 || s <= 0 || s > 60 {
		t.Errorf("%g segments wait, for %g seconds", n, s)
	}

	if err := os.WriteFile(mounted, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	write()
	until("an archive that goes well again", well)

	// A machine that is away holds the log as well.
	if n := figure("portal_slots_waiting_segments"); n != 0 {
		t.Errorf("%g segments are held for nobody", n)
	}
	w.SQL.MustExec(`SELECT pg_create_physical_replication_slot('away', true)`)
	before := figure("portal_slots_waiting_segments") // since the last checkpoint
	write()
	write()
	if n := figure("portal_slots_waiting_segments") - before; n != 2 {
		t.Errorf("%g more segments are held, and two were written", n)
	}
}

func written(ctx context.Context, meter *ops.Meter) string {
	var out strings.Builder
	meter.Write(ctx, &out)
	return out.String()
}

func TestAServerThatArchivesNothingSaysSo(t *testing.T) {
	w := portaltest.World(t)
	work, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer work.Close()
	figures, err := hands{work: work}.archived(t.Context())
	if err != nil || figures[0].Name != "portal_archive_on" || figures[0].Value != 0 {
		t.Errorf("%+v %v", figures, err)
	}
	for _, f := range figures[1:] {
		if f.Value != 0 {
			t.Errorf("%+v", f)
		}
	}
}
