package portal

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/web"
)

// soon is in how many seconds a program may ask again.
const soon = "5"

// passing are the refusals of a server that did nothing and can do the same later.
var passing = []string{database.NotKept, "fault.full", "fault.clock"}

// again is what was not done because the server could not, for the person to send once
// more as it was: with the key of its page a signature is taken once, however often it is
// sent.
func (p *Portal) again(c echo.Context, err error, away bool) *web.Again {
	var told *fault.Fault
	if !away && !(errors.As(err, &told) && slices.Contains(passing, told.Message)) {
		return nil
	}
	c.Response().Header().Set("Retry-After", soon)
	r, here := c.Request(), "/"+web.Lang(c)+c.Request().URL.RequestURI()
	if r.Method == http.MethodGet {
		return &web.Again{Action: here}
	}
	if r.MultipartForm != nil || len(r.PostForm) == 0 { // a page carries no file
		return nil
	}
	if at, signed := signedOn(p.acts[verb(r.Method)+" "+pattern(c)]); signed && len(c.ParamNames()) > 0 {
		p.hereIs(c, at.page, id(c, c.ParamNames()[0])) // where the document can be read in the other language
	}
	return &web.Again{Action: here, Fields: r.PostForm, Signed: r.PostForm.Has("signature") || r.PostForm.Has("phone")}
}
