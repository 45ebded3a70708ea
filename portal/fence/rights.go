package fence

import (
	"context"
	_ "embed" // the rights as they were read in review
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lib/pq"

	"zharia/portal/database"
)

// pinned is what each role may do, as it was last read in review: written by the test
// of this package with -update, compared at each start of the portal.
//
//go:embed rights.txt
var pinned string

// Roles are those whose rights are pinned. portal_owner is not among them: everything
// belongs to it, and nobody logs in as it.
var Roles = []string{"portal_app", "portal_work", "portal_fence", "portal_audit", "portal_backup", "portal_read", "portal_rotate"}

// ErrRights says that somebody was given a right, or lost one, since the schema was put in.
var ErrRights = errors.New("the rights in the database are not those of this program")

const (
	// Each line is one right of one role to one thing: all of it, or the columns named.
	// A view and a table are the same to this question.
	selectRights = `
WITH thing AS (
    SELECT c.oid, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
           CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('public', 'fence', 'ledger') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S'))
SELECT role, kind, name, p.word AS right,
       CASE WHEN has_table_privilege(role, oid, p.word) THEN '' ELSE
           '(' || (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a
                    WHERE a.attrelid = oid AND a.attnum > 0 AND NOT a.attisdropped
                      AND CASE WHEN p.word IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') THEN has_column_privilege(role, oid, a.attnum, p.word) END) || ')'
       END AS columns
  FROM unnest(CAST($1 AS text[])) AS role
 CROSS JOIN thing
 CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) WITH ORDINALITY AS p(word, n)
 WHERE kind = 'table'
UNION ALL
SELECT role, kind, name, p.word, CASE WHEN has_sequence_privilege(role, oid, p.word) THEN '' END
  FROM unnest(CAST($1 AS text[])) AS role CROSS JOIN thing CROSS JOIN unnest(ARRAY['SELECT', 'USAGE', 'UPDATE']) AS p(word)
 WHERE kind = 'sequence'
UNION ALL
SELECT role, 'schema', n.nspname, p.word, CASE WHEN has_schema_privilege(role, n.oid, p.word) THEN '' END
  FROM unnest(CAST($1 AS text[])) AS role CROSS JOIN pg_namespace n CROSS JOIN unnest(ARRAY['USAGE', 'CREATE']) AS p(word)
 WHERE n.nspname IN ('public', 'fence', 'ledger')
UNION ALL
SELECT role, 'definer', CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || f.proname || '(' || pg_get_function_identity_arguments(f.oid) || ')',
       'EXECUTE', CASE WHEN has_function_privilege(role, f.oid, 'EXECUTE') THEN '' END
  FROM unnest(CAST($1 AS text[])) AS role CROSS JOIN pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
 WHERE n.nspname IN ('public', 'fence', 'ledger') AND f.prosecdef AND f.prorettype <> CAST('trigger' AS regtype)`

	// What a role may be besides: nothing of this is for ours.
	selectPowers = `
SELECT r.rolname AS role,
       concat_ws(', ', CASE WHEN r.rolsuper THEN 'superuser' END, CASE WHEN r.rolbypassrls THEN 'passes row security' END,
                 CASE WHEN r.rolcreaterole THEN 'makes roles' END, CASE WHEN r.rolcreatedb THEN 'makes databases' END,
                 CASE WHEN r.rolreplication THEN 'replicates' END, CASE WHEN r.rolcanlogin THEN 'logs in' END,
                 (SELECT 'member of ' || string_agg(g.rolname, ' and ' ORDER BY g.rolname COLLATE "C")
                    FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid)) AS powers
  FROM pg_roles r
 WHERE r.rolname = ANY (CAST($1 AS text[]))`
)

// right is one line of selectRights.
type right struct {
	Role    string  `db:"role"`
	Kind    string  `db:"kind"`
	Name    string  `db:"name"`
	Right   string  `db:"right"`
	Columns *string `db:"columns"` // "(a, b)"; "" for the whole; nil: he has not this right
}

// kinds are the things rights are given to, in the order of the text. A definer is a
// function that acts with the rights of its owner.
var kinds = []string{"schema", "table", "sequence", "definer"}

func readRights(ctx context.Context, db *database.DB, roles []string) ([]right, error) {
	var all []right
	if err := db.Select(ctx, &all, selectRights, pq.StringArray(roles)); err != nil {
		return nil, fmt.Errorf("read the rights in the database: %w", err)
	}
	return all, nil
}

// Rights is what each role may do in the database, as a text to be read: what most
// things of a kind have in common stands in one line, and the rest by name.
func Rights(ctx context.Context, db *database.DB) (string, error) {
	all, err := readRights(ctx, db, Roles)
	if err != nil {
		return "", err
	}
	var powers []struct {
		Role   string `db:"role"`
		Powers string `db:"powers"`
	}
	if err := db.Select(ctx, &powers, selectPowers, pq.StringArray(Roles)); err != nil {
		return "", fmt.Errorf("read the roles of the database: %w", err)
	}
	of := map[string]string{}
	for _, p := range powers {
		of[p.Role] = p.Powers
	}
	// role, kind and name to the words after it
	words := map[string]map[string]map[string]string{}
	for _, r := range all {
		if words[r.Role] == nil {
			words[r.Role] = map[string]map[string]string{}
		}
		if words[r.Role][r.Kind] == nil {
			words[r.Role][r.Kind] = map[string]string{}
		}
		has := words[r.Role][r.Kind]
		if _, known := has[r.Name]; !known {
			has[r.Name] = ""
		}
		if r.Columns != nil {
			has[r.Name] = strings.TrimSpace(has[r.Name] + " " + r.Right + *r.Columns)
		}
	}
	var out strings.Builder
	for _, role := range Roles {
		fmt.Fprintf(&out, "%s", role)
		if of[role] != "" {
			fmt.Fprintf(&out, ": %s", of[role])
		}
		out.WriteString("\n")
		for _, kind := range kinds {
			writeKind(&out, kind, words[role][kind])
		}
		out.WriteString("\n")
	}
	return out.String(), nil
}

// writeKind writes what a role may do to the things of one kind.
func writeKind(out *strings.Builder, kind string, has map[string]string) {
	count := map[string]int{}
	for _, rights := range has {
		count[rights]++
	}
	most := ""
	for _, rights := range slices.Sorted(maps.Keys(count)) {
		if count[rights] > count[most] {
			most = rights
		}
	}
	word := func(rights string) string {
		if rights == "" {
			return "nothing"
		}
		return rights
	}
	but := ""
	if len(count) > 1 {
		but = " but those named"
	}
	fmt.Fprintf(out, "  each %s%s: %s\n", kind, but, word(most))
	for _, name := range slices.Sorted(maps.Keys(has)) {
		if has[name] != most {
			fmt.Fprintf(out, "    %s: %s\n", name, word(has[name]))
		}
	}
}

// sameRights compares with what was read in review, and names the first line that differs.
func sameRights(ctx context.Context, db *database.DB) error {
	got, err := Rights(ctx, db)
	if err != nil || got == pinned {
		return err
	}
	have, want := strings.Split(got, "\n"), strings.Split(pinned, "\n")
	for i := range min(len(have), len(want)) {
		if have[i] != want[i] {
			role := ""
			for _, line := range have[:i+1] {
				if !strings.HasPrefix(line, " ") && line != "" {
					role, _, _ = strings.Cut(line, ":")
				}
			}
			return fmt.Errorf("%w: of %s the database says %q and the program %q; take back what was granted by hand, or put the database in anew",
				ErrRights, role, strings.TrimSpace(have[i]), strings.TrimSpace(want[i]))
		}
	}
	return ErrRights
}
