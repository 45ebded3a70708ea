package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia"
	"zharia/portal/audit"
	"zharia/portal/database"
	"zharia/portal/fence"
	"zharia/portal/ledger"
)

func runLedger(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("ledger", flag.ContinueOnError)
	acts := flags.Int64("acts", 1_000_000, "acts, each of which made a paper")
	day := flags.Int64("day", 10_000, "acts of the day after")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *acts < 1000 || *acts > 10_000_000 || *day < 1 || *day > 1_000_000 {
		return errors.New("ledger: a thousand acts to ten million, and a day of one to a million")
	}
	dir, err := os.MkdirTemp("", "perfbench-")
	if err != nil {
		return err
	}
	server, err := database.StartLocal(ctx, database.Local{Dir: filepath.Join(dir, "pg"), Fast: true, Settings: []string{"max_wal_size=256MB"}})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	err = auditGrown(ctx, os.Stdout, server, *acts, *day)
	return errors.Join(err, server.Stop(), os.RemoveAll(dir))
}

// auditGrown fills a database with acts and their papers and audits it: all of it, then
// what came in a day, and once more with one value changed behind its back.
func auditGrown(ctx context.Context, out io.Writer, server *database.Server, acts, day int64) error {
	db, err := database.Open(ctx, server.DSN("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := fence.Raise(ctx, db, zharia.Schema); err != nil {
		return err
	}
	raw, err := sqlx.ConnectContext(ctx, "postgres", server.DSN("postgres"))
	if err != nil {
		return err
	}
	defer raw.Close()
	secret, public, err := note.GenerateKey(nil, "perfbench/log")
	if err != nil {
		return err
	}
	g := &grower{db: raw}
	if g.signer, err = note.NewSigner(secret); err != nil {
		return err
	}
	key, err := note.NewVerifier(public)
	if err != nil {
		return err
	}
	if err := g.grow(ctx, acts); err != nil {
		return err
	}
	whole, err := measureAudit(ctx, out, "everything", db, server, audit.Options{Key: key})
	if err != nil {
		return err
	}
	if err := g.grow(ctx, acts+day); err != nil {
		return err
	}
	if _, err := measureAudit(ctx, out, "a day later", db, server, audit.Options{Key: key, Since: whole.State}); err != nil {
		return err
	}
	const spoil = `
SET session_replication_role = replica;
UPDATE document SET made_at = made_at + interval '1 microsecond' WHERE id = md5('paper7')::uuid;
RESET session_replication_role`
	if _, err := raw.ExecContext(ctx, spoil); err != nil {
		return err
	}
	for _, since := range []audit.State{{}, whole.State} {
		r, err := audit.Verify(ctx, db, audit.Options{Key: key, Since: since})
		if err != nil {
			return err
		}
		if r.Found != 1 || r.Findings[0].Column != "made_at" {
			return fmt.Errorf("%w: one value was changed, and %d findings say %v", errWrong, r.Found, r.Findings)
		}
	}
	fmt.Fprintln(out, "one value of one paper changed past all triggers: found and named, in everything and in what is new")
	return nil
}

// measureAudit audits, and prints how long it took and the most memory that this process
// and PostgreSQL's had of their own meanwhile.
func measureAudit(ctx context.Context, out io.Writer, what string, db *database.DB, server *database.Server, o audit.Options) (audit.Report, error) {
	watch, stop := context.WithCancel(ctx)
	peak := make(chan [2]int64)
	go func() {
		var most [2]int64
		for watch.Err() == nil {
			own, theirs := memory(server.Data)
			most[0], most[1] = max(most[0], own), max(most[1], theirs)
			select {
			case <-watch.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
		peak <- most
	}()
	r, err := audit.Verify(ctx, db, o)
	stop()
	most := <-peak
	if err != nil {
		return r, err
	}
	if !r.Sound() {
		return r, fmt.Errorf("%w: %d findings, the first: %s", errWrong, r.Found, r.Findings[0])
	}
	fmt.Fprintf(out, "%-12s %9d acts from %9d on, %9d rows, %7d checkpoints: %6.1f s, memory %d MiB here and %d MiB in PostgreSQL, load %s\n",
		what, r.Size, r.From, r.Rows, r.Heads, r.Took.Seconds(), most[0]>>20, most[1]>>20, load())
	return r, nil
}

// memory is what this process and the processes of a PostgreSQL have of their own, in
// bytes: what several share is counted to none.
func memory(data string) (own, theirs int64) {
	own = anonymous("/proc/self/status")
	pid, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return own, 0
	}
	parent, _, _ := strings.Cut(string(pid), "\n")
	children, err := os.ReadFile("/proc/" + parent + "/task/" + parent + "/children")
	if err != nil {
		return own, 0
	}
	for _, child := range strings.Fields(string(children)) {
		theirs += anonymous("/proc/" + child + "/status")
	}
	return own, theirs
}

func anonymous(status string) int64 {
	text, err := os.ReadFile(status)
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

// grower fills a ledger as ledger.record would, many acts at a time: the same traces,
// leaves and hashes, computed by the same functions.
type grower struct {
	db     *sqlx.DB
	signer note.Signer
	size   int64
	hashes edgeHashes
}

// edgeHashes are the last hashes of each level: all that growing a tree asks for.
type edgeHashes map[int64]tlog.Hash

func (e edgeHashes) ReadHashes(at []int64) (out []tlog.Hash, err error) {
	for _, i := range at {
		h, known := e[i]
		if !known {
			return nil, fmt.Errorf("hash %d was forgotten", i)
		}
		out = append(out, h)
	}
	return out, nil
}

const (
	inOneGo  = 20_000
	signEach = 500 // acts between two checkpoints
)

// papers and their traces: acts $1 to $2. The texts are nobody's.
const (
	growPapers = `
INSERT INTO document (id, casefile, kind, language, author, nonce, content, size, digest, made_at)
SELECT md5('paper' || i)::uuid, md5('case' || i / 20)::uuid, 'petition', 'kk', md5('person' || i / 5)::uuid, decode(md5('n' || i), 'hex'),
       decode(repeat(md5('t' || i), 32), 'hex'), 512, sha256(convert_to('paper' || i, 'UTF8')), '2026-01-01'::timestamptz + i * interval '1 second'
  FROM generate_series($1::bigint, $2::bigint) i`
	growTraces = `
INSERT INTO trace (tab, id, cols, gone, tx, at, seq)
SELECT 'document', ledger.id(d), ledger.cols(d), false, pg_current_xact_id(), now(), i
  FROM generate_series($1::bigint, $2::bigint) i JOIN document d ON d.id = md5('paper' || i)::uuid ORDER BY i`
	readTraces = `SELECT n, tab, id, cols, gone, tx::text::bigint AS tx, at, seq FROM trace WHERE seq BETWEEN $1 AND $2 ORDER BY seq`
)

func (g *grower) grow(ctx context.Context, to int64) error {
	start := time.Now()
	from := g.size
	for g.size < to {
		if err := g.some(ctx, min(g.size+inOneGo, to)); err != nil {
			return fmt.Errorf("fill from act %d on: %w", g.size, err)
		}
	}
	if _, err := g.db.ExecContext(ctx, `VACUUM (ANALYZE)`); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "perfbench: %d acts filled in, %.1f s\n", to-from, time.Since(start).Seconds())
	return nil
}

func (g *grower) some(ctx context.Context, to int64) error {
	tx, err := g.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	const quiet = `SET LOCAL session_replication_role = replica; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'`
	if _, err := tx.ExecContext(ctx, quiet); err != nil {
		return err
	}
	for _, order := range []string{growPapers, growTraces} {
		if _, err := tx.ExecContext(ctx, order, g.size+1, to); err != nil {
			return err
		}
	}
	var traces []ledger.Trace
	if err := tx.SelectContext(ctx, &traces, readTraces, g.size+1, to); err != nil {
		return err
	}
	var rows, nodes, signed [][]any
	for _, t := range traces {
		r := ledger.Row{
			Seq: t.Seq, At: t.At, Who: uuid.NewMD5(uuid.Nil, []byte(t.ID)), Act: "filing-submit", Object: "document", ID: uuid.MustParse(t.ID),
			Casefile: uuid.NewMD5(uuid.Nil, []byte(t.ID[:4])), By: "CPC 99(5)", Rows: ledger.RowsDigest([]ledger.Trace{t}),
		}
		hash := ledger.LeafHash(r)
		rows = append(rows, []any{r.Seq, r.At, r.Who, r.Act, r.Object, r.ID, r.Casefile, r.By, nil, r.Rows, hash[:]})
		stored, err := tlog.StoredHashesForRecordHash(r.Seq-1, hash, g.hashes)
		if err != nil {
			return err
		}
		for i, h := range stored {
			nodes = append(nodes, []any{tlog.StoredHashIndex(0, r.Seq-1) + int64(i), h[:]})
		}
		g.keep(r.Seq, stored)
		if r.Seq%signEach == 0 || r.Seq == to {
			c, err := g.checkpoint(r.Seq)
			if err != nil {
				return err
			}
			signed = append(signed, c)
		}
	}
	for _, into := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"record", []string{"seq", "at", "who", "act", "object", "object_id", "casefile", "law", "digest", "rows", "hash"}, rows},
		{"tree", []string{"i", "hash"}, nodes},
		{"checkpoint", []string{"size", "root", "at", "note"}, signed},
	} {
		if err := copyIn(ctx, tx, into.table, into.columns, into.rows); err != nil {
			return fmt.Errorf("%s: %w", into.table, err)
		}
	}
	g.size = to
	return tx.Commit()
}

// keep remembers the hashes that a leaf completed, and forgets those that it covers.
func (g *grower) keep(size int64, stored []tlog.Hash) {
	if g.hashes == nil {
		g.hashes = edgeHashes{}
	}
	for level, h := range stored {
		g.hashes[tlog.StoredHashIndex(level, (size-1)>>level)] = h
	}
	if len(g.hashes) > 10_000 {
		kept := edgeHashes{}
		for level := range 40 {
			for n := max(0, size>>level-2); n <= size>>level; n++ {
				if h, known := g.hashes[tlog.StoredHashIndex(level, n)]; known {
					kept[tlog.StoredHashIndex(level, n)] = h
				}
			}
		}
		g.hashes = kept
	}
}

func (g *grower) checkpoint(size int64) ([]any, error) {
	root, err := tlog.TreeHash(size, g.hashes)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", g.signer.Name(), size, root)}, g.signer)
	return []any{size, root[:], time.Now(), string(signed)}, err
}

func copyIn(ctx context.Context, tx *sqlx.Tx, table string, columns []string, rows [][]any) (err error) {
	in, err := tx.PrepareContext(ctx, pq.CopyIn(table, columns...))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	for _, r := range rows {
		if _, err := in.ExecContext(ctx, r...); err != nil {
			return err
		}
	}
	_, err = in.ExecContext(ctx)
	return err
}
