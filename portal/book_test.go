package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
)

// decisionDraft has the registrar of the police prepare a decision.
func (f *front) decisionDraft(of uuid.UUID, kind report.Status) {
	f.t.Helper()
	zhandos := f.Actor("zhandos")
	n := report.NewDecision{Kind: kind, Ground: kind.Grounds()[0], Language: "kk", Terms: report.Terms{Reasons: portaltest.Reasons, Next: "Шешімді порталдан оқисыз."}}
	if kind == report.Transferred {
		n.To = f.Body("police-auezov")
	}
	if kind == report.Elsewhere {
		n.Place = "Алматы қаласының Мемлекеттік кірістер департаменті"
	}
	if err := report.DraftDecision(f.t.Context(), f.DB, f.Press, zhandos.Asks(policy.BookDraft), of, n); err != nil {
		f.t.Fatal(err)
	}
}

// decided is decisionDraft with his signature.
func (f *front) decided(of uuid.UUID, kind report.Status) {
	f.t.Helper()
	f.decisionDraft(of, kind)
	zhandos := f.Actor("zhandos")
	_, _, doc, err := report.DraftOfDecision(f.t.Context(), f.DB, zhandos.Asks(policy.BookCheck), of)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := report.Decide(f.t.Context(), f.DB, f.Verifier, zhandos.Asks(policy.BookDecide), of, f.SignedBy(zhandos, doc.Content), doc.Digest); err != nil {
		f.t.Fatal(err)
	}
}

// entered is what the registrar of the police took down and has not signed.
func (f *front) entered() uuid.UUID {
	f.t.Helper()
	zhandos, id, a := f.Actor("zhandos"), uuid.Must(uuid.NewV7()), f.Story()
	a.Applicant = "Ахметова Сәуле Болатқызы"
	if err := report.TakeDown(f.t.Context(), f.DB, f.Press, zhandos.Asks(policy.EntryDraft), id, report.Oral, "kk", a, true); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// taking is what the form of a report that is taken down sends.
func taking(id uuid.UUID, iin string) url.Values {
	return url.Values{
		"id": {id.String()}, "way": {"oral"}, "name": {"Ахметова Сәуле Болатқызы"}, "iin": {iin}, "card": {"жеке куәлік 012345678"}, "address": {"Алматы, Абай даңғылы, 10"},
		"what": {"Кеше кешке көлігімнің терезесін сындырып, ішіндегі сөмкемді алып кетті."}, "known": {"known"}, "from": {"2026-10-21"}, "region": {"750000000"},
		"place": {"Тимирязев көшесі, 42"}, "category": {"theft"}, "reach": {"phone"}, "phone": {"+7 701 000 00 00"}, "language": {"kk"}, "warned": {"yes"},
	}
}

func TestAReportIsOpenedAndDecidedByThePagesAndItsAuthorReadsWhy(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Report(f.Nurlan, f.Story())
	zhandos := f.as(f.Actor("zhandos"))
	for _, lang := range []string{"kk", "ru"} {
		page := zhandos.get("/"+lang+"/book").want(t, "the book", http.StatusOK)
		whole(t, "the book", page.body, lang)
		if strings.Contains(page.body, f.Nurlan.FullName()) {
			t.Error("the book names who reported before it is opened")
		}
	}
	book := "/kk/book/" + id.String()
	if page := zhandos.get(book).want(t, "a report", http.StatusOK); !strings.Contains(page.body, f.Nurlan.FullName()) || !strings.Contains(page.body, "188") {
		t.Error("opened, it does not say whose it is and with which articles to begin")
	}
	f.as(f.Actor("zhandos")).post(book+"/decision", url.Values{"kind": {"refused"}, "ground": {"civil-deal"}, "reasons": {"Негізсіз."}, "next": {"Шағым жасаңыз, дайын шағым бар."}}).want(t, "few words", http.StatusUnprocessableEntity)
	zhandos.post(book+"/decision", url.Values{"kind": {"refused"}, "ground": {"civil-deal"}, "reasons": {portaltest.Reasons}, "next": {"Шағым жасаңыз, дайын шағым бар."}}).want(t, "a refusal", http.StatusSeeOther)
	f.signsHere(f.Actor("zhandos"), book+"/decision/check", book+"/decision/paper")
	page := f.as(f.Nurlan).get("/kk/reports/"+id.String()).want(t, "his report", http.StatusOK)
	w := f.Words.In("kk")
	for _, want := range []string{portaltest.Reasons, w.T("book.ground.civil-deal"), w.T("report.complain.go"), f.Actor("zhandos").FullName(), w.T("report.looks")} {
		if !strings.Contains(page.body, want) {
			t.Errorf("its author is not told %q", want)
		}
	}
	f.as(f.Nurlan).get("/kk/reports/"+id.String()+"/decision").want(t, "the paper of the decision", http.StatusOK)
	zhandos.get(book+"/decision/signed").want(t, "the paper at the desk", http.StatusOK)
	// What is decided is decided: the form leads to it, and so does a late draft.
	if to := zhandos.get(book+"/decision").want(t, "the form again", http.StatusSeeOther).to(); to != book {
		t.Errorf("it leads to %s", to)
	}
	zhandos.post(book+"/decision", url.Values{"kind": {"court"}, "place": {"сот"}, "reasons": {portaltest.Reasons}, "next": {"Сот сізді шақырады."}}).want(t, "another decision", http.StatusSeeOther)
	f.Want(t, `SELECT kind, ground FROM report_decision`, `
		kind    | ground
		refused | civil-deal`)
	for _, other := range []*portaltest.Actor{f.Aigul, f.Daniyar, f.Actor("meruert")} {
		f.as(other).get(book).want(t, "the book for "+other.Word, http.StatusNotFound)
		f.as(other).get("/kk/reports/"+id.String()+"/decision").want(t, "the decision for "+other.Word, http.StatusNotFound)
	}
}

// What the registrar chooses from the list of similar reports is in the form, whatever he had
// drafted; one that was turned down is shown, and is not offered.
func TestAReportIsJoinedToTheOneThatWasChosenLast(t *testing.T) {
	t.Parallel()
	f := open(t)
	first, second, third := f.Report(f.Nurlan, f.Story()), f.Report(f.Aigul, f.Story()), f.Report(f.Serik, f.Story())
	zhandos, form := f.as(f.Actor("zhandos")), "/kk/book/"+third.String()+"/decision"
	zhandos.post(form, url.Values{"kind": {"joined"}, "earlier": {"750301-26-000001"}, "reasons": {portaltest.Reasons}, "next": {"Екі арыз бірге қаралады."}}).want(t, "drafted", http.StatusSeeOther)
	if page := zhandos.get(form+"?kind=joined").want(t, "the form again", http.StatusOK); !strings.Contains(page.body, `value="750301-26-000001"`) {
		t.Error("the form lost what was drafted")
	}
	page := zhandos.get(form+"?kind=joined&earlier=750301-26-000002").want(t, "another is chosen", http.StatusOK)
	if !strings.Contains(page.body, `value="750301-26-000002"`) || strings.Contains(page.body, `value="750301-26-000001"`) {
		t.Error("the form has what was drafted, not what was chosen")
	}
	f.decided(second, report.Refused)
	page = zhandos.get("/kk/book/"+third.String()+"/similar").want(t, "similar reports", http.StatusOK)
	if !strings.Contains(page.body, "750301-26-000002") || strings.Contains(page.body, "earlier=750301-26-000002") {
		t.Error("what was turned down is not shown, or is offered")
	}
	if !strings.Contains(page.body, "earlier=750301-26-000001") {
		t.Errorf("the first, %s, is not offered", first)
	}
}

func TestWhatIsSaidAtTheDeskGetsTheSameSlipAndIsFoundByItsAuthor(t *testing.T) {
	t.Parallel()
	f := open(t)
	zhandos := f.as(f.Actor("zhandos"))
	id := uuid.Must(uuid.NewV7())
	for field, value := range map[string]string{"way": "signed", "name": "", "what": "аз", "from": "2027-01-01", "region": "760000000", "category": "188", "reach": "pigeon", "language": "en", "warned": "", "iin": "12"} {
		wrong := taking(id, f.Stranger.IIN.Reveal())
		wrong.Set(field, value)
		zhandos.post("/kk/entries", wrong).want(t, "a wrong "+field, http.StatusUnprocessableEntity)
	}
	f.Want(t, `SELECT count(*) FROM report`, "count\n0")
	zhandos.post("/kk/entries", taking(id, f.Stranger.IIN.Reveal())).want(t, "taken down", http.StatusSeeOther)
	entry := "/kk/entries/" + id.String()
	if page := zhandos.get(entry+"/form").want(t, "the form again", http.StatusOK); !strings.Contains(page.body, "терезесін") {
		t.Error("the form lost what was taken down")
	}
	if page := zhandos.get("/kk/book").want(t, "the book", http.StatusOK); !strings.Contains(page.body, entry) {
		t.Error("the book does not say that something waits for his signature")
	}
	f.signsHere(f.Actor("zhandos"), entry, entry+"/paper")
	zhandos.get("/kk/book/"+id.String()+"/slip").want(t, "the slip", http.StatusOK)
	if to := zhandos.get(entry).want(t, "signed already", http.StatusSeeOther).to(); to != "/kk/book/"+id.String() {
		t.Errorf("it leads to %s", to)
	}
	hers := f.as(f.Stranger)
	if page := hers.get("/kk/reports").want(t, "her list", http.StatusOK); !strings.Contains(page.body, id.String()) {
		t.Error("who reported at the desk does not find it when she signs in")
	}
	page := hers.get("/kk/reports/"+id.String()).want(t, "her report", http.StatusOK)
	if !strings.Contains(page.body, f.Actor("zhandos").FullName()) {
		t.Error("it does not say who took it down")
	}
	hers.get("/kk/reports/"+id.String()+"/slip").want(t, "her slip", http.StatusOK)
	hers.get("/kk/reports/"+id.String()+"/paper").want(t, "her paper", http.StatusOK)
}

func TestALookAtAReportAndAtItsPaperLeavesALineAndHEADLeavesNone(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Report(f.Nurlan, f.Story())
	looks := func() int { return f.count(`SELECT count(*) FROM record WHERE act = 'book-open'`) }
	for i, page := range []string{"", "/paper", "/similar"} {
		f.At = f.At.Add(15 * time.Minute)
		f.as(f.Actor("zhandos")).do(httptest.NewRequest(http.MethodHead, "/kk/book/"+id.String()+page, nil))
		if n := looks(); n != i {
			t.Errorf("HEAD of %q left a line", page)
		}
		f.as(f.Actor("zhandos")).get("/kk/book/"+id.String()+page).want(t, page, http.StatusOK)
		if n := looks(); n != i+1 {
			t.Errorf("after %q there are %d lines", page, n)
		}
	}
}

// bookPages are the golden files of this test.
var bookPages = []string{
	"book", "book-empty", "book-decided", "book_report", "book_report-decided", "book_similar", "book_decision", "book_decision-erdr", "book_decision-transferred", "book_decision-wrong",
	"book_check", "entry_new", "entry_new-wrong", "entry_check", "books", "report-decided",
}

func TestThePagesOfTheRegistrarLookAsTheirGoldenFilesSay(t *testing.T) {
	t.Parallel()
	f := open(t)
	zhandos := f.Actor("zhandos")
	shown := map[string]bool{}
	token := ""
	look := func(v view) {
		t.Helper()
		shown[v.name] = true
		for _, lang := range []string{"kk", "ru"} {
			got := f.as(v.who).get("/" + lang + v.path)
			if v.fields != nil {
				got = f.as(v.who).post("/"+lang+v.path, v.fields)
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
	look(view{name: "book-empty", who: zhandos, path: "/book"})
	f.Report(f.Nurlan, f.Story())
	second := f.Report(f.Aigul, f.Story())
	of := func(page string) string { return "/book/" + second.String() + page }
	look(view{name: "book_report", who: zhandos, path: of("")})
	look(view{name: "book_similar", who: zhandos, path: of("/similar")})
	look(view{name: "book_decision", who: zhandos, path: of("/decision")})
	look(view{name: "book_decision-erdr", who: zhandos, path: of("/decision?kind=erdr")})
	look(view{name: "book_decision-transferred", who: zhandos, path: of("/decision?kind=transferred")})
	look(view{name: "book_decision-wrong", who: zhandos, path: of("/decision"), fields: url.Values{"kind": {"erdr"}, "erdr": {"1"}, "day": {"2026-10-22"}, "reasons": {"жоқ"}, "next": {""}}, status: http.StatusUnprocessableEntity})
	f.decisionDraft(second, report.Transferred)
	look(view{name: "book_check", who: zhandos, path: of("/decision/check")})
	look(view{name: "entry_new-wrong", who: zhandos, path: "/entries", fields: url.Values{"id": {uuid.NewString()}}, status: http.StatusUnprocessableEntity})
	look(view{name: "entry_new", who: zhandos, path: "/entries/new"})
	entry := f.entered()
	look(view{name: "entry_check", who: zhandos, path: "/entries/" + entry.String()})
	look(view{name: "book", who: zhandos, path: "/book"})
	f.decided(second, report.Elsewhere)
	look(view{name: "book_report-decided", who: f.Marat, path: of("")})
	token = report.Token(f.DB, second)
	look(view{name: "report-decided", who: f.Aigul, path: "/reports/" + second.String()})
	token = ""
	f.At = f.At.Add(25 * time.Hour)
	look(view{name: "book-decided", who: zhandos, path: "/book?show=decided"})
	look(view{name: "books", who: f.Gulnar, path: "/books"})
	for _, name := range bookPages {
		if !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
	for name := range shown {
		if !slices.Contains(bookPages, name) {
			t.Errorf("%s is not in the list", name)
		}
	}
}
