package p12

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"unicode/utf16"

	"zharia/portal/eds/internal/der"
)

const (
	pbeTripleDES = "1.2.840.113549.1.12.1.3"
	pbeRC2       = "1.2.840.113549.1.12.1.6"
	pbes2        = "1.2.840.113549.1.5.13"
	oidPBKDF2    = "1.2.840.113549.1.5.12"
	hmacSHA1     = "1.2.840.113549.2.7"
	hmacSHA256   = "1.2.840.113549.2.9"
	aes128       = "2.16.840.1.101.3.4.1.2"
	aes192       = "2.16.840.1.101.3.4.1.22"
	aes256       = "2.16.840.1.101.3.4.1.42"
)

// What a derived secret is for (RFC 7292 B.3).
const (
	purposeKey = 1
	purposeIV  = 2
	purposeMAC = 3
)

// bmp spells the password as RFC 7292 B.1 asks: UTF-16, big-endian, with two
// zero octets at the end.
func bmp(password string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(password)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return append(out, 0, 0)
}

// derive makes a secret from a password (RFC 7292 B.2).
func derive(newHash func() hash.Hash, purpose byte, password, salt []byte, iterations, size int) []byte {
	h := newHash()
	block := h.BlockSize()
	diversifier := make([]byte, block)
	for i := range diversifier {
		diversifier[i] = purpose
	}
	input := append(stretch(salt, block), stretch(password, block)...)
	var out []byte
	for len(out) < size {
		h.Reset()
		h.Write(diversifier)
		h.Write(input)
		a := h.Sum(nil)
		for range iterations - 1 {
			h.Reset()
			h.Write(a)
			a = h.Sum(a[:0])
		}
		out = append(out, a...)
		addOne(input, stretch(a, block)[:block], block)
	}
	return out[:size]
}

// stretch repeats bytes to a whole number of blocks.
func stretch(in []byte, block int) []byte {
	if len(in) == 0 {
		return nil
	}
	out := make([]byte, (len(in)+block-1)/block*block)
	for i := range out {
		out[i] = in[i%len(in)]
	}
	return out
}

// addOne adds b and one to every block of the input, as big-endian numbers.
func addOne(input, b []byte, block int) {
	for start := 0; start < len(input); start += block {
		carry := 1
		for i := block - 1; i >= 0; i-- {
			carry += int(input[start+i]) + int(b[i])
			input[start+i] = byte(carry)
			carry >>= 8
		}
	}
}

// decrypt opens what a password-based scheme sealed.
func decrypt(scheme string, params der.Value, sealed []byte, password string) ([]byte, error) {
	var c cipher.Block
	var iv []byte
	var err error
	switch scheme {
	case pbeTripleDES, pbeRC2:
		c, iv, err = oldScheme(scheme, params, password)
	case pbes2:
		c, iv, err = newScheme(params, password)
	default:
		err = fmt.Errorf("container sealed by %s", scheme)
	}
	if err != nil {
		return nil, err
	}
	size := c.BlockSize()
	if len(sealed) == 0 || len(sealed)%size != 0 || len(iv) != size {
		return nil, ErrPassword
	}
	plain := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(plain, sealed)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > size {
		return nil, ErrPassword
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, ErrPassword
		}
	}
	return plain[:len(plain)-pad], nil
}

// oldScheme is the password-based encryption of RFC 7292 C, always by SHA-1.
func oldScheme(scheme string, params der.Value, password string) (cipher.Block, []byte, error) {
	top := der.Read(params.Full)
	r := top.Into(der.Sequence)
	salt, iterations := r.Value(der.OctetString).Body, r.Small()
	r.End()
	if err := top.End(); err != nil {
		return nil, nil, err
	}
	if err := sane(salt, iterations); err != nil {
		return nil, nil, err
	}
	secret := func(purpose byte, size int) []byte {
		return derive(sha1.New, purpose, bmp(password), salt, iterations, size)
	}
	iv := secret(purposeIV, 8)
	if scheme == pbeRC2 {
		return newRC2(secret(purposeKey, 5)), iv, nil
	}
	c, err := des.NewTripleDESCipher(secret(purposeKey, 24))
	return c, iv, err
}

// newScheme is PBES2 (RFC 8018 6.2) with PBKDF2 and AES in CBC.
func newScheme(params der.Value, password string) (cipher.Block, []byte, error) {
	top := der.Read(params.Full)
	r := top.Into(der.Sequence)
	kdf, encryption := r.Into(der.Sequence), r.Into(der.Sequence)
	if name := kdf.OID(); name != oidPBKDF2 {
		kdf.Fail("key derivation %s", name)
	}
	p := kdf.Into(der.Sequence)
	salt, iterations := p.Value(der.OctetString).Body, p.Small()
	if p.Next(der.Integer) {
		p.Small() // the key's length, which the cipher knows
	}
	newHash := sha1.New
	if p.Next(der.Sequence) {
		prf := p.Into(der.Sequence)
		switch name := prf.OID(); name {
		case hmacSHA1:
		case hmacSHA256:
			newHash = sha256.New
		default:
			prf.Fail("key derivation by %s", name)
		}
	}
	size := map[string]int{aes128: 16, aes192: 24, aes256: 32}[encryption.OID()]
	iv := encryption.Value(der.OctetString).Body
	for _, one := range []*der.Reader{p, kdf, encryption, r, top} {
		if err := one.End(); err != nil {
			return nil, nil, err
		}
	}
	if size == 0 {
		return nil, nil, fmt.Errorf("container sealed by an unknown cipher")
	}
	if err := sane(salt, iterations); err != nil {
		return nil, nil, err
	}
	secret, err := pbkdf2.Key(newHash, password, salt, iterations, size)
	if err != nil {
		return nil, nil, err
	}
	c, err := aes.NewCipher(secret)
	return c, iv, err
}
