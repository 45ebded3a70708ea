package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// cut is what the wire does to a COMMIT.
type cut string

const (
	whole     cut = ""
	cutBefore cut = "cut before COMMIT" // PostgreSQL never hears it
	cutAfter  cut = "cut after COMMIT"  // it was done, and nobody hears that
	hold      cut = "COMMIT held"       // for holdTime, then it goes on
	halfOpen  cut = "COMMIT half-open"  // its answer does not come for holdTime, then the connection is cut

	holdTime    = 1500 * time.Millisecond
	marksFiling = "nextval('filing_number')" // a transaction with this statement files something
)

// wire is the network between the portal and PostgreSQL. It reads along, so that it can
// cut exactly at the COMMIT of a transaction that files something.
type wire struct {
	listener net.Listener
	to       string // the socket of the server

	mu    sync.Mutex
	how   cut
	left  int // COMMITs to do it to
	done  int
	slow  time.Duration // what each message takes; 0: no time
	pairs map[*pair]bool
}

type pair struct{ client, server net.Conn }

// reset ends both sides as a lost network does: without a good-bye.
func (p *pair) reset() {
	if tcp, ok := p.client.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // else it is closed in order, which is a fault as well
	}
	p.client.Close()
	p.server.Close()
}

// openWire listens on this machine and goes to a unix socket.
func openWire(to string) (*wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{listener: l, to: to, pairs: map[*pair]bool{}}
	go w.serve()
	return w, nil
}

func (w *wire) port() int { return w.listener.Addr().(*net.TCPAddr).Port }

func (w *wire) close() {
	w.listener.Close()
	w.resetAll()
}

// arm does something to the next n COMMITs that file something.
func (w *wire) arm(how cut, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.how, w.left = how, n
}

// slower has each message take its time.
func (w *wire) slower(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = by
}

func (w *wire) late() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.slow
}

// hits is how many it was done to.
func (w *wire) hits() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done
}

func (w *wire) resetAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range w.pairs {
		p.reset()
	}
}

// take is what to do to the COMMIT that has come.
func (w *wire) take() cut {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == 0 {
		return whole
	}
	w.left--
	w.done++
	return w.how
}

func (w *wire) serve() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", w.to)
		if err != nil { // PostgreSQL is down
			client.Close()
			continue
		}
		p := &pair{client, server}
		w.mu.Lock()
		w.pairs[p] = true
		w.mu.Unlock()
		go func() {
			w.join(p)
			w.mu.Lock()
			delete(w.pairs, p)
			w.mu.Unlock()
			p.client.Close()
			p.server.Close()
		}()
	}
}

// join carries both ways until one ends.
func (w *wire) join(p *pair) {
	var mu sync.Mutex // held while what the server says must not pass
	ended := make(chan struct{}, 2)
	go func() {
		_ = w.forth(p, &mu) // how a connection ended matters to its ends
		ended <- struct{}{}
	}()
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := p.server.Read(buf)
			mu.Lock()
			if n > 0 {
				if _, wrong := p.client.Write(buf[:n]); wrong != nil {
					err = wrong
				}
			}
			mu.Unlock()
			if err != nil {
				break
			}
		}
		ended <- struct{}{}
	}()
	<-ended
}

// errCut ends a connection on purpose.
var errCut = errors.New("cut")

// maxMessage bounds what is taken for a message of the protocol.
const maxMessage = 64 << 20

// forth carries what the portal says, message by message (PostgreSQL, chapter 55).
func (w *wire) forth(p *pair, answers *sync.Mutex) error {
	first := make([]byte, 4)
	if _, err := io.ReadFull(p.client, first); err != nil { // the first message has no letter
		return err
	}
	if err := pass(p, first, binary.BigEndian.Uint32(first)); err != nil {
		return err
	}
	marked, filing := map[string]bool{}, false // statements that file; this transaction has one
	head := make([]byte, 5)
	for {
		if _, err := io.ReadFull(p.client, head); err != nil {
			return err
		}
		length := binary.BigEndian.Uint32(head[1:])
		if length < 4 || length > maxMessage {
			return errors.New("no message of PostgreSQL")
		}
		body := make([]byte, length-4)
		if _, err := io.ReadFull(p.client, body); err != nil {
			return err
		}
		if by := w.late(); by > 0 && (head[0] == 'S' || head[0] == 'Q') { // one for each question
			time.Sleep(by)
		}
		switch head[0] {
		case 'P': // Parse: the name of a statement, its text
			name, rest, _ := bytes.Cut(body, []byte{0})
			text, _, _ := bytes.Cut(rest, []byte{0})
			marked[string(name)] = bytes.Contains(text, []byte(marksFiling))
		case 'B': // Bind: a portal, the name of a statement
			_, rest, _ := bytes.Cut(body, []byte{0})
			name, _, _ := bytes.Cut(rest, []byte{0})
			filing = filing || marked[string(name)]
		case 'Q':
			text, _, _ := bytes.Cut(body, []byte{0})
			filing = filing || bytes.Contains(text, []byte(marksFiling))
			if word := string(bytes.TrimSpace(text)); word == "ROLLBACK" {
				filing = false
			} else if word == "COMMIT" && filing {
				filing = false
				if err := w.commit(p, append(bytes.Clone(head), body...), answers); err != nil {
					return err
				}
				continue
			}
		}
		if _, err := p.server.Write(append(bytes.Clone(head), body...)); err != nil {
			return err
		}
	}
}

func pass(p *pair, head []byte, length uint32) error {
	if length < 4 || length > maxMessage {
		return errors.New("no message of PostgreSQL")
	}
	body := make([]byte, length-4)
	if _, err := io.ReadFull(p.client, body); err != nil {
		return err
	}
	_, err := p.server.Write(append(bytes.Clone(head), body...))
	return err
}

// answerTime is how long PostgreSQL has for a COMMIT before the connection is cut after it.
const answerTime = 300 * time.Millisecond

// commit carries a COMMIT, or does to it what is asked.
func (w *wire) commit(p *pair, message []byte, answers *sync.Mutex) error {
	how := w.take()
	switch how {
	case cutBefore:
		p.reset()
		return errCut
	case hold:
		time.Sleep(holdTime)
	case cutAfter, halfOpen:
		answers.Lock()
		defer answers.Unlock()
	}
	if _, err := p.server.Write(message); err != nil {
		return err
	}
	switch how {
	case cutAfter:
		time.Sleep(answerTime)
	case halfOpen:
		time.Sleep(holdTime)
	default:
		return nil
	}
	p.reset()
	return errCut
}
