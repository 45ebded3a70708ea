package gost3410

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"zharia/portal/eds/internal/beside"
)

// spkiHeader stands before x‖y in a SubjectPublicKeyInfo of the authority: the
// key algorithm, its curve, its hash, and the two strings around the key.
var spkiHeader = unhex("3081ac302306092a830e030a010102023016060a2a830e030a01010202010608" +
	"2a830e030a0103030381840004" + "8180")

func parseSPKI(der []byte) (*PublicKey, error) {
	xy, ok := bytes.CutPrefix(der, spkiHeader)
	if !ok {
		return nil, errors.New("not a key of this algorithm, curve and hash")
	}
	return ParsePublicKey(xy)
}

func TestTheSuiteOfSignaturesIsJudgedRight(t *testing.T) {
	content := beside.File(t, "suites", "kz-gost-sig.json")
	if content == nil {
		return
	}
	var suite struct {
		Count int
		Cases []struct{ ID, SPKI, Msg, Sig, Expect string }
		Blobs map[string][]byte
	}
	if err := json.Unmarshal(content, &suite); err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for _, c := range suite.Cases {
		key, err := parseSPKI(suite.Blobs[c.SPKI])
		ok := err == nil && key.Verify(digestOf(string(suite.Blobs[c.Msg])), unhex(c.Sig))
		if ok != (c.Expect == "accept") {
			t.Errorf("%s: accepted is %t, expected is %s (%v)", c.ID, ok, c.Expect, err)
		}
		if ok {
			accepted++
		}
	}
	if len(suite.Cases) != suite.Count || accepted == 0 {
		t.Errorf("%d cases of %d, %d accepted", len(suite.Cases), suite.Count, accepted)
	}
}

func TestTheVectorOfAnIndependentImplementationComesOut(t *testing.T) {
	content := beside.File(t, "pki", "data", "vectors", "ncalayer-rs_vectors.txt")
	if content == nil {
		return
	}
	vector := map[string]string{}
	for line := range strings.Lines(string(content)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		vector[name] = value
	}
	private, err := ParsePrivateKey(reversed(unhex(vector["d"])))
	if err != nil {
		t.Fatal(err)
	}
	public, err := parseSPKI(unhex(vector["spki"]))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(private.Public().Bytes(), public.Bytes()) {
		t.Error("the private key has another point than the public one")
	}
	if digest := digestOf(vector["msg"]); !bytes.Equal(digest, unhex(vector["digest"])) {
		t.Errorf("the digest is %x", digest)
	}
	if !public.Verify(digestOf(vector["msg"]), unhex(vector["sig"])) {
		t.Error("the signature is refused")
	}
	if !public.Verify(digestOf(string(unhex(vector["cert_tbs"]))), unhex(vector["cert_sig"])) {
		t.Error("the signature of the certificate is refused")
	}
}

func TestTheStatesOwnCertificatesAreVerified(t *testing.T) {
	root := certificate(t, "prod", "root_gost_2022.pem")
	if root == nil {
		return
	}
	issuing := certificate(t, "prod", "nca_gost_2022.pem")
	testRoot := certificate(t, "root_test_gost_2022.cer")
	testIssuing := certificate(t, "nca_gost2022_test.cer")
	for _, c := range []struct {
		name           string
		issuer, signed *x509.Certificate
		want           bool
	}{
		{"root by itself", root, root, true},
		{"issuing by root", root, issuing, true},
		{"root by issuing", issuing, root, false},
		{"test root by itself", testRoot, testRoot, true},
		{"test issuing by test root", testRoot, testIssuing, true},
		{"test issuing by root", root, testIssuing, false},
	} {
		key, err := parseSPKI(c.issuer.RawSubjectPublicKeyInfo)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := key.Verify(digestOf(string(c.signed.RawTBSCertificate)), c.signed.Signature); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func certificate(t *testing.T, path ...string) *x509.Certificate {
	t.Helper()
	der := beside.File(t, append([]string{"pki", "data", "ca"}, path...)...)
	if der == nil {
		return nil
	}
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
