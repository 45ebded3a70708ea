package tip_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"zharia/portal/fault"
	"zharia/portal/tip"
	"zharia/portal/vault"
)

func keys(t testing.TB) *vault.Keys {
	t.Helper()
	k, err := vault.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func fresh() tip.Code {
	b := make([]byte, 32)
	rand.Read(b)
	return tip.CodeOf(b)
}

// said is the message of a fault.
func said(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Message
	}
	return ""
}

func TestACodeIsReadHoweverItIsTyped(t *testing.T) {
	for range 500 {
		c := fresh()
		if len(c) != 20 {
			t.Fatalf("%q has %d digits", c, len(c))
		}
		groups := c.Groups()
		if len(groups) != 5 || groups[4] != c.Last() || strings.Join(groups, "") != string(c) {
			t.Fatalf("%q falls into %q", c, groups)
		}
		for _, typed := range []string{string(c), strings.Join(groups, " "), strings.Join(groups, "-"), " " + strings.Join(groups, "\u00A0") + "\n", strings.Join(groups, "–")} {
			if got, err := tip.ParseCode(typed); err != nil || got != c {
				t.Errorf("%q is read as %q, %v", typed, got, err)
			}
		}
	}
}

func TestEveryWrongDigitAndEveryTwoThatChangedPlacesAreATypo(t *testing.T) {
	for range 50 {
		c := fresh()
		for i := range len(c) {
			for d := byte('0'); d <= '9'; d++ {
				if d == c[i] {
					continue
				}
				if _, err := tip.ParseCode(string(c[:i]) + string(d) + string(c[i+1:])); said(err) != "fault.tip-typo" {
					t.Fatalf("%q with %q at %d: %v", c, d, i, err)
				}
			}
			if i+1 < len(c) && c[i] != c[i+1] {
				if _, err := tip.ParseCode(string(c[:i]) + string(c[i+1]) + string(c[i]) + string(c[i+2:])); said(err) != "fault.tip-typo" {
					t.Fatalf("%q with %d and the next exchanged: %v", c, i, err)
				}
			}
		}
		for typed, want := range map[string]string{"": "form.required", string(c[:19]): "fault.tip-code", string(c) + "0": "fault.tip-code", "x" + string(c[1:]): "fault.tip-code", "٠" + string(c[2:]): "fault.tip-code"} {
			if _, err := tip.ParseCode(typed); said(err) != want {
				t.Errorf("%q: %v, want %s", typed, err, want)
			}
		}
	}
}

func TestATicketGivesTheSameCodeEachTimeAndNoTwoTheSame(t *testing.T) {
	k, at := keys(t), time.Unix(1_790_000_000, 0)
	seen := map[tip.Code]bool{}
	for range 2000 {
		ticket := tip.NewTicket(k, at)
		if len(ticket) != tip.TicketLen {
			t.Fatalf("a ticket of %d characters does not fit the block of the puzzle", len(ticket))
		}
		c := ticket.Code(k)
		if c != ticket.Code(k) || seen[c] {
			t.Fatalf("the code %q", c)
		}
		if _, err := tip.ParseCode(string(c)); err != nil {
			t.Fatal(err)
		}
		seen[c] = true
		if ticket.Code(keys(t)) == c {
			t.Fatal("other keys give the same code")
		}
	}
}

func TestATicketIsGoodForItsLifeAndOnlyWhereItWasGivenOut(t *testing.T) {
	k, at := keys(t), time.Unix(1_790_000_000, 0)
	ticket := tip.NewTicket(k, at)
	for name, c := range map[string]struct {
		keys   *vault.Keys
		ticket tip.Ticket
		at     time.Time
		good   bool
	}{
		"at once":             {k, ticket, at, true},
		"a second before end": {k, ticket, at.Add(tip.Life - time.Second), true},
		"at the end":          {k, ticket, at.Add(tip.Life), false},
		"before it was given": {k, ticket, at.Add(-2 * time.Minute), false},
		"by other keys":       {keys(t), ticket, at, false},
		"changed":             {k, "A" + ticket[1:], at, ticket[0] == 'A'},
		"cut":                 {k, ticket[:37], at, false},
		"none":                {k, "", at, false},
		"no base64":           {k, tip.Ticket(strings.Repeat("*", 38)), at, false},
	} {
		if _, good := c.ticket.Good(c.keys, c.at); good != c.good {
			t.Errorf("%s: good is %v", name, good)
		}
	}
	if age, _ := ticket.Good(k, at.Add(time.Minute)); age != time.Minute {
		t.Errorf("a minute later its age is %v", age)
	}
}

// solve is the work of the script.
func solve(t testing.TB, ticket tip.Ticket) (string, int) {
	t.Helper()
	for n := range 1 << 24 {
		if work := itoa(n); ticket.Solved(work) {
			return work, n
		}
	}
	t.Fatal("no solution")
	return "", 0
}

func itoa(n int) string {
	var b [10]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return string(b[i:])
		}
	}
}

func TestAPuzzleCostsTheTriesItIsSaidToAndASolutionIsOfOneTicket(t *testing.T) {
	k, at := keys(t), time.Unix(1_790_000_000, 0)
	total, rounds := 0, 12
	for range rounds {
		ticket := tip.NewTicket(k, at)
		work, n := solve(t, ticket)
		total += n + 1
		if tip.NewTicket(k, at).Solved(work) && tip.NewTicket(k, at).Solved(work) {
			t.Error("the solution is good for others")
		}
		for _, bad := range []string{"", "0" + work, "+" + work, work + " ", "-1", "99999999999", "1e3"} {
			if ticket.Solved(bad) {
				t.Errorf("%q passes", bad)
			}
		}
	}
	if mean := total / rounds; mean < 1<<(tip.Bits-2) || mean > 1<<(tip.Bits+2) {
		t.Errorf("%d tries on the average, not about %d", mean, 1<<tip.Bits)
	}
}

func FuzzParseCode(f *testing.F) {
	f.Add("1234 5678 9012 3456 7890")
	f.Add("")
	f.Add(string(fresh()))
	f.Fuzz(func(t *testing.T, typed string) {
		c, err := tip.ParseCode(typed)
		if err != nil {
			if said(err) == "" {
				t.Errorf("%q: %v is no fault", typed, err)
			}
			return
		}
		if again, err := tip.ParseCode(strings.Join(c.Groups(), " ")); err != nil || again != c || len(c) != 20 {
			t.Errorf("%q is read as %q, and that as %q (%v)", typed, c, again, err)
		}
	})
}

func FuzzTicket(f *testing.F) {
	k, at := keys(f), time.Unix(1_790_000_000, 0)
	good := tip.NewTicket(k, at)
	f.Add(string(good), "1")
	f.Add("", "")
	f.Add(strings.Repeat("A", 38), "00")
	f.Fuzz(func(t *testing.T, ticket, work string) {
		if _, ok := tip.Ticket(ticket).Good(k, at); ok && ticket != string(good) {
			t.Errorf("%q is good", ticket)
		}
		tip.Ticket(ticket).Solved(work)
		if _, err := tip.ParseCode(string(tip.Ticket(ticket).Code(k))); err != nil {
			t.Error(err)
		}
	})
}
