// Package xmldsig reads and verifies signed XML in the two forms that NCALayer
// makes (XML Signature, W3C 2008, with the algorithms of the national authority;
// FACTS section 4.4): a signature over the whole document that stands as the last
// child of its root, or one over the element with a given Id.
//
// The standard is a language in which almost anything can be said to be signed.
// Here nothing is said but those two sentences. What was signed is handed to the
// caller as the very octets that were digested, so that a program that goes by
// them cannot be shown one thing and made to act on another; that is what the
// attacks of wrapping live on. Everything that the forms do not have is refused:
// further references, other transformations, objects, keys beside the
// certificate, comments, document types.
//
// Documents are read and brought into canonical form here, in the small part of
// XML that the forms need, because ready parsers and canonicalisers differ on the
// rest and on some of this; tests hold ours against another's.
package xmldsig

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"zharia/portal/eds/internal/chain"
)

// Namespace is that of XML Signature.
const Namespace = "http://www.w3.org/2000/09/xmldsig#"

// Reasons of this package, besides those of package chain.
const (
	Form           = "xml-form" // not one of the two forms
	ContentDiffers = "content-differs"
	TooLarge       = "too-large"
)

func refuse(reason, format string, args ...any) error {
	return &chain.Refused{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// Names of what may be done to what is signed.
const (
	inclusive         = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	inclusiveComments = inclusive + "#WithComments" // the same here: comments are refused
	exclusive         = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped         = Namespace + "enveloped-signature"
)

// algorithms is the closed table: the names of XML for those of package chain.
var algorithms = map[string]string{
	"urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34102015-gostr34112015-512": chain.GostSignature,
	"urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34112015-512":               chain.GostDigest,
	"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256":                                 chain.RSASignature,
	"http://www.w3.org/2001/04/xmlenc#sha256":                                           chain.SHA256,
	"http://www.w3.org/2001/04/xmldsig-more#gost34310-gost34311":                        chain.OldGostSignature,
	"http://www.w3.org/2001/04/xmldsig-more#gost34311":                                  chain.OldGostDigest,
}

// maxSigners bounds a document, as it does a signed message.
const maxSigners = 8

// Message is a signed document taken apart.
type Message struct {
	Signers []*Signer // in the order in which they signed
}

// Signer is one signature with the certificate it carries.
type Signer struct {
	Certificate *chain.Certificate
	Signature   []byte
	// Signed is what was signed, in canonical form: the document with the
	// signatures that were there before and without this one, or the element
	// that was pointed at. Nothing else of the document may be believed.
	Signed []byte
	// Element is the Id of the element that was pointed at, or empty where the
	// whole document was signed.
	Element string

	digest []byte
	info   []byte // SignedInfo in canonical form: what the key signed

	digestOID, signatureOID string
}

// Parse reads a signed document in UTF-8, of up to 1 MiB. Nothing is verified yet.
// Errors are *chain.Refused.
func Parse(raw []byte, p chain.Profile) (*Message, error) {
	root, err := document(raw)
	if err != nil {
		return nil, err
	}
	signatures, err := signatures(root)
	if err != nil {
		return nil, err
	}
	m := &Message{}
	for i, e := range signatures {
		s := &Signer{}
		if err := s.read(e, root, signatures[i:], p); err != nil {
			return nil, err
		}
		if s.Element != "" && len(signatures) > 1 {
			return nil, refuse(Form, "several signatures, not all over the whole document")
		}
		m.Signers = append(m.Signers, s)
	}
	return m, nil
}

// signatures finds the signatures: the last children of the root, with nothing
// but blanks between and behind them, and nowhere else an element of XML
// Signature that some other program might take for one.
func signatures(root *element) ([]*element, error) {
	var found []*element
	for _, c := range root.children {
		switch {
		case c.element != nil && c.element.ours() && c.element.local == "Signature":
			found = append(found, c.element)
		case len(found) > 0 && (c.element != nil || !blank(c.text)):
			return nil, refuse(Form, "something follows the signature")
		}
	}
	if len(found) == 0 || len(found) > maxSigners {
		return nil, refuse(Form, "%d signatures at the end of the document", len(found))
	}
	stray := false
	root.walk(func(e *element) {
		inside := slices.ContainsFunc(found, e.inside)
		stray = stray || e.ours() != inside
	})
	if stray {
		return nil, refuse(Form, "an element of a signature stands outside it, or another inside")
	}
	return found, nil
}

// read reads Signature. Signatures that were added later, itself among them, are
// in later.
func (s *Signer) read(e, root *element, later []*element, p chain.Profile) error {
	if err := e.fits(); err != nil {
		return err
	}
	// The declaration of its own namespace is all a signature may bring: others
	// inside it could give its names a second meaning.
	declarations := 0
	e.walk(func(inner *element) { declarations += len(inner.declarations) })
	if declarations > len(e.declarations) || declarations > 1 || declarations == 1 && e.declarations[0].value != Namespace {
		return refuse(Form, "namespaces are declared in the signature")
	}
	certificate, err := e.at("KeyInfo", "X509Data", "X509Certificate").octets()
	if err != nil {
		return err
	}
	if s.Signature, err = e.at("SignatureValue").octets(); err != nil {
		return err
	}
	if err := s.readInfo(e.at("SignedInfo"), root, later); err != nil {
		return err
	}
	s.Certificate, err = p.Parse(certificate)
	return err
}

// readInfo reads SignedInfo (XML Signature 4.3), which has one reference.
func (s *Signer) readInfo(e, root *element, later []*element) error {
	reference := e.at("Reference")
	signature, digest := e.at("SignatureMethod").value(), reference.at("DigestMethod").value()
	s.signatureOID, s.digestOID = algorithms[signature], algorithms[digest]
	if s.signatureOID == "" || s.digestOID == "" {
		return refuse(chain.Algorithm, "signature by %.80q over %.80q", signature, digest)
	}
	var err error
	if s.digest, err = reference.at("DigestValue").octets(); err != nil {
		return err
	}
	what := ask{
		uri:       reference.value(),
		canonical: e.at("CanonicalizationMethod").value(),
	}
	for _, c := range reference.at("Transforms").elements() {
		what.transforms = append(what.transforms, c.value())
	}
	if s.info, err = canonical(e, what.canonical == exclusive); err != nil {
		return err
	}
	if what.uri == "" {
		return s.whole(what, root, later)
	}
	return s.part(what, root, later[0])
}

// ask is what a signature asks to be done to the document.
type ask struct {
	uri, canonical string
	transforms     []string
}

// whole holds a signature over the whole document to its form: the signatures
// that came later, with this one, are taken out, and the rest is digested.
func (s *Signer) whole(what ask, root *element, later []*element) (err error) {
	if what.canonical != inclusive || len(what.transforms) != 2 || what.transforms[0] != enveloped || !plain(what.transforms[1]) {
		return refuse(Form, "transformations that the form over a document does not have")
	}
	s.Signed, err = canonical(root, false, later...)
	return err
}

// part holds a signature over one element to its form. The Id stands once in the
// document, under this name, among all the attributes that another program might
// take for one.
func (s *Signer) part(what ask, root, signature *element) (err error) {
	if what.canonical != exclusive || len(what.transforms) != 1 || !plain(what.transforms[0]) {
		return refuse(Form, "transformations that the form over an element does not have")
	}
	id, local := strings.CutPrefix(what.uri, "#")
	if !local || !bareName(id) {
		return refuse(Form, "a reference to something outside the document")
	}
	var target *element
	times, exact := 0, false
	root.walk(func(e *element) {
		for _, a := range e.attributes {
			if strings.EqualFold(a.local, "id") && a.value == id {
				target, exact = e, a.prefix == "" && a.local == "Id"
				times++
			}
		}
	})
	if times != 1 || !exact || signature.inside(target) {
		return refuse(Form, "the element that is pointed at is not the only one")
	}
	s.Element = id
	s.Signed, err = canonical(target, false)
	return err
}

func plain(transform string) bool { return transform == inclusive || transform == inclusiveComments }

// bareName says whether an Id is written with letters alone: anything else could
// be an expression of XPointer.
func bareName(id string) bool {
	for i := range len(id) {
		if !named(id[i], i == 0) {
			return false
		}
	}
	return id != ""
}

// Verify checks the signature: the digest is that of what was signed, and the
// key of the certificate signed the digest. Whose certificate it is, and whether
// it is to be believed, is the caller's question.
func (s *Signer) Verify() error {
	key := s.Certificate.Key
	if !key.Usable() {
		return refuse(chain.Algorithm, "key of algorithm %s", key.Name())
	}
	if s.digestOID != key.DigestOID() || s.signatureOID != key.SignatureOID() {
		return refuse(chain.Algorithm, "digest %s and signature %s with a key of %s", s.digestOID, s.signatureOID, key.Name())
	}
	h, err := key.Digest(s.digestOID)
	if err != nil {
		return err
	}
	h.Write(s.Signed)
	if !bytes.Equal(h.Sum(nil), s.digest) {
		return refuse(ContentDiffers, "the signature is over another document")
	}
	return key.Verify(chain.AlgorithmID{OID: s.signatureOID}, s.info, s.Signature)
}
