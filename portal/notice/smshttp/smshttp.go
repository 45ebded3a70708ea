// Package smshttp sends SMS through a gateway that is asked over HTTP, for those who have
// no line of their own to an operator.
package smshttp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"zharia/portal/loopback"
	"zharia/portal/notice"
)

// Config is the gateway and how it is asked.
//
// An address with {to} and {text} in it is asked by GET with both filled in; to one
// without, JSON is posted: id, to, text, from, callback. {id} and {from} may stand in the
// address as well.
type Config struct {
	URL      string
	Key      string // Authorization: Bearer …; "": none
	From     string
	Callback string // where the gateway says what came of a message; "": it does not
	Refused  []int  // statuses that say that the number takes no messages; none: 410 and 422

	Timeout time.Duration // 0: 20 s
	Client  *http.Client  // nil: one of its own
}

// Sender asks the gateway.
type Sender struct {
	c Config
}

// How much is read of what comes back, in bytes, and how long a number of a message may be.
const (
	maxAnswer  = 16 << 10
	maxReceipt = 4 << 10
	maxRef     = 64
)

var phone = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// New checks the settings.
func New(c Config) (*Sender, error) {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(c.URL))
	if err != nil || u.Hostname() == "" || u.User != nil {
		return nil, errors.New("smshttp: an address of the gateway is expected, https://…, its key in a file of its own")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback.Is(u.Hostname())) {
		return nil, errors.New("smshttp: to a gateway that is not on this machine the address is https://")
	}
	if strings.Contains(c.URL, "{to}") != strings.Contains(c.URL, "{text}") {
		return nil, errors.New("smshttp: an address has both {to} and {text}, or neither")
	}
	if len(c.Refused) == 0 {
		c.Refused = []int{http.StatusGone, http.StatusUnprocessableEntity}
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	if c.Client == nil {
		c.Client = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: maxAnswer}}
	}
	own := *c.Client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a number goes nowhere else
	c.Client = &own
	return &Sender{c}, nil
}

// Close gives back the connections that wait for the next message.
func (s *Sender) Close() error {
	s.c.Client.CloseIdleConnections()
	return nil
}

// Send gives the gateway one message. The number it answers with is the Ref, where it was
// told where its receipts go.
func (s *Sender) Send(ctx context.Context, m notice.Message) (notice.Sent, error) {
	if !phone.MatchString(m.To) {
		return notice.Sent{}, fmt.Errorf("smshttp: not a number: %w", notice.ErrRefused)
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	request, err := s.request(ctx, m)
	if err != nil {
		return notice.Sent{}, err
	}
	answer, err := s.c.Client.Do(request)
	if err != nil {
		return notice.Sent{}, fmt.Errorf("smshttp: the gateway is not reached: %w", bare(err))
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	switch status := answer.StatusCode; {
	case slices.Contains(s.c.Refused, status):
		return notice.Sent{}, fmt.Errorf("smshttp: the gateway answers %d: %w", status, notice.ErrRefused)
	case status < 200 || status > 299:
		return notice.Sent{}, fmt.Errorf("smshttp: the gateway answers %d", status)
	case err != nil:
		return notice.Sent{}, fmt.Errorf("smshttp: the answer of the gateway broke off: %w", bare(err))
	case s.c.Callback == "":
		return notice.Sent{}, nil
	}
	return notice.Sent{Ref: refIn(body)}, nil
}

func (s *Sender) request(ctx context.Context, m notice.Message) (*http.Request, error) {
	method, address, body := http.MethodGet, s.c.URL, []byte(nil)
	if strings.Contains(address, "{text}") {
		q := url.QueryEscape
		address = strings.NewReplacer("{to}", q(m.To), "{text}", q(m.Whole()), "{id}", q(m.ID.String()), "{from}", q(s.c.From)).Replace(address)
	} else {
		method = http.MethodPost
		var err error
		if body, err = json.Marshal(map[string]string{"id": m.ID.String(), "to": m.To, "text": m.Whole(), "from": s.c.From, "callback": s.c.Callback}); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("smshttp: the address of the gateway cannot be asked") // the error has the number in it
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	r.Header.Set("Idempotency-Key", m.ID.String()) // a gateway that knows it sends once
	if s.c.Key != "" {
		r.Header.Set("Authorization", "Bearer "+s.c.Key)
	}
	return r, nil
}

// bare is an error without the address that was asked: a number may stand in it.
func bare(err error) error {
	var about *url.Error
	if errors.As(err, &about) {
		return about.Err
	}
	return err
}

// refIn finds the number of a message in what the gateway answered: JSON with id or
// message_id, or the number alone.
func refIn(body []byte) string {
	var said struct {
		ID      any `json:"id"`
		Message any `json:"message_id"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&said) == nil {
		for _, one := range []any{said.ID, said.Message} {
			switch one.(type) {
			case string, json.Number:
				return ref(fmt.Sprint(one))
			}
		}
		return ""
	}
	return ref(strings.TrimSpace(string(body)))
}

// ref is text where it can be a number of a message, else "".
func ref(text string) string {
	if len(text) > maxRef || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return text
}

// Receipts answers the gateway that says what came of a message: a form or JSON with id
// and status, posted to an address whose last part is secret. Whoever does not know it
// finds nothing there. keep may refuse; the gateway is then told to come again.
func Receipts(secret string, keep func(context.Context, notice.Receipt) error) http.Handler {
	want := sha256.Sum256([]byte(secret))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]))
		if secret == "" || subtle.ConstantTimeCompare(got[:], want[:]) != 1 || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		id, status, err := said(http.MaxBytesReader(w, r.Body, maxReceipt), r.Header.Get("Content-Type"))
		id = ref(id)
		delivered, final := statuses[strings.ToLower(status)]
		switch {
		case err != nil || id == "":
			w.WriteHeader(http.StatusBadRequest)
		case !final: // still on the way, or a word we do not know
			w.WriteHeader(http.StatusNoContent)
		default:
			err := keep(r.Context(), notice.Receipt{Channel: notice.SMS, Ref: id, Delivered: delivered, At: time.Now().UTC().Truncate(time.Microsecond)})
			if err != nil && !errors.Is(err, notice.ErrNoSuchRef) { // one that names nothing will name nothing the next time
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}
	})
}

// statuses are the words that end a message.
var statuses = map[string]bool{
	"delivered": true, "delivrd": true,
	"undelivered": false, "undeliv": false, "failed": false, "expired": false, "rejected": false, "rejectd": false, "deleted": false,
}

func said(body io.Reader, kind string) (id, status string, err error) {
	all, err := io.ReadAll(body)
	if err != nil {
		return "", "", err
	}
	if kind, _, _ = mime.ParseMediaType(kind); kind == "application/json" {
		var one struct{ ID, Status string }
		err = json.Unmarshal(all, &one)
		return one.ID, one.Status, err
	}
	form, err := url.ParseQuery(string(all))
	return form.Get("id"), form.Get("status"), err
}
