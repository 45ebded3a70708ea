package attachment

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// Recordings are walked from frame to frame, or from box to box, to the last byte: a
// file that is something else besides breaks the walk. What is in a frame is not
// played here; it is given back as a download only.

// maxStray is how many bytes of a sound file may be no frame: tags of players.
const maxStray = 1 << 20

// skip passes over n bytes that must be there.
func skip(r *bufio.Reader, n int64) error {
	for n > 0 {
		step, err := r.Discard(int(min(n, 1<<20)))
		if n -= int64(step); err != nil {
			return bad(Damaged)
		}
	}
	return nil
}

// filling is what follows in a file after it is whole: zeros, by recorders that write by
// the block.
func filling(r io.Reader) error {
	some := make([]byte, 32<<10)
	for {
		n, err := r.Read(some)
		switch {
		case !fills(some[:n]):
			return bad(Damaged)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// fills tells that a head is none, but the beginning of such a filling.
func fills(head []byte) bool { return len(bytes.Trim(head, "\x00")) == 0 }

// frames walks a file of frames that each tell their length; size is 0 for what is
// no beginning of a frame.
func frames(in io.Reader, headSize int, size func(head []byte) int) error {
	r := bufio.NewReaderSize(in, 64<<10)
	count, stray := 0, 0
	for {
		head, err := r.Peek(headSize)
		if errors.Is(err, io.EOF) {
			stray += len(head)
			break
		}
		if err != nil {
			return err
		}
		if tag, err := r.Peek(10); err == nil && begins(tag, "ID3") {
			n := int64(tag[6]&127)<<21 | int64(tag[7]&127)<<14 | int64(tag[8]&127)<<7 | int64(tag[9]&127)
			if err := skip(r, 10+n); err != nil {
				return err
			}
			continue
		}
		n := size(head)
		if n < headSize {
			if stray++; stray > maxStray {
				return bad(Damaged)
			}
			r.Discard(1)
			continue
		}
		if _, err := r.Discard(n); err != nil { // a recorder that was stopped cuts its last frame
			break
		}
		count++
	}
	if count < 3 || stray > count*200 {
		return bad(Damaged)
	}
	return nil
}

// Tables of MPEG audio, ISO 11172-3: kbit/s by version and layer, Hz by version.
var (
	bitrates = map[[2]byte][15]int{
		{3, 3}: {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		{3, 2}: {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		{3, 1}: {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
		{2, 3}: {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		{2, 2}: {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		{2, 1}: {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	}
	rates = map[byte][3]int{3: {44100, 48000, 32000}, 2: {22050, 24000, 16000}, 0: {11025, 12000, 8000}}
)

func readMP3(in io.Reader, _ io.Writer) (verdict, error) {
	return verdict{}, frames(in, 4, func(h []byte) int {
		version, layer, rate, freq, pad := h[1]>>3&3, h[1]>>1&3, h[2]>>4, h[2]>>2&3, int(h[2]>>1&1)
		if h[0] != 0xff || h[1]&0xe0 != 0xe0 || version == 1 || layer == 0 || rate == 0 || rate == 15 || freq == 3 {
			return 0
		}
		of := version
		if of == 0 {
			of = 2
		}
		bits, hz := bitrates[[2]byte{of, layer}][rate]*1000, rates[version][freq]
		switch {
		case layer == 3:
			return (12*bits/hz + pad) * 4
		case layer == 1 && version != 3:
			return 72*bits/hz + pad
		}
		return 144*bits/hz + pad
	})
}

func readAAC(in io.Reader, _ io.Writer) (verdict, error) {
	return verdict{}, frames(in, 7, func(h []byte) int {
		if h[0] != 0xff || h[1]&0xf6 != 0xf0 || h[2]>>2&15 > 12 {
			return 0
		}
		return int(h[3]&3)<<11 | int(h[4])<<3 | int(h[5])>>5
	})
}

// readWAV walks the chunks of a RIFF file. A recorder that did not know the length
// beforehand writes the greatest number: then the sound goes on to the end.
func readWAV(in io.Reader, _ io.Writer) (verdict, error) {
	r := bufio.NewReaderSize(in, 64<<10)
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil || !begins(head[:], "RIFF") || string(head[8:]) != "WAVE" {
		return verdict{}, bad(Mismatch)
	}
	format, sound := false, false
	for {
		var chunk [8]byte
		n, err := io.ReadFull(r, chunk[:])
		if sound && fills(chunk[:n]) {
			if err := filling(r); err != nil {
				return verdict{}, err
			}
			break
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return verdict{}, bad(Damaged)
		}
		name, size := string(chunk[:4]), int64(binary.LittleEndian.Uint32(chunk[4:]))
		if bytes.ContainsFunc(chunk[:4], func(c rune) bool { return c < ' ' || c > '~' }) {
			return verdict{}, bad(Damaged)
		}
		format, sound = format || name == "fmt " && size >= 16 && size < 1<<16, sound || name == "data"
		if name == "data" && size >= 0xfffffff0 {
			_, err := io.Copy(io.Discard, r)
			if err != nil {
				return verdict{}, err
			}
			break
		}
		if err := skip(r, size); err != nil {
			return verdict{}, err
		}
		if size%2 == 1 {
			r.Discard(1) // the last may lack its filling
		}
	}
	if !format || !sound {
		return verdict{}, bad(Damaged)
	}
	return verdict{}, nil
}

// voices are how the streams of sound in an Ogg file begin.
var voices = []string{"OpusHead", "\x01vorbis", "Speex   ", "\x7fFLAC", "fLaC"}

// readOGG walks the pages of an Ogg file, each with its checksum (RFC 3533).
func readOGG(in io.Reader, _ io.Writer) (verdict, error) {
	r := bufio.NewReaderSize(in, 64<<10)
	for pages := 0; ; pages++ {
		head := make([]byte, 27, 27+255+255*255)
		_, err := io.ReadFull(r, head)
		switch {
		case err == io.EOF && pages >= 2:
			return verdict{}, nil
		case err != nil || !begins(head, "OggS\x00"):
			return verdict{}, bad(Damaged)
		}
		page := head[:27+int(head[26])]
		if _, err := io.ReadFull(r, page[27:]); err != nil {
			return verdict{}, bad(Damaged)
		}
		size := 0
		for _, lace := range page[27:] {
			size += int(lace)
		}
		body := len(page)
		page = page[:body+size]
		if _, err := io.ReadFull(r, page[body:]); err != nil {
			return verdict{}, bad(Damaged)
		}
		said := binary.LittleEndian.Uint32(page[22:])
		clear(page[22:26])
		if oggSum(page) != said {
			return verdict{}, bad(Damaged)
		}
		if page[5]&2 != 0 && !slices.ContainsFunc(voices, func(v string) bool { return begins(page[body:], v) }) {
			return verdict{}, bad(Mismatch)
		}
	}
}

// oggTable is CRC-32 with the polynomial 0x04c11db7, not reflected.
var oggTable = func() (table [256]uint32) {
	for i := range table {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04c11db7
			} else {
				c <<= 1
			}
		}
		table[i] = c
	}
	return table
}()

func oggSum(page []byte) (c uint32) {
	for _, b := range page {
		c = c<<8 ^ oggTable[byte(c>>24)^b]
	}
	return c
}

const maxMovie = 32 << 20 // bytes of the table of contents of a film

// readBoxes walks the boxes of an MP4 file (ISO 14496-12). A file of sound has no
// track of pictures.
func readBoxes(in io.Reader, pictures bool) error {
	r := bufio.NewReaderSize(in, 64<<10)
	var tracks []string
	for n := 0; ; n++ {
		var head [16]byte
		got, err := io.ReadFull(r, head[:8])
		if n > 0 && fills(head[:got]) {
			if err := filling(r); err != nil {
				return err
			}
			break
		}
		if err != nil {
			return bad(Damaged)
		}
		size, name, used := int64(binary.BigEndian.Uint32(head[:])), string(head[4:8]), int64(8)
		if size == 1 {
			if _, err := io.ReadFull(r, head[8:]); err != nil {
				return bad(Damaged)
			}
			size, used = int64(binary.BigEndian.Uint64(head[8:])), 16
		}
		last := size == 0 && name == "mdat" // to the end
		switch {
		case n == 0 && name != "ftyp", bytes.ContainsFunc(head[4:8], func(c rune) bool { return c < ' ' || c > '~' }) && head[4] != 0xa9, !last && size < used, size > MaxSound:
			return bad(Damaged)
		case last:
			if _, err := io.Copy(io.Discard, r); err != nil {
				return err
			}
		case name == "moov":
			if size > maxMovie {
				return bad(TooComplex)
			}
			movie := make([]byte, size-used)
			if _, err := io.ReadFull(r, movie); err != nil {
				return bad(Damaged)
			}
			found, err := handlers(movie, 0)
			if err != nil {
				return err
			}
			tracks = append(tracks, found...)
		default:
			if err := skip(r, size-used); err != nil {
				return err
			}
		}
	}
	sound, picture := slices.Contains(tracks, "soun"), slices.Contains(tracks, "vide")
	switch {
	case !sound && !picture:
		return bad(Damaged)
	case picture && !pictures:
		return bad(Mismatch)
	}
	return nil
}

// handlers are what the tracks of a film are, from its boxes within boxes.
func handlers(boxes []byte, depth int) ([]string, error) {
	var out []string
	for len(boxes) > 0 {
		if len(boxes) < 8 || depth > 8 {
			return nil, bad(Damaged)
		}
		size := int64(binary.BigEndian.Uint32(boxes))
		if size < 8 || size > int64(len(boxes)) {
			if size == 0 && bytes.Trim(boxes, "\x00") == nil { // filling at the end
				break
			}
			return nil, bad(Damaged)
		}
		name, body := string(boxes[4:8]), boxes[8:size]
		switch {
		case name == "trak" || name == "mdia":
			inner, err := handlers(body, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		case name == "hdlr" && len(body) >= 12:
			out = append(out, string(body[8:12]))
		}
		boxes = boxes[size:]
	}
	return out, nil
}

// Elements of Matroska (RFC 9559) that a recording is made of.
const (
	ebmlHead    = 0x1a45dfa3
	ebmlSegment = 0x18538067
	ebmlCluster = 0x1f43b675
	ebmlTracks  = 0x1654ae6b
	ebmlFiles   = 0x1941a469
)

var ebmlKnown = []uint64{0x114d9b74, 0x1549a966, ebmlTracks, 0x1c53bb6b, 0x1254c367, 0x1043a770, 0xec, 0xbf, // of a segment
	0xe7, 0xa3, 0xa0, 0xa7, 0xab, 0xaf, 0x5854} // of a cluster

// readWebM walks the elements of a WebM file; segments and clusters are stepped
// into, because a browser that records does not know how long they will be.
func readWebM(in io.Reader, _ io.Writer) (verdict, error) {
	r := bufio.NewReaderSize(in, 64<<10)
	tracks := false
	for n := 0; ; n++ {
		id, _, err := ebmlNumber(r, false)
		if err == io.EOF && tracks {
			return verdict{}, nil
		}
		if err != nil {
			return verdict{}, bad(Damaged)
		}
		size, open, err := ebmlNumber(r, true)
		switch {
		case err != nil, n == 0 && id != ebmlHead, n == 1 && id != ebmlSegment, n > 1 && (id == ebmlHead || id == ebmlSegment):
			return verdict{}, bad(Damaged)
		case id == ebmlHead:
			body := make([]byte, min(size, 4096))
			if _, err := io.ReadFull(r, body); err != nil || size > 4096 || open || !bytes.Contains(body, []byte("\x42\x82\x84webm")) {
				return verdict{}, bad(Mismatch)
			}
		case id == ebmlSegment || id == ebmlCluster:
		case id == ebmlFiles: // files within the file
			return verdict{}, bad(Active)
		case open || !slices.Contains(ebmlKnown, id) || size > MaxSound:
			return verdict{}, bad(Damaged)
		default:
			tracks = tracks || id == ebmlTracks
			if err := skip(r, int64(size)); err != nil {
				return verdict{}, err
			}
		}
	}
}

// ebmlNumber reads a number of one to eight bytes; of a size its mark is taken off,
// and open tells that it is not known.
func ebmlNumber(r *bufio.Reader, isSize bool) (v uint64, open bool, err error) {
	first, err := r.ReadByte()
	if err != nil {
		return 0, false, err
	}
	length := 1
	for mask := byte(0x80); mask != 0 && first&mask == 0; mask >>= 1 {
		length++
	}
	if length > 8 || !isSize && length > 4 {
		return 0, false, bad(Damaged)
	}
	v = uint64(first)
	if isSize {
		v &= 1<<(8-length) - 1
	}
	for range length - 1 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, false, bad(Damaged)
		}
		v = v<<8 | uint64(b)
	}
	return v, isSize && v == 1<<(7*length)-1, nil
}
