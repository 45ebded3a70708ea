package keeper

import (
	"bufio"
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// journal is a memory that only grows: what was withdrawn, and which case was opened
// for whom against the rule. Each entry carries a fingerprint of itself and of all
// before it, with a key of the root, and a small file beside it says how far it goes.
// So an entry that was changed, moved, added or cut off stops the keeper. What it
// cannot see is the whole folder put back to an earlier day: the portal does, which
// writes the newest fingerprint into the record of acts and asks for it again (Memory).
type journal struct {
	path string
	most int64 // how long the file may get

	mu      sync.Mutex
	size    int64  // of the file
	key     []byte // there while the keeper is unsealed
	entries []entry
	has     map[[sha256.Size]byte]bool // what is in it, while the keeper is unsealed
}

type entry struct {
	N    uint64    `json:"n"` // from 1
	At   time.Time `json:"at"`
	Data []byte    `json:"data"`
	Mac  []byte    `json:"mac"`
}

// headSuffix ends the name of the small file.
const headSuffix = ".head"

// headOf is how far a journal goes. Its own fingerprint keeps whoever has cut the end off
// from writing that it never went further.
type headOf struct {
	N     uint64 `json:"n"`
	Mac   []byte `json:"mac"` // of the last entry
	Proof []byte `json:"proof"`
}

func (h headOf) proof(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("zharia/keeper/head/1\x00"))
	mac.Write(binary.BigEndian.AppendUint64(nil, h.N))
	mac.Write(h.Mac)
	return mac.Sum(nil)
}

// Bounds of a journal: an entry, a line of the file, and the file, which holds a million
// withdrawals and more.
const (
	maxEntry   = 8 << 10
	maxLine    = 2 * maxEntry
	maxJournal = 1 << 30
)

// openJournal reads a journal and asks that it be whole, as far as can be told
// without the root.
func openJournal(dir, name string) (*journal, error) {
	j := &journal{path: filepath.Join(dir, name), most: maxJournal}
	head, err := j.head()
	if err != nil {
		return nil, err
	}
	whole, cut, err := j.read()
	if err != nil {
		return nil, err
	}
	// The head is written after its entry: a power cut may leave entries that it does
	// not know yet, and half of one. The half was never answered for; it goes.
	n := uint64(len(j.entries))
	if n < head.N || head.N > 0 && !hmac.Equal(j.entries[head.N-1].Mac, head.Mac) {
		return nil, fmt.Errorf("%w: %s has %d entries, and had %d", ErrChanged, name, n, head.N)
	}
	if j.size = whole; cut {
		return j, os.Truncate(j.path, whole)
	}
	return j, nil
}

// read takes the entries in, line by line. whole is how long those are together, and cut that
// something follows them that has no end.
func (j *journal) read() (whole int64, cut bool, err error) {
	name := filepath.Base(j.path)
	f, err := os.Open(j.path)
	if err != nil {
		return 0, false, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxJournal {
		return 0, false, errors.Join(fmt.Errorf("%w: %s is not a file of at most %d bytes", ErrChanged, name, maxJournal), err)
	}
	for lines := bufio.NewReaderSize(f, maxLine); ; {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return whole, len(line) > 0, nil
		}
		var e entry
		if err == nil {
			err = strictly(line, &e)
		}
		if err != nil || e.N != uint64(len(j.entries)+1) {
			return 0, false, fmt.Errorf("%w: %s, entry %d", ErrChanged, name, len(j.entries)+1)
		}
		j.entries = append(j.entries, e)
		whole += int64(len(line))
	}
}

// newJournal makes an empty one. One that an Init left that was broken off goes: nothing was
// ever written into it.
func newJournal(dir, name string, root []byte) error {
	j := journal{path: filepath.Join(dir, name)}
	if text, err := os.ReadFile(j.path); len(text) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%w (%s)", ErrExists, j.path), err)
	}
	if err := replace(j.path, nil); err != nil {
		return err
	}
	key, err := j.keyOf(root)
	if err != nil {
		return err
	}
	return j.writeHead(key, 0, nil)
}

// keyOf is the key of the fingerprints of this journal.
func (j *journal) keyOf(root []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, root, nil, "zharia/keeper/journal/"+filepath.Base(j.path), 32)
}

func (j *journal) head() (headOf, error) {
	var h headOf
	text, err := readSmall(j.path+headSuffix, 4<<10)
	if err == nil {
		err = strictly(text, &h)
	}
	if err != nil {
		return h, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return h, nil
}

func (j *journal) writeHead(key []byte, n int, mac []byte) error {
	h := headOf{N: uint64(n), Mac: mac}
	h.Proof = h.proof(key)
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return replace(j.path+headSuffix, append(text, '\n'))
}

// unlock proves every entry with the key of the root, and lets the journal grow.
func (j *journal) unlock(root []byte) error {
	key, err := j.keyOf(root)
	if err != nil {
		return err
	}
	head, err := j.head()
	if err != nil {
		return err
	}
	if !hmac.Equal(head.Proof, head.proof(key)) {
		return fmt.Errorf("%w: how far %s goes", ErrChanged, filepath.Base(j.path))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var before []byte
	for _, e := range j.entries {
		if !hmac.Equal(e.Mac, e.proof(key, before)) {
			return fmt.Errorf("%w: %s, entry %d", ErrChanged, filepath.Base(j.path), e.N)
		}
		before = e.Mac
	}
	if err := j.writeHead(key, len(j.entries), before); err != nil {
		return err
	}
	j.key, j.has = key, map[[sha256.Size]byte]bool{}
	for _, e := range j.entries {
		j.has[sha256.Sum256(e.Data)] = true
	}
	return nil
}

func (j *journal) lock() {
	j.mu.Lock()
	defer j.mu.Unlock()
	clear(j.key)
	j.key, j.has = nil, nil
}

// proof is the fingerprint of an entry after the one with the fingerprint before.
func (e entry) proof(key, before []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("zharia/keeper/entry/1\x00"))
	mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(before))))
	mac.Write(before)
	mac.Write(binary.BigEndian.AppendUint64(nil, e.N))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(e.At.UnixMicro())))
	mac.Write(e.Data)
	return mac.Sum(nil)
}

// addOnce is add of what is not there yet.
func (j *journal) addOnce(data []byte, at time.Time) error {
	if j.holds(data) {
		return nil
	}
	return j.add(data, at)
}

// holds says that an entry of this is there.
func (j *journal) holds(data []byte) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.has[sha256.Sum256(data)]
}

// add puts an entry on disk before it returns. It may be there with an error too (holds).
func (j *journal) add(data []byte, at time.Time) error {
	if len(data) > maxEntry {
		return fmt.Errorf("keeper: an entry of %d bytes, more than %d", len(data), maxEntry)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.key == nil {
		return ErrSealed
	}
	var before []byte
	if n := len(j.entries); n > 0 {
		before = j.entries[n-1].Mac
	}
	e := entry{N: uint64(len(j.entries) + 1), At: at.UTC().Truncate(time.Microsecond), Data: bytes.Clone(data)}
	e.Mac = e.proof(j.key, before)
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if j.size+int64(len(line)) > j.most {
		return fmt.Errorf("keeper: %s is full, with %d entries", filepath.Base(j.path), len(j.entries))
	}
	if err := appendLine(j.path, line); err != nil {
		return err
	}
	j.size += int64(len(line))
	j.entries = append(j.entries, e)
	j.has[sha256.Sum256(data)] = true
	return j.writeHead(j.key, len(j.entries), e.Mac)
}

// appendLine makes a file longer, on disk. What could not be written whole goes again.
func appendLine(path string, line []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(info.Size()))
	}
	return nil
}

// knows says whether there is an entry with that fingerprint: then all before it are there
// too.
func (j *journal) knows(mac []byte) bool {
	return slices.ContainsFunc(j.all(), func(e entry) bool { return hmac.Equal(e.Mac, mac) })
}

// all are the entries of a journal that was unlocked.
func (j *journal) all() []entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.entries[:len(j.entries):len(j.entries)]
}
