package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/register/feed"
	"zharia/portal/register/standin"
)

// Exchange are the settings of what the register of investigations is told.
type Exchange struct {
	EventsURL  string `env:"PORTAL_REGISTER_URL" help:"where the register takes events: https://…; none: they only lie to be fetched at /api/v1/events"`
	EventsSeal string `env:"PORTAL_REGISTER_SEAL" help:"the register's X25519 public key in base64: copies of signed papers are sealed to it; none: it gets none"`
	EventsKey  string `env:"PORTAL_EXCHANGE_KEY" help:"file of the key by which events are signed, mode 0600, made at the first start, the same for all portals of a site; its public half is at /api/v1/key"`
}

// subscriber is the register, as the settings have it.
func (e Exchange) subscriber() (feed.Subscriber, error) {
	s := feed.Subscriber{Name: portal.RegisterName, URL: e.EventsURL}
	if e.EventsSeal != "" {
		var err error
		if s.Seal, err = base64.StdEncoding.DecodeString(e.EventsSeal); err != nil {
			return s, errors.New("PORTAL_REGISTER_SEAL: base64 is expected")
		}
	}
	if err := s.Check(); err != nil {
		return s, fmt.Errorf("PORTAL_REGISTER_URL, PORTAL_REGISTER_SEAL: %w", err)
	}
	return s, nil
}

// errKeyLost stops a start: what a new key signs the register refuses.
var errKeyLost = errors.New("PORTAL_EXCHANGE_KEY: the register has taken events that were signed by a key, and it is not here. Put its copy back. " +
	"If none is left in the world, make one by hand, as the portal's user, (umask 077; openssl rand -base64 32 > FILE), and give the register what PORTAL_ORIGIN/api/v1/key then says")

func (e Exchange) check() error {
	switch {
	case e.EventsURL == "" && e.EventsSeal == "":
		return nil
	case e.EventsURL == "":
		return errors.New("PORTAL_REGISTER_SEAL is set, and PORTAL_REGISTER_URL is not")
	case e.EventsKey == "":
		return errors.New("PORTAL_REGISTER_URL is set, and PORTAL_EXCHANGE_KEY is not")
	}
	_, err := e.subscriber()
	return err
}

// open is who makes events and tells the register, and the key it is told by; nil where
// nobody is told, nor known to fetch them. What is kept for the register before that lies
// in the record.
func (e Exchange) open(ctx context.Context, work *database.DB, origin string, fetched bool) (*feed.Worker, feed.Public, error) {
	w, public := &feed.Worker{DB: work, Origin: origin}, feed.Public{}
	if e.EventsURL == "" { // that of an earlier start is none any more
		if err := feed.Retire(ctx, work, portal.RegisterName); err != nil {
			return nil, public, err
		}
	}
	if e.EventsKey == "" {
		if !fetched {
			w = nil
		}
		return w, public, nil
	}
	_, err := os.Stat(e.EventsKey)
	if errors.Is(err, fs.ErrNotExist) {
		took, err := feed.Took(ctx, work, portal.RegisterName)
		if err != nil {
			return nil, public, err
		}
		if took {
			return nil, public, fmt.Errorf("%s: %w", e.EventsKey, errKeyLost)
		}
	}
	if w.Key, err = feed.LoadKey(e.EventsKey); err != nil {
		return nil, public, err
	}
	if e.EventsURL != "" {
		s, err := e.subscriber()
		if err != nil {
			return nil, public, err
		}
		if err := feed.Subscribe(ctx, work, s, now()); err != nil {
			return nil, public, err
		}
	}
	return w, w.Key.Public(), nil
}

// openStandin opens a register that is none beside the demonstration: what people file
// there comes into its diary, in the folder of the state.
func openStandin(ctx context.Context, dir, origin string, work *database.DB) (w *feed.Worker, public feed.Public, end func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, public, nil, err
	}
	e := Exchange{EventsKey: filepath.Join(dir, "exchange.key")}
	key, err := feed.LoadKey(e.EventsKey)
	if err != nil {
		return nil, public, nil, err
	}
	r, err := standin.Open(dir, origin, key.Public(), now)
	if err != nil {
		return nil, public, nil, err
	}
	listener, err := listen("127.0.0.1:0")
	if err != nil {
		return nil, public, nil, errors.Join(err, r.Close())
	}
	server := newServer(r)
	go server.Serve(listener) // it ends with the process, or by end
	end = func() { server.Close(); r.Close() }
	e.EventsURL, e.EventsSeal = "http://"+listener.Addr().String()+"/", base64.StdEncoding.EncodeToString(r.Seal())
	if w, public, err = e.open(ctx, work, origin, false); err != nil {
		end()
	}
	return w, public, end, err
}
