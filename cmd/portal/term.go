package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"zharia/portal/deadline"
)

// The years within which a term is counted: from the day of the Code to where the
// calendar of nobody reaches.
const lastYear = 2099

// printTerm counts one term for a script, or lists them all.
//
//	portal term -list
//	portal term KEY RFC3339
//
// KEY is the name of a term or a kind of filing, with a variant after a slash:
// petition, complaint_prosecutor/urgent, complaint-court/hearing. The answer is one
// line of JSON; due_raw is the end of the plain count, due_legal the end after days
// off have moved it, and 24:00 of a day is written as 00:00 of the next. Of each
// civil day from the start to the legal end "why" says, in words with spaces between:
//
//	start-day     the term began, the day is not counted (CPC 48(2))
//	start-hour    the term is in hours: the hour it began in is not counted (CPC 48(2))
//	counted       counted, worked or not (CPC 48(3))
//	moved         the plain count ended on a day off, or this is one after it: moved on (CPC 48(4))
//	end           the legal last day
//	day-off:KEY   state bodies rest: weekend, or a key of the calendar
//
// "counted" is whether the day is one of the plain count: the number of counted days
// of a term in days is its amount.
func printTerm(_ context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("term", flag.ContinueOnError)
	list := flags.Bool("list", false, "every term: key, amount, unit, article, dates of effect, whether a day off moves it")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if *list {
		if flags.NArg() > 0 {
			return misused("term -list takes nothing more, not " + flags.Arg(0))
		}
		return listTerms(out)
	}
	if flags.NArg() != 2 {
		return misused("call: portal term -list, or portal term KEY RFC3339")
	}
	name, found := deadline.Lookup(flags.Arg(0))
	if !found {
		return misused(fmt.Sprintf("there is no term %.60q: portal term -list prints them all", flags.Arg(0)))
	}
	from, err := time.Parse(time.RFC3339, flags.Arg(1))
	if err != nil {
		return misused(fmt.Sprintf("%.60q is not a time like 2026-10-22T14:30:00+05:00", flags.Arg(1)))
	}
	if local := from.In(deadline.Zone); local.Format(time.DateOnly) < deadline.CodeInForce || local.Year() > lastYear {
		return misused(fmt.Sprintf("a term is counted from %s to the end of %d, not from %s", deadline.CodeInForce, lastYear, flags.Arg(1)))
	}
	off := deadline.Kazakhstan()
	counting := name.Count(from, off)
	if counting.Ends.IsZero() {
		return misused(fmt.Sprintf("%.60q was not in force on that day", flags.Arg(0)))
	}
	if counting.Provisional {
		fmt.Fprintln(os.Stderr, "portal: the end rests on days off that are not published yet; they were worked out by the rule")
	}
	return json.NewEncoder(out).Encode(countedTerm(flags.Arg(0), counting, off))
}

type termDay struct {
	Date    string `json:"date"`
	Counted bool   `json:"counted"`
	Why     string `json:"why"`
}

type termCount struct {
	Key     string    `json:"key"`
	Article string    `json:"article"`
	Start   string    `json:"start"`
	Raw     string    `json:"due_raw"`
	Legal   string    `json:"due_legal"`
	Days    []termDay `json:"days"`
}

func countedTerm(key string, c deadline.Counting, off deadline.Calendar) termCount {
	count := termCount{
		Key: key, Article: c.Term.By.String(), Start: c.From.Format(time.RFC3339),
		Raw: c.Raw.Format(time.RFC3339), Legal: c.Ends.Format(time.RFC3339),
	}
	rawLast := deadline.LastDay(c.Raw)
	for i, day := range c.EachDay(off) {
		started := i == 0 && !c.Term.NoShift
		why := string(day.Mark)
		counted := !day.Date.After(rawLast)
		switch {
		case started && c.Term.Unit == deadline.Hours:
			why = "start-hour"
		case started:
			why, counted = "start-day", false
		}
		if day.Off != "" {
			why += " day-off:" + day.Off
		}
		count.Days = append(count.Days, termDay{day.Date.Format(time.DateOnly), counted, why})
	}
	return count
}

func listTerms(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tAMOUNT\tUNIT\tARTICLE\tSINCE\tUNTIL\tWORDING OF\tDAY OFF\tALSO")
	for _, name := range deadline.Names {
		for _, term := range name.Versions() {
			until, wording := orDash(term.Until), orDash(term.Wording)
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, term.Amount, term.Unit, term.By, term.Since, until, wording,
				whenOff(term), orDash(strings.Join(name.Keys(), " ")))
		}
	}
	return w.Flush()
}

// whenOff is what a day off at the end does to a term.
func whenOff(term deadline.Term) string {
	if term.NoShift || term.Unit == deadline.Hours {
		return "not-moved"
	}
	return "moved"
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
