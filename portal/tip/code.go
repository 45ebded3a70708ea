package tip

import (
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"
	"unicode"

	"golang.org/x/crypto/argon2"

	"zharia/portal/fault"
	"zharia/portal/vault"
)

// Code is a receipt code: twenty digits, the last two of which check the others, so that
// a slip of the pen is told from a code that nobody was given. It opens one tip, and is
// kept by him who was given it and nowhere else.
type Code string

const (
	secretDigits = 18 // close to 2⁶⁰ of them
	codeDigits   = secretDigits + 2
	groupDigits  = 4
)

var codes = new(big.Int).Exp(big.NewInt(10), big.NewInt(secretDigits), nil)

// codeOf is the code of 16 random bytes.
func codeOf(random []byte) Code {
	n := new(big.Int).Mod(new(big.Int).SetBytes(random[:16]), codes)
	secret := fmt.Sprintf("%0*s", secretDigits, n.String())
	return Code(fmt.Sprintf("%s%02d", secret, 98-rest(secret+"00")))
}

// rest is what remains of a number of digits by 97 (ISO 7064, MOD 97-10: every wrong
// digit and every two that changed places are found).
func rest(digits string) int {
	n := 0
	for _, d := range digits {
		n = (n*10 + int(d-'0')) % 97
	}
	return n
}

// ParseCode reads a code as people type it: spaces and dashes do not matter. The fault
// says whether digits are missing or one of them is wrong.
func ParseCode(text string) (Code, error) {
	digits := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
			return -1
		}
		return r
	}, text)
	switch {
	case digits == "":
		return "", fault.New(fault.Invalid, "form.required").At("code")
	case len(digits) != codeDigits || strings.Trim(digits, "0123456789") != "":
		return "", fault.New(fault.Invalid, "fault.tip-code").At("code")
	case rest(digits) != 1:
		return "", fault.New(fault.Invalid, "fault.tip-typo").At("code")
	}
	return Code(digits), nil
}

// Groups are the five groups of four in which it is shown.
func (c Code) Groups() []string {
	var out []string
	for i := 0; i < len(c); i += groupDigits {
		out = append(out, string(c[i:min(i+groupDigits, len(c))]))
	}
	return out
}

// Last is the group that is typed back.
func (c Code) Last() string { return string(c[len(c)-groupDigits:]) }

// What trying one code costs: 16 MiB and some twenty milliseconds of one core. The
// secret has sixty bits and the salt is known to the portal alone, so this is the second
// wall; it is low on purpose, for a flood pays it with our memory (Gate).
const (
	argonPasses = 2
	argonMemory = 16 << 10 // KiB
)

// bearer is what a code gives: the name under which its tip is found, and the key to
// which its texts are sealed.
type bearer struct {
	handle []byte
	key    hpke.PrivateKey
}

func bearerOf(keys *vault.Keys, code Code) (b bearer, err error) {
	secret := argon2.IDKey([]byte(code), keys.Tag("tip.salt", ""), argonPasses, argonMemory, 1, 32)
	if b.handle, err = hkdf.Key(sha256.New, secret, nil, "zharia/tip/handle", sha256.Size); err != nil {
		return b, err
	}
	seed, err := hkdf.Key(sha256.New, secret, nil, "zharia/tip/key", 32)
	if err != nil {
		return b, err
	}
	b.key, err = kem().DeriveKeyPair(seed)
	return b, err
}
