package cms

import (
	"slices"

	"zharia/portal/eds/internal/der"
)

// added are the unsigned attributes, besides a time-stamp token, that later
// hands put beside a signature (RFC 5652 11.4, RFC 4998, RFC 5126 6, ETSI
// EN 319 122-1): counter-signatures, references and values for the archive,
// stamps over those. They are read for form and believed in nothing.
var added = []string{
	"1.2.840.113549.1.9.6",       // countersignature
	"1.2.840.113549.1.9.16.2.21", // complete-certificate-references
	"1.2.840.113549.1.9.16.2.22", // complete-revocation-references
	"1.2.840.113549.1.9.16.2.23", // certificate-values
	"1.2.840.113549.1.9.16.2.24", // revocation-values
	"1.2.840.113549.1.9.16.2.25", // CAdES-C-timestamp
	"1.2.840.113549.1.9.16.2.26", // time-stamped-certs-crls-references
	"1.2.840.113549.1.9.16.2.27", // archive-time-stamp
	"1.2.840.113549.1.9.16.2.44", // attribute-certificate-references
	"1.2.840.113549.1.9.16.2.45", // attribute-revocation-references
	"1.2.840.113549.1.9.16.2.48", // archive-time-stamp-v2
	"1.2.840.113549.1.9.16.2.49", // internal-evidence-record
	"1.2.840.113549.1.9.16.2.50", // external-evidence-record
	"0.4.0.1733.2.2",             // long-term-validation
	"0.4.0.1733.2.4",             // archive-time-stamp-v3
	"0.4.0.19122.1.3",            // signature-policy-store
}

// readUnsigned reads the attributes outside the signature. Anyone may add or
// change them, so nothing in them may change who signed, what and when: of
// all only a time-stamp token is handed over, and what it proves is asked of
// it alone. What stands there under a name not known is refused all the same.
func (s *Signer) readUnsigned(v der.Value) error {
	r := der.Read(v.Full)
	set := r.Into(der.Context(1, true))
	var tokens [][]byte
	for set.More() {
		attribute := set.Into(der.Sequence)
		kind, values := attribute.OID(), attribute.Into(der.Set)
		if kind != attrTimestamp && !slices.Contains(added, kind) && r.Err() == nil {
			return refuse(Attribute, "unsigned attribute %s", kind)
		}
		if !values.More() {
			values.Fail("attribute without a value")
		}
		for values.More() {
			value := values.Value(der.Sequence).Full
			if kind == attrTimestamp {
				tokens = append(tokens, value)
			}
		}
		attribute.End()
	}
	if err := r.End(); err != nil {
		return err
	}
	if len(tokens) == 1 {
		s.Token = tokens[0]
	}
	return nil
}
