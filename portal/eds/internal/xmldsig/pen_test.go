package xmldsig

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// pen signs documents in tests with the parser and the canonicalisers of others,
// so that what verifies here is not only what we think the standard says.
type pen struct {
	key         *rsa.PrivateKey
	certificate string
}

var ourPen = sync.OnceValues(func() (*pen, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "TEST"}, SignatureAlgorithm: x509.SHA256WithRSA,
		NotBefore: time.Unix(1_700_000_000, 0), NotAfter: time.Unix(1_900_000_000, 0),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return &pen{key, base64.StdEncoding.EncodeToString(raw)}, err
})

func ours(t testing.TB) *pen {
	t.Helper()
	p, err := ourPen()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// overDocument and overElement are the two forms, compact as "basics" of NCALayer
// writes them. What is in capitals is filled in on signing.
const (
	overDocument = `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>` +
		`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>` +
		`<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>` +
		`<ds:Reference URI=""><ds:Transforms>` +
		`<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>` +
		`<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"/></ds:Transforms>` +
		`<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>` +
		`<ds:DigestValue>DIGEST</ds:DigestValue></ds:Reference></ds:SignedInfo>` +
		`<ds:SignatureValue>VALUE</ds:SignatureValue>` +
		`<ds:KeyInfo><ds:X509Data><ds:X509Certificate>CERTIFICATE</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`
	enveloping = `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>`
	commented  = `<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"/>`
)

var overElement = strings.NewReplacer(
	enveloping, "",
	`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>`,
	`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`,
	`URI=""`, `URI="#part"`,
).Replace(overDocument)

// sign puts a signature of the form at the end of the document.
func (p *pen) sign(t testing.TB, document, form string) string {
	t.Helper()
	target := parse(t, document).Root()
	if strings.Contains(form, `URI="#part"`) {
		target = target.FindElement("//*[@Id='part']")
	}
	sum := sha256.Sum256(theirs(t, target, false))
	form = strings.NewReplacer("CERTIFICATE", p.certificate, "DIGEST", base64.StdEncoding.EncodeToString(sum[:])).Replace(form)

	signed := within(document, form)
	info := parse(t, signed).FindElement("//SignedInfo")
	method := info.FindElement("CanonicalizationMethod").SelectAttrValue("Algorithm", "")
	hash := sha256.Sum256(theirs(t, info, method == exclusive))
	value, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(signed, "VALUE", base64.StdEncoding.EncodeToString(value), 1)
}

// within puts text before the last end of the document.
func within(document, text string) string {
	end := strings.LastIndex(document, "</")
	return document[:end] + text + document[end:]
}

func parse(t testing.TB, document string) *etree.Document {
	t.Helper()
	d := etree.NewDocument()
	if err := d.ReadFromString(document); err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	return d
}

// theirs is the canonical form as goxmldsig has it.
func theirs(t testing.TB, e *etree.Element, exclusive bool) []byte {
	t.Helper()
	c := dsig.MakeC14N10RecCanonicalizer()
	if exclusive {
		c = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
		e = detached(t, e)
	}
	out, err := c.Canonicalize(e)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// detached gives the element with the namespaces around it, for a canonicaliser
// that looks at nothing above.
func detached(t testing.TB, e *etree.Element) *etree.Element {
	t.Helper()
	out := e.Copy()
	for up := e.Parent(); up != nil; up = up.Parent() {
		for _, a := range up.Attr {
			if name := a.FullKey(); (a.Space == "xmlns" || name == "xmlns") && out.SelectAttr(name) == nil {
				out.CreateAttr(name, a.Value)
			}
		}
	}
	return out
}
