package casefile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// second brings Timur into the theft as a suspect, and Dana as his defender too: one
// case in which she acts for two.
func second(t *testing.T, w *portaltest.W) (timur, dana uuid.UUID) {
	t.Helper()
	timur, dana = cast("timur@theft"), cast("dana for timur@theft")
	if err := w.Add(w.Daniyar, w.Theft, timur, w.Timur, casefile.Grant{Role: policy.Suspect, Basis: "ruling", Since: victim.Since}); err != nil {
		t.Fatal(err)
	}
	g := casefile.Grant{Role: policy.Defender, Basis: "defence-notice", Represents: timur, Since: victim.Since, Conflict: true}
	if err := w.Add(w.Daniyar, w.Theft, dana, w.Dana, g); err != nil {
		t.Fatal(err)
	}
	return timur, dana
}

// as is an ask of somebody who has said as whom he acts.
func as(ask policy.Ask, participant uuid.UUID) policy.Ask {
	ask.Acting = participant
	return ask
}

func TestWhoActsForTwoInACaseSeesNothingBeforeHeSaysForWhom(t *testing.T) {
	w := portaltest.World(t)
	_, forTimur := second(t, w)
	ask := w.Dana.Asks(policy.CaseRead)
	_, err := casefile.Read(t.Context(), w.DB, ask, w.Theft)
	var choose *casefile.Choose
	if !errors.As(err, &choose) || choose.Case != w.Theft {
		t.Fatalf("the case answers %v", err)
	}
	// What neither may see stays nowhere; what one may, asks for whom.
	_, _, err = casefile.ReadDecision(t.Context(), w.DB, w.Dana.Asks(policy.DecisionRead), w.Decision("bank-secret"))
	wantKind(t, "a secret", fault.NotFound, err)
	if _, _, err = casefile.ReadDecision(t.Context(), w.DB, w.Dana.Asks(policy.DecisionRead), w.Decision("suspect-recognised")); !errors.As(err, &choose) {
		t.Errorf("Serik's ruling answers %v", err)
	}
	for who, want := range map[uuid.UUID]string{w.Participant("dana@theft"): w.Serik.FullName(), forTimur: w.Timur.FullName()} {
		c, err := casefile.Read(t.Context(), w.DB, as(ask, who), w.Theft)
		if err != nil || len(c.Capacities) != 1 || c.Capacities[0].Represented != want || !c.Several() {
			t.Errorf("as %s she is %+v, %v", w.Word(who), c.Capacities, err)
		}
	}
	// As somebody of another case, or as another's participant, she has chosen nobody.
	for _, other := range []uuid.UUID{w.Participant("dana@fraud"), w.Participant("aigul@theft"), w.Participant("serik@theft"), uuid.New()} {
		if _, err := casefile.Read(t.Context(), w.DB, as(ask, other), w.Theft); !errors.As(err, &choose) {
			t.Errorf("as %s the case answers %v", w.Word(other), err)
		}
		_, _, err := casefile.SideOf(t.Context(), w.DB, ask, other)
		if (err == nil) != (other == w.Participant("dana@fraud")) {
			t.Errorf("she may act as %s: %v", w.Word(other), err)
		}
	}
	// In the other case she has one client: nothing is to be chosen.
	if _, err := casefile.Read(t.Context(), w.DB, ask, w.Fraud); err != nil {
		t.Error(err)
	}
	w.Sound()
}

func TestNothingOfOneClientIsSeenWhileActingForAnother(t *testing.T) {
	w := portaltest.World(t)
	_, forTimur := second(t, w)
	forSerik := w.Participant("dana@theft")
	see := func(who uuid.UUID, name string) error {
		_, _, err := casefile.ReadDecision(t.Context(), w.DB, as(w.Dana.Asks(policy.DecisionRead), who), w.Decision(name))
		return err
	}
	for _, his := range []string{"suspect-recognised", "search-done", "restraint-set"} {
		if err := see(forSerik, his); err != nil {
			t.Errorf("for Serik, %s: %v", his, err)
		}
		wantKind(t, his+" of Serik, for Timur", fault.NotFound, see(forTimur, his))
		_, _, err := casefile.CopyOf(t.Context(), w.DB, as(w.Dana.Asks(policy.DecisionCopy), forTimur), w.Decision(his))
		wantKind(t, "the PDF of "+his+" of Serik, for Timur", fault.NotFound, err)
	}
	c, err := casefile.Read(t.Context(), w.DB, as(w.Dana.Asks(policy.CaseRead), forTimur), w.Theft)
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := casefile.Decisions(t.Context(), w.DB, as(w.Dana.Asks(policy.CaseRead), forTimur), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range decisions {
		if slices.Contains(d.Concerns, w.Participant("serik@theft")) && d.Text() {
			t.Errorf("%s of Serik's is in Timur's list", d.Kind)
		}
	}
}

func TestOwnRightsAndThoseOfAClientAreTwoSides(t *testing.T) {
	w := portaltest.World(t)
	// Saule, a civil plaintiff herself, represents the victim as well.
	rep := cast("saule for aigul")
	g := casefile.Grant{Role: policy.Representative, Basis: "admitted", Represents: w.Participant("aigul@theft"), Since: victim.Since}
	if err := w.Add(w.Daniyar, w.Theft, rep, w.Saule, g); err != nil {
		t.Fatal(err)
	}
	_, sides, err := casefile.Sides(t.Context(), w.DB, w.Saule.Asks(policy.ActingChoose), w.Theft)
	if err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "her sides", portaltest.Lines(sides, func(s casefile.Side) string { return "x " + s.Name }), "x\nx "+w.Aigul.FullName())
	see := func(who uuid.UUID) error {
		_, _, err := casefile.ReadDecision(t.Context(), w.DB, as(w.Saule.Asks(policy.DecisionRead), who), w.Decision("group"))
		return err
	}
	if err := errors.Join(see(rep), see(w.Participant("saule@theft"))); err != nil {
		t.Error(err)
	}
	_, _, err = casefile.CopyOf(t.Context(), w.DB, as(w.Saule.Asks(policy.DecisionCopy), w.Participant("saule@theft")), w.Decision("victim-recognised"))
	wantKind(t, "the victim's ruling, for herself", fault.NotFound, err)
	if _, _, err = casefile.CopyOf(t.Context(), w.DB, as(w.Saule.Asks(policy.DecisionCopy), rep), w.Decision("victim-recognised")); err != nil {
		t.Error(err)
	}
	clients, err := casefile.Clients(t.Context(), w.DB, w.Saule.Asks(policy.ClientList))
	if err != nil || len(clients) != 1 || clients[0].Side.Name != w.Aigul.FullName() || !clients[0].Several {
		t.Errorf("her clients are %+v, %v", clients, err)
	}
}

func TestAPowerIsOverFromTheFirstSecondAfterItsLastDayEvenWhenTheJobIsLate(t *testing.T) {
	w := portaltest.World(t)
	rep := cast("nurlan for aigul")
	last := time.Date(2026, time.October, 25, 0, 0, 0, 0, time.UTC)
	g := casefile.Grant{Role: policy.Representative, Basis: "admitted", Represents: w.Participant("aigul@theft"), Since: victim.Since, Until: last, Advocate: "77/А-12"}
	if err := w.Add(w.Daniyar, w.Theft, rep, w.Nurlan, g); err != nil {
		t.Fatal(err)
	}
	midnight := time.Date(2026, time.October, 26, 0, 0, 0, 0, deadline.Zone)
	w.At = midnight.Add(-time.Second)
	if _, err := casefile.Read(t.Context(), w.DB, w.Nurlan.Asks(policy.CaseRead), w.Theft); err != nil {
		t.Errorf("in the last second: %v", err)
	}
	if err := casefile.EndLapsed(t.Context(), w.DB.DB, w.At); err != nil {
		t.Fatal(err)
	}
	w.At = midnight
	_, err := casefile.Read(t.Context(), w.DB, w.Nurlan.Asks(policy.CaseRead), w.Theft)
	wantKind(t, "at midnight in Almaty", fault.NotFound, err)
	if cases, _, err := casefile.List(t.Context(), w.DB, w.Nurlan.Asks(policy.CaseList)); err != nil || len(cases) != 0 {
		t.Errorf("his list has %d cases, %v", len(cases), err)
	}
	_, _, err = casefile.ReadDecision(t.Context(), w.DB, w.Nurlan.Asks(policy.DecisionRead), w.Decision("group"))
	wantKind(t, "a decision at midnight", fault.NotFound, err)
	state := `SELECT status, (SELECT count(*) FROM record WHERE act = 'power-lapse' AND object_id = participant.id AND who IS NULL) AS told FROM participant WHERE id = '` + rep.String() + `'`
	w.Want(t, state, "status | told\nconfirmed | 0")
	for range 2 {
		if err := casefile.EndLapsed(t.Context(), w.DB.DB, w.At); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, state, "status | told\nended | 1")
	w.Sound()
}

// revoke has somebody take a power back by a signed paper.
func revoke(t *testing.T, w *portaltest.W, who *portaltest.Actor, power uuid.UUID) error {
	t.Helper()
	if err := casefile.DraftRevocation(t.Context(), w.DB, w.Press, who.Asks(policy.RevocationDraft), power, "kk"); err != nil {
		return err
	}
	_, doc, err := casefile.RevocationOf(t.Context(), w.DB, who.Asks(policy.RevocationCheck), power)
	if err != nil {
		return err
	}
	return casefile.Revoke(t.Context(), w.DB, w.Verifier, who.Asks(policy.PowerRevoke), power, w.SignedBy(who, doc.Content), doc.Digest)
}

func TestWhoGaveAPowerTakesItBackByHisSignatureInTheSameMoment(t *testing.T) {
	w := portaltest.World(t)
	power := w.Participant("dana@theft")
	read := func() error {
		_, err := casefile.Read(t.Context(), w.DB, w.Dana.Asks(policy.CaseRead), w.Theft)
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	for _, other := range []*portaltest.Actor{w.Aigul, w.Timur, w.Stranger, w.Saule} {
		wantKind(t, other.Word, fault.NotFound, revoke(t, w, other, power))
	}
	for _, other := range []*portaltest.Actor{w.Dana, w.Daniyar} { // they see the power, it is not theirs to take back
		wantKind(t, other.Word, fault.Forbidden, revoke(t, w, other, power))
	}
	if err := casefile.DraftRevocation(t.Context(), w.DB, w.Press, w.Serik.Asks(policy.RevocationDraft), power, "ru"); err != nil {
		t.Fatal(err)
	}
	_, doc, err := casefile.RevocationOf(t.Context(), w.DB, w.Serik.Asks(policy.RevocationCheck), power)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = casefile.RevocationOf(t.Context(), w.DB, w.Dana.Asks(policy.RevocationPaper), power)
	wantKind(t, "the draft, for Dana", fault.NotFound, err)
	wantKind(t, "with another's key", fault.Invalid,
		casefile.Revoke(t.Context(), w.DB, w.Verifier, w.Serik.Asks(policy.PowerRevoke), power, w.SignedBy(w.Dana, doc.Content), doc.Digest))
	if err := read(); err != nil {
		t.Errorf("it is over before it is signed: %v", err)
	}
	if err := casefile.Revoke(t.Context(), w.DB, w.Verifier, w.Serik.Asks(policy.PowerRevoke), power, w.SignedBy(w.Serik, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "Dana, in the same moment", fault.NotFound, read())
	wantKind(t, "once more", fault.Conflict, revoke(t, w, w.Serik, power))
	w.Want(t, `SELECT p.status, p.ended_at = v.signed_at AS together, d.signer FROM participant p JOIN revocation v ON v.participant = p.id JOIN document d ON d.id = v.document`,
		"status | together | signer\nended | true | serik")
	text := portaltest.PDFText(t, doc.Content)
	for _, said := range []string{"ОТЗЫВ ПОЛНОМОЧИЙ", w.Dana.FullName(), w.Serik.FullName(), "отзыв полномочий"} {
		if !strings.Contains(text, said) {
			t.Errorf("the paper does not say %q: %s", said, text)
		}
	}
	w.Sound()
}

func TestAMinorHasALegalRepresentativeAndDoesNotPartWithHim(t *testing.T) {
	w := portaltest.World(t)
	rep := cast("mother")
	g := casefile.Grant{Role: policy.VictimsLegalRep, Basis: "admitted", Represents: w.Participant("aigul@theft"), Since: victim.Since}
	wantKind(t, "of a grown-up", fault.Invalid, w.Add(w.Daniyar, w.Theft, rep, w.Stranger, g))
	child := cast("child")
	minor := casefile.Grant{Role: policy.Victim, Basis: "ruling", Since: victim.Since, Capacity: casefile.Minor}
	if err := w.Add(w.Daniyar, w.Theft, child, w.Nurlan, minor); err != nil {
		t.Fatal(err)
	}
	g.Represents = child
	if err := w.Add(w.Daniyar, w.Theft, rep, w.Stranger, g); err != nil {
		t.Fatal(err)
	}
	if _, err := casefile.Read(t.Context(), w.DB, w.Stranger.Asks(policy.CaseRead), w.Theft); err != nil {
		t.Errorf("the mother: %v", err)
	}
	p, err := casefile.ReadPower(t.Context(), w.DB, w.Nurlan.Asks(policy.PowerRead), rep)
	if err != nil || p.Revocable() {
		t.Errorf("the child can part with her: %v", err)
	}
	wantKind(t, "the child takes the power back", fault.Forbidden, revoke(t, w, w.Nurlan, rep))
	g.Capacity = casefile.Minor
	g.Represents = child
	wantKind(t, "a representative who is a minor", fault.Invalid, w.Add(w.Daniyar, w.Theft, cast("other"), w.Timur, g))
	// Once he is confirmed as grown up, nobody stands in for him.
	if err := w.End(w.Daniyar, child); err != nil {
		t.Fatal(err)
	}
	minor.Capacity = casefile.FullCapacity
	if err := w.Confirm(w.Daniyar, child, minor); err != nil {
		t.Fatal(err)
	}
	_, err = casefile.Read(t.Context(), w.DB, w.Stranger.Asks(policy.CaseRead), w.Theft)
	wantKind(t, "the mother of a grown-up", fault.NotFound, err)
	w.Sound()
}

func TestARelativeDefendsOnlyBesideAnAdvocate(t *testing.T) {
	w := portaltest.World(t)
	wife := cast("wife")
	g := casefile.Grant{Role: policy.Defender, Basis: policy.Relative, Represents: w.Participant("serik@theft"), Since: victim.Since}
	if err := w.Add(w.Daniyar, w.Theft, wife, w.Stranger, g); err != nil {
		t.Fatal(err)
	}
	if _, err := casefile.Read(t.Context(), w.DB, w.Stranger.Asks(policy.CaseRead), w.Theft); err != nil {
		t.Errorf("beside Dana: %v", err)
	}
	if err := revoke(t, w, w.Serik, w.Participant("dana@theft")); err != nil {
		t.Fatal(err)
	}
	_, err := casefile.Read(t.Context(), w.DB, w.Stranger.Asks(policy.CaseRead), w.Theft)
	wantKind(t, "alone", fault.NotFound, err)
	wantKind(t, "another relative, with no advocate there", fault.Invalid, w.Add(w.Daniyar, w.Theft, cast("brother"), w.Nurlan, g))
	g.Advocate = "123"
	wantKind(t, "a relative with a licence", fault.Invalid, w.Add(w.Daniyar, w.Theft, cast("brother"), w.Nurlan, g))
	w.Sound()
}

func TestADefenderOfTwoIsConfirmedOnlyByOneWhoSaysThatHeLookedIntoIt(t *testing.T) {
	w := portaltest.World(t)
	timur, dana := cast("timur@theft"), cast("dana for timur@theft")
	if err := w.Add(w.Daniyar, w.Theft, timur, w.Timur, casefile.Grant{Role: policy.Suspect, Basis: "ruling", Since: victim.Since}); err != nil {
		t.Fatal(err)
	}
	g := casefile.Grant{Role: policy.Defender, Basis: "defence-notice", Represents: timur, Since: victim.Since}
	err := w.Add(w.Daniyar, w.Theft, dana, w.Dana, g)
	var warning *casefile.ClientsConflict
	if !errors.As(err, &warning) || !slices.Equal(warning.Names, []string{w.Serik.FullName()}) || warning.Field != "conflict" || warning.By.String() != "CPC 66(4)" {
		t.Fatalf("he is told %v", err)
	}
	g.Conflict = true
	if err := w.Add(w.Daniyar, w.Theft, dana, w.Dana, g); err != nil {
		t.Fatal(err)
	}
	_, c, doc, err := casefile.ReadConfirmation(t.Context(), w.DB, w.Daniyar.Asks(policy.ParticipantPaper), dana)
	if err != nil || !c.Grant.Conflict || c.Grant.Advocate != portaltest.Licence {
		t.Errorf("the paper says %+v, %v", c.Grant, err)
	}
	text := portaltest.PDFText(t, doc.Content)
	for _, said := range []string{portaltest.Licence, w.Words.In("kk").T("paper.conflict"), w.Words.In("kk").T("scope.withdraw")} {
		if !strings.Contains(text, said) {
			t.Errorf("the paper does not say %q: %s", said, text)
		}
	}
	// Where there is no other client the paper says nothing of one.
	if err := w.Add(w.Daniyar, w.Theft, cast("nurlan for timur"), w.Nurlan, g); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT f.conflict, p.person, p.advocate IS NULL AS bare FROM confirmation f JOIN participant p ON p.id = f.participant WHERE p.represents = '`+timur.String()+`' ORDER BY 1`, `
		conflict | person | bare
		false    | nurlan | false
		true     | dana   | false`)
	w.Sound()
}

func TestWhatAPowerIsForIsHeldAgainstTheLaw(t *testing.T) {
	w := portaltest.World(t)
	aigul, serik := w.Participant("aigul@theft"), w.Participant("serik@theft")
	day := func(days int) time.Time { return victim.Since.AddDate(0, 0, days) }
	rep := casefile.Grant{Role: policy.Representative, Basis: "admitted", Represents: aigul, Since: victim.Since}
	defender := casefile.Grant{Role: policy.Defender, Basis: "defence-notice", Represents: serik, Since: victim.Since, Advocate: "1"}
	own := casefile.Grant{Role: policy.Witness, Basis: "law", Since: victim.Since}
	change := func(g casefile.Grant, how func(*casefile.Grant)) casefile.Grant { how(&g); return g }
	for what, row := range map[string]struct {
		g     casefile.Grant
		field string
	}{
		"a defender who may not file":            {change(defender, func(g *casefile.Grant) { g.Scope = []casefile.Scope{"read", "copy", "withdraw"} }), "scope"},
		"copies of what may not be read":         {change(rep, func(g *casefile.Grant) { g.Scope = []casefile.Scope{"copy", "file"} }), "scope"},
		"a scope that is none":                   {change(rep, func(g *casefile.Grant) { g.Scope = []casefile.Scope{"everything"} }), "scope"},
		"a witness whose rights are cut":         {change(own, func(g *casefile.Grant) { g.Scope = []casefile.Scope{"read"} }), "scope"},
		"a witness until Friday":                 {change(own, func(g *casefile.Grant) { g.Until = day(1) }), "until"},
		"a power that is over":                   {change(rep, func(g *casefile.Grant) { g.Until, g.Since = day(-1), day(-9) }), "until"},
		"a power that ends before it begins":     {change(rep, func(g *casefile.Grant) { g.Since, g.Until = day(9), day(8) }), "until"},
		"a power for eleven years":               {change(rep, func(g *casefile.Grant) { g.Until = victim.Since.AddDate(11, 0, 0) }), "until"},
		"an advocate with no licence":            {change(defender, func(g *casefile.Grant) { g.Advocate = "" }), "advocate"},
		"a licence of one and twenty characters": {change(defender, func(g *casefile.Grant) { g.Advocate = "123456789012345678901" }), "advocate"},
		"a licence with other signs":             {change(defender, func(g *casefile.Grant) { g.Advocate = "12<b>" }), "advocate"},
		"a witness with a licence":               {change(own, func(g *casefile.Grant) { g.Advocate = "12" }), "advocate"},
		"a capacity that is none":                {change(own, func(g *casefile.Grant) { g.Capacity = "half" }), "capacity"},
	} {
		g := row.g
		g.Language = "kk"
		err := casefile.DraftNew(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantAdd), w.Theft, uuid.Must(uuid.NewV7()), w.Stranger.IIN, w.Stranger.FullName(), g)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != row.field {
			t.Errorf("%s: %v at %+v", what, err, f)
		}
	}
	for text, want := range map[string]string{" № 00 17425 ": "0017425", "ab-1/2": "AB-1/2", "": "", "адвокат": "", "12;34": "", strings.Repeat("1", 21): ""} {
		if got := casefile.Licence(text); got != want {
			t.Errorf("Licence(%q) = %q", text, got)
		}
	}
	// A victim's successor has the victim's place, CPC 71(11).
	if err := w.Add(w.Daniyar, w.Theft, cast("heir"), w.Stranger, casefile.Grant{Role: policy.Victim, Basis: "successor", Since: victim.Since}); err != nil {
		t.Error(err)
	}
	w.Sound()
}

func TestAPowerOpensWhatItIsForAndNothingMore(t *testing.T) {
	w := portaltest.World(t)
	copied, id, added := w.Decision("victim-recognised"), cast("asel for aigul"), false
	for name, row := range map[string]struct {
		scope []casefile.Scope
		view  policy.View
		file  bool
	}{
		"all of it": {nil, policy.Copy, true},
		"to read":   {[]casefile.Scope{"read"}, policy.Read, false},
		"to file":   {[]casefile.Scope{"file"}, policy.Hidden, true},
	} {
		g := casefile.Grant{Role: policy.Representative, Basis: "admitted", Represents: w.Participant("aigul@theft"), Since: victim.Since, Scope: row.scope}
		var err error
		if added {
			err = w.Confirm(w.Daniyar, id, g)
		} else {
			err = w.Add(w.Daniyar, w.Theft, id, w.Stranger, g)
		}
		if err != nil {
			t.Fatal(err)
		}
		added = true
		c, err := casefile.Read(t.Context(), w.DB, w.Stranger.Asks(policy.CaseRead), w.Theft)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if may := len(c.Acts(w.Stranger.Asks(policy.CaseRead), policy.FilingNew)) == 1; may != row.file {
			t.Errorf("%s: he may file: %t", name, may)
		}
		d, _, err := casefile.ReadDecision(t.Context(), w.DB, w.Stranger.Asks(policy.DecisionRead), copied)
		if row.view == policy.Hidden {
			wantKind(t, name, fault.NotFound, err)
		} else if err != nil || d.View != row.view {
			t.Errorf("%s: he sees %s, %v", name, d.View, err)
		}
		if err := w.End(w.Daniyar, id); err != nil {
			t.Fatal(err)
		}
	}
	w.Sound()
}
