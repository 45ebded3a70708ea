package crl

import (
	"bytes"
	"slices"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// maxPoints bounds the names of places where a list is kept.
const maxPoints = 16

// scope says which certificates of its issuer a list speaks of (RFC 5280
// 5.2.5). The national lists speak of all; the two plain kinds of division are
// understood so that a list of something else is never taken for complete.
type scope struct {
	raw             []byte
	people, issuers bool     // only of those that are no authorities, only of authorities
	points          [][]byte // only of certificates that name one of these places; a GeneralName each
}

// readScope reads IssuingDistributionPoint. Lists of some reasons, of other
// issuers' certificates and of attribute certificates are refused.
func readScope(value []byte) (scope, error) {
	s := scope{raw: value}
	top := der.Read(value)
	in := top.Into(der.Sequence)
	if in.Next(der.Context(0, true)) {
		s.points = readPlace(in.Into(der.Context(0, true)))
	}
	s.people, s.issuers = flag(in, 1), flag(in, 2)
	for _, tag := range []byte{der.Context(3, false), der.Context(4, false), der.Context(5, false)} {
		if in.Next(tag) {
			return s, refuse(Extension, "a list of some reasons, of other issuers or of attributes")
		}
	}
	in.End()
	if err := top.End(); err != nil {
		return s, refuse(chain.Malformed, "scope of the list: %v", err)
	}
	if s.people == s.issuers && (s.people || s.points == nil) {
		return s, refuse(chain.Malformed, "scope of the list says nothing")
	}
	return s, nil
}

// flag takes the implicitly tagged BOOLEAN [n], which is there only when true.
func flag(in *der.Reader, n int) bool {
	if !in.Next(der.Context(n, false)) {
		return false
	}
	if v := in.Any(); len(v.Body) != 1 || v.Body[0] != 0xff {
		in.Fail("flag %x", v.Body)
	}
	return true
}

// readPlace reads DistributionPointName, the full form alone: names relative
// to the issuer's are used by nobody.
func readPlace(in *der.Reader) [][]byte {
	var names [][]byte
	for list := in.Into(der.Context(0, true)); list.More(); {
		if names = append(names, list.Any().Full); len(names) > maxPoints {
			list.Fail("more than %d names", maxPoints)
		}
	}
	if len(names) == 0 {
		in.Fail("a place without a name")
	}
	in.End()
	return names
}

// covers says whether the list speaks of the certificate.
func (s scope) covers(c *chain.Certificate) bool {
	if s.people && c.CA || s.issuers && !c.CA {
		return false
	}
	if s.points == nil {
		return true
	}
	named := places(c)
	return slices.ContainsFunc(s.points, func(point []byte) bool {
		return slices.ContainsFunc(named, func(name []byte) bool { return bytes.Equal(name, point) })
	})
}

// places gives the names under which a certificate says that its list is kept
// (cRLDistributionPoints, RFC 5280 4.2.1.13); none where something is wrong.
func places(c *chain.Certificate) [][]byte {
	tbs := der.Read(c.TBS).Into(der.Sequence)
	for tbs.More() {
		v := tbs.Any()
		if v.Tag != der.Context(3, true) {
			continue
		}
		all, err := readAll(tbs.Inside(v).Into(der.Sequence))
		for _, e := range all {
			if err == nil && e.id == extPoints && der.Check(e.value) == nil {
				return readPlaces(der.Read(e.value))
			}
		}
	}
	return nil
}

// readPlaces leaves out the places of lists of some reasons and of other
// issuers' lists.
func readPlaces(top *der.Reader) [][]byte {
	var names [][]byte
	list := top.Into(der.Sequence)
	for count := 0; list.More(); count++ {
		point := list.Into(der.Sequence)
		if count == maxPoints || !point.Next(der.Context(0, true)) {
			return nil
		}
		place := readPlace(point.Into(der.Context(0, true)))
		if !point.More() {
			names = append(names, place...)
		}
		for point.More() {
			point.Any()
		}
	}
	if top.End() != nil {
		return nil
	}
	return names
}
