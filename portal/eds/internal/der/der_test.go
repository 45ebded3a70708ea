package der

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryValueHasOneSpelling(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		ok        bool
	}{
		{"null", "0500", true},
		{"null of a byte", "050100", false},
		{"true", "0101ff", true},
		{"true by one", "010101", false},
		{"zero", "020100", true},
		{"no integer", "0200", false},
		{"zero twice", "02020000", false},
		{"minus one twice", "0202ffff", false},
		{"128", "02020080", true},
		{"-128", "020180", true},
		{"short length", "0403010203", true},
		{"long form of a short length", "048103010203", false},
		{"length with a zero in front", "04820003010203", false},
		{"indefinite length", "3080050000 00", false},
		{"reserved length", "04ff", false},
		{"cut short", "0405010203", false},
		{"no length", "04", false},
		{"nothing", "", false},
		{"a byte more", "050000", false},
		{"high tag number", "1f8100", false},
		{"end of contents", "0000", false},
		{"bit string", "03020780", true},
		{"bit string with a bit in the padding", "03020781", false},
		{"bit string of nothing", "030100", true},
		{"bit string of nothing but padding", "030101", false},
		{"bit string without a header", "0300", false},
		{"nine unused bits", "030209ff", false},
		{"constructed octet string", "2403040101", false},
		{"object identifier", "06032a0304", true},
		{"empty object identifier", "0600", false},
		{"object identifier with padding", "06032a8004", false},
		{"object identifier cut short", "06022a84", false},
		{"UTF-8", "0c02d0af", true},
		{"not UTF-8", "0c02d020", false},
		{"time", "170d3236303732303039333030305a", true},
		{"time without seconds", "170b323630373230303933305a", false},
		{"time on 30 February", "170d3236303233303039333030305a", false},
		{"time with an offset", "17113236303732303039333030302b30353030", false},
		{"sequence in a set", "31043002 0500", true},
		{"sequence with a torn child", "30030502 00", false},
	} {
		in := unhex(t, string(bytes.ReplaceAll([]byte(c.hex), []byte(" "), nil)))
		err := Check(in)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v is not ErrMalformed", c.name, err)
		}
	}
}

func TestDepthAndNumberAreBounded(t *testing.T) {
	nested := func(n int) []byte {
		out := EncodeNull()
		for range n {
			out = EncodeSequence(out)
		}
		return out
	}
	if err := Check(nested(MaxDepth - 1)); err != nil {
		t.Errorf("at the depth: %v", err)
	}
	if Check(nested(MaxDepth)) == nil {
		t.Error("deeper than the depth")
	}
	if err := Check(EncodeSequence(bytes.Repeat(EncodeNull(), MaxElements-1))); err != nil {
		t.Errorf("at the number: %v", err)
	}
	if Check(EncodeSequence(bytes.Repeat(EncodeNull(), MaxElements))) == nil {
		t.Error("more than the number")
	}
	if _, err := FromBER(bytes.Repeat([]byte{0x30, 0x80}, 1_000_000)); err == nil {
		t.Error("an endless shell")
	}
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	late := time.Date(2051, 1, 2, 3, 4, 5, 0, time.UTC)
	early := time.Date(1951, 1, 2, 3, 4, 5, 0, time.UTC)
	long := bytes.Repeat([]byte{7}, 70_000)
	serial, _ := new(big.Int).SetString("6c425659bd2fc6dc587b871aede1857727cf8451", 16)
	in := EncodeSequence(
		EncodeOID("1.2.398.3.10.1.1.2.3.2"), EncodeOID("2.999.16383"), EncodeInt(serial), EncodeSmall(128),
		EncodeOctets(long), EncodeBits([]byte{1, 2}), EncodeTrue(), EncodeTime(late), EncodeTime(early), EncodeNull(),
	)
	if err := Check(in); err != nil {
		t.Fatal(err)
	}
	top := Read(in)
	r := top.Into(Sequence)
	if a, b := r.OID(), r.OID(); a != "1.2.398.3.10.1.1.2.3.2" || b != "2.999.16383" {
		t.Errorf("identifiers %s, %s", a, b)
	}
	if n := r.Big(); n.Cmp(serial) != 0 {
		t.Errorf("serial %x", n)
	}
	if n := r.Small(); n != 128 {
		t.Errorf("integer %d", n)
	}
	if !bytes.Equal(r.Value(OctetString).Body, long) || !bytes.Equal(r.Bits(), []byte{1, 2}) || !r.Flag() || r.Flag() {
		t.Error("strings or flag")
	}
	if a, b := r.Time(), r.Time(); !a.Equal(late) || !b.Equal(early) {
		t.Errorf("times %v, %v", a, b)
	}
	r.Value(Null)
	if r.End() != nil || top.End() != nil {
		t.Error(top.Err())
	}
}

func TestTheFirstSurpriseIsKeptAndEndsEveryLoop(t *testing.T) {
	r := Read(unhex(t, "30050201010500"))
	in := r.Into(Sequence)
	in.OID()
	first := r.Err()
	if first == nil {
		t.Fatal("an integer was taken for an identifier")
	}
	in.Small()
	in.Bits()
	in.Time()
	if in.More() || in.Next(Null) || r.Any().Full != nil || r.End() != first {
		t.Error("reading went on after a refusal")
	}
}

func TestSetsAreSorted(t *testing.T) {
	a, b := EncodeSmall(1), EncodeSmall(2)
	if !bytes.Equal(EncodeSet(b, a), EncodeSet(a, b)) {
		t.Error("the order of writing shows")
	}
}

func TestTheBasicShellBecomesDER(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"DER stays", "30030201 01", "3003020101"},
		{"open sequence", "3080 020101 0000", "3003020101"},
		{"open in open", "3080 3080 0500 0000 0000", "300430020500"},
		{"octets in pieces", "2480 0401aa 0402bbcc 0000", "0403aabbcc"},
		{"pieces with a length", "2405 0401aa 0400", "0401aa"},
		{"pieces in pieces", "2480 2480 0401aa 0000 0000", "0401aa"},
		{"no end", "3080 0500", ""},
		{"half an end", "3080 0500 00", ""},
		{"open primitive", "0480 aa 0000", ""},
		{"a piece of another type", "2480 0201aa 0000", ""},
		{"a longer length", "308103020101", ""},
		{"a tail", "3080 0000 00", ""},
		{"a bad value inside", "3080 01010100 0000", ""},
		{"high tag", "3f80 0000", ""},
	} {
		clean := func(s string) []byte { return unhex(t, string(bytes.ReplaceAll([]byte(s), []byte(" "), nil))) }
		got, err := FromBER(clean(c.in))
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: %x", c.name, got)
			}
			continue
		}
		if err != nil || !bytes.Equal(got, clean(c.want)) {
			t.Errorf("%s: %x, %v", c.name, got, err)
		}
	}
}

// What passes Check is stable: reading it as Basic rules changes nothing.
func FuzzCheck(f *testing.F) {
	f.Add(unhex(f, "30800203010203 0000"[:14]))
	f.Add(EncodeSequence(EncodeOID("1.2.3"), EncodeSet(EncodeSmall(1)), EncodeTime(time.Unix(0, 0))))
	f.Add(unhex(f, "24800401aa0402bbcc0000"))
	f.Fuzz(func(t *testing.T, in []byte) {
		strict, err := FromBER(in)
		if err == nil && Check(strict) != nil {
			t.Fatal("the converter made something that is not DER")
		}
		if Check(in) == nil && (err != nil || !bytes.Equal(strict, in)) {
			t.Fatalf("DER was changed: %v", err)
		}
	})
}
