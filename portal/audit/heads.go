package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"zharia/portal/ledger"

	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Head is what somebody outside holds of the record: a checkpoint, and with a receipt
// the leaf of one act.
type Head struct {
	Holder string // "witness" or "receipt"
	Where  string // the file
	Note   []byte // the checkpoint as it was signed
	Leaf   []byte // of a receipt: ledger.Leaf of the act
	Index  int64  // of a receipt: its place, from 0
}

// mostNote is the longest file of a checkpoint.
const mostNote = 10_000

// ReadWitness reads the checkpoints that a folder holds, and the folders in it. Files
// that are none come as they are: the audit says that they do not read, for somebody may
// have spoiled them. Hidden files are half written.
func ReadWitness(dir string) (out []Head, err error) {
	err = walkWitness(dir, func(file string) error {
		h, err := readHead(file)
		out = append(out, h)
		return err
	})
	return out, err
}

// walkWitness names the files of a witness.
func walkWitness(dir string, each func(file string) error) error {
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		return each(file)
	})
	if err != nil {
		return fmt.Errorf("read the witness: %w", err)
	}
	return nil
}

func readHead(file string) (Head, error) {
	text, err := readFile(file, mostNote)
	return Head{Holder: "witness", Where: file, Note: text}, err
}

func readFile(file string, most int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, most)
}

// readAll reads to the end, which must come in time.
func readAll(r io.Reader, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("longer than %d bytes", most)
	}
	return text, err
}

// head is one that was read.
type head struct {
	Head
	size int64
	root tlog.Hash
}

// finding is about a head.
func (h head) finding(what What, why string, args ...any) Finding {
	return Finding{Table: h.Holder, Row: h.Where, Leaf: h.size, What: what, Why: fmt.Sprintf(why, args...)}
}

// parse reads a checkpoint; its signature is checked if there is a key.
func (a *audit) parse(text []byte) (ledger.Checkpoint, error) {
	key := a.Key
	if key == nil {
		key = anybody(text)
	}
	return ledger.ParseCheckpoint(text, key)
}

// anybody is the key of whoever signed a note first, and takes every signature for his.
func anybody(text []byte) note.Verifier {
	k := whoever{}
	if _, signatures, found := bytes.Cut(text, []byte("\n\n\u2014 ")); found {
		if fields := strings.Fields(string(signatures)); len(fields) > 1 {
			k.name = fields[0]
			if sig, err := base64.StdEncoding.DecodeString(fields[1]); err == nil && len(sig) > 4 {
				k.hash = binary.BigEndian.Uint32(sig)
			}
		}
	}
	return k
}

type whoever struct {
	name string
	hash uint32
}

func (k whoever) Name() string                { return k.name }
func (k whoever) KeyHash() uint32             { return k.hash }
func (k whoever) Verify(msg, sig []byte) bool { return true }

// Seen is how many acts the heads have seen. One that does not read has seen none: the audit
// names it.
func (o Options) Seen() (most int64) {
	a := audit{Options: o}
	for _, h := range o.Heads {
		if c, err := a.parse(h.Note); err == nil {
			most = max(most, c.Size)
		}
	}
	return most
}

// shelf is where a witness keeps what the auditor gave it, each under its size. There are
// millions of them after some years, so only their sizes are held.
type shelf struct {
	ledger.Witness
	sizes []int64 // not opened yet, the smallest first
}

// openShelves lists the folders. What does not lie where the auditor puts things is read
// at once.
func (a *audit) openShelves() error {
	a.Heads = slices.Clone(a.Heads)
	for _, folder := range a.Witnesses {
		s := shelf{Witness: ledger.Witness{Folder: filepath.Clean(folder)}}
		err := walkWitness(s.Folder, func(file string) error {
			if n, err := strconv.ParseInt(filepath.Base(file), 10, 64); err == nil && file == s.Path(n) {
				s.sizes = append(s.sizes, n)
				return nil
			}
			h, err := readHead(file)
			a.Heads = append(a.Heads, h)
			return err
		})
		if err != nil {
			return err
		}
		slices.Sort(s.sizes)
		a.shelves = append(a.shelves, s)
	}
	return nil
}

// pass leaves out the checkpoints of acts that an earlier audit proved, but for the newest:
// that they agreed, that audit saw, and whether somebody spoiled them since, the next audit
// of everything does.
func (s *shelf) pass(proved int64) {
	known, _ := slices.BinarySearch(s.sizes, proved+1)
	s.sizes = s.sizes[max(known-1, 0):]
}

// readHeads reads what others hold, of witnesses only what the walk does not come to.
func (a *audit) readHeads(ctx context.Context, proved int64) error {
	for i := range a.shelves {
		a.shelves[i].pass(proved)
	}
	if err := a.compare(ctx, a.Heads, proved); err != nil {
		return err
	}
	if err := a.readShelves(ctx, proved, proved); err != nil {
		return err
	}
	for _, h := range a.pending {
		if h.Leaf != nil && h.Index < proved {
			if err := a.holds(ctx, h); err != nil {
				return err
			}
		} else if h.Leaf != nil {
			a.receipts = append(a.receipts, h)
		}
	}
	slices.SortStableFunc(a.receipts, func(x, y head) int { return int(min(max(x.Index-y.Index, -1), 1)) })
	return nil
}

// readShelves reads what the witnesses hold of up to so many acts, of which so many are
// proved.
func (a *audit) readShelves(ctx context.Context, to, proved int64) error {
	var heads []Head
	for i := range a.shelves {
		s := &a.shelves[i]
		for ; len(s.sizes) > 0 && s.sizes[0] <= to; s.sizes = s.sizes[1:] {
			h, err := readHead(s.Path(s.sizes[0]))
			if err != nil {
				return err
			}
			heads = append(heads, h)
		}
	}
	return a.compare(ctx, heads, proved)
}

// compare takes some heads in hand. What of them is about acts that are proved is
// compared at once, with what the tree stores of them.
func (a *audit) compare(ctx context.Context, heads []Head, proved int64) error {
	for _, h := range heads {
		c, err := a.parse(h.Note)
		if err != nil {
			a.found(head{Head: h}.finding(Unreadable, "it is no checkpoint that the auditor's key signed: %v", err))
			continue
		}
		read := head{Head: h, size: c.Size, root: c.Root}
		if r, given := a.lost.Has(c.Size, c.Root); given {
			a.givenUp[r.ID] = r
			if h.Leaf == nil || h.Index >= r.Acts { // it is lost, and was said to be
				continue
			}
			// Its act was left, and must be the one that it was given out for.
			a.given = append(a.given, h)
			if h.Index < proved {
				if err := a.holds(ctx, read); err != nil {
					return err
				}
			} else {
				a.receipts = append(a.receipts, read)
			}
			continue
		}
		// A witness keeps each under its size: another there took the place of one.
		if n, err := strconv.ParseInt(filepath.Base(h.Where), 10, 64); h.Holder == "witness" && err == nil && n != c.Size {
			a.found(read.finding(Unreadable, "it lies where the checkpoint of %d acts was put", n))
		}
		a.pending = append(a.pending, read)
		if h.Leaf != nil {
			a.given = append(a.given, h)
		}
	}
	slices.SortStableFunc(a.pending, func(x, y head) int { return int(min(max(x.size-y.size, -1), 1)) })
	for len(a.pending) > 0 && a.pending[0].size <= proved {
		if err := a.proves(ctx, a.pending[0]); err != nil {
			return err
		}
		a.pending = a.pending[1:]
	}
	return nil
}

// proves compares a head with a tree that was proved before.
func (a *audit) proves(ctx context.Context, h head) error {
	e, whole, err := a.readEdge(ctx, h.size)
	if err != nil {
		return err
	}
	if !whole {
		a.found(h.finding(Forked, "what is stored of the tree of this size is not whole"))
		return nil
	}
	a.against(h, e.Root())
	if h.Leaf != nil {
		return a.holds(ctx, h)
	}
	return nil
}

// holds compares the leaf of a receipt with what is stored.
func (a *audit) holds(ctx context.Context, h head) error {
	var nodes []node
	if err := a.tx.Select(ctx, &nodes, selectPlaces, pq.Int64Array{tlog.StoredHashIndex(0, h.Index)}); err != nil {
		return err
	}
	leaf := tlog.Hash{}
	if len(nodes) == 1 {
		copy(leaf[:], nodes[0].Hash)
	}
	a.receives(h, leaf)
	return nil
}

// against compares the root that somebody holds with ours of the same size.
func (a *audit) against(h head, root tlog.Hash) {
	a.report.Heads++
	if h.root == root {
		a.agreed = max(a.agreed, h.size)
		return
	}
	a.found(h.finding(Forked, "it was given out for a record of %d acts, and this is another; the last one that agrees is of %d", h.size, a.agreed))
}

// receives compares the act that a receipt is of with ours at its place.
func (a *audit) receives(h head, leaf tlog.Hash) {
	if leaf == tlog.RecordHash(h.Leaf) {
		return
	}
	f := h.finding(Forked, "it was given out for another act than the one that stands in its place")
	f.Leaf = h.Index + 1
	a.found(f)
}

// selectFallen are those of some digests under which no signed paper stands.
const selectFallen = `
SELECT x.n - 1 FROM unnest(CAST($1 AS bytea[])) WITH ORDINALITY AS x(digest, n)
 WHERE NOT EXISTS (SELECT FROM public.document d WHERE d.digest = x.digest AND d.signed_at IS NOT NULL)`

// stand looks whether the papers stand that receipts were given out for: each names its
// act, and the act has the SHA-256 of what was signed. Those beyond the end of the record
// are named already.
func (a *audit) stand(ctx context.Context) error {
	var digests pq.ByteaArray
	var of []Head
	for _, h := range a.given {
		if h.Index >= a.report.Size {
			continue
		}
		if row, err := ledger.ParseLeaf(h.Leaf); err != nil {
			a.found(head{Head: h}.finding(Unreadable, "its act does not read: %v", err))
		} else if row.Digest != nil {
			digests, of = append(digests, row.Digest), append(of, h)
		}
	}
	var fallen []int
	if err := a.tx.Select(ctx, &fallen, selectFallen, digests); err != nil {
		return fmt.Errorf("papers of receipts: %w", err)
	}
	for _, i := range fallen {
		f := head{Head: of[i]}.finding(Missing, "the paper with SHA-256 %x, which it was given out for, is not there", digests[i])
		f.Leaf = of[i].Index + 1
		a.found(f)
	}
	return nil
}

const selectCheckpoints = `SELECT size, root, at, note FROM public.checkpoint WHERE size > $1 AND size <= $2 ORDER BY size`

// signed is a checkpoint as the table has it.
type signed struct {
	Size int64     `db:"size"`
	Root []byte    `db:"root"`
	At   time.Time `db:"at"`
	Note string    `db:"note"`
}

// readSigned reads the checkpoints of some acts, each as its note has it.
func (a *audit) readSigned(ctx context.Context, from, to int64) ([]head, error) {
	var rows []signed
	if err := a.tx.Select(ctx, &rows, selectCheckpoints, from, to); err != nil {
		return nil, err
	}
	var out []head
	for _, r := range rows {
		h := head{Head: Head{Holder: "checkpoint", Where: fmt.Sprint(r.Size)}, size: r.Size}
		c, err := a.parse([]byte(r.Note))
		switch {
		case err != nil:
			a.found(h.finding(Unproved, "the auditor's key did not sign it: %v", err))
			continue
		case c.Size != r.Size || !bytes.Equal(c.Root[:], r.Root):
			a.found(h.finding(Changed, "its note says another size or root"))
			continue
		}
		h.root = c.Root
		out = append(out, h)
	}
	return out, nil
}

// passes is told of each leaf, when it is in the tree.
func (a *audit) passes(e *ledger.Edge, leaf tlog.Hash, at time.Time) {
	if e.Size == a.Since.Size && e.Root() != a.Since.Root {
		a.found(Finding{Table: "tree", Leaf: e.Size, What: Forked, Why: "an earlier audit saw another record up to this act"})
	}
	if a.bare.IsZero() || a.restored[at.UnixMicro()] { // nobody could sign while the database was being put back
		a.bare = at
	}
	for len(a.receipts) > 0 && a.receipts[0].Index < e.Size {
		if a.receipts[0].Index == e.Size-1 {
			a.receives(a.receipts[0], leaf)
		}
		a.receipts = a.receipts[1:]
	}
	for _, list := range []*[]head{&a.signed, &a.pending} {
		for len(*list) > 0 && (*list)[0].size <= e.Size {
			h := (*list)[0]
			a.against(h, e.Root())
			if h.Holder == "checkpoint" {
				a.bare = time.Time{}
			}
			*list = (*list)[1:]
		}
	}
	a.last = at
}

// uncovered is how long acts may go without a checkpoint. The auditor signs within a
// minute; more than this is a checkpoint that somebody took away, or no auditor at all.
const uncovered = 15 * time.Minute

// compareHeads ends the comparison: what others saw and is not there.
func (a *audit) compareHeads(ctx context.Context) error {
	beyond, err := a.readSigned(ctx, a.report.Size, 1<<62)
	if err != nil {
		return err
	}
	cut := func(heads []head) {
		for _, h := range heads {
			a.report.Heads++
			a.found(h.finding(Cut, "it was given out for a record of %d acts, and there are %d", h.size, a.report.Size))
		}
	}
	cut(beyond)
	for cut(a.pending); len(a.shelves) > 0; cut(a.pending) {
		a.pending = nil
		next := int64(math.MaxInt64)
		a.shelves = slices.DeleteFunc(a.shelves, func(s shelf) bool { return len(s.sizes) == 0 })
		for _, s := range a.shelves {
			next = min(next, s.sizes[min(batch, len(s.sizes))-1])
		}
		if err := a.readShelves(ctx, next, a.report.Size); err != nil {
			return err
		}
	}
	if a.Key != nil && !a.bare.IsZero() && a.last.Sub(a.bare) > uncovered {
		a.found(Finding{Table: "checkpoint", Leaf: a.report.Size, What: Missing,
			Why: fmt.Sprintf("acts since %s have none", a.bare.UTC().Format(time.RFC3339))})
	}
	return nil
}

// ParseKey reads the public key of the auditor, as the portal prints it.
func ParseKey(text string) (note.Verifier, error) {
	key, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("it is not the auditor's public key, as the portal prints it: NAME+12345678+…")
	}
	return key, nil
}
