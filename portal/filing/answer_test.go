package filing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

func TestAPetitionIsTakenUpAnsweredAndRead(t *testing.T) {
	for outcome, words := range map[filing.Status]string{filing.Granted: "granted", filing.GrantedPart: "granted-part", filing.Refused: "refused"} {
		t.Run(words, func(t *testing.T) {
			w := portaltest.World(t)
			id := w.Petition(w.Aigul, w.Theft)
			w.At = almaty("2026-10-23 10:00")
			if err := filing.Step(t.Context(), w.DB, w.Daniyar.Asks(policy.FilingConsider), id); err != nil {
				t.Fatal(err)
			}
			w.At = almaty("2026-10-27 17:40")
			w.Answer(w.Daniyar, id, outcome)
			w.At = almaty("2026-10-28 09:15")
			f, doc, err := filing.AnswerDocument(t.Context(), w.DB, w.Aigul.Asks(policy.AnswerDocument), id)
			if err != nil {
				t.Fatal(err)
			}
			for _, phrase := range []string{portaltest.Reasons, portaltest.Request, f.Number, w.Aigul.FullName(), w.Daniyar.FullName()} {
				if text := portaltest.PDFText(t, doc.Content); !strings.Contains(text, phrase) {
					t.Errorf("the answer does not say %q:\n%s", phrase, text)
				}
			}
			w.Want(t, `SELECT status, considered_at, ended_at, outcome, signed_at, read_at FROM filing JOIN answer ON filing = id`, `
				status       | considered_at       | ended_at            | outcome      | signed_at           | read_at
				`+words+`    | 2026-10-23 10:00:00 | 2026-10-27 17:40:00 | `+words+`    | 2026-10-27 17:40:00 | 2026-10-28 09:15:00`)
			w.Want(t, `SELECT who, act FROM record WHERE object_id = '`+id.String()+`' ORDER BY seq`, `
				who     | act
				aigul   | filing-create
				aigul   | filing-submit
				daniyar | filing-consider
				daniyar | answer-draft
				daniyar | `+string(outcome.Act())+`
				aigul   | answer-document`)
			w.Sound()
		})
	}
}

func TestTheTermForTheCourtRunsFromTheFirstReading(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Serik, w.Theft)
	w.Answer(w.Daniyar, id, filing.Refused)
	f, err := filing.Read(t.Context(), w.DB, w.Serik.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	before, err := filing.AnswerOf(t.Context(), w.DB, f)
	if err != nil || !before.ReadAt.IsZero() || !f.OnwardTerms(before.ReadAt, nil, w.At)[0].Due.IsZero() {
		t.Errorf("before he read it a term runs: %+v, %v", before, err)
	}
	readBy := func(a *portaltest.Actor) {
		t.Helper()
		if _, _, err := filing.AnswerDocument(t.Context(), w.DB, a.Asks(policy.AnswerDocument), id); err != nil {
			t.Fatalf("%s: %v", a.Word, err)
		}
	}
	w.Explain(w.Zhanar, w.Theft)
	readBy(w.Dana) // a defender reads it; the term is the filer's
	readBy(w.Zhanar)
	w.At = almaty("2026-10-30 09:00")
	readBy(w.Serik)
	w.At = almaty("2026-11-09 09:00")
	readBy(w.Serik)
	after, err := filing.AnswerOf(t.Context(), w.DB, f)
	if err != nil {
		t.Fatal(err)
	}
	// 15 days from 30 October end on Saturday 14 November; it moves to Monday.
	if last := deadline.LastDay(f.OnwardTerms(after.ReadAt, nil, w.At)[0].Due).Format(time.DateOnly); last != "2026-11-16" {
		t.Errorf("the last day is %s", last)
	}
	w.Sound()
}

func TestWhatWasWithdrawnIsNotAnswered(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	answer := portaltest.Said(filing.Refused, 1)
	if err := filing.DraftAnswer(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.AnswerDraft), id, answer); err != nil {
		t.Fatal(err)
	}
	_, _, doc, err := filing.AnswerDraft(t.Context(), w.DB, w.Daniyar.Asks(policy.AnswerCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Withdraw(w.Aigul, id); err != nil {
		t.Fatal(err)
	}
	cms := w.SignedBy(w.Daniyar, doc.Content)
	wantKind(t, "deciding it", fault.Conflict, filing.Decide(t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(policy.FilingRefuse), id, cms, doc.Digest))
	wantKind(t, "drafting an answer", fault.Conflict, filing.DraftAnswer(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.AnswerDraft), id, answer))
	wantKind(t, "taking it up", fault.Conflict, filing.Step(t.Context(), w.DB, w.Daniyar.Asks(policy.FilingConsider), id))
	wantKind(t, "withdrawing it again", fault.Conflict, w.Withdraw(w.Aigul, id))
	_, _, err = filing.AnswerDocument(t.Context(), w.DB, w.Aigul.Asks(policy.AnswerDocument), id)
	wantKind(t, "reading the answer", fault.NotFound, err)
	w.Want(t, `SELECT status, ended_at FROM filing`, "status | ended_at\nwithdrawn | 2026-10-22 14:30:00")
	w.Sound()
}

func TestNobodyButTheOneWhoMustAnswers(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	answer := portaltest.Said(filing.Granted, 1)
	for _, other := range []struct {
		who  *portaltest.Actor
		kind fault.Kind
	}{{w.Aigul, fault.Forbidden}, {w.Zhanar, fault.Forbidden}, {w.Serik, fault.NotFound}, {w.Dana, fault.NotFound}, {w.Stranger, fault.NotFound}} {
		wantKind(t, other.who.Word+" takes it up", other.kind, filing.Step(t.Context(), w.DB, other.who.Asks(policy.FilingConsider), id))
		wantKind(t, other.who.Word+" drafts", other.kind, filing.DraftAnswer(t.Context(), w.DB, w.Press, other.who.Asks(policy.AnswerDraft), id, answer))
		_, _, _, err := filing.AnswerDraft(t.Context(), w.DB, other.who.Asks(policy.AnswerCheck), id)
		wantKind(t, other.who.Word+" looks at a draft", other.kind, err)
		wantKind(t, other.who.Word+" grants", other.kind, filing.Decide(t.Context(), w.DB, w.Verifier, other.who.Asks(policy.FilingGrant), id, nil, nil))
	}
	w.Want(t, `SELECT status, (SELECT count(*) FROM answer) AS answers FROM filing`, "status | answers\nfiled | 0")
	w.Sound()
}

func TestAnAnswerIsSignedByItsAuthorForTheOutcomeItStates(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	if err := filing.DraftAnswer(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.AnswerDraft), id,
		portaltest.Said(filing.Refused, 1)); err != nil {
		t.Fatal(err)
	}
	_, _, doc, err := filing.AnswerDraft(t.Context(), w.DB, w.Daniyar.Asks(policy.AnswerCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	decide := func(act policy.Act, key *portaltest.Actor, digest []byte) error {
		return filing.Decide(t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(act), id, w.SignedBy(key, doc.Content), digest)
	}
	wantKind(t, "granting by a paper that refuses", fault.Conflict, decide(policy.FilingGrant, w.Daniyar, doc.Digest))
	wantKind(t, "with the prosecutor's key", fault.Invalid, decide(policy.FilingRefuse, w.Zhanar, doc.Digest))
	wantKind(t, "a draft changed meanwhile", fault.Conflict, decide(policy.FilingRefuse, w.Daniyar, make([]byte, 32)))
	_, err = filing.AnswerOf(t.Context(), w.DB, mustRead(t, w, w.Aigul, id))
	wantKind(t, "the filer asks for what is not signed", fault.NotFound, err)
	if err := decide(policy.FilingRefuse, w.Daniyar, doc.Digest); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "a second time", fault.Conflict, decide(policy.FilingRefuse, w.Daniyar, doc.Digest))
	w.Want(t, `SELECT count(*) FROM record WHERE act = 'filing-refuse'`, "count\n1")
	w.Sound()
}

func mustRead(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) filing.Filing {
	t.Helper()
	f, err := filing.Read(t.Context(), w.DB, a.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestATermThatPassedIsMarkedOnceAndOnlyThen(t *testing.T) {
	w := portaltest.World(t)
	late, answered := w.Petition(w.Aigul, w.Theft), w.Petition(w.Aigul, w.Theft)
	w.Answer(w.Daniyar, answered, filing.Granted)
	for _, clock := range []string{"2026-10-27 23:59", "2026-10-28 00:00", "2026-10-28 00:00", "2026-11-02 09:00"} {
		for _, id := range []uuid.UUID{late, answered} {
			if err := filing.MarkOverdue(t.Context(), w.DB.DB, id, almaty(clock)); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Want(t, `SELECT number, status, overdue_at FROM filing ORDER BY number`, `
		number      | status  | overdue_at
		2026-000001 | filed   | 2026-10-28 00:00:00
		2026-000002 | granted |`)
	w.Want(t, `SELECT who, act, casefile, law, at FROM record WHERE act = 'filing-overdue'`, `
		who | act            | casefile | law    | at
		    | filing-overdue | theft    | CPC 99(4) | 2026-10-28 00:00:00`)
	if f := mustRead(t, w, w.Aigul, late); f.Overdue(almaty("2026-10-27 23:59")) || !f.Overdue(almaty("2026-10-28 00:00")) {
		t.Error("the last instant is on the wrong side")
	}
	// It is answered all the same: late is not never.
	w.At = almaty("2026-11-02 10:00")
	w.Answer(w.Daniyar, late, filing.Granted)
	w.Sound()
}

func TestTheButtonsAreTheMovesThatWouldSucceed(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	all := []policy.Act{policy.FilingSubmit, policy.FilingWithdraw, policy.FilingConsider, policy.FilingGrant, policy.FilingGrantPart, policy.FilingRefuse}
	offered := func(a *portaltest.Actor) string {
		f := mustRead(t, w, a, id)
		return a.Word + " | " + string(f.Status) + " | " + portaltest.Lines(f.Acts(a.Asks(policy.FilingRead), all...), func(act policy.Act) string { return string(act) + "," })
	}
	flat := func(s string) string { return strings.ReplaceAll(s, ",\n", ",") }
	portaltest.WantText(t, "offered", flat(offered(w.Aigul))+"\n"+flat(offered(w.Daniyar))+"\n"+flat(offered(w.Zhanar)), `
		aigul   | filed | filing-withdraw,
		daniyar | filed | filing-consider,filing-grant,filing-grant-part,filing-refuse,
		zhanar  | filed |`)
	w.Answer(w.Daniyar, id, filing.GrantedPart)
	portaltest.WantText(t, "offered after the answer", flat(offered(w.Aigul))+"\n"+flat(offered(w.Daniyar)), `
		aigul   | granted-part |
		daniyar | granted-part |`)
}
