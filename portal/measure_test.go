package portal_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zharia/portal"
	"zharia/portal/notice"
	"zharia/portal/ops"
	"zharia/portal/portaltest"
)

// openMeasured is a portal that counts, and can be told that it leaves.
func openMeasured(t *testing.T) (f *front, p *portal.Portal, leave func()) {
	t.Helper()
	w := portaltest.World(t)
	leaving := make(chan struct{})
	p = &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", LogKey: portaltest.LogKey,
		Clock: func() time.Time { return w.At }, Channels: notice.Outward, Meter: ops.NewMeter(), Leaving: leaving,
	}
	if err := portal.Share(p); err != nil {
		t.Fatal(err)
	}
	handler, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return &front{w, handler, t}, p, func() { close(leaving) }
}

// A stream of events must not keep a portal from ending: the browser opens the next one
// at whoever serves then.
func TestAStreamOfEventsEndsWhenThePortalLeaves(t *testing.T) {
	f, _, leave := openMeasured(t)
	a := f.asksToFile(t)
	server := httptest.NewServer(f)
	defer server.Close()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+a.at+"/events", nil))
	r.AddCookie(&http.Cookie{Name: cookieName, Value: a.guest.cookie})
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", err, res)
	}
	defer res.Body.Close()
	began := time.Now()
	time.AfterFunc(300*time.Millisecond, leave)
	text, err := io.ReadAll(res.Body)
	if took := time.Since(began); err != nil || took > 3*time.Second {
		t.Errorf("after %s: %v", took, err)
	}
	if !strings.HasPrefix(string(text), "retry: ") {
		t.Errorf("the browser is not told to come again: %s", text)
	}
}

// Each act is counted under what came of it, and each refusal under its reason (ASVS
// 16.3.2); the anonymous lane is not counted at all.
func TestActsAndRefusalsAreCountedAndTheAnonymousLaneIsNot(t *testing.T) {
	f, p, _ := openMeasured(t)
	g := f.as(f.Aigul)
	page := g.post(f.filingsOf(), f.petition(fresh())).want(t, "a draft", http.StatusSeeOther).to()
	g.sign(g.get(page), f.Aigul.Key).want(t, "the petition", http.StatusSeeOther)
	f.as(f.Timur).get("/kk/cases/"+f.Theft.String()).want(t, "another's case", http.StatusNotFound)
	for _, path := range []string{"/kk/tip", "/kk/tip/read", "/ru/tip"} {
		f.visitor().get(path)
	}
	var out strings.Builder
	p.Meter.Write(t.Context(), &out)
	for _, want := range []string{
		`portal_acts_total{act="filing-create",outcome="done"} 1`, `portal_acts_total{act="filing-submit",outcome="done"} 1`,
		`portal_refusals_total{act="case-read",kind="not-found"} `, `code="404"`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(out.String(), "tip") {
		t.Error("the anonymous lane is counted")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}
