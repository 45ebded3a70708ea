package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"zharia/portal/cast"
	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/nca"
)

// center is the certification authority of the demonstration with its services:
// a responder, revocation lists and time-stamps, asked over HTTP on this machine
// by the very client that asks the national ones.
type center struct {
	verifier *eds.Verifier
	client   *nca.Client
	server   *http.Server
}

// openCenter starts it. A delay makes the responder take that long over each
// answer, as one at the other end of a network does.
func openCenter(ctx context.Context, troupe *cast.Troupe, lists string, delay time.Duration) (*center, error) {
	services, err := troupe.Authority.Services(time.Now)
	if err != nil {
		return nil, err
	}
	if delay > 0 {
		services.Delay = delay
		services.Break(authority.OCSP, authority.Slow)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the authority of the demonstration: %w", err)
	}
	c := &center{server: &http.Server{Handler: services, ReadHeaderTimeout: headerTime}}
	go c.server.Serve(listener)
	at := "http://" + listener.Addr().String()
	root, issuer := troupe.Authority.Root(), troupe.Authority.Issuer()
	c.client, err = nca.New(nca.Config{
		Issuers: []nca.Issuer{
			{Certificate: issuer, OCSP: at + "/ocsp/", List: at + "/crl/full.crl", Delta: at + "/crl/delta.crl"},
			{Certificate: root, List: at + "/crl/root.crl"},
		},
		TSP: at + "/tsp/", Dir: lists,
	})
	if err != nil {
		return nil, err
	}
	if c.verifier, err = eds.NewVerifier(root, issuer); err != nil {
		return nil, err
	}
	c.verifier.Services = c.client
	return c, c.client.Refresh(ctx)
}

// believe trusts the authorities of a folder, too. Their services are out of
// reach of a demonstration, so they are not asked about their keys.
func (c *center) believe(dir string) error {
	own := c.verifier.Authorities()
	refused, err := trust(dir, c.verifier.AddAuthority)
	if err != nil {
		return err
	}
	if refused != nil {
		step(refused.Error())
	}
	step("keys of the authorities in " + dir + " are taken without asking whether they were revoked")
	c.verifier.Services = eds.Only(c.client, own...)
	return nil
}

func (c *center) close() { c.server.Close() }
