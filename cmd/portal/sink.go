package main

import (
	"errors"

	"zharia/portal"
	"zharia/portal/notice/sink"
)

// mailbox takes what the demonstration sends: a mail server and an operator of SMS that
// send nothing on. The portal speaks to them as to real ones.
type mailbox struct {
	shelf sink.Shelf
	mail  sink.Mail
	smsc  sink.SMSC
}

func openMailbox() (*mailbox, error) {
	m := &mailbox{}
	m.mail.Shelf, m.smsc.Shelf = &m.shelf, &m.shelf
	if err := m.mail.Listen("127.0.0.1:0"); err != nil {
		return nil, err
	}
	if err := m.smsc.Listen("127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, m.mail.Close())
	}
	return m, nil
}

func (m *mailbox) close() error { return errors.Join(m.mail.Close(), m.smsc.Close()) }

// ways are the settings by which the portal finds it.
func (m *mailbox) ways() Channels {
	return Channels{
		MailURL: "smtp://" + m.mail.Addr(), MailFrom: "portal@zharia.example",
		SMPP: "smpp://portal@" + m.smsc.Addr(), SMSFrom: "Zharia",
	}
}

// sent lists what it took, newest first.
func (m *mailbox) sent() []portal.DemoMessage {
	var out []portal.DemoMessage
	for _, t := range m.shelf.Taken() {
		out = append(out, portal.DemoMessage{Channel: t.Channel, To: t.To, Subject: t.Subject, Text: t.Text, Parts: t.Parts, At: t.At})
	}
	return out
}
