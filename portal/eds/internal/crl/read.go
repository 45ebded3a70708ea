package crl

import (
	"bytes"
	"io"
	"math/big"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// Bounds of one list. The national one has 21 MB and 422,000 entries.
const (
	MaxBytes   = 64 << 20
	MaxEntries = 2_000_000

	// MaxRaw is up to where a list is kept whole, as evidence: enough for the
	// national deltas and roots' lists.
	MaxRaw = 256 << 10
)

// crlSign is the bit of key usage for signing lists (RFC 5280 4.2.1.3).
const crlSign = 1 << 6

// Read reads a CertificateList in DER to its end and verifies it with the
// issuer's key. Whether the issuer is trusted is the caller's question, and
// whether the list is still current that of Status.
//
// A refusal is a *chain.Refused; an error of the reader in comes back wrapped.
// A long list is not kept: of 21 MB there remain 14.
func Read(in io.Reader, issuer *chain.Certificate, p chain.Profile) (*List, error) {
	if issuer.HasUsage && !issuer.Has(crlSign) {
		return nil, refuse(chain.KeyUsage, "the issuer's key is not for signing lists")
	}
	r := &reader{List: &List{signer: issuer}, stream: newStream(in), profile: p}
	top := body{r.stream, MaxBytes}
	outer := top.open(der.Sequence)
	r.readSigned(outer)
	outerAlgorithm := r.readAlgorithm(outer)
	signature := r.readSignature(outer)
	outer.done()
	r.end()
	switch {
	case r.err != nil:
		return nil, r.err
	case !sameAlgorithm(r.algorithm, outerAlgorithm):
		return nil, refuse(chain.Malformed, "inner and outer signature algorithms of the list differ")
	}
	if err := r.verifier.verify(signature); err != nil {
		return nil, err
	}
	if !r.entries.close() {
		return nil, refuse(chain.Malformed, "a serial number stands twice in the list")
	}
	r.whole.Sum(r.Digest[:0])
	r.Raw = r.raw
	return r.List, nil
}

// reader is a list being read.
type reader struct {
	*List
	*stream
	profile   chain.Profile
	verifier  verifier
	algorithm chain.AlgorithmID
	second    bool // version 2, which alone has extensions
	removes   bool // an entry takes something off the list
}

// readSigned reads TBSCertList (RFC 5280 5.1.2). What comes before the
// algorithm is put aside until it is known how to hash it.
func (r *reader) readSigned(outer *body) {
	var front bytes.Buffer
	r.signed = &front
	tbs := outer.open(der.Sequence)
	r.readVersion(tbs)
	r.algorithm = r.readAlgorithm(tbs)
	if r.err == nil {
		r.verifier, r.err = newVerifier(r.signer.Key, r.profile, r.algorithm)
	}
	if r.err != nil {
		return
	}
	r.signed = r.verifier
	if _, err := r.verifier.Write(front.Bytes()); err != nil {
		r.err = err
		return
	}
	r.readBody(tbs)
	tbs.done()
	r.signed = nil
}

// readVersion takes a list without a version for version 1, and with one only
// version 2: DER does not write a default out.
func (r *reader) readVersion(tbs *body) {
	if !tbs.next(der.Integer) {
		return
	}
	r.second = true
	if version := der.Read(tbs.take(der.Integer)).Small(); version != 1 {
		r.fail(chain.Malformed, "version of the list")
	}
}

func (r *reader) readAlgorithm(b *body) chain.AlgorithmID {
	raw := b.copied(der.Sequence)
	if r.err != nil {
		return chain.AlgorithmID{}
	}
	in := der.Read(raw)
	algorithm := chain.ReadAlgorithm(in)
	if err := in.End(); err != nil {
		r.fail(chain.Malformed, "algorithm of the list: %v", err)
	}
	return algorithm
}

func (r *reader) readSignature(outer *body) []byte {
	raw := outer.copied(der.BitString)
	if r.err != nil {
		return nil
	}
	in := der.Read(raw)
	signature := in.Bits()
	if err := in.End(); err != nil {
		r.fail(chain.Malformed, "signature of the list: %v", err)
	}
	return signature
}

func (r *reader) readBody(tbs *body) {
	// The name comes before anything long: a list of somebody else's ends here.
	r.Issuer = tbs.copied(der.Sequence)
	if r.err == nil && !bytes.Equal(r.Issuer, r.signer.Subject) {
		r.fail(chain.UnknownAuthority, "the list is another issuer's")
	}
	r.readTimes(tbs)
	if tbs.next(der.Sequence) {
		r.readEntries(tbs.open(der.Sequence))
	}
	if r.second && tbs.next(der.Context(0, true)) {
		r.readExtensions(tbs.take(der.Context(0, true)))
	}
	if r.removes && r.Base == nil {
		r.fail(chain.Malformed, "a full list takes certificates off")
	}
}

func (r *reader) readTimes(tbs *body) {
	made, ok := r.time(tbs)
	if !ok {
		r.fail(chain.Malformed, "the list has no date")
	}
	r.ThisUpdate = made
	if next, ok := r.time(tbs); ok {
		r.NextUpdate = next
		if next.Before(made) {
			r.fail(chain.Malformed, "the list ends before it begins")
		}
	}
}

// time takes a UTCTime or a GeneralizedTime, or says that the next element is
// neither.
func (r *reader) time(tbs *body) (time.Time, bool) {
	tag := byte(der.UTCTime)
	if tbs.next(der.GeneralizedTime) {
		tag = der.GeneralizedTime
	} else if !tbs.next(tag) {
		return time.Time{}, false
	}
	raw := tbs.take(tag)
	if r.err != nil {
		return time.Time{}, false
	}
	return der.Read(raw).Time(), true
}

// readEntries reads revokedCertificates, which is left out where it would be
// empty (RFC 5280 5.1.2.6).
func (r *reader) readEntries(list *body) {
	if !list.more() {
		r.fail(chain.Malformed, "the list of entries is written out empty")
	}
	for list.more() {
		raw := list.take(der.Sequence)
		if r.err != nil {
			return
		}
		if r.entries.n >= MaxEntries {
			r.fail(chain.Malformed, "more than %d entries", MaxEntries)
			return
		}
		entry, err := r.readEntry(raw)
		if err != nil {
			r.err = err
			return
		}
		r.entries.add(entry)
	}
}

// readEntry reads one entry, already checked to be DER.
func (r *reader) readEntry(raw []byte) (record, error) {
	top := der.Read(raw)
	in := top.Into(der.Sequence)
	serial, at := in.Value(der.Integer).Body, in.Time()
	reason := uint8(0)
	if in.More() {
		if !r.second {
			return record{}, refuse(chain.Malformed, "entry with extensions in a list of version 1")
		}
		code, err := entryReason(in.Value(der.Sequence).Full)
		if err != nil {
			return record{}, err
		}
		reason = code
	}
	if err := in.End(); err != nil {
		return record{}, refuse(chain.Malformed, "entry: %v", err)
	}
	key, ok := keyOfOctets(serial)
	if !ok {
		return record{}, refuse(chain.Malformed, "serial number of %d octets", len(serial))
	}
	r.removes = r.removes || reason == Remove
	return record{at.Unix(), key, reason}, nil
}

// number reads the INTEGER of an extension, of at most 20 octets (RFC 5280
// 5.2.3).
func number(value []byte) (*big.Int, error) {
	in := der.Read(value)
	n := in.Big()
	if err := in.End(); err != nil {
		return nil, refuse(chain.Malformed, "number of the list: %v", err)
	}
	if n.BitLen() > 160 {
		return nil, refuse(chain.Malformed, "number of the list has %d bits", n.BitLen())
	}
	return n, nil
}
