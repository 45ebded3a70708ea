// Package smpp sends SMS over SMPP 3.4: one bind that is kept, as operators want it, a
// window of messages under way, long texts in parts, and receipts that come back on the
// same line.
package smpp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"zharia/portal/notice"
)

// Config is whom messages are given to.
type Config struct {
	URL      string // smpp://systemid@host:2775 or smpps://systemid@host:3550
	Password string
	From     string // what stands as the sender: up to 11 letters and digits, a short code, or +7…

	// Receipt is told what came of each message. An error asks the operator to say it again
	// later; a receipt may come before Send has returned.
	Receipt func(context.Context, notice.Receipt) error

	TLS    *tls.Config   // nil: the system's authorities
	Window int           // messages under way at once; 0: 10
	Answer time.Duration // the operator answers a message within; 0: 10 s
	Beat   time.Duration // how often a silent line is asked whether it is there; 0: 30 s
	Parts  time.Duration // after the last part's receipt the others are waited for; 0: a minute
	Pause  time.Duration // before the first new bind; twice as long after each that failed, up to a minute; 0: 1 s
}

// Sender keeps the line to one operator. Close it.
type Sender struct {
	c      Config
	auth   gosmpp.Auth
	secure bool
	from   pdu.Address

	end    context.CancelFunc
	life   context.Context
	ended  sync.WaitGroup
	window chan struct{}

	mu     sync.Mutex
	line   *line         // nil while there is none
	change chan struct{} // closed when line changes
	rest   time.Time     // the operator asked for quiet until then

	parts parts
	ref   uint32 // of the last text in parts
}

// ErrPlain says that an operator was to be spoken to in clear over a network that is not ours.
var ErrPlain = errors.New("smpp: to an operator that is not on this machine or on a private network the line is smpps://")

// How long things may take, and how much of them there may be.
const (
	bindTime  = 10 * time.Second
	writeTime = 10 * time.Second
	keepTime  = 5 * time.Second // a receipt that waited
	restTime  = time.Second     // after throttling
	maxPause  = time.Minute
	maxParts  = 8
)

// New checks the settings and begins to bind; it does not wait for the operator.
func New(c Config) (*Sender, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.User.Username() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("smpp: smpp://systemid@host:2775 or smpps://systemid@host:3550 is expected")
	}
	if _, secret := u.User.Password(); secret {
		return nil, errors.New("smpp: the password stands in a file of its own, not in the address")
	}
	port := "2775"
	switch u.Scheme {
	case "smpp":
		if !near(u.Hostname()) {
			return nil, ErrPlain
		}
	case "smpps":
		port = "3550"
	default:
		return nil, fmt.Errorf("smpp: %q is no scheme of SMPP: smpp or smpps is", u.Scheme)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	s := &Sender{
		c: c, secure: u.Scheme == "smpps", change: make(chan struct{}),
		auth: gosmpp.Auth{SMSC: net.JoinHostPort(u.Hostname(), port), SystemID: u.User.Username(), Password: c.Password},
	}
	if len(s.auth.SystemID) > 15 || len(c.Password) > 8 {
		return nil, errors.New("smpp: a system id has at most 15 characters and a password 8")
	}
	if s.from, err = sender(c.From); err != nil {
		return nil, err
	}
	s.c.Window, s.c.Answer, s.c.Beat, s.c.Pause = or(c.Window, 10), or(c.Answer, 10*time.Second), or(c.Beat, 30*time.Second), or(c.Pause, time.Second)
	s.c.Parts = or(c.Parts, time.Minute)
	s.window = make(chan struct{}, s.c.Window)
	s.life, s.end = context.WithCancel(context.Background())
	s.ended.Go(s.keep)
	return s, nil
}

func or[T comparable](value, otherwise T) T {
	var none T
	if value == none {
		return otherwise
	}
	return value
}

// near tells whether what is said to a host goes over no network of others: operators
// end a tunnel on such an address.
func near(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsPrivate())
}

// Close unbinds and ends all that the sender began.
func (s *Sender) Close() error {
	s.end()
	s.ended.Wait()
	return nil
}

// keep holds a line to the operator for as long as the sender lives.
func (s *Sender) keep() {
	pause := s.c.Pause
	for s.life.Err() == nil {
		l, err := s.bind()
		if err == nil {
			pause = s.c.Pause
			s.set(l)
			err = l.serve(s.life)
			s.set(nil)
		}
		if s.life.Err() != nil {
			return
		}
		slog.Warn("there is no line to the operator of SMS", "error", err.Error(), "again", pause.String())
		select {
		case <-s.life.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

func (s *Sender) set(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = l
	close(s.change)
	s.change = make(chan struct{})
}

// bound waits for a line.
func (s *Sender) bound(ctx context.Context) (*line, error) {
	for {
		s.mu.Lock()
		l, change, rest := s.line, s.change, time.Until(s.rest)
		s.mu.Unlock()
		if l != nil && l.broken() {
			l = nil // and soon it will be said so
		}
		if l != nil && rest <= 0 {
			return l, nil
		}
		var rested <-chan time.Time
		if l != nil {
			rested = time.After(rest)
		}
		select {
		case <-change:
		case <-rested:
		case <-s.life.Done():
			return nil, errors.New("smpp: the sender is closed")
		case <-ctx.Done():
			return nil, fmt.Errorf("smpp: no line to the operator: %w", ctx.Err())
		}
	}
}

// bind connects and says who we are.
func (s *Sender) bind() (*line, error) {
	stop := func() bool { return true }
	conn, err := gosmpp.TRXConnector(func(addr string) (net.Conn, error) {
		conn, err := s.dial(addr)
		if err == nil { // who waits for an answer ends with the sender
			stop = context.AfterFunc(s.life, func() { conn.Close() })
		}
		return conn, err
	}, s.auth).Connect()
	stop()
	if err != nil {
		return nil, fmt.Errorf("smpp: bind: %w", err)
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return newLine(s, conn), nil
}

func (s *Sender) dial(addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(s.life, bindTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(bindTime)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if !s.secure {
		return conn, nil
	}
	host, _, _ := net.SplitHostPort(addr)
	conf := s.c.TLS.Clone()
	if conf == nil {
		conf = &tls.Config{}
	}
	conf.ServerName, conf.MinVersion = host, max(conf.MinVersion, tls.VersionTLS12)
	secure := tls.Client(conn, conf)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// Send gives the operator one message, in as many parts as it needs, and waits until it
// has taken them. Its Ref is that of the last part; a receipt says Delivered when all are,
// or when that one is and of the others nothing was heard here for a while.
func (s *Sender) Send(ctx context.Context, m notice.Message) (notice.Sent, error) {
	to, err := recipient(m.To)
	if err != nil {
		return notice.Sent{}, err
	}
	s.mu.Lock()
	s.ref++
	ref := byte(s.ref)
	s.mu.Unlock()
	texts, err := split(m.Whole(), ref)
	if err != nil {
		return notice.Sent{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.Answer)
	defer cancel()
	w := &whole{total: len(texts), came: map[string]bool{}}
	var last string
	for _, text := range texts {
		if last, err = s.submit(ctx, s.message(to, text, m.Until), w); err != nil {
			return notice.Sent{}, err
		}
	}
	return notice.Sent{Ref: last}, nil
}

// await gives the other parts of a message time to have their receipts, and has the last
// one's kept for the whole then: they may have come to another process, which knows nothing
// of it, and the operator brings them to nobody again.
func (s *Sender) await(w *whole) {
	for {
		select {
		case <-s.life.Done(): // nobody will wait for them any more
		case <-time.After(s.c.Parts):
		}
		r, stands := s.parts.stands(w)
		if !stands {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.life), keepTime)
		err := s.c.Receipt(ctx, r)
		cancel()
		if err == nil || errors.Is(err, notice.ErrNoSuchRef) || s.life.Err() != nil {
			return
		}
		s.parts.untold(w)
	}
}

// message is one part of a message as the operator gets it.
func (s *Sender) message(to pdu.Address, text pdu.ShortMessage, until time.Time) *pdu.SubmitSM {
	p := pdu.NewSubmitSM().(*pdu.SubmitSM)
	p.SourceAddr, p.DestAddr, p.Message = s.from, to, text
	p.RegisteredDelivery = data.SM_SMSC_RECEIPT_REQUESTED
	if text.UDH() != nil {
		p.EsmClass = data.SM_UDH_GSM
	}
	if left := time.Until(until); !until.IsZero() && left > 0 {
		left = min(left, 48*time.Hour).Round(time.Minute)
		p.ValidityPeriod = fmt.Sprintf("0000%02d%02d%02d00000R", int(left.Hours())/24, int(left.Hours())%24, int(left.Minutes())%60)
	}
	return p
}

// submit gives one part of w and waits for its number.
func (s *Sender) submit(ctx context.Context, p *pdu.SubmitSM, w *whole) (ref string, err error) {
	select {
	case s.window <- struct{}{}:
		defer func() { <-s.window }()
	case <-ctx.Done():
		return "", fmt.Errorf("smpp: too many messages under way: %w", ctx.Err())
	}
	answer, err := s.ask(ctx, p, func(answer pdu.PDU) {
		// Before anything else is read: its receipt may be the next thing.
		if ref := taken(answer); ref != "" {
			s.parts.add(w, ref)
		}
	})
	if err != nil {
		return "", err
	}
	switch status := answer.GetHeader().CommandStatus; status {
	case data.ESME_ROK:
	case data.ESME_RTHROTTLED, data.ESME_RMSGQFUL:
		s.mu.Lock()
		s.rest = time.Now().Add(restTime)
		s.mu.Unlock()
		return "", fmt.Errorf("smpp: the operator asks for quiet: %s", status)
	case data.ESME_RINVDSTADR, data.ESME_RINVDSTTON, data.ESME_RINVDSTNPI:
		return "", fmt.Errorf("smpp: %s: %w", status, notice.ErrRefused)
	default:
		return "", fmt.Errorf("smpp: the operator did not take it: %s", status)
	}
	if ref = taken(answer); ref == "" {
		return "", errors.New("smpp: the operator took it and gave no number")
	}
	return ref, nil
}

// ask asks the operator on the line there is; what did not go out goes on the next one.
func (s *Sender) ask(ctx context.Context, p pdu.PDU, came func(pdu.PDU)) (pdu.PDU, error) {
	for {
		l, err := s.bound(ctx)
		if err != nil {
			return nil, err
		}
		answer, err := l.ask(ctx, p, came)
		if !errors.Is(err, errUnsent) {
			return answer, err
		}
		select {
		case <-l.gone:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// taken is the number that the operator gave to what it took; "" where it did not.
func taken(answer pdu.PDU) string {
	if a, ok := answer.(*pdu.SubmitSMResp); ok && a.IsOk() {
		return number(a.MessageID)
	}
	return ""
}

// number is the number of a message as receipts and answers have in common: operators
// write it with and without zeros before it, in large and small letters.
func number(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" || len(text) > 65 {
		return ""
	}
	for _, r := range text {
		if r <= ' ' || r > '~' {
			return ""
		}
	}
	if cut := strings.TrimLeft(text, "0"); cut != "" {
		return cut
	}
	return "0"
}
