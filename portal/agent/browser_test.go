package agent_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"zharia/portal/agent"
	"zharia/portal/portaltest"
)

// A browser signs with the agent, by the portal's own scripts, on small pages
// that stand for the portal's: static/ncalayer.js and static/portal.js, under
// the strictest policy header they must work with.

const signingPage = `<!doctype html><html lang="kk"><meta charset="utf-8"><title>sign</title>
<script type="module" src="/static/portal.js"></script>
<form method="post" action="/filed" data-sign %s>
<textarea hidden name="signature" autocomplete="off"></textarea>
<input type="hidden" name="challenge" value="first">
<input type="text" name="note" value="typed before" required>
<button id="sign" name="act" value="submission">sign</button>
<button id="stop" type="button" data-sign-stop hidden>stop</button>
<p role="status" data-sign-status></p>
<template data-text="preparing">preparing</template>
<template data-text="permission">the browser will ask</template>
<template data-text="waiting">choose a key</template>
<template data-text="long">look behind the browser</template>
<template data-text="sending">sending</template>
<div hidden data-permission="prompt">you will be asked</div>
</form>
<div hidden role="alert" data-cause="agent-absent">absent</div>
<div hidden role="alert" data-cause="agent-permission">permission<i data-browser="chrome"> of Chrome</i><i hidden data-browser="edge"> of Edge</i></div>
<div hidden role="alert" data-cause="agent-lost">lost</div>
<div hidden role="alert" data-cause="agent-cancelled">cancelled</div>
<div hidden role="alert" data-cause="agent-refused">refused: <q data-detail></q></div>
<div hidden role="alert" data-cause="agent-old">old</div>
<div hidden role="alert" data-cause="agent-busy">busy</div>
<div hidden role="alert" data-cause="agent-timeout">timeout</div>
<div hidden role="alert" data-cause="content-unavailable">no document</div>
<div hidden role="alert" data-cause="other">something else</div>
</html>`

const toolsPage = `<!doctype html><html lang="kk"><meta charset="utf-8"><title>tools</title>
<script type="module" src="/static/portal.js"></script>
<form method="post" action="/filed"><select name="key" data-autosubmit><option>one<option>two</select></form>
<button type="button" id="copy" hidden data-copy="2026-000123" data-copied="copied">copy</button>
</html>`

// portal stands for the portal: its static files, pages of the test, and an
// address that takes the signed form.
type portal struct {
	*httptest.Server
	pages map[string]string
	filed chan url.Values
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	p := &portal{pages: map[string]string{}, filed: make(chan url.Values, 10)}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.FileServerFS(root()))
	mux.HandleFunc("GET /document.pdf", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(document)) })
	mux.HandleFunc("GET /other.pdf", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("the other document")) })
	mux.HandleFunc("GET /signed-out.pdf", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/document.pdf", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /challenge", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"content":%s,"challenge":"second","expires":"2026-10-22T09:30:00Z"}`, b64("fresh"))
	})
	mux.HandleFunc("POST /filed", func(w http.ResponseWriter, r *http.Request) {
		if r.ParseForm() == nil {
			p.filed <- r.PostForm
		}
		fmt.Fprint(w, `<!doctype html><title>filed</title>`)
	})
	mux.HandleFunc("GET /{page}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self' ws://127.0.0.1:*; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		fmt.Fprint(w, p.pages[r.PathValue("page")])
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

const document = "%PDF-1.7\x00\xff the document"

// take is the form that was sent, and how often.
func (p *portal) take(t *testing.T) url.Values {
	t.Helper()
	select {
	case form := <-p.filed:
		select {
		case <-p.filed:
			t.Error("the form was sent twice")
		case <-time.After(100 * time.Millisecond):
		}
		return form
	case <-time.After(20 * time.Second):
		t.Fatal("the form was not sent")
		return nil
	}
}

func (p *portal) nothingFiled(t *testing.T) {
	t.Helper()
	select {
	case form := <-p.filed:
		t.Errorf("the form was sent: %v", form)
	case <-time.After(50 * time.Millisecond):
	}
}

// chromium starts a browser; the origins named are to it like sites of the
// public network, although they are on this computer.
func chromium(t *testing.T, public ...*httptest.Server) context.Context {
	t.Helper()
	program, err := portaltest.Browser()
	if err != nil {
		t.Fatal(err)
	}
	var overrides, secure []string
	for _, server := range public {
		overrides = append(overrides, server.Listener.Addr().String()+"=public")
		secure = append(secure, strings.Replace(server.URL, "127.0.0.1", named, 1))
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("ip-address-space-overrides", strings.Join(overrides, ",")),
		chromedp.Flag("host-resolver-rules", "MAP "+named+" 127.0.0.1"),
		chromedp.Flag("unsafely-treat-insecure-origin-as-secure", strings.Join(secure, ",")),
	)
	allocator, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is one page in the browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T, browser context.Context, address string) tab {
	t.Helper()
	ctx, end := chromedp.NewContext(browser)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil { // a time limit here would end the tab with it
		t.Fatal(err)
	}
	b := tab{t, ctx}
	b.do(chromedp.Navigate(address))
	return b
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, done := context.WithTimeout(b.ctx, 20*time.Second)
	defer done()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v; the page says %q", err, b.says("document.body.innerText"))
	}
}

func (b tab) press(id string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS("#" + id)))
}

// says evaluates an expression that gives a text.
func (b tab) says(expression string) string {
	b.t.Helper()
	ctx, done := context.WithTimeout(b.ctx, 20*time.Second)
	defer done()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => String(await ("+expression+")))()", chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Errorf("%s: %v", expression, err)
	}
	return text
}

// becomes waits until an expression is true.
func (b tab) becomes(expression string) {
	b.t.Helper()
	b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(15*time.Second))(ctx, t)
		if err != nil {
			err = fmt.Errorf("wait for %s: %w", expression, err)
		}
		return chromedp.Void{}, err
	})
}

// comesBackTo waits for a page that history brings: it may be a kept one, which
// does not load again.
func (b tab) comesBackTo(title string) {
	b.t.Helper()
	for range 200 {
		if b.says("document.title") == title {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("%s did not come back", title)
}

// fails waits for the block of a cause, and checks that the person is led to it
// and can go on: what was typed is there, the button works, nothing was sent.
func (b tab) fails(p *portal, cause, text string) {
	b.t.Helper()
	b.becomes(`document.activeElement.dataset.cause === "` + cause + `"`)
	if got := b.says(`[...document.querySelectorAll("[data-cause]:not([hidden])")].map(e => e.innerText.trim()).join("|")`); got != text {
		b.t.Errorf("shown: %q, want %q", got, text)
	}
	const left = `[sign.hasAttribute("aria-busy"), sign.hasAttribute("aria-disabled"), document.getElementById("stop").hidden,
		sign.form.note.value, sign.form.signature.value, document.querySelector("[role=status]").textContent].join()`
	if got := b.says(left); got != "false,false,true,typed before,," {
		b.t.Errorf("after failing: %s", got)
	}
	p.nothingFiled(b.t)
}

func TestABrowserSigns(t *testing.T) {
	p := newPortal(t)
	a := withWindow(t, aigul(t), serik(t))
	a.Insert(aigul(t))
	server := serve(t, a)
	ws := "ws" + strings.TrimPrefix(server.URL, "http") + "/"
	chrome := chromium(t)

	// show gives a page with a form of these attributes.
	show := func(t *testing.T, attributes string) tab {
		t.Helper()
		a.Behave(agent.Honest)
		p.pages["sign"] = fmt.Sprintf(signingPage, attributes)
		return newTab(t, chrome, p.URL+"/sign")
	}
	inPage := `data-agent="` + ws + `" data-locale="kk" data-content=` + b64("challenge")

	t.Run("attached", func(t *testing.T) {
		show(t, inPage+` data-mode="attached" data-iin="`+aigulIIN+`"`).press("sign")
		form := p.take(t)
		if signer := signedBy(t, form.Get("signature"), "challenge", true); signer != aigulIIN {
			t.Errorf("signed by %s", signer)
		}
		if form.Get("act") != "submission" || form.Get("note") != "typed before" {
			t.Errorf("the form lost something: %v", form)
		}
	})
	t.Run("detached, over the document fetched from the portal", func(t *testing.T) {
		show(t, `data-agent="`+ws+`" data-mode="detached" data-locale="ru" data-content-url="/document.pdf"`).press("sign")
		signedBy(t, p.take(t).Get("signature"), document, false)
	})
	t.Run("two documents in one call", func(t *testing.T) {
		b := show(t, `data-agent="`+ws+`" data-mode="detached" data-content-url="/document.pdf /other.pdf"`)
		b.says(`sign.form.append(document.querySelector("textarea").cloneNode())`)
		b.press("sign")
		form := p.take(t)
		if len(form["signature"]) != 2 {
			t.Fatalf("%d signatures", len(form["signature"]))
		}
		signedBy(t, form["signature"][0], document, false)
		signedBy(t, form["signature"][1], "the other document", false)
	})
	t.Run("with a time-stamp", func(t *testing.T) {
		a.Stamp(stamps(t))
		defer a.Stamp(nil)
		show(t, inPage+` data-stamp`).press("sign")
		if at := stampedAt(t, p.take(t).Get("signature"), "challenge"); at.IsZero() {
			t.Error("there is no time-stamp")
		}
		show(t, inPage).press("sign")
		if at := stampedAt(t, p.take(t).Get("signature"), "challenge"); !at.IsZero() {
			t.Error("nobody asked for a time-stamp")
		}
	})
	t.Run("a time-stamp the agent cannot get is not asked for again", func(t *testing.T) {
		a.Stamp(func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no network") })
		defer a.Stamp(nil)
		b := show(t, inPage+` data-stamp`)
		b.press("sign")
		b.fails(p, "agent-refused", "refused: Қолтаңба жасалмады.")
		b.press("sign")
		signedBy(t, p.take(t).Get("signature"), "challenge", true)
	})
	for behaviour, module := range map[agent.Behaviour]string{agent.Honest: "basics", agent.NoBasics: "the older module"} {
		t.Run("several at once and one by one, by "+module, func(t *testing.T) {
			b := show(t, inPage)
			a.Behave(behaviour)
			for name, c := range map[string]struct {
				data string
				want []string
			}{"a list": {`["` + base64.StdEncoding.EncodeToString([]byte("one")) + `", "` + base64.StdEncoding.EncodeToString([]byte("two")) + `"]`, []string{"one", "two"}},
				"a list of one": {`[` + b64("one") + `]`, []string{"one"}}, "one": {b64("one"), nil}} {
				got := b.says(`import("/static/ncalayer.js").then(async ({ connect }) => {
					const agent = await connect("` + ws + `");
					const made = await agent.sign({ data: ` + c.data + `, detached: true, chain: [] });
					agent.close();
					return JSON.stringify(made) })`)
				var list []string
				if c.want == nil {
					list, c.want = make([]string, 1), []string{"one"}
					_ = json.Unmarshal([]byte(got), &list[0])
				} else {
					_ = json.Unmarshal([]byte(got), &list)
				}
				if len(list) != len(c.want) {
					t.Fatalf("%s gave %s", name, got)
				}
				for i, text := range c.want {
					if at := stampedAt(t, list[i], text); !at.IsZero() {
						t.Errorf("%s: stamped at %s", name, at)
					}
				}
			}
		})
	}
	t.Run("the Back button finds the form as it was", func(t *testing.T) {
		b := show(t, inPage)
		for range 2 {
			b.says(`sign.click()`) // chromedp finds no elements in a page that was kept
			signedBy(t, p.take(t).Get("signature"), "challenge", true)
			b.says(`void setTimeout(() => history.back())`)
			b.comesBackTo("sign")
			if got := b.says(`sign.form.signature.value + sign.hasAttribute("aria-busy")`); got != "false" {
				t.Errorf("left in the form: %s", got)
			}
		}
	})
	t.Run("an agent that answers with a string", func(t *testing.T) {
		b := show(t, inPage)
		a.Behave(agent.PlainResult)
		b.press("sign")
		signedBy(t, p.take(t).Get("signature"), "challenge", true)
	})
	t.Run("pressed twice, sent once", func(t *testing.T) {
		b := show(t, inPage)
		b.says(`[sign.click(), sign.click(), sign.click()].length`)
		signedBy(t, p.take(t).Get("signature"), "challenge", true)
	})
	t.Run("a challenge past its time is exchanged first", func(t *testing.T) {
		b := show(t, inPage+` data-life="300" data-renew-url="/challenge"`)
		b.says(`sign.form.dataset.since -= 151_000`)
		b.press("sign")
		form := p.take(t)
		signedBy(t, form.Get("signature"), "fresh", true)
		if form.Get("challenge") != "second" || form.Get("note") != "typed before" {
			t.Errorf("sent %v", form)
		}
	})
	t.Run("a challenge in time is signed as it is", func(t *testing.T) {
		b := show(t, inPage+` data-life="300" data-renew-url="/challenge"`)
		b.says(`sign.form.dataset.since -= 149_000`)
		b.press("sign")
		form := p.take(t)
		signedBy(t, form.Get("signature"), "challenge", true)
		if form.Get("challenge") != "first" {
			t.Errorf("sent %v", form)
		}
	})
	t.Run("a document that did not arrive", func(t *testing.T) {
		b := show(t, `data-agent="`+ws+`" data-content-url="/nothing/here.pdf"`)
		b.press("sign")
		b.fails(p, "content-unavailable", "no document")
	})
	t.Run("whose session is over is led to sign in, with what he typed", func(t *testing.T) {
		show(t, `data-agent="`+ws+`" data-content-url="/signed-out.pdf"`).press("sign")
		if form := p.take(t); form.Get("note") != "typed before" || form.Get("signature") != "" || !form.Has("signature") {
			t.Errorf("sent %v", form)
		}
	})
	t.Run("an agent with the older module only", func(t *testing.T) {
		b := show(t, inPage)
		a.Behave(agent.NoBasics)
		b.press("sign")
		if at := stampedAt(t, p.take(t).Get("signature"), "challenge"); !at.IsZero() {
			t.Errorf("stamped at %s", at)
		}
		a.Stamp(stamps(t))
		defer a.Stamp(nil)
		b = show(t, `data-agent="`+ws+`" data-mode="detached" data-stamp data-content-url="/document.pdf"`)
		a.Behave(agent.NoBasics)
		b.press("sign")
		if at := stampedAt(t, p.take(t).Get("signature"), document); at.IsZero() {
			t.Error("there is no time-stamp")
		}
	})
	t.Run("the older module refuses and is cancelled", func(t *testing.T) {
		for reply, cause := range map[string][2]string{
			`{"code":"500","message":"action.canceled"}`:       {"agent-cancelled", "cancelled"},
			`{"code":"500","message":"the password is wrong"}`: {"agent-refused", "refused: the password is wrong"},
			`{"code":"200"}`: {"agent-refused", "refused:"},
			`{"success":false,"errorCode":"MODULE_NOT_FOUND"}`: {"agent-old", "old"},
		} {
			b := show(t, `data-content=`+b64("challenge")+` data-agent="`+older(t, reply)+`"`)
			b.press("sign")
			b.fails(p, cause[0], cause[1])
		}
	})
	t.Run("another page of the site is signing", func(t *testing.T) {
		a.Insert(nil)
		defer a.Insert(aigul(t))
		first, second := show(t, inPage), show(t, inPage)
		first.press("sign")
		shown := until(t, server, p.URL)
		second.press("sign")
		second.fails(p, "agent-busy", "busy")
		press(t, server, shown, "AIGUL")
		p.take(t)
		a.Insert(aigul(t))
		second.press("sign")
		signedBy(t, p.take(t).Get("signature"), "challenge", true)
	})
	t.Run("deaf for long, the person is told where to look and may stop", func(t *testing.T) {
		b := show(t, inPage+` data-long="50"`)
		a.Behave(agent.Busy)
		b.press("sign")
		b.becomes(`document.querySelector("[role=status]").textContent === "look behind the browser"`)
		b.press("stop")
		b.fails(p, "agent-cancelled", "cancelled")
	})
	t.Run("silent from the start, on the page", func(t *testing.T) {
		b := show(t, inPage+` data-patience="100"`)
		a.Behave(agent.Silent)
		b.press("sign")
		b.fails(p, "agent-timeout", "timeout")
	})
	t.Run("slow, it is waited for", func(t *testing.T) {
		b := show(t, inPage+` data-patience="100" data-long="50"`)
		a.Behave(agent.Slow)
		b.press("sign")
		signedBy(t, p.take(t).Get("signature"), "challenge", true)
	})

	t.Run("cancelled, then signed after all", func(t *testing.T) {
		b := show(t, inPage)
		a.Behave(agent.Cancel)
		b.press("sign")
		b.fails(p, "agent-cancelled", "cancelled")
		a.Behave(agent.Honest)
		b.press("sign")
		signedBy(t, p.take(t).Get("signature"), "challenge", true)
	})
	t.Run("refused, in the agent's own words", func(t *testing.T) {
		b := show(t, inPage)
		a.Behave(agent.Refuse)
		b.press("sign")
		b.fails(p, "agent-refused", "refused: Агент қол қоюдан бас тартты.")
	})
	t.Run("another person's key", func(t *testing.T) {
		b := show(t, inPage+` data-iin="`+serikIIN+`"`)
		b.press("sign")
		b.fails(p, "agent-refused", "refused: Агентте бұл иеге және осы мақсатқа сай келетін кілт жоқ.")
	})
	t.Run("lost", func(t *testing.T) {
		b := show(t, inPage)
		a.Behave(agent.DropMidway)
		b.press("sign")
		b.fails(p, "agent-lost", "lost")
	})
	t.Run("old", func(t *testing.T) {
		b := show(t, inPage)
		a.Behave(agent.Old)
		b.press("sign")
		b.fails(p, "agent-old", "old")
	})
	t.Run("absent", func(t *testing.T) {
		l := listen(t)
		l.Close() // nobody has this port now
		b := show(t, `data-agent="ws://`+l.Addr().String()+`/" data-content=`+b64("challenge"))
		b.press("sign")
		b.fails(p, "agent-absent", "absent")
	})
	t.Run("a cause the page has no block for", func(t *testing.T) {
		b := show(t, inPage)
		b.says(`document.querySelector("[data-cause=agent-old]").remove()`)
		a.Behave(agent.Old)
		b.press("sign")
		b.fails(p, "other", "something else")
	})
	t.Run("a script that is not there", func(t *testing.T) {
		b := show(t, inPage+` data-client="/static/nothing.js"`)
		b.press("sign")
		b.fails(p, "other", "something else")
	})
	t.Run("the person chooses, and may stop waiting", func(t *testing.T) {
		a.Insert(nil)
		defer a.Insert(aigul(t))
		b := show(t, inPage)
		b.press("sign")
		until(t, server, p.URL)
		b.becomes(`document.querySelector("[role=status]").textContent === "choose a key" && sign.getAttribute("aria-busy") === "true" && !document.getElementById("stop").hidden`)
		b.press("stop")
		b.fails(p, "agent-cancelled", "cancelled")
		until(t, server, "Қазір қол қоюға сұрау жоқ")

		b.press("sign")
		press(t, server, until(t, server, p.URL), "SERIK")
		if signer := signedBy(t, p.take(t).Get("signature"), "challenge", true); signer != serikIIN {
			t.Errorf("signed by %s", signer)
		}
	})
	t.Run("a field emptied meanwhile is asked for again", func(t *testing.T) {
		a.Insert(nil)
		defer a.Insert(aigul(t))
		b := show(t, inPage)
		b.press("sign")
		shown := until(t, server, p.URL)
		b.says(`sign.form.note.value = ""`)
		press(t, server, shown, "AIGUL")
		b.becomes(`!sign.hasAttribute("aria-busy") && sign.form.signature.value === ""`)
		p.nothingFiled(t)
	})
	t.Run("the agent is closed while the person chooses", func(t *testing.T) {
		a.Insert(nil)
		defer a.Insert(aigul(t))
		ctx, stop := context.WithCancel(t.Context())
		l := listen(t)
		go a.ServeOn(ctx, l)
		b := show(t, `data-agent="ws://`+l.Addr().String()+`/" data-content=`+b64("challenge"))
		b.press("sign")
		until(t, server, p.URL)
		stop()
		b.fails(p, "agent-lost", "lost")
	})
	t.Run("silent from the start, busy, and living on heartbeats", func(t *testing.T) {
		b := show(t, inPage)
		const client = `import("/static/ncalayer.js").then(async ({ connect }) => {`
		a.Behave(agent.Silent)
		if got := b.says(client + `return connect("` + ws + `", { patience: 200 }).catch(e => e.code) })`); got != "agent-timeout" {
			t.Errorf("silent: %s", got)
		}
		a.Behave(agent.Honest)
		a.Insert(nil)
		defer a.Insert(aigul(t))
		go func() {
			for shown := ""; !strings.Contains(shown, p.URL); time.Sleep(200 * time.Millisecond) {
				shown, _ = look(t, server, "")
			}
			press(t, server, until(t, server, p.URL), "AIGUL")
		}()
		got := b.says(client + `
			const agent = await connect("` + ws + `", { heartbeat: 20 });
			const first = agent.sign({ data: "eA==" });
			const second = await agent.sign({ data: "eA==" }).catch(e => e.code);
			const cms = await first;
			agent.close();
			const after = await agent.sign({ data: "eA==" }).catch(e => e.code);
			return [agent.version, second, cms.slice(0, 19), after] })`)
		if got != "1.4,agent-busy,-----BEGIN CMS-----,agent-lost" {
			t.Errorf("heard %s", got)
		}
	})
	t.Run("some other program has the port", func(t *testing.T) {
		b := show(t, inPage)
		for _, greeting := range []string{"hello", `{"result":{}}`, `null`, `[1]`} {
			other := greeter(t, greeting)
			if got := b.says(`import("/static/ncalayer.js").then(({ connect }) => connect("` + other + `").catch(e => e.code))`); got != "agent-absent" {
				t.Errorf("%s: %s", greeting, got)
			}
		}
	})
	t.Run("choosing is sending, and a number can be copied", func(t *testing.T) {
		p.pages["tools"] = toolsPage
		b := newTab(t, chrome, p.URL+"/tools")
		b.becomes(`!copy.hidden`)
		b.permit("clipboard-write", browser.PermissionSettingGranted)
		b.press("copy")
		b.becomes(`copy.textContent === "copied"`)
		b.do(chromedp.SetValue(chromedp.CSS("select"), "two"))
		if form := p.take(t); form.Get("key") != "two" {
			t.Errorf("sent %v", form)
		}
	})
}

// A site of the public network needs the person's permission to reach a program
// on their computer (Chromium since 142, web sockets since 147).
func TestABrowserThatWasToldNotToReachTheAgentSaysSo(t *testing.T) {
	p := newPortal(t)
	a := agent.New(aigul(t))
	server := serve(t, a)
	p.pages["sign"] = fmt.Sprintf(signingPage, `data-agent="ws`+strings.TrimPrefix(server.URL, "http")+`/" data-content=`+b64("challenge"))
	chrome := chromium(t, p.Server)

	// The page has a name, as the portal has: one of 127.0.0.1 is asked nothing.
	b := newTab(t, chrome, strings.Replace(p.URL, "127.0.0.1", named, 1)+"/sign")
	const shown = `[...document.querySelectorAll("[data-permission], [data-cause]")].filter(e => !e.hidden).map(e => e.innerText).join()`
	b.permit("loopback-network", browser.PermissionSettingPrompt)
	b.becomes(shown + ` === "you will be asked"`)
	// A browser without a window may take its own question for answered at any
	// moment, so it is stopped as soon as the page says that it will ask.
	b.says(`new Promise((stopped) => {
		const status = document.querySelector("[role=status]");
		new MutationObserver(() => {
			if (status.textContent !== "the browser will ask") return;
			document.getElementById("stop").click();
			stopped("yes");
		}).observe(status, { childList: true, characterData: true, subtree: true });
		document.getElementById("sign").click();
	})`)
	b.fails(p, "agent-cancelled", "cancelled")

	b.permit("loopback-network", browser.PermissionSettingDenied)
	b.do(chromedp.Reload())
	b.becomes(shown + ` === "permission of Chrome"`) // before anything is pressed
	b.press("sign")
	b.fails(p, "agent-permission", "permission of Chrome")

	b.permit("loopback-network", browser.PermissionSettingGranted)
	b.becomes(shown + ` === ""`)
	b.press("sign")
	signedBy(t, p.take(t).Get("signature"), "challenge", true)
}

// named is a name of this computer that a browser takes for a site's.
const named = "zharia.test"

// permit sets what the person would answer to the browser's question.
func (b tab) permit(name string, setting browser.PermissionSetting) {
	b.t.Helper()
	b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: setting,
		})
		return chromedp.Void{}, err
	})
}
