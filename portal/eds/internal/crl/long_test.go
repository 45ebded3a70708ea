package crl_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
)

// nationalEntries is the length of the national list in July 2026; with
// serial numbers of 20 octets and reason codes it has 21 MB.
const nationalEntries = 422_000

// longList writes a list of the national length to a file, signed by s. The
// serial numbers are in no order.
func longList(t testing.TB, s signer) string {
	t.Helper()
	one := entryOf(serialAt(0))
	body := make([]byte, 0, nationalEntries*len(one))
	for i := range nationalEntries {
		body = append(body, entryOf(serialAt(i))...)
	}
	raw := newDraft(s).with(func(d *draft) { d.entries = [][]byte{body} }).signed(t, s)
	name := filepath.Join(t.TempDir(), "long.crl")
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// serialAt is the i-th serial number, 20 octets.
func serialAt(i int) *big.Int {
	var b [20]byte
	binary.BigEndian.PutUint64(b[:], uint64(i+1)*0x9e3779b97f4a7c15>>1|1<<62)
	binary.BigEndian.PutUint64(b[12:], uint64(i))
	return new(big.Int).SetBytes(b[:])
}

func entryOf(serial *big.Int) []byte {
	return der.EncodeSequence(der.EncodeInt(serial), der.EncodeTime(made), der.EncodeSequence(extension("2.5.29.21", false, der.Encode(der.Enumerated, []byte{5}))))
}

// sampled counts what is alive in memory every two megabytes.
type sampled struct {
	io.Reader
	passed int
	peak   uint64
}

func (r *sampled) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	before := r.passed >> 21
	if r.passed += n; r.passed>>21 != before {
		r.peak = max(r.peak, alive())
	}
	return n, err
}

func alive() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestTheNationalListIsReadInBoundedMemory(t *testing.T) {
	s := ours(t)
	f, err := os.Open(longList(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	start := alive()
	in := &sampled{Reader: f}
	l, err := crl.Read(in, s.Certificate, chain.Profile{})
	if err != nil {
		t.Fatal(err)
	}
	in.peak = max(in.peak, alive())
	if l.Len() != nationalEntries || l.Raw != nil {
		t.Errorf("%d entries, %d bytes kept", l.Len(), len(l.Raw))
	}
	for i := 0; i < nationalEntries; i += 1000 {
		if e, ok := l.Find(serialAt(i)); !ok || e != (crl.Entry{At: made, Reason: 5}) {
			t.Fatalf("entry %d: %v, %v", i, e, ok)
		}
	}
	const bound = 20 << 20
	if in.peak-start > bound {
		t.Errorf("%d bytes were alive while a list of %d bytes was read", in.peak-start, in.passed)
	}
	t.Logf("a list of %d bytes: at most %d bytes alive", in.passed, in.peak-start)
}

func BenchmarkReadNationalList(b *testing.B) {
	s := ours(b)
	name := longList(b, s)
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	b.ReportAllocs()
	for b.Loop() {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := crl.Read(bufio.NewReader(f), s.Certificate, chain.Profile{}); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}

func BenchmarkStatusInNationalList(b *testing.B) {
	s := ours(b)
	f, err := os.Open(longList(b, s))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	l, err := crl.Read(f, s.Certificate, chain.Profile{})
	if err != nil {
		b.Fatal(err)
	}
	c := s.issued(1)
	c.Serial = serialAt(nationalEntries / 3)
	b.ReportAllocs()
	for b.Loop() {
		if status, _, err := l.Status(c, s.Certificate, nil, made.Add(time.Hour)); status != crl.Revoked {
			b.Fatal(status, err)
		}
	}
}
