package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/words"
)

// prints are what can be printed of filings, for a lawyer to read.
var prints = map[string]func(w *words.Language) string{
	"routes": routing,
	"moves":  func(*words.Language) string { return filing.Moves() },
}

// printFiling prints one of the tables of petitions and complaints.
func printFiling(_ context.Context, args []string, out io.Writer) error {
	known := strings.Join(slices.Sorted(maps.Keys(prints)), " or ")
	if len(args) == 0 || prints[args[0]] == nil {
		return misused("filing takes " + known + ", then -lang kk or ru")
	}
	flags := flag.NewFlagSet("filing "+args[0], flag.ContinueOnError)
	lang := flags.String("lang", "kk", "kk or ru")
	if flags.Parse(args[1:]) != nil {
		return errMisuse
	}
	if flags.NArg() > 0 || !slices.Contains([]string{"kk", "ru"}, *lang) {
		return misused("filing " + args[0] + " takes -lang kk or ru")
	}
	book, err := book()
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, prints[args[0]](book.In(*lang)))
	return err
}

// routing is where each thing that may be contested or asked for goes by the Code:
// to whom first, to whom else, what is closed, and why.
func routing(w *words.Language) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n\n%s\n", strings.ToUpper(w.T("routes.title")), wrap(w.T("routes.lead"), ""))
	for _, line := range guide.Table() {
		fmt.Fprintf(&s, "\n%s\n", w.T("routes.what."+string(line.What)))
		if line.By != "" {
			fmt.Fprintf(&s, "%s\n", wrap("  "+w.T("routes.by")+": "+w.T("guide.seat."+string(line.By)), "    "))
		} else if line.What != guide.Nothing || line.Ground != "" {
			fmt.Fprintf(&s, "  %s: %s\n", w.T("routes.by"), w.T("routes.nobody"))
		}
		if line.Ground != "" {
			fmt.Fprintf(&s, "  %s: %s\n", w.T("routes.ground"), w.T("routes.ground."+line.Ground))
		}
		for _, way := range line.Ways {
			mark := "+"
			if way.Closed {
				mark = "–"
			}
			text := fmt.Sprintf("  %s %s → %s (%s). ", mark, w.T("filing."+string(way.Kind)), words.Low(w.T("guide.seat."+string(way.Seat))), w.Law(way.By))
			fmt.Fprintf(&s, "%s\n", wrap(text+w.T("guide.why."+way.Why), "      "))
		}
	}
	return s.String()
}
