package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/directory"
	"zharia/portal/eds"
	"zharia/portal/identity"
	"zharia/portal/vault"
)

// firstOfficer enters one of the first two administrators, whom nobody can sign for
// yet: with the two in post every entry is made on the portal, and two people sign
// it. The name is what the portal calls him until he first signs in.
func firstOfficer(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("officer", flag.ContinueOnError)
	iin := flags.String("iin", "", "his IIN, twelve digits")
	name := flags.String("name", "", "surname, name and patronymic")
	kk := flags.String("body", "", "the body that administers the portal, in Kazakh")
	ru := flags.String("body-ru", "", "the same in Russian")
	id := flags.String("body-id", "", "the id by which the register calls that body; without it the body is found by its name, or made under an id of its own")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	switch {
	case flags.NArg() > 0:
		return misused("officer takes flags only, not " + flags.Arg(0))
	case len(*iin) != 12 || strings.Trim(*iin, "0123456789") != "":
		return misused("-iin is twelve digits")
	case *id != "" && uuid.Validate(*id) != nil:
		return misused("-body-id is a UUID")
	case !named(*name) || !named(*kk) || !named(*ru):
		return misused("-name, -body and -body-ru are names of 2 to 150 characters")
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
	var its uuid.UUID
	if *id != "" {
		its = uuid.MustParse(*id)
	}
	line, err := directory.First(ctx, work, now(), eds.IIN(*iin), *name, identity.Body{NameKK: *kk, NameRU: *ru}, its)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "an administrator is in the directory; the register's first roll must name him:\n  person %s\n  post   %s\n  body   %s\n  until  none\n", line.Person, line.Post, line.Body)
	return err
}

func named(text string) bool {
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	return n >= 2 && n <= 150
}
