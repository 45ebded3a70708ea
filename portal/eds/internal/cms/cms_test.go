package cms_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/gost3411"
	"zharia/portal/eds/key"
)

var now = time.Date(2026, 7, 20, 9, 30, 0, 0, time.UTC)

var content = []byte("content")

var someone = sync.OnceValues(func() (*key.Key, error) {
	a, err := authority.New("TEST", now)
	if err != nil {
		return nil, err
	}
	return a.Issue(authority.Person{IIN: "870412400123", CommonName: "A"})
})

func signer(t testing.TB) (*key.Key, *chain.Certificate) {
	t.Helper()
	k, err := someone()
	if err != nil {
		t.Fatal(err)
	}
	c, err := chain.Parse(k.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	return k, c
}

func reason(err error) string {
	var r *chain.Refused
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

func attribute(kind string, value []byte) []byte {
	return der.EncodeSequence(der.EncodeOID(kind), der.EncodeSet(value))
}

// message signs the content with the two attributes that must be there and
// those given.
func message(t testing.TB, more ...[]byte) []byte {
	t.Helper()
	k, c := signer(t)
	digest := gost3411.Sum512(content)
	data := der.EncodeOID("1.2.840.113549.1.7.1")
	attributes := der.EncodeSet(append(more,
		attribute("1.2.840.113549.1.9.3", data),
		attribute("1.2.840.113549.1.9.4", der.EncodeOctets(digest[:])))...)
	signature, err := k.Sign(attributes)
	if err != nil {
		t.Fatal(err)
	}
	algorithm := chain.EncodeAlgorithm(chain.GostDigest)
	info := der.EncodeSequence(
		der.EncodeSmall(1), der.EncodeSequence(c.Issuer, der.EncodeInt(c.Serial)), algorithm,
		append([]byte{0xa0}, attributes[1:]...), chain.EncodeAlgorithm(chain.GostSignature), der.EncodeOctets(signature))
	return cms.Assemble(der.EncodeSequence(data), [][]byte{algorithm}, [][]byte{c.Raw}, [][]byte{info})
}

func verify(sig []byte) error {
	raw, err := cms.Decode(sig, 1<<16)
	if err != nil {
		return err
	}
	m, err := cms.Parse(raw, chain.Profile{})
	if err != nil {
		return err
	}
	return m.Signers[0].Verify(content)
}

func TestOptionalAttributesMustAgreeWithTheSignature(t *testing.T) {
	_, c := signer(t)
	const (
		first  = "1.2.840.113549.1.9.16.2.12"
		second = "1.2.840.113549.1.9.16.2.47"
		stated = "1.2.840.113549.1.9.52"
		mail   = "1.2.840.113549.1.9.15"

		signingTime = "1.2.840.113549.1.9.5"
	)
	old, fresh, national := sha1.Sum(c.Raw), sha256.Sum256(c.Raw), gost3411.Sum512(c.Raw)
	names := func(issuer []byte) []byte {
		return der.EncodeSequence(der.EncodeSequence(der.Encode(0xa4, issuer)), der.EncodeInt(c.Serial))
	}
	certificate := func(parts ...[]byte) []byte {
		return der.EncodeSequence(der.EncodeSequence(der.EncodeSequence(parts...)))
	}
	algorithms := func(digest, signature string) []byte {
		return der.EncodeSequence(chain.EncodeAlgorithm(digest),
			der.Encode(0xa1, der.EncodeOID(signature), der.EncodeNull()))
	}
	octets := der.EncodeOctets
	for name, c := range map[string]struct {
		attribute []byte
		want      string
	}{
		"certificate by SHA-256":                 {attribute(second, certificate(octets(fresh[:]))), ""},
		"certificate and its issuer":             {attribute(second, certificate(octets(fresh[:]), names(c.Issuer))), ""},
		"certificate and another issuer":         {attribute(second, certificate(octets(fresh[:]), names(c.Subject))), cms.Attribute},
		"certificate by the national digest":     {attribute(second, certificate(chain.EncodeAlgorithm(chain.GostDigest), octets(national[:]))), ""},
		"another by the national digest":         {attribute(second, certificate(chain.EncodeAlgorithm(chain.GostDigest), octets(fresh[:]))), cms.Attribute},
		"the default digest written out":         {attribute(second, certificate(chain.EncodeAlgorithm(chain.SHA256), octets(fresh[:]))), ""},
		"a digest that is not in the table":      {attribute(second, certificate(chain.EncodeAlgorithm("1.3.14.3.2.26"), octets(old[:]))), cms.Attribute},
		"another certificate":                    {attribute(second, certificate(octets(old[:]))), cms.Attribute},
		"the first form":                         {attribute(first, certificate(octets(old[:]))), ""},
		"the first form, another certificate":    {attribute(first, certificate(octets(fresh[:]))), cms.Attribute},
		"algorithms stated":                      {attribute(stated, algorithms(chain.GostDigest, chain.GostSignature)), ""},
		"another digest stated":                  {attribute(stated, algorithms(chain.SHA256, chain.GostSignature)), cms.Attribute},
		"another signature stated":               {attribute(stated, algorithms(chain.GostDigest, chain.OldGostSignature)), cms.Attribute},
		"the signature of another family stated": {attribute(stated, algorithms(chain.GostDigest, chain.RSASignature)), cms.Attribute},
		"what mail can be read":                  {attribute(mail, der.EncodeSequence()), ""},
		"what mail can be read, torn":            {attribute(mail, der.EncodeNull()), chain.Malformed},
		"a policy of signing":                    {attribute("1.2.840.113549.1.9.16.2.15", der.EncodeSequence()), ""},
		"a message it refers to":                 {attribute("1.2.840.113549.1.9.16.2.10", der.EncodeSequence()), cms.Attribute},
		"two signing times":                      {der.EncodeSequence(der.EncodeOID(signingTime), der.EncodeSet(der.EncodeTime(now), der.EncodeTime(now.AddDate(0, 0, 1)))), chain.Malformed},
		"a signing time that is text":            {attribute(signingTime, der.Encode(der.UTF8String, []byte("now"))), chain.Malformed},
		"a content type of another kind":         {attribute("1.2.840.113549.1.9.3", der.EncodeOID("1.2.840.113549.1.7.2")), cms.Attribute},
	} {
		if err := verify(message(t, c.attribute)); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// made is a message put together from parts, so that each can be another.
type made struct {
	version               int
	digests, certificates [][]byte
	lists                 []byte // the whole [1], or nil
	signer                [][]byte
	unsigned              [][]byte // attributes
}

// whole is a message by the one signer, in parts.
func whole(t testing.TB) made {
	t.Helper()
	r := der.Read(message(t)).Into(der.Sequence)
	r.OID()
	r = r.Into(der.Context(0, true)).Into(der.Sequence)
	m := made{version: r.Small(), digests: all(r.Into(der.Set))}
	r.Any() // the content, which is not there
	m.certificates = all(r.Into(der.Context(0, true)))
	m.signer = all(r.Into(der.Set).Into(der.Sequence))
	return m
}

func all(r *der.Reader) (out [][]byte) {
	for r.More() {
		out = append(out, r.Any().Full)
	}
	return out
}

func (m made) write() []byte {
	signer := append([][]byte{}, m.signer...)
	if m.unsigned != nil {
		signer = append(signer, der.Encode(der.Context(1, true), m.unsigned...))
	}
	parts := [][]byte{
		der.EncodeSmall(m.version), der.EncodeSet(m.digests...),
		der.EncodeSequence(der.EncodeOID("1.2.840.113549.1.7.1")),
		der.Encode(der.Context(0, true), m.certificates...),
	}
	if m.lists != nil {
		parts = append(parts, m.lists)
	}
	parts = append(parts, der.EncodeSet(der.EncodeSequence(signer...)))
	return der.EncodeSequence(der.EncodeOID("1.2.840.113549.1.7.2"), der.Encode(der.Context(0, true), der.EncodeSequence(parts...)))
}

// What stands outside the signature is held to one form, or is known to add
// nothing; none of it changes who signed, what and when.
func TestWhatIsNotSignedChangesNothing(t *testing.T) {
	_, signedBy := signer(t)
	const stamp = "1.2.840.113549.1.9.16.2.14"
	token := der.EncodeSequence(der.EncodeSmall(7))
	another := bytes.Clone(signedBy.Raw)
	another[len(another)-1] ^= 1
	sha := chain.EncodeAlgorithm(chain.SHA256)
	list := func(parts ...[]byte) []byte { return der.Encode(der.Context(1, true), parts...) }
	answer := der.Encode(der.Context(1, true), der.EncodeOID("1.3.6.1.5.5.7.16.2"), der.EncodeSequence())
	byKey := func(m *made, key []byte) {
		m.version, m.signer[0], m.signer[1] = 3, der.EncodeSmall(3), der.Encode(der.Context(0, false), key)
	}
	for name, c := range map[string]struct {
		change func(m *made)
		want   string
		token  bool
	}{
		"nothing":    {func(*made) {}, "", false},
		"one stamp":  {func(m *made) { m.unsigned = [][]byte{attribute(stamp, token)} }, "", true},
		"two stamps": {func(m *made) { m.unsigned = [][]byte{attribute(stamp, token), attribute(stamp, der.EncodeSequence())} }, "", false},
		"two stamps in one attribute": {func(m *made) {
			m.unsigned = [][]byte{der.EncodeSequence(der.EncodeOID(stamp), der.EncodeSet(token, der.EncodeSequence()))}
		}, "", false},
		"a stamp that is text":         {func(m *made) { m.unsigned = [][]byte{attribute(stamp, der.EncodeOctets(nil))} }, chain.Malformed, false},
		"an attribute without a value": {func(m *made) { m.unsigned = [][]byte{der.EncodeSequence(der.EncodeOID(stamp), der.EncodeSet())} }, chain.Malformed, false},
		"a counter-signature":          {func(m *made) { m.unsigned = [][]byte{attribute("1.2.840.113549.1.9.6", der.EncodeSequence())} }, "", false},
		"a stamp for the archive": {func(m *made) {
			m.unsigned = [][]byte{attribute("0.4.0.1733.2.4", der.EncodeSequence()), attribute(stamp, token)}
		}, "", true},
		"a signing time":               {func(m *made) { m.unsigned = [][]byte{attribute("1.2.840.113549.1.9.5", der.EncodeTime(now))} }, cms.Attribute, false},
		"an attribute nobody knows":    {func(m *made) { m.unsigned = [][]byte{attribute("1.2.3.4", der.EncodeSequence())} }, cms.Attribute, false},
		"a list":                       {func(m *made) { m.lists = list(der.EncodeSequence()) }, "", false},
		"an answer":                    {func(m *made) { m.version, m.lists = 5, list(answer) }, "", false},
		"an answer in an old message":  {func(m *made) { m.lists = list(answer) }, chain.Malformed, false},
		"a list that is none":          {func(m *made) { m.lists = list(der.EncodeSmall(1)) }, chain.Malformed, false},
		"another version":              {func(m *made) { m.version = 3 }, chain.Malformed, false},
		"a version of the signer":      {func(m *made) { m.signer[0] = der.EncodeSmall(2) }, chain.Malformed, false},
		"named by key":                 {func(m *made) { byKey(m, signedBy.SubjectKeyID) }, "", false},
		"named by another key":         {func(m *made) { byKey(m, []byte{1, 2, 3}) }, chain.Malformed, false},
		"named by no key":              {func(m *made) { byKey(m, nil) }, chain.Malformed, false},
		"by key in the old version":    {func(m *made) { byKey(m, signedBy.SubjectKeyID); m.signer[0] = der.EncodeSmall(1) }, chain.Malformed, false},
		"the certificate twice":        {func(m *made) { m.certificates = append(m.certificates, signedBy.Raw) }, "", false},
		"two that answer to the name":  {func(m *made) { m.certificates = append(m.certificates, another) }, chain.Malformed, false},
		"one that cannot be read":      {func(m *made) { m.certificates = append(m.certificates, der.EncodeSequence()) }, "", false},
		"only one that cannot be read": {func(m *made) { m.certificates = [][]byte{der.EncodeSequence()} }, chain.Malformed, false},
		"no certificate":               {func(m *made) { m.certificates = nil }, chain.Malformed, false},
		"an attribute certificate":     {func(m *made) { m.certificates = append(m.certificates, der.Encode(der.Context(2, true))) }, chain.Malformed, false},
		"nine certificates":            {func(m *made) { m.certificates = slices.Repeat(m.certificates, 9) }, chain.Malformed, false},
		"a digest nobody used":         {func(m *made) { m.digests = append(m.digests, sha) }, chain.Malformed, false},
		"no digest":                    {func(m *made) { m.digests = nil }, chain.Malformed, false},
		"another digest":               {func(m *made) { m.digests, m.signer[2] = [][]byte{sha}, sha }, chain.Algorithm, false},
	} {
		m := whole(t)
		c.change(&m)
		raw := m.write()
		if err := verify(raw); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
			continue
		}
		read, err := cms.Parse(raw, chain.Profile{})
		if c.want != "" || err != nil {
			continue
		}
		s := read.Signers[0]
		if len(read.Signers) != 1 || !bytes.Equal(s.Certificate.Raw, signedBy.Raw) || !s.SigningTime.IsZero() || s.Claims != nil {
			t.Errorf("%s: something else is said", name)
		}
		if (s.Token != nil) != c.token || c.token && !bytes.Equal(s.Token, token) {
			t.Errorf("%s: token %x", name, s.Token)
		}
	}
}

func TestWhatASignerClaimsBeyondTheProfileIsTold(t *testing.T) {
	const place, stamp = "1.2.840.113549.1.9.16.2.17", "1.2.840.113549.1.9.16.2.20"
	raw := message(t, attribute(place, der.EncodeSequence()),
		attribute(stamp, der.EncodeSequence()), attribute(stamp, der.EncodeSequence(der.EncodeNull())))
	if err := verify(raw); err != nil {
		t.Fatal(err)
	}
	m, err := cms.Parse(raw, chain.Profile{})
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(slices.Values(m.Signers[0].Claims)); !slices.Equal(got, []string{place, stamp, stamp}) {
		t.Errorf("claims %q", got)
	}
}

func TestADraftReadsBack(t *testing.T) {
	k, _ := signer(t)
	for _, attached := range []bool{true, false} {
		sig, err := k.SignCMS(content, attached, now)
		if err != nil {
			t.Fatal(err)
		}
		m, err := cms.Parse(sig, chain.Profile{})
		if err != nil {
			t.Fatal(err)
		}
		if m.Attached != attached || len(m.Signers) != 1 || !m.Signers[0].SigningTime.Equal(now) {
			t.Errorf("%+v", m)
		}
		if string(m.Content) != map[bool]string{true: string(content)}[attached] {
			t.Errorf("content %q", m.Content)
		}
		if err := m.Signers[0].Verify([]byte("other")); reason(err) != cms.ContentDiffers {
			t.Errorf("other content: %v", err)
		}
	}
}

func TestOnlyAListOfAttributesLooksLikeOne(t *testing.T) {
	one := attribute("1.2.3", der.EncodeNull())
	for name, c := range map[string]struct {
		content []byte
		want    bool
	}{
		"a list":              {der.EncodeSet(one), true},
		"a list of two":       {der.EncodeSet(one, attribute("1.2.4", der.EncodeNull())), true},
		"a sequence of them":  {der.EncodeSequence(one), false},
		"an empty set":        {der.EncodeSet(), false},
		"a set of numbers":    {der.EncodeSet(der.EncodeSmall(1)), false},
		"a list and a byte":   {append(der.EncodeSet(one), 0), false},
		"text that begins so": {[]byte("1 July"), false},
		"nothing":             {nil, false},
	} {
		if cms.LooksLikeAttributes(c.content) != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}

// What is taken was signed by the one key there is, over the one content.
func FuzzParse(f *testing.F) {
	k, c := signer(f)
	for _, attached := range []bool{true, false} {
		sig, err := k.SignCMS(content, attached, now)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sig)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		raw, err := cms.Decode(in, 1<<16)
		if err != nil {
			if reason(err) == "" {
				t.Fatalf("a failure without a reason: %v", err)
			}
			return
		}
		m, err := cms.Parse(raw, chain.Profile{})
		if err != nil {
			if reason(err) == "" {
				t.Fatalf("a failure without a reason: %v", err)
			}
			return
		}
		for _, s := range m.Signers {
			if s.Certificate.Key.Equal(c.Key) && s.Verify([]byte("never signed")) == nil {
				t.Fatal("a signature over what was never signed")
			}
		}
	})
}
