package ocsp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// sample is an answer of the national test responder with its question.
type sample struct {
	ID, Expect string
	question   Question
	answer     []byte
}

// samples are the four of 2 September 2022. One is of the family before 2022,
// which is read here as for an old document.
func samples(t testing.TB) []sample {
	t.Helper()
	raw := beside.File(t, "suites", "kz-ocsp.json")
	if raw == nil {
		return nil
	}
	var suite struct {
		Cases []struct {
			ID, Response, Nonce, Cert, Issuer, Expect string
			Time                                      time.Time
		}
		Blobs map[string][]byte
	}
	if err := json.Unmarshal(raw, &suite); err != nil {
		t.Fatal(err)
	}
	old := chain.Profile{Old: true}
	parse := func(key string) *chain.Certificate {
		c, err := old.Parse(suite.Blobs[key])
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	var list []sample
	for _, c := range suite.Cases {
		nonce, err := hex.DecodeString(c.Nonce)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, sample{c.ID, c.Expect, Question{
			Certificate: parse(c.Cert), Issuer: parse(c.Issuer),
			Nonce: nonce, At: c.Time, MaxAge: time.Hour, Profile: old,
		}, suite.Blobs[c.Response]})
	}
	return list
}

func TestTheNationalResponderIsUnderstood(t *testing.T) {
	for _, s := range samples(t) {
		got, err := s.question.Check(s.answer)
		if err != nil || string(got.Status) != s.Expect {
			t.Errorf("%s: %+v, %v", s.ID, got, err)
			continue
		}
		if name := got.Responder.Name("2.5.4.3"); len(name) != 1 || !got.NextUpdate.IsZero() || !got.ThisUpdate.Equal(got.ProducedAt) {
			t.Errorf("%s: %+v by %s", s.ID, got, name)
		}
		if s.ID == "ocsp_response_individual_2015" && (got.RevokedAt.Unix() != 0 || got.Reason != 6) {
			t.Errorf("never issued: since %v for %d", got.RevokedAt, got.Reason)
		}
		wrong := s.question
		if wrong.Nonce = []byte("12345678"); reason(second(wrong.Check(s.answer))) != Nonce {
			t.Errorf("%s answers any nonce", s.ID)
		}
		today := s.question
		if today.At = now; reason(second(today.Check(s.answer))) != chain.Expired {
			t.Errorf("%s is good today", s.ID)
		}
		later := s.question
		if later.At = s.question.At.Add(2 * time.Hour); reason(second(later.Check(s.answer))) != Stale {
			t.Errorf("%s is good two hours later", s.ID)
		}
	}
}

func TestTheFamilyBefore2022IsReadOnlyForOldDocuments(t *testing.T) {
	for _, s := range samples(t) {
		if s.question.Issuer.Key.OID != chain.OldGostKey {
			continue
		}
		q := s.question
		q.Profile = chain.Profile{}
		q.Issuer, _ = chain.Parse(q.Issuer.Raw)
		if got, err := q.Check(s.answer); reason(err) != chain.Algorithm {
			t.Errorf("%s: %q, %v", s.ID, got.Status, err)
		}
	}
}

// Every byte by one bit, or every bit with EDS_FLIPS=all.
func TestNoBitOfAGenuineAnswerCanBeChanged(t *testing.T) {
	for _, s := range samples(t) {
		// The responder's certificate is verified once, as the portal does it.
		known := map[string]error{}
		s.question.Signed = func(c, issuer *chain.Certificate) error {
			err, seen := known[string(c.Raw)]
			if !seen {
				err = c.SignedBy(issuer)
				known[string(c.Raw)] = err
			}
			return err
		}
		flips := 0
		for i := range 8 * len(s.answer) {
			if os.Getenv("EDS_FLIPS") != "all" && i%8 != i/8%8 {
				continue
			}
			flips++
			changed := bytes.Clone(s.answer)
			changed[i/8] ^= 1 << (i % 8)
			if got, err := s.question.Check(changed); err == nil {
				t.Errorf("%s: %q with bit %d of byte %d changed", s.ID, got.Status, i%8, i/8)
			}
		}
		t.Logf("%s: %d flips, all refused", s.ID, flips)
	}
}

func TestTheNonceIsAskedAsTheNationalResponderAnswersIt(t *testing.T) {
	c := players(t)
	r := Request(c.aigul.Certificate, c.issuer.Certificate, nonce)
	if err := der.Check(r); err != nil {
		t.Fatal(err)
	}
	for _, s := range samples(t) {
		asked := Request(s.question.Certificate, s.question.Issuer, s.question.Nonce)
		extension := der.EncodeSequence(der.EncodeOID(extNonce), der.EncodeOctets(der.EncodeOctets(s.question.Nonce)))
		if !bytes.Contains(asked, extension) || !bytes.Contains(s.answer, extension) {
			t.Errorf("%s: the nonce in the question is not that in the answer", s.ID)
		}
		name, key := identify(s.question.Issuer, sum256)
		about := der.EncodeSequence(chain.EncodeAlgorithm(chain.SHA256), octets(name), octets(key), der.EncodeInt(s.question.Certificate.Serial))
		if !bytes.Contains(asked, about) || !bytes.Contains(s.answer, about) {
			t.Errorf("%s: the certificate is named otherwise in the answer", s.ID)
		}
	}
}

// Whatever comes, there is an answer signed by somebody empowered, or a
// refusal with a reason and no status.
func FuzzAnswer(f *testing.F) {
	c := players(f)
	genuine := samples(f)
	for _, s := range genuine {
		f.Add(s.answer)
	}
	f.Add(answer(c.responder, about(c.issuer, c.aigul)).encode(f))
	f.Add(answer(c.issuer, about(c.issuer, c.aigul), about(c.issuer, c.responder)).encode(f))
	for _, raw := range beside.Corpus(f, "corpus-boring-ocsp-der.zip") {
		f.Add(raw)
	}
	questions := []Question{c.question()}
	for _, s := range genuine {
		questions = append(questions, s.question)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, q := range questions {
			got, err := q.Check(in)
			if err != nil && (got.Status != "" || reason(err) == "" || got.Responder != nil) {
				t.Fatalf("%q with %v", got.Status, err)
			}
			if err == nil && got.Responder.SignedBy(q.Issuer) != nil {
				t.Fatal("an answer by a stranger")
			}
		}
	})
}
