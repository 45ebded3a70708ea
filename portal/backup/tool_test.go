package backup

import (
	"slices"
	"strings"
	"testing"
)

// What stands in arguments everybody on the machine can read.
func TestAnAddressGoesToPostgreSQLsProgramsByTheEnvironment(t *testing.T) {
	for dsn, want := range map[string][]string{
		"postgres://zharia_backup:s3%20cret@db.example:6432/zharia?sslmode=verify-full&sslrootcert=/etc/ca.pem": {
			"PGHOST=db.example", "PGPORT=6432", "PGUSER=zharia_backup", "PGPASSWORD=s3 cret", "PGDATABASE=zharia", "PGSSLMODE=verify-full", "PGSSLROOTCERT=/etc/ca.pem"},
		"host=/run/postgresql user=portal dbname='a b' sslmode=disable": {
			"PGHOST=/run/postgresql", "PGPORT=5432", "PGUSER=portal", "PGDATABASE=a b", "PGSSLMODE=disable"},
		"host=one,two port=5432,6432 user=portal dbname=zharia sslmode=disable target_session_attrs=read-write": {
			"PGHOST=one,two", "PGPORT=5432,6432", "PGTARGETSESSIONATTRS=read-write"},
	} {
		got, err := environment(dsn)
		if err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("%s: no %q in %q", dsn, line, got)
			}
		}
	}
	if got, err := environment("host=/run/x user=portal dbname=zharia sslinline=true sslcert=x sslkey=y sslmode=require"); err == nil {
		t.Errorf("certificates that only the portal reads: %q", got)
	}
	if _, err := environment("host=x user=y password=s3cret dbname=zharia sslmode=nonsense"); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a wrong address: %v", err)
	}
}

func TestTheNameOfADatabaseIsNothingElse(t *testing.T) {
	for dsn, want := range map[string]string{
		"dbname=zharia user=x":      "dbname='zharia'",
		`dbname='host=evil' user=x`: `dbname='host=evil'`,
		`dbname='it\'s \\' user=x`:  `dbname='it\'s \\'`,
	} {
		if got, err := named(dsn); err != nil || got != want {
			t.Errorf("%s: %s, %v", dsn, got, err)
		}
	}
}

func TestWithoutPostgreSQLsProgramsItIsSaidWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("PORTAL_PG_BIN", t.TempDir())
	if _, err := toolVersion(t.Context()); err != ErrNoTool {
		t.Errorf("got %v", err)
	}
}
