package once_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"zharia/portal/once"
)

// Of many that come at one moment one makes the file, and whoever finds it finds all of it.
func TestOneOfManyMakesTheFileAndNobodySeesHalfOfIt(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		path, start := filepath.Join(dir, "key"), make(chan struct{})
		made := make(chan int, 16)
		for i := range cap(made) {
			go func() {
				<-start
				text := bytes.Repeat([]byte{byte('a' + i)}, 4096)
				err := once.Write(path, text)
				if found, e := os.ReadFile(path); e != nil || len(found) != len(text) || len(bytes.Trim(found, string(found[:1]))) > 0 {
					t.Errorf("%d bytes are found: %v", len(found), e)
				}
				switch {
				case err == nil:
					made <- 1
				case errors.Is(err, fs.ErrExist):
					made <- 0
				default:
					t.Error(err)
					made <- 0
				}
			}()
		}
		close(start)
		n := 0
		for range cap(made) {
			n += <-made
		}
		if left, err := os.ReadDir(dir); n != 1 || err != nil || len(left) != 1 {
			t.Fatalf("%d made it, and there are %v: %v", n, left, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
	}
}

func TestWhereNothingCanBeWrittenNothingIsLeft(t *testing.T) {
	if err := once.Write(filepath.Join(t.TempDir(), "nowhere", "key"), []byte("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
