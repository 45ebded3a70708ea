package portal

import (
	"context"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// A file that comes in a form lies in memory from its first byte until it is answered, and
// never on a disk. So what there is of such files has a bound, counted by the bytes that
// came: a line that is slow, or that sends nothing, holds nothing that others wait for.
const (
	roomOfAll   = 12 * uploadLimit // for files of people who are signed in
	roomOfOne   = 2 * uploadLimit  // of that, for one of them; and of strangers for one network
	roomToAsk   = 6 * uploadLimit  // for files that anybody may send to be checked
	checkPlaces = 6                // of which so many are checked at the same time: each lies in memory several times over
	checkWait   = 3 * time.Second
)

// uploads are the acts that bring a file.
var uploads = map[policy.Act]bool{policy.DecisionDraft: true, policy.RedactionDraft: true, policy.VerifyFile: true, policy.VerifyFiles: true, policy.AccessDraft: true, policy.MaterialAdd: true}

// checks are those of them that anybody may do.
var checks = map[policy.Act]bool{policy.VerifyFile: true, policy.VerifyFiles: true}

// room is how much of files may be in hand.
type room struct {
	most, mostEach int64
	full           string // what is told to whom it is too small for

	mu   sync.Mutex
	all  int64
	each map[string]int64
}

func newRoom(most, each int64, full string) *room {
	return &room{most: most, mostEach: each, full: full, each: map[string]int64{}}
}

func (r *room) take(who string, n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n > 0 && (r.all+n > r.most || r.each[who]+n > r.mostEach) {
		return false
	}
	r.all += n
	if r.each[who] += n; r.each[who] == 0 {
		delete(r.each, who)
	}
	return true
}

// inRoom is a body on its way into a room.
type inRoom struct {
	io.ReadCloser
	room *room
	who  string
	held int64
}

func (b *inRoom) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if n > 0 && !b.room.take(b.who, int64(n)) {
		return 0, fault.New(fault.Unavailable, b.room.full)
	}
	b.held += int64(n)
	return n, err
}

// leave lets go of all of it.
func (b *inRoom) leave() { b.room.take(b.who, -b.held) }

// withParts tells that a body can have files.
func withParts(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// readFiles reads a body with files into the room there is for them, which it leaves when
// it is answered. Who sends it is asked before: whoever would be sent to sign in has the
// words he typed kept, and of files nothing.
func (p *Portal) readFiles(c echo.Context, act policy.Act) (leave func(), err error) {
	r, into, who := c.Request(), p.toAsk, network(c)
	if !checks[act] {
		// Asked aside: who it is when all is here is found out afresh.
		se, err := p.sessions.Get(r.WithContext(r.Context()), p.sessions.CookieName())
		person := uuid.Nil
		if err == nil {
			person = identity.PersonOf(se)
		}
		if person == uuid.Nil {
			if read := web.WithoutFiles(c, formLimit); read != nil {
				return func() {}, read
			}
			return func() {}, err
		}
		into, who = p.ofAll, person.String()
	}
	body := &inRoom{ReadCloser: r.Body, room: into, who: who}
	r.Body = body
	return body.leave, web.ReadBody(c)
}

// checking is one of the places of those whose files are checked. It is taken when all of
// them are here: taken before, six slow lines would keep everybody from it.
func (p *Portal) checking(ctx context.Context) (done func(), err error) {
	wait := time.NewTimer(checkWait)
	defer wait.Stop()
	select {
	case p.checked <- struct{}{}:
		return func() { <-p.checked }, nil
	case <-wait.C:
		return nil, fault.New(fault.Unavailable, "fault.check-busy")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
