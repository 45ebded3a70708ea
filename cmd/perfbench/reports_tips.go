package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"html"
	"maps"
	"math/bits"
	"mime/multipart"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"zharia/portal/tip"
)

// What the portal may answer to an anonymous report. Everything else is wrong.
const (
	answerTaken = "taken, its code is shown"
	answerRetry = "told to come again, with all that was typed"
)

// maxPosts is how many reports wait for an answer at once, at the most.
const maxPosts = 1000

// tipText is what everybody reports. Its words are looked for on the page that tells to
// come again.
const tipText = "Several people unload boxes without marks at the warehouse by the river every night."

// slow is how many tickets nobody solves a puzzle for, at the most; they take turns.
const slow = 200

// reporters send anonymous reports; each has a ticket, half of them a solved puzzle.
type reporters struct {
	url     string
	body    string // that receives
	browser *http.Client
	solved  chan ticket
	unpaid  chan ticket
}

// ticket is what a form of the anonymous lane carries.
type ticket struct {
	tip.Ticket
	work string // "" where nothing was solved
}

var (
	ticketField = regexp.MustCompile(`name="ticket" value="([^"]+)"`)
	bodyChoice  = regexp.MustCompile(`<option value="([0-9a-f-]{36})"`)
	codeField   = regexp.MustCompile(`name="code" value="([0-9]{20})"`)
)

// newReporters opens the form for some who solve its puzzle, and for some who do not.
func newReporters(ctx context.Context, site string, solved, unpaid int) (*reporters, error) {
	r := &reporters{
		url: site, solved: make(chan ticket, solved), unpaid: make(chan ticket, unpaid),
		browser: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: maxPosts}, Timeout: patience},
	}
	todo := make(chan struct{}, solved+unpaid)
	for range cap(todo) {
		todo <- struct{}{}
	}
	close(todo)
	failed := make(chan error, 1)
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for range todo {
				if err := r.prepare(ctx); err != nil {
					select {
					case failed <- err:
					default:
					}
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
	}
	_, page, err := r.ask(ctx, http.MethodGet, "/kk/tip/new", nil, "")
	choice := bodyChoice.FindStringSubmatch(page)
	if err != nil || choice == nil {
		return nil, errors.Join(errors.New("the form offers nobody who receives"), err)
	}
	r.body = choice[1]
	return r, nil
}

// prepare opens the form once. Once there are enough without, puzzles are solved.
func (r *reporters) prepare(ctx context.Context) error {
	status, page, err := r.ask(ctx, http.MethodGet, "/kk/tip/new", nil, "")
	field := ticketField.FindStringSubmatch(page)
	if err != nil || status != http.StatusOK || field == nil {
		return errors.Join(fmt.Errorf("the form of the anonymous lane: status %d", status), err)
	}
	t := ticket{Ticket: tip.Ticket(html.UnescapeString(field[1]))}
	select {
	case r.unpaid <- t:
		return nil
	default:
	}
	if t.work = solve(t.Ticket); !t.Solved(t.work) {
		return fmt.Errorf("the puzzle of %s is not solved by %q", t.Ticket, t.work)
	}
	r.solved <- t
	return nil
}

// solve is what the script of the page does.
func solve(t tip.Ticket) string {
	text := append([]byte(t), ':')
	for n := uint64(0); ; n++ {
		sum := sha256.Sum256(strconv.AppendUint(text, n, 10))
		if bits.LeadingZeros32(binary.BigEndian.Uint32(sum[:])) >= tip.Bits {
			return strconv.FormatUint(n, 10)
		}
	}
}

// outcome is how the portal answered the reports.
type outcome struct {
	answers map[string]int
	held    int // reports that were not sent: too many waited for an answer
	taken   health
	retries health // from when the report was due
	line    health // of the same pages: from when it was sent
	codes   []string
}

func (o outcome) sent() (n int) {
	for _, count := range o.answers {
		n += count
	}
	return n
}

// wrong is an answer that an anonymous report must not have.
func (o outcome) wrong() error {
	for answer := range o.answers {
		if answer != answerTaken && answer != answerRetry && answer != answerNone {
			return fmt.Errorf("%w to an anonymous report: %s", errWrong, answer)
		}
	}
	if o.answers[answerTaken] == 0 {
		return fmt.Errorf("%w: no anonymous report was taken", errWrong)
	}
	return nil
}

// list is how often each answer came.
func (o outcome) list() (lines []string) {
	for _, answer := range slices.Sorted(maps.Keys(o.answers)) {
		lines = append(lines, fmt.Sprintf("  %6d  %s", o.answers[answer], answer))
	}
	return lines
}

// flood sends reports at a rate that does not wait for the answers, with a solved puzzle
// and without one in turn.
func (r *reporters) flood(ctx context.Context, rate int, length time.Duration) outcome {
	o := outcome{answers: map[string]int{}}
	room := make(chan struct{}, maxPosts)
	var mu sync.Mutex
	var posts sync.WaitGroup
	n := 0
	for due := range beats(ctx, time.Second/time.Duration(rate), length) {
		from := r.solved
		if n++; n%2 == 0 {
			from = r.unpaid
		}
		select {
		case room <- struct{}{}:
		default:
			o.held++
			continue
		}
		var t ticket
		select {
		case t = <-from:
		default: // all tickets of this sort wait for an answer
			<-room
			o.held++
			continue
		}
		posts.Go(func() {
			start := time.Now()
			answer, code := r.post(ctx, t)
			took, line := time.Since(due), time.Since(start)
			if answer != answerTaken {
				from <- t // the form is still open
			}
			<-room
			mu.Lock()
			defer mu.Unlock()
			o.answers[answer]++
			switch answer {
			case answerTaken:
				o.taken.took = append(o.taken.took, took)
				o.codes = append(o.codes, code)
			case answerRetry:
				o.retries.took = append(o.retries.took, took)
				o.line.took = append(o.line.took, line)
			}
		})
	}
	posts.Wait()
	slices.Sort(o.taken.took)
	slices.Sort(o.retries.took)
	slices.Sort(o.line.took)
	return o
}

// post sends one report as the page sends it, and names the answer.
func (r *reporters) post(ctx context.Context, t ticket) (answer, code string) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{{"ticket", string(t.Ticket)}, {"work", t.work}, {"body", r.body}, {"text", tipText}, {"when", ""}, {"where", ""}} {
		form.WriteField(field[0], field[1]) // a buffer takes everything
	}
	form.Close()
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/kk/tip", &body)
	if err != nil {
		return err.Error(), ""
	}
	ask.Header.Set("Content-Type", form.FormDataContentType())
	status, page, err := fetch(r.browser, ask)
	if err != nil {
		return answerNone, ""
	}
	return named(status, page)
}

// named is the name of an answer to a report, and the code it shows.
func named(status int, page string) (answer, code string) {
	switch found := codeField.FindStringSubmatch(page); {
	case status == http.StatusOK && found != nil:
		return answerTaken, found[1]
	case status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable:
		return fmt.Sprintf("status %d", status), ""
	case !ticketField.MatchString(page) || !strings.Contains(page, tipText):
		return fmt.Sprintf("status %d without what was typed", status), ""
	}
	return answerRetry, ""
}

func (r *reporters) ask(ctx context.Context, method, path string, body *bytes.Buffer, kind string) (status int, page string, err error) {
	if body == nil {
		body = &bytes.Buffer{}
	}
	ask, err := http.NewRequestWithContext(ctx, method, r.url+path, body)
	if err != nil {
		return 0, "", err
	}
	if kind != "" {
		ask.Header.Set("Content-Type", kind)
	}
	return fetch(r.browser, ask)
}

// someCodes is how many of the codes are tried: reading is bounded as well.
const someCodes = 20

// open reads what was reported by some of the codes, and tells the first that does not
// open it.
func (r *reporters) open(ctx context.Context, codes []string) error {
	for i := range min(someCodes, len(codes)) {
		code := codes[i*len(codes)/min(someCodes, len(codes))]
		if err := r.openOne(ctx, code); err != nil {
			return err
		}
	}
	return nil
}

func (r *reporters) openOne(ctx context.Context, code string) error {
	_, page, err := r.ask(ctx, http.MethodGet, "/kk/tip/read", nil, "")
	field := ticketField.FindStringSubmatch(page)
	if err != nil || field == nil {
		return errors.Join(errors.New("the page that asks for a code"), err)
	}
	t := tip.Ticket(html.UnescapeString(field[1]))
	form := "ticket=" + string(t) + "&work=" + solve(t) + "&code=" + code
	for range 10 {
		status, page, err := r.ask(ctx, http.MethodPost, "/kk/tip/read", bytes.NewBufferString(form), "application/x-www-form-urlencoded")
		if err != nil {
			return err
		}
		if status == http.StatusTooManyRequests { // others read as well
			time.Sleep(time.Second)
			continue
		}
		if status != http.StatusOK || !strings.Contains(page, tipText) {
			return fmt.Errorf("%w: a report that was taken does not open by its code: status %d", errWrong, status)
		}
		return nil
	}
	return errors.New("no room to read what was reported")
}
