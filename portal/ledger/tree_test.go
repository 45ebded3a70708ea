package ledger_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/database"
	"zharia/portal/ledger"
	"zharia/portal/portaltest"
)

// many writes so many acts down in one statement each hundred.
func many(t testing.TB, db *database.DB, n int) {
	t.Helper()
	const recordMany = `
SELECT count(ledger.record('2026-11-22 00:00:00+00', NULL, 'filing-submit', 'filing', '019a9c3e-0000-7000-8000-000000000001', NULL, 'CPC 99(5)', sha256(int8send(g))))
  FROM generate_series(1, $1) g`
	var done int
	if err := db.Get(t.Context(), &done, recordMany, n); err != nil {
		t.Fatal(err)
	}
}

// The leaves and roots of RFC 6962, 2.1.3 as the Certificate Transparency project
// publishes them for its own tests: eight leaves, and the root of each size.
var (
	vectorLeaves = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	vectorRoots  = []string{
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
)

// merkle is the definition of RFC 6962, 2.1, word by word.
func merkle(leaves []tlog.Hash) tlog.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	left, right := merkle(leaves[:k]), merkle(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func TestOurIdeaOfATreeIsThatOfTheStandard(t *testing.T) {
	var leaves []tlog.Hash
	for i, text := range vectorLeaves {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, sha256.Sum256(append([]byte{0}, data...)))
		if got := merkle(leaves); hex.EncodeToString(got[:]) != vectorRoots[i] {
			t.Errorf("the root of %d leaves is %x, not %s", i+1, got, vectorRoots[i])
		}
	}
}

// A10: what PostgreSQL stored against the definition and against tlog, at every size.
func TestTheStoredTreeIsThatOfTheStandardAtEverySize(t *testing.T) {
	const most = 1024
	db := portaltest.DB(t)
	many(t, db, most)
	var hashes [][]byte
	if err := db.Select(t.Context(), &hashes, `SELECT hash FROM record ORDER BY seq`); err != nil {
		t.Fatal(err)
	}
	var nodes []struct {
		I    int64
		Hash []byte
	}
	if err := db.Select(t.Context(), &nodes, `SELECT i, hash FROM tree ORDER BY i`); err != nil {
		t.Fatal(err)
	}
	stored := make([]tlog.Hash, len(nodes))
	for n, node := range nodes {
		if node.I != int64(n) {
			t.Fatalf("the tree has place %d after %d", node.I, n-1)
		}
		stored[n] = tlog.Hash(node.Hash)
	}
	var theirs []tlog.Hash
	read := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for k, i := range at {
			out[k] = theirs[i]
		}
		return out, nil
	})
	var leaves, roots []tlog.Hash
	for n := range most {
		leaf := tlog.Hash(hashes[n])
		more, err := tlog.StoredHashesForRecordHash(int64(n), leaf, read)
		if err != nil {
			t.Fatal(err)
		}
		theirs = append(theirs, more...)
		leaves = append(leaves, leaf)
		size := int64(n + 1)
		root, err := ledger.Root(t.Context(), db, size)
		if err != nil {
			t.Fatal(err)
		}
		other, err := tlog.TreeHash(size, read)
		if err != nil || root != other || root != merkle(leaves) {
			t.Fatalf("the root at %d is %s, tlog has %s, the standard %s (%v)", size, root, other, merkle(leaves), err)
		}
		roots = append(roots, root)
	}
	if fmt.Sprint(stored) != fmt.Sprint(theirs) {
		t.Error("the tree is not stored as tlog would")
	}
	if root := holds(t, db, most); tlog.Hash(root) != roots[most-1] {
		t.Errorf("Check has the root %x", root)
	}
	// Proofs of one leaf of each size and of a size before each.
	for n := range int64(most) {
		size := n + 1
		at := rand.Int64N(size)
		proof, err := ledger.Inclusion(t.Context(), db, at+1, size)
		if err != nil || tlog.CheckRecord(proof, size, roots[n], at, leaves[at]) != nil {
			t.Fatalf("act %d is not proved to be among %d: %v", at+1, size, err)
		}
		again, err := ledger.Consistency(t.Context(), db, at+1, size)
		if err != nil || tlog.CheckTree(again, size, roots[n], at+1, roots[at]) != nil {
			t.Fatalf("%d acts are not proved to begin with %d: %v", size, at+1, err)
		}
	}
}

// A10: a proof with one bit turned is no proof. The proofs are those of our tables, the
// checks as many as fit a test; the whole million is BenchmarkTurnedBits.
func TestAProofWithABitTurnedIsNotTaken(t *testing.T) {
	db := portaltest.DB(t)
	many(t, db, 300)
	taken := turned(t, db, 20_000)
	if taken != 0 {
		t.Errorf("%d were taken", taken)
	}
}

func BenchmarkTurnedBits(b *testing.B) {
	db := portaltest.DB(b)
	many(b, db, 300)
	if taken := turned(b, db, 1_000_000); taken != 0 {
		b.Errorf("%d were taken", taken)
	}
}

// turned tries so many proofs of acts and of sizes, each with one bit turned in the
// proof, the root or the leaf, and counts those that are taken.
func turned(t testing.TB, db *database.DB, tries int) (taken int) {
	ctx := context.Background()
	const size = 300
	root, err := ledger.Root(ctx, db, size)
	if err != nil {
		t.Fatal(err)
	}
	var hashes [][]byte
	if err := db.Select(ctx, &hashes, `SELECT hash FROM record ORDER BY seq`); err != nil {
		t.Fatal(err)
	}
	type proof struct {
		n     int64
		path  []tlog.Hash
		tree  bool
		start tlog.Hash // the leaf, or the root of the smaller tree
	}
	var proofs []proof
	for n := int64(0); n < size; n += 3 {
		path, err := ledger.Inclusion(ctx, db, n+1, size)
		if err != nil {
			t.Fatal(err)
		}
		proofs = append(proofs, proof{n, path, false, tlog.Hash(hashes[n])})
		if n == 0 {
			continue
		}
		smaller, err := ledger.Root(ctx, db, n)
		if err != nil {
			t.Fatal(err)
		}
		path, err = ledger.Consistency(ctx, db, n, size)
		if err != nil {
			t.Fatal(err)
		}
		proofs = append(proofs, proof{n, path, true, smaller})
	}
	check := func(p proof, root tlog.Hash) error {
		if p.tree {
			return tlog.CheckTree(p.path, size, root, p.n, p.start)
		}
		return tlog.CheckRecord(p.path, size, root, p.n, p.start)
	}
	for _, p := range proofs {
		if err := check(p, root); err != nil {
			t.Fatalf("a proof of %d does not hold: %v", p.n, err)
		}
	}
	for range tries {
		p, other := proofs[rand.IntN(len(proofs))], root
		p.path = append([]tlog.Hash(nil), p.path...)
		bit := byte(1) << rand.IntN(8)
		switch at := rand.IntN(len(p.path) + 2); at {
		case len(p.path):
			other[rand.IntN(32)] ^= bit
		case len(p.path) + 1:
			p.start[rand.IntN(32)] ^= bit
		default:
			p.path[at][rand.IntN(32)] ^= bit
		}
		if check(p, other) == nil {
			taken++
		}
	}
	return taken
}

func TestAProofIsAskedOfWhatThereIs(t *testing.T) {
	db := portaltest.DB(t)
	many(t, db, 5)
	for _, ask := range [][2]int64{{0, 5}, {6, 5}, {-1, 5}, {1, 0}} {
		if _, err := ledger.Inclusion(t.Context(), db, ask[0], ask[1]); err == nil {
			t.Errorf("act %d of %d was proved", ask[0], ask[1])
		}
		if _, err := ledger.Consistency(t.Context(), db, ask[0], ask[1]); err == nil {
			t.Errorf("%d acts of %d were proved", ask[0], ask[1])
		}
	}
	var broken *ledger.Broken
	if _, err := ledger.Inclusion(t.Context(), db, 1, 9); !errors.As(err, &broken) {
		t.Errorf("an act among nine, of which there are five: %v", err)
	}
	if _, err := ledger.Root(t.Context(), db, -1); err == nil {
		t.Error("a tree of -1 acts has a root")
	}
	if _, err := ledger.ReadRow(t.Context(), db, 6); err == nil {
		t.Error("the sixth of five acts was read")
	}
	n, err := ledger.Size(t.Context(), db)
	if err != nil || n != 5 {
		t.Errorf("there are %d acts, %v", n, err)
	}
}

// One act with a change of three rows in it: what an act costs with its traces.
func BenchmarkRecordOfThreeRows(b *testing.B) {
	db := portaltest.DB(b)
	for b.Loop() {
		err := db.Within(b.Context(), func(tx *database.DB) error {
			for range 3 {
				if err := tx.Exec(b.Context(), insertBody, uuid.New()); err != nil {
					return err
				}
			}
			return ledger.Record(b.Context(), tx, act(0))
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// What it costs to compute the tree anew: one act of a hundred thousand.
func BenchmarkCheckOfAHundredThousandActs(b *testing.B) {
	db := portaltest.DB(b)
	many(b, db, 100_000)
	if err := db.Exec(b.Context(), `ANALYZE record, tree`); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ledger.Check(b.Context(), db); err != nil {
			b.Fatal(err)
		}
	}
}
