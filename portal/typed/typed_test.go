package typed_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/typed"
	"zharia/portal/vault"
)

const address = "/cases/0199e1a0-0000-7000-8000-000000000001/filings/new?kind=petition"

func page() typed.Page { return typed.Page{ID: uuid.Must(uuid.NewV7())} }

func text(s string) url.Values {
	return url.Values{"circumstances": {s}, "flags": {"covert", "other-secret"}}
}

// save keeps a text and wants no refusal.
func save(t *testing.T, w *portaltest.W, a *portaltest.Actor, to string, p typed.Page, fields url.Values) bool {
	t.Helper()
	newer, err := typed.Save(t.Context(), w.DB, a.Asks(policy.TypedSave), to, p, fields)
	if err != nil {
		t.Fatal(err)
	}
	return newer
}

// kept is what somebody finds in a form; "" where there is nothing.
func kept(t *testing.T, w *portaltest.W, a *portaltest.Actor, to string) string {
	t.Helper()
	f, err := typed.Read(t.Context(), w.DB, a.Asks(policy.TypedSave), to)
	if errors.Is(err, fault.NotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return f.Fields.Get("circumstances")
}

func TestWhatWasTypedComesBackWholeAndToNobodyElse(t *testing.T) {
	w := portaltest.World(t)
	fields := text("Тінту кезінде\r\n\tноутбук – «менікі» 😀")
	save(t, w, w.Aigul, address, page(), fields)
	f, err := typed.Read(t.Context(), w.DB, w.Aigul.Asks(policy.TypedSave), address)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(typed.Form{Address: address, Fields: fields, At: w.At}, f); diff != "" {
		t.Error(diff)
	}
	for _, other := range []*portaltest.Actor{w.Serik, w.Dana, w.Daniyar, w.Zhanar, w.Stranger} {
		if got := kept(t, w, other, address); got != "" {
			t.Errorf("%s reads %q", other.Word, got)
		}
	}
	if got := kept(t, w, w.Aigul, address+"&about=x"); got != "" {
		t.Errorf("another form has %q", got)
	}
	visitor := policy.Ask{Is: policy.Visitor, Act: policy.TypedSave, At: w.At}
	if _, err := typed.Read(t.Context(), w.DB, visitor, address); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a visitor reads: %v", err)
	}
	if _, err := typed.Save(t.Context(), w.DB, visitor, address, page(), fields); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a visitor saves: %v", err)
	}
}

func TestTheDatabaseSaysNothingOfWhatWasTyped(t *testing.T) {
	w := portaltest.World(t)
	save(t, w, w.Aigul, address, page(), text("zharia-secret-words"))
	save(t, w, w.Serik, address, page(), text("other"))
	var rows [][]byte
	if err := w.SQL.Select(&rows, `SELECT convert_to(typed::text, 'UTF8') || fields FROM typed`); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, secret := range []string{"zharia-secret-words", "circumstances", "filings"} {
			if bytes.Contains(row, []byte(secret)) {
				t.Errorf("the row says %q", secret)
			}
		}
	}
	// What was moved to another person's row does not open.
	if _, err := w.SQL.Exec(`UPDATE typed SET fields = (SELECT fields FROM typed WHERE id = $1) WHERE id = $2`,
		typed.Row(w.Aigul.Person, address), typed.Row(w.Serik.Person, address)); err != nil {
		t.Fatal(err)
	}
	if _, err := typed.Read(t.Context(), w.DB, w.Serik.Asks(policy.TypedSave), address); !errors.Is(err, vault.ErrNotSealedHere) {
		t.Errorf("a text moved to another person opens: %v", err)
	}
}

func TestTheNewestTextWinsAndALateOneOfTheSamePageDoesNot(t *testing.T) {
	w := portaltest.World(t)
	p := page()
	p.Since = w.At
	for _, step := range []struct {
		turn int
		text string
		want string
	}{{1, "one", "one"}, {3, "three", "three"}, {2, "two, late", "three"}, {3, "three again", "three again"}, {4, "four", "four"}} {
		p.Turn = step.turn
		if save(t, w, w.Aigul, address, p, text(step.text)) {
			t.Errorf("turn %d: its own text is newer than itself", step.turn)
		}
		if got := kept(t, w, w.Aigul, address); got != step.want {
			t.Errorf("after turn %d: %q, want %q", step.turn, got, step.want)
		}
	}
	w.At = w.At.Add(time.Minute)
	other := page()
	other.Since = w.At // it was shown with the four
	if save(t, w, w.Aigul, address, other, text("another window")) {
		t.Error("what the other window began with is called newer")
	}
	p.Turn = 5
	if !save(t, w, w.Aigul, address, p, text("five")) {
		t.Error("nobody is told that another window had saved")
	}
	if got := kept(t, w, w.Aigul, address); got != "five" {
		t.Errorf("the newest is %q", got)
	}
}

func TestWhatIsSentIsNoLongerKeptAndComesBackBySoLateASaveNeither(t *testing.T) {
	w := portaltest.World(t)
	p := page()
	p.Turn, p.Since = 1, w.At
	save(t, w, w.Aigul, address, p, text("petition"))
	w.At = w.At.Add(time.Second)
	ask := w.Aigul.Asks(policy.TypedSave)
	if err := typed.Sent(t.Context(), w.DB, ask, address, p); err != nil {
		t.Fatal(err)
	}
	p.Turn = 2
	save(t, w, w.Aigul, address, p, text("petition, late"))
	if got := kept(t, w, w.Aigul, address); got != "" {
		t.Errorf("sent, and yet there: %q", got)
	}
	// A form that was never saved before it was sent leaves the same trace.
	first := page()
	first.Since = w.At
	if err := typed.Sent(t.Context(), w.DB, ask, "/cases/x", first); err != nil {
		t.Fatal(err)
	}
	save(t, w, w.Aigul, "/cases/x", first, text("late"))
	if got := kept(t, w, w.Aigul, "/cases/x"); got != "" {
		t.Errorf("sent before it was saved, and yet there: %q", got)
	}
	next := page()
	next.Since = w.At
	save(t, w, w.Aigul, address, next, text("the next one"))
	if got := kept(t, w, w.Aigul, address); got != "the next one" {
		t.Errorf("the next form keeps %q", got)
	}
	// Sending an old window does not drop what a newer one holds.
	old := page()
	old.Since = w.At.Add(-time.Hour)
	if err := typed.Sent(t.Context(), w.DB, ask, address, old); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, w, w.Aigul, address); got != "the next one" {
		t.Errorf("another window was sent, and this one keeps %q", got)
	}
}

func TestForgettingDropsOneFormOfOnePerson(t *testing.T) {
	w := portaltest.World(t)
	p := page()
	save(t, w, w.Aigul, address, p, text("mine"))
	save(t, w, w.Aigul, "/other", page(), text("my other"))
	save(t, w, w.Serik, address, page(), text("his"))
	if err := typed.Forget(t.Context(), w.DB, w.Aigul.Asks(policy.TypedForget), address, p.ID); err != nil {
		t.Fatal(err)
	}
	save(t, w, w.Aigul, address, p, text("late"))
	if got := kept(t, w, w.Aigul, address); got != "" {
		t.Errorf("forgotten, and yet there: %q", got)
	}
	if kept(t, w, w.Aigul, "/other") != "my other" || kept(t, w, w.Serik, address) != "his" {
		t.Error("more was dropped than was asked")
	}
}

func TestAFormHasALimitAndSoHasAPerson(t *testing.T) {
	w := portaltest.World(t)
	ask := w.Aigul.Asks(policy.TypedSave)
	refused := func(what string, err error, message string) {
		t.Helper()
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Message != message {
			t.Errorf("%s: %v, want %s", what, err, message)
		}
	}
	largest := url.Values{"a": {strings.Repeat("x", typed.MaxSize-1)}}
	save(t, w, w.Aigul, "/0", page(), largest)
	_, err := typed.Save(t.Context(), w.DB, ask, "/1", page(), url.Values{"a": {strings.Repeat("x", typed.MaxSize)}})
	refused("a byte too much", err, "fault.too-large")
	_, err = typed.Save(t.Context(), w.DB, ask, "/1", page(), url.Values{"abcdefgh": make([]string, typed.MaxSize/8+1)})
	refused("names without values", err, "fault.too-large")

	// All at once: the fiftieth is taken, the one after it not.
	var wait sync.WaitGroup
	errs := make([]error, typed.MaxForms+4)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = typed.Save(t.Context(), w.DB, ask, fmt.Sprint("/", i+1), page(), text("x"))
		})
	}
	wait.Wait()
	many := 0
	for _, err := range errs {
		if err != nil {
			many++
			refused("one form too many", err, "fault.typed-many")
		}
	}
	if many != 5 {
		t.Errorf("%d of %d were refused beside one that was there, want 5", many, len(errs))
	}
	save(t, w, w.Aigul, "/0", page(), text("one that is there")) // changes, and is not counted twice
	save(t, w, w.Serik, "/0", page(), text("his"))
	if err := typed.Forget(t.Context(), w.DB, ask, "/0", uuid.Nil); err != nil {
		t.Fatal(err)
	}
	save(t, w, w.Aigul, "/next", page(), text("one was dropped, one is taken"))
	all, err := typed.List(t.Context(), w.DB, ask)
	if err != nil || len(all) != typed.MaxForms || all[0].At.Before(all[len(all)-1].At) {
		t.Errorf("the list has %d, %v", len(all), err)
	}
}

func TestWhatNobodyTouchesForThirtyDaysIsDropped(t *testing.T) {
	w := portaltest.World(t)
	save(t, w, w.Aigul, "/old", page(), text("old"))
	w.At = w.At.Add(time.Second)
	save(t, w, w.Aigul, "/young", page(), text("young"))
	if err := typed.DropOld(t.Context(), w.DB, w.At.Add(typed.Life)); err != nil {
		t.Fatal(err)
	}
	if kept(t, w, w.Aigul, "/old") != "" || kept(t, w, w.Aigul, "/young") != "young" {
		t.Error("dropped are not those whose time is over")
	}
	w.Want(t, `SELECT count(*) FROM typed`, "count\n1")
}

// Typing is no act: a chain of every second of everybody's typing would tell of
// people more than the law asks for.
func TestTypingLeavesNoRecord(t *testing.T) {
	w := portaltest.World(t)
	before := w.Rows(t, `SELECT count(*) FROM record`)
	save(t, w, w.Aigul, address, page(), text("x"))
	if after := w.Rows(t, `SELECT count(*) FROM record`); after != before {
		t.Errorf("records before and after: %s %s", before, after)
	}
	w.Sound()
}
