package nca

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"zharia/portal/eds"
)

// Kind says in one word why an endpoint gave nothing.
type Kind string

// Every kind there is. Refused and Rollback are of lists: something came, but
// it did not verify, or was older than what is held.
const (
	Absent       Kind = "absent"        // no such address configured, or no list held yet
	Open         Kind = "open"          // left alone after failures
	Aborted      Kind = "aborted"       // whoever asked did not wait
	NoConnection Kind = "no-connection" // not reached, or torn off before an answer
	Timeout      Kind = "timeout"
	Redirected   Kind = "redirected" // a captive portal; followed nowhere
	BadStatus    Kind = "status"
	CutOff       Kind = "cut-off"
	TooLarge     Kind = "too-large"
	Refused      Kind = "refused"
	Rollback     Kind = "rollback"
)

// Failure is why an endpoint gave nothing. It is eds.ErrUnreachable under
// errors.Is, whatever its kind.
type Failure struct {
	Service string // ocsp, list, delta, stamp
	Kind    Kind
}

// Error names the service and the kind.
func (f *Failure) Error() string { return "authority: " + f.Service + ": " + string(f.Kind) }

// Unwrap makes every failure the one callers ask for.
func (f *Failure) Unwrap() error { return eds.ErrUnreachable }

// When an endpoint is left alone, and for how long.
const (
	patience = 5
	pause    = 30 * time.Second
)

// endpoint is one address and the memory of how it went: a circuit breaker.
type endpoint struct {
	service string
	url     string
	limit   int64 // bytes of an answer
	within  time.Duration

	mu          sync.Mutex // guards everything below
	failures    int        // in a row
	until       time.Time  // left alone until then
	probing     bool       // after the pause one may try, the others wait for the outcome
	lastSuccess time.Time
	lastFailure time.Time
	kind        Kind
}

// admit says whether the endpoint may be asked now. Whoever is admitted must
// settle.
func (e *endpoint) admit(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failures < patience {
		return true
	}
	if e.probing || now.Before(e.until) {
		return false
	}
	e.probing = true
	return true
}

// settle notes how it went and says whether the breaker opened. Who asked and
// did not wait proves nothing about the endpoint; a list that was refused did
// arrive.
func (e *endpoint) settle(now time.Time, f *Failure) (opened bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.probing = false
	switch {
	case f == nil:
		e.failures, e.lastSuccess = 0, now
	case f.Kind == Aborted:
	case f.Kind == Refused || f.Kind == Rollback:
		e.failures, e.lastFailure, e.kind = 0, now, f.Kind
	default:
		e.failures++
		e.lastFailure, e.kind = now, f.Kind
		if e.failures >= patience {
			e.until, opened = now.Add(pause), true
		}
	}
	return opened
}

func (e *endpoint) health(now time.Time) Endpoint {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Endpoint{
		Service: e.service, URL: e.url, Open: e.failures >= patience && now.Before(e.until),
		LastSuccess: e.lastSuccess, LastFailure: e.lastFailure, Failure: e.kind,
	}
}

// fail makes a failure of this endpoint.
func (e *endpoint) fail(k Kind) *Failure { return &Failure{Service: e.service, Kind: k} }

// web is how the endpoints are reached.
type web struct {
	client    *http.Client
	userAgent string
}

// newWeb makes a transport of its own: no proxy from the environment, no
// redirect, no compression (a small answer must not unfold into a large one),
// bounded time for every stage.
func newWeb(userAgent string) *web {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	return &web{userAgent: userAgent, client: &http.Client{
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    2 * time.Second,
			ResponseHeaderTimeout:  10 * time.Second,
			IdleConnTimeout:        60 * time.Second,
			MaxIdleConnsPerHost:    8,
			MaxConnsPerHost:        64,
			MaxResponseHeaderBytes: 16 << 10,
			DisableCompression:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// post sends a question and reads the answer, whose declared type is not
// asked: some gateways change it, and the answer is judged by its bytes.
func (w *web) post(ctx context.Context, e *endpoint, kind string, question []byte) ([]byte, *Failure) {
	waiting, cancel := context.WithTimeout(ctx, e.within)
	defer cancel()
	r, err := http.NewRequestWithContext(waiting, http.MethodPost, e.url, bytes.NewReader(question))
	if err != nil {
		return nil, e.fail(NoConnection)
	}
	r.Header.Set("Content-Type", kind)
	response, failure := w.send(ctx, e, r)
	if failure != nil {
		return nil, failure
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, e.fail(BadStatus)
	}
	body := &bounded{from: response.Body, left: e.limit}
	answer, err := io.ReadAll(body)
	switch {
	case err != nil:
		return nil, e.fail(reading(ctx, err))
	case len(answer) == 0:
		return nil, e.fail(CutOff)
	}
	return answer, nil
}

// send sends a request and gives the response unless it leads elsewhere or is
// announced as too large.
func (w *web) send(ctx context.Context, e *endpoint, r *http.Request) (*http.Response, *Failure) {
	r.Header.Set("User-Agent", w.userAgent)
	response, err := w.client.Do(r)
	if err != nil {
		if kind := reading(ctx, err); kind != CutOff {
			return nil, e.fail(kind)
		}
		return nil, e.fail(NoConnection)
	}
	kind := Kind("")
	switch {
	case response.StatusCode >= 300 && response.StatusCode < 400 && response.StatusCode != http.StatusNotModified:
		kind = Redirected
	case response.ContentLength > e.limit:
		kind = TooLarge
	}
	if kind != "" {
		response.Body.Close()
		return nil, e.fail(kind)
	}
	return response, nil
}

// reading names what stopped an exchange. Where the caller's own context has
// ended it is the caller who did not wait.
func reading(asked context.Context, err error) Kind {
	var slow net.Error
	switch {
	case asked.Err() != nil:
		return Aborted
	case errors.Is(err, errTooLarge):
		return TooLarge
	case errors.As(err, &slow) && slow.Timeout():
		return Timeout
	}
	return CutOff
}

var errTooLarge = errors.New("longer than it may be")

// bounded reads up to a number of bytes and fails on the one after them. What
// stopped it is kept: a parser above may say something else about it.
type bounded struct {
	from io.Reader
	left int64
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		n, err = n-1, errTooLarge
		b.left = 0
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
