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
	"slices"

	"github.com/google/uuid"
)

// A sealed object, form 2:
//
//	0x02 | epoch, 4 bytes | enc, 32 | wrapped key, 48 | the text, and 16 bytes of tag
//
// The text is sealed with a key that is drawn for it alone (AES-256-GCM; a key is used
// once, so the nonce is zero). That key is sealed to the keeper's public key of the
// epoch by HPKE (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM; enc is its share). Both
// bind the place. The head can be made anew under another epoch without the text.
//
// An object that further persons open by their own right, form 3, has the same key
// sealed for each of them once more, at the same place as if it were his own:
//
//	0x03 | how many, 1 byte | for each: his id, 16 | epoch, 4 | enc, 32 | wrapped key, 48 | form 2
//
// Only whoever has the key can add such a wrap; a row cannot.
//
// Where a great many objects are sealed at once (Pack), they have one share of the keeper's key, form 4:
//
//	0x04 | epoch, 4 bytes | enc, 32 | wrapped key, 48 | the text, and 16 bytes of tag
//
// The key is sealed (AES-256-GCM, nonce zero) by one that HPKE exports (RFC 9180, section 5.3)
// for this place, and a share is used for a place once: so that key is of this object
// alone. A new epoch makes form 2 of it.
const (
	form        = 2
	formAlso    = 3
	formPacked  = 4
	encSize     = 32
	dekSize     = 32
	tagSize     = 16
	wrappedSize = dekSize + tagSize
	headSize    = 1 + 4 + encSize + wrappedSize
	alsoSize    = 16 + headSize - 1
	idSize      = 16
)

// Overhead is how many bytes longer a sealed object is than what is in it, where nobody
// opens it by a right of his own.
const Overhead = headSize + tagSize

// MaxAlso is how many persons open one object by their own right, at most.
const MaxAlso = 8

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
	Packed  bool // form 4
}

// Epochs follow one another by their seeds: that of one gives all later ones and none
// before it. So whoever has only a later one has forgotten the epochs before.

// FirstSeed is the seed of epoch 1 of a keeper that has nothing but a root.
func FirstSeed(root []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, root, nil, "zharia/epoch/1", rootSize)
}

// NextSeed is that of the epoch after.
func NextSeed(seed []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, seed, nil, "zharia/epoch/next", rootSize)
}

// KeyOf is the keeper's pair of keys of the epoch of a seed.
func KeyOf(seed []byte) (hpke.PrivateKey, error) {
	material, err := hkdf.Key(sha256.New, seed, nil, "zharia/epoch/intake", rootSize)
	if err != nil {
		return nil, err
	}
	return kem().DeriveKeyPair(material)
}

// Derive is the pair of keys of an epoch where the first seed comes from the root.
func Derive(root []byte, epoch uint32) (hpke.PrivateKey, error) {
	seed, err := FirstSeed(root)
	for ; err == nil && epoch > 1; epoch-- {
		seed, err = NextSeed(seed)
	}
	if err != nil {
		return nil, err
	}
	return KeyOf(seed)
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
	return Ask{Where: where, Epoch: in.Epoch, Enc: enc, Wrapped: wrapped}, nil
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
	var dek []byte
	if a.Packed {
		dek, err = openPacked(recipient, data, a.Wrapped)
	} else {
		dek, err = recipient.Open(data, a.Wrapped)
	}
	if err != nil || len(dek) != dekSize {
		return nil, fmt.Errorf("%w: %s", ErrNotSealedHere, a.Where)
	}
	return dek, nil
}

// Head reads what the keeper must know of a sealed object.
func Head(where Where, sealed []byte) (Ask, error) {
	o, err := parse(where, sealed)
	return o.head, err
}

// Heads are all wraps of the key of a sealed object: that of its place first, then those
// of the persons who open it by their own right.
func Heads(where Where, sealed []byte) ([]Ask, error) {
	o, err := parse(where, sealed)
	if err != nil {
		return nil, err
	}
	return append([]Ask{o.head}, o.also...), nil
}

// Readers are the persons who open a sealed object by their own right, besides those of
// its place.
func Readers(sealed []byte) []uuid.UUID {
	var out []uuid.UUID
	if o, err := parse(Where{Table: "-", Column: "-", ID: uuid.Max, House: true}, sealed); err == nil {
		for _, a := range o.also {
			out = append(out, a.Where.Person)
		}
	}
	return out
}

// Rehead puts another wrap of the same key in place of that for the same reader: what a
// new epoch changes.
func Rehead(a Ask, sealed []byte) ([]byte, error) {
	o, err := parse(a.Where, sealed)
	if err != nil {
		return nil, err
	}
	if len(a.Enc) != encSize || len(a.Wrapped) != wrappedSize {
		return nil, fmt.Errorf("vault: a wrap of %d and %d bytes", len(a.Enc), len(a.Wrapped))
	}
	for i, one := range o.also {
		if one.Where == a.Where {
			o.also[i] = a
			return o.bytes(), nil
		}
	}
	o.head = a
	return o.bytes(), nil
}

// MaxWraps is how many bytes at the beginning of a sealed object have all its wraps,
// however many those are.
const MaxWraps = 2 + MaxAlso*alsoSize + headSize + tagSize

// Wraps are the bytes of a sealed object before its text: all that a new epoch changes.
// Its first MaxWraps bytes do for it, and for Heads and Rehead.
func Wraps(sealed []byte) ([]byte, error) {
	o, err := parse(Where{Table: "-", Column: "-", ID: uuid.Max, House: true}, sealed)
	return sealed[:len(sealed)-len(o.text)], err
}

func head(a Ask) []byte {
	b := make([]byte, 0, headSize)
	if a.Packed {
		b = append(b, formPacked)
	} else {
		b = append(b, form)
	}
	b = binary.BigEndian.AppendUint32(b, a.Epoch)
	b = append(b, a.Enc...)
	return append(b, a.Wrapped...)
}

// object is a sealed object taken apart.
type object struct {
	head Ask   // of its place
	also []Ask // of persons
	text []byte
}

// parse takes a sealed object apart. It checks the form and the place; what is in it
// only the keys can tell.
func parse(where Where, sealed []byte) (o object, err error) {
	if _, err := where.Bytes(); err != nil {
		return o, err
	}
	rest := sealed
	if len(rest) > 2 && rest[0] == formAlso {
		n := int(rest[1])
		if rest = rest[2:]; n == 0 || n > MaxAlso || len(rest) < n*alsoSize {
			return o, strange(where)
		}
		for ; n > 0; n-- {
			o.also = append(o.also, readHead(where.Own(uuid.UUID(rest[:idSize])), rest[idSize:alsoSize]))
			rest = rest[alsoSize:]
		}
	}
	packed := len(rest) > 0 && rest[0] == formPacked && len(o.also) == 0
	if len(rest) < Overhead || rest[0] != form && !packed {
		return object{}, strange(where)
	}
	o.head, o.text = readHead(where, rest[1:headSize]), rest[headSize:]
	o.head.Packed = packed
	return o, nil
}

func strange(where Where) error { return fmt.Errorf("%w: %s", ErrNotSealedHere, where) }

// readHead reads a wrap; b is as long as one.
func readHead(where Where, b []byte) Ask {
	return Ask{Where: where, Epoch: binary.BigEndian.Uint32(b), Enc: b[4 : 4+encSize], Wrapped: b[4+encSize : headSize-1]}
}

// bytes puts it together again.
func (o object) bytes() []byte {
	b := make([]byte, 0, 2+len(o.also)*alsoSize+headSize+len(o.text))
	if len(o.also) > 0 {
		b = append(b, formAlso, byte(len(o.also)))
		for _, a := range o.also {
			b = append(append(b, a.Where.Person[:]...), head(a)[1:]...)
		}
	}
	return append(append(b, head(o.head)...), o.text...)
}

// theirs is the wrap that a reader asks the keeper for: his own, or that of the place.
func (o object) theirs(reader uuid.UUID) Ask {
	for _, a := range o.also {
		if a.Where.Person == reader {
			return a
		}
	}
	return o.head
}

func seal(in Intake, where Where, plain []byte, also []uuid.UUID) (o object, dek []byte, err error) {
	data, err := where.Bytes()
	if err != nil {
		return o, nil, err
	}
	dek = make([]byte, dekSize)
	rand.Read(dek)
	if o.head, err = in.Wrap(where, dek); err != nil {
		return o, nil, err
	}
	for i, person := range also {
		if person == uuid.Nil || person == where.Person || slices.Contains(also[:i], person) {
			continue
		}
		wrap, err := in.Wrap(where.Own(person), dek)
		if err != nil {
			return o, nil, err
		}
		o.also = append(o.also, wrap)
	}
	if len(o.also) > MaxAlso {
		return o, nil, fmt.Errorf("vault: %s is for %d persons besides, more than %d", where, len(o.also), MaxAlso)
	}
	text, err := textAEAD(dek)
	if err != nil {
		return o, nil, err
	}
	o.text = text.Seal(nil, make([]byte, text.NonceSize()), plain, data)
	return o, dek, nil
}

func (o object) unseal(dek []byte) ([]byte, error) {
	where := o.head.Where
	data, err := where.Bytes()
	if err != nil {
		return nil, err
	}
	text, err := textAEAD(dek)
	if err != nil {
		return nil, err
	}
	plain, err := text.Open(nil, make([]byte, text.NonceSize()), o.text, data)
	if err != nil {
		return nil, strange(where)
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
