package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"zharia/portal/country"
	"zharia/portal/eds/key"
)

// How a client behaves: how long it waits for an answer, and pauses before it asks again.
const (
	patience = 40 * time.Second
	pause    = 150 * time.Millisecond
)

// client is a person with a browser who files petitions, one after another, and keeps a
// diary of it. Told that something failed, every third goes home, unless he is in doubt.
type client struct {
	name      string
	url       string
	in, as    uuid.UUID // the case, and what he is in it
	key       *key.Key
	diary     *diary
	acks      *atomic.Int64 // of all clients
	draw      *mathrand.Rand
	browser   *http.Client
	cookies   map[string]string
	unproved  []uuid.UUID // filings without a receipt yet
	transport *http.Transport
	trouble   func(error) // is told what a client must not meet
	filed     int
	wroteAt   atomic.Int64  // of the last request, unix ns; 0: it did not go out whole
	tenacity  time.Duration // how long it goes on with one filing
}

func newClient(i int, l *lab) (*client, error) {
	d, err := openDiary(filepath.Join(l.diaries(), fmt.Sprintf("client-%02d.diary", i)))
	if err != nil {
		return nil, err
	}
	c := l.person(i, l.citizens[i], d)
	l.who[c.name] = l.citizens[i]
	return c, nil
}

// person is a citizen at an address of his own: the portal counts by address.
func (l *lab) person(i int, who country.Citizen, d *diary) *client {
	from := net.Dialer{LocalAddr: addressOf(i), Timeout: 5 * time.Second}
	transport := &http.Transport{DialContext: from.DialContext, MaxIdleConnsPerHost: 2}
	return &client{
		name: fmt.Sprintf("client-%02d", i), url: l.url, in: who.Case, as: who.Participant, key: who.Key, diary: d, acks: &l.acks,
		draw: mathrand.New(mathrand.NewPCG(l.seed, uint64(i))), cookies: map[string]string{}, transport: transport, trouble: l.trouble, tenacity: l.tenacity,
		browser: &http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// answer is what came back.
type answer struct {
	status int
	to     string // where a redirect leads
	body   string
}

// ask sends a request. Cookies are kept by hand: the portal gives them for https alone,
// which ends in front of it.
func (c *client) ask(ctx context.Context, method, path, kind string, body []byte) (answer, error) {
	c.wroteAt.Store(0)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			c.wroteAt.Store(time.Now().UnixNano())
		}
	}})
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.GetBody = nil // sent again only by us, who write it down
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	came, err := c.browser.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer came.Body.Close()
	for _, cookie := range came.Cookies() {
		c.cookies[cookie.Name] = cookie.Value
	}
	if came.StatusCode/100 == 3 { // it has said what it has to say
		return answer{status: came.StatusCode, to: came.Header.Get("Location")}, nil
	}
	text, err := io.ReadAll(io.LimitReader(came.Body, 8<<20))
	return answer{came.StatusCode, came.Header.Get("Location"), string(text)}, err
}

func (c *client) get(ctx context.Context, path string) (answer, error) {
	return c.ask(ctx, http.MethodGet, path, "", nil)
}

func (c *client) post(ctx context.Context, path string, form url.Values) (answer, error) {
	return c.ask(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

func hidden(page, name string) string {
	found := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)">`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

func attribute(page, name string) string {
	found := regexp.MustCompile(`\b` + name + `="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

// errNotNow is an answer that asks for another try.
var errNotNow = errors.New("not now")

// signIn comes in anew.
func (c *client) signIn(ctx context.Context) error {
	page, err := c.get(ctx, "/kk/signin")
	if err != nil {
		return err
	}
	if page.status == http.StatusSeeOther { // still signed in
		return nil
	}
	content, err := base64.StdEncoding.DecodeString(attribute(page.body, "data-content"))
	if page.status != http.StatusOK || err != nil || len(content) == 0 {
		return fmt.Errorf("%w: the sign-in page answers %d", errNotNow, page.status)
	}
	cms, err := c.key.SignCMS(content, true, time.Now())
	if err != nil {
		return err
	}
	in, err := c.post(ctx, "/kk/session", url.Values{
		"challenge": {hidden(page.body, "challenge")}, "next": {""}, "kept": {""}, "signature": {base64.StdEncoding.EncodeToString(cms)},
	})
	if err != nil {
		return err
	}
	if in.status != http.StatusSeeOther {
		return fmt.Errorf("%w: signing in is answered %d %s", errNotNow, in.status, title(in.body))
	}
	return nil
}

// title is what a page says first.
func title(page string) string {
	found := regexp.MustCompile(`(?s)<h[12][^>]*>(.*?)</h[12]>`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return strings.TrimSpace(html.UnescapeString(found[1]))
}

// until does a step again and again until it is done. A session that has ended is opened
// anew between.
func (c *client) until(ctx context.Context, what string, step func() (answer, error), done func(answer) bool) (answer, error) {
	var last answer
	var err error
	for end := time.Now().Add(c.tenacity); ctx.Err() == nil; {
		last, err = step()
		if err == nil && done(last) {
			return last, nil
		}
		if time.Now().After(end) {
			break
		}
		if err == nil && (last.status == http.StatusUnauthorized || strings.Contains(last.to, "/signin")) {
			if err := c.signIn(ctx); err != nil {
				sleep(ctx, pause)
			}
			continue
		}
		sleep(ctx, pause)
	}
	if ctx.Err() != nil {
		return last, ctx.Err()
	}
	return last, fmt.Errorf("%s: %s: still %d %s %w", c.name, what, last.status, title(last.body), err)
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// work files until soft ends, and brings what it has begun to its end; hard ends everything.
func (c *client) work(soft, hard context.Context) {
	defer c.transport.CloseIdleConnections()
	for soft.Err() == nil {
		if err := c.file(hard); err != nil && hard.Err() == nil {
			c.trouble(err)
			sleep(hard, time.Second)
		}
		if len(c.unproved) > 2 {
			c.prove(hard, c.unproved[0])
			c.unproved = c.unproved[1:]
		}
	}
}

// ok says that a page came.
func ok(a answer) bool { return a.status == http.StatusOK }

// file writes a petition, now and then with a file beside it, signs it and sends it until
// it knows what came of it.
func (c *client) file(ctx context.Context) error {
	number, err := uuid.NewV7()
	if err != nil {
		return err
	}
	here := "/kk/filings/" + number.String()
	form := url.Values{
		"id": {number.String()}, "kind": {"petition"}, "participant": {c.as.String()}, "ground": {"other"},
		"circumstances": {"Faultlab " + c.name + ": this petition has the number " + number.String() + " in its text."},
		"point-1":       {"Let petition " + number.String() + " be found again."},
	}
	c.filed++
	_, err = c.until(ctx, "write", func() (answer, error) { return c.post(ctx, "/kk/cases/"+c.in.String()+"/filings", form) },
		func(a answer) bool { return a.status == http.StatusSeeOther && strings.HasSuffix(a.to, here) })
	if err != nil {
		return err
	}
	intent := line{What: intends, Filing: number, Client: c.name}
	if c.filed%3 == 1 {
		if intent.File, intent.Sum, err = c.attach(ctx, here); err != nil {
			return err
		}
	}
	return c.send(ctx, here, intent)
}

// attach puts a picture beside a draft, as the script of the page does.
func (c *client) attach(ctx context.Context, here string) (id uuid.UUID, sum string, err error) {
	picture := image.NewGray(image.Rect(0, 0, 64, 64))
	for x := range 64 {
		for y := range 64 {
			picture.SetGray(x, y, color.Gray{Y: uint8(c.draw.Uint32())})
		}
	}
	var file bytes.Buffer
	if err = png.Encode(&file, picture); err != nil {
		return id, sum, err
	}
	if id, err = uuid.NewV7(); err != nil {
		return id, sum, err
	}
	hash := sha256.Sum256(file.Bytes())
	sum = hex.EncodeToString(hash[:])
	begin := url.Values{"id": {id.String()}, "name": {"picture.png"}, "size": {strconv.Itoa(file.Len())}, "sha256": {sum}}
	at := "/kk/attachments/" + id.String()
	if _, err = c.until(ctx, "begin a file", func() (answer, error) { return c.post(ctx, here+"/attachments/upload", begin) }, ok); err != nil {
		return id, sum, err
	}
	if _, err = c.until(ctx, "send a file", func() (answer, error) {
		return c.ask(ctx, http.MethodPut, at+"/upload?offset=0", "application/octet-stream", file.Bytes())
	}, ok); err != nil {
		return id, sum, err
	}
	taken := func(a answer) bool { return a.status == http.StatusOK && strings.Contains(a.body, `"taken":true`) }
	_, err = c.until(ctx, "finish a file", func() (answer, error) {
		a, err := c.post(ctx, at+"/completion", nil)
		if err == nil && a.status == http.StatusConflict { // it was finished, and the answer lost
			return c.get(ctx, at+"/upload")
		}
		return a, err
	}, taken)
	return id, sum, err
}

// paper is what a check page offers to sign.
type paper struct {
	key             uuid.UUID
	digest, signed  string
	action          string
	form            url.Values
	alreadyFiledNum string // it is no draft any more
}

// check opens the page on which a draft is signed, and signs; or sees that it is filed.
func (c *client) check(ctx context.Context, here string) (paper, error) {
	var p paper
	page, err := c.until(ctx, "check", func() (answer, error) { return c.get(ctx, here) }, ok)
	if err != nil {
		return p, err
	}
	if p.alreadyFiledNum = numberOn(page.body); p.alreadyFiledNum != "" {
		return p, nil
	}
	p.digest, p.action = hidden(page.body, "digest"), signAction(page.body)
	if p.key, err = uuid.Parse(hidden(page.body, "key")); err != nil {
		return p, fmt.Errorf("%s: no key on the page: %w", c.name, err)
	}
	doc, err := c.until(ctx, "document", func() (answer, error) { return c.get(ctx, attribute(page.body, "data-content-url")) }, ok)
	if err != nil {
		return p, err
	}
	if sum := sha256.Sum256([]byte(doc.body)); hex.EncodeToString(sum[:]) != p.digest {
		return p, fmt.Errorf("%s: the document is not the one that the page shows", c.name)
	}
	cms, err := c.key.SignCMS([]byte(doc.body), false, time.Now())
	if err != nil {
		return p, err
	}
	sum := sha256.Sum256(cms)
	p.signed = hex.EncodeToString(sum[:])
	p.form = url.Values{"digest": {p.digest}, "key": {p.key.String()}, "signature": {base64.StdEncoding.EncodeToString(cms)}}
	return p, nil
}

var numberLine = regexp.MustCompile(`<p class="number"><span>([^<]+)</span></p>`)

// numberOn is the number on the page of something that was filed.
func numberOn(page string) string {
	found := numberLine.FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return found[1]
}

// send sends the signature until it is settled what came of it.
func (c *client) send(ctx context.Context, here string, intent line) error {
	p, err := c.check(ctx, here)
	if err != nil {
		return err
	}
	intent.Key, intent.Digest, intent.CMS, intent.At = p.key, p.digest, p.signed, time.Now()
	if err := c.diary.write(intent); err != nil {
		return err
	}
	note := func(what event, a answer) error {
		l := line{What: what, Filing: intent.Filing, Key: p.key, At: time.Now(), Status: a.status}
		if at := c.wroteAt.Load(); at != 0 {
			l.Wrote = time.Unix(0, at)
		}
		if what == failed {
			l.Said = title(a.body)
		}
		return c.diary.write(l)
	}
	doubt := false // it may have been taken: nobody goes home then
	for end := time.Now().Add(c.tenacity); ctx.Err() == nil && time.Now().Before(end); sleep(ctx, pause) {
		if p.alreadyFiledNum != "" {
			if err := note(acked, answer{status: http.StatusOK}); err != nil {
				return err
			}
			return c.taken(ctx, here, intent.Filing)
		}
		a, err := c.post(ctx, p.action, p.form)
		switch {
		case err != nil:
			doubt = true
			err = note(silence, a)
		case a.status == http.StatusSeeOther && strings.HasSuffix(a.to, here):
			if err := note(acked, a); err != nil {
				return err
			}
			return c.taken(ctx, here, intent.Filing)
		case a.status == http.StatusSeeOther, a.status == http.StatusUnauthorized: // the session has ended: nothing was looked at
			if c.signIn(ctx) == nil {
				if p, err = c.check(ctx, here); err == nil && p.alreadyFiledNum == "" {
					err = c.diary.write(line{What: sends, Filing: intent.Filing, Key: p.key, CMS: p.signed, At: time.Now()})
				}
			}
		case a.status == http.StatusAccepted:
			doubt = true
			err = note(checking, a)
		default:
			if err = note(failed, a); err == nil && !doubt && c.draw.IntN(3) == 0 {
				return c.diary.write(line{What: gaveUp, Filing: intent.Filing, At: time.Now()})
			}
		}
		if err != nil {
			return err
		}
		if err := c.diary.write(line{What: sends, Filing: intent.Filing, At: time.Now()}); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%s: %s is not settled after %s", c.name, intent.Filing, c.tenacity)
}

// taken reads the number of what was filed.
func (c *client) taken(ctx context.Context, here string, number uuid.UUID) error {
	c.acks.Add(1)
	page, err := c.until(ctx, "number", func() (answer, error) { return c.get(ctx, here) }, ok)
	if err != nil {
		return err
	}
	c.unproved = append(c.unproved, number)
	return c.diary.write(line{What: numbered, Filing: number, At: time.Now(), Number: numberOn(page.body)})
}

// prove takes the receipt home, if there is one already.
func (c *client) prove(ctx context.Context, number uuid.UUID) {
	a, err := c.get(ctx, "/kk/filings/"+number.String()+"/proof")
	if err != nil || a.status != http.StatusOK {
		return
	}
	if err := c.diary.write(line{What: proved, Filing: number, At: time.Now(), Receipt: []byte(a.body)}); err != nil {
		c.trouble(err)
	}
}

// drawSeed is a seed that can be printed and given again.
func drawSeed() uint64 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])
}

var signForm = regexp.MustCompile(`<form id="sign" method="post" action="([^"]+)"`)

// signAction is where a page's signature is posted to.
func signAction(page string) string {
	found := signForm.FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}
