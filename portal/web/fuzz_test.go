package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"zharia/portal/web"
)

// in gives a handler a request and answers what came back.
func in(r *http.Request, handle func(echo.Context) error) *httptest.ResponseRecorder {
	e, w := echo.New(), httptest.NewRecorder()
	c := e.NewContext(r, w)
	if err := handle(c); err != nil {
		e.HTTPErrorHandler(err, c)
	}
	return w
}

// posted is a form as the body of a kind gives it.
func posted(kind, body string) *web.Form {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	var form *web.Form
	in(r, func(c echo.Context) error { form = web.ReadForm(c, "test"); return nil })
	return form
}

const urlencoded = "application/x-www-form-urlencoded"

// FuzzReadForm: whatever is sent, reading it ends, and what a field gives is what
// its reader promises or nothing with a mistake told.
func FuzzReadForm(f *testing.F) {
	for _, body := range []string{
		"", "text=" + url.QueryEscape("қалыпты мәтін\r\n\r\nекінші"), "text=%ff%fe&text=2", "text=%zz", "id=1&date=31.02.2026&iin=12", "text=%00%1b%e2%80%ae",
		"date=2026-10-22&iin=870412499015&id=019b76da-a800-7e2e-8aec-f0911fdc065d&one=a&some=a&some=b", "a;b=c", strings.Repeat("&", 2000),
	} {
		f.Add(urlencoded, body)
	}
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nмәтін\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n%PDF\r\n--x--\r\n")
	f.Add("multipart/form-data; boundary=", "--")
	f.Add("multipart/form-data", "x")
	f.Add("application/json", `{"text":1}`)
	latest := time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, kind, body string) {
		form := posted(kind, body)
		text := form.Text("text", 1, 50)
		if n := utf8.RuneCountInString(text); !form.Bad() && (n < 1 || n > 50) {
			t.Errorf("a text of %d characters is taken", n)
		}
		if !utf8.ValidString(text) || strings.TrimSpace(text) != text || !form.Bad() && !norm.NFC.IsNormalString(text) {
			t.Errorf("the text %q", text)
		}
		for _, r := range text {
			if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("the text %q holds %U", text, r)
			}
		}
		if line := form.Line("line", 0, 50); strings.ContainsAny(line, "\r\n\t") {
			t.Errorf("the line %q", line)
		}
		if day := form.Date("date", latest); !day.IsZero() && day.Year() < 1990 {
			t.Errorf("the day %v", day)
		}
		if iin := form.IIN("iin"); iin != "" && (len(iin) != 12 || strings.Trim(iin, "0123456789") != "") {
			t.Errorf("the number %q", iin)
		}
		if one := web.OneOf(form, "one", "a", "b"); one != "" && one != "a" && one != "b" {
			t.Errorf("the choice %q", one)
		}
		if some := web.AnyOf(form, "some", "a", "b"); len(some) > 2 {
			t.Errorf("the choices %q", some)
		}
		if list := form.IDs("id"); len(list) > 100 {
			t.Errorf("%d ids", len(list))
		}
		if file := form.File("file", 100); len(file) > 100 {
			t.Errorf("a file of %d bytes", len(file))
		}
		form.ID("id")
		form.OptionalDate("date", latest)
	})
}

// FuzzLanguage: every path ends in one of the two languages, on this site.
func FuzzLanguage(f *testing.F) {
	for _, path := range []string{"/", "/kk", "/ru/cases", "/kk/", "//evil.example", `/\evil.example`, "/\t/evil", "/kkk", "/kk//x", "/static/a", "/healthz", "/%2f%2fevil", "/.kk", "/ru\x00"} {
		f.Add(path, "ru-KZ,ru;q=0.9")
		f.Add(path, "kk")
	}
	language := web.Language("/static/", "/healthz")
	f.Fuzz(func(t *testing.T, path, accept string) {
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(method, "/", nil)
			r.URL = &url.URL{Path: path}
			r.Header.Set("Accept-Language", accept)
			passed := ""
			w := in(r, language(func(c echo.Context) error {
				passed = c.Request().URL.Path
				if lang := web.Lang(c); lang != "kk" && lang != "ru" {
					t.Errorf("the language %q", lang)
				}
				return c.NoContent(http.StatusOK)
			}))
			bare := strings.HasPrefix(path, "/static/") || strings.HasPrefix(path, "/healthz")
			own := path == "/kk" || path == "/ru" || strings.HasPrefix(path, "/kk/") || strings.HasPrefix(path, "/ru/")
			switch {
			case own || bare:
				if passed == "" || !strings.HasPrefix(passed, "/") || own && !bare && passed != "/"+strings.TrimPrefix(path[3:], "/") {
					t.Errorf("%s %q goes on as %q", method, path, passed)
				}
			case method == http.MethodPost:
				if w.Code != http.StatusNotFound {
					t.Errorf("POST %q: %d", path, w.Code)
				}
			default:
				to := w.Header().Get("Location")
				if w.Code != http.StatusFound || !strings.HasPrefix(to, "/kk/") && !strings.HasPrefix(to, "/ru/") || strings.HasPrefix(to[3:], "//") || strings.HasPrefix(to[3:], `/\`) {
					t.Errorf("GET %q leads to %q (%d)", path, to, w.Code)
				}
			}
		}
	})
}
