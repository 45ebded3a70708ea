package notice

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Channel is a way by which people are told; schema.sql lists the same.
type Channel string

// The channels.
const (
	Portal Channel = "portal" // the person's own list, always
	Email  Channel = "email"
	SMS    Channel = "sms"
	Push   Channel = "push"
)

// Message is what goes out: allowed words only, a number and where to read on.
type Message struct {
	ID       uuid.UUID // of the delivery: the same each time it is tried
	To       string    // an address, a number (+77…), or a subscription of web push as JSON
	Language string    // kk or ru
	Subject  string
	Text     string
	Link     string    // absolute; "": the message names the portal nowhere
	Until    time.Time // after this it is of no use
}

// Whole is the text with the address to read on under it, where it does not stand in it.
func (m Message) Whole() string {
	if m.Link == "" || strings.Contains(m.Text, m.Link) {
		return m.Text
	}
	return m.Text + "\n" + m.Link
}

// Sent is what the other side said when it took a message.
type Sent struct {
	Ref       string // by which its receipt will name the message; "" where there are none
	Delivered bool   // taking it was delivering it
}

// Sender sends over one channel. An error that Is ErrRefused will be the same next time
// (no such address); any other is the line's, and the message is tried again. A message
// may be sent twice where nobody knows whether the first came through; its ID is the same.
type Sender interface {
	Send(ctx context.Context, m Message) (Sent, error)
}

// ErrRefused says that this address takes no messages, now or later.
var ErrRefused = errors.New("notice: the address takes no messages")

// Receipt is what came of a message that was taken.
type Receipt struct {
	Channel   Channel
	Ref       string
	Delivered bool // else it failed for good
	At        time.Time
	Elsewhere bool // this process does not know that it sent it
}
