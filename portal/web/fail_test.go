package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/web"
)

// A page that is left while its script asks something is no fault of ours; what
// the portal refused stays what it was.
func TestABrowserThatWentAwayIsNoFailureOfThePortal(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	byDatabase := errors.New("canceling statement due to user request")
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want int
	}{
		{gone, byDatabase, 499}, {gone, context.Canceled, 499}, {t.Context(), byDatabase, http.StatusInternalServerError},
		{gone, fault.New(fault.NotFound, "fault.not-found"), http.StatusNotFound},
	} {
		r := httptest.NewRequestWithContext(c.ctx, http.MethodPost, "/kk/session/stay", nil)
		if got := web.Fail(echo.New().NewContext(r, httptest.NewRecorder()), c.err).Status; got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}
