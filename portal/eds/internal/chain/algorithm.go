package chain

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"fmt"
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
func ReadAlgorithm(r *der.Reader) AlgorithmID {
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
	algorithm := ReadAlgorithm(r)
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

// Usable says whether anything can be verified with the key: its algorithm is of
// the table, or the profile has somebody who can (Profile.Foreign).
func (k Key) Usable() bool { return k.listed() || k.foreign != nil }

// Name is how the key's algorithm is called on a signature sheet. An RSA key has
// no hash of its own, so its length is told.
func (k Key) Name() string {
	switch {
	case k.gost != nil:
		return "GOST R 34.10-2015-512"
	case k.rsa != nil:
		return fmt.Sprintf("RSA-%d", k.rsa.N.BitLen())
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

// signing is a row of the closed table: what keys of an algorithm may sign with.
type signing struct {
	key, signature, digest string
	rsa                    crypto.Hash // of the padding; 0 where the key is not RSA
}

// signings is the closed table, for each key what we choose ourselves first. RSA
// signs by PKCS#1 v1.5 (RFC 8017 8.2) over SHA-2, and over nothing weaker.
var signings = [...]signing{
	{GostKey, GostSignature, GostDigest, 0},
	{OldGostKey, OldGostSignature, OldGostDigest, 0},
	{RSAKey, RSASignature, SHA256, crypto.SHA256},
	{RSAKey, RSASHA384, SHA384, crypto.SHA384},
	{RSAKey, RSASHA512, SHA512, crypto.SHA512},
}

// signing finds the first row of the key that is asked for; a key of another
// algorithm has none.
func (k Key) signing(asked func(signing) bool) (signing, bool) {
	for _, s := range signings {
		if k.listed() && s.key == k.OID && asked(s) {
			return s, true
		}
	}
	return signing{}, false
}

// listed says whether the key can be verified with here.
func (k Key) listed() bool { return k.gost != nil || k.old != nil || k.rsa != nil }

// DigestOID is the digest that goes with the key when we choose it; empty for a
// key of another algorithm.
func (k Key) DigestOID() string {
	s, _ := k.signing(func(signing) bool { return true })
	return s.digest
}

// SignatureOID is the signature algorithm of the key over DigestOID, or empty.
func (k Key) SignatureOID() string { return k.SignatureWith(k.DigestOID()) }

// Takes says whether the key signs over this digest. Keys that only a suite of
// others brings (Profile.Foreign) are asked about SHA-256 alone.
func (k Key) Takes(digestOID string) bool {
	return k.SignatureWith(digestOID) != "" || k.foreign != nil && digestOID == SHA256
}

// SignatureWith is the only signature algorithm that goes with the key and the
// digest, or empty where they do not go together.
func (k Key) SignatureWith(digestOID string) string {
	s, _ := k.signing(func(s signing) bool { return s.digest == digestOID })
	return s.signature
}

// Verify checks a signature over the message. The algorithm must be one that goes
// with the key, with empty parameters: for national keys there is one, and for RSA
// the claim chooses among hashes of SHA-2 only. Errors are *Refused.
func (k Key) Verify(claimed AlgorithmID, message, signature []byte) error {
	if k.foreign != nil {
		return k.foreign(k.spki, claimed, message, signature)
	}
	h, err := k.Hash(claimed)
	if err != nil {
		return err
	}
	h.Write(message)
	return k.VerifyDigest(claimed, h.Sum(nil), signature)
}

// Hash gives the hash function that a signature by this algorithm is over, for
// messages too long to be kept; VerifyDigest takes the sum. A key that the closed
// table does not have (Profile.Foreign) wants the whole message: it is refused.
func (k Key) Hash(claimed AlgorithmID) (hash.Hash, error) {
	s, err := k.claimed(claimed)
	if err != nil {
		return nil, err
	}
	return k.Digest(s.digest)
}

// VerifyDigest is Verify for whoever has hashed the message with Hash.
func (k Key) VerifyDigest(claimed AlgorithmID, digest, signature []byte) error {
	s, err := k.claimed(claimed)
	if err != nil {
		return err
	}
	good := false
	switch {
	case k.gost != nil:
		good = k.gost.Verify(digest, signature)
	case k.old != nil:
		good = k.old.Verify(digest, signature)
	case k.rsa != nil:
		good = rsa.VerifyPKCS1v15(k.rsa, s.rsa, digest, signature) == nil
	}
	if !good {
		return refuse(SignatureWrong, "the signature does not verify")
	}
	return nil
}

// claimed finds what a signature says it was made with.
func (k Key) claimed(a AlgorithmID) (signing, error) {
	if !k.listed() {
		return signing{}, refuse(Algorithm, "key of algorithm %s", k.Name())
	}
	if !a.Plain() {
		return signing{}, refuse(Algorithm, "parameters of signature algorithm %s", a.OID)
	}
	s, known := k.signing(func(s signing) bool { return s.signature == a.OID })
	if !known {
		return signing{}, refuse(Algorithm, "signature algorithm %s with a key of %s", a.OID, k.Name())
	}
	return s, nil
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
