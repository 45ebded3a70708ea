package crl

import (
	"bytes"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// Identifiers of the extensions that are understood (RFC 5280 5.2 and 5.3).
const (
	extNumber        = "2.5.29.20"
	extReason        = "2.5.29.21"
	extDelta         = "2.5.29.27"
	extScope         = "2.5.29.28"
	extCertIssuer    = "2.5.29.29"
	extPoints        = "2.5.29.31"
	extAuthorityKey  = "2.5.29.35"
	maxExtensions    = 32
	maxEntryReason   = 10
	reasonUnassigned = 7
)

// extension is one Extension with its value, which is DER itself.
type extension struct {
	id       string
	critical bool
	value    []byte
}

// readAll reads a sequence of extensions: at least one, each once.
func readAll(list *der.Reader) ([]extension, error) {
	var all []extension
	for list.More() {
		in := list.Into(der.Sequence)
		e := extension{in.OID(), in.Flag(), in.Value(der.OctetString).Body}
		if err := in.End(); err != nil {
			break
		}
		for _, other := range all {
			if other.id == e.id {
				return nil, refuse(chain.Malformed, "extension %s twice", e.id)
			}
		}
		if all = append(all, e); len(all) > maxExtensions {
			return nil, refuse(chain.Malformed, "more than %d extensions", maxExtensions)
		}
	}
	if err := list.End(); err != nil {
		return nil, refuse(chain.Malformed, "extensions of the list: %v", err)
	}
	if len(all) == 0 {
		return nil, refuse(chain.Malformed, "extensions are written out empty")
	}
	return all, nil
}

// readExtensions reads crlExtensions [0].
func (r *reader) readExtensions(raw []byte) {
	if r.err != nil {
		return
	}
	top := der.Read(bytes.Clone(raw))
	outer := top.Into(der.Context(0, true))
	list := outer.Into(der.Sequence)
	if err := outer.End(); err != nil {
		r.fail(chain.Malformed, "extensions of the list: %v", err)
		return
	}
	all, err := readAll(list)
	for _, e := range all {
		if err == nil {
			err = r.extension(e)
		}
	}
	if err != nil && r.err == nil {
		r.err = err
	}
}

func (r *reader) extension(e extension) (err error) {
	switch e.id {
	case extNumber, extDelta, extScope, extAuthorityKey:
		if err := der.Check(e.value); err != nil {
			return refuse(chain.Malformed, "extension %s: %v", e.id, err)
		}
	}
	switch e.id {
	case extNumber:
		r.Number, err = number(e.value)
	case extDelta:
		r.Base, err = number(e.value)
	case extScope:
		r.scope, err = readScope(e.value)
	case extAuthorityKey:
		err = r.authorityKey(e.value)
	default:
		if e.critical {
			return refuse(Extension, "critical extension %s of the list is not understood", e.id)
		}
	}
	return err
}

// authorityKey asks that the key named is the issuer's. Several authorities
// bear the same name, so the name alone does not tell whose list it is.
func (r *reader) authorityKey(value []byte) error {
	top := der.Read(value)
	in := top.Into(der.Sequence)
	if in.Next(der.Context(0, false)) {
		id := in.Any().Body
		if own := r.signer.SubjectKeyID; own != nil && !bytes.Equal(id, own) {
			return refuse(chain.UnknownAuthority, "the list is by another key")
		}
	}
	// Issuer and serial number of the issuer's certificate say nothing more.
	if in.Next(der.Context(1, true)) {
		in.Any()
	}
	if in.Next(der.Context(2, false)) {
		in.Any()
	}
	in.End()
	if err := top.End(); err != nil {
		return refuse(chain.Malformed, "authority key of the list: %v", err)
	}
	return nil
}

// plainReason is how nearly every entry writes its extensions: the reason code
// alone, not critical. Only the last octet differs.
var plainReason = []byte{0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01}

// entryReason reads crlEntryExtensions for the reason code.
func entryReason(raw []byte) (uint8, error) {
	if code, ok := bytes.CutPrefix(raw, plainReason); ok && len(code) == 1 {
		return reasonCode(code)
	}
	all, err := readAll(der.Read(raw).Into(der.Sequence))
	if err != nil {
		return 0, err
	}
	reason := uint8(0)
	for _, e := range all {
		switch {
		case e.id == extCertIssuer:
			return 0, refuse(Extension, "the list speaks for other issuers")
		case e.id == extReason:
			if len(e.value) != 3 || e.value[0] != der.Enumerated || e.value[1] != 1 {
				return 0, refuse(chain.Malformed, "reason code %x", e.value)
			}
			if reason, err = reasonCode(e.value[2:]); err != nil {
				return 0, err
			}
		case e.critical:
			return 0, refuse(Extension, "critical extension %s of an entry is not understood", e.id)
		}
	}
	return reason, nil
}

func reasonCode(code []byte) (uint8, error) {
	if code[0] > maxEntryReason || code[0] == reasonUnassigned {
		return 0, refuse(chain.Malformed, "reason code %d", code[0])
	}
	return code[0], nil
}
