package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/casefile"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// twoClients brings Timur into the theft as a suspect and has Dana defend him there
// too: what she is for Serik and for Timur.
func twoClients(t *testing.T, w *portaltest.W) (forSerik, forTimur uuid.UUID) {
	t.Helper()
	since := time.Date(2026, time.October, 20, 0, 0, 0, 0, time.UTC)
	timur, dana := fresh(), fresh()
	if err := w.Add(w.Daniyar, w.Theft, timur, w.Timur, casefile.Grant{Role: policy.Suspect, Basis: "ruling", Since: since}); err != nil {
		t.Fatal(err)
	}
	g := casefile.Grant{Role: policy.Defender, Basis: "defence-notice", Represents: timur, Since: since, Conflict: true}
	if err := w.Add(w.Daniyar, w.Theft, dana, w.Dana, g); err != nil {
		t.Fatal(err)
	}
	return w.Participant("dana@theft"), dana
}

// act says for whom somebody acts from now on.
func (g *guest) act(participant uuid.UUID) {
	g.t.Helper()
	g.post("/kk/acting", url.Values{"participant": {participant.String()}}).want(g.t, "choosing", http.StatusSeeOther)
}

// bar says that a page tells for whom its reader acts.
func (a answer) bar(name string) bool {
	_, bar, found := strings.Cut(a.body, `<aside class="acting"`)
	bar, _, _ = strings.Cut(bar, "</aside>")
	return found && strings.Contains(bar, "<strong>"+name+"</strong>")
}

// draftFor has somebody save a petition in one of his capacities.
func (g *guest) draftFor(participant uuid.UUID) uuid.UUID {
	g.t.Helper()
	id := fresh()
	fields := g.petition(id)
	fields.Set("participant", participant.String())
	g.post(g.filingsOf(), fields).want(g.t, "the draft", http.StatusSeeOther)
	return id
}

func TestCounselOfTwoChoosesForWhomSheActsBeforeTheCaseOpens(t *testing.T) {
	t.Parallel()
	f := open(t)
	forSerik, forTimur := twoClients(t, f.W)
	g := f.as(f.Dana)
	chooser := "/kk/cases/" + f.Theft.String() + "/acting"
	for _, path := range []string{"/kk/cases/" + f.Theft.String(), "/kk/cases/" + f.Theft.String() + "/filings/new?kind=petition"} {
		if got := g.get(path).want(t, path, http.StatusSeeOther); got.to() != chooser {
			t.Errorf("%s leads to %s", path, got.to())
		}
	}
	for _, name := range []string{"bank-secret", "suspect-recognised"} { // the database gives nothing before, either
		g.get("/kk/decisions/"+f.Decision(name).String()).want(t, name, http.StatusNotFound)
	}
	page := g.get(chooser).want(t, "the choice", http.StatusOK)
	for _, name := range []string{f.Serik.FullName(), f.Timur.FullName()} {
		if !strings.Contains(page.body, name) {
			t.Errorf("%s is not offered", name)
		}
	}
	if to := g.post("/kk/acting", url.Values{"participant": {forTimur.String()}}).want(t, "choosing", http.StatusSeeOther).to(); to != "/kk/cases/"+f.Theft.String() {
		t.Errorf("it leads to %s", to)
	}
	page = g.get("/kk/cases/"+f.Theft.String()).want(t, "the case", http.StatusOK)
	if !page.bar(f.Timur.FullName()) || strings.Contains(page.body, f.Serik.FullName()) || !strings.Contains(page.body, `href="`+chooser+`"`) {
		t.Error("the case is not Timur's alone")
	}
	// In another browser of hers nothing is chosen.
	if to := f.as(f.Dana).get("/kk/cases/" + f.Theft.String()).to(); to != chooser {
		t.Errorf("in another browser it leads to %s", to)
	}
	for what, fields := range map[string]url.Values{
		"nobody": nil, "no id": {"participant": {"x"}}, "one that is nowhere": {"participant": {fresh().String()}},
		"another's": {"participant": {f.Participant("aigul@theft").String()}}, "her client himself": {"participant": {f.Participant("serik@theft").String()}},
		"two": {"participant": {forSerik.String(), forTimur.String()}},
	} {
		if got := g.post("/kk/acting", fields); got.StatusCode != http.StatusNotFound {
			t.Errorf("acting as %s: %d", what, got.StatusCode)
		}
	}
	if !g.get("/kk/cases/" + f.Theft.String()).bar(f.Timur.FullName()) {
		t.Error("what was refused changed her choice")
	}
	f.as(f.Stranger).get(chooser).want(t, "a stranger", http.StatusNotFound)
	if to := f.as(f.Aigul).get(chooser).want(t, "who acts for herself alone", http.StatusSeeOther).to(); to != "/kk/cases/"+f.Theft.String() {
		t.Errorf("it leads to %s", to)
	}
	f.Want(t, `SELECT act, who, count(*) FROM record WHERE act = 'acting-set' GROUP BY act, who`, "act | who | count\nacting-set | dana | 1")
	f.Sound()
}

// Filings, their papers, drafts, what was typed, and every way to change them.
func TestNothingThatWasWrittenForOneClientIsThereWhileActingForAnother(t *testing.T) {
	t.Parallel()
	f := open(t)
	forSerik, forTimur := twoClients(t, f.W)
	g := f.as(f.Dana)
	g.act(forSerik)
	draft, filed := g.draftFor(forSerik), g.draftFor(forSerik)
	g.sign(g.get("/kk/filings/"+filed.String()).want(t, "the check", http.StatusOK), f.Dana.Key).want(t, "filing", http.StatusSeeOther)
	clients := f.Petition(f.Serik, f.Theft)
	paths := []string{}
	for _, id := range []uuid.UUID{draft, filed, clients} {
		for _, end := range []string{"", "/document"} {
			paths = append(paths, "/kk/filings/"+id.String()+end)
		}
	}
	paths = append(paths, "/kk/filings/"+draft.String()+"/draft", "/kk/filings/"+filed.String()+"/receipt", "/kk/filings/"+filed.String()+"/signature", "/kk/filings/"+clients.String()+"/signature")
	for _, path := range paths {
		g.get(path).want(t, path+" for Serik", http.StatusOK)
	}
	form := g.get(g.get(f.filingsOf()+"/new?kind=petition").to()).want(t, "the form", http.StatusOK)
	fields := f.petition(uuid.MustParse(form.hidden(t, "id")))
	fields.Set("circumstances", "Серік туралы құпия")
	fields.Set("participant", forSerik.String())
	g.post("/kk/typed", typing(form.where(t), fields, 1)).want(t, "typing", http.StatusOK)

	g.act(forTimur)
	missing := "/kk/filings/" + fresh().String()
	nowhere := g.get(missing).want(t, "nothing", http.StatusNotFound)
	if !nowhere.bar(f.Timur.FullName()) {
		t.Error("what is not found offers no way to switch")
	}
	for _, path := range paths {
		got := g.get(path).want(t, path+" for Timur", http.StatusNotFound)
		if there := strings.Replace(path, lastID(path), lastID(missing), 1); there == missing && strings.ReplaceAll(got.body, lastID(path), lastID(missing)) != nowhere.body {
			t.Errorf("%s differs from what is not there", path)
		}
	}
	for _, path := range []string{"/kk/cases/" + f.Theft.String(), "/kk/filings", "/kk/cases", f.filingsOf() + "/new?kind=petition&for=" + forTimur.String()} {
		page := g.get(path).want(t, path, http.StatusOK)
		for _, of := range []string{draft.String(), filed.String(), clients.String(), f.Serik.FullName(), "Серік туралы", forSerik.String()} {
			if strings.Contains(page.body, of) {
				t.Errorf("%s, for Timur, has %q", path, of)
			}
		}
	}
	if to := g.get(f.filingsOf()+"/new?kind=petition&for="+forSerik.String()).want(t, "Serik's form", http.StatusSeeOther).to(); !strings.Contains(to, "for="+forTimur.String()) {
		t.Errorf("his form leads to %s", to)
	}
	before := f.Rows(t, `SELECT id, participant, status, document FROM filing ORDER BY id`)
	over := f.petition(draft)
	over.Set("participant", forTimur.String())
	g.post(f.filingsOf(), over).want(t, "saving over his draft", http.StatusNotFound)
	over.Set("participant", forSerik.String())
	over.Set("id", fresh().String())
	g.post(f.filingsOf(), over).want(t, "a new one for him", http.StatusUnprocessableEntity)
	for _, path := range []string{"/submission", "/discarding", "/withdrawal/draft", "/withdrawal"} {
		for _, id := range []uuid.UUID{draft, filed} {
			if got := g.post("/kk/filings/"+id.String()+path, url.Values{"signature": {"AAAA"}, "digest": {strings.Repeat("0", 64)}}); got.StatusCode < 400 {
				t.Errorf("%s of his, for Timur: %d", path, got.StatusCode)
			}
		}
	}
	portaltest.WantText(t, "his filings afterwards", f.Rows(t, `SELECT id, participant, status, document FROM filing ORDER BY id`), before)

	g.act(forSerik)
	again := g.get(f.filingsOf()+"/new?kind=petition&for="+forSerik.String()).want(t, "his form again", http.StatusOK)
	if !strings.Contains(again.body, "Серік туралы құпия") {
		t.Error("what she typed for him is lost")
	}
	f.Sound()
}

// Whoever adds a page of a case gets the bar with it.
func TestEveryPageOfACaseSaysForWhomItsReaderActs(t *testing.T) {
	t.Parallel()
	f := open(t)
	o := f.play()
	_, forTimur := twoClients(t, f.W)
	g := f.as(f.Dana)
	g.act(f.Participant("dana@theft"))
	draft := g.draftFor(f.Participant("dana@theft"))
	things := map[string][]uuid.UUID{
		":case": {f.Theft}, ":decision": {f.Decision("suspect-recognised"), f.Decision("group")},
		":filing": {o["defence"], draft}, ":power": {f.Participant("dana@theft")},
	}
	seen := 0
	for _, r := range portal.Routes() {
		if r.Method != http.MethodGet {
			continue
		}
		parameter := parameter.FindString(r.Path)
		for _, id := range things[parameter] {
			path := "/kk" + strings.ReplaceAll(r.Path, parameter, id.String())
			got := g.get(path)
			if got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
				continue
			}
			if seen++; !got.bar(f.Serik.FullName()) {
				t.Errorf("%s does not say that she acts for Serik", path)
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d pages were looked at", seen)
	}
	// A form that comes back, a refused signature, a page that is not there.
	wrong := f.petition(fresh())
	wrong.Set("circumstances", "")
	for what, got := range map[string]answer{
		"a form with a mistake": g.post(f.filingsOf(), wrong),
		"a refused signature":   g.post("/kk/filings/"+draft.String()+"/submission", url.Values{"signature": {"AAAA"}, "digest": {strings.Repeat("0", 64)}}),
		"what is not there":     g.get("/kk/cases/" + fresh().String()),
		"the kinds of filings":  g.get(g.get(f.filingsOf() + "/new").to()),
	} {
		if !got.bar(f.Serik.FullName()) {
			t.Errorf("%s (%d) does not say that she acts for Serik", what, got.StatusCode)
		}
	}
	// In the other case the case decides, whatever she chose in this one.
	if !g.get("/kk/cases/"+f.Fraud.String()).want(t, "the fraud", http.StatusOK).bar(f.Timur.FullName()) {
		t.Error("in the fraud she does not act for Timur")
	}
	g.act(forTimur)
	if !g.get("/ru/cases/" + f.Theft.String()).bar(f.Timur.FullName()) {
		t.Error("she has not switched")
	}
	// Who acts for himself alone, or conducts the case, has nothing to be told.
	for _, other := range []*portaltest.Actor{f.Aigul, f.Daniyar, f.Zhanar} {
		if got := f.as(other).get("/kk/cases/" + f.Theft.String()); strings.Contains(got.body, `class="acting"`) {
			t.Errorf("%s is told for whom he acts", other.Word)
		}
	}
}

func TestAPowerThatIsNotForFilingFilesNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	rep := fresh()
	g := casefile.Grant{Role: policy.Representative, Basis: "admitted", Represents: f.Participant("aigul@theft"), Since: time.Date(2026, time.October, 20, 0, 0, 0, 0, time.UTC), Scope: []casefile.Scope{"read"}}
	if err := f.Add(f.Daniyar, f.Theft, rep, f.Nurlan, g); err != nil {
		t.Fatal(err)
	}
	who := f.as(f.Nurlan)
	page := who.get("/kk/cases/"+f.Theft.String()).want(t, "the case", http.StatusOK)
	if strings.Contains(page.body, "/filings/new") {
		t.Error("he is offered to file")
	}
	who.get(f.filingsOf()+"/new").want(t, "the form", http.StatusForbidden)
	fields := f.petition(fresh())
	fields.Set("participant", rep.String())
	if got := who.post(f.filingsOf(), fields); got.StatusCode < 400 {
		t.Errorf("filing: %d", got.StatusCode)
	}
	f.Want(t, `SELECT count(*) FROM filing`, "count\n0")
	// A power to file, but not to take back.
	if err := f.End(f.Daniyar, rep); err != nil {
		t.Fatal(err)
	}
	g.Scope = []casefile.Scope{"read", "file"}
	if err := f.Confirm(f.Daniyar, rep, g); err != nil {
		t.Fatal(err)
	}
	id := who.draftFor(rep)
	who.sign(who.get("/kk/filings/"+id.String()).want(t, "the check", http.StatusOK), f.Nurlan.Key).want(t, "filing", http.StatusSeeOther)
	if page := who.get("/kk/filings/" + id.String()); strings.Contains(page.body, "/withdrawal/draft") {
		t.Error("he is offered to take it back")
	}
	who.post("/kk/filings/"+id.String()+"/withdrawal/draft", nil).want(t, "taking back", http.StatusForbidden)
	f.Want(t, `SELECT status FROM filing`, "status\nfiled")
	f.Sound()
}

func TestThePersonSeesWhoActsForHimAndTakesThePowerBackInOneMoment(t *testing.T) {
	t.Parallel()
	f := open(t)
	power := "/kk/powers/" + f.Participant("dana@theft").String()
	serik, dana := f.as(f.Serik), f.as(f.Dana)
	page := serik.get("/kk/cases/"+f.Theft.String()).want(t, "his case", http.StatusOK)
	if !strings.Contains(page.body, `href="`+power+`"`) || !strings.Contains(page.body, f.Dana.FullName()) {
		t.Error("he does not see who acts for him")
	}
	if page := f.as(f.Aigul).get("/kk/cases/" + f.Theft.String()); strings.Contains(page.body, power) {
		t.Error("the victim sees who acts for him")
	}
	dana.get("/kk/cases/"+f.Theft.String()).want(t, "Dana's case", http.StatusOK)
	dana.get(power).want(t, "her own power", http.StatusOK)
	dana.post(power+"/revocation/draft", nil).want(t, "Dana takes it back", http.StatusForbidden)
	f.as(f.Aigul).post(power+"/revocation/draft", nil).want(t, "the victim takes it back", http.StatusNotFound)
	to := serik.post(power+"/revocation/draft", nil).want(t, "the paper", http.StatusSeeOther).to()
	check := serik.get(to).want(t, "the check page", http.StatusOK)
	dana.get(power+"/revocation/paper").want(t, "the draft, for Dana", http.StatusNotFound)
	serik.sign(check, f.Serik.Key).want(t, "the signature", http.StatusSeeOther)
	dana.get("/kk/cases/"+f.Theft.String()).want(t, "Dana, the same second", http.StatusNotFound)
	dana.get(power).want(t, "her power", http.StatusNotFound)
	page = serik.get(power).want(t, "the power", http.StatusOK)
	if !strings.Contains(page.body, power+"/revocation/paper") || strings.Contains(page.body, power+"/revocation/draft") {
		t.Error("the page does not say that it is taken back")
	}
	for _, who := range []*portaltest.Actor{f.Serik, f.Daniyar, f.Zhanar} {
		f.as(who).get(power+"/revocation/paper").want(t, "the paper, for "+who.Word, http.StatusOK)
	}
	serik.post(power+"/revocation/draft", nil).want(t, "once more", http.StatusConflict)
	f.Sound()
}

func TestTheInvestigatorIsWarnedOfTheOtherClientByNameAndMustSayThatHeLookedIntoIt(t *testing.T) {
	t.Parallel()
	f := open(t)
	timur := fresh()
	if err := f.Add(f.Daniyar, f.Theft, timur, f.Timur, casefile.Grant{Role: policy.Suspect, Basis: "ruling", Since: time.Date(2026, time.October, 20, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	g := f.as(f.Daniyar)
	id := fresh()
	fields := url.Values{
		"id": {id.String()}, "iin": {f.Dana.IIN.Reveal()}, "name": {f.Dana.FullName()}, "role": {"defender"}, "represents": {timur.String()},
		"basis": {"defence-notice"}, "since": {"2026-10-20"}, "advocate": {"№ 0017425"}, "scoped": {"1"}, "scope": {"read", "copy", "file", "withdraw"}, "until": {"2027-10-20"},
	}
	at := "/kk/cases/" + f.Theft.String() + "/participants"
	page := g.post(at, fields).want(t, "without a word", http.StatusUnprocessableEntity)
	if !strings.Contains(page.body, "<li>"+f.Serik.FullName()+"</li>") || !strings.Contains(page.body, `name="conflict"`) {
		t.Error("he is not told of whom")
	}
	fields.Set("conflict", "checked")
	g.post(at, fields).want(t, "having looked into it", http.StatusSeeOther)
	g.sign(g.get("/kk/participants/"+id.String()+"/check").want(t, "the check", http.StatusOK), f.Daniyar.Key).want(t, "the signature", http.StatusSeeOther)
	page = g.get("/ru/participants/"+id.String()).want(t, "the status", http.StatusOK)
	for _, said := range []string{"0017425", f.Words.In("ru").T("participant.conflict.checked"), f.Words.In("ru").T("scope.withdraw"), "2027"} {
		if !strings.Contains(page.body, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
	for field, value := range map[string]string{"advocate": "12<b>", "until": "2026-10-21", "capacity": "half", "scope": "all", "scoped": "1"} {
		wrong := url.Values{}
		for name, values := range fields {
			wrong[name] = values
		}
		wrong.Set("id", fresh().String())
		wrong.Set(field, value)
		if field == "scoped" {
			wrong.Del("scope")
		}
		g.post(at, wrong).want(t, field, http.StatusUnprocessableEntity)
	}
	f.Sound()
}

func TestCounselSeesAllHerClientsALineEachWithWhatTheyWaitFor(t *testing.T) {
	t.Parallel()
	f := open(t)
	forSerik, forTimur := twoClients(t, f.W)
	g := f.as(f.Dana)
	g.act(forSerik)
	id := g.draftFor(forSerik)
	g.sign(g.get("/kk/filings/"+id.String()), f.Dana.Key).want(t, "filing", http.StatusSeeOther)
	due, err := filing.Read(t.Context(), f.DB, func() policy.Ask { a := f.Dana.Asks(policy.FilingRead); a.Acting = forSerik; return a }(), id)
	if err != nil {
		t.Fatal(err)
	}
	page := g.get("/kk/clients").want(t, "her clients", http.StatusOK)
	if n := strings.Count(page.body, `name="participant"`); n != 3 {
		t.Errorf("%d lines", n)
	}
	for _, participant := range []uuid.UUID{forSerik, forTimur, f.Participant("dana@fraud")} {
		if strings.Count(page.body, `value="`+participant.String()+`"`) != 1 {
			t.Errorf("%s is not a line", f.Word(participant))
		}
	}
	if strings.Count(page.body, f.Words.In("kk").T("clients.none-open")) != 2 || !strings.Contains(page.body, f.Words.In("kk").T("clients.open", "number", 1)) || due.DueAt.IsZero() {
		t.Error("what they wait for is not said")
	}
	if strings.Contains(page.body, id.String()) || strings.Contains(page.body, due.Number) {
		t.Error("the page shows what was filed")
	}
	g.act(f.Participant("dana@fraud"))
	if to := g.do(httptest.NewRequest(http.MethodGet, "/kk/cases/"+f.Theft.String(), nil)).to(); !strings.HasSuffix(to, "/acting") {
		t.Errorf("acting for Timur in the fraud opens the theft: %s", to)
	}
	page = f.as(f.Aigul).get("/kk/clients").want(t, "of one who acts for nobody", http.StatusOK)
	if !strings.Contains(page.body, `class="empty"`) {
		t.Error("her page is not empty")
	}
}
