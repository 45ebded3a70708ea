package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A server that was put back goes on in a timeline of its own, of the first number that
// the archive has no history of. So the history is archived before anything else is done:
// otherwise who is put back next gets the same number, his segments have the names of
// others that are there, and nothing of him is archived any more.

// ErrNoHistory says that the archive has the log of a life, and not where it branched off.
var ErrNoHistory = errors.New("the archive has segments of a timeline and not its history: archive it from the folder pg_wal of that server, or take those segments elsewhere, or nobody can be put back beside it")

// segmentOf is a segment of the log, whose name begins with its timeline.
var segmentOf = regexp.MustCompile(`^([0-9A-F]{8})[0-9A-F]{16}$`)

func historyFile(timeline uint32) string { return fmt.Sprintf("%08X.history", timeline) }

// whose is the timeline that is played, as PostgreSQL is told it: the one that was asked for, or the newest that
// goes on from the base and archived anything. PostgreSQL's own "latest" would be that of
// whoever was put back last, be it only to be looked at.
func (i Instant) whose() (string, error) {
	there, err := timelines(i.WAL)
	if err != nil {
		return "", err
	}
	origin, end, err := i.began()
	if err != nil {
		return "", err
	}
	out := origin
	for _, t := range there {
		if t == origin || t == 1 { // the base knows its own, and the first has no history
			continue
		}
		parents, err := history(filepath.Join(i.WAL, historyFile(t)))
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%w: %s", ErrNoHistory, historyFile(t))
		}
		if err != nil {
			return "", err
		}
		if parents[origin] >= end {
			out = t
		}
	}
	if i.Timeline != 0 {
		out = i.Timeline
	}
	if out == origin {
		return "current", nil
	}
	return strconv.FormatUint(uint64(out), 10), nil
}

// timelines are those that an archive has segments of, in order.
func timelines(folder string) ([]uint32, error) {
	in, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	found := map[uint32]bool{}
	for { // an archive has very many names
		names, err := in.Readdirnames(1000)
		for _, name := range names {
			if m := segmentOf.FindStringSubmatch(name); m != nil {
				n, err := strconv.ParseUint(m[1], 16, 32)
				if err != nil {
					return nil, err
				}
				found[uint32(n)] = true
			}
		}
		if errors.Is(err, io.EOF) {
			return slices.Sorted(maps.Keys(found)), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// began is the timeline of the base, and where in the log it was whole.
func (i Instant) began() (timeline uint32, end uint64, err error) {
	f, err := os.Open(filepath.Join(i.Base, listFile))
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	var list struct {
		Ranges []struct {
			Timeline uint32 `json:"Timeline"`
			End      string `json:"End-LSN"`
		} `json:"WAL-Ranges"`
	}
	if err := json.NewDecoder(f).Decode(&list); err != nil || len(list.Ranges) == 0 {
		return 0, 0, errors.Join(fmt.Errorf("%w: %s does not say where the base begins", ErrDamaged, listFile), err)
	}
	last := list.Ranges[len(list.Ranges)-1]
	end, err = position(last.End)
	return last.Timeline, end, err
}

// history reads where the parents of a timeline were left.
func history(path string) (map[uint32]uint64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	left := map[uint32]uint64{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line) // the parent, where it was left, and why
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) < 2 {
			return nil, fmt.Errorf("%s is no history of a timeline", path)
		}
		parent, err := strconv.ParseUint(words[0], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s is no history of a timeline: %w", path, err)
		}
		if left[uint32(parent)], err = position(words[1]); err != nil {
			return nil, fmt.Errorf("%s is no history of a timeline: %w", path, err)
		}
	}
	return left, nil
}

// position is a place in the log, as PostgreSQL writes it: 0/3000148.
func position(text string) (uint64, error) {
	high, low, ok := strings.Cut(text, "/")
	h, errH := strconv.ParseUint(high, 16, 32)
	l, errL := strconv.ParseUint(low, 16, 32)
	if err := errors.Join(errH, errL); err != nil || !ok {
		return 0, errors.Join(fmt.Errorf("%q is no place in the log", text), err)
	}
	return h<<32 | l, nil
}

// takeNumber archives the histories of the server that was put back. The server itself
// does not: its log is not archived while it is proved.
func (i Instant) takeNumber(data string) error {
	files, err := filepath.Glob(filepath.Join(data, "pg_wal", "*.history"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := Archive(file, i.WAL); err != nil {
			return fmt.Errorf("archive the history of the timeline it goes on in: %w", err)
		}
	}
	return nil
}
