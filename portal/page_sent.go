package portal

import (
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/notice"
)

// DemoMessage is one message that the portal of the demonstration sent.
type DemoMessage struct {
	Channel notice.Channel
	To      string
	Subject string
	Text    string
	Parts   int // of SMS
	At      time.Time
}

// sentPage is what was sent, newest first. It exists in the demonstration only.
type sentPage struct{ Sent []DemoMessage }

func (p *Portal) demoSent(c echo.Context) error {
	if _, err := p.ask(c, ""); err != nil { // for the name at the top
		return err
	}
	return p.show(c, "sent", sentPage{p.Demo.Sent()})
}
