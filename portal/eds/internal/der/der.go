// Package der reads and writes the Distinguished Encoding Rules of ASN.1
// (ITU-T X.690, sections 8 to 11), the one spelling in which certificates and
// signatures are signed.
//
// Everything that arrives from outside goes through Check first: it walks the
// whole input once, counts elements and depth, and refuses every second
// spelling of the same value. After it a Reader may cut the bytes without
// fear. Containers that other programs write in the looser Basic rules are
// brought here by FromBER.
package der

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// Bounds of one input. The deepest genuine message seen, a signature with a
// time-stamp inside, has depth 18 and about 260 elements.
const (
	MaxDepth    = 32
	MaxElements = 2048
)

// Tags met in certificates and signatures, identifier octet as it stands in
// the bytes (X.690 8.1.2): class, constructed bit and number together.
const (
	Boolean         = 0x01
	Integer         = 0x02
	BitString       = 0x03
	OctetString     = 0x04
	Null            = 0x05
	ObjectID        = 0x06
	Enumerated      = 0x0a
	UTF8String      = 0x0c
	PrintableString = 0x13
	T61String       = 0x14
	IA5String       = 0x16
	UTCTime         = 0x17
	GeneralizedTime = 0x18
	BMPString       = 0x1e
	Sequence        = 0x30
	Set             = 0x31
)

// ErrMalformed is what every refusal of this package is, under errors.Is.
var ErrMalformed = errors.New("malformed encoding")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Context gives the identifier octet of the context-specific tag [n];
// constructed for explicit tags and for implicit tags of sequences and sets.
func Context(n int, constructed bool) byte {
	tag := byte(0x80 | n&0x1f)
	if constructed {
		tag |= 0x20
	}
	return tag
}

// Value is one element: its identifier octet, its contents, and the whole of
// it as it stood in the input. Nothing is copied.
type Value struct {
	Tag  byte
	Body []byte
	Full []byte
}

// Head reads the identifier and length octets that begin an element, definite
// and in the shortest form (X.690 10.1): the tag, how many octets they are, and
// how many octets of contents follow. The contents need not be there yet.
func Head(in []byte) (tag byte, head, size int, err error) {
	if len(in) < 2 {
		return 0, 0, 0, malformed("element is cut short")
	}
	if in[0]&0x1f == 0x1f {
		return 0, 0, 0, malformed("tag number above 30")
	}
	if in[1] < 0x80 {
		return in[0], 2, int(in[1]), nil
	}
	octets := int(in[1] & 0x7f)
	switch {
	case octets == 0:
		return 0, 0, 0, malformed("indefinite length")
	case octets > 4:
		return 0, 0, 0, malformed("length of %d octets", octets)
	case len(in) < 2+octets:
		return 0, 0, 0, malformed("length is cut short")
	}
	long := uint64(0)
	for _, b := range in[2 : 2+octets] {
		long = long<<8 | uint64(b)
	}
	if long < 0x80 || in[2] == 0 {
		return 0, 0, 0, malformed("length is not in its shortest form")
	}
	if long > math.MaxInt32 {
		return 0, 0, 0, malformed("element of %d bytes", long)
	}
	return in[0], 2 + octets, int(long), nil
}

// cut takes the first element off the input.
func cut(in []byte) (v Value, rest []byte, err error) {
	tag, head, size, err := Head(in)
	if err != nil {
		return v, nil, err
	}
	if len(in)-head < size {
		return v, nil, malformed("element of %d bytes where %d are left", size, len(in)-head)
	}
	end := head + size
	return Value{Tag: tag, Body: in[head:end:end], Full: in[:end:end]}, in[end:], nil
}

// Check says whether the input is exactly one DER element, nothing before and
// nothing after, within MaxDepth and MaxElements, with every universal
// primitive in its only spelling. It does not judge the order of SET OF,
// because the sets of genuine messages are not signed and not always sorted;
// where order is part of what was signed the reader of that set asks for it.
func Check(in []byte) error {
	budget := MaxElements
	rest, err := check(in, 1, &budget)
	if err != nil {
		return err
	}
	if len(rest) != 0 {
		return malformed("%d bytes after the end", len(rest))
	}
	return nil
}

func check(in []byte, depth int, budget *int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, malformed("nested deeper than %d", MaxDepth)
	}
	if *budget--; *budget < 0 {
		return nil, malformed("more than %d elements", MaxElements)
	}
	v, rest, err := cut(in)
	if err != nil {
		return nil, err
	}
	if v.Tag&0xc0 == 0 {
		if err := universal(v); err != nil {
			return nil, err
		}
	}
	if v.Tag&0x20 == 0 {
		return rest, nil
	}
	for body := v.Body; len(body) > 0; {
		if body, err = check(body, depth+1, budget); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// universal checks the contents of a universal type against X.690 8 and 11.
func universal(v Value) error {
	switch v.Tag {
	case Sequence, Set:
		return nil
	case Boolean:
		if len(v.Body) != 1 || v.Body[0] != 0 && v.Body[0] != 0xff {
			return malformed("boolean %x", v.Body)
		}
	case Integer, Enumerated:
		return shortest(v.Body)
	case BitString:
		return bits(v.Body)
	case Null:
		if len(v.Body) != 0 {
			return malformed("null of %d bytes", len(v.Body))
		}
	case ObjectID:
		return arcs(v.Body, func(uint64) {})
	case UTF8String:
		if !utf8.Valid(v.Body) {
			return malformed("text is not UTF-8")
		}
	case UTCTime, GeneralizedTime:
		_, err := clock(v)
		return err
	case OctetString, PrintableString, IA5String, BMPString, T61String, 0x12, 0x1a, 0x1b, 0x1c:
		return nil
	default:
		return malformed("unknown type %02x", v.Tag)
	}
	return nil
}

// shortest refuses empty integers and those with a redundant first octet
// (X.690 8.3.2).
func shortest(body []byte) error {
	if len(body) == 0 {
		return malformed("empty integer")
	}
	if len(body) > 1 && (body[0] == 0 && body[1] < 0x80 || body[0] == 0xff && body[1] >= 0x80) {
		return malformed("integer is not in its shortest form")
	}
	return nil
}

// bits requires that the unused bits are counted and zero (X.690 11.2.1).
func bits(body []byte) error {
	if len(body) == 0 || body[0] > 7 || len(body) == 1 && body[0] != 0 {
		return malformed("bit string header")
	}
	if unused := body[0]; unused > 0 && body[len(body)-1]&(1<<unused-1) != 0 {
		return malformed("unused bits are set")
	}
	return nil
}
