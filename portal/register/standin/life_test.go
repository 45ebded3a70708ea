package standin_test

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/backup"
	"zharia/portal/filing"
	"zharia/portal/ledger"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
	"zharia/portal/register/standin"
)

// copied keeps what the exchange and the record are now, under a name.
func (h *house) copied(name string) {
	h.t.Helper()
	for _, q := range []string{`CREATE SCHEMA %[1]s`, `CREATE TABLE %[1]s.event AS TABLE event`, `CREATE TABLE %[1]s.sending AS TABLE sending`,
		`CREATE TABLE %[1]s.herald AS TABLE herald`, `CREATE TABLE %[1]s.acts AS SELECT max(seq) AS n FROM record`} {
		h.SQL.MustExec(fmt.Sprintf(q, name))
	}
}

// putBack puts them back to that and gives up, in the auditor's sight, what came since: the
// acts after it have the positions of those that are lost. alone: nobody but the register
// had seen them.
func (h *house) putBack(name string, alone bool) {
	h.t.Helper()
	h.Forges = true // the rows stay, and the acts that come after have the numbers of theirs
	h.At = h.At.Add(time.Minute)
	var acts, seen int64
	h.must(h.SQL.Get(&acts, fmt.Sprintf(`SELECT n FROM %s.acts`, name)))
	h.must(h.SQL.Get(&seen, `SELECT max(seq) FROM record`))
	tx := h.SQL.MustBegin()
	for _, q := range []string{
		`SET LOCAL session_replication_role = replica`, `DELETE FROM sending`, `DELETE FROM event`, `DELETE FROM herald`,
		`INSERT INTO event SELECT * FROM %[1]s.event`, `INSERT INTO sending SELECT * FROM %[1]s.sending`, `INSERT INTO herald SELECT * FROM %[1]s.herald`,
		`DELETE FROM record WHERE seq > %[2]d`, `DELETE FROM tree WHERE i >= %[3]d`,
		`DELETE FROM restoration v WHERE NOT EXISTS (SELECT FROM record WHERE object_id = v.id)`,
	} {
		tx.MustExec(fmt.Sprintf(q+` -- %[1]s %[2]d %[3]d`, name, acts, tlog.StoredHashIndex(0, acts)))
	}
	h.must(tx.Commit())
	if alone {
		h.must(backup.GiveUp(h.t.Context(), h.DB.DB, nil, nil, acts, h.At))
		return
	}
	key, err := ledger.OpenKey(filepath.Join(h.t.TempDir(), "auditor.key"), portaltest.Origin)
	h.must(err)
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", key.Verifier.Name(), seen, base64.StdEncoding.EncodeToString(make([]byte, 32)))}, key.Signer)
	h.must(err)
	h.must(backup.GiveUp(h.t.Context(), h.DB.DB, key.Verifier, [][]byte{signed}, seen, h.At))
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// whole compares what the register has with what there is.
func (h *house) whole(r *standin.Register) {
	h.t.Helper()
	bodies, err := feed.Events(h.t.Context(), h.teller.DB, 0, 0)
	h.must(err)
	var has, is []uuid.UUID
	for _, body := range bodies {
		e, err := feed.Parse([]byte(body))
		h.must(err)
		is = append(is, e.ID)
	}
	diary := r.Diary()
	slices.SortFunc(diary, func(a, b feed.Event) int { return int(a.Position - b.Position) })
	for _, e := range diary {
		has = append(has, e.ID)
	}
	if !slices.Equal(has, is) {
		h.t.Errorf("the register has %d events, and %d are there; or they are others", len(has), len(is))
	}
}

// What was given up with a copy that was put back, the register had been told. The acts that
// come after have the positions of those: it must come to have them all the same.
func TestTheRegisterComesToHaveWhatIsThereAfterActsWereGivenUp(t *testing.T) {
	for name, tell := range map[string]func(*house){
		"it is sent events": func(h *house) {
			h.tell()
			for range 5 {
				h.send()
				h.At = h.At.Add(time.Minute)
			}
		},
		"it fetches them": func(h *house) {
			h.tell()
			_, err := h.register.CatchUp(h.t.Context(), h.line)
			h.must(err)
		},
	} {
		for then, again := range map[string]string{"once": "", "once, and nobody else had seen more": "", "to the same moment twice": "first", "to a later moment, too": "second"} {
			alone := strings.HasSuffix(then, "seen more")
			t.Run(name+", "+then, func(t *testing.T) {
				h := open(t)
				if name == "it fetches them" {
					h.register.Fail(standin.Faults{Down: true})
				}
				theft := h.Petition(h.Aigul, h.Theft)
				tell(h)
				h.Petition(h.Timur, h.Fraud)
				h.tell()
				h.copied("first") // this one is on its way
				lost := len(h.register.Diary())
				for range 2 {
					h.Petition(h.Dana, h.Theft)
				}
				h.Petition(h.Timur, h.Fraud)
				tell(h)
				if n := len(h.register.Diary()); n < lost+4 {
					t.Fatalf("it was told %d events", n-lost)
				}
				h.putBack("first", alone)
				h.Petition(h.Timur, h.Fraud) // fewer than are lost, and then more
				tell(h)
				h.whole(h.register)
				h.Answer(h.Daniyar, theft, filing.Granted)
				if again != "" {
					tell(h)
					h.copied("second")
					h.Petition(h.Dana, h.Theft)
					tell(h)
					h.putBack(again, false)
				}
				for range 4 {
					h.Petition(h.Dana, h.Theft)
				}
				tell(h)
				h.whole(h.register)
				h.Want(t, `SELECT count(*) AS n FROM sending WHERE state = 'aside'`, "n\n0")
				// It remembers all that at its next start.
				h.register.Close()
				next, err := standin.Open(h.dir, portaltest.Origin, h.teller.Key.Public(), func() time.Time { return h.At })
				h.must(err)
				defer next.Close()
				h.whole(next)
				if next.Position() != h.register.Position() {
					t.Errorf("it goes on from %d, not from %d", next.Position(), h.register.Position())
				}
			})
		}
	}
}
