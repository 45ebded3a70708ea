package portaltest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// Marked are honest files that say something of whoever made them, wherever telephones
// and programs put that: mark stands in each place, and nothing of it can be seen. They
// are called photo.jpg, shot.png, paper.pdf and letter.docx.
func Marked(mark string) map[string][]byte {
	return map[string][]byte{"photo.jpg": markedJPEG(mark), "shot.png": markedPNG(mark), "paper.pdf": markedPDF(mark), "letter.docx": markedDOCX(mark)}
}

func view() image.Image {
	p := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		for y := range 48 {
			p.Set(x, y, color.RGBA{byte(4 * x), byte(5 * y), 90, 255})
		}
	}
	return p
}

// tiff is a directory of EXIF with its author, the maker of the camera and a place.
func tiff(mark string) []byte {
	text := mark + "\x00"
	at := uint32(8 + 2 + 3*12 + 4)
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x03")
	for _, tag := range []uint16{0x010f, 0x013b, 0x8298} { // maker, artist, rights
		b = binary.BigEndian.AppendUint16(b, tag)
		b = append(b, 0, 2)
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = binary.BigEndian.AppendUint32(b, at)
	}
	return append(append(b, 0, 0, 0, 0), text...)
}

func xmp(mark string) string {
	return `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="` +
		mark + `" xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="43,14.34N"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

func markedJPEG(mark string) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, view(), nil); err != nil {
		panic(err)
	}
	file := b.Bytes()
	out := bytes.Clone(file[:2])
	segment := func(marker byte, body string) {
		out = append(out, 0xff, marker)
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(body)+2)), body...)
	}
	segment(0xe1, "Exif\x00\x00"+string(tiff(mark)))
	segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+xmp(mark))
	iptc := "\x1c\x02\x50" + string(binary.BigEndian.AppendUint16(nil, uint16(len(mark)))) + mark // the author's line
	segment(0xed, "Photoshop 3.0\x008BIM\x04\x04\x00\x00"+string(binary.BigEndian.AppendUint32(nil, uint32(len(iptc))))+iptc)
	segment(0xfe, mark)
	return append(append(out, file[2:]...), mark...) // and after its end
}

func markedPNG(mark string) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, view()); err != nil {
		panic(err)
	}
	file := b.Bytes()
	const head = 8 + 12 + 13
	out := bytes.Clone(file[:head])
	chunk := func(name, body string) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		out = append(out, name+body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(name+body)))
	}
	chunk("tEXt", "Author\x00"+mark)
	chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+xmp(mark))
	chunk("eXIf", string(tiff(mark)))
	return append(append(out, file[head:]...), mark...)
}

func markedPDF(mark string) []byte {
	photo := string(markedJPEG(mark))
	show := "q 150 0 0 100 20 60 cm /I Do Q BT 3 Tr /F 9 Tf 20 20 Td (" + mark + ") Tj ET" // the text is not drawn
	stream := func(entries, body string) string {
		return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(body), body)
	}
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R/Lang(" + mark + ")>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>/Annots[7 0 R]>>",
		stream("", show),
		stream("/Type/XObject/Subtype/Image/Width 64/Height 48/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", photo),
		stream("/Type/Metadata/Subtype/XML", xmp(mark)),
		"<</Type/Annot/Subtype/Text/Rect[0 0 1 1]/F 2/T(" + mark + ")/Contents(" + mark + ")>>",
		"<</Author(" + mark + ")/Creator(" + mark + ")/Producer(" + mark + ")/CreationDate(D:20261022143000+05'00')>>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%" + mark + "\n")
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
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R/Info 8 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

func markedDOCX(mark string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>`},
		{"word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body/></w:document>`},
		{"docProps/core.xml", `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>` + mark + `</dc:creator></cp:coreProperties>`},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: part[0], Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(part[1]))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
