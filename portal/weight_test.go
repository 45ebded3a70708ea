package portal_test

import (
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"testing"

	"zharia/portal/filing"
	"zharia/portal/policy"
)

// maxWeight is how many bytes a page on which something is signed may bring over the
// wire, its styles, scripts and pictures included, to a browser that has none of
// them yet. The portal compresses files and not pages: a page that mixes secrets
// with what others write must not be compressed.
const maxWeight = 60 << 10

func TestAPageWhereSomethingIsSignedIsLight(t *testing.T) {
	t.Parallel()
	f := open(t)
	aigul := f.as(f.Aigul)
	draft := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}).String()
	for _, lang := range []string{"/kk", "/ru"} {
		pages := map[string]answer{
			"signing in": f.visitor().get(lang+"/signin").want(t, "signing in", http.StatusOK),
			"filing":     aigul.get(lang+"/filings/"+draft).want(t, "filing", http.StatusOK),
		}
		for name, guest := range map[string]*guest{"signing in": f.visitor(), "filing": aigul} {
			page := pages[name]
			if name == "signing in" {
				page = guest.get(lang + "/signin")
			}
			to, fields := page.formOf(t, `/phone"`)
			pages[name+" by phone"] = guest.get(guest.post(to, fields).want(t, "a code", http.StatusSeeOther).to()).want(t, "the code", http.StatusOK)
		}
		for name, page := range pages {
			wire, plain, files := page.weight(f)
			t.Logf("%s, %s: %d bytes over the wire (page %d), %d unpacked, %d files", lang, name, wire, len(page.body), plain, files)
			if wire > maxWeight {
				t.Errorf("%s, %s: %d bytes, at most %d", lang, name, wire, maxWeight)
			}
			if files < 4 {
				t.Errorf("%s, %s: only %d files are counted", lang, name, files)
			}
		}
	}
}

// weight is what a page and all that it brings weigh, in bytes: packed as they travel
// and unpacked. What a script imports comes along.
func (a answer) weight(f *front) (wire, plain, files int) {
	f.t.Helper()
	wire, plain = len(a.body), len(a.body)
	seen := map[string]bool{}
	waiting := regexp.MustCompile(`/static/[0-9a-f]+/[\w.-]+`).FindAllString(a.body, -1)
	for len(waiting) > 0 {
		address := waiting[0]
		waiting = waiting[1:]
		if seen[address] {
			continue
		}
		seen[address] = true
		fetch := func(encoding string) string {
			r := httptest.NewRequest(http.MethodGet, address, nil)
			r.Header.Set("Accept-Encoding", encoding)
			return f.visitor().do(r).want(f.t, address, http.StatusOK).body
		}
		text := fetch("identity")
		wire, plain, files = wire+len(fetch("gzip")), plain+len(text), files+1
		if path.Ext(address) != ".js" {
			continue
		}
		for _, name := range regexp.MustCompile(`"\./([\w.-]+\.js)"`).FindAllStringSubmatch(text, -1) {
			waiting = append(waiting, path.Dir(address)+"/"+name[1])
		}
	}
	return wire, plain, files
}
