package beside

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Bench is a folder in which the openssl program works, an implementation of the
// same standards by others. It knows the algorithms of RSA, not the national ones.
type Bench struct {
	t   testing.TB
	dir string
}

// OpenSSL gives a bench with an empty folder, false where the program is absent.
func OpenSSL(t testing.TB) (Bench, bool) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Log("openssl is absent: nothing to compare with")
		return Bench{}, false
	}
	return Bench{t, t.TempDir()}, true
}

// Path is that of a file in the folder; commands run in it and need only the name.
func (b Bench) Path(name string) string { return filepath.Join(b.dir, name) }

// Write puts a file into the folder and gives its path.
func (b Bench) Write(name string, content []byte) string {
	b.t.Helper()
	if err := os.WriteFile(b.Path(name), content, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return b.Path(name)
}

// WritePEM is Write in PEM under a label.
func (b Bench) WritePEM(name, label string, der []byte) string {
	b.t.Helper()
	return b.Write(name, pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// Read gives a file of the folder.
func (b Bench) Read(name string) []byte {
	b.t.Helper()
	content, err := os.ReadFile(b.Path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return content
}

// Run runs a command in the folder and gives all it said. A command that fails
// ends the test.
func (b Bench) Run(arguments ...string) string {
	b.t.Helper()
	said, err := b.Try(arguments...)
	if err != nil {
		b.t.Fatalf("openssl %v: %v\n%s", arguments, err, said)
	}
	return said
}

// Try is Run for a command that may fail: the error is then the program's.
func (b Bench) Try(arguments ...string) (string, error) {
	c := exec.Command("openssl", arguments...)
	c.Dir = b.dir
	said, err := c.CombinedOutput()
	return string(said), err
}
