package portal_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
)

// sends sends words and files as a form without a script does.
func (g *guest) sends(path, field string, fields url.Values, files ...sentFile) answer {
	g.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, v := range values {
			form.WriteField(name, v)
		}
	}
	for _, file := range files {
		must(must(form.CreateFormFile(field, file.name)).Write(file.content))
	}
	form.Close()
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return g.do(r)
}

func TestACitizenLaysFilesBesideAReportAndTheDutyOfficerOpensThem(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"kk", "ru"} {
		f := open(t)
		w, g := f.Words.In(lang), f.as(f.Nurlan)
		id := g.begins(lang, "danger=no&tell=1")
		files := under(lang, id, "/files")
		if page := g.get(files).want(t, "before the body is chosen", http.StatusOK); !strings.Contains(page.body, w.T("report_files.body")) || strings.Contains(page.body, `type="file"`) {
			t.Error("he may add files for nobody yet")
		}
		g.sends(files, "file", nil, sentFile{"a.jpg", photo(1)}).want(t, "a file for nobody yet", http.StatusConflict)
		g.tells(lang, id)
		check := g.get(under(lang, id, "/check")).want(t, "the check", http.StatusOK)
		if !strings.Contains(check.body, files) || !strings.Contains(check.body, w.T("report_check.files.add")) {
			t.Error("the check leads to no files")
		}
		page := g.get(files).want(t, "the files", http.StatusOK)
		whole(t, "report_files", page.body, lang)
		marked := portaltest.Marked("Zmarker7Qx")
		page = g.sends(files, "file", nil, sentFile{"сурет.jpg", marked["photo.jpg"]}, sentFile{"act.html", []byte("<script>alert(1)</script>")}).want(t, "two files", http.StatusUnprocessableEntity)
		whole(t, "report_files", page.body, lang)
		if !strings.Contains(page.body, w.T("attachments.refused."+string(attachment.WrongKind))) || !strings.Contains(page.body, "сурет.jpg") {
			t.Error("the page does not tell of both")
		}
		g.sends(files, "file", nil, sentFile{"қаулы.pdf", marked["paper.pdf"]}).want(t, "a paper", http.StatusSeeOther)
		if check = g.get(under(lang, id, "/check")); !strings.Contains(check.body, "сурет.jpg") || !strings.Contains(check.body, "қаулы.pdf") {
			t.Error("the check does not name the files")
		}
		body := g.get(under(lang, id, "/questions/body"))
		fields := url.Values{"body": {f.Body("police-auezov").String()}, "key": {body.hidden(t, "key")}}
		if page := g.post(under(lang, id, "/questions/body"), fields).want(t, "another body", http.StatusUnprocessableEntity); !strings.Contains(page.body, w.T("fault.report-files")) {
			t.Error("nobody says why the body stays")
		}
		g.post(under(lang, id, "/paper"), url.Values{"warned": {"yes"}}).want(t, "the tick", http.StatusSeeOther)
		to := g.sign(g.get(under(lang, id, "/signing")), f.Nurlan.Key).want(t, "the signature", http.StatusSeeOther).to()
		if page := g.get(to).want(t, "the report", http.StatusOK); !strings.Contains(page.body, "сурет.jpg") || !strings.Contains(page.body, files) {
			t.Error("the report does not lead to its files")
		}
		if page := g.get(files).want(t, "the files of what is signed", http.StatusOK); strings.Contains(page.body, `type="file"`) || strings.Contains(page.body, "removal") {
			t.Error("files of what is signed may be changed")
		}

		z := f.as(f.Actor("zhandos"))
		if book := z.get("/"+lang+"/book/"+id.String()).want(t, "the report in the book", http.StatusOK); !strings.Contains(book.body, files) {
			t.Error("the book does not lead to the files")
		}
		list := z.get(files).want(t, "the files for the duty officer", http.StatusOK)
		whole(t, "report_files", list.body, lang)
		for _, one := range f.attachedTo(id) {
			at := "/" + lang + "/attachments/" + one.String()
			got := z.get(at).want(t, "a file", http.StatusOK)
			if d := got.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; ") || got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
				t.Errorf("it comes as %q with %v", d, got.Header)
			}
			f.as(f.Actor("meruert")).get(at).want(t, "for another body", http.StatusNotFound)
			f.as(f.Aigul).get(at).want(t, "for somebody else", http.StatusNotFound)
			z.post(at+"/removal", nil).want(t, "a file the duty officer takes away", http.StatusForbidden)
		}
		f.Want(t, `SELECT who, act, count(*) FROM record WHERE object = 'attachment' AND who = (SELECT person FROM officer WHERE person = (SELECT officer FROM report)) GROUP BY 1, 2`, `
			who     | act             | count
			zhandos | attachment-open | 2`)
	}
}

func TestTheFilesOnThePathForViolenceAtHomeAreShieldedToo(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Nurlan)
	id := g.begins("kk", "danger=no&tell=2")
	g.tells("kk", id)
	for _, lang := range []string{"kk", "ru"} {
		page := g.get(under(lang, id, "/files")).want(t, "the files", http.StatusOK)
		if !strings.Contains(page.body, "<title>"+f.Words.In(lang).T("report.neutral")) || !strings.Contains(page.body, `rel="noreferrer" data-exit`) {
			t.Errorf("the page of files in %s has no way out, or says what it is", lang)
		}
	}
}

func TestAScriptSendsAFileBesideAReportPieceByPiece(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Nurlan)
	id := f.ReportDraft(f.Nurlan, report.Offence, f.Story())
	file := photo(3)
	begun := g.post("/kk/reports/"+id.String()+"/files/upload", url.Values{"id": {fresh().String()}, "name": {"сурет.jpg"}, "size": {strconv.Itoa(len(file))}}).want(t, "begun", http.StatusOK)
	var state struct{ Put string }
	if err := json.Unmarshal([]byte(begun.body), &state); err != nil {
		t.Fatal(err)
	}
	at := strings.TrimSuffix(state.Put, "/upload")
	r := httptest.NewRequest(http.MethodPut, at+"/upload?offset=0", bytes.NewReader(file))
	g.do(r).want(t, "its only piece", http.StatusOK)
	if got := g.get(at+"/upload").want(t, "where it stands", http.StatusOK); !strings.Contains(got.body, `"offset":`+strconv.Itoa(len(file))) {
		t.Errorf("it stands at %s", got.body)
	}
	if got := g.post(at+"/completion", nil).want(t, "the end", http.StatusOK); !strings.Contains(got.body, `"taken":true`) {
		t.Errorf("in the end %s", got.body)
	}
	f.as(f.Serik).get(at+"/upload").want(t, "for somebody else", http.StatusNotFound)
	f.as(f.Actor("zhandos")).get(at).want(t, "for the duty officer, of a draft", http.StatusNotFound)
	if to := g.post(at+"/removal", nil).want(t, "taken away", http.StatusSeeOther).to(); to != "/kk/reports/"+id.String()+"/files" {
		t.Errorf("it leads to %s", to)
	}
}

// reportedFile is a file beside a report of Aigul's that is registered.
func (f *front) reportedFile() uuid.UUID {
	f.t.Helper()
	id := f.ReportDraft(f.Aigul, report.Offence, f.Story())
	n := attachment.New{ID: fresh(), Beside: attachment.Beside{Report: id}, Name: "a.jpg", Size: attachment.Unknown}
	if err := report.AddFile(f.Aigul.As(f.t.Context()), f.DB, nil, f.Aigul.Asks(policy.ReportFileAdd), n, bytes.NewReader(photo(9))); err != nil {
		f.t.Fatal(err)
	}
	if err := report.Print(f.t.Context(), f.DB, f.Press, f.Aigul.Asks(policy.ReportPrint), id, "kk", true); err != nil {
		f.t.Fatal(err)
	}
	if err := f.ReportSubmit(f.Aigul, id); err != nil {
		f.t.Fatal(err)
	}
	return n.ID
}
