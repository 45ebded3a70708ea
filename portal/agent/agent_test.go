package agent_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/coder/websocket"

	"zharia/portal/agent"
	"zharia/portal/eds/key"
)

const (
	email      = "1.3.6.1.5.5.7.3.4"
	individual = "1.2.398.3.3.4.1.1"
	aigulIIN   = "900101450019"
	serikIIN   = "850505350023"
	companyBIN = "980540000017"
)

// page is a page's side of the conversation.
type page struct {
	t    *testing.T
	conn *websocket.Conn
}

// open connects a page of an origin and reads the handshake.
func open(t *testing.T, server *httptest.Server, origin string) page {
	t.Helper()
	p := dial(t, server, origin)
	if got := p.hear(); got != `{"result":{"version":"1.4"}}` {
		t.Fatalf("handshake: %s", got)
	}
	return p
}

func dial(t *testing.T, server *httptest.Server, origin string) page {
	t.Helper()
	header := map[string][]string{"Origin": {origin}}
	conn, _, err := websocket.Dial(t.Context(), server.URL, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(64 << 20)
	t.Cleanup(func() { conn.CloseNow() })
	return page{t, conn}
}

func (p page) say(message string) {
	p.t.Helper()
	if err := p.conn.Write(p.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		p.t.Fatal(err)
	}
}

func (p page) hear() string {
	p.t.Helper()
	message, err := p.heard(20 * time.Second)
	if err != nil {
		p.t.Fatal(err)
	}
	return message
}

func (p page) heard(within time.Duration) (string, error) {
	ctx, done := context.WithTimeout(p.t.Context(), within)
	defer done()
	_, message, err := p.conn.Read(ctx)
	return string(message), err
}

func (p page) ask(message string) string {
	p.t.Helper()
	p.say(message)
	return p.hear()
}

// result is what a request that was granted answers.
func (p page) result(message string) json.RawMessage {
	p.t.Helper()
	reply := p.ask(message)
	var r struct {
		Status bool
		Body   struct{ Result json.RawMessage }
	}
	if err := json.Unmarshal([]byte(reply), &r); err != nil || !r.Status {
		p.t.Fatalf("%s answered %s", message, reply)
	}
	return r.Body.Result
}

// signature is the one signature of a result in an array.
func (p page) signature(message string) string {
	p.t.Helper()
	var signatures []string
	if err := json.Unmarshal(p.result(message), &signatures); err != nil || len(signatures) != 1 {
		p.t.Fatalf("not one signature in an array: %v", err)
	}
	return signatures[0]
}

// request builds a sign request from its parts, in JSON; an empty part is left out.
func request(data, signing, signer, more string) string {
	parts := []string{`"format":"cms"`}
	for name, value := range map[string]string{"data": data, "signingParams": signing, "signerParams": signer} {
		if value != "" {
			parts = append(parts, `"`+name+`":`+value)
		}
	}
	if more != "" {
		parts = append(parts, more)
	}
	return `{"module":"kz.gov.pki.knca.basics","method":"sign","args":{` + strings.Join(parts, ",") + `}}`
}

// common is a request of the older module to sign without a time-stamp.
func common(args string) string {
	return `{"module":"kz.gov.pki.knca.commonUtils","method":"createCAdESFromBase64","args":` + args + `}`
}

const anyone = `{"extKeyUsageOids":["` + email + `"],"chain":[]}`

func b64(content string) string {
	return `"` + base64.StdEncoding.EncodeToString([]byte(content)) + `"`
}

func serve(t *testing.T, a *agent.Agent) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return server
}

// withWindow is an agent with several keys and the window of the portal's files.
func withWindow(t *testing.T, keys ...*key.Key) *agent.Agent {
	t.Helper()
	a := agent.New(keys...)
	if err := a.Window(root(), root(), words(t)); err != nil {
		t.Fatal(err)
	}
	return a
}

// root is the module's own folder.
func root() fs.FS { return os.DirFS("../..") }

// words reads the words of the window as the portal does, and fails on a key
// that a language lacks.
func words(t *testing.T) func(lang, key string) string {
	t.Helper()
	said := map[string]map[string]struct{ Other string }{}
	for _, lang := range []string{"kk", "ru"} {
		var words map[string]struct{ Other string }
		if _, err := toml.DecodeFile(filepath.Join("../../i18n/agent."+lang+".toml"), &words); err != nil {
			t.Fatal(err)
		}
		said[lang] = words
	}
	return func(lang, key string) string {
		if said[lang][key].Other == "" {
			t.Errorf("no word %s in %s", key, lang)
		}
		return said[lang][key].Other
	}
}

func TestAHeartbeatIsEchoed(t *testing.T) {
	p := open(t, serve(t, agent.New(aigul(t))), "https://zharia.example")
	if got := p.ask("--heartbeat--"); got != "--heartbeat--" {
		t.Errorf("heard %q", got)
	}
}

func TestTheWordsAreTheSameInBothLanguages(t *testing.T) {
	var keys [2]map[string]struct{ Other string }
	for i, lang := range []string{"kk", "ru"} {
		if _, err := toml.DecodeFile("../../i18n/agent."+lang+".toml", &keys[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i, words := range keys {
		for word, text := range words {
			if keys[1-i][word].Other == "" || text.Other == "" {
				t.Errorf("%s is in one language only", word)
			}
		}
	}
}

func TestWhatTheAgentDoesNotDoIsRefusedInTheWordsOfNCALayer(t *testing.T) {
	a := agent.New(aigul(t))
	if err := a.Window(root(), root(), words(t)); err != nil {
		t.Fatal(err)
	}
	p := open(t, serve(t, a), "https://zharia.example")
	const basics = `{"module":"kz.gov.pki.knca.basics","method":`
	for _, c := range []struct{ name, message, want string }{
		{"unknown module", `{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}`,
			`{"success":false,"errorCode":"MODULE_NOT_FOUND"}`},
		{"the switched-off applet", `{"module":"kz.gov.pki.knca.applet.Applet","method":"x","args":[]}`,
			`{"success":false,"errorCode":"MODULE_NOT_FOUND"}`},
		{"no module", `{}`, `{"success":false,"errorCode":"MODULE_NOT_FOUND"}`},
		{"not JSON", `hello`, `{"success":false,"code":"COMMON_JSON_WRAPPING_EXCEPTION"}`},
		{"an array", `[]`, `{"success":false,"code":"COMMON_JSON_WRAPPING_EXCEPTION"}`},
		{"empty", ``, `{"success":false,"code":"COMMON_JSON_WRAPPING_EXCEPTION"}`},
		{"cards of the legacy module", `{"module":"kz.gov.pki.knca.commonUtils","method":"getActiveTokens"}`,
			`{"code":"200","responseObject":[]}`},
		{"signing with the legacy module", `{"module":"kz.gov.pki.knca.commonUtils","method":"signXml","args":["PKCS12","SIGNATURE","<a/>","",""]}`,
			`{"code":"500","message":"this agent signs with the module kz.gov.pki.knca.basics only"}`},
		{"the older module without arguments", common(`[]`), `"code":"500"`},
		{"the older module with too many arguments", common(`["PKCS12","SIGNATURE",` + b64("x") + `,true,true]`), `"code":"500"`},
		{"the older module with a card", common(`["AKKaztokenStore","SIGNATURE",` + b64("x") + `,true]`), `"message":"` + words(t)("kk", "agent.error-no-key") + `"`},
		{"the older module without data", common(`["PKCS12","SIGNATURE","",true]`), `"message":"` + words(t)("kk", "agent.error-params") + `"`},
		{"the older module with a key for signing in", common(`["PKCS12","AUTHENTICATION",` + b64("x") + `,true]`), `"message":"` + words(t)("kk", "agent.error-no-key") + `"`},
		{"another method", basics + `"generateCsr","args":{}}`, `"code":"INVOCATION_ERROR"`},
		{"no args", basics + `"sign"}`, `"code":"INVALID_SIGNING_PARAMS"`},
		{"args of the legacy kind", basics + `"sign","args":["PKCS12"]}`, `"code":"INVALID_SIGNING_PARAMS"`},
		{"xml", basics + `"sign","args":{"format":"xml","data":"<a/>"}}`, `format xml: this agent makes cms only`},
		{"raw", basics + `"sign","args":{"format":"raw","data":"x"}}`, `format raw: this agent makes cms only`},
		{"a digest", request(b64("x"), `{"decode":true,"digested":true}`, anyone, ""), `digested: this agent signs data`},
		{"no usages", request(b64("x"), `{}`, `{"chain":[]}`, ""), `extKeyUsageOids is required`},
		{"a card only", request(b64("x"), `{}`, anyone, `"allowedStorages":["AKKaztokenStore"]`), `"code":"INVOCATION_ERROR"`},
		{"no data", request("", `{}`, anyone, ""), `data: one to a hundred items`},
		{"null data", request("null", `{}`, anyone, ""), `data: one to a hundred items`},
		{"a number", request("7", `{}`, anyone, ""), `"code":"INVALID_SIGNING_PARAMS"`},
		{"too many items", request(`["a"`+strings.Repeat(`,"a"`, 100)+`]`, `{}`, anyone, ""), `data: one to a hundred items`},
		{"empty data", request(`""`, `{"decode":true}`, anyone, ""), `there is nothing to sign`},
		{"not base64", request(`"*"`, `{"decode":true}`, anyone, ""), `data: illegal base64`},
		{"a chain that is none", request(`"x"`, `{}`, `{"extKeyUsageOids":[],"chain":["AAAA"]}`, ""), `signerParams.chain`},
		{"another person", request(`"x"`, `{}`, `{"extKeyUsageOids":[],"chain":[],"iin":"`+serikIIN+`"}`, ""), `no key fits`},
		{"an organisation", request(`"x"`, `{}`, `{"extKeyUsageOids":[],"chain":[],"bin":"`+companyBIN+`"}`, ""), `no key fits`},
		{"another usage", request(`"x"`, `{}`, `{"extKeyUsageOids":["`+email+`","1.2.398.3.3.4.1.2"],"chain":[]}`, ""), `no key fits`},
		{"another serial number", request(`"x"`, `{}`, `{"extKeyUsageOids":[],"chain":[],"serialNumber":"dead"}`, ""), `no key fits`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := page{t, p.conn}.ask(c.message)
			if !strings.Contains(got, c.want) {
				t.Errorf("%s\nanswered %s\nwant     %s", c.message, got, c.want)
			}
			if strings.Contains(got, `"status":true`) || strings.Contains(got, `"responseObject":"`) {
				t.Errorf("signed: %s", got)
			}
		})
	}
}

func TestARefusalSpeaksTheLanguageOfThePage(t *testing.T) {
	p := open(t, serve(t, withWindow(t, aigul(t))), "https://zharia.example")
	said := map[string]bool{}
	for _, locale := range []string{"kk", "ru", "en"} {
		reply := p.ask(request(`"x"`, `{}`, `{"extKeyUsageOids":[],"chain":[],"iin":"1"}`, `"locale":"`+locale+`"`))
		var r struct{ Code, Message, Details string }
		if err := json.Unmarshal([]byte(reply), &r); err != nil || r.Message == "" || r.Details == "" {
			t.Errorf("%s: %s", locale, reply)
		}
		if locale != "en" && r.Message != words(t)(locale, "agent.error-no-key") {
			t.Errorf("%s: %s", locale, r.Message)
		}
		said[r.Message] = true
	}
	if len(said) != 3 {
		t.Errorf("three languages said %d things", len(said))
	}
}

func TestEachBehaviourIsWhatAPageMustExpect(t *testing.T) {
	a := agent.New(aigul(t))
	server := serve(t, a)
	sign := request(b64("x"), `{"decode":true}`, anyone, "")

	t.Run("cancel", func(t *testing.T) {
		a.Behave(agent.Cancel)
		if got := open(t, server, "").ask(sign); got != `{"status":true,"body":{}}` {
			t.Errorf("answered %s", got)
		}
	})
	t.Run("refuse", func(t *testing.T) {
		a.Behave(agent.Refuse)
		want := `{"status":false,"code":"INVOCATION_ERROR","message":"The agent refused to sign.","details":"the agent was told to refuse"}`
		if got := open(t, server, "").ask(sign); got != want {
			t.Errorf("answered %s", got)
		}
	})
	for behaviour, want := range map[agent.Behaviour]string{
		agent.WrongPassword: "The password of the key is wrong.", agent.CardLocked: "The card is locked: too many wrong passwords.", agent.Expired: "The key is past its time.",
	} {
		t.Run(string(behaviour), func(t *testing.T) {
			a.Behave(behaviour)
			if got := open(t, server, "").ask(sign); !strings.Contains(got, `"status":false`) || !strings.Contains(got, want) {
				t.Errorf("answered %s", got)
			}
		})
	}
	t.Run("slow", func(t *testing.T) {
		a.Behave(agent.Slow)
		began := time.Now()
		if got := open(t, server, "").signature(sign); got == "" || time.Since(began) < agent.Slowness {
			t.Errorf("answered %q after %s", got, time.Since(began))
		}
	})
	t.Run("busy", func(t *testing.T) {
		a.Behave(agent.Busy)
		p := open(t, server, "")
		p.say(sign)
		if got, err := p.heard(300 * time.Millisecond); err == nil {
			t.Errorf("heard %q", got)
		}
	})
	t.Run("without basics", func(t *testing.T) {
		a.Behave(agent.NoBasics)
		p := dial(t, server, "")
		if got := p.hear(); got != `{"result":{"version":"1.2"}}` {
			t.Errorf("handshake %s", got)
		}
		if got := p.ask(sign); got != `{"success":false,"errorCode":"MODULE_NOT_FOUND"}` {
			t.Errorf("answered %s", got)
		}
		if got := p.ask(common(`["PKCS12","SIGNATURE",` + b64("x") + `,true]`)); !strings.HasPrefix(got, `{"code":"200","responseObject":"MII`) {
			t.Errorf("answered %s", got)
		}
	})
	t.Run("drop midway", func(t *testing.T) {
		a.Behave(agent.DropMidway)
		p := open(t, server, "")
		p.say(sign)
		if got, err := p.heard(5 * time.Second); err == nil || t.Context().Err() != nil {
			t.Errorf("heard %q", got)
		}
	})
	t.Run("silent", func(t *testing.T) {
		a.Behave(agent.Silent)
		p := dial(t, server, "")
		p.say("--heartbeat--")
		p.say(sign)
		if got, err := p.heard(300 * time.Millisecond); err == nil {
			t.Errorf("heard %q", got)
		}
	})
	t.Run("old", func(t *testing.T) {
		a.Behave(agent.Old)
		p := dial(t, server, "")
		if got := p.hear(); got != `{"result":{"version":"1.2"}}` {
			t.Errorf("handshake %s", got)
		}
		if got := p.ask(sign); got != `{"success":false,"errorCode":"MODULE_NOT_FOUND"}` {
			t.Errorf("answered %s", got)
		}
		if got := p.ask(common(`["PKCS12","SIGNATURE",` + b64("x") + `,true]`)); got != `{"success":false,"errorCode":"MODULE_NOT_FOUND"}` {
			t.Errorf("answered %s", got)
		}
	})
	t.Run("plain result", func(t *testing.T) {
		a.Behave(agent.PlainResult)
		if got := string(open(t, server, "").result(sign)); !strings.HasPrefix(got, `"-----BEGIN CMS-----`) {
			t.Errorf("result %s", got)
		}
	})
}

func TestAMessageBeyondTheLimitEndsTheConversation(t *testing.T) {
	p := open(t, serve(t, agent.New(aigul(t))), "")
	// The agent may close before all of it is written.
	_ = p.conn.Write(t.Context(), websocket.MessageText, make([]byte, 48<<20+1))
	if got, err := p.heard(10 * time.Second); err == nil {
		t.Errorf("answered %q", got)
	}
}

func TestABinaryMessageEndsTheConversation(t *testing.T) {
	p := open(t, serve(t, agent.New(aigul(t))), "")
	_ = p.conn.Write(t.Context(), websocket.MessageBinary, []byte("x"))
	if _, err := p.heard(10 * time.Second); websocket.CloseStatus(err) != websocket.StatusUnsupportedData {
		t.Errorf("ended with %v", err)
	}
}

func TestManyPagesAreSignedForAtOnce(t *testing.T) {
	server := serve(t, agent.New(aigul(t)))
	const pages = 40
	done := make(chan string, pages)
	for range pages {
		p := open(t, server, "https://zharia.example")
		go func() {
			if p.conn.Write(t.Context(), websocket.MessageText, []byte(request(`"x"`, `{}`, anyone, ""))) != nil {
				done <- "not sent"
				return
			}
			reply, _ := p.heard(30 * time.Second)
			done <- reply
		}()
	}
	for range pages {
		if reply := <-done; !strings.HasPrefix(reply, `{"status":true,"body":{"result":["-----BEGIN CMS-----`) {
			t.Errorf("answered %s", reply)
		}
	}
}

func TestTheAgentListensOnThisComputerOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "zharia.example:0", "no port", "[::]:0"} {
		if err := agent.New().Serve(t.Context(), addr); err == nil {
			t.Errorf("it listens on %s", addr)
		}
	}
}

func TestStoppingTheAgentEndsItsConversations(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	l := listen(t)
	ended := make(chan error)
	go func() { ended <- agent.New(aigul(t)).ServeOn(ctx, l) }()
	p := open(t, &httptest.Server{URL: "http://" + l.Addr().String()}, "")
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	if got, err := p.heard(5 * time.Second); err == nil || strings.Contains(err.Error(), "deadline") {
		t.Errorf("heard %q, %v", got, err)
	}
}

func TestTheOlderModuleSignsAsItDidBeforeBasics(t *testing.T) {
	a := agent.New(aigul(t))
	a.Stamp(stamps(t))
	p := open(t, serve(t, a), "https://zharia.example")
	for _, c := range []struct {
		method            string
		attached, stamped bool
	}{
		{"createCAdESFromBase64", true, false}, {"createCAdESFromBase64", false, false},
		{"createCMSSignatureFromBase64", true, true}, {"createCMSSignatureFromBase64", false, true},
	} {
		reply := p.ask(fmt.Sprintf(`{"module":"kz.gov.pki.knca.commonUtils","method":%q,"args":["PKCS12","SIGNATURE",%s,%t]}`, c.method, b64("document"), c.attached))
		var r struct{ Code, ResponseObject string }
		if err := json.Unmarshal([]byte(reply), &r); err != nil || r.Code != "200" {
			t.Fatalf("%s answered %s", c.method, reply)
		}
		der, err := base64.StdEncoding.DecodeString(r.ResponseObject)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(der, []byte("document")) != c.attached {
			t.Errorf("%s: attached, want %t", c.method, c.attached)
		}
		if at := stampedAt(t, r.ResponseObject, "document"); at.IsZero() == c.stamped {
			t.Errorf("%s: stamped at %s", c.method, at)
		}
	}
	a.Behave(agent.Cancel)
	if got := p.ask(common(`["PKCS12","SIGNATURE",` + b64("x") + `,true]`)); got != `{"code":"500","message":"action.canceled"}` {
		t.Errorf("cancelled: %s", got)
	}
}

func TestATimeStampIsMadeWhereThePageAsksForOne(t *testing.T) {
	a := agent.New(aigul(t))
	a.Stamp(stamps(t))
	p := open(t, serve(t, a), "https://zharia.example")
	for profile, want := range map[string]bool{`,"tsaProfile":{}`: true, `,"tsaProfile":null`: false, ``: false} {
		signature := p.signature(request(b64("x"), `{"decode":true`+profile+`}`, anyone, ""))
		if at := stampedAt(t, signature, "x"); at.IsZero() == want {
			t.Errorf("%s: stamped at %s", profile, at)
		}
	}
	for name, broken := range map[string]agent.Stamping{
		"silent":        func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no network") },
		"talking trash": func(context.Context, []byte) ([]byte, error) { return []byte("trash"), nil },
		"replaying": func() agent.Stamping {
			var first []byte
			return func(ctx context.Context, request []byte) ([]byte, error) {
				if first != nil {
					return first, nil
				}
				var err error
				first, err = stamps(t)(ctx, request)
				return first, err
			}
		}(),
	} {
		a.Stamp(broken)
		sign := request(b64("x"), `{"decode":true,"tsaProfile":{}}`, anyone, "")
		if name == "replaying" {
			p.signature(sign)
		}
		if got := p.ask(sign); !strings.Contains(got, `"code":"SIGNING_FAILURE"`) {
			t.Errorf("an authority that is %s: %s", name, got)
		}
	}
}
