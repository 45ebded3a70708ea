package authority_test

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/ocsp"
)

// desk is a folder in which openssl reads and writes.
type desk struct {
	t   *testing.T
	dir string
}

func (d desk) put(name, label string, b []byte) string {
	d.t.Helper()
	if label != "" {
		b = pem.EncodeToMemory(&pem.Block{Type: label, Bytes: b})
	}
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// openssl runs a command in the folder and gives all it said.
func (d desk) openssl(words string) string {
	d.t.Helper()
	c := exec.Command("openssl", strings.Fields(words)...)
	c.Dir = d.dir
	out, err := c.CombinedOutput()
	if err != nil {
		d.t.Errorf("openssl %s: %v\n%s", words, err, out)
	}
	return string(out)
}

func (d desk) want(out, word string) {
	d.t.Helper()
	if !strings.Contains(out, word) {
		d.t.Errorf("not %q: %s", word, out)
	}
}

// What the RSA authority answers verifies with another implementation. (The
// national algorithms have none at hand.)
func TestOpenSSLVerifiesTheServices(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Log("openssl is absent, nothing to compare with")
		return
	}
	a, err := authority.NewRSA("DEMO", time.Now().AddDate(0, -1, 0))
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	w.at = time.Now()
	d := desk{t, t.TempDir()}
	d.put("root.pem", "CERTIFICATE", a.Root())
	d.put("issuer.pem", "CERTIFICATE", a.Issuer())
	// The leaf was certified from the authority's making, so it is valid now.
	leaf, err := a.Issue(authority.Person{IIN: "870412400123", CommonName: "X", RSA: true})
	if err != nil {
		t.Fatal(err)
	}
	w.leaf = leaf
	d.put("leaf.pem", "CERTIFICATE", leaf.Certificate())

	t.Run("ocsp", func(t *testing.T) {
		d := desk{t, d.dir}
		d.openssl("ocsp -issuer issuer.pem -sha256 -cert leaf.pem -reqout request.der")
		request, err := os.ReadFile(filepath.Join(d.dir, "request.der"))
		if err != nil {
			t.Fatal(err)
		}
		const (
			nonce = "ocsp -respin answer.der -reqin request.der -CAfile root.pem -verify_other issuer.pem"
			ask   = "ocsp -respin answer.der -no_nonce -issuer issuer.pem -CAfile root.pem -sha256 -cert leaf.pem"
		)
		d.put("answer.der", "", w.post("/ocsp/", request))
		d.want(d.openssl(nonce), "Response verify OK")
		out := d.openssl(ask)
		d.want(out, "Response verify OK")
		d.want(out, "leaf.pem: good")
		w.revoke(authority.Hold)
		d.put("answer.der", "", w.post("/ocsp/", request))
		out = d.openssl(ask)
		d.want(out, "leaf.pem: revoked")
		d.want(out, "Reason: certificateHold")
		d.want(d.openssl("ocsp -respin answer.der -noverify -resp_text"), "OCSP Nonce")
	})
	t.Run("our question", func(t *testing.T) {
		d := desk{t, d.dir}
		request := ocsp.Request(parse(t, leaf.Certificate()), parse(t, a.Issuer()), []byte("12345678"))
		d.put("ours.der", "", request)
		d.want(d.openssl("ocsp -reqin ours.der -req_text"), "Hash Algorithm: sha256")
	})
	t.Run("lists", func(t *testing.T) {
		d := desk{t, d.dir}
		d.put("full.der", "", w.get("/crl/full.crl"))
		d.put("delta.der", "", w.get("/crl/delta.crl"))
		d.put("root.der", "", w.get("/crl/root.crl"))
		d.want(d.openssl("crl -inform DER -in full.der -CAfile issuer.pem -noout"), "verify OK")
		d.want(d.openssl("crl -inform DER -in root.der -CAfile root.pem -noout"), "verify OK")
		d.want(d.openssl("crl -inform DER -in full.der -noout -text"), "Certificate Hold")
		d.want(d.openssl("crl -inform DER -in delta.der -noout -text"), "X509v3 Delta CRL Indicator: critical")
	})
	t.Run("stamp", func(t *testing.T) {
		d := desk{t, d.dir}
		d.put("data", "", []byte("a signature"))
		d.openssl("ts -query -data data -sha256 -cert -tspolicy 1.2.398.3.3.2.6.2 -out query.tsq")
		query, err := os.ReadFile(filepath.Join(d.dir, "query.tsq"))
		if err != nil {
			t.Fatal(err)
		}
		d.put("reply.tsr", "", w.post("/tsp/", query))
		d.want(d.openssl("ts -verify -queryfile query.tsq -in reply.tsr -CAfile root.pem -untrusted issuer.pem"), "Verification: OK")
		out := d.openssl("ts -reply -in reply.tsr -text")
		d.want(out, "Status: Granted.")
		d.want(out, "Serial number: 0x-")
	})
}
