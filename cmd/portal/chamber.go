package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/keeper"
	"zharia/portal/leave"
	"zharia/portal/vault"
)

// chamber is the keeper of the demonstration: a real one with its rules, asked over a
// socket, but in the same process and unsealed by a passphrase that lies beside it. So it
// shows how the portal works behind a keeper, and guards nothing.
type chamber struct {
	dir      string // the state of the demonstration
	origin   string
	verifier *eds.Verifier
	register []byte

	client *keeper.Client
	all    *vault.Keys // opens everything: to put the cast on the stage, which has signed nothing yet
	end    func() error
}

const chamberWarning = "The keeper of the demonstration runs in this process, and its passphrase lies in %s: whoever has this folder reads everything."

// maxSocket is how long the path of a unix socket is at most, on the systems we know.
const maxSocket = 100

// open makes the keeper, or wakes it, and takes the keys of the portal from it.
func (c *chamber) open(ctx context.Context, hand *database.DB) (*vault.Keys, error) {
	state, file := filepath.Join(c.dir, "keeper"), filepath.Join(c.dir, "keys", "passphrase")
	if err := keysBelong(ctx, hand, filepath.Join(state, "keeper.json"), file); err != nil {
		return nil, err
	}
	text, err := passphrase(file)
	if err != nil {
		return nil, err
	}
	from := &watched{Source: keeper.Passphrase{Text: text}}
	if err := keeper.Init(ctx, state, from, now()); err != nil && !errors.Is(err, keeper.ErrExists) {
		return nil, err
	}
	k, err := keeper.Open(keeper.Config{Dir: state, Origin: c.origin, Verifier: c.verifier, Rights: leave.New(c.verifier, c.register)})
	if err != nil {
		return nil, err
	}
	c.end = k.Close
	if err := k.Unseal(ctx, from); err != nil {
		return nil, err
	}
	step(fmt.Sprintf("\x1b[1;31m"+chamberWarning+"\x1b[0m", file))
	if c.all, err = from.keys(ctx, k.Status().Epoch); err != nil {
		return nil, err
	}
	socket := filepath.Join(state, "portal.sock")
	if len(socket) > maxSocket {
		short, err := os.MkdirTemp("", "zharia")
		if err != nil {
			return nil, err
		}
		c.end = func() error { return errors.Join(k.Close(), os.RemoveAll(short)) }
		socket = filepath.Join(short, "s")
	}
	listener, err := listenUnix(socket, 0o600)
	if err != nil {
		return nil, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // it goes after the portal
	served := make(chan error, 1)
	go func() {
		served <- k.Serve(serving, keeper.Door{Listener: listener, Users: []uint32{uint32(os.Geteuid())}})
	}()
	rest := c.end
	c.end = func() error {
		c.client.Close()
		stop()
		return errors.Join(<-served, rest())
	}
	if c.client, err = keeper.Dial("unix:"+socket, nil); err != nil {
		return nil, err
	}
	return connect(ctx, c.client, hand, 0)
}

// close ends the keeper, as far as it was begun.
func (c *chamber) close() error {
	if c.end == nil {
		return nil
	}
	return c.end()
}

// passphrase reads it, or draws one.
func passphrase(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(rand.Text())
		err = errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, text, 0o600))
	}
	return bytes.TrimSpace(text), err
}

// watched is a source of which we see the root: only a demonstration does that.
type watched struct {
	keeper.Source
	root []byte
}

func (w *watched) Seal(ctx context.Context, root []byte) ([]byte, error) {
	w.root = bytes.Clone(root)
	return w.Source.Seal(ctx, root)
}

func (w *watched) Unseal(ctx context.Context, sealed []byte) ([]byte, error) {
	root, err := w.Source.Unseal(ctx, sealed)
	w.root = bytes.Clone(root)
	return root, err
}

// First has the epochs begin as those of keys do.
func (w *watched) First(root []byte) ([]byte, error) { return vault.FirstSeed(root) }

// keys open everything that the keeper does, up to its epoch.
func (w *watched) keys(ctx context.Context, epoch uint32) (*vault.Keys, error) {
	direct, err := vault.NewDirect(w.root)
	if err != nil {
		return nil, err
	}
	for range epoch - 1 {
		direct.Rotate()
	}
	return vault.Connect(ctx, direct)
}
