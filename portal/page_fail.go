package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/web"
)

// soon is in how many seconds a program may ask again.
const soon = "5"

// passing are the refusals of a server that did nothing and can do the same later.
var passing = []string{database.NotKept, "fault.full", "fault.upload-busy", "fault.check-busy", "fault.clock", "fault.closed-for-now"}

// again is what was not done because the server could not, for the person to send once
// more as it was: with the key of its page a signature is taken once, however often it is
// sent.
func (p *Portal) again(c echo.Context, err error, away bool) *web.Again {
	var told *fault.Fault
	if !away && !early(err) && !(errors.As(err, &told) && slices.Contains(passing, told.Message)) {
		return nil
	}
	c.Response().Header().Set("Retry-After", soon)
	r, here := c.Request(), "/"+web.Lang(c)+c.Request().URL.RequestURI()
	if r.Method == http.MethodGet {
		return &web.Again{Action: here}
	}
	at, signed := signedOn(p.acts[verb(r.Method)+" "+pattern(c)])
	switch {
	case withFile(r):
		c.Set(hereKey, "")
		return &web.Again{File: true}
	case len(r.PostForm) == 0:
		return nil
	case signed && len(c.ParamNames()) > 0:
		p.hereIs(c, at.page, id(c, c.ParamNames()[0])) // where the document can be read in the other language
	default: // the other language has nothing of what was written
		c.Set(hereKey, "")
	}
	return &web.Again{Action: here, Fields: r.PostForm, Signed: r.PostForm.Has("signature") || r.PostForm.Has("phone")}
}

// early tells that somebody asked too often, he or those who share his address with him.
func early(err error) bool {
	var he *echo.HTTPError
	return errors.As(err, &he) && he.Code == http.StatusTooManyRequests
}

// How much of what was typed may be in hand only to be given back: of all, and of one network.
const (
	roomEarly      = 16 * keptLimit
	roomEarlyOfOne = 2 * keptLimit
)

// readEarly reads what was typed by somebody who was told to wait before anything was read.
// It is counted by its bytes: a network that floods the portal fills its own room, and gets
// nothing back then.
func (p *Portal) readEarly(c echo.Context, err error) (leave func()) {
	r := c.Request()
	if !early(err) || r.Method != http.MethodPost || withParts(r) {
		return func() {}
	}
	most := formMost(p.acts[verb(r.Method)+" "+pattern(c)])
	if r.ContentLength > most {
		return func() {}
	}
	body := &inRoom{ReadCloser: http.MaxBytesReader(c.Response(), r.Body, most), room: p.early, who: network(c)}
	r.Body = body
	_ = web.ReadBody(c) // what cannot be read is not given back
	return body.leave
}

// withFile tells that a file came with a form, or may have come: of a body that was not read to
// its end nobody knows.
func withFile(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") && (r.MultipartForm == nil || len(r.MultipartForm.File) > 0)
}
