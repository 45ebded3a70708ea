package portal_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/casefile"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
)

// asked are the things each parameter of an address is tried with, in the order
// of the golden file. A parameter that is not here fails the test.
var asked = map[string][]string{
	":topic":        {"access", "nothing"},
	":sample":       {"witness", "nothing"},
	":case":         {"theft", "fraud", "unknown"},
	":decision":     {"copy", "read", "fact", "flagged", "not hers", "unsigned", "submitted", "unknown"},
	":participant":  {"awaiting", "confirmed", "unknown"},
	":session":      {"her session", "unknown"},
	":appointment":  {"entry", "unknown"},
	":substitution": {"standing in", "unknown"},
	":supplement":   {"unknown"},
	":filing":       {"draft", "filed", "answered", "complaint", "to court", "defence", "unknown"},
	":document":     {"signed paper", "unsigned paper", "unknown"},
	":exposure":     {"exposure", "unknown"},
	":redaction":    {"redaction", "unknown"},
	":request":      {"asked", "unknown"},
	":token":        {"nothing"},

	":material":        {"statement", "unknown"},
	":familiarisation": {"hers", "his notice", "unknown"},
	":power":           {"his defender", "unknown"},
	":access":          {"waiting request", "request draft", "unknown"},
	":opening":         {"her view", "unknown"},
	":objection":       {"her question", "unknown"},
	":attachment":      {"file of draft", "file of complaint", "file of report", "unknown"},
	":feed":            {"her feed", "unknown"},
	":assistant":       {"her help", "unknown"},
	":errand":          {"her errand", "unknown"},
	":notice":          {"her notice", "unknown"},
	":contact":         {"her address", "unknown"},
	":key":             {"unknown"}, // whose key it is, submission_test.go tries
	":tip":             {"a tip", "unknown"},
	":file":            {"file of tip", "unknown"},
	":report":          {"her report", "report draft", "taken down", "unknown"},
}

// nobody is somebody who has not signed in.
const nobody = "nobody"

// links are the addresses of ours on a page, in the language of these tests.
var links = regexp.MustCompile(`(?:href|src|data-content-url)="(/kk/[^"#]*)"`)

// members are the columns.
var members = []string{nobody, "aigul", "serik", "timur", "dana", "saule", "daniyar", "zhanar", "asel", "ermek", "marat", "gulnar", "samat", "aliya", "bolat", "raushan", "zhandos"}

// heads say in one word what each is to the theft, where most things happen.
var heads = []string{"", "victim", "suspect", "suspect²", "defender", "plaintiff", "investig.", "prosecutor", "stranger", "other inv.", "head", "chief", "higher", "judge", "admin", "admin²", "registrar"}

// attempt is one address with one thing.
type attempt struct {
	portal.Route
	object string // "" where the address has no parameter
	order  int
}

// attempts are the whole table of routes times what each is tried with.
func attempts(t *testing.T) []attempt {
	t.Helper()
	var out []attempt
	for _, r := range portal.Routes() {
		_, parameter, has := strings.Cut(r.Path, ":")
		if !has {
			out = append(out, attempt{Route: r})
			continue
		}
		parameter, _, _ = strings.Cut(":"+parameter, "/")
		if asked[parameter] == nil {
			t.Errorf("%s %s: access is not tried for %s", r.Method, r.Path, parameter)
		}
		for i, object := range asked[parameter] {
			out = append(out, attempt{r, object, i})
		}
	}
	slices.SortStableFunc(out, func(a, b attempt) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method), cmp.Compare(a.order, b.order))
	})
	return out
}

// address fills the parameter of a path.
func (a attempt) address(o objects) string {
	parts := strings.Split(a.Path, "/")
	for i, part := range parts {
		if part == ":question" {
			parts[i] = "what"
		} else if part == ":topic" || part == ":token" || part == ":sample" {
			parts[i] = a.object
		} else if strings.HasPrefix(part, ":") {
			parts[i] = o[a.object].String()
			if second, ok := o[a.object+" "+part]; ok { // a thing within the thing
				parts[i] = second.String()
			}
		}
	}
	return "/kk" + strings.Join(parts, "/")
}

// stage is a portal with the story played, renewed when a request has changed
// something: no cell of the table depends on another.
type stage struct {
	t *testing.T
	*front
	objects
	rules   *portaltest.Rules // a real keeper goes by them; nil: none is there
	only    string            // the method that is tried; "": all
	step    int               // every so many rows are tried; 0: all
	seq     int64
	nowhere map[string]answer // what is not there, as it is answered in this world, by address and member
	there   map[string]*asker // who asks
}

// asker is the browser of a member, and how much was asked with it.
type asker struct {
	*guest
	asked int
}

// furnished is the story, played once for all stages; they have its objects.
var (
	furnished = portaltest.Set{Furnish: furnishStage}
	furniture objects
)

func (s *stage) fresh() {
	s.t.Helper()
	if s.front != nil {
		s.front.Leave()
	}
	w := furnished.World(s.t)
	if s.rules != nil {
		w.Guard(*s.rules)
	}
	s.front = openOver(s.t, w, w.Verifier)
	s.objects, s.nowhere, s.there = maps.Clone(furniture), map[string]answer{}, map[string]*asker{}
	s.seq = s.acts()
}

func furnishStage(t testing.TB, w *portaltest.W) {
	t.Helper()
	f := openOver(t, w, w.Verifier)
	o := f.play()
	o["unknown"] = uuid.Must(uuid.NewV7())
	o["submitted"] = f.submitted()
	o["his defender"] = f.Participant("dana@theft")
	f.as(f.Aigul)
	var hers uuid.UUID
	if err := f.SQL.GetContext(t.Context(), &hers, `SELECT id FROM session`); err != nil {
		t.Fatal(err)
	}
	o["her session"] = hers
	o["waiting request"] = f.Request(f.Stranger, f.Theft, casefile.NewRequest{Role: policy.Victim})
	o["request draft"] = f.RequestDraft(f.Aigul, f.Fraud, casefile.NewRequest{Role: policy.Witness})
	o["statement"], o["hers"], o["hers :page"], o["his notice"] = f.file()
	o["exposure"], o["redaction"] = f.draftExposure(), f.draftRedaction()
	o["signed paper"] = f.paperOf("decision", f.Decision("accepted"))
	o["entry"] = f.entryProposed(f.entryOf())
	o["standing in"] = f.substitutionDraft()
	o["unsigned paper"] = f.paperOf("filing", o["draft"])
	o["asked"] = uuid.MustParse(lastID(f.as(f.Aigul).post("/kk/phone", url.Values{"act": {"session-open"}}).to())) // by a browser that is none of theirs
	o["file of draft"], o["file of complaint"] = f.attached()
	o["her view"] = f.looked(f.Daniyar, "victim-recognised")
	o["her question"] = f.doubted(f.Aigul, f.looked(f.Daniyar, "expertise-done"))
	o["to court"] = f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingComplaintCourt, About: f.Decision("term-extended")})
	if err := f.Submit(f.Aigul, o["to court"]); err != nil {
		t.Fatal(err)
	}
	o["her feed"], o["her help"], o["her errand"] = f.helped()
	o["a tip"] = f.tipped()
	o["file of tip"] = f.tippedFile()
	o["her notice"], o["her address"] = f.told()
	o["taken down"] = f.entered()
	o["her report"], o["report draft"] = f.Report(f.Aigul, f.Story()), f.ReportDraft(f.Aigul, report.Offence, f.Story())
	o["file of report"] = f.reportedFile()
	f.SignLog()
	furniture = o
}

// acts is how many acts the ledger holds.
func (s *stage) acts() (n int64) {
	s.t.Helper()
	if err := s.SQL.GetContext(s.t.Context(), &n, `SELECT max(seq) FROM record`); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *stage) guest(word string) *guest {
	if word == nobody {
		return s.visitor()
	}
	return s.as(s.Actor(word))
}

// try sends one request, a POST with nothing in it. A browser asks for twenty things: to sign
// in for each costs as much as the rest. One by which something was done asks for no more.
func (s *stage) try(a attempt, word string) answer {
	s.t.Helper()
	b := s.there[word]
	if b == nil || b.asked == 20 {
		b = &asker{guest: s.guest(word)}
		s.there[word] = b
	}
	b.asked++
	cookie, got := b.cookie, b.attempts(a, a.address(s.objects))
	if a.Method != http.MethodGet && got.StatusCode < 400 || b.cookie != cookie {
		delete(s.there, word)
	}
	return got
}

func (g *guest) attempts(a attempt, to string) answer {
	g.t.Helper()
	if a.Method == http.MethodGet {
		return g.get(to)
	}
	if a.Method == http.MethodPut {
		return g.do(httptest.NewRequest(a.Method, to, nil))
	}
	return g.post(to, nil)
}

// cell is how an answer stands in the table.
func cell(a answer) string {
	if a.StatusCode == http.StatusUnauthorized || strings.HasPrefix(a.to(), "/kk/signin") {
		return "in"
	}
	return strconv.Itoa(a.StatusCode)
}

// The table of access, cell by cell: every address as every member of the cast,
// with things that are theirs and things that are not. A change in who may do
// what is a visible line in review.
func TestEveryAddressAnswersEveryMemberAsTheGoldenFileSays(t *testing.T) {
	t.Parallel()
	s := &stage{t: t}
	golden(t, "access.golden", s.table())
}

// table is every address as every member, cell by cell.
func (s *stage) table() string {
	t := s.t
	t.Helper()
	s.fresh()
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "address\tthing\tact\tarticle\t%s\n", strings.Join(members, "\t"))
	fmt.Fprintf(w, "\t\t\t\t%s\n", strings.Join(heads, "\t"))
	read, closed := map[string]string{}, []string{}
	for i, a := range attempts(t) {
		if s.only != "" && a.Method != s.only || s.step != 0 && i%s.step != 0 {
			continue
		}
		rule, _ := policy.RuleOf(a.Act)
		fmt.Fprintf(w, "%s %s\t%s\t%s\t%s", a.Method, a.Path, a.object, a.Act, rule.By)
		changed := false
		for _, word := range members {
			got := s.try(a, word)
			fmt.Fprint(w, "\t", cell(got))
			if got.StatusCode >= 500 {
				t.Errorf("%s %s (%s) as %s: %d", a.Method, a.Path, a.object, word, got.StatusCode)
			}
			if a.Method == http.MethodGet && parent(a) == a.Path+" "+a.object {
				read[word+" "+parent(a)] = cell(got)
			}
			if cell(got) != "404" {
				closed = append(closed, word+" "+parent(a))
			}
			s.silent(a, word, got)
			if seq := s.acts(); seq != s.seq {
				s.seq, changed = seq, changed || a.Method == http.MethodPost
			}
			if changed && a.object != "" {
				s.fresh()
				changed = false
			}
		}
		if changed { // where there is no thing each did something of his own
			s.fresh()
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, key := range closed {
		if read[key] == "404" {
			t.Errorf("%s is not found, and yet another of its addresses answers otherwise: that tells that it is there", key)
		}
	}
	return trimmed(out.String())
}

// parent is the thing an address is about and the address where it is read.
func parent(a attempt) string {
	parts := strings.Split(a.Path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") {
			parts = parts[:i+1]
			break
		}
	}
	return strings.Join(parts, "/") + " " + a.object
}

// trimmed takes the spaces off the ends of lines.
func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// requestID is what alone may differ between two answers to a machine.
var requestID = regexp.MustCompile(`"request":"[^"]*"`)

// silent holds a "not found" against that of a thing which is nowhere: who may
// not see it must not learn that it exists (THREATS T12).
func (s *stage) silent(a attempt, word string, got answer) {
	s.t.Helper()
	if got.StatusCode != http.StatusNotFound || a.object == "" || a.object == "unknown" || a.object == "nothing" {
		return
	}
	there := a.address(s.objects)
	a.object = "unknown"
	key := a.Method + " " + a.address(s.objects) + " as " + word
	nowhere, known := s.nowhere[key]
	if !known {
		nowhere = s.try(a, word)
		s.nowhere[key] = nowhere
	}
	if nowhere.StatusCode != http.StatusNotFound {
		s.t.Errorf("%s as %s: a thing that is nowhere answers %d", there, word, nowhere.StatusCode)
	}
	body, parts := got.body, strings.Split(a.address(s.objects), "/")
	for i, part := range strings.Split(there, "/") {
		if part != parts[i] {
			body = strings.ReplaceAll(body, part, parts[i])
		}
	}
	if requestID.ReplaceAllString(body, "") != requestID.ReplaceAllString(nowhere.body, "") {
		s.t.Errorf("%s %s as %s: what is not his differs from what is not there", a.Method, there, word)
	}
	for name := range nowhere.Header {
		if name != "X-Request-Id" && got.Header.Get(name) != nowhere.Header.Get(name) {
			s.t.Errorf("%s %s as %s: header %s differs from that of what is not there", a.Method, there, word, name)
		}
	}
	if len(got.Header) != len(nowhere.Header) {
		s.t.Errorf("%s %s as %s: %d headers, %d where nothing is", a.Method, there, word, len(got.Header), len(nowhere.Header))
	}
}

func lastID(path string) string {
	for _, part := range strings.Split(path, "/") {
		if _, err := uuid.Parse(part); err == nil {
			return part
		}
	}
	return path
}

// What the golden file must never come to say, whoever updates it.
func TestNoGoldenFileCanOpenWhatTheLawCloses(t *testing.T) {
	t.Parallel()
	s := &stage{t: t}
	s.fresh()
	closed := []struct {
		who, method, path, object string
	}{
		{"asel", "GET", "/cases/:case", "theft"},
		{"asel", "GET", "/filings/:filing", "filed"},
		{"aigul", "GET", "/cases/:case", "fraud"}, // her status is not confirmed
		{"aigul", "GET", "/decisions/:decision", "flagged"},
		{"aigul", "GET", "/decisions/:decision", "unsigned"},
		{"aigul", "GET", "/decisions/:decision/copy", "fact"},
		{"serik", "GET", "/decisions/:decision", "flagged"},
		{"serik", "GET", "/filings/:filing", "filed"},
		{"saule", "GET", "/filings/:filing/document", "filed"},
		{"dana", "GET", "/filings/:filing", "filed"}, // the other side's
		{"daniyar", "GET", "/filings/:filing", "draft"},
		{"daniyar", "GET", "/filings/:filing", "complaint"}, // about himself
		{"zhanar", "GET", "/filings/:filing", "draft"},
		{"zhanar", "GET", "/decisions/:decision", "unsigned"},
		{"zhanar", "POST", "/filings/:filing/grant", "filed"}, // not hers to decide
		{"aigul", "POST", "/filings/:filing/grant", "filed"},
		{"serik", "GET", "/decisions/:decision", "submitted"}, // the prosecutor has not agreed
		{"dana", "GET", "/decisions/:decision/copy", "submitted"},
		{"daniyar", "POST", "/decisions/:decision/agreement/assent", "submitted"}, // his own
		{"aigul", "POST", "/participants/:participant/confirmation", "awaiting"},
		{"timur", "GET", "/verify/:document", "unsigned paper"},
	}
	for _, c := range closed {
		a := attempt{Route: portal.Route{Method: c.method, Path: c.path}, object: c.object}
		if got := s.try(a, c.who); got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s (%s) as %s: %d", c.method, c.path, c.object, c.who, got.StatusCode)
		}
	}
}

// Nothing a list shows leads where its reader may not go, and nothing of others
// stands in it.
func TestEveryLinkOnEveryPageOpensForTheOneWhoSeesIt(t *testing.T) {
	t.Parallel()
	s := &stage{t: t}
	s.fresh()
	for _, word := range members {
		g, seen := s.guest(word), map[string]bool{}
		queue := []string{"/kk/", "/kk/cases", "/kk/filings"}
		switch word {
		case nobody:
			queue = []string{"/kk/"}
		case "daniyar":
			queue = append(queue, "/kk/desk")
		case "zhanar":
			queue = append(queue, "/kk/oversight")
		case "ermek":
			queue = append(queue, "/kk/desk")
		case "marat":
			queue = append(queue, "/kk/unit", "/kk/directory")
		case "gulnar":
			queue = append(queue, "/kk/office", "/kk/directory")
		case "bolat", "raushan":
			queue = append(queue, "/kk/directory")
		}
		for len(queue) > 0 {
			to := queue[0]
			queue = queue[1:]
			if seen[to] {
				continue
			}
			seen[to] = true
			got := g.get(to)
			if got.StatusCode >= 400 {
				t.Errorf("%s as %s, linked from a page of his: %d", to, word, got.StatusCode)
			}
			if word == nobody && cell(got) == "in" {
				continue
			}
			for _, m := range links.FindAllStringSubmatch(got.body, -1) {
				queue = append(queue, strings.ReplaceAll(m[1], "&amp;", "&"))
			}
		}
		if len(seen) < 5 {
			t.Errorf("%s found only %d addresses: the search is broken", word, len(seen))
		}
		t.Logf("%s: %d addresses", word, len(seen))
	}
}
