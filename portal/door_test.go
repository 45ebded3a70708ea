package portal

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"zharia/portal/fault"
	"zharia/portal/register/inbound"
)

// Whatever strangers send and do not end, their bytes in hand have a bound, and the
// register's network has its own; who goes leaves nothing behind.
func TestWhatStrangersSendHasABoundAndTheRegisterHasItsOwn(t *testing.T) {
	d := newDoor()
	fill := func(register bool, who string, bytesEach int64, most int) (n int, all []*coming) {
		for i := range most {
			b := &coming{&io.LimitedReader{R: zeros{}, N: bytesEach}, d.hold(strings.Replace(who, "*", strconv.Itoa(i), 1), register)}
			all = append(all, b)
			if _, err := io.Copy(io.Discard, b); errors.Is(err, fault.TooMany) {
				return n, all
			} else if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n, all
	}
	n, one := fill(false, "a house", inbound.MaxLine-1, 100)
	if n != 1 {
		t.Errorf("%d messages of one network, as long as any, are in hand", n)
	}
	for _, b := range one {
		b.free()
	}
	n, strangers := fill(false, "house *", inbound.MaxLine-1, 100)
	if n != atOnce {
		t.Errorf("%d messages of strangers, as long as any, are in hand", n)
	}
	if n, _ := fill(true, "the register", 1000, 100); n != 100 {
		t.Errorf("while strangers send as much as they may the register sends %d", n)
	}
	for _, b := range strangers {
		b.free()
	}
	n, slow := fill(false, "a house", 1000, 1000)
	if n != 1000 {
		t.Errorf("of those who send a thousand bytes and no more %d are waited for", n)
	}
	for _, b := range slow {
		b.free()
	}
	if d.others != 0 || len(d.each) != 0 {
		t.Errorf("%d bytes of those who went, %v", d.others, d.each)
	}
	// A line that is too long is read to its end, and nothing of it is kept.
	lines := inbound.Lines(&coming{io.MultiReader(&io.LimitedReader{R: zeros{}, N: 3 * inbound.MaxLine}, bytes.NewReader([]byte("\n{}\n"))), d.hold("a house", false)})
	if _, err := lines(); err == nil {
		t.Error("a line that is too long is read")
	}
	if line, err := lines(); err != nil || string(line) != "{}" {
		t.Errorf("after it comes %q %v", line, err)
	}
}

type zeros struct{}

func (zeros) Read(into []byte) (int, error) {
	return copy(into, bytes.Repeat([]byte("0"), min(len(into), 32<<10))), nil
}
