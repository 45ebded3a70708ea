package keeper

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/key"
	"zharia/portal/share"
	"zharia/portal/vault"
)

const origin = "https://zharia.test"

// noon is the moment of these tests.
var noon = time.Date(2026, time.October, 22, 7, 0, 0, 0, time.UTC)

// The people of these tests, with made-up numbers.
const (
	aigul   = "900101400015"
	daniyar = "850202300026"
)

// town has the authority of these tests and keys of its people: made once.
var town = sync.OnceValues(func() (*people, error) {
	a, err := authority.New("TEST KEEPER", noon.AddDate(0, -1, 0))
	if err != nil {
		return nil, err
	}
	p := &people{authority: a, keys: map[string]*key.Key{}}
	for iin, who := range map[string]authority.Person{
		aigul:     {CommonName: "AIGUL TEST", Surname: "TEST"},
		daniyar:   {CommonName: "DANIYAR TEST", Surname: "TEST"},
		"company": {IIN: aigul, BIN: "120340004568", CommonName: "AIGUL TEST", Surname: "TEST", Organisation: "TEST LLP"},
	} {
		if who.IIN == "" {
			who.IIN = iin
		}
		if p.keys[iin], err = a.Issue(who); err != nil {
			return nil, err
		}
	}
	return p, nil
})

type people struct {
	authority *authority.Authority
	keys      map[string]*key.Key
}

// stage is a keeper at work in these tests, and its portal.
type stage struct {
	t      testing.TB
	people *people
	dir    string
	socket string
	config Config
	source func() Source // brings all that unseals
	made   []share.Share // of a keeper by shares
	keeper *Keeper
	stop   func()
	client *Client
	keys   *vault.Keys

	mu sync.Mutex
	at time.Time
}

func (s *stage) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *stage) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

// sealed is a keeper that waits for its custodians. change may be nil.
func sealed(t testing.TB, source Source, change func(*Config)) *stage {
	t.Helper()
	p, err := town()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "keeper") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &stage{t: t, people: p, dir: filepath.Join(dir, "state"), socket: filepath.Join(dir, "s"), at: noon}
	if source == nil {
		source = &Shares{Threshold: 3, Count: 5}
	}
	if err := Init(t.Context(), s.dir, source, noon); err != nil {
		t.Fatal(err)
	}
	s.source = func() Source { return source }
	if shares, is := source.(*Shares); is {
		s.made = shares.Made
		s.source = func() Source { return &Shares{Given: s.made[:3]} }
	}
	verifier, err := eds.NewVerifier(p.authority.Root(), p.authority.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	s.config = Config{Dir: s.dir, Origin: origin, Verifier: verifier, Now: s.now, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&s.config)
	}
	s.start()
	if s.client, err = Dial("unix:"+s.socket, nil); err != nil {
		t.Fatal(err)
	}
	s.client.Now = s.now
	t.Cleanup(func() {
		s.client.Close()
		s.end()
	})
	return s
}

// start opens the folder and the doors.
func (s *stage) start() {
	s.t.Helper()
	var err error
	if s.keeper, err = Open(s.config); err != nil {
		s.t.Fatal(err)
	}
	portal, err := net.Listen("unix", s.socket)
	if err != nil {
		s.t.Fatal(err)
	}
	operator, err := net.Listen("unix", s.socket+"o")
	if err != nil {
		s.t.Fatal(err)
	}
	us := []uint32{uint32(os.Geteuid())}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- s.keeper.Serve(ctx, Door{Listener: portal, Users: us}, Door{Listener: operator, Operator: true, Users: us})
	}()
	s.stop = func() {
		cancel()
		if err := errors.Join(<-ended, s.keeper.Close()); err != nil {
			s.t.Error(err)
		}
	}
}

func (s *stage) end() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// unsealed is a keeper at work, with a portal connected.
func unsealed(t testing.TB, source Source, change func(*Config)) *stage {
	t.Helper()
	s := sealed(t, source, change)
	s.unseal()
	var err error
	if s.keys, err = vault.Connect(t.Context(), s.client); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) unseal() {
	s.t.Helper()
	if err := s.keeper.Unseal(s.t.Context(), s.source()); err != nil {
		s.t.Fatal(err)
	}
}

// challenge is what a person signs to sign in at that time.
func challenge(pub ed25519.PublicKey, at time.Time) string {
	return fmt.Sprintf("zharia/sign-in/1\norigin=%s\nsession=c2Vzc2lvbg\nnonce=bm9uY2U\nuntil=%s\n%s",
		origin, at.Add(challengeLife).Format(time.RFC3339), KeyLine(pub))
}

// signIn is a session of somebody.
func (s *stage) signIn(who string) vault.Ticket {
	s.t.Helper()
	pub, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	text := []byte(challenge(pub, s.now()))
	return vault.Ticket{Challenge: text, Login: s.cms(who, text), Key: private}
}

func (s *stage) cms(who string, text []byte) []byte {
	s.t.Helper()
	cms, err := s.people.keys[who].SignCMS(text, false, s.now())
	if err != nil {
		s.t.Fatal(err)
	}
	return cms
}

func (s *stage) as(t vault.Ticket) context.Context { return vault.WithTicket(s.t.Context(), t) }

// Two cases of these tests.
var (
	theft = uuid.MustParse("019a9c3e-0000-7000-8000-00000000000a")
	fraud = uuid.MustParse("019a9c3e-0000-7000-8000-00000000000b")
)

// ofCase and own are places of these tests.
func ofCase(id uuid.UUID) vault.Where {
	return vault.Where{Table: "filing", Column: "body", ID: uuid.Must(uuid.NewV7()), Case: id}
}

func own(id uuid.UUID) vault.Where {
	return vault.Where{Table: "note", Column: "body", ID: uuid.Must(uuid.NewV7()), Person: id}
}

func (s *stage) seal(where vault.Where, text string) []byte {
	s.t.Helper()
	sealed, err := s.keys.SealText(where, text)
	if err != nil {
		s.t.Fatal(err)
	}
	return sealed
}

func (s *stage) head(where vault.Where) vault.Ask {
	s.t.Helper()
	ask, err := vault.Head(where, s.seal(where, "text"))
	if err != nil {
		s.t.Fatal(err)
	}
	return ask
}

// roll is the law of these tests: a paper says "grant CASE PERSON" or "withdraw CASE
// PERSON", and is signed with one word.
type roll struct {
	mu        sync.Mutex
	known     map[uuid.UUID]bool
	granted   map[pair]bool
	withdrawn map[pair]bool
}

func newRoll() Rights {
	return &roll{known: map[uuid.UUID]bool{}, granted: map[pair]bool{}, withdrawn: map[pair]bool{}}
}

func paperOf(verb string, casefile, person uuid.UUID) SealedPaper {
	return SealedPaper{
		Case: casefile, Content: Object{Bytes: []byte(verb + " " + casefile.String() + " " + person.String())},
		Signatures: []Object{{Bytes: []byte("signed")}},
	}
}

func (r *roll) Recall(facts [][]byte) error {
	for _, fact := range facts {
		if err := r.read(string(fact)); err != nil {
			return err
		}
	}
	return nil
}

func (r *roll) read(text string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	words := strings.Fields(text)
	if len(words) != 3 {
		return errors.New("not a paper")
	}
	of := pair{uuid.MustParse(words[1]), uuid.MustParse(words[2])}
	switch words[0] {
	case "grant":
		r.known[of.casefile], r.granted[of] = true, true
	case "withdraw":
		r.withdrawn[of] = true
	default:
		return errors.New("not a paper")
	}
	return nil
}

func (r *roll) Take(_ context.Context, p Paper, _ time.Time) ([][]byte, error) {
	for _, signature := range p.Signatures {
		if string(signature) != "signed" {
			return nil, errors.New("not signed")
		}
	}
	if err := r.read(string(p.Content)); err != nil {
		return nil, err
	}
	if strings.HasPrefix(string(p.Content), "withdraw") {
		return [][]byte{p.Content}, nil
	}
	return nil, nil
}

func (r *roll) Standing(_ context.Context, person, casefile uuid.UUID, _ []vault.Where, _ time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := pair{casefile, person}
	switch {
	case r.granted[of] && !r.withdrawn[of]:
		return nil
	case !r.known[casefile]:
		return ErrNoPapers
	}
	return errors.New("no standing")
}

func byPapers(c *Config) { c.Rights = newRoll }

// why is the reason of a refusal, or "".
func why(err error) Reason {
	if no := (*Refused)(nil); errors.As(err, &no) {
		return no.Reason
	}
	if no := (*refusal)(nil); errors.As(err, &no) {
		return no.reason
	}
	return ""
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decided is the record of decisions, whole.
func (s *stage) decided() string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "decisions-*.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		out.Write(text)
	}
	return out.String()
}

// person is the id of somebody: what the key of the tags makes of his number.
func (s *stage) person(iin string) uuid.UUID {
	s.t.Helper()
	key, err := s.client.TagKey(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return personOf(key, eds.IIN(iin))
}
