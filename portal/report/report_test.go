package report_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
	"zharia/portal/vault"
)

// read is a report as somebody reads it.
func read(t *testing.T, w *portaltest.W, who *portaltest.Actor, id uuid.UUID) report.Report {
	t.Helper()
	r, err := report.Read(t.Context(), w.DB, who.Asks(policy.ReportRead), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestASignedReportIsRegisteredInTheSameMomentWithNumberOfficerAndClock(t *testing.T) {
	w := portaltest.World(t)
	r := read(t, w, w.Nurlan, w.Report(w.Nurlan, w.Story()))
	w.Want(t, `SELECT status, way, author, number, (SELECT code FROM body WHERE body.id = report.body) AS body, officer, registered_at, term, due_at, draft IS NULL AS no_draft, answers IS NOT NULL AS answers FROM report`, `
		status     | way    | author | number           | body   | officer | registered_at       | term            | due_at              | no_draft | answers
		registered | signed | nurlan | 750301-26-000001 | 750301 | zhandos | 2026-10-22 14:30:00 | report-decision | 2026-10-23 14:30:00 | true     | true`)
	w.Want(t, `SELECT who, act, object, law, digest IS NOT NULL AS signed FROM record WHERE object_id = (SELECT id FROM report) ORDER BY seq DESC LIMIT 1`, `
		who    | act           | object | law        | signed
		nurlan | report-submit | report | CPC 185(1) | true`)
	w.Want(t, `SELECT name, run_at FROM job WHERE name = 'report-overdue'`, `
		name           | run_at
		report-overdue | 2026-10-23 14:30:00`)
	if r.OfficerName != w.Actor("zhandos").FullName() || !r.Status.Open() || r.Overdue(w.At) || r.Contestable(w.At) {
		t.Errorf("the author is told %+v", r)
	}
	w.Sound()
}

func TestABodyWithoutARegistrarRegistersAllTheSame(t *testing.T) {
	w := portaltest.World(t)
	said := w.Story()
	said.Body = w.Body("city-police")
	if r := read(t, w, w.Nurlan, w.Report(w.Nurlan, said)); r.Number != "750300-26-000001" || r.Officer != uuid.Nil {
		t.Errorf("it is %s with the officer %s", r.Number, r.Officer)
	}
}

func TestReportsGoToTheRegistrarWhoHasTheFewestOpenOnes(t *testing.T) {
	w := portaltest.World(t)
	meruert := w.Actor("meruert")
	if _, err := w.SQL.Exec(`UPDATE officer SET body = $1 WHERE person = $2`, w.Body("police"), meruert.Person); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		w.Report(w.Nurlan, w.Story())
	}
	w.Want(t, `SELECT count(*) AS officers, min(n), max(n) FROM (SELECT count(*) AS n FROM report GROUP BY officer) each_of_them`, `
		officers | min | max
		2        | 2   | 2`)
}

// Nobody decides his own report, so it is never given to him to deal with, whichever way it
// comes into the book in which he registers.
func TestARegistrarIsNotGivenHisOwnReport(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos, meruert := w.Actor("zhandos"), w.Actor("meruert")
	own := w.Report(zhandos, w.Story())
	if r := read(t, w, zhandos, own); r.Officer != uuid.Nil || r.OfficerName != "" {
		t.Errorf("alone there he deals with it himself: %s", r.OfficerName)
	}
	said := w.Story()
	said.Body = w.Body("police-auezov")
	sent := w.Report(zhandos, said)
	to := decision(w, report.Transferred)
	to.To = w.Body("police")
	if err := decide(t, w, meruert, sent, to); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`UPDATE officer SET body = $1 WHERE person = $2`, w.Body("police"), meruert.Person); err != nil {
		t.Fatal(err)
	}
	second := w.Report(zhandos, w.Story())
	if r := read(t, w, zhandos, second); r.Officer != meruert.Person {
		t.Errorf("beside another he is given to %q", r.OfficerName)
	}
	w.Want(t, `SELECT count(*) FILTER (WHERE officer = author) AS own, count(*) FROM report`, `
		own | count
		0   | 4`)
	w.Sound()
}

func TestSixtyFourAtOnceGetNumbersWithoutAGapInTheOrderOfTheirTimes(t *testing.T) {
	w := portaltest.World(t)
	people := []*portaltest.Actor{w.Aigul, w.Serik, w.Timur, w.Dana, w.Saule, w.Nurlan, w.Stranger, w.Ermek}
	type draft struct {
		who *portaltest.Actor
		id  uuid.UUID
	}
	var drafts []draft
	for i := range 64 {
		who, said := people[i%len(people)], w.Story()
		if i%4 == 3 {
			said.Body = w.Body("police-auezov")
		}
		drafts = append(drafts, draft{who, w.ReportDraft(who, report.Offence, said)})
	}
	errs := make([]error, len(drafts))
	var all sync.WaitGroup
	for i, d := range drafts {
		all.Go(func() { errs[i] = w.ReportSubmit(d.who, d.id) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	// All asked in the same moment of the world's clock: the book sets them apart.
	w.Want(t, `
		SELECT b.code, count(*), count(DISTINCT number) AS numbers, count(DISTINCT registered_at) AS times, min(number), max(number),
		       bool_and(ordered) AS ordered
		  FROM (SELECT r.*, number = body.code || '-26-' || lpad(row_number() OVER (PARTITION BY r.body ORDER BY registered_at)::text, 6, '0') AS ordered
		          FROM report r JOIN body ON body.id = r.body) r
		  JOIN body b ON b.id = r.body GROUP BY b.code ORDER BY b.code`, `
		code   | count | numbers | times | min              | max              | ordered
		750301 | 48    | 48      | 48    | 750301-26-000001 | 750301-26-000048 | true
		750302 | 16    | 16      | 16    | 750302-26-000001 | 750302-26-000016 | true`)
	w.Sound()
}

func TestARegistrationThatFailsLeavesNoGap(t *testing.T) {
	w := portaltest.World(t)
	id := w.ReportDraft(w.Nurlan, report.Offence, w.Story())
	_, doc, err := report.ReadPaper(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportPaper), id)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody else's key is no signature of his.
	err = report.Submit(t.Context(), w.DB, w.Verifier, w.Nurlan.Asks(policy.ReportSubmit), id, w.SignedBy(w.Aigul, doc.Content), doc.Digest)
	if !errors.Is(err, fault.Invalid) {
		t.Fatalf("another's signature: %v", err)
	}
	w.Want(t, `SELECT status, number, (SELECT count(*) FROM report_book) AS book FROM report`, `
		status | number | book
		draft  |        | 0`)
	if err := w.ReportSubmit(w.Nurlan, id); err != nil {
		t.Fatal(err)
	}
	if err := w.ReportSubmit(w.Nurlan, id); !errors.Is(err, fault.Conflict) {
		t.Errorf("signed twice: %v", err)
	}
	w.Want(t, `SELECT last FROM report_book`, `
		last
		1`)
}

func TestTheNumberBeginsAnewWithTheYearOfAlmaty(t *testing.T) {
	w := portaltest.World(t)
	w.Report(w.Nurlan, w.Story())
	w.At = time.Date(2026, 12, 31, 19, 0, 1, 0, time.UTC) // a second past midnight there
	w.Report(w.Nurlan, w.Story())
	w.Want(t, `SELECT number FROM report ORDER BY number`, `
		number
		750301-26-000001
		750301-27-000001`)
}

func TestADraftIsItsAuthorsAloneAndARegisteredReportHisAndTheBodys(t *testing.T) {
	w := portaltest.World(t)
	id := w.ReportDraft(w.Nurlan, report.Offence, w.Story())
	zhandos, meruert := w.Actor("zhandos"), w.Actor("meruert")
	see := func(who *portaltest.Actor, want int) {
		t.Helper()
		ctx := t.Context()
		if who != nil {
			ctx = database.As(ctx, who.Person, uuid.Nil, w.At)
		}
		n := 0
		if err := w.App.Get(ctx, &n, `SELECT count(*) FROM report`); err != nil {
			t.Fatal(err)
		}
		if n != want {
			t.Errorf("%v sees %d reports, not %d", who, n, want)
		}
	}
	for _, other := range []*portaltest.Actor{nil, w.Aigul, zhandos, meruert, w.Marat, w.Daniyar} {
		see(other, 0)
	}
	see(w.Nurlan, 1)
	for _, who := range []*portaltest.Actor{w.Aigul, zhandos, w.Marat} {
		for _, act := range []policy.Act{policy.ReportRead, policy.ReportQuestion, policy.ReportPaper} {
			if _, err := report.Read(t.Context(), w.DB, who.Asks(act), id); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s of a draft by another: %v", act, err)
			}
		}
	}
	if err := w.ReportSubmit(w.Nurlan, id); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[*portaltest.Actor]int{nil: 0, w.Nurlan: 1, zhandos: 1, w.Marat: 1, meruert: 0, w.Daniyar: 0, w.Aigul: 0} {
		see(who, want) // whoever only conducts cases there sees none
	}
	// The author's own pages are his: the desk of the registrar has others.
	if _, err := report.Read(t.Context(), w.DB, zhandos.Asks(policy.ReportRead), id); !errors.Is(err, fault.Forbidden) {
		t.Errorf("the registrar on the author's page: %v", err)
	}
	if _, err := report.Read(t.Context(), w.DB, meruert.Asks(policy.ReportRead), id); !errors.Is(err, fault.NotFound) {
		t.Errorf("a registrar of another body: %v", err)
	}
}

func TestTheKeeperOpensADraftToItsAuthorAndAReportToTheBodyToo(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos, ctx := w.Actor("zhandos"), w.Nurlan.As(t.Context())
	id := uuid.Must(uuid.NewV7())
	said := w.Story()
	if err := report.Begin(ctx, w.App, w.Nurlan.Asks(policy.ReportBegin), id, report.Offence, uuid.Nil, "kk"); err != nil {
		t.Fatal(err)
	}
	for _, q := range report.Questions {
		err := report.Answer(ctx, w.App, w.Nurlan.Asks(policy.ReportAnswer), id, q, uuid.NewString(), func(a *report.Answers) {
			said.Done, said.Seen, said.Path = a.Done, a.Seen, a.Path
			*a = said
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var sealed []byte
	if err := w.SQL.Get(&sealed, `SELECT draft FROM report`); err != nil {
		t.Fatal(err)
	}
	draft := vault.Where{Table: "report", Column: "draft", ID: id, Person: w.Nurlan.Person}
	if _, err := w.App.Open(zhandos.As(t.Context()), draft, sealed); !errors.Is(err, fault.NotFound) {
		t.Errorf("the registrar opens a draft: %v", err)
	}
	if err := report.Print(ctx, w.App, w.Press, w.Nurlan.Asks(policy.ReportPrint), id, "kk", true); err != nil {
		t.Fatal(err)
	}
	_, doc, err := report.ReadPaper(ctx, w.App, w.Nurlan.Asks(policy.ReportPaper), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Submit(ctx, w.App, w.Verifier, w.Nurlan.Asks(policy.ReportSubmit), id, w.SignedBy(w.Nurlan, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	if err := w.SQL.Get(&sealed, `SELECT answers FROM report`); err != nil {
		t.Fatal(err)
	}
	for who, opens := range map[*portaltest.Actor]bool{zhandos: true, w.Marat: true, w.Daniyar: false, w.Actor("meruert"): false, w.Aigul: false} {
		text, err := w.App.Open(who.As(t.Context()), report.AnswersOf(id, w.Body("police")), sealed)
		if opens != (err == nil) {
			t.Errorf("%s: %v", who.FullName(), err)
		}
		if opens && !strings.Contains(string(text), said.What) {
			t.Errorf("%s does not read what was said", who.FullName())
		}
	}
	if _, a, err := report.Open(w.Nurlan.As(t.Context()), w.App, w.Nurlan.Asks(policy.ReportRead), id); err != nil || a.What != said.What || a.IIN != w.Nurlan.IIN.Reveal() {
		t.Errorf("its author reads %q, %v", a.What, err)
	}
}

func TestAnAnswerThatComesTwiceIsTakenOnceAndOneThatChangesTakesThePaperAway(t *testing.T) {
	w := portaltest.World(t)
	id := w.ReportDraft(w.Nurlan, report.Offence, w.Story())
	send := func(mark, text string) {
		t.Helper()
		err := report.Answer(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportAnswer), id, report.AskWhat, mark, func(a *report.Answers) { a.What = text })
		if err != nil {
			t.Fatal(err)
		}
	}
	what := func() string {
		_, a, err := report.Open(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportRead), id)
		if err != nil {
			t.Fatal(err)
		}
		return a.What
	}
	send("a:1", "бірінші мәтін")
	send("b:1", "екінші мәтін")
	send("a:1", "бірінші мәтін") // a line that was down sends it once more
	if got := what(); got != "екінші мәтін" {
		t.Errorf("an answer that came late and twice is kept: %q", got)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM document WHERE kind = 'report') AS papers, document, body FROM report`, `
		papers | document | body
		0      |          |`)
	_, _, err := report.ReadPaper(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportPaper), id)
	if !errors.Is(err, fault.NotFound) {
		t.Errorf("a paper of old answers is still there: %v", err)
	}
	w.Sound()
}

func TestNoReportIsPrintedWithoutTheWarningOrWithAQuestionOpen(t *testing.T) {
	w := portaltest.World(t)
	id := w.ReportBegun(w.Nurlan, report.Offence, uuid.Nil)
	print := func(warned bool) error {
		return report.Print(t.Context(), w.DB, w.Press, w.Nurlan.Asks(policy.ReportPrint), id, "kk", warned)
	}
	for _, q := range report.Questions {
		if err := print(true); !errors.Is(err, fault.Conflict) && !q.Skippable() {
			t.Errorf("printed before %q is answered: %v", q, err)
		}
		if q.Skippable() {
			continue // may stay without an answer
		}
		if err := w.ReportAnswer(w.Nurlan, id, q, w.Story()); err != nil {
			t.Fatal(err)
		}
	}
	var said *fault.Fault
	if err := print(false); !errors.As(err, &said) || said.Field != "warned" {
		t.Errorf("without the warning: %v", err)
	}
	if err := print(true); err != nil {
		t.Error(err)
	}
}

func TestThePaperSaysWhoWhereByWhatDocumentAndThatHeWasWarned(t *testing.T) {
	w := portaltest.World(t)
	id := w.ReportDraft(w.Nurlan, report.Offence, w.Story())
	_, doc, err := report.ReadPaper(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportPaper), id)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(portaltest.PDFText(t, doc.Content)), " ")
	for _, want := range []string{
		w.Nurlan.FullName(), w.Nurlan.IIN.Reveal(), "Абай даңғылы", "012345678", "терезесін", "419-бабы", "қылмыстық жауаптылық", "181-бабы", w.Words.In("kk").T("report.category.theft"),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "188") {
		t.Error("the paper names an article of the Criminal Code that nobody asked the citizen for")
	}
}

func TestAReportAboutAnOfficerNeverGoesToHisOwnUnit(t *testing.T) {
	w := portaltest.World(t)
	all, err := report.Bodies(t.Context(), w.DB)
	if err != nil {
		t.Fatal(err)
	}
	offered := func(a report.Answers) string {
		return portaltest.Lines(a.Offered(all), func(b report.Body) string { return b.Code })
	}
	for _, c := range []struct {
		what string
		a    report.Answers
		want string
	}{
		{"of anything else", report.Answers{Path: report.Offence, Region: "750000000"}, "750300\n750301\n750302"},
		{"of an officer: first the body above his", report.Answers{Path: report.Officer, Unit: w.Body("police")}, "750300\n750302"},
		{"of one of the department itself", report.Answers{Path: report.Officer, Unit: w.Body("city-police")}, "750301\n750302"},
		{"of one whose unit nobody knows", report.Answers{Path: report.Officer}, "750300"},
	} {
		if got := strings.TrimSpace(offered(c.a)); got != c.want {
			t.Errorf("%s: %q, not %q", c.what, got, c.want)
		}
	}
	id := w.ReportBegun(w.Nurlan, report.Officer, w.Body("police"))
	said := w.Story()
	if err := w.ReportAnswer(w.Nurlan, id, report.AskBody, said); !errors.Is(err, fault.Invalid) {
		t.Errorf("his own unit: %v", err)
	}
	said.Body = w.Body("city-police")
	if err := w.ReportAnswer(w.Nurlan, id, report.AskBody, said); err != nil {
		t.Error(err)
	}
}

func TestEveryAnswerHasItsLimits(t *testing.T) {
	w := portaltest.World(t)
	id := w.ReportBegun(w.Nurlan, report.Offence, uuid.Nil)
	day := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)
	for what, c := range map[string]struct {
		q     report.Question
		wrong func(*report.Answers)
		field string
	}{
		"nothing said":               {report.AskWhat, func(a *report.Answers) { a.What = "" }, "what"},
		"no day":                     {report.AskWhen, func(a *report.Answers) { a.From = time.Time{} }, "from"},
		"an end before the start":    {report.AskWhen, func(a *report.Answers) { a.To = day }, "to"},
		"a region that is none":      {report.AskWhere, func(a *report.Answers) { a.Region = "760000000" }, "region"},
		"a body that receives none":  {report.AskBody, func(a *report.Answers) { a.Body = w.Body("court") }, "body"},
		"a kind that is none":        {report.AskCategory, func(a *report.Answers) { a.Category = "188" }, "category"},
		"a child without a name":     {report.AskWhom, func(a *report.Answers) { a.Behalf = report.Child }, "whom"},
		"an organisation, no post":   {report.AskWhom, func(a *report.Answers) { a.Behalf, a.Whom = report.Organisation, "ЖШС" }, "position"},
		"no address":                 {report.AskApplicant, func(a *report.Answers) { a.Address = "" }, "address"},
		"no document":                {report.AskApplicant, func(a *report.Answers) { a.Card = "" }, "card"},
		"by phone, without a number": {report.AskContact, func(a *report.Answers) { a.Reach = report.ByPhone }, "phone"},
		"by mail, without one":       {report.AskContact, func(a *report.Answers) { a.Reach = report.ByEmail }, "email"},
		"no language":                {report.AskContact, func(a *report.Answers) { a.Language = "en" }, "language"},
	} {
		said := w.Story()
		c.wrong(&said)
		var f *fault.Fault
		if err := w.ReportAnswer(w.Nurlan, id, c.q, said); !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != c.field {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := report.Begin(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportBegin), uuid.New(), "other", uuid.Nil, "kk"); !errors.Is(err, fault.Invalid) {
		t.Errorf("a path that is none: %v", err)
	}
	for range report.MaxDrafts - 1 {
		w.ReportBegun(w.Nurlan, report.Offence, uuid.Nil)
	}
	if err := report.Begin(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportBegin), uuid.New(), report.Home, uuid.Nil, "kk"); !errors.Is(err, fault.Invalid) {
		t.Errorf("one draft too many: %v", err)
	}
	// The same page once more begins nothing, and of another it is not there.
	if err := report.Begin(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportBegin), id, report.Offence, uuid.Nil, "kk"); err != nil {
		t.Error(err)
	}
	if err := report.Begin(t.Context(), w.DB, w.Aigul.Asks(policy.ReportBegin), id, report.Offence, uuid.Nil, "kk"); !errors.Is(err, fault.NotFound) {
		t.Errorf("another's id: %v", err)
	}
}

func TestADraftThatIsGivenUpLeavesNothing(t *testing.T) {
	w := portaltest.World(t)
	id := w.ReportDraft(w.Nurlan, report.Offence, w.Story())
	if err := report.Discard(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportDiscard), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM report) AS reports, (SELECT count(*) FROM document WHERE kind = 'report') AS papers`, `
		reports | papers
		0       | 0`)
	signed := w.Report(w.Nurlan, w.Story())
	if err := report.Discard(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportDiscard), signed); !errors.Is(err, fault.Conflict) {
		t.Errorf("one that is registered: %v", err)
	}
	w.Sound()
}

func TestAfterADayWithoutADecisionItIsOverdueOnceAndMayBeComplainedOf(t *testing.T) {
	w := portaltest.World(t)
	id := w.Report(w.Nurlan, w.Story())
	mark := func() {
		t.Helper()
		err := w.DB.DB.Within(t.Context(), func(tx *database.DB) error { return report.MarkOverdue(t.Context(), tx, id, w.At) })
		if err != nil {
			t.Fatal(err)
		}
	}
	w.At = w.At.Add(24*time.Hour - time.Microsecond)
	mark()
	w.Want(t, `SELECT overdue_at FROM report`, `
		overdue_at
		`)
	w.At = w.At.Add(time.Microsecond)
	mark()
	w.At = w.At.Add(time.Hour)
	mark()
	w.Want(t, `SELECT act, at FROM record WHERE object_id = (SELECT id FROM report) AND act = 'report-overdue'`, `
		act            | at
		report-overdue | 2026-10-23 14:30:00`)
	if r := read(t, w, w.Nurlan, id); !r.Overdue(w.At) || !r.Contestable(w.At) {
		t.Error("its author has nothing to complain of")
	}
	w.Sound()
}

func TestASlipOpensTheStatusAndNothingElse(t *testing.T) {
	w := portaltest.World(t)
	id := w.Report(w.Nurlan, w.Story())
	token := report.Token(w.DB, id)
	ask := policy.Ask{Is: policy.Visitor, Act: policy.SlipRead, At: w.At}
	s, err := report.ReadSlip(t.Context(), w.App, ask, token)
	if err != nil || s.Status != report.Registered || s.Overdue {
		t.Fatalf("whoever holds the slip reads %+v, %v", s, err)
	}
	for _, wrong := range []string{"", token[1:], strings.ToUpper(token), id.String()} {
		if _, err := report.ReadSlip(t.Context(), w.App, ask, wrong); !errors.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	draft := w.ReportDraft(w.Nurlan, report.Offence, w.Story())
	if _, err := report.ReadSlip(t.Context(), w.App, ask, report.Token(w.DB, draft)); !errors.Is(err, fault.NotFound) {
		t.Errorf("a draft has a slip: %v", err)
	}
	if rows := w.Rows(t, `SELECT row_to_json(r)::text FROM report r`); strings.Contains(rows, token) {
		t.Error("the secret of a slip is kept")
	}
	for _, lang := range []string{"kk", "ru"} {
		content, err := report.PrintSlip(w.Press, read(t, w, w.Nurlan, id), token, lang)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(portaltest.PDFText(t, content)), " ")
		for _, want := range []string{"750301-26-000001", w.Actor("zhandos").FullName(), "180", "102"} {
			if !strings.Contains(text, want) {
				t.Errorf("the slip in %s does not say %q:\n%s", lang, want, text)
			}
		}
		for _, not := range []string{w.Nurlan.FullName(), w.Nurlan.IIN.Reveal(), w.Words.In(lang).T("report.category.theft"), "Тимирязев"} {
			if strings.Contains(text, not) {
				t.Errorf("the slip in %s says %q", lang, not)
			}
		}
	}
}

func TestEveryCategoryOfAnOffenceSuggestsArticlesToTheOfficer(t *testing.T) {
	for _, c := range report.Categories {
		if len(c.Suggested()) == 0 != (c == "other" || c == "missing") {
			t.Errorf("%s suggests %v", c, c.Suggested())
		}
	}
	if len(report.Regions) != 21 || slices.Index(report.Regions, report.Beyond) != 20 {
		t.Errorf("the regions are %v", report.Regions)
	}
	seen := map[report.Question]bool{}
	for q := report.Questions[0]; q != ""; q = q.Next() {
		seen[q] = true
	}
	if len(seen) != len(report.Questions) {
		t.Errorf("from the first question one comes to %d of %d", len(seen), len(report.Questions))
	}
}

// Nobody is to write to her, she said: so the portal does not ring the telephone either
// that it knows for other news.
func TestWhoIsToBeReachedInThePortalAloneIsToldWhereNobodyElseReads(t *testing.T) {
	w := portaltest.World(t)
	story := w.Story()
	story.Reach = report.ByPhone
	story.Phone = "+77010000001"
	w.Report(w.Nurlan, story)
	story.Reach = report.ByPortal
	id := w.ReportDraft(w.Aigul, report.Home, story)
	ctx := database.As(t.Context(), w.Aigul.Person, uuid.Nil, w.At)
	_, doc, err := report.ReadPaper(ctx, w.App, w.Aigul.Asks(policy.ReportPaper), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Submit(ctx, w.App, w.Verifier, w.Aigul.Asks(policy.ReportSubmit), id, w.SignedBy(w.Aigul, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT person, discreet, silent, night_begins, night_ends FROM manner`, `
		person | discreet | silent | night_begins | night_ends
		aigul  | true     | false  | 22           | 8`)
	_, said, err := report.Open(ctx, w.App, w.Aigul.Asks(policy.ReportRead), id)
	if err != nil || said.Phone != "" {
		t.Errorf("the body is told beside it: %q, %v", said.Phone, err)
	}
	if text := portaltest.PDFText(t, doc.Content); strings.Contains(text, "7701") {
		t.Error("the paper names the telephone that nobody is to call")
	}
	w.Sound()
}

// She gives a telephone that is safe; the letters that the portal sends of itself would go to
// the mailbox of the family.
func TestWhoReportsSomebodyAtHomeIsToldWhereNobodyElseReadsHoweverSheIsReached(t *testing.T) {
	w := portaltest.World(t)
	for path, who := range map[report.Path]*portaltest.Actor{report.Home: w.Aigul, report.Offence: w.Nurlan} {
		story := w.Story()
		story.Reach, story.Phone = report.ByPhone, "+77010000001"
		id := w.ReportDraft(who, path, story)
		ctx := database.As(t.Context(), who.Person, uuid.Nil, w.At)
		_, doc, err := report.ReadPaper(ctx, w.App, who.Asks(policy.ReportPaper), id)
		if err != nil {
			t.Fatal(err)
		}
		if err := report.Submit(ctx, w.App, w.Verifier, who.Asks(policy.ReportSubmit), id, w.SignedBy(who, doc.Content), doc.Digest); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT person, discreet FROM manner`, `
		person | discreet
		aigul  | true`)
	w.Sound()
}
