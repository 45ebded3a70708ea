package database_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/portaltest"
)

// shelf is a database with one table of its own beside the schema.
func shelf(t *testing.T) *database.DB {
	t.Helper()
	db := portaltest.DB(t)
	const table = `
CREATE TABLE book (
    id    int PRIMARY KEY,
    title text NOT NULL CONSTRAINT book_title UNIQUE,
    pages int  CONSTRAINT book_pages CHECK (pages > 0)
)`
	if err := db.Exec(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	return db
}

const (
	insertBook  = `INSERT INTO book (id, title, pages) VALUES ($1, $2, $3)`
	countBooks  = `SELECT count(*) FROM book`
	selectBook  = `SELECT id, title, pages FROM book WHERE id = $1`
	selectBooks = `SELECT id, title, pages FROM book ORDER BY id`
)

type book struct {
	ID    int    `db:"id"`
	Title string `db:"title"`
	Pages *int   `db:"pages"`
}

func books(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	if err := db.Get(t.Context(), &n, countBooks); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestARowIsReadIntoAStructAndNoRowIsNotFound(t *testing.T) {
	db := shelf(t)
	if err := db.Exec(t.Context(), insertBook, 1, "Абай жолы", nil); err != nil {
		t.Fatal(err)
	}
	var b book
	if err := db.Get(t.Context(), &b, selectBook, 1); err != nil {
		t.Fatal(err)
	}
	if b.Title != "Абай жолы" || b.Pages != nil {
		t.Errorf("got %+v", b)
	}
	if err := db.Get(t.Context(), &b, selectBook, 2); !errors.Is(err, fault.NotFound) {
		t.Errorf("no row: %v", err)
	}
	var none []book
	if err := db.Select(t.Context(), &none, selectBooks+` LIMIT 0`); err != nil || len(none) != 0 {
		t.Errorf("no rows: %v %v", none, err)
	}
	n, err := db.Change(t.Context(), `UPDATE book SET pages = 7 WHERE id < $1`, 5)
	if n != 1 || err != nil {
		t.Errorf("changed %d rows, %v", n, err)
	}
}

// The type is unexported: a caller's string variable does not fit it, an
// untyped constant does.
func TestNoMethodTakesAPlainStringAsAQuery(t *testing.T) {
	typ := reflect.TypeFor[*database.DB]()
	queries := 0
	for method := range typ.Methods() {
		for i := 1; i < method.Type.NumIn(); i++ {
			switch in := method.Type.In(i); {
			case in.Name() == "query":
				queries++
			case in.Kind() == reflect.String:
				t.Errorf("%s takes a %s", method.Name, in)
			}
		}
	}
	if queries != 6 {
		t.Errorf("%d methods take a query, not 6", queries)
	}
}

func TestATransactionLeavesAllOrNothing(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(ctx context.Context, tx *database.DB) error
		want int
	}{
		"all goes well": {func(ctx context.Context, tx *database.DB) error {
			return tx.Exec(ctx, insertBook, 1, "a", 1)
		}, 1},
		"it returns an error": {func(ctx context.Context, tx *database.DB) error {
			return errors.Join(tx.Exec(ctx, insertBook, 1, "a", 1), errors.New("no"))
		}, 0},
		"a part joins it": {func(ctx context.Context, tx *database.DB) error {
			return tx.Within(ctx, func(tx *database.DB) error { return tx.Exec(ctx, insertBook, 1, "a", 1) })
		}, 1},
		"it fails after a part went well": {func(ctx context.Context, tx *database.DB) error {
			err := tx.Within(ctx, func(tx *database.DB) error { return tx.Exec(ctx, insertBook, 1, "a", 1) })
			return errors.Join(err, errors.New("no"))
		}, 0},
		"a part fails and is passed over": {func(ctx context.Context, tx *database.DB) error {
			tx.Within(ctx, func(tx *database.DB) error { return errors.New("forgotten") })
			return tx.Exec(ctx, insertBook, 1, "a", 1)
		}, 0},
		"the request ends in the middle": {func(ctx context.Context, tx *database.DB) error {
			gone, cancel := context.WithCancel(ctx)
			cancel()
			return errors.Join(tx.Exec(ctx, insertBook, 1, "a", 1), tx.Exec(gone, insertBook, 2, "b", 1))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			db := shelf(t)
			err := db.Within(t.Context(), func(tx *database.DB) error { return test.do(t.Context(), tx) })
			if (err == nil) != (test.want == 1) {
				t.Errorf("it said %v", err)
			}
			if n := books(t, db); n != test.want {
				t.Errorf("%d books remain, not %d", n, test.want)
			}
		})
	}
}

func TestAPanicRollsBackAndGoesOn(t *testing.T) {
	db := shelf(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		db.Within(t.Context(), func(tx *database.DB) error {
			if err := tx.Exec(t.Context(), insertBook, 1, "a", 1); err != nil {
				t.Error(err)
			}
			panic("a mistake of ours")
		})
	}()
	if n := books(t, db); n != 0 {
		t.Errorf("%d books remain", n)
	}
}

func TestATransactionIsNotSeenBeforeItsCommit(t *testing.T) {
	db := shelf(t)
	err := db.Within(t.Context(), func(tx *database.DB) error {
		if err := tx.Exec(t.Context(), insertBook, 1, "a", 1); err != nil {
			return err
		}
		if inside, outside := books(t, tx), books(t, db); inside != 1 || outside != 0 {
			t.Errorf("%d books inside, %d outside", inside, outside)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestARefusalIsKnownByTheNameOfItsConstraint(t *testing.T) {
	db := shelf(t)
	if err := db.Exec(t.Context(), insertBook, 1, "a", 1); err != nil {
		t.Fatal(err)
	}
	double := db.Exec(t.Context(), insertBook, 2, "a", 1)
	if !database.Violates(double, "book_title") || database.Violates(double, "book_pages") {
		t.Errorf("a double title: %v", double)
	}
	if empty := db.Exec(t.Context(), insertBook, 3, "b", 0); !database.Violates(empty, "book_pages") {
		t.Errorf("a book of no pages: %v", empty)
	}
	if database.Violates(nil, "book_title") || database.Violates(errors.New("book_title"), "book_title") {
		t.Error("what PostgreSQL did not say passes for its refusal")
	}
}

func TestRowsComeOneByOneAndStopAtTheFirstError(t *testing.T) {
	db := shelf(t)
	if err := db.Exec(t.Context(), `INSERT INTO book (id, title) SELECT n, 'book ' || n FROM generate_series(1, 1000) AS n`); err != nil {
		t.Fatal(err)
	}
	sum := 0
	add := func(b book) error { sum += b.ID; return nil }
	if err := database.Each(t.Context(), db, add, selectBooks); err != nil || sum != 500500 {
		t.Errorf("sum %d, %v", sum, err)
	}
	seen, enough := 0, errors.New("enough")
	stop := func(book) error {
		if seen++; seen == 3 {
			return enough
		}
		return nil
	}
	if err := database.Each(t.Context(), db, stop, selectBooks); !errors.Is(err, enough) || seen != 3 {
		t.Errorf("saw %d, %v", seen, err)
	}
}

func TestTimesAreInUTCWhateverTheAddressSays(t *testing.T) {
	t.Setenv("PGTZ", "Asia/Almaty")
	db, err := database.Open(t.Context(), portaltest.DSN(t)+" timezone=Asia/Almaty")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var at time.Time
	if err := db.Get(t.Context(), &at, `SELECT timestamptz '2026-11-21 05:00:00+05'`); err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC); at != want {
		t.Errorf("got %v, not %v", at, want)
	}
	var zone string
	if err := db.Get(t.Context(), &zone, `SHOW timezone`); err != nil || zone != "UTC" {
		t.Errorf("the session is in %s, %v", zone, err)
	}
}

func TestAWrongAddressFailsAtTheStart(t *testing.T) {
	for _, dsn := range []string{"host=/nowhere dbname=x", "postgres://%zz", "nonsense"} {
		if db, err := database.Open(t.Context(), dsn); err == nil {
			db.Close()
			t.Errorf("%q was opened", dsn)
		}
	}
}

func TestAnEmptyDatabaseGetsTheSchemaAndKeepsIt(t *testing.T) {
	db := empty(t)
	const schema = `CREATE TABLE a (x int); CREATE TABLE b (y text)`
	if err := database.Present(t.Context(), db, schema); !errors.Is(err, database.ErrNoSchema) {
		t.Errorf("before: %v", err)
	}
	for range 2 { // the second time does nothing
		if err := database.Migrate(t.Context(), db, schema); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := db.Get(t.Context(), &n, `SELECT count(*) FROM schema_version`); err != nil || n != 1 {
		t.Errorf("%d versions, %v", n, err)
	}
	if err := db.Exec(t.Context(), `INSERT INTO b VALUES ('is there')`); err != nil {
		t.Error(err)
	}
	if err := database.Migrate(t.Context(), db, schema+` `); !errors.Is(err, database.ErrOtherSchema) {
		t.Errorf("another schema: %v", err)
	}
	if said := database.ErrOtherSchema.Error(); strings.Contains(said, "remove") || strings.Contains(said, "anew") {
		t.Errorf("whoever has a keeper and keys is told: %s", said)
	}
	if err := database.Present(t.Context(), db, schema+` `); !errors.Is(err, database.ErrOtherSchema) {
		t.Errorf("another schema: %v", err)
	}
	if err := database.Present(t.Context(), db, schema); err != nil {
		t.Errorf("this schema: %v", err)
	}
}

func TestASchemaWithAMistakeLeavesTheDatabaseEmpty(t *testing.T) {
	db := empty(t)
	if err := database.Migrate(t.Context(), db, `CREATE TABLE a (x int); CREATE TABLE b (y nonsense)`); err == nil {
		t.Fatal("a wrong schema was applied")
	}
	var n int
	if err := db.Get(t.Context(), &n, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`); err != nil || n != 0 {
		t.Errorf("%d tables, %v", n, err)
	}
}

func TestAStrangersDatabaseIsLeftAlone(t *testing.T) {
	db := empty(t)
	if err := db.Exec(t.Context(), `CREATE TABLE theirs (x int)`); err != nil {
		t.Fatal(err)
	}
	if err := database.Migrate(t.Context(), db, `CREATE TABLE a (x int)`); !errors.Is(err, database.ErrNotOurs) {
		t.Errorf("got %v", err)
	}
}

func TestEightProcessesApplyTheSchemaOnce(t *testing.T) {
	db := empty(t)
	failures := make(chan error, 8)
	for range cap(failures) {
		go func() { failures <- database.Migrate(t.Context(), db, `CREATE TABLE a (x int)`) }()
	}
	for range cap(failures) {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
}

func TestTheSchemaOfTheProgramIsTheOneOfTheTests(t *testing.T) {
	db := portaltest.DB(t)
	if err := database.Migrate(t.Context(), db, "another"); !errors.Is(err, database.ErrOtherSchema) {
		t.Errorf("a test's database does not know its schema: %v", err)
	}
}

// empty is a database without even the schema.
func empty(t *testing.T) *database.DB {
	t.Helper()
	db := portaltest.DB(t)
	if err := db.Exec(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestTheWordsForAMissingServerNameTheWaysOut(t *testing.T) {
	for _, way := range []string{"make setup", "postgresql"} {
		if !strings.Contains(database.ErrNoServer.Error(), way) {
			t.Errorf("%q does not say %q", database.ErrNoServer, way)
		}
	}
}
