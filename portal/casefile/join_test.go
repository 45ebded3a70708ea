package casefile_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// joinder is a ruling that joins the fraud to the theft.
func joinder(w *portaltest.W) casefile.DecisionDraft {
	d := ruling(w)
	d.Kind, d.Joins = "joined", w.Fraud
	return d
}

// joined plays it.
func joined(t *testing.T, w *portaltest.W) uuid.UUID { return submitted(t, w, joinder(w)) }

func views(t *testing.T, w *portaltest.W, a *portaltest.Actor, in uuid.UUID) map[policy.Kind]string {
	t.Helper()
	c, err := casefile.Read(t.Context(), w.DB, a.Asks(policy.CaseRead), in)
	if err != nil {
		t.Fatalf("%s: %v", a.Word, err)
	}
	list, err := casefile.Decisions(t.Context(), w.DB, a.Asks(policy.CaseRead), c)
	if err != nil {
		t.Fatal(err)
	}
	out := map[policy.Kind]string{}
	for _, d := range list {
		out[d.Kind] = d.View.String()
	}
	return out
}

// CPC 43: one case goes on in the other, and everybody with it.
func TestTheParticipantsOfAJoinedCaseAreParticipantsOfTheOther(t *testing.T) {
	w := portaltest.World(t)
	timur, dana := w.Participant("timur@fraud"), w.Participant("dana@fraud")
	_, err := casefile.Read(t.Context(), w.DB, w.Timur.Asks(policy.CaseRead), w.Theft)
	wantKind(t, "before", fault.NotFound, err)
	w.At = w.At.Add(time.Hour)
	id := joined(t, w)
	w.Want(t, `SELECT id, joined_into, joined_at FROM casefile ORDER BY registered_on`, `
		id    | joined_into | joined_at
		theft |             |
		fraud | theft       | 2026-10-22 15:30:00`)
	w.Want(t, `SELECT p.person, p.role, p.basis, p.status, p.from_case, p.previous, r.person AS whom, p.confirmed_by
	             FROM participant p LEFT JOIN participant r ON r.id = p.represents WHERE p.casefile = '`+w.Theft.String()+`' AND p.from_case IS NOT NULL ORDER BY p.role`, `
		person | role     | basis          | status    | from_case | previous    | whom  | confirmed_by
		dana   | defender | defence-notice | confirmed | fraud     | dana@fraud  | timur | daniyar
		timur  | suspect  | ruling         | confirmed | fraud     | timur@fraud |       | daniyar`)
	w.Want(t, fmt.Sprintf(`SELECT status FROM participant WHERE id IN ('%s', '%s')`, timur, dana), "status\nconfirmed\nconfirmed")
	if got := views(t, w, w.Timur, w.Theft); len(got) != 1 || got["joined"] != "copy" {
		t.Errorf("of what was decided before his case came he sees %v", got)
	}
	if got := views(t, w, w.Timur, w.Fraud); got["suspect-recognised"] != "copy" {
		t.Errorf("in his own case he sees %v", got)
	}
	w.Want(t, `SELECT who, act, object, object_id, law FROM record WHERE act IN ('case-join', 'decision-publish') AND seq > (SELECT max(seq) - 5 FROM record) ORDER BY seq`,
		"who | act | object | object_id | law\n"+
			"daniyar | case-join | casefile | fraud | CPC 43\n"+
			"daniyar | case-join | casefile | theft | CPC 43\n"+
			"daniyar | decision-publish | decision | "+id.String()+" | CPC 198")
	w.Want(t, `SELECT who, law, count(*) FROM record WHERE act = 'participant-join' GROUP BY who, law`, `
		who     | law       | count
		daniyar | CPC 43(6) | 2`)
	w.Sound()
}

// CPC 43(6): he has rights in what concerns him, and in what is decided from now on.
func TestWhoCameWithAJoinedCaseSeesWhatConcernsHimAndWhatIsDecidedFromThenOn(t *testing.T) {
	w := portaltest.World(t)
	w.At = w.At.Add(time.Hour)
	joined(t, w)
	w.At = w.At.Add(time.Hour)
	group := ruling(w)
	group.Kind = "group"
	submitted(t, w, group)
	var timur uuid.UUID
	if err := w.SQL.Get(&timur, `SELECT id FROM participant WHERE casefile = $1 AND person = $2`, w.Theft, w.Timur.Person); err != nil {
		t.Fatal(err)
	}
	qualified := suspicion(timur)
	qualified.Kind = "qualified"
	if err := w.Agree(w.Zhanar, submitted(t, w, qualified)); err != nil {
		t.Fatal(err)
	}
	got := views(t, w, w.Timur, w.Theft)
	if len(got) != 3 || got["joined"] != "copy" || got["group"] != "read" || got["qualified"] != "copy" {
		t.Errorf("he sees %v", got)
	}
	wantKind(t, "an older decision on the whole case", fault.NotFound, read(t, w, w.Timur, "expertise-done"))
	wantKind(t, "the ruling on the suspect of the other case", fault.NotFound, read(t, w, w.Timur, "suspect-recognised"))
	if got := views(t, w, w.Serik, w.Theft); got["group"] == "" || got["suspect-recognised"] != "copy" || got["qualified"] != "" {
		t.Errorf("the suspect who was there before sees %v", got)
	}
	// Their defender stands for two here now, and between the two is a wall.
	for whom, sees := range map[*portaltest.Actor]policy.Kind{w.Serik: "suspect-recognised", w.Timur: "qualified"} {
		ask := w.Dana.Asks(policy.CaseRead)
		if err := w.SQL.Get(&ask.Acting, `SELECT p.id FROM participant p JOIN participant r ON r.id = p.represents WHERE p.casefile = $1 AND p.person = $2 AND r.person = $3`, w.Theft, ask.Person, whom.Person); err != nil {
			t.Fatal(err)
		}
		c := must(casefile.Read(t.Context(), w.DB, ask, w.Theft))
		list := must(casefile.Decisions(t.Context(), w.DB, ask, c))
		for _, kind := range []policy.Kind{"suspect-recognised", "qualified"} {
			if there := slices.ContainsFunc(list, func(d casefile.Decision) bool { return d.Kind == kind }); there != (kind == sees) {
				t.Errorf("acting for %s she sees %s: %v", whom.Word, kind, there)
			}
		}
	}
	w.Sound()
}

func TestWhatIsNewBelongsIntoTheJointCase(t *testing.T) {
	w := portaltest.World(t)
	joined(t, w)
	w.At = w.At.Add(time.Hour)
	d := ruling(w)
	err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DecisionDraft), w.Fraud, uuid.Must(uuid.NewV7()), d)
	wantKind(t, "a decision in the case that was joined", fault.Conflict, err)
	err = w.Add(w.Daniyar, w.Fraud, uuid.Must(uuid.NewV7()), w.Stranger, casefile.Grant{Role: policy.Witness, Basis: "law", Since: d.DecidedOn})
	wantKind(t, "a participant of it", fault.Conflict, err)
	err = filing.Save(t.Context(), w.DB, w.Press, w.Timur.Asks(policy.FilingCreate), w.Fraud, uuid.Must(uuid.NewV7()), filing.NewFiling{
		Kind: policy.FilingPetition, Ground: "other", Participant: w.Participant("timur@fraud"), Language: "kk", Circumstances: portaltest.Circumstances, Points: []string{portaltest.Request},
	})
	wantKind(t, "a petition in it", fault.Conflict, err)
	w.Petition(w.Timur, w.Theft)
	related, err := casefile.Related(t.Context(), w.DB, w.Timur.Asks(policy.CaseRead), must(casefile.Read(t.Context(), w.DB, w.Timur.Asks(policy.CaseRead), w.Fraud)))
	if err != nil || len(related) != 1 || related[0].ID != w.Theft || related[0].Way != casefile.WayInto || !related[0].Opens {
		t.Errorf("the page of the old case says it went to %+v, %v", related, err)
	}
	for _, a := range []*portaltest.Actor{w.Aigul, w.Daniyar} { // she is in the theft alone, he conducts both
		related, err = casefile.Related(t.Context(), w.DB, a.Asks(policy.CaseRead), must(casefile.Read(t.Context(), w.DB, a.Asks(policy.CaseRead), w.Theft)))
		if err != nil || (len(related) == 1) != (a == w.Daniyar) {
			t.Errorf("%s learns of %+v, %v", a.Word, related, err)
		}
	}
	w.Sound()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAJoinderNamesACaseThatTheSameInvestigatorConducts(t *testing.T) {
	w := portaltest.World(t)
	own := secondInvestigator(t, w)
	for what, d := range map[string]casefile.DecisionDraft{
		"no case":                    func() casefile.DecisionDraft { d := joinder(w); d.Joins = uuid.Nil; return d }(),
		"the case itself":            func() casefile.DecisionDraft { d := joinder(w); d.Joins = w.Theft; return d }(),
		"a case of another":          func() casefile.DecisionDraft { d := joinder(w); d.Joins = own; return d }(),
		"a case that is not there":   func() casefile.DecisionDraft { d := joinder(w); d.Joins = uuid.Must(uuid.NewV7()); return d }(),
		"a decision of another sort": func() casefile.DecisionDraft { d := ruling(w); d.Joins = w.Fraud; return d }(),
	} {
		wantKind(t, what, fault.Invalid, draft(t, w, w.Daniyar, uuid.Must(uuid.NewV7()), d))
	}
	// He loses the other case between the draft and the signature.
	id := uuid.Must(uuid.NewV7())
	if err := draft(t, w, w.Daniyar, id, joinder(w)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`UPDATE casefile SET investigator = $1 WHERE id = $2`, w.Ermek.Person, w.Fraud); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "signed when it is his no more", fault.Invalid, w.Publish(w.Daniyar, id))
	w.Want(t, `SELECT count(*) FROM casefile WHERE joined_into IS NOT NULL`, "count\n0")
	w.Want(t, `SELECT status FROM decision WHERE id = '`+id.String()+`'`, "status\ndraft")
	w.Sound()
}

func TestACaseIsJoinedOnce(t *testing.T) {
	w := portaltest.World(t)
	first, second := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	if err := draft(t, w, w.Daniyar, first, joinder(w)); err != nil {
		t.Fatal(err)
	}
	if err := draft(t, w, w.Daniyar, second, joinder(w)); err != nil {
		t.Fatal(err)
	}
	if err := w.Publish(w.Daniyar, first); err != nil {
		t.Fatal(err)
	}
	if err := w.Publish(w.Daniyar, second); err == nil {
		t.Error("it is joined a second time")
	}
	wantKind(t, "drafted again", fault.Invalid, draft(t, w, w.Daniyar, uuid.Must(uuid.NewV7()), joinder(w)))
	w.Want(t, `SELECT count(*) FROM participant WHERE from_case IS NOT NULL`, "count\n2")
	w.Sound()
}

// Dana defends Serik in the theft and Timur in the fraud; Aigul is a victim in the
// first and only asks to be one in the second.
func TestWhoIsInBothCasesIsThereOnceForEachThing(t *testing.T) {
	w := portaltest.World(t)
	if err := w.Add(w.Daniyar, w.Fraud, uuid.Must(uuid.NewV7()), w.Serik, casefile.Grant{Role: policy.Suspect, Basis: "detention", Since: ruling(w).DecidedOn}); err != nil {
		t.Fatal(err)
	}
	joined(t, w)
	w.Want(t, `SELECT p.role, count(*), count(DISTINCT p.person) AS people FROM participant p WHERE p.casefile = '`+w.Theft.String()+`' AND p.status = 'confirmed' GROUP BY 1 ORDER BY 1`, `
		role            | count | people
		civil-plaintiff | 1     | 1
		defender        | 2     | 1
		suspect         | 2     | 2
		victim          | 1     | 1`)
	w.Want(t, `SELECT basis FROM participant WHERE id = '`+w.Participant("serik@theft").String()+`'`, "basis\nruling")
	if err := read(t, w, w.Serik, "suspect-recognised"); err != nil {
		t.Errorf("he lost what he had: %v", err)
	}
	w.Sound()
}

// severance is a ruling by which people of the theft go into a case of their own.
func severance(w *portaltest.W, names ...uuid.UUID) casefile.DecisionDraft {
	d := ruling(w)
	d.Kind, d.Severs, d.Concerns = "severed", "267511031000777", names
	return d
}

// CPC 44: a case of its own under a new number, with the same officials.
func TestASeveredCaseBeginsWithThoseWhoGoAndWithWhoActsForThem(t *testing.T) {
	for _, leaving := range []bool{false, true} {
		t.Run(fmt.Sprintf("leaving %v", leaving), func(t *testing.T) {
			w := portaltest.World(t)
			d := severance(w, w.Participant("serik@theft"))
			d.Leaving = leaving
			w.At = w.At.Add(time.Hour)
			id := submitted(t, w, d)
			w.Want(t, `SELECT c.registered_on, c.severed_from, c.investigator, c.prosecutor FROM casefile c WHERE c.severed_from IS NOT NULL`, `
				registered_on | severed_from | investigator | prosecutor
				2026-10-22    | theft        | daniyar      | zhanar`)
			var fresh uuid.UUID
			if err := w.SQL.Get(&fresh, `SELECT id FROM casefile WHERE severed_from = $1`, w.Theft); err != nil {
				t.Fatal(err)
			}
			if number := w.Number(fresh); number != "267511031000777" {
				t.Errorf("it has the number %s", number)
			}
			w.Want(t, `SELECT p.person, p.role, p.status, p.previous, r.person AS whom, p.from_case FROM participant p LEFT JOIN participant r ON r.id = p.represents
			            WHERE p.casefile = '`+fresh.String()+`' ORDER BY p.role`, `
				person | role     | status    | previous    | whom  | from_case
				dana   | defender | confirmed | dana@theft  | serik |
				serik  | suspect  | confirmed | serik@theft |       |`)
			c, err := casefile.Read(t.Context(), w.DB, w.Serik.Asks(policy.CaseRead), fresh)
			if err != nil || !strings.HasPrefix(c.OffenceRU, "Кража с незаконным проникновением в жилище") {
				t.Errorf("the new case says %q, %v", c.OffenceRU, err)
			}
			for _, a := range []*portaltest.Actor{w.Serik, w.Dana} {
				_, err := casefile.Read(t.Context(), w.DB, a.Asks(policy.CaseRead), w.Theft)
				if leaving {
					wantKind(t, a.Word+" in the old case", fault.NotFound, err)
				} else if err != nil {
					t.Errorf("%s in the old case: %v", a.Word, err)
				}
			}
			_, err = casefile.Read(t.Context(), w.DB, w.Aigul.Asks(policy.CaseRead), fresh)
			wantKind(t, "who does not go", fault.NotFound, err)
			w.Want(t, `SELECT act, object_id, law FROM record WHERE act IN ('case-sever', 'decision-publish') AND object_id IN ('`+w.Theft.String()+`', '`+id.String()+`') ORDER BY seq`,
				"act | object_id | law\ncase-sever | theft | CPC 44\ndecision-publish | "+id.String()+" | CPC 198")
			want := "count\n2"
			if leaving {
				want = "count\n3"
			}
			w.Want(t, `SELECT count(*) FROM record WHERE act = 'participant-sever'`, want)
			w.Sound()
		})
	}
}

func TestASeveranceNeedsANumberOfItsOwnAndSomebodyWhoGoes(t *testing.T) {
	w := portaltest.World(t)
	serik := w.Participant("serik@theft")
	for what, change := range map[string]func(*casefile.DecisionDraft){
		"no number":                  func(d *casefile.DecisionDraft) { d.Severs = "" },
		"a short one":                func(d *casefile.DecisionDraft) { d.Severs = "12345" },
		"one with a letter":          func(d *casefile.DecisionDraft) { d.Severs = "26751103100077a" },
		"the number of a case here":  func(d *casefile.DecisionDraft) { d.Severs = "267511031000471" },
		"nobody goes":                func(d *casefile.DecisionDraft) { d.Concerns = nil },
		"a defender by herself":      func(d *casefile.DecisionDraft) { d.Concerns = []uuid.UUID{w.Participant("dana@theft")} },
		"a decision of another sort": func(d *casefile.DecisionDraft) { d.Kind = "group" },
	} {
		d := severance(w, serik)
		change(&d)
		wantKind(t, what, fault.Invalid, draft(t, w, w.Daniyar, uuid.Must(uuid.NewV7()), d))
	}
	// The number is taken between the draft and the signature.
	id := uuid.Must(uuid.NewV7())
	if err := draft(t, w, w.Daniyar, id, severance(w, serik)); err != nil {
		t.Fatal(err)
	}
	submitted(t, w, severance(w, w.Participant("aigul@theft")))
	wantKind(t, "signed with a number that is taken", fault.Invalid, w.Publish(w.Daniyar, id))
	w.Want(t, `SELECT count(*) FROM casefile`, "count\n3")
	w.Sound()
}

// CPC 65-1, 64, 65: the same person under another name, with all that he was.
func TestAStatusThatTakesThePlaceOfAnotherCarriesItsHistory(t *testing.T) {
	w := portaltest.World(t)
	serik, accused := w.Participant("serik@theft"), uuid.Must(uuid.NewV7())
	since := time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC)
	w.At = w.At.Add(time.Hour)
	if err := w.Change(w.Daniyar, serik, accused, casefile.Grant{Role: policy.Accused, Basis: "indictment", Since: since}); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT p.role, p.status, p.ended_at, p.previous FROM participant p WHERE p.casefile = '`+w.Theft.String()+`' AND p.person = '`+w.Serik.Person.String()+`' ORDER BY p.asked_at`, `
		role    | status    | ended_at            | previous
		suspect | ended     | 2026-10-22 15:30:00 |
		accused | confirmed |                     | serik@theft`)
	// What named him when he was a suspect names him now, and his defender goes on.
	for _, a := range []*portaltest.Actor{w.Serik, w.Dana} {
		for _, name := range []string{"suspect-recognised", "restraint-set"} {
			if d, _, err := casefile.ReadDecision(t.Context(), w.DB, a.Asks(policy.DecisionRead), w.Decision(name)); err != nil || !d.Copy() {
				t.Errorf("%s lost %s: %v", a.Word, name, err)
			}
		}
	}
	w.Petition(w.Dana, w.Theft)
	court := uuid.Must(uuid.NewV7())
	w.At = w.At.Add(time.Hour)
	if err := w.Change(w.Daniyar, accused, court, casefile.Grant{Role: policy.TrialDefendant, Basis: "trial-appointed", Since: since}); err != nil {
		t.Fatal(err)
	}
	c := must(casefile.Read(t.Context(), w.DB, w.Serik.Asks(policy.CaseRead), w.Theft))
	changes, err := casefile.History(t.Context(), w.DB, w.Serik.Asks(policy.CaseRead), c)
	portaltest.WantText(t, "his history", portaltest.Lines(changes, func(c casefile.Change) string {
		return fmt.Sprintf("%s %s | %s %s | %v", c.Before, c.BeforeBasis, c.After, c.Basis, c.Other(w.Theft))
	}), `
		suspect ruling     | accused indictment              | false
		accused indictment | trial-defendant trial-appointed | false`)
	if err != nil {
		t.Error(err)
	}
	if err := read(t, w, w.Serik, "suspect-recognised"); err != nil {
		t.Errorf("on trial he lost the ruling that named him a suspect: %v", err)
	}
	w.Want(t, `SELECT act, object_id, law FROM record WHERE act IN ('participant-replace', 'participant-follow') ORDER BY seq`,
		"act | object_id | law\nparticipant-replace | serik@theft | CPC 110\nparticipant-follow | dana@theft | CPC 110\n"+
			"participant-replace | "+accused.String()+" | CPC 110\nparticipant-follow | dana@theft | CPC 110")
	_, _, doc := paperOf(t, w, court)
	text := portaltest.PDFText(t, doc.Content)
	for _, phrase := range []string{"Сотталушы", "Айыпталушы"} {
		if !strings.Contains(text, phrase) {
			t.Errorf("the paper does not say %q:\n%s", phrase, text)
		}
	}
	w.Sound()
}

func TestOnlyAStatusThatTheCodeLetsBecomeAnotherDoes(t *testing.T) {
	w := portaltest.World(t)
	since := ruling(w).DecidedOn
	change := func(previous uuid.UUID, role policy.Role, basis string) error {
		return w.Change(w.Daniyar, previous, uuid.Must(uuid.NewV7()), casefile.Grant{Role: role, Basis: basis, Since: since})
	}
	serik := w.Participant("serik@theft")
	wantKind(t, "a suspect into a victim", fault.Invalid, change(serik, policy.Victim, "ruling"))
	wantKind(t, "a suspect into one on trial", fault.Invalid, change(serik, policy.TrialDefendant, "trial-appointed"))
	wantKind(t, "a victim into a suspect", fault.Invalid, change(w.Participant("aigul@theft"), policy.Suspect, "ruling"))
	wantKind(t, "a status that nobody confirmed", fault.Conflict, change(w.Participant("aigul@fraud"), policy.Suspect, "ruling"))
	for _, a := range []*portaltest.Actor{w.Zhanar, w.Serik, w.Stranger} {
		wantKind(t, a.Word, fault.NotFound, w.Change(a, serik, uuid.Must(uuid.NewV7()), casefile.Grant{Role: policy.Accused, Basis: "indictment", Since: since}))
	}
	// Another's status, named in a draft of his own.
	err := casefile.DraftNew(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantAdd), w.Theft, uuid.Must(uuid.NewV7()), w.Timur.IIN, w.Timur.FullName(),
		casefile.Grant{Language: "kk", Role: policy.Accused, Basis: "indictment", Since: since, Previous: serik})
	wantKind(t, "the status of another person", fault.Invalid, err)
	// It ends between the draft and the signature.
	accused := uuid.Must(uuid.NewV7())
	err = casefile.DraftChange(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantChangeDraft), serik, accused, casefile.Grant{Language: "kk", Role: policy.Accused, Basis: "indictment", Since: since})
	if err != nil {
		t.Fatal(err)
	}
	if err := read(t, w, w.Serik, "suspect-recognised"); err != nil {
		t.Errorf("a draft alone took his status: %v", err)
	}
	if err := w.End(w.Daniyar, serik); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "signed after it ended", fault.Invalid, w.Settle(w.Daniyar, policy.ParticipantGrant, accused))
	w.Want(t, `SELECT count(*) FROM participant WHERE previous IS NOT NULL`, "count\n0")
	w.Sound()
}

// The draft of a change is changed on the page of every draft, and is a change still.
func TestADraftOfAChangeThatIsSavedAgainIsAChangeStill(t *testing.T) {
	w := portaltest.World(t)
	serik, accused := w.Participant("serik@theft"), uuid.Must(uuid.NewV7())
	g := casefile.Grant{Language: "kk", Role: policy.Accused, Basis: "indictment", Since: ruling(w).DecidedOn}
	if err := casefile.DraftChange(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantChangeDraft), serik, accused, g); err != nil {
		t.Fatal(err)
	}
	g.Basis = "protocol"
	if err := w.Confirm(w.Daniyar, accused, g); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT role, basis, status, previous FROM participant WHERE person = '`+w.Serik.Person.String()+`' ORDER BY asked_at`, `
		role    | basis    | status    | previous
		suspect | ruling   | ended     |
		accused | protocol | confirmed | serik@theft`)
	w.Sound()
}

// Who asked to be confirmed in a case that is joined is confirmed in the joint one, and has
// his answer by that; who had not signed yet asks there.
func TestARequestThatWaitsInAJoinedCaseIsAnsweredInTheJointOne(t *testing.T) {
	w := portaltest.World(t)
	asked := w.Request(w.Nurlan, w.Fraud, casefile.NewRequest{Role: policy.Victim})
	draft := w.RequestDraft(w.Stranger, w.Fraud, casefile.NewRequest{Role: policy.Victim})
	joined(t, w)
	w.At = w.At.Add(time.Hour)
	ctx := w.Stranger.As(t.Context())
	_, doc, err := casefile.RequestPaper(ctx, w.App, w.Stranger.Asks(policy.AccessPaper), draft)
	if err != nil {
		t.Fatal(err)
	}
	err = casefile.SubmitRequest(ctx, w.App, w.Verifier, w.Stranger.Asks(policy.AccessSubmit), draft, w.SignedBy(w.Stranger, doc.Content), doc.Digest)
	var why *fault.Fault
	if !errors.As(err, &why) || why.Message != "fault.case-joined" {
		t.Errorf("a request into the case that was joined: %v", err)
	}
	err = casefile.DraftAsked(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DeskConfirm), asked, "kk")
	if !errors.As(err, &why) || why.Message != "fault.case-joined" {
		t.Errorf("confirmed where it was asked: %v", err)
	}
	g := casefile.Grant{Role: policy.Victim, Basis: "ruling", Since: ruling(w).DecidedOn}
	if err := w.Add(w.Daniyar, w.Theft, uuid.Must(uuid.NewV7()), w.Nurlan, g); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT r.person, r.status, p.status AS there FROM request r LEFT JOIN participant p ON p.id = r.participant ORDER BY r.status DESC`, `
		person | status    | there
		asel   | draft     |
		nurlan | confirmed | ended`)
	w.Sound()
}

// What was begun before the joinder is not carried out after it into a case in which nobody
// acts any more: a draft stays as it was written, and who awaits a status goes on to.
func TestWhatWasBegunInACaseIsNotCarriedOutThereOnceItIsJoined(t *testing.T) {
	w := portaltest.World(t)
	aigul, nurlan := w.Participant("aigul@fraud"), uuid.Must(uuid.NewV7())
	petition := w.Draft(w.Timur, w.Fraud, filing.NewFiling{Kind: policy.FilingPetition})
	g := casefile.Grant{Language: "kk", Role: policy.Victim, Basis: "ruling", Since: ruling(w).DecidedOn}
	if err := casefile.DraftGrant(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantDraft), aigul, g); err != nil {
		t.Fatal(err)
	}
	if err := casefile.DraftNew(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantAdd), w.Fraud, nurlan, w.Nurlan.IIN, w.Nurlan.FullName(), g); err != nil {
		t.Fatal(err)
	}
	leaves := ruling(w)
	leaves.Kind, leaves.Severs, leaves.Leaving, leaves.Concerns = "severed", "267511031000999", true, []uuid.UUID{w.Participant("timur@fraud")}
	drafts := map[string]uuid.UUID{}
	for what, d := range map[string]casefile.DecisionDraft{"a ruling": ruling(w), "a severance": leaves} {
		drafts[what] = uuid.Must(uuid.NewV7())
		if err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DecisionDraft), w.Fraud, drafts[what], d); err != nil {
			t.Fatal(err)
		}
	}
	joined(t, w)
	w.At = w.At.Add(time.Hour)
	joint := func(what string, err error) {
		t.Helper()
		var why *fault.Fault
		if !errors.As(err, &why) || why.Message != "fault.case-joined" {
			t.Errorf("%s: %v", what, err)
		}
	}
	joint("the petition", w.Submit(w.Timur, petition))
	for what, id := range drafts {
		joint(what, w.Publish(w.Daniyar, id))
	}
	joint("who awaited a status, by the paper of before", w.Settle(w.Daniyar, policy.ParticipantGrant, aigul))
	joint("by a new one", casefile.DraftGrant(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.ParticipantDraft), aigul, g))
	joint("who was about to be added", w.Settle(w.Daniyar, policy.ParticipantGrant, nurlan))
	w.Want(t, fmt.Sprintf(`SELECT p.id, p.status FROM participant p WHERE p.id IN ('%s', '%s') ORDER BY p.status`, aigul, nurlan),
		"id | status\naigul@fraud | awaiting\n"+nurlan.String()+" | draft")
	w.Want(t, fmt.Sprintf(`SELECT status, number FROM filing WHERE id = '%s'`, petition), "status | number\ndraft |")
	if f, err := filing.Read(t.Context(), w.DB, w.Timur.Asks(policy.FilingRead), petition); err != nil || f.Circumstances != portaltest.Circumstances {
		t.Errorf("of his draft is left %q, %v", f.Circumstances, err)
	}
	// In the joint case they are recognised, and he files.
	if err := w.Add(w.Daniyar, w.Theft, uuid.Must(uuid.NewV7()), w.Nurlan, g); err != nil {
		t.Error(err)
	}
	w.Petition(w.Timur, w.Theft)
	w.Sound()
}
