package vault_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"zharia/portal/fault"
	"zharia/portal/vault"

	"github.com/google/uuid"
)

// strict is a keeper that opens what is somebody's own for him alone, and of cases and
// of the house nothing at all.
type strict struct {
	*vault.Direct
	who  uuid.UUID
	asks int
}

func (s *strict) Unwrap(ctx context.Context, asks []vault.Ask) ([][]byte, error) {
	s.asks += len(asks)
	for _, a := range asks {
		if a.Where.Person != s.who || s.who == uuid.Nil {
			return nil, vault.ErrRefused
		}
	}
	return s.Direct.Unwrap(ctx, asks)
}

func as(t *testing.T, person uuid.UUID) context.Context {
	return vault.WithTicket(t.Context(), vault.Ticket{Person: person})
}

func TestWhoHasAWrapOfHisOwnOpensATextWhateverHeIsToTheCase(t *testing.T) {
	d, _ := direct(t)
	keeper := &strict{Direct: d}
	k, err := vault.Connect(t.Context(), keeper)
	if err != nil {
		t.Fatal(err)
	}
	author, other := uuid.New(), uuid.New()
	for what, where := range map[string]vault.Where{
		"of a case":    {Table: "filing", Column: "circumstances", ID: uuid.New(), Case: uuid.New()},
		"of another":   {Table: "errand", Column: "wish", ID: uuid.New(), Person: uuid.New()},
		"of a body":    {Table: "report", Column: "answers", ID: uuid.New(), Body: uuid.New()},
		"of the house": {Table: "document", Column: "content", ID: uuid.New(), House: true},
	} {
		sealed, err := k.SealText(where, "менің сөзім", author, author, uuid.Nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := vault.Readers(sealed); !slices.Equal(got, []uuid.UUID{author}) {
			t.Errorf("%s: readers %v", what, got)
		}
		keeper.who = author
		if text, err := k.OpenText(as(t, author), where, sealed); err != nil || text != "менің сөзім" {
			t.Errorf("%s: its author: %q, %v", what, text, err)
		}
		// What a ticket says of whose it is opens nothing: the keeper knows who asks.
		keeper.who = other
		for name, ctx := range map[string]context.Context{"another": as(t, other), "another who says he is the author": as(t, author), "nobody": t.Context()} {
			if _, err := k.OpenText(ctx, where, sealed); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s: %s: %v", what, name, err)
			}
		}
	}
}

// A wrap is for one person and one text. Whoever writes rows can move it, and give it
// another's name, and nothing opens.
func TestAWrapOfAPersonThatWasMovedOrRenamedOpensNothing(t *testing.T) {
	d, k := direct(t)
	keeper := &strict{Direct: d}
	strictly, err := vault.Connect(t.Context(), keeper)
	if err != nil {
		t.Fatal(err)
	}
	author, thief := uuid.New(), uuid.New()
	keeper.who = thief
	at := func() vault.Where {
		return vault.Where{Table: "filing", Column: "circumstances", ID: uuid.New(), Case: uuid.New()}
	}
	his, hers := at(), at()
	a, err := k.SealText(his, "біреу", author)
	if err != nil {
		t.Fatal(err)
	}
	own, err := k.SealText(hers, "басқа", thief)
	if err != nil {
		t.Fatal(err)
	}
	const wraps = 2 + 16 + 84 // before the object of form 2
	renamed := bytes.Clone(a)
	copy(renamed[2:18], thief[:])
	moved := append(bytes.Clone(own[:wraps]), a[wraps:]...)
	for what, sealed := range map[string][]byte{
		"renamed": renamed, "moved from a text of his": moved,
		"counted as none": append([]byte{3, 0}, a[2:]...), "counted as many": append([]byte{3, 9}, a[2:]...), "cut": a[:wraps-1],
	} {
		if _, err := strictly.OpenText(as(t, thief), his, sealed); !errors.Is(err, vault.ErrNotSealedHere) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Without the wraps it is what it was for those of the case.
	if text, err := k.OpenText(t.Context(), his, a[wraps:]); err != nil || text != "біреу" {
		t.Errorf("without the wraps: %q, %v", text, err)
	}
}

func TestANewEpochPutsEachWrapUnderItsKeyAndKeepsWhoReads(t *testing.T) {
	d, k := direct(t)
	where := vault.Where{Table: "message", Column: "text", ID: uuid.New(), Case: uuid.New()}
	people := []uuid.UUID{uuid.New(), uuid.New()}
	sealed, err := k.SealText(where, "мәтін", people...)
	if err != nil {
		t.Fatal(err)
	}
	d.Rotate()
	if err := k.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	heads, err := vault.Heads(where, sealed)
	if err != nil || len(heads) != 3 {
		t.Fatalf("%d wraps, %v", len(heads), err)
	}
	deks, err := d.Unwrap(t.Context(), heads)
	if err != nil {
		t.Fatal(err)
	}
	for i, head := range heads {
		if !bytes.Equal(deks[i], deks[0]) {
			t.Error("the wraps are of several keys")
		}
		again, err := k.Intake().Wrap(head.Where, deks[i])
		if err != nil {
			t.Fatal(err)
		}
		if sealed, err = vault.Rehead(again, sealed); err != nil {
			t.Fatal(err)
		}
	}
	if heads, err = vault.Heads(where, sealed); err != nil || !slices.Equal(vault.Readers(sealed), people) {
		t.Fatalf("afterwards: %v, %v", vault.Readers(sealed), err)
	}
	for _, head := range heads {
		if head.Epoch != 2 {
			t.Errorf("the wrap for %v is of epoch %d", head.Where.Person, head.Epoch)
		}
	}
	for _, ctx := range []context.Context{t.Context(), as(t, people[0]), as(t, people[1])} {
		if text, err := k.OpenText(ctx, where, sealed); err != nil || text != "мәтін" {
			t.Errorf("%q, %v", text, err)
		}
	}
}

func TestNoMoreThanEightPersonsHaveWrapsOfTheirOwn(t *testing.T) {
	_, k := direct(t)
	people := make([]uuid.UUID, vault.MaxAlso+1)
	for i := range people {
		people[i] = uuid.New()
	}
	if _, err := k.SealText(here(), "мәтін", people...); err == nil {
		t.Error("nine")
	}
	if sealed, err := k.SealText(here(), "мәтін", people[1:]...); err != nil || len(vault.Readers(sealed)) != vault.MaxAlso {
		t.Errorf("eight: %v", err)
	}
}

func TestWhereTextsAreClosedEachReadsAsADashAndTheKeeperIsNotAsked(t *testing.T) {
	d, _ := direct(t)
	keeper := &strict{Direct: d}
	k, err := vault.Connect(t.Context(), keeper)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := k.SealText(here(), "құпия")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := k.OpenText(vault.Closed(t.Context()), here(), sealed); err != nil || text != "-" || keeper.asks != 0 {
		t.Errorf("%q, %v, %d asked", text, err, keeper.asks)
	}
}

// A list names one case in many lines: the keeper is asked for its number once.
func TestOneTextThatStandsInManyLinesIsAskedForOnce(t *testing.T) {
	d, _ := direct(t)
	me := uuid.New()
	keeper := &strict{Direct: d, who: me}
	k, err := vault.Connect(t.Context(), keeper)
	if err != nil {
		t.Fatal(err)
	}
	one, two := here().Own(me), vault.Where{Table: "note", Column: "body", ID: uuid.New(), Person: me}
	a, b := must(k.SealText(one, "бір")), must(k.SealText(two, "екі"))
	all, err := k.OpenAll(t.Context(), []vault.Sealed{{Where: one, Bytes: a}, {Where: two, Bytes: b}, {Where: one, Bytes: a}, {Where: one, Bytes: a}})
	if err != nil || string(bytes.Join(all, []byte(" "))) != "бір екі бір бір" || keeper.asks != 2 {
		t.Errorf("%q, %v, %d asked", all, err, keeper.asks)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
