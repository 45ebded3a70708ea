package authority

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"zharia/portal/eds/key"
)

// Names of the files of an authority in its folder. The last two are there
// once it has services.
const (
	rootFile      = "root.pem"
	issuerFile    = "issuer.pem"
	stateFile     = "state.json"
	responderFile = "responder.pem"
	stamperFile   = "stamper.pem"
)

// Save writes the keys and the state into a folder, each file for its owner
// only. From then on the folder follows every certificate and revocation.
func (a *Authority) Save(dir string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("save authority: %w", err)
	}
	a.dir = dir
	for name, k := range map[string]*key.Key{
		rootFile: a.root, issuerFile: a.issuer, responderFile: a.responder, stamperFile: a.stamper,
	} {
		if err := a.keepKey(name, k); err != nil {
			return err
		}
	}
	return a.keepState()
}

// Apart is an authority with the same keys that goes its own way: what it issues and
// revokes from now on is kept in memory, and the first does not hear of it. For tests
// that share a folder and run beside each other.
func (a *Authority) Apart() *Authority {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &Authority{
		root: a.root, issuer: a.issuer, now: a.now, responder: a.responder, stamper: a.stamper,
		state: state{maps.Clone(a.state.Issued), maps.Clone(a.state.Revoked), a.state.Number},
	}
}

// Load reads what Save wrote, and goes on keeping the folder. A folder from
// before there was a state has issued nothing it remembers: see Recognise.
func Load(dir string) (*Authority, error) {
	var keys [4]*key.Key
	for i, name := range []string{rootFile, issuerFile, responderFile, stamperFile} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if i >= 2 && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			keys[i], err = key.ParsePrivate(b)
		}
		if err != nil {
			return nil, fmt.Errorf("load authority: %w", err)
		}
	}
	kept, err := loadState(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, fmt.Errorf("load authority: %w", err)
	}
	from, _ := keys[1].Valid()
	return &Authority{
		root: keys[0], issuer: keys[1], responder: keys[2], stamper: keys[3],
		now: from, dir: dir, state: kept,
	}, nil
}

func loadState(path string) (state, error) {
	kept := newState()
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &kept)
	}
	if kept.Issued == nil || kept.Revoked == nil {
		return newState(), errors.Join(err, errors.New("the state is not whole"))
	}
	return kept, err
}

// keepKey writes a key into the folder, if there are both.
func (a *Authority) keepKey(name string, k *key.Key) error {
	if a.dir == "" || k == nil {
		return nil
	}
	b, err := k.MarshalPrivate()
	if err == nil {
		err = replace(filepath.Join(a.dir, name), b)
	}
	if err != nil {
		return fmt.Errorf("save authority: %w", err)
	}
	return nil
}

// keepState writes the state into the folder, if there is one.
func (a *Authority) keepState() error {
	if a.dir == "" {
		return nil
	}
	b, err := json.MarshalIndent(a.state, "", "\t")
	if err == nil {
		err = replace(filepath.Join(a.dir, stateFile), append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("save authority: %w", err)
	}
	return nil
}

// replace writes a file whole or not at all, for its owner only.
func replace(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
