package tsp

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

func TestTheRequestIsWhatOthersWouldAsk(t *testing.T) {
	b, ok := beside.OpenSSL(t)
	if !ok {
		return
	}
	b.Run("ts", "-query", "-data", b.Write("signature", signature), "-sha256", "-tspolicy", PolicyRSA, "-cert", "-out", b.Path("query"))
	theirs := b.Read("query")
	// Its nonce is its own: we ask with the same.
	r := der.Read(theirs).Into(der.Sequence)
	r.Small()
	r.Any()
	r.OID()
	ours, err := Request(signature, chain.SHA256, PolicyRSA, r.Big())
	if err != nil || !bytes.Equal(ours, theirs) {
		t.Errorf("%v\nours %x\ntheirs %x", err, ours, theirs)
	}
}

// settings sets openssl up as a stamping authority with this certificate.
func settings(t *testing.T, b beside.Bench, c *chain.Certificate, extra string) string {
	t.Helper()
	secret, err := x509.MarshalPKCS8PrivateKey(key())
	if err != nil {
		t.Fatal(err)
	}
	certificate := b.WritePEM("authority.pem", "CERTIFICATE", c.Raw)
	return b.Write("settings", fmt.Appendf(nil, "[tsa]\ndefault_tsa = one\n[one]\nserial = %s\nsigner_cert = %s\nsigner_key = %s\nsigner_digest = sha256\ndefault_policy = %s\ndigests = sha256\n%s\n",
		b.Path("serial"), certificate, b.WritePEM("key.pem", "PRIVATE KEY", secret), PolicyRSA, extra))
}

// The clock here is the machine's, since the program has no other.
func TestAnAuthorityOfOthersUnderstandsUsAndWeIt(t *testing.T) {
	b, ok := beside.OpenSSL(t)
	if !ok {
		return
	}
	c := usual(t).authority
	for _, extra := range []string{"ess_cert_id_alg = sha1", "ess_cert_id_alg = sha256", "ordering = yes\ntsa_name = yes\naccuracy = secs:1, millisecs:500"} {
		with := settings(t, b, c, extra)
		request, err := Request(signature, chain.SHA256, PolicyRSA, nonce)
		if err != nil {
			t.Fatal(err)
		}
		before := time.Now().Add(-time.Second)
		b.Run("ts", "-reply", "-config", with, "-queryfile", b.Write("query", request), "-out", b.Path("answer"))
		token, err := Token(b.Read("answer"))
		if err != nil {
			t.Errorf("%s: %v", extra, err)
			continue
		}
		got, err := Check(token, signature, nonce, chain.Profile{})
		if err != nil || got.At.Before(before) || got.Policy != PolicyRSA || !bytes.Equal(got.Authority.Raw, c.Raw) {
			t.Errorf("%s: %+v, %v", extra, got, err)
		}
		if _, err := Check(token, signature[1:], nonce, chain.Profile{}); reason(err) != Wrong {
			t.Errorf("%s over another signature: %v", extra, err)
		}
	}
	with := settings(t, b, c, "")
	request, err := Request(signature, chain.SHA256, "1.2.3.4", nonce)
	if err != nil {
		t.Fatal(err)
	}
	b.Run("ts", "-reply", "-config", with, "-queryfile", b.Write("query", request), "-out", b.Path("answer"))
	if _, err := Token(b.Read("answer")); reason(err) != Wrong {
		t.Errorf("an authority that refused: %v", err)
	}
}
