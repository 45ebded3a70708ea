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
	"text/template/parse"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/law"
	"zharia/portal/words"
)

// Frame is what stands around every page.
type Frame struct {
	Lang    string // kk or ru
	Other   string // the other one
	Here    string // this address in the other language; "": nothing can be read there
	Post    string // on a page with a form: where the form goes in the other language, so that switching keeps what was typed
	Name    string // the name of the person signed in, or ""
	Given   string // the given name alone, where there is no room
	Officer string // the post of an official: investigator, prosecutor, or ""
	Unread  int    // how many of his notices he has not read, 100 for more
	Act     string // the act of this page, to mark where we are
	Problem bool   // the form came back with mistakes: said first in the title
	Demo    any    // what the demo shows above the page, or nil
	Session any    // how long the session of the person lasts, or nil
	Unsafe  string // what of the server could lose a filing, for officials; "" where all is as it must be
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
		own := funcs(book.In(lang), link, static)
		frame, err := template.New("").Funcs(own).ParseFS(files, "layout.html", "part_*.html")
		if err != nil {
			return nil, err
		}
		pages.sets[lang] = map[string]*template.Template{}
		for _, file := range names {
			name := strings.TrimSuffix(path.Base(file), ".html")
			if name == "layout" || name == "agent" || strings.HasPrefix(name, "part_") {
				continue
			}
			page, err := template.New("").Funcs(own).ParseFS(files, file)
			if err != nil {
				return nil, err
			}
			if pages.sets[lang][name], err = within(template.New("").Funcs(own), page, frame); err != nil {
				return nil, fmt.Errorf("page %s: %w", name, err)
			}
		}
	}
	return pages, nil
}

// within is set with the layout, what it calls, what that calls, and so on; what the page
// defines goes before what the frame does. All parts in every page would take some
// hundred megabytes.
func within(set, page, frame *template.Template) (*template.Template, error) {
	for names := []string{"layout"}; len(names) > 0; names = names[1:] {
		name := names[0]
		if set.Lookup(name) != nil {
			continue
		}
		t := page.Lookup(name)
		if t == nil {
			t = frame.Lookup(name)
		}
		if t == nil || t.Tree == nil {
			return nil, fmt.Errorf("no template %q", name)
		}
		if _, err := set.AddParseTree(name, t.Tree.Copy()); err != nil {
			return nil, err
		}
		names = append(names, called(t.Tree.Root)...)
	}
	return set, nil
}

// called are the templates that a piece of one calls.
func called(node parse.Node) []string {
	of := func(b *parse.BranchNode) []string {
		names := called(b.List)
		if b.ElseList != nil {
			names = append(names, called(b.ElseList)...)
		}
		return names
	}
	switch n := node.(type) {
	case *parse.ListNode:
		var names []string
		for _, one := range n.Nodes {
			names = append(names, called(one)...)
		}
		return names
	case *parse.IfNode:
		return of(&n.BranchNode)
	case *parse.RangeNode:
		return of(&n.BranchNode)
	case *parse.WithNode:
		return of(&n.BranchNode)
	case *parse.TemplateNode:
		return []string{n.Name}
	}
	return nil
}

// Show renders the page whole and only then writes it: a template that fails is
// an error, never half a page.
func (p *Pages) Show(c echo.Context, status int, name string, frame Frame, page any) error {
	whole, err := p.Render(name, frame, page)
	if err != nil {
		return err
	}
	return c.HTMLBlob(status, whole)
}

// Render is the whole page, which nobody is shown yet.
func (p *Pages) Render(name string, frame Frame, page any) ([]byte, error) {
	set := p.sets[frame.Lang][name]
	if set == nil {
		return nil, fmt.Errorf("no page %q in %q", name, frame.Lang)
	}
	var out bytes.Buffer
	if err := set.ExecuteTemplate(&out, "layout", struct {
		Frame
		Page any
	}{frame, page}); err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return out.Bytes(), nil
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
		"last":     l.Last,
		"ends":     l.Ends,
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
