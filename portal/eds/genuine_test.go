package eds_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/key"
)

// genuine are messages made by the authority's own library with its public
// test keys, time-stamped by the production authority.
var genuine = []struct {
	file, content string
	attached      bool
	role          eds.Role
	bin           string
}{
	{"individual_attached.der", "individual_document.txt", true, eds.Individual, ""},
	{"individual_detached.der", "individual_document.txt", false, eds.Individual, ""},
	{"legal_entity_attached.der", "legal_entity_document.txt", true, eds.Head, "123456789021"},
	{"legal_entity_detached.der", "legal_entity_document.txt", false, eds.Head, "123456789021"},
}

func TestGenuineSignaturesNameTheirSigner(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	v := national(t, data)
	for _, g := range genuine {
		sig, content := read(t, data, "cms", g.file), read(t, data, "cms", g.content)
		who, err := v.Document(t.Context(), sig, content, now)
		if err != nil {
			t.Errorf("%s: %v", g.file, err)
			continue
		}
		if who.IIN != "123456789011" || who.BIN != g.bin || who.Role != g.role || who.Name != "ТЕСТОВ ТЕСТ" {
			t.Errorf("%s: signer %+v", g.file, who)
		}
		if who.Revocation != "not-checked" || who.ClaimedAt.IsZero() {
			t.Errorf("%s: revocation %q, claimed %v", g.file, who.Revocation, who.ClaimedAt)
		}
		if _, err := v.Document(t.Context(), cms.EncodePEM(sig), content, now); err != nil {
			t.Errorf("%s as PEM: %v", g.file, err)
		}
		if _, err := v.Document(t.Context(), sig, append(content, '\n'), now); reason(err) != eds.ContentDiffers {
			t.Errorf("%s over other content: %v", g.file, err)
		}
	}
}

// Every byte of a genuine message matters, the unsigned ones too: the header
// is held to the signer, the time-stamp token to itself and to the signature.
// Every fifth is tried here, every one with EDS_FLIPS=all; single bits are in
// the campaigns.
func TestNoByteOfAGenuineSignatureCanBeChanged(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	v := national(t, data)
	for _, g := range genuine {
		sig, content := read(t, data, "cms", g.file), read(t, data, "cms", g.content)
		accepted, step := 0, 5
		if os.Getenv("EDS_FLIPS") == "all" {
			step = 1
		}
		for i := 0; i < len(sig); i += step {
			changed := bytes.Clone(sig)
			changed[i] ^= 0x01
			if _, err := v.Document(t.Context(), changed, content, now); err == nil {
				accepted++
				t.Errorf("%s: byte %d may be changed", g.file, i)
			}
			if !g.attached {
				continue
			}
			if _, _, err := v.Attached(t.Context(), changed, now); err == nil {
				accepted++
				t.Errorf("%s: byte %d may be changed where the content comes along", g.file, i)
			}
		}
		t.Logf("%s: %d bytes changed, %d accepted", g.file, len(sig), accepted)
	}
}

func TestACutSignatureIsRefused(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	v := national(t, data)
	sig, content := read(t, data, "cms", "individual_detached.der"), read(t, data, "cms", "individual_document.txt")
	for n := range sig {
		if _, err := v.Document(t.Context(), sig[:n], content, now); err == nil {
			t.Errorf("the first %d bytes were accepted", n)
		}
	}
	for _, tail := range []string{"\x00", "\x30\x00", "\n"} {
		if _, err := v.Document(t.Context(), append(bytes.Clone(sig), tail...), content, now); reason(err) != eds.Malformed {
			t.Errorf("%q after the end: %v", tail, err)
		}
	}
}

func TestAGenuineTestKeySignsInAndSigns(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	v := national(t, data)
	keys, err := key.ReadPKCS12(read(t, data, "p12", "ncanode-go", "individual_valid_individual_valid.p12"), "Qwerty12")
	if err != nil {
		t.Fatal(err)
	}
	challenge := []byte("a challenge of the portal")
	for _, attached := range []bool{true, false} {
		sig := sign(t, keys[0], challenge, attached)
		if who, err := v.SignIn(t.Context(), sig, challenge, now); err != nil || who.IIN != "123456789011" {
			t.Errorf("sign-in: %v, %v", who.IIN, err)
		}
		if _, err := v.Document(t.Context(), sig, challenge, now); err != nil {
			t.Errorf("document: %v", err)
		}
	}
}

func TestTheNationalHierarchyIsNotTrustedUntilItIsPinned(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	sig, content := read(t, data, "cms", "individual_detached.der"), read(t, data, "cms", "individual_document.txt")
	for name, anchors := range map[string][][]byte{
		"nobody":          nil,
		"an issuer alone": {read(t, data, "ca", "nca_gost2022_test.cer")},
		"production": {
			read(t, data, "ca", "prod", "root_gost_2022.pem"), read(t, data, "ca", "prod", "nca_gost_2022.pem"),
			read(t, data, "ca", "prod", "root_rsa_2020.cer"), read(t, data, "ca", "prod", "nca_rsa_2022.cer"),
		},
	} {
		v, err := eds.NewVerifier(anchors...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := v.Document(t.Context(), sig, content, now); reason(err) != eds.UnknownAuthority {
			t.Errorf("trusting %s: %v", name, err)
		}
	}
}

// The suite asks for the bare verdict: digest, signature, certificate. Whether
// the chain is trusted and the dates fit is asked by the portal on top.
func TestTheSuiteOfNationalMessages(t *testing.T) {
	path, ok := beside.Path(t, "suites/kz-cms.json")
	if !ok {
		return
	}
	s := load[struct {
		ID, CMS  string
		Content  *string
		Detached bool
		Signers  int
		Expect   string
	}](t, path)
	right := 0
	for _, c := range s.Cases {
		var content []byte
		if c.Content != nil {
			content, _ = hex.DecodeString(*c.Content)
		}
		err := bare(s.Blobs[c.CMS], content, c.Content != nil)
		if got := map[bool]string{true: "accept", false: "reject"}[err == nil]; got != c.Expect {
			t.Errorf("%s: %s expected, %v", c.ID, c.Expect, err)
			continue
		}
		right++
	}
	t.Logf("kz-cms: %d of %d right", right, len(s.Cases))
}

func bare(sig, content []byte, given bool) error {
	raw, err := cms.Decode(sig, 1<<20)
	if err != nil {
		return err
	}
	m, err := cms.Parse(raw, chain.Profile{})
	if err != nil {
		return err
	}
	if m.Attached && given && !bytes.Equal(m.Content, content) {
		return &eds.Refusal{Reason: eds.ContentDiffers}
	}
	if m.Attached {
		content, given = m.Content, true
	}
	if !given {
		return &eds.Refusal{Reason: eds.ContentAbsent}
	}
	for _, s := range m.Signers {
		if err := s.Verify(content); err != nil {
			return err
		}
	}
	return nil
}

func TestTheFilingEndpointTakesOneSignerAndTheReaderTakesTwo(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	v := national(t, data)
	sig := read(t, data, "cms", "ncanode_two_signers_attached.der")
	content := read(t, data, "cms", "ncanode_two_signers_document.txt")
	if _, err := v.Document(t.Context(), sig, content, now); reason(err) != eds.SeveralSigners {
		t.Errorf("a filing by two: %v", err)
	}
	verdict, _ := v.Inspect(t.Context(), sig, nil, now.AddDate(-3, -10, 7)) // 2022-09-27, when both signed
	if verdict.Valid || len(verdict.Signers) != 2 || !bytes.Equal(verdict.Content, content) {
		t.Fatalf("verdict %+v", verdict)
	}
	first, second := verdict.Signers[0], verdict.Signers[1]
	if !first.Valid || first.Signer.Algorithm != "GOST R 34.10-2015-512" {
		t.Errorf("the first signer: %+v", first)
	}
	if second.Reason != eds.Expired {
		t.Errorf("the second signer's certificate had expired before: %+v", second)
	}
	for i := range sig {
		changed := bytes.Clone(sig)
		changed[i] ^= 0x01
		if bare(changed, content, true) == nil && !insideCertificate(t, sig, i) {
			t.Errorf("byte %d of a message by two may be changed", i)
		}
	}
}

// insideCertificate says whether the byte belongs to a certificate: those are
// held by the chain, which the bare verdict does not ask.
func insideCertificate(t *testing.T, sig []byte, i int) bool {
	for _, c := range cut(t, sig).certificates {
		if at := bytes.Index(sig, c); i >= at && i < at+len(c) {
			return true
		}
	}
	return false
}

func TestOldNationalSignaturesAreRefusedByTheirAlgorithm(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	sig := read(t, data, "cms", "CMS_for_double_sign.der")
	if _, err := national(t, data).Document(t.Context(), sig, []byte("x"), now); reason(err) != eds.Algorithm {
		t.Errorf("a signature by GOST 34.310-2004: %v", err)
	}
}

func TestCommandVerifiesAFile(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	at := "2026-07-20T09:30:00Z"
	in := func(name string) string { return filepath.Join(data, "cms", name) }
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"attached", []string{"-trust", filepath.Join(data, "ca"), "-at", at, in("individual_attached.der")}, 0, `"iin": "123456789011"`},
		{"detached", []string{"-trust", filepath.Join(data, "ca"), "-at", at, "-content", in("legal_entity_document.txt"), in("legal_entity_detached.der")}, 0, `"bin": "123456789021"`},
		{"detached without content", []string{"-trust", filepath.Join(data, "ca"), "-at", at, in("legal_entity_detached.der")}, 1, `"reason": "content-absent"`},
		{"other content", []string{"-trust", filepath.Join(data, "ca"), "-at", at, "-content", in("individual_document.txt"), in("legal_entity_detached.der")}, 1, `"reason": "content-differs"`},
		{"without trust", []string{"-at", at, in("individual_attached.der")}, 1, `"reason": "unknown-authority"`},
		{"a year later", []string{"-trust", filepath.Join(data, "ca"), "-at", "2027-07-20T09:30:00Z", in("individual_attached.der")}, 1, `"reason": "certificate-expired"`},
		{"no signature", []string{"-at", at, in("individual_document.txt")}, 1, `"reason": "malformed"`},
		{"signed XML", []string{"-trust", filepath.Join(data, "ca"), "-at", at, in("../xml/ncanode_xml_signed_valid_string.xml")}, 1, `"reason": "certificate-expired"`},
		{"no file", []string{in("nothing")}, 2, ""},
		{"two files", []string{"a", "b"}, 2, ""},
		{"no moment", []string{"-at", "yesterday", in("individual_attached.der")}, 2, ""},
		{"no flag", []string{"-force", in("individual_attached.der")}, 2, ""},
	} {
		var out, problems bytes.Buffer
		code := eds.Command(append([]string{"verify"}, c.args...), &out, &problems)
		if code != c.code || !bytes.Contains(out.Bytes(), []byte(c.want)) {
			t.Errorf("%s: exit %d\n%s%s", c.name, code, out.String(), problems.String())
		}
	}
	if eds.Command(nil, &bytes.Buffer{}, &bytes.Buffer{}) != 2 {
		t.Error("no command is misuse")
	}
}

// A verification must not be a way to our memory: a detached signature over
// 20 KB takes no more than 64 KB beside what came in.
func TestAVerificationAllocatesLittle(t *testing.T) {
	w := ours(t)
	content := bytes.Repeat([]byte("0123456789abcdef"), 20<<10/16)
	sig := sign(t, w.aigul, content, false)
	const rounds = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		if _, err := w.verifier.Document(t.Context(), sig, content, now); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / rounds; each > 64<<10 {
		t.Errorf("%d bytes a verification", each)
	}
}
