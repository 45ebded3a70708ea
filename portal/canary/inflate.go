package canary

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"io"
	"os"
)

// inflateHead is how much of a stream must be seen to know one.
const inflateHead = 64

// largest is how much of one compressed stream is looked at: a bomb of zeros is not.
const largest = 1 << 30

// inflate looks into every compressed stream that begins in buf[:here], which stands
// in r at at. Whatever can be read of one is looked through, though its end is
// missing: a stream that was cut is a leak as well.
func (n *Net) inflate(place string, r io.ReaderAt, at int64, buf []byte, here, depth int) error {
	for i := 0; i < here; i++ {
		b := buf[i:]
		kind := begins(b)
		if kind == "" {
			if n.PostgreSQL && depth < 2 && i >= 4 {
				if out := toasted(r, at+int64(i), buf[i-4:]); len(out) > 0 {
					n.short(place+" (compressed by PostgreSQL)", out)
				}
			}
			continue
		}
		from := io.NewSectionReader(r, at+int64(i), 1<<62)
		stream, err := n.reader(kind, b, from)
		if err != nil {
			continue // no such stream after all
		}
		kept, err := n.keep(stream, largest)
		if err != nil {
			return err
		}
		if kept.size > 0 {
			n.Inflated++
			err = n.scan(place+" ("+kind+")", kept, depth+1)
		}
		kept.drop()
		if err != nil {
			return err
		}
	}
	return nil
}

// begins says what compressed stream begins with these bytes, if any.
func begins(b []byte) string {
	if len(b) < 6 {
		return ""
	}
	switch {
	case b[0] == 0x78:
		if b[1] == 0x01 || b[1] == 0x5e || b[1] == 0x9c || b[1] == 0xda {
			return "zlib"
		}
	case b[0] == 0x1f && b[1] == 0x8b && b[2] == 8:
		return "gzip"
	case b[0] == 'P' && b[1] == 'K' && b[2] == 3 && b[3] == 4:
		return "zip"
	case b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd:
		return "zstd"
	case b[0] == 0x04 && b[1] == 0x22 && b[2] == 0x4d && b[3] == 0x18:
		return "lz4"
	}
	return ""
}

// reader reads one stream to its end before the next is asked for.
func (n *Net) reader(kind string, b []byte, from *io.SectionReader) (io.Reader, error) {
	switch kind {
	case "gzip":
		r, err := gzip.NewReader(from)
		if err != nil {
			return nil, err
		}
		r.Multistream(false) // the next one is found by itself
		return r, nil
	case "zlib":
		// Noise begins one every sixteen kilobytes, so the reader is used again.
		if n.zlib == nil {
			r, err := zlib.NewReader(from)
			if err == nil {
				n.zlib = r
			}
			return r, err
		}
		return n.zlib, n.zlib.(zlib.Resetter).Reset(from, nil)
	case "zip":
		if len(b) < 30 || binary.LittleEndian.Uint16(b[8:]) != 8 {
			return nil, io.ErrUnexpectedEOF // stored as it is, or in no way we know
		}
		skip := 30 + int64(binary.LittleEndian.Uint16(b[26:])) + int64(binary.LittleEndian.Uint16(b[28:]))
		if _, err := from.Seek(skip, io.SeekStart); err != nil {
			return nil, err
		}
		return flate.NewReader(from), nil
	case "zstd":
		return newZstd(from), nil
	default:
		return &lz4Frame{from: from}, nil
	}
}

// kept is a stream that can be read at any place: in memory, or in a file.
type kept struct {
	io.ReaderAt
	size int64
	file *os.File
}

// inMemory is how much of a stream is kept there.
const inMemory = 4 << 20

// keep reads a stream, up to limit bytes if it is not negative. That it ends with an
// error is no error of ours where it is a compressed one.
func (n *Net) keep(r io.Reader, limit int64) (*kept, error) {
	whole := limit < 0
	if !whole {
		r = io.LimitReader(r, limit)
	}
	var head bytes.Buffer
	_, err := io.CopyN(&head, r, inMemory)
	if err != nil {
		if whole && err != io.EOF {
			return nil, err
		}
		return &kept{ReaderAt: bytes.NewReader(head.Bytes()), size: int64(head.Len())}, nil
	}
	f, err := os.CreateTemp(n.spool, "canary-*")
	if err != nil {
		return nil, err
	}
	k := &kept{ReaderAt: f, file: f}
	size, err := f.Write(head.Bytes())
	if err == nil {
		var rest int64
		rest, err = io.Copy(onlyWriter{f}, r)
		k.size = int64(size) + rest
		if !whole {
			err = nil
		}
	}
	if err != nil {
		k.drop()
		return nil, err
	}
	return k, nil
}

// onlyWriter hides that a file reads by itself, so that an error of what is read from
// is not one of the file.
type onlyWriter struct{ io.Writer }

func (k *kept) drop() {
	if k.file != nil {
		k.file.Close()
		os.Remove(k.file.Name())
	}
}

// toasted is what PostgreSQL compressed and put at at, where b[4:] begins: into its
// row, with a word for its length before it, or as the first piece of a value that was
// moved out of it, whose number, zero, stands before that word.
func toasted(r io.ReaderAt, at int64, b []byte) []byte {
	const page, piece = 8192, 2000
	if len(b) < 12 || b[6] != 0 || b[7] != 0 {
		return nil
	}
	before, head, info := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	size, raw, method := int(head>>2), int(info&(1<<30-1)), info>>30
	inline, moved := head&3 == 2 && size <= page && raw <= 1<<20, head&3 == 0 && before == 0 && size <= piece && raw <= 64<<20
	if !inline && !moved || size < 24 || raw < size || method > 1 {
		return nil
	}
	packed := make([]byte, size-8)
	got, _ := r.ReadAt(packed, at+8)
	packed = packed[:got]
	var out []byte
	if method == 1 {
		out, _ = lz4Block(nil, packed, raw)
	} else {
		out = pglz(packed, raw)
	}
	if inline && len(out) != raw || len(out) < got {
		return nil // it only looked like it
	}
	return out
}

// pglz opens PostgreSQL's own compression, as far as it goes: a byte of eight flags,
// then for each a letter, or how far back to copy from and how much.
func pglz(b []byte, raw int) []byte {
	out := make([]byte, 0, min(raw, 4*len(b)))
	for len(b) > 0 && len(out) < raw {
		flags := b[0]
		b = b[1:]
		for bit := 0; bit < 8 && len(b) > 0 && len(out) < raw; bit++ {
			if flags>>bit&1 == 0 {
				out, b = append(out, b[0]), b[1:]
				continue
			}
			if len(b) < 2 {
				return out
			}
			size, back := int(b[0]&15)+3, int(b[0]&0xf0)<<4|int(b[1])
			b = b[2:]
			if size == 18 {
				if len(b) == 0 {
					return out
				}
				size += int(b[0])
				b = b[1:]
			}
			if back == 0 || back > len(out) {
				return out
			}
			for range size {
				out = append(out, out[len(out)-back])
			}
		}
	}
	return out
}

// lz4Block opens one block of LZ4 behind what is there already, as far as it goes. It
// says how much of it it understood.
func lz4Block(out, b []byte, most int) ([]byte, bool) {
	long := func(size int) (int, bool) {
		if size < 15 {
			return size, true
		}
		for len(b) > 0 {
			next := b[0]
			b = b[1:]
			if size += int(next); next < 255 {
				return size, true
			}
		}
		return 0, false
	}
	for len(b) > 0 && len(out) < most {
		token := b[0]
		b = b[1:]
		size, ok := long(int(token >> 4))
		if !ok {
			return out, false
		}
		if size > len(b) {
			return append(out, b...), false
		}
		out, b = append(out, b[:size]...), b[size:]
		if len(b) == 0 {
			return out, true
		}
		if len(b) < 2 {
			return out, false
		}
		back := int(binary.LittleEndian.Uint16(b))
		b = b[2:]
		size, ok = long(int(token & 15))
		if !ok || back == 0 || back > len(out) {
			return out, false
		}
		for range size + 4 {
			out = append(out, out[len(out)-back])
		}
	}
	return out, true
}

// lz4Frame reads a file of LZ4, block by block. Checks are passed over: who looks for
// words takes what he gets.
type lz4Frame struct {
	from    io.Reader
	opened  bool
	blocks  bool // each block has a check behind it
	history []byte
	next    []byte
	err     error
}

func (l *lz4Frame) Read(p []byte) (int, error) {
	for len(l.next) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		if l.err = l.block(); l.err != nil && len(l.next) == 0 {
			return 0, l.err
		}
	}
	n := copy(p, l.next)
	l.next = l.next[n:]
	return n, nil
}

func (l *lz4Frame) block() error {
	if !l.opened {
		l.opened = true
		head := make([]byte, 6)
		if _, err := io.ReadFull(l.from, head); err != nil {
			return err
		}
		flags, more := head[4], 1
		if flags>>6 != 1 {
			return errDamaged
		}
		l.blocks = flags&0x10 != 0
		if flags&0x08 != 0 {
			more += 8
		}
		if flags&0x01 != 0 {
			more += 4
		}
		if _, err := io.CopyN(io.Discard, l.from, int64(more)); err != nil {
			return err
		}
	}
	var word [4]byte
	if _, err := io.ReadFull(l.from, word[:]); err != nil {
		return err
	}
	size := binary.LittleEndian.Uint32(word[:])
	stored := size>>31 == 1
	if size &= 1<<31 - 1; size == 0 {
		return io.EOF
	}
	const most = 4 << 20
	if size > most+1<<16 {
		return errDamaged
	}
	b := make([]byte, size)
	got, err := io.ReadFull(l.from, b)
	b = b[:got]
	known := len(l.history)
	if stored {
		l.history = append(l.history, b...)
	} else {
		var ok bool
		if l.history, ok = lz4Block(l.history, b, known+most); !ok && err == nil {
			err = errDamaged
		}
	}
	l.next = append([]byte(nil), l.history[known:]...)
	l.history = append([]byte(nil), l.history[max(0, len(l.history)-1<<16):]...)
	if err == nil && l.blocks {
		_, err = io.CopyN(io.Discard, l.from, 4)
	}
	return err
}
