package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"zharia/portal"
	"zharia/portal/attachment"
	"zharia/portal/audit"
	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/ops"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// startTime is how long a start waits for the database: after a crash PostgreSQL recovers
// for some minutes before it answers anybody.
const startTime = 5 * time.Minute

// waits tells the log that a start is held up.
func waits(why error) {
	slog.Warn("the database does not answer yet: waiting for it", "error", why.Error())
}

// start is a portal that is being put together.
type start struct {
	config   config
	book     *words.Book
	verifier *eds.Verifier
	ready    *ops.Ready

	portal *portal.Portal
	hands  hands
	opened []func() // what ends with it, in the order in which it was opened
}

// end closes what was opened, last first.
func (s *start) end() {
	for _, end := range slices.Backward(s.opened) {
		end()
	}
	s.opened = nil
}

// keeps has the end of a pool wait for that of the portal.
func (s *start) keeps(db *database.DB) { s.opened = append(s.opened, func() { db.Close() }) }

// begin does all that needs the database. Where it fails nothing of it is left, and it can
// be done again.
func (s *start) begin(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	s.opened = append(s.opened, cancel)
	defer func() {
		if err != nil {
			s.end()
		}
	}()
	c, h := s.config, &s.hands
	s.ready.Starting("database")
	if err := guard(ctx, c.Database); err != nil {
		return err
	}
	db, work, err := open(ctx, c.Database, func(hand *database.DB) (keys *vault.Keys, err error) {
		s.ready.Starting("keeper")
		keys, h.keeper, err = c.Keyring.open(ctx, hand, os.Stderr)
		s.ready.Starting("database")
		return keys, err
	})
	if err != nil {
		return err
	}
	s.keeps(db.DB)
	s.keeps(work.DB)
	if db.Outside, err = c.Store.open(ctx); err != nil {
		return err
	}
	checks, err := database.OpenAs(ctx, c.Database, database.Audit)
	if err != nil {
		return err
	}
	s.keeps(checks)
	s.ready.Starting("ledger")
	key, err := proven(ctx, checks, c)
	if err != nil {
		return err
	}
	watched, unsafe, err := sound(ctx, work.DB, c)
	if err != nil {
		return err
	}
	scanner, err := attachment.ParseScanner(c.Scanner)
	if err != nil {
		return err
	}
	p := &portal.Portal{Clock: watched.Now, Steady: watched.Sound, Unsafe: unsafe, DB: db, Scanner: scanner, Words: s.book, Verifier: s.verifier, Origin: c.Origin, Agent: c.Agent, Egov: c.egov(), LogKey: c.LogKey, TipOrigin: c.TipOrigin}
	if c.Register != "" {
		if p.Register, err = openInbox(c.Register, c.Origin, work, s.verifier); err != nil {
			return err
		}
		p.Register.Clock = watched.Now
	}
	if h.exchange, p.Exchange, err = c.Exchange.open(ctx, work.DB, c.Origin, c.Register != ""); err != nil {
		return err
	}
	h.work, h.checks, h.watch = work.DB, checks, audit.Watch{Key: key, Witnesses: c.Witnesses, State: c.Audit}
	h.troubles, h.steady = troubles(work.DB, c), watched.Sound
	s.portal = p
	return nil
}

// tellOperators answers those who look after the machine from now on, whether anybody else
// is served or not, until the end that it gives.
func (d *doors) tellOperators(ready *ops.Ready, meter *ops.Meter) (end func()) {
	if d.ops == nil {
		return func() {}
	}
	listener, beside := d.ops, newServer(d.operators(ready, meter))
	d.ops = nil
	go func() {
		if err := beside.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("operators are told nothing any more", "error", err.Error())
		}
	}()
	return func() { beside.Close() }
}
