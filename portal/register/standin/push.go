package standin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"zharia/portal/cast"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
)

// Line is the way to a portal.
type Line struct {
	Client *http.Client
	Portal string // where it answers: http://127.0.0.1:8080
	Origin string // what it calls itself, where that is another; "": the same
	Troupe *cast.Troupe
	Clock  func() time.Time
	Pause  time.Duration // after a portal that is not well: 1 s

	Duplicate bool // every letter is sent twice
	Shuffle   bool // letters go out of their order
}

// origin is what the portal calls itself.
func (l Line) origin() string {
	if l.Origin == "" {
		return l.Portal
	}
	return l.Origin
}

// Pushed is what came of the letters.
type Pushed struct {
	Taken   int
	Gaps    int // sent away, because one that comes before was missing, and brought again
	Refused []string
}

// maxAnswer is how much of an answer of the portal is read: a sealed paper is large.
const maxAnswer = 64 << 20

// ask sends a request that the register signs, and reads the answer.
func (l Line) ask(ctx context.Context, uri string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.Portal+uri, nil)
	if err != nil {
		return err
	}
	sign := func(content []byte) ([]byte, error) { return l.Troupe.Register.SignCMS(content, false, l.Clock()) }
	if err := feed.ShowWho(r, l.origin(), l.Clock(), sign); err != nil {
		return err
	}
	status, body, err := l.do(r)
	if err != nil {
		return err
	}
	if code(body) == "fault.register-position" {
		return fmt.Errorf("standin: %s: %w", uri, errBeyond)
	}
	if status != http.StatusOK {
		return fmt.Errorf("standin: %s: HTTP %d: %s", uri, status, code(body))
	}
	return json.Unmarshal(body, into)
}

func (l Line) do(r *http.Request) (int, []byte, error) {
	answer, err := l.Client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer.StatusCode, body, err
}

// code is that of a refusal.
func code(body []byte) string {
	var p inbound.Problem
	if json.Unmarshal(body, &p) != nil || p.Code == "" {
		return "no reason"
	}
	return p.Code
}

// Key is the key by which the portal signs what it sends.
func (l Line) Key(ctx context.Context) (feed.Public, error) {
	var k struct {
		Key string `json:"key"`
	}
	if err := l.ask(ctx, "/api/v1/key", &k); err != nil {
		return feed.Public{}, err
	}
	return feed.ParsePublic(k.Key)
}

// errBeyond is that nothing has the position after which events were asked for.
var errBeyond = errors.New("nothing has that position")

// CatchUp reads what the portal told since it was read last, and answers how many events of
// that were new: the rest was sent meanwhile.
func (r *Register) CatchUp(ctx context.Context, l Line) (int, error) {
	n := 0
	for {
		var page struct {
			Events []json.RawMessage `json:"events"`
			Next   int64             `json:"next"`
			feed.Life
		}
		err := l.ask(ctx, "/api/v1/events?limit=500&after="+strconv.FormatInt(r.Position(), 10), &page)
		beyond := err
		if errors.Is(err, errBeyond) { // it may be of another life: any page says which this is
			err = l.ask(ctx, "/api/v1/events?limit=1", &page)
		}
		if err != nil {
			return n, err
		}
		other, err := r.begin(page.Life)
		switch {
		case err != nil:
			return n, err
		case other:
			continue
		case beyond != nil || len(page.Events) == 0:
			return n, beyond
		}
		for _, body := range page.Events {
			e, err := feed.Parse(body)
			if err != nil {
				return n, err
			}
			fresh, err := r.Take(e, body)
			if err != nil {
				return n, err
			}
			if fresh {
				n++
			}
		}
		if err := r.read(page.Next); err != nil {
			return n, err
		}
	}
}

// Fetch brings a paper, opens it, and tells whether it is the one that the event names.
func (r *Register) Fetch(ctx context.Context, l Line, p feed.Paper) (feed.Copy, error) {
	var sealed struct {
		Sealed string `json:"sealed"`
	}
	if err := l.ask(ctx, "/api/v1/papers/"+url.PathEscape(p.Document.String()), &sealed); err != nil {
		return feed.Copy{}, err
	}
	raw, err := base64.StdEncoding.DecodeString(sealed.Sealed)
	if err != nil {
		return feed.Copy{}, err
	}
	c, err := r.Open(p.Document, raw)
	if err == nil && digest(c.PDF) != p.SHA256 {
		err = errors.New("standin: another paper than the event names")
	}
	return c, err
}

// Country brings n cases of the script to the portal. What is sent lies in outbox.jsonl
// first: broken off, the same letters are sent again, and the portal takes none twice.
// tell is called as it goes on.
func (r *Register) Country(ctx context.Context, l Line, n int, tell func(done, all int)) (Pushed, error) {
	file := filepath.Join(r.dir, "outbox.jsonl")
	letters, err := readLetters(file)
	if errors.Is(err, fs.ErrNotExist) {
		if letters, err = l.write(ctx, n); err == nil {
			err = keepLetters(file, letters)
		}
	}
	if err != nil {
		return Pushed{}, err
	}
	return l.Push(ctx, letters, tell)
}

func (l Line) write(ctx context.Context, n int) ([]Letter, error) {
	s, err := readScripts()
	if err != nil {
		return nil, err
	}
	roll, err := s.roll(l.Troupe, l.origin(), l.Clock())
	if err != nil {
		return nil, err
	}
	body, err := l.patiently(ctx, roll)
	if err != nil {
		return nil, err
	}
	var said inbound.Answer
	if err := json.Unmarshal(body, &said); err != nil || len(said.Persons) != len(s.people()) {
		return nil, errors.Join(err, errors.New("standin: the portal does not say who the people are"))
	}
	ids := map[string]uuid.UUID{}
	for i, word := range s.people() {
		ids[word] = said.Persons[i]
	}
	return s.cases(l.Troupe, l.origin(), ids, n, l.Clock())
}

// errGap is that something is missing which has to come before it.
var errGap = errors.New("standin: one before it is missing")

// send sends a letter once. An error that is none of errGap and refusal may pass.
func (l Line) send(ctx context.Context, letter Letter) ([]byte, error) {
	raw, err := json.Marshal(letter.Envelope)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.Portal+"/api/v1/messages", bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", inbound.MediaMessage)
	status, body, err := l.do(r)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusOK:
		return body, nil
	case slices.Contains([]string{"fault.register-gap", "fault.register-not-yet"}, code(body)):
		return nil, errGap
	case status == http.StatusTooManyRequests || status >= 500:
		return nil, fmt.Errorf("standin: HTTP %d", status)
	}
	return nil, refusal(fmt.Sprintf("HTTP %d: %s", status, code(body)))
}

// refusal will be the same next time.
type refusal string

func (r refusal) Error() string { return string(r) }

// patiently sends a letter for as long as the portal is not well.
func (l Line) patiently(ctx context.Context, letter Letter) ([]byte, error) {
	pause := l.Pause
	if pause == 0 {
		pause = time.Second
	}
	for {
		body, err := l.send(ctx, letter)
		var no refusal
		if err == nil || errors.Is(err, errGap) || errors.As(err, &no) {
			return body, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// Push sends letters until each was taken or refused.
func (l Line) Push(ctx context.Context, letters []Letter, tell func(done, all int)) (Pushed, error) {
	var out Pushed
	left, all := slices.Clone(letters), len(letters)
	for len(left) > 0 {
		if l.Shuffle {
			rand.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
		}
		before := len(left)
		var again []Letter
		for _, letter := range left {
			_, err := l.patiently(ctx, letter)
			var no refusal
			switch {
			case errors.Is(err, errGap):
				out.Gaps++
				again = append(again, letter)
				continue
			case errors.As(err, &no):
				out.Refused = append(out.Refused, letter.ID.String()+": "+string(no))
			case err != nil:
				return out, err
			default:
				out.Taken++
				if l.Duplicate {
					if _, err := l.patiently(ctx, letter); err != nil {
						return out, fmt.Errorf("standin: the same letter again: %w", err)
					}
				}
			}
			tell(out.Taken+len(out.Refused), all)
		}
		if left = again; len(left) == before {
			return out, fmt.Errorf("standin: %d letters wait for others that are not there", before)
		}
	}
	return out, nil
}

func readLetters(file string) ([]Letter, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var out []Letter
	for lines := json.NewDecoder(bufio.NewReader(in)); ; {
		var l Letter
		if err := lines.Decode(&l); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("standin: %s: %w", file, err)
		}
		out = append(out, l)
	}
}

// keepLetters writes the file whole or not at all.
func keepLetters(file string, letters []Letter) error {
	var b bytes.Buffer
	for _, l := range letters {
		if err := json.NewEncoder(&b).Encode(l); err != nil {
			return err
		}
	}
	out, err := os.OpenFile(file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(b.Bytes())
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
