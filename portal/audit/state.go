package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// State is where an audit that found nothing ended: the next one goes on from there. It
// is kept apart from the database, for whoever edits that must not edit this.
type State struct {
	Size    int64            `json:"size"` // acts; 0: nothing was audited yet
	Root    tlog.Hash        `json:"root"`
	At      time.Time        `json:"at"`
	Whole   time.Time        `json:"whole"`   // when everything was audited last
	Cluster int64            `json:"cluster"` // of PostgreSQL, by its system identifier
	Oldest  int64            `json:"oldest"`  // transactions before this one were over
	Traces  int64            `json:"traces"`  // changes that the acts answer for
	Tables  map[string]int64 `json:"tables"`  // rows of each
}

// mostState is the longest file of a state.
const mostState = 64 << 10

// ReadState reads a state; one that is not there is the zero State.
func ReadState(file string) (State, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	defer f.Close()
	text, err := readAll(f, mostState)
	if err != nil {
		return State{}, fmt.Errorf("%s: %w", file, err)
	}
	var s State
	if err := json.Unmarshal(text, &s); err != nil || s.Size < 1 || s.Tables == nil {
		return State{}, fmt.Errorf("%s is not the state of an audit; delete it and everything is audited", file)
	}
	return s, nil
}

// Write puts the state in its file, whole or not at all.
func (s State) Write(file string) (err error) {
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".state-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	if _, err = temp.Write(append(text, '\n')); err != nil {
		return errors.Join(err, temp.Close())
	}
	if err = errors.Join(temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
