package casefile_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// suspicion is a ruling that names people as suspects and waits for the prosecutor.
func suspicion(names ...uuid.UUID) casefile.DecisionDraft {
	return casefile.DecisionDraft{
		Kind: "suspect-recognised", DecidedOn: time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC), Language: "kk", Concerns: names,
		Established: "Бейнежазбадан бұл адамның пәтерден шыққаны көрінеді.", Resolved: "Күдікті деп танылсын.",
	}
}

// submitted is a decision that Daniyar has signed in the theft and that waits.
func submitted(t *testing.T, w *portaltest.W, d casefile.DecisionDraft) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	if err := draft(t, w, w.Daniyar, id, d); err != nil {
		t.Fatal(err)
	}
	if err := w.Publish(w.Daniyar, id); err != nil {
		t.Fatal(err)
	}
	return id
}

// suspect brings somebody into the theft as a suspect on a ground.
func suspect(t *testing.T, w *portaltest.W, who *portaltest.Actor, basis string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	err := w.Add(w.Daniyar, w.Theft, id, who, casefile.Grant{Role: policy.Suspect, Basis: basis, Since: time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func finds(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) error {
	t.Helper()
	_, _, err := casefile.ReadDecision(t.Context(), w.DB, a.Asks(policy.DecisionRead), id)
	return err
}

func TestARulingOnASuspectOpensOnlyWhenTheProsecutorHasAgreed(t *testing.T) {
	w := portaltest.World(t)
	timur := suspect(t, w, w.Timur, "urgent-questioning")
	id := submitted(t, w, suspicion(timur))
	w.Want(t, `SELECT status, ready_on, published_at, submitted_at, term, due_at FROM decision WHERE id = '`+id.String()+`'`, `
		status    | ready_on | published_at | submitted_at        | term | due_at
		submitted |          |              | 2026-10-22 14:30:00 |      |`)
	for _, party := range []*portaltest.Actor{w.Timur, w.Serik, w.Dana, w.Aigul, w.Saule} {
		wantKind(t, party.Word+" before", fault.NotFound, finds(t, w, party, id))
		_, _, err := casefile.CopyOf(t.Context(), w.DB, party.Asks(policy.DecisionCopy), id)
		wantKind(t, party.Word+" opens it before", fault.NotFound, err)
	}
	c, err := casefile.Read(t.Context(), w.DB, w.Timur.Asks(policy.CaseRead), w.Theft)
	if err != nil || len(c.Capacities) != 1 || !c.Capacities[0].AwaitsSince.Equal(w.At) {
		t.Errorf("he does not know that the agreement is awaited: %+v, %v", c.Capacities, err)
	}
	for _, official := range []*portaltest.Actor{w.Daniyar, w.Zhanar, w.Marat, w.Gulnar} {
		if err := finds(t, w, official, id); err != nil {
			t.Errorf("%s does not see what was submitted: %v", official.Word, err)
		}
	}
	w.At = w.At.Add(26 * time.Hour)
	if err := w.Agree(w.Zhanar, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT status, ready_on, published_at FROM decision WHERE id = '`+id.String()+`'`, `
		status    | ready_on   | published_at
		published | 2026-10-23 | 2026-10-23 16:30:00`)
	if d, _, err := casefile.ReadDecision(t.Context(), w.DB, w.Timur.Asks(policy.DecisionRead), id); err != nil || !d.Copy() {
		t.Errorf("it does not open to him after: %+v, %v", d, err)
	}
	wantKind(t, "the other suspect", fault.NotFound, finds(t, w, w.Serik, id))
	if c, err = casefile.Read(t.Context(), w.DB, w.Timur.Asks(policy.CaseRead), w.Theft); err != nil || !c.Capacities[0].AwaitsSince.IsZero() {
		t.Errorf("he is still told that it is awaited: %+v, %v", c.Capacities, err)
	}
	d, c, err := casefile.ReadDecision(t.Context(), w.DB, w.Timur.Asks(policy.DecisionRead), id)
	if err != nil {
		t.Fatal(err)
	}
	if said, err := casefile.AgreementTo(t.Context(), w.DB, c, d); err != nil || !said.Agrees || said.By != w.Zhanar.FullName() || !said.SignedAt.Equal(w.At) {
		t.Errorf("it is said of the prosecutor: %+v, %v", said, err)
	}
	w.Want(t, `SELECT who, act, law FROM record WHERE object_id = '`+id.String()+`' ORDER BY seq`, `
		who     | act             | law
		daniyar | decision-draft  | CPC 198
		daniyar | decision-submit | CPC 198
		zhanar  | agreement-draft | CPC 193
		zhanar  | decision-agree  | CPC 193`)
	w.Sound()
}

// He is named by several rulings at once, as is usual: the word on one is not the word on
// the other, nor is agreement with something else.
func TestTheWordOnOneRulingIsNotTheWordOnAnother(t *testing.T) {
	w := portaltest.World(t)
	timur := suspect(t, w, w.Timur, "urgent-questioning")
	awaits := func(what string, want bool) {
		t.Helper()
		c, err := casefile.Read(t.Context(), w.DB, w.Timur.Asks(policy.CaseRead), w.Theft)
		if err != nil {
			t.Fatal(err)
		}
		if got := !c.Capacities[0].AwaitsSince.IsZero(); got != want {
			t.Errorf("%s: that the prosecutor's word is awaited he is told %v", what, got)
		}
	}
	ids := map[policy.Kind]uuid.UUID{}
	for _, kind := range []policy.Kind{"suspect-recognised", "qualified", "requalified"} {
		d := suspicion(timur)
		d.Kind = kind
		ids[kind] = submitted(t, w, d)
	}
	for _, kind := range []policy.Kind{"requalified", "qualified", "suspect-recognised"} {
		awaits("before "+string(kind), true)
		if err := w.Agree(w.Zhanar, ids[kind]); err != nil {
			t.Fatal(err)
		}
	}
	awaits("after all", false)
	w.Sound()
}

// CPC 202(1-2), CPC 203(1-2): what stood on the ruling falls with it; what stands by
// itself does not.
func TestWhenTheProsecutorRefusesTheStatusAndTheAccessEndInTheSameMoment(t *testing.T) {
	for _, story := range []struct {
		basis string
		kind  policy.Kind
		falls string // the article, or "": the status stays
	}{
		{"urgent-questioning", "suspect-recognised", "CPC 202(1-2)"},
		{"ruling", "suspect-recognised", "CPC 202(1-2)"},
		{"qualification", "qualified", "CPC 203(1-2)"},
		{"qualification", "suspect-recognised", ""},
		{"ruling", "qualified", ""},
		{"urgent-questioning", "requalified", ""},
		{"detention", "suspect-recognised", ""},
		{"misdemeanour-questioning", "suspect-recognised", ""},
	} {
		t.Run(story.basis+", "+string(story.kind), func(t *testing.T) {
			w := portaltest.World(t)
			timur := suspect(t, w, w.Timur, story.basis)
			d := suspicion(timur)
			d.Kind = story.kind
			id := submitted(t, w, d)
			petition := w.Draft(w.Timur, w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other", Participant: timur})
			if err := w.Decline(w.Zhanar, id); err != nil {
				t.Fatal(err)
			}
			w.Want(t, `SELECT d.status, d.ready_on, d.published_at, a.agrees FROM decision d JOIN assent a ON a.about = d.document WHERE d.id = '`+id.String()+`'`, `
				status   | ready_on | published_at | agrees
				declined |          |              | false`)
			lines := fmt.Sprintf(`SELECT who, act, law FROM record WHERE object_id = '%s' AND act = 'participant-lapse'`, timur)
			_, err := casefile.Read(t.Context(), w.DB, w.Timur.Asks(policy.CaseRead), w.Theft)
			if story.falls == "" {
				w.Want(t, lines, "who | act | law")
				if err != nil {
					t.Errorf("his status stood by itself, and he lost the case: %v", err)
				}
				wantKind(t, "the ruling itself", fault.NotFound, finds(t, w, w.Timur, id))
				w.Sound()
				return
			}
			wantKind(t, "his case", fault.NotFound, err)
			w.Want(t, `SELECT status, ended_at, awaits_since FROM participant WHERE id = '`+timur.String()+`'`, `
				status | ended_at            | awaits_since
				ended  | 2026-10-22 14:30:00 |`)
			w.Want(t, lines, "who | act | law\nzhanar | participant-lapse | "+story.falls)
			if err := w.Submit(w.Timur, petition); err == nil {
				t.Error("he files by a status that has ended")
			}
			w.Sound()
		})
	}
}

func TestAStatusThatAnAgreedRulingHoldsOutlivesTheRefusalOfAnother(t *testing.T) {
	w := portaltest.World(t)
	id := submitted(t, w, suspicion(w.Participant("serik@theft"))) // a second one about him
	if err := w.Decline(w.Zhanar, id); err != nil {
		t.Fatal(err)
	}
	if err := read(t, w, w.Serik, "suspect-recognised"); err != nil {
		t.Errorf("he lost what the first ruling gave him: %v", err)
	}
	w.Sound()
}

func TestADefenderLosesTheCaseWhenTheProsecutorRefuses(t *testing.T) {
	w := portaltest.World(t)
	timur := suspect(t, w, w.Timur, "urgent-questioning")
	counsel := uuid.Must(uuid.NewV7())
	err := w.Add(w.Daniyar, w.Theft, counsel, w.Nurlan, casefile.Grant{
		Role: policy.Defender, Basis: "defence-notice", Represents: timur, Since: time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC), Advocate: "0042",
	})
	if err != nil {
		t.Fatal(err)
	}
	id := submitted(t, w, suspicion(timur))
	if _, err := casefile.Read(t.Context(), w.DB, w.Nurlan.Asks(policy.CaseRead), w.Theft); err != nil {
		t.Fatal(err)
	}
	if err := w.Decline(w.Zhanar, id); err != nil {
		t.Fatal(err)
	}
	_, err = casefile.Read(t.Context(), w.DB, w.Nurlan.Asks(policy.CaseRead), w.Theft)
	wantKind(t, "his defender", fault.NotFound, err)
	w.Sound()
}

func TestTheReasonsOfARefusalAreForTheOfficialsOfTheCase(t *testing.T) {
	w := portaltest.World(t)
	id := submitted(t, w, suspicion(suspect(t, w, w.Timur, "detention")))
	if err := w.Decline(w.Zhanar, id); err != nil {
		t.Fatal(err)
	}
	for _, official := range []*portaltest.Actor{w.Daniyar, w.Marat, w.Zhanar, w.Gulnar} {
		d, c, err := casefile.ReadDecision(t.Context(), w.DB, official.Asks(policy.DecisionRead), id)
		if err != nil {
			t.Fatalf("%s: %v", official.Word, err)
		}
		if said, err := casefile.AgreementTo(t.Context(), w.DB, c, d); err != nil || said.Agrees || said.Reasons != portaltest.Reasons {
			t.Errorf("%s reads %+v, %v", official.Word, said, err)
		}
	}
	for _, other := range []*portaltest.Actor{w.Timur, w.Aigul, w.Serik, w.Stranger, w.Ermek} {
		wantKind(t, other.Word, fault.NotFound, finds(t, w, other, id))
	}
	w.Sound()
}

func TestNobodyButTheProsecutorOfTheCaseAgrees(t *testing.T) {
	w := portaltest.World(t)
	id := submitted(t, w, suspicion(suspect(t, w, w.Timur, "detention")))
	say := func(a *portaltest.Actor) error {
		return casefile.DraftAgreement(t.Context(), w.DB, w.Press, a.Asks(policy.AgreementDraft), id, casefile.Agreement{Agrees: true, Language: "kk"})
	}
	wantKind(t, "the investigator himself", fault.Forbidden, say(w.Daniyar))
	wantKind(t, "his head", fault.Forbidden, say(w.Marat))
	for _, a := range []*portaltest.Actor{w.Timur, w.Aigul, w.Dana, w.Stranger, w.Ermek, w.Bolat} {
		wantKind(t, a.Word, fault.NotFound, say(a))
	}
	wantKind(t, "a refusal without reasons", fault.Invalid,
		casefile.DraftAgreement(t.Context(), w.DB, w.Press, w.Zhanar.Asks(policy.AgreementDraft), id, casefile.Agreement{Reasons: "  ", Language: "kk"}))
	w.Want(t, `SELECT count(*) FROM assent WHERE signed_at IS NULL`, "count\n0")
	if err := w.Agree(w.Gulnar, id); err != nil {
		t.Errorf("the head of the prosecutor's office does not agree: %v", err)
	}
	wantKind(t, "what is agreed already", fault.Conflict, w.Agree(w.Zhanar, id))
	wantKind(t, "declined after", fault.Conflict, w.Decline(w.Zhanar, id))
	wantKind(t, "one that waits for nobody", fault.Conflict, w.Agree(w.Zhanar, w.Decision("accepted")))
	w.Sound()
}

// The signature is the prosecutor's own, over exactly the paper she saw.
func TestASignatureThatIsNotTheProsecutorsAgreesWithNothing(t *testing.T) {
	w := portaltest.World(t)
	id := submitted(t, w, suspicion(suspect(t, w, w.Timur, "detention")))
	ctx := t.Context()
	draftSaid := func(a casefile.Agreement) document.Document {
		t.Helper()
		if err := casefile.DraftAgreement(ctx, w.DB, w.Press, w.Zhanar.Asks(policy.AgreementDraft), id, a); err != nil {
			t.Fatal(err)
		}
		_, _, _, doc, err := casefile.ReadAgreement(ctx, w.DB, w.Zhanar.Asks(policy.AgreementCheck), id)
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	yes := draftSaid(casefile.Agreement{Agrees: true, Language: "kk"})
	resolve := func(act policy.Act, key string, doc document.Document) error {
		return casefile.Resolve(ctx, w.DB, w.Verifier, w.Zhanar.Asks(act), id, w.SignedBy(w.Actor(key), doc.Content), doc.Digest)
	}
	for _, key := range []string{"daniyar", "gulnar", "foreign", "employee"} {
		wantKind(t, key, fault.Invalid, resolve(policy.DecisionAgree, key, yes))
	}
	wantKind(t, "a yes brought as a no", fault.Conflict, resolve(policy.DecisionDecline, "zhanar", yes))
	no := draftSaid(casefile.Agreement{Reasons: portaltest.Reasons, Language: "kk"})
	wantKind(t, "a yes that was changed into a no", fault.Conflict, resolve(policy.DecisionAgree, "zhanar", yes))
	w.Want(t, `SELECT status FROM decision WHERE id = '`+id.String()+`'`, "status\nsubmitted")
	if err := resolve(policy.DecisionDecline, "zhanar", no); err != nil {
		t.Fatal(err)
	}
	text := portaltest.PDFText(t, no.Content)
	for _, phrase := range []string{"КЕЛІСУДЕН БАС ТАРТУ", "267511031000456", portaltest.Reasons, w.Zhanar.FullName()} {
		if !strings.Contains(text, phrase) {
			t.Errorf("the refusal does not say %q:\n%s", phrase, text)
		}
	}
	w.Sound()
}

// Of a yes and a no at once one takes effect, whoever is first.
func TestTheProsecutorAndHerChiefAtOnceSayOneThing(t *testing.T) {
	w := portaltest.World(t)
	timur := suspect(t, w, w.Timur, "urgent-questioning")
	id := submitted(t, w, suspicion(timur))
	words := map[*portaltest.Actor]casefile.Agreement{w.Zhanar: {Agrees: true, Language: "kk"}, w.Gulnar: {Reasons: portaltest.Reasons, Language: "kk"}}
	var both []func() error
	for who, said := range words {
		if err := casefile.DraftAgreement(t.Context(), w.DB, w.Press, who.Asks(policy.AgreementDraft), id, said); err != nil {
			t.Fatal(err)
		}
		_, _, _, doc, err := casefile.ReadAgreement(t.Context(), w.DB, who.Asks(policy.AgreementCheck), id)
		if err != nil {
			t.Fatal(err)
		}
		ask, cms := who.Asks(said.Act()), w.SignedBy(who, doc.Content)
		both = append(both, func() error { return casefile.Resolve(t.Context(), w.DB, w.Verifier, ask, id, cms, doc.Digest) })
	}
	var all sync.WaitGroup
	results := make(chan error, len(words))
	for _, say := range both {
		all.Go(func() { results <- say() })
	}
	all.Wait()
	close(results)
	done := 0
	for err := range results {
		if err == nil {
			done++
			continue
		}
		wantKind(t, "the second", fault.Conflict, err)
	}
	if done != 1 {
		t.Errorf("%d of two took effect", done)
	}
	w.Want(t, `SELECT (d.status = 'published') = (p.status = 'confirmed') AS together, (SELECT count(*) FROM assent a WHERE a.about = d.document AND a.signed_at IS NOT NULL) AS words
	             FROM decision d, participant p WHERE d.id = '`+id.String()+`' AND p.id = '`+timur.String()+`'`, `
		together | words
		true     | 1`)
	w.Sound()
}

func TestTheProsecutorIsGivenTheTermsOfTheCode(t *testing.T) {
	w := portaltest.World(t)
	for kind, want := range map[policy.Kind]string{
		"term-interrupted":    "agree-interruption | 2026-10-28 00:00:00", // 3 days end on Sunday, the day of the Republic, and Monday is off for it
		"accusation-protocol": "agree-accusation | 2026-10-28 00:00:00",
		"terminated-full":     "agree-termination | 2026-11-03 00:00:00",
		"reconciled":          "agree-termination | 2026-11-03 00:00:00",
		"indictment":          "agree-indictment | 2026-11-03 00:00:00",
		"qualified":           " | ",
		"term-extended":       " | ",
	} {
		d := ruling(w)
		d.Kind = kind
		id := submitted(t, w, d)
		w.Want(t, `SELECT term, due_at FROM decision WHERE id = '`+id.String()+`'`, "term | due_at\n"+want)
	}
	list, err := casefile.ToAgree(t.Context(), w.DB, w.Zhanar.Asks(policy.OversightRead))
	if err != nil || len(list) != 7 || !list[0].DueAt.IsZero() || list[6].DueAt.IsZero() {
		t.Errorf("her list, what is at once first: %+v, %v", list, err)
	}
	if list[6].Overdue(list[6].DueAt.Add(-time.Second)) || !list[6].Overdue(list[6].DueAt) || list[0].Overdue(w.At.AddDate(1, 0, 0)) {
		t.Error("what is late is not told rightly")
	}
	for _, a := range []*portaltest.Actor{w.Daniyar, w.Aigul} {
		_, err := casefile.ToAgree(t.Context(), w.DB, a.Asks(policy.OversightRead))
		wantKind(t, a.Word, fault.Forbidden, err)
	}
}

// CPC 43(6): of two suspects each has rulings of his own, and a victim who is the
// plaintiff too reads what both statuses give her, and not a line more.
func TestOfSeveralPeopleEachSeesHisOwnPartAndOfSeveralRolesTheSum(t *testing.T) {
	w := portaltest.World(t)
	timur := suspect(t, w, w.Timur, "ruling")
	plaintiff := uuid.Must(uuid.NewV7())
	if err := w.Add(w.Daniyar, w.Theft, plaintiff, w.Aigul, casefile.Grant{Role: policy.CivilPlaintiff, Basis: "claim", Since: time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	d := suspicion(timur)
	id := submitted(t, w, d)
	if err := w.Agree(w.Zhanar, id); err != nil {
		t.Fatal(err)
	}
	recognised := ruling(w)
	recognised.Kind, recognised.Concerns = "plaintiff-recognised", []uuid.UUID{plaintiff}
	hers := submitted(t, w, recognised)
	view := func(a *portaltest.Actor, id uuid.UUID) string {
		t.Helper()
		d, _, err := casefile.ReadDecision(t.Context(), w.DB, a.Asks(policy.DecisionRead), id)
		if err != nil {
			return "hidden"
		}
		return d.View.String()
	}
	got := map[string]string{}
	for _, a := range []*portaltest.Actor{w.Serik, w.Timur, w.Dana, w.Aigul, w.Saule} {
		got[a.Word] = strings.Join([]string{view(a, w.Decision("suspect-recognised")), view(a, id), view(a, w.Decision("victim-recognised")), view(a, hers), view(a, w.Decision("plaintiff-recognised"))}, " ")
	}
	for who, want := range map[string]string{ // Serik's ruling, Timur's, that on the victim, on her claim, on Saule's claim
		"serik": "copy hidden hidden fact fact",
		"timur": "hidden copy hidden fact fact",
		"aigul": "fact fact copy copy fact",
		"saule": "fact fact hidden hidden copy",
	} {
		if got[who] != want {
			t.Errorf("%s sees %q, want %q", who, got[who], want)
		}
	}
	if !strings.HasPrefix(got["dana"], "copy hidden") {
		t.Errorf("Serik's defender sees %q", got["dana"])
	}
	w.Sound()
}
