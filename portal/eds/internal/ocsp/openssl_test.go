package ocsp

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
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

func (b bench) certificate(t *testing.T, p party) string {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Raw})
	return b.write(t, fmt.Sprintf("%x.pem", p.Serial), text)
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

func TestTheQuestionIsWhatOthersWouldAsk(t *testing.T) {
	b, ok := openssl(t)
	if !ok {
		return
	}
	c := players(t)
	b.run(t, "ocsp", "-sha256", "-issuer", b.certificate(t, c.issuer), "-cert", b.certificate(t, c.aigul), "-no_nonce", "-reqout", b.path("request"))
	ours, theirs := Request(c.aigul.Certificate, c.issuer.Certificate, nil), b.read(t, "request")
	if !bytes.Equal(ours, theirs) {
		t.Errorf("ours %x\ntheirs %x", ours, theirs)
	}
}

// The clock here is the machine's, since the program has no other.
func TestAResponderOfOthersUnderstandsUsAndWeIt(t *testing.T) {
	b, ok := openssl(t)
	if !ok {
		return
	}
	long := func(x *x509.Certificate) {
		x.NotBefore, x.NotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	issuer := certify(t, "Issuer", keys()[0], nil, func(x *x509.Certificate) { long(x); x.KeyUsage = x509.KeyUsageCertSign })
	responder := certify(t, "Responder", keys()[1], &issuer, func(x *x509.Certificate) {
		long(x)
		x.ExtKeyUsage, x.ExtraExtensions = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, []pkix.Extension{noCheck}
	})
	good, bad, lost := certify(t, "Aigul", keys()[2], &issuer, long), certify(t, "Serik", keys()[2], &issuer, long), certify(t, "Dana", keys()[2], &issuer, long)
	index := fmt.Sprintf("V\t490101000000Z\t\t%X\tunknown\t/CN=Aigul\nR\t490101000000Z\t261120090000Z,keyCompromise\t%X\tunknown\t/CN=Serik\n", good.Serial, bad.Serial)
	b.write(t, "index", []byte(index))
	secret, err := x509.MarshalPKCS8PrivateKey(responder.key)
	if err != nil {
		t.Fatal(err)
	}
	rkey := b.write(t, "key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	for _, c := range []struct {
		of   party
		want Status
	}{{good, Good}, {bad, Revoked}, {lost, Unknown}} {
		b.write(t, "request", Request(c.of.Certificate, issuer.Certificate, nonce))
		b.run(t, "ocsp", "-index", b.path("index"), "-CA", b.certificate(t, issuer), "-rsigner", b.certificate(t, responder),
			"-rkey", rkey, "-reqin", b.path("request"), "-respout", b.path("answer"))
		q := Question{Certificate: c.of.Certificate, Issuer: issuer.Certificate, Nonce: nonce, At: time.Now(), MaxAge: time.Hour}
		got, err := q.Check(b.read(t, "answer"))
		if err != nil || got.Status != c.want || c.want == Revoked && got.Reason != 1 {
			t.Errorf("%s: %+v, %v", c.want, got, err)
		}
		q.Nonce = nonce[1:]
		if _, err := q.Check(b.read(t, "answer")); reason(err) != Nonce {
			t.Errorf("%s: another nonce: %v", c.want, err)
		}
		q.Nonce, q.Certificate = nonce, responder.Certificate
		if _, err := q.Check(b.read(t, "answer")); reason(err) != NoAnswer {
			t.Errorf("%s: of another certificate: %v", c.want, err)
		}
	}
}

// What we call good, others call good: the writer of these tests makes nothing
// that only we understand.
func TestOthersVerifyTheAnswersOfTheseTests(t *testing.T) {
	b, ok := openssl(t)
	if !ok {
		return
	}
	c := players(t)
	at := fmt.Sprint(now.Unix())
	for name, a := range map[string]said{
		"responder": answer(c.responder, about(c.issuer, c.aigul)),
		"issuer":    answer(c.issuer, about(c.issuer, c.aigul)),
	} {
		if _, err := c.question().Check(a.encode(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		in := b.write(t, name, a.encode(t))
		b.run(t, "ocsp", "-respin", in, "-CAfile", b.certificate(t, c.issuer), "-attime", at)
	}
	stranger := with(answer(c.responder, about(c.issuer, c.aigul)), func(s *said) { s.by = c.other.key })
	in := b.write(t, "stranger", stranger.encode(t))
	if exec.Command(b.program, "ocsp", "-respin", in, "-CAfile", b.certificate(t, c.issuer), "-attime", at).Run() == nil {
		t.Error("openssl verifies everything")
	}
	if _, err := c.question().Check(stranger.encode(t)); reason(err) != chain.SignatureWrong {
		t.Error(err)
	}
}
