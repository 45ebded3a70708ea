package smpp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"zharia/portal/notice"
)

// line is one bind, from its beginning until it breaks.
type line struct {
	s    *Sender
	conn *gosmpp.Connection
	gone chan struct{} // closed when nothing is read any more

	writing sync.Mutex

	mu      sync.Mutex
	waiting map[int32]func(pdu.PDU) // for answers, by number

	receipts chan received
}

// received is a receipt with the request that brought it, which is answered when the
// receipt is kept.
type received struct {
	receipt notice.Receipt
	from    *pdu.DeliverSM
}

// How many receipts wait to be kept before the operator is told to bring them later, and
// how many are being kept.
const (
	maxReceipts = 64
	receivers   = 4
)

// A line that broke after a message had gone out may have brought it, or not; on one that
// could not be written to it did not go out.
var (
	errGone   = errors.New("smpp: the line broke")
	errUnsent = errors.New("smpp: the line is broken")
)

func newLine(s *Sender, conn *gosmpp.Connection) *line {
	return &line{s: s, conn: conn, gone: make(chan struct{}), waiting: map[int32]func(pdu.PDU){}, receipts: make(chan received, maxReceipts)}
}

func (l *line) broken() bool {
	select {
	case <-l.gone:
		return true
	default:
		return false
	}
}

// serve reads until the line breaks or the sender ends.
func (l *line) serve(life context.Context) error {
	work, cancel := context.WithCancel(life)
	var all sync.WaitGroup
	all.Go(func() { l.beat(work) })
	for range receivers { // one that names nothing is looked for a while, and the others do not wait
		all.Go(func() { l.keepReceipts(work) })
	}
	all.Go(func() {
		<-work.Done()
		if life.Err() != nil { // ours to end: say so
			_ = l.write(pdu.NewUnbind())
		}
		l.conn.Close()
	})
	err := l.read()
	close(l.gone)
	cancel()
	all.Wait()
	return err
}

func (l *line) read() (err error) {
	defer func() { // what comes from outside is taken apart by a library
		if r := recover(); r != nil {
			err = fmt.Errorf("smpp: what the operator said cannot be read: %v", r)
		}
	}()
	for {
		if err := l.conn.SetReadTimeout(2*l.s.c.Beat + l.s.c.Answer); err != nil {
			return err
		}
		p, err := pdu.Parse(l.conn)
		if err != nil {
			return fmt.Errorf("smpp: %w", err)
		}
		switch q := p.(type) {
		case *pdu.SubmitSMResp, *pdu.GenericNack, *pdu.EnquireLinkResp:
			l.answered(p)
		case *pdu.DeliverSM:
			l.deliver(q)
		case *pdu.Unbind:
			_ = l.write(q.GetResponse())
			return errors.New("smpp: the operator unbound")
		default:
			if p.CanResponse() {
				if err := l.write(p.GetResponse()); err != nil {
					return err
				}
			}
		}
	}
}

func (l *line) write(p pdu.PDU) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteTimeout(writeTime); err != nil {
		return errUnsent
	}
	if _, err := l.conn.WritePDU(p); err != nil {
		l.conn.Close() // half of it may be on the way: nothing may follow, and half is nothing
		return errUnsent
	}
	return nil
}

// ask sends a request and waits for what answers it; came sees that before the next thing
// is read.
func (l *line) ask(ctx context.Context, p pdu.PDU, came func(pdu.PDU)) (pdu.PDU, error) {
	answer := make(chan pdu.PDU, 1)
	number := p.GetSequenceNumber()
	l.mu.Lock()
	l.waiting[number] = func(p pdu.PDU) {
		came(p)
		answer <- p
	}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.waiting, number)
		l.mu.Unlock()
	}()
	if err := l.write(p); err != nil {
		return nil, err
	}
	select {
	case a := <-answer:
		return a, nil
	case <-l.gone:
		return nil, errGone
	case <-ctx.Done():
		return nil, fmt.Errorf("smpp: the operator does not answer: %w", ctx.Err())
	}
}

func (l *line) answered(p pdu.PDU) {
	l.mu.Lock()
	to, ok := l.waiting[p.GetSequenceNumber()]
	delete(l.waiting, p.GetSequenceNumber())
	l.mu.Unlock()
	if ok {
		to(p)
	}
}

// beat asks again and again whether the operator is there, and cuts the line if not.
func (l *line) beat(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(l.s.c.Beat):
		}
		within, cancel := context.WithTimeout(ctx, l.s.c.Answer)
		_, err := l.ask(within, pdu.NewEnquireLink(), func(pdu.PDU) {})
		cancel()
		if err != nil {
			l.conn.Close()
			return
		}
	}
}

// deliver takes what the operator brings: a receipt, or what somebody wrote to our number,
// which is nobody's to read here.
func (l *line) deliver(q *pdu.DeliverSM) {
	r, final := receiptOf(q)
	if !final || l.s.c.Receipt == nil {
		_ = l.write(q.GetResponse())
		return
	}
	select {
	case l.receipts <- received{r, q}:
	default:
		l.later(q)
	}
}

// later asks the operator to bring it once more.
func (l *line) later(q *pdu.DeliverSM) {
	answer := q.GetResponse().(*pdu.DeliverSMResp)
	answer.CommandStatus = data.ESME_RX_T_APPN
	_ = l.write(answer)
}

// keepReceipts has receipts kept, and answers each when it is. One that names nothing will
// name nothing the next time: it is let go.
func (l *line) keepReceipts(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-l.receipts:
			message, done, waits := l.s.parts.receipt(r.receipt)
			if waits != nil {
				l.s.ended.Go(func() { l.s.await(waits) })
			}
			if done {
				if err := l.s.c.Receipt(ctx, message); err != nil && !errors.Is(err, notice.ErrNoSuchRef) {
					l.s.parts.again(r.receipt)
					l.later(r.from)
					continue
				}
			}
			_ = l.write(r.from.GetResponse())
		}
	}
}
