package portaltest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// A template that is older than what it was played from would let a test pass over
// people who are no more; one that is younger for nothing costs everybody ten seconds.
func TestTheStageIsPutUpAnewWhenWhatThePlayDependsOnChangesAndOnlyThen(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("schema.sql", "CREATE TABLE a ();")
	write("i18n/cast.kk.toml", "a = 1")
	write("portal/cast/cast.go", "package cast\n\nimport _ \"zharia/portal/law\"\n")
	write("portal/cast/people.toml", "a = 1")
	write("portal/law/law.go", "package law\n\nimport _ \"fmt\"\n")
	write("portal/law/law_test.go", "package law\n\nimport _ \"zharia/portal/page\"\n")
	write("portal/fence/fence.go", "package fence\n")
	write("portal/page/page.go", "package page\n")
	digest := func() []byte {
		t.Helper()
		sum, err := script(root)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	before := digest()
	for name, counts := range map[string]bool{
		"schema.sql": true, "i18n/cast.kk.toml": true, "i18n/new.ru.toml": true, "portal/cast/people.toml": true, "portal/law/law.go": true, "portal/fence/fence.go": true,
		"portal/law/law_test.go": false, "portal/page/page.go": false, "templates/page.html": false, "README.md": false,
	} {
		was, err := os.ReadFile(filepath.Join(root, name))
		fresh := err != nil
		write(name, string(was)+"\n")
		if changed := !bytes.Equal(digest(), before); changed != counts {
			t.Errorf("%s changes: the stage is put up anew: %v", name, changed)
		}
		if fresh {
			os.Remove(filepath.Join(root, name))
		} else {
			write(name, string(was))
		}
	}
	if !bytes.Equal(digest(), before) {
		t.Error("the same has two digests")
	}
}
