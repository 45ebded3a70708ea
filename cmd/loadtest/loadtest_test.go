package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"zharia/portal/proving"
)

// Correctness only: what it costs on a machine that does other things means nothing.
func TestASmallCountryComesAndEverybodyIsServed(t *testing.T) {
	dir, err := os.MkdirTemp("", "lt") // a short path: sockets are made in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	var out, progress bytes.Buffer
	err = run(t.Context(), strings.Fields("-size 200 -citizens 2 -decisions 2 -for 1s -pages 10 -anew 5 -status 4 -signins 2 -filings 3 -reports 1 -bench 0"), &out, &progress)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, &out, &progress)
	}
	for _, said := range []string{"200 filings", "| case pages | 10.0 |", "| case pages, made anew | 5.0 |", "| signed petitions | 3.0 |", "| status pages | 4.0 |", "| sign-ins | 2.0 |", "| signed reports | 1.0 |", "must: signed petitions", "not asked for", "must: RSS of the portal"} {
		if !strings.Contains(out.String(), said) {
			t.Errorf("nothing about %q", said)
		}
	}
	t.Log("\n" + out.String())
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if !strings.HasPrefix(entry.Name(), "go-build") {
			t.Errorf("%s is left", entry.Name())
		}
	}
}

func TestAPageWithoutWhatItMustHoldIsAWrongAnswer(t *testing.T) {
	page := "<p>0101</p></html>"
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, page) }))
	defer site.Close()
	p := &person{Browser: proving.Elsewhere(site.URL), path: "/kk/cases/1", marks: []string{"0101", "</html>"}}
	if err := p.read(t.Context(), ""); err != nil {
		t.Errorf("the page as it must be: %v", err)
	}
	for _, page = range []string{"<p>0101</p>", "<p>0102</p></html>", ""} {
		if err := p.read(t.Context(), ""); !errors.Is(err, proving.ErrWrong) {
			t.Errorf("%q goes unnoticed: %v", page, err)
		}
	}
}

func TestTheVerdictNamesWhatIsNotKept(t *testing.T) {
	took := func(n int, each time.Duration) (out []time.Duration) {
		for range n {
			out = append(out, each)
		}
		return out
	}
	second := time.Second
	said := strings.Join(verdict([]proving.Result{
		{What: "signed petitions", Rate: 50, Length: second, Took: took(50, 400*time.Millisecond)},
		{What: "case pages", Rate: 800, Length: second, Took: took(800, 151*time.Millisecond)},
		{What: "case pages", Rate: 800, Length: second, Took: took(700, time.Millisecond)},
		{What: "case pages", Rate: 800, Length: second, Took: took(799, time.Millisecond), Late: 1},
		{What: "case pages", Rate: 100, Length: second, Took: took(100, time.Millisecond)},
	}, proving.Memory{Peak: 301 << 10}), "\n")
	want := []string{": kept", ": NOT KEPT", ": NOT KEPT", ": NOT KEPT", ": not asked for", ": NOT KEPT"}
	for i, line := range strings.Split(said, "\n") {
		if !strings.HasSuffix(line, want[i]) {
			t.Errorf("%s: wanted %s", line, want[i])
		}
	}
}

func TestWhatMakesNoSenseIsRefusedBeforeAnythingStarts(t *testing.T) {
	for _, args := range []string{"-size 7", "-size -20", "-citizens 1", "-citizens 501", "-decisions 0", "-pages -1", "-for 1ms", "-bench 10ms", "more", "-filings 1e9"} {
		if err := run(t.Context(), strings.Fields(args), io.Discard, io.Discard); err == nil {
			t.Errorf("%s is taken", args)
		}
	}
}
