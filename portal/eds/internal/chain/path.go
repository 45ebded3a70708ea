package chain

import (
	"bytes"
	"errors"
	"slices"
	"time"
)

// Bounds of one question. The national hierarchy needs three certificates and
// one signature check, because its own links were checked when it was pinned;
// a flood of authorities of one name with many keys ends at the bound.
const (
	maxPath   = 4 // certificates in a path, the leaf and the root included
	maxOthers = 16
	maxChecks = 64
)

// AnyPurpose as the purpose of a question asks nothing of the extended key
// usages; in a certificate it stands for every purpose (RFC 5280 4.2.1.12).
const AnyPurpose = "2.5.29.37.0"

// Pool is the set of authorities that are trusted: anchors, where a path may
// end, and issuers, which a path may pass. It is filled before it is used;
// after that it may be asked from many goroutines. It must not be copied.
type Pool struct {
	// Profile is how the pool reads what it is given; the zero value for
	// everything but the test suites of others.
	Profile Profile

	authorities []*Certificate
	seen        memory
}

// Add puts an authority's certificate in the pool. One that signed itself is
// an anchor and must verify with its own key; any other is an issuer and is
// believed only on a path to an anchor.
func (p *Pool) Add(raw []byte) error {
	c, err := p.Profile.Parse(bytes.Clone(raw))
	if err != nil {
		return err
	}
	if !c.SelfIssued() {
		return p.pin(c)
	}
	if err := c.SignedBy(c); err != nil {
		return err
	}
	c.Anchor = true
	return p.pin(c)
}

// AddAnchor puts an authority's certificate in the pool as the end of a path,
// whoever signed it. The national roots sign themselves and need it not.
func (p *Pool) AddAnchor(raw []byte) error {
	c, err := p.Profile.Parse(bytes.Clone(raw))
	if err != nil {
		return err
	}
	c.Anchor = true
	return p.pin(c)
}

func (p *Pool) pin(c *Certificate) error {
	if !c.Key.Usable() {
		return refuse(Algorithm, "authority's key of algorithm %s", c.Key.Name())
	}
	if err := c.mayIssue(); err != nil {
		return err
	}
	if p.holds(c) {
		return nil
	}
	p.authorities = append(p.authorities, c)
	c.Key.Remember()
	for _, a := range p.authorities {
		a.link(p.authorities)
	}
	return nil
}

func (p *Pool) holds(c *Certificate) bool {
	return slices.ContainsFunc(p.authorities, func(a *Certificate) bool { return bytes.Equal(a.Raw, c.Raw) })
}

// link remembers which authorities signed this one, so that a filing costs
// the verification of the person's certificate and not of the whole path.
func (c *Certificate) link(authorities []*Certificate) {
	c.signers = nil
	for _, a := range authorities {
		if c.names(a) && c.SignedBy(a) == nil {
			c.signers = append(c.signers, a)
		}
	}
}

// Size is the number of authorities in the pool.
func (p *Pool) Size() int { return len(p.authorities) }

// Authorities lists what is in the pool, in the order it was added.
func (p *Pool) Authorities() []*Certificate { return slices.Clone(p.authorities) }

// SignedOnce is SignedBy with a memory: a signature that verified is not
// verified again while it is among the last thousand or so. It is for the
// certificates that come with every answer, of responders and stamping
// authorities. Whether they are still valid and not revoked is another
// question, and is asked each time.
func (p *Pool) SignedOnce(c, issuer *Certificate) error {
	link := linkOf(c, issuer)
	if p.seen.has(link) {
		return nil
	}
	if err := c.SignedBy(issuer); err != nil {
		return err
	}
	p.seen.add(link)
	return nil
}

// Question is what a path is wanted for.
type Question struct {
	Leaf *Certificate
	// Others are authorities' certificates that came along, at most 16. They
	// are believed for nothing: each must be signed on the way to an anchor.
	Others []*Certificate
	At     time.Time
	// Purpose is asked of every certificate that says what it is for, from
	// the leaf to the anchor. Without one an authority limited to purposes is
	// refused, for the national ones are not, and the leaf is asked nothing.
	Purpose string
}

// Path builds the way from a certificate to an anchor through the authorities
// of the pool, both ends included. What the leaf's key may be used for is the
// caller's question.
func (p *Pool) Path(leaf *Certificate, at time.Time) ([]*Certificate, error) {
	return p.Find(Question{Leaf: leaf, At: at})
}

// PathThrough is Path through certificates that came along with the leaf, too.
func (p *Pool) PathThrough(leaf *Certificate, others []*Certificate, at time.Time) ([]*Certificate, error) {
	return p.Find(Question{Leaf: leaf, Others: others, At: at})
}

// Find answers a question with the path, leaf first and anchor last (RFC 5280
// 6.1, without the inputs and states of policies and name constraints: a
// certificate that carries those is not read at all). The error is a Refused
// with the reason why the last way that was tried failed.
func (p *Pool) Find(q Question) ([]*Certificate, error) {
	if len(q.Others) > maxOthers {
		return nil, refuse(UnknownAuthority, "%d certificates came along", len(q.Others))
	}
	if err := q.Leaf.fit(q); err != nil {
		return nil, err
	}
	s := search{pool: p, question: q, longest: maxPath}
	if p.Profile.Longest > 0 {
		s.longest = p.Profile.Longest
	}
	return s.climb([]*Certificate{q.Leaf})
}

// search is one question on its way.
type search struct {
	pool     *Pool
	question Question
	longest  int
	checks   int
}

func (s *search) climb(path []*Certificate) ([]*Certificate, error) {
	last := path[len(path)-1]
	if last.Anchor {
		return path, nil
	}
	if len(path) >= s.longest {
		return nil, refuse(UnknownAuthority, "the path is longer than %d", s.longest)
	}
	failure := refuse(UnknownAuthority, "the issuer is not known")
	for _, list := range [][]*Certificate{s.pool.authorities, s.question.Others} {
		for _, issuer := range list {
			if !last.names(issuer) || repeats(path, issuer) {
				continue
			}
			longer, err := s.step(path, issuer)
			if err == nil {
				return longer, nil
			}
			failure = err
		}
	}
	return nil, failure
}

// names says whether the other could be the issuer by what the certificate
// says of it: the name to the byte and, where they stand, the key identifier
// and the serial number. Several roots bear the same name, so the identifier
// and at last the signature decide.
func (c *Certificate) names(issuer *Certificate) bool {
	return bytes.Equal(issuer.Subject, c.Issuer) &&
		(c.AuthorityKeyID == nil || issuer.SubjectKeyID == nil || bytes.Equal(c.AuthorityKeyID, issuer.SubjectKeyID)) &&
		(c.authoritySerial == nil || c.authoritySerial.Cmp(issuer.Serial) == 0)
}

// repeats says whether the path has passed this authority: the same name with
// the same key is the same authority, whatever else its certificate says.
func repeats(path []*Certificate, issuer *Certificate) bool {
	return slices.ContainsFunc(path, func(c *Certificate) bool {
		return bytes.Equal(c.Subject, issuer.Subject) && bytes.Equal(c.SPKI, issuer.SPKI)
	})
}

// step asks everything of the next authority, what is cheap first.
func (s *search) step(path []*Certificate, issuer *Certificate) ([]*Certificate, error) {
	if err := issuer.mayIssue(); err != nil {
		return nil, err
	}
	if err := issuer.fit(s.question); err != nil {
		return nil, err
	}
	if issuer.MaxPath >= 0 && between(path) > issuer.MaxPath {
		return nil, refuse(KeyUsage, "the authority's path length is exceeded")
	}
	if err := s.signed(path[len(path)-1], issuer); err != nil {
		return nil, err
	}
	return s.climb(append(slices.Clip(path), issuer))
}

// between counts the authorities above the leaf that are not issued by
// themselves, as a path length does (RFC 5280 4.2.1.9 and 6.1.4 (l)).
func between(path []*Certificate) int {
	n := 0
	for _, c := range path[1:] {
		if !c.SelfIssued() {
			n++
		}
	}
	return n
}

// signed verifies one link. People's certificates are verified each time: to
// remember them would push out the ones that come with every answer.
func (s *search) signed(c, issuer *Certificate) error {
	if slices.Contains(c.signers, issuer) {
		return nil // verified when it was pinned
	}
	if s.checks++; s.checks > maxChecks {
		return refuse(UnknownAuthority, "more than %d signatures to verify", maxChecks)
	}
	verify := c.SignedBy
	if c.CA || c.Meant(TimeStamping) || c.Meant(OCSPSigning) {
		verify = func(issuer *Certificate) error { return s.pool.SignedOnce(c, issuer) }
	}
	err := verify(issuer)
	if r := (*Refused)(nil); errors.As(err, &r) && r.Reason == Algorithm {
		return err
	}
	if err != nil {
		return refuse(UnknownAuthority, "the certificate was not signed by its issuer: %v", err)
	}
	return nil
}

// fit asks of any certificate of a path what does not need its neighbours.
func (c *Certificate) fit(q Question) error {
	if err := c.ValidAt(q.At); err != nil {
		return err
	}
	if err := c.whole(); err != nil {
		return err
	}
	if q.Purpose == "" && !c.CA || c.allows(q.Purpose) {
		return nil
	}
	return refuse(KeyUsage, "the certificate is for other purposes")
}

// allows says whether the extended key usage, where there is one, lets the
// certificate stand on a path for the purpose.
func (c *Certificate) allows(purpose string) bool {
	return !c.HasExtended || purpose == AnyPurpose || c.Meant(purpose) || c.Meant(AnyPurpose)
}

// whole refuses what RFC 5280 forbids every issuer: a certificate without
// names (4.1.2.4, 4.1.2.6), one that may sign certificates and is no
// authority's (4.2.1.9), one that does not say whose key signed it (4.2.1.1).
func (c *Certificate) whole() error {
	switch {
	case len(c.Issuer) <= 2 || len(c.Subject) <= 2:
		return refuse(Malformed, "certificate without a name")
	case c.Has(KeyCertSign) && !c.CA:
		return refuse(KeyUsage, "no authority's, yet may sign certificates")
	case c.AuthorityKeyID == nil && !c.SelfIssued():
		return refuse(Malformed, "the issuer's key is not identified")
	}
	return nil
}

// mayIssue asks for what makes a certificate an authority's (RFC 5280 4.2.1.2,
// 4.2.1.3 and 4.2.1.9).
func (c *Certificate) mayIssue() error {
	if err := c.whole(); err != nil {
		return err
	}
	if !c.CA || !c.basicCritical || !c.Has(KeyCertSign) {
		return refuse(KeyUsage, "the certificate may not issue certificates")
	}
	if c.SubjectKeyID == nil {
		return refuse(Malformed, "the authority's key is not identified")
	}
	return nil
}

// ValidAt refuses a moment outside the dates of the certificate, which have
// whole seconds and include the last.
func (c *Certificate) ValidAt(at time.Time) error {
	at = at.Truncate(time.Second)
	switch {
	case at.Before(c.NotBefore):
		return refuse(NotYet, "valid from %s", c.NotBefore.Format(time.RFC3339))
	case at.After(c.NotAfter):
		return refuse(Expired, "valid until %s", c.NotAfter.Format(time.RFC3339))
	}
	return nil
}
