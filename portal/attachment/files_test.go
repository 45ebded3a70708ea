package attachment_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"zharia/portal/attachment"
)

// Files of every kind, made here: honest ones, and the bricks of the others.

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func picture(w, h int) *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range p.Pix {
		p.Pix[i] = byte(r.UintN(256))
		if i%4 == 3 {
			p.Pix[i] = 255
		}
	}
	return p
}

func jpegOf(p image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 90}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func pngOf(p image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// exif puts a directory with an orientation, a place and a maker before a picture.
func exif(file []byte, orientation uint16) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, orientation)
	tiff = append(tiff, "\x00\x00\x00\x00\x00\x00GPS 43.238949,76.889709 SM-G991B"...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return bytes.Join([][]byte{file[:2], segment, body, file[2:]}, nil)
}

// pngClaiming is a PNG whose head says any size.
func pngClaiming(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
	return append(out, pngOf(picture(4, 4))[33:]...)
}

// jpegClaiming is a JPEG whose frame says any size.
func jpegClaiming(w, h uint16) []byte {
	file := bytes.Clone(jpegOf(picture(16, 16)))
	at := bytes.Index(file, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(file[at+5:], h)
	binary.BigEndian.PutUint16(file[at+7:], w)
	return file
}

func pdfOf(pages int) []byte {
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetFont("Helvetica", "", 12)
	for i := range pages {
		doc.AddPage()
		doc.Cell(40, 10, fmt.Sprint("page ", i+1))
	}
	var b bytes.Buffer
	if err := doc.Output(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// pdfWith is a PDF of one page with entries in its catalogue and on its page, and
// objects from number 4 on.
func pdfWith(catalogue, page string, objects ...string) []byte {
	all := append([]string{
		"<</Type/Catalog/Pages 2 0 R" + catalogue + ">>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]" + page + ">>",
	}, objects...)
	return pdfRaw(all...)
}

// pdfRaw is a PDF of objects, the first its catalogue.
func pdfRaw(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

// pdfPacked is pdfWith as present programs write it: the objects lie in a packed
// stream, and so does the table of them.
func pdfPacked(catalogue, page string, objects ...string) []byte {
	var b, list, packed, table bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	entry := func(kind, where, at int) { table.Write([]byte{byte(kind), byte(where >> 8), byte(where), byte(at)}) }
	entry(0, 0, 255)
	put := func(n int, object string) {
		entry(1, b.Len(), 0)
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, object)
	}
	put(1, "<</Type/Catalog/Pages 2 0 R"+catalogue+">>")
	put(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	put(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]"+page+">>")
	stream := 4 + len(objects)
	for i, o := range objects {
		entry(2, stream, i)
		fmt.Fprintf(&list, "%d %d ", 4+i, packed.Len())
		packed.WriteString(o + " ")
	}
	var flate bytes.Buffer
	z := zlib.NewWriter(&flate)
	must(z.Write(append(list.Bytes(), packed.Bytes()...)))
	if err := z.Close(); err != nil {
		panic(err)
	}
	put(stream, fmt.Sprintf("<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n%s\nendstream", len(objects), list.Len(), flate.Len(), flate.String()))
	start := b.Len()
	entry(1, start, 0)
	fmt.Fprintf(&b, "%d 0 obj\n<</Type/XRef/Size %d/W[1 2 1]/Root 1 0 R/Length %d>>stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", stream+1, stream+2, table.Len(), table.String(), start)
	return b.Bytes()
}

// pdfTabled is a PDF whose table of objects is a packed stream.
func pdfTabled(packed string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n")
	at := b.Len()
	fmt.Fprintf(&b, "3 0 obj\n<</Type/XRef/Size 4/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", len(packed), packed, at)
	return b.Bytes()
}

// part is an entry of a zip.
type part struct{ name, text string }

func zipOf(parts ...part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		h := &zip.FileHeader{Name: p.name, Method: zip.Deflate}
		if p.name == "mimetype" {
			h.Method = zip.Store
			raw := &zip.FileHeader{Name: p.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(p.text)), CompressedSize64: uint64(len(p.text)), UncompressedSize64: uint64(len(p.text))}
			w := must(z.CreateRaw(raw))
			must(w.Write([]byte(p.text)))
			continue
		}
		w := must(z.CreateHeader(h))
		must(w.Write([]byte(p.text)))
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

const (
	wordType = `application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml`
	types    = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="` + wordType + `"/></Types>`
	rels     = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`
)

func word(body string) part {
	return part{"word/document.xml", `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Сәлем</w:t></w:r>` + body + `</w:p></w:body></w:document>`}
}

func docx(more ...part) []byte {
	return zipOf(append([]part{{"[Content_Types].xml", types}, {"_rels/.rels", rels}, word("")}, more...)...)
}

// docxOf is a document with something in its text.
func docxOf(body string) []byte {
	return zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", rels}, word(body))
}

// Where a field begins and where it ends.
const (
	begun = `<w:r><w:fldChar w:fldCharType="begin"/></w:r>`
	ended = `<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>`
)

// instructions is what a field does, in pieces as Word writes it.
func instructions(pieces ...string) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString("<w:r>\n<w:instrText xml:space=\"preserve\">" + p + "</w:instrText>\n</w:r>\n")
	}
	return b.String()
}

// relation is a link of a document to something.
func relation(kind, target, mode string) part {
	return part{"word/_rels/document.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` +
		kind + `" Target="` + target + `" TargetMode="` + mode + `"/></Relationships>`}
}

const odtType = "application/vnd.oasis.opendocument.text"

func odt(content string, more ...part) []byte {
	return zipOf(append([]part{
		{"mimetype", odtType},
		{"META-INF/manifest.xml", `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>`},
		{"content.xml", `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:xlink="x" xmlns:draw="d" xmlns:script="s"><office:body><text:p>Сәлем</text:p>` + content + `</office:body></office:document-content>`},
	}, more...)...)
}

func mp3() []byte {
	return bytes.Repeat(append([]byte{0xff, 0xfb, 0x90, 0x00}, make([]byte, 413)...), 20)
}

func aac() []byte {
	frame := make([]byte, 200)
	copy(frame, []byte{0xff, 0xf1, 0x50, 0x80 | 200>>11, 200 >> 3 & 0xff, 200&7<<5 | 0x1f, 0xfc})
	return bytes.Repeat(frame, 20)
}

func wav() []byte {
	data := make([]byte, 8000)
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+len(data)))
	out = append(out, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(data))), data...)
}

func oggPage(flags byte, n uint32, body string) []byte {
	page := append([]byte("OggS\x00"), flags)
	page = append(page, make([]byte, 8)...)
	page = binary.LittleEndian.AppendUint32(page, 7)
	page = binary.LittleEndian.AppendUint32(page, n)
	page = append(page, 0, 0, 0, 0, 1, byte(len(body)))
	page = append(page, body...)
	binary.LittleEndian.PutUint32(page[22:], attachment.OggSum(page))
	return page
}

func ogg(first string) []byte {
	return bytes.Join([][]byte{oggPage(2, 0, first), oggPage(0, 1, "OpusTags"), oggPage(4, 2, strings.Repeat("\x11", 200))}, nil)
}

func box(name string, body ...[]byte) []byte {
	inner := bytes.Join(body, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(inner)+8)), name...), inner...)
}

func mp4(brand string, tracks ...string) []byte {
	movie := [][]byte{box("mvhd", make([]byte, 100))}
	for _, t := range tracks {
		movie = append(movie, box("trak", box("mdia", box("hdlr", make([]byte, 8), []byte(t), make([]byte, 13)))))
	}
	return bytes.Join([][]byte{box("ftyp", []byte(brand), make([]byte, 4), []byte("isom"+brand)), box("moov", movie...), box("mdat", make([]byte, 4000))}, nil)
}

func element(id []byte, body []byte) []byte {
	n := len(body)
	return bytes.Join([][]byte{id, {0x10 | byte(n>>24), byte(n >> 16), byte(n >> 8), byte(n)}, body}, nil)
}

// webm is a film as a browser records it: neither its segment nor its cluster knows
// how long it will be.
func webm(doctype string, more ...[]byte) []byte {
	open := []byte{0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	head := element([]byte{0x1a, 0x45, 0xdf, 0xa3}, append([]byte{0x42, 0x86, 0x81, 1, 0x42, 0x82, 0x80 | byte(len(doctype))}, doctype...))
	out := [][]byte{head, {0x18, 0x53, 0x80, 0x67}, open,
		element([]byte{0x15, 0x49, 0xa9, 0x66}, make([]byte, 20)), element([]byte{0x16, 0x54, 0xae, 0x6b}, make([]byte, 50))}
	out = append(out, more...)
	out = append(out, []byte{0x1f, 0x43, 0xb6, 0x75}, open, element([]byte{0xe7}, []byte{0}), element([]byte{0xa3}, make([]byte, 3000)))
	return bytes.Join(out, nil)
}

// eicar is the file that every scanner takes for a virus; it is put together here so
// that no scanner takes this source for one.
func eicar() string {
	return `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + "EICAR-STANDARD-ANTIVIRUS-" + `TEST-FILE!$H+H*`
}

var red = color.RGBA{255, 0, 0, 255}
