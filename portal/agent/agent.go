// Package agent is a software NCALayer: the program on a person's own computer
// that holds the keys and signs what a page asks it to sign. Ours stands in its
// place in the demonstration and in tests, and speaks the same language: a web
// socket, the handshake with a version, heartbeats, the module
// kz.gov.pki.knca.basics with its method sign (format cms), and the two methods
// of the older kz.gov.pki.knca.commonUtils that sign bytes. A page that works
// with it works with NCALayer, and the other way round.
//
// What it does not do, it refuses in words: the formats xml and raw, data that
// is already a digest, key stores other than files. A time-stamp that is asked
// for (tsaProfile) is made where the agent was given an authority for it (Stamp),
// and left out where it was not.
//
// Like the real one it answers pages of any origin; what it is asked to sign and
// by whom is shown in its window before a key is chosen. But it has no password,
// so it listens on the loopback address only, and it is for keys of a
// demonstration, never for a key somebody would miss.
package agent

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"zharia/portal/eds/key"
)

// Address is where NCALayer listens on a person's computer; the real one speaks
// TLS there, ours plain text.
const Address = "127.0.0.1:13579"

// Behaviour is how the agent acts. Tests and the demonstration of failures
// change it; a page must have an answer to each.
type Behaviour string

const (
	Honest        Behaviour = ""               // signs what it is asked to sign
	Cancel        Behaviour = "cancel"         // as if the person pressed Cancel
	Refuse        Behaviour = "refuse"         // answers with an error of its own
	WrongPassword Behaviour = "wrong-password" // the person typed a wrong password until it gave up
	CardLocked    Behaviour = "card-locked"    // the card in the reader takes no more passwords
	Expired       Behaviour = "expired"        // finds by itself that the key is past its time
	Silent        Behaviour = "silent"         // takes the connection and says nothing
	Busy          Behaviour = "busy"           // its dialog belongs to somebody else: it greets and then is deaf
	Slow          Behaviour = "slow"           // the person looks for the key, for Slowness
	DropMidway    Behaviour = "drop-midway"    // takes the request and is gone
	WrongBytes    Behaviour = "wrong-bytes"    // signs other bytes than the page asked for
	NoBasics      Behaviour = "no-basics"      // knows the older module only
	Old           Behaviour = "old"            // knows no module that signs
	PlainResult   Behaviour = "plain"          // answers with a string, as versions before 1.4, not with an array
)

// Slowness is how long Slow takes.
const Slowness = 1500 * time.Millisecond

// Stamping asks a time-stamping authority: a request of RFC 3161 in DER for its
// answer in DER. The client of the national services has a method of this shape.
type Stamping func(ctx context.Context, request []byte) ([]byte, error)

// Agent holds keys and signs with them. It is safe for many sockets at once.
type Agent struct {
	mu        sync.Mutex
	keys      []*holder
	inserted  *holder
	trusted   [][]byte // certificates, DER
	behaviour Behaviour
	asked     []*asking // requests whose key is being chosen, oldest first
	locale    string    // of the latest request: the language of the window
	now       func() time.Time
	stamping  Stamping
	words     func(lang, key string) string
	pages     map[string]*template.Template
	style     []byte
}

// New makes an agent with the keys given, in the order it will show them.
func New(keys ...*key.Key) *Agent {
	a := &Agent{now: time.Now, locale: "kk"}
	for _, k := range keys {
		a.keys = append(a.keys, newHolder(k))
	}
	return a
}

// Insert puts one key into the agent, as a card into a reader: from now on it
// signs with this key and asks nobody. nil takes it out again.
func (a *Agent) Insert(k *key.Key) {
	var h *holder
	if k != nil {
		h = newHolder(k)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inserted = h
}

// Inserted is the key that was put in, or nil.
func (a *Agent) Inserted() *key.Key {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.inserted == nil {
		return nil
	}
	return a.inserted.key
}

// Keys are the keys the agent holds, in the order it shows them.
func (a *Agent) Keys() []*key.Key {
	a.mu.Lock()
	defer a.mu.Unlock()
	var keys []*key.Key
	for _, h := range a.keys {
		keys = append(keys, h.key)
	}
	return keys
}

// Behave changes how the agent acts from the next message on.
func (a *Agent) Behave(b Behaviour) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.behaviour = b
}

// Clock replaces the clock the signing time is read from.
func (a *Agent) Clock(now func() time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = now
}

// Trust names the authorities (DER) whose keys may sign when a page gives no
// chain of its own ("chain": null, which to NCALayer means the national
// authority in service). While none is named, the issuers of the agent's own
// keys are those authorities. It fails on a certificate it cannot read.
func (a *Agent) Trust(certificates ...[]byte) error {
	if err := checkCertificates(certificates); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trusted = certificates
	return nil
}

// Stamp gives the agent the authority for the time-stamps that pages ask for.
func (a *Agent) Stamp(authority Stamping) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stamping = authority
}

func (a *Agent) behaves() Behaviour {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.behaviour
}

// Serve listens on addr until the context ends. The address must be a loopback
// one: whoever reaches the agent gets signatures.
func (a *Agent) Serve(ctx context.Context, addr string) error {
	if err := loopback(addr); err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for pages that ask to sign: %w", err)
	}
	return a.ServeOn(ctx, l)
}

// ServeOn answers on a listener until the context ends, and closes it. Sockets
// that are open then are closed with it.
func (a *Agent) ServeOn(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the signing agent: %w", err)
	}
	return nil
}

// ServeHTTP answers the web socket at / and the window at /window.
func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/" && strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		a.talk(w, r)
	case r.URL.Path == "/":
		http.Redirect(w, r, "/window", http.StatusSeeOther)
	case r.URL.Path == "/window" || r.URL.Path == "/window.css":
		a.window(w, r)
	default:
		http.NotFound(w, r)
	}
}

// say is a sentence for the person, in the language of the page that asked. The
// English one is for the log and for an agent that was given no words.
func (a *Agent) say(locale, word string) string {
	if a.words != nil && locale != "en" {
		return a.words(locale, word)
	}
	return english[word]
}

func (a *Agent) log(origin, what string, more ...any) {
	slog.Info("signing agent: "+what, append([]any{"origin", origin}, more...)...)
}

// loopback refuses an address other computers could reach.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address of the signing agent: %w", err)
	}
	if !isLoopback(host) {
		return fmt.Errorf("address of the signing agent: %q is not a loopback address", host)
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
