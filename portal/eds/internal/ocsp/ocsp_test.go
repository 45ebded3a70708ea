package ocsp

import (
	"bytes"
	"errors"
	"math/big"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

var nonce = []byte("eight to thirty-two bytes")

func (c cast) question() Question {
	return Question{
		Certificate: c.aigul.Certificate, Issuer: c.issuer.Certificate,
		Nonce: nonce, At: now, MaxAge: time.Hour,
	}
}

func reason(err error) string {
	var refused *chain.Refused
	if errors.As(err, &refused) {
		return refused.Reason
	}
	if err != nil {
		return "not a refusal: " + err.Error()
	}
	return ""
}

func TestTheResponderOrTheIssuerMayAnswer(t *testing.T) {
	c := players(t)
	for name, s := range map[string]struct {
		said
		by party
	}{
		"the responder by name":  {answer(c.responder, about(c.issuer, c.aigul)), c.responder},
		"the responder by key":   {with(answer(c.responder, about(c.issuer, c.aigul)), func(s *said) { s.responder = byKey(c.responder) }), c.responder},
		"the issuer":             {answer(c.issuer, about(c.issuer, c.aigul)), c.issuer},
		"the issuer by key":      {with(answer(c.issuer, about(c.issuer, c.aigul)), func(s *said) { s.responder = byKey(c.issuer) }), c.issuer},
		"no certificate is sent": {with(answer(c.issuer, about(c.issuer, c.aigul)), func(s *said) { s.certificates = nil }), c.issuer},
		"strangers are sent too": {with(answer(c.responder, about(c.issuer, c.aigul)), func(s *said) {
			s.certificates = []party{c.other, c.otherResponder, c.responder, c.namesakeResponder}
		}), c.responder},
		"others are spoken of too": {answer(c.responder, about(c.issuer, c.responder), about(c.issuer, c.aigul)), c.responder},
	} {
		got, err := c.question().Check(s.encode(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Status != Good || !got.ThisUpdate.Equal(now) || !got.ProducedAt.Equal(now) || !bytes.Equal(got.Responder.Raw, s.by.Raw) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func with(s said, change func(*said)) said {
	change(&s)
	return s
}

func TestWhatIsSaidIsKept(t *testing.T) {
	c := players(t)
	since := now.Add(-48 * time.Hour)
	for name, s := range map[string]struct {
		status []byte
		want   Answer
	}{
		"good":           {isGood, Answer{Status: Good}},
		"unknown":        {isUnknown, Answer{Status: Unknown}},
		"revoked":        {isRevoked(since, 1), Answer{Status: Revoked, RevokedAt: since, Reason: 1}},
		"on hold":        {isRevoked(since, 6), Answer{Status: Revoked, RevokedAt: since, Reason: 6}},
		"never issued":   {isRevoked(time.Unix(0, 0), 6), Answer{Status: Revoked, RevokedAt: time.Unix(0, 0), Reason: 6}},
		"for no reason":  {der.Encode(der.Context(1, true), at(since)), Answer{Status: Revoked, RevokedAt: since}},
		"taken off hold": {isRevoked(since, 8), Answer{Status: Revoked, RevokedAt: since, Reason: 8}},
	} {
		o := about(c.issuer, c.aigul)
		o.status, o.next = s.status, at(now.Add(time.Hour))
		got, err := c.question().Check(answer(c.responder, o).encode(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Status != s.want.Status || !got.RevokedAt.Equal(s.want.RevokedAt) || got.Reason != s.want.Reason || !got.NextUpdate.Equal(now.Add(time.Hour)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestNobodyElseMayAnswer(t *testing.T) {
	c := players(t)
	for name, s := range map[string]struct {
		by     party
		reason string
	}{
		"a certificate for no purpose":              {c.without, Responder},
		"a certificate for any purpose":             {c.plain, Responder},
		"one whose own standing nobody vouches for": {c.unmarked, Responder},
		"an expired responder":                      {c.expired, chain.Expired},
		"a responder that may not sign":             {c.noSign, Responder},
		"the certificate itself":                    {c.aigul, Responder},
		"another authority":                         {c.other, Responder},
		"the responder of another":                  {c.otherResponder, Responder},
		"an authority of the same name":             {c.namesake, Responder},
		"the responder of one of the name":          {c.namesakeResponder, chain.SignatureWrong},
	} {
		if got, err := c.question().Check(answer(s.by, about(c.issuer, c.aigul)).encode(t)); reason(err) != s.reason || got.Status != "" {
			t.Errorf("%s: %q, %v", name, got.Status, err)
		}
	}
}

func TestAnAnswerOfAnyOtherShapeIsRefused(t *testing.T) {
	c := players(t)
	usual := about(c.issuer, c.aigul)
	for _, s := range []struct {
		name, reason string
		change       func(*said)
	}{
		{"the responder failed", NoAnswer, func(s *said) { s.status = 6 }},
		{"a status that does not exist", NoAnswer, func(s *said) { s.status = 17 }},
		{"another type", chain.Malformed, func(s *said) { s.kind = "1.3.6.1.5.5.7.48.1.2" }},
		{"the default version is written", chain.Malformed, func(s *said) { s.version = der.Encode(der.Context(0, true), der.EncodeSmall(0)) }},
		{"version 2", chain.Malformed, func(s *said) { s.version = der.Encode(der.Context(0, true), der.EncodeSmall(1)) }},
		{"no responder", chain.Malformed, func(s *said) { s.responder = nil }},
		{"two responders", chain.Malformed, func(s *said) { s.responder = append(byName(c.responder), byKey(c.responder)...) }},
		{"a responder not sent", Responder, func(s *said) { s.certificates = nil }},
		{"the name of one, the key of another", Responder, func(s *said) { s.responder = byName(c.aigul) }},
		{"the key of nobody", Responder, func(s *said) { s.responder = der.Encode(der.Context(2, true), octets(make([]byte, 20))) }},
		{"signed by another key", chain.SignatureWrong, func(s *said) { s.by = c.other.key }},
		{"another algorithm is claimed", chain.Algorithm, func(s *said) { s.algorithm = "1.2.840.113549.1.1.5" }},
		{"nobody is spoken of", NoAnswer, func(s *said) { s.singles = nil }},
		{"it is said twice", NoAnswer, func(s *said) { s.singles = append(s.singles, s.singles[0]) }},
		{"too many are spoken of", chain.Malformed, func(s *said) {
			for range maxSingles {
				s.singles = append(s.singles, s.singles[0])
			}
		}},
		{"too many certificates", chain.Malformed, func(s *said) {
			for range maxCertificates {
				s.certificates = append(s.certificates, c.other)
			}
		}},
		{"something after the certificates", chain.Malformed, func(s *said) { s.tail = der.EncodeNull() }},
		{"produced in universal time", chain.Malformed, func(s *said) { s.produced = der.EncodeTime(now) }},
		{"another nonce", Nonce, func(s *said) { s.extensions = [][]byte{extended(extNonce, false, octets(nonce[1:]))} }},
		{"the nonce without its shell", Nonce, func(s *said) { s.extensions = [][]byte{extended(extNonce, false, nonce)} }},
		{"an extension twice", chain.Malformed, func(s *said) {
			s.extensions = [][]byte{extended(extNonce, false, octets(nonce)), extended(extNonce, false, octets(nonce))}
		}},
		{"too many extensions", chain.Malformed, func(s *said) {
			for i := range maxExtensions + 1 {
				s.extensions = append(s.extensions, extended("2.999."+big.NewInt(int64(i)).String(), false, nil))
			}
		}},
		{"a critical extension", Extension, func(s *said) { s.extensions = [][]byte{extended("1.2.3.4", true, nil)} }},
		{"false written out", chain.Malformed, func(s *said) {
			e := der.EncodeSequence(der.EncodeOID("1.2.3.4"), []byte{der.Boolean, 1, 0}, octets(nil))
			s.extensions = [][]byte{e}
		}},
	} {
		a := with(answer(c.responder, usual), s.change)
		if got, err := c.question().Check(a.encode(t)); reason(err) != s.reason || got.Status != "" {
			t.Errorf("%s: %q, %v", s.name, got.Status, err)
		}
	}
}

func TestItMustBeSaidOfThisCertificateAndNow(t *testing.T) {
	c := players(t)
	for _, s := range []struct {
		name, reason string
		change       func(*one)
	}{
		{"another serial number", NoAnswer, func(o *one) { o.serial = big.NewInt(7) }},
		{"another issuer's name", NoAnswer, func(o *one) { o.name, _ = identify(c.other.Certificate, sum256) }},
		{"another issuer's key", NoAnswer, func(o *one) { _, o.key = identify(c.namesake.Certificate, sum256) }},
		{"a name cut short", NoAnswer, func(o *one) { o.name = o.name[:20] }},
		{"named by SHA-1", NoAnswer, func(o *one) {
			o.digest = chain.EncodeAlgorithm(sha1ID)
			o.name, o.key = identify(c.issuer.Certificate, sum1)
		}},
		{"a digest with parameters", NoAnswer, func(o *one) {
			o.digest = der.EncodeSequence(der.EncodeOID(chain.SHA256), der.EncodeSmall(1))
		}},
		{"an hour and a second old", Stale, func(o *one) { o.update = at(now.Add(-time.Hour - time.Second)) }},
		{"old with time to go", Stale, func(o *one) { o.update, o.next = at(now.Add(-2*time.Hour)), at(now.Add(time.Hour)) }},
		{"past its time", Stale, func(o *one) { o.update, o.next = at(now.Add(-time.Minute)), at(now.Add(-time.Second)) }},
		{"its time ends before it begins", Stale, func(o *one) { o.update, o.next = at(now.Add(time.Minute)), at(now.Add(time.Second)) }},
		{"from the future", Stale, func(o *one) { o.update = at(now.Add(Skew + time.Second)) }},
		{"from before there were answers", Stale, func(o *one) { o.update = at(time.Unix(0, 0)) }},
		{"of a fourth status", chain.Malformed, func(o *one) { o.status = []byte{0x83, 0} }},
		{"good with something in it", chain.Malformed, func(o *one) { o.status = []byte{0x80, 1, 0} }},
		{"constructed good", chain.Malformed, func(o *one) { o.status = []byte{0xa0, 0} }},
		{"revoked without a moment", chain.Malformed, func(o *one) { o.status = []byte{0xa1, 0} }},
		{"revoked for a reason unused", chain.Malformed, func(o *one) { o.status = isRevoked(now, 7) }},
		{"revoked for a reason unknown", chain.Malformed, func(o *one) { o.status = isRevoked(now, 11) }},
		{"a critical extension", Extension, func(o *one) { o.extensions = [][]byte{extended("1.2.3.4", true, nil)} }},
	} {
		o := about(c.issuer, c.aigul)
		s.change(&o)
		if got, err := c.question().Check(answer(c.responder, o).encode(t)); reason(err) != s.reason || got.Status != "" {
			t.Errorf("%s: %q, %v", s.name, got.Status, err)
		}
	}
	for _, s := range []struct {
		name   string
		change func(*one)
	}{
		{"an hour old", func(o *one) { o.update = at(now.Add(-time.Hour)) }},
		{"a clock five minutes ahead", func(o *one) { o.update = at(now.Add(Skew)) }},
		{"its time is now", func(o *one) { o.next = at(now) }},
		{"a digest without parameters", func(o *one) { o.digest = der.EncodeSequence(der.EncodeOID(chain.SHA256)) }},
		{"extensions that are not critical", func(o *one) { o.extensions = [][]byte{extended("1.2.3.4", false, nil)} }},
		{"transparency stamps", func(o *one) { o.extensions = [][]byte{extended(extTransparency, true, nil)} }},
	} {
		o := about(c.issuer, c.aigul)
		s.change(&o)
		if got, err := c.question().Check(answer(c.responder, o).encode(t)); err != nil || got.Status != Good {
			t.Errorf("%s: %q, %v", s.name, got.Status, err)
		}
	}
}

func TestAnAnswerProducedAtAnotherTimeIsStale(t *testing.T) {
	c := players(t)
	for name, at2 := range map[string]time.Time{
		"in the future":            now.Add(Skew + time.Second),
		"before what it speaks of": now.Add(-Skew - time.Second),
	} {
		a := with(answer(c.responder, about(c.issuer, c.aigul)), func(s *said) { s.produced = at(at2) })
		if _, err := c.question().Check(a.encode(t)); reason(err) != Stale {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheNonceComesBackOrTheAnswerIsFresh(t *testing.T) {
	c := players(t)
	ours := [][]byte{extended(extNonce, true, octets(nonce)), extended(extExtendedRevoked, true, der.EncodeNull())}
	echoed := with(answer(c.responder, about(c.issuer, c.aigul)), func(s *said) { s.extensions = ours }).encode(t)
	silent := answer(c.responder, about(c.issuer, c.aigul)).encode(t)
	q := c.question()
	for name, a := range map[string][]byte{"echoed": echoed, "silent": silent} {
		if got, err := q.Check(a); err != nil || got.Status != Good {
			t.Errorf("%s: %v", name, err)
		}
		old := q
		if old.At = now.Add(2 * time.Hour); reason(second(old.Check(a))) != Stale {
			t.Errorf("%s two hours later is fresh", name)
		}
	}
	other := q
	if other.Nonce = []byte("another nonce"); reason(second(other.Check(echoed))) != Nonce {
		t.Error("an answer to another question was taken")
	}
	if other.Nonce = nil; second(other.Check(echoed)) != nil {
		t.Error("a nonce nobody sent matters")
	}
	if other.MaxAge = 0; second(other.Check(echoed)) != nil {
		t.Error("an answer of this very second is not of this second")
	}
}

func second(_ Answer, err error) error { return err }

func TestTheIssuerInTheQuestionMustBeTheCertificates(t *testing.T) {
	c := players(t)
	q := c.question()
	q.Issuer = c.other.Certificate
	if _, err := q.Check(answer(c.other, about(c.other, c.aigul)).encode(t)); reason(err) != NoAnswer {
		t.Error(err)
	}
}

func TestTheResponderIsVerifiedByWhomeverRemembers(t *testing.T) {
	c := players(t)
	q, asked := c.question(), 0
	q.Signed = func(responder, issuer *chain.Certificate) error {
		asked++
		return responder.SignedBy(issuer)
	}
	if _, err := q.Check(answer(c.responder, about(c.issuer, c.aigul)).encode(t)); err != nil || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
	if _, err := q.Check(answer(c.without, about(c.issuer, c.aigul)).encode(t)); reason(err) != Responder || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
	if _, err := q.Check(answer(c.namesakeResponder, about(c.issuer, c.aigul)).encode(t)); reason(err) != chain.SignatureWrong {
		t.Error(err)
	}
}

func TestAnAnswerThatIsTooLargeIsNotRead(t *testing.T) {
	c := players(t)
	large := with(answer(c.responder, about(c.issuer, c.aigul)), func(s *said) {
		s.extensions = [][]byte{extended("2.999", false, make([]byte, MaxAnswer))}
	})
	if _, err := c.question().Check(large.encode(t)); reason(err) != chain.Malformed {
		t.Error(err)
	}
}

func TestNoByteOfAnAnswerCanBeCutOffOrChanged(t *testing.T) {
	c := players(t)
	whole := answer(c.responder, about(c.issuer, c.aigul)).encode(t)
	q := c.question()
	for n := range whole {
		if got, err := q.Check(whole[:n]); err == nil {
			t.Fatalf("%q of %d bytes", got.Status, n)
		}
		changed := bytes.Clone(whole)
		changed[n] ^= 1 << (n % 8)
		if got, err := q.Check(changed); err == nil {
			t.Errorf("%q with byte %d changed", got.Status, n)
		}
	}
	if _, err := q.Check(append(bytes.Clone(whole), 0)); err == nil {
		t.Error("a byte after the end was taken")
	}
}
