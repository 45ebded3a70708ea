package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/words"
)

// draftExposure is a paper that Daniyar has not signed: it opens the extension of
// the term to the plaintiff.
func draftExposure(t testing.TB, w *portaltest.W) uuid.UUID {
	t.Helper()
	id, err := casefile.DraftExposure(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ExposureDraft), w.Decision("term-extended"),
		casefile.ExposureDraft{Participant: w.Participant("saule@theft"), View: policy.Read, Ground: policy.OnPetition, Reasons: portaltest.Reasons, Language: "kk"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// draftRedaction is a copy of the victim's recognition that he has not signed.
func draftRedaction(t testing.TB, w *portaltest.W) uuid.UUID {
	t.Helper()
	id, err := casefile.DraftRedaction(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RedactionDraft), w.Decision("victim-recognised"),
		casefile.RedactionDraft{Part: policy.PersonalData, Language: "kk", Established: portaltest.Circumstances, Resolved: portaltest.Request})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (f *front) draftExposure() uuid.UUID  { f.t.Helper(); return draftExposure(f.t, f.W) }
func (f *front) draftRedaction() uuid.UUID { f.t.Helper(); return draftRedaction(f.t, f.W) }

func TestTheInvestigatorOpensADecisionToOnePersonThroughThePages(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Decision("term-extended").String()
	daniyar, saule := f.as(f.Daniyar), f.as(f.Saule)
	kk := f.Words.In("kk")
	page := saule.get("/kk/decisions/"+id).want(t, "the fact", http.StatusOK)
	for _, word := range []string{"closed.panel", "closed.why.fact", "closed.ask"} {
		if !strings.Contains(page.body, kk.T(word)) {
			t.Errorf("the fact does not say %q", kk.T(word))
		}
	}
	saule.get("/kk/decisions/"+id+"/copy").want(t, "the text before", http.StatusNotFound)

	form := daniyar.get("/kk/decisions/"+id+"/exposures/new").want(t, "the form", http.StatusOK)
	if !strings.Contains(form.body, "Бекова Сәуле") || strings.Contains(form.body, "Жұмабаев") {
		t.Error("the form does not offer who is in this case and nobody else")
	}
	fields := url.Values{"participant": {f.Participant("saule@theft").String()}, "view": {"read"}, "ground": {"petition"}, "reasons": {portaltest.Reasons}}
	for name, bad := range map[string][]string{
		"participant": {"", "1", f.Participant("timur@fraud").String()}, "view": {"", "hidden", "all"}, "ground": {"", "security", "because"},
		"reasons": {"", "аз", strings.Repeat("а", 5001)},
	} {
		for _, value := range bad {
			wrong := url.Values{}
			for k, v := range fields {
				wrong[k] = v
			}
			wrong.Set(name, value)
			for _, lang := range []string{"kk", "ru"} {
				got := daniyar.post("/"+lang+"/decisions/"+id+"/exposures", wrong)
				got.want(t, name+" "+value[:min(len(value), 20)], http.StatusUnprocessableEntity)
				whole(t, "exposure", got.body, lang)
			}
		}
	}
	check := daniyar.post("/kk/decisions/"+id+"/exposures", fields).want(t, "the draft", http.StatusSeeOther).to()
	if got := daniyar.sign(daniyar.get(check).want(t, "the paper", http.StatusOK), f.Daniyar.Key); got.to() != "/kk/decisions/"+id {
		t.Fatalf("signed, it leads to %d %s\n%s", got.StatusCode, got.to(), short(got.body))
	}
	for _, lang := range []string{"kk", "ru"} {
		w := f.Words.In(lang)
		page = saule.get("/"+lang+"/decisions/"+id).want(t, "opened", http.StatusOK)
		if said := w.T("exposure.opened", "day", w.Day(f.At), "ground", words.Low(w.T("exposure.ground.petition"))); !strings.Contains(page.body, said) {
			t.Errorf("the page does not say %q", said)
		}
		whole(t, "opened", page.body, lang)
	}
	saule.get("/kk/decisions/"+id+"/copy").want(t, "the text", http.StatusOK)
	if strings.Contains(page.body, "keep=1") {
		t.Error("what is opened to be read is offered to be kept")
	}
	exposure := lastID(check)
	for _, act := range []string{"check", "paper"} {
		saule.get("/kk/exposures/"+exposure+"/"+act).want(t, "the reasons", http.StatusNotFound)
	}
	saule.post("/kk/exposures/"+exposure+"/end", nil).want(t, "she ends it", http.StatusNotFound)
	daniyar.get("/kk/exposures/"+exposure+"/paper").want(t, "the paper", http.StatusOK)
	daniyar.post("/kk/exposures/"+exposure+"/discarding", nil).want(t, "giving up what is signed", http.StatusConflict)
	daniyar.post("/kk/exposures/"+exposure+"/end", nil).want(t, "the end", http.StatusSeeOther)
	saule.get("/kk/decisions/"+id+"/copy").want(t, "the text after", http.StatusNotFound)
	f.Sound()
}

func TestANarrowedDecisionTellsTheFactTheArticleAndTheWayToComplain(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Decision("search-done").String()
	daniyar, serik := f.as(f.Daniyar), f.as(f.Serik)
	check := daniyar.post("/kk/decisions/"+id+"/exposures", url.Values{
		"participant": {f.Participant("serik@theft").String()}, "view": {"fact"}, "ground": {"non-disclosure"}, "reasons": {portaltest.Reasons},
	}).want(t, "the draft", http.StatusSeeOther).to()
	daniyar.sign(daniyar.get(check), f.Daniyar.Key).want(t, "signed", http.StatusSeeOther)
	for _, lang := range []string{"kk", "ru"} {
		w := f.Words.In(lang)
		page := serik.get("/"+lang+"/decisions/"+id).want(t, "narrowed", http.StatusOK)
		for _, said := range []string{w.T("exposure.limited", "day", w.Day(f.At)), w.T("closed.why.non-disclosure"), w.Law(policy.NonDisclosure.By()), "kind=complaint-prosecutor&amp;about=" + id} {
			if !strings.Contains(page.body, said) {
				t.Errorf("the page does not say %q", said)
			}
		}
		if strings.Contains(page.body, portaltest.Reasons) {
			t.Error("it tells the investigator's reasons")
		}
		whole(t, "narrowed", page.body, lang)
	}
	serik.get("/kk/decisions/"+id+"/copy").want(t, "the text", http.StatusNotFound)
}

func TestARedactedCopyIsShownWithBothFingerprintsAndBothCanBeVerified(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Decision("victim-recognised").String()
	daniyar, dana := f.as(f.Daniyar), f.as(f.Dana)
	form := daniyar.get("/kk/decisions/"+id+"/redactions/new").want(t, "the form", http.StatusOK)
	text := form.body[strings.Index(form.body, "<form id=\"form\""):]
	if !strings.Contains(text, f.Words.In("kk").T("redaction.mask.name")) || strings.Contains(text, "Оспанова") {
		t.Error("the form does not begin with masked texts")
	}
	for name, value := range map[string]string{"part": "all", "established": "аз", "resolved": strings.Repeat("а", 20_001)} {
		fields := url.Values{"part": {"personal-data"}, "established": {portaltest.Circumstances}, "resolved": {portaltest.Request}}
		fields.Set(name, value)
		whole(t, "redaction", daniyar.post("/ru/decisions/"+id+"/redactions", fields).want(t, name, http.StatusUnprocessableEntity).body, "ru")
	}
	daniyar.upload("/kk/decisions/"+id+"/redactions", "file", []byte("no pdf"), url.Values{"part": {"personal-data"}}).want(t, "no PDF", http.StatusUnprocessableEntity)
	check := daniyar.post("/kk/decisions/"+id+"/redactions", url.Values{
		"part": {"personal-data"}, "established": {portaltest.Circumstances}, "resolved": {portaltest.Request},
	}).want(t, "the draft", http.StatusSeeOther).to()
	copied := lastID(check)
	dana.get("/kk/redactions/"+copied+"/paper").want(t, "a draft", http.StatusNotFound)
	daniyar.sign(daniyar.get(check).want(t, "the copy", http.StatusOK), f.Daniyar.Key).want(t, "signed", http.StatusSeeOther)

	original := f.paperOf("decision", f.Decision("victim-recognised")).String()
	for _, lang := range []string{"kk", "ru"} {
		w := f.Words.In(lang)
		page := dana.get("/"+lang+"/decisions/"+id).want(t, "the decision", http.StatusOK)
		digests := f.Rows(t, `SELECT encode(digest, 'hex') FROM document WHERE id IN ('`+original+`', '`+copied+`')`)
		shown := regexp.MustCompile(`(?:[0-9a-f]{8} ){7}[0-9a-f]{8}`).FindAllString(page.body, -1)
		for _, d := range shown {
			if !strings.Contains(digests, strings.ReplaceAll(d, " ", "")) {
				t.Errorf("the page shows the fingerprint %s", d)
			}
		}
		if len(shown) < 2 {
			t.Errorf("the page shows %d fingerprints", len(shown))
		}
		for _, said := range []string{w.T("redaction.registered"), w.T("redaction.part.personal-data.text"), "/" + lang + "/verify/" + original, "/" + lang + "/verify/" + copied} {
			if !strings.Contains(page.body, said) {
				t.Errorf("the page does not say %q", said)
			}
		}
		whole(t, "redacted", page.body, lang)
		for _, paper := range []string{original, copied} {
			dana.get("/"+lang+"/verify/"+paper).want(t, "verify", http.StatusOK)
		}
	}
	got := dana.get("/kk/decisions/"+id+"/copy").want(t, "the copy", http.StatusOK)
	if text := portaltest.PDFText(t, []byte(got.body)); !strings.Contains(text, portaltest.Circumstances[:40]) || strings.Contains(text, "Оспанова") {
		t.Errorf("she is given another paper:\n%s", text)
	}
	dana.get("/kk/redactions/"+copied+"/paper").want(t, "the address of officials", http.StatusNotFound)
	f.Sound()
}

func TestWhyIsItClosedTellsEachStatusTheSameWhateverIsInTheCase(t *testing.T) {
	t.Parallel()
	f := open(t)
	list := regexp.MustCompile(`(?s)<main.*</main>`)
	number := regexp.MustCompile(`[0-9]{15}|[0-9a-f]{8}-[0-9a-f-]{27}`)
	of := func(a *portaltest.Actor, in uuid.UUID) string {
		body := f.as(a).get(fmt.Sprintf("/kk/cases/%s/closed", in)).want(t, a.Word, http.StatusOK).body
		return number.ReplaceAllLiteralString(list.FindString(body), "")
	}
	before := of(f.Serik, f.Theft)
	if before != of(f.Timur, f.Fraud) {
		t.Error("two suspects of two cases are told different things")
	}
	if _, err := f.SQL.Exec(`ALTER TABLE decision DISABLE TRIGGER is_final; UPDATE decision SET flags = '{covert}'`); err != nil {
		t.Fatal(err)
	}
	if of(f.Serik, f.Theft) != before {
		t.Error("what is told depends on the decisions of the case")
	}
	for _, kind := range []string{"accepted", "wanted", "search-done"} {
		if strings.Contains(before, f.Words.In("kk").T("kind."+kind)) != (kind != "search-done") {
			t.Errorf("%s: listed wrongly for a suspect", kind)
		}
	}
	for _, a := range []*portaltest.Actor{f.Stranger, f.Timur} {
		f.as(a).get(fmt.Sprintf("/kk/cases/%s/closed", f.Theft)).want(t, a.Word, http.StatusNotFound)
	}
	f.as(f.Daniyar).get(fmt.Sprintf("/kk/cases/%s/closed", f.Theft)).want(t, "an official", http.StatusForbidden)
	for _, a := range []*portaltest.Actor{f.Aigul, f.Serik, f.Dana, f.Saule} {
		for _, lang := range []string{"kk", "ru"} {
			whole(t, "closed", f.as(a).get(fmt.Sprintf("/%s/cases/%s/closed", lang, f.Theft)).want(t, a.Word, http.StatusOK).body, lang)
		}
	}
}

func TestAnOfficialsLookAtACopyLeavesALine(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.draftRedaction()
	daniyar := f.as(f.Daniyar)
	daniyar.get("/kk/redactions/"+id.String()+"/paper").want(t, "his draft", http.StatusOK)
	if n := f.count(`SELECT count(*) FROM opening WHERE object = 'redaction'`); n != 0 {
		t.Errorf("his own draft leaves %d lines", n)
	}
	daniyar.sign(daniyar.get("/kk/redactions/"+id.String()+"/check"), f.Daniyar.Key).want(t, "signed", http.StatusSeeOther)
	f.At = f.At.Add(time.Minute)
	daniyar.get("/kk/redactions/"+id.String()+"/paper").want(t, "the copy", http.StatusOK)
	if n := f.count(`SELECT count(*) FROM opening WHERE object = 'redaction'`); n != 1 {
		t.Errorf("a look leaves %d lines", n)
	}
}

// Why something is closed, what is opened and the copies, on a telephone and on a
// desk: axe-core finds nothing, and nothing is wider than the screen.
func TestWhatIsOpenedAndClosedReadsOnATelephone(t *testing.T) {
	t.Parallel()
	script := axe(t)
	s := newSite(t)
	exposure, redaction := draftExposure(t, s.W), draftRedaction(t, s.W)
	for _, lang := range []string{"kk", "ru"} {
		e := &examiner{visitor: s.visit(t, "open", lang, phone), script: script}
		at := func(name, path string) {
			t.Helper()
			e.screen = phone
			e.do(e.look(e.screen))
			e.open(name, path)
			e.want("the status of "+name, e.status(), "200")
			e.js(`document.querySelectorAll("details").forEach(e => e.open = true)`)
			e.want("the width of "+name, e.js(`document.documentElement.scrollWidth <= 360`), "true")
			if script != "" {
				e.examine(name)
			}
		}
		e.signIn("saule")
		at("closed", "/cases/"+s.Theft.String()+"/closed")
		at("fact", "/decisions/"+s.Decision("term-extended").String())
		e.leaves(func() { e.press(`form[action$="/session/end"] button`) })
		e.signIn("daniyar")
		at("exposure", "/decisions/"+s.Decision("term-extended").String()+"/exposures/new")
		at("redaction", "/decisions/"+s.Decision("victim-recognised").String()+"/redactions/new")
		if lang == "kk" {
			at("exposure-check", "/exposures/"+exposure.String()+"/check")
			e.sign("")
			at("redaction-check", "/redactions/"+redaction.String()+"/check")
			e.sign("")
		}
		at("exposed", "/decisions/"+s.Decision("term-extended").String())
		at("copied", "/decisions/"+s.Decision("victim-recognised").String())
		e.leaves(func() { e.press(`form[action$="/session/end"] button`) })
		e.signIn("dana")
		at("redacted", "/decisions/"+s.Decision("victim-recognised").String())
		if said := e.complaints(); said != nil {
			t.Errorf("the browser complains: %q", said)
		}
	}
}
