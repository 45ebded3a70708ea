package eds_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
)

// A court has the document, the evidence and the root certificate, and nobody to
// ask.
func TestCommandVerifiesABundle(t *testing.T) {
	s := services(t)
	who, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := who.Evidence.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	// Of another it is the list that proves it, too long to lie in the bundle.
	s.Break(authority.OCSP, authority.Unavailable)
	listed, err := s.verifier.Document(t.Context(), s.sign(t), filing, s.now)
	if err != nil {
		t.Fatal(err)
	}
	long := listed.Evidence.Lists[0].Raw
	listed.Evidence.Lists[0].Raw = nil
	byList, err := listed.Evidence.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	trust := filepath.Dir(put("trust/root.cer", s.Root()))
	content, other := put("filing.pdf", filing), put("other.pdf", []byte("another"))
	evidence, broken := put("evidence.json", bundle), put("broken.json", bundle[:len(bundle)/2])
	waits, list := put("listed.json", byList), put("long.crl", long)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"proved":            {[]string{"-bundle", evidence, "-trust", trust, "-content", content}, 0, `"revocation": "good"`},
		"with its stamp":    {[]string{"-bundle", evidence, "-trust", trust, "-content", content}, 0, `"provenAt"`},
		"without a root":    {[]string{"-bundle", evidence, "-content", content}, 1, `"reason": "unknown-authority"`},
		"another document":  {[]string{"-bundle", evidence, "-trust", trust, "-content", other}, 1, `"reason": "content-differs"`},
		"without its list":  {[]string{"-bundle", waits, "-trust", trust, "-content", content}, 1, "is to be brought"},
		"with its list":     {[]string{"-bundle", waits, "-trust", trust, "-content", content, list}, 0, `"revocation": "good"`},
		"half of it":        {[]string{"-bundle", broken, "-trust", trust, "-content", content}, 2, ""},
		"without a content": {[]string{"-bundle", evidence, "-trust", trust}, 2, ""},
		"a list not there":  {[]string{"-bundle", evidence, "-trust", trust, "-content", content, filepath.Join(dir, "no.crl")}, 2, ""},
	} {
		var out, problems bytes.Buffer
		if code := eds.Command(append([]string{"verify"}, c.args...), &out, &problems); code != c.code || !bytes.Contains(out.Bytes(), []byte(c.want)) {
			t.Errorf("%s: exit %d\n%s%s", name, code, out.String(), problems.String())
		}
	}
}
