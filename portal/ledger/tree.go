package ledger

import (
	"bytes"
	"context"
	"fmt"
	"math/bits"

	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/database"
)

// An act has two numbers: its seq, from 1, and its place among the leaves of the tree,
// which is seq-1. A tree of size n holds the acts 1 to n.

const (
	selectSize = `SELECT coalesce(max(seq), 0) FROM record`

	selectNodes = `SELECT i, hash FROM tree WHERE i = ANY ($1) ORDER BY i`
)

// Size is how many acts there are.
func Size(ctx context.Context, db *database.DB) (n int64, err error) {
	err = db.Get(ctx, &n, selectSize)
	return n, err
}

// Root is the root of the tree at a size, as the stored hashes have it.
func Root(ctx context.Context, db *database.DB, size int64) (tlog.Hash, error) {
	if size < 0 {
		return tlog.Hash{}, fmt.Errorf("ledger: a tree of size %d", size)
	}
	return tlog.TreeHash(size, stored(ctx, db))
}

// Inclusion proves that an act is in the tree of that size: tlog.CheckRecord with the
// leaf seq-1.
func Inclusion(ctx context.Context, db *database.DB, seq, size int64) ([]tlog.Hash, error) {
	return tlog.ProveRecord(size, seq-1, stored(ctx, db))
}

// Consistency proves that the tree of size begins with the tree of size old:
// tlog.CheckTree.
func Consistency(ctx context.Context, db *database.DB, old, size int64) ([]tlog.Hash, error) {
	return tlog.ProveTree(size, old, stored(ctx, db))
}

// node is one stored hash.
type node struct {
	I    int64  `db:"i"`
	Hash []byte `db:"hash"`
}

// stored reads the hashes of the tree; a tree that lacks one is *Broken.
func stored(ctx context.Context, db *database.DB) tlog.HashReader {
	return tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var nodes []node
		if err := db.Select(ctx, &nodes, selectNodes, pq.Int64Array(at)); err != nil {
			return nil, fmt.Errorf("read the tree of the record: %w", err)
		}
		found := make(map[int64]tlog.Hash, len(nodes))
		for _, n := range nodes {
			found[n.I] = tlog.Hash(n.Hash)
		}
		out := make([]tlog.Hash, len(at))
		for k, i := range at {
			hash, ok := found[i]
			if !ok {
				level, n := tlog.SplitStoredHashIndex(i)
				return nil, &Broken{(n + 1) << level, "the tree lacks a hash"}
			}
			out[k] = hash
		}
		return out, nil
	})
}

// Edge is the right edge of a tree: the whole subtrees that it is made of, the largest
// first, as many as Size has ones. It is all that is needed to let the tree grow; the zero
// one is that of no leaves.
type Edge struct {
	Size  int64
	nodes []tlog.Hash
}

// EdgeAt reads the edge of a stored tree at a size.
func EdgeAt(size int64, from tlog.HashReader) (Edge, error) {
	var at []int64
	for done, rest := int64(0), size; rest > 0; {
		level := bits.Len64(uint64(rest)) - 1
		at = append(at, tlog.StoredHashIndex(level, done>>level))
		done += 1 << level
		rest -= 1 << level
	}
	if len(at) == 0 {
		return Edge{}, nil
	}
	nodes, err := from.ReadHashes(at)
	return Edge{size, nodes}, err
}

// Add puts a leaf in and returns the hashes that are stored for it: the leaf, then each
// node that it completes.
func (e *Edge) Add(leaf tlog.Hash) []tlog.Hash {
	out := []tlog.Hash{leaf}
	for full := e.Size; full&1 == 1; full >>= 1 {
		last := len(e.nodes) - 1
		leaf = tlog.NodeHash(e.nodes[last], leaf)
		e.nodes = e.nodes[:last]
		out = append(out, leaf)
	}
	e.nodes = append(e.nodes, leaf)
	e.Size++
	return out
}

// Root is the root of the tree.
func (e *Edge) Root() tlog.Hash {
	if len(e.nodes) == 0 {
		none, _ := tlog.TreeHash(0, nil) // the hash of nothing: it reads no node
		return none
	}
	hash := e.nodes[len(e.nodes)-1]
	for i := len(e.nodes) - 2; i >= 0; i-- {
		hash = tlog.NodeHash(e.nodes[i], hash)
	}
	return hash
}

// selectLeaves has each act after $1 up to $2 with the hashes stored for it, and the
// root of the checkpoint that ends with it. Act n has them from place 2(n-1) less the
// ones in n-1 on, up to the place of the next.
const selectLeaves = `
SELECT r.seq, r.at, r.who, r.act, r.object, r.object_id, r.casefile, r.law, r.digest, r.rows, r.hash, c.root, c.note,
       (SELECT string_agg(t.hash, '' ORDER BY t.i) FROM tree t
         WHERE t.i >= 2 * (r.seq - 1) - bit_count(CAST(r.seq - 1 AS bit(64))) AND t.i < 2 * r.seq - bit_count(CAST(r.seq AS bit(64)))) AS nodes
  FROM record r LEFT JOIN checkpoint c ON c.size = r.seq
 WHERE r.seq > $1 AND r.seq <= $2
 ORDER BY r.seq`

// leaf is an act with what the tree has of it.
type leaf struct {
	Row
	Root  []byte  `db:"root"`
	Note  *string `db:"note"`
	Nodes []byte  `db:"nodes"`
}

// grow walks along the acts from the size of the edge up to another, computes the tree
// anew and compares: the first act that does not hold is *Broken. Where it ends the
// edge is that of the tree.
func (e *Edge) grow(ctx context.Context, db *database.DB, to int64) error {
	err := database.Each(ctx, db, e.step, selectLeaves, e.Size, to)
	if err != nil {
		return err
	}
	if e.Size < to {
		return &Broken{e.Size + 1, "it is missing"}
	}
	return nil
}

// step takes the next act.
func (e *Edge) step(l leaf) error {
	next := e.Size + 1
	hash := LeafHash(l.Row)
	switch {
	case l.Seq != next:
		return &Broken{next, fmt.Sprintf("it is missing; the next one is %d", l.Seq)}
	case !bytes.Equal(l.Hash, hash[:]):
		return &Broken{next, "it does not say what was written"}
	}
	var nodes []byte
	for _, n := range e.Add(hash) {
		nodes = append(nodes, n[:]...)
	}
	if !bytes.Equal(l.Nodes, nodes) {
		return &Broken{next, "the tree has other hashes for it"}
	}
	if l.Root == nil {
		return nil
	}
	root := e.Root()
	if !bytes.Equal(l.Root, root[:]) {
		return &Broken{next, "a checkpoint that ends with it has another root"}
	}
	if noted, err := readNote(*l.Note); err != nil || noted.Size != next || noted.Root != root {
		return &Broken{next, "the note of the checkpoint that ends with it says something else"}
	}
	return nil
}
