// Package key holds private keys of people: it opens the containers they keep
// them in and makes the signatures NCALayer makes.
//
// The portal itself never has a citizen's key. This package is for the signing
// agent of the demonstration, for demo accounts and for tests; the arithmetic
// under it is not hardened against timing.
package key

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/p12"
)

// ErrPassword says that the container did not open: the password is wrong or
// the file is damaged.
var ErrPassword = p12.ErrPassword

// ErrAlgorithm says that a key is of a family that no longer signs.
var ErrAlgorithm = errors.New("key of an algorithm that is not used any more")

// Key is a private key with its certificate.
type Key struct {
	certificate *chain.Certificate
	private     *Private
}

// Subject is the owner, as the certificate names them. The numbers are in
// clear: this is the owner's own computer.
type Subject struct {
	Name         string // common name
	IIN          string // 12 digits or empty
	BIN          string // 12 digits or empty
	Organisation string
}

// ReadPKCS12 opens a container (.p12) and gives its keys, each with the
// certificate that belongs to it. A key without one is left out. A wrong
// password is ErrPassword.
func ReadPKCS12(container []byte, password string) ([]*Key, error) {
	contents, err := p12.Open(container, password)
	if err != nil {
		return nil, fmt.Errorf("open key container: %w", err)
	}
	var keys []*Key
	for _, private := range contents.Keys {
		for _, certificate := range contents.Certificates {
			k, err := New(private, certificate)
			if errors.Is(err, errStranger) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("read key container: %w", err)
			}
			keys = append(keys, k)
			break
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("read key container: no key with its certificate")
	}
	return keys, nil
}

// errStranger says that a key and a certificate do not belong together.
var errStranger = errors.New("the key is not the certificate's")

// New puts a private key (PKCS#8 PrivateKeyInfo, DER) and its certificate
// (DER) together. They must belong to each other. A key of the family before
// 2022 is taken in but does not sign.
func New(private, certificate []byte) (*Key, error) {
	p, err := readPrivate(private)
	if err != nil {
		return nil, err
	}
	return p.Certified(certificate)
}

// Certificate gives the certificate in DER.
func (k *Key) Certificate() []byte { return bytes.Clone(k.certificate.Raw) }

// Subject says whose key it is.
func (k *Key) Subject() Subject {
	return Subject{
		Name:         first(k.certificate, "2.5.4.3", ""),
		IIN:          first(k.certificate, "2.5.4.5", "IIN"),
		BIN:          first(k.certificate, "2.5.4.11", "BIN"),
		Organisation: first(k.certificate, "2.5.4.10", ""),
	}
}

func first(c *chain.Certificate, attribute, prefix string) string {
	for _, v := range c.Name(attribute) {
		if rest, ok := strings.CutPrefix(v, prefix); ok {
			return rest
		}
	}
	return ""
}

// Purposes gives the extended key usage, dotted: what a page may filter keys
// by.
func (k *Key) Purposes() []string { return append([]string(nil), k.certificate.Extended...) }

// Serial is the serial number of the certificate in lower-case hex.
func (k *Key) Serial() string { return fmt.Sprintf("%x", k.certificate.Serial.Bytes()) }

// Valid gives the dates of the certificate.
func (k *Key) Valid() (from, to time.Time) { return k.certificate.NotBefore, k.certificate.NotAfter }

// IssuedBy says whether this certificate (DER) is of the authority that
// signed the key's.
func (k *Key) IssuedBy(authority []byte) bool {
	c, err := chain.Parse(authority)
	return err == nil && bytes.Equal(c.Subject, k.certificate.Issuer) && k.certificate.SignedBy(c) == nil
}

// Algorithm names the key's algorithm for display.
func (k *Key) Algorithm() string { return k.certificate.Key.Name() }

// Sign makes the bare signature over a message: 128 octets r and s,
// little-endian, or RSA with SHA-256 by PKCS#1 v1.5.
func (k *Key) Sign(message []byte) ([]byte, error) { return k.private.Sign(message) }

// SignCMS signs content the way NCALayer does, CAdES-BES in DER: attached
// carries the content inside, detached does not. The time is the one claimed
// as signing time; the zero time leaves it out.
func (k *Key) SignCMS(content []byte, attached bool, at time.Time) ([]byte, error) {
	if !k.certificate.Key.Usable() {
		return nil, ErrAlgorithm
	}
	return cms.Draft{
		Content: content, Attached: attached, At: at,
		Certificate: k.certificate, Sign: k.Sign,
	}.Build()
}

// EncodePEM writes a signature as NCALayer hands it over: PEM with the label
// CMS and lines of 64 characters.
func EncodePEM(signature []byte) []byte { return cms.EncodePEM(signature) }

const (
	labelKey         = "PRIVATE KEY"
	labelCertificate = "CERTIFICATE"
)

// MarshalPrivate writes the key and its certificate as two PEM blocks, in
// clear: for keys of demo accounts and tests. Keep the file to its owner.
func (k *Key) MarshalPrivate() ([]byte, error) {
	private, err := k.private.encode()
	if err != nil {
		return nil, err
	}
	out := pem.EncodeToMemory(&pem.Block{Type: labelKey, Bytes: private})
	return append(out, pem.EncodeToMemory(&pem.Block{Type: labelCertificate, Bytes: k.certificate.Raw})...), nil
}

// ParsePrivate reads what MarshalPrivate wrote.
func ParsePrivate(b []byte) (*Key, error) {
	private, rest := pem.Decode(b)
	if private == nil || private.Type != labelKey {
		return nil, errors.New("read private key: not a key file")
	}
	certificate, rest := pem.Decode(rest)
	if certificate == nil || certificate.Type != labelCertificate || len(bytes.TrimSpace(rest)) != 0 {
		return nil, errors.New("read private key: not a key file")
	}
	k, err := New(private.Bytes, certificate.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	return k, nil
}
