package database

import (
	"context"
	"database/sql/driver"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/lib/pq"
)

// lookout knows the connections of a pool to several servers. A server whose machine stands
// still, or whose disk does, keeps its connections and answers nothing on them: whoever
// asked there would wait for as long, and soon nobody would have a connection left. When
// another leads, they are cut.
type lookout struct {
	*netDialer
	to driver.Connector // by a dialer that is not watched

	mu    sync.Mutex
	conns map[*watched]bool
	last  string // where the newest connection of to went
	leads string // where the primary was at the last look
}

// watched is a connection that its lookout can cut.
type watched struct {
	net.Conn
	by *lookout
}

func (w *watched) Close() error {
	w.by.mu.Lock()
	delete(w.by.conns, w)
	w.by.mu.Unlock()
	return w.Conn.Close()
}

// DialContext is that of net.Dialer.
func (l *lookout) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := l.netDialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w := &watched{conn, l}
	l.mu.Lock()
	l.conns[w] = true
	l.mu.Unlock()
	return w, nil
}

// noting is the dialer of a lookout's own connections.
type noting struct {
	*netDialer
	by *lookout
}

// DialContext is that of net.Dialer, and notes where it went.
func (n noting) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := n.netDialer.DialContext(ctx, network, address)
	if err == nil {
		n.by.mu.Lock()
		n.by.last = conn.RemoteAddr().String()
		n.by.mu.Unlock()
	}
	return conn, err
}

func newLookout(config pq.Config) (*lookout, error) {
	l := &lookout{netDialer: dialer, conns: map[*watched]bool{}}
	to, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, err
	}
	to.Dialer(noting{dialer, l})
	l.to = to
	return l, nil
}

// looks is how often it is asked who leads, while anybody uses the pool.
const looks = 5 * time.Second

// keep looks until ctx ends; used says whether anybody uses the pool.
func (l *lookout) keep(ctx context.Context, used func() bool) {
	for l.look(ctx); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(looks):
		}
		if used() {
			l.look(ctx)
		}
	}
}

// look finds who leads, and cuts what goes elsewhere.
func (l *lookout) look(ctx context.Context) {
	conn, err := l.to.Connect(ctx) // ends by the time limit of the address
	if err != nil {
		return // nobody leads
	}
	conn.Close()
	l.mu.Lock()
	before := l.leads
	l.leads = l.last
	var elsewhere []*watched
	for w := range l.conns {
		if before != "" && before != l.leads && w.RemoteAddr().String() != l.leads {
			elsewhere = append(elsewhere, w)
		}
	}
	l.mu.Unlock()
	for _, w := range elsewhere {
		w.Close()
	}
	if len(elsewhere) > 0 {
		slog.WarnContext(ctx, "another server of the database leads: connections to the one before were cut", "connections", len(elsewhere))
	}
}
