package casefile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// timeline is what an actor sees of a case, a line a decision.
func timeline(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) string {
	t.Helper()
	c, err := casefile.Read(t.Context(), w.DB, a.Asks(policy.CaseRead), id)
	if err != nil {
		t.Fatalf("%s: %v", a.Word, err)
	}
	all, err := casefile.Decisions(t.Context(), w.DB, a.Asks(policy.CaseRead), c)
	if err != nil {
		t.Fatal(err)
	}
	return portaltest.Lines(all, func(d casefile.Decision) string {
		return fmt.Sprintf("%s | %s | %s", d.DecidedOn.Format(time.DateOnly), w.Word(d.ID), d.View)
	})
}

func TestEachParticipantHasATimelineOfTheirOwn(t *testing.T) {
	w := portaltest.World(t)
	for _, seen := range []struct {
		by   *portaltest.Actor
		of   uuid.UUID
		want string
	}{
		// The victim reads what recognised her and what the experts said; of what
		// is done to the suspect she learns the fact. Saule's claim is a fact, too.
		{w.Aigul, w.Theft, `
			2026-10-14 | term-extended        | fact
			2026-10-08 | expertise-done       | read
			2026-09-28 | property-arrest      | fact
			2026-09-25 | expertise-set        | read
			2026-09-24 | plaintiff-recognised | fact
			2026-09-22 | restraint-set        | fact
			2026-09-18 | suspect-recognised   | fact
			2026-09-17 | group                | read
			2026-09-14 | victim-recognised    | copy
			2026-09-11 | erdr-registered      | fact`},
		// The suspect has copies of all that is done to him.
		{w.Serik, w.Theft, `
			2026-10-19 | specialist-goods     | fact
			2026-10-14 | term-extended        | copy
			2026-10-08 | expertise-done       | read
			2026-09-28 | property-arrest      | copy
			2026-09-25 | expertise-set        | read
			2026-09-24 | plaintiff-recognised | fact
			2026-09-22 | restraint-set        | copy
			2026-09-22 | search-done          | copy
			2026-09-18 | suspect-recognised   | copy
			2026-09-17 | group                | read`},
		// His defender has the longest list; the victim's and the reporter's data
		// are not masked yet, so there the fact must do.
		{w.Dana, w.Theft, `
			2026-10-19 | specialist-goods     | copy
			2026-10-14 | term-extended        | copy
			2026-10-08 | expertise-done       | copy
			2026-09-28 | property-arrest      | copy
			2026-09-25 | expertise-set        | copy
			2026-09-24 | plaintiff-recognised | copy
			2026-09-22 | restraint-set        | copy
			2026-09-22 | search-done          | copy
			2026-09-18 | suspect-recognised   | copy
			2026-09-17 | group                | copy
			2026-09-14 | victim-recognised    | fact
			2026-09-11 | accepted             | copy
			2026-09-11 | erdr-registered      | fact`},
		// The civil plaintiff sees what touches the claim.
		{w.Saule, w.Theft, `
			2026-10-14 | term-extended        | fact
			2026-09-28 | property-arrest      | fact
			2026-09-24 | plaintiff-recognised | copy
			2026-09-18 | suspect-recognised   | fact
			2026-09-17 | group                | read
			2026-09-11 | erdr-registered      | fact`},
		{w.Timur, w.Fraud, `
			2026-10-06 | fraud-seizure | copy
			2026-09-30 | fraud-suspect | copy`},
		{w.Dana, w.Fraud, `
			2026-10-06 | fraud-seizure    | copy
			2026-09-30 | fraud-suspect    | copy
			2026-09-22 | fraud-accepted   | copy
			2026-09-22 | fraud-registered | fact`},
	} {
		portaltest.WantText(t, "what "+seen.by.Word+" sees", timeline(t, w, seen.by, seen.of), seen.want)
	}
}

func TestOnlyTheOfficialsOfTheCaseSeeWhatCarriesASecret(t *testing.T) {
	w := portaltest.World(t)
	for _, official := range []*portaltest.Actor{w.Daniyar, w.Zhanar} {
		seen := timeline(t, w, official, w.Theft)
		if !strings.Contains(seen, "bank-secret | copy") || strings.Count(seen, "\n") != 13 {
			t.Errorf("%s sees\n%s", official.Word, seen)
		}
	}
	for _, other := range []*portaltest.Actor{w.Aigul, w.Serik, w.Dana, w.Saule} {
		wantKind(t, other.Word+" asks for the secret", fault.NotFound, read(t, w, other, "bank-secret"))
	}
}

// read asks for a decision, open for its document.
func read(t *testing.T, w *portaltest.W, a *portaltest.Actor, name string) error {
	t.Helper()
	_, _, err := casefile.ReadDecision(t.Context(), w.DB, a.Asks(policy.DecisionRead), w.Decision(name))
	return err
}

func open(t *testing.T, w *portaltest.W, a *portaltest.Actor, name string) error {
	t.Helper()
	_, _, err := casefile.CopyOf(t.Context(), w.DB, a.Asks(policy.DecisionCopy), w.Decision(name))
	return err
}

func wantKind(t *testing.T, what string, kind fault.Kind, err error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

func TestACaseIsNotThereForThoseWhoAreNothingInIt(t *testing.T) {
	w := portaltest.World(t)
	for _, stranger := range []struct {
		who *portaltest.Actor
		of  uuid.UUID
	}{
		{w.Stranger, w.Theft}, {w.Ermek, w.Theft}, {w.Bolat, w.Theft}, {w.Timur, w.Theft}, {w.Serik, w.Fraud}, {w.Saule, w.Fraud},
		{w.Aigul, w.Fraud}, // her status there awaits confirmation
		{w.Daniyar, cast("no such case")},
	} {
		_, err := casefile.Read(t.Context(), w.DB, stranger.who.Asks(policy.CaseRead), stranger.of)
		wantKind(t, stranger.who.Word+" reads a case", fault.NotFound, err)
		_, err = casefile.Participants(t.Context(), w.DB, stranger.who.Asks(policy.CaseRead), stranger.of)
		wantKind(t, stranger.who.Word+" lists participants", fault.NotFound, err)
	}
	wantKind(t, "a stranger reads a decision", fault.NotFound, read(t, w, w.Stranger, "group"))
	wantKind(t, "a stranger opens a decision", fault.NotFound, open(t, w, w.Stranger, "group"))
	wantKind(t, "who awaits confirmation reads a decision", fault.NotFound, read(t, w, w.Aigul, "fraud-suspect"))
	if cases, awaiting, err := casefile.List(t.Context(), w.DB, w.Stranger.Asks(policy.CaseList)); err != nil || len(cases)+len(awaiting) != 0 {
		t.Errorf("a stranger lists %d cases and %d statuses, %v", len(cases), len(awaiting), err)
	}
}

func cast(word string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(word)) }

func TestAigulKnowsHerCaseAndThatAnotherStatusAwaitsConfirmation(t *testing.T) {
	w := portaltest.World(t)
	cases, awaiting, err := casefile.List(t.Context(), w.DB, w.Aigul.Asks(policy.CaseList))
	if err != nil || len(cases) != 1 || len(awaiting) != 1 {
		t.Fatalf("%d cases, %d awaiting, %v", len(cases), len(awaiting), err)
	}
	c, a := cases[0], awaiting[0]
	portaltest.WantText(t, "her case", strings.Join([]string{
		c.Number, c.Offence("kk"), c.Offence("ru"), c.Body.In("ru"), c.Investigator.Name, c.Prosecutor.Name, c.Prosecutor.Body.In("kk"),
		strings.Join(c.Standing.Names(), ","), string(c.Capacities[0].Role), c.Capacities[0].Since.Format(time.DateOnly),
	}, "\n"), `
		267511031000456
		Пәтерге заңсыз кіру арқылы жасалған ұрлық (ҚК 188-бабы)
		Кража с незаконным проникновением в жилище (ст. 188 УК)
		Управление полиции Бостандыкского района города Алматы
		Есімов Данияр Нұрланұлы
		Төлегенова Жанар Бақытқызы
		Алматы қаласы Бостандық ауданының прокуратурасы
		party
		victim
		2026-09-14`)
	// The number of a case is a text of the case: it opens with the status, or to who typed it.
	portaltest.WantText(t, "what awaits", strings.Join([]string{"№" + a.Number, string(a.Role), a.Investigator.Name}, "\n"), `
		№
		victim
		Есімов Данияр Нұрланұлы`)
}

func TestOfficialsFindTheCasesTheyAreResponsibleFor(t *testing.T) {
	w := portaltest.World(t)
	for _, official := range []*portaltest.Actor{w.Daniyar, w.Zhanar} {
		cases, err := casefile.Charge(t.Context(), w.DB, official.Asks(policy.CaseList))
		if err != nil || len(cases) != 2 || cases[0].ID != w.Fraud {
			t.Errorf("%s: %d cases, %v", official.Word, len(cases), err)
		}
	}
	if cases, err := casefile.Charge(t.Context(), w.DB, w.Dana.Asks(policy.CaseList)); err != nil || len(cases) != 0 {
		t.Errorf("an advocate is in charge of %d cases, %v", len(cases), err)
	}
}

var victim = casefile.Grant{Role: policy.Victim, Basis: "ruling", Since: time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)}

func TestConfirmingAStatusOpensTheCaseAndEndingItClosesTheCase(t *testing.T) {
	w := portaltest.World(t)
	aigul := w.Participant("aigul@fraud")
	waiting, err := casefile.Waiting(t.Context(), w.DB, w.Daniyar.Asks(policy.DeskRead))
	if err != nil || len(waiting) != 1 || waiting[0].ID != aigul || waiting[0].Name != w.Aigul.FullName() {
		t.Fatalf("Daniyar's desk: %v, %v", waiting, err)
	}
	if err := w.Confirm(w.Daniyar, aigul, victim); err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "what Aigul sees now", timeline(t, w, w.Aigul, w.Fraud), `
		2026-09-30 | fraud-suspect    | fact
		2026-09-22 | fraud-registered | fact`)

	if err := w.End(w.Daniyar, aigul); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "after the end", fault.NotFound, read(t, w, w.Aigul, "fraud-registered"))
	w.Want(t, `SELECT status, basis, confirmed_by, ended_at FROM participant WHERE id = '`+aigul.String()+`'`, `
		status | basis  | confirmed_by | ended_at
		ended  | ruling | daniyar      | 2026-10-22 14:30:00`)
	w.Want(t, `SELECT who, act, object, object_id, casefile, law FROM record WHERE object_id = '`+aigul.String()+`' ORDER BY seq`, `
		who     | act                 | object      | object_id   | casefile | law
		daniyar | participant-draft   | participant | aigul@fraud | fraud    | CPC 110
		daniyar | participant-confirm | participant | aigul@fraud | fraud    | CPC 110
		daniyar | participant-ending  | participant | aigul@fraud | fraud    | CPC 110
		daniyar | participant-end     | participant | aigul@fraud | fraud    | CPC 110`)

	// A status that ended can be confirmed anew.
	if err := w.Confirm(w.Daniyar, aigul, victim); err != nil {
		t.Fatal(err)
	}
	if err := read(t, w, w.Aigul, "fraud-registered"); err != nil {
		t.Error(err)
	}
	w.Sound()
}

func TestADefenderLosesTheCaseWithTheClient(t *testing.T) {
	w := portaltest.World(t)
	if err := w.End(w.Daniyar, w.Participant("serik@theft")); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "Serik", fault.NotFound, open(t, w, w.Serik, "search-done"))
	wantKind(t, "Dana", fault.NotFound, open(t, w, w.Dana, "search-done"))
	w.Receive(w.Dana, "fraud-seizure")
	if err := open(t, w, w.Dana, "fraud-seizure"); err != nil {
		t.Errorf("and the other client's case with it: %v", err)
	}
	w.Sound()
}

func TestNobodyButTheInvestigatorSaysWhoIsWhat(t *testing.T) {
	w := portaltest.World(t)
	for _, other := range []struct {
		who    *portaltest.Actor
		adding fault.Kind // the case itself a party and the prosecutor know
	}{{w.Aigul, fault.NotFound}, {w.Stranger, fault.NotFound}, {w.Dana, fault.Forbidden}, {w.Zhanar, fault.Forbidden}} {
		aigul := w.Participant("aigul@fraud")
		wantKind(t, other.who.Word+" confirms", fault.NotFound, w.Confirm(other.who, aigul, victim))
		wantKind(t, other.who.Word+" ends", fault.NotFound, w.End(other.who, aigul))
		wantKind(t, other.who.Word+" adds", other.adding, w.Add(other.who, w.Fraud, cast("new"), w.Stranger, victim))
		_, err := casefile.ReadParticipant(t.Context(), w.DB, other.who.Asks(policy.ParticipantView), aigul)
		wantKind(t, other.who.Word+" looks", fault.NotFound, err)
	}
	w.Want(t, `SELECT status FROM participant WHERE id = '`+w.Participant("aigul@fraud").String()+`'`, "status\nawaiting")
	w.Sound()
}

func TestAStatusNeedsAGroundOfTheCodeAndARepresentativeAClient(t *testing.T) {
	w := portaltest.World(t)
	serik, dana := w.Participant("serik@theft"), w.Participant("dana@theft")
	day := victim.Since
	for what, g := range map[string]casefile.Grant{
		"a ground of another role":        {Role: policy.Victim, Basis: "detention", Since: day},
		"no ground":                       {Role: policy.Victim, Since: day},
		"no role":                         {Basis: "ruling", Since: day},
		"an applicant":                    {Role: policy.Applicant, Basis: "report", Since: day},
		"a victim who stands for another": {Role: policy.Victim, Basis: "ruling", Represents: serik, Since: day},
		"a defender of nobody":            {Role: policy.Defender, Basis: "defence-notice", Since: day},
		"a defender of the victim":        {Role: policy.Defender, Basis: "defence-notice", Represents: w.Participant("aigul@theft"), Since: day},
		"a defender of a defender":        {Role: policy.Defender, Basis: "defence-notice", Represents: dana, Since: day},
		"a defender of another case":      {Role: policy.Defender, Basis: "defence-notice", Represents: w.Participant("timur@fraud"), Since: day},
		"a representative of a suspect":   {Role: policy.Representative, Basis: "admitted", Represents: serik, Since: day},
	} {
		err := w.Add(w.Daniyar, w.Theft, cast("new"), w.Stranger, g)
		wantKind(t, what, fault.Invalid, err)
	}
	// For whose status awaits confirmation nobody can act yet.
	err := w.Add(w.Daniyar, w.Fraud, cast("new"), w.Stranger,
		casefile.Grant{Role: policy.Representative, Basis: "admitted", Represents: w.Participant("aigul@fraud"), Since: day})
	wantKind(t, "a representative of one who awaits", fault.Invalid, err)
	w.Want(t, `SELECT count(*) FROM participant`, "count\n7")
	w.Sound()
}

func TestARepresentativeSeesWhatTheVictimSees(t *testing.T) {
	w := portaltest.World(t)
	id := cast("asel for aigul")
	grant := casefile.Grant{Role: policy.Representative, Basis: "admitted", Represents: w.Participant("aigul@theft"), Since: victim.Since}
	if err := w.Add(w.Daniyar, w.Theft, id, w.Stranger, grant); err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "what the representative sees", timeline(t, w, w.Stranger, w.Theft), timeline(t, w, w.Aigul, w.Theft))
	w.Want(t, `SELECT act FROM record WHERE object_id = '`+id.String()+`' ORDER BY seq`, `
		act
		participant-add
		participant-confirm`)

	err := w.Add(w.Daniyar, w.Theft, cast("again"), w.Stranger, grant)
	wantKind(t, "the same person in the same role twice", fault.Invalid, err)

	if err := w.End(w.Daniyar, w.Participant("aigul@theft")); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "after the victim", fault.NotFound, read(t, w, w.Stranger, "group"))
	w.Sound()
}

func TestReadingADocumentLeavesARecordAndAFactHasNone(t *testing.T) {
	w := portaltest.World(t)
	if err := open(t, w, w.Aigul, "expertise-done"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "the text of what is only a fact", fault.NotFound, open(t, w, w.Aigul, "restraint-set"))
	wantKind(t, "what is not hers at all", fault.NotFound, open(t, w, w.Aigul, "search-done"))
	w.Want(t, `SELECT r.who, r.act, r.object_id, r.casefile, r.law, r.digest = d.digest AS same, r.at
		FROM record r JOIN decision x ON x.id = r.object_id JOIN document d ON d.id = x.document WHERE r.who = '`+w.Aigul.Person.String()+`'`, `
		who   | act           | object_id      | casefile | law     | same | at
		aigul | decision-copy | expertise-done | theft    | CPC 198 | true | 2026-10-22 14:30:00`)
	w.Sound()
}
