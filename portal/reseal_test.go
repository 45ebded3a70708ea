package portal_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/keeper"
	"zharia/portal/portaltest"
	"zharia/portal/reseal"
	"zharia/portal/vault"
)

// texts is how many texts there are besides those of the cast; ROTATE=100000 asks for a town.
func texts(t *testing.T) int {
	t.Helper()
	if text := os.Getenv("ROTATE"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 1500
}

// addLooks adds looks at the theft that officials gave a reason for, under one act.
func addLooks(t *testing.T, w *portaltest.W, n int) {
	t.Helper()
	tx := w.SQL.MustBegin()
	defer tx.Rollback()
	for n > 0 {
		var ids pq.StringArray
		var words pq.ByteaArray
		for range min(n, 1000) {
			id := fresh()
			sealed, err := w.App.SealText(vault.Where{Table: "opening", Column: "words", ID: id, Case: w.Theft}, "тексеру "+id.String())
			if err != nil {
				t.Fatal(err)
			}
			ids, words = append(ids, id.String()), append(words, sealed)
		}
		tx.MustExec(`INSERT INTO opening (id, casefile, person, standing, object, object_id, reason, words, at)
			SELECT id, $3, $4, 'charge', 'decision', id, 'other', words, $5 FROM unnest(CAST($1 AS uuid[]), CAST($2 AS bytea[])) AS x(id, words)`,
			ids, words, w.Theft, w.Daniyar.Person, w.At)
		n -= len(ids)
	}
	tx.MustExec(`SELECT ledger.record($1, NULL, 'case-unseal', 'casefile', $2, $2, '', NULL)`, w.At, w.Theft)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// crowd is people at work: what they read and what they file, and what of it failed.
type crowd struct {
	*front
	stop   context.CancelFunc
	wait   sync.WaitGroup
	reads  atomic.Int64
	filed  sync.Map // ids
	writes atomic.Int64
}

// labour has four people read and two file, as fast as the portal lets them.
func (f *front) labour() *crowd {
	ctx, stop := context.WithCancel(f.t.Context())
	c := &crowd{front: f, stop: stop}
	theft := "/kk/cases/" + f.Theft.String()
	for _, who := range []*portaltest.Actor{f.Aigul, f.Daniyar, f.Zhanar, f.Marat} {
		g := f.as(who)
		paths := []string{theft, "/kk/cases"}
		if who == f.Aigul {
			paths = append(paths, "/kk/decisions/"+f.Decision("expertise-set").String())
		}
		c.wait.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				path := paths[n%len(paths)]
				if a := g.get(path); a.StatusCode == http.StatusOK {
					c.reads.Add(1)
				} else {
					f.t.Errorf("%s reads %s: %d", who.Word, path, a.StatusCode)
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	for range 2 {
		g := f.as(f.Aigul)
		c.wait.Go(func() {
			for ctx.Err() == nil {
				id := fresh()
				path := "/kk/filings/" + id.String()
				g.post(f.filingsOf(), f.petition(id)).want(f.t, "the draft", http.StatusSeeOther)
				g.sign(g.get(path).want(f.t, "the page before the signature", http.StatusOK), f.Aigul.Key).want(f.t, "the signed petition", http.StatusSeeOther)
				c.filed.Store(id, true)
				c.writes.Add(1)
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
	// The portal asks to whom it seals every five minutes; here it is in more of a hurry.
	c.wait.Go(func() {
		for ctx.Err() == nil {
			if err := f.App.Renew(ctx); err != nil && ctx.Err() == nil {
				f.t.Error(err)
			}
			time.Sleep(200 * time.Millisecond)
		}
	})
	return c
}

// opens opens every text that the keeper has a key of, with a root that everybody knows,
// and says how many.
func opens(t *testing.T, w *portaltest.W, db *database.DB, epoch int) (n int) {
	t.Helper()
	root := sha256.Sum256([]byte("zharia/portaltest"))
	direct, err := vault.NewDirect(root[:])
	if err != nil {
		t.Fatal(err)
	}
	for range epoch - 1 {
		direct.Rotate()
	}
	keys, err := vault.Connect(t.Context(), direct)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range reseal.Columns {
		if c.Of == reseal.Brief {
			continue
		}
		if err := reseal.Shelf(db, c).Old(t.Context(), 1<<20, 500, func(objects []vault.Sealed) error {
			for i, o := range objects {
				wraps, err := vault.Wraps(o.Bytes)
				if err != nil {
					return err
				}
				if err := w.SQL.Get(&objects[i].Bytes, fmt.Sprintf(`SELECT %[2]s FROM %[1]s WHERE %[3]s = $1 AND substring(%[2]s FOR %[4]d) = $2`, c.Table, c.Name, c.Key, len(wraps)),
					o.Where.ID, wraps); err != nil {
					return err
				}
			}
			n += len(objects)
			_, err := keys.OpenAll(t.Context(), objects)
			return err
		}); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	return n
}

// ADMINBLIND A13.
func TestPeopleWorkOnWhileTheirTextsAreBroughtOverAndOldKeysAreForgotten(t *testing.T) {
	w := portaltest.World(t)
	g := w.Guard(portaltest.Rules{})
	f := openOver(t, w, w.Verifier)
	addLooks(t, w, texts(t))
	db, err := reseal.Open(t.Context(), w.DB.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })

	// What an old backup has: a petition as it was sealed at first.
	petition := w.Petition(w.Aigul, w.Theft)
	var old struct {
		ID      uuid.UUID `db:"id"`
		Content []byte    `db:"content"`
	}
	if err := w.SQL.Get(&old, `SELECT d.id, d.content FROM filing f JOIN document d ON d.id = f.document WHERE f.id = $1`, petition); err != nil {
		t.Fatal(err)
	}
	at := vault.Where{Table: "document", Column: "content", ID: old.ID, Case: w.Theft}

	c := f.labour()
	for epoch := uint32(2); epoch <= 3; epoch++ {
		before := c.reads.Load()
		if got, err := g.Keeper.Rotate(); err != nil || got != epoch {
			t.Fatal(got, err)
		}
		left, err := reseal.Left(t.Context(), db, epoch)
		if err != nil {
			t.Fatal(err)
		}
		all := reseal.All(left)
		// Killed on the way, as Ctrl-C or a power cut would, between two steps or in one.
		began := time.Now()
		ctx, kill := context.WithCancel(t.Context())
		seen := 0
		first, err := reseal.Over(ctx, db, g.Client, func(string, int64, int64) {
			if seen++; seen == 12 {
				kill()
			}
		})
		kill()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("killed: %v", err)
		}
		again, err := reseal.Over(t.Context(), db, g.Client, func(string, int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		took, done := time.Since(began), 0
		for _, part := range []map[reseal.Column]int{first, again} {
			for _, n := range part {
				done += n
			}
		}
		if done < all-atOnce {
			t.Errorf("epoch %d: %d texts were left, %d were brought over", epoch, all, done)
		}
		t.Logf("epoch %d: %d texts in %s beside %d pages, %.0f a second", epoch, done, took.Round(time.Millisecond), c.reads.Load()-before, float64(done)/took.Seconds())
	}
	c.stop()
	c.wait.Wait()
	if c.reads.Load() < 10 || c.writes.Load() < 2 {
		t.Errorf("only %d pages were read and %d petitions filed meanwhile", c.reads.Load(), c.writes.Load())
	}
	lost := 0
	c.filed.Range(func(id, _ any) bool {
		var status string
		if err := w.SQL.Get(&status, `SELECT status FROM filing WHERE id = $1 AND number IS NOT NULL`, id); err != nil || status != "filed" {
			lost++
		}
		return true
	})
	if lost > 0 {
		t.Errorf("%d of %d petitions are lost", lost, c.writes.Load())
	}
	if _, err := reseal.Over(t.Context(), db, g.Client, func(string, int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	left, err := reseal.Left(t.Context(), db, 3)
	if err != nil || reseal.All(left) > 0 {
		t.Errorf("%d texts are left: %v, %v", reseal.All(left), left, err)
	}
	n := opens(t, w, db, 3)
	t.Logf("%d pages, %d petitions, %d texts open", c.reads.Load(), c.writes.Load(), n)
	w.Sound()

	if got, err := w.App.Open(w.Aigul.As(t.Context()), at, old.Content); err != nil || len(got) == 0 {
		t.Errorf("before it is forgotten the backup does not open: %v", err)
	}
	if err := g.Keeper.Forget(3); !errors.Is(err, keeper.ErrRemains) {
		t.Errorf("forgotten on the first day: %v", err)
	}
	w.At = w.At.Add(keeper.Rest + time.Hour)
	if _, err := reseal.Over(t.Context(), db, g.Client, func(string, int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	if err := g.Keeper.Forget(3); err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.Open(w.Aigul.As(t.Context()), at, old.Content); !errors.Is(err, vault.ErrNotSealedHere) {
		t.Errorf("a text of an old backup: %v", err)
	}
	g.Stop()
	g.Start()
	g.Unseal()
	if _, err := w.App.Open(w.Aigul.As(t.Context()), at, old.Content); !errors.Is(err, vault.ErrNotSealedHere) {
		t.Errorf("a text of an old backup, after a new start: %v", err)
	}
	aigul := f.as(w.Aigul)
	aigul.get("/kk/cases/"+w.Theft.String()).want(t, "her case", http.StatusOK)
	aigul.get("/kk/filings/"+petition.String()).want(t, "her petition", http.StatusOK)
	aigul.get("/kk/filings/"+petition.String()+"/document").want(t, "its paper", http.StatusOK)
}

// atOnce is how many texts one step brings over: those of the step that was killed count nowhere.
const atOnce = 64
