package eds_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/gost3411"
	"zharia/portal/eds/key"
)

// Documents of the test are in canonical form already, so nothing but their
// octets is needed to sign them.
const (
	xmlInfo = `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
		`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34102015-gostr34112015-512"></ds:SignatureMethod>` +
		`<ds:Reference URI=""><ds:Transforms>` +
		`<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>` +
		`<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"></ds:Transform></ds:Transforms>` +
		`<ds:DigestMethod Algorithm="urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34112015-512"></ds:DigestMethod>` +
		`<ds:DigestValue>DIGEST</ds:DigestValue></ds:Reference></ds:SignedInfo>`
	login = `<login><timeTicket>1784539800000</timeTicket><sessionid>5f3c</sessionid></login>`
)

// signXML puts a signature at the end of a canonical document.
func signXML(t testing.TB, k *key.Key, document string) []byte {
	t.Helper()
	sum := gost3411.Sum512([]byte(document))
	info := strings.Replace(xmlInfo, "DIGEST", base64.StdEncoding.EncodeToString(sum[:]), 1)
	value, err := k.Sign([]byte(info))
	if err != nil {
		t.Fatal(err)
	}
	signature := `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
		strings.Replace(info, ` xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`, "", 1) +
		"<ds:SignatureValue>" + base64.StdEncoding.EncodeToString(value) + "</ds:SignatureValue>" +
		"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>" + base64.StdEncoding.EncodeToString(k.Certificate()) +
		"</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
	end := strings.LastIndex(document, "</")
	return []byte(document[:end] + signature + document[end:])
}

func TestASignedXMLNamesItsSigner(t *testing.T) {
	w := ours(t)
	signed := signXML(t, w.aigul, login)
	verdict, err := w.verifier.XML(t.Context(), signed, now)
	if err != nil || !verdict.Valid || !verdict.Attached || string(verdict.Content) != login || len(verdict.Signers) != 1 {
		t.Fatalf("%v, %+v", err, verdict)
	}
	who := verdict.Signers[0].Signer
	if who.IIN != eds.IIN(aigul.IIN) || who.Surname != aigul.Surname || who.Algorithm != "GOST R 34.10-2015-512" || !who.ClaimedAt.IsZero() || who.Revocation != eds.NotChecked {
		t.Errorf("signer %+v", who)
	}
}

func TestASignedXMLIsAskedWhatEverySignatureIs(t *testing.T) {
	w := ours(t)
	signed := signXML(t, w.aigul, login)
	stranger, err := authority.New("TEST", now.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := stranger.Issue(aigul)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		document []byte
		at       time.Time
		want     eds.Reason
	}{
		"changed":                 {bytes.Replace(signed, []byte("5f3c"), []byte("5f3d"), 1), now, eds.ContentDiffers},
		"another digest":          {bytes.Replace(signed, []byte("<ds:DigestValue>"), []byte("<ds:DigestValue>AAAA"), 1), now, eds.ContentDiffers},
		"another value":           {bytes.Replace(signed, []byte("<ds:SignatureValue>"), []byte("<ds:SignatureValue>AAAA"), 1), now, eds.SignatureWrong},
		"another form":            {bytes.Replace(signed, []byte(`URI=""`), []byte(`URI="#x"`), 1), now, eds.XMLForm},
		"not signed":              {[]byte(login), now, eds.XMLForm},
		"no document":             {nil, now, eds.XMLForm},
		"too large":               {bytes.Repeat([]byte("<"), 1<<20+1), now, eds.TooLarge},
		"years later":             {signed, now.AddDate(9, 0, 0), eds.Expired},
		"before the certificate":  {signed, now.AddDate(-3, 0, 0), eds.NotYet},
		"an authority of its own": {signXML(t, theirs, login), now, eds.UnknownAuthority},
	} {
		verdict, err := w.verifier.XML(t.Context(), c.document, c.at)
		if reason(err) != c.want || verdict.Valid || verdict.Reason != c.want {
			t.Errorf("%s: %v, %+v", name, err, verdict)
		}
	}
}

// babbling answers every question with octets that are no answer.
type babbling struct{ eds.Services }

func (babbling) OCSP(context.Context, [32]byte, []byte) ([]byte, error) { return []byte("good"), nil }

func TestTheSignerOfAnXMLIsAskedAbout(t *testing.T) {
	w := ours(t)
	v, err := eds.NewVerifier(w.authority.Root(), w.authority.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	v.Services = babbling{}
	if verdict, err := v.XML(t.Context(), signXML(t, w.aigul, login), now); reason(err) != eds.NotKnown || verdict.Valid {
		t.Errorf("%v, %+v", err, verdict)
	}
}

// One signed before his certificate had run out, the other after: the document
// is not valid, and it says of whom.
func TestGenuineXMLByTwoNamesBoth(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	document := read(t, data, "xml", "ncanode_xml_signed_valid_string_two_signers.xml")
	verdict, err := national(t, data).XML(t.Context(), document, time.Date(2022, 9, 27, 0, 0, 0, 0, time.UTC))
	if reason(err) != eds.Expired || verdict.Valid || len(verdict.Signers) != 2 || string(verdict.Content) != "<a><b>test</b></a>" {
		t.Fatalf("%v, %+v", err, verdict)
	}
	first, second := verdict.Signers[0], verdict.Signers[1]
	if first.Valid || first.Reason != eds.Expired || first.Signer.Algorithm != "RSA-2048" {
		t.Errorf("the first: %+v", first)
	}
	if !second.Valid || second.Signer.IIN != "123456789012" || second.Signer.Role != eds.Individual {
		t.Errorf("the second: %+v", second)
	}
}

// The certificate stands outside what is signed; with the chain no bit of it, and
// of nothing else, can be changed.
func TestNoBitOfAGenuineXMLChangesTheVerdict(t *testing.T) {
	w := ours(t)
	signed := signXML(t, w.aigul, login)
	want, err := w.verifier.XML(t.Context(), signed, now)
	if err != nil {
		t.Fatal(err)
	}
	flips, same := 0, 0
	for n := range 8 * len(signed) / 16 {
		bit := 16*n + n%16
		changed := bytes.Clone(signed)
		changed[bit/8] ^= 1 << (bit % 8)
		flips++
		got, err := w.verifier.XML(t.Context(), changed, now)
		if err != nil {
			continue
		}
		same++
		if !bytes.Equal(got.Content, want.Content) || !bytes.Equal(got.Signers[0].Signer.Certificate, want.Signers[0].Signer.Certificate) {
			t.Errorf("bit %d changes the verdict", bit)
		}
	}
	t.Logf("%d bits changed, %d accepted with the same contents", flips, same)
}
