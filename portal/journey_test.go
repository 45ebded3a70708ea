package portal_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/job"
	"zharia/portal/portaltest"
)

// One petition travels through the whole portal: from the person who files it
// to the investigator, back, and to the prosecutor. Each part begins where the
// one before it ended.
func TestAPetitionGoesFromTheCitizenToTheInvestigatorAndOnToTheProsecutor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	story := &story{site: s}
	for _, part := range []struct {
		name string
		tell func(*testing.T)
	}{
		{"Aigul signs in and finds one case and one status that waits", story.signsIn},
		{"she reads the decisions she may read and keeps a copy of her own", story.reads},
		{"she files a petition with her signature and has a receipt", story.files},
		{"the investigator confirms, decides, admits and answers", story.answers},
		{"she reads the answer, goes to the prosecutor and changes her mind about another petition", story.complains},
		{"the prosecutor sees the complaint beside the decision, and what is late", story.oversees},
	} {
		if !t.Run(part.name, part.tell) {
			t.Fatal("the story cannot go on")
		}
	}
	s.Sound()
}

// story remembers what later parts need.
type story struct {
	*site
	petition string // id
	ruling   string // id of the decision the investigator publishes
}

// What is typed in the story.
const (
	circumstances = "Тінту кезінде табылған ноутбук менікі, оның құжаттары мен түбіртегі менде сақталған."
	request       = "Ноутбукті сақтау үшін маған қайтаруыңызды сұраймын."
	established   = "Ұрланған алтын жүзіктердің құнын анықтау үшін арнаулы ғылыми білім қажет екені белгілі болды."
	resolved      = "Сот-тауартану сараптамасы тағайындалсын."
	reasons       = "Ноутбук заттай дәлелдеме деп танылды, сараптама аяқталғанға дейін оны қайтаруға болмайды."
	arguments     = "Өтінішхатымнан бас тарту негізсіз: сараптама ноутбукке қатысты емес, оны сақтауға беруге кедергі жоқ."
)

func (s *story) signsIn(t *testing.T) {
	v := s.visit(t, "1", "kk", phone)
	v.open("home", "/")
	v.here("200", "/")
	v.lang = "ru"
	v.click("home-ru", "a.lang")
	v.here("200", "/")
	v.lang = "kk"
	v.click("", "a.lang")
	v.here("200", "/")

	v.click("signin", `main a[href="/kk/signin"]`)
	s.insert("aigul")
	v.sign("cases")
	v.here("200", "/cases")
	v.want("in the header", v.text("header .name"), s.Aigul.Name)
	v.want("her cases", v.each("main ul.list a", "e.getAttribute('href')"), "/kk/cases/"+s.Theft.String())
	v.want("what waits", v.count(".tag.wait"), "1")
	if page := v.js("document.documentElement.outerHTML"); strings.Contains(page, s.Fraud.String()) || strings.Contains(page, "алаяқтық") {
		t.Error("what awaits confirmation shows something of the case")
	}
	v.want("the case that waits", v.code("/cases/"+s.Fraud.String()), "404")
}

func (s *story) reads(t *testing.T) {
	v := s.visit(t, "2", "kk", phone)
	v.signIn("aigul")
	v.click("case", `a[href="/kk/cases/`+s.Theft.String()+`"]`)
	timeline := v.each("ol.timeline > li", `e.querySelector("time").dateTime + " | " + e.querySelector("a").href.split("/").pop()`)
	portaltest.WantText(t, "her timeline", s.named(timeline), `
		2026-10-14 | term-extended
		2026-10-08 | expertise-done
		2026-09-28 | property-arrest
		2026-09-25 | expertise-set
		2026-09-24 | plaintiff-recognised
		2026-09-22 | restraint-set
		2026-09-18 | suspect-recognised
		2026-09-17 | group
		2026-09-14 | victim-recognised
		2026-09-11 | erdr-registered`)

	decision := func(name string) string { return "/decisions/" + s.Decision(name).String() }
	v.click("decision-copy", `a[href="/kk`+decision("victim-recognised")+`"]`)
	v.want("the signature", v.count(".verified:not(.bad)"), "1")
	v.want("a copy to keep", v.pdf(v.href(`a[href$="?keep=1"]`)), "200 application/pdf %PDF true attachment")

	v.open("decision-text", decision("expertise-done"))
	v.want("links to a copy", v.count(`a[href$="?keep=1"]`), "0")
	v.want("the text to read", v.pdf("/kk"+decision("expertise-done")+"/copy?keep=1"), "200 application/pdf %PDF true inline")

	v.open("decision-fact", decision("term-extended"))
	v.want("documents", v.count("iframe"), "0")
	v.want("the text of what is only a fact", v.code(decision("term-extended")+"/copy"), "404")

	v.open("decision-hidden", decision("bank-secret"))
	v.want("a hidden decision", v.status(), "404")
	hidden := v.main()
	for _, other := range []string{decision("search-done"), decision("fraud-suspect"), "/decisions/" + uuid.NewString(), "/nothing"} {
		v.open("", other)
		v.want("status of "+other, v.status(), "404")
		v.want("the page of "+other, v.main(), hidden)
	}
}

// named has the cast's words for the ids in a text.
func (s *site) named(text string) string {
	for word, id := range s.Troupe.Decisions {
		text = strings.ReplaceAll(text, id.String(), word)
	}
	return text
}

func (s *story) files(t *testing.T) {
	v := s.visit(t, "3", "kk", phone)
	v.signIn("aigul")
	v.open("", "/cases/"+s.Theft.String())
	v.click("kind", `a.button[href$="/filings/new"]`)
	v.click("form", `main a[href$="kind=petition"]`)

	v.click("form-empty", formButton)
	v.want("status", v.status(), "422")
	v.want("the focus", v.js(`document.activeElement.className`), "errors")
	v.want("fields in the summary", v.each(".errors a", "e.hash"), "#circumstances\n#point-1")
	v.want("fields that are wrong", v.each("[aria-invalid=true]", "e.id"), "circumstances\npoint-1")
	v.press(".errors a")
	v.want("the focus", v.js(`document.activeElement.id`), "circumstances")

	v.fill("#circumstances", circumstances)
	v.lang = "ru"
	v.click("form-ru", "button.lang")
	v.want("status", v.status(), "200")
	v.want("kept over the change of language", v.value("#circumstances"), circumstances)
	v.want("mistakes told by it", v.count(".errors, [aria-invalid]"), "0")
	v.lang = "kk"
	v.click("", "button.lang")
	v.fill("#point-1", request)
	v.choose("#about", s.Decision("expertise-done").String())
	v.click("check", formButton)
	v.want("status", v.status(), "200")
	v.shows(circumstances)
	v.shows(request)
	v.want("the paper", v.pdf(v.js(`document.querySelector(".pdf iframe").src`)), "200 application/pdf %PDF true inline")
	v.want("what is signed", v.js(`document.querySelector("#sign").dataset.contentUrl`), v.js(`new URL(document.querySelector(".pdf iframe").src).pathname`))

	s.petition = v.js(`location.pathname.split("/").pop()`)
	v.leaves(func() { v.do(chromedp.DoubleClick(chromedp.CSS(signButton))) })
	v.arrive("filed")
	v.here("200", "/filings/"+s.petition)
	s.Want(t, `SELECT count(*), min(status) AS status FROM filing`, `
		count | status
		1     | filed`)
	s.Want(t, `SELECT who, act, object FROM record WHERE act LIKE 'filing-%' ORDER BY seq`, `
		who   | act           | object
		aigul | filing-create | filing
		aigul | filing-submit | filing`)
	v.want("number", v.text(".receipt .number"), s.one(t, `SELECT number FROM filing`))
	// Three days from Thursday the 22nd end on Sunday, the Day of the Republic, for
	// which Monday is off: so on Tuesday the 27th.
	due := deadline.PetitionAnswer.Ends(portaltest.Afternoon, deadline.Kazakhstan())
	v.want("due", v.js(`document.querySelector(".due time").dateTime`), due.UTC().Format(time.RFC3339))
	v.want("due", due.UTC().Format(time.RFC3339), "2026-10-27T19:00:00Z")
	v.want("the last day of the count", v.count("table.month td.end"), "1")
	v.want("the signature", v.count(".verified:not(.bad)"), "1")
	v.want("the receipt", v.pdf(v.href(`a[href$="/receipt"]`)), "200 application/pdf %PDF true attachment")
	v.want("the document", v.pdf(v.href(`a[href$="/document?keep=1"]`)), "200 application/pdf %PDF true attachment")
	v.want("its signature", v.js(`fetch(`+quoted(v.href(`a[href$="/filings/`+s.petition+`/signature"]`))+`).then(r => r.status + " " + r.headers.get("Content-Type"))`), "200 application/pkcs7-signature")

	v.click("verify", `a[href*="/verify/"]:not([href*="/offline"])`)
	v.want("anybody may verify it", v.count(".verified:not(.bad)"), "1")
	for _, word := range []string{s.Aigul.Surname, "ноутбук"} {
		if v.has(word) {
			t.Errorf("the page of verification tells %q", word)
		}
	}
	v.open("filings", "/filings")
	v.want("her list", v.each("main ul.list a", "e.href.split('/').pop()"), s.petition)
}

func (s *story) answers(t *testing.T) {
	v := s.visit(t, "4", "kk", phone)
	v.signIn("daniyar")
	v.here("200", "/desk")
	v.arrive("desk")
	v.want("first on his desk", v.js(`document.querySelector("table.desk a").pathname`), "/kk/filings/"+s.petition)

	v.click("petition", `table.desk a`)
	v.click("considered", `form[action$="/consideration"] button`)
	s.Want(t, `SELECT status FROM filing`, "status\nconsidered")
	v.want("buttons to take it up", v.count(`form[action$="/consideration"]`), "0")

	v.open("", "/desk")
	waiting := "/participants/" + s.Participant("aigul@fraud").String()
	v.click("participant", `a[href="/kk`+waiting+`"]`)
	v.choose("#role", "victim")
	v.choose("#basis", "ruling")
	v.click("confirmation", formButton)
	v.here("200", waiting+"/check")
	v.shows(s.Aigul.FullName())
	s.Want(t, `SELECT status FROM participant WHERE id = '`+s.Participant("aigul@fraud").String()+`'`, "status\nawaiting")
	v.sign("confirmed")
	v.here("200", "/cases/"+s.Fraud.String())
	s.Want(t, `SELECT status, confirmed_by FROM participant WHERE id = '`+s.Participant("aigul@fraud").String()+`'`, `
		status    | confirmed_by
		confirmed | daniyar`)

	s.publishes(v)
	s.admits(v)

	v.open("", "/filings/"+s.petition)
	v.click("answer", `a[href$="/answer"]`)
	v.click("answer-empty", formButton)
	v.want("status", v.status(), "422")
	v.press(`input[name="outcome-1"][value=refused]`)
	v.fill("#why-1", portaltest.PointWhy)
	v.fill("#article-1", portaltest.PointArticle)
	v.fill("#reasons", reasons)
	v.click("answer-check", formButton)
	v.shows(reasons)
	v.sign("answered")
	v.here("200", "/filings/"+s.petition)
	s.Want(t, `SELECT status FROM filing`, "status\nrefused")
	v.open("desk-done", "/desk")
}

// publishes has the investigator make a decision out of its fields, about Aigul.
func (s *story) publishes(v *visitor) {
	v.t.Helper()
	v.open("case", "/cases/"+s.Theft.String())
	v.click("decision", `a.button[href$="/decisions/new"]`)
	v.click("decision-empty", formButton)
	v.want("status", v.status(), "422")
	v.choose("#kind", "expertise-set")
	v.press(`input[name=concerns][value="` + s.Participant("aigul@theft").String() + `"]`)
	v.fill("#established", established)
	v.fill("#resolved", resolved)
	v.click("decision-check", formButton)
	v.want("status", v.status(), "200")
	v.shows(s.Aigul.FullName())
	v.want("the paper", v.pdf(v.js(`document.querySelector(".pdf iframe").src`)), "200 application/pdf %PDF true inline")
	v.sign("decision-published")
	v.want("the signature", v.count(".verified:not(.bad)"), "1")
	s.ruling = v.js(`location.pathname.split("/").pop()`)
	s.Want(v.t, `SELECT status, kind FROM decision WHERE id = '`+s.ruling+`'`, `
		status    | kind
		published | expertise-set`)
}

// admits has the investigator add somebody whom the portal has not seen yet.
func (s *story) admits(v *visitor) {
	v.t.Helper()
	v.open("", "/cases/"+s.Theft.String())
	v.click("add", `a[href$="/participants/new"]`)
	v.fill("#iin", "12345678901") // a digit is missing
	v.fill("#name", s.Stranger.FullName())
	v.choose("#role", "victim")
	v.choose("#basis", "ruling")
	v.click("add-wrong", formButton)
	v.want("status", v.status(), "422")
	v.want("fields that are wrong", v.each("[aria-invalid=true]", "e.id"), "iin")
	v.fill("#iin", s.Stranger.IIN.Reveal())
	v.click("added", formButton)
	v.shows(s.Stranger.FullName())
	v.sign("added-signed")
	v.here("200", "/cases/"+s.Theft.String())
	v.shows(s.Stranger.FullName())
}

func (s *story) complains(t *testing.T) {
	v := s.visit(t, "5", "kk", phone)
	v.signIn("aigul")
	v.arrive("cases")
	v.want("her cases", v.count(`main ul.list a[href^="/kk/cases/"]`), "2")
	v.want("what waits", v.count(".tag.wait"), "0")
	v.open("fraud", "/cases/"+s.Fraud.String())
	v.want("status", v.status(), "200")
	v.open("case", "/cases/"+s.Theft.String())
	v.want("the new decision", v.js(`document.querySelector("ol.timeline a").href.split("/").pop()`), s.ruling)

	v.open("answer", "/filings/"+s.petition)
	v.want("signatures", v.count(".verified:not(.bad)"), "2")
	court := s.Words.In("kk").Until(deadline.CourtComplaint.Ends(portaltest.Afternoon, deadline.Kazakhstan()))
	if strings.Contains(v.text("section.next"), court) || v.has(reasons) {
		t.Error("the answer is told, or the term to go to court runs, before she has opened it")
	}
	v.want("the answer", v.pdf(v.href(`#answer a.button`)), "200 application/pdf %PDF true inline")
	v.open("answer-read", "/filings/"+s.petition)
	v.shows(reasons)
	v.want("a copy to keep", v.pdf(v.href(`a[href$="/answer/document?keep=1"]`)), "200 application/pdf %PDF true attachment")
	v.want("its signature", v.js(`fetch(`+quoted(v.href(`a[href$="/answer/signature"]`))+`).then(r => r.status)`), "200")
	if next := v.text("section.next"); !strings.Contains(next, strings.Join(strings.Fields(court), " ")) {
		t.Errorf("until when she may go to court is not told: %q, want %q in it", next, court)
	}

	v.click("complaint", `section.next a[href*="kind=complaint-prosecutor"]`)
	v.want("what it is against", v.js(`document.querySelector("#form input[name=against]").value`), s.petition)
	v.choose("#ground", "property")
	v.fill("#circumstances", arguments)
	v.fill("#point-1", request)
	v.click("complaint-check", formButton)
	v.shows(arguments)
	v.sign("complaint-filed")
	v.want("status", v.status(), "200")
	s.Want(t, `SELECT status FROM filing WHERE kind = 'complaint-prosecutor'`, "status\nfiled")

	v.open("", "/cases/"+s.Theft.String()+"/filings/new?kind=petition")
	v.fill("#circumstances", circumstances)
	v.fill("#point-1", request)
	v.click("", formButton)
	v.sign("another")
	v.press("main > details:last-of-type > summary")
	v.picture("withdraw")
	v.click("withdrawal-check", `form[action$="/withdrawal/draft"] button`)
	v.sign("withdrawn")
	v.want("status", v.status(), "200")
	v.want("ways to withdraw", v.count(`form[action$="/withdrawal/draft"]`), "0")
	s.Want(t, `SELECT kind, status FROM filing ORDER BY filed_at`, `
		kind                 | status
		petition             | refused
		complaint-prosecutor | filed
		petition             | withdrawn`)
	v.open("filings", "/filings")
	v.want("her list", v.count("main ul.list > li"), "3")
}

func (s *story) oversees(t *testing.T) {
	late := s.Petition(s.Serik, s.Theft)
	s.overdue(t, late)

	v := s.visit(t, "6", "ru", desktop)
	v.signIn("zhanar")
	v.here("200", "/oversight")
	v.arrive("oversight")
	complaint := s.one(t, `SELECT id FROM filing WHERE kind = 'complaint-prosecutor'`)
	beside := func(filing, what string) string {
		return v.js(`document.querySelector('th a[href="/ru/filings/` + filing + `"]').closest("tr").querySelector('td a[href*="/` + what + `/"]').pathname`)
	}
	v.want("the answered petition beside the complaint", beside(complaint, "filings"), "/ru/filings/"+s.petition)
	v.want("the decision beside the petition", beside(s.petition, "decisions"), "/ru/decisions/"+s.Decision("expertise-done").String())
	v.want("first what is late", v.js(`document.querySelector("table.desk tr.bad a").pathname`), "/ru/filings/"+late.String())
	v.want("all that she oversees", v.count(`table.desk:last-of-type tbody tr`), "4")

	v.click("reason", `a[href="/ru/filings/`+complaint+`"]`) // it is not hers to answer: she says why she reads it
	v.press(`input[name="reason"][value="complaint"]`)
	v.click("complaint", formButton)
	v.shows(arguments)
	v.click("petition", `dd a[href="/ru/filings/`+s.petition+`"]`)
	v.want("status", v.status(), "200")
	v.click("decision", `dd a[href*="/ru/decisions/"]`)
	v.want("status", v.status(), "200")
	v.open("late", "/filings/"+late.String())
	v.want("late in its history", v.count("ol.timeline li.bad"), "1")

	v = s.visit(t, "6", "ru", desktop) // complaints are decided by the head of the office alone
	v.signIn("gulnar")
	v.open("answer", "/filings/"+complaint+"/answer")
	v.press(`input[name="outcome-1"][value="granted-part"]`)
	v.fill("#why-1", portaltest.PointWhy)
	v.fill("#article-1", portaltest.PointArticle)
	v.fill("#reasons", reasons)
	v.press(`input[name=remedy][value=change]`)
	v.click("answer-check", formButton)
	v.sign("answered")
	s.Want(t, `SELECT status FROM filing WHERE id = '`+complaint+`'`, "status\ngranted-part")
}

// runJobs has the portal do what is due by itself until a query says it is done.
func (s *site) runJobs(t *testing.T, query, done string) {
	t.Helper()
	ctx, stop := context.WithCancel(s.heard(t.Context()))
	ended := make(chan error, 1)
	runner := job.Runner{DB: s.DB.DB, Now: s.Clock, Poll: 20 * time.Millisecond, Jobs: map[string]job.Func{
		filing.OverdueJob: func(ctx context.Context, tx *database.DB, j job.Job) error {
			return filing.MarkOverdue(ctx, tx, j.Args["filing"], s.Clock().UTC())
		},
	}}
	go func() { ended <- runner.Run(ctx) }()
	for end := time.Now().Add(10 * time.Second); s.one(t, query) != done && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := s.one(t, query); got != done {
		t.Fatalf("the job has not run: %s", got)
	}
}
