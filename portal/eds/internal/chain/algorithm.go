package chain

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"hash"

	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/gost3410"
	"zharia/portal/eds/internal/gost3411"
)

// Identifiers of the closed table of algorithms. The national ones are in
// root.gov.kz/oid; the rest in RFC 8017 and RFC 5754.
const (
	GostKey       = "1.2.398.3.10.1.1.2.2"
	GostParams    = "1.2.398.3.10.1.1.2.2.1"
	GostSignature = "1.2.398.3.10.1.1.2.3.2"
	GostDigest    = "1.2.398.3.10.1.3.3"

	RSAKey       = "1.2.840.113549.1.1.1"
	RSASignature = "1.2.840.113549.1.1.11"
	SHA256       = "2.16.840.1.101.3.4.2.1"

	// The family before 2022, known only in order to be refused by name.
	OldGostKey       = "1.2.398.3.10.1.1.1.1"
	OldGostSignature = "1.2.398.3.10.1.1.1.2"
	OldGostDigest    = "1.2.398.3.10.1.3.1"
)

// AlgorithmID is an AlgorithmIdentifier (RFC 5280 4.1.1.2).
type AlgorithmID struct {
	OID    string
	Params []byte // the whole parameters element, nil when absent
	Raw    []byte
}

// ReadAlgorithm takes an AlgorithmIdentifier.
func ReadAlgorithm(r *der.Reader) AlgorithmID { return readAlgorithm(r) }

func readAlgorithm(r *der.Reader) AlgorithmID {
	v := r.Value(der.Sequence)
	in := r.Inside(v)
	a := AlgorithmID{OID: in.OID(), Raw: v.Full}
	if in.More() {
		a.Params = in.Any().Full
	}
	in.End()
	return a
}

// Plain says whether the parameters are NULL or absent, the two spellings
// met where an algorithm has none.
func (a AlgorithmID) Plain() bool {
	return a.Params == nil || len(a.Params) == 2 && a.Params[0] == der.Null
}

// EncodeAlgorithm writes an AlgorithmIdentifier with NULL parameters, as the
// national authority writes them.
func EncodeAlgorithm(oid string) []byte {
	return der.EncodeSequence(der.EncodeOID(oid), der.EncodeNull())
}

// Digest gives the hash function of a digest algorithm, or refuses it.
func Digest(oid string) (hash.Hash, error) {
	switch oid {
	case GostDigest:
		return gost3411.New512(), nil
	case SHA256:
		return sha256.New(), nil
	}
	return nil, refuse(Algorithm, "digest %s", oid)
}

// Key is a public key of the table: one of the two is set. With neither it is
// a key of another algorithm, which verifies nothing.
type Key struct {
	OID  string
	gost *gost3410.PublicKey
	rsa  *rsa.PublicKey
}

// ParseKey reads SubjectPublicKeyInfo. A key of the table that is badly made
// (off the curve, short modulus, small exponent) is refused; a key of another
// algorithm is given back unusable.
func ParseKey(spki []byte) (Key, error) {
	top := der.Read(spki)
	r := top.Into(der.Sequence)
	algorithm := readAlgorithm(r)
	bits := r.Bits()
	r.End()
	if err := top.End(); err != nil {
		return Key{}, refuse(Malformed, "public key: %v", err)
	}
	switch algorithm.OID {
	case GostKey:
		return parseGost(algorithm, bits)
	case RSAKey:
		return parseRSA(algorithm, spki)
	}
	return Key{OID: algorithm.OID}, nil
}

// parseGost reads the point, an OCTET STRING inside the BIT STRING, and asks
// that the parameters be the one set and the one digest of the standard.
func parseGost(algorithm AlgorithmID, bits []byte) (Key, error) {
	params := der.Read(algorithm.Params)
	p := params.Into(der.Sequence)
	curve, digest := p.OID(), p.OID()
	p.End()
	if params.End() != nil || curve != GostParams || digest != GostDigest {
		return Key{}, refuse(Algorithm, "parameters of the public key")
	}
	if der.Check(bits) != nil {
		return Key{}, refuse(Malformed, "public key: point")
	}
	inner := der.Read(bits)
	point := inner.Value(der.OctetString).Body
	if err := inner.End(); err != nil {
		return Key{}, refuse(Malformed, "public key: %v", err)
	}
	key, err := gost3410.ParsePublicKey(point)
	if err != nil {
		return Key{}, refuse(Algorithm, "public key: %v", err)
	}
	return Key{OID: GostKey, gost: key}, nil
}

// parseRSA asks for at least 2048 bits, at most 8192 so that a verification
// stays cheap, and an exponent that is odd and at least 65537.
func parseRSA(algorithm AlgorithmID, spki []byte) (Key, error) {
	if !algorithm.Plain() || algorithm.Params == nil {
		return Key{}, refuse(Algorithm, "parameters of the public key")
	}
	parsed, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return Key{}, refuse(Malformed, "public key: %v", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return Key{}, refuse(Malformed, "public key is not of its algorithm")
	}
	if bits := key.N.BitLen(); bits < 2048 || bits > 8192 || key.N.Bit(0) == 0 {
		return Key{}, refuse(Algorithm, "RSA key of %d bits", bits)
	}
	if key.E < 65537 || key.E&1 == 0 {
		return Key{}, refuse(Algorithm, "RSA exponent %d", key.E)
	}
	return Key{OID: RSAKey, rsa: key}, nil
}

// NewGostKey wraps a national public key that was made here.
func NewGostKey(k *gost3410.PublicKey) Key { return Key{OID: GostKey, gost: k} }

// NewRSAKey wraps an RSA public key that was made here.
func NewRSAKey(k *rsa.PublicKey) Key { return Key{OID: RSAKey, rsa: k} }

// EncodeGostAlgorithm writes the AlgorithmIdentifier of a national key, with
// its parameters.
func EncodeGostAlgorithm() []byte {
	return der.EncodeSequence(
		der.EncodeOID(GostKey),
		der.EncodeSequence(der.EncodeOID(GostParams), der.EncodeOID(GostDigest)),
	)
}

// Encode writes SubjectPublicKeyInfo.
func (k Key) Encode() ([]byte, error) {
	if k.gost != nil {
		return der.EncodeSequence(EncodeGostAlgorithm(), der.EncodeBits(der.EncodeOctets(k.gost.Bytes()))), nil
	}
	if k.rsa != nil {
		return x509.MarshalPKIXPublicKey(k.rsa)
	}
	return nil, refuse(Algorithm, "key of algorithm %s", k.Name())
}

// Equal says whether two keys of the table are the same.
func (k Key) Equal(other Key) bool {
	switch {
	case k.gost != nil && other.gost != nil:
		return bytes.Equal(k.gost.Bytes(), other.gost.Bytes())
	case k.rsa != nil && other.rsa != nil:
		return k.rsa.Equal(other.rsa)
	}
	return false
}

// Usable says whether the key belongs to an algorithm of the table.
func (k Key) Usable() bool { return k.gost != nil || k.rsa != nil }

// Name is how the algorithm is called on a signature sheet.
func (k Key) Name() string {
	switch {
	case k.gost != nil:
		return "GOST R 34.10-2015-512"
	case k.rsa != nil:
		return "RSA-SHA256"
	case k.OID == OldGostKey:
		return "GOST 34.310-2004"
	}
	return k.OID
}

// DigestOID is the only digest that goes with the key.
func (k Key) DigestOID() string {
	if k.gost != nil {
		return GostDigest
	}
	return SHA256
}

// SignatureOID is the only signature algorithm that goes with the key.
func (k Key) SignatureOID() string {
	if k.gost != nil {
		return GostSignature
	}
	return RSASignature
}

// Verify checks a signature over the message. The algorithm must be the one
// that goes with the key, with empty parameters: what the message claims
// chooses nothing.
func (k Key) Verify(claimed AlgorithmID, message, signature []byte) error {
	if !k.Usable() {
		return refuse(Algorithm, "key of algorithm %s", k.Name())
	}
	if claimed.OID != k.SignatureOID() || !claimed.Plain() {
		return refuse(Algorithm, "signature algorithm %s with a key of %s", claimed.OID, k.Name())
	}
	if !k.check(message, signature) {
		return refuse(SignatureWrong, "the signature does not verify")
	}
	return nil
}

func (k Key) check(message, signature []byte) bool {
	if k.gost != nil {
		digest := gost3411.Sum512(message)
		return k.gost.Verify(digest[:], signature)
	}
	digest := sha256.Sum256(message)
	return rsa.VerifyPKCS1v15(k.rsa, crypto.SHA256, digest[:], signature) == nil
}

// VerifyCMS is Verify with the older habit of naming the key's algorithm, or
// plain RSA, as the algorithm of the signature (RFC 5652 5.3 with RFC 3370
// 3.2), which Kalkan and others follow.
func (k Key) VerifyCMS(claimed AlgorithmID, message, signature []byte) error {
	if claimed.OID == k.OID && k.Usable() {
		claimed.OID = k.SignatureOID()
	}
	return k.Verify(claimed, message, signature)
}
