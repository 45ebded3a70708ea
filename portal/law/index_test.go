package law_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"zharia/portal/law"
)

// citations are the articles the tree cites, each with one place that does.
type citations map[string]string

// A citation is a claim: whatever the code says it does under an article can be
// found from the index, and the index says how far it is true.
func TestEveryCitationInTheTreeIsInTheIndex(t *testing.T) {
	cited := citations{}
	root := moduleRoot(t)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root:
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go"):
			return cited.inGo(t, path)
		case strings.HasSuffix(path, ".sql"):
			text, err := os.ReadFile(path)
			cited.inText(path, string(text))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for article, place := range cited {
		if _, ok := law.InIndex(law.CPCs(article)); !ok {
			t.Errorf("%s cites article %s, which is not in law.Index", place, article)
		}
	}
	var silent []string
	for _, entry := range law.Index {
		if cited[entry.Article] == "" {
			silent = append(silent, entry.Article)
		}
	}
	t.Logf("%d articles cited; in the index and cited by nobody: %s", len(cited), strings.Join(silent, " "))
	if len(cited) < 50 {
		t.Errorf("only %d articles were found: the search itself is broken", len(cited))
	}
}

func (c citations) inGo(t *testing.T, path string) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		t.Logf("%s does not parse, its citations are not checked: %v", path, err)
		return nil
	}
	for _, group := range file.Comments {
		c.inText(files.Position(group.Pos()).String(), group.Text())
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || !isCitation(call.Fun) || len(call.Args) == 0 {
			return true
		}
		place := files.Position(call.Pos()).String()
		article, ok := call.Args[0].(*ast.BasicLit)
		if !ok {
			if !strings.HasSuffix(path, "_test.go") {
				t.Errorf("%s: a citation has its article written out", place)
			}
			return true
		}
		if number, err := strconv.Unquote(article.Value); err == nil {
			c[number] = place
		} else {
			c[article.Value] = place
		}
		return true
	})
	return nil
}

// isCitation recognises law.CPC and law.CPCs.
func isCitation(fun ast.Expr) bool {
	selector, ok := fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"CPC", "CPCs"}, selector.Sel.Name) {
		return false
	}
	name, ok := selector.X.(*ast.Ident)
	return ok && name.Name == "law"
}

var (
	inComment = regexp.MustCompile(`\bCPC (\d+(?:-\d\b)?)(?:\([\d-]+\))*(?:[-–—](\d+))?`)
	articles  = regexp.MustCompile(`^\d+(-\d+)?$`)
)

func (c citations) inText(place, text string) {
	for _, found := range inComment.FindAllStringSubmatch(text, -1) {
		for _, article := range found[1:] {
			if article != "" {
				c[article] = place
			}
		}
	}
}

func TestTheIndexIsInOrderAndNamesNoArticleTwice(t *testing.T) {
	last := [2]int{}
	for _, entry := range law.Index {
		whole, after, _ := strings.Cut(entry.Article, "-")
		number, _ := strconv.Atoi(whole)
		inserted, _ := strconv.Atoi(after)
		if !articles.MatchString(entry.Article) || number < last[0] || number == last[0] && inserted <= last[1] {
			t.Errorf("article %s stands after %v", entry.Article, last)
		}
		last = [2]int{number, inserted}
		if !slices.Contains([]law.Progress{law.Done, law.Partly, law.NotYet}, entry.Progress) {
			t.Errorf("article %s is %q", entry.Article, entry.Progress)
		}
	}
	nobodys, err := law.Parse("CPC 1")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := law.InIndex(nobodys); ok {
		t.Error("an article nobody uses is in the index")
	}
}

func TestEveryArticleHasItsTitleInBothLanguagesAndNoOtherHas(t *testing.T) {
	for _, lang := range []string{"kk", "ru"} {
		var words map[string]struct{ Other string }
		if _, err := toml.DecodeFile(filepath.Join(moduleRoot(t), "i18n", "law."+lang+".toml"), &words); err != nil {
			t.Fatal(err)
		}
		for _, entry := range law.Index {
			key := law.CPCs(entry.Article).Title()
			if words[key].Other == "" {
				t.Errorf("%s has no words in %s", key, lang)
			}
			delete(words, key)
		}
		for key := range words {
			if strings.HasPrefix(key, "law.title.") {
				t.Errorf("%s in %s is not in the index", key, lang)
			}
		}
		for _, ref := range []law.Ref{law.CPC(99), law.CPC(99, 4), law.CPC(71, 6, 13)} {
			if said := words[ref.Words()].Other; !strings.Contains(said, "{{.article}}") ||
				strings.Contains(said, "{{.part}}") != (ref.Part() != "") || strings.Contains(said, "{{.item}}") != (ref.Item() != "") {
				t.Errorf("%s says %q in %s", ref.Words(), said, lang)
			}
		}
	}
}

// Kazakh is written with Kazakh letters: official texts carry Latin look-alikes
// inside words, which no search and no screen reader forgives.
func TestTheWordsOfTheLawMixNoAlphabets(t *testing.T) {
	mixed := regexp.MustCompile(`\p{Cyrillic}[A-Za-z]|[A-Za-z]\p{Cyrillic}`)
	kazakh := regexp.MustCompile(`[әғқңөұүһіӘҒҚҢӨҰҮҺІ]`)
	for _, name := range []string{"law", "kind", "role", "basis"} {
		for _, lang := range []string{"kk", "ru"} {
			var words map[string]struct{ Other string }
			path := filepath.Join(moduleRoot(t), "i18n", name+"."+lang+".toml")
			if _, err := toml.DecodeFile(path, &words); err != nil {
				t.Fatal(err)
			}
			for key, said := range words {
				if mixed.MatchString(said.Other) {
					t.Errorf("%s: %s mixes alphabets: %q", path, key, said.Other)
				}
				if lang == "ru" && kazakh.MatchString(said.Other) {
					t.Errorf("%s: %s is not Russian: %q", path, key, said.Other)
				}
			}
		}
	}
}

// moduleRoot is the folder of go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	for dir := "."; len(dir) < 200; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the test")
	return ""
}
