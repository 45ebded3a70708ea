package xmldsig

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
)

func TestBoundsAreKeptWhileReading(t *testing.T) {
	declarations := ""
	for i := range maxDeclarations + 1 {
		declarations += fmt.Sprintf(` xmlns:n%d="urn:n"`, i)
	}
	for name, c := range map[string]struct{ document, reason string }{
		"a megabyte and a byte":     {"<a>" + strings.Repeat("x", maxDocument) + "</a>", TooLarge},
		"too deep":                  {strings.Repeat("<a>", maxDepth+1) + strings.Repeat("</a>", maxDepth+1), Form},
		"very deep":                 {strings.Repeat("<a>", maxDocument/3), Form},
		"too many elements":         {"<a>" + strings.Repeat("<b/>", maxElements) + "</a>", Form},
		"too many attributes":       {"<a" + attributes(maxAttributes+1) + "/>", Form},
		"too many namespaces":       {"<a" + declarations + "/>", Form},
		"a long name of a space":    {`<a xmlns="` + strings.Repeat("x", maxURI+1) + `"/>`, Form},
		"a reference without end":   {"<a>" + strings.Repeat("&", maxDocument-8) + "</a>", Form},
		"a long reference":          {"<a>&#" + strings.Repeat("0", 1<<19) + "65;</a>", Form},
		"quotes without end":        {`<a b="` + strings.Repeat("x", 1<<19), Form},
		"a character out of range":  {"<a>&#x110000;</a>", Form},
		"half a character":          {"<a>&#xD800;</a>", Form},
		"a negative character":      {"<a>&#-1;</a>", Form},
		"an empty reference":        {"<a>&;</a>", Form},
		"no digits":                 {"<a>&#;</a>", Form},
		"a name of two colons":      {"<a:b:c/>", Form},
		"a name that begins with 1": {"<1a/>", Form},
		"no name":                   {"< a/>", Form},
		"letters of other scripts":  {"<я/>", Form},
		"an attribute of no value":  {"<a b/>", Form},
		"an attribute of no quotes": {"<a b=c/>", Form},
		"attributes without blanks": {`<a b="1"c="2"/>`, Form},
		"an element in a value":     {`<a b="<"/>`, Form},
		"the end of a section":      {"<a>]]></a>", Form},
		"a prefix not declared":     {"<p:a/>", Form},
		"an attribute's prefix":     {`<a p:b="1"/>`, Form},
		"the same name twice":       {`<a xmlns:p="urn:x" xmlns:q="urn:x" p:b="1" q:b="2"/>`, Form},
		"a namespace twice":         {`<a xmlns:p="urn:x" xmlns:p="urn:x"/>`, Form},
		"an end that is too much":   {"<a/></a>", Form},
		"an end alone":              {"</a>", Form},
		"not closed":                {"<a><b></b>", Form},
		"an end with attributes":    {`<a></a b="c">`, Form},
		"the namespace of XML":      {`<a xmlns="http://www.w3.org/XML/1998/namespace"/>`, Form},
		"the other one":             {`<a xmlns:p="http://www.w3.org/2000/xmlns/"/>`, Form},
	} {
		begin := time.Now()
		if _, err := Parse([]byte(c.document), chain.Profile{}); reason(err) != c.reason {
			t.Errorf("%s: %.100v", name, err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func attributes(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, ` a%d=""`, i)
	}
	return out.String()
}

// A form that repeats what is declared once can be made to grow.
func TestACanonicalFormDoesNotGrowWithoutBound(t *testing.T) {
	space := strings.Repeat("x", maxURI)
	declared, used := "", ""
	for i := range maxDeclarations {
		declared += fmt.Sprintf(` xmlns:n%02d="%s%02d"`, i, space[2:], i)
		used += fmt.Sprintf(` n%02d:a=""`, i)
	}
	root, err := document([]byte("<a" + declared + ">" + strings.Repeat("<b"+used+"/>", 1200) + "</a>"))
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if _, err := canonical(root, true); reason(err) != TooLarge {
		t.Errorf("a form of many times the document: %v", err)
	}
	if out, err := canonical(root, false); err != nil || len(out) > maxDocument {
		t.Errorf("the other form: %d bytes, %v", len(out), err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

// The examples of Canonical XML 1.0 (section 3) and of Exclusive XML
// Canonicalization (section 2), as far as the documents we read can have them.
func TestCanonicalFormsAreThoseOfTheStandards(t *testing.T) {
	for name, c := range map[string]struct {
		document  string
		exclusive bool
		want      string
	}{
		"tags and attributes": {
			`<doc><e1   /><e2   ></e2><e3   name = "elem3"   id="elem3"   /><e5 a:attr="out" b:attr="sorted" attr2="all" attr="I'm"` +
				` xmlns:b="http://www.ietf.org" xmlns:a="http://www.w3.org" xmlns="http://example.org"/>` +
				`<e6 xmlns="" xmlns:a="http://www.w3.org"><e7 xmlns="http://www.ietf.org"><e8 xmlns="" xmlns:a="http://www.w3.org"><e9 xmlns="" xmlns:a="http://www.ietf.org"/></e8></e7></e6></doc>`, false,
			`<doc><e1></e1><e2></e2><e3 id="elem3" name="elem3"></e3><e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I'm" attr2="all" b:attr="sorted" a:attr="out"></e5>` +
				`<e6 xmlns:a="http://www.w3.org"><e7 xmlns="http://www.ietf.org"><e8 xmlns=""><e9 xmlns:a="http://www.ietf.org"></e9></e8></e7></e6></doc>`,
		},
		"characters": {
			`<doc><text>First line&#x0d;&#10;Second line</text><value>&#x32;</value><compute expr='value>"0" &amp;&amp; value&lt;"10" ?"valid":"error"'>valid</compute></doc>`, false,
			"<doc><text>First line&#xD;\nSecond line</text><value>2</value><compute expr=\"value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; ?&quot;valid&quot;:&quot;error&quot;\">valid</compute></doc>",
		},
		"blanks in values": {"<a b='x\ny\tz &#xD;&#xA;&#9;'/>", false, `<a b="x y z &#xD;&#xA;&#x9;"></a>`},
		"only what is used": {
			`<n0:pdu xmlns:n0="http://a.example" xmlns:n3="ftp://example.org"><n1:elem2 xmlns:n1="http://b.example"><n3:stuff xmlns:n2="http://foo.example"/></n1:elem2></n0:pdu>`, true,
			`<n0:pdu xmlns:n0="http://a.example"><n1:elem2 xmlns:n1="http://b.example"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2></n0:pdu>`,
		},
		"siblings each": {
			`<a xmlns:p="urn:p"><p:b/><c p:d="1"/><e/></a>`, true,
			`<a><p:b xmlns:p="urn:p"></p:b><c xmlns:p="urn:p" p:d="1"></c><e></e></a>`,
		},
		"no default again": {
			`<p:a xmlns:p="urn:p" xmlns="urn:d"><b><p:c><d xmlns=""/></p:c></b></p:a>`, true,
			`<p:a xmlns:p="urn:p"><b xmlns="urn:d"><p:c><d xmlns=""></d></p:c></b></p:a>`,
		},
	} {
		root, err := document([]byte(c.document))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := canonical(root, c.exclusive)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, c.want)
		}
	}
}

// An element inside a document inherits what is declared around it.
func TestAnElementBringsTheNamespacesAroundIt(t *testing.T) {
	root, err := document([]byte(`<a xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q"><b xmlns:p="urn:other" xmlns:r="urn:r"><c xmlns=""/></b></a>`))
	if err != nil {
		t.Fatal(err)
	}
	b := root.elements()[0]
	for _, c := range []struct {
		e         *element
		exclusive bool
		want      string
	}{
		{b, false, `<b xmlns="urn:d" xmlns:p="urn:other" xmlns:q="urn:q" xmlns:r="urn:r"><c xmlns=""></c></b>`},
		{b, true, `<b xmlns="urn:d"><c xmlns=""></c></b>`},
		{b.elements()[0], false, `<c xmlns:p="urn:other" xmlns:q="urn:q" xmlns:r="urn:r"></c>`},
		{b.elements()[0], true, `<c></c>`},
	} {
		if got, _ := canonical(c.e, c.exclusive); string(got) != c.want {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}

// Random documents get the form that goxmldsig gives them, with two exceptions in
// which it is not the standard's. It does not know the namespace of a prefix that
// was declared further out when it sorts attributes, so here those of an element
// have one prefix; and in the exclusive form it says that there is no default
// namespace where there was none, so documents that say so are left out.
func TestCanonicalFormsAgreeWithAnotherProgram(t *testing.T) {
	source := rand.New(rand.NewPCG(3, 14))
	for range 400 {
		written := random(source, 0, []string{})
		agree(t, written, false)
		if !strings.Contains(written, `xmlns=""`) {
			agree(t, written, true)
		}
	}
}

func agree(t *testing.T, written string, exclusive bool) {
	t.Helper()
	root, err := document([]byte(written))
	if err != nil {
		t.Fatalf("%v: %s", err, written)
	}
	got, err := canonical(root, exclusive)
	if err != nil {
		t.Fatal(err)
	}
	if want := theirs(t, parse(t, written).Root(), exclusive); !bytes.Equal(got, want) {
		t.Fatalf("of %s\n ours %s\ntheirs %s", written, got, want)
	}
	again, err := document(got)
	if err != nil {
		t.Fatal(err)
	}
	if twice, _ := canonical(again, exclusive); !bytes.Equal(twice, got) {
		t.Fatalf("the canonical form of %s is another", got)
	}
}

// random writes an element with some prefixes in scope.
func random(r *rand.Rand, depth int, scope []string) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	attributes := ""
	for _, p := range []string{"p", "q"} {
		if r.IntN(3) == 0 {
			attributes += " xmlns:" + p + `="` + p + pick("1", "2") + `"`
			scope = append(scope[:len(scope):len(scope)], p)
		}
	}
	if r.IntN(4) == 0 {
		attributes += ` xmlns="` + pick("urn:d", "urn:e", "") + `"`
	}
	prefixed := func(name string) string {
		if len(scope) > 0 && r.IntN(2) == 0 {
			return pick(scope...) + ":" + name
		}
		return name
	}
	prefix := strings.TrimSuffix(prefixed(""), ":") // of all attributes that have one
	for _, a := range []string{"z", "b", "id"} {
		if prefix != "" && r.IntN(2) == 0 {
			a = prefix + ":" + a
		}
		if r.IntN(3) == 0 {
			attributes += " " + a + `="` + pick("1", "&lt;&#13;", "'&amp;>", "ә") + `"`
		}
	}
	name := prefixed(pick("x", "y"))
	if depth > 4 || r.IntN(5) == 0 {
		return "<" + name + attributes + "/>"
	}
	inner := ""
	for range r.IntN(4) {
		inner += pick("text", " ", "&gt;&#xD;", "") + random(r, depth+1, scope)
	}
	return "<" + name + attributes + ">" + inner + "</" + name + ">"
}

func FuzzXML(f *testing.F) {
	for _, g := range genuine {
		if raw := beside.File(f, "pki", "data", "xml", g.file); raw != nil {
			f.Add(raw)
		}
	}
	p := ours(f)
	f.Add([]byte(p.sign(f, filing, overDocument)))
	f.Add([]byte(p.sign(f, `<a xmlns="urn:a"><b Id="part">x</b></a>`, overElement)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := verify(raw)
		if err != nil {
			return
		}
		for _, s := range m.Signers {
			root, err := document(s.Signed)
			if err != nil {
				t.Fatalf("what was signed cannot be read: %v", err)
			}
			if again, err := canonical(root, false); err != nil || !bytes.Equal(again, s.Signed) {
				t.Fatalf("what was signed is not canonical: %v", err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	raw := []byte(ours(b).sign(b, "<a>"+strings.Repeat(`<b c="d">text</b>`, 5000)+"</a>", overDocument))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verify(raw); err != nil {
			b.Fatal(err)
		}
	}
}
