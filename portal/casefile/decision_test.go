package casefile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// ruling is a decision that Daniyar may publish on the day of the world.
func ruling(w *portaltest.W) casefile.DecisionDraft {
	return casefile.DecisionDraft{
		Kind: "expertise-set", DecidedOn: time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC), Language: "kk",
		Established: "Алтын жүзіктің құнын анықтау қажет.", Resolved: "Сот-тауартану сараптамасы тағайындалсын.",
	}
}

func draft(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID, d casefile.DecisionDraft) error {
	t.Helper()
	return casefile.DraftDecision(t.Context(), w.DB, w.Press, a.Asks(policy.DecisionDraft), w.Theft, id, d)
}

// publish signs the draft as it stands with the key of somebody.
func publish(t *testing.T, w *portaltest.W, a, key *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	_, doc, _, err := casefile.ReadDraft(t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionCheck), id)
	if err != nil {
		return err
	}
	return casefile.Publish(t.Context(), w.DB, w.Verifier, a.Asks(policy.DecisionPublish), id, w.SignedBy(key, doc.Content), doc.Digest)
}

func TestADraftIsItsAuthorsAloneUntilItIsSigned(t *testing.T) {
	w := portaltest.World(t)
	id := cast("draft")
	if err := draft(t, w, w.Daniyar, id, ruling(w)); err != nil {
		t.Fatal(err)
	}
	for _, other := range []*portaltest.Actor{w.Aigul, w.Serik, w.Dana, w.Zhanar} {
		_, _, err := casefile.ReadDecision(t.Context(), w.DB, other.Asks(policy.DecisionRead), id)
		wantKind(t, other.Word+" reads a draft", fault.NotFound, err)
		_, _, _, err = casefile.ReadDraft(t.Context(), w.DB, other.Asks(policy.DecisionRead), id)
		wantKind(t, other.Word+" opens a draft", fault.NotFound, err)
	}
	back, _, _, err := casefile.ReadDraft(t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionCheck), id)
	if err != nil || back.Established != ruling(w).Established || back.Resolved != ruling(w).Resolved {
		t.Errorf("the author gets back %+v, %v", back, err)
	}
	if err := publish(t, w, w.Daniyar, w.Daniyar, id); err != nil {
		t.Fatal(err)
	}
	if _, _, err := casefile.CopyOf(t.Context(), w.DB, w.Aigul.Asks(policy.DecisionCopy), id); err != nil {
		t.Errorf("the victim does not read what was published: %v", err)
	}
	w.Want(t, `SELECT who, act, law FROM record WHERE object_id = '`+id.String()+`' ORDER BY seq`, `
		who     | act              | law
		daniyar | decision-draft   | CPC 198
		daniyar | decision-publish | CPC 198
		aigul   | decision-copy    | CPC 198`)
	w.Sound()
}

func TestSavingADraftAgainChangesTheOneDraft(t *testing.T) {
	w := portaltest.World(t)
	id, d := cast("draft"), ruling(w)
	for _, text := range []string{d.Established, "Екінші рет жазылған мәтін осы."} {
		d.Established = text
		if err := draft(t, w, w.Daniyar, id, d); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT count(*) FROM document WHERE signed_at IS NULL`, "count\n1")
	back, _, _, err := casefile.ReadDraft(t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionCheck), id)
	if err != nil || back.Established != d.Established {
		t.Errorf("it says %q, %v", back.Established, err)
	}
	if err := casefile.Discard(t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionDiscard), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM document WHERE signed_at IS NULL) AS papers, (SELECT count(*) FROM decision WHERE status = 'draft') AS drafts`, `
		papers | drafts
		0      | 0`)
	w.Sound()
}

func TestADecisionTheCodeDoesNotAllowIsNotDrafted(t *testing.T) {
	w := portaltest.World(t)
	for what, change := range map[string]func(*casefile.DecisionDraft){
		"a kind nobody knows":     func(d *casefile.DecisionDraft) { d.Kind = "amnesty" },
		"one that defeats itself": func(d *casefile.DecisionDraft) { d.Kind = "wanted" },
		"an answer to a filing":   func(d *casefile.DecisionDraft) { d.Kind = "petition-result" },
		"one not sanctioned":      func(d *casefile.DecisionDraft) { d.Kind = "property-arrest" },
		"one sanctioned before it was": func(d *casefile.DecisionDraft) {
			d.Kind, d.ReadyOn = "property-arrest", d.DecidedOn.AddDate(0, 0, -1)
		},
		"one for which the investigator says that the prosecutor agreed": func(d *casefile.DecisionDraft) {
			d.Kind, d.ReadyOn = "suspect-recognised", d.DecidedOn
		},
		"about somebody of elsewhere": func(d *casefile.DecisionDraft) { d.Concerns = []uuid.UUID{w.Participant("timur@fraud")} },
	} {
		d := ruling(w)
		change(&d)
		wantKind(t, what, fault.Invalid, draft(t, w, w.Daniyar, cast("draft"), d))
	}
	w.Want(t, `SELECT count(*) FROM decision`, "count\n18")
}

func TestNobodyButTheInvestigatorDecides(t *testing.T) {
	w := portaltest.World(t)
	id := cast("draft")
	if err := draft(t, w, w.Daniyar, id, ruling(w)); err != nil {
		t.Fatal(err)
	}
	for _, other := range []struct {
		who  *portaltest.Actor
		kind fault.Kind
	}{{w.Zhanar, fault.Forbidden}, {w.Aigul, fault.Forbidden}, {w.Stranger, fault.NotFound}} {
		wantKind(t, other.who.Word+" drafts", other.kind, draft(t, w, other.who, cast("another"), ruling(w)))
		wantKind(t, other.who.Word+" changes the draft", other.kind, draft(t, w, other.who, id, ruling(w)))
		// A draft is his alone: for everybody else it is not there.
		wantKind(t, other.who.Word+" publishes", fault.NotFound, publish(t, w, other.who, other.who, id))
		wantKind(t, other.who.Word+" discards", fault.NotFound, casefile.Discard(t.Context(), w.DB, other.who.Asks(policy.DecisionDiscard), id))
	}
	w.Want(t, `SELECT status FROM decision WHERE id = '`+id.String()+`'`, "status\ndraft")
	w.Sound()
}

func TestASignatureThatIsNotTheInvestigatorsPublishesNothing(t *testing.T) {
	w := portaltest.World(t)
	id := cast("draft")
	if err := draft(t, w, w.Daniyar, id, ruling(w)); err != nil {
		t.Fatal(err)
	}
	before := w.Rows(t, `SELECT count(*), max(seq) FROM record`)
	for _, key := range []string{"zhanar", "aigul", "foreign", "employee", "aigul-expired"} {
		wantKind(t, key, fault.Invalid, publish(t, w, w.Daniyar, w.Actor(key), id))
	}
	_, doc, _, err := casefile.ReadDraft(t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	ask := w.Daniyar.Asks(policy.DecisionPublish)
	other := append([]byte(nil), doc.Content...)
	other[len(other)-1] ^= 1
	wantKind(t, "over other bytes", fault.Invalid, casefile.Publish(t.Context(), w.DB, w.Verifier, ask, id, w.SignedBy(w.Daniyar, other), doc.Digest))
	wantKind(t, "over a draft changed meanwhile", fault.Conflict, casefile.Publish(t.Context(), w.DB, w.Verifier, ask, id, w.SignedBy(w.Daniyar, doc.Content), make([]byte, 32)))
	portaltest.WantText(t, "the record", w.Rows(t, `SELECT count(*), max(seq) FROM record`), before)
	w.Want(t, `SELECT d.status, o.signed_at FROM decision d JOIN document o ON o.id = d.document WHERE d.id = '`+id.String()+`'`, "status | signed_at\ndraft |")
	w.Sound()
}

func TestWhatIsPublishedIsNotPublishedAgainNorChanged(t *testing.T) {
	w := portaltest.World(t)
	id := cast("draft")
	if err := draft(t, w, w.Daniyar, id, ruling(w)); err != nil {
		t.Fatal(err)
	}
	_, doc, _, err := casefile.ReadDraft(t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	cms := w.SignedBy(w.Daniyar, doc.Content)
	if err := casefile.Publish(t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(policy.DecisionPublish), id, cms, doc.Digest); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "a second time", fault.Conflict, casefile.Publish(t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(policy.DecisionPublish), id, cms, doc.Digest))
	wantKind(t, "drafted anew", fault.Conflict, draft(t, w, w.Daniyar, id, ruling(w)))
	wantKind(t, "discarded", fault.Conflict, casefile.Discard(t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionDiscard), id))
	w.Want(t, `SELECT count(*) FROM record WHERE object_id = '`+id.String()+`'`, "count\n2")
	w.Sound()
}

func TestARulingSaysOnPaperWhatWasWritten(t *testing.T) {
	w := portaltest.World(t)
	w.Receive(w.Serik, "term-extended")
	_, doc, err := casefile.CopyOf(t.Context(), w.DB, w.Serik.Asks(policy.DecisionCopy), w.Decision("term-extended"))
	if err != nil {
		t.Fatal(err)
	}
	text := portaltest.PDFText(t, doc.Content)
	for _, phrase := range []string{
		"ПОСТАНОВЛЕНИЕ", "УСТАНОВИЛ", "ПОСТАНОВИЛ", "267511031000456", "Есімов Данияр Нұрланұлы",
		"Продлить срок досудебного расследования", portaltest.Origin + "/ru/verify/" + doc.ID.String(),
	} {
		if !strings.Contains(text, phrase) {
			t.Errorf("it does not say %q:\n%s", phrase, text)
		}
	}
}

// TestAnInvestigatorDoesNotReachIntoAnothersCase: an id of a page is whatever the
// browser sends. Here it is that of a decision in somebody else's case.
func TestAnInvestigatorDoesNotReachIntoAnothersCase(t *testing.T) {
	w := portaltest.World(t)
	own := secondInvestigator(t, w)
	before := w.Rows(t, `SELECT * FROM decision_person ORDER BY decision, participant`)
	err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Ermek.Asks(policy.DecisionDraft), own, w.Decision("search-done"), ruling(w))
	if err == nil {
		t.Error("he drafts over a decision of Daniyar's")
	}
	portaltest.WantText(t, "whom decisions are about", w.Rows(t, `SELECT * FROM decision_person ORDER BY decision, participant`), before)
	w.Want(t, `SELECT count(*) FROM document WHERE signed_at IS NULL`, "count\n0")
	w.Sound()
}

// secondInvestigator gives Ermek a case of his own.
func secondInvestigator(t *testing.T, w *portaltest.W) uuid.UUID {
	t.Helper()
	id := cast("ermek's case")
	// The texts are sealed to their row; they are not read here.
	if _, err := w.SQL.Exec(`
		INSERT INTO casefile (id, number, number_tag, offence_kk, offence_ru, registered_on, body, investigator, prosecution, prosecutor, made_at)
		SELECT $1, number, $4, offence_kk, offence_ru, registered_on, body, $2, prosecution, prosecutor, made_at
		  FROM casefile WHERE id = $3`, id, w.Ermek.Person, w.Theft, register.Tag(w.DB, "267511031000999")); err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"number", "offence_kk", "offence_ru"} {
		sealed, err := w.DB.SealText(vault.Where{Table: "casefile", Column: column, ID: id, Case: id}, "Басқа іс")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.SQL.Exec(`UPDATE casefile SET `+column+` = $2 WHERE id = $1`, id, sealed); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

func TestAnInvestigatorWhoHasLeftHisPostHasLeftHisCases(t *testing.T) {
	w := portaltest.World(t)
	if _, err := w.SQL.Exec(`UPDATE officer SET until = '2026-10-20' WHERE person = $1`, w.Daniyar.Person); err != nil {
		t.Fatal(err)
	}
	if _, err := casefile.Read(t.Context(), w.DB, w.Daniyar.Asks(policy.CaseRead), w.Theft); err == nil {
		t.Error("he still reads the case")
	}
	if err := draft(t, w, w.Daniyar, cast("draft"), ruling(w)); err == nil {
		t.Error("he still decides in it")
	}
}
