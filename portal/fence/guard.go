package fence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zharia/portal/database"
)

// ErrLogin says that the login of the portal may do more than the portal has to.
var ErrLogin = errors.New("the login of DATABASE_URL may do too much")

// ErrPolicy says that the fence stands by the policy of another program.
var ErrPolicy = errors.New("the fence in the database was put up by another program: run `portal migrate` with this one")

// bySetRole are the roles that the login of a portal takes, and no other: those of
// its two pools, and the auditor's.
var bySetRole = []string{"portal_app", "portal_audit", "portal_work"}

const (
	selectLogin = `
SELECT CAST(session_user AS text) AS name, r.rolsuper AS super, r.rolbypassrls AS passes, r.rolcreaterole AS makes, r.rolreplication AS replicates,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('public', 'fence', 'ledger') AND c.relowner = r.oid) AS owns,
       coalesce((SELECT string_agg(g.rolname, ' ' ORDER BY g.rolname COLLATE "C") FROM pg_roles g
                  WHERE g.oid <> r.oid AND pg_has_role(r.oid, g.oid, 'MEMBER')), '') AS member
  FROM pg_roles r
 WHERE r.rolname = session_user`

	selectEntry = `SELECT has_database_privilege(session_user, current_database(), 'CREATE') OR has_database_privilege(session_user, current_database(), 'TEMPORARY')`
)

// login is whom the address of the database names.
type login struct {
	Name       string `db:"name"`
	Super      bool   `db:"super"`
	Passes     bool   `db:"passes"`
	Makes      bool   `db:"makes"`
	Replicates bool   `db:"replicates"`
	Owns       bool   `db:"owns"`
	Member     string `db:"member"` // roles with spaces between
}

// Guard is asked before the portal serves, by the pool of the portal's own hand: is the
// schema this program's, was the database proved to be whole, may the login do no more
// than the portal has to, and has each role the rights that were read in review? A
// refusal says what to do. It changes nothing.
func Guard(ctx context.Context, db *database.DB, schema string) error {
	for _, check := range []func() error{
		func() error { return database.Present(ctx, db, schema) },
		func() error { return settled(ctx, db) },
		func() error { return modest(ctx, db) },
		func() error { return sameRights(ctx, db) },
		func() error { return samePolicy(ctx, db) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func samePolicy(ctx context.Context, db *database.DB) error {
	oldSights, oldSeats, err := old(ctx, db)
	if err == nil && (oldSights || oldSeats) {
		err = ErrPolicy
	}
	return err
}

// modest refuses a login with more than the roles of the pools.
func modest(ctx context.Context, db *database.DB) error {
	var l login
	if err := db.Get(ctx, &l, selectLogin); err != nil {
		return fmt.Errorf("read who logs in to the database: %w", err)
	}
	too := func(what string) error {
		return fmt.Errorf("%w: %s %s; give the portal a login of its own: CREATE ROLE zharia LOGIN PASSWORD '…' IN ROLE portal_app, portal_work, portal_audit",
			ErrLogin, l.Name, what)
	}
	switch {
	case l.Super:
		return too("is a superuser")
	case l.Passes:
		return too("passes row security (BYPASSRLS)")
	case l.Makes:
		return too("makes roles (CREATEROLE)")
	case l.Replicates:
		return too("replicates")
	case l.Owns:
		return too("owns tables of the portal")
	}
	for _, role := range strings.Fields(l.Member) {
		if !slices.Contains(bySetRole, role) {
			return too("is a member of " + role)
		}
	}
	var entry bool
	if err := db.Get(ctx, &entry, selectEntry); err != nil {
		return fmt.Errorf("read what the login may do to the database: %w", err)
	}
	if entry {
		return too("makes tables or schemas of its own in the database: run `portal migrate`, or take CREATE and TEMPORARY from it")
	}
	return ownRights(ctx, db, l, too)
}

// ownRights refuses what was granted to the login itself, or to everybody.
func ownRights(ctx context.Context, db *database.DB, l login, too func(string) error) error {
	all, err := readRights(ctx, db, append([]string{l.Name}, bySetRole...))
	if err != nil {
		return err
	}
	type thing struct{ kind, name, right string }
	given := map[thing][]string{} // the columns that its roles have; "*": the whole
	columns := func(text string) []string {
		if text == "" {
			return []string{"*"}
		}
		return strings.Split(strings.Trim(text, "()"), ", ")
	}
	for _, r := range all {
		if r.Role != l.Name && r.Columns != nil {
			t := thing{r.Kind, r.Name, r.Right}
			given[t] = append(given[t], columns(*r.Columns)...)
		}
	}
	for _, r := range all {
		if r.Role != l.Name || r.Columns == nil {
			continue
		}
		has := given[thing{r.Kind, r.Name, r.Right}]
		for _, c := range columns(*r.Columns) {
			if !slices.Contains(has, c) && !slices.Contains(has, "*") {
				return too("itself has " + r.Right + " on " + r.Kind + " " + r.Name)
			}
		}
	}
	return nil
}
