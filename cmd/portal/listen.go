package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// listen takes the address, or says plainly that somebody has it.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s, another program has it or it is not ours to take: %w", addr, err)
	}
	return l, nil
}

// firstInherited is the first of the files that systemd hands over (sd_listen_fds(3)).
const firstInherited = 3

// The names under which it does, FileDescriptorName= in a .socket; what has another name,
// or none, is the portal's own.
const (
	portalSocket = "portal"
	plainSocket  = "plain"
	opsSocket    = "ops"
)

// inherited are the sockets that whoever started us holds open. Such a socket outlives this
// process: the next one, or one beside it, takes the connections that wait there, so a
// restart loses none. (SO_REUSEPORT would lose those that wait at the one who ends.)
func inherited() (map[string]net.Listener, error) {
	pid, count := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	if count == "" || pid != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > 16 {
		return nil, fmt.Errorf("LISTEN_FDS is %q", count)
	}
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name) // what we start inherits nothing
	}
	out := map[string]net.Listener{}
	for i := range n {
		name := portalSocket
		if i < len(names) && (names[i] == plainSocket || names[i] == opsSocket) {
			name = names[i]
		}
		file := os.NewFile(uintptr(firstInherited+i), name)
		l, err := net.FileListener(file) // a copy, closed in what we start
		err = errors.Join(err, file.Close())
		if err != nil {
			return nil, fmt.Errorf("the socket %q that was handed over: %w", name, err)
		}
		if out[name] != nil {
			return nil, fmt.Errorf("two sockets %q were handed over: FileDescriptorName tells them apart", name)
		}
		out[name] = l
	}
	return out, nil
}

// doors are where the portal is asked.
type doors struct {
	people net.Listener // nil: one on addr, opened when they can be served
	addr   string
	plain  net.Listener // sends people to the address that speaks TLS; nil: none
	ops    net.Listener // for those who look after the machine; nil: none
	handed bool         // people is a socket that others hold open, too
	linger time.Duration
}

// openDoors takes what was handed over, and listens on the addresses of the rest.
func openDoors(addr, plain, ops string) (d doors, err error) {
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	given, err := inherited()
	if err != nil {
		return d, err
	}
	take := func(name, addr string) (net.Listener, error) {
		if l := given[name]; l != nil {
			return l, nil
		}
		if addr == "" || addr == none {
			return nil, nil
		}
		return listen(addr)
	}
	d.handed, d.linger = given[portalSocket] != nil, lameTime
	var errs [3]error
	d.people, errs[0] = take(portalSocket, addr)
	d.plain, errs[1] = take(plainSocket, plain)
	d.ops, errs[2] = take(opsSocket, ops)
	return d, errors.Join(errs[:]...)
}

func (d doors) close() {
	for _, l := range []net.Listener{d.people, d.plain, d.ops} {
		if l != nil {
			l.Close()
		}
	}
}

// lameTime is how long a portal that was told to end goes on answering: those it answers
// are told to come on a new connection, and whoever stands in front sees that it leaves.
const lameTime = 2 * time.Second

// leaver tells those whom it answers to come on a new connection, once the portal leaves:
// a connection that is closed while a request is on its way would lose that request.
type leaver struct {
	http.Handler
	going atomic.Bool
}

func (l *leaver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.going.Load() {
		w.Header().Set("Connection", "close")
	}
	l.Handler.ServeHTTP(w, r)
}

// end stops taking requests and finishes those in hand.
func (d doors) end(server *http.Server, l *leaver) error {
	l.going.Store(true)
	if d.handed {
		d.people.Close() // others take what comes
	}
	time.Sleep(d.linger)
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return errors.Join(fmt.Errorf("requests in hand did not end within %s: %w", stopTime, err), server.Close())
	}
	return nil
}

// toTLS sends who comes without TLS to the address that people type. What is no look at a
// page is refused: it has been sent in clear already, and nobody should notice that it works.
func toTLS(origin string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead || strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/egov/") {
			http.Error(w, "This address does not speak TLS: nothing is taken here.", http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, origin+"/"+strings.TrimLeft(r.URL.EscapedPath(), "/\\"), http.StatusMovedPermanently)
	})
}

// notify tells systemd how we are (sd_notify(3)); elsewhere nobody listens.
func notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if path[0] == '@' {
		path = "\x00" + path[1:]
	}
	if conn, err := net.Dial("unixgram", path); err == nil {
		_, _ = conn.Write([]byte(state)) // a hint: whoever does not hear it waits longer
		conn.Close()
	}
}
