package fence_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"zharia"
	"zharia/portal/database"
	"zharia/portal/fence"
	"zharia/portal/portaltest"
)

var update = flag.Bool("update", false, "write rights.txt anew")

// A change of rights is read in review, as a line of that file.
func TestTheRightsOfEachRoleAreThosePinned(t *testing.T) {
	db := portaltest.DB(t)
	got, err := fence.Rights(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("rights.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("rights.txt")
	if err != nil {
		t.Fatal(err)
	}
	have, pinned := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(have), len(pinned)) {
		a, b := "(the end)", "(the end)"
		if i < len(have) {
			a = have[i]
		}
		if i < len(pinned) {
			b = pinned[i]
		}
		if a != b {
			t.Fatalf("line %d of rights.txt: the database says\n%s\nand the file\n%s", i+1, a, b)
		}
	}
	if len(have) < 100 {
		t.Errorf("only %d lines: the search is broken", len(have))
	}
	for _, never := range []string{"TRUNCATE", "REFERENCES", "TRIGGER", "CREATE", "superuser", "passes row security", "logs in", "member of"} {
		if strings.Contains(got, never) {
			t.Errorf("some role has %s", never)
		}
	}
}

// desk is a database made as an operator makes it: put in by a login that is no
// superuser, served by another.
type desk struct {
	*database.DB // as its login, working as portal_work
	raw          *sqlx.DB
	login        string
	name         string
}

func setUp(t *testing.T) desk {
	t.Helper()
	admin := portaltest.SQL(t, portaltest.DB(t))
	suffix := strings.ReplaceAll(uuid.NewString()[:13], "-", "_")
	d := desk{login: "t_login_" + suffix, name: "t_fence_" + suffix}
	migrator := "t_migrator_" + suffix
	for _, order := range []string{
		`CREATE ROLE ` + migrator + ` LOGIN CREATEROLE`,
		`CREATE ROLE ` + d.login + ` LOGIN`,
		`CREATE DATABASE ` + d.name + ` OWNER ` + migrator,
		`GRANT portal_app, portal_work, portal_audit TO ` + d.login,
	} {
		if _, err := admin.Exec(order); err != nil {
			t.Fatalf("%s: %v", order, err)
		}
	}
	t.Cleanup(func() {
		for _, order := range []string{`DROP DATABASE ` + d.name + ` WITH (FORCE)`, `DROP OWNED BY ` + migrator, `DROP ROLE ` + migrator, `DROP ROLE ` + d.login} {
			if _, err := admin.Exec(order); err != nil {
				t.Errorf("%s: %v", order, err)
			}
		}
	})
	var socket string
	if err := admin.Get(&socket, `SHOW unix_socket_directories`); err != nil {
		t.Fatal(err)
	}
	dsn := func(user string) string {
		return "host=" + pq.QuoteLiteral(socket) + " user=" + user + " dbname=" + d.name + " sslmode=disable"
	}
	owner, err := database.Open(t.Context(), dsn(migrator))
	if err != nil {
		t.Fatal(err)
	}
	if err := fence.Raise(t.Context(), owner, zharia.Schema); err != nil {
		t.Fatal(err)
	}
	if err := fence.Raise(t.Context(), owner, zharia.Schema); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	owner.Close()
	if d.DB, err = database.OpenAs(t.Context(), dsn(d.login), database.Work); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if d.raw, err = sqlx.Connect("postgres", dsn("portal")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.raw.Close() })
	return d
}

func TestALoginThatMayDoWhatThePortalHasToAndNoMoreServes(t *testing.T) {
	d := setUp(t)
	if err := fence.Guard(t.Context(), d.DB, zharia.Schema); err != nil {
		t.Fatal(err)
	}
	rights, err := fence.Rights(t.Context(), d.DB)
	if err != nil {
		t.Fatal(err)
	}
	template, err := fence.Rights(t.Context(), portaltest.DB(t))
	if err != nil || rights != template {
		t.Errorf("a migrator who is no superuser gives other rights: %v", err)
	}
	var owners []string
	if err := d.raw.Select(&owners, `SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('public', 'fence', 'ledger') AND relkind IN ('r', 'v', 'S')
		UNION SELECT pg_get_userbyid(proowner) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname IN ('public', 'fence', 'ledger') ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	var desk string
	if err := d.raw.Get(&desk, `SELECT string_agg(relname, ' ') FROM pg_class WHERE relowner = CAST('portal_fence' AS regrole)`); err != nil || desk != "desk" {
		t.Errorf("of tables and views the fence's own are %s, %v", desk, err)
	}
	if strings.Join(owners, " ") != "portal_fence portal_owner" {
		t.Errorf("it all belongs to %v", owners)
	}
}

// Each of these is one order of an administrator, and one sentence that names it.
func TestAPortalThatCouldDoMoreThanItHasToDoesNotStart(t *testing.T) {
	d := setUp(t)
	for _, c := range []struct {
		order, back string
		is          error
		says        string
	}{
		{`ALTER ROLE LOGIN SUPERUSER`, `ALTER ROLE LOGIN NOSUPERUSER`, fence.ErrLogin, "superuser"},
		{`ALTER ROLE LOGIN BYPASSRLS`, `ALTER ROLE LOGIN NOBYPASSRLS`, fence.ErrLogin, "BYPASSRLS"},
		{`ALTER ROLE LOGIN CREATEROLE`, `ALTER ROLE LOGIN NOCREATEROLE`, fence.ErrLogin, "CREATEROLE"},
		{`ALTER ROLE LOGIN REPLICATION`, `ALTER ROLE LOGIN NOREPLICATION`, fence.ErrLogin, "replicates"},
		{`GRANT portal_owner TO LOGIN`, `REVOKE portal_owner FROM LOGIN`, fence.ErrLogin, "member of portal_owner"},
		{`GRANT portal_backup TO LOGIN`, `REVOKE portal_backup FROM LOGIN`, fence.ErrLogin, "member of portal_backup"},
		{`GRANT pg_read_all_data TO LOGIN`, `REVOKE pg_read_all_data FROM LOGIN`, fence.ErrLogin, "member of pg_read_all_data"},
		{`GRANT DELETE ON answer TO LOGIN`, `REVOKE DELETE ON answer FROM LOGIN`, fence.ErrLogin, "itself has DELETE on table answer"},
		{`GRANT UPDATE (author) ON filing TO LOGIN`, `REVOKE UPDATE (author) ON filing FROM LOGIN`, fence.ErrLogin, "itself has UPDATE on table filing"},
		{`GRANT TEMPORARY ON DATABASE DESK TO LOGIN`, `REVOKE TEMPORARY ON DATABASE DESK FROM LOGIN`, fence.ErrLogin, "CREATE and TEMPORARY"},
		{`ALTER TABLE answer OWNER TO LOGIN`, `ALTER TABLE answer OWNER TO portal_owner`, fence.ErrLogin, "owns tables"},
		{`GRANT DELETE ON answer TO portal_work`, `REVOKE DELETE ON answer FROM portal_work`, fence.ErrRights, "of portal_work"},
		{`GRANT UPDATE (digest) ON document TO portal_app`, `REVOKE UPDATE (digest) ON document FROM portal_app`, fence.ErrRights, "digest"},
		{`REVOKE SELECT ON filing FROM portal_app`, `GRANT SELECT ON filing TO portal_app`, fence.ErrRights, "of portal_app"},
		{`GRANT SELECT ON person TO portal_read`, `REVOKE SELECT ON person FROM portal_read`, fence.ErrRights, "of portal_read"},
		{`GRANT CREATE ON SCHEMA public TO portal_app`, `REVOKE CREATE ON SCHEMA public FROM portal_app`, fence.ErrRights, "each schema"},
		{`DELETE FROM seat`, ``, fence.ErrPolicy, "portal migrate"},
		{`DELETE FROM home`, ``, fence.ErrUnproved, "portal restore"},
		{`UPDATE schema_version SET hash = sha256('another')`, ``, database.ErrOtherSchema, ""},
		{`DROP TABLE schema_version`, ``, database.ErrNoSchema, "portal migrate"},
	} {
		named := strings.NewReplacer("LOGIN", d.login, "DESK", d.name)
		if _, err := d.raw.Exec(named.Replace(c.order)); err != nil {
			t.Fatalf("%s: %v", c.order, err)
		}
		err := fence.Guard(t.Context(), d.DB, zharia.Schema)
		if !errors.Is(err, c.is) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.order, err)
		}
		if c.back == "" {
			continue
		}
		if _, err := d.raw.Exec(named.Replace(c.back)); err != nil {
			t.Fatalf("%s: %v", c.back, err)
		}
		if err := fence.Guard(t.Context(), d.DB, zharia.Schema); err != nil {
			t.Fatalf("%s: %v", c.back, err)
		}
	}
}
