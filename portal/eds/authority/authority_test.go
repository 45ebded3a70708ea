package authority_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
)

var now = time.Date(2026, 7, 20, 9, 30, 0, 500, time.UTC)

func TestASavedAuthorityIssuesTheSameWay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "authority")
	made, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Save(dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
	loaded, err := authority.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	v, err := eds.NewVerifier(made.Root(), made.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	k, err := loaded.Issue(authority.Person{IIN: "870412400123", CommonName: "АЙГҮЛ"})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := k.SignCMS([]byte("x"), false, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Document(t.Context(), sig, []byte("x"), now); err != nil {
		t.Error(err)
	}
	if _, err := authority.Load(t.TempDir()); err == nil {
		t.Error("an empty folder is an authority")
	}
}

// The library that people and browsers use reads our certificates, as it
// reads the national ones.
func TestCertificatesAreReadByOthers(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.Issue(authority.Person{IIN: "870412400123", BIN: "123456789021", CommonName: "АЙГҮЛ", Organisation: "ЖШС", Role: eds.Head})
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range [][]byte{a.Root(), a.Issuer(), k.Certificate()} {
		c, err := x509.ParseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		if c.IsCA != (c.Subject.CommonName != "АЙГҮЛ") {
			t.Errorf("%s: authority %v", c.Subject.CommonName, c.IsCA)
		}
	}
	c, _ := x509.ParseCertificate(k.Certificate())
	if c.Subject.SerialNumber != "IIN870412400123" || c.Subject.OrganizationalUnit[0] != "BIN123456789021" {
		t.Errorf("subject %v", c.Subject)
	}
	if c.KeyUsage != x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment|x509.KeyUsageKeyAgreement {
		t.Errorf("usage %b", c.KeyUsage)
	}
}
