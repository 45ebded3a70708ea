package portal_test

import (
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/agenda"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// file puts a statement into the file of the theft, opens it to Aigul and prepares
// the notice for Serik.
func (f *front) file() (statement, hers, page, his uuid.UUID) {
	f.t.Helper()
	statement = f.Material(materials.New{}, "Куә Сериков Б. ноутбук туралы айтып берді.")
	f.EndNotice()
	hers = f.Opened("aigul@theft")
	return statement, hers, f.Pages(statement)[0], f.Notice("serik@theft")
}

// recorded is a familiarisation whose reader has signed the record.
func (f *front) recorded(participant string, who *portaltest.Actor) uuid.UUID {
	f.t.Helper()
	id := f.Opened(participant)
	g, to := f.as(who), "/kk/familiarisations/"+id.String()
	g.post(to+"/record/draft", nil).want(f.t, "the draft of a record", http.StatusSeeOther)
	g.sign(g.get(to+"/record/check").want(f.t, "the record", http.StatusOK), who.Key).want(f.t, "signed", http.StatusSeeOther)
	return id
}

func TestTheFileIsPutTogetherOpenedAndReadWithoutAnyScript(t *testing.T) {
	t.Parallel()
	f := open(t)
	daniyar, aigul := f.as(f.Daniyar), f.as(f.Aigul)
	at := "/kk/cases/" + f.Theft.String() + "/file"
	form := daniyar.get(at+"/new").want(t, "the form", http.StatusOK)
	fields := url.Values{"id": {form.hidden(t, "id")}, "name": {"Тінту хаттамасы"}, "volume": {"1"}, "sheet": {"1"}, "part": {"case"}}
	for what, bad := range map[string]url.Values{
		"no title": {"name": {""}}, "a sheet of letters": {"sheet": {"бір"}}, "volume 1000": {"volume": {"1000"}}, "sheet 0": {"sheet": {"0"}},
		"a part that is none": {"part": {"all"}}, "a flag that is none": {"flags": {"all"}}, "a title too long": {"name": {strings.Repeat("а", 201)}},
	} {
		wrong := url.Values{}
		for k, v := range fields {
			wrong[k] = v
		}
		for k, v := range bad {
			wrong[k] = v
		}
		daniyar.upload(at, "file", f.PDF("Бір парақ."), wrong).want(t, what, http.StatusUnprocessableEntity)
	}
	daniyar.post(at, fields).want(t, "no file", http.StatusUnprocessableEntity)
	for what, file := range map[string][]byte{"garbage": []byte("garbage"), "a page with a script": []byte("%PDF-1.7\n<script>alert(1)</script>")} {
		if page := daniyar.upload(at, "file", file, fields).want(t, what, http.StatusUnprocessableEntity); !strings.Contains(page.body, `id="file-error"`) {
			t.Errorf("%s: the field is not told", what)
		}
	}
	daniyar.upload(at, "file", make([]byte, document.MaxUpload+2<<20), fields).want(t, "22 MB", http.StatusRequestEntityTooLarge)
	f.Want(t, `SELECT count(*) FROM material`, "count\n0")
	daniyar.upload(at, "file", f.PDF("Тінту кезінде ноутбук табылды.", "Екінші парақ."), fields).want(t, "the file", http.StatusSeeOther)
	daniyar.upload(at, "file", f.PDF("Тінту кезінде ноутбук табылды.", "Екінші парақ."), fields).want(t, "a double click", http.StatusConflict)
	f.Want(t, `SELECT count(*), min(state) AS state FROM material`, "count | state\n1 | rendering")
	var material uuid.UUID
	if err := f.SQL.Get(&material, `SELECT id FROM material`); err != nil {
		t.Fatal(err)
	}
	f.Render(material)
	page := daniyar.get(at).want(t, "the file", http.StatusOK)
	if !strings.Contains(page.body, f.Words.In("kk").T("fault.file-no-notice")) {
		t.Error("nobody is told what hinders the opening")
	}
	to := "/kk/cases/" + f.Theft.String() + "/familiarisations"
	invite := url.Values{"participants": {f.Participant("aigul@theft").String()}, "opens_on": {"2026-10-22"}, "until": {"2026-10-31"}}
	daniyar.post(to, invite).want(t, "before the notice of the end", http.StatusConflict)
	f.EndNotice()
	for what, bad := range map[string]url.Values{
		"nobody":         {"opens_on": {"2026-10-22"}, "until": {"2026-10-31"}},
		"yesterday":      {"participants": invite["participants"], "opens_on": {"2026-10-21"}, "until": {"2026-10-31"}},
		"an end before":  {"participants": invite["participants"], "opens_on": {"2026-10-25"}, "until": {"2026-10-24"}},
		"two years":      {"participants": invite["participants"], "opens_on": {"2026-10-22"}, "until": {"2028-10-20"}},
		"no date":        {"participants": invite["participants"], "opens_on": {"2026-10-22"}},
		"another's case": {"participants": {f.Participant("aigul@fraud").String()}, "opens_on": {"2026-10-22"}, "until": {"2026-10-31"}},
	} {
		daniyar.post(to, bad).want(t, what, http.StatusUnprocessableEntity)
	}
	daniyar.post(to, invite).want(t, "the notice", http.StatusSeeOther)
	var id uuid.UUID
	if err := f.SQL.Get(&id, `SELECT id FROM familiarisation`); err != nil {
		t.Fatal(err)
	}
	read := "/kk/familiarisations/" + id.String()
	aigul.get(read).want(t, "a draft, to her", http.StatusNotFound)
	check := daniyar.get(read+"/check").want(t, "the notice", http.StatusOK)
	daniyar.sign(check, f.Daniyar.Key).want(t, "signed", http.StatusSeeOther)

	if home := aigul.get("/kk/cases/" + f.Theft.String()); !strings.Contains(home.body, `href="`+read+`"`) {
		t.Error("her case does not lead to the file")
	}
	contents := aigul.get(read).want(t, "the contents", http.StatusOK)
	first := regexp.MustCompile(regexp.QuoteMeta(read) + `/pages/[0-9a-f-]{36}`).FindString(contents.body)
	sheet := aigul.get(first).want(t, "the first page", http.StatusOK)
	for _, want := range []string{`src="` + first + `/picture"`, `rel="next"`, "ноутбук табылды"} {
		if !strings.Contains(sheet.body, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for query, most := range map[string]int{"": materials.MaxSmall, "?sharp=1": materials.MaxSharp} {
		picture := aigul.get(first+"/picture"+query).want(t, "the picture", http.StatusOK)
		t.Logf("page %d bytes, picture%s %d bytes %s", len(sheet.body), query, len(picture.body), picture.Header.Get("Content-Type"))
		if cache := picture.Header.Get("Cache-Control"); !strings.HasPrefix(cache, "private, max-age=") || picture.Header.Get("Vary") != "Cookie" {
			t.Errorf("the picture may be kept: %q", cache)
		}
		if len(picture.body) > most || len(picture.body)+len(sheet.body) > 260<<10 {
			t.Errorf("the picture%s weighs %d bytes, the page %d", query, len(picture.body), len(sheet.body))
		}
	}
	found := aigul.get(read+"/search?q="+url.QueryEscape("ноутбугы")).want(t, "a search", http.StatusOK)
	if !strings.Contains(found.body, "<mark>ноутбук</mark>") || !strings.Contains(found.body, first) {
		t.Error("the word is not found")
	}
	aigul.get(read+"/search?q="+strings.Repeat("a", 101)).want(t, "a query too long", http.StatusOK)
	aigul.get(read+"/search?q="+url.QueryEscape(`<script>"'%_`)).want(t, "a strange query", http.StatusOK)
	copied := aigul.get(read+"/copy").want(t, "the copy", http.StatusOK)
	if text := portaltest.PDFText(t, []byte(copied.body)); !strings.Contains(text, "Екінші парақ") || copied.Header.Get("Cache-Control") != "no-store" {
		t.Error("the copy is not whole")
	}
	// A decision in the file opens with it, also where the matrix shows the fact alone.
	daniyar.post("/kk/decisions/"+f.Decision("term-extended").String()+"/file", nil).want(t, "a decision", http.StatusSeeOther)
	daniyar.post("/kk/decisions/"+f.Decision("group").String()+"/file", nil).want(t, "a decision put by mistake", http.StatusSeeOther)
	var put, slip uuid.UUID
	if err := errors.Join(f.SQL.Get(&put, `SELECT id FROM material WHERE sheet = 3`), f.SQL.Get(&slip, `SELECT id FROM material WHERE sheet > 3`)); err != nil {
		t.Fatal(err)
	}
	f.Render(put)
	daniyar.post("/kk/materials/"+slip.String()+"/removal", nil).want(t, "taken out again", http.StatusSeeOther)
	if text := portaltest.PDFText(t, []byte(aigul.get(read+"/copy").want(t, "the copy", http.StatusOK).body)); !strings.Contains(text, "Продлить срок") {
		t.Error("the decision of the file is not in the copy")
	}
	// Others find none of it.
	for _, a := range []*portaltest.Actor{f.Serik, f.Dana, f.Saule, f.Timur, f.Stranger, f.Ermek} {
		g := f.as(a)
		for _, path := range []string{read, first, first + "/picture", read + "/copy", read + "/search?q=a", read + "/record", read + "/paper"} {
			g.get(path).want(t, a.Word+" at "+path, http.StatusNotFound)
		}
		for _, path := range []string{first + "/time", first + "/note", read + "/plea", read + "/record/draft", read + "/postponement"} {
			if got := g.post(path, url.Values{"seconds": {"1"}, "why": {"Ауырып қалдым, келе алмаймын."}, "days": {"1"}}); got.StatusCode != http.StatusNotFound {
				t.Errorf("%s posts to %s: %d", a.Word, path, got.StatusCode)
			}
		}
	}
	// The pages go by without a script; the time between them is counted.
	f.At = f.At.Add(30 * time.Second)
	aigul.get(read).want(t, "back to the contents", http.StatusOK)
	f.Want(t, `SELECT seconds FROM reading`, "seconds\n30")
	one := regexp.MustCompile(`href="([^"]*/copy\?material=[^"]*)"`).FindStringSubmatch(aigul.get(read).want(t, "the contents", http.StatusOK).body)
	if one == nil {
		t.Fatal("no document can be taken by itself")
	}
	if got := aigul.get(one[1]).want(t, "a copy of one document", http.StatusOK); !strings.Contains(got.Header.Get("Content-Disposition"), "-volume-1-sheet-1.pdf") {
		t.Errorf("the copy is called %s", got.Header.Get("Content-Disposition"))
	}
	for _, bad := range []string{"volume=0", "volume=-1", "volume=I", "material=I", "material=" + uuid.Nil.String(), "material=" + f.Theft.String()} {
		aigul.get(read+"/copy?"+bad).want(t, bad, http.StatusNotFound)
	}
	for what, seconds := range map[string]string{"a word": "көп", "less than nothing": "-1", "an hour": "3600", "nothing": ""} {
		aigul.post(first+"/time", url.Values{"seconds": {seconds}}).want(t, what, http.StatusUnprocessableEntity)
	}
	aigul.post(first+"/time", url.Values{"seconds": {"0"}}).want(t, "the time", http.StatusNoContent)
	aigul.post(first+"/note", url.Values{"content": {"менің жазбам"}}).want(t, "a note in clear", http.StatusUnprocessableEntity)
	aigul.post(first+"/note", url.Values{"content": {base64.StdEncoding.EncodeToString(append([]byte{1}, make([]byte, 60)...))}}).want(t, "a note", http.StatusNoContent)

	aigul.post(read+"/plea", url.Values{"why": {"қысқа"}}).want(t, "a plea too short", http.StatusUnprocessableEntity)
	aigul.post(read+"/plea", url.Values{"why": {"Ауруханада жатырмын, таныса алмаймын."}}).want(t, "a plea", http.StatusSeeOther)
	if desk := daniyar.get("/kk/desk"); !strings.Contains(desk.body, read) {
		t.Error("the plea is not on his desk")
	}
	daniyar.post(read+"/postponement", url.Values{"days": {"9"}}).want(t, "nine days", http.StatusUnprocessableEntity)
	daniyar.post(read+"/postponement", url.Values{"days": {"2"}}).want(t, "two days", http.StatusSeeOther)
	if got := aigul.get(read); !strings.Contains(got.body, f.Words.In("kk").T("familiarisation.postponed", "count", 2)) {
		t.Error("she is not told")
	}
	aigul.post(read+"/record/draft", url.Values{"motions": {strings.Repeat("а", materials.MaxMotions+1)}}).want(t, "too much to say", http.StatusUnprocessableEntity)
	// After the last day the pages lead back to the contents, which say why.
	f.At = f.At.AddDate(0, 0, 20)
	aigul = f.as(f.Aigul)
	if to := aigul.get(first).want(t, "a page after the term", http.StatusSeeOther).to(); to != read {
		t.Errorf("it leads to %s", to)
	}
	aigul.get(first+"/picture").want(t, "its picture", http.StatusConflict)
	f.Sound()
}

// Fifty places are shown at once, and a link leads to those behind them.
func TestASearchGoesOnBehindWhatItShows(t *testing.T) {
	t.Parallel()
	f := open(t)
	texts := make([]string, materials.MaxHits+1)
	for i := range texts {
		texts[i] = "Ноутбук."
	}
	f.Material(materials.New{}, texts...)
	f.EndNotice()
	aigul := f.as(f.Aigul)
	search := "/kk/familiarisations/" + f.Opened("aigul@theft").String() + "/search?q=" + url.QueryEscape("ноутбук & co")
	aigul.get(search+"&volume=99999999999999999999&sheet=-7").want(t, "a place that there is not", http.StatusOK)
	search = strings.TrimSuffix(search, url.QueryEscape(" & co"))
	first := aigul.get(search).want(t, "the first fifty", http.StatusOK)
	on := regexp.MustCompile(`href="([^"]*/search\?q=[^"]*;volume=1&amp;sheet=50)"`).FindStringSubmatch(first.body)
	if strings.Count(first.body, "<mark>") != materials.MaxHits || !f.on(first, "kk", "file_search.left", "volume", 1, "sheet", 50) || on == nil {
		t.Fatalf("it does not go on:\n%s", first.body)
	}
	last := aigul.get(html.UnescapeString(on[1])).want(t, "the rest", http.StatusOK)
	if strings.Count(last.body, "<mark>") != 1 || f.on(last, "kk", "file_search.on") {
		t.Errorf("the rest is\n%s", last.body)
	}
}

func TestTheRecordIsSignedByTheReaderAndThenByTheInvestigator(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Material(materials.New{}, "Бір парақ.")
	f.EndNotice()
	id := f.recorded("aigul@theft", f.Aigul)
	read := "/kk/familiarisations/" + id.String()
	page := f.as(f.Aigul).get(read).want(t, "her page", http.StatusOK)
	petition := "/kk/cases/" + f.Theft.String() + "/filings/new?kind=after-familiarisation"
	for _, want := range []string{f.Words.In("kk").Until(time.Date(2026, 10, 27, 19, 0, 0, 0, time.UTC)), petition} {
		if !strings.Contains(page.body, want) {
			t.Errorf("she is not told %q", want)
		}
	}
	// What is asked now is asked by CPC 297, whose refusal goes to the prosecutor.
	form := f.as(f.Aigul).get(petition).want(t, "the petition", http.StatusOK)
	if kind := form.hidden(t, "kind"); kind != string(policy.FilingAfterReading) {
		t.Errorf("what is asked after the reading is %q", kind)
	}
	now := f.At
	if strings.Contains(page.body, "kind=restore-term") {
		t.Error("she is late before she is")
	}
	f.At = time.Date(2026, 10, 27, 19, 0, 0, 0, time.UTC)
	if late := f.as(f.Aigul).get(read).want(t, "her page, too late", http.StatusOK); !strings.Contains(late.body, "kind=restore-term") {
		t.Error("nobody tells her that the days have passed, and what then")
	}
	f.At = now
	daniyar := f.as(f.Daniyar)
	if desk := daniyar.get("/kk/desk"); !strings.Contains(desk.body, read) {
		t.Error("the record is not on his desk")
	}
	daniyar.post(read+"/closing/draft", nil).want(t, "his paper", http.StatusSeeOther)
	daniyar.sign(daniyar.get(read).want(t, "his page", http.StatusOK), f.Daniyar.Key).want(t, "signed", http.StatusSeeOther)
	f.Want(t, `SELECT status FROM familiarisation`, "status\nclosed")
	for _, path := range []string{"/record/paper", "/closing/paper"} {
		f.as(f.Aigul).get(read+path).want(t, path, http.StatusOK)
	}
	f.as(f.Serik).get(read+"/closing/paper").want(t, "to another", http.StatusNotFound)
	f.Sound()
}

// The last day of the notice closes the file to the victim, who may have it opened anew, and
// to no suspect (CPC 296(3)).
func TestTheLastDayOfTheFileClosesNothingToASuspect(t *testing.T) {
	t.Parallel()
	f := open(t)
	page := f.Pages(f.Material(materials.New{}, "Бір парақ.", "Екінші парақ."))[0]
	f.EndNotice()
	his, hers := "/kk/familiarisations/"+f.Opened("serik@theft").String(), "/kk/familiarisations/"+f.Opened("aigul@theft").String()
	at := "/pages/" + page.String()
	w := f.Words.In("kk")
	first := f.as(f.Serik).get(his).want(t, "his page", http.StatusOK).body
	if !strings.Contains(first, w.T("familiarisation.unhurried")) || strings.Contains(first, `/plea"`) {
		t.Error("he is not told that nobody limits him, or is to ask for what is his")
	}
	f.as(f.Aigul).get(hers+at).want(t, "a page, in time", http.StatusOK)
	f.At = f.At.AddDate(0, 0, 40)
	serik, aigul, daniyar := f.as(f.Serik), f.as(f.Aigul), f.as(f.Daniyar)
	for _, path := range []string{"", at, at + "/picture", "/copy"} {
		serik.get(his+path).want(t, "he, after the last day, at "+path, http.StatusOK)
	}
	if page := serik.get(his).body; strings.Contains(page, "Материалдар жабылды") || !strings.Contains(page, his+"/pages/") {
		t.Error("his contents are closed")
	}
	aigul.get(hers+at+"/picture").want(t, "she, after the last day", http.StatusConflict)
	if page := aigul.get(hers).body; !strings.Contains(page, "Материалдар жабылды") || !strings.Contains(page, "/filings/new?kind=familiarise") || strings.Contains(page, `/plea"`) {
		t.Error("she is not told how the file is opened to her again")
	}
	form := daniyar.get("/kk/cases/"+f.Theft.String()+"/familiarisations/new").want(t, "the form", http.StatusOK).body
	if !strings.Contains(form, f.Participant("aigul@theft").String()) || strings.Contains(form, f.Participant("serik@theft").String()) {
		t.Error("the file cannot be opened anew to her, or is to him who reads it")
	}
	// What was read is in the record though the term is over.
	aigul.post(hers+"/record/draft", nil).want(t, "the draft of a record", http.StatusSeeOther)
	record := portaltest.PDFText(t, []byte(aigul.get(hers+"/record/paper").want(t, "her record", http.StatusOK).body))
	if !strings.Contains(record, w.T("paper.record.opened-value", "opened", 1, "sheets", 2)) || !strings.Contains(record, "Жауап алу хаттамасы") {
		t.Errorf("the record after the term forgets what she read:\n%s", record)
	}
	anew := "/kk/familiarisations/" + f.Opened("aigul@theft").String()
	aigul.get(anew+at+"/picture").want(t, "she, by the new notice", http.StatusOK)
	if page := aigul.get(hers).want(t, "her page of before", http.StatusOK).body; !strings.Contains(page, w.T("familiarisation.lapsed")) || strings.Contains(page, w.T("familiarisation.petitions")) {
		t.Error("her page of before does not say that it was opened anew")
	}
	daniyar.get(hers).want(t, "the log of before, to him", http.StatusOK)
	f.Sound()
}

// A notice that another investigator prepared is not put before the one who has the case now
// to sign: he gives it up and prepares his own.
// What was opened by mistake is taken back on the page where its reading is watched; its reader
// finds why it is closed, and to whom she may complain.
func TestAFileThatWasTakenBackSaysSoToItsReader(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Material(materials.New{}, "Бір парақ.")
	f.EndNotice()
	read := "/kk/familiarisations/" + f.Opened("aigul@theft").String()
	daniyar, aigul := f.as(f.Daniyar), f.as(f.Aigul)
	if page := daniyar.get(read).want(t, "the reading", http.StatusOK); !f.on(page, "kk", "act.familiarisation-end") {
		t.Error("it cannot be taken back")
	}
	if page := f.as(f.Zhanar).get(read).want(t, "the reading, for the prosecutor", http.StatusOK); f.on(page, "kk", "act.familiarisation-end") {
		t.Error("the prosecutor is offered to take it back")
	}
	daniyar.post(read+"/end", nil).want(t, "taken back", http.StatusSeeOther)
	if page := daniyar.get(read).want(t, "the reading after", http.StatusOK); !f.on(page, "kk", "file.status.ended") || f.on(page, "kk", "act.familiarisation-end") {
		t.Error("it is not said that it was taken back, or it is to be taken back again")
	}
	page := aigul.get(read).want(t, "her page", http.StatusOK)
	whole(t, "familiarisation, taken back", page.body, "kk")
	if !f.on(page, "kk", "familiarisation.ended") || strings.Contains(page.body, "/record") || !strings.Contains(page.body, "kind=complaint-prosecutor") {
		t.Error("she is not told that it is closed and how to complain, or is led to a record")
	}
	aigul.get(read+"/record").want(t, "the record", http.StatusSeeOther)
	aigul.get("/kk/cases/"+f.Theft.String()).want(t, "her case", http.StatusOK)
}

// The last day on which the file is open and the days for petitions after it are among the terms
// of its reader, in the portal and in a calendar outside; to a suspect no day closes it.
func TestTheTermsOfAReadingStandInTheAgenda(t *testing.T) {
	t.Parallel()
	f := open(t)
	_, hers, _, his := f.file()
	aigul := f.as(f.Aigul)
	says := func(what, key, day string, of uuid.UUID) {
		t.Helper()
		page := aigul.get("/kk/clients/terms").want(t, what, http.StatusOK)
		whole(t, what, page.body, "kk")
		if !strings.Contains(page.body, f.Words.In("kk").T("client_terms."+key)) || !strings.Contains(page.body, `id="day-`+day) || !strings.Contains(page.body, "/kk/familiarisations/"+of.String()) {
			t.Errorf("%s: not there, or of another day\n%s", what, short(page.body))
		}
		all, err := agenda.Gather(f.Aigul.As(t.Context()), f.App, f.Aigul.Asks(policy.ClientTerms))
		if err != nil {
			t.Fatal(err)
		}
		ics := string(agenda.Calendar(f.Words.In("kk"), all, func(agenda.Term) string { return "https://zharia.kz/" }))
		if !strings.Contains(ics, f.Words.In("kk").T("calendar.event."+key)) || !strings.Contains(ics, strings.ReplaceAll(day, "-", "")) {
			t.Errorf("%s: the calendar has it not\n%s", what, ics)
		}
	}
	var last string
	if err := f.SQL.Get(&last, `SELECT until::text FROM familiarisation WHERE id = $1`, hers); err != nil {
		t.Fatal(err)
	}
	says("while she reads", "reading", last, hers)
	to := "/kk/familiarisations/" + hers.String()
	aigul.post(to+"/record/draft", nil).want(t, "the draft of a record", http.StatusSeeOther)
	aigul.sign(aigul.get(to+"/record/check").want(t, "the record", http.StatusOK), f.Aigul.Key).want(t, "signed", http.StatusSeeOther)
	says("when she has read", "petition", deadline.LastDay(deadline.AfterReading.Count(f.At, deadline.Kazakhstan()).Ends).Format(time.DateOnly), hers)
	if err := f.Begin(his); err != nil {
		t.Fatal(err)
	}
	all, err := agenda.Gather(f.Serik.As(t.Context()), f.App, f.Serik.Asks(policy.ClientTerms))
	if err != nil {
		t.Fatal(err)
	}
	for _, term := range all {
		if term.Kind == agenda.Reading {
			t.Errorf("a suspect is told that the file closes: %+v", term)
		}
	}
	f.At = f.At.AddDate(0, 1, 0)
	if page := f.as(f.Aigul).get("/kk/clients/terms").want(t, "a month later", http.StatusOK); strings.Contains(page.body, hers.String()) {
		t.Error("what is over is still there")
	}
}

func TestTheNoticeOfAnotherInvestigatorIsPreparedAnew(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Material(materials.New{}, "Бір парақ.")
	f.EndNotice()
	notice := "/kk/familiarisations/" + f.Notice("aigul@theft").String()
	if err := f.Assign(f.Marat, f.Theft, f.Ermek); err != nil {
		t.Fatal(err)
	}
	ermek := f.as(f.Ermek)
	page := ermek.get(notice+"/check").want(t, "the notice", http.StatusOK).body
	if !strings.Contains(page, f.Words.In("kk").T("familiarisation_check.another")) || strings.Contains(page, `id="sign"`) {
		t.Error("he is to sign what another prepared")
	}
	ermek.post(notice+"/discarding", nil).want(t, "given up", http.StatusSeeOther)
	f.Want(t, `SELECT count(*) FROM familiarisation`, "count\n0")
}

// After a termination there is nothing to petition for: the reader is told to complain, and
// by when, before she signs and after.
func TestAfterATerminationTheReaderIsToldToComplainAndNotToPetition(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Material(materials.New{}, "Бір парақ.")
	f.SQL.MustExec(`ALTER TABLE decision DISABLE TRIGGER is_final`)
	f.SQL.MustExec(`UPDATE decision SET kind = 'prosecution-terminated' WHERE id = $1`, f.Decision("group"))
	id := f.Opened("aigul@theft")
	read := "/kk/familiarisations/" + id.String()
	w, aigul := f.Words.In("kk"), f.as(f.Aigul)
	told := func(when string) {
		t.Helper()
		page := aigul.get(read).want(t, when, http.StatusOK).body
		if !strings.Contains(page, w.T("familiarisation.complaint.text")) {
			t.Errorf("%s: nobody tells her to complain", when)
		}
		for _, wrong := range []string{w.T("familiarisation.petitions.text"), w.T("familiarisation.petitions"), "kind=after-familiarisation", "297-бап"} {
			if strings.Contains(page, wrong) {
				t.Errorf("%s: the page says %q", when, wrong)
			}
		}
	}
	told("while she reads")
	aigul.post(read+"/record/draft", nil).want(t, "the draft of a record", http.StatusSeeOther)
	check := aigul.get(read+"/record/check").want(t, "the record", http.StatusOK)
	if !strings.Contains(check.body, w.T("record_check.warn.terminated")) || strings.Contains(check.body, w.T("record_check.warn")) {
		t.Error("she is told of petitions before she signs")
	}
	aigul.sign(check, f.Aigul.Key).want(t, "signed", http.StatusSeeOther)
	told("when she has read")
	if text := portaltest.PDFText(t, []byte(aigul.get(read+"/record/paper").want(t, "her record", http.StatusOK).body)); strings.Contains(text, "294") {
		t.Error("the record is of CPC 294")
	}
	if desk := f.as(f.Daniyar).get(read).want(t, "his page", http.StatusOK); strings.Contains(desk.body, w.T("familiarisation.petitions")) {
		t.Error("the investigator waits for petitions")
	}
}

// fileViews are the pages of the file of a case, for the golden files.
func fileViews(f *front, o objects) []view {
	theft := "/cases/" + f.Theft.String()
	hers, his := "/familiarisations/"+o["hers"].String(), "/familiarisations/"+o["his notice"].String()
	return []view{
		{name: "file", who: f.Daniyar, path: theft + "/file"},
		{name: "file-prosecutor", who: f.Zhanar, path: theft + "/file"},
		{name: "material_new", who: f.Daniyar, path: theft + "/file/new"},
		{name: "material_new-wrong", who: f.Daniyar, path: theft + "/file", fields: url.Values{"sheet": {"0"}, "part": {"all"}}, status: 422},
		{name: "familiarisation_new", who: f.Daniyar, path: theft + "/familiarisations/new"},
		{name: "familiarisation_check", who: f.Daniyar, path: his + "/check"},
		{name: "familiarisation_desk", who: f.Daniyar, path: hers},
		{name: "familiarisation", who: f.Aigul, path: hers},
		{name: "familiarisation-wrong", who: f.Aigul, path: hers + "/plea", fields: url.Values{"why": {"қысқа"}}, status: 422},
		{name: "sheet", who: f.Aigul, path: hers + "/pages/" + o["hers :page"].String()},
		{name: "file_search", who: f.Aigul, path: hers + "/search?q=" + url.QueryEscape("ноутбук")},
		{name: "file_record", who: f.Aigul, path: hers + "/record"},
		{name: "record_check", who: f.Aigul, path: hers + "/record/check"},
	}
}

func TestThePagesOfTheFileLookAsTheirGoldenFilesSay(t *testing.T) {
	t.Parallel()
	f := open(t)
	o := objects{}
	_, o["hers"], o["hers :page"], o["his notice"] = f.file()
	f.as(f.Aigul).post("/kk/familiarisations/"+o["hers"].String()+"/record/draft", nil).want(t, "the draft of a record", http.StatusSeeOther)
	for _, v := range fileViews(f, o) {
		f.compare(t, v)
	}
}
