package eds_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/key"
)

var filing = []byte("a complaint about an act of the investigator")

func TestAPersonsSignatureNamesThePerson(t *testing.T) {
	w := ours(t)
	for _, attached := range []bool{true, false} {
		sig := sign(t, w.aigul, filing, attached)
		for name, form := range map[string][]byte{
			"DER":         sig,
			"PEM":         cms.EncodePEM(sig),
			"PEM, CRLF":   bytes.ReplaceAll(cms.EncodePEM(sig), []byte("\n"), []byte("\r\n")),
			"PKCS7":       bytes.ReplaceAll(cms.EncodePEM(sig), []byte(" CMS-"), []byte(" PKCS7-")),
			"bare base64": []byte(base64.StdEncoding.EncodeToString(sig)),
		} {
			who, err := w.verifier.Document(t.Context(), form, filing, now)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if who.IIN.Reveal() != aigul.IIN || who.Name != aigul.CommonName || who.Role != eds.Individual || who.BIN != "" {
				t.Errorf("%s: %+v", name, who)
			}
			if !who.ClaimedAt.Equal(now) || who.Issuer != "TEST" || !bytes.Equal(who.Certificate, w.aigul.Certificate()) {
				t.Errorf("%s: %+v", name, who)
			}
		}
	}
}

func TestWhoMayNotSignIsRefusedByReason(t *testing.T) {
	w := ours(t)
	foreign, err := authority.New("TEST", now.AddDate(-1, 0, 0)) // the same name, other keys
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := foreign.Issue(aigul)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*authority.Person)) *key.Key {
		p := aigul
		change(&p)
		return w.issue(t, p)
	}
	expired := with(func(p *authority.Person) { p.From, p.To = now.AddDate(0, -9, 0), now.Add(-time.Second) })
	early := with(func(p *authority.Person) { p.From = now.Add(time.Second) })
	authOnly := with(func(p *authority.Person) { p.AuthOnly = true })
	for _, c := range []struct {
		name     string
		key      *key.Key
		document eds.Reason // empty: accepted
		signIn   eds.Reason
	}{
		{"a valid key", w.aigul, "", ""},
		{"an expired certificate", expired, eds.Expired, eds.Expired},
		{"a certificate of the future", early, eds.NotYet, eds.NotYet},
		{"a key for authentication", authOnly, eds.KeyUsage, ""},
		{"an authority of the same name", stranger, eds.UnknownAuthority, eds.UnknownAuthority},
		{"nobody's number", with(func(p *authority.Person) { p.IIN = "" }), eds.NoIIN, eds.NoIIN},
		{"a short number", with(func(p *authority.Person) { p.IIN = "87041240012" }), eds.NoIIN, eds.NoIIN},
		{"a number with a letter", with(func(p *authority.Person) { p.IIN = "87041240012X" }), eds.NoIIN, eds.NoIIN},
		{"a system", with(func(p *authority.Person) { p.Role, p.BIN = eds.System, "123456789021" }), eds.Machine, eds.Machine},
		{"an organisation without a person", with(func(p *authority.Person) { p.IIN, p.BIN = "", "123456789021" }), eds.NoIIN, eds.NoIIN},
		{"a head without an organisation", with(func(p *authority.Person) { p.Role = eds.Head }), eds.Organisation, eds.Organisation},
		{"a head", with(func(p *authority.Person) { p.Role, p.BIN = eds.Head, "123456789021" }), "", ""},
		{"a bad BIN", with(func(p *authority.Person) { p.Role, p.BIN = eds.Head, "12345678902" }), eds.Organisation, eds.Organisation},
		{"no name", with(func(p *authority.Person) { p.CommonName = "" }), eds.NameUnfit, eds.NameUnfit},
		{"an RSA key under a national authority", with(func(p *authority.Person) { p.RSA = true }), "", ""},
	} {
		sig := sign(t, c.key, filing, false)
		if _, err := w.verifier.Document(t.Context(), sig, filing, now); reason(err) != c.document {
			t.Errorf("%s signs a document: %v, want %q", c.name, err, c.document)
		}
		if _, err := w.verifier.SignIn(t.Context(), sig, filing, now); reason(err) != c.signIn {
			t.Errorf("%s signs in: %v, want %q", c.name, err, c.signIn)
		}
	}
}

func TestNamesThatDeceiveTheEyeAreRefused(t *testing.T) {
	w := ours(t)
	for _, r := range "\u0000\u0007\u001b\u007f\u0085\u00ad\u061c\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2067\u2069\ufeff\ufffd\ue000\U000e0041" {
		for i, change := range []func(*authority.Person, string){
			func(p *authority.Person, s string) { p.CommonName = s },
			func(p *authority.Person, s string) { p.Surname = s },
			func(p *authority.Person, s string) { p.Organisation = s },
		} {
			if i > 0 && r != '\u202e' {
				continue // one character is enough for the other fields
			}
			p := aigul
			change(&p, "СЕРІКОВА"+string(r)+"АЙГҮЛ")
			sig := sign(t, w.issue(t, p), filing, false)
			if _, err := w.verifier.Document(t.Context(), sig, filing, now); reason(err) != eds.NameUnfit {
				t.Errorf("%U: %v", r, err)
			}
		}
	}
	p := aigul
	p.CommonName = "И\u0306ОГАН" // й in two characters
	who, err := w.verifier.Document(t.Context(), sign(t, w.issue(t, p), filing, false), filing, now)
	if err != nil || who.Name != "ЙОГАН" {
		t.Errorf("the name is not composed: %q, %v", who.Name, err)
	}
}

func TestContentIsExactlyWhatWasSigned(t *testing.T) {
	w := ours(t)
	attached, detached := sign(t, w.aigul, filing, true), sign(t, w.aigul, filing, false)
	for _, other := range [][]byte{nil, {}, []byte("other"), append(bytes.Clone(filing), ' '), filing[1:]} {
		for _, sig := range [][]byte{attached, detached} {
			if _, err := w.verifier.Document(t.Context(), sig, other, now); reason(err) != eds.ContentDiffers {
				t.Errorf("%q: %v", other, err)
			}
		}
	}
	if _, _, err := w.verifier.Attached(t.Context(), detached, now); reason(err) != eds.ContentAbsent {
		t.Errorf("detached where attached was asked: %v", err)
	}
	// The content taken out of an attached signature leaves a detached one over
	// the same bytes, and the other way round: mode is not identity.
	who, content, err := w.verifier.Attached(t.Context(), attached, now)
	if err != nil || !bytes.Equal(content, filing) || who.IIN != eds.IIN(aigul.IIN) {
		t.Errorf("attached: %v, %q, %v", who.IIN, content, err)
	}
	moved := cut(t, detached)
	moved.encapsulated = cut(t, sign(t, w.aigul, []byte("other"), true)).encapsulated
	if _, _, err := w.verifier.Attached(t.Context(), moved.join(), now); reason(err) != eds.ContentDiffers {
		t.Errorf("a signature moved to other content: %v", err)
	}
}

func TestTheClaimedTimeIsFromADayBeforeToFiveMinutesAfter(t *testing.T) {
	w := ours(t)
	accepted := 0
	for shift := -48 * time.Hour; shift <= 48*time.Hour; shift += 15 * time.Minute {
		sig, err := w.aigul.SignCMS(filing, false, now.Add(shift))
		if err != nil {
			t.Fatal(err)
		}
		want := eds.ClaimedTime
		if shift >= -24*time.Hour && shift <= 5*time.Minute {
			want = ""
			accepted++
		}
		if _, err := w.verifier.Document(t.Context(), sig, filing, now); reason(err) != want {
			t.Errorf("claimed %v from now: %v", shift, err)
		}
		if _, err := w.verifier.Inspect(t.Context(), sig, filing, now); err != nil {
			t.Errorf("claimed %v from now, read later: %v", shift, err)
		}
	}
	if accepted != 97 {
		t.Errorf("%d moments accepted", accepted)
	}
	silent, err := w.aigul.SignCMS(filing, false, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if who, err := w.verifier.Document(t.Context(), silent, filing, now); err != nil || !who.ClaimedAt.IsZero() {
		t.Errorf("no time claimed: %v, %v", who.ClaimedAt, err)
	}
}

// attribute writes one signed attribute.
func attribute(kind string, values ...[]byte) []byte {
	return der.EncodeSequence(der.EncodeOID(kind), der.EncodeSet(values...))
}

const (
	contentType   = "1.2.840.113549.1.9.3"
	messageDigest = "1.2.840.113549.1.9.4"
	signingTime   = "1.2.840.113549.1.9.5"
	certificateV2 = "1.2.840.113549.1.9.16.2.47"
)

func TestSignedAttributesAreEachOnceInOrderAndKnown(t *testing.T) {
	w := ours(t)
	good := cut(t, sign(t, w.aigul, filing, false))
	find := func(kind string) int {
		for i, a := range good.attributes {
			if bytes.Contains(a, der.EncodeOID(kind)) {
				return i
			}
		}
		t.Fatal("no attribute " + kind)
		return 0
	}
	without := func(kind string) [][]byte {
		i := find(kind)
		return append(append([][]byte{}, good.attributes[:i]...), good.attributes[i+1:]...)
	}
	sorted := func(list [][]byte) [][]byte {
		var out [][]byte
		for r := der.Read(der.EncodeSet(list...)).Into(der.Set); r.More(); {
			out = append(out, r.Any().Full)
		}
		return out
	}
	reversed := append([][]byte{}, good.attributes...)
	reversed[0], reversed[1] = reversed[1], reversed[0]
	other := sha256.Sum256(ours(t).authority.Issuer())
	hash := func(sum []byte) []byte {
		return der.EncodeSequence(der.EncodeSequence(der.EncodeSequence(der.EncodeOctets(sum))))
	}
	oid := der.EncodeOID("1.2.840.113549.1.7.1")
	for name, c := range map[string]struct {
		attributes [][]byte
		want       eds.Reason
	}{
		"as they were":                 {good.attributes, ""},
		"without a claimed time":       {without(signingTime), ""},
		"without the certificate":      {without(certificateV2), ""},
		"without a digest":             {without(messageDigest), eds.Attributes},
		"without a content type":       {without(contentType), eds.Attributes},
		"none at all":                  {nil, eds.Attributes},
		"out of order":                 {reversed, eds.Attributes},
		"the digest twice":             {sorted(append(append([][]byte{}, good.attributes...), good.attributes[find(messageDigest)])), eds.Attributes},
		"two digests in one":           {sorted(append(without(messageDigest), attribute(messageDigest, der.EncodeOctets([]byte{1}), der.EncodeOctets([]byte{2})))), eds.Malformed},
		"an empty digest":              {sorted(append(without(messageDigest), attribute(messageDigest))), eds.Malformed},
		"other content type":           {sorted(append(without(contentType), attribute(contentType, der.EncodeOID("1.2.840.113549.1.7.2")))), eds.Attributes},
		"an unknown attribute":         {sorted(append(without(signingTime), attribute("1.2.3.4", oid))), eds.Attributes},
		"another's certificate":        {sorted(append(without(certificateV2), attribute(certificateV2, hash(other[:])))), eds.Attributes},
		"time that is no time":         {sorted(append(without(signingTime), attribute(signingTime, der.Encode(der.UTCTime, []byte("2607200930Z"))))), eds.Malformed},
		"time in the thirteenth month": {sorted(append(without(signingTime), attribute(signingTime, der.Encode(der.UTCTime, []byte("261320093000Z"))))), eds.Malformed},
	} {
		p := good
		p.attributes = c.attributes
		sig := p.resign(t, w.aigul).join()
		if _, err := w.verifier.Document(t.Context(), sig, filing, now); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A signature without signed attributes over bytes that are attributes could
// be presented as one with them (draft-ietf-lamps-cms-euf-cma-signeddata).
func TestAttributesCannotBeMistakenForContent(t *testing.T) {
	w := ours(t)
	good := cut(t, sign(t, w.aigul, filing, false))
	set := der.Encode(der.Set, good.attributes...)

	bare := good.remake(nil)
	if _, err := w.verifier.Document(t.Context(), bare.join(), set, now); reason(err) != eds.Attributes {
		t.Errorf("the signature without its attributes, over them: %v", err)
	}
	raw, err := w.aigul.Sign(filing)
	if err != nil {
		t.Fatal(err)
	}
	plain := good
	plain.signature = raw
	if _, err := w.verifier.Document(t.Context(), plain.remake(nil).join(), filing, now); reason(err) != eds.Attributes {
		t.Errorf("a signature without attributes: %v", err)
	}
	if _, err := w.verifier.Document(t.Context(), sign(t, w.aigul, set, false), set, now); reason(err) != eds.Attributes {
		t.Errorf("content that is attributes: %v", err)
	}
}

func TestTheHeaderAgreesWithTheSigner(t *testing.T) {
	w := ours(t)
	good := cut(t, sign(t, w.aigul, filing, false))
	other := cut(t, sign(t, w.issue(t, aigul), filing, false))
	sha := der.EncodeSequence(der.EncodeOID("2.16.840.1.101.3.4.2.1"), der.EncodeNull())
	for name, c := range map[string]struct {
		change func(*parts)
		want   eds.Reason
	}{
		"no digest listed":      {func(p *parts) { p.digests = nil }, eds.Malformed},
		"one digest too many":   {func(p *parts) { p.digests = append(p.digests, sha) }, eds.Malformed},
		"another digest":        {func(p *parts) { p.digests = [][]byte{sha} }, eds.Malformed},
		"no certificate":        {func(p *parts) { p.certificates = nil }, eds.Malformed},
		"another's certificate": {func(p *parts) { p.certificates = other.certificates }, eds.Malformed},
		"the certificate twice": {func(p *parts) { p.certificates = append(p.certificates, p.certificates...) }, ""},
		"one certificate more":  {func(p *parts) { p.certificates = append(p.certificates, other.certificates...) }, ""},
		"nobody signed":         {func(p *parts) { p.signers = nil }, eds.Malformed},
		"two signed": {func(p *parts) {
			p.signers = append(p.signers, other.signers...)
			p.certificates = append(p.certificates, other.certificates...)
		}, eds.SeveralSigners},
		"the signer twice":        {func(p *parts) { p.signers = append(p.signers, p.signers...) }, eds.SeveralSigners},
		"a list of revocations":   {func(p *parts) { p.certificates = append(p.certificates, der.EncodeNull()) }, eds.Malformed},
		"content of another kind": {func(p *parts) { p.encapsulated = der.EncodeSequence(der.EncodeOID("1.2.840.113549.1.9.16.1.4")) }, eds.Attributes},
	} {
		p := good
		p.certificates = append([][]byte{}, good.certificates...)
		p.signers = append([][]byte{}, good.signers...)
		p.digests = append([][]byte{}, good.digests...)
		c.change(&p)
		if _, err := w.verifier.Document(t.Context(), p.join(), filing, now); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestOnlyTheAlgorithmOfTheKeyIsTaken(t *testing.T) {
	w := ours(t)
	good := cut(t, sign(t, w.aigul, filing, false))
	attributes := der.Encode(der.Context(0, true), good.attributes...)
	algorithm := func(oid string, params ...[]byte) []byte {
		return der.EncodeSequence(append([][]byte{der.EncodeOID(oid)}, params...)...)
	}
	null := der.EncodeNull()
	for name, c := range map[string]struct {
		digest, algorithm []byte
		want              eds.Reason
	}{
		"the key's name, as Kalkan writes": {good.digest, algorithm("1.2.398.3.10.1.1.2.2", null), ""},
		"no parameters":                    {good.digest, algorithm("1.2.398.3.10.1.1.2.3.2"), ""},
		"odd parameters":                   {good.digest, algorithm("1.2.398.3.10.1.1.2.3.2", der.EncodeSmall(1)), eds.Algorithm},
		"RSA":                              {good.digest, algorithm("1.2.840.113549.1.1.11", null), eds.Algorithm},
		"the short key":                    {good.digest, algorithm("1.2.398.3.10.1.1.2.3.1", null), eds.Algorithm},
		"the old family":                   {good.digest, algorithm("1.2.398.3.10.1.1.1.2", null), eds.Algorithm},
		"the Russian name":                 {good.digest, algorithm("1.2.643.7.1.1.3.3", null), eds.Algorithm},
		"digest SHA-256":                   {algorithm("2.16.840.1.101.3.4.2.1", null), good.algorithm, eds.Algorithm},
		"digest SHA-1":                     {algorithm("1.3.14.3.2.26", null), good.algorithm, eds.Algorithm},
		"digest of the old family":         {algorithm("1.2.398.3.10.1.3.1", null), good.algorithm, eds.Algorithm},
	} {
		p := good
		p.digest, p.digests, p.algorithm = c.digest, [][]byte{c.digest}, c.algorithm
		if _, err := w.verifier.Document(t.Context(), p.remake(attributes).join(), filing, now); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestSignaturesAtTheEdgesOfTheRangeAreRefused(t *testing.T) {
	w := ours(t)
	good := cut(t, sign(t, w.aigul, filing, false))
	attributes := der.Encode(der.Context(0, true), good.attributes...)
	swapped := append(bytes.Clone(good.signature[64:]), good.signature[:64]...)
	for name, s := range map[string][]byte{
		"empty": {}, "zeros": make([]byte, 128), "ones": bytes.Repeat([]byte{0xff}, 128),
		"short": good.signature[:127], "long": append(bytes.Clone(good.signature), 0),
		"s before r": swapped,
		"r alone":    append(bytes.Clone(good.signature[:64]), make([]byte, 64)...),
		"s alone":    append(make([]byte, 64), good.signature[64:]...),
	} {
		p := good
		p.signature = s
		if _, err := w.verifier.Document(t.Context(), p.remake(attributes).join(), filing, now); reason(err) != eds.SignatureWrong {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Unsigned attributes can be added by anyone; the only kind let in is a token
// that is whole and for this signature.
func TestUnsignedAttributesAreNotBelieved(t *testing.T) {
	w := ours(t)
	good := cut(t, sign(t, w.aigul, filing, false))
	attributes := der.Encode(der.Context(0, true), good.attributes...)
	token := "1.2.840.113549.1.9.16.2.14"
	for name, c := range map[string]struct {
		unsigned []byte
		want     eds.Reason
	}{
		"a signing time":             {attribute(signingTime, der.EncodeTime(now)), eds.Attributes},
		"a countersigner":            {attribute("1.2.840.113549.1.9.6", good.signers[0]), ""}, // ignored: it adds another hand and changes nothing
		"a token of nothing":         {attribute(token, der.EncodeSequence()), eds.Timestamp},
		"a token that is a document": {attribute(token, sign(t, w.aigul, filing, true)), eds.Timestamp},
	} {
		sig := good.remake(attributes, der.Encode(der.Context(1, true), c.unsigned)).join()
		if _, err := w.verifier.Document(t.Context(), sig, filing, now); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if data, ok := beside.Path(t, "pki/data/cms/individual_detached.der"); ok {
		genuine := read(t, data)
		unsigned := genuine[bytes.Index(genuine, der.EncodeOID(token))-8:]
		sig := good.remake(attributes, unsigned[:1740]).join() // [1] with the genuine token
		if _, err := w.verifier.Document(t.Context(), sig, filing, now); reason(err) != eds.Timestamp {
			t.Errorf("another signature's token: %v", err)
		}
	}
}

func TestOneSpellingOfAMessageIsTakenAndTheJavaShell(t *testing.T) {
	w := ours(t)
	sig := sign(t, w.aigul, filing, true)
	p := cut(t, sig)
	for name, c := range map[string]struct {
		sig  []byte
		want eds.Reason
	}{
		"a Java shell around it":     {shell(p), ""},
		"content in pieces":          {shellInPieces(p), ""},
		"a long length":              {append([]byte{0x30, 0x84, 0, 0}, sig[2:]...), eds.Malformed},
		"twice":                      {append(bytes.Clone(sig), sig...), eds.Malformed},
		"wrapped once more":          {der.EncodeSequence(sig), eds.Malformed},
		"an open certificate":        {shellWith(p, opened(p.certificates[0]), p.signers[0]), eds.Malformed},
		"open attributes":            {shellWith(p, p.certificates[0], openedAttributes(p)), eds.Malformed},
		"a shell with a tail":        {append(shell(p), 0), eds.Malformed},
		"a shell without its end":    {shell(p)[:len(shell(p))-2], eds.Malformed},
		"PEM of a certificate":       {bytes.ReplaceAll(cms.EncodePEM(sig), []byte(" CMS-"), []byte(" CERTIFICATE-")), eds.Malformed},
		"PEM that ends otherwise":    {bytes.Replace(cms.EncodePEM(sig), []byte("END CMS-"), []byte("END PKCS7-"), 1), eds.Malformed},
		"PEM twice":                  {append(cms.EncodePEM(sig), cms.EncodePEM(sig)...), eds.Malformed},
		"base64 with a stray letter": {append([]byte(base64.StdEncoding.EncodeToString(sig)), 'A'), eds.Malformed},
		"text":                       {[]byte("not a signature"), eds.Malformed},
		"nothing":                    {nil, eds.Malformed},
	} {
		who, err := w.verifier.Document(t.Context(), c.sig, filing, now)
		if reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil && who.IIN.Reveal() != aigul.IIN {
			t.Errorf("%s: signer %v", name, who.IIN)
		}
	}
}

// shell writes the message with indefinite lengths outside what was signed,
// as Java libraries stream it.
func shell(p parts) []byte { return shellWith(p, p.certificates[0], p.signers[0]) }

func shellWith(p parts, certificate, signer []byte) []byte {
	return open(0x30, der.EncodeOID("1.2.840.113549.1.7.2"), open(0xa0, open(0x30,
		der.EncodeSmall(1), der.EncodeSet(p.digests...), p.encapsulated,
		open(0xa0, certificate), open(0x31, signer))))
}

func shellInPieces(p parts) []byte {
	p.encapsulated = open(0x30, der.EncodeOID("1.2.840.113549.1.7.1"),
		open(0xa0, open(0x24, der.EncodeOctets(filing[:7]), der.EncodeOctets(filing[7:]))))
	return shell(p)
}

func open(tag byte, inside ...[]byte) []byte {
	return append(append([]byte{tag, 0x80}, bytes.Join(inside, nil)...), 0, 0)
}

// opened gives an element an indefinite length.
func opened(element []byte) []byte {
	v := der.Read(element).Any()
	return open(v.Tag, v.Body)
}

func openedAttributes(p parts) []byte {
	attributes := der.Encode(der.Context(0, true), p.attributes...)
	return p.remake(opened(attributes)).signers[0]
}

func TestSizeDepthAndNumberAreBounded(t *testing.T) {
	w := ours(t)
	deep := der.EncodeNull()
	for range 40 {
		deep = der.EncodeSequence(deep)
	}
	wide := der.EncodeSequence(bytes.Repeat(der.EncodeNull(), 3000))
	endless := bytes.Repeat([]byte{0x30, 0x80}, 20_000)
	for name, c := range map[string]struct {
		sig  []byte
		want eds.Reason
	}{
		"deep":              {deep, eds.Malformed},
		"wide":              {wide, eds.Malformed},
		"endless":           {endless, eds.Malformed},
		"large":             {der.EncodeSequence(der.EncodeOctets(make([]byte, eds.MaxSignature))), eds.TooLarge},
		"a length of 4 GiB": {[]byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0}, eds.Malformed},
		"large as text":     {bytes.Repeat([]byte("A"), 2*eds.MaxSignature), eds.TooLarge},
	} {
		if _, err := w.verifier.Document(t.Context(), c.sig, nil, now); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	big := make([]byte, 3<<20)
	if _, err := w.verifier.Document(t.Context(), sign(t, w.aigul, big, true), big, now); err != nil {
		t.Errorf("three megabytes attached: %v", err)
	}
}

func TestAnRSAHierarchyVerifies(t *testing.T) {
	a, err := authority.NewRSA("RSA TEST", now.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	v, err := eds.NewVerifier(a.Issuer(), a.Root())
	if err != nil {
		t.Fatal(err)
	}
	p := aigul
	p.RSA = true
	k, err := a.Issue(p)
	if err != nil {
		t.Fatal(err)
	}
	sig := sign(t, k, filing, false)
	who, err := v.Document(t.Context(), sig, filing, now)
	if err != nil || who.Algorithm != "RSA-2048" {
		t.Fatalf("%q, %v", who.Algorithm, err)
	}
	for i := 0; i < len(sig); i += 3 {
		changed := bytes.Clone(sig)
		changed[i] ^= 0x04
		if _, err := v.Document(t.Context(), changed, filing, now); err == nil {
			t.Errorf("byte %d may be changed", i)
		}
	}
}

func TestOnlyAuthoritiesArePinned(t *testing.T) {
	w := ours(t)
	broken := bytes.Clone(w.authority.Root())
	broken[len(broken)-1] ^= 1
	for name, c := range map[string]struct {
		anchor []byte
		want   eds.Reason
	}{
		"a person":       {w.aigul.Certificate(), eds.KeyUsage},
		"a forged root":  {broken, eds.SignatureWrong},
		"nothing":        {nil, eds.Malformed},
		"a root in text": {[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), eds.Malformed},
	} {
		if _, err := eds.NewVerifier(c.anchor); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	// The root alone does not know the issuer; the issuer alone is not a root.
	for _, anchor := range [][]byte{w.authority.Root(), w.authority.Issuer()} {
		v, err := eds.NewVerifier(anchor)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Document(t.Context(), sign(t, w.aigul, filing, false), filing, now); reason(err) != eds.UnknownAuthority {
			t.Errorf("half a hierarchy: %v", err)
		}
	}
}

func TestRefusalsHoldNoPersonalData(t *testing.T) {
	w := ours(t)
	p := aigul
	p.Role = eds.Head
	_, err := w.verifier.Document(t.Context(), sign(t, w.issue(t, p), filing, false), filing, now)
	if err == nil || strings.Contains(fmt.Sprint(err), p.IIN) || strings.Contains(fmt.Sprint(err), p.Surname) {
		t.Errorf("the refusal says: %v", err)
	}
}
