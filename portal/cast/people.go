package cast

import (
	"embed"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"zharia/portal/eds"
)

// What the people are called, and what the papers of their cases say, is content
// and not code.
//
//go:embed people.toml theft.toml fraud.toml
var content embed.FS

// flaw is what is wrong with a key that opens nothing.
type flaw string

const (
	expired  flaw = "expired"  // its certificate ran out a year ago
	employee flaw = "employee" // given by an employer: it acts for an organisation
	system   flaw = "system"   // of an organisation's machine: nobody's IIN
	foreign  flaw = "foreign"  // of an authority nobody here trusts
)

// people is people.toml.
type people struct {
	Bodies []struct {
		Word        string `toml:"word"`
		Kind        string `toml:"kind"`
		Above       string `toml:"above"` // one that stands before it in the file
		Court       string `toml:"court"` // likewise
		KATO        string `toml:"kato"`
		Code        string `toml:"code"`
		Prosecution string `toml:"prosecution"` // likewise
		KK          string `toml:"kk"`
		RU          string `toml:"ru"`
	} `toml:"body"`
	Members  []personal `toml:"member"`
	Register personal   `toml:"register"` // of investigations: a machine that signs
}

// personal is a member as the file describes him. Of keys with a flaw it names
// the member whose they would be.
type personal struct {
	Word         string  `toml:"word"`
	IIN          eds.IIN `toml:"iin"`
	Surname      string  `toml:"surname"`
	Name         string  `toml:"name"`
	Patronymic   string  `toml:"patronymic"`
	Post         string  `toml:"post"`
	Body         string  `toml:"body"`
	Of           string  `toml:"of"`
	Flaw         flaw    `toml:"flaw"`
	BIN          string  `toml:"bin"`
	Organisation string  `toml:"organisation"`
}

// read fills a value from one of the embedded files; a key the value does not
// have is a mistake of ours and is found at once.
func read(file string, into any) error {
	meta, err := toml.DecodeFS(content, file, into)
	if err != nil {
		return fmt.Errorf("cast: %s: %w", file, err)
	}
	if strange := meta.Undecoded(); len(strange) > 0 {
		return fmt.Errorf("cast: %s: unknown %v", file, strange)
	}
	return nil
}

// members are the members in order; who holds a flawed key of somebody's bears
// his name and IIN.
func (p people) members() ([]*Member, error) {
	var all []*Member
	byWord := map[string]*Member{}
	for _, who := range p.Members {
		m := &Member{
			Word: who.Word, IIN: who.IIN, Surname: who.Surname, Name: who.Name, Patronymic: who.Patronymic,
			Post: who.Post, What: "cast." + who.Word, of: who,
		}
		switch owner := byWord[who.Of]; {
		case owner != nil:
			m.IIN, m.Surname, m.Name, m.Patronymic = owner.IIN, owner.Surname, owner.Name, owner.Patronymic
		case who.Of != "":
			return nil, fmt.Errorf("cast: %s is of nobody above it", who.Word)
		}
		all, byWord[who.Word] = append(all, m), m
	}
	return all, nil
}

// FullName is the name as people write it, surname first.
func (m *Member) FullName() string {
	return strings.TrimSpace(m.Surname + " " + m.Name + " " + m.Patronymic)
}
