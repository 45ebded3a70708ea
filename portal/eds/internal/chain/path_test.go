package chain_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"math/big"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// ed25519OID is an algorithm outside the table, quick to make hierarchies with.
const ed25519OID = "1.3.101.112"

// office is a profile that verifies Ed25519 and counts how often.
type office struct{ checks int }

func (o *office) profile() chain.Profile {
	return chain.Profile{Foreign: func(spki []byte, claimed chain.AlgorithmID, message, signature []byte) error {
		o.checks++
		if claimed.OID != ed25519OID || !ed25519.Verify(spki[len(spki)-ed25519.PublicKeySize:], message, signature) {
			return &chain.Refused{Reason: chain.SignatureWrong}
		}
		return nil
	}}
}

// secret is the key of a name, always the same.
func secret(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// paper is a certificate to be made. Keys are called like their holders where
// nothing else is said.
type paper struct {
	subject, issuer string
	key, by         string
	serial          int64
	authority       bool
	limit           int // of authorities below, -1 for none
	until           time.Time
	more            [][]byte
	without         string // an extension left out
}

func (p paper) made(t testing.TB) []byte {
	t.Helper()
	if p.key == "" {
		p.key = p.subject
	}
	if p.by == "" {
		p.by = p.issuer
	}
	if p.until.IsZero() {
		p.until = now.AddDate(1, 0, 0)
	}
	name := func(s string) []byte {
		if s == "" {
			return der.EncodeSequence()
		}
		return der.EncodeSequence(der.EncodeSet(der.EncodeSequence(der.EncodeOID("2.5.4.3"), der.Encode(der.UTF8String, []byte(s)))))
	}
	algorithm := der.EncodeSequence(der.EncodeOID(ed25519OID))
	public := secret(p.key).Public().(ed25519.PublicKey)
	tbs := der.EncodeSequence(
		der.Encode(der.Context(0, true), der.EncodeSmall(2)),
		der.EncodeInt(big.NewInt(p.serial+1)), algorithm, name(p.issuer),
		der.EncodeSequence(der.EncodeTime(now.AddDate(-1, 0, 0)), der.EncodeTime(p.until)),
		name(p.subject), der.EncodeSequence(algorithm, der.EncodeBits(public)),
		der.Encode(der.Context(3, true), der.EncodeSequence(p.extensions()...)))
	return der.EncodeSequence(tbs, algorithm, der.EncodeBits(ed25519.Sign(secret(p.by), tbs)))
}

func (p paper) extensions() [][]byte {
	var list [][]byte
	add := func(id string, critical bool, value []byte) {
		if id != p.without {
			list = append(list, extension(id, critical, value))
		}
	}
	add("2.5.29.14", false, der.EncodeOctets([]byte(p.key)))
	add("2.5.29.35", false, der.EncodeSequence(der.Encode(der.Context(0, false), []byte(p.by))))
	usage := []byte{7, 0x80}
	if p.authority {
		usage = []byte{1, 0x06}
		basic := [][]byte{der.EncodeTrue()}
		if p.limit >= 0 {
			basic = append(basic, der.EncodeSmall(p.limit))
		}
		add("2.5.29.19", true, der.EncodeSequence(basic...))
	}
	add("2.5.29.15", true, der.Encode(der.BitString, usage))
	return append(list, p.more...)
}

func purposes(list ...string) []byte {
	var oids [][]byte
	for _, p := range list {
		oids = append(oids, der.EncodeOID(p))
	}
	return extension("2.5.29.37", false, der.EncodeSequence(oids...))
}

// authorityOf is an authority without a limit.
func authorityOf(subject, issuer string) paper {
	return paper{subject: subject, issuer: issuer, authority: true, limit: -1}
}

// asked makes a pool of one root, and asks it for the way of the first paper
// through the others.
func asked(t testing.TB, root paper, purpose string, papers ...paper) ([]*chain.Certificate, error) {
	t.Helper()
	o := &office{}
	p := o.profile()
	p.Longest = 8
	pool := &chain.Pool{Profile: p}
	if err := pool.AddAnchor(root.made(t)); err != nil {
		return nil, err
	}
	var all []*chain.Certificate
	for _, paper := range papers {
		c, err := p.Parse(paper.made(t))
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return pool.Find(chain.Question{Leaf: all[0], Others: all[1:], At: now, Purpose: purpose})
}

func TestAPathIsFoundThroughCertificatesThatCameAlong(t *testing.T) {
	root, person := authorityOf("root", "root"), paper{subject: "person", issuer: "a"}
	path, err := asked(t, root, "", person,
		authorityOf("unrelated", "nobody"), authorityOf("a", "elsewhere"), authorityOf("b", "root"), authorityOf("a", "b"))
	if err != nil || len(path) != 4 {
		t.Fatalf("path of %d, %v", len(path), err)
	}
	if path[0].Name("2.5.4.3")[0] != "person" || !path[3].Anchor || path[1].Anchor {
		t.Error("the path does not lead from the person to the root")
	}
}

func TestEveryCertificateOfAPathIsAsked(t *testing.T) {
	root, a, b := authorityOf("root", "root"), authorityOf("a", "root"), authorityOf("b", "a")
	with := func(p paper, change func(*paper)) paper { change(&p); return p }
	person := paper{subject: "person", issuer: "a"}
	below := paper{subject: "person", issuer: "b"}
	for name, c := range map[string]struct {
		root    paper
		purpose string
		papers  []paper
		want    string
	}{
		"as it should be": {root, "", []paper{person, a}, ""},
		"no way up":       {root, "", []paper{person}, chain.UnknownAuthority},
		"another's key":   {root, "", []paper{person, with(a, func(p *paper) { p.by = "thief" })}, chain.UnknownAuthority},
		"forged under the right identifier": {root, "", []paper{person, with(a, func(p *paper) { p.key = "thief" }),
			with(a, func(p *paper) { p.by = "thief" })}, chain.UnknownAuthority},
		"an authority that ended": {root, "", []paper{person, with(a, func(p *paper) { p.until = now.AddDate(0, 0, -1) })}, chain.Expired},
		"a root that ended":       {with(root, func(p *paper) { p.until = now.AddDate(0, 0, -1) }), "", []paper{person, a}, chain.Expired},
		"no authority":            {root, "", []paper{person, {subject: "a", issuer: "root"}}, chain.KeyUsage},
		"may not sign certificates": {root, "", []paper{person, with(a, func(p *paper) {
			p.without = "2.5.29.15"
			p.more = [][]byte{extension("2.5.29.15", true, der.Encode(der.BitString, []byte{7, 0x80}))}
		})}, chain.KeyUsage},
		"limits not critical": {root, "", []paper{person, with(a, func(p *paper) {
			p.without = "2.5.29.19"
			p.more = [][]byte{extension("2.5.29.19", false, der.EncodeSequence(der.EncodeTrue()))}
		})}, chain.KeyUsage},
		"a person who may sign certificates": {root, "", []paper{with(person, func(p *paper) {
			p.without = "2.5.29.15"
			p.more = [][]byte{extension("2.5.29.15", true, der.Encode(der.BitString, []byte{2, 0x84}))}
		}), a}, chain.KeyUsage},
		"an authority without its key's identifier": {root, "", []paper{person, with(a, func(p *paper) { p.without = "2.5.29.14" })}, chain.Malformed},
		"a person without the issuer's":             {root, "", []paper{with(person, func(p *paper) { p.without = "2.5.29.35" }), a}, chain.Malformed},
		"a root without the issuer's":               {with(root, func(p *paper) { p.without = "2.5.29.35" }), "", []paper{person, a}, ""},
		"a cross-signed anchor without it": {with(authorityOf("a", "root"), func(p *paper) { p.without = "2.5.29.35" }), "",
			[]paper{person}, chain.Malformed},
		"a person without a name":     {root, "", []paper{{issuer: "a", key: "person"}, a}, chain.Malformed},
		"no room below the authority": {root, "", []paper{below, b, with(a, func(p *paper) { p.limit = 0 })}, chain.KeyUsage},
		"room for one":                {root, "", []paper{below, b, with(a, func(p *paper) { p.limit = 1 })}, ""},
		"no room below the root":      {with(root, func(p *paper) { p.limit = 1 }), "", []paper{below, b, a}, chain.KeyUsage},
		"a new key of its own does not count": {root, "", []paper{with(person, func(p *paper) { p.by = "new" }),
			with(a, func(p *paper) { p.issuer, p.key, p.by = "a", "new", "a" }), with(a, func(p *paper) { p.limit = 0 })}, ""},
		"an authority of purposes, none asked": {root, "", []paper{person, with(a, func(p *paper) { p.more = [][]byte{purposes(chain.TimeStamping)} })}, chain.KeyUsage},
		"an authority of the purpose asked":    {root, chain.TimeStamping, []paper{person, with(a, func(p *paper) { p.more = [][]byte{purposes(chain.TimeStamping)} })}, ""},
		"an authority of any purpose":          {root, "", []paper{person, with(a, func(p *paper) { p.more = [][]byte{purposes(chain.AnyPurpose)} })}, ""},
		"an authority of another purpose":      {root, chain.OCSPSigning, []paper{person, with(a, func(p *paper) { p.more = [][]byte{purposes(chain.TimeStamping)} })}, chain.KeyUsage},
		"a leaf of another purpose":            {root, chain.OCSPSigning, []paper{with(person, func(p *paper) { p.more = [][]byte{purposes(chain.TimeStamping)} }), a}, chain.KeyUsage},
		"any purpose will do":                  {root, chain.AnyPurpose, []paper{with(person, func(p *paper) { p.more = [][]byte{purposes(chain.TimeStamping)} }), a}, ""},
		"a leaf of purposes, none asked":       {root, "", []paper{with(person, func(p *paper) { p.more = [][]byte{purposes(chain.ClientAuth)} }), a}, ""},
		"the issuer's serial is another": {root, "", []paper{with(person, func(p *paper) {
			p.without = "2.5.29.35"
			p.more = [][]byte{extension("2.5.29.35", false, der.EncodeSequence(der.Encode(der.Context(0, false), []byte("a")),
				der.Encode(der.Context(1, true), der.Encode(der.Context(1, false), []byte("a@b.kz"))), der.Encode(der.Context(2, false), []byte{9})))}
		}), a}, chain.UnknownAuthority},
	} {
		if _, err := asked(t, c.root, c.purpose, c.papers...); reason(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAuthoritiesInACircleLeadNowhere(t *testing.T) {
	_, err := asked(t, authorityOf("root", "root"), "", paper{subject: "person", issuer: "a"},
		authorityOf("a", "b"), authorityOf("b", "c"), authorityOf("c", "a"))
	if reason(err) != chain.UnknownAuthority {
		t.Error(err)
	}
}

func TestAPathEndsAtTheBound(t *testing.T) {
	o := &office{}
	pool := &chain.Pool{Profile: o.profile()}
	if err := pool.AddAnchor(authorityOf("root", "root").made(t)); err != nil {
		t.Fatal(err)
	}
	for authorities, want := range []string{"", "", "", chain.UnknownAuthority} {
		var others []*chain.Certificate
		above := "root"
		for i := range authorities {
			name := fmt.Sprintf("a%d", i)
			others = append(others, o.parsed(t, authorityOf(name, above)))
			above = name
		}
		leaf := o.parsed(t, paper{subject: "person", issuer: above})
		if _, err := pool.PathThrough(leaf, others, now); reason(err) != want {
			t.Errorf("%d authorities between: %v, want %q", authorities, err, want)
		}
	}
}

func (o *office) parsed(t testing.TB, p paper) *chain.Certificate {
	t.Helper()
	c, err := o.profile().Parse(p.made(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAFloodOfAuthoritiesOfOneNameStaysCheap(t *testing.T) {
	o := &office{}
	p := o.profile()
	p.Longest = 16
	pool := &chain.Pool{Profile: p}
	if err := pool.AddAnchor(authorityOf("root", "root").made(t)); err != nil {
		t.Fatal(err)
	}
	var flood []*chain.Certificate
	for i := range 15 {
		thief := authorityOf("a", "a")
		thief.key, thief.by, thief.serial = fmt.Sprintf("k%02d", i), "nobody's", int64(i)
		c := o.parsed(t, thief)
		c.SubjectKeyID, c.AuthorityKeyID = []byte("a"), []byte("a")
		flood = append(flood, c)
	}
	leaf, a := o.parsed(t, paper{subject: "person", issuer: "a"}), o.parsed(t, authorityOf("a", "root"))
	o.checks = 0
	if _, err := pool.PathThrough(leaf, append(flood, a), now); err != nil || o.checks > 17 {
		t.Errorf("%d signatures verified, %v", o.checks, err)
	}
	if _, err := pool.PathThrough(leaf, append(flood, a, a), now); reason(err) != chain.UnknownAuthority {
		t.Errorf("seventeen certificates came along: %v", err)
	}
}

// Three storeys of five certificates each for the same keys: every way up is
// well signed, and every one ends under the roof.
func TestALabyrinthEndsTheSearch(t *testing.T) {
	o := &office{}
	p := o.profile()
	p.Longest = 8
	pool := &chain.Pool{Profile: p}
	if err := pool.AddAnchor(authorityOf("root", "root").made(t)); err != nil {
		t.Fatal(err)
	}
	var others []*chain.Certificate
	for storey := range 3 {
		for i := range 5 {
			a := authorityOf(fmt.Sprintf("a%d", storey), fmt.Sprintf("a%d", storey+1))
			a.serial = int64(i)
			others = append(others, o.parsed(t, a))
		}
	}
	leaf, way := o.parsed(t, paper{subject: "person", issuer: "a0"}), o.parsed(t, authorityOf("a0", "root"))
	if _, err := pool.PathThrough(leaf, append(others[:15:15], way), now); reason(err) != chain.UnknownAuthority {
		t.Errorf("after all dead ends: %v", err)
	}
	if _, err := pool.PathThrough(leaf, append([]*chain.Certificate{way}, others...), now); err != nil {
		t.Errorf("before them: %v", err)
	}
}

func TestASignatureIsVerifiedOnceAndItsDatesEachTime(t *testing.T) {
	o := &office{}
	pool := &chain.Pool{Profile: o.profile()}
	if err := pool.AddAnchor(authorityOf("root", "root").made(t)); err != nil {
		t.Fatal(err)
	}
	responder := paper{subject: "responder", issuer: "root", until: now.Add(time.Hour), more: [][]byte{purposes(chain.OCSPSigning)}}
	verified := func(p paper, at time.Time, want string) int {
		o.checks = 0
		if _, err := pool.Path(o.parsed(t, p), at); reason(err) != want {
			t.Errorf("%s: %v, want %q", p.subject, err, want)
		}
		return o.checks
	}
	first, again, late := verified(responder, now, ""), verified(responder, now, ""), verified(responder, now.Add(2*time.Hour), chain.Expired)
	if first != 1 || again != 0 || late != 0 {
		t.Errorf("a responder: %d, then %d and %d signatures verified", first, again, late)
	}
	person := paper{subject: "person", issuer: "root"}
	if first, again := verified(person, now, ""), verified(person, now, ""); first != 1 || again != 1 {
		t.Errorf("a person: %d, then %d signatures verified", first, again)
	}
	forged := responder
	forged.by = "thief"
	forged.without = "2.5.29.35"
	forged.more = append(forged.more, extension("2.5.29.35", false, der.EncodeSequence(der.Encode(der.Context(0, false), []byte("root")))))
	if first, again := verified(forged, now, chain.UnknownAuthority), verified(forged, now, chain.UnknownAuthority); first != 1 || again != 1 {
		t.Errorf("a forgery: %d, then %d signatures verified", first, again)
	}
}

func TestTheMemoryForgetsWhatIsNotUsed(t *testing.T) {
	o := &office{}
	pool := &chain.Pool{Profile: o.profile()}
	root := o.parsed(t, authorityOf("root", "root"))
	used, idle := o.parsed(t, paper{subject: "used", issuer: "root"}), o.parsed(t, paper{subject: "idle", issuer: "root"})
	once := func(c *chain.Certificate) int {
		o.checks = 0
		if err := pool.SignedOnce(c, root); err != nil {
			t.Fatal(err)
		}
		return o.checks
	}
	once(used)
	once(idle)
	for i := range 1200 {
		once(o.parsed(t, paper{subject: "other", issuer: "root", serial: int64(i)}))
		if i%100 == 0 && once(used) != 0 {
			t.Fatalf("forgotten after %d", i)
		}
	}
	if once(idle) != 1 {
		t.Error("more is remembered than should be")
	}
}

func TestThePoolListsItsAuthoritiesByWhatTheyArePinnedBy(t *testing.T) {
	o := &office{}
	pool := &chain.Pool{Profile: o.profile()}
	root, cross := authorityOf("root", "root").made(t), authorityOf("a", "elsewhere").made(t)
	for _, raw := range [][]byte{root, cross, root} {
		if err := pool.AddAnchor(raw); err != nil {
			t.Fatal(err)
		}
	}
	list := pool.Authorities()
	if len(list) != 2 || pool.Size() != 2 || list[0].Digest() != sha256.Sum256(root) || list[1].Digest() != sha256.Sum256(cross) {
		t.Error("the list is not what was added")
	}
	if err := pool.Add(bytes.Clone(paper{subject: "person", issuer: "root"}.made(t))); reason(err) != chain.KeyUsage {
		t.Errorf("a person as an authority: %v", err)
	}
	forged := authorityOf("b", "b")
	forged.by = "thief"
	if err := pool.Add(forged.made(t)); reason(err) != chain.SignatureWrong {
		t.Errorf("a root that did not sign itself: %v", err)
	}
}
