package report_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
	"zharia/portal/vault"
)

const reasons = "Оқиға болған жер мен уақыт тексерілді, куәлардан түсініктеме алынды, материал жиналды."

// decision is one of a kind with all that it needs.
func decision(w *portaltest.W, kind report.Status) report.NewDecision {
	n := report.NewDecision{Kind: kind, Ground: kind.Grounds()[0], Language: "kk", Terms: report.Terms{Reasons: reasons, Next: "Шешімді порталдан оқисыз."}}
	switch kind {
	case report.Erdr:
		n.ERDR, n.Day = "267502031000456", time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)
	case report.Transferred:
		n.To = w.Body("police-auezov")
	case report.Elsewhere:
		n.Place = "Алматы қаласының Мемлекеттік кірістер департаменті"
	case report.Court:
		n.Place = "Бостандық аудандық соты"
	}
	return n
}

// asks is what somebody asks with behind the fence, or with the keeper.
func asks(t *testing.T, who *portaltest.Actor) context.Context { return who.As(t.Context()) }

// decide drafts and signs a decision behind the fence.
func decide(t *testing.T, w *portaltest.W, who *portaltest.Actor, id uuid.UUID, n report.NewDecision) error {
	t.Helper()
	if err := report.DraftDecision(asks(t, who), w.App, w.Press, who.Asks(policy.BookDraft), id, n); err != nil {
		return err
	}
	return sign(t, w, who, id)
}

func sign(t *testing.T, w *portaltest.W, who *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	_, _, doc, err := report.DraftOfDecision(asks(t, who), w.App, who.Asks(policy.BookCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	return report.Decide(asks(t, who), w.App, w.Verifier, who.Asks(policy.BookDecide), id, w.SignedBy(who, doc.Content), doc.Digest)
}

func TestEachDecisionIsSignedReadByTheAuthorAndFinal(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos := w.Actor("zhandos")
	for _, kind := range report.Decisions {
		if kind == report.Joined || kind == report.Transferred {
			continue // tests of their own
		}
		id := reported(t, w, w.Nurlan, w.Story())
		if err := decide(t, w, zhandos, id, decision(w, kind)); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		ctx := asks(t, w.Nurlan)
		d, err := report.DecisionFor(ctx, w.App, w.Nurlan.Asks(policy.ReportRead), id)
		if err != nil || d.Kind != kind || d.Reasons != reasons || d.Name != zhandos.FullName() {
			t.Fatalf("%s: its author reads %+v, %v", kind, d, err)
		}
		doc, err := report.PaperOfDecision(ctx, w.App, d)
		if err != nil {
			t.Fatalf("%s: its author does not open the paper: %v", kind, err)
		}
		text := strings.Join(strings.Fields(portaltest.PDFText(t, doc.Content)), " ")
		for _, want := range []string{reasons[:40], "185-бабы", zhandos.FullName(), d.Place, d.ERDR} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the paper does not say %q", kind, want)
			}
		}
		if err := report.DraftDecision(asks(t, zhandos), w.App, w.Press, zhandos.Asks(policy.BookDraft), id, decision(w, report.Court)); !errors.Is(err, fault.Conflict) {
			t.Errorf("%s is decided again: %v", kind, err)
		}
		r, err := report.Read(ctx, w.App, w.Nurlan.Asks(policy.ReportRead), id)
		if err != nil || r.Contestable(w.At) != (kind != report.Erdr) {
			t.Errorf("%s can be complained of: %v, %v", kind, r.Contestable(w.At), err)
		}
		for _, other := range []*portaltest.Actor{w.Aigul, w.Actor("meruert"), w.Daniyar} {
			if _, err := report.DecisionFor(asks(t, other), w.App, other.Asks(policy.ReportRead), id); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s: %s reads the decision: %v", kind, other.FullName(), err)
			}
		}
	}
	w.Sound()
}

// reported is a registered report, made behind the fence.
func reported(t *testing.T, w *portaltest.W, who *portaltest.Actor, said report.Answers) uuid.UUID {
	t.Helper()
	ctx, id := asks(t, who), uuid.Must(uuid.NewV7())
	if said.Path == "" {
		said.Path = report.Offence
	}
	if err := report.Begin(ctx, w.App, who.Asks(policy.ReportBegin), id, said.Path, said.Unit, "kk"); err != nil {
		t.Fatal(err)
	}
	for _, q := range report.Questions {
		err := report.Answer(ctx, w.App, who.Asks(policy.ReportAnswer), id, q, uuid.NewString(), func(a *report.Answers) {
			said.Done, said.Seen = a.Done, a.Seen
			*a = said
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := report.Print(ctx, w.App, w.Press, who.Asks(policy.ReportPrint), id, "kk", true); err != nil {
		t.Fatal(err)
	}
	_, doc, err := report.ReadPaper(ctx, w.App, who.Asks(policy.ReportPaper), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Submit(ctx, w.App, w.Verifier, who.Asks(policy.ReportSubmit), id, w.SignedBy(who, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestATransferredReportIsRegisteredAnewAtOnceWithItsTextsForTheOtherBody(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos, meruert := w.Actor("zhandos"), w.Actor("meruert")
	id := reported(t, w, w.Nurlan, w.Story())
	if err := decide(t, w, zhandos, id, decision(w, report.Transferred)); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT number, status, officer, author, way, previous IS NOT NULL AS moved, document IS NULL AS no_paper, handed IS NOT NULL AS handed, due_at FROM report ORDER BY number`, `
		number           | status      | officer | author | way    | moved | no_paper | handed | due_at
		750301-26-000001 | transferred | zhandos | nurlan | signed | false | false    | false  | 2026-10-23 14:30:00
		750302-26-000001 | registered  | meruert | nurlan | signed | true  | true     | true   | 2026-10-23 14:30:00`)
	w.Want(t, `SELECT act, object, who FROM record WHERE object = 'report' ORDER BY seq DESC LIMIT 2`, `
		act          | object | who
		book-receive | report | zhandos
		book-decide  | report | zhandos`)
	old, err := report.Read(asks(t, w.Nurlan), w.App, w.Nurlan.Asks(policy.ReportRead), id)
	if err != nil || old.Next == uuid.Nil {
		t.Fatalf("its author is not led on: %+v, %v", old, err)
	}
	if _, a, err := report.Open(asks(t, w.Nurlan), w.App, w.Nurlan.Asks(policy.ReportRead), old.Next); err != nil || a.What != w.Story().What {
		t.Errorf("its author reads the new one: %q, %v", a.What, err)
	}
	if _, a, err := report.OpenInBook(asks(t, meruert), w.App, meruert.Asks(policy.BookOpen), old.Next); err != nil || a.What != w.Story().What {
		t.Errorf("the other body reads: %q, %v", a.What, err)
	}
	_, paper, err := report.PaperInBook(asks(t, meruert), w.App, meruert.Asks(policy.BookPaper), old.Next)
	if err != nil || !strings.Contains(portaltest.PDFText(t, paper), w.Nurlan.IIN.Reveal()) {
		t.Errorf("the other body does not have the paper: %v", err)
	}
	if _, _, err := report.OpenInBook(asks(t, zhandos), w.App, zhandos.Asks(policy.BookOpen), old.Next); !errors.Is(err, fault.NotFound) {
		t.Errorf("who handed it on reads what became of it: %v", err)
	}
	if _, _, err := report.OpenInBook(asks(t, meruert), w.App, meruert.Asks(policy.BookOpen), id); !errors.Is(err, fault.NotFound) {
		t.Errorf("the other body reads the old one: %v", err)
	}
	// It goes on from there: a paper that was handed on is handed on again.
	n := decision(w, report.Transferred)
	n.To = w.Body("city-police")
	if err := decide(t, w, meruert, old.Next, n); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM report WHERE status = 'registered' AND body = (SELECT id FROM body WHERE code = '750300')`, "count\n1")
	w.Sound()
}

// Who was told that his report is dealt with in another sees what became of that one, and
// whoever holds the slip does.
func TestWhoseReportGoesOnInAnotherSeesWhatBecameOfIt(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos, meruert := w.Actor("zhandos"), w.Actor("meruert")
	first, second := reported(t, w, w.Nurlan, w.Story()), reported(t, w, w.Aigul, w.Story())
	became := func(who *portaltest.Actor, id uuid.UUID) *report.Became {
		t.Helper()
		is, err := report.BecameOf(asks(t, who), w.App, who.Asks(policy.ReportRead), id)
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	slip := func(id uuid.UUID) report.Slip {
		t.Helper()
		s, err := report.ReadSlip(t.Context(), w.App, policy.Ask{Is: policy.Visitor, Act: policy.SlipRead, At: w.At}, report.Token(w.DB, id))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if is := became(w.Aigul, second); is != nil || slip(second).Became != nil {
		t.Errorf("before anything was decided it became %+v", is)
	}
	n := decision(w, report.Joined)
	n.Earlier = "750301-26-000001"
	if err := decide(t, w, zhandos, second, n); err != nil {
		t.Fatal(err)
	}
	if is := became(w.Aigul, second); is == nil || is.Status != report.Registered || is.Overdue {
		t.Errorf("the one it was joined to is %+v", is)
	}
	if err := decide(t, w, zhandos, first, decision(w, report.Transferred)); err != nil {
		t.Fatal(err)
	}
	anew := became(w.Nurlan, first)
	if anew == nil || anew.Status != report.Registered || anew.Body.NameKK == "" {
		t.Errorf("the one that was handed on is %+v", anew)
	}
	r, err := report.Read(asks(t, w.Nurlan), w.App, w.Nurlan.Asks(policy.ReportRead), first)
	if err != nil {
		t.Fatal(err)
	}
	if err := decide(t, w, meruert, r.Next, decision(w, report.Refused)); err != nil {
		t.Fatal(err)
	}
	for who, is := range map[string]*report.Became{"her": became(w.Aigul, second), "her slip": slip(second).Became, "his slip": slip(first).Became} {
		if is == nil || is.Status != report.Refused || is.DecidedAt.IsZero() || is.Body != anew.Body {
			t.Errorf("%s is told %+v", who, is)
		}
	}
	if _, err := report.BecameOf(asks(t, w.Stranger), w.App, w.Stranger.Asks(policy.ReportRead), second); !errors.Is(err, fault.NotFound) {
		t.Errorf("a stranger: %v", err)
	}
	var told int
	err = w.App.DB.Get(asks(t, w.Stranger), &told, `SELECT count(*) FROM fence.became($1)`, second)
	if err != nil || told != 0 {
		t.Errorf("the database tells a stranger of %d, %v", told, err)
	}
	w.Sound()
}

// Between the draft and the signature the earlier report may have been turned down: what says
// something new would end with it unread.
func TestToWhatWasTurnedDownMeanwhileNothingIsJoined(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos := w.Actor("zhandos")
	first, second := w.Report(w.Nurlan, w.Story()), w.Report(w.Aigul, w.Story())
	n := decision(w, report.Joined)
	n.Earlier = "750301-26-000001"
	if err := report.DraftDecision(asks(t, zhandos), w.App, w.Press, zhandos.Asks(policy.BookDraft), second, n); err != nil {
		t.Fatal(err)
	}
	if err := decide(t, w, zhandos, first, decision(w, report.Shelved)); err != nil {
		t.Fatal(err)
	}
	if err := sign(t, w, zhandos, second); !errors.Is(err, fault.Invalid) {
		t.Errorf("it is joined to what was put to the file: %v", err)
	}
	w.Want(t, `SELECT number, status FROM report ORDER BY number`, `
		number           | status
		750301-26-000001 | shelved
		750301-26-000002 | registered`)
	w.Sound()
}

func TestSixtyFourDecisionsAtOnceAreOne(t *testing.T) {
	w := portaltest.World(t)
	zhandos, meruert := w.Actor("zhandos"), w.Actor("meruert")
	if _, err := w.SQL.Exec(`UPDATE officer SET body = $1 WHERE person = $2`, w.Body("police"), meruert.Person); err != nil {
		t.Fatal(err)
	}
	id := w.Report(w.Nurlan, w.Story())
	type paper struct {
		who          *portaltest.Actor
		cms, content []byte
	}
	papers := map[*portaltest.Actor]paper{}
	for who, kind := range map[*portaltest.Actor]report.Status{zhandos: report.Transferred, meruert: report.Refused} {
		if err := report.DraftDecision(t.Context(), w.DB, w.Press, who.Asks(policy.BookDraft), id, decision(w, kind)); err != nil {
			t.Fatal(err)
		}
		_, _, doc, err := report.DraftOfDecision(t.Context(), w.DB, who.Asks(policy.BookCheck), id)
		if err != nil {
			t.Fatal(err)
		}
		papers[who] = paper{who, w.SignedBy(who, doc.Content), doc.Digest}
	}
	var all sync.WaitGroup
	errs := make([]error, 64)
	for i := range errs {
		p := papers[zhandos]
		if i%2 == 1 {
			p = papers[meruert]
		}
		all.Go(func() {
			errs[i] = report.Decide(t.Context(), w.DB, w.Verifier, p.who.Asks(policy.BookDecide), id, p.cms, p.content)
		})
	}
	all.Wait()
	done := 0
	for _, err := range errs {
		switch {
		case err == nil:
			done++
		case !errors.Is(err, fault.Conflict):
			t.Errorf("one of them: %v", err)
		}
	}
	if done != 1 {
		t.Errorf("%d decisions took effect", done)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM report_decision WHERE signed_at IS NOT NULL) AS signed,
			(SELECT count(*) FROM report WHERE previous IS NOT NULL) = (SELECT count(*) FROM report WHERE status = 'transferred') AS moved_once,
			(SELECT status = d.kind FROM report r JOIN report_decision d ON d.report = r.id AND d.signed_at IS NOT NULL) AS same`, `
		signed | moved_once | same
		1      | true       | true`)
	w.Sound()
}

// A decision may be signed days after it was drafted: its paper names no day that was counted
// from the draft, and the pages count from the signature, over days off that were moved.
func TestUntilWhenAMaterialIsSentIsCountedFromTheSignature(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos := w.Actor("zhandos")
	id := w.Report(w.Nurlan, w.Story())
	if err := report.DraftDecision(asks(t, zhandos), w.App, w.Press, zhandos.Asks(policy.BookDraft), id, decision(w, report.Elsewhere)); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.AddDate(0, 0, 4) // Monday, 26 October
	if err := w.DB.Within(t.Context(), func(tx *vault.DB) error {
		_, err := calendar.Set(t.Context(), tx.DB, calendar.Change{Date: time.Date(2026, 10, 29, 0, 0, 0, 0, time.UTC), Off: true, Key: calendar.Decree, Source: "Үкіметтің қаулысы", MadeAt: w.At.Add(-time.Hour)})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := sign(t, w, zhandos, id); err != nil {
		t.Fatal(err)
	}
	d, err := report.DecisionInBook(asks(t, zhandos), w.App, zhandos.Asks(policy.BookOpen), id)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.SendBy.Ends.In(deadline.Zone).Format(time.DateTime); got != "2026-10-31 00:00:00" {
		t.Errorf("it is sent by %s", got)
	}
	paper, err := report.PaperOfDecision(asks(t, zhandos), w.App, d)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(portaltest.PDFText(t, paper.Content)), " ")
	if want := strings.Join(strings.Fields(w.Words.In("kk").T("paper.report-decision.send.text", "n", 3)), " "); !strings.Contains(text, want) {
		t.Errorf("the paper does not say %q:\n%s", want, text)
	}
	w.Sound()
}

// By the table of the law (LAW.md, 3.2 and 4.1).
func TestEachGroundStandsOnItsArticle(t *testing.T) {
	want := map[report.Ground]law.Ref{
		report.ToRegister: law.CPC(179, 1), report.NoAudit: law.CPC(179, 1), report.CivilDeal: law.CPC(179, 1),
		report.Disciplinary: law.CPC(179, 4), report.Administering: law.CPC(179, 4), report.Private: law.CPC(179, 5), report.Audit: law.CPC(181, 5),
		report.Territory: law.CPC(186), report.Subject: law.CPC(187),
		report.Same: law.CPC(180, 3), report.NoInformation: law.CPC(180, 3), report.Repeated: law.CPC(180, 3),
	}
	n := 0
	for _, kind := range report.Decisions {
		for _, ground := range kind.Grounds() {
			if n++; ground.By() != want[ground] {
				t.Errorf("%s, %s: %v", kind, ground, ground.By())
			}
		}
	}
	if n != len(want) {
		t.Errorf("%d grounds, and %d in the law", n, len(want))
	}
}

func TestADecisionLacksNothingOfItsKind(t *testing.T) {
	w := portaltest.World(t)
	zhandos := w.Actor("zhandos")
	first := w.Report(w.Aigul, w.Story())
	id := w.Report(w.Nurlan, w.Story())
	late := w.Report(w.Aigul, w.Story())
	dead := w.Report(w.Aigul, w.Story())
	w.SQL.MustExec(`ALTER TABLE report DISABLE TRIGGER is_final`)
	w.SQL.MustExec(`UPDATE report SET status = 'refused', decided_at = registered_at, registered_at = registered_at - interval '1 hour' WHERE id = $1`, dead)
	w.SQL.MustExec(`ALTER TABLE report ENABLE TRIGGER is_final`)
	number := func(id uuid.UUID) string {
		var n string
		if err := w.SQL.Get(&n, `SELECT number FROM report WHERE id = $1`, id); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for what, c := range map[string]struct {
		kind  report.Status
		wrong func(*report.NewDecision)
		field string
	}{
		"no kind at all":                    {report.Erdr, func(n *report.NewDecision) { n.Kind = report.Registered }, ""},
		"a register's number too short":     {report.Erdr, func(n *report.NewDecision) { n.ERDR = "26750203100045" }, "erdr"},
		"a register's number of letters":    {report.Erdr, func(n *report.NewDecision) { n.ERDR = "26750203100045a" }, "erdr"},
		"a register's number of next year":  {report.Erdr, func(n *report.NewDecision) { n.ERDR = "277502031000456" }, "erdr"},
		"a register's number before it was": {report.Erdr, func(n *report.NewDecision) { n.ERDR = "147502031000456" }, "erdr"},
		"a register's number of no region":  {report.Erdr, func(n *report.NewDecision) { n.ERDR = "269902031000456" }, "erdr"},
		"entered before it was reported":    {report.Erdr, func(n *report.NewDecision) { n.Day = n.Day.AddDate(0, 0, -1) }, "day"},
		"entered tomorrow":                  {report.Erdr, func(n *report.NewDecision) { n.Day = n.Day.AddDate(0, 0, 1) }, "day"},
		"joined to nothing":                 {report.Joined, func(n *report.NewDecision) {}, "earlier"},
		"joined to itself":                  {report.Joined, func(n *report.NewDecision) { n.Earlier = number(id) }, "earlier"},
		"joined to one that was refused":    {report.Joined, func(n *report.NewDecision) { n.Earlier = number(dead) }, "earlier"},
		"joined to a later one":             {report.Joined, func(n *report.NewDecision) { n.Earlier = number(late) }, "earlier"},
		"transferred to itself":             {report.Transferred, func(n *report.NewDecision) { n.To = w.Body("police") }, "to"},
		"transferred to a court":            {report.Transferred, func(n *report.NewDecision) { n.To = w.Body("court") }, "to"},
		"transferred on no ground":          {report.Transferred, func(n *report.NewDecision) { n.Ground = report.CivilDeal }, "ground"},
		"sent nobody knows where":           {report.Elsewhere, func(n *report.NewDecision) { n.Place = "" }, "place"},
		"to a court that has no name":       {report.Court, func(n *report.NewDecision) { n.Place = "" }, "place"},
		"refused in few words":              {report.Refused, func(n *report.NewDecision) { n.Reasons = "Негізсіз, тексерілді." }, "reasons"},
		"refused on a ground of its own":    {report.Refused, func(n *report.NewDecision) { n.Ground = "busy" }, "ground"},
		"shelved in few words":              {report.Shelved, func(n *report.NewDecision) { n.Reasons = "Мәлімет жоқ." }, "reasons"},
		"nothing said of what comes next":   {report.Court, func(n *report.NewDecision) { n.Next = "" }, "next"},
		"no reason":                         {report.Administrative, func(n *report.NewDecision) { n.Reasons = "" }, "reasons"},
	} {
		n := decision(w, c.kind)
		c.wrong(&n)
		err := report.DraftDecision(t.Context(), w.DB, w.Press, zhandos.Asks(policy.BookDraft), id, n)
		var said *fault.Fault
		if c.field == "" && errors.Is(err, fault.Conflict) {
			continue
		}
		if !errors.As(err, &said) || said.Kind != fault.Invalid || said.Field != c.field {
			t.Errorf("%s: %v", what, err)
		}
	}
	w.Want(t, `SELECT count(*) FROM report_decision`, "count\n0")
	n := decision(w, report.Joined)
	n.Earlier = number(first)
	if err := report.DraftDecision(t.Context(), w.DB, w.Press, zhandos.Asks(policy.BookDraft), id, n); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT kind, (SELECT number FROM report WHERE id = earlier) AS earlier FROM report_decision`, `
		kind   | earlier
		joined | 750301-26-000001`)
	// Drafting again changes the one draft, and giving it up leaves nothing.
	if err := report.DraftDecision(t.Context(), w.DB, w.Press, zhandos.Asks(policy.BookDraft), id, decision(w, report.Court)); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT kind, earlier FROM report_decision`, `
		kind  | earlier
		court |`)
	if err := report.DiscardDecision(t.Context(), w.DB, zhandos.Asks(policy.BookDiscard), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM report_decision) AS decisions, (SELECT count(*) FROM document WHERE kind = 'report-decision') AS papers`, `
		decisions | papers
		0         | 0`)
	w.Sound()
}

func TestOnlyTheRegistrarsOfTheBodyDecideAndNobodyHisOwn(t *testing.T) {
	w := portaltest.World(t)
	zhandos := w.Actor("zhandos")
	id := w.Report(w.Nurlan, w.Story())
	for who, want := range map[*portaltest.Actor]fault.Kind{
		w.Actor("meruert"): fault.NotFound, w.Daniyar: fault.NotFound, w.Aigul: fault.NotFound, w.Nurlan: fault.NotFound, w.Marat: fault.Forbidden,
	} {
		err := report.DraftDecision(t.Context(), w.DB, w.Press, who.Asks(policy.BookDraft), id, decision(w, report.Court))
		if !errors.Is(err, want) {
			t.Errorf("%s decides: %v", who.FullName(), err)
		}
	}
	own := w.Report(zhandos, w.Story())
	if err := report.DraftDecision(t.Context(), w.DB, w.Press, zhandos.Asks(policy.BookDraft), own, decision(w, report.Court)); !errors.Is(err, fault.Forbidden) {
		t.Errorf("he decides his own report: %v", err)
	}
	said := w.Story()
	said.Body = w.Body("police-auezov")
	of := w.Report(zhandos, said)
	if _, _, err := report.OpenInBook(t.Context(), w.DB, zhandos.Asks(policy.BookOpen), of); !errors.Is(err, fault.NotFound) {
		t.Errorf("an author who is a registrar elsewhere opens the book of another body: %v", err)
	}
	w.Want(t, `SELECT count(*) FROM report_decision`, "count\n0")
}

func TestAReportOfAnOfficerIsNotTransferredToHisOwnUnit(t *testing.T) {
	w := portaltest.Kept(t)
	said := w.Story()
	said.Path, said.Unit, said.Body = report.Officer, w.Body("police-auezov"), w.Body("police")
	id := reported(t, w, w.Nurlan, said)
	zhandos := w.Actor("zhandos")
	var told *fault.Fault
	err := report.DraftDecision(asks(t, zhandos), w.App, w.Press, zhandos.Asks(policy.BookDraft), id, decision(w, report.Transferred))
	if !errors.As(err, &told) || told.Message != "fault.book-own-unit" {
		t.Errorf("it goes to his own unit: %v", err)
	}
}

func TestTheAuthorSeesWhoOpenedHisReport(t *testing.T) {
	w := portaltest.World(t)
	zhandos := w.Actor("zhandos")
	id := w.Report(w.Nurlan, w.Story())
	open := func(who *portaltest.Actor) {
		t.Helper()
		if _, _, err := report.OpenInBook(t.Context(), w.DB, who.Asks(policy.BookOpen), id); err != nil {
			t.Fatal(err)
		}
	}
	open(zhandos)
	if _, _, err := report.PaperInBook(t.Context(), w.DB, zhandos.Asks(policy.BookPaper), id); err != nil { // the page and its paper are one look
		t.Fatal(err)
	}
	w.At = w.At.Add(11 * time.Minute)
	open(zhandos)
	open(w.Marat)
	looks, err := report.Looks(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportRead), id)
	if err != nil || len(looks) != 3 || looks[0].Name != w.Marat.FullName() || looks[2].Name != zhandos.FullName() || looks[1].Post != "registrar" {
		t.Errorf("its author sees %+v, %v", looks, err)
	}
	if _, err := report.Looks(t.Context(), w.DB, w.Aigul.Asks(policy.ReportRead), id); !errors.Is(err, fault.NotFound) {
		t.Errorf("another sees who opened it: %v", err)
	}
}

// A registrar went on to another body: his look stays one of the body whose book it was, and
// he deals no more with what waits there. What he decided he decided.
func TestWhoWentToAnotherBodyLookedInTheOldOneAndDealsWithNothingThere(t *testing.T) {
	w := portaltest.World(t)
	zhandos := w.Actor("zhandos")
	id, done := w.Report(w.Nurlan, w.Story()), w.Report(w.Nurlan, w.Story())
	if _, _, err := report.OpenInBook(t.Context(), w.DB, zhandos.Asks(policy.BookOpen), id); err != nil {
		t.Fatal(err)
	}
	if err := report.DraftDecision(t.Context(), w.DB, w.Press, zhandos.Asks(policy.BookDraft), done, decision(w, report.Court)); err != nil {
		t.Fatal(err)
	}
	_, _, doc, err := report.DraftOfDecision(t.Context(), w.DB, zhandos.Asks(policy.BookCheck), done)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Decide(t.Context(), w.DB, w.Verifier, zhandos.Asks(policy.BookDecide), done, w.SignedBy(zhandos, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`UPDATE officer SET body = $1 WHERE person = $2`, w.Body("police-auezov"), zhandos.Person); err != nil {
		t.Fatal(err)
	}
	r := read(t, w, w.Nurlan, id)
	looks, err := report.Looks(t.Context(), w.DB, w.Nurlan.Asks(policy.ReportRead), id)
	if err != nil || len(looks) != 1 || looks[0].Name != zhandos.FullName() || looks[0].NameKK != r.Body.NameKK || looks[0].Post != "" {
		t.Errorf("its author sees %+v, %v", looks, err)
	}
	if r.OfficerName != "" || r.Head == "" {
		t.Errorf("%q deals with it, whose head is %q", r.OfficerName, r.Head)
	}
	if r := read(t, w, w.Nurlan, done); r.OfficerName != zhandos.FullName() {
		t.Errorf("%q dealt with what was decided", r.OfficerName)
	}
}

func TestTheBookShowsWhatIsOverdueFirstAndOnlyOfOnesOwnBody(t *testing.T) {
	w := portaltest.World(t)
	zhandos := w.Actor("zhandos")
	first := w.Report(w.Nurlan, w.Story())
	w.At = w.At.Add(20 * time.Hour)
	second := w.Report(w.Nurlan, w.Story())
	third := w.Report(w.Aigul, w.Story())
	said := w.Story()
	said.Body = w.Body("police-auezov")
	w.Report(w.Aigul, said)
	if err := report.DraftDecision(t.Context(), w.DB, w.Press, zhandos.Asks(policy.BookDraft), third, decision(w, report.Court)); err != nil {
		t.Fatal(err)
	}
	_, _, doc, err := report.DraftOfDecision(t.Context(), w.DB, zhandos.Asks(policy.BookCheck), third)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Decide(t.Context(), w.DB, w.Verifier, zhandos.Asks(policy.BookDecide), third, w.SignedBy(zhandos, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(5 * time.Hour)
	for show, want := range map[report.Show][]uuid.UUID{report.ShowOpen: {first, second}, report.ShowDecided: {third}, report.ShowAll: {first, second, third}} {
		b, err := report.ReadBook(t.Context(), w.DB, zhandos.Asks(policy.BookRead), show, 0)
		if err != nil || b.Open != 2 || b.Overdue != 1 {
			t.Fatalf("%s: %+v, %v", show, b, err)
		}
		if len(b.Lines) != len(want) {
			t.Fatalf("%s has %d lines", show, len(b.Lines))
		}
		for i, id := range want {
			if b.Lines[i].ID != id {
				t.Errorf("%s: line %d is %s", show, i, b.Lines[i].Number)
			}
		}
	}
	if _, err := report.ReadBook(t.Context(), w.DB, w.Daniyar.Asks(policy.BookRead), report.ShowAll, 0); !errors.Is(err, fault.Forbidden) {
		t.Errorf("an investigator reads the book: %v", err)
	}
}

func TestTheProsecutorSeesNumbersTimesAndDecisionsOfThoseUnderHimAndNoText(t *testing.T) {
	w := portaltest.Kept(t)
	reported(t, w, w.Nurlan, w.Story())
	id := reported(t, w, w.Aigul, w.Story())
	if err := decide(t, w, w.Actor("zhandos"), id, decision(w, report.Refused)); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(25 * time.Hour)
	gulnar := w.Actor("gulnar")
	bodies, lines, err := report.Supervise(asks(t, gulnar), w.App, gulnar.Asks(policy.BooksRead))
	if err != nil || len(lines) != 2 {
		t.Fatalf("she sees %+v, %v", lines, err)
	}
	if !lines[0].Overdue(w.At) || lines[1].Ground != report.NoAudit {
		t.Errorf("the lines are %+v", lines)
	}
	found := false
	for _, b := range bodies {
		if b.ID == w.Body("police") {
			found = b.Total == 2 && b.Open == 1 && b.Overdue == 1 && b.Refused == 1
		}
	}
	if !found {
		t.Errorf("the counts are %+v", bodies)
	}
	if _, _, err := report.OpenInBook(asks(t, gulnar), w.App, gulnar.Asks(policy.BookOpen), id); !errors.Is(err, fault.NotFound) {
		t.Errorf("she opens one: %v", err)
	}
	var sealed []byte
	if err := w.SQL.Get(&sealed, `SELECT answers FROM report WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.Open(asks(t, gulnar), report.AnswersOf(id, w.Body("police")), sealed); !errors.Is(err, fault.NotFound) {
		t.Errorf("the keeper opens it to her: %v", err)
	}
	n := 0
	ctx := database.As(t.Context(), gulnar.Person, uuid.Nil, w.At)
	if err := w.App.Get(ctx, &n, `SELECT count(*) FROM report`); err != nil || n != 0 {
		t.Errorf("she sees %d rows of reports, %v", n, err)
	}
	samat := w.Actor("samat")
	if _, lines, err := report.Supervise(asks(t, samat), w.App, samat.Asks(policy.BooksRead)); err != nil || len(lines) != 0 {
		t.Errorf("an office that supervises another body sees %+v, %v", lines, err)
	}
	if _, _, err := report.Supervise(asks(t, w.Daniyar), w.App, w.Daniyar.Asks(policy.BooksRead)); !errors.Is(err, fault.Forbidden) {
		t.Errorf("an investigator supervises: %v", err)
	}
}

// takenDown has somebody take down what another said.
func takenDown(t *testing.T, w *portaltest.W, who *portaltest.Actor, iin string) (uuid.UUID, error) {
	t.Helper()
	id, a := uuid.Must(uuid.NewV7()), w.Story()
	a.Applicant, a.IIN = "Ахметова Сәуле", iin
	return id, report.TakeDown(asks(t, who), w.App, w.Press, who.Asks(policy.EntryDraft), id, report.Oral, "kk", a, true)
}

func TestWhatIsSaidAtTheDeskIsRegisteredLikeAnyOtherAndFoundByItsAuthorWhenHeSignsIn(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos := w.Actor("zhandos")
	id, err := takenDown(t, w, zhandos, w.Stranger.IIN.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if all, _, err := report.Own(asks(t, w.Stranger), w.App, w.Stranger.Asks(policy.ReportList), uuid.Nil); err != nil || len(all) != 0 {
		t.Errorf("before it is signed its author has %+v, %v", all, err)
	}
	_, a, doc, err := report.ReadTaken(asks(t, zhandos), w.App, zhandos.Asks(policy.EntryCheck), id)
	if err != nil || a.What != w.Story().What {
		t.Fatalf("%q, %v", a.What, err)
	}
	text := strings.Join(strings.Fields(portaltest.PDFText(t, doc.Content)), " ")
	for _, want := range []string{"ХАТТАМАСЫ", "Ахметова Сәуле", zhandos.FullName(), "419-бабы", "қылмыстық жауаптылық", "ауызша", "терезесін"} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper does not say %q:\n%s", want, text)
		}
	}
	submit := func() error {
		return report.SubmitTaken(asks(t, zhandos), w.App, w.Verifier, zhandos.Asks(policy.EntrySubmit), id, w.SignedBy(zhandos, doc.Content), doc.Digest)
	}
	if err := submit(); err != nil {
		t.Fatal(err)
	}
	if err := submit(); !errors.Is(err, fault.Conflict) {
		t.Errorf("signed twice: %v", err)
	}
	w.Want(t, `SELECT status, way, author = '`+w.Stranger.Person.String()+`' AS his, entered_by, number, officer, draft IS NULL AS no_draft, due_at FROM report`, `
		status     | way  | his  | entered_by | number           | officer | no_draft | due_at
		registered | oral | true | zhandos    | 750301-26-000001 | zhandos | true     | 2026-10-23 14:30:00`)
	if _, a, err := report.Open(asks(t, w.Stranger), w.App, w.Stranger.Asks(policy.ReportRead), id); err != nil || a.What != w.Story().What {
		t.Errorf("its author reads %q, %v", a.What, err)
	}
	if _, paper, err := report.ReadPaper(asks(t, w.Stranger), w.App, w.Stranger.Asks(policy.ReportPaper), id); err != nil || !paper.Signed() {
		t.Errorf("its author opens the paper: %v", err)
	}
	w.Sound()
}

// What she said at the desk holds as what she would have signed here.
func TestWhoSaysAtTheDeskThatNobodyIsToWriteIsToldWhereNobodyElseReads(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos := w.Actor("zhandos")
	take := func(who *portaltest.Actor, change func(*report.Answers)) {
		t.Helper()
		id, a := uuid.Must(uuid.NewV7()), w.Story()
		a.Applicant, a.IIN, a.Phone, a.Reach = "Ахметова Сәуле", who.IIN.Reveal(), "+77010000001", report.ByPhone
		change(&a)
		if err := report.TakeDown(asks(t, zhandos), w.App, w.Press, zhandos.Asks(policy.EntryDraft), id, report.Oral, "kk", a, true); err != nil {
			t.Fatal(err)
		}
		_, said, doc, err := report.ReadTaken(asks(t, zhandos), w.App, zhandos.Asks(policy.EntryCheck), id)
		if err != nil || (said.Phone == "") != (a.Reach == report.ByPortal) || strings.Contains(portaltest.PDFText(t, doc.Content), "7701") != (said.Phone != "") {
			t.Fatalf("the paper that she is reached by %q has the telephone %q, %v", a.Reach, said.Phone, err)
		}
		if err := report.SubmitTaken(asks(t, zhandos), w.App, w.Verifier, zhandos.Asks(policy.EntrySubmit), id, w.SignedBy(zhandos, doc.Content), doc.Digest); err != nil {
			t.Fatal(err)
		}
	}
	take(w.Aigul, func(a *report.Answers) { a.Reach = report.ByPortal })
	take(w.Nurlan, func(a *report.Answers) { a.Category = "home" })
	take(w.Stranger, func(a *report.Answers) {})
	w.Want(t, `SELECT person, discreet FROM manner ORDER BY person = '`+w.Nurlan.Person.String()+`'`, `
		person | discreet
		aigul  | true
		nurlan | true`)
	w.Sound()
}

func TestWhoHasNoIINReportsAllTheSameAndNothingIsTakenDownWithoutTheWarning(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos := w.Actor("zhandos")
	id, err := takenDown(t, w, zhandos, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []*portaltest.Actor{w.Actor("meruert"), w.Marat, w.Nurlan} {
		if _, _, _, err := report.ReadTaken(asks(t, other), w.App, other.Asks(policy.EntryCheck), id); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s reads what another took down: %v", other.FullName(), err)
		}
	}
	_, _, doc, err := report.ReadTaken(asks(t, zhandos), w.App, zhandos.Asks(policy.EntryCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.SubmitTaken(asks(t, zhandos), w.App, w.Verifier, zhandos.Asks(policy.EntrySubmit), id, w.SignedBy(zhandos, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT author IS NULL AS nobody, number FROM report`, `
		nobody | number
		true   | 750301-26-000001`)
	if err := decide(t, w, zhandos, id, decision(w, report.Transferred)); err != nil {
		t.Errorf("it is not transferred: %v", err)
	}
	a := w.Story()
	a.Applicant = "Біреу"
	var told *fault.Fault
	if err := report.TakeDown(asks(t, zhandos), w.App, w.Press, zhandos.Asks(policy.EntryDraft), uuid.New(), report.Phone, "kk", a, false); !errors.As(err, &told) || told.Field != "warned" {
		t.Errorf("without the warning: %v", err)
	}
	if err := report.TakeDown(asks(t, zhandos), w.App, w.Press, zhandos.Asks(policy.EntryDraft), uuid.New(), report.Signed, "kk", a, true); !errors.As(err, &told) || told.Field != "way" {
		t.Errorf("as if he had signed it himself: %v", err)
	}
	if err := report.TakeDown(asks(t, w.Marat), w.App, w.Press, w.Marat.Asks(policy.EntryDraft), uuid.New(), report.Phone, "kk", a, true); !errors.Is(err, fault.Forbidden) {
		t.Errorf("the head takes one down: %v", err)
	}
	again, err := takenDown(t, w, zhandos, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := report.DiscardTaken(asks(t, zhandos), w.App, zhandos.Asks(policy.EntryDiscard), again); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM report WHERE status = 'draft') AS drafts, (SELECT count(*) FROM document WHERE signed_at IS NULL) AS papers`, `
		drafts | papers
		0      | 0`)
	w.Sound()
}

func TestSimilarReportsAreSuggestedWithoutTheirAuthors(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos := w.Actor("zhandos")
	near := reported(t, w, w.Aigul, w.Story())
	other := w.Story()
	other.What, other.Place, other.Category, other.From = "Базарда бағасы бойынша дауласып, сатушы мені итеріп жіберді, қолым ауырады.", "Абылай хан даңғылы", "beating", time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	reported(t, w, w.Serik, other)
	home := w.Story()
	home.Category, home.Path = "home", report.Home
	reported(t, w, w.Timur, home)
	id := reported(t, w, w.Nurlan, w.Story())
	r, all, err := report.Similar(asks(t, zhandos), w.App, zhandos.Asks(policy.BookSimilar), id)
	if err != nil || r.ID != id || len(all) != 2 {
		t.Fatalf("found %+v, %v", all, err)
	}
	if all[0].ID != near || !all[0].Very || all[0].Place != w.Story().Place {
		t.Errorf("the most alike is %+v", all[0])
	}
	if all[1].Category != "home" || all[1].Place != "" {
		t.Errorf("where somebody lives is told: %+v", all[1])
	}
	meruert := w.Actor("meruert")
	if _, _, err := report.Similar(asks(t, meruert), w.App, meruert.Asks(policy.BookSimilar), id); !errors.Is(err, fault.NotFound) {
		t.Errorf("a registrar of another body: %v", err)
	}
	if _, _, err := report.Similar(asks(t, w.Marat), w.App, w.Marat.Asks(policy.BookSimilar), id); !errors.Is(err, fault.Forbidden) {
		t.Errorf("the head: %v", err)
	}
}

func TestADecisionThatWasChangedUnderTheSignatureIsNotSigned(t *testing.T) {
	w := portaltest.World(t)
	zhandos := w.Actor("zhandos")
	id := w.Report(w.Nurlan, w.Story())
	draft := func(n report.NewDecision) (content, digest []byte) {
		t.Helper()
		if err := report.DraftDecision(t.Context(), w.DB, w.Press, zhandos.Asks(policy.BookDraft), id, n); err != nil {
			t.Fatal(err)
		}
		_, _, doc, err := report.DraftOfDecision(t.Context(), w.DB, zhandos.Asks(policy.BookCheck), id)
		if err != nil {
			t.Fatal(err)
		}
		return doc.Content, doc.Digest
	}
	content, digest := draft(decision(w, report.Refused))
	draft(decision(w, report.Court))
	err := report.Decide(t.Context(), w.DB, w.Verifier, zhandos.Asks(policy.BookDecide), id, w.SignedBy(zhandos, content), digest)
	if !errors.Is(err, fault.Conflict) {
		t.Errorf("an old paper is signed: %v", err)
	}
	content, digest = draft(decision(w, report.Court))
	err = report.Decide(t.Context(), w.DB, w.Verifier, zhandos.Asks(policy.BookDecide), id, w.SignedBy(w.Nurlan, content), digest)
	if !errors.Is(err, fault.Invalid) {
		t.Errorf("with another's key: %v", err)
	}
	w.Want(t, `SELECT status, decided_at FROM report`, `
		status     | decided_at
		registered |`)
}

func TestTheFilesOfATransferredReportAreTheOtherBodysToo(t *testing.T) {
	w := portaltest.Kept(t)
	zhandos, meruert, ctx := w.Actor("zhandos"), w.Actor("meruert"), asks(t, w.Nurlan)
	id, said := uuid.Must(uuid.NewV7()), w.Story()
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
	photo := portaltest.Marked("Zmarker7Qx")["photo.jpg"]
	if err := lays(t, w, w.Nurlan, id, "сөмке.jpg", photo); err != nil {
		t.Fatal(err)
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
	if err := report.DraftDecision(asks(t, zhandos), w.App, w.Press, zhandos.Asks(policy.BookDraft), id, decision(w, report.Transferred)); err != nil {
		t.Fatal(err)
	}
	_, _, paper, err := report.DraftOfDecision(asks(t, zhandos), w.App, zhandos.Asks(policy.BookCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	// From a step on all other acts wait for the commit: the files are copied before.
	copied, stepped := false, false
	heard := database.Overheard(asks(t, zhandos), func(query string) {
		if strings.Contains(query, "INSERT INTO attachment_chunk") {
			if copied = true; stepped {
				t.Error("all acts wait while files are copied")
			}
		}
		stepped = stepped || strings.Contains(query, "ledger.record")
	})
	if err := report.Decide(heard, w.App, w.Verifier, zhandos.Asks(policy.BookDecide), id, w.SignedBy(zhandos, paper.Content), paper.Digest); err != nil || !copied || !stepped {
		t.Fatal(err, copied, stepped)
	}
	var file uuid.UUID
	if err := w.SQL.Get(&file, `SELECT a.id FROM attachment a JOIN report r ON r.id = a.report WHERE r.previous IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[*portaltest.Actor]bool{meruert: true, w.Nurlan: true, zhandos: false, w.Aigul: false} {
		got, err := opens(t.Context(), w, who, policy.AttachmentOriginal, file)
		if want != (err == nil && string(got) == string(photo)) {
			t.Errorf("%s opens the file: %d bytes, %v", who.FullName(), len(got), err)
		}
	}
	w.Want(t, `SELECT count(*) AS files, count(DISTINCT digest) AS originals, count(DISTINCT body) AS bodies, bool_and(state = 'clean') AS clean FROM attachment`, `
		files | originals | bodies | clean
		2     | 1         | 2      | true`)
	w.Sound()
}

func TestNothingIsHandedOnWhileAFileIsNotScanned(t *testing.T) {
	w := portaltest.World(t)
	id := w.ReportDraft(w.Nurlan, report.Offence, w.Story())
	if err := lays(t, w, w.Nurlan, id, "сөмке.jpg", portaltest.Marked("Zmarker7Qx")["photo.jpg"]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`UPDATE attachment SET state = 'waiting', scanned_at = NULL`); err != nil {
		t.Fatal(err)
	}
	if err := report.Print(t.Context(), w.DB, w.Press, w.Nurlan.Asks(policy.ReportPrint), id, "kk", true); err != nil {
		t.Fatal(err)
	}
	if err := w.ReportSubmit(w.Nurlan, id); err != nil {
		t.Fatal(err)
	}
	zhandos := w.Actor("zhandos")
	var told *fault.Fault
	err := report.DraftDecision(t.Context(), w.DB, w.Press, zhandos.Asks(policy.BookDraft), id, decision(w, report.Transferred))
	if !errors.As(err, &told) || told.Message != "fault.book-files" {
		t.Errorf("it goes with a file that nobody looked at: %v", err)
	}
	if err := report.DraftDecision(t.Context(), w.DB, w.Press, zhandos.Asks(policy.BookDraft), id, decision(w, report.Refused)); err != nil {
		t.Errorf("another decision waits for the scanner: %v", err)
	}
}
