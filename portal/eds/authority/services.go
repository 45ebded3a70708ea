package authority

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/key"
)

// Service is one of the things an authority answers with.
type Service string

// The services, and with Break what is out of order.
const (
	OCSP   Service = "ocsp"
	Lists  Service = "lists"
	Stamps Service = "stamps"
)

// Fault is a way in which a service is out of order.
type Fault string

// Every fault there is. WrongNonce and UnknownStatus mean nothing to lists;
// there they change nothing. The unknown status of a time-stamp is its
// refusal.
const (
	NoFault        Fault = ""
	Slow           Fault = "slow"            // answers after Delay
	Unavailable    Fault = "unavailable"     // 503
	Redirected     Fault = "redirected"      // 303 to a captive portal
	Garbage        Fault = "garbage"         // 200 with something else
	CutOff         Fault = "cut-off"         // half of the body
	Oversize       Fault = "oversize"        // the answer and a long tail
	Stale          Fault = "stale"           // of 30 days ago, correctly signed
	WrongNonce     Fault = "wrong-nonce"     // of somebody else's question
	UnknownStatus  Fault = "unknown-status"  // the responder does not know
	WrongResponder Fault = "wrong-responder" // signed by a key not meant for it
)

// Faults lists them all.
func Faults() []Fault {
	return []Fault{
		Slow, Unavailable, Redirected, Garbage, CutOff, Oversize, Stale, WrongNonce, UnknownStatus, WrongResponder,
	}
}

// staleBy is how old the answers of Stale are.
const staleBy = 30 * 24 * time.Hour

// maxRequest bounds a question; genuine ones have about 150 bytes.
const maxRequest = 16 << 10

// Services answers over HTTP as the national authority does (FACTS 3), at
//
//	POST /ocsp/          application/ocsp-request, RFC 6960
//	POST /tsp/           application/timestamp-query, RFC 3161
//	GET  /crl/full.crl   the issuer's list, RFC 5280
//	GET  /crl/delta.crl  what changed since
//	GET  /crl/root.crl   the root's list, for the issuer's certificate
//
// Like the national one it sends whoever has no User-Agent elsewhere (FACTS
// 0.10). It may be used from many goroutines.
type Services struct {
	// Delay is how long Slow takes. Set it before the first question.
	Delay time.Duration

	authority *Authority
	now       func() time.Time
	mux       *http.ServeMux

	mu                sync.Mutex // guards everything below
	faults            map[Service]Fault
	full, delta, root *list
}

// Services makes the services of the authority, with keys of their own that
// the issuer certifies. The clock is theirs: thisUpdate, genTime and the ends
// of lists are told by it.
func (a *Authority) Services(now func() time.Time) (*Services, error) {
	if err := a.furnish(); err != nil {
		return nil, fmt.Errorf("make services: %w", err)
	}
	s := &Services{
		Delay: 10 * time.Second, authority: a, now: now,
		mux: http.NewServeMux(), faults: map[Service]Fault{},
	}
	s.mux.HandleFunc("POST /ocsp/{$}", s.serve(OCSP, "application/ocsp-response", s.answerOCSP))
	s.mux.HandleFunc("POST /tsp/{$}", s.serve(Stamps, "application/timestamp-reply", s.answerStamp))
	s.mux.HandleFunc("GET /crl/full.crl", s.serve(Lists, "application/pkix-crl", s.fullList))
	s.mux.HandleFunc("GET /crl/delta.crl", s.serve(Lists, "application/pkix-crl", s.deltaList))
	s.mux.HandleFunc("GET /crl/root.crl", s.serve(Lists, "application/pkix-crl", s.rootList))
	return s, nil
}

// ServeHTTP answers a question.
func (s *Services) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.UserAgent() == "" {
		http.Redirect(w, r, "/captive", http.StatusSeeOther)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Break puts a service out of order, or with NoFault back in order.
func (s *Services) Break(which Service, how Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[which] = how
}

func (s *Services) fault(which Service) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults[which]
}

// reply is an answer and, for a list, when it was made.
type reply struct {
	body []byte
	made time.Time
}

// serve reads a question, asks for the answer and sends it, as well as the
// fault of the moment allows.
func (s *Services) serve(which Service, kind string, answer func(question []byte, f Fault) (reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		question, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		f := s.fault(which)
		if s.fails(w, r, f) {
			return
		}
		a, err := answer(question, f)
		if err != nil {
			http.Error(w, "out of order", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", kind)
		send(w, r, a, f)
	}
}

// fails does the faults that come before an answer.
func (s *Services) fails(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch f {
	case Slow:
		select {
		case <-time.After(s.Delay):
		case <-r.Context().Done():
			return true
		}
	case Unavailable:
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return true
	case Redirected:
		http.Redirect(w, r, "/captive", http.StatusSeeOther)
		return true
	case Garbage:
		w.Write([]byte("<html>It works!</html>"))
		return true
	}
	return false
}

// oversize is how long the tail of Oversize is: longer than any OCSP answer
// or time-stamp may be.
const oversize = 128 << 10

// send writes the answer. A list is kept by whoever fetched it, so it comes
// with the headers that let them ask whether there is a newer one.
func send(w http.ResponseWriter, r *http.Request, a reply, f Fault) {
	switch {
	case f == CutOff:
		w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
		w.Write(a.body[:len(a.body)/2])
	case f == Oversize:
		w.Write(append(bytes.Clone(a.body), make([]byte, oversize)...))
	case a.made.IsZero():
		w.Write(a.body)
	default:
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, a.body[len(a.body)-16:]))
		http.ServeContent(w, r, "", a.made, bytes.NewReader(a.body))
	}
}

// Identifiers of the services' certificates.
const (
	ocspSigning = "1.3.6.1.5.5.7.3.9"
	noCheck     = "1.3.6.1.5.5.7.48.1.5" // RFC 6960 4.2.2.2.1
)

// furnish makes the keys of the services, once in the life of an authority.
func (a *Authority) furnish() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.responder == nil {
		d, err := a.servant("OCSP RESPONDER", ocspSigning)
		if err != nil {
			return err
		}
		d.more = [][]byte{extension(noCheck, false, der.EncodeNull())}
		if a.responder, err = a.employ(d, responderFile); err != nil {
			return err
		}
	}
	if a.stamper == nil {
		d, err := a.servant("TIME-STAMPING AUTHORITY", chain.TimeStamping)
		if err != nil {
			return err
		}
		d.strict = true
		if a.stamper, err = a.employ(d, stamperFile); err != nil {
			return err
		}
	}
	return nil
}

// servant drafts the certificate of a service: as long as the issuer's, with
// a key of the same family.
func (a *Authority) servant(name, purpose string) (draft, error) {
	issuer, err := chain.Parse(a.issuer.Certificate())
	if err != nil {
		return draft{}, err
	}
	return draft{
		subject: der.EncodeSequence(
			named("2.5.4.3", der.UTF8String, name),
			named("2.5.4.6", der.PrintableString, "KZ"),
			named("2.5.4.10", der.UTF8String, issuer.Name("2.5.4.3")[0])),
		from: issuer.NotBefore, to: issuer.NotAfter,
		rsa: issuer.Key.OID == chain.RSAKey, usage: 0x80, purposes: []string{purpose},
	}, nil
}

func (a *Authority) employ(d draft, file string) (*key.Key, error) {
	k, err := a.certify(d)
	if err != nil {
		return nil, err
	}
	a.state.Issued[k.Serial()] = true
	if err := a.keepKey(file, k); err != nil {
		return nil, err
	}
	return k, a.keepState()
}

// generalized writes a moment the only way OCSP and TSP have it.
func generalized(t time.Time) []byte {
	return der.Encode(der.GeneralizedTime, []byte(t.UTC().Format("20060102150405Z")))
}
