package proving

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"zharia/portal/country"
	"zharia/portal/eds/key"
)

// ErrWrong is an answer that is not what it has to be. ErrBusy is one that asks to come
// again later, which is slow and not wrong.
var (
	ErrWrong = errors.New("wrong answer")
	ErrBusy  = errors.New("the portal asks to come again later")
)

// patience is how long a person waits for an answer.
const patience = time.Minute

// pageLimit is how much of an answer is read.
const pageLimit = 8 << 20

// Browser is that of one person at an address of his own: the portal counts by address. It
// may ask for several pages at once.
type Browser struct {
	url    string
	key    *key.Key
	client *http.Client

	mu      sync.Mutex
	cookies map[string]string // kept by hand: the portal gives them for https alone, which ends in front of it
}

// Browser is the i-th of this site, of whoever has the key.
func (s *Site) Browser(i int, k *key.Key) *Browser {
	from := net.Dialer{LocalAddr: addressOf(i), Timeout: 5 * time.Second}
	return &Browser{
		url: s.URL, key: k, cookies: map[string]string{},
		client: &http.Client{
			Transport: &http.Transport{DialContext: from.DialContext, MaxIdleConnsPerHost: 8}, Timeout: patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Elsewhere is a browser at another server than a site's.
func Elsewhere(url string) *Browser {
	return &Browser{url: url, cookies: map[string]string{}, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: patience}}
}

// Close gives up its connections.
func (b *Browser) Close() { b.client.CloseIdleConnections() }

// Answer is what came back.
type Answer struct {
	Status int
	To     string // where a redirect leads
	Body   string
}

func (a Answer) String() string {
	said := title.FindStringSubmatch(a.Body)
	if said == nil {
		return fmt.Sprintf("status %d %s", a.Status, a.To)
	}
	return fmt.Sprintf("status %d %s", a.Status, strings.TrimSpace(html.UnescapeString(said[1])))
}

var title = regexp.MustCompile(`(?s)<h[12][^>]*>(.*?)</h[12]>`)

// Get asks for a page.
func (b *Browser) Get(ctx context.Context, path string) (Answer, error) {
	return b.ask(ctx, http.MethodGet, path, nil)
}

// Post sends a form.
func (b *Browser) Post(ctx context.Context, path string, form url.Values) (Answer, error) {
	return b.ask(ctx, http.MethodPost, path, form)
}

func (b *Browser) ask(ctx context.Context, method, path string, form url.Values) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return Answer{}, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	b.mu.Lock()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	b.mu.Unlock()
	came, err := b.client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer came.Body.Close()
	if given := came.Cookies(); len(given) > 0 {
		b.mu.Lock()
		for _, cookie := range given {
			b.cookies[cookie.Name] = cookie.Value
		}
		b.mu.Unlock()
	}
	text, err := io.ReadAll(io.LimitReader(came.Body, pageLimit))
	return Answer{came.StatusCode, came.Header.Get("Location"), string(text)}, err
}

func hidden(page, name string) string {
	_, rest, _ := strings.Cut(page, `<input type="hidden" name="`+name+`" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return html.UnescapeString(value)
}

func attribute(page, name string) string {
	_, rest, _ := strings.Cut(page, ` `+name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return html.UnescapeString(value)
}

// expect is an error where an answer is none of what it has to be.
func expect(what string, a Answer, err error, good bool) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if a.Status == http.StatusServiceUnavailable {
		return fmt.Errorf("%s: %w", what, ErrBusy)
	}
	if !good {
		return fmt.Errorf("%w: %s: %s", ErrWrong, what, a)
	}
	return nil
}

// Challenge opens the sign-in page and signs what it asks for: Enter sends that. signing is
// how long the signature took, the person's own time.
func (b *Browser) Challenge(ctx context.Context) (form url.Values, signing time.Duration, err error) {
	page, err := b.Get(ctx, "/kk/signin")
	content, decoding := base64.StdEncoding.DecodeString(attribute(page.Body, "data-content"))
	if err := expect("the sign-in page", page, err, page.Status == http.StatusOK && decoding == nil && len(content) > 0); err != nil {
		return nil, 0, err
	}
	start := time.Now()
	cms, err := b.key.SignCMS(content, true, start)
	return url.Values{"challenge": {hidden(page.Body, "challenge")}, "next": {""}, "kept": {""}, "signature": {base64.StdEncoding.EncodeToString(cms)}}, time.Since(start), err
}

// Enter sends a signed challenge.
func (b *Browser) Enter(ctx context.Context, form url.Values) error {
	in, err := b.Post(ctx, "/kk/session", form)
	return expect("signing in", in, err, in.Status == http.StatusSeeOther)
}

// SignIn is both.
func (b *Browser) SignIn(ctx context.Context) error {
	form, _, err := b.Challenge(ctx)
	if err != nil {
		return err
	}
	return b.Enter(ctx, form)
}

// Signed is a paper that is written and signed, and not yet sent.
type Signed struct {
	By      *Browser
	Action  string // where the signature goes
	To      string // where the answer leads when it was taken
	Form    url.Values
	Signing time.Duration // that the signature took: the person's own time
}

// Send sends it: the answer must lead to the thing.
func (s Signed) Send(ctx context.Context) error {
	a, err := s.By.Post(ctx, s.Action, s.Form)
	return expect("a signature", a, err, a.Status == http.StatusSeeOther && a.To == s.To)
}

var number = regexp.MustCompile(`<p class="number"><span>([^<]+)</span></p>`)

// Number is what stands on the page of a thing that was sent.
func (s Signed) Number(ctx context.Context) (string, error) {
	page, err := s.By.Get(ctx, s.To)
	found := number.FindStringSubmatch(page.Body)
	if err := expect("what was filed", page, err, page.Status == http.StatusOK && found != nil); err != nil {
		return "", err
	}
	return found[1], nil
}

// sign reads the page on which something is signed, fetches the very paper and signs it.
func (b *Browser) sign(ctx context.Context, what, page, to string) (Signed, error) {
	s := Signed{By: b, To: to}
	form := signForm.FindStringSubmatch(page)
	digest := hidden(page, "digest")
	if form == nil || digest == "" {
		return s, fmt.Errorf("%w: %s: a page on which nothing is signed", ErrWrong, what)
	}
	s.Action = html.UnescapeString(form[1])
	paper, err := b.Get(ctx, attribute(page, "data-content-url"))
	sum := sha256.Sum256([]byte(paper.Body))
	if err := expect(what+": the paper", paper, err, paper.Status == http.StatusOK && hex.EncodeToString(sum[:]) == digest); err != nil {
		return s, err
	}
	start := time.Now()
	cms, err := b.key.SignCMS([]byte(paper.Body), false, start)
	s.Signing = time.Since(start)
	s.Form = url.Values{"digest": {digest}, "key": {hidden(page, "key")}, "signature": {base64.StdEncoding.EncodeToString(cms)}}
	return s, err
}

var signForm = regexp.MustCompile(`<form id="sign" method="post" action="([^"]+)"`)

// Petition writes a petition in a citizen's case and signs its paper.
func (b *Browser) Petition(ctx context.Context, c country.Citizen, n int) (Signed, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Signed{}, err
	}
	here := "/kk/filings/" + id.String()
	a, err := b.Post(ctx, "/kk/cases/"+c.Case.String()+"/filings", url.Values{
		"id": {id.String()}, "kind": {"petition"}, "participant": {c.Participant.String()}, "ground": {"other"},
		"circumstances": {"A measurement writes petitions, and this is number " + strconv.Itoa(n) + " of them."},
		"point-1":       {"To keep number " + strconv.Itoa(n) + " with the others."},
	})
	if err := expect("the draft of a petition", a, err, a.Status == http.StatusSeeOther && a.To == here); err != nil {
		return Signed{}, err
	}
	page, err := b.Get(ctx, here)
	if err := expect("the page of a draft", page, err, page.Status == http.StatusOK); err != nil {
		return Signed{}, err
	}
	return b.sign(ctx, "a petition", page.Body, here)
}

// answers are those to the questions of a report of a theft, in the order of its pages.
// The body is whoever receives reports where it happened.
func reportAnswers(body uuid.UUID, n int) []struct {
	question string
	form     url.Values
} {
	return []struct {
		question string
		form     url.Values
	}{
		{"what", url.Values{"what": {"A measurement reports a theft, and this is number " + strconv.Itoa(n) + " of them."}}},
		{"when", url.Values{"known": {"unknown"}}},
		{"where", url.Values{"region": {"750000000"}, "place": {"A street of the measurement, 42"}}},
		{"body", url.Values{"body": {body.String()}}},
		{"category", url.Values{"category": {"theft"}}},
		{"whom", url.Values{"behalf": {"self"}}},
		{"applicant", url.Values{"address": {"A street of the measurement, 7"}, "card": {"card 012345678"}}},
		{"contact", url.Values{"reach": {"portal"}, "language": {"kk"}}},
	}
}

// Report answers the questions of a report of an offence to a body and signs its paper.
func (b *Browser) Report(ctx context.Context, body uuid.UUID, n int) (Signed, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Signed{}, err
	}
	here := "/kk/reports/" + id.String()
	a, err := b.Post(ctx, "/kk/reports", url.Values{"id": {id.String()}, "path": {"offence"}})
	if err := expect("a new report", a, err, a.Status == http.StatusSeeOther && strings.HasPrefix(a.To, here)); err != nil {
		return Signed{}, err
	}
	for _, said := range reportAnswers(body, n) {
		said.form.Set("key", uuid.NewString())
		a, err := b.Post(ctx, here+"/questions/"+said.question, said.form)
		if err := expect("the answer to "+said.question, a, err, a.Status == http.StatusSeeOther && strings.HasPrefix(a.To, here)); err != nil {
			return Signed{}, err
		}
	}
	a, err = b.Post(ctx, here+"/paper", url.Values{"warned": {"yes"}})
	if err := expect("the paper of a report", a, err, a.Status == http.StatusSeeOther && a.To == here+"/signing"); err != nil {
		return Signed{}, err
	}
	page, err := b.Get(ctx, a.To)
	if err := expect("the page of a report", page, err, page.Status == http.StatusOK); err != nil {
		return Signed{}, err
	}
	return b.sign(ctx, "a report", page.Body, here)
}
