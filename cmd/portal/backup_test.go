package main_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/ledger"
	"zharia/portal/portaltest"
)

// operator has a server, the program, and logins as the README has him make them.
type operator struct {
	t      *testing.T
	path   string
	admin  *sqlx.DB
	socket string
	suffix string
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	o := &operator{t: t, path: binary(t), admin: portaltest.SQL(t, portaltest.DB(t)), suffix: strings.ReplaceAll(uuid.NewString()[:13], "-", "_")}
	if err := o.admin.Get(&o.socket, `SHOW unix_socket_directories`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, login := range []string{"migrate", "serve", "backup"} {
			o.order(`DROP ROLE IF EXISTS t_` + login + `_` + o.suffix)
		}
	})
	o.order(`CREATE ROLE t_migrate_` + o.suffix + ` LOGIN CREATEROLE`)
	o.order(`GRANT portal_owner, portal_fence, portal_audit, portal_backup TO t_migrate_` + o.suffix)
	o.order(`CREATE ROLE t_serve_` + o.suffix + ` LOGIN IN ROLE portal_app, portal_work, portal_audit`)
	o.order(`CREATE ROLE t_backup_` + o.suffix + ` LOGIN IN ROLE portal_backup`)
	return o
}

func (o *operator) order(query string) {
	o.t.Helper()
	if _, err := o.admin.Exec(query); err != nil {
		o.t.Errorf("%s: %v", query, err)
	}
}

// database makes an empty one; its name is its word with a suffix.
func (o *operator) database(word string) {
	o.t.Helper()
	name := "t_" + word + "_" + o.suffix
	o.order(`CREATE DATABASE ` + name + ` OWNER t_migrate_` + o.suffix + ` TEMPLATE template0`)
	o.t.Cleanup(func() { o.order(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`) })
}

func (o *operator) dsn(login, word string) string {
	if login != "portal" {
		login = "t_" + login + "_" + o.suffix
	}
	return "host=" + pq.QuoteLiteral(o.socket) + " user=" + login + " dbname=t_" + word + "_" + o.suffix + " sslmode=disable"
}

// does runs the program with these settings and answers its exit code and all it said.
func (o *operator) does(env []string, args ...string) (code int, said string) {
	o.t.Helper()
	cmd := exec.CommandContext(o.t.Context(), o.path, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + o.t.TempDir()}, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		o.t.Fatal(err)
	}
	return code, out.String()
}

func TestAnOperatorMigratesServesCopiesAndRestores(t *testing.T) {
	o := newOperator(t)
	o.database("first")
	keys, direct := "PORTAL_KEYS="+filepath.Join(t.TempDir(), "vault.json"), "PORTAL_DIRECT_KEYS=development"
	dir := filepath.Join(t.TempDir(), "copy")
	administrator := func(iin string) []string {
		return []string{"officer", "-iin", iin, "-name", "ОСПАНОВА АЙГҮЛ", "-body", "Комитет", "-body-ru", "Комитет"}
	}
	steps := []struct {
		env  []string
		args []string
		code int
		says string
	}{
		{[]string{keys, direct, "DATABASE_URL=" + o.dsn("serve", "first")}, administrator("811111399014"), 1, "run `portal migrate`"},
		{[]string{"PORTAL_MIGRATE_DATABASE=" + o.dsn("migrate", "first")}, []string{"migrate"}, 0, "the present schema"},
		{[]string{keys, direct, "DATABASE_URL=" + o.dsn("portal", "first")}, administrator("811111399014"), 1, "is a superuser"},
		{[]string{keys, direct, "DATABASE_URL=" + o.dsn("migrate", "first")}, administrator("811111399014"), 1, "IN ROLE portal_app, portal_work"},
		{[]string{keys, direct, "DATABASE_URL=" + o.dsn("serve", "first")}, administrator("811111399014"), 0, "is in the directory"},
		{[]string{"DATABASE_URL=" + o.dsn("serve", "first")}, []string{"backup", dir}, 1, "IN ROLE portal_backup"},
		{[]string{"PORTAL_BACKUP_DATABASE=" + o.dsn("backup", "first")}, []string{"backup", dir}, 0, "keys are not in it"},
		{[]string{"PORTAL_BACKUP_DATABASE=" + o.dsn("backup", "first")}, []string{"backup", dir}, 1, "there already"},
		{nil, []string{"restore", dir, "-database", o.dsn("migrate", "second")}, 2, "give a -witness or a -receipt"},
		{nil, []string{"restore", dir, "-no-witness", "-database", o.dsn("migrate", "first")}, 1, "not empty"},
		{nil, []string{"restore", "-no-witness", dir, "-database", o.dsn("migrate", "second")}, 0, "may be served"},
		{[]string{keys, direct, "DATABASE_URL=" + o.dsn("serve", "second")}, administrator("870412499015"), 0, "is in the directory"},
	}
	o.database("second")
	for _, s := range steps {
		code, said := o.does(s.env, s.args...)
		if code != s.code || !strings.Contains(said, s.says) {
			t.Fatalf("portal %s: %d, want %d and %q\n%s", strings.Join(s.args, " "), code, s.code, s.says, said)
		}
	}
	// A copy that takes the place of what went on after it: nobody else has seen more.
	key, err := ledger.OpenKey(filepath.Join(t.TempDir(), "auditor.key"), "zharia.test")
	if err != nil {
		t.Fatal(err)
	}
	o.database("third")
	o.database("fourth")
	_, said := o.does(nil, "restore", dir, "-no-witness", "-database", o.dsn("migrate", "third"))
	acts := regexp.MustCompile(`-give-up ([0-9]+):`).FindStringSubmatch(said)
	if acts == nil {
		t.Fatalf("nobody is told how a life begins: %s", said)
	}
	code, said := o.does(nil, "restore", dir, "-no-witness", "-key", key.Public, "-give-up", acts[1], "-database", o.dsn("migrate", "fourth"))
	if code != 0 || !strings.Contains(said, "what is lost is written down") || strings.Contains(said, "-give-up") {
		t.Errorf("%d\n%s", code, said)
	}

	// One that is older than what a witness has seen: how much that is he hears at once, and need not begin again.
	text := "zharia.test\n99\n" + tlog.Hash{1}.String() + "\n"
	head, err := note.Sign(&note.Note{Text: text}, key.Signer)
	if err != nil {
		t.Fatal(err)
	}
	witness := t.TempDir()
	if err := os.WriteFile(filepath.Join(witness, "99"), head, 0o600); err != nil {
		t.Fatal(err)
	}
	o.database("fifth")
	again := []string{"restore", dir, "-witness", witness, "-key", key.Public, "-database", o.dsn("migrate", "fifth")}
	code, said = o.does(nil, again...)
	if first, _, _ := strings.Cut(said, "reading the sums"); code != 1 || !strings.Contains(first, "others have seen 99 acts, the copy has "+acts[1]) || !strings.Contains(said, "goes on from here") {
		t.Errorf("%d\n%s", code, said)
	}
	code, said = o.does(nil, append(again, "-give-up", "99")...)
	if code != 0 || strings.Contains(said, "putting back") {
		t.Errorf("%d\n%s", code, said)
	}
}
