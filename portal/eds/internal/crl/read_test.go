package crl_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/big"
	"testing"
	"testing/iotest"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
)

func TestAListReadsBackWhatWasWritten(t *testing.T) {
	s := ours(t)
	late := time.Date(2051, 1, 2, 3, 4, 5, 0, time.UTC)
	d := newDraft(s).with(func(d *draft) {
		d.entries = [][]byte{entry(300, made, 1), entry(7, made.Add(-time.Hour), -1), entry(128, late, crl.Hold)}
	})
	raw := d.signed(t, s)
	for name, in := range map[string]io.Reader{"whole": bytes.NewReader(raw), "byte by byte": oneByOne{bytes.NewReader(raw)}} {
		l, err := crl.Read(in, s.Certificate, chain.Profile{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(l.Issuer, s.Subject) || !l.ThisUpdate.Equal(made) || !l.NextUpdate.Equal(ends) {
			t.Errorf("%s: %x, %v, %v", name, l.Issuer, l.ThisUpdate, l.NextUpdate)
		}
		if l.Number.Int64() != 14 || l.Base != nil || l.Digest != sha256.Sum256(raw) || !bytes.Equal(l.Raw, raw) {
			t.Errorf("%s: number %v, base %v, digest %x", name, l.Number, l.Base, l.Digest)
		}
		for serial, want := range map[int64]crl.Entry{300: {made, 1}, 7: {made.Add(-time.Hour), 0}, 128: {late, crl.Hold}} {
			if got, ok := l.Find(big.NewInt(serial)); !ok || got != want {
				t.Errorf("%s: %d is %v", name, serial, got)
			}
		}
		for _, absent := range []*big.Int{nil, big.NewInt(0), big.NewInt(-128), big.NewInt(299), new(big.Int).Lsh(big.NewInt(7), 160)} {
			if got, ok := l.Find(absent); ok {
				t.Errorf("%s: %v is on the list: %v", name, absent, got)
			}
		}
	}
}

func TestSerialNumbersOfEveryLengthKeepTheirMeaning(t *testing.T) {
	s := ours(t)
	longest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 160), big.NewInt(1))
	d := newDraft(s).with(func(d *draft) {
		for _, body := range [][]byte{{0xff}, {0}, {0x7f}, {0, 0xff}, append([]byte{0}, bytes.Repeat([]byte{0xff}, 20)...), {0x80}} {
			d.entries = append(d.entries, der.EncodeSequence(der.Encode(der.Integer, body), der.EncodeTime(made)))
		}
	})
	l := mustRead(t, d, s)
	for _, n := range []*big.Int{big.NewInt(-1), big.NewInt(0), big.NewInt(127), big.NewInt(255), longest, big.NewInt(-128)} {
		if _, ok := l.Find(n); !ok {
			t.Errorf("%v is not found", n)
		}
	}
	for _, n := range []*big.Int{big.NewInt(1), big.NewInt(128), new(big.Int).Neg(longest), big.NewInt(-127)} {
		if _, ok := l.Find(n); ok {
			t.Errorf("%v is found", n)
		}
	}
}

func TestOnlyTheNationalDifferenceOfAlgorithmsIsTolerated(t *testing.T) {
	s := ours(t)
	absent, null := der.EncodeSequence(der.EncodeOID(chain.GostSignature)), chain.EncodeAlgorithm(chain.GostSignature)
	empty := der.EncodeSequence(der.EncodeOID(chain.GostSignature), der.EncodeSequence())
	for _, c := range []struct {
		name         string
		inner, outer []byte
		want         string
	}{
		{"absent inside, NULL outside", absent, null, ""},
		{"NULL in both", null, null, ""},
		{"absent in both", absent, absent, ""},
		{"NULL inside, absent outside", null, absent, chain.Malformed},
		{"other parameters outside", absent, empty, chain.Malformed},
		{"other parameters inside", empty, null, chain.Algorithm},
		{"another algorithm outside", absent, chain.EncodeAlgorithm(chain.RSASignature), chain.Malformed},
		{"another algorithm inside", chain.EncodeAlgorithm(chain.RSASignature), null, chain.Algorithm},
		{"the algorithm of the key", chain.EncodeAlgorithm(chain.GostKey), chain.EncodeAlgorithm(chain.GostKey), chain.Algorithm},
		{"the withdrawn algorithm", chain.EncodeAlgorithm(chain.OldGostSignature), chain.EncodeAlgorithm(chain.OldGostSignature), chain.Algorithm},
	} {
		d := newDraft(s).with(func(d *draft) { d.inner, d.outer = c.inner, c.outer })
		if _, err := read(d.signed(t, s), s); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestTheDifferenceIsNoWiderForKeysOutsideTheTable(t *testing.T) {
	s := ours(t)
	empty, null := der.EncodeSequence(der.EncodeOID("1.2.3"), der.EncodeSequence()), chain.EncodeAlgorithm("1.2.3")
	for name, c := range map[string]struct {
		inner, outer []byte
		want         string
	}{
		"the same":                 {empty, empty, ""},
		"other parameters inside":  {empty, null, chain.Malformed},
		"other parameters outside": {der.EncodeSequence(der.EncodeOID("1.2.3")), empty, chain.Malformed},
		"another algorithm inside": {der.EncodeSequence(der.EncodeOID("1.2.4")), null, chain.Malformed},
	} {
		raw := newDraft(s).with(func(d *draft) { d.inner, d.outer = c.inner, c.outer }).signed(t, s)
		if _, err := crl.Read(bytes.NewReader(raw), believing(t, raw), believingProfile); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	raw := newDraft(s).with(func(d *draft) {
		for i := range int64(105) {
			d.entries = append(d.entries, entryWith(i, made, extension("1.2.3", false, make([]byte, 10_000))))
		}
	}).signed(t, s)
	if _, err := crl.Read(bytes.NewReader(raw), believing(t, raw), believingProfile); reason(err) != chain.Malformed {
		t.Errorf("a list of %d bytes was kept whole: %v", len(raw), err)
	}
}

func TestAListThatIsNotOfTheNationalFormIsRefused(t *testing.T) {
	s, scoped := ours(t), func(parts ...[]byte) []byte {
		return extension("2.5.29.28", true, der.EncodeSequence(parts...))
	}
	yes := func(n int) []byte { return der.Encode(der.Context(n, false), []byte{0xff}) }
	for _, c := range []struct {
		name   string
		change func(d *draft)
		want   string
	}{
		{"nothing changed", func(d *draft) {}, ""},
		{"version 1 written out", func(d *draft) { d.version = der.EncodeSmall(0) }, chain.Malformed},
		{"version 3", func(d *draft) { d.version = der.EncodeSmall(2) }, chain.Malformed},
		{"version 1 with extensions", func(d *draft) { d.version = nil }, chain.Malformed},
		{"version 1 without", func(d *draft) { d.version, d.extensions = nil, nil }, ""},
		{"version 1 with a reason", func(d *draft) {
			d.version, d.extensions, d.entries = nil, nil, [][]byte{entry(7, made, 1)}
		}, chain.Malformed},
		{"another issuer", func(d *draft) { d.issuer = named("OTHER") }, chain.UnknownAuthority},
		{"the issuer in other letters", func(d *draft) { d.issuer = named("Test") }, chain.UnknownAuthority},
		{"no date", func(d *draft) { d.made, d.ends = nil, nil }, chain.Malformed},
		{"no end", func(d *draft) { d.ends = nil }, ""},
		{"ends before it begins", func(d *draft) { d.ends = der.EncodeTime(made.Add(-time.Second)) }, chain.Malformed},
		{"a date without seconds", func(d *draft) { d.made = der.Encode(der.UTCTime, []byte("2608110300Z")) }, chain.Malformed},
		{"a date that does not exist", func(d *draft) { d.made = der.Encode(der.UTCTime, []byte("260230030000Z")) }, chain.Malformed},
		{"an empty list of entries", func(d *draft) { d.entries = [][]byte{} }, chain.Malformed},
		{"a serial number twice", func(d *draft) { d.entries = [][]byte{entry(7, made, 1), entry(8, made, 1), entry(7, made, 1)} }, chain.Malformed},
		{"a serial number of 161 bits", func(d *draft) {
			long := new(big.Int).Lsh(big.NewInt(1), 160)
			d.entries = [][]byte{der.EncodeSequence(der.EncodeInt(long), der.EncodeTime(made))}
		}, chain.Malformed},
		{"an entry without a date", func(d *draft) { d.entries = [][]byte{der.EncodeSequence(der.EncodeSmall(7))} }, chain.Malformed},
		{"an entry with something after it", func(d *draft) {
			d.entries = [][]byte{der.EncodeSequence(der.EncodeSmall(7), der.EncodeTime(made), der.EncodeNull())}
		}, chain.Malformed},
		{"an entry with no extensions written out", func(d *draft) { d.entries = [][]byte{entryWith(7, made)} }, chain.Malformed},
		{"an entry of 20 KB", func(d *draft) {
			d.entries = [][]byte{entryWith(7, made, extension("1.2.3", false, bytes.Repeat([]byte{1}, 20_000)))}
		}, chain.Malformed},
		{"reason 7", func(d *draft) { d.entries = [][]byte{entry(7, made, 7)} }, chain.Malformed},
		{"reason 11", func(d *draft) { d.entries = [][]byte{entry(7, made, 11)} }, chain.Malformed},
		{"reason 10", func(d *draft) { d.entries = [][]byte{entry(7, made, 10)} }, ""},
		{"a reason that is a number", func(d *draft) {
			d.entries = [][]byte{entryWith(7, made, extension("2.5.29.21", false, der.EncodeSmall(1)))}
		}, chain.Malformed},
		{"a reason twice", func(d *draft) {
			one := extension("2.5.29.21", false, der.Encode(der.Enumerated, []byte{1}))
			d.entries = [][]byte{entryWith(7, made, one, one)}
		}, chain.Malformed},
		{"a removal in a full list", func(d *draft) { d.entries = [][]byte{entry(7, made, crl.Remove)} }, chain.Malformed},
		{"an entry of another issuer", func(d *draft) {
			d.entries = [][]byte{entryWith(7, made, extension("2.5.29.29", false, der.EncodeSequence()))}
		}, crl.Extension},
		{"an entry with something critical", func(d *draft) {
			d.entries = [][]byte{entryWith(7, made, extension("1.2.3.4", true, der.EncodeNull()))}
		}, crl.Extension},
		{"an entry with the date of invalidity", func(d *draft) {
			d.entries = [][]byte{entryWith(7, made, extension("2.5.29.24", false, der.EncodeTime(made)))}
		}, ""},
		{"something critical", func(d *draft) { d.extensions = append(d.extensions, extension("1.2.3.4", true, der.EncodeNull())) }, crl.Extension},
		{"something that is not", func(d *draft) { d.extensions = append(d.extensions, extension("1.2.3.4", false, der.EncodeNull())) }, ""},
		{"the number twice", func(d *draft) { d.extensions = append(d.extensions, d.extensions[1]) }, chain.Malformed},
		{"a negative number", func(d *draft) {
			d.extensions[1] = extension("2.5.29.20", false, der.Encode(der.Integer, []byte{0x80}))
		}, chain.Malformed},
		{"a number of 161 bits", func(d *draft) {
			d.extensions[1] = extension("2.5.29.20", false, der.EncodeInt(new(big.Int).Lsh(big.NewInt(1), 160)))
		}, chain.Malformed},
		{"a number with a tail", func(d *draft) {
			d.extensions[1] = extension("2.5.29.20", false, append(der.EncodeSmall(1), 0))
		}, chain.Malformed},
		{"no extensions written out", func(d *draft) { d.extensions = [][]byte{} }, chain.Malformed},
		{"33 extensions", func(d *draft) {
			for i := range 32 {
				d.extensions = append(d.extensions, extension("1.2.3."+string(rune('0'+i/10))+"."+string(rune('0'+i%10)), false, der.EncodeNull()))
			}
		}, chain.Malformed},
		{"another key of the same name", func(d *draft) {
			d.extensions[0] = extension("2.5.29.35", false, der.EncodeSequence(der.Encode(der.Context(0, false), []byte("another"))))
		}, chain.UnknownAuthority},
		{"something after the extensions", func(d *draft) { d.after = der.EncodeNull() }, chain.Malformed},
		{"a scope of people", func(d *draft) { d.extensions = append(d.extensions, scoped(yes(1))) }, ""},
		{"a scope of nothing", func(d *draft) { d.extensions = append(d.extensions, scoped()) }, chain.Malformed},
		{"a scope of people and of authorities", func(d *draft) { d.extensions = append(d.extensions, scoped(yes(1), yes(2))) }, chain.Malformed},
		{"a scope with a false written out", func(d *draft) {
			d.extensions = append(d.extensions, scoped(der.Encode(der.Context(1, false), []byte{0})))
		}, chain.Malformed},
		{"a scope of some reasons", func(d *draft) {
			d.extensions = append(d.extensions, scoped(der.Encode(der.Context(3, false), []byte{6, 0x40})))
		}, crl.Extension},
		{"an indirect list", func(d *draft) { d.extensions = append(d.extensions, scoped(yes(4))) }, crl.Extension},
		{"a list of attribute certificates", func(d *draft) { d.extensions = append(d.extensions, scoped(yes(5))) }, crl.Extension},
		{"a scope with a place without a name", func(d *draft) {
			d.extensions = append(d.extensions, scoped(der.Encode(der.Context(0, true), der.Encode(der.Context(0, true)))))
		}, chain.Malformed},
		{"a scope of people with a place without a name", func(d *draft) {
			d.extensions = append(d.extensions, scoped(der.Encode(der.Context(0, true), der.Encode(der.Context(0, true))), yes(1)))
		}, chain.Malformed},
		{"a scope with a place relative to the issuer", func(d *draft) {
			d.extensions = append(d.extensions, scoped(der.Encode(der.Context(0, true), der.Encode(der.Context(1, true), der.EncodeNull()))))
		}, chain.Malformed},
	} {
		d := newDraft(s).with(c.change)
		l, err := read(d.signed(t, s), s)
		if reason(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if (l == nil) != (err != nil) {
			t.Errorf("%s: a list beside the error", c.name)
		}
	}
}

func TestAListByAKeyThatMayNotSignListsIsRefused(t *testing.T) {
	s := ours(t)
	raw := newDraft(s).signed(t, s)
	for name, c := range map[string]struct {
		usage int
		want  string
	}{
		"certificates alone": {chain.KeyCertSign, chain.KeyUsage},
		"lists alone":        {1 << 6, ""},
	} {
		issuer := *s.Certificate
		issuer.Usage = c.usage
		if _, err := crl.Read(bytes.NewReader(raw), &issuer, chain.Profile{}); reason(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := newSigner(t, "TEST")
	other.SubjectKeyID = s.SubjectKeyID
	if _, err := read(raw, other); reason(err) != chain.SignatureWrong {
		t.Errorf("by another key: %v", err)
	}
	unknown := *s.Certificate
	unknown.Key = chain.Key{OID: "1.2.840.10045.2.1"}
	if _, err := crl.Read(bytes.NewReader(raw), &unknown, chain.Profile{}); reason(err) != chain.Algorithm {
		t.Errorf("by a key of another algorithm: %v", err)
	}
}

func TestEveryListThatIsCutOrLengthenedIsRefused(t *testing.T) {
	s := ours(t)
	raw := newDraft(s).with(func(d *draft) { d.entries = [][]byte{entry(7, made, 1)} }).signed(t, s)
	for n := range raw {
		if _, err := read(raw[:n], s); reason(err) != chain.Malformed {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	for _, tail := range []string{"\x00", "\n", string(raw)} {
		if _, err := read(append(bytes.Clone(raw), tail...), s); reason(err) != chain.Malformed {
			t.Errorf("with a tail: %v", err)
		}
	}
}

func TestEveryChangedBitIsRefused(t *testing.T) {
	s := ours(t)
	raw := newDraft(s).with(func(d *draft) { d.entries = [][]byte{entry(7, made, 1)} }).signed(t, s)
	for i := range raw {
		for bit := range 8 {
			changed := bytes.Clone(raw)
			changed[i] ^= 1 << bit
			if _, err := read(changed, s); reason(err) == "" {
				t.Errorf("bit %d of byte %d may be changed", bit, i)
			}
		}
	}
}

func TestATornConnectionIsNotTheListsFault(t *testing.T) {
	s, torn := ours(t), errors.New("connection reset")
	raw := newDraft(s).signed(t, s)
	for _, n := range []int{0, 1, 5, 100, len(raw) - 1} {
		_, err := crl.Read(io.MultiReader(bytes.NewReader(raw[:n]), iotest.ErrReader(torn)), s.Certificate, chain.Profile{})
		var refused *chain.Refused
		if !errors.Is(err, torn) || errors.As(err, &refused) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestAListWithoutAnEndOfEntriesIsRefused(t *testing.T) {
	s := ours(t)
	one := entry(7, made, -1)
	front := bytes.Join([][]byte{newDraft(s).version, newDraft(s).inner, s.Subject, der.EncodeTime(made), der.EncodeTime(ends)}, nil)
	claim := func(left int) []byte {
		return []byte{0x30, 0x84, byte(left >> 24), byte(left >> 16), byte(left >> 8), byte(left)}
	}
	const room = crl.MaxBytes - 1000
	head := bytes.Join([][]byte{claim(room + 500), claim(room + 200), front, claim(room)}, nil)
	in := &repeated{piece: bytes.Repeat(one, 1000)}
	_, err := crl.Read(io.MultiReader(bytes.NewReader(head), in), s.Certificate, chain.Profile{})
	if reason(err) != chain.Malformed {
		t.Error(err)
	}
	if most := (crl.MaxEntries + 2000) * len(one); in.passed > most {
		t.Errorf("%d bytes were read on", in.passed-most)
	}
}

// repeated gives the piece again and again.
type repeated struct {
	piece  []byte
	passed int
}

func (r *repeated) Read(b []byte) (int, error) {
	n := copy(b, r.piece[r.passed%len(r.piece):])
	r.passed += n
	return n, nil
}

func TestAListThatClaimsMoreThanItHasCostsNothing(t *testing.T) {
	s := ours(t)
	for name, raw := range map[string][]byte{
		"64 MiB":  {0x30, 0x84, 0x03, 0xff, 0xff, 0x00, 0x30, 0x84, 0x03, 0xff, 0xfe, 0x00},
		"2 GiB":   {0x30, 0x84, 0x7f, 0xff, 0xff, 0xff},
		"4 GiB":   {0x30, 0x84, 0xff, 0xff, 0xff, 0xff},
		"no end":  {0x30, 0x80},
		"nothing": {},
	} {
		cost := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for range min(b.N, 100) {
				if _, err := read(raw, s); reason(err) != chain.Malformed {
					b.Fatal(name, err)
				}
			}
		}).AllocedBytesPerOp()
		if cost > 64<<10 {
			t.Errorf("%s: %d bytes", name, cost)
		}
	}
}
