package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/directory"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// entryOf is an entry of Nurlan, who is nobody in any case, into the police.
func (f *front) entryOf() directory.Entry {
	return directory.Entry{IIN: f.Nurlan.IIN, Name: f.Nurlan.FullName(), Post: "investigator", Body: f.Body("police"), Language: "kk"}
}

// entryDraft is an entry that Bolat is writing.
func (f *front) entryDraft() uuid.UUID {
	f.t.Helper()
	id := uuid.Must(uuid.NewV7())
	if err := directory.DraftEntry(f.t.Context(), f.DB, f.Press, f.Bolat.Asks(policy.AppointmentDraft), id, f.entryOf()); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// entryProposed waits for a second person; about whom, the caller says.
func (f *front) entryProposed(e directory.Entry) uuid.UUID {
	f.t.Helper()
	id, err := f.Propose(f.Bolat, e)
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

// replies has Raushan prepare her answer to an entry.
func (f *front) replies(id uuid.UUID, agrees bool) func() {
	return func() {
		f.t.Helper()
		reasons := ""
		if !agrees {
			reasons = portaltest.Reasons
		}
		if err := directory.Reply(f.t.Context(), f.DB, f.Press, f.Raushan.Asks(policy.AppointmentReply), id, agrees, reasons, "kk"); err != nil {
			f.t.Fatal(err)
		}
	}
}

// assignmentDraft is the paper by which Marat is about to give the theft to Ermek.
func (f *front) assignmentDraft() {
	f.t.Helper()
	if err := directory.DraftAssignment(f.t.Context(), f.DB, f.Press, f.Marat.Asks(policy.AssignmentDraft), f.Theft, f.Ermek.Person, "kk"); err != nil {
		f.t.Fatal(err)
	}
}

// substitutionDraft is Marat's paper that Ermek does Daniyar's work.
func (f *front) substitutionDraft() uuid.UUID {
	f.t.Helper()
	id := uuid.Must(uuid.NewV7())
	n := directory.NewSubstitution{Officer: f.Daniyar.Person, Deputy: f.Ermek.Person, Until: f.At.AddDate(0, 0, 8).Truncate(24 * time.Hour), Language: "kk"}
	if err := directory.DraftSubstitution(f.t.Context(), f.DB, f.Press, f.Marat.Asks(policy.SubstitutionDraft), id, n); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// The whole way through the pages, behind both fences: two administrators, a head,
// the old investigator and the new one.
func TestANewInvestigatorIsEnteredByTwoAndGivenACaseByHisHead(t *testing.T) {
	t.Parallel()
	f := open(t)
	petition := f.Petition(f.Aigul, f.Theft)
	bolat, raushan, marat, daniyar := f.as(f.Bolat), f.as(f.Raushan), f.as(f.Marat), f.as(f.Daniyar)
	nurlan := f.as(f.Nurlan)
	nurlan.get("/kk/desk").want(t, "the desk of a citizen", http.StatusNotFound)

	form := bolat.get("/kk/directory/new").want(t, "the form", http.StatusOK)
	id := form.hidden(t, "id")
	fields := url.Values{"id": {id}, "what": {"enters"}, "iin": {f.Nurlan.IIN.Reveal()}, "name": {f.Nurlan.FullName()},
		"post": {"investigator"}, "body": {f.Body("police").String()}, "until": {"2027-10-22"}}
	entry := bolat.post("/kk/directory", fields).want(t, "the entry", http.StatusSeeOther).to()
	bolat.post("/kk/directory", fields).want(t, "a double click", http.StatusConflict)
	raushan.get(entry).want(t, "a draft of another's", http.StatusNotFound)
	page := bolat.get(entry).want(t, "the draft", http.StatusOK)
	bolat.sign(page, f.Bolat.Key).want(t, "signed by one", http.StatusSeeOther)
	nurlan.get("/kk/desk").want(t, "the desk after one signature", http.StatusNotFound)
	bolat.post(entry+"/reply", url.Values{"agrees": {"yes"}}).want(t, "the proposer seconds it", http.StatusForbidden)

	if list := raushan.get("/kk/directory").want(t, "the directory", http.StatusOK); !strings.Contains(list.body, entry) {
		t.Error("the second administrator does not see what waits for her")
	}
	raushan.get(entry).want(t, "the entry", http.StatusOK)
	raushan.post(entry+"/reply", url.Values{"reasons": {"аз"}}).want(t, "a refusal without reasons", http.StatusUnprocessableEntity)
	check := raushan.post(entry+"/reply", url.Values{"agrees": {"yes"}}).want(t, "her yes", http.StatusSeeOther).to()
	raushan.sign(raushan.get(check).want(t, "her paper", http.StatusOK), f.Raushan.Key).want(t, "signed by two", http.StatusSeeOther)
	if cell(nurlan.get("/kk/desk")) != "in" { // his old session is over
		t.Error("the session that began before the post goes on")
	}
	nurlan = f.as(f.Nurlan)
	nurlan.get("/kk/desk").want(t, "the desk of an investigator", http.StatusOK)

	theft := "/kk/cases/" + f.Theft.String()
	nurlan.get(theft).want(t, "a case that nobody gave him", http.StatusNotFound)
	daniyar.get(theft).want(t, "the case before", http.StatusOK)
	daniyar.get("/kk/filings/"+petition.String()).want(t, "the petition before", http.StatusOK)
	marat.get("/kk/unit").want(t, "the unit", http.StatusOK)
	marat.get(theft).want(t, "the case for the head", http.StatusOK)
	marat.get(theft+"/assignment").want(t, "whom to give it", http.StatusOK)
	marat.post(theft+"/assignment", url.Values{"officer": {f.Zhanar.Person.String()}}).want(t, "to a prosecutor", http.StatusUnprocessableEntity)
	to := marat.post(theft+"/assignment", url.Values{"officer": {f.Nurlan.Person.String()}}).want(t, "to Nurlan", http.StatusSeeOther).to()
	marat.sign(marat.get(to).want(t, "the paper", http.StatusOK), f.Marat.Key).want(t, "given", http.StatusSeeOther)

	daniyar.get(theft).want(t, "the case after", http.StatusNotFound)
	daniyar.get("/kk/filings/"+petition.String()).want(t, "the petition after", http.StatusNotFound)
	nurlan.get(theft).want(t, "his case", http.StatusOK)
	desk := nurlan.get("/kk/desk").want(t, "his desk", http.StatusOK)
	if !strings.Contains(desk.body, petition.String()) {
		t.Error("the petition is not on the new one's desk")
	}
	f.Want(t, `SELECT decider FROM filing`, "decider\nnurlan")
	f.Sound()
}

func TestADeputyWorksBehindBothFencesUntilTheHeadEndsIt(t *testing.T) {
	t.Parallel()
	f := open(t)
	petition := f.Petition(f.Aigul, f.Theft)
	marat, ermek, daniyar := f.as(f.Marat), f.as(f.Ermek), f.as(f.Daniyar)
	theft, filed := "/kk/cases/"+f.Theft.String(), "/kk/filings/"+petition.String()
	ermek.get(theft).want(t, "before", http.StatusNotFound)
	form := marat.get("/kk/substitutions/new").want(t, "the form", http.StatusOK)
	marat.post("/kk/substitutions", url.Values{"id": {form.hidden(t, "id")}, "officer": {""}, "deputy": {"x"}, "until": {"2026-02-31"}}).
		want(t, "nothing that is meant", http.StatusUnprocessableEntity)
	at := marat.post("/kk/substitutions", url.Values{"id": {form.hidden(t, "id")}, "officer": {f.Daniyar.Person.String()},
		"deputy": {f.Ermek.Person.String()}, "until": {"2026-10-30"}}).want(t, "the draft", http.StatusSeeOther).to()
	ermek.get(theft).want(t, "after the draft", http.StatusNotFound)
	marat.sign(marat.get(at).want(t, "the paper", http.StatusOK), f.Marat.Key).want(t, "signed", http.StatusSeeOther)
	marat.get(at).want(t, "the substitution", http.StatusOK)
	f.as(f.Gulnar).get(at).want(t, "the head of another body", http.StatusNotFound)

	ermek.get(theft).want(t, "the case", http.StatusOK)
	for _, g := range []*guest{ermek, daniyar} {
		if desk := g.get("/kk/desk").want(t, "the desk", http.StatusOK); !strings.Contains(desk.body, f.Words.In("kk").T("unit.away.until", "day", f.Words.In("kk").Day(time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC)))) {
			t.Error("a desk does not say who stands in for whom")
		}
	}
	daniyar.post(filed+"/answer", url.Values{"outcome-1": {"refused"}, "why-1": {portaltest.PointWhy}, "article-1": {portaltest.PointArticle}, "reasons": {portaltest.Reasons}}).want(t, "the other begins an answer", http.StatusSeeOther)
	if page := ermek.get(filed+"/answer").want(t, "the deputy's answer", http.StatusOK); strings.Contains(page.body, portaltest.Reasons) {
		t.Error("the deputy reads the other's draft")
	}
	to := ermek.post(filed+"/answer", url.Values{"outcome-1": {"granted"}, "reasons": {portaltest.Reasons}}).want(t, "the deputy answers", http.StatusSeeOther).to()
	ermek.sign(ermek.get(to).want(t, "his answer", http.StatusOK), f.Ermek.Key).want(t, "signed", http.StatusSeeOther)
	f.Want(t, `SELECT f.status, a.author FROM filing f JOIN answer a ON a.filing = f.id`, "status | author\ngranted | ermek")

	marat.post(at+"/end", nil).want(t, "the end", http.StatusSeeOther)
	ermek.get(theft).want(t, "after the end", http.StatusNotFound)
	marat.get(at).want(t, "what was", http.StatusOK)
	f.Sound()
}

// Who keeps the directory has an account and sees nothing of any case.
func TestAnAdministratorSeesNothingOfAnyCase(t *testing.T) {
	t.Parallel()
	f := open(t)
	o := f.play()
	for _, word := range []string{"theft", "copy", "filed", "complaint", "answered", "awaiting", "confirmed"} {
		if o[word] == uuid.Nil {
			t.Fatalf("nothing is called %q", word)
		}
	}
	in := map[string]string{":case": "theft", ":decision": "copy", ":filing": "filed", ":participant": "confirmed"}
	tried, unknown := 0, uuid.Must(uuid.NewV7())
	for _, who := range []*portaltest.Actor{f.Bolat, f.Raushan} {
		g := f.as(who)
		for _, r := range portal.Routes() {
			path := r.Path
			for parameter, word := range in {
				path = strings.ReplaceAll(path, parameter, o[word].String())
			}
			if path == r.Path || strings.Contains(path, ":") {
				continue
			}
			nowhere := r.Path
			for parameter := range in {
				nowhere = strings.ReplaceAll(nowhere, parameter, unknown.String())
			}
			ask := func(path string) answer {
				if r.Method == http.MethodGet {
					return g.get("/kk" + path)
				}
				return g.post("/kk"+path, nil)
			}
			got, none := ask(path), ask(nowhere)
			if got.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s as %s: %d", r.Method, r.Path, who.Word, got.StatusCode)
			}
			if strings.ReplaceAll(got.body, lastID(path), unknown.String()) != none.body {
				t.Errorf("%s %s as %s differs from what is not there", r.Method, r.Path, who.Word)
			}
			tried++
		}
	}
	if tried < 80 {
		t.Errorf("tried only %d addresses", tried)
	}
	t.Logf("%d addresses", tried)
}

func TestAnIINIsLookedForByAdministratorsAndStandsInNoAddress(t *testing.T) {
	t.Parallel()
	f := open(t)
	bolat := f.as(f.Bolat)
	found := bolat.post("/kk/officials", url.Values{"iin": {f.Ermek.IIN.Reveal()}}).want(t, "the search", http.StatusOK)
	if !strings.Contains(found.body, f.Ermek.FullName()) {
		t.Error("he is not found")
	}
	none := bolat.post("/kk/officials", url.Values{"iin": {f.Aigul.IIN.Reveal()}}).want(t, "a citizen", http.StatusOK)
	if strings.Contains(none.body, f.Aigul.FullName()) {
		t.Error("a citizen is found")
	}
	bolat.post("/kk/officials", url.Values{"iin": {"12"}}).want(t, "no IIN", http.StatusUnprocessableEntity)
	f.as(f.Marat).post("/kk/officials", url.Values{"iin": {f.Ermek.IIN.Reveal()}}).want(t, "a head", http.StatusNotFound)
	own := f.as(f.Marat).get("/kk/directory").want(t, "his own body", http.StatusOK)
	for _, secret := range []string{f.Zhanar.FullName(), f.Bolat.FullName(), f.Ermek.IIN.Reveal()} {
		if strings.Contains(own.body, secret) {
			t.Errorf("the head reads %q", secret)
		}
	}
	body := bolat.get("/kk/directory?body="+f.Body("prosecution").String()).want(t, "a body", http.StatusOK)
	if !strings.Contains(body.body, f.Gulnar.FullName()) {
		t.Error("the administrator does not see who is in a body")
	}
}

// The desks of heads say first what is nobody's, and what is late.
func TestTheDesksOfHeadsShowWhatIsNobodysAndWhatIsLate(t *testing.T) {
	t.Parallel()
	f := open(t)
	late := f.Petition(f.Aigul, f.Theft)
	f.Enter(directory.Entry{Leaves: true, IIN: f.Daniyar.IIN, Language: "kk"})
	f.At = f.At.Add(10 * 24 * time.Hour)
	for path, who := range map[string]*portaltest.Actor{"/unit": f.Marat, "/office": f.Gulnar} {
		for _, lang := range []string{"kk", "ru"} {
			page := f.as(who).get("/"+lang+path).want(t, path, http.StatusOK)
			whole(t, path+"."+lang, page.body, lang)
			if !strings.Contains(page.body, late.String()) {
				t.Errorf("%s does not show what is late", path)
			}
			if nobodys := strings.Contains(page.body, `id="orphans"`); nobodys != (path == "/unit") {
				t.Errorf("%s: what is nobody's is shown: %t", path, nobodys)
			}
		}
		if got := f.as(who).get("/kk/filings/" + late.String()); got.StatusCode != http.StatusSeeOther || !strings.Contains(got.to(), "/reason?") {
			t.Errorf("%s is not asked why the petition is opened: %d %s", who.Word, got.StatusCode, got.to())
		}
	}
	for _, other := range []*portaltest.Actor{f.Zhanar, f.Aigul, f.Bolat} {
		f.as(other).get("/kk/unit").want(t, "the unit for "+other.Word, http.StatusNotFound)
		f.as(other).get("/kk/office").want(t, "the office for "+other.Word, http.StatusNotFound)
	}
}

func TestWhoHasNoDeskIsToldSo(t *testing.T) {
	t.Parallel()
	f := open(t)
	for post, body := range map[string]string{"auditor": "center"} {
		e := f.entryOf()
		e.Post, e.Body = post, f.Body(body)
		f.Enter(e)
		g := f.as(f.Nurlan)
		page := g.get("/kk/").want(t, "the first page", http.StatusOK)
		if !strings.Contains(page.body, f.Words.In("kk").T("home.post."+post)) {
			t.Errorf("a %s is not told what is here for him", post)
		}
		if to := g.get("/kk/signin").to(); to != "/kk/" {
			t.Errorf("a %s begins at %s", post, to)
		}
		g.get("/kk/cases/"+f.Theft.String()).want(t, "a case for a "+post, http.StatusNotFound)
	}
	for who, start := range map[*portaltest.Actor]string{f.Marat: "/kk/unit", f.Gulnar: "/kk/office", f.Bolat: "/kk/directory", f.Actor("zhandos"): "/kk/book"} {
		if to := f.as(who).get("/kk/signin").to(); to != start {
			t.Errorf("%s begins at %s", who.Word, to)
		}
	}
}
