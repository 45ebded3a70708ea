package receipt_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/ledger"
	"zharia/portal/receipt"
)

// book is a ledger outside any database: the acts, the tree over them, and the key
// that signs its roots.
type book struct {
	t      testing.TB
	key    string
	signer note.Signer
	rows   []ledger.Row
	hashes []tlog.Hash
}

// paper is the document that the n-th act of every book is about.
func paper(n int) []byte { return fmt.Appendf(nil, "%%PDF-1.7 document %d", n) }

func newBook(t testing.TB, acts int) *book {
	t.Helper()
	secret, key, err := note.GenerateKey(nil, "zharia.test/log")
	if err != nil {
		t.Fatal(err)
	}
	b := &book{t: t, key: key}
	if b.signer, err = note.NewSigner(secret); err != nil {
		t.Fatal(err)
	}
	for n := range acts {
		digest := sha256.Sum256(paper(n))
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[8:], uint64(n+1))
		rows := sha256.Sum256(id[:])
		b.add(ledger.Row{
			Seq: int64(n + 1), At: time.Date(2026, 10, 22, 9, 30, 0, n*1000, time.UTC), Who: id, Act: "filing-submit", Object: "filing",
			ID: id, Casefile: id, By: "CPC 99(5)", Digest: digest[:], Rows: rows[:],
		})
	}
	return b
}

func (b *book) add(row ledger.Row) {
	b.t.Helper()
	hashes, err := tlog.StoredHashesForRecordHash(int64(len(b.rows)), ledger.LeafHash(row), b)
	if err != nil {
		b.t.Fatal(err)
	}
	b.rows, b.hashes = append(b.rows, row), append(b.hashes, hashes...)
}

// ReadHashes makes a book a tlog.HashReader.
func (b *book) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, n := range at {
		out[i] = b.hashes[n]
	}
	return out, nil
}

// root is the signed root of the first acts.
func (b *book) root(size int) []byte {
	b.t.Helper()
	hash, err := tlog.TreeHash(int64(size), b)
	if err != nil {
		b.t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", b.signer.Name(), size, hash)}, b.signer)
	if err != nil {
		b.t.Fatal(err)
	}
	return signed
}

// receipt is the one of act n under the root of a size.
func (b *book) receipt(n, size int) receipt.Receipt {
	b.t.Helper()
	proof, err := tlog.ProveRecord(int64(size), int64(n), b)
	if err != nil {
		b.t.Fatal(err)
	}
	r := receipt.Receipt{
		Document: b.rows[n].ID, Digest: b.rows[n].Digest, Leaf: ledger.Leaf(b.rows[n]), Index: int64(n), Proof: proof, Key: b.key,
		Checkpoint: b.root(size),
	}
	if n%2 == 1 {
		r.Stamp = bytes.Repeat([]byte{0x30, byte(n)}, 40)
	}
	return r
}

// judge reads a file as everybody does: parse, then verify by the key one trusts.
func judge(file []byte, key string) error {
	r, err := receipt.Parse(file)
	if err != nil {
		return err
	}
	_, err = r.Verify(key)
	return err
}

func reasonOf(err error) receipt.Reason {
	var refusal *receipt.Refusal
	if errors.As(err, &refusal) {
		return refusal.Reason
	}
	return ""
}

func TestAThousandReceiptsAreVerifiedAndReadBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	b := newBook(t, 1100)
	random := rand.New(rand.NewPCG(11, 1))
	for n := range 1000 {
		size := n + 1 + random.IntN(1100-n)
		want := b.receipt(n, size)
		file := want.Text()
		got, err := receipt.Parse(file)
		if err != nil {
			t.Fatalf("receipt %d of %d: %v", n, size, err)
		}
		if !bytes.Equal(got.Text(), file) {
			t.Fatalf("receipt %d of %d is read as another", n, size)
		}
		proved, err := got.Verify(b.key)
		if err != nil {
			t.Fatalf("receipt %d of %d: %v", n, size, err)
		}
		if proved.Row.Seq != int64(n+1) || proved.Row.Act != "filing-submit" || proved.Root.Size != int64(size) {
			t.Fatalf("receipt %d of %d proves %+v", n, size, proved)
		}
		if got.Holds(paper(n)) != nil || reasonOf(got.Holds(paper(n+1))) != receipt.OtherDocument {
			t.Fatalf("receipt %d holds another document than its own", n)
		}
		if len(file) > 4<<10 {
			t.Fatalf("receipt %d has %d bytes", n, len(file))
		}
	}
}

// forgeries are receipts that somebody made of a good one who can write the sum anew:
// each with what it must be refused for, where that is one thing.
func forgeries(b, foreign *book, random *rand.Rand) map[string]func(n, size int) receipt.Receipt {
	flip := func(part []byte) []byte {
		out := bytes.Clone(part)
		out[random.IntN(len(out))] ^= 1 << random.IntN(8)
		return out
	}
	other := func(n, size int) int { return (n + 1 + random.IntN(size-1)) % size }
	change := func(do func(r *receipt.Receipt, n, size int)) func(n, size int) receipt.Receipt {
		return func(n, size int) receipt.Receipt {
			r := b.receipt(n, size)
			do(&r, n, size)
			return r
		}
	}
	return map[string]func(n, size int) receipt.Receipt{
		"digest":       change(func(r *receipt.Receipt, _, _ int) { r.Digest = flip(r.Digest) }),
		"leaf":         change(func(r *receipt.Receipt, _, _ int) { r.Leaf = flip(r.Leaf) }),
		"checkpoint":   change(func(r *receipt.Receipt, _, _ int) { r.Checkpoint = flip(r.Checkpoint) }),
		"key":          change(func(r *receipt.Receipt, _, _ int) { r.Key = string(flip([]byte(r.Key))) }),
		"step":         change(func(r *receipt.Receipt, _, _ int) { h := &r.Proof[random.IntN(len(r.Proof))]; copy(h[:], flip(h[:])) }),
		"step lost":    change(func(r *receipt.Receipt, _, _ int) { r.Proof = r.Proof[:len(r.Proof)-1] }),
		"step first":   change(func(r *receipt.Receipt, _, _ int) { r.Proof = r.Proof[1:] }),
		"step more":    change(func(r *receipt.Receipt, _, _ int) { r.Proof = append(r.Proof, tlog.Hash{}) }),
		"steps turned": change(func(r *receipt.Receipt, _, _ int) { r.Proof = append(r.Proof[1:], r.Proof[0]) }),
		"place":        change(func(r *receipt.Receipt, n, size int) { r.Index = int64(other(n, size)) }),
		"beyond":       change(func(r *receipt.Receipt, _, size int) { r.Index += int64(size) }),
		"other's leaf and digest": change(func(r *receipt.Receipt, n, size int) {
			o := b.receipt(other(n, size), size)
			r.Leaf, r.Digest = o.Leaf, o.Digest
		}),
		"other's leaf, digest and place": change(func(r *receipt.Receipt, n, size int) {
			o := b.receipt(other(n, size), size)
			r.Leaf, r.Digest, r.Index = o.Leaf, o.Digest, o.Index
		}),
		"other's proof":  change(func(r *receipt.Receipt, n, size int) { r.Proof = b.receipt(other(n, size), size).Proof }),
		"other's digest": change(func(r *receipt.Receipt, n, size int) { r.Digest = b.rows[other(n, size)].Digest }),
		"other size": change(func(r *receipt.Receipt, n, size int) {
			r.Checkpoint = b.root(size + 1 + random.IntN(len(b.rows)-size))
		}),
		"another ledger":          func(n, size int) receipt.Receipt { return foreign.receipt(n, size) },
		"another ledger, our key": func(n, size int) receipt.Receipt { r := foreign.receipt(n, size); r.Key = b.key; return r },
		"another ledger's root":   change(func(r *receipt.Receipt, _, size int) { r.Checkpoint = foreign.root(size) }),
		"a row made up": change(func(r *receipt.Receipt, n, _ int) {
			row := b.rows[n]
			row.At = row.At.Add(-time.Hour)
			r.Leaf = ledger.Leaf(row)
		}),
		"a node taken for a leaf": change(func(r *receipt.Receipt, _, _ int) { r.Leaf = append(r.Proof[0][:], r.Proof[0][:]...) }),
	}
}

// shifted is a file with one bit of it turned over.
func shifted(file []byte, random *rand.Rand) []byte {
	out := bytes.Clone(file)
	out[random.IntN(len(out))] ^= 1 << random.IntN(8)
	return out
}

func TestTenThousandForgedShiftedAndForeignReceiptsAreRefused(t *testing.T) {
	t.Parallel()
	b, foreign := newBook(t, 300), newBook(t, 300)
	random := rand.New(rand.NewPCG(11, 2))
	size := func() (n, size int) {
		size = 2 + random.IntN(290)
		return random.IntN(size), size
	}
	refused := 0
	refuse := func(what string, file []byte) {
		t.Helper()
		if err := judge(file, b.key); reasonOf(err) == "" {
			t.Fatalf("%s: %v\n%s", what, err, file)
		}
		refused++
	}
	for range 4000 {
		refuse("a bit turned over", shifted(b.receipt(size()).Text(), random))
	}
	all := forgeries(b, foreign, random)
	for refused < 10_000 {
		for name, make := range all {
			n, size := size()
			forged, good := make(n, size), b.receipt(n, size)
			if bytes.Equal(forged.Text(), good.Text()) || (name == "steps turned" || name == "other's proof") && sameProof(forged, good) {
				continue // by chance it is the good one
			}
			refuse(name, forged.Text())
		}
	}
	t.Logf("%d refused, of %d kinds", refused, len(all)+1)
}

func sameProof(a, b receipt.Receipt) bool {
	return fmt.Sprint(a.Proof) == fmt.Sprint(b.Proof)
}

func TestARefusalSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	b, foreign := newBook(t, 40), newBook(t, 40)
	good := b.receipt(5, 33)
	with := func(change func(r *receipt.Receipt)) []byte {
		r := b.receipt(5, 33)
		change(&r)
		return r.Text()
	}
	for name, test := range map[string]struct {
		file []byte
		why  receipt.Reason
	}{
		"nothing":                 {nil, receipt.Malformed},
		"a PDF":                   {paper(1), receipt.Malformed},
		"a later form":            {bytes.Replace(good.Text(), []byte("receipt/1"), []byte("receipt/2"), 1), receipt.Malformed},
		"too long":                {append(good.Text(), make([]byte, receipt.MaxSize)...), receipt.Malformed},
		"lines of Windows":        {bytes.ReplaceAll(good.Text(), []byte("\n"), []byte("\r\n")), receipt.Malformed},
		"a line more":             {append(good.Text(), '\n'), receipt.Damaged},
		"a letter changed":        {bytes.Replace(good.Text(), []byte("index 5"), []byte("index 6"), 1), receipt.Damaged},
		"cut off":                 {good.Text()[:300], receipt.Malformed},
		"a key that is none":      {with(func(r *receipt.Receipt) { r.Key = "key" }), receipt.Malformed},
		"a long leaf":             {with(func(r *receipt.Receipt) { r.Leaf = make([]byte, 2000) }), receipt.Malformed},
		"too many steps":          {with(func(r *receipt.Receipt) { r.Proof = make([]tlog.Hash, 64) }), receipt.Malformed},
		"a checkpoint too long":   {with(func(r *receipt.Receipt) { r.Checkpoint = bytes.Repeat([]byte("a"), 10_001) }), receipt.Malformed},
		"a place before the root": {with(func(r *receipt.Receipt) { r.Checkpoint = b.root(3) }), receipt.NotInside},
		"of another ledger":       {foreign.receipt(5, 33).Text(), receipt.OtherKey},
		"signed by another":       {with(func(r *receipt.Receipt) { r.Checkpoint = foreign.root(33) }), receipt.NoCheckpoint},
		"of another document":     {with(func(r *receipt.Receipt) { r.Digest = b.rows[6].Digest }), receipt.OtherRow},
		"of another place":        {with(func(r *receipt.Receipt) { r.Index = 6 }), receipt.OtherRow},
		"no row":                  {with(func(r *receipt.Receipt) { r.Leaf = []byte{1} }), receipt.OtherRow},
		"a row not in the tree": {with(func(r *receipt.Receipt) {
			row := b.rows[5]
			row.Act = "filing-withdraw"
			r.Leaf = ledger.Leaf(row)
		}), receipt.NotInside},
	} {
		if got := reasonOf(judge(test.file, b.key)); got != test.why {
			t.Errorf("%s: refused as %q, not %q", name, got, test.why)
		}
	}
	if err := judge(good.Text(), "no key"); err == nil {
		t.Error("verified with a key that is none")
	}
}

// A signature has one way to be written; the library takes another, whose last letter
// has bits that mean nothing.
func TestASignatureWrittenOtherwiseIsRefused(t *testing.T) {
	t.Parallel()
	b := newBook(t, 9)
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	r := b.receipt(4, 9)
	at := len(r.Checkpoint) - 3 // before "=" and the line feed
	r.Checkpoint = bytes.Clone(r.Checkpoint)
	r.Checkpoint[at] = letters[strings.IndexByte(letters, r.Checkpoint[at])^1]
	if got := reasonOf(judge(r.Text(), b.key)); got != receipt.NoCheckpoint {
		t.Errorf("refused as %q", got)
	}
}

func TestTwoRootsAreOfOneLedgerOnlyIfTheProofLeadsFromOneToTheOther(t *testing.T) {
	t.Parallel()
	b := newBook(t, 60)
	root := func(of *book, size int) ledger.Checkpoint {
		c, err := receipt.Root(of.root(size), of.key)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	prove := func(of *book, old, size int) []tlog.Hash {
		p, err := tlog.ProveTree(int64(size), int64(old), of)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	another := newBook(t, 3)
	for n := 3; n < 60; n++ { // the same beginning, then another story
		row := b.rows[n]
		row.Act = "something-else"
		another.add(row)
	}
	for old := 1; old <= 60; old++ {
		for size := old + 1; size <= 60; size += 7 {
			if err := receipt.Joined(root(b, old), root(b, size), prove(b, old, size)); err != nil {
				t.Fatalf("%d and %d: %v", old, size, err)
			}
			if old > 3 && reasonOf(receipt.Joined(root(another, old), root(b, size), prove(b, old, size))) != receipt.NotJoined {
				t.Fatalf("%d of another ledger and %d are joined", old, size)
			}
		}
	}
	if err := receipt.Joined(root(b, 50), root(b, 20), prove(b, 20, 50)); err != nil {
		t.Errorf("the other way round: %v", err)
	}
	if err := receipt.Joined(root(b, 20), root(b, 20), nil); err != nil {
		t.Errorf("one and the same: %v", err)
	}
	if got := reasonOf(receipt.Joined(root(b, 20), root(another, 20), nil)); got != receipt.Fork {
		t.Errorf("a fork is %q", got)
	}
	if got := reasonOf(receipt.Joined(root(b, 20), root(b, 50), nil)); got != receipt.NotJoined {
		t.Errorf("without a proof: %q", got)
	}
}

func FuzzParse(f *testing.F) {
	b := newBook(f, 12)
	f.Add(b.receipt(0, 1).Text())
	f.Add(b.receipt(5, 12).Text())
	f.Add(b.receipt(7, 9).Text())
	f.Add([]byte("zharia-receipt/1\n\n\nsum "))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := receipt.Parse(file)
		if err != nil {
			if reasonOf(err) == "" {
				t.Fatalf("refused without a reason: %v", err)
			}
			return
		}
		if !bytes.Equal(r.Text(), file) {
			t.Fatal("read as another receipt")
		}
		if _, err := r.Verify(b.key); err == nil && r.Key != b.key {
			t.Fatal("verified with another key")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	of := newBook(b, 1000)
	file := of.receipt(500, 1000).Text()
	for b.Loop() {
		if err := judge(file, of.key); err != nil {
			b.Fatal(err)
		}
	}
}
