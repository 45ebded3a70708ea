package portal_test

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/policy"
	"zharia/portal/report"
)

// reporting are the answers to a report as its pages send them.
func (f *front) reporting() map[report.Question]url.Values {
	return map[report.Question]url.Values{
		report.AskWhat:      {"what": {"Кеше кешке көлігімнің терезесін сындырып, ішіндегі сөмкемді алып кетті."}},
		report.AskWhen:      {"known": {"known"}, "from": {"2026-10-21"}, "hour": {"кешкі 9 шамасында"}},
		report.AskWhere:     {"region": {"750000000"}, "place": {"Тимирязев көшесі, 42"}},
		report.AskBody:      {"body": {f.Body("police").String()}},
		report.AskCategory:  {"category": {"theft"}},
		report.AskWho:       {},
		report.AskDamage:    {"damage": {"Сөмке, 40 мың теңге"}},
		report.AskWitnesses: {},
		report.AskEarlier:   {},
		report.AskWhom:      {"behalf": {"self"}},
		report.AskApplicant: {"address": {"Алматы, Абай даңғылы, 10"}, "card": {"жеке куәлік 012345678"}},
		report.AskContact:   {"reach": {"portal"}, "language": {"kk"}},
	}
}

// under is the address of a page of a report.
func under(lang string, id uuid.UUID, page string) string {
	return "/" + lang + "/reports/" + id.String() + page
}

// begins presses the button at the end of the questions before a report.
func (g *guest) begins(lang, query string) uuid.UUID {
	g.t.Helper()
	page := g.get("/"+lang+"/report?"+query).want(g.t, "where the questions led", http.StatusOK)
	fields := url.Values{"id": {page.hidden(g.t, "id")}, "path": {page.hidden(g.t, "path")}}
	if strings.Contains(page.body, `name="unit"`) {
		fields.Set("unit", page.hidden(g.t, "unit"))
	}
	to := g.post("/"+lang+"/reports", fields).want(g.t, "the button", http.StatusSeeOther).to()
	id, err := uuid.Parse(strings.Split(to, "/")[3])
	if err != nil || !strings.HasSuffix(to, "/questions/what") {
		g.t.Fatalf("the button leads to %s", to)
	}
	return id
}

// tells answers all questions, page after page, and comes to the check.
func (g *guest) tells(lang string, id uuid.UUID) {
	g.t.Helper()
	to := under(lang, id, "/questions/what")
	for _, q := range report.Questions {
		page := g.get(to).want(g.t, string(q), http.StatusOK)
		whole(g.t.(*testing.T), string(q), page.body, lang)
		fields := g.reporting()[q]
		fields.Set("key", page.hidden(g.t, "key"))
		to = g.post(to, fields).want(g.t, string(q), http.StatusSeeOther).to()
	}
	if to != under(lang, id, "/check") {
		g.t.Fatalf("after the last question comes %s", to)
	}
}

func TestACitizenReportsAnOffenceSignsItAndSeesNumberOfficerAndClockAtOnce(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"kk", "ru"} {
		f := open(t)
		w, g := f.Words.In(lang), f.as(f.Nurlan)
		id := g.begins(lang, "danger=no&tell=1")
		g.tells(lang, id)
		check := g.get(under(lang, id, "/check")).want(t, "the check", http.StatusOK)
		whole(t, "check", check.body, lang)
		for _, said := range []string{"Сөмке, 40 мың теңге", w.T("report_check.warning.honest"), w.T("report.nothing"), under(lang, id, "/questions/damage?check=1")} {
			if !strings.Contains(check.body, said) {
				t.Errorf("the check does not say %q", said)
			}
		}
		if again := g.post(under(lang, id, "/paper"), nil).want(t, "without the tick", http.StatusUnprocessableEntity); !strings.Contains(again.body, w.T("fault.report-warned")) {
			t.Error("nobody says that the tick is missing")
		}
		to := g.post(under(lang, id, "/paper"), url.Values{"warned": {"yes"}}).want(t, "the tick", http.StatusSeeOther).to()
		page := g.get(to).want(t, "the page to sign on", http.StatusOK)
		whole(t, "sign", page.body, lang)
		to = g.sign(page, f.Nurlan.Key).want(t, "the signature", http.StatusSeeOther).to()
		page = g.get(to).want(t, "the report", http.StatusOK)
		whole(t, "report", page.body, lang)
		for _, said := range []string{w.T("report.number", "number", "750301-26-000001"), f.Actor("zhandos").FullName(), w.Moment(f.At.Add(24 * time.Hour)), w.T("report.status.registered")} {
			if !strings.Contains(page.body, said) {
				t.Errorf("the report in %s does not say %q", lang, said)
			}
		}
		if slip := g.get(under(lang, id, "/slip")).want(t, "the slip", http.StatusOK); !strings.HasPrefix(slip.body, "%PDF") {
			t.Error("the slip is no PDF")
		}
		// The receipt proves it without us, once the record is signed.
		g.get(under(lang, id, "/proof")).want(t, "before the record is signed", http.StatusServiceUnavailable)
		f.SignLog()
		if proof := g.get(under(lang, id, "/proof")).want(t, "the receipt", http.StatusOK); !strings.Contains(proof.Header.Get("Content-Disposition"), "zharia-750301-26-000001.receipt") {
			t.Errorf("the receipt comes as %q", proof.Header.Get("Content-Disposition"))
		}
		// Whoever scans the code is told the status, and nothing of what it is about or who.
		status := f.visitor().get("/"+lang+"/slip/"+report.Token(f.DB, id)).want(t, "the status", http.StatusOK)
		whole(t, "slip", status.body, lang)
		if !strings.Contains(status.body, w.T("report.status.registered")) {
			t.Error("the slip does not say the status")
		}
		for _, not := range []string{f.Nurlan.FullName(), f.Actor("zhandos").FullName(), "750301", w.T("report.category.theft"), f.Rows(t, `SELECT name_kk FROM body WHERE code = '750301'`)} {
			if strings.Contains(status.body, not) {
				t.Errorf("the slip says %q", not)
			}
		}
		f.visitor().get("/"+lang+"/slip/"+strings.Repeat("a", 26)).want(t, "a slip that nobody has", http.StatusNotFound)

		// What is signed is asked no more.
		for _, page := range []string{"/questions/what", "/check", "/signing"} {
			if to := g.get(under(lang, id, page)).want(t, page, http.StatusSeeOther).to(); to != under(lang, id, "") {
				t.Errorf("%s leads to %s", page, to)
			}
		}
	}
}

func TestTheQuestionsBeforeAReportAreThreeAtMostAndLeadWhereTheyShould(t *testing.T) {
	t.Parallel()
	f := open(t)
	police, city := f.Body("police").String(), f.Body("city-police").String()
	for _, lang := range []string{"kk", "ru"} {
		w := f.Words.In(lang)
		for query, says := range map[string][]string{
			"":                       {`href="tel:102"`, `href="tel:112"`, w.T("report_start.danger")},
			"danger=yes":             {`href="tel:102"`, w.T("report_start.now")},
			"danger=no":              {`href="tel:102"`, w.T("report_start.tell.home")},
			"danger=no&tell=5":       {`href="https://eotinish.kz/"`},
			"danger=no&tell=4":       {`href="/` + lang + `/complain"`},
			"danger=no&tell=3":       {police, w.T("report_start.unit.unknown")},
			"danger=no&tell=2":       {w.T("report.exit"), "<title>" + w.T("report.neutral") + " ", "data-exit"},
			"danger=no&tell=nothing": {w.T("report_start.ask")},
			"danger=no&tell=home":    {w.T("report_start.ask")}, // no address says what is told
			"danger=perhaps&tell=1":  {w.T("report_start.danger")},
		} {
			page := f.visitor().get("/"+lang+"/report?"+query).want(t, query, http.StatusOK)
			whole(t, query, page.body, lang)
			for _, said := range says {
				if !strings.Contains(page.body, said) {
					t.Errorf("%q in %s does not say %q", query, lang, said)
				}
			}
		}
		page := f.visitor().get("/"+lang+"/report?danger=no&tell=3&unit="+police).want(t, "an officer", http.StatusOK)
		offered := page.body[strings.Index(page.body, `<div class="notice">`):]
		own := f.Rows(t, `SELECT name_`+lang+` FROM body WHERE code = '750301'`)
		above := f.Rows(t, `SELECT name_`+lang+` FROM body WHERE code = '750300'`)
		own, above = strings.Split(own, "\n")[1], strings.Split(above, "\n")[1]
		if strings.Contains(offered, own+"</li>") || !strings.Contains(offered, "<li>"+above) {
			t.Errorf("a report about an officer of %s is offered to %s", police, offered)
		}
	}
	// His own unit is not taken either, whatever is sent.
	g := f.as(f.Nurlan)
	id := g.begins("kk", "danger=no&tell=3&unit="+police)
	g.post(under("kk", id, "/questions/body"), url.Values{"body": {police}}).want(t, "his own unit", http.StatusUnprocessableEntity)
	g.post(under("kk", id, "/questions/body"), url.Values{"body": {city}}).want(t, "the body above", http.StatusSeeOther)
}

func TestThePathForViolenceAtHomeIsShieldedOnEveryPage(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Nurlan)
	id := g.begins("kk", "danger=no&tell=2")
	pages := []string{"/check"}
	for _, q := range report.Questions {
		pages = append(pages, "/questions/"+string(q))
	}
	shielded := func(lang string, page string) {
		t.Helper()
		got := g.get(under(lang, id, page)).want(t, page, http.StatusOK)
		w := f.Words.In(lang)
		title := got.body[strings.Index(got.body, "<title>"):strings.Index(got.body, "</title>")]
		if title != "<title>"+w.T("report.neutral")+" · "+w.T("layout.name") {
			t.Errorf("%s is called %q", page, title)
		}
		if !strings.Contains(got.body, `rel="noreferrer" data-exit`) || strings.Contains(got.body, "data-report-keep") {
			t.Errorf("%s has no way out, or keeps what is typed on the device", page)
		}
	}
	for _, lang := range []string{"kk", "ru"} {
		for _, page := range pages {
			shielded(lang, page)
		}
	}
	if category := g.get(under("kk", id, "/questions/category")); !strings.Contains(category.body, `value="home" checked`) {
		t.Error("she is asked once more what she has said already")
	}
	g.tells("kk", id)
	g.post(under("kk", id, "/paper"), url.Values{"warned": {"yes"}}).want(t, "the paper", http.StatusSeeOther)
	shielded("kk", "/signing")
	g.sign(g.get(under("kk", id, "/signing")), f.Nurlan.Key).want(t, "the signature", http.StatusSeeOther)
	shielded("kk", "")
	// Of any other report nobody needs to hide, until it says that it is of the same.
	id = g.begins("kk", "danger=no&tell=1")
	if page := g.get(under("kk", id, "/questions/what")); strings.Contains(page.body, "data-exit") || !strings.Contains(page.body, "data-report-keep") {
		t.Error("a report of anything else is shielded, or keeps nothing while the line is down")
	}
	g.tells("kk", id)
	category := url.Values{"category": {"home"}, "key": {g.get(under("kk", id, "/questions/category")).hidden(t, "key")}}
	g.post(under("kk", id, "/questions/category"), category).want(t, "violence at home after all", http.StatusSeeOther)
	for _, page := range append(pages, "/files") {
		shielded("ru", page)
	}
	g.post(under("kk", id, "/paper"), url.Values{"warned": {"yes"}}).want(t, "the paper", http.StatusSeeOther)
	shielded("kk", "/signing")
	g.sign(g.get(under("kk", id, "/signing")), f.Nurlan.Key).want(t, "the signature", http.StatusSeeOther)
	shielded("kk", "")
}

func TestAnAnswerSentAgainWhenTheLineIsBackIsTakenOnce(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Nurlan)
	id := g.begins("kk", "danger=no&tell=1")
	at := under("kk", id, "/questions/what")
	page := g.get(at).want(t, "the question", http.StatusOK)
	fields := f.reporting()[report.AskWhat]
	key := page.hidden(t, "key")
	fields.Set("key", key)
	acts := func() (n int) {
		if err := f.SQL.Get(&n, `SELECT count(*) FROM record WHERE act = 'report-answer'`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 3 {
		g.post(at, fields).want(t, "the same answer", http.StatusSeeOther)
	}
	if acts() != 1 {
		t.Errorf("an answer that came three times left %d acts", acts())
	}
	if seen := g.get(at).attribute(t, "data-seen"); !strings.Contains(seen, key) {
		t.Errorf("the page does not tell the browser that it came: %q", seen)
	}
	fields.Set("what", "Мен тағы бір нәрсені есіме түсірдім, соны қосамын.")
	g.post(at, fields).want(t, "another text of the same page", http.StatusSeeOther)
	if acts() != 2 || !strings.Contains(g.get(at).body, "есіме түсірдім") {
		t.Error("what was changed on the same page is lost")
	}
	wrong := url.Values{"what": {"аз"}, "key": {key}}
	if page := g.post(at, wrong).want(t, "too short", http.StatusUnprocessableEntity); !strings.Contains(page.body, ">\nаз</textarea>") {
		t.Error("what was typed is lost over a mistake")
	}
	long := url.Values{"what": {strings.Repeat("а", report.MaxText+1)}}
	g.post(at, long).want(t, "too long", http.StatusUnprocessableEntity)
	g.get(under("kk", id, "/questions/nothing")).want(t, "a question that there is not", http.StatusNotFound)
}

// reportPages are the golden files of this test.
var reportPages = []string{
	"report_start", "report_start-danger", "report_start-tell", "report_start-unit", "report_start-officer", "report_start-home", "report_start-case", "report_start-other", "report_start-begin",
	"reports", "reports-empty", "report", "report-overdue", "report-home", "report_question", "report_question-when", "report_question-body", "report_question-contact", "report_question-wrong", "report_question-home",
	"report_check", "report_check-empty", "report_check-wrong", "report_files", "report_files-body", "report_sign", "slip",
}

func TestThePagesOfAReportLookAsTheirGoldenFilesSay(t *testing.T) {
	t.Parallel()
	f := open(t)
	shown := map[string]bool{}
	token := "" // on the slip of the report that is shown
	look := func(v view) {
		t.Helper()
		shown[v.name] = true
		for _, lang := range []string{"kk", "ru"} {
			g := f.visitor()
			if v.who != nil {
				g = f.as(v.who)
			}
			got := g.get("/" + lang + v.path)
			if v.fields != nil {
				got = g.post("/"+lang+v.path, v.fields)
			}
			status := http.StatusOK
			if v.status != 0 {
				status = v.status
			}
			got.want(t, v.name, status)
			whole(t, v.name, got.body, lang)
			body := got.body
			if token != "" {
				body = strings.ReplaceAll(body, token, "{token}")
			}
			golden(t, v.name+"."+lang+".html", f.masked(body))
		}
	}
	for name, query := range map[string]string{
		"": "", "-danger": "?danger=yes", "-tell": "?danger=no", "-unit": "?danger=no&tell=3", "-home": "?danger=no&tell=2", "-case": "?danger=no&tell=4", "-other": "?danger=no&tell=5",
		"-begin": "?danger=no&tell=1", "-officer": "?danger=no&tell=3&unit=" + f.Body("police").String(),
	} {
		look(view{name: "report_start" + name, path: "/report" + query})
	}
	look(view{name: "reports-empty", who: f.Nurlan, path: "/reports"})
	of := func(id uuid.UUID, page string) string { return "/reports/" + id.String() + page }

	empty := f.ReportBegun(f.Aigul, report.Offence, uuid.Nil)
	look(view{name: "report_files-body", who: f.Aigul, path: of(empty, "/files")})
	look(view{name: "report_question", who: f.Aigul, path: of(empty, "/questions/what")})
	look(view{name: "report_question-when", who: f.Aigul, path: of(empty, "/questions/when")})
	look(view{name: "report_question-body", who: f.Aigul, path: of(empty, "/questions/body")})
	look(view{name: "report_question-contact", who: f.Aigul, path: of(empty, "/questions/contact")})
	look(view{name: "report_question-wrong", who: f.Aigul, path: of(empty, "/questions/when"), fields: url.Values{"known": {"known"}, "from": {"2026-12-01"}}, status: http.StatusUnprocessableEntity})
	look(view{name: "report_check-empty", who: f.Aigul, path: of(empty, "/check")})
	home := f.ReportDraft(f.Aigul, report.Home, f.Story())
	look(view{name: "report_question-home", who: f.Aigul, path: of(home, "/questions/what")})
	look(view{name: "report_check", who: f.Aigul, path: of(home, "/check")})
	look(view{name: "report_check-wrong", who: f.Aigul, path: of(home, "/paper"), fields: url.Values{}, status: http.StatusUnprocessableEntity})
	draft := f.ReportDraft(f.Aigul, report.Offence, f.Story())
	look(view{name: "report_sign", who: f.Aigul, path: of(draft, "/signing")})
	with := f.ReportDraft(f.Aigul, report.Offence, f.Story())
	n := attachment.New{ID: uuid.MustParse("019b0000-0000-7000-8000-000000000001"), Beside: attachment.Beside{Report: with}, Name: "сөмке.jpg", Size: attachment.Unknown}
	if err := report.AddFile(f.Aigul.As(t.Context()), f.DB, nil, f.Aigul.Asks(policy.ReportFileAdd), n, bytes.NewReader(photo(9))); err != nil {
		t.Fatal(err)
	}
	look(view{name: "report_files", who: f.Aigul, path: of(with, "/files")})

	id := f.Report(f.Aigul, f.Story())
	token = report.Token(f.DB, id)
	look(view{name: "report", who: f.Aigul, path: of(id, "")})
	look(view{name: "reports", who: f.Aigul, path: "/reports"})
	look(view{name: "slip", path: "/slip/" + token})
	if err := f.ReportSubmit(f.Aigul, home); err != nil {
		t.Fatal(err)
	}
	token = report.Token(f.DB, home)
	look(view{name: "report-home", who: f.Aigul, path: of(home, "")})
	f.At = f.At.Add(25 * time.Hour)
	token = report.Token(f.DB, id)
	look(view{name: "report-overdue", who: f.Aigul, path: of(id, "")})
	for _, name := range reportPages {
		if !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
	for name := range shown {
		if !slices.Contains(reportPages, name) {
			t.Errorf("%s is not in the list", name)
		}
	}
}

// A browser offers a person what it knows of him (WCAG 1.3.5), but where others use it too:
// there it is asked to know nothing. The lines that a choice demands are not called optional.
func TestTheLinesToReachSomebodySayWhatTheyAreForAndKeepNothingWhereOthersRead(t *testing.T) {
	t.Parallel()
	f := open(t)
	for path, auto := range map[report.Path][2]string{report.Offence: {"tel", "email"}, report.Home: {"off", "off"}} {
		id := f.ReportDraft(f.Aigul, path, f.Story())
		page := f.as(f.Aigul).get(under("ru", id, "/questions/contact")).want(t, "the question", http.StatusOK).body
		for i, field := range []string{"phone", "email"} {
			_, line, _ := strings.Cut(page, `<label for="`+field+`">`)
			line, _, _ = strings.Cut(line, "</div>")
			kind := map[string]string{"phone": "tel", "email": "email"}[field]
			for _, want := range []string{`type="` + kind + `"`, `autocomplete="` + auto[i] + `"`, f.Words.In("ru").T("report_question." + field + ".hint")} {
				if !strings.Contains(line, want) {
					t.Errorf("%s: the line of %s has no %s: %s", path, field, want, line)
				}
			}
			if strings.Contains(line, f.Words.In("ru").T("form.optional")) {
				t.Errorf("%s: %s is called optional and demanded after", path, field)
			}
		}
	}
}
