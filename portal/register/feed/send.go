package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
)

// How sending goes.
const (
	sendTime  = 20 * time.Second // one sending, at most
	leaseTime = 2 * time.Minute  // longer than one sending: whoever has it in hand then is dead
	most      = time.Hour        // between two tries, at most
	refusals  = 8                // of one event, until it is set aside: half an hour
	stumbles  = 32               // of one event while others are taken, until then: a day
	hands     = 8                // sendings at once, in one process
	maxAnswer = 4 << 10          // of an answer is read

	alarmAfter = 5 * time.Minute // of failing without a break
)

// Worker reads the record and sends what the subscribers are to know. It is the portal's
// own hand (database.Work); several, in several processes, share the work. Fields left
// zero take the defaults named beside them.
type Worker struct {
	DB     *database.DB
	Key    Key    // zero: events are made and lie to be fetched, and none is sent
	Origin string // what the portal calls itself: events say whose they are

	Client *http.Client     // one that follows no redirects
	Poll   time.Duration    // how often it looks: 1 s
	Clock  func() time.Time // time.Now
	Log    *slog.Logger     // slog.Default()
}

func (w *Worker) now() time.Time {
	clock := w.Clock
	if clock == nil {
		clock = time.Now
	}
	return clock().UTC().Truncate(time.Microsecond)
}

// client is what events are sent with: to the very address, on few connections.
var client = &http.Client{
	Timeout:       sendTime,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxConnsPerHost: hands, MaxIdleConnsPerHost: hands, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: sendTime},
}

// Run works until ctx ends.
func (w *Worker) Run(ctx context.Context) {
	poll, log := w.Poll, w.Log
	if poll == 0 {
		poll = time.Second
	}
	if log == nil {
		log = slog.Default()
	}
	repeat := func(what string, do func(context.Context) (int, error)) {
		var since time.Time // it has failed
		alarmed := false
		for ctx.Err() == nil {
			n, err := do(ctx)
			switch {
			case err == nil:
				since, alarmed = time.Time{}, false
			case ctx.Err() != nil:
			case since.IsZero():
				since = w.now()
				log.ErrorContext(ctx, what, "error", err)
			case !alarmed && w.now().Sub(since) >= alarmAfter:
				alarmed = true
				log.ErrorContext(ctx, "alarm: the exchange with the register fails for five minutes", "what", what, "error", err)
			}
			if n > 0 && err == nil {
				continue
			}
			select {
			case <-ctx.Done():
			case <-time.After(poll):
			}
		}
	}
	var all sync.WaitGroup
	all.Go(func() {
		repeat("tell the register of acts", func(ctx context.Context) (int, error) { return Tell(ctx, w.DB, w.now()) })
	})
	if !w.Key.IsZero() {
		all.Go(func() { repeat("send events to the register", w.Send) })
	}
	all.Wait()
}

// An event goes when it is due, nobody has it in hand, its subscriber was not silent just
// now, and all before it in its line were taken.
const (
	claimSendings = `
UPDATE sending n
   SET tries = tries + 1, leased_until = $2
  FROM (SELECT s.subscriber, s.seq, s.leased_until
          FROM sending s
          JOIN subscriber b ON b.id = s.subscriber
         WHERE b.url <> '' AND s.state = 'waiting' AND s.run_at <= $1 AND (s.leased_until IS NULL OR s.leased_until <= $1) AND b.run_at <= $1
           AND NOT EXISTS (SELECT FROM sending e
                            WHERE e.subscriber = s.subscriber AND e.line = s.line AND e.seq < s.seq AND e.state <> 'taken')
         ORDER BY s.run_at, s.seq
         LIMIT $3
           FOR UPDATE OF s SKIP LOCKED) due
  JOIN subscriber b ON b.id = due.subscriber
  JOIN event e ON e.seq = due.seq
 WHERE n.subscriber = due.subscriber AND n.seq = due.seq
RETURNING n.subscriber, n.seq, n.tries, n.refused, due.leased_until AS tried_at, b.name, b.url, b.silent, e.body`

	// Ours still? After a lease ran out another process may have it, which shows in tries.
	setTaken = `
UPDATE sending SET state = 'taken', failure = '', settled_at = $4, leased_until = NULL
 WHERE subscriber = $1 AND seq = $2 AND tries = $3 AND state = 'waiting'`

	setHeard = `UPDATE subscriber SET silent = 0, heard_at = $2, run_at = least(run_at, $2) WHERE id = $1`

	// What failed with all others goes as soon as one is taken.
	wakeOthers = `UPDATE sending SET run_at = $2 WHERE subscriber = $1 AND state = 'waiting' AND refused = 0 AND run_at > $2`

	selectHeard = `SELECT heard_at FROM subscriber WHERE id = $1`

	setLater = `
UPDATE sending SET failure = $4, refused = $5, run_at = $6, leased_until = $7
 WHERE subscriber = $1 AND seq = $2 AND tries = $3 AND state = 'waiting'`

	setAside = `
UPDATE sending SET state = 'aside', failure = $4, refused = $5, settled_at = $6, leased_until = NULL
 WHERE subscriber = $1 AND seq = $2 AND tries = $3 AND state = 'waiting'`

	// Of several that met the same silence one counts. While only one line met it, the others
	// are not kept waiting: it may be the event that breaks whoever reads it.
	setSilent = `
UPDATE subscriber b
   SET silent = silent + 1,
       run_at = CASE WHEN EXISTS (SELECT FROM sending s WHERE s.subscriber = b.id AND s.seq <> $4 AND s.state = 'waiting' AND s.tries > 0 AND s.refused = 0)
                     THEN $3 ELSE run_at END
 WHERE id = $1 AND run_at <= $2`
)

// parcel is a sending in hand.
type parcel struct {
	Subscriber uuid.UUID  `db:"subscriber"`
	Seq        int64      `db:"seq"`
	Tries      int        `db:"tries"`
	Refused    int        `db:"refused"`
	Tried      *time.Time `db:"tried_at"` // when the try before ended; nil: there was none
	Name       string     `db:"name"`
	URL        string     `db:"url"`
	Silent     int        `db:"silent"`
	Body       string     `db:"body"`

	failed error // nil: it was taken
}

// Send sends what is due, a handful, and answers how many of them were taken: while some
// are, there may be more.
func (w *Worker) Send(ctx context.Context) (int, error) {
	at := w.now()
	var due []parcel
	if err := w.DB.Select(ctx, &due, claimSendings, at, at.Add(leaseTime), hands); err != nil {
		return 0, fmt.Errorf("claim sendings: %w", err)
	}
	if len(due) == 0 {
		return 0, nil
	}
	life, err := ReadLife(ctx, w.DB)
	if err != nil {
		return 0, err
	}
	var all sync.WaitGroup
	for i := range due {
		all.Go(func() { due[i].failed = w.post(ctx, due[i], life) })
	}
	all.Wait()
	// What was sent is written down even when the process is told to end meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	taken := 0
	var errs error
	for _, good := range []bool{true, false} { // what was taken shows that the rest failed by itself
		for _, p := range due {
			if (p.failed == nil) != good {
				continue
			}
			if good {
				taken++
			}
			errs = errors.Join(errs, w.settle(ctx, p, at))
		}
	}
	return taken, errs
}

// What came of a sending that was not taken.
var (
	errSilent  = errors.New("no answer")            // of the whole address, or to this event
	errRefused = errors.New("the event is refused") // it will be the same next time
)

// post sends an event once. Taken is only what the other side says by its id that it took:
// a page of some front with 200 on it is no receipt.
func (w *Worker) post(ctx context.Context, p parcel, life Life) error {
	e, err := Parse([]byte(p.Body))
	if err != nil {
		return err
	}
	sent, err := Addressed(p.Body, w.Origin, p.Name, life)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	w.Key.Sign(r.Header, e.ID.String(), sent, w.now())
	by := w.Client
	if by == nil {
		by = client
	}
	answer, err := by.Do(r)
	if err != nil {
		return errSilent
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return errSilent
	}
	var said struct {
		Taken uuid.UUID `json:"taken"`
	}
	switch status := answer.StatusCode; {
	case status >= 200 && status <= 299:
		if json.Unmarshal(body, &said) != nil || said.Taken != e.ID {
			return errors.New("an answer that is none")
		}
		return nil
	case ofTheEvent[status]:
		return fmt.Errorf("%w: HTTP %d", errRefused, status)
	default:
		return fmt.Errorf("HTTP %d", status)
	}
}

// ofTheEvent are the answers that say that this very event is not wanted. All others may
// be those of a server that is being mended: while it takes nothing at all they are the end
// of nothing.
var ofTheEvent = map[int]bool{
	http.StatusBadRequest: true, http.StatusConflict: true, http.StatusRequestEntityTooLarge: true,
	http.StatusUnsupportedMediaType: true, http.StatusUnprocessableEntity: true,
}

// settle writes down what came of it.
func (w *Worker) settle(ctx context.Context, p parcel, claimed time.Time) error {
	at := w.now()
	return w.DB.Within(ctx, func(tx *database.DB) error {
		if p.failed == nil {
			return errors.Join(tx.Exec(ctx, setTaken, p.Subscriber, p.Seq, p.Tries, at), tx.Exec(ctx, setHeard, p.Subscriber, at),
				tx.Exec(ctx, wakeOthers, p.Subscriber, at))
		}
		var heard *time.Time
		if err := tx.Get(ctx, &heard, selectHeard, p.Subscriber); err != nil {
			return err
		}
		refused, wait, limit := p.Refused, pause(p.Tries-1), 0
		switch {
		case errors.Is(p.failed, errRefused):
			limit = refusals
		case p.alone(heard, claimed):
			limit = stumbles
		}
		if limit > 0 {
			refused++
			wait = pause(refused + 3) // long enough for a server that is being restarted
		}
		if limit > 0 && refused >= limit {
			return tx.Exec(ctx, setAside, p.Subscriber, p.Seq, p.Tries, p.failed.Error(), refused, at)
		}
		if err := tx.Exec(ctx, setLater, p.Subscriber, p.Seq, p.Tries, p.failed.Error(), refused, at.Add(wait), at); err != nil || refused > 0 || !errors.Is(p.failed, errSilent) {
			return err
		}
		return tx.Exec(ctx, setSilent, p.Subscriber, claimed, at.Add(pause(p.Silent)), p.Seq)
	})
}

// alone tells that others were taken since the event was tried before, or beside it: then it
// is not the register that is down.
func (p parcel) alone(heard *time.Time, claimed time.Time) bool {
	if heard == nil {
		return false
	}
	return !heard.Before(claimed) || p.Tried != nil && heard.After(*p.Tried)
}

// pause is how long is waited after n failures before: 1 s, 2 s, 4 s, … an hour.
func pause(n int) time.Duration {
	if n > 11 {
		return most
	}
	return min(time.Second<<max(n, 0), most)
}
