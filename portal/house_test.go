package portal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"

	"zharia"
	"zharia/portal"
	"zharia/portal/attachment"
	"zharia/portal/casefile"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/materials"
	"zharia/portal/notice"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/inbound"
	"zharia/portal/report"
	"zharia/portal/tip"
	"zharia/portal/warrant"
)

// floors is the house: every package stands on a floor and imports only from
// lower ones. What stands under eds is its own affair and counts as eds.
var floors = map[string]int{
	"portal/law": 0, "portal/loopback": 0, "portal/canary": 0, "portal/keeper/softhsm": 0, "portal/once": 0,
	"portal/fault": 1, ".": 1, "portal/ops": 1,
	"portal/policy": 2, "portal/deadline": 2, "portal/database": 2, "portal/words": 2, "portal/eds": 2,
	"portal/ledger": 3, "portal/fence": 3, "portal/warrant": 3, "portal/guide": 3, "portal/sample": 3, "portal/vault": 3, "portal/web": 3, "portal/agent": 3, "portal/egov": 3,
	"portal/share": 1, "portal/keeper": 4,
	"portal/calendar": 4, "portal/audit": 4, "portal/backup": 4, "portal/bucket": 4,
	"portal/phone": 4, "portal/typed": 4, "portal/register": 4, "portal/register/feed": 5, "portal/submission": 4, "portal/clock": 2,
	"portal/slip": 5, "portal/reseal": 5,
	"portal/job":      6,
	"portal/evidence": 7,
	"portal/identity": 8,
	"portal/document": 9,
	"portal/opening":  10, "portal/receipt": 10, "portal/warrant/papers": 10,
	"portal/casefile":   11,
	"portal/leave":      11,
	"portal/report":     11,
	"portal/tip":        11,
	"portal/attachment": 10, "portal/made": 4,
	"portal/filing": 12, "portal/materials": 12,
	"portal/directory": 13, "portal/agenda": 13, "portal/assist": 13,
	"portal/notice":      5,
	"portal/notice/mail": 6, "portal/notice/smpp": 6, "portal/notice/smshttp": 6, "portal/notice/webpush": 6, "portal/notice/sink": 6,
	"portal/register/inbound": 14, "portal/cast": 14, "portal/register/standin": 15,
	"portal":            15,
	"portal/portaltest": 15,
	"portal/country":    15,
	"portal/proving":    16,
	"cmd/portal":        17, "cmd/perfbench": 17, "cmd/faultlab": 17, "cmd/loadtest": 17,
}

// source is one Go file that is part of the program.
type source struct {
	folder, name string // from the root
	file         *ast.File
}

// sources are the Go files of the project but the tests: the list is the caller's own, the
// trees are everybody's.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 60 {
		t.Fatalf("found only %d files: the search is broken", len(all))
	}
	return slices.Clone(all)
}

// tree is parsed once: some tests ask sixty times.
var tree = sync.OnceValues(func() (out []source, err error) {
	root, err := portaltest.Root()
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() && strings.HasPrefix(rel, ".") && rel != "." {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{filepath.ToSlash(filepath.Dir(rel)), filepath.ToSlash(rel), file})
		return nil
	})
	return out, err
})

// house is the package that a folder counts as.
func house(folder string) string {
	if strings.HasPrefix(folder, "portal/eds/") {
		return "portal/eds"
	}
	return folder
}

func TestEveryPackageStandsOnAFloorAndImportsOnlyDownward(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		own, known := floors[house(s.folder)]
		if !known {
			t.Errorf("%s: its package has no floor", s.name)
		}
		for _, i := range s.file.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			folder, ours := strings.CutPrefix(path, "zharia/")
			if path == "zharia" {
				folder, ours = ".", true
			}
			if !ours || house(folder) == house(s.folder) {
				continue
			}
			other, known := floors[house(folder)]
			if !known || other >= own {
				t.Errorf("%s stands on floor %d and imports %s of floor %d", s.name, own, folder, other)
			}
			if s.folder == "portal/portaltest" && folder == "portal" {
				t.Errorf("%s imports the pages", s.name)
			}
		}
	}
}

// The signature packages are for anybody to read and to take out of the house.
func TestSignaturesKnowNothingOfThePortal(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, i := range s.file.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			if house(s.folder) == "portal/eds" && strings.HasPrefix(path, "zharia") && !strings.HasPrefix(path, "zharia/portal/eds") {
				t.Errorf("%s imports %s", s.name, path)
			}
		}
	}
}

// What is in the house of signatures for one purpose is used for no other.
func TestTheSharpToolsOfSignaturesStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	importers := map[string][]string{
		"zharia/portal/eds/raw":             {"cmd/perfbench"}, // bare arithmetic, to be measured
		"zharia/portal/eds/internal/beside": nil,               // for tests
		"zharia/portal/eds/authority":       {"portal/cast", "cmd/portal", "cmd/perfbench", "cmd/faultlab", "portal/portaltest", "portal/country", "portal/proving"},
	}
	for _, s := range sources(t) {
		for _, i := range s.file.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			if allowed, sharp := importers[path]; sharp && !slices.Contains(allowed, s.folder) {
				t.Errorf("%s imports %s", s.name, path)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				// Algorithms of others are for the suites of others, in tests.
				if name, ok := n.Key.(*ast.Ident); ok && (name.Name == "Foreign" || name.Name == "Weak") {
					t.Errorf("%s sets %s", s.name, name.Name)
				}
			case *ast.SelectorExpr:
				name := n.Sel.Name
				// Signing is not constant time: it is for keys of the demonstration.
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "gost3410" && (name == "GenerateKey" || name == "ParsePrivateKey" || name == "PrivateKey") && s.folder != "portal/eds/key" {
					t.Errorf("%s holds private keys", s.name)
				}
				// An authority that is believed without being asked is for the demonstration.
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "eds" && (name == "Only" || name == "ErrNotAsked") && s.name != "cmd/portal/center.go" {
					t.Errorf("%s believes without asking", s.name)
				}
			}
			return true
		})
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, s := range sources(t) {
		begins := "Package " + s.file.Name.Name + " "
		if s.file.Name.Name == "main" {
			begins = "Command "
		}
		said[s.folder] = said[s.folder] || strings.HasPrefix(s.file.Doc.Text(), begins)
	}
	for folder, ok := range said {
		if !ok {
			t.Errorf("%s has no package comment", folder)
		}
	}
}

// Words live in i18n; what portaltest writes is what people in tests write.
func TestNoWordOfKazakhOrRussianStandsInGo(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.folder == "portal/portaltest" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && strings.ContainsFunc(text(lit), func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
				t.Errorf("%s: %s", s.name, lit.Value)
			}
			return true
		})
	}
}

// In `return x, fill(&x)` the language leaves open which of the two is looked at first.
func TestNothingIsReturnedBesideTheCallThatFillsIt(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			ret, ok := n.(*ast.ReturnStmt)
			if !ok {
				return true
			}
			beside := map[string]bool{}
			for _, e := range ret.Results {
				if x, ok := e.(*ast.Ident); ok {
					beside[x.Name] = true
				}
			}
			for _, e := range ret.Results {
				ast.Inspect(e, func(n ast.Node) bool {
					if _, inner := n.(*ast.FuncLit); inner {
						return false
					}
					of, ok := n.(*ast.UnaryExpr)
					if !ok || of.Op != token.AND {
						return true
					}
					filled := of.X
					for field, ok := filled.(*ast.SelectorExpr); ok; field, ok = filled.(*ast.SelectorExpr) {
						filled = field.X
					}
					if x, ok := filled.(*ast.Ident); ok && beside[x.Name] {
						t.Errorf("%s: %s is returned beside the call that fills it", s.name, x.Name)
					}
					return true
				})
			}
			return true
		})
	}
}

// text is what a literal says; "" where it is no string.
func text(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value)
	return s
}

// A composite key that is written twice compiles, and the second wins in silence.
func TestNoMoveIsWrittenTwice(t *testing.T) {
	t.Parallel()
	tables := 0
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || v.Names[0].Name != "moves" {
				return true
			}
			tables++
			seen := map[string]bool{}
			for _, row := range v.Values[0].(*ast.CompositeLit).Elts {
				var key []string
				for _, part := range row.(*ast.KeyValueExpr).Key.(*ast.CompositeLit).Elts {
					key = append(key, name(part))
				}
				if k := strings.Join(key, " by "); seen[k] {
					t.Errorf("%s: %s is there twice", s.name, k)
				} else {
					seen[k] = true
				}
			}
			return true
		})
	}
	if tables != 6 {
		t.Errorf("found %d tables of moves, not those of casefile, filing, materials, directory, report and tip", tables)
	}
}

func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// constants are the values of the constants of a type in a folder.
func constants(t *testing.T, folder, of string) []string {
	t.Helper()
	var out []string
	for _, s := range sources(t) {
		if s.folder != folder {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if ok && v.Type != nil && name(v.Type) == of && len(v.Values) == 1 {
				if word := text(v.Values[0]); word != "" {
					out = append(out, word)
				}
			}
			return true
		})
	}
	if len(out) == 0 {
		t.Fatalf("no constants of type %s in %s", of, folder)
	}
	return out
}

// plain are the words of a list of some kind of string.
func plain[T ~string](list []T) []string {
	var out []string
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

var (
	table  = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	column = regexp.MustCompile(`(?s)\n    (\w+) [^\n]*?CHECK \(\w+ (?:IN|<@ ARRAY) ?[\[(]([^\])]*)[\])]`)
	word   = regexp.MustCompile(`'([^']*)'`)
)

// lists are the closed lists of schema.sql by "table.column".
func lists() map[string][]string {
	out := map[string][]string{}
	for _, table := range table.FindAllStringSubmatch(zharia.Schema, -1) {
		for _, column := range column.FindAllStringSubmatch(table[2], -1) {
			for _, word := range word.FindAllStringSubmatch(column[2], -1) {
				key := table[1] + "." + column[1]
				out[key] = append(out[key], word[1])
			}
		}
	}
	return out
}

func TestTheListsOfTheSchemaAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	roles := slices.DeleteFunc(plain(policy.Roles), func(r string) bool { return r == string(policy.Applicant) })
	var kinds []string // what an investigator publishes; answers are made by answering
	for _, kind := range policy.Kinds {
		if rule, _ := policy.KindOf(kind); rule.Publishable() {
			kinds = append(kinds, string(kind))
		}
	}
	want := map[string][]string{
		"decision.kind":          kinds,
		"body.kind":              {"investigation", "prosecution", "court", "administration"},
		"officer.post":           policy.Posts,
		"appointment.post":       policy.Posts,
		"appointment.status":     constants(t, "portal/directory", "Status"),
		"assignment.duty":        {"charge", "supervisor"},
		"warrant.kind":           {string(warrant.Roll), string(warrant.Charge)},
		"participant.role":       roles,
		"participant.capacity":   constants(t, "portal/casefile", "LegalCapacity"),
		"participant.scope":      constants(t, "portal/casefile", "Scope"),
		"confirmation.capacity":  constants(t, "portal/casefile", "LegalCapacity"),
		"confirmation.scope":     constants(t, "portal/casefile", "Scope"),
		"participant.status":     {"awaiting", "confirmed", "ended", "draft"},
		"decision.status":        {"draft", "submitted", "published", "declined"},
		"decision.flags":         plain(policy.Flags),
		"exposure.view":          {"fact", "read", "copy"},
		"exposure.ground":        plain(policy.Grounds),
		"redaction.part":         plain(policy.Parts),
		"material.part":          plain(materials.Parts),
		"material.flags":         plain(policy.Flags),
		"material.state":         constants(t, "portal/materials", "State"),
		"familiarisation.status": plain(materials.Statuses),
		"document.kind":          constants(t, "portal/document", "Kind"),
		"document.language":      {"kk", "ru"},
		"evidence.revocation":    constants(t, "portal/eds", "Revocation"),
		"filing.kind":            plain(filing.Kinds),
		"request.status":         plain(casefile.RequestStatuses),
		"request.language":       {"kk", "ru"},
		"filing.status":          plain(filing.Statuses),
		"filing.language":        {"kk", "ru"},
		"tip.status":             plain(tip.Statuses),
		"tip_file.kind":          {"pdf", "jpeg", "png"},
		"report.status":          plain(report.Statuses),
		"report.way":             constants(t, "portal/report", "Way"),
		"report.language":        {"kk", "ru"},
		"report_decision.kind":   plain(report.Decisions),
		"report_decision.ground": constants(t, "portal/report", "Ground"),
		"filing.ground":          plain(filing.Grounds),
		"filing.what":            plain(guide.Whats),
		"filing.seat":            plain(guide.AllSeats),
		"resolution.outcome":     plain(filing.Outcomes),
		"person.signed_in_way":   constants(t, "portal/identity", "Way"),
		"session.way":            constants(t, "portal/identity", "Way"),
		"session.before_way":     constants(t, "portal/identity", "Way"),
		"phone_request.purpose":  constants(t, "portal/phone", "Purpose"),
		"phone_request.state":    constants(t, "portal/phone", "State"),
		"phone_request.auth":     constants(t, "portal/egov", "Auth"),
		"answer.outcome":         plain(filing.Outcomes),
		"answer.remedy":          plain(filing.AllRemedies),
		"forward.seat":           plain(guide.AllSeats),
		"forward.language":       {"kk", "ru"},
		"extension.language":     {"kk", "ru"},
		"supplement.kind":        constants(t, "portal/filing", "SupplementKind"),
		"answer.language":        {"kk", "ru"},
		"sight.part":             append(plain(policy.Parts), ""),
		"seat.part":              {"", string(policy.ClaimPart), string(policy.WholeFile)},
		"service.way":            constants(t, "portal/policy", "Receipt"),
		"attachment.kind":        plain(attachment.Kinds),
		"attachment.copy_kind":   {"pdf", "jpeg", "png"},
		"attachment.state":       constants(t, "portal/attachment", "State"),
		"attachment_chunk.part":  constants(t, "portal/attachment", "Part"),
		"feed.scope":             {"all", "case"},
		"feed.language":          {"kk", "ru"},
		"errand.language":        {"kk", "ru"},
		"errand.status":          constants(t, "portal/assist", "Status"),
		"opening.object":         constants(t, "portal/opening", "Object"),
		"opening.reason":         constants(t, "portal/opening", "Reason"),
		"pretext.reason":         plain(opening.Asked),
		"notice.kind":            plain(notice.Kinds),
		"notice.urgency":         plain(notice.Urgencies),
		"contact.channel":        plain(notice.Outward),
		"manner.language":        {"kk", "ru"},
		"manner.channel":         append(plain(notice.Outward), ""),
		"delivery.channel":       plain(notice.Outward),
		"delivery.state":         plain(notice.States),
		"inbound.kind":           plain(inbound.Kinds),
		"inbound.state":          {"taken", "refused"},
		"movement.state":         plain(casefile.States),
		"sending.state":          constants(t, "portal/register/feed", "State"),
	}
	got := lists()
	for key := range got {
		if want[key] == nil {
			t.Errorf("schema.sql has a list for %s and this test has none", key)
		}
	}
	for key, list := range want {
		if !slices.Equal(slices.Sorted(slices.Values(got[key])), slices.Sorted(slices.Values(list))) {
			t.Errorf("%s: schema.sql has %v, the code %v", key, got[key], list)
		}
	}
	// The code keeps the statuses of participants, decisions and requests in one type;
	// all begin as a draft, and a request may come to be confirmed, too.
	both := append(slices.Clone(want["participant.status"]), "submitted", "published", "declined", "asked", "refused", "withdrawn")
	if got := constants(t, "portal/casefile", "Status"); !slices.Equal(got, both) {
		t.Errorf("casefile.Status is %v, the schema has %v", got, both)
	}
	for _, pair := range []struct {
		of   string
		list []string
	}{{"Role", plain(policy.Roles)}, {"FilingKind", plain(filing.Kinds)}} {
		if got := constants(t, "portal/policy", pair.of); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(pair.list))) {
			t.Errorf("policy.%s has the constants %v and the list %v", pair.of, got, pair.list)
		}
	}
	if got := constants(t, "portal/filing", "Status"); !slices.Equal(got, plain(filing.Statuses)) {
		t.Errorf("filing.Status has the constants %v and the list %v", got, filing.Statuses)
	}
}

// own are the acts that no address leads to: the portal does them at work.
var own = []policy.Act{policy.AttachmentScan, policy.ReportOverdue, policy.BookReceive, policy.FilingOverdue, policy.AccessOverdue, policy.AccessMiss, policy.LedgerCheck, policy.LedgerRestore, policy.CaseUnseal, policy.KeyNew, policy.NoticeSilence, policy.OpeningAlarm, policy.TipDay, policy.TipForget, policy.Reseal, policy.KeeperRecall, policy.SignatureConfirm, policy.OfficerFirst, policy.RegisterTake, policy.RegisterRefuse, policy.MaterialRender, policy.OfficerExpire, policy.SubstitutionExpire,
	policy.PowerLapse, policy.FilingRecount, policy.TermRecount, policy.FilingReseat, policy.FilingHandOver, policy.CalendarSet,
	policy.ParticipantLapse, policy.ParticipantReplace, policy.ParticipantFollow, policy.ParticipantJoin, policy.ParticipantSever, policy.CaseJoin, policy.CaseSever}

func TestEveryActHasARuleAnAddressAndALabel(t *testing.T) {
	t.Parallel()
	at := map[policy.Act]string{}
	for _, r := range portal.Routes() {
		if at[r.Act] != "" {
			t.Errorf("%s stands for two addresses, %s and %s", r.Act, at[r.Act], r.Path)
		}
		at[r.Act] = r.Path
	}
	acts := constants(t, "portal/policy", "Act")
	for _, a := range acts {
		act := policy.Act(a)
		if _, ok := policy.RuleOf(act); !ok {
			t.Errorf("%s has no rule: nobody may do it", act)
		}
		if (at[act] == "") != slices.Contains(own, act) {
			t.Errorf("%s has the address %q", act, at[act])
		}
		delete(at, act)
	}
	for act, path := range at {
		t.Errorf("%s is the address of %s, which is no act of policy", path, act)
	}
	b := bookOf(t)
	for _, a := range acts {
		for _, lang := range []string{"kk", "ru"} {
			if !b.In(lang).Has("act." + a) {
				t.Errorf("%s has no label in %s", a, lang)
			}
		}
	}
}

// tries are how the pages are shown: by name, and where the name is.
var shows = map[string]int{"show": 1, "form": 2, "showSigning": 2, "Show": 2}

func TestEveryPageIsShownAndEveryShownPageIsThere(t *testing.T) {
	t.Parallel()
	pages, said := map[string]bool{}, map[string]bool{}
	for _, file := range templates(t) {
		if file != "layout" && file != "agent" && !strings.HasPrefix(file, "part_") {
			pages[file] = true
		}
	}
	for _, s := range sources(t) {
		if s.folder != "portal" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok {
				said[text(lit)] = true
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if place, shown := shows[name(call.Fun)]; shown && len(call.Args) > place {
				if page := text(call.Args[place]); page != "" && !pages[page] {
					t.Errorf("%s shows %q, which is no page", s.name, page)
				}
			}
			return true
		})
	}
	for _, page := range slices.Sorted(maps.Keys(pages)) {
		if !said[page] {
			t.Errorf("templates/%s.html is shown by nobody", page)
		}
	}
}

// templates are the names of the files of templates/, without .html.
func templates(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(zharia.Templates, "templates/*.html")
	if err != nil || len(files) < 20 {
		t.Fatalf("templates: %d, %v", len(files), err)
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), ".html")
	}
	return files
}

func template(t *testing.T, name string) string {
	t.Helper()
	b, err := zharia.Templates.ReadFile("templates/" + name + ".html")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// inline is what the policy header of every page forbids (THREATS, CSP).
var inline = regexp.MustCompile(`(?i)<style|\sstyle="|\son[a-z]+="|javascript:|<script[^>]*>[^<]|<script(?:\s[^>]*)?>\s*[^<\s]|<base|src="(?:https?:)?//|href="http`)

func TestNoTemplateHasAnInlineScriptOrStyleOrAForeignAddress(t *testing.T) {
	t.Parallel()
	for _, file := range templates(t) {
		if found := inline.FindString(template(t, file)); found != "" {
			t.Errorf("%s.html: %s", file, found)
		}
	}
	for _, bad := range []string{`<p style="a">`, `<a onclick="x">`, `<script>x()</script>`, `<script src="//a"></script>`, `<STYLE>`} {
		if !inline.MatchString(bad) {
			t.Errorf("the search does not find %s", bad)
		}
	}
}

var (
	forms    = regexp.MustCompile(`<form[^>]*?method="post"[^>]*?action="((?:\{\{[^}]*\}\}|[^"{])*)"`)
	anchors  = regexp.MustCompile(`(?:href|src)="\{\{link "([a-z-]+)"`)
	anything = regexp.MustCompile(`(?i)<form[^>]*method="?post`)
	linked   = regexp.MustCompile(`^\{\{link "([a-z-]+)"[^}]*\}\}$`)
)

// Where an address is made by the handler or is not in the table.
var addressed = []string{
	"{{.Action}}", "{{link . $.Filing.ID}}", // by the handler: signing, resuming, the moves of a filing
	"/demo/key", // the demonstration only
	"/demo/block",
	"/demo/phone",
	"/window", // the agent's own window
}

func TestEveryFormAndEveryLinkLeadsToAnAddressOfItsMethod(t *testing.T) {
	t.Parallel()
	method := map[string]string{}
	for _, r := range portal.Routes() {
		method[string(r.Act)] = r.Method
	}
	for _, file := range templates(t) {
		body := template(t, file)
		found := forms.FindAllStringSubmatch(body, -1)
		if len(found) != len(anything.FindAllString(body, -1)) {
			t.Errorf("%s.html has a form that this test cannot read", file)
		}
		for _, form := range found {
			act := linked.FindStringSubmatch(form[1])
			switch {
			case act != nil && method[act[1]] != "POST":
				t.Errorf("%s.html: a form goes to %s, which is no POST address", file, act[1])
			case act == nil && !slices.Contains(addressed, form[1]):
				t.Errorf("%s.html: a form goes to %s", file, form[1])
			}
		}
		for _, link := range anchors.FindAllStringSubmatch(body, -1) {
			if method[link[1]] != "GET" {
				t.Errorf("%s.html: a link goes to %s, which is no GET address", file, link[1])
			}
		}
	}
}

// Nothing that only this machine has may be named in the project.
func TestNoFileNamesAPlaceOutsideTheProject(t *testing.T) {
	t.Parallel()
	root, err := portaltest.Root()
	if err != nil {
		t.Fatal(err)
	}
	outside := regexp.MustCompile(`(^|[^a-z0-9.])/(` + "work" + `|home|root)/`)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() && (strings.HasPrefix(rel, ".") && rel != "." && rel != ".ci" || rel == "screenshots") {
			return fs.SkipDir
		}
		if info, err := d.Info(); err != nil || d.IsDir() || info.Size() > 1<<20 {
			return nil
		}
		b, err := os.ReadFile(path)
		if err == nil && outside.Match(b) {
			t.Errorf("%s names %q", rel, outside.Find(b))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
