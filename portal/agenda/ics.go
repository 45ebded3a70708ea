package agenda

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"zharia/portal/deadline"
	"zharia/portal/words"
)

// maxLine is the length of a line of a calendar in octets, RFC 5545 section 3.1.
const maxLine = 75

// Calendar writes terms as iCalendar, RFC 5545. It tells the number of a filing, that
// a term ends, the word where it is, and an address that asks who comes: no name, no
// case, no article. link is the address of the page of a term.
func Calendar(w *words.Language, terms []Term, link func(Term) string) []byte {
	var b strings.Builder
	line := func(name, value string) { fold(&b, name+":"+value) }
	text := func(name, value string) { line(name, escape(value)) }
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	line("PRODID", "-//zharia//terms//"+strings.ToUpper(w.Code))
	line("CALSCALE", "GREGORIAN")
	line("METHOD", "PUBLISH")
	text("X-WR-CALNAME", w.T("calendar.name"))
	line("X-WR-TIMEZONE", deadline.Zone.String())
	line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
	line("X-PUBLISHED-TTL", "PT1H")
	for _, t := range terms {
		line("BEGIN", "VEVENT")
		line("UID", t.uid())
		line("DTSTAMP", utc(t.Touched))
		line("LAST-MODIFIED", utc(t.Touched))
		line("SEQUENCE", fmt.Sprint(t.Revision))
		if t.Hour {
			line("DTSTART", utc(t.DueAt))
		} else {
			last := deadline.LastDay(t.DueAt)
			line("DTSTART;VALUE=DATE", last.Format("20060102"))
			line("DTEND;VALUE=DATE", last.AddDate(0, 0, 1).Format("20060102"))
		}
		text("SUMMARY", t.summary(w))
		address := link(t)
		said := address
		if t.Word != "" {
			said = w.T("status.word."+string(t.Word), "number", t.Number) + "\n" + address
		}
		text("DESCRIPTION", said)
		line("URL", address)
		if t.Over {
			line("STATUS", "CANCELLED")
		} else {
			line("STATUS", "CONFIRMED")
		}
		line("TRANSP", "TRANSPARENT")
		line("CLASS", "PRIVATE")
		line("END", "VEVENT")
	}
	line("END", "VCALENDAR")
	return []byte(b.String())
}

// uid names the event for ever: a term of one kind of one thing.
func (t Term) uid() string { return string(t.Kind) + "-" + t.Of.String() + "@zharia" }

// summary says that a term ends, and of what number.
func (t Term) summary(w *words.Language) string {
	if t.Number == "" {
		return w.T("calendar.event." + string(t.Kind))
	}
	return w.T("calendar.event.number", "number", t.Number, "what", w.T("calendar.event."+string(t.Kind)))
}

func utc(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// escape writes a value of type TEXT, RFC 5545 section 3.3.11.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(text)
}

// fold writes a line in pieces of at most maxLine octets, none of which ends within a
// letter.
func fold(b *strings.Builder, line string) {
	room := maxLine
	for len(line) > room {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		b.WriteString(line[:cut] + "\r\n ")
		line, room = line[cut:], maxLine-1
	}
	b.WriteString(line + "\r\n")
}
