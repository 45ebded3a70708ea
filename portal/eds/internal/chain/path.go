package chain

import (
	"bytes"
	"slices"
	"time"
)

// maxPath is how many certificates may stand between a person and the root,
// the person's own included. The national hierarchy has two.
const maxPath = 4

// Pool is the set of authorities that are trusted: roots, where a path may
// end, and issuers, which a path may pass. It is filled before it is used and
// then only read.
type Pool struct {
	authorities []*Certificate
}

// Add puts an authority's certificate in the pool. One that signed itself is
// a root and must verify with its own key; any other is an issuer and is
// believed only on a path to a root.
func (p *Pool) Add(raw []byte) error {
	c, err := Parse(bytes.Clone(raw))
	if err != nil {
		return err
	}
	if !c.Key.Usable() {
		return refuse(Algorithm, "authority's key of algorithm %s", c.Key.Name())
	}
	if err := c.mayIssue(); err != nil {
		return err
	}
	if c.SelfIssued() {
		if err := c.SignedBy(c); err != nil {
			return err
		}
		c.LastTrust = true
	}
	for _, old := range p.authorities {
		if bytes.Equal(old.Raw, c.Raw) {
			return nil
		}
	}
	p.authorities = append(p.authorities, c)
	for _, a := range p.authorities {
		a.link(p.issuers(a))
	}
	return nil
}

// link remembers which authorities signed this one, so that a filing costs
// the verification of the person's certificate and not of the whole path.
func (c *Certificate) link(issuers []*Certificate) {
	c.signers = nil
	for _, issuer := range issuers {
		if c.SignedBy(issuer) == nil {
			c.signers = append(c.signers, issuer)
		}
	}
}

// Size is the number of authorities in the pool.
func (p *Pool) Size() int { return len(p.authorities) }

// mayIssue asks for what makes a certificate an authority's (RFC 5280 4.2.1.3
// and 4.2.1.9).
func (c *Certificate) mayIssue() error {
	if !c.HasBasic || !c.CA || !c.Has(KeyCertSign) {
		return refuse(KeyUsage, "the certificate may not issue certificates")
	}
	return nil
}

// issuers gives the authorities whose name is the issuer's to the byte and
// whose key identifier agrees. Several roots bear the same name, so the key
// identifier and at last the signature decide.
func (p *Pool) issuers(c *Certificate) []*Certificate {
	var found []*Certificate
	for _, a := range p.authorities {
		if !bytes.Equal(a.Subject, c.Issuer) {
			continue
		}
		if c.AuthorityKeyID != nil && a.SubjectKeyID != nil && !bytes.Equal(c.AuthorityKeyID, a.SubjectKeyID) {
			continue
		}
		found = append(found, a)
	}
	return found
}

// Path builds the way from a certificate to a pinned root, both included, and
// asks of every link that it was signed by the next, was valid at the moment
// and may issue. The person's own certificate is asked only for its dates;
// what it may be used for is the caller's question.
func (p *Pool) Path(leaf *Certificate, at time.Time) ([]*Certificate, error) {
	if err := leaf.ValidAt(at); err != nil {
		return nil, err
	}
	path, err := p.climb([]*Certificate{leaf}, at)
	if err != nil {
		return nil, err
	}
	return path, nil
}

func (p *Pool) climb(path []*Certificate, at time.Time) ([]*Certificate, error) {
	last := path[len(path)-1]
	if last.LastTrust {
		return path, nil
	}
	if len(path) >= maxPath {
		return nil, refuse(UnknownAuthority, "the path is longer than %d", maxPath)
	}
	failure := refuse(UnknownAuthority, "the issuer is not known")
	for _, issuer := range p.issuers(last) {
		longer, err := p.step(path, issuer, at)
		if err == nil {
			return longer, nil
		}
		failure = err
	}
	return nil, failure
}

func (p *Pool) step(path []*Certificate, issuer *Certificate, at time.Time) ([]*Certificate, error) {
	last := path[len(path)-1]
	if slices.Contains(last.signers, issuer) {
		// verified when it was added
	} else if err := last.SignedBy(issuer); err != nil {
		return nil, refuse(UnknownAuthority, "the certificate was not signed by its issuer: %v", err)
	}
	if err := issuer.ValidAt(at); err != nil {
		return nil, err
	}
	// The limit counts the authorities below, without the leaf (4.2.1.9).
	if issuer.MaxPath >= 0 && len(path)-1 > issuer.MaxPath {
		return nil, refuse(KeyUsage, "the authority's path length is exceeded")
	}
	longer := append(append([]*Certificate(nil), path...), issuer)
	return p.climb(longer, at)
}

// ValidAt refuses a moment outside the dates of the certificate.
func (c *Certificate) ValidAt(at time.Time) error {
	switch {
	case at.Before(c.NotBefore):
		return refuse(NotYet, "valid from %s", c.NotBefore.Format(time.RFC3339))
	case at.After(c.NotAfter):
		return refuse(Expired, "valid until %s", c.NotAfter.Format(time.RFC3339))
	}
	return nil
}
