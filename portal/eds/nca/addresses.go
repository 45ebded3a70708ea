package nca

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"zharia/portal/eds/internal/chain"
)

// Network is the addresses of an authority, without its certificates: those
// are pinned elsewhere and matched by their SHA-256.
type Network struct {
	TSP     string
	issuers map[string]Issuer // by SHA-256 of the certificate's DER, hex
}

// Production is the network of the National Certification Authority (FACTS
// 2.1, 2.3, 3; addresses as in the certificates of 2026). The hierarchy that
// expired in 2025 publishes nothing any more.
func Production() Network {
	return Network{
		TSP: "http://tsp.pki.gov.kz/",
		issuers: map[string]Issuer{
			// nca_gost_2022
			"32c7d233a42703a327f3025543a05b930e3f39a786c68dfa196baa86d5618524": {
				OCSP:  "http://ocsp.pki.gov.kz/",
				List:  "http://crl.pki.gov.kz/nca_gost_2022.crl",
				Delta: "http://crl.pki.gov.kz/nca_d_gost_2022.crl",
			},
			// nca_rsa_2022
			"84fb799a66140950818c056a5d9730acc2a7622cdd4ef0d47113b132fb892905": {
				OCSP:  "http://ocsp.pki.gov.kz/",
				List:  "http://crl.pki.gov.kz/nca_rsa_2022.crl",
				Delta: "http://crl.pki.gov.kz/nca_d_rsa_2022.crl",
			},
			// root_gost_2022
			"af77725f8328bb24f89d81da3acdf7cee4324248538b7ba2cd2a860517fb9dca": {
				List: "http://crl.root.gov.kz/gost2015_2022.crl",
			},
			// root_rsa_2020
			"9ba06354b626641715182e4d07c9dbaa1777720fa795d03174ffc68876535dcd": {
				List: "http://crl.root.gov.kz/rsa2020.crl",
			},
		},
	}
}

// Test is the network of the authority's test hierarchy (FACTS 2.1, 3). Its
// time-stamps are of the production hierarchy (FACTS 3.3).
func Test() Network {
	return Network{
		TSP: "http://test.pki.gov.kz/tsp/",
		issuers: map[string]Issuer{
			// nca_gost2022_test
			"beeffc0bdb77cd798c35983eb0715f6ef0051cccb71d7cd05505e8a4fb2c6f4d": {
				OCSP:  "http://test.pki.gov.kz/ocsp/",
				List:  "http://test.pki.gov.kz/crl/nca_gost2022_test.crl",
				Delta: "http://test.pki.gov.kz/crl/nca_gost2022_d_test.crl",
			},
			// root_test_gost_2022
			"b995e79e7c07429f8f79e185451e5599ce342ac720000f01b3854fdfa03031a6": {
				List: "http://crl.root.gov.kz/gost_test_2022.crl",
			},
		},
	}
}

// Issuers gives those of the certificates (DER) that the network knows, with
// their addresses: what a Config wants.
func (n Network) Issuers(certificates ...[]byte) []Issuer {
	var out []Issuer
	for _, c := range certificates {
		sum := sha256.Sum256(c)
		if i, ok := n.issuers[hex.EncodeToString(sum[:])]; ok {
			i.Certificate = c
			out = append(out, i)
		}
	}
	return out
}

// Unknown gives the SHA-256, in hex, of those of the certificates (DER) that the network does
// not know although they have not ended: of whoever they issue to nothing can be asked, so
// nobody of them signs in. The next authority is such a one, until its addresses stand here.
func (n Network) Unknown(at time.Time, certificates ...[]byte) []string {
	var unknown []string
	for _, raw := range certificates {
		c, err := chain.Parse(raw)
		if err != nil || at.After(c.NotAfter) {
			continue
		}
		sum := c.Digest()
		if id := hex.EncodeToString(sum[:]); n.issuers[id].empty() {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

// empty says that there is nobody to be asked.
func (i Issuer) empty() bool { return i.OCSP == "" && i.List == "" }
