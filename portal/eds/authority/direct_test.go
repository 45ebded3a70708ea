package authority_test

import (
	"crypto/sha256"
	"errors"
	"testing"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/crl"
)

func TestTheServicesAnswerWithoutANetwork(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	d := authority.Direct{Services: w.services}
	v, err := eds.NewVerifier(a.Root(), a.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	v.Services = d
	want := func(step string, known eds.Revocation) {
		t.Helper()
		sig, err := w.leaf.SignCMS([]byte("x"), false, w.now())
		if err != nil {
			t.Fatal(err)
		}
		if who, err := v.Document(t.Context(), sig, []byte("x"), w.now()); who.Revocation != known {
			t.Errorf("%s: %q, %v", step, who.Revocation, err)
		}
	}
	want("in order", eds.Good)
	w.services.Break(authority.OCSP, authority.Slow)
	want("by the list", eds.Good)
	w.services.Break(authority.Lists, authority.CutOff)
	want("silence", eds.Pending)
	w.services.Break(authority.OCSP, authority.NoFault)
	w.services.Break(authority.Lists, authority.NoFault)

	ctx, leaf := t.Context(), parse(t, w.leaf.Certificate())
	w.revoke(authority.Hold)
	want("on hold", "")
	full, delta, err := d.Lists(ctx, sha256.Sum256(a.Issuer()))
	if err != nil {
		t.Fatal(err)
	}
	if status, _, err := full.Status(leaf, parse(t, a.Issuer()), delta, w.now()); status != crl.Revoked {
		t.Error(status, err)
	}
	_, byRoot := d.OCSP(ctx, sha256.Sum256(a.Root()), nil)
	_, _, stranger := d.Lists(ctx, sha256.Sum256([]byte("x")))
	for _, err := range []error{byRoot, stranger} {
		if !errors.Is(err, eds.ErrUnreachable) {
			t.Error(err)
		}
	}
}
