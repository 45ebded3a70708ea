package keeper

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// decision is a line of the record: what was asked, and what the keeper said. People
// and cases are ids that say nothing without the keys; there is no IIN and no name.
type decision struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Answer  string    `json:"answer"`
	Why     string    `json:"why,omitempty"`
	Person  uuid.UUID `json:"person,omitzero"`
	Case    uuid.UUID `json:"case,omitzero"`
	Body    uuid.UUID `json:"body,omitzero"`    // that received it, without a case
	House   bool      `json:"house,omitempty"`  // papers about officials, of no case
	Opening uuid.UUID `json:"opening,omitzero"` // it was opened against the rule
	Count   int       `json:"count,omitempty"`
	Columns []string  `json:"columns,omitempty"`
}

// decisions is the record: a file for each day, to which lines are added. The keeper reads
// none of them again, so those of earlier days may be taken elsewhere.
type decisions struct {
	dir string

	mu   sync.Mutex
	day  string
	file *os.File
}

// write adds a line; what weighs is on disk before write returns. A keeper that cannot
// write down what it does, does not do it.
func (d *decisions) write(line decision, weighs bool) error {
	line.At = line.At.UTC()
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if day := line.At.Format(time.DateOnly); day != d.day || d.file == nil {
		if err := d.turn(day); err != nil {
			return err
		}
	}
	_, err = d.file.Write(append(text, '\n'))
	if err == nil && weighs {
		err = d.file.Sync()
	}
	return err
}

// decisionsPrefix begins the name of each file.
const decisionsPrefix = "decisions-"

// turn begins the file of a day.
func (d *decisions) turn(day string) error {
	f, err := os.OpenFile(filepath.Join(d.dir, decisionsPrefix+day+".jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	before := d.file
	d.day, d.file = day, f
	if before != nil {
		return before.Close()
	}
	return nil
}

func (d *decisions) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file == nil {
		return nil
	}
	err := d.file.Close()
	d.file = nil
	return err
}

// tell writes down what came of a request: one line for each case, for each body, for
// the person's own and for the house, whose texts were asked for.
func (k *Keeper) tell(person uuid.UUID, asks []vault.Ask, by map[uuid.UUID]uuid.UUID, no error) error {
	line := decision{At: k.config.Now(), What: "unwrap", Answer: "open", Person: person}
	if no != nil {
		line.Answer, line.Why = "refuse", "error"
		if r := (*refusal)(nil); errors.As(no, &r) {
			line.Why = string(r.reason)
		}
	}
	for _, group := range grouped(asks) {
		line.Case, line.Body, line.House = group.casefile, group.body, group.house
		line.Opening, line.Count, line.Columns = by[group.casefile], group.count, group.columns
		if err := k.decisions.write(line, no != nil || line.Opening != uuid.Nil); err != nil {
			return err
		}
	}
	return nil
}

type group struct {
	casefile uuid.UUID // none: a person's own, a body's, or the house's
	body     uuid.UUID
	house    bool
	count    int
	columns  []string
}

// grouped counts what was asked for, case by case, in the order of the request.
func grouped(asks []vault.Ask) []group {
	var out []group
	for _, a := range asks {
		i := slices.IndexFunc(out, func(g group) bool {
			return g.casefile == a.Where.Case && g.body == a.Where.Body && g.house == a.Where.House
		})
		if i < 0 {
			out, i = append(out, group{casefile: a.Where.Case, body: a.Where.Body, house: a.Where.House}), len(out)
		}
		out[i].count++
		if name := a.Where.Table + "." + a.Where.Column; !slices.Contains(out[i].columns, name) {
			out[i].columns = append(out[i].columns, name)
		}
	}
	return out
}
