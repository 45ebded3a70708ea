package cast

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
)

// How long the certificates of the cast hold. They begin well before the present,
// for the decisions of the plays are signed in the weeks before it.
const (
	founded = 3    // years before now the authorities were made
	since   = -120 // days from now a certificate begins
	until   = 365  // days from now it ends
	rest    = 14   // days before its end a certificate is made anew
)

// names of the authorities, as their certificates bear them.
const (
	ours   = "ZHARIA DEMO CA"
	theirs = "ZHARIA FOREIGN CA"
)

// ring is where the keys are kept: a folder, or nowhere.
type ring struct {
	dir string
	now time.Time
}

// furnish gives everybody a key.
func (t *Troupe) furnish(r ring) error {
	var err error
	if t.Authority, err = r.authority("authority", ours); err != nil {
		return err
	}
	register := &Member{Word: "register", of: t.people.Register}
	if t.Register, err = r.key(register, t.Authority); err != nil {
		return fmt.Errorf("cast: key of the register: %w", err)
	}
	stranger, err := r.authority("foreign", theirs)
	if err != nil {
		return err
	}
	for _, word := range t.Order {
		m, by := t.Members[word], t.Authority
		if m.of.Flaw == foreign {
			by = stranger
		}
		if m.Key, err = r.key(m, by); err != nil {
			return fmt.Errorf("cast: key of %s: %w", word, err)
		}
	}
	return nil
}

// authority loads an authority, or founds it.
func (r ring) authority(folder, name string) (*authority.Authority, error) {
	at := r.now.AddDate(-founded, 0, 0)
	if r.dir == "" {
		return authority.New(name, at)
	}
	path := filepath.Join(r.dir, folder)
	a, err := authority.Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	if a, err = authority.New(name, at); err != nil {
		return nil, err
	}
	return a, a.Save(path)
}

// key loads the key of a member, or makes one where there is none that serves.
func (r ring) key(m *Member, by *authority.Authority) (*key.Key, error) {
	path := filepath.Join(r.dir, m.Word+".pem")
	if r.dir != "" {
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil {
			k, err := key.ParsePrivate(b)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if r.serves(k, m, by) {
				// Keys are older than the authority's list of what it issued.
				return k, by.Recognise(k.Certificate())
			}
		}
	}
	k, err := by.Issue(m.certificate(r.now))
	if err != nil || r.dir == "" {
		return k, err
	}
	return k, keep(path, k)
}

// serves says that a key from the folder is still good to play with: the same
// name and number, the same authority, and time enough on both sides.
func (r ring) serves(k *key.Key, m *Member, by *authority.Authority) bool {
	want, is := m.certificate(r.now), k.Subject()
	if is.IIN != want.IIN || is.BIN != want.BIN || is.Name != want.CommonName || !k.IssuedBy(by.Issuer()) {
		return false
	}
	from, to := k.Valid()
	if m.of.Flaw == expired {
		return to.Before(r.now)
	}
	return from.Before(r.now.AddDate(0, 0, since/2)) && to.After(r.now.AddDate(0, 0, rest))
}

// certificate is what the authority is asked to certify of a member, written as
// the national authority writes it: in capitals, the patronymic apart.
func (m *Member) certificate(now time.Time) authority.Person {
	p := authority.Person{
		IIN: m.IIN.Reveal(), CommonName: strings.ToUpper(m.Surname + " " + m.Name),
		Surname: strings.ToUpper(m.Surname), Patronymic: strings.ToUpper(m.Patronymic),
		BIN: m.of.BIN, Organisation: m.of.Organisation,
		From: now.AddDate(0, 0, since), To: now.AddDate(0, 0, until),
	}
	switch m.of.Flaw {
	case expired:
		p.From, p.To = now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0)
	case employee:
		p.Role = eds.Employee
	case system:
		p.Role, p.CommonName = eds.System, m.of.Organisation
	}
	return p
}

// keep writes a key into its file whole or not at all, for its owner only.
func keep(path string, k *key.Key) error {
	b, err := k.MarshalPrivate()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, b, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
