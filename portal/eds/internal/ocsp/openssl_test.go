package ocsp

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
)

func written(b beside.Bench, p party) string {
	return b.WritePEM(fmt.Sprintf("%x.pem", p.Serial), "CERTIFICATE", p.Raw)
}

func TestTheQuestionIsWhatOthersWouldAsk(t *testing.T) {
	b, ok := beside.OpenSSL(t)
	if !ok {
		return
	}
	c := players(t)
	b.Run("ocsp", "-sha256", "-issuer", written(b, c.issuer), "-cert", written(b, c.aigul), "-no_nonce", "-reqout", b.Path("request"))
	ours, theirs := Request(c.aigul.Certificate, c.issuer.Certificate, nil), b.Read("request")
	if !bytes.Equal(ours, theirs) {
		t.Errorf("ours %x\ntheirs %x", ours, theirs)
	}
}

// The clock here is the machine's, since the program has no other.
func TestAResponderOfOthersUnderstandsUsAndWeIt(t *testing.T) {
	b, ok := beside.OpenSSL(t)
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
	b.Write("index", []byte(index))
	secret, err := x509.MarshalPKCS8PrivateKey(responder.key)
	if err != nil {
		t.Fatal(err)
	}
	rkey := b.WritePEM("key", "PRIVATE KEY", secret)
	for _, c := range []struct {
		of   party
		want Status
	}{{good, Good}, {bad, Revoked}, {lost, Unknown}} {
		b.Write("request", Request(c.of.Certificate, issuer.Certificate, nonce))
		b.Run("ocsp", "-index", b.Path("index"), "-CA", written(b, issuer), "-rsigner", written(b, responder),
			"-rkey", rkey, "-reqin", b.Path("request"), "-respout", b.Path("answer"))
		q := Question{Certificate: c.of.Certificate, Issuer: issuer.Certificate, Nonce: nonce, At: time.Now(), MaxAge: time.Hour}
		got, err := q.Check(b.Read("answer"))
		if err != nil || got.Status != c.want || c.want == Revoked && got.Reason != 1 {
			t.Errorf("%s: %+v, %v", c.want, got, err)
		}
		q.Nonce = nonce[1:]
		if _, err := q.Check(b.Read("answer")); reason(err) != Nonce {
			t.Errorf("%s: another nonce: %v", c.want, err)
		}
		q.Nonce, q.Certificate = nonce, responder.Certificate
		if _, err := q.Check(b.Read("answer")); reason(err) != NoAnswer {
			t.Errorf("%s: of another certificate: %v", c.want, err)
		}
	}
}

// What we call good, others call good: the writer of these tests makes nothing
// that only we understand.
func TestOthersVerifyTheAnswersOfTheseTests(t *testing.T) {
	b, ok := beside.OpenSSL(t)
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
		in := b.Write(name, a.encode(t))
		b.Run("ocsp", "-respin", in, "-CAfile", written(b, c.issuer), "-attime", at)
	}
	stranger := with(answer(c.responder, about(c.issuer, c.aigul)), func(s *said) { s.by = c.other.key })
	in := b.Write("stranger", stranger.encode(t))
	if _, err := b.Try("ocsp", "-respin", in, "-CAfile", written(b, c.issuer), "-attime", at); err == nil {
		t.Error("openssl verifies everything")
	}
	if _, err := c.question().Check(stranger.encode(t)); reason(err) != chain.SignatureWrong {
		t.Error(err)
	}
}
