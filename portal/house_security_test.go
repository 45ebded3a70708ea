package portal_test

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"zharia"
	"zharia/portal/portaltest"
	"zharia/portal/reseal"
)

// What SECURITY.md says is compared with what is there, so that it stays true.

// backquoted is a name in backquotes.
var backquoted = regexp.MustCompile("`([^`]+)`")

// told are the rows of the table under a heading of SECURITY.md: the names in the first
// column, each with the second.
func told(t *testing.T, heading string) map[string]string {
	t.Helper()
	root, err := portaltest.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "portal", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(text), "\n"+heading+"\n")
	if !found {
		t.Fatalf("SECURITY.md has no %q", heading)
	}
	part, _, _ = strings.Cut(part, "\n#")
	out := map[string]string{}
	for line := range strings.SplitSeq(part, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for _, name := range backquoted.FindAllStringSubmatch(cells[1], -1) {
			if _, twice := out[name[1]]; twice {
				t.Errorf("%s: %s is there twice", heading, name[1])
			}
			out[name[1]] = strings.TrimSpace(cells[2])
		}
	}
	if len(out) < 5 {
		t.Fatalf("%s has only %d rows: the search is broken", heading, len(out))
	}
	return out
}

// same fails where the names that are told are not those that are there.
func same[V any](t *testing.T, heading string, told map[string]string, there map[string]V) {
	t.Helper()
	for name := range there {
		if _, ok := told[name]; !ok {
			t.Errorf("SECURITY.md, %s: %s is not told of", heading, name)
		}
	}
	for name := range told {
		if _, ok := there[name]; !ok {
			t.Errorf("SECURITY.md, %s: there is no %s", heading, name)
		}
	}
}

// served are the sources of what people are served with: not the tools beside it.
func served(t *testing.T) []source {
	t.Helper()
	return slices.DeleteFunc(sources(t), func(s source) bool {
		return strings.HasPrefix(s.folder, "cmd/") && s.folder != "cmd/portal" || slices.Contains([]string{"portal/keeper/softhsm", "portal/eds/internal/beside", "portal/proving", "portal/country"}, s.folder)
	})
}

// imports are the paths that a file imports.
func (s source) imports() (out []string) {
	for _, i := range s.file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		out = append(out, p)
	}
	return out
}

// A text that stands in clear is told of with what stands in it; all others are sealed,
// or words of closed lists (ASVS 14.1.1, 14.2.4).
func TestEveryTextThatStandsInClearIsToldOf(t *testing.T) {
	t.Parallel()
	sealed := map[string]bool{}
	for _, c := range reseal.Columns {
		sealed[c.String()] = true
	}
	clear, columns := map[string]bool{}, regexp.MustCompile(`\n    (\w+)\s+(text|text\[\]|jsonb|varchar|inet|citext|xml)\b([^\n]*)`)
	for _, table := range table.FindAllStringSubmatch(zharia.Schema, -1) {
		for _, c := range columns.FindAllStringSubmatch(table[2], -1) {
			if closed := strings.HasPrefix(c[2], "text") && regexp.MustCompile(`CHECK \(`+c[1]+` (IN|<@)`).MatchString(c[3]); !closed {
				clear[table[1]+"."+c[1]] = true
			}
			if sealed[table[1]+"."+c[1]] {
				t.Errorf("%s.%s is sealed and no bytea", table[1], c[1])
			}
		}
	}
	if len(clear) < 40 {
		t.Fatalf("found only %d texts: the search is broken", len(clear))
	}
	same(t, "Texts in clear", told(t, "### Texts in clear"), clear)
}

// isCrypto is the short name of a package of cryptography or of randomness.
func isCrypto(p string) (string, bool) {
	switch {
	case p == "math/rand", p == "math/rand/v2":
		return "math/rand", true
	case strings.HasPrefix(p, "crypto/"), strings.HasPrefix(p, "golang.org/x/crypto/"):
		return path.Base(p), true
	}
	return "", false
}

// Where which cryptography is used is an inventory that is read; what is broken, and
// randomness that can be foreseen, are named each with the reason (ASVS 11.1.2, 11.1.3,
// 11.3.1, 11.3.2, 11.4.1, 11.5.1).
func TestTheCryptographyInUseIsThatOfTheInventory(t *testing.T) {
	t.Parallel()
	inventory, there := told(t, "## Cryptography"), map[string][]string{}
	for _, s := range served(t) {
		for _, p := range s.imports() {
			if short, ok := isCrypto(p); ok && !slices.Contains(there[s.folder], short) {
				there[s.folder] = append(there[s.folder], short)
			}
		}
	}
	same(t, "Cryptography", inventory, there)
	for folder, uses := range there {
		slices.Sort(uses)
		if got := strings.Join(uses, " "); inventory[folder] != "" && inventory[folder] != got {
			t.Errorf("SECURITY.md says that %s uses %s; it uses %s", folder, inventory[folder], got)
		}
	}
	broken := map[string][]string{
		"md5": {"portal/fence", "portal/bucket"}, "rc4": nil, "des": {"portal/eds/internal/p12"}, "dsa": nil,
		"sha1":      {"portal/eds/authority", "portal/eds/internal/cms", "portal/eds/internal/ocsp", "portal/eds/internal/p12"},
		"math/rand": {"portal/canary", "portal/register/standin"},
	}
	for folder, uses := range there {
		for _, use := range uses {
			if allowed, is := broken[use]; is && !slices.Contains(allowed, folder) {
				t.Errorf("%s uses %s", folder, use)
			}
		}
	}
	// Blocks are enciphered in one mode, but for reading the containers of others.
	for _, s := range served(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && name(sel.X) == "cipher" && s.folder != "portal/eds/internal/p12" &&
				!slices.Contains([]string{"NewGCM", "NewGCMWithRandomNonce", "AEAD"}, sel.Sel.Name) {
				t.Errorf("%s: cipher.%s", s.name, sel.Sel.Name)
			}
			return true
		})
	}
}

// Nothing steps out of the memory that Go looks after (ASVS 1.4.1, 1.4.3); the driver of
// the hardware module is not in the plain build.
func TestNoCodeLeavesTheMemoryThatGoLooksAfter(t *testing.T) {
	t.Parallel()
	for _, s := range served(t) {
		for _, p := range s.imports() {
			if p == "unsafe" || p == "C" {
				tagged := slices.ContainsFunc(s.file.Comments, func(c *ast.CommentGroup) bool {
					return c.Pos() < s.file.Package && strings.Contains(c.List[0].Text, "go:build") && strings.Contains(c.List[0].Text, "hsm")
				})
				if !tagged {
					t.Errorf("%s imports %s in the plain build", s.name, p)
				}
			}
		}
	}
}

// calls are the calls of a function of a package, by the name it is imported under.
func (s source) calls(pkg string, names ...string) (out []*ast.CallExpr) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && name(sel.X) == pkg && (len(names) == 0 || slices.Contains(names, sel.Sel.Name)) {
				out = append(out, call)
			}
		}
		return true
	})
	return out
}

// No shell reads what somebody wrote: programs are started with lists of arguments, from
// few places (ASVS 1.2.5).
func TestNoShellIsEverAsked(t *testing.T) {
	t.Parallel()
	places, found := []string{"portal/database", "portal/materials", "portal/attachment", "portal/backup", "portal/portaltest"}, 0
	for _, s := range served(t) {
		for _, call := range s.calls("exec", "Command", "CommandContext") {
			found++
			if !slices.Contains(places, s.folder) {
				t.Errorf("%s starts a program", s.name)
			}
			for _, arg := range call.Args {
				if word := text(arg); slices.Contains([]string{"sh", "/bin/sh", "bash", "cmd", "env", "-c"}, word) {
					t.Errorf("%s asks a shell", s.name)
				}
			}
		}
		if slices.Contains(s.imports(), "syscall") && len(s.calls("syscall", "Exec", "ForkExec", "StartProcess")) > 0 {
			t.Errorf("%s starts a program past os/exec", s.name)
		}
	}
	if found < 4 {
		t.Errorf("found only %d programs: the search is broken", found)
	}
}

// Pages are written by html/template, which escapes by context; what it is told to take
// as it is, is made by us (ASVS 1.1.2, 1.2.1, 1.3.5, 1.3.7).
func TestPagesAreWrittenByTemplatesThatEscape(t *testing.T) {
	t.Parallel()
	asIs := []string{"HTML", "HTMLAttr", "JS", "JSStr", "URL", "CSS", "Srcset"}
	for _, s := range served(t) {
		if slices.Contains(s.imports(), "text/template") && s.folder != "portal/cast" && s.name != "portal/receipt/page.go" { // texts of plays; a page without a word of anybody
			t.Errorf("%s imports text/template", s.name)
		}
		for _, call := range s.calls("template", asIs...) {
			if s.name != "portal/page_phone.go" { // a QR code, drawn by us
				t.Errorf("%s: %s takes something as it is", s.name, call.Fun.(*ast.SelectorExpr).Sel.Name)
			}
		}
	}
}

// A pattern is a constant of the program, and Go's are matched in linear time: no text of
// anybody becomes a pattern (ASVS 1.2.9, 1.3.12).
func TestNobodyWritesAPattern(t *testing.T) {
	t.Parallel()
	for _, s := range served(t) {
		for _, call := range s.calls("regexp") {
			constant := true
			ast.Inspect(call.Args[0], func(n ast.Node) bool {
				switch n.(type) {
				case *ast.Ident, *ast.CallExpr, *ast.SelectorExpr:
					constant = false
				}
				return constant
			})
			quotes := slices.ContainsFunc(s.calls("regexp", "QuoteMeta"), func(q *ast.CallExpr) bool { return q == call })
			if !constant && !quotes && s.folder != "portal/eds/internal/xmldsig" && s.folder != "portal/portaltest" { // a pattern put together of constants
				t.Errorf("%s makes a pattern of something that is no constant", s.name)
			}
		}
	}
}

// What the portal connects to is told of; no client follows where another sends it (ASVS
// 1.3.6, 13.1.1, 13.2.4, 13.2.5, 15.3.2).
func TestWhatGoesOutIsToldOfAndFollowsNobody(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, s := range served(t) {
		if s.folder == "portal/portaltest" || s.folder == "portal/register/standin" {
			continue // tests; the register of the demonstration
		}
		out := len(s.calls("net", "Dial", "DialTimeout", "DialTCP", "DialUDP", "DialUnix")) + len(s.calls("tls", "Dial", "DialWithDialer")) + len(s.calls("http", "Get", "Post", "PostForm", "Head"))
		if slices.Contains(s.imports(), "github.com/minio/minio-go/v7") { // follows nobody by itself
			out++
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				switch sel, _ := n.Type.(*ast.SelectorExpr); {
				case sel == nil:
				case name(sel.X) == "net" && sel.Sel.Name == "Dialer", name(sel.X) == "tls" && sel.Sel.Name == "Dialer":
					out++
				case name(sel.X) == "http" && sel.Sel.Name == "Client":
					out++
					stays := false
					for _, e := range n.Elts {
						if kv, ok := e.(*ast.KeyValueExpr); ok && name(kv.Key) == "CheckRedirect" {
							stays = true
						}
					}
					ast.Inspect(s.file, func(m ast.Node) bool { // or it is set on a copy
						if assign, ok := m.(*ast.AssignStmt); ok && name(assign.Lhs[0]) == "CheckRedirect" {
							stays = true
						}
						return true
					})
					if !stays && s.folder != "cmd/portal" { // the demonstration's, to itself
						t.Errorf("%s: a client follows wherever it is sent", s.name)
					}
				}
			case *ast.ValueSpec:
				if sel, ok := n.Type.(*ast.SelectorExpr); ok && name(sel.X) == "net" && sel.Sel.Name == "Dialer" {
					out++
				}
			case *ast.CallExpr:
				if fun, ok := n.Fun.(*ast.Ident); ok && fun.Name == "new" && len(n.Args) == 1 {
					if sel, ok := n.Args[0].(*ast.SelectorExpr); ok && name(sel.X) == "net" && sel.Sel.Name == "Dialer" {
						out++
					}
				}
			case *ast.SelectorExpr:
				if name(n.X) == "http" && n.Sel.Name == "DefaultClient" {
					out++
					if s.folder != "cmd/portal" {
						t.Errorf("%s: http.DefaultClient follows wherever it is sent", s.name)
					}
				}
			}
			return true
		})
		if out > 0 {
			there[s.folder] = true
		}
	}
	same(t, "What goes out", told(t, "## What goes out, and what comes in"), there)
}

// The log is written by one logger that the commands set up, on standard error; nothing
// of the portal prints, and nothing opens a file for lines (ASVS 16.1.1, 16.2.3).
func TestTheLogGoesToStandardErrorAndNowhereElse(t *testing.T) {
	t.Parallel()
	for _, s := range served(t) {
		if s.folder == "portal/portaltest" {
			continue
		}
		if slices.Contains(s.imports(), "log") && s.folder != "portal/notice/sink" { // the mailbox of the demonstration hushes a library
			t.Errorf("%s logs past slog", s.name)
		}
		if slices.Contains(s.imports(), "log/syslog") {
			t.Errorf("%s logs elsewhere", s.name)
		}
		for _, call := range s.calls("slog", "SetDefault", "NewTextHandler", "NewJSONHandler", "New") {
			if s.name != "cmd/portal/main.go" && s.name != "cmd/portal/watch.go" {
				t.Errorf("%s sets up a log of its own: %s", s.name, call.Fun.(*ast.SelectorExpr).Sel.Name)
			}
		}
		if strings.HasPrefix(s.folder, "portal") && (len(s.calls("fmt", "Print", "Println", "Printf"))+len(s.calls("", "print", "println"))) > 0 {
			t.Errorf("%s prints", s.name)
		}
		if s.name == "cmd/portal/main.go" {
			for _, call := range s.calls("slog", "SetDefault") {
				to, ok := call.Args[0].(*ast.CallExpr)
				if !ok || name(to.Fun) != "logTo" || name(to.Args[0]) != "Stderr" {
					t.Errorf("%s: the log goes elsewhere", s.name)
				}
			}
		}
	}
}

// Each component of others was decided on, and none is replaced by another (ASVS 15.1.2,
// 15.1.4, 15.2.4).
func TestEveryComponentOfOthersWasDecidedOn(t *testing.T) {
	t.Parallel()
	root, err := portaltest.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace) > 0 {
		t.Errorf("%d components are replaced", len(mod.Replace))
	}
	direct := map[string]bool{}
	for _, r := range mod.Require {
		if !strings.Contains(string(sums), r.Mod.Path+" "+r.Mod.Version+"/go.mod h1:") {
			t.Errorf("%s: go.sum does not say what it was", r.Mod)
		}
		if !r.Indirect {
			direct[r.Mod.Path] = true
		}
	}
	same(t, "Components of others", told(t, "## Components of others"), direct)
}

// A script shows texts as texts, makes no code of them, takes no message from another
// site, and keeps in the browser what is said here alone (ASVS 1.3.2, 3.2.2, 3.5.5, 3.5.6,
// 14.3.3, 15.3.6).
func TestScriptsShowTextsAndKeepLittle(t *testing.T) {
	t.Parallel()
	root, err := portaltest.Root()
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(root, "static", "*.js"))
	if err != nil || len(scripts) < 8 {
		t.Fatalf("%d scripts %v", len(scripts), err)
	}
	never := regexp.MustCompile(`\beval\(|new Function|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|document\.domain|createContextualFragment|srcdoc|__proto__|importScripts|indexedDB|document\.cookie|addEventListener\("message"|onmessage\s*=\s*\(?e?\)?\s*=>\s*eval`)
	// An answer of a report while the line is down, until it was sent (never on the path for
	// violence at home); the key of a reader's own notes for as long as his window; that a page was left in haste.
	keeps := map[string][]string{"localStorage": {"report.js"}, "sessionStorage": {"report.js", "notes.js", "left.js"}}
	for _, script := range scripts {
		body, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if found := never.Find(body); found != nil {
			t.Errorf("%s has %s", filepath.Base(script), found)
		}
		for what, where := range keeps {
			if strings.Contains(string(body), what) && !slices.Contains(where, filepath.Base(script)) {
				t.Errorf("%s keeps something in %s", filepath.Base(script), what)
			}
		}
	}
}

// Where a secret is held against what somebody sent, the time that takes tells nothing of
// it (ASVS 11.2.4).
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	want := map[string]int{"portal/page_egov.go": 1, "portal/keeper/keeper.go": 1, "portal/notice/contact.go": 1, "portal/notice/smshttp/smshttp.go": 1, "portal/submission/submission.go": 3}
	for _, s := range served(t) {
		if n := len(s.calls("subtle", "ConstantTimeCompare")); n < want[s.name] {
			t.Errorf("%s compares %d secrets in constant time, not %d", s.name, n, want[s.name])
		}
		delete(want, s.name)
	}
	for file := range want {
		t.Errorf("%s is not there", file)
	}
}
