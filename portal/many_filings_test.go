package portal_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/agenda"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/report"
	"zharia/portal/vault"
)

// walk goes from part to part of a list and is the ids it shows, in their order, and how
// many are in each part.
func (f *front) walk(g *guest, list, from, param string) (ids []string, parts []int) {
	f.t.Helper()
	link := regexp.MustCompile(`<(?:li|th scope="row" role="rowheader")><a href="/kk/(?:filings|reports)/([0-9a-f-]{36})">`)
	next := regexp.MustCompile(`href="(` + list + `\?` + param + `=[0-9a-f-]{36})(#[a-z]+)?"`)
	title, names := regexp.MustCompile(`<title>[^<]*</title>`), map[string]bool{}
	for path := from; path != ""; {
		body := g.get(path).want(f.t, path, http.StatusOK).body
		found := link.FindAllStringSubmatch(body, -1)
		for _, one := range found {
			if slices.Contains(ids, one[1]) {
				f.t.Errorf("%s: %s is listed twice", path, one[1])
			}
			ids = append(ids, one[1])
		}
		if first := regexp.MustCompile(`href="` + list + `(#[a-z]+)?"`); path != list && !first.MatchString(body) {
			f.t.Errorf("%s: nothing leads back to the first part", path)
		}
		names[title.FindString(body)] = true
		parts, path = append(parts, len(found)), ""
		if to := next.FindStringSubmatch(body); to != nil {
			if path = to[1]; to[2] != "" && !strings.Contains(body, `id="`+to[2][1:]+`"`) {
				f.t.Errorf("%s: there is no %s", path, to[2])
			}
		}
	}
	if !strings.Contains(list, "/cases/") && from == list && len(parts) > 1 && len(names) < 2 { // a case has its list among other things
		f.t.Errorf("%s: a further part is called like the first: %v", list, names)
	}
	return ids, parts
}

func sameIDs(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// A person who files day after day reaches each of his filings, a hundred at a time, and
// comes to sign the next: no page opens all of them.
func TestWhoHasFiledMuchReachesEachAndGoesOn(t *testing.T) {
	t.Parallel()
	f := open(t)
	var all []string
	for i := range 107 {
		f.At = f.At.Add(time.Duration(i%3) * time.Minute) // some at one moment
		id := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition})
		if i < 22 {
			if err := f.Submit(f.Aigul, id); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, id.String())
	}
	g := f.as(f.Aigul)
	for _, list := range []string{"/kk/filings", "/kk/cases/" + f.Theft.String()} {
		seen, parts := f.walk(g, list, list, "before")
		if !sameIDs(seen, all) || len(parts) != 2 || parts[0] != 100 {
			t.Errorf("%s: %d of %d are listed, in parts of %v", list, len(seen), len(all), parts)
		}
		g.get(list+"?before="+uuid.NewString()).want(t, "after what is not there: the first part", http.StatusOK)
		if body := g.get(list+"?before="+seen[len(seen)-1]).want(t, "after the last", http.StatusOK).body; strings.Contains(body, f.Words.In("kk").T("filings.empty")) {
			t.Errorf("%s: after the last it is said that nothing was filed", list)
		}
		g.get(list+"?before=x").want(t, "after no id", http.StatusNotFound)
	}
	if whole, err := filing.AllOfCase(t.Context(), f.DB, f.Aigul.Asks(policy.FilingRead), f.Theft); err != nil || len(whole) != len(all) {
		t.Errorf("%d of %d where none may be missing: %v", len(whole), len(all), err)
	}
	draft, err := filing.Read(t.Context(), f.DB, f.Aigul.Asks(policy.FilingRead), f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition}))
	if err != nil {
		t.Fatal(err)
	}
	same, err := filing.Same(t.Context(), f.DB, f.Aigul.Asks(policy.FilingRead), draft)
	if err != nil || len(same) != 20 {
		t.Errorf("of 22 like it %d were compared: %v", len(same), err)
	}
}

// pile puts n filings more like one upon a desk, each due so long after the clock of the
// world. Their papers are no papers: no list opens one.
func (f *front) pile(like uuid.UUID, n int, due func(i int) time.Duration) (ids []string) {
	f.t.Helper()
	for i := range n {
		id := uuid.New()
		text, err := f.DB.SealText(vault.Where{Table: "filing", Column: "circumstances", ID: id}.In(vault.Home{Case: f.Theft}), portaltest.Circumstances, f.Aigul.Person)
		if err != nil {
			f.t.Fatal(err)
		}
		if _, err := f.SQL.Exec(`
			WITH paper AS (INSERT INTO document
				SELECT (jsonb_populate_record(d, jsonb_build_object('id', CAST($2 AS uuid)))).* FROM document d JOIN filing l ON l.document = d.id WHERE l.id = $1)
			INSERT INTO filing
			SELECT (jsonb_populate_record(l, jsonb_build_object('id', CAST($2 AS uuid), 'document', CAST($2 AS uuid), 'number', CAST($3 AS text),
				'circumstances', CAST($4 AS bytea), 'due_raw', CAST($5 AS text), 'due_at', CAST($5 AS text)))).*
			  FROM filing l WHERE l.id = $1`, like, id.String(), fmt.Sprintf("2026-9%05d", i), text, f.At.Add(due(i)).Format(time.RFC3339)); err != nil {
			f.t.Fatal(err)
		}
		ids = append(ids, id.String())
	}
	return ids
}

// An official to whom hundreds wrote reaches each of them, the most urgent first, and his
// desk opens by the hundred.
func TestWhoMustAnswerHundredsReachesEachTheMostUrgentFirst(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	all := append(f.pile(id, 307, func(i int) time.Duration { return time.Duration((i*101%307-150)/3) * time.Hour }), id.String())
	f.SQL.MustExec(`ANALYZE`)
	strange := f.Complaint(f.Serik, f.Theft, "other", "")
	f.SQL.MustExec(`UPDATE filing SET due_at = due_at + interval '1 year', decider = $2 WHERE id = $1`, strange, f.Ermek.Person)
	for _, desk := range []struct {
		who        *portaltest.Actor
		seat, page string
	}{
		{f.Marat, "head", "/kk/unit"}, {f.Gulnar, "chief", "/kk/office"}, {f.Zhanar, "prosecutor", "/kk/oversight"}, {f.Aliya, "judge", "/kk/chamber"},
	} {
		f.SQL.MustExec(`UPDATE filing SET decider = $1, seat = $2 WHERE id <> $3`, desk.who.Person, desk.seat, strange)
		g := f.as(desk.who)
		first, err := filing.Inbox(desk.who.As(t.Context()), f.App, desk.who.Asks(policy.FilingRead), uuid.Nil)
		if err != nil || len(first.Filings) != 100 {
			t.Fatalf("%s: %d at once, %v", desk.page, len(first.Filings), err)
		}
		body := g.get(desk.page).want(t, desk.page, http.StatusOK).body
		if !strings.Contains(body, `href="`+desk.page+"?after="+first.Last.String()) {
			t.Errorf("%s: nothing leads on", desk.page)
		}
		if !strings.Contains(body, f.Words.In("kk").T("inbox.part", "n", 100)) {
			t.Errorf("%s: it does not say that these are not all", desk.page)
		}
		ids, parts := f.walk(g, desk.page, desk.page+"?after="+first.Filings[98].ID.String(), "after")
		if len(ids) != 209 || !slices.Equal(parts, []int{100, 100, 9}) || ids[0] != first.Last.String() {
			t.Errorf("%s: %d follow, in parts of %v", desk.page, len(ids), parts)
		}
		g.get(desk.page+"?after=x").want(t, "after no id", http.StatusNotFound)
	}
	f.SQL.MustExec(`UPDATE filing SET decider = $1, seat = 'investigator' WHERE id <> $2`, f.Daniyar.Person, strange)
	g := f.as(f.Daniyar)
	ids, parts := f.walk(g, "/kk/desk", "/kk/desk", "after")
	if !sameIDs(ids, all) || len(parts) != 4 {
		t.Errorf("%d of %d are listed, in parts of %v", len(ids), len(all), parts)
	}
	var order, late []string
	if err := f.SQL.Select(&order, `SELECT id FROM filing WHERE id <> $1 ORDER BY due_at, filed_at, id`, strange); err != nil || !slices.Equal(order, ids) {
		t.Errorf("not in the order of their terms: %v", err)
	}
	if err := f.SQL.Select(&late, `SELECT id FROM filing WHERE id <> $1 AND due_at <= $2`, strange, f.At); err != nil || len(late) < 101 {
		t.Fatalf("%d are overdue, %v", len(late), err)
	}
	body := g.get("/kk/desk").want(t, "desk", http.StatusOK).body
	if said := f.Words.In("kk").T("desk.overdue", "n", len(late)); !strings.Contains(body, said) {
		t.Errorf("the desk does not say that %d are overdue", len(late))
	}
	if !strings.Contains(body, f.Words.In("kk").T("inbox.part", "n", 100)) {
		t.Error("the desk does not say that these are not all")
	}
	for what, place := range map[string]uuid.UUID{"nobody's": uuid.New(), "another's": strange} {
		if got, parts := f.walk(g, "/kk/desk", "/kk/desk?after="+place.String(), "after"); !slices.Equal(got, ids) || len(parts) != 4 {
			t.Errorf("after %s id the list does not begin anew: %d in %v", what, len(got), parts)
		}
	}
	f.SQL.MustExec(`UPDATE filing SET status = 'granted', ended_at = $2 WHERE id = $1`, ids[99], f.At)
	if got, _ := f.walk(g, "/kk/desk", "/kk/desk?after="+ids[99], "after"); !slices.Equal(got, ids[100:]) {
		t.Errorf("when the last of the part was answered, %d of %d follow", len(got), len(ids)-100)
	}
	if body := g.get("/kk/desk?after="+ids[len(ids)-1]).want(t, "after the last", http.StatusOK).body; !strings.Contains(body, f.Words.In("kk").T("inbox.end")) {
		t.Error("the end is not told")
	}
	terms, err := agenda.Gather(f.Daniyar.As(t.Context()), f.App, f.Daniyar.Asks(policy.ClientTerms))
	if err != nil || len(terms) != 200 || terms[0].Of.String() != ids[0] || slices.ContainsFunc(terms, func(t agenda.Term) bool { return t.Of.String() == ids[len(ids)-1] }) {
		t.Errorf("his agenda has %d terms, %v", len(terms), err)
	}
}

// Who reported much reaches each report.
func TestWhoHasReportedMuchReachesEach(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Report(f.Aigul, f.Story())
	all := []string{id.String()}
	for i := range 107 {
		more := uuid.NewString()
		f.SQL.MustExec(`
			INSERT INTO report
			SELECT (jsonb_populate_record(r, jsonb_build_object('id', CAST($2 AS uuid), 'document', NULL, 'number', CAST($3 AS text), 'slip_hash', sha256($4), 'registered_at', CAST($5 AS text), 'previous', CAST($6 AS uuid)))).*
			  FROM report r WHERE r.id = $1`, id, more, fmt.Sprintf("7503-26-%06d", 900000+i), []byte(more), f.At.Add(time.Duration(i+1)*time.Minute).Format(time.RFC3339), all[i])
		all = append(all, more)
	}
	g := f.as(f.Aigul)
	ids, parts := f.walk(g, "/kk/reports", "/kk/reports", "before")
	if !sameIDs(ids, all) || !slices.Equal(parts, []int{100, 8}) {
		t.Errorf("%d of %d are listed, in parts of %v", len(ids), len(all), parts)
	}
	if body := g.get("/kk/reports?before="+ids[len(ids)-1]).want(t, "after the last", http.StatusOK).body; !strings.Contains(body, f.Words.In("kk").T("inbox.end")) || strings.Contains(body, f.Words.In("kk").T("reports.none")) {
		t.Error("after the last report the end is not told")
	}
	strange := f.Report(f.Nurlan, f.Story())
	for _, place := range []string{strange.String(), uuid.NewString()} {
		if got, _ := f.walk(g, "/kk/reports", "/kk/reports?before="+place, "before"); !slices.Equal(got, ids) {
			t.Errorf("after an id that is not hers %d are listed", len(got))
		}
	}
	g.get("/kk/reports?before=x").want(t, "after no id", http.StatusNotFound)
	if mine, more, err := report.Own(f.Nurlan.As(t.Context()), f.App, f.Nurlan.Asks(policy.ReportList), uuid.MustParse(ids[50])); err != nil || more || len(mine) != 1 {
		t.Errorf("another lists %d, %v", len(mine), err)
	}
}
