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
	Now    func() DemoReader // whose key is there

	// Sign signs with that key where the demonstration plays a phone, and Client
	// is what that phone asks the portal with.
	Sign   func(content []byte, attached bool) ([]byte, error)
	Client *http.Client

	// Sent lists what was sent to people over mail and SMS, newest first; nil where nothing is.
	Sent func() []DemoMessage

	// Block has the authority of the demonstration put that key on hold, or
	// lift the hold.
	Block func(hold bool) error
}

// DemoReader is the key in the reader.
type DemoReader struct {
	Word    string
	Ours    bool // of the demonstration's authority, which can block it
	Blocked bool
}

// DemoKey is one key of the cast.
type DemoKey struct {
	Word  string
	Label string // key of its words; or
	Name  string // what to call a key that somebody brought
}

// strip is what the template draws.
type strip struct {
	DemoReader
	Keys []stripKey
	Back string // where the page is
	Sent string // where it shows what was sent, or ""
}

type stripKey struct {
	Word, Label string
	Chosen      bool
}

func (d *Demo) strip(w *words.Language, back string) strip {
	s := strip{DemoReader: d.Now(), Back: back}
	if d.Sent != nil {
		s.Sent = "/" + w.Code + "/demo/sent"
	}
	for _, k := range d.Keys {
		label := k.Name
		if k.Label != "" {
			label = w.T(k.Label)
		}
		s.Keys = append(s.Keys, stripKey{k.Word, label, k.Word == s.Word})
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
	return p.demoBack(c)
}

// demoBlock blocks the key in the reader, or lifts the block.
func (p *Portal) demoBlock(c echo.Context) error {
	if err := p.Demo.Block(c.FormValue("block") == "true"); err != nil {
		return err
	}
	return p.demoBack(c)
}

func (p *Portal) demoBack(c echo.Context) error {
	back := c.FormValue("back")
	if !strings.HasPrefix(back, "/") || local(back) == "" {
		back = "/kk/"
	}
	return c.Redirect(http.StatusSeeOther, back)
}
