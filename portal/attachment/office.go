package attachment

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
)

// Bounds of a document that is a zip of XML.
const (
	maxEntries  = 2000
	maxUnpacked = 100 << 20 // bytes, all entries together
	maxRatio    = 200       // of an entry above 1 MiB
	maxDepth    = 256       // of XML
)

// entry is one file within a document, as its reader sees it.
type entry struct {
	name string
	file *zip.File
}

// unzip opens a document that is a zip and nothing besides: it begins and ends with
// the zip, no entry leads out of it, is locked or is there twice.
func unzip(file []byte) (map[string]entry, error) {
	const headSize, tailSize = 30, 22
	if len(file) < headSize+tailSize || !begins(file, "PK\x03\x04") || !begins(file[len(file)-tailSize:], "PK\x05\x06") {
		return nil, bad(Damaged)
	}
	tail := file[len(file)-tailSize:]
	if n := binary.LittleEndian.Uint16(tail[10:]); n > maxEntries { // before the list itself is read
		return nil, bad(Bomb)
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, err
	}
	if len(z.File) > maxEntries {
		return nil, bad(Bomb)
	}
	// The file begins with an entry of the list, and not with something else.
	first := int64(headSize) + int64(binary.LittleEndian.Uint16(file[26:])) + int64(binary.LittleEndian.Uint16(file[28:]))
	begun := false
	entries := map[string]entry{}
	for _, f := range z.File {
		at, err := f.DataOffset()
		begun = begun || at == first
		name := f.Name
		low := strings.ToLower(name)
		switch _, twice := entries[low]; {
		case err != nil:
			return nil, err
		case f.Flags&1 != 0:
			return nil, bad(Locked)
		case twice, name == "", strings.HasPrefix(name, "/"), strings.ContainsAny(name, "\\:\x00"), strings.Contains("/"+name+"/", "/../"),
			!f.Mode().IsRegular() && !f.Mode().IsDir(), f.Method != zip.Store && f.Method != zip.Deflate:
			return nil, bad(Bomb)
		}
		entries[low] = entry{name, f}
	}
	if !begun {
		return nil, bad(Bomb)
	}
	return entries, nil
}

// unpack reads every entry to its end, held to its bounds by what comes out and not
// by what the list promises, and gives each to look.
func unpack(entries map[string]entry, look func(name string, content io.Reader) error) error {
	left := int64(maxUnpacked)
	for low, e := range entries {
		if e.file.Mode().IsDir() {
			continue
		}
		r, err := e.file.Open()
		if err != nil {
			return err
		}
		most := left
		if packed := int64(e.file.CompressedSize64); packed < 1<<40 {
			most = min(most, max(1<<20, packed*maxRatio))
		}
		count := &counted{r: r, most: most}
		err = look(low, count)
		if err == nil {
			_, err = io.Copy(io.Discard, count)
		}
		r.Close()
		if count.over {
			return bad(Bomb)
		}
		if err != nil {
			return err
		}
		left -= count.n
	}
	return nil
}

// counted is a reader that ends in an error after so many bytes.
type counted struct {
	r       io.Reader
	n, most int64
	over    bool
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.n += int64(n); c.n > c.most {
		c.over = true
		return 0, bad(Bomb)
	}
	return n, err
}

// elements walks an XML file, element by element. A type declaration, the door to
// entities that grow and files that are fetched, is refused.
func elements(content io.Reader, each func(xml.StartElement) error, text func(string) error) error {
	d := xml.NewDecoder(content)
	depth := 0
	for {
		token, err := d.RawToken()
		switch {
		case err == io.EOF && depth == 0:
			return nil
		case err != nil:
			if why := bad(""); errors.As(err, &why) {
				return why
			}
			return bad(Damaged)
		}
		switch token := token.(type) {
		case xml.Directive:
			return bad(Bomb)
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return bad(Bomb)
			}
			if err := each(token); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if text != nil {
				if err := text(string(token)); err != nil {
					return err
				}
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// programs are parts that hold a program, by their ends or folders.
var programs = regexp.MustCompile(`(?i)(vbaproject|vbadata|/activex/|/embeddings/|/customui/|^basic/|^scripts/|\.(bin|exe|dll|js|jse|vbs|vbe|wsf|hta|cmd|bat|ps1|scr|com|jar|class|lnk|html?|xhtml|svg|swf|msi|zip|docm|dotm)$)`)

// fonts and printer settings end in .bin or lie beside; they start nothing.
var harmless = regexp.MustCompile(`(?i)^word/(printersettings/printersettings\d*\.bin|fonts/[^/]+\.odttf)$`)

// asks is a field of Word that starts a program or fetches a document.
var asks = regexp.MustCompile(`(?i)^\s*(DDEAUTO|DDE|INCLUDETEXT|INCLUDEPICTURE|IMPORT|LINK|MACROBUTTON)\b`)

// far is an address outside the document.
var far = regexp.MustCompile(`(?i)^\s*(https?|ftp|file|smb|mhtml|javascript|vbscript|data|\\\\|//)`)

const wordMain = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"

// readDOCX reads a document of Word: every part of it, none that acts, nothing that
// is fetched from outside when it is opened. Links for people to press may stay.
func readDOCX(in io.Reader, _ io.Writer) (verdict, error) {
	file, err := whole(in)
	if err != nil {
		return verdict{}, err
	}
	if begins(file, "\xd0\xcf\x11\xe0") { // how Office keeps a document with a password
		return verdict{}, bad(Locked)
	}
	entries, err := unzip(file)
	if err != nil {
		return verdict{}, err
	}
	for _, needed := range []string{"[content_types].xml", "_rels/.rels", "word/document.xml"} {
		if _, ok := entries[needed]; !ok {
			return verdict{}, bad(Mismatch)
		}
	}
	for low := range entries {
		if programs.MatchString(low) && !harmless.MatchString(low) {
			return verdict{}, bad(Active)
		}
	}
	main := false
	err = unpack(entries, func(low string, content io.Reader) error {
		switch {
		case low == "[content_types].xml":
			return elements(content, func(e xml.StartElement) error {
				is := attribute(e, "ContentType")
				main = main || is == wordMain
				if strings.Contains(strings.ToLower(is), "macroenabled") || strings.Contains(is, "vbaProject") || strings.Contains(is, "activeX") || strings.Contains(is, "oleObject") {
					return bad(Active)
				}
				return nil
			}, nil)
		case strings.HasSuffix(low, ".rels"):
			return elements(content, func(e xml.StartElement) error {
				if strings.EqualFold(attribute(e, "TargetMode"), "External") && !strings.HasSuffix(attribute(e, "Type"), "/hyperlink") ||
					strings.HasPrefix(strings.ToLower(strings.TrimSpace(attribute(e, "Target"))), "javascript:") {
					return bad(Active)
				}
				return nil
			}, nil)
		case strings.HasSuffix(low, ".xml"):
			field := false
			return elements(content, func(e xml.StartElement) error {
				field = e.Name.Local == "instrText"
				if e.Name.Local == "fldSimple" && asks.MatchString(attribute(e, "instr")) || e.Name.Local == "altChunk" {
					return bad(Active)
				}
				return nil
			}, func(text string) error {
				if field && asks.MatchString(text) {
					return bad(Active)
				}
				return nil
			})
		}
		return nil
	})
	if err == nil && !main {
		err = bad(Mismatch)
	}
	return verdict{}, err
}

// readODT is readDOCX for a document of OpenDocument.
func readODT(in io.Reader, _ io.Writer) (verdict, error) {
	file, err := whole(in)
	if err != nil {
		return verdict{}, err
	}
	entries, err := unzip(file)
	if err != nil {
		return verdict{}, err
	}
	for _, needed := range []string{"mimetype", "content.xml", "meta-inf/manifest.xml"} {
		if _, ok := entries[needed]; !ok {
			return verdict{}, bad(Mismatch)
		}
	}
	for low := range entries {
		if programs.MatchString(low) || strings.HasPrefix(low, "object ") {
			return verdict{}, bad(Active)
		}
	}
	err = unpack(entries, func(low string, content io.Reader) error {
		switch {
		case low == "mimetype":
			said, err := io.ReadAll(content)
			if err == nil && string(said) != forms[ODT].mime {
				err = bad(Mismatch)
			}
			return err
		case low == "meta-inf/manifest.xml":
			return manifest(content)
		case strings.HasSuffix(low, ".xml") || strings.HasSuffix(low, ".rdf"):
			return elements(content, func(e xml.StartElement) error {
				switch e.Name.Local {
				case "event-listener", "script", "object", "object-ole", "applet", "plugin", "floating-frame", "dde-connection", "dde-source":
					return bad(Active)
				}
				if e.Name.Local != "a" && far.MatchString(attribute(e, "href")) || strings.HasPrefix(strings.ToLower(attribute(e, "href")), "javascript:") {
					return bad(Active)
				}
				return nil
			}, nil)
		}
		return nil
	})
	return verdict{}, err
}

// manifest is the list of an OpenDocument; it tells that parts are locked. It is the
// one file that old writers begin with a type declaration, so that is passed over.
func manifest(content io.Reader) error {
	d := xml.NewDecoder(content)
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.Directive:
			if bytes.Contains(token, []byte("ENTITY")) {
				return bad(Bomb)
			}
		case xml.StartElement:
			if token.Name.Local == "encryption-data" {
				return bad(Locked)
			}
		}
	}
}
