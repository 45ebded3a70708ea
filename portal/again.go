package portal

import (
	"bytes"
	"container/list"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// A person looks at his case again and again: he comes back to it from each decision. To
// make the page anew takes twenty questions to PostgreSQL, so one that was made is shown
// again while one question says that nothing it was made of has changed and no term has
// ended (fence.marks_of_case in schema.sql), for a minute at most. A right that was taken
// away is gone with the commit, here as everywhere.
//
// The pages of officials are not among them: their looks leave records and are counted.

// again are the pages that are shown again: by which part of the address, and what marks
// what they were made of.
var again = map[policy.Act]struct {
	param string
	marks func(ctx context.Context, db *vault.DB, of, who uuid.UUID, at time.Time) ([]byte, error)
}{
	policy.CaseRead:   {"case", casefile.Marks},
	policy.FilingRead: {"filing", filing.Marks},
}

// lasts is how long a page is shown again at most. Those that were made together, for a
// crowd that came together, end one after another.
func (v view) lasts() time.Duration {
	return time.Minute - time.Duration(v.name[0])*100*time.Millisecond
}

const (
	pagesAgain     = "portal_pages_again_total"
	pagesAgainHelp = "Looks at pages that may be shown again, by what came of it."
)

// mostAgain is how much of such pages is held, in bytes.
const mostAgain = 16 << 20

// view is a page as one session sees it at one address.
type view struct {
	name  [sha256.Size]byte
	marks []byte // of before it was made; nil: it was not asked for, or what is made of such a thing is not known
	made  time.Time
	page  []byte // all above the end of the session, sealed; nil: it is known only that he was shown it
}

// views are those that were shown last. Each is sealed with what only the cookie of its
// session holds: where nobody's request is being answered, nothing here can be read.
type views struct {
	mu   sync.Mutex
	held map[[sha256.Size]byte]*list.Element // of view
	last list.List                           // the one shown last in front
	size int
}

func (s *views) of(name [sha256.Size]byte) (v view, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.held[name]
	if at == nil {
		return view{}, false
	}
	s.last.MoveToFront(at)
	return at.Value.(view), true
}

func (s *views) keep(v view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[[sha256.Size]byte]*list.Element{}
	}
	if before := s.held[v.name]; before != nil {
		s.drop(before)
	}
	s.held[v.name] = s.last.PushFront(v)
	for s.size += v.weight(); s.size > mostAgain; {
		s.drop(s.last.Back())
	}
}

func (s *views) drop(at *list.Element) {
	v := s.last.Remove(at).(view)
	delete(s.held, v.name)
	s.size -= v.weight()
}

// weight is what a view takes, in bytes, with what holds it.
func (v view) weight() int { return len(v.page) + 400 }

// looking is one request for such a page.
type looking struct {
	view
	seal cipher.AEAD
}

// showAgain answers with the page as it was made before, if it still is as it would be made.
// What marks a page is asked only for one that this session was shown: somebody else's
// question takes no longer for a case that is there than for one that is not.
func (p *Portal) showAgain(c echo.Context, act policy.Act) (done bool, err error) {
	of, among := again[act]
	if !among || c.Request().Method != http.MethodGet || p.Demo != nil {
		return false, nil
	}
	se, err := p.sessions.Get(c.Request(), p.sessions.CookieName())
	if err != nil || identity.PersonOf(se) == uuid.Nil || !identity.Of(se).Told {
		return false, nil // whatever it is, ask says so
	}
	key, err := identity.PageKey(se)
	if err != nil {
		return false, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return false, err
	}
	l := looking{view: view{made: p.Clock()}}
	if l.seal, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return false, err
	}
	acting := identity.Of(se).Acting
	l.name = sha256.Sum256(bytes.Join([][]byte{key, acting[:], []byte(web.Lang(c)), []byte(c.Request().URL.RequestURI())}, []byte{0}))
	before, known := p.views.of(l.name)
	if known {
		if l.marks, err = of.marks(c.Request().Context(), p.DB, id(c, of.param), identity.PersonOf(se), l.made); err != nil {
			return false, err
		}
	}
	c.Set(lookingKey, l)
	if !known || before.page == nil || l.made.Before(before.made) || l.made.Sub(before.made) >= before.lasts() || !bytes.Equal(before.marks, l.marks) {
		p.Meter.Count(pagesAgain, pagesAgainHelp, "way", "anew")
		return false, nil
	}
	p.Meter.Count(pagesAgain, pagesAgainHelp, "way", "again")
	page, err := l.seal.Open(nil, nil, before.page, l.name[:])
	if err != nil {
		return false, err
	}
	c.Set(sessionKey, se)
	c.Set(actKey, string(act))
	end, err := p.pages.End(web.Frame{Lang: web.Lang(c), Session: p.lasting(c, here(c))})
	if err != nil {
		return false, err
	}
	return true, c.HTMLBlob(http.StatusOK, append(page, end...))
}

// seen keeps a page that was just made for the next look of the one who was shown it.
func (p *Portal) seen(c echo.Context, page []byte) {
	l, among := c.Get(lookingKey).(looking)
	if !among || me(c).Post != "" || me(c).Name == "" { // without his name: texts are closed for now
		return
	}
	if l.marks != nil {
		l.page = l.seal.Seal(nil, nil, page, l.name[:])
	}
	p.views.keep(l.view)
}
