package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zharia/portal/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What a lawyer is given to read is reviewed like code, in three languages.
func TestTheMatrixIsPrintedAsTheGoldenFilesSay(t *testing.T) {
	for _, lang := range []string{"kk", "ru", "en"} {
		got, err := policyText(lang)
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("..", "..", "portal", "testdata", "policy."+lang+".golden")
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
			t.Errorf("the matrix in %s differs from %s", lang, golden)
		}
		if strings.Contains(got, "policy.") || strings.Contains(got, ": \n") || strings.Contains(got, " – \n") {
			t.Errorf("in %s a word is missing", lang)
		}
	}
}

// No cell of the matrix is printed without what it means.
func TestEveryCellHasItsMeaningInEveryLanguage(t *testing.T) {
	for _, lang := range []string{"kk", "ru", "en"} {
		words, err := tongueOf(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range policy.Matrix() {
			for i, cell := range row.Cells {
				said := words.meaning(cell)
				if said == string(cell) || strings.HasPrefix(said, ";") || strings.HasSuffix(said, "; ") || strings.ContainsAny(said, "¹²³⁴⁵⁶⁷⁸⁹") {
					t.Errorf("row %d, %s in %s: %s says %q", row.Number, policy.Columns[i], lang, cell, said)
				}
				if words.role(policy.Columns[i]) == "" || words.row(row) == "" {
					t.Errorf("row %d in %s has no words", row.Number, lang)
				}
			}
		}
	}
}
