package key

import (
	"context"
	"errors"
	"fmt"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/tsp"
)

// Stamp puts a time-stamp beside the signature of a message in DER, as NCALayer
// does where a page names a profile for it: CAdES-BES becomes CAdES-T. authority
// takes a request of RFC 3161 in DER and gives the answer; its error comes back.
// A token that is not over this signature is refused.
func Stamp(ctx context.Context, message []byte, authority func(ctx context.Context, request []byte) ([]byte, error)) ([]byte, error) {
	signed, err := cms.Parse(message, chain.Profile{})
	if err != nil {
		return nil, fmt.Errorf("stamp a signature: %w", err)
	}
	if len(signed.Signers) != 1 {
		return nil, errors.New("stamp a signature: there is not one signer")
	}
	s := signed.Signers[0]
	if s.Token != nil {
		return nil, errors.New("stamp a signature: there is a stamp already")
	}
	token, err := tsp.Obtain(ctx, s.Signature, s.Digest.OID, authority)
	if err != nil {
		return nil, fmt.Errorf("stamp a signature: %w", err)
	}
	return cms.AddToken(message, token)
}
