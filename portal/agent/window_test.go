package agent_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// look reads the window.
func look(t *testing.T, server *httptest.Server, query string) (string, http.Header) {
	t.Helper()
	answer, err := http.Get(server.URL + "/window" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("window: %d, %v", answer.StatusCode, err)
	}
	return string(text), answer.Header
}

// until looks at the window until it shows a text.
func until(t *testing.T, server *httptest.Server, text string) string {
	t.Helper()
	for range 200 {
		if shown, _ := look(t, server, ""); strings.Contains(shown, text) {
			return shown
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the window never showed %q", text)
	return ""
}

var (
	requestID = regexp.MustCompile(`name="request" value="([^"]+)"`)
	keyID     = regexp.MustCompile(`name="key" value="([0-9a-f]+)"><strong>([^<]+)<`)
)

// press presses a button of the first request in the window; "" is Cancel.
func press(t *testing.T, server *httptest.Server, shown, name string) {
	t.Helper()
	value := "none"
	for _, key := range keyID.FindAllStringSubmatch(shown, -1) {
		if key[2] == name {
			value = key[1]
		}
	}
	if name == "" {
		value = ""
	}
	form := url.Values{"request": {requestID.FindStringSubmatch(shown)[1]}, "key": {value}}
	answer, err := http.PostForm(server.URL+"/window", form)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("press %s: %v, %v", name, answer, err)
	}
	answer.Body.Close()
}

func TestOfSeveralKeysAPersonChoosesInTheWindow(t *testing.T) {
	server := serve(t, withWindow(t, aigul(t), serik(t)))
	p := open(t, server, "https://zharia.example")
	p.say(request(b64("Zharia: sign in, number 7"), `{"decode":true}`, anyone, `"locale":"ru"`))

	shown := until(t, server, "https://zharia.example")
	for _, want := range []string{`lang="ru"`, "Zharia: sign in, number 7", "AIGUL", "SERIK", "90********19", "документ будет внутри подписи"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the window does not show %q:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, aigulIIN) || strings.Contains(shown, serikIIN) {
		t.Error("the window shows a whole identity number")
	}
	// The person takes their time; meanwhile the socket lives.
	if got := p.ask("--heartbeat--"); got != "--heartbeat--" {
		t.Errorf("heard %q", got)
	}
	press(t, server, shown, "SERIK")
	if signer := signerOf(t, p.hear(), "Zharia: sign in, number 7", true); signer != serikIIN {
		t.Errorf("signed by %s", signer)
	}
	if shown, header := look(t, server, ""); strings.Contains(shown, "zharia.example") || header.Get("Refresh") == "" {
		t.Error("the window still asks")
	}
}

func TestCancelInTheWindowIsAnAnswerWithoutResult(t *testing.T) {
	for _, button := range []string{"", "a button that was never there"} {
		server := serve(t, withWindow(t, aigul(t), serik(t)))
		p := open(t, server, "https://zharia.example")
		p.say(request(`"x"`, `{}`, anyone, ""))
		press(t, server, until(t, server, "zharia.example"), button)
		if got := p.hear(); got != `{"status":true,"body":{}}` {
			t.Errorf("answered %s", got)
		}
	}
}

func TestTheInsertedKeySignsAtOnce(t *testing.T) {
	a := withWindow(t, aigul(t), serik(t))
	a.Insert(serik(t))
	if a.Inserted() == nil || len(a.Keys()) != 2 {
		t.Fatalf("inserted %v of %d", a.Inserted(), len(a.Keys()))
	}
	server := serve(t, a)
	p := open(t, server, "")
	if signer := signerOf(t, p.ask(request(`"x"`, `{}`, anyone, "")), "x", true); signer != serikIIN {
		t.Errorf("signed by %s", signer)
	}
	// It is the only one that can, even where another would fit.
	if got := p.ask(request(`"x"`, `{}`, `{"extKeyUsageOids":[],"chain":[],"iin":"`+aigulIIN+`"}`, "")); !strings.Contains(got, "no key fits") {
		t.Errorf("answered %s", got)
	}
	a.Insert(nil)
	if a.Inserted() != nil {
		t.Error("the key is still inserted")
	}
	p.say(request(`"x"`, `{}`, anyone, ""))
	press(t, server, until(t, server, "AIGUL</strong>"), "AIGUL")
	if signer := signerOf(t, p.hear(), "x", true); signer != aigulIIN {
		t.Errorf("signed by %s", signer)
	}
}

func TestOnlyKeysThatFitAreOffered(t *testing.T) {
	server := serve(t, withWindow(t, aigul(t), serik(t), company(t)))
	p := open(t, server, "")
	p.say(request(`"x"`, `{}`, `{"extKeyUsageOids":["`+individual+`"],"chain":[]}`, ""))
	if shown := until(t, server, "AIGUL</strong>"); !strings.Contains(shown, "SERIK</strong>") || strings.Contains(shown, "DIRECTOR</strong>") {
		t.Errorf("offered:\n%s", shown)
	}
}

func TestARequestOfAPageThatLeftIsGone(t *testing.T) {
	server := serve(t, withWindow(t, aigul(t), serik(t)))
	p := open(t, server, "https://zharia.example")
	p.say(request(`"x"`, `{}`, anyone, ""))
	shown := until(t, server, "zharia.example")
	p.conn.CloseNow()
	until(t, server, "Қазір қол қоюға сұрау жоқ")
	press(t, server, shown, "AIGUL") // too late, and harmless
}

func TestRequestsOfOneSocketWaitForEachOther(t *testing.T) {
	server := serve(t, withWindow(t, aigul(t), serik(t)))
	p := open(t, server, "https://zharia.example")
	p.say(request(`"first"`, `{}`, anyone, ""))
	p.say(request(`"second"`, `{}`, anyone, ""))
	shown := until(t, server, "<pre>first")
	if strings.Contains(shown, "<pre>second") {
		t.Error("the second is asked before the first is answered")
	}
	press(t, server, shown, "AIGUL")
	signerOf(t, p.hear(), "first", true)
	press(t, server, until(t, server, "<pre>second"), "SERIK")
	signerOf(t, p.hear(), "second", true)
}

func TestTooManyWaitingRequestsEndTheConversation(t *testing.T) {
	server := serve(t, withWindow(t, aigul(t), serik(t)))
	p := open(t, server, "")
	p.say(request(`"x"`, `{}`, anyone, ""))
	until(t, server, "<pre>x")
	for range 4 {
		p.say(request(`"x"`, `{}`, anyone, ""))
	}
	p.say(request(`"one more"`, `{}`, anyone, ""))
	if got, err := p.heard(5 * time.Second); err == nil {
		t.Errorf("heard %s", got)
	}
}

func TestTwoPagesAskSideBySide(t *testing.T) {
	server := serve(t, withWindow(t, aigul(t), serik(t)))
	one, other := open(t, server, "https://one.example"), open(t, server, "https://other.example")
	one.say(request(`"x"`, `{}`, anyone, ""))
	until(t, server, "one.example")
	other.say(request(`"x"`, `{}`, anyone, ""))
	shown := until(t, server, "other.example")
	if strings.Index(shown, "one.example") > strings.Index(shown, "other.example") {
		t.Error("the later request comes first")
	}
	press(t, server, shown, "AIGUL") // the first of the two
	signerOf(t, one.hear(), "x", true)
	press(t, server, until(t, server, "other.example"), "")
	if got := other.hear(); got != `{"status":true,"body":{}}` {
		t.Errorf("answered %s", got)
	}
}

func TestWhatCannotBeReadIsShownByItsDigest(t *testing.T) {
	for name, content := range map[string]string{
		"a file":                  "%PDF-1.7\x00\xff",
		"text turned right round": "pay 10 \u202e000 1",
		"a long text":             strings.Repeat("long ", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, withWindow(t, aigul(t), serik(t)))
			p := open(t, server, "https://zharia.example")
			p.say(request(b64(content), `{"decode":true,"encapsulate":false}`, anyone, ""))
			if shown := until(t, server, "zharia.example"); !strings.Contains(shown, "SHA-256") || strings.Contains(shown, "<pre>") {
				t.Errorf("shown:\n%s", shown)
			}
		})
	}
}

func TestAPageCannotWriteIntoTheWindow(t *testing.T) {
	server := serve(t, withWindow(t, aigul(t), serik(t)))
	p := open(t, server, "https://zharia.example/<b>")
	p.say(request(b64("<script>alert(1)</script>"), `{"decode":true}`, anyone, ""))
	shown := until(t, server, "alert(1)")
	if strings.Contains(shown, "<script") || strings.Contains(shown, "<b>") {
		t.Errorf("shown:\n%s", shown)
	}
}

func TestOnlyThePersonAtThisComputerReachesTheWindow(t *testing.T) {
	server := serve(t, withWindow(t, aigul(t), serik(t)))
	p := open(t, server, "https://zharia.example")
	p.say(request(`"x"`, `{}`, anyone, ""))
	shown := until(t, server, "zharia.example")

	for name, change := range map[string]func(*http.Request){
		"another site's form":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another origin":       func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"a name that rebounds": func(r *http.Request) { r.Host = "evil.example" },
	} {
		form := url.Values{"request": requestID.FindStringSubmatch(shown)[1:], "key": keyID.FindStringSubmatch(shown)[1:2]}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/window", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		change(r)
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %v, %v", name, answer, err)
		}
	}
	if _, header := look(t, server, ""); !strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors 'none'") ||
		header.Get("Refresh") != "" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", header)
	}
	if got, err := p.heard(100 * time.Millisecond); err == nil {
		t.Errorf("somebody pressed: %s", got)
	}
}

func TestTheWindowSpeaksBothLanguages(t *testing.T) {
	server := serve(t, withWindow(t, aigul(t), company(t)))
	for lang, want := range map[string]string{"": "Агенттегі кілттер", "?lang=kk": "Агенттегі кілттер", "?lang=ru": "Ключи в агенте", "?lang=xx": "Агенттегі кілттер"} {
		if shown, _ := look(t, server, lang); !strings.Contains(shown, want) {
			t.Errorf("%q shows\n%s", lang, shown)
		}
	}
	for path, status := range map[string]int{"/": 200, "/window.css": 200, "/nothing": 404} {
		answer, err := http.Get(server.URL + path)
		if err != nil || answer.StatusCode != status {
			t.Errorf("%s: %v, %v", path, answer, err)
		}
	}
}
