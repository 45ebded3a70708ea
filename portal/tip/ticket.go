package tip

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strconv"
	"time"

	"zharia/portal/vault"
)

// Ticket is what a page with the form carries: random, signed by the portal, and kept by
// nobody. It does three things. The receipt code comes out of it, so a form that is sent
// twice is one tip. A script solves a puzzle over it, which costs a telephone a second and
// a flood everything. Where no script runs, its age does instead: a person who wrote a
// text has waited anyway (Waits).
type Ticket string

const (
	ticketRandom = 12
	ticketMAC    = 12
	ticketSize   = 4 + ticketRandom + ticketMAC

	// Life is how long the form may stay open.
	Life = 12 * time.Hour
	// Wait is how old a ticket must be where nothing was solved.
	Wait = 20 * time.Second
	// Bits are how many zeros a solution begins with: 2¹⁷ tries on the average.
	Bits = 17
	// maxWork is the longest solution, in digits: the whole then fits one block of SHA-256.
	maxWork = 10
)

// NewTicket is a fresh one.
func NewTicket(keys *vault.Keys, at time.Time) Ticket {
	b := make([]byte, 4+ticketRandom, ticketSize)
	binary.BigEndian.PutUint32(b, uint32(at.Unix()))
	rand.Read(b[4:])
	return Ticket(base64.RawURLEncoding.EncodeToString(append(b, ticketSum(keys, b)...)))
}

func ticketSum(keys *vault.Keys, b []byte) []byte {
	return keys.Tag("tip.ticket", string(b))[:ticketMAC]
}

// Good tells whether the portal gave the ticket out, no longer than Life ago. age is how
// old it is.
func (t Ticket) Good(keys *vault.Keys, at time.Time) (age time.Duration, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(t))
	if err != nil || len(b) != ticketSize || !hmac.Equal(b[4+ticketRandom:], ticketSum(keys, b[:4+ticketRandom])) {
		return 0, false
	}
	age = at.Sub(time.Unix(int64(binary.BigEndian.Uint32(b)), 0))
	return age, age > -time.Minute && age < Life
}

// Solved tells whether work is a solution of its puzzle: a number that with the ticket and
// a colon before it has a SHA-256 beginning with Bits zeros.
func (t Ticket) Solved(work string) bool {
	if work == "" || len(work) > maxWork {
		return false
	}
	if n, err := strconv.ParseUint(work, 10, 64); err != nil || strconv.FormatUint(n, 10) != work {
		return false
	}
	sum := sha256.Sum256([]byte(string(t) + ":" + work))
	return bits.LeadingZeros32(binary.BigEndian.Uint32(sum[:])) >= Bits
}

// Code is the receipt code of what is sent with the ticket. Only the portal can compute
// it, and only while it has the ticket, which nobody keeps.
func (t Ticket) Code(keys *vault.Keys) Code { return codeOf(keys.Tag("tip.code", string(t))) }
