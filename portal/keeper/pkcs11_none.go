//go:build !hsm || !cgo

package keeper

// The driver of hardware modules is C. Without it the keeper is Go alone.
const withPKCS11 = false

func (h HSM) encrypt([]byte) (sealedHSM, error) { return sealedHSM{}, ErrNoPKCS11 }
func (h HSM) decrypt(sealedHSM) ([]byte, error) { return nil, ErrNoPKCS11 }
