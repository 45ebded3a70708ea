package country

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/cast"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Citizen is somebody of the country whose pages open: the victim in a case of his own.
type Citizen struct {
	IIN         eds.IIN
	Key         *key.Key
	Number      string // of his case in the register
	Case        uuid.UUID
	Participant uuid.UUID // what he is in it
	word        string
}

// The officials of the cast who conduct and supervise the cases, and where they sit.
const (
	investigator, police    = "daniyar", "police"
	prosecutor, prosecution = "zhanar", "prosecution"
)

// Citizens are the first n people of the country. Their keys are of the authority of the
// cast and lie under dir, made where they are missing.
func Citizens(dir string, t *cast.Troupe, n int, now time.Time) ([]Citizen, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	all := make([]Citizen, n)
	for i := range all {
		word := fmt.Sprintf("citizen-%04d", i)
		c := Citizen{IIN: iin(i), word: word, Number: fmt.Sprintf("26751%010d", 4_000_000_000+i), Case: cast.ID("casefile", word), Participant: cast.ID("participant", word)}
		var err error
		if c.Key, err = keyOf(filepath.Join(dir, word+".pem"), t.Authority, c, now); err != nil {
			return nil, fmt.Errorf("country: key of %s: %w", word, err)
		}
		all[i] = c
	}
	return all, nil
}

func keyOf(file string, by *authority.Authority, c Citizen, now time.Time) (*key.Key, error) {
	b, err := os.ReadFile(file)
	if err == nil {
		k, err := key.ParsePrivate(b)
		if err != nil {
			return nil, err
		}
		return k, by.Recognise(k.Certificate()) // keys are older than the authority's list of what it issued
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	name := strings.ToUpper(c.word)
	k, err := by.Issue(authority.Person{IIN: c.IIN.Reveal(), CommonName: name, Surname: name, From: now.AddDate(0, 0, -30), To: now.AddDate(1, 0, 0)})
	if err != nil {
		return nil, err
	}
	if b, err = k.MarshalPrivate(); err != nil {
		return nil, err
	}
	return k, os.WriteFile(file, b, 0o600)
}

// iin is the number of a citizen: all were born on one day, and the control digit is right.
// Where ten digits leave none that is, the place is passed over by the counter.
func iin(i int) eds.IIN {
	for digits := 87_041_200_000 + i; ; digits += 10_000 {
		for last := range 10 {
			if number := eds.IIN(fmt.Sprintf("%011d%d", digits, last)); number.Valid() {
				return number
			}
		}
	}
}

// Inhabit brings the citizens' cases to the portal by the doors of the domains: the register
// says who conducts each, the investigator confirms its victim and publishes so many
// decisions, each with a paper that is signed. db opens every text, for the keeper of the
// portal has nothing yet to judge by. tell is called after each case; one that is there
// already is passed over.
func Inhabit(ctx context.Context, db *vault.DB, press document.Press, t *cast.Troupe, citizens []Citizen, decisions int, at time.Time, tell func(done int)) error {
	t.Meet(db.Keys)
	v, _, err := t.Verifier(func() time.Time { return at })
	if err != nil {
		return err
	}
	for i, c := range citizens {
		err := db.Within(ctx, func(tx *vault.DB) error {
			return settler{t, tx, v, press, c, at.UTC()}.settle(ctx, decisions)
		})
		if err != nil {
			return fmt.Errorf("country: %s: %w", c.word, err)
		}
		tell(i + 1)
	}
	return nil
}

// settler brings one citizen and his case.
type settler struct {
	*cast.Troupe
	db    *vault.DB
	v     *eds.Verifier
	press document.Press
	Citizen
	at time.Time
}

func (s settler) settle(ctx context.Context, decisions int) error {
	opened, err := s.open(ctx)
	if err != nil || !opened {
		return err
	}
	if err := s.admit(ctx); err != nil {
		return err
	}
	for i := range decisions {
		if err := s.decide(ctx, i); err != nil {
			return fmt.Errorf("decision %d: %w", i, err)
		}
	}
	return nil
}

// today is the day of the settling, as dates are kept.
func (s settler) today() time.Time {
	y, m, d := s.at.In(deadline.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func (s settler) open(ctx context.Context) (bool, error) {
	f := warrant.Fact{
		Kind: warrant.Charge, ID: cast.ID("charge", s.word), Made: s.at.Truncate(time.Second), Case: s.Case,
		Officer: s.Members[investigator].Person, Body: cast.ID("body", police), Prosecutor: s.Members[prosecutor].Person, Office: cast.ID("body", prosecution),
	}
	text, err := f.Text()
	if err != nil {
		return false, err
	}
	cms, err := s.Register.SignCMS(text, false, f.Made)
	if err != nil {
		return false, err
	}
	return casefile.Enter(ctx, s.db, casefile.Entered{
		ID: s.Case, Number: s.Number, OffenceKK: s.word, OffenceRU: s.word, RegisteredOn: s.today(), MadeAt: s.at,
	}, register.Said{Fact: f, Text: text, CMS: cms}, nil)
}

func (s settler) ask(act policy.Act) policy.Ask {
	m := s.Members[investigator]
	return policy.Ask{Person: m.Person, Is: identity.Person{Post: m.Post}.Standing(), Act: act, At: s.at}
}

func (s settler) admit(ctx context.Context) error {
	grant := casefile.Grant{Language: "kk", Role: "victim", Basis: "ruling", Since: s.today()}
	if err := casefile.DraftNew(ctx, s.db, s.press, s.ask(policy.ParticipantAdd), s.Case, s.Participant, s.IIN, s.word, grant); err != nil {
		return err
	}
	_, _, doc, err := casefile.ReadConfirmation(ctx, s.db, s.ask(policy.ParticipantCheck), s.Participant)
	if err != nil {
		return err
	}
	cms, err := s.Members[investigator].Key.SignCMS(doc.Content, false, s.at)
	if err != nil {
		return err
	}
	return casefile.Settle(ctx, s.db, s.v, s.ask(policy.ParticipantGrant), s.Participant, cms, doc.Digest)
}

// decide publishes a decision: the first is that he is the victim.
func (s settler) decide(ctx context.Context, i int) error {
	id := cast.ID("decision", fmt.Sprintf("%s/%d", s.word, i))
	draft := casefile.DecisionDraft{
		Kind: "group", DecidedOn: s.today(), Language: "kk",
		Established: "A measurement needs decisions, and this is one of them: its text is as long as that of a short one of those that are published every day in every case.",
		Resolved:    "1. It is read by its citizen.\n2. It is counted with the others.",
	}
	if i == 0 {
		draft.Kind, draft.Concerns = "victim-recognised", []uuid.UUID{s.Participant}
	}
	if err := casefile.DraftDecision(ctx, s.db, s.press, s.ask(policy.DecisionDraft), s.Case, id, draft); err != nil {
		return err
	}
	checked, doc, _, err := casefile.ReadDraft(ctx, s.db, s.ask(policy.DecisionCheck), id)
	if err != nil {
		return err
	}
	cms, err := s.Members[investigator].Key.SignCMS(doc.Content, false, s.at)
	if err != nil {
		return err
	}
	return casefile.Publish(ctx, s.db, s.v, s.ask(checked.Act()), id, cms, doc.Digest)
}
