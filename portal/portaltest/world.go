package portaltest

import (
	"os"
	"testing"
	"time"

	"zharia/portal/audit"
	"zharia/portal/casefile"
	"zharia/portal/cast"
	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/filing"
	"zharia/portal/identity"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/words"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
)

// W is a portal in the middle of its work: a database of the test's own in which
// the cast has played its two cases.
type W struct {
	Keeper   *Keeper   // of the texts of this world alone
	DB       *vault.DB // the superuser's: the second fence is down, so a test of a domain proves the first alone
	App      *vault.DB // the pool that serves people: both fences are up
	SQL      *sqlx.DB  // the same database, for the superuser
	At       time.Time // now, for every Asks; a test moves it as it likes
	Verifier *eds.Verifier
	Services *authority.Services // of the authority that gave the cast its keys
	Press    document.Press
	Words    *words.Book
	Troupe   *cast.Troupe

	Aigul, Serik, Timur, Dana, Saule, Nurlan, Stranger    *Actor
	Daniyar, Ermek, Marat, Zhanar, Gulnar, Bolat, Raushan *Actor // officials: two investigators, their head, a prosecutor, her chief, two administrators
	Samat, Aliya, Kanat                                   *Actor // the head of the prosecutor's office above, the investigating judge, a judge of the court above

	Theft, Fraud uuid.UUID

	Forges bool // the test writes down acts that did something else (deeds)

	t    testing.TB
	name string // of the database

	guard *Guard // a real keeper behind App, if there is one
}

// Actor is a member of the cast who does things in a test.
type Actor struct {
	*cast.Member
	w *W
}

// Afternoon is the moment of every world: Thursday 22 October 2026, half past two
// in the afternoon in Almaty.
var Afternoon = time.Date(2026, time.October, 22, 9, 30, 0, 0, time.UTC)

// Origin is where the portal of the tests stands.
const Origin = "https://zharia.test"

// World makes a portal for t: a clone of a database in which the cast played,
// some 60 ms. The cast has the same keys in all tests of a checkout. With KEPT=1 a real
// keeper stands behind each portal (Guard), whatever the test says.
func World(t testing.TB) *W {
	t.Helper()
	s, err := theatre()
	if err != nil {
		t.Fatal(err)
	}
	return s.world(t, s.name)
}

// world is a portal on a clone of a database in which the cast has played.
func (s *stagehouse) world(t testing.TB, template string) *W {
	t.Helper()
	name, err := s.clone(template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && os.Getenv("KEEPDB") != "" {
			s.keep(t, name)
			return
		}
		s.drop(name)
	})
	return s.inhabit(t, name)
}

// inhabit is the portal of a database in which the cast has played.
func (s *stagehouse) inhabit(t testing.TB, name string) *W {
	t.Helper()
	db, err := database.Open(t.Context(), s.server.DSN(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	app, err := database.OpenAs(t.Context(), s.server.DSN(name), database.App)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { app.Close() })
	keeper := &Keeper{Keeper: s.direct}
	keys, err := vault.Connect(t.Context(), keeper)
	if err != nil {
		t.Fatal(err)
	}
	w := &W{
		Keeper: keeper, DB: vault.New(db, keys), App: vault.New(app, keys), SQL: SQL(t, db), At: Afternoon, Press: s.press, Words: s.press.Words,
		Troupe: s.troupe.Apart(), Theft: s.troupe.Theft, Fraud: s.troupe.Fraud, t: t, name: name,
	}
	if w.Verifier, w.Services, err = w.Troupe.Verifier(func() time.Time { return w.At }); err != nil {
		t.Fatal(err)
	}
	for word, actor := range map[string]**Actor{
		"aigul": &w.Aigul, "serik": &w.Serik, "timur": &w.Timur, "dana": &w.Dana, "saule": &w.Saule,
		"daniyar": &w.Daniyar, "zhanar": &w.Zhanar, "marat": &w.Marat, "asel": &w.Stranger,
		"nurlan": &w.Nurlan, "ermek": &w.Ermek, "gulnar": &w.Gulnar, "bolat": &w.Bolat, "raushan": &w.Raushan,
		"samat": &w.Samat, "aliya": &w.Aliya, "kanat": &w.Kanat,
	} {
		*actor = w.Actor(word)
	}
	if os.Getenv("KEPT") != "" {
		w.Guard(Rules{})
	}
	t.Cleanup(w.deeds)
	return w
}

// selectDeeds is which acts changed rows of which tables, and took some away.
const selectDeeds = `SELECT DISTINCT r.act, t.tab, t.gone FROM trace t JOIN record r ON r.seq = t.seq`

// deeds looks, when a test ends, whether its acts did what the audit knows of them: an act
// that changes another table has to be written into portal/audit/deeds.go, or each audit of
// a portal at work would find it. It costs a millisecond.
func (w *W) deeds() {
	var did []struct {
		Act  string `db:"act"`
		Tab  string `db:"tab"`
		Gone bool   `db:"gone"`
	}
	if w.Forges || w.SQL.Select(&did, selectDeeds) != nil { // or it has left
		return
	}
	for _, d := range did {
		if why := audit.Misdeed(d.Act, d.Tab, d.Gone); why != "" {
			w.t.Errorf("a row of %s: %s (portal/audit/deeds.go)", d.Tab, why)
		}
	}
}

// Actor is a member by word, those with a flawed key included.
func (w *W) Actor(word string) *Actor {
	w.t.Helper()
	m := w.Troupe.Members[word]
	if m == nil {
		w.t.Fatalf("nobody is called %q", word)
	}
	return &Actor{m, w}
}

// Asks is the actor asking to do something now.
func (a *Actor) Asks(act policy.Act) policy.Ask {
	a.w.t.Helper()
	ask := policy.Ask{Person: a.Person, Act: act, At: a.w.At}
	person, err := identity.Read(a.w.t.Context(), a.w.DB, a.Person, a.w.At)
	if err != nil {
		a.w.t.Fatalf("who is %s? %v", a.Word, err)
	}
	ask.Is = person.Standing()
	return ask
}

// SignedBy is the actor's signature over a content, detached, made now.
func (w *W) SignedBy(a *Actor, content []byte) []byte {
	w.t.Helper()
	cms, err := a.Key.SignCMS(content, false, w.At)
	if err != nil {
		w.t.Fatal(err)
	}
	return cms
}

// Decision is a decision of the cast by its short name.
func (w *W) Decision(name string) uuid.UUID { return w.named("decision", name, w.Troupe.Decisions) }

// Participant is a participant of the cast: "aigul@theft".
func (w *W) Participant(name string) uuid.UUID {
	return w.named("participant", name, w.Troupe.Participants)
}

func (w *W) named(kind, name string, ids map[string]uuid.UUID) uuid.UUID {
	w.t.Helper()
	id, ok := ids[name]
	if !ok {
		w.t.Fatalf("no %s is called %q", kind, name)
	}
	return id
}

// Petition has the actor ask for something in a case in his first capacity, sign
// it and file it.
func (w *W) Petition(a *Actor, casefile uuid.UUID) uuid.UUID {
	w.t.Helper()
	id := w.Draft(a, casefile, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	if err := w.Submit(a, id); err != nil {
		w.t.Fatalf("%s does not file: %v", a.Word, err)
	}
	return id
}

// Complaint is Petition to the prosecutor, about a decision of the cast if one
// is named.
func (w *W) Complaint(a *Actor, casefile uuid.UUID, ground filing.Ground, about string) uuid.UUID {
	w.t.Helper()
	n := filing.NewFiling{Kind: policy.FilingComplaintProsecutor, Ground: ground}
	if about != "" {
		n.About = w.Decision(about)
	}
	id := w.Draft(a, casefile, n)
	if err := w.Submit(a, id); err != nil {
		w.t.Fatalf("%s does not file: %v", a.Word, err)
	}
	return id
}

// What everybody in the tests writes, unless a test says otherwise.
const (
	Circumstances = "Тінту кезінде табылған ноутбук менікі, оның құжаттары менде сақталған."
	Request       = "Ноутбукті сақтау үшін маған қайтаруыңызды сұраймын."
	PointWhy      = "Ноутбук сараптамаға жіберілді, оған дейін қайтаруға болмайды."
	PointArticle  = "ҚПК 118"
)

// Draft saves a draft; what n leaves empty is filled with the actor's first
// capacity, Kazakh and the usual words.
func (w *W) Draft(a *Actor, casefileID uuid.UUID, n filing.NewFiling) uuid.UUID {
	w.t.Helper()
	if n.Participant == uuid.Nil {
		if err := w.SQL.GetContext(w.t.Context(), &n.Participant,
			`SELECT id FROM participant WHERE casefile = $1 AND person = $2 ORDER BY since, id LIMIT 1`, casefileID, a.Person); err != nil {
			w.t.Fatalf("%s is nothing in that case: %v", a.Word, err)
		}
	}
	if n.Language == "" {
		n.Language = "kk"
	}
	if n.Circumstances == "" {
		n.Circumstances = Circumstances
	}
	if n.Points == nil {
		n.Points = []string{Request}
	}
	if n.Ground == "" {
		n.Ground = "other"
	}
	id := uuid.Must(uuid.NewV7())
	if err := filing.Save(w.t.Context(), w.DB, w.Press, a.Asks(policy.FilingCreate), casefileID, id, n); err != nil {
		w.t.Fatalf("%s does not draft: %v", a.Word, err)
	}
	return id
}

// Submit signs a draft as it stands with the actor's key and files it.
func (w *W) Submit(a *Actor, id uuid.UUID) error {
	w.t.Helper()
	content, digest := w.Paper(a, id)
	return filing.Submit(w.t.Context(), w.DB, w.Press, w.Verifier, a.Asks(policy.FilingSubmit), id, w.SignedBy(a, content), digest)
}

// Paper is the document of a filing as the actor sees it: its bytes and their
// digest.
func (w *W) Paper(a *Actor, id uuid.UUID) (content, digest []byte) {
	w.t.Helper()
	_, doc, err := filing.Document(w.t.Context(), w.DB, a.Asks(policy.FilingDocument), id)
	if err != nil {
		w.t.Fatalf("%s does not see the paper: %v", a.Word, err)
	}
	return doc.Content, doc.Digest
}

// Said is an answer that comes to the outcome: of a filing with one point or several.
func Said(outcome filing.Status, points int) filing.NewAnswer {
	n := filing.NewAnswer{Reasons: Reasons, Language: "kk"}
	for range points {
		r := filing.Resolution{Outcome: outcome}
		if outcome != filing.Granted {
			r.Reasons, r.Article = PointWhy, PointArticle
		}
		n.Points = append(n.Points, r)
	}
	return n
}

// Answer has an official draft an answer and sign it: every point comes to the outcome.
func (w *W) Answer(a *Actor, id uuid.UUID, outcome filing.Status) {
	w.t.Helper()
	f, err := filing.Read(w.t.Context(), w.DB, a.Asks(policy.FilingRead), id)
	if err != nil {
		w.t.Fatalf("%s does not see the filing: %v", a.Word, err)
	}
	n := Said(outcome, len(f.Points))
	if open := f.Remedies(); len(open) > 0 && outcome != filing.Refused {
		n.Remedy = open[0]
	}
	if err := filing.DraftAnswer(w.t.Context(), w.DB, w.Press, a.Asks(policy.AnswerDraft), id, n); err != nil {
		w.t.Fatalf("%s does not draft an answer: %v", a.Word, err)
	}
	_, _, doc, err := filing.AnswerDraft(w.t.Context(), w.DB, a.Asks(policy.AnswerCheck), id)
	if err != nil {
		w.t.Fatalf("%s does not see the answer: %v", a.Word, err)
	}
	if err := filing.Decide(w.t.Context(), w.DB, w.Verifier, a.Asks(outcome.Act()), id, w.SignedBy(a, doc.Content), doc.Digest); err != nil {
		w.t.Fatalf("%s does not decide: %v", a.Word, err)
	}
}

// Withdraw has an author take a filing back by a signed paper.
func (w *W) Withdraw(a *Actor, id uuid.UUID) error {
	w.t.Helper()
	ctx := w.t.Context()
	if err := filing.DraftWithdrawal(ctx, w.DB, w.Press, a.Asks(policy.WithdrawalDraft), id, "kk"); err != nil {
		return err
	}
	_, doc, err := filing.WithdrawalOf(ctx, w.DB, a.Asks(policy.WithdrawalCheck), id)
	if err != nil {
		return err
	}
	return filing.Withdraw(ctx, w.DB, w.Verifier, a.Asks(policy.FilingWithdraw), id, w.SignedBy(a, doc.Content), doc.Digest)
}

// ready is a grant in Kazakh; a defender who is not said to be no advocate has a
// licence.
func ready(g casefile.Grant) casefile.Grant {
	g.Language = "kk"
	if g.Role == policy.Defender && g.Basis != policy.Relative && g.Advocate == "" {
		g.Advocate = Licence
	}
	return g
}

// Licence is the number of an advocate's licence in the tests.
const Licence = "0017425"

// Why is what people of the tests write into a request for access.
const Why = "Осы іс бойынша мені жауап алуға шақырды, іс менің құқықтарыма тікелей қатысты."

// Number is the number of a case, as the papers of the case have it.
func (w *W) Number(of uuid.UUID) string {
	w.t.Helper()
	var sealed []byte
	if err := w.SQL.GetContext(w.t.Context(), &sealed, `SELECT number FROM casefile WHERE id = $1`, of); err != nil {
		w.t.Fatal(err)
	}
	number, err := register.Open(w.t.Context(), w.DB, of, sealed)
	if err != nil {
		w.t.Fatal(err)
	}
	return number
}

// RequestDraft has the actor write that he asks for a status in a case; what n leaves
// empty is filled with Kazakh and the usual words.
func (w *W) RequestDraft(a *Actor, casefileID uuid.UUID, n casefile.NewRequest) uuid.UUID {
	w.t.Helper()
	ctx, ask := w.t.Context(), a.Asks(policy.AccessDraft)
	number := w.Number(casefileID)
	if n.Words == "" {
		n.Words = Why
	}
	if n.Language == "" {
		n.Language = "kk"
	}
	of, err := casefile.Numbered(ctx, w.DB, ask, number)
	if err != nil {
		w.t.Fatalf("%s does not find the case: %v", a.Word, err)
	}
	id := uuid.Must(uuid.NewV7())
	if err := casefile.SaveRequest(ctx, w.DB, w.Press, ask, of, id, n); err != nil {
		w.t.Fatalf("%s does not draft a request: %v", a.Word, err)
	}
	return id
}

// Request is RequestDraft, signed: the status awaits confirmation.
func (w *W) Request(a *Actor, casefileID uuid.UUID, n casefile.NewRequest) uuid.UUID {
	w.t.Helper()
	id := w.RequestDraft(a, casefileID, n)
	_, doc, err := casefile.RequestPaper(w.t.Context(), w.DB, a.Asks(policy.AccessPaper), id)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := casefile.SubmitRequest(w.t.Context(), w.DB, w.Verifier, a.Asks(policy.AccessSubmit), id, w.SignedBy(a, doc.Content), doc.Digest); err != nil {
		w.t.Fatalf("%s does not ask: %v", a.Word, err)
	}
	return id
}

// Confirm has an official confirm somebody's status by a signed paper, in Kazakh.
func (w *W) Confirm(a *Actor, participant uuid.UUID, g casefile.Grant) error {
	w.t.Helper()
	g = ready(g)
	if err := casefile.DraftGrant(w.t.Context(), w.DB, w.Press, a.Asks(policy.ParticipantDraft), participant, g); err != nil {
		return err
	}
	return w.Settle(a, policy.ParticipantGrant, participant)
}

// Add has an official bring the actor into a case by a signed confirmation.
func (w *W) Add(a *Actor, casefileID, participant uuid.UUID, who *Actor, g casefile.Grant) error {
	w.t.Helper()
	g = ready(g)
	err := casefile.DraftNew(w.t.Context(), w.DB, w.Press, a.Asks(policy.ParticipantAdd), casefileID, participant, who.IIN, who.FullName(), g)
	if err != nil {
		return err
	}
	return w.Settle(a, policy.ParticipantGrant, participant)
}

// End has an official end somebody's status by a signed paper.
func (w *W) End(a *Actor, participant uuid.UUID) error {
	w.t.Helper()
	if err := casefile.DraftEnd(w.t.Context(), w.DB, w.Press, a.Asks(policy.ParticipantEnding), participant, "kk", Reasons); err != nil {
		return err
	}
	return w.Settle(a, policy.ParticipantEnd, participant)
}

// Publish has an official sign a draft of his: it opens, or it waits for the
// prosecutor.
func (w *W) Publish(a *Actor, decision uuid.UUID) error {
	w.t.Helper()
	draft, doc, _, err := casefile.ReadDraft(w.t.Context(), w.DB, a.Asks(policy.DecisionCheck), decision)
	if err != nil {
		return err
	}
	return casefile.Publish(w.t.Context(), w.DB, w.Verifier, a.Asks(draft.Act()), decision, w.SignedBy(a, doc.Content), doc.Digest)
}

// Agree has a prosecutor agree with a decision that waits for her.
func (w *W) Agree(a *Actor, decision uuid.UUID) error {
	return w.resolve(a, decision, casefile.Agreement{Agrees: true, Language: "kk"})
}

// Decline has her refuse to, for the usual reasons.
func (w *W) Decline(a *Actor, decision uuid.UUID) error {
	return w.resolve(a, decision, casefile.Agreement{Reasons: Reasons, Language: "kk"})
}

func (w *W) resolve(a *Actor, decision uuid.UUID, said casefile.Agreement) error {
	w.t.Helper()
	ctx := w.t.Context()
	if err := casefile.DraftAgreement(ctx, w.DB, w.Press, a.Asks(policy.AgreementDraft), decision, said); err != nil {
		return err
	}
	_, _, said, doc, err := casefile.ReadAgreement(ctx, w.DB, a.Asks(policy.AgreementCheck), decision)
	if err != nil {
		return err
	}
	return casefile.Resolve(ctx, w.DB, w.Verifier, a.Asks(said.Act()), decision, w.SignedBy(a, doc.Content), doc.Digest)
}

// Change has an official confirm a status that takes the place of another.
func (w *W) Change(a *Actor, previous, participant uuid.UUID, g casefile.Grant) error {
	w.t.Helper()
	g.Language = "kk"
	if err := casefile.DraftChange(w.t.Context(), w.DB, w.Press, a.Asks(policy.ParticipantChangeDraft), previous, participant, g); err != nil {
		return err
	}
	return w.Settle(a, policy.ParticipantGrant, participant)
}

// Settle signs the paper about a status that waits for it.
func (w *W) Settle(a *Actor, act policy.Act, participant uuid.UUID) error {
	w.t.Helper()
	_, _, doc, err := casefile.ReadConfirmation(w.t.Context(), w.DB, a.Asks(policy.ParticipantCheck), participant)
	if err != nil {
		return err
	}
	return casefile.Settle(w.t.Context(), w.DB, w.Verifier, a.Asks(act), participant, w.SignedBy(a, doc.Content), doc.Digest)
}

// Explain has an official say why he opens a case, which is good for the day.
func (w *W) Explain(a *Actor, casefile uuid.UUID) {
	w.t.Helper()
	if err := opening.Give(w.t.Context(), w.DB, a.Asks(policy.ReasonGive), casefile, opening.Pretext{Reason: opening.Supervision}); err != nil {
		w.t.Fatalf("%s does not say why: %v", a.Word, err)
	}
}

// Receive has an actor be handed a decision of the cast by opening it.
func (w *W) Receive(a *Actor, decision string) {
	w.t.Helper()
	if err := casefile.Receive(w.t.Context(), w.DB, a.Asks(policy.DecisionOpen), w.Decision(decision)); err != nil {
		w.t.Fatalf("%s is not handed %s: %v", a.Word, decision, err)
	}
}

// Reasons are why officials of the tests decide as they do.
const Reasons = "Заттай дәлелдеме қарап-тексерілді, оны меншік иесіне сақтауға беруге кедергі жоқ."

// Sound says that the record of acts is whole and that every row is as an act left it;
// every story ends with it.
func (w *W) Sound() {
	w.t.Helper()
	r, err := audit.Verify(w.t.Context(), w.DB.DB, audit.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	// What a test itself wrote as the superuser no act answers for.
	own := map[[2]string]bool{}
	for _, f := range r.Findings {
		if f.What == audit.Unbound {
			own[[2]string{f.Table, f.Row}] = true
		}
	}
	for _, f := range r.Findings {
		if !own[[2]string{f.Table, f.Row}] {
			w.t.Errorf("the database is not as the acts left it: %s", f)
		}
	}
}

// Empty is a sealed database with the schema and nothing in it, for what brings
// its own people.
func Empty(t testing.TB) *vault.DB {
	t.Helper()
	keys, err := vault.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return vault.New(DB(t), keys)
}
