package canary_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia/portal"
	"zharia/portal/canary"
	"zharia/portal/policy"
)

// browser is somebody at the portal: he reads pages, and fills in their forms as
// they are. Into each field of text that nobody tells him he types a canary.
type browser struct {
	*aviary
	key    signer
	cookie string
	home   string
}

// signer makes a signature in the common way of key and cast.
type signer interface {
	SignCMS(content []byte, attached bool, at time.Time) ([]byte, error)
}

// aviary is where canaries are let in: the portal over its pages, and what was typed
// into which field.
type aviary struct {
	http.Handler
	*canary.Brood
	t     testing.TB
	at    func() time.Time
	typed map[string]bool // act.field
	kinds int
	came  int
}

// arrives is a new browser; key is whose it is.
func (a *aviary) arrives(key signer) *browser {
	a.came++
	return &browser{aviary: a, key: key, home: fmt.Sprintf("198.18.%d.%d:1", a.came/200, a.came%200+1)}
}

// answer is what came back.
type answer struct {
	*http.Response
	method, path, body string
}

func (a answer) to() string { return a.Header.Get("Location") }

const cookieName = "__Host-zharia"

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: b.cookie})
	}
	r.RemoteAddr = b.home
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	w, path := httptest.NewRecorder(), r.URL.Path
	b.ServeHTTP(w, r.WithContext(b.t.Context()))
	res := w.Result()
	for _, c := range res.Cookies() {
		if c.Name == cookieName {
			b.cookie = c.Value
		}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res, r.Method, path, string(body)}
}

// get reads a page, which is there.
func (b *browser) get(path string) answer {
	b.t.Helper()
	if path == "" { // what should have led there has failed, and has been told
		return answer{}
	}
	return b.do(httptest.NewRequest(http.MethodGet, path, nil)).want(b.t, http.StatusOK)
}

// post sends fields without a page.
func (b *browser) post(path string, fields url.Values) answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s %s: status %d %s, want %d\n%s", a.method, a.path, a.StatusCode, a.to(), status, a.wrong())
	}
	return a
}

// wrong is what a page says is wrong.
func (a answer) wrong() string {
	text := a.body
	if _, main, ok := strings.Cut(text, "<main"); ok {
		text = main
	}
	text = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, " ")
	text = strings.Join(strings.Fields(html.UnescapeString(text)), " ")
	var choices []string
	for _, m := range regexp.MustCompile(`type="radio" name="([^"]+)" value="([^"]+)"`).FindAllStringSubmatch(a.body, -1) {
		choices = append(choices, m[1]+"="+m[2])
	}
	return fmt.Sprint(text[:min(len(text), 600)], choices)
}

// filling is what somebody enters: values by the name of the field, several with
// "\x00" between. "-" leaves a field empty. A file stands under "name:file".
type filling map[string]string

// file is one under its name.
type file struct {
	name    string
	content []byte
}

var (
	formRE   = regexp.MustCompile(`(?s)<form ([^>]*)>(.*?)</form>`)
	inputRE  = regexp.MustCompile(`<input ([^>]*)>`)
	areaRE   = regexp.MustCompile(`(?s)<textarea ([^>]*)>\n?(.*?)</textarea>`)
	selectRE = regexp.MustCompile(`(?s)<select ([^>]*)>(.*?)</select>`)
	optionRE = regexp.MustCompile(`<option value="([^"]*)"( selected)?>`)
	pairRE   = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
)

func attributes(s string) map[string]string {
	out := map[string]string{}
	for _, m := range pairRE.FindAllStringSubmatch(s, -1) {
		out[m[1]] = html.UnescapeString(m[2])
	}
	return out
}

// fill fills in the form of a page that goes to an act, sends it and follows to
// where it leads.
func (b *browser) fill(page answer, act policy.Act, said filling, files ...file) answer {
	b.t.Helper()
	sent := b.send(page, act, said, files...).want(b.t, http.StatusSeeOther)
	return b.get(sent.to())
}

// send fills in the form of a page that goes to an act, and sends it. The first
// choice is taken where nobody says which.
func (b *browser) send(page answer, act policy.Act, said filling, files ...file) answer {
	b.t.Helper()
	for _, m := range formRE.FindAllStringSubmatch(page.body, -1) {
		form, inner := attributes(m[1]), m[2]
		if form["method"] != "post" || actOf(form["action"]) != act {
			continue
		}
		fields := b.fields(act, inner, said)
		if form["enctype"] != "multipart/form-data" {
			return b.post(form["action"], fields)
		}
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name, values := range fields {
			for _, v := range values {
				w.WriteField(name, v)
			}
		}
		for _, f := range files {
			field, name, _ := strings.Cut(f.name, ":")
			part, err := w.CreateFormFile(field, name)
			if err != nil {
				b.t.Fatal(err)
			}
			part.Write(f.content)
		}
		w.Close()
		r := httptest.NewRequest(http.MethodPost, form["action"], &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		return b.do(r)
	}
	b.t.Errorf("%s has no form for %s\n%s", page.path, act, page.wrong())
	return answer{Response: new(http.Response)}
}

func (b *browser) fields(act policy.Act, inner string, said filling) url.Values {
	b.t.Helper()
	out := url.Values{}
	text := func(name, value, digits string) {
		b.t.Helper()
		v, ok := said[name]
		if name == "" {
			return
		}
		defer func() {
			if out.Get(name) != "" {
				b.typed[string(act)+"."+plural(name)] = true
			}
		}()
		switch {
		case ok && v == "-":
			out.Set(name, "")
		case ok:
			out.Set(name, v)
		case value != "" || digits != "":
			out.Set(name, value)
		default:
			out.Set(name, b.sentence(string(act)+"."+name))
		}
	}
	chosen := map[string]bool{}
	for _, m := range inputRE.FindAllStringSubmatch(inner, -1) {
		a := attributes(m[1])
		name, value := a["name"], a["value"]
		v, ok := said[name]
		switch a["type"] {
		case "hidden":
			if ok {
				value = v
			}
			out.Add(name, value)
		case "radio":
			_, checked := a["checked"]
			if ok && v == value || !ok && (checked || !chosen[name] && out.Get(name) == "") {
				out.Set(name, value)
				chosen[name] = chosen[name] || checked
			}
		case "checkbox":
			_, checked := a["checked"]
			if ok && slices.Contains(strings.Split(v, "\x00"), value) || ok && v == "*" || !ok && checked {
				out.Add(name, value)
			}
		case "date", "time":
			if ok {
				value = v
			}
			if value != "-" {
				out.Set(name, value)
			}
		case "file", "submit", "password":
		default:
			text(name, value, a["inputmode"])
		}
	}
	for _, m := range areaRE.FindAllStringSubmatch(inner, -1) {
		a := attributes(m[1])
		if _, hidden := a["hidden"]; !hidden {
			text(a["name"], html.UnescapeString(m[2]), "")
		}
	}
	for _, m := range selectRE.FindAllStringSubmatch(inner, -1) {
		name := attributes(m[1])["name"]
		if v, ok := said[name]; ok {
			if v != "-" {
				out.Set(name, v)
			}
			continue
		}
		first := ""
		for _, o := range optionRE.FindAllStringSubmatch(m[2], -1) {
			if o[2] != "" {
				first = o[1]
				break
			}
			if first == "" {
				first = o[1]
			}
		}
		out.Set(name, first)
	}
	return out
}

// plural is the name of a field without its number: point-1 is one of the points.
func plural(name string) string {
	return regexp.MustCompile(`-[0-9]+$`).ReplaceAllString(name, "-N")
}

// sentence has a new canary in it, of each kind in turn.
func (b *aviary) sentence(name string) string {
	b.kinds++
	name = fmt.Sprintf("%s %d", name, b.kinds)
	switch b.kinds % 5 {
	case 0, 1:
		return "Мен " + b.Word(name, "kk") + " туралы айтамын, нақты."
	case 2, 3:
		return "Я говорю о " + b.Word(name, "ru") + ", и это важно."
	default:
		return "Тел. " + b.Phone(name+" phone") + ", " + b.Word(name, "latin") + " бар."
	}
}

// sign signs the document of a page on which something is signed, sends it and
// follows.
func (b *browser) sign(page answer) answer {
	b.t.Helper()
	m := regexp.MustCompile(`(?s)<form id="sign" ([^>]*)>(.*?)</form>`).FindStringSubmatch(page.body)
	if m == nil {
		b.t.Errorf("nothing is signed on %s\n%s", page.path, page.wrong())
		return answer{}
	}
	form := attributes(m[1])
	content, attached := []byte(nil), false
	if form["data-content"] != "" {
		var err error
		if content, err = base64.StdEncoding.DecodeString(form["data-content"]); err != nil {
			b.t.Fatal(err)
		}
		attached = true
	} else {
		content = []byte(b.get(form["data-content-url"]).body)
	}
	cms, err := b.key.SignCMS(content, attached, b.at())
	if err != nil {
		b.t.Fatal(err)
	}
	fields := url.Values{"signature": {base64.StdEncoding.EncodeToString(cms)}}
	for _, input := range inputRE.FindAllStringSubmatch(m[2], -1) {
		if a := attributes(input[1]); a["type"] == "hidden" {
			fields.Add(a["name"], a["value"])
		}
	}
	return b.get(b.post(form["action"], fields).want(b.t, http.StatusSeeOther).to())
}

// signIn goes through the sign-in page.
func (b *browser) signIn() *browser {
	b.t.Helper()
	b.sign(b.get("/kk/signin"))
	return b
}

// actOf is the act of an address.
func actOf(path string) policy.Act {
	asked := strings.Split(path, "/")
	if len(asked) < 3 {
		return ""
	}
	var found policy.Act
	stars := 99
	for _, r := range portal.Routes() {
		parts := strings.Split(r.Path, "/")
		if r.Method != http.MethodPost || len(parts) != len(asked)-1 {
			continue
		}
		fits, n := true, 0
		for i, part := range parts {
			if strings.HasPrefix(part, ":") {
				n++
			} else if i > 0 && part != asked[i+1] {
				fits = false
			}
		}
		if fits && n < stars {
			found, stars = r.Act, n
		}
	}
	return found
}
