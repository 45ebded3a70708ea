package backup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"zharia"
	"zharia/portal/audit"
	"zharia/portal/backup"
	"zharia/portal/database"
	"zharia/portal/fence"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
	"zharia/portal/vault"
)

// house is a database with the cast in it, an auditor, and an operator with two
// logins that are no superusers: one migrates and restores, one copies.
type house struct {
	*portaltest.W
	key      ledger.Key
	keyFile  string
	witness  string // the folder of one
	migrator string
	copier   string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{W: portaltest.World(t), witness: t.TempDir(), keyFile: filepath.Join(t.TempDir(), "auditor.key")}
	origin, err := ledger.Origin(portaltest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	if h.key, err = ledger.OpenKey(h.keyFile, origin); err != nil {
		t.Fatal(err)
	}
	suffix := strings.ReplaceAll(uuid.NewString()[:13], "-", "_")
	h.migrator, h.copier = "t_migrator_"+suffix, "t_copier_"+suffix
	for _, order := range []string{
		`CREATE ROLE ` + h.migrator + ` LOGIN CREATEROLE`, `GRANT portal_owner, portal_fence, portal_audit, portal_backup TO ` + h.migrator,
		`CREATE ROLE ` + h.copier + ` LOGIN IN ROLE portal_backup`,
	} {
		if _, err := h.SQL.Exec(order); err != nil {
			t.Fatalf("%s: %v", order, err)
		}
	}
	t.Cleanup(func() { // after the databases of restore, which are dropped first
		for _, order := range []string{`DROP ROLE ` + h.migrator, `DROP ROLE ` + h.copier} {
			if _, err := h.SQL.Exec(order); err != nil {
				t.Errorf("%s: %v", order, err)
			}
		}
	})
	return h
}

// address is that of a database of the test server, as a login.
func (h *house) address(t *testing.T, login, name string) string {
	t.Helper()
	var socket string
	if err := h.SQL.Get(&socket, `SHOW unix_socket_directories`); err != nil {
		t.Fatal(err)
	}
	return "host=" + pq.QuoteLiteral(socket) + " user=" + login + " dbname=" + name + " sslmode=disable"
}

func (h *house) name(t *testing.T) (name string) {
	t.Helper()
	if err := h.SQL.Get(&name, `SELECT current_database()`); err != nil {
		t.Fatal(err)
	}
	return name
}

// sign has the auditor sign what is new, and the witness take it.
func (h *house) sign(t *testing.T) ledger.Checkpoint {
	t.Helper()
	a := ledger.Auditor{DB: h.DB.DB, Key: h.key}
	c, err := a.Sign(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if err := (ledger.Witness{Folder: h.witness}).Drop(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// back copies the database into a new folder.
func (h *house) back(t *testing.T) (dir string, m backup.Manifest, said []string) {
	t.Helper()
	db, err := backup.Open(t.Context(), h.address(t, h.copier, h.name(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	dir = filepath.Join(t.TempDir(), "backup")
	m, err = backup.Make(t.Context(), db, dir, h.At, func(what string) { said = append(said, what) })
	if err != nil {
		t.Fatal(err)
	}
	return dir, m, said
}

// empty is a new database of the migrator's.
func (h *house) empty(t *testing.T) (dsn, name string) {
	t.Helper()
	name = "t_restored_" + strings.ReplaceAll(uuid.NewString()[:13], "-", "_")
	if _, err := h.SQL.Exec(`CREATE DATABASE ` + name + ` OWNER ` + h.migrator + ` TEMPLATE template0`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := h.SQL.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return h.address(t, h.migrator, name), name
}

// prove is what `portal restore` does with a witness.
func (h *house) prove(ctx context.Context, db *database.DB) error {
	heads, err := audit.ReadWitness(h.witness)
	if err != nil {
		return err
	}
	r, err := audit.Verify(ctx, db, audit.Options{Key: h.key.Verifier, Heads: heads})
	if err != nil {
		return err
	}
	if !r.Sound() {
		return fmt.Errorf("%w: %v", audit.ErrNotSound, r.Findings)
	}
	return ledger.Proven(ctx, db, h.key.Verifier, ledger.Witness{Folder: h.witness})
}

func quiet(string) {}

// served asks what `portal serve` asks of the database, as a login of its own.
func (h *house) served(t *testing.T, name string) error {
	t.Helper()
	login := "t_serves_" + strings.ReplaceAll(uuid.NewString()[:13], "-", "_")
	if _, err := h.SQL.Exec(`CREATE ROLE ` + login + ` LOGIN IN ROLE portal_app, portal_work, portal_audit`); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := h.SQL.Exec(`DROP ROLE ` + login); err != nil {
			t.Error(err)
		}
	}()
	db, err := database.OpenAs(t.Context(), h.address(t, login, name), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return fence.Guard(t.Context(), db, zharia.Schema)
}

// rows is everything that a database holds, each table by the digest of its rows.
func rows(t *testing.T, db *sqlx.DB) map[string]string {
	t.Helper()
	var names []string
	if err := db.Select(&names, `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range names {
		var all string
		if err := db.Get(&all, `SELECT count(*) || ' ' || coalesce(md5(string_agg(x::text, E'\n' ORDER BY x::text)), '') FROM `+name+` x`); err != nil {
			t.Fatal(err)
		}
		out[name] = all
	}
	return out
}

// Who puts a copy back may know that the register was told of more than it has, though no
// witness saw it. Nobody can sign the acts before until the auditor runs again.
func TestALifeBeginsAlthoughNobodyIsKnownToHaveSeenMore(t *testing.T) {
	h := newHouse(t)
	h.sign(t)
	h.Petition(h.Aigul, h.Theft)
	size, err := ledger.Size(t.Context(), h.DB.DB)
	if err != nil {
		t.Fatal(err)
	}
	later := h.At.Add(48 * time.Hour)
	for _, n := range []int64{0, size - 1, size + 1} {
		if err := backup.GiveUp(t.Context(), h.DB.DB, h.key.Verifier, nil, n, later); !errors.Is(err, backup.ErrNotThatMany) {
			t.Errorf("%d acts of %d: %v", n, size, err)
		}
	}
	if life, err := feed.ReadLife(t.Context(), h.DB.DB); err != nil || life != (feed.Life{}) {
		t.Errorf("before: %+v, %v", life, err)
	}
	if err := backup.GiveUp(t.Context(), h.DB.DB, h.key.Verifier, nil, size, later); err != nil {
		t.Fatal(err)
	}
	// Said again it is nothing new.
	if err := backup.GiveUp(t.Context(), h.DB.DB, h.key.Verifier, nil, size, later.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if life, err := feed.ReadLife(t.Context(), h.DB.DB); err != nil || life != (feed.Life{Number: later.UnixMilli(), Kept: size}) {
		t.Errorf("after: %+v, %v", life, err)
	}
	reader, err := database.OpenAs(t.Context(), h.DB.DSN(), database.Audit)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := h.prove(t.Context(), reader); err != nil {
		t.Errorf("it is not proved: %v", err)
	}
	h.At = later
	h.sign(t)
	h.Sound()
}

func TestWhatWasCopiedComesBackProvedAndIsServed(t *testing.T) {
	h := newHouse(t)
	h.Petition(h.Aigul, h.Theft)
	if _, err := h.SQL.Exec(`INSERT INTO session (token_hash, id, made_at, seen_at, ends_at, told) VALUES (sha256('a token'), gen_random_uuid(), now(), now(), now() + interval '1 hour', false)`); err != nil {
		t.Fatal(err)
	}
	head := h.sign(t)
	dir, m, said := h.back(t)
	before := rows(t, h.SQL)
	if m.Acts != head.Size || m.Checkpoint != string(head.Note) {
		t.Errorf("the manifest says %d acts and %q; the auditor signed %d and %q", m.Acts, m.Checkpoint, head.Size, head.Note)
	}
	if !slices.Contains(said, "copying filing") {
		t.Errorf("nobody was told of the filings: %q", said)
	}
	dsn, name := h.empty(t)
	if _, err := backup.Restore(t.Context(), dir, dsn, zharia.Schema, h.prove, quiet); err != nil {
		t.Fatal(err)
	}
	if err := h.served(t, name); err != nil {
		t.Errorf("it is not served: %v", err)
	}
	restored, err := sqlx.Connect("postgres", h.address(t, "portal", name))
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	after := rows(t, restored)
	for _, gone := range []string{"session", "challenge", "phone_request"} {
		if !strings.HasPrefix(after[gone], "0 ") {
			t.Errorf("%s came back: %s", gone, after[gone])
		}
		delete(before, gone)
		delete(after, gone)
	}
	delete(before, "home")
	delete(after, "home")
	for table, was := range before {
		if after[table] != was {
			t.Errorf("%s was %s and is %s", table, was, after[table])
		}
	}
	if len(after) != len(before) || len(before) < 50 {
		t.Errorf("%d tables of %d", len(after), len(before))
	}

	// Acts go on where they ended: the record takes the next one.
	db, err := database.OpenAs(t.Context(), h.address(t, "portal", name), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := ledger.Record(t.Context(), db, ledger.Entry{At: h.At, Act: string(policy.SignIn), Object: "person", ID: uuid.New()}); err != nil {
		t.Fatal(err)
	}
	if n, err := ledger.Size(t.Context(), db); err != nil || n != m.Acts+1 {
		t.Errorf("%d acts, %v", n, err)
	}
}

func TestACopyShowsNoPersonAndNoPassword(t *testing.T) {
	h := newHouse(t)
	dir, m, _ := h.back(t)
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{h.copier, "password", h.Aigul.IIN.String(), "Айгүл"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the manifest has %q", secret)
		}
	}
	if m.Rows["filing"] == 0 && m.Rows["person"] == 0 || m.Rows["session"] != 0 {
		t.Errorf("it counts %v", m.Rows)
	}
	for name, mode := range map[string]fs.FileMode{".": 0o700, "database.dump": 0o600, "manifest.json": 0o600, "SHA256SUMS": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	if out, err := runIn(dir, "sha256sum", "-c", "SHA256SUMS"); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
}

func runIn(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	return cmd.CombinedOutput()
}

// forms are how a secret can stand in the text of a dump.
func forms(secret []byte) [][]byte {
	return [][]byte{
		secret, []byte(hex.EncodeToString(secret)), []byte(strings.ToUpper(hex.EncodeToString(secret))),
		[]byte(base64.StdEncoding.EncodeToString(secret)), []byte(base64.RawURLEncoding.EncodeToString(secret)),
	}
}

// Whoever steals a backup has nothing that opens it.
func TestNoKeyIsInACopy(t *testing.T) {
	h := newHouse(t)
	planted := make([]byte, 32)
	if _, err := rand.Read(planted); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SQL.Exec(`INSERT INTO tree VALUES (1000000, $1)`, planted); err != nil {
		t.Fatal(err)
	}
	dir, _, _ := h.back(t)
	plain, err := runIn(dir, "pg_restore", "--file=-", "database.dump") // what is packed in it
	if err != nil {
		t.Fatal(err)
	}
	all := plain
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			content, failed := os.ReadFile(path)
			all, err = append(all, content...), failed
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := func(secret []byte) bool {
		return slices.ContainsFunc(forms(secret), func(form []byte) bool { return bytes.Contains(all, form) })
	}
	if !found(planted) {
		t.Fatal("the search does not find what was put into the database")
	}
	for name, secret := range keysOf(t, h) {
		if len(secret) != 32 {
			t.Fatalf("%s has %d bytes", name, len(secret))
		}
		if found(secret) {
			t.Errorf("%s is in the copy", name)
		}
	}
}

// keysOf are the secrets of that world by what they are: those the texts are sealed
// for and found by, and the one that signs checkpoints.
func keysOf(t *testing.T, h *house) map[string][]byte {
	t.Helper()
	root := sha256.Sum256([]byte("zharia/portaltest")) // portaltest
	direct, err := vault.NewDirect(root[:])
	if err != nil {
		t.Fatal(err)
	}
	tag, err := direct.TagKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := vault.Connect(t.Context(), direct)
	if err != nil || !bytes.Equal(keys.Tag("person.iin", h.Aigul.IIN.String()), h.DB.Keys.Tag("person.iin", h.Aigul.IIN.String())) {
		t.Fatalf("these are not the keys of this world: %v", err)
	}
	text, err := os.ReadFile(h.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(text))
	seed, err := base64.StdEncoding.DecodeString(line[max(0, len(line)-44):])
	if err != nil || len(seed) != 33 {
		t.Fatalf("the auditor's key: %v", err)
	}
	return map[string][]byte{"the root of the keeper": root[:], "the key of tags": tag, "the seed of the auditor": seed[1:]}
}

// change rewrites a file of a copy.
func change(t *testing.T, path string, how func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, how(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedCopyIsRefusedAndNothingIsPutBack(t *testing.T) {
	h := newHouse(t)
	h.sign(t)
	dir, _, _ := h.back(t)
	dsn, _ := h.empty(t)
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at%len(b)] ^= 1; return b }
	}
	for _, c := range []struct {
		what, says string
		spoil      func(dir string)
	}{
		{"a byte of the dump", "database.dump is not the file that was made", func(d string) { change(t, filepath.Join(d, "database.dump"), flip(40_000)) }},
		{"its last byte", "database.dump is not the file", func(d string) {
			change(t, filepath.Join(d, "database.dump"), func(b []byte) []byte { return b[:len(b)-1] })
		}},
		{"a byte of the manifest", "manifest.json", func(d string) { change(t, filepath.Join(d, "manifest.json"), flip(30)) }},
		{"a byte of the sums", "manifest.json is not what SHA256SUMS says", func(d string) { change(t, filepath.Join(d, "SHA256SUMS"), flip(3)) }},
		{"no dump", "database.dump is missing", func(d string) { os.Remove(filepath.Join(d, "database.dump")) }},
		{"no manifest", "manifest.json is missing", func(d string) { os.Remove(filepath.Join(d, "manifest.json")) }},
		{"no sums", "SHA256SUMS is missing", func(d string) { os.Remove(filepath.Join(d, "SHA256SUMS")) }},
		{"a manifest of two gigabytes", "more than", func(d string) { os.Truncate(filepath.Join(d, "manifest.json"), 2<<30) }},
	} {
		spoilt := filepath.Join(t.TempDir(), "spoilt")
		if err := os.CopyFS(spoilt, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		c.spoil(spoilt)
		_, err := backup.Restore(t.Context(), spoilt, dsn, zharia.Schema, h.prove, quiet)
		if !errors.Is(err, backup.ErrDamaged) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	// All of them left the database as it was: the good one still goes in.
	if _, err := backup.Restore(t.Context(), dir, dsn, zharia.Schema, h.prove, quiet); err != nil {
		t.Error(err)
	}
}

func TestACopyOfAnotherSchemaIsRefusedByName(t *testing.T) {
	h := newHouse(t)
	dir, _, _ := h.back(t)
	dsn, _ := h.empty(t)
	_, err := backup.Restore(t.Context(), dir, dsn, zharia.Schema+" ", h.prove, quiet)
	if !errors.Is(err, backup.ErrOtherProgram) || !strings.Contains(err.Error(), "restore it with that program") {
		t.Errorf("got %v", err)
	}
}

// The oldest trick: everything in the copy is right, and what was done since is not in it.
func TestACopyOlderThanWhatAWitnessSawIsNotServed(t *testing.T) {
	h := newHouse(t)
	h.sign(t)
	dir, _, _ := h.back(t)
	h.Petition(h.Aigul, h.Theft)
	h.sign(t)
	dsn, name := h.empty(t)
	_, err := backup.Restore(t.Context(), dir, dsn, zharia.Schema, h.prove, quiet)
	if !errors.Is(err, audit.ErrNotSound) || !strings.Contains(err.Error(), "no portal serves it") {
		t.Errorf("it was proved: %v", err)
	}
	if err := h.served(t, name); !errors.Is(err, fence.ErrUnproved) {
		t.Errorf("it is served: %v", err)
	}

	// It lies there: another copy does not go over it, and what is lost may be given up.
	other, _, _ := h.back(t)
	if _, err := backup.Restore(t.Context(), other, dsn, zharia.Schema, h.prove, quiet); !errors.Is(err, backup.ErrNotEmpty) || !strings.Contains(err.Error(), "not this one") {
		t.Errorf("another copy over one that is not proved: %v", err)
	}
	head := h.sign(t)
	said := ""
	broken := errors.New("somebody ended it")
	given := func(after func(context.Context, *database.DB) error) backup.Proof {
		return func(ctx context.Context, db *database.DB) error {
			owner, err := database.Open(ctx, dsn)
			if err != nil {
				return err
			}
			defer owner.Close()
			if err := backup.GiveUp(ctx, owner, h.key.Verifier, [][]byte{head.Note}, head.Size, h.At); err != nil {
				return err
			}
			return after(ctx, db)
		}
	}
	// The proof takes hours: one that is broken off after that is made again by the same call.
	for range 2 {
		if _, err := backup.Restore(t.Context(), dir, dsn, zharia.Schema, given(func(context.Context, *database.DB) error { return broken }), quiet); !errors.Is(err, broken) {
			t.Errorf("a proof that was broken off: %v", err)
		}
	}
	_, err = backup.Restore(t.Context(), dir, dsn, zharia.Schema, given(func(ctx context.Context, db *database.DB) error {
		if all, err := ledger.Restorations(ctx, db); err != nil || len(all) != 1 {
			t.Errorf("what is lost was written down %d times, %v", len(all), err)
		}
		return h.prove(ctx, db)
	}), func(what string) { said += what })
	if err != nil || strings.Contains(said, "putting back") {
		t.Errorf("%v; it says %s", err, said)
	}
	if err := h.served(t, name); err != nil {
		t.Errorf("it is not served: %v", err)
	}
}

// Whoever can write the copy can write its sums and its counts.
func TestACopyThatSomebodyRewroteWithItsSumsIsNotServed(t *testing.T) {
	h := newHouse(t)
	h.Petition(h.Aigul, h.Theft)
	h.sign(t)
	if _, err := h.SQL.Exec(`ALTER TABLE filing DISABLE TRIGGER USER; UPDATE filing SET due_at = due_at + interval '30 days' WHERE due_at IS NOT NULL; ALTER TABLE filing ENABLE TRIGGER USER`); err != nil {
		t.Fatal(err)
	}
	dir, _, _ := h.back(t)
	dsn, name := h.empty(t)
	_, err := backup.Restore(t.Context(), dir, dsn, zharia.Schema, h.prove, quiet)
	if !errors.Is(err, audit.ErrNotSound) || !strings.Contains(err.Error(), "due_at") {
		t.Errorf("it was proved: %v", err)
	}
	if err := h.served(t, name); !errors.Is(err, fence.ErrUnproved) {
		t.Errorf("it is served: %v", err)
	}
}

// Row security could hide rows from the copy, and nobody would see it for years.
func TestACopyThatWouldLackRowsIsNotMade(t *testing.T) {
	h := newHouse(t)
	if _, err := h.SQL.Exec(`DROP POLICY fence ON filing`); err != nil {
		t.Fatal(err)
	}
	db, err := backup.Open(t.Context(), h.address(t, h.copier, h.name(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	parent := t.TempDir()
	_, err = backup.Make(t.Context(), db, filepath.Join(parent, "copy"), h.At, quiet)
	if !errors.Is(err, backup.ErrNotAll) || !strings.Contains(err.Error(), "filing") {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("it left %v %v", left, err)
	}
}

func TestACountThatDiffersIsSeen(t *testing.T) {
	h := newHouse(t)
	h.sign(t)
	dir, m, _ := h.back(t)
	m.Rows["participant"]++
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	sums := fmt.Sprintf("%s  database.dump\n%x  manifest.json\n", m.Files[0].SHA256, sha256.Sum256(text))
	change(t, filepath.Join(dir, "manifest.json"), func([]byte) []byte { return text })
	change(t, filepath.Join(dir, "SHA256SUMS"), func([]byte) []byte { return []byte(sums) })
	dsn, name := h.empty(t)
	_, err = backup.Restore(t.Context(), dir, dsn, zharia.Schema, h.prove, quiet)
	if !errors.Is(err, backup.ErrDamaged) || !strings.Contains(err.Error(), "participant has") {
		t.Errorf("got %v", err)
	}
	if err := h.served(t, name); !errors.Is(err, fence.ErrUnproved) {
		t.Errorf("it is served: %v", err)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	h := newHouse(t)
	db, err := backup.Open(t.Context(), h.address(t, h.copier, h.name(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	parent := t.TempDir() // an empty folder, too, is somebody's
	if _, err := backup.Make(t.Context(), db, parent, h.At, quiet); !errors.Is(err, backup.ErrExists) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("it left %v %v", left, err)
	}

	h.sign(t)
	dir, _, _ := h.back(t)
	for _, full := range []string{`CREATE TABLE mine (a int)`, `CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`, `CREATE SCHEMA mine`} {
		dsn, name := h.empty(t)
		there, err := sqlx.Connect("postgres", h.address(t, "portal", name))
		if err != nil {
			t.Fatal(err)
		}
		_, err = there.Exec(full)
		there.Close()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Restore(t.Context(), dir, dsn, zharia.Schema, h.prove, quiet); !errors.Is(err, backup.ErrNotEmpty) {
			t.Errorf("%s: %v", full, err)
		}
	}
	if _, err := backup.Restore(t.Context(), dir, h.address(t, "portal", h.name(t)), zharia.Schema, h.prove, quiet); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("over the living database: %v", err)
	}
}

// Ctrl-C in the middle leaves no half of a copy that somebody would rely on.
func TestACopyThatWasGivenUpLeavesNothing(t *testing.T) {
	h := newHouse(t)
	db, err := backup.Open(t.Context(), h.address(t, h.copier, h.name(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithCancel(t.Context())
	parent := t.TempDir()
	_, err = backup.Make(ctx, db, filepath.Join(parent, "copy"), h.At, func(string) { cancel() })
	if err == nil {
		t.Error("it was made")
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("it left %v %v", left, err)
	}
}

// A dump that somebody put back with PostgreSQL's own tools is as unproved as any.
func TestACopyPutBackByHandIsNotServed(t *testing.T) {
	h := newHouse(t)
	dir, _, _ := h.back(t)
	_, name := h.empty(t)
	dsn := h.address(t, "portal", name)
	if out, err := exec.Command("pg_restore", "--exit-on-error", "--dbname="+dsn, filepath.Join(dir, "database.dump")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := h.served(t, name); !errors.Is(err, fence.ErrUnproved) {
		t.Errorf("it is served: %v", err)
	}
	owner, err := database.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	if err := fence.Raise(t.Context(), owner, zharia.Schema); err != nil { // portal migrate
		t.Fatal(err)
	}
	if err := h.served(t, name); !errors.Is(err, fence.ErrUnproved) {
		t.Errorf("after portal migrate it is served: %v", err)
	}
}

func TestALoginOfAnotherKindIsToldWhatItLacks(t *testing.T) {
	h := newHouse(t)
	if _, err := h.SQL.Exec(`REVOKE portal_backup FROM ` + h.copier); err != nil {
		t.Fatal(err)
	}
	_, err := backup.Open(t.Context(), h.address(t, h.copier, h.name(t)))
	if err == nil || !strings.Contains(err.Error(), "IN ROLE portal_backup") {
		t.Errorf("got %v", err)
	}
}
