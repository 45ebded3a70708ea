package portal_test

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zharia/portal/portaltest"
)

// standard is how many requirements each section of the OWASP Application Security
// Verification Standard 5.0.0 has: no row of the sheet can be forgotten.
var standard = map[string]int{
	"1.1": 2, "1.2": 10, "1.3": 12, "1.4": 3, "1.5": 3,
	"2.1": 3, "2.2": 3, "2.3": 5, "2.4": 2,
	"3.1": 1, "3.2": 3, "3.3": 5, "3.4": 8, "3.5": 8, "3.6": 1, "3.7": 5,
	"4.1": 5, "4.2": 5, "4.3": 2, "4.4": 4,
	"5.1": 1, "5.2": 6, "5.3": 3, "5.4": 3,
	"6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
	"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2,
	"8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2,
	"11.1": 4, "11.2": 5, "11.3": 5, "11.4": 4, "11.5": 2, "11.6": 2, "11.7": 2,
	"12.1": 5, "12.2": 2, "12.3": 5,
	"13.1": 4, "13.2": 6, "13.3": 4, "13.4": 7,
	"14.1": 2, "14.2": 8, "14.3": 3,
	"15.1": 5, "15.2": 5, "15.3": 7, "15.4": 4,
	"16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 4,
}

// absent are the chapters of which nothing is here: self-contained tokens, OAuth, WebRTC.
var absent = []string{"9", "10", "17"}

// held are the tests of the tree by name: false for one that always passes itself by, or
// is not in the plain build, and so holds nothing.
func held(t *testing.T) map[string]bool {
	t.Helper()
	root, err := portaltest.Root()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if rel, _ := filepath.Rel(root, path); d.IsDir() && strings.HasPrefix(rel, ".") && rel != "." {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		plain := true
		for _, group := range file.Comments {
			for _, c := range group.List {
				if of, err := constraint.Parse(c.Text); err == nil && c.Pos() < file.Package {
					plain = plain && of.Eval(func(tag string) bool { return tag == "linux" || tag == "amd64" || strings.HasPrefix(tag, "go1") })
				}
			}
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Fuzz") || len(f.Type.Params.List) != 1 {
				continue
			}
			does := plain
			for _, first := range f.Body.List { // a step of the test itself, not one that hangs on something
				if e, ok := first.(*ast.ExprStmt); ok {
					if call, ok := e.X.(*ast.CallExpr); ok && strings.HasPrefix(name(call.Fun), "Skip") {
						does = false
					}
				}
			}
			out[f.Name.Name] = out[f.Name.Name] || does && len(f.Body.List) > 0
		}
		return nil
	})
	if err != nil || len(out) < 1000 {
		t.Fatalf("%d tests %v: the search is broken", len(out), err)
	}
	return out
}

// The rows of the verification standard, all of them: what is met names the tests that
// hold it; what is met otherwise than the standard has it says why and names them, too;
// what does not apply, or is for whoever runs the site, says why.
func TestEveryRowOfTheVerificationStandardNamesATestThatExists(t *testing.T) {
	sheet, err := os.ReadFile("testdata/asvs.tsv")
	if err != nil {
		t.Fatal(err)
	}
	tests, seen, sections := held(t), map[string]bool{}, map[string]int{}
	for i, line := range strings.Split(strings.TrimRight(string(sheet), "\n"), "\n") {
		row := strings.Split(line, "\t")
		if i == 0 {
			continue
		}
		if len(row) != 5 || seen[row[0]] || row[2] == "" {
			t.Errorf("row %q", line)
			continue
		}
		id, status, named, why := row[0], row[1], strings.Fields(row[3]), row[4]
		seen[id] = true
		if section, all := strings.CutSuffix(id, ".*"); all {
			if status != "not applicable" {
				t.Errorf("%s is %s as a whole", id, status)
			}
			sections[section] += standard[section]
		} else {
			sections[id[:strings.LastIndexByte(id, '.')]]++
		}
		for _, of := range named {
			if !tests[of] {
				t.Errorf("%s names %s, which is no test that runs", id, of)
			}
		}
		wantsTests, wantsWhy := false, false
		switch status {
		case "met":
			wantsTests = true
		case "deviates":
			wantsTests, wantsWhy = true, true
		case "not applicable", "site":
			wantsWhy = true
		default:
			t.Errorf("%s is %q", id, status)
		}
		if wantsTests != (len(named) > 0) || wantsWhy != (why != "") {
			t.Errorf("%s is %s with the tests %v and the reason %q", id, status, named, why)
		}
	}
	for section, n := range standard {
		if sections[section] != n {
			t.Errorf("section %s has %d rows of %d", section, sections[section], n)
		}
		delete(sections, section)
	}
	for _, chapter := range absent {
		if !seen[chapter+".*"] {
			t.Errorf("chapter %s is not there", chapter)
		}
		delete(sections, chapter)
	}
	for section := range sections {
		t.Errorf("the standard has no section %s", section)
	}
}
