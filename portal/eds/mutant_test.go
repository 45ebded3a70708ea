package eds_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/der"
)

// node is an element of a message as a tree, to be changed and written anew
// with every length around it right.
type node struct {
	tag      byte
	body     []byte
	children []*node
}

func grow(v der.Value) *node {
	n := &node{tag: v.Tag, body: v.Body}
	if v.Tag&0x20 != 0 {
		for r := der.Read(v.Full).Into(v.Tag); r.More(); {
			n.children = append(n.children, grow(r.Any()))
		}
	}
	return n
}

func (n *node) write() []byte {
	if n.tag&0x20 == 0 {
		return der.Encode(n.tag, n.body)
	}
	var parts [][]byte
	for _, c := range n.children {
		parts = append(parts, c.write())
	}
	return der.Encode(n.tag, parts...)
}

// each walks the tree and gives every element with the list it stands in.
func (n *node) each(do func(parent *node, i int)) {
	for i := range n.children {
		do(n, i)
		n.children[i].each(do)
	}
}

// Structure cannot be changed either: elements left out, doubled, exchanged,
// wrapped, emptied or lengthened. There are two liberties: the missing NULL
// after the signature algorithm, which has two spellings in the world, and the
// certificate that stands twice, which is one.
func TestStructuralMutantsAreRefused(t *testing.T) {
	w := ours(t)
	sig := sign(t, w.aigul, filing, false)
	root := grow(der.Read(sig).Any())
	if !bytes.Equal(root.write(), sig) {
		t.Fatal("the tree writes something else")
	}
	var accepted []string
	mutants := 0
	try := func(name string) {
		mutants++
		if _, err := w.verifier.Document(t.Context(), root.write(), filing, now); err == nil {
			accepted = append(accepted, name)
		}
	}
	null := &node{tag: der.Null}
	root.each(func(p *node, i int) {
		before, one := p.children, p.children[i]
		with := func(name string, list ...*node) {
			p.children = append(append(append([]*node{}, before[:i]...), list...), before[i+1:]...)
			try(name)
			p.children = before
		}
		name := "element"
		if one.tag == der.Sequence && i == 0 && p.tag == der.Context(0, true) && len(p.children) == 1 && len(one.children) == 3 {
			name = "certificate"
		}
		if one.tag == der.Null && i == 1 && bytes.Equal(p.children[0].body, der.EncodeOID("1.2.398.3.10.1.1.2.3.2")[2:]) {
			name = "NULL of the signature algorithm"
		}
		with(name + " left out")
		with(name+" doubled", one, one)
		with(name+" wrapped", &node{tag: der.Sequence, children: []*node{one}})
		with(name+" followed by NULL", one, null)
		if one.tag != der.Null {
			with(name+" emptied", &node{tag: one.tag})
		}
		if i > 0 && !bytes.Equal(before[i-1].write(), one.write()) {
			p.children = append([]*node{}, before...)
			p.children[i-1], p.children[i] = one, before[i-1]
			try(name + " exchanged")
			p.children = before
		}
	})
	t.Logf("%d mutants, %d accepted", mutants, len(accepted))
	want := []string{"certificate doubled", "NULL of the signature algorithm left out"}
	if !slices.Equal(accepted, want) {
		t.Errorf("accepted: %q", accepted)
	}
}

// Messages of other countries, good and bad, are not signatures here.
func TestForeignMessagesAreRefused(t *testing.T) {
	for _, name := range []string{"cms-dss.json", "cms-mixed.json"} {
		path, ok := beside.Path(t, filepath.Join("suites", name))
		if !ok {
			return
		}
		s := load[struct{ ID string }](t, path)
		for id, blob := range s.Blobs {
			for _, content := range [][]byte{nil, {}, []byte("x")} {
				if _, err := ours(t).verifier.Inspect(t.Context(), blob, content, now); err == nil {
					t.Errorf("%s: blob %s is taken", name, id)
				}
			}
		}
		t.Logf("%s: %d messages refused", name, len(s.Blobs))
	}
}

// A stamp beside the signature proves its time when the authority that made it
// is on a path to a pinned root, and nothing when it is a stranger's.
func TestATimeStampProvesTimeOnlyUnderAPinnedRoot(t *testing.T) {
	data, ok := beside.Path(t, "pki/data")
	if !ok {
		return
	}
	v := national(t, data)
	sig, content := read(t, data, "cms", "individual_detached.der"), read(t, data, "cms", "individual_document.txt")
	if who, err := v.Document(t.Context(), sig, content, now); err != nil || !who.ProvenAt.IsZero() {
		t.Errorf("a stranger's stamp: %v, %v", who.ProvenAt, err)
	}
	for _, name := range []string{"root_gost_2022.pem", "nca_gost_2022.pem"} {
		if err := v.AddAuthority(read(t, data, "ca", "prod", name)); err != nil {
			t.Fatal(err)
		}
	}
	who, err := v.Document(t.Context(), sig, content, now)
	if err != nil || who.ProvenAt.IsZero() || who.ProvenAt.Sub(who.ClaimedAt).Abs() > time.Hour {
		t.Errorf("proven at %v, claimed at %v: %v", who.ProvenAt, who.ClaimedAt, err)
	}
}
