package agent

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

const (
	version    = "1.4" // what NCALayer of today says of itself
	oldVersion = "1.2"
	heartbeat  = "--heartbeat--"

	// A message holds documents in base64; the portal's files end at 20 MiB, and
	// a socket may ask for a few more things while the person is choosing.
	maxMessage = 48 << 20
	maxWaiting = 4
	writeLimit = 30 * time.Second
)

// socket is one page's conversation. Requests are answered one after another, in
// the order they came, because an answer carries nothing that would tie it to
// its request; heartbeats are answered at once.
type socket struct {
	agent    *Agent
	conn     *websocket.Conn
	origin   string
	requests chan []byte
}

// talk holds a conversation from the handshake until either side leaves. When
// the page leaves, what it asked for disappears from the window.
func (a *Agent) talk(w http.ResponseWriter, r *http.Request) {
	// Any origin is answered, as NCALayer does: the window shows which one asks.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has told the page why
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxMessage)
	ctx, leave := context.WithCancel(r.Context())
	defer leave()

	s := &socket{a, conn, r.Header.Get("Origin"), make(chan []byte, maxWaiting)}
	s.greet(ctx)
	go s.work(ctx)
	s.listen(ctx)
}

func (s *socket) greet(ctx context.Context) {
	if b := s.agent.behaves(); b == Old || b == NoBasics {
		s.send(ctx, handshake(oldVersion))
		return
	}
	s.send(ctx, handshake(version))
}

// listen reads until the page leaves.
func (s *socket) listen(ctx context.Context) {
	for {
		kind, message, err := s.conn.Read(ctx)
		switch {
		case err != nil:
			return
		case kind != websocket.MessageText:
			s.conn.Close(websocket.StatusUnsupportedData, "text messages only")
			return
		case s.agent.behaves() == Silent || s.agent.behaves() == Busy:
		case string(message) == heartbeat:
			s.write(ctx, []byte(heartbeat))
		default:
			select {
			case s.requests <- message:
			default:
				s.conn.Close(websocket.StatusPolicyViolation, "too many requests wait for the person")
				return
			}
		}
	}
}

// work answers the requests, one at a time.
func (s *socket) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case message := <-s.requests:
			if s.agent.behaves() == DropMidway {
				s.conn.CloseNow()
				return
			}
			if reply := s.agent.answer(ctx, s.origin, message); reply != nil {
				s.send(ctx, reply)
			}
		}
	}
}

func (s *socket) send(ctx context.Context, reply any) {
	if text, err := json.Marshal(reply); err == nil { // replies are our own plain structs
		s.write(ctx, text)
	}
}

func (s *socket) write(ctx context.Context, text []byte) {
	if s.agent.behaves() == Silent {
		return
	}
	ctx, done := context.WithTimeout(ctx, writeLimit)
	defer done()
	// A page that has left is noticed by listen.
	_ = s.conn.Write(ctx, websocket.MessageText, text)
}

// Modules of NCALayer. The others it has (its settings, the legacy applet) have
// nothing to do with signing a document.
const (
	moduleBasics = "kz.gov.pki.knca.basics"
	moduleCommon = "kz.gov.pki.knca.commonUtils"
)

// call is what a page sends.
type call struct {
	Module string          `json:"module"`
	Method string          `json:"method"`
	Args   json.RawMessage `json:"args"`
}

// answer answers one message; nil means that nothing is to be said.
func (a *Agent) answer(ctx context.Context, origin string, message []byte) any {
	var c call
	if err := json.Unmarshal(message, &c); err != nil {
		return failure{Code: "COMMON_JSON_WRAPPING_EXCEPTION"}
	}
	switch {
	case c.Module == moduleBasics && a.behaves() != Old && a.behaves() != NoBasics:
		return a.basics(ctx, origin, c)
	case c.Module == moduleCommon && a.behaves() != Old:
		return a.common(ctx, origin, c)
	default:
		a.log(origin, "unknown module", "module", clip(c.Module, 80))
		return failure{ErrorCode: "MODULE_NOT_FOUND"}
	}
}

func (a *Agent) basics(ctx context.Context, origin string, c call) any {
	if c.Method != "sign" {
		return refused(refusal{"INVOCATION_ERROR", wordMethod, "method " + clip(c.Method, 80)}, a, "en")
	}
	s, err := readSigning(c.Args)
	if err == nil {
		var result any
		if result, err = a.sign(ctx, origin, s); err == nil {
			return success{Status: true, Body: body{Result: result}}
		}
	}
	if errors.Is(err, errCancelled) {
		a.log(origin, "cancelled")
		return success{Status: true}
	}
	if ctx.Err() != nil {
		return nil // the page has left
	}
	return refused(a.because(origin, err), a, s.locale())
}

// because is why nothing was signed, logged.
func (a *Agent) because(origin string, err error) refusal {
	var why refusal
	if !errors.As(err, &why) {
		why = refusal{"SIGNING_FAILURE", wordFailed, err.Error()}
	}
	a.log(origin, "refused", "code", why.code, "details", why.details)
	return why
}

// What the agent says, in the shapes of NCALayer.

type (
	success struct {
		Status bool `json:"status"`
		Body   body `json:"body"`
	}
	body struct {
		Result any `json:"result,omitempty"` // absent when the person cancelled
	}
	refusing struct {
		Status  bool   `json:"status"`
		Code    string `json:"code"`
		Message string `json:"message"`
		Details string `json:"details"`
	}
	failure struct {
		Success   bool   `json:"success"`
		ErrorCode string `json:"errorCode,omitempty"`
		Code      string `json:"code,omitempty"`
	}
	outputCert struct {
		Signatures  []string `json:"signatures"`
		Certificate string   `json:"certificate"`
	}
)

func handshake(version string) any {
	type result struct {
		Version string `json:"version"`
	}
	return struct {
		Result result `json:"result"`
	}{result{version}}
}

func refused(why refusal, a *Agent, locale string) refusing {
	return refusing{Code: why.code, Message: a.say(locale, why.word), Details: why.details}
}

// clip keeps a stranger's text short enough for a log line.
func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
