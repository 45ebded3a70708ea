package portal_test

import (
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
)

// in signs somebody in with his key, in a browser of a certain make.
func (f *front) in(who *portaltest.Actor, agent string) *guest {
	f.t.Helper()
	g := f.visitor()
	page := g.get("/kk/signin").want(f.t, "the sign-in page", http.StatusOK)
	content := must(decode(page.attribute(f.t, "data-content")))
	fields := url.Values{"challenge": {page.hidden(f.t, "challenge")}, "signature": {g.signature(who.Key, content, true)}}
	r := httptest.NewRequest(http.MethodPost, "/kk/session", strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", agent)
	g.do(r).want(f.t, "the sign-in", http.StatusSeeOther)
	return g
}

// Two browsers as they name themselves.
const (
	firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0"
	android = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Mobile Safari/537.36"
)

// ends are the addresses that end one session, on the page that lists them.
var ends = regexp.MustCompile(`action="/kk(/sessions/[0-9a-f-]{36}/end)"`)

func TestAPersonSeesWhereHeIsSignedInAndEndsItFromAnywhere(t *testing.T) {
	t.Parallel()
	f := open(t)
	work := f.in(f.Aigul, firefox)
	f.At = f.At.Add(5 * time.Minute)
	hand := f.in(f.Aigul, android)
	serik := f.in(f.Serik, firefox)
	page := hand.get("/kk/sessions").want(t, "her sessions", http.StatusOK)
	for _, words := range []string{"Chrome, Android", "Firefox, Windows", f.Words.In("kk").Moment(f.At), f.Words.In("kk").Moment(f.At.Add(-5 * time.Minute)), f.Words.In("kk").T("sessions.way.agent")} {
		if !strings.Contains(page.body, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
	found := ends.FindAllStringSubmatch(page.body, -1)
	if len(found) != 1 {
		t.Fatalf("she can end %v elsewhere", found)
	}
	for _, secret := range []string{hand.cookie, work.cookie, "Mozilla", "147.0"} {
		if strings.Contains(page.body, secret) {
			t.Errorf("the page shows %q", secret)
		}
	}
	serik.post("/kk"+found[0][1], nil).want(t, "he ends hers", http.StatusNotFound)
	work.get("/kk/cases").want(t, "the one at work", http.StatusOK)
	hand.post("/kk"+found[0][1], nil).want(t, "she ends it", http.StatusSeeOther)
	if got := work.get("/kk/cases"); cell(got) != "in" {
		t.Errorf("the one that was ended answers %d", got.StatusCode)
	}
	hand.post("/kk"+found[0][1], nil).want(t, "once more", http.StatusNotFound)

	third := f.in(f.Aigul, firefox)
	hand.post("/kk/sessions/end", nil).want(t, "all the others", http.StatusSeeOther)
	if cell(third.get("/kk/cases")) != "in" || cell(hand.get("/kk/cases")) != "200" {
		t.Error("not the others have ended")
	}
	fourth := f.in(f.Aigul, firefox)
	if to := fourth.post("/kk/sessions/end", url.Values{"this": {"too"}}).want(t, "all of them", http.StatusSeeOther).to(); to != "/kk/" {
		t.Errorf("it leads to %s", to)
	}
	if fourth.cookie != "" || cell(hand.get("/kk/cases")) != "in" || cell(serik.get("/kk/cases")) != "200" {
		t.Error("not all of hers, or more than hers have ended")
	}
	f.Want(t, `SELECT act, who, count(*) FROM record WHERE act LIKE 'session-end%' GROUP BY act, who ORDER BY act`, `
		act             | who   | count
		session-end-all | aigul | 2
		session-end-one | aigul | 1`)
	f.Sound()
}

func TestTheFirstPageAfterSigningInTellsOfTheSignInBeforeOnce(t *testing.T) {
	t.Parallel()
	f := open(t)
	tells := func(a answer) bool { return strings.Contains(a.body, `class="since"`) }
	first := f.in(f.Aigul, firefox)
	if got := first.do(httptest.NewRequest(http.MethodHead, "/kk/cases", nil)); tells(got) {
		t.Error("HEAD tells something")
	}
	page := first.get("/kk/cases")
	if !tells(page) || !strings.Contains(page.body, f.Words.In("kk").T("session.tell.first")) {
		t.Error("the first sign-in is not told of")
	}
	if tells(first.get("/kk/cases")) || tells(first.get("/kk/filings")) {
		t.Error("it is told twice")
	}
	before := f.At
	f.At = f.At.Add(26 * time.Hour)
	second := f.in(f.Aigul, android)
	page = second.get("/ru/cases")
	want := html.EscapeString(f.Words.In("ru").T("session.tell.before", "moment", f.Words.In("ru").Moment(before), "way", strings.ToLower(f.Words.In("ru").T("sessions.way.agent")[:2])+f.Words.In("ru").T("sessions.way.agent")[2:]))
	if !tells(page) || !strings.Contains(page.body, want) {
		t.Errorf("the page does not tell %q: %d %s\n%s", want, page.StatusCode, page.to(), short(page.body))
	}
	if tells(second.get("/ru/cases")) {
		t.Error("it is told twice")
	}
}

func TestAPageKnowsHowLongItsSessionLastsAndCanKeepIt(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	if left := g.get("/kk/cases").attribute(t, "data-left"); left != "900" {
		t.Errorf("%s seconds are left of fifteen minutes", left)
	}
	f.At = f.At.Add(14 * time.Minute)
	for range 40 { // fourteen minutes each: more than all its life
		got := g.post("/kk/session/stay", nil).want(t, "to stay", http.StatusOK)
		if got.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("it answers %s", got.Header.Get("Content-Type"))
		}
		switch {
		case got.body == `{"left":900,"last":false,"name":"Оспанова Айгүл Болатқызы"}`+"\n":
		case strings.Contains(got.body, `"last":true`) && f.At.Sub(portaltest.Afternoon) > identity.Life-identity.Idle:
		default:
			t.Fatalf("%s after it began: %s", f.At.Sub(portaltest.Afternoon), got.body)
		}
		if f.At = f.At.Add(14 * time.Minute); f.At.Sub(portaltest.Afternoon) >= identity.Life {
			break
		}
	}
	got := g.post("/kk/session/stay", nil).want(t, "after eight hours", http.StatusOK)
	if got.body != `{"left":0,"last":false}`+"\n" || len(got.Cookies()) != 0 {
		t.Errorf("it answers %s, cookies %v", got.body, got.Cookies())
	}
	if got := f.visitor().post("/kk/session/stay", nil); got.body != `{"left":0,"last":false}`+"\n" || len(got.Cookies()) != 0 {
		t.Errorf("a visitor is answered %s, cookies %v", got.body, got.Cookies())
	}
	f.Want(t, `SELECT count(*) FROM session`, "count\n1")
}

// citizens are the routes that are for those who have signed in.
func citizens(method string) (out []portal.Route) {
	for _, r := range portal.Routes() {
		if rule, _ := policy.RuleOf(r.Act); r.Method == method && rule.Who&policy.Visitor == 0 {
			out = append(out, r)
		}
	}
	return out
}

var parameter = regexp.MustCompile(`:[a-z]+`)

// Whatever form it was, what was typed stands on the page that asks to sign in,
// and after it on the page that sends it on. A file cannot come along, and the
// page says so.
func TestWhateverFormWasSentAfterTheSessionEndedComesBackWhole(t *testing.T) {
	t.Parallel()
	f := open(t)
	fields := url.Values{"circumstances": {"Бір\r\n\r\nекі <b>&amp;"}, "concerns": {"1", "2"}, "empty": {""}}
	routes := citizens(http.MethodPost)
	if len(routes) < 15 {
		t.Fatalf("found only %d", len(routes))
	}
	for i, r := range routes {
		if r.Act == policy.TypedSave {
			continue // only a script sends it, from a form that is still open
		}
		if r.Act == policy.AttachmentAdd || r.Act == policy.ReportFileAdd {
			continue // its files come as they are read and cannot wait for anybody: it leads back to the filing
		}
		for _, file := range []bool{false, true} {
			path := "/ru" + parameter.ReplaceAllLiteralString(r.Path, fresh().String())
			g := f.visitor()
			g.home = fmt.Sprintf("198.51.100.%d:443", i%250+1) // who asks too often is not answered
			page := g.post(path, fields)
			if file {
				page = g.upload(path, "file", []byte("%PDF-1.7"), fields)
			}
			page.want(t, path, http.StatusUnauthorized)
			back := g.signChallenge(page, f.Daniyar.Key).want(t, "signed in for "+path, http.StatusOK)
			if !strings.Contains(back.body, `<form method="post" action="`+path+`">`) {
				t.Errorf("%s goes elsewhere afterwards", path)
			}
			got := url.Values{}
			for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(back.body, -1) {
				got.Add(m[1], html.UnescapeString(m[2]))
			}
			if got.Encode() != fields.Encode() {
				t.Errorf("%s brings back %v", path, got)
			}
			if says := strings.Contains(back.body, html.EscapeString(f.Words.In("ru").T("resume.file"))); says != file {
				t.Errorf("%s, a file chosen %v: the page says so %v", path, file, says)
			}
		}
	}
}

func TestWhoIsSentToSignInComesBackToThePageHeAskedFor(t *testing.T) {
	t.Parallel()
	f := open(t)
	routes := citizens(http.MethodGet)
	if len(routes) < 15 {
		t.Fatalf("found only %d", len(routes))
	}
	for _, r := range routes {
		path := parameter.ReplaceAllLiteralString(r.Path, fresh().String()) + "?kind=petition&about=%D3%99"
		g := f.visitor()
		sent := g.get("/ru"+path).want(t, path, http.StatusSeeOther)
		page := g.get(sent.to()).want(t, sent.to(), http.StatusOK)
		if r.Act == policy.AnswerDocument || r.Act == policy.MessageList { // something begins with them: the page before
			path = strings.Join(strings.Split(path, "/")[:3], "/")
		}
		if back := g.signChallenge(page, f.Aigul.Key).want(t, "signed in", http.StatusSeeOther); back.to() != "/ru"+path {
			t.Errorf("who wanted %s comes to %s", path, back.to())
		}
	}
	g := f.as(f.Aigul)
	if to := g.get("/kk/signin?next=/filings").to(); to != "/kk/filings" {
		t.Errorf("who is signed in already comes to %s", to)
	}
	if to := g.get("/kk/signin?next=//evil.example").to(); to != "/kk/cases" {
		t.Errorf("a foreign address leads to %s", to)
	}
}

func TestAnOfficerWhoHasLeftHisPostSignsInAsACitizen(t *testing.T) {
	t.Parallel()
	f := open(t)
	arrives := func(who *portaltest.Actor) string {
		return f.visitor().signIn(who.Key).want(t, who.Name, http.StatusSeeOther).to()
	}
	if to := arrives(f.Daniyar); to != "/kk/desk" {
		t.Errorf("in post he begins at %s", to)
	}
	if _, err := f.SQL.ExecContext(t.Context(), `UPDATE officer SET until = '2026-10-21' WHERE post = 'investigator'`); err != nil {
		t.Fatal(err)
	}
	if to := arrives(f.Daniyar); to != "/kk/cases" {
		t.Errorf("after his last day he begins at %s", to)
	}
	g := f.in(f.Daniyar, firefox)
	for _, path := range []string{"/desk", "/oversight", "/cases/" + f.Theft.String()} {
		g.get("/kk"+path).want(t, path, http.StatusNotFound)
	}
	g.get("/kk/sessions").want(t, "his own sessions", http.StatusOK)
	if to := arrives(f.Zhanar); to != "/kk/oversight" {
		t.Errorf("another official begins at %s", to)
	}
	if to := arrives(f.Stranger); to != "/kk/cases" {
		t.Errorf("who never was an official begins at %s", to)
	}
}

// plainActs are what may be done without a signature: it has no legal effect by
// itself, or the Code asks for none. Every other change asks for the key.
var plainActs = map[policy.Act]bool{
	// About oneself and one's browser.
	policy.SessionOpen: true, policy.SessionChallenge: true, policy.SessionEnd: true, policy.SessionStay: true,
	policy.SessionEndOne: true, policy.SessionEndAll: true, policy.TypedSave: true, policy.TypedForget: true,
	// On the way to a signature.
	policy.PhoneAsk: true, policy.EgovLogin: true,
	// Signed otherwise: with the key of the register.
	policy.RegisterSend: true, policy.RegisterBatch: true,
	// Drafts, and throwing them away.
	// Nobody's: whoever sends it says not who he is. The answer to it is no paper of a case.
	policy.TipSend: true, policy.TipKept: true, policy.TipReceipt: true, policy.TipRead: true, policy.TipWrite: true, policy.TipAnswer: true, policy.TipClose: true,
	policy.ReportBegin: true, policy.ReportAnswer: true, policy.ReportPrint: true, policy.ReportDiscard: true,
	policy.BookDraft: true, policy.BookDiscard: true, policy.EntryDraft: true, policy.EntryDiscard: true,
	policy.FilingCreate: true, policy.ComplainDraft: true, policy.WithdrawalDraft: true, policy.AnswerDraft: true, policy.DecisionDraft: true,
	policy.ParticipantAdd: true, policy.ParticipantDraft: true, policy.ParticipantEnding: true,
	policy.ConsentDraft: true, policy.SupplementDraft: true, policy.SupplementDiscard: true,
	// What goes with a draft: the paper that is signed names each file by its SHA-256.
	policy.ReportFileAdd: true, policy.ReportFileBegin: true, policy.AttachmentAdd: true, policy.AttachmentBegin: true, policy.AttachmentFinish: true, policy.AttachmentBind: true, policy.AttachmentRemove: true,
	// A word for the record, and what both sides write to one another.
	policy.PointDispute: true, policy.MessageSend: true,
	// Papers that wait for a signature; what somebody is asked to add, and the word of the
	// prosecutor: the paper that does what he says is made elsewhere.
	policy.ForwardDraft: true, policy.ExtensionDraft: true, policy.ReplyDraft: true, policy.FilingAsk: true, policy.CancellationSettle: true,
	policy.FilingDiscard: true, policy.DecisionDiscard: true, policy.ParticipantDiscard: true,
	policy.AccessDraft: true, policy.AccessDiscard: true, policy.AccessComplain: true, policy.ReportComplain: true, policy.DeskConfirm: true,
	// Takes back what was asked for oneself; it may be asked for again.
	policy.AccessWithdraw: true,
	// Puts the file together; what of it is opened, and to whom, a signed notice says.
	policy.MaterialAdd: true, policy.MaterialPut: true, policy.MaterialRemove: true,
	policy.FamiliarisationDraft: true, policy.FamiliarisationDiscard: true, policy.RecordDraft: true, policy.RecordAssent: true,
	// Reading, one's own notes, and time for it: it may be given and takes nothing.
	policy.FamiliarisationTime: true, policy.FamiliarisationNote: true, policy.FamiliarisationPlead: true, policy.FamiliarisationPostpone: true,
	// Takes back what was opened by mistake: it only takes away, and its reader is told.
	policy.FamiliarisationEnd: true,
	// Papers that are prepared or given up, and a search. The end of a substitution
	// only takes away.
	policy.AppointmentDraft: true, policy.AppointmentDiscard: true, policy.AppointmentReply: true, policy.DirectoryFind: true,
	policy.AssignmentDraft: true, policy.AssignmentDiscard: true,
	policy.SubstitutionDraft: true, policy.SubstitutionDiscard: true, policy.SubstitutionEnd: true,
	// The papers by which a decision opens further or less far, and its copies; the
	// end of what was signed is written down, CPC 201.
	policy.ExposureDraft: true, policy.ExposureDiscard: true, policy.ExposureEnd: true,
	policy.RedactionDraft: true, policy.RedactionDiscard: true,
	// Handed over by being opened, where the Code wants no more; and a receipt that is
	// prepared. Why an official opens a case, and a question about that.
	policy.DecisionOpen: true, policy.ServiceDraft: true,
	policy.ReasonGive: true, policy.ObjectionFile: true, policy.ObjectionAnswer: true,
	// Somebody's word on a count: the clock runs on.
	policy.CountObject: true,
	// Changes nothing.
	policy.VerifyFile: true, policy.VerifyFiles: true,
	// Work of the portal's own, which it had given up, is tried again.
	policy.JobAgain: true, policy.EventAgain: true,
	// Says that somebody reads; starts and ends no term.
	policy.FilingConsider: true,
	// The prosecutor's word, and a change of status: prepared and not signed yet.
	policy.AgreementDraft: true, policy.ParticipantChangeDraft: true,
	// For whom he acts in this browser; and the paper by which a power is taken back.
	policy.ActingSet: true, policy.RevocationDraft: true,
	// An address of one's own terms; who writes drafts, and what he writes: the advocate
	// signs it, or nothing comes of it.
	policy.FeedMake: true, policy.FeedEnd: true, policy.AssistantLet: true, policy.AssistantEnd: true,
	policy.ErrandGive: true, policy.ErrandWrite: true, policy.ErrandHand: true, policy.ErrandTake: true,
	// What one was told, and where: that it changed goes to the address before.
	policy.NoticeRead: true, policy.NoticeReadAll: true, policy.NoticeResend: true, policy.NoticeSet: true,
	policy.ContactAdd: true, policy.ContactCode: true, policy.ContactConfirm: true, policy.ContactEnd: true,
}

// Whatever the session says: an act with legal effect that comes without a
// signature leaves no trace, because it did not happen.
func TestEveryActWithLegalEffectAsksForASignatureWhateverTheSessionSays(t *testing.T) {
	t.Parallel()
	f := open(t)
	o := f.play()
	f.as(f.Aigul).post("/kk/filings/"+o["complaint"].String()+"/withdrawal/draft", nil).want(t, "the paper of a withdrawal", http.StatusSeeOther)
	answer := func(outcome filing.Status) func() {
		return func() {
			err := filing.DraftAnswer(t.Context(), f.DB, f.Press, f.Daniyar.Asks(policy.AnswerDraft), o["filed"],
				portaltest.Said(outcome, 1))
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	type signed struct {
		who    *portaltest.Actor
		object uuid.UUID
		ready  func()
	}
	ready := func() {}
	drafted := func(path string, fields url.Values) func() {
		return func() { f.as(f.Daniyar).post("/kk"+path, fields).want(t, path, http.StatusSeeOther) }
	}
	waits := f.submitted()
	said := func(a casefile.Agreement) func() {
		return func() {
			if err := casefile.DraftAgreement(t.Context(), f.DB, f.Press, f.Zhanar.Asks(policy.AgreementDraft), waits, a); err != nil {
				t.Fatal(err)
			}
		}
	}
	entry := f.entryProposed(directory.Entry{Leaves: true, IIN: f.Ermek.IIN})
	_, hers, _, his := f.file()
	recorded := f.recorded("saule@theft", f.Saule)
	back, kept := f.askedBack(t), f.askedBack(t)
	decided := f.Report(f.Nurlan, f.Story())
	f.decisionDraft(decided, report.Refused)
	acts := map[policy.Act]signed{
		policy.FamiliarisationOpen: {f.Daniyar, his, ready},
		policy.RecordSign: {f.Aigul, hers, func() {
			f.as(f.Aigul).post("/kk/familiarisations/"+hers.String()+"/record/draft", nil).want(t, "the draft of a record", http.StatusSeeOther)
		}},
		policy.FamiliarisationClose: {f.Daniyar, recorded, drafted("/familiarisations/"+recorded.String()+"/closing/draft", nil)},
		policy.FilingSubmit:         {f.Aigul, o["draft"], ready},
		policy.BookDecide:           {f.Actor("zhandos"), decided, ready},
		policy.EntrySubmit:          {f.Actor("zhandos"), f.entered(), ready},
		policy.ReportSubmit:         {f.Nurlan, f.ReportDraft(f.Nurlan, report.Offence, f.Story()), ready},
		policy.ExposureSign:         {f.Daniyar, f.draftExposure(), ready},
		policy.RedactionSign:        {f.Daniyar, f.draftRedaction(), ready},
		policy.FilingWithdraw:       {f.Aigul, o["complaint"], ready},
		policy.WithdrawalAsk: {f.Dana, o["defence"], func() {
			f.as(f.Dana).post("/kk/filings/"+o["defence"].String()+"/withdrawal/draft", nil).want(t, "her withdrawal", http.StatusSeeOther)
		}},
		policy.WithdrawalConsent: {f.Serik, back, func() {
			f.as(f.Serik).post("/kk/filings/"+back.String()+"/consent/draft", url.Values{"said": {"yes"}}).want(t, "his consent", http.StatusSeeOther)
		}},
		policy.WithdrawalDecline: {f.Serik, kept, func() {
			f.as(f.Serik).post("/kk/filings/"+kept.String()+"/consent/draft", url.Values{"said": {"no"}}).want(t, "his refusal", http.StatusSeeOther)
		}},
		policy.SupplementSign: {f.Aigul, o["complaint"], func() {
			f.as(f.Aigul).post("/kk/filings/"+o["complaint"].String()+"/supplements", url.Values{"kind": {"added"}, "text": {added}}).want(t, "a supplement", http.StatusSeeOther)
		}},
		policy.DecisionPublish: {f.Daniyar, o["unsigned"], ready},
		policy.DecisionSubmit:  {f.Daniyar, f.draftSuspicion(), ready},
		policy.DecisionAgree:   {f.Zhanar, waits, said(casefile.Agreement{Agrees: true, Language: "kk"})},
		policy.DecisionDecline: {f.Zhanar, waits, said(casefile.Agreement{Reasons: portaltest.Reasons, Language: "kk"})},
		policy.FilingGrant:     {f.Daniyar, o["filed"], answer(filing.Granted)},
		policy.FilingGrantPart: {f.Daniyar, o["filed"], answer(filing.GrantedPart)},
		policy.FilingRefuse:    {f.Daniyar, o["filed"], answer(filing.Refused)},
		policy.FilingForward:   {f.Daniyar, o["filed"], drafted("/filings/"+o["filed"].String()+"/forward/draft", url.Values{"to": {"prosecutor"}, "words": {portaltest.Reasons}})},
		policy.FilingExtend: {f.Gulnar, o["complaint"], func() {
			f.as(f.Gulnar).post("/kk/filings/"+o["complaint"].String()+"/extension/draft", url.Values{"reason": {portaltest.Reasons}}).want(t, "the notice", http.StatusSeeOther)
		}},
		policy.FilingReply: {f.Dana, o["defence"], func() {
			f.as(f.Daniyar).post("/kk/filings/"+o["defence"].String()+"/addition", url.Values{"asked-1": {"Түбіртек"}}).want(t, "asked to add", http.StatusSeeOther)
			f.as(f.Dana).post("/kk/filings/"+o["defence"].String()+"/reply/draft", url.Values{"reply-1": {"Түбіртек менде"}}).want(t, "the reply", http.StatusSeeOther)
		}},
		policy.AccessSubmit:     {f.Stranger, f.RequestDraft(f.Stranger, f.Theft, casefile.NewRequest{Role: policy.Victim}), ready},
		policy.DeskSign:         {f.Daniyar, uuid.Nil, ready}, // several at once, each by the door of its own act
		policy.ParticipantGrant: {f.Daniyar, o["awaiting"], drafted("/participants/"+o["awaiting"].String()+"/draft", url.Values{"role": {"victim"}, "basis": {"ruling"}, "since": {"2026-10-20"}})},
		policy.PowerRevoke: {f.Serik, f.Participant("dana@theft"), func() {
			f.as(f.Serik).post("/kk/powers/"+f.Participant("dana@theft").String()+"/revocation/draft", nil).want(t, "the paper of a revocation", http.StatusSeeOther)
		}},
		policy.AppointmentPropose: {f.Bolat, f.entryDraft(), ready},
		policy.AppointmentAgree:   {f.Raushan, entry, f.replies(entry, true)},
		policy.AppointmentDecline: {f.Raushan, entry, f.replies(entry, false)},
		policy.AssignmentSign:     {f.Marat, f.Theft, f.assignmentDraft},
		policy.ServiceSign: {f.Serik, f.Decision("suspect-recognised"), func() {
			f.as(f.Serik).post("/kk/decisions/"+f.Decision("suspect-recognised").String()+"/receipt/draft", nil).want(t, "the draft of a receipt", http.StatusSeeOther)
		}},
		policy.SubstitutionSign: {f.Marat, f.substitutionDraft(), ready},
		policy.ParticipantEnd:   {f.Daniyar, o["confirmed"], drafted("/participants/"+o["confirmed"].String()+"/ending", nil)},
	}
	tried := 0
	for _, r := range portal.Routes() {
		if r.Method != http.MethodPost || plainActs[r.Act] {
			continue
		}
		act, known := acts[r.Act]
		if !known {
			t.Errorf("%s is neither signed nor in the list of what needs no signature", r.Act)
			continue
		}
		act.ready()
		if r.Act != policy.DeskSign { // several at once: no phone signs them
			fields := url.Values{"act": {string(r.Act)}, "of": {act.object.String()}, "digest": {"00"}}
			f.as(act.who).post("/kk/phone", fields).want(t, string(r.Act)+" by a phone, of what the page shows no more", http.StatusSeeOther)
		}
		path := "/kk" + parameter.ReplaceAllLiteralString(r.Path, act.object.String())
		for what, fields := range map[string]url.Values{
			"nothing": nil, "an empty signature": {"signature": {""}}, "a word": {"signature": {"yes"}},
			"a phone's request that is not there": {"phone": {fresh().String()}}, "no number of one": {"phone": {"1"}},
		} {
			before := f.Rows(t, `SELECT count(*) FROM document WHERE signed_at IS NOT NULL`) + f.Rows(t, `SELECT count(*) FROM record WHERE act = '`+string(r.Act)+`'`)
			got := f.as(act.who).post(path, fields)
			if got.StatusCode < 400 || got.StatusCode >= 500 {
				t.Errorf("%s with %s: %d %s", r.Act, what, got.StatusCode, got.to())
			}
			if after := f.Rows(t, `SELECT count(*) FROM document WHERE signed_at IS NOT NULL`) + f.Rows(t, `SELECT count(*) FROM record WHERE act = '`+string(r.Act)+`'`); after != before {
				t.Errorf("%s with %s left a trace", r.Act, what)
			}
		}
		tried++
	}
	if tried != len(acts) {
		t.Errorf("%d of %d signed acts have an address", tried, len(acts))
	}
	f.Sound()
}

// Whatever is sent, every line of the log is the portal's own.
func TestNobodyWritesALineOfTheLog(t *testing.T) {
	var log safeBuffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)
	f := open(t)
	const forged = "\r\nlevel=INFO msg=request route=/forged"
	for _, path := range []string{"/kk/cases/" + url.PathEscape(forged), "/kk/cases?next=" + url.QueryEscape(forged), "/kk/signin?next=" + url.QueryEscape("/"+forged)} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for _, name := range []string{"User-Agent", "Referer", "X-Request-Id", "X-Forwarded-For", "Accept-Language"} {
			r.Header.Set(name, forged)
		}
		f.visitor().do(r)
	}
	ours := regexp.MustCompile(`^time=\S+ level=INFO msg=(request|failed) request=[0-9a-f-]{36} `)
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) < 3 {
		t.Fatalf("%d lines for three requests", len(lines))
	}
	for _, line := range lines {
		if !ours.MatchString(line) {
			t.Errorf("a line that is not ours: %s", line)
		}
	}
	if strings.Contains(log.String(), "forged") {
		t.Errorf("the log says what was sent:\n%s", log.String())
	}
}

// What nobody expected ends one request, in words and with its number, and no
// other.
func TestAFaultNobodyExpectedIsAPageWithoutItsInside(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	f := openOver(t, w, nil) // whoever signs in now asks a verifier that is not there
	got := f.visitor().signIn(f.Aigul.Key)
	got.want(t, "a fault of ours", http.StatusInternalServerError)
	if !strings.Contains(got.body, `<html lang="kk">`) || got.Header.Get("X-Request-Id") == "" {
		t.Errorf("it is no page:\n%s", short(got.body))
	}
	for _, inside := range []string{"goroutine", "panic", "runtime", "nil pointer", ".go:"} {
		if strings.Contains(got.body, inside) {
			t.Errorf("the page says %q", inside)
		}
	}
	f.visitor().get("/kk/signin").want(t, "the next one", http.StatusOK)
}
