package smpp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/notice"
	"zharia/portal/notice/sink"
	"zharia/portal/notice/smpp"
)

// line is an operator, the sender bound to it, and the receipts that came.
type line struct {
	*smpp.Sender
	op       *sink.SMSC
	receipts chan notice.Receipt
}

func open(t *testing.T, op *sink.SMSC, change ...func(*smpp.Config)) *line {
	t.Helper()
	op.Shelf = &sink.Shelf{}
	if err := op.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { op.Close() })
	l := &line{op: op, receipts: make(chan notice.Receipt, 100)}
	c := smpp.Config{
		URL: "smpp://portal@" + op.Addr(), Password: "secret", From: "Zharia", Answer: 2 * time.Second, Pause: 20 * time.Millisecond,
		Receipt: func(_ context.Context, r notice.Receipt) error { l.receipts <- r; return nil },
	}
	for _, do := range change {
		do(&c)
	}
	var err error
	if l.Sender, err = smpp.New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Sender.Close() })
	return l
}

// receipt is the next that comes.
func (l *line) receipt(t *testing.T) notice.Receipt {
	t.Helper()
	select {
	case r := <-l.receipts:
		return r
	case <-time.After(5 * time.Second):
		t.Fatal("no receipt came")
	}
	return notice.Receipt{}
}

// again sends until it is taken, as the portal does.
func (l *line) again(t *testing.T, m notice.Message) {
	t.Helper()
	for range 20 {
		_, err := l.Send(t.Context(), m)
		if err == nil {
			return
		}
		if errors.Is(err, notice.ErrRefused) {
			t.Fatal(err)
		}
	}
	t.Fatal("never taken")
}

func (l *line) quiet(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case r := <-l.receipts:
		t.Errorf("a receipt that nobody waits for: %+v", r)
	case <-time.After(d):
	}
}

func news(text string) notice.Message {
	return notice.Message{ID: uuid.New(), To: "+77011234567", Language: "kk", Subject: "жаңалық", Text: text}
}

func TestKazakhGoesAndComesBackLetterForLetterInAsManyPartsAsItNeeds(t *testing.T) {
	l := open(t, &sink.SMSC{Password: "secret"})
	kazakh := []rune("Өтінішіңіз бойынша жаңалық бар. Әділдік, ғылым, қоғам, ұлт, үкім, һәм іс. ")
	text := func(n int) string {
		out := make([]rune, n)
		for i := range out {
			out[i] = kazakh[i%len(kazakh)]
		}
		return string(out)
	}
	for runes, parts := range map[int]int{1: 1, 69: 1, 70: 1, 71: 2, 134: 2, 135: 3, 184: 3, 201: 3, 202: 4, 8 * 67: 8} {
		m := news(text(runes))
		sent, err := l.Send(t.Context(), m)
		if err != nil || sent.Ref == "" || sent.Delivered {
			t.Fatalf("%d runes: %+v %v", runes, sent, err)
		}
		got := l.op.Shelf.Taken()[0]
		if got.Text != m.Text || got.Parts != parts || got.To != m.To || got.From != "Zharia" {
			t.Errorf("%d runes came as %d parts: %+v", runes, got.Parts, got)
		}
		if r := l.receipt(t); r.Ref != sent.Ref || !r.Delivered || r.Channel != notice.SMS || time.Since(r.At) > time.Minute {
			t.Errorf("%d runes: the receipt is %+v, the message %q", runes, r, sent.Ref)
		}
	}
	l.quiet(t, 100*time.Millisecond)
	if _, err := l.Send(t.Context(), news(text(8*67+1))); err == nil || errors.Is(err, notice.ErrRefused) {
		t.Errorf("nine parts: %v", err)
	}
}

// A sign of two units stands in one part, whole, or a phone shows two boxes.
func TestASignOfTwoUnitsIsNotCut(t *testing.T) {
	l := open(t, &sink.SMSC{})
	m := news(strings.Repeat("ә", 66) + "🏛" + strings.Repeat("ө", 66) + "🏛" + "соңы")
	if _, err := l.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := l.op.Shelf.Taken()[0]; got.Text != m.Text || got.Parts != 3 {
		t.Errorf("%d parts: %q", got.Parts, got.Text)
	}
}

func TestTheLinkStandsUnderTheTextOnce(t *testing.T) {
	l := open(t, &sink.SMSC{})
	m := news("Жаңалық бар")
	m.Link = "https://zharia.example/kk/n/42"
	m.Until = time.Now().Add(90 * time.Minute)
	for _, text := range []string{"Жаңалық бар", "Жаңалық бар\n" + m.Link} {
		m.Text = text
		if _, err := l.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got := l.op.Shelf.Taken()[0].Text; got != "Жаңалық бар\n"+m.Link {
			t.Errorf("%q", got)
		}
	}
	validity, kinds := l.op.Asked()
	if !slices.Equal(validity, []string{"000000013000000R", "000000013000000R"}) || kinds[0] != [2]byte{1, 1} {
		t.Errorf("valid for %q, to %v", validity, kinds)
	}
}

func TestNumbersAreTakenInTwoWaysOfWritingAndNoOther(t *testing.T) {
	l := open(t, &sink.SMSC{})
	for _, to := range []string{"+77011234567", "87011234567"} {
		m := news("жаңалық")
		m.To = to
		if _, err := l.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got := l.op.Shelf.Taken()[0].To; got != "+77011234567" {
			t.Errorf("%s went to %s", to, got)
		}
	}
	for _, to := range []string{"", "77011234567", "+7 701 123 45 67", "+7701", "102", "+77011234567\x00", "aigul@example.kz", "+" + strings.Repeat("7", 16)} {
		m := news("жаңалық")
		m.To = to
		_, err := l.Send(t.Context(), m)
		if !errors.Is(err, notice.ErrRefused) || to != "" && strings.Contains(err.Error(), to) {
			t.Errorf("%q: %v", to, err)
		}
	}
	if n := len(l.op.Shelf.Taken()); n != 2 {
		t.Errorf("%d messages came", n)
	}
}

func TestWhatTheOperatorDoesNotTakeIsTheNumbersOrTheLines(t *testing.T) {
	var fault atomic.Int64
	op := &sink.SMSC{Answer: func(int, string) sink.Fault { return sink.Fault(fault.Swap(int64(sink.Well))) }}
	l := open(t, op, func(c *smpp.Config) { c.Answer = 500 * time.Millisecond })
	for _, c := range []struct {
		fault   sink.Fault
		refused bool
	}{{sink.BadNumber, true}, {sink.Broken, false}, {sink.Silent, false}, {sink.Cut, false}} {
		fault.Store(int64(c.fault))
		_, err := l.Send(t.Context(), news("жаңалық"))
		if err == nil || errors.Is(err, notice.ErrRefused) != c.refused || strings.Contains(err.Error(), "7701") {
			t.Errorf("%d: %v", c.fault, err)
		}
		l.again(t, news("жаңалық"))
	}
}

// An operator that is asked too often says so; it is left in peace for a moment, and
// nothing is lost.
func TestThrottlingIsForNowAndGivesTheOperatorPeace(t *testing.T) {
	op := &sink.SMSC{Answer: func(n int, _ string) sink.Fault {
		if n == 1 {
			return sink.Throttled
		}
		return sink.Well
	}}
	l := open(t, op)
	if _, err := l.Send(t.Context(), news("бірінші")); err == nil || errors.Is(err, notice.ErrRefused) {
		t.Fatalf("throttled: %v", err)
	}
	begun := time.Now()
	if _, err := l.Send(t.Context(), news("бірінші")); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < 700*time.Millisecond {
		t.Errorf("asked again after %v", took)
	}
}

func TestAReceiptSaysWhatCameOfTheWholeMessage(t *testing.T) {
	var how sync.Map
	op := &sink.SMSC{Delay: 20 * time.Millisecond, Answer: func(n int, _ string) sink.Fault {
		f, _ := how.LoadOrStore(n, sink.Well)
		return f.(sink.Fault)
	}}
	l := open(t, op)
	long := strings.Repeat("ұ", 184)
	how.Store(1, sink.Lost)
	{
		sent, err := l.Send(t.Context(), news("қысқа"))
		if err != nil {
			t.Fatal(err)
		}
		if r := l.receipt(t); r.Delivered || r.Ref != sent.Ref {
			t.Errorf("one part that did not arrive: %+v", r)
		}
	}
	// Of three parts the second does not arrive: the phone shows nothing that can be read.
	how.Store(3, sink.Lost)
	sent, err := l.Send(t.Context(), news(long))
	if err != nil {
		t.Fatal(err)
	}
	if r := l.receipt(t); r.Delivered || r.Ref != sent.Ref {
		t.Errorf("the second of three parts did not arrive: %+v", r)
	}
	l.quiet(t, 150*time.Millisecond)
	// Of the third part nothing is heard: nothing is said.
	how.Store(7, sink.Mute)
	if _, err := l.Send(t.Context(), news(long)); err != nil {
		t.Fatal(err)
	}
	l.quiet(t, 200*time.Millisecond)
}

func TestAReceiptThatCouldNotBeKeptComesAgain(t *testing.T) {
	var tries atomic.Int64
	got := make(chan notice.Receipt, 10)
	l := open(t, &sink.SMSC{}, func(c *smpp.Config) {
		c.Receipt = func(_ context.Context, r notice.Receipt) error {
			if tries.Add(1) < 3 {
				return errors.New("the database is away")
			}
			got <- r
			return nil
		}
	})
	sent, err := l.Send(t.Context(), news(strings.Repeat("қ", 100)))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case r := <-got:
		if !r.Delivered || r.Ref != sent.Ref {
			t.Errorf("%+v", r)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it did not come again")
	}
	if _, _, again, _ := l.op.Counts(); again != 2 {
		t.Errorf("told the operator %d times to come again", again)
	}
}

// After a restart the numbers of parts are forgotten; the receipt of the last part is
// that of the message.
func TestAReceiptAfterARestartIsTakenByItsNumber(t *testing.T) {
	op := &sink.SMSC{Delay: 300 * time.Millisecond}
	l := open(t, op)
	sent, err := l.Send(t.Context(), news(strings.Repeat("ө", 100)))
	if err != nil {
		t.Fatal(err)
	}
	l.Sender.Close()
	got := make(chan notice.Receipt, 10)
	next, err := smpp.New(smpp.Config{URL: "smpp://portal@" + op.Addr(), Password: "secret", From: "1414",
		Receipt: func(_ context.Context, r notice.Receipt) error { got <- r; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	for range 2 {
		select {
		case r := <-got:
			if r.Ref == sent.Ref && r.Delivered {
				return
			}
		case <-time.After(5 * time.Second):
			t.Fatal("no receipt came")
		}
	}
	t.Error("none of the receipts is the message's")
}

// Two processes bind as one, and the operator brings a receipt to any of them. Whichever way
// the receipts of the parts come, each message is told of once, and none is waited for.
func TestReceiptsThatAnotherProcessGetsCloseAMessage(t *testing.T) {
	op := &sink.SMSC{Delay: 5 * time.Millisecond}
	open(t, op).Sender.Close()
	var mu sync.Mutex
	told, elsewhere := map[string]int{}, 0
	keep := func(_ context.Context, r notice.Receipt) error {
		mu.Lock()
		defer mu.Unlock()
		told[r.Ref]++
		if r.Elsewhere {
			elsewhere++
		}
		return nil
	}
	both := make([]*smpp.Sender, 2)
	for i := range both {
		var err error
		both[i], err = smpp.New(smpp.Config{URL: "smpp://portal@" + op.Addr(), Password: "secret", From: "Zharia", Parts: 300 * time.Millisecond, Receipt: keep})
		if err != nil {
			t.Fatal(err)
		}
		defer both[i].Close()
	}
	var refs []string
	for i := range 40 {
		sent, err := both[i%2].Send(t.Context(), news(strings.Repeat("ә", 100)))
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, sent.Ref)
	}
	whole := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, ref := range refs {
			if told[ref] > 0 {
				n++
			}
		}
		return n
	}
	for end := time.Now().Add(5 * time.Second); whole() < len(refs) && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	time.Sleep(2 * 300 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	for _, ref := range refs {
		if told[ref] != 1 {
			t.Errorf("of %s the portal is told %d times", ref, told[ref])
		}
	}
	if elsewhere == 0 {
		t.Error("no receipt came to the other process: this proves nothing")
	}
}

// What waits for the other parts when the process ends is kept before it has.
func TestAReceiptThatWaitsForOthersIsKeptAtTheEnd(t *testing.T) {
	op := &sink.SMSC{Delay: 5 * time.Millisecond, Answer: func(n int, _ string) sink.Fault {
		return map[int]sink.Fault{1: sink.Mute}[n]
	}}
	l := open(t, op)
	sent, err := l.Send(t.Context(), news(strings.Repeat("ә", 100)))
	if err != nil {
		t.Fatal(err)
	}
	l.quiet(t, 200*time.Millisecond)
	l.Sender.Close()
	if r := l.receipt(t); r.Ref != sent.Ref || !r.Delivered {
		t.Errorf("%+v", r)
	}
}

func TestALineThatBreaksIsBoundAgainAndOneBindIsKept(t *testing.T) {
	op := &sink.SMSC{}
	l := open(t, op, func(c *smpp.Config) { c.Beat = 50 * time.Millisecond })
	for i := range 3 {
		l.again(t, news(fmt.Sprint("жаңалық ", i)))
		op.Drop()
	}
	l.again(t, news("жаңалық"))
	time.Sleep(200 * time.Millisecond)
	binds, beats, _, lines := op.Counts()
	if lines != 1 || binds != 4 || beats < 2 {
		t.Errorf("%d lines, %d binds, %d beats", lines, binds, beats)
	}
}

// An operator whose machine hangs says nothing and breaks nothing.
func TestALineOnWhichNothingAnswersIsGivenUp(t *testing.T) {
	op := &sink.SMSC{Deaf: true}
	l := open(t, op, func(c *smpp.Config) { c.Beat, c.Answer = 50*time.Millisecond, 100*time.Millisecond })
	if _, err := l.Send(t.Context(), news("жаңалық")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if binds, _, _, _ := op.Counts(); binds >= 3 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the line was kept")
		}
	}
}

func TestNoLineNoPasswordAndNoSenseAreTheLines(t *testing.T) {
	op := &sink.SMSC{Password: "other"}
	l := open(t, op, func(c *smpp.Config) { c.Answer = 200 * time.Millisecond })
	if _, err := l.Send(t.Context(), news("жаңалық")); err == nil || errors.Is(err, notice.ErrRefused) {
		t.Errorf("a wrong password: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for i := 0; ; i++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			// A length of four gigabytes; a bind that is answered with a command nobody knows.
			conn.Write([][]byte{[]byte(strings.Repeat("\xff", 64)), {0, 0, 0, 16, 0x80, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1}}[i%2])
			conn.Read(make([]byte, 100))
			conn.Close()
		}
	}()
	defer listener.Close()
	mad, err := smpp.New(smpp.Config{URL: "smpp://portal@" + listener.Addr().String(), From: "Zharia", Answer: 300 * time.Millisecond, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer mad.Close()
	if _, err := mad.Send(t.Context(), news("жаңалық")); err == nil || errors.Is(err, notice.ErrRefused) {
		t.Errorf("nonsense: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Send(ctx, news("жаңалық")); err == nil || errors.Is(err, notice.ErrRefused) {
		t.Errorf("nobody waits: %v", err)
	}
}

func TestManyAtOnceKeepToTheWindowAndAllArrive(t *testing.T) {
	op := &sink.SMSC{}
	var now, most atomic.Int64
	op.Answer = func(int, string) sink.Fault {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(2 * time.Millisecond)
		now.Add(-1)
		return sink.Well
	}
	l := open(t, op, func(c *smpp.Config) { c.Window, c.Answer = 4, 10*time.Second })
	var all sync.WaitGroup
	refs := sync.Map{}
	for i := range 60 {
		all.Go(func() {
			m := news(fmt.Sprintf("жаңалық %d %s", i, strings.Repeat("ә", i)))
			m.To = fmt.Sprintf("+77010000%03d", i)
			sent, err := l.Send(t.Context(), m)
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
			if _, twice := refs.LoadOrStore(sent.Ref, i); twice {
				t.Errorf("the number %q twice", sent.Ref)
			}
		})
	}
	all.Wait()
	for range 60 {
		if r := l.receipt(t); !r.Delivered {
			t.Errorf("%+v", r)
		} else if _, ours := refs.LoadAndDelete(r.Ref); !ours {
			t.Errorf("a receipt of nothing: %+v", r)
		}
	}
	if n := len(op.Shelf.Taken()); n != 60 {
		t.Errorf("%d messages came", n)
	}
}

func TestSettingsOfSMPPThatCannotBeAreRefused(t *testing.T) {
	for what, c := range map[string]smpp.Config{
		"no address":                    {From: "Zharia"},
		"no system id":                  {URL: "smpp://127.0.0.1:2775", From: "Zharia"},
		"a password in the address":     {URL: "smpp://portal:hidden@127.0.0.1", From: "Zharia"},
		"in clear over others' network": {URL: "smpp://portal@smsc.example:2775", From: "Zharia"},
		"another scheme":                {URL: "http://portal@127.0.0.1", From: "Zharia"},
		"a password of nine":            {URL: "smpp://portal@127.0.0.1", Password: "123456789", From: "Zharia"},
		"no sender":                     {URL: "smpp://portal@127.0.0.1"},
		"a sender in Kazakh":            {URL: "smpp://portal@127.0.0.1", From: "Жария"},
		"a sender of twelve letters":    {URL: "smpp://portal@127.0.0.1", From: "ZhariaZharia"},
	} {
		s, err := smpp.New(c)
		if err == nil {
			s.Close()
			t.Errorf("%s is taken", what)
		} else if strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestNothingRunsOnWhenTheSenderIsClosed(t *testing.T) {
	before := runtime.NumGoroutine()
	op := &sink.SMSC{}
	l := open(t, op)
	for range 5 {
		if _, err := l.Send(t.Context(), news(strings.Repeat("і", 150))); err != nil {
			t.Fatal(err)
		}
	}
	op.Drop()
	l.again(t, news("жаңалық"))
	l.Sender.Close()
	if _, err := l.Send(t.Context(), news("жаңалық")); err == nil {
		t.Error("a closed sender sends")
	}
	op.Close()
	for end := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines, before there were %d\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}
