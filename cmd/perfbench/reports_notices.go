package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/lib/pq"

	"zharia/portal/database"
)

// toldIn is within what time everybody must have been told of what was filed.
const toldIn = 5 * time.Minute

const (
	// Of each filing its notices, and of each notice its sendings.
	selectTold = `
SELECT (SELECT count(*) FROM unnest($1::uuid[]) AS f (id) WHERE NOT EXISTS (SELECT FROM notice WHERE object = 'filing' AND object_id = f.id)) AS untold,
       count(DISTINCT n.id) AS notices,
       count(d.id) FILTER (WHERE d.sent_at IS NOT NULL) AS sent,
       count(d.id) FILTER (WHERE d.state = 'queued') AS queued,
       count(d.id) FILTER (WHERE d.state IN ('failed', 'fallback')) AS failed,
       coalesce(extract(epoch FROM max(n.made_at - n.at)), 0) AS made,
       coalesce(extract(epoch FROM max(d.sent_at - n.at)), 0) AS went
  FROM notice n LEFT JOIN delivery d ON d.notice = n.id
 WHERE n.object = 'filing' AND n.object_id = ANY ($1::uuid[])`

	countTips = `SELECT count(*) FROM tip`
)

// told is how telling of filings went; times in seconds, the longest of all.
type told struct {
	Untold  int     `db:"untold"` // filings of which nobody was told
	Notices int     `db:"notices"`
	Sent    int     `db:"sent"`
	Queued  int     `db:"queued"`
	Failed  int     `db:"failed"`
	Made    float64 `db:"made"` // from the act until the notice was there
	Went    float64 `db:"went"` // until it was sent
}

func (t told) String() string {
	return fmt.Sprintf("%d made, the last %.1f s after its act; %d sent by mail, the last %.1f s after; %d wait, %d failed, %d filings untold",
		t.Notices, t.Made, t.Sent, t.Went, t.Queued, t.Failed, t.Untold)
}

func (t told) wrong() error {
	if t.Untold > 0 || t.Queued > 0 || t.Failed > 0 || t.Sent == 0 {
		return fmt.Errorf("%w: not everybody was told: %s", errWrong, t)
	}
	return nil
}

// database opens the database of the demonstration, beside it.
func (p *floodedPortal) database(ctx context.Context) (*database.DB, error) {
	server, err := database.StartLocal(ctx, database.Local{Dir: filepath.Join(p.state(), "pg")})
	if err != nil {
		return nil, err
	}
	return database.Open(ctx, server.DSN("portal"))
}

// everybodyTold waits until nothing about the filings is left to send, and no longer
// than it may take.
func everybodyTold(ctx context.Context, db *database.DB, all []filing) (t told, err error) {
	ids := make([]string, len(all))
	for i, f := range all {
		ids[i] = f.id.String()
	}
	for end := time.Now().Add(toldIn); ; {
		if err := db.Get(ctx, &t, selectTold, pq.Array(ids)); err != nil {
			return t, err
		}
		if t.Untold == 0 && t.Queued == 0 || time.Now().After(end) {
			return t, nil
		}
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

var (
	contactLink = regexp.MustCompile(`/kk/contacts/[0-9a-f-]{36}$`)
	sixDigits   = regexp.MustCompile(`\b[0-9]{6}\b`)
)

// takesMail has somebody told by mail from now on, at any hour: he types the code that
// came to the sink.
func (f *filer) takesMail(ctx context.Context) error {
	status, _, err := f.ask(ctx, http.MethodPost, "/kk/notices/settings", url.Values{"language": {"kk"}, "channel": {"email"}, "from": {"00:00"}, "to": {"00:00"}})
	if err != nil || status != http.StatusSeeOther {
		return fmt.Errorf("how %s is told: status %d, %w", f.word, status, err)
	}
	address := f.word + "@perfbench.example"
	to, err := f.submit(ctx, "/kk/contacts", url.Values{"channel": {"email"}, "address": {address}})
	if err != nil || !contactLink.MatchString(to) {
		return fmt.Errorf("a mail address of %s: to %q, %w", f.word, to, err)
	}
	for end := time.Now().Add(answerPatience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(200 * time.Millisecond) {
		_, page, err := f.ask(ctx, http.MethodGet, "/demo/sent", nil)
		if err != nil {
			return err
		}
		_, page, here := strings.Cut(page, ">"+address+"<")
		page, _, _ = strings.Cut(page, "</section>")
		if code := sixDigits.FindString(page); here && code != "" {
			_, err := f.submit(ctx, to+"/confirmation", url.Values{"code": {code}})
			return err
		}
	}
	return errors.Join(fmt.Errorf("no code came to %s", address), ctx.Err())
}

// submit posts a form that leads somewhere.
func (f *filer) submit(ctx context.Context, path string, form url.Values) (to string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := f.browser.Do(r)
	if err != nil {
		return "", err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("%s: status %d", path, answer.StatusCode)
	}
	return answer.Header.Get("Location"), nil
}
