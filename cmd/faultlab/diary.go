package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// line is what a client writes down, before it goes on: what it is about to send, what it
// was told. A diary outlives the client.
type line struct {
	What   event     `json:"what"`
	Filing uuid.UUID `json:"filing"`
	At     time.Time `json:"at"`

	Client string    `json:"client,omitempty"`
	Key    uuid.UUID `json:"key,omitzero"`     // of the submission
	Digest string    `json:"digest,omitempty"` // SHA-256 of the document, hex
	CMS    string    `json:"cms,omitempty"`    // SHA-256 of the signature as it was sent
	File   uuid.UUID `json:"file,omitzero"`    // what is attached
	Sum    string    `json:"sum,omitempty"`    // SHA-256 of that

	Status  int       `json:"status,omitempty"`
	Said    string    `json:"said,omitempty"`
	Wrote   time.Time `json:"wrote,omitzero"` // when the last byte of the request had gone
	Number  string    `json:"number,omitempty"`
	Receipt []byte    `json:"receipt,omitempty"`
}

// event is what a line tells.
type event string

const (
	intends  event = "intends"  // a signed filing is about to be sent
	sends    event = "sends"    // once more
	silence  event = "silence"  // no answer came: it is not known
	failed   event = "failed"   // the portal said that it was not taken
	checking event = "checking" // the portal said that it does not know yet
	acked    event = "acked"    // the portal said that it was taken
	numbered event = "numbered" // and under which number
	proved   event = "proved"   // a receipt was handed out
	gaveUp   event = "gave up"  // a person who was told "failed" went home
)

// diary is the file of one client.
type diary struct {
	mu   sync.Mutex
	file *os.File
}

func openDiary(path string) (*diary, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &diary{file: f}, err
}

// write puts a line on the disk.
func (d *diary) write(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err = d.file.Write(append(text, '\n'))
	return errors.Join(err, d.file.Sync())
}

// story is all that a diary says of one filing.
type story struct {
	line            // what was intended first
	Lines    []line // everything, in order
	Keys     []uuid.UUID
	Acked    bool
	Number   string
	Receipts [][]byte
}

// told says that every answer was that nothing was taken: so it must not be there.
func (s story) toldFailed() bool {
	n := 0
	for _, l := range s.Lines {
		switch l.What {
		case failed:
			n++
		case silence, checking, acked, numbered:
			return false
		}
	}
	return n > 0 && s.Lines[len(s.Lines)-1].What == gaveUp
}

// readDiaries reads what all clients wrote, from the disk.
func readDiaries(dir string) (map[uuid.UUID]*story, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.diary"))
	if err != nil {
		return nil, err
	}
	out := map[uuid.UUID]*story{}
	for _, file := range files {
		if err := readDiary(file, out); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return out, nil
}

func readDiary(file string, out map[uuid.UUID]*story) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1] // the line that is just being written is not yet there
	for one := range bytes.Lines(text) {
		var l line
		if err := json.Unmarshal(one, &l); err != nil {
			return err
		}
		s := out[l.Filing]
		if s == nil {
			s = &story{line: l}
			out[l.Filing] = s
		}
		s.Lines = append(s.Lines, l)
		if l.Key != uuid.Nil && !slices.Contains(s.Keys, l.Key) {
			s.Keys = append(s.Keys, l.Key)
		}
		s.Acked = s.Acked || l.What == acked
		if l.What == numbered {
			s.Number = l.Number
		}
		if len(l.Receipt) > 0 {
			s.Receipts = append(s.Receipts, l.Receipt)
		}
	}
	return nil
}
