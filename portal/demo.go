package portal

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"zharia/portal/words"
)

// Demo is the strip above every page of the demonstration: whose key is in the
// reader of the software agent. Outside the demonstration there is none.
type Demo struct {
	Keys   []DemoKey
	Insert func(word string) // puts a key into the reader
	Now    func() string     // whose key is there
}

// DemoKey is one key of the cast.
type DemoKey struct {
	Word  string
	Label string // key of its words; or
	Name  string // what to call a key that somebody brought
}

// strip is what the template draws.
type strip struct {
	Keys []stripKey
	Back string // where the page is
}

type stripKey struct {
	Word, Label string
	Chosen      bool
}

func (d *Demo) strip(w *words.Language, back string) strip {
	s := strip{Back: back}
	now := d.Now()
	for _, k := range d.Keys {
		label := k.Name
		if k.Label != "" {
			label = w.T(k.Label)
		}
		s.Keys = append(s.Keys, stripKey{k.Word, label, k.Word == now})
	}
	return s
}

// demoKey changes the key in the reader and goes back to the page.
func (p *Portal) demoKey(c echo.Context) error {
	for _, k := range p.Demo.Keys {
		if k.Word == c.FormValue("key") {
			p.Demo.Insert(k.Word)
		}
	}
	back := c.FormValue("back")
	if !strings.HasPrefix(back, "/") || local(back) == "" {
		back = "/kk/"
	}
	return c.Redirect(http.StatusSeeOther, back)
}
