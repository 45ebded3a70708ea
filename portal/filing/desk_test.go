package filing_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// as is a transaction of the pool that serves people, behind both fences.
func as(t *testing.T, w *portaltest.W, a *portaltest.Actor) context.Context {
	t.Helper()
	return a.As(t.Context())
}

// explained is why somebody of the tests hands a filing on.
const explained = "Шағым менің әрекетіме қатысты, ноутбук 20 қазанда алынған."

func handOn(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID, n filing.NewForward) error {
	t.Helper()
	ctx := as(t, w, a)
	n.Words, n.Language = explained, "kk"
	if err := filing.DraftForward(ctx, w.App, w.Press, a.Asks(policy.ForwardDraft), id, n); err != nil {
		return err
	}
	_, _, doc, err := filing.ForwardDraft(ctx, w.App, a.Asks(policy.ForwardCheck), id)
	if err != nil {
		return err
	}
	return filing.HandOn(ctx, w.App, w.Verifier, a.Asks(policy.FilingForward), id, w.SignedBy(a, doc.Content), doc.Digest)
}

const longer = "Шағымды тексеру үшін банктен мәлімет талап ету қажет."

func extend(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	ctx := as(t, w, a)
	if err := filing.DraftExtension(ctx, w.App, w.Press, a.Asks(policy.ExtensionDraft), id, filing.NewExtension{Reason: longer, Language: "kk"}); err != nil {
		return err
	}
	_, _, doc, err := filing.ExtensionDraft(ctx, w.App, a.Asks(policy.ExtensionCheck), id)
	if err != nil {
		return err
	}
	return filing.Extend(ctx, w.App, w.Verifier, a.Asks(policy.FilingExtend), id, w.SignedBy(a, doc.Content), doc.Digest)
}

func reply(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID, replies ...string) error {
	t.Helper()
	ctx := as(t, w, a)
	if err := filing.DraftReply(ctx, w.App, w.Press, a.Asks(policy.ReplyDraft), id, replies, "kk"); err != nil {
		return err
	}
	_, _, doc, err := filing.ReplyDraft(ctx, w.App, a.Asks(policy.ReplyCheck), id)
	if err != nil {
		return err
	}
	return filing.Reply(ctx, w.App, w.Verifier, a.Asks(policy.FilingReply), id, w.SignedBy(a, doc.Content), doc.Digest)
}

// decide has an official answer behind both fences.
func decide(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID, n filing.NewAnswer) error {
	t.Helper()
	ctx := as(t, w, a)
	if err := filing.DraftAnswer(ctx, w.App, w.Press, a.Asks(policy.AnswerDraft), id, n); err != nil {
		return err
	}
	_, said, doc, err := filing.AnswerDraft(ctx, w.App, a.Asks(policy.AnswerCheck), id)
	if err != nil {
		return err
	}
	return filing.Decide(ctx, w.App, w.Verifier, a.Asks(said.Outcome.Act()), id, w.SignedBy(a, doc.Content), doc.Digest)
}

func with(n filing.NewAnswer, r filing.Remedy) filing.NewAnswer { n.Remedy = r; return n }

// filed has somebody file what n says.
func filed(t *testing.T, w *portaltest.W, a *portaltest.Actor, n filing.NewFiling) uuid.UUID {
	t.Helper()
	id := w.Draft(a, w.Theft, n)
	if err := w.Submit(a, id); err != nil {
		t.Fatal(err)
	}
	return id
}

func finds(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) (filing.Filing, error) {
	t.Helper()
	return filing.Read(as(t, w, a), w.App, a.Asks(policy.FilingRead), id)
}

func TestWhatCameToTheWrongOneIsHandedOnAndItsClockRunsOn(t *testing.T) {
	w := portaltest.World(t)
	id := filed(t, w, w.Aigul, filing.NewFiling{Kind: policy.FilingComplaintHead, Ground: "other", What: guide.Deed})
	w.Want(t, `SELECT decider, seat, due_at FROM filing`, "decider | seat | due_at\nmarat | head | 2026-10-30 00:00:00")
	w.At = almaty("2026-10-23 10:00")
	if err := filing.Step(as(t, w, w.Marat), w.App, w.Marat.Asks(policy.FilingConsider), id); err != nil {
		t.Fatal(err)
	}
	for _, other := range []*portaltest.Actor{w.Aigul, w.Serik, w.Gulnar, w.Daniyar, w.Stranger, w.Aliya} {
		if err := handOn(t, w, other, id, filing.NewForward{}); err == nil {
			t.Errorf("%s hands it on", other.Word)
		}
	}
	w.At = almaty("2026-10-23 11:00")
	if err := handOn(t, w, w.Marat, id, filing.NewForward{Himself: true}); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status, decider, seat, considered_at IS NULL AS anew, due_raw, due_at, complained FROM filing`, `
		status | decider | seat  | anew | due_raw             | due_at              | complained
		filed  | gulnar  | chief | true | 2026-10-30 00:00:00 | 2026-10-30 00:00:00 | marat`)
	w.Want(t, `SELECT who, act, law FROM record WHERE act IN ('filing-forward', 'forward-draft') ORDER BY seq`, `
		who   | act            | law
		marat | forward-draft  | CPC 105(1)
		marat | filing-forward | CPC 105(1)`)
	_, err := finds(t, w, w.Marat, id)
	wantKind(t, "he whom it concerns finds it", fault.NotFound, err)
	f, err := finds(t, w, w.Aigul, id)
	if err != nil {
		t.Fatal(err)
	}
	told, err := filing.Forwards(as(t, w, w.Aigul), w.App, f)
	if err != nil || len(told) != 1 || told[0].Words != explained || told[0].To.Name != w.Gulnar.FullName() || told[0].Name != w.Marat.FullName() {
		t.Errorf("its author is told %+v, %v", told, err)
	}
	_, paper, err := filing.ForwardPaper(as(t, w, w.Aigul), w.App, w.Aigul.Asks(policy.ForwardPaper), id, told[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, phrase := range []string{explained, "2026 жылғы 29 қазан", w.Gulnar.FullName(), "104-бабы"} {
		if text := portaltest.PDFText(t, paper.Content); !strings.Contains(text, phrase) {
			t.Errorf("the paper does not say %q:\n%s", phrase, text)
		}
	}
	if err := decide(t, w, w.Gulnar, id, with(portaltest.Said(filing.Granted, 1), filing.RemedyInstruct)); err != nil {
		t.Error(err)
	}
	w.Sound()
}

// A petition that an investigator should not decide goes to whom he chooses of those
// that are open, and no further than them.
func TestWhoeverHandsOnChoosesOfThoseWhoMayDecide(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	f, err := finds(t, w, w.Daniyar, id)
	if err != nil {
		t.Fatal(err)
	}
	all, err := f.Onward(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.ForwardNew), false)
	if err != nil || len(all) == 0 || all[0].Official.ID != w.Zhanar.Person {
		t.Fatalf("open are %+v, %v", all, err)
	}
	wantKind(t, "to a judge", fault.Invalid, handOn(t, w, w.Daniyar, id, filing.NewForward{To: guide.Appeal}))
	if err := handOn(t, w, w.Daniyar, id, filing.NewForward{To: guide.Prosecutor}); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT decider, seat, status FROM filing`, "decider | seat | status\nzhanar | prosecutor | filed")
	wantKind(t, "once more", fault.NotFound, handOn(t, w, w.Daniyar, id, filing.NewForward{}))
	w.Sound()
}

// Handed over with a case, a filing may come to the very one it is about: he reads it,
// hands it on, and decides nothing.
func TestWhomItConcernsHandsOnAndNeverDecides(t *testing.T) {
	w := portaltest.World(t)
	id := filed(t, w, w.Aigul, filing.NewFiling{Kind: policy.FilingComplaintHead, Ground: "other", What: guide.Deed})
	if _, err := w.SQL.Exec(`UPDATE filing SET interested = array_append(interested, decider) WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	inbox, err := filing.Inbox(as(t, w, w.Marat), w.App, w.Marat.Asks(policy.UnitRead), uuid.Nil)
	if err != nil || len(inbox.Filings) != 1 {
		t.Errorf("he has %d on his list, %v", len(inbox.Filings), err)
	}
	wantKind(t, "he decides", fault.Forbidden, decide(t, w, w.Marat, id, portaltest.Said(filing.Refused, 1)))
	wantKind(t, "he takes it up", fault.Forbidden, filing.Step(as(t, w, w.Marat), w.App, w.Marat.Asks(policy.FilingConsider), id))
	wantKind(t, "he makes it longer", fault.Forbidden, extend(t, w, w.Marat, id))
	wantKind(t, "he asks for additions", fault.Forbidden, filing.AskToAdd(as(t, w, w.Marat), w.App, w.Marat.Asks(policy.FilingAsk), id, []string{"Қолхат"}))
	if err := handOn(t, w, w.Marat, id, filing.NewForward{}); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT decider FROM filing`, "decider\ngulnar")
	w.Sound()
}

// The judge, and the chief of the office above, are nothing else to the case: by way
// of the filing they find whom it is from and open the decision it is about.
func TestWhoMustDecideOpensTheDisputedDecisionWhileHeMust(t *testing.T) {
	for _, row := range []struct {
		name   string
		kind   policy.FilingKind
		by     func(w *portaltest.W) *portaltest.Actor
		remedy filing.Remedy
	}{
		{"the investigating judge", policy.FilingComplaintCourt, func(w *portaltest.W) *portaltest.Actor { return w.Aliya }, filing.RemedyCancel},
		{"the chief of the supervising office", policy.FilingComplaintProsecutor, func(w *portaltest.W) *portaltest.Actor { return w.Gulnar }, filing.RemedyChange},
		{"the head", policy.FilingComplaintHead, func(w *portaltest.W) *portaltest.Actor { return w.Marat }, filing.RemedyAsk},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := portaltest.World(t)
			judge := row.by(w)
			id := filed(t, w, w.Aigul, filing.NewFiling{Kind: row.kind, Ground: "other", What: guide.Decision, About: w.Decision("expertise-done")})
			inbox, err := filing.Inbox(as(t, w, judge), w.App, judge.Asks(policy.ChamberRead), uuid.Nil)
			if row.kind == policy.FilingComplaintCourt && (err != nil || len(inbox.Filings) != 1 || inbox.Filings[0].AboutKind != "expertise-done" || inbox.Filings[0].Role != policy.Victim || inbox.Filings[0].AuthorName != w.Aigul.FullName()) {
				t.Errorf("the list is %+v, %v", inbox, err)
			}
			look := func(a *portaltest.Actor) (document.Document, error) {
				_, doc, err := filing.DisputedDecision(as(t, w, a), w.App, a.Asks(policy.FilingDisputed), id)
				return doc, err
			}
			doc, err := look(judge)
			if err != nil || !doc.Signed() || doc.Kind != document.Decision {
				t.Fatalf("he opens %+v, %v", doc.Kind, err)
			}
			for _, other := range []*portaltest.Actor{w.Stranger, w.Kanat, w.Serik, w.Samat} {
				if _, err := look(other); !errors.Is(err, fault.NotFound) {
					t.Errorf("%s: %v", other.Word, err)
				}
			}
			w.Want(t, `SELECT person, object, standing, reason FROM opening WHERE object = 'decision'`, `
				person         | object   | standing | reason
				`+judge.Word+` | decision | decider  | answer`)
			if err := decide(t, w, judge, id, with(portaltest.Said(filing.Granted, 1), row.remedy)); err != nil {
				t.Fatal(err)
			}
			_, err = look(judge)
			wantKind(t, "when he has decided", fault.NotFound, err)
			if row.kind == policy.FilingComplaintCourt {
				n := 0
				err := w.App.Within(as(t, w, judge), func(tx *vault.DB) error {
					return tx.Get(as(t, w, judge), &n, `SELECT count(*) FROM decision`)
				})
				if err != nil || n != 0 {
					t.Errorf("he still sees %d decisions, %v", n, err)
				}
			}
			w.Sound()
		})
	}
}

func TestAComplaintIsMadeLongerOnceBeforeItsTermEnds(t *testing.T) {
	w := portaltest.World(t)
	id := filed(t, w, w.Aigul, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: "other", What: guide.Deed})
	petition := w.Petition(w.Serik, w.Theft)
	court := filed(t, w, w.Aigul, filing.NewFiling{Kind: policy.FilingComplaintCourt, What: guide.Deed})
	w.At = almaty("2026-10-26 10:00")
	wantKind(t, "a petition", fault.Conflict, extend(t, w, w.Daniyar, petition))
	wantKind(t, "a complaint to the judge", fault.Conflict, extend(t, w, w.Aliya, court))
	wantKind(t, "by a prosecutor who decides no complaints", fault.Forbidden, extend(t, w, w.Zhanar, id))
	if err := extend(t, w, w.Gulnar, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status, term, due_raw, due_at FROM filing WHERE id = '`+id.String()+`'`, `
		status | term               | due_raw             | due_at
		filed  | complaint-extended | 2026-11-07 00:00:00 | 2026-11-07 00:00:00`)
	w.Want(t, `SELECT was_term, was_due, due_at, signed_at FROM extension`, `
		was_term         | was_due             | due_at              | signed_at
		complaint-answer | 2026-10-30 00:00:00 | 2026-11-07 00:00:00 | 2026-10-26 10:00:00`)
	w.Want(t, `SELECT run_at FROM job WHERE args->>'filing' = '`+id.String()+`' ORDER BY run_at`, "run_at\n2026-10-30 00:00:00\n2026-11-07 00:00:00")
	wantKind(t, "a second time", fault.Conflict, extend(t, w, w.Gulnar, id))
	late := func(clock string) {
		if err := filing.MarkOverdue(t.Context(), w.DB.DB, id, almaty(clock)); err != nil {
			t.Fatal(err)
		}
	}
	late("2026-10-30 00:00")
	w.Want(t, `SELECT count(*) FROM record WHERE act = 'filing-overdue'`, "count\n0")
	f, err := finds(t, w, w.Aigul, id)
	if err != nil {
		t.Fatal(err)
	}
	e, err := filing.ExtensionOf(as(t, w, w.Aigul), w.App, f)
	if err != nil || e.Reason != longer {
		t.Errorf("its author is told %+v, %v", e, err)
	}
	if _, doc, err := filing.ExtensionPaper(as(t, w, w.Aigul), w.App, w.Aigul.Asks(policy.ExtensionPaper), id); err != nil || !strings.Contains(portaltest.PDFText(t, doc.Content), longer) {
		t.Errorf("the notice: %v", err)
	}
	_, _, err = filing.ExtensionPaper(as(t, w, w.Serik), w.App, w.Serik.Asks(policy.ExtensionPaper), id)
	wantKind(t, "another", fault.NotFound, err)
	late("2026-11-07 00:00")
	w.Want(t, `SELECT count(*) FROM record WHERE act = 'filing-overdue'`, "count\n1")

	second := filed(t, w, w.Aigul, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: "search", What: guide.Deed})
	w.At = almaty("2026-10-30 00:01") // the short term of three сутки from 26 October is over
	wantKind(t, "when it has ended", fault.Conflict, extend(t, w, w.Gulnar, second))
	w.Sound()
}

func TestAnAuthorIsAskedToAddAndTheClockRunsOn(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	asked := []string{"Ноутбукті сатып алғаны туралы түбіртек", "Сериялық нөмірі"}
	wantKind(t, "nothing asked", fault.Invalid, filing.AskToAdd(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingAsk), id, nil))
	wantKind(t, "a stranger", fault.NotFound, filing.AskToAdd(as(t, w, w.Ermek), w.App, w.Ermek.Asks(policy.FilingAsk), id, asked))
	wantKind(t, "a reply nobody asked for", fault.Conflict, reply(t, w, w.Aigul, id, "Түбіртек менде", "Нөмірі A12-77"))
	if err := filing.AskToAdd(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingAsk), id, asked); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status, due_at, term FROM filing`, "status | due_at | term\nwaiting | 2026-10-28 00:00:00 | petition-answer")
	wantKind(t, "asked twice at once", fault.Conflict, filing.AskToAdd(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingAsk), id, asked))
	w.At = almaty("2026-10-23 09:00")
	wantKind(t, "a point left out", fault.Invalid, reply(t, w, w.Aigul, id, "Түбіртек менде", ""))
	wantKind(t, "another's reply", fault.NotFound, reply(t, w, w.Serik, id, "Түбіртек менде", "Нөмірі A12-77"))
	if err := filing.DraftReply(as(t, w, w.Aigul), w.App, w.Press, w.Aigul.Asks(policy.ReplyDraft), id, []string{"Түбіртек жоқ", "Нөмірі A12-70"}, "kk"); err != nil {
		t.Fatal(err)
	}
	f, err := finds(t, w, w.Daniyar, id)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := filing.Additions(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingRead), f)
	if err != nil || len(seen) != 1 || seen[0].Points[0].Reply != "" || seen[0].Points[1].Asked != asked[1] {
		t.Errorf("before it is signed he sees %+v, %v", seen, err)
	}
	if err := reply(t, w, w.Aigul, id, "Түбіртек менде", "Нөмірі A12-77"); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT f.status, f.considered_at, f.due_at, s.kind, s.n, s.signed_at, a.answered_at FROM filing f JOIN addition a ON a.filing = f.id JOIN supplement s ON s.id = a.supplement`, `
		status     | considered_at       | due_at              | kind  | n | signed_at           | answered_at
		considered | 2026-10-23 09:00:00 | 2026-10-28 00:00:00 | asked | 1 | 2026-10-23 09:00:00 | 2026-10-23 09:00:00`)
	seen, err = filing.Additions(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingRead), f)
	if err != nil || seen[0].Points[1].Reply != "Нөмірі A12-77" {
		t.Errorf("he reads %+v, %v", seen, err)
	}
	if _, doc, err := filing.ReplyPaper(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.ReplyPaper), id, seen[0].ID); err != nil || !strings.Contains(strings.Join(strings.Fields(portaltest.PDFText(t, doc.Content)), " "), "A12-77") {
		t.Errorf("its paper: %v\n%s", err, portaltest.PDFText(t, doc.Content))
	}
	// He asks again, and decides without waiting.
	if err := filing.AskToAdd(as(t, w, w.Daniyar), w.App, w.Daniyar.Asks(policy.FilingAsk), id, asked[:1]); err != nil {
		t.Fatal(err)
	}
	if err := decide(t, w, w.Daniyar, id, portaltest.Said(filing.Granted, 1)); err != nil {
		t.Error(err)
	}
	w.Want(t, `SELECT count(*) FROM document WHERE signed_at IS NULL`, "count\n0")
	w.Sound()
}

// A head cannot cancel a ruling: he asks the prosecutor, whose list says so until he
// has answered (CPC 105(3)).
func TestAHeadAsksTheProsecutorToCancelARuling(t *testing.T) {
	w := portaltest.World(t)
	id := filed(t, w, w.Aigul, filing.NewFiling{Kind: policy.FilingComplaintHead, Ground: "other", What: guide.Decision, About: w.Decision("expertise-done")})
	granted := portaltest.Said(filing.Granted, 1)
	for what, n := range map[string]filing.NewAnswer{
		"no remedy": granted, "he cancels himself": with(granted, filing.RemedyCancel), "a refusal with a remedy": with(portaltest.Said(filing.Refused, 1), filing.RemedyAsk),
	} {
		wantKind(t, what, fault.Invalid, decide(t, w, w.Marat, id, n))
	}
	list := func(a *portaltest.Actor, act policy.Act) int {
		all, err := filing.ToCancel(as(t, w, a), w.App, a.Asks(act))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n := list(w.Zhanar, policy.OversightRead); n != 0 {
		t.Errorf("before he asks there are %d", n)
	}
	if err := decide(t, w, w.Marat, id, with(granted, filing.RemedyAsk)); err != nil {
		t.Fatal(err)
	}
	if list(w.Zhanar, policy.OversightRead) != 1 || list(w.Gulnar, policy.OfficeRead) != 1 || list(w.Marat, policy.UnitRead) != 0 {
		t.Error("the request is not on the lists of the prosecutor and her chief, or on another's")
	}
	_, doc, err := filing.AnswerDocument(as(t, w, w.Aigul), w.App, w.Aigul.Asks(policy.AnswerDocument), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, phrase := range []string{"ШАҒЫМ БОЙЫНША ШЕШІМ", "105-бабының 3-бөлігі", "4-тарауында", "2026 жылғы 6 қараша"} {
		if text := strings.Join(strings.Fields(portaltest.PDFText(t, doc.Content)), " "); !strings.Contains(text, phrase) {
			t.Errorf("the decision does not say %q:\n%s", phrase, text)
		}
	}
	settle := func(a *portaltest.Actor) error {
		return filing.SettleCancelling(as(t, w, a), w.App, a.Asks(policy.CancellationSettle), id, true, portaltest.Reasons)
	}
	for _, other := range []*portaltest.Actor{w.Marat, w.Aigul} {
		wantKind(t, other.Word+" settles it", fault.Forbidden, settle(other))
	}
	if err := settle(w.Zhanar); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "twice", fault.Conflict, settle(w.Gulnar))
	if n := list(w.Zhanar, policy.OversightRead); n != 0 {
		t.Errorf("%d are left", n)
	}
	f, err := finds(t, w, w.Aigul, id)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := filing.CancellingOf(as(t, w, w.Aigul), w.App, f); err != nil || !k.Settled || !k.Cancelled || k.Words != portaltest.Reasons {
		t.Errorf("its author reads %+v, %v", k, err)
	}
	w.Sound()
}

func TestNoAnswerWithAPointLeftOutIsEverRegistered(t *testing.T) {
	w := portaltest.World(t)
	id := filed(t, w, w.Aigul, filing.NewFiling{Kind: policy.FilingPetition, Points: []string{portaltest.Request, "Экспертизаға сұрақ қосуыңызды сұраймын."}})
	wantKind(t, "one of two", fault.Invalid, decide(t, w, w.Daniyar, id, portaltest.Said(filing.Granted, 1)))
	wantKind(t, "an empty one", fault.Invalid, decide(t, w, w.Daniyar, id, filing.NewAnswer{
		Points: []filing.Resolution{{Outcome: filing.Granted}, {}}, Reasons: portaltest.Reasons, Language: "kk",
	}))
	if err := filing.DraftAnswer(as(t, w, w.Daniyar), w.App, w.Press, w.Daniyar.Asks(policy.AnswerDraft), id, portaltest.Said(filing.Granted, 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`DELETE FROM resolution WHERE point = (SELECT id FROM point WHERE filing = $1 AND n = 2)`, id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`UPDATE answer SET signed_at = now() WHERE filing = $1`, id); !database.Violates(err, "answer_is_whole") {
		t.Errorf("the database takes it: %v", err)
	}
	w.Want(t, `SELECT status FROM filing`, "status\nfiled")
	w.Sound()
}

func TestTheMovesAreThoseOfTheGoldenDiagram(t *testing.T) {
	golden, got := "testdata/moves.golden", filing.Moves()
	if os.Getenv("UPDATE_MOVES") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("the diagram is not that of %s (%v):\n%s", golden, err, got)
	}
}

// Whoever agreed with a ruling does not say whether it stands.
func TestWhoeverAgreedWithARulingIsNotAskedToCancelIt(t *testing.T) {
	w := portaltest.World(t)
	id := filed(t, w, w.Serik, filing.NewFiling{Kind: policy.FilingComplaintHead, Ground: "suspect", What: guide.Decision, About: w.Decision("suspect-recognised")})
	if err := decide(t, w, w.Marat, id, with(portaltest.Said(filing.Granted, 1), filing.RemedyAsk)); err != nil {
		t.Fatal(err)
	}
	settle := func(a *portaltest.Actor) error {
		return filing.SettleCancelling(as(t, w, a), w.App, a.Asks(policy.CancellationSettle), id, true, portaltest.Reasons)
	}
	for _, one := range []struct {
		who  *portaltest.Actor
		act  policy.Act
		want int
	}{{w.Zhanar, policy.OversightRead, 0}, {w.Gulnar, policy.OfficeRead, 1}} {
		all, err := filing.ToCancel(as(t, w, one.who), w.App, one.who.Asks(one.act))
		if err != nil || len(all) != one.want {
			t.Errorf("%s is asked about %d: %v", one.who.Word, len(all), err)
		}
	}
	wantKind(t, "she agreed with it", fault.Forbidden, settle(w.Zhanar))
	if err := settle(w.Gulnar); err != nil {
		t.Fatal(err)
	}
	w.Sound()
}

// A reply that was begun and is awaited no more, since another has it, is in nobody's way:
// the author adds what he wants, or gives it up, and replies to the next one.
func TestAReplyThatNobodyAwaitsAnyMoreIsInNobodysWay(t *testing.T) {
	for _, then := range []string{"adds", "gives up", "is asked again"} {
		t.Run(then, func(t *testing.T) {
			w := portaltest.World(t)
			id := w.Complaint(w.Aigul, w.Theft, "other", "")
			asks := func(a *portaltest.Actor) {
				t.Helper()
				if err := filing.AskToAdd(as(t, w, a), w.App, a.Asks(policy.FilingAsk), id, []string{"Түбіртек"}); err != nil {
					t.Fatal(err)
				}
			}
			asks(w.Gulnar)
			if err := filing.DraftReply(as(t, w, w.Aigul), w.App, w.Press, w.Aigul.Asks(policy.ReplyDraft), id, []string{"Түбіртек менде сақталған"}, "kk"); err != nil {
				t.Fatal(err)
			}
			if err := handOn(t, w, w.Gulnar, id, filing.NewForward{To: guide.Higher, Himself: true}); err != nil {
				t.Fatal(err)
			}
			w.At = w.At.Add(time.Minute)
			switch then {
			case "adds":
				if err := adds(t, w, w.Aigul, id, filing.NewSupplement{Kind: filing.Added, Text: more}); err != nil {
					t.Error(err)
				}
			case "gives up":
				if err := filing.DiscardSupplement(as(t, w, w.Aigul), w.App, w.Aigul.Asks(policy.SupplementDiscard), id); err != nil {
					t.Error(err)
				}
			case "is asked again":
				asks(w.Samat)
				if err := reply(t, w, w.Aigul, id, "Түбіртекті тергеушіге бердім"); err != nil {
					t.Error(err)
				}
				w.Want(t, `SELECT a.answered_at IS NOT NULL AS answered, s.n FROM addition a LEFT JOIN supplement s ON s.id = a.supplement ORDER BY a.asked_at`, `
					answered | n
					false    |
					true     | 1`)
			}
			w.Want(t, `SELECT count(*) FROM supplement WHERE signed_at IS NULL`, "count\n0")
			w.Want(t, `SELECT count(*) FROM document WHERE kind = 'supplement' AND signed_at IS NULL`, "count\n0")
			w.Sound()
		})
	}
}
