package agent

import (
	"encoding/json"
	"testing"
)

// Whatever a page sends, the agent has an answer in JSON, and without a key it
// is never a signature.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `null`, `{"module":"kz.gov.pki.knca.basics","method":"sign"}`,
		`{"module":"kz.gov.pki.knca.basics","method":"sign","args":{"format":"cms","data":["eA==",""],"signingParams":{"decode":true},"signerParams":{"extKeyUsageOids":[],"chain":["AA=="]},"locale":"ru"}}`,
		`{"module":"kz.gov.pki.knca.basics","method":"sign","args":{"format":"cms","data":"x","signerParams":{"extKeyUsageOids":[]}}}`,
		`{"module":"kz.gov.pki.knca.commonUtils","method":"getActiveTokens","args":[]}`,
	} {
		f.Add([]byte(seed))
	}
	a := New()
	f.Fuzz(func(t *testing.T, message []byte) {
		text, err := json.Marshal(a.answer(t.Context(), "https://zharia.example", message))
		if err != nil {
			t.Fatal(err)
		}
		var reply struct{ Status bool }
		if err := json.Unmarshal(text, &reply); err != nil || reply.Status {
			t.Errorf("answered %s", text)
		}
	})
}
