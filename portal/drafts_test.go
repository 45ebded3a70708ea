package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

var papers = regexp.MustCompile(`name="paper" value="([^"]+)"`)

// prepare has Daniyar prepare a ruling, a confirmation and an ending, and sign none.
func (f *front) prepare() (ruling, waiting, leaving uuid.UUID) {
	f.t.Helper()
	ruling, waiting, leaving = f.draftRuling(), f.Participant("aigul@fraud"), f.Participant("serik@theft")
	grant := casefile.Grant{Language: "kk", Role: policy.Victim, Basis: "ruling", Since: f.At.Truncate(24 * time.Hour)}
	if err := casefile.DraftGrant(f.t.Context(), f.DB, f.Press, f.Daniyar.Asks(policy.ParticipantDraft), waiting, grant); err != nil {
		f.t.Fatal(err)
	}
	if err := casefile.DraftEnd(f.t.Context(), f.DB, f.Press, f.Daniyar.Asks(policy.ParticipantEnding), leaving, "kk", portaltest.Reasons); err != nil {
		f.t.Fatal(err)
	}
	return ruling, waiting, leaving
}

// together fills the form of the page that signs several, each with a signature over
// its own paper.
func (g *guest) together(page answer) url.Values {
	g.t.Helper()
	fields := url.Values{}
	for _, m := range papers.FindAllStringSubmatch(page.body, -1) {
		fields.Add("paper", m[1])
	}
	for to := range strings.SplitSeq(page.attribute(g.t, "data-content-url"), "%20") {
		paper := g.get(to).want(g.t, "a paper", http.StatusOK)
		fields.Add("signature", g.signature(g.Daniyar.Key, []byte(paper.body), false))
	}
	if len(fields["paper"]) == 0 || len(fields["paper"]) != len(fields["signature"]) || strings.Count(page.body, `name="signature"`) != len(fields["paper"]) {
		g.t.Fatalf("the page offers %d papers at %d addresses", len(fields["paper"]), len(fields["signature"]))
	}
	return fields
}

// fates are what became of the three.
func (f *front) fates(ruling, waiting, leaving uuid.UUID) string {
	f.t.Helper()
	var out []string
	for _, q := range []string{`SELECT status FROM decision WHERE id = $1`, `SELECT status FROM participant WHERE id = $1`, `SELECT status FROM participant WHERE id = $1`} {
		var status string
		if err := f.SQL.GetContext(f.t.Context(), &status, q, []uuid.UUID{ruling, waiting, leaving}[len(out)]); err != nil {
			f.t.Fatal(err)
		}
		out = append(out, status)
	}
	return strings.Join(out, " ")
}

// Of what goes to the prosecutor the list says which ruling it is, and of one on a person that
// names nobody that nobody will see it: they are signed from here without another page.
func TestTheListOfPapersSaysWhichRulingEachIsAndWhomItLeavesOut(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.draftSuspicion()
	list := func() answer { return f.as(f.Daniyar).get("/kk/desk/drafts").want(t, "the list", http.StatusOK) }
	if page := list(); !f.on(page, "kk", "kind.qualified") || f.on(page, "kk", "decision_check.warn.nobody") {
		t.Error("it is not said which ruling goes to the prosecutor, or that it names nobody")
	}
	f.decides(decisionFields(uuid.Must(uuid.NewV7()), "detained", nil)).want(t, "a ruling that names nobody", http.StatusSeeOther)
	if page := list(); !f.on(page, "kk", "kind.detained") || !f.on(page, "kk", "decision_check.warn.nobody") {
		t.Error("it is not said that nobody will see it")
	}
}

func TestSeveralPapersAreSignedAtOnceAndEachHasItsOwnFate(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Daniyar)
	w := f.Words.In("kk")
	empty := g.get("/kk/desk/drafts").want(t, "nothing to sign", http.StatusOK)
	if !strings.Contains(empty.body, w.T("desk_drafts.empty")) || strings.Contains(empty.body, "data-sign") {
		t.Error("the empty page offers to sign")
	}
	ruling, waiting, leaving := f.prepare()
	if desk := g.get("/kk/desk").body; !strings.Contains(desk, w.T("desk.drafts", "n", 3)) {
		t.Error("the desk does not say that three papers wait")
	}
	page := g.get("/kk/desk/drafts").want(t, "the list", http.StatusOK)
	fields := g.together(page)
	if len(fields["paper"]) != 3 {
		t.Fatalf("%d papers", len(fields["paper"]))
	}
	whole(t, "desk_drafts", page.body, "kk")

	// One signature is over the paper beside it: it alone is refused.
	i := slices.IndexFunc(fields["paper"], func(p string) bool { return strings.HasPrefix(p, "participant-confirm ") })
	right := fields["signature"][i]
	fields["signature"][i] = fields["signature"][(i+1)%3]
	done := g.post("/kk/desk/drafts/signature", fields).want(t, "three signatures", http.StatusOK)
	if got := f.fates(ruling, waiting, leaving); got != "published awaiting ended" {
		t.Errorf("what became of them: %s", got)
	}
	if n := strings.Count(done.body, w.T("desk_drafts.signed")); n != 2 || !strings.Contains(done.body, w.T("fault.eds.content-differs")) {
		t.Errorf("the page tells of %d signed", n)
	}
	whole(t, "desk_drafts, done", done.body, "kk")

	// The rest is offered again; what is done is told as done.
	fields["signature"][i] = right
	done = g.post("/kk/desk/drafts/signature", fields).want(t, "all once more", http.StatusOK)
	if got := f.fates(ruling, waiting, leaving); got != "published confirmed ended" {
		t.Errorf("what became of them: %s", got)
	}
	if n := strings.Count(done.body, w.T("desk_drafts.signed")); n != 3 || strings.Contains(done.body, w.T("desk_drafts.refused")) {
		t.Errorf("the page tells of %d signed", n)
	}
	f.Want(t, `SELECT act FROM record WHERE act IN ('decision-publish', 'participant-confirm', 'participant-end') ORDER BY seq DESC LIMIT 3`, `
		act
		participant-confirm
		participant-end
		decision-publish`)
	f.Sound()
}

func TestSigningSeveralTakesNothingButOwnPapers(t *testing.T) {
	t.Parallel()
	f := open(t)
	ruling, waiting, leaving := f.prepare()
	g := f.as(f.Daniyar)
	good := g.together(g.get("/kk/desk/drafts"))
	for what, change := range map[string]func(url.Values){
		"no paper":         func(v url.Values) { v.Del("paper") },
		"no signature":     func(v url.Values) { v.Del("signature") },
		"fewer signatures": func(v url.Values) { v["signature"] = v["signature"][:2] },
		"more than at once": func(v url.Values) {
			v["paper"], v["signature"] = slices.Repeat(v["paper"], 4), slices.Repeat(v["signature"], 4)
		},
		"an act that is not for this": func(v url.Values) { v["paper"][0] = fmt.Sprintf("filing-submit %s %064d", ruling, 0) },
		"no thing":                    func(v url.Values) { v["paper"][0] = "decision-publish x " + strings.Repeat("0", 64) },
		"no digest":                   func(v url.Values) { v["paper"][0] = fmt.Sprintf("decision-publish %s z", ruling) },
		"words":                       func(v url.Values) { v["paper"][0] = "<script>" },
	} {
		fields := url.Values{"paper": slices.Clone(good["paper"]), "signature": slices.Clone(good["signature"])}
		change(fields)
		if got := g.post("/kk/desk/drafts/signature", fields); got.StatusCode < 400 || got.StatusCode >= 500 {
			t.Errorf("%s: %d", what, got.StatusCode)
		}
	}
	for _, other := range []*guest{f.as(f.Zhanar), f.as(f.Aigul)} {
		if got := other.post("/kk/desk/drafts/signature", good); got.StatusCode != http.StatusForbidden && got.StatusCode != http.StatusNotFound {
			t.Errorf("another signs: %d", got.StatusCode)
		}
		if got := other.get("/kk/desk/drafts"); got.StatusCode != http.StatusForbidden && got.StatusCode != http.StatusNotFound {
			t.Errorf("another looks: %d", got.StatusCode)
		}
	}
	if got := f.fates(ruling, waiting, leaving); got != "draft awaiting confirmed" {
		t.Errorf("what became of them: %s", got)
	}
	f.Sound()
}

// One entering of the password, one call of the program: in a real browser.
func TestSeveralPapersAreSignedByOneCallOfTheProgram(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := &front{t: t, W: s.W}
	ruling, waiting, leaving := f.prepare()
	v := s.visit(t, "11", "kk", phone)
	v.signIn("daniyar")
	v.open("drafts", "/desk/drafts")
	v.want("papers", v.count("main ul.list li"), "3")
	v.sign("drafts-signed")
	v.want("status", v.status(), "200")
	if got := f.fates(ruling, waiting, leaving); got != "published confirmed ended" {
		t.Errorf("what became of them: %s, the page: %s", got, v.main())
	}
}
