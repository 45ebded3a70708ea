package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/law"
)

// answers is how each kind of failure is answered. What may not be seen and
// what is not there are answered alike.
var answers = map[fault.Kind]int{
	fault.NotFound:    http.StatusNotFound,
	fault.Forbidden:   http.StatusForbidden,
	fault.Invalid:     http.StatusUnprocessableEntity,
	fault.Conflict:    http.StatusConflict,
	fault.TooLate:     http.StatusConflict,
	fault.TooMany:     http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// FailPage is what the page of a failure shows.
type FailPage struct {
	Status  int
	Message string  // a key
	By      law.Ref // the article of the refusal, if one
	Number  string  // of the request, for when the fault is ours
	Again   *Again  // how to try once more what was not done; nil: there is nothing to try
}

// Again is a request that the person may send once more as it was, when it was no mistake
// of his that it was not answered.
type Again struct {
	Action string     // the address
	Fields url.Values // what was sent; nil: a page was only looked at
	File   bool       // a file was among it, which no page carries: the person goes back to it
	Signed bool       // a signature was among it
}

// Fail turns an error into its answer and logs it once: the only place that does.
func Fail(c echo.Context, err error) FailPage {
	page := Answer(c, err)
	level := slog.LevelInfo
	if page.Status >= 500 {
		level = slog.LevelError
	}
	slog.Log(c.Request().Context(), level, "failed", "request", page.Number, "status", page.Status, "error", err.Error())
	return page
}

// Answer is the answer of an error, which nobody is told of besides: for the lane that
// keeps no moment of anybody.
func Answer(c echo.Context, err error) FailPage {
	number := c.Response().Header().Get(echo.HeaderXRequestID)
	page := FailPage{Status: http.StatusInternalServerError, Message: "fault.ours", Number: number}
	var fa *fault.Fault
	var he *echo.HTTPError
	switch {
	case errors.As(err, &fa):
		page.Status, page.Message, page.By = answers[fa.Kind], fa.Message, fa.By
	case errors.As(err, &he) && he.Code < 500:
		page.Status, page.Message = he.Code, httpMessage(he.Code)
	case errors.Is(err, context.Canceled), errors.Is(c.Request().Context().Err(), context.Canceled):
		page.Status = 499 // the browser went away; nobody reads this answer, and the database says so in its own words
	}
	return page
}

func httpMessage(code int) string {
	switch code {
	case http.StatusNotFound:
		return "fault.not-found"
	case http.StatusRequestEntityTooLarge:
		return "fault.too-large"
	case http.StatusMethodNotAllowed:
		return "fault.method"
	case http.StatusTooManyRequests:
		return "fault.too-many"
	case http.StatusForbidden:
		return "fault.cross-origin"
	}
	return "fault.request"
}
