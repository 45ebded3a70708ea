package cms_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"errors"
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
	m, err := cms.Parse(raw)
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
		"the default digest written out":         {attribute(second, certificate(chain.EncodeAlgorithm(chain.SHA256), octets(fresh[:]))), cms.Attribute},
		"another certificate":                    {attribute(second, certificate(octets(old[:]))), cms.Attribute},
		"the first form":                         {attribute(first, certificate(octets(old[:]))), ""},
		"the first form, another certificate":    {attribute(first, certificate(octets(fresh[:]))), cms.Attribute},
		"algorithms stated":                      {attribute(stated, algorithms(chain.GostDigest, chain.GostSignature)), ""},
		"another digest stated":                  {attribute(stated, algorithms(chain.SHA256, chain.GostSignature)), cms.Attribute},
		"another signature stated":               {attribute(stated, algorithms(chain.GostDigest, chain.OldGostSignature)), cms.Attribute},
		"the signature of another family stated": {attribute(stated, algorithms(chain.GostDigest, chain.RSASignature)), cms.Attribute},
		"what mail can be read":                  {attribute(mail, der.EncodeSequence()), ""},
		"what mail can be read, torn":            {attribute(mail, der.EncodeNull()), chain.Malformed},
		"a policy of signing":                    {attribute("1.2.840.113549.1.9.16.2.15", der.EncodeSequence()), cms.Attribute},
	} {
		if err := verify(message(t, c.attribute)); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestADraftReadsBack(t *testing.T) {
	k, _ := signer(t)
	for _, attached := range []bool{true, false} {
		sig, err := k.SignCMS(content, attached, now)
		if err != nil {
			t.Fatal(err)
		}
		m, err := cms.Parse(sig)
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
		m, err := cms.Parse(raw)
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
