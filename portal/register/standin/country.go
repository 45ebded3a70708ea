package standin

import (
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/google/uuid"

	"zharia/portal/cast"
	"zharia/portal/register/inbound"
	"zharia/portal/warrant"
)

//go:embed country.toml
var country string

// scripts are the cases that the register brings, one after another and again from the
// first.
type scripts struct {
	Case []struct {
		KK     string `toml:"kk"`
		RU     string `toml:"ru"`
		Lead   string `toml:"lead"`
		Victim string `toml:"victim"`
	} `toml:"case"`
}

// Where the officials of the cast who conduct and supervise cases are in post.
const (
	prosecutor  = "zhanar"
	police      = "police"
	prosecution = "prosecution"
)

// Letter is a message in its envelope, on its way to the portal.
type Letter struct {
	ID       uuid.UUID        `json:"id"`
	Case     uuid.UUID        `json:"case"`
	Sequence int64            `json:"sequence"`
	Envelope inbound.Envelope `json:"envelope"`
}

type data = map[string]any

// letter writes a message to the portal of this origin and signs it with the key of the register.
func letter(t *cast.Troupe, origin string, kind inbound.Kind, of uuid.UUID, sequence int64, carries data, at time.Time) (Letter, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Letter{}, err
	}
	m := data{"id": id, "portal": origin, "kind": kind, "at": at.UTC().Format("2006-01-02T15:04:05Z"), "data": carries}
	if of != uuid.Nil {
		m["case"], m["sequence"] = of, sequence
	}
	body, err := json.Marshal(m)
	if err != nil {
		return Letter{}, err
	}
	cms, err := t.Register.SignCMS(body, false, at)
	return Letter{id, of, sequence, inbound.Envelope{Body: b64(body), CMS: b64(cms)}}, err
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// people are all whom the script names, each once.
func (s scripts) people() []string {
	out, seen := []string{prosecutor}, map[string]bool{prosecutor: true}
	for _, c := range s.Case {
		for _, word := range []string{c.Lead, c.Victim} {
			if !seen[word] {
				seen[word] = true
				out = append(out, word)
			}
		}
	}
	return out
}

// roll asks the portal for the ids of the people of the script.
func (s scripts) roll(t *cast.Troupe, origin string, at time.Time) (Letter, error) {
	var all []data
	for _, word := range s.people() {
		m := t.Members[word]
		if m == nil {
			return Letter{}, fmt.Errorf("standin: nobody of the cast is called %q", word)
		}
		all = append(all, data{"iin": m.IIN.Reveal(), "name": m.FullName()})
	}
	return letter(t, origin, inbound.Persons, uuid.Nil, 0, data{"persons": all}, at)
}

// cases writes n cases: each begins, gets a victim who awaits confirmation, and is
// conducted. ids are those of the people, as the portal answered.
func (s scripts) cases(t *cast.Troupe, origin string, ids map[string]uuid.UUID, n int, at time.Time) ([]Letter, error) {
	var out []Letter
	day := at.UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	for i := range n {
		c := s.Case[i%len(s.Case)]
		of, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		fact := warrant.Fact{
			Kind: warrant.Charge, ID: uuid.New(), Made: at.UTC().Truncate(time.Second), Case: of,
			Officer: ids[c.Lead], Body: cast.ID("body", police), Prosecutor: ids[prosecutor], Office: cast.ID("body", prosecution),
		}
		text, err := fact.Text()
		if err != nil {
			return nil, err
		}
		cms, err := t.Register.SignCMS(text, false, at)
		if err != nil {
			return nil, err
		}
		victim := t.Members[c.Victim]
		// The number is made of the case's own random id: two runs never give the same.
		number := fmt.Sprintf("26751%010d", binary.BigEndian.Uint64(of[8:])%10_000_000_000)
		for k, m := range []struct {
			kind    inbound.Kind
			carries data
		}{
			{inbound.Case, data{"fact": b64(text), "cms": b64(cms), "number": number, "offence_kk": c.KK, "offence_ru": c.RU, "registered_on": day}},
			{inbound.Participant, data{"participant": uuid.New(), "who": data{"iin": victim.IIN.Reveal(), "name": victim.FullName()}, "role": "victim"}},
			{inbound.Movement, data{"state": "conducted", "since": day}},
		} {
			l, err := letter(t, origin, m.kind, of, int64(k+1), m.carries, at)
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
	}
	return out, nil
}

func readScripts() (scripts, error) {
	var s scripts
	_, err := toml.Decode(country, &s)
	return s, err
}
