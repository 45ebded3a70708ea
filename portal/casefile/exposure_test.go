package casefile_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// whyOpened is what the investigator writes in these tests.
const whyOpened = "Өтінішхаты қаралып, мәтінін оқу қорғану үшін қажет екені анықталды."

// exposes has Daniyar draft an exposure and sign it.
func exposes(t *testing.T, w *portaltest.W, decision, participant uuid.UUID, view policy.View, ground policy.Ground) (uuid.UUID, error) {
	t.Helper()
	id, err := casefile.DraftExposure(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ExposureDraft), decision,
		casefile.ExposureDraft{Participant: participant, View: view, Ground: ground, Reasons: whyOpened, Language: "kk"})
	if err != nil {
		return id, err
	}
	return id, signsExposure(t, w, w.Daniyar, w.Daniyar, id)
}

func signsExposure(t *testing.T, w *portaltest.W, a, key *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	_, doc, _, err := casefile.ReadExposure(t.Context(), w.DB, w.Daniyar.Asks(policy.ExposureCheck), id)
	if err != nil {
		return err
	}
	return casefile.SignExposure(t.Context(), w.DB, w.Verifier, a.Asks(policy.ExposureSign), id, w.SignedBy(key, doc.Content), doc.Digest)
}

// sight is how an actor sees a decision of the cast.
func sight(t *testing.T, w *portaltest.W, a *portaltest.Actor, decision uuid.UUID) policy.Sight {
	t.Helper()
	d, _, err := casefile.ReadDecision(t.Context(), w.DB, a.Asks(policy.DecisionRead), decision)
	if err != nil {
		wantKind(t, a.Word+" reads", fault.NotFound, err)
		return policy.Sight{}
	}
	return d.Sight
}

func opens(t *testing.T, w *portaltest.W, a *portaltest.Actor, decision uuid.UUID) bool {
	t.Helper()
	_, _, err := casefile.CopyOf(t.Context(), w.DB, a.Asks(policy.DecisionCopy), decision)
	return err == nil
}

func TestTheInvestigatorOpensADecisionToOnePersonAndEndsIt(t *testing.T) {
	w := portaltest.World(t)
	id := w.Decision("term-extended") // the plaintiff has the fact
	before := sight(t, w, w.Saule, id)
	if before.View != policy.Fact || opens(t, w, w.Saule, id) {
		t.Fatalf("she sees %+v before", before)
	}
	paper, err := casefile.DraftExposure(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ExposureDraft), id,
		casefile.ExposureDraft{Participant: w.Participant("saule@theft"), View: policy.Read, Ground: policy.OnPetition, Reasons: whyOpened, Language: "kk"})
	if err != nil {
		t.Fatal(err)
	}
	if got := sight(t, w, w.Saule, id); got != before {
		t.Errorf("a draft opens %+v", got)
	}
	for _, other := range []*portaltest.Actor{w.Zhanar, w.Saule, w.Stranger} {
		_, _, _, err := casefile.ReadExposure(t.Context(), w.DB, other.Asks(policy.ExposurePaper), paper)
		wantKind(t, other.Word+" reads the draft", fault.NotFound, err)
	}
	if err := signsExposure(t, w, w.Daniyar, w.Daniyar, paper); err != nil {
		t.Fatal(err)
	}
	if got := sight(t, w, w.Saule, id); got.View != policy.Read || !got.Opened || !opens(t, w, w.Saule, id) {
		t.Errorf("opened, she sees %+v", got)
	}
	d, _, err := casefile.ReadDecision(t.Context(), w.DB, w.Saule.Asks(policy.DecisionRead), id)
	if err != nil || d.Exposure.Ground != policy.OnPetition || !d.Exposure.At.Equal(w.At) || d.Copy() {
		t.Errorf("she is told %+v, %v", d.Exposure, err)
	}
	if _, _, _, err := casefile.ReadExposure(t.Context(), w.DB, w.Saule.Asks(policy.ExposurePaper), paper); err == nil {
		t.Error("she reads the investigator's reasons")
	}
	x, doc, _, err := casefile.ReadExposure(t.Context(), w.DB, w.Zhanar.Asks(policy.ExposurePaper), paper)
	if err != nil || x.Reasons != whyOpened || !doc.Signed() {
		t.Errorf("the prosecutor reads %+v, %v", x, err)
	}
	text := portaltest.PDFText(t, doc.Content)
	for _, phrase := range []string{"Бекова Сәуле Тұрарқызы", "Өтінішхаты қанағаттандырылды", "99-баб", "Мәтінін оқу", whyOpened[:40]} {
		if !strings.Contains(text, phrase) {
			t.Errorf("the paper does not say %q:\n%s", phrase, text)
		}
	}

	w.At = w.At.Add(time.Minute)
	if err := casefile.EndExposure(t.Context(), w.DB, w.Daniyar.Asks(policy.ExposureEnd), paper); err != nil {
		t.Fatal(err)
	}
	if got := sight(t, w, w.Saule, id); got != before || opens(t, w, w.Saule, id) {
		t.Errorf("ended, she still sees %+v", got)
	}
	wantKind(t, "ended twice", fault.Conflict, casefile.EndExposure(t.Context(), w.DB, w.Daniyar.Asks(policy.ExposureEnd), paper))
	w.Want(t, `SELECT who, act, law FROM record WHERE object = 'exposure' ORDER BY seq`, `
		who     | act            | law
		daniyar | exposure-draft | CPC 201
		daniyar | exposure-sign  | CPC 201
		daniyar | exposure-end   | CPC 201`)
	w.Sound()
}

func TestNoExposureGoesPastTheLawAndNoneNarrowsWithoutAGround(t *testing.T) {
	w := portaltest.World(t)
	for _, c := range []struct {
		says, decision, who string
		view                policy.View
		ground              policy.Ground
	}{
		{"a flagged document", "bank-secret", "dana@theft", policy.Read, policy.ForDefence},
		{"a ruling on another, to the plaintiff (X)", "search-done", "saule@theft", policy.Read, policy.ForTruth},
		{"what needs the file, to the victim (F)", "accepted", "aigul@theft", policy.Read, policy.ForTruth},
		{"the victim's data, to the defender (³)", "victim-recognised", "dana@theft", policy.Read, policy.ForDefence},
		{"what he has already", "term-extended", "serik@theft", policy.Copy, policy.OnPetition},
		{"less than he has, without a ground of law", "term-extended", "serik@theft", policy.Fact, policy.ForTruth},
		{"as much as he has, narrowed", "term-extended", "serik@theft", policy.Copy, policy.ForSecurity},
		{"nothing at all", "term-extended", "aigul@theft", policy.Hidden, policy.ForSecurity},
		{"a ground that is none", "term-extended", "saule@theft", policy.Read, "because"},
		{"somebody of another case", "term-extended", "timur@fraud", policy.Read, policy.ForDefence},
	} {
		_, err := exposes(t, w, w.Decision(c.decision), w.Participant(c.who), c.view, c.ground)
		wantKind(t, c.says, fault.Invalid, err)
	}
	draft := casefile.ExposureDraft{Participant: w.Participant("saule@theft"), View: policy.Read, Ground: policy.ForTruth, Reasons: whyOpened, Language: "kk"}
	for _, other := range []struct {
		who  *portaltest.Actor
		kind fault.Kind
	}{{w.Zhanar, fault.Forbidden}, {w.Aigul, fault.Forbidden}, {w.Ermek, fault.NotFound}, {w.Stranger, fault.NotFound}} {
		_, err := casefile.DraftExposure(t.Context(), w.DB, w.Press, other.who.Asks(policy.ExposureDraft), w.Decision("term-extended"), draft)
		wantKind(t, other.who.Word+" opens", other.kind, err)
	}
	w.Want(t, `SELECT count(*) FROM exposure`, "count\n0")
	w.Want(t, `SELECT count(*) FROM document WHERE signed_at IS NULL`, "count\n0")
	w.Sound()
}

func TestARightIsNarrowedByAnArticleAndTheFactAndTheReasonRemain(t *testing.T) {
	w := portaltest.World(t)
	id := w.Decision("search-done")
	if got := sight(t, w, w.Serik, id); got.View != policy.Copy {
		t.Fatalf("of the search in his home he sees %+v", got)
	}
	paper, err := exposes(t, w, id, w.Participant("serik@theft"), policy.Fact, policy.ForSecurity)
	if err != nil {
		t.Fatal(err)
	}
	if got := sight(t, w, w.Serik, id); got.View != policy.Fact || got.Why != policy.Security || opens(t, w, w.Serik, id) {
		t.Errorf("narrowed, he sees %+v", got)
	}
	if got := sight(t, w, w.Dana, id); got.View != policy.Copy {
		t.Errorf("his defender sees %+v: the paper names him alone", got)
	}
	// Another paper about the two takes the place of the first.
	w.At = w.At.Add(time.Minute)
	if _, err := exposes(t, w, id, w.Participant("serik@theft"), policy.Read, policy.NonDisclosure); err != nil {
		t.Fatal(err)
	}
	if got := sight(t, w, w.Serik, id); got.View != policy.Read || got.Why != policy.Undisclosed {
		t.Errorf("narrowed less, he sees %+v", got)
	}
	wantKind(t, "the first is over", fault.Conflict, casefile.EndExposure(t.Context(), w.DB, w.Daniyar.Asks(policy.ExposureEnd), paper))
	w.Want(t, `SELECT view, ground, ended_at IS NULL AS in_force FROM exposure ORDER BY made_at`, `
		view | ground         | in_force
		fact | security       | false
		read | non-disclosure | true`)
	w.Sound()
}

// He cannot go round a narrowing by being something else in the case as well.
func TestANarrowingIsThePersonsWhateverElseHeIs(t *testing.T) {
	w := portaltest.World(t)
	id := w.Decision("plaintiff-recognised")
	if err := w.Add(w.Daniyar, w.Theft, cast("saule the victim"), w.Saule,
		casefile.Grant{Role: policy.Victim, Basis: "ruling", Since: time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	if _, err := exposes(t, w, id, w.Participant("saule@theft"), policy.Fact, policy.ForSecret); err != nil {
		t.Fatal(err)
	}
	for _, acting := range []uuid.UUID{uuid.Nil, w.Participant("saule@theft"), cast("saule the victim")} {
		ask := w.Saule.Asks(policy.DecisionCopy)
		ask.Acting = acting
		if _, _, err := casefile.CopyOf(t.Context(), w.DB, ask, id); err == nil {
			t.Errorf("she opens it, acting as %s", acting)
		}
	}
}

func TestAnExposureIsHeldAgainstTheLawWhenItIsSignedToo(t *testing.T) {
	w := portaltest.World(t)
	id := w.Decision("term-extended")
	draft := casefile.ExposureDraft{Participant: w.Participant("saule@theft"), View: policy.Read, Ground: policy.ForTruth, Reasons: whyOpened, Language: "ru"}
	paper, err := casefile.DraftExposure(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ExposureDraft), id, draft)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, "another's key", fault.Invalid, signsExposure(t, w, w.Daniyar, w.Zhanar, paper))
	wantKind(t, "the prosecutor", fault.NotFound, signsExposure(t, w, w.Zhanar, w.Zhanar, paper))
	if err := w.End(w.Daniyar, w.Participant("saule@theft")); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "her status has ended", fault.Conflict, signsExposure(t, w, w.Daniyar, w.Daniyar, paper))
	if err := casefile.DiscardExposure(t.Context(), w.DB, w.Daniyar.Asks(policy.ExposureDiscard), paper); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM exposure) AS exposures, (SELECT count(*) FROM document WHERE kind = 'exposure') AS papers`, "exposures | papers\n0 | 0")
	w.Sound()
}

// redacts has Daniyar make a copy and sign it.
func redacts(t *testing.T, w *portaltest.W, decision uuid.UUID, draft casefile.RedactionDraft) (uuid.UUID, error) {
	t.Helper()
	id, err := casefile.DraftRedaction(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RedactionDraft), decision, draft)
	if err != nil {
		return id, err
	}
	_, doc, _, err := casefile.ReadRedaction(t.Context(), w.DB, w.Daniyar.Asks(policy.RedactionCheck), id)
	if err != nil {
		return id, err
	}
	return id, casefile.SignRedaction(t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(policy.RedactionSign), id, w.SignedBy(w.Daniyar, doc.Content), doc.Digest)
}

func TestARedactedCopyOpensInPlaceOfTheOriginalAndBothStandInTheRecord(t *testing.T) {
	w := portaltest.World(t)
	id := w.Decision("victim-recognised")
	if got := sight(t, w, w.Dana, id); got.View != policy.Fact || got.Why != policy.NoOthersData {
		t.Fatalf("without a copy the defender sees %+v", got)
	}
	cut, _, _, err := casefile.Cut(t.Context(), w.DB, w.Daniyar.Asks(policy.RedactionNew), id, policy.PersonalData, mask)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Оспанова", "Айгүл", "Болатқызы", "870412499015"} {
		if strings.Contains(cut.Established+cut.Resolved, name) {
			t.Errorf("the copy begins with %q in it", name)
		}
	}
	if !strings.Contains(cut.Established+cut.Resolved, "[NAME]") {
		t.Errorf("nothing is masked: %q", cut.Established)
	}
	cut.Language = "kk"
	copied, err := redacts(t, w, id, cut)
	if err != nil {
		t.Fatal(err)
	}
	d, doc, err := casefile.CopyOf(t.Context(), w.DB, w.Dana.Asks(policy.DecisionCopy), id)
	if err != nil || doc.ID != copied || d.Part != policy.PersonalData || !d.Copy() {
		t.Fatalf("the defender is given %s as %+v, %v", doc.ID, d.Sight, err)
	}
	text := portaltest.PDFText(t, doc.Content)
	for _, name := range []string{"Оспанова", "Айгүл", "Болатқызы", "ОСПАНОВА"} {
		if strings.Contains(text, name) {
			t.Errorf("the copy says %q", name)
		}
	}
	own, original, err := casefile.CopyOf(t.Context(), w.DB, w.Aigul.Asks(policy.DecisionCopy), id)
	if err != nil || own.Redacted() || original.ID == copied {
		t.Fatalf("the victim is given %s, %v", original.ID, err)
	}
	r, err := d.Registration(t.Context(), w.DB)
	if err != nil || !bytes.Equal(r.Original, original.Digest) || !bytes.Equal(r.Copy, doc.Digest) || r.OriginalID != original.ID || r.OriginalSeq == 0 || r.CopySeq <= r.OriginalSeq {
		t.Errorf("it is registered as %+v, %v", r, err)
	}
	if !strings.Contains(strings.Join(strings.Fields(text), ""), strings.ReplaceAll(w.Words.In("kk").Hex(original.Digest), " ", "")) {
		t.Errorf("the copy does not name the fingerprint of the original:\n%s", text)
	}
	var acts []struct {
		Act  string
		Same bool
	}
	err = w.SQL.Select(&acts, `SELECT r.act, r.digest = d.digest AS same FROM record r JOIN document d ON d.id = $2 WHERE r.seq = $1
		UNION ALL SELECT r.act, r.digest = d.digest FROM record r JOIN document d ON d.id = $4 WHERE r.seq = $3`, r.OriginalSeq, original.ID, r.CopySeq, copied)
	if err != nil || len(acts) != 2 || acts[0].Act != "decision-publish" || acts[1].Act != "redaction-sign" || !acts[0].Same || !acts[1].Same {
		t.Errorf("the record has %+v, %v", acts, err)
	}

	// A new copy takes the place of the old one.
	w.At = w.At.Add(time.Minute)
	cut.Resolved += " Түзетілді."
	second, err := redacts(t, w, id, cut)
	if err != nil {
		t.Fatal(err)
	}
	if _, doc, err := casefile.CopyOf(t.Context(), w.DB, w.Dana.Asks(policy.DecisionCopy), id); err != nil || doc.ID != second {
		t.Errorf("the defender is given %s, %v", doc.ID, err)
	}
	w.Want(t, `SELECT part, replaced_at IS NULL AS in_force FROM redaction ORDER BY made_at`, `
		part          | in_force
		personal-data | false
		personal-data | true`)
	w.Sound()
}

func TestACopyOfThePartOnTheClaimIsForPlaintiffAndDefendantOnly(t *testing.T) {
	w := portaltest.World(t)
	id := w.Decision("property-arrest")
	if _, err := redacts(t, w, id, casefile.RedactionDraft{Part: policy.CivilClaim, Language: "kk",
		Established: "Азаматтық талапты қамтамасыз ету қажет.", Resolved: "Мүлікке тыйым салынсын."}); err != nil {
		t.Fatal(err)
	}
	if got := sight(t, w, w.Saule, id); got.View != policy.Copy || got.Part != policy.CivilClaim {
		t.Errorf("the plaintiff sees %+v", got)
	}
	if got := sight(t, w, w.Serik, id); got.Redacted() || got.View != policy.Copy {
		t.Errorf("the suspect sees %+v", got)
	}
	if got := sight(t, w, w.Aigul, id); got.View != policy.Fact {
		t.Errorf("the victim sees %+v", got)
	}
}

func TestACopyIsTheInvestigatorsToMake(t *testing.T) {
	w := portaltest.World(t)
	draft := casefile.RedactionDraft{Part: policy.PersonalData, Language: "kk", Established: "Деректері жасырылған мәтін.", Resolved: "Танылсын осылай."}
	_, err := casefile.DraftRedaction(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RedactionDraft), w.Decision("bank-secret"), draft)
	wantKind(t, "a flagged document", fault.Invalid, err)
	odd := draft
	odd.Part = "everything"
	_, err = casefile.DraftRedaction(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RedactionDraft), w.Decision("victim-recognised"), odd)
	wantKind(t, "a part that is none", fault.Invalid, err)
	id, err := casefile.DraftRedaction(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RedactionDraft), w.Decision("victim-recognised"), draft)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []struct {
		who  *portaltest.Actor
		kind fault.Kind
	}{{w.Zhanar, fault.Forbidden}, {w.Dana, fault.Forbidden}, {w.Ermek, fault.NotFound}, {w.Stranger, fault.NotFound}} {
		_, err := casefile.DraftRedaction(t.Context(), w.DB, w.Press, other.who.Asks(policy.RedactionDraft), w.Decision("accepted"), draft)
		if other.who == w.Dana || other.who == w.Zhanar || other.kind == fault.NotFound {
			wantKind(t, other.who.Word+" makes a copy", other.kind, err)
		}
		_, _, _, err = casefile.ReadRedaction(t.Context(), w.DB, other.who.Asks(policy.RedactionPaper), id)
		wantKind(t, other.who.Word+" reads the draft", fault.NotFound, err)
	}
	if got := sight(t, w, w.Dana, w.Decision("victim-recognised")); got.View != policy.Fact {
		t.Errorf("a draft shows %+v", got)
	}
	// What waits is what the form begins with.
	back, _, _, err := casefile.Cut(t.Context(), w.DB, w.Daniyar.Asks(policy.RedactionNew), w.Decision("victim-recognised"), policy.PersonalData, mask)
	if err != nil || back.Established != draft.Established || back.Resolved != draft.Resolved {
		t.Errorf("it begins with %+v, %v", back, err)
	}
	// Another draft takes its place; given up, nothing remains.
	again, err := casefile.DraftRedaction(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RedactionDraft), w.Decision("victim-recognised"), draft)
	if err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM redaction`, "count\n1")
	if err := casefile.DiscardRedaction(t.Context(), w.DB, w.Daniyar.Asks(policy.RedactionDiscard), again); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT (SELECT count(*) FROM redaction) AS copies, (SELECT count(*) FROM document WHERE kind = 'redaction') AS papers`, "copies | papers\n0 | 0")
	w.Sound()
}

// The texts of copies and the reasons of exposures are nobody's to read in the
// database.
func TestReasonsAndCopiesLieSealed(t *testing.T) {
	w := portaltest.World(t)
	if _, err := exposes(t, w, w.Decision("term-extended"), w.Participant("saule@theft"), policy.Read, policy.ForTruth); err != nil {
		t.Fatal(err)
	}
	if _, err := redacts(t, w, w.Decision("victim-recognised"), casefile.RedactionDraft{Part: policy.PersonalData, Language: "kk", Established: whyOpened, Resolved: whyOpened}); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM exposure WHERE position(CAST('`+whyOpened+`' AS bytea) IN reasons) > 0`, "count\n0")
	w.Want(t, `SELECT count(*) FROM redaction WHERE position(CAST('`+whyOpened+`' AS bytea) IN established || resolved) > 0`, "count\n0")
}

// Who stands in for the investigator signs these papers, so it is he whom they name.
func TestACopyAndAnExposureNameTheDeputyWhoSignsThem(t *testing.T) {
	w := portaltest.World(t)
	if _, err := w.Substitute(w.Marat, w.Daniyar, w.Ermek, time.Date(2026, 10, 30, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	copied, err := casefile.DraftRedaction(t.Context(), w.DB, w.Press, w.Ermek.Asks(policy.RedactionDraft), w.Decision("victim-recognised"),
		casefile.RedactionDraft{Part: policy.PersonalData, Established: portaltest.Circumstances, Resolved: portaltest.Reasons, Language: "kk"})
	if err != nil {
		t.Fatal(err)
	}
	_, redaction, _, err := casefile.ReadRedaction(t.Context(), w.DB, w.Ermek.Asks(policy.RedactionCheck), copied)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := casefile.DraftExposure(t.Context(), w.DB, w.Press, w.Ermek.Asks(policy.ExposureDraft), w.Decision("term-extended"),
		casefile.ExposureDraft{Participant: w.Participant("saule@theft"), View: policy.Read, Ground: policy.OnPetition, Reasons: whyOpened, Language: "kk"})
	if err != nil {
		t.Fatal(err)
	}
	_, exposure, _, err := casefile.ReadExposure(t.Context(), w.DB, w.Ermek.Asks(policy.ExposureCheck), opened)
	if err != nil {
		t.Fatal(err)
	}
	for what, paper := range map[string][]byte{"the copy": redaction.Content, "the exposure": exposure.Content} {
		if said := portaltest.PDFText(t, paper); !strings.Contains(said, w.Ermek.FullName()) || strings.Contains(said, w.Daniyar.FullName()) {
			t.Errorf("%s does not name who signs it:\n%s", what, said)
		}
	}
}
