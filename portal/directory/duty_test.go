package directory_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

func day(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC)
}

func TestACaseIsGivenWithWhatWaitsInIt(t *testing.T) {
	w := portaltest.World(t)
	waits, draft := w.Petition(w.Aigul, w.Theft), w.Draft(w.Serik, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	answered := w.Petition(w.Aigul, w.Theft)
	w.Answer(w.Daniyar, answered, filing.Granted)
	complaint := w.Complaint(w.Dana, w.Theft, "other", "")
	begun := portaltest.Said(filing.Refused, 1)
	if err := filing.DraftAnswer(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.AnswerDraft), waits, begun); err != nil {
		t.Fatal(err)
	}
	if finds(t, w, w.Ermek, w.Theft) {
		t.Fatal("Ermek finds a case that is not his")
	}
	if err := w.Assign(w.Marat, w.Theft, w.Ermek); err != nil {
		t.Fatal(err)
	}
	if !finds(t, w, w.Ermek, w.Theft) || finds(t, w, w.Daniyar, w.Theft) || !finds(t, w, w.Daniyar, w.Fraud) {
		t.Error("the case has not gone from Daniyar to Ermek alone")
	}
	w.Want(t, `SELECT casefile, head, duty, previous, officer, signed_at IS NOT NULL AS signed FROM assignment`, `
		casefile | head  | duty   | previous | officer | signed
		theft    | marat | charge | daniyar  | ermek   | true`)
	wantMessage(t, "a paper for the old one", "fault.document-changed", w.Submit(w.Serik, draft))
	if err := w.Submit(w.Serik, draft); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT author, kind, status, decider, due_at FROM filing ORDER BY number`, `
		author | kind                 | status  | decider | due_at
		aigul  | petition             | filed   | ermek   | 2026-10-28 00:00:00
		aigul  | petition             | granted | daniyar | 2026-10-28 00:00:00
		dana   | complaint-prosecutor | filed   | gulnar  | 2026-10-30 00:00:00
		serik  | petition             | filed   | ermek   | 2026-10-28 00:00:00`)
	w.Want(t, `SELECT who, act, object, law FROM record WHERE act LIKE 'assignment-%' ORDER BY seq`, `
		who   | act              | object     | law
		marat | assignment-draft | assignment | CPC 59
		marat | assignment-sign  | assignment | CPC 59`)
	w.Want(t, `SELECT who, act, object, law FROM record WHERE act = 'filing-hand-over'`, `
		who   | act              | object | law
		marat | filing-hand-over | filing | CPC 59`)

	_, _, _, err := filing.AnswerDraft(t.Context(), w.DB, w.Ermek.Asks(policy.AnswerCheck), waits)
	wantKind(t, "he reads the answer that the other began", fault.NotFound, err)
	_, err = filing.Read(t.Context(), w.DB, w.Daniyar.Asks(policy.FilingRead), waits)
	wantKind(t, "the old one reads the petition", fault.NotFound, err)
	_, err = filing.Read(t.Context(), w.DB, w.Daniyar.Asks(policy.FilingRead), answered)
	wantKind(t, "the old one reads what he answered", fault.NotFound, err)
	_, err = filing.Read(t.Context(), w.DB, w.Ermek.Asks(policy.FilingRead), complaint)
	wantKind(t, "the new one reads a complaint to the prosecutor", fault.NotFound, err)
	w.Answer(w.Ermek, waits, filing.Granted)
	w.Want(t, `SELECT f.status, a.author, d.signer FROM answer a JOIN filing f ON f.id = a.filing JOIN document d ON d.id = a.document WHERE a.filing = '`+waits.String()+`'`, `
		status  | author | signer
		granted | ermek  | ermek`)
	w.Sound()
}

// A petition is filed while the head gives the case away: whoever is first, it waits for the
// one who has the case. And what once went to somebody who had it no more comes along.
func TestWhatIsFiledWhileACaseIsGivenGoesToWhoeverHasIt(t *testing.T) {
	w := portaltest.World(t)
	ctx := t.Context()
	draft, old := w.Draft(w.Serik, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}), w.Petition(w.Aigul, w.Theft)
	w.Enter(enters(w, w.Nurlan, "investigator", "police"))
	if _, err := w.SQL.Exec(`UPDATE filing SET decider = $2 WHERE id = $1`, old, w.Nurlan.Person); err != nil {
		t.Fatal(err)
	}
	if err := directory.DraftAssignment(ctx, w.DB, w.Press, w.Marat.Asks(policy.AssignmentDraft), w.Theft, w.Ermek.Person, "kk"); err != nil {
		t.Fatal(err)
	}
	_, doc, err := directory.ReadAssignment(ctx, w.DB, w.Marat.Asks(policy.AssignmentCheck), w.Theft)
	if err != nil {
		t.Fatal(err)
	}
	given, filed := w.SignedBy(w.Marat, doc.Content), make(chan error, 1)
	err = w.DB.Within(ctx, func(tx *vault.DB) error {
		if err := directory.Assign(ctx, tx, w.Verifier, w.Marat.Asks(policy.AssignmentSign), w.Theft, given, doc.Digest); err != nil {
			return err
		}
		go func() { filed <- w.Submit(w.Serik, draft) }()
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			var waits int
			if err := w.SQL.Get(&waits, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`); err != nil || waits > 0 {
				return err
			}
		}
		return errors.New("the petition waits for nothing")
	})
	if err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "a paper for the old one", "fault.document-changed", <-filed)
	if err := w.Submit(w.Serik, draft); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT author, status, decider FROM filing ORDER BY number`, `
		author | status | decider
		aigul  | filed  | ermek
		serik  | filed  | ermek`)
	w.Sound()
}

func TestAChiefGivesSupervisionWithThePetitionsThatWait(t *testing.T) {
	w := portaltest.World(t)
	petition := w.Draft(w.Dana, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, To: guide.Prosecutor})
	if err := w.Submit(w.Dana, petition); err != nil {
		t.Fatal(err)
	}
	w.Enter(enters(w, w.Nurlan, "prosecutor", "prosecution"))
	if err := w.Assign(w.Gulnar, w.Theft, w.Nurlan); err != nil {
		t.Fatal(err)
	}
	if !finds(t, w, w.Nurlan, w.Theft) || finds(t, w, w.Zhanar, w.Theft) || !finds(t, w, w.Daniyar, w.Theft) {
		t.Error("the supervision has not gone from Zhanar to Nurlan alone")
	}
	w.Want(t, `SELECT decider FROM filing`, "decider\nnurlan")
	w.Want(t, `SELECT investigator, prosecutor FROM casefile WHERE id = '`+w.Theft.String()+`'`, "investigator | prosecutor\ndaniyar | nurlan")
	w.Want(t, `SELECT DISTINCT law FROM record WHERE act LIKE 'assignment-%' OR act = 'filing-hand-over'`, "law\nCPC 193")
	w.Sound()
}

func TestOnlyTheHeadGivesACaseAndOnlyToHisOwn(t *testing.T) {
	w := portaltest.World(t)
	wantMessage(t, "to a prosecutor", "form.choose", w.Assign(w.Marat, w.Theft, w.Zhanar))
	wantMessage(t, "to himself", "form.choose", w.Assign(w.Marat, w.Theft, w.Marat))
	wantMessage(t, "to the one who has it", "form.choose", w.Assign(w.Marat, w.Theft, w.Daniyar))
	wantMessage(t, "to a citizen", "form.choose", w.Assign(w.Marat, w.Theft, w.Aigul))
	wantMessage(t, "the chief gives it to an investigator", "form.choose", w.Assign(w.Gulnar, w.Theft, w.Ermek))
	for _, other := range []*portaltest.Actor{w.Daniyar, w.Zhanar, w.Aigul} {
		wantKind(t, other.Word, fault.Forbidden, w.Assign(other, w.Theft, w.Ermek))
	}
	for _, other := range []*portaltest.Actor{w.Ermek, w.Bolat, w.Stranger} {
		wantKind(t, other.Word, fault.NotFound, w.Assign(other, w.Theft, w.Ermek))
	}
	w.Want(t, `SELECT count(*) FROM assignment`, "count\n0")

	// Between the draft and the signature he leaves.
	ctx := t.Context()
	if err := directory.DraftAssignment(ctx, w.DB, w.Press, w.Marat.Asks(policy.AssignmentDraft), w.Theft, w.Ermek.Person, "kk"); err != nil {
		t.Fatal(err)
	}
	_, doc, err := directory.ReadAssignment(ctx, w.DB, w.Marat.Asks(policy.AssignmentCheck), w.Theft)
	if err != nil {
		t.Fatal(err)
	}
	w.Enter(leaves(w.Ermek))
	err = directory.Assign(ctx, w.DB, w.Verifier, w.Marat.Asks(policy.AssignmentSign), w.Theft, w.SignedBy(w.Marat, doc.Content), doc.Digest)
	wantMessage(t, "to one who has left", "fault.officer-gone", err)
	if err := directory.DiscardAssignment(ctx, w.DB, w.Marat.Asks(policy.AssignmentDiscard), w.Theft); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "discarded twice", fault.Conflict, directory.DiscardAssignment(ctx, w.DB, w.Marat.Asks(policy.AssignmentDiscard), w.Theft))
	w.Want(t, `SELECT (SELECT count(*) FROM assignment) AS papers, investigator FROM casefile WHERE id = '`+w.Theft.String()+`'`, "papers | investigator\n0 | daniyar")
	w.Sound()
}

// CPC 104(1): who signed a ruling made it, whoever had the case when it was begun.
func TestARulingIsOfWhoeverSignsItWhoeverBeganIt(t *testing.T) {
	w := portaltest.World(t)
	d := casefile.DecisionDraft{Kind: "group", DecidedOn: day(time.October, 22), Language: "kk", Established: portaltest.Circumstances, Resolved: portaltest.Reasons}
	id := uuid.Must(uuid.NewV7())
	if err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DecisionDraft), w.Theft, id, d); err != nil {
		t.Fatal(err)
	}
	if err := w.Assign(w.Marat, w.Theft, w.Ermek); err != nil {
		t.Fatal(err)
	}
	if err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Ermek.Asks(policy.DecisionDraft), w.Theft, id, d); err != nil {
		t.Fatal(err)
	}
	if err := w.Publish(w.Ermek, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT author FROM fence.makers('`+id.String()+`')`, "author\nermek")
	w.Sound()
}

// Behind the fence, for there the paper of one head is none of the other's.
func TestEachHeadOfABodySignsHisOwnPaper(t *testing.T) {
	w := portaltest.World(t)
	w.Enter(enters(w, w.Nurlan, "head", "police"))
	draft := func(a, to *portaltest.Actor) document.Document {
		t.Helper()
		ctx := a.As(t.Context())
		if err := directory.DraftAssignment(ctx, w.App, w.Press, a.Asks(policy.AssignmentDraft), w.Theft, to.Person, "kk"); err != nil {
			t.Fatalf("%s: %v", a.Word, err)
		}
		_, doc, err := directory.ReadAssignment(ctx, w.App, a.Asks(policy.AssignmentCheck), w.Theft)
		if err != nil {
			t.Fatalf("%s: %v", a.Word, err)
		}
		return doc
	}
	sign := func(a *portaltest.Actor, doc document.Document) error {
		return directory.Assign(a.As(t.Context()), w.App, w.Verifier, a.Asks(policy.AssignmentSign), w.Theft, w.SignedBy(a, doc.Content), doc.Digest)
	}
	first := draft(w.Marat, w.Ermek)
	draft(w.Nurlan, w.Ermek)
	second := draft(w.Nurlan, w.Ermek) // takes the place of his own alone
	if err := sign(w.Nurlan, second); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "what the other gave meanwhile", "fault.not-now", sign(w.Marat, first))

	// One leaves, with a paper that he has not signed.
	draft(w.Marat, w.Daniyar)
	w.Enter(leaves(w.Marat))
	if err := sign(w.Nurlan, draft(w.Nurlan, w.Daniyar)); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT head, officer, signed_at IS NOT NULL AS signed FROM assignment ORDER BY signed_at IS NULL, document`, `
		head   | officer | signed
		nurlan | ermek   | true
		nurlan | daniyar | true
		marat  | daniyar | false`)
	w.Sound()
}

func TestACaseWhoseInvestigatorCameBackIsGivenToHimAnew(t *testing.T) {
	w := portaltest.World(t)
	w.Enter(leaves(w.Daniyar))
	w.At = w.At.Add(time.Hour)
	w.Enter(enters(w, w.Daniyar, "registrar", "police"))
	if finds(t, w, w.Daniyar, w.Theft) {
		t.Error("a registrar finds the case")
	}
	w.Enter(enters(w, w.Ermek, "investigator", "police")) // as he was
	if err := w.Assign(w.Marat, w.Theft, w.Ermek); err != nil {
		t.Fatal(err)
	}
	orphans, err := directory.Orphans(t.Context(), w.DB, w.Marat.Asks(policy.UnitRead))
	if err != nil || orphans[w.Theft] || !orphans[w.Fraud] {
		t.Errorf("nobody's cases are %v, %v", orphans, err)
	}
	w.Sound()
}

func TestADeputyDoesTheWorkAndSignsItInHisOwnName(t *testing.T) {
	w := portaltest.World(t)
	petition, complaint := w.Petition(w.Aigul, w.Theft), w.Complaint(w.Dana, w.Theft, "other", "")
	if _, err := filing.Read(t.Context(), w.DB, w.Ermek.Asks(policy.FilingRead), petition); err == nil {
		t.Fatal("Ermek reads a petition of another's case")
	}
	id, err := w.Substitute(w.Marat, w.Daniyar, w.Ermek, day(time.October, 30))
	if err != nil {
		t.Fatal(err)
	}
	if !finds(t, w, w.Ermek, w.Theft) || !finds(t, w, w.Ermek, w.Fraud) || !finds(t, w, w.Daniyar, w.Theft) {
		t.Error("the cases are not both men's")
	}
	inbox, err := filing.Inbox(t.Context(), w.DB, w.Ermek.Asks(policy.DeskRead), uuid.Nil)
	if err != nil || len(inbox.Filings) != 1 || inbox.Filings[0].ID != petition {
		t.Errorf("the deputy's inbox has %d, %v", len(inbox.Filings), err)
	}
	_, err = filing.Read(t.Context(), w.DB, w.Ermek.Asks(policy.FilingRead), complaint)
	wantKind(t, "the deputy reads a complaint to the prosecutor", fault.NotFound, err)

	// What the one who is away began stays his own.
	begun := portaltest.Said(filing.Refused, 1)
	if err := filing.DraftAnswer(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.AnswerDraft), petition, begun); err != nil {
		t.Fatal(err)
	}
	_, _, _, err = filing.AnswerDraft(t.Context(), w.DB, w.Ermek.Asks(policy.AnswerCheck), petition)
	wantKind(t, "the deputy reads the other's draft", fault.NotFound, err)
	w.Answer(w.Ermek, petition, filing.Granted)
	_, doc, err := filing.AnswerDocument(t.Context(), w.DB, w.Aigul.Asks(policy.AnswerDocument), petition)
	if err != nil {
		t.Fatal(err)
	}
	if said := portaltest.PDFText(t, doc.Content); !strings.Contains(said, w.Ermek.FullName()) || strings.Contains(said, w.Daniyar.FullName()) {
		t.Errorf("the answer does not name who signed it:\n%s", said)
	}
	w.Want(t, `SELECT f.decider, a.author, d.signer FROM answer a JOIN filing f ON f.id = a.filing JOIN document d ON d.id = a.document`, `
		decider | author | signer
		daniyar | ermek  | ermek`)

	// He confirms a status: the paper names him, too.
	aigul := w.Participant("aigul@fraud")
	if err := w.Confirm(w.Ermek, aigul, casefile.Grant{Role: policy.Victim, Basis: "ruling", Since: day(time.October, 22)}); err != nil {
		t.Fatal(err)
	}
	_, _, paper, err := casefile.ReadConfirmation(t.Context(), w.DB, w.Ermek.Asks(policy.ParticipantCheck), aigul)
	if err != nil {
		t.Fatal(err)
	}
	if said := portaltest.PDFText(t, paper.Content); !strings.Contains(said, w.Ermek.FullName()) || strings.Contains(said, w.Daniyar.FullName()) {
		t.Errorf("the confirmation does not name who signed it:\n%s", said)
	}

	if err := directory.EndSubstitution(t.Context(), w.DB, w.Marat.Asks(policy.SubstitutionEnd), id); err != nil {
		t.Fatal(err)
	}
	if finds(t, w, w.Ermek, w.Theft) || !finds(t, w, w.Daniyar, w.Theft) {
		t.Error("the substitution has not ended")
	}
	wantKind(t, "it ends twice", fault.Conflict, directory.EndSubstitution(t.Context(), w.DB, w.Marat.Asks(policy.SubstitutionEnd), id))
	w.Want(t, `SELECT who, act, law FROM record WHERE object = 'substitution' ORDER BY seq`, `
		who   | act                | law
		marat | substitution-draft | CPC 59
		marat | substitution-sign  | CPC 59
		marat | substitution-end   | CPC 59`)
	w.Sound()
}

func TestASubstitutionEndsByItselfAfterItsLastDay(t *testing.T) {
	w := portaltest.World(t)
	if _, err := w.Substitute(w.Marat, w.Daniyar, w.Ermek, day(time.October, 23)); err != nil {
		t.Fatal(err)
	}
	expire := func(at time.Time) {
		t.Helper()
		w.At = at
		if err := directory.Expire(t.Context(), w.DB, at); err != nil {
			t.Fatal(err)
		}
	}
	expire(time.Date(2026, time.October, 23, 18, 59, 59, 0, time.UTC)) // a second before midnight in Almaty
	if !finds(t, w, w.Ermek, w.Theft) {
		t.Error("it ended on its last day")
	}
	expire(time.Date(2026, time.October, 23, 19, 0, 0, 0, time.UTC))
	expire(time.Date(2026, time.October, 23, 19, 1, 0, 0, time.UTC))
	if finds(t, w, w.Ermek, w.Theft) {
		t.Error("it has not ended")
	}
	w.Want(t, `SELECT ended_at FROM substitution`, "ended_at\n2026-10-24 00:00:00")
	w.Want(t, `SELECT who, act FROM record WHERE act LIKE '%expire'`, "who | act\n| substitution-expire")
	w.Sound()
}

func TestSubstitutionsThatWouldLeaveCasesToNobodyAreRefused(t *testing.T) {
	w := portaltest.World(t)
	w.Enter(enters(w, w.Nurlan, "investigator", "police"))
	until := day(time.October, 30)
	substitute := func(head, officer, deputy *portaltest.Actor, until time.Time) error {
		_, err := w.Substitute(head, officer, deputy, until)
		return err
	}
	wantMessage(t, "by himself", "fault.substitution-self", substitute(w.Marat, w.Daniyar, w.Daniyar, until))
	wantMessage(t, "by a prosecutor", "form.choose", substitute(w.Marat, w.Daniyar, w.Zhanar, until))
	wantMessage(t, "of a prosecutor by the head of the police", "form.choose", substitute(w.Marat, w.Zhanar, w.Ermek, until))
	wantMessage(t, "until yesterday", "fault.last-day", substitute(w.Marat, w.Daniyar, w.Ermek, day(time.October, 21)))
	for _, other := range []*portaltest.Actor{w.Daniyar, w.Zhanar, w.Bolat, w.Aigul} {
		wantKind(t, other.Word, fault.Forbidden, substitute(other, w.Daniyar, w.Ermek, until))
	}
	if err := substitute(w.Marat, w.Daniyar, w.Ermek, until); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "twice", "fault.substitution-twice", substitute(w.Marat, w.Daniyar, w.Nurlan, until))
	wantMessage(t, "of a deputy", "fault.substitution-chain", substitute(w.Marat, w.Ermek, w.Nurlan, until))
	wantMessage(t, "by one who is away", "fault.substitution-away", substitute(w.Marat, w.Nurlan, w.Daniyar, until))
	w.Want(t, `SELECT count(*) FROM substitution`, "count\n1")
	w.Sound()
}

func TestWhoeverGoesTakesHisSubstitutionsWithHim(t *testing.T) {
	for name, gone := range map[string]func(*portaltest.W) *portaltest.Actor{
		"the deputy":          func(w *portaltest.W) *portaltest.Actor { return w.Ermek },
		"the one who is away": func(w *portaltest.W) *portaltest.Actor { return w.Daniyar },
	} {
		t.Run(name, func(t *testing.T) {
			w := portaltest.World(t)
			if _, err := w.Substitute(w.Marat, w.Daniyar, w.Ermek, day(time.October, 30)); err != nil {
				t.Fatal(err)
			}
			w.Enter(leaves(gone(w)))
			if finds(t, w, w.Ermek, w.Theft) {
				t.Error("the deputy finds the case")
			}
			w.Want(t, `SELECT ended_at IS NOT NULL AS ended FROM substitution`, "ended\ntrue")
			w.Want(t, `SELECT who, act FROM record WHERE object = 'substitution' ORDER BY seq DESC LIMIT 1`, "who | act\nraushan | appointment-agree")
			w.Sound()
		})
	}
}

func TestAHeadSeesWhoWaitsInHisUnit(t *testing.T) {
	w := portaltest.World(t)
	waiting, err := directory.Unconfirmed(t.Context(), w.DB, w.Marat.Asks(policy.UnitRead))
	if err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "who waits", portaltest.Lines(waiting, func(a directory.Awaiting) string {
		return strings.Join([]string{a.Name, string(a.Role), w.Word(a.Case)}, " | ")
	}), w.Aigul.FullName()+" | victim | fraud")
	_, err = directory.Unconfirmed(t.Context(), w.DB, w.Bolat.Asks(policy.UnitRead))
	wantKind(t, "an administrator", fault.Forbidden, err)
	filings, err := filing.Supervised(t.Context(), w.DB, w.Bolat.Asks(policy.OversightRead))
	if err != nil || len(filings) != 0 {
		t.Errorf("an administrator sees %d filings, %v", len(filings), err)
	}
}

// An officer's row without a signed appointment is not seen by the portal as wrong:
// whoever owns the database can write one. This test says what is true today.
func TestAnOfficerWithoutAnAppointmentIsFoundByAQuestionToTheDatabase(t *testing.T) {
	w := portaltest.World(t)
	w.Enter(enters(w, w.Nurlan, "investigator", "police"))
	if _, err := w.SQL.Exec(`INSERT INTO officer (person, post, body) VALUES ($1, 'investigator', $2)`, w.Stranger.Person, w.Body("police")); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT o.person FROM officer o
		 WHERE o.person IN ('`+w.Stranger.Person.String()+`', '`+w.Nurlan.Person.String()+`')
		   AND NOT EXISTS (SELECT 1 FROM appointment a
		                     JOIN assent s ON s.about = a.document AND s.signed_at IS NOT NULL AND s.agrees
		                    WHERE a.person = o.person AND a.status = 'effective' AND a.post = o.post AND a.body = o.body)`, "person\nasel")
	if ids := []uuid.UUID{w.Theft, w.Fraud}; finds(t, w, w.Stranger, ids[0]) || finds(t, w, w.Stranger, ids[1]) {
		t.Error("the row alone opens a case that nobody gave him")
	}
}
