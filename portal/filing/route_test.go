package filing_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/warrant"
)

func TestEachKindGoesToTheOfficialWhomTheCodeNames(t *testing.T) {
	w := portaltest.World(t)
	about := w.Decision("expertise-done")
	for _, n := range []filing.NewFiling{
		{Kind: policy.FilingPetition, About: about}, // it speaks of his decision and contests nobody
		{Kind: policy.FilingPetition, To: guide.Prosecutor},
		{Kind: policy.FilingComplaintHead},
		{Kind: policy.FilingComplaintProsecutor, About: about},
		{Kind: policy.FilingComplaintHigher, Complained: w.Zhanar.Person},
		{Kind: policy.FilingComplaintCourt},
		{Kind: policy.FilingComplaintJudge},
		{Kind: policy.FilingRegistration},
		{Kind: policy.FilingDelay},
		{Kind: policy.FilingSecurity},
		{Kind: policy.FilingFamiliarise},
		{Kind: policy.FilingRestore},
		{Kind: policy.FilingChallenge, Complained: w.Daniyar.Person},
		{Kind: policy.FilingChallenge, Complained: w.Zhanar.Person},
		{Kind: policy.FilingChallenge, Complained: w.Aliya.Person},
		{Kind: policy.FilingChallenge}, // of an expert, an interpreter
	} {
		w.Draft(w.Aigul, w.Theft, n)
	}
	w.Want(t, `SELECT kind, what, complained, decider, seat FROM filing ORDER BY id`, `
		kind                   | what            | complained | decider | seat
		petition               | nothing         |            | daniyar | investigator
		petition               | nothing         |            | zhanar  | prosecutor
		complaint-head         | act             |            | marat   | head
		complaint-prosecutor   | decision        |            | gulnar  | chief
		complaint-higher       | act             | zhanar     | samat   | higher
		complaint-court        | act             |            | aliya   | judge
		complaint-judge        | ruling          |            | kanat   | appeal
		complaint-registration | no-registration |            | gulnar  | chief
		delay                  | delay           |            | gulnar  | chief
		security               | nothing         |            | daniyar | investigator
		familiarise            | nothing         |            | daniyar | investigator
		restore-term           | nothing         |            | daniyar | investigator
		challenge              | nothing         | daniyar    | marat   | head
		challenge              | nothing         | zhanar     | samat   | higher
		challenge              | nothing         | aliya      | aliya   | judge
		challenge              | nothing         |            | daniyar | investigator`)
}

// The chief who agreed with the ruling sits in her seat, and a complaint about it
// passes her by; so does one about an answer she gave.
func TestWhoeverAgreedWithItNeverGetsTheComplaint(t *testing.T) {
	w := portaltest.World(t)
	agreed := w.Decision("suspect-recognised")
	w.SQL.MustExec(`ALTER TABLE assent DISABLE TRIGGER is_final`)
	if _, err := w.SQL.ExecContext(t.Context(), `
		UPDATE assent SET author = $2 FROM decision d WHERE d.id = $1 AND assent.about = d.document`, agreed, w.Gulnar.Person); err != nil {
		t.Fatal(err)
	}
	complaint := w.Complaint(w.Serik, w.Theft, "suspect", "suspect-recognised")
	w.Answer(w.Samat, complaint, filing.Refused)
	for _, n := range []filing.NewFiling{
		{Kind: policy.FilingComplaintProsecutor, Against: complaint},
		{Kind: policy.FilingComplaintHigher, Against: complaint},
		{Kind: policy.FilingComplaintCourt, Against: complaint},
	} {
		w.Draft(w.Serik, w.Theft, n)
	}
	w.Want(t, `SELECT kind, what, decider, seat FROM filing ORDER BY id`, `
		kind                 | what     | decider | seat
		complaint-prosecutor | decision | samat   | higher
		complaint-prosecutor | answer   | aliya   | judge
		complaint-higher     | answer   | aliya   | judge
		complaint-court      | answer   | aliya   | judge`)
}

// People leave, and move to other posts and bodies: what is filed goes to who sits there
// now, and he finds it.
func TestAnOfficialWhoLeftOrMovedGetsNothing(t *testing.T) {
	for _, gone := range []struct{ how, change string }{
		{"left", `left_at = CURRENT_TIMESTAMP`},
		{"has another post", `post = 'registrar'`},
		{"is in another body", `body = (SELECT id FROM body WHERE id <> officer.body ORDER BY id LIMIT 1)`},
	} {
		w := portaltest.World(t)
		for _, of := range []struct {
			n          filing.NewFiling
			who, after *portaltest.Actor
		}{
			{filing.NewFiling{Kind: policy.FilingComplaintHead}, w.Marat, w.Gulnar},
			{filing.NewFiling{Kind: policy.FilingSecurity}, w.Daniyar, w.Zhanar},
			{filing.NewFiling{Kind: policy.FilingPetition, To: guide.Prosecutor}, w.Zhanar, w.Gulnar},
		} {
			if _, err := w.SQL.ExecContext(t.Context(), `UPDATE officer SET `+gone.change+` WHERE person = $1`, of.who.Person); err != nil {
				t.Fatal(err)
			}
			id := w.Draft(w.Aigul, w.Theft, of.n)
			if err := w.Submit(w.Aigul, id); err != nil {
				t.Fatal(err)
			}
			inbox := part(t)(filing.Inbox(t.Context(), w.DB, of.after.Asks(policy.OversightRead), uuid.Nil)).Filings
			if !slices.ContainsFunc(inbox, func(f filing.Filing) bool { return f.ID == id }) {
				t.Errorf("%s: %s %s, and %s does not find it", of.n.Kind, of.who.Word, gone.how, of.after.Word)
			}
		}
		w.Want(t, `SELECT kind, decider, seat, status FROM filing ORDER BY number`, `
			kind           | decider | seat       | status
			complaint-head | gulnar  | chief      | filed
			security       | zhanar  | prosecutor | filed
			petition       | gulnar  | chief      | filed`)
	}
}

// Between the draft and the signature people leave: nothing is filed to one by a paper that
// names another. It is printed for the one who sits there now, and signed anew.
func TestWhatIsSignedForAnotherIsPrintedForWhoDecidesItNow(t *testing.T) {
	w := portaltest.World(t)
	id := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintHead, Ground: "other"})
	if _, err := w.SQL.ExecContext(t.Context(), `UPDATE officer SET left_at = $2 WHERE person = $1`, w.Marat.Person, w.At); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, "a paper for one who left", "fault.document-changed", w.Submit(w.Aigul, id))
	w.Want(t, `SELECT decider, seat, status FROM filing`, `
		decider | seat  | status
		gulnar  | chief | draft`)
	content, _ := w.Paper(w.Aigul, id)
	if f, err := warrant.Read(content); err != nil || f.To != w.Gulnar.Person || f.Seat != string(guide.Chief) {
		t.Errorf("the paper is for %s of %s, %v", w.Word(f.To), f.Seat, err)
	}
	f, err := filing.Read(t.Context(), w.DB, w.Aigul.Asks(policy.FilingRead), id)
	if err != nil || f.Circumstances != portaltest.Circumstances || !slices.Equal(f.Requests(), []string{portaltest.Request}) {
		t.Errorf("what she wrote is %+v, %v", f, err)
	}
	if err := w.Submit(w.Aigul, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT decider, seat, status, (SELECT count(*) FROM document d WHERE d.author = f.author AND d.kind = 'complaint') AS papers FROM filing f`, `
		decider | seat  | status | papers
		gulnar  | chief | filed  | 1`)
	w.Sound()
}

// What cannot be printed any more is received as it was signed.
func TestWhatCannotBePrintedAnewIsReceivedAllTheSame(t *testing.T) {
	w := portaltest.World(t)
	about := w.Decision("expertise-done")
	id := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintHead, Ground: "other", About: about})
	if _, err := w.SQL.ExecContext(t.Context(), `UPDATE officer SET left_at = $2 WHERE person = $1`, w.Marat.Person, w.At); err != nil {
		t.Fatal(err)
	}
	w.SQL.MustExec(`ALTER TABLE decision DISABLE TRIGGER is_final`)
	if _, err := w.SQL.ExecContext(t.Context(), `UPDATE decision SET kind = 'accepted' WHERE id = $1`, about); err != nil { // one that is closed to her
		t.Fatal(err)
	}
	if err := w.Submit(w.Aigul, id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT decider, seat, status FROM filing`, `
		decider | seat  | status
		gulnar  | chief | filed`)
}

func TestWhoIsNobodyInTheCaseCannotBeComplainedOf(t *testing.T) {
	w := portaltest.World(t)
	for who, id := range map[string]uuid.UUID{"an official of elsewhere": w.Bolat.Person, "a party": w.Serik.Person, "nobody": uuid.Must(uuid.NewV7())} {
		err := filing.Save(t.Context(), w.DB, w.Press, w.Aigul.Asks(policy.FilingCreate), w.Theft, uuid.Must(uuid.NewV7()), filing.NewFiling{
			Kind: policy.FilingComplaintHead, Ground: "other", Participant: w.Participant("aigul@theft"), Language: "kk",
			Circumstances: portaltest.Circumstances, Points: []string{portaltest.Request}, Complained: id,
		})
		if f := new(fault.Fault); !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != "complained" {
			t.Errorf("%s: %v", who, err)
		}
	}
}

// What the guide shows and where the form goes are one: for every thing somebody may
// contest in a real case, and through the fence as the page sees it.
func TestTheGuideShowsWhereTheFormGoes(t *testing.T) {
	w := portaltest.World(t)
	refused := w.Petition(w.Aigul, w.Theft)
	w.Answer(w.Daniyar, refused, filing.Refused)
	ask := w.Aigul.Asks(policy.GuideCase)
	c, err := casefile.Read(t.Context(), w.DB, ask, w.Theft)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, contested := range []filing.NewFiling{
		{Kind: policy.FilingComplaintHead, What: guide.Decision, About: w.Decision("expertise-done")},
		{Kind: policy.FilingComplaintHead, What: guide.Decision, Against: refused},
		{Kind: policy.FilingComplaintHead, What: guide.Deed},
		{Kind: policy.FilingComplaintHead, What: guide.Deed, Complained: w.Marat.Person},
		{Kind: policy.FilingComplaintHead, What: guide.Deed, Complained: w.Zhanar.Person},
		{Kind: policy.FilingComplaintHead, What: guide.Deed, Complained: w.Gulnar.Person},
		{Kind: policy.FilingComplaintHead, What: guide.Deed, Complained: w.Aliya.Person},
		{Kind: policy.FilingComplaintHead, What: guide.Silence, Complained: w.Samat.Person},
		{Kind: policy.FilingComplaintHead, What: guide.Ruling},
		{Kind: policy.FilingDelay, What: guide.Delay},
		{Kind: policy.FilingRegistration, What: guide.NoRegistration},
		{Kind: policy.FilingPetition, What: guide.Nothing},
		{Kind: policy.FilingSecurity, What: guide.Nothing},
		{Kind: policy.FilingChallenge, What: guide.Nothing, Complained: w.Daniyar.Person},
		{Kind: policy.FilingChallenge, What: guide.Nothing},
	} {
		ways, err := filing.Ways(t.Context(), w.DB, ask, c, contested)
		if err != nil {
			t.Fatal(err)
		}
		if len(ways) == 0 {
			t.Errorf("%+v: no way at all", contested)
		}
		for _, way := range ways {
			if way.Closed || way.To == uuid.Nil {
				continue
			}
			n++
			f := contested
			f.Kind, f.To = way.Kind, way.Seat
			id := w.Draft(w.Aigul, w.Theft, f)
			var got struct {
				Decider uuid.UUID `db:"decider"`
				Seat    string    `db:"seat"`
			}
			if err := w.SQL.GetContext(t.Context(), &got, `SELECT decider, seat FROM filing WHERE id = $1`, id); err != nil {
				t.Fatal(err)
			}
			if got.Decider != way.Official.ID || got.Seat != string(way.Seat) {
				t.Errorf("%s of %s: shown %s of %s, taken to %s of %s", way.Kind, contested.What, w.Word(way.Official.ID), way.Seat, w.Word(got.Decider), got.Seat)
			}
			if way.Official.Name == "" || way.Official.Body.NameKK == "" {
				t.Errorf("%s: the official has no name: %+v", way.Kind, way.Official)
			}
		}
	}
	t.Logf("%d open ways", n)
}

func TestNobodyFindsWaysForWhatIsNotHis(t *testing.T) {
	w := portaltest.World(t)
	others := w.Petition(w.Serik, w.Theft)
	ask := w.Aigul.Asks(policy.GuideCase)
	c, err := casefile.Read(t.Context(), w.DB, ask, w.Theft)
	if err != nil {
		t.Fatal(err)
	}
	for what, n := range map[string]filing.NewFiling{
		"another's filing":         {Kind: policy.FilingComplaintHead, Against: others},
		"a decision that is not":   {Kind: policy.FilingComplaintHead, About: uuid.Must(uuid.NewV7())},
		"a filing that is not":     {Kind: policy.FilingComplaintHead, Against: uuid.Must(uuid.NewV7())},
		"a decision closed to her": {Kind: policy.FilingComplaintHead, About: w.Decision("accepted")},
	} {
		if _, err := filing.Ways(t.Context(), w.DB, ask, c, n); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Somebody whom an act affects and who is nothing in the case complains by its number
// alone (CPC 100(1)); the case stays closed to him.
func TestWhoIsAffectedComplainsWithoutAStatus(t *testing.T) {
	w := portaltest.World(t)
	number := w.Number(w.Theft)
	ask, ctx := w.Stranger.Asks(policy.ComplainDraft), database.As(t.Context(), w.Stranger.Person, uuid.Nil, w.At)
	of, err := casefile.Numbered(ctx, w.App, ask, number)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []policy.FilingKind{policy.FilingComplaintHead, policy.FilingComplaintProsecutor, policy.FilingComplaintCourt, policy.FilingRegistration} {
		id := uuid.Must(uuid.NewV7())
		for range 2 { // a double click
			if err := filing.Affect(ctx, w.App, w.Press, ask, of, id, filing.NewFiling{
				Kind: kind, Language: "kk", Circumstances: portaltest.Circumstances, Points: []string{portaltest.Request},
			}); err != nil {
				t.Fatal(kind, err)
			}
		}
		content, digest := w.Paper(w.Stranger, id)
		if err := filing.Submit(ctx, w.App, w.Press, w.Verifier, w.Stranger.Asks(policy.FilingSubmit), id, w.SignedBy(w.Stranger, content), digest); err != nil {
			t.Fatal(kind, err)
		}
	}
	w.Want(t, `SELECT author, participant, affected, kind, status, decider FROM filing ORDER BY id`, `
		author | participant | affected | kind                   | status | decider
		asel   |             | true     | complaint-head         | filed  | marat
		asel   |             | true     | complaint-prosecutor   | filed  | gulnar
		asel   |             | true     | complaint-court        | filed  | aliya
		asel   |             | true     | complaint-registration | filed  | gulnar`)
	if _, err := casefile.Read(ctx, w.App, w.Stranger.Asks(policy.CaseRead), w.Theft); !errors.Is(err, fault.NotFound) {
		t.Errorf("the case opened to her: %v", err)
	}
	for _, kind := range policy.Filings {
		if slices.Contains(filing.AffectedKinds, kind.Kind) {
			continue
		}
		err := filing.Affect(ctx, w.App, w.Press, ask, of, uuid.Must(uuid.NewV7()), filing.NewFiling{
			Kind: kind.Kind, Language: "kk", Circumstances: portaltest.Circumstances, Points: []string{portaltest.Request},
		})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("a %s without a status: %v", kind.Kind, err)
		}
	}
}

// The list of the Code that has the short term is one in both packages.
func TestTheUrgentMattersAreTheGroundsOfAComplaint(t *testing.T) {
	var grounds []string
	for _, g := range filing.Grounds[1:] {
		grounds = append(grounds, fmt.Sprint(g))
	}
	if !slices.Equal(grounds, guide.Urgent) {
		t.Errorf("%v and %v", grounds, guide.Urgent)
	}
}
