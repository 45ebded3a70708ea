package der

import (
	"bytes"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Encode writes one element around the joined parts.
func Encode(tag byte, parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	out := make([]byte, 0, size+6)
	out = append(out, tag)
	out = appendLength(out, size)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func appendLength(out []byte, size int) []byte {
	if size < 0x80 {
		return append(out, byte(size))
	}
	var octets []byte
	for n := size; n > 0; n >>= 8 {
		octets = append([]byte{byte(n)}, octets...)
	}
	return append(append(out, 0x80|byte(len(octets))), octets...)
}

// EncodeSequence writes a SEQUENCE of elements.
func EncodeSequence(parts ...[]byte) []byte { return Encode(Sequence, parts...) }

// EncodeSet writes a SET OF, putting its elements in the order of DER.
func EncodeSet(parts ...[]byte) []byte {
	sorted := slices.Clone(parts)
	slices.SortFunc(sorted, bytes.Compare)
	return Encode(Set, sorted...)
}

// EncodeOID writes an object identifier given in dotted form by a constant of
// the program; what is not a number counts as zero.
func EncodeOID(dotted string) []byte {
	var arcs []uint64
	for _, s := range strings.Split(dotted, ".") {
		n, _ := strconv.ParseUint(s, 10, 64)
		arcs = append(arcs, n)
	}
	if len(arcs) < 2 {
		return Encode(ObjectID, []byte{0})
	}
	body := appendArc(nil, arcs[0]*40+arcs[1])
	for _, arc := range arcs[2:] {
		body = appendArc(body, arc)
	}
	return Encode(ObjectID, body)
}

func appendArc(out []byte, arc uint64) []byte {
	octets := []byte{byte(arc & 0x7f)}
	for arc >>= 7; arc > 0; arc >>= 7 {
		octets = append([]byte{byte(arc&0x7f) | 0x80}, octets...)
	}
	return append(out, octets...)
}

// EncodeInt writes an integer that is not negative.
func EncodeInt(n *big.Int) []byte {
	body := n.Bytes()
	if len(body) == 0 || body[0] >= 0x80 {
		body = append([]byte{0}, body...)
	}
	return Encode(Integer, body)
}

// EncodeSmall writes a small integer that is not negative.
func EncodeSmall(n int) []byte { return EncodeInt(big.NewInt(int64(n))) }

// EncodeOctets writes an OCTET STRING.
func EncodeOctets(b []byte) []byte { return Encode(OctetString, b) }

// EncodeBits writes a BIT STRING of whole octets.
func EncodeBits(b []byte) []byte { return Encode(BitString, []byte{0}, b) }

// EncodeNull writes NULL.
func EncodeNull() []byte { return []byte{Null, 0} }

// EncodeTrue writes the BOOLEAN TRUE.
func EncodeTrue() []byte { return []byte{Boolean, 1, 0xff} }

// EncodeTime writes a moment as UTCTime until 2049 and as GeneralizedTime
// after it (RFC 5280 4.1.2.5, RFC 5652 11.3), to the second, in UTC.
func EncodeTime(t time.Time) []byte {
	t = t.UTC()
	if t.Year() >= 1950 && t.Year() < 2050 {
		return Encode(UTCTime, []byte(t.Format("060102150405Z")))
	}
	return Encode(GeneralizedTime, []byte(t.Format("20060102150405Z")))
}
