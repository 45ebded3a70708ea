package fence_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"zharia/portal/portaltest"
)

// constant is one query of the program.
type constant struct {
	pkg  string // its folder
	at   string // its name, or the file it stands in
	text string
}

var statement = regexp.MustCompile(`(?is)^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s`)

// programQueries are the queries of the program: whatever it has of constant texts that
// begin as a query does, put together where they are put together.
func programQueries(t *testing.T) []constant {
	t.Helper()
	root, err := portaltest.Root()
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string][]*ast.File{}
	err = filepath.WalkDir(filepath.Join(root, "portal"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		packages[dir] = append(packages[dir], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []constant
	for dir, files := range packages {
		named := map[string]ast.Expr{}
		for _, file := range files {
			for _, declared := range file.Decls {
				general, ok := declared.(*ast.GenDecl)
				if !ok || general.Tok != token.CONST {
					continue
				}
				for _, spec := range general.Specs {
					value := spec.(*ast.ValueSpec)
					for i, name := range value.Names {
						if i < len(value.Values) {
							named[name.Name] = value.Values[i]
						}
					}
				}
			}
		}
		add := func(at string, e ast.Expr) {
			if text, ok := written(e, named); ok && statement.MatchString(text) {
				out = append(out, constant{dir, at, text})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(named)) {
			add(name, named[name])
		}
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool { // those that stand where they are asked
				if call, ok := n.(*ast.CallExpr); ok {
					for _, arg := range call.Args {
						if _, name := arg.(*ast.Ident); !name {
							add("a call", arg)
						}
					}
				}
				return true
			})
		}
	}
	if len(out) < 300 {
		t.Fatalf("found only %d queries: the search is broken", len(out))
	}
	return out
}

// written is the text of a constant expression.
func written(e ast.Expr, named map[string]ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.ParenExpr:
		return written(e.X, named)
	case *ast.Ident:
		if named[e.Name] == nil {
			return "", false
		}
		return written(named[e.Name], named)
	case *ast.BinaryExpr:
		left, ok := written(e.X, named)
		right, also := written(e.Y, named)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}

// hands are the roles that ask the queries of a package, where they are not the two
// that serve; the owner asks what puts the database up.
var hands = map[string][]string{
	"portal/ledger":     {"portal_app", "portal_work", "portal_audit"},
	"portal/audit":      {"portal_audit"},
	"portal/backup":     {"portal_backup", "portal"},
	"portal/fence":      {"portal"},
	"portal/database":   {"portal"},
	"portal/portaltest": {"portal"},
	"portal/reseal":     {"portal_rotate"},
}

// So a column that a query changes and no role may change is found here, and not on
// the page that one person in a thousand comes to.
func TestEveryQueryMayBeAskedByAHandOfThePortal(t *testing.T) {
	w := portaltest.World(t)
	may := 0
	for i, q := range programQueries(t) {
		roles := hands[q.pkg]
		if roles == nil {
			roles = []string{"portal_app", "portal_work"}
		}
		var refusals []string
		for _, role := range roles {
			why, planned := refusal(t, w, fmt.Sprintf("q%d_%s", i, role), role, q.text)
			if why != "" {
				refusals = append(refusals, role+": "+why)
			} else if planned {
				may++
			}
		}
		if len(refusals) == len(roles) {
			t.Errorf("%s, %s: %s\n%s", q.pkg, q.at, strings.Join(refusals, "; "), q.text)
		}
	}
	if may < 500 {
		t.Errorf("only %d queries were planned: the search is broken", may)
	}
}

// refusal plans a query as a role, which is when PostgreSQL asks what the role may. The
// beginning of a query that others go on from may be none by itself.
func refusal(t *testing.T, w *portaltest.W, name, role, query string) (why string, planned bool) {
	t.Helper()
	tx, err := w.SQL.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`SET LOCAL ROLE ` + role); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`PREPARE ` + name + ` AS ` + query); err != nil {
		return denied(err), false
	}
	_, err = tx.Exec(`EXPLAIN EXECUTE ` + call(t, tx, name))
	return denied(err), err == nil
}

// call is how a prepared query is asked with nothing for each of its values.
func call(t *testing.T, tx *sqlx.Tx, name string) string {
	t.Helper()
	var n int
	if err := tx.Get(&n, `SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = $1`, name); err != nil {
		t.Fatal(err)
	}
	if n > 0 {
		name += "(" + strings.TrimSuffix(strings.Repeat("NULL, ", n), ", ") + ")"
	}
	return name
}

// denied is PostgreSQL's refusal in words, if that is what it is.
func denied(err error) string {
	if pq.As(err, "42501") != nil {
		return err.Error()
	}
	return ""
}

var (
	updating  = regexp.MustCompile(`(?is)\bUPDATE\s+(\w+)(?:\s+(?:AS\s+)?\w+)?\s+SET\s+(.*)`)
	inserting = regexp.MustCompile(`(?is)\bINSERT\s+INTO\s+(\w+)(.*)`)
	instead   = regexp.MustCompile(`(?is)DO\s+UPDATE\s+SET\s+(.*)`)
	ends      = regexp.MustCompile(`(?i)^(WHERE|FROM|RETURNING)\b`)
	deleting  = regexp.MustCompile(`(?is)\bDELETE\s+FROM\s+(\w+)`)
)

// columns are the names before the equals signs of a SET, up to where it ends.
func columns(set string) (out []string) {
	depth, part := 0, ""
	for i, r := range set {
		if depth == 0 && ends.MatchString(set[i:]) || depth < 0 {
			set = set[:i]
			break
		}
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
	}
	depth = 0
	for _, r := range set + "," {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			names, _, _ := strings.Cut(part, "=")
			for name := range strings.SplitSeq(strings.Trim(strings.TrimSpace(names), "()"), ",") {
				out = append(out, strings.TrimSpace(name))
			}
			part = ""
			continue
		}
		part += string(r)
	}
	return out
}

func TestNoHandMayChangeWhatNoQueryChanges(t *testing.T) {
	w := portaltest.World(t)
	does := map[string]bool{}
	for _, q := range programQueries(t) {
		for _, m := range updating.FindAllStringSubmatch(q.text, -1) {
			for _, c := range columns(m[2]) {
				does["UPDATE "+m[1]+" "+c] = true
			}
		}
		for _, m := range inserting.FindAllStringSubmatch(q.text, -1) {
			does["INSERT "+m[1]] = true
			for _, set := range instead.FindAllStringSubmatch(m[2], -1) {
				for _, c := range columns(set[1]) {
					does["UPDATE "+m[1]+" "+c] = true
				}
			}
		}
		for _, m := range deleting.FindAllStringSubmatch(q.text, -1) {
			does["DELETE "+m[1]] = true
		}
	}
	var granted []string
	if err := w.SQL.Select(&granted, `
		SELECT DISTINCT a.privilege_type || ' ' || c.relname FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
		 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.grantee = ANY (CAST($1 AS regrole[])) AND a.privilege_type <> 'SELECT'
		UNION
		SELECT DISTINCT a.privilege_type || ' ' || c.relname || ' ' || f.attname FROM pg_class c JOIN pg_attribute f ON f.attrelid = c.oid CROSS JOIN LATERAL aclexplode(f.attacl) a
		 WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = ANY (CAST($1 AS regrole[])) AND a.privilege_type <> 'SELECT'
		ORDER BY 1`, pq.StringArray{"portal_app", "portal_work", "portal_audit", "portal_backup", "portal_read", "portal_fence"}); err != nil {
		t.Fatal(err)
	}
	if len(granted) < 200 {
		t.Fatalf("found only %d rights: the search is broken", len(granted))
	}
	for _, right := range granted {
		if !does[right] {
			t.Errorf("%s: granted, and no query does it", right)
		}
	}
}
