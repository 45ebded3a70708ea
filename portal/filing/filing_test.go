package filing_test

import (
	"errors"
	"fmt"
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

func wantKind(t *testing.T, what string, kind fault.Kind, err error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

func wantMessage(t *testing.T, what, message string, err error) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Message != message {
		t.Errorf("%s: %v, want %s", what, err, message)
	}
}

// almaty is a moment as a clock in Almaty shows it.
func almaty(clock string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", clock, deadline.Zone)
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

const lives = `SELECT number, kind, status, author, decider, term, filed_at, due_raw, due_at FROM filing ORDER BY number`

func TestAPetitionOfThursdayAfternoonIsDueAtTheEndOfTuesday(t *testing.T) {
	// 25 October is the Day of the Republic and a Sunday; Monday is off for it.
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	w.Want(t, lives, `
		number      | kind     | status | author | decider | term            | filed_at            | due_raw             | due_at
		2026-000001 | petition | filed  | aigul  | daniyar | petition-answer | 2026-10-22 14:30:00 | 2026-10-26 00:00:00 | 2026-10-28 00:00:00`)
	f, err := filing.Read(t.Context(), w.DB, w.Aigul.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatal(err)
	}
	if until := w.Words.In("kk").Until(f.DueAt); until != "2026 жылғы 27 қазан, сейсенбі күнінің соңына дейін" || f.DaysLeft(w.At) != 5 {
		t.Errorf("until %s, %d days", until, f.DaysLeft(w.At))
	}
	w.Want(t, `SELECT who, act, object, casefile, law FROM record WHERE object_id = '`+id.String()+`' ORDER BY seq`, `
		who   | act           | object | casefile | law
		aigul | filing-create | filing | theft    | CPC 99(1)
		aigul | filing-submit | filing | theft    | CPC 99(1)`)
	w.Want(t, `SELECT name, run_at, args FROM job`, `
		name           | run_at              | args
		filing-overdue | 2026-10-28 00:00:00 | {"filing": "`+id.String()+`"}`)
	w.Sound()
}

func TestAComplaintGoesToTheHeadOfTheOfficeAndTheInvestigatorDoesNotFindIt(t *testing.T) {
	w := portaltest.World(t)
	id := w.Complaint(w.Dana, w.Theft, "search", "search-done")
	slow := w.Complaint(w.Dana, w.Theft, "other", "")
	w.Want(t, lives, `
		number      | kind                 | status | author | decider | term             | filed_at            | due_raw             | due_at
		2026-000001 | complaint-prosecutor | filed  | dana   | gulnar  | complaint-urgent | 2026-10-22 14:30:00 | 2026-10-26 00:00:00 | 2026-10-28 00:00:00
		2026-000002 | complaint-prosecutor | filed  | dana   | gulnar  | complaint-answer | 2026-10-22 14:30:00 | 2026-10-30 00:00:00 | 2026-10-30 00:00:00`)
	for _, f := range []uuid.UUID{id, slow} {
		_, err := filing.Read(t.Context(), w.DB, w.Daniyar.Asks(policy.FilingRead), f)
		wantKind(t, "the investigator reads it", fault.NotFound, err)
		_, _, err = filing.Document(t.Context(), w.DB, w.Daniyar.Asks(policy.FilingDocument), f)
		wantKind(t, "the investigator opens it", fault.NotFound, err)
		wantKind(t, "the investigator decides it", fault.NotFound, filing.Step(t.Context(), w.DB, w.Daniyar.Asks(policy.FilingConsider), f))
	}
	if mine := part(t)(filing.OfCase(t.Context(), w.DB, w.Daniyar.Asks(policy.CaseRead), w.Theft, uuid.Nil)).Filings; len(mine) != 0 {
		t.Errorf("the investigator lists %d", len(mine))
	}
	if inbox := part(t)(filing.Inbox(t.Context(), w.DB, w.Gulnar.Asks(policy.OversightRead), uuid.Nil)).Filings; len(inbox) != 2 || inbox[0].ID != id {
		t.Errorf("the chief's inbox: %d, the urgent one is not on top", len(inbox))
	}
	f, err := filing.Read(t.Context(), w.DB, w.Zhanar.Asks(policy.FilingRead), id)
	if err != nil || f.AboutKind != "search-done" || f.Represented != w.Serik.FullName() || f.Role != policy.Defender {
		t.Errorf("the prosecutor reads %+v, %v", f, err)
	}
	w.Sound()
}

func part(t *testing.T) func(filing.Page, error) filing.Page {
	return func(p filing.Page, err error) filing.Page {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}

func list(t *testing.T) func([]filing.Filing, error) []filing.Filing {
	return func(all []filing.Filing, err error) []filing.Filing {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
}

func TestADraftIsTheAuthorsAlone(t *testing.T) {
	w := portaltest.World(t)
	id := w.Draft(w.Serik, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	for _, other := range []*portaltest.Actor{w.Dana, w.Aigul, w.Daniyar, w.Zhanar, w.Stranger} {
		_, err := filing.Read(t.Context(), w.DB, other.Asks(policy.FilingRead), id)
		wantKind(t, other.Word+" reads a draft", fault.NotFound, err)
		wantKind(t, other.Word+" discards it", fault.NotFound, filing.Discard(t.Context(), w.DB, other.Asks(policy.FilingDiscard), id))
		err = filing.Submit(t.Context(), w.DB, w.Press, w.Verifier, other.Asks(policy.FilingSubmit), id, []byte("?"), nil)
		wantKind(t, other.Word+" files it", fault.NotFound, err)
		err = filing.Save(t.Context(), w.DB, w.Press, other.Asks(policy.FilingCreate), w.Theft, id, filing.NewFiling{
			Kind: policy.FilingPetition, Ground: "other", Language: "kk", Circumstances: "жазды", Points: []string{"сұрады"}, Participant: w.Participant("serik@theft"),
		})
		if err == nil {
			t.Errorf("%s writes into it", other.Word)
		}
	}
	if own := part(t)(filing.Own(t.Context(), w.DB, w.Serik.Asks(policy.FilingList), uuid.Nil)).Filings; len(own) != 1 || own[0].Status != filing.Draft {
		t.Errorf("its author has %d filings", len(own))
	}
	if all := list(t)(filing.Supervised(t.Context(), w.DB, w.Zhanar.Asks(policy.OversightRead))); len(all) != 0 {
		t.Errorf("the prosecutor lists %d drafts", len(all))
	}
	w.Sound()
}

func TestSavingADraftAgainChangesTheOneDraftAndDiscardingLeavesNone(t *testing.T) {
	w := portaltest.World(t)
	id := w.Draft(w.Serik, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	err := filing.Save(t.Context(), w.DB, w.Press, w.Serik.Asks(policy.FilingCreate), w.Theft, id, filing.NewFiling{
		Kind: policy.FilingComplaintProsecutor, Ground: "search", About: w.Decision("search-done"), Language: "ru",
		Circumstances: "Обыск проведён с нарушениями.", Points: []string{"Прошу проверить."}, Participant: w.Participant("serik@theft"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT f.kind, f.ground, f.language, f.about, f.decider, d.kind AS paper, (SELECT count(*) FROM document WHERE signed_at IS NULL) AS papers
		FROM filing f JOIN document d ON d.id = f.document`, `
		kind                 | ground | language | about       | decider | paper     | papers
		complaint-prosecutor | search | ru       | search-done | gulnar  | complaint | 1`)
	if err := filing.Discard(t.Context(), w.DB, w.Serik.Asks(policy.FilingDiscard), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM filing) AS filings, (SELECT count(*) FROM document WHERE signed_at IS NULL) AS papers`, `
		filings | papers
		0       | 0`)
	w.Sound()
}

func TestWhatNobodyMayFileIsNotDrafted(t *testing.T) {
	w := portaltest.World(t)
	petition := filing.NewFiling{Kind: policy.FilingPetition, Ground: "other", Language: "kk", Circumstances: portaltest.Circumstances, Points: []string{portaltest.Request}}
	save := func(a *portaltest.Actor, of uuid.UUID, n filing.NewFiling) error {
		return filing.Save(t.Context(), w.DB, w.Press, a.Asks(policy.FilingCreate), of, uuid.Must(uuid.NewV7()), n)
	}
	as := func(name string, change func(*filing.NewFiling)) filing.NewFiling {
		n := petition
		n.Participant = w.Participant(name)
		if change != nil {
			change(&n)
		}
		return n
	}
	wantKind(t, "in another's name", fault.Invalid, save(w.Aigul, w.Theft, as("serik@theft", nil)))
	wantKind(t, "in a capacity of another case", fault.Invalid, save(w.Dana, w.Theft, as("dana@fraud", nil)))
	wantKind(t, "in a case that is not hers", fault.NotFound, save(w.Aigul, w.Fraud, as("aigul@fraud", nil)))
	wantKind(t, "by a stranger", fault.NotFound, save(w.Stranger, w.Theft, as("aigul@theft", nil)))
	wantKind(t, "by the investigator", fault.Forbidden, save(w.Daniyar, w.Theft, as("aigul@theft", nil)))
	wantKind(t, "a petition with a complaint's ground", fault.Invalid, save(w.Aigul, w.Theft, as("aigul@theft", func(n *filing.NewFiling) { n.Ground = "search" })))
	wantKind(t, "of a kind nobody knows", fault.Invalid, save(w.Aigul, w.Theft, as("aigul@theft", func(n *filing.NewFiling) { n.Kind = "wish" })))
	wantKind(t, "about a decision she may not see", fault.Invalid, save(w.Aigul, w.Theft, as("aigul@theft", func(n *filing.NewFiling) { n.About = w.Decision("search-done") })))
	wantKind(t, "about a decision of another case", fault.Invalid, save(w.Dana, w.Theft, as("dana@theft", func(n *filing.NewFiling) { n.About = w.Decision("fraud-seizure") })))
	w.Want(t, `SELECT count(*) FROM filing`, "count\n0")
	w.Sound()
}

func TestSigningTwiceFilesOnceUnderOneNumber(t *testing.T) {
	w := portaltest.World(t)
	id := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	content, digest := w.Paper(w.Aigul, id)
	cms, ask := w.SignedBy(w.Aigul, content), w.Aigul.Asks(policy.FilingSubmit)
	const clicks = 5
	done := make(chan error, clicks)
	for range clicks {
		go func() { done <- filing.Submit(t.Context(), w.DB, w.Press, w.Verifier, ask, id, cms, digest) }()
	}
	filed := 0
	for range clicks {
		err := <-done
		if err == nil {
			filed++
			continue
		}
		wantKind(t, "another click", fault.Conflict, err)
	}
	if filed != 1 {
		t.Errorf("filed %d times", filed)
	}
	w.Want(t, `SELECT (SELECT last_value FROM filing_number) AS numbers, (SELECT count(*) FROM job) AS jobs, f.number,
		(SELECT count(*) FROM record WHERE act = 'filing-submit') AS records FROM filing f`, `
		numbers | jobs | number      | records
		1       | 1    | 2026-000001 | 1`)
	w.Sound()
}

func TestASignatureThatIsNotTheAuthorsOverTheseBytesFilesNothing(t *testing.T) {
	w := portaltest.World(t)
	id := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	content, digest := w.Paper(w.Aigul, id)
	another := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	otherContent, _ := w.Paper(w.Aigul, another)
	challenge := []byte("zharia/sign-in/1\norigin=https://zharia.test\n")
	attached, err := w.Serik.Key.SignCMS(content, true, w.At)
	if err != nil {
		t.Fatal(err)
	}
	before := w.Rows(t, `SELECT max(seq) FROM record`)
	for what, sent := range map[string]struct {
		cms     []byte
		message string
	}{
		"of her defender":            {w.SignedBy(w.Dana, content), "fault.eds.other-person"},
		"of the suspect, attached":   {attached, "fault.eds.other-person"},
		"of the investigator":        {w.SignedBy(w.Daniyar, content), "fault.eds.other-person"},
		"with an expired key":        {w.SignedBy(w.Actor("aigul-expired"), content), "fault.eds.certificate-expired"},
		"with the employer's key":    {w.SignedBy(w.Actor("employee"), content), "fault.eds.organisation"},
		"with a machine's key":       {w.SignedBy(w.Actor("system"), content), "fault.eds.system"},
		"with another country's key": {w.SignedBy(w.Actor("foreign"), content), "fault.eds.unknown-authority"},
		"over another draft":         {w.SignedBy(w.Aigul, otherContent), "fault.eds.content-differs"},
		"over a sign-in challenge":   {w.SignedBy(w.Aigul, challenge), "fault.eds.content-differs"},
		"of nobody":                  {nil, "fault.unsigned"},
		"that is no signature":       {content, "fault.eds.malformed"},
	} {
		err := filing.Submit(t.Context(), w.DB, w.Press, w.Verifier, w.Aigul.Asks(policy.FilingSubmit), id, sent.cms, digest)
		wantKind(t, "a signature "+what, fault.Invalid, err)
		var f *fault.Fault
		if errors.As(err, &f) && !w.Words.In("kk").Has(f.Message) {
			t.Errorf("a signature %s: nobody can be told %s", what, f.Message)
		}
		wantMessage(t, "a signature "+what, sent.message, err)
	}
	err = filing.Submit(t.Context(), w.DB, w.Press, w.Verifier, w.Aigul.Asks(policy.FilingSubmit), id, w.SignedBy(w.Aigul, content), make([]byte, 32))
	wantMessage(t, "a draft changed in another window", "fault.document-changed", err)

	portaltest.WantText(t, "the record", w.Rows(t, `SELECT max(seq) FROM record`), before)
	w.Want(t, `SELECT status, number, signed_at FROM filing JOIN document d ON d.id = document`, `
		status | number | signed_at
		draft  |        |
		draft  |        |`)
	w.Want(t, `SELECT count(*) FROM job`, "count\n0")
	if err := w.Submit(w.Aigul, id); err != nil {
		t.Errorf("and then her own does not do: %v", err)
	}
	w.Sound()
}

func TestADraftWhoseGroundHasGoneCannotBeFiled(t *testing.T) {
	w := portaltest.World(t)
	hers := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	theirs := w.Draft(w.Dana, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	for _, name := range []string{"aigul@theft", "serik@theft"} {
		if err := w.End(w.Daniyar, w.Participant(name)); err != nil {
			t.Fatal(err)
		}
	}
	wantMessage(t, "the victim", "fault.status-ended", w.Submit(w.Aigul, hers))
	wantMessage(t, "the defender, whose client is no suspect any more", "fault.status-ended", w.Submit(w.Dana, theirs))
	w.Want(t, `SELECT DISTINCT status FROM filing`, "status\ndraft")
	w.Sound()
}

func TestWhatIsFiledDoesNotChangeNotEvenBySQL(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	err := filing.Save(t.Context(), w.DB, w.Press, w.Aigul.Asks(policy.FilingCreate), w.Theft, id, filing.NewFiling{
		Kind: policy.FilingPetition, Ground: "other", Language: "kk", Circumstances: "Басқа", Points: []string{"Басқа"}, Participant: w.Participant("aigul@theft"),
	})
	wantMessage(t, "saving it again", "fault.filed-already", err)
	wantKind(t, "discarding it", fault.Conflict, filing.Discard(t.Context(), w.DB, w.Aigul.Asks(policy.FilingDiscard), id))
	for _, order := range []string{
		`UPDATE document SET digest = decode(repeat('00', 32), 'hex') WHERE id = (SELECT document FROM filing)`,
		`UPDATE document SET signed_at = NULL, signer = NULL, cms = NULL WHERE id = (SELECT document FROM filing)`,
		`DELETE FROM document WHERE id = (SELECT document FROM filing)`,
		`DELETE FROM filing WHERE false; DELETE FROM record`,
		`UPDATE record SET who = NULL`,
	} {
		if _, err := w.SQL.Exec(order); err == nil {
			t.Errorf("the superuser can %s", order)
		}
	}
	w.Sound()
}

func TestWhoSeesAFilingAndWhoDoesNot(t *testing.T) {
	w := portaltest.World(t)
	aigul, serik := w.Petition(w.Aigul, w.Theft), w.Petition(w.Serik, w.Theft)
	sees := func(a *portaltest.Actor, id uuid.UUID) string {
		f, err := filing.Read(t.Context(), w.DB, a.Asks(policy.FilingRead), id)
		if errors.Is(err, fault.NotFound) {
			return "-"
		}
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(f.Standing.Names(), ",")
	}
	everybody := []*portaltest.Actor{w.Aigul, w.Serik, w.Dana, w.Saule, w.Timur, w.Daniyar, w.Zhanar, w.Marat, w.Stranger}
	portaltest.WantText(t, "who sees what", portaltest.Lines(everybody, func(a *portaltest.Actor) string {
		return fmt.Sprintf("%s | %s | %s", a.Word, sees(a, aigul), sees(a, serik))
	}), `
		aigul   | author     | -
		serik   | -          | author
		dana    | -          | counsel
		saule   | -          | -
		timur   | -          | -
		daniyar | decider    | decider
		zhanar  | supervisor | supervisor
		marat   | unit       | unit
		asel    | -          | -`)
	if f, err := filing.Read(t.Context(), w.DB, w.Dana.Asks(policy.FilingRead), serik); err != nil || f.Requests()[0] != portaltest.Request {
		t.Errorf("the defender reads %q, %v", f.Requests(), err)
	}
	wantKind(t, "the defender withdraws it", fault.Forbidden, w.Withdraw(w.Dana, serik))
	if err := w.End(w.Daniyar, w.Participant("dana@theft")); err != nil {
		t.Fatal(err)
	}
	if seen := sees(w.Dana, serik); seen != "-" {
		t.Errorf("a defender who left still sees it as %s", seen)
	}
	w.Sound()
}

func TestReadingAnothersFilingLeavesARecordAndOnesOwnDoesNot(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Serik, w.Theft)
	w.Explain(w.Zhanar, w.Theft)
	for _, a := range []*portaltest.Actor{w.Serik, w.Dana, w.Daniyar, w.Zhanar} {
		if content, _ := w.Paper(a, id); !strings.Contains(portaltest.PDFText(t, content), w.Serik.FullName()) {
			t.Errorf("%s reads a paper that does not name its author", a.Word)
		}
	}
	_, _, err := filing.Document(t.Context(), w.DB, w.Aigul.Asks(policy.FilingDocument), id)
	wantKind(t, "the victim", fault.NotFound, err)
	w.Want(t, `SELECT who, act, casefile, law FROM record WHERE act = 'filing-document' ORDER BY seq`, `
		who     | act             | casefile | law
		dana    | filing-document | theft    | CPC 105
		daniyar | filing-document | theft    | CPC 105
		zhanar  | filing-document | theft    | CPC 105`)
	w.Sound()
}

func TestTheReceiptSaysWhatWasReceivedWhenAndUntilWhen(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	f, doc, err := filing.Document(t.Context(), w.DB, w.Aigul.Asks(policy.FilingReceipt), id)
	if err != nil {
		t.Fatal(err)
	}
	for lang, phrases := range map[string][]string{
		"kk": {"2026-000001", "267511031000456", "14:30:00", "27 қазан", w.Aigul.FullName(), w.Daniyar.FullName(), w.Words.In("kk").Hex(doc.Digest)},
		"ru": {"2026-000001", "27 октября", "Ходатайство"},
	} {
		pdf, err := filing.Receipt(w.Press, f, doc, filing.Noted{}, lang)
		if err != nil {
			t.Fatal(err)
		}
		text := portaltest.PDFText(t, pdf)
		for _, phrase := range phrases {
			if !strings.Contains(text, phrase) {
				t.Errorf("the receipt in %s does not say %q:\n%s", lang, phrase, text)
			}
		}
		again, err := filing.Receipt(w.Press, f, doc, filing.Noted{}, lang)
		if err != nil || string(again) != string(pdf) {
			t.Errorf("the receipt in %s is another one the second time, %v", lang, err)
		}
	}
}

// TestThePetitionNamesItsAuthorByIIN is the one place where the digits stand in
// clear: on the paper that its author signs.
func TestThePetitionNamesItsAuthorByIIN(t *testing.T) {
	w := portaltest.World(t)
	content, _ := w.Paper(w.Aigul, w.Petition(w.Aigul, w.Theft))
	text := portaltest.PDFText(t, content)
	for _, phrase := range []string{"ӨТІНІШХАТ", w.Aigul.FullName(), w.Aigul.IIN.Reveal(), w.Daniyar.FullName(), portaltest.Circumstances, portaltest.Request} {
		if !strings.Contains(text, phrase) {
			t.Errorf("it does not say %q:\n%s", phrase, text)
		}
	}
}
