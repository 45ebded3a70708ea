package casefile_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// paperOf is the paper about somebody's status, as Daniyar sees it.
func paperOf(t *testing.T, w *portaltest.W, id uuid.UUID) (casefile.Participant, casefile.Confirmation, document.Document) {
	t.Helper()
	p, c, d, err := casefile.ReadConfirmation(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	return p, c, d
}

// draftGrant has Daniyar prepare the confirmation that Aigul waits for.
func draftGrant(t *testing.T, w *portaltest.W, g casefile.Grant, language string) uuid.UUID {
	t.Helper()
	aigul := w.Participant("aigul@fraud")
	g.Language = language
	if err := casefile.DraftGrant(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantDraft), aigul, g); err != nil {
		t.Fatal(err)
	}
	return aigul
}

// settle brings a signature of somebody's key over any bytes.
func settle(t *testing.T, w *portaltest.W, act policy.Act, id uuid.UUID, key *portaltest.Actor, content, digest []byte) error {
	t.Helper()
	return casefile.Settle(t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(act), id, w.SignedBy(key, content), digest)
}

func TestAStatusIsConfirmedByTheInvestigatorsSignatureAndByNothingElse(t *testing.T) {
	w := portaltest.World(t)
	aigul := draftGrant(t, w, victim, "kk")
	_, c, d := paperOf(t, w, aigul)
	if c.Ends || c.Grant.Role != policy.Victim || d.Kind != document.Confirmation || d.Signed() {
		t.Fatalf("the paper is %+v", c)
	}
	wantKind(t, "Aigul, while it is a draft", fault.NotFound, read(t, w, w.Aigul, "fraud-registered"))
	wantKind(t, "without a signature", fault.Invalid,
		casefile.Settle(t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(policy.ParticipantGrant), aigul, nil, d.Digest))
	wantKind(t, "with another's key", fault.Invalid, settle(t, w, policy.ParticipantGrant, aigul, w.Zhanar, d.Content, d.Digest))
	wantKind(t, "over other bytes", fault.Invalid, settle(t, w, policy.ParticipantGrant, aigul, w.Daniyar, append(bytes.Clone(d.Content), '\n'), d.Digest))
	wantKind(t, "over what no page showed", fault.Conflict, settle(t, w, policy.ParticipantGrant, aigul, w.Daniyar, d.Content, make([]byte, 32)))
	wantKind(t, "at the door where a status ends", fault.Conflict, settle(t, w, policy.ParticipantEnd, aigul, w.Daniyar, d.Content, d.Digest))
	is := `SELECT status, (SELECT count(*) FROM confirmation WHERE participant = participant.id AND signed_at IS NOT NULL) AS signed FROM participant WHERE id = '` + aigul.String() + `'`
	w.Want(t, is, "status | signed\nawaiting | 0")

	if err := settle(t, w, policy.ParticipantGrant, aigul, w.Daniyar, d.Content, d.Digest); err != nil {
		t.Fatal(err)
	}
	w.Want(t, is, "status | signed\nconfirmed | 1")
	wantKind(t, "a second time", fault.Conflict, settle(t, w, policy.ParticipantGrant, aigul, w.Daniyar, d.Content, d.Digest))
	if err := read(t, w, w.Aigul, "fraud-registered"); err != nil {
		t.Error(err)
	}
	w.Want(t, `SELECT r.act, r.digest = d.digest AS same FROM record r, document d WHERE r.object_id = '`+aigul.String()+`' AND d.id = '`+d.ID.String()+`' ORDER BY r.seq`, `
		act                 | same
		participant-draft   | true
		participant-confirm | true`)
	w.Sound()
}

func TestSavingAnotherDraftMakesTheSignatureOverTheFirstWorthless(t *testing.T) {
	w := portaltest.World(t)
	aigul := draftGrant(t, w, victim, "kk")
	_, _, first := paperOf(t, w, aigul)
	later := victim
	later.Since = later.Since.AddDate(0, 0, -1)
	draftGrant(t, w, later, "ru")
	_, c, second := paperOf(t, w, aigul)
	if second.Language != "ru" || !c.Grant.Since.Equal(later.Since) {
		t.Errorf("the draft is %+v", c.Grant)
	}
	wantKind(t, "over the paper before", fault.Conflict, settle(t, w, policy.ParticipantGrant, aigul, w.Daniyar, first.Content, first.Digest))
	if err := settle(t, w, policy.ParticipantGrant, aigul, w.Daniyar, second.Content, second.Digest); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT since FROM participant WHERE id = '`+aigul.String()+`'`, "since\n"+later.Since.Format(time.DateOnly))
	w.Want(t, `SELECT count(*) FROM document WHERE signed_at IS NULL`, "count\n0")
	w.Sound()
}

func TestSomebodyNewIsTheInvestigatorsSecretUntilItIsSigned(t *testing.T) {
	w := portaltest.World(t)
	id := cast("new")
	g := victim
	g.Language = "kk"
	add := func() error {
		return casefile.DraftNew(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantAdd), w.Theft, id, w.Stranger.IIN, w.Stranger.FullName(), g)
	}
	for range 2 { // a double click
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT status, (SELECT count(*) FROM confirmation WHERE participant = participant.id) AS papers FROM participant WHERE id = '`+id.String()+`'`,
		"status | papers\ndraft | 1")
	cases, waiting, err := casefile.List(t.Context(), w.DB, w.Stranger.Asks(policy.CaseList))
	if err != nil || len(cases) != 0 || len(waiting) != 0 {
		t.Errorf("she learns of %d cases and %d to come before it is signed, %v", len(cases), len(waiting), err)
	}
	wantKind(t, "ending a draft", fault.Conflict, w.End(w.Daniyar, id))
	// Giving it up leaves nothing of her in the case.
	if err := casefile.DiscardConfirmation(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantDiscard), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM participant) AS participants, (SELECT count(*) FROM document WHERE signed_at IS NULL) AS papers`, "participants | papers\n7 | 0")
	wantKind(t, "giving it up again", fault.NotFound,
		casefile.DiscardConfirmation(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantDiscard), id))
	// And she can be added anew, once.
	if err := add(); err != nil {
		t.Fatal(err)
	}
	if err := w.Settle(w.Daniyar, policy.ParticipantGrant, id); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "saving the page once more", fault.Conflict, add())
	id = w.Participant("aigul@fraud") // of another case: as if it were free, and yet it is not
	wantKind(t, "under the id of somebody in another case", fault.NotFound, add())
	w.Sound()
}

func TestAConfirmationIsHeldAgainstTheLawWhenItIsSignedToo(t *testing.T) {
	w := portaltest.World(t)
	id := cast("second defender")
	g := casefile.Grant{Language: "kk", Role: policy.Defender, Basis: "defence-notice", Represents: w.Participant("serik@theft"), Since: victim.Since, Advocate: portaltest.Licence}
	err := casefile.DraftNew(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantAdd), w.Theft, id, w.Stranger.IIN, w.Stranger.FullName(), g)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(w.Daniyar, w.Participant("serik@theft")); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "a defender of one who has left", fault.Invalid, w.Settle(w.Daniyar, policy.ParticipantGrant, id))
	w.Want(t, `SELECT status FROM participant WHERE id = '`+id.String()+`'`, "status\ndraft")
	w.Sound()
}

func TestGivingUpAnEndingLeavesTheStatusAsItWas(t *testing.T) {
	w := portaltest.World(t)
	aigul := w.Participant("aigul@theft")
	if err := casefile.DraftEnd(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantEnding), aigul, "kk", portaltest.Reasons); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "another gives it up", fault.NotFound, casefile.DiscardConfirmation(t.Context(), w.DB, w.Zhanar.Asks(policy.ParticipantDiscard), aigul))
	if err := casefile.DiscardConfirmation(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantDiscard), aigul); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "twice", fault.Conflict, casefile.DiscardConfirmation(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantDiscard), aigul))
	w.Want(t, `SELECT status FROM participant WHERE id = '`+aigul.String()+`'`, "status\nconfirmed")
	if _, c, d := paperOf(t, w, aigul); c.SignedAt.IsZero() || !d.Signed() { // that of the play
		t.Error("the paper of her confirmation is gone")
	}
	w.Sound()
}

func TestNobodyElseSeesThePaperAboutAStatus(t *testing.T) {
	w := portaltest.World(t)
	aigul := draftGrant(t, w, victim, "kk")
	for _, other := range []*portaltest.Actor{w.Aigul, w.Zhanar, w.Dana, w.Stranger} {
		_, _, d, err := casefile.ReadConfirmation(t.Context(), w.DB, other.Asks(policy.ParticipantPaper), aigul)
		wantKind(t, other.Word, fault.NotFound, err)
		if d.Content != nil {
			t.Errorf("%s has it all the same", other.Word)
		}
	}
}

// Security/THREATS S31.
func TestThePapersOfACaseArePrintedAgainFromWhatIsKept(t *testing.T) {
	w := portaltest.World(t)
	reprint := func(what string, s document.Sheet, d document.Document, c casefile.Case) {
		t.Helper()
		again, err := w.Press.Paper(s, d, c.Number)
		if err != nil || !bytes.Equal(again, d.Content) {
			t.Errorf("%s: printed again it is another paper, %v", what, err)
		}
	}
	for _, language := range []string{"kk", "ru"} {
		aigul := draftGrant(t, w, victim, language)
		p, confirmation, d := paperOf(t, w, aigul)
		c, err := casefile.Read(t.Context(), w.DB, w.Daniyar.Asks(policy.CaseRead), p.Case)
		if err != nil {
			t.Fatal(err)
		}
		person, err := identity.Read(t.Context(), w.DB, p.Person, w.At)
		if err != nil {
			t.Fatal(err)
		}
		all, err := casefile.Participants(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantView), p.Case)
		if err != nil {
			t.Fatal(err)
		}
		reprint("a confirmation in "+language, casefile.ConfirmationSheet(confirmation.Grant, w.Press, d, c, person, all), d, c)
		if err := casefile.DraftEnd(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantEnding), aigul, language, portaltest.Reasons); err != nil {
			t.Fatal(err)
		}
		p, _, d = paperOf(t, w, aigul)
		reprint("an ending in "+language, casefile.EndingSheet(p, w.Press, d, c, person, portaltest.Reasons), d, c)

		id := uuid.Must(uuid.NewV7())
		ruled := ruling(w)
		ruled.Language = language
		if err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DecisionDraft), w.Theft, id, ruled); err != nil {
			t.Fatal(err)
		}
		kept, d, c, err := casefile.ReadDraft(t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionCheck), id)
		if err != nil {
			t.Fatal(err)
		}
		reprint("a ruling in "+language, casefile.DecisionSheet(kept, w.Press, d, c), d, c)
	}
}

func TestAConfirmationSaysWhoIsWhatAndByWhichArticle(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Log("poppler is not installed: the words are not read")
		return
	}
	w := portaltest.World(t)
	for language, want := range map[string][]string{
		"kk": {"ПРОЦЕСТІК МӘРТЕБЕНІ РАСТАУ", "Жәбірленуші", "22 қазан", "71-бабы", "қатысушының мәртебесін растау"},
		"ru": {"ПОДТВЕРЖДЕНИЕ ПРОЦЕССУАЛЬНОГО СТАТУСА", "Потерпевший", "22 октября", "ч. 3 ст. 71 УПК", "подтверждение статуса участника"},
	} {
		_, _, d := paperOf(t, w, draftGrant(t, w, victim, language))
		cmd := exec.Command("pdftotext", "-layout", "-enc", "UTF-8", "-", "-")
		cmd.Stdin = bytes.NewReader(d.Content)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(string(out)), "")
		for _, said := range append(want, w.Aigul.FullName(), w.Aigul.IIN.Reveal(), w.Daniyar.FullName(), d.ID.String()) {
			if !strings.Contains(text, strings.ReplaceAll(said, " ", "")) {
				t.Errorf("%s: the paper does not say %q:\n%s", language, said, out)
			}
		}
	}
}
