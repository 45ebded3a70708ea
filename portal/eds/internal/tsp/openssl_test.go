package tsp

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// bench is a folder in which the openssl program works, an implementation of
// the same standard by others.
type bench struct{ program, dir string }

func openssl(t *testing.T) (bench, bool) {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Log("no openssl here to compare with")
		return bench{}, false
	}
	return bench{program, t.TempDir()}, true
}

func (b bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b bench) write(t *testing.T, name string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(b.path(name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return b.path(name)
}

func (b bench) run(t *testing.T, arguments ...string) {
	t.Helper()
	if out, err := exec.Command(b.program, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v: %s", arguments, err, out)
	}
}

func (b bench) read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(b.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestTheRequestIsWhatOthersWouldAsk(t *testing.T) {
	b, ok := openssl(t)
	if !ok {
		return
	}
	b.run(t, "ts", "-query", "-data", b.write(t, "signature", signature), "-sha256", "-tspolicy", PolicyRSA, "-cert", "-out", b.path("query"))
	theirs := b.read(t, "query")
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

// authority sets openssl up as a stamping authority with this certificate.
func (b bench) authority(t *testing.T, c *chain.Certificate, extra string) string {
	t.Helper()
	secret, err := x509.MarshalPKCS8PrivateKey(key())
	if err != nil {
		t.Fatal(err)
	}
	certificate := b.write(t, "authority.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	return b.write(t, "settings", fmt.Appendf(nil, "[tsa]\ndefault_tsa = one\n[one]\nserial = %s\nsigner_cert = %s\nsigner_key = %s\nsigner_digest = sha256\ndefault_policy = %s\ndigests = sha256\n%s\n",
		b.path("serial"), certificate, b.write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})), PolicyRSA, extra))
}

// The clock here is the machine's, since the program has no other.
func TestAnAuthorityOfOthersUnderstandsUsAndWeIt(t *testing.T) {
	b, ok := openssl(t)
	if !ok {
		return
	}
	c := usual(t).authority
	for _, extra := range []string{"ess_cert_id_alg = sha1", "ess_cert_id_alg = sha256", "ordering = yes\ntsa_name = yes\naccuracy = secs:1, millisecs:500"} {
		settings := b.authority(t, c, extra)
		request, err := Request(signature, chain.SHA256, PolicyRSA, nonce)
		if err != nil {
			t.Fatal(err)
		}
		before := time.Now().Add(-time.Second)
		b.run(t, "ts", "-reply", "-config", settings, "-queryfile", b.write(t, "query", request), "-out", b.path("answer"))
		token, err := Token(b.read(t, "answer"))
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
	settings := b.authority(t, c, "")
	request, err := Request(signature, chain.SHA256, "1.2.3.4", nonce)
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, "ts", "-reply", "-config", settings, "-queryfile", b.write(t, "query", request), "-out", b.path("answer"))
	if _, err := Token(b.read(t, "answer")); reason(err) != Wrong {
		t.Errorf("an authority that refused: %v", err)
	}
}
