// Package standin is a register of investigations that is none: it stands where the real
// one will, in the demonstration and in tests. It takes the portal's events as the real
// one is asked to, keeps a diary of them that survives a power cut, brings cases to the
// portal, and fails in all the ways in which such a system fails.
package standin

import (
	"bufio"
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"zharia/portal/register/feed"
)

// Faults are how the register fails; the zero value does not.
type Faults struct {
	Slow  time.Duration         // before each answer
	Down  bool                  // connections end without an answer
	Wrong int                   // each so many-th event is answered with rubbish, by turns; 0: none
	Lose  int                   // of those that are taken, now or before, each so many-th answer is lost, so that it comes twice; 0: none
	Wants func(feed.Event) bool // what it takes; nil: everything. The rest it refuses
}

// Name is what portals call the register in their events.
const Name = "register"

// Register is the receiving side. Open one.
type Register struct {
	dir    string
	origin string
	name   string
	portal feed.Public
	clock  func() time.Time
	seal   *ecdh.PrivateKey

	mu      sync.Mutex
	faults  Faults
	diary   *os.File
	events  []feed.Event
	known   map[uuid.UUID]bool
	last    map[uuid.UUID]int64 // of each line
	next    int64               // all events to this position were read, in a row
	life    feed.Life           // of the portal's record, as it said last
	asked   int
	took    int
	tally   Tally
	watcher func(feed.Event)
}

// Tally is what came.
type Tally struct {
	Taken    int // and written into the diary
	Doubles  int // had been taken before
	Early    int // came before one that belongs before it, and was sent away
	Refused  int // not wanted
	Unsigned int // not the portal's, or not to this register
}

// Open opens the register of a folder, which it makes where there is none: diary.jsonl is
// what it took, seal.key what papers are sealed to. It believes the portal of this origin,
// by this key, and what is said to itself. clock is time.Now, or a test's.
func Open(dir, origin string, portal feed.Public, clock func() time.Time) (*Register, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	r := &Register{dir: dir, origin: origin, name: Name, portal: portal, clock: clock, known: map[uuid.UUID]bool{}, last: map[uuid.UUID]int64{}}
	var err error
	if r.seal, err = sealKey(filepath.Join(dir, "seal.key")); err != nil {
		return nil, err
	}
	if r.diary, err = os.OpenFile(filepath.Join(dir, "diary.jsonl"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	return r, r.remember()
}

// Called has portals call it otherwise than Name; before it takes anything.
func (r *Register) Called(name string) { r.name = name }

// Close closes the diary.
func (r *Register) Close() error { return r.diary.Close() }

func sealKey(file string) (*ecdh.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		k, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return k, os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString(k.Bytes())+"\n"), 0o600)
	}
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("standin: %s is no key", file)
	}
	return ecdh.X25519().NewPrivateKey(raw)
}

// remember reads the diary. A line that a power cut left half written was never answered
// for: it is cut off, and comes again.
func (r *Register) remember() error {
	in := bufio.NewReader(r.diary)
	whole := int64(0)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return r.diary.Truncate(whole)
		}
		if err != nil {
			return err
		}
		if err := r.recall(bytes.TrimSpace(line)); err != nil {
			return fmt.Errorf("standin: the diary at byte %d: %w", whole, err)
		}
		whole += int64(len(line))
	}
}

// mark is a line of the diary that is no event: how far events were read in a row.
type mark struct {
	Next int64 `json:"next"`
}

// recall takes up a line of the diary.
func (r *Register) recall(line []byte) error {
	switch {
	case bytes.HasPrefix(line, []byte(`{"next":`)):
		var m mark
		err := json.Unmarshal(line, &m)
		r.next = m.Next
		return err
	case bytes.HasPrefix(line, []byte(`{"life":`)):
		var l feed.Life
		err := json.Unmarshal(line, &l)
		r.forget(l)
		return err
	}
	e, err := feed.Parse(line)
	if err == nil {
		r.note(e)
	}
	return err
}

// live has it go by the life of the portal's record, and answers whether that is another
// than before. What it was told in the other stays in the diary, before the mark.
func (r *Register) live(l feed.Life) (bool, error) {
	if l == r.life {
		return false, nil
	}
	if err := r.write(fmt.Appendf(nil, `{"life":%d,"kept":%d}`, l.Number, l.Kept)); err != nil {
		return false, err
	}
	r.forget(l)
	return true, nil
}

// begin is live, for who reads a page.
func (r *Register) begin(l feed.Life) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live(l)
}

func (r *Register) forget(l feed.Life) {
	all := r.events
	r.life, r.next = l, min(r.next, l.Kept)
	r.events, r.known, r.last = nil, map[uuid.UUID]bool{}, map[uuid.UUID]int64{}
	for _, e := range all {
		if e.Position <= l.Kept {
			r.note(e)
		}
	}
}

// write puts a line into the diary and answers when it is on the disk.
func (r *Register) write(line []byte) error {
	if _, err := r.diary.Write(append(line, '\n')); err != nil {
		return err
	}
	return r.diary.Sync()
}

func (r *Register) note(e feed.Event) {
	r.events = append(r.events, e)
	r.known[e.ID] = true
	r.last[e.Line] = e.Position
}

// Seal is the public half of what papers are sealed to.
func (r *Register) Seal() []byte { return r.seal.PublicKey().Bytes() }

// Open opens a paper that was fetched.
func (r *Register) Open(document uuid.UUID, sealed []byte) (feed.Copy, error) {
	return feed.Unseal(r.seal, document, sealed)
}

// Fail has it fail so from now on.
func (r *Register) Fail(f Faults) { r.mu.Lock(); r.faults = f; r.mu.Unlock() }

// Watch has somebody told of each event when it is in the diary.
func (r *Register) Watch(f func(feed.Event)) { r.mu.Lock(); r.watcher = f; r.mu.Unlock() }

// Tally is what came so far, since it was opened.
func (r *Register) Tally() Tally { r.mu.Lock(); defer r.mu.Unlock(); return r.tally }

// Diary is all that was taken, in the order in which it came.
func (r *Register) Diary() []feed.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]feed.Event(nil), r.events...)
}

// Position is how far events were read from the portal, page after page. The greatest that
// came is no such position: order holds in a line only, and while one event waits to be sent
// again, later ones of other lines come.
func (r *Register) Position() int64 { r.mu.Lock(); defer r.mu.Unlock(); return r.next }

// read notes that a page was taken whole.
func (r *Register) read(next int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if next <= r.next {
		return nil
	}
	line, err := json.Marshal(mark{next})
	if err == nil {
		err = r.write(line)
	}
	if err == nil {
		r.next = next
	}
	return err
}

// maxEvent is how much of a request is read.
const maxEvent = 64 << 10

// ServeHTTP takes an event: POST of a signed webhook. What it took it names.
func (r *Register) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.asked++
	n, f := r.asked, r.faults
	r.mu.Unlock()
	if f.Down {
		panic(http.ErrAbortHandler) // the connection ends, and the log is spared
	}
	if f.Slow > 0 {
		select {
		case <-time.After(f.Slow):
		case <-q.Context().Done():
			return
		}
	}
	if f.Wrong > 0 && n%f.Wrong == 0 {
		rubbish(w, n/f.Wrong)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxEvent))
	if err != nil {
		http.Error(w, "too much", http.StatusRequestEntityTooLarge)
		return
	}
	if q.Method != http.MethodPost || r.portal.Verify(q.Header, body, r.clock()) != nil {
		r.count(func(t *Tally) { t.Unsigned++ })
		http.Error(w, "not signed by the portal", http.StatusUnauthorized)
		return
	}
	e, err := feed.Parse(body)
	if err != nil || e.ID.String() != q.Header.Get(feed.HeaderID) {
		http.Error(w, "no event", http.StatusBadRequest)
		return
	}
	if e.Portal != r.origin || e.To != r.name {
		r.count(func(t *Tally) { t.Unsigned++ })
		http.Error(w, "an event of another portal, or for another", http.StatusUnauthorized)
		return
	}
	if f.Wants != nil && !f.Wants(e) {
		r.count(func(t *Tally) { t.Refused++ })
		http.Error(w, "not wanted", http.StatusUnprocessableEntity)
		return
	}
	if _, err := r.Take(e, body); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	r.mu.Lock()
	r.took++
	n = r.took
	r.mu.Unlock()
	if f.Lose > 0 && n%f.Lose == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"taken": e.ID.String()})
}

// errEarly sends away what must not be taken yet.
var errEarly = errors.New("something before it in its line is missing")

// Take writes an event into the diary and answers when it is on the disk. One that is
// there already is not fresh and passed over; one that comes before its turn is refused.
func (r *Register) Take(e feed.Event, body []byte) (fresh bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.live(e.Life); err != nil {
		return false, err
	}
	if r.known[e.ID] {
		r.tally.Doubles++
		return false, nil
	}
	if e.Previous != r.last[e.Line] {
		r.tally.Early++
		return false, errEarly
	}
	if err := r.write(bytes.TrimSpace(body)); err != nil {
		return false, err
	}
	r.note(e)
	r.tally.Taken++
	if r.watcher != nil {
		r.watcher(e)
	}
	return true, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (r *Register) count(do func(*Tally)) { r.mu.Lock(); do(&r.tally); r.mu.Unlock() }

// rubbish is an answer of a system that is not well.
func rubbish(w http.ResponseWriter, n int) {
	switch n % 4 {
	case 0:
		http.Error(w, "oops", http.StatusInternalServerError)
	case 1:
		io.WriteString(w, "<html><body>It works!</body></html>") // a front that answers for everybody
	case 2:
		io.WriteString(w, `{"taken":"00000000-0000-4000-8000-000000000000"}`)
	case 3:
		w.Header().Set("Location", "/login")
		w.WriteHeader(http.StatusFound)
	}
}
