package portal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/typed"
)

// where are the hidden fields by which a page says where its text is kept.
func (a answer) where(t testing.TB) url.Values {
	t.Helper()
	out := url.Values{}
	for _, name := range []string{"typed", "typed-row", "typed-page", "typed-turn", "typed-since"} {
		out.Set(name, a.hidden(t, name))
	}
	return out
}

// typing are the fields that the script of a page sends.
func typing(where, fields url.Values, turn int) url.Values {
	out := url.Values{}
	for _, part := range []url.Values{where, fields} {
		for name, values := range part {
			out[name] = values
		}
	}
	out.Set("typed-turn", fmt.Sprint(turn))
	return out
}

// area is what stands in a field of many lines.
func (a answer) area(t testing.TB, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?s)<textarea id="` + name + `"[^>]*>\n(.*?)</textarea>`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no field %s in\n%s", name, short(a.body))
	}
	return html.UnescapeString(found[1])
}

func (f *front) newPetition() string {
	return "/cases/" + f.Theft.String() + "/filings/new?kind=petition"
}

// noticed says that a page tells of what was typed before.
func (a answer) noticed() bool { return strings.Contains(a.body, `action="/kk/typed/forget"`) }

func TestAFormOpensWithWhatWasTypedIntoItInAnyBrowserAndLanguage(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk"+f.newPetition()+"&utm=1").want(t, "the form", http.StatusOK)
	if page.noticed() || page.area(t, "circumstances") != "" {
		t.Error("a form that nobody began is not fresh")
	}
	fields := f.petition(uuid.MustParse(page.hidden(t, "id")))
	fields.Set("circumstances", "Тінту кезінде\r\n<b>«ноутбук»</b> & т.б.")
	fields.Del("request")
	fields.Set("about", f.Decision("victim-recognised").String())
	got := g.post("/kk/typed", typing(page.where(t), fields, 1)).want(t, "saving", http.StatusOK)
	var said struct {
		At    string
		Newer bool
	}
	if err := json.Unmarshal([]byte(got.body), &said); err != nil || said.At != "14:30" || said.Newer {
		t.Errorf("the script is told %s, %v", got.body, err)
	}
	f.At = f.At.Add(time.Hour)
	for _, lang := range []string{"kk", "ru"} {
		again := f.as(f.Aigul).get("/"+lang+f.newPetition()).want(t, "on another device", http.StatusOK)
		if text := again.area(t, "circumstances"); text != fields.Get("circumstances") {
			t.Errorf("%s: it comes back as %q", lang, text)
		}
		if !strings.Contains(again.body, `<option value="`+fields.Get("about")+`" selected>`) {
			t.Errorf("%s: the decision is not chosen any more", lang)
		}
		if !strings.Contains(again.body, `action="/`+lang+`/typed/forget"`) || !strings.Contains(again.body, "14:30") {
			t.Errorf("%s: it is not told that and when it was typed", lang)
		}
		if again.hidden(t, "id") == fields.Get("id") {
			t.Errorf("%s: the id of what may be sent already is used again", lang)
		}
	}
	for _, path := range []string{"/cases/" + f.Theft.String() + "/filings/new?kind=complaint-prosecutor", "/cases/" + f.Theft.String() + "/filings/new?kind=petition&about=" + f.Decision("group").String()} {
		if other := f.as(f.Aigul).get("/kk" + path); other.noticed() || other.area(t, "circumstances") != "" {
			t.Errorf("%s is another form and comes filled", path)
		}
	}
	if his := f.as(f.Serik).get("/kk" + f.newPetition()); his.noticed() || his.area(t, "circumstances") != "" {
		t.Error("another person's form comes filled")
	}
}

func TestAFormThatIsSentComesFreshTheNextTime(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk"+f.newPetition()).want(t, "the form", http.StatusOK)
	fields := f.petition(uuid.MustParse(page.hidden(t, "id")))
	g.post("/kk/typed", typing(page.where(t), fields, 1)).want(t, "saving", http.StatusOK)
	f.At = f.At.Add(time.Second)
	g.post(f.filingsOf(), typing(page.where(t), fields, 2)).want(t, "sending", http.StatusSeeOther)
	g.post("/kk/typed", typing(page.where(t), fields, 1)).want(t, "a save that comes late", http.StatusOK)
	if again := g.get("/kk" + f.newPetition()); again.noticed() || again.area(t, "circumstances") != "" {
		t.Error("what was sent fills the next form")
	}
	f.Want(t, `SELECT count(*) FROM typed WHERE fields IS NOT NULL`, "count\n0")
}

// A draft that cannot be saved takes nothing with it: the two are one transaction.
func TestWhatIsRefusedStaysTyped(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk" + f.newPetition())
	fields := f.petition(uuid.MustParse(page.hidden(t, "id")))
	fields.Set("participant", f.Participant("serik@theft").String())
	again := g.post(f.filingsOf(), typing(page.where(t), fields, 1)).want(t, "in the name of another", http.StatusUnprocessableEntity)
	if again.area(t, "circumstances") != portaltest.Circumstances || again.hidden(t, "typed-page") != page.hidden(t, "typed-page") {
		t.Error("shown again, the form has lost its text or its place")
	}
	if fresh := g.get("/kk" + f.newPetition()); !fresh.noticed() || fresh.area(t, "circumstances") != portaltest.Circumstances {
		t.Error("what was refused is not kept")
	}
}

// Where no script runs, every button saves: that of the form and that of the
// language.
func TestWithoutScriptsEveryButtonOfTheFormSaves(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk" + f.newPetition())
	fields := f.petition(uuid.MustParse(page.hidden(t, "id")))
	fields.Set("point-1", "жоқ")
	for i, press := range []func(url.Values) answer{
		func(v url.Values) answer {
			return g.post(f.filingsOf(), v).want(t, "too short", http.StatusUnprocessableEntity)
		},
		func(v url.Values) answer {
			v.Set("language-switch", "ru")
			return g.post(strings.Replace(f.filingsOf(), "/kk/", "/ru/", 1), v).want(t, "the other language", http.StatusOK)
		},
	} {
		fields.Set("circumstances", fmt.Sprintf("%s %d", portaltest.Circumstances, i))
		shown := press(typing(page.where(t), fields, 0))
		if shown.area(t, "circumstances") != fields.Get("circumstances") {
			t.Errorf("button %d: shown again without the text", i)
		}
		if kept := f.as(f.Aigul).get("/kk" + f.newPetition()); kept.area(t, "circumstances") != fields.Get("circumstances") {
			t.Errorf("button %d: the text is not kept but %q", i, kept.area(t, "circumstances"))
		}
	}
}

func TestStartingAnewDropsWhatWasTyped(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk" + f.newPetition())
	g.post("/kk/typed", typing(page.where(t), f.petition(fresh()), 1)).want(t, "saving", http.StatusOK)
	page = g.get("/kk" + f.newPetition())
	got := g.post("/kk/typed/forget", page.where(t)).want(t, "start anew", http.StatusSeeOther)
	if got.to() != "/kk"+f.newPetition() {
		t.Errorf("it leads to %s", got.to())
	}
	if again := g.get(got.to()); again.noticed() || again.area(t, "circumstances") != "" {
		t.Error("it is still there")
	}
}

func TestTwoWindowsAreNeverMixedAndTheLaterIsTold(t *testing.T) {
	t.Parallel()
	f := open(t)
	one, two := f.as(f.Aigul), f.as(f.Aigul)
	first, second := one.get("/kk"+f.newPetition()), two.get("/kk"+f.newPetition())
	f.At = f.At.Add(time.Minute)
	two.post("/kk/typed", typing(second.where(t), url.Values{"circumstances": {"second window"}, "point-1": {"second"}}, 1)).want(t, "the second", http.StatusOK)
	got := one.post("/kk/typed", typing(first.where(t), url.Values{"circumstances": {"first window"}}, 1)).want(t, "the first", http.StatusOK)
	if !strings.Contains(got.body, `"newer":true`) {
		t.Errorf("the first is told %s", got.body)
	}
	page := one.get("/kk" + f.newPetition())
	if page.area(t, "circumstances") != "first window" || page.area(t, "point-1") != "" {
		t.Errorf("the windows are mixed: %q, %q", page.area(t, "circumstances"), page.area(t, "point-1"))
	}
}

// A library's computer: she has left the page open, and somebody else signs in
// with the same browser.
func TestATextOfOnePersonIsNeverKeptForAnother(t *testing.T) {
	t.Parallel()
	f := open(t)
	page := f.as(f.Aigul).get("/kk" + f.newPetition())
	fields := typing(page.where(t), f.petition(uuid.MustParse(page.hidden(t, "id"))), 1)
	serik := f.as(f.Serik)
	serik.post("/kk/typed", fields).want(t, "her page, his session", http.StatusConflict)
	serik.post("/kk/typed/forget", fields).want(t, "his session forgets hers", http.StatusConflict)
	f.visitor().post("/kk/typed", fields).want(t, "nobody's session", http.StatusUnauthorized)
	fields.Set("point-1", "")
	serik.post(f.filingsOf(), fields).want(t, "her form in his session", http.StatusUnprocessableEntity)
	f.Want(t, `SELECT count(*) FROM typed`, "count\n0")
}

// Kept for nobody, it must not be sent for another either: it would be his draft, with her words.
func TestAFormOfOnePersonIsNotSentByAnother(t *testing.T) {
	t.Parallel()
	f := open(t)
	aigul, serik := f.as(f.Aigul), f.as(f.Serik)
	page := aigul.get("/kk/access/new")
	whole := typing(page.where(t), url.Values{
		"id": {page.hidden(t, "id")}, "number": {f.Number(f.Fraud)}, "role": {"suspect"}, "words": {portaltest.Circumstances},
	}, 1)
	serik.post("/kk/access", whole).want(t, "her form in his session", http.StatusForbidden)
	f.Want(t, `SELECT count(*) FROM request WHERE status = 'draft'`, "count\n0")
	aigul.post("/kk/access", whole).want(t, "her form in hers", http.StatusSeeOther)
}

func TestWhatIsNoFormOfOursIsRefused(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk" + f.newPetition())
	theft := f.Theft.String()
	for _, address := range []string{
		"", "/", "//evil.example", "https://evil.example/cases/" + theft + "/filings/new", "/cases", "/cases/" + theft, "/kk/cases/" + theft + "/filings/new",
		"/cases/x/filings/new", "/cases/" + strings.ToUpper(theft) + "/filings/new", "/cases/" + theft + "/filings/new?kind=petition&x=y",
		"/cases/" + theft + "/filings/new#x", "/cases/" + theft + "/filings/new?kind=" + strings.Repeat("x", 300), "/cases/" + theft + "/filings/new?kind=%00%zz",
	} {
		fields := page.where(t)
		fields.Set("typed", address)
		fields.Set("typed-row", typed.Row(f.Aigul.Person, address).String())
		g.post("/kk/typed", fields).want(t, "save "+address, http.StatusUnprocessableEntity)
		g.post("/kk/typed/forget", fields).want(t, "forget "+address, http.StatusUnprocessableEntity)
	}
	for name, bad := range map[string]string{"typed-row": "x", "typed-page": "", "typed-turn": "-1", "typed-since": "yesterday"} {
		fields := page.where(t)
		fields.Set(name, bad)
		g.post("/kk/typed", fields).want(t, name+" "+bad, http.StatusUnprocessableEntity)
	}
	large := typing(page.where(t), url.Values{"circumstances": {strings.Repeat("x", typed.MaxSize)}}, 1)
	g.post("/kk/typed", large).want(t, "too long", http.StatusRequestEntityTooLarge)
	f.Want(t, `SELECT count(*) FROM typed`, "count\n0")

	for i := range typed.MaxForms {
		if _, err := typed.Save(t.Context(), f.DB, f.Aigul.Asks(policy.TypedSave), fmt.Sprint("/", i), typed.Page{ID: fresh()}, url.Values{"a": {"x"}}); err != nil {
			t.Fatal(err)
		}
	}
	g.post("/kk/typed", typing(page.where(t), url.Values{"circumstances": {"x"}}, 1)).want(t, "one too many", http.StatusUnprocessableEntity)
	fields := typing(page.where(t), f.petition(uuid.MustParse(page.hidden(t, "id"))), 2)
	fields.Set("point-1", "")
	if shown := g.post(f.filingsOf(), fields).want(t, "shown again", http.StatusUnprocessableEntity); shown.area(t, "circumstances") != portaltest.Circumstances {
		t.Error("a form that cannot be kept is shown without its text")
	}
	g.get("/kk/filings").want(t, "a list with addresses of another version", http.StatusOK)
}

// The forms of officials and of drafts, each by its own page.
func TestEveryFormIsKeptUnderItsOwnAddress(t *testing.T) {
	t.Parallel()
	f := open(t)
	o := f.play()
	for _, form := range []struct {
		who  *portaltest.Actor
		path string
		name string // a field of many lines, or "" where the form has none
	}{
		{f.Aigul, "/filings/" + o["draft"].String() + "/draft", "circumstances"},
		{f.Daniyar, "/filings/" + o["filed"].String() + "/answer", "reasons"},
		{f.Daniyar, "/cases/" + f.Theft.String() + "/decisions/new", "established"},
		{f.Daniyar, "/decisions/" + o["unsigned"].String() + "/draft", "resolved"},
		{f.Daniyar, "/cases/" + f.Theft.String() + "/participants/new", ""},
		{f.Daniyar, "/participants/" + o["awaiting"].String(), ""},
	} {
		g := f.as(form.who)
		page := g.get("/kk"+form.path).want(t, form.path, http.StatusOK)
		if got := page.hidden(t, "typed"); got != form.path {
			t.Errorf("%s is kept under %q", form.path, got)
		}
		if !strings.Contains(page.body, `data-typed="/kk/typed"`) {
			t.Errorf("%s: no script keeps it", form.path)
		}
		name := form.name
		if name == "" {
			name = "basis"
		}
		g.post("/kk/typed", typing(page.where(t), url.Values{name: {"ruling"}}, 1)).want(t, form.path, http.StatusOK)
		again := g.get("/kk" + form.path)
		if !again.noticed() {
			t.Errorf("%s does not tell of what was typed", form.path)
		}
		if form.name != "" && again.area(t, form.name) != "ruling" || form.name == "" && !strings.Contains(again.body, `<option value="ruling" selected>`) {
			t.Errorf("%s comes without it", form.path)
		}
		begun := g.get("/kk/filings").want(t, "the list", http.StatusOK)
		if !strings.Contains(begun.body, `href="/kk`+form.path+`"`) {
			t.Errorf("%s is not among what was begun", form.path)
		}
	}
	for path, who := range map[string]*portaltest.Actor{"/cases": f.Aigul, "/desk": f.Daniyar} {
		if list := f.as(who).get("/kk"+path).want(t, path, http.StatusOK); !strings.Contains(list.body, `/draft"`) && !strings.Contains(list.body, `/answer"`) {
			t.Errorf("where %s begins, the way back is not shown", who.Word)
		}
	}
}

// Signing starts from a saved draft and from nothing else; what was changed and
// not saved is told before it.
func TestSigningStartsOnlyFromASavedDraft(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk" + f.newPetition())
	id := page.hidden(t, "id")
	g.post("/kk/typed", typing(page.where(t), f.petition(uuid.MustParse(id)), 1)).want(t, "typed only", http.StatusOK)
	g.get("/kk/filings/"+id).want(t, "a page to sign what was only typed", http.StatusNotFound)
	g.post("/kk/filings/"+id+"/submission", url.Values{"digest": {strings.Repeat("0", 64)}, "signature": {g.signature(f.Aigul.Key, []byte("x"), false)}}).
		want(t, "a signature under what was only typed", http.StatusNotFound)

	draft := "/kk/filings/" + f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}).String()
	edit := g.get(draft+"/draft").want(t, "the draft", http.StatusOK)
	if strings.Contains(g.get(draft).body, draft+`/draft" class`) || strings.Contains(g.get(draft).body, `class="button secondary" href="`+draft+`/draft"`) {
		t.Error("a draft that nobody changed is called changed")
	}
	fields := f.petition(uuid.MustParse(edit.hidden(t, "id")))
	fields.Set("circumstances", "Жаңа мән-жайлар, олар әлі сақталған жоқ.")
	g.post("/kk/typed", typing(edit.where(t), fields, 1)).want(t, "changed", http.StatusOK)
	check := g.get(draft).want(t, "the page that signs", http.StatusOK)
	if !strings.Contains(check.body, `class="button secondary" href="`+draft+`/draft"`) {
		t.Error("it is not told that the changes are not in the document")
	}
	if strings.Contains(check.body, fields.Get("circumstances")) {
		t.Error("what was not saved stands in what is signed")
	}
	f.At = f.At.Add(time.Second)
	g.post(f.filingsOf(), typing(edit.where(t), fields, 2)).want(t, "saved", http.StatusSeeOther)
	check = g.get(draft)
	if strings.Contains(check.body, `class="button secondary" href="`+draft+`/draft"`) || !strings.Contains(check.body, fields.Get("circumstances")) {
		t.Error("saved, the changes are not in the document")
	}
	edit = g.get(draft + "/draft")
	g.post("/kk/typed", typing(edit.where(t), fields, 1)).want(t, "changed once more", http.StatusOK)
	g.post(draft+"/discarding", nil).want(t, "given up", http.StatusSeeOther)
	f.Want(t, `SELECT count(*) FROM typed WHERE fields IS NOT NULL AND id = '`+typed.Row(f.Aigul.Person, strings.TrimPrefix(draft, "/kk")+"/draft").String()+`'`, "count\n0")
}

// The session ends while she types; she signs in and stands before the same form
// with the same text.
func TestASessionThatEndsWhileSheTypesLeadsBackToTheSameText(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk" + f.newPetition())
	g.post("/kk/typed", typing(page.where(t), url.Values{"circumstances": {portaltest.Circumstances}}, 1)).want(t, "saving", http.StatusOK)
	if _, err := f.SQL.ExecContext(t.Context(), `DELETE FROM session`); err != nil {
		t.Fatal(err)
	}
	lost := g.post("/kk/typed", typing(page.where(t), url.Values{"circumstances": {"x"}}, 2)).want(t, "without a session", http.StatusUnauthorized)
	if lost.body != "" || len(lost.Cookies()) > 0 {
		t.Error("the script is answered with a page or a session")
	}
	to := g.get("/kk"+f.newPetition()).want(t, "the form", http.StatusSeeOther)
	signin := g.get(to.to()).want(t, "the sign-in", http.StatusOK)
	back := g.signChallenge(signin, f.Aigul.Key).want(t, "signed in", http.StatusSeeOther)
	if again := g.get(back.to()).want(t, back.to(), http.StatusOK); again.area(t, "circumstances") != portaltest.Circumstances {
		t.Error("the text is gone")
	}
}

// The portal dies between typing and sending: another process over the same
// database takes the form as if nothing had happened.
func TestAPortalThatStartsAnewTakesTheFormOfTheOldOne(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk" + f.newPetition())
	fields := f.petition(uuid.MustParse(page.hidden(t, "id")))
	g.post("/kk/typed", typing(page.where(t), fields, 1)).want(t, "saving", http.StatusOK)
	g.front = openOver(t, f.W, f.Verifier)
	if again := g.get("/kk" + f.newPetition()); again.area(t, "circumstances") != portaltest.Circumstances {
		t.Error("the text is gone")
	}
	g.post("/kk/typed", typing(page.where(t), fields, 2)).want(t, "the page goes on saving", http.StatusOK)
	f.At = f.At.Add(time.Second)
	g.post(f.filingsOf(), typing(page.where(t), fields, 3)).want(t, "sending", http.StatusSeeOther)
	f.Want(t, `SELECT status, author FROM filing`, `
		status | author
		draft  | aigul`)
	if again := g.get("/kk" + f.newPetition()); again.noticed() {
		t.Error("what was sent is still called unsent")
	}
}

func TestNothingTypedReachesTheLog(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get("/kk" + f.newPetition())
	secret := url.Values{"circumstances": {"zharia-secret-words"}}
	g.post("/kk/typed", typing(page.where(t), secret, 1))
	f.as(f.Serik).post("/kk/typed", typing(page.where(t), secret, 1))
	secret.Set("request", strings.Repeat("zharia-secret-words", typed.MaxSize/10))
	g.post("/kk/typed", typing(page.where(t), secret, 1))
	g.get("/kk" + f.newPetition())
	g.post("/kk/typed/forget", page.where(t))
	for _, word := range []string{"zharia-secret-words", f.Theft.String(), f.Aigul.Person.String(), typed.Row(f.Aigul.Person, f.newPetition()).String()} {
		if strings.Contains(log.String(), word) {
			t.Errorf("the log says %q", word)
		}
	}
	if strings.Count(log.String(), "route=/typed") < 4 {
		t.Errorf("the log tells of nothing: the search is broken\n%s", log.String())
	}
}

// The last day to file is told where the Code sets one, on every page of a draft.
func TestADraftLooksLikeADraftAndTellsItsLastDay(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	for _, draft := range []struct {
		n    filing.NewFiling
		last string
	}{
		{filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}, ""},
		{filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: "other", About: f.Decision("group")}, ""},
		{filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: "other", About: f.terminated(t)}, "2027"},
	} {
		id := f.Draft(f.Aigul, f.Theft, draft.n).String()
		path := "/kk/filings/" + id
		if draft.last != "" { // decided on 15 October 2026; a year later is a Friday
			draft.last = f.Words.In("kk").Until(time.Date(2027, 10, 16, 0, 0, 0, 0, time.FixedZone("", 5*3600)))
		}
		unsent := f.Words.In("kk").T("status.word.draft")
		for _, page := range []string{path, path + "/draft"} {
			got := g.get(page).want(t, page, http.StatusOK).body
			strip := between(got, `class="unsent"`, `</aside>`)
			if !strings.Contains(strip, unsent) || strings.Contains(strip, `class="until"`) != (draft.last != "") || !strings.Contains(strip, draft.last) {
				t.Errorf("%s of %s says %q", page, draft.n.Kind, strip)
			}
		}
		for _, list := range []string{"/kk/filings", "/kk/cases/" + f.Theft.String()} {
			line := between(g.get(list).want(t, list, http.StatusOK).body, `href="`+path+`"`, `</li>`)
			if !strings.Contains(line, `class="tag draft"`) || !strings.Contains(line, strings.TrimSuffix(unsent, ".")) ||
				strings.Contains(line, `class="until"`) != (draft.last != "") || !strings.Contains(line, draft.last) {
				t.Errorf("%s of %s says %q", list, draft.n.Kind, line)
			}
		}
	}
	form := "/kk/cases/" + f.Theft.String() + "/filings/new?kind=complaint-prosecutor&about=" + f.terminated(t).String()
	if strip := between(g.get(form).want(t, form, http.StatusOK).body, `class="unsent"`, `</aside>`); !strings.Contains(strip, "2027") {
		t.Errorf("the form that is being filled in says %q", strip)
	}
}

// terminated makes a decision of the cast one that ends a case.
func (f *front) terminated(t *testing.T) uuid.UUID {
	t.Helper()
	id := f.Decision("term-extended")
	f.SQL.MustExec(`ALTER TABLE decision DISABLE TRIGGER is_final`) // it is published
	if _, err := f.SQL.ExecContext(t.Context(), `UPDATE decision SET kind = 'terminated-full', decided_on = '2026-10-15', ready_on = '2026-10-15' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	return id
}

// between is what stands from one mark to the next other.
func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}
