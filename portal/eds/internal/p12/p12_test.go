package p12

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"testing"
)

func TestACipherBlockComesBack(t *testing.T) {
	c := newRC2([]byte("five!"))
	for i := range 200 {
		in := bytes.Repeat([]byte{byte(i)}, 8)
		in[i%8] ^= 0x5a
		sealed, out := make([]byte, 8), make([]byte, 8)
		c.Encrypt(sealed, in)
		c.Decrypt(out, sealed)
		if bytes.Equal(sealed, in) || !bytes.Equal(out, in) {
			t.Fatalf("%x came back as %x", in, out)
		}
	}
}

func TestThePasswordIsSpelledInUTF16(t *testing.T) {
	for password, want := range map[string]string{"": "0000", "A": "00410000", "Ә": "04d80000", "😀": "d83dde000000"} {
		if got := hex.EncodeToString(bmp(password)); got != want {
			t.Errorf("%q: %s", password, got)
		}
	}
}

func TestWorkIsBounded(t *testing.T) {
	for _, iterations := range []int{-1, 0, maxIterations + 1} {
		if sane(nil, iterations) == nil {
			t.Errorf("%d iterations", iterations)
		}
	}
	if sane(make([]byte, 1025), 1) == nil {
		t.Error("a salt of a kilobyte")
	}
	if _, err := Open(make([]byte, maxContainer+1), ""); err == nil {
		t.Error("a container of a megabyte")
	}
}

// The MAC holds the whole of what matters: a container with a byte changed
// does not open, or gives what it gave.
func TestAChangedContainerDoesNotOpen(t *testing.T) {
	in, err := os.ReadFile("../../key/testdata/openssl.p12")
	if err != nil {
		t.Fatal(err)
	}
	good, err := Open(in, "Qwerty12")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(in); i += 37 {
		changed := bytes.Clone(in)
		changed[i] ^= 0x01
		if c, err := Open(changed, "Qwerty12"); err == nil && !reflect.DeepEqual(c, good) {
			t.Errorf("byte %d gives another key or certificate", i)
		}
	}
	for _, wrong := range []string{"", "qwerty12", "Qwerty12 "} {
		if _, err := Open(in, wrong); !errors.Is(err, ErrPassword) {
			t.Errorf("password %q: %v", wrong, err)
		}
	}
	for n := range len(in) {
		if _, err := Open(in[:n], "Qwerty12"); err == nil {
			t.Errorf("the first %d bytes open", n)
		}
	}
}
