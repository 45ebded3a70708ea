package inbound

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// What comes before anybody's signature is asked costs no more memory than it is long.
func TestAnObjectOfManyNamesIsRefusedBeforeItFillsTheMemory(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"body":"AAAA"`)
	for i := range 400_000 {
		fmt.Fprintf(&text, `,"%s":1`, name(i))
	}
	text.WriteString("}")
	raw := []byte(text.String())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ReadEnvelope(raw)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Fatal("it is taken")
	}
	if spent := after.TotalAlloc - before.TotalAlloc; spent > uint64(len(raw)) {
		t.Errorf("%d bytes cost %d", len(raw), spent)
	}
}

// name is a word of letters for each number.
func name(i int) string {
	out := []byte{'a'}
	for ; i > 0; i /= 26 {
		out = append(out, byte('a'+i%26))
	}
	return string(out) + "z"
}
