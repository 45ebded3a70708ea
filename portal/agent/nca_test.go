package agent_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"zharia/portal/agent"
	"zharia/portal/eds"
	"zharia/portal/eds/key"
)

// The test keys of the National Certification Authority live beside the
// project, not in it; where they are, the agent signs with them, and the real
// test authority vouches for the signer.
func TestTheTestKeysOfTheNationalAuthoritySign(t *testing.T) {
	const data = "../../../shared/pki/data/"
	container, err := os.ReadFile(data + "p12/ncanode-go/individual_valid_individual_valid.p12")
	if os.IsNotExist(err) {
		t.Log("the test keys are not here")
		return
	}
	keys, err := key.ReadPKCS12(container, "Qwerty12")
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	root, rootErr := os.ReadFile(data + "ca/root_test_gost_2022.cer")
	issuer, issuerErr := os.ReadFile(data + "ca/nca_gost2022_test.cer")
	if rootErr != nil || issuerErr != nil {
		t.Fatal(rootErr, issuerErr)
	}
	v, err := eds.NewVerifier(root, issuer)
	if err != nil {
		t.Fatal(err)
	}

	day := time.Date(2026, 7, 20, 9, 30, 0, 0, time.UTC) // the keys live until 2027-05-08
	a := agent.New(keys...)
	a.Clock(func() time.Time { return day })
	p := open(t, serve(t, a), "https://zharia.example")
	signature := p.signature(request(b64("document"), `{"decode":true,"encapsulate":false}`,
		`{"extKeyUsageOids":["`+email+`","`+individual+`"],"iin":"123456789011","chain":[]}`, ""))
	signer, err := v.Document(t.Context(), []byte(signature), []byte("document"), day)
	if err != nil || signer.IIN.Reveal() != "123456789011" || !strings.Contains(signer.Name, "ТЕСТ") {
		t.Errorf("signer %q, %v", signer.Name, err)
	}
}
