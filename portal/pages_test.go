package portal_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/directory"
	"zharia/portal/eds/authority"
	"zharia/portal/evidence"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
	"zharia/portal/register/standin"
	"zharia/portal/vault"
)

// view is one page as one person sees it. Its golden files are NAME.kk.html and
// NAME.ru.html.
type view struct {
	name   string
	who    *portaltest.Actor // nil: nobody has signed in
	path   string            // without the language
	fields url.Values        // posted, where there are any
	status int
}

// Every page in both languages, whole, at the one moment of every world. What
// changes from run to run is masked; what changes in review is a page changing.
func TestEveryPageLooksAsItsGoldenFileSays(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.looks(t)
}

// looks holds every page against its golden file.
func (f *front) looks(t *testing.T) {
	t.Helper()
	o := f.play()
	f.answerDraft(o["filed"])
	f.Explain(f.Zhanar, f.Theft)
	o["her view"] = f.looked(f.Daniyar, "victim-recognised")
	o["her question"] = f.doubted(f.Aigul, f.looked(f.Daniyar, "expertise-done"))
	o["served"], o["signed for"] = f.Decision("search-done"), f.Decision("suspect-recognised")
	f.poison(t, 3, "attachment-scan", "took too long")
	all := views(f, o)
	for _, v := range all {
		f.compare(t, v)
	}
	// The one who filed reads the answer, and the term for the court begins.
	f.as(f.Aigul).get("/kk/filings/"+o["answered"].String()+"/answer/document").want(t, "the answer", http.StatusOK)
	read := view{name: "filing-read", who: f.Aigul, path: "/filings/" + o["answered"].String()}
	f.compare(t, read)
	// She begins to take her complaint back.
	f.as(f.Aigul).post("/kk/filings/"+o["defence"].String()+"/withdrawal/draft", nil).want(t, "another's filing", http.StatusNotFound)
	f.as(f.Aigul).post("/kk/filings/"+o["complaint"].String()+"/withdrawal/draft", nil).want(t, "the paper", http.StatusSeeOther)
	back := view{name: "withdrawal_check", who: f.Aigul, path: "/filings/" + o["complaint"].String() + "/withdrawal"}
	f.compare(t, back)
	// Nobody answers for ten days.
	f.At = f.At.Add(10 * 24 * time.Hour)
	overdue := []view{
		{name: "filing-overdue", who: f.Aigul, path: "/filings/" + o["complaint"].String()},
		{name: "desk-overdue", who: f.Daniyar, path: "/desk"},
		{name: "oversight-overdue", who: f.Zhanar, path: "/oversight"},
	}
	for _, late := range overdue {
		f.compare(t, late)
	}
	all = append(all, fileViews(f, objects{})...) // by a test of their own
	for _, name := range reportComplaintPages {   // by a test of their own
		all = append(all, view{name: name})
	}
	for _, name := range requestPages { // by a test of their own
		all = append(all, view{name: name})
	}
	all = append(all, actingViews(f)...) // by a test of their own
	for _, name := range afterPages {    // by a test of their own
		all = append(all, view{name: name})
	}
	for _, name := range slices.Concat(awayPages, exchangePages) { // by tests of their own
		all = append(all, view{name: name})
	}
	for _, name := range bookPages { // by a test of their own
		all = append(all, view{name: name})
	}
	for _, name := range reportPages { // by a test of their own
		all = append(all, view{name: name})
	}
	for _, v := range verdicts(f, nil, nil) { // by a test of their own
		all = append(all, view{name: v.name})
	}
	noneLeftOver(t, append(append(all, overdue...), read, back, view{name: "resume"}, view{name: "resume-first"}, view{name: "signin-ended"}, view{name: "filing-pending"}, view{name: "filing-refuted"}))
}

// What is filed while the authority is silent says so, and later what came of it.
func TestAFilingSaysWhatTheAuthoritySaidOfItsKey(t *testing.T) {
	f := open(t)
	for _, service := range []authority.Service{authority.OCSP, authority.Lists, authority.Stamps} {
		f.Services.Break(service, authority.Unavailable)
	}
	id := f.Petition(f.Aigul, f.Theft)
	f.compare(t, view{name: "filing-pending", who: f.Aigul, path: "/filings/" + id.String()})
	f.Services.Break(authority.OCSP, authority.NoFault)
	f.Services.Break(authority.Lists, authority.NoFault)
	block(t, f.W, f.Aigul)
	read, err := filing.Read(t.Context(), f.DB, f.Aigul.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	f.At = f.At.Add(time.Hour)
	err = f.DB.Within(t.Context(), func(tx *vault.DB) error {
		return evidence.Confirm(t.Context(), tx, f.Verifier, read.Document, f.At)
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Troupe.Authority.Unrevoke(f.Aigul.Key.Serial()) // or she would not get in to see it
	f.compare(t, view{name: "filing-refuted", who: f.Aigul, path: "/filings/" + id.String()})
}

// noneLeftOver finds golden files of pages that nobody looks at any more.
func noneLeftOver(t *testing.T, all []view) {
	t.Helper()
	files := must(filepath.Glob("testdata/*.html"))
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		if !slices.ContainsFunc(all, func(v view) bool { return v.name == name }) {
			t.Errorf("%s is of no page", file)
		}
	}
}

// answerDraft has Daniyar write an answer that he has not signed.
func (f *front) answerDraft(id uuid.UUID) {
	f.t.Helper()
	err := filing.DraftAnswer(f.t.Context(), f.DB, f.Press, f.Daniyar.Asks(policy.AnswerDraft), id,
		portaltest.Said(filing.Refused, 1))
	if err != nil {
		f.t.Fatal(err)
	}
}

func views(f *front, o objects) []view {
	at := func(format, object string) string { return fmt.Sprintf(format, o[object]) }
	paper := f.paperOf("decision", f.Decision("accepted")).String()
	o["errand"] = errand(f.t, f.W, help(f.t, f.W, f.Bolat))
	o["long"], o["exposure"], o["redaction"] = f.Decision("term-extended"), f.draftExposure(), f.draftRedaction()
	_, digest := f.Paper(f.Aigul, o["draft"])
	_, address := f.told()
	entry, waits := f.entryDraft(), f.entryProposed(directory.Entry{Leaves: true, IIN: f.Ermek.IIN})
	f.replies(waits, false)()
	f.assignmentDraft()
	submitted := f.submitted()
	f.agreementDraft(submitted)
	standsIn := f.substitutionDraft()
	return []view{
		{name: "home", path: "/"},
		{name: "home-aigul", who: f.Aigul, path: "/"},
		{name: "about-access", path: "/about/access"},
		{name: "samples", path: "/samples"},
		{name: "sample", path: "/samples/expertise"},
		{name: "about-signature", path: "/about/signature"},
		{name: "about-terms", path: "/about/terms"},
		{name: "about-protection", path: "/about/protection"},
		{name: "guide", path: "/guide"},
		{name: "guide-wrong", path: "/guide?asked=event", status: 422},
		{name: "guide-who", who: f.Aigul, path: at("/cases/%s/guide?event=act", "theft")},
		{name: "guide_ways-all", path: "/guide?event=act&who=investigator"},
		{name: "guide_ways-other", path: "/guide?event=else"},
		{name: "guide_ways", who: f.Aigul, path: at("/cases/%s/guide?event=act&who=", "theft") + f.Daniyar.Person.String()},
		{name: "guide_ways-head", who: f.Aigul, path: at("/cases/%s/guide?event=act&who=", "theft") + f.Marat.Person.String()},
		{name: "complain_new", who: f.Stranger, path: "/complain"},
		{name: "signin", path: "/signin?next=%2Fcases"},
		{name: "signin-kept", path: at("/cases/%s/filings", "theft"), fields: url.Values{"request": {portaltest.Request}}, status: 401},
		{name: "signin-refused", path: "/session", fields: url.Values{"signature": {"AAAA"}}, status: 422},
		{name: "verify", path: "/verify/" + paper},
		{name: "verify-nothing", path: "/verify/" + paper, fields: url.Values{}, status: 422},
		{name: "verify_files", path: "/verify"},
		{name: "verify_files-nothing", path: "/verify", fields: url.Values{}, status: 422},
		{name: "fail-404", path: "/nowhere", status: 404},
		{name: "fail-404-aigul", who: f.Aigul, path: at("/cases/%s", "fraud"), status: 404},
		{name: "fail-403", who: f.Aigul, path: at("/cases/%s/decisions/new", "theft"), status: 403},
		{name: "fail-409", who: f.Aigul, path: at("/filings/%s/withdrawal", "answered"), fields: url.Values{}, status: 409},

		{name: "cases", who: f.Aigul, path: "/cases"},
		{name: "cases-empty", who: f.Stranger, path: "/cases"},
		{name: "access_new", who: f.Stranger, path: "/access/new"},
		{name: "access_new-wrong", who: f.Stranger, path: "/access", fields: url.Values{"number": {"12"}, "represented_iin": {"1"}}, status: 422},
		{name: "case-victim", who: f.Aigul, path: at("/cases/%s", "theft")},
		{name: "case-defender", who: f.Dana, path: at("/cases/%s", "theft")},
		{name: "case-investigator", who: f.Daniyar, path: at("/cases/%s", "theft")},
		{name: "case-prosecutor", who: f.Zhanar, path: at("/cases/%s", "theft")},
		{name: "decision-copy", who: f.Aigul, path: at("/decisions/%s", "copy")},
		{name: "decision-fact", who: f.Aigul, path: at("/decisions/%s", "fact")},
		{name: "decision-flagged", who: f.Daniyar, path: at("/decisions/%s", "flagged")},

		{name: "filing_kind", who: f.Aigul, path: at("/cases/%s/filings/new", "theft")},
		{name: "filing_new", who: f.Aigul, path: at("/cases/%s/filings/new?kind=petition", "theft")},
		{name: "filing_new-complaint", who: f.Aigul, path: at("/cases/%s/filings/new?kind=complaint-prosecutor", "theft")},
		{name: "filing_new-defender", who: f.Dana, path: at("/cases/%s/filings/new?kind=petition", "theft")},
		{name: "filing_new-wrong", who: f.Aigul, path: at("/cases/%s/filings", "theft"), status: 422,
			fields: url.Values{"kind": {"complaint-prosecutor"}, "circumstances": {"<b>аз</b>"}, "ground": {"nothing"}}},
		{name: "filing_new-switched", who: f.Aigul, path: at("/cases/%s/filings", "theft"), status: 200,
			fields: url.Values{"kind": {"petition"}, "circumstances": {portaltest.Circumstances}, "language-switch": {"ru"}}},
		{name: "filing_check", who: f.Aigul, path: at("/filings/%s", "draft")},
		{name: "attachments", who: f.Aigul, path: at("/filings/%s/attachments", "draft")},
		{name: "filing_check-refused", who: f.Aigul, path: at("/filings/%s/submission", "draft"), status: 422,
			fields: url.Values{"signature": {"AAAA"}, "digest": {hex.EncodeToString(digest)}}},
		{name: "filing_check-changed", who: f.Aigul, path: at("/filings/%s/submission", "draft"), status: 422,
			fields: url.Values{"signature": {"AAAA"}, "digest": {strings.Repeat("0", 64)}}},
		{name: "filing", who: f.Aigul, path: at("/filings/%s", "filed")},
		{name: "filing-decider", who: f.Daniyar, path: at("/filings/%s", "filed")},
		{name: "filing-supervisor", who: f.Zhanar, path: at("/filings/%s", "filed")},
		{name: "filing-answered", who: f.Aigul, path: at("/filings/%s", "answered")},
		{name: "filing-complaint", who: f.Aigul, path: at("/filings/%s", "complaint")},
		{name: "filing-defence", who: f.Dana, path: at("/filings/%s", "defence")},
		{name: "term", path: "/term"},
		{name: "term-moved", path: "/term?what=petition-answer&on=2026-10-22&clock=14:30"},
		{name: "term-year", path: "/term?what=termination&on=2026-11-21"},
		{name: "term-wrong", path: "/term?what=security-answer&on=2026-02-31", status: 422},
		{name: "filing_count", who: f.Aigul, path: at("/filings/%s/count", "filed")},
		{name: "filing_count-wrong", who: f.Aigul, path: at("/filings/%s/count", "filed"), status: 422, fields: url.Values{"words": {"?"}}},
		{name: "filings", who: f.Aigul, path: "/filings"},
		{name: "filings-empty", who: f.Stranger, path: "/filings"},
		{name: "calendar", who: f.Aigul, path: "/calendar"},
		{name: "calendar-wrong", who: f.Aigul, path: "/calendar", fields: url.Values{"case": {"1"}}, status: 422},
		{name: "notices", who: f.Aigul, path: "/notices"},
		{name: "notices-empty", who: f.Stranger, path: "/notices"},
		{name: "notice_settings", who: f.Aigul, path: "/notices/settings"},
		{name: "contact_new", who: f.Aigul, path: "/contacts/new"},
		{name: "contact_new-wrong", who: f.Aigul, path: "/contacts", fields: url.Values{"channel": {"sms"}, "address": {"701"}}, status: 422},
		{name: "contact", who: f.Aigul, path: "/contacts/" + address.String()},
		{name: "duty", who: f.Bolat, path: "/duty"},
		{name: "submission", who: f.Aigul, path: "/submissions/01930000-0000-7000-8000-000000000000" + f.led(f.Aigul.Person, "01930000-0000-7000-8000-000000000000", "3.00000001-1", "filing-submit", o["draft"])},
		{name: "tip", path: "/tip"},
		{name: "tip_new", path: "/tip/new"},
		{name: "tip_new-wrong", path: "/tip", fields: url.Values{"text": {"қысқа"}}, status: 422},
		{name: "tip_enter", path: "/tip/read"},
		{name: "tip_enter-typo", path: "/tip/read", fields: url.Values{"code": {"1234 5678 9012 3456 7890"}}, status: 422},
		{name: "tip_sent", path: "/tip/kept", fields: url.Values{"code": {tipCode}, "last": {"0000"}}, status: 422},
		{name: "tip_sent-kept", path: "/tip/kept", fields: url.Values{"code": {tipCode}, "last": {tipCode[16:]}}},
		{name: "tip_fail", path: "/tip/nothing", status: 404},
		{name: "tips", who: f.Actor("zhandos"), path: "/tips"},
		{name: "tips-empty", who: f.Actor("meruert"), path: "/tips"},
		{name: "tip_desk", who: f.Actor("zhandos"), path: "/tips/" + f.tipped().String()},
		{name: "client_terms", who: f.Dana, path: "/clients/terms?month=2026-10"},
		{name: "client_terms-empty", who: f.Bolat, path: "/clients/terms"},
		{name: "assistants", who: f.Dana, path: "/assistants"},
		{name: "assistants-wrong", who: f.Dana, path: "/assistants", fields: url.Values{"iin": {"12"}, "name": {"А"}}, status: 422},
		{name: "errand_new", who: f.Dana, path: at("/cases/%s/errands/new", "theft")},
		{name: "errands", who: f.Dana, path: "/errands"},
		{name: "errands-empty", who: f.Aigul, path: "/errands"},
		{name: "errand", who: f.Bolat, path: at("/errands/%s", "errand")},
		{name: "errand-advocate", who: f.Dana, path: at("/errands/%s", "errand")},

		{name: "directory", who: f.Bolat, path: "/directory?body=" + f.Body("police").String()},
		{name: "directory-head", who: f.Marat, path: "/directory"},
		{name: "directory-found", who: f.Bolat, path: "/officials", fields: url.Values{"iin": {f.Ermek.IIN.Reveal()}}},
		{name: "directory-nobody", who: f.Bolat, path: "/officials", fields: url.Values{"iin": {f.Aigul.IIN.Reveal()}}},
		{name: "appointment_new", who: f.Bolat, path: "/directory/new?officer=" + f.Ermek.Person.String()},
		{name: "appointment_new-wrong", who: f.Bolat, path: "/directory", fields: url.Values{"iin": {"12"}, "until": {"2020-01-01"}}, status: 422},
		{name: "appointment-draft", who: f.Bolat, path: "/directory/" + entry.String()},
		{name: "appointment", who: f.Raushan, path: "/directory/" + waits.String()},
		{name: "appointment-waits", who: f.Bolat, path: "/directory/" + waits.String()},
		{name: "appointment_check", who: f.Raushan, path: "/directory/" + waits.String() + "/check"},
		{name: "unit", who: f.Marat, path: "/unit"},
		{name: "office", who: f.Gulnar, path: "/office"},
		{name: "chamber", who: f.Aliya, path: "/chamber"},
		{name: "forward_new", who: f.Gulnar, path: at("/filings/%s/forward", "complaint")},
		{name: "forward_new-wrong", who: f.Gulnar, path: at("/filings/%s/forward/draft", "complaint"), fields: url.Values{"words": {"аз"}}, status: 422},
		{name: "extension_new", who: f.Gulnar, path: at("/filings/%s/extension", "complaint")},
		{name: "addition_new", who: f.Gulnar, path: at("/filings/%s/addition", "complaint")},
		{name: "assignment_new", who: f.Marat, path: at("/cases/%s/assignment", "theft")},
		{name: "assignment_check", who: f.Marat, path: at("/cases/%s/assignment/check", "theft")},
		{name: "substitution_new", who: f.Marat, path: "/substitutions/new"},
		{name: "substitution", who: f.Marat, path: "/substitutions/" + standsIn.String()},
		{name: "desk", who: f.Daniyar, path: "/desk"},
		{name: "inbox", who: f.Daniyar, path: "/desk?after=01890000-0000-7000-8000-000000000000"},
		{name: "oversight", who: f.Zhanar, path: "/oversight"},
		{name: "answer_new", who: f.Gulnar, path: at("/filings/%s/answer", "complaint")},
		{name: "answer_new-wrong", who: f.Daniyar, path: at("/filings/%s/answer", "defence"), fields: url.Values{}, status: 422},
		{name: "answer_check", who: f.Daniyar, path: at("/filings/%s/answer/check", "filed")},
		{name: "agreement", who: f.Zhanar, path: "/decisions/" + submitted.String() + "/agreement"},
		{name: "agreement-wrong", who: f.Zhanar, path: "/decisions/" + submitted.String() + "/agreement", fields: url.Values{"said": {"decision-decline"}}, status: 422},
		{name: "agreement_check", who: f.Zhanar, path: "/decisions/" + submitted.String() + "/agreement/check"},
		{name: "decision-submitted", who: f.Daniyar, path: "/decisions/" + submitted.String()},
		{name: "case-awaits", who: f.Serik, path: at("/cases/%s", "theft")},
		{name: "participant_change", who: f.Daniyar, path: "/participants/" + f.Participant("serik@theft").String() + "/change"},
		{name: "participant", who: f.Daniyar, path: at("/participants/%s", "awaiting")},
		{name: "participant-confirmed", who: f.Daniyar, path: at("/participants/%s", "confirmed")},
		{name: "participant_new", who: f.Daniyar, path: at("/cases/%s/participants/new", "theft")},
		{name: "participant_new-wrong", who: f.Daniyar, path: at("/cases/%s/participants", "theft"), status: 422,
			fields: url.Values{"iin": {"12"}, "since": {"2030-01-01"}, "role": {"defender"}}},
		{name: "decision_new", who: f.Daniyar, path: at("/cases/%s/decisions/new", "theft")},
		{name: "decision_new-wrong", who: f.Daniyar, path: at("/cases/%s/decisions", "theft"), fields: url.Values{"kind": {"wanted"}}, status: 422},
		{name: "closed-victim", who: f.Aigul, path: at("/cases/%s/closed", "theft")},
		{name: "closed-suspect", who: f.Serik, path: at("/cases/%s/closed", "theft")},
		{name: "closed-defender", who: f.Dana, path: at("/cases/%s/closed", "theft")},
		{name: "closed-plaintiff", who: f.Saule, path: at("/cases/%s/closed", "theft")},
		{name: "exposure", who: f.Daniyar, path: at("/decisions/%s/exposures/new", "long")},
		{name: "exposure-wrong", who: f.Daniyar, path: at("/decisions/%s/exposures", "long"), status: 422, fields: url.Values{"view": {"all"}, "ground": {"because"}}},
		{name: "exposure_check", who: f.Daniyar, path: at("/exposures/%s/check", "exposure")},
		{name: "redaction", who: f.Daniyar, path: at("/decisions/%s/redactions/new", "copy")},
		{name: "redaction-wrong", who: f.Daniyar, path: at("/decisions/%s/redactions", "copy"), status: 422, fields: url.Values{"part": {"all"}}},
		{name: "redaction_check", who: f.Daniyar, path: at("/redactions/%s/check", "redaction")},
		{name: "decision-exposed", who: f.Daniyar, path: at("/decisions/%s", "long")},
		{name: "decision_check", who: f.Daniyar, path: at("/decisions/%s/check", "unsigned")},
		{name: "service", who: f.Serik, path: at("/decisions/%s", "served")},
		{name: "service-signed", who: f.Serik, path: at("/decisions/%s", "signed for")},
		{name: "service-investigator", who: f.Daniyar, path: at("/decisions/%s", "served")},
		{name: "openings", who: f.Aigul, path: at("/cases/%s/openings", "theft")},
		{name: "reason", who: f.Marat, path: at("/cases/%s/reason", "theft")},
		{name: "reason-wrong", who: f.Zhanar, path: at("/cases/%s/reason", "theft"), fields: url.Values{"reason": {"other"}}, status: 422},
		{name: "objection_new", who: f.Aigul, path: at("/openings/%s/objection", "her view")},
		{name: "objections", who: f.Zhanar, path: "/objections"},
		{name: "objection", who: f.Zhanar, path: at("/objections/%s", "her question")},
	}
}

func (f *front) compare(t *testing.T, v view) {
	t.Helper()
	if v.status == 0 {
		v.status = http.StatusOK
	}
	for _, lang := range []string{"kk", "ru"} {
		g := f.visitor()
		if v.who != nil {
			g = f.as(v.who)
		}
		var got answer
		if v.fields == nil {
			got = g.get("/" + lang + v.path)
		} else {
			got = g.post("/"+lang+v.path, v.fields)
		}
		if got.StatusCode != v.status {
			t.Errorf("%s.%s: status %d %s, want %d", v.name, lang, got.StatusCode, got.to(), v.status)
			continue
		}
		f.held(t, v.name, lang, got.body)
	}
}

// held holds one page, as somebody got it, against its golden file.
func (f *front) held(t *testing.T, name, lang, body string) {
	t.Helper()
	golden(t, name+"."+lang+".html", f.masked(body))
	whole(t, name+"."+lang, body, lang)
}

// What a page says that is another in every run.
var (
	anyID  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	random = []struct {
		found *regexp.Regexp
		mask  string
	}{
		{regexp.MustCompile(`/static/[0-9a-f]{12}/`), `/static/{version}/`},
		{regexp.MustCompile(`(?:[0-9a-f]{8} ){7}[0-9a-f]{8}`), `{digest}`},
		{regexp.MustCompile(`"[0-9a-f]{64}"`), `"{digest}"`},
		{regexp.MustCompile(`by(=|%3D)[0-9a-f]{64}`), `by$1{digest}`},
		{regexp.MustCompile(`data-content="[^"]+"`), `data-content="{challenge}"`},
		{regexp.MustCompile(`PDF, \d+`), `PDF, {n}`},
		{regexp.MustCompile(`(name="ticket" value|data-puzzle)="[^"]+"`), `$1="{ticket}"`},
	}
)

// masked calls the things of the cast by their words and all others by number,
// in the order of the page.
func (f *front) masked(body string) string {
	for _, r := range random {
		body = r.found.ReplaceAllString(body, r.mask)
	}
	seen := map[string]string{}
	return anyID.ReplaceAllStringFunc(body, func(id string) string {
		if word := f.Word(uuid.MustParse(id)); word != id {
			return "{" + word + "}"
		}
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("{id-%d}", len(seen)+1)
		}
		return seen[id]
	})
}

var (
	tags  = regexp.MustCompile(`<(/?)([a-z0-9]+)[^>]*?(/?)>`)
	empty = map[string]bool{"meta": true, "link": true, "input": true, "br": true, "img": true, "path": true, "rect": true}
	ids   = regexp.MustCompile(`\sid="([^"]*)"`)
	fors  = regexp.MustCompile(`\sfor="([^"]*)"`)
	refs  = regexp.MustCompile(`aria-describedby="([^"]*)"`)

	summary  = regexp.MustCompile(`(?s)<div class="errors" role="alert" tabindex="-1" autofocus>\s*<h2>[^<]*</h2>\s*<ul>(.*?)</ul>`)
	mistakes = regexp.MustCompile(`<a href="#([^"]+)">([^<]*)</a>`)

	torn = regexp.MustCompile(`(?:class="tag[^"]*"|<li(?: aria-current="step")?)>(?:<span>)?[^<]*№\x{a0}\d{4}-\d{6}`)
)

// whole holds a page against what every page must be: its language, one heading,
// elements that close, ids that are there once, labels that point at something,
// nothing that a template failed to fill.
func whole(t *testing.T, page, body, lang string) {
	t.Helper()
	if !strings.HasPrefix(body, "<!doctype html>\n<html lang=\""+lang+"\">") {
		t.Errorf("%s does not say its language", page)
	}
	if n := strings.Count(body, "<h1"); n != 1 {
		t.Errorf("%s has %d main headings", page, n)
	}
	for _, bad := range []string{"&lt;nil&gt;", "<nil>", "ZgotmplZ", "%!", "<no value>", "0001-01-01", "&lt;b&gt;&lt;"} {
		if strings.Contains(body, bad) {
			t.Errorf("%s says %q", page, bad)
		}
	}
	var stack []string
	for _, tag := range tags.FindAllStringSubmatch(body, -1) {
		switch {
		case empty[tag[2]] || tag[3] != "":
		case tag[1] == "":
			stack = append(stack, tag[2])
		case len(stack) == 0 || stack[len(stack)-1] != tag[2]:
			t.Errorf("%s: </%s> closes %v", page, tag[2], stack)
			return
		default:
			stack = stack[:len(stack)-1]
		}
	}
	there := map[string]bool{}
	for _, id := range ids.FindAllStringSubmatch(body, -1) {
		if there[id[1]] {
			t.Errorf("%s: the id %s is there twice", page, id[1])
		}
		there[id[1]] = true
	}
	for _, label := range fors.FindAllStringSubmatch(body, -1) {
		if !there[label[1]] {
			t.Errorf("%s: a label is for %s, which is not there", page, label[1])
		}
	}
	for _, ref := range refs.FindAllStringSubmatch(body, -1) {
		for _, id := range strings.Fields(ref[1]) {
			if !there[id] {
				t.Errorf("%s: something is described by %s, which is not there", page, id)
			}
		}
	}
	if found := torn.FindString(body); found != "" {
		t.Errorf("%s: a number may be torn at its hyphen: %s", page, found)
	}
	summed(t, page, body)
}

// summed holds the summary of mistakes against the fields it leads to: it calls them as the
// page calls them, and in the order in which they stand there.
func summed(t *testing.T, page, body string) {
	t.Helper()
	found, last := summary.FindStringSubmatch(body), 0
	if found == nil {
		return
	}
	for _, m := range mistakes.FindAllStringSubmatch(found[1], -1) {
		at := strings.Index(body, ` id="`+m[1]+`"`)
		if at < 0 { // a hidden field: nobody but a page that was tampered with has it wrong
			continue
		}
		if at < last {
			t.Errorf("%s: the mistake in %s is told after one that stands below it", page, m[1])
		}
		last = at
		called := regexp.MustCompile(`(?:<label for="` + m[1] + `">|<fieldset[^>]* id="` + m[1] + `"[^>]*>\s*<legend>)([^<]*)`).FindStringSubmatch(body)
		if called == nil {
			t.Errorf("%s: a mistake is told in %s, which has no label", page, m[1])
		} else if !strings.HasPrefix(m[2], strings.TrimSpace(called[1])+": ") {
			t.Errorf("%s: a mistake is told as %q in a field that is called %q", page, m[2], called[1])
		}
	}
}

// A session that ended while somebody typed takes nothing away: after signing in
// the same fields are one button from where they were going.
func TestWhatWasTypedWhenTheSessionEndedComesBack(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"kk", "ru"} {
		f := open(t)
		g := f.as(f.Aigul)
		f.At = f.At.Add(identity.Idle + time.Second)
		typed := url.Values{
			"id": {uuid.Must(uuid.NewV7()).String()}, "kind": {"petition"}, "participant": {f.Participant("aigul@theft").String()},
			"circumstances": {portaltest.Circumstances + "\r\n\r\n\"<&>'"}, "point-1": {portaltest.Request},
		}
		path := "/" + lang + "/cases/" + f.Theft.String() + "/filings"
		page := g.post(path, typed).want(t, "a form without a session", http.StatusUnauthorized)
		golden(t, "signin-ended."+lang+".html", f.masked(page.body))
		resume := g.signChallenge(page, f.Aigul.Key).want(t, "signed in", http.StatusOK)
		golden(t, "resume."+lang+".html", f.masked(resume.body))
		whole(t, "resume."+lang, resume.body, lang)
		if !strings.Contains(resume.body, `action="`+path+`"`) {
			t.Errorf("it does not go on to %s", path)
		}
		back := url.Values{}
		for _, name := range []string{"id", "kind", "participant", "circumstances", "point-1"} {
			back.Set(name, resume.hidden(t, name))
			if back.Get(name) != typed.Get(name) {
				t.Errorf("%s came back as %q, typed %q", name, back.Get(name), typed.Get(name))
			}
		}
		g.post(path, back).want(t, "the form once more", http.StatusSeeOther)
		f.Want(t, `SELECT author, status FROM filing`, "author | status\naigul | draft")
	}
}

// Who was never signed in is told that this step needs it, and not that his time is over:
// neither while he signs in, whatever goes wrong there, nor after it.
func TestWhoWasNeverSignedInIsNotToldThatHisSessionEnded(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"kk", "ru"} {
		f := open(t)
		w, path := f.Words.In(lang), "/"+lang+"/cases/"+f.Theft.String()+"/filings"
		says := func(page answer, what string, ended bool) {
			t.Helper()
			for key, want := range map[string]bool{
				"signin.kept.text": ended, "signin.needed.text": !ended, "resume.text": ended, "resume.first.text": !ended,
			} {
				if there := strings.Contains(page.body, html.EscapeString(w.T(key))); there != (want && strings.HasPrefix(key, what)) {
					t.Errorf("%s: %s: it says %s: %t", lang, what, key, there)
				}
			}
		}
		for _, who := range []struct {
			word  string
			guest func() *guest
			ended bool
		}{
			{"nobody yet", f.visitor, false},
			{"he looked at the page of signing in", func() *guest { g := f.visitor(); g.get("/kk/signin"); return g }, false},
			{"he looked at it long ago", func() *guest {
				g := f.visitor()
				g.get("/kk/signin")
				f.At = f.At.Add(identity.Idle + time.Second)
				return g
			}, false},
			{"his session is over", func() *guest {
				g := f.as(f.Aigul)
				f.At = f.At.Add(identity.Idle + time.Second)
				return g
			}, true},
		} {
			g := who.guest()
			page := g.post(path, f.petition(fresh())).want(t, who.word, http.StatusUnauthorized)
			says(page, "signin", who.ended)
			fields := url.Values{"next": {page.hidden(t, "next")}, "kept": {page.hidden(t, "kept")}, "challenge": {page.hidden(t, "challenge")}, "signature": {"AAAA"}}
			page = g.post("/"+lang+"/session", fields).want(t, "a bad signature", http.StatusUnprocessableEntity)
			says(page, "signin", who.ended)
			fields.Set("language-switch", lang)
			page = g.post("/"+lang+"/session", fields).want(t, "the other language and back", http.StatusOK)
			says(page, "signin", who.ended)
			resume := g.signChallenge(page, f.Aigul.Key).want(t, "signed in", http.StatusOK)
			says(resume, "resume", who.ended)
			if strings.Contains(resume.body, `name="session-over"`) {
				t.Errorf("%s: the mark is sent on", lang)
			}
			if who.word == "nobody yet" {
				golden(t, "resume-first."+lang+".html", f.masked(resume.body))
				whole(t, "resume-first."+lang, resume.body, lang)
			}
		}
	}
}

// A button has nothing typed beside it: after signing in one is back on the page
// where it stands, not at an address that can only be posted to.
func TestAButtonPressedWhenTheSessionEndedLeadsBackToItsPage(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	g := f.visitor()
	page := g.post("/kk/filings/"+id.String()+"/withdrawal", nil).want(t, "a button without a session", http.StatusUnauthorized)
	back := g.signChallenge(page, f.Aigul.Key).want(t, "signed in", http.StatusSeeOther)
	if back.to() != "/kk/filings/"+id.String() {
		t.Errorf("it leads to %s", back.to())
	}
	g.get(back.to()).want(t, "the page of the button", http.StatusOK)
	f.Want(t, `SELECT status FROM filing`, "status\nfiled")
}

// Whatever was pressed or signed when the session had ended: the way on is a page that is there.
func TestWhateverWasPressedWhenTheSessionEndedThereIsAPageToGoOnTo(t *testing.T) {
	t.Parallel()
	f := open(t)
	var pages []*regexp.Regexp
	for _, r := range portal.Routes() {
		if r.Method == http.MethodGet {
			pages = append(pages, regexp.MustCompile("^"+parameter.ReplaceAllLiteralString(r.Path, "[0-9a-f-]{36}")+"$"))
		}
	}
	leads := map[policy.Act]string{}
	for i, r := range citizens(http.MethodPost) {
		if r.Act == policy.TypedSave { // a script asks, and shows no page
			continue
		}
		for what, fields := range map[string]url.Values{"nothing": nil, "a signature": {"signature": {"AAAA"}, "digest": {"00"}}} {
			g := f.visitor()
			g.home = fmt.Sprintf("198.51.100.%d:443", i%250+1) // who asks too often is not answered
			page := g.post("/ru"+parameter.ReplaceAllLiteralString(r.Path, f.Theft.String()), fields).want(t, r.Path, http.StatusUnauthorized)
			next := page.hidden(t, "next")
			if next != "" && !slices.ContainsFunc(pages, func(p *regexp.Regexp) bool { return p.MatchString(next) }) {
				t.Errorf("%s with %s leads to %q", r.Path, what, next)
			}
			leads[r.Act] = strings.ReplaceAll(next, f.Theft.String(), ":id")
		}
	}
	for act, want := range map[policy.Act]string{
		policy.ExposureDiscard: "/exposures/:id/check", policy.RedactionDiscard: "/redactions/:id/check",
		policy.SessionEndOne: "/sessions", policy.NoticeRead: "/notices", policy.AssistantEnd: "/assistants", policy.FeedEnd: "", policy.DeskSign: "/desk/drafts",
	} {
		if leads[act] != want {
			t.Errorf("%s leads to %q, want %q", act, leads[act], want)
		}
	}
}

// What was to be signed is signed on its own page, and not on the one above.
func TestASignatureThatCameTooLateLeadsBackToWhereItIsMade(t *testing.T) {
	t.Parallel()
	f := open(t)
	for path, want := range map[string]string{
		"/exposures/:id/signature": "/exposures/:id/check", "/redactions/:id/signature": "/redactions/:id/check",
		"/filings/:id/withdrawal": "/filings/:id/withdrawal", "/filings/:id/submission": "/filings/:id", "/desk/drafts/signature": "/desk/drafts",
	} {
		id := fresh().String()
		page := f.visitor().post("/kk"+strings.ReplaceAll(path, ":id", id), url.Values{"digest": {"00"}, "signature": {""}}).want(t, path, http.StatusUnauthorized)
		if next := strings.ReplaceAll(page.hidden(t, "next"), id, ":id"); next != want {
			t.Errorf("%s leads to %s, want %s", path, next, want)
		}
	}
}

// awayPages are the golden files of what is seen while the portal cannot answer.
var awayPages = []string{"fail-503", "fail-503-written", "fail-503-signed", "fail-503-clock", "submission-checking", "desk-unsafe"}

// The database does not answer, the clock is in doubt, or nobody knows yet what became of a
// COMMIT: whoever looks, writes or signs is told what to do, and holds in his hands what he
// sent.
func TestWhatIsSeenWhileThePortalCannotAnswerLooksAsItsGoldenFilesSay(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	draft := f.petitionDraft()
	to, sent := g.ready(f.Aigul, draft)
	sent.Set("signature", "AAAA") // nobody comes to look at it
	typed := url.Values{"kind": {"petition"}, "circumstances": {portaltest.Circumstances}, "point-1": {portaltest.Request}}
	theft := "/cases/" + f.Theft.String()
	away, _, end := f.mortal(t, 1, false)
	defer end()
	there := &guest{front: away, cookie: g.cookie, home: g.home}
	doubtful := behind(t, f.W, f.App, func(p *portal.Portal) {
		p.Steady = func() bool { return false }
		p.Unsafe = "fsync, clock"
	})
	in := &guest{front: doubtful, cookie: g.cookie, home: g.home}
	running, mark := f.running(t)
	defer running()
	checking := "/submissions/" + uuid.Must(uuid.NewV7()).String() + "?" + url.Values{"tx": {mark}, "act": {"filing-submit"}, "of": {draft.String()}}.Encode()
	for _, lang := range []string{"kk", "ru"} {
		at := func(path string) string { return "/" + lang + path }
		held := func(name string, a answer, status int) {
			t.Helper()
			a.want(t, name, status)
			f.held(t, name, lang, strings.ReplaceAll(a.body, mark, "{transaction}"))
		}
		held("fail-503", there.get(at("/cases")), http.StatusServiceUnavailable)
		held("fail-503-written", there.post(at(theft+"/filings"), typed), http.StatusServiceUnavailable)
		held("fail-503-signed", there.post(at(to[len("/kk"):]), sent), http.StatusServiceUnavailable)
		held("fail-503-clock", in.post(at(to[len("/kk"):]), sent), http.StatusServiceUnavailable)
		held("submission-checking", g.get(at(checking)), http.StatusAccepted)
	}
	doubtful.compare(t, view{name: "desk-unsafe", who: f.Daniyar, path: "/desk"})
}

// running is a transaction that has neither ended nor failed, and how it is named.
func (f *front) running(t *testing.T) (end func(), mark string) {
	t.Helper()
	tx, err := f.SQL.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = tx.GetContext(t.Context(), &mark, `SELECT pg_current_xact_id()::text || '.' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
			|| '-' || CAST(extract(epoch FROM stats_reset) * 1000000 AS bigint) FROM pg_stat_wal`)
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback() }, mark
}

// exchangePages are the golden files of what the register brings, and of what is told by
// the portal itself.
var exchangePages = []string{"duty-register", "case-moved", "notices-alarm", "notices-key"}

// The register says where a case is, sends what cannot be taken, refuses one event and
// then falls silent. A key is new, and an official has opened too much.
func TestWhatTheRegisterBringsLooksAsItsGoldenFilesSay(t *testing.T) {
	f := registered(t)
	hand, err := database.OpenAs(t.Context(), f.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer hand.Close()
	clock := func() time.Time { return f.At }
	sends := func(what string, body []byte, status int) {
		t.Helper()
		if got := f.machine(http.MethodPost, "/api/v1/messages", inbound.MediaMessage, f.envelope(body)); got.Code != status {
			t.Fatalf("%s: %d %s", what, got.Code, got.Body)
		}
	}
	ofCase := func(kind inbound.Kind, n int, data any) []byte {
		var m map[string]any
		if err := json.Unmarshal(message(kind, data), &m); err != nil {
			t.Fatal(err)
		}
		m["case"], m["sequence"] = f.Theft, n
		return must(json.Marshal(m))
	}
	sends("where it is", ofCase(inbound.Movement, 1, map[string]any{"state": "with-prosecutor", "since": "2026-10-21"}), http.StatusOK)
	f.compare(t, view{name: "case-moved", who: f.Aigul, path: "/cases/" + f.Theft.String()})
	for range 2 {
		sends("a state there is not", ofCase(inbound.Movement, 2, map[string]any{"state": "lost", "since": "2026-10-21"}), http.StatusUnprocessableEntity)
	}
	sends("nobody's number", message(inbound.Persons, map[string]any{"persons": []any{map[string]any{"iin": "123456789012", "name": "Аты"}}}), http.StatusUnprocessableEntity)

	key, err := feed.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	register, err := standin.Open(t.TempDir(), portaltest.Origin, key.Public(), clock)
	if err != nil {
		t.Fatal(err)
	}
	defer register.Close()
	server := httptest.NewServer(register)
	defer server.Close()
	if err := feed.Subscribe(t.Context(), hand, feed.Subscriber{Name: portal.RegisterName, URL: server.URL}, f.At); err != nil {
		t.Fatal(err)
	}
	worker := &feed.Worker{DB: hand, Key: key, Origin: portaltest.Origin, Clock: clock}
	pass := func(d time.Duration) {
		t.Helper()
		for end := f.At.Add(d); f.At.Before(end); f.At = f.At.Add(time.Minute) {
			if _, err := feed.Tell(t.Context(), hand, f.At); err != nil {
				t.Fatal(err)
			}
			for n := 1; n > 0; {
				if n, err = worker.Send(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	pass(5 * time.Minute)
	f.Petition(f.Aigul, f.Theft)
	register.Fail(standin.Faults{Wants: func(feed.Event) bool { return false }})
	pass(2 * time.Hour)
	register.Fail(standin.Faults{Down: true})
	f.Petition(f.Dana, f.Theft)  // waits behind it
	f.Petition(f.Timur, f.Fraud) // meets the silence
	pass(30 * time.Minute)
	f.compare(t, view{name: "duty-register", who: f.Bolat, path: "/duty"})

	err = hand.Within(t.Context(), func(tx *database.DB) error {
		seen := ledger.Entry{At: f.At, Who: f.Stranger.Person, Act: string(policy.KeyNew), Object: "person", ID: f.Stranger.Person}
		if err := ledger.Record(t.Context(), tx, seen); err != nil {
			return err
		}
		return opening.Alarm(t.Context(), tx, f.Daniyar.Person, f.At)
	})
	if err != nil {
		t.Fatal(err)
	}
	tell(t, teller(t, f.W, new(letters)))
	f.compare(t, view{name: "notices-key", who: f.Stranger, path: "/notices"})
	f.compare(t, view{name: "notices-alarm", who: f.Marat, path: "/notices"})
}
