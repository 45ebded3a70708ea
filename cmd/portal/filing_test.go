package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A lawyer reads the routing in both languages; a change of it is a line in review.
func TestTheRoutingIsPrintedAsItsGoldenFilesSay(t *testing.T) {
	book, err := book()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"kk", "ru"} {
		got := routing(book.In(lang))
		golden := filepath.Join("..", "..", "portal", "guide", "testdata", "routes."+lang+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("the routing in %s differs from %s; run with -update and read the difference", lang, golden)
		}
	}
}
