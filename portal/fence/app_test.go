package fence_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/portaltest"
)

// execer is a transaction that queries of a test go to.
type execer interface {
	GetContext(ctx context.Context, into any, query string, args ...any) error
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// asApp runs a query that is no constant of the program as the pool that serves
// people would, and takes back what it did.
func asApp(t testing.TB, w *portaltest.W, person uuid.UUID, do func(tx execer) error) error {
	t.Helper()
	tx, err := w.SQL.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	said := ""
	if person != uuid.Nil {
		said = person.String()
	}
	if _, err := tx.Exec(`SELECT set_config('role', 'portal_app', true), set_config('portal.person', $1, true), set_config('portal.at', $2, true)`,
		said, w.At.Format("2006-01-02 15:04:05Z07:00")); err != nil {
		t.Fatal(err)
	}
	return do(tx)
}
