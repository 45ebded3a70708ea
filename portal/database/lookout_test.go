package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"testing"
	"time"
)

// leader is who answers a lookout's own connections.
type leader struct {
	driver.Connector
	of *lookout
	at string
}

type greeted struct{ driver.Conn }

func (greeted) Close() error { return nil }

func (l *leader) Connect(context.Context) (driver.Conn, error) {
	if l.at == "" {
		return nil, errors.New("nobody leads")
	}
	l.of.last = l.at
	return greeted{}, nil
}

// One that stands still says nothing, and who asked there must not wait until it wakes.
func TestConnectionsToOneThatLedAreCutWhenAnotherLeads(t *testing.T) {
	l := &lookout{netDialer: dialer, conns: map[*watched]bool{}}
	to := &leader{of: l}
	l.to = to
	var conns []net.Conn
	var at []string
	for range 2 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		conn, err := l.DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns, at = append(conns, conn), append(at, listener.Addr().String())
	}
	open := func(c net.Conn) bool { // nobody says anything on either
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			return false
		}
		_, err := c.Read(make([]byte, 1))
		return !errors.Is(err, net.ErrClosed)
	}
	for _, step := range []struct {
		leads       string
		first, next bool
	}{{at[0], true, true}, {"", true, true}, {at[0], true, true}, {at[1], false, true}} {
		to.at = step.leads
		l.look(t.Context())
		if first, next := open(conns[0]), open(conns[1]); first != step.first || next != step.next {
			t.Errorf("%q leads: the connection to the first is open %v, to the other %v", step.leads, first, next)
		}
	}
	if len(l.conns) != 1 {
		t.Errorf("%d connections are watched", len(l.conns))
	}
}
