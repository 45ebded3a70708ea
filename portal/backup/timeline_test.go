package backup_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"zharia"
	"zharia/portal/backup"
	"zharia/portal/database"
	"zharia/portal/filing"
	"zharia/portal/policy"
)

// back puts the server back, believes it, and gives the numbers that it remembers (live).
func (w *town) back(t *testing.T, at time.Time, timeline uint32) (dir string, r backup.Reached, lived []int) {
	t.Helper()
	dir = folder(t)
	r, err := backup.RestoreAt(t.Context(), backup.Instant{Base: w.base, WAL: w.archive, Dir: dir, At: at, Timeline: timeline}, zharia.Schema,
		func(_ context.Context, db *database.DB) error {
			beside, err := sqlx.Connect("postgres", strings.Replace(db.DSN(), "dbname='portal'", "dbname='postgres'", 1))
			if err != nil {
				return err
			}
			defer beside.Close()
			var is bool
			if err := beside.Get(&is, `SELECT to_regclass('life') IS NOT NULL`); err != nil || !is {
				return err
			}
			return beside.Select(&lived, `SELECT number FROM life WHERE number > 0 ORDER BY number`)
		}, quiet)
	if err != nil {
		t.Fatalf("at %s on timeline %d: %v", at, timeline, err)
	}
	return dir, r, lived
}

// live has a server that was put back go on: it notes its number, and its log is archived.
// What comes back is the name of the segment.
func (w *town) live(t *testing.T, dir, owner string, number int) (segment string, noted time.Time) {
	t.Helper()
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s, err := database.StartLocal(t.Context(), database.Local{Dir: dir, User: owner,
		Settings: []string{"archive_mode=on", "archive_command=ARCHIVE_INTO=" + w.archive + " " + me + " %p"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	db, err := sqlx.Connect("postgres", s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.MustExec(`CREATE TABLE IF NOT EXISTS life (number integer)`)
	db.MustExec(`INSERT INTO life VALUES ($1)`, number)
	noted = time.Now()
	time.Sleep(10 * time.Millisecond)
	db.MustExec(`INSERT INTO life VALUES (0)`) // something after the moment, or it is not reached
	if err := db.Get(&segment, `SELECT pg_walfile_name(pg_switch_wal())`); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		var failed string
		if err := db.Get(&failed, `SELECT coalesce((SELECT last_failed_wal FROM pg_stat_archiver WHERE failed_count > 0), '')`); err != nil {
			t.Fatal(err)
		}
		if failed != "" {
			t.Fatalf("life %d: the archive does not take %s", number, failed)
		}
		if _, err := os.Stat(filepath.Join(w.archive, segment)); err == nil {
			return segment, noted
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("life %d: %s is not archived", number, segment)
	return segment, noted
}

// A server that was put back goes on, and is put back again, from the same base and to an
// earlier moment: the archive takes the log of both, and of each life every moment can
// still be reached.
func TestEachServerThatIsPutBackGoesOnInATimelineOfItsOwn(t *testing.T) {
	w := newTown(t)
	var moments []time.Time
	for range 3 {
		if err := w.Submit(w.Aigul, w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})); err != nil {
			t.Fatal(err)
		}
		moments = append(moments, time.Now())
		time.Sleep(10 * time.Millisecond)
	}
	w.archived(t)
	early, late := moments[0], moments[1]

	dir, first, _ := w.back(t, late, 0)
	segment, noted := w.live(t, dir, first.Owner, 2)
	if segment[:8] != "00000002" {
		t.Errorf("the first goes on in %s", segment)
	}
	dir, second, _ := w.back(t, early, 0)
	if second.Acts >= first.Acts {
		t.Errorf("%d acts at the earlier moment, and %d at the later", second.Acts, first.Acts)
	}
	if segment, _ = w.live(t, dir, second.Owner, 3); segment[:8] != "00000003" {
		t.Errorf("the second goes on in %s", segment)
	}

	for _, c := range []struct {
		what     string
		at       time.Time
		timeline uint32
		acts     int64
		lived    []int
	}{
		{"the first life, after a moment that others were put back to", late, 1, first.Acts, nil},
		{"a moment of the second life", noted, 2, first.Acts + 1, []int{2}}, // it has two acts that begin a life
		{"all of the newest life; those that were put back to look archived nothing", time.Time{}, 0, second.Acts + 1, []int{3}},
	} {
		if _, r, got := w.back(t, c.at, c.timeline); r.Acts != c.acts || !slices.Equal(got, c.lived) {
			t.Errorf("%s: %d acts, not %d; lives %d, not %d", c.what, r.Acts, c.acts, got, c.lived)
		}
	}
	var histories []string
	for n := 2; n <= 6; n++ {
		histories = append(histories, fmt.Sprintf("%08X.history", n))
	}
	there, err := filepath.Glob(filepath.Join(w.archive, "*.history"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range there {
		there[i] = filepath.Base(there[i])
	}
	if !slices.Equal(there, histories) {
		t.Errorf("the archive has %v, not %v", there, histories)
	}

	// Of a life that has segments there and no history nobody can say where it branched off,
	// and its number would be given again.
	if err := os.Remove(filepath.Join(w.archive, "00000002.history")); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.RestoreAt(t.Context(), backup.Instant{Base: w.base, WAL: w.archive, Dir: folder(t), At: early}, zharia.Schema,
		func(context.Context, *database.DB) error { return nil }, quiet); err == nil {
		t.Error("an archive of two lives without a history was taken")
	}
}
