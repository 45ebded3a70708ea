package eds_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
)

// suiteFile is one JSON file of published or derived cases: what they are of
// (kind), and the DER they name by key.
type suiteFile struct {
	Suite string            `json:"suite"`
	Kind  string            `json:"kind"`
	Half  string            `json:"half"`
	Cases []json.RawMessage `json:"cases"`
	Blobs map[string][]byte `json:"blobs"`
}

// answered is what our code said of a case: the word its suite expects (accept,
// reject, good, revoked, unknown, equal, open, unsupported) and, where it is a
// refusal, the reason.
type answered struct{ got, reason string }

// runner judges one case of a suite by the code the portal uses.
type runner func(t *testing.T, s *suiteFile, c json.RawMessage) answered

// runners has one for each kind of suite; an unknown kind fails the test.
var runners = map[string]runner{
	"digest":   runDigest,
	"rawsig":   runRawSignature,
	"kzrawsig": runNationalSignature,
	"path":     runPath,
	"path+crl": runPath,
	"kzcert":   runNationalCertificate,
	"crl":      runList,
	"kzcrl":    runNationalList,
	"ocsp":     runAnswer,
	"kzocsp":   runNationalAnswer,
	"cms":      runMessage,
	"kzcms":    runNationalMessage,
	"kzp12":    runContainer,
}

// TestSuites runs every JSON suite and every corpus of malformed files in the
// folder EDS_SUITES (default: shared/suites beside the project), holds each
// answer against the expected one and testdata/deviations.tsv, and writes one
// line a case to EDS_REPORT:
//
//	suite TAB id TAB expect TAB got TAB reason TAB micros TAB bytes
func TestSuites(t *testing.T) {
	dir := os.Getenv("EDS_SUITES")
	if dir == "" {
		found, ok := beside.Path(t, "suites")
		if !ok {
			return
		}
		dir = found
	}
	report := newSuiteReport(t)
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no suites in %s: %v", dir, err)
	}
	for _, file := range files {
		report.suite(t, file)
	}
	corpora, err := filepath.Glob(filepath.Join(dir, "corpus-*.zip"))
	if err != nil || len(corpora) == 0 {
		t.Fatalf("no corpora in %s: %v", dir, err)
	}
	for _, file := range corpora {
		report.corpus(t, file)
	}
	report.close(t)
}

// suiteReport collects the lines, the deviations that were met and the counts.
type suiteReport struct {
	out       io.WriteCloser
	deviation []*deviation
	kinship   kinship         // of all suites
	ran       map[string]bool // by suite: whether it was the open half, of which a listed deviation not met is stale
}

func newSuiteReport(t *testing.T) *suiteReport {
	r := &suiteReport{deviation: readDeviations(t), ran: map[string]bool{}}
	if name := os.Getenv("EDS_REPORT"); name != "" {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		r.out = f
	}
	return r
}

func (r *suiteReport) suite(t *testing.T, file string) {
	var s suiteFile
	if err := json.Unmarshal(read(t, file), &s); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	run := runners[s.Kind]
	if run == nil || len(s.Cases) == 0 {
		t.Fatalf("%s: nobody judges kind %q, or it is empty", file, s.Kind)
	}
	t.Run(s.Suite, func(t *testing.T) {
		r.ran[s.Suite] = s.Half == "shared"
		wrong := 0
		var kin kinship
		for _, raw := range s.Cases {
			var c struct {
				ID, Expect string
				Why        json.RawMessage
			}
			if err := json.Unmarshal(raw, &c); err != nil {
				t.Fatal(err)
			}
			got, micros, bytes := measured(func() answered { return run(t, &s, raw) })
			r.line(t, s.Suite, c.ID, c.Expect, got, micros, bytes)
			if !r.right(t, s.Suite, c.ID, c.Expect, got) {
				wrong++
			}
			kin.count(t, s.Suite, c.ID, c.Expect, c.Why, got)
		}
		kin.judge(t)
		r.kinship.add(kin)
		t.Logf("%d cases, %d not as expected and not listed", len(s.Cases), wrong)
	})
}

// right holds an answer against the expectation and the list of deviations. To
// let in what must be refused is never a deviation.
func (r *suiteReport) right(t *testing.T, suite, id, expect string, got answered) bool {
	t.Helper()
	if got.got == expect || expect == "either" {
		return true
	}
	lets := got.got == "accept" || got.got == "good"
	for _, d := range r.deviation {
		if !lets && d.covers(suite, id, got) {
			d.met = true
			return true
		}
	}
	if lets {
		t.Errorf("FALSE ACCEPT %s %s: %s is expected", suite, id, expect)
		return false
	}
	t.Errorf("%s %s: %s (%s), expected is %s", suite, id, got.got, got.reason, expect)
	return false
}

func (r *suiteReport) line(t *testing.T, suite, id, expect string, got answered, micros int64, bytes uint64) {
	if r.out == nil {
		return
	}
	id = strings.Join(strings.Fields(id), " ")
	if _, err := fmt.Fprintf(r.out, "%s\t%s\t%s\t%s\t%s\t%d\t%d\n", suite, id, expect, got.got, got.reason, micros, bytes); err != nil {
		t.Fatal(err)
	}
}

func (r *suiteReport) close(t *testing.T) {
	for _, d := range r.deviation {
		if r.ran[d.suite] && !d.met {
			t.Errorf("the deviation %s %s %s %s is stale: nothing deviates so", d.suite, d.id, d.got, d.reason)
		}
	}
	t.Logf("of %d refusals with a reason told, ours is of its family in %d", r.kinship.told, r.kinship.right)
	if 100*r.kinship.right < kin*r.kinship.told {
		t.Errorf("under %d in a hundred", kin)
	}
	if r.out != nil {
		if err := r.out.Close(); err != nil {
			t.Error(err)
		}
	}
}

// measured runs a case and says how long it took and what it allocated.
func measured(do func() answered) (got answered, micros int64, bytes uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	got = do()
	micros = time.Since(start).Microseconds()
	runtime.ReadMemStats(&after)
	return got, micros, after.TotalAlloc - before.TotalAlloc
}

// deviation is a class of cases where our answer differs from the suite's and
// is meant to: by suite, pattern of the id (path.Match, * for all), answer and
// reason. None may let in what must be refused.
type deviation struct {
	suite, id, got, reason, why string
	met                         bool
}

func (d *deviation) covers(suite, id string, got answered) bool {
	matched, err := path.Match(d.id, strings.ReplaceAll(id, "/", "|"))
	return err == nil && (matched || d.id == "*") && d.suite == suite && d.got == got.got && d.reason == got.reason
}

// readDeviations reads testdata/deviations*.tsv, each line with its why.
func readDeviations(t *testing.T) []*deviation {
	files, err := filepath.Glob("testdata/deviations*.tsv")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	var list []*deviation
	for _, file := range files {
		for line := range strings.Lines(string(read(t, file))) {
			if line = strings.TrimRight(line, "\n"); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			f := strings.Split(line, "\t")
			if len(f) != 5 || slices.Contains(f, "") {
				t.Fatalf("%s: %q has not five fields", file, line)
			}
			list = append(list, &deviation{suite: f[0], id: f[1], got: f[2], reason: f[3], why: f[4]})
		}
	}
	return list
}

// corpus runs every file of a zip of malformed input through every reader.
func (r *suiteReport) corpus(t *testing.T, file string) {
	name := strings.TrimSuffix(filepath.Base(file), ".zip")
	t.Run(name, func(t *testing.T) {
		count := 0
		for id, content := range beside.Zip(t, file) {
			got, micros, bytes := measured(func() answered { return runHostile(t, content) })
			// A busy machine may hold us up longer than the bound, but hardly
			// three times in a row.
			for again := 0; micros > hostileMicros && again < 2; again++ {
				got, micros, bytes = measured(func() answered { return runHostile(t, content) })
			}
			r.line(t, name, id, "reject", got, micros, bytes)
			r.hostile(t, name, id, got, micros, bytes)
			count++
		}
		t.Logf("%d files", count)
	})
}

// Bounds of one malformed file: time, and memory over its whole reading.
const (
	hostileMicros = 50_000
	hostileBytes  = 16 << 20
)

func (r *suiteReport) hostile(t *testing.T, name, id string, got answered, micros int64, bytes uint64) {
	t.Helper()
	if got.got != "reject" {
		t.Errorf("FALSE ACCEPT %s %s: %s", name, id, got.got)
	}
	if bytes > hostileBytes {
		t.Errorf("%s %s took %d bytes", name, id, bytes)
	}
	if micros > hostileMicros {
		t.Errorf("%s %s took %d µs", name, id, micros)
	}
}
