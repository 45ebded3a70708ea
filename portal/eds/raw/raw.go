// Package raw opens the bare arithmetic of signatures to cmd/perfbench, which
// measures it beside other implementations and cannot reach internal packages.
// It decides nothing: the portal asks eds.Verifier, and nobody else imports this.
package raw

import (
	"zharia/portal/eds/internal/gost3410"
	"zharia/portal/eds/internal/gost3411"
)

// PublicKey is a key of GOST R 34.10-2015 with 512 bits.
type PublicKey = gost3410.PublicKey

// ParsePublicKey reads 128 octets x‖y, each with the least significant octet
// first, and refuses what is not a point of the curve.
func ParsePublicKey(xy []byte) (*PublicKey, error) { return gost3410.ParsePublicKey(xy) }

// Streebog512 is the digest of GOST R 34.11-2015 with 512 bits.
func Streebog512(message []byte) [gost3411.Size]byte { return gost3411.Sum512(message) }
