package eds_test

import (
	"errors"
	"testing"

	"zharia/portal/eds"
)

// Whatever bytes come, the answer is a signer or a refusal with a reason.
func FuzzDocument(f *testing.F) {
	w := ours(f)
	f.Add(sign(f, w.aigul, filing, true))
	f.Add(sign(f, w.aigul, filing, false))
	f.Add(shell(cut(f, sign(f, w.aigul, filing, true))))
	f.Add([]byte("-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n"))
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, sig []byte) {
		who, err := w.verifier.Document(t.Context(), sig, filing, now)
		var refusal *eds.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("a failure that is no refusal: %v", err)
		}
		if err == nil && who.IIN.Reveal() != aigul.IIN {
			t.Fatalf("signed by %v", who.IIN)
		}
		w.verifier.Inspect(t.Context(), sig, nil, now)
	})
}
