package portal_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/portaltest"
	"zharia/portal/tip"
)

func TestFilesOfAnAnonymousTipComeCleanAndTheDutyOfficerOpensThem(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"kk", "ru"} {
		f := open(t)
		w, s := f.Words.In(lang), f.tipster(lang)
		marked := portaltest.Marked("Zmarker7Qx")
		fields := s.form()

		// What cannot be made anew is refused, in words; what was typed stays.
		for _, refused := range []struct {
			files []sentFile
			why   string
		}{
			{[]sentFile{{"хат.docx", marked["letter.docx"]}}, "attachments.refused." + string(attachment.NotBare)},
			{[]sentFile{{"a.jpg", photo(1)}, {"дауыс.mp3", []byte("ID3")}}, "attachments.refused." + string(attachment.NotBare)},
			{[]sentFile{{"a.pdf", photo(1)}}, "attachments.refused." + string(attachment.Mismatch)},
			{[]sentFile{{"a.jpg", photo(1)}, {"b.jpg", photo(2)}, {"c.jpg", photo(3)}, {"d.jpg", photo(4)}}, "fault.tip-files"},
			{[]sentFile{{"a.jpg", append(photo(1), make([]byte, attachment.MaxBare)...)}}, "attachments.refused." + string(attachment.TooBig)},
		} {
			page := s.sends(s.at("/tip"), "files", fields, refused.files...).want(t, refused.why, http.StatusUnprocessableEntity)
			whole(t, "tip_new", page.body, lang)
			if !strings.Contains(page.body, w.T(refused.why)) || !strings.Contains(page.body, tipText) || !strings.Contains(page.body, w.T("tip_new.again")) {
				t.Errorf("%s: the page does not say so, or has lost the words", refused.why)
			}
		}
		f.Want(t, `SELECT (SELECT count(*) FROM tip) AS tips, (SELECT count(*) FROM tip_file) AS files`, `
			tips | files
			0    | 0`)

		sent := s.sends(s.at("/tip"), "files", fields, sentFile{"Aigul Seitkali.jpg", marked["photo.jpg"]}, sentFile{"b.png", marked["shot.png"]}, sentFile{"c.pdf", marked["paper.pdf"]}).want(t, "three files", http.StatusOK)
		code := sent.tipCode(t)
		if talk := s.enter(code).want(t, "the conversation", http.StatusOK); !strings.Contains(talk.body, w.T("tip_talk.files", "n", 3)) {
			t.Error("he is not told that the files have come")
		}

		z := f.as(f.Actor("zhandos"))
		at := regexp.MustCompile(`/kk/tips/[0-9a-f-]{36}`).FindString(z.get("/kk/tips").body)
		page := z.get("/"+lang+strings.TrimPrefix(at, "/kk")).want(t, "the tip", http.StatusOK)
		whole(t, "tip_desk", page.body, lang)
		links := regexp.MustCompile(`/(?:kk|ru)/tips/files/[0-9a-f-]{36}`).FindAllString(page.body, -1)
		if len(links) != 3 || strings.Contains(page.body, "Seitkali") {
			t.Fatalf("he is shown %d files, or their names", len(links))
		}
		for i, link := range links {
			got := z.get(link).want(t, "a file", http.StatusOK)
			want := `attachment; filename="file-` + []string{"1.jpg", "2.png", "3.pdf"}[i] + `"`
			if got.Header.Get("Content-Disposition") != want || got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
				t.Errorf("it comes as %v", got.Header)
			}
			if got.body == "" || strings.Contains(got.body, "Zmarker7Qx") {
				t.Error("it says who made it")
			}
			for _, other := range []*portaltest.Actor{f.Actor("meruert"), f.Aigul, f.Daniyar} {
				f.as(other).get(link).want(t, "for "+other.FullName(), http.StatusNotFound)
			}
			if head := z.do(httptest.NewRequest(http.MethodHead, link, nil)); head.StatusCode == http.StatusOK {
				t.Error("HEAD opens it")
			}
		}
		f.Want(t, `SELECT who, act, count(*) FROM record WHERE object = 'tip_file' GROUP BY 1, 2`, `
			who     | act      | count
			zhandos | tip-file | 3`)
	}
}

// Whoever has a slow line has his code all the same: the tip is kept, and without it nobody
// ever reads an answer.
func TestATipWhoseFilesComeSlowlyIsAnsweredWithItsCode(t *testing.T) {
	t.Parallel()
	f := open(t)
	fields := f.tipster("kk").form()
	server := httptest.NewUnstartedServer(f)
	server.Config.WriteTimeout = 300 * time.Millisecond
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	body, sent := io.Pipe()
	form := multipart.NewWriter(sent)
	go func() {
		for name := range fields {
			form.WriteField(name, fields.Get(name))
		}
		file, _ := form.CreateFormFile("files", "a.jpg")
		content := photo(1)
		file.Write(content[:len(content)/2])
		time.Sleep(2 * server.Config.WriteTimeout)
		file.Write(content[len(content)/2:])
		sent.CloseWithError(form.Close())
	}()
	res, err := server.Client().Post(server.URL+"/kk/tip", form.FormDataContentType(), body)
	if err != nil {
		t.Fatalf("he is shown nothing: %v", err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("he is shown %d: %v", res.StatusCode, err)
	}
	answer{Response: res, body: string(page)}.tipCode(t)
	f.Want(t, `SELECT (SELECT count(*) FROM tip) AS tips, (SELECT count(*) FROM tip_file) AS files`, `
		tips | files
		1    | 1`)
}

func TestWhoSendsOnAfterHisTipHoldsNobody(t *testing.T) {
	t.Parallel()
	f := open(t)
	server := httptest.NewServer(f)
	defer server.Close()
	fields := f.tipster("kk").form()
	body, sent := io.Pipe()
	form := multipart.NewWriter(sent)
	first := make(chan int, 1)
	go func() {
		res, err := server.Client().Post(server.URL+"/kk/tip", form.FormDataContentType(), body)
		if err != nil {
			t.Error(err)
			first <- 0
			return
		}
		res.Body.Close()
		first <- res.StatusCode
	}()
	for name := range fields {
		form.WriteField(name, fields.Get(name))
	}
	file, _ := form.CreateFormFile("files", "a.jpg")
	file.Write(photo(1))
	form.Close() // the body goes on
	for kept := 0; kept == 0; time.Sleep(10 * time.Millisecond) {
		if err := f.SQL.Get(&kept, `SELECT count(*) FROM tip`); err != nil {
			t.Fatal(err)
		}
	}
	other := f.tipster("ru")
	other.post("/ru/tip", other.form()).want(t, "another's tip", http.StatusOK)
	sent.Close()
	if got := <-first; got != http.StatusOK {
		t.Errorf("the first is shown %d", got)
	}
}

func TestABodyOfATipIsHeldToItsBounds(t *testing.T) {
	t.Parallel()
	f := open(t)
	s := f.tipster("kk")
	post := func(kind string, length int64, body io.Reader) answer {
		r := httptest.NewRequest(http.MethodPost, "/kk/tip", body)
		r.Header.Set("Content-Type", kind)
		if length > 0 {
			r.ContentLength = length
		}
		return s.do(r)
	}
	post("application/x-www-form-urlencoded", 0, strings.NewReader("text="+strings.Repeat("a", 200<<10))).want(t, "200 KB of words", http.StatusRequestEntityTooLarge)
	post("multipart/form-data; boundary=x", 64<<20, http.NoBody).want(t, "64 MB that are told of", http.StatusRequestEntityTooLarge)
	fields := s.form()
	fields.Set("where", strings.Repeat("a", 200<<10))
	s.sends("/kk/tip", "files", fields).want(t, "200 KB of words in parts", http.StatusRequestEntityTooLarge)
	// A megabyte of what stands around words costs a hundred of memory.
	for what, part := range map[string]string{
		"empty fields":      "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\r\n",
		"empty files":       "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\r\n\r\n",
		"fields of no name": "--x\r\n\r\n\r\n",
		"headers":           "--x\r\n" + strings.Repeat("X-A: 1\r\n", 9000) + "Content-Disposition: form-data; name=\"text\"\r\n\r\n\r\n",
	} {
		post("multipart/form-data; boundary=x", 0, strings.NewReader(strings.Repeat(part, 1<<20/len(part)+1)+"--x--\r\n")).want(t, what, http.StatusRequestEntityTooLarge)
	}
	many := make([]byte, tip.MaxFiles*attachment.MaxBare)
	s.sends("/kk/tip", "files", s.form(), sentFile{"a.exe", many}).want(t, "30 MB of one file", http.StatusUnprocessableEntity)
	for _, cut := range []string{"", "--x", "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nabc", "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.jpg\"\r\n\r\n\xff\xd8\xff"} {
		if got := post("multipart/form-data; boundary=x", 0, bytes.NewReader([]byte(cut))); got.StatusCode != http.StatusUnprocessableEntity && got.StatusCode != http.StatusBadRequest {
			t.Errorf("a body cut after %q: %d", cut, got.StatusCode)
		}
	}
	f.Want(t, `SELECT count(*) FROM tip`, `
		count
		0`)
}

// tippedFile is the file of the tip there is.
func (f *front) tippedFile() (id uuid.UUID) {
	f.t.Helper()
	if err := f.SQL.Get(&id, `SELECT id FROM tip_file`); err != nil {
		f.t.Fatal(err)
	}
	return id
}
