// Package beside is what the tests under portal/eds hold our code against: public
// data in the folder shared beside the project, and the openssl program. Where
// either is absent a test logs so and returns; nothing but tests imports this.
package beside

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"testing"
)

// Path gives a folder or a file below shared, false where there is no such folder
// beside the project. Where there is one, the path has to be in it: a test must
// not fall silent because a file was renamed.
func Path(t testing.TB, elements ...string) (string, bool) {
	t.Helper()
	folder := filepath.Join(root(t), "..", "shared")
	if !exists(folder) {
		t.Logf("no folder shared beside the project: %s is not held against anything", filepath.Join(elements...))
		return "", false
	}
	path := filepath.Join(append([]string{folder}, elements...)...)
	if !exists(path) {
		t.Fatalf("%s is not in the folder shared", filepath.Join(elements...))
	}
	return path, true
}

// File gives the contents of a file below shared, nil where Path is false.
func File(t testing.TB, elements ...string) []byte {
	t.Helper()
	path, ok := Path(t, elements...)
	if !ok {
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Corpus gives the files of a zip in shared/suites; none where Path is false.
func Corpus(t testing.TB, name string) iter.Seq2[string, []byte] {
	t.Helper()
	path, ok := Path(t, "suites", name)
	if !ok {
		return func(func(string, []byte) bool) {}
	}
	return Zip(t, path)
}

// maxFile bounds one file of a zip, in bytes.
const maxFile = 64 << 20

// Zip gives the files of a zip by name, in their order.
func Zip(t testing.TB, path string) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		t.Helper()
		archive, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		for _, entry := range archive.File {
			if !entry.FileInfo().IsDir() && !yield(entry.Name, unzip(t, entry)) {
				return
			}
		}
	}
}

func unzip(t testing.TB, entry *zip.File) []byte {
	t.Helper()
	f, err := entry.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// root is the folder of go.mod above the test.
func root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(folder, "go.mod")) {
		up := filepath.Dir(folder)
		if up == folder {
			t.Fatal("no go.mod above the test")
		}
		folder = up
	}
	return folder
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
