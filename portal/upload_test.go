package portal_test

import (
	"bytes"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/eds/authority"
	"zharia/portal/portaltest"
)

// A ruling that came from the case as a PDF: signed as it is, opened as it is,
// and told from any other file by whoever holds its number.
func TestAnUploadedDecisionIsSignedAndKeptToTheByte(t *testing.T) {
	t.Parallel()
	f := open(t)
	daniyar, aigul := f.as(f.Daniyar), f.as(f.Aigul)
	scan := must(document.Print(document.Sheet{
		Language: "kk", Purpose: "scan/1", Made: time.Unix(0, 0), Title: "ҚАУЛЫ", PageText: "%d / %d",
		Sections: []document.Section{{Text: "Жәбірленуші деп тану туралы."}},
	}))
	id := uuid.Must(uuid.NewV7()).String()
	fields := url.Values{"id": {id}, "kind": {"victim-recognised"}, "decided_on": {"2026-10-20"}, "concerns": {f.Participant("aigul@theft").String()}}
	to := "/kk/cases/" + f.Theft.String() + "/decisions"

	encrypted := bytes.Replace(scan, []byte("trailer\n<<"), []byte("trailer\n<<\n/Encrypt 1 0 R"), 1)
	for what, file := range map[string][]byte{
		"a picture": []byte("\x89PNG\r\n\x1a\n"), "half a PDF": scan[:len(scan)/2], "one with a password": encrypted, "a page with a script": []byte("%PDF-1.7\n<script>alert(1)</script>"),
	} {
		page := daniyar.upload(to, "file", file, fields).want(t, what, http.StatusUnprocessableEntity)
		if !strings.Contains(page.body, `id="file-error"`) || !strings.Contains(page.body, id) {
			t.Errorf("%s: the field is not told, or the page forgot its draft", what)
		}
	}
	f.Want(t, `SELECT count(*) FROM decision WHERE id = '`+id+`'`, "count\n0")

	if to := daniyar.upload(to, "file", scan, fields).want(t, "the scan", http.StatusSeeOther).to(); to != "/kk/decisions/"+id+"/check" {
		t.Fatalf("leads to %s", to)
	}
	aigul.get("/kk/decisions/"+id).want(t, "a draft, to Aigul", http.StatusNotFound)
	page := daniyar.get("/kk/decisions/"+id+"/check").want(t, "the page to sign on", http.StatusOK)
	daniyar.sign(page, f.Daniyar.Key).want(t, "the signature", http.StatusSeeOther)

	if got := aigul.get("/kk/decisions/"+id+"/copy?keep=1").want(t, "her copy", http.StatusOK); got.body != string(scan) {
		t.Errorf("%d bytes came back for %d", len(got.body), len(scan))
	}
	anybody := f.visitor()
	check := "/ru/verify/" + f.paperOf("decision", uuid.MustParse(id)).String()
	for what, c := range map[string]struct {
		file []byte
		want string
	}{
		"the same file": {scan, `<div class="verified" role="status">`},
		"another file":  {append(bytes.Clone(scan), '\n'), `<div class="verified bad" role="alert">`},
	} {
		page := anybody.upload(check, "file", c.file, nil).want(t, what, http.StatusOK)
		if !strings.Contains(page.body, c.want) {
			t.Errorf("%s: no %s", what, c.want)
		}
		for _, name := range []string{f.Aigul.Surname, f.Daniyar.Surname} {
			if strings.Contains(page.body, name) {
				t.Errorf("%s: the page names %s", what, name)
			}
		}
	}
	anybody.post(check, nil).want(t, "no file", http.StatusUnprocessableEntity)
	f.Sound()
}

// block has the authority put the actor's key on hold until the test ends.
func block(t *testing.T, w *portaltest.W, a *portaltest.Actor) {
	t.Helper()
	if err := w.Troupe.Authority.Revoke(a.Key.Serial(), authority.Hold, w.At); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Troupe.Authority.Unrevoke(a.Key.Serial()) })
}

func TestABlockedKeyAndASilentAuthorityAreToldInPlainWords(t *testing.T) {
	f := open(t)
	told := func(what, message string, status int) {
		t.Helper()
		page := f.visitor().signIn(f.Aigul.Key).want(t, what, status)
		if said := f.Words.In("kk").T(message); !strings.Contains(page.body, said) {
			t.Errorf("%s: %q is not told", what, said)
		}
	}
	f.Services.Break(authority.OCSP, authority.UnknownStatus)
	told("unknown", "fault.eds.revocation-unknown", http.StatusUnprocessableEntity)
	f.Services.Break(authority.OCSP, authority.Unavailable)
	f.Services.Break(authority.Lists, authority.Unavailable)
	told("silent", "fault.eds.revocation-unreachable", http.StatusServiceUnavailable)
	f.Services.Break(authority.OCSP, authority.NoFault)
	f.Services.Break(authority.Lists, authority.NoFault)
	block(t, f.W, f.Aigul)
	told("blocked", "fault.eds.revoked-hold", http.StatusUnprocessableEntity)
}

// slowly posts a form whose file comes in two halves, and looks at the world between them.
func (g *guest) slowly(path string, fields url.Values, file []byte, between func()) answer {
	g.t.Helper()
	body, sent := io.Pipe()
	form := multipart.NewWriter(sent)
	go func() {
		for name := range fields {
			form.WriteField(name, fields.Get(name))
		}
		part, _ := form.CreateFormFile("file", "file.pdf")
		part.Write(file[:len(file)/2])
		between()
		part.Write(file[len(file)/2:])
		sent.CloseWithError(form.Close())
	}()
	r := httptest.NewRequest(http.MethodPost, path, body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return g.do(r)
}

// A file that waits on a disk, for a second or until the process ends, is there for whoever
// has the disk; and one that came from nobody is not even kept in memory.
func TestNoFileOfAFormIsEverOnADisk(t *testing.T) {
	f := open(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	file := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("Қаулының құпия мәтіні. "), (4<<20)/42)...)
	at := "/kk/cases/" + f.Theft.String() + "/decisions"
	fields := url.Values{"id": {fresh().String()}, "kind": {"victim-recognised"}, "decided_on": {"2026-10-20"}, "established": {"Ұмытылмайтын сөздер"}}
	look := func(what string) {
		t.Helper()
		if left := must(os.ReadDir(temp)); len(left) > 0 {
			t.Errorf("%s: there is %s", what, left[0].Name())
		}
	}
	for _, who := range []struct {
		what, path string
		guest      *guest
		status     int
	}{
		{"an investigator's", at, f.as(f.Daniyar), http.StatusUnprocessableEntity},
		{"a victim's", at, f.as(f.Aigul), http.StatusForbidden},
		{"a visitor's", at, f.visitor(), http.StatusUnauthorized},
		{"one to be checked", "/kk/verify/" + f.paperOf("decision", f.Decision("accepted")).String(), f.visitor(), http.StatusOK},
	} {
		page := who.guest.slowly(who.path, fields, file, func() { look(who.what + ", while it comes") }).want(t, who.what, who.status)
		look(who.what + ", afterwards")
		if who.status == http.StatusUnauthorized && (!strings.Contains(html.UnescapeString(page.body), url.QueryEscape("Ұмытылмайтын сөздер")) || !strings.Contains(page.body, "file-lost=1")) {
			t.Errorf("what he typed before he signed in is lost, or nobody will say that the file is")
		}
	}
}

// Files of forms lie in memory, so one person has a bound for his; it is not his neighbour's,
// and what he lets go of is there for him again.
func TestOnePersonCannotFillTheMemoryWithFiles(t *testing.T) {
	t.Parallel()
	f := open(t)
	at := "/kk/cases/" + f.Theft.String() + "/decisions"
	fields := url.Values{"id": {fresh().String()}, "kind": {"victim-recognised"}}
	daniyar, aigul := f.as(f.Daniyar), f.as(f.Aigul)
	file := make([]byte, document.MaxUpload)
	on, came, done := make(chan bool), make(chan bool, 3), make(chan int, 3)
	for range 3 {
		other := f.as(f.Daniyar)
		go func() {
			done <- other.slowly(at, fields, file, func() { came <- true; <-on }).StatusCode
		}()
	}
	for range 3 {
		<-came
	}
	// Three halves of twenty megabytes are in hand: neither his next file nor theirs goes in.
	page := daniyar.upload(at, "file", file, fields).want(t, "his fourth", http.StatusServiceUnavailable)
	f.says(t, "his fourth", page, f.Words.In("kk").T("fault.upload-busy"), f.Words.In("kk").T("fail.back"))
	aigul.upload(at, "file", file, fields).want(t, "another's", http.StatusForbidden)
	close(on)
	for range 3 {
		<-done
	}
	daniyar.upload(at, "file", file, fields).want(t, "when they are gone", http.StatusUnprocessableEntity)
}
