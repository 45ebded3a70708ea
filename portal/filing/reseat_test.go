package filing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/directory"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/warrant"
)

func enters(w *portaltest.W, who *portaltest.Actor, post, body string) directory.Entry {
	return directory.Entry{IIN: who.IIN, Name: who.FullName(), Post: post, Body: w.Body(body), Language: "kk"}
}

func leaves(who *portaltest.Actor) directory.Entry {
	return directory.Entry{Leaves: true, IIN: who.IIN, Language: "kk"}
}

func received(t *testing.T, w *portaltest.W, kind policy.FilingKind) uuid.UUID {
	t.Helper()
	id := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: kind, Ground: "other"})
	if err := w.Submit(w.Aigul, id); err != nil {
		t.Fatal(err)
	}
	return id
}

func reseat(t *testing.T, w *portaltest.W) {
	t.Helper()
	if err := filing.Reseat(t.Context(), w.DB.DB, w.At); err != nil {
		t.Fatal(err)
	}
}

const seated = `SELECT kind, decider, seat, status, former FROM filing ORDER BY number`

// A new chief finds what waited for the one before, takes it up and answers it.
func TestWhatWaitsForAChiefWhoLeftWaitsForTheNewOne(t *testing.T) {
	w := portaltest.Kept(t)
	id := received(t, w, policy.FilingComplaintProsecutor)
	reseat(t, w)
	w.Want(t, seated, `
		kind                 | decider | seat  | status | former
		complaint-prosecutor | gulnar  | chief | filed  | {}`)
	w.Enter(enters(w, w.Nurlan, "chief-prosecutor", "prosecution"))
	w.Enter(leaves(w.Gulnar))
	w.At = w.At.Add(time.Minute)
	reseat(t, w)
	reseat(t, w)
	w.Want(t, seated, `
		kind                 | decider | seat  | status | former
		complaint-prosecutor | nurlan  | chief | filed  | gulnar`)
	w.Want(t, `SELECT who, act, object, law FROM record WHERE act = 'filing-reseat'`, `
		who | act           | object | law
		    | filing-reseat | filing | CPC 105(1)`)
	ctx := w.Nurlan.As(t.Context())
	inbox := part(t)(filing.Inbox(ctx, w.App, w.Nurlan.Asks(policy.OversightRead), uuid.Nil)).Filings
	if len(inbox) != 1 || inbox[0].ID != id {
		t.Fatalf("the new chief's inbox is %v", inbox)
	}
	if f, err := filing.Open(ctx, w.App, w.Nurlan.Asks(policy.FilingRead), id); err != nil || f.Circumstances != portaltest.Circumstances {
		t.Fatalf("he reads %q, %v", f.Circumstances, err)
	}
	if err := filing.Step(ctx, w.App, w.Nurlan.Asks(policy.FilingConsider), id); err != nil {
		t.Fatal(err)
	}
	_, err := filing.Read(w.Gulnar.As(t.Context()), w.App, w.Gulnar.Asks(policy.FilingRead), id)
	wantKind(t, "who left reads it", fault.NotFound, err)
	w.Sound()
}

// A judge reads nothing of the case but what is filed to him: the one who comes after him
// opens it through the keeper, which goes by papers, and hands it on.
func TestANewJudgeOpensWhatWasSignedForTheOneBefore(t *testing.T) {
	w := portaltest.Kept(t)
	id := received(t, w, policy.FilingComplaintCourt)
	ctx := w.Nurlan.As(t.Context())
	w.Enter(enters(w, w.Nurlan, "judge", "court"))
	w.At = w.At.Add(time.Minute)
	reseat(t, w)
	_, err := filing.Open(ctx, w.App, w.Nurlan.Asks(policy.FilingRead), id)
	wantKind(t, "another judge of the court, while the first sits there", fault.NotFound, err)
	w.Enter(enters(w, w.Aliya, "registrar", "police")) // she moves: nothing says when she left
	w.At = w.At.Add(time.Minute)
	reseat(t, w)
	w.Want(t, seated, `
		kind            | decider | seat  | status | former
		complaint-court | nurlan  | judge | filed  | aliya`)
	if f, err := filing.Open(ctx, w.App, w.Nurlan.Asks(policy.FilingRead), id); err != nil || f.Circumstances != portaltest.Circumstances {
		t.Fatalf("he reads %q, %v", f.Circumstances, err)
	}
	if _, _, err := filing.Document(ctx, w.App, w.Nurlan.Asks(policy.FilingDocument), id); err != nil {
		t.Errorf("its paper: %v", err)
	}
	_, err = filing.Open(w.Aliya.As(t.Context()), w.App, w.Aliya.Asks(policy.FilingRead), id)
	wantKind(t, "the judge before reads it", fault.NotFound, err)
	w.Sound()
}

// Where nobody comes after him for a day, it goes to whoever is above: never to one whom it
// concerns, and from a prosecutor to no court.
func TestWhatNobodySitsForGoesUpAfterADay(t *testing.T) {
	w := portaltest.World(t)
	received(t, w, policy.FilingComplaintHead)
	received(t, w, policy.FilingComplaintProsecutor)
	received(t, w, policy.FilingComplaintHigher)
	received(t, w, policy.FilingComplaintCourt)
	for _, who := range []*portaltest.Actor{w.Marat, w.Samat, w.Aliya} {
		w.Enter(leaves(who))
	}
	w.At = w.At.Add(time.Hour)
	reseat(t, w)
	w.Want(t, `SELECT kind, decider, seat FROM filing ORDER BY number`, `
		kind                 | decider | seat
		complaint-head       | marat   | head
		complaint-prosecutor | gulnar  | chief
		complaint-higher     | samat   | higher
		complaint-court      | aliya   | judge`)
	w.At = w.At.Add(24 * time.Hour)
	reseat(t, w)
	w.Want(t, `SELECT kind, decider, seat FROM filing ORDER BY number`, `
		kind                 | decider | seat
		complaint-head       | gulnar  | chief
		complaint-prosecutor | gulnar  | chief
		complaint-higher     | samat   | higher
		complaint-court      | kanat   | appeal`)
	w.Enter(enters(w, w.Nurlan, "chief-prosecutor", "city-prosecution"))
	reseat(t, w)
	w.Want(t, `SELECT decider FROM filing WHERE kind = 'complaint-higher'`, "decider\nnurlan")
	w.Sound()
}

// The register gives the case to another body: its head is not above the investigator of
// whom somebody complained to the head before, and the prosecutor is.
func TestAComplaintStaysDecidableWhenItsCaseGoesToAnotherBody(t *testing.T) {
	w := portaltest.World(t)
	id := received(t, w, policy.FilingComplaintHead)
	if _, err := w.SQL.Exec(`WITH b AS (INSERT INTO body (id, kind, name_kk, name_ru, court) SELECT $2, kind, 'Басқа', 'Другой', court FROM body WHERE id = $3 RETURNING id)
		UPDATE casefile SET body = (SELECT id FROM b) WHERE id = $1`, w.Theft, uuid.New(), w.Body("police")); err != nil {
		t.Fatal(err)
	}
	reseat(t, w)
	w.Want(t, `SELECT decider, seat FROM filing`, "decider | seat\ngulnar | chief")
	if inbox := part(t)(filing.Inbox(t.Context(), w.DB, w.Gulnar.Asks(policy.OversightRead), uuid.Nil)).Filings; !slices.ContainsFunc(inbox, func(f filing.Filing) bool { return f.ID == id }) {
		t.Error("the chief does not find it")
	}
}

// By the way a filing goes up it never comes over to the other side; and the keeper knows
// the same way.
func TestHeirsAreOfTheSideThatItsAuthorChose(t *testing.T) {
	courts := []guide.Seat{guide.Judge, guide.Appeal}
	for _, seat := range guide.AllSeats {
		var heirs []string
		for _, heir := range guide.Heirs(seat) {
			heirs = append(heirs, string(heir))
		}
		if ofCase := seat == guide.Investigator || seat == guide.Prosecutor; ofCase != (warrant.Heirs(string(seat)) == nil) || !ofCase && !slices.Equal(heirs, warrant.Heirs(string(seat))) {
			t.Errorf("of %s the keeper has %q, the guide %q", seat, warrant.Heirs(string(seat)), heirs)
		}
		for _, heir := range guide.Heirs(seat) {
			if slices.Contains(courts, seat) != slices.Contains(courts, heir) {
				t.Errorf("from %s to %s", seat, heir)
			}
		}
	}
}
