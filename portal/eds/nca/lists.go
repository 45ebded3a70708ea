package nca

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
)

// When a list is fetched again. The national authority makes a full list
// every day, good for 27 hours, and deltas good for 7 (FACTS 3.2); a root's
// list is good for months, so its end alone would not do.
const (
	fullEvery  = 24 * time.Hour
	deltaEvery = time.Hour
	fullBefore = 2 * time.Hour // its end: time for several attempts

	// After an attempt of either outcome the next waits, so that a list of
	// 21 MB that is not replaced in time is not fetched without end.
	waitHeld   = 10 * time.Minute
	waitAbsent = time.Minute

	// A list from the future is not taken: it would push out one that is good
	// today. The authority's clock may be this much ahead of ours.
	ahead = 5 * time.Minute
)

// shelf is the place of one list. Held and mark are written under the lock of
// the client, and only by Refresh, which reads them without.
type shelf struct {
	endpoint *endpoint
	issuer   *chain.Certificate
	delta    bool
	file     string // empty: kept in memory only

	held  *crl.List
	mark  mark
	tried time.Time
}

// mark is what the server told of the list that is held, to ask whether there
// is a newer one (RFC 9110 13.1).
type mark struct {
	Digest   [32]byte  `json:"sha256"` // of the list it belongs to
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"`
	Fetched  time.Time `json:"fetched"`
}

// due says whether the list should be fetched now.
func (s *shelf) due(now time.Time) bool {
	if s.held == nil || !s.waited(now) {
		return s.waited(now)
	}
	every, end := fullEvery, s.held.NextUpdate.Add(-fullBefore)
	if s.delta {
		every, end = deltaEvery, s.held.NextUpdate
	}
	// Fetched in the future is a clock that was set back, and says nothing.
	age := now.Sub(s.mark.Fetched)
	return age < 0 || age >= every || now.After(end)
}

// waited says whether the last attempt is long enough ago.
func (s *shelf) waited(now time.Time) bool {
	wait := waitHeld
	if s.held == nil {
		wait = waitAbsent
	}
	return s.tried.IsZero() || now.Sub(s.tried) >= wait
}

// update fetches the list, unless its endpoint is left alone, and keeps it if
// it is one to keep.
func (c *Client) update(ctx context.Context, s *shelf) error {
	now := c.config.Now()
	if !s.endpoint.admit(now) {
		return s.endpoint.fail(Open)
	}
	s.tried = now
	failure, err := c.fetch(ctx, s, now)
	c.settle(ctx, s.endpoint, failure)
	if failure != nil {
		return failure
	}
	return err
}

// fetch asks for the list. An error beside the failure is of our own folder.
func (c *Client) fetch(ctx context.Context, s *shelf, now time.Time) (*Failure, error) {
	waiting, cancel := context.WithTimeout(ctx, s.endpoint.within)
	defer cancel()
	r, err := http.NewRequestWithContext(waiting, http.MethodGet, s.endpoint.url, nil)
	if err != nil {
		return s.endpoint.fail(NoConnection), nil
	}
	s.condition(r)
	response, failure := c.web.send(ctx, s.endpoint, r)
	if failure != nil {
		return failure, nil
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotModified && s.held != nil:
		m := s.mark
		m.Fetched = now
		return nil, c.put(s, s.held, m)
	case response.StatusCode != http.StatusOK:
		return s.endpoint.fail(BadStatus), nil
	}
	return c.take(ctx, s, response, now)
}

// condition asks for the list only if it is not the one that is held.
func (s *shelf) condition(r *http.Request) {
	if s.held == nil {
		return
	}
	if s.mark.ETag != "" {
		r.Header.Set("If-None-Match", s.mark.ETag)
	}
	if s.mark.Modified != "" {
		r.Header.Set("If-Modified-Since", s.mark.Modified)
	}
}

// take reads the list as it comes, into the folder and through the reader
// that verifies it, and puts it in the place of the old one.
func (c *Client) take(ctx context.Context, s *shelf, response *http.Response, now time.Time) (*Failure, error) {
	body := &bounded{from: response.Body, left: s.endpoint.limit}
	draft, err := s.draft(listEnd)
	if err != nil {
		return nil, err
	}
	defer draft.discard()
	list, err := crl.Read(io.TeeReader(body, draft), s.issuer, chain.Profile{})
	switch {
	case body.err != nil:
		return s.endpoint.fail(reading(ctx, body.err)), nil
	case draft.err != nil:
		return nil, fmt.Errorf("keep revocation list: %w", draft.err)
	case err != nil:
		return s.endpoint.fail(Refused), nil
	}
	if kind := s.judge(list, now); kind != "" {
		return s.endpoint.fail(kind), nil
	}
	if err := draft.keep(); err != nil {
		return nil, fmt.Errorf("keep revocation list: %w", err)
	}
	return nil, c.put(s, list, mark{
		Digest: list.Digest, Fetched: now,
		ETag: response.Header.Get("ETag"), Modified: response.Header.Get("Last-Modified"),
	})
}

// judge says why a list that verified is not taken all the same: it is of the
// other kind, from the future, or older than the one held. An attacker who
// replays the list from before a revocation gains nothing (RFC 5280 5.2.3).
func (s *shelf) judge(fresh *crl.List, now time.Time) Kind {
	switch {
	case (fresh.Base != nil) != s.delta, fresh.Number == nil, fresh.ThisUpdate.After(now.Add(ahead)):
		return Refused
	case s.held == nil:
		return ""
	case fresh.ThisUpdate.Before(s.held.ThisUpdate):
		return Rollback
	case !s.delta && fresh.Number.Cmp(s.held.Number) < 0:
		return Rollback
	}
	if !s.delta {
		return ""
	}
	// The authority may count the deltas of every base anew.
	base := fresh.Base.Cmp(s.held.Base)
	if base < 0 || base == 0 && fresh.Number.Cmp(s.held.Number) < 0 {
		return Rollback
	}
	return ""
}

// put makes a list the one that is held.
func (c *Client) put(s *shelf, l *crl.List, m mark) error {
	c.mu.Lock()
	s.held, s.mark = l, m
	c.mu.Unlock()
	if s.file == "" {
		return nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	d, err := s.draft(markEnd)
	if err != nil {
		return err
	}
	defer d.discard()
	d.Write(b)
	if err := d.keep(); err != nil {
		return fmt.Errorf("keep revocation list: %w", err)
	}
	return nil
}

// Ends of the names of a list and its mark.
const (
	listEnd = ".crl"
	markEnd = ".json"
)

// maxMark bounds the file beside a list.
const maxMark = 8 << 10

// load takes up the list from the folder and says why it could not. Without a
// mark of this very list it counts as fetched long ago.
func (s *shelf) load() Kind {
	f, err := os.Open(s.file + listEnd)
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if err != nil {
		return Absent
	}
	defer f.Close()
	l, err := crl.Read(&bounded{from: f, left: s.endpoint.limit}, s.issuer, chain.Profile{})
	if err != nil || (l.Base != nil) != s.delta || l.Number == nil {
		return Refused
	}
	s.held = l
	if m, err := loadMark(s.file + markEnd); err == nil && m.Digest == l.Digest {
		s.mark = m
	}
	return ""
}

func loadMark(path string) (m mark, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	err = json.NewDecoder(io.LimitReader(f, maxMark)).Decode(&m)
	return m, err
}

// unfinished is how files are called that are being written.
const unfinished = "new-*"

// prepare makes the folder and clears away what a crash left unfinished: a
// list has 21 MB.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	left, err := filepath.Glob(filepath.Join(dir, unfinished))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// draft is a file being written: whole in its place at the end, or not at
// all. Without a folder it is nothing.
type draft struct {
	f   *os.File
	to  string
	err error
}

func (s *shelf) draft(end string) (*draft, error) {
	if s.file == "" {
		return &draft{}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(s.file), unfinished) // for its owner only
	if err != nil {
		return nil, fmt.Errorf("keep revocation list: %w", err)
	}
	return &draft{f: f, to: s.file + end}, nil
}

// Write writes into the file. Its first error is kept for the end: a full
// disk is not the list's fault.
func (d *draft) Write(b []byte) (int, error) {
	if d.f == nil || d.err != nil {
		return len(b), nil
	}
	_, d.err = d.f.Write(b)
	return len(b), nil
}

// keep puts the file into its place.
func (d *draft) keep() error {
	if d.f == nil {
		return nil
	}
	d.err = errors.Join(d.err, d.f.Sync(), d.f.Close())
	if d.err == nil {
		d.err = os.Rename(d.f.Name(), d.to)
	}
	return d.err
}

// discard removes what was not kept; after keep there is nothing to remove.
func (d *draft) discard() {
	if d.f != nil {
		d.f.Close()
		os.Remove(d.f.Name())
	}
}
