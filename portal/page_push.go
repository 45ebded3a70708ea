package portal

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"zharia"
)

// pushWorker is the script that a browser runs when news comes. It stands under one
// address for ever, outside the names with a hash: the browser comes back to it.
func (p *Portal) pushWorker(c echo.Context) error {
	script, err := zharia.Static.ReadFile("static/push-worker.js")
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", script)
}

// pushKey is what a page gives to a browser that is to take news; "" where none does.
func (p *Portal) pushKey() string {
	if p.Push == nil {
		return ""
	}
	return p.Push.Public()
}
