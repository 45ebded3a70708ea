// Package webpush tells a person's browser that there is news, and nothing more: what is
// shown on a locked screen is read by whoever holds the phone.
package webpush

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	push "github.com/SherClockHolmes/webpush-go"

	"zharia/portal/notice"
)

// Config is by which keys browsers know us, and what they show.
type Config struct {
	Keys    Keys
	Contact string // whom a push service writes to when we trouble it: an address of e-mail or https://…
	Origin  string // of the portal

	// Words are the title and the text that a browser shows, in a language.
	Words func(language string) (title, text string)

	Services []string      // hosts of push services besides the known ones, for tests
	Timeout  time.Duration // 0: 15 s
	Client   *http.Client  // nil: one of its own
}

// Sender gives messages to the push services of browsers.
type Sender struct {
	c Config
}

// known are the push services of browsers. A subscription comes from the person's side:
// without this list anybody could have the portal send requests wherever he likes.
var known = []string{
	"fcm.googleapis.com", "updates.push.services.mozilla.com", "push.apple.com", "notify.windows.com",
}

// How much there may be, in bytes, and for how long a push service keeps a message at most.
const (
	maxSubscription = 2 << 10
	maxAnswer       = 4 << 10
	maxKeep         = 48 * time.Hour
)

// New checks the settings.
func New(c Config) (*Sender, error) {
	if err := c.Keys.check(); err != nil {
		return nil, err
	}
	if c.Contact == "" || c.Origin == "" || c.Words == nil {
		return nil, errors.New("webpush: a contact, the portal's address and the words are needed")
	}
	if c.Timeout == 0 {
		c.Timeout = 15 * time.Second
	}
	if c.Client == nil {
		c.Client = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: maxAnswer}}
	}
	own := *c.Client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Client = &own
	return &Sender{c}, nil
}

// Public is the key that a page gives to the browser when a person subscribes.
func (s *Sender) Public() string { return s.c.Keys.Public }

// Close gives back the connections that wait for the next message.
func (s *Sender) Close() error {
	s.c.Client.CloseIdleConnections()
	return nil
}

// Check reads a subscription as a browser gives it, and says whether we would send to it:
// the address of a known push service, a key on the curve, a secret of 16 bytes.
func (s *Sender) Check(subscription string) error {
	_, err := s.read(subscription)
	return err
}

func (s *Sender) read(subscription string) (*push.Subscription, error) {
	if len(subscription) > maxSubscription {
		return nil, errors.New("webpush: a subscription is not so long")
	}
	var sub push.Subscription
	if json.Unmarshal([]byte(subscription), &sub) != nil {
		return nil, errors.New("webpush: not a subscription")
	}
	u, err := url.Parse(sub.Endpoint)
	if err != nil || u.Scheme != "https" || u.User != nil || !s.serves(u) {
		return nil, errors.New("webpush: not a push service that we know")
	}
	point, err := decode(sub.Keys.P256dh)
	if err != nil {
		return nil, errors.New("webpush: the key of the subscription cannot be read")
	}
	if _, err := ecdh.P256().NewPublicKey(point); err != nil {
		return nil, errors.New("webpush: the key of the subscription is not on the curve")
	}
	if secret, err := decode(sub.Keys.Auth); err != nil || len(secret) != 16 {
		return nil, errors.New("webpush: the secret of the subscription is not 16 bytes")
	}
	return &sub, nil
}

func (s *Sender) serves(u *url.URL) bool {
	for _, host := range s.c.Services {
		if u.Host == host {
			return true
		}
	}
	if u.Port() != "" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, service := range known {
		if host == service || strings.HasSuffix(host, "."+service) {
			return true
		}
	}
	return false
}

func decode(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

// news is all that goes out; it is sealed for the browser besides.
type news struct {
	Title    string `json:"title"`
	Text     string `json:"text"`
	Language string `json:"language"`
	Link     string `json:"link"` // a path of the portal
	Tag      string `json:"tag"`  // the same message twice is shown once
}

// Send tells the browser that there is news. The push service taking it is not the person
// having it, and no receipt comes.
func (s *Sender) Send(ctx context.Context, m notice.Message) (notice.Sent, error) {
	sub, err := s.read(m.To)
	if err != nil {
		return notice.Sent{}, errors.Join(err, notice.ErrRefused)
	}
	title, text := s.c.Words(m.Language)
	if m.Link == "" { // the words of the house name the portal
		title, text = m.Subject, m.Text
	}
	path, ours := strings.CutPrefix(m.Link, s.c.Origin)
	if !ours || !strings.HasPrefix(path, "/") {
		path = "/" + m.Language + "/"
	}
	payload, err := json.Marshal(news{title, text, m.Language, path, m.ID.String()})
	if err != nil {
		return notice.Sent{}, err
	}
	keep := maxKeep
	if left := time.Until(m.Until); !m.Until.IsZero() && left < keep {
		keep = max(left, time.Minute)
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	answer, err := push.SendNotificationWithContext(ctx, payload, sub, &push.Options{
		HTTPClient: s.c.Client, Subscriber: strings.TrimPrefix(s.c.Contact, "mailto:"), TTL: int(keep.Seconds()), Urgency: push.UrgencyNormal,
		RecordSize: 2048, VAPIDPublicKey: s.c.Keys.Public, VAPIDPrivateKey: s.c.Keys.Private,
	})
	if err != nil {
		return notice.Sent{}, fmt.Errorf("webpush: the push service is not reached: %w", bare(err))
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer) // so that the connection can be used again
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound || status == http.StatusGone:
		return notice.Sent{}, fmt.Errorf("webpush: the push service answers %d: %w", status, notice.ErrRefused)
	case status < 200 || status > 299:
		return notice.Sent{}, fmt.Errorf("webpush: the push service answers %d", status)
	}
	return notice.Sent{}, nil
}

// bare is an error without the address that was asked: it is the person's.
func bare(err error) error {
	var about *url.Error
	if errors.As(err, &about) {
		return about.Err
	}
	return err
}
