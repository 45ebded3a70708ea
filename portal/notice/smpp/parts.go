package smpp

import (
	"sync"
	"time"

	"zharia/portal/notice"
)

// parts remembers which numbers are parts of one message: the operator sends a receipt
// for each, and people are told of the whole. After a restart nothing is remembered, another
// process knows nothing of it, and the operator brings a receipt to any of them: the one of the last part,
// under whose number the message is kept, then stands for it.
type parts struct {
	mu    sync.Mutex
	of    map[string]*whole
	order []string // oldest first
}

// whole is a message of one part or several.
type whole struct {
	total int
	refs  []string        // numbers of the parts that the operator took
	came  map[string]bool // receipts by number: whether it arrived
	waits bool            // the last part's came, and somebody waits for the others
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

// receipt takes the receipt of one part. done says that the whole message has one now;
// otherwise waits is the message whose last part's came, where nobody waits for the others yet.
func (p *parts) receipt(r notice.Receipt) (message notice.Receipt, done bool, waits *whole) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.of[r.Ref]
	if !ok {
		r.Elsewhere = true
		return r, true, nil
	}
	w.came[r.Ref] = r.Delivered
	if w.told || len(w.refs) < w.total {
		return r, false, nil
	}
	_, last := w.came[w.last()]
	r.Ref, r.Delivered = w.last(), w.arrived()
	w.told = !r.Delivered || len(w.came) == w.total
	if last && !w.told && !w.waits {
		w.waits, waits = true, w
	}
	return r, w.told, waits
}

// stands is the receipt of a message whose last part's came: false where it was told meanwhile.
func (p *parts) stands(w *whole) (message notice.Receipt, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.told {
		return notice.Receipt{}, false
	}
	w.told = true
	return notice.Receipt{Channel: notice.SMS, Ref: w.last(), Delivered: w.arrived(), At: time.Now().UTC().Truncate(time.Microsecond)}, true
}

// untold says that what stands for a message could not be kept.
func (p *parts) untold(w *whole) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.told = false
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

// last is the number under which the message is kept.
func (w *whole) last() string { return w.refs[w.total-1] }

// arrived tells that no part is known to be lost.
func (w *whole) arrived() bool {
	for _, arrived := range w.came {
		if !arrived {
			return false
		}
	}
	return true
}
