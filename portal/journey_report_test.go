package portal_test

import (
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"zharia/portal/report"
	"zharia/portal/tip"
)

// What comes in without a case, in a browser on a phone: reports, what is decided about
// them, and messages without a name. Each journey is told in its languages over one world.

// reporter is somebody whose every page is weighed, and held against WCAG by axe in one of
// the languages: their pages differ in words alone.
type reporter struct {
	walk
	script string
}

// reporter comes signed in, unless the word is empty.
func (s *site) reporter(t *testing.T, journey, word, lang string) *reporter {
	t.Helper()
	r := &reporter{walk: walk{member: member{s.visit(t, journey, lang, phone), word}}}
	if lang == "kk" {
		r.script = axe(t)
	}
	if word != "" {
		r.signIn(word)
	}
	return r
}

// at looks at the page that has come.
func (r *reporter) at(screen string) {
	r.t.Helper()
	r.sees(screen)
	if r.script != "" {
		(&examiner{visitor: r.visitor, script: r.script}).once(screen + " (" + r.lang + ")")
	}
}

func (r *reporter) opens(screen, path string) {
	r.t.Helper()
	r.open(screen, path)
	r.want("status of "+screen, r.status(), "200")
	r.at(screen)
}

func (r *reporter) presses(screen, css string) {
	r.t.Helper()
	r.click(screen, css)
	r.want("status of "+screen, r.status(), "200")
	r.at(screen)
}

// answers answers a question before the report, and goes on.
func (r *reporter) answers(screen, name, value string) {
	r.t.Helper()
	r.press(`input[name="` + name + `"][value="` + value + `"]`)
	r.presses(screen, "main form button")
}

const onward = "#form > .actions button"

// tellsAll answers all questions of a report; the first is shown.
func (r *reporter) tellsAll(says tongue) {
	r.t.Helper()
	give := map[report.Question]func(){
		report.AskWhat: func() { r.fill("#what", says.circumstances) },
		report.AskWhen: func() { r.press(`input[name=known][value=known]`); r.choose("#from", "2026-10-21") },
		report.AskWhere: func() {
			r.choose("#region", "750000000")
			r.fill("#place", says.article)
		},
		report.AskBody:      func() { r.press(`input[name=body][value="` + r.s.Body("police").String() + `"]`) },
		report.AskCategory:  func() { r.press(`input[name=category][value=theft]`) },
		report.AskWhom:      func() { r.press(`input[name=behalf][value=self]`) },
		report.AskApplicant: func() { r.fill("#address", says.article); r.fill("#card", "012345678") },
		report.AskContact: func() {
			r.press(`input[name=reach][value=portal]`)
			r.press(`input[name=language][value=` + r.lang + `]`)
		},
	}
	for i, q := range report.Questions {
		r.want("the question", r.path()[strings.LastIndex(r.path(), "/")+1:], string(q))
		if answer := give[q]; answer != nil {
			answer()
		}
		next := "check"
		if i+1 < len(report.Questions) {
			next = string(report.Questions[i+1])
		}
		r.presses(next, onward)
	}
}

// signsByPhone signs what the page shows with the phone that shows it.
func (r *reporter) signsByPhone(screen, ends string) {
	r.t.Helper()
	r.click(screen+"-code", hereButton)
	ph := r.s.phoneFor(r.word)
	if err := ph.Sign(r.t.Context(), r.scan(ph)); err != nil {
		r.t.Fatal(err)
	}
	r.until(`location.pathname === ` + quoted("/"+r.lang+ends) + ` && document.readyState === "complete"`)
	r.arrive(screen)
	r.want("status of "+screen, r.status(), "200")
	r.at(screen)
}

// slip is the address in the code on the slip of the report that is shown, read from its
// paper as a camera would; where there are no programs for that, the link on the page.
func (r *reporter) slip() string {
	r.t.Helper()
	link := r.href(`main a[href*="/slip/"]`)
	for _, name := range []string{"pdftoppm", "zbarimg"} {
		if _, err := exec.LookPath(name); err != nil {
			r.t.Logf("%s is not on this computer (make setup installs it): the code is not read from the slip", name)
			return r.s.URL + link
		}
	}
	paper, err := base64.StdEncoding.DecodeString(r.js(`fetch(` + quoted(r.href(`main a[href$="/slip"]`)) + `).then(r => r.bytes()).then(b => btoa(String.fromCharCode(...b)))`))
	if err != nil {
		r.t.Fatal(err)
	}
	at := filepath.Join(r.t.TempDir(), "slip")
	if err := os.WriteFile(at, paper, 0o600); err != nil {
		r.t.Fatal(err)
	}
	if said, err := exec.Command("pdftoppm", "-r", "150", "-png", "-singlefile", at, at).CombinedOutput(); err != nil {
		r.t.Fatalf("%v: %s", err, said)
	}
	code, err := exec.Command("zbarimg", "-q", "--raw", at+".png").Output()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(code)), link) {
		r.t.Fatalf("the code of the slip says %q, %v; want %q", code, err, link)
	}
	return r.s.URL + link
}

// decides has the registrar, at a report of his book, choose a decision, fill in its form
// and sign it.
func (r *reporter) decides(of string, kind report.Status, reasons string, fill func()) {
	r.t.Helper()
	r.opens("book", "/book")
	r.presses("book-report", `main a[href="/`+r.lang+`/book/`+of+`"]`)
	r.presses("decisions", `main a[href$="/decision"]`)
	r.presses("decision", `main a[href$="?kind=`+string(kind)+`"]`)
	fill()
	r.fill("#reasons", reasons)
	r.presses("decision-check", formButton)
	r.shows(reasons)
	r.sign("decided")
	r.here("200", "/book/"+of)
	r.at("decided")
}

// spread has everybody told of what was done until now.
func (s *site) spread(t *testing.T) {
	t.Helper()
	worker := teller(t, s.W, new(letters))
	worker.Clock = s.Clock
	tell(t, worker)
}

func TestACitizenReportsSignsByPhoneAndReadsWhatWasDecided(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i, lang := range toldIn() {
		says, w := tongues[lang], s.Words.In(lang)
		// He has not signed in: he is asked to where his name is needed, and not before.
		nurlan := s.reporter(t, "30-report-"+lang, "", lang)
		nurlan.word = "nurlan"
		nurlan.opens("home", "/")
		nurlan.presses("danger", `main a[href="/`+lang+`/report"]`)
		nurlan.answers("tell", "danger", "no")
		nurlan.answers("ready", "tell", "1")
		nurlan.click("signin", `main form[method=post] button`)
		nurlan.want("status before he signs in", nurlan.status(), "401")
		s.insert("nurlan")
		nurlan.visitor.sign("resume")
		nurlan.presses("what", "main form button")
		report := strings.Split(nurlan.path(), "/")[3]
		nurlan.tellsAll(says)
		nurlan.here("200", "/reports/"+report+"/check")
		nurlan.shows(says.circumstances)
		nurlan.click("not-warned", onward)
		nurlan.want("status without the tick", nurlan.status(), "422")
		nurlan.press(`input[name=warned]`)
		nurlan.presses("to-sign", onward)
		nurlan.want("the paper", nurlan.pdf(nurlan.js(`document.querySelector(".pdf iframe").src`)), "200 application/pdf %PDF true inline")
		nurlan.signsByPhone("registered", "/reports/"+report)

		number := "750301-26-00000" + string(rune('1'+i))
		nurlan.want("the heading", nurlan.text("h1"), strings.Join(strings.Fields(w.T("report.number", "number", number)), " "))
		nurlan.shows(s.Actor("zhandos").FullName())
		nurlan.want("the clock", nurlan.js(`document.querySelector(".due time").dateTime`), s.one(t, `SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM report WHERE id = $1`, report))
		nurlan.want("how long it runs", s.one(t, `SELECT (due_at - date_trunc('minute', registered_at))::text FROM report WHERE id = $1`, report), "1 day")

		// Whoever finds the slip learns how it stands, and no more.
		finder := s.reporter(t, "30-slip-"+lang, "", lang)
		finder.do(chromedp.Navigate(nurlan.slip()))
		finder.arrive("slip")
		finder.at("slip")
		finder.shows(w.T("report.status.registered"))
		page := finder.js("document.documentElement.outerHTML")
		for _, not := range []string{s.Nurlan.Surname, s.Actor("zhandos").Surname, number, "750301", w.T("report.category.theft"), says.circumstances[:30]} {
			if strings.Contains(page, not) {
				t.Errorf("the slip says %q", not)
			}
		}

		s.spread(t)
		zhandos := s.reporter(t, "30-desk-"+lang, "zhandos", lang)
		zhandos.opens("notices", "/notices")
		zhandos.click("from-notice", `main ul.list form button`)
		zhandos.here("200", "/book/"+report)
		zhandos.decides(report, "erdr", says.reasons, func() { zhandos.fill("#erdr", "26750203100045"+string(rune('1'+i))) })

		s.spread(t)
		nurlan.opens("notices", "/notices")
		nurlan.told("main ul.list > li", number)
		nurlan.click("from-notice", `main ul.list form button`)
		nurlan.here("200", "/reports/"+report)
		nurlan.at("decided")
		nurlan.told("#decision", says.reasons)
		nurlan.told("#decision", s.Actor("zhandos").FullName())
		nurlan.want("the way to ask for the case", nurlan.count(`#decision a[href="/`+lang+`/access/new"]`), "1")
		finder.do(chromedp.Reload())
		finder.shows(w.T("report.status.erdr"))
	}
	s.Sound()
}

func TestAReportThatIsRefusedLeadsToAComplaintAndItsAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, lang := range toldIn() {
		says := tongues[lang]
		of := s.Report(s.Nurlan, s.Story()).String()
		zhandos := s.reporter(t, "33-desk-"+lang, "zhandos", lang)
		zhandos.decides(of, report.Refused, says.reasons, func() { zhandos.press(`input[name=ground][value=civil-deal]`) })

		nurlan := s.reporter(t, "33-author-"+lang, "nurlan", lang)
		nurlan.opens("reports", "/reports")
		nurlan.presses("refused", `main a[href="/`+lang+`/reports/`+of+`"]`)
		nurlan.told("#decision", says.reasons)
		nurlan.presses("complaint", `form[action$="/complaint"] button`)
		complaint := nurlan.id()
		nurlan.shows(s.Gulnar.FullName())
		nurlan.sign("complained")
		nurlan.here("200", "/filings/"+complaint)
		nurlan.at("complained")

		gulnar := s.reporter(t, "33-office-"+lang, "gulnar", lang)
		gulnar.opens("office", "/office")
		gulnar.presses("filing", `main a[href="/`+lang+`/filings/`+complaint+`"]`)
		gulnar.presses("answer", `section.next a[href$="/answer"]`)
		gulnar.press(`input[name="outcome-1"][value=granted]`)
		gulnar.fill("#reasons", says.why)
		gulnar.press(`input[name=remedy][value=instruct]`)
		gulnar.presses("answer-check", formButton)
		gulnar.sign("answered")
		s.Want(t, `SELECT status FROM filing WHERE id = '`+complaint+`'`, "status\ngranted")

		nurlan.want("the answer", nurlan.pdf("/"+lang+"/filings/"+complaint+"/answer/document"), "200 application/pdf %PDF true inline")
		nurlan.opens("answered", "/filings/"+complaint)
		nurlan.shows(says.why)
		nurlan.opens("upheld", "/reports/"+of)
		nurlan.told("#upheld", s.Words.In(lang).T("report.upheld"))
		zhandos.opens("upheld", "/book/"+of)
		zhandos.told("#upheld", s.Words.In(lang).T("paper.remedy.instruct"))
	}
	s.Sound()
}

func TestSomebodyWithoutANameIsAnsweredByHisCodeAndNoCookieIsSet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	solved := `document.querySelector("[data-puzzle]").value !== ""`
	for _, lang := range toldIn() {
		says, w := tongues[lang], s.Words.In(lang)
		v := s.reporter(t, "34-tip-"+lang, "", lang)
		v.opens("tip", "/tip")
		v.presses("form", `main a[href="/`+lang+`/tip/new"]`)
		v.choose("#body", s.Body("police").String())
		v.fill("#text", says.circumstances)
		v.until(solved)
		v.presses("code", onward)
		code := v.value(`#form input[name=code]`)
		v.want("the code in groups", v.each(".groups span", "e.innerText"), code[:4]+"\n"+code[4:8]+"\n"+code[8:12]+"\n"+code[12:16]+"\n"+code[16:])
		v.fill("#last", "0x00")
		v.click("typed-wrong", onward)
		v.want("status", v.status(), "422")
		v.want("the code is still there", v.value(`#form input[name=code]`), code)
		v.fill("#last", code[16:])
		v.presses("kept", onward)
		v.shows(w.T("tip_sent.kept"))

		zhandos := s.reporter(t, "34-desk-"+lang, "zhandos", lang)
		zhandos.opens("tips", "/tips")
		zhandos.presses("open", `main ul.list li:has(.tag.wait) a`)
		zhandos.shows(says.circumstances)
		zhandos.fill("#text", says.unanswered)
		zhandos.presses("answered", onward)

		enter := func(name, code, status string) {
			t.Helper()
			v.fill("#code", code)
			v.until(solved)
			v.click(name, onward)
			v.want("status of "+name, v.status(), status)
			v.at(name)
		}
		v.opens("enter", "/tip/read")
		typo := code[:19] + string('0'+(code[19]-'0'+1)%10)
		enter("typo", typo, "422")
		v.told(".errors", w.T("fault.tip-typo"))
		enter("talk", strings.Join([]string{code[:4], code[4:8], code[8:12], code[12:16], code[16:]}, " "), "200")
		v.shows(says.circumstances)
		v.shows(says.unanswered)
		v.fill("#text", says.arguments)
		v.until(solved)
		v.presses("written", onward)
		v.shows(says.arguments)
		zhandos.do(chromedp.Reload())
		zhandos.shows(says.arguments)

		cookies, err := chromedp.Run(v.ctx, func(ctx context.Context, on *chromedp.Target) (network.GetCookiesResult, error) {
			return cdp.Call(ctx, on, network.GetCookies, network.GetCookiesParams{})
		})
		if err != nil || len(cookies.Cookies) != 0 {
			t.Errorf("on the way without a name the browser has %d cookies, %v", len(cookies.Cookies), err)
		}
		v.want("kept in the browser", v.js(`localStorage.length + sessionStorage.length`), "0")
		// The code of nobody, last: it is told from a slip of the finger.
		v.opens("enter", "/tip/read")
		enter("nobodys", string(tip.NewTicket(s.App.Keys, s.Clock()).Code(s.App.Keys)), "422")
		v.told(".errors", w.T("fault.tip-unknown"))
	}
}

// line has the browser lose its network, or find it again.
func (v *visitor) line(down bool) {
	v.t.Helper()
	v.do(command(network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: down, DownloadThroughput: -1, UploadThroughput: -1}))
	v.until(`navigator.onLine === ` + map[bool]string{true: "false", false: "true"}[down])
}

func TestAnAnswerWrittenWhileTheLineIsDownIsAskedAboutAndSentOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i, lang := range toldIn() {
		came := func() string {
			return s.one(t, `SELECT count(*) FROM record WHERE act = 'report-answer'`)
		}
		none, once := string(rune('0'+i)), string(rune('1'+i))
		v := s.visit(t, "31-report-"+lang, lang, phone)
		v.signIn("nurlan")
		v.open("", "/report?danger=no&tell=1")
		v.click("question", "main form button")
		question := v.path()
		v.line(true)
		v.fill("#what", tongues[lang].circumstances)
		v.press(onward)
		v.until(`!document.querySelector('[data-report-say="offline"]').hidden`)
		v.want("nothing came", came(), none)
		v.arrive("offline")

		// The line is back: nothing goes before it is asked about.
		v.line(false)
		v.until(`!document.querySelector('[data-report-say="kept"]').hidden`)
		v.want("still nothing came", came(), none)
		v.open("kept", question[3:])
		v.want("the text outlives the page", v.value("#what"), tongues[lang].circumstances)
		v.leaves(func() { v.press("[data-report-send]") })
		v.want("it came once", came(), once)
		v.until(`Object.keys(localStorage).filter((k) => k.startsWith("report/")).length === 0`)
	}
	s.Sound()
}

// What is kept of a draft in a browser goes with the draft, and once its pages are shielded.
func TestNothingOfAReportStaysInABrowserThatShouldKeepNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "32-left-kk", "kk", phone)
	v.signIn("nurlan")
	kept := `Object.keys(localStorage).filter((k) => k.startsWith("report/")).length`
	// begun is a draft of which an answer could not be sent.
	begun := func() string {
		t.Helper()
		v.open("", "/report?danger=no&tell=1")
		v.click("", "main form button")
		of := strings.Split(v.path(), "/")[3]
		v.line(true)
		v.fill("#what", tongues["kk"].circumstances)
		v.press(onward)
		v.until(`!document.querySelector('[data-report-say="offline"]').hidden`)
		v.line(false)
		v.want("it is kept", v.js(kept), "1")
		return of
	}
	of := begun()
	v.open("", "/reports/"+of+"/check")
	v.want("beside the check", v.js(kept), "1")
	v.click("given-up", `form[action$="/discarding"] button`)
	v.want("after it was given up", v.js(kept), "0")

	of = begun()
	v.open("", "/reports/"+of+"/questions/category")
	v.press(`input[name=category][value=home]`)
	v.click("shielded", onward)
	v.until(kept + ` === 0`)
}

// neutral is where the way out leads. It is not ours: here a page of the test stands in
// its place, and nothing goes out of this computer.
const neutral = "https://www.kazhydromet.kz/"

// elsewhere answers for the neutral site; it counts who comes.
func (v *visitor) elsewhere() *atomic.Int32 {
	v.t.Helper()
	came := new(atomic.Int32)
	err := chromedp.Do(v.ctx, func(ctx context.Context, on *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, chromedp.Listen(v.ctx, func(ev any) {
			if ev, ok := ev.(*fetch.EventRequestPaused); ok {
				came.Add(1)
				go func() { // a listener may not wait for the browser
					params := fetch.FulfillRequestParams{RequestID: ev.RequestID, ResponseCode: 200, Body: []byte("<!doctype html><title>-</title><main>-</main>")}
					_ = chromedp.Do(v.ctx, command(fetch.FulfillRequest, params)) // the page may be gone again
				}()
			}
		})
	}, command(fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: neutral + "*"}}}))
	if err != nil {
		v.t.Fatal(err)
	}
	return came
}

func TestWhoeverLeavesAPageOfViolenceIsElsewhereAtOnceAndBackShowsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, lang := range toldIn() {
		for name, leave := range map[string]func(*visitor){
			"button": func(v *visitor) { v.press("[data-exit]") },
			"keys": func(v *visitor) {
				for range 3 {
					v.key("Shift")
				}
			},
		} {
			v := s.visit(t, "32-exit-"+name+"-"+lang, lang, phone)
			came := v.elsewhere()
			v.signIn("nurlan")
			v.open("", "/report")
			v.open("", "/report?danger=no")
			v.press(`input[name=tell][value="2"]`)
			v.click("ready", "main form button")
			v.click("shielded", "main form button")
			v.want("nothing of it stays in the browser", v.js(`document.querySelector("[data-report-keep]")`), "null")
			v.fill("#what", circumstances)
			leave(v)
			v.until(`location.href === ` + quoted(neutral) + ` && document.readyState === "complete"`)
			left := "1" // what ends the session goes beside what leaves the page
			for end := time.Now().Add(10 * time.Second); left != "0" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				left = s.one(t, `SELECT count(*) FROM session WHERE person IS NOT NULL`)
			}
			v.want("nobody is signed in any more", left, "0")

			// All the way back: of the questions nothing is shown, each leads away again.
			for back := range 4 {
				before := came.Load()
				v.do(chromedp.NavigateBack())
				v.until(`document.readyState === "complete"`)
				if back < 3 {
					v.until(`location.href === ` + quoted(neutral) + ` && document.readyState === "complete"`)
					if came.Load() == before {
						t.Errorf("%d back: nobody is led away", back+1)
					}
				}
				for _, not := range []string{circumstances, s.Words.In(lang).T("report_start.home"), s.Words.In(lang).T("report_start.ask"), s.Words.In(lang).T("report_start.title")} {
					if strings.Contains(v.js("document.documentElement.innerText"), not) {
						t.Errorf("%d back: the page says %q", back+1, not)
					}
				}
			}
		}
	}
}
