package crl_test

import (
	"bytes"
	"encoding/pem"
	"runtime"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
)

// genuine are the lists of the national test authorities and whose they are.
var genuine = []struct {
	list, issuer string
	entries      int
	number, base int64
	want         string
}{
	{"nca_gost2022_test.ncanode.crl", "nca_gost2022_test.cer", 6, 4, 0, ""},
	{"nca_gost2022_test.skarm.crl", "nca_gost2022_test.cer", 54, 14, 0, ""},
	{"nca_gost2022_d_test.skarm.crl", "nca_gost2022_test.cer", 0, 10, 14, ""},
	{"nca_gost2022_test.ncanode-go.crl", "nca_gost2022_test.cer", 195, 166, 0, ""},
	{"nca_rsa_test.ncanode.crl", "nca_rsa_test.crt", 126, 9, 0, ""},
	{"nca_gost_test.ncanode.crl", "nca_gost_test.crt", 0, 0, 0, chain.Algorithm},
	{"nca_rsa_test.ncanode.crl", "nca_gost2022_test.cer", 0, 0, 0, chain.Algorithm},
	{"nca_gost2022_test.skarm.crl", "root_test_gost_2022.cer", 0, 0, 0, chain.UnknownAuthority},
}

func TestTheGenuineListsVerify(t *testing.T) {
	for _, c := range genuine {
		raw, issuer, ok := genuineList(t, c.list, c.issuer)
		if !ok {
			return
		}
		l, err := crl.Read(bytes.NewReader(raw), issuer, chain.Profile{})
		if reason(err) != c.want {
			t.Errorf("%s by %s: %v, want %q", c.list, c.issuer, err, c.want)
		}
		if err != nil {
			continue
		}
		base := int64(0)
		if l.Base != nil {
			base = l.Base.Int64()
		}
		if l.Len() != c.entries || l.Number.Int64() != c.number || base != c.base {
			t.Errorf("%s: %d entries, number %v, base %v", c.list, l.Len(), l.Number, l.Base)
		}
	}
}

func TestTheWithdrawnAlgorithmVerifiesOnlyWhereItIsAskedFor(t *testing.T) {
	raw, issuer, ok := genuineList(t, "nca_gost_test.ncanode.crl", "nca_gost_test.crt")
	if !ok {
		return
	}
	for _, old := range []bool{false, true} {
		p := chain.Profile{Old: old}
		asked, err := p.Parse(issuer.Raw)
		if err != nil {
			t.Fatal(err)
		}
		l, err := crl.Read(bytes.NewReader(raw), asked, p)
		if old && (err != nil || l.Len() != 31) || !old && reason(err) != chain.Algorithm {
			t.Errorf("asked for: %v, %v", old, err)
		}
	}
}

func TestEveryChangedBitOfAGenuineListIsRefused(t *testing.T) {
	const every = 3 // bits, so that every byte is changed
	for _, c := range genuine[:3] {
		raw, issuer, ok := genuineList(t, c.list, c.issuer)
		if !ok {
			return
		}
		for bit := 0; bit < 8*min(len(raw), 700); bit += every {
			raw[bit/8] ^= 1 << (bit % 8)
			if _, err := crl.Read(bytes.NewReader(raw), issuer, chain.Profile{}); reason(err) == "" {
				t.Errorf("%s: bit %d may be changed", c.list, bit)
			}
			raw[bit/8] ^= 1 << (bit % 8)
		}
	}
}

func genuineList(t testing.TB, list, issuer string) ([]byte, *chain.Certificate, bool) {
	t.Helper()
	raw := beside.File(t, "pki", "data", "crl", list)
	if raw == nil {
		return nil, nil, false
	}
	certificate := beside.File(t, "pki", "data", "ca", issuer)
	if block, _ := pem.Decode(certificate); block != nil {
		certificate = block.Bytes
	}
	c, err := chain.Parse(certificate)
	if err != nil {
		t.Fatal(err)
	}
	return raw, c, true
}

// malformed are lists that others collected; the bounds are of one of them.
const (
	malformed    = "corpus-openssl-crl.zip"
	hostileTime  = 50 * time.Millisecond
	hostileBytes = 16 << 20
)

func TestMalformedListsAreRefusedQuickly(t *testing.T) {
	count, slow := 0, 0
	for name, raw := range beside.Corpus(t, malformed) {
		count++
		issuer := believing(t, raw)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		l, err := crl.Read(bytes.NewReader(raw), ours(t).Certificate, chain.Profile{})
		if err == nil || l != nil {
			t.Errorf("%s is a list", name)
		}
		// The same again by an issuer of that name whose signature always
		// verifies: what lies behind the name is read too.
		crl.Read(bytes.NewReader(raw), issuer, believingProfile)
		if time.Since(start) > hostileTime {
			slow++
		}
		runtime.ReadMemStats(&after)
		if bytes := after.TotalAlloc - before.TotalAlloc; bytes > hostileBytes {
			t.Errorf("%s took %d bytes", name, bytes)
		}
	}
	if slow > count/100 {
		t.Errorf("%d of %d files took longer than %v", slow, count, hostileTime)
	}
	t.Logf("%d files, %d of them slow", count, slow)
}
