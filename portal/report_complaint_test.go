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
	"zharia/portal/report"
)

// registered is a report of somebody's that the police registered.
func (f *front) registered(a *portaltest.Actor) report.Report {
	f.t.Helper()
	r, err := report.Read(f.t.Context(), f.DB, a.Asks(policy.ReportRead), f.Report(a, f.Story()))
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// A report was registered and nothing was decided for more than a day. Her complaint goes
// to the head of the prosecutor's office; a real keeper opens its texts for the two of
// them, by the papers that say who sits in that office, for there is no case.
func TestAComplaintAboutSilenceAfterAReportGoesThroughThePagesAndNobodyElseFindsIt(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"kk", "ru"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			f, _ := openKept(t, portaltest.Rules{})
			w := f.Words.In(lang)
			r := f.registered(f.Stranger)
			at := "/" + lang + "/reports/" + r.ID.String()
			asel := f.as(f.Stranger)
			asel.post(at+"/complaint", nil).want(t, "while the term runs", http.StatusConflict)
			f.At = r.DueAt.Add(time.Minute)
			asel, gulnar := f.as(f.Stranger), f.as(f.Gulnar)

			page := asel.get(at).want(t, "her report", http.StatusOK)
			if !strings.Contains(page.body, at+"/complaint") {
				t.Errorf("her report does not lead to the complaint:\n%s", page.body)
			}
			page = asel.get(at+"/complaint").want(t, "the ready complaint", http.StatusOK)
			whole(t, "report_complaint", page.body, lang)
			for _, phrase := range []string{r.Number, f.Gulnar.FullName(), `value="judge"`} {
				if !strings.Contains(page.body, phrase) {
					t.Errorf("the ready complaint does not say %q:\n%s", phrase, page.body)
				}
			}
			asel.post(at+"/complaint", url.Values{"circumstances": {"аз"}, "request": {""}, "to": {"chief"}}).want(t, "too little", http.StatusUnprocessableEntity)
			asel.post(at+"/complaint", url.Values{"circumstances": {portaltest.Reasons}, "request": {portaltest.Reasons}, "to": {"head"}}).want(t, "to the head of the police", http.StatusUnprocessableEntity)
			complaint := asel.post(at+"/complaint", nil).want(t, "complaining", http.StatusSeeOther).to()
			check := asel.get(complaint).want(t, "the draft", http.StatusOK)
			whole(t, "filing_check", check.body, lang)
			if strings.Contains(check.body, complaint+"/attachments") {
				t.Error("files are offered, and would be refused")
			}
			asel.get(complaint+"/draft").want(t, "changing it", http.StatusSeeOther)
			gulnar.get(complaint).want(t, "another's draft", http.StatusNotFound)
			asel.sign(check, f.Stranger.Key).want(t, "filing it", http.StatusSeeOther)
			if again := asel.get(at+"/complaint").want(t, "complaining again", http.StatusSeeOther).to(); again != complaint {
				t.Errorf("she is led to %s", again)
			}

			for _, path := range []string{"/" + lang + "/office", complaint} {
				page := gulnar.get(path).want(t, path, http.StatusOK)
				whole(t, path, page.body, lang)
				for _, phrase := range []string{w.T("complaint.report.number", "number", r.Number), f.Stranger.FullName()} {
					if !strings.Contains(page.body, phrase) {
						t.Errorf("%s does not say %q", path, phrase)
					}
				}
				if strings.Contains(page.body, "/cases/00000000") {
					t.Errorf("%s leads to a case that is not there", path)
				}
			}
			gulnar.get(complaint+"/forward").want(t, "handing on leads back", http.StatusSeeOther)
			gulnar.post(complaint+"/consideration", nil)
			to := gulnar.post(complaint+"/answer", url.Values{"outcome-1": {"granted"}, "reasons": {portaltest.Reasons}, "remedy": {"instruct"}}).want(t, "answering", http.StatusSeeOther).to()
			gulnar.sign(gulnar.get(to).want(t, "the answer", http.StatusOK), f.Gulnar.Key).want(t, "signing the answer", http.StatusSeeOther)

			for _, path := range []string{complaint, complaint + "/document", complaint + "/receipt", complaint + "/answer/document", complaint + "/versions", complaint + "/count", complaint + "/messages", "/" + lang + "/filings", "/" + lang + "/clients/terms"} {
				asel.get(path).want(t, path, http.StatusOK)
			}
			if page := asel.get(complaint).want(t, "the answered complaint", http.StatusOK); !strings.Contains(page.body, portaltest.Reasons) {
				t.Error("she does not read the answer")
			}
			for word := range f.Troupe.Members {
				if word == "system" || word == f.Stranger.Word || word == f.Gulnar.Word {
					continue
				}
				other := f.as(f.Actor(word))
				for _, path := range []string{complaint, complaint + "/document", complaint + "/answer/document", complaint + "/receipt", complaint + "/messages"} {
					if got := other.get(path); got.StatusCode != http.StatusNotFound {
						t.Errorf("%s finds %s: %d", word, path, got.StatusCode)
					}
				}
				want := http.StatusNotFound
				if word == "zhandos" || word == "marat" { // of the body that received the report: they find it, and complain of nothing
					want = http.StatusForbidden
				}
				other.get(at+"/complaint").want(t, word+" and the ready complaint", want)
			}
			if page := gulnar.get("/"+lang+"/office").want(t, "her desk afterwards", http.StatusOK); !strings.Contains(page.body, complaint) {
				t.Error("what she answered is on her desk no more")
			}
			f.Want(t, `SELECT status, overdue_at, answer.read_at IS NOT NULL AS read FROM filing JOIN answer ON filing = id WHERE report IS NOT NULL`, `
				status  | overdue_at | read
				granted |            | true`)
			f.Sound()
		})
	}
}

// A granted complaint stands on the page of the report, on that of those who must carry it out
// and on the slip; and who is not heeded complains of that, and not of the refusal once more.
func TestWhatAComplaintAboutAReportBroughtIsSaidWhereTheReportIs(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Report(f.Stranger, f.Story())
	f.decided(id, report.Refused)
	pages := map[string]func(lang string) string{
		"her report": func(lang string) string {
			return f.as(f.Stranger).get("/"+lang+"/reports/"+id.String()).want(t, "her report", http.StatusOK).body
		},
		"the book": func(lang string) string {
			return f.as(f.Actor("zhandos")).get("/"+lang+"/book/"+id.String()).want(t, "the book", http.StatusOK).body
		},
		"the slip": func(lang string) string {
			return f.visitor().get("/"+lang+"/slip/"+report.Token(f.DB, id)).want(t, "the slip", http.StatusOK).body
		},
	}
	is := func(when, part, full string) {
		t.Helper()
		for _, lang := range []string{"kk", "ru"} {
			w := f.Words.In(lang)
			for name, page := range pages {
				body, key := page(lang), "report.upheld"
				whole(t, name, body, lang)
				if name == "the slip" {
					key = "slip.upheld"
				}
				for key, want := range map[string]string{key: full, key + ".part": part} {
					if has := strings.Contains(body, ">"+w.T(key)+"<"); has != (want != "") {
						t.Errorf("%s, %s (%s) says %q: %t", when, name, lang, w.T(key), has)
					}
				}
			}
		}
	}
	complain := func(to guide.Seat) {
		t.Helper()
		n := filing.NewFiling{Language: "kk", To: to}
		complaint, err := filing.ComplainOfReport(t.Context(), f.DB, f.Press, f.Stranger.Asks(policy.ReportComplain), id, n)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Submit(f.Stranger, complaint); err != nil {
			t.Fatal(err)
		}
		decider, outcome := f.Gulnar, filing.GrantedPart
		if to == guide.Judge {
			decider, outcome = f.Aliya, filing.Granted
		}
		f.Answer(decider, complaint, outcome)
	}
	is("before", "", "")
	f.At = f.At.Add(time.Hour)
	complain(guide.Chief)
	is("granted in part", "yes", "")
	f.At = f.At.Add(time.Hour)
	complain(guide.Judge)
	is("granted", "", "yes")
	for _, lang := range []string{"kk", "ru"} {
		again := f.as(f.Stranger).get("/"+lang+"/reports/"+id.String()+"/complaint").want(t, "the complaint again", http.StatusOK).body
		if w := f.Words.In(lang); !strings.Contains(again, w.T("complaint.report.unheeded.request")) || strings.Contains(again, w.T("complaint.report.refusal.request")) {
			t.Errorf("she is to ask once more for what was granted:\n%s", again)
		}
	}
	f.Sound()
}

// A complaint about silence that was refused leads on while nothing is decided of the report;
// then the page of the report says what may be complained of, if anything.
func TestARefusedComplaintAboutAReportLeadsOnWhileThereIsSomethingLeft(t *testing.T) {
	t.Parallel()
	f := open(t)
	first, second := f.Report(f.Stranger, f.Story()), f.Report(f.Stranger, f.Story())
	f.At = f.At.Add(25 * time.Hour)
	refused := map[uuid.UUID]string{}
	for _, id := range []uuid.UUID{first, second} {
		complaint, err := filing.ComplainOfReport(t.Context(), f.DB, f.Press, f.Stranger.Asks(policy.ReportComplain), id, filing.NewFiling{Language: "kk"})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Submit(f.Stranger, complaint); err != nil {
			t.Fatal(err)
		}
		f.Answer(f.Gulnar, complaint, filing.Refused)
		refused[id] = "/kk/filings/" + complaint.String()
	}
	leads := func(id uuid.UUID) bool {
		t.Helper()
		page := f.as(f.Stranger).get(refused[id]).want(t, "the refused complaint", http.StatusOK)
		return strings.Contains(page.body, `href="/kk/reports/`+id.String()+`/complaint"`)
	}
	if !leads(first) || !leads(second) {
		t.Error("it does not lead on")
	}
	f.At = f.At.Add(time.Hour)
	f.decided(first, report.Refused)
	f.decided(second, report.Transferred)
	if leads(first) || leads(second) {
		t.Error("it leads on from a silence that is over")
	}
}

// reportComplaintPages are the golden pages of a complaint about a report.
var reportComplaintPages = []string{"report_complaint", "filing_check-report", "filing-report", "filing-report-official", "office-report", "report_complaint-further",
	"filing-report-refused", "filing-report-judge", "report_complaint-appeal"}

func TestThePagesOfAComplaintAboutAReportLookAsTheirGoldenFilesSay(t *testing.T) {
	t.Parallel()
	f := open(t)
	shown := map[string]bool{}
	look := func(name string, who *portaltest.Actor, path string) {
		t.Helper()
		shown[name] = true
		f.compare(t, view{name: name, who: who, path: path})
	}
	r := f.registered(f.Stranger)
	f.At = r.DueAt.Add(time.Minute)
	at := "/reports/" + r.ID.String() + "/complaint"
	look("report_complaint", f.Stranger, at)
	id, err := filing.ComplainOfReport(t.Context(), f.DB, f.Press, f.Stranger.Asks(policy.ReportComplain), r.ID, filing.NewFiling{Language: "kk"})
	if err != nil {
		t.Fatal(err)
	}
	look("filing_check-report", f.Stranger, "/filings/"+id.String())
	if err := f.Submit(f.Stranger, id); err != nil {
		t.Fatal(err)
	}
	look("filing-report", f.Stranger, "/filings/"+id.String())
	look("filing-report-official", f.Gulnar, "/filings/"+id.String())
	look("office-report", f.Gulnar, "/office")
	f.Answer(f.Gulnar, id, filing.Refused)
	look("report_complaint-further", f.Stranger, at)
	look("filing-report-refused", f.Stranger, "/filings/"+id.String())
	id, err = filing.ComplainOfReport(t.Context(), f.DB, f.Press, f.Stranger.Asks(policy.ReportComplain), r.ID, filing.NewFiling{Language: "kk", To: guide.Judge})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Submit(f.Stranger, id); err != nil {
		t.Fatal(err)
	}
	f.Answer(f.Aliya, id, filing.Refused)
	if _, _, err := filing.AnswerDocument(t.Context(), f.DB, f.Stranger.Asks(policy.AnswerDocument), id); err != nil {
		t.Fatal(err)
	}
	look("filing-report-judge", f.Stranger, "/filings/"+id.String())
	look("report_complaint-appeal", f.Stranger, at)
	for _, name := range reportComplaintPages {
		if !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
}
