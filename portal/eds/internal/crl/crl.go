// Package crl reads the revocation lists of the national authority (RFC 5280
// section 5) and says of a certificate whether it is on one.
//
// The full list has 422,000 entries in 21 MB, so it is read as it arrives: the
// bytes are hashed and forgotten, and of an entry 32 bytes remain. Nothing of
// a list is believed before its signature verified. What the national lists do
// not use (indirect lists, lists of some reasons, attribute certificates) is
// refused, and every doubt makes a status unknown, never good.
package crl

import (
	"bytes"
	"fmt"
	"math/big"
	"sort"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/ocsp"
)

// Reasons of refusals besides those of package chain.
const (
	Extension = "extension"          // a critical extension that is not understood, or a kind of list that is not used
	Stale     = "stale"              // from the future, too old, or replaced
	NotKnown  = "revocation-unknown" // the list does not speak of the certificate
)

func refuse(reason, format string, args ...any) error {
	return &chain.Refused{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// Status is what is known of a certificate's revocation, in the words that the
// responders' answers have too. Unknown always comes with the reason why.
type Status = ocsp.Status

// The three of them.
const (
	Good    = ocsp.Good
	Revoked = ocsp.Revoked
	Unknown = ocsp.Unknown
)

// Reason codes with a meaning here (RFC 5280 5.3.1). A hold can be lifted and
// counts as revoked until it is.
const (
	Hold   = 6
	Remove = 8 // only in a delta: no longer revoked, or expired
)

// Entry is one line of a list: since when, and the reason code, 0 where the
// authority gives none.
type Entry struct {
	At     time.Time
	Reason int
}

// List is a revocation list whose signature verified. It is not changed after
// Read and may be asked by many at once.
type List struct {
	Issuer     []byte // the whole Name as it stands
	ThisUpdate time.Time
	NextUpdate time.Time // zero where the list names none
	Number     *big.Int  // nil where the list has none
	Base       *big.Int  // the number of the full list a delta completes, nil in a full list
	Digest     [32]byte  // SHA-256 of the whole DER
	Raw        []byte    // the whole DER where it has up to MaxRaw bytes, nil where it has more

	// MaxAge is how long after ThisUpdate the list may be used, besides its
	// own NextUpdate; zero asks for no more than NextUpdate. A list without
	// NextUpdate can be used only under a MaxAge. Set it before the list is
	// shared.
	MaxAge time.Duration

	signer  *chain.Certificate
	scope   scope
	entries index
}

// Len is how many entries there are.
func (l *List) Len() int { return l.entries.n }

// Find looks a serial number up.
func (l *List) Find(serial *big.Int) (Entry, bool) {
	key, ok := keyOf(serial)
	if !ok {
		return Entry{}, false
	}
	r := l.entries.find(key)
	if r == nil {
		return Entry{}, false
	}
	return Entry{At: time.Unix(r.at, 0).UTC(), Reason: int(r.reason)}, true
}

// serialKey is a serial number as 21 octets of two's complement: 160 bits, as
// RFC 5280 4.1.2.2 allows, and the sign. Negative numbers are against the
// rules, but lists with them exist and the number still has one meaning.
type serialKey [21]byte

// keyOf gives the key of a number, false where it has more than 160 bits.
func keyOf(serial *big.Int) (key serialKey, ok bool) {
	if serial == nil || serial.BitLen() > 160 {
		return key, false
	}
	n := serial
	if serial.Sign() < 0 {
		n = new(big.Int).Add(serial, new(big.Int).Lsh(big.NewInt(1), 8*uint(len(key))))
	}
	n.FillBytes(key[:])
	return key, true
}

// keyOfOctets gives the key of the contents of an INTEGER.
func keyOfOctets(body []byte) (key serialKey, ok bool) {
	if len(body) == 0 || len(body) > len(key) {
		return key, false
	}
	fill := byte(0)
	if body[0] >= 0x80 {
		fill = 0xff
	}
	if len(body) == len(key) && body[0] != fill {
		return key, false
	}
	for i := range len(key) - len(body) {
		key[i] = fill
	}
	copy(key[len(key)-len(body):], body)
	return key, true
}

// record is what remains of an entry: 32 bytes.
type record struct {
	at     int64 // seconds since 1970
	serial serialKey
	reason uint8
}

// index keeps the records in pieces, so that it grows without being copied,
// and in the order of their serial numbers once it is complete.
type index struct {
	pieces [][]record
	n      int
}

// pieceSize is the number of records in a piece of 128 KiB.
const pieceSize = 4096

func (x *index) add(r record) {
	if x.n%pieceSize == 0 {
		x.pieces = append(x.pieces, nil)
	}
	last := &x.pieces[len(x.pieces)-1]
	if len(x.pieces) > 1 && *last == nil {
		*last = make([]record, 0, pieceSize)
	}
	*last = append(*last, r)
	x.n++
}

func (x *index) at(i int) *record { return &x.pieces[i/pieceSize][i%pieceSize] }

// Len, Less and Swap are for package sort.
func (x *index) Len() int           { return x.n }
func (x *index) Less(i, j int) bool { return bytes.Compare(x.at(i).serial[:], x.at(j).serial[:]) < 0 }
func (x *index) Swap(i, j int)      { a, b := x.at(i), x.at(j); *a, *b = *b, *a }

// close sorts the records, and says whether each serial number stands once.
func (x *index) close() bool {
	sort.Sort(x)
	for i := 1; i < x.n; i++ {
		if x.at(i-1).serial == x.at(i).serial {
			return false
		}
	}
	return true
}

func (x *index) find(key serialKey) *record {
	i, found := sort.Find(x.n, func(i int) int { return bytes.Compare(key[:], x.at(i).serial[:]) })
	if !found {
		return nil
	}
	return x.at(i)
}
