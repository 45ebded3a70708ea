package eds_test

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
)

// disagreement is a class of messages that we and OpenSSL judge differently:
// suite, pattern of the id (path.Match with / written as |, or *), our
// verdict, OpenSSL's, our reason (- where we accept), and why it is meant.
type disagreement struct {
	suite, id, ours, theirs, reason string
	met                             bool
}

// A second opinion: OpenSSL, without its check of the signer's certificate,
// on every message there is. Each disagreement is explained by a row of
// testdata/differential.tsv. With EDS_DIFFERENTIAL=all the malformed messages
// of the corpora are asked about too, a program run for each.
func TestOpenSSLDisagreesOnlyWhereExplained(t *testing.T) {
	bench, ok := beside.OpenSSL(t)
	if !ok {
		return
	}
	dir, ok := beside.Path(t, "suites")
	if !ok {
		return
	}
	d := &differential{bench: bench, known: readDisagreements(t)}
	for _, name := range []string{"cms-mixed", "cms-dss", "kz-cms"} {
		var s suiteFile
		if err := json.Unmarshal(read(t, dir, name+".json"), &s); err != nil {
			t.Fatal(err)
		}
		for _, raw := range s.Cases {
			c, content := messageOf(t, raw)
			d.compare(t, name, c.ID, s.Blobs[c.CMS], content)
		}
	}
	all := os.Getenv("EDS_DIFFERENTIAL") == "all"
	for _, name := range []string{"corpus-openssl-cms", "corpus-openssl-smime"} {
		if !all {
			break
		}
		for id, content := range beside.Zip(t, filepath.Join(dir, name+".zip")) {
			d.compare(t, name, id, content, nil)
		}
	}
	for _, k := range d.known {
		if !k.met && (all || !strings.HasPrefix(k.suite, "corpus-")) {
			t.Errorf("the disagreement %s %s is stale", k.suite, k.id)
		}
	}
	t.Logf("%d messages, %d judged differently", d.asked, d.apart)
}

type differential struct {
	bench        beside.Bench
	known        []*disagreement
	asked, apart int
}

func (d *differential) compare(t *testing.T, suite, id string, sig, content []byte) {
	t.Helper()
	_, err := bareMessageBy(chain.Profile{Foreign: ellipticSigner}, sig, content)
	ours, reason, theirs := "accept", "-", d.ask(sig, content)
	if err != nil {
		ours, reason = "reject", reasonOf(err)
	}
	d.asked++
	if ours == theirs {
		return
	}
	d.apart++
	for _, k := range d.known {
		matched, err := path.Match(k.id, strings.ReplaceAll(id, "/", "|"))
		if err == nil && (matched || k.id == "*") && k.suite == suite && k.ours == ours && k.theirs == theirs && k.reason == reason {
			k.met = true
			return
		}
	}
	t.Errorf("%s\t%s\t%s\t%s\t%s: not explained", suite, id, ours, theirs, reason)
}

// ask gives OpenSSL's verdict on digest and signature.
func (d *differential) ask(sig, content []byte) string {
	form := "DER"
	if len(sig) == 0 || sig[0] != 0x30 {
		form = "PEM"
	}
	args := []string{"cms", "-verify", "-noverify", "-binary", "-inform", form, "-in", d.bench.Write("sig", sig), "-out", os.DevNull}
	if content != nil {
		args = append(args, "-content", d.bench.Write("content", content))
	}
	if _, err := d.bench.Try(args...); err != nil {
		return "reject"
	}
	return "accept"
}

func readDisagreements(t *testing.T) (list []*disagreement) {
	t.Helper()
	for line := range strings.Lines(string(read(t, "testdata", "differential.tsv"))) {
		if line = strings.TrimRight(line, "\n"); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 6 || f[5] == "" {
			t.Fatalf("%q has not six fields", line)
		}
		list = append(list, &disagreement{suite: f[0], id: f[1], ours: f[2], theirs: f[3], reason: f[4]})
	}
	return list
}
