package eds

import (
	"bytes"
	"encoding/hex"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"zharia/portal/eds/internal/chain"
)

// Attributes of a subject in the national profile. The given-name attribute
// holds the patronymic; the given name stands in the common name.
const (
	attrCommonName   = "2.5.4.3"
	attrSurname      = "2.5.4.4"
	attrSerial       = "2.5.4.5"
	attrOrganisation = "2.5.4.10"
	attrUnit         = "2.5.4.11"
	attrPatronymic   = "2.5.4.42"
)

// policyNCA is the certificate policy of the National Certification
// Authority; the older ones are numbered below it.
const policyNCA = "1.2.398.3.3.2"

// Role is in what quality the certificate lets its owner act. It comes from
// the extended key usage, where the authority puts it.
type Role string

// Roles of certificates, by root.gov.kz/oid.
const (
	Individual   Role = "individual"
	Head         Role = "head"
	SignRight    Role = "signright"
	FinanceRight Role = "financeright"
	Personnel    Role = "personnel"
	Employee     Role = "employee"
	System       Role = "system"
	Treasury     Role = "treasury"
	Member       Role = "organisation" // of an organisation, nothing closer said
)

const (
	oidIndividual   = "1.2.398.3.3.4.1.1"
	oidOrganisation = "1.2.398.3.3.4.1.2"
)

// roles is searched from the top: a certificate with two of them acts by the
// first.
var roles = []struct {
	role Role
	oid  string
}{
	{System, oidOrganisation + ".6"},
	{System, oidIndividual + ".1"}, // of one person's, who does not sign with it himself
	{Treasury, "1.2.398.5.19.1.2.2.1"},
	{Head, oidOrganisation + ".1"},
	{SignRight, oidOrganisation + ".2"},
	{FinanceRight, oidOrganisation + ".3"},
	{Personnel, oidOrganisation + ".4"},
	{Employee, oidOrganisation + ".5"},
	{Member, oidOrganisation},
	{Individual, oidIndividual},
}

// OIDs gives what stands in the extended key usage of a certificate with this
// role, for those who issue or filter certificates.
func (r Role) OIDs() []string {
	for _, row := range roles {
		switch {
		case row.role != r:
		case r == Individual || r == Member:
			return []string{row.oid}
		default:
			return []string{oidOrganisation, row.oid}
		}
	}
	return nil
}

func roleOf(c *chain.Certificate) Role {
	for _, row := range roles {
		for _, purpose := range c.Extended {
			if purpose == row.oid || row.role == System && strings.HasPrefix(purpose, row.oid+".") {
				return row.role
			}
		}
	}
	return ""
}

// judged is what of a verdict goes into the evidence: nothing that names.
func (s Signer) judged() Judged {
	j := Judged{Revocation: s.Revocation, Algorithm: s.Algorithm, Serial: s.Serial}
	if !s.ProvenAt.IsZero() {
		j.ProvenAt = &s.ProvenAt
	}
	return j
}

// describe copies out of the certificate what needs no judgement, so that a
// refusal can be shown together with the certificate it is about.
func describe(c *chain.Certificate) Signer {
	return Signer{
		Role:        roleOf(c),
		Algorithm:   c.Key.Name(),
		Serial:      hex.EncodeToString(c.Serial.Bytes()),
		Issuer:      c.IssuerName(),
		NotBefore:   c.NotBefore,
		NotAfter:    c.NotAfter,
		Certificate: bytes.Clone(c.Raw),
		Revocation:  NotChecked,
	}
}

// profile asks that the certificate be a person's, of the national profile,
// and meant for the question; it fills in who the person is.
func profile(who *Signer, c *chain.Certificate, q question) error {
	if c.CA {
		return refuse(KeyUsage, "an authority's certificate")
	}
	if err := organisation(who, c); err != nil {
		return err
	}
	if who.Role == System {
		return refuse(Machine, "a system's certificate, not a person's")
	}
	if err := meant(c, q); err != nil {
		return err
	}
	if !c.Under(policyNCA) {
		return refuse(Policy, "the certificate is under another policy")
	}
	if err := identify(who, c); err != nil {
		return err
	}
	return named(who, c)
}

// meant asks for the usage: a signature for the record needs non-repudiation
// and the signing purpose; a sign-in may be by an authentication key.
func meant(c *chain.Certificate, q question) error {
	if !c.Has(chain.DigitalSignature) {
		return refuse(KeyUsage, "the key is not for signing")
	}
	if q == signIn && c.Meant(chain.ClientAuth) {
		return nil
	}
	if q != signIn && !c.Has(chain.NonRepudiation) {
		return refuse(KeyUsage, "the key is for authentication only")
	}
	if !c.Meant(chain.EmailProtection) {
		return refuse(KeyUsage, "the purpose is not signing")
	}
	return nil
}

// identify reads the person's number: one IIN, always; and asks that a role in
// an organisation come with its BIN.
func identify(who *Signer, c *chain.Certificate) error {
	serials := c.Name(attrSerial)
	if len(serials) > 1 {
		return refuse(NoIIN, "several serial numbers in the subject")
	}
	for _, s := range serials {
		digits, ok := strings.CutPrefix(s, "IIN")
		iin, err := ParseIIN(digits)
		if !ok || err != nil {
			return refuse(NoIIN, "the subject's serial number is no IIN")
		}
		who.IIN = iin
	}
	if who.IIN == "" {
		return refuse(NoIIN, "no serial number in the subject")
	}
	switch {
	case who.Role == "":
		return refuse(KeyUsage, "the certificate names no role")
	case who.Role != Individual && c.Meant(oidIndividual):
		return refuse(KeyUsage, "both a person's and an organisation's role")
	case who.Role != Individual && who.BIN == "":
		return refuse(Organisation, "a role in an organisation without a BIN")
	}
	return nil
}

// organisation reads the one BIN that a certificate may have, whoever it is of.
func organisation(who *Signer, c *chain.Certificate) error {
	for _, s := range c.Name(attrUnit) {
		digits, ok := strings.CutPrefix(s, "BIN")
		if !ok {
			continue
		}
		if who.BIN != "" || !twelveDigits(digits) {
			return refuse(Organisation, "the BIN is unclear")
		}
		who.BIN = digits
	}
	return nil
}

// named reads the names people will see. Invisible and direction-turning
// characters are refused, because they make one name look like another.
func named(who *Signer, c *chain.Certificate) error {
	for _, n := range []struct {
		into      *string
		attribute string
		required  bool
	}{
		{&who.Name, attrCommonName, true},
		{&who.Surname, attrSurname, false},
		{&who.Patronymic, attrPatronymic, false},
		{&who.Organisation, attrOrganisation, false},
	} {
		values := c.Name(n.attribute)
		if len(values) > 1 || n.required && len(values) == 0 {
			return refuse(NameUnfit, "attribute %s %d times", n.attribute, len(values))
		}
		for _, v := range values {
			if !fit(v) {
				return refuse(NameUnfit, "attribute %s has characters that do not show", n.attribute)
			}
			*n.into = norm.NFC.String(v)
		}
	}
	return nil
}

// maxName is the upper bound of X.520 for organisation names, doubled.
const maxName = 512

func fit(s string) bool {
	if strings.TrimSpace(s) == "" || len(s) > maxName {
		return false
	}
	for _, r := range s {
		// Cf holds the bidirectional controls and the zero-width characters.
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return false
		}
	}
	return true
}
