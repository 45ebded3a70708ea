package portal_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register"
)

// numberOf is the number of a case in the register.
func (f *front) numberOf(of uuid.UUID) string { return f.Number(of) }

// asking are the fields of a request as a page sends them.
func (f *front) asking(role policy.Role) url.Values {
	return url.Values{"id": {uuid.Must(uuid.NewV7()).String()}, "number": {f.numberOf(f.Theft)}, "role": {string(role)}, "words": {portaltest.Why}}
}

func TestAStrangerAsksForAccessIsRefusedAndComplainsInOneStep(t *testing.T) {
	t.Parallel()
	f := open(t)
	asel, w := f.as(f.Stranger), f.Words.In("kk")
	if page := asel.get("/kk/cases"); !strings.Contains(page.body, `href="/kk/access/new"`) {
		t.Error("the empty list does not lead to asking")
	}
	fields := f.asking(policy.Victim)
	fields.Set("number", " "+fields.Get("number")[:6]+" "+fields.Get("number")[6:])
	to := asel.post("/kk/access", fields).want(t, "a draft", http.StatusSeeOther).to()
	request := strings.TrimSuffix(strings.TrimPrefix(to, "/kk/access/"), "/check")
	for _, lang := range []string{"kk", "ru"} {
		for _, path := range []string{"/access/new", "/access/" + request + "/draft", "/access/" + request + "/check"} {
			whole(t, path, asel.get("/"+lang+path).want(t, path, http.StatusOK).body, lang)
		}
	}
	page := asel.get(to).want(t, "the page to sign on", http.StatusOK)
	if !strings.Contains(asel.get("/kk/cases").body, "/kk/access/"+request+"/check") {
		t.Error("her list does not lead back to the draft")
	}
	asel.sign(page, f.Stranger.Key).want(t, "the signature", http.StatusSeeOther)
	page = asel.get("/kk/access/"+request).want(t, "the request", http.StatusOK)
	for _, said := range []string{"2026-10-27T19:00:00Z", f.Daniyar.FullName(), w.T("access.status.asked")} {
		if !strings.Contains(page.body, said) {
			t.Errorf("the request does not say %q", said)
		}
	}
	list := asel.get("/kk/cases").body
	if !strings.Contains(list, w.Until(f.at("request", "due_at"))) || !strings.Contains(list, "/kk/access/"+request) {
		t.Error("her list does not tell the term")
	}

	// On the desk it lies by its term, and its page is filled in as she asked.
	desk := f.as(f.Daniyar).get("/kk/desk").want(t, "the desk", http.StatusOK)
	whole(t, "desk", desk.body, "kk")
	var participant string
	if err := f.SQL.Get(&participant, `SELECT participant FROM request`); err != nil {
		t.Fatal(err)
	}
	status := f.as(f.Daniyar).get("/kk/participants/"+participant).want(t, "the status", http.StatusOK)
	for _, filled := range []string{`<option value="victim" selected>`, `<option value="ruling" selected>`, `value="2026-10-22"`, portaltest.Why} {
		if !strings.Contains(status.body, filled) {
			t.Errorf("the page of the status does not have %s", filled)
		}
	}
	none := f.as(f.Daniyar).post("/kk/participants/"+participant+"/ending", url.Values{"reasons": {" "}}).want(t, "no reasons", http.StatusUnprocessableEntity)
	if !strings.Contains(none.body, `id="reasons-error"`) || !strings.Contains(none.body, `<option value="victim" selected>`) {
		t.Error("the page does not say where the mistake is, or has forgotten the rest")
	}
	f.as(f.Daniyar).post("/kk/participants/"+participant+"/ending", url.Values{"reasons": {strings.Repeat("ы", 5001)}}).want(t, "too many", http.StatusUnprocessableEntity)
	f.as(f.Daniyar).post("/kk/participants/"+participant+"/ending", url.Values{"reasons": {portaltest.Reasons}}).want(t, "the refusal", http.StatusSeeOther)
	signer := f.as(f.Daniyar)
	check := signer.get("/kk/participants/"+participant+"/check").want(t, "its paper", http.StatusOK)
	signer.sign(check, f.Daniyar.Key).want(t, "its signature", http.StatusSeeOther)

	for _, lang := range []string{"kk", "ru"} {
		page = asel.get("/"+lang+"/access/"+request).want(t, "the refusal", http.StatusOK)
		whole(t, "access, refused", page.body, lang)
		if !strings.Contains(page.body, portaltest.Reasons) || !strings.Contains(page.body, `action="/`+lang+`/access/`+request+`/complaint"`) {
			t.Error("the page has not the reasons, or no way to complain")
		}
	}
	asel.get("/kk/access/"+request+"/answer?keep=1").want(t, "her copy of the refusal", http.StatusOK)
	filed := asel.post("/kk/access/"+request+"/complaint", nil).want(t, "complaining", http.StatusSeeOther).to()
	for _, lang := range []string{"kk", "ru"} {
		whole(t, "access_complaint", asel.get("/"+lang+"/access/"+request+"/complaint").want(t, "to change it", http.StatusOK).body, lang)
	}
	page = asel.get(filed).want(t, "the ready complaint", http.StatusOK)
	if !strings.Contains(page.body, portaltest.Reasons) || !strings.Contains(page.body, f.Gulnar.FullName()) {
		t.Error("the ready complaint has not the reasons, or is not to the head of the office")
	}
	if to := asel.get(filed+"/draft").want(t, "to change it", http.StatusSeeOther).to(); to != "/kk/access/"+request+"/complaint" {
		t.Errorf("it is changed at %s", to)
	}
	asel.post("/kk/access/"+request+"/complaint", url.Values{"circumstances": {"аз"}, "request": {""}}).want(t, "too little", http.StatusUnprocessableEntity)
	asel.sign(page, f.Stranger.Key).want(t, "its signature", http.StatusSeeOther)
	for lang, who := range map[string]*guest{"kk": asel, "ru": f.as(f.Gulnar)} {
		whole(t, "filing about access", who.get("/"+lang+strings.TrimPrefix(filed, "/kk")).want(t, "the complaint", http.StatusOK).body, lang)
	}
	f.as(f.Daniyar).get(filed).want(t, "the one complained of", http.StatusNotFound)
	f.Sound()
}

// at is a moment that a table holds in its one row.
func (f *front) at(table, column string) (at time.Time) {
	f.t.Helper()
	if err := f.SQL.Get(&at, fmt.Sprintf(`SELECT %s FROM %s`, column, table)); err != nil {
		f.t.Fatal(err)
	}
	return at
}

func TestWhatIsWrongWithARequestIsToldAtItsField(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Nurlan)
	scan := must(document.Print(document.Sheet{Language: "kk", Purpose: "scan/1", Made: f.At, Title: "СЕНІМХАТ", PageText: "%d / %d"}))
	wrong := func(what, field string, file []byte, change func(url.Values)) {
		t.Helper()
		fields := f.asking(policy.Representative)
		fields.Set("represented", f.Aigul.FullName())
		change(fields)
		for _, lang := range []string{"kk", "ru"} {
			page := g.upload("/"+lang+"/access", "authority", file, fields).want(t, what, http.StatusUnprocessableEntity)
			if !strings.Contains(page.body, `id="`+field+`-error"`) || !strings.Contains(page.body, fields.Get("id")) {
				t.Errorf("%s: the field %s is not told, or the page forgot its draft", what, field)
			}
			whole(t, what, page.body, lang)
		}
	}
	set := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	wrong("no number", "number", scan, set("number", ""))
	wrong("a short number", "number", scan, set("number", "12345"))
	wrong("letters", "number", scan, set("number", strings.Repeat("a", 15)))
	wrong("a number that is not there", "number", scan, set("number", strings.Repeat("9", 15)))
	wrong("no role", "role", scan, set("role", "applicant"))
	wrong("few words", "words", scan, set("words", "керек"))
	wrong("many words", "words", scan, set("words", strings.Repeat("ы", casefile.MaxRequestWords+1)))
	wrong("an IIN too short", "represented_iin", scan, set("represented_iin", "12"))
	wrong("nobody", "represented", scan, set("represented", ""))
	wrong("no power", "authority", nil, func(url.Values) {})
	wrong("a picture", "authority", []byte("\x89PNG\r\n\x1a\n"), func(url.Values) {})
	wrong("too large", "authority", append(scan, make([]byte, casefile.MaxAuthority)...), func(url.Values) {})
	f.Want(t, `SELECT count(*) FROM request`, "count\n0")
	good := f.asking(policy.Representative)
	good.Set("represented", f.Aigul.FullName())
	to := g.upload("/kk/access", "authority", scan, good).want(t, "all right", http.StatusSeeOther).to()
	g.get(strings.TrimSuffix(to, "check")+"authority").want(t, "his file", http.StatusOK)
	f.as(f.Stranger).get(to).want(t, "another's draft", http.StatusNotFound)
	g.post(strings.TrimSuffix(to, "check")+"discarding", nil).want(t, "giving it up", http.StatusSeeOther)
	f.Want(t, `SELECT count(*) FROM request`, "count\n0")
	f.Sound()
}

// A case is found by the number that stands on the slip of a report, which is all that
// who reported it was ever given; and that number tells him no other.
func TestACaseIsNamedByTheNumberOfASlip(t *testing.T) {
	t.Parallel()
	f := open(t)
	const slip = "750301-26-000417"
	if _, err := f.SQL.ExecContext(t.Context(), `UPDATE casefile SET report_tag = $2 WHERE id = $1`, f.Theft, register.Tag(f.DB, slip)); err != nil {
		t.Fatal(err)
	}
	g := f.as(f.Stranger)
	forms := map[string]func() url.Values{
		"/access": func() url.Values { return f.asking(policy.Victim) },
		"/complain": func() url.Values {
			v := f.petition(fresh())
			v.Set("kind", string(policy.FilingComplaintProsecutor))
			return v
		},
	}
	for path, fields := range forms {
		told := func(number string) string {
			v := fields()
			v.Set("number", number)
			page := g.upload("/kk"+path, "authority", nil, v).want(t, path+" by "+number, http.StatusUnprocessableEntity)
			return between(page.body, `id="number-error"`, `</p>`)
		}
		w := f.Words.In("kk")
		for number, key := range map[string]string{"750301-26-000418": "fault.access-number", strings.Repeat("9", 15): "fault.access-number", "750301-26-41": "form.case-number"} {
			if said := told(number); !strings.Contains(said, html.EscapeString(w.T(key))) {
				t.Errorf("%s by %s: %s, want %s", path, number, said, key)
			}
		}
		v := fields()
		v.Set("number", "№ 75030126000417")
		to := g.upload("/kk"+path, "authority", nil, v).want(t, path, http.StatusSeeOther).to()
		for _, page := range []string{to, strings.TrimSuffix(to, "/check") + map[string]string{"/access": "/draft", "/complain": "/complaint"}[path]} {
			if body := g.get(page).want(t, page, http.StatusOK).body; !strings.Contains(body, slip) || strings.Contains(body, f.numberOf(f.Theft)) {
				t.Errorf("%s names the case otherwise than he did", page)
			}
		}
	}
	f.Sound()
}

func TestSeveralRequestsAreConfirmedInThreeClicks(t *testing.T) {
	t.Parallel()
	f := open(t)
	first := f.Request(f.Stranger, f.Theft, casefile.NewRequest{Role: policy.Witness})
	second := f.Request(f.Nurlan, f.Theft, casefile.NewRequest{Role: policy.Victim})
	g := f.as(f.Daniyar)
	desk := g.get("/kk/desk").want(t, "the desk", http.StatusOK)
	for _, r := range []uuid.UUID{first, second} { // the first click, on each
		if !strings.Contains(desk.body, `name="request" value="`+r.String()+`"`) {
			t.Errorf("%s cannot be ticked", r)
		}
	}
	g.post("/kk/desk/requests", nil).want(t, "none ticked", http.StatusUnprocessableEntity)
	f.as(f.Ermek).post("/kk/desk/requests", url.Values{"request": {first.String()}}).want(t, "another's", http.StatusNotFound)
	f.as(f.Stranger).post("/kk/desk/requests", url.Values{"request": {first.String()}}).want(t, "no official", http.StatusNotFound)
	to := g.post("/kk/desk/requests", url.Values{"request": {first.String(), second.String()}}).want(t, "the second click", http.StatusSeeOther).to()
	fields := g.together(g.get(to).want(t, "their papers", http.StatusOK))
	g.post("/kk/desk/drafts/signature", fields).want(t, "the third click", http.StatusOK)
	f.Want(t, `SELECT status, count(*) FROM request GROUP BY status`, "status | count\nconfirmed | 2")
	f.as(f.Stranger).get("/kk/cases/"+f.Theft.String()).want(t, "the case, to the witness", http.StatusOK)
	f.Sound()
}

func TestTheProsecutorSeesARequestThatIsLateAndThePersonComplains(t *testing.T) {
	t.Parallel()
	f := open(t)
	request := f.Request(f.Stranger, f.Theft, casefile.NewRequest{Role: policy.Victim})
	late := "/kk/access/" + request.String()
	if strings.Contains(f.as(f.Zhanar).get("/kk/oversight").body, late) {
		t.Error("the prosecutor is told before the end of the term")
	}
	f.At = f.At.AddDate(0, 0, 10)
	for _, lang := range []string{"kk", "ru"} {
		page := f.as(f.Zhanar).get("/"+lang+"/oversight").want(t, "oversight", http.StatusOK)
		whole(t, "oversight", page.body, lang)
		if !strings.Contains(page.body, strings.Replace(late, "kk", lang, 1)) {
			t.Error("the prosecutor is not told")
		}
	}
	f.as(f.Zhanar).get(late).want(t, "the request, to the prosecutor", http.StatusOK)
	f.as(f.Zhanar).post(late+"/complaint", nil).want(t, "complaining in another's place", http.StatusForbidden)
	asel := f.as(f.Stranger)
	page := asel.get(late).want(t, "the request", http.StatusOK)
	if n := strings.Count(page.body, `action="`+late+`/complaint"`); n != 1 {
		t.Errorf("there are %d ways to complain", n)
	}
	asel.post(late+"/complaint", nil).want(t, "complaining", http.StatusSeeOther)
	asel.post(late+"/withdrawal", nil).want(t, "taking it back", http.StatusSeeOther)
	asel.post(late+"/complaint", nil).want(t, "complaining of what was taken back", http.StatusConflict)
	f.Sound()
}

// requestPages are the golden pages of the life of a request.
var requestPages = []string{
	"access_check", "access", "cases-asked", "desk-asked", "participant-asked", "access-overdue", "oversight-asked",
	"access-refused", "access_complaint", "filing_check-access", "filing-access", "access-official",
}

func TestThePagesOfARequestLookAsTheirGoldenFilesSay(t *testing.T) {
	t.Parallel()
	f := open(t)
	shown := map[string]bool{}
	look := func(name string, who *portaltest.Actor, path string) {
		t.Helper()
		shown[name] = true
		f.compare(t, view{name: name, who: who, path: path})
	}
	draft := f.RequestDraft(f.Stranger, f.Fraud, casefile.NewRequest{Role: policy.Witness})
	look("access_check", f.Stranger, "/access/"+draft.String()+"/check")
	request := f.Request(f.Stranger, f.Theft, casefile.NewRequest{Role: policy.Victim})
	read, err := casefile.ReadRequest(t.Context(), f.DB, f.Stranger.Asks(policy.AccessRead), request)
	if err != nil {
		t.Fatal(err)
	}
	at := "/access/" + request.String()
	look("access", f.Stranger, at)
	look("access-official", f.Daniyar, at)
	look("cases-asked", f.Stranger, "/cases")
	look("desk-asked", f.Daniyar, "/desk")
	look("participant-asked", f.Daniyar, "/participants/"+read.Participant.String())
	f.At = f.At.AddDate(0, 0, 10)
	look("access-overdue", f.Stranger, at)
	look("oversight-asked", f.Zhanar, "/oversight")
	if err := f.End(f.Daniyar, read.Participant); err != nil {
		t.Fatal(err)
	}
	look("access-refused", f.Stranger, at)
	id, err := filing.Complain(t.Context(), f.DB, f.Press, f.Stranger.Asks(policy.AccessComplain), request, filing.NewFiling{Language: "kk"})
	if err != nil {
		t.Fatal(err)
	}
	look("access_complaint", f.Stranger, at+"/complaint")
	look("filing_check-access", f.Stranger, "/filings/"+id.String())
	if err := f.Submit(f.Stranger, id); err != nil {
		t.Fatal(err)
	}
	look("filing-access", f.Gulnar, "/filings/"+id.String())
	for _, name := range requestPages {
		if !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
}
