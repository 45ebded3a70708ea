package main

import (
	"context"
	"errors"
	"testing"

	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// A keeper's folder of another site, or of before it was made anew, answers as well as the
// right one: it must not be served.
func TestAPortalDoesNotStartWithTheKeeperOfAnotherDatabase(t *testing.T) {
	w := portaltest.Kept(t)
	client := w.Guarded().Client
	if _, err := connect(t.Context(), client, w.DB.DB, 0); err != nil {
		t.Fatalf("its own keeper: %v", err)
	}
	other, err := vault.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	direct := func(keys *vault.Keys) error {
		return sealedFor(t.Context(), w.DB.DB, func(ctx context.Context, one vault.Ask) (bool, error) {
			deks, err := keys.Keeper().Unwrap(ctx, []vault.Ask{one})
			return err == nil && deks[0] != nil, err
		})
	}
	if err := direct(other); !errors.Is(err, errOtherKeeper) {
		t.Errorf("keys of another site: %v", err)
	}
	// The same, seen from the other side: a database that others have sealed.
	where := vault.Where{Table: "person", Column: "name", ID: w.Aigul.Person, Person: w.Aigul.Person}
	name, err := other.SealText(where, "Айгүл")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := w.SQL.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`SET LOCAL session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`DELETE FROM person WHERE id <> $1`, w.Aigul.Person); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`UPDATE person SET name = $2 WHERE id = $1`, w.Aigul.Person, name); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := connect(t.Context(), client, w.DB.DB, 0); !errors.Is(err, errOtherKeeper) {
		t.Errorf("a database of another keeper: %v", err)
	}
	if err := direct(other); err != nil {
		t.Errorf("a database with its own keys: %v", err)
	}
}
