package chain

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"hash"

	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/gost3410"
	"zharia/portal/eds/internal/gost3411"
	"zharia/portal/eds/internal/gost34310"
	"zharia/portal/eds/internal/gost34311"
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
	RSASHA384    = "1.2.840.113549.1.1.12"
	RSASHA512    = "1.2.840.113549.1.1.13"
	SHA256       = "2.16.840.1.101.3.4.2.1"
	SHA384       = "2.16.840.1.101.3.4.2.2"
	SHA512       = "2.16.840.1.101.3.4.2.3"

	// The family before 2022: refused by name, unless the Profile is Old.
	OldGostKey        = "1.2.398.3.10.1.1.1.1"
	OldGostParams     = "1.2.398.3.10.1.1.1.1.1"
	OldGostSignature  = "1.2.398.3.10.1.1.1.2"
	OldGostDigest     = "1.2.398.3.10.1.3.1"
	oldGostSubstitute = "1.2.398.3.10.1.3.1.1.0" // the digest with its test parameter
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
	case SHA384:
		return sha512.New384(), nil
	case SHA512:
		return sha512.New(), nil
	}
	return nil, refuse(Algorithm, "digest %s", oid)
}

// Digest gives the hash function of a digest algorithm for something this key
// signed. Only keys of the family before 2022 bring its digest with them.
func (k Key) Digest(oid string) (hash.Hash, error) {
	if oid == OldGostDigest && k.old != nil {
		return gost34311.New(), nil
	}
	return Digest(oid)
}

// Key is a public key of the table: one of its kinds is set. With neither it is
// a key of another algorithm, which verifies nothing.
type Key struct {
	OID  string
	gost *gost3410.PublicKey
	old  *gost34310.PublicKey
	rsa  *rsa.PublicKey

	spki    []byte
	foreign Foreign
}

// ParseKey reads SubjectPublicKeyInfo. A key of the table that is badly made
// (off the curve, short modulus, small exponent) is refused; a key of another
// algorithm is given back unusable, unless the profile has somebody who can.
func (p Profile) ParseKey(spki []byte) (Key, error) {
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
	case OldGostKey:
		if p.Old {
			return parseOldGost(algorithm, bits)
		}
	case RSAKey:
		if !p.Weak || p.Foreign == nil {
			return parseRSA(algorithm, spki)
		}
	}
	return Key{OID: algorithm.OID, spki: spki, foreign: p.Foreign}, nil
}

func parseGost(algorithm AlgorithmID, bits []byte) (Key, error) {
	point, err := readPoint(algorithm, bits, GostParams, GostDigest)
	if err != nil {
		return Key{}, err
	}
	key, err := gost3410.ParsePublicKey(point)
	if err != nil {
		return Key{}, refuse(Algorithm, "public key: %v", err)
	}
	return Key{OID: GostKey, gost: key}, nil
}

func parseOldGost(algorithm AlgorithmID, bits []byte) (Key, error) {
	point, err := readPoint(algorithm, bits, OldGostParams, oldGostSubstitute)
	if err != nil {
		return Key{}, err
	}
	key, err := gost34310.ParsePublicKey(point)
	if err != nil {
		return Key{}, refuse(Algorithm, "public key: %v", err)
	}
	return Key{OID: OldGostKey, old: key}, nil
}

// readPoint reads the point, an OCTET STRING inside the BIT STRING, and asks
// that the parameters be the one set and the one digest of the standard.
func readPoint(algorithm AlgorithmID, bits []byte, wantCurve, wantDigest string) ([]byte, error) {
	params := der.Read(algorithm.Params)
	p := params.Into(der.Sequence)
	curve, digest := p.OID(), p.OID()
	p.End()
	if params.End() != nil || curve != wantCurve || digest != wantDigest {
		return nil, refuse(Algorithm, "parameters of the public key")
	}
	if der.Check(bits) != nil {
		return nil, refuse(Malformed, "public key: point")
	}
	inner := der.Read(bits)
	point := inner.Value(der.OctetString).Body
	if err := inner.End(); err != nil {
		return nil, refuse(Malformed, "public key: %v", err)
	}
	return point, nil
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
	case k.old != nil && other.old != nil:
		return bytes.Equal(k.old.Bytes(), other.old.Bytes())
	case k.rsa != nil && other.rsa != nil:
		return k.rsa.Equal(other.rsa)
	}
	return false
}

// Usable says whether the key belongs to an algorithm of the table.
func (k Key) Usable() bool {
	return k.gost != nil || k.old != nil || k.rsa != nil || k.foreign != nil
}

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

// Remember makes verifying under this key faster from now on, at the price of
// some memory (gost3410.PublicKey.Remember). It is for pinned authorities and for
// responders whose certificate verified, never for keys that a stranger brings.
func (k Key) Remember() {
	if k.gost != nil {
		k.gost.Remember()
	}
}

// DigestOID is the digest that goes with the key when we choose it.
func (k Key) DigestOID() string {
	switch {
	case k.gost != nil:
		return GostDigest
	case k.old != nil:
		return OldGostDigest
	}
	return SHA256
}

// SignatureOID is the signature algorithm of the key over DigestOID.
func (k Key) SignatureOID() string {
	switch {
	case k.gost != nil:
		return GostSignature
	case k.old != nil:
		return OldGostSignature
	}
	return RSASignature
}

// signing is a hash that RSA signs over: the algorithm of the signature, that of
// the digest, and the hash itself.
type signing struct {
	signature, digest string
	hash              crypto.Hash
}

// rsaSigning is what an RSA key may sign with: PKCS#1 v1.5 (RFC 8017 8.2) over
// SHA-2, and nothing weaker.
var rsaSigning = [...]signing{
	{RSASignature, SHA256, crypto.SHA256},
	{RSASHA384, SHA384, crypto.SHA384},
	{RSASHA512, SHA512, crypto.SHA512},
}

// Takes says whether the key signs over this digest.
func (k Key) Takes(digestOID string) bool { return k.SignatureWith(digestOID) != "" }

// SignatureWith is the only signature algorithm that goes with the key and the
// digest, or empty where they do not go together.
func (k Key) SignatureWith(digestOID string) string {
	if k.gost != nil && digestOID == GostDigest {
		return GostSignature
	}
	if k.old != nil && digestOID == OldGostDigest {
		return OldGostSignature
	}
	for _, s := range rsaSigning {
		if k.rsa != nil && digestOID == s.digest {
			return s.signature
		}
	}
	return ""
}

// Verify checks a signature over the message. The algorithm must be one that goes
// with the key, with empty parameters: for national keys there is one, and for RSA
// the claim chooses among hashes of SHA-2 only.
func (k Key) Verify(claimed AlgorithmID, message, signature []byte) error {
	if !k.Usable() {
		return refuse(Algorithm, "key of algorithm %s", k.Name())
	}
	if k.foreign != nil {
		return k.foreign(k.spki, claimed, message, signature)
	}
	if !claimed.Plain() {
		return refuse(Algorithm, "parameters of signature algorithm %s", claimed.OID)
	}
	good, known := k.check(claimed.OID, message, signature)
	if !known {
		return refuse(Algorithm, "signature algorithm %s with a key of %s", claimed.OID, k.Name())
	}
	if !good {
		return refuse(SignatureWrong, "the signature does not verify")
	}
	return nil
}

// check also says whether the signature algorithm goes with the key.
func (k Key) check(algorithm string, message, signature []byte) (good, known bool) {
	if k.gost != nil && algorithm == GostSignature {
		digest := gost3411.Sum512(message)
		return k.gost.Verify(digest[:], signature), true
	}
	if k.old != nil && algorithm == OldGostSignature {
		digest := gost34311.Sum(message)
		return k.old.Verify(digest[:], signature), true
	}
	for _, s := range rsaSigning {
		if k.rsa != nil && algorithm == s.signature {
			h := s.hash.New()
			h.Write(message)
			return rsa.VerifyPKCS1v15(k.rsa, s.hash, h.Sum(nil), signature) == nil, true
		}
	}
	return false, false
}

// VerifySigner is Verify for a SignerInfo: the signature's hash must be that of its
// digest algorithm (RFC 5652 5.4; a message that names two was changed, or made to
// be read in two ways). The older habit of naming the key's algorithm, or plain RSA,
// as the algorithm of the signature is followed (RFC 5652 5.3 with RFC 3370 3.2), as
// Kalkan and others have it.
func (k Key) VerifySigner(digestOID string, claimed AlgorithmID, message, signature []byte) error {
	if !k.Usable() || k.foreign != nil {
		return k.Verify(claimed, message, signature)
	}
	expected := k.SignatureWith(digestOID)
	if expected == "" || claimed.OID != expected && claimed.OID != k.OID {
		return refuse(Algorithm, "digest %s and signature algorithm %s with a key of %s", digestOID, claimed.OID, k.Name())
	}
	claimed.OID = expected
	return k.Verify(claimed, message, signature)
}
