package database_test

import (
	"strings"
	"testing"

	"zharia/portal/database"
)

// What stands in the database crosses no network that others can read, and goes to no
// server that nobody verified.
func TestADatabaseElsewhereIsReachedByTLSAlone(t *testing.T) {
	for dsn, private := range map[string]bool{
		"host=/run/postgresql dbname=x sslmode=disable":                         true,
		"postgres://u:p@127.0.0.1/x?sslmode=disable":                            true,
		"postgres://u:p@[::1]/x?sslmode=disable":                                true,
		"postgres://u:p@localhost/x":                                            true,
		"postgres://u:p@database/x?sslmode=disable":                             true, // a container beside
		"postgres://u:p@db.example/x?sslmode=verify-full":                       true,
		"postgres://u:p@10.0.0.7/x?sslmode=verify-full":                         true,
		"host=127.0.0.1,127.0.0.1 port=5001,5002 dbname=x sslmode=disable":      true,
		"host=a.example,b.example port=5432,5432 dbname=x sslmode=verify-full":  true,
		"postgres://u:p@db.example/x":                                           false,
		"postgres://u:p@db.example/x?sslmode=disable":                           false,
		"postgres://u:p@db.example/x?sslmode=require":                           false, // whoever answers
		"postgres://u:p@db.example/x?sslmode=verify-ca":                         false, // any server of that authority
		"postgres://u:p@10.0.0.7/x?sslmode=disable":                             false,
		"host=database hostaddr=10.0.0.7 dbname=x sslmode=disable":              false,
		"host=127.0.0.1,b.example port=5432,5432 dbname=x sslmode=disable":      false,
		"host=/run/postgresql,10.0.0.7 port=5432,5432 dbname=x sslmode=disable": false,
	} {
		if err := database.Private(dsn); (err == nil) != private {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

// What is quoted of an address that cannot be read may be its password.
func TestAnAddressThatCannotBeReadIsNotRepeated(t *testing.T) {
	for _, dsn := range []string{
		"postgres://zharia:s3cret/x@127.0.0.1/zharia", "postgres://zharia:s3cret@x@127.0.0.1:port/zharia", "postgres://zharia:%s3cret@127.0.0.1/zharia", "postgres://zharia:s3c\"ret s3cret@127.0.0.1/zharia",
		"host=127.0.0.1 port=1 password='s3cret", "host=127.0.0.1 port=1 password=x s3cret", "host=127.0.0.1 port=1 password=s3cret sslmode=nonsense", "host=127.0.0.1 port=s3cret",
	} {
		for name, err := range map[string]error{"Private": database.Private(dsn), "Open": func() error { _, err := database.Open(t.Context(), dsn); return err }()} {
			if err == nil && name == "Open" || err != nil && (strings.Contains(err.Error(), "s3c") || strings.Contains(err.Error(), "cret")) {
				t.Errorf("%s of %s: %v", name, dsn, err)
			}
		}
	}
}
