package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
