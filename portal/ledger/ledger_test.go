package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"zharia/portal/database"
	"zharia/portal/ledger"
	"zharia/portal/portaltest"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
)

var (
	aigul = uuid.MustParse("019a9c3e-0000-7000-8000-00000000000a")
	theft = uuid.MustParse("019a9c3e-0000-7000-8000-00000000000b")
	first = uuid.MustParse("019a9c3e-0000-7000-8000-000000000001")
	noon  = time.Date(2026, 11, 21, 7, 0, 0, 123456789, time.UTC)
)

// act is what Aigul does to her filing, the n-th time.
func act(n int) ledger.Entry {
	sum := sha256.Sum256(fmt.Appendf(nil, "text %d", n))
	return ledger.Entry{
		At: noon.Add(time.Duration(n) * time.Second), Who: aigul, Act: "filing-submit", Object: "filing", ID: first,
		Casefile: theft, By: "CPC 99(5)", Digest: sum[:],
	}
}

func record(t *testing.T, db *database.DB, entries ...ledger.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := ledger.Record(t.Context(), db, e); err != nil {
			t.Fatal(err)
		}
	}
}

// chain is a database with a record of n acts.
func chain(t *testing.T, n int) *database.DB {
	t.Helper()
	db := portaltest.DB(t)
	for i := range n {
		record(t, db, act(i))
	}
	return db
}

func holds(t *testing.T, db *database.DB, want int64) []byte {
	t.Helper()
	n, head, err := ledger.Check(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if n != want {
		t.Errorf("%d rows, not %d", n, want)
	}
	return head
}

func breaksAt(t *testing.T, db *database.DB, seq int64) {
	t.Helper()
	n, head, err := ledger.Check(t.Context(), db)
	var broken *ledger.Broken
	if !errors.As(err, &broken) || n != 0 || head != nil {
		t.Fatalf("it passed: %d rows, %v", n, err)
	}
	if broken.Seq != seq {
		t.Errorf("broken at row %d, not %d: %v", broken.Seq, seq, broken)
	}
}

func TestAnActIsReadBackAsItWasToldToTheMicrosecond(t *testing.T) {
	db := chain(t, 1)
	record(t, db, ledger.Entry{At: noon.In(time.FixedZone("", 5*3600)), Act: "ledger-verify", Object: "record", ID: theft})
	rows, err := ledger.Of(t.Context(), db, "filing", first)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	row, told := rows[0], act(0)
	if row.Seq != 1 || row.Who != aigul || row.Act != told.Act || row.Object != "filing" || row.ID != first ||
		row.Casefile != theft || row.By != told.By || !bytes.Equal(row.Digest, told.Digest) {
		t.Errorf("got %+v", row)
	}
	if want := time.Date(2026, 11, 21, 7, 0, 0, 123456000, time.UTC); row.At != want {
		t.Errorf("at %v, not %v", row.At, want)
	}
	if !bytes.Equal(row.Rows, make([]byte, 32)) {
		t.Errorf("it changed nothing and answers for %x", row.Rows)
	}
	own, err := ledger.Of(t.Context(), db, "record", theft)
	if err != nil || len(own) != 1 {
		t.Fatalf("%d rows, %v", len(own), err)
	}
	if own[0].Who != uuid.Nil || own[0].Casefile != uuid.Nil || own[0].Digest != nil || own[0].By != "" ||
		own[0].At != row.At {
		t.Errorf("an act of the portal itself: %+v", own[0])
	}
	holds(t, db, 2)
}

// The hash of the first row, from the layout in the comment of encode and
// nothing else.
func TestTheHashIsComputedAsDocumented(t *testing.T) {
	db := chain(t, 1)
	rows, err := ledger.Of(t.Context(), db, "filing", first)
	if err != nil {
		t.Fatal(err)
	}
	var leaf bytes.Buffer
	leaf.Write([]byte{0x00, 0x02})
	leaf.Write([]byte{0, 0, 0, 0, 0, 0, 0, 1})
	micros := uint64(noon.Unix())*1_000_000 + 123456
	for shift := 56; shift >= 0; shift -= 8 {
		leaf.WriteByte(byte(micros >> shift))
	}
	leaf.Write(aigul[:])
	leaf.WriteString("\x00\x0dfiling-submit")
	leaf.WriteString("\x00\x06filing")
	leaf.Write(first[:])
	leaf.Write(theft[:])
	leaf.WriteString("\x00\x09CPC 99(5)")
	leaf.WriteByte(32)
	leaf.Write(act(0).Digest)
	leaf.Write(make([]byte, 32))
	if want := sha256.Sum256(leaf.Bytes()); !bytes.Equal(rows[0].Hash, want[:]) {
		t.Errorf("hash %x, not %x", rows[0].Hash, want)
	}
	if root := holds(t, db, 1); !bytes.Equal(root, rows[0].Hash) {
		t.Errorf("the root of one leaf is %x", root)
	}
}

func TestAnActThatFailsLeavesNoTraceAndNoGap(t *testing.T) {
	db := chain(t, 1)
	no := errors.New("no")
	err := db.Within(t.Context(), func(tx *database.DB) error {
		if err := ledger.Record(t.Context(), tx, act(1)); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	record(t, db, act(2))
	holds(t, db, 2)
}

func TestAnActHasATimeANameAndAThing(t *testing.T) {
	db := portaltest.DB(t)
	for name, spoil := range map[string]func(*ledger.Entry){
		"no time":         func(e *ledger.Entry) { e.At = time.Time{} },
		"no act":          func(e *ledger.Entry) { e.Act = "" },
		"no object":       func(e *ledger.Entry) { e.Object = "" },
		"no id":           func(e *ledger.Entry) { e.ID = uuid.Nil },
		"a long act":      func(e *ledger.Entry) { e.Act = strings.Repeat("a", 101) },
		"a long law":      func(e *ledger.Entry) { e.By = strings.Repeat("a", 201) },
		"bytes, no text":  func(e *ledger.Entry) { e.Act = "\xff" },
		"a short digest":  func(e *ledger.Entry) { e.Digest = []byte{1} },
		"an empty digest": func(e *ledger.Entry) { e.Digest = []byte{} },
	} {
		e := act(0)
		spoil(&e)
		if err := ledger.Record(t.Context(), db, e); err == nil {
			t.Errorf("%s: recorded", name)
		}
	}
	holds(t, db, 0)
}

func TestEightWritersLeaveNoGap(t *testing.T) {
	db := portaltest.DB(t)
	const writers, acts = 8, 25
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range acts {
				err := db.Within(t.Context(), func(tx *database.DB) error {
					if err := ledger.Record(t.Context(), tx, act(w*acts+i)); err != nil {
						return err
					}
					if i%5 == 4 { // some acts fail
						return errors.New("no")
					}
					return nil
				})
				if err != nil && i%5 != 4 {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	holds(t, db, writers*acts*4/5)
}

func TestTheDatabaseRefusesToChangeTheRecord(t *testing.T) {
	db := chain(t, 2)
	holds(t, db, 2)
	raw := portaltest.SQL(t, db)
	for _, order := range []string{
		`UPDATE record SET act = 'x'`, `DELETE FROM record`, `TRUNCATE record`,
		`UPDATE tree SET i = 9`, `DELETE FROM tree`, `TRUNCATE tree`,
		`UPDATE checkpoint SET size = 9`, `DELETE FROM checkpoint`, `TRUNCATE checkpoint`,
		`DELETE FROM trace`, `TRUNCATE trace`,
	} {
		if _, err := raw.Exec(order); err == nil || !strings.Contains(err.Error(), "only grows") {
			t.Errorf("%s: %v", order, err)
		}
	}
	holds(t, db, 2)
}

// tamper does as a superuser with the triggers out of the way.
func tamper(t *testing.T, db *database.DB, orders ...string) {
	t.Helper()
	raw := portaltest.SQL(t, db)
	err := inReplica(t.Context(), raw, orders)
	if err != nil {
		t.Fatal(err)
	}
}

func inReplica(ctx context.Context, raw *sqlx.DB, orders []string) error {
	conn, err := raw.Connx(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, order := range append([]string{`SET session_replication_role = replica`}, orders...) {
		if _, err := conn.ExecContext(ctx, order); err != nil {
			return fmt.Errorf("%s: %w", order, err)
		}
	}
	return nil
}

func TestAChangeBehindThePortalsBackIsFound(t *testing.T) {
	zeros := `'\x` + strings.Repeat("00", 32) + `'::bytea`
	other := `'019a9c3e-0000-7000-8000-0000000000ff'`
	for name, test := range map[string]struct {
		order string
		seq   int64
	}{
		"at":                         {`UPDATE record SET at = at + interval '1 microsecond' WHERE seq = 3`, 3},
		"who":                        {`UPDATE record SET who = ` + other + ` WHERE seq = 3`, 3},
		"nobody did it":              {`UPDATE record SET who = NULL WHERE seq = 3`, 3},
		"act":                        {`UPDATE record SET act = 'filing-withdraw' WHERE seq = 3`, 3},
		"object":                     {`UPDATE record SET object = 'answer' WHERE seq = 3`, 3},
		"object_id":                  {`UPDATE record SET object_id = ` + other + ` WHERE seq = 3`, 3},
		"casefile":                   {`UPDATE record SET casefile = ` + other + ` WHERE seq = 3`, 3},
		"no case":                    {`UPDATE record SET casefile = NULL WHERE seq = 3`, 3},
		"law":                        {`UPDATE record SET law = 'CPC 99(6)' WHERE seq = 3`, 3},
		"no law":                     {`UPDATE record SET law = '' WHERE seq = 3`, 3},
		"digest":                     {`UPDATE record SET digest = ` + zeros + ` WHERE seq = 3`, 3},
		"no digest":                  {`UPDATE record SET digest = NULL WHERE seq = 3`, 3},
		"rows":                       {`UPDATE record SET rows = sha256('x') WHERE seq = 3`, 3},
		"hash":                       {`UPDATE record SET hash = ` + zeros + ` WHERE seq = 3`, 3},
		"seq":                        {`UPDATE record SET seq = 99 WHERE seq = 3`, 3},
		"a border between two texts": {`UPDATE record SET act = 'filing-submi', object = 'tfiling' WHERE seq = 3`, 3},
		"the first":                  {`UPDATE record SET act = 'x' WHERE seq = 1`, 1},
		"the last":                   {`UPDATE record SET act = 'x' WHERE seq = 5`, 5},
		"two exchanged":              {`UPDATE record SET seq = seq + 100; UPDATE record SET seq = CASE seq WHEN 102 THEN 3 WHEN 103 THEN 2 ELSE seq - 100 END`, 2},
		"the first deleted":          {`DELETE FROM record WHERE seq = 1`, 1},
		"the middle deleted":         {`DELETE FROM record WHERE seq = 3`, 3},
		"the gap closed":             {`DELETE FROM record WHERE seq = 3; UPDATE record SET seq = seq + 100 WHERE seq > 3; UPDATE record SET seq = seq - 101 WHERE seq > 100`, 3},
		"one put in":                 {`INSERT INTO record SELECT 6, at, who, act, object, object_id, casefile, law, digest, rows, hash FROM record WHERE seq = 5`, 6},
		"a leaf of the tree":         {`UPDATE tree SET hash = ` + zeros + ` WHERE i = 3`, 3},
		"a node of the tree":         {`UPDATE tree SET hash = ` + zeros + ` WHERE i = 2`, 2},
		"a node taken away":          {`DELETE FROM tree WHERE i = 2`, 2},
		"a node too many":            {`INSERT INTO tree VALUES (8, ` + zeros + `)`, 6},
		"a row before the first":     {`ALTER TABLE record DROP CONSTRAINT record_seq_check; INSERT INTO record SELECT 0, at, who, act, object, object_id, casefile, law, digest, rows, hash FROM record WHERE seq = 5`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			db := chain(t, 5)
			tamper(t, db, test.order)
			breaksAt(t, db, test.seq)
		})
	}
}

func TestARecordWithoutActsHoldsAndHasTheRootOfNothing(t *testing.T) {
	nothing := sha256.Sum256(nil) // RFC 6962, 2.1
	if root := holds(t, portaltest.DB(t), 0); !bytes.Equal(root, nothing[:]) {
		t.Errorf("the root is %x", root)
	}
}

func TestChecksAndActsDoNotDisturbEachOther(t *testing.T) {
	db := portaltest.DB(t)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 10 {
				if err := ledger.Record(t.Context(), db, act(w*10+i)); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range 5 {
				if _, _, err := ledger.Check(t.Context(), db); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	holds(t, db, 40)
}

func BenchmarkRecord(b *testing.B) {
	db := portaltest.DB(b)
	for b.Loop() {
		if err := ledger.Record(b.Context(), db, act(0)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckOfAThousandActs(b *testing.B) {
	db := portaltest.DB(b)
	for i := range 1000 {
		if err := ledger.Record(b.Context(), db, act(i)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, _, err := ledger.Check(b.Context(), db); err != nil {
			b.Fatal(err)
		}
	}
}
