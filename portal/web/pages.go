// Package web is how the portal speaks HTTP, without knowing a domain: pages and
// their words, forms, failures, headers, static files, the log of requests.
package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/law"
	"zharia/portal/words"
)

// Frame is what stands around every page.
type Frame struct {
	Lang    string // kk or ru
	Other   string // the other one
	Here    string // this address in the other language
	Post    string // on a page with a form: where the form goes in the other language, so that switching keeps what was typed
	Name    string // the name of the person signed in, or ""
	Given   string // the given name alone, where there is no room
	Officer string // the post of an official: investigator, prosecutor, or ""
	Act     string // the act of this page, to mark where we are
	Problem bool   // the form came back with mistakes: said first in the title
	Demo    any    // what the demo shows above the page, or nil
	Session any    // how long the session of the person lasts, or nil
	Acting  any    // for whom the person acts on this page, or nil
}

// Pages are all templates, parsed once for each language with its words bound.
type Pages struct {
	sets map[string]map[string]*template.Template
}

// Linker makes the address of an act in a language.
type Linker func(lang, act string, ids ...any) (string, error)

// NewPages parses layout.html and the part_*.html with every page of the folder.
func NewPages(files fs.FS, book *words.Book, link Linker, static *Static) (*Pages, error) {
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		return nil, err
	}
	pages := &Pages{map[string]map[string]*template.Template{}}
	for _, lang := range words.Languages {
		frame, err := template.New("").Funcs(funcs(book.In(lang), link, static)).ParseFS(files, "layout.html", "part_*.html")
		if err != nil {
			return nil, err
		}
		pages.sets[lang] = map[string]*template.Template{}
		for _, file := range names {
			name := strings.TrimSuffix(path.Base(file), ".html")
			if name == "layout" || name == "agent" || strings.HasPrefix(name, "part_") {
				continue
			}
			set, err := template.Must(frame.Clone()).ParseFS(files, file)
			if err != nil {
				return nil, err
			}
			pages.sets[lang][name] = set
		}
	}
	return pages, nil
}

// Show renders the page whole and only then writes it: a template that fails is
// an error, never half a page.
func (p *Pages) Show(c echo.Context, status int, name string, frame Frame, page any) error {
	set := p.sets[frame.Lang][name]
	if set == nil {
		return fmt.Errorf("no page %q in %q", name, frame.Lang)
	}
	var out bytes.Buffer
	if err := set.ExecuteTemplate(&out, "layout", struct {
		Frame
		Page any
	}{frame, page}); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	return c.HTMLBlob(status, out.Bytes())
}

// funcs are the words of one language, bound to the pages of that language.
func funcs(l *words.Language, link Linker, static *Static) template.FuncMap {
	return template.FuncMap{
		"t":        l.Say,
		"law":      l.Law,
		"cite":     func(neutral string) string { ref, _ := law.Parse(neutral); return l.Law(ref) },
		"day":      l.Day,
		"long":     l.LongDay,
		"short":    l.ShortDay,
		"moment":   l.Moment,
		"second":   l.Second,
		"until":    l.Until,
		"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"lang":     func() string { return l.Code },
		"link":     func(act any, ids ...any) (string, error) { return link(l.Code, fmt.Sprint(act), ids...) },
		"static":   static.URL,
		"heading":  heading,
		"low":      words.Low,
		"join":     strings.Join,
		"lines":    lines,
		"hex":      l.Hex,
		"groups":   func(s string) string { return grouped(s, 5) },
		"field":    func(f *Form, name string, pairs ...any) (Field, error) { return f.field(l, name, pairs...) },
		"mistakes": func(f *Form) []Mistake { return f.mistakes(l) },
		"dict":     dict,
		"kb":       func(n int) string { return l.T("pdf.size", "size", (n+1023)/1024) },
		"causes":   func() []string { return causes },
		"says":     func() []string { return Says },
	}
}

// causes are the reasons for which static/portal.js did not get a signature; each
// has a block of its own on a page where something is signed.
var causes = []string{
	"agent-absent", "agent-permission", "agent-lost", "agent-cancelled", "agent-refused",
	"agent-old", "agent-busy", "agent-timeout", "content-unavailable", "other",
}

// lines are the paragraphs of a text, each a list of its lines.
func lines(text string) [][]string {
	var out [][]string
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, strings.Split(part, "\n"))
		}
	}
	return out
}

// heading is the text of a paragraph that is a heading ("# …"), or "".
func heading(paragraph []string) string {
	text, ok := strings.CutPrefix(paragraph[0], "# ")
	if !ok || len(paragraph) > 1 {
		return ""
	}
	return text
}

// grouped puts a space after every n characters, so that people can read a long
// number to each other.
func grouped(s string, n int) string {
	var out strings.Builder
	for i, r := range s {
		if i > 0 && i%n == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// dict lets a part take several values as its one argument.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a name without a value")
	}
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return out, nil
}
