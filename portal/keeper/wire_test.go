package keeper

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/vault"
)

func frame(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

func FuzzAMessageIsAQuestionOrNothing(f *testing.F) {
	f.Add(frame(`{"method":"status"}`))
	f.Add(frame(`{"method":"unwrap","body":{"body":{},"signature":""}}`))
	f.Add(frame(`{"method":"paper","body":{"content":{"bytes":""},"signatures":[{"bytes":""}]}}`))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0, 0, 0, 0})
	s := sealed(f, Passphrase{[]byte("five words of a list, at least")}, byPapers)
	s.unseal()
	f.Fuzz(func(t *testing.T, in []byte) {
		text, err := readFrame(bytes.NewReader(in))
		if err != nil {
			return
		}
		q, err := readQuestion(text)
		if err != nil {
			return
		}
		if q.Method == methodSeal || q.Method == methodRotate || q.Method == methodForget || q.Method == methodPassphrase || q.Method == methodReshare || q.Method == methodOpenCase {
			return // of the operators, and slow
		}
		r := s.keeper.reply(t.Context(), q, Door{}, "test")
		if r.Failed == failedOurs {
			t.Errorf("%s: %+v", text, r)
		}
		s.keeper.reply(t.Context(), q, Door{Operator: true}, "test")
		if s.keeper.Status().Sealed {
			t.Fatal("it was sealed")
		}
	})
}

func TestNonsenseAtTheDoorEndsTheConnectionAndNothingElse(t *testing.T) {
	s := sealed(t, nil, nil)
	for name, in := range map[string][]byte{
		"a length of nothing":        {0, 0, 0, 0},
		"more than a message":        binary.BigEndian.AppendUint32(nil, maxLong+1),
		"four gigabytes":             {0xff, 0xff, 0xff, 0xff, 1, 2, 3},
		"no JSON":                    frame("status"),
		"two values":                 frame(`{"method":"status"}{}`),
		"a field more":               frame(`{"method":"status","as":"root"}`),
		"a length longer than comes": {0, 0, 1, 0, '{'},
	} {
		conn, err := net.Dial("unix", s.socket)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Write(in); err != nil {
			t.Fatal(err)
		}
		conn.(*net.UnixConn).CloseWrite()
		if n, err := conn.Read(make([]byte, 10)); n != 0 || err == nil {
			t.Errorf("%s: %d bytes came back, %v", name, n, err)
		}
		conn.Close()
	}
	if got, err := s.client.Status(t.Context()); err != nil || !got.Sealed {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestEachDoorAnswersItsOwnQuestions(t *testing.T) {
	s := unsealed(t, nil, nil)
	portal, operator := Door{}, Door{Operator: true}
	for method, doors := range map[string]struct{ portal, operator bool }{
		methodStatus: {true, true},
		methodIntake: {true, false}, methodTagKey: {true, false}, methodOpenings: {true, false},
		methodUnwrap: {true, false}, methodLogin: {true, false}, methodSlip: {true, false}, methodRewrap: {true, false}, methodPaper: {true, false},
		methodShare: {false, true}, methodPassphrase: {false, true}, methodReshare: {false, true}, methodSettle: {false, true}, methodOpenCase: {false, true},
		methodRotate: {false, true}, methodSeal: {false, true}, methodForget: {false, true}, methodSwept: {true, false},
		"root": {false, false}, "": {false, false},
	} {
		for door, want := range map[*Door]bool{&portal: doors.portal, &operator: doors.operator} {
			_, err := s.keeper.ask(t.Context(), question{Method: method}, *door, "test")
			unknown := err != nil && strings.Contains(err.Error(), "nothing is called")
			if want == unknown {
				t.Errorf("%q at the door of operators %v: %v", method, door.Operator, err)
			}
			if unknown && !errors.Is(err, errFrame) {
				t.Errorf("%q: %v", method, err)
			}
		}
	}
}

func TestOnlyThoseOnTheListComeIn(t *testing.T) {
	s := unsealed(t, nil, nil)
	path := filepath.Join(filepath.Dir(s.dir), "x")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { s.keeper.Serve(ctx, Door{Listener: l, Users: []uint32{uint32(os.Geteuid()) + 1}}) })
	defer wait.Wait()
	defer cancel()
	c, err := Dial("unix:"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.TagKey(t.Context()); !errors.Is(err, fault.Unavailable) {
		t.Errorf("somebody else was answered: %v", err)
	}
	if strings.Count(s.decided(), "tag-key") != 1 {
		t.Error("the tagging key was given twice")
	}
}

func TestAKeeperThatIsDownSealedSlowOrDyingIsClosedForNow(t *testing.T) {
	s := unsealed(t, nil, nil)
	me := s.signIn(aigul)
	id := s.person(aigul)
	open := func() error {
		s.pass(time.Second)
		where := own(id)
		text, err := s.keys.SealText(where, "мәтін") // writing goes on whatever the keeper does
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.keys.OpenText(s.as(me), where, text)
		return err
	}
	closed := func(what string) {
		t.Helper()
		begun := time.Now()
		err := open()
		var told *fault.Fault
		if !errors.As(err, &told) || told.Kind != fault.Unavailable || told.Message != "fault.closed-for-now" {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(begun); took > answerTime+2*time.Second {
			t.Errorf("%s: it took %v", what, took)
		}
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	s.keeper.Seal()
	closed("sealed")
	s.end()
	closed("down")
	s.start()
	closed("started anew and sealed")
	s.unseal()
	if err := open(); err != nil {
		t.Errorf("unsealed again, and the session goes on: %v", err)
	}
	s.end()
	for what, do := range map[string]func(net.Conn){
		"silent":         func(c net.Conn) { time.Sleep(answerTime + time.Second) },
		"dying":          func(c net.Conn) {},
		"half an answer": func(c net.Conn) { c.Write([]byte{0, 0, 1, 0, '{'}) },
		"nonsense":       func(c net.Conn) { c.Write(frame("nonsense")) },
		"too much":       func(c net.Conn) { c.Write([]byte{0xff, 0xff, 0xff, 0xff}) },
		"too few keys":   func(c net.Conn) { c.Write(frame(`{"body":{"keys":[]}}`)) },
	} {
		os.Remove(s.socket)
		l, err := net.Listen("unix", s.socket)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				if _, err := readFrame(conn); err == nil {
					do(conn)
				}
				conn.Close()
			}
		}()
		closed(what)
		if what == "silent" { // a page asks several times
			begun := time.Now()
			closed("a moment after it was silent")
			if took := time.Since(begun); took > answerTime/2 {
				t.Errorf("the next question waits %v again", took)
			}
		}
		s.client.late.Store(0) // the pause is over
		l.Close()
	}
	s.start()
	s.unseal()
	if err := open(); err != nil {
		t.Errorf("back again: %v", err)
	}
	gone, cancel := context.WithCancel(s.as(me))
	cancel()
	where := own(id)
	if _, err := s.keys.OpenText(gone, where, s.seal(where, "x")); !errors.Is(err, context.Canceled) {
		t.Errorf("who asked has gone: %v", err)
	}
}

func TestAPortalWaitsForItsKeeper(t *testing.T) {
	s := sealed(t, nil, nil)
	ready := make(chan error, 1)
	go func() { ready <- s.client.Await(t.Context()) }()
	select {
	case err := <-ready:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	s.unseal()
	if err := <-ready; err != nil {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.keeper.Seal()
	if err := s.client.Await(gone); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWhoeverShowsNoTicketIsRefused(t *testing.T) {
	s := unsealed(t, nil, nil)
	where := own(s.person(aigul))
	text := s.seal(where, "x")
	if _, err := s.keys.OpenText(t.Context(), where, text); !errors.Is(err, fault.NotFound) || !errors.Is(err, ErrRefused) {
		t.Errorf("%v", err)
	}
}

func TestManySessionsAskAtOnce(t *testing.T) {
	s := unsealed(t, nil, func(c *Config) { c.Limits = Limits{1 << 20, 1 << 20} })
	id := s.person(aigul)
	var wait sync.WaitGroup
	for range 8 {
		me := s.signIn(aigul)
		wait.Go(func() {
			for range 40 {
				where := own(id)
				sealed, err := s.keys.SealText(where, "x")
				if err == nil {
					_, err = s.keys.OpenText(vault.WithTicket(context.Background(), me), where, sealed)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
}

// certificates are those of one authority of the test: for the keeper and a portal.
func certificates(t *testing.T) (keeper, portal, stranger *tls.Config) {
	t.Helper()
	make := func(ca *x509.Certificate, by *ecdsa.PrivateKey) (tls.Certificate, *x509.Certificate, *ecdsa.PrivateKey) {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			DNSNames: []string{"keeper.test"}, BasicConstraintsValid: true, IsCA: ca == nil, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		if ca == nil {
			ca, by = c, private
		}
		der, err := x509.CreateCertificate(rand.Reader, c, ca, &private.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, parsed, private
	}
	_, ca, by := make(nil, nil)
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	server, _, _ := make(ca, by)
	client, pinned, _ := make(ca, by)
	other, _, _ := make(ca, by)
	config := func(c tls.Certificate) *tls.Config {
		return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{c}, ServerName: "keeper.test", MinVersion: tls.VersionTLS13}
	}
	return Mutual(server, pool, sha256.Sum256(pinned.Raw)), config(client), config(other)
}

func TestOverTCPBothSidesShowCertificates(t *testing.T) {
	s := unsealed(t, nil, nil)
	server, portal, stranger := certificates(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { s.keeper.Serve(ctx, Door{Listener: l}) })
	defer wait.Wait()
	defer cancel()
	nobody := portal.Clone()
	nobody.Certificates = nil
	for name, row := range map[string]struct {
		with *tls.Config
		good bool
	}{"the portal": {portal, true}, "another of the same authority": {stranger, false}, "nobody": {nobody, false}} {
		c, err := Dial("tcp:"+l.Addr().String(), row.with)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Intake(t.Context()); (err == nil) != row.good {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
	for _, address := range []string{"", "unix:", "tcp:127.0.0.1:1", "http://127.0.0.1"} {
		if _, err := Dial(address, nil); err == nil {
			t.Errorf("%q is an address", address)
		}
	}
}

func TestMoreConnectionsThanPlacesAreTurnedAway(t *testing.T) {
	s := sealed(t, nil, nil)
	var conns []net.Conn
	for range maxConnections {
		conn, err := net.Dial("unix", s.socket)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
		if err := writeFrame(conn, question{Method: methodStatus}); err != nil {
			t.Fatal(err)
		}
		if _, err := readFrame(conn); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.client.Status(t.Context()); !errors.Is(err, fault.Unavailable) {
		t.Errorf("one more: %v", err)
	}
	conns[0].Close()
	for begun := time.Now(); ; {
		if _, err := s.client.Status(t.Context()); err == nil {
			break
		} else if time.Since(begun) > 5*time.Second {
			t.Fatal(err)
		}
	}
}

// The roll of the officials of a country is a paper too.
func TestALongPaperComesThroughAndOnlyOneAtATime(t *testing.T) {
	got := make(chan int, 10)
	s := unsealed(t, nil, func(c *Config) { c.Rights = func() Rights { return measured{newRoll(), got} } })
	text := bytes.Repeat([]byte("x"), 16<<20)
	if err := s.client.Show(t.Context(), SealedPaper{Content: Object{Bytes: text}, Signatures: []Object{{Bytes: []byte("signed")}}}); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != len(text) {
		t.Errorf("%d bytes came through", n)
	}
	// Many that promise much and send little hold no place and no memory but their own.
	var conns []net.Conn
	for range 20 {
		conn, err := net.Dial("unix", s.socket)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(binary.BigEndian.AppendUint32(nil, maxLong)); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	begun := time.Now()
	if err := s.client.Show(t.Context(), paperOf("grant", theft, s.person(aigul))); err != nil || time.Since(begun) > answerTime {
		t.Errorf("a short one meanwhile, after %v: %v", time.Since(begun), err)
	}
	for _, conn := range conns {
		conn.Close()
	}
	if err := s.client.Show(t.Context(), SealedPaper{Content: Object{Bytes: text}, Signatures: []Object{{Bytes: []byte("signed")}}}); err != nil {
		t.Errorf("a long one afterwards: %v", err)
	}
}

// measured says how long a paper is.
type measured struct {
	Rights
	got chan int
}

func (m measured) Take(_ context.Context, p Paper, _ time.Time) ([][]byte, error) {
	m.got <- len(p.Content)
	return nil, nil
}

// A keeper that dies is sealed, and three custodians must come: one question must not be
// able to do that, whatever is wrong with whoever judges it.
func TestAQuestionThatBreaksTheAnswererIsRefusedAndTheKeeperLives(t *testing.T) {
	s := unsealed(t, nil, func(c *Config) { c.Rights = func() Rights { return broken{newRoll()} } })
	for range 2 {
		if err := s.client.Show(t.Context(), paperOf("grant", theft, s.person(aigul))); err == nil {
			t.Error("a paper that could not be judged was taken")
		}
		if err := s.client.Show(t.Context(), paperOf("withdraw", theft, s.person(aigul))); err != nil {
			t.Error(err)
		}
	}
	if s.keeper.Status().Sealed {
		t.Error("it is sealed")
	}
	s.keeper.Seal() // nothing is held
}

// broken judges what gives a right by breaking.
type broken struct{ Rights }

func (b broken) Take(ctx context.Context, p Paper, at time.Time) ([][]byte, error) {
	if strings.HasPrefix(string(p.Content), "grant") {
		panic("no map was made")
	}
	return b.Rights.Take(ctx, p, at)
}

// A door that fails for a moment is not given up: the keeper would be sealed.
func TestADoorThatFailsForAMomentIsTriedAgain(t *testing.T) {
	s := unsealed(t, nil, nil)
	socket := s.socket + "2"
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- s.keeper.Serve(ctx, Door{Listener: &failing{Listener: l, times: 3}, Users: []uint32{uint32(os.Geteuid())}})
	}()
	c, err := Dial("unix:"+socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Intake(t.Context()); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// failing is a listener that fails some times.
type failing struct {
	net.Listener
	times int
}

func (f *failing) Accept() (net.Conn, error) {
	if f.times--; f.times >= 0 {
		return nil, syscall.EMFILE
	}
	return f.Listener.Accept()
}

// Over TCP anybody may knock. Who shows no certificate in time holds no place.
func TestWhoIsSilentBeforeHeShowsACertificateIsSentAway(t *testing.T) {
	t.Parallel()
	s := unsealed(t, nil, nil)
	server, portal, _ := certificates(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { s.keeper.Serve(ctx, Door{Listener: l}) })
	defer wait.Wait()
	defer cancel()
	for range maxConnections {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	c, err := Dial("tcp:"+l.Addr().String(), portal)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err := c.Intake(t.Context()); err == nil {
			break
		} else if time.Since(begun) > handshakeTime+5*time.Second {
			t.Fatalf("the portal does not come in: %v", err)
		}
	}
}

// What was shown to a keeper before it was started anew is shown again.
func TestAPaperThatWasShownToTheKeeperBeforeIsShownToThisOne(t *testing.T) {
	var s shown
	name := [32]byte{1}
	s.has("first", name)  // on its way, when the keeper ends
	s.has("second", name) // somebody else asks the one after it
	s.add("first", name)  // and now the answer of the first comes
	if s.has("second", name) {
		t.Error("it counts as shown to a keeper that never saw it")
	}
	s.add("second", name)
	if !s.has("second", name) || s.has("third", name) {
		t.Error("what was shown is not remembered, or too long")
	}
}

func benchmark(b *testing.B, size int) {
	s := unsealed(b, nil, func(c *Config) { c.Limits = Limits{1 << 40, 1 << 40} })
	me, id := s.signIn(aigul), s.person(aigul)
	asks := make([]vault.Ask, size)
	for i := range asks {
		asks[i] = s.head(own(id))
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := s.client.Unwrap(s.as(me), asks); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "unwraps/s")
}

func BenchmarkUnwrapOverTheSocket(b *testing.B) { benchmark(b, 1) }
func BenchmarkUnwrapOfAPageInOne(b *testing.B)  { benchmark(b, 100) }

func BenchmarkRewrap(b *testing.B) {
	s := unsealed(b, nil, nil)
	id := uuid.New()
	asks := make([]vault.Ask, vault.MaxAsks)
	for i := range asks {
		asks[i] = s.head(own(id))
	}
	if _, err := s.keeper.Rotate(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := s.client.Rewrap(b.Context(), asks); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(asks))/b.Elapsed().Seconds(), "rewraps/s")
}

// Keeper and portals are not renewed in the same moment.
func TestAKeeperOfTheNextVersionIsUnderstood(t *testing.T) {
	var s Status
	if err := (reply{Body: []byte(`{"epoch": 7, "not_invented_yet": {"a": 1}}`)}).read(&s); err != nil || s.Epoch != 7 {
		t.Errorf("%+v, %v", s, err)
	}
}
