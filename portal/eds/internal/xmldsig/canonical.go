package xmldsig

import (
	"cmp"
	"slices"
	"strings"
)

// maxCanonical bounds a canonical form: exclusive canonicalisation repeats
// declarations, so it may be much longer than what it was made of.
const maxCanonical = 4 * maxDocument

// canonical gives the canonical form of an element without what stands in omit:
// Canonical XML 1.0, or Exclusive XML Canonicalization 1.0 with no prefixes
// listed. Comments and attributes of XML itself, in whose treatment the forms
// differ further, do not occur: document refuses them.
func canonical(e *element, exclusive bool, omit ...*element) ([]byte, error) {
	w := writer{exclusive: exclusive, apex: e, omit: omit}
	w.element(e)
	if len(w.out) > maxCanonical {
		return nil, refuse(TooLarge, "the canonical form is longer than %d bytes", maxCanonical)
	}
	return w.out, nil
}

type writer struct {
	exclusive bool
	apex      *element
	omit      []*element
	out       []byte
	rendered  []attribute // declarations in force in the output, outermost first
}

func (w *writer) element(e *element) {
	if len(w.out) > maxCanonical {
		return
	}
	outer := len(w.rendered)
	name := qualified(e.prefix, e.local)
	w.put("<", name)
	w.namespaces(e)
	for _, a := range e.attributes {
		w.put(" ", qualified(a.prefix, a.local), `="`, inValue.Replace(a.value), `"`)
	}
	w.put(">")
	for _, c := range e.children {
		switch {
		case c.element == nil:
			w.put(inText.Replace(c.text))
		case !slices.Contains(w.omit, c.element):
			w.element(c.element)
		}
	}
	w.put("</", name, ">")
	w.rendered = w.rendered[:outer]
}

func (w *writer) put(parts ...string) {
	for _, p := range parts {
		w.out = append(w.out, p...)
	}
}

func qualified(prefix, local string) string {
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

// What is replaced in values and in text (Canonical XML 1.0, 2.3).
var (
	inValue = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
	inText  = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
)

// namespaces writes the declarations of an element that are not in force in the
// output already, the default first, then by prefix. In force at the outermost
// is only that there is no default.
func (w *writer) namespaces(e *element) {
	var written []attribute
	for _, d := range w.candidates(e) {
		if w.inForce(d.local) == d.value {
			continue
		}
		written = append(written, d)
	}
	slices.SortFunc(written, func(a, b attribute) int { return cmp.Compare(a.local, b.local) })
	for _, d := range written {
		name := "xmlns"
		if d.local != "" {
			name = "xmlns:" + d.local
		}
		w.put(" ", name, `="`, inValue.Replace(d.value), `"`)
	}
	w.rendered = append(w.rendered, written...)
}

// candidates are the declarations that the form would have on an element: the
// prefixes it uses itself, in the exclusive form; else those declared on it, and
// on the outermost element those it inherits.
func (w *writer) candidates(e *element) []attribute {
	var found []attribute
	add := func(prefix string) {
		if slices.ContainsFunc(found, func(d attribute) bool { return d.local == prefix }) {
			return
		}
		uri, _ := e.namespace(prefix)
		found = append(found, attribute{local: prefix, value: uri})
	}
	if w.exclusive {
		add(e.prefix)
		for _, a := range e.attributes {
			if a.prefix != "" {
				add(a.prefix)
			}
		}
		return found
	}
	for from := e; from != nil; from = from.parent {
		for _, d := range from.declarations {
			add(d.local)
		}
		if e != w.apex {
			break
		}
	}
	return found
}

func (w *writer) inForce(prefix string) string {
	for _, d := range slices.Backward(w.rendered) {
		if d.local == prefix {
			return d.value
		}
	}
	return ""
}
