package backup

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A base of a server that was put back, before histories were archived, needs none of its own
// timeline; what another life archived beside it needs one.
func TestTheTimelineThatIsPlayed(t *testing.T) {
	const segment = "0000000000000003"
	for what, c := range map[string]struct {
		base     string
		archived map[string]string // names and what is in them
		asked    uint32
		want     string
		err      error
	}{
		"nothing archived":                   {base: "1", want: "current"},
		"its own alone":                      {base: "2", archived: map[string]string{"00000002" + segment: ""}, want: "current"},
		"a life that went on from it":        {base: "1", archived: map[string]string{"00000001" + segment: "", "00000002" + segment: "", "00000002.history": "1\t0/3000148\tbefore\n"}, want: "2"},
		"one that was left before the base":  {base: "1", archived: map[string]string{"00000002" + segment: "", "00000002.history": "1\t0/1000148\tbefore\n"}, want: "current"},
		"the first, though one went on":      {base: "1", archived: map[string]string{"00000002" + segment: "", "00000002.history": "1\t0/3000148\tbefore\n"}, asked: 1, want: "current"},
		"another, of which nobody knows":     {base: "1", archived: map[string]string{"00000002" + segment: ""}, err: ErrNoHistory},
		"put back to be looked at, not more": {base: "1", archived: map[string]string{"00000002.history": "1\t0/3000148\tbefore\n"}, want: "current"},
	} {
		i := Instant{Base: t.TempDir(), WAL: t.TempDir(), Timeline: c.asked}
		write := func(dir, name, text string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(i.Base, listFile, `{"WAL-Ranges": [{"Timeline": `+c.base+`, "Start-LSN": "0/2000028", "End-LSN": "0/2000100"}]}`)
		for name, text := range c.archived {
			write(i.WAL, name, text)
		}
		if got, err := i.whose(); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v; want %q, %v", what, got, err, c.want, c.err)
		}
	}
}
