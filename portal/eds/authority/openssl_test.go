package authority_test

import (
	"strings"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/ocsp"
)

// desk is a bench with the words of these tests.
type desk struct {
	t *testing.T
	beside.Bench
}

// openssl runs a command, its words apart by blanks.
func (d desk) openssl(words string) string {
	d.t.Helper()
	return d.Run(strings.Fields(words)...)
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
	b, ok := beside.OpenSSL(t)
	if !ok {
		return
	}
	a, err := authority.NewRSA("DEMO", time.Now().AddDate(0, -1, 0))
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	w.at = time.Now()
	d := desk{t, b}
	d.WritePEM("root.pem", "CERTIFICATE", a.Root())
	d.WritePEM("issuer.pem", "CERTIFICATE", a.Issuer())
	// The leaf was certified from the authority's making, so it is valid now.
	leaf, err := a.Issue(authority.Person{IIN: "870412400123", CommonName: "X", RSA: true})
	if err != nil {
		t.Fatal(err)
	}
	w.leaf = leaf
	d.WritePEM("leaf.pem", "CERTIFICATE", leaf.Certificate())

	t.Run("ocsp", func(t *testing.T) {
		d := desk{t, b}
		d.openssl("ocsp -issuer issuer.pem -sha256 -cert leaf.pem -reqout request.der")
		request := d.Read("request.der")
		const (
			nonce = "ocsp -respin answer.der -reqin request.der -CAfile root.pem -verify_other issuer.pem"
			ask   = "ocsp -respin answer.der -no_nonce -issuer issuer.pem -CAfile root.pem -sha256 -cert leaf.pem"
		)
		d.Write("answer.der", w.post("/ocsp/", request))
		d.want(d.openssl(nonce), "Response verify OK")
		out := d.openssl(ask)
		d.want(out, "Response verify OK")
		d.want(out, "leaf.pem: good")
		w.revoke(authority.Hold)
		d.Write("answer.der", w.post("/ocsp/", request))
		out = d.openssl(ask)
		d.want(out, "leaf.pem: revoked")
		d.want(out, "Reason: certificateHold")
		d.want(d.openssl("ocsp -respin answer.der -noverify -resp_text"), "OCSP Nonce")
	})
	t.Run("our question", func(t *testing.T) {
		d := desk{t, b}
		request := ocsp.Request(parse(t, leaf.Certificate()), parse(t, a.Issuer()), []byte("12345678"))
		d.Write("ours.der", request)
		d.want(d.openssl("ocsp -reqin ours.der -req_text"), "Hash Algorithm: sha256")
	})
	t.Run("lists", func(t *testing.T) {
		d := desk{t, b}
		d.Write("full.der", w.get("/crl/full.crl"))
		d.Write("delta.der", w.get("/crl/delta.crl"))
		d.Write("root.der", w.get("/crl/root.crl"))
		d.want(d.openssl("crl -inform DER -in full.der -CAfile issuer.pem -noout"), "verify OK")
		d.want(d.openssl("crl -inform DER -in root.der -CAfile root.pem -noout"), "verify OK")
		d.want(d.openssl("crl -inform DER -in full.der -noout -text"), "Certificate Hold")
		d.want(d.openssl("crl -inform DER -in delta.der -noout -text"), "X509v3 Delta CRL Indicator: critical")
	})
	t.Run("stamp", func(t *testing.T) {
		d := desk{t, b}
		d.Write("data", []byte("a signature"))
		d.openssl("ts -query -data data -sha256 -cert -tspolicy 1.2.398.3.3.2.6.2 -out query.tsq")
		query := d.Read("query.tsq")
		d.Write("reply.tsr", w.post("/tsp/", query))
		d.want(d.openssl("ts -verify -queryfile query.tsq -in reply.tsr -CAfile root.pem -untrusted issuer.pem"), "Verification: OK")
		out := d.openssl("ts -reply -in reply.tsr -text")
		d.want(out, "Status: Granted.")
		d.want(out, "Serial number: 0x-")
	})
}
