package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia/portal/backup"
)

const segment = "000000010000000000000007"

func TestASegmentIsArchivedOnceAndNeverOverAnother(t *testing.T) {
	folder, log := t.TempDir(), t.TempDir()
	file := filepath.Join(log, segment)
	put := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() string {
		content, err := os.ReadFile(filepath.Join(folder, segment))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	put("the log")
	for range 2 { // after a crash the server gives it once more
		if err := backup.Archive(file, folder); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{"the lag", "the lo", "the log and more", strings.Repeat("x", 100_000)} {
		put(other)
		if err := backup.Archive(file, folder); !errors.Is(err, backup.ErrOther) {
			t.Errorf("%.20q over it: %v", other, err)
		}
	}
	if got := kept(); got != "the log" {
		t.Errorf("it holds %q", got)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("there are %v %v", left, err)
	}
}

// Each of three machines brings the same to one folder, and none knows which is first.
func TestWhoBringsTheSameAtOnceArchivesIt(t *testing.T) {
	for range 50 {
		folder, log := t.TempDir(), t.TempDir()
		file := filepath.Join(log, segment)
		if err := os.WriteFile(file, []byte("the log"), 0o600); err != nil {
			t.Fatal(err)
		}
		said := make(chan error)
		for range 3 {
			go func() { said <- backup.Archive(file, folder) }()
		}
		for range 3 {
			if err := <-said; err != nil {
				t.Fatal(err)
			}
		}
		if got := names(t, folder); !slices.Equal(got, []string{segment}) {
			t.Fatalf("there are %v", got)
		}
	}
}

func TestWhatIsNoSegmentIsNotArchived(t *testing.T) {
	folder, log := t.TempDir(), t.TempDir()
	for name, ok := range map[string]bool{
		segment: true, "00000002.history": true, segment + ".00000028.backup": true, segment + ".partial": true,
		"postgresql.conf": false, "00000001000000000000000g": false, segment + "0": false, ".part-1": false,
	} {
		file := filepath.Join(log, name)
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := backup.Archive(file, folder); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for what, call := range map[string][2]string{
		"no file":     {filepath.Join(log, "000000010000000000000009"), folder},
		"no folder":   {filepath.Join(log, segment), filepath.Join(folder, "not mounted")},
		"a directory": {t.TempDir(), folder},
	} {
		if err := backup.Archive(call[0], call[1]); err == nil {
			t.Errorf("%s: it was archived", what)
		}
	}
	if err := os.Truncate(filepath.Join(log, segment), 2<<30); err != nil {
		t.Fatal(err)
	}
	if err := backup.Archive(filepath.Join(log, segment), t.TempDir()); err == nil {
		t.Error("two gigabytes were archived as a segment")
	}
}

// A server that falls while it archives leaves a piece of up to a segment, and falls again:
// the next archive takes such pieces away, and nothing that somebody may still be writing.
func TestWhatACrashLeftInTheArchiveIsCleared(t *testing.T) {
	folder, file := t.TempDir(), filepath.Join(t.TempDir(), segment)
	old := time.Now().Add(-25 * time.Hour)
	for name, at := range map[string]time.Time{
		".part-100": old, ".part-200": time.Now(), // the second: of another process at this moment
		"000000010000000000000001": old, "00000002.history": old, "notes.part-1": old,
	} {
		lay(t, filepath.Join(folder, name), at)
	}
	if err := os.Mkdir(filepath.Join(folder, ".part-of-mine"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(folder, ".part-of-mine"), old, old); err != nil {
		t.Fatal(err)
	}
	lay(t, file, time.Now())
	if err := backup.Archive(file, folder); err != nil {
		t.Fatal(err)
	}
	want := []string{".part-200", ".part-of-mine", "000000010000000000000001", segment, "00000002.history", "notes.part-1"}
	if got := names(t, folder); !slices.Equal(got, want) {
		t.Errorf("there are %v, not %v", got, want)
	}
}

// lay puts a file there, of a moment.
func lay(t *testing.T, path string, at time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path, []byte("the log"), 0o600), os.Chtimes(path, at, at)); err != nil {
		t.Fatal(err)
	}
}

// names are those of what lies in a folder, in order.
func names(t *testing.T, folder string) (out []string) {
	t.Helper()
	all, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		out = append(out, one.Name())
	}
	return out
}

// A copy that a crash broke off is as large as the database: the next copy takes it away.
// One that is being made, and what somebody else called so, stay.
func TestWhatACrashLeftOfACopyIsCleared(t *testing.T) {
	h := newHouse(t)
	folder, old := t.TempDir(), time.Now().Add(-25*time.Hour)
	for _, file := range []string{"night-1.part-111/database.dump", "base-1.part-222/base.tar.gz", "mine.part-444/letters.txt", "night-0/database.dump", "mine.parts/x"} {
		lay(t, filepath.Join(folder, file), old)
		if err := os.Chtimes(filepath.Join(folder, filepath.Dir(file)), old, old); err != nil {
			t.Fatal(err)
		}
	}
	lay(t, filepath.Join(folder, "now.part-555/database.dump"), time.Now())
	lay(t, filepath.Join(folder, "slow.part-333/database.dump"), time.Now()) // whoever fills it, since yesterday
	if err := os.Chtimes(filepath.Join(folder, "slow.part-333"), old, old); err != nil {
		t.Fatal(err)
	}
	db, err := backup.Open(t.Context(), h.address(t, h.copier, h.name(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := backup.Make(t.Context(), db, filepath.Join(folder, "night-2"), h.At, func(string) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Make(t.Context(), db, filepath.Join(folder, "night-3.part-1"), h.At, func(string) {}); !errors.Is(err, backup.ErrUnfinished) {
		t.Errorf("a copy called as one that is not finished: %v", err)
	}
	want := []string{"mine.part-444", "mine.parts", "night-0", "night-2", "now.part-555", "slow.part-333"}
	if got := names(t, folder); !slices.Equal(got, want) {
		t.Errorf("there are %v, not %v", got, want)
	}
}
