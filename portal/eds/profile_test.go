package eds

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
)

// Certificate judges a certificate as that of one who signs a document then,
// with its issuer's list: the suite of national certificates has no messages.
// The Signer has role and numbers even of one refused.
func (v *Verifier) Certificate(raw, list []byte, at time.Time) (Signer, error) {
	c, err := chain.Parse(raw)
	if err != nil {
		return Signer{}, refusal(err)
	}
	who := describe(c)
	identity := organisation(&who, c)
	if identity == nil {
		identity = identify(&who, c)
	}
	path, err := v.pool.Path(c, at)
	if err != nil {
		return who, refusal(err)
	}
	if identity != nil {
		return who, identity
	}
	again := describe(c)
	if err := profile(&again, c, document); err != nil {
		return who, err
	}
	full, err := crl.Read(bytes.NewReader(list), path[1], chain.Profile{})
	if err != nil {
		return who, refusal(err)
	}
	return who, lists{full: full, at: at}.judge(c, path[1], at)
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
	for _, oid := range []string{oidIndividual + ".1", oidIndividual + ".1.3"} {
		if got := roleOf(&chain.Certificate{Extended: []string{chain.EmailProtection, oidIndividual, oid}}); got != System {
			t.Errorf("a system of one person's (%s) reads as %s", oid, got)
		}
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
