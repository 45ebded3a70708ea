package smpp

import (
	"sync"

	"zharia/portal/notice"
)

// parts remembers which numbers are parts of one message: the operator sends a receipt
// for each, and people are told of the whole. After a restart nothing is remembered, and
// the receipt of the last part, under whose number the message is kept, stands for it.
type parts struct {
	mu    sync.Mutex
	of    map[string]*whole
	order []string // oldest first
}

// whole is a message of several parts.
type whole struct {
	total int
	refs  []string        // numbers of the parts that the operator took
	came  map[string]bool // receipts by number: whether it arrived
	told  bool
}

// maxUnderWay is how many numbers are remembered.
const maxUnderWay = 20_000

// add says that a part has got this number.
func (p *parts) add(w *whole, ref string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[string]*whole{}
	}
	w.refs = append(w.refs, ref)
	p.of[ref] = w
	p.order = append(p.order, ref)
	for len(p.order) > maxUnderWay {
		delete(p.of, p.order[0])
		p.order = p.order[1:]
	}
}

// receipt takes the receipt of one part. done says that the whole message has one now.
func (p *parts) receipt(r notice.Receipt) (message notice.Receipt, done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.of[r.Ref]
	if !ok {
		return r, true
	}
	w.came[r.Ref] = r.Delivered
	if w.told || len(w.refs) < w.total {
		return r, false
	}
	r.Ref = w.refs[w.total-1]
	r.Delivered = true
	for _, arrived := range w.came {
		r.Delivered = r.Delivered && arrived
	}
	w.told = !r.Delivered || len(w.came) == w.total
	return r, w.told
}

// again says that the receipt could not be kept and will come once more.
func (p *parts) again(r notice.Receipt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w, ok := p.of[r.Ref]; ok {
		w.told = false
		delete(w.came, r.Ref)
	}
}
