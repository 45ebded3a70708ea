package portaltest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/identity"
	"zharia/portal/keeper"
	"zharia/portal/leave"
	"zharia/portal/vault"
)

// Guard is a real keeper at work behind a world: another process in everything but the
// process. The portal asks it over a unix socket, it trusts the authority of the cast
// and the register's own certificate, and judges by signed papers. Its root is the one
// that the texts of all worlds are sealed for.
type Guard struct {
	*keeper.Keeper
	Client *keeper.Client

	w      *W
	rules  Rules
	dir    string
	socket string
	stop   func() error
	at     time.Time // while it is unsealed: long ago
	slow   atomic.Int64

	mu      sync.Mutex
	refused map[string]int
	given   map[[2]uuid.UUID]int
}

// Rules are which of its rules a guard goes by.
type Rules struct {
	Origin       string           // of the portal; "" for the one of the tests
	Clock        func() time.Time // of both; nil for the world's
	WithoutChain bool             // whoever signed in opens every case: the first two fences stand alone
	WithoutFence bool             // the portal works as the owner of the database: no policy of a row is asked
	Limits       keeper.Limits
}

// Guard puts a real keeper behind the portal of this world: from here on w.App opens
// nothing by itself, and whoever asks needs a ticket (Ticket). w.DB goes on as before,
// for what a test arranges.
func (w *W) Guard(rules Rules) *Guard {
	w.t.Helper()
	// A socket's path is short, so not t.TempDir.
	dir, err := os.MkdirTemp("", "guard")
	if err != nil {
		w.t.Fatal(err)
	}
	if rules.Limits == (keeper.Limits{}) { // the clock of a world stands still, and so would a minute
		rules.Limits = keeper.Limits{Objects: 1 << 40, Cases: 1 << 40}
	}
	if rules.Origin == "" {
		rules.Origin = Origin
	}
	if rules.Clock == nil {
		rules.Clock = func() time.Time { return w.At }
	}
	g := &Guard{
		w: w, rules: rules, dir: filepath.Join(dir, "state"), socket: filepath.Join(dir, "s"), at: Afternoon.AddDate(0, -6, 0),
		refused: map[string]int{}, given: map[[2]uuid.UUID]int{},
	}
	if err := keeper.Init(w.t.Context(), g.dir, known{}, Afternoon); err != nil {
		w.t.Fatal(err)
	}
	g.Start()
	g.Unseal()
	if g.Client, err = keeper.Dial("unix:"+g.socket, nil); err != nil {
		w.t.Fatal(err)
	}
	g.Client.Now = g.rules.Clock
	g.Client.Papers = leave.Papers(w.DB)
	w.t.Cleanup(g.leave)
	keys, err := vault.Connect(w.t.Context(), g)
	if err != nil {
		w.t.Fatal(err)
	}
	base := w.App.DB
	if rules.WithoutFence {
		base = w.DB.DB
	}
	w.App, w.guard = vault.New(base, keys), g
	return g
}

// Guarded is the real keeper behind this world, or nil.
func (w *W) Guarded() *Guard { return w.guard }

// now is the clock of the keeper's machine.
func (g *Guard) now() time.Time {
	time.Sleep(time.Duration(g.slow.Load()))
	if !g.at.IsZero() {
		return g.at
	}
	return g.rules.Clock()
}

// SetSlow is how long it thinks about each question.
func (g *Guard) SetSlow(d time.Duration) { g.slow.Store(int64(d)) }

// Start opens the state folder and the door. What comes up is sealed.
func (g *Guard) Start() {
	t := g.w.t
	t.Helper()
	verifier, _, err := g.w.Troupe.Verifier(g.rules.Clock)
	if err != nil {
		t.Fatal(err)
	}
	g.Keeper, err = keeper.Open(keeper.Config{
		Dir: g.dir, Origin: g.rules.Origin, Verifier: verifier, Rights: leave.New(verifier, g.w.Troupe.Register.Certificate()), Limits: g.rules.Limits,
		WithoutChain: g.rules.WithoutChain, Now: g.now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	door, err := net.Listen("unix", g.socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- g.Keeper.Serve(ctx, keeper.Door{Listener: door, Users: []uint32{uint32(os.Geteuid())}})
	}()
	g.stop = func() error {
		cancel()
		return errors.Join(<-ended, g.Keeper.Close())
	}
}

// Folder is where it keeps its state.
func (g *Guard) Folder() string { return g.dir }

// Unseal is the custodians coming together; it was long before whatever a test does.
func (g *Guard) Unseal() {
	g.w.t.Helper()
	g.at = Afternoon.AddDate(0, -6, 0)
	defer func() { g.at = time.Time{} }()
	if err := g.Keeper.Unseal(g.w.t.Context(), known{}); err != nil {
		g.w.t.Fatal(err)
	}
}

// Stop is its process ending.
func (g *Guard) Stop() {
	g.w.t.Helper()
	if g.stop == nil {
		return
	}
	g.SetSlow(0)
	if err := g.stop(); err != nil {
		g.w.t.Error(err)
	}
	g.stop = nil
}

// leave ends it for good.
func (g *Guard) leave() {
	g.Client.Close()
	g.Stop()
	os.RemoveAll(filepath.Dir(g.dir))
}

// known is where the root of the tests comes from: everybody knows it, so that what was
// sealed before there was a keeper opens.
type known struct{}

func (known) Name() string { return "tests" }

// Seal has the keeper take our root for the one that it drew.
func (known) Seal(_ context.Context, root []byte) ([]byte, error) {
	copy(root, rootOfTests())
	return []byte("known"), nil
}

// First has the epochs begin as they do where there is no keeper.
func (known) First(root []byte) ([]byte, error) { return vault.FirstSeed(root) }

func (known) Unseal(context.Context, []byte) ([]byte, error) { return rootOfTests(), nil }

func rootOfTests() []byte {
	root := sha256.Sum256([]byte("zharia/portaltest"))
	return root[:]
}

// Intake is the keeper's.
func (g *Guard) Intake(ctx context.Context) (vault.Intake, error) {
	if g.w.Keeper.Down.Load() {
		return vault.Intake{}, errDown
	}
	return g.Client.Intake(ctx)
}

// TagKey is the keeper's.
func (g *Guard) TagKey(ctx context.Context) ([]byte, error) { return g.Client.TagKey(ctx) }

// Unwrap is the keeper's, counted.
func (g *Guard) Unwrap(ctx context.Context, asks []vault.Ask) ([][]byte, error) {
	g.w.Keeper.Calls.Add(1)
	g.w.Keeper.Asked.Add(int64(len(asks)))
	if g.w.Keeper.Down.Load() {
		return nil, errDown
	}
	deks, err := g.Client.Unwrap(ctx, asks)
	who := database.Asking(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	no := (*keeper.Refused)(nil)
	for _, ask := range asks {
		switch {
		case errors.As(err, &no):
			g.refused[fmt.Sprintf("%s.%s %s as %s", ask.Where.Table, ask.Where.Column, no.Reason, g.w.Word(who))]++
		case err == nil && ask.Where.Case != uuid.Nil:
			g.given[[2]uuid.UUID{who, ask.Where.Case}]++
		}
	}
	return deks, err
}

// Refused are what it refused since the last time this was asked: which column, why and
// to whom.
func (g *Guard) Refused() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := slices.Sorted(maps.Keys(g.refused))
	clear(g.refused)
	return all
}

// Given is how many keys of texts of a case it gave to somebody.
func (g *Guard) Given(to *Actor, casefile uuid.UUID) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.given[[2]uuid.UUID{to.Person, casefile}]
}

// Ticket is what the session with this seed shows the keeper, as after a sign-in of the
// actor at the moment of the world, and the login that the session keeps.
func (w *W) Ticket(a *Actor, seed []byte) (vault.Ticket, identity.Login) {
	w.t.Helper()
	key, err := keeper.SessionKey(seed)
	if err != nil {
		w.t.Fatal(err)
	}
	var drawn [32]byte
	rand.Read(drawn[:])
	nonce := base64.RawURLEncoding.EncodeToString(drawn[:])
	text := fmt.Appendf(nil, "zharia/sign-in/1\norigin=%s\nsession=%s\n%snonce=%s\nuntil=%s\n", w.guard.rules.Origin, nonce,
		keeper.KeyLine(key.Public().(ed25519.PublicKey)), nonce, w.At.Add(identity.ChallengeLife).UTC().Format(time.RFC3339))
	cms, err := a.Key.SignCMS(text, false, w.At)
	if err != nil {
		w.t.Fatal(err)
	}
	return vault.Ticket{Login: cms, Challenge: text, Key: key}, identity.Login{Challenge: text, CMS: cms}
}

// As is a context in which the actor asks, as in a request of his own.
func (a *Actor) As(ctx context.Context) context.Context {
	a.w.t.Helper()
	ctx = database.As(ctx, a.Person, uuid.Nil, a.w.At)
	if a.w.guard == nil {
		return ctx
	}
	var seed [32]byte
	rand.Read(seed[:])
	ticket, _ := a.w.Ticket(a, seed[:])
	return vault.WithTicket(ctx, ticket)
}

// Kept is a World behind a real keeper that goes by all its rules.
func Kept(t testing.TB) *W {
	t.Helper()
	w := World(t)
	w.Guard(Rules{})
	return w
}
