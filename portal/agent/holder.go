package agent

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"zharia/portal/eds/key"
)

// holder is a key with what its certificate says of the person who holds it.
type holder struct {
	key      *key.Key
	subject  key.Subject
	id       string // names the key in the window
	serial   string // hexadecimal
	purposes []string
}

func newHolder(k *key.Key) *holder {
	sum := sha256.Sum256(k.Certificate())
	return &holder{k, k.Subject(), hex.EncodeToString(sum[:8]), k.Serial(), k.Purposes()}
}

// fits says whether a page that set these conditions may have this key's
// signature. Every purpose it names must be in the certificate; the owner, where
// it presets one, must be this one.
func (h *holder) fits(s *signing) bool {
	p := s.SignerParams
	for _, oid := range p.ExtKeyUsageOids {
		if !slices.Contains(h.purposes, oid) {
			return false
		}
	}
	return (p.IIN == "" || p.IIN == h.subject.IIN) &&
		(p.BIN == "" || p.BIN == h.subject.BIN) &&
		(p.SerialNumber == "" || plainHex(p.SerialNumber) == plainHex(h.serial))
}

// plainHex writes a number one way: serial numbers are shown with and without
// leading zeros, in either case.
func plainHex(s string) string { return strings.TrimLeft(strings.ToLower(s), "0") }

// issuedBy says whether one of these certificates (DER) is the issuer's.
func (h *holder) issuedBy(authorities [][]byte) bool {
	return slices.ContainsFunc(authorities, h.key.IssuedBy)
}

// allowed says whether the chain the page gave lets this key sign.
func (s *signing) allowed(h *holder, trusted [][]byte) bool {
	switch {
	case s.SignerParams.Chain == nil: // the authorities in service
		return trusted == nil || h.issuedBy(trusted)
	case len(s.SignerParams.Chain) == 0: // any
		return true
	default:
		return h.issuedBy(s.chain)
	}
}

// checkCertificates takes readable certificates only: a slip in a list of authorities would silently
// refuse everybody.
func checkCertificates(list [][]byte) error {
	for _, der := range list {
		if _, err := x509.ParseCertificate(der); err != nil {
			return fmt.Errorf("read the certificate of an authority: %w", err)
		}
	}
	return nil
}

// Fields of a key as the window shows them.

// ID names the key in the form.
func (h *holder) ID() string { return h.id }

// Name is the common name of the certificate.
func (h *holder) Name() string { return h.subject.Name }

// Organisation is empty for a person's own key.
func (h *holder) Organisation() string { return h.subject.Organisation }

// IIN is the identity number with its middle hidden: enough to tell two keys
// apart, not enough to copy from a screen.
func (h *holder) IIN() string {
	iin := h.subject.IIN
	if len(iin) < 8 {
		return strings.Repeat("*", len(iin))
	}
	return iin[:2] + strings.Repeat("*", len(iin)-4) + iin[len(iin)-2:]
}
