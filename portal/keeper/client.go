package keeper

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/share"
	"zharia/portal/vault"
)

// ErrRefused is the keeper's no; the reason is in the text, for the log.
var ErrRefused = vault.ErrRefused

// How long the keeper may take to answer, how many questions are asked at once, and
// how often it is asked whether it was unsealed meanwhile.
const (
	answerTime   = 2 * time.Second
	ceremonyTime = 2 * time.Minute // Argon2, the disk, and a long memory that is read
	lines        = 16
	waitStep     = time.Second
)

// pause is for how long nobody waits for a keeper that did not answer in time. A page
// asks it several times, and would be as many times as slow.
const pause = 3 * time.Second

var errLate = errors.New("keeper: it did not answer in time a moment ago")

// Client is the portal's side: a vault.Keeper that asks another process. A keeper that
// is down, slow or sealed is fault.Unavailable ("fault.closed-for-now"), one that says
// no is ErrRefused. It may be asked from many goroutines.
type Client struct {
	// Papers gives the signed papers that bear on who may open a case, when the
	// keeper knows none of it; nil where there are none. Those of officials belong to
	// every case, and are all that is asked for without one.
	Papers func(ctx context.Context, casefile uuid.UUID) ([]SealedPaper, error)
	// Opened is told when a text opened only because custodians opened the case.
	Opened func(ctx context.Context, opening uuid.UUID)
	// Now is the clock; nil for that of the machine.
	Now func() time.Time

	network, address string
	tls              *tls.Config
	once             bool // what is asked must not be done twice
	free             chan net.Conn
	turn             chan struct{}
	shown            shown
	late             atomic.Int64 // until when nobody waits, in nanoseconds
}

// Dial makes a client of the keeper at unix:/path or tcp:host:port; over TCP both
// sides show certificates. Nothing is asked yet.
func Dial(address string, certificates *tls.Config) (*Client, error) {
	network, where, ok := strings.Cut(address, ":")
	switch {
	case !ok || where == "" || network != "unix" && network != "tcp":
		return nil, fmt.Errorf("keeper: %q is not an address: unix:/path or tcp:host:port", address)
	case network == "tcp" && certificates == nil:
		return nil, errors.New("keeper: over TCP both sides need certificates")
	}
	return &Client{
		network: network, address: where, tls: certificates,
		free: make(chan net.Conn, lines), turn: make(chan struct{}, lines),
	}, nil
}

// Close lets the connections go.
func (c *Client) Close() {
	for {
		select {
		case conn := <-c.free:
			conn.Close()
		default:
			return
		}
	}
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// ask sends a question and reads the answer into into. A connection that lay unused
// may be dead because the keeper was started anew: then it is asked on a new one.
func (c *Client) ask(ctx context.Context, method string, body, into any, within time.Duration) error {
	q := question{Method: method}
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		q.Body = text
	}
	ctx, done := context.WithTimeout(ctx, within)
	defer done()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return down(ctx, ctx.Err())
	}
	for {
		conn, used, err := c.line(ctx)
		if err != nil {
			return down(ctx, err)
		}
		r, err := exchange(ctx, conn, q)
		if err != nil {
			conn.Close()
			if used && !c.once && ctx.Err() == nil {
				continue
			}
			return down(ctx, err)
		}
		c.giveBack(conn)
		return r.read(into)
	}
}

// down is a keeper that did not answer; who asked may be gone himself.
func down(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return fault.New(fault.Unavailable, "fault.closed-for-now").Because(fmt.Errorf("keeper: no answer: %w", err))
}

// line is a connection that is free, or a new one.
func (c *Client) line(ctx context.Context) (conn net.Conn, used bool, err error) {
	select {
	case conn := <-c.free:
		return conn, true, nil
	default:
	}
	if c.tls != nil {
		conn, err = (&tls.Dialer{Config: c.tls}).DialContext(ctx, c.network, c.address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, c.network, c.address)
	}
	return conn, false, err
}

func (c *Client) giveBack(conn net.Conn) {
	select {
	case c.free <- conn:
	default:
		conn.Close()
	}
}

func exchange(ctx context.Context, conn net.Conn, q question) (reply, error) {
	var r reply
	until, _ := ctx.Deadline()
	if err := conn.SetDeadline(until); err != nil {
		return r, err
	}
	end := context.AfterFunc(ctx, func() { conn.Close() })
	defer end()
	if err := writeFrame(conn, q); err != nil {
		return r, err
	}
	text, err := readFrame(conn)
	if errors.Is(err, io.EOF) {
		return r, io.ErrUnexpectedEOF
	}
	if err != nil {
		return r, err
	}
	err = strictly(text, &r)
	return r, err
}

// read is the answer, or the failure in our words.
func (r reply) read(into any) error {
	switch r.Failed {
	case "":
		return json.Unmarshal(r.Body, into) // a keeper of the next version may say more
	case failedSealed:
		return fault.New(fault.Unavailable, "fault.closed-for-now").Because(ErrSealed)
	case failedRefused:
		return &Refused{r.Reason}
	}
	if r.Text != "" { // to those who run it
		return errors.New(r.Text)
	}
	if r.Failed == failedStrange {
		return fault.New(fault.Unavailable, "fault.closed-for-now").Because(errBefore)
	}
	return fault.New(fault.Unavailable, "fault.closed-for-now").Because(fmt.Errorf("keeper: it says %q", r.Failed))
}

// errBefore is what a keeper of the version before says to a question that it does not know.
var errBefore = errors.New(`keeper: it says "strange"`)

// EndLogin has a sign-in open nothing more, by each of its names (LoginNames). A keeper of the version
// before knows no such question, and goes on as it did.
func (c *Client) EndLogin(ctx context.Context, name [32]byte) error {
	err := c.ask(ctx, methodEndLogin, endLoginBody{name[:]}, &struct{}{}, answerTime)
	if errors.Is(err, errBefore) {
		slog.WarnContext(ctx, "the keeper is of the version before: a sign-in that ended opens texts there until its time is over")
		return nil
	}
	return err
}

// Refused is a refusal with its reason; it is ErrRefused under errors.Is.
type Refused struct{ Reason Reason }

func (r *Refused) Error() string { return "keeper: refused: " + string(r.Reason) }

// Is makes it ErrRefused.
func (r *Refused) Is(target error) bool { return target == ErrRefused }

// Status asks how the keeper is.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	err = c.ask(ctx, methodStatus, nil, &s, answerTime)
	return s, err
}

// Await returns when the keeper is unsealed: what a portal does first of all.
func (c *Client) Await(ctx context.Context) error {
	for told := false; ; told = true {
		s, err := c.Status(ctx)
		if err == nil && !s.Sealed {
			return nil
		}
		if !told {
			slog.WarnContext(ctx, "waiting for the keeper", "sealed", err == nil, "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(waitStep):
		}
	}
}

// Intake is the public key of the present epoch.
func (c *Client) Intake(ctx context.Context) (vault.Intake, error) {
	var a intakeAnswer
	err := c.ask(ctx, methodIntake, nil, &a, answerTime)
	return vault.Intake(a), err
}

// TagKey is the key of vault.Tag, asked for once at the start.
func (c *Client) TagKey(ctx context.Context) ([]byte, error) {
	var a keyAnswer
	err := c.ask(ctx, methodTagKey, nil, &a, answerTime)
	return a.Key, err
}

// Unwrap opens for the ticket of ctx: see vault.Keeper. Whoever shows no ticket is
// refused here, without a question.
func (c *Client) Unwrap(ctx context.Context, asks []vault.Ask) ([][]byte, error) {
	t, ok := vault.TicketOf(ctx)
	if !ok || len(t.Key) == 0 && t.Slip == nil {
		return nil, &Refused{LoginUnknown}
	}
	if time.Now().UnixNano() < c.late.Load() {
		return nil, fault.New(fault.Unavailable, "fault.closed-for-now").Because(errLate)
	}
	before := c.shown.count()
	a, err := c.unwrapOnce(ctx, t, asks)
	no := (*Refused)(nil)
	for tries := 0; tries < 4 && errors.As(err, &no); tries++ {
		err = nil
		switch {
		case no.Reason == RequestStale || no.Reason == RequestAgain: // it was started anew meanwhile
		case no.Reason == LoginUnknown && t.Slip == nil:
			err = c.ask(ctx, methodLogin, loginBody{t.Challenge, t.Login}, &struct{}{}, workTime)
		case (no.Reason == NoPapers || no.Reason == NoStanding) && c.Papers != nil:
			var more bool
			if more, err = c.showPapers(ctx, asks); err == nil && !more && c.shown.count() == before {
				return nil, refused(no)
			} // or somebody else has shown them while this one was refused
		default:
			return nil, refused(no)
		}
		if err != nil {
			return nil, err
		}
		no = nil
		before = c.shown.count()
		a, err = c.unwrapOnce(ctx, t, asks)
	}
	switch {
	case errors.As(err, &no):
		return nil, refused(no)
	case err != nil:
		return nil, err
	case len(a.Keys) != len(asks):
		return nil, fault.New(fault.Unavailable, "fault.closed-for-now").Because(fmt.Errorf("keeper: %d keys for %d", len(a.Keys), len(asks)))
	}
	for _, opening := range a.Opening {
		if c.Opened != nil {
			c.Opened(ctx, opening)
		}
	}
	return a.Keys, nil
}

// refused is the no that the portal can answer: too much is told as such, everything
// else is as if nothing were there.
func refused(no *Refused) error {
	switch no.Reason {
	case TooManyObjects, TooManyCases, Crowded:
		return fault.New(fault.TooMany, "fault.too-many").Because(no)
	}
	return no
}

func (c *Client) unwrapOnce(ctx context.Context, t vault.Ticket, asks []vault.Ask) (answer, error) {
	var a answer
	if t.Slip != nil {
		var s slip
		if err := strictly(t.Slip, &s); err != nil {
			return a, &Refused{SlipStrange}
		}
		err := c.ask(ctx, methodSlip, slipBody{s, asksOf(asks)}, &a, workTime)
		return a, err
	}
	name := loginName(t.Challenge, t.Login)
	s, err := sign(t.Key, forRequest, request{Login: name[:], At: c.now().UTC(), Nonce: newNonce(), Asks: asksOf(asks)})
	if err != nil {
		return a, err
	}
	began := time.Now()
	err = c.ask(ctx, methodUnwrap, s, &a, answerTime)
	if err != nil && time.Since(began) >= answerTime {
		c.late.Store(time.Now().Add(pause).UnixNano())
	}
	return a, err
}

// showPapers shows the keeper what it has not seen of what bears on the cases that were
// asked for; more says that there was something.
func (c *Client) showPapers(ctx context.Context, asks []vault.Ask) (more bool, err error) {
	status, err := c.Status(ctx)
	if err != nil {
		return false, err
	}
	for _, g := range grouped(asks) {
		if g.casefile == uuid.Nil && g.body == uuid.Nil && !g.house {
			continue
		}
		papers, err := c.Papers(ctx, g.casefile)
		if err != nil {
			return more, err
		}
		fresh, err := c.showAll(ctx, status.Boot, papers)
		if more = more || fresh; err != nil {
			return more, err
		}
	}
	return more, nil
}

// showAll shows several side by side: the keeper verifies signatures on all its processors.
func (c *Client) showAll(ctx context.Context, boot string, papers []SealedPaper) (more bool, err error) {
	type outcome struct {
		fresh bool
		err   error
	}
	out := make([]outcome, len(papers))
	var wait sync.WaitGroup
	turn := make(chan struct{}, lines/4)
	for i, p := range papers {
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			out[i].fresh, out[i].err = c.showNew(ctx, boot, p)
		})
	}
	wait.Wait()
	for _, o := range out {
		more, err = more || o.fresh, errors.Join(err, o.err)
	}
	return more, err
}

// ShowNew shows the keeper those of the papers that it has not seen since it was
// unsealed.
func (c *Client) ShowNew(ctx context.Context, papers ...SealedPaper) error {
	status, err := c.Status(ctx)
	if err == nil {
		_, err = c.showAll(ctx, status.Boot, papers)
	}
	return err
}

func (c *Client) showNew(ctx context.Context, boot string, p SealedPaper) (fresh bool, err error) {
	name := p.name()
	if c.shown.has(boot, name) {
		return false, nil
	}
	err = c.show(ctx, p)
	no := (*Refused)(nil)
	if errors.As(err, &no) && no.Reason == PaperLater {
		return true, nil // it is shown again another time
	}
	if err == nil || no != nil {
		c.shown.add(boot, name)
		return true, nil
	}
	return true, err
}

// name is what tells one showing of a paper from another.
func (p SealedPaper) name() [32]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d\n", p.Case, p.Ended.UnixMicro())
	for _, o := range slices.Concat([]Object{p.Content}, p.Signatures, p.Evidence) {
		sum := sha256.Sum256(o.Bytes)
		h.Write(sum[:])
	}
	return [32]byte(h.Sum(nil))
}

// shown remembers what a keeper was shown since it was unsealed.
type shown struct {
	mu    sync.Mutex
	boot  string
	names map[[32]byte]bool
	added int // ever
}

func (s *shown) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.added
}

// maxShown is how many papers are remembered; one more, and they are shown again.
const maxShown = 1 << 20

func (s *shown) has(boot string, name [32]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boot != boot || len(s.names) >= maxShown {
		s.boot, s.names = boot, map[[32]byte]bool{}
	}
	return s.names[name]
}

// add is for the keeper that was shown it; to one that was unsealed meanwhile it is new.
func (s *shown) add(boot string, name [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boot == boot {
		s.names[name] = true
		s.added++
	}
}

// Show shows the keeper one signed paper. One that proves nothing is no error here: it
// gives nobody a right, and the keeper has written it down.
func (c *Client) Show(ctx context.Context, p SealedPaper) error {
	err := c.show(ctx, p)
	if errors.Is(err, ErrRefused) {
		return nil
	}
	return err
}

func (c *Client) show(ctx context.Context, p SealedPaper) error {
	body := paperBody{Case: p.Case, Content: bodyOf(p.Content), Ended: p.Ended}
	for _, one := range p.Signatures {
		body.Signatures = append(body.Signatures, bodyOf(one))
	}
	for _, one := range p.Evidence {
		body.Evidence = append(body.Evidence, bodyOf(one))
	}
	err := c.ask(ctx, methodPaper, body, &struct{}{}, workTime)
	if errors.Is(err, ErrRefused) {
		slog.WarnContext(ctx, "the keeper takes nothing from a paper", "case", p.Case, "error", err)
	}
	return err
}

// Rewrap gives the keys of objects under the present epoch, for vault.Rehead; nil for
// one that is not what was sealed for its place.
func (c *Client) Rewrap(ctx context.Context, asks []vault.Ask) ([]*vault.Ask, error) {
	var a rewrapAnswer
	if err := c.ask(ctx, methodRewrap, rewrapBody{asksOf(asks)}, &a, workTime); err != nil {
		return nil, err
	}
	if len(a.Wraps) != len(asks) {
		return nil, fmt.Errorf("keeper: %d wraps for %d", len(a.Wraps), len(asks))
	}
	out := make([]*vault.Ask, len(asks))
	for i, w := range a.Wraps {
		if w != nil {
			out[i] = &vault.Ask{Where: asks[i].Where, Epoch: w.Epoch, Enc: w.Enc, Wrapped: w.Wrapped}
		}
	}
	return out, nil
}

// Swept tells the keeper that no text of the database has a wrap of an epoch before this
// one any more.
func (c *Client) Swept(ctx context.Context, epoch uint32) error {
	return c.ask(ctx, methodSwept, sweptBody{epoch}, &struct{}{}, answerTime)
}

// Recalls says whether a memory of the keeper still holds what it held at a moment. If
// not, its folder was put back to an earlier day.
func (c *Client) Recalls(ctx context.Context, m Memory) (bool, error) {
	var a recallsAnswer
	err := c.ask(ctx, methodRecalls, m, &a, answerTime)
	return a.Known, err
}

// Openings are the newest cases that custodians opened against the rule.
func (c *Client) Openings(ctx context.Context) (out []Opening, err error) {
	err = c.ask(ctx, methodOpenings, nil, &out, answerTime)
	return out, err
}

// Operator is the side of those who run the keeper, at its other door.
type Operator struct{ client *Client }

// Operate makes an Operator of the keeper whose operators' socket is at path.
func Operate(path string) (*Operator, error) {
	c, err := Dial("unix:"+path, nil)
	if err != nil {
		return nil, err
	}
	c.once = true
	return &Operator{c}, nil
}

// Close lets the connection go.
func (o *Operator) Close() { o.client.Close() }

// Proof is what custodians bring: unlocked shares, or the passphrase.
type Proof struct {
	Shares     []share.Share
	Passphrase []byte
}

func (p Proof) body() proofBody {
	b := proofBody{Passphrase: p.Passphrase}
	for _, one := range p.Shares {
		b.Shares = append(b.Shares, one.Text())
	}
	return b
}

// Status asks how the keeper is.
func (o *Operator) Status(ctx context.Context) (Status, error) { return o.client.Status(ctx) }

// GiveShare gives one share, unlocked.
func (o *Operator) GiveShare(ctx context.Context, one share.Share) (s Status, err error) {
	err = o.client.ask(ctx, methodShare, shareBody{one.Text()}, &s, ceremonyTime)
	return s, err
}

// GivePassphrase unseals a keeper that has no shares.
func (o *Operator) GivePassphrase(ctx context.Context, text []byte) (s Status, err error) {
	err = o.client.ask(ctx, methodPassphrase, passphraseBody{text}, &s, ceremonyTime)
	return s, err
}

// Reshare makes new shares; the old ones are worth nothing with this keeper any more, once
// it is told that the new ones are on paper (Settle).
func (o *Operator) Reshare(ctx context.Context, proof Proof, threshold, count int) ([]share.Share, error) {
	var a sharesAnswer
	if err := o.client.ask(ctx, methodReshare, reshareBody{proof.body(), threshold, count}, &a, ceremonyTime); err != nil {
		return nil, err
	}
	var out []share.Share
	for _, text := range a.Shares {
		one, err := share.Parse(text)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// Settle says that the new shares are on paper: see Keeper.Settle.
func (o *Operator) Settle(ctx context.Context) error {
	return o.client.ask(ctx, methodSettle, nil, &struct{}{}, ceremonyTime)
}

// Rotate begins a new epoch.
func (o *Operator) Rotate(ctx context.Context) (uint32, error) {
	var a rotateAnswer
	err := o.client.ask(ctx, methodRotate, nil, &a, ceremonyTime)
	return a.Epoch, err
}

// Forget destroys the keys of all epochs before this one, for ever: see Keeper.Forget.
func (o *Operator) Forget(ctx context.Context, before uint32) (s Status, err error) {
	err = o.client.ask(ctx, methodForget, sweptBody{before}, &s, ceremonyTime)
	return s, err
}

// Seal makes the keeper forget the root.
func (o *Operator) Seal(ctx context.Context) (s Status, err error) {
	err = o.client.ask(ctx, methodSeal, nil, &s, ceremonyTime)
	return s, err
}

// OpenCase opens one case for one official for a day.
func (o *Operator) OpenCase(ctx context.Context, proof Proof, casefile uuid.UUID, iin eds.IIN, ground string) (out Opening, err error) {
	err = o.client.ask(ctx, methodOpenCase, openCaseBody{proof.body(), casefile, iin.Reveal(), ground}, &out, ceremonyTime)
	return out, err
}
