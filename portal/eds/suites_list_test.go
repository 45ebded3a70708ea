package eds_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
)

// listCase is a row of boring-crl: a certificate, its issuer and a list, and
// where the issuer has a second key the certificate of that one.
type listCase struct {
	CRL, Issuer, Issuer2, Cert string
	Time                       time.Time
	MaxAge                     int64 `json:"max_age_s"`
}

func runList(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	var c listCase
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	p := chain.Profile{Foreign: listForeign, Weak: true}
	status, err := c.status(s, p)
	return answered{string(status), refusedFor(err)}
}

// status reads the list with the issuer's key and, where the issuer has a
// second one that one of the two keys vouches for, with that.
func (c *listCase) status(s *suiteFile, p chain.Profile) (crl.Status, error) {
	cert, err := p.Parse(s.Blobs[c.Cert])
	if err != nil {
		return crl.Unknown, err
	}
	issuer, err := p.Parse(s.Blobs[c.Issuer])
	if err != nil {
		return crl.Unknown, err
	}
	if err := cert.SignedBy(issuer); err != nil {
		return crl.Unknown, err
	}
	signer := issuer
	if c.Issuer2 != "" {
		second, err := p.Parse(s.Blobs[c.Issuer2])
		if err != nil {
			return crl.Unknown, err
		}
		if bytes.Equal(second.Subject, issuer.Subject) && (second.SignedBy(issuer) == nil || issuer.SignedBy(second) == nil) {
			signer = second
		}
	}
	list, err := crl.Read(bytes.NewReader(s.Blobs[c.CRL]), signer, p)
	if err != nil {
		return crl.Unknown, err
	}
	list.MaxAge = time.Duration(c.MaxAge) * time.Second
	status, _, err := list.Status(cert, signer, nil, c.Time)
	return status, err
}

// nationalListCase is a genuine list: how many entries it has, whether it is a
// delta, and some of its entries as OpenSSL shows them: date and reason.
type nationalListCase struct {
	CRL, Issuer string
	Entries     int
	Delta       bool
	Sample      map[string][2]string
}

func runNationalList(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	var c nationalListCase
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	issuer, err := chain.Parse(s.Blobs[c.Issuer])
	if err != nil {
		return answered{"reject", refusedFor(err)}
	}
	list, err := crl.Read(bytes.NewReader(s.Blobs[c.CRL]), issuer, chain.Profile{})
	if refusedFor(err) == chain.Algorithm {
		return answered{"unsupported", chain.Algorithm}
	}
	if err != nil {
		return answered{"reject", refusedFor(err)}
	}
	if list.Len() != c.Entries || (list.Base != nil) != c.Delta {
		return answered{"reject", fmt.Sprintf("%d entries, base %v", list.Len(), list.Base)}
	}
	for serial, want := range c.Sample {
		if got := shownEntry(t, list, serial); got != want[0]+want[1] {
			return answered{"reject", got}
		}
	}
	return answered{"accept", ""}
}

// reasonNames are the reason codes as OpenSSL shows them.
var reasonNames = map[int]string{
	1: "Key Compromise", 2: "CA Compromise", 3: "Affiliation Changed", 4: "Superseded",
	5: "Cessation Of Operation", 6: "Certificate Hold", 9: "Privilege Withdrawn", 10: "AA Compromise",
}

func shownEntry(t *testing.T, list *crl.List, serial string) string {
	n, ok := new(big.Int).SetString(serial, 16)
	if !ok {
		t.Fatalf("serial number %q", serial)
	}
	entry, found := list.Find(n)
	if !found {
		return serial + " is not on the list"
	}
	return entry.At.Format("Jan _2 15:04:05 2006 GMT") + reasonNames[entry.Reason]
}

// listForeign verifies the RSA keys of 1024 bits that the authorities of
// boring-crl have.
func listForeign(spki []byte, claimed chain.AlgorithmID, message, signature []byte) error {
	parsed, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok || claimed.OID != chain.RSASignature {
		return &chain.Refused{Reason: chain.Algorithm, Detail: claimed.OID}
	}
	digest := sha256.Sum256(message)
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature); err != nil {
		return &chain.Refused{Reason: chain.SignatureWrong, Detail: err.Error()}
	}
	return nil
}
