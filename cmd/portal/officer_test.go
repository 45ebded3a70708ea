package main_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
)

// What the program prints is all that the register learns of the first administrators.
func TestWhoEntersTheFirstAdministratorsIsToldWhatTheRegisterMustSayOfThem(t *testing.T) {
	o := newOperator(t)
	o.database("first")
	if code, said := o.does([]string{"PORTAL_MIGRATE_DATABASE=" + o.dsn("migrate", "first")}, "migrate"); code != 0 {
		t.Fatal(said)
	}
	db, err := sqlx.Connect("postgres", o.dsn("portal", "first"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	env := []string{"PORTAL_KEYS=" + filepath.Join(t.TempDir(), "vault.json"), "PORTAL_DIRECT_KEYS=development", "DATABASE_URL=" + o.dsn("serve", "first")}
	call := []string{"officer", "-name", "ОСПАНОВА АЙГҮЛ", "-body", "Комитет", "-body-ru", "Комитет"}
	its := uuid.NewString()
	if code, said := o.does(env, append(call, "-iin", "811111399014", "-body-id", "x")...); code != 2 || !strings.Contains(said, "UUID") {
		t.Errorf("%d: %s", code, said)
	}
	told := map[string]string{}
	for _, iin := range []string{"811111399014", "860722499019"} {
		code, said := o.does(env, append(call, "-iin", iin, "-body-id", its)...)
		if code != 0 || strings.Contains(said, iin) {
			t.Fatalf("%d: %s", code, said)
		}
		line := regexp.MustCompile(`person (\S+)\s+post +administrator\s+body +(\S+)`).FindStringSubmatch(said)
		if line == nil || line[2] != its {
			t.Fatal(said)
		}
		told[iin] = said
		var n int
		if err := db.Get(&n, `SELECT count(*) FROM officer WHERE person = $1 AND body = $2 AND post = 'administrator' AND until IS NULL`, line[1], line[2]); err != nil || n != 1 {
			t.Errorf("%d of them are there, %v: %s", n, err, said)
		}
	}

	// The terminal died before he could read it: the same again, of either, and nothing is changed.
	acts := func() (n int) {
		t.Helper()
		if err := db.Get(&n, `SELECT count(*) FROM record`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := acts()
	for iin, was := range told {
		if code, said := o.does(env, append(call, "-iin", iin, "-body-id", its)...); code != 0 || said != was {
			t.Errorf("%d: %s", code, said)
		}
	}
	if code, said := o.does(env, append(call, "-iin", "811111399014", "-body-id", uuid.NewString())...); code != 1 || !strings.Contains(said, "two administrators") {
		t.Errorf("of another body: %d: %s", code, said)
	}
	if n := acts(); n != before {
		t.Errorf("%d acts more", n-before)
	}
}
