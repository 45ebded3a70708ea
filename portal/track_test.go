package portal_test

import (
	"bufio"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/agenda"
	"zharia/portal/assist"
	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// help lets somebody write drafts for Dana for a month.
func help(t testing.TB, w *portaltest.W, who *portaltest.Actor) uuid.UUID {
	t.Helper()
	return helpUntil(t, w, who, w.At.AddDate(0, 1, 0))
}

func helpUntil(t testing.TB, w *portaltest.W, who *portaltest.Actor, until time.Time) uuid.UUID {
	t.Helper()
	if err := assist.Let(t.Context(), w.DB, w.Dana.Asks(policy.AssistantLet), who.IIN, who.FullName(), until); err != nil {
		t.Fatal(err)
	}
	all, err := assist.List(t.Context(), w.DB, w.Dana.Asks(policy.AssistantList))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d assistants, %v", len(all), err)
	}
	return all[0].ID
}

// The list of what somebody filed says that there are errands, and opens none of them.
func TestTheListOfFilingsOpensNoErrand(t *testing.T) {
	t.Parallel()
	f := open(t)
	errand(t, f.W, help(t, f.W, f.Nurlan))
	if _, err := f.SQL.Exec(`UPDATE errand SET wish = '\x00', advocate_name = '\x00', case_number = '\x00'`); err != nil {
		t.Fatal(err)
	}
	for who, there := range map[*portaltest.Actor]bool{f.Dana: true, f.Nurlan: true, f.Stranger: false} {
		page := f.as(who).get("/kk/filings").want(t, who.Word, http.StatusOK)
		if strings.Contains(page.body, `href="/kk/errands"`) != there {
			t.Errorf("%s is led to errands: %v", who.Word, !there)
		}
	}
}

// errand is a draft that Dana asks her assistant for, about a decision in the theft.
func errand(t testing.TB, w *portaltest.W, assistant uuid.UUID) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	err := assist.Give(t.Context(), w.DB, w.Dana.Asks(policy.ErrandGive), w.Theft, id, assist.NewErrand{
		Assistant: assistant, Participant: w.Participant("dana@theft"), Kind: policy.FilingPetition, About: w.Decision("search-done"),
		Wish: wish, Language: "kk",
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

const wish = "Ноутбукті иесіне қайтару туралы өтінішхат керек."

// helped is what an assistant has to do with, for the table of access: an address of
// Aigul's terms, Dana's assistant and the errand she gave her.
func (f *front) helped() (feed, assistant, given uuid.UUID) {
	f.t.Helper()
	if _, err := agenda.Make(f.t.Context(), f.DB, f.Aigul.Asks(policy.FeedMake), uuid.Nil, "kk"); err != nil {
		f.t.Fatal(err)
	}
	feeds, err := agenda.Feeds(f.t.Context(), f.DB, f.Aigul.Asks(policy.FeedList))
	if err != nil {
		f.t.Fatal(err)
	}
	assistant = help(f.t, f.W, f.Stranger)
	return feeds[0].ID, assistant, errand(f.t, f.W, assistant)
}

var statusTags = regexp.MustCompile(`(?s)<(?:p|span) class="tag[^"]*">(?:<span>)?(.*?)</(?:p|span)>`)

// Whatever page says where a filing is says it in one of eight words.
func TestNoPageSaysWhereAFilingIsInOtherWordsThanTheEight(t *testing.T) {
	t.Parallel()
	for _, file := range templates(t) {
		body := template(t, file)
		if file != "part_status" && strings.Contains(body, `print "status.word."`) {
			t.Errorf("%s.html puts a word together: part_status.html does", file)
		}
		for _, key := range []string{"status.filed", "status.considered", "status.withdrawn", "status.draft"} {
			if strings.Contains(body, `"`+key+`"`) {
				t.Errorf("%s.html says %s", file, key)
			}
		}
	}
	for _, lang := range []string{"kk", "ru"} {
		f := open(t)
		w := f.Words.In(lang)
		ids := map[string]uuid.UUID{"filed": f.Petition(f.Aigul, f.Theft), "considered": f.Petition(f.Aigul, f.Theft), "late": f.Petition(f.Aigul, f.Theft)}
		if err := filing.Step(t.Context(), f.DB, f.Daniyar.Asks(policy.FilingConsider), ids["considered"]); err != nil {
			t.Fatal(err)
		}
		for _, outcome := range filing.Outcomes {
			ids[string(outcome)] = f.Petition(f.Aigul, f.Theft)
			f.Answer(f.Daniyar, ids[string(outcome)], outcome)
		}
		ids["withdrawn"] = f.Petition(f.Aigul, f.Theft)
		if err := f.Withdraw(f.Aigul, ids["withdrawn"]); err != nil {
			t.Fatal(err)
		}
		ids["waiting"] = f.Petition(f.Aigul, f.Theft)
		if _, err := f.SQL.Exec(`UPDATE filing SET status = 'waiting', considered_at = filed_at WHERE id = $1`, ids["waiting"]); err != nil {
			t.Fatal(err)
		}
		if _, err := f.SQL.Exec(`UPDATE filing SET due_raw = $2, due_at = $2 WHERE id = $1`, ids["late"], f.At.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		ids["draft"] = f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition})
		var allowed []string
		for _, word := range filing.StatusWords {
			allowed = append(allowed, w.T("status.word."+string(word), "number", ""))
		}
		said := map[string]bool{}
		look := func(who *portaltest.Actor, paths ...string) {
			for _, path := range paths {
				page := f.as(who).get("/"+lang+path).want(t, path, http.StatusOK)
				for _, tag := range statusTags.FindAllStringSubmatch(page.body, -1) {
					text := html.UnescapeString(strings.TrimSpace(tag[1]))
					is := func(word string) bool { return strings.HasPrefix(text, strings.TrimRight(word, "\u00a0 ")) }
					if !slices.ContainsFunc(allowed, is) {
						t.Errorf("%s %s as %s says %q", lang, path, who.Word, text)
					}
					said[text] = true
				}
			}
		}
		look(f.Aigul, "/filings", "/clients/terms")
		look(f.Zhanar, "/oversight")
		look(f.Daniyar, "/desk")
		for name, id := range ids {
			page := f.as(f.Aigul).get("/"+lang+"/filings/"+id.String()).want(t, name, http.StatusOK)
			if name != "draft" {
				look(f.Aigul, "/filings/"+id.String())
				if n := strings.Count(page.body, `aria-current="step"`); n != 1 {
					t.Errorf("%s: %d steps are the present one", name, n)
				}
				if !strings.Contains(page.body, w.T("status.now")) {
					t.Errorf("%s: the page does not say how it is now", name)
				}
			}
			whole(t, name, page.body, lang)
		}
		for _, word := range []string{"registered", "considered", "needs-you", "answered", "overdue", "withdrawn", "draft"} {
			is := func(text string) bool {
				return strings.HasPrefix(text, strings.TrimRight(w.T("status.word."+word, "number", ""), "\u00a0 "))
			}
			found := false
			for text := range said {
				found = found || is(text)
			}
			if !found {
				t.Errorf("%s: nobody was told %q: the test tells little", lang, word)
			}
		}
		// To the one who must answer it "you" would be himself.
		if got := filing.Word(filing.Filing{Status: filing.Asked, DueAt: f.At.Add(time.Hour), Standing: policy.Decider}, f.At); got != filing.WordConsidered {
			t.Errorf("the official is told %q of what waits for its author", got)
		}
	}
}

// event is what a calendar program makes of a VEVENT: properties by name, parameters
// left on the name.
type event map[string]string

// parsed reads an iCalendar stream as RFC 5545 says: lines end with CRLF and are
// unfolded, texts are unescaped. It shares no code with the writer.
func parsed(t *testing.T, content string) (calendar event, events []event) {
	t.Helper()
	if !strings.HasSuffix(content, "\r\n") || strings.Contains(strings.ReplaceAll(content, "\r\n", ""), "\n") {
		t.Error("a line of the calendar does not end with CRLF")
	}
	var lines []string
	scan := bufio.NewScanner(strings.NewReader(content))
	for scan.Scan() {
		if line := scan.Text(); strings.HasPrefix(line, " ") {
			lines[len(lines)-1] += line[1:]
		} else {
			lines = append(lines, line)
		}
		if len(scan.Text()) > 75 || strings.Contains(scan.Text(), "\uFFFD") {
			t.Errorf("a line of %d octets: %q", len(scan.Text()), scan.Text())
		}
	}
	calendar = event{}
	into := calendar
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if !found {
			t.Fatalf("no property: %q", line)
		}
		value = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n").Replace(value)
		switch {
		case line == "BEGIN:VEVENT":
			into = event{}
		case line == "END:VEVENT":
			events, into = append(events, into), calendar
		case into[name] != "":
			t.Errorf("%s stands twice", name)
		default:
			into[name] = value
		}
	}
	if calendar["BEGIN"] != "VCALENDAR" || calendar["END"] != "VCALENDAR" || calendar["VERSION"] != "2.0" {
		t.Errorf("no calendar: %v", calendar)
	}
	return calendar, events
}

var addressMade = regexp.MustCompile(`value="` + portaltest.Origin + `(/calendar/[A-Za-z0-9_-]{43}\.ics)"`)

// feed makes an address on the page and gives its path.
func (g *guest) feed(t *testing.T, lang string, fields url.Values) string {
	t.Helper()
	page := g.post("/"+lang+"/calendar", fields).want(t, "the address", http.StatusOK)
	whole(t, "calendar", page.body, lang)
	made := addressMade.FindStringSubmatch(page.body)
	if made == nil {
		t.Fatalf("no address on the page:\n%s", short(page.body))
	}
	return made[1]
}

func TestACalendarOutsideTellsANumberAndADayAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"kk", "ru"} {
		f := open(t)
		w := f.Words.In(lang)
		petition, complaint := f.Petition(f.Aigul, f.Theft), f.Complaint(f.Aigul, f.Theft, "detention", "")
		security := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingSecurity})
		if err := f.Submit(f.Aigul, security); err != nil {
			t.Fatal(err)
		}
		path := f.as(f.Aigul).feed(t, lang, url.Values{})
		got := f.visitor().get(path).want(t, "the feed", http.StatusOK)
		if got.Header.Get("Content-Type") != "text/calendar; charset=utf-8" || len(got.Cookies()) != 0 {
			t.Errorf("it is %s with cookies %v", got.Header.Get("Content-Type"), got.Cookies())
		}
		_, events := parsed(t, got.body)
		if len(events) != 3 {
			t.Fatalf("%d events\n%s", len(events), got.body)
		}
		of := func(id uuid.UUID) event {
			t.Helper()
			for _, e := range events {
				if strings.HasPrefix(e["UID"], "awaited-"+id.String()) {
					return e
				}
			}
			t.Fatalf("no event of %s", id)
			return nil
		}
		read := func(id uuid.UUID) filing.Filing {
			t.Helper()
			read, err := filing.Read(t.Context(), f.DB, f.Aigul.Asks(policy.FilingRead), id)
			if err != nil {
				t.Fatal(err)
			}
			return read
		}
		one := of(petition)
		number := read(petition).Number
		// 22 October and three сутки: the 25th is Sunday and Republic Day, the 26th the day
		// off for it (law/LAW §1.6).
		if one["DTSTART;VALUE=DATE"] != "20261027" || one["DTEND;VALUE=DATE"] != "20261028" || one["STATUS"] != "CONFIRMED" {
			t.Errorf("the petition: %v", one)
		}
		if want := w.T("calendar.event.number", "number", number, "what", w.T("calendar.event.awaited")); one["SUMMARY"] != want {
			t.Errorf("it says %q, not %q", one["SUMMARY"], want)
		}
		page := portaltest.Origin + "/" + lang + "/filings/" + petition.String()
		if one["URL"] != page || one["DESCRIPTION"] != w.T("status.word.registered", "number", number)+"\n"+page {
			t.Errorf("it leads to %q and says %q", one["URL"], one["DESCRIPTION"])
		}
		if e := of(security); e["DTSTART"] != read(security).DueAt.UTC().Format("20060102T150405Z") || e["DTSTART;VALUE=DATE"] != "" {
			t.Errorf("a term in hours: %v", e)
		}
		if e := of(complaint); e["DTSTART;VALUE=DATE"] != deadline.LastDay(read(complaint).DueAt).Format("20060102") {
			t.Errorf("the complaint: %v", e)
		}
		said := strings.ReplaceAll(strings.ReplaceAll(got.body, "\r\n ", ""), portaltest.Origin, "")
		for _, secret := range []string{"Оспанова", "Айгүл", "Есімов", "Данияр", "ҚК", "УК", "ұрлық", "краж", "ҚПК", "УПК"} {
			if strings.Contains(said, secret) {
				t.Errorf("it tells %q", secret)
			}
		}
		if strings.Contains(said, f.Number(f.Theft)) {
			t.Error("it tells the number of the case")
		}

		// The same is not sent twice, and what was asked for is what is kept.
		again := httptest.NewRequest(http.MethodGet, path, nil)
		again.Header.Set("If-None-Match", got.Header.Get("ETag"))
		if r := f.visitor().do(again); r.StatusCode != http.StatusNotModified || r.body != "" {
			t.Errorf("asked again: %d %q", r.StatusCode, r.body)
		}
		f.Want(t, `SELECT scope, language, seen_at IS NOT NULL AS seen FROM feed`, "scope | language | seen\nall | "+lang+" | true")
		if rows := f.Rows(t, `SELECT encode(token_hash, 'hex') FROM feed`); strings.Contains(rows, strings.TrimSuffix(strings.TrimPrefix(path, "/calendar/"), ".ics")) {
			t.Error("the secret itself is kept")
		}

		// A day off moves the end: the event is the same one, changed.
		if _, err := f.SQL.Exec(`UPDATE filing SET due_at = due_at + interval '2 days' WHERE id = $1`, petition); err != nil {
			t.Fatal(err)
		}
		before := one
		_, events = parsed(t, f.visitor().get(path).body)
		if moved := of(petition); moved["UID"] != before["UID"] || moved["DTSTART;VALUE=DATE"] != "20261029" || moved["SEQUENCE"] <= before["SEQUENCE"] {
			t.Errorf("moved: %v, before: %v", moved, before)
		}
		f.Answer(f.Daniyar, petition, filing.Granted)
		_, events = parsed(t, f.visitor().get(path).body)
		if over := of(petition); over["STATUS"] != "CANCELLED" || over["SEQUENCE"] <= before["SEQUENCE"] {
			t.Errorf("answered: %v", over)
		}
		f.At = f.At.Add(agenda.Kept + time.Hour)
		_, events = parsed(t, f.visitor().get(path).body)
		if len(events) != 2 {
			t.Errorf("a month later there are %d events", len(events))
		}
	}
}

func TestWhoeverTakesAnAddressBackHasNothingReadUnderIt(t *testing.T) {
	t.Parallel()
	f := open(t)
	aigul := f.as(f.Aigul)
	f.Petition(f.Aigul, f.Theft)
	path := aigul.feed(t, "kk", url.Values{"case": {f.Theft.String()}})
	f.visitor().get(path).want(t, "the feed", http.StatusOK)
	id := strings.TrimSpace(strings.TrimPrefix(f.Rows(t, `SELECT id FROM feed`), "id"))
	f.as(f.Serik).post("/kk/feeds/"+id+"/end", nil).want(t, "another ends it", http.StatusNotFound)
	aigul.post("/kk/calendar", url.Values{"case": {f.Fraud.String()}}).want(t, "a case that is not hers", http.StatusUnprocessableEntity)
	f.visitor().get(path).want(t, "the feed", http.StatusOK)
	aigul.post("/kk/feeds/"+id+"/end", nil).want(t, "she ends it", http.StatusSeeOther)
	for _, there := range []string{path, "/calendar/x.ics", strings.TrimSuffix(path, ".ics"), "/calendar/" + strings.Repeat("A", 43) + ".ics"} {
		got := f.visitor().get(there)
		if got.StatusCode != http.StatusNotFound || got.body != "" || len(got.Cookies()) != 0 {
			t.Errorf("%s: %d %q %v", there, got.StatusCode, got.body, got.Cookies())
		}
	}
	aigul.post("/kk/feeds/"+id+"/end", nil).want(t, "once more", http.StatusNotFound)
	f.Want(t, `SELECT act, object FROM record WHERE object = 'feed' ORDER BY seq`, `
		act       | object
		feed-make | feed
		feed-end  | feed`)
	for range agenda.MaxFeeds {
		aigul.feed(t, "ru", url.Values{})
	}
	aigul.post("/ru/calendar", url.Values{}).want(t, "one too many", http.StatusConflict)
	f.Sound()
}

func TestACalendarThatAsksTooOftenIsToldToWait(t *testing.T) {
	f := open(t)
	path := f.as(f.Aigul).feed(t, "kk", url.Values{})
	for n := range 100 {
		got := f.visitor().get(path)
		if got.StatusCode == http.StatusTooManyRequests {
			if n < 10 || got.Header.Get("Retry-After") == "" {
				t.Errorf("after %d: %v", n, got.Header)
			}
			return
		}
	}
	t.Error("a hundred times in a moment, and nobody minds")
}

func TestAnOfficialHasInHisCalendarWhatHeMustAnswer(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	page := f.as(f.Daniyar).get("/kk/calendar").want(t, "the page", http.StatusOK)
	if !strings.Contains(page.body, f.Words.In("kk").T("calendar.shows.official")) {
		t.Error("the page does not tell an official what he will see")
	}
	_, events := parsed(t, f.visitor().get(f.as(f.Daniyar).feed(t, "kk", url.Values{})).body)
	if len(events) != 1 || !strings.HasPrefix(events[0]["UID"], "owed-"+id.String()) {
		t.Errorf("%v", events)
	}
}

func TestTheSheetOfNextStepsFitsOnOnePageInBothLanguages(t *testing.T) {
	t.Parallel()
	f := open(t)
	sheets := map[string]uuid.UUID{
		"petition": f.Petition(f.Aigul, f.Theft), "complaint": f.Complaint(f.Aigul, f.Theft, "search", "expertise-done"), "answered": f.Petition(f.Aigul, f.Theft), "withdrawn": f.Petition(f.Aigul, f.Theft),
	}
	f.Answer(f.Daniyar, sheets["answered"], filing.GrantedPart)
	if err := f.Withdraw(f.Aigul, sheets["withdrawn"]); err != nil {
		t.Fatal(err)
	}
	court := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingComplaintCourt, About: f.Decision("expertise-done")})
	if err := f.Submit(f.Aigul, court); err != nil {
		t.Fatal(err)
	}
	sheets["court"] = court
	for name, id := range sheets {
		read, err := filing.Read(t.Context(), f.DB, f.Aigul.Asks(policy.FilingRead), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range []string{"kk", "ru"} {
			w := f.Words.In(lang)
			got := f.as(f.Aigul).get(fmt.Sprintf("/%s/filings/%s/sheet", lang, id)).want(t, name, http.StatusOK)
			content := []byte(got.body)
			if n := strings.Count(got.body, "/Type /Page\n"); n != 1 {
				t.Errorf("%s in %s: %d pages", name, lang, n)
			}
			text := portaltest.PDFText(t, content)
			for _, said := range []string{read.Number, read.Decider.Name, "/" + lang + "/filings/" + id.String(), w.T("paper.next.title")} {
				if !strings.Contains(strings.Join(strings.Fields(text), ""), strings.Join(strings.Fields(said), "")) {
					t.Errorf("%s in %s does not say %q:\n%s", name, lang, said, text)
				}
			}
			if read.Status.Open() != strings.Contains(text, w.T("paper.next.otherwise")) {
				t.Errorf("%s in %s: what if there is no answer", name, lang)
			}
		}
		f.as(f.Serik).get("/kk/filings/"+id.String()+"/sheet").want(t, "another's", http.StatusNotFound)
	}
}

// CPC 96(4): an application for security measures is considered within 24 hours. Whoever waits
// for the answer and whoever owes it are told the hour, and no later one.
func TestATermInHoursIsToldWithItsHour(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingSecurity})
	if err := f.Submit(f.Aigul, id); err != nil {
		t.Fatal(err)
	}
	due := f.at("filing", "due_at")
	for _, lang := range []string{"kk", "ru"} {
		w, at := f.Words.In(lang), "/"+lang+"/filings/"+id.String()
		hour, day := w.Until(due), w.Until(deadline.LastDay(due).AddDate(0, 0, 1))
		if !strings.Contains(hour, "15:00") {
			t.Fatalf("the term ends %s", hour)
		}
		for _, told := range []struct {
			who        *portaltest.Actor
			path, said string
		}{
			{f.Aigul, at, hour}, {f.Aigul, at + "/receipt", hour}, {f.Aigul, at + "/sheet", hour}, {f.Aigul, "/" + lang + "/filings", hour},
			{f.Daniyar, at + "/answer", hour}, {f.Daniyar, "/" + lang + "/desk", w.Last(due, f.At)},
		} {
			page := f.as(told.who).get(told.path).want(t, told.path, http.StatusOK).body
			if strings.HasPrefix(page, "%PDF") {
				page = strings.Join(strings.Fields(portaltest.PDFText(t, []byte(page))), " ")
			}
			if !strings.Contains(page, told.said) || strings.Contains(page, day) {
				t.Errorf("%s does not say %q alone:\n%s", told.path, told.said, page)
			}
		}
	}
}

// No prosecutor watches a judge (CPC 107): nothing that is said of what lies at a court sends
// people to one, and when the term is over nothing speaks of it as of what is to come.
func TestWhatLiesAtACourtIsNotSaidToBeWatchedByAProsecutor(t *testing.T) {
	t.Parallel()
	for seat, n := range map[guide.Seat]filing.NewFiling{
		guide.Judge:  {Kind: policy.FilingComplaintCourt, What: guide.Deed},
		guide.Appeal: {Kind: policy.FilingComplaintJudge, What: guide.Ruling},
	} {
		f := open(t)
		id := f.Draft(f.Aigul, f.Theft, n)
		if err := f.Submit(f.Aigul, id); err != nil {
			t.Fatal(err)
		}
		filed := f.At
		for _, word := range []filing.StatusWord{filing.WordRegistered, filing.WordOverdue} {
			if word == filing.WordOverdue {
				f.At = filed.AddDate(0, 0, 8)
				if err := filing.MarkOverdue(t.Context(), f.DB.DB, id, f.At); err != nil {
					t.Fatal(err)
				}
			}
			for _, lang := range []string{"kk", "ru"} {
				w := f.Words.In(lang)
				for _, of := range []string{"", "/receipt", "/sheet"} {
					path := "/" + lang + "/filings/" + id.String() + of
					page := f.as(f.Aigul).get(path).want(t, path, http.StatusOK).body
					if strings.HasPrefix(page, "%PDF") {
						page = strings.Join(strings.Fields(portaltest.PDFText(t, []byte(page))), " ")
					} else {
						_, page, _ = strings.Cut(page, "<main")
						page, _, _ = strings.Cut(page, "</main>")
						if said := w.T("status.now.if-not.court"); strings.Contains(page, said) == (word == filing.WordOverdue) {
							t.Errorf("%s, %s: %q\n%s", path, word, said, page)
						}
					}
					if strings.Contains(strings.ToLower(page), "прокурор") {
						t.Errorf("%s at the %s, %s, speaks of a prosecutor:\n%s", path, seat, word, page)
					}
				}
			}
		}
	}
}

func TestACounselSeesAllHisClientsTermsInOneListAndOneMonth(t *testing.T) {
	t.Parallel()
	f := open(t)
	own := f.Petition(f.Dana, f.Theft)  // she files for Serik
	his := f.Petition(f.Serik, f.Theft) // he signs it himself
	hers := f.Petition(f.Aigul, f.Theft)
	if _, err := f.SQL.Exec(`UPDATE filing SET due_raw = $2, due_at = $2 WHERE id = $1`, his, f.At.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"kk", "ru"} {
		w := f.Words.In(lang)
		page := f.as(f.Dana).get("/"+lang+"/clients/terms").want(t, "the list", http.StatusOK)
		whole(t, "terms", page.body, lang)
		if strings.Contains(page.body, hers.String()) {
			t.Error("she sees a term of the other side")
		}
		first, second := strings.Index(page.body, his.String()), strings.Index(page.body, own.String())
		if first < 0 || second < first {
			t.Errorf("what is late is not on top: %d, %d", first, second)
		}
		for _, said := range []string{"Қалиев", w.T("status.word.overdue"), `href="#day-2026-10-27"`, `id="day-2026-10-27"`, `aria-current="date"`, w.T("client_terms.late", "number", 1)} {
			if !strings.Contains(page.body, html.EscapeString(said)) && !strings.Contains(page.body, said) {
				t.Errorf("%s: the page does not say %q", lang, said)
			}
		}
		next := f.as(f.Dana).get("/"+lang+"/clients/terms?month=2026-11").want(t, "the month after", http.StatusOK)
		if strings.Contains(next.body, `aria-current="date"`) || !strings.Contains(next.body, w.T("count.month.november")) || !strings.Contains(next.body, "month=2026-10") {
			t.Error("the month after is not November")
		}
		for _, month := range []string{"2026-13", "x", "0001-01", "9999-12"} {
			f.as(f.Dana).get("/"+lang+"/clients/terms?month="+month).want(t, month, http.StatusOK)
		}
	}
	for _, terms := range []string{"daniyar", "asel"} {
		f.as(f.Actor(terms)).get("/kk/clients/terms").want(t, terms, http.StatusOK)
	}
}

func TestAnAssistantWritesTheAdvocateSignsAndTheCaseStaysClosed(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"kk", "ru"} {
		f := open(t)
		dana, asel := f.as(f.Dana), f.as(f.Stranger)
		let := url.Values{"iin": {f.Stranger.IIN.Reveal()}, "name": {f.Stranger.FullName()}, "until": {"2026-12-31"}}
		f.as(f.Aigul).post("/"+lang+"/assistants", let).want(t, "a victim", http.StatusForbidden)
		for name, bad := range map[string]string{"iin": f.Dana.IIN.Reveal(), "name": "А", "until": "2026-10-21"} {
			wrong := url.Values{"iin": let["iin"], "name": let["name"], "until": let["until"]}
			wrong.Set(name, bad)
			page := dana.post("/"+lang+"/assistants", wrong).want(t, name, http.StatusUnprocessableEntity)
			whole(t, "assistants", page.body, lang)
		}
		dana.post("/"+lang+"/assistants", let).want(t, "the grant", http.StatusSeeOther)
		dana.post("/"+lang+"/assistants", let).want(t, "twice", http.StatusUnprocessableEntity)
		assistant := strings.TrimSpace(strings.TrimPrefix(f.Rows(t, `SELECT id FROM assistant`), "id"))
		clients := dana.get("/"+lang+"/clients").want(t, "clients", http.StatusOK)
		if !strings.Contains(clients.body, "/"+lang+"/cases/"+f.Theft.String()+"/errands/new") {
			t.Error("her clients' page does not lead to an errand")
		}
		id := uuid.Must(uuid.NewV7()).String()
		give := url.Values{"id": {id}, "assistant": {assistant}, "participant": {f.Participant("dana@theft").String()}, "kind": {"petition"}, "about": {f.Decision("search-done").String()}, "wish": {wish}}
		for name, bad := range map[string]string{"assistant": id, "participant": f.Participant("serik@theft").String(), "kind": "nothing", "about": id, "wish": strings.Repeat("а", assist.MaxWish+1)} {
			wrong := url.Values{}
			for k, v := range give {
				wrong[k] = v
			}
			wrong.Set(name, bad)
			page := dana.post("/"+lang+"/cases/"+f.Theft.String()+"/errands", wrong).want(t, name, http.StatusUnprocessableEntity)
			whole(t, "errand_new", page.body, lang)
		}
		whole(t, "errand_new", dana.get("/"+lang+"/cases/"+f.Theft.String()+"/errands/new").want(t, "the form", http.StatusOK).body, lang)
		dana.post("/"+lang+"/cases/"+f.Theft.String()+"/errands", give).want(t, "given", http.StatusSeeOther)
		dana.post("/"+lang+"/cases/"+f.Theft.String()+"/errands", give).want(t, "given twice", http.StatusSeeOther)
		f.Want(t, `SELECT count(*) FROM errand`, "count\n1")

		// What the assistant is told, and what stays closed to him.
		page := asel.get("/"+lang+"/errands/"+id).want(t, "the errand", http.StatusOK)
		whole(t, "errand", page.body, lang)
		for _, said := range []string{wish, "Ахметова", f.Words.In(lang).T("filing.petition")} {
			if !strings.Contains(page.body, said) {
				t.Errorf("the assistant is not told %q", said)
			}
		}
		for _, secret := range []string{"Қалиев", "Серік", f.Theft.String(), f.Decision("search-done").String()} {
			if strings.Contains(page.body, secret) {
				t.Errorf("the assistant is told %q", secret)
			}
		}
		for _, closed := range []string{"/cases/" + f.Theft.String(), "/decisions/" + f.Decision("search-done").String(), "/cases/" + f.Theft.String() + "/filings/new?kind=petition"} {
			asel.get("/"+lang+closed).want(t, closed, http.StatusNotFound)
		}
		for _, other := range []*portaltest.Actor{f.Aigul, f.Serik, f.Daniyar, f.Zhanar} {
			f.as(other).get("/"+lang+"/errands/"+id).want(t, other.Word, http.StatusNotFound)
			f.as(other).post("/"+lang+"/errands/"+id+"/taking", nil).want(t, other.Word, http.StatusNotFound)
		}
		asel.post("/"+lang+"/errands/"+id, url.Values{"circumstances": {"аз"}}).want(t, "too short", http.StatusUnprocessableEntity)
		dana.post("/"+lang+"/errands/"+id+"/taking", nil).want(t, "before it is handed in", http.StatusConflict)
		written := url.Values{"circumstances": {portaltest.Circumstances}, "point-1": {portaltest.Request}, "point-2": {"Қаулының көшірмесін беруіңізді сұраймын."}}
		asel.post("/"+lang+"/errands/"+id, written).want(t, "saved", http.StatusSeeOther)
		asel.post("/"+lang+"/errands/"+id+"/handing", written).want(t, "handed in", http.StatusSeeOther)
		asel.post("/"+lang+"/errands/"+id+"/taking", nil).want(t, "the assistant takes it", http.StatusForbidden)

		got := dana.get("/"+lang+"/errands/"+id).want(t, "for the advocate", http.StatusOK)
		if !strings.Contains(got.body, portaltest.Circumstances) {
			t.Error("the advocate does not see what was written")
		}
		to := dana.post("/"+lang+"/errands/"+id+"/taking", nil).want(t, "taken", http.StatusSeeOther).to()
		draft := lastID(to)
		f.Want(t, `SELECT f.status, f.author = '`+f.Dana.Person.String()+`' AS hers, (SELECT count(*) FROM point p WHERE p.filing = f.id) AS points FROM filing f WHERE id = '`+draft+`'`, "status | hers | points\ndraft | true | 2")
		asel.get("/"+lang+"/filings/"+draft).want(t, "the draft, for the assistant", http.StatusNotFound)
		asel.post("/"+lang+"/errands/"+id, written).want(t, "after it was taken", http.StatusConflict)
		if err := f.Submit(f.Dana, uuid.MustParse(draft)); err != nil {
			t.Fatal(err)
		}

		dana.post("/"+lang+"/assistants/"+assistant+"/end", nil).want(t, "the end", http.StatusSeeOther)
		asel.get("/"+lang+"/errands/"+id).want(t, "after the end", http.StatusNotFound)
		if strings.Contains(asel.get("/"+lang+"/errands").body, id) {
			t.Error("after the end the assistant still has it in a list")
		}
		f.Want(t, `SELECT act, who = '`+f.Dana.Person.String()+`' AS advocate FROM record WHERE object IN ('errand', 'assistant') ORDER BY seq`, `
			act           | advocate
			assistant-let | true
			errand-give   | true
			errand-write  | false
			errand-hand   | false
			errand-take   | true
			assistant-end | true`)
		f.Sound()
	}
}

func TestAGrantEndsWithItsLastDay(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	id := errand(t, w, helpUntil(t, w, w.Stranger, w.At))
	if _, err := assist.Read(t.Context(), w.DB, w.Stranger.Asks(policy.ErrandRead), id); err != nil {
		t.Errorf("on its last day: %v", err)
	}
	w.At = w.At.AddDate(0, 0, 1)
	if e, err := assist.Read(t.Context(), w.DB, w.Stranger.Asks(policy.ErrandRead), id); err == nil {
		t.Errorf("the day after he reads %+v", e)
	}
	if _, err := assist.Read(t.Context(), w.DB, w.Dana.Asks(policy.ErrandRead), id); err != nil {
		t.Errorf("the advocate: %v", err)
	}
	help(t, w, w.Stranger) // and may be given anew
}

func TestEveryTermOfAClientNamesHim(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	w.Petition(w.Dana, w.Theft)
	w.Petition(w.Serik, w.Theft)
	all, err := agenda.Gather(t.Context(), w.DB, w.Dana.Asks(policy.ClientTerms))
	if err != nil {
		t.Fatal(err)
	}
	clients, err := casefile.Clients(t.Context(), w.DB, w.Dana.Asks(policy.ClientList))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, term := range all {
		if term.Kind != agenda.Awaited {
			continue
		}
		if slices.ContainsFunc(clients, func(c casefile.Client) bool { return c.Side.Name == term.Client }) {
			named++
		}
		if term.By.IsZero() || term.DueAt.IsZero() || term.CaseNumber == "" {
			t.Errorf("%+v", term)
		}
	}
	if named != 2 {
		t.Errorf("%d of the terms name a client of hers", named)
	}
}

func TestTheTermsOfTwoClientsOfOneCaseAreInOneListAndEachOpensOnItsSide(t *testing.T) {
	t.Parallel()
	f := open(t)
	forSerik, _ := twoClients(t, f.W)
	his := f.Petition(f.Serik, f.Theft)
	other := f.Draft(f.Timur, f.Theft, filing.NewFiling{Kind: policy.FilingPetition})
	if err := f.Submit(f.Timur, other); err != nil {
		t.Fatal(err)
	}
	f.Petition(f.Aigul, f.Theft)
	ctx := f.Dana.As(t.Context()) // both fences up
	all, err := agenda.Gather(ctx, f.App, f.Dana.Asks(policy.ClientTerms))
	if err != nil {
		t.Fatal(err)
	}
	got := map[uuid.UUID]string{}
	for _, term := range all {
		if term.Kind == agenda.Awaited {
			got[term.Of] = term.Client
		}
	}
	if len(got) != 2 || !strings.Contains(got[his], "Қалиев") || !strings.Contains(got[other], "Жұмабаев") {
		t.Errorf("awaited: %v", got)
	}
	dana := f.as(f.Dana)
	page := dana.get("/kk/clients/terms").want(t, "the list", http.StatusOK)
	for _, id := range []uuid.UUID{his, other} {
		if strings.Contains(page.body, id.String()) {
			t.Errorf("before she said for whom she acts, the list leads to %s", id)
		}
	}
	chooser := `href="/kk/cases/` + f.Theft.String() + `/acting"`
	if n := strings.Count(page.body, chooser); n != 2 {
		t.Errorf("%d lines lead to where she says for whom she acts", n)
	}
	dana.act(forSerik)
	page = dana.get("/kk/clients/terms").want(t, "the list on his side", http.StatusOK)
	if !strings.Contains(page.body, his.String()) || strings.Contains(page.body, other.String()) {
		t.Error("on Serik's side the list does not lead to his filing alone")
	}
	dana.get("/kk/filings/"+his.String()).want(t, "her client's", http.StatusOK)
	dana.get("/kk/filings/"+other.String()).want(t, "the other client's", http.StatusNotFound)
}
