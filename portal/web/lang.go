package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

const langKey = "lang"

// Language takes /kk or /ru off the address before routing. An address without
// one is sent to the same place in Kazakh, or in Russian where the browser asks
// for Russian and not for Kazakh; what is nobody's language (static files,
// health) passes.
func Language(bare ...string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			for _, lang := range []string{"kk", "ru"} {
				rest, ok := strings.CutPrefix(r.URL.Path, "/"+lang)
				if ok && (rest == "" || rest[0] == '/') {
					c.Set(langKey, lang)
					r.URL.Path, r.URL.RawPath = "/"+strings.TrimPrefix(rest, "/"), ""
					return next(c)
				}
			}
			for _, prefix := range bare {
				if strings.HasPrefix(r.URL.Path, prefix) {
					return next(c)
				}
			}
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				return echo.ErrNotFound
			}
			to := "/" + preferred(r.Header.Get("Accept-Language")) + "/" + strings.TrimLeft(r.URL.Path, "/\\")
			if r.URL.RawQuery != "" {
				to += "?" + r.URL.RawQuery
			}
			c.Response().Header().Set("Vary", "Accept-Language")
			return c.Redirect(http.StatusFound, to)
		}
	}
}

// Lang is the language of the address.
func Lang(c echo.Context) string {
	if lang, ok := c.Get(langKey).(string); ok {
		return lang
	}
	return "kk"
}

// preferred is Kazakh, unless the browser lists Russian first and Kazakh nowhere.
func preferred(accept string) string {
	accept = strings.ToLower(accept)
	if strings.HasPrefix(accept, "ru") && !strings.Contains(accept, "kk") {
		return "ru"
	}
	return "kk"
}
