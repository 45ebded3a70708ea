package notice

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"zharia/portal/vault"
	"zharia/portal/words"
)

// Worker tells people: it makes notices of the record of acts and sends them. It is the
// portal's own hand (database.Work); several of them, in several processes, share the
// work. Senders are the channels that can be sent over; one that is not in it is offered
// to nobody. Fields left zero take the defaults named beside them.
type Worker struct {
	DB      *vault.DB
	Words   *words.Book
	Origin  string // what people type: https://zharia.example, without a slash
	Senders map[Channel]Sender

	Poll  time.Duration    // how often it looks for acts, and for what is due: 1 s
	Watch time.Duration    // how often it looks whether something is late: 10 s
	Clock func() time.Time // time.Now
	Log   *slog.Logger     // slog.Default()

	mu    sync.Mutex
	said  map[complaint]time.Time // when the log was told of it last
	alarm map[Channel]bool        // it takes nothing, and the log was told
}

// complaint is what is told to the log once a minute and no more.
type complaint struct {
	channel Channel
	refused bool // it is the address's, as the sender says
}

// complain tells the log why nothing goes out. No error of a sender names an address.
func (w *Worker) complain(ctx context.Context, over Channel, err error) {
	of, at := complaint{over, errors.Is(err, ErrRefused)}, w.now()
	w.mu.Lock()
	last, before := w.said[of]
	silent := before && at.Sub(last) < time.Minute
	if !silent {
		if w.said == nil {
			w.said = map[complaint]time.Time{}
		}
		w.said[of] = at
	}
	w.mu.Unlock()
	if !silent {
		w.log().WarnContext(ctx, "a notice did not go out", "channel", over, "refused", of.refused, "error", err)
	}
}

func (w *Worker) now() time.Time {
	clock := w.Clock
	if clock == nil {
		clock = time.Now
	}
	return clock().UTC().Truncate(time.Microsecond)
}

func (w *Worker) log() *slog.Logger {
	if w.Log == nil {
		return slog.Default()
	}
	return w.Log
}

// Run works until ctx ends. Each channel is sent over by itself: one that is dead or slow
// holds up no other.
func (w *Worker) Run(ctx context.Context) {
	poll, watch := w.Poll, w.Watch
	if poll == 0 {
		poll = time.Second
	}
	if watch == 0 {
		watch = 10 * time.Second
	}
	var all sync.WaitGroup
	all.Go(func() { w.repeat(ctx, "tell of acts", poll, w.Fan) })
	for _, channel := range Outward {
		if w.has(channel) {
			all.Go(func() {
				w.repeat(ctx, "send notices", poll, func(ctx context.Context) (int, error) { return w.Send(ctx, channel) })
			})
		}
	}
	all.Go(func() {
		w.repeat(ctx, "look after notices", watch, func(ctx context.Context) (int, error) { return 0, w.Tend(ctx) })
	})
	all.Wait()
}

// repeat does something again at once while there is more of it, else after the pause.
func (w *Worker) repeat(ctx context.Context, what string, pause time.Duration, do func(context.Context) (int, error)) {
	failing := false
	for ctx.Err() == nil {
		n, err := do(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			w.log().ErrorContext(ctx, what, "error", err)
		}
		failing = err != nil
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
