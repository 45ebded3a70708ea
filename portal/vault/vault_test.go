package vault_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/quick"

	"zharia/portal/portaltest"
	"zharia/portal/vault"

	"github.com/google/uuid"
)

func keys(t testing.TB) *vault.Keys {
	t.Helper()
	k, err := vault.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var (
	theft = uuid.MustParse("019a9c3e-0000-7000-8000-00000000000a")
	fraud = uuid.MustParse("019a9c3e-0000-7000-8000-00000000000b")
)

func here() vault.Where {
	return vault.Where{Table: "filing", Column: "body", ID: uuid.MustParse("019a9c3e-0000-7000-8000-000000000001"), Case: theft}
}

func TestWhatIsSealedOpensInItsPlaceAndNowhereElse(t *testing.T) {
	k := keys(t)
	row := uuid.MustParse("019a9c3e-0000-7000-8000-000000000002")
	sealed, err := k.SealText(here(), "Тергеушінің әрекетіне шағым")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := k.OpenText(t.Context(), here(), sealed); err != nil || text != "Тергеушінің әрекетіне шағым" {
		t.Errorf("in its place: %q, %v", text, err)
	}
	for name, where := range map[string]vault.Where{
		"another row":                  {Table: "filing", Column: "body", ID: row, Case: theft},
		"another column":               {Table: "filing", Column: "answer", ID: here().ID, Case: theft},
		"another table":                {Table: "answer", Column: "body", ID: here().ID, Case: theft},
		"another case":                 {Table: "filing", Column: "body", ID: here().ID, Case: fraud},
		"a person":                     {Table: "filing", Column: "body", ID: here().ID, Person: theft},
		"the border of names is moved": {Table: "filingb", Column: "ody", ID: here().ID, Case: theft},
		"the names are exchanged":      {Table: "body", Column: "filing", ID: here().ID, Case: theft},
	} {
		if text, err := k.OpenText(t.Context(), where, sealed); !errors.Is(err, vault.ErrNotSealedHere) || text != "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if _, err := keys(t).Open(t.Context(), here(), sealed); !errors.Is(err, vault.ErrNotSealedHere) {
		t.Errorf("other keys: %v", err)
	}
}

func TestEveryChangedBitAndEveryCutIsFound(t *testing.T) {
	k := keys(t)
	sealed, err := k.SealText(here(), "нақты")
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			if _, err := k.Open(t.Context(), here(), changed); !errors.Is(err, vault.ErrNotSealedHere) {
				t.Fatalf("byte %d, bit %d: %v", i, bit, err)
			}
		}
		if _, err := k.Open(t.Context(), here(), sealed[:i]); !errors.Is(err, vault.ErrNotSealedHere) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	if _, err := k.Open(t.Context(), here(), append(sealed, 0)); !errors.Is(err, vault.ErrNotSealedHere) {
		t.Errorf("a byte more: %v", err)
	}
}

func TestTheSameTextNeverGivesTheSameBytes(t *testing.T) {
	k := keys(t)
	seen := map[string]bool{}
	for range 1000 {
		sealed, err := k.SealText(here(), "иә")
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(sealed)] {
			t.Fatal("twice the same bytes")
		}
		seen[string(sealed)] = true
	}
}

func TestWhateverIsSealedOpensAgainAndDoesNotShow(t *testing.T) {
	k := keys(t)
	same := func(plain []byte, id uuid.UUID) bool {
		id[0] |= 1 // not the nil id
		where := vault.Where{Table: "document", Column: "content", ID: id, Case: theft}
		sealed, err := k.Seal(where, plain)
		if err != nil {
			return false
		}
		got, err := k.Open(t.Context(), where, sealed)
		return err == nil && bytes.Equal(got, plain) && (len(plain) < 4 || !bytes.Contains(sealed, plain))
	}
	if err := quick.Check(same, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

func TestNoTwoPlacesAreTheSame(t *testing.T) {
	k := keys(t)
	apart := func(a, b, c, d string) bool {
		one := vault.Where{Table: clip(a), Column: clip(b), ID: here().ID, Case: theft}
		two := vault.Where{Table: clip(c), Column: clip(d), ID: here().ID, Case: theft}
		sealed, err := k.Seal(one, []byte("x"))
		if err != nil {
			return false
		}
		_, err = k.Open(t.Context(), two, sealed)
		return (err == nil) == (one == two)
	}
	if err := quick.Check(apart, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

func clip(s string) string { return ("t" + s)[:min(len(s)+1, 63)] }

func TestAnEmptyTextAndNoTextAreTwoThings(t *testing.T) {
	k := keys(t)
	none, err := k.SealMaybe(here(), nil)
	if none != nil || err != nil {
		t.Errorf("no text: %v, %v", none, err)
	}
	if text, err := k.OpenMaybe(t.Context(), here(), nil); text != nil || err != nil {
		t.Errorf("no text: %v, %v", text, err)
	}
	empty := ""
	sealed, err := k.SealMaybe(here(), &empty)
	if err != nil || len(sealed) == 0 {
		t.Fatalf("an empty text: %v, %v", sealed, err)
	}
	if text, err := k.OpenMaybe(t.Context(), here(), sealed); err != nil || text == nil || *text != "" {
		t.Errorf("an empty text: %v, %v", text, err)
	}
	for _, taken := range [][]byte{nil, {}} {
		if _, err := k.OpenText(t.Context(), here(), taken); !errors.Is(err, vault.ErrNotSealedHere) {
			t.Errorf("a text that was taken away passes for an empty one: %v", err)
		}
	}
	if _, err := k.OpenMaybe(t.Context(), here(), []byte{}); !errors.Is(err, vault.ErrNotSealedHere) {
		t.Errorf("empty bytes pass for no text: %v", err)
	}
}

func TestOnlyAWholePlaceIsAPlace(t *testing.T) {
	k := keys(t)
	for name, where := range map[string]vault.Where{
		"no table":     {Column: "body", ID: here().ID, Case: theft},
		"no column":    {Table: "filing", ID: here().ID, Case: theft},
		"no id":        {Table: "filing", Column: "body", Case: theft},
		"nobody's":     {Table: "filing", Column: "body", ID: here().ID},
		"two owners'":  {Table: "filing", Column: "body", ID: here().ID, Case: theft, Person: fraud},
		"a long table": {Table: strings.Repeat("t", 64), Column: "body", ID: here().ID, Case: theft},
	} {
		if _, err := k.Seal(where, nil); err == nil {
			t.Errorf("%s: sealed", name)
		}
		if _, err := k.Open(t.Context(), where, nil); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestTooMuchIsNotSealed(t *testing.T) {
	k := keys(t)
	if _, err := k.Seal(here(), make([]byte, vault.MaxSize+1)); err == nil {
		t.Error("sealed")
	}
	sealed, err := k.Seal(here(), make([]byte, vault.MaxSize))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := k.Open(t.Context(), here(), sealed); err != nil || len(plain) != vault.MaxSize {
		t.Errorf("%d bytes came back, %v", len(plain), err)
	}
}

func TestATagIsTheSameForOnePurposeAndOneValueOnly(t *testing.T) {
	k := keys(t)
	tag := k.Tag("person.iin", "000101500001")
	if len(tag) != 32 || !bytes.Equal(tag, k.Tag("person.iin", "000101500001")) {
		t.Error("it is not the same the second time")
	}
	for name, other := range map[string][]byte{
		"another value":     k.Tag("person.iin", "000101500002"),
		"another purpose":   k.Tag("person.phone", "000101500001"),
		"a moved border":    k.Tag("person.iin0", "00101500001"),
		"other keys":        keys(t).Tag("person.iin", "000101500001"),
		"nothing":           k.Tag("", ""),
		"no purpose at all": k.Tag("", "person.iin000101500001"),
	} {
		if bytes.Equal(tag, other) {
			t.Errorf("%s: the same tag", name)
		}
	}
}

func TestKeysAreMadeOnceAndReadAfterwards(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret", "keys.json")
	first, err := vault.OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := first.SealText(here(), "кілт")
	if err != nil {
		t.Fatal(err)
	}
	again, err := vault.OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := again.OpenText(t.Context(), here(), sealed); err != nil || text != "кілт" {
		t.Errorf("%q, %v", text, err)
	}
	if !bytes.Equal(first.Tag("p", "v"), again.Tag("p", "v")) {
		t.Error("the tags differ")
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s is %v, not %v (%v)", name, info.Mode(), want, err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left beside it: %v, %v", left, err)
	}
}

func TestProcessesThatStartTogetherHaveTheSameKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	tags := make(chan string, 8)
	for range cap(tags) {
		go func() {
			k, err := vault.OpenKeys(path)
			if err != nil {
				t.Error(err)
				tags <- ""
				return
			}
			tags <- string(k.Tag("p", "v"))
		}()
	}
	first := <-tags
	for range cap(tags) - 1 {
		if tag := <-tags; tag != first {
			t.Error("two processes have different keys")
		}
	}
}

func TestKeysThatOthersCanReadAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := vault.OpenKeys(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o601, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.OpenKeys(path); !errors.Is(err, vault.ErrKeysExposed) {
			t.Errorf("%v: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.OpenKeys(path); err != nil {
		t.Errorf("read-only: %v", err)
	}
}

func TestAKeyFileThatIsNoneIsRefusedAndLeftAlone(t *testing.T) {
	good := filepath.Join(t.TempDir(), "keys.json")
	if _, err := vault.OpenKeys(good); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"empty":                "",
		"cut":                  string(whole[:len(whole)/2]),
		"no root":              "{}",
		"a short root":         `{"root": "AAAA"}`,
		"an unknown field":     strings.Replace(string(whole), "{", `{"more": 1,`, 1),
		"more than a key file": strings.Repeat(" ", 70_000) + string(whole),
		"the keys of before":   `{"seal": {"primaryKeyId": 1, "key": []}, "tag": {"primaryKeyId": 1, "key": []}}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := vault.OpenKeys(path); err == nil {
				t.Error("it was taken")
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != content {
				t.Errorf("it was changed, %v", err)
			}
		})
	}
	if _, err := vault.OpenKeys(t.TempDir()); err == nil {
		t.Error("a folder was taken for a key file")
	}
}

func TestATransactionOfAVaultHasItsKeys(t *testing.T) {
	db := vault.New(portaltest.DB(t), keys(t))
	if err := db.Exec(t.Context(), `CREATE TABLE scrap (id uuid PRIMARY KEY, body bytea NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	where := vault.Where{Table: "scrap", Column: "body", ID: here().ID, Case: theft}
	no := errors.New("no")
	write := func(ctx context.Context, fail error) error {
		return db.Within(ctx, func(tx *vault.DB) error {
			sealed, err := tx.SealText(where, "құпия")
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, `INSERT INTO scrap (id, body) VALUES ($1, $2)`, where.ID, sealed); err != nil {
				return err
			}
			return fail
		})
	}
	if err := write(t.Context(), no); !errors.Is(err, no) {
		t.Fatal(err)
	}
	if err := write(t.Context(), nil); err != nil {
		t.Fatalf("something remained of the one that failed: %v", err)
	}
	var sealed []byte
	if err := db.Get(t.Context(), &sealed, `SELECT body FROM scrap`); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("құпия")) {
		t.Error("the database can read it")
	}
	if text, err := db.OpenText(t.Context(), where, sealed); err != nil || text != "құпия" {
		t.Errorf("%q, %v", text, err)
	}
}

func FuzzOpenTakesOnlyWhatWasSealed(f *testing.F) {
	k := keys(f)
	sealed, err := k.SealText(here(), "бір")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte{})
	f.Add([]byte{2, 0, 0, 0, 1})
	f.Add(sealed[:vault.Overhead])
	f.Add(append([]byte{1}, sealed[1:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := k.Open(t.Context(), here(), b); err == nil && !bytes.Equal(b, sealed) {
			t.Errorf("%x opens as %x", b, plain)
		}
	})
}

// An id that was forgotten must not seal a text for every official there is.
func TestATextOfNoCaseNoBodyAndNotOfTheHouseHasNoPlace(t *testing.T) {
	where := vault.Where{Table: "filing", Column: "named", ID: uuid.New()}
	for name, home := range map[string]vault.Home{
		"of nothing":      {},
		"of two":          {Case: uuid.New(), Body: uuid.New()},
		"of all, and one": {Case: uuid.New(), House: true},
	} {
		if _, err := where.In(home).Bytes(); err == nil {
			t.Errorf("%s: it is a place", name)
		}
	}
	for name, home := range map[string]vault.Home{"a case": {Case: uuid.New()}, "a body": {Body: uuid.New()}, "the house": vault.HomeOf(uuid.Nil, uuid.Nil)} {
		if _, err := where.In(home).Bytes(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
