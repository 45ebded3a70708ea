package canary

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Form is one way in which a word may stand somewhere.
type Form struct {
	Name  string
	Bytes []byte
}

// shortest is how many bytes a form must have to be looked for. What is shorter
// would be found by chance.
const shortest = 8

// Forms are all the ways in which a canary is looked for: in four encodings, each as
// it is, in hex, and in base64 wherever in a group of three its first byte stands;
// and escaped as addresses, JSON, HTML, mail, PostgreSQL and programs escape. A word
// is looked for in small letters, in great ones, and as it was typed. Two ways that
// come to the same bytes are one form.
func (c Canary) Forms() []Form {
	var out []Form
	seen := map[string]bool{}
	add := func(name string, b []byte) {
		if len(b) >= shortest && !seen[string(b)] {
			seen[string(b)] = true
			out = append(out, Form{name, b})
		}
	}
	if c.Binary {
		transports("bytes", []byte(c.Text), add)
		escapes("bytes", []byte(c.Text), add)
		return out
	}
	for _, word := range spellings(c.Text) {
		for _, e := range encodings(word) {
			transports(e.Name, e.Bytes, add)
		}
		escapes("utf-8", []byte(word), add)
		if narrow, ok := cp1251(word); ok {
			escapes("cp1251", narrow, add)
		}
		units(word, add)
	}
	return out
}

// spellings are a word as it was typed, in small letters, in great ones (so names
// stand in certificates) and with a great letter in front.
func spellings(word string) []string {
	runes := []rune(strings.ToLower(word))
	if len(runes) > 0 {
		runes[0] = unicode.ToUpper(runes[0])
	}
	return []string{word, strings.ToLower(word), strings.ToUpper(word), string(runes)}
}

func encodings(word string) []Form {
	out := []Form{{"utf-8", []byte(word)}}
	var le, be []byte
	for _, u := range utf16.Encode([]rune(word)) {
		le = append(le, byte(u), byte(u>>8))
		be = append(be, byte(u>>8), byte(u))
	}
	out = append(out, Form{"utf-16le", le}, Form{"utf-16be", be})
	if narrow, ok := cp1251(word); ok {
		out = append(out, Form{"cp1251", narrow})
	}
	return out
}

// cp1251 is a word in the code page of old Windows, which has no Kazakh letters but
// the dotted i.
func cp1251(word string) ([]byte, bool) {
	var out []byte
	for _, r := range word {
		switch {
		case r < 0x80:
			out = append(out, byte(r))
		case 0x0410 <= r && r <= 0x044F:
			out = append(out, byte(r-0x0410+0xC0))
		case r == 0x0401:
			out = append(out, 0xA8)
		case r == 0x0451:
			out = append(out, 0xB8)
		case r == 0x0406:
			out = append(out, 0xB2)
		case r == 0x0456:
			out = append(out, 0xB3)
		default:
			return nil, false
		}
	}
	return out, true
}

// transports are how bytes are carried where only letters may stand.
func transports(name string, b []byte, add func(string, []byte)) {
	add(name, b)
	low := hex.EncodeToString(b)
	add(name+" hex", []byte(low))
	add(name+" HEX", []byte(strings.ToUpper(low)))
	for phase := range 3 {
		whole := append(make([]byte, phase), b...)
		// Only the letters that hang on nothing before the word and nothing behind it.
		from, to := (8*phase+5)/6, 8*len(whole)/6
		if from >= to {
			continue
		}
		add(fmt.Sprintf("%s base64+%d", name, phase), []byte(base64.StdEncoding.EncodeToString(whole))[from:to])
		add(fmt.Sprintf("%s base64url+%d", name, phase), []byte(base64.URLEncoding.EncodeToString(whole))[from:to])
	}
}

// escapes are how bytes are written into text that keeps its plain letters.
func escapes(name string, b []byte, add func(string, []byte)) {
	for _, way := range []struct{ name, one string }{
		{"percent", "%%%02X"}, {"percent small", "%%%02x"}, {"quoted-printable", "=%02X"}, {"quoted-printable small", "=%02x"},
		{"octal", `\%03o`}, {"octal twice", `\\%03o`}, {`\x`, `\x%02x`}, {`\x twice`, `\\x%02x`},
	} {
		var kept, all strings.Builder
		for _, c := range b {
			fmt.Fprintf(&all, way.one, c)
			if plain(c) {
				kept.WriteByte(c)
			} else {
				fmt.Fprintf(&kept, way.one, c)
			}
		}
		add(name+" "+way.name, []byte(kept.String()))
		add(name+" "+way.name+", all", []byte(all.String()))
	}
}

// units are how the letters of a word are written by their number.
func units(word string, add func(string, []byte)) {
	for _, way := range []struct{ name, one string }{
		{"json", `\u%04x`}, {"json great", `\u%04X`}, {"json twice", `\\u%04x`}, {"json great twice", `\\u%04X`},
		{"html", "&#%d;"}, {"html hex", "&#x%x;"}, {"html HEX", "&#x%X;"},
	} {
		var kept, all strings.Builder
		for _, u := range utf16.Encode([]rune(word)) {
			fmt.Fprintf(&all, way.one, u)
			if u < 0x80 && plain(byte(u)) {
				kept.WriteByte(byte(u))
			} else {
				fmt.Fprintf(&kept, way.one, u)
			}
		}
		add(way.name, []byte(kept.String()))
		add(way.name+", all", []byte(all.String()))
	}
}

func plain(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
