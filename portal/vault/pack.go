package vault

import (
	"crypto/hpke"
	"crypto/rand"
	"fmt"
	"sync"

	"zharia/portal/fault"
)

// Pack seals a great many objects at once: what HPKE costs is paid one time for all of them,
// and each has a key of its own all the same, bound to its place (form 4). Whoever opens
// one of them opens no other. It may be used from many goroutines.
type Pack struct {
	keys  *Keys
	epoch uint32
	enc   []byte

	mu     sync.Mutex
	sender *hpke.Sender
	used   map[string]bool // places: a key of the share is used once
}

// Pack begins one. It is for some hundreds of objects, not for days: the keeper goes on
// to other epochs.
func (k *Keys) Pack() (*Pack, error) {
	if k.stale() {
		return nil, fault.New(fault.Unavailable, "fault.closed-for-now").Because(errStale)
	}
	in := k.Intake()
	key, err := kem().NewPublicKey(in.Key)
	if err != nil {
		return nil, fmt.Errorf("vault: the keeper's intake key: %w", err)
	}
	enc, sender, err := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info))
	if err != nil {
		return nil, fmt.Errorf("vault: seal to the keeper: %w", err)
	}
	return &Pack{keys: k, epoch: in.Epoch, enc: enc, sender: sender, used: map[string]bool{}}, nil
}

// Seal is Keys.Seal.
func (p *Pack) Seal(where Where, plain []byte) ([]byte, error) {
	data, err := where.Bytes()
	if err != nil {
		return nil, err
	}
	if len(plain) > MaxSize {
		return nil, fmt.Errorf("vault: %d bytes for %s, more than %d", len(plain), where, MaxSize)
	}
	key, err := p.key(string(data))
	if err != nil {
		return nil, fmt.Errorf("vault: seal to the keeper: %w", err)
	}
	if key == nil {
		return p.keys.Seal(where, plain)
	}
	over, err := textAEAD(key)
	if err != nil {
		return nil, err
	}
	dek := make([]byte, dekSize)
	rand.Read(dek)
	wrapped := over.Seal(nil, make([]byte, over.NonceSize()), dek, data)
	o := object{head: Ask{Where: where, Epoch: p.epoch, Enc: p.enc, Wrapped: wrapped, Packed: true}}
	text, err := textAEAD(dek)
	if err != nil {
		return nil, err
	}
	o.text = text.Seal(nil, make([]byte, text.NonceSize()), plain, data)
	return o.bytes(), nil
}

// key is the key that seals the key of the object at a place; nil where it was given before.
func (p *Pack) key(place string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used[place] {
		return nil, nil
	}
	p.used[place] = true
	return p.sender.Export(forPacked+place, dekSize)
}

// forPacked begins what HPKE exports a key for.
const forPacked = "zharia/vault/4\x00"

// openPacked opens a wrap of form 4.
func openPacked(recipient *hpke.Recipient, place, wrapped []byte) ([]byte, error) {
	key, err := recipient.Export(forPacked+string(place), dekSize)
	if err != nil {
		return nil, err
	}
	over, err := textAEAD(key)
	if err != nil {
		return nil, err
	}
	return over.Open(nil, make([]byte, over.NonceSize()), wrapped, place)
}
