package canary

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Net holds the forms of all canaries and is drawn through files and streams. Its
// memory does not depend on what it is drawn through. It is safe for one user at a time.
type Net struct {
	// Caught is what was found, once for each canary, form and place.
	Caught []Hit
	// Bytes is how much was looked through, what was inflated included; Inflated how
	// many compressed streams were.
	Bytes    int64
	Inflated int
	// PostgreSQL has values looked for that PostgreSQL compressed within its own
	// files (pglz, lz4): inline ones whole, those moved out of their row by their
	// first piece.
	PostgreSQL bool

	forms   []form
	byHead  map[uint64][]int32 // of the first eight bytes, forms
	sieve   []uint64           // bits by a hash of those bytes: most of what is no form ends here
	longest int
	seen    map[Hit]bool
	spool   string // folder for what does not fit in memory
	zlib    io.ReadCloser

	windows, folds [deepest + 1][]byte
}

// form is one form of one canary.
type form struct {
	canary int32
	name   string
	bytes  []byte
	of     *Canary
}

// Hit is one canary found in one form in one place.
type Hit struct {
	Canary string
	Form   string
	Place  string // the file, and through which streams
	At     int64  // of the first; in the innermost stream
}

func (h Hit) String() string {
	return fmt.Sprintf("%s as %s in %s at %d", h.Canary, h.Form, h.Place, h.At)
}

const sieveBits = 20

// Knit makes a net of canaries. Streams too long for memory are kept in the folder
// spool while they are looked through.
func Knit(canaries []Canary, spool string) *Net {
	n := &Net{byHead: map[uint64][]int32{}, sieve: make([]uint64, 1<<(sieveBits-6)), seen: map[Hit]bool{}, spool: spool}
	for i := range canaries {
		for _, f := range canaries[i].Forms() {
			at := int32(len(n.forms))
			n.forms = append(n.forms, form{int32(i), f.Name, f.Bytes, &canaries[i]})
			head := binary.LittleEndian.Uint64(f.Bytes)
			n.byHead[head] = append(n.byHead[head], at)
			bit := sifted(head)
			n.sieve[bit>>6] |= 1 << (bit & 63)
			n.longest = max(n.longest, len(f.Bytes))
		}
	}
	return n
}

// Forms is how many forms the net looks for.
func (n *Net) Forms() int { return len(n.forms) }

func sifted(head uint64) uint64 { return head * 0x9E3779B97F4A7C15 >> (64 - sieveBits) }

// window is how much is looked at at once.
const window = 1 << 20

// deepest is how many streams within each other are opened: a picture in a PDF in an
// archive in a backup.
const deepest = 4

// Folder draws the net through every file under a folder. place names the folder in
// what is caught. A file that goes while it is looked for is passed over, one that
// cannot be read is an error.
func (n *Net) Folder(place, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if rel == "." {
			rel = filepath.Base(path)
		}
		// A name is kept, too.
		n.short(place+" (names of files)", []byte(rel))
		err = n.File(place+"/"+filepath.ToSlash(rel), path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// File draws the net through a file.
func (n *Net) File(place, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var mark [2]byte
	if _, err := f.ReadAt(mark[:], 0); n.PostgreSQL && err == nil && mark[1] == logMark {
		if err := n.scan(place+" (pages joined)", pages{f}, 0); err != nil {
			return err
		}
	}
	return n.scan(place, f, 0)
}

// Stream draws the net through what is read, to its end.
func (n *Net) Stream(place string, r io.Reader) error {
	kept, err := n.keep(r, -1)
	if err != nil {
		return err
	}
	defer kept.drop()
	return n.scan(place, kept, 0)
}

// short draws the net through what is in memory and holds no streams.
func (n *Net) short(place string, b []byte) {
	n.Bytes += int64(len(b))
	for _, s := range []struct {
		place string
		b     []byte
	}{{place, b}, {place + " (lines joined)", unfolded(nil, b)}} {
		(&sight{net: n, place: s.place}).match(s.b, len(s.b))
	}
}

// scan looks through one file or stream: as it stands, with its lines joined, and
// into every stream that begins in it.
func (n *Net) scan(place string, r io.ReaderAt, depth int) error {
	raw, joined := &sight{net: n, place: place}, &sight{net: n, place: place + " (lines joined)"}
	// The streams within each other are looked at one after another, so each depth needs
	// its window once.
	if n.windows[depth] == nil {
		n.windows[depth], n.folds[depth] = make([]byte, window+inflateHead), make([]byte, 0, window)
	}
	buf, fold := n.windows[depth], n.folds[depth]
	for at := int64(0); ; {
		// A little is read twice, so that the head of a stream is whole.
		got, err := r.ReadAt(buf, at)
		if err != nil && err != io.EOF {
			return err
		}
		here := min(got, window)
		n.Bytes += int64(here)
		raw.look(buf[:here])
		joined.look(unfolded(fold[:0], buf[:here]))
		if depth < deepest {
			if err := n.inflate(place, r, at, buf[:got], here, depth); err != nil {
				return err
			}
		}
		if at += int64(here); here < window {
			break
		}
	}
	raw.end()
	joined.end()
	return nil
}

// unfolded is a text without the ends of its lines, and what stands before the next:
// base64 and mail are broken there, and a log of PostgreSQL goes on after a tab.
func unfolded(into, b []byte) []byte {
	folded := false
	for _, c := range b {
		switch {
		case c == '\n' || c == '\r':
			if n := len(into); !folded && n > 0 && into[n-1] == '=' {
				into = into[:n-1]
			}
			folded = true
		case folded && (c == ' ' || c == '\t'):
		default:
			folded = false
			into = append(into, c)
		}
	}
	return into
}

// log of PostgreSQL: pages with a head before each, which cut what is written over
// their border. All versions since 8 have the byte in their mark.
const (
	logPage     = 8192
	logHead     = 24
	logLongHead = 40 // of the first page of a segment
	logMark     = 0xD1
)

// pages is a segment of that log without the heads of its pages.
type pages struct{ io.ReaderAt }

func (p pages) ReadAt(b []byte, at int64) (int, error) {
	const first, rest = logPage - logLongHead, logPage - logHead
	for done := 0; ; {
		if done == len(b) {
			return done, nil
		}
		from, left := at+logLongHead, first-at
		if at >= first {
			page := (at - first) / rest
			in := (at - first) % rest
			from, left = (page+1)*logPage+logHead+in, rest-in
		}
		n, err := p.ReaderAt.ReadAt(b[done:min(len(b), done+int(left))], from)
		done, at = done+n, at+int64(n)
		if err != nil {
			return done, err
		}
	}
}

// sight looks at one stream, piece by piece.
type sight struct {
	net   *Net
	place string
	kept  []byte // the end of what was seen: a form may go on in the next piece
	at    int64  // of kept
}

func (s *sight) look(piece []byte) {
	b := piece
	if len(s.kept) > 0 {
		b = append(s.kept, piece...)
	}
	done := len(b) - s.net.longest + 1 // from there on a form may be cut
	if done < 0 {
		done = 0
	}
	s.match(b, done)
	s.kept = append(s.kept[:0:0], b[done:]...)
	s.at += int64(done)
}

func (s *sight) end() { s.match(s.kept, len(s.kept)) }

// match tries every place of b before done.
func (s *sight) match(b []byte, done int) {
	n := s.net
	if last := len(b) - shortest + 1; done > last {
		done = last
	}
	for i := 0; i < done; i++ {
		head := binary.LittleEndian.Uint64(b[i:])
		bit := sifted(head)
		if n.sieve[bit>>6]&(1<<(bit&63)) == 0 {
			continue
		}
		for _, at := range n.byHead[head] {
			if f := n.forms[at]; bytes.HasPrefix(b[i:], f.bytes) {
				n.caught(f, s.place, s.at+int64(i))
			}
		}
	}
}

func (n *Net) caught(f form, place string, at int64) {
	h := Hit{Canary: f.of.String(), Form: f.name, Place: place}
	if n.seen[h] {
		return
	}
	n.seen[h] = true
	h.At = at
	n.Caught = append(n.Caught, h)
}

// In are the canaries caught at a place or within it, by name.
func (n *Net) In(place string) []string {
	var out []string
	for _, h := range n.Caught {
		if strings.HasPrefix(h.Place, place) && !slices.Contains(out, h.Canary) {
			out = append(out, h.Canary)
		}
	}
	slices.Sort(out)
	return out
}
