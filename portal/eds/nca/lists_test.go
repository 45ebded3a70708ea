package nca_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/nca"
)

// held gives the lists a client holds of the issuer.
func (w *world) held(c *nca.Client) (full, delta *crl.List) {
	w.t.Helper()
	full, delta, err := c.Lists(w.t.Context(), w.issuer())
	if err != nil {
		w.t.Fatal(err)
	}
	return full, delta
}

// listed is how the leaf stands by the lists that are held.
func (w *world) listed(c *nca.Client) crl.Status {
	w.t.Helper()
	full, delta := w.held(c)
	status, _, err := full.Status(w.parse(w.leaf.Certificate()), w.parse(w.authority.Issuer()), delta, w.now())
	if status == crl.Unknown {
		w.t.Logf("unknown: %v", err)
	}
	return status
}

func (w *world) refresh(c *nca.Client) {
	w.t.Helper()
	if err := c.Refresh(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func TestListsAreFetchedWhenTheyAreDue(t *testing.T) {
	w := build(t)
	c := w.client("")
	for _, step := range []struct {
		name  string
		after time.Duration
		want  int64 // requests
	}{
		{"nothing is held", 0, 3},
		{"at once", 0, 0},
		{"before the hour", 59 * time.Minute, 0},
		{"after an hour: the delta", time.Minute, 1},
		{"after a day: all", 23 * time.Hour, 3},
		{"and no more", time.Minute, 0},
	} {
		w.pass(step.after)
		before := w.asked.Load()
		w.refresh(c)
		if n := w.asked.Load() - before; n != step.want {
			t.Errorf("%s: %d requests", step.name, n)
		}
		if got := w.listed(c); got != crl.Good {
			t.Errorf("%s: %s", step.name, got)
		}
	}
	if _, _, err := c.Lists(t.Context(), w.root()); err != nil {
		t.Errorf("the root's list: %v", err)
	}
}

func TestARevocationArrivesWithTheDelta(t *testing.T) {
	w := build(t)
	c := w.client("")
	w.refresh(c)
	w.revoke(authority.Hold)
	if got := w.listed(c); got != crl.Good {
		t.Errorf("before the delta: %s", got)
	}
	w.pass(time.Hour)
	w.refresh(c)
	if got := w.listed(c); got != crl.Revoked {
		t.Errorf("with the delta: %s", got)
	}
	if err := w.authority.Unrevoke(w.leaf.Serial()); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	w.refresh(c)
	if got := w.listed(c); got != crl.Good {
		t.Errorf("lifted: %s", got)
	}
}

// The authority published a full list before the day was over: the delta shows
// it, and the list it belongs to is fetched with it.
func TestADeltaToANewerListBringsTheList(t *testing.T) {
	w := build(t)
	c := w.client("")
	w.refresh(c)
	old, _ := w.held(c)
	w.pass(time.Hour)
	w.revoke(authority.KeyCompromise)
	if err := w.services.Publish(); err != nil {
		t.Fatal(err)
	}
	w.refresh(c)
	full, delta := w.held(c)
	if full.Number.Cmp(old.Number) <= 0 || delta == nil || delta.Base.Cmp(full.Number) != 0 {
		t.Errorf("list %v after %v, delta %v", full.Number, old.Number, delta)
	}
	if got := w.listed(c); got != crl.Revoked {
		t.Error(got)
	}
}

// A delta from before the full list is not given with it.
func TestAnOutlivedDeltaIsPutAside(t *testing.T) {
	w := build(t)
	c := w.client("")
	w.refresh(c)
	w.pass(25 * time.Hour)
	w.answer(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/crl/delta.crl" {
			rw.WriteHeader(http.StatusNotFound)
			return
		}
		w.services.ServeHTTP(rw, r)
	})
	if err := c.Refresh(t.Context()); kind(err) != nca.BadStatus {
		t.Errorf("no delta: %v", err)
	}
	if _, delta := w.held(c); delta != nil {
		t.Error("yesterday's delta beside today's list")
	}
	if got := w.listed(c); got != crl.Good {
		t.Error(got)
	}
}

func TestAListIsAskedForOnlyIfItIsNewer(t *testing.T) {
	w := build(t)
	config := w.config("")
	config.Issuers = config.Issuers[1:] // the root's list
	c, err := nca.New(config)
	if err != nil {
		t.Fatal(err)
	}
	var codes []int
	w.answer(func(rw http.ResponseWriter, r *http.Request) {
		s := &spy{ResponseWriter: rw}
		w.mu.Lock()
		at := w.at
		w.at = founded.AddDate(0, 1, 0) // the server's day does not end
		w.mu.Unlock()
		w.services.ServeHTTP(s, r)
		w.mu.Lock()
		w.at = at
		w.mu.Unlock()
		codes = append(codes, s.code)
	})
	for range 3 {
		w.refresh(c)
		w.refresh(c)
		w.pass(24 * time.Hour)
	}
	if len(codes) != 3 || codes[0] != 200 || codes[1] != 304 || codes[2] != 304 {
		t.Errorf("answers %v", codes)
	}
	for _, e := range c.Health() {
		if e.Service == "list" && (!e.LastSuccess.Equal(w.now().Add(-24*time.Hour)) || e.Number != "1" || e.NextUpdate.IsZero()) {
			t.Errorf("health %+v", e)
		}
	}
}

// spy remembers the status of an answer.
type spy struct {
	http.ResponseWriter
	code int
}

func (s *spy) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

func (s *spy) Write(b []byte) (int, error) {
	if s.code == 0 {
		s.code = 200
	}
	return s.ResponseWriter.Write(b)
}

// What does not verify, is older, or is torn off leaves the lists that were
// held in their place.
func TestABadListChangesNothing(t *testing.T) {
	for _, f := range authority.Faults() {
		want, broken := map[authority.Fault]nca.Kind{
			authority.Unavailable: nca.BadStatus, authority.Redirected: nca.Redirected, authority.Garbage: nca.Refused,
			authority.CutOff: nca.CutOff, authority.Oversize: nca.Refused, authority.Stale: nca.Rollback,
			authority.WrongResponder: nca.Refused,
		}[f]
		if !broken {
			continue // no fault of lists, or a matter of a minute
		}
		w := build(t)
		dir := t.TempDir()
		c := w.client(dir)
		w.refresh(c)
		full, delta := w.held(c)
		files := names(t, dir)
		w.revoke(authority.KeyCompromise)
		w.services.Break(authority.Lists, f)
		w.pass(24*time.Hour + time.Minute)
		if err := c.Refresh(t.Context()); kind(err) != want {
			t.Errorf("%s: %v, want %s", f, err, want)
		}
		if now, then := w.held(c); now != full || then != delta {
			t.Errorf("%s: the lists were replaced", f)
		}
		if now := names(t, dir); len(now) != len(files) {
			t.Errorf("%s: the folder holds %v", f, now)
		}
		before := w.asked.Load()
		c.Refresh(t.Context())
		if w.asked.Load() != before {
			t.Errorf("%s: tried again at once", f)
		}
		w.services.Break(authority.Lists, authority.NoFault)
		w.pass(10 * time.Minute)
		w.refresh(c)
		if got := w.listed(c); got != crl.Revoked {
			t.Errorf("%s: in order again, and %s", f, got)
		}
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
		all = append(all, f.Name())
	}
	return all
}

// A list of ours at another's address, a delta where a full list should be,
// and a list of tomorrow are not taken even where nothing is held.
func TestAListOutOfPlaceIsNotTaken(t *testing.T) {
	w := build(t)
	for name, put := range map[string]func(*nca.Config){
		"the root's as the issuer's": func(c *nca.Config) { c.Issuers[0].List = w.url + "/crl/root.crl" },
		"a delta as a full list":     func(c *nca.Config) { c.Issuers[0].List = w.url + "/crl/delta.crl" },
		"tomorrow's": func(c *nca.Config) {
			c.Now = func() time.Time { return w.now().Add(-24 * time.Hour) }
		},
	} {
		config := w.config("")
		config.Issuers = config.Issuers[:1]
		config.Issuers[0].Delta = ""
		put(&config)
		c, err := nca.New(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Refresh(t.Context()); kind(err) != nca.Refused {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := c.Lists(t.Context(), w.issuer()); kind(err) != nca.Absent {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARestartFetchesNothingAgain(t *testing.T) {
	w := build(t)
	dir := filepath.Join(t.TempDir(), "lists")
	c := w.client(dir)
	w.revoke(authority.Hold)
	w.refresh(c)
	full, delta := w.held(c)
	if n := len(names(t, dir)); n != 6 {
		t.Errorf("%d files", n)
	}

	if err := os.WriteFile(filepath.Join(dir, "new-1"), []byte("half a list"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := w.asked.Load()
	again := w.client(dir)
	w.refresh(again)
	if n := len(names(t, dir)); n != 6 {
		t.Errorf("%d files after a crash", n)
	}
	if n := w.asked.Load() - before; n != 0 {
		t.Errorf("%d requests after the restart", n)
	}
	now, then := w.held(again)
	if now.Digest != full.Digest || then.Digest != delta.Digest || w.listed(again) != crl.Revoked {
		t.Error("the lists are not the same")
	}

	// And the memory of what is newest outlives the restart too.
	w.services.Break(authority.Lists, authority.Stale)
	w.pass(25 * time.Hour)
	if err := again.Refresh(t.Context()); kind(err) != nca.Rollback {
		t.Error(err)
	}
}

// The folder is believed no more than the network.
func TestWhatLiesInTheFolderIsVerified(t *testing.T) {
	w := build(t)
	dir := t.TempDir()
	w.refresh(w.client(dir))
	for _, name := range names(t, dir) {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := append([]byte(nil), good...)
		place := len(bad) / 2
		if digest := bytes.IndexByte(bad, '['); filepath.Ext(name) == ".json" {
			place = digest + 1 // what else stands in a mark is the server's to know
		}
		bad[place] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		c := w.client(dir)
		before := w.asked.Load()
		w.refresh(c)
		if w.asked.Load() == before {
			t.Errorf("%s: changed and used", name)
		}
		if got := w.listed(c); got != crl.Good {
			t.Errorf("%s: %s", name, got)
		}
	}
	if _, err := nca.New(w.config(filepath.Join(dir, names(t, dir)[0]))); err == nil {
		t.Error("a file is a folder")
	}
}

func TestAFolderThatCannotBeWrittenIsSaid(t *testing.T) {
	w := build(t)
	dir := filepath.Join(t.TempDir(), "lists")
	c := w.client(dir)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := c.Refresh(t.Context()); err == nil || kind(err) != "" {
		t.Errorf("%v", err)
	}
}

func TestAnEndlessListIsNotFetched(t *testing.T) {
	w := build(t)
	c := w.client("")
	w.answer(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Length", "67108865") // one more than 64 MiB
		rw.Write([]byte{0x30, 0x84})
	})
	if err := c.Refresh(t.Context()); kind(err) != nca.TooLarge {
		t.Error(err)
	}
}
