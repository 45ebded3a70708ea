package portal_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"

	"zharia/portal"
	"zharia/portal/notice"
	"zharia/portal/notice/smshttp"
	"zharia/portal/notice/webpush"
	"zharia/portal/portaltest"
)

// telling is a portal that tells people over mail, SMS and web push.
func telling(t *testing.T, change func(*portal.Portal)) *front {
	t.Helper()
	w := portaltest.World(t)
	p := &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", Clock: func() time.Time { return w.At },
		Channels: []notice.Channel{notice.Email, notice.SMS, notice.Push},
	}
	change(p)
	return &front{w, must(p.Handler()), t}
}

// browsers is a sender of web push with keys of its own.
func browsers(t *testing.T) *webpush.Sender {
	t.Helper()
	keys, err := webpush.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	s, err := webpush.New(webpush.Config{Keys: keys, Contact: portaltest.Origin, Origin: portaltest.Origin, Words: func(string) (string, string) { return "", "" }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheDemonstrationShowsWhatWasSentAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	var sent []portal.DemoMessage
	f := telling(t, func(p *portal.Portal) {
		p.Demo = &portal.Demo{Now: func() portal.DemoReader { return portal.DemoReader{} }, Sent: func() []portal.DemoMessage { return sent }}
	})
	w := f.Words.In("kk")
	page := f.visitor().get("/kk/").want(t, "the home page", http.StatusOK)
	if !strings.Contains(page.body, `href="/kk/demo/sent"`) {
		t.Error("the strip does not lead there")
	}
	page = f.visitor().get("/kk/demo/sent").want(t, "nothing was sent", http.StatusOK)
	if !strings.Contains(page.body, w.T("sent.none")) {
		t.Error("the page does not say that nothing was sent")
	}
	sent = []portal.DemoMessage{
		{Channel: notice.SMS, To: "+77011234567", Text: "жаңа <b>хабар</b>", Parts: 2, At: f.At.Add(time.Minute)},
		{Channel: notice.Email, To: "aigul@example.kz", Subject: "Жаңалық", Text: "ескі хабар", At: f.At},
	}
	for _, lang := range []string{"kk", "ru"} {
		page = f.as(f.Aigul).get("/"+lang+"/demo/sent").want(t, "two messages", http.StatusOK)
		newer, older := strings.Index(page.body, "жаңа &lt;b&gt;хабар&lt;/b&gt;"), strings.Index(page.body, "ескі хабар")
		if newer < 0 || older < newer || !strings.Contains(page.body, f.Words.In(lang).T("sent.channel.email")) || !strings.Contains(page.body, "aigul@example.kz") {
			t.Errorf("%s: %s", lang, short(page.body))
		}
	}
	plain := open(t)
	absent := plain.visitor().get("/kk/demo/nothing").want(t, "no such page", http.StatusNotFound)
	there := plain.visitor().get("/kk/demo/sent").want(t, "outside the demonstration", http.StatusNotFound)
	if strings.ReplaceAll(there.body, "/demo/sent", "/demo/nothing") != absent.body {
		t.Error("outside the demonstration the page is not like one that is not there")
	}
}

func TestReceiptsOfAGatewayComeInWithoutASession(t *testing.T) {
	t.Parallel()
	var got []notice.Receipt
	f := telling(t, func(p *portal.Portal) {
		p.Receipts = smshttp.Receipts("a-secret-of-the-gateway", func(_ context.Context, r notice.Receipt) error {
			got = append(got, r)
			return nil
		})
	})
	said := url.Values{"id": {"17"}, "status": {"delivered"}}
	answer := f.visitor().post("/sms/a-secret-of-the-gateway", said).want(t, "a receipt", http.StatusNoContent)
	if len(answer.Cookies()) != 0 || len(got) != 1 || got[0].Ref != "17" || !got[0].Delivered {
		t.Errorf("%v %+v", answer.Cookies(), got)
	}
	f.visitor().post("/sms/another", said).want(t, "a wrong secret", http.StatusNotFound)
	if status := f.visitor().get("/sms/a-secret-of-the-gateway").StatusCode; status < 400 {
		t.Errorf("read: %d", status)
	}
	open(t).visitor().post("/sms/a-secret-of-the-gateway", said).want(t, "a portal without a gateway", http.StatusNotFound)
	if len(got) != 1 {
		t.Errorf("%d receipts are kept", len(got))
	}
}

func TestTheScriptOfNewsStandsAlwaysUnderOneAddress(t *testing.T) {
	t.Parallel()
	f := telling(t, func(p *portal.Portal) { p.Push = browsers(t) })
	answer := f.visitor().get("/push-worker.js").want(t, "the script", http.StatusOK)
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/javascript") || answer.Header.Get("Cache-Control") != "no-cache" || !strings.Contains(answer.body, "showNotification") {
		t.Errorf("%s %v", kind, answer.Header)
	}
	if !strings.Contains(answer.Header.Get("Content-Security-Policy"), "worker-src 'self'") {
		t.Error("the policy does not name scripts that work on")
	}
	if page := f.as(f.Aigul).get("/kk/notices/settings").want(t, "the settings", http.StatusOK); !strings.Contains(page.body, "data-push=") {
		t.Error("the settings do not offer it")
	}
	plain := telling(t, func(*portal.Portal) {})
	plain.visitor().get("/push-worker.js").want(t, "a portal that tells no browsers", http.StatusNotFound)
	if page := plain.as(plain.Aigul).get("/kk/notices/settings").want(t, "the settings", http.StatusOK); strings.Contains(page.body, "data-push=") {
		t.Error("the settings offer what there is not")
	}
}

// browserKey is a key such as a browser makes for its subscription.
func browserKey(t *testing.T) string {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
}

// A browser that takes news is asked once, its address is kept for the person, and what
// comes is shown as it says. Only the push service between is not the real one.
func TestABrowserTakesNewsAndShowsIt(t *testing.T) {
	s := newSite(t)
	s.serve(&portal.Portal{AnyChain: true, Push: browsers(t), Channels: []notice.Channel{notice.Push}})
	v := s.visitIn(t, wholeChrome, "push", "kk", phone) // the headless shell shows no notifications
	v.signIn("aigul")
	v.do(navigate(v, "/notices/settings"))
	v.want("what no script is needed for is hidden", v.js(`document.querySelector("[data-push-say=none]").hidden`), "true")
	v.do(command(browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "notifications"}, Setting: browser.PermissionSettingGranted, Origin: s.URL,
		BrowserContextID: chromedp.FromContext(v.ctx).BrowserContextID,
	}))
	point := browserKey(t)
	v.js(fmt.Sprintf(`(PushManager.prototype.subscribe = async () => ({ toJSON: () => (
		{ endpoint: "https://fcm.googleapis.com/fcm/send/of-this-test", keys: { p256dh: %q, auth: "AAAAAAAAAAAAAAAAAAAAAA" } }) }), 1)`, point))
	v.click("taken", "[data-push] button")
	v.want("where she is", v.path(), "/kk/notices/settings")
	v.shows(s.Words.In("kk").T("notices.channel.push"))
	s.Want(t, `SELECT channel, confirmed_at IS NOT NULL AS confirmed FROM contact`, "channel | confirmed\npush | true")

	registered := make(chan string, 100)
	if err := chromedp.Listen(v.ctx, func(ev any) {
		if e, ok := ev.(*serviceworker.EventWorkerRegistrationUpdated); ok {
			for _, r := range e.Registrations {
				registered <- string(r.RegistrationID)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	v.do(command(serviceworker.Enable, cdp.Empty{}))
	var id string
	select {
	case id = <-registered:
	case <-time.After(10 * time.Second):
		t.Fatal("no script of news is registered")
	}
	news, _ := json.Marshal(map[string]string{"title": "Жария", "text": "Жаңалық бар", "language": "kk", "link": "/kk/notices", "tag": "1"})
	for range 2 { // the same message twice is shown once
		v.do(command(serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{Origin: s.URL, RegistrationID: serviceworker.RegistrationID(id), Data: string(news)}))
	}
	v.js(`(navigator.serviceWorker.ready.then((r) => setInterval(async () => { window.shown = (await r.getNotifications()).map((n) => [n.title, n.body, n.lang, n.data].join("|")).join("\n") }, 50)), 1)`)
	v.until(`window.shown === "Жария|Жаңалық бар|kk|/kk/notices"`)
}

// In a browser without scripts the settings say that it does not take news.
func TestWithoutScriptsTheSettingsSayThatThisBrowserTakesNoNews(t *testing.T) {
	t.Parallel()
	f := telling(t, func(p *portal.Portal) { p.Push = browsers(t) })
	page := f.as(f.Aigul).get("/ru/notices/settings").want(t, "the settings", http.StatusOK)
	if !strings.Contains(page.body, `<p data-push-say="none">`+f.Words.In("ru").T("push.none")) {
		t.Error("nothing is said")
	}
	if !strings.Contains(page.body, `data-push="`) || !strings.Contains(page.body, `" hidden>`) {
		t.Error("a button that does nothing is shown")
	}
}
