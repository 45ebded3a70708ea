package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/keeper"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
)

// takeFile takes a file of messages of the register, with the settings of serve. It may
// be broken off and called again.
func takeFile(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("import", flag.ContinueOnError)
	size := flags.Int("batch", 0, "messages in one transaction")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if flags.NArg() != 1 || *size < 0 || *size > 10_000 {
		return misused("import takes one file of messages, one a line")
	}
	c, err := readConfig()
	if err != nil {
		return err
	}
	if c.Register == "" {
		return misused("PORTAL_REGISTER is not set: nobody's messages are taken")
	}
	verifier, authority, err := authorities(c)
	if err != nil {
		return err
	}
	go refresh(ctx, authority)
	if err := guard(ctx, c.Database); err != nil {
		return err
	}
	var client *keeper.Client
	db, work, err := open(ctx, c.Database, func(hand *database.DB) (keys *vault.Keys, err error) {
		keys, client, err = c.Keyring.open(ctx, hand, os.Stderr)
		return keys, err
	})
	if err != nil {
		return err
	}
	defer db.Close()
	defer work.Close()
	if client != nil {
		defer client.Close()
	}
	go renew(ctx, work.Keys)
	debug.SetGCPercent(400) // this process holds little and makes much: a fifth less of its time goes into clearing up
	inbox, err := openInbox(c.Register, c.Origin, work, verifier)
	if err != nil {
		return err
	}
	return importFile(ctx, &inbound.File{Inbox: inbox, Path: flags.Arg(0), Batch: *size}, out)
}

// openInbox takes messages to the portal of this origin that are signed with the key of this certificate.
func openInbox(file, origin string, work *vault.DB, verifier *eds.Verifier) (*inbound.Inbox, error) {
	cert, err := os.ReadFile(file)
	if err == nil {
		err = eds.MachineCertificate(cert)
	}
	if err != nil {
		return nil, fmt.Errorf("PORTAL_REGISTER: %w", err)
	}
	return &inbound.Inbox{DB: work, Verifier: verifier, Register: cert, Origin: origin}, nil
}

// drawn is how often the bar is drawn anew.
const drawn = time.Second

func importFile(ctx context.Context, f *inbound.File, out io.Writer) error {
	begun, last := time.Now(), time.Time{}
	var from *inbound.Progress
	f.Tell = func(p inbound.Progress) {
		if from == nil {
			from = &p
		}
		if time.Since(last) < drawn {
			return
		}
		last = time.Now()
		fmt.Fprint(out, "\r"+progressBar(p, p.Remaining(*from, time.Since(begun))))
	}
	p, err := f.Run(ctx)
	fmt.Fprintln(out, "\r"+progressBar(p, 0))
	if err != nil {
		return fmt.Errorf("%w\nthe same command goes on from here", err)
	}
	if p.Refused > 0 {
		return fmt.Errorf("%d lines were refused: %s.errors.jsonl says which and why", p.Refused, f.Path)
	}
	return nil
}

func progressBar(p inbound.Progress, left time.Duration) string {
	share := 1.0
	if p.Size > 0 {
		share = float64(p.Offset) / float64(p.Size)
	}
	full := int(share * barWidth)
	return fmt.Sprintf("[%s%s] %3.0f%%  %d lines, %d refused, %s left ", strings.Repeat("#", full), strings.Repeat("-", barWidth-full), share*100, p.Lines, p.Refused, left)
}
