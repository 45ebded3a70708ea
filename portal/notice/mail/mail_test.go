package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/notice"
	"zharia/portal/notice/mail"
	"zharia/portal/notice/sink"
)

var news = notice.Message{
	ID: uuid.MustParse("0198f2a4-0000-7000-8000-00000000002a"), To: "aigul@example.kz", Language: "kk",
	Subject: "№ 42 өтініш бойынша жаңалық бар", Text: "№ 42 өтінішіңіз бойынша жаңалық бар. Ұңғі, һәм ғәріпше: ӘәҒғҚқҢңӨөҰұҮүҺһІі",
	Link: "https://zharia.example/kk/n/42",
}

// server is a mail server of the test, and a sender that gives letters to it.
func server(t *testing.T, m *sink.Mail, scheme string, pool *x509.CertPool) *mail.Sender {
	t.Helper()
	m.Shelf = &sink.Shelf{}
	if err := m.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	user := ""
	if m.Password != "" {
		user = "portal@"
	}
	s, err := mail.New(mail.Config{
		URL: scheme + "://" + user + m.Addr(), Password: m.Password, From: "«Жария» <portal@zharia.example>", Origin: "https://zharia.example",
		TLS: &tls.Config{RootCAs: pool}, Timeout: 3 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// certificate is one for this machine, and who trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func TestALetterInKazakhArrivesLetterForLetter(t *testing.T) {
	var m sink.Mail
	s := server(t, &m, "smtp", nil)
	if sent, err := s.Send(t.Context(), news); err != nil || sent != (notice.Sent{}) {
		t.Fatalf("%+v %v", sent, err)
	}
	came := m.Shelf.Taken()
	if len(came) != 1 {
		t.Fatalf("%d letters came", len(came))
	}
	got := came[0]
	if got.Subject != news.Subject || got.Text != news.Text+"\n"+news.Link || got.To != news.To {
		t.Errorf("the letter that came: %+v", got)
	}
	for header, want := range map[string]string{
		"Message-Id":       "<" + news.ID.String() + "@zharia.example>",
		"Auto-Submitted":   "auto-generated",
		"List-Unsubscribe": "<https://zharia.example/kk/notices/settings>",
		"Content-Type":     "text/plain; charset=UTF-8",
		"To":               "<aigul@example.kz>",
		"User-Agent":       "", "X-Mailer": "", // what program we are is nobody's to know
	} {
		if text := strings.Join(got.Header[header], "|"); text != want {
			t.Errorf("%s is %q, not %q", header, text, want)
		}
	}
	for header, values := range got.Header {
		for _, value := range values {
			if strings.ContainsFunc(value, func(r rune) bool { return r > 126 || r < ' ' }) {
				t.Errorf("%s is not plain ASCII on the wire: %q", header, value)
			}
		}
	}
}

// Who shares a mailbox is written to in words that name the portal nowhere.
func TestALetterWithoutALinkNamesThePortalsPagesNowhere(t *testing.T) {
	var m sink.Mail
	s := server(t, &m, "smtp", nil)
	neutral := news
	neutral.Subject, neutral.Text, neutral.Link = "Хабарлама", "Сізге хабарлама бар.", ""
	if _, err := s.Send(t.Context(), neutral); err != nil {
		t.Fatal(err)
	}
	got := m.Shelf.Taken()[0]
	if got.Text != neutral.Text || got.Header["List-Unsubscribe"] != nil {
		t.Errorf("the letter that came: %+v", got)
	}
	for header, values := range got.Header {
		if strings.Contains(strings.Join(values, " "), "https://") {
			t.Errorf("%s names a page: %v", header, values)
		}
	}
}

// A line of a header that somebody else wrote must not begin another.
func TestASubjectOfTwoLinesMakesNoHeaderOfItsOwn(t *testing.T) {
	var m sink.Mail
	s := server(t, &m, "smtp", nil)
	bad := news
	bad.Subject = "жаңалық\r\nBcc: everybody@example.kz\r\n\r\nтекст"
	if _, err := s.Send(t.Context(), bad); err != nil {
		t.Fatal(err)
	}
	got := m.Shelf.Taken()[0]
	if got.Header["Bcc"] != nil || got.Text != news.Text+"\n"+news.Link || !strings.Contains(got.Subject, "Bcc: everybody@example.kz") {
		t.Errorf("%+v", got)
	}
	for _, to := range []string{"", "aigul", "aigul@example.kz, all@example.kz", "aigul@example.kz\r\nRCPT TO:<all@example.kz>", strings.Repeat("a", 300) + "@example.kz"} {
		bad.To = to
		if _, err := s.Send(t.Context(), bad); !errors.Is(err, notice.ErrRefused) {
			t.Errorf("%q: %v", to, err)
		}
	}
	if n := len(m.Shelf.Taken()); n != 1 {
		t.Errorf("%d letters came", n)
	}
}

// What a server says of an address ends at that address; what it says of us, or for now,
// is tried again. Nothing of it names the address.
func TestARefusalIsTheAddressesOrTheLines(t *testing.T) {
	for name, c := range map[string]struct {
		fault   error
		stage   string
		refused bool
		taken   int
	}{
		"no such mailbox":       {sink.Refusal(550, [3]int{5, 1, 1}, "<aigul@example.kz> unknown"), "rcpt", true, 0},
		"greylisted":            {sink.Refusal(451, [3]int{4, 7, 1}, "<aigul@example.kz> come later"), "rcpt", false, 0},
		"the mailbox is full":   {sink.Refusal(452, [3]int{4, 2, 2}, "<aigul@example.kz> full"), "data", false, 0},
		"no relay for us":       {sink.Refusal(554, [3]int{5, 7, 1}, "<aigul@example.kz>: Relay access denied"), "rcpt", false, 0},
		"we are not ourselves":  {sink.Refusal(550, [3]int{5, 7, 26}, "neither SPF nor DKIM for aigul@example.kz"), "data", false, 0},
		"the letter is refused": {sink.Refusal(554, [3]int{5, 7, 1}, "aigul@example.kz does not want it"), "data", true, 0},
		"cut after the letter":  {sink.ErrCut, "data", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := sink.Mail{Fault: func(n int, stage, to string) error {
				if stage == c.stage && n == 1 {
					return c.fault
				}
				return nil
			}}
			s := server(t, &m, "smtp", nil)
			_, err := s.Send(t.Context(), news)
			if err == nil || errors.Is(err, notice.ErrRefused) != c.refused {
				t.Fatalf("%v", err)
			}
			if strings.Contains(err.Error(), "aigul") {
				t.Errorf("the error names the person: %v", err)
			}
			if _, err := s.Send(t.Context(), news); err != nil {
				t.Errorf("the next time: %v", err)
			}
			came := m.Shelf.Taken()
			if len(came) != c.taken+1 {
				t.Fatalf("%d letters came", len(came))
			}
			for _, letter := range came { // who gets it twice can tell
				if letter.Header["Message-Id"][0] != came[0].Header["Message-Id"][0] {
					t.Errorf("the same letter under two names: %v", letter.Header)
				}
			}
		})
	}
}

func TestADeadSilentOrTalkativeServerIsTheLines(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	talk := make(chan string, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if how := <-talk; how == "endless" {
				for err = nil; err == nil; {
					_, err = conn.Write([]byte(strings.Repeat("220-x", 1000) + "\r\n"))
				}
			} else if how == "silent" {
				conn.Read(make([]byte, 1)) // until it goes away
			}
			conn.Close()
		}
	}()
	s, err := mail.New(mail.Config{URL: "smtp://" + addr, From: "portal@zharia.example", Origin: "https://zharia.example", Timeout: 400 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"endless", "silent", "gone"} {
		talk <- how
		begun := time.Now()
		if _, err := s.Send(t.Context(), news); err == nil || errors.Is(err, notice.ErrRefused) {
			t.Errorf("%s: %v", how, err)
		}
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("%s: given up after %v", how, took)
		}
	}
	listener.Close()
	if _, err := s.Send(t.Context(), news); err == nil || errors.Is(err, notice.ErrRefused) {
		t.Errorf("nobody listens: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Send(ctx, news); err == nil || errors.Is(err, notice.ErrRefused) {
		t.Errorf("nobody waits: %v", err)
	}
}

func TestWhatIsWrittenOverANetworkIsSealed(t *testing.T) {
	conf, pool := certificate(t)
	for name, c := range map[string]struct {
		m      *sink.Mail
		scheme string
		pool   *x509.CertPool
		ok     bool
	}{
		"TLS from the first byte, a password":   {&sink.Mail{TLS: conf, Over: true, Password: "secret"}, "smtps", pool, true},
		"STARTTLS, a password":                  {&sink.Mail{TLS: conf, Password: "secret"}, "smtp", pool, true},
		"a certificate of nobody":               {&sink.Mail{TLS: conf, Over: true}, "smtps", x509.NewCertPool(), false},
		"STARTTLS with a certificate of nobody": {&sink.Mail{TLS: conf}, "smtp", x509.NewCertPool(), false},
	} {
		s := server(t, c.m, c.scheme, c.pool)
		_, err := s.Send(t.Context(), news)
		if (err == nil) != c.ok || len(c.m.Shelf.Taken()) == 1 != c.ok {
			t.Errorf("%s: %v, %d letters", name, err, len(c.m.Shelf.Taken()))
		}
	}
}

// 0.0.0.0 leads to this machine and is not its address: the sender takes for this machine
// only what certainly is.
func TestAServerElsewhereThatTakesNoTLSGetsNothing(t *testing.T) {
	var m sink.Mail
	server(t, &m, "smtp", nil)
	_, port, _ := net.SplitHostPort(m.Addr())
	s, err := mail.New(mail.Config{URL: "smtp://0.0.0.0:" + port, From: "portal@zharia.example", Origin: "https://zharia.example", Timeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), news); !errors.Is(err, mail.ErrPlain) || errors.Is(err, notice.ErrRefused) || len(m.Shelf.Taken()) != 0 {
		t.Errorf("%v, %d letters", err, len(m.Shelf.Taken()))
	}
}

func TestSettingsOfMailThatCannotBeAreRefused(t *testing.T) {
	good := mail.Config{URL: "smtp://portal@mail.example:587", From: "portal@zharia.example", Origin: "https://zharia.example"}
	if _, err := mail.New(good); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"", "mail.example:587", "http://mail.example", "smtp://", "smtp://mail.example:99999", "smtp://portal:secret@mail.example", "smtps://mail.example/x"} {
		bad := good
		bad.URL = url
		if _, err := mail.New(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
	for what, change := range map[string]func(*mail.Config){
		"letters from no address":     func(c *mail.Config) { c.From = "portal" },
		"a portal without an address": func(c *mail.Config) { c.Origin = "zharia" },
	} {
		bad := good
		change(&bad)
		if _, err := mail.New(bad); err == nil {
			t.Error(what)
		}
	}
}

func TestNothingRunsOnWhenLettersAreSent(t *testing.T) {
	before := runtime.NumGoroutine()
	var m sink.Mail
	s := server(t, &m, "smtp", nil)
	for range 20 {
		if _, err := s.Send(t.Context(), news); err != nil {
			t.Fatal(err)
		}
	}
	m.Close()
	for end := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
		}
	}
	if n := len(m.Shelf.Taken()); n != 20 {
		t.Errorf("%d letters came", n)
	}
}
