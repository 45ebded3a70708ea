package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/identity"
	"zharia/portal/vault"
)

// endSessions ends the sessions of somebody, or of everybody: when a key was stolen, or
// the portal itself was. Whoever is at work signs in again, and loses nothing he typed.
func endSessions(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sessions", flag.ContinueOnError)
	number := flags.String("iin", "", "whose: his IIN, twelve digits")
	all := flags.Bool("everybody", false, "everybody's")
	if len(args) == 0 || args[0] != "end" || flags.Parse(args[1:]) != nil || flags.NArg() > 0 || (*number == "") == !*all {
		return misused("sessions end -iin …, or sessions end -everybody")
	}
	var iin eds.IIN
	if !*all {
		var err error
		if iin, err = eds.ParseIIN(*number); err != nil || !iin.Valid() {
			return misused("-iin is twelve digits, the last of which fits the others")
		}
	}
	ring, err := readKeyring()
	dsn := os.Getenv("DATABASE_URL")
	if err != nil || dsn == "" {
		return misused("DATABASE_URL and PORTAL_KEEPER are not both set")
	}
	if err := guard(ctx, dsn); err != nil {
		return err
	}
	db, work, err := open(ctx, dsn, func(hand *database.DB) (*vault.Keys, error) {
		keys, _, err := ring.open(ctx, hand, os.Stderr)
		return keys, err
	})
	if err != nil {
		return err
	}
	defer db.Close()
	defer work.Close()
	who := uuid.Nil
	if !*all {
		who = identity.IDOf(work, iin)
	}
	n, err := identity.Expel(ctx, work, who, now())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d sessions ended\n", n)
	return nil
}
