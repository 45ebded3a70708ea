package xmldsig

import (
	"encoding/base64"
	"slices"
	"strings"
)

// rule is what one element of a signature consists of.
type rule struct {
	attribute string   // the one it has, or empty for none
	children  []string // exactly these, with nothing but blanks around them
	octets    bool     // or else text: octets in base64
}

// form is a whole signature (XML Signature 4). What the standard allows besides
// is left out on purpose: Object, Manifest, KeyValue, X509SubjectName, Id, Type,
// parameters of algorithms.
var form = map[string]rule{
	"Signature":              {children: []string{"SignedInfo", "SignatureValue", "KeyInfo"}},
	"SignedInfo":             {children: []string{"CanonicalizationMethod", "SignatureMethod", "Reference"}},
	"CanonicalizationMethod": {attribute: "Algorithm"},
	"SignatureMethod":        {attribute: "Algorithm"},
	"Reference":              {attribute: "URI", children: []string{"Transforms", "DigestMethod", "DigestValue"}},
	"Transforms":             {children: []string{"Transform", "Transform"}}, // or one
	"Transform":              {attribute: "Algorithm"},
	"DigestMethod":           {attribute: "Algorithm"},
	"DigestValue":            {octets: true},
	"SignatureValue":         {octets: true},
	"KeyInfo":                {children: []string{"X509Data"}},
	"X509Data":               {children: []string{"X509Certificate"}},
	"X509Certificate":        {octets: true},
}

// fits asks of an element, and of everything within, that it have the form. After
// it the parts can be taken without asking again.
func (e *element) fits() error {
	rule := form[e.local]
	wrong := len(e.attributes) > 1 ||
		len(e.attributes) == 1 && (e.attributes[0].prefix != "" || e.attributes[0].local != rule.attribute) ||
		len(e.attributes) == 0 && rule.attribute != ""
	var names []string
	for _, c := range e.children {
		if c.element != nil {
			names = append(names, c.element.local)
			wrong = wrong || !c.element.ours()
		} else {
			wrong = wrong || !blank(c.text) && !rule.octets
		}
	}
	expected := slices.Equal(names, rule.children) || e.local == "Transforms" && slices.Equal(names, rule.children[1:])
	if wrong || !expected || rule.octets && len(e.children) != 1 {
		return refuse(Form, "%.32s is not as it should be", e.local)
	}
	for _, c := range e.elements() {
		if err := c.fits(); err != nil {
			return err
		}
	}
	return nil
}

func (e *element) elements() []*element {
	var found []*element
	for _, c := range e.children {
		if c.element != nil {
			found = append(found, c.element)
		}
	}
	return found
}

// at gives the element at the end of a path of names that fits found to be there.
func (e *element) at(path ...string) *element {
	for _, name := range path {
		all := e.elements()
		e = all[slices.IndexFunc(all, func(c *element) bool { return c.local == name })]
	}
	return e
}

// value is that of the one attribute.
func (e *element) value() string { return e.attributes[0].value }

// octets gives what an element holds in base64. The national library breaks lines
// with a carriage return, written &#13;, and a line feed.
func (e *element) octets() ([]byte, error) {
	text := strings.Map(func(c rune) rune {
		if strings.ContainsRune(blanks+"\r", c) {
			return -1
		}
		return c
	}, e.children[0].text)
	octets, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(octets) == 0 {
		return nil, refuse(Form, "the octets of %s", e.local)
	}
	return octets, nil
}
