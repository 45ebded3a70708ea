package sink

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"mime"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"zharia/portal/notice"
)

// Mail is a mail server.
type Mail struct {
	Shelf    *Shelf
	TLS      *tls.Config // STARTTLS, or TLS from the first byte where Over is set; nil: neither
	Over     bool
	Password string // of the user "portal"; "": nobody has to say who he is

	// Fault is how it takes the n-th letter, from 1, at a stage: "rcpt" or "data". What it
	// returns is answered; ErrCut breaks the line when the letter is already taken.
	Fault func(n int, stage, to string) error

	server   *smtp.Server
	listener net.Listener
	ended    chan struct{}

	mu sync.Mutex
	n  int
}

// ErrCut breaks the line.
var ErrCut = errors.New("sink: cut")

// Refusal is an answer of a mail server.
func Refusal(code int, enhanced [3]int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(enhanced), Message: text}
}

// Listen begins to serve on an address.
func (m *Mail) Listen(addr string) (err error) {
	if m.listener, err = net.Listen("tcp", addr); err != nil {
		return err
	}
	m.server = smtp.NewServer(m)
	m.server.Domain = "localhost"
	m.server.MaxMessageBytes, m.server.MaxRecipients, m.server.MaxLineLength = 256<<10, 1, 2000
	m.server.ReadTimeout, m.server.WriteTimeout = 30*time.Second, 30*time.Second
	m.server.ErrorLog = log.New(io.Discard, "", 0)
	m.ended = make(chan struct{})
	l := m.listener
	if m.Over {
		l = tls.NewListener(l, m.TLS)
	} else {
		m.server.TLSConfig = m.TLS
	}
	go func() {
		defer close(m.ended)
		m.server.Serve(l)
	}()
	return nil
}

// Addr is where it listens.
func (m *Mail) Addr() string { return m.listener.Addr().String() }

// Close ends it.
func (m *Mail) Close() error {
	err := m.server.Close()
	<-m.ended
	return err
}

// NewSession is called by the server.
func (m *Mail) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &mailSession{m: m, c: c, known: m.Password == ""}, nil
}

type mailSession struct {
	m        *Mail
	c        *smtp.Conn
	known    bool
	n        int
	from, to string
}

func (s *mailSession) AuthMechanisms() []string {
	if s.m.Password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.known = user == "portal" && password == s.m.Password; !s.known {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *mailSession) Reset()        { s.from, s.to = "", "" }
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.n++
	s.n, s.from = s.m.n, from
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.fault("rcpt")
}

func (s *mailSession) fault(stage string) error {
	if s.m.Fault == nil {
		return nil
	}
	return s.m.Fault(s.n, stage, s.to)
}

func (s *mailSession) Data(r io.Reader) error {
	t, err := read(r)
	if err != nil {
		return err
	}
	err = s.fault("data")
	if err != nil && !errors.Is(err, ErrCut) {
		return err
	}
	t.Channel, t.To, t.From = notice.Email, s.to, s.from
	s.m.Shelf.put(t)
	if err != nil {
		s.c.Conn().Close()
	}
	return err
}

// read reads a letter as a reader of mail would show it.
func read(r io.Reader) (t Taken, err error) {
	letter, err := mail.ReadMessage(r)
	if err != nil {
		return t, err
	}
	t.Header = letter.Header
	if t.Subject, err = new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject")); err != nil {
		return t, err
	}
	body := letter.Body
	if strings.EqualFold(letter.Header.Get("Content-Transfer-Encoding"), "base64") {
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	t.Text = strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	return t, err
}
