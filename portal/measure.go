package portal

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/policy"
)

// measure counts what is answered: by the pattern of the address and never by the address.
// The anonymous lane is not counted: a figure that is read each quarter of a minute would
// keep the moment of a message, and the portal keeps none.
func (p *Portal) measure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if p.Meter == nil {
			return next(c)
		}
		begun := time.Now()
		err := next(c) // web.Log stands inside and has answered every error
		route, method, code := pattern(c), verb(c.Request().Method), strconv.Itoa(c.Response().Status)
		p.Meter.Count("portal_requests_total", "Requests that were answered.", "route", route, "method", method, "code", code)
		p.Meter.Time("portal_request_seconds", "How long an answer took.", time.Since(begun), "route", route, "method", method)
		if act := p.acts[method+" "+route]; act != "" && method == http.MethodPost {
			p.Meter.Count("portal_acts_total", "Acts that were asked for, by what came of them.", "act", string(act), "outcome", outcome(c.Response().Status))
		}
		return err
	}
}

// pattern is the address as its row has it; what is no address of ours is one thing.
func pattern(c echo.Context) string {
	if path := c.Path(); path != "" {
		return path
	}
	return "none"
}

// verb is one of the methods that exist: anybody can send any word.
func verb(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return method
	}
	return "other"
}

func outcome(status int) string {
	switch {
	case status >= 500:
		return "failed"
	case status >= 400:
		return "refused"
	}
	return "done"
}

// countRefusal counts what was refused to whom it was not open, and why (ASVS 16.3.2).
func (p *Portal) countRefusal(c echo.Context, err error) {
	if p.Meter == nil {
		return
	}
	var kind string
	var fa *fault.Fault
	var he *echo.HTTPError
	switch {
	case errors.As(err, &fa):
		kind = string(fa.Kind)
	case errors.As(err, &he):
		kind = strconv.Itoa(he.Code)
	default:
		kind = "ours"
	}
	act := p.acts[verb(c.Request().Method)+" "+pattern(c)]
	if act == "" {
		act = "none"
	}
	p.Meter.Count("portal_refusals_total", "Requests that were refused or failed, by act and reason.", "act", string(act), "kind", kind)
}

// actsOf are the acts by method and pattern.
func actsOf(rows map[string]route) map[string]policy.Act {
	out := make(map[string]policy.Act, len(rows))
	for address, r := range rows {
		out[address] = r.act
	}
	return out
}

// asker says from which address of the network a request came: the address it was sent
// from, unless that is one of the fronts we trust. Then it is the last one in
// X-Forwarded-For that is none of them: who asks can write whatever he likes before it.
func (p *Portal) asker() echo.IPExtractor {
	if p.Proxies == nil {
		return echo.ExtractIPFromXFFHeader() // a front on this machine or network says who asks; others' word for it is not taken
	}
	if len(p.Proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trusted := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, prefix := range p.Proxies {
		prefix = prefix.Masked()
		trusted = append(trusted, echo.TrustIPRange(&net.IPNet{
			IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(trusted...)
}

// Proxies reads networks with commas between, as PORTAL_PROXIES has them; "none" is a
// list without one: then nobody's word is taken for who asks.
func Proxies(list []string) ([]netip.Prefix, error) {
	out := []netip.Prefix{}
	if len(list) == 1 && list[0] == "none" {
		return out, nil
	}
	for _, text := range list {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, bad := netip.ParseAddr(text)
			if bad != nil {
				return nil, err
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		if prefix.Bits() == 0 {
			return nil, errors.New(text + " is everybody: then anybody could pass for anybody")
		}
		out = append(out, prefix)
	}
	return out, nil
}
