package xmldsig

import (
	"strings"
	"testing"

	"zharia/portal/eds/internal/chain"
)

const filing = `<f:filing xmlns:f="urn:filing" kind="complaint"><f:to>prosecutor</f:to><sum currency="KZT" n="1">100</sum></f:filing>`

const filingCanonical = `<f:filing xmlns:f="urn:filing" kind="complaint"><f:to>prosecutor</f:to><sum currency="KZT" n="1">100</sum></f:filing>`

func TestDocumentsSignedByAnotherProgramVerify(t *testing.T) {
	p := ours(t)
	for name, c := range map[string]struct{ document, form, signed string }{
		"compact":                   {filing, overDocument, filingCanonical},
		"with a declaration":        {"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n" + filing, overDocument, filingCanonical},
		"without comments":          {filing, strings.Replace(overDocument, "#WithComments", "", 1), filingCanonical},
		"a signature of no prefix":  {filing, strings.NewReplacer("ds:", "", "xmlns:ds", "xmlns").Replace(overDocument), filingCanonical},
		"the prefix from above":     {strings.Replace(filing, "<f:filing", `<f:filing xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`, 1), strings.Replace(overDocument, ` xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`, "", 1), strings.Replace(filingCanonical, `xmlns:f="urn:filing"`, `xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:f="urn:filing"`, 1)},
		"blanks between the parts":  {filing, strings.ReplaceAll(overDocument, "><", ">\n\t<"), filingCanonical},
		"references and quotes":     {`<a b='"&#9;&lt;' c="&#x10FFFF;&apos;">&amp;&gt;&#13;]]&gt;</a>`, overDocument, "<a b=\"&quot;&#x9;&lt;\" c=\"\U0010FFFF'\">&amp;&gt;&#xD;]]&gt;</a>"},
		"a default namespace":       {`<a xmlns="urn:a"><b xmlns=""><c/></b></a>`, overDocument, `<a xmlns="urn:a"><b xmlns=""><c></c></b></a>`},
		"one element":               {`<a xmlns="urn:a" xmlns:u="urn:u"><b Id="part"><u:c x="1"/></b><d/></a>`, overElement, `<b xmlns="urn:a" xmlns:u="urn:u" Id="part"><u:c x="1"></u:c></b>`},
		"one element, an id beside": {`<a id="1"><b Id="part">x</b><d ID="2"/></a>`, overElement, `<b Id="part">x</b>`},
	} {
		m, err := verify([]byte(p.sign(t, c.document, c.form)))
		if err != nil || len(m.Signers) != 1 || string(m.Signers[0].Signed) != c.signed {
			t.Errorf("%s: %v, %+v", name, err, m)
		}
	}
}

// Everything here is signed as it stands, by a key that is all right: it is
// refused because the form is another one.
func TestOtherFormsAreRefusedThoughTheyAreSigned(t *testing.T) {
	p := ours(t)
	replace := func(old, new string) string {
		if !strings.Contains(overDocument, old) {
			t.Fatalf("%s is not in the form", old)
		}
		return strings.Replace(overDocument, old, new, 1)
	}
	reference := overDocument[strings.Index(overDocument, "<ds:Reference"):strings.Index(overDocument, "</ds:SignedInfo>")]
	certificate := `<ds:X509Certificate>CERTIFICATE</ds:X509Certificate>`
	data := `<ds:X509Data>` + certificate + `</ds:X509Data>`
	transform := func(algorithm string) string { return `<ds:Transform Algorithm="` + algorithm + `"/>` }
	for name, form := range map[string]string{
		"two references":              replace(reference, reference+reference),
		"a reference to an element":   replace(reference, reference+strings.Replace(reference, `URI=""`, `URI="#x"`, 1)),
		"no reference":                replace(reference, ""),
		"no transformation":           replace(enveloping+commented, ""),
		"no list of transformations":  replace("<ds:Transforms>"+enveloping+commented+"</ds:Transforms>", ""),
		"the envelope alone":          replace(commented, ""),
		"no envelope":                 replace(enveloping, ""),
		"the other order":             replace(enveloping+commented, commented+enveloping),
		"the envelope twice":          replace(commented, enveloping),
		"a third transformation":      replace(commented, commented+commented),
		"XPath":                       replace(commented, `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>1=1</ds:XPath></ds:Transform>`),
		"XPath filter":                replace(commented, transform("http://www.w3.org/2002/06/xmldsig-filter2")),
		"XSLT":                        replace(commented, transform("http://www.w3.org/TR/1999/REC-xslt-19991116")),
		"base64":                      replace(commented, transform(Namespace+"base64")),
		"exclusive over a document":   replace(commented, transform(exclusive)),
		"version 1.1":                 replace(commented, transform("http://www.w3.org/2006/12/xml-c14n11")),
		"exclusive information":       replace(`CanonicalizationMethod Algorithm="`+inclusive, `CanonicalizationMethod Algorithm="`+exclusive),
		"information with comments":   replace(`CanonicalizationMethod Algorithm="`+inclusive, `CanonicalizationMethod Algorithm="`+inclusiveComments),
		"information as it is":        replace(`CanonicalizationMethod Algorithm="`+inclusive, `CanonicalizationMethod Algorithm="urn:none`),
		"a list of prefixes":          replace(inclusive+`"/>`, inclusive+`"><c:InclusiveNamespaces xmlns:c="`+exclusive+`" PrefixList="f"/></ds:CanonicalizationMethod>`),
		"a length of the signature":   replace(`rsa-sha256"/>`, `rsa-sha256"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>`),
		"everything by expression":    replace(`URI=""`, `URI="#xpointer(/)"`),
		"an element by expression":    replace(`URI=""`, `URI="#xpointer(id('x'))"`),
		"a document elsewhere":        replace(`URI=""`, `URI="http://127.0.0.1/x"`),
		"a file":                      replace(`URI=""`, `URI="file:///etc/passwd"`),
		"an empty name":               replace(`URI=""`, `URI="#"`),
		"a name without its mark":     replace(`URI=""`, `URI="x"`),
		"no address":                  replace(` URI=""`, ``),
		"a type":                      replace(`URI=""`, `URI="" Type="`+Namespace+`Object"`),
		"an address in a namespace":   replace(`URI=""`, `ds:URI=""`),
		"an Id of the signature":      replace(`<ds:Signature `, `<ds:Signature Id="s" `),
		"an Id of the information":    replace(`<ds:SignedInfo>`, `<ds:SignedInfo Id="s">`),
		"an object":                   replace(`</ds:Signature>`, `<ds:Object>x</ds:Object></ds:Signature>`),
		"a manifest":                  replace(`</ds:Signature>`, `<ds:Object><ds:Manifest>`+reference+`</ds:Manifest></ds:Object></ds:Signature>`),
		"a bare key beside":           replace(data, data+`<ds:KeyValue>x</ds:KeyValue>`),
		"a bare key before":           replace(data, `<ds:KeyValue>x</ds:KeyValue>`+data),
		"the name of a key":           replace(data, `<ds:KeyName>x</ds:KeyName>`+data),
		"no key":                      replace("<ds:KeyInfo>"+data+"</ds:KeyInfo>", ""),
		"an empty key":                replace(data, ""),
		"two certificates":            replace(certificate, certificate+certificate),
		"two sets of certificates":    replace(data, data+data),
		"the name of a subject":       replace(certificate, `<ds:X509SubjectName>CN=x</ds:X509SubjectName>`+certificate),
		"a list of revocations":       replace(certificate, certificate+`<ds:X509CRL>AA==</ds:X509CRL>`),
		"a certificate elsewhere":     replace(data, `<ds:RetrievalMethod URI="#x"/>`),
		"a namespace inside":          replace(`<ds:SignedInfo>`, `<ds:SignedInfo xmlns:x="urn:x">`),
		"the prefix again":            replace(`<ds:Reference `, `<ds:Reference xmlns:ds="`+Namespace+`" `),
		"another namespace":           replace(` xmlns:ds=`, ` xmlns:x="urn:x" xmlns:ds=`),
		"an element of another":       replace(`<ds:Transforms>`, `<ds:Transforms><f:Transform/>`),
		"text in the information":     replace(`<ds:SignedInfo>`, `<ds:SignedInfo>text`),
		"a signature in the key":      replace(data, data+`<ds:Signature/>`),
		"a digest of nothing":         replace("DIGEST", ""),
		"a digest not in base64":      replace("DIGEST", "DIGEST*"),
		"a digest with a stray bit":   replace("DIGEST", "AB=="),
		"a value with an element":     replace("VALUE", "VALUE<ds:x/>"),
		"an attribute of the digest":  replace("<ds:DigestValue>", `<ds:DigestValue Algorithm="x">`),
		"the children in other order": replace(`<ds:SignatureValue>VALUE</ds:SignatureValue><ds:KeyInfo>`+data+`</ds:KeyInfo>`, `<ds:KeyInfo>`+data+`</ds:KeyInfo><ds:SignatureValue>VALUE</ds:SignatureValue>`),
	} {
		if _, err := verify([]byte(p.sign(t, filing, form))); reason(err) != Form {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAlgorithmsOutsideTheTableAreRefused(t *testing.T) {
	p := ours(t)
	sha1 := strings.Replace(overDocument, "2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1", 1)
	for name, form := range map[string]string{
		"SHA-1 signed":       strings.Replace(overDocument, "2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1", 1),
		"a digest by SHA-1":  sha1,
		"SHA-512":            strings.Replace(overDocument, "rsa-sha256", "rsa-sha512", 1),
		"a shared secret":    strings.Replace(overDocument, "rsa-sha256", "hmac-sha256", 1),
		"none":               strings.Replace(overDocument, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "", 1),
		"a national one":     strings.Replace(overDocument, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34102015-gostr34112015-512", 1),
		"a national digest":  strings.Replace(overDocument, "http://www.w3.org/2001/04/xmlenc#sha256", "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34112015-512", 1),
		"an old digest":      strings.Replace(overDocument, "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#gost34311", 1),
		"digest for signing": strings.Replace(overDocument, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256", 1),
	} {
		if _, err := verify([]byte(p.sign(t, filing, form))); reason(err) != chain.Algorithm {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Wrapping and tampering: the document was signed, then changed.
func TestADocumentThatWasChangedIsRefused(t *testing.T) {
	p := ours(t)
	signed := p.sign(t, filing, overDocument)
	begin := strings.Index(signed, "<ds:Signature ")
	end := strings.Index(signed, "</ds:Signature>") + len("</ds:Signature>")
	signature, body := signed[begin:end], signed[:begin]
	open, rest, _ := strings.Cut(body, ">")
	open += ">"
	replace := func(old, new string) string {
		if !strings.Contains(signed, old) {
			t.Fatalf("%s is not in the document", old)
		}
		return strings.Replace(signed, old, new, 1)
	}
	for name, c := range map[string]struct{ document, reason string }{
		"other text":                                    {replace(">100<", ">900<"), ContentDiffers},
		"another attribute":                             {replace("complaint", "petition"), ContentDiffers},
		"an attribute more":                             {replace(` kind=`, ` a="b" kind=`), ContentDiffers},
		"an attribute less":                             {replace(` currency="KZT"`, ``), ContentDiffers},
		"an element more":                               {replace("<sum", "<x/><sum"), ContentDiffers},
		"a blank in the body":                           {replace("<sum", " <sum"), ContentDiffers},
		"a blank before the signature":                  {replace("<ds:Signature ", "\n<ds:Signature "), ContentDiffers},
		"a blank behind the signature":                  {replace("</ds:Signature>", "</ds:Signature>\n"), ContentDiffers},
		"a default namespace":                           {replace("<f:filing ", `<f:filing xmlns="urn:x" `), ContentDiffers},
		"another namespace":                             {replace("urn:filing", "urn:others"), ContentDiffers},
		"a namespace more":                              {replace("<f:filing ", `<f:filing xmlns:g="urn:g" `), ContentDiffers},
		"another prefix":                                {strings.ReplaceAll(signed, "f:", "g:"), Form},
		"the prefix bound inside":                       {replace("<f:to>", `<f:to xmlns:f="urn:x">`), ContentDiffers},
		"the signature first":                           {open + signature + rest + "</f:filing>", Form},
		"the signature in a child":                      {body[:strings.Index(body, "</f:to>")] + signature + body[strings.Index(body, "</f:to>"):] + "</f:filing>", Form},
		"the body after the signature":                  {open + signature + rest + "</f:filing>", Form},
		"an element after it":                           {replace("</ds:Signature>", "</ds:Signature><x/>"), Form},
		"text after it":                                 {replace("</ds:Signature>", "</ds:Signature>x"), Form},
		"the signature twice":                           {replace(signature, signature+signature), ContentDiffers},
		"the whole in a new root":                       {"<evil>" + signed + "</evil>", Form},
		"a new root around the body":                    {"<evil>" + body + "</f:filing>" + signature + "</evil>", ContentDiffers},
		"the body twice":                                {open + rest + rest + signature + "</f:filing>", ContentDiffers},
		"the original in an object":                     {open + "<sum>900</sum>" + replaced(signature, "</ds:Signature>", "<ds:Object>"+body+"</f:filing></ds:Object></ds:Signature>") + "</f:filing>", Form},
		"the original in the key":                       {open + "<sum>900</sum>" + replaced(signature, "</ds:KeyInfo>", body+"</f:filing></ds:KeyInfo>") + "</f:filing>", Form},
		"a second root":                                 {signed + "<evil/>", Form},
		"a root before":                                 {"<evil/>" + signed, Form},
		"text behind the document":                      {signed + "x", Form},
		"text before the document":                      {"x" + signed, Form},
		"a comment in the text":                         {replace("prosecutor", "prose<!-- x -->cutor"), Form},
		"a comment in the body":                         {replace("<sum", "<!-- x --><sum"), Form},
		"a comment in the signature":                    {replace("<ds:KeyInfo>", "<ds:KeyInfo><!-- x -->"), Form},
		"a comment in the digest":                       {replace("</ds:DigestValue>", "<!-- x --></ds:DigestValue>"), Form},
		"a comment behind the document":                 {signed + "<!-- x -->", Form},
		"an instruction":                                {replace("<sum", "<?x y?><sum"), Form},
		"an instruction before":                         {"<?xml-stylesheet href='x'?>" + signed, Form},
		"a section":                                     {replace("prosecutor", "<![CDATA[prosecutor]]>"), Form},
		"a document type":                               {"<!DOCTYPE x>" + signed, Form},
		"an entity":                                     {`<!DOCTYPE x [<!ENTITY e "prosecutor">]>` + replace("prosecutor", "&e;"), Form},
		"an entity not declared":                        {replace("prosecutor", "&e;"), Form},
		"a default by the type":                         {`<!DOCTYPE x [<!ATTLIST sum currency CDATA "KZT">]>` + signed, Form},
		"two declarations":                              {`<?xml version="1.0"?><?xml version="1.0"?>` + signed, Form},
		"another version":                               {`<?xml version="1.1"?>` + signed, Form},
		"another encoding":                              {`<?xml version="1.0" encoding="windows-1251"?>` + signed, Form},
		"a mark of byte order":                          {"\xef\xbb\xbf" + signed, Form},
		"UTF-16":                                        {"\xff\xfe<\x00", Form},
		"a broken character":                            {replace("prosecutor", "prosecuto\xff"), Form},
		"a character of XML 1.1":                        {replace("prosecutor", "prosecutor&#1;"), Form},
		"an attribute twice":                            {replace(` kind=`, ` kind="x" kind=`), Form},
		"an attribute twice by name":                    {replace(` kind=`, ` xmlns:g="urn:filing" g:a="1" f:a="2" kind=`), Form},
		"a wrong end":                                   {replace("</f:to>", "</f:too>"), Form},
		"an end of another prefix":                      {replace("</f:to>", "</to>"), Form},
		"another certificate":                           {replaced(signed, p.certificate[:100], strings.Repeat("A", 100)), chain.Malformed},
		"the certificate twice":                         {replaced(signed, "</ds:X509Certificate>", "</ds:X509Certificate><ds:X509Certificate>"+p.certificate+"</ds:X509Certificate>"), Form},
		"a transformation taken out":                    {replaced(signed, enveloping, ""), Form},
		"a transformation changed":                      {replaced(signed, "#WithComments", ""), chain.SignatureWrong},
		"a blank in the information":                    {replaced(signed, "<ds:Reference ", " <ds:Reference "), chain.SignatureWrong},
		"the namespace of the signature in another way": {replaced(strings.ReplaceAll(signed, "ds:", "dz:"), "xmlns:ds", "xmlns:dz"), chain.SignatureWrong},
		"a value of nothing":                            {replaced(signed, "<ds:SignatureValue>", "<ds:SignatureValue>AAAA"), chain.SignatureWrong},
		"an attribute of XML":                           {replace(` kind=`, ` xml:base="x" kind=`), Form},
		"the prefix of XML declared":                    {replace(` kind=`, ` xmlns:xml="urn:x" kind=`), Form},
		"the prefix of declarations":                    {replace(` kind=`, ` xmlns:xmlns="urn:x" kind=`), Form},
		"a prefix without meaning":                      {replace(` xmlns:f="urn:filing"`, ` xmlns:f=""`), Form},
		"nothing":                                       {"", Form},
		"no signature":                                  {filing, Form},
		"a signature alone":                             {signature, Form},
	} {
		if _, err := verify([]byte(c.document)); reason(err) != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// replaced asks that there be something to replace.
func replaced(s, old, new string) string {
	if !strings.Contains(s, old) {
		panic("not in the document: " + old)
	}
	return strings.Replace(s, old, new, 1)
}

// What is pointed at by an Id can be moved about, so it must be the only one, and
// what the caller gets is the element itself.
func TestAnElementThatIsPointedAtCannotBeReplaced(t *testing.T) {
	p := ours(t)
	const part = `<part Id="part"><sum>100</sum></part>`
	signed := p.sign(t, "<a>"+part+"<b/></a>", overElement)
	for name, c := range map[string]struct{ document, reason string }{
		"changed":                       {replaced(signed, ">100<", ">900<"), ContentDiffers},
		"two of the Id":                 {replaced(signed, part, part+part), Form},
		"another before":                {replaced(signed, part, `<part Id="part"><sum>900</sum></part>`+part), Form},
		"another in small letters":      {replaced(signed, part, `<part id="part"><sum>900</sum></part>`+part), Form},
		"another in capitals":           {replaced(signed, "<b/>", `<b ID="part"/>`), Form},
		"another in a namespace":        {replaced(signed, "<b/>", `<b xmlns:w="urn:w" w:Id="part"/>`), Form},
		"another in the signature":      {replaced(signed, "<ds:KeyInfo>", `<ds:KeyInfo Id="part">`), Form},
		"the Id in small letters":       {replaced(signed, `Id="part"`, `id="part"`), Form},
		"the Id in a namespace":         {replaced(signed, `<part Id="part"`, `<part xmlns:w="urn:w" w:Id="part"`), Form},
		"no such Id":                    {replaced(signed, `Id="part"`, `Id="other"`), Form},
		"the Id at the root":            {replaced(replaced(signed, `Id="part"`, ``), "<a>", `<a Id="part">`), Form},
		"in the signature":              {replaced(replaced(signed, part, ""), "</ds:KeyInfo>", part+"</ds:KeyInfo>"), Form},
		"in an object":                  {replaced(replaced(signed, part, ""), "</ds:Signature>", "<ds:Object>"+part+"</ds:Object></ds:Signature>"), Form},
		"under another namespace":       {replaced(signed, "<a>", `<a xmlns="urn:x">`), ContentDiffers},
		"with a namespace from above":   {replaced(signed, "<a>", `<a xmlns:x="urn:x">`), ContentDiffers},
		"a comment inside":              {replaced(signed, ">100<", ">1<!-- -->00<"), Form},
		"behind the signature":          {replaced(replaced(signed, part, ""), "</ds:Signature>", "</ds:Signature>"+part), Form},
		"two signatures":                {replaced(signed, "</a>", signed[strings.Index(signed, "<ds:Signature"):]), Form},
		"the signature not at the end":  {replaced(signed, "</ds:Signature>", "</ds:Signature><b/>"), Form},
		"by the form over the document": {p.sign(t, "<a>"+part+"</a>", strings.Replace(overDocument, `URI=""`, `URI="#part"`, 1)), Form},
	} {
		if _, err := verify([]byte(c.document)); reason(err) != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
	moved := replaced(signed, part, "<evil><part><sum>900</sum></part><x>"+part+"</x></evil>")
	m, err := verify([]byte(moved))
	if err != nil || string(m.Signers[0].Signed) != part {
		t.Errorf("what was signed is not what is handed over: %v", err)
	}
}

// What does not change the canonical form may change: the caller gets the same.
func TestAnotherSpellingOfTheSameIsTheSame(t *testing.T) {
	p := ours(t)
	signed := p.sign(t, filing, overDocument)
	for name, document := range map[string]string{
		"attributes in another order": replaced(signed, `currency="KZT" n="1"`, `n="1" currency="KZT"`),
		"single quotes":               replaced(signed, `n="1"`, `n='1'`),
		"a reference":                 replaced(signed, "prosecutor", "&#112;rosecutor"),
		"blanks in a tag":             replaced(signed, "</f:to>", "</f:to \n>"),
		"blanks around it":            "\n\t" + signed + "\n",
		"blanks in the octets":        replaced(signed, p.certificate[:64], p.certificate[:64]+"&#13;\r\n \t"),
	} {
		m, err := verify([]byte(document))
		if err != nil || string(m.Signers[0].Signed) != filingCanonical {
			t.Errorf("%s: %v", name, err)
		}
	}
	windows := p.sign(t, "<a>\n<b/>\n</a>", overDocument)
	if _, err := verify([]byte(strings.ReplaceAll(windows, "\n", "\r\n"))); err != nil {
		t.Errorf("the line endings of another system: %v", err)
	}
}

func TestMoreSignersThanTheBoundAreRefused(t *testing.T) {
	p := ours(t)
	signature := strings.TrimSuffix(strings.TrimPrefix(p.sign(t, "<a></a>", overDocument), "<a>"), "</a>")
	if _, err := verify([]byte("<a>" + strings.Repeat(signature, maxSigners+1) + "</a>")); reason(err) != Form {
		t.Error(err)
	}
}
