package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"zharia/portal/cast"
	"zharia/portal/eds/key"
)

// crowdWords are the people of the demonstration who take turns to sign in.
var crowdWords = []string{"aigul", "serik", "timur", "dana", "saule", "daniyar", "zhanar", "marat", "asel"}

// crowdAddresses is how many addresses they come from: the portal counts attempts
// by address.
const crowdAddresses = 200

// signIns starts a portal of its own whose responder takes its time, and has people
// sign in at a steady rate. An answer that is not a sign-in is the only failure.
func signIns(ctx context.Context, out io.Writer, rate int, length, responder time.Duration) error {
	p, err := startPortal(ctx, "-responder-delay", responder.String())
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	err = comeIn(ctx, out, p, rate, length, responder)
	if errors.Is(err, errWrong) {
		fmt.Fprintf(os.Stderr, "perfbench: the portal's last words:\n%s", p.lastWords())
	}
	return errors.Join(err, p.end())
}

func comeIn(ctx context.Context, out io.Writer, p *floodedPortal, rate int, length, responder time.Duration) error {
	troupe, err := cast.Keys(filepath.Join(p.state(), "cast"), time.Now())
	if err != nil {
		return err
	}
	var keys []*key.Key
	for _, word := range crowdWords {
		if troupe.Members[word] == nil {
			return fmt.Errorf("nobody in the cast is called %q", word)
		}
		keys = append(keys, troupe.Members[word].Key)
	}
	c := newCrowd(p.url, keys)
	if _, err := c.signIn(ctx, 0, time.Now()); err != nil { // the first of all fills tables and pools
		return err
	}
	fmt.Fprintf(os.Stderr, "perfbench: people come for %s\n", length)
	before := gaugeOf(p.pid())
	h := c.come(ctx, rate, length)
	after := gaugeOf(p.pid())
	if err := ctx.Err(); err != nil {
		return err
	}
	fmt.Fprintf(out, "sign-ins with GOST-512: %d in %s, %d a second asked for, the responder takes %s; load %s\n", len(h.took), length, rate, responder, load())
	fmt.Fprintf(out, "page and signature, each answered: %s\n", h)
	fmt.Fprintf(out, "portal with the authority, without its database: memory %s; processor %s\n", after.memory(), before.until(after, length))
	return h.wrong()
}

// crowd are people with good keys at many addresses.
type crowd struct {
	url    string
	keys   []*key.Key
	places []http.RoundTripper
}

func newCrowd(site string, keys []*key.Key) *crowd {
	c := &crowd{url: site, keys: keys}
	for i := range crowdAddresses {
		c.places = append(c.places, browser(i).Transport)
	}
	return c
}

// come has people sign in at a steady rhythm that does not wait for the answers.
func (c *crowd) come(ctx context.Context, rate int, length time.Duration) health {
	var h health
	var mu sync.Mutex
	var all sync.WaitGroup
	n := 0
	for due := range beats(ctx, time.Second/time.Duration(rate), length) {
		i := n
		n++
		all.Go(func() {
			took, err := c.signIn(ctx, i, due)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				h.failed = fmt.Errorf("sign-in %d: %w", i+1, err)
				return
			}
			h.took = append(h.took, took)
		})
	}
	all.Wait()
	slices.Sort(h.took)
	return h
}

// signIn opens the page and posts the signature, as somebody who has just come. It
// gives how long the portal took over both; the page counts from when it was due.
// Signing itself is the person's own time.
func (c *crowd) signIn(ctx context.Context, i int, due time.Time) (time.Duration, error) {
	_, took, err := c.letIn(ctx, i, due)
	return took, err
}

// letIn is signIn that gives the browser of the person who has come.
func (c *crowd) letIn(ctx context.Context, i int, due time.Time) (*forger, time.Duration, error) {
	jar, _ := cookiejar.New(nil) // never fails
	visitor := &forger{url: c.url, browser: &http.Client{
		Transport: c.places[i%len(c.places)], Jar: jar, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	status, page, err := visitor.ask(ctx, http.MethodGet, "/kk/signin", nil)
	took := time.Since(due)
	if err != nil || status != http.StatusOK {
		return nil, 0, fmt.Errorf("the sign-in page: status %d, %w", status, err)
	}
	form, err := signedForm(page, c.keys[i%len(c.keys)])
	if err != nil {
		return nil, 0, err
	}
	start := time.Now()
	status, page, err = visitor.ask(ctx, http.MethodPost, "/kk/session", form)
	if err != nil || status != http.StatusSeeOther {
		_, said, _ := strings.Cut(page, "<h2>")
		return nil, 0, fmt.Errorf("not let in: status %d, %.200s, %w", status, said, err)
	}
	return visitor, took + time.Since(start), nil
}

// signedForm is what the page posts once its challenge is signed.
func signedForm(page string, k *key.Key) (url.Values, error) {
	id, text := challenge.FindStringSubmatch(page), content.FindStringSubmatch(page)
	if id == nil || text == nil {
		return nil, errors.New("a sign-in page without a challenge")
	}
	asked, err := base64.StdEncoding.DecodeString(html.UnescapeString(text[1]))
	if err != nil {
		return nil, fmt.Errorf("the challenge: %w", err)
	}
	cms, err := k.SignCMS(asked, true, time.Now())
	if err != nil {
		return nil, err
	}
	return url.Values{"challenge": {id[1]}, "next": {""}, "kept": {""}, "signature": {base64.StdEncoding.EncodeToString(cms)}}, nil
}
