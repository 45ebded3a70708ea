package portal

import (
	"sync"

	"zharia/portal/policy"
	"zharia/portal/web"
	"zharia/portal/words"
)

// Openings are the acts that open a document, for the test that walks them.
func Openings() []policy.Act {
	var out []policy.Act
	for act := range openings {
		out = append(out, act)
	}
	return out
}

// Crowd takes all places of the door of machines, and nobody waits there.
func Crowd(p *Portal) {
	p.door.patience = 0
	for range atOnce {
		p.door.places <- struct{}{}
	}
}

// parsed are the pages of every book of words that a test has brought.
var parsed struct {
	sync.Mutex
	pages map[*words.Book]*web.Pages
}

// Share gives p the pages of the portals before it: they depend on nothing but the
// words, and two hundred tests need not parse them each.
func Share(p *Portal) error {
	parsed.Lock()
	defer parsed.Unlock()
	if parsed.pages == nil {
		parsed.pages = map[*words.Book]*web.Pages{}
	}
	if parsed.pages[p.Words] == nil {
		first := &Portal{Words: p.Words}
		if err := first.prepare(); err != nil {
			return err
		}
		parsed.pages[p.Words] = first.pages
	}
	p.pages = parsed.pages[p.Words]
	return nil
}
