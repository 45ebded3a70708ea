package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

const added = "Ноутбуктің сериялық нөмірі кепілдік талонында көрсетілген."

// digestOn is the fingerprint of the paper that a page offers to sign.
func digestOn(t *testing.T, page answer) string {
	t.Helper()
	_, rest, found := strings.Cut(page.body, `name="digest" value="`)
	if !found {
		t.Fatalf("nothing to sign on the page:\n%s", short(page.body))
	}
	return rest[:64]
}

// puts posts an actor's signature over the paper of a page to an address.
func (f *front) puts(t *testing.T, who *portaltest.Actor, page, paper, to string) answer {
	t.Helper()
	g := f.as(who)
	digest := digestOn(t, g.get(page).want(t, page, http.StatusOK))
	content := g.get(paper).want(t, paper, http.StatusOK).body
	return g.post(to, url.Values{"digest": {digest}, "signature": {string(f.SignedBy(who, []byte(content)))}})
}

// afterViews are the pages of what comes after filing, with what is on them.
func (f *front) afterViews(t *testing.T) []view {
	t.Helper()
	told := f.Petition(f.Aigul, f.Theft)
	at := "/filings/" + told.String()
	f.as(f.Aigul).post("/kk"+at+"/messages", url.Values{"text": {"Құжатымды қашан қарайсыз?"}}).want(t, "a message", http.StatusSeeOther)
	f.as(f.Aigul).post("/kk"+at+"/supplements", url.Values{"kind": {"added"}, "text": {added}, "point-1": {"Кепілдік талонын іске қосуды сұраймын."}}).want(t, "a draft", http.StatusSeeOther)
	var paper uuid.UUID
	if err := f.SQL.Get(&paper, `SELECT id FROM supplement`); err != nil {
		t.Fatal(err)
	}
	f.puts(t, f.Aigul, "/kk"+at+"/supplement", "/kk/supplements/"+paper.String()+"/paper", "/kk"+at+"/supplement").want(t, "signed", http.StatusSeeOther)
	f.as(f.Aigul).post("/kk"+at+"/supplements", url.Values{"kind": {"corrected"}, "text": {"Тінту кезінде табылған ноутбук жұбайымдікі, оның құжаттары менде сақталған."}}).want(t, "a draft", http.StatusSeeOther)

	defence := f.Petition(f.Dana, f.Theft)
	by := "/filings/" + defence.String()
	f.as(f.Dana).post("/kk"+by+"/withdrawal/draft", nil).want(t, "the paper", http.StatusSeeOther)
	f.puts(t, f.Dana, "/kk"+by+"/withdrawal", "/kk"+by+"/withdrawal/paper", "/kk"+by+"/withdrawal/asking").want(t, "asked", http.StatusSeeOther)
	f.as(f.Serik).post("/kk"+by+"/consent/draft", url.Values{"said": {"yes"}}).want(t, "his word", http.StatusSeeOther)

	court := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingComplaintCourt, What: guide.Deed})
	if err := f.Submit(f.Aigul, court); err != nil {
		t.Fatal(err)
	}
	f.Answer(f.Aliya, court, filing.Refused)
	return []view{
		{name: "filing-judge", who: f.Aigul, path: "/filings/" + court.String()},
		{name: "messages", who: f.Aigul, path: at + "/messages"},
		{name: "messages-official", who: f.Daniyar, path: at + "/messages"},
		{name: "supplement_new", who: f.Aigul, path: at + "/supplements/new"},
		{name: "supplement_new-corrected", who: f.Aigul, path: at + "/supplements/new?kind=corrected"},
		{name: "supplement_check", who: f.Aigul, path: at + "/supplement"},
		{name: "versions", who: f.Daniyar, path: at + "/versions"},
		{name: "filing-supplemented", who: f.Aigul, path: at},
		{name: "filing-consent", who: f.Serik, path: by},
		{name: "consent_check", who: f.Serik, path: by + "/consent"},
	}
}

// afterPages are the golden files of those pages.
var afterPages = []string{"messages", "messages-official", "supplement_new", "supplement_new-corrected", "supplement_check", "versions",
	"filing-supplemented", "filing-consent", "consent_check", "filing-judge"}

func TestWhatComesAfterFilingLooksAsItsGoldenFilesSay(t *testing.T) {
	t.Parallel()
	f := open(t)
	for _, v := range f.afterViews(t) {
		f.compare(t, v)
	}
}

func TestEveryPageOfWhatComesAfterFilingOpensInBothLanguages(t *testing.T) {
	t.Parallel()
	f := open(t)
	for _, v := range f.afterViews(t) {
		for _, lang := range []string{"/kk", "/ru"} {
			f.as(v.who).get(lang+v.path).want(t, v.name, http.StatusOK)
		}
		f.as(f.Stranger).get("/kk"+v.path).want(t, "a stranger at "+v.name, http.StatusNotFound)
	}
	f.Sound()
}

func TestAClientLetsHisDefendersFilingBeTakenBackOnHisOwnPage(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Dana, f.Theft)
	at := "/kk/filings/" + id.String()
	f.as(f.Dana).post(at+"/withdrawal/draft", nil).want(t, "the paper", http.StatusSeeOther)
	f.puts(t, f.Dana, at+"/withdrawal", at+"/withdrawal/paper", at+"/withdrawal").want(t, "without his consent", http.StatusForbidden)
	f.puts(t, f.Dana, at+"/withdrawal", at+"/withdrawal/paper", at+"/withdrawal/asking").want(t, "asking", http.StatusSeeOther)

	page := f.as(f.Serik).get(at).want(t, "his page", http.StatusOK)
	if !strings.Contains(page.body, at+"/consent/draft") || !strings.Contains(page.body, "Садықова") && !strings.Contains(page.body, `id="consent"`) {
		t.Errorf("he is not asked:\n%s", short(page.body))
	}
	if strings.Contains(f.as(f.Daniyar).get(at).body, "/consent/draft") {
		t.Error("the investigator is asked as well")
	}
	f.as(f.Serik).post(at+"/consent/draft", url.Values{"said": {"maybe"}}).want(t, "neither yes nor no", http.StatusSeeOther)
	f.Want(t, `SELECT count(*) FROM assent WHERE signed_at IS NULL`, "count\n0")
	f.as(f.Serik).post(at+"/consent/draft", url.Values{"said": {"yes"}}).want(t, "yes", http.StatusSeeOther)
	f.puts(t, f.Serik, at+"/consent", at+"/consent/paper", at+"/dissent").want(t, "a yes at the address of no", http.StatusConflict)
	f.puts(t, f.Serik, at+"/consent", at+"/consent/paper", at+"/consent").want(t, "his consent", http.StatusSeeOther)
	f.Want(t, `SELECT status FROM filing`, "status\nwithdrawn")

	// She files it again with one click: the words are there, and each names the other.
	page = f.as(f.Dana).get(at).want(t, "taken back", http.StatusOK)
	if !strings.Contains(page.body, "previous="+id.String()) {
		t.Errorf("she cannot file it again:\n%s", page.body)
	}
	form := f.as(f.Dana).get("/kk/cases/"+f.Theft.String()+"/filings/new?kind=petition&previous="+id.String()).want(t, "the form", http.StatusOK)
	if !strings.Contains(form.body, portaltest.Request) || !strings.Contains(form.body, `name="previous" value="`+id.String()) {
		t.Errorf("the form is empty:\n%s", form.body)
	}
	f.as(f.Serik).get("/kk/cases/"+f.Theft.String()+"/filings/new?kind=petition&previous="+id.String()).want(t, "her client", http.StatusNotFound)
	f.Sound()
}

func TestARefusalLeadsToAComplaintThatIsReady(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	at := "/kk/filings/" + id.String()
	f.Answer(f.Daniyar, id, filing.Refused)
	g := f.as(f.Aigul)
	g.get(at+"/answer/document").want(t, "the answer", http.StatusOK)
	page := g.get(at).want(t, "her page", http.StatusOK)
	for _, kind := range []string{"complaint-head", "complaint-prosecutor", "complaint-court"} {
		if !strings.Contains(page.body, "?kind="+kind+"&amp;against="+id.String()) {
			t.Errorf("no way to %s:\n%s", kind, page.body)
		}
	}
	form := g.get("/kk/cases/"+f.Theft.String()+"/filings/new?kind=complaint-prosecutor&against="+id.String()+"&to=chief&ready=1").want(t, "the form", http.StatusOK)
	for _, part := range []string{"2026-000001", portaltest.PointWhy, "____"} {
		if !strings.Contains(form.body, part) {
			t.Errorf("the form does not say %q:\n%s", part, form.body)
		}
	}
	f.as(f.Serik).get("/kk/cases/"+f.Theft.String()+"/filings/new?kind=complaint-prosecutor&against="+id.String()+"&ready=1").want(t, "another's", http.StatusNotFound)

	// She says that her point was not answered; the prosecutor sees it on both her pages.
	g.post(at+"/dispute", url.Values{"disputed": {"1"}, "unanswered": {"Қысқа"}}).want(t, "too short", http.StatusUnprocessableEntity)
	g.post(at+"/dispute", url.Values{"unanswered": {"Сұрағаныма жауапта бір сөз де айтылмаған."}}).want(t, "no point", http.StatusUnprocessableEntity)
	g.post(at+"/dispute", url.Values{"disputed": {"1"}, "unanswered": {"Сұрағаныма жауапта бір сөз де айтылмаған."}}).want(t, "said", http.StatusSeeOther)
	f.Explain(f.Zhanar, f.Theft)
	for _, path := range []string{"/kk/oversight", at} {
		if page := f.as(f.Zhanar).get(path).want(t, path, http.StatusOK); path != at && !strings.Contains(page.body, at+"#answer") || path == at && !strings.Contains(page.body, "бір сөз де айтылмаған") {
			t.Errorf("she does not see it at %s", path)
		}
	}

	// A second time the same: told, and not kept from.
	same := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition})
	page = g.get("/kk/filings/"+same.String()).want(t, "the draft", http.StatusOK)
	if !strings.Contains(page.body, at+`"`) {
		t.Errorf("it is not told:\n%s", page.body)
	}
	if err := f.Submit(f.Aigul, same); err != nil {
		t.Errorf("and kept from: %v", err)
	}

	// Nobody answers it, and no job has run: both sides see it.
	f.At = f.At.Add(8 * 24 * time.Hour)
	late := f.as(f.Aigul).get("/kk/filings/"+same.String()).want(t, "late", http.StatusOK)
	if !strings.Contains(late.body, "?kind=complaint-head&amp;against="+same.String()) {
		t.Errorf("silence leads nowhere:\n%s", late.body)
	}
	f.as(f.Daniyar).get("/kk/desk").want(t, "his desk", http.StatusOK)
	f.Want(t, `SELECT count(*) FROM filing WHERE overdue_at IS NOT NULL`, "count\n0")
}

// CPC 106(5): for whom it was filed reads the answer when he opens it, and from then has his
// own last days and ways on, though his lawyer is dismissed.
func TestAClientOpensTheAnswerHimselfAndIsToldHisOwnLastDay(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Dana, f.Theft)
	if err := f.End(f.Daniyar, f.Participant("dana@theft")); err != nil {
		t.Fatal(err)
	}
	f.Answer(f.Daniyar, id, filing.Refused)
	at, serik := "/kk/filings/"+id.String(), f.as(f.Serik)
	for range 2 { // made, and shown again
		page := serik.get(at).want(t, "unread", http.StatusOK).body
		if strings.Contains(page, portaltest.Reasons) || strings.Contains(page, at+"/answer/signature") || !strings.Contains(page, f.Words.In("kk").T("filing.answer.unread")) {
			t.Errorf("before he opened it:\n%s", short(page))
		}
	}
	serik.get(at+"/answer/document").want(t, "the answer", http.StatusOK)
	page := serik.get(at).want(t, "read", http.StatusOK).body
	until := f.Words.In("kk").T("next.until", "day", "")
	if !strings.Contains(page, portaltest.Reasons) || !strings.Contains(page, "?kind=complaint-court&amp;against="+id.String()) || !strings.Contains(page, until) {
		t.Errorf("after it:\n%s", short(page))
	}
	if terms := serik.get("/kk/clients/terms").want(t, "his terms", http.StatusOK).body; !strings.Contains(terms, at) {
		t.Error("his agenda does not lead to it")
	}
	hers := f.as(f.Dana).get(at).want(t, "what she filed", http.StatusOK).body
	if strings.Contains(hers, portaltest.Reasons) || strings.Contains(hers, at+"/answer/") || !strings.Contains(hers, f.Words.In("kk").T("filing.answer.left")) {
		t.Errorf("to her who was dismissed before:\n%s", short(hers))
	}
	for _, what := range []string{"document", "signature"} {
		f.as(f.Dana).get(at+"/answer/"+what).want(t, "its "+what, http.StatusNotFound)
	}
	f.Sound()
}

func TestMessagesHaveTheirLimitsOnThePage(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	at := "/kk/filings/" + id.String() + "/messages"
	for what, text := range map[string]string{"nothing": "", "too little": "Иә", "too much": strings.Repeat("ұ", filing.MaxMessage+1)} {
		f.as(f.Aigul).post(at, url.Values{"text": {text}}).want(t, what, http.StatusUnprocessableEntity)
	}
	for range filing.MaxMessages {
		f.as(f.Aigul).post(at, url.Values{"text": {"Құжатымды қашан қарайсыз?"}}).want(t, "a message", http.StatusSeeOther)
	}
	f.as(f.Aigul).post(at, url.Values{"text": {"Тағы біреуі"}}).want(t, "one too many", http.StatusConflict)
	f.as(f.Zhanar).post(at, url.Values{"text": {"Прокурор жазады"}}).want(t, "the prosecutor", http.StatusForbidden)
	f.as(f.Serik).post(at, url.Values{"text": {"Бөтен адам"}}).want(t, "another", http.StatusNotFound)
	page := f.as(f.Daniyar).get(at).want(t, "his page", http.StatusOK)
	if !strings.Contains(page.body, "Құжатымды қашан") {
		t.Errorf("he does not read them:\n%s", short(page.body))
	}
	if desk := f.as(f.Daniyar).get("/kk/desk").want(t, "his desk", http.StatusOK); !strings.Contains(desk.body, at) {
		t.Error("his desk does not say that a reply is promised")
	}
}

// askedBack is a filing of Dana's for Serik that she wants back: his word is waited for.
func (f *front) askedBack(t *testing.T) uuid.UUID {
	t.Helper()
	id := f.Petition(f.Dana, f.Theft)
	at := "/kk/filings/" + id.String()
	f.as(f.Dana).post(at+"/withdrawal/draft", nil).want(t, "the paper", http.StatusSeeOther)
	f.puts(t, f.Dana, at+"/withdrawal", at+"/withdrawal/paper", at+"/withdrawal/asking").want(t, "asking", http.StatusSeeOther)
	return id
}

// A page in one language about papers in the other: a reader aloud changes its voice with
// each (WCAG 3.1.2).
func TestWithinAnAnswerEachWordHasItsLanguage(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	f.Answer(f.Daniyar, id, filing.Granted)
	page := f.as(f.Daniyar).get("/ru/filings/"+id.String()).want(t, "the page in Russian", http.StatusOK).body
	_, answer, _ := strings.Cut(page, `id="answer"`)
	answer, _, _ = strings.Cut(answer, `</section>`)
	for _, want := range []string{`<article class="paper" lang="kk">`, `<li><div lang="kk"><p>`, `<p lang="ru"><strong>` + f.Words.In("ru").T("status.granted")} {
		if !strings.Contains(answer, want) {
			t.Errorf("the answer has no %s:\n%s", want, answer)
		}
	}
	if !strings.Contains(page, `<h3 lang="ru">`+f.Words.In("ru").T("filing_check.circumstances.petition")) {
		t.Error("a heading of the portal is read aloud as Kazakh")
	}
}

// Of a case that the register says is in court the reader is told where what is new is filed
// (CPC 305(3)), though no decision that says so was shown to him.
func TestACaseThatTheRegisterSaysIsInCourtIsToldWhereNewFilingsGo(t *testing.T) {
	t.Parallel()
	f := open(t)
	form := "/kk/cases/" + f.Theft.String() + "/filings/new"
	said := f.Words.In("kk").T("guide.in-court")
	told := func() (n int) {
		for _, path := range []string{form, form + "?kind=petition"} {
			if strings.Contains(f.as(f.Aigul).get(path).want(t, path, http.StatusOK).body, said) {
				n++
			}
		}
		return n
	}
	if n := told(); n != 0 {
		t.Errorf("%d pages say it is in court", n)
	}
	if _, err := f.SQL.ExecContext(t.Context(), `INSERT INTO movement (id, casefile, state, since, made_at) VALUES (gen_random_uuid(), $1, 'in-court', '2026-10-20', $2)`, f.Theft, f.At); err != nil {
		t.Fatal(err)
	}
	if n := told(); n != 2 {
		t.Errorf("%d pages of 2 say that it is in court", n)
	}
}
