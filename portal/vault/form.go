package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// A sealed object, form 2:
//
//	0x02 | epoch, 4 bytes | enc, 32 | wrapped key, 48 | the text, and 16 bytes of tag
//
// The text is sealed with a key that is drawn for it alone (AES-256-GCM; a key is used
// once, so the nonce is zero). That key is sealed to the keeper's public key of the
// epoch by HPKE (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM; enc is its share). Both
// bind the place. The head can be made anew under another epoch without the text.
const (
	form        = 2
	encSize     = 32
	dekSize     = 32
	tagSize     = 16
	wrappedSize = dekSize + tagSize
	headSize    = 1 + 4 + encSize + wrappedSize
)

// Overhead is how many bytes longer a sealed object is than what is in it.
const Overhead = headSize + tagSize

// MaxAsks is the most the keeper is asked for at once.
const MaxAsks = 256

// info is the purpose HPKE binds, so that the keeper's key can be used for nothing else.
const info = "zharia/vault/2"

func kem() hpke.KEM { return hpke.DHKEM(ecdh.X25519()) }

// Intake is what the keeper lets everybody have: to whom keys are sealed.
type Intake struct {
	Epoch uint32
	Key   []byte // X25519, public, 32 bytes
}

// Ask is what the keeper is asked for: the key of one object.
type Ask struct {
	Where   Where
	Epoch   uint32
	Enc     []byte
	Wrapped []byte
}

// Derive is the keeper's pair of keys of an epoch.
func Derive(root []byte, epoch uint32) (hpke.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, root, nil, fmt.Sprintf("zharia/intake/%d", epoch), 32)
	if err != nil {
		return nil, err
	}
	return kem().DeriveKeyPair(seed)
}

// TagKey is the key of Tag; it is the same in every epoch, for what is looked up by it
// is looked up for ever.
func TagKey(root []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, root, nil, "zharia/tag", 32)
}

// Wrap seals the key of an object to the keeper.
func (in Intake) Wrap(where Where, dek []byte) (Ask, error) {
	data, err := where.Bytes()
	if err != nil {
		return Ask{}, err
	}
	key, err := kem().NewPublicKey(in.Key)
	if err != nil {
		return Ask{}, fmt.Errorf("vault: the keeper's intake key: %w", err)
	}
	enc, sender, err := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info))
	if err != nil {
		return Ask{}, fmt.Errorf("vault: seal to the keeper: %w", err)
	}
	wrapped, err := sender.Seal(data, dek)
	if err != nil {
		return Ask{}, fmt.Errorf("vault: seal to the keeper: %w", err)
	}
	return Ask{where, in.Epoch, enc, wrapped}, nil
}

// Unwrap is the keeper's work: the key of the object, or ErrNotSealedHere. It asks
// nobody for a right. key is that of a.Epoch.
func (a Ask) Unwrap(key hpke.PrivateKey) ([]byte, error) {
	data, err := a.Where.Bytes()
	if err != nil {
		return nil, err
	}
	recipient, err := hpke.NewRecipient(a.Enc, key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrNotSealedHere, a.Where)
	}
	dek, err := recipient.Open(data, a.Wrapped)
	if err != nil || len(dek) != dekSize {
		return nil, fmt.Errorf("%w: %s", ErrNotSealedHere, a.Where)
	}
	return dek, nil
}

// Head reads what the keeper must know of a sealed object.
func Head(where Where, sealed []byte) (Ask, error) { return parse(where, sealed) }

// Rehead puts another wrap of the same key before the text: what a new epoch changes.
func Rehead(a Ask, sealed []byte) ([]byte, error) {
	if _, err := parse(a.Where, sealed); err != nil {
		return nil, err
	}
	if len(a.Enc) != encSize || len(a.Wrapped) != wrappedSize {
		return nil, fmt.Errorf("vault: a wrap of %d and %d bytes", len(a.Enc), len(a.Wrapped))
	}
	return append(head(a), sealed[headSize:]...), nil
}

func head(a Ask) []byte {
	b := make([]byte, 0, headSize)
	b = append(b, form)
	b = binary.BigEndian.AppendUint32(b, a.Epoch)
	b = append(b, a.Enc...)
	return append(b, a.Wrapped...)
}

// parse takes a sealed object apart. It checks the form and the place; what is in it
// only the keys can tell.
func parse(where Where, sealed []byte) (Ask, error) {
	if _, err := where.Bytes(); err != nil {
		return Ask{}, err
	}
	if len(sealed) < Overhead || sealed[0] != form {
		return Ask{}, fmt.Errorf("%w: %s", ErrNotSealedHere, where)
	}
	return Ask{
		Where: where, Epoch: binary.BigEndian.Uint32(sealed[1:5]),
		Enc: sealed[5 : 5+encSize], Wrapped: sealed[5+encSize : headSize],
	}, nil
}

func seal(in Intake, where Where, plain []byte) (sealed, dek []byte, err error) {
	data, err := where.Bytes()
	if err != nil {
		return nil, nil, err
	}
	dek = make([]byte, dekSize)
	rand.Read(dek)
	ask, err := in.Wrap(where, dek)
	if err != nil {
		return nil, nil, err
	}
	text, err := textAEAD(dek)
	if err != nil {
		return nil, nil, err
	}
	sealed = make([]byte, headSize, Overhead+len(plain))
	copy(sealed, head(ask))
	return text.Seal(sealed, make([]byte, text.NonceSize()), plain, data), dek, nil
}

func unseal(dek []byte, where Where, sealed []byte) ([]byte, error) {
	data, err := where.Bytes()
	if err != nil {
		return nil, err
	}
	text, err := textAEAD(dek)
	if err != nil {
		return nil, err
	}
	plain, err := text.Open(nil, make([]byte, text.NonceSize()), sealed[headSize:], data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrNotSealedHere, where)
	}
	return plain, nil
}

func textAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("vault: a key of %d bytes: %w", len(key), err)
	}
	return cipher.NewGCM(block)
}
