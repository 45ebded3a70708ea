package tsp

import (
	"math/big"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// maxNumber bounds serial number and nonce, in bytes of their contents; RFC
// 3161 2.4.2 asks to take 160 bits.
const maxNumber = 32

// maxAccuracy is how unsure of its time a stamp may be, in seconds. The
// national authority states none.
const maxAccuracy = 60

// info is a TSTInfo taken apart (RFC 3161 2.4.2).
type info struct {
	policy    string
	digest    chain.AlgorithmID
	imprint   []byte
	serial    *big.Int
	at        time.Time
	nonce     *big.Int // nil where there is none
	authority []byte   // the name of the authority, or nil
}

// readInfo reads a TSTInfo to its last byte. Fractions of a second, which RFC
// 3161 allows and der.Check does not, are refused, and so are extensions:
// national tokens have neither.
func readInfo(content []byte) (*info, error) {
	if err := der.Check(content); err != nil {
		return nil, err
	}
	i := &info{}
	top := der.Read(content)
	r := top.Into(der.Sequence)
	if version := r.Small(); version != 1 {
		r.Fail("version %d", version)
	}
	i.policy = r.OID()
	pair := r.Into(der.Sequence)
	i.digest = chain.ReadAlgorithm(pair)
	i.imprint = pair.Value(der.OctetString).Body
	pair.End()
	i.serial = number(r)
	if r.Err() == nil && !r.Next(der.GeneralizedTime) {
		r.Fail("generalized time expected")
	}
	i.at = r.Time()
	if r.Next(der.Sequence) {
		readAccuracy(r.Into(der.Sequence))
	}
	r.Flag() // whether the stamps can be put in order by time: we compare none
	if r.Next(der.Integer) {
		i.nonce = number(r)
	}
	if r.Next(der.Context(0, true)) {
		i.authority = readName(r.Into(der.Context(0, true)))
	}
	r.End()
	return i, top.End()
}

// number takes an integer that may be negative, as Java's random ones are.
func number(r *der.Reader) *big.Int {
	body := r.Value(der.Integer).Body
	if r.Err() == nil && len(body) > maxNumber {
		r.Fail("number of %d bytes", len(body))
	}
	n := new(big.Int)
	if r.Err() != nil {
		return n
	}
	n.SetBytes(body)
	if body[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(body))))
	}
	return n
}

func readAccuracy(r *der.Reader) {
	if r.Next(der.Integer) {
		if seconds := r.Small(); seconds > maxAccuracy {
			r.Fail("a time known to %d seconds", seconds)
		}
	}
	for _, thousandths := range []int{0, 1} { // of a second, and of those
		if r.Next(der.Context(thousandths, false)) {
			r.Any()
		}
	}
	r.End()
}

// readName takes the GeneralName of an authority, which must be a directory
// name to be held against the certificate.
func readName(r *der.Reader) []byte {
	directory := r.Into(der.Context(4, true))
	name := directory.Value(der.Sequence).Full
	directory.End()
	r.End()
	return name
}
