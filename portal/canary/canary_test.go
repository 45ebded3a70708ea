package canary_test

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia"
	"zharia/portal"
	"zharia/portal/canary"
	"zharia/portal/notice"
	"zharia/portal/portaltest"
)

// ADMINBLIND A01 and A16: people fill in every form with words that stand nowhere else;
// then everything that the machines have kept is searched for them.
func TestNothingThatPeopleWriteStandsAnywhereInClear(t *testing.T) {
	e := &estate{t: t, work: t.TempDir(), tmp: t.TempDir()}
	e.log = filepath.Join(e.work, "portal.log")
	logged, err := os.OpenFile(e.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer logged.Close()
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})))

	// The server tells its log all it can, as an administrator may have it do at any time.
	settings := []string{"log_statement=all", "log_min_duration_statement=0", "log_connections=on", "log_error_verbosity=verbose", "track_activity_query_size=1MB"}
	if everywhere {
		settings = append(settings, "shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=all")
	}
	began := time.Now()
	w, server := portaltest.Private(t, settings...)
	e.server, e.sql = server, w.SQL
	if everywhere {
		e.standby()
		if _, err := w.SQL.Exec(`CREATE EXTENSION pg_stat_statements`); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TMPDIR", e.tmp) // from here on: of the portal and of what it starts
	e.spy()
	p := &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579",
		Clock: func() time.Time { return w.At }, Channels: notice.Outward,
	}
	seed := uint64(began.UnixNano())
	t.Logf("seed %d", seed)
	a := &aviary{Brood: canary.Hatch(seed), t: t, at: func() time.Time { return w.At }, typed: map[string]bool{}}
	p.Register = register(a, w)
	if a.Handler, err = p.Handler(); err != nil {
		t.Fatal(err)
	}
	a.lives(w)
	a.brings(w)
	if t.Failed() {
		t.Fatal("people could not do what they came for")
	}
	a.kept(w)
	a.known(w)
	fields := everyField(t)
	for _, f := range fields {
		if !a.typed[f] && !unasked[f] {
			t.Errorf("nobody has typed a canary into %s: let somebody, or say why not", f)
		}
	}
	if len(fields) < 40 {
		t.Fatalf("the templates have only %d fields: they are not read rightly", len(fields))
	}
	lived := time.Since(began)

	var brood *canary.Brood
	brood, e.decoys = decoys(seed + 1)
	e.plant()
	e.net = canary.Knit(slices.Concat(a.All, brood.All), e.work)
	e.searchAll()

	leaks := 0
	for _, h := range e.net.Caught {
		if !strings.HasPrefix(h.Canary, "decoy: ") {
			leaks++
			t.Errorf("in clear: %v", h)
		}
	}
	t.Logf("%d canaries in %d fields, %d forms with those of %d decoys, %d places, %.0f MB, %d streams inflated: %d hits; lived %v, searched %v",
		len(a.All), len(a.typed), e.net.Forms(), len(e.decoys), len(e.places), float64(e.net.Bytes)/1e6, e.net.Inflated, leaks, lived.Round(time.Second), (time.Since(began) - lived).Round(time.Second))
}

// kept says that what was typed has come to where it is kept: a word that was refused
// proves nothing of a table.
func (a *aviary) kept(w *portaltest.W) {
	a.t.Helper()
	for _, table := range []string{
		"person", "known", "casefile", "request", "confirmation", "assent", "decision_text", "exposure", "redaction", "pretext", "objection",
		"material", "material_page", "familiarisation", "plea", "filing", "supplement", "point", "answer", "resolution", "dispute", "message", "forward", "extension",
		"addition_point", "cancellation", "attachment", "attachment_chunk", "count_objection", "assistant", "errand", "inbound", "typed", "phone_request", "document", "evidence", "report", "report_decision", "contact",
	} {
		var there bool
		if err := w.SQL.Get(&there, `SELECT EXISTS (SELECT FROM `+table+`)`); err != nil || !there {
			a.t.Errorf("nothing that was typed has come into %s; %v", table, err)
		}
	}
	for _, what := range []string{`decision WHERE severs IS NOT NULL`, `participant WHERE advocate IS NOT NULL`, `objection WHERE answer IS NOT NULL`,
		`familiarisation WHERE motions IS NOT NULL`, `typed WHERE fields IS NOT NULL`, `opening WHERE words IS NOT NULL`, `addition_point WHERE reply IS NOT NULL`} {
		var there bool
		if err := w.SQL.Get(&there, `SELECT EXISTS (SELECT FROM `+what+`)`); err != nil || !there {
			a.t.Errorf("nothing that was typed has come into %s; %v", what, err)
		}
	}
}

// known adds what was there before anybody typed: who the citizens of the cast are,
// and the numbers of their cases. Officials are known by name to everybody, and by no
// number to anybody.
func (a *aviary) known(w *portaltest.W) {
	a.t.Helper()
	for _, word := range slices.Clone(w.Troupe.Order) {
		m := w.Troupe.Members[word]
		if !m.Sound() || m.IIN == "" {
			continue
		}
		a.Known(word+" iin", m.IIN.Reveal())
		if m.Post == "" {
			a.Known(word+" name", m.FullName())
			a.Known(word+" in short", m.Surname+" "+m.Name)
		}
	}
	a.Known("number of the theft", w.Number(w.Theft))
	a.Known("number of the fraud", w.Number(w.Fraud))
}

// unasked are fields that are another's on the same page, or hold no words of people.
var unasked = map[string]bool{
	"contact-confirm.code":       true, // six digits that the portal sent
	"book-draft.earlier":         true, // a number of the book, which is no secret
	"book-draft.erdr":            true, // stands in one sealed text with book-draft.reasons, and must begin with a year and a region
	"participant-draft.advocate": true, // of who acts for another: the form participant-add has the same
}

var (
	formOf   = regexp.MustCompile(`(?s)<form[^>]*method="post"[^>]*action="\{\{link "([a-z-]+)"(.*?)</form>`)
	fieldOf  = regexp.MustCompile(`\{\{template "(?:line|area)" \((?:field [$.A-Za-z]+ "([a-z_-]+)"|dict "Name" "([a-z_-]+)"|field [$.A-Za-z]+ (\.[A-Za-z]*))`)
	grantOf  = `{{template "grant" .}}`
	numbered = map[string][]string{ // the fields whose names a page makes
		"filing-ask": {"asked-N"}, "answer-draft": {"why-N", "article-N"}, "complain-draft": {"point-N"}, "errand-write": {"point-N"},
		"filing-create": {"point-N"}, "reply-draft": {"reply-N"}, "supplement-draft": {"point-N"},
	}
)

// everyField are the fields of text of all forms, as the templates have them.
func everyField(t *testing.T) (out []string) {
	t.Helper()
	files, err := fs.Glob(zharia.Templates, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	grant, err := fs.ReadFile(zharia.Templates, "templates/part_grant.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := fs.ReadFile(zharia.Templates, path)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range formOf.FindAllStringSubmatch(strings.ReplaceAll(string(text), grantOf, string(grant)), -1) {
			act := form[1]
			for _, f := range fieldOf.FindAllStringSubmatch(form[2], -1) {
				switch {
				case f[3] == "":
					out = append(out, act+"."+f[1]+f[2])
				case numbered[act] == nil:
					t.Errorf("%s: the form of %s has a field with a name that is made, and this test does not know which", path, act)
				default:
					for _, name := range numbered[act] {
						out = append(out, act+"."+name)
					}
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
