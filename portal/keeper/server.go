package keeper

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"zharia/portal/eds"
	"zharia/portal/share"
	"zharia/portal/vault"
)

// How long the other side may take, and how many there may be.
const (
	maxConnections = 100
	idleTime       = 2 * time.Minute
	frameTime      = 5 * time.Second
	handshakeTime  = 2 * time.Second
	maxFailures    = 50 // of a door, one after the other
	failureTime    = 100 * time.Millisecond
	workTime       = 10 * time.Second // authorities are asked about a sign-in
)

// Door is where questions come in. The portal's opens texts by right; that of those
// who run the keeper takes shares, and opens nothing by itself.
type Door struct {
	Listener net.Listener
	Operator bool
	// Users are those of the system who may come, of a unix socket. Over TLS the
	// certificate decides, and this is empty.
	Users []uint32
}

// Serve answers at the doors until the context ends, and closes them.
func (k *Keeper) Serve(ctx context.Context, doors ...Door) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wait sync.WaitGroup
	failed := make(chan error, len(doors))
	for _, door := range doors {
		context.AfterFunc(ctx, func() { door.Listener.Close() })
		wait.Go(func() {
			failed <- k.attend(ctx, door)
			stop()
		})
	}
	wait.Wait()
	close(failed)
	var err error
	for one := range failed {
		err = errors.Join(err, one)
	}
	return err
}

// attend takes connections at one door.
func (k *Keeper) attend(ctx context.Context, door Door) error {
	var wait sync.WaitGroup
	defer wait.Wait()
	places := make(chan struct{}, maxConnections)
	for failures := 0; ; {
		conn, err := door.Listener.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (failures == maxFailures || errors.Is(err, net.ErrClosed)):
			return fmt.Errorf("keeper: %w", err)
		case err != nil: // of descriptors or memory there is too little: to end would be to be sealed
			failures++
			k.config.Log.Warn("nobody can come in", "error", err)
			time.Sleep(failureTime)
			continue
		}
		failures = 0
		select {
		case places <- struct{}{}:
		default: // full: whoever asks will ask again
			conn.Close()
			continue
		}
		wait.Go(func() {
			defer func() { <-places }()
			defer conn.Close()
			end := context.AfterFunc(ctx, func() { conn.Close() })
			defer end()
			k.converse(ctx, conn, door)
		})
	}
}

// converse answers one connection until it goes, is silent or speaks nonsense.
func (k *Keeper) converse(ctx context.Context, conn net.Conn, door Door) {
	peer, err := admit(ctx, conn, door.Users)
	if err != nil {
		k.config.Log.Warn("somebody was not let in", "error", err)
		return
	}
	for {
		q, answered, err := k.next(conn)
		if err != nil {
			if !errors.Is(err, io.EOF) && ctx.Err() == nil {
				k.config.Log.Debug("a connection ended", "error", err)
			}
			return
		}
		work, done := context.WithTimeout(ctx, workTime)
		r := k.reply(work, q, door, peer)
		done()
		answered()
		if err := conn.SetWriteDeadline(time.Now().Add(frameTime)); err != nil {
			return
		}
		if err := writeFrame(conn, r); err != nil {
			return
		}
	}
}

// next waits long for a question to begin, and not long for it to end. While one that is
// long is not answered, no other such is read.
func (k *Keeper) next(conn net.Conn) (q question, answered func(), err error) {
	answered = func() {}
	if err := conn.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
		return q, answered, err
	}
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:1]); err != nil {
		return q, answered, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(frameTime)); err != nil {
		return q, answered, err
	}
	if _, err := io.ReadFull(conn, head[1:]); err != nil {
		return q, answered, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		select {
		case k.long <- struct{}{}:
			answered = func() { <-k.long }
		case <-time.After(frameTime):
			return q, answered, errBusy
		}
	}
	text, err := readBody(conn, size, maxLong)
	if err == nil {
		q, err = readQuestion(text)
	}
	if err != nil {
		answered()
	}
	return q, answered, err
}

var errBusy = errors.New("keeper: another long message is not answered yet")

func readQuestion(text []byte) (question, error) {
	var q question
	if err := strictly(text, &q); err != nil {
		return q, fmt.Errorf("%w: %w", errFrame, err)
	}
	return q, nil
}

// reply is the answer to a question, whatever came of it.
func (k *Keeper) reply(ctx context.Context, q question, door Door, peer string) reply {
	body, err := k.ask(ctx, q, door, peer)
	if err == nil {
		var text []byte
		if text, err = json.Marshal(body); err == nil {
			return reply{Body: text}
		}
	}
	r := reply{Failed: failedOurs}
	no := (*refusal)(nil)
	switch {
	case errors.As(err, &no):
		r.Failed, r.Reason = failedRefused, no.reason
		k.config.Log.Info("refused", "method", q.Method, "why", err)
	case errors.Is(err, ErrSealed):
		r.Failed = failedSealed
	case errors.Is(err, errFrame):
		r.Failed = failedStrange
	case !door.Operator:
		k.config.Log.Error("the keeper failed", "method", q.Method, "error", err)
	}
	if door.Operator {
		r.Text = err.Error()
	}
	return r
}

// ask finds who answers a question at this door. Whatever breaks in the answer breaks
// that answer alone: a keeper that dies is sealed.
func (k *Keeper) ask(ctx context.Context, q question, door Door, peer string) (body any, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			k.config.Log.Error("an answer broke", "method", q.Method, "stack", string(debug.Stack()))
			body, err = nil, errBroken
		}
	}()
	if q.Method == methodStatus {
		return k.Status(), nil
	}
	if door.Operator {
		return k.askOperator(ctx, q)
	}
	switch q.Method {
	case methodIntake:
		in, err := k.Intake()
		return intakeAnswer{in.Epoch, in.Key}, err
	case methodTagKey:
		key, err := k.TagKey(peer)
		return keyAnswer{key}, err
	case methodLogin:
		return with(q, func(b loginBody) (any, error) { return struct{}{}, k.login(ctx, b.Challenge, b.Login, 0) })
	case methodUnwrap:
		return with(q, func(b signed) (any, error) { return k.unwrap(ctx, b) })
	case methodSlip:
		return with(q, func(b slipBody) (any, error) { return k.bySlip(ctx, b.Slip, b.Asks) })
	case methodRewrap:
		return with(q, k.rewrap)
	case methodSwept:
		return with(q, func(b sweptBody) (any, error) { return struct{}{}, k.sweptTo(b.Epoch) })
	case methodPaper:
		return with(q, func(b paperBody) (any, error) { return struct{}{}, k.paper(ctx, b) })
	case methodRecalls:
		return with(q, func(b Memory) (any, error) {
			known, err := k.recalls(b)
			return recallsAnswer{known}, err
		})
	case methodEndLogin:
		return with(q, func(b endLoginBody) (any, error) { return struct{}{}, k.endLogin(b) })
	case methodOpenings:
		return k.Openings()
	}
	return nil, fmt.Errorf("%w: nothing is called %q here", errFrame, q.Method)
}

var errBroken = errors.New("keeper: its answer broke")

// with reads the body of a question and hands it on.
func with[B any](q question, do func(B) (any, error)) (any, error) {
	var body B
	if err := strictly(q.Body, &body); err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	return do(body)
}

func (k *Keeper) rewrap(b rewrapBody) (any, error) {
	q, err := askedBy([16]byte{}, b.Asks)
	if err != nil {
		return nil, err
	}
	fresh, err := k.Rewrap(q.asks)
	out := rewrapAnswer{make([]*wrap, len(fresh))}
	for i, a := range fresh {
		if a != nil {
			out.Wraps[i] = &wrap{a.Epoch, a.Enc, a.Wrapped}
		}
	}
	return out, err
}

func (k *Keeper) paper(ctx context.Context, b paperBody) error {
	if len(b.Signatures) == 0 || len(b.Signatures) > maxSignatures || len(b.Evidence) > len(b.Signatures) {
		return refuse(PaperStrange)
	}
	p := SealedPaper{Case: b.Case, Content: b.Content.object(), Ended: b.Ended}
	for _, one := range b.Evidence {
		p.Evidence = append(p.Evidence, one.object())
	}
	for _, one := range b.Signatures {
		p.Signatures = append(p.Signatures, one.object())
	}
	return k.take(ctx, p)
}

// askOperator answers those who run the keeper.
func (k *Keeper) askOperator(ctx context.Context, q question) (any, error) {
	switch q.Method {
	case methodShare:
		return with(q, func(b shareBody) (any, error) {
			one, err := share.Parse(b.Share)
			if err == nil {
				err = k.GiveShare(ctx, one)
			}
			return k.Status(), err
		})
	case methodPassphrase:
		return with(q, func(b passphraseBody) (any, error) {
			defer clear(b.Passphrase)
			err := k.Unseal(ctx, k.bySecret(b.Passphrase))
			return k.Status(), err
		})
	case methodReshare:
		return with(q, func(b reshareBody) (any, error) { return k.reshare(ctx, b) })
	case methodSettle:
		return struct{}{}, k.Settle()
	case methodRotate:
		epoch, err := k.Rotate()
		return rotateAnswer{epoch}, err
	case methodForget:
		return with(q, func(b sweptBody) (any, error) { return k.Status(), k.Forget(b.Epoch) })
	case methodSeal:
		k.Seal()
		return k.Status(), nil
	case methodOpenCase:
		return with(q, func(b openCaseBody) (any, error) {
			from, err := k.proof(b.Proof)
			if err != nil {
				return nil, err
			}
			return k.OpenCase(ctx, from, b.Case, eds.IIN(b.IIN), b.Ground)
		})
	}
	return nil, fmt.Errorf("%w: nothing is called %q here", errFrame, q.Method)
}

// proof is whatever the custodians brought.
func (k *Keeper) proof(p proofBody) (Source, error) {
	if len(p.Passphrase) > 0 {
		return k.bySecret(p.Passphrase), nil
	}
	from := &Shares{}
	if len(p.Shares) > share.Most {
		return nil, errFrame
	}
	for _, text := range p.Shares {
		one, err := share.Parse(text)
		if err != nil {
			return nil, err
		}
		from.Given = append(from.Given, one)
	}
	return from, nil
}

func (k *Keeper) reshare(ctx context.Context, b reshareBody) (any, error) {
	from, err := k.proof(b.Proof)
	if err != nil {
		return nil, err
	}
	to := &Shares{Threshold: b.Threshold, Count: b.Count}
	if err := k.Reshare(ctx, from, to); err != nil {
		return nil, err
	}
	var out sharesAnswer
	for _, one := range to.Made {
		out.Shares = append(out.Shares, one.Text())
		one.Clear()
	}
	return out, nil
}

// errPeer says that somebody came who has nothing to do here.
var errPeer = errors.New("keeper: not a user who may come here")

// admit asks the system who is at the other end of a unix socket, and over TLS for the
// certificate, without much patience: anybody may knock there.
func admit(ctx context.Context, conn net.Conn, users []uint32) (string, error) {
	if secure, is := conn.(*tls.Conn); is {
		ctx, done := context.WithTimeout(ctx, handshakeTime)
		defer done()
		if err := secure.HandshakeContext(ctx); err != nil {
			return "", fmt.Errorf("%w: %w", errPeer, err)
		}
		return "over TLS", nil
	}
	local, ok := conn.(*net.UnixConn)
	if !ok {
		return "", fmt.Errorf("%w: neither a unix socket nor TLS", errPeer)
	}
	uid, pid, err := peerOf(local)
	if err != nil {
		return "", fmt.Errorf("keeper: who is there: %w", err)
	}
	if !slices.Contains(users, uid) {
		return "", fmt.Errorf("%w: uid %d", errPeer, uid)
	}
	return fmt.Sprintf("uid %d, pid %d", uid, pid), nil
}

var _ vault.Keeper = (*Client)(nil)
