package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"sync/atomic"

	"zharia/portal/notice"
	"zharia/portal/notice/mail"
	"zharia/portal/notice/smpp"
	"zharia/portal/notice/smshttp"
	"zharia/portal/notice/webpush"
	"zharia/portal/words"
)

// Channels are the settings of how people are told of news. What is not set is not
// offered to anybody.
type Channels struct {
	MailURL      string `env:"PORTAL_SMTP_URL" help:"the mail server: smtp://user@host:587 (STARTTLS) or smtps://user@host:465; none: no e-mail"`
	MailPassword string `env:"PORTAL_SMTP_PASSWORD" help:"file of that user's password, mode 0600"`
	MailFrom     string `env:"PORTAL_MAIL_FROM" help:"whom letters come from: an address, with a name or without"`
	SMPP         string `env:"PORTAL_SMPP_URL" help:"the operator of SMS: smpps://systemid@host:3550, or smpp://… on a private network; none: see PORTAL_SMS_URL"`
	SMPPPassword string `env:"PORTAL_SMPP_PASSWORD" help:"file of its password, mode 0600"`
	SMS          string `env:"PORTAL_SMS_URL" help:"instead of an operator, a gateway: https://…, with {to} and {text} in it for GET, without for JSON; none of both: no SMS"`
	SMSKey       string `env:"PORTAL_SMS_KEY" help:"file of the key that the gateway is shown (Authorization: Bearer), mode 0600"`
	SMSRefused   []int  `env:"PORTAL_SMS_REFUSED" help:"answers of the gateway that say that a number takes no messages, with commas between; none: 410,422"`
	SMSReceipts  string `env:"PORTAL_SMS_RECEIPTS" help:"file of a secret of 20 letters and digits or more, mode 0600: the gateway says what came of a message at PORTAL_ORIGIN/sms/SECRET"`
	SMSFrom      string `env:"PORTAL_SMS_FROM" help:"what stands as the sender of SMS: up to 11 Latin letters and digits, a short code, or +7…"`
	PushKeys     string `env:"PORTAL_PUSH_KEYS" help:"file of the keys of web push, mode 0600, made at the first start; none: browsers are not told"`
}

// channels are the ways that are set, open.
type channels struct {
	Senders  map[notice.Channel]notice.Sender
	Push     *webpush.Sender // nil where browsers are not told
	Receipts http.Handler    // of a gateway; nil where there is none that reports

	keep atomic.Pointer[func(context.Context, notice.Receipt) error]
}

// spoken is a secret that can stand in an address.
var spoken = regexp.MustCompile(`^[A-Za-z0-9_-]{20,200}$`)

// errEarly tells who brings a receipt to come again: nobody keeps them yet.
var errEarly = errors.New("receipts are not kept yet")

// receive keeps a receipt, when somebody does.
func (c *channels) receive(ctx context.Context, r notice.Receipt) error {
	keep := c.keep.Load()
	if keep == nil {
		return errEarly
	}
	return (*keep)(ctx, r)
}

// Keep says who keeps receipts from now on.
func (c *channels) Keep(keep func(context.Context, notice.Receipt) error) { c.keep.Store(&keep) }

// offered are the ways that people may choose.
func (c *channels) offered() []notice.Channel {
	var out []notice.Channel
	for _, channel := range notice.Outward {
		if c.Senders[channel] != nil {
			out = append(out, channel)
		}
	}
	return out
}

// Close ends what the ways began.
func (c *channels) Close() error {
	var errs error
	for _, s := range c.Senders {
		if closer, ok := s.(io.Closer); ok {
			errs = errors.Join(errs, closer.Close())
		}
	}
	return errs
}

// open opens the ways that are set. Everything that is wrong with them is said at once.
func (s Channels) open(origin string, book *words.Book) (*channels, error) {
	c := &channels{Senders: map[notice.Channel]notice.Sender{}}
	var errs error
	wrong := func(setting string, err error) {
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s: %w", setting, err))
		}
	}
	secret := func(setting, file string) string {
		if file == "" {
			return ""
		}
		text, err := secretFile(file)
		wrong(setting, err)
		return string(text)
	}
	needs := func(setting, value, of string) {
		if value != "" && of == "" {
			wrong(setting, errors.New("is set, and what it belongs to is not"))
		}
	}
	needs("PORTAL_SMTP_PASSWORD", s.MailPassword, s.MailURL)
	needs("PORTAL_SMPP_PASSWORD", s.SMPPPassword, s.SMPP)
	needs("PORTAL_SMS_KEY", s.SMSKey, s.SMS)
	needs("PORTAL_SMS_RECEIPTS", s.SMSReceipts, s.SMS)
	needs("PORTAL_SMS_FROM", s.SMSFrom, s.SMPP+s.SMS)
	if s.MailURL != "" {
		sender, err := mail.New(mail.Config{URL: s.MailURL, Password: secret("PORTAL_SMTP_PASSWORD", s.MailPassword), From: s.MailFrom, Origin: origin})
		wrong("PORTAL_SMTP_URL, PORTAL_MAIL_FROM", err)
		c.Senders[notice.Email] = sender
	}
	if s.SMS != "" {
		key, word := secret("PORTAL_SMS_KEY", s.SMSKey), secret("PORTAL_SMS_RECEIPTS", s.SMSReceipts)
		if word != "" && !spoken.MatchString(word) {
			wrong("PORTAL_SMS_RECEIPTS", errors.New("a secret of 20 Latin letters, digits, - and _ or more is expected"))
		}
		callback := ""
		if word != "" {
			callback, c.Receipts = origin+"/sms/"+word, smshttp.Receipts(word, c.receive)
		}
		sender, err := smshttp.New(smshttp.Config{URL: s.SMS, Key: key, From: s.SMSFrom, Callback: callback, Refused: s.SMSRefused})
		wrong("PORTAL_SMS_URL", err)
		c.Senders[notice.SMS] = sender
	}
	if s.PushKeys != "" {
		keys, err := webpush.LoadKeys(s.PushKeys)
		wrong("PORTAL_PUSH_KEYS", err)
		if err == nil {
			c.Push, err = webpush.New(webpush.Config{Keys: keys, Contact: origin, Origin: origin, Words: func(lang string) (string, string) {
				return book.In(lang).T("layout.name"), book.In(lang).T("push.news")
			}})
			wrong("PORTAL_PUSH_KEYS", err)
			c.Senders[notice.Push] = c.Push
		}
	}
	if s.SMPP != "" && s.SMS != "" {
		wrong("PORTAL_SMPP_URL, PORTAL_SMS_URL", errors.New("one of the two sends SMS"))
	}
	if password := secret("PORTAL_SMPP_PASSWORD", s.SMPPPassword); s.SMPP != "" && errs == nil { // it binds at once: nothing else may be wrong
		sender, err := smpp.New(smpp.Config{URL: s.SMPP, Password: password, From: s.SMSFrom, Receipt: c.receive})
		wrong("PORTAL_SMPP_URL, PORTAL_SMS_FROM", err)
		c.Senders[notice.SMS] = sender
	}
	if errs != nil {
		return nil, errs
	}
	return c, nil
}
