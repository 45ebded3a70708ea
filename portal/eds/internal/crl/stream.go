package crl

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// maxElement bounds every element that is looked at whole: names, entries,
// algorithms, extensions, the signature. Genuine ones have some 100 bytes.
const maxElement = 16 << 10

// stream takes a DER structure from a reader piece by piece and hashes what
// passes. The first thing that is not as expected is kept, and everything
// after it answers empty.
type stream struct {
	in     *bufio.Reader
	whole  hash.Hash
	passed int
	raw    []byte    // what passed, as long as it is short
	signed io.Writer // takes what is signed; nil outside of it
	err    error
}

func newStream(in io.Reader) *stream {
	return &stream{in: bufio.NewReaderSize(in, maxElement+16), whole: sha256.New()}
}

func (s *stream) fail(reason, format string, args ...any) {
	if s.err == nil {
		s.err = refuse(reason, format, args...)
	}
}

// peek shows the next n bytes; fewer where the input ends.
func (s *stream) peek(n int) []byte {
	if s.err != nil {
		return nil
	}
	b, err := s.in.Peek(n)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		// The connection's fault, not the list's: it stays what it was.
		s.err = fmt.Errorf("reading a revocation list: %w", err)
		return nil
	}
	return b
}

// pass goes over n bytes that were seen.
func (s *stream) pass(n int) {
	b := s.peek(n)
	if s.err != nil {
		return
	}
	s.whole.Write(b)
	if s.passed += n; s.passed <= MaxRaw {
		s.raw = append(s.raw, b...)
	} else {
		s.raw = nil
	}
	if s.signed != nil {
		if _, err := s.signed.Write(b); err != nil {
			s.err = err
		}
	}
	if _, err := s.in.Discard(n); err != nil {
		s.fail(chain.Malformed, "revocation list is cut short")
	}
}

// end says whether the input ends here.
func (s *stream) end() {
	if len(s.peek(1)) > 0 {
		s.fail(chain.Malformed, "bytes after the end of the list")
	}
}

// body is the contents of one element, of which left bytes are to come.
type body struct {
	*stream
	left int
}

// more says whether something is left. After a refusal there is not, so loops
// end.
func (b *body) more() bool { return b.err == nil && b.left > 0 }

// next says whether the next element has this tag, without taking it.
func (b *body) next(tag byte) bool {
	if !b.more() {
		return false
	}
	peeked := b.peek(1)
	return len(peeked) == 1 && peeked[0] == tag
}

// done refuses what is left over.
func (b *body) done() {
	if b.left > 0 {
		b.fail(chain.Malformed, "%d bytes left over", b.left)
	}
}

// head reads the identifier and length octets of the next element, which must
// have this tag and end within this body.
func (b *body) head(tag byte) (head, size int) {
	seen := b.peek(min(6, b.left))
	if b.err != nil {
		return 0, 0
	}
	got, head, size, err := der.Head(seen)
	switch {
	case err != nil:
		b.fail(chain.Malformed, "revocation list: %v", err)
	case got != tag:
		b.fail(chain.Malformed, "type %02x where %02x is expected", got, tag)
	case size > b.left-head:
		b.fail(chain.Malformed, "element of %d bytes where %d are left", size, b.left-head)
	}
	return head, size
}

// open enters a constructed element, however long it is.
func (b *body) open(tag byte) *body {
	head, size := b.head(tag)
	b.pass(head)
	if b.err != nil {
		return &body{stream: b.stream}
	}
	b.left -= head + size
	return &body{stream: b.stream, left: size}
}

// take shows the next element whole, checked, until the next call. What is to
// be kept is copied.
func (b *body) take(tag byte) []byte {
	head, size := b.head(tag)
	if b.err == nil && size > maxElement-head {
		b.fail(chain.Malformed, "element of %d bytes in a revocation list", size)
	}
	full := b.peek(head + size)
	if b.err != nil {
		return nil
	}
	if len(full) < head+size {
		b.fail(chain.Malformed, "revocation list is cut short")
		return nil
	}
	if err := der.Check(full); err != nil {
		b.fail(chain.Malformed, "revocation list: %v", err)
		return nil
	}
	b.pass(head + size)
	b.left -= head + size
	return full
}

// copied is take for what is kept.
func (b *body) copied(tag byte) []byte { return bytes.Clone(b.take(tag)) }
