package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"zharia/portal/calendar"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/filing"
)

// keepCalendar is the calendar of days of rest in the database at DATABASE_URL: what
// the Government moved after the portal was built.
//
//	portal calendar list
//	portal calendar set DATE off|work -source "act of the Government" [-why KEY]
//
// The portal that serves counts the open filings anew; nobody's term gets shorter.
func keepCalendar(ctx context.Context, args []string, out io.Writer) error {
	switch {
	case len(args) == 1 && args[0] == "list":
		return listCalendar(ctx, out)
	case len(args) >= 3 && args[0] == "set":
		return setCalendar(ctx, args[1], args[2], args[3:], out)
	}
	return misused(`call: portal calendar list, or portal calendar set DATE off|work -source "act of the Government"`)
}

func setCalendar(ctx context.Context, date, kind string, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("calendar set", flag.ContinueOnError)
	source := flags.String("source", "", "the act that moved the day: its name, number and date")
	why := flags.String("why", calendar.Decree, "the reason people are shown: a word under law.day-off, such as ait or nauryz_transfer")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	change := calendar.Change{Off: kind == "off", Key: *why, Source: strings.Join(strings.Fields(*source), " "), MadeAt: now()}
	var err error
	change.Date, err = time.Parse(time.DateOnly, date)
	book, words := book()
	if words != nil {
		return words
	}
	_, known := book.In("kk").Say("law.day-off." + *why)
	switch n := utf8.RuneCountInString(change.Source); {
	case flags.NArg() > 0:
		return misused("calendar set takes no " + flags.Arg(0))
	case err != nil || change.Date.Year() < calendar.FirstYear || change.Date.Year() > calendar.LastYear:
		return misused(fmt.Sprintf("%.20q is not a day of %d to %d like 2026-10-27", date, calendar.FirstYear, calendar.LastYear))
	case kind != "off" && kind != "work":
		return misused(fmt.Sprintf("a day is off or work, not %.20q", kind))
	case n < calendar.MinSource || n > calendar.MaxSource || !utf8.ValidString(change.Source):
		return misused("-source is " + strconv.Itoa(calendar.MinSource) + " to " + strconv.Itoa(calendar.MaxSource) + " characters: people will read it")
	case known != nil:
		return misused(fmt.Sprintf("there are no words for a day off by %.40q", *why))
	}
	db, err := openURL(ctx, database.Work)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := filing.MoveDay(ctx, db, change); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is %s from now on; open filings that end on it are counted anew by the portal that serves\n", date, kind)
	return nil
}

func listCalendar(ctx context.Context, out io.Writer) error {
	db, err := openURL(ctx, database.Work)
	if err != nil {
		return err
	}
	defer db.Close()
	all, err := calendar.Read(ctx, db)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DATE\tIS\tWHY\tSINCE\tSOURCE")
	for _, c := range all {
		kind := map[bool]string{true: "off", false: "work"}[c.Off]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Date.Format(time.DateOnly), kind, c.Key, c.MadeAt.In(deadline.Zone).Format(time.RFC3339), c.Source)
	}
	return w.Flush()
}
