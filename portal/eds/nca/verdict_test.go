package nca_test

import (
	"errors"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
)

// The verifier over the client over the authority's services: what a person
// is told when the world is in order, and when it is not.
func TestTheVerdictFollowsTheAuthority(t *testing.T) {
	w := build(t)
	c := w.client("")
	w.refresh(c)
	v, err := eds.NewVerifier(w.authority.Root(), w.authority.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	v.Services = c
	challenge := []byte("a challenge")
	want := func(step string, known eds.Revocation, signIn eds.Reason) {
		t.Helper()
		sig, err := w.leaf.SignCMS(challenge, false, w.now())
		if err != nil {
			t.Fatal(err)
		}
		who, err := v.Document(t.Context(), sig, challenge, w.now())
		if who.Revocation != known {
			t.Errorf("%s: a document is %q, %v, want %q", step, who.Revocation, err, known)
		}
		_, err = v.SignIn(t.Context(), sig, challenge, w.now())
		var refusal *eds.Refusal
		if errors.As(err, &refusal); (err == nil) != (signIn == "") || err != nil && refusal.Reason != signIn {
			t.Errorf("%s: sign-in %v, want %q", step, err, signIn)
		}
	}
	want("in order", eds.Good, "")
	w.revoke(authority.Hold)
	want("on hold", "", eds.Held)
	if err := w.authority.Unrevoke(w.leaf.Serial()); err != nil {
		t.Fatal(err)
	}
	w.services.Break(authority.OCSP, authority.Garbage)
	want("a wrong answer is final", "", eds.NotKnown)
	w.services.Break(authority.OCSP, authority.Unavailable)
	want("by the list", eds.Good, "")
	w.revoke(authority.KeyCompromise)
	w.pass(time.Hour)
	w.refresh(c)
	want("revoked by the delta", "", eds.Revoked)

	fresh := w.client("")
	v.Services = fresh
	want("silence, and no list", eds.Pending, eds.Unreachable)
}
