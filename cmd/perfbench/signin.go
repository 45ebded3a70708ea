package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
	"zharia/portal/eds/raw"
)

// apart is the time the authority took, which ourSignIn leaves out.
var apart time.Duration

func aside(work func()) {
	start := spent()
	work()
	apart += spent() - start
}

// ourSignIn prepares people of an authority of ours, whose signatures over a
// challenge of 1 KiB are then verified one after another, each with the path to the
// root and the responder's answer about the certificate; the issuer stands in the
// list of the root. The responder answers anew each time, for there is a nonce, and
// its work is left out. Issuer and responder are known from the first.
func ourSignIn(ctx context.Context, ofRSA bool) (func(i int) error, error) {
	now := time.Now()
	v, issue, err := ourAuthority(now, ofRSA)
	if err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	challenge := bytes.Repeat([]byte("0123456789abcdef"), 1<<10/16)
	signatures := make([][]byte, people(ofRSA))
	for i := range signatures {
		k, err := issue(i)
		if err != nil {
			return nil, fmt.Errorf("sign-in: %w", err)
		}
		if signatures[i], err = k.SignCMS(challenge, true, now); err != nil {
			return nil, fmt.Errorf("sign-in: %w", err)
		}
	}
	check := func(i int) error {
		who, err := v.SignIn(ctx, signatures[i%len(signatures)], challenge, now)
		if err != nil {
			return fmt.Errorf("%w: %w", errWrong, err)
		}
		if who.Revocation != eds.Good {
			return fmt.Errorf("%w: revocation is %s", errWrong, who.Revocation)
		}
		return nil
	}
	if err := refuses(ctx, v, signatures[0], challenge, now); err != nil {
		return nil, err
	}
	return check, check(0)
}

// people is how many of them there are: with RSA a few, because their keys take long
// to make and no key is remembered.
func people(ofRSA bool) int {
	if ofRSA {
		return 8
	}
	return citizens
}

// ourAuthority founds an authority and a verifier that trusts it, and gives what
// makes the key of a person.
func ourAuthority(now time.Time, ofRSA bool) (*eds.Verifier, func(i int) (*key.Key, error), error) {
	found := authority.New
	if ofRSA {
		found = authority.NewRSA
	}
	a, err := found("PERFBENCH", now.Add(-time.Hour))
	if err != nil {
		return nil, nil, err
	}
	services, err := a.Services(func() time.Time { return now })
	if err != nil {
		return nil, nil, err
	}
	v, err := eds.NewVerifier(a.Root(), a.Issuer())
	if err != nil {
		return nil, nil, err
	}
	v.Services = raw.Aside(authority.Direct{Services: services}, aside)
	issue := func(i int) (*key.Key, error) {
		return a.Issue(authority.Person{IIN: iin(i), CommonName: "PERFBENCH", Surname: "PERFBENCH", RSA: ofRSA})
	}
	return v, issue, nil
}

// iin is the number of person i: all born on one day, with the control digit that
// goes with it; where none does, that of a later one.
func iin(i int) string {
	for digits := 87_041_240_000 + i; ; digits += citizens {
		for last := range 10 {
			number := fmt.Sprintf("%011d%d", digits, last)
			if _, err := eds.ParseIIN(number); err == nil {
				return number
			}
		}
	}
}

// refuses shows that the signature with a bit changed does not sign anybody in.
func refuses(ctx context.Context, v *eds.Verifier, signature, challenge []byte, now time.Time) error {
	changed := bytes.Clone(signature)
	changed[len(changed)-20] ^= 1
	if _, err := v.SignIn(ctx, changed, challenge, now); err == nil {
		return fmt.Errorf("%w: a changed signature signs in", errWrong)
	}
	return nil
}

// ownVectors are signatures by keys of ours, where there is no other to make them.
func ownVectors() ([]vector, error) {
	var list []vector
	for range citizens {
		private, err := key.Generate(false)
		if err != nil {
			return nil, err
		}
		v := vector{message: make([]byte, 40)}
		rand.Read(v.message)
		if v.signature, err = private.Sign(v.message); err != nil {
			return nil, err
		}
		spki := private.Public()
		digest := raw.Streebog512(v.message)
		v.key, v.digest = spki[len(spki)-keySize:], digest[:]
		if err := v.check(); err != nil {
			return nil, fmt.Errorf("%w: %w", errWrong, err)
		}
		list = append(list, v)
	}
	return list, nil
}
