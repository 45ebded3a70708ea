package vault

import (
	"context"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"zharia/portal/fault"

	"github.com/google/uuid"
)

// closing is a keeper that a test takes down or has refuse.
type closing struct {
	*Direct
	down, refuses bool
	short         bool
	calls, asked  int
}

func (c *closing) Unwrap(ctx context.Context, asks []Ask) ([][]byte, error) {
	c.calls++
	c.asked += len(asks)
	switch {
	case c.down:
		return nil, errors.New("dial unix: no such file")
	case c.refuses:
		return nil, ErrRefused
	case c.short:
		return nil, nil
	}
	return c.Direct.Unwrap(ctx, asks)
}

func kept(t *testing.T) (*closing, *Keys) {
	t.Helper()
	d, err := NewDirect(newRoot())
	if err != nil {
		t.Fatal(err)
	}
	keeper := &closing{Direct: d}
	k, err := Connect(t.Context(), keeper)
	if err != nil {
		t.Fatal(err)
	}
	return keeper, k
}

func somewhere(n byte) Where {
	return Where{Table: "filing", Column: "circumstances", ID: uuid.UUID{1, n}, Case: uuid.UUID{2}}
}

// as is ctx of a session with a key of its own.
func as(t *testing.T) context.Context {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return WithTicket(t.Context(), Ticket{Key: key})
}

func TestWhatASessionMadeOrOpenedOpensToItWhileTheKeeperIsDown(t *testing.T) {
	keeper, k := kept(t)
	mine, other := as(t), as(t)
	db := New(nil, k)
	made, err := db.For(mine).SealText(somewhere(1), "менікі")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := k.SealText(somewhere(2), "оқыдым")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.OpenText(mine, somewhere(2), opened); err != nil {
		t.Fatal(err)
	}
	keeper.down = true
	for where, sealed := range map[Where][]byte{somewhere(1): made, somewhere(2): opened} {
		if text, err := k.OpenText(mine, where, sealed); err != nil || text == "" {
			t.Errorf("mine: %q, %v", text, err)
		}
		for name, ctx := range map[string]context.Context{"another session": other, "nobody in particular": t.Context()} {
			if text, err := k.OpenText(ctx, where, sealed); !errors.Is(err, fault.Unavailable) || text != "" {
				t.Errorf("%s: %q, %v", name, text, err)
			}
		}
	}
	if sealed, err := k.SealText(somewhere(3), "жаңа"); err != nil || len(sealed) == 0 {
		t.Errorf("writing needs the keeper: %v", err)
	}
}

func TestAHeadThatWasChangedIsNotHelpedByTheMemory(t *testing.T) {
	_, k := kept(t)
	mine := as(t)
	sealed, err := New(nil, k).For(mine).SealText(somewhere(1), "менікі")
	if err != nil {
		t.Fatal(err)
	}
	for i := range headSize {
		changed := append([]byte(nil), sealed...)
		changed[i] ^= 1
		if text, err := k.OpenText(mine, somewhere(1), changed); !errors.Is(err, ErrNotSealedHere) {
			t.Fatalf("byte %d: %q, %v", i, text, err)
		}
	}
	if text, err := k.OpenText(mine, somewhere(2), sealed); !errors.Is(err, ErrNotSealedHere) {
		t.Errorf("another place: %q, %v", text, err)
	}
}

func TestAKeyIsRememberedForAQuarterOfAnHourHoweverOftenItIsUsed(t *testing.T) {
	keeper, k := kept(t)
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	k.made.clock = func() time.Time { return now }
	mine := as(t)
	sealed, err := New(nil, k).For(mine).SealText(somewhere(1), "менікі")
	if err != nil {
		t.Fatal(err)
	}
	keeper.down = true
	for range 14 {
		now = now.Add(time.Minute)
		if _, err := k.OpenText(mine, somewhere(1), sealed); err != nil {
			t.Fatalf("at %v: %v", now, err)
		}
	}
	now = now.Add(time.Minute)
	if _, err := k.OpenText(mine, somewhere(1), sealed); !errors.Is(err, fault.Unavailable) {
		t.Errorf("after fifteen minutes: %v", err)
	}
}

func TestTheMemoryIsBounded(t *testing.T) {
	_, k := kept(t)
	ask := Ask{Enc: make([]byte, encSize), Wrapped: make([]byte, wrappedSize)}
	for i := range most + 500 {
		ask.Where = Where{Table: "t", Column: "c", ID: uuid.New(), Case: uuid.UUID{1}}
		k.made.keep("holder", ask, []byte{byte(i)})
	}
	if len(k.made.keys) > most || len(k.made.queue) > most {
		t.Errorf("%d keys, %d in the queue", len(k.made.keys), len(k.made.queue))
	}
	if k.made.find("holder", ask) == nil {
		t.Error("the newest is not there")
	}
	now := time.Now().Add(remembered)
	k.made.clock = func() time.Time { return now }
	k.made.keep("holder", ask, []byte{1})
	if len(k.made.keys) != 1 || len(k.made.queue) != 1 {
		t.Errorf("what is over stays: %d keys, %d in the queue", len(k.made.keys), len(k.made.queue))
	}
}

func TestTheKeepersNoIsThatNothingIsThere(t *testing.T) {
	keeper, k := kept(t)
	sealed, err := k.SealText(somewhere(1), "бөгде")
	if err != nil {
		t.Fatal(err)
	}
	keeper.refuses = true
	if text, err := k.OpenText(as(t), somewhere(1), sealed); !errors.Is(err, fault.NotFound) || !errors.Is(err, ErrRefused) || text != "" {
		t.Errorf("%q, %v", text, err)
	}
	keeper.refuses, keeper.short = false, true
	if _, err := k.OpenText(as(t), somewhere(1), sealed); err == nil || errors.Is(err, fault.NotFound) {
		t.Errorf("a keeper that gives fewer keys: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	keeper.short, keeper.down = false, true
	if _, err := k.OpenText(ctx, somewhere(1), sealed); !errors.Is(err, context.Canceled) {
		t.Errorf("who asked has gone: %v", err)
	}
}

func TestManyAreAskedForAtOnce(t *testing.T) {
	keeper, k := kept(t)
	mine := as(t)
	var all []Sealed
	for i := range 2*MaxAsks + 10 {
		where := Where{Table: "filing", Column: "circumstances", ID: uuid.New(), Case: uuid.UUID{2}}
		sealed, err := k.Seal(where, []byte{byte(i)})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Sealed{where, sealed})
	}
	if err := k.Ahead(mine, append(all, Sealed{somewhere(9), nil})...); err != nil {
		t.Fatal(err)
	}
	if keeper.calls != 3 || keeper.asked != len(all) {
		t.Errorf("%d questions for %d keys", keeper.calls, keeper.asked)
	}
	plain, err := k.OpenAll(mine, all)
	if err != nil {
		t.Fatal(err)
	}
	for i := range plain {
		if len(plain[i]) != 1 || plain[i][0] != byte(i) {
			t.Fatalf("the %dth is %v", i, plain[i])
		}
	}
	if keeper.calls != 3 {
		t.Errorf("the keeper was asked again: %d", keeper.calls)
	}
	if err := k.Ahead(t.Context(), all...); err != nil || keeper.calls != 3 {
		t.Errorf("without a memory it was asked for nothing: %d, %v", keeper.calls, err)
	}
	all[3].Bytes = all[4].Bytes
	if _, err := k.OpenAll(as(t), all); !errors.Is(err, ErrNotSealedHere) {
		t.Errorf("one of them was moved: %v", err)
	}
}

func TestAWorkerHasNoMemory(t *testing.T) {
	keeper, k := kept(t)
	ctx := as(t)
	ticket, _ := TicketOf(ctx)
	ticket.Slip = []byte("slip")
	ctx = WithTicket(t.Context(), ticket)
	sealed, err := New(nil, k).For(ctx).SealText(somewhere(1), "жұмыс")
	if err != nil {
		t.Fatal(err)
	}
	keeper.down = true
	if _, err := k.OpenText(ctx, somewhere(1), sealed); !errors.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
}
