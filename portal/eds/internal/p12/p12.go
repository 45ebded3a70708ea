// Package p12 opens PKCS#12 key containers (RFC 7292), the files in which
// people keep the keys the National Certification Authority gave them.
//
// The authority's containers are protected as Java did it twenty years ago:
// an HMAC-SHA1, triple DES around the key, 40-bit RC2 around the certificate,
// and Basic encoding inside. Containers by openssl and keytool of today, with
// PBES2 and AES, open too. Nothing is verified before the MAC is right.
package p12

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"

	"zharia/portal/eds/internal/der"
)

// ErrPassword is what a wrong password and a damaged container have in
// common: the MAC does not come out. Which of the two cannot be told.
var ErrPassword = errors.New("wrong password or damaged container")

// Bounds of a container. Genuine ones are of 2 to 6 KB; the iteration counts
// of today's programs are between 1,024 and 600,000.
const (
	maxContainer  = 1 << 20
	maxIterations = 1_000_000
	maxBags       = 64
)

// Contents is what a container holds: private keys as PKCS#8 PrivateKeyInfo
// and certificates, both DER, in the order of the file.
type Contents struct {
	Keys         [][]byte
	Certificates [][]byte
}

const (
	oidData          = "1.2.840.113549.1.7.1"
	oidEncryptedData = "1.2.840.113549.1.7.6"

	bagKey      = "1.2.840.113549.1.12.10.1.1"
	bagShrouded = "1.2.840.113549.1.12.10.1.2"
	bagCert     = "1.2.840.113549.1.12.10.1.3"
	certX509    = "1.2.840.113549.1.9.22.1"

	oidSHA1   = "1.3.14.3.2.26"
	oidSHA256 = "2.16.840.1.101.3.4.2.1"
)

// Open checks the MAC of a container (DER or its Basic encoding, up to 1 MiB) and
// decrypts everything in it. A MAC that does not come out is ErrPassword.
func Open(container []byte, password string) (*Contents, error) {
	if len(container) > maxContainer {
		return nil, fmt.Errorf("container of %d bytes", len(container))
	}
	strict, err := normal(container)
	if err != nil {
		return nil, err
	}
	top := der.Read(strict)
	pfx := top.Into(der.Sequence)
	if version := pfx.Small(); version != 3 {
		pfx.Fail("container of version %d", version)
	}
	safe := pfx.Into(der.Sequence)
	if safe.OID() != oidData {
		safe.Fail("contents that are not protected by a password")
	}
	wrapped := safe.Into(der.Context(0, true))
	contents := wrapped.Value(der.OctetString).Body
	wrapped.End()
	safe.End()
	mac := pfx.Into(der.Sequence)
	if err := checkMAC(mac, contents, password); err != nil {
		return nil, err
	}
	pfx.End()
	if err := top.End(); err != nil {
		return nil, err
	}
	return readSafe(contents, password)
}

// normal brings what a part of the container holds to DER, whichever of the
// two encodings it is in.
func normal(in []byte) ([]byte, error) {
	if der.Check(in) == nil {
		return in, nil
	}
	return der.FromBER(in)
}

// checkMAC verifies MacData (RFC 7292 4 and appendix B).
func checkMAC(r *der.Reader, contents []byte, password string) error {
	info := r.Into(der.Sequence)
	algorithm := info.Into(der.Sequence)
	name := algorithm.OID()
	if algorithm.Next(der.Null) {
		algorithm.Any()
	}
	algorithm.End()
	want := info.Value(der.OctetString).Body
	info.End()
	salt := r.Value(der.OctetString).Body
	iterations := 1
	if r.Next(der.Integer) {
		iterations = r.Small()
	}
	if err := r.End(); err != nil {
		return err
	}
	newHash, err := macHash(name)
	if err != nil {
		return err
	}
	if err := sane(salt, iterations); err != nil {
		return err
	}
	h := newHash()
	mac := hmac.New(newHash, derive(newHash, purposeMAC, bmp(password), salt, iterations, h.Size()))
	mac.Write(contents)
	if !hmac.Equal(mac.Sum(nil), want) {
		return ErrPassword
	}
	return nil
}

func macHash(name string) (func() hash.Hash, error) {
	switch name {
	case oidSHA1:
		return sha1.New, nil
	case oidSHA256:
		return sha256.New, nil
	}
	return nil, fmt.Errorf("container with a MAC by %s", name)
}

func sane(salt []byte, iterations int) error {
	if len(salt) > 1024 || iterations < 1 || iterations > maxIterations {
		return fmt.Errorf("salt of %d bytes and %d iterations", len(salt), iterations)
	}
	return nil
}

// readSafe reads AuthenticatedSafe: parts in clear and parts encrypted.
func readSafe(contents []byte, password string) (*Contents, error) {
	strict, err := normal(contents)
	if err != nil {
		return nil, err
	}
	out := &Contents{}
	top := der.Read(strict)
	for list := top.Into(der.Sequence); list.More(); {
		part := list.Into(der.Sequence)
		kind, wrapped := part.OID(), part.Into(der.Context(0, true))
		var bags []byte
		switch kind {
		case oidData:
			bags = wrapped.Value(der.OctetString).Body
		case oidEncryptedData:
			bags, err = decryptPart(wrapped.Into(der.Sequence), password)
		default:
			part.Fail("part of type %s", kind)
		}
		wrapped.End()
		if part.End() != nil {
			return nil, top.Err()
		}
		if err == nil {
			err = out.readBags(bags, password)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, top.End()
}

// decryptPart reads EncryptedData (RFC 5652 8).
func decryptPart(r *der.Reader, password string) ([]byte, error) {
	if version := r.Small(); version != 0 {
		r.Fail("encrypted part of version %d", version)
	}
	content := r.Into(der.Sequence)
	content.OID()
	scheme := content.Into(der.Sequence)
	name, params := scheme.OID(), scheme.Any()
	scheme.End()
	var sealed []byte
	if content.Next(der.Context(0, true)) {
		// In pieces, as Basic rules allow even under an implicit tag.
		for pieces := content.Into(der.Context(0, true)); pieces.More(); {
			sealed = append(sealed, pieces.Value(der.OctetString).Body...)
		}
	} else {
		sealed = content.Value(der.Context(0, false)).Body
	}
	content.End()
	if err := r.End(); err != nil {
		return nil, err
	}
	return decrypt(name, params, sealed, password)
}

// readBags reads SafeContents (RFC 7292 4.2). Bags of other kinds, such as
// revocation lists, are passed over: they are of no use for signing.
func (out *Contents) readBags(in []byte, password string) error {
	strict, err := normal(in)
	if err != nil {
		return err
	}
	top := der.Read(strict)
	for list := top.Into(der.Sequence); list.More(); {
		bag := list.Into(der.Sequence)
		kind, value := bag.OID(), bag.Into(der.Context(0, true))
		if bag.Next(der.Set) {
			bag.Any() // names for people: a friendly name, a key identifier
		}
		bag.End()
		if err := out.readBag(kind, value, password); err != nil {
			return err
		}
		if len(out.Keys)+len(out.Certificates) > maxBags {
			return errors.New("too many bags in the container")
		}
	}
	return top.End()
}

func (out *Contents) readBag(kind string, value *der.Reader, password string) error {
	switch kind {
	case bagKey:
		out.Keys = append(out.Keys, value.Value(der.Sequence).Full)
	case bagShrouded:
		sealed := value.Into(der.Sequence)
		scheme := sealed.Into(der.Sequence)
		name, params := scheme.OID(), scheme.Any()
		scheme.End()
		body := sealed.Value(der.OctetString).Body
		if err := sealed.End(); err != nil {
			return err
		}
		plain, err := decrypt(name, params, body, password)
		if err != nil {
			return err
		}
		if err := der.Check(plain); err != nil {
			return err
		}
		out.Keys = append(out.Keys, plain)
	case bagCert:
		cert := value.Into(der.Sequence)
		if cert.OID() != certX509 {
			cert.Fail("certificate that is not X.509")
		}
		wrapped := cert.Into(der.Context(0, true))
		out.Certificates = append(out.Certificates, wrapped.Value(der.OctetString).Body)
		wrapped.End()
		cert.End()
	default:
		return value.Err()
	}
	return value.End()
}
