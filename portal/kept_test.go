package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// openKept puts a portal in front of a world whose texts a real keeper opens.
func openKept(t testing.TB, rules portaltest.Rules) (*front, *portaltest.Guard) {
	t.Helper()
	w := portaltest.World(t)
	g := w.Guard(rules)
	return openOver(t, w, w.Verifier), g
}

// What of the table of access is tried with fences taken off: each fifth row that is
// read; FENCES=all (make campaigns) tries every row, and with all fences the writing
// ones, too.
var (
	allFences = os.Getenv("FENCES") == "all"
	stepOf    = map[bool]int{false: 5, true: 1}[allFences]
)

// The keeper judges by signed papers what the portal judges by rows (ADMINBLIND A18):
// where both say yes nothing is closed, so no cell of the table of access is another.
// With the keeper's rules off it opens everything for whoever signed in, with the
// policies of the rows off the portal sees every row: the two fences that are left hold
// every address.
func TestEachFenceIsTakenOffAndNoCellOfTheTableOfAccessChanges(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, line := range reads(string(must(os.ReadFile("testdata/access.golden")))) {
		want[line] = true
	}
	for what, rules := range map[string]portaltest.Rules{
		"all fences": {}, "without the keeper's rules": {WithoutChain: true}, "without the fence of the database": {WithoutFence: true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := &stage{t: t, rules: &rules, only: http.MethodGet, step: stepOf}
			if allFences && what == "all fences" {
				s.only = ""
				golden(t, "access.golden", s.table())
				return
			}
			got := reads(s.table())
			for _, line := range got {
				if !want[line] {
					t.Errorf("another cell in\n%s", line)
				}
			}
			if len(got) < 500/stepOf {
				t.Errorf("only %d rows were tried", len(got))
			}
		})
	}
}

// reads are the lines of a table of access that only read, each with its cells.
func reads(table string) (lines []string) {
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, http.MethodGet+" ") {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
	}
	return lines
}

func TestEveryPageLooksTheSameThroughTheKeeper(t *testing.T) {
	t.Parallel()
	f, g := openKept(t, portaltest.Rules{})
	f.looks(t)
	if no := g.Refused(); len(no) > 0 {
		t.Errorf("pages ask the keeper for what it refuses:\n%s", strings.Join(no, "\n"))
	}
}

// The keeper alone, with nothing before it: a text of a case opens for those of the
// case by papers, whatever table it is in, and for nobody else.
func TestTheKeeperAloneOpensACaseForThoseOfTheCaseAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := portaltest.Kept(t)
	of := map[uuid.UUID]string{
		w.Theft: "aigul serik dana saule daniyar zhanar marat gulnar",
		w.Fraud: "timur dana daniyar zhanar marat gulnar",
	}
	var rows []struct {
		ID      uuid.UUID `db:"id"`
		Case    uuid.UUID `db:"casefile"`
		Author  uuid.UUID `db:"author"`
		Content []byte    `db:"content"`
	}
	if err := w.SQL.Select(&rows, `SELECT id, casefile, author, content FROM document WHERE casefile IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	opened, closed := 0, 0
	for _, word := range members {
		if word == nobody {
			continue
		}
		ctx := w.Actor(word).As(t.Context())
		for _, r := range rows {
			at, _ := document.Places(r.ID, vault.HomeOf(r.Case, uuid.Nil))
			_, err := w.App.Open(ctx, at, r.Content)
			if want := slices.Contains(strings.Fields(of[r.Case]), word); want != (err == nil) {
				t.Errorf("%s opens a paper of %s: %v, want %v (%v)", word, w.Word(r.Case), err == nil, want, err)
			}
			if err == nil {
				opened++
			} else {
				closed++
			}
		}
	}
	t.Logf("%d papers of 2 cases: %d openings, %d refusals", len(rows), opened, closed)
	if opened < 50 || closed < 50 {
		t.Error("too few to say anything")
	}
}

// inserted are rights that whoever owns the database writes into it, and who gets them
// (ADMINBLIND A03). None of them is signed.
func (f *front) inserted() map[string]*portaltest.Actor {
	f.t.Helper()
	exec := func(query string, args ...any) {
		f.t.Helper()
		if _, err := f.SQL.Exec(query, args...); err != nil {
			f.t.Fatalf("%s: %v", query, err)
		}
	}
	// The filing of the cast that somebody is made to decide.
	id := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, What: guide.Deed})
	if err := f.Submit(f.Aigul, id); err != nil {
		f.t.Fatal(err)
	}
	exec(`INSERT INTO officer (person, post, body) SELECT $1, 'head', body FROM officer WHERE person = $2`, f.Stranger.Person, f.Marat.Person)
	exec(`INSERT INTO participant (id, casefile, person, role, basis, status, asked_at, since, confirmed_at, confirmed_by)
		VALUES ($1, $2, $3, 'victim', 'ruling', 'confirmed', $4, '2026-10-01', $4, $5)`, fresh(), f.Theft, f.Nurlan.Person, f.At, f.Daniyar.Person)
	exec(`UPDATE casefile SET investigator = $2 WHERE id = $1`, f.Theft, f.Ermek.Person)
	exec(`INSERT INTO officer (person, post, body) SELECT $1, 'prosecutor', body FROM officer WHERE person = $2`, f.Timur.Person, f.Zhanar.Person)
	exec(`INSERT INTO substitution (id, officer, deputy, head, document, until, made_at, signed_at)
		SELECT $1, $2, $3, $4, id, '2027-01-01', $5, $5 FROM document WHERE casefile IS NOT NULL AND signed_at IS NOT NULL LIMIT 1`,
		fresh(), f.Zhanar.Person, f.Timur.Person, f.Gulnar.Person, f.At)
	exec(`UPDATE filing SET decider = $2, seat = 'higher' WHERE id = $1`, id, f.Samat.Person)
	return map[string]*portaltest.Actor{
		"an officer": f.Stranger, "a confirmed participant": f.Nurlan, "the case given to him": f.Ermek,
		"a substitution": f.Timur, "a filing to decide": f.Samat,
	}
}

// crawl reads all that somebody is led to, and what an insider knows the address of.
func (g *guest) crawl(also ...string) (read int, texts string) {
	const most = 60 // pages of one person
	var all strings.Builder
	seen := map[string]bool{}
	queue := append(also, "/kk/", "/kk/cases", "/kk/filings", "/kk/desk", "/kk/oversight", "/kk/unit", "/kk/office", "/kk/directory")
	for len(queue) > 0 && len(seen) < most {
		to := queue[0]
		queue = queue[1:]
		if seen[to] {
			continue
		}
		seen[to] = true
		got := g.get(to)
		if got.StatusCode != http.StatusOK {
			continue
		}
		read++
		all.WriteString(got.body)
		for _, m := range links.FindAllStringSubmatch(got.body, -1) {
			queue = append(queue, strings.ReplaceAll(m[1], "&amp;", "&"))
		}
	}
	return read, all.String()
}

// insiders gives everybody to whom rows gave a right a browser, and says how many keys
// of texts of the theft he got, and whether a name of it was shown to him.
func (f *front) insiders(g *portaltest.Guard) (given map[string]int, shown []string) {
	f.t.Helper()
	given = map[string]int{}
	theft := "/kk/cases/" + f.Theft.String()
	for what, who := range f.inserted() {
		browser := f.as(who)
		browser.post(theft+"/reason", url.Values{"reason": {"supervision"}}) // officials say why they look
		_, texts := browser.crawl(theft, theft+"/participants", theft+"/openings", "/kk/decisions/"+f.Decision("victim-recognised").String(),
			"/kk/decisions/"+f.Decision("search-done").String()+"/copy")
		given[what] = g.Given(who, f.Theft)
		for _, text := range []string{f.Number(f.Theft), f.Serik.FullName(), portaltest.Circumstances} {
			if strings.Contains(texts, text) {
				shown = append(shown, fmt.Sprintf("%s: %q", what, text))
			}
		}
	}
	return given, shown
}

// ADMINBLIND A03: with the fence of the database down and the portal believing the rows,
// the keeper opens nothing, for nobody signed them.
func TestRowsThatASuperuserWroteOpenNothingOverHTTP(t *testing.T) {
	t.Parallel()
	f, g := openKept(t, portaltest.Rules{WithoutFence: true})
	given, shown := f.insiders(g)
	for what, n := range given {
		if n > 0 {
			t.Errorf("%s opened %d texts of the case", what, n)
		}
	}
	if len(shown) > 0 {
		t.Errorf("shown of the case: %q", shown)
	}
	// Who has papers reads on.
	f.as(f.Aigul).get("/kk/cases/"+f.Theft.String()).want(t, "the victim's case", http.StatusOK)

	// The same rows, where the keeper goes by nothing: so the rows were to open something.
	f, g = openKept(t, portaltest.Rules{WithoutFence: true, WithoutChain: true})
	given, shown = f.insiders(g)
	for what, n := range given {
		if n == 0 {
			t.Errorf("%s gives nothing even where nobody asks for papers: this proves nothing", what)
		}
	}
	t.Logf("without the keeper's rules: %v, shown %d", given, len(shown))
	if len(shown) < len(given) {
		t.Errorf("without the keeper's rules only this was shown: %q", shown)
	}
}

// ADMINBLIND A14: the keeper stops, comes back sealed, is slow. What was begun is filed,
// what others would read is closed in plain words, and nothing is lost.
func TestFilingsBegunAreAcceptedWhateverBecomesOfTheKeeper(t *testing.T) {
	t.Parallel()
	for what, happens := range map[string]func(*portaltest.Guard) (back func()){
		"stopped": func(g *portaltest.Guard) func() {
			g.Stop()
			return func() { g.Start(); g.Unseal() }
		},
		"started anew and sealed": func(g *portaltest.Guard) func() {
			g.Stop()
			g.Start()
			return g.Unseal
		},
		"sealed": func(g *portaltest.Guard) func() {
			g.Seal()
			return g.Unseal
		},
		"slow": func(g *portaltest.Guard) func() {
			g.SetSlow(5 * time.Second)
			return func() {
				g.SetSlow(0)
				time.Sleep(4 * time.Second) // for a while nobody waits for it
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f, g := openKept(t, portaltest.Rules{})
			aigul, daniyar := f.as(f.Aigul), f.as(f.Daniyar)
			theft := "/kk/cases/" + f.Theft.String()
			aigul.get(theft+"/filings/new").want(t, "the form", http.StatusOK)
			id := fresh()
			path := "/kk/filings/" + id.String()

			back := happens(g)
			aigul.post(theft+"/filings", f.petition(id)).want(t, "the draft", http.StatusSeeOther)
			check := aigul.get(path).want(t, "the page before the signature", http.StatusOK)
			aigul.sign(check, f.Aigul.Key).want(t, "the signed petition", http.StatusSeeOther)
			began := time.Now()
			for lang, said := range map[string]string{"kk": "Құжаттар уақытша ашылмайды", "ru": "Документы временно не открываются"} {
				page := daniyar.get(strings.Replace(path, "/kk/", "/"+lang+"/", 1)).want(t, "another reads it", http.StatusServiceUnavailable)
				if !strings.Contains(page.body, said) {
					t.Errorf("%s: it does not say %q:\n%s", lang, said, short(page.body))
				}
			}
			t.Logf("two pages that say so took %v", time.Since(began).Round(time.Millisecond))
			f.Want(t, `SELECT status, number IS NOT NULL AS numbered, due_at IS NOT NULL AS counted, author FROM filing`, `
				status | numbered | counted | author
				filed  | true     | true    | aigul`)

			back()
			f.At = f.At.Add(time.Minute)
			page := daniyar.get(path).want(t, "the investigator reads it", http.StatusOK)
			if !strings.Contains(page.body, portaltest.Circumstances) {
				t.Error("what was filed meanwhile is lost")
			}
			f.Sound()
		})
	}
}

// Whoever writes rows makes his own session that of another: the keeper asks who signed
// for its key, and that is himself.
func TestASessionWhoseRowWasWrittenByASuperuserOpensNothing(t *testing.T) {
	t.Parallel()
	f, g := openKept(t, portaltest.Rules{})
	aigul := f.as(f.Aigul)
	theft := "/kk/cases/" + f.Theft.String()
	aigul.get(theft).want(t, "her case", http.StatusOK)
	forged := f.as(f.Stranger)
	if _, err := f.SQL.Exec(`UPDATE session SET person = $1 WHERE person = $2`, f.Aigul.Person, f.Stranger.Person); err != nil {
		t.Fatal(err)
	}
	before := g.Given(f.Aigul, f.Theft)
	if got := forged.get(theft); got.StatusCode == http.StatusOK {
		t.Errorf("it shows the case:\n%s", short(got.body))
	}
	if after := g.Given(f.Aigul, f.Theft); after != before {
		t.Errorf("it opened %d texts", after-before)
	}
}

// crowded has the victim file petitions that wait on the desk of Daniyar.
func (f *front) crowded(n int) {
	f.t.Helper()
	for range n {
		f.Petition(f.Aigul, f.Theft)
	}
}

// What the keeper costs a page: of the victim's case and of a desk with 200 filings,
// by a session that has read it before and by one that has just signed in.
func BenchmarkPagesThroughTheKeeper(b *testing.B) {
	plain := open(b)
	plain.crowded(200)
	kept, _ := openKept(b, portaltest.Rules{})
	kept.crowded(200)
	for _, of := range []struct {
		name string
		*front
	}{{"direct", plain}, {"kept", kept}} {
		for page, path := range map[string]string{"case": "/kk/cases/" + of.Theft.String(), "desk": "/kk/desk"} {
			who := map[string]*portaltest.Actor{"case": of.Aigul, "desk": of.Daniyar}[page]
			b.Run(of.name+"/"+page+"/again", func(b *testing.B) {
				g := of.as(who)
				g.get(path).want(b, page, http.StatusOK)
				calls, asked := of.Keeper.Calls.Load(), of.Keeper.Asked.Load()
				for b.Loop() {
					g.get(path)
				}
				b.ReportMetric(float64(of.Keeper.Calls.Load()-calls)/float64(b.N), "questions/page")
				b.ReportMetric(float64(of.Keeper.Asked.Load()-asked)/float64(b.N), "keys/page")
			})
			b.Run(of.name+"/"+page+"/first", func(b *testing.B) {
				calls, asked := of.Keeper.Calls.Load(), of.Keeper.Asked.Load()
				for b.Loop() {
					b.StopTimer()
					g := of.as(who)
					b.StartTimer()
					g.get(path)
				}
				b.ReportMetric(float64(of.Keeper.Calls.Load()-calls)/float64(b.N), "questions/page")
				b.ReportMetric(float64(of.Keeper.Asked.Load()-asked)/float64(b.N), "keys/page")
			})
		}
	}
}
