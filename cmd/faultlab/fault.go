package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"zharia/portal/eds/authority"
)

// fault is one way in which something goes wrong under load. Do does it and mends it: when
// it returns, all processes run again. It answers how long people may wait then.
type fault struct {
	id, what string
	do       func(ctx context.Context, l *lab) error
}

// faults are all that the lab can do, by the rows of security/RELIABILITY 3. What it cannot
// is said in the usage of the command.
var faults = []fault{
	{"portal", "R01 kill -9 of the portal", func(ctx context.Context, l *lab) error {
		return errors.Join(l.portal.kill(), l.portal.start(ctx))
	}},
	{"portal-commit", "R01 kill -9 of the portal when a COMMIT is done and not yet answered", func(ctx context.Context, l *lab) error {
		if err := onWire(halfOpen, 1)(ctx, l); err != nil {
			return err
		}
		sleep(ctx, answerTime)
		return errors.Join(l.portal.kill(), l.portal.start(ctx))
	}},
	{"postmaster", "R02 kill -9 of PostgreSQL", func(ctx context.Context, l *lab) error {
		return errors.Join(l.endDatabase(syscall.SIGKILL), l.raiseDatabase(ctx))
	}},
	{"backend", "R02 kill -9 of a backend of PostgreSQL", func(ctx context.Context, l *lab) error {
		return l.killBackend(ctx)
	}},
	{"all", "R03 kill -9 of auditor, portal, PostgreSQL and keeper", func(ctx context.Context, l *lab) error {
		err := errors.Join(l.auditor.kill(), l.portal.kill(), l.endDatabase(syscall.SIGKILL), l.keeper.kill(), l.keeper.start(ctx))
		raised := make(chan error, 1)
		go func() { raised <- l.raiseDatabase(ctx) }() // the others are started before it answers
		return errors.Join(err, l.auditor.start(ctx), l.portal.start(ctx), <-raised)
	}},
	{"keeper", "R03 kill -9 of the keeper", func(ctx context.Context, l *lab) error {
		return errors.Join(l.keeper.kill(), l.keeper.start(ctx))
	}},
	{"auditor", "R03 kill -9 of the auditor", func(ctx context.Context, l *lab) error {
		return errors.Join(l.auditor.kill(), l.auditor.start(ctx))
	}},
	{"cut-before", "R08 connections cut before COMMIT", onWire(cutBefore, 3)},
	{"cut-after", "R08 connections cut after COMMIT", onWire(cutAfter, 3)},
	{"half-open", "R08 half-open connections at COMMIT", onWire(halfOpen, 2)},
	{"hold", "R08 COMMIT that takes 1.5 s", onWire(hold, 3)},
	{"slow", "R08 each question to PostgreSQL takes 0.3 s more", func(ctx context.Context, l *lab) error {
		l.wire.slower(300 * time.Millisecond)
		defer l.wire.slower(0)
		sleep(ctx, 14*time.Second)
		return nil
	}},
	{"reset", "R08 all connections to PostgreSQL cut", func(_ context.Context, l *lab) error {
		l.wire.resetAll()
		return nil
	}},
	{"fast", "R09 fast restart of PostgreSQL", func(ctx context.Context, l *lab) error {
		return errors.Join(l.endDatabase(syscall.SIGINT), l.raiseDatabase(ctx))
	}},
	{"immediate", "R09 immediate restart of PostgreSQL", func(ctx context.Context, l *lab) error {
		return errors.Join(l.endDatabase(syscall.SIGQUIT), l.raiseDatabase(ctx))
	}},
	{"restart", "R16 the portal is stopped in order and started", func(ctx context.Context, l *lab) error {
		return errors.Join(l.portal.stop(), l.portal.start(ctx))
	}},
	{"ocsp", "R12 the responder hangs", outOfOrder(authority.OCSP, authority.Slow)},
	{"ocsp-garbage", "R12 the responder answers garbage", outOfOrder(authority.OCSP, authority.Garbage)},
	{"stamps", "R12 no time-stamps", outOfOrder(authority.Stamps, authority.Unavailable)},
	{"disk", "R06 the disk of PostgreSQL is full", fullDisk},
}

// faultOf is the fault of a name.
func faultOf(id string) (fault, error) {
	for _, f := range faults {
		if f.id == id {
			return f, nil
		}
	}
	return fault{}, fmt.Errorf("no fault is called %q", id)
}

// wireTime is how long it may take until somebody files.
const wireTime = patience

// onWire does something to n COMMITs.
func onWire(how cut, n int) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		before := l.wire.hits()
		l.wire.arm(how, n)
		defer l.wire.arm(whole, 0)
		for end := time.Now().Add(wireTime); time.Now().Before(end); sleep(ctx, 20*time.Millisecond) {
			if l.wire.hits() >= before+n || ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if l.wire.hits() == before {
			return errors.New("nobody filed anything while the wire was to be cut")
		}
		return nil
	}
}

// brokenTime is how long a service of the authority is out of order.
const brokenTime = 3 * time.Second

func outOfOrder(which authority.Service, how authority.Fault) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		l.services.Break(which, how)
		defer l.services.Break(which, authority.NoFault)
		sleep(ctx, brokenTime)
		return nil
	}
}

// fullTime is how long the disk is full.
const fullTime = 2 * time.Second

// fullDisk fills the disk that the lab was given for PostgreSQL (-disk), if it was.
func fullDisk(ctx context.Context, l *lab) error {
	if l.disk == "" {
		return errors.New("there is no disk of its own for PostgreSQL: -disk")
	}
	ballast := filepath.Join(l.disk, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for err == nil {
		_, err = f.Write(block)
	}
	full := errors.Is(err, syscall.ENOSPC)
	sleep(ctx, fullTime)
	err = errors.Join(f.Close(), os.Remove(ballast))
	if !full {
		return errors.Join(errors.New("the disk did not get full"), err)
	}
	if pid, gone := l.postmaster(); gone != nil || pid == 0 { // it may have given up: no space for its log
		l.crashes++
		return errors.Join(err, l.raiseDatabase(ctx))
	}
	return err
}
