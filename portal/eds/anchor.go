package eds

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"zharia/portal/eds/internal/chain"
)

// Pins are the SHA-256 digests of the certificates that may be trusted.
type Pins map[[32]byte]bool

// ParsePins reads digests in hex, with commas or spaces between.
func ParsePins(text string) (Pins, error) {
	pins := Pins{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		digest, err := hex.DecodeString(word)
		if err != nil || len(digest) != 32 {
			return nil, fmt.Errorf("%q is not a SHA-256 in hex", word)
		}
		pins[[32]byte(digest)] = true
	}
	if len(pins) == 0 {
		return nil, fmt.Errorf("no digest of a trusted certificate")
	}
	return pins, nil
}

// testWords are words in the names of authorities that issue to nobody in
// particular: the national test hierarchy and the one of our demonstration.
var testWords = []string{"TEST", "DEMO", "DEMONSTRATION"}

// AddPinned is AddAuthority for a portal that serves people: the certificate
// must be among the pins and not be of a test hierarchy (THREATS S27).
func (v *Verifier) AddPinned(cert []byte, pins Pins) error {
	raw, err := bare(cert)
	if err != nil {
		return err
	}
	c, err := chain.Parse(raw)
	if err != nil {
		return refusal(err)
	}
	if !pins[c.Digest()] {
		return refuse(UnknownAuthority, "its SHA-256 %x is not pinned", c.Digest())
	}
	for _, name := range append(c.Name(attrCommonName), c.Name(attrOrganisation)...) {
		words := strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool { return strings.ContainsRune(" ()-.,", r) })
		if slices.ContainsFunc(testWords, func(w string) bool { return slices.Contains(words, w) }) {
			return refuse(UnknownAuthority, "it is a test authority's")
		}
	}
	return v.AddAuthority(raw)
}
