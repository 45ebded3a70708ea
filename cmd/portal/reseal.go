package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"zharia/portal/database"
	"zharia/portal/keeper"
	"zharia/portal/reseal"
)

// bringOver puts the texts of the database under the keeper's present epoch, after
// `portal keeper rotate`. It runs where the portal does and as its user, beside it: the
// keeper makes the wraps anew, and no text is opened on the way.
//
//	portal reseal [-check]
//
// It can be broken off at any moment and called again.
func bringOver(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("reseal", flag.ContinueOnError)
	check := flags.Bool("check", false, "only count what is sealed to an earlier epoch, and have the keeper prove every wrap: 0 nothing is, 1 something is")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	dsn := setting("PORTAL_ROTATE_DATABASE", "DATABASE_URL")
	switch {
	case flags.NArg() > 0:
		return misused("reseal takes flags only, not " + flags.Arg(0))
	case dsn == "":
		return misused("neither PORTAL_ROTATE_DATABASE nor DATABASE_URL is set")
	}
	ring, err := readKeyring()
	if err != nil {
		return misused(err.Error())
	}
	if ring.Keeper == "" {
		return misused("a portal without a keeper has one epoch: PORTAL_KEEPER is not set")
	}
	certificates, err := ring.certificates()
	if err != nil {
		return err
	}
	client, err := keeper.Dial(ring.Keeper, certificates)
	if err != nil {
		return err
	}
	defer client.Close()
	db, err := reseal.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := client.Status(ctx)
	switch {
	case err != nil:
		return err
	case s.Sealed:
		return errors.New("the keeper is sealed: portal keeper unseal")
	case *check:
		return countLeft(ctx, db, client, s, out)
	}
	return carryAll(ctx, db, client, s, out)
}

// countLeft says how much is left of old epochs, and whether the keeper knows every wrap.
func countLeft(ctx context.Context, db *database.DB, client *keeper.Client, s keeper.Status, out io.Writer) error {
	left, err := reseal.Left(ctx, db, s.Epoch)
	if err != nil {
		return err
	}
	of := map[reseal.Column]int{}
	for _, c := range left {
		of[c.Column] = c.Old
	}
	if err := printColumns(out, of); err != nil {
		return err
	}
	n := reseal.All(left)
	fmt.Fprintf(out, "%d texts are sealed to an epoch before %d\n", n, s.Epoch)
	bar := &bar{out: os.Stderr, shown: isTerminal(os.Stderr)}
	seen, err := reseal.Prove(ctx, db, client, bar.show)
	bar.end()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The keeper knows the wraps of all %d texts.\n", seen)
	if n > 0 {
		return reseal.ErrLeft
	}
	return nil
}

func carryAll(ctx context.Context, db *database.DB, client *keeper.Client, s keeper.Status, out io.Writer) error {
	bar := &bar{out: os.Stderr, shown: isTerminal(os.Stderr)}
	began := now()
	done, err := reseal.Over(ctx, db, client, bar.show)
	bar.end()
	took := now().Sub(began)
	if said := printColumns(out, done); said != nil {
		return errors.Join(err, said)
	}
	n := 0
	for _, one := range done {
		n += one
	}
	fmt.Fprintf(out, "%d texts were brought over in %s, %.0f a second\n", n, took.Round(time.Millisecond), float64(n)/max(took.Seconds(), 0.001))
	if err != nil {
		fmt.Fprintln(out, "It is not all: what is done stays done, call it again.")
		return err
	}
	fmt.Fprintf(out, "Nothing is left of an epoch before %d; the keeper was told.\n", s.Epoch)
	if s.Oldest < s.Epoch {
		fmt.Fprintf(out, "From %s on those keys can be destroyed: this command once more, then `portal keeper rotate -forget`.\n", s.Began.Add(keeper.Rest).Format("2006-01-02 15:04 MST"))
	}
	return nil
}

// printColumns writes those of which there is something.
func printColumns(out io.Writer, of map[reseal.Column]int) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	all := slices.SortedFunc(maps.Keys(of), func(a, b reseal.Column) int {
		return slices.Index(reseal.Columns, a) - slices.Index(reseal.Columns, b)
	})
	for _, c := range all {
		if of[c] > 0 {
			fmt.Fprintf(w, "%d\t %s\n", of[c], c)
		}
	}
	return w.Flush()
}
