package eds

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// IIN is a person's individual identification number, 12 digits. However it
// is printed, logged or written to JSON it shows only its ends, so what was
// written to JSON does not read back; who needs the digits says Reveal. A
// database column receives the digits.
type IIN string

// errIIN says no more than that: the text was meant to be personal data.
var errIIN = errors.New("not 12 digits")

// ParseIIN takes 12 digits. The control digit is not asked for: numbers that
// fail it exist in certificates (see Valid).
func ParseIIN(s string) (IIN, error) {
	if !twelveDigits(s) {
		return "", errIIN
	}
	return IIN(s), nil
}

func twelveDigits(s string) bool {
	if len(s) != 12 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// Reveal gives the digits. Search for its callers to know who sees them.
func (i IIN) Reveal() string { return string(i) }

// Valid says whether the control digit is right: two rounds of weights modulo
// 11, the second asked only where the first gives 10. It catches typing
// errors; it is never a condition of a signature, because the authority's own
// test numbers fail it and the certificate is what identifies.
func (i IIN) Valid() bool {
	if !twelveDigits(string(i)) {
		return false
	}
	for _, shift := range []int{0, 2} {
		sum := 0
		for n := range 11 {
			sum += int(i[n]-'0') * ((n+shift)%11 + 1)
		}
		if control := sum % 11; control != 10 {
			return control == int(i[11]-'0')
		}
	}
	return false
}

// String masks the number: "12********11".
func (i IIN) String() string {
	if len(i) != 12 {
		return "************"[:min(len(i), 12)]
	}
	return string(i[:2]) + "********" + string(i[10:])
}

// Format masks the number under every verb of fmt.
func (i IIN) Format(f fmt.State, _ rune) { io.WriteString(f, i.String()) }

// LogValue masks the number in logs.
func (i IIN) LogValue() slog.Value { return slog.StringValue(i.String()) }

// MarshalText masks the number in JSON and the like.
func (i IIN) MarshalText() ([]byte, error) { return []byte(i.String()), nil }
