package directory_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/directory"
	"zharia/portal/eds"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// sender is the register, which knows what the portal told it and nothing else.
type sender struct {
	*inbound.Inbox
	*portaltest.W
	t *testing.T
}

type data = map[string]any

func sends(t *testing.T, w *portaltest.W, to *vault.DB) *sender {
	return &sender{t: t, W: w, Inbox: &inbound.Inbox{
		DB: to, Verifier: w.Verifier, Register: w.Troupe.Register.Certificate(), Origin: portaltest.Origin, Clock: func() time.Time { return w.At },
	}}
}

func (s *sender) signs(text []byte) []byte {
	s.t.Helper()
	cms, err := s.Troupe.Register.SignCMS(text, false, s.At)
	if err != nil {
		s.t.Fatal(err)
	}
	return cms
}

var b64 = base64.StdEncoding.EncodeToString

// envelope is a message about no case.
func (s *sender) envelope(kind inbound.Kind, carries data) inbound.Envelope {
	s.t.Helper()
	body, err := json.Marshal(data{"id": uuid.Must(uuid.NewV7()), "portal": portaltest.Origin, "kind": kind, "at": s.At.Format("2006-01-02T15:04:05Z"), "data": carries})
	if err != nil {
		s.t.Fatal(err)
	}
	return inbound.Envelope{Body: b64(body), CMS: b64(s.signs(body))}
}

// send sends a message, and is told who the people of it are.
func (s *sender) send(kind inbound.Kind, carries data) ([]uuid.UUID, error) {
	s.t.Helper()
	m, err := s.Open(s.t.Context(), s.envelope(kind, carries))
	if err != nil {
		return nil, err
	}
	said, err := s.Take(s.t.Context(), m)
	if err != nil {
		return nil, err
	}
	var a inbound.Answer
	if err := json.Unmarshal(said, &a); err != nil {
		s.t.Fatal(err)
	}
	return a.Persons, nil
}

// named is a line of a roll.
type named struct {
	iin  eds.IIN
	name string
	warrant.Officer
}

func (s *sender) names(a *portaltest.Actor, post, body string) named {
	return named{a.IIN, a.FullName(), warrant.Officer{Person: a.Person, Post: post, Body: s.Body(body)}}
}

// roll sends a roll that was made at a moment.
func (s *sender) roll(made time.Time, bodies []warrant.Body, all ...named) error {
	s.t.Helper()
	_, err := s.send(inbound.Officers, s.says(made, bodies, all...))
	return err
}

// says is a roll with its signature.
func (s *sender) says(made time.Time, bodies []warrant.Body, all ...named) data {
	s.t.Helper()
	f := warrant.Fact{Kind: warrant.Roll, ID: uuid.Must(uuid.NewV7()), Made: made.UTC().Truncate(time.Second), Bodies: bodies}
	var lines []data
	for _, n := range all {
		f.Officers = append(f.Officers, n.Officer)
		one := data{"iin": n.iin.Reveal(), "name": n.name, "post": n.Post, "body": n.Body}
		if n.Until != "" {
			one["until"] = n.Until
		}
		lines = append(lines, one)
	}
	text, err := f.Text()
	if err != nil {
		s.t.Fatal(err)
	}
	return data{"fact": b64(text), "cms": b64(s.signs(text)), "officers": lines}
}

// was is in which post somebody is by the tables.
func (s *sender) was(a *portaltest.Actor, post string) {
	s.t.Helper()
	var all []string
	if err := s.SQL.Select(&all, `SELECT post FROM officer WHERE person = $1 AND left_at IS NULL`, a.Person); err != nil {
		s.t.Fatal(err)
	}
	if len(all) != 1 || all[0] != post {
		s.t.Errorf("%s is %v, not %s", a.Word, all, post)
	}
}

func (s *sender) rolls(want int) {
	s.t.Helper()
	var n int
	if err := s.SQL.Get(&n, `SELECT count(*) FROM warrant WHERE kind = 'roll'`); err != nil || n != want {
		s.t.Errorf("%d rolls are kept, not %d: %v", n, want, err)
	}
}

// aside is what those on duty are told of the register's messages.
func (s *sender) aside(want ...string) {
	s.t.Helper()
	all, err := inbound.SetAside(s.t.Context(), s.W.DB.DB, s.Raushan.Asks(policy.DutyRead))
	if err != nil {
		s.t.Fatal(err)
	}
	var codes []string
	for _, a := range all {
		codes = append(codes, a.Code)
	}
	if len(codes) != len(want) || len(want) > 0 && codes[0] != want[0] {
		s.t.Errorf("those on duty are told of %v, not %v", codes, want)
	}
}

// Whoever proposed that somebody leaves signed which post that is. The register moved him
// since: he does not leave the new one by it.
func TestWhoCameIntoAnotherPostSinceDoesNotLeaveItByAnEntryAboutTheOneBefore(t *testing.T) {
	w := portaltest.World(t)
	s := sends(t, w, w.DB)
	gone, err := w.Propose(w.Bolat, leaves(w.Daniyar))
	if err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Hour)
	if err := s.roll(w.At, nil, s.names(w.Daniyar, "investigator", "police")); err != nil { // as he was
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Hour)
	if err := s.roll(w.At, nil, s.names(w.Daniyar, "prosecutor", "prosecution")); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Hour)
	wantMessage(t, "he leaves the police", "fault.appointment-moved", w.Second(w.Raushan, gone, true))
	s.was(w.Daniyar, "prosecutor")
	if err := w.Second(w.Raushan, gone, false); err != nil {
		t.Fatal(err)
	}
	w.Enter(leaves(w.Daniyar))
	w.Want(t, `SELECT count(*) FROM officer WHERE person = '`+w.Daniyar.Person.String()+`' AND left_at IS NULL`, "count\n0")
	// A roll that says again what is so moves nobody.
	stays, err := w.Propose(w.Bolat, leaves(w.Marat))
	if err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Hour)
	if err := s.roll(w.At, nil, s.names(w.Marat, "head", "police")); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(time.Hour)
	if err := w.Second(w.Raushan, stays, true); err != nil {
		t.Errorf("of the post that he was in he leaves: %v", err)
	}
	w.Sound()
}

// The key of the register is not two people, whatever day it writes under a roll.
func TestTheRegisterSaysOfNobodyThatHeWasAnAdministratorBefore(t *testing.T) {
	w := portaltest.World(t)
	s := sends(t, w, w.DB)
	w.Enter(enters(w, w.Nurlan, "administrator", "center"))
	before := w.At
	w.At = w.At.Add(time.Hour)
	two := []named{s.names(w.Bolat, "administrator", "center"), s.names(w.Nurlan, "administrator", "center")}
	wantMessage(t, "of last year", "fault.register-administration", s.roll(w.At.AddDate(-1, 0, 0), nil, two...))
	wantMessage(t, "with another line", "fault.register-administration",
		s.roll(w.At.AddDate(-1, 0, 0), nil, append(two, s.names(w.Stranger, "investigator", "police"))...))
	s.rolls(1)
	// A roll that came after the first, and before he was one: the rest of it counts.
	if err := s.roll(before.Add(-time.Hour), nil, append(two, s.names(w.Ermek, "registrar", "police"))...); err != nil {
		t.Error(err)
	}
	s.was(w.Ermek, "registrar")
	s.aside("fault.register-administration")
	if err := s.roll(w.At, nil, two...); err != nil {
		t.Errorf("what is so: %v", err)
	}
	w.Sound()
}

// Nothing of the rest of a roll waits for a line that is not the register's to say, and
// those on duty learn of it.
func TestALineThatIsNotTheRegistersHoldsUpNoOther(t *testing.T) {
	w := portaltest.World(t)
	s := sends(t, w, w.DB)
	w.Enter(enters(w, w.Daniyar, "auditor", "center"))
	w.At = w.At.Add(time.Hour)
	if err := s.roll(w.At, nil, s.names(w.Daniyar, "investigator", "police"), s.names(w.Ermek, "registrar", "police")); err != nil {
		t.Fatal(err)
	}
	s.was(w.Daniyar, "auditor")
	s.was(w.Ermek, "registrar")
	s.rolls(2)
	s.aside("fault.register-administration")
	w.At = w.At.Add(time.Hour)
	wantMessage(t, "alone", "fault.register-administration", s.roll(w.At, nil, s.names(w.Daniyar, "investigator", "police")))
	s.rolls(2)

	// In a file too.
	line, err := json.Marshal(s.envelope(inbound.Officers, s.says(w.At, nil, s.names(w.Daniyar, "head", "police"), s.names(w.Ermek, "investigator", "police"))))
	if err != nil {
		t.Fatal(err)
	}
	f := &inbound.File{Inbox: s.Inbox, Path: filepath.Join(t.TempDir(), "all.jsonl")}
	if err := os.WriteFile(f.Path, append(line, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := f.Run(t.Context()); err != nil || p.Taken != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	s.was(w.Daniyar, "auditor")
	s.was(w.Ermek, "investigator")
	var told int
	if err := w.SQL.Get(&told, `SELECT count(*) FROM inbound WHERE state = 'taken' AND code = 'fault.register-administration' AND field = 'officers'`); err != nil || told != 2 {
		t.Errorf("of %d messages it is said that they were not taken whole, %v", told, err)
	}

	// Whose last day is over is an auditor no more, though no timetable has said so yet.
	w.SQL.MustExec(`UPDATE officer SET until = $2 WHERE person = $1`, w.Daniyar.Person, w.At.AddDate(0, 0, -1).Format(time.DateOnly))
	w.At = w.At.Add(time.Hour)
	if err := s.roll(w.At, nil, s.names(w.Daniyar, "investigator", "police")); err != nil {
		t.Errorf("after his last day: %v", err)
	}
	s.was(w.Daniyar, "investigator")
}

// Of two rolls that come at once the newer stands, of whomever they are.
func TestOfTwoRollsAtOnceTheNewerStands(t *testing.T) {
	w := portaltest.World(t)
	enroll := func(tx *vault.DB, made time.Time, post string) error {
		one := directory.Enrolled{IIN: w.Stranger.IIN, Name: w.Stranger.FullName(), Post: post, Body: w.Body("police")}
		f := warrant.Fact{Kind: warrant.Roll, ID: uuid.Must(uuid.NewV7()), Made: made, Officers: []warrant.Officer{one.On(tx)}}
		text, err := f.Text()
		if err != nil {
			return err
		}
		_, _, err = directory.Enroll(t.Context(), tx, w.At, []directory.Enrolled{one}, register.Said{Fact: f, Text: text, CMS: []byte{1}}, make([]byte, 32))
		return err
	}
	if _, err := identity.Ensure(t.Context(), w.DB, w.Stranger.IIN, w.Stranger.FullName(), w.At); err != nil {
		t.Fatal(err)
	}
	older := make(chan error, 1)
	err := w.DB.Within(t.Context(), func(tx *vault.DB) error {
		if err := enroll(tx, w.At.Add(-time.Hour), "registrar"); err != nil {
			return err
		}
		go func() {
			older <- w.DB.Within(context.WithoutCancel(t.Context()), func(tx *vault.DB) error { return enroll(tx, w.At.Add(-2*time.Hour), "head") })
		}()
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			var waits int
			if err := w.SQL.Get(&waits, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`); err != nil || waits > 0 {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-older; err != nil {
		t.Fatal(err)
	}
	sends(t, w, w.DB).was(w.Stranger, "registrar")
}

// A roll says where a body stood when it was made; what the register has said of the body
// since is no reason to refuse its officials.
func TestARollOlderThanWhatIsKnownOfABodyIsTaken(t *testing.T) {
	w := portaltest.World(t)
	s := sends(t, w, w.DB)
	id, above := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	court := func(id uuid.UUID, more data) data {
		out := data{"id": id, "kind": "court", "name_kk": "Жаңа", "name_ru": "Новый"}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	judge := named{w.Stranger.IIN, w.Stranger.FullName(), warrant.Officer{Person: w.Stranger.Person, Post: "judge", Body: id}}
	send := func(more data) {
		t.Helper()
		if _, err := s.send(inbound.Bodies, data{"bodies": []any{court(above, nil), court(id, more)}}); err != nil {
			t.Fatal(err)
		}
	}
	send(nil)
	made := w.At.Add(time.Minute)
	w.At = w.At.Add(time.Hour)
	send(data{"above": above})
	w.At = w.At.Add(time.Minute)
	if err := s.roll(made, []warrant.Body{{ID: id}}, judge); err != nil {
		t.Errorf("made before the body was moved: %v", err)
	}
	s.was(w.Stranger, "judge")
	wantMessage(t, "made after it", "fault.register-body", s.roll(w.At, []warrant.Body{{ID: id}}, judge))
	wantMessage(t, "of a body that nobody entered", "fault.register-body", s.roll(made, []warrant.Body{{ID: uuid.New()}}, judge))
}

// The first administrators are known to the portal alone, and the keeper believes the register:
// what the program says when they are entered is all that the register is told of them.
func TestTheRegistersFirstRollMakesTheFirstTwoKnownToTheKeeper(t *testing.T) {
	for name, id := range map[string]uuid.UUID{"a body of ours": uuid.Nil, "a body that the register has": uuid.Must(uuid.NewV7())} {
		w, db := portaltest.World(t), portaltest.Empty(t)
		s, center := sends(t, w, db), identity.Body{NameKK: "Орталық", NameRU: "Центр"}
		bodies := func(id uuid.UUID) {
			t.Helper()
			if _, err := s.send(inbound.Bodies, data{"bodies": []any{data{"id": id, "kind": "administration", "name_kk": "Комитет", "name_ru": "Комитет"}}}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if id != uuid.Nil { // it came before, under a name of its own
			bodies(id)
		}
		var two []named
		var people []any
		for _, a := range []*portaltest.Actor{w.Bolat, w.Raushan} {
			line, err := directory.First(t.Context(), db, w.At, a.IIN, a.FullName(), center, id)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if id != uuid.Nil && line.Body != id {
				t.Errorf("%s: %s", name, line.Body)
			}
			two, people = append(two, named{a.IIN, a.FullName(), line}), append(people, data{"iin": a.IIN.Reveal(), "name": a.FullName()})
		}
		w.At = w.At.Add(time.Minute)
		bodies(two[0].Body)
		ids, err := s.send(inbound.Persons, data{"persons": people})
		if err != nil || len(ids) != 2 || ids[0] != two[0].Person || ids[1] != two[1].Person {
			t.Fatalf("%s: the register is told that they are %v, %v", name, ids, err)
		}
		w.At = w.At.Add(time.Minute)
		if err := s.roll(w.At, []warrant.Body{{ID: two[0].Body}}, two...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var papers []warrant.Paper
		var texts [][]byte
		if err := db.Select(t.Context(), &texts, `SELECT content FROM warrant`); err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			f, err := warrant.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			papers = append(papers, warrant.Paper{Fact: f, Register: true, Digest: sha256.Sum256(text)})
		}
		made := w.At.UTC().Add(time.Minute)
		entry := warrant.Paper{Signer: two[0].Person, At: made, Digest: [32]byte{1},
			Fact: warrant.Fact{Kind: warrant.Appointment, ID: uuid.New(), Made: made, Person: w.Nurlan.Person, Post: "auditor", Body: two[0].Body}}
		assent := warrant.Paper{Signer: two[1].Person, At: made, Digest: [32]byte{2},
			Fact: warrant.Fact{Kind: warrant.Assent, ID: uuid.New(), Made: made.Add(time.Minute), About: entry.ID, Digest: hex.EncodeToString(entry.Digest[:])}}
		c := warrant.New(append(papers, entry, assent), nil, made.Add(time.Hour))
		if !c.Serves(w.Nurlan.Person, made.Add(time.Hour)) {
			t.Errorf("%s: what the two sign gives nothing: %v", name, c.Refused())
		}
	}
}

func TestTheFirstAdministratorsAreInABodyThatAdministers(t *testing.T) {
	db, id := portaltest.Empty(t), uuid.Must(uuid.NewV7())
	court := directory.Registered{ID: id, Kind: "court", Body: identity.Body{NameKK: "Сот", NameRU: "Суд"}}
	if err := db.Within(t.Context(), func(tx *vault.DB) error { return directory.EnterBody(t.Context(), tx, court) }); err != nil {
		t.Fatal(err)
	}
	if _, err := directory.First(t.Context(), db, portaltest.Afternoon, "811111399014", "Бірінші", court.Body, id); !errors.Is(err, directory.ErrOther) {
		t.Errorf("of a court: %v", err)
	}
}
