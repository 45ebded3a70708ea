package gost34311

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// shared reads a file of the project's shared folder, which stands beside the
// repository. Where there is no such folder it says so and returns nil; where
// there is one, the file has to be in it.
func shared(t *testing.T, path ...string) []byte {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(root, "go.mod")) {
		up := filepath.Dir(root)
		if up == root {
			t.Fatal("no go.mod above the test")
		}
		root = up
	}
	folder := filepath.Join(root, "..", "shared")
	if !exists(folder) {
		t.Log("no shared folder beside the repository: only the inlined vectors were checked")
		return nil
	}
	content, err := os.ReadFile(filepath.Join(append([]string{folder}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
