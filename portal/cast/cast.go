// Package cast is the people of the demonstration and of the tests, and the two
// cases they meet in. They are all invented. Each has a key of an authority of
// our own with the national profile, and everything they are in the database
// came there through the doors of the domains, with real signatures.
package cast

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
	"zharia/portal/identity"
	"zharia/portal/vault"
)

// Member is one of the cast.
type Member struct {
	Word       string    // aigul: how tests, files and addresses call the member
	IIN        eds.IIN   // empty for a machine's key
	Person     uuid.UUID // in the database, once Meet or Play has told; zero for a machine's key
	Key        *key.Key
	Surname    string
	Name       string
	Patronymic string
	Post       string // investigator, prosecutor or none
	What       string // key of i18n for a short description: cast.aigul

	of personal
}

// Sound says that there is nothing wrong with the member's key.
func (m *Member) Sound() bool { return m.of.Flaw == "" }

// Troupe is the whole cast, and where it stands once it has played.
type Troupe struct {
	Authority    *authority.Authority
	Members      map[string]*Member
	Order        []string // of the words of Members, for a strip of buttons
	Register     *key.Key // of the register of investigations, which says who conducts which case
	Theft, Fraud uuid.UUID
	Decisions    map[string]uuid.UUID // by a short name: theft.toml and fraud.toml have them
	Participants map[string]uuid.UUID // aigul@theft

	people people
	plays  []play
}

// Keys gathers the cast. The authority, its issuer and everybody's key are kept
// under dir, each file for its owner only, and made where they are missing; a
// certificate that is about to run out at now is made anew. With no dir the keys
// live as long as the process.
func Keys(dir string, now time.Time) (*Troupe, error) {
	t := &Troupe{Members: map[string]*Member{}, Decisions: map[string]uuid.UUID{}, Participants: map[string]uuid.UUID{}}
	if err := read("people.toml", &t.people); err != nil {
		return nil, err
	}
	members, err := t.people.members()
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		t.Members[m.Word] = m
		t.Order = append(t.Order, m.Word)
	}
	if err := t.rehearse(); err != nil {
		return nil, err
	}
	return t, t.furnish(ring{dir, now.UTC().Truncate(time.Second)})
}

// Meet tells everybody who he is to the portal that has these keys: an id is made of the
// IIN and the key of the tags.
func (t *Troupe) Meet(keys *vault.Keys) {
	for _, m := range t.Members {
		if m.IIN != "" {
			m.Person = identity.IDOf(vault.New(nil, keys), m.IIN)
		}
	}
}

// rehearse reads the plays and gives everything in them its id.
func (t *Troupe) rehearse() error {
	for _, name := range []string{"theft", "fraud"} {
		p := play{Name: name}
		if err := read(name+".toml", &p); err != nil {
			return err
		}
		for i, part := range p.Participants {
			if t.Members[part.Who] == nil {
				return fmt.Errorf("cast: %s.toml: nobody is called %q", name, part.Who)
			}
			p.Participants[i].id = ID("participant", part.Who+"@"+name)
			t.Participants[part.Who+"@"+name] = p.Participants[i].id
		}
		for i, d := range p.Decisions {
			if _, twice := t.Decisions[d.Name]; twice {
				return fmt.Errorf("cast: %s.toml: two decisions are called %q", name, d.Name)
			}
			p.Decisions[i].id = ID("decision", d.Name)
			t.Decisions[d.Name] = p.Decisions[i].id
		}
		t.plays = append(t.plays, p)
	}
	t.Theft, t.Fraud = ID("casefile", "theft"), ID("casefile", "fraud")
	return nil
}

// Apart is the same cast whose authority goes its own way from here.
func (t *Troupe) Apart() *Troupe {
	apart := *t
	apart.Authority = t.Authority.Apart()
	return &apart
}

// Verifier trusts the authority of the cast and nobody else, and asks its
// services, which live by this clock, without a network between.
func (t *Troupe) Verifier(now func() time.Time) (*eds.Verifier, *authority.Services, error) {
	v, err := eds.NewVerifier(t.Authority.Root(), t.Authority.Issuer())
	if err != nil {
		return nil, nil, err
	}
	services, err := t.Authority.Services(now)
	if err != nil {
		return nil, nil, err
	}
	v.Services = authority.Direct{Services: services}
	return v, services, nil
}

// born is the moment the ids of the cast claim to have been made.
var born = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// ID is the id of a thing of the cast: always the same, so that addresses and
// golden pages do not change from run to run, and shaped like the ids the portal
// makes (UUIDv7, RFC 9562, 5.7). Where those are random, this is a hash of kind
// and word.
func ID(kind, word string) uuid.UUID {
	sum := sha256.Sum256([]byte("zharia/cast/1\x00" + kind + "\x00" + word))
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(born.UnixMilli())<<16)
	copy(id[6:], sum[:10])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}
