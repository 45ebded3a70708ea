package eds_test

import (
	"bytes"
	"sync"
	"testing"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/ocsp"
	"zharia/portal/eds/internal/p12"
	"zharia/portal/eds/internal/tsp"
	"zharia/portal/eds/key"
)

// gullible is who malformed files are shown to: a portal that trusts the
// public test hierarchy where its data is beside the project, and else one of
// our own.
type gullible struct {
	verifier     *eds.Verifier
	pool         chain.Pool
	leaf, issuer *chain.Certificate
}

var gullibleOnce struct {
	sync.Once
	it *gullible
}

func openToAll(t *testing.T) *gullible {
	t.Helper()
	gullibleOnce.Do(func() {
		w := ours(t)
		g := &gullible{verifier: w.verifier}
		anchors := [][]byte{w.authority.Root(), w.authority.Issuer()}
		leaf, issuer := w.aigul.Certificate(), w.authority.Issuer()
		if data, ok := beside.Path(t, "pki/data"); ok {
			g.verifier = national(t, data)
			anchors = [][]byte{read(t, data, "ca", "root_test_gost_2022.cer"), read(t, data, "ca", "nca_gost2022_test.cer")}
			leaf, issuer = cut(t, read(t, data, "cms", "individual_detached.der")).certificates[0], anchors[1]
		}
		for _, a := range anchors {
			if err := g.pool.Add(a); err != nil {
				t.Fatal(err)
			}
		}
		g.leaf, g.issuer = parsed(t, leaf), parsed(t, issuer)
		gullibleOnce.it = g
	})
	return gullibleOnce.it
}

func parsed(t *testing.T, raw []byte) *chain.Certificate {
	t.Helper()
	c, err := chain.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reader takes a file as one kind of thing. A nil error is a verdict that
// somebody would rely on.
type reader struct {
	name string
	read func(t *testing.T, g *gullible, in []byte) error
}

// readers are all there are, those whose refusals say most first.
var readers = []reader{
	{"message", func(t *testing.T, g *gullible, in []byte) error {
		_, err := g.verifier.Inspect(t.Context(), in, nil, now)
		return err
	}},
	{"document", func(t *testing.T, g *gullible, in []byte) error {
		_, err := g.verifier.Document(t.Context(), in, filing, now)
		return err
	}},
	{"certificate", func(t *testing.T, g *gullible, in []byte) error {
		c, err := chain.Parse(in)
		if err != nil {
			return err
		}
		_, err = g.pool.Path(c, now)
		return err
	}},
	{"list", func(t *testing.T, g *gullible, in []byte) error {
		_, err := crl.Read(bytes.NewReader(in), g.issuer, chain.Profile{})
		return err
	}},
	{"answer", func(t *testing.T, g *gullible, in []byte) error {
		_, err := ocsp.Question{Certificate: g.leaf, Issuer: g.issuer, At: now, MaxAge: 1 << 62}.Check(in)
		return err
	}},
	{"token", func(t *testing.T, g *gullible, in []byte) error {
		if token, err := tsp.Token(in); err == nil {
			in = token
		}
		_, err := tsp.Check(in, filing, nil, chain.Profile{})
		return err
	}},
}

// runHostile shows a malformed file to every reader. Those that give bytes and
// no verdict (converter, containers, keys, the bare message) only must answer.
func runHostile(t *testing.T, in []byte) answered {
	g := openToAll(t)
	der.Check(in)
	der.FromBER(in)
	chain.Profile{}.ParseKey(in)
	p12.Open(in, "Qwerty12")
	key.ReadPKCS12(in, "")
	bareMessage(in, filing)
	if m, err := cms.ParseToken(in, chain.Profile{}); err == nil {
		m.Signers[0].Verify(m.Content)
	}
	new(eds.Verifier).AddAuthority(in)
	why := chain.Malformed
	for _, r := range readers {
		err := r.read(t, g, in)
		if err == nil {
			return answered{"accept", r.name}
		}
		if says := reasonAny(err); says != chain.Malformed && why == chain.Malformed {
			why = says
		}
	}
	return answered{"reject", why}
}

// reasonAny is the reason of a refusal, of package eds or of those below it.
func reasonAny(err error) string {
	if says := reason(err); says != "" {
		return string(says)
	}
	if says := reasonOf(err); says != "" {
		return says
	}
	return chain.Malformed
}
