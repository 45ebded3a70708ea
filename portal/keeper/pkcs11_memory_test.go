//go:build hsm && cgo && linux

package keeper

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"zharia/portal/keeper/softhsm"
)

// standsInC counts where in memory that is not Go's the opposite of these bytes stands:
// whoever looks for a secret must not be the one who has it.
//
// Go's own memory is left out: what an interrupted thread had in its registers stands
// there for a while, of every back end, and Go has no way yet to clear it.
func standsInC(t *testing.T, opposite []byte) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	piece := make([]byte, 1<<20)
	isGo := func(at uint64) bool { return at>>32 == uint64(uintptr(unsafe.Pointer(&piece[0])))>>32 }
	found := 0
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(rights, "rw") || isGo(from) {
			continue
		}
		for at := from; at < to; at += uint64(len(piece) - len(opposite)) {
			n, err := memory.ReadAt(piece[:min(uint64(len(piece)), to-at)], int64(at))
			if err != nil && n == 0 {
				break // not there any more
			}
			for i := range piece[:n] {
				piece[i] ^= 0xff
			}
			found += bytes.Count(piece[:n], opposite)
		}
	}
	return found
}

func oppositeOf(secret []byte) []byte {
	out := bytes.Clone(secret)
	for i := range out {
		out[i] ^= 0xff
	}
	return out
}

func TestNeitherTheRootNorThePINStaysInMemoryOfCAfterAnHSMWasAsked(t *testing.T) {
	softhsm.New(t, "keeper")
	h := hsmOf(t)
	// A PIN that stands in no text of this program. C writes over the first 16 bytes of
	// what it frees, so of each secret the end is looked for.
	h.PIN = []byte(rand.Text() + rand.Text())
	on(t, hsmOf(t), func(in token) error { return in.SetPIN(in.session, softhsm.PIN, string(h.PIN)) })
	ofPIN := oppositeOf(h.PIN[20:])
	before := standsInC(t, ofPIN) // what changing it has left
	root, err := newPage()
	if err != nil {
		t.Fatal(err)
	}
	rand.Read(root.bytes())
	ofRoot := oppositeOf(root.bytes()[16:])
	if standsInC(t, ofRoot) != 1 {
		t.Fatal("the search does not find the root where it is")
	}
	kept, err := h.encrypt(root.bytes())
	if err != nil {
		t.Fatal(err)
	}
	root.free()
	look := func(when string) {
		t.Helper()
		if n := standsInC(t, ofRoot); n != 0 {
			t.Errorf("%s the root stands in memory %d times", when, n)
		}
		if n := standsInC(t, ofPIN); n > before {
			t.Errorf("%s the PIN stands in memory %d times, and before it was used %d", when, n, before)
		}
	}
	for range 3 {
		on(t, h, func(in token) error {
			look("after the login")
			for range 3 {
				back, err := h.open(in, kept)
				if err != nil {
					return err
				}
				clear(back)
			}
			look("after it was opened")
			return nil
		})
		look("afterwards")
	}
}
