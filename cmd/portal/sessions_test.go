package main_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// Whoever runs the portal ends the sessions of anybody, and of everybody.
func TestAnOperatorEndsTheSessionsOfAnybody(t *testing.T) {
	o := newOperator(t)
	o.database("first")
	env := []string{"PORTAL_KEYS=" + filepath.Join(t.TempDir(), "vault.json"), "PORTAL_DIRECT_KEYS=development", "DATABASE_URL=" + o.dsn("serve", "first")}
	for _, s := range []struct {
		env  []string
		args string
		code int
		says string
	}{
		{[]string{"PORTAL_MIGRATE_DATABASE=" + o.dsn("migrate", "first")}, "migrate", 0, "the present schema"},
		{env, "sessions", 2, "-everybody"},
		{env, "sessions end", 2, "-everybody"},
		{env, "sessions end -iin 811111399014 -everybody", 2, "-everybody"},
		{env, "sessions end -iin 811111399015", 2, "twelve digits"},
		{env, "sessions end -iin 811111399014", 0, "0 sessions ended"},
		{env, "sessions end -everybody", 0, "0 sessions ended"},
	} {
		code, said := o.does(s.env, strings.Fields(s.args)...)
		if code != s.code || !strings.Contains(said, s.says) {
			t.Fatalf("portal %s: %d, want %d and %q\n%s", s.args, code, s.code, s.says, said)
		}
	}
}
