package web

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/ops"
)

// Headers closes a page to everything it does not need. agent is the address of
// the signing program on the person's own computer, the one place outside that a
// script may talk to.
func Headers(agent string, secure bool) echo.MiddlewareFunc {
	policy := strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
		"connect-src 'self' " + agent, "form-action 'self'", "frame-src 'self'", "worker-src 'self'", "object-src 'none'",
		"frame-ancestors 'self'", "base-uri 'none'",
	}, "; ")
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", policy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
			h.Set("Cache-Control", "no-store")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
			}
			return next(c)
		}
	}
}

// Log numbers a request and writes one line when it is answered: the pattern of
// the address and not the address, no network address, no browser, nobody's name. The
// files of pages leave none: by them it would show when an anonymous page was opened.
func Log(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if strings.HasPrefix(c.Request().URL.Path, "/static/") {
			return next(c)
		}
		start := time.Now()
		number := uuid.NewString()
		c.Response().Header().Set(echo.HeaderXRequestID, number)
		c.SetRequest(c.Request().WithContext(ops.WithRequest(c.Request().Context(), number))) // every line on its account carries it
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		if form := c.Request().MultipartForm; form != nil { // the server does it for a request of its own alone, and this is a copy
			form.RemoveAll()
		}
		slog.InfoContext(c.Request().Context(), "request", "request", number, "method", c.Request().Method,
			"route", c.Path(), "status", c.Response().Status, "ms", time.Since(start).Milliseconds())
		return nil
	}
}

// Led tells that somebody else had the browser ask, not the person: another site's link or
// script, or the browser itself, ahead of what he may want (W3C, Fetch Metadata; WHATWG HTML,
// speculative loading). A browser that says nothing is believed.
func Led(c echo.Context) bool {
	of := c.Request().Header
	site := of.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site" || of.Get("Sec-Purpose") != ""
}

// SameOrigin refuses a change that another site asked for. Cookies are
// SameSite=Lax besides.
func SameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	guard := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		if err := guard.Check(c.Request()); err != nil {
			return echo.NewHTTPError(http.StatusForbidden).SetInternal(err)
		}
		return next(c)
	}
}
