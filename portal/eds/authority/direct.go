package authority

import (
	"bytes"
	"context"
	"crypto/sha256"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
)

// Direct answers what the services answer, without a network between: for the
// plays of the demonstration, whose days lie in the past, and for tests. A
// service that is out of order is silent.
type Direct struct{ Services *Services }

var _ eds.Services = Direct{}

// OCSP answers for the issuer; the root has a list only.
func (d Direct) OCSP(_ context.Context, issuer [32]byte, request []byte) ([]byte, error) {
	if issuer != sha256.Sum256(d.Services.authority.Issuer()) {
		return nil, eds.ErrUnreachable
	}
	return d.answer(OCSP, d.Services.answerOCSP, request)
}

// Lists gives the issuer's lists, or the root's.
func (d Direct) Lists(_ context.Context, issuer [32]byte) (full, delta *crl.List, err error) {
	a := d.Services.authority
	if issuer == sha256.Sum256(a.Root()) {
		full, err = d.list(d.Services.rootList, a.Root())
		return full, nil, err
	}
	if issuer != sha256.Sum256(a.Issuer()) {
		return nil, nil, eds.ErrUnreachable
	}
	if full, err = d.list(d.Services.fullList, a.Issuer()); err != nil {
		return nil, nil, err
	}
	delta, err = d.list(d.Services.deltaList, a.Issuer())
	return full, delta, err
}

func (d Direct) list(make func([]byte, Fault) (reply, error), issuer []byte) (*crl.List, error) {
	raw, err := d.answer(Lists, make, nil)
	if err != nil {
		return nil, err
	}
	c, err := chain.Parse(issuer)
	if err != nil {
		return nil, err
	}
	return crl.Read(bytes.NewReader(raw), c, chain.Profile{})
}

// Stamp stamps.
func (d Direct) Stamp(_ context.Context, request []byte) ([]byte, error) {
	return d.answer(Stamps, d.Services.answerStamp, request)
}

func (d Direct) answer(which Service, ask func([]byte, Fault) (reply, error), question []byte) ([]byte, error) {
	f := d.Services.fault(which)
	switch f {
	case Slow, Unavailable, Redirected, CutOff, Oversize:
		return nil, eds.ErrUnreachable
	case Garbage:
		return []byte("<html>It works!</html>"), nil
	}
	a, err := ask(question, f)
	return a.body, err
}
