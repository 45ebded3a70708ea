package portal_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/casefile"
	"zharia/portal/filing"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// looked is the line of an actor's look at a decision of the cast.
func (f *front) looked(a *portaltest.Actor, decision string) uuid.UUID {
	f.t.Helper()
	if _, _, err := casefile.CopyOf(f.t.Context(), f.DB, a.Asks(policy.DecisionCopy), f.Decision(decision)); err != nil {
		f.t.Fatal(err)
	}
	var id uuid.UUID
	if err := f.SQL.GetContext(f.t.Context(), &id, `SELECT id FROM opening WHERE person = $1 AND object_id = $2`, a.Person, f.Decision(decision)); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// doubted is an actor's question about a line.
func (f *front) doubted(a *portaltest.Actor, line uuid.UUID) uuid.UUID {
	f.t.Helper()
	if _, err := opening.Raise(f.t.Context(), f.DB, a.Asks(policy.ObjectionFile), line, portaltest.Circumstances); err != nil {
		f.t.Fatal(err)
	}
	var id uuid.UUID
	if err := f.SQL.GetContext(f.t.Context(), &id, `SELECT id FROM objection WHERE opening = $1`, line); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// saysWhy has an official say why he opens the theft today.
func (f *front) saysWhy(a *portaltest.Actor, r opening.Reason) {
	f.t.Helper()
	if err := opening.Give(f.t.Context(), f.DB, a.Asks(policy.ReasonGive), f.Theft, opening.Pretext{Reason: r}); err != nil {
		f.t.Fatal(err)
	}
}

// count is a number the database gives.
func (f *front) count(query string) (n int) {
	f.t.Helper()
	if err := f.SQL.GetContext(f.t.Context(), &n, query); err != nil {
		f.t.Fatal(err)
	}
	return n
}

func TestThePageBeforeADecisionShowsNothingOfItAndBeginsNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	g, at := f.as(f.Serik), "/kk/decisions/"+f.Decision("search-done").String()
	page := g.get(at).want(t, "the page before", http.StatusOK)
	w := f.Words.In("kk")
	for _, want := range []string{w.T("service.before"), w.T("act.decision-open"), w.T("service.later"), "2026 жылғы 6 қараша, жұма"} {
		if !strings.Contains(page.body, html.EscapeString(want)) {
			t.Errorf("it does not say %q", want)
		}
	}
	for _, hidden := range []string{"/copy", "<iframe", "/verify/", w.T("signature.digest")} {
		if strings.Contains(page.body, hidden) {
			t.Errorf("it shows %q", hidden)
		}
	}
	if to := g.get(at+"/copy").want(t, "the copy", http.StatusSeeOther).to(); to != at {
		t.Errorf("the copy leads to %s", to)
	}
	head := httptest.NewRequest(http.MethodHead, at, nil)
	head.Header.Set("Purpose", "prefetch")
	if got := g.do(head); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD answers %d", got.StatusCode)
	}
	if n := f.count(`SELECT (SELECT count(*) FROM service) + (SELECT count(*) FROM opening)`); n != 0 {
		t.Errorf("%d lines: something has begun", n)
	}
	g.post(at+"/opening", nil).want(t, "opening", http.StatusSeeOther)
	after := g.get(at).want(t, "the decision", http.StatusOK)
	for _, want := range []string{w.T("service.until"), "2026 жылғы 6 қараша, жұма", at + "/copy"} {
		if !strings.Contains(after.body, html.EscapeString(want)) {
			t.Errorf("the decision does not say %q", want)
		}
	}
	g.get(at+"/copy").want(t, "the copy", http.StatusOK)
	if list := g.get("/kk/cases"); !strings.Contains(list.body, w.T("service.last-day", "day", "2026 жылғы 6 қараша, жұма күнінің соңына дейін")) {
		t.Error("the list of cases does not tell the last day")
	}
	if n := f.count(`SELECT count(*) FROM service`); n != 1 {
		t.Errorf("%d services", n)
	}
}

func TestAReceiptIsSignedOnItsPageAndTheTermIsShownAtOnce(t *testing.T) {
	t.Parallel()
	f := open(t)
	g, at := f.as(f.Serik), "/ru/decisions/"+f.Decision("suspect-recognised").String()
	page := g.get(at).want(t, "the page before", http.StatusOK)
	if !strings.Contains(page.body, at+"/receipt/draft") || strings.Contains(page.body, at+"/opening") {
		t.Fatal("a receipt is not asked for")
	}
	g.post(at+"/opening", nil).want(t, "opening without a signature", http.StatusSeeOther)
	if n := f.count(`SELECT count(*) FROM service`); n != 0 {
		t.Fatal("it was handed over without a signature")
	}
	if to := g.get(at+"/receipt").want(t, "no receipt yet", http.StatusSeeOther).to(); to != at {
		t.Errorf("it leads to %s", to)
	}
	g.post(at+"/receipt/draft", nil).want(t, "the draft", http.StatusSeeOther)
	check := g.get(at+"/receipt").want(t, "the receipt", http.StatusOK)
	refused := g.sign(check, f.Timur.Key)
	refused.want(t, "another's key", http.StatusUnprocessableEntity)
	signed := g.sign(g.get(at+"/receipt"), f.Serik.Key).want(t, "signed", http.StatusSeeOther)
	if signed.to() != at {
		t.Errorf("it leads to %s", signed.to())
	}
	after := g.get(at).want(t, "the decision", http.StatusOK)
	if w := f.Words.In("ru"); !strings.Contains(after.body, w.T("service.until")) || !strings.Contains(after.body, at+"/copy") {
		t.Error("the term is not shown")
	}
	seen := f.as(f.Daniyar).get(at).want(t, "for the investigator", http.StatusOK)
	for _, want := range []string{f.Words.In("ru").T("service.title"), f.Words.In("ru").T("service.waits.opened")} {
		if !strings.Contains(seen.body, want) {
			t.Errorf("the investigator is not told %q", want)
		}
	}
}

func TestAnOfficialIsAskedWhyAndThenSeesWhatHeAskedFor(t *testing.T) {
	t.Parallel()
	f := open(t)
	petition := f.Petition(f.Aigul, f.Theft)
	for _, c := range []struct {
		who *portaltest.Actor
		to  string
	}{
		{f.Zhanar, "/kk/decisions/" + f.Decision("accepted").String()},
		{f.Zhanar, "/kk/decisions/" + f.Decision("accepted").String() + "/copy"},
		{f.Zhanar, "/kk/filings/" + petition.String()},
		{f.Marat, "/ru/decisions/" + f.Decision("accepted").String()},
		{f.Gulnar, "/ru/decisions/" + f.Decision("accepted").String()},
	} {
		if _, err := f.SQL.Exec(`DELETE FROM pretext`); err != nil {
			t.Fatal(err)
		}
		g := f.as(c.who)
		asks := g.get(c.to).want(t, c.to, http.StatusSeeOther).to()
		if !strings.HasPrefix(asks, c.to[:3]+"/cases/"+f.Theft.String()+"/reason?next=") {
			t.Fatalf("%s leads to %s", c.to, asks)
		}
		page := g.get(asks).want(t, "the page that asks", http.StatusOK)
		form := url.Values{"next": {page.hidden(t, "next")}}
		address := c.to[:3] + "/cases/" + f.Theft.String() + "/reason"
		g.post(address, form).want(t, "without a reason", http.StatusUnprocessableEntity)
		form.Set("reason", "other")
		g.post(address, form).want(t, "without words", http.StatusUnprocessableEntity)
		form.Set("words", strings.Repeat("а", opening.MaxWords+1))
		g.post(address, form).want(t, "too many words", http.StatusUnprocessableEntity)
		form.Set("words", portaltest.Reasons)
		if to := g.post(address, form).want(t, "the reason", http.StatusSeeOther).to(); to != c.to {
			t.Errorf("then he is led to %s, not to %s", to, c.to)
		}
		g.get(c.to).want(t, c.to, http.StatusOK)
	}
	if n := f.count(`SELECT count(*) FROM opening WHERE reason = 'other' AND words IS NOT NULL`); n < 4 {
		t.Errorf("%d looks have their reason", n)
	}
	foreign := url.Values{"next": {"//evil.example"}, "reason": {"control"}}
	if to := f.as(f.Marat).post("/kk/cases/"+f.Theft.String()+"/reason", foreign).to(); to != "/kk/cases/"+f.Theft.String() {
		t.Errorf("a foreign address leads to %s", to)
	}
	for _, a := range []*portaltest.Actor{f.Stranger, f.Bolat} {
		f.as(a).get("/kk/cases/"+f.Theft.String()+"/reason").want(t, a.Word, http.StatusNotFound)
	}
}

// Each act that opens a document leaves a line: no view is without one.
func TestEveryActThatOpensADocumentLeavesALine(t *testing.T) {
	t.Parallel()
	f := open(t)
	o := f.play()
	withdrawn := f.Petition(f.Aigul, f.Theft)
	if err := f.Withdraw(f.Aigul, withdrawn); err != nil {
		t.Fatal(err)
	}
	f.saysWhy(f.Zhanar, opening.Supervision)
	statement, hers, page, _ := f.file()
	access := f.Request(f.Nurlan, f.Theft, casefile.NewRequest{Role: policy.Representative, Represented: f.Aigul.FullName(), RepresentedIIN: f.Aigul.IIN, Authority: f.PDF("Сенімхат")})
	var asker uuid.UUID
	if err := f.SQL.Get(&asker, `SELECT participant FROM request WHERE id = $1`, access); err != nil {
		t.Fatal(err)
	}
	if err := f.End(f.Daniyar, asker); err != nil {
		t.Fatal(err)
	}
	ways := map[policy.Act]struct {
		who *portaltest.Actor
		to  string
	}{
		policy.DecisionRead:    {f.Aigul, fmt.Sprintf("/kk/decisions/%s", o["copy"])},
		policy.DecisionCopy:    {f.Zhanar, fmt.Sprintf("/kk/decisions/%s/copy", o["copy"])},
		policy.FilingRead:      {f.Daniyar, fmt.Sprintf("/kk/filings/%s", o["filed"])},
		policy.FilingDocument:  {f.Zhanar, fmt.Sprintf("/kk/filings/%s/document", o["filed"])},
		policy.FilingSignature: {f.Zhanar, fmt.Sprintf("/kk/filings/%s/signature", o["answered"])},
		policy.AnswerNew:       {f.Gulnar, fmt.Sprintf("/kk/filings/%s/answer", o["complaint"])},
		policy.AnswerDocument:  {f.Aigul, fmt.Sprintf("/kk/filings/%s/answer/document", o["answered"])},
		policy.AnswerSignature: {f.Daniyar, fmt.Sprintf("/kk/filings/%s/answer/signature", o["answered"])},
		policy.AccessPaper:     {f.Daniyar, fmt.Sprintf("/kk/access/%s/paper", access)},
		policy.AccessAnswer:    {f.Daniyar, fmt.Sprintf("/kk/access/%s/answer", access)},
		policy.AccessAuthority: {f.Daniyar, fmt.Sprintf("/kk/access/%s/authority", access)},
		policy.MessageList:     {f.Daniyar, fmt.Sprintf("/kk/filings/%s/messages", o["answered"])},
		policy.FilingVersions:  {f.Daniyar, fmt.Sprintf("/kk/filings/%s/versions", withdrawn)},
		policy.WithdrawalPaper: {f.Daniyar, fmt.Sprintf("/kk/filings/%s/withdrawal/paper", withdrawn)},

		policy.MaterialOpen:        {f.Daniyar, fmt.Sprintf("/kk/materials/%s", statement)},
		policy.FamiliarisationPage: {f.Aigul, fmt.Sprintf("/kk/familiarisations/%s/pages/%s", hers, page)},
	}
	for _, act := range portal.Openings() {
		way, ok := ways[act]
		if !ok {
			if !elsewhere[act] {
				t.Errorf("%s opens a document, and nobody tries whether it leaves a line", act)
			}
			continue
		}
		before := f.count(`SELECT count(*) FROM opening`)
		f.as(way.who).get(way.to).want(t, string(act), http.StatusOK)
		if after := f.count(`SELECT count(*) FROM opening`); after != before+1 {
			t.Errorf("%s as %s leaves %d lines", act, way.who.Word, after-before)
		}
		if got := f.count(fmt.Sprintf(`SELECT count(*) FROM opening WHERE person = '%s'`, way.who.Person)); got == 0 {
			t.Errorf("%s: the line is not his", act)
		}
	}
	f.Sound()
}

// elsewhere are acts whose lines the tests of their own packages count, and those that
// open no document of a case.
var elsewhere = map[policy.Act]bool{policy.FilingDisputed: true, policy.ForwardPaper: true, policy.ExtensionPaper: true, policy.ReplyPaper: true, policy.PhoneEvents: true, policy.SupplementPaper: true, policy.ConsentPaper: true, policy.AttachmentOpen: true, policy.AttachmentOriginal: true, policy.TipFile: true, policy.TipOpen: true, policy.BookOpen: true, policy.BookPaper: true, policy.BookSimilar: true, policy.ReportFiles: true, policy.FilingCount: true, policy.RedactionPaper: true, policy.FamiliarisationCopy: true, policy.FamiliarisationSearch: true}

func TestTheListOfLooksTellsEachHisPartAndTheDoubtIsAnswered(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.looked(f.Saule, "plaintiff-recognised")
	hers := f.looked(f.Daniyar, "victim-recognised")
	f.looked(f.Daniyar, "specialist-goods") // a decision that the victim does not see
	address := "/kk/cases/" + f.Theft.String() + "/openings"
	page := f.as(f.Aigul).get(address).want(t, "the list", http.StatusOK)
	w := f.Words.In("kk")
	for _, want := range []string{f.Daniyar.FullName(), w.T("role.civil-plaintiff"), w.T("kind.victim-recognised"), w.T("openings.document"), w.T("openings.reason.duty")} {
		if !strings.Contains(page.body, html.EscapeString(want)) {
			t.Errorf("she is not told %q", want)
		}
	}
	for _, hidden := range []string{f.Saule.Surname, w.T("kind.specialist"), f.Decision("specialist-goods").String()} {
		if strings.Contains(page.body, hidden) {
			t.Errorf("she is told %q", hidden)
		}
	}
	f.as(f.Stranger).get(address).want(t, "a stranger", http.StatusNotFound)

	g := f.as(f.Aigul)
	ask := "/kk/openings/" + hers.String() + "/objection"
	g.get(ask).want(t, "the form", http.StatusOK)
	g.post(ask, url.Values{"words": {"аз"}}).want(t, "too short", http.StatusUnprocessableEntity)
	for range 2 { // a double click
		if to := g.post(ask, url.Values{"words": {portaltest.Circumstances}}).want(t, "asked", http.StatusSeeOther).to(); to != address {
			t.Errorf("it leads to %s", to)
		}
	}
	oversight := f.as(f.Zhanar).get("/kk/oversight")
	if !strings.Contains(oversight.body, w.T("objections.waiting", "n", 1)) {
		t.Error("the prosecutor's page does not tell of the question")
	}
	list := f.as(f.Zhanar).get("/kk/objections").want(t, "the questions", http.StatusOK)
	var question uuid.UUID
	if err := f.SQL.Get(&question, `SELECT id FROM objection`); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(list.body, question.String()) {
		t.Error("the question is not among them")
	}
	for who, status := range map[*portaltest.Actor]int{f.Aigul: 404, f.Daniyar: 404, f.Gulnar: 404, f.Zhanar: 200} {
		f.as(who).get("/kk/objections/"+question.String()).want(t, who.Word, status)
	}
	f.as(f.Zhanar).post("/kk/objections/"+question.String()+"/answer", url.Values{"words": {portaltest.Reasons}}).want(t, "answered", http.StatusSeeOther)
	if after := g.get(address); !strings.Contains(after.body, portaltest.Reasons) {
		t.Error("she does not see the answer")
	}
}

// About the prosecutor's own look the head of her office answers: her desk leads there, and
// so does the notice.
func TestTheChiefIsLedToADoubtAboutHerProsecutor(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.saysWhy(f.Zhanar, opening.Control)
	question := f.doubted(f.Aigul, f.looked(f.Zhanar, "victim-recognised"))
	waiting := html.EscapeString(f.Words.In("kk").T("objections.waiting", "n", 1))
	if page := f.as(f.Gulnar).get("/kk/office").want(t, "her desk", http.StatusOK); !strings.Contains(page.body, waiting) || !strings.Contains(page.body, "/kk/objections") {
		t.Error("the chief's desk does not tell of the question")
	}
	if page := f.as(f.Zhanar).get("/kk/oversight").want(t, "the prosecutor's desk", http.StatusOK); strings.Contains(page.body, "/kk/objections") {
		t.Error("the prosecutor is led to a question about herself")
	}
	f.as(f.Gulnar).get("/kk/objections/"+question.String()).want(t, "the question", http.StatusOK)
}

// A complaint about the investigator and who read it are not for him to learn.
func TestTheInvestigatorIsNotToldWhoReadAComplaintAboutHim(t *testing.T) {
	t.Parallel()
	f := open(t)
	complaint := f.Complaint(f.Aigul, f.Theft, filing.Ground("other"), "")
	f.as(f.Gulnar).get("/kk/filings/"+complaint.String()).want(t, "the complaint", http.StatusOK)
	page := f.as(f.Daniyar).get("/kk/cases/"+f.Theft.String()+"/openings").want(t, "the list", http.StatusOK)
	if strings.Contains(page.body, f.Gulnar.Surname) {
		t.Error("he is told")
	}
	if mine := f.as(f.Aigul).get("/kk/cases/" + f.Theft.String() + "/openings"); !strings.Contains(mine.body, f.Gulnar.Surname) {
		t.Error("she is not")
	}
}
