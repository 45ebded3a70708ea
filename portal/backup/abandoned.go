package backup

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// abandonedAfter is for how long nothing was written to something unfinished before it is
// cleared: whoever is at it writes more often, and the clocks of two machines with one
// folder are nearer than that.
const abandonedAfter = 24 * time.Hour

// partMark is in the name of everything unfinished: a segment has nothing before it, the
// folder of a copy the name that it is to have.
const partMark = ".part-"

// unfinished is how os.MkdirTemp calls the folder of a copy that has no name yet.
var unfinished = regexp.MustCompile(`\.part-[0-9]+$`)

// ErrUnfinished refuses to call a copy as one that was broken off.
var ErrUnfinished = errors.New("copies that are not finished are called so: give it another name")

// ofCopies is all that lies in the folder of a copy. A folder with anything else in it is
// somebody's, however it is called.
var ofCopies = []string{dumpFile, baseFile, walFile, listFile, manifestFile, sumsFile}

// clearCopies takes away the copies in a folder that were broken off by a crash: each may
// be as large as the database. What cannot be cleared holds no copy up.
func clearCopies(folder string) {
	clearAbandoned(folder, func(name string, info fs.FileInfo) error {
		if !unfinished.MatchString(name) || !info.IsDir() {
			return nil
		}
		path := filepath.Join(folder, name)
		inside, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		for _, one := range inside { // whoever fills it writes, and the folder does not show that
			of, err := one.Info()
			if err != nil || !slices.Contains(ofCopies, one.Name()) || time.Since(of.ModTime()) <= abandonedAfter {
				return err
			}
		}
		return os.RemoveAll(path)
	})
}

// clearSegments takes away what a crash left in the folder of the archive.
func clearSegments(folder string) {
	clearAbandoned(folder, func(name string, info fs.FileInfo) error {
		if !strings.HasPrefix(name, partMark) || !info.Mode().IsRegular() {
			return nil
		}
		return os.Remove(filepath.Join(folder, name))
	})
}

// clearAbandoned shows what lies in a folder and was not touched for a day, a thousand
// names at a time: an archive has very many. A failure goes to the log alone, for a full
// disk must not be the reason that nothing is archived any more.
func clearAbandoned(folder string, clear func(name string, info fs.FileInfo) error) {
	in, err := os.Open(folder)
	if err != nil {
		return // whoever writes there next says so
	}
	defer in.Close()
	for {
		names, err := in.Readdirnames(1000)
		for _, name := range names {
			if !strings.Contains(name, partMark) {
				continue
			}
			info, err := os.Lstat(filepath.Join(folder, name))
			if err == nil && time.Since(info.ModTime()) > abandonedAfter {
				err = clear(name, info)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process may clear the same
				slog.Warn("what was broken off is not cleared", "name", name, "error", err)
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				slog.Warn("a folder of copies is not read", "error", err)
			}
			return
		}
	}
}
