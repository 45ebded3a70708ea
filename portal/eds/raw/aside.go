package raw

import (
	"context"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/crl"
)

// Aside gives services whose work is done inside the function given, so that who
// measures a verification can leave out what an authority of ours does in the same
// process. Lists are asked for once, as the client of the real services keeps them.
// It is not for use by several goroutines.
func Aside(s eds.Services, aside func(work func())) eds.Services {
	return &apart{s, aside, map[[32]byte]kept{}}
}

type apart struct {
	eds.Services
	aside func(work func())
	lists map[[32]byte]kept
}

type kept struct{ full, delta *crl.List }

func (a *apart) OCSP(ctx context.Context, issuer [32]byte, request []byte) (answer []byte, err error) {
	a.aside(func() { answer, err = a.Services.OCSP(ctx, issuer, request) })
	return answer, err
}

func (a *apart) Lists(ctx context.Context, issuer [32]byte) (full, delta *crl.List, err error) {
	if k, ok := a.lists[issuer]; ok {
		return k.full, k.delta, nil
	}
	a.aside(func() { full, delta, err = a.Services.Lists(ctx, issuer) })
	if err == nil {
		a.lists[issuer] = kept{full, delta}
	}
	return full, delta, err
}
