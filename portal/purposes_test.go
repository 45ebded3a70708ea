package portal_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// door is a place where a signature takes effect: the page that offers what is to be
// signed there, who comes, and by what the database shows that he got through.
type door struct {
	act   policy.Act
	page  string
	guest *guest
	actor *portaltest.Actor
	until string // the query whose answer is true once somebody got through
}

// doors are the ten, each with a thing of its own that waits for a signature.
func (f *front) doors() []door {
	draft := func(kind policy.FilingKind) uuid.UUID {
		return f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: kind, Ground: "other"})
	}
	petition, complaint := draft(policy.FilingPetition), draft(policy.FilingComplaintProsecutor)
	withdrawn, answered, ruling := f.Petition(f.Aigul, f.Theft), f.Petition(f.Aigul, f.Theft), f.draftRuling()
	visitor, aigul, daniyar := f.visitor(), f.as(f.Aigul), f.as(f.Daniyar)
	visitor.home = "198.19.0.1:1"
	aigul.post(fmt.Sprintf("/kk/filings/%s/withdrawal/draft", withdrawn), nil).want(f.t, "the draft of a withdrawal", http.StatusSeeOther)
	daniyar.post(fmt.Sprintf("/kk/filings/%s/answer", answered), url.Values{"outcome-1": {"granted"}, "reasons": {portaltest.Reasons}}).
		want(f.t, "the draft of an answer", http.StatusSeeOther)
	waiting, leaving := f.Participant("aigul@fraud"), f.Participant("serik@theft")
	daniyar.post(fmt.Sprintf("/kk/participants/%s/draft", waiting), url.Values{"role": {"victim"}, "basis": {"ruling"}, "since": {"2026-10-20"}}).
		want(f.t, "the draft of a confirmation", http.StatusSeeOther)
	daniyar.post(fmt.Sprintf("/kk/participants/%s/ending", leaving), nil).want(f.t, "the draft of an ending", http.StatusSeeOther)

	agreed, declined, zhanar := f.submitted(), f.submitted(), f.as(f.Zhanar)
	for id, said := range map[uuid.UUID]url.Values{agreed: {"said": {"decision-agree"}}, declined: {"said": {"decision-decline"}, "reasons": {portaltest.Reasons}}} {
		zhanar.post(fmt.Sprintf("/kk/decisions/%s/agreement", id), said).want(f.t, "the draft of the prosecutor's word", http.StatusSeeOther)
	}

	// She has one session already.
	signedIn := fmt.Sprintf(`SELECT count(*) = 2 FROM session WHERE person = '%s'`, f.Aigul.Person)
	is := func(table string, id uuid.UUID, status string) string {
		return fmt.Sprintf(`SELECT status = '%s' FROM %s WHERE id = '%s'`, status, table, id)
	}
	return []door{
		{policy.SessionOpen, "/kk/signin", visitor, f.Aigul, signedIn},
		{policy.FilingSubmit, "/kk/filings/" + petition.String(), aigul, f.Aigul, is("filing", petition, "filed")},
		{policy.FilingSubmit, "/kk/filings/" + complaint.String(), aigul, f.Aigul, is("filing", complaint, "filed")},
		{policy.FilingWithdraw, "/kk/filings/" + withdrawn.String() + "/withdrawal", aigul, f.Aigul, is("filing", withdrawn, "withdrawn")},
		{policy.FilingGrant, "/kk/filings/" + answered.String() + "/answer/check", daniyar, f.Daniyar, is("filing", answered, "granted")},
		{policy.DecisionPublish, "/kk/decisions/" + ruling.String() + "/check", daniyar, f.Daniyar, is("decision", ruling, "published")},
		{policy.DecisionAgree, "/kk/decisions/" + agreed.String() + "/agreement/check", zhanar, f.Zhanar, is("decision", agreed, "published")},
		{policy.DecisionDecline, "/kk/decisions/" + declined.String() + "/agreement/check", zhanar, f.Zhanar, is("decision", declined, "declined")},
		{policy.ParticipantGrant, "/kk/participants/" + waiting.String() + "/check", daniyar, f.Daniyar, is("participant", waiting, "confirmed")},
		{policy.ParticipantEnd, "/kk/participants/" + leaving.String() + "/check", daniyar, f.Daniyar, is("participant", leaving, "ended")},
	}
}

// purposes are what a signature is made for, in the order of the doors.
var purposes = []string{"sign-in", "petition", "complaint", "withdrawal", "answer", "decision", "assent", "dissent", "confirmation", "ending"}

// open shows the door's page, with the form that a signature goes into.
func (d door) open() answer {
	d.guest.t.Helper()
	return d.guest.get(d.page).want(d.guest.t, d.page, http.StatusOK)
}

// offered is what the door's page offers to sign.
func (d door) offered(page answer) []byte {
	d.guest.t.Helper()
	if d.act == policy.SessionOpen {
		return must(decode(page.attribute(d.guest.t, "data-content")))
	}
	paper := d.guest.get(page.attribute(d.guest.t, "data-content-url")).want(d.guest.t, "the paper", http.StatusOK)
	return []byte(paper.body)
}

// bring posts the actor's signature over any content, in the form of the door's own
// page.
func (d door) bring(page answer, content []byte, attached bool) answer {
	d.guest.t.Helper()
	fields := url.Values{"signature": {d.guest.signature(d.actor.Key, content, attached)}}
	hidden := []string{"digest"}
	if d.act == policy.SessionOpen {
		hidden = []string{"challenge", "next", "kept"}
	}
	for _, name := range hidden {
		fields.Set(name, page.hidden(d.guest.t, name))
	}
	return d.guest.post(page.action(d.guest.t), fields)
}

// through are the doors somebody got through, by purpose.
func (f *front) through(doors []door) string {
	f.t.Helper()
	var list []string
	for i, d := range doors {
		var done bool
		if err := f.SQL.GetContext(f.t.Context(), &done, d.until); err != nil {
			f.t.Fatal(err)
		}
		if done {
			list = append(list, purposes[i])
		}
	}
	return strings.Join(list, " ")
}

// traces are what an act by signature leaves, counted.
const traces = `
SELECT (SELECT count(*) FROM document WHERE signed_at IS NOT NULL) AS signed,
       (SELECT count(*) FROM evidence) AS evidence,
       (SELECT count(*) FROM session WHERE person IS NOT NULL) AS sessions,
       (SELECT count(*) FROM record WHERE act IN ('session-open', 'filing-submit', 'filing-withdraw', 'filing-grant', 'decision-publish', 'decision-agree', 'decision-decline', 'participant-confirm', 'participant-end')) AS acts`

// Security/THREATS S07: what was signed for one thing serves for no other. The key
// is always that of the person who may act at the door, so that nothing but the
// content speaks against him; signatures that are refused come first, so that every
// door is still open to them.
func TestASignatureServesThePurposeItWasMadeForAndNoOther(t *testing.T) {
	t.Parallel()
	f := open(t)
	doors := f.doors()
	before, refusal := f.Rows(t, traces), f.Words.In("kk").T("fault.eds.content-differs")
	cells := make([][]string, len(doors))
	for i, from := range doors {
		cells[i] = make([]string, len(doors))
		for j, to := range doors {
			if i == j {
				continue
			}
			cells[i][j] = "refused"
			for _, attached := range []bool{true, false} {
				got := to.bring(to.open(), from.offered(from.open()), attached)
				if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(got.body), refusal) {
					cells[i][j] = fmt.Sprintf("%d %s", got.StatusCode, got.to())
				}
			}
			if after, through := f.Rows(t, traces), f.through(doors); after != before || through != "" {
				t.Fatalf("a signature for %s brought as %s: through %q\n%s", purposes[i], purposes[j], through, after)
			}
		}
	}
	passed := ""
	for i, d := range doors {
		page := d.open()
		got := d.bring(page, d.offered(page), d.act == policy.SessionOpen)
		cells[i][i] = fmt.Sprintf("%d %s", got.StatusCode, got.to())
		passed = strings.TrimSpace(passed + " " + purposes[i])
		if through := f.through(doors); got.StatusCode == http.StatusSeeOther && through == passed {
			cells[i][i] = "takes effect"
		}
	}
	portaltest.WantText(t, "purposes (down) by doors (across)", square(cells), `
		             | sign-in      | petition     | complaint    | withdrawal   | answer       | decision     | assent       | dissent      | confirmation | ending
		sign-in      | takes effect | refused      | refused      | refused      | refused      | refused      | refused      | refused      | refused      | refused
		petition     | refused      | takes effect | refused      | refused      | refused      | refused      | refused      | refused      | refused      | refused
		complaint    | refused      | refused      | takes effect | refused      | refused      | refused      | refused      | refused      | refused      | refused
		withdrawal   | refused      | refused      | refused      | takes effect | refused      | refused      | refused      | refused      | refused      | refused
		answer       | refused      | refused      | refused      | refused      | takes effect | refused      | refused      | refused      | refused      | refused
		decision     | refused      | refused      | refused      | refused      | refused      | takes effect | refused      | refused      | refused      | refused
		assent       | refused      | refused      | refused      | refused      | refused      | refused      | takes effect | refused      | refused      | refused
		dissent      | refused      | refused      | refused      | refused      | refused      | refused      | refused      | takes effect | refused      | refused
		confirmation | refused      | refused      | refused      | refused      | refused      | refused      | refused      | refused      | takes effect | refused
		ending       | refused      | refused      | refused      | refused      | refused      | refused      | refused      | refused      | refused      | takes effect`)
	f.Want(t, `SELECT who, act, object FROM (SELECT * FROM record WHERE act IN ('session-open', 'filing-submit', 'filing-withdraw', 'filing-grant', 'decision-publish', 'decision-agree', 'decision-decline', 'participant-confirm', 'participant-end') ORDER BY seq DESC LIMIT 10) AS last ORDER BY seq`, `
		who     | act                 | object
		aigul   | session-open        | person
		aigul   | filing-submit       | filing
		aigul   | filing-submit       | filing
		aigul   | filing-withdraw     | filing
		daniyar | filing-grant        | filing
		daniyar | decision-publish    | decision
		zhanar  | decision-agree      | decision
		zhanar  | decision-decline    | decision
		daniyar | participant-confirm | participant
		daniyar | participant-end     | participant`)
	f.Sound()
}

// square is every cell with its row and its column.
func square(cells [][]string) string {
	lines := []string{" | " + strings.Join(purposes, " | ")}
	for i, row := range cells {
		lines = append(lines, purposes[i]+" | "+strings.Join(row, " | "))
	}
	return strings.Join(lines, "\n")
}

// Security/THREATS S08, at the door itself: of a hundred browsers with one cookie and
// one signed challenge, posted at once, one is let in.
func TestOneChallengePostedAHundredTimesAtOnceOpensOneSession(t *testing.T) {
	t.Parallel()
	f := open(t)
	page := f.visitor()
	shown := page.get("/kk/signin").want(t, "the sign-in page", http.StatusOK)
	fields := url.Values{
		"challenge": {shown.hidden(t, "challenge")}, "next": {""}, "kept": {""},
		"signature": {page.signature(f.Aigul.Key, must(decode(shown.attribute(t, "data-content"))), true)},
	}
	const many = 100
	answers := make(chan answer, many)
	for range many {
		browser := *page
		go func() { answers <- browser.post(shown.action(t), fields) }()
	}
	counts := map[int]int{}
	for range many {
		counts[(<-answers).StatusCode]++
	}
	if counts[http.StatusSeeOther] != 1 || counts[http.StatusUnprocessableEntity] != many-1 {
		t.Errorf("answers by status: %v", counts)
	}
	f.Want(t, `SELECT (SELECT count(*) FROM session WHERE person IS NOT NULL) AS sessions, (SELECT count(*) FROM evidence WHERE document IS NULL) AS evidence,
	                  (SELECT count(*) FROM record WHERE act = 'session-open') AS acts`, `
		sessions | evidence | acts
		1        | 1        | 1`)
	f.Sound()
}
