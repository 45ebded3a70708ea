package database

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/lib/pq"
)

// errOpenWire is that of an address whose line others can read, or answer in its place.
var errOpenWire = errors.New("a database on another machine is reached by TLS that names it: sslmode=verify-full, and sslrootcert where the authority is your own")

// quoted is what an error quotes: of an address that cannot be read it may be the password.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// addressed reads an address. Its errors say what is wrong, and nothing that stands in it.
func addressed(dsn string) (pq.Config, error) {
	config, err := pq.NewConfig(dsn)
	if err != nil {
		return config, errors.New(quoted.ReplaceAllString(err.Error(), `"…"`)) // not wrapped: whoever unwraps it would log it
	}
	return config, nil
}

// Private refuses an address under which texts and passwords would cross a network in
// clear, or to a server that nobody verified (ASVS 12.3.1–12.3.3). A unix socket, this
// machine, and a name without a dot, which is a container beside, need no TLS.
func Private(dsn string) error {
	config, err := addressed(dsn)
	if err != nil {
		return fmt.Errorf("read the database address: %w", err)
	}
	if config.SSLMode == pq.SSLModeVerifyFull {
		return nil
	}
	hosts := []struct {
		name string
		addr netip.Addr
	}{{config.Host, config.Hostaddr}}
	for _, more := range config.Multi {
		hosts = append(hosts, struct {
			name string
			addr netip.Addr
		}{more.Host, more.Hostaddr})
	}
	for _, h := range hosts {
		addr := h.addr
		if !addr.IsValid() {
			addr, _ = netip.ParseAddr(h.name)
		}
		switch {
		case addr.IsValid() && !addr.IsLoopback():
			return fmt.Errorf("%s: %w", addr, errOpenWire)
		case addr.IsValid(), strings.HasPrefix(h.name, "/"), strings.HasPrefix(h.name, "@"), !strings.Contains(h.name, "."):
		default:
			return fmt.Errorf("%s: %w", h.name, errOpenWire)
		}
	}
	return nil
}
