package ocsp

import (
	"math/big"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// Bounds of one answer: we ask about one certificate, and are answered by one
// responder.
const (
	maxCertificates = 8
	maxSingles      = 16
	maxExtensions   = 16
)

// basic is a BasicOCSPResponse taken apart (RFC 6960 4.2.1). Byte slices point
// into the answer.
type basic struct {
	signed       []byte // ResponseData, whole
	algorithm    chain.AlgorithmID
	signature    []byte
	certificates []*chain.Certificate

	byName     []byte // one of the two names the responder
	byKey      []byte
	producedAt time.Time
	singles    []single
	extensions []extension
}

// single is what is said of one certificate.
type single struct {
	digest     chain.AlgorithmID
	name, key  []byte
	serial     *big.Int
	status     Status
	thisUpdate time.Time
	nextUpdate time.Time
	revokedAt  time.Time
	reason     int
	extensions []extension
}

type extension struct {
	id       string
	critical bool
	value    []byte
}

// read takes an OCSPResponse apart, every byte of it.
func (q Question) read(response []byte) (*basic, error) {
	if len(response) > MaxAnswer {
		return nil, refuse(chain.Malformed, "answer of %d bytes", len(response))
	}
	if err := der.Check(response); err != nil {
		return nil, refuse(chain.Malformed, "answer: %v", err)
	}
	top := der.Read(response)
	outer := top.Into(der.Sequence)
	status := outer.Value(der.Enumerated).Body
	if outer.Err() == nil && (len(status) != 1 || status[0] != 0) {
		return nil, refuse(NoAnswer, "the responder failed with %x", status)
	}
	wrapped := outer.Into(der.Context(0, true))
	pair := wrapped.Into(der.Sequence)
	kind, body := pair.OID(), pair.Value(der.OctetString).Body
	pair.End()
	wrapped.End()
	outer.End()
	if err := top.End(); err != nil {
		return nil, refuse(chain.Malformed, "answer: %v", err)
	}
	if kind != oidBasic {
		return nil, refuse(chain.Malformed, "answer of type %s", kind)
	}
	if err := der.Check(body); err != nil {
		return nil, refuse(chain.Malformed, "answer: %v", err)
	}
	return q.readBasic(body)
}

func (q Question) readBasic(body []byte) (*basic, error) {
	top := der.Read(body)
	r := top.Into(der.Sequence)
	data := r.Value(der.Sequence)
	b := &basic{signed: data.Full}
	b.readData(r.Inside(data))
	b.algorithm = chain.ReadAlgorithm(r)
	b.signature = r.Bits()
	var raws [][]byte
	if r.Next(der.Context(0, true)) {
		raws = readCertificates(r.Into(der.Context(0, true)))
	}
	r.End()
	if err := top.End(); err != nil {
		return nil, refuse(chain.Malformed, "answer: %v", err)
	}
	for _, raw := range raws {
		c, err := q.Profile.Parse(raw)
		if err != nil {
			return nil, err
		}
		b.certificates = append(b.certificates, c)
	}
	return b, nil
}

func readCertificates(wrapped *der.Reader) [][]byte {
	var raws [][]byte
	for list := wrapped.Into(der.Sequence); list.More(); {
		if raws = append(raws, list.Value(der.Sequence).Full); len(raws) > maxCertificates {
			list.Fail("more than %d certificates", maxCertificates)
		}
	}
	wrapped.End()
	return raws
}

// readData reads ResponseData. The only version there is, is the default, and
// DER leaves it out.
func (b *basic) readData(r *der.Reader) {
	switch {
	case r.Next(der.Context(1, true)):
		named := r.Into(der.Context(1, true))
		b.byName = named.Value(der.Sequence).Full
		named.End()
	case r.Next(der.Context(2, true)):
		keyed := r.Into(der.Context(2, true))
		b.byKey = keyed.Value(der.OctetString).Body
		keyed.End()
	default:
		r.Fail("the responder is not named")
	}
	b.producedAt = moment(r)
	for list := r.Into(der.Sequence); list.More(); {
		if b.singles = append(b.singles, readSingle(list.Into(der.Sequence))); len(b.singles) > maxSingles {
			list.Fail("more than %d certificates are spoken of", maxSingles)
		}
	}
	b.extensions = readExtensions(r)
	r.End()
}

func readSingle(r *der.Reader) single {
	var s single
	id := r.Into(der.Sequence)
	s.digest = chain.ReadAlgorithm(id)
	s.name, s.key = id.Value(der.OctetString).Body, id.Value(der.OctetString).Body
	s.serial = id.Big()
	id.End()
	s.readStatus(r)
	s.thisUpdate = moment(r)
	if r.Next(der.Context(0, true)) {
		next := r.Into(der.Context(0, true))
		s.nextUpdate = moment(next)
		next.End()
	}
	s.extensions = readExtensions(r)
	r.End()
	return s
}

// readStatus reads CertStatus, a choice of three; the first and the last say
// nothing more.
func (s *single) readStatus(r *der.Reader) {
	v := r.Any()
	switch v.Tag {
	case der.Context(0, false):
		s.status = Good
	case der.Context(1, true):
		s.status = Revoked
		s.readRevoked(r.Inside(v))
		return
	case der.Context(2, false):
		s.status = Unknown
	default:
		r.Fail("status of type %02x", v.Tag)
	}
	if len(v.Body) != 0 {
		r.Fail("status of %d bytes", len(v.Body))
	}
}

// readRevoked reads RevokedInfo; reasons are those of RFC 5280 5.3.1, where 7
// is not used.
func (s *single) readRevoked(r *der.Reader) {
	s.revokedAt = moment(r)
	if r.Next(der.Context(0, true)) {
		wrapped := r.Into(der.Context(0, true))
		code := wrapped.Value(der.Enumerated).Body
		wrapped.End()
		if r.Err() == nil && (len(code) != 1 || code[0] > 10 || code[0] == 7) {
			r.Fail("reason %x", code)
		}
		if r.Err() == nil {
			s.reason = int(code[0])
		}
	}
	r.End()
}

// moment takes a time, which here is always a GeneralizedTime.
func moment(r *der.Reader) time.Time {
	if r.Err() == nil && !r.Next(der.GeneralizedTime) {
		r.Fail("generalized time expected")
	}
	return r.Time()
}

// readExtensions reads the extensions at the end of an answer or of a part of
// it; both wear the same tag.
func readExtensions(r *der.Reader) []extension {
	if !r.Next(der.Context(1, true)) {
		return nil
	}
	var found []extension
	wrapped := r.Into(der.Context(1, true))
	for list := wrapped.Into(der.Sequence); list.More(); {
		in := list.Into(der.Sequence)
		e := extension{id: in.OID(), critical: in.Flag(), value: in.Value(der.OctetString).Body}
		in.End()
		for _, old := range found {
			if old.id == e.id {
				list.Fail("extension %s twice", e.id)
			}
		}
		if found = append(found, e); len(found) > maxExtensions {
			list.Fail("more than %d extensions", maxExtensions)
		}
	}
	wrapped.End()
	return found
}
