package cast

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// play is a case of the cast. Days are counted back from the day of the
// performance, and one that falls on a day off is moved to the working day
// before it: investigators rest, too.
type play struct {
	Name         string     `toml:"-"`
	Serial       string     `toml:"serial"` // of the register, without the two digits of the year
	Days         int        `toml:"days"`   // the case was registered
	KK           string     `toml:"kk"`     // what it is about
	RU           string     `toml:"ru"`
	Participants []part     `toml:"participant"`
	Decisions    []decision `toml:"decision"`
}

// part is a role in the play.
type part struct {
	Who      string      `toml:"who"`
	Role     policy.Role `toml:"role"`
	Basis    string      `toml:"basis"`
	For      string      `toml:"for"`      // whom a defender or representative acts for
	Advocate string      `toml:"advocate"` // number of an advocate's licence
	Awaiting bool        `toml:"awaiting"`
	Days     int         `toml:"days"`

	id uuid.UUID
}

// decision is a ruling in the play.
type decision struct {
	Name        string        `toml:"name"`
	Kind        policy.Kind   `toml:"kind"` // the name, if empty
	Language    string        `toml:"language"`
	Days        int           `toml:"days"`
	Ready       int           `toml:"ready"` // the prosecutor agrees, or: sanctioned, completed; 0 for none
	Names       []string      `toml:"names"` // whom it is about
	Flags       []policy.Flag `toml:"flags"`
	Established string        `toml:"established"`
	Resolved    string        `toml:"resolved"`

	id uuid.UUID
}

// Play puts the cast on the stage at a moment: persons, bodies, officials, cases,
// who is what in them, and the decisions, each printed by the press and signed
// with the investigator's key. It happens whole or not at all, and once: where
// the cast has played before, nothing changes.
func (t *Troupe) Play(ctx context.Context, db *vault.DB, press document.Press, at time.Time) error {
	t.Meet(db.Keys)
	return db.Within(ctx, func(tx *vault.DB) error {
		if err := tx.Exec(ctx, oneAtATime); err != nil {
			return err
		}
		if err := t.enter(ctx, tx, at); err != nil {
			return err
		}
		if err := t.roll(ctx, tx, at); err != nil {
			return err
		}
		for _, p := range t.plays {
			s := &stage{Troupe: t, play: p, db: tx, press: press, at: at.UTC()}
			var err error
			if s.v, _, err = t.Verifier(func() time.Time { return s.now }); err != nil {
				return err
			}
			if err := s.perform(ctx); err != nil {
				return fmt.Errorf("cast: %s: %w", p.Name, err)
			}
		}
		return nil
	})
}

// stage is one play being performed.
type stage struct {
	*Troupe
	play  play
	db    *vault.DB
	v     *eds.Verifier
	press document.Press
	at    time.Time // of the performance
	now   time.Time // in the play: its authority answers on that day
}

// act is something that happens in a play, and when.
type act struct {
	at time.Time
	do func(context.Context, time.Time) error
}

func (s *stage) perform(ctx context.Context) error {
	opened, err := s.open(ctx)
	if err != nil || !opened {
		return err
	}
	var acts []act
	for i, p := range s.play.Participants {
		acts = append(acts, act{s.hour(p.Days, 9, i), func(ctx context.Context, at time.Time) error { return s.admit(ctx, p, at) }})
	}
	for i, d := range s.play.Decisions {
		if !d.waits() {
			acts = append(acts, act{s.hour(d.last(), 15, i), func(ctx context.Context, at time.Time) error { return s.decide(ctx, d, at) }})
			continue
		}
		acts = append(acts,
			act{s.hour(d.Days, 15, i), func(ctx context.Context, at time.Time) error { return s.decide(ctx, d, at) }},
			act{s.hour(d.Ready, 15, i).Add(5 * time.Minute), func(ctx context.Context, at time.Time) error { return s.agree(ctx, d, at) }})
	}
	slices.SortStableFunc(acts, func(a, b act) int { return a.at.Compare(b.at) })
	for _, a := range acts {
		s.now = a.at
		if err := a.do(ctx, a.at); err != nil {
			return err
		}
	}
	return nil
}

// last is when a decision is published: when it is made, or when what it waits
// for has come.
func (d decision) last() int {
	if d.Ready > 0 {
		return d.Ready
	}
	return d.Days
}

// kind is what the decision is; its name, unless the play says otherwise.
func (d decision) kind() policy.Kind {
	if d.Kind == "" {
		return policy.Kind(d.Name)
	}
	return d.Kind
}

// waits says that the prosecutor agrees with it by a signature of hers.
func (d decision) waits() bool {
	kind, _ := policy.KindOf(d.kind())
	return kind.Waits()
}

// agree has the prosecutor agree with a decision, on the day the play says.
func (s *stage) agree(ctx context.Context, d decision, at time.Time) error {
	err := casefile.DraftAgreement(ctx, s.db, s.press, s.prosecutor(policy.AgreementDraft, at), d.id, casefile.Agreement{Agrees: true, Language: "kk"})
	if err != nil {
		return fmt.Errorf("agree %s: %w", d.Name, err)
	}
	_, _, _, doc, err := casefile.ReadAgreement(ctx, s.db, s.prosecutor(policy.AgreementCheck, at), d.id)
	if err != nil {
		return err
	}
	cms, err := s.official("prosecutor").Key.SignCMS(doc.Content, false, at)
	if err != nil {
		return err
	}
	return casefile.Resolve(ctx, s.db, s.v, s.prosecutor(policy.DecisionAgree, at), d.id, cms, doc.Digest)
}

// admit makes a member a participant by a confirmation that the investigator signs,
// or has the member wait to be one.
func (s *stage) admit(ctx context.Context, p part, at time.Time) error {
	m := s.Members[p.Who]
	if p.Awaiting {
		return s.wait(ctx, p, at)
	}
	grant := casefile.Grant{Language: "kk", Role: p.Role, Basis: p.Basis, Since: s.day(p.Days), Advocate: p.Advocate}
	if p.For != "" {
		grant.Represents = s.Participants[p.For+"@"+s.play.Name]
	}
	if err := casefile.DraftNew(ctx, s.db, s.press, s.investigator(policy.ParticipantAdd, at), s.caseID(), p.id, m.IIN, m.FullName(), grant); err != nil {
		return fmt.Errorf("draft %s: %w", p.Who, err)
	}
	_, _, doc, err := casefile.ReadConfirmation(ctx, s.db, s.investigator(policy.ParticipantCheck, at), p.id)
	if err != nil {
		return err
	}
	cms, err := s.lead().Key.SignCMS(doc.Content, false, at)
	if err != nil {
		return err
	}
	return casefile.Settle(ctx, s.db, s.v, s.investigator(policy.ParticipantGrant, at), p.id, cms, doc.Digest)
}

// decide drafts a decision, signs it and publishes it.
func (s *stage) decide(ctx context.Context, d decision, at time.Time) error {
	draft := casefile.DecisionDraft{Kind: d.kind(), DecidedOn: s.day(d.Days), Flags: d.Flags, Language: d.Language}
	if draft.Language == "" {
		draft.Language = "kk"
	}
	if d.Ready > 0 && !d.waits() {
		draft.ReadyOn = s.day(d.Ready)
	}
	for _, who := range d.Names {
		draft.Concerns = append(draft.Concerns, s.Participants[who+"@"+s.play.Name])
	}
	var errs [2]error
	draft.Established, errs[0] = s.speak(d.Established)
	draft.Resolved, errs[1] = s.speak(d.Resolved)
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	if err := casefile.DraftDecision(ctx, s.db, s.press, s.investigator(policy.DecisionDraft, at), s.caseID(), d.id, draft); err != nil {
		return fmt.Errorf("draft %s: %w", d.Name, err)
	}
	if err := s.publish(ctx, d, at.Add(4*time.Minute)); err != nil {
		return fmt.Errorf("publish %s: %w", d.Name, err)
	}
	return nil
}

func (s *stage) publish(ctx context.Context, d decision, at time.Time) error {
	draft, doc, _, err := casefile.ReadDraft(ctx, s.db, s.investigator(policy.DecisionCheck, at), d.id)
	if err != nil {
		return err
	}
	cms, err := s.lead().Key.SignCMS(doc.Content, false, at)
	if err != nil {
		return err
	}
	return casefile.Publish(ctx, s.db, s.v, s.investigator(draft.Act(), at), d.id, cms, doc.Digest)
}

// onPaper is how rulings write a date.
const onPaper = "02.01.2006"

// speak fills a text in: {{day 12}} is the date of that working day, {{eve 12}}
// the date of the day before it, {{name "aigul"}} a name in full, {{number}} the
// number of the case.
func (s *stage) speak(text string) (string, error) {
	parsed, err := template.New("text").Option("missingkey=error").Funcs(template.FuncMap{
		"day":    func(days int) string { return s.day(days).Format(onPaper) },
		"eve":    func(days int) string { return s.day(days).AddDate(0, 0, -1).Format(onPaper) },
		"name":   s.fullName,
		"number": s.number,
	}).Parse(text)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, nil)
	return strings.TrimSpace(out.String()), err
}

func (s *stage) fullName(word string) (string, error) {
	m := s.Members[word]
	if m == nil {
		return "", fmt.Errorf("nobody is called %q", word)
	}
	return m.FullName(), nil
}

func (s *stage) caseID() uuid.UUID { return ID("casefile", s.play.Name) }

// number is the number of the case in the register, which begins with its year.
func (s *stage) number() string { return s.day(s.play.Days).Format("06") + s.play.Serial }

// lead is the member who conducts the investigation.
func (t *Troupe) lead() *Member { return t.official("investigator") }

// official is the first member in a post.
func (t *Troupe) official(post string) *Member {
	for _, word := range t.Order {
		if m := t.Members[word]; m.Post == post {
			return m
		}
	}
	return &Member{}
}

func (s *stage) investigator(act policy.Act, at time.Time) policy.Ask {
	m := s.lead()
	return policy.Ask{Person: m.Person, Is: identity.Person{Post: m.Post}.Standing(), Act: act, At: at}
}

func (s *stage) prosecutor(act policy.Act, at time.Time) policy.Ask {
	m := s.official("prosecutor")
	return policy.Ask{Person: m.Person, Is: identity.Person{Post: m.Post}.Standing(), Act: act, At: at}
}

// day is a working day so many days ago, in Kazakhstan, as dates are kept.
func (s *stage) day(days int) time.Time {
	local := s.at.In(deadline.Zone)
	off := deadline.Kazakhstan()
	for {
		day := time.Date(local.Year(), local.Month(), local.Day()-days, 12, 0, 0, 0, deadline.Zone)
		if !off.Off(day) {
			return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
		}
		days++
	}
}

// hour is a moment of that day; what comes later in the file comes later in the
// day.
func (s *stage) hour(days, hour, place int) time.Time {
	day := s.day(days)
	return time.Date(day.Year(), day.Month(), day.Day(), hour, 5+7*place, 0, 0, deadline.Zone).UTC()
}
