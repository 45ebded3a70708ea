package egov_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/boombuler/barcode/qr"

	"zharia/portal/egov"
)

// three documents, each by a method of its own.
var mixed = egov.Package{
	{ID: 1, Names: egov.Names{RU: "Жалоба", KK: "Шағым", EN: "Complaint"}, Method: egov.CMSSignOnly, Type: "application/pdf", Content: []byte("%PDF-1.7")},
	{ID: 2, Method: egov.CMSWithData, Type: "text/plain", Content: []byte("text")},
	{ID: 7, Method: egov.XML, Content: []byte("<login></login>")},
}

func TestAPackageIsWrittenAsTheApplicationsReadIt(t *testing.T) {
	for name, c := range map[string]struct {
		offered egov.Package
		want    string
	}{
		"one document": {mixed[1:2], `{"signMethod":"CMS_WITH_DATA","version":1,"documentsToSign":[{"id":2,"nameRu":"","nameKz":"","nameEn":"","document":{"file":{"mime":"text/plain","data":"dGV4dA=="}}}]}`},
		"XML":          {mixed[2:], `{"signMethod":"XML","version":1,"documentsToSign":[{"id":7,"nameRu":"","nameKz":"","nameEn":"","documentXml":"\u003clogin\u003e\u003c/login\u003e"}]}`},
		"several methods": {mixed[:2], `{"signMethod":"MIX_SIGN","version":1,"documentsToSign":[` +
			`{"id":1,"signMethod":"CMS_SIGN_ONLY","nameRu":"Жалоба","nameKz":"Шағым","nameEn":"Complaint","document":{"file":{"mime":"@file/pdf","data":"JVBERi0xLjc="}}},` +
			`{"id":2,"signMethod":"CMS_WITH_DATA","nameRu":"","nameKz":"","nameEn":"","document":{"file":{"mime":"text/plain","data":"dGV4dA=="}}}]}`},
	} {
		got, err := json.Marshal(c.offered)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s\n%s", name, err, got, c.want)
		}
	}
}

func TestAnInvitationHasEveryFieldTheApplicationsAskFor(t *testing.T) {
	at := time.Date(2026, 11, 21, 19, 30, 0, 0, time.FixedZone("", 5*3600))
	got, err := json.Marshal(egov.Invitation{Description: "d", Expires: egov.Moment(at), Organisation: egov.Organisation{BIN: "123456789012"}, Document: egov.Place{URI: "https://host/x", Auth: egov.NoAuth}})
	want := `{"description":"d","expiry_date":"2026-11-21T19:30:00.000+05:00","organisation":{"nameRu":"","nameKz":"","nameEn":"","bin":"123456789012"},"document":{"uri":"https://host/x","auth_type":"None","auth_token":""}}`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\n%s", err, got, want)
	}
}

// answered is a body with these three values, of a mixed package.
func answered(first, second, third string) string {
	return fmt.Sprintf(`{"signMethod":"MIX_SIGN","version":1,"extra":{"a":1},"documentsToSign":[
		{"id":7,"signMethod":"XML","documentXml":%q},
		{"id":1,"signMethod":"CMS_SIGN_ONLY","nameRu":"x","document":{"file":{"mime":"@file/pdf","data":%q},"unknown":true}},
		{"id":2,"document":{"file":{"mime":"","data":%q}}}]}`, third, first, second)
}

func TestAnAnswerIsReadInTheOrderOfThePackage(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	got, err := mixed.Read(strings.NewReader(answered(b64([]byte("one")), b64([]byte("two"))[:2]+"\n"+b64([]byte("two"))[2:], "<login>s</login>")))
	if err != nil || len(got) != 3 || string(got[0]) != "one" || string(got[1]) != "two" || string(got[2]) != "<login>s</login>" {
		t.Errorf("%v %q", err, got)
	}
	for _, status := range []string{"CANCELED", "CANCELLED"} {
		if _, err := mixed.Read(strings.NewReader(`{"version":1,"status":"` + status + `"}`)); !errors.Is(err, egov.ErrCancelled) {
			t.Errorf("%s: %v", status, err)
		}
	}
}

func TestAnAnswerToSomethingElseIsRefused(t *testing.T) {
	good := answered("QUFB", "QUFB", "<a></a>")
	for name, body := range map[string]string{
		"an id twice":      strings.Replace(good, `"id":2`, `"id":1`, 1),
		"an id of nobody":  strings.Replace(good, `"id":2`, `"id":3`, 1),
		"a fraction":       strings.Replace(good, `"id":2`, `"id":2.5`, 1),
		"XML as CMS":       strings.Replace(good, `"id":2,`, `"id":2,"documentXml":"<a></a>",`, 1),
		"CMS as XML":       strings.Replace(good, `"documentXml":"<a></a>"`, `"document":{"file":{"mime":"","data":"QUFB"}}`, 1),
		"another method":   strings.Replace(good, `"signMethod":"XML"`, `"signMethod":"CMS_SIGN_ONLY"`, 1),
		"one too few":      strings.Replace(good, `{"id":2,"document":{"file":{"mime":"","data":"QUFB"}}}`, ``, 1),
		"no padding":       answered("QUFBQQ", "QUFB", "<a></a>"),
		"the URL alphabet": answered("QU-_", "QUFB", "<a></a>"),
		"spaces":           answered("QU FB", "QUFB", "<a></a>"),
		"an empty value":   answered("", "QUFB", "<a></a>"),
		"an empty XML":     answered("QUFB", "QUFB", ""),
		"more after it":    good + "{}",
		"one for all":      strings.Replace(good, "MIX_SIGN", "XML", 1),
	} {
		if body == good {
			t.Fatalf("%s changes nothing", name)
		}
		if got, err := mixed.Read(strings.NewReader(body)); !errors.Is(err, egov.ErrUnreadable) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAnAnswerIsBoundedByItsDocuments(t *testing.T) {
	small := egov.Package{{Method: egov.CMSSignOnly, Content: make([]byte, 20<<20)}}
	whole := egov.Package{{Method: egov.CMSWithData, Content: make([]byte, 20<<20)}}
	many := egov.Package{whole[0], whole[0], whole[0]}
	if got := small.Limit(); got > 256<<10 {
		t.Errorf("a signature alone may have %d bytes", got)
	}
	if got := whole.Limit(); got < 20<<20*4/3+64<<10 || got > 48<<20 {
		t.Errorf("a signature with its document may have %d bytes", got)
	}
	if got := many.Limit(); got != egov.MaxAnswer {
		t.Errorf("three may have %d bytes", got)
	}
}

func TestTheLaunchLinksLeadThroughTheOperatorsSite(t *testing.T) {
	api1 := "https://host/egov/a?b=c&d"
	mobile, business := egov.Launch(api1)
	for link, want := range map[string]string{
		mobile:   "https://m.egov.kz/mobileSign/ isi=1476128386 ibi=kz.egov.mobile apn=kz.mobile.mgov",
		business: "https://m.egov.kz/businessSign/ isi=1597880144 ibi=kz.mobile.mgov.business apn=kz.mobile.mgov.business",
	} {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		got := fmt.Sprintf("https://%s%s isi=%s ibi=%s apn=%s", u.Host, u.Path, q.Get("isi"), q.Get("ibi"), q.Get("apn"))
		if got != want || q.Get("link") != api1 {
			t.Errorf("%s: %s, to %s", link, got, q.Get("link"))
		}
	}
	if egov.Code(api1) != "mobileSign:"+api1 {
		t.Error(egov.Code(api1))
	}
}

// Each module of the code is drawn, and nothing else: the path is painted on a
// grid and held against the code.
func TestTheDrawingIsTheCode(t *testing.T) {
	text := "mobileSign:https://zharia.example/egov/" + strings.Repeat("aB3_", 10) + "aB3"
	svg, err := egov.QR(text, `a "title" <b>`)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Label   string `xml:"aria-label,attr"`
		ViewBox string `xml:"viewBox,attr"`
		Role    string `xml:"role,attr"`
		Path    []struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(svg, &doc); err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	n := code.Bounds().Dx()
	if doc.Label != `a "title" <b>` || doc.Role != "img" || len(doc.Path) != 1 || doc.ViewBox != fmt.Sprintf("0 0 %d %d", n+8, n+8) {
		t.Errorf("%+v", doc)
	}
	painted := map[[2]int]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(doc.Path[0].D, -1) {
		var v [4]int
		for i := range v {
			v[i], _ = strconv.Atoi(m[i+1])
		}
		if v[2] != v[3] {
			t.Fatalf("an open piece: %s", m[0])
		}
		for x := range v[2] {
			painted[[2]int{v[0] + x - 4, v[1] - 4}] = true
		}
	}
	for y := range n {
		for x := range n {
			r, _, _, _ := code.At(x, y).RGBA()
			if painted[[2]int{x, y}] != (r == 0) {
				t.Fatalf("module %d %d", x, y)
			}
		}
	}
	if _, err := egov.QR(strings.Repeat("a", 5000), ""); err == nil {
		t.Error("a text that fits no code is drawn")
	}
}

func TestASettingThatNoApplicationKnowsIsRefused(t *testing.T) {
	for _, good := range []egov.Settings{{}, {BIN: "123456789021", Reply: egov.ReplyList, Auth: egov.EdsAuth}, {Reply: egov.ReplyText, Auth: egov.NoAuth}} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []egov.Settings{{BIN: "12345678902"}, {BIN: "12345678902a"}, {Reply: "xml"}, {Auth: "token"}} {
		if bad.Check() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestAMessageIsInTheLanguageOfThePhone(t *testing.T) {
	for head, want := range map[string]string{"": "kk", "kk": "kk", "en": "kk", "ru": "ru", "ru-RU,ru;q=0.9": "ru", "RU": "ru", "r": "kk"} {
		r, _ := http.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", head)
		if got := egov.Language(r); got != want {
			t.Errorf("%q: %s", head, got)
		}
	}
}

// Whatever a phone sends, reading it ends, and what it gives is one value for
// each document or an error of its own.
func FuzzRead(f *testing.F) {
	for _, body := range []string{answered("QUFB", "QUFB", "<a></a>"), `{"version":1,"status":"CANCELED"}`, "{", "null", `{"documentsToSign":[null,null,null]}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := mixed.Read(strings.NewReader(body))
		if err != nil {
			if !errors.Is(err, egov.ErrUnreadable) && !errors.Is(err, egov.ErrCancelled) {
				t.Errorf("%v", err)
			}
			return
		}
		for i, value := range got {
			if len(value) == 0 {
				t.Errorf("value %d is empty", i)
			}
		}
	})
}
