package key_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/key"
)

var now = time.Date(2026, 7, 20, 9, 30, 0, 0, time.UTC)

// signsAndVerifies signs with the key and verifies with its certificate.
func signsAndVerifies(k *key.Key) error {
	content := []byte("content")
	sig, err := k.SignCMS(content, true, now)
	if err != nil {
		return err
	}
	raw, err := cms.Decode(key.EncodePEM(sig), 1<<16)
	if err != nil {
		return err
	}
	m, err := cms.Parse(raw, chain.Profile{})
	if err != nil {
		return err
	}
	return m.Signers[0].Verify(content)
}

func TestEveryNationalContainerOpensAndItsKeySigns(t *testing.T) {
	dir, ok := beside.Path(t, "pki/data/p12")
	if !ok {
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.p12"))
	if err != nil || len(files) != 44 {
		t.Fatalf("%d containers, %v", len(files), err)
	}
	signed := 0
	for _, file := range files {
		password := "Qwerty12"
		if strings.HasSuffix(file, "_2015.p12") {
			password = "Aa123456"
		}
		container, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := key.ReadPKCS12(container, password)
		if err != nil || len(keys) != 1 {
			t.Errorf("%s: %d keys, %v", filepath.Base(file), len(keys), err)
			continue
		}
		for _, wrong := range []string{"", "qwerty12", password + " "} {
			if _, err := key.ReadPKCS12(container, wrong); !errors.Is(err, key.ErrPassword) {
				t.Errorf("%s with password %q: %v", filepath.Base(file), wrong, err)
			}
		}
		err = signsAndVerifies(keys[0])
		switch {
		case keys[0].Algorithm() == "GOST 34.310-2004":
			// The one key of the family that no longer signs: it opens, and says so.
			if !errors.Is(err, key.ErrAlgorithm) {
				t.Errorf("%s: %v", filepath.Base(file), err)
			}
		case err != nil:
			t.Errorf("%s: %v", filepath.Base(file), err)
		default:
			signed++
		}
	}
	if signed != 43 {
		t.Errorf("%d keys signed", signed)
	}
	t.Logf("%d containers opened, %d keys signed and verified", len(files), signed)
}

func TestTheSuiteOfContainers(t *testing.T) {
	path, ok := beside.Path(t, "suites/kz-p12.json")
	if !ok {
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Cases []struct{ ID, P12, Password, Expect string }
		Blobs map[string][]byte
	}
	if err := json.Unmarshal(b, &suite); err != nil {
		t.Fatal(err)
	}
	right := 0
	for _, c := range suite.Cases {
		_, err := key.ReadPKCS12(suite.Blobs[c.P12], c.Password)
		if (err == nil) != (c.Expect == "open") {
			t.Errorf("%s: %s expected, %v", c.ID, c.Expect, err)
			continue
		}
		right++
	}
	t.Logf("kz-p12: %d of %d right", right, len(suite.Cases))
}

// testdata/openssl.p12 was made by openssl 3 of a key of our own authority:
// PBES2 with AES-256, HMAC-SHA256. Password Qwerty12.
func TestATodaysContainerOpens(t *testing.T) {
	container, err := os.ReadFile(filepath.Join("testdata", "openssl.p12"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := key.ReadPKCS12(container, "Qwerty12")
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	if err := signsAndVerifies(keys[0]); err != nil {
		t.Error(err)
	}
	if _, err := key.ReadPKCS12(container, "Qwerty13"); !errors.Is(err, key.ErrPassword) {
		t.Errorf("a wrong password: %v", err)
	}
	for i := 0; i < len(container); i += 3 {
		changed := bytes.Clone(container)
		changed[i] ^= 0x01
		if _, err := key.ReadPKCS12(changed, "Qwerty12"); err == nil {
			t.Errorf("byte %d may be changed", i)
		}
	}
	for n := range container {
		if _, err := key.ReadPKCS12(container[:n], "Qwerty12"); err == nil {
			t.Errorf("the first %d bytes open", n)
		}
	}
}

func issue(t testing.TB, p authority.Person) (*authority.Authority, *key.Key) {
	t.Helper()
	a, err := authority.New("TEST", now.AddDate(0, -1, 0))
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.Issue(p)
	if err != nil {
		t.Fatal(err)
	}
	return a, k
}

func TestAStoredKeyComesBackTheSame(t *testing.T) {
	for _, ofRSA := range []bool{false, true} {
		a, k := issue(t, authority.Person{IIN: "870412400123", BIN: "123456789021", CommonName: "A B", Organisation: "C", Role: "head", RSA: ofRSA})
		b, err := k.MarshalPrivate()
		if err != nil {
			t.Fatal(err)
		}
		back, err := key.ParsePrivate(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := signsAndVerifies(back); err != nil {
			t.Error(err)
		}
		want := key.Subject{Name: "A B", IIN: "870412400123", BIN: "123456789021", Organisation: "C"}
		if back.Subject() != want || back.Serial() != k.Serial() || !bytes.Equal(back.Certificate(), k.Certificate()) {
			t.Errorf("came back as %+v", back.Subject())
		}
		if !back.IssuedBy(a.Issuer()) || back.IssuedBy(a.Root()) || back.IssuedBy(nil) {
			t.Error("the issuer")
		}
		if got := strings.Join(back.Purposes(), " "); got != "1.3.6.1.5.5.7.3.4 1.2.398.3.3.4.1.2 1.2.398.3.3.4.1.2.1" {
			t.Errorf("purposes %s", got)
		}
		if from, to := back.Valid(); !from.Equal(now.AddDate(0, -1, 0)) || !to.After(from) {
			t.Errorf("valid %v, %v", from, to)
		}
		for _, torn := range [][]byte{nil, b[:len(b)/2], append(bytes.Clone(b), 'x'), bytes.ReplaceAll(b, []byte("PRIVATE"), []byte("PUBLIC"))} {
			if _, err := key.ParsePrivate(torn); err == nil {
				t.Error("a torn file is read")
			}
		}
	}
}

func TestAKeyTakesOnlyItsOwnCertificate(t *testing.T) {
	_, one := issue(t, authority.Person{IIN: "870412400123", CommonName: "A"})
	private, err := key.Generate(false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := private.Certified(one.Certificate()); err == nil {
		t.Error("a stranger's certificate is taken")
	}
}

// Whatever bytes come, opening answers.
func FuzzReadPKCS12(f *testing.F) {
	if container, err := os.ReadFile(filepath.Join("testdata", "openssl.p12")); err == nil {
		f.Add(container)
	}
	f.Add([]byte{0x30, 0x80, 0, 0})
	if dir, ok := beside.Path(f, "pki/data/p12/ncanode-go"); ok {
		if container, err := os.ReadFile(filepath.Join(dir, "legal_valid_head.p12")); err == nil {
			f.Add(container)
		}
	}
	f.Fuzz(func(t *testing.T, container []byte) {
		keys, err := key.ReadPKCS12(container, "Qwerty12")
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
	})
}
