package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/web"
)

func values(pairs ...string) *web.Form {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return posted(urlencoded, v.Encode())
}

func TestATextIsCountedInCharactersAndCleaned(t *testing.T) {
	for _, c := range []struct {
		typed, want string
		bad         bool
	}{
		{"  әріп  ", "әріп", false},
		{"екі\r\nжол", "екі\nжол", false},
		{"а\u0438\u0306б", "айб", false}, // composed: three characters
		{"а\x00б\u202eв", "абв", false},
		{"абвгдеёж", "абвгдеёж", false},
		{"абвгдеёжзи!", "абвгдеёжзи!", true},
		{"аб", "аб", true},
		{"", "", true},
	} {
		f := values("text", c.typed)
		if got := f.Text("text", 3, 10); got != c.want || f.Bad() != c.bad {
			t.Errorf("%q is taken as %q, bad %v", c.typed, got, f.Bad())
		}
	}
}

func TestADayIsTakenAsBrowsersAndPeopleWriteIt(t *testing.T) {
	latest := time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)
	for typed, want := range map[string]string{
		"2026-10-22": "2026-10-22", "22.10.2026": "2026-10-22", " 1. 2.2000": "", "01. 02. 2000": "2000-02-01",
		"2026-10-23": "future", "2026-02-30": "", "1989-12-31": "", "22/10/2026": "", "": "", "20261022": "", "0001-01-01": "", "99999-01-01": "",
	} {
		f := values("day", typed)
		got := f.Date("day", latest)
		switch want {
		case "":
			if !got.IsZero() || !f.Bad() {
				t.Errorf("%q is taken as %v", typed, got)
			}
		case "future":
			if !f.Bad() {
				t.Errorf("%q is taken", typed)
			}
		default:
			if got.Format(time.DateOnly) != want || f.Bad() {
				t.Errorf("%q is taken as %v, bad %v", typed, got, f.Bad())
			}
		}
	}
}

func TestAnIINIsTwelveDigitsHoweverSpaced(t *testing.T) {
	for typed, ok := range map[string]bool{
		"870412499015": true, "870412 499 015": true, "870412-499015": true, "\u00a0870412499015": true,
		"87041249901": false, "8704124990155": false, "87041249901a": false, "": false, "٨٧٠٤١٢٤٩٩٠١٥": false,
	} {
		f := values("iin", typed)
		if got := f.IIN("iin"); (got == "870412499015") != ok || f.Bad() == ok {
			t.Errorf("%q is taken as %q", typed, got)
		}
	}
}

func TestAListIsClosed(t *testing.T) {
	f := values("one", "c", "some", "a", "some", "a", "id", "x")
	if web.OneOf(f, "one", "a", "b"); !f.Bad() {
		t.Error("a choice that was not offered is taken")
	}
	if got := web.AnyOf(values("some", "a", "some", "a"), "some", "a", "b"); len(got) != 1 {
		t.Errorf("one choice twice is %v", got)
	}
	if got := web.AnyOf(values("some", "a", "some", "z"), "some", "a", "b"); got != nil {
		t.Errorf("with one that was not offered: %v", got)
	}
	many := url.Values{}
	for range 101 {
		many.Add("id", "019b76da-a800-7e2e-8aec-f0911fdc065d")
	}
	if got := posted(urlencoded, many.Encode()).IDs("id"); len(got) != 1 {
		t.Errorf("one id a hundred times is %d", len(got))
	}
}

func TestTwoValuesOfOneFieldAreAMistake(t *testing.T) {
	f := values("text", "бірінші мәтін", "text", "екінші мәтін")
	if got := f.Text("text", 1, 50); got != "" || !f.Bad() {
		t.Errorf("two values are taken as %q", got)
	}
}

func TestTheFaultOfADomainIsToldAtItsField(t *testing.T) {
	f := web.NewForm("test")
	if !f.Refused(fault.New(fault.Invalid, "form.choose").At("kind")) || !f.Bad() {
		t.Error("what was wrong with a field is not the form's")
	}
	for _, other := range []error{fault.New(fault.Conflict, "fault.not-now"), errors.New("ours"), nil} {
		if web.NewForm("test").Refused(other) {
			t.Errorf("%v is the form's", other)
		}
	}
}

func TestSwitchingTheLanguageComplainsOfNothing(t *testing.T) {
	f := values("text", "", "language-switch", "ru")
	f.Text("text", 20, 50)
	if !f.Bad() || f.Problem() {
		t.Errorf("bad %v, problem %v", f.Bad(), f.Problem())
	}
}

func TestABodyOverItsLimitIsRefusedAndABrokenOneIsLeftToTheForm(t *testing.T) {
	for body, status := range map[string]int{"text=" + strings.Repeat("a", 200): http.StatusRequestEntityTooLarge, "text=%zz": http.StatusOK, "text=a": http.StatusOK} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", urlencoded)
		w := in(r, func(c echo.Context) error {
			c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, 100)
			if err := web.ReadBody(c); err != nil {
				return err
			}
			if form := web.ReadForm(c, "test"); form.Bad() != (body == "text=%zz") {
				t.Errorf("%.20s: bad %v", body, form.Bad())
			}
			return c.NoContent(http.StatusOK)
		})
		if w.Code != status {
			t.Errorf("%.20s…: %d", body, w.Code)
		}
	}
}

func TestABrowserThatAsksForRussianAloneGetsRussian(t *testing.T) {
	for accept, want := range map[string]string{
		"": "kk", "kk": "kk", "en": "kk", "ru": "ru", "ru-RU,ru;q=0.9,en;q=0.8": "ru", "RU": "ru", "ru,kk;q=0.5": "kk", "en,ru": "kk",
	} {
		r := httptest.NewRequest(http.MethodGet, "/cases?a=b", nil)
		r.Header.Set("Accept-Language", accept)
		w := in(r, web.Language()(func(echo.Context) error { return nil }))
		if to := w.Header().Get("Location"); to != "/"+want+"/cases?a=b" || w.Header().Get("Vary") != "Accept-Language" {
			t.Errorf("%q leads to %s", accept, to)
		}
	}
}
