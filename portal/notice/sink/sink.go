// Package sink takes what the portal sends, and sends it nowhere: a mail server and an
// operator of SMS on this machine, for the demonstration and for tests, which have them
// fail as real ones do.
package sink

import (
	"slices"
	"sync"
	"time"

	"zharia/portal/notice"
)

// Taken is one message that came.
type Taken struct {
	Channel notice.Channel
	To      string
	Subject string // of mail
	Text    string
	At      time.Time

	Header map[string][]string // of mail
	Ref    string              // of SMS: the number that its receipt names
	Parts  int                 // of SMS
	From   string
}

// Shelf keeps the newest messages that came, over all channels.
type Shelf struct {
	mu    sync.Mutex
	taken []Taken
	came  chan struct{}
}

// room is how many are kept.
const room = 500

func (s *Shelf) put(t Taken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.At = time.Now().UTC()
	s.taken = append(s.taken, t)
	if len(s.taken) > room {
		s.taken = slices.Delete(s.taken, 0, len(s.taken)-room)
	}
	if s.came != nil {
		close(s.came)
		s.came = nil
	}
}

// Taken lists what came, newest first.
func (s *Shelf) Taken() []Taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.taken)
	slices.Reverse(out)
	return out
}

// Wait waits until n messages or more are there, or so long, and lists them, newest first.
func (s *Shelf) Wait(n int, atMost time.Duration) []Taken {
	end := time.After(atMost)
	for {
		s.mu.Lock()
		if len(s.taken) >= n {
			s.mu.Unlock()
			return s.Taken()
		}
		if s.came == nil {
			s.came = make(chan struct{})
		}
		came := s.came
		s.mu.Unlock()
		select {
		case <-came:
		case <-end:
			return s.Taken()
		}
	}
}
