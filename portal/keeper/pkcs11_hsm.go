//go:build hsm && cgo

package keeper

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"
)

const withPKCS11 = true

const (
	gcmNonce = 12
	gcmTag   = 128 // bits
	aesBytes = 32
)

// bound is what the module authenticates with the root, so that nothing else that this
// key has sealed, for another service that shares the token, can be taken for a root.
func (h HSM) bound(id []byte) []byte {
	return fmt.Appendf(nil, "zharia/keeper/root/1\x00%s\x00%s\x00%x", byHSM, h.Key, id)
}

func (h HSM) encrypt(plain []byte) (kept sealedHSM, err error) {
	err = h.within(func(t token) error {
		key, id, err := t.keyToSealWith(h.Key)
		if err != nil {
			return err
		}
		nonce := make([]byte, gcmNonce)
		rand.Read(nonce)
		with := pkcs11.NewGCMParams(nonce, h.bound(id), gcmTag)
		defer with.Free()
		if err := t.EncryptInit(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, with)}, key); err != nil {
			return hsmError("C_EncryptInit", err)
		}
		box, err := t.Encrypt(t.session, plain)
		if err != nil {
			return hsmError("C_Encrypt", err)
		}
		// A module of FIPS 140 takes a nonce of its own instead of ours.
		kept = sealedHSM{Key: h.Key, ID: id, Nonce: with.IV(), Box: box}
		return nil
	})
	return kept, err
}

func (h HSM) decrypt(kept sealedHSM) (plain []byte, err error) {
	err = h.within(func(t token) error {
		plain, err = h.open(t, kept)
		return err
	})
	return plain, err
}

func (h HSM) open(t token, kept sealedHSM) ([]byte, error) {
	keys, err := t.keys(h.Key, kept.ID)
	switch {
	case err != nil:
		return nil, err
	case len(keys) == 0:
		return nil, fmt.Errorf("%w: token %q has no key %q with the id %x: it is another token, or the key was taken away", ErrHSMKey, h.Token, h.Key, kept.ID)
	case len(keys) > 1:
		return nil, fmt.Errorf("%w: token %q has more than one key %q with the id %x", ErrHSMKey, h.Token, h.Key, kept.ID)
	}
	with := pkcs11.NewGCMParams(kept.Nonce, h.bound(kept.ID), gcmTag)
	defer with.Free()
	if err := t.DecryptInit(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, with)}, keys[0]); err != nil {
		return nil, hsmError("C_DecryptInit", err)
	}
	plain, err := decryptInto(h.Module, t.session, kept.Box)
	if err != nil {
		return nil, decryptError(err)
	}
	return plain, nil
}

// token is one on which its user is logged in.
type token struct {
	*pkcs11.Ctx
	session pkcs11.SessionHandle
}

// within loads the library, logs in, and undoes all of it afterwards: so each time
// begins anew, with a module that was away meanwhile too.
func (h HSM) within(do func(token) error) error {
	module := pkcs11.New(h.Module)
	if module == nil {
		return fmt.Errorf("%w: %s is no PKCS#11 library of this machine", ErrHSMGone, h.Module)
	}
	defer module.Destroy()
	if err := module.Initialize(); err != nil {
		return hsmError("C_Initialize", err)
	}
	defer module.Finalize()
	slot, err := h.slot(module)
	if err != nil {
		return err
	}
	session, err := module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return hsmError("C_OpenSession", err)
	}
	defer module.CloseSession(session)
	if err := logIn(h.Module, session, h.PIN); err != nil {
		return hsmError("C_Login", err)
	}
	defer module.Logout(session)
	return do(token{module, session})
}

// slot finds the token, and asks before the PIN is tried whether it may be.
func (h HSM) slot(module *pkcs11.Ctx) (uint, error) {
	slots, err := module.GetSlotList(true)
	if err != nil {
		return 0, hsmError("C_GetSlotList", err)
	}
	var found []uint
	var flags uint
	for _, slot := range slots {
		info, err := module.GetTokenInfo(slot)
		if err != nil {
			continue // another token's trouble; if it is ours, it is not found
		}
		if info.Label == h.Token {
			found, flags = append(found, slot), info.Flags
		}
	}
	switch {
	case len(found) != 1:
		return 0, fmt.Errorf("%w: %d of %d tokens are called %q", ErrHSMToken, len(found), len(slots), h.Token)
	case flags&pkcs11.CKF_USER_PIN_INITIALIZED == 0:
		return 0, fmt.Errorf("%w: %q has no PIN of its user yet", ErrHSMToken, h.Token)
	case flags&pkcs11.CKF_USER_PIN_LOCKED != 0:
		return 0, ErrPINLocked
	case flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0:
		return 0, ErrPINLast
	}
	return found[0], nil
}

// keys finds AES keys by their label, and by their id if there is one.
func (t token) keys(label string, id []byte) ([]pkcs11.ObjectHandle, error) {
	like := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_LABEL, label),
	}
	if len(id) > 0 {
		like = append(like, pkcs11.NewAttribute(pkcs11.CKA_ID, id))
	}
	if err := t.FindObjectsInit(t.session, like); err != nil {
		return nil, hsmError("C_FindObjectsInit", err)
	}
	found, _, err := t.FindObjects(t.session, 2)
	if err = errors.Join(err, t.FindObjectsFinal(t.session)); err != nil {
		return nil, hsmError("C_FindObjects", err)
	}
	return found, nil
}

// keyToSealWith is the one with the label, or a new one.
func (t token) keyToSealWith(label string) (pkcs11.ObjectHandle, []byte, error) {
	found, err := t.keys(label, nil)
	switch {
	case err != nil:
		return 0, nil, err
	case len(found) > 1:
		return 0, nil, fmt.Errorf("%w: more than one is called %q", ErrHSMKey, label)
	case len(found) == 1:
		id, err := t.stays(found[0], label)
		return found[0], id, err
	}
	id := make([]byte, 16)
	rand.Read(id)
	key, err := t.GenerateKey(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
		pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, aesBytes),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true), pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
		pkcs11.NewAttribute(pkcs11.CKA_WRAP, false), pkcs11.NewAttribute(pkcs11.CKA_UNWRAP, false),
	})
	if err != nil {
		return 0, nil, hsmError("C_GenerateKey", err)
	}
	return key, id, nil
}

// stays asks that a key somebody else made was made in the module and never left it.
// Only at sealing: a copy that the module's maker put back from a backup opens as well.
func (t token) stays(key pkcs11.ObjectHandle, label string) ([]byte, error) {
	asked := []*pkcs11.Attribute{
		{Type: pkcs11.CKA_ID}, {Type: pkcs11.CKA_VALUE_LEN},
		{Type: pkcs11.CKA_SENSITIVE}, {Type: pkcs11.CKA_ALWAYS_SENSITIVE}, {Type: pkcs11.CKA_NEVER_EXTRACTABLE}, {Type: pkcs11.CKA_EXTRACTABLE},
	}
	is, err := t.GetAttributeValue(t.session, key, asked)
	if err != nil {
		return nil, hsmError("C_GetAttributeValue", err)
	}
	yes := func(i int) bool { return len(is[i].Value) == 1 && is[i].Value[0] != 0 }
	size := pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, aesBytes).Value
	switch {
	case len(is[0].Value) == 0:
		return nil, fmt.Errorf("%w: the key %q has no id", ErrHSMKey, label)
	case string(is[1].Value) != string(size):
		return nil, fmt.Errorf("%w: the key %q is not AES-256", ErrHSMKey, label)
	case !yes(2) || !yes(3) || !yes(4) || yes(5):
		return nil, fmt.Errorf("%w: the key %q can leave the module or came from outside; choose another label, and one is made", ErrHSMKey, label)
	}
	return is[0].Value, nil
}

// hsmError says what it means that the module refuses a step.
func hsmError(step string, err error) error {
	kind := ErrHSMGone
	var code pkcs11.Error
	errors.As(err, &code)
	switch code {
	case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_EXPIRED:
		kind = ErrPIN
	case pkcs11.CKR_PIN_LOCKED:
		kind = ErrPINLocked
	case pkcs11.CKR_MECHANISM_INVALID, pkcs11.CKR_MECHANISM_PARAM_INVALID, pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED,
		pkcs11.CKR_KEY_TYPE_INCONSISTENT, pkcs11.CKR_KEY_SIZE_RANGE, pkcs11.CKR_TEMPLATE_INCONSISTENT, pkcs11.CKR_ATTRIBUTE_VALUE_INVALID:
		kind = ErrHSMKey // it cannot, or may not, do AES-256-GCM
	}
	return fmt.Errorf("%w (%s: %w)", kind, step, err)
}

// aeadFailed is CKR_AEAD_DECRYPT_FAILED of PKCS#11 3.0, which the driver does not know.
const aeadFailed pkcs11.Error = 0x42

// decryptError tells a root of somebody else's, for which modules have many names, from
// a module that went away.
func decryptError(err error) error {
	var code pkcs11.Error
	errors.As(err, &code)
	switch code {
	case pkcs11.CKR_ENCRYPTED_DATA_INVALID, pkcs11.CKR_ENCRYPTED_DATA_LEN_RANGE, pkcs11.CKR_DATA_INVALID, pkcs11.CKR_DATA_LEN_RANGE,
		pkcs11.CKR_FUNCTION_FAILED, pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_SIGNATURE_INVALID, aeadFailed:
		return fmt.Errorf("%w: the key of the token does not open it (C_Decrypt: %w)", ErrNotRoot, err)
	}
	return hsmError("C_Decrypt", err)
}
