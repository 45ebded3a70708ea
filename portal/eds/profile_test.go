package eds

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
)

// suiteRoles says which of our roles the suite's words mean.
var suiteRoles = map[string][]Role{
	"individual":                    {Individual},
	"head":                          {Head},
	"employee":                      {Employee},
	"employee-with-signature-right": {SignRight},
	"legal-other":                   {Member, System, Treasury, FinanceRight, Personnel},
}

// The suite's verdict is at 2026-08-15 and includes revocation, which is not
// asked here: rows that are refused only for it must pass.
func TestTheSuiteOfNationalCertificates(t *testing.T) {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "..", "..", "..", "shared", "suites", "kz-certs.json"))
	if err != nil {
		t.Log("no shared data: nothing to hold this against")
		return
	}
	var suite struct {
		Cases []struct {
			ID, Cert, Issuer, Root, Expect, Role string
			IIN                                  *string
			BIN                                  *string
			Why                                  []string
		}
		Blobs map[string][]byte
	}
	if err := json.Unmarshal(b, &suite); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 8, 15, 0, 0, 0, 0, time.UTC)
	right := 0
	for _, c := range suite.Cases {
		v := &Verifier{}
		for _, anchor := range []string{c.Root, c.Issuer} {
			if suite.Blobs[anchor] != nil {
				v.AddAuthority(suite.Blobs[anchor])
			}
		}
		cert, err := chain.Parse(suite.Blobs[c.Cert])
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		who := describe(&cms.Signer{Certificate: cert})
		_, err = v.pool.Path(cert, at)
		identity := profile(&who, cert, inspection)
		if err == nil {
			err = identity
		}
		revokedOnly := !slices.ContainsFunc(c.Why, func(w string) bool { return !strings.HasPrefix(w, "revoked:") })
		want := c.Expect == "accept" || revokedOnly
		switch {
		case (err == nil) != want:
			t.Errorf("%s: %s for %v, got %v", c.ID, c.Expect, c.Why, err)
		case !slices.Contains(suiteRoles[c.Role], who.Role):
			t.Errorf("%s: role %s, got %s", c.ID, c.Role, who.Role)
		case identity == nil && (c.IIN == nil || *c.IIN != "IIN"+who.IIN.Reveal()):
			t.Errorf("%s: another IIN", c.ID)
		case identity == nil && c.BIN != nil && *c.BIN != "BIN"+who.BIN:
			t.Errorf("%s: another BIN", c.ID)
		default:
			right++
		}
	}
	t.Logf("kz-certs: %d of %d right", right, len(suite.Cases))
}

func TestEveryRoleHasItsMark(t *testing.T) {
	for _, row := range roles {
		c := &chain.Certificate{Extended: row.role.OIDs()}
		if got := roleOf(c); got != row.role {
			t.Errorf("%s reads as %s", row.role, got)
		}
	}
	if Role("judge").OIDs() != nil {
		t.Error("an unknown role has a mark")
	}
	if got := roleOf(&chain.Certificate{Extended: []string{oidOrganisation, oidOrganisation + ".6.12"}}); got != System {
		t.Errorf("a registered system reads as %s", got)
	}
}

func TestACertificateIsAPersonsOrAnOrganisations(t *testing.T) {
	c := &chain.Certificate{
		Extended: []string{chain.EmailProtection, oidIndividual, oidOrganisation, oidOrganisation + ".1"},
		Policies: []string{policyNCA + ".3"}, HasUsage: true, Usage: chain.DigitalSignature | chain.NonRepudiation,
		Names: []chain.Attribute{{Type: attrCommonName, Value: "A"}, {Type: attrSerial, Value: "IIN870412400123"}, {Type: attrUnit, Value: "BIN123456789021"}},
	}
	for _, row := range []struct {
		purposes []string
		want     Reason
	}{
		{[]string{chain.EmailProtection, oidIndividual, oidOrganisation + ".1"}, KeyUsage},
		{[]string{chain.EmailProtection, oidIndividual, oidOrganisation}, KeyUsage},
		{[]string{chain.EmailProtection}, KeyUsage},
		{[]string{oidOrganisation, oidOrganisation + ".1"}, KeyUsage},
		{[]string{chain.EmailProtection, oidOrganisation + ".1"}, ""},
		{[]string{chain.EmailProtection, oidIndividual}, ""},
	} {
		c.Extended = row.purposes
		who := Signer{Role: roleOf(c)}
		var got Reason
		if r, ok := profile(&who, c, document).(*Refusal); ok {
			got = r.Reason
		}
		if got != row.want {
			t.Errorf("%v: %q, want %q", row.purposes, got, row.want)
		}
	}
	c.Policies = []string{"1.2.398.3.3.22"}
	who := Signer{Role: Individual}
	if r, ok := profile(&who, c, document).(*Refusal); !ok || r.Reason != Policy {
		t.Errorf("another policy: %v", r)
	}
	c.CA = true
	if r, ok := profile(&who, c, document).(*Refusal); !ok || r.Reason != KeyUsage {
		t.Errorf("an authority signs: %v", r)
	}
}

func TestReasonsAreEachOnce(t *testing.T) {
	if list := slices.Sorted(slices.Values(Reasons())); len(slices.Compact(list)) != len(Reasons()) {
		t.Error("a reason stands twice")
	}
}
