package warrant_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
	"zharia/portal/warrant"
	"zharia/portal/warrant/papers"
)

// shown are all the papers of a world that state something, as the keeper would have
// them after it opened and verified them, and what ended without a paper.
func shown(t *testing.T, w *portaltest.W) ([]warrant.Paper, []warrant.Taken) {
	t.Helper()
	var rows []struct {
		ID       uuid.UUID     `db:"id"`
		Case     uuid.NullUUID `db:"casefile"`
		Author   uuid.UUID     `db:"author"`
		Content  []byte        `db:"content"`
		Signer   uuid.UUID     `db:"signer"`
		SignedAt time.Time     `db:"signed_at"`
	}
	if err := w.SQL.Select(&rows, `SELECT id, casefile, author, content, signer, signed_at FROM document WHERE signed_at IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	var out []warrant.Paper
	for _, r := range rows {
		at, _ := document.Places(r.ID, vault.HomeOf(r.Case.UUID, uuid.Nil))
		pdf, err := w.DB.Open(t.Context(), at, r.Content)
		if err != nil {
			t.Fatal(err)
		}
		f, err := warrant.Read(pdf)
		if errors.Is(err, warrant.ErrNone) {
			continue
		}
		if err != nil || f.ID != r.ID || f.Case != r.Case.UUID {
			t.Fatalf("the paper %s states %+v, %v", r.ID, f, err)
		}
		out = append(out, warrant.Paper{Fact: f, Signer: r.Signer, Digest: sha256.Sum256(pdf), At: r.SignedAt})
	}
	out = append(out, registered(t, w)...)
	var taken []warrant.Taken
	if err := w.SQL.Select(&taken, `SELECT document AS id, ended_at AS at FROM substitution WHERE ended_at IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	return out, taken
}

// registered is what the register said, by signatures that are verified.
func registered(t *testing.T, w *portaltest.W) []warrant.Paper {
	t.Helper()
	var rows []struct{ Content, CMS []byte }
	if err := w.SQL.Select(&rows, `SELECT content, cms FROM warrant`); err != nil {
		t.Fatal(err)
	}
	var out []warrant.Paper
	for _, r := range rows {
		if _, err := w.Verifier.Machine(t.Context(), w.Troupe.Register.Certificate(), r.CMS, r.Content); err != nil {
			t.Fatal(err)
		}
		f, err := warrant.Parse(r.Content)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, warrant.Paper{Fact: f, Register: true, Digest: sha256.Sum256(r.Content)})
	}
	return out
}

// told is what the views of the database say: for each person and case, in one line.
const told = `
SELECT y.casefile, y.person, y.standing, CAST(NULL AS uuid) AS thing FROM duty y
UNION
SELECT k.casefile, k.person, 'party', k.whom FROM capacity k WHERE k.until IS NULL OR k.until >= CAST($1 AS date)
UNION
SELECT f.casefile, k.person, 'filing', f.id
  FROM filing f JOIN desk k ON k.casefile = f.casefile AND k.seat = f.seat AND k.person = f.decider
 WHERE f.status <> 'draft' AND f.seat IN ('higher', 'judge', 'appeal')
UNION -- of one who sits there no more: whoever may come to decide it
SELECT c.id, k.person, 'filing', f.id
  FROM filing f
  JOIN (VALUES ('head', 'higher'), ('chief', 'higher'), ('higher', 'higher'), ('judge', 'judge'), ('judge', 'appeal'), ('appeal', 'appeal')) l (of, seat) ON l.of = f.seat
  JOIN desk k ON k.casefile = f.casefile AND k.seat = l.seat
  JOIN casefile c ON f.casefile = c.id OR f.casefile IN (SELECT fence.goes_on(c.id))
 WHERE f.status <> 'draft' AND NOT EXISTS (SELECT FROM desk d WHERE d.casefile = f.casefile AND d.seat = f.seat AND d.person = f.decider)
UNION -- in a case that goes on in its own
SELECT c.id, k.person, 'filing', f.id
  FROM filing f JOIN desk k ON k.casefile = f.casefile AND k.seat = f.seat AND k.person = f.decider JOIN casefile c ON c.id <> f.casefile AND f.casefile IN (SELECT fence.goes_on(c.id))
 WHERE f.status <> 'draft'`

type answers map[string]bool // case, person, what, and for whom or which filing

func line(in, person uuid.UUID, as warrant.As, thing uuid.UUID) string {
	return fmt.Sprint(in, " ", person, " ", as, " ", thing)
}

func bySQL(t *testing.T, w *portaltest.W) answers {
	t.Helper()
	var rows []struct {
		Case     uuid.UUID     `db:"casefile"`
		Person   uuid.UUID     `db:"person"`
		Standing warrant.As    `db:"standing"`
		Thing    uuid.NullUUID `db:"thing"`
	}
	if err := w.SQL.Select(&rows, told, w.At.In(portaltest.Afternoon.Location()).Add(5*time.Hour).Format(time.DateOnly)); err != nil {
		t.Fatal(err)
	}
	out := answers{}
	for _, r := range rows {
		out[line(r.Case, r.Person, r.Standing, r.Thing.UUID)] = true
	}
	return out
}

type asked struct{ people, cases []uuid.UUID }

func everybody(t *testing.T, w *portaltest.W) (all asked) {
	t.Helper()
	if err := w.SQL.Select(&all.people, `SELECT id FROM person`); err != nil {
		t.Fatal(err)
	}
	if err := w.SQL.Select(&all.cases, `SELECT id FROM casefile`); err != nil {
		t.Fatal(err)
	}
	return all
}

func (all asked) byChain(c *warrant.Chain, at time.Time) answers {
	out := answers{}
	for _, in := range all.cases {
		for _, who := range all.people {
			out.add(in, who, c.Standing(who, in, at))
		}
	}
	return out
}

func (a answers) add(in, who uuid.UUID, s warrant.Standing) {
	for _, as := range s.As {
		things := []uuid.UUID{uuid.Nil}
		switch as {
		case warrant.Party:
			things = s.Whom
		case warrant.Decider:
			things = s.Filings
		}
		for _, thing := range things {
			a[line(in, who, as, thing)] = true
		}
	}
}

// more is what is in a and not in b.
func (a answers) more(w *portaltest.W, b answers) (out []string) {
	for line := range a {
		if !b[line] {
			words := strings.Fields(line)
			for i, word := range words {
				if id, err := uuid.Parse(word); err == nil {
					words[i] = w.Word(id)
				}
			}
			out = append(out, strings.Join(words, " "))
		}
	}
	slices.Sort(out)
	return out
}

// agree holds the chain against the views, over everybody and every case.
func agree(t *testing.T, w *portaltest.W, after string) bool {
	t.Helper()
	all, taken := shown(t, w)
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	c := warrant.New(all, taken, w.At)
	sql, chain := bySQL(t, w), everybody(t, w).byChain(c, w.At)
	missing, extra := sql.more(w, chain), chain.more(w, sql)
	if len(missing)+len(extra) == 0 {
		return true
	}
	t.Errorf("after %s the views say more: %q, the chain says more: %q; refused %v", after, missing, extra, c.Refused())
	return false
}

func TestWhatTheCastsPapersProveIsWhatTheViewsSay(t *testing.T) {
	w := portaltest.World(t)
	agree(t, w, "the plays")
	if got := bySQL(t, w); len(got) < 14 {
		t.Errorf("only %d rights to compare", len(got))
	}
	all, taken := shown(t, w)
	if c := warrant.New(all, taken, w.At); len(c.Refused()) > 0 {
		t.Errorf("refused: %v", c.Refused())
	}
}

// act is one thing that may happen in a history; what the portal refuses did not happen.
type act struct {
	name string
	do   func(ctx context.Context, w *portaltest.W, r *rapid.T) error
}

func one[T any](r *rapid.T, what string, of ...T) T { return rapid.SampledFrom(of).Draw(r, what) }

func someCase(t *rapid.T, w *portaltest.W) uuid.UUID {
	var ids []uuid.UUID
	if err := w.SQL.Select(&ids, `SELECT id FROM casefile ORDER BY made_at, id`); err != nil {
		t.Fatal(err)
	}
	return one(t, "case", ids...)
}

type status struct {
	ID   uuid.UUID   `db:"id"`
	Case uuid.UUID   `db:"casefile"`
	Who  uuid.UUID   `db:"person"`
	Role policy.Role `db:"role"`
}

func someStatus(t *rapid.T, w *portaltest.W, where string) (status, error) {
	var all []status
	if err := w.SQL.Select(&all, `SELECT id, casefile, person, role FROM participant WHERE `+where+` ORDER BY asked_at, role, CAST(id AS text)`); err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		return status{}, fault.New(fault.NotFound, "fault.not-found")
	}
	return one(t, "status", all...), nil
}

func actor(w *portaltest.W, id uuid.UUID) *portaltest.Actor {
	for _, word := range w.Troupe.Order {
		if m := w.Troupe.Members[word]; m.Person == id && m.Sound() {
			return w.Actor(word)
		}
	}
	return w.Stranger
}

func citizen(t *rapid.T, w *portaltest.W) *portaltest.Actor {
	return one(t, "citizen", w.Aigul, w.Serik, w.Timur, w.Dana, w.Saule, w.Nurlan, w.Stranger)
}

func investigator(t *rapid.T, w *portaltest.W) *portaltest.Actor {
	return one(t, "investigator", w.Daniyar, w.Daniyar, w.Ermek, w.Nurlan)
}

// conducting is one who conducts a case by the views, or anybody where nobody does.
func conducting(w *portaltest.W, in uuid.UUID) *portaltest.Actor {
	var ids []uuid.UUID
	if err := w.SQL.Select(&ids, `SELECT person FROM duty WHERE casefile = $1 AND standing = 'charge' ORDER BY CAST(person AS text)`, in); err != nil || len(ids) == 0 {
		return w.Daniyar
	}
	return actor(w, ids[len(ids)-1])
}

func dayOf(w *portaltest.W, days int) time.Time {
	local := w.At.Add(5 * time.Hour)
	return time.Date(local.Year(), local.Month(), local.Day()+days, 0, 0, 0, 0, time.UTC)
}

func publish(ctx context.Context, w *portaltest.W, a *portaltest.Actor, in uuid.UUID, d casefile.DecisionDraft) (uuid.UUID, error) {
	id := uuid.Must(uuid.NewV7())
	d.Language, d.Established, d.Resolved, d.DecidedOn = "kk", "Анықталды.", "Қаулы етілсін.", dayOf(w, 0)
	if err := casefile.DraftDecision(ctx, w.DB, w.Press, a.Asks(policy.DecisionDraft), in, id, d); err != nil {
		return id, err
	}
	return id, w.Publish(a, id)
}

var acts = []act{
	{"a case is given to an investigator", func(_ context.Context, w *portaltest.W, r *rapid.T) error {
		return w.Assign(one(r, "head", w.Marat, w.Marat, w.Ermek), someCase(r, w), investigator(r, w))
	}},
	{"supervision is given to a prosecutor", func(_ context.Context, w *portaltest.W, r *rapid.T) error {
		return w.Assign(w.Gulnar, someCase(r, w), one(r, "prosecutor", w.Zhanar, w.Stranger, w.Stranger))
	}},
	{"somebody stands in", standsIn},
	{"a substitution ends early", func(ctx context.Context, w *portaltest.W, r *rapid.T) error {
		ids, err := orFirst(ctx, w, r, standsIn, func() (ids []uuid.UUID, err error) {
			err = w.SQL.Select(&ids, `SELECT id FROM substitution WHERE ended_at IS NULL ORDER BY made_at, id`)
			return ids, err
		})
		if err != nil {
			return err
		}
		return directory.EndSubstitution(ctx, w.DB, one(r, "head", w.Marat, w.Gulnar).Asks(policy.SubstitutionEnd), one(r, "which", ids...))
	}},
	{"an entry into the directory, or out of it", func(_ context.Context, w *portaltest.W, r *rapid.T) error {
		who := one(r, "who", w.Nurlan, w.Nurlan, w.Saule, w.Daniyar, w.Ermek, w.Zhanar, w.Marat, w.Gulnar, w.Aliya, w.Samat, w.Bolat)
		e := directory.Entry{IIN: who.IIN, Name: who.FullName(), Leaves: rapid.IntRange(0, 3).Draw(r, "leaves") == 0}
		if !e.Leaves {
			at := one(r, "post", [2]string{"investigator", "police"}, [2]string{"investigator", "police"}, [2]string{"head", "police"}, [2]string{"prosecutor", "prosecution"},
				[2]string{"prosecutor", "prosecution"}, [2]string{"chief-prosecutor", "prosecution"}, [2]string{"chief-prosecutor", "city-prosecution"},
				[2]string{"judge", "court"}, [2]string{"judge", "city-court"}, [2]string{"administrator", "center"})
			e.Post, e.Body = at[0], w.Body(at[1])
			if days := rapid.IntRange(-4, 3).Draw(r, "until"); days >= 0 {
				e.Until = dayOf(w, days)
			}
		}
		id, err := w.Propose(w.Bolat, e)
		if err != nil {
			return err
		}
		w.At = w.At.Add(time.Minute)
		return w.Second(one(r, "second", w.Raushan, w.Raushan, w.Marat, w.Gulnar), id, rapid.IntRange(0, 4).Draw(r, "agrees") > 0)
	}},
	{"a status is confirmed", func(_ context.Context, w *portaltest.W, r *rapid.T) error {
		in, role := someCase(r, w), one(r, "role", policy.Victim, policy.Suspect, policy.CivilPlaintiff, policy.Witness, policy.ProtectedWitness)
		capacity := one(r, "capacity", casefile.FullCapacity, casefile.FullCapacity, casefile.Minor)
		basis := policy.Bases[role][0].Key
		return w.Add(conducting(w, in), in, uuid.Must(uuid.NewV7()), citizen(r, w), casefile.Grant{Role: role, Basis: basis, Capacity: capacity, Since: dayOf(w, 0)})
	}},
	{"a power is confirmed", func(_ context.Context, w *portaltest.W, r *rapid.T) error {
		of, err := someStatus(r, w, `represents IS NULL AND status = 'confirmed'`)
		if err != nil {
			return err
		}
		g := casefile.Grant{Represents: of.ID, Since: dayOf(w, 0), Conflict: true}
		switch of.Role {
		case policy.Suspect, policy.Accused, policy.ProtectedWitness:
			g.Role, g.Basis = policy.Defender, one(r, "basis", "defence-notice", policy.Relative)
			if of.Role == policy.Suspect && rapid.Bool().Draw(r, "legal") {
				g.Role, g.Basis = policy.SuspectsLegalRep, "admitted"
			}
		default:
			g.Role, g.Basis = one(r, "role", policy.Representative, policy.VictimsLegalRep), "admitted"
		}
		if days := rapid.IntRange(-3, 3).Draw(r, "until"); days >= 0 {
			g.Until = dayOf(w, days)
		}
		return w.Add(conducting(w, of.Case), of.Case, uuid.Must(uuid.NewV7()), citizen(r, w), g)
	}},
	{"a status is confirmed again", func(_ context.Context, w *portaltest.W, r *rapid.T) error {
		s, err := someStatus(r, w, `represents IS NULL AND status IN ('ended', 'awaiting')`)
		if err != nil {
			return err
		}
		return w.Confirm(conducting(w, s.Case), s.ID, casefile.Grant{Role: s.Role, Basis: policy.Bases[s.Role][0].Key, Since: dayOf(w, 0)})
	}},
	{"a status ends", func(_ context.Context, w *portaltest.W, r *rapid.T) error {
		s, err := someStatus(r, w, `status = 'confirmed'`)
		if err != nil {
			return err
		}
		return w.End(conducting(w, s.Case), s.ID)
	}},
	{"a power is taken back", func(ctx context.Context, w *portaltest.W, r *rapid.T) error {
		s, err := someStatus(r, w, `represents IS NOT NULL AND status = 'confirmed'`)
		if err != nil {
			return err
		}
		var client uuid.UUID
		if err := w.SQL.Get(&client, `SELECT r.person FROM participant p JOIN participant r ON r.id = p.represents WHERE p.id = $1`, s.ID); err != nil {
			return err
		}
		a := actor(w, client)
		if err := casefile.DraftRevocation(ctx, w.DB, w.Press, a.Asks(policy.RevocationDraft), s.ID, "kk"); err != nil {
			return err
		}
		_, doc, err := casefile.RevocationOf(ctx, w.DB, a.Asks(policy.RevocationCheck), s.ID)
		if err != nil {
			return err
		}
		return casefile.Revoke(ctx, w.DB, w.Verifier, a.Asks(policy.PowerRevoke), s.ID, w.SignedBy(a, doc.Content), doc.Digest)
	}},
	{"a role changes", func(_ context.Context, w *portaltest.W, r *rapid.T) error {
		s, err := someStatus(r, w, `represents IS NULL AND status = 'confirmed' AND role IN ('suspect', 'wrd', 'witness')`)
		if err != nil {
			return err
		}
		next := policy.Next(s.Role)
		if len(next) == 0 {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		role := one(r, "role", next...)
		return w.Change(conducting(w, s.Case), s.ID, uuid.Must(uuid.NewV7()), casefile.Grant{Role: role, Basis: policy.Bases[role][0].Key, Since: dayOf(w, 0)})
	}},
	{"the prosecutor answers for a suspect", func(ctx context.Context, w *portaltest.W, r *rapid.T) error {
		s, err := someStatus(r, w, `role = 'suspect' AND status = 'confirmed'`)
		if err != nil {
			return err
		}
		id, err := publish(ctx, w, conducting(w, s.Case), s.Case, casefile.DecisionDraft{Kind: "suspect-recognised", Concerns: []uuid.UUID{s.ID}})
		if err != nil {
			return err
		}
		w.At = w.At.Add(time.Minute)
		if rapid.Bool().Draw(r, "agrees") {
			return w.Agree(one(r, "prosecutor", w.Zhanar, w.Gulnar), id)
		}
		return w.Decline(one(r, "prosecutor", w.Zhanar, w.Gulnar), id)
	}},
	{"cases are joined", func(ctx context.Context, w *portaltest.W, r *rapid.T) error {
		to, from := someCase(r, w), someCase(r, w)
		_, err := publish(ctx, w, conducting(w, to), to, casefile.DecisionDraft{Kind: "joined", Joins: from})
		return err
	}},
	{"a case is severed", func(ctx context.Context, w *portaltest.W, r *rapid.T) error {
		s, err := someStatus(r, w, `represents IS NULL AND status = 'confirmed'`)
		if err != nil {
			return err
		}
		number := fmt.Sprintf("26%013d", rapid.IntRange(1, 1_000_000_000).Draw(r, "number"))
		_, err = publish(ctx, w, conducting(w, s.Case), s.Case, casefile.DecisionDraft{
			Kind: "severed", Severs: number, Concerns: []uuid.UUID{s.ID}, Leaving: rapid.Bool().Draw(r, "leaving"),
		})
		return err
	}},
	{"a complaint goes to the court or above", complains},
	{"a filing is handed on", func(ctx context.Context, w *portaltest.W, r *rapid.T) error {
		type waiting struct{ ID, Decider uuid.UUID }
		rows, err := orFirst(ctx, w, r, complains, func() (rows []waiting, err error) {
			err = w.SQL.Select(&rows, `SELECT id, decider FROM filing WHERE status = 'filed' ORDER BY number`)
			return rows, err
		})
		if err != nil {
			return err
		}
		row := one(r, "which", rows...)
		a := actor(w, row.Decider)
		if err := filing.DraftForward(ctx, w.DB, w.Press, a.Asks(policy.ForwardDraft), row.ID, filing.NewForward{Words: "Менің құзыретімде емес.", Language: "kk", Himself: rapid.Bool().Draw(r, "himself")}); err != nil {
			return err
		}
		_, _, doc, err := filing.ForwardDraft(ctx, w.DB, a.Asks(policy.ForwardCheck), row.ID)
		if err != nil {
			return err
		}
		return filing.HandOn(ctx, w.DB, w.Verifier, a.Asks(policy.FilingForward), row.ID, w.SignedBy(a, doc.Content), doc.Digest)
	}},
	{"days pass", func(ctx context.Context, w *portaltest.W, r *rapid.T) error {
		w.At = w.At.AddDate(0, 0, rapid.IntRange(1, 2).Draw(r, "days"))
		if err := directory.Expire(ctx, w.DB, w.At); err != nil {
			return err
		}
		return casefile.EndLapsed(ctx, w.DB.DB, w.At)
	}},
}

// orFirst is what there is to choose from; where there is nothing yet, something is done first.
func orFirst[T any](ctx context.Context, w *portaltest.W, r *rapid.T, first func(context.Context, *portaltest.W, *rapid.T) error, there func() ([]T, error)) ([]T, error) {
	out, err := there()
	if err != nil || len(out) > 0 {
		return out, err
	}
	if err := first(ctx, w, r); err != nil {
		return nil, err
	}
	w.At = w.At.Add(time.Minute)
	if out, err = there(); err == nil && len(out) == 0 {
		err = fault.New(fault.NotFound, "fault.not-found")
	}
	return out, err
}

func standsIn(_ context.Context, w *portaltest.W, r *rapid.T) error {
	head, away, deputy := w.Marat, one(r, "away", w.Daniyar, w.Ermek, w.Nurlan), one(r, "deputy", w.Ermek, w.Nurlan, w.Daniyar)
	if rapid.IntRange(0, 3).Draw(r, "office") == 0 {
		head, away, deputy = w.Gulnar, w.Zhanar, w.Stranger
	}
	_, err := w.Substitute(head, away, deputy, dayOf(w, rapid.IntRange(0, 3).Draw(r, "days")))
	return err
}

func complains(ctx context.Context, w *portaltest.W, r *rapid.T) error {
	s, err := someStatus(r, w, `represents IS NULL AND status = 'confirmed' AND role IN ('suspect', 'victim')`)
	if err != nil {
		return err
	}
	a, id := actor(w, s.Who), uuid.Must(uuid.NewV7())
	n := filing.NewFiling{
		Participant: s.ID, Kind: one(r, "kind", policy.FilingComplaintCourt, policy.FilingComplaintHigher, policy.FilingComplaintProsecutor), Language: "kk", Ground: "other",
		What: guide.Deed, Circumstances: portaltest.Circumstances, Points: []string{portaltest.Request},
	}
	if err := filing.Save(ctx, w.DB, w.Press, a.Asks(policy.FilingCreate), s.Case, id, n); err != nil {
		return err
	}
	return w.Submit(a, id)
}

// Whatever happens, in whatever order, the papers prove what the views say; and without
// any one of them nobody has more than before, but for those from whom it took.
func TestInRandomHistoriesThePapersProveWhatTheViewsSay(t *testing.T) {
	compared, done := 0, map[string]int{}
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue { // each is a world of its own
		worlds := "40"
		if testing.Short() {
			worlds = "3"
		}
		if err := flag.Set("rapid.checks", worlds); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		w := portaltest.World(t)
		defer w.Leave()
		w.Enter(directory.Entry{IIN: w.Nurlan.IIN, Name: w.Nurlan.FullName(), Post: "investigator", Body: w.Body("police")})
		w.Enter(directory.Entry{IIN: w.Stranger.IIN, Name: w.Stranger.FullName(), Post: "prosecutor", Body: w.Body("prosecution")})
		var said []string
		for range rapid.IntRange(6, 14).Draw(r, "acts") {
			a := one(r, "act", acts...)
			w.At = w.At.Add(time.Minute)
			if err := a.do(t.Context(), w, r); err != nil {
				var why *fault.Fault
				var choose *casefile.Choose
				if errors.As(err, &why) && why.Kind != fault.Unavailable || errors.As(err, &choose) {
					continue
				}
				r.Fatalf("%s: %v", a.name, err)
			}
			done[a.name]++
			said = append(said, a.name)
			compared++
			if !agree(t, w, strings.Join(said, "; ")) {
				r.FailNow()
			}
		}
		w.At = w.At.Add(time.Minute)
		without(t, w)
	})
	t.Logf("%d histories compared: %v", compared, done)
	if testing.Short() {
		return
	}
	for _, a := range acts {
		if done[a.name] == 0 {
			t.Errorf("it never happened that %s", a.name)
		}
	}
	if compared < 200 {
		t.Errorf("only %d histories were compared", compared)
	}
}

// Aigul is a victim in the theft, and only asks to be one in the fraud. The theft is joined to
// that: she is a victim of it now, under the number by which she had asked, which no paper of
// the joinder says. What is decided of her there is of her, and of nobody else who came.
func TestWhoAwaitedHisStatusWhereHisCaseCameIsMeantByThatNumber(t *testing.T) {
	for _, leaving := range []bool{false, true} {
		t.Run(fmt.Sprintf("leaving %v", leaving), func(t *testing.T) {
			w := portaltest.World(t)
			step := func(what string, err error) {
				t.Helper()
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				agree(t, w, what)
				w.At = w.At.Add(time.Minute)
			}
			w.At = w.At.Add(time.Minute)
			_, err := publish(t.Context(), w, w.Daniyar, w.Fraud, casefile.DecisionDraft{Kind: "joined", Joins: w.Theft})
			step("the joinder", err)
			step("the case is given away", w.Assign(w.Marat, w.Fraud, w.Ermek))
			aigul := w.Participant("aigul@fraud")
			id, err := publish(t.Context(), w, w.Ermek, w.Fraud, casefile.DecisionDraft{Kind: "severed", Severs: "260000000000077", Concerns: []uuid.UUID{aigul}, Leaving: leaving})
			step("the severance", err)
			var fresh, paper uuid.UUID
			if err := w.SQL.Get(&paper, `SELECT document FROM decision WHERE id = $1`, id); err != nil {
				t.Fatal(err)
			}
			fresh = warrant.Severed(paper)
			all, taken := shown(t, w)
			c := warrant.New(all, taken, w.At)
			if !c.Standing(w.Aigul.Person, fresh, w.At).Is(warrant.Party) {
				t.Error("she is nothing in the case that was severed")
			}
			if c.Standing(w.Aigul.Person, w.Fraud, w.At).Is(warrant.Party) == leaving {
				t.Error("leaving her case she is still in it, or staying she is not")
			}
			if !c.Standing(w.Serik.Person, w.Fraud, w.At).Is(warrant.Party) {
				t.Error("who came with her lost what he is")
			}
			// The same again, in the case that was severed, where her number came of that number.
			there := warrant.Brought(fresh, aigul)
			_, err = publish(t.Context(), w, w.Ermek, fresh, casefile.DecisionDraft{Kind: "severed", Severs: "260000000000078", Concerns: []uuid.UUID{there}, Leaving: leaving})
			step("the severance of the severed", err)
			without(t, w)
		})
	}
}

// So with what he becomes, and with what the prosecutor says of him: it ends nothing else that
// he is there by the joinder, and nothing that others are.
func TestWhatIsSaidOfOneByTheNumberUnderWhichHeAwaitedEndsNothingElse(t *testing.T) {
	w := portaltest.World(t)
	step := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		agree(t, w, what)
		w.At = w.At.Add(time.Minute)
	}
	w.At = w.At.Add(time.Minute)
	witness, suspect := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	step("two await their statuses", w.DB.Within(t.Context(), func(tx *vault.DB) error {
		return errors.Join(
			casefile.Await(t.Context(), tx, w.Fraud, witness, identity.Person{ID: w.Saule.Person, Name: w.Saule.FullName()}, policy.Witness, w.At, nil),
			casefile.Await(t.Context(), tx, w.Fraud, suspect, identity.Person{ID: w.Nurlan.Person, Name: w.Nurlan.FullName()}, policy.Suspect, w.At, nil))
	}))
	for who, role := range map[*portaltest.Actor]policy.Role{w.Saule: policy.Witness, w.Nurlan: policy.Suspect, w.Stranger: policy.Suspect} {
		step("a status in the theft", w.Add(w.Daniyar, w.Theft, uuid.Must(uuid.NewV7()), who, casefile.Grant{Role: role, Basis: policy.Bases[role][0].Key, Since: dayOf(w, 0)}))
	}
	_, err := publish(t.Context(), w, w.Daniyar, w.Fraud, casefile.DecisionDraft{Kind: "joined", Joins: w.Theft})
	step("the joinder", err)
	became := uuid.Must(uuid.NewV7())
	step("the witness is a suspect now", w.Change(w.Daniyar, witness, became, casefile.Grant{Role: policy.Suspect, Basis: "detention", Since: dayOf(w, 0)}))
	step("and none any more, but the civil plaintiff that she was as well", w.End(w.Daniyar, became))
	id, err := publish(t.Context(), w, w.Daniyar, w.Fraud, casefile.DecisionDraft{Kind: "suspect-recognised", Concerns: []uuid.UUID{suspect}})
	step("the ruling on the suspect", err)
	step("the prosecutor refuses it", w.Decline(w.Zhanar, id))
	all, taken := shown(t, w)
	c := warrant.New(all, taken, w.At)
	if c.Standing(w.Nurlan.Person, w.Fraud, w.At).Is(warrant.Party) || c.Standing(w.Nurlan.Person, w.Theft, w.At).Is(warrant.Party) {
		t.Error("whom the prosecutor refused is a suspect still")
	}
	if !c.Standing(w.Stranger.Person, w.Fraud, w.At).Is(warrant.Party) {
		t.Error("another suspect who came is none")
	}
	without(t, w)
}

// without leaves out each paper in turn: nobody may have more by that, but where the
// paper took from him.
func without(t *testing.T, w *portaltest.W) {
	t.Helper()
	all, taken := shown(t, w)
	everyone := everybody(t, w)
	full := everyone.byChain(warrant.New(all, taken, w.At), w.At)
	for i, p := range all {
		rest := slices.Delete(slices.Clone(all), i, i+1)
		more := everyone.byChain(warrant.New(rest, taken, w.At), w.At).more(w, full)
		if len(more) > 0 && !p.Takes() {
			t.Errorf("without the %s of %s there is more: %q", p.Kind, p.Made, more)
		}
	}
}

// What is gathered for one person and one case proves as much as everything does.
func TestThePapersGatheredForOnePersonProveHisRight(t *testing.T) {
	w := portaltest.World(t)
	history(t, w)
	all, taken := shown(t, w)
	byID := map[uuid.UUID]warrant.Paper{}
	for _, p := range all {
		byID[p.ID] = p
	}
	full, everyone := warrant.New(all, taken, w.At), everybody(t, w)
	rights := 0
	for _, in := range everyone.cases {
		for _, who := range everyone.people {
			gathered, err := papers.Of(t.Context(), w.DB, who, in)
			if err != nil {
				t.Fatal(err)
			}
			var some []warrant.Paper
			var ended []warrant.Taken
			for _, p := range gathered {
				some = append(some, opened(t, w, p, byID))
				if !p.Ended.IsZero() {
					ended = append(ended, warrant.Taken{ID: p.ID, At: p.Ended})
				}
			}
			got, want := warrant.New(some, ended, w.At).Standing(who, in, w.At), full.Standing(who, in, w.At)
			if fmt.Sprint(got) != fmt.Sprint(want) || !slices.Equal(got.Whom, want.Whom) || !slices.Equal(got.Filings, want.Filings) {
				t.Errorf("%s in %s: %v by the papers gathered, %v by all", w.Word(who), w.Word(in), got, want)
			}
			if !want.None() {
				rights++
			}
		}
	}
	if rights < 14 {
		t.Errorf("only %d rights", rights)
	}
}

// opened is a paper as the keeper has it: opened, and its signature verified anew.
func opened(t *testing.T, w *portaltest.W, p papers.Paper, known map[uuid.UUID]warrant.Paper) warrant.Paper {
	t.Helper()
	want, ok := known[p.ID]
	if !ok {
		t.Fatalf("%s states nothing", p.ID)
	}
	if p.Register {
		if _, err := w.Verifier.Machine(t.Context(), w.Troupe.Register.Certificate(), p.CMS, p.Content); err != nil {
			t.Fatal(err)
		}
		return want
	}
	content, err := w.DB.Open(t.Context(), p.ContentAt, p.Content)
	if err != nil {
		t.Fatal(err)
	}
	cms, err := w.DB.Open(t.Context(), p.CMSAt, p.CMS)
	if err != nil || sha256.Sum256(content) != want.Digest {
		t.Fatalf("%s is another paper: %v", p.ID, err)
	}
	verdict, err := w.Verifier.Inspect(t.Context(), cms, content, w.At)
	if err != nil || len(verdict.Signers) != 1 {
		t.Fatalf("the signature under %s: %v", p.ID, err)
	}
	if iin := verdict.Signers[0].Signer.IIN; iin != actor(w, want.Signer).IIN {
		t.Fatalf("%s is signed by another", p.ID)
	}
	return want
}

// history is a world in which something of each kind has happened.
func history(t *testing.T, w *portaltest.W) {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		w.At = w.At.Add(time.Minute)
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Enter(directory.Entry{IIN: w.Nurlan.IIN, Name: w.Nurlan.FullName(), Post: "investigator", Body: w.Body("police")})
	w.At = w.At.Add(time.Minute)
	ok(w.Assign(w.Marat, w.Theft, w.Ermek))
	_, err := w.Substitute(w.Marat, w.Ermek, w.Nurlan, dayOf(w, 3))
	ok(err)
	ok(w.Add(w.Nurlan, w.Theft, uuid.Must(uuid.NewV7()), w.Stranger, casefile.Grant{Role: policy.Victim, Basis: "ruling", Since: dayOf(w, 0)}))
	ok(w.End(w.Ermek, w.Participant("saule@theft")))
	_, err = publish(t.Context(), w, w.Daniyar, w.Fraud, casefile.DecisionDraft{Kind: "severed", Severs: "260000000000077", Concerns: []uuid.UUID{w.Participant("timur@fraud")}})
	ok(err)
	id := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintCourt, What: guide.Deed})
	ok(w.Submit(w.Aigul, id))
	agree(t, w, "the history")
}

// A03: whoever holds the database writes rows; they open nothing, for nobody signed them.
func TestRowsThatASuperuserWroteGiveNothing(t *testing.T) {
	w := portaltest.World(t)
	before, taken := shown(t, w)
	everyone := everybody(t, w)
	full := everyone.byChain(warrant.New(before, taken, w.At), w.At)
	rows := bySQL(t, w)
	stranger, nurlan := w.Stranger.Person, w.Nurlan.Person
	for what, write := range map[string]struct {
		sql  string
		args []any
	}{
		"an officer":          {`INSERT INTO officer (person, post, body) SELECT $1, 'head', body FROM officer WHERE person = $2`, []any{nurlan, w.Marat.Person}},
		"a participant":       {`INSERT INTO participant (id, casefile, person, role, basis, status, asked_at, since, confirmed_at, confirmed_by) VALUES ($1, $2, $3, 'victim', 'ruling', 'confirmed', now(), '2026-10-01', now(), $4)`, []any{uuid.New(), w.Theft, stranger, w.Daniyar.Person}},
		"a case given":        {`UPDATE casefile SET investigator = $2 WHERE id = $1`, []any{w.Fraud, w.Ermek.Person}},
		"a substitution":      {`INSERT INTO substitution (id, officer, deputy, head, document, until, made_at, signed_at) SELECT $1, $2, $3, $4, id, '2027-01-01', now(), now() FROM document WHERE signer = $2 LIMIT 1`, []any{uuid.New(), w.Daniyar.Person, w.Ermek.Person, w.Marat.Person}},
		"a power without end": {`UPDATE participant SET person = $2 WHERE id = $1`, []any{w.Participant("dana@theft"), stranger}},
		"a warrant":           {`INSERT INTO warrant (id, casefile, kind, content, cms, made_at, kept_at) SELECT $1, casefile, kind, content || ' ', cms, made_at, kept_at FROM warrant WHERE kind = 'charge' LIMIT 1`, []any{uuid.New()}},
	} {
		if _, err := w.SQL.Exec(write.sql, write.args...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	id := w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingComplaintProsecutor, What: guide.Deed})
	if err := w.Submit(w.Aigul, id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`UPDATE filing SET decider = $2, seat = 'higher' WHERE id = $1`, id, w.Samat.Person); err != nil {
		t.Fatal(err)
	}
	if more := bySQL(t, w).more(w, rows); len(more) < 5 {
		t.Errorf("the rows were to give something in the database: %q", more)
	}
	var forged struct{ Content, CMS []byte }
	if err := w.SQL.Get(&forged, `SELECT content, cms FROM warrant WHERE content LIKE '%} '`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Verifier.Machine(t.Context(), w.Troupe.Register.Certificate(), forged.CMS, forged.Content); err == nil {
		t.Error("a warrant that was changed is the register's still")
	}
	if _, err := w.SQL.Exec(`ALTER TABLE warrant DISABLE TRIGGER stays; DELETE FROM warrant WHERE content LIKE '%} '`); err != nil {
		t.Fatal(err)
	}
	after, taken := shown(t, w)
	if more := everyone.byChain(warrant.New(after, taken, w.At), w.At).more(w, full); len(more) > 0 {
		t.Errorf("they give in the chain: %q", more)
	}
}

// Only the very certificate that is pinned speaks for the register.
func TestOnlyTheRegistersOwnKeySpeaksForIt(t *testing.T) {
	w := portaltest.World(t)
	text := []byte("мәтін")
	by := func(cms []byte, err error) error {
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Verifier.Machine(t.Context(), w.Troupe.Register.Certificate(), cms, text)
		return err
	}
	if err := by(w.Troupe.Register.SignCMS(text, false, w.At)); err != nil {
		t.Error(err)
	}
	if _, err := w.Verifier.Machine(t.Context(), w.Troupe.Register.Certificate(), must(w.Troupe.Register.SignCMS(text, false, w.At)), append(text, '.')); err == nil {
		t.Error("a text that was changed passes")
	}
	for _, word := range []string{"aigul", "daniyar", "system", "foreign"} {
		var refused *eds.Refusal
		if err := by(w.Troupe.Members[word].Key.SignCMS(text, false, w.At)); !errors.As(err, &refused) {
			t.Errorf("%s speaks for the register: %v", word, err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A file that states something is signed as nothing else: an uploaded ruling would give a
// right that its signer has not read.
func TestAnUploadedRulingStatesNothing(t *testing.T) {
	w := portaltest.World(t)
	all := map[string]struct {
		upload []byte
		draft  casefile.DecisionDraft
	}{
		"a paper of ours":      {must(warrant.Put(w.PDF("Қаулы"), granted(w))), casefile.DecisionDraft{Kind: "expertise-set"}},
		"one with the line":    {bytes.Replace(w.PDF("Қаулы"), []byte("startxref"), []byte("%zharia/facts/1 e30\nstartxref"), 1), casefile.DecisionDraft{Kind: "expertise-set"}},
		"an uploaded joinder":  {w.PDF("Қаулы"), casefile.DecisionDraft{Kind: "joined", Joins: w.Fraud}},
		"an uploaded severing": {w.PDF("Қаулы"), casefile.DecisionDraft{Kind: "severed", Severs: "260000000000077", Concerns: []uuid.UUID{w.Participant("serik@theft")}}},
	}
	for what, c := range all {
		c.draft.Upload, c.draft.Language, c.draft.DecidedOn = c.upload, "kk", dayOf(w, 0)
		err := casefile.DraftDecision(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.DecisionDraft), w.Theft, uuid.Must(uuid.NewV7()), c.draft)
		var why *fault.Fault
		if !errors.As(err, &why) || why.Kind != fault.Invalid || why.Field != "file" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// No other upload that is signed, or that a signed paper names, states anything either; sheets
// of the file are signed by nobody, and papers of ours are among them.
func TestNoOtherUploadStatesAnything(t *testing.T) {
	w := portaltest.World(t)
	states := must(warrant.Put(w.PDF("Көшірме"), granted(w)))
	_, err := casefile.DraftRedaction(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RedactionDraft), w.Decision("victim-recognised"),
		casefile.RedactionDraft{Part: policy.PersonalData, Language: "kk", Upload: states})
	upload(t, "a redacted copy", err, "file")
	of, err := casefile.Numbered(t.Context(), w.DB, w.Stranger.Asks(policy.AccessDraft), w.Number(w.Theft))
	if err != nil {
		t.Fatal(err)
	}
	err = casefile.SaveRequest(t.Context(), w.DB, w.Press, w.Stranger.Asks(policy.AccessDraft), of, uuid.Must(uuid.NewV7()),
		casefile.NewRequest{Role: policy.Defender, Represented: w.Serik.FullName(), Words: portaltest.Why, Language: "kk", Authority: states})
	upload(t, "a power", err, "authority")
	next := materials.New{ID: uuid.Must(uuid.NewV7()), Language: "kk", Title: "Растау", Volume: 9, Sheet: 1, Part: materials.Parts[0], PDF: states}
	if err := materials.Add(t.Context(), w.DB, w.Daniyar.Asks(policy.MaterialAdd), w.Theft, next); err != nil {
		t.Errorf("a sheet of the file: %v", err)
	}
}

// Whoever writes into the database puts a paper with a right where a copy waits for its
// signature: the signature is not taken.
func TestAPaperThatWasPutInPlaceOfADraftIsNotSigned(t *testing.T) {
	w := portaltest.World(t)
	for what, nonce := range map[string][]byte{"as an upload": nil, "as one of ours": make([]byte, document.NonceSize)} {
		id, err := casefile.DraftRedaction(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RedactionDraft), w.Decision("victim-recognised"),
			casefile.RedactionDraft{Part: policy.PersonalData, Language: "kk", Upload: w.PDF("Көшірме")})
		if err != nil {
			t.Fatal(err)
		}
		f := granted(w)
		f.ID = id
		content := must(warrant.Put(w.PDF("Көшірме"), f))
		digest := sha256.Sum256(content)
		at, _ := document.Places(id, vault.HomeOf(w.Theft, uuid.Nil))
		tx := w.SQL.MustBegin()
		defer tx.Rollback()
		tx.MustExec(`SET LOCAL session_replication_role = replica`)
		tx.MustExec(`UPDATE document SET content = $2, digest = $3, size = $4, nonce = $5 WHERE id = $1`, id, must(w.DB.Seal(at, content)), digest[:], len(content), nonce)
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		err = casefile.SignRedaction(t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(policy.RedactionSign), id, w.SignedBy(w.Daniyar, content), digest[:])
		upload(t, what, err, "file")
	}
}

func upload(t *testing.T, what string, err error, field string) {
	t.Helper()
	var why *fault.Fault
	if !errors.As(err, &why) || why.Kind != fault.Invalid || why.Field != field {
		t.Errorf("%s: %v", what, err)
	}
}

// granted is a confirmation that nobody printed.
func granted(w *portaltest.W) warrant.Fact {
	return warrant.Fact{
		Kind: warrant.Confirmation, ID: uuid.New(), Made: w.At, Case: w.Theft, Participant: uuid.New(), Person: w.Stranger.Person,
		Role: policy.Victim, Basis: "ruling", Capacity: "full", Scope: []string{"read"},
	}
}
