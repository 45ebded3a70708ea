//lint:file-ignore SA1019 crypto/elliptic is deprecated for keys; here it only checks our arithmetic.

package xmldsig

import (
	"crypto/elliptic"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/gost34311"
	"zharia/portal/eds/internal/p12"
)

// curve is that of GOST 34.310-2004: it has a = -3, as the standard library
// expects of a curve that is described to it.
func curve() *elliptic.CurveParams {
	number := func(digits string) *big.Int {
		n, _ := new(big.Int).SetString(digits, 16)
		return n
	}
	return &elliptic.CurveParams{
		P:  number("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFD97"),
		N:  number("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6C611070995AD10045841B09B761B893"),
		B:  big.NewInt(166),
		Gx: big.NewInt(1),
		Gy: number("8D91E471E0989CDA27DF505A453F2B7635294F2DDF23E3B122ACC99C9E9F1E14"),

		BitSize: 256,
	}
}

// signOld is RFC 5832 6.1, which no program of ours can do.
func signOld(d *big.Int, message []byte) []byte {
	little := func(b []byte) []byte {
		b = slices.Clone(b)
		slices.Reverse(b)
		return b
	}
	c := curve()
	sum := gost34311.Sum(message)
	e := new(big.Int).SetBytes(little(sum[:]))
	e.Mod(e, c.N)
	k := big.NewInt(1_000_003)
	r, _ := c.ScalarBaseMult(k.Bytes())
	r.Mod(r, c.N)
	s := new(big.Int).Mul(r, d)
	s.Add(s, k.Mul(k, e)).Mod(s, c.N)
	out := make([]byte, 64)
	return append(little(r.FillBytes(out[:32])), little(s.FillBytes(out[32:]))...)
}

// A document signed with a key of the old test hierarchy, which the authority
// published, is read where old keys are taken and refused everywhere else.
func TestOldKeysAreTakenOnlyForOldDocuments(t *testing.T) {
	container := beside.File(t, "pki", "data", "p12", "ncanode", "ceo_sign_revoked_2004.p12")
	if container == nil {
		return
	}
	contents, err := p12.Open(container, "Qwerty12")
	if err != nil {
		t.Fatal(err)
	}
	r := der.Read(contents.Keys[0]).Into(der.Sequence) // PrivateKeyInfo
	r.Small()
	r.Any()
	scalar := der.Read(r.Value(der.OctetString).Body).Big()
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}

	const document = "<a><b>test</b></a>"
	digest := gost34311.Sum([]byte(document))
	form := strings.NewReplacer(
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#gost34310-gost34311",
		"http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#gost34311",
		"DIGEST", base64.StdEncoding.EncodeToString(digest[:]),
		"CERTIFICATE", base64.StdEncoding.EncodeToString(contents.Certificates[0]),
	).Replace(overDocument)
	signed := within(document, form)
	info := theirs(t, parse(t, signed).FindElement("//SignedInfo"), false)
	signed = replaced(signed, "VALUE", base64.StdEncoding.EncodeToString(signOld(scalar, info)))

	m, err := Parse([]byte(signed), chain.Profile{Old: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Signers[0].Verify(); err != nil || string(m.Signers[0].Signed) != document {
		t.Errorf("then: %v", err)
	}
	if _, err := verify([]byte(signed)); reason(err) != chain.Algorithm {
		t.Errorf("today: %v", err)
	}
	m, err = Parse([]byte(replaced(signed, "test<", "rest<")), chain.Profile{Old: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Signers[0].Verify(); reason(err) != ContentDiffers {
		t.Errorf("changed: %v", err)
	}
}
