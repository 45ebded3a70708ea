package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"zharia"
	"zharia/portal/deadline"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
	"zharia/portal/words"
)

// maxForgers is how many addresses a flood comes from at the most.
const maxForgers = 1000

// What the portal may answer to a forged signature, and what it must not.
const (
	answerRefused = "refused, the signature is wrong"
	answerBusy    = "told to come again, the portal is busy"
	answerNone    = "no answer"
	answerLetIn   = "LET IN"
)

// pageLimit is how much of a page is read, in bytes.
const pageLimit = 1 << 20

// forger is somebody with a browser, an address and a key of his own, who signs the
// challenge he is shown and spoils the signature. The portal counts attempts by
// address: who floods it has many.
type forger struct {
	url     string
	browser *http.Client
	key     *key.Key
	refusal string // the sentence of a wrong signature
	form    url.Values
}

type forgers []*forger

// newForgers makes n of them and opens the sign-in page for each.
func newForgers(ctx context.Context, site string, n int) (forgers, error) {
	refusal, err := sentence("fault.eds.signature-wrong")
	if err != nil {
		return nil, err
	}
	// The portal does not know this authority, and never asks: the arithmetic of the
	// signature comes before the path.
	a, err := authority.New("PERFBENCH", time.Now().Add(-time.Hour))
	if err != nil {
		return nil, err
	}
	list := make(forgers, n)
	for i := range list {
		k, err := a.Issue(authority.Person{IIN: iin(i), CommonName: "PERFBENCH", Surname: "PERFBENCH"})
		if err != nil {
			return nil, err
		}
		list[i] = &forger{url: site, browser: browser(i), key: k, refusal: refusal}
		if err := list[i].open(ctx); err != nil {
			return nil, fmt.Errorf("forger %d of %d: %w", i+1, n, err)
		}
	}
	return list, nil
}

// sentence is what the portal says in Kazakh for a key.
func sentence(key string) (string, error) {
	files, err := fs.Sub(zharia.Words, "i18n")
	if err != nil {
		return "", err
	}
	book, err := words.New(files, deadline.Zone)
	if err != nil {
		return "", err
	}
	return book.In("kk").T(key), nil
}

// browser keeps cookies, goes nowhere by itself and has the i-th loopback address
// from 127.1.0.1 on.
func browser(i int) *http.Client {
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(i/250), byte(1+i%250))}}
	jar, _ := cookiejar.New(nil) // never fails
	return &http.Client{
		Transport:     &http.Transport{DialContext: from.DialContext},
		Jar:           jar,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// open visits the sign-in page, where he gets a cookie and a challenge.
func (f *forger) open(ctx context.Context) error {
	status, page, err := f.ask(ctx, http.MethodGet, "/kk/signin", nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("the sign-in page: status %d", status)
	}
	return f.take(page)
}

var (
	challenge = regexp.MustCompile(`<input type="hidden" name="challenge" value="([^"]*)">`)
	content   = regexp.MustCompile(`\bdata-content="([^"]*)"`)
)

// take forges the signature for the challenge of a page.
func (f *forger) take(page string) error {
	id, text := challenge.FindStringSubmatch(page), content.FindStringSubmatch(page)
	if id == nil || text == nil {
		return errors.New("a sign-in page without a challenge")
	}
	signed, err := base64.StdEncoding.DecodeString(html.UnescapeString(text[1]))
	if err != nil {
		return fmt.Errorf("the challenge: %w", err)
	}
	cms, err := f.key.SignCMS(signed, true, time.Now())
	if err != nil {
		return err
	}
	f.form = url.Values{"challenge": {id[1]}, "next": {""}, "kept": {""}, "signature": {base64.StdEncoding.EncodeToString(forged(cms))}}
	return nil
}

// forged changes one bit of the signature value. It stands last in the message; 20
// octets from its end the number it changes stays below the order of the group, so
// that nothing but the arithmetic finds out.
func forged(cms []byte) []byte {
	spoilt := bytes.Clone(cms)
	spoilt[len(spoilt)-20] ^= 1
	return spoilt
}

// post sends what is forged and names the answer. The page of a refusal has a new
// challenge, which is signed for the next time.
func (f *forger) post(ctx context.Context) string {
	status, page, err := f.ask(ctx, http.MethodPost, "/kk/session", f.form)
	switch {
	case err != nil:
		return answerNone
	case status < 400:
		return answerLetIn
	case status == http.StatusServiceUnavailable:
		return answerBusy
	case status != http.StatusUnprocessableEntity:
		return fmt.Sprintf("status %d", status)
	case !strings.Contains(html.UnescapeString(page), f.refusal):
		return "status 422 for another reason"
	}
	if err := f.take(page); err != nil {
		return err.Error()
	}
	return answerRefused
}

func (f *forger) ask(ctx context.Context, method, path string, form url.Values) (status int, page string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, f.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return fetch(f.browser, r)
}

func fetch(browser *http.Client, r *http.Request) (status int, page string, err error) {
	answer, err := browser.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, pageLimit))
	return answer.StatusCode, string(body), err
}

// watchman asks the portal how it is.
type watchman struct {
	url     string
	browser *http.Client
}

func newWatchman(url string) watchman {
	return watchman{url, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}, Timeout: patience}}
}

// watch asks at a steady rhythm. An answer's time counts from when the question was
// due, so that questions behind a slow one are not flattered.
func (w watchman) watch(ctx context.Context, length time.Duration) health {
	var h health
	var mu sync.Mutex
	var asked sync.WaitGroup
	for due := range beats(ctx, watchEvery, length) {
		asked.Go(func() {
			err := w.ask(ctx)
			took := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				h.failed = err
				return
			}
			h.took = append(h.took, took)
		})
	}
	asked.Wait()
	slices.Sort(h.took)
	return h
}

func (w watchman) ask(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/healthz", nil)
	if err != nil {
		return err
	}
	status, _, err := fetch(w.browser, r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	return err
}
