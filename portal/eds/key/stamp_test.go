package key_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
)

func TestAStampIsPutBesideTheSignatureAndProvesItsTime(t *testing.T) {
	now := time.Now()
	a, k, stamp := stamping(t, now)
	v, err := eds.NewVerifier(a.Root(), a.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	for _, attached := range []bool{true, false} {
		plain, err := k.SignCMS([]byte("content"), attached, now)
		if err != nil {
			t.Fatal(err)
		}
		stamped, err := key.Stamp(t.Context(), plain, stamp)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := v.Document(t.Context(), stamped, []byte("content"), now.Add(time.Minute))
		if err != nil || !signer.ProvenAt.Equal(now.Add(time.Minute).Truncate(time.Second)) {
			t.Errorf("attached %t: proven at %s, %v", attached, signer.ProvenAt, err)
		}
		if _, err := key.Stamp(t.Context(), stamped, stamp); err == nil {
			t.Error("a second stamp is put beside the first")
		}
	}
}

// stamping is an authority, a key of its and its stamps, which say a minute later.
func stamping(t *testing.T, now time.Time) (*authority.Authority, *key.Key, func(context.Context, []byte) ([]byte, error)) {
	t.Helper()
	a, err := authority.New("Authority of the stamps", now)
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.Issue(authority.Person{IIN: "900101450019", CommonName: "TEST", Surname: "TEST", Role: eds.Individual, From: now.Add(-time.Hour), To: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	services, err := a.Services(func() time.Time { return now.Add(time.Minute) })
	if err != nil {
		t.Fatal(err)
	}
	return a, k, authority.Direct{Services: services}.Stamp
}

func TestAStampThatIsNotOfThisSignatureIsRefused(t *testing.T) {
	now := time.Now()
	_, k, stamp := stamping(t, now)
	plain, err := k.SignCMS([]byte("content"), false, now)
	if err != nil {
		t.Fatal(err)
	}
	silence := errors.New("silence")
	var kept []byte
	honest := func(ctx context.Context, request []byte) (answer []byte, err error) {
		kept, err = stamp(ctx, request)
		return kept, err
	}
	if _, err := key.Stamp(t.Context(), plain, honest); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func(context.Context, []byte) ([]byte, error){
		"an old one": func(context.Context, []byte) ([]byte, error) { return kept, nil },
		"cut short":  func(context.Context, []byte) ([]byte, error) { return kept[:len(kept)-1], nil },
		"a changed one": func(ctx context.Context, request []byte) ([]byte, error) {
			answer, err := honest(ctx, request)
			if err == nil {
				answer = bytes.Clone(answer)
				answer[len(answer)-1] ^= 1
			}
			return answer, err
		},
	} {
		if _, err := key.Stamp(t.Context(), plain, ask); err == nil {
			t.Errorf("%s is put beside the signature", name)
		}
	}
	if _, err := key.Stamp(t.Context(), plain, func(context.Context, []byte) ([]byte, error) { return nil, silence }); !errors.Is(err, silence) {
		t.Errorf("a silent authority: %v", err)
	}
	if _, err := key.Stamp(t.Context(), []byte("no signature"), honest); err == nil {
		t.Error("what is no signature is stamped")
	}
}
