package portal

import (
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"
)

// network is who asks, for bounds: the address of the network, or of IPv6 its half, for
// whoever has one address there has 2^64 of them.
func network(c echo.Context) string {
	text := c.RealIP()
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	if addr = addr.Unmap().WithZone(""); addr.Is6() {
		half, _ := addr.Prefix(64)
		return half.String()
	}
	return addr.String()
}

// rates lets each network ask so often.
func rates(often rate.Limit, burst int) echo.MiddlewareFunc {
	return middleware.RateLimiterWithConfig(middleware.RateLimiterConfig{
		Skipper: middleware.DefaultSkipper,
		Store: middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{
			Rate: often, Burst: burst, ExpiresIn: 10 * time.Minute,
		}),
		IdentifierExtractor: func(c echo.Context) (string, error) { return network(c), nil },
		ErrorHandler:        func(echo.Context, error) error { return echo.ErrForbidden },
		DenyHandler:         func(echo.Context, string, error) error { return echo.ErrTooManyRequests },
	})
}

// How often a network may come to the door of the register and not be the register: what
// it sends is large, and judging it takes time that the register is to have.
const (
	strangeOften  = rate.Limit(1)
	strangeFirst  = 60
	strangeKept   = 10_000 // networks that are remembered; one more, and all begin anew
	strangeUnread = 32     // lines of one batch, without one that the register signed

	provedFor  = 24 * time.Hour // that a network is the register's, since it sent or asked by what the register signed
	provedKept = 100            // of such networks; one more, and all begin anew
)

// strangers remember which networks showed, at the door of the register, that they are not
// it. Those of whom it is known wait outside.
type strangers struct {
	mu     sync.Mutex
	of     map[string]*rate.Limiter
	signed map[string]time.Time // networks that are none, and when they showed it
}

// proved notes that what came from a network was signed by the register.
func (s *strangers) proved(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.signed[who]; s.signed == nil || !again && len(s.signed) >= provedKept {
		s.signed = map[string]time.Time{}
	}
	s.signed[who] = time.Now()
}

// never tells that a network is no stranger's: the register came from it lately.
func (s *strangers) never(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known(who)
}

func (s *strangers) known(who string) bool {
	at, ok := s.signed[who]
	return ok && time.Since(at) < provedFor
}

// failed notes that somebody was not the register.
func (s *strangers) failed(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.of[who]
	if l == nil {
		if s.of == nil || len(s.of) >= strangeKept {
			s.of = map[string]*rate.Limiter{}
		}
		l = rate.NewLimiter(strangeOften, strangeFirst)
		s.of[who] = l
	}
	l.Allow()
}

// wait tells that somebody failed so often that he is not listened to now. The register is,
// whatever others send from its network, or it could not show any more that it is there.
func (s *strangers) wait(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.of[who]
	return l != nil && l.Tokens() < 1 && !s.known(who)
}
