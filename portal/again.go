package portal

import (
	"bytes"
	"container/list"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/identity"
	"zharia/portal/made"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// A person looks at his case again and again: he comes back to it from each decision. To
// make the page anew takes twenty questions to PostgreSQL, so one that was made is shown
// again, for a minute at most, while the question for the session says besides that nothing
// it was made of was touched ("touched" in schema.sql) and no term has ended. A right that
// was taken away is gone with the commit, here as everywhere.
//
// The pages of officials are not among them: their looks leave records and are counted. A
// defender's look at what his client filed leaves one when the page is made, and none when he
// is shown the same within that minute.

// again are the pages that are shown again: by which part of the address, and what each is
// made of.
var again = map[policy.Act]struct {
	param string
	made  func(ctx context.Context, db *vault.DB, of, who uuid.UUID, at time.Time) (made.Of, error)
}{
	policy.CaseRead:   {"case", made.Case},
	policy.FilingRead: {"filing", made.Filing},
}

const (
	pagesAgain     = "portal_pages_again_total"
	pagesAgainHelp = "Looks at pages that may be shown again, by what came of it."
)

// mostAgain is how much of such pages is held, in bytes.
const mostAgain = 16 << 20

// view is a page as one session sees it at one address.
type view struct {
	name   [sha256.Size]byte
	made   time.Time
	acting uuid.UUID // for whom
	last   bool      // in a session that ends whatever is done
	of     made.Of   // what it was made of, the things sealed
	page   []byte    // all but for how many seconds the session lasts, sealed; nil: it is known only that he was shown it
	left   int       // where in the page they stand
}

// lasts is how long a page is shown again at most. Those that were made together, for a
// crowd that came together, end one after another.
func (v view) lasts() time.Duration {
	return time.Minute - time.Duration(v.name[0])*100*time.Millisecond
}

// still says that nothing has happened to the page by itself, nor to what it is made of.
func (v view) still(se identity.Session, now time.Time) bool {
	return v.page != nil && v.of.Touches == se.Touches && now.Before(v.of.Lapses) && !now.Before(v.made) && now.Sub(v.made) < v.lasts() &&
		v.acting == se.Acting && v.last == se.Last
}

// weight is what a view takes, in bytes, with what holds it.
func (v view) weight() int { return len(v.page) + len(v.of.Things) + 500 }

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

// looking is one request for such a page.
type looking struct {
	view
	seal cipher.AEAD
}

func (l looking) hidden(plain []byte) []byte { return l.seal.Seal(nil, nil, plain, l.name[:]) }

func (l looking) open(sealed []byte) ([]byte, error) {
	return l.seal.Open(make([]byte, 0, len(sealed)), nil, sealed, l.name[:]) // with room for what a page lacks
}

// looks begins the request of somebody who has the cookie of a session; nil without one.
func (p *Portal) looks(c echo.Context) (*looking, error) {
	cookie, err := c.Cookie(p.sessions.CookieName())
	if err != nil {
		return nil, nil
	}
	key, err := identity.PageKey(cookie.Value)
	if key == nil || err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	l := &looking{view: view{made: p.Clock()}}
	l.name = sha256.Sum256(bytes.Join([][]byte{key, []byte(web.Lang(c)), []byte(c.Request().URL.RequestURI())}, []byte{0}))
	l.seal, err = cipher.NewGCMWithRandomNonce(block)
	return l, err
}

// showAgain answers with the page as it was made before, if it still is as it would be made.
// What a page is made of is asked only for one that this session was shown: somebody else's
// question takes no longer for a case that is there than for one that is not.
func (p *Portal) showAgain(c echo.Context, act policy.Act) (done bool, err error) {
	of, among := again[act]
	if !among || c.Request().Method != http.MethodGet || p.Demo != nil {
		return false, nil
	}
	l, err := p.looks(c)
	if l == nil || err != nil {
		return false, err
	}
	before, known := p.views.of(l.name)
	if before.page != nil {
		things, err := l.open([]byte(before.of.Things))
		if err != nil {
			return false, err
		}
		p.in(c, identity.AskAbout(c.Request().Context(), string(things)))
	}
	read, err := p.sessions.Get(c.Request(), p.sessions.CookieName())
	if err != nil || identity.PersonOf(read) == uuid.Nil || !identity.Of(read).Told {
		return false, nil // whatever it is, ask says so
	}
	se := identity.Of(read)
	if before.still(se, l.made) {
		p.Meter.Count(pagesAgain, pagesAgainHelp, "way", "again")
		page, err := l.open(before.page)
		if err != nil {
			return false, err
		}
		return true, c.HTMLBlob(http.StatusOK, slices.Insert(page, before.left, strconv.AppendInt(nil, int64(p.left(se)), 10)...))
	}
	p.Meter.Count(pagesAgain, pagesAgainHelp, "way", "anew")
	l.acting, l.last = se.Acting, se.Last
	if known {
		l.of, err = of.made(c.Request().Context(), p.DB, id(c, of.param), identity.PersonOf(read), l.made)
	}
	c.Set(lookingKey, l)
	return false, err
}

// seen keeps a page that was just made for the next look of the one who was shown it.
func (p *Portal) seen(c echo.Context, page []byte) {
	l, among := c.Get(lookingKey).(*looking)
	if !among || me(c).Post != "" || me(c).Name == "" || c.Get(lackingKey) != nil { // without his name: texts are closed for now
		return
	}
	if above, below, ok := leaving(page); ok && l.of.Things != "" {
		l.of.Things, l.page, l.left = string(l.hidden([]byte(l.of.Things))), l.hidden(slices.Concat(above, below)), len(above)
	}
	p.views.keep(l.view)
}

// leftIs stands before the one thing of a page that each look changes, in layout.html: how
// many seconds the session lasts. What somebody wrote has no such quotation mark there.
var leftIs = []byte(` data-left="`)

// leaving is a page but for those seconds: all before them and all after.
func leaving(page []byte) (above, below []byte, ok bool) {
	before, after, ok := bytes.Cut(page, leftIs)
	end := bytes.IndexByte(after, '"')
	if !ok || end < 0 {
		return nil, nil, false
	}
	return page[:len(before)+len(leftIs)], after[end:], true
}
