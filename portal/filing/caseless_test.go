package filing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
	"zharia/portal/words"
)

// registered is a report of somebody's that the police registered.
func registered(t *testing.T, w *portaltest.W, a *portaltest.Actor) report.Report {
	t.Helper()
	r, err := report.Read(t.Context(), w.DB, a.Asks(policy.ReportRead), w.Report(a, w.Story()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// complains makes the complaint about a report ready behind both fences.
func complains(t *testing.T, w *portaltest.W, a *portaltest.Actor, report uuid.UUID, n filing.NewFiling) (uuid.UUID, error) {
	t.Helper()
	n.Language = "kk"
	return filing.ComplainOfReport(as(t, w, a), w.App, w.Press, a.Asks(policy.ReportComplain), report, n)
}

// sends signs a draft behind both fences.
func sends(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	ctx := as(t, w, a)
	_, doc, err := filing.Document(ctx, w.App, a.Asks(policy.FilingDocument), id)
	if err != nil {
		t.Fatal(err)
	}
	return filing.Submit(ctx, w.App, w.Press, w.Verifier, a.Asks(policy.FilingSubmit), id, w.SignedBy(a, doc.Content), doc.Digest)
}

// nobodyElse says that nobody of the cast but these finds a filing, its paper or its
// answer, behind both fences.
func nobodyElse(t *testing.T, w *portaltest.W, id uuid.UUID, but ...*portaltest.Actor) {
	t.Helper()
	for word := range w.Troupe.Members {
		if word == "system" {
			continue
		}
		a := w.Actor(word)
		mine := false
		for _, b := range but {
			mine = mine || b.Person == a.Person
		}
		ctx := as(t, w, a)
		_, err := filing.Read(ctx, w.App, a.Asks(policy.FilingRead), id)
		if mine {
			if err != nil {
				t.Errorf("%s does not find it: %v", word, err)
			}
			continue
		}
		_, _, paper := filing.Document(ctx, w.App, a.Asks(policy.FilingDocument), id)
		_, _, answer := filing.AnswerDocument(ctx, w.App, a.Asks(policy.AnswerDocument), id)
		for _, err := range []error{err, paper, answer} {
			if !errors.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", word, err)
			}
		}
	}
}

func TestSilenceAfterAReportIsComplainedOfToTheProsecutorWhoAnswersWithoutACase(t *testing.T) {
	w := portaltest.Kept(t)
	r := registered(t, w, w.Stranger)
	if _, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{}); !errors.Is(err, fault.Conflict) {
		t.Fatalf("while the term runs: %v", err)
	}
	w.At = r.DueAt.Add(time.Minute)
	id, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{}); err != nil || again != id {
		t.Errorf("a second click makes %s, %v", again, err)
	}
	nobodyElse(t, w, id, w.Stranger)
	if err := sends(t, w, w.Stranger, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT kind, status, casefile, body = (SELECT prosecution FROM body WHERE code = '750301') AS office, decider, seat, what, term, due_at, number FROM filing WHERE report IS NOT NULL`, `
		kind                   | status | casefile | office | decider | seat  | what            | term             | due_at              | number
		complaint-registration | filed  |          | true   | gulnar  | chief | no-registration | complaint-answer | 2026-10-31 00:00:00 | 2026-000001`)
	nobodyElse(t, w, id, w.Stranger, w.Gulnar)

	inbox, err := filing.Inbox(as(t, w, w.Gulnar), w.App, w.Gulnar.Asks(policy.OfficeRead), uuid.Nil)
	if err != nil || len(inbox.Filings) != 1 || inbox.Filings[0].ReportNumber != r.Number || inbox.Filings[0].AuthorName != w.Stranger.FullName() || inbox.Filings[0].Case != uuid.Nil {
		t.Fatalf("on her desk lies %+v, %v", inbox, err)
	}
	w.At = w.At.Add(24 * time.Hour)
	if err := filing.Step(as(t, w, w.Gulnar), w.App, w.Gulnar.Asks(policy.FilingConsider), id); err != nil {
		t.Fatal(err)
	}
	_, paper, err := filing.Document(as(t, w, w.Gulnar), w.App, w.Gulnar.Asks(policy.FilingDocument), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, phrase := range []string{r.Number, w.Stranger.FullName(), w.Gulnar.FullName()} {
		if text := portaltest.PDFText(t, paper.Content); !strings.Contains(text, phrase) {
			t.Errorf("the complaint does not say %q:\n%s", phrase, text)
		}
	}
	if err := decide(t, w, w.Gulnar, id, with(portaltest.Said(filing.Granted, 1), filing.RemedyInstruct)); err != nil {
		t.Fatal(err)
	}
	f, doc, err := filing.AnswerDocument(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.AnswerDocument), id)
	if err != nil || f.Status != filing.Granted || f.ReportNumber != r.Number {
		t.Fatalf("%+v, %v", f, err)
	}
	for _, phrase := range []string{portaltest.Reasons, r.Number, w.Stranger.FullName(), w.Gulnar.FullName()} {
		if text := portaltest.PDFText(t, doc.Content); !strings.Contains(text, phrase) {
			t.Errorf("the answer does not say %q:\n%s", phrase, text)
		}
	}
	nobodyElse(t, w, id, w.Stranger, w.Gulnar)
	if all, err := filing.SettledReports(as(t, w, w.Gulnar), w.App, w.Gulnar.Asks(policy.OfficeRead)); err != nil || len(all) != 1 {
		t.Errorf("what she answered: %d, %v", len(all), err)
	}
	w.Want(t, `SELECT who, act, casefile FROM record WHERE object_id = '`+id.String()+`' AND act NOT IN ('filing-document', 'filing-read') ORDER BY seq`, `
		who      | act             | casefile
		asel     | report-complain |
		asel     | filing-submit   |
		gulnar   | filing-consider |
		gulnar   | answer-draft    |
		gulnar   | filing-grant    |
		asel     | answer-document |`)
	w.Sound()
}

func TestARefusalToRegisterGoesToTheProsecutorOrTheCourtAndThenFurther(t *testing.T) {
	w := portaltest.Kept(t)
	r := registered(t, w, w.Stranger)
	w.At = w.At.Add(time.Hour)
	refuse(t, w, r.ID)
	first, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	if err != nil {
		t.Fatal(err)
	}
	// He reads it over and would rather have the court decide.
	if _, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{To: guide.Higher, Circumstances: "Арызымды тіркеген жоқ, себебі де айтылмады.", Points: []string{"Тексеруді сұраймын."}}); !errors.Is(err, fault.Invalid) {
		t.Errorf("to the higher prosecutor at once: %v", err)
	}
	second, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{To: guide.Judge, Circumstances: "Арызымды тіркеген жоқ, себебі де айтылмады.", Points: []string{"Тексеруді сұраймын."}})
	if err != nil || second != first {
		t.Fatalf("%s is not %s: %v", second, first, err)
	}
	w.Want(t, `SELECT kind, seat, body = (SELECT body FROM officer WHERE person = decider AND post = 'judge') AS his FROM filing WHERE report IS NOT NULL`, `
		kind            | seat  | his
		complaint-court | judge | true`)
	// And changes his mind again.
	if _, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{To: guide.Chief, Circumstances: "Арызымды тіркеген жоқ, себебі де айтылмады.", Points: []string{"Тексеруді сұраймын."}}); err != nil {
		t.Fatal(err)
	}
	if err := sends(t, w, w.Stranger, first); err != nil {
		t.Fatal(err)
	}
	if open, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{}); err != nil || open != first {
		t.Errorf("while it is considered he is led to %s, %v", open, err)
	}
	if err := decide(t, w, w.Gulnar, first, portaltest.Said(filing.Refused, 1)); err != nil {
		t.Fatal(err)
	}
	_, draft, err := filing.ReportComplaint(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.ReportComplaint), r.ID)
	if err != nil || draft.ID != uuid.Nil {
		t.Fatalf("%+v, %v", draft, err)
	}
	w.At = w.At.Add(time.Hour)
	further, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := filing.Read(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.FilingRead), further)
	if err != nil || f.Kind != policy.FilingComplaintHigher || f.Seat != guide.Higher || !strings.Contains(f.Circumstances, "2026-000001") {
		t.Errorf("%s, %s, %q, %v", f.Kind, f.Seat, f.Circumstances, err)
	}
	if err := sends(t, w, w.Stranger, further); err != nil {
		t.Fatal(err)
	}
	nobodyElse(t, w, further, w.Stranger, w.Samat)
	all, err := filing.ComplaintsOf(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.ReportRead), r.ID)
	if err != nil || len(all) != 2 || all[0].ID != further {
		t.Errorf("he has filed %d, %v", len(all), err)
	}
	w.Sound()
}

// Whatever a decision is called by which a report was not entered into the register: it may
// be complained of, and the complaint names it.
func TestEachDecisionThatRegistersNothingIsComplainedOf(t *testing.T) {
	w := portaltest.World(t)
	r := registered(t, w, w.Stranger)
	w.At = w.At.Add(time.Hour)
	for _, kind := range report.Decisions {
		if _, err := w.SQL.Exec(`UPDATE report SET status = $3, decided_at = $2 WHERE id = $1`, r.ID, w.At, kind); err != nil {
			t.Fatal(err)
		}
		reported, _, err := filing.ReportComplaint(t.Context(), w.DB, w.Stranger.Asks(policy.ReportComplain), r.ID)
		if kind == report.Erdr || kind == report.Transferred {
			wantMessage(t, string(kind), "fault.report-in-time", err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		for _, lang := range []string{"kk", "ru"} {
			text := w.Words.In(lang)
			circumstances, _ := filing.ReadyReport(reported, text, w.At)
			if decision := words.Low(text.T("complaint.report.decision." + string(kind))); strings.Contains(decision, "complaint.") || !strings.Contains(circumstances, decision) {
				t.Errorf("%s: %q does not name %q", kind, circumstances, decision)
			}
		}
	}
}

// Where the prosecutors have all refused it, the judge is left: as the judge, with his term.
func TestWhereNoProsecutorIsLeftTheComplaintIsForTheJudgeAlone(t *testing.T) {
	w := portaltest.Kept(t)
	r := registered(t, w, w.Stranger)
	w.At = w.At.Add(time.Hour)
	refuse(t, w, r.ID)
	for _, decider := range []*portaltest.Actor{w.Gulnar, w.Samat} {
		id, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
		if err != nil {
			t.Fatal(err)
		}
		if err := sends(t, w, w.Stranger, id); err != nil {
			t.Fatal(err)
		}
		if err := decide(t, w, decider, id, portaltest.Said(filing.Refused, 1)); err != nil {
			t.Fatal(err)
		}
		w.At = w.At.Add(time.Hour)
	}
	reported, _, err := filing.ReportComplaint(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.ReportComplaint), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	to, err := reported.To(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.ReportComplaint))
	if err != nil || len(to) != 1 || to[0].Seat != guide.Judge || to[0].Official.ID != w.Aliya.Person {
		t.Errorf("he is offered %+v, %v", to, err)
	}
	if _, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{To: guide.Higher}); !errors.Is(err, fault.Invalid) {
		t.Errorf("to the higher prosecutor once more: %v", err)
	}
	id, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sends(t, w, w.Stranger, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT kind, seat, decider, term, status FROM filing WHERE report IS NOT NULL ORDER BY number`, `
		kind                   | seat   | decider | term             | status
		complaint-registration | chief  | gulnar  | complaint-answer | refused
		complaint-higher       | higher | samat   | complaint-answer | refused
		complaint-court        | judge  | aliya   | court-answer     | filed`)
	w.Sound()
}

// What the judge refused goes to the court above him and nowhere else, and what that one
// said is the last word (CPC 107).
func TestWhatTheJudgeRefusedGoesToTheCourtAboveHim(t *testing.T) {
	w := portaltest.Kept(t)
	r := registered(t, w, w.Stranger)
	w.At = w.At.Add(time.Hour)
	refuse(t, w, r.ID)
	first, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{To: guide.Judge})
	if err != nil {
		t.Fatal(err)
	}
	if err := sends(t, w, w.Stranger, first); err != nil {
		t.Fatal(err)
	}
	if err := decide(t, w, w.Aliya, first, portaltest.Said(filing.Refused, 1)); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Hour)
	for _, seat := range []guide.Seat{guide.Chief, guide.Higher, guide.Judge} {
		if _, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{To: seat, Circumstances: "Арызымды тіркеген жоқ, себебі де айтылмады.", Points: []string{"Тексеруді сұраймын."}}); !errors.Is(err, fault.Invalid) {
			t.Errorf("to the %s again: %v", seat, err)
		}
	}
	second, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sends(t, w, w.Stranger, second); err != nil {
		t.Fatal(err)
	}
	nobodyElse(t, w, second, w.Stranger, w.Kanat)
	if err := decide(t, w, w.Kanat, second, portaltest.Said(filing.Refused, 1)); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT kind, seat, decider, term, status FROM filing WHERE report IS NOT NULL ORDER BY number`, `
		kind            | seat   | decider | term         | status
		complaint-court | judge  | aliya   | court-answer | refused
		complaint-judge | appeal | kanat   | judge-answer | refused`)
	_, err = complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	wantMessage(t, "and further", "fault.last-word", err)
	w.Sound()
}

// What comes beside a filing comes beside this one, too: a longer term, an addition that
// is asked for, messages, an objection to the count, a point that was not answered.
func TestBesideAComplaintWithoutACaseGoesWhatGoesBesideAnyOther(t *testing.T) {
	w := portaltest.Kept(t)
	r := registered(t, w, w.Stranger)
	w.At = r.DueAt.Add(time.Minute)
	id, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sends(t, w, w.Stranger, id); err != nil {
		t.Fatal(err)
	}
	if err := filing.AskToAdd(as(t, w, w.Gulnar), w.App, w.Gulnar.Asks(policy.FilingAsk), id, []string{"Арызды қай күні тапсырдыңыз?"}); err != nil {
		t.Fatal(err)
	}
	if err := reply(t, w, w.Stranger, id, "Жиырма екінші қазан күні."); err != nil {
		t.Fatal(err)
	}
	if err := extend(t, w, w.Gulnar, id); err != nil {
		t.Fatal(err)
	}
	if err := filing.Send(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.MessageSend), id, "Қашан жауап аламын?"); err != nil {
		t.Fatal(err)
	}
	_, mail, err := filing.Messages(as(t, w, w.Gulnar), w.App, w.Gulnar.Asks(policy.MessageList), id)
	if err != nil || len(mail) != 1 || mail[0].Name != w.Stranger.FullName() || mail[0].Text != "Қашан жауап аламын?" {
		t.Errorf("%+v, %v", mail, err)
	}
	if err := filing.Disagree(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.CountObject), id, "Мерзім дұрыс есептелмеген деп санаймын."); err != nil {
		t.Fatal(err)
	}
	f, err := filing.Read(as(t, w, w.Gulnar), w.App, w.Gulnar.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	clock, err := filing.ClockOf(as(t, w, w.Gulnar), w.App, f)
	if err != nil || len(clock.Objections) != 1 || clock.Objections[0].Name != w.Stranger.FullName() {
		t.Errorf("%+v, %v", clock, err)
	}
	if err := handOn(t, w, w.Gulnar, id, filing.NewForward{Words: "Маған қатысты емес.", Language: "kk"}); !errors.Is(err, fault.Conflict) {
		t.Errorf("it is sealed for this office, and handed on all the same: %v", err)
	}
	if err := decide(t, w, w.Gulnar, id, with(portaltest.Said(filing.Granted, 1), filing.RemedyInstruct)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := filing.AnswerDocument(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.AnswerDocument), id); err != nil {
		t.Fatal(err)
	}
	if err := filing.DisputePoint(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.PointDispute), id, 1, "Бұл талап бойынша ештеңе айтылмаған."); err != nil {
		t.Fatal(err)
	}
	w.Sound()
}

func TestAComplaintWithoutACaseIsTakenBackOrGivenUp(t *testing.T) {
	w := portaltest.Kept(t)
	r := registered(t, w, w.Stranger)
	w.At = r.DueAt.Add(time.Minute)
	id, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	if err != nil {
		t.Fatal(err)
	}
	if err := filing.Discard(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.FilingDiscard), id); err != nil {
		t.Fatal(err)
	}
	if id, err = complains(t, w, w.Stranger, r.ID, filing.NewFiling{}); err != nil {
		t.Fatal(err)
	}
	if err := sends(t, w, w.Stranger, id); err != nil {
		t.Fatal(err)
	}
	ctx := as(t, w, w.Stranger)
	if err := filing.DraftWithdrawal(ctx, w.App, w.Press, w.Stranger.Asks(policy.WithdrawalDraft), id, "kk"); err != nil {
		t.Fatal(err)
	}
	_, doc, err := filing.WithdrawalOf(ctx, w.App, w.Stranger.Asks(policy.WithdrawalCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := filing.Withdraw(ctx, w.App, w.Verifier, w.Stranger.Asks(policy.FilingWithdraw), id, w.SignedBy(w.Stranger, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	if _, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{}); err != nil {
		t.Errorf("he does not complain again: %v", err)
	}
	// Who decided nothing against him is not passed over.
	w.Want(t, `SELECT status, kind, seat, decider FROM filing WHERE report IS NOT NULL ORDER BY number`, `
		status    | kind                   | seat  | decider
		withdrawn | complaint-registration | chief | gulnar
		draft     | complaint-registration | chief | gulnar`)
	w.Sound()
}

// turnsDown has the registrar of the police refuse a report.
func turnsDown(t *testing.T, w *portaltest.W, id uuid.UUID) {
	t.Helper()
	zhandos := w.Actor("zhandos")
	n := report.NewDecision{Kind: report.Refused, Ground: report.CivilDeal, Language: "kk", Terms: report.Terms{Reasons: portaltest.Reasons, Next: "Келіспесеңіз, шағым жасаңыз."}}
	if err := report.DraftDecision(as(t, w, zhandos), w.App, w.Press, zhandos.Asks(policy.BookDraft), id, n); err != nil {
		t.Fatal(err)
	}
	_, _, doc, err := report.DraftOfDecision(as(t, w, zhandos), w.App, zhandos.Asks(policy.BookCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Decide(as(t, w, zhandos), w.App, w.Verifier, zhandos.Asks(policy.BookDecide), id, w.SignedBy(zhandos, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
}

// What is decided after a complaint about silence is another thing to complain of: it waits for
// no answer to that one, goes to whoever decides first, and nobody's last word about the
// silence ends it.
func TestARefusalAfterAComplaintAboutSilenceIsComplainedOfByItself(t *testing.T) {
	w := portaltest.Kept(t)
	waits, answered := registered(t, w, w.Stranger), registered(t, w, w.Nurlan)
	w.At = answered.DueAt.Add(time.Minute)
	for who, r := range map[*portaltest.Actor]report.Report{w.Stranger: waits, w.Nurlan: answered} {
		id, err := complains(t, w, who, r.ID, filing.NewFiling{})
		if err != nil {
			t.Fatal(err)
		}
		if err := sends(t, w, who, id); err != nil {
			t.Fatal(err)
		}
		if r.ID == answered.ID {
			if err := decide(t, w, w.Gulnar, id, portaltest.Said(filing.Refused, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.At = w.At.Add(time.Hour)
	for who, r := range map[*portaltest.Actor]report.Report{w.Stranger: waits, w.Nurlan: answered} {
		turnsDown(t, w, r.ID)
		id, err := complains(t, w, who, r.ID, filing.NewFiling{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := filing.Read(as(t, w, who), w.App, who.Asks(policy.FilingRead), id)
		if err != nil || f.Status != filing.Draft || f.Seat != guide.Chief || !strings.Contains(f.Circumstances, "Арыз бойынша қабылданған шешім") {
			t.Errorf("%s is led to a complaint that is %s, to %s: %v\n%s", who.Word, f.Status, f.Seat, err, f.Circumstances)
		}
		if err := sends(t, w, who, id); err != nil {
			t.Error(err)
		}
	}
	w.Sound()
}

// A draft that says that nothing was decided is made anew when something was.
func TestADraftAboutSilenceIsMadeAnewWhenTheReportIsRefused(t *testing.T) {
	w := portaltest.Kept(t)
	r := registered(t, w, w.Stranger)
	w.At = r.DueAt.Add(time.Minute)
	id, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	if err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Hour)
	turnsDown(t, w, r.ID)
	says := func() string {
		t.Helper()
		again, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
		if err != nil || again != id {
			t.Fatalf("she is led to %s: %v", again, err)
		}
		_, doc, err := filing.Document(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.FilingDocument), id)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(portaltest.PDFText(t, doc.Content)), " ")
	}
	w.At = w.At.Add(time.Minute)
	if text := says(); !strings.Contains(text, "СДТБТ") || strings.Contains(text, "Мерзімінде шешім қабылданған жоқ") {
		t.Errorf("the draft says:\n%s", text)
	}
	own := filing.NewFiling{Circumstances: "Өз сөзім: арызымда айтылған жайттар тексерілмеген. " + portaltest.Reasons, Points: []string{portaltest.Reasons}}
	if _, err := complains(t, w, w.Stranger, r.ID, own); err != nil {
		t.Fatal(err)
	}
	if text := says(); !strings.Contains(text, "Өз сөзім") {
		t.Errorf("what she wrote since is lost:\n%s", text)
	}
	w.Sound()
}

func TestAnotherPersonsReportIsNotComplainedOf(t *testing.T) {
	w := portaltest.World(t)
	r := registered(t, w, w.Stranger)
	w.At = r.DueAt.Add(time.Minute)
	for _, a := range []*portaltest.Actor{w.Aigul, w.Daniyar, w.Gulnar, w.Actor("zhandos")} {
		if _, err := complains(t, w, a, r.ID, filing.NewFiling{}); !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", a.Word, err)
		}
	}
	w.Want(t, `SELECT count(*) FROM filing WHERE report IS NOT NULL`, `
		count
		0`)
}

// A draft is signed as it was printed: between the two the report was registered after all.
func TestAComplaintThatHasNothingToContestAnyMoreIsNotFiled(t *testing.T) {
	w := portaltest.World(t)
	r := registered(t, w, w.Stranger)
	w.At = r.DueAt.Add(time.Minute)
	id, err := complains(t, w, w.Stranger, r.ID, filing.NewFiling{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`UPDATE report SET status = 'erdr', decided_at = $2 WHERE id = $1`, r.ID, w.At); err != nil {
		t.Fatal(err)
	}
	if err := sends(t, w, w.Stranger, id); !errors.Is(err, fault.Conflict) {
		t.Errorf("%v", err)
	}
	w.Want(t, `SELECT status FROM filing WHERE report IS NOT NULL`, `
		status
		draft`)
	if _, doc, err := filing.Document(as(t, w, w.Stranger), w.App, w.Stranger.Asks(policy.FilingDocument), id); err != nil || doc.Signed() || doc.Kind != document.Complaint {
		t.Errorf("%v", err)
	}
}

// refuse has a report that was not entered into the register of investigations.
func refuse(t *testing.T, w *portaltest.W, id uuid.UUID) {
	t.Helper()
	if _, err := w.SQL.Exec(`UPDATE report SET status = 'refused', decided_at = $2 WHERE id = $1`, id, w.At); err != nil {
		t.Fatal(err)
	}
}
