package portal_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/filing"
	"zharia/portal/policy"
)

// A person who files day after day reaches each of his filings, a hundred at a time, and
// comes to sign the next: no page opens all of them.
func TestWhoHasFiledMuchReachesEachAndGoesOn(t *testing.T) {
	t.Parallel()
	f := open(t)
	all := map[string]bool{}
	for i := range 107 {
		f.At = f.At.Add(time.Duration(i%3) * time.Minute) // some at one moment
		id := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition})
		if i < 22 {
			if err := f.Submit(f.Aigul, id); err != nil {
				t.Fatal(err)
			}
		}
		all[id.String()] = true
	}
	g := f.as(f.Aigul)
	link := regexp.MustCompile(`<li><a href="/kk/filings/([0-9a-f-]{36})">`)
	for _, list := range []string{"/kk/filings", "/kk/cases/" + f.Theft.String()} {
		seen := map[string]bool{}
		parts := []int{}
		for path := list; path != ""; {
			body := g.get(path).want(t, path, http.StatusOK).body
			found := link.FindAllStringSubmatch(body, -1)
			for _, one := range found {
				if seen[one[1]] || !all[one[1]] {
					t.Errorf("%s: %s is listed twice, or is none of hers", path, one[1])
				}
				seen[one[1]] = true
			}
			parts = append(parts, len(found))
			path = ""
			if next := regexp.MustCompile(`href="(` + list + `\?before=[0-9a-f-]{36})"`).FindStringSubmatch(body); next != nil {
				path = next[1]
			}
		}
		if len(seen) != len(all) || len(parts) != 2 || parts[0] != 100 {
			t.Errorf("%s: %d of %d are listed, in parts of %v", list, len(seen), len(all), parts)
		}
		g.get(list+"?before="+uuid.NewString()).want(t, "after what is not there: the first part", http.StatusOK)
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
