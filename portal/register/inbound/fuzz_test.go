package inbound

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// An envelope of anybody is read strictly or refused; nothing that was refused was read.
func FuzzEnvelope(f *testing.F) {
	for _, seed := range []string{`{"body":"AAAA","cms":"AAAA"}`, `{"body":"AAAA","body":"BBBB","cms":"AAAA"}`, `{"BODY":"AAAA"}`, `{"body":"AA\nAA"}`, `[[[[[[[[`, `{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}`, "\xff", `{}{}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := ReadEnvelope(raw)
		if err == nil && (!isBase64(e.Body) || !isBase64(e.CMS)) {
			t.Errorf("%q is taken", raw)
		}
	})
}

// Lines of anybody come one by one, none longer than may be, and they end.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{"a\nb\n", "\n\n\n", "a", "\r\n \r\n{}", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, all []byte) {
		next := Lines(bytes.NewReader(all))
		for n := 0; ; n++ {
			line, err := next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil || len(line) == 0 || len(line) > maxLine || bytes.ContainsRune(line, '\n') || n > len(all) {
				t.Fatalf("%q: line %d is %q, %v", all, n, line, err)
			}
		}
	})
}
