package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"zharia/portal/cast"
	"zharia/portal/eds/key"
)

// filerWords are those who file, each in the case that his list names first and that takes
// petitions; official is who answers them, and is told of each.
var filerWords = []string{"aigul", "saule", "timur"}

const official = "daniyar"

// filer is somebody who has come in and may file a petition.
type filer struct {
	*forger
	word        string
	key         *key.Key
	of          string // the case
	participant string
}

// filing is a petition that is written and signed, and not yet sent.
type filing struct {
	id   uuid.UUID
	from *filer
	form url.Values
}

var (
	caseLink    = regexp.MustCompile(`/kk/cases/([0-9a-f-]{36})"`)
	participant = regexp.MustCompile(`name="participant"[^>]*value="([0-9a-f-]{36})"`)
	filedNumber = regexp.MustCompile(`class="number"`)
)

// comesIn has people of the demonstration sign in, by the words of the cast.
func comesIn(ctx context.Context, p *floodedPortal, words ...string) ([]*filer, error) {
	troupe, err := cast.Keys(filepath.Join(p.state(), "cast"), time.Now())
	if err != nil {
		return nil, err
	}
	var keys []*key.Key
	for _, word := range words {
		if troupe.Members[word] == nil {
			return nil, fmt.Errorf("nobody in the cast is called %q", word)
		}
		keys = append(keys, troupe.Members[word].Key)
	}
	c := newCrowd(p.url, keys)
	var out []*filer
	for i, word := range words {
		who, _, err := c.letIn(ctx, i, time.Now())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", word, err)
		}
		who.browser.Timeout = answerPatience
		out = append(out, &filer{forger: who, word: word, key: keys[i]})
	}
	return out, nil
}

// answerPatience is how long a person waits for what he signed: far longer than for a page.
const answerPatience = time.Minute

// findCase looks where he may file a petition.
func (f *filer) findCase(ctx context.Context) error {
	_, page, err := f.ask(ctx, http.MethodGet, "/kk/cases", nil)
	if err != nil {
		return err
	}
	for _, link := range caseLink.FindAllStringSubmatch(page, -1) {
		status, page, err := f.ask(ctx, http.MethodGet, "/kk/cases/"+link[1]+"/filings/new?kind=petition", nil)
		if err != nil {
			return err
		}
		if as := participant.FindStringSubmatch(page); status == http.StatusOK && as != nil {
			f.of, f.participant = link[1], as[1]
			return nil
		}
	}
	return fmt.Errorf("%s may file in no case", f.word)
}

// prepare writes a petition, opens its paper and signs it.
func (f *filer) prepare(ctx context.Context, n int) (filing, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return filing{}, err
	}
	status, _, err := f.ask(ctx, http.MethodPost, "/kk/cases/"+f.of+"/filings", url.Values{
		"id": {id.String()}, "kind": {"petition"}, "participant": {f.participant},
		"circumstances": {"A measurement writes petitions, and this is number " + strconv.Itoa(n) + " of them."},
		"point-1":       {"To keep number " + strconv.Itoa(n) + " with the others."},
	})
	if err != nil || status != http.StatusSeeOther {
		return filing{}, fmt.Errorf("the draft of a petition: status %d, %w", status, err)
	}
	status, paper, err := f.ask(ctx, http.MethodGet, "/kk/filings/"+id.String()+"/document", nil)
	if err != nil || status != http.StatusOK || !strings.HasPrefix(paper, "%PDF") {
		return filing{}, fmt.Errorf("the paper of a petition: status %d, %w", status, err)
	}
	cms, err := f.key.SignCMS([]byte(paper), false, time.Now())
	if err != nil {
		return filing{}, err
	}
	digest := sha256.Sum256([]byte(paper))
	return filing{id, f, url.Values{"digest": {hex.EncodeToString(digest[:])}, "signature": {base64.StdEncoding.EncodeToString(cms)}}}, nil
}

// send files it.
func (f filing) send(ctx context.Context) error {
	status, page, err := f.from.ask(ctx, http.MethodPost, "/kk/filings/"+f.id.String()+"/submission", f.form)
	if err != nil {
		return err
	}
	if status != http.StatusSeeOther {
		_, said, _ := strings.Cut(page, "<h2>")
		return fmt.Errorf("status %d, %.200s", status, said)
	}
	return nil
}

// kept tells that the portal has it, with a number.
func (f filing) kept(ctx context.Context) error {
	status, page, err := f.from.ask(ctx, http.MethodGet, "/kk/filings/"+f.id.String(), nil)
	if err == nil && (status != http.StatusOK || !filedNumber.MatchString(page)) {
		err = fmt.Errorf("%w: a petition is lost: status %d", errWrong, status)
	}
	return err
}

// prepareFilings writes n petitions, by turns.
func prepareFilings(ctx context.Context, filers []*filer, n int) ([]filing, error) {
	out := make([]filing, n)
	failed := make([]error, len(filers))
	var all sync.WaitGroup
	for i, f := range filers {
		all.Go(func() {
			if failed[i] = f.findCase(ctx); failed[i] != nil {
				return
			}
			for at := i; at < n && failed[i] == nil; at += len(filers) {
				out[at], failed[i] = f.prepare(ctx, at)
			}
		})
	}
	all.Wait()
	return out, errors.Join(failed...)
}

// sendAll sends them at a steady rhythm that does not wait for the answers. The health has
// how long each answer took from when it was due, and the first refusal.
func sendAll(ctx context.Context, all []filing, every time.Duration) (h health, refused int) {
	var mu sync.Mutex
	var sent sync.WaitGroup
	n := 0
	for due := range beats(ctx, every, every*time.Duration(len(all))) {
		f := all[n]
		n++
		sent.Go(func() {
			err := f.send(ctx)
			took := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refused++
				h.failed = err
				return
			}
			h.took = append(h.took, took)
		})
	}
	sent.Wait()
	slices.Sort(h.took)
	return h, refused
}
