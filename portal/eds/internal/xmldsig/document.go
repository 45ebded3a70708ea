package xmldsig

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of one document, kept while it is read. Genuine ones have some dozens
// of elements, one of them a certificate in base64.
const (
	maxDocument     = 1 << 20
	maxDepth        = 64
	maxElements     = 10_000
	maxAttributes   = 64 // of one element
	maxDeclarations = 64 // of namespaces, in force at one place
	maxURI          = 256
)

// element is an element of the document.
type element struct {
	parent        *element
	prefix, local string
	space         string      // the namespace that the prefix stands for
	declarations  []attribute // local is the prefix, empty for the default
	attributes    []attribute // in canonical order: by namespace, then by name
	children      []child
}

type attribute struct{ prefix, local, space, value string }

// child is an element, or text with its references resolved.
type child struct {
	element *element
	text    string
}

// namespace gives the name that a prefix stands for; the empty prefix may stand
// for none.
func (e *element) namespace(prefix string) (uri string, declared bool) {
	for ; e != nil; e = e.parent {
		for _, d := range e.declarations {
			if d.local == prefix {
				return d.value, true
			}
		}
	}
	return "", prefix == ""
}

// ours says whether this is an element of XML Signature.
func (e *element) ours() bool { return e.space == Namespace }

// inside says whether this element is the other, or stands within it.
func (e *element) inside(other *element) bool {
	for ; e != nil; e = e.parent {
		if e == other {
			return true
		}
	}
	return false
}

// walk visits the element and everything within it, in document order.
func (e *element) walk(visit func(*element)) {
	visit(e)
	for _, c := range e.children {
		if c.element != nil {
			c.element.walk(visit)
		}
	}
}

// document reads the part of XML 1.0 that has one reading for every program: an
// XML declaration, one element, elements within it, text, the five named
// references and numbers. Document types (and with them entities), processing
// instructions, CDATA sections and comments are refused: the first would be a
// program of the sender's, and the others are what readers disagree about. Names
// are of ASCII.
func document(raw []byte) (*element, error) {
	if len(raw) > maxDocument {
		return nil, refuse(TooLarge, "document of %d bytes", len(raw))
	}
	if !utf8.Valid(raw) {
		return nil, refuse(Form, "the document is not in UTF-8")
	}
	// One line ending for all (XML 1.0, 2.11).
	text := string(bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n")))
	r := &reader{rest: declaration.ReplaceAllString(text, "")}
	r.rest = strings.TrimLeft(r.rest, blanks)
	for r.err == nil && (r.root == nil || r.open != nil) {
		r.next()
	}
	if r.err == nil && strings.Trim(r.rest, blanks) != "" {
		r.fail("something follows the document")
	}
	return r.root, r.err
}

// blanks are what may stand between things. A carriage return is only met where it
// was written as a reference.
const blanks = " \t\n"

func blank(text string) bool { return strings.Trim(text, blanks+"\r") == "" }

// declaration is the XML declaration (XML 1.0, 2.8) of a document in UTF-8.
var declaration = regexp.MustCompile(
	`\A<\?xml +version=("1\.0"|'1\.0')( +encoding=("(?i:utf-8)"|'(?i:utf-8)'))?( +standalone=("(yes|no)"|'(yes|no)'))? *\?>`)

// reader takes a document apart from its beginning. The first thing that is not
// as expected is kept and ends the reading.
type reader struct {
	rest string
	err  error

	root, open             *element
	depth, elements, scope int // scope counts declarations from the root to here
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = refuse(Form, format, args...)
	}
}

// take removes a prefix of the rest, if it is there.
func (r *reader) take(prefix string) bool {
	rest, found := strings.CutPrefix(r.rest, prefix)
	if found {
		r.rest = rest
	}
	return found
}

// until takes everything before one of the characters.
func (r *reader) until(chars string) string {
	i := strings.IndexAny(r.rest, chars)
	if i < 0 {
		r.fail("the document ends in the middle")
		return ""
	}
	taken := r.rest[:i]
	r.rest = r.rest[i:]
	return taken
}

// next takes one piece of the document: an end, a beginning or text.
func (r *reader) next() {
	switch {
	case r.take("</"):
		r.end()
	case strings.HasPrefix(r.rest, "<!") || strings.HasPrefix(r.rest, "<?"):
		r.fail("a declaration, a comment or an instruction stands in the document")
	case r.take("<"):
		r.begin()
	case r.open == nil:
		r.fail("text outside the document")
	default:
		text := r.until("<")
		if strings.Contains(text, "]]>") {
			r.fail("text with the end of a section")
		}
		r.open.children = append(r.open.children, child{text: r.resolve(text)})
	}
}

func (r *reader) begin() {
	e := &element{parent: r.open}
	e.prefix, e.local = r.name()
	for {
		before := len(r.rest)
		r.rest = strings.TrimLeft(r.rest, blanks)
		if r.err != nil || strings.HasPrefix(r.rest, ">") || strings.HasPrefix(r.rest, "/>") {
			break
		}
		if len(r.rest) == before {
			r.fail("attributes run into one another")
		}
		r.attribute(e)
	}
	if r.elements++; r.elements > maxElements {
		r.fail("more than %d elements", maxElements)
	}
	if r.depth++; r.depth > maxDepth {
		r.fail("elements nested deeper than %d", maxDepth)
	}
	r.check(e)
	if r.err != nil {
		return
	}
	if r.open == nil {
		r.root = e
	} else {
		r.open.children = append(r.open.children, child{element: e})
	}
	r.open = e
	if r.take("/>") {
		r.close()
		return
	}
	r.take(">")
}

func (r *reader) end() {
	prefix, local := r.name()
	r.rest = strings.TrimLeft(r.rest, blanks)
	switch {
	case r.err != nil:
	case !r.take(">"):
		r.fail("an end that does not end")
	case r.open == nil || r.open.prefix != prefix || r.open.local != local:
		r.fail("an end without its beginning")
	default:
		r.close()
	}
}

func (r *reader) close() {
	r.scope -= len(r.open.declarations)
	r.open = r.open.parent
	r.depth--
}

// name takes a name with at most one prefix (Namespaces in XML 1.0, 4).
func (r *reader) name() (prefix, local string) {
	local = r.word()
	if r.take(":") {
		prefix, local = local, r.word()
	}
	return prefix, local
}

func (r *reader) word() string {
	i := 0
	for i < len(r.rest) && named(r.rest[i], i == 0) {
		i++
	}
	if i == 0 {
		r.fail("a name was expected")
	}
	taken := r.rest[:i]
	r.rest = r.rest[i:]
	return taken
}

func named(b byte, first bool) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', b == '_':
		return true
	case '0' <= b && b <= '9', b == '-', b == '.':
		return !first
	}
	return false
}

func (r *reader) attribute(e *element) {
	var a attribute
	a.prefix, a.local = r.name()
	r.rest = strings.TrimLeft(r.rest, blanks)
	if !r.take("=") {
		r.fail("an attribute without a value")
	}
	r.rest = strings.TrimLeft(r.rest, blanks)
	quote := `"`
	if !r.take(quote) {
		if quote = "'"; !r.take(quote) {
			r.fail("a value without quotes")
		}
	}
	value := r.until(quote)
	r.take(quote)
	if strings.Contains(value, "<") {
		r.fail("a value with an element in it")
	}
	// Blanks that are written as such are all one (XML 1.0, 3.3.3).
	a.value = r.resolve(strings.Map(oneBlank, value))
	switch {
	case a.prefix == "" && a.local == "xmlns":
		r.declare(e, attribute{value: a.value})
	case a.prefix == "xmlns":
		r.declare(e, a)
	default:
		if e.attributes = append(e.attributes, a); len(e.attributes) > maxAttributes {
			r.fail("more than %d attributes", maxAttributes)
		}
	}
}

func oneBlank(c rune) rune {
	if c == '\t' || c == '\n' {
		return ' '
	}
	return c
}

func (r *reader) declare(e *element, d attribute) {
	if r.scope++; r.scope > maxDeclarations {
		r.fail("more than %d namespaces", maxDeclarations)
	}
	d.prefix = ""
	switch {
	case reserved(d.local) || d.local != "" && d.value == "":
		r.fail("a namespace that may not be declared")
	case len(d.value) > maxURI || strings.HasPrefix(d.value, "http://www.w3.org/XML/") || strings.HasPrefix(d.value, "http://www.w3.org/2000/xmlns"):
		r.fail("a namespace with a name that may not be used")
	}
	for _, other := range e.declarations {
		if other.local == d.local {
			r.fail("a namespace is declared twice")
		}
	}
	e.declarations = append(e.declarations, d)
}

// reserved says whether a prefix begins as those of XML itself do. Nothing of
// the national form has them, and xml:base, xml:id and their like would reach
// into what is signed from outside.
func reserved(prefix string) bool {
	return len(prefix) >= 3 && strings.EqualFold(prefix[:3], "xml")
}

// check finds what the prefixes of an element stand for, once its declarations are
// known, and brings its attributes into their order. None may stand twice, under
// whatever prefix; without one they are in no namespace.
func (r *reader) check(e *element) {
	e.space = r.known(e, e.prefix)
	for i, a := range e.attributes {
		if a.prefix != "" {
			e.attributes[i].space = r.known(e, a.prefix)
		}
	}
	slices.SortFunc(e.attributes, compare)
	for i := 1; i < len(e.attributes); i++ {
		if compare(e.attributes[i-1], e.attributes[i]) == 0 {
			r.fail("an attribute stands twice")
		}
	}
}

func compare(a, b attribute) int {
	return cmp.Or(cmp.Compare(a.space, b.space), cmp.Compare(a.local, b.local))
}

func (r *reader) known(e *element, prefix string) string {
	uri, declared := e.namespace(prefix)
	if !declared || reserved(prefix) {
		r.fail("a prefix that stands for nothing")
	}
	return uri
}

var references = map[string]rune{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// resolve gives text with its references replaced, and refuses characters that
// XML does not have (XML 1.0, 2.2 and 4.1).
func (r *reader) resolve(text string) string {
	for _, c := range text {
		if !character(c) {
			r.fail("a character that XML does not have")
			return ""
		}
	}
	if !strings.Contains(text, "&") {
		return text
	}
	var out strings.Builder
	before, rest, found := strings.Cut(text, "&")
	for ; found; before, rest, found = strings.Cut(rest, "&") {
		out.WriteString(before)
		name, after, ended := strings.Cut(rest, ";")
		c, known := reference(name)
		if !ended || !known {
			r.fail("a reference that is not understood")
			return ""
		}
		out.WriteRune(c)
		rest = after
	}
	out.WriteString(before)
	return out.String()
}

func reference(name string) (rune, bool) {
	digits, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		c, known := references[name]
		return c, known
	}
	base := 10
	if hex, found := strings.CutPrefix(digits, "x"); found {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	return rune(n), err == nil && character(rune(n))
}

func character(c rune) bool {
	switch {
	case c == '\t', c == '\n', c == '\r':
		return true
	case c < 0x20, c >= 0xd800 && c < 0xe000, c == 0xfffe, c == 0xffff:
		return false
	}
	return c <= utf8.MaxRune
}
