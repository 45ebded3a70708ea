package tsp

import (
	"bytes"
	"encoding/pem"
	"math/big"
	"os"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
)

// genuine are signatures that the production authority stamped in 2026, by
// their files among the national samples.
var genuine = []string{
	"individual_attached.der", "individual_detached.der", "legal_entity_attached.der", "legal_entity_detached.der",
}

// stamped gives a signature and the token beside it.
func stamped(t testing.TB, name string) (signature, token []byte) {
	t.Helper()
	raw := beside.File(t, "pki", "data", "cms", name)
	if raw == nil {
		return nil, nil
	}
	m, err := cms.Parse(raw, chain.Profile{})
	if err != nil || len(m.Signers) != 1 || m.Signers[0].Token == nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m.Signers[0].Signature, m.Signers[0].Token
}

func TestTheNationalAuthorityIsUnderstood(t *testing.T) {
	var pool chain.Pool
	for _, name := range []string{"root_gost_2022.pem", "nca_gost_2022.pem"} {
		text := beside.File(t, "pki", "data", "ca", "prod", name)
		if text == nil {
			return
		}
		block, _ := pem.Decode(text)
		if err := pool.Add(block.Bytes); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range genuine {
		signature, token := stamped(t, name)
		s, err := Check(token, signature, nil, chain.Profile{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s.Policy != PolicyGost || s.At.Year() != 2026 || s.Serial == nil || len(s.Certificates) != 1 {
			t.Errorf("%s: %+v", name, s)
		}
		if path, err := pool.Path(s.Authority, s.At); err != nil || len(path) != 3 {
			t.Errorf("%s: a path of %d, %v", name, len(path), err)
		}
		if _, err := Check(token, signature, big.NewInt(1), chain.Profile{}); reason(err) != Nonce {
			t.Errorf("%s answers any request: %v", name, err)
		}
		if _, err := Check(token, append(bytes.Clone(signature), 0), nil, chain.Profile{}); reason(err) != Wrong {
			t.Errorf("%s stamps any signature: %v", name, err)
		}
	}
}

func TestATokenIsNotMovedToAnotherSignature(t *testing.T) {
	for _, from := range genuine {
		for _, to := range genuine {
			_, token := stamped(t, from)
			signature, _ := stamped(t, to)
			if own, _ := stamped(t, from); token == nil || bytes.Equal(own, signature) {
				continue // attached and detached differ in the content alone
			}
			if _, err := Check(token, signature, nil, chain.Profile{}); reason(err) != Wrong {
				t.Errorf("the token of %s beside %s: %v", from, to, err)
			}
		}
	}
}

// Of 2018: a key of the family before 2022, and an imprint by SHA-1. Neither
// is believed, the second not even where the first is.
func TestTheOldTokenIsRefused(t *testing.T) {
	response := beside.File(t, "pki", "data", "tsp", "tsp_response.bin")
	if response == nil {
		return
	}
	token, err := Token(response)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(token, beside.File(t, "pki", "data", "tsp", "tsp_token.bin")) {
		t.Error("the token is not the one kept beside the answer")
	}
	for name, p := range map[string]chain.Profile{"now": {}, "as of old": {Old: true}} {
		if _, err := Check(token, nil, nil, p); reason(err) != chain.Algorithm {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every byte by one bit, or every bit with EDS_FLIPS=all. The certificate of the
// authority is among what was signed, so even its own signature is held.
func TestNoBitOfAGenuineTokenCanBeChanged(t *testing.T) {
	for _, name := range []string{genuine[0], genuine[2]} {
		signature, token := stamped(t, name)
		if token == nil {
			return
		}
		flips := 0
		for i := range 8 * len(token) {
			if os.Getenv("EDS_FLIPS") != "all" && i%8 != i/8%8 {
				continue
			}
			flips++
			changed := bytes.Clone(token)
			changed[i/8] ^= 1 << (i % 8)
			if got, err := Check(changed, signature, nil, chain.Profile{}); err == nil {
				t.Errorf("%s: stamped %v with bit %d of byte %d changed", name, got.At, i%8, i/8)
			}
		}
		t.Logf("%s: %d flips, all refused", name, flips)
	}
}

func TestGenuineTimesAreKeptToTheSecond(t *testing.T) {
	signature, token := stamped(t, genuine[0])
	if token == nil {
		return
	}
	s, err := Check(token, signature, nil, chain.Profile{})
	if err != nil || s.At.Nanosecond() != 0 || s.At.Location() != time.UTC {
		t.Errorf("%v, %v", s.At, err)
	}
	t.Log(s.At, s.Serial, s.Policy)
}
