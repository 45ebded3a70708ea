package eds_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/ocsp"
)

// publicAnswers reads the public suites of answers: our rules, with RSA keys
// of any length and signatures by SHA-1, which is all they have.
var publicAnswers = chain.Profile{Foreign: verifyWeak, Weak: true}

// verifyWeak verifies RSA signatures (RFC 8017 8.2) by SHA-256 and SHA-1.
func verifyWeak(spki []byte, claimed chain.AlgorithmID, message, signature []byte) error {
	parsed, err := x509.ParsePKIXPublicKey(spki)
	key, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok || !claimed.Plain() {
		return &chain.Refused{Reason: chain.Algorithm, Detail: claimed.OID}
	}
	switch claimed.OID {
	case chain.RSASignature:
		sum := sha256.Sum256(message)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	case "1.2.840.113549.1.1.5":
		sum := sha1.Sum(message)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature)
	default:
		return &chain.Refused{Reason: chain.Algorithm, Detail: claimed.OID}
	}
	if err != nil {
		return &chain.Refused{Reason: chain.SignatureWrong, Detail: err.Error()}
	}
	return nil
}

// answerCase is a row of the suites of answers.
type answerCase struct {
	Response, Cert, Issuer, Trusted, Nonce string
	Untrusted                              []string
	Time                                   time.Time
	MaxAge                                 int `json:"max_age_s"`
}

// runAnswer judges an answer of BoringSSL's suite, which names the certificate,
// or of OpenSSL's, which asks only whether the answer verifies.
func runAnswer(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	var c answerCase
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	if s.Suite == "openssl-ocsp" {
		return c.verifies(t, s)
	}
	got, err := ocsp.Question{
		Certificate: public(t, s, c.Cert), Issuer: public(t, s, c.Issuer),
		At: c.Time, MaxAge: time.Duration(c.MaxAge) * time.Second, Profile: publicAnswers,
	}.Check(s.Blobs[c.Response])
	return statusOf(t, got, err)
}

// statusOf puts an answer in the words of the suites: whatever is refused
// leaves the status unknown.
func statusOf(t *testing.T, got ocsp.Answer, err error) answered {
	if err != nil {
		return answered{string(ocsp.Unknown), refusal(t, err)}
	}
	reasons := map[ocsp.Status]string{ocsp.Revoked: "revoked", ocsp.Unknown: "revocation-unknown"}
	return answered{string(got.Status), reasons[got.Status]}
}

func refusal(t *testing.T, err error) string {
	t.Helper()
	var refused *chain.Refused
	if !errors.As(err, &refused) {
		t.Errorf("not a refusal: %v", err)
		return "malformed"
	}
	return refused.Reason
}

func public(t *testing.T, s *suiteFile, key string) *chain.Certificate {
	t.Helper()
	c, err := publicAnswers.Parse(s.Blobs[key])
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return c
}

// verifies asks the question an answer of OpenSSL's suite is to: of the
// certificate it names itself, at the moment it gives itself, since the answers
// were long past their time when the suite was made. The issuer is the trusted
// certificate or one that it signed; the responder must be valid at the moment
// of the row too.
func (c answerCase) verifies(t *testing.T, s *suiteFile) answered {
	serial, at := spokenOf(s.Blobs[c.Response])
	trusted := anchor(t, s.Blobs[c.Trusted])
	issuers := []*chain.Certificate{trusted}
	for _, key := range c.Untrusted {
		if between, err := publicAnswers.Parse(s.Blobs[key]); err == nil && between.CA && between.SignedBy(trusted) == nil {
			issuers = append(issuers, between)
		}
	}
	reason := ""
	for _, issuer := range issuers {
		got, err := ocsp.Question{
			Certificate: &chain.Certificate{Serial: serial, Issuer: issuer.Subject}, Issuer: issuer,
			At: at, MaxAge: 365 * 24 * time.Hour, Profile: publicAnswers,
		}.Check(s.Blobs[c.Response])
		if err == nil && got.Responder != trusted {
			err = got.Responder.ValidAt(c.Time)
		}
		if err == nil {
			return answered{got: "accept"}
		}
		reason = refusal(t, err)
	}
	return answered{"reject", reason}
}

// anchor takes no more of a trusted certificate than makes an anchor, its name
// and its key (RFC 5280 6.1.1): one root of OpenSSL's suite has the serial
// number 0, with which no certificate is read.
func anchor(t *testing.T, raw []byte) *chain.Certificate {
	t.Helper()
	r := der.Read(raw).Into(der.Sequence).Into(der.Sequence)
	for range 5 {
		r.Any() // version, serial number, algorithm, issuer, validity
	}
	c := &chain.Certificate{Raw: raw, Subject: r.Value(der.Sequence).Full, SPKI: r.Value(der.Sequence).Full}
	key, err := publicAnswers.ParseKey(c.SPKI)
	if err != nil || r.Err() != nil {
		t.Fatalf("an anchor that is none: %v, %v", err, r.Err())
	}
	c.Key = key
	return c
}

// spokenOf finds the first serial number in an answer and when it was produced.
func spokenOf(response []byte) (serial *big.Int, at time.Time) {
	r := der.Read(response).Into(der.Sequence)
	r.Any()
	pair := r.Into(der.Context(0, true)).Into(der.Sequence)
	pair.OID()
	data := der.Read(pair.Value(der.OctetString).Body).Into(der.Sequence).Into(der.Sequence)
	data.Any() // who answers
	at = data.Time()
	id := data.Into(der.Sequence).Into(der.Sequence).Into(der.Sequence)
	for range 3 {
		id.Any() // digest, name, key
	}
	return id.Big(), at
}

// runNationalAnswer judges an answer of the national responder by the profile
// for old documents, since one of the four is of the old family; the same
// answer must be worth nothing to the profile of today, and to any profile
// today.
func runNationalAnswer(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	var c answerCase
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	nonce, err := hex.DecodeString(c.Nonce)
	if err != nil {
		t.Fatal(err)
	}
	old := chain.Profile{Old: true}
	parse := func(key string) *chain.Certificate {
		parsed, err := old.Parse(s.Blobs[key])
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		return parsed
	}
	q := ocsp.Question{
		Certificate: parse(c.Cert), Issuer: parse(c.Issuer),
		Nonce: nonce, At: c.Time, MaxAge: time.Hour, Profile: old,
	}
	today := q
	today.At = time.Now()
	if got, err := today.Check(s.Blobs[c.Response]); err == nil {
		t.Errorf("an answer of 2022 is taken today")
		return answered{string(got.Status) + "-today", ""}
	}
	got, err := q.Check(s.Blobs[c.Response])
	return statusOf(t, got, err)
}
