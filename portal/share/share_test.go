package share

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The multiplication of FIPS 197, section 4.2, and what the tests of the Java and
// Go libraries that use this field publish; the rest was worked out by hand.
func TestTheFieldIsThatOfAES(t *testing.T) {
	for _, row := range [][3]byte{
		{0x57, 0x83, 0xc1}, {0x57, 0x13, 0xfe}, {0x57, 0x02, 0xae}, {0x57, 0x04, 0x47}, {0x57, 0x08, 0x8e}, {0x57, 0x10, 0x07},
		{3, 7, 9}, {90, 21, 254}, {133, 5, 167}, {0, 21, 0}, {0xb6, 0x53, 0x36}, {0x53, 0xca, 1}, {255, 255, 0x13}, {1, 200, 200},
	} {
		if got := times(row[0], row[1]); got != row[2] {
			t.Errorf("%#x times %#x is %#x, not %#x", row[0], row[1], got, row[2])
		}
	}
}

// byLogarithms multiplies in another way: by powers of the generator 3.
func byLogarithms() func(a, b byte) byte {
	var power [255]byte
	logarithm := map[byte]int{}
	for i, x := 0, byte(1); i < 255; i++ {
		power[i], logarithm[x] = x, i
		double := uint16(x) << 1
		if double > 255 {
			double ^= 0x11b
		}
		x ^= byte(double)
	}
	return func(a, b byte) byte {
		if a == 0 || b == 0 {
			return 0
		}
		return power[(logarithm[a]+logarithm[b])%255]
	}
}

func TestEveryProductAndEveryInverseIsRight(t *testing.T) {
	other := byLogarithms()
	for a := range 256 {
		for b := range 256 {
			if got, want := times(byte(a), byte(b)), other(byte(a), byte(b)); got != want {
				t.Fatalf("%d times %d is %d, not %d", a, b, got, want)
			}
		}
		if a > 0 && times(byte(a), inverse(byte(a))) != 1 {
			t.Errorf("the inverse of %d is not %d", a, inverse(byte(a)))
		}
	}
	if inverse(0) != 0 {
		t.Error("0 has an inverse")
	}
}

func TestPolynomialsGiveWhatIsPublished(t *testing.T) {
	if got := at([]byte{1, 0, 2, 3}, 2); got != 17 {
		t.Errorf("1+2x²+3x³ at 2 is %d", got)
	}
	for _, row := range []struct {
		ys   []byte
		want byte
	}{
		{[]byte{1, 2, 3}, 0}, {[]byte{80, 90, 20}, 30}, {[]byte{43, 22, 86}, 107},
	} {
		var got byte
		for i, w := range weights([]byte{1, 2, 3}) {
			got ^= times(w, row.ys[i])
		}
		if got != row.want {
			t.Errorf("%v goes through %d at 0, not %d", row.ys, got, row.want)
		}
	}
}

// root is the secret of these tests.
var root = []byte("an example of a root of 32 bytes")

func made(t testing.TB, k, n int) []Share {
	t.Helper()
	shares, err := Split(root, k, n)
	if err != nil {
		t.Fatal(err)
	}
	return shares
}

// subsets are all choices of k of n.
func subsets(n, k int) [][]int {
	var out [][]int
	for mask := range 1 << n {
		var chosen []int
		for i := range n {
			if mask>>i&1 == 1 {
				chosen = append(chosen, i)
			}
		}
		if len(chosen) == k {
			out = append(out, chosen)
		}
	}
	return out
}

func pick(shares []Share, which []int) []Share {
	var out []Share
	for _, i := range which {
		out = append(out, shares[i])
	}
	return out
}

func TestAnyThreeOfFiveOpenAndNoTwoDo(t *testing.T) {
	shares := made(t, 3, 5)
	opened, refused := 0, 0
	for _, which := range subsets(5, 3) {
		if secret, err := Combine(pick(shares, which)...); err != nil || !bytes.Equal(secret, root) {
			t.Errorf("%v: %x, %v", which, secret, err)
			continue
		}
		opened++
	}
	for _, which := range subsets(5, 2) {
		two := pick(shares, which)
		if _, err := Combine(two...); !errors.Is(err, ErrTooFew) {
			t.Errorf("%v: %v", which, err)
			continue
		}
		// Somebody who does not ask the threshold has nothing either.
		two[0].Threshold, two[1].Threshold = 2, 2
		if secret, err := Combine(two...); err != nil || bytes.Equal(secret, root) {
			t.Errorf("%v: %x, %v", which, secret, err)
			continue
		}
		refused++
	}
	if opened != 10 || refused != 10 {
		t.Errorf("%d triples open, %d pairs are refused", opened, refused)
	}
}

// Whatever the missing share were, every secret is still possible: with two shares
// of three fixed, each value of a byte of the third gives another byte at 0.
func TestTwoSharesLeaveEverySecretPossible(t *testing.T) {
	shares := made(t, 3, 5)
	seen := map[byte]bool{}
	third := shares[2]
	for v := range 256 {
		third.value = bytes.Repeat([]byte{byte(v)}, Size)
		secret, err := Combine(shares[0], shares[1], third)
		if err != nil {
			t.Fatal(err)
		}
		seen[secret[0]] = true
	}
	if len(seen) != 256 {
		t.Errorf("only %d values are possible", len(seen))
	}
}

func TestSharesThatDoNotGoTogetherAreRefusedByName(t *testing.T) {
	ours, others := made(t, 3, 5), made(t, 3, 5)
	locked, err := ours[2].Lock([]byte("a passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		shares []Share
		want   error
		says   string
	}{
		"none":           {nil, ErrTooFew, ""},
		"one":            {ours[:1], ErrTooFew, ""},
		"one twice":      {[]Share{ours[0], ours[1], ours[0]}, ErrTwice, "share 1"},
		"of another set": {[]Share{ours[0], ours[1], others[2]}, ErrMixed, others[2].Set.String()},
		"locked":         {[]Share{ours[0], ours[1], locked}, ErrLocked, "share 3"},
		"no share":       {[]Share{{}, {}, {}}, ErrShape, ""},
	} {
		if secret, err := Combine(row.shares...); !errors.Is(err, row.want) || secret != nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %x, %v", name, secret, err)
		}
	}
	for _, shape := range [][2]int{{1, 5}, {0, 0}, {6, 5}, {3, Most + 1}} {
		if _, err := Split(root, shape[0], shape[1]); !errors.Is(err, ErrShape) {
			t.Errorf("%d of %d: %v", shape[0], shape[1], err)
		}
	}
	if _, err := Split(root[:31], 3, 5); !errors.Is(err, ErrShape) {
		t.Errorf("a short secret: %v", err)
	}
}

func TestWhateverIsCutComesBackFromAnyEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), Size, Size).Draw(t, "secret")
		n := rapid.IntRange(2, Most).Draw(t, "n")
		k := rapid.IntRange(2, n).Draw(t, "k")
		shares, err := Split(secret, k, n)
		if err != nil {
			t.Fatal(err)
		}
		var chosen []Share
		for _, i := range rapid.Permutation(shares).Draw(t, "order")[:k] {
			typed, err := Parse(i.Text())
			if err != nil {
				t.Fatal(err)
			}
			chosen = append(chosen, typed)
		}
		if back, err := Combine(chosen...); err != nil || !bytes.Equal(back, secret) {
			t.Fatalf("%d of %d: %x, %v", k, n, back, err)
		}
	})
}

func TestAShareIsReadAsPeopleTypeIt(t *testing.T) {
	s := made(t, 3, 5)[3]
	text := s.Text()
	if got := len(strings.Fields(text)); got != 18 {
		t.Errorf("a share has %d words: %s", got, text)
	}
	for name, typed := range map[string]string{
		"as printed": text, "in small letters": strings.ToLower(text), "without spaces": strings.ReplaceAll(text, " ", ""),
		"with dashes and lines":        "\n" + strings.ReplaceAll(text, " ", "-\r\n\t"),
		"with letters that look alike": strings.NewReplacer("0", "o", "1", "l").Replace(text),
	} {
		if got, err := Parse(typed); err != nil || !got.Same(s) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestASlipOfThePenIsFoundAndItsWordNamed(t *testing.T) {
	locked, err := made(t, 3, 5)[1].Lock([]byte("a passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Share{made(t, 3, 5)[0], locked} {
		words := strings.Fields(s.Text())
		typo := func(what string, number int, words []string) {
			t.Helper()
			var slip *TypoError
			if got, err := Parse(strings.Join(words, " ")); !errors.As(err, &slip) || slip.Word != number {
				t.Fatalf("%s of word %d: %v, %v", what, number, got, err)
			}
		}
		wrong := 0
		for w, was := range words {
			for i := range word {
				for _, c := range alphabet + "U*" {
					changed := was[:i] + string(c) + was[i+1:]
					if changed == was {
						continue
					}
					words[w] = changed
					typo("a wrong character", w+1, words)
					wrong++
				}
				if i > 0 && was[i] != was[i-1] {
					words[w] = was[:i-1] + string(was[i]) + string(was[i-1]) + was[i+1:]
					typo("neighbours exchanged", w+1, words)
				}
			}
			words[w] = was
			if w > 0 {
				words[w], words[w-1] = words[w-1], words[w]
				typo("two words exchanged", w, words)
				words[w], words[w-1] = words[w-1], words[w]
			}
			if w < len(words)-1 {
				typo("a missing word", w+1, append(append([]string{}, words[:w]...), words[w+1:]...))
			}
		}
		if want := len(words) * word * 33; wrong != want {
			t.Errorf("%d wrong characters were tried, not %d", wrong, want)
		}
	}
}

func TestWhatIsNoShareIsRefused(t *testing.T) {
	one, two := made(t, 3, 5)[0], made(t, 3, 5)[0]
	mixed := append(strings.Fields(one.Text())[:9], strings.Fields(two.Text())[9:]...)
	future := append([]byte{9}, make([]byte, openSize-1)...)
	for name, row := range map[string]struct {
		text string
		want error
	}{
		"nothing":               {" - \n", ErrText},
		"words of two shares":   {strings.Join(mixed, " "), ErrText},
		"the last word missing": {strings.Join(strings.Fields(one.Text())[:17], " "), ErrText},
		"a form of the future":  {words(future), ErrVersion},
		"a page of text":        {strings.Repeat("0", MaxText+1), ErrText},
	} {
		if got, err := Parse(row.text); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestALockedShareOpensWithItsPassphraseOnly(t *testing.T) {
	s := made(t, 3, 5)[0]
	locked, err := s.Lock([]byte("түйе мініп қой бағу"))
	if err != nil {
		t.Fatal(err)
	}
	if !locked.Locked() || bytes.Contains(locked.value, s.value) {
		t.Error("it is not locked")
	}
	typed, err := Parse(locked.Text())
	if err != nil {
		t.Fatal(err)
	}
	if back, err := typed.Unlock([]byte("түйе мініп қой бағу")); err != nil || !back.Same(s) {
		t.Errorf("%v, %v", back, err)
	}
	if _, err := typed.Unlock([]byte("түйе мініп қой бақ")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	moved := typed
	moved.Index++
	if _, err := moved.Unlock([]byte("түйе мініп қой бағу")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("the lock of another share: %v", err)
	}
	if _, err := typed.Print(); !errors.Is(err, ErrLocked) {
		t.Errorf("a fingerprint of the lock: %v", err)
	}
	if _, err := typed.Lock([]byte("x")); !errors.Is(err, ErrLocked) {
		t.Errorf("locked twice: %v", err)
	}
}

func TestAShareNeverPrintsItself(t *testing.T) {
	s := made(t, 3, 5)[0]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if said := fmt.Sprintf(verb, s); said != s.String() || strings.Contains(said, s.Text()) {
			t.Errorf("%s: %s", verb, said)
		}
	}
	s.Clear()
	if !bytes.Equal(s.value, make([]byte, Size)) {
		t.Error("it was not overwritten")
	}
}

func FuzzAShareIsWhatWasPrintedOrNothing(f *testing.F) {
	s := made(f, 3, 5)[0]
	f.Add(s.Text())
	f.Add(strings.Repeat("0", 90))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(got.Text())
		if err != nil || !again.Same(got) {
			t.Errorf("%q: %v, then %v, %v", text, got, again, err)
		}
	})
}

func BenchmarkCombine(b *testing.B) {
	shares := made(b, 3, 5)
	rand.Shuffle(len(shares), func(i, j int) { shares[i], shares[j] = shares[j], shares[i] })
	for b.Loop() {
		if _, err := Combine(shares[:3]...); err != nil {
			b.Fatal(err)
		}
	}
}
