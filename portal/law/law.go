// Package law names places in the Criminal Procedure Code of Kazakhstan
// (No. 231-V of 4 July 2014), so that a rule, a record or a refusal can say by
// what law it is. It knows numbers only: what an article is called and how a
// reference reads in a sentence are words, and words live in i18n/law.*.toml.
//
// A reference is written law.CPC(99, 5) where a value is wanted and
// "// CPC 99(5)" where a comment is. Both are claims, and a test looks every
// one of them up in Index.
package law

import (
	"strconv"
	"strings"
)

// code is how the Code is named in the neutral form of a reference.
const code = "CPC"

// Ref is one place in the Code: an article, perhaps its part, perhaps an item
// of that part. It is a comparable value; the zero Ref names nothing.
type Ref struct {
	article string // "99", "65-1"
	path    string // part and item: "", "5", "6/13", "1-1"
}

// CPC refers to an article of the Criminal Procedure Code, then its part, then
// an item of the part: CPC(71, 6, 13) is item 13 of part 6 of article 71.
func CPC(article int, parts ...int) Ref { return CPCs(strconv.Itoa(article), parts...) }

// CPCs is CPC for the articles that were put in later and carry a dash in
// their number: CPCs("65-1", 2).
func CPCs(article string, parts ...int) Ref {
	path := make([]string, len(parts))
	for i, part := range parts {
		path[i] = strconv.Itoa(part)
	}
	return Ref{article: article, path: strings.Join(path, "/")}
}

// Dash refers to what was put in after the place named: CPC(202, 1).Dash(1) is
// part 1-1 of article 202.
func (r Ref) Dash(n int) Ref {
	dashed := "-" + strconv.Itoa(n)
	if r.path == "" {
		r.article += dashed
	} else {
		r.path += dashed
	}
	return r
}

// String is the neutral form, the same in every language: "CPC 71(6)(13)".
// It is what the ledger keeps and Parse reads back. The zero Ref is "".
func (r Ref) String() string {
	if r.IsZero() {
		return ""
	}
	var s strings.Builder
	s.WriteString(code + " " + r.article)
	for _, part := range r.Parts() {
		s.WriteString("(" + part + ")")
	}
	return s.String()
}

// IsZero says that nothing is referred to.
func (r Ref) IsZero() bool { return r == Ref{} }

// Code is the act referred to, as it stands in the neutral form.
func (r Ref) Code() string {
	if r.IsZero() {
		return ""
	}
	return code
}

// Article is the number of the article: "99", "65-1".
func (r Ref) Article() string { return r.article }

// Parts are the numbers below the article, outermost first: part, then item.
func (r Ref) Parts() []string {
	if r.path == "" {
		return nil
	}
	return strings.Split(r.path, "/")
}

// Part is the number of the part, or "".
func (r Ref) Part() string {
	part, _, _ := strings.Cut(r.path, "/")
	return part
}

// Item is the number of the item within the part, or "".
func (r Ref) Item() string {
	_, item, _ := strings.Cut(r.path, "/")
	return item
}

// Words is the key of the sentence that says this reference in a human
// language; its variables are article, part and item.
func (r Ref) Words() string {
	switch {
	case r.IsZero():
		return ""
	case r.Item() != "":
		return "law.cpc.article-part-item"
	case r.Part() != "":
		return "law.cpc.article-part"
	}
	return "law.cpc.article"
}

// Title is the key of the title of the article.
func (r Ref) Title() string {
	if r.IsZero() {
		return ""
	}
	return "law.title." + r.article
}
