// Package mail sends messages by e-mail: plain text, over a line that nobody on the way
// reads, and with nothing in an error that says to whom.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	letter "github.com/wneessen/go-mail"

	"zharia/portal/loopback"
	"zharia/portal/notice"
)

// Config is whom letters are given to, and who signs them.
type Config struct {
	URL      string // smtp://user@host:587 (STARTTLS) or smtps://user@host:465; the user may be left out
	Password string // of that user
	From     string // the portal's own address, with a name or without
	Origin   string // of the portal: its host stands in Message-ID, its settings in List-Unsubscribe

	TLS     *tls.Config   // nil: the system's authorities
	Timeout time.Duration // for one letter, 0: a minute
}

// Sender gives letters to one mail server, a connection for each: the server may be gone
// between two of them, and nothing is left over when the portal ends.
type Sender struct {
	c    Config
	host string
	port int
	user string
	over bool // TLS from the first byte
	bare bool // the server is on this machine: no TLS is asked for
	from *mail.Address
	site string // host of the portal
}

// ErrPlain says that a server was to be spoken to in clear over a network.
var ErrPlain = errors.New("mail: the server takes no TLS and is not on this machine")

// most is how much of a server's answers is read for one letter, in bytes.
const most = 64 << 10

// New checks the settings; it does not connect.
func New(c Config) (*Sender, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("mail: smtp://user@host:587 or smtps://user@host:465 is expected") // what was given may have a password in it
	}
	if _, secret := u.User.Password(); secret {
		return nil, errors.New("mail: the password stands in a file of its own, not in the address")
	}
	s := &Sender{c: c, host: u.Hostname(), user: u.User.Username(), port: 587}
	switch u.Scheme {
	case "smtp":
		s.bare = loopback.Is(s.host)
	case "smtps":
		s.over, s.port = true, 465
	default:
		return nil, fmt.Errorf("mail: %q is no scheme of mail: smtp or smtps is", u.Scheme)
	}
	if text := u.Port(); text != "" {
		if s.port, err = strconv.Atoi(text); err != nil || s.port < 1 || s.port > 65535 {
			return nil, fmt.Errorf("mail: %q is no port", text)
		}
	}
	if s.from, err = mail.ParseAddress(c.From); err != nil {
		return nil, fmt.Errorf("mail: letters come from %q: %w", c.From, err)
	}
	origin, err := url.Parse(c.Origin)
	if err != nil || origin.Hostname() == "" {
		return nil, fmt.Errorf("mail: the portal is at %q", c.Origin)
	}
	s.site = origin.Hostname()
	if s.c.Timeout == 0 {
		s.c.Timeout = time.Minute
	}
	return s, nil
}

// MessageID is the name of a letter: that of its delivery, so that a mailbox which gets it
// twice can tell, and the portal's own host, so that no machine's name goes out.
func (s *Sender) MessageID(m notice.Message) string { return m.ID.String() + "@" + s.site }

// Send gives one letter to the server. Taking it is not delivering it, and no receipt comes.
func (s *Sender) Send(ctx context.Context, m notice.Message) (notice.Sent, error) {
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	msg, err := s.write(m)
	if err != nil {
		return notice.Sent{}, err
	}
	client, err := s.client(ctx)
	if err != nil {
		return notice.Sent{}, err
	}
	talk, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return notice.Sent{}, fmt.Errorf("mail: the server is not reached: %w", s.why(err, true))
	}
	defer talk.Close()
	err = client.SendWithSMTPClient(talk, msg)
	if err == nil {
		_ = talk.Quit() // it has the letter; a server that does not say goodbye has it too
	}
	if err == nil || msg.IsDelivered() { // it took the letter, whatever it said after
		return notice.Sent{}, nil
	}
	return notice.Sent{}, s.why(err, false)
}

// write makes the letter.
func (s *Sender) write(m notice.Message) (*letter.Msg, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || len(m.To) > 254 {
		return nil, fmt.Errorf("mail: not an address: %w", notice.ErrRefused)
	}
	msg := letter.NewMsg(letter.WithNoDefaultUserAgent(), letter.WithCharset(letter.CharsetUTF8), letter.WithEncoding(letter.EncodingB64))
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(&mail.Address{Address: to.Address}) // no name: who he is goes out to nobody
	msg.Subject(strings.Join(strings.Fields(m.Subject), " "))
	msg.SetDate()
	msg.SetMessageIDWithValue(s.MessageID(m))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // so that no answering machine answers
	msg.SetGenHeader("Content-Language", m.Language)
	if m.Link != "" {
		msg.SetListUnsubscribe("<" + s.c.Origin + "/" + m.Language + "/notices/settings>")
	}
	msg.SetBodyString(letter.TypeTextPlain, m.Whole()+"\n")
	return msg, nil
}

func (s *Sender) client(life context.Context) (*letter.Client, error) {
	conf := s.c.TLS.Clone()
	if conf == nil {
		conf = &tls.Config{}
	}
	conf.ServerName, conf.MinVersion = s.host, max(conf.MinVersion, tls.VersionTLS12)
	policy := letter.TLSMandatory
	if s.bare {
		policy = letter.TLSOpportunistic
	}
	options := []letter.Option{
		letter.WithPort(s.port), letter.WithTimeout(s.c.Timeout), letter.WithTLSConfig(conf), letter.WithTLSPolicy(policy),
		letter.WithHELO(s.site), letter.WithoutNoop(), letter.WithDialContextFunc(s.dial(life, conf)),
	}
	if s.over {
		options = append(options, letter.WithSSL())
	}
	if s.user != "" {
		options = append(options, letter.WithSMTPAuth(letter.SMTPAuthPlain), letter.WithUsername(s.user), letter.WithPassword(s.c.Password))
	}
	return letter.NewClient(s.host, options...)
}

// dial connects; the connection ends with the life of the letter and after so many bytes
// of answers. (The context that the library brings ends when it is connected.)
func (s *Sender) dial(life context.Context, conf *tls.Config) letter.DialContextFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(life, func() { conn.Close() })
		var out net.Conn = &short{Conn: conn}
		if s.over {
			secure := tls.Client(out, conf)
			if err := secure.HandshakeContext(ctx); err != nil {
				return nil, errors.Join(err, conn.Close())
			}
			out = secure
		}
		return out, nil
	}
}

// short is a connection on which a server says only so much.
type short struct {
	net.Conn
	read atomic.Int64
}

func (s *short) Read(b []byte) (int, error) {
	if s.read.Load() >= most {
		return 0, fmt.Errorf("mail: the server says too much: %w", io.ErrUnexpectedEOF)
	}
	n, err := s.Conn.Read(b)
	s.read.Add(int64(n))
	return n, err
}

// why tells what went wrong without the server's words, which repeat the address. A
// refusal is of this address where the server refused it when it was named, or the letter
// for good.
func (s *Sender) why(err error, meeting bool) error {
	var said *letter.SendError
	switch {
	case errors.As(err, &said) && said.ErrorCode() != 0:
		code := said.ErrorCode()
		about := fmt.Errorf("mail: %s: %d %s", said.Reason, code, said.EnhancedStatusCode())
		// A server that refuses our own address, or us, refuses everybody: it is the line's.
		named := said.Reason == letter.ErrSMTPRcptTo
		if !meeting && code >= 500 && (named || said.Reason == letter.ErrSMTPDataClose) && !ofUs(said.EnhancedStatusCode(), named) {
			return errors.Join(about, notice.ErrRefused)
		}
		return about
	case errors.As(err, &said):
		return fmt.Errorf("mail: %s: the line broke", said.Reason)
	case strings.Contains(err.Error(), "STARTTLS"):
		return ErrPlain
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op
	}
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return cert
	}
	return errors.New("mail: the server did not speak as one")
}

// ofUs tells that a status is about who we are. A relay that is none for us says so when the
// addressee is named (5.7.x); after the letter that is said of the letter as well, but of SPF
// and its like (5.7.20 to 5.7.29, RFC 7372), which are our own domain's.
func ofUs(status string, named bool) bool {
	detail, about := strings.CutPrefix(status, "5.7.")
	return about && (named || len(detail) == 2 && detail[0] == '2')
}
