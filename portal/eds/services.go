package eds

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/ocsp"
	"zharia/portal/eds/internal/tsp"
)

// Services are the services of the certification authority, as the portal
// reaches them: the world ends our house here, so it is an interface. What
// comes back is bytes that nobody has judged yet; the Verifier judges them.
// Every method gives ErrUnreachable, under errors.Is, where there was no answer
// at all or nobody is configured to be asked.
type Services interface {
	// OCSP asks the responder of an issuer, named by the SHA-256 of its
	// certificate (RFC 6960); request and answer are DER.
	OCSP(ctx context.Context, issuer [32]byte, request []byte) ([]byte, error)
	// Lists gives the newest revocation list of the issuer and the delta to it,
	// or no delta (RFC 5280, section 5).
	Lists(ctx context.Context, issuer [32]byte) (full, delta *crl.List, err error)
	// Stamp asks the time-stamping authority (RFC 3161); both are DER.
	Stamp(ctx context.Context, request []byte) ([]byte, error)
}

// ErrUnreachable says that a service of the authority gave no answer. It is not
// an answer: what comes over the network and does not verify is refused, and
// only silence lets a filing be received before its revocation is known.
var ErrUnreachable = errors.New("the service of the authority gave no answer")

// ErrNotAsked says that an authority is believed without being asked: what the
// demonstration does with keys of authorities that are out of its reach. The
// Signer then says NotChecked. The client of the real services never gives it.
var ErrNotAsked = errors.New("the authority is not asked")

// Only asks the services about these issuers (certificates, DER) and believes
// every other authority that is trusted: ErrNotAsked.
func Only(s Services, issuers ...[]byte) Services {
	o := only{s, map[[32]byte]bool{}}
	for _, i := range issuers {
		o.asked[sha256.Sum256(i)] = true
	}
	return o
}

type only struct {
	Services
	asked map[[32]byte]bool
}

func (o only) OCSP(ctx context.Context, issuer [32]byte, request []byte) ([]byte, error) {
	if !o.asked[issuer] {
		return nil, ErrNotAsked
	}
	return o.Services.OCSP(ctx, issuer, request)
}

// source is where the proofs of a verification come from: the services of the
// authority when a signature is received, its evidence ever after.
type source interface {
	// others are certificates that may stand between the person's and a root.
	others() []*chain.Certificate
	// answer gives what a responder says of c, with the nonce it was asked
	// with, or ErrUnreachable.
	answer(ctx context.Context, c, issuer *chain.Certificate, at time.Time) (Answer, error)
	// revocationLists gives the lists of an issuer, or ErrUnreachable.
	revocationLists(ctx context.Context, issuer *chain.Certificate, at time.Time) (lists, error)
	// token gives a time-stamp over a signature, or ErrUnreachable.
	token(ctx context.Context, signature []byte, digest string) ([]byte, error)
}

// lists are a revocation list, the delta to it or nil, and when they were asked.
type lists struct {
	full, delta *crl.List
	at          time.Time
}

// live asks the services themselves.
type live struct{ Services }

func (live) others() []*chain.Certificate { return nil }

// nonceSize is that of the clients of the national responder, doubled.
const nonceSize = 16

func (l live) answer(ctx context.Context, c, issuer *chain.Certificate, at time.Time) (Answer, error) {
	nonce := make([]byte, nonceSize)
	rand.Read(nonce)
	response, err := l.OCSP(ctx, issuer.Digest(), ocsp.Request(c, issuer, nonce))
	return Answer{At: at.UTC(), Certificate: c.Digest(), Nonce: nonce, Response: response}, err
}

func (l live) revocationLists(ctx context.Context, issuer *chain.Certificate, at time.Time) (lists, error) {
	full, delta, err := l.Lists(ctx, issuer.Digest())
	return lists{full, delta, at}, err
}

func (l live) token(ctx context.Context, signature []byte, digest string) ([]byte, error) {
	return tsp.Obtain(ctx, signature, digest, l.Stamp)
}
