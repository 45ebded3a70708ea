package reseal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"zharia/portal/database"
	"zharia/portal/keeper"
	"zharia/portal/portaltest"
	"zharia/portal/reseal"
	"zharia/portal/vault"
)

func TestMain(m *testing.M) {
	code := m.Run()
	portaltest.Strike()
	os.Exit(code)
}

// rotating is the database as the login that brings texts over has it.
func rotating(t testing.TB, w *portaltest.W) *database.DB {
	t.Helper()
	db, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Rotate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Each column is walked along, though the cast has a text in few: a list that names what
// is not there would be found.
func TestAllTextsAreBroughtOverAndTheirRecordStaysWhole(t *testing.T) {
	w := portaltest.World(t)
	g := w.Guard(portaltest.Rules{})
	w.Petition(w.Aigul, w.Theft)
	db := rotating(t, w)
	for epoch := uint32(2); epoch <= 3; epoch++ {
		if _, err := g.Keeper.Rotate(); err != nil {
			t.Fatal(err)
		}
		before, err := reseal.Left(t.Context(), db, epoch)
		if err != nil || reseal.All(before) < 100 {
			t.Fatal(before, err)
		}
		done, err := reseal.Over(t.Context(), db, g.Client, func(of string, done, all int64) {
			if done > all || all == 0 {
				t.Errorf("%s: %d of %d", of, done, all)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range before {
			if done[c.Column] != c.Old {
				t.Errorf("epoch %d: of %s %d were brought over, not %d", epoch, c, done[c.Column], c.Old)
			}
		}
		left, err := reseal.Left(t.Context(), db, epoch)
		if err != nil || reseal.All(left) != 0 {
			t.Errorf("%d are left: %v", reseal.All(left), err)
		}
		if s := g.Keeper.Status(); s.Swept.Epoch != epoch {
			t.Errorf("the keeper was told of %+v", s.Swept)
		}
	}
	w.Sound()
}

// A row of another case, a cut text, a wrap of a keeper that is not ours: it is said, the
// rest goes on, and the keeper is not told that nothing is left.
func TestATextThatIsNotWhatWasSealedForItsPlaceIsNamedAndTheRestGoesOn(t *testing.T) {
	w := portaltest.World(t)
	g := w.Guard(portaltest.Rules{})
	if _, err := g.Keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	w.SQL.MustExec(`UPDATE known SET name = iin WHERE person = $1`, w.Aigul.Person)
	w.SQL.MustExec(`UPDATE casefile SET offence_kk = 'not sealed' WHERE id = $1`, w.Theft)
	db := rotating(t, w)
	_, err := reseal.Over(t.Context(), db, g.Client, func(string, int64, int64) {})
	if !errors.Is(err, vault.ErrNotSealedHere) || !strings.Contains(err.Error(), "known.name of "+w.Aigul.Person.String()) || !strings.Contains(err.Error(), "casefile.offence_kk of "+w.Theft.String()) {
		t.Errorf("%v", err)
	}
	left, err := reseal.Left(t.Context(), db, 2)
	if err != nil || reseal.All(left) > 5 { // the two, and hers in other cases
		t.Errorf("%d are left, %v", reseal.All(left), err)
	}
	if s := g.Keeper.Status(); s.Swept.Epoch != 0 {
		t.Errorf("the keeper was told of %+v", s.Swept)
	}
}

// What somebody has in hand is left to him, and what he writes is not written over.
func TestWhoWritesMeanwhileLosesNothingAndWaitsForNobody(t *testing.T) {
	w := portaltest.World(t)
	g := w.Guard(portaltest.Rules{})
	if _, err := g.Keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	db := rotating(t, w)
	column := reseal.Columns[slices.IndexFunc(reseal.Columns, func(c reseal.Column) bool { return c.String() == "person.name" })]
	shelf := reseal.Shelf(db, column)
	name := func() (sealed []byte) {
		t.Helper()
		if err := w.SQL.Get(&sealed, `SELECT name FROM person WHERE id = $1`, w.Aigul.Person); err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	where := vault.Where{Table: "person", Column: "name", ID: w.Aigul.Person, Person: w.Aigul.Person}
	tx := w.SQL.MustBegin()
	fresh, err := w.App.SealText(where, "Жаңа есім")
	if err != nil {
		t.Fatal(err)
	}
	tx.MustExec(`UPDATE person SET name = $2 WHERE id = $1`, w.Aigul.Person, fresh)
	out, err := keeper.BringOver(t.Context(), g.Client, shelf, func(int) {})
	if err != nil || out.Left != 1 || out.Done == 0 {
		t.Errorf("while she has it in hand: %+v, %v", out, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(name(), fresh) {
		t.Error("her new name is not there")
	}
	// Read before she wrote, put back after.
	var was []vault.Sealed
	if err := shelf.Old(t.Context(), 2, 10, func(objects []vault.Sealed) error { was = append(was, objects...); return nil }); err != nil || len(was) != 1 {
		t.Fatal(was, err)
	}
	again, err := w.App.SealText(where, "Тағы бір есім")
	if err != nil {
		t.Fatal(err)
	}
	w.SQL.MustExec(`UPDATE person SET name = $2 WHERE id = $1`, w.Aigul.Person, again)
	if done, err := shelf.Put(t.Context(), was, was); done != 0 || err != nil {
		t.Errorf("%d, %v", done, err)
	}
	if !bytes.Equal(name(), again) {
		t.Error("what was read before went over what she wrote")
	}
}

// The number of an epoch stands in clear: whoever has the login that changes wraps writes
// any number over noise, and the act says "reseal". The keeper is not told that nothing is
// left, or the keys would be destroyed that alone open the copies of before.
func TestNoiseThatCallsItselfNewWrapsIsNoSweep(t *testing.T) {
	w := portaltest.World(t)
	g := w.Guard(portaltest.Rules{})
	w.Petition(w.Aigul, w.Theft)
	db := rotating(t, w)
	if _, err := g.Keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	quiet := func(string, int64, int64) {}
	if _, err := reseal.Over(t.Context(), db, g.Client, quiet); err != nil {
		t.Fatal(err)
	}
	if seen, err := reseal.Prove(t.Context(), db, g.Client, quiet); err != nil || seen < 100 {
		t.Fatal(seen, err)
	}
	if _, err := g.Keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	var one struct {
		ID            string
		Circumstances []byte
	}
	if err := w.SQL.Get(&one, `SELECT id, circumstances FROM filing WHERE status = 'filed' LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	for _, epoch := range []byte{3, 9, 255} { // that of the keeper; one that is not yet; the last there could be
		wraps, err := vault.Wraps(one.Circumstances)
		if err != nil {
			t.Fatal(err)
		}
		noise := bytes.Clone(one.Circumstances)
		persons := int(noise[1])
		at := 2
		for range persons { // who it is for stays, and so does the form
			rand.Read(noise[at+16 : at+100])
			copy(noise[at+16:], []byte{0, 0, 0, epoch})
			at += 100
		}
		rand.Read(noise[at+1 : len(wraps)])
		copy(noise[at+1:], []byte{0, 0, 0, epoch})
		if epoch == 255 {
			copy(noise[at+1:], []byte{255, 255, 255, 255})
			for i := range persons {
				copy(noise[2+100*i+16:], []byte{255, 255, 255, 255})
			}
		}
		w.SQL.MustExec(`ALTER TABLE filing DISABLE TRIGGER rewrapped`) // the second time its epoch is not greater
		tx := w.SQL.MustBegin()
		tx.MustExec(`SET LOCAL ROLE portal_rotate`)
		tx.MustExec(`UPDATE filing SET circumstances = $2 WHERE id = $1`, one.ID, noise)
		tx.MustExec(`SELECT ledger.reseal('filing', $1)`, one.ID)
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		w.SQL.MustExec(`ALTER TABLE filing ENABLE TRIGGER rewrapped`)
		w.Sound() // the audit sees sealed bytes, and an act that may change them
		for what, err := range map[string]error{
			"over":  func() error { _, err := reseal.Over(t.Context(), db, g.Client, quiet); return err }(),
			"prove": func() error { _, err := reseal.Prove(t.Context(), db, g.Client, quiet); return err }(),
		} {
			if !errors.Is(err, vault.ErrNotSealedHere) || !strings.Contains(err.Error(), "filing.circumstances") {
				t.Errorf("epoch %d, %s: %v", epoch, what, err)
			}
		}
		if s := g.Keeper.Status(); s.Swept.Epoch > 2 {
			t.Errorf("epoch %d: the keeper was told of %+v", epoch, s.Swept)
		}
	}
}
