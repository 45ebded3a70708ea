package leave

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/warrant"
)

// note is something that is remembered over restarts; one of its fields is set. It names
// nobody: people are ids that say nothing without the keys.
type note struct {
	Paper *paper `json:"paper,omitempty"` // that takes
	Want  *want  `json:"want,omitempty"`
	Seen  *seen  `json:"seen,omitempty"`
	Ended *ended `json:"ended,omitempty"`
}

// paper is a paper that was proved.
type paper struct {
	Name     []byte          `json:"name"`
	Fact     json.RawMessage `json:"fact"`
	Digest   []byte          `json:"digest"`
	Signer   uuid.UUID       `json:"signer,omitzero"`
	Register bool            `json:"register,omitempty"`
	At       time.Time       `json:"at,omitzero"`
	Came     time.Time       `json:"came,omitzero"`
}

// want is a paper that was proved and is too long for the memory, as the roll of
// officials: without it nothing opens that it bears on.
type want struct {
	Name []byte    `json:"name"`
	Case uuid.UUID `json:"case,omitzero"`
	Came time.Time `json:"came,omitzero"`
}

// seen is a paper of which the keeper's own eyes say when it was signed at the latest.
type seen struct {
	Name   []byte    `json:"name"`
	Person uuid.UUID `json:"person"`
	At     time.Time `json:"at"`
}

// ended is a paper that holds no more, though no other one says so.
type ended struct {
	ID uuid.UUID `json:"id"`
	At time.Time `json:"at"`
}

// maxNote is how long a note is at most, in bytes: what the keeper's memory takes.
const maxNote = 8 << 10

// kept is how a paper that takes is remembered.
func kept(name [32]byte, p warrant.Paper) note {
	text, err := p.Text()
	if err != nil || len(text) > maxNote/2 {
		return note{Want: &want{name[:], p.Case, p.Came}}
	}
	return note{Paper: &paper{name[:], text, p.Digest[:], p.Signer, p.Register, p.At.UTC(), p.Came}}
}

func texts(notes []note) (out [][]byte, err error) {
	for _, n := range notes {
		text, err := json.Marshal(n)
		if err != nil {
			return nil, err
		}
		if len(text) > maxNote {
			return nil, fmt.Errorf("leave: a note of %d bytes", len(text))
		}
		out = append(out, text)
	}
	return out, nil
}

var errNote = errors.New("leave: not a note of ours")

// Recall gives back what was remembered.
func (r *rights) Recall(facts [][]byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range facts {
		var n note
		if err := json.Unmarshal(text, &n); err != nil {
			return errors.Join(errNote, err)
		}
		if err := r.recall(n); err != nil {
			return err
		}
	}
	return nil
}

// recall lets a note count. The caller has the lock.
func (r *rights) recall(n note) error {
	switch {
	case n.Paper != nil && len(n.Paper.Name) == 32 && len(n.Paper.Digest) == 32:
		f, err := warrant.Parse(n.Paper.Fact)
		if err != nil {
			return errors.Join(errNote, err)
		}
		r.add([32]byte(n.Paper.Name), warrant.Paper{
			Fact: f, Signer: n.Paper.Signer, Register: n.Paper.Register, Digest: [32]byte(n.Paper.Digest), At: n.Paper.At, Came: n.Paper.Came,
		})
	case n.Want != nil && len(n.Want.Name) == 32:
		if _, twice := r.wanted[[32]byte(n.Want.Name)]; !twice { // shown twice at once: the first counts
			r.wanted[[32]byte(n.Want.Name)] = *n.Want
		}
	case n.Seen != nil && len(n.Seen.Name) == 32:
		r.seen[[32]byte(n.Seen.Name)] = *n.Seen
	case n.Ended != nil:
		if before, twice := r.ended[n.Ended.ID]; !twice || n.Ended.At.Before(before) {
			r.ended[n.Ended.ID] = n.Ended.At
			clear(r.chains) // a substitution counts in every case
		}
	default:
		return errNote
	}
	return nil
}
