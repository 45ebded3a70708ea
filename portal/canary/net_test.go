package canary_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"zharia/portal/canary"
	"zharia/portal/eds"
)

// fifty are the canaries that the design names: words of both languages and of Latin,
// numbers in the three shapes, bytes.
func fifty(seed uint64) *canary.Brood {
	b := canary.Hatch(seed)
	for i := range 14 {
		b.Word(fmt.Sprint("kk ", i), "kk")
	}
	for i := range 12 {
		b.Word(fmt.Sprint("ru ", i), "ru")
	}
	for i := range 8 {
		b.Word(fmt.Sprint("latin ", i), "latin")
	}
	for i := range 4 {
		b.IIN(fmt.Sprint("iin ", i))
		b.Phone(fmt.Sprint("phone ", i))
		b.Case(fmt.Sprint("case ", i))
		b.Bytes(fmt.Sprint("bytes ", i))
	}
	return b
}

func noise(n int, seed uint64) []byte {
	out, r := make([]byte, n), rand.New(rand.NewPCG(seed, 1))
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

func drawn(t *testing.T, b *canary.Brood, place string, content []byte) *canary.Net {
	t.Helper()
	n := canary.Knit(b.All, t.TempDir())
	if err := n.Stream(place, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEveryFormOfEveryCanaryIsFoundWhereverItStands(t *testing.T) {
	t.Parallel()
	b := fifty(1)
	forms, sea := 0, noise(1<<20+4000, 1)
	for i := range b.All {
		n := canary.Knit(b.All[i:i+1], t.TempDir())
		for j, f := range b.All[i].Forms() {
			// At the very beginning; and, for a part of them, over the end of a window and
			// at the end of all.
			places := []int{0}
			if (i+j)%29 == 0 {
				places = append(places, 1<<20-1-(i+j)%len(f.Bytes), len(sea)-len(f.Bytes))
			}
			for _, at := range places {
				content := bytes.Clone(sea[:600])
				if at > 0 {
					content = bytes.Clone(sea)
				}
				copy(content[at:], f.Bytes)
				place := fmt.Sprint(j, " ", at)
				if err := n.Stream(place, bytes.NewReader(content)); err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(n.Caught, func(h canary.Hit) bool { return h.Place == place && h.Form == f.Name && h.At == int64(at) }) {
					t.Errorf("%s as %s is not found at %d: %v", b.All[i], f.Name, at, n.Caught)
				}
			}
			forms++
		}
	}
	t.Logf("%d canaries, %d forms", len(b.All), forms)
	if n := drawn(t, b, "noise", noise(8<<20, 2)); len(n.Caught) != 0 {
		t.Errorf("found in noise: %v", n.Caught)
	}
}

// What the searcher calls a form must be what others write: each is made here by the
// libraries that programs use.
func TestAWordIsFoundAsOthersWriteIt(t *testing.T) {
	t.Parallel()
	b := fifty(3)
	words := map[string]canary.Canary{}
	for _, c := range b.All {
		words[strings.Fields(c.Name)[0]] = c
	}
	wide := func(order func(u uint16) []byte) func(string) []byte {
		return func(s string) (out []byte) {
			for _, u := range utf16.Encode([]rune(s)) {
				out = append(out, order(u)...)
			}
			return out
		}
	}
	le, be := wide(func(u uint16) []byte { return []byte{byte(u), byte(u >> 8)} }), wide(func(u uint16) []byte { return []byte{byte(u >> 8), byte(u)} })
	ways := map[string]func(string) []byte{
		"as it is":  func(s string) []byte { return []byte(s) },
		"in great":  func(s string) []byte { return []byte(strings.ToUpper(s)) },
		"utf-16 le": le, "utf-16 be": be,
		"base64":         func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(s))) },
		"base64 after 1": func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte("." + s + "!"))) },
		"base64 after 2": func(s string) []byte { return []byte(base64.RawURLEncoding.EncodeToString([]byte(".." + s + "?!"))) },
		"base64 of wide": func(s string) []byte { return []byte(base64.StdEncoding.EncodeToString(append([]byte("."), le(s)...))) },
		"base64 in lines": func(s string) []byte {
			return folded(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("-", 40) + s + strings.Repeat("-", 40))))
		},
		"hex":        func(s string) []byte { return []byte(hex.EncodeToString([]byte(s))) },
		"bytea":      func(s string) []byte { return fmt.Appendf(nil, `\x%X`, le(s)) },
		"an address": func(s string) []byte { return []byte(url.Values{"q": {s}}.Encode()) },
		"a path":     func(s string) []byte { return []byte(url.PathEscape(s)) },
		"json":       func(s string) []byte { return []byte(asciiJSON(s)) },
		"html":       func(s string) []byte { return []byte(html.EscapeString(s)) },
		"go":         func(s string) []byte { return fmt.Appendf(nil, "%+q", s) },
		"mail": func(s string) []byte {
			var out bytes.Buffer
			w := quotedprintable.NewWriter(&out)
			io.WriteString(w, strings.Repeat("-", 30)+s)
			w.Close()
			return out.Bytes()
		},
		"cp1251": func(s string) []byte {
			b, err := charmap.Windows1251.NewEncoder().Bytes([]byte(s))
			if err != nil {
				return nil // has letters that page lacks
			}
			return b
		},
	}
	n := canary.Knit(b.All, t.TempDir())
	for kind, c := range words {
		for way, write := range ways {
			if c.Binary && !slices.Contains([]string{"as it is", "base64", "base64 after 1", "base64 in lines", "hex", "an address", "a path", "mail"}, way) {
				continue
			}
			written := write(c.Text)
			if written == nil {
				if kind != "kk" {
					t.Errorf("%s cannot be written in %s", kind, way)
				}
				continue
			}
			place := kind + " in " + way + "."
			if err := n.Stream(place, bytes.NewReader(slices.Concat([]byte("{ "), written, []byte(" }")))); err != nil {
				t.Fatal(err)
			}
			if got := n.In(place); !slices.Equal(got, []string{c.String()}) {
				t.Errorf("%s in %s: %q", kind, way, got)
			}
		}
	}
}

func folded(s string) []byte {
	var out []byte
	for len(s) > 76 {
		out, s = append(append(out, s[:76]...), "\r\n"...), s[76:]
	}
	return append(out, s...)
}

func asciiJSON(s string) string {
	plain, _ := json.Marshal(s)
	var out strings.Builder
	for _, u := range utf16.Encode([]rune(string(plain))) {
		if u < 0x80 {
			out.WriteByte(byte(u))
		} else {
			fmt.Fprintf(&out, `\u%04x`, u)
		}
	}
	return out.String()
}

func TestCompressedStreamsAreOpenedInEachOtherAndThoughTheyAreCut(t *testing.T) {
	t.Parallel()
	b := canary.Hatch(5)
	word := b.Word("word", "kk")
	text := []byte(strings.Repeat("Тергеуші қаулы шығарды. ", 4000) + word + strings.Repeat(" Прокурор келісті.", 4000))
	gz := func(in []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		w.Write(in)
		w.Close()
		return out.Bytes()
	}
	zl := func(in []byte) []byte {
		var out bytes.Buffer
		w, _ := zlib.NewWriterLevel(&out, 9)
		w.Write(in)
		w.Close()
		return out.Bytes()
	}
	zp := func(in []byte) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		f, _ := w.Create("word/document.xml")
		f.Write(in)
		w.Close()
		return out.Bytes()
	}
	pdf := func(in []byte) []byte {
		return slices.Concat([]byte("%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode>>\nstream\n"), zl(in), []byte("\nendstream\n"))
	}
	for what, content := range map[string][]byte{
		"gzip": gz(text), "zlib": zl(text), "zip": zp(text), "PDF": pdf(text), "PDF in zip in gzip": gz(zp(pdf(text))),
		"gzip after noise": append(noise(3<<20, 9), gz(text)...), "gzip, cut": gz(slices.Concat(text, noise(100_000, 1)))[:50_000],
		"large, in a file": gz(slices.Concat(noise(9<<20, 3), zl(text))),
	} {
		if bytes.Contains(content, []byte(word)) {
			t.Fatalf("%s: it is not compressed", what)
		}
		n := drawn(t, b, what, content)
		if len(n.In(what)) != 1 || n.Inflated == 0 {
			t.Errorf("%s: %v, %d streams", what, n.Caught, n.Inflated)
		}
	}
}

// The files were made by the programs zstd (-1, -19, and from a pipe) and lz4 (-1, and -9
// with blocks that go on in each other) from the bytes of plainText.
func TestStreamsOfOtherProgramsAreOpened(t *testing.T) {
	t.Parallel()
	b, plain := plainText()
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		n := canary.Knit(b.All, t.TempDir())
		if err := n.File(path, path); err != nil {
			t.Fatal(err)
		}
		if got := n.In(path); len(got) != len(b.All) {
			t.Errorf("%s: found %d of %d: %q", path, len(got), len(b.All), got)
		}
		// What was inflated is counted beside the file itself.
		info, _ := os.Stat(path)
		if inflated := n.Bytes - info.Size(); inflated < int64(len(plain)) {
			t.Errorf("%s: %d bytes of %d came out", path, inflated, len(plain))
		}
	}
}

// plainText is what the files in testdata were made from: words in their places in a
// text that compresses well here and badly there.
func plainText() (*canary.Brood, []byte) {
	b := canary.Hatch(7)
	var out bytes.Buffer
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 6 {
		for range 900 {
			fmt.Fprintf(&out, "%d қаулы %c ", r.IntN(1000), 'а'+rune(r.IntN(20)))
		}
		out.WriteString(b.Word(fmt.Sprint("word ", i), []string{"kk", "ru", "latin"}[i%3]))
		out.WriteString(strings.Repeat("шағым ", 500+100*i))
		out.Write(noise(700, uint64(i)))
		out.Write(bytes.Repeat([]byte{0}, 2000))
	}
	return b, out.Bytes()
}

func TestNumbersOfPeopleAreOnesThatCouldBeGivenOut(t *testing.T) {
	t.Parallel()
	b := canary.Hatch(11)
	for i := range 200 {
		iin, err := eds.ParseIIN(b.IIN(fmt.Sprint(i)))
		if err != nil || !iin.Valid() {
			t.Errorf("%s: %v", iin, err)
		}
	}
	seen := map[string]bool{}
	for _, c := range b.All {
		seen[c.Text] = true
	}
	if len(seen) < 195 {
		t.Errorf("only %d different of 200", len(seen))
	}
	if again := canary.Hatch(11).IIN("0"); again != b.All[0].Text {
		t.Error("the same seed gives other canaries")
	}
}

func TestAFileAndItsNameAreLookedAt(t *testing.T) {
	t.Parallel()
	b := canary.Hatch(13)
	inside, name := b.Word("inside", "kk"), b.Word("name", "ru")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a-"+name+".txt"), []byte(inside), 0o600); err != nil {
		t.Fatal(err)
	}
	n := canary.Knit(b.All, t.TempDir())
	if err := n.Folder("folder", dir); err != nil {
		t.Fatal(err)
	}
	if got := n.In("folder"); !slices.Equal(got, []string{"inside", "name"}) {
		t.Errorf("found %q", got)
	}
}

func BenchmarkNet(b *testing.B) {
	brood, content := fifty(1), noise(16<<20, 4)
	n := canary.Knit(brood.All, b.TempDir())
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if err := n.Stream("noise", bytes.NewReader(content)); err != nil {
			b.Fatal(err)
		}
	}
}
