// Package softhsm gives tests a hardware module made of software: SoftHSM, with tokens
// in a folder of the test.
package softhsm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// PIN is that of the user of every token here.
const PIN = "271828182"

// places are where systems put the library.
var places = []string{
	os.Getenv("SOFTHSM2_MODULE"),
	"/usr/lib/softhsm/libsofthsm2.so",
	"/usr/lib64/softhsm/libsofthsm2.so",
	"/usr/lib64/pkcs11/libsofthsm2.so",
	"/opt/homebrew/lib/softhsm/libsofthsm2.so",
	"/usr/local/lib/softhsm/libsofthsm2.so",
}

// Module is the full path of SoftHSM's library.
func Module(t testing.TB) string {
	t.Helper()
	for _, path := range places {
		if real, err := filepath.EvalSymlinks(path); path != "" && err == nil {
			return real
		}
	}
	t.Fatal("SoftHSM is not on this computer: make setup installs it, or SOFTHSM2_MODULE says where its library is")
	return ""
}

// New is a module with these tokens, for this test: it is the one that SoftHSM shows
// from now on. The answer is the folder where its tokens lie.
func New(t testing.TB, tokens ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", filepath.Join(dir, "tokens"))
	if err := os.WriteFile(filepath.Join(dir, "softhsm2.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	Plug(t, dir)
	for _, label := range tokens {
		add := exec.Command("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "31415926")
		if out, err := add.CombinedOutput(); err != nil {
			t.Fatalf("softhsm2-util: %v: %s", err, out)
		}
	}
	return dir
}

// Plug makes a module made before the one that SoftHSM shows, as when a cable is put
// into another one.
func Plug(t testing.TB, dir string) {
	t.Helper()
	t.Setenv("SOFTHSM2_CONF", filepath.Join(dir, "softhsm2.conf"))
}
