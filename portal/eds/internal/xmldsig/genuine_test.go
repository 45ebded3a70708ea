package xmldsig

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"testing"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
)

func reason(err error) string {
	var r *chain.Refused
	if errors.As(err, &r) {
		return r.Reason
	}
	return fmt.Sprint(err)
}

func verify(raw []byte) (*Message, error) {
	m, err := Parse(raw, chain.Profile{})
	if err != nil {
		return nil, err
	}
	for _, s := range m.Signers {
		if err := s.Verify(); err != nil {
			return m, err
		}
	}
	return m, nil
}

// genuine are documents signed by the national library and by a program that
// imitates NCALayer, with what each signer signed.
var genuine = []struct {
	file   string
	id     string
	signed []string // by the first signer whole, by others how it begins
}{
	{"ncalayer-rs_simple.xml", "", []string{`<root><a>1</a><b attr="x">текст</b></root>`}},
	{"ncalayer-rs_ns.xml", "", []string{`<ns1:doc xmlns:ns1="urn:test" id="d1"><ns1:item>  spaced  </ns1:item><empty></empty></ns1:doc>`}},
	{"ncalayer-rs_xpath_byid.xml", "part", []string{`<a Id="part"><x>1</x></a>`}},
	{"ncanode_xml_signed_valid_string.xml", "", []string{`<a><b>test</b></a>`}},
	{"ncanode_xml_signed_valid_string_two_signers.xml", "", []string{`<a><b>test</b></a>`, `<a><b>test</b><ds:Signature xmlns:ds=`}},
}

func TestGenuineDocumentsVerify(t *testing.T) {
	for _, g := range genuine {
		raw := beside.File(t, "pki", "data", "xml", g.file)
		if raw == nil {
			return
		}
		m, err := verify(raw)
		if err != nil || len(m.Signers) != len(g.signed) {
			t.Errorf("%s: %v", g.file, err)
			continue
		}
		for i, s := range m.Signers {
			if i == 0 && string(s.Signed) != g.signed[i] || !bytes.HasPrefix(s.Signed, []byte(g.signed[i])) || s.Element != g.id {
				t.Errorf("%s: signer %d signed %q of %q", g.file, i, s.Signed, s.Element)
			}
		}
	}
}

// The second signer signs the first's signature too, so a first that was changed
// spoils both; the first is not touched by the second.
func TestSignersStandOnOneAnother(t *testing.T) {
	raw := beside.File(t, "pki", "data", "xml", "ncanode_xml_signed_valid_string_two_signers.xml")
	if raw == nil {
		return
	}
	cut := func(from, to int) []byte {
		out := bytes.Clone(raw[:from])
		return append(out, raw[to:]...)
	}
	begin := []byte("<ds:Signature ")
	first := bytes.Index(raw, begin)
	second := first + 1 + bytes.Index(raw[first+1:], begin)
	end := bytes.LastIndex(raw, []byte("</a>"))
	if _, err := verify(cut(second, end)); err != nil {
		t.Errorf("the first alone: %v", err)
	}
	if _, err := verify(cut(first, second)); reason(err) != ContentDiffers {
		t.Errorf("the second alone: %v", err)
	}
	swapped := bytes.Join([][]byte{raw[:first], raw[second:end], raw[first:second], raw[end:]}, nil)
	if _, err := verify(swapped); reason(err) != ContentDiffers {
		t.Errorf("in the other order: %v", err)
	}
	twice := bytes.Join([][]byte{raw[:second], raw[first:second], raw[end:]}, nil)
	if _, err := verify(twice); reason(err) != ContentDiffers {
		t.Errorf("the first twice: %v", err)
	}
}

// SOAP messages point at their certificate and their body in another way. No
// citizen signs them, so they are not read.
func TestOtherSignedDocumentsAreRefusedByTheirForm(t *testing.T) {
	for _, file := range []string{"ncanode_wsse_signed.xml", "test_wsse.xml", "test_xml.xml"} {
		raw := beside.File(t, "pki", "data", "xml", file)
		if raw == nil {
			return
		}
		if _, err := verify(raw); reason(err) != Form {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// known are the authorities of the genuine documents. The certificate stands
// outside what is signed, so a change in it is for the chain to find.
func known(t *testing.T) []*chain.Certificate {
	t.Helper()
	var found []*chain.Certificate
	for _, path := range []string{"ca/nca_gost2022_test.cer", "ca/nca_rsa_test.crt"} {
		raw := beside.File(t, "pki", "data", path)
		if block, _ := pem.Decode(raw); block != nil {
			raw = block.Bytes
		}
		c, err := chain.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, c)
	}
	return found
}

func issued(c *chain.Certificate, authorities []*chain.Certificate) bool {
	return slices.ContainsFunc(append(authorities, c), func(a *chain.Certificate) bool {
		return bytes.Equal(a.Subject, c.Issuer) && c.SignedBy(a) == nil
	})
}

// Whatever bit of a genuine document is changed: it is refused, or the same was
// signed by the same. What may change is a blank between attributes, say.
func TestNoBitOfAGenuineDocumentChangesWhatWasSigned(t *testing.T) {
	for _, g := range genuine {
		raw := beside.File(t, "pki", "data", "xml", g.file)
		if raw == nil {
			return
		}
		authorities := known(t)
		want, err := verify(raw)
		if err != nil {
			t.Fatal(err)
		}
		flips, same := 0, 0
		for n := range 8 * len(raw) / 16 {
			bit := 16*n + n%16 // every bit of an octet in its turn
			changed := bytes.Clone(raw)
			changed[bit/8] ^= 1 << (bit % 8)
			flips++
			got, err := verify(changed)
			if err != nil || slices.ContainsFunc(got.Signers, func(s *Signer) bool { return !issued(s.Certificate, authorities) }) {
				continue
			}
			same++
			for i, s := range got.Signers {
				if len(got.Signers) != len(want.Signers) || !bytes.Equal(s.Signed, want.Signers[i].Signed) || !bytes.Equal(s.Certificate.Raw, want.Signers[i].Certificate.Raw) {
					t.Errorf("%s: bit %d changes what was signed", g.file, bit)
				}
			}
		}
		t.Logf("%s: %d bits changed, %d accepted with the same contents", g.file, flips, same)
	}
}

func TestACutDocumentIsRefused(t *testing.T) {
	raw := beside.File(t, "pki", "data", "xml", "ncalayer-rs_ns.xml")
	if raw == nil {
		return
	}
	raw = bytes.TrimSpace(raw)
	for n := range raw {
		if _, err := verify(raw[:n]); err == nil {
			t.Errorf("the first %d bytes were accepted", n)
		}
	}
}
