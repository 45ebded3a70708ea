package portal_test

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// signsHere has somebody look at the paper on a check page and sign it where the page
// says.
func (f *front) signsHere(who *portaltest.Actor, check, paper string) answer {
	f.t.Helper()
	g := f.as(who)
	page := g.get(check).want(f.t, check, http.StatusOK)
	content := g.get(paper).want(f.t, paper, http.StatusOK).body
	doc := document.Document{Content: []byte(content)}
	var digest []byte
	if err := f.SQL.Get(&digest, `SELECT digest FROM document WHERE digest = sha256($1)`, doc.Content); err != nil {
		f.t.Fatal(err)
	}
	return g.post(page.action(f.t), url.Values{"signature": {g.signature(who.Key, doc.Content, false)}, "digest": {hex.EncodeToString(digest)}}).want(f.t, "the signature on "+check, http.StatusSeeOther)
}

func (f *front) complaintTo(kind policy.FilingKind, about string) uuid.UUID {
	f.t.Helper()
	n := filing.NewFiling{Kind: kind, Ground: "other", What: guide.Deed}
	if about != "" {
		n.What, n.About = guide.Decision, f.Decision(about)
	}
	id := f.Draft(f.Aigul, f.Theft, n)
	if err := f.Submit(f.Aigul, id); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// A complaint goes by the pages from the head, whom it concerns, to the chief, who asks
// to add, takes longer and decides; both languages show each page.
func TestAComplaintIsHandedOnMadeLongerAddedToAndDecidedByThePages(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.complaintTo(policy.FilingComplaintHead, "expertise-done")
	at := func(lang, rest string) string { return "/" + lang + "/filings/" + id.String() + rest }
	both := func(who *portaltest.Actor, rest string, phrases ...string) {
		t.Helper()
		for _, lang := range []string{"ru", "kk"} {
			page := f.as(who).get(at(lang, rest)).want(t, who.Word+" at "+lang+rest, http.StatusOK)
			for _, phrase := range phrases {
				if lang == "kk" && !strings.Contains(page.body, phrase) {
					t.Errorf("%s does not find %q at %s", who.Word, phrase, rest)
				}
			}
		}
	}
	if unit := f.as(f.Marat).get("/kk/unit").want(t, "the unit", http.StatusOK); !strings.Contains(unit.body, at("kk", "")) {
		t.Error("it is not on the head's list")
	}
	both(f.Marat, "", "Тиесілігі бойынша жіберу", at("kk", "/forward"), at("kk", "/extension"), at("kk", "/addition"))
	both(f.Marat, "/forward", "Гүлнар")
	f.as(f.Marat).post(at("kk", "/forward/draft"), url.Values{"to": {"chief"}, "words": {"аз"}}).want(t, "few words", http.StatusUnprocessableEntity)
	f.as(f.Marat).post(at("kk", "/forward/draft"), url.Values{"himself": {"1"}, "to": {"chief"}, "words": {portaltest.Reasons}}).want(t, "the draft", http.StatusSeeOther)
	both(f.Marat, "/forward/check")
	if got := f.signsHere(f.Marat, at("kk", "/forward/check"), at("kk", "/forward/paper")); got.to() != "/kk/unit" {
		t.Errorf("he is led to %s", got.to())
	}
	f.as(f.Marat).get(at("kk", "")).want(t, "whom it concerns", http.StatusNotFound)

	if office := f.as(f.Gulnar).get("/kk/office").want(t, "the office", http.StatusOK); !strings.Contains(office.body, at("kk", "")) {
		t.Error("it is not on the chief's list")
	}
	both(f.Gulnar, "", at("kk", "/decision"))
	f.as(f.Gulnar).get(at("kk", "/decision")).want(t, "the disputed decision", http.StatusOK)
	both(f.Gulnar, "/addition")
	f.as(f.Gulnar).post(at("kk", "/addition"), url.Values{"asked-1": {""}}).want(t, "nothing asked", http.StatusUnprocessableEntity)
	f.as(f.Gulnar).post(at("kk", "/addition"), url.Values{"asked-1": {"Сараптама сұрақтары"}, "asked-2": {"Хат алмасу көшірмесі"}}).want(t, "asked", http.StatusSeeOther)
	both(f.Aigul, "", "Мерзім тоқтамайды", at("kk", "/reply"))
	both(f.Aigul, "/reply", "Хат алмасу көшірмесі")
	f.as(f.Aigul).post(at("kk", "/reply/draft"), url.Values{"reply-1": {"Сұрақтар шағымда жазылған"}}).want(t, "a point left out", http.StatusUnprocessableEntity)
	f.as(f.Aigul).post(at("kk", "/reply/draft"), url.Values{"reply-1": {"Сұрақтар шағымда жазылған"}, "reply-2": {"Хаттар қоса берілді"}}).want(t, "a reply", http.StatusSeeOther)
	both(f.Aigul, "/reply/check", "Хаттар қоса берілді")
	f.signsHere(f.Aigul, at("kk", "/reply/check"), at("kk", "/reply/paper"))
	both(f.Gulnar, "", "Хаттар қоса берілді")

	both(f.Gulnar, "/extension", "2026 жылғы 6 қараша")
	f.as(f.Gulnar).post(at("kk", "/extension/draft"), url.Values{"reason": {"Сарапшыдан жазбаша түсініктеме талап ету қажет."}}).want(t, "the notice", http.StatusSeeOther)
	both(f.Gulnar, "/extension/check")
	f.signsHere(f.Gulnar, at("kk", "/extension/check"), at("kk", "/extension/paper"))
	f.as(f.Gulnar).get(at("kk", "/extension")).want(t, "a second time", http.StatusConflict)
	both(f.Aigul, "", "Қарау мерзімі ұзартылды", "2026 жылғы 6 қараша", "Мерзімнің ұзартылғанымен келіспейсіз бе?", "Тиесілігі бойынша жіберілді")

	both(f.Gulnar, "/answer", "Шешімнің күшін жоямын", "Шағымда келтірілген барлық дәлел тексерілді.")
	fields := url.Values{"outcome-1": {"granted"}, "reasons": {portaltest.Reasons}}
	taken := url.Values{"outcome-1": {"granted"}, "reasons": {portaltest.Reasons}, "more": {"phrase-checked"}}
	if page := f.as(f.Gulnar).post(at("kk", "/answer"), taken); !strings.Contains(page.body, portaltest.Reasons+"\nШағымда келтірілген барлық дәлел тексерілді.") {
		t.Errorf("the phrase is not taken: %d", page.StatusCode)
	}
	f.as(f.Gulnar).post(at("kk", "/answer"), fields).want(t, "no remedy", http.StatusUnprocessableEntity)
	fields.Set("remedy", "cancel")
	f.as(f.Gulnar).post(at("kk", "/answer"), fields).want(t, "the answer", http.StatusSeeOther)
	both(f.Gulnar, "/answer/check", "Шағым жасалған шешімнің күші жойылсын.", "жағдайын нашарлатпауға тиіс")
	f.signsHere(f.Gulnar, at("kk", "/answer/check"), at("kk", "/answer/paper"))
	f.Want(t, `SELECT status, term FROM filing`, "status | term\ngranted | complaint-extended")
	f.Sound()
}

// A judge has a list of what falls due first, and sees nothing else of a case.
func TestAJudgeHasAListAndThePagesOfWhatHeMustDecide(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.complaintTo(policy.FilingComplaintCourt, "expertise-done")
	for _, lang := range []string{"ru", "kk"} {
		list := f.as(f.Aliya).get("/"+lang+"/chamber").want(t, "the list", http.StatusOK)
		if !strings.Contains(list.body, "/"+lang+"/filings/"+id.String()+"/decision") {
			t.Error("the disputed decision is not on the list")
		}
		f.as(f.Aliya).get("/"+lang+"/filings/"+id.String()).want(t, "the complaint", http.StatusOK)
		f.as(f.Aliya).get("/"+lang+"/filings/"+id.String()+"/answer").want(t, "the answer", http.StatusOK)
	}
	f.as(f.Aliya).get("/kk/filings/"+id.String()+"/decision").want(t, "the decision", http.StatusOK)
	f.as(f.Aliya).get("/kk/cases/"+f.Theft.String()).want(t, "the case", http.StatusNotFound)
	f.as(f.Aliya).get("/kk/decisions/"+f.Decision("expertise-done").String()).want(t, "the decision by its own address", http.StatusNotFound)
	f.as(f.Kanat).get("/kk/filings/"+id.String()).want(t, "another judge", http.StatusNotFound)
	f.as(f.Zhanar).get("/kk/chamber").want(t, "a prosecutor", http.StatusNotFound)
	f.Answer(f.Aliya, id, filing.Granted)
	f.Want(t, `SELECT status FROM filing`, "status\ngranted")
	f.Sound()
}

// A head who asks that a ruling be cancelled is on the prosecutor's list until she has
// answered.
func TestTheProsecutorAnswersAHeadsRequestByThePages(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.complaintTo(policy.FilingComplaintHead, "expertise-done")
	f.Answer(f.Marat, id, filing.Granted)
	at := "/kk/filings/" + id.String()
	if list := f.as(f.Zhanar).get("/kk/oversight").want(t, "the list", http.StatusOK); !strings.Contains(list.body, "Шешімнің күшін жоюды сұрайды") {
		t.Error("the request is not on her list")
	}
	f.saysWhy(f.Zhanar, "supervision")
	for _, lang := range []string{"ru", "kk"} {
		f.as(f.Zhanar).get("/"+lang+"/filings/"+id.String()+"/cancellation").want(t, "the form", http.StatusOK)
	}
	f.as(f.Zhanar).post(at+"/cancellation", url.Values{"words": {portaltest.Reasons}}).want(t, "no word", http.StatusUnprocessableEntity)
	f.as(f.Marat).post(at+"/cancellation", url.Values{"did": {"cancelled"}, "words": {portaltest.Reasons}}).want(t, "the head himself", http.StatusForbidden)
	f.as(f.Zhanar).post(at+"/cancellation", url.Values{"did": {"cancelled"}, "words": {portaltest.Reasons}}).want(t, "her word", http.StatusSeeOther)
	if page := f.as(f.Aigul).get(at).want(t, "its author", http.StatusOK); !strings.Contains(page.body, "Прокурор шешімнің күшін жойды") {
		t.Error("its author is not told")
	}
	f.Sound()
}
