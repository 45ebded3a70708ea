package der

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
)

// open puts indefinite lengths around contents, as many as asked.
func open(levels int, contents []byte) []byte {
	in := bytes.Repeat([]byte{Sequence, 0x80}, levels)
	in = append(in, contents...)
	return append(in, make([]byte, 2*levels)...)
}

// cost says what a call allocates, in bytes.
func cost(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// An attached document of the greatest size costs its own size once more,
// however deep it lies and in however many pieces it comes.
func TestTheShellIsRewrittenInMemoryOfItsOwnSize(t *testing.T) {
	content := make([]byte, 32<<20)
	pieces := []byte{OctetString | 0x20, 0x80}
	for len(content) > 0 {
		n := min(len(content), 64<<10)
		pieces = append(pieces, EncodeOctets(content[:n])...)
		content = content[n:]
	}
	pieces = append(pieces, 0, 0)
	for name, in := range map[string][]byte{
		"in one piece":    open(30, EncodeOctets(make([]byte, 32<<20))),
		"in many pieces":  open(29, pieces),
		"deep and small":  open(MaxDepth-1, EncodeOctets(make([]byte, 64<<10))),
		"definite shells": bytes.Clone(EncodeSequence(EncodeSequence(open(1, EncodeOctets(make([]byte, 1<<20)))))),
	} {
		var err error
		used := cost(func() { _, err = FromBER(in) })
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if limit := uint64(len(in)) + 1<<20; used > limit {
			t.Errorf("%s: %d bytes for an input of %d", name, used, len(in))
		}
	}
}

// What is refused is refused before it costs anything.
func TestAHostileShellIsCheap(t *testing.T) {
	for name, in := range map[string][]byte{
		"nested without end":     bytes.Repeat([]byte{Sequence, 0x80}, 1<<20),
		"pieces in pieces":       bytes.Repeat([]byte{OctetString | 0x20, 0x80}, 1<<20),
		"a million empty pieces": append(append([]byte{OctetString | 0x20, 0x80}, bytes.Repeat([]byte{OctetString, 0}, 1<<20)...), 0, 0),
		"a length of gigabytes":  {Sequence, 0x84, 0x7f, 0xff, 0xff, 0xff, 0},
		"too deep":               open(MaxDepth, EncodeNull()),
		"a byte a piece":         append(append([]byte{OctetString | 0x20, 0x80}, bytes.Repeat([]byte{OctetString, 1, 7}, MaxElements)...), 0, 0),
	} {
		var err error
		start := time.Now()
		if used := cost(func() { _, err = FromBER(in) }); err == nil || used > 1<<20 {
			t.Errorf("%s: %d bytes, %v", name, used, err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// One public file of 5,639 bytes drives two common libraries to 23 GB.
func TestTheFileThatExhaustsOtherReadersIsCheapHere(t *testing.T) {
	const name = "37d17e1ac2d2"
	found := false
	for file, in := range beside.Corpus(t, "corpus-openssl-cms.zip") {
		if !strings.Contains(file, name) {
			continue
		}
		found = true
		if used := cost(func() { FromBER(in); Check(in) }); used > 1<<20 {
			t.Errorf("%s: %d bytes of %d", file, used, len(in))
		}
	}
	if !found {
		t.Logf("%s is not in this half of the corpus", name)
	}
}
