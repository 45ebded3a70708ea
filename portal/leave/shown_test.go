package leave_test

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/directory"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/keeper"
	"zharia/portal/leave"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// custodians bring the root of the keeper of these tests.
type custodians struct{}

func (custodians) Name() string { return "tests" }

func (custodians) Seal(context.Context, []byte) ([]byte, error) { return nil, nil }

func (custodians) Unseal(context.Context, []byte) ([]byte, error) {
	root := sha256.Sum256([]byte("zharia/portaltest"))
	return root[:], nil
}

// Custodians open one case for one official, whether or not papers of it are known, and
// nobody else gets anything by it.
func TestWhatCustodiansOpenOpensForThatOfficialAlone(t *testing.T) {
	w := portaltest.Kept(t)
	g := w.Guarded()
	var sealed []byte
	ok(t, w.SQL.Get(&sealed, `SELECT offence_kk FROM casefile WHERE id = $1`, w.Theft))
	at := vault.Where{Table: "casefile", Column: "offence_kk", ID: w.Theft, Case: w.Theft}
	lost := vault.Where{Table: "filing", Column: "body", ID: uuid.New(), Case: uuid.New()} // a case whose papers are lost
	text, err := w.DB.Keys.SealText(lost, "мәтін")
	ok(t, err)
	var told []uuid.UUID
	g.Client.Opened = func(_ context.Context, opening uuid.UUID) { told = append(told, opening) }
	opens := func(a *portaltest.Actor, where vault.Where, sealed []byte, want bool) {
		t.Helper()
		if _, err := w.App.Keys.Open(a.As(t.Context()), where, sealed); (err == nil) != want {
			t.Errorf("%s: %v, want %v", w.Word(a.Person), err, want)
		}
	}
	opens(w.Ermek, at, sealed, false)
	opens(w.Ermek, lost, text, false)
	for _, casefile := range []uuid.UUID{w.Theft, lost.Case} {
		_, err := g.Keeper.OpenCase(t.Context(), custodians{}, casefile, w.Ermek.IIN, "Тергеуші қайтыс болды, мерзім ертең аяқталады.")
		ok(t, err)
	}
	opens(w.Ermek, at, sealed, true)
	opens(w.Ermek, lost, text, true)
	opens(w.Stranger, at, sealed, false)
	if len(told) != 2 {
		t.Errorf("it was told %d times that custodians opened it", len(told))
	}
	all, err := g.Client.Openings(t.Context())
	if err != nil || len(all) != 2 || all[1].Case != w.Theft || all[1].Person != w.Ermek.Person {
		t.Errorf("%+v, %v", all, err)
	}
	w.At = w.At.Add(keeper.OpeningLife + time.Second)
	opens(w.Ermek, at, sealed, false)
}

// The keeper hears of what ended without anybody's asking for a text, once.
func TestTheCourierShowsWhatIsSignedAndWhatEndsOnce(t *testing.T) {
	w := portaltest.Kept(t)
	g := w.Guarded()
	var sealed []byte
	ok(t, w.SQL.Get(&sealed, `SELECT offence_kk FROM casefile WHERE id = $1`, w.Fraud))
	at := vault.Where{Table: "casefile", Column: "offence_kk", ID: w.Fraud, Case: w.Fraud}
	opens := func(want bool, when string) {
		t.Helper()
		if _, err := w.App.Keys.Open(w.Ermek.As(t.Context()), at, sealed); (err == nil) != want {
			t.Errorf("%s: %v, want %v", when, err, want)
		}
	}
	remembered := func() int {
		t.Helper()
		s, err := g.Client.Status(t.Context())
		ok(t, err)
		return s.Withdrawn.Entries
	}
	courier := &leave.Courier{DB: w.DB, Keeper: g.Client}
	opens(false, "before")
	id, err := w.Substitute(w.Marat, w.Daniyar, w.Ermek, day(w, 5))
	ok(t, err)
	opens(true, "he stands in")
	w.At = w.At.Add(time.Minute)
	ok(t, directory.EndSubstitution(t.Context(), w.DB, w.Marat.Asks(policy.SubstitutionEnd), id))
	before := remembered()
	ok(t, courier.Go(t.Context(), w.At))
	if now := remembered(); now != before+1 {
		t.Errorf("%d things were remembered", now-before)
	}
	opens(false, "it ended")
	g.Client.Close()
	g.Stop() // whatever was shown is not shown again: there is nobody to show it to
	ok(t, courier.Go(t.Context(), w.At))
	g.Start()
	g.Unseal()
	w.At = w.At.Add(time.Minute)
	opens(false, "after a restart")
}

// A record that its reader has signed closes the pages at the keeper as well, whatever a row says.
func TestTheRecordOfAReadingClosesItsPagesAtTheKeeper(t *testing.T) {
	w := portaltest.Kept(t)
	w.Material(materials.New{}, "Бір парақ.")
	w.EndNotice()
	id := w.Opened("serik@theft")
	var page struct {
		ID    uuid.UUID `db:"id"`
		Small []byte    `db:"small"`
	}
	ok(t, w.SQL.Get(&page, `SELECT id, small FROM material_page`))
	opens := func(want bool, when string) {
		t.Helper()
		at := vault.Where{Table: "material_page", Column: "small", ID: page.ID, Case: w.Theft}
		if _, err := w.App.Keys.Open(w.Serik.As(t.Context()), at, page.Small); (err == nil) != want {
			t.Errorf("%s: %v, want %v", when, err, want)
		}
	}
	opens(true, "while he reads")
	w.At = w.At.Add(time.Minute)
	ok(t, materials.DraftRecord(w.Serik.As(t.Context()), w.DB, w.Press, w.Serik.Asks(policy.RecordDraft), id, "kk", ""))
	_, doc, err := materials.ReadRecord(w.Serik.As(t.Context()), w.DB, w.Serik.Asks(policy.RecordCheck), id)
	ok(t, err)
	opens(true, "while the record is not signed")
	ok(t, materials.SignRecord(w.Serik.As(t.Context()), w.DB, w.Verifier, w.Serik.Asks(policy.RecordSign), id, w.SignedBy(w.Serik, doc.Content), doc.Digest))
	ok(t, (&leave.Courier{DB: w.DB, Keeper: w.Guarded().Client}).Go(t.Context(), w.At))
	opens(false, "when he has signed it")
}

// What the register takes away is carried like what people sign, whatever day the register
// put on it, and a row that is deleted afterwards brings nothing back.
func TestTheCourierShowsWhatTheRegisterTakesAway(t *testing.T) {
	w := portaltest.Kept(t)
	g := w.Guarded()
	var sealed []byte
	ok(t, w.SQL.Get(&sealed, `SELECT offence_kk FROM casefile WHERE id = $1`, w.Theft))
	at := vault.Where{Table: "casefile", Column: "offence_kk", ID: w.Theft, Case: w.Theft}
	opens := func(a *portaltest.Actor, want bool, when string) {
		t.Helper()
		if _, err := w.App.Keys.Open(a.As(t.Context()), at, sealed); (err == nil) != want {
			t.Errorf("%s, %s: %v, want %v", w.Word(a.Person), when, err, want)
		}
	}
	opens(w.Daniyar, true, "it is his")
	w.At = w.At.Add(time.Minute)
	f := warrant.Fact{Kind: warrant.Charge, ID: uuid.New(), Made: w.At.AddDate(0, 0, -2).UTC().Truncate(time.Second), Case: w.Theft, Officer: w.Ermek.Person, Prosecutor: w.Zhanar.Person}
	ok(t, w.SQL.QueryRow(`SELECT body, prosecution FROM casefile WHERE id = $1`, w.Theft).Scan(&f.Body, &f.Office))
	text, err := f.Text()
	ok(t, err)
	cms, err := w.Troupe.Register.SignCMS(text, false, f.Made)
	ok(t, err)
	ok(t, w.DB.Within(t.Context(), func(tx *vault.DB) error {
		return casefile.Transfer(t.Context(), tx, register.Said{Fact: f, Text: text, CMS: cms}, w.At, nil)
	}))
	courier := &leave.Courier{DB: w.DB, Keeper: g.Client}
	ok(t, courier.Go(t.Context(), w.At))
	opens(w.Daniyar, false, "the register gave it to another")

	tx := w.SQL.MustBegin()
	defer tx.Rollback()
	tx.MustExec(`SET LOCAL session_replication_role = replica`)
	tx.MustExec(`DELETE FROM warrant WHERE id = $1`, f.ID)
	ok(t, tx.Commit())
	opens(w.Stranger, false, "all is shown again")
	opens(w.Daniyar, false, "the row is deleted")
	opens(w.Ermek, true, "the row is deleted")
	g.Stop()
	g.Start()
	g.Unseal()
	w.At = w.At.Add(time.Minute)
	opens(w.Daniyar, false, "after a restart")
	opens(w.Ermek, true, "after a restart")
}

// Who decides a filing has his right by a paper that the keeper does not remember. What is
// finished for him when he has left is shown for him too.
func TestWhatIsFinishedForSomebodyIsShownByHisPapers(t *testing.T) {
	w := portaltest.World(t)
	id := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintHigher, What: guide.Deed})
	ok(t, w.Submit(w.Aigul, id))
	var decider uuid.UUID
	ok(t, w.SQL.Get(&decider, `SELECT decider FROM filing WHERE id = $1`, id))
	shown := func(ctx context.Context) int {
		t.Helper()
		all, err := leave.Papers(w.DB)(ctx, w.Theft)
		ok(t, err)
		return len(all)
	}
	himself := shown(database.As(t.Context(), decider, uuid.Nil, w.At))
	nobody := shown(t.Context())
	worker := shown(vault.WithTicket(t.Context(), vault.Ticket{Person: decider, Slip: []byte("slip")}))
	if worker != himself || nobody >= himself {
		t.Errorf("%d papers for the worker, %d for himself, %d for nobody", worker, himself, nobody)
	}
}
