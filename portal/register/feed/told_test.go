package feed_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/materials"
	"zharia/portal/notice"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
	"zharia/portal/report"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Why the register is not told of an act that people are told of.
const (
	talk    = "a word between two persons: what comes of it in the end is told"
	term    = "events say no terms"
	ruled   = "the ruling or the confirmation that it follows from is told"
	shown   = "who is shown what, and who looked, is an affair of this door"
	file    = "the file is read here: the exchange has no word for it"
	drafts  = "an advocate's own drafts"
	post    = "who is in which post the register says itself"
	himself = "a person's own affair"
)

// untold are such acts, each with the reason.
var untold = map[policy.Act]string{
	policy.MessageSend: talk, policy.PointDispute: talk, policy.CountObject: talk,
	policy.FilingRecount:    term,
	policy.FilingReseat:     post,
	policy.FilingHandOver:   post,
	policy.AttachmentScan:   "a file that was found bad changes nothing of what was filed",
	policy.SignatureConfirm: "it has the signature, and asks the authority itself",

	policy.ParticipantFollow: ruled, policy.ParticipantJoin: ruled, policy.ParticipantSever: ruled,

	policy.ExposureSign: shown, policy.ExposureEnd: shown, policy.RedactionSign: shown,
	policy.CaseUnseal: shown, policy.ObjectionFile: shown, policy.ObjectionAnswer: shown, policy.OpeningAlarm: shown,

	policy.FamiliarisationOpen: file, policy.FamiliarisationPostpone: file, policy.FamiliarisationEnd: file, policy.FamiliarisationPlead: file, policy.FamiliarisationClose: file, policy.RecordSign: file,

	policy.AssistantLet: drafts, policy.AssistantEnd: drafts, policy.ErrandGive: drafts, policy.ErrandHand: drafts, policy.ErrandTake: drafts,

	policy.AppointmentPropose: post, policy.AppointmentAgree: post, policy.AppointmentDecline: post, policy.AssignmentSign: post,
	policy.SubstitutionSign: post, policy.SubstitutionEnd: post, policy.SubstitutionExpire: post, policy.OfficerExpire: post,

	policy.ContactConfirm: himself, policy.ContactEnd: himself, policy.KeyNew: himself, policy.NoticeSilence: himself,
}

// Whatever changes anything of anybody, people are told of (portal/notice), so their table
// has all that the register may have to know.
func TestOfEachActThatPeopleAreToldOfTheRegisterIsToldOrThereIsAReason(t *testing.T) {
	for act := range notice.Table {
		if (feed.Kinds[act] != "") == (untold[act] != "") {
			t.Errorf("%s: told as %q, and not told because %q", act, feed.Kinds[act], untold[act])
		}
	}
	for act := range untold {
		if _, there := notice.Table[act]; !there {
			t.Errorf("%s: people are not told of it either", act)
		}
	}
}

// papers has every paper that an event names fetched and opened, and every copy that lies
// there named by an event: otherwise it would lie there for ever.
func (x *exchange) papers() map[string]int {
	x.t.Helper()
	x.tell()
	bodies, err := feed.Events(x.t.Context(), x.hand, 0, 0)
	if err != nil {
		x.t.Fatal(err)
	}
	seen := map[string]int{}
	for _, body := range bodies {
		e, err := feed.Parse([]byte(body))
		if err != nil {
			x.t.Fatal(err)
		}
		if e.Paper == nil {
			seen[string(e.Kind)+" "+e.Act]++
			continue
		}
		seen[string(e.Kind)+" "+e.Act+" "+e.Paper.Kind]++
		sealed, err := feed.ReadPaper(x.t.Context(), x.hand, "register", e.Paper.Document)
		if err != nil {
			x.t.Errorf("%s by %s: a %s that nobody can fetch: %v", e.Kind, e.Act, e.Paper.Kind, err)
			continue
		}
		if paper, err := x.register.Open(e.Paper.Document, sealed); err != nil || len(paper.PDF) != e.Paper.Size {
			x.t.Errorf("%s by %s: another paper was sealed: %v", e.Kind, e.Act, err)
		}
	}
	x.Want(x.t, `SELECT count(*) AS papers FROM event_paper p WHERE NOT EXISTS (SELECT FROM event e WHERE e.document = p.document)`, "papers\n0")
	return seen
}

// waits is a ruling of Daniyar's that waits for the prosecutor.
func (x *exchange) waits(concerns ...uuid.UUID) uuid.UUID {
	x.t.Helper()
	return x.rules(casefile.DecisionDraft{Kind: "suspect-recognised", Concerns: concerns})
}

func (x *exchange) rules(draft casefile.DecisionDraft) uuid.UUID {
	x.t.Helper()
	id := uuid.Must(uuid.NewV7())
	draft.DecidedOn, draft.Language = time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC), "kk"
	if draft.Upload == nil {
		draft.Established, draft.Resolved = portaltest.Reasons, portaltest.Reasons
	}
	if err := casefile.DraftDecision(x.t.Context(), x.W.DB, x.Press, x.Daniyar.Asks(policy.DecisionDraft), x.Theft, id, draft); err != nil {
		x.t.Fatal(err)
	}
	if err := x.Publish(x.Daniyar, id); err != nil {
		x.t.Fatal(err)
	}
	return id
}

// asksBack has Dana ask that a filing for Serik be taken back, and Serik say what he thinks.
func (x *exchange) asksBack(id uuid.UUID, act policy.Act) {
	x.t.Helper()
	ctx := x.t.Context()
	if err := filing.DraftWithdrawal(ctx, x.W.DB, x.Press, x.Dana.Asks(policy.WithdrawalDraft), id, "kk"); err != nil {
		x.t.Fatal(err)
	}
	_, doc, err := filing.WithdrawalOf(ctx, x.W.DB, x.Dana.Asks(policy.WithdrawalCheck), id)
	if err != nil {
		x.t.Fatal(err)
	}
	if err := filing.Withdraw(ctx, x.W.DB, x.Verifier, x.Dana.Asks(policy.WithdrawalAsk), id, x.SignedBy(x.Dana, doc.Content), doc.Digest); err != nil {
		x.t.Fatal(err)
	}
	if err := filing.DraftConsent(ctx, x.W.DB, x.Press, x.Serik.Asks(policy.ConsentDraft), id, act == policy.WithdrawalConsent, "kk"); err != nil {
		x.t.Fatal(err)
	}
	if _, _, doc, err = filing.ConsentOf(ctx, x.W.DB, x.Serik.Asks(policy.ConsentCheck), id); err != nil {
		x.t.Fatal(err)
	}
	if err := filing.Consent(ctx, x.W.DB, x.Verifier, x.Serik.Asks(act), id, x.SignedBy(x.Serik, doc.Content), doc.Digest); err != nil {
		x.t.Fatal(err)
	}
}

func (x *exchange) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func TestEachPaperThatAnEventNamesLiesThereToBeFetched(t *testing.T) {
	x := open(t)
	day := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)
	id := uuid.Must(uuid.NewV7())
	x.must(x.Add(x.Daniyar, x.Theft, id, x.Timur, casefile.Grant{Role: policy.Suspect, Basis: "urgent-questioning", Since: day}))
	x.must(x.Decline(x.Zhanar, x.waits(id)))
	x.must(x.Agree(x.Zhanar, x.waits(x.Participant("serik@theft"))))
	x.rules(casefile.DecisionDraft{Kind: "expertise-set"})
	x.rules(casefile.DecisionDraft{Kind: "expertise-set", Upload: x.PDF("Қаулы")})
	x.must(x.Change(x.Daniyar, x.Participant("serik@theft"), uuid.Must(uuid.NewV7()), casefile.Grant{Role: policy.Accused, Basis: "indictment", Since: day}))
	x.must(x.End(x.Daniyar, x.Participant("aigul@theft")))
	for _, act := range []policy.Act{policy.WithdrawalDecline, policy.WithdrawalConsent} {
		x.asksBack(x.Petition(x.Dana, x.Theft), act)
	}
	x.Answer(x.Daniyar, x.Petition(x.Dana, x.Theft), filing.Granted)
	x.decided(x.taken())
	x.decided(x.Report(x.Stranger, x.Story()))
	want := map[string]int{
		"participant.confirmed participant-confirm confirmation": 2,
		"participant.ended participant-lapse":                    1,
		"participant.ended participant-replace":                  1,
		"participant.ended participant-end ending":               1,
		"decision.submitted decision-submit decision":            2,
		"decision.declined decision-decline dissent":             1,
		"decision.published decision-agree assent":               1,
		"decision.published decision-publish decision":           2,
		"filing.filed filing-submit petition":                    3,
		"filing.withdrawal-asked withdrawal-ask withdrawal":      2,
		"filing.withdrawal-declined withdrawal-decline dissent":  1,
		"filing.withdrawn withdrawal-consent assent":             1,
		"filing.answered filing-grant answer":                    1,
		"report.registered entry-submit report-taken":            1,
		"report.registered report-submit report":                 1,
		"report.registered book-receive":                         2,
		"report.decided book-decide report-decision":             2,
	}
	got := x.papers()
	for line, n := range want {
		if got[line] != n {
			t.Errorf("%s: told %d times, not %d", line, got[line], n)
		}
	}
	for line, n := range got {
		if want[line] == 0 {
			t.Errorf("%s: told %d times", line, n)
		}
	}
	// Each copy goes once its time is over.
	for x.send() > 0 {
	}
	x.must(feed.DropPapers(t.Context(), x.hand, x.At.Add(feed.PaperLife+time.Hour)))
	x.Want(t, `SELECT count(*) AS papers FROM event_paper`, "papers\n0")
	x.Sound()
}

// taken is a report that the registrar took down at his desk.
func (x *exchange) taken() uuid.UUID {
	x.t.Helper()
	id, zhandos, said := uuid.Must(uuid.NewV7()), x.Actor("zhandos"), x.Story()
	said.Applicant = x.Stranger.FullName()
	x.must(report.TakeDown(x.t.Context(), x.W.DB, x.Press, zhandos.Asks(policy.EntryDraft), id, report.Oral, "kk", said, true))
	_, _, doc, err := report.ReadTaken(x.t.Context(), x.W.DB, zhandos.Asks(policy.EntryCheck), id)
	x.must(err)
	x.must(report.SubmitTaken(x.t.Context(), x.W.DB, x.Verifier, zhandos.Asks(policy.EntrySubmit), id, x.SignedBy(zhandos, doc.Content), doc.Digest))
	return id
}

// decided has the registrar's body hand a report on to another.
func (x *exchange) decided(id uuid.UUID) {
	x.t.Helper()
	zhandos := x.Actor("zhandos")
	x.must(report.DraftDecision(x.t.Context(), x.W.DB, x.Press, zhandos.Asks(policy.BookDraft), id, report.NewDecision{
		Kind: report.Transferred, Ground: report.Territory, Language: "kk", To: x.Body("police-auezov"), Terms: report.Terms{Reasons: portaltest.Reasons, Next: portaltest.Reasons},
	}))
	_, _, doc, err := report.DraftOfDecision(x.t.Context(), x.W.DB, zhandos.Asks(policy.BookCheck), id)
	x.must(err)
	x.must(report.Decide(x.t.Context(), x.W.DB, x.Verifier, zhandos.Asks(policy.BookDecide), id, x.SignedBy(zhandos, doc.Content), doc.Digest))
}

// brings is a paper that Daniyar signed in the register, and what takes it.
func (x *exchange) brings(f *warrant.Fact, take func(tx *vault.DB, r document.Received) error) {
	x.t.Helper()
	pdf := []byte("%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n" +
		"% " + uuid.NewString() + "\nxref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 4>>\nstartxref\n9\n%%EOF\n")
	if f != nil {
		var err error
		pdf, err = warrant.Put(pdf, *f)
		x.must(err)
	}
	hand := vault.New(x.hand, x.App.Keys)
	r, err := document.VerifyReceived(x.t.Context(), hand, x.Verifier, x.At, x.At, pdf, x.SignedBy(x.Daniyar, pdf))
	x.must(err)
	x.must(hand.Within(x.t.Context(), func(tx *vault.DB) error { return take(tx, r) }))
}

func (x *exchange) bringsRuling(kind policy.Kind) uuid.UUID {
	x.t.Helper()
	id := uuid.Must(uuid.NewV7())
	x.brings(nil, func(tx *vault.DB, r document.Received) error {
		return casefile.TakeDecision(x.t.Context(), tx, casefile.ReceivedDecision{
			Received: r, ID: id, Case: x.Theft, Paper: uuid.New(), Made: x.At,
			Draft: casefile.DecisionDraft{Kind: kind, Language: "kk", DecidedOn: time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)},
		}, x.At)
	})
	return id
}

// A file of a million decisions would be a million webhooks otherwise, and news behind them.
func TestWhatTheRegisterBroughtDoesNotComeBackToIt(t *testing.T) {
	x := open(t)
	x.bringsRuling("expertise-set")
	waits := x.bringsRuling("suspect-recognised")
	id := uuid.Must(uuid.NewV7())
	confirms := warrant.Fact{
		Kind: warrant.Confirmation, ID: uuid.Must(uuid.NewV7()), Made: x.At, Case: x.Theft, Participant: id, Person: x.Timur.Person, Role: policy.Witness,
		Basis: policy.Bases[policy.Witness][0].Key, Capacity: "full", Scope: []string{"read", "copy", "file", "withdraw"}, From: "2026-10-21",
	}
	who := identity.Person{ID: x.Timur.Person, Name: x.Timur.FullName(), IIN: x.Timur.IIN}
	x.brings(&confirms, func(tx *vault.DB, r document.Received) error {
		return casefile.TakeConfirmation(t.Context(), tx, casefile.ReceivedStatus{Received: r, Fact: confirms, Who: who, Language: "kk"}, x.At)
	})
	x.At = x.At.Add(time.Minute)
	ends := warrant.Fact{Kind: warrant.Ending, ID: uuid.Must(uuid.NewV7()), Made: x.At, Case: x.Theft, Participant: id, Person: x.Timur.Person, Role: policy.Witness}
	x.brings(&ends, func(tx *vault.DB, r document.Received) error {
		return casefile.TakeConfirmation(t.Context(), tx, casefile.ReceivedStatus{Received: r, Fact: ends, Language: "kk", Reasons: portaltest.Reasons}, x.At)
	})
	if got := x.papers(); len(got) != 0 {
		t.Errorf("it came back: %v", got)
	}
	// What somebody does with it here is told as anything else.
	x.must(x.Agree(x.Zhanar, waits))
	x.rules(casefile.DecisionDraft{Kind: "expertise-set", Upload: x.PDF("Қаулы")})
	x.must(x.Confirm(x.Daniyar, id, casefile.Grant{Role: policy.Witness, Basis: policy.Bases[policy.Witness][0].Key, Since: x.At.AddDate(0, 0, -1)}))
	if got := fmt.Sprint(x.papers()); got != "map[decision.published decision-agree assent:1 decision.published decision-publish decision:1 participant.confirmed participant-confirm confirmation:1]" {
		t.Errorf("it was told %s", got)
	}
	x.Sound()
}

// An investigation that goes on is secret again, whoever brought the ruling that says so.
func TestAReopeningThatTheRegisterBringsClosesTheFile(t *testing.T) {
	x := open(t)
	x.Material(materials.New{}, "Бір парақ.")
	x.EndNotice()
	x.Opened("serik@theft")
	x.At = x.At.Add(time.Hour)
	x.bringsRuling("expertise-set")
	x.Want(t, `SELECT status FROM familiarisation`, "status\nopen")
	x.bringsRuling("pti-reopened")
	x.Want(t, `SELECT status FROM familiarisation`, "status\nended")
	x.Sound()
}

// Whoever reads the record for the register may fail again and again: then nothing waits to
// be sent, and all the same the register is not told.
func TestWhatWasNotReadForTheRegisterWaits(t *testing.T) {
	x := open(t)
	x.Want(t, `SELECT (SELECT max(seq) FROM record) - seq AS behind FROM herald`, "behind\n0")
	began := x.At
	x.busy(1)
	x.At = x.At.Add(time.Hour)
	x.busy(1)
	waits := func(n int, since time.Time) {
		t.Helper()
		seen, err := feed.Watch(t.Context(), x.App.DB, x.Bolat.Asks(policy.DutyRead))
		x.must(err)
		figures, err := feed.Backlog(t.Context(), x.hand)
		x.must(err)
		for what, all := range map[string][]feed.Duty{"duty": seen, "the figures": figures} {
			if len(all) != 1 || all[0].Waiting != n || (all[0].Since == nil) != (n == 0) || n > 0 && !all[0].Since.Equal(since) {
				t.Errorf("%s: %+v, not %d since %s", what, all, n, since)
			}
		}
	}
	waits(10, began)
	x.tell()
	waits(10, x.At) // they are events now
	x.send()
	waits(0, x.At)
}
