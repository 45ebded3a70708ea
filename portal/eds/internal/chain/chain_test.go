package chain_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/key"
)

var now = time.Date(2026, 7, 20, 9, 30, 0, 0, time.UTC)

// world is an authority whose issuer's key the test holds, so that it can
// issue what no honest authority would.
type world struct {
	authority    *authority.Authority
	issuer, leaf *key.Key
}

var once = sync.OnceValues(func() (*world, error) {
	a, err := authority.New("TEST", now.AddDate(-1, 0, 0))
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "authority")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := a.Save(dir); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, "issuer.pem"))
	if err != nil {
		return nil, err
	}
	issuer, err := key.ParsePrivate(b)
	if err != nil {
		return nil, err
	}
	leaf, err := a.Issue(authority.Person{IIN: "870412400123", CommonName: "X", From: now.AddDate(0, -1, 0)})
	return &world{a, issuer, leaf}, err
})

func ours(t testing.TB) *world {
	t.Helper()
	w, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func reason(err error) string {
	var r *chain.Refused
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

// Fields of TBSCertificate as they stand one after another.
const (
	fVersion = iota
	fSerial
	fAlgorithm
	fIssuer
	fValidity
	fSubject
	fKey
	fExtensions
)

func fields(t testing.TB, cert []byte) [][]byte {
	t.Helper()
	var out [][]byte
	for r := der.Read(cert).Into(der.Sequence).Into(der.Sequence); r.More(); {
		out = append(out, r.Any().Full)
	}
	if len(out) != 8 {
		t.Fatalf("%d fields", len(out))
	}
	return out
}

// reissue changes the body of the leaf's certificate and has the issuer sign
// it again.
func (w *world) reissue(t testing.TB, change func(f [][]byte) [][]byte) []byte {
	t.Helper()
	return w.seal(t, der.EncodeSequence(change(fields(t, w.leaf.Certificate()))...))
}

func (w *world) seal(t testing.TB, tbs []byte) []byte {
	t.Helper()
	signature, err := w.issuer.Sign(tbs)
	if err != nil {
		t.Fatal(err)
	}
	return der.EncodeSequence(tbs, chain.EncodeAlgorithm(chain.GostSignature), der.EncodeBits(signature))
}

func extension(id string, critical bool, value []byte) []byte {
	if critical {
		return der.EncodeSequence(der.EncodeOID(id), der.EncodeTrue(), der.EncodeOctets(value))
	}
	return der.EncodeSequence(der.EncodeOID(id), der.EncodeOctets(value))
}

// with adds an extension to the certificate.
func (w *world) with(t testing.TB, more ...[]byte) []byte {
	return w.reissue(t, func(f [][]byte) [][]byte {
		list := der.Read(f[fExtensions]).Into(der.Context(3, true)).Into(der.Sequence)
		var all [][]byte
		for list.More() {
			all = append(all, list.Any().Full)
		}
		f[fExtensions] = der.Encode(der.Context(3, true), der.EncodeSequence(append(all, more...)...))
		return f
	})
}

// replaced puts an extension in the place of the one with its identifier.
func (w *world) replaced(t testing.TB, id string, critical bool, value []byte) []byte {
	return w.reissue(t, func(f [][]byte) [][]byte {
		var all [][]byte
		for list := der.Read(f[fExtensions]).Into(der.Context(3, true)).Into(der.Sequence); list.More(); {
			if e := list.Any(); der.Read(e.Body).OID() != id {
				all = append(all, e.Full)
			}
		}
		f[fExtensions] = der.Encode(der.Context(3, true), der.EncodeSequence(append(all, extension(id, critical, value))...))
		return f
	})
}

// policy is the policies extension with one, qualified so.
func policy(qualifier string) []byte {
	return der.EncodeSequence(der.EncodeSequence(der.EncodeOID("1.2.398.3.3.2"),
		der.EncodeSequence(der.EncodeSequence(der.EncodeOID(qualifier), der.EncodeNull()))))
}

func set(field int, value []byte) func([][]byte) [][]byte {
	return func(f [][]byte) [][]byte { f[field] = value; return f }
}

func TestOddCertificatesAreRefused(t *testing.T) {
	w := ours(t)
	dates := func(from, to []byte) func([][]byte) [][]byte {
		return set(fValidity, der.EncodeSequence(from, to))
	}
	name := func(attributes ...[]byte) func([][]byte) [][]byte {
		return set(fSubject, der.EncodeSequence(attributes...))
	}
	pair := func(tag byte, value string) []byte {
		return der.EncodeSequence(der.EncodeOID("2.5.4.3"), der.Encode(tag, []byte(value)))
	}
	for what, c := range map[string]struct {
		cert []byte
		want string
	}{
		"as it was":                {w.leaf.Certificate(), ""},
		"signed again":             {w.reissue(t, func(f [][]byte) [][]byte { return f }), ""},
		"version 2":                {w.reissue(t, set(fVersion, der.Encode(der.Context(0, true), der.EncodeSmall(1)))), chain.Malformed},
		"serial zero":              {w.reissue(t, set(fSerial, der.EncodeSmall(0))), chain.Malformed},
		"negative serial":          {w.reissue(t, set(fSerial, der.Encode(der.Integer, []byte{0x80}))), chain.Malformed},
		"serial of 21 octets":      {w.reissue(t, set(fSerial, der.Encode(der.Integer, bytes.Repeat([]byte{1}, 21)))), chain.Malformed},
		"another algorithm inside": {w.reissue(t, set(fAlgorithm, chain.EncodeAlgorithm(chain.RSASignature))), chain.Malformed},
		"dates the wrong way":      {w.reissue(t, dates(der.EncodeTime(now), der.EncodeTime(now.Add(-time.Second)))), chain.Malformed},
		"dates that are text":      {w.reissue(t, dates(der.Encode(der.UTF8String, []byte("now")), der.EncodeTime(now))), chain.Malformed},
		"two names in one set":     {w.reissue(t, name(der.EncodeSet(pair(der.UTF8String, "A"), pair(der.UTF8String, "B")))), chain.Malformed},
		"name of odd letters":      {w.reissue(t, name(der.EncodeSet(pair(der.BMPString, "\x00A")))), chain.Malformed},
		"control in a plain name":  {w.reissue(t, name(der.EncodeSet(pair(der.PrintableString, "A\x07")))), chain.Malformed},
		"an extension twice":       {w.with(t, extension("2.5.29.15", true, der.Encode(der.BitString, []byte{0x06, 0xc0}))), chain.Malformed},
		"critical and unknown":     {w.with(t, extension("1.2.3.4", true, der.EncodeNull())), chain.Extension},
		"critical name limits":     {w.with(t, extension("2.5.29.30", true, der.EncodeSequence())), chain.NameConstraints},
		"name limits":              {w.with(t, extension("2.5.29.30", false, der.EncodeSequence())), chain.NameConstraints},
		"limits of policies":       {w.with(t, extension("2.5.29.36", false, der.EncodeSequence())), chain.Policy},
		"policies mapped":          {w.with(t, extension("2.5.29.33", false, der.EncodeSequence())), chain.Policy},
		"no policy for any":        {w.with(t, extension("2.5.29.54", true, der.EncodeSmall(0))), chain.Policy},
		"critical key identifier":  {w.replaced(t, "2.5.29.35", true, der.EncodeSequence(der.Encode(der.Context(0, false), []byte{1}))), chain.Extension},
		"key identifier of none":   {w.replaced(t, "2.5.29.35", false, der.EncodeSequence()), chain.Malformed},
		"identifier and serial":    {w.replaced(t, "2.5.29.35", false, der.EncodeSequence(der.Encode(der.Context(0, false), []byte{1}), der.Encode(der.Context(1, true), der.Encode(der.Context(4, true), der.EncodeSequence())), der.Encode(der.Context(2, false), []byte{7}))), ""},
		"identifier, half a name":  {w.replaced(t, "2.5.29.35", false, der.EncodeSequence(der.Encode(der.Context(0, false), []byte{1}), der.Encode(der.Context(2, false), []byte{7}))), chain.Malformed},
		"no purpose":               {w.replaced(t, "2.5.29.37", false, der.EncodeSequence()), chain.Malformed},
		"a notice in a policy":     {w.replaced(t, "2.5.29.32", true, policy("1.3.6.1.5.5.7.2.2")), ""},
		"an unknown qualifier":     {w.replaced(t, "2.5.29.32", false, policy("1.2.3.4")), ""},
		"a critical one":           {w.replaced(t, "2.5.29.32", true, policy("1.2.3.4")), chain.Extension},
		"no policy":                {w.replaced(t, "2.5.29.32", false, der.EncodeSequence()), chain.Malformed},
		"unknown, not critical":    {w.with(t, extension("1.2.3.4", false, []byte("anything"))), ""},
		"critical written false":   {w.with(t, der.EncodeSequence(der.EncodeOID("1.2.3.4"), []byte{1, 1, 0}, der.EncodeOctets(nil))), chain.Malformed},
		"an address":               {w.with(t, extension("2.5.29.17", false, der.EncodeSequence(der.Encode(der.Context(1, false), []byte("a@b.kz"))))), ""},
		"no address":               {w.with(t, extension("2.5.29.17", false, der.EncodeSequence())), chain.Malformed},
		"an address that is none":  {w.with(t, extension("2.5.29.17", false, der.EncodeSequence(der.EncodeNull()))), chain.Malformed},
		"limits that are torn":     {w.with(t, extension("2.5.29.19", true, []byte{0x30, 0x05})), chain.Malformed},
		"path of no authority":     {w.with(t, extension("2.5.29.19", true, der.EncodeSequence(der.EncodeSmall(1)))), chain.Malformed},
		"a byte more":              {append(w.leaf.Certificate(), 0), chain.Malformed},
		"too large":                {make([]byte, 17<<10), chain.Malformed},
		"nothing":                  {nil, chain.Malformed},
	} {
		if _, err := chain.Parse(c.cert); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

func gostKey(curve, digest string, point []byte) []byte {
	return der.EncodeSequence(
		der.EncodeSequence(der.EncodeOID(chain.GostKey), der.EncodeSequence(der.EncodeOID(curve), der.EncodeOID(digest))),
		der.EncodeBits(point))
}

func rsaKey(t testing.TB, bits, exponent int) []byte {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	spki, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n.Add(n, big.NewInt(13)), E: exponent})
	if err != nil {
		t.Fatal(err)
	}
	return spki
}

func TestWeakAndBrokenKeysAreRefused(t *testing.T) {
	w := ours(t)
	leaf, err := chain.Parse(w.leaf.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	in := der.Read(leaf.SPKI).Into(der.Sequence)
	in.Any()
	good := in.Bits()
	off := bytes.Clone(good)
	off[10] ^= 1
	for name, c := range map[string]struct {
		spki   []byte
		want   string
		usable bool
	}{
		"a national key":        {gostKey(chain.GostParams, chain.GostDigest, good), "", true},
		"off the curve":         {gostKey(chain.GostParams, chain.GostDigest, off), chain.Algorithm, false},
		"zeros":                 {gostKey(chain.GostParams, chain.GostDigest, der.EncodeOctets(make([]byte, 128))), chain.Algorithm, false},
		"half a point":          {gostKey(chain.GostParams, chain.GostDigest, der.EncodeOctets(make([]byte, 64))), chain.Algorithm, false},
		"a bare point":          {gostKey(chain.GostParams, chain.GostDigest, make([]byte, 128)), chain.Malformed, false},
		"other parameters":      {gostKey(chain.GostParams+".1", chain.GostDigest, good), chain.Algorithm, false},
		"other digest":          {gostKey(chain.GostParams, chain.OldGostDigest, good), chain.Algorithm, false},
		"RSA of 2048 bits":      {rsaKey(t, 2048, 65537), "", true},
		"RSA of 2047 bits":      {rsaKey(t, 2047, 65537), chain.Algorithm, false},
		"RSA of 1024 bits":      {rsaKey(t, 1024, 65537), chain.Algorithm, false},
		"RSA of 16384 bits":     {rsaKey(t, 16384, 65537), chain.Algorithm, false},
		"RSA with exponent 3":   {rsaKey(t, 2048, 3), chain.Algorithm, false},
		"RSA with an even one":  {rsaKey(t, 2048, 65538), chain.Algorithm, false},
		"a key of another kind": {der.EncodeSequence(chain.EncodeAlgorithm("1.2.840.10045.2.1"), der.EncodeBits([]byte{4})), "", false},
	} {
		key, err := chain.Profile{}.ParseKey(c.spki)
		if reason(err) != c.want || err == nil && key.Usable() != c.usable {
			t.Errorf("%s: usable %v, %v, want %q", name, key.Usable(), err, c.want)
		}
		if err == nil && !c.usable && reason(key.Verify(chain.AlgorithmID{}, nil, nil)) != chain.Algorithm {
			t.Errorf("%s verifies", name)
		}
	}
}

func TestAPathEndsAtAPinnedRoot(t *testing.T) {
	w := ours(t)
	pool := &chain.Pool{}
	for _, a := range [][]byte{w.authority.Issuer(), w.authority.Root(), w.authority.Root()} {
		if err := pool.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	if pool.Size() != 2 {
		t.Errorf("%d authorities", pool.Size())
	}
	path := func(cert []byte, at time.Time) error {
		c, err := chain.Parse(cert)
		if err != nil {
			return err
		}
		found, err := pool.Path(c, at)
		if err == nil && len(found) != 3 {
			t.Errorf("path of %d", len(found))
		}
		return err
	}
	// Issued by a person: the leaf's key signs a certificate below itself.
	leaf, err := chain.Parse(w.leaf.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	tbs := der.EncodeSequence(set(fIssuer, leaf.Subject)(fields(t, w.leaf.Certificate()))...)
	signature, err := w.leaf.Sign(tbs)
	if err != nil {
		t.Fatal(err)
	}
	below := der.EncodeSequence(tbs, chain.EncodeAlgorithm(chain.GostSignature), der.EncodeBits(signature))
	forged := bytes.Clone(w.leaf.Certificate())
	forged[len(forged)-1] ^= 1
	noKeyID := w.reissue(t, set(fExtensions, der.Encode(der.Context(3, true), der.EncodeSequence(
		extension("2.5.29.14", false, der.EncodeOctets([]byte{1}))))))
	for name, c := range map[string]struct {
		cert []byte
		at   time.Time
		want string
	}{
		"a person":                {w.leaf.Certificate(), now, ""},
		"without key identifiers": {noKeyID, now, chain.Malformed},
		"a day too late":          {w.leaf.Certificate(), leaf.NotAfter.Add(time.Second), chain.Expired},
		"the last second":         {w.leaf.Certificate(), leaf.NotAfter, ""},
		"inside the last second":  {w.leaf.Certificate(), leaf.NotAfter.Add(999 * time.Millisecond), ""},
		"a second too early":      {w.leaf.Certificate(), leaf.NotBefore.Add(-time.Second), chain.NotYet},
		"a forged signature":      {forged, now, chain.UnknownAuthority},
		"issued by a person":      {below, now, chain.UnknownAuthority},
	} {
		if err := path(c.cert, c.at); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestTheProductionHierarchyVerifies(t *testing.T) {
	ca, ok := beside.Path(t, "pki", "data", "ca")
	if !ok {
		return
	}
	pool := &chain.Pool{}
	for file, want := range map[string]string{
		"root_test_gost_2022.cer": "", "nca_gost2022_test.cer": "", "nca_rsa_test.crt": "",
		"nca_gost_test.crt":      chain.Algorithm,
		"prod/root_rsa_2020.cer": "", "prod/nca_rsa_2022.cer": "", "prod/root_gost_2020.cer": chain.Algorithm,
	} {
		b, err := os.ReadFile(filepath.Join(ca, file))
		if err != nil {
			t.Fatal(err)
		}
		if block, _ := pem.Decode(b); block != nil {
			b = block.Bytes
		}
		if err := pool.Add(b); reason(err) != want {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	for _, file := range []string{"nca_gost2022_test.cer", "prod/nca_rsa_2022.cer"} {
		b, err := os.ReadFile(filepath.Join(ca, file))
		if err != nil {
			t.Fatal(err)
		}
		c, err := chain.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if path, err := pool.Path(c, now); err != nil || len(path) != 2 {
			t.Errorf("%s: path of %d, %v", file, len(path), err)
		}
	}
}

// Whatever bytes come, parsing answers, and what it takes it can be asked.
func FuzzParse(f *testing.F) {
	w := ours(f)
	f.Add(w.leaf.Certificate())
	f.Add(w.authority.Root())
	f.Add(w.with(f, extension("1.2.3.4", true, der.EncodeNull())))
	for _, name := range []string{"corpus-openssl-x509.zip", "corpus-boring-cert.zip", "corpus-boring-parse-cert.zip"} {
		for _, raw := range beside.Corpus(f, name) {
			f.Add(raw)
		}
	}
	pool := &chain.Pool{}
	for _, a := range [][]byte{w.authority.Issuer(), w.authority.Root()} {
		if err := pool.Add(a); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := chain.Parse(raw)
		if err != nil {
			return
		}
		if path, err := pool.Path(c, now); err == nil && !path[len(path)-1].Anchor {
			t.Fatal("a path that does not end at a root")
		}
		c.IssuerName()
		c.SignedBy(c)
	})
}
