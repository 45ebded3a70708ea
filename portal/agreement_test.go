package portal_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// words finds a sentence of the portal's on a page.
func (f *front) on(page answer, lang, key string, pairs ...any) bool {
	return strings.Contains(html.UnescapeString(page.body), f.Words.In(lang).T(key, pairs...))
}

// decisionFields are what the investigator fills in.
func decisionFields(id uuid.UUID, kind string, more url.Values) url.Values {
	fields := url.Values{"id": {id.String()}, "kind": {kind}, "decided_on": {"2026-10-22"}, "established": {portaltest.Circumstances}, "resolved": {portaltest.Request}}
	for name, values := range more {
		fields[name] = values
	}
	return fields
}

func (f *front) decides(fields url.Values) answer {
	f.t.Helper()
	return f.as(f.Daniyar).post("/kk/cases/"+f.Theft.String()+"/decisions", fields)
}

// A ruling on a person that names nobody is shown to nobody whom it is about, and cannot be
// mended once it is signed: whoever signs it is told before.
func TestWhoSignsARulingThatNamesNobodyIsTold(t *testing.T) {
	t.Parallel()
	f := open(t)
	daniyar := f.as(f.Daniyar)
	for kind, want := range map[string][]string{
		"qualified": {"decision_check.warn.nobody"}, "detained": {"decision_check.warn.nobody"},
		"group": {"decision_check.whole"}, "pti-reopened": {"decision_check.whole", "decision_check.warn.reopens"},
	} {
		for _, named := range []bool{false, true} {
			id, more := uuid.Must(uuid.NewV7()), url.Values{}
			if named {
				more.Set("concerns", f.Participant("serik@theft").String())
			}
			f.decides(decisionFields(id, kind, more)).want(t, "the draft", http.StatusSeeOther)
			check := daniyar.get("/kk/decisions/"+id.String()+"/check").want(t, "the check", http.StatusOK)
			for _, key := range []string{"decision_check.whole", "decision_check.warn.nobody", "decision_check.warn.reopens"} {
				wanted := slices.Contains(want, key) && (!named || key == "decision_check.warn.reopens")
				if f.on(check, "kk", key) != wanted {
					t.Errorf("%s, named %v: %s is said, or is not", kind, named, key)
				}
			}
		}
	}
}

// A suspect of an urgent questioning, from the investigator's signature to the
// prosecutor's, as each of them sees it.
func TestTheProsecutorAgreesOnThePagesAndTheSuspectLearnsInTime(t *testing.T) {
	t.Parallel()
	for _, agrees := range []bool{true, false} {
		t.Run(fmt.Sprintf("agrees %v", agrees), func(t *testing.T) {
			f := open(t)
			timur := uuid.Must(uuid.NewV7())
			if err := f.Add(f.Daniyar, f.Theft, timur, f.Timur, casefile.Grant{Role: policy.Suspect, Basis: "urgent-questioning", Since: time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)}); err != nil {
				t.Fatal(err)
			}
			id := uuid.Must(uuid.NewV7())
			daniyar, zhanar, suspect := f.as(f.Daniyar), f.as(f.Zhanar), f.as(f.Timur)
			fields := decisionFields(id, "suspect-recognised", url.Values{"concerns": {timur.String()}})
			fields.Set("ready_on", "2026-10-22")
			if page := f.decides(fields).want(t, "with a day of agreement", http.StatusUnprocessableEntity); !f.on(page, "kk", "fault.decision-ready-prosecutor") {
				t.Error("it is not said that the prosecutor's signature makes the day")
			}
			fields.Del("ready_on")
			f.decides(fields).want(t, "the draft", http.StatusSeeOther)
			check := daniyar.get("/kk/decisions/"+id.String()+"/check").want(t, "the check", http.StatusOK)
			if !f.on(check, "kk", "act.decision-submit") || !f.on(check, "kk", "decision_check.warn.submit") {
				t.Error("he is not told that it goes to the prosecutor")
			}
			daniyar.sign(check, f.Daniyar.Key).want(t, "his signature", http.StatusSeeOther)

			theft := "/kk/cases/" + f.Theft.String()
			waits := suspect.get(theft).want(t, "the suspect's case", http.StatusOK)
			if !f.on(waits, "kk", "case.awaits") || strings.Contains(waits.body, id.String()) {
				t.Error("the suspect is not told that the agreement is awaited, or is told more")
			}
			suspect.get("/kk/decisions/"+id.String()).want(t, "the ruling, for the suspect", http.StatusNotFound)
			suspect.get("/kk/decisions/"+id.String()+"/agreement").want(t, "its agreement, for the suspect", http.StatusNotFound)
			if page := daniyar.get(theft); !f.on(page, "kk", "status.submitted") {
				t.Error("the investigator's list does not say that it waits")
			}

			list := zhanar.get("/ru/oversight").want(t, "her list", http.StatusOK)
			if !f.on(list, "ru", "oversight.submitted") || !strings.Contains(list.body, "/ru/decisions/"+id.String()+"/agreement") {
				t.Error("she does not find what waits for her")
			}
			if office := f.as(f.Gulnar).get("/kk/office").want(t, "her chief's desk", http.StatusOK); !strings.Contains(office.body, "/kk/decisions/"+id.String()+"/agreement") {
				t.Error("the head of her office does not find it")
			}
			agreement := "/kk/decisions/" + id.String() + "/agreement"
			zhanar.get(agreement).want(t, "the page of the agreement", http.StatusOK)
			zhanar.get(agreement+"/check").want(t, "the check before there is a draft", http.StatusSeeOther)
			for what, bad := range map[string]url.Values{
				"nothing said":         {},
				"a word nobody knows":  {"said": {"maybe"}},
				"no without reasons":   {"said": {"decision-decline"}},
				"no with a short one":  {"said": {"decision-decline"}, "reasons": {"Жоқ"}},
				"no with endless ones": {"said": {"decision-decline"}, "reasons": {strings.Repeat("ә", 4001)}},
			} {
				zhanar.post(agreement, bad).want(t, what, http.StatusUnprocessableEntity)
			}
			said, after := url.Values{"said": {"decision-agree"}}, http.StatusOK
			if !agrees {
				said, after = url.Values{"said": {"decision-decline"}, "reasons": {portaltest.Reasons}}, http.StatusNotFound
			}
			zhanar.post(agreement, said).want(t, "her draft", http.StatusSeeOther)
			if page := zhanar.get(agreement+"/check").want(t, "her check", http.StatusOK); !agrees && !strings.Contains(html.UnescapeString(page.body), portaltest.Reasons) {
				t.Error("she does not see her reasons before she signs")
			}
			page := zhanar.get(agreement + "/check")
			zhanar.sign(page, f.Daniyar.Key).want(t, "another's signature", http.StatusUnprocessableEntity)
			zhanar.sign(page, f.Zhanar.Key).want(t, "her signature", http.StatusSeeOther)
			zhanar.get(agreement).want(t, "what is said already", http.StatusSeeOther)

			suspect.get(theft).want(t, "the suspect's case after", after)
			suspect.get("/kk/decisions/"+id.String()).want(t, "the ruling after", after)
			done := daniyar.get("/kk/decisions/"+id.String()).want(t, "the ruling, for the investigator", http.StatusOK)
			if shown := strings.Contains(html.UnescapeString(done.body), portaltest.Reasons); shown == agrees {
				t.Errorf("the reasons are shown to the investigator: %v", shown)
			}
			if agrees && !f.on(done, "kk", "decision.agreed", "name", f.Zhanar.FullName(), "moment", f.Words.In("kk").Moment(f.At)) {
				t.Error("it is not said who agreed and when")
			}
			f.Sound()
		})
	}
}

func TestASuspectBecomesAnAccusedOnThePagesAndReadsHowItCame(t *testing.T) {
	t.Parallel()
	f := open(t)
	serik := f.Participant("serik@theft")
	daniyar := f.as(f.Daniyar)
	if page := daniyar.get("/kk/participants/"+serik.String()).want(t, "the status", http.StatusOK); !strings.Contains(page.body, "/kk/participants/"+serik.String()+"/change") {
		t.Error("the change is not offered")
	}
	change := "/kk/participants/" + serik.String() + "/change"
	form := daniyar.get(change).want(t, "the form", http.StatusOK)
	fields := url.Values{"id": {form.hidden(t, "id")}, "role": {"accused"}, "basis": {"indictment"}, "since": {"2026-10-22"}}
	for field, bad := range map[string]string{"role": "victim", "basis": "trial-appointed", "since": "2027-01-01", "id": "x"} {
		wrong := url.Values{}
		for name, values := range fields {
			wrong[name] = values
		}
		wrong.Set(field, bad)
		daniyar.post(change, wrong).want(t, field+" "+bad, http.StatusUnprocessableEntity)
	}
	to := daniyar.post(change, fields).want(t, "the draft", http.StatusSeeOther).to()
	daniyar.sign(daniyar.get(to).want(t, "the check", http.StatusOK), f.Daniyar.Key).want(t, "the signature", http.StatusSeeOther)
	page := f.as(f.Serik).get("/ru/cases/"+f.Theft.String()).want(t, "his case", http.StatusOK)
	w := f.Words.In("ru")
	if !f.on(page, "ru", "history.changed", "before", w.T("role.suspect"), "after", w.T("role.accused")) {
		t.Error("he does not read what changed")
	}
	f.as(f.Dana).get("/kk/cases/"+f.Theft.String()).want(t, "his defender's case", http.StatusOK)
	daniyar.get(change).want(t, "a status that has ended", http.StatusSeeOther)
	for _, who := range []*portaltest.Actor{f.Zhanar, f.Serik, f.Stranger} {
		f.as(who).get("/kk/participants/"+f.Participant("aigul@theft").String()+"/change").want(t, who.Word, http.StatusNotFound)
	}
	f.Sound()
}

// What one investigator prepared another reads, who has the case now; he signs it after he
// has prepared it himself, and until then the page says so and offers no signing.
func TestWhatAnotherPreparedIsPreparedAnewBeforeItIsSigned(t *testing.T) {
	t.Parallel()
	f := open(t)
	ruling, aigul := uuid.Must(uuid.NewV7()), f.Participant("aigul@fraud")
	fields := decisionFields(ruling, "group", nil)
	f.decides(fields).want(t, "the draft", http.StatusSeeOther)
	grant := url.Values{"role": {"victim"}, "basis": {"ruling"}, "since": {"2026-10-20"}}
	f.as(f.Daniyar).post("/kk/participants/"+aigul.String()+"/draft", grant).want(t, "the confirmation", http.StatusSeeOther)
	if _, err := f.Substitute(f.Marat, f.Daniyar, f.Ermek, f.At.Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	ermek := f.as(f.Ermek)
	for check, anew := range map[string]func() answer{
		"/kk/decisions/" + ruling.String() + "/check":   func() answer { return ermek.post("/kk/cases/"+f.Theft.String()+"/decisions", fields) },
		"/kk/participants/" + aigul.String() + "/check": func() answer { return ermek.post("/kk/participants/"+aigul.String()+"/draft", grant) },
	} {
		page := ermek.get(check).want(t, check, http.StatusOK)
		if !f.on(page, "kk", "sign.foreign") || strings.Contains(page.body, "data-sign ") {
			t.Errorf("%s: he is offered to sign what another prepared", check)
		}
		anew().want(t, "prepared anew", http.StatusSeeOther)
		page = ermek.get(check).want(t, check, http.StatusOK)
		if f.on(page, "kk", "sign.foreign") {
			t.Errorf("%s: his own paper is another's", check)
		}
		ermek.sign(page, f.Ermek.Key).want(t, "signed", http.StatusSeeOther)
	}
	f.Sound()
}

// Cases are joined and severed by the pages, behind both fences.
func TestCasesAreJoinedAndSeveredOnThePages(t *testing.T) {
	t.Parallel()
	f := open(t)
	daniyar := f.as(f.Daniyar)
	if page := daniyar.get("/kk/cases/"+f.Theft.String()+"/decisions/new").want(t, "the form", http.StatusOK); !strings.Contains(page.body, `value="`+f.Fraud.String()+`"`) {
		t.Error("the other case of his is not offered")
	}
	serik, id := f.Participant("serik@theft"), uuid.Must(uuid.NewV7())
	f.decides(decisionFields(id, "severed", url.Values{"severs": {"12"}, "concerns": {serik.String()}})).want(t, "a short number", http.StatusUnprocessableEntity)
	f.decides(decisionFields(id, "severed", url.Values{"severs": {"267511031000777"}})).want(t, "nobody goes", http.StatusUnprocessableEntity)
	f.decides(decisionFields(id, "group", url.Values{"severs": {"267511031000777"}})).want(t, "of another sort", http.StatusUnprocessableEntity)
	f.decides(decisionFields(id, "severed", url.Values{"severs": {"267511031000777"}, "concerns": {serik.String()}})).want(t, "the draft", http.StatusSeeOther)
	daniyar.sign(daniyar.get("/kk/decisions/"+id.String()+"/check").want(t, "the check", http.StatusOK), f.Daniyar.Key).want(t, "severed", http.StatusSeeOther)
	var fresh uuid.UUID
	if err := f.SQL.Get(&fresh, `SELECT id FROM casefile WHERE severed_from = $1`, f.Theft); err != nil {
		t.Fatal(err)
	}
	page := f.as(f.Serik).get("/kk/cases/"+fresh.String()).want(t, "the severed case", http.StatusOK)
	if !f.on(page, "kk", "case.related.from", "number", "267511031000456") {
		t.Error("it does not say where it came from")
	}
	f.as(f.Aigul).get("/kk/cases/"+fresh.String()).want(t, "who did not go", http.StatusNotFound)

	asked := f.Request(f.Nurlan, f.Fraud, casefile.NewRequest{Role: policy.Victim})
	id = uuid.Must(uuid.NewV7())
	f.decides(decisionFields(id, "joined", nil)).want(t, "no case named", http.StatusUnprocessableEntity)
	f.decides(decisionFields(id, "joined", url.Values{"joins": {f.Fraud.String()}})).want(t, "the draft", http.StatusSeeOther)
	daniyar.sign(daniyar.get("/kk/decisions/"+id.String()+"/check").want(t, "the check", http.StatusOK), f.Daniyar.Key).want(t, "joined", http.StatusSeeOther)
	timur := f.as(f.Timur)
	timur.get("/kk/cases/"+f.Theft.String()).want(t, "the joint case", http.StatusOK)
	page = timur.get("/kk/cases/"+f.Fraud.String()).want(t, "the case that was joined", http.StatusOK)
	if !f.on(page, "kk", "case.related.into", "number", "267511031000456") || strings.Contains(page.body, "/kk/cases/"+f.Fraud.String()+"/filings/new") {
		t.Error("it does not say where it went, or still takes filings")
	}
	// Who asked to be confirmed there is confirmed in the joint case: the desk leads to where that is said.
	to := daniyar.post("/kk/desk/requests", url.Values{"request": {asked.String()}}).want(t, "the desk", http.StatusSeeOther).to()
	page = daniyar.get(to).want(t, "who waits there", http.StatusOK)
	if !f.on(page, "kk", "participant.joined", "number", "267511031000456") || strings.Contains(page.body, `action="`+to+`/draft"`) {
		t.Errorf("%s does not say where he is confirmed, or confirms him", to)
	}
	// What is there stays: to be read, to be given to another, and whose status is ended there.
	fraud := "/kk/cases/" + f.Fraud.String()
	for who, lines := range map[*portaltest.Actor][]string{
		f.Timur: {fraud + "/closed"}, f.Daniyar: {fraud + "/file", "/kk/participants/" + f.Participant("timur@fraud").String()}, f.Marat: {fraud + "/assignment"},
	} {
		page := f.as(who).get(fraud).want(t, who.Word, http.StatusOK)
		for _, line := range lines {
			if !strings.Contains(page.body, `href="`+line+`"`) {
				t.Errorf("%s is not led to %s", who.Word, line)
			}
		}
		for _, fresh := range []string{"/decisions/new", "/participants/new", "/filings/new"} {
			if strings.Contains(page.body, fraud+fresh) {
				t.Errorf("%s is led to what is new there: %s", who.Word, fresh)
			}
		}
	}
	timur.get("/kk/decisions/"+f.Decision("suspect-recognised").String()).want(t, "another's ruling in the joint case", http.StatusNotFound)
	f.Sound()
}
