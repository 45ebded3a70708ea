package keeper

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/vault"
)

// transit is as much of OpenBao's transit engine as the keeper uses: it seals under a
// key of its own and binds the associated data.
func transit(t *testing.T) Transit {
	secret := bytes.Repeat([]byte{9}, 32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		if r.Header.Get("X-Vault-Token") != "a token" || r.Method != http.MethodPost || json.NewDecoder(r.Body).Decode(&in) != nil {
			http.Error(w, `{"errors":["permission denied"]}`, http.StatusForbidden)
			return
		}
		out := map[string]string{}
		switch r.URL.Path {
		case "/v1/transit/encrypt/keeper":
			sealed, err := box(secret, in["associated_data"], []byte(in["plaintext"]))
			if err != nil {
				t.Error(err)
			}
			out["ciphertext"] = "vault:v1:" + b64(sealed)
		case "/v1/transit/decrypt/keeper":
			plain, err := unbox(secret, in["associated_data"], unb64(strings.TrimPrefix(in["ciphertext"], "vault:v1:")))
			if err != nil {
				http.Error(w, `{"errors":["cipher: message authentication failed"]}`, http.StatusBadRequest)
				return
			}
			out["plaintext"] = string(plain)
		default:
			http.NotFound(w, r)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"request_id": "x", "data": out})
	}))
	t.Cleanup(server.Close)
	return Transit{Address: server.URL, Token: "a token", Key: "keeper"}
}

// tagged are the back ends that need a build tag; the tests under it add them.
var tagged = map[string]func(testing.TB) Source{}

// sources are all back ends; the conformance cases are one table for all.
func sources(t *testing.T) map[string]Source {
	all := map[string]Source{
		byShares: nil, byPassphrase: Passphrase{[]byte("five words of a list, at least")}, byTransit: transit(t),
	}
	for name, source := range tagged {
		all[name] = source(t)
	}
	return all
}

// attempt is a request, as an honest portal would make it, that a case changes.
type attempt struct {
	*stage
	who       vault.Ticket
	me        uuid.UUID
	lines     []string // of the challenge
	signer    string   // whose certificate signs it
	cms       []byte   // instead of the signature that the signer makes
	quiet     bool     // the sign-in is not shown
	asks      []vault.Ask
	request   request
	purpose   string
	signature []byte // instead of the right one
	body      func(string) string
	before    func() // after signing, before sending
	twice     bool
	slip      *permit // a worker comes with it
	papers    []SealedPaper
}

// outcome does it, and says the reason of the refusal, "no key" where the wrap is not the
// place's, or "open".
func (a *attempt) outcome() string {
	ctx := a.t.Context()
	for _, p := range a.papers {
		if err := a.client.Show(ctx, p); err != nil {
			a.t.Fatal(err)
		}
	}
	a.who.Challenge = []byte(strings.Join(a.lines, "\n") + "\n")
	if a.who.Login = a.cms; a.cms == nil {
		a.who.Login = a.stage.cms(a.signer, a.who.Challenge)
	}
	if !a.quiet {
		if err := a.client.ask(ctx, methodLogin, loginBody{a.who.Challenge, a.who.Login}, &struct{}{}, workTime); err != nil {
			return said(err)
		}
	}
	name := loginName(a.who.Challenge, a.who.Login)
	if a.request.Login == nil {
		a.request.Login = name[:]
	}
	if a.request.Asks == nil {
		a.request.Asks = asksOf(a.asks)
	}
	var got answer
	send := func() error {
		if a.slip != nil {
			if a.slip.Login == nil {
				a.slip.Login = name[:]
			}
			signed, err := sign(a.who.Key, a.purpose, a.slip)
			if err != nil {
				a.t.Fatal(err)
			}
			if a.before != nil {
				a.before()
			}
			return a.client.ask(ctx, methodSlip, slipBody{slip{a.who.Challenge, a.who.Login, signed}, a.request.Asks}, &got, workTime)
		}
		signed, err := sign(a.who.Key, a.purpose, a.request)
		if err != nil {
			a.t.Fatal(err)
		}
		if a.signature != nil {
			signed.Signature = a.signature
		}
		if a.body != nil {
			signed.Body = json.RawMessage(a.body(string(signed.Body)))
		}
		if a.before != nil {
			a.before()
		}
		return a.client.ask(ctx, methodUnwrap, signed, &got, answerTime)
	}
	err := send()
	if err == nil && a.twice {
		err = send()
	}
	if err != nil {
		return said(err)
	}
	if len(got.Keys) != len(a.asks) || slices.ContainsFunc(got.Keys, func(k []byte) bool { return k == nil }) {
		return "no key"
	}
	return "open"
}

func said(err error) string {
	if r := why(err); r != "" {
		return string(r)
	}
	return err.Error()
}

func (a *attempt) line(name, value string) {
	for i, l := range a.lines {
		if strings.HasPrefix(l, name+"=") {
			a.lines[i] = name + "=" + value
		}
	}
}

func (a *attempt) grant(casefile, person uuid.UUID) {
	a.papers = append(a.papers, paperOf("grant", casefile, person))
}

// want replaces what is wanted.
func (a *attempt) want(asks ...vault.Ask) { a.asks = asks }

// cases are what every keeper does, whatever its root is sealed by.
var cases = map[string]struct {
	change func(a *attempt)
	want   string
}{
	// What opens.
	"one's own text":                 {func(*attempt) {}, "open"},
	"many of one's own":              {func(a *attempt) { a.want(a.many(256, func() vault.Where { return own(a.me) })...) }, "open"},
	"a text of a case with standing": {func(a *attempt) { a.grant(theft, a.me); a.want(a.head(ofCase(theft))) }, "open"},
	"of two cases with standing": {func(a *attempt) {
		a.grant(theft, a.me)
		a.grant(fraud, a.me)
		a.want(a.head(ofCase(theft)), a.head(ofCase(fraud)))
	}, "open"},
	"a case and one's own":                    {func(a *attempt) { a.grant(theft, a.me); a.want(a.head(ofCase(theft)), a.head(own(a.me))) }, "open"},
	"the same text twice in one":              {func(a *attempt) { h := a.head(own(a.me)); a.want(h, h) }, "open"},
	"a clock half a minute behind":            {func(a *attempt) { a.request.At = a.now().Add(-30 * time.Second) }, "open"},
	"a clock half a minute before":            {func(a *attempt) { a.request.At = a.now().Add(30 * time.Second) }, "open"},
	"lines of the challenge in another order": {func(a *attempt) { slices.Reverse(a.lines[1:]) }, "open"},
	"a sign-in of hours ago":                  {func(a *attempt) { a.line("until", a.now().Add(-7*time.Hour).Format(time.RFC3339)) }, "open"},
	"a worker with a slip":                    {func(a *attempt) { a.permit(a.asks[0].Where) }, "open"},
	"a worker the next morning":               {func(a *attempt) { a.permit(a.asks[0].Where); a.before = func() { a.pass(23 * time.Hour) } }, "open"},
	"a worker with a slip for a case":         {func(a *attempt) { a.grant(theft, a.me); a.want(a.head(ofCase(theft))); a.permit(a.asks[0].Where) }, "open"},

	// Who asks.
	"a sign-in that was not shown":       {func(a *attempt) { a.quiet = true }, string(LoginUnknown)},
	"another sign-in":                    {func(a *attempt) { a.request.Login = make([]byte, 32) }, string(LoginUnknown)},
	"no sign-in":                         {func(a *attempt) { a.request.Login = []byte{} }, string(RequestUnsigned)},
	"a challenge nobody signed":          {func(a *attempt) { a.cms = []byte("0") }, string(LoginUnsigned)},
	"an empty signature":                 {func(a *attempt) { a.cms = []byte{} }, string(LoginStrange)},
	"a signature as long as a book":      {func(a *attempt) { a.cms = make([]byte, maxCMS+1) }, string(LoginStrange)},
	"the signature of another challenge": {func(a *attempt) { a.cms = a.stage.cms(aigul, []byte("zharia/sign-in/1\n")) }, string(LoginUnsigned)},
	"the key of a company":               {func(a *attempt) { a.signer = "company" }, string(LoginUnsigned)},
	"a sign-in to another site":          {func(a *attempt) { a.line("origin", "https://zharia.example") }, string(LoginElsewhere)},
	"a sign-in of yesterday":             {func(a *attempt) { a.line("until", a.now().Add(-LoginLife+challengeLife).Format(time.RFC3339)) }, string(LoginOld)},
	"a challenge that lasts for ever":    {func(a *attempt) { a.line("until", a.now().Add(time.Hour).Format(time.RFC3339)) }, string(LoginOld)},
	"a time that is none":                {func(a *attempt) { a.line("until", "soon") }, string(LoginStrange)},
	"a challenge without a key":          {func(a *attempt) { a.lines = a.lines[:len(a.lines)-1] }, string(LoginStrange)},
	"a key that is none":                 {func(a *attempt) { a.line("key", "AAAA") }, string(LoginStrange)},
	"two keys":                           {func(a *attempt) { a.lines = append(a.lines, a.lines[len(a.lines)-1]) }, string(LoginStrange)},
	"two keys instead of a nonce":        {func(a *attempt) { a.lines[3] = a.lines[5] }, string(LoginStrange)},
	"an unknown line":                    {func(a *attempt) { a.lines = append(a.lines, "more=1") }, string(LoginStrange)},
	"an empty line":                      {func(a *attempt) { a.lines = append(a.lines, "") }, string(LoginStrange)},
	"another purpose":                    {func(a *attempt) { a.lines[0] = "zharia/filing/1" }, string(LoginStrange)},
	"a challenge as long as a book":      {func(a *attempt) { a.line("nonce", strings.Repeat("A", maxChallenge)) }, string(LoginStrange)},
	"the key of another session":         {func(a *attempt) { a.who.Key = a.signIn(aigul).Key }, string(RequestUnsigned)},
	"a request nobody signed":            {func(a *attempt) { a.signature = make([]byte, 64) }, string(RequestUnsigned)},
	"no signature":                       {func(a *attempt) { a.signature = []byte{} }, string(RequestUnsigned)},
	"a request changed after signing": {func(a *attempt) {
		a.body = func(b string) string { return strings.Replace(b, `"table":"note"`, `"table":"memo"`, 1) }
	}, string(RequestUnsigned)},
	"a field added after signing":         {func(a *attempt) { a.body = func(b string) string { return strings.Replace(b, `{`, `{"more":1,`, 1) } }, string(RequestUnsigned)},
	"a slip signed in place of a request": {func(a *attempt) { a.purpose = forSlip }, string(RequestUnsigned)},
	"a request brought again":             {func(a *attempt) { a.twice = true }, string(RequestAgain)},
	"a request of two minutes ago":        {func(a *attempt) { a.request.At = a.now().Add(-2 * time.Minute) }, string(RequestStale)},
	"a request of the future":             {func(a *attempt) { a.request.At = a.now().Add(2 * time.Minute) }, string(RequestStale)},
	"a request that lay for an hour":      {func(a *attempt) { a.before = func() { a.pass(time.Hour) } }, string(RequestStale)},
	"a session that lasted too long":      {func(a *attempt) { a.before = func() { a.pass(LoginLife) } }, string(LoginUnknown)},
	"a nonce too short":                   {func(a *attempt) { a.request.Nonce = []byte("short") }, string(RequestUnsigned)},
	"nothing asked for":                   {func(a *attempt) { a.want(); a.request.Asks = []ask{} }, string(RequestUnsigned)},
	"more than is answered at once":       {func(a *attempt) { a.want(slices.Repeat(a.asks, vault.MaxAsks+1)...) }, string(RequestUnsigned)},
	"a place of nobody":                   {func(a *attempt) { a.asks[0].Where.Person = uuid.Nil }, string(RequestUnsigned)},
	"a place of a person and a case":      {func(a *attempt) { a.asks[0].Where.Case = theft }, string(RequestUnsigned)},
	"a place without a row":               {func(a *attempt) { a.asks[0].Where.ID = uuid.Nil }, string(RequestUnsigned)},

	// By what right.
	"another person's own text":           {func(a *attempt) { a.want(a.head(own(uuid.New()))) }, string(NotTheirs)},
	"one's own and another's":             {func(a *attempt) { a.want(a.head(own(a.me)), a.head(own(uuid.New()))) }, string(NotTheirs)},
	"another's text under one's own name": {func(a *attempt) { h := a.head(own(uuid.New())); h.Where.Person = a.me; a.want(h) }, "no key"},
	"a text of a case as one's own":       {func(a *attempt) { h := a.head(ofCase(theft)); h.Where.Case, h.Where.Person = uuid.Nil, a.me; a.want(h) }, "no key"},
	"a case without papers":               {func(a *attempt) { a.want(a.head(ofCase(uuid.New()))) }, string(NoPapers)},
	"a case of others":                    {func(a *attempt) { a.grant(theft, uuid.New()); a.want(a.head(ofCase(theft))) }, string(NoStanding)},
	"one case with standing and one without": {func(a *attempt) {
		a.grant(theft, a.me)
		a.grant(fraud, uuid.New())
		a.want(a.head(ofCase(theft)), a.head(ofCase(fraud)))
	}, string(NoStanding)},
	"a right that was withdrawn": {func(a *attempt) {
		a.grant(theft, a.me)
		a.papers = append(a.papers, paperOf("withdraw", theft, a.me))
		a.want(a.head(ofCase(theft)))
	}, string(NoStanding)},
	"a right granted after it was withdrawn": {func(a *attempt) {
		a.papers = []SealedPaper{paperOf("withdraw", theft, a.me)}
		a.grant(theft, a.me)
		a.want(a.head(ofCase(theft)))
	}, string(NoStanding)},
	"a paper nobody signed": {func(a *attempt) {
		a.grant(theft, uuid.New())
		a.grant(theft, a.me)
		a.papers[1].Signatures[0].Bytes = []byte("x")
		a.want(a.head(ofCase(theft)))
	}, string(NoStanding)},
	"a text of one case moved to another": {func(a *attempt) { a.grant(theft, a.me); h := a.head(ofCase(fraud)); h.Where.Case = theft; a.want(h) }, "no key"},
	"a wrap of another row":               {func(a *attempt) { a.asks[0].Where.ID = uuid.New() }, "no key"},
	"a wrap of another column":            {func(a *attempt) { a.asks[0].Where.Column = "title" }, "no key"},
	"a wrap of a later epoch":             {func(a *attempt) { a.asks[0].Epoch = 2 }, "no key"},
	"a wrap of epoch nought":              {func(a *attempt) { a.asks[0].Epoch = 0 }, "no key"},
	"a wrap with a bit flipped":           {func(a *attempt) { a.asks[0].Wrapped = bytes.Clone(a.asks[0].Wrapped); a.asks[0].Wrapped[7] ^= 1 }, "no key"},
	"a share of HPKE cut":                 {func(a *attempt) { a.asks[0].Enc = a.asks[0].Enc[:31] }, "no key"},
	"a share of HPKE of nought":           {func(a *attempt) { a.asks[0].Enc = make([]byte, 32) }, "no key"},

	// Workers.
	"a slip for another object":             {func(a *attempt) { a.permit(own(a.me)) }, string(SlipElsewhere)},
	"a slip for the row, of another column": {func(a *attempt) { w := a.asks[0].Where; w.Column = "title"; a.permit(w) }, string(SlipElsewhere)},
	"a slip of the day before":              {func(a *attempt) { a.permit(a.asks[0].Where); a.before = func() { a.pass(SlipLife) } }, string(SlipOld)},
	"a slip of the future":                  {func(a *attempt) { a.permit(a.asks[0].Where); a.slip.At = a.now().Add(time.Hour) }, string(SlipOld)},
	"a slip from before the sign-in":        {func(a *attempt) { a.permit(a.asks[0].Where); a.slip.At = a.now().Add(-time.Hour) }, string(SlipOld)},
	"a slip signed as a request":            {func(a *attempt) { a.permit(a.asks[0].Where); a.purpose = forRequest }, string(SlipStrange)},
	"a slip of another sign-in":             {func(a *attempt) { a.permit(a.asks[0].Where); a.slip.Login = make([]byte, 32) }, string(SlipStrange)},
	"a slip for another's text":             {func(a *attempt) { a.want(a.head(own(uuid.New()))); a.permit(a.asks[0].Where) }, string(NotTheirs)},
	"a slip for a case without standing":    {func(a *attempt) { a.grant(theft, uuid.New()); a.want(a.head(ofCase(theft))); a.permit(a.asks[0].Where) }, string(NoStanding)},
}

func (a *attempt) permit(where ...vault.Where) {
	a.slip, a.purpose = &permit{At: a.now()}, forSlip
	for _, w := range where {
		a.slip.Places = append(a.slip.Places, place(w))
	}
}

func (a *attempt) many(n int, where func() vault.Where) []vault.Ask {
	var out []vault.Ask
	for range n {
		out = append(out, a.head(where()))
	}
	return out
}

// blank makes the keeper know of no paper and no sign-in, as after an unsealing.
func (s *stage) blank() {
	s.t.Helper()
	k := s.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opened.rights, k.opened.logins.seen = newRoll(), map[[32]byte]login{}
	k.withdrawn.entries, k.withdrawn.size = nil, 0
	if err := errors.Join(k.withdrawn.writeHead(k.withdrawn.key, 0, nil), os.Truncate(k.withdrawn.path, 0)); err != nil {
		s.t.Fatal(err)
	}
}

func TestEveryBackEndDoesTheSame(t *testing.T) {
	if len(cases) < 60 {
		t.Fatalf("only %d cases", len(cases))
	}
	for name, source := range sources(t) {
		t.Run(name, func(t *testing.T) {
			s := unsealed(t, source, func(c *Config) { c.Rights, c.Limits = newRoll, Limits{1 << 20, 1 << 20} })
			for _, what := range slices.Sorted(maps.Keys(cases)) {
				s.pass(48 * time.Hour)
				s.blank()
				a := &attempt{stage: s, signer: aigul, me: s.person(aigul), purpose: forRequest}
				pub, private, err := ed25519.GenerateKey(nil)
				if err != nil {
					t.Fatal(err)
				}
				a.who.Key = private
				a.lines = strings.Split(strings.TrimSpace(challenge(pub, s.now())), "\n")
				a.request = request{At: s.now(), Nonce: newNonce()}
				a.asks = []vault.Ask{s.head(own(a.me))}
				cases[what].change(a)
				if got := a.outcome(); got != cases[what].want {
					t.Errorf("%s: %s, not %s", what, got, cases[what].want)
				}
			}
			if record := s.decided(); strings.Contains(record, aigul) || strings.Contains(record, "AIGUL") {
				t.Error("the record of decisions names somebody")
			}
		})
	}
}

func TestARootComesBackOnlyFromWhoSealedIt(t *testing.T) {
	root := bytes.Repeat([]byte{3}, rootSize)
	good := transit(t)
	for name, row := range map[string]struct{ from, to Source }{
		"a wrong passphrase":   {Passphrase{[]byte("five words of a list, at least")}, Passphrase{[]byte("five words of a list, at last!")}},
		"a token that is none": {good, Transit{Address: good.Address, Token: "x", Key: "keeper"}},
		"another key":          {good, Transit{Address: good.Address, Token: "a token", Key: "other"}},
	} {
		sealed, err := row.from.Seal(t.Context(), root)
		if err != nil {
			t.Fatal(name, err)
		}
		if bytes.Contains(sealed, root) {
			t.Errorf("%s: the root is in it", name)
		}
		if back, err := row.from.Unseal(t.Context(), sealed); err != nil || !bytes.Equal(back, root) {
			t.Errorf("%s: the right one: %v", name, err)
		}
		if back, err := row.to.Unseal(t.Context(), sealed); !errors.Is(err, ErrNotRoot) || back != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (Passphrase{[]byte("short")}).Seal(t.Context(), root); !errors.Is(err, ErrShort) {
		t.Errorf("a short passphrase: %v", err)
	}
	if _, err := (Transit{Address: "http://bao.example", Token: "x", Key: "k"}).Seal(t.Context(), root); err == nil {
		t.Error("the root went over the network in clear")
	}
}

func TestTheMeasureOfOnePersonIsBounded(t *testing.T) {
	s := unsealed(t, nil, func(c *Config) { c.WithoutChain, c.Limits = true, Limits{Objects: 600, Cases: 30} })
	me, other := s.signIn(aigul), s.signIn(daniyar)
	texts := func(n int, where func() vault.Where) []vault.Ask {
		var out []vault.Ask
		for range n {
			out = append(out, s.head(where()))
		}
		return out
	}
	mine := func() vault.Where { return own(s.person(aigul)) }
	page := texts(150, mine)
	for range 4 {
		if _, err := s.client.Unwrap(s.as(me), page); err != nil {
			t.Fatal(err)
		}
		s.pass(time.Second)
	}
	_, err := s.client.Unwrap(s.as(me), page[:1])
	if !errors.Is(err, fault.TooMany) || !errors.Is(err, ErrRefused) || why(err) != TooManyObjects {
		t.Errorf("the 601st: %v", err)
	}
	if _, err := s.client.Unwrap(s.as(other), texts(1, func() vault.Where { return own(s.person(daniyar)) })); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	s.pass(55 * time.Second)
	if _, err := s.client.Unwrap(s.as(me), page[:1]); why(err) != TooManyObjects {
		t.Errorf("within the minute: %v", err)
	}
	s.pass(2 * time.Second)
	if _, err := s.client.Unwrap(s.as(me), page[:150]); err != nil {
		t.Errorf("a minute after the first page: %v", err)
	}
	s.pass(time.Hour)
	ids := make([]uuid.UUID, 31)
	for i := range ids {
		ids[i] = uuid.New()
		s.pass(time.Second)
		_, err := s.client.Unwrap(s.as(me), texts(1, func() vault.Where { return ofCase(ids[i]) }))
		if i < 30 && err != nil || i == 30 && why(err) != TooManyCases {
			t.Errorf("case %d: %v", i+1, err)
		}
	}
	if _, err := s.client.Unwrap(s.as(me), texts(1, func() vault.Where { return ofCase(ids[0]) })); err != nil {
		t.Errorf("a case that was open: %v", err)
	}
	s.pass(time.Hour - 28*time.Second)
	if _, err := s.client.Unwrap(s.as(me), texts(1, func() vault.Where { return ofCase(ids[30]) })); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	if record := s.decided(); strings.Count(record, string(TooManyObjects)) != 2 || strings.Count(record, string(TooManyCases)) != 1 {
		t.Error("the record of decisions does not have the refusals")
	}
}

func TestThreeCustodiansOpenOneCaseForOneOfficialForADay(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	if err := s.client.Show(t.Context(), paperOf("grant", theft, uuid.New())); err != nil {
		t.Fatal(err)
	}
	ground := "Тергеуші қайтыс болды; мерзім ертең бітеді, іс прокурорға керек."
	official, stranger := s.signIn(daniyar), s.signIn(aigul)
	opens := func(who vault.Ticket, casefile uuid.UUID) error {
		s.pass(time.Second)
		_, err := s.client.Unwrap(s.as(who), []vault.Ask{s.head(ofCase(casefile))})
		return err
	}
	if err := opens(official, theft); why(err) != NoStanding {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"two custodians": func() error {
			_, err := s.keeper.OpenCase(t.Context(), &Shares{Given: s.made[:2]}, theft, daniyar, ground)
			return err
		},
		"no ground": func() error {
			_, err := s.keeper.OpenCase(t.Context(), s.source(), theft, daniyar, "керек")
			return err
		},
		"a ground as long as a book": func() error {
			_, err := s.keeper.OpenCase(t.Context(), s.source(), theft, daniyar, strings.Repeat("ә", MaxGround+1))
			return err
		},
		"no case": func() error {
			_, err := s.keeper.OpenCase(t.Context(), s.source(), uuid.Nil, daniyar, ground)
			return err
		},
		"nobody": func() error {
			_, err := s.keeper.OpenCase(t.Context(), s.source(), theft, "1", ground)
			return err
		},
	} {
		if try() == nil {
			t.Errorf("%s: it was opened", name)
		}
	}
	opening, err := s.keeper.OpenCase(t.Context(), s.source(), theft, daniyar, ground)
	if err != nil {
		t.Fatal(err)
	}
	var told []uuid.UUID
	s.client.Opened = func(_ context.Context, id uuid.UUID) { told = append(told, id) }
	if err := opens(official, theft); err != nil || !slices.Equal(told, []uuid.UUID{opening.ID}) {
		t.Errorf("the official: %v, %v", err, told)
	}
	if err := opens(official, fraud); why(err) != NoPapers {
		t.Errorf("another case: %v", err)
	}
	if err := opens(stranger, theft); why(err) != NoStanding {
		t.Errorf("somebody else: %v", err)
	}
	s.end() // it outlives the process
	s.start()
	s.unseal()
	s.pass(time.Second)
	if err := opens(official, theft); err != nil && why(err) != NoPapers {
		t.Errorf("after a restart: %v", err)
	}
	list, err := s.client.Openings(t.Context())
	if err != nil || len(list) != 1 || list[0] != opening || list[0].Ground != ground || list[0].Person != s.person(daniyar) {
		t.Errorf("%+v, %v", list, err)
	}
	if record := s.decided(); !strings.Contains(record, `"opening":"`+opening.ID.String()) || strings.Contains(record, "Тергеуші") {
		t.Error("the record of decisions does not say by what it was opened, or says the ground")
	}
	s.pass(OpeningLife)
	official = s.signIn(daniyar)
	if err := opens(official, theft); why(err) == "" {
		t.Errorf("the day after: %v", err)
	}
}

const because = "Тергеуші қайтыс болды; мерзім ертең бітеді, іс прокурорға керек."

// looks has somebody open a text of the case of theft, of which the keeper has one paper.
func (s *stage) looks(iin string) error {
	s.t.Helper()
	s.pass(time.Second)
	if err := s.client.Show(s.t.Context(), paperOf("grant", theft, uuid.New())); err != nil {
		s.t.Fatal(err)
	}
	_, err := s.client.Unwrap(s.as(s.signIn(iin)), []vault.Ask{s.head(ofCase(theft))})
	return err
}

// A day that is over does not begin anew because the clock was put back.
func TestWhatCustodiansOpenedIsNotOpenBeforeTheyDid(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	if _, err := s.keeper.OpenCase(t.Context(), s.source(), theft, daniyar, because); err != nil {
		t.Fatal(err)
	}
	if err := s.looks(daniyar); err != nil {
		t.Fatal(err)
	}
	s.end()
	s.pass(-3 * OpeningLife)
	s.start()
	s.unseal()
	if err := s.looks(daniyar); why(err) != NoStanding {
		t.Errorf("three days before: %v", err)
	}
}

// What stands in the memory is told to the people of the case and counts after a restart: so
// it was done, also where the disk was full a moment later.
func TestACaseThatIsWrittenDownAsOpenedIsOpen(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	head := filepath.Join(s.dir, openingsFile+headSuffix)
	kept, err := os.ReadFile(head)
	if err := errors.Join(err, os.Remove(head), os.Mkdir(head, 0o700)); err != nil {
		t.Fatal(err)
	}
	opening, err := s.keeper.OpenCase(t.Context(), s.source(), theft, daniyar, because)
	list, no := s.client.Openings(t.Context())
	if no != nil || len(list) != 1 || err != nil || list[0].ID != opening.ID {
		t.Errorf("told as opened: %d, %v; done: %v", len(list), no, err)
	}
	if err := s.looks(daniyar); err != nil {
		t.Errorf("for the official: %v", err)
	}
	s.end()
	if err := errors.Join(os.Remove(head), os.WriteFile(head, kept, 0o600)); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.unseal()
	if err := s.looks(daniyar); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

// Unsealed while its clock ran ahead, the keeper opens when that is set right, and a request
// of before is good no longer than any.
func TestAClockThatRanAheadAtTheUnsealingClosesNothing(t *testing.T) {
	s := unsealed(t, nil, nil)
	s.pass(-5 * time.Hour)
	me, where := s.signIn(aigul), own(s.person(aigul))
	for range 2 {
		if _, err := s.client.Unwrap(s.as(me), []vault.Ask{s.head(where)}); err != nil {
			t.Errorf("%v", err)
		}
		s.pass(time.Minute)
	}
	s.client.Now = func() time.Time { return s.now().Add(-requestLife - time.Second) }
	if _, err := s.client.Unwrap(s.as(me), []vault.Ask{s.head(where)}); why(err) != RequestStale {
		t.Errorf("a request of before: %v", err)
	}
}

func TestWhatWasWithdrawnStaysSoThoughThePaperIsGone(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	me, id := s.signIn(aigul), s.person(aigul)
	grant := paperOf("grant", theft, id)
	shown := 0
	s.client.Papers = func(context.Context, uuid.UUID) ([]SealedPaper, error) {
		shown++
		return []SealedPaper{grant}, nil // somebody has deleted the withdrawal
	}
	if _, err := s.client.Unwrap(s.as(me), []vault.Ask{s.head(ofCase(theft))}); err != nil || shown != 1 {
		t.Fatalf("the papers were shown %d times, %v", shown, err)
	}
	if err := s.client.Show(t.Context(), paperOf("withdraw", theft, id)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s.pass(time.Second)
		if _, err := s.client.Unwrap(s.as(me), []vault.Ask{s.head(ofCase(theft))}); why(err) != NoStanding {
			t.Errorf("%v", err)
		}
		s.end()
		s.start()
		s.unseal()
	}
	if shown != 4 { // at each no it is looked whether there are others; after a restart first all are shown
		t.Errorf("the papers were asked for %d times", shown)
	}
}

func TestWithoutPapersNoCaseOpensUnlessTheKeeperIsToldToDoWithout(t *testing.T) {
	for without, want := range map[bool]Reason{false: NoStanding, true: ""} {
		s := unsealed(t, nil, func(c *Config) { c.WithoutChain = without })
		if _, err := s.client.Unwrap(s.as(s.signIn(aigul)), []vault.Ask{s.head(ofCase(theft))}); why(err) != want {
			t.Errorf("without chain %v: %v", without, err)
		}
		if s.keeper.Status().WithoutChain != without {
			t.Error("the status does not say so")
		}
	}
}

// A sealed paper is read by the keeper itself; the portal need not be able to.
func TestAPaperIsShownAsItLiesInTheDatabase(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	me, id := s.signIn(aigul), s.person(aigul)
	paper := paperOf("grant", theft, id)
	content, signature := ofCase(theft), ofCase(theft)
	paper.Content = Object{content, s.seal(content, string(paper.Content.Bytes))}
	paper.Signatures[0] = Object{signature, s.seal(signature, "signed")}
	if err := s.client.Show(t.Context(), paper); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.Unwrap(s.as(me), []vault.Ask{s.head(ofCase(theft))}); err != nil {
		t.Errorf("%v", err)
	}
	paper.Content.Where = ofCase(fraud)
	if err := s.client.ask(t.Context(), methodPaper, paperBody{Content: bodyOf(paper.Content), Signatures: []objectBody{{Bytes: []byte("signed")}}}, &struct{}{}, answerTime); why(err) != PaperStrange {
		t.Errorf("a paper in another place: %v", err)
	}
}

func TestASlipIsMadeByASessionAndOpensForAWorker(t *testing.T) {
	s := unsealed(t, nil, nil)
	me, where := s.signIn(aigul), own(s.person(aigul))
	text := s.seal(where, "жұмыс")
	slip, err := NewSlip(me, s.now(), where)
	if err != nil {
		t.Fatal(err)
	}
	s.keeper.Seal() // a worker's keeper may have been started anew
	s.pass(12 * time.Hour)
	s.unseal()
	if got, err := s.keys.OpenText(s.as(vault.Ticket{Slip: slip}), where, text); err != nil || got != "жұмыс" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := s.keys.OpenText(s.as(me), where, text); !errors.Is(err, fault.NotFound) {
		t.Errorf("the session itself has ended: %v", err)
	}
	for name, make := range map[string]func() error{
		"no key":   func() error { _, err := NewSlip(vault.Ticket{}, s.now(), where); return err },
		"no place": func() error { _, err := NewSlip(me, s.now()); return err },
		"half a place": func() error {
			_, err := NewSlip(me, s.now(), vault.Where{Table: "note", Column: "body", ID: uuid.New()})
			return err
		},
	} {
		if make() == nil {
			t.Errorf("%s: a slip was made", name)
		}
	}
	if _, err := s.keys.OpenText(s.as(vault.Ticket{Slip: []byte("{}")}), where, text); !errors.Is(err, fault.NotFound) && err == nil {
		t.Errorf("a slip that is none: %v", err)
	}
}

// Whoever kept the key of a session that its owner ended opens nothing by it, and after a
// restart neither. What was left to a worker before is finished.
func TestASignInThatEndedOpensNothingButWhatWasLeftBefore(t *testing.T) {
	s := unsealed(t, nil, nil)
	me, other, where := s.signIn(aigul), s.signIn(aigul), own(s.person(aigul))
	text := s.head(where)
	before, err := NewSlip(me, s.now(), where)
	if err != nil {
		t.Fatal(err)
	}
	opens := func(ticket vault.Ticket, want bool, what string) {
		t.Helper()
		if _, err := s.client.Unwrap(s.as(ticket), []vault.Ask{text}); (err == nil) != want || !want && why(err) != LoginEnded {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	opens(me, true, "signed in")
	s.pass(time.Minute)
	name := loginName(me.Challenge, me.Login) // as a portal of the version before says it
	for range 2 {                             // a job may be done twice
		if err := s.client.EndLogin(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	s.pass(time.Hour)
	after, err := NewSlip(me, s.now(), where)
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"at once", "after a restart"} {
		opens(me, false, "his session, "+when)
		opens(vault.Ticket{Slip: after}, false, "a slip of after, "+when)
		opens(vault.Ticket{Slip: before}, true, "a slip of before, "+when)
		opens(other, true, "his other session, "+when)
		s.end()
		s.client.Close()
		s.start()
		s.unseal()
		s.pass(time.Minute)
	}
	if err := s.client.ask(t.Context(), methodEndLogin, endLoginBody{[]byte("short")}, &struct{}{}, answerTime); err == nil {
		t.Error("a name that is none")
	}
	s.pass(endedLife)
	s.end()
	s.client.Close()
	s.start()
	if n := len(s.keeper.ended.at); n != 0 {
		t.Errorf("%d are remembered that open nothing in any case", n)
	}
}

// The bytes around a signature are nobody's word: the same one in base64 is the same sign-in.
func TestASignInThatEndedDoesNotComeBackInOtherBytes(t *testing.T) {
	s := unsealed(t, nil, nil)
	me, where := s.signIn(aigul), own(s.person(aigul))
	text := s.head(where)
	again := me
	again.Login = []byte(base64.StdEncoding.EncodeToString(me.Login))
	if _, err := s.client.Unwrap(s.as(again), []vault.Ask{text}); err != nil {
		t.Fatalf("while he is signed in: %v", err)
	}
	s.pass(time.Minute)
	for _, name := range LoginNames(me.Challenge, me.Login) {
		if err := s.client.EndLogin(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	s.pass(time.Hour)
	slip, err := NewSlip(again, s.now(), where)
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"at once", "after a restart"} {
		for what, ticket := range map[string]vault.Ticket{"as it was": me, "in base64": again, "a slip of after": {Slip: slip}} {
			if _, err := s.client.Unwrap(s.as(ticket), []vault.Ask{text}); why(err) != LoginEnded {
				t.Errorf("%s, %s: %v", what, when, err)
			}
		}
		s.end()
		s.client.Close()
		s.start()
		s.unseal()
		s.pass(time.Minute)
	}
}

// A keeper of the version before says that it knows no such question: that is no trouble.
func TestAKeeperOfTheVersionBeforeHearsOfNoEndAndNothingBreaks(t *testing.T) {
	no := reply{Failed: failedStrange}.read(&struct{}{})
	if !errors.Is(no, errBefore) || !errors.Is(no, fault.Unavailable) {
		t.Errorf("%v", no)
	}
	s := unsealed(t, nil, nil)
	if err := s.client.ask(t.Context(), "of-tomorrow", nil, &struct{}{}, answerTime); !errors.Is(err, errBefore) {
		t.Errorf("%v", err)
	}
	if _, err := s.client.Status(t.Context()); err != nil {
		t.Errorf("the connection goes on: %v", err)
	}
}

func TestAPersonIsWhoTheKeyOfTheTagsSays(t *testing.T) {
	id := personOf(bytes.Repeat([]byte{1}, 32), eds.IIN(aigul))
	if id.Version() != 8 || id.Variant() != uuid.RFC4122 {
		t.Errorf("%v", id)
	}
	tag := vault.Tag(bytes.Repeat([]byte{1}, 32), "person.iin", aigul)
	if id[0] != tag[0] || id[15] != tag[15] {
		t.Error("it is not made of the tag")
	}
}

func unb64(text string) []byte {
	out, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return out
}
