package eds_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/tsp"
)

// The campaigns take the genuine messages there are, by the authority's own
// library and by NCANode, and change them in every way of a kind. They ask not
// only what is refused but that whatever passes still says the same.

// sample is a genuine message with the content it is over.
type sample struct {
	name         string
	sig, content []byte
	attached     bool
}

// samples are the genuine messages of the suite and of the folder, each once.
// Those by GOST 34.310-2004 are no samples: their family is refused as such.
func samples(t *testing.T) []sample {
	t.Helper()
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return nil
	}
	var list []sample
	add := func(name string, sig, content []byte) {
		m, err := bareMessage(sig, content)
		for _, old := range list {
			if bytes.Equal(old.sig, sig) {
				return
			}
		}
		if err == nil {
			list = append(list, sample{name, sig, m.Content, m.Attached})
			if !m.Attached {
				list[len(list)-1].content = content
			}
		}
	}
	for name, content := range map[string]string{
		"individual_attached": "", "individual_detached": "individual_document.txt",
		"legal_entity_attached": "", "legal_entity_detached": "legal_entity_document.txt",
		"ncanode_two_signers_attached": "", "ncanode_two_signers_detached": "ncanode_two_signers_document.txt",
		"ncanode_rsa_one_signer_attached": "", "ncanode_rsa_lol_kek_attached": "",
	} {
		var given []byte
		if content != "" {
			given = read(t, data, "cms", content)
		}
		add(name, read(t, data, "cms", name+".der"), given)
	}
	if path, ok := beside.Path(t, "suites/kz-cms.json"); ok {
		var s suiteFile
		if err := json.Unmarshal(read(t, path), &s); err != nil {
			t.Fatal(err)
		}
		for _, raw := range s.Cases {
			c, content := messageOf(t, raw)
			add(c.ID, s.Blobs[c.CMS], content)
		}
	}
	slices.SortFunc(list, func(a, b sample) int { return strings.Compare(a.name, b.name) })
	if len(list) < 6 {
		t.Fatalf("%d genuine messages", len(list))
	}
	return list
}

// authorities are those under which the samples were signed and stamped. The
// root of the old RSA issuer is lost, so it is believed by itself.
func authorities(t *testing.T) []*chain.Certificate {
	t.Helper()
	data, _ := beside.Path(t, "pki/data")
	var list []*chain.Certificate
	for _, name := range []string{"nca_gost2022_test.cer", "nca_rsa_test.crt", "prod/nca_gost_2022.pem"} {
		list = append(list, certificateIn(t, filepath.Join(data, "ca", name)))
	}
	return list
}

// said is everything a message proves: what would have to stay the same.
type said struct {
	content string
	signers []string
}

func (s said) equal(other said) bool {
	return s.content == other.content && slices.Equal(s.signers, other.signers)
}

// judge reads a message as the portal does and asks besides that an authority
// signed each certificate: no dates, because the samples are of several years.
func judge(sig, content []byte, known []*chain.Certificate) (said, error) {
	m, err := bareMessage(sig, content)
	if err != nil {
		return said{}, err
	}
	if m.Attached {
		content = m.Content
	}
	out := said{content: string(content)}
	if cms.LooksLikeAttributes(content) {
		return out, errors.New("the content could pass for signed attributes")
	}
	for _, s := range m.Signers {
		if err := issuedBy(s.Certificate, known); err != nil {
			return out, err
		}
		proven := time.Time{}
		if s.Token != nil {
			stamp, err := tsp.Check(s.Token, s.Signature, nil, chain.Profile{})
			if err != nil {
				return out, err
			}
			if err := issuedBy(stamp.Authority, known); err != nil {
				return out, err
			}
			proven = stamp.At
		}
		out.signers = append(out.signers, fmt.Sprintf("%x at %v, proven %v", s.Certificate.Raw, s.SigningTime, proven))
	}
	return out, nil
}

func issuedBy(c *chain.Certificate, known []*chain.Certificate) error {
	for _, a := range known {
		if bytes.Equal(a.Subject, c.Issuer) && c.SignedBy(a) == nil {
			return nil
		}
	}
	return errors.New("nobody known issued the certificate")
}

// place names the part of a message an offset lies in.
func place(sig []byte, offset int) string {
	top := spans(sig, 0)[0]
	shell := top.inside(sig)
	if len(shell) != 2 || shell[0].has(offset) {
		return "type"
	}
	body := shell[1].inside(sig)[0].inside(sig)
	for i, name := range []string{"version", "digests", "content", "certificates"} {
		if body[i].has(offset) {
			return name
		}
	}
	names := []string{"version", "identifier", "digest", "signed attributes", "algorithm", "signature", "unsigned attributes"}
	for _, signer := range body[4].inside(sig) {
		for i, field := range signer.inside(sig) {
			if field.has(offset) {
				return "signer's " + names[i]
			}
		}
	}
	return "headers"
}

// span is where an element stands in the message: all of it, and its contents.
type span struct{ from, body, to int }

func (s span) has(offset int) bool { return offset >= s.from && offset < s.to }

func (s span) inside(sig []byte) []span { return spans(sig[s.body:s.to], s.body) }

func spans(in []byte, base int) (list []span) {
	for r := der.Read(in); r.More(); {
		v := r.Any()
		list = append(list, span{base, base + len(v.Full) - len(v.Body), base + len(v.Full)})
		base += len(v.Full)
	}
	return list
}

func certificateIn(t *testing.T, file string) *chain.Certificate {
	t.Helper()
	raw := read(t, file)
	if block, _ := pem.Decode(raw); block != nil {
		raw = block.Bytes
	}
	c, err := chain.Parse(raw)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return c
}

// acceptedFlips are the parts of a message where some bit may be turned over
// without the message being refused. Nothing is: the unsigned headers are held
// to what is signed, and a time-stamp to itself.
var acceptedFlips = []string{}

// Every bit with EDS_FLIPS=all, every sixteenth without.
func TestNoBitOfAGenuineMessageChangesWhatItSays(t *testing.T) {
	step := 16
	if os.Getenv("EDS_FLIPS") == "all" {
		step = 1
	}
	known := []*chain.Certificate(nil)
	where := map[string]int{}
	total := 0
	for i, s := range samples(t) {
		if known == nil {
			known = authorities(t)
		}
		before, err := judge(s.sig, s.content, known)
		if err != nil {
			t.Errorf("%s as it is: %v", s.name, err)
			continue
		}
		given := s.content
		if s.attached {
			given = nil // whoever flips the content flips it in the message
		}
		accepted := 0
		changed := bytes.Clone(s.sig)
		for bit := i % step; bit < 8*len(s.sig); bit += step {
			changed[bit/8] ^= 1 << (bit % 8)
			after, err := judge(changed, given, known)
			changed[bit/8] ^= 1 << (bit % 8)
			total++
			if err != nil {
				continue
			}
			accepted++
			name := place(s.sig, bit/8)
			where[name]++
			if !slices.Contains(acceptedFlips, name) {
				t.Errorf("%s: bit %d of byte %d (%s) may be turned over", s.name, bit%8, bit/8, name)
			}
			if !after.equal(before) {
				t.Errorf("%s: bit %d of byte %d (%s) changes what is said", s.name, bit%8, bit/8, name)
			}
		}
		t.Logf("%s: %d bytes, %d flips accepted", s.name, len(s.sig), accepted)
	}
	t.Logf("%d flips, accepted in %v", total, where)
	if step == 1 {
		for _, name := range acceptedFlips {
			if where[name] == 0 && total > 0 {
				t.Errorf("%s: no flip is accepted there any more", name)
			}
		}
	}
}

// A signature over signed attributes is also one over the bytes of those
// attributes. A message without attributes whose content they are would carry
// it over to something its owner never saw (draft-ietf-lamps-cms-euf-cma).
func TestSignedAttributesNeverPassForContent(t *testing.T) {
	for _, s := range samples(t) {
		p := cut(t, s.sig)
		attributes := der.Encode(der.Set, p.attributes...)
		for name, sig := range map[string][]byte{
			"attached": withoutAttributes(p, attributes, true),
			"detached": withoutAttributes(p, attributes, false),
		} {
			if _, err := bareMessage(sig, attributes); reasonOf(err) != cms.Attribute {
				t.Errorf("%s, %s: %v", s.name, name, err)
			}
		}
		if !cms.LooksLikeAttributes(attributes) {
			t.Errorf("%s: its attributes pass for content", s.name)
		}
		// The other way about: somebody is given such bytes to sign as a document.
		w := ours(t)
		for _, attached := range []bool{true, false} {
			_, err := w.verifier.Document(t.Context(), sign(t, w.aigul, attributes, attached), attributes, now)
			if reason(err) != eds.Attributes {
				t.Errorf("%s: attributes signed as a document: %v", s.name, err)
			}
		}
	}
}

// withoutAttributes makes the message in which the attributes are the content.
func withoutAttributes(p parts, attributes []byte, attached bool) []byte {
	data := der.EncodeOID("1.2.840.113549.1.7.1")
	p.encapsulated = der.EncodeSequence(data)
	if attached {
		p.encapsulated = der.EncodeSequence(data, der.Encode(der.Context(0, true), der.EncodeOctets(attributes)))
	}
	return p.remake(nil).join()
}

func reasonOf(err error) string {
	var r *chain.Refused
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

// twin writes an element anew in a looser spelling: of each element it asks
// how, by its path from the root (numbers of children).
type twin func(n *node, path string) spelling

type spelling int

const (
	strict     spelling = iota
	indefinite          // length left open
	pieces              // octet string in pieces of one byte
	longer              // length with one octet more than needed
	reversed            // elements in the opposite order
)

func (n *node) loose(how twin, path string) []byte {
	body := n.body
	if n.tag&0x20 != 0 {
		body = nil
		for i, c := range n.children {
			body = append(body, c.loose(how, fmt.Sprintf("%s.%d", path, i))...)
		}
	}
	switch how(n, path) {
	case indefinite:
		return append(append([]byte{n.tag, 0x80}, body...), 0, 0)
	case pieces:
		out := []byte{n.tag | 0x20, 0x80}
		for _, b := range body {
			out = append(out, der.OctetString, 1, b)
		}
		return append(out, 0, 0)
	case longer:
		return slices.Concat([]byte{n.tag, 0x84, byte(len(body) >> 24), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body)
	case reversed:
		var turned [][]byte
		for i, c := range n.children {
			turned = append([][]byte{c.loose(how, fmt.Sprintf("%s.%d", path, i))}, turned...)
		}
		return der.Encode(n.tag, turned...)
	}
	return der.Encode(n.tag, body)
}

// Paths of the parts of a message, as loose counts them.
const (
	inDigests      = "0.1.0.1"
	inContent      = "0.1.0.2"
	inCertificates = "0.1.0.3"
	inSigners      = "0.1.0.4"
)

// signedPart says whether what stands there was signed by somebody, so that a
// rewritten shell must have had it in DER.
func signedPart(path string) bool {
	if strings.HasPrefix(path, inCertificates+".") {
		return true
	}
	rest, ok := strings.CutPrefix(path, inSigners+".")
	_, field, _ := strings.Cut(rest, ".")
	return ok && (field == "3" || strings.HasPrefix(field, "3."))
}

func outside(path string) bool {
	return !signedPart(path) && !strings.HasPrefix(path, inSigners+".0.6") && !strings.HasPrefix(path, inSigners+".1.6")
}

// twins are the kinds of second spelling, each with its one fixed verdict.
var twins = map[string]struct {
	how      twin
	accepted bool
}{
	"open lengths around what is signed": {func(n *node, path string) spelling {
		if n.tag&0x20 != 0 && outside(path) {
			return indefinite
		}
		return strict
	}, true},
	"open lengths in signed attributes": {func(n *node, path string) spelling {
		if n.tag&0x20 != 0 && strings.HasPrefix(path, inSigners+".0.3.") {
			return indefinite
		}
		return strict
	}, false},
	"open lengths in a certificate": {func(n *node, path string) spelling {
		if n.tag&0x20 != 0 && strings.HasPrefix(path, inCertificates+".0.") {
			return indefinite
		}
		return strict
	}, false},
	"content and signature in pieces": {func(n *node, path string) spelling {
		switch {
		case n.tag == der.OctetString && outside(path):
			return pieces
		case n.tag&0x20 != 0 && outside(path):
			return indefinite
		}
		return strict
	}, true},
	"everything in pieces": {func(n *node, path string) spelling {
		if n.tag == der.OctetString {
			return pieces
		}
		return strict
	}, false},
	"a longer length around all": {func(n *node, path string) spelling {
		if path == "0" {
			return longer
		}
		return strict
	}, false},
	"a longer length of the content": {func(n *node, path string) spelling {
		if path == inContent {
			return longer
		}
		return strict
	}, false},
	"a longer length of the signers": {func(n *node, path string) spelling {
		if path == inSigners {
			return longer
		}
		return strict
	}, false},
	"longer lengths everywhere": {func(*node, string) spelling { return longer }, false},
	"signed attributes the other way about": {func(n *node, path string) spelling {
		if path == inSigners+".0.3" {
			return reversed
		}
		return strict
	}, false},
	"unsigned sets the other way about": {func(n *node, path string) spelling {
		if path == inDigests || path == inCertificates || path == inSigners {
			return reversed
		}
		return strict
	}, true},
}

// A kind of second spelling has one verdict, the same through every door, and
// the doors give the same signer and content as for the first spelling.
func TestTwinsOfAMessageHaveOneVerdict(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	v, known := national(t, data), authorities(t)
	for _, s := range samples(t) {
		root := grow(der.Read(s.sig).Any())
		before, err := judge(s.sig, s.content, known)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(twins)) {
			kind := twins[name]
			sig := root.loose(kind.how, "0")
			after, err := judge(sig, s.content, known)
			if (err == nil) != kind.accepted {
				t.Errorf("%s, %s: %v", s.name, name, err)
			}
			if err == nil && fmt.Sprint(sorted(after)) != fmt.Sprint(sorted(before)) {
				t.Errorf("%s, %s says something else", s.name, name)
			}
			for door, err := range doors(t, v, s, sig) {
				if (err == nil) != kind.accepted {
					t.Errorf("%s, %s through %s: %v", s.name, name, door, err)
				}
			}
		}
	}
}

func sorted(s said) said {
	slices.Sort(s.signers)
	return s
}

// doors asks every question the portal has about a message it would accept.
func doors(t *testing.T, v *eds.Verifier, s sample, sig []byte) map[string]error {
	t.Helper()
	answers := map[string]error{}
	if who, err := v.Document(t.Context(), s.sig, s.content, now); err != nil {
		return answers // of another year, or by two: the bare verdict is all there is
	} else if again, err := v.Document(t.Context(), sig, s.content, now); err == nil && again.IIN != who.IIN {
		t.Errorf("%s: signed by %v", s.name, again.IIN)
	}
	_, answers["Document"] = v.Document(t.Context(), sig, s.content, now)
	_, answers["SignIn"] = v.SignIn(t.Context(), sig, s.content, now)
	given := s.content
	if s.attached {
		given = nil
		var content []byte
		if _, content, answers["Attached"] = v.Attached(t.Context(), sig, now); answers["Attached"] == nil && !bytes.Equal(content, s.content) {
			t.Errorf("%s: the archive keeps other content", s.name)
		}
	}
	verdict, err := v.Inspect(t.Context(), sig, given, now)
	if answers["Inspect"] = err; err == nil && !bytes.Equal(verdict.Content, s.content) {
		t.Errorf("%s: other content is shown", s.name)
	}
	return answers
}

// Only the original pairing verifies, and certificates beside the signer's
// never change who is shown.
func TestNoOtherCertificateTakesASignature(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	path, ok := beside.Path(t, "suites/kz-certs.json")
	if !ok {
		return
	}
	strangers := load[json.RawMessage](t, path).Blobs
	known := authorities(t)
	w := ours(t)
	strangers["of our own"] = w.aigul.Certificate()
	strangers["of an authority"] = certificateIn(t, filepath.Join(data, "ca", "nca_gost2022_test.cer")).Raw
	swaps, refused := 0, 0
	for _, s := range samples(t) {
		before, err := judge(s.sig, s.content, known)
		if err != nil {
			t.Fatal(err)
		}
		for key, raw := range strangers {
			c, err := chain.Parse(raw)
			p := cut(t, s.sig)
			if err != nil || slices.ContainsFunc(p.certificates, func(own []byte) bool { return bytes.Equal(own, raw) }) {
				continue
			}
			sid := der.EncodeSequence(c.Issuer, der.EncodeInt(c.Serial))
			byKey := der.Encode(der.Context(0, false), c.SubjectKeyID)
			for name, try := range map[string]struct {
				sig      []byte
				accepted bool
			}{
				"added":                         {p.with(append(slices.Clone(p.certificates), raw), nil), true},
				"put in front":                  {p.with(append([][]byte{raw}, p.certificates...), nil), true},
				"in its place":                  {p.with(replaced(p.certificates, raw), nil), false},
				"in its place and named":        {p.with(replaced(p.certificates, raw), sid), false},
				"added and named":               {p.with(append(slices.Clone(p.certificates), raw), sid), false},
				"added and named by key":        {p.with(append(slices.Clone(p.certificates), raw), byKey), false},
				"named, and not in the message": {p.with(p.certificates, sid), false},
			} {
				swaps++
				after, err := judge(try.sig, s.content, known)
				if err != nil {
					refused++
				}
				if (err == nil) != try.accepted {
					t.Errorf("%s, certificate %s %s: %v", s.name, key, name, err)
				}
				if err == nil && !after.equal(before) {
					t.Errorf("%s, certificate %s %s: another signer is shown", s.name, key, name)
				}
			}
		}
	}
	t.Logf("%d swaps, %d refused", swaps, refused)
}

// with makes the message with other certificates, and with another identifier
// of the first signer where one is given.
func (p parts) with(certificates [][]byte, sid []byte) []byte {
	p.certificates = certificates
	if sid == nil {
		return p.join()
	}
	fields := grow(der.Read(p.signers[0]).Any())
	version := 1
	if sid[0] == der.Context(0, false) {
		version = 3
	}
	fields.children[0] = grow(der.Read(der.EncodeSmall(version)).Any())
	fields.children[1] = grow(der.Read(sid).Any())
	p.signers = append([][]byte{fields.write()}, p.signers[1:]...)
	if version == 3 {
		return versioned(p.join(), version)
	}
	return p.join()
}

func versioned(sig []byte, version int) []byte {
	root := grow(der.Read(sig).Any())
	root.children[1].children[0].children[0] = grow(der.Read(der.EncodeSmall(version)).Any())
	return root.write()
}

func replaced(certificates [][]byte, raw []byte) [][]byte {
	return append([][]byte{raw}, certificates[1:]...)
}
