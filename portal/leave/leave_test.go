package leave_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/cast"
	"zharia/portal/directory"
	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/keeper"
	"zharia/portal/leave"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
	"zharia/portal/warrant"
	"zharia/portal/warrant/papers"
)

// bench is a judge of papers in a world, and what he has to remember.
type bench struct {
	*portaltest.W
	t        testing.TB
	verifier *eds.Verifier
	keeper.Rights
	memory [][]byte
}

func sit(t testing.TB, w *portaltest.W) *bench {
	t.Helper()
	b := &bench{W: w, t: t, verifier: w.Verifier}
	b.again()
	return b
}

// again is another unsealing: nothing is known but what was remembered.
func (b *bench) again() {
	b.t.Helper()
	b.Rights = leave.New(b.verifier, b.Troupe.Register.Certificate())()
	if err := b.Recall(b.memory); err != nil {
		b.t.Fatal(err)
	}
}

// paper is one as the keeper has it once he opened it.
func (b *bench) paper(p papers.Paper, casefile uuid.UUID) keeper.Paper {
	b.t.Helper()
	open := func(where vault.Where, sealed []byte) []byte {
		if where == (vault.Where{}) {
			return sealed
		}
		plain, err := b.DB.Keys.Open(b.t.Context(), where, sealed)
		if err != nil {
			b.t.Fatal(err)
		}
		return plain
	}
	out := keeper.Paper{
		Case: p.Case, Content: open(p.ContentAt, p.Content), Signatures: [][]byte{open(p.CMSAt, p.CMS)}, Ended: p.Ended,
		Person: func(iin eds.IIN) uuid.UUID { return vault.BlindID(b.DB.Tag("person.iin", iin.Reveal())) },
	}
	if out.Case != uuid.Nil {
		out.Case = casefile
	}
	if p.Evidence != nil {
		out.Evidence = [][]byte{open(p.EvidenceAt, p.Evidence)}
	}
	return out
}

// gather are the papers that the portal would show.
func (b *bench) gather(who *portaltest.Actor, casefile uuid.UUID) (out []keeper.Paper) {
	b.t.Helper()
	all, err := papers.Of(b.t.Context(), b.DB, who.Person, casefile)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, p := range all {
		out = append(out, b.paper(p, casefile))
	}
	return out
}

func (b *bench) take(p keeper.Paper) error {
	notes, err := b.Take(b.t.Context(), p, b.At)
	b.memory = append(b.memory, notes...)
	return err
}

// see is all papers shown for one person and one case; each must count.
func (b *bench) see(who *portaltest.Actor, casefile uuid.UUID) {
	b.t.Helper()
	for _, p := range b.gather(who, casefile) {
		if err := b.take(p); err != nil {
			b.t.Errorf("a paper of %s: %v", b.Word(casefile), err)
		}
	}
}

func (b *bench) may(who *portaltest.Actor, casefile uuid.UUID, tables ...string) error {
	var of []vault.Where
	for _, table := range tables {
		of = append(of, vault.Where{Table: table, Column: "x", ID: uuid.New(), Case: casefile})
	}
	return b.Standing(b.t.Context(), who.Person, casefile, of, b.At)
}

// wants asks that a person may, or may not.
func (b *bench) wants(who *portaltest.Actor, casefile uuid.UUID, may bool, when string) {
	b.t.Helper()
	if err := b.may(who, casefile, "filing"); (err == nil) != may {
		b.t.Errorf("%s: %s in %s: %v, want %v", when, b.Word(who.Person), b.Word(casefile), err, may)
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func day(w *portaltest.W, days int) time.Time {
	local := w.At.Add(5 * time.Hour)
	return time.Date(local.Year(), local.Month(), local.Day()+days, 0, 0, 0, 0, time.UTC)
}

func TestNothingOpensBeforePapersAreShown(t *testing.T) {
	b := sit(t, portaltest.World(t))
	for _, in := range []uuid.UUID{b.Theft, uuid.Nil, uuid.New()} {
		if err := b.may(b.Daniyar, in); !errors.Is(err, keeper.ErrNoPapers) {
			t.Errorf("%s: %v", b.Word(in), err)
		}
	}
	b.see(b.Daniyar, b.Theft)
	b.wants(b.Daniyar, b.Theft, true, "shown")
	b.wants(b.Aigul, b.Theft, true, "shown")
	b.wants(b.Stranger, b.Theft, false, "shown")
	if err := b.may(b.Timur, b.Fraud); !errors.Is(err, keeper.ErrNoPapers) {
		t.Errorf("another case: %v", err)
	}
}

// Which case a paper is of it says itself, once it counts. What proves nothing lets nobody
// judge by what is known of a case, and leaves nothing behind.
func TestAPaperIsOfTheCaseThatItNamesAndOfNoneIfItDoesNotCount(t *testing.T) {
	b := sit(t, portaltest.World(t))
	for _, p := range b.gather(b.Daniyar, b.Theft) {
		bad := p
		bad.Signatures = [][]byte{[]byte("no signature")}
		if err := b.take(bad); err == nil {
			t.Error("it counts")
		}
	}
	if err := b.may(b.Daniyar, b.Theft); !errors.Is(err, keeper.ErrNoPapers) {
		t.Errorf("papers that prove nothing: %v", err)
	}
	for _, p := range b.gather(b.Daniyar, b.Theft) {
		p.Case = b.Fraud
		ok(t, b.take(p))
	}
	if err := b.may(b.Daniyar, b.Fraud); !errors.Is(err, keeper.ErrNoPapers) {
		t.Errorf("papers of another case: %v", err)
	}
	b.wants(b.Daniyar, b.Theft, true, "papers of his case, shown as another's")
}

// The papers about officials open for whoever is in a post, in whatever case.
func TestPapersAboutOfficialsOpenForOfficialsOnly(t *testing.T) {
	b := sit(t, portaltest.World(t))
	b.see(b.Bolat, uuid.Nil)
	b.see(b.Marat, uuid.Nil)
	for who, may := range map[*portaltest.Actor]bool{b.Bolat: true, b.Marat: true, b.Daniyar: true, b.Zhanar: true, b.Aigul: false, b.Stranger: false} {
		b.wants(who, uuid.Nil, may, "the house")
	}
}

// What came to a body and is in no case opens for whoever receives there, and for nobody
// else: not for those who conduct its cases, not for another body's.
func TestWhatABodyReceivedOpensForThoseWhoReceiveForIt(t *testing.T) {
	b := sit(t, portaltest.World(t))
	police, other, house := cast.ID("body", "police"), cast.ID("body", "police-auezov"), uuid.Nil
	duty, neighbour := b.Actor("zhandos"), b.Actor("meruert")
	for _, who := range []*portaltest.Actor{b.Bolat, b.Marat, duty, neighbour} {
		b.see(who, uuid.Nil)
	}
	at := func(body uuid.UUID) vault.Where {
		return vault.Where{Table: "report", Column: "answers", ID: uuid.New(), Body: body, House: body == house}
	}
	for _, c := range []struct {
		who *portaltest.Actor
		of  []vault.Where
		may bool
	}{
		{duty, []vault.Where{at(police)}, true},
		{b.Marat, []vault.Where{at(police)}, true},
		{duty, []vault.Where{at(other)}, false},
		{duty, []vault.Where{at(police), at(other)}, false},
		{duty, []vault.Where{at(house), at(other)}, false},
		{neighbour, []vault.Where{at(other), at(house)}, true},
		{neighbour, []vault.Where{at(police)}, false},
		{b.Daniyar, []vault.Where{at(police)}, false},
		{b.Zhanar, []vault.Where{at(police)}, false},
		{b.Bolat, []vault.Where{at(police)}, false},
		{b.Aigul, []vault.Where{at(police)}, false},
		{duty, []vault.Where{at(uuid.New())}, false},
	} {
		if err := b.Standing(t.Context(), c.who.Person, uuid.Nil, c.of, b.At); (err == nil) != c.may {
			t.Errorf("%s, %d texts: %v, want %v", b.Word(c.who.Person), len(c.of), err, c.may)
		}
	}
}

func TestAPaperOfAYearAgoProvesByItsEvidenceAndNotWithoutIt(t *testing.T) {
	b := sit(t, portaltest.World(t))
	all := b.gather(b.Aigul, b.Theft)
	b.At = b.At.AddDate(3, 0, 0) // the certificates have run out
	for _, p := range all {
		if err := b.take(p); err != nil {
			t.Errorf("with evidence: %v", err)
		}
	}
	b.wants(b.Aigul, b.Theft, true, "three years later")
	bare := sit(t, b.W)
	for _, p := range all {
		if p.Evidence == nil {
			ok(t, bare.take(p)) // the register's
		} else if p.Evidence = nil; bare.take(p) == nil {
			t.Error("a paper of three years ago counts without evidence")
		}
	}
	bare.wants(b.Aigul, b.Theft, false, "without evidence")
}

// silent takes the time-stamps away, so that only the portal says when it was.
func silent(w *portaltest.W, services ...authority.Service) (back func()) {
	for _, s := range services {
		w.Services.Break(s, authority.Unavailable)
	}
	return func() {
		for _, s := range services {
			w.Services.Break(s, authority.NoFault)
		}
	}
}

// confirmed has the investigator confirm a stranger as a victim and gives the paper.
func confirmed(b *bench, who *portaltest.Actor) keeper.Paper {
	b.t.Helper()
	before := map[string]bool{}
	for _, p := range b.gather(who, b.Theft) {
		before[string(p.Content)] = true
	}
	ok(b.t, b.Add(b.Daniyar, b.Theft, uuid.Must(uuid.NewV7()), who, casefile.Grant{Role: policy.Victim, Basis: "ruling", Since: day(b.W, 0)}))
	for _, p := range b.gather(who, b.Theft) {
		if !before[string(p.Content)] {
			return p
		}
	}
	b.t.Fatal("no new paper")
	return keeper.Paper{}
}

func TestWithoutATimeStampAPaperCountsIfTheKeeperSawItWhileItWasFresh(t *testing.T) {
	b := sit(t, portaltest.World(t))
	b.see(b.Stranger, b.Theft)
	back := silent(b.W, authority.Stamps)
	p := confirmed(b, b.Stranger)
	back()
	ok(t, b.take(p))
	b.wants(b.Stranger, b.Theft, true, "at once")

	// The key is revoked for theft; what the keeper saw before stays proved.
	ok(t, b.Troupe.Authority.Revoke(b.Daniyar.Key.Serial(), authority.Hold, b.At.Add(time.Hour)))
	t.Cleanup(func() { b.Troupe.Authority.Unrevoke(b.Daniyar.Key.Serial()) })
	b.At = b.At.Add(48 * time.Hour)
	b.again()
	b.see(b.Stranger, b.Theft)
	b.wants(b.Stranger, b.Theft, true, "two days later, remembered")

	other := sit(t, b.W) // who has never seen it
	for _, one := range b.gather(b.Stranger, b.Theft) {
		err := other.take(one)
		if fresh := string(one.Content) == string(p.Content); fresh != (err != nil) {
			t.Errorf("fresh %v: %v", fresh, err)
		}
	}
	other.wants(b.Stranger, b.Theft, false, "a stolen key and yesterday's answers")
	other.wants(b.Aigul, b.Theft, true, "what has a time-stamp")
}

// The first time there was no room to write it down: the second time it is written down.
func TestWhatTheKeeperSawIsRememberedWhenItIsShownAgain(t *testing.T) {
	b := sit(t, portaltest.World(t))
	b.see(b.Stranger, b.Theft)
	back := silent(b.W, authority.Stamps)
	p := confirmed(b, b.Stranger)
	back()
	if _, err := b.Take(t.Context(), p, b.At); err != nil {
		t.Fatal(err)
	}
	ok(t, b.take(p))
	ok(t, b.Troupe.Authority.Revoke(b.Daniyar.Key.Serial(), authority.Hold, b.At.Add(time.Hour)))
	t.Cleanup(func() { b.Troupe.Authority.Unrevoke(b.Daniyar.Key.Serial()) })
	b.At = b.At.Add(48 * time.Hour)
	b.again()
	b.see(b.Stranger, b.Theft)
	b.wants(b.Stranger, b.Theft, true, "two days later, remembered")
}

func TestWithoutATimeStampTheAuthorityIsAskedAgainAndItsSilenceGivesNothing(t *testing.T) {
	b := sit(t, portaltest.World(t))
	b.see(b.Stranger, b.Theft)
	back := silent(b.W, authority.Stamps)
	p := confirmed(b, b.Stranger)
	b.At = b.At.Add(48 * time.Hour)
	mute := silent(b.W, authority.OCSP, authority.Lists)
	if err := b.take(p); !errors.Is(err, keeper.ErrLater) {
		t.Errorf("while the authority is silent: %v", err)
	}
	b.wants(b.Stranger, b.Theft, false, "while the authority is silent")
	mute()
	back()
	if err := b.take(p); err != nil {
		t.Errorf("when it speaks: %v", err)
	}
	b.wants(b.Stranger, b.Theft, true, "when it speaks")
}

// His key is his own and good; what he may no more he does with a date of last week, and
// with an answer of the authority of that day, which is easily had.
func TestWithoutATimeStampNobodyGivesWhatHeMayNoMore(t *testing.T) {
	b := sit(t, portaltest.World(t))
	back := silent(b.W, authority.Stamps)
	p := confirmed(b, b.Stranger)
	back()
	b.At = b.At.Add(time.Hour)
	ok(t, b.Assign(b.Marat, b.Theft, b.Ermek))
	b.At = b.At.Add(time.Hour)
	b.see(b.Ermek, b.Theft)
	b.wants(b.Ermek, b.Theft, true, "he conducts the case now")
	ok(t, b.take(p))
	b.wants(b.Stranger, b.Theft, false, "confirmed by the one before, as he says two hours ago")
	b.At = b.At.Add(time.Hour)
	b.again()
	b.see(b.Stranger, b.Theft)
	b.wants(b.Stranger, b.Theft, false, "after a restart")
	b.wants(b.Aigul, b.Theft, true, "whom he had confirmed while he could")
}

// What a roll says of its own day nobody proves: one that comes after the first and bears a
// day before it would put others in the place of the first two, whose signatures then gave
// nothing to anybody, ever.
func TestTheRegisterPutsNoRollBeforeTheFirst(t *testing.T) {
	for name, lines := range map[string]int{"a short one": 0, "one too long to be remembered": 100} {
		b := sit(t, portaltest.World(t))
		b.see(b.Bolat, uuid.Nil)
		b.At = b.At.Add(time.Hour)
		b.Enter(directory.Entry{IIN: b.Nurlan.IIN, Name: b.Nurlan.FullName(), Post: "administrator", Body: b.Body("center")})
		b.At = b.At.Add(time.Hour)
		id, err := b.Propose(b.Raushan, directory.Entry{IIN: b.Stranger.IIN, Name: b.Stranger.FullName(), Post: "registrar", Body: b.Body("police")})
		ok(t, err)
		ok(t, b.Second(b.Bolat, id, true))
		b.see(b.Stranger, uuid.Nil)
		b.wants(b.Stranger, uuid.Nil, true, name+": by two administrators")

		f := warrant.Fact{Kind: warrant.Roll, ID: uuid.New(), Made: b.At.AddDate(-1, 0, 0).UTC().Truncate(time.Second)}
		for _, who := range []*portaltest.Actor{b.Bolat, b.Nurlan} {
			f.Officers = append(f.Officers, warrant.Officer{Person: who.Person, Post: "administrator", Body: b.Body("center")})
		}
		for range lines {
			f.Officers = append(f.Officers, warrant.Officer{Person: uuid.New(), Post: "registrar", Body: b.Body("police")})
		}
		text, err := f.Text()
		ok(t, err)
		cms, err := b.Troupe.Register.SignCMS(text, false, f.Made)
		ok(t, err)
		b.At = b.At.Add(time.Hour)
		forged := keeper.Paper{Content: text, Signatures: [][]byte{cms}}
		ok(t, b.take(forged))
		b.wants(b.Stranger, uuid.Nil, true, name+": after a roll of last year")
		b.again()
		b.At = b.At.Add(time.Hour)
		n := len(b.memory)
		ok(t, b.take(forged)) // now it comes before the others
		for _, note := range b.memory[n:] {
			if !slices.ContainsFunc(b.memory[:n], func(old []byte) bool { return bytes.Equal(old, note) }) {
				t.Errorf("%s: it is remembered anew: %s", name, note)
			}
		}
		b.see(b.Stranger, uuid.Nil)
		b.wants(b.Stranger, uuid.Nil, true, name+": after a restart")
	}
}

// A clock that is put back brings nobody's right back.
func TestAClockThatIsPutBackBringsNothingBack(t *testing.T) {
	b := sit(t, portaltest.World(t))
	b.see(b.Serik, b.Theft)
	b.At = b.At.Add(time.Hour)
	ok(t, b.End(b.Daniyar, b.Participant("serik@theft")))
	b.see(b.Serik, b.Theft)
	b.wants(b.Serik, b.Theft, false, "ended")
	b.At = b.At.Add(-30 * time.Minute)
	b.again()
	for _, p := range b.gather(b.Aigul, b.Theft) {
		_ = b.take(p) // what is printed later is not judged yet
	}
	b.wants(b.Serik, b.Theft, false, "half an hour before it ended, by this clock")
	b.wants(b.Aigul, b.Theft, true, "by this clock")
}

func TestAPaperThatIsNotWhatItSaysGivesNothing(t *testing.T) {
	b := sit(t, portaltest.World(t))
	all := b.gather(b.Aigul, b.Theft)
	var signed, register keeper.Paper
	for _, p := range all {
		if p.Evidence == nil && strings.Contains(string(p.Content), `"charge"`) {
			register = p
		}
		if p.Evidence != nil {
			signed = p
		}
	}
	foreign := b.SignedBy(b.Serik, signed.Content)
	for name, change := range map[string]func() keeper.Paper{
		"a byte more":          func() keeper.Paper { p := signed; p.Content = append([]byte{}, append(p.Content, '\n')...); return p },
		"another signature":    func() keeper.Paper { p := signed; p.Signatures = [][]byte{foreign}; return p },
		"two signatures":       func() keeper.Paper { p := signed; p.Signatures = [][]byte{foreign, foreign}; return p },
		"no signature":         func() keeper.Paper { p := signed; p.Signatures = nil; return p },
		"no evidence any more": func() keeper.Paper { p := signed; p.Evidence = [][]byte{[]byte("{}")}; return p },
		"evidence of another": func() keeper.Paper {
			p := signed
			p.Evidence = all[len(all)-2].Evidence
			p.Signatures = all[len(all)-2].Signatures
			return p
		},
		"no paper of ours":      func() keeper.Paper { p := signed; p.Content = b.PDF("Қаулы"); return p },
		"the register, changed": func() keeper.Paper { p := register; p.Content = append([]byte{}, append(p.Content, ' ')...); return p },
		"the register by Serik": func() keeper.Paper { p := register; p.Signatures = [][]byte{b.SignedBy(b.Serik, p.Content)}; return p },
		"an empty paper":        func() keeper.Paper { return keeper.Paper{Signatures: [][]byte{{}}} },
		"printed in the future": func() keeper.Paper {
			p := register
			f, err := warrant.Parse(p.Content)
			ok(t, err)
			f.Made = b.At.Add(time.Hour)
			p.Content, err = f.Text()
			ok(t, err)
			cms, err := b.Troupe.Register.SignCMS(p.Content, false, b.At)
			ok(t, err)
			p.Signatures = [][]byte{cms}
			return p
		},
	} {
		p := change()
		if p.Person == nil {
			p.Person = signed.Person
		}
		if notes, err := b.Take(t.Context(), p, b.At); err == nil || len(notes) > 0 {
			t.Errorf("%s: taken, %q", name, notes)
		}
	}
	b.wants(b.Daniyar, b.Theft, false, "nothing was shown that counts")
}

// A right that was taken away stays away, whatever is in the database afterwards.
func TestWhatWasTakenStaysTakenWhenItsPaperIsNotShownAgain(t *testing.T) {
	b := sit(t, portaltest.World(t))
	b.see(b.Serik, b.Theft)
	b.wants(b.Serik, b.Theft, true, "before")
	before := b.gather(b.Serik, b.Theft)
	b.At = b.At.Add(time.Minute)
	ok(t, b.End(b.Daniyar, b.Participant("serik@theft")))
	b.see(b.Serik, b.Theft)
	b.wants(b.Serik, b.Theft, false, "ended")
	n := len(b.memory)
	b.again()
	for _, p := range before { // the ending is deleted
		ok(t, b.take(p))
	}
	b.wants(b.Serik, b.Theft, false, "after a restart, without the ending")
	b.wants(b.Aigul, b.Theft, true, "after a restart")
	if n == 0 {
		t.Error("nothing was remembered")
	}
	for _, note := range b.memory {
		if strings.Contains(string(note), b.Serik.IIN.Reveal()) {
			t.Error("the memory names somebody")
		}
	}
}

func TestASubstitutionThatEndedWithoutAPaperStaysEnded(t *testing.T) {
	b := sit(t, portaltest.World(t))
	id, err := b.Substitute(b.Marat, b.Daniyar, b.Ermek, day(b.W, 5))
	ok(t, err)
	b.see(b.Ermek, b.Fraud)
	b.wants(b.Ermek, b.Fraud, true, "he stands in")
	before := b.gather(b.Ermek, b.Fraud)
	strange := 0
	for _, p := range before {
		p.Ended = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
		if b.take(p) != nil {
			strange++
		}
	}
	if strange == 0 {
		t.Error("a time that cannot be written down was taken")
	}
	b.wants(b.Ermek, b.Fraud, true, "what is refused changes nothing")
	b.At = b.At.Add(time.Minute)
	ok(t, directory.EndSubstitution(t.Context(), b.DB, b.Marat.Asks(policy.SubstitutionEnd), id))
	b.see(b.Ermek, b.Fraud)
	b.wants(b.Ermek, b.Fraud, false, "it ended")
	b.again()
	for _, p := range before { // as if it had not ended
		ok(t, b.take(p))
	}
	b.wants(b.Ermek, b.Fraud, false, "after a restart, as if it had not ended")
	b.wants(b.Daniyar, b.Fraud, true, "the one who was away")
}

// A roll of a whole country does not fit the memory: its fingerprint does, and nothing
// opens by what was shown without it.
func TestARollThatIsTooLongToBeRememberedMustBeShown(t *testing.T) {
	b := sit(t, portaltest.World(t))
	roll := warrant.Fact{Kind: warrant.Roll, ID: uuid.New(), Made: b.At.UTC().Truncate(time.Second)}
	for range 200 {
		roll.Officers = append(roll.Officers, warrant.Officer{Person: uuid.New(), Post: "judge", Body: uuid.New()})
	}
	roll.Officers = append(roll.Officers, warrant.Officer{Person: b.Daniyar.Person, Post: "registrar", Body: b.Body("police")})
	text, err := roll.Text()
	ok(t, err)
	cms, err := b.Troupe.Register.SignCMS(text, false, b.At)
	ok(t, err)
	long := keeper.Paper{Content: text, Signatures: [][]byte{cms}}
	b.see(b.Daniyar, b.Theft)
	b.wants(b.Daniyar, b.Theft, true, "before")
	ok(t, b.take(long))
	b.wants(b.Daniyar, b.Theft, false, "he is a registrar now")
	b.again()
	b.see(b.Daniyar, b.Theft)
	if err := b.may(b.Aigul, b.Theft); !errors.Is(err, keeper.ErrNoPapers) {
		t.Errorf("without the roll: %v", err)
	}
	ok(t, b.take(long))
	b.wants(b.Daniyar, b.Theft, false, "with the roll")
	b.wants(b.Aigul, b.Theft, true, "with the roll")
}

// Who decides a filing from outside the case reads what belongs to filings, and not the
// sheets of the file.
func TestWhoDecidesAFilingAloneOpensWhatBelongsToFilings(t *testing.T) {
	b := sit(t, portaltest.World(t))
	b.see(b.Samat, b.Theft)
	b.wants(b.Samat, b.Theft, false, "before")
	id := b.Draft(b.Aigul, b.Theft, filing.NewFiling{Kind: policy.FilingComplaintHigher, What: guide.Deed})
	ok(t, b.Submit(b.Aigul, id))
	var decider uuid.UUID
	ok(t, b.SQL.Get(&decider, `SELECT decider FROM filing WHERE id = $1`, id))
	var who *portaltest.Actor
	for _, a := range []*portaltest.Actor{b.Samat, b.Aliya, b.Gulnar} {
		if a.Person == decider {
			who = a
		}
	}
	if who == nil {
		t.Fatalf("decided by %s", b.Word(decider))
	}
	b.see(who, b.Theft)
	if err := b.may(who, b.Theft, "filing", "point", "document", "casefile"); err != nil {
		t.Errorf("what belongs to filings: %v", err)
	}
	for _, table := range []string{"material", "material_page", "familiarisation", "request", "exposure", "redaction", "opening", "confirmation"} {
		if err := b.may(who, b.Theft, "filing", table); err == nil {
			t.Errorf("he opens %s", table)
		}
	}
	if err := b.may(b.Daniyar, b.Theft, "material_page"); err != nil {
		t.Errorf("who conducts the case: %v", err)
	}
}

// What a participant opens by the case is what participants read: not the texts that papers
// are printed from, not what others asked and were answered, and not the file.
func TestAParticipantOpensWhatParticipantsReadAndNothingElse(t *testing.T) {
	b := sit(t, portaltest.World(t))
	b.see(b.Serik, b.Theft)
	for _, table := range []string{"casefile", "known", "participant", "document", "evidence", "assent", "filing", "answer", "attachment_chunk", "opening", "objection", "unsealing"} {
		if err := b.may(b.Serik, b.Theft, table); err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
	for _, table := range []string{"decision", "decision_text", "redaction", "exposure", "request", "confirmation", "material", "material_page", "familiarisation", "pretext", "next"} {
		if err := b.may(b.Serik, b.Theft, "document", table); err == nil {
			t.Errorf("he opens %s", table)
		}
		if err := b.may(b.Daniyar, b.Theft, table); err != nil {
			t.Errorf("who conducts the case, %s: %v", table, err)
		}
	}
}

// The file opens to whom it was opened by a paper of who conducts the case, page by page
// while its term and what it may be postponed by lasts.
func TestTheFileOpensByThePaperThatOpensIt(t *testing.T) {
	b := sit(t, portaltest.World(t))
	b.see(b.Serik, b.Theft)
	b.see(b.Aigul, b.Theft)
	opens := func(by, to *portaltest.Actor, participant string, from, until int) uuid.UUID {
		t.Helper()
		role := policy.Suspect
		if to == b.Aigul {
			role = policy.Victim
		}
		f := warrant.Fact{
			Kind: warrant.Familiarisation, ID: uuid.New(), Made: b.At.UTC().Truncate(time.Second), Case: b.Theft, Participant: b.Participant(participant), Person: to.Person,
			Role: role, From: warrant.On(day(b.W, from)), Until: warrant.On(day(b.W, until)),
		}
		pdf, err := warrant.Put(b.PDF("Хабарлама"), f)
		ok(t, err)
		p := b.gather(to, b.Theft)[0]
		ok(t, b.take(keeper.Paper{Case: b.Theft, Content: pdf, Signatures: [][]byte{b.SignedBy(by, pdf)}, Person: p.Person}))
		return f.ID
	}
	is := func(who *portaltest.Actor, file, pages bool, when string) {
		t.Helper()
		for table, want := range map[string]bool{"material": file, "familiarisation": file, "material_page": pages, "decision_text": false} {
			if err := b.may(who, b.Theft, table); (err == nil) != want {
				t.Errorf("%s, %s: %s: %v, want %v", b.Word(who.Person), when, table, err, want)
			}
		}
	}
	b.Verifier.Services = nil // a paper that is being signed has no evidence yet
	opens(b.Serik, b.Serik, "serik@theft", 0, 9)
	is(b.Serik, false, false, "by his own paper")
	opens(b.Ermek, b.Serik, "serik@theft", 0, 9)
	is(b.Serik, false, false, "by an investigator of another case")
	opens(b.Daniyar, b.Aigul, "aigul@theft", 1, 2)
	is(b.Aigul, true, false, "before its day")
	is(b.Serik, false, false, "to another")
	b.At = b.At.AddDate(0, 0, 1)
	is(b.Aigul, true, true, "on its day")
	b.At = b.At.AddDate(0, 0, 1+warrant.MaxPostponed)
	is(b.Aigul, true, true, "postponed")
	b.At = b.At.AddDate(0, 0, 1)
	is(b.Aigul, true, false, "after its term")
	again := opens(b.Daniyar, b.Aigul, "aigul@theft", 0, 9)
	is(b.Aigul, true, true, "anew")
	// The record that she signs ends it, for ever, and nobody else's paper does.
	ends := func(by *portaltest.Actor) {
		t.Helper()
		pdf, err := warrant.Put(b.PDF("Хаттама"), warrant.Fact{
			Kind: warrant.Record, ID: uuid.New(), Made: b.At.UTC().Truncate(time.Second), Case: b.Theft, Participant: b.Participant("aigul@theft"), Person: b.Aigul.Person,
			Role: policy.Victim, About: again,
		})
		ok(t, err)
		ok(t, b.take(keeper.Paper{Case: b.Theft, Content: pdf, Signatures: [][]byte{b.SignedBy(by, pdf)}, Person: b.gather(by, b.Theft)[0].Person}))
	}
	b.At = b.At.Add(time.Minute)
	ends(b.Serik)
	is(b.Aigul, true, true, "by another's record")
	ends(b.Aigul)
	is(b.Aigul, true, false, "by her own record")
	// To a suspect the last day closes nothing, CPC 296(3); the end of his status does.
	opens(b.Daniyar, b.Serik, "serik@theft", 1, 2)
	is(b.Serik, true, false, "before his day")
	b.At = b.At.AddDate(0, 0, 2+warrant.MaxPostponed+1)
	is(b.Serik, true, true, "who is not hurried")
	// An accused has all that he had as a suspect (CPC 65(5)); before the court the portal shows him no sheets.
	accused, defendant := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	ok(t, b.Change(b.Daniyar, b.Participant("serik@theft"), accused, casefile.Grant{Role: policy.Accused, Basis: "indictment", Since: day(b.W, 0)}))
	b.see(b.Serik, b.Theft)
	is(b.Serik, true, true, "accused")
	ok(t, b.Change(b.Daniyar, accused, defendant, casefile.Grant{Role: policy.TrialDefendant, Basis: "trial-appointed", Since: day(b.W, 0)}))
	b.see(b.Serik, b.Theft)
	is(b.Serik, true, false, "before the court")
	ok(t, b.End(b.Daniyar, defendant))
	b.see(b.Serik, b.Theft)
	is(b.Serik, false, false, "his status ended")
}

// A03, whole: the database is somebody's who writes what he likes into it.
func TestWithARealKeeperWhatWasWithdrawnAndDeletedStaysClosedOverARestart(t *testing.T) {
	w := portaltest.Kept(t)
	g := w.Guarded()
	at := vault.Where{Table: "casefile", Column: "offence_kk", ID: w.Theft, Case: w.Theft}
	var sealed []byte
	ok(t, w.SQL.Get(&sealed, `SELECT offence_kk FROM casefile WHERE id = $1`, w.Theft))
	opens := func(a *portaltest.Actor, want bool, when string) {
		t.Helper()
		if _, err := w.App.Keys.Open(a.As(t.Context()), at, sealed); (err == nil) != want {
			t.Errorf("%s, %s: %v, want %v", w.Word(a.Person), when, err, want)
		}
	}
	opens(w.Serik, true, "as the cast has it")
	opens(w.Stranger, false, "as the cast has it")
	w.At = w.At.Add(time.Minute)
	ok(t, w.End(w.Daniyar, w.Participant("serik@theft")))
	courier := &leave.Courier{DB: w.DB, Keeper: g.Client}
	ok(t, courier.Go(t.Context(), w.At))
	opens(w.Serik, false, "when his status ended")
	asSuperuser := func(query string, args ...any) {
		t.Helper()
		tx, err := w.SQL.Beginx()
		ok(t, err)
		defer tx.Rollback()
		_, err = tx.Exec(`SET LOCAL session_replication_role = replica`)
		ok(t, err)
		_, err = tx.Exec(query, args...)
		ok(t, err)
		ok(t, tx.Commit())
	}
	asSuperuser(`DELETE FROM evidence e USING document d WHERE d.id = e.document AND d.kind = 'ending'`)
	asSuperuser(`DELETE FROM document WHERE kind = 'ending'`)
	asSuperuser(`UPDATE participant SET status = 'confirmed', ended_at = NULL WHERE id = $1`, w.Participant("serik@theft"))
	asSuperuser(`INSERT INTO participant (id, casefile, person, role, basis, status, asked_at, since, confirmed_at, confirmed_by)
		VALUES ($1, $2, $3, 'victim', 'ruling', 'confirmed', now(), '2026-10-01', now(), $4)`, uuid.New(), w.Theft, w.Stranger.Person, w.Daniyar.Person)
	opens(w.Serik, false, "the ending deleted")
	g.Stop()
	g.Start()
	g.Unseal()
	w.At = w.At.Add(time.Minute)
	opens(w.Serik, false, "the keeper started anew")
	opens(w.Stranger, false, "with a row of a superuser")
	opens(w.Aigul, true, "the keeper started anew")
	opens(w.Daniyar, true, "the keeper started anew")
}

// What is signed while the keeper works counts as soon as somebody asks.
func TestAStatusThatIsConfirmedOpensAtOnce(t *testing.T) {
	w := portaltest.Kept(t)
	at := vault.Where{Table: "casefile", Column: "offence_kk", ID: w.Theft, Case: w.Theft}
	var sealed []byte
	ok(t, w.SQL.Get(&sealed, `SELECT offence_kk FROM casefile WHERE id = $1`, w.Theft))
	if _, err := w.App.Keys.Open(w.Stranger.As(t.Context()), at, sealed); err == nil {
		t.Fatal("open before")
	}
	w.At = w.At.Add(time.Minute)
	ok(t, w.Add(w.Daniyar, w.Theft, uuid.Must(uuid.NewV7()), w.Stranger, casefile.Grant{Role: policy.Victim, Basis: "ruling", Since: day(w, 0)}))
	if _, err := w.App.Keys.Open(w.Stranger.As(t.Context()), at, sealed); err != nil {
		t.Error(err)
	}
}

// many is a case with n further people, all confirmed on paper.
func many(t testing.TB, n int) (*bench, []keeper.Paper) {
	b := sit(t, portaltest.World(t))
	all := b.gather(b.Aigul, b.Theft)
	v := b.Verifier
	for i := range n {
		f := warrant.Fact{
			Kind: warrant.Confirmation, ID: uuid.New(), Made: b.At.UTC().Truncate(time.Second), Case: b.Theft, Participant: uuid.New(), Person: uuid.New(),
			Role: policy.Victim, Basis: "ruling", Capacity: "full", Scope: []string{"read"},
		}
		pdf, err := warrant.Put(b.PDF(fmt.Sprint("Растау ", i)), f)
		ok(t, err)
		cms := b.SignedBy(b.Daniyar, pdf)
		who, err := v.Document(t.Context(), cms, pdf, b.At)
		ok(t, err)
		bundle, err := who.Evidence.Bundle()
		ok(t, err)
		all = append(all, keeper.Paper{Case: b.Theft, Content: pdf, Signatures: [][]byte{cms}, Evidence: [][]byte{bundle}, Person: all[0].Person})
	}
	return b, all
}

func TestAHundredPapersAreJudgedOnceAndSoon(t *testing.T) {
	b, all := many(t, 90)
	begun := time.Now()
	for _, p := range all {
		ok(t, b.take(p))
	}
	b.wants(b.Aigul, b.Theft, true, "a hundred papers")
	first := time.Since(begun)
	begun = time.Now()
	for _, p := range all {
		ok(t, b.take(p))
	}
	b.wants(b.Aigul, b.Theft, true, "shown again")
	second := time.Since(begun)
	begun = time.Now()
	const times = 10_000
	for range times {
		b.wants(b.Aigul, b.Theft, true, "asked")
	}
	asked := time.Since(begun) / times
	t.Logf("%d papers: %v at first, %v again, %v a question", len(all), first, second, asked)
	if second > first/2 || asked > 200*time.Microsecond {
		t.Error("nothing is kept in mind")
	}
}
