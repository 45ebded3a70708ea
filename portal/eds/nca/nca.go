// Package nca is the services of the National Certification Authority as the
// portal reaches them over the network: the OCSP responder, the revocation
// lists and the time-stamps (FACTS 3). It fetches and keeps; what an answer is
// worth, packages ocsp, crl and tsp judge.
//
// Only configured addresses are asked, never one from a certificate. Every
// answer is bounded in bytes and time, nothing follows a redirect, and an
// endpoint that failed five times in a row is left alone for a while, so that
// an authority out of order does not hold up the portal.
package nca

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
)

// Issuer is an authority that signs certificates, and where it answers for
// them. An address left empty is not asked.
type Issuer struct {
	Certificate []byte // DER
	OCSP        string // URL of its responder
	List        string // URL of its full revocation list
	Delta       string // URL of what was added to the list since
}

// Config is what a Client is made of.
type Config struct {
	Issuers   []Issuer
	TSP       string // URL of the time-stamping authority, empty: none
	UserAgent string // empty: "zharia"; the authority turns away who gives none

	// Dir is a folder of the portal's own where lists are kept over a
	// restart; it is made when absent. Empty: they are kept in memory only.
	Dir string

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: slog.Default
}

// Bounds of one exchange. A genuine OCSP answer has 1.3 KB, a token 2 KB, the
// list of 2026 21 MB.
const (
	maxAnswer   = 64 << 10
	maxList     = 64 << 20
	ocspWithin  = 3 * time.Second
	stampWithin = 5 * time.Second
	listWithin  = 60 * time.Second
)

// Client asks the authority. It may be used from many goroutines.
type Client struct {
	config      Config
	web         *web
	endpoints   map[string]*endpoint // by URL: what serves two issuers breaks once
	authorities map[[32]byte]*authority
	stamps      *endpoint // nil: none

	refreshing sync.Mutex
	mu         sync.RWMutex // guards what the shelves hold
}

var _ eds.Services = (*Client)(nil)

// authority is an issuer with its endpoints.
type authority struct {
	certificate *chain.Certificate
	ocsp        *endpoint // nil: none
	full, delta *shelf    // nil: none
}

// New makes a client and takes up the lists that lie in the folder, each
// verified anew; one that no longer verifies is left aside. An error is one of
// configuration: a certificate that cannot be read, an address that is not one
// of the web, a folder that cannot be made.
func New(c Config) (*Client, error) {
	c.UserAgent = cmp.Or(c.UserAgent, "zharia")
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	client := &Client{
		config: c, web: newWeb(c.UserAgent),
		endpoints: map[string]*endpoint{}, authorities: map[[32]byte]*authority{},
	}
	if c.Dir != "" {
		if err := prepare(c.Dir); err != nil {
			return nil, fmt.Errorf("services of the authority: %w", err)
		}
	}
	var err error
	if client.stamps, err = client.endpoint("stamp", c.TSP, maxAnswer, stampWithin); err != nil {
		return nil, err
	}
	for _, i := range c.Issuers {
		if err := client.add(i); err != nil {
			return nil, err
		}
	}
	return client, nil
}

// add takes in an issuer and loads its lists.
func (c *Client) add(i Issuer) error {
	certificate, err := chain.Parse(slices.Clone(i.Certificate))
	if err != nil {
		return fmt.Errorf("services of the authority: certificate of an issuer: %w", err)
	}
	a := &authority{certificate: certificate}
	if a.ocsp, err = c.endpoint("ocsp", i.OCSP, maxAnswer, ocspWithin); err != nil {
		return err
	}
	if a.full, err = c.shelf(certificate, "list", i.List); err != nil {
		return err
	}
	if a.delta, err = c.shelf(certificate, "delta", i.Delta); err != nil {
		return err
	}
	c.authorities[sha256.Sum256(i.Certificate)] = a
	return nil
}

// endpoint gives the endpoint of an address, one for all who share it.
func (c *Client) endpoint(service, address string, limit int64, within time.Duration) (*endpoint, error) {
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("services of the authority: %s: not an address of the web", service)
	}
	if c.endpoints[address] == nil {
		c.endpoints[address] = &endpoint{service: service, url: address, limit: limit, within: within}
	}
	return c.endpoints[address], nil
}

// shelf gives the place of a list, with what the folder holds of it.
func (c *Client) shelf(issuer *chain.Certificate, kind, address string) (*shelf, error) {
	e, err := c.endpoint(kind, address, maxList, listWithin)
	if e == nil {
		return nil, err
	}
	s := &shelf{endpoint: e, issuer: issuer, delta: kind == "delta"}
	if c.config.Dir != "" {
		id := sha256.Sum256(issuer.Raw)
		s.file = filepath.Join(c.config.Dir, fmt.Sprintf("%x.%s", id[:8], kind))
		if kind := s.load(); kind != "" {
			c.config.Log.Warn("kept revocation list", "endpoint", e.service, "url", e.url, "failure", kind)
		}
	}
	return s, nil
}

// OCSP asks the responder of an issuer, named by the SHA-256 of its
// certificate, within 3 s. The answer has at most 64 KiB and is not judged
// yet. An error is eds.ErrUnreachable and a *Failure.
func (c *Client) OCSP(ctx context.Context, issuer [32]byte, request []byte) ([]byte, error) {
	a := c.authorities[issuer]
	if a == nil || a.ocsp == nil {
		return nil, &Failure{Service: "ocsp", Kind: Absent}
	}
	return c.ask(ctx, a.ocsp, "application/ocsp-request", request)
}

// Stamp asks the time-stamping authority, within 5 s. The answer is bounded
// and unjudged like that of OCSP, and so are the errors.
func (c *Client) Stamp(ctx context.Context, request []byte) ([]byte, error) {
	if c.stamps == nil {
		return nil, &Failure{Service: "stamp", Kind: Absent}
	}
	return c.ask(ctx, c.stamps, "application/timestamp-query", request)
}

// Lists gives what Refresh brought last of an issuer: the full list, and the
// delta or nil. Both verified with the issuer's key; whether they are current
// is for crl.List.Status to say. It does not touch the network. An error is
// eds.ErrUnreachable: no list is held.
func (c *Client) Lists(_ context.Context, issuer [32]byte) (full, delta *crl.List, err error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	a := c.authorities[issuer]
	if a == nil || a.full == nil || a.full.held == nil {
		return nil, nil, &Failure{Service: "list", Kind: Absent}
	}
	full = a.full.held
	// A delta from before the full list adds nothing to it. Any other doubt
	// about it is left to be judged: dropping it would forget revocations.
	if a.delta != nil && a.delta.held != nil && !a.delta.held.ThisUpdate.Before(full.ThisUpdate) {
		delta = a.delta.held
	}
	return full, delta, nil
}

// ask sends a question and gives the answer, unless the endpoint is left
// alone.
func (c *Client) ask(ctx context.Context, e *endpoint, kind string, question []byte) ([]byte, error) {
	if !e.admit(c.config.Now()) {
		return nil, &Failure{Service: e.service, Kind: Open}
	}
	answer, failure := c.web.post(ctx, e, kind, question)
	c.settle(ctx, e, failure)
	if failure != nil {
		return nil, failure
	}
	return answer, nil
}

// settle tells the endpoint how it went, and the log when it went wrong.
func (c *Client) settle(ctx context.Context, e *endpoint, failure *Failure) {
	opened := e.settle(c.config.Now(), failure)
	if failure == nil || failure.Kind == Aborted {
		return
	}
	c.config.Log.WarnContext(ctx, "service of the authority",
		"endpoint", e.service, "url", e.url, "failure", string(failure.Kind), "opened", opened)
}

// Endpoint is how an address of the authority does, for operators. Nothing in
// it is about a person.
type Endpoint struct {
	Service     string // ocsp, list, delta, stamp
	URL         string
	Open        bool // left alone after failures
	LastSuccess time.Time
	LastFailure time.Time
	Failure     Kind // of LastFailure

	// Of a list that is held; else empty.
	Number     string
	NextUpdate time.Time
}

// Health tells how the endpoints do, by service and address.
func (c *Client) Health() []Endpoint {
	now := c.config.Now()
	all := map[*endpoint]Endpoint{}
	for _, e := range c.endpoints {
		all[e] = e.health(now)
	}
	c.mu.RLock()
	for _, a := range c.authorities {
		for _, s := range a.shelves() {
			if s.held != nil {
				h := all[s.endpoint]
				h.Number, h.NextUpdate = s.held.Number.String(), s.held.NextUpdate
				all[s.endpoint] = h
			}
		}
	}
	c.mu.RUnlock()
	out := make([]Endpoint, 0, len(all))
	for _, h := range all {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Endpoint) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.URL, b.URL))
	})
	return out
}

// shelves gives the lists an authority has.
func (a *authority) shelves() []*shelf {
	return slices.DeleteFunc([]*shelf{a.full, a.delta}, func(s *shelf) bool { return s == nil })
}

// Refresh fetches the lists that are due and keeps those that verify; the
// others it had stay. It is for a job to call every few minutes: when nothing
// is due it asks nobody. The error joins what went wrong, each a *Failure or
// of the folder.
func (c *Client) Refresh(ctx context.Context) error {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	var all []error
	for _, a := range c.authorities {
		for _, s := range a.shelves() {
			if s.due(c.config.Now()) {
				all = append(all, c.update(ctx, s))
			}
		}
		if a.behind() && a.full.waited(c.config.Now()) {
			all = append(all, c.update(ctx, a.full))
		}
	}
	return errors.Join(all...)
}

// behind says that the delta is to a full list newer than the one held.
func (a *authority) behind() bool {
	return a.delta != nil && a.delta.held != nil && a.full != nil && a.full.held != nil &&
		a.delta.held.Base.Cmp(a.full.held.Number) > 0
}
