package attachment

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
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

// elements walks an XML file, element by element: start takes where each begins,
// end where it ends; end and text may be nil. A type declaration, the door to entities that grow and
// files that are fetched, is refused.
func elements(content io.Reader, start func(xml.StartElement) error, end func(xml.EndElement) error, text func(string) error) error {
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
			if err := start(token); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
			if end != nil {
				if err := end(token); err != nil {
					return err
				}
			}
		case xml.CharData:
			if text != nil {
				if err := text(string(token)); err != nil {
					return err
				}
			}
		}
	}
}

// has tells whether an attribute of a name is such, in whatever namespace: which of two
// of one name the reader's program goes by is not for us to know.
func has(e xml.StartElement, name string, is func(value string) bool) bool {
	return slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == name && is(a.Value) })
}

// programs are parts that hold a program, by their ends or folders.
var programs = regexp.MustCompile(`(?i)(vbaproject|vbadata|(^|/)(activex|embeddings|customui)/|^basic/|^scripts/|\.(bin|exe|dll|js|jse|vbs|vbe|wsf|hta|cmd|bat|ps1|scr|com|jar|class|lnk|html?|xhtml|mht|mhtml|svg|swf|msi|zip|docm|dotm)$)`)

// fonts and printer settings end in .bin or lie beside; they start nothing.
var harmless = regexp.MustCompile(`(?i)^word/(printersettings/printersettings\d*\.bin|fonts/[^/]+\.odttf)$`)

// brings is a relation of Word to a part that holds a program or a document of another
// kind, whatever the part is called.
var brings = regexp.MustCompile(`(?i)/(oleobject|package|control|activexcontrolbinary|vbaproject|wordvbadata|afchunk|subdocument|frame|attachedtoolbars|extensibility)$`)

// asks are the fields of Word that start a program or fetch a document.
var asks = []string{"DDE", "DDEAUTO", "INCLUDE", "INCLUDETEXT", "INCLUDEPICTURE", "IMPORT", "LINK", "DATABASE", "MACROBUTTON"}

// far is an address outside the document: any that says how it is reached.
var far = regexp.MustCompile(`(?i)^\s*([a-z][a-z0-9+.-]*:|\\\\|//)`)

// starts is a link that, pressed, leads nowhere but starts something on the reader's machine.
var starts = regexp.MustCompile(`(?i)^\s*(javascript|vbscript|data|macro|slot|\.uno|vnd\.[a-z.]+|ms-[a-z-]+|search):`)

// name is that of a field of Word: the first letters of its instruction, which comes in
// pieces, cut wherever the writer's program liked.
type name struct {
	letters string
	sum     bool // it has none: it reckons
	whole   bool // more letters do not belong to it
}

func (n *name) more(text string) {
	for _, r := range text {
		letter := r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		switch {
		case n.whole:
		case !letter && n.letters == "":
			n.sum = n.sum || r == '='
		case !letter || len(n.letters) > 20: // none is as long
			n.whole = true
		default:
			n.letters += string(r)
		}
	}
}

func (n *name) acts() bool { return slices.Contains(asks, strings.ToUpper(n.letters)) }

// field is one that was begun: its name as it stands, and as it was before something was
// struck out.
type field struct {
	now, before name
	foreign     int  // elements around it that are not of Word
	done        bool // what follows is its result
}

func (f *field) acts() bool { return f.now.acts() || f.before.acts() }

// fields reads the fields of one part, which stand within fields. What stands around a
// piece must stand around the whole field: Word passes over elements that it does not
// know, and of two ways to say a thing it reads one, so that others would read another name.
type fields struct {
	open    []*field
	within  []string // elements
	alien   []bool   // of each, that it is not of Word
	foreign int      // how many of them
	prefix  string   // of what is of Word, as the part begins
	piece   name     // of an instruction in no field
}

func (fs *fields) start(e xml.StartElement) error {
	if len(fs.within) == 0 {
		fs.prefix = e.Name.Space
	}
	alien := e.Name.Space != fs.prefix || len(fs.within) > 0 && slices.ContainsFunc(e.Attr, func(a xml.Attr) bool {
		return a.Name.Space == "xmlns" && a.Name.Local == fs.prefix || a.Name.Space == "" && a.Name.Local == "xmlns" && fs.prefix == ""
	})
	fs.within, fs.alien = append(fs.within, e.Name.Local), append(fs.alien, alien)
	if alien {
		fs.foreign++
	}
	switch e.Name.Local {
	case "altChunk":
		return bad(Active)
	case "fldSimple":
		if has(e, "instr", func(said string) bool { var n name; n.more(said); return n.acts() }) {
			return bad(Active)
		}
	case "instrText", "delInstrText":
		fs.piece = name{}
	case "fldChar":
		return fs.mark(e)
	}
	return nil
}

// mark is where a field begins, where its result begins, or where it ends.
func (fs *fields) mark(e xml.StartElement) error {
	last := fs.last()
	if has(e, "fldCharType", func(is string) bool { return is == "begin" }) {
		if last != nil && last.now.letters == "" && !last.now.sum {
			return bad(Active) // its name is made by another
		}
		if fs.open = append(fs.open, &field{foreign: fs.foreign}); len(fs.open) > maxDepth {
			return bad(Bomb)
		}
		return nil
	}
	if last != nil {
		if last.done = true; last.acts() {
			return bad(Active)
		}
	}
	if n := len(fs.open); n > 0 && has(e, "fldCharType", func(is string) bool { return is == "end" }) {
		fs.open = fs.open[:n-1]
	}
	return nil
}

// last is the field whose instruction is being read; nil for none.
func (fs *fields) last() *field {
	if n := len(fs.open); n > 0 && !fs.open[n-1].done {
		return fs.open[n-1]
	}
	return nil
}

func (fs *fields) end(xml.EndElement) error {
	n := len(fs.within) - 1
	if n < 0 {
		return bad(Damaged)
	}
	if fs.alien[n] {
		fs.foreign--
	}
	instruction := fs.within[n] == "instrText" || fs.within[n] == "delInstrText"
	fs.within, fs.alien = fs.within[:n], fs.alien[:n]
	if instruction && fs.piece.acts() {
		return bad(Active)
	}
	return nil
}

func (fs *fields) text(text string) error {
	struck, said := slices.Contains(fs.within, "delInstrText"), slices.Contains(fs.within, "instrText")
	switch last := fs.last(); {
	case last == nil:
		if struck || said {
			fs.piece.more(text)
		}
	case last.now.whole && last.before.whole:
	case !struck && !said:
		if slices.Contains(fs.within, "t") && strings.TrimSpace(text) != "" { // a text in the midst of the name
			return bad(Active)
		}
	case fs.foreign != last.foreign:
		return bad(Active)
	default:
		last.before.more(text)
		if !struck {
			last.now.more(text)
		}
	}
	return nil
}

// rest looks at what no end was told of.
func (fs *fields) rest() error {
	if slices.ContainsFunc(fs.open, (*field).acts) {
		return bad(Active)
	}
	return nil
}

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
	for _, needed := range []string{"[content_types].xml", "_rels/.rels"} {
		if _, ok := entries[needed]; !ok {
			return verdict{}, bad(Mismatch)
		}
	}
	for low := range entries {
		if programs.MatchString(low) && !harmless.MatchString(low) {
			return verdict{}, bad(Active)
		}
	}
	isWord, begun := false, false
	err = unpack(entries, func(low string, content io.Reader) error {
		switch {
		case low == "[content_types].xml":
			return elements(content, func(e xml.StartElement) error {
				isWord = isWord || has(e, "ContentType", func(is string) bool { return is == wordMain })
				return typed(e)
			}, nil, nil)
		case strings.HasSuffix(low, ".rels"):
			return elements(content, func(e xml.StartElement) error {
				if low == "_rels/.rels" && has(e, "Type", func(is string) bool { return strings.HasSuffix(is, "/officeDocument") }) {
					begun = true
					if err := beginning(entries, e); err != nil {
						return err
					}
				}
				return related(e)
			}, nil, nil)
		case isXML(low):
			var fs fields
			if err := elements(content, fs.start, fs.end, fs.text); err != nil {
				return err
			}
			return fs.rest()
		}
		return nil
	})
	if err == nil && !(isWord && begun) {
		err = bad(Mismatch)
	}
	return verdict{}, err
}

// isXML tells of a part of Word whether it is looked through.
func isXML(low string) bool { return strings.HasSuffix(low, ".xml") }

// beginning refuses a document that begins with a part that is not there, or that nobody
// looks through. It is called word/document.xml by most, and word/document2.xml by Word
// of the browser.
func beginning(entries map[string]entry, e xml.StartElement) (err error) {
	has(e, "Target", func(to string) bool {
		low := strings.ToLower(strings.TrimPrefix(to, "/"))
		if _, there := entries[low]; !there {
			err = bad(Mismatch)
		} else if !isXML(low) {
			err = bad(Bomb)
		}
		return err != nil
	})
	return err
}

// typed refuses what the list of types says of a part: that it holds a program, or that
// it is read as XML under an end by which nobody would look through it.
func typed(e xml.StartElement) error {
	isText := false
	if has(e, "ContentType", func(is string) bool {
		is = strings.ToLower(is)
		isText = isText || (strings.HasPrefix(is, "application/") || strings.HasPrefix(is, "text/")) && (strings.HasSuffix(is, "+xml") || strings.HasSuffix(is, "/xml"))
		return strings.Contains(is, "macroenabled") || strings.Contains(is, "vbaproject") || strings.Contains(is, "activex") || strings.Contains(is, "oleobject")
	}) {
		return bad(Active)
	}
	unseen := func(end string) bool {
		end = strings.ToLower(end)
		return !isXML(end) && !strings.HasSuffix(end, ".rels")
	}
	if isText && (has(e, "PartName", unseen) || has(e, "Extension", func(end string) bool { return unseen("." + end) })) {
		return bad(Bomb)
	}
	return nil
}

// related refuses a relation by which something is fetched, or holds what acts.
func related(e xml.StartElement) error {
	outside := has(e, "TargetMode", func(is string) bool { return strings.EqualFold(is, "External") })
	if outside && has(e, "Type", func(is string) bool { return !strings.HasSuffix(is, "/hyperlink") }) ||
		has(e, "Type", brings.MatchString) || has(e, "Target", starts.MatchString) {
		return bad(Active)
	}
	return nil
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
				outside := far
				if e.Name.Local == "a" {
					outside = starts
				}
				if has(e, "href", outside.MatchString) {
					return bad(Active)
				}
				return nil
			}, nil, nil)
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
