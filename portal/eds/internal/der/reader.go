package der

import (
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Reader takes elements one after another. The first thing that is not as
// expected is kept and everything after it answers empty, so a structure can
// be read as a list of its fields and the error asked for once, at the end.
// Readers made by Into share the error of the one they come from.
type Reader struct {
	rest []byte
	err  *error
}

// Read begins reading the bytes, which should have passed Check.
func Read(in []byte) *Reader {
	return &Reader{rest: in, err: new(error)}
}

// Err is the first thing that was not as expected, or nil.
func (r *Reader) Err() error { return *r.err }

// Fail records a refusal of the caller's, unless one is there already.
func (r *Reader) Fail(format string, args ...any) {
	if *r.err == nil {
		*r.err = malformed(format, args...)
	}
}

// More says whether there is something left to read. After a refusal there
// is not, so loops end.
func (r *Reader) More() bool { return *r.err == nil && len(r.rest) > 0 }

// End refuses what is left over: a structure must be read to its last byte.
func (r *Reader) End() error {
	if *r.err == nil && len(r.rest) > 0 {
		r.Fail("%d bytes left over", len(r.rest))
	}
	return *r.err
}

// Next says whether the next element has this tag, without taking it.
func (r *Reader) Next(tag byte) bool { return r.More() && r.rest[0] == tag }

// Any takes the next element, whatever it is.
func (r *Reader) Any() Value {
	if *r.err != nil {
		return Value{}
	}
	v, rest, err := cut(r.rest)
	if err != nil {
		*r.err = err
		return Value{}
	}
	r.rest = rest
	return v
}

// Value takes the next element, which must have this tag.
func (r *Reader) Value(tag byte) Value {
	if *r.err == nil && !r.Next(tag) {
		r.Fail("type %02x expected", tag)
		return Value{}
	}
	return r.Any()
}

// Into takes the next element and reads inside it.
func (r *Reader) Into(tag byte) *Reader {
	return &Reader{rest: r.Value(tag).Body, err: r.err}
}

// Inside reads the contents of an element taken before.
func (r *Reader) Inside(v Value) *Reader {
	return &Reader{rest: v.Body, err: r.err}
}

// OID takes an object identifier and gives it in dotted form.
func (r *Reader) OID() string {
	v := r.Value(ObjectID)
	if *r.err != nil {
		return ""
	}
	s, err := oid(v.Body)
	if err != nil {
		*r.err = err
	}
	return s
}

// Small takes an integer between 0 and 2^31-1.
func (r *Reader) Small() int {
	v := r.Value(Integer)
	if *r.err != nil {
		return 0
	}
	if err := shortest(v.Body); err != nil {
		*r.err = err
		return 0
	}
	if len(v.Body) > 4 || v.Body[0] >= 0x80 {
		r.Fail("integer out of range")
		return 0
	}
	n := 0
	for _, b := range v.Body {
		n = n<<8 | int(b)
	}
	return n
}

// Big takes an integer that is not negative.
func (r *Reader) Big() *big.Int {
	v := r.Value(Integer)
	if *r.err == nil && (len(v.Body) == 0 || v.Body[0] >= 0x80) {
		r.Fail("negative integer")
	}
	return new(big.Int).SetBytes(v.Body)
}

// Bits takes a bit string of whole octets, as keys and signatures are.
func (r *Reader) Bits() []byte {
	v := r.Value(BitString)
	if *r.err != nil {
		return nil
	}
	if len(v.Body) == 0 || v.Body[0] != 0 {
		r.Fail("bit string of whole octets expected")
		return nil
	}
	return v.Body[1:]
}

// Flag takes a BOOLEAN that is there only when it is true: DER leaves out a
// value equal to its default (X.690 11.5), and every default here is false.
func (r *Reader) Flag() bool {
	if !r.Next(Boolean) {
		return false
	}
	if v := r.Any(); *r.err == nil && v.Body[0] != 0xff {
		r.Fail("false is written out")
	}
	return *r.err == nil
}

// Time takes a UTCTime or a GeneralizedTime, in UTC with seconds.
func (r *Reader) Time() time.Time {
	v := r.Any()
	if *r.err != nil {
		return time.Time{}
	}
	t, err := clock(v)
	if err != nil {
		*r.err = err
	}
	return t
}

// oid gives the dotted form of an object identifier (X.690 8.19).
func oid(body []byte) (string, error) {
	var out strings.Builder
	err := arcs(body, func(arc uint64) {
		if out.Len() == 0 {
			top := min(arc/40, 2)
			out.WriteString(strconv.FormatUint(top, 10))
			arc -= 40 * top
		}
		out.WriteByte('.')
		out.WriteString(strconv.FormatUint(arc, 10))
	})
	if err != nil {
		return "", err
	}
	return out.String(), nil
}

// arcs gives the numbers of an object identifier, the first two of them still
// in one.
func arcs(body []byte, each func(arc uint64)) error {
	if len(body) == 0 || len(body) > 64 {
		return malformed("object identifier of %d bytes", len(body))
	}
	arc, fresh := uint64(0), true
	for _, b := range body {
		if fresh && b == 0x80 || arc>>50 != 0 {
			return malformed("object identifier arc")
		}
		arc, fresh = arc<<7|uint64(b&0x7f), b < 0x80
		if fresh {
			each(arc)
			arc = 0
		}
	}
	if !fresh {
		return malformed("object identifier is cut short")
	}
	return nil
}

// clock reads both kinds of time in the only forms RFC 5280 4.1.2.5 allows.
// RFC 5652 11.3 asks the same of signing times.
func clock(v Value) (time.Time, error) {
	layout := ""
	switch {
	case v.Tag == UTCTime && len(v.Body) == 13:
		layout = "060102150405Z"
	case v.Tag == GeneralizedTime && len(v.Body) == 15:
		layout = "20060102150405Z"
	default:
		return time.Time{}, malformed("time %q", v.Body)
	}
	t, err := time.Parse(layout, string(v.Body))
	if err != nil || t.Format(layout) != string(v.Body) {
		return time.Time{}, malformed("time %q", v.Body)
	}
	// Go turns the century at 69, RFC 5280 at 50.
	if v.Tag == UTCTime && t.Year() >= 2050 {
		t = t.AddDate(-100, 0, 0)
	}
	return t, nil
}
