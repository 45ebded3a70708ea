package cms

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// Decode brings a signature as programs hand it over to DER: PEM with the
// label CMS or PKCS7, bare base64, DER, or the Basic-rules shell some of them
// put around it. The whole input is consumed. A limit in bytes applies to the
// DER; text may be half as long again. Errors are *chain.Refused.
func Decode(in []byte, limit int) ([]byte, error) {
	if len(in) > limit+limit/2+1024 {
		return nil, refuse("too-large", "%d bytes", len(in))
	}
	raw := in
	if len(in) < 2 || in[0] != der.Sequence || in[1] < 0x80 {
		text, err := body(bytes.TrimSpace(in))
		if err != nil {
			return nil, err
		}
		raw = make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		n, err := base64.StdEncoding.Strict().Decode(raw, text)
		if err != nil {
			return nil, refuse(chain.Malformed, "neither DER nor base64")
		}
		raw = raw[:n]
	}
	if len(raw) > limit {
		return nil, refuse("too-large", "%d bytes", len(raw))
	}
	problem := der.Check(raw)
	if problem == nil {
		return raw, nil
	}
	if strict, err := der.FromBER(raw); err == nil {
		return strict, sameSigned(strict, raw)
	}
	return nil, refuse(chain.Malformed, "%v", problem)
}

// body strips the PEM lines, if any, and the line breaks.
func body(text []byte) ([]byte, error) {
	const begin, end = "-----BEGIN ", "-----END "
	if bytes.HasPrefix(text, []byte(begin)) {
		found := false
		for _, label := range []string{"CMS", "PKCS7"} {
			if rest, ok := bytes.CutPrefix(text, []byte(begin+label+"-----")); ok {
				text, found = bytes.CutSuffix(rest, []byte(end+label+"-----"))
			}
		}
		if !found {
			return nil, refuse(chain.Malformed, "PEM block is not one of CMS or PKCS7")
		}
	}
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' || r == ' ' {
			return -1
		}
		return r
	}, text), nil
}

// sameSigned asks, where a Basic-rules shell was rewritten, that what was
// signed stood in DER in the original: the certificates and the attributes
// must be there byte for byte.
func sameSigned(strict, original []byte) error {
	m, err := Parse(strict, chain.Profile{})
	if err != nil {
		return err
	}
	for _, c := range m.Certificates {
		if !bytes.Contains(original, c.Raw) {
			return refuse(chain.Malformed, "a certificate is not in DER")
		}
	}
	for _, s := range m.Signers {
		// The first octet is [0] in the message and SET where it is signed.
		if !bytes.Contains(original, s.signed[1:]) {
			return refuse(chain.Malformed, "signed attributes are not in DER")
		}
	}
	return nil
}

// EncodePEM writes a message as NCALayer does: label CMS, 64 characters a
// line.
func EncodePEM(raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: raw})
}
