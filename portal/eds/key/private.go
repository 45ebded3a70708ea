package key

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/gost3410"
	"zharia/portal/eds/internal/gost3411"
)

// Private is a private key that has no certificate yet. With neither half set
// it is a key of another family, which signs nothing.
type Private struct {
	oid  string
	gost *gost3410.PrivateKey
	rsa  *rsa.PrivateKey
}

// rsaBits is the length of the RSA keys made here.
const rsaBits = 2048

// Generate makes a national key, or an RSA one of 2048 bits.
func Generate(ofRSA bool) (*Private, error) {
	if ofRSA {
		k, err := rsa.GenerateKey(rand.Reader, rsaBits)
		return &Private{oid: chain.RSAKey, rsa: k}, err
	}
	k, err := gost3410.GenerateKey(rand.Reader)
	return &Private{oid: chain.GostKey, gost: k}, err
}

// readPrivate reads PrivateKeyInfo (RFC 5208 5). The national key is a number
// of 64 octets, little-endian, in an octet string of its own.
func readPrivate(private []byte) (*Private, error) {
	if err := der.Check(private); err != nil {
		return nil, err
	}
	top := der.Read(private)
	r := top.Into(der.Sequence)
	if version := r.Small(); version != 0 {
		r.Fail("private key of version %d", version)
	}
	algorithm := chain.ReadAlgorithm(r)
	body := r.Value(der.OctetString).Body
	if r.Next(der.Context(0, true)) {
		r.Any() // attributes, not needed
	}
	r.End()
	if err := top.End(); err != nil {
		return nil, err
	}
	switch algorithm.OID {
	case chain.GostKey:
		return readGost(body)
	case chain.RSAKey:
		return readRSA(private)
	}
	return &Private{oid: algorithm.OID}, nil
}

func readGost(body []byte) (*Private, error) {
	if err := der.Check(body); err != nil {
		return nil, err
	}
	inner := der.Read(body)
	scalar := inner.Value(der.OctetString).Body
	if err := inner.End(); err != nil {
		return nil, err
	}
	k, err := gost3410.ParsePrivateKey(scalar)
	if err != nil {
		return nil, err
	}
	return &Private{oid: chain.GostKey, gost: k}, nil
}

func readRSA(private []byte) (*Private, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	k, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errStranger
	}
	return &Private{oid: chain.RSAKey, rsa: k}, nil
}

// Certified puts the key together with its certificate, which must be its own.
func (p *Private) Certified(certificate []byte) (*Key, error) {
	c, err := chain.Parse(bytes.Clone(certificate))
	if err != nil {
		return nil, err
	}
	same := p.public().Equal(c.Key)
	if !p.usable() {
		// Nothing can be computed with such a key; the family must agree.
		same = p.oid == c.Key.OID
	}
	if !same {
		return nil, errStranger
	}
	return &Key{certificate: c, private: p}, nil
}

func (p *Private) usable() bool { return p.gost != nil || p.rsa != nil }

func (p *Private) public() chain.Key {
	switch {
	case p.gost != nil:
		return chain.NewGostKey(p.gost.Public())
	case p.rsa != nil:
		return chain.NewRSAKey(&p.rsa.PublicKey)
	}
	return chain.Key{OID: p.oid}
}

// Public gives SubjectPublicKeyInfo in DER, nil for a key of another family.
func (p *Private) Public() []byte {
	spki, err := p.public().Encode()
	if err != nil {
		return nil
	}
	return spki
}

// SignatureOID is the signature algorithm of the key, dotted.
func (p *Private) SignatureOID() string { return p.public().SignatureOID() }

// Sign makes the bare signature over a message: 128 octets r and s,
// little-endian, or RSA with SHA-256 by PKCS#1 v1.5.
func (p *Private) Sign(message []byte) ([]byte, error) {
	switch {
	case p.gost != nil:
		digest := gost3411.Sum512(message)
		return p.gost.Sign(rand.Reader, digest[:])
	case p.rsa != nil:
		digest := sha256.Sum256(message)
		return rsa.SignPKCS1v15(rand.Reader, p.rsa, crypto.SHA256, digest[:])
	}
	return nil, ErrAlgorithm
}

// encode writes PrivateKeyInfo.
func (p *Private) encode() ([]byte, error) {
	switch {
	case p.gost != nil:
		return der.EncodeSequence(
			der.EncodeSmall(0),
			chain.EncodeGostAlgorithm(),
			der.EncodeOctets(der.EncodeOctets(p.gost.Bytes())),
		), nil
	case p.rsa != nil:
		return x509.MarshalPKCS8PrivateKey(p.rsa)
	}
	return nil, ErrAlgorithm
}
