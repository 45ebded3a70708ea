package keeper

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"slices"
)

// Mutual is how the keeper speaks TLS: the portal shows a certificate of the site's
// own authority, and it is one of those that are named here by SHA-256, not any that
// this authority has issued.
func Mutual(own tls.Certificate, authorities *x509.CertPool, portals ...[32]byte) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS13,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authorities,
		VerifyConnection: func(c tls.ConnectionState) error {
			if !slices.Contains(portals, sha256.Sum256(c.PeerCertificates[0].Raw)) {
				return errPeer
			}
			return nil
		},
	}
}
