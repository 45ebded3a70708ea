// Package keeper is the other process: it alone can open what the portal has sealed,
// and it opens by signatures, not by rows of a database.
//
// The root of all keys is sealed by shares that custodians of different bodies keep,
// and stands in locked memory while the keeper runs (source.go, page_linux.go). The
// portal has the public half: what it seals it cannot open by itself. To open, it
// shows the keeper what the person signed at sign-in (login.go), and a request signed
// with the key of that very session (request.go). Then the keeper asks for the right:
// a text of one person opens for that person, a text of a case for whoever has
// standing by papers that investigators and prosecutors have signed (Rights). Whoever
// owns the machine of the portal, its database and its copies so holds nothing that
// opens, but what somebody is reading at that moment.
//
// Three custodians together may open one case for one official for a day, with a
// written ground (opening.go). Every decision goes to a record without names
// (decision.go), and each person's measure is bounded (limit.go).
//
// What is not shielded: whoever is root on the keeper's machine while it runs, and a
// session's texts from whoever is root on the portal's machine at that moment.
package keeper

import (
	"bytes"
	"context"
	"crypto/hpke"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/share"
	"zharia/portal/vault"
)

// maxEpoch is how many epochs there can be: a new one each week for a thousand years. maxAhead is
// of how many after its own a folder opens what was sealed in them: it may be from before.
const (
	maxEpoch = 1 << 16
	maxAhead = 64
)

// Names of the two memories.
const (
	withdrawnFile = "withdrawn"
	openingsFile  = "openings"
)

// Errors of the keeper as a whole.
var (
	ErrSealed   = errors.New("keeper: it is sealed")
	ErrUnsealed = errors.New("keeper: it is unsealed already")
)

// Rights decides who has standing in a case, by papers that people have signed and by
// nothing else. One is made at each unsealing; its methods may be called at once.
type Rights interface {
	// Recall gives back, first of all, what Take wanted to be remembered for ever.
	Recall(facts [][]byte) error
	// Take reads a paper, verifies its signatures itself, and says what must be
	// remembered even if the paper is never shown again: a right that was taken away.
	// A paper that proves nothing is an error, and changes nothing.
	Take(ctx context.Context, p Paper, at time.Time) (remember [][]byte, err error)
	// Standing is nil where the person may open these texts of the case, ErrNoPapers where
	// nothing of the case is known yet, and another error where he may not. Without a
	// case it is asked for what bodies received, and for the papers about officials: nil
	// for whoever is in a post that receives for each of those bodies, or in any post.
	Standing(ctx context.Context, person, casefile uuid.UUID, of []vault.Where, at time.Time) error
}

// ErrNoPapers says that no signed paper of the case was shown since the unsealing: the
// client shows them and asks again.
var ErrNoPapers = errors.New("keeper: no papers of this case")

// ErrLater says that a paper cannot be judged now, for an authority is silent.
var ErrLater = errors.New("keeper: the paper cannot be judged yet")

// Paper is a signed paper, opened: what was signed, and each signature over it (CMS).
type Paper struct {
	Case       uuid.UUID // none of a paper about officials
	Content    []byte
	Signatures [][]byte
	// Evidence is what proved each signature when it was received (eds.Evidence, as it is
	// kept); empty where there is none.
	Evidence [][]byte
	// Ended is since when the paper holds no more though no other one says so. That is
	// the word of the portal alone, so it can only take.
	Ended time.Time
	// Person is the id of whoever has an IIN: with the key of the root, so that no row
	// can say that somebody is another.
	Person func(eds.IIN) uuid.UUID
}

// Config is what a keeper is told by whoever runs it. None of it is secret.
type Config struct {
	Dir      string        // the state folder
	Origin   string        // of the portal: sign-ins elsewhere count for nothing
	Verifier *eds.Verifier // with the trusted authorities; the keeper's own, not the portal's
	Rights   func() Rights // nil: no text of a case opens
	Limits   Limits
	HSM      HSM     // where one seals the root: its settings; the PIN comes from whoever unseals
	Transit  Transit // where such an engine does: its settings; so does its token

	// WithoutChain opens every case for everybody who signed in. It is for
	// development only, where no papers are signed yet.
	WithoutChain bool

	Now func() time.Time // nil: the clock
	Log *slog.Logger     // nil: the usual one
}

// Keeper opens texts for those who show their right. It starts sealed.
type Keeper struct {
	config    Config
	lock      *os.File
	withdrawn *journal
	openings  *journal
	ended     *endings
	decisions *decisions
	long      chan struct{} // whoever's long message is being answered

	mu     sync.RWMutex
	state  state
	opened *opened // nil while it is sealed
	swept  Sweep

	ceremony sync.Mutex // one at a time: unsealing, new shares, an opening; who asks how it is does not wait for it

	giving   sync.Mutex // the shares that wait for others
	given    []share.Share
	lastGift time.Time
}

// opened is what is there only while the keeper is unsealed.
type opened struct {
	root   *page
	seed   *page  // of the oldest epoch that is not forgotten
	oldest uint32 // under mu
	tagKey []byte
	boot   string // names this unsealing
	since  time.Time
	rights Rights
	cases  map[pair]Opening // against the rule, by case and person

	logins logins
	meter  meter
	nonces nonces

	mu    sync.Mutex
	keys  map[uint32]hpke.PrivateKey
	ahead uint32 // the latest epoch of which something opened
}

// latest is the epoch after the present one of which something opened; 0 for none.
func (o *opened) latest(present uint32) uint32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ahead > present {
		return o.ahead
	}
	return 0
}

// Init makes a keeper in an empty folder: a new root, sealed by the source. With
// Shares, the shares are in source.Made afterwards, and nowhere else.
func Init(ctx context.Context, dir string, source Source, at time.Time) error {
	if err := absent(dir); err != nil {
		return err
	}
	root, err := newPage()
	if err != nil {
		return err
	}
	defer root.free()
	rand.Read(root.bytes())
	at = at.UTC().Truncate(time.Second)
	s := state{Version: 1, Source: source.Name(), Made: at, Epoch: 1, Began: at, Oldest: 1}
	if s.Sealed, err = source.Seal(ctx, root.bytes()); err != nil {
		return err
	}
	first, err := firstSeed(source, root.bytes())
	if err != nil {
		return err
	}
	defer clear(first)
	if s.Seed, err = boxSeed(root.bytes(), 1, first); err != nil {
		return err
	}
	for _, name := range []string{withdrawnFile, openingsFile} {
		if err := newJournal(dir, name, root.bytes()); err != nil {
			return err
		}
	}
	_, err = s.write(dir, stateFile, root.bytes())
	return err
}

// Open reads the state folder and gives a sealed keeper. The errors say what is wrong
// with the folder: ErrExposed, ErrChanged, ErrInUse.
func Open(c Config) (*Keeper, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Limits == (Limits{}) {
		c.Limits = Usual()
	}
	if c.Verifier == nil || c.Origin == "" {
		return nil, errors.New("keeper: the origin of the portal and the trusted authorities must be told")
	}
	if err := private(c.Dir); err != nil {
		return nil, err
	}
	lock, err := alone(c.Dir)
	if err != nil {
		return nil, err
	}
	k := &Keeper{config: c, lock: lock, decisions: &decisions{dir: c.Dir}, long: make(chan struct{}, 1)}
	if k.state, err = readState(c.Dir); err == nil {
		k.withdrawn, err = openJournal(c.Dir, withdrawnFile)
	}
	if err == nil {
		k.openings, err = openJournal(c.Dir, openingsFile)
	}
	if err == nil {
		k.ended, err = openEndings(c.Dir, c.Now())
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return k, nil
}

// Close seals the keeper and lets the folder go.
func (k *Keeper) Close() error {
	k.Seal()
	return errors.Join(k.decisions.close(), k.lock.Close())
}

// shareLife is how long a share waits for the others.
const shareLife = 10 * time.Minute

// Status is what everybody may know.
type Status struct {
	Sealed       bool      `json:"sealed"`
	Source       string    `json:"source"`
	Epoch        uint32    `json:"epoch"`
	Began        time.Time `json:"began"`           // the present epoch
	Oldest       uint32    `json:"oldest"`          // epochs before it are forgotten
	Ahead        uint32    `json:"ahead,omitempty"` // texts were opened that are sealed to this later epoch: the folder is from before it
	Swept        Sweep     `json:"swept,omitzero"`  // what the portal said last
	Have         int       `json:"have"`            // shares given of those needed
	Need         int       `json:"need"`
	Unsettled    bool      `json:"unsettled,omitempty"` // the new shares were never confirmed, and the former ones still open with beforeFile
	Since        time.Time `json:"since,omitzero"`      // unsealed
	Boot         string    `json:"boot"`                // another one after each unsealing: papers must be shown again
	WithoutChain bool      `json:"without_chain"`
	Withdrawn    Extent    `json:"withdrawn"`
	Openings     Extent    `json:"openings"`
	Disk         Disk      `json:"disk,omitzero"` // of the state folder: on a full one nothing opens
}

// Disk is how many bytes there are; none where it is not known.
type Disk struct {
	Free uint64 `json:"free"`
	All  uint64 `json:"all"`
}

// scarce is some weeks of decisions, and time for a person to come.
const scarce = 1 << 30

// Scarce says that somebody must make room.
func (d Disk) Scarce() bool { return d.All > 0 && d.Free < scarce }

// Extent is how far a memory goes: for somebody outside to compare with yesterday.
type Extent struct {
	Entries int    `json:"entries"`
	Newest  string `json:"newest"`
	Bytes   int64  `json:"bytes,omitempty"`
	Most    int64  `json:"most,omitempty"` // none where it is not told
}

// Scarce says that less than a quarter is free: time for a release with more room. Through one
// that is full nothing is taken away, so nothing that comes new is opened either.
func (e Extent) Scarce() bool { return e.Most > 0 && 4*e.Bytes > 3*e.Most }

func (j *journal) extent() Extent {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := Extent{Entries: len(j.entries), Bytes: j.size, Most: j.most}
	if n := len(j.entries); n > 0 {
		e.Newest = hex.EncodeToString(j.entries[n-1].Mac)
	}
	return e
}

// Memory is a moment of one of the keeper's memories, by the fingerprint of what was its
// newest entry: for somebody outside to keep, and to ask later whether it is still there.
type Memory struct {
	Name string `json:"name"`
	Mac  []byte `json:"mac"`
}

// Memories are the present ones; of one that is empty there is no Mac.
func (s Status) Memories() (out []Memory) {
	for _, m := range []struct {
		name string
		Extent
	}{{withdrawnFile, s.Withdrawn}, {openingsFile, s.Openings}} {
		one := Memory{Name: m.name}
		if m.Entries > 0 {
			one.Mac, _ = hex.DecodeString(m.Newest) // what is no fingerprint is known to nobody
		}
		out = append(out, one)
	}
	return out
}

// recalls says whether a memory still goes as far as it did.
func (k *Keeper) recalls(m Memory) (known bool, err error) {
	err = k.within(func(*opened, state) error {
		for _, j := range []*journal{k.withdrawn, k.openings} {
			if filepath.Base(j.path) == m.Name {
				known = j.knows(m.Mac)
			}
		}
		return nil
	})
	return known, err
}

// Status tells how the keeper is.
func (k *Keeper) Status() Status {
	have := k.waiting()
	k.mu.RLock()
	defer k.mu.RUnlock()
	s := Status{
		Sealed: k.opened == nil, Source: k.state.Source, Epoch: k.state.Epoch, Began: k.state.Began, Oldest: k.state.Oldest, Swept: k.swept, Have: have,
		WithoutChain: k.config.WithoutChain, Withdrawn: k.withdrawn.extent(), Openings: k.openings.extent(), Disk: diskOf(k.config.Dir), Unsettled: k.unsettled(),
	}
	if kept := (sealedShares{}); k.state.Source == byShares && strictly(k.state.Sealed, &kept) == nil {
		s.Need = kept.Threshold
	}
	if k.opened != nil {
		s.Since, s.Boot, s.Ahead = k.opened.since, k.opened.boot, k.opened.latest(k.state.Epoch)
	}
	return s
}

// GiveShare takes the shares one at a time and unseals with the last one that is
// needed. The errors name the share: of another set, forged, twice. A wrong share
// spoils nothing: those given before stay.
func (k *Keeper) GiveShare(ctx context.Context, one share.Share) error {
	k.ceremony.Lock()
	defer k.ceremony.Unlock()
	s, err := k.sealedState()
	if err != nil {
		return err
	}
	if s.Source != byShares {
		return fmt.Errorf("%w: its root is sealed by %s", ErrNotRoot, s.Source)
	}
	if err := belongs(s.Sealed, one); err != nil {
		return err
	}
	all, err := k.together(one)
	if err != nil || len(all) == 0 {
		return err
	}
	defer clearAll(all)
	return k.unseal(ctx, &Shares{Given: all})
}

// together puts a share beside those that wait, and gives all of them where they are enough.
func (k *Keeper) together(one share.Share) (all []share.Share, err error) {
	k.giving.Lock()
	defer k.giving.Unlock()
	k.forgetOldShares()
	if slices.ContainsFunc(k.given, func(other share.Share) bool { return other.Index == one.Index }) {
		return nil, fmt.Errorf("%w: %v", share.ErrTwice, one)
	}
	k.given, k.lastGift = append(k.given, one), k.config.Now()
	if len(k.given) < int(one.Threshold) {
		return nil, nil
	}
	all, k.given = k.given, nil
	return all, nil
}

// waiting is how many shares wait for others.
func (k *Keeper) waiting() int {
	k.giving.Lock()
	defer k.giving.Unlock()
	k.forgetOldShares()
	return len(k.given)
}

func (k *Keeper) forgetOldShares() {
	if len(k.given) > 0 && k.config.Now().Sub(k.lastGift) > shareLife {
		clearAll(k.given)
		k.given = nil
	}
}

func (k *Keeper) forgetShares() {
	k.giving.Lock()
	defer k.giving.Unlock()
	clearAll(k.given)
	k.given = nil
}

func clearAll(shares []share.Share) {
	for _, one := range shares {
		one.Clear()
	}
}

// sealedState is the state of a keeper that is still to be unsealed.
func (k *Keeper) sealedState() (state, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.opened != nil {
		return state{}, ErrUnsealed
	}
	return k.state, nil
}

// Unseal takes the root from a source that has all it needs.
func (k *Keeper) Unseal(ctx context.Context, source Source) error {
	k.ceremony.Lock()
	defer k.ceremony.Unlock()
	if _, err := k.sealedState(); err != nil {
		return err
	}
	err := k.unseal(ctx, source)
	if err != nil {
		k.config.Log.Error("the keeper stays sealed", "source", source.Name(), "error", err)
	}
	return err
}

// root takes the root from a source and proves that it is the one of this folder.
func (k *Keeper) root(ctx context.Context, source Source) (*page, error) {
	k.mu.RLock()
	s := k.state
	k.mu.RUnlock()
	if source.Name() != s.Source {
		return nil, fmt.Errorf("%w: its root is sealed by %s, not by %s", ErrNotRoot, s.Source, source.Name())
	}
	plain, err := source.Unseal(ctx, s.Sealed)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	if len(plain) != rootSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrNotRoot, len(plain))
	}
	check, err := s.check(plain)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(check, s.Check) != 1 {
		return nil, fmt.Errorf("%w: %s is not as the keeper wrote it, or the root is another", ErrChanged, stateFile)
	}
	p, err := newPage()
	if err != nil {
		return nil, err
	}
	copy(p.bytes(), plain)
	return p, nil
}

func (k *Keeper) unseal(ctx context.Context, source Source) (err error) {
	root, err := k.root(ctx, source)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			root.free()
			k.withdrawn.lock()
			k.openings.lock()
		}
	}()
	k.mu.RLock()
	s := k.state
	k.mu.RUnlock()
	seed, err := openSeed(root.bytes(), s)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			seed.free()
		}
	}()
	now := k.config.Now()
	o := &opened{
		seed: seed, oldest: s.Oldest,
		root: root, boot: rand.Text(), since: now, cases: map[pair]Opening{}, keys: map[uint32]hpke.PrivateKey{},
		logins: logins{seen: map[[32]byte]login{}},
		meter:  meter{limits: k.config.Limits, people: map[uuid.UUID]*usage{}},
		nonces: nonces{seen: map[[nonceSize]byte]struct{}{}},
	}
	if o.tagKey, err = vault.TagKey(root.bytes()); err != nil {
		return err
	}
	if err = errors.Join(k.withdrawn.unlock(root.bytes()), k.openings.unlock(root.bytes())); err != nil {
		return err
	}
	if err = k.recall(o); err != nil {
		return err
	}
	if err = k.decisions.write(decision{At: now, What: "unseal", Answer: "done", Why: source.Name()}, true); err != nil {
		return err
	}
	if no := k.settle(); no != nil { // whoever unseals it has what it is sealed by
		k.config.Log.Warn("the former sealing stays", "file", beforeFile, "error", no)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opened = o
	return nil
}

// recall gives the memories to those who go by them.
func (k *Keeper) recall(o *opened) error {
	if k.config.Rights != nil {
		o.rights = k.config.Rights()
		var facts [][]byte
		for _, e := range k.withdrawn.all() {
			facts = append(facts, e.Data)
		}
		if err := o.rights.Recall(facts); err != nil {
			return fmt.Errorf("keeper: what was withdrawn: %w", err)
		}
	}
	for _, e := range k.openings.all() {
		opening, err := readOpening(o.root.bytes(), e)
		if err != nil {
			return err
		}
		o.remember(opening)
	}
	return nil
}

// Seal forgets the root; nothing opens until custodians come again.
func (k *Keeper) Seal() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opened == nil {
		return
	}
	k.opened.root.free()
	k.opened.seed.free()
	clear(k.opened.tagKey)
	k.withdrawn.lock()
	k.openings.lock()
	k.opened = nil
	if err := k.decisions.write(decision{At: k.config.Now(), What: "seal", Answer: "done"}, true); err != nil {
		k.config.Log.Error("the keeper was sealed, and could not write that down", "error", err)
	}
}

// within does something while the keeper is unsealed, and keeps it so meanwhile.
func (k *Keeper) within(do func(o *opened, s state) error) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.opened == nil {
		return ErrSealed
	}
	return do(k.opened, k.state)
}

// key is the pair of keys of an epoch; of one that is forgotten, or far ahead, there is none.
func (o *opened) key(epoch, newest uint32) (hpke.PrivateKey, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if epoch < o.oldest || epoch > newest+maxAhead {
		return nil, vault.ErrNotSealedHere
	}
	if key, ok := o.keys[epoch]; ok {
		return key, nil
	}
	seed, err := later(o.seed.bytes(), epoch-o.oldest)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	key, err := vault.KeyOf(seed)
	if err == nil {
		o.keys[epoch] = key
	}
	return key, err
}

// Intake is the public key of the present epoch. A sealed keeper does not tell it:
// what stands in a file somebody could have exchanged.
func (k *Keeper) Intake() (in vault.Intake, err error) {
	err = k.within(func(o *opened, s state) error {
		key, err := o.key(s.Epoch, s.Epoch)
		if err == nil {
			in = vault.Intake{Epoch: s.Epoch, Key: key.PublicKey().Bytes()}
		}
		return err
	})
	return in, err
}

// TagKey is given to the process of the portal at its start. With it IINs can be
// looked up, and nothing opens; that it was given is written down.
func (k *Keeper) TagKey(to string) (key []byte, err error) {
	err = k.within(func(o *opened, _ state) error {
		key = bytes.Clone(o.tagKey)
		return k.decisions.write(decision{At: k.config.Now(), What: "tag-key", Answer: "given", Why: to}, true)
	})
	return key, err
}

// Rotate begins a new epoch: from now on new texts are sealed to another key. Old ones
// open as before, and Rewrap brings them over.
func (k *Keeper) Rotate() (epoch uint32, err error) {
	k.ceremony.Lock()
	defer k.ceremony.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.opened == nil:
		return 0, ErrSealed
	case k.unsettled():
		return 0, ErrUnsettled
	}
	next := k.state
	next.Began = k.config.Now().UTC().Truncate(time.Second)
	if next.Epoch++; next.Epoch > maxEpoch {
		return 0, fmt.Errorf("keeper: %d epochs are enough", maxEpoch)
	}
	line := decision{At: k.config.Now(), What: "rotate", Answer: "done", Count: int(next.Epoch)}
	if err = k.decisions.write(line, true); err != nil {
		return 0, err
	}
	if next, err = next.write(k.config.Dir, stateFile, k.opened.root.bytes()); err != nil {
		return 0, err
	}
	k.state = next
	return next.Epoch, nil
}

// Reshare seals the root anew: from proves that whoever asks has the old shares, to
// makes new ones (or is another source altogether). From then on the old ones unseal
// nothing with this folder.
func (k *Keeper) Reshare(ctx context.Context, from, to Source) error {
	k.ceremony.Lock()
	defer k.ceremony.Unlock()
	root, err := k.root(ctx, from)
	if err != nil {
		return err
	}
	defer root.free()
	sealed, err := to.Seal(ctx, root.bytes()) // which may be far away: nobody waits for it
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.state
	next.Source, next.Sealed, next.Made = to.Name(), sealed, k.config.Now().UTC().Truncate(time.Second)
	line := decision{At: k.config.Now(), What: "reshare", Answer: "done", Why: to.Name()}
	if err := k.decisions.write(line, true); err != nil {
		return err
	}
	if _, err := k.state.write(k.config.Dir, beforeFile, root.bytes()); err != nil {
		return err
	}
	if next, err = next.write(k.config.Dir, stateFile, root.bytes()); err != nil {
		return err
	}
	k.state = next
	k.forgetShares()
	return nil
}

// ErrUnsettled says that a Reshare was broken off before its shares were seen on paper.
var ErrUnsettled = errors.New("keeper: its new shares were never confirmed")

// Settle says that the new shares are on paper: the former sealing goes.
func (k *Keeper) Settle() error {
	k.ceremony.Lock()
	defer k.ceremony.Unlock()
	return k.settle()
}

func (k *Keeper) settle() error {
	if !k.unsettled() {
		return nil
	}
	if err := os.Remove(filepath.Join(k.config.Dir, beforeFile)); err != nil {
		return err
	}
	return syncDir(k.config.Dir)
}

// unsettled says that the former sealing is still there.
func (k *Keeper) unsettled() bool {
	_, err := os.Lstat(filepath.Join(k.config.Dir, beforeFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// Rewrap gives the keys of objects under the present epoch; nil for one that is not
// what was sealed for its place. It needs no right: what comes out is sealed to the
// keeper like what came in.
func (k *Keeper) Rewrap(asks []vault.Ask) (out []*vault.Ask, err error) {
	err = k.within(func(o *opened, s state) error {
		newest, err := o.key(s.Epoch, s.Epoch)
		if err != nil {
			return err
		}
		in := vault.Intake{Epoch: s.Epoch, Key: newest.PublicKey().Bytes()}
		deks, err := o.unwrap(asks, s.Epoch)
		if err != nil {
			return err
		}
		out = make([]*vault.Ask, len(asks))
		for i, dek := range deks {
			if dek == nil {
				continue
			}
			fresh, err := in.Wrap(asks[i].Where, dek)
			clear(dek)
			if err != nil {
				return err
			}
			out[i] = &fresh
		}
		return nil
	})
	return out, err
}

// unwrap is the arithmetic alone, after everything was asked.
func (o *opened) unwrap(asks []vault.Ask, newest uint32) ([][]byte, error) {
	deks := make([][]byte, len(asks))
	for i, a := range asks {
		key, err := o.key(a.Epoch, newest)
		if err == nil {
			deks[i], err = a.Unwrap(key)
		}
		if err != nil && !errors.Is(err, vault.ErrNotSealedHere) {
			return nil, err
		}
		if err == nil && a.Epoch > newest {
			o.mu.Lock()
			o.ahead = max(o.ahead, a.Epoch)
			o.mu.Unlock()
		}
	}
	return deks, nil
}
