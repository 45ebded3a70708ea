package portal

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
)

// RegisterName is whom events and papers are kept for: the register of investigations.
const RegisterName = "register"

// exchangeKey is the key by which the register checks what the portal sends it.
func (p *Portal) exchangeKey(c echo.Context, _ policy.Ask) error {
	if p.Exchange.IsZero() {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return c.JSON(http.StatusOK, map[string]string{"id": p.Exchange.ID(), "algorithm": "Ed25519", "key": p.Exchange.String()})
}

// asRegister refuses whoever does not show by a signature of this very request, made just
// now, that he is the register.
func (p *Portal) asRegister(c echo.Context, ask policy.Ask) error {
	text, sig, err := feed.Shown(c.Request(), p.Origin, ask.At)
	if err != nil {
		return &unsigned{fault.New(fault.Forbidden, "fault.register-signature").Because(err)}
	}
	if err = p.Register.Signed(c.Request().Context(), sig, text); inbound.Strange(err) {
		return &unsigned{err}
	}
	if err != nil {
		return err
	}
	p.strangers.proved(network(c))
	return p.DB.Sure(c.Request().Context()) // it is told of nothing that one disk alone has
}

// exchangeEvents gives the register the events after a position once more.
func (p *Portal) exchangeEvents(c echo.Context, ask policy.Ask) error {
	if err := p.asRegister(c, ask); err != nil {
		return err
	}
	after, err := count(c, "after", 0, 1<<53)
	if err != nil {
		return err
	}
	limit, err := count(c, "limit", feed.MaxPage, feed.MaxPage)
	if err != nil {
		return err
	}
	life, err := feed.ReadLife(c.Request().Context(), p.DB.DB)
	if err != nil {
		return err
	}
	bodies, err := feed.Events(c.Request().Context(), p.DB.DB, after, int(limit))
	if err != nil {
		return err
	}
	page := struct {
		Events []json.RawMessage `json:"events"`
		Next   int64             `json:"next"` // after which the next page begins
		Life   int64             `json:"life"`
		Kept   int64             `json:"kept"`
	}{Events: []json.RawMessage{}, Next: after, Life: life.Number, Kept: life.Kept}
	for _, body := range bodies {
		sent, err := feed.Addressed(body, p.Origin, RegisterName, life)
		if err != nil {
			return err
		}
		page.Events = append(page.Events, sent)
	}
	if len(bodies) > 0 {
		last, err := feed.Parse([]byte(bodies[len(bodies)-1]))
		if err != nil {
			return err
		}
		page.Next = last.Position
	}
	return c.JSON(http.StatusOK, page)
}

// count is a number of the query, whole and within bounds; fallback where none is given.
func count(c echo.Context, name string, fallback, most int64) (int64, error) {
	text := c.QueryParam(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most || strconv.FormatInt(n, 10) != text {
		return 0, fault.New(fault.Invalid, "fault.register-form").At(name)
	}
	return n, nil
}

// exchangePaper gives the register a signed paper, as it was sealed to its key.
func (p *Portal) exchangePaper(c echo.Context, ask policy.Ask) error {
	if err := p.asRegister(c, ask); err != nil {
		return err
	}
	document := id(c, "document")
	sealed, err := feed.ReadPaper(c.Request().Context(), p.DB.DB, RegisterName, document)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]string{"document": document.String(), "sealed": base64.StdEncoding.EncodeToString(sealed)})
}

// eventAgain has what the register refused sent anew, with all that waits behind it.
func (p *Portal) eventAgain(c echo.Context, ask policy.Ask) error {
	seq, err := strconv.ParseInt(c.FormValue("event"), 10, 64)
	name := c.FormValue("subscriber")
	if err != nil || len(name) > 100 {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	if err := feed.Again(c.Request().Context(), p.DB.DB, ask, name, seq); err != nil {
		return err
	}
	return p.redirect(c, policy.DutyRead)
}
