package portal_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
	"zharia/portal/eds/raw"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// bring posts files to the page where anybody checks a signature; nil is a field
// that was left empty.
func (g *guest) bring(lang string, sig, doc []byte) answer {
	g.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range []struct {
		name string
		file []byte
	}{{"signature", sig}, {"document", doc}} {
		if field.file == nil {
			continue
		}
		part, err := form.CreateFormFile(field.name, field.name+".bin")
		if err != nil {
			g.t.Fatal(err)
		}
		part.Write(field.file)
	}
	form.Close()
	r := httptest.NewRequest(http.MethodPost, "/"+lang+"/verify", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return g.do(r)
}

// stranger is a guest at an address of his own, so that what he may send is
// counted for him alone.
func (f *front) stranger(n int) *guest {
	return &guest{front: f, home: fmt.Sprintf("198.51.%d.%d:1", 100+n/250, 1+n%250)}
}

// says fails unless the page shows all of these words.
func (f *front) says(t *testing.T, what string, page answer, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(html.UnescapeString(page.body), word) {
			t.Errorf("%s: the page does not say %q\n%s", what, word, mainOf(page))
		}
	}
}

func mainOf(page answer) string {
	_, rest, _ := strings.Cut(page.body, "<main")
	rest, _, _ = strings.Cut(rest, "</main>")
	return rest
}

// paper is a text that Aigul signs at home.
var paper = []byte("Сенімхат. Ноутбукті маған қайтаруға келісемін.\n")

func (f *front) signs(a *portaltest.Actor, content []byte, attached bool) []byte {
	f.t.Helper()
	return must(a.Key.SignCMS(content, attached, f.At))
}

// signedInfo is what NCALayer signs of an XML document.
const signedInfo = `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
	`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></ds:CanonicalizationMethod>` +
	`<ds:SignatureMethod Algorithm="urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34102015-gostr34112015-512"></ds:SignatureMethod>` +
	`<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>` +
	`<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"></ds:Transform></ds:Transforms>` +
	`<ds:DigestMethod Algorithm="urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:gostr34112015-512"></ds:DigestMethod>` +
	`<ds:DigestValue>%s</ds:DigestValue></ds:Reference></ds:SignedInfo>`

// signXML puts a signature into a document that is in canonical form.
func signXML(k *key.Key, document string) []byte {
	sum := raw.Streebog512([]byte(document))
	info := fmt.Sprintf(signedInfo, base64.StdEncoding.EncodeToString(sum[:]))
	signature := `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
		strings.Replace(info, ` xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`, "", 1) +
		"<ds:SignatureValue>" + base64.StdEncoding.EncodeToString(must(k.Sign([]byte(info)))) + "</ds:SignatureValue>" +
		"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>" + base64.StdEncoding.EncodeToString(k.Certificate()) +
		"</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
	end := strings.LastIndex(document, "</")
	return []byte(document[:end] + signature + document[end:])
}

func TestAnybodyLearnsWhoSignedAFile(t *testing.T) {
	t.Parallel()
	f := open(t)
	detached, attached := f.signs(f.Aigul, paper, false), f.signs(f.Aigul, paper, true)
	signedXML := signXML(f.Aigul.Key, `<request><about>notebook</about></request>`)
	for i, c := range []struct {
		what     string
		sig, doc []byte
	}{
		{"the two files", detached, paper},
		{"the two files in each other's fields", paper, detached},
		{"one file with both", attached, nil},
		{"one file with both, in the other field", nil, attached},
		{"one file with both, and what was signed", attached, paper},
		{"base64, as NCALayer gives it", []byte(base64.StdEncoding.EncodeToString(detached)), paper},
		{"PEM", pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: detached}), paper},
		{"signed XML", signedXML, nil},
		{"signed XML in the other field", nil, signedXML},
	} {
		for _, lang := range []string{"kk", "ru"} {
			page := f.stranger(i).bring(lang, c.sig, c.doc).want(t, c.what, http.StatusOK)
			w := f.Words.In(lang)
			f.says(t, c.what, page, w.T("verify_files.state.valid"), f.Aigul.Surname, f.Aigul.IIN.String(), w.T("verify_files.role.individual"),
				"GOST", "ZHARIA DEMO CA", w.T("signature.revocation.good"))
			if strings.Contains(page.body, f.Aigul.IIN.Reveal()) {
				t.Errorf("%s: the whole number is shown", c.what)
			}
			if strings.Contains(page.body, w.T("verify_files.ours")) {
				t.Errorf("%s: the portal takes the file for its own", c.what)
			}
			whole(t, c.what, page.body, lang)
		}
	}
	f.Sound()
}

// How a verdict looks, whole: a good one, one about a document of ours, a refusal.
func TestTheVerdictOnFilesLooksAsItsGoldenFileSays(t *testing.T) {
	t.Parallel()
	f := open(t)
	doc, sig := f.download(f.Petition(f.Aigul, f.Theft))
	for i, v := range verdicts(f, sig, doc) {
		for _, lang := range []string{"kk", "ru"} {
			page := f.stranger(i).bring(lang, v.sig, v.doc).want(t, v.name, http.StatusOK)
			golden(t, v.name+"."+lang+".html", f.masked(page.body))
			whole(t, v.name+"."+lang, page.body, lang)
		}
	}
}

// brought are files and the name of the golden file of what is said of them.
type brought struct {
	name     string
	sig, doc []byte
}

func verdicts(f *front, sig, doc []byte) []brought {
	return []brought{
		{"verify_files-valid", f.signs(f.Aigul, paper, true), nil},
		{"verify_files-ours", sig, doc},
		{"verify_files-alone", nil, doc},
		{"verify_files-invalid", sig, paper},
	}
}

func TestAClaimedTimeIsToldFromAProvenOne(t *testing.T) {
	t.Parallel()
	f := open(t)
	kk := f.Words.In("kk")
	plain := f.signs(f.Aigul, paper, false)
	f.says(t, "no stamp", f.stranger(1).bring("kk", plain, paper), kk.T("verify_files.claimed"), kk.Second(f.At))
	// A signature received by the portal, with the stamp that the portal had made.
	id := f.Petition(f.Aigul, f.Theft)
	doc, sig := f.download(id)
	page := f.stranger(2).bring("kk", sig, doc)
	f.says(t, "stamped", page, kk.T("signature.stamped"))
	if strings.Contains(page.body, kk.T("verify_files.claimed")) {
		t.Error("beside a proven time the claimed one is told")
	}
}

// download is what the author of a filing takes home: the document and its
// signature.
func (f *front) download(id fmt.Stringer) (doc, sig []byte) {
	f.t.Helper()
	aigul := f.as(f.Aigul)
	at := "/kk/filings/" + id.String()
	return []byte(aigul.get(at+"/document?keep=1").want(f.t, "the document", http.StatusOK).body),
		[]byte(aigul.get(at+"/signature").want(f.t, "the signature", http.StatusOK).body)
}

// A document of the portal is known by its fingerprint, and its signature is
// judged by the evidence of the day it came: that the key was blocked later does
// not take it back. Nothing of the case is told.
func TestADocumentOfThePortalIsKnownAndNothingOfItsCaseIsTold(t *testing.T) {
	f := open(t)
	doc, sig := f.download(f.Petition(f.Aigul, f.Theft))
	ru := f.Words.In("ru")
	received := ru.Second(f.At)
	f.At = f.At.Add(48 * time.Hour)
	block(t, f.W, f.Aigul)

	page := f.stranger(1).bring("ru", sig, doc).want(t, "both", http.StatusOK)
	f.says(t, "both", page, ru.T("verify_files.ours"), ru.T("verify_files.ours.kept"), ru.T("verify_files.state.valid"), received)
	page = f.stranger(2).bring("ru", nil, doc).want(t, "the document alone", http.StatusOK)
	f.says(t, "the document alone", page, ru.T("verify_files.ours"), ru.T("verify_files.ours.alone"), received)
	if strings.Contains(page.body, f.Aigul.Surname) || strings.Contains(page.body, `class="verified"`) {
		t.Error("the document alone tells who signed it")
	}
	page = f.stranger(3).bring("ru", f.signs(f.Serik, doc, false), doc).want(t, "another's signature", http.StatusOK)
	f.says(t, "another's signature", page, ru.T("verify_files.ours.other"), ru.T("verify_files.state.valid"), f.Serik.Surname)
	page = f.stranger(4).bring("ru", f.signs(f.Aigul, doc, false), doc).want(t, "signed again with a blocked key", http.StatusOK)
	f.says(t, "signed again with a blocked key", page, ru.T("verify_files.ours.other"), ru.T("verify_files.why.revoked-hold"))
	page = f.stranger(5).bring("ru", sig, append(bytes.Clone(doc), '\n')).want(t, "changed", http.StatusOK)
	f.says(t, "changed", page, ru.T("verify_files.why.content-differs"))
	for _, secret := range []string{f.Theft.String(), "ноутбук", ru.T("verify_files.ours")} {
		if strings.Contains(mainOf(page), secret) {
			t.Errorf("a changed document tells %q", secret)
		}
	}
	// A draft is nobody's to ask about.
	draft, _ := f.Paper(f.Aigul, f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}))
	f.stranger(6).bring("ru", nil, draft).want(t, "a draft", http.StatusUnprocessableEntity)
}

func TestWhatAKeyThatWasBlockedBeforeSignedIsRefuted(t *testing.T) {
	t.Parallel()
	f := open(t)
	for _, service := range []authority.Service{authority.OCSP, authority.Lists, authority.Stamps} {
		f.Services.Break(service, authority.Unavailable)
	}
	kk := f.Words.In("kk")
	doc, sig := f.download(f.Petition(f.Aigul, f.Theft))
	f.says(t, "awaited", f.stranger(1).bring("kk", sig, doc), kk.T("verify_files.state.pending"), kk.T("verify_files.text.pending"))
	f.says(t, "from outside", f.stranger(2).bring("kk", f.signs(f.Serik, paper, false), paper), kk.T("verify_files.state.pending"))
}

func TestEveryRefusalIsToldInItsOwnWords(t *testing.T) {
	t.Parallel()
	f := open(t)
	good := f.signs(f.Aigul, paper, false)
	forged := bytes.Clone(good)
	forged[len(forged)-20] ^= 1
	xml := signXML(f.Aigul.Key, `<a>1</a>`)
	for i, c := range []struct {
		what     string
		sig, doc []byte
		reason   eds.Reason
	}{
		{"a changed document", good, append(bytes.Clone(paper), '.'), eds.ContentDiffers},
		{"a forged signature", forged, paper, eds.SignatureWrong},
		{"half a signature", good[:len(good)/2], paper, eds.Malformed},
		{"a detached signature alone", good, nil, eds.ContentAbsent},
		{"a stranger's authority", f.signs(f.Actor("foreign"), paper, false), paper, eds.UnknownAuthority},
		{"a key out of its term", f.signs(f.Actor("aigul-expired"), paper, false), paper, eds.Expired},
		{"a key of a system", f.signs(f.Actor("system"), paper, false), paper, eds.Machine},
		{"two documents", []byte("one"), []byte("two"), eds.Malformed},
		{"XML that was changed", bytes.Replace(xml, []byte("<a>1"), []byte("<a>2"), 1), nil, eds.ContentDiffers},
	} {
		for _, lang := range []string{"kk", "ru"} {
			page := f.stranger(i).bring(lang, c.sig, c.doc).want(t, c.what, http.StatusOK)
			f.says(t, c.what, page, f.Words.In(lang).T("verify_files.state.invalid"), f.Words.In(lang).T("verify_files.why."+string(c.reason)))
			if strings.Contains(page.body, `<section class="verified">`) {
				t.Errorf("%s: something is valid", c.what)
			}
		}
	}
	// A name that nobody vouches for is not shown.
	foreign := f.Actor("foreign")
	if page := f.stranger(20).bring("kk", f.signs(foreign, paper, false), paper); strings.Contains(page.body, foreign.Surname) {
		t.Error("the name in a foreign key is shown")
	}
}

func TestAnOldSignatureWithAStampIsToldFromOneWithout(t *testing.T) {
	t.Parallel()
	f := open(t)
	doc, stamped := f.download(f.Petition(f.Aigul, f.Theft))
	plain := f.signs(f.Aigul, paper, false)
	f.At = f.At.AddDate(3, 0, 0) // the key is out of its term
	// To a portal that never received it, with the same authorities.
	other := openOver(t, f.W, f.Verifier)
	must(f.SQL.ExecContext(t.Context(), `ALTER TABLE document DISABLE TRIGGER document_is_final`))
	must(f.SQL.ExecContext(t.Context(), `UPDATE document SET digest = sha256(digest)`))
	kk := f.Words.In("kk")
	f.says(t, "with a stamp", other.stranger(1).bring("kk", stamped, doc), kk.T("verify_files.state.past"), kk.T("verify_files.text.past"), kk.T("signature.stamped"))
	f.says(t, "without", other.stranger(2).bring("kk", plain, paper), kk.T("verify_files.why.certificate-expired"))
}

func TestAChoiceOfFilesThatCannotBeCheckedIsToldAtItsField(t *testing.T) {
	t.Parallel()
	f := open(t)
	kk := f.Words.In("kk")
	for i, c := range []struct {
		what, field, word string
		sig, doc          []byte
	}{
		{"nothing", "signature", "form.required", nil, nil},
		{"a document of nobody", "signature", "verify_files.no-signature", nil, paper},
		{"a document in place of a signature", "signature", "verify_files.no-signature", paper, nil},
		{"XML that is not signed", "signature", "verify_files.no-signature", []byte("<a/>"), nil},
		{"signed XML and a document", "document", "verify_files.xml-alone", signXML(f.Aigul.Key, `<a>1</a>`), paper},
	} {
		page := f.stranger(i).bring("kk", c.sig, c.doc).want(t, c.what, http.StatusUnprocessableEntity)
		f.says(t, c.what, page, kk.T(c.word), `href="#`+c.field+`"`, `id="`+c.field+`-error"`)
		whole(t, c.what, page.body, "kk")
	}
	large := make([]byte, document.MaxUpload+1)
	page := f.stranger(10).bring("kk", large, nil).want(t, "a file over the limit", http.StatusUnprocessableEntity)
	f.says(t, "a file over the limit", page, kk.T("form.file-too-large", "n", 20))
	page = f.stranger(11).bring("kk", large, large).want(t, "a body over the limit", http.StatusRequestEntityTooLarge)
	f.says(t, "a body over the limit", page, kk.T("fault.too-large"))
	get := f.stranger(12).get("/kk/verify").want(t, "the page", http.StatusOK)
	f.says(t, "the page", get, kk.T("verify_files.lead"), `enctype="multipart/form-data"`)
	if strings.Contains(mainOf(get), "<script") {
		t.Error("the page needs a script")
	}
	f.says(t, "the first page", f.stranger(13).get("/kk/"), `href="/kk/verify"`)
}

func TestWhoSendsTooManyFilesIsAskedToWaitAndNobodyElseIs(t *testing.T) {
	t.Parallel()
	f := open(t)
	g, refused := f.stranger(1), 0
	for range 60 {
		page := g.bring("ru", nil, nil)
		switch page.StatusCode {
		case http.StatusUnprocessableEntity:
		case http.StatusTooManyRequests:
			refused++
			f.says(t, "too many", page, f.Words.In("ru").T("fault.too-many"))
		default:
			t.Fatalf("status %d", page.StatusCode)
		}
	}
	if refused < 20 || refused > 30 {
		t.Errorf("of 60 at once %d were refused", refused)
	}
	f.stranger(2).bring("ru", nil, nil).want(t, "somebody else", http.StatusUnprocessableEntity)
	g.get("/ru/verify").want(t, "the page itself", http.StatusOK)
}

// slowVerify sends this much of a file from a network, and the rest when it is told to; it
// comes back when all of that much was read.
func (f *front) slowVerify(home string, much int, answered chan<- int) (end func()) {
	body, sent := io.Pipe()
	r := httptest.NewRequest(http.MethodPost, "/kk/verify", body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.RemoteAddr = home
	go func() {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		answered <- w.Code
	}()
	io.WriteString(sent, "--x\r\nContent-Disposition: form-data; name=\"document\"; filename=\"a.pdf\"\r\n\r\n")
	sent.Write(make([]byte, much))
	return func() {
		io.WriteString(sent, "\r\n--x--\r\n")
		sent.Close()
	}
}

// Large files lie in memory while they are checked, so there is room for few; what is slow
// has no more of it than what it has sent.
func TestWhenThereIsNoRoomForFilesOneIsToldToComeAgain(t *testing.T) {
	t.Parallel()
	f := open(t)
	kk, answered := f.Words.In("kk"), make(chan int, 40)
	var slow, large []func()
	for range 20 {
		slow = append(slow, f.slowVerify("198.51.98.1:1", 10, answered))
	}
	began := time.Now()
	f.stranger(1).bring("kk", nil, nil).want(t, "beside twenty slow lines of a house", http.StatusUnprocessableEntity)
	if waited := time.Since(began); waited > 2*time.Second {
		t.Errorf("it waits for them %v", waited)
	}
	for range 2 {
		large = append(large, f.slowVerify("198.51.97.1:1", document.MaxUpload, answered))
	}
	sig := []byte("nothing")
	neighbour := &guest{front: f, home: "198.51.97.1:2"}
	page := neighbour.bring("kk", sig, make([]byte, document.MaxUpload)).want(t, "a third large one of a house", http.StatusServiceUnavailable)
	f.says(t, "a third large one of a house", page, kk.T("fault.check-busy"))
	f.stranger(2).bring("kk", sig, make([]byte, document.MaxUpload)).want(t, "that of another", http.StatusOK)
	for i := range 4 {
		large = append(large, f.slowVerify(fmt.Sprintf("198.51.96.%d:1", i+1), document.MaxUpload, answered))
	}
	f.says(t, "a seventh", f.stranger(3).bring("kk", sig, make([]byte, document.MaxUpload)).want(t, "a seventh", http.StatusServiceUnavailable), kk.T("fault.check-busy"))
	f.stranger(4).get("/kk/verify").want(t, "the page itself", http.StatusOK)
	for _, end := range append(slow, large...) {
		end()
	}
	for range len(slow) + len(large) {
		<-answered
	}
	f.stranger(5).bring("kk", sig, make([]byte, document.MaxUpload)).want(t, "when they have gone", http.StatusOK)
}

// What is checked is nowhere afterwards: not in the database, not on the disk,
// not in the log.
func TestWhatIsCheckedIsNotKept(t *testing.T) {
	f := open(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	g := f.stranger(1)
	g.get("/kk/verify")
	then := f.everything()
	content := bytes.Repeat([]byte("Айгүлдің құпия мәтіні. "), (19<<20)/42)
	g.bring("kk", f.signs(f.Aigul, content, false), content).want(t, "a large document", http.StatusOK)
	g.bring("kk", f.signs(f.Aigul, paper, true), nil).want(t, "a small one", http.StatusOK)
	g.bring("kk", []byte("nothing"), content).want(t, "what is no signature", http.StatusOK)
	if now := f.everything(); now != then {
		t.Errorf("the database was\n%s\nand is\n%s", then, now)
	}
	if left := must(filepath.Glob(filepath.Join(temp, "*"))); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, secret := range []string{f.Aigul.Surname, strings.ToUpper(f.Aigul.Surname), f.Aigul.IIN.Reveal(), "құпия"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log says %q", secret)
		}
	}
}

// everything is how many rows each table has.
func (f *front) everything() string {
	f.t.Helper()
	var tables []string
	if err := f.SQL.Select(&tables, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`); err != nil {
		f.t.Fatal(err)
	}
	var out strings.Builder
	for _, table := range tables {
		var n int
		if err := f.SQL.Get(&n, `SELECT count(*) FROM "`+table+`"`); err != nil {
			f.t.Fatal(err)
		}
		fmt.Fprintln(&out, table, n)
	}
	return out.String()
}

// Files that were made to break such programs, those of the public collections
// included where they lie beside the project: each has an answer of the page's
// own, at once.
func TestHostileFilesHaveAnAnswerAtOnce(t *testing.T) {
	f := open(t)
	files := hostile(t, f, 200)
	slow := time.Duration(0)
	for i, file := range files {
		for _, try := range []struct{ sig, doc []byte }{{file, nil}, {file, paper}} {
			start := time.Now()
			page := f.stranger(i).bring("kk", try.sig, try.doc)
			took := time.Since(start)
			slow = max(slow, took)
			if page.StatusCode >= 500 || took > time.Second || strings.Contains(page.body, `<section class="verified">`) {
				t.Errorf("file %d of %d bytes: status %d in %s", i, len(file), page.StatusCode, took)
			}
		}
	}
	t.Logf("%d files, the slowest answer in %s", len(files), slow)
}

// hostile are some n files: ours, and a sample of those of others.
func hostile(t *testing.T, f *front, n int) [][]byte {
	t.Helper()
	good := f.signs(f.Aigul, paper, true)
	xml := signXML(f.Aigul.Key, `<a>1</a>`)
	bomb := `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">` + strings.Repeat(`<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">`, 50) + `]><a xmlns="http://www.w3.org/2000/09/xmldsig#">&b;</a>`
	files := [][]byte{
		bytes.Repeat([]byte{0x30, 0x80}, 1<<20), bytes.Repeat([]byte("<a>"), 300<<10), []byte(bomb),
		append([]byte(`<a xmlns="http://www.w3.org/2000/09/xmldsig#">`), bytes.Repeat([]byte("<b>"), 300<<10)...),
		append(bytes.Clone(good), make([]byte, 19<<20)...), bytes.Repeat([]byte("MIIB"), 4<<20),
		{0}, {0x30}, []byte("-----BEGIN CMS-----\n-----END CMS-----\n"), []byte("\ufeff<"), good[:1], xml[:len(xml)-1],
	}
	for i := 1; i < 40; i++ { // a byte of the genuine ones changed here and there, but for what is signed
		spoilt := bytes.Clone(good)
		spoilt[i*len(good)/40] ^= 0x55
		files = append(files, spoilt, good[:i*len(good)/40])
	}
	root := must(portaltest.Root())
	for _, name := range must(filepath.Glob(filepath.Join(root, "..", "shared", "suites", "corpus-*.zip"))) {
		z, err := zip.OpenReader(name)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		step := max(1, len(z.File)/16)
		for i := 0; i < len(z.File); i += step {
			if z.File[i].FileInfo().IsDir() || z.File[i].UncompressedSize64 > document.MaxUpload {
				continue
			}
			r, err := z.File[i].Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if r.Close(); err != nil {
				t.Fatal(err)
			}
			if len(b) > 0 {
				files = append(files, b)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(root, "..", "shared", "suites")); err == nil && len(files) < n {
		t.Errorf("only %d files", len(files))
	}
	return files
}

// Files of the largest size must not hold the door for those who sign in.
func TestALargeDocumentDoesNotHoldUpTheSignIn(t *testing.T) {
	f := open(t)
	content := make([]byte, 19<<20)
	sig := f.signs(f.Aigul, content, false)
	done := make(chan time.Duration)
	go func() {
		start := time.Now()
		f.stranger(1).bring("kk", sig, content)
		done <- time.Since(start)
	}()
	time.Sleep(50 * time.Millisecond)
	start := time.Now()
	f.visitor().signIn(f.Serik.Key).want(t, "signing in meanwhile", http.StatusSeeOther)
	meanwhile := time.Since(start)
	if took := <-done; meanwhile > 3*time.Second {
		t.Errorf("the check took %s and the sign-in %s", took, meanwhile)
	} else {
		t.Logf("the check took %s and the sign-in %s", took, meanwhile)
	}
}
