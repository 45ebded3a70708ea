package keeper

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"time"
)

// A sign-in that its owner ended opens nothing any more: no request of it, and no slip that
// was signed afterwards. What he let a worker finish before he left is finished. It is the
// word of the portal alone, so it can only take; and a sign-in can be proved anew after a
// restart, so that it ended is kept on disk until nothing opens by it in any case.

// endedFile has a line for each; endedLife is for how long.
const (
	endedFile = "ended"
	endedLife = LoginLife + SlipLife + challengeLife + skew
	maxEnded  = 1 << 19 // two names of each
)

type ending struct {
	Name string    `json:"name"` // one of LoginNames, hex
	At   time.Time `json:"at"`
}

type endings struct {
	path string

	mu    sync.Mutex
	lines int // of the file
	at    map[[32]byte]time.Time
}

// openEndings reads what has not run out. A line that is none was cut by a crash.
func openEndings(dir string, now time.Time) (*endings, error) {
	e := &endings{path: filepath.Join(dir, endedFile), at: map[[32]byte]time.Time{}}
	text, err := readSmall(e.path, 4*maxEnded*128)
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		var one ending
		if strictly(line, &one) != nil {
			continue
		}
		if name, err := hex.DecodeString(one.Name); err == nil && len(name) == 32 {
			e.at[[32]byte(name)] = one.At
		}
	}
	return e, e.rewrite(now)
}

// rewrite keeps what has not run out. The caller has the lock.
func (e *endings) rewrite(now time.Time) error {
	var text []byte
	for name, at := range e.at {
		if now.After(at.Add(endedLife)) {
			delete(e.at, name)
			continue
		}
		line, err := lineOf(name, at)
		if err != nil {
			return err
		}
		text = append(text, line...)
	}
	e.lines = len(e.at)
	return replace(e.path, text)
}

func lineOf(name [32]byte, at time.Time) ([]byte, error) {
	line, err := json.Marshal(ending{hex.EncodeToString(name[:]), at.UTC().Truncate(time.Microsecond)})
	return append(line, '\n'), err
}

// add is on disk before it returns. Said twice, the first counts.
func (e *endings) add(name [32]byte, now time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, twice := e.at[name]; twice {
		return nil
	}
	if len(e.at) >= maxEnded || e.lines >= 2*maxEnded {
		if err := e.rewrite(now); err != nil {
			return err
		}
		if len(e.at) >= maxEnded {
			return refuse(Crowded)
		}
	}
	line, err := lineOf(name, now)
	if err != nil {
		return err
	}
	if err := appendLine(e.path, line); errors.Is(err, fs.ErrNotExist) {
		if err := replace(e.path, line); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	e.lines++
	e.at[name] = now
	return nil
}

// since is when a sign-in ended, if it did by any of its names.
func (e *endings) since(names ...[32]byte) (at time.Time, ended bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range names {
		if one, there := e.at[name]; there && (!ended || one.Before(at)) {
			at, ended = one, true
		}
	}
	return at, ended
}

// endLogin ends a sign-in, known or not.
func (k *Keeper) endLogin(b endLoginBody) error {
	if len(b.Name) != 32 {
		return errFrame
	}
	return k.ended.add([32]byte(b.Name), k.config.Now())
}
