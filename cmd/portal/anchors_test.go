package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds/authority"
)

// anchors writes certificates into a folder and gives a configuration that pins
// them all.
func anchors(t *testing.T, certificates ...[]byte) config {
	t.Helper()
	c := config{Anchors: t.TempDir(), Lists: t.TempDir()}
	var pins []string
	for i, certificate := range certificates {
		if block, _ := pem.Decode(certificate); block != nil {
			certificate = block.Bytes
		}
		sum := sha256.Sum256(certificate)
		pins = append(pins, hex.EncodeToString(sum[:]))
		if err := os.WriteFile(filepath.Join(c.Anchors, string(rune('a'+i))+".cer"), certificate, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.Pins = strings.Join(pins, ", ")
	return c
}

// national reads certificates of the national authority, kept beside the project.
func national(t *testing.T, names ...string) (list [][]byte) {
	t.Helper()
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "pki", "data", "ca", name))
		if err != nil {
			t.Logf("no certificate to pin: %v", err)
			return nil
		}
		list = append(list, b)
	}
	return list
}

func TestOnlyPinnedAuthoritiesThatAreNotForTestingServe(t *testing.T) {
	demonstration, err := authority.New("ANY NAME", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]config{"the demonstration's": anchors(t, demonstration.Root(), demonstration.Issuer())}
	if test := national(t, "root_test_gost_2022.cer", "nca_gost2022_test.cer"); test != nil {
		refused["the national test authority"] = anchors(t, test...)
		refused["its issuer alone"] = anchors(t, test[1])
	}
	if real := national(t, "prod/root_gost_2022.pem", "prod/nca_gost_2022.pem"); real != nil {
		c := anchors(t, real...)
		verifier, client, err := nationalVerifier(c)
		if err != nil || len(verifier.Authorities()) != 2 || verifier.Services == nil || len(client.Health()) == 0 {
			t.Errorf("the national authority: %v", err)
		}
		c.Pins, _, _ = strings.Cut(c.Pins, ",")
		refused["one that is not pinned"] = c
		c.Pins = "any"
		refused["pins that are none"] = c
	}
	for what, c := range refused {
		if _, _, err := nationalVerifier(c); err == nil {
			t.Errorf("%s: it serves", what)
		} else {
			t.Logf("%s: %v", what, err)
		}
	}
}
