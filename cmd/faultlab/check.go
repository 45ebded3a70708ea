package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/audit"
	"zharia/portal/ledger"
	"zharia/portal/receipt"
)

// invariant is one of those of security/RELIABILITY 1.
type invariant string

// What is checked. Live is no invariant of the sentence, but without it nothing is proved.
const (
	I1   invariant = "I1" // what was acknowledged is there, byte for byte
	I2   invariant = "I2" // nothing is there twice
	I3   invariant = "I3" // what is there was acknowledged, or is to who asks again; no halves
	I4   invariant = "I4" // the moment of receipt is that of the last byte
	I5   invariant = "I5" // numbers without doubles and unexplained gaps
	I6   invariant = "I6" // every act has its notices
	I7   invariant = "I7" // the record only grows, every receipt holds
	I8   invariant = "I8" // nobody is told "failed" about what is filed
	Live invariant = "live"
)

var invariants = []invariant{I1, I2, I3, I4, I5, I6, I7, I8, Live}

// findings are what was found against each of them.
type findings map[invariant][]string

func (f findings) add(i invariant, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(f[i], text) {
		f[i] = append(f[i], text)
	}
}

func (f findings) count() (n int) {
	for _, all := range f {
		n += len(all)
	}
	return n
}

// names are the invariants that do not hold, "I1 I3".
func (f findings) names() string {
	var out []string
	for _, i := range invariants {
		if len(f[i]) > 0 {
			out = append(out, string(i))
		}
	}
	return strings.Join(out, " ")
}

func (f findings) join(other findings) {
	for i, all := range other {
		for _, text := range all {
			f.add(i, "%s", text)
		}
	}
}

// slack is how far the clock of a receipt may be from the last byte, on a machine that is
// busy: the portal reads it when the request comes to its turn. With the fault "slow" a
// transaction takes longer than that.
const slack = 5 * time.Second

// kept is a filing as the database has it.
type kept struct {
	ID       uuid.UUID `db:"id"`
	Status   string    `db:"status"`
	Number   string    `db:"number"`
	FiledAt  time.Time `db:"filed_at"`
	Digest   []byte    `db:"digest"`
	Signed   bool      `db:"signed"`
	CMS      []byte    `db:"cms"`
	Acts     int       `db:"acts"`     // that say that it was filed
	Notices  int       `db:"notices"`  // of these
	Keys     int       `db:"keys"`     // of submissions that led to it
	Files    int       `db:"files"`    // that are part of it
	Sum      []byte    `db:"sum"`      // of the first of them
	Received bool      `db:"received"` // all bytes of all files are there
	Watched  bool      `db:"watched"`  // a job waits for the end of its term
}

// Everything that was filed since the stage was set. What no index leads to is gathered once
// for all, not once for each filing: a long campaign asks for thousands.
const selectFiled = `
SELECT f.id, f.status, coalesce(f.number, '') AS number, coalesce(f.filed_at, 'epoch') AS filed_at, d.digest, d.cms IS NOT NULL AS signed,
       coalesce(e.signature, '') AS cms,
       (SELECT count(*) FROM record r WHERE r.object = 'filing' AND r.object_id = f.id AND r.act = 'filing-submit') AS acts,
       (SELECT count(*) FROM record r JOIN notice n ON n.seq = r.seq WHERE r.object = 'filing' AND r.object_id = f.id AND r.act = 'filing-submit') AS notices,
       coalesce(k.keys, 0) AS keys,
       (SELECT count(*) FROM attachment a WHERE a.filing = f.id) AS files,
       coalesce((SELECT a.digest FROM attachment a WHERE a.filing = f.id ORDER BY a.place LIMIT 1), '') AS sum,
       NOT EXISTS (SELECT FROM attachment a WHERE a.filing = f.id
                    AND (a.received <> a.size OR NOT EXISTS (SELECT FROM attachment_chunk k WHERE k.attachment = a.id AND k.part = 'original'))) AS received,
       w.filing IS NOT NULL AS watched
  FROM filing f JOIN document d ON d.id = f.document LEFT JOIN evidence e ON e.document = d.id
  LEFT JOIN (SELECT s.of, count(*) AS keys FROM submission s WHERE s.act = 'filing-submit' GROUP BY s.of) k ON k.of = f.id
  LEFT JOIN (SELECT DISTINCT j.args ->> 'filing' AS filing FROM job j WHERE j.name = 'filing-overdue') w ON w.filing = f.id::text
 WHERE f.status <> 'draft' OR d.signed_at IS NOT NULL`

// compare holds the diaries against the database.
func (l *lab) compare(ctx context.Context, quiet bool) (findings, map[uuid.UUID]*story, error) {
	out := findings{}
	// People go on meanwhile: what was acknowledged before the look must be there, and what
	// is there must have been sent before the end of it.
	earlier, err := readDiaries(l.diaries())
	if err != nil {
		return nil, nil, err
	}
	var rows []kept
	if err := l.db.Select(ctx, &rows, selectFiled); err != nil {
		return nil, nil, err
	}
	stories, err := readDiaries(l.diaries())
	if err != nil {
		return nil, nil, err
	}
	there := map[uuid.UUID]kept{}
	numbers := map[string]uuid.UUID{}
	for _, k := range rows {
		there[k.ID] = k
		if other, twice := numbers[k.Number]; twice {
			out.add(I5, "number %s is that of %s and of %s", k.Number, other, k.ID)
		}
		numbers[k.Number] = k.ID
		l.half(out, k)
		s := stories[k.ID]
		switch {
		case s == nil:
			out.add(I2, "%s is filed, and nobody sent it", k.ID)
			continue
		case hex.EncodeToString(k.Digest) != s.Digest:
			out.add(I1, "%s is not what was signed", k.ID)
		case !s.signedAs(hex.EncodeToString(k.CMS)):
			out.add(I1, "the signature of %s is not the one that was sent", k.ID)
		case s.Sum != "" && (k.Files != 1 || hex.EncodeToString(k.Sum) != s.Sum):
			out.add(I1, "the file beside %s is not the one that was sent", k.ID)
		}
		if s.toldFailed() {
			out.add(I8, "%s was told to have failed, and is filed", k.ID)
		}
		if quiet && !s.Acked && !s.toldFailed() {
			out.add(I3, "%s is filed, and who sent it was never told, however often he asked", k.ID)
		}
		if why := untimely(s, k.FiledAt, l.portal.starts); why != "" {
			out.add(I4, "%s: %s", k.ID, why)
		}
	}
	for id, s := range earlier {
		k, found := there[id]
		switch {
		case s.Acked && !found:
			out.add(I1, "%s was acknowledged, and is not there", id)
		case s.Number != "" && s.Number != k.Number:
			out.add(I5, "%s was told to be %s, and is %s", id, s.Number, k.Number)
		case s.Acked && s.Number == "" && quiet:
			out.add(I1, "%s was acknowledged, and has no number", id)
		}
	}
	l.gaps(out, rows, sent(stories)-acknowledged(earlier))
	return out, stories, nil
}

// signedAs says that a signature with this fingerprint was sent: after a session has ended
// people sign anew.
func (s story) signedAs(cms string) bool {
	return slices.ContainsFunc(s.Lines, func(l line) bool { return l.CMS == cms })
}

// half finds what was begun and not brought to its end.
func (l *lab) half(out findings, k kept) {
	switch {
	case k.Status == "draft":
		out.add(I3, "%s is signed and a draft", k.ID)
	case !k.Signed || len(k.CMS) == 0:
		out.add(I3, "%s is filed without a signature", k.ID)
	case k.Acts == 0:
		out.add(I3, "%s is filed without an act in the record", k.ID)
	case k.Acts > 1:
		out.add(I2, "%s was filed %d times", k.ID, k.Acts)
	case k.Keys > 1:
		out.add(I2, "%s has %d submissions", k.ID, k.Keys)
	case !k.Received:
		out.add(I3, "%s has a file of which bytes are missing", k.ID)
	case !k.Watched:
		out.add(I3, "%s has no watch on its term", k.ID)
	}
}

// untimely is what is wrong with the moment of a receipt: it is that of one of the times
// that it was sent. What was sent to a portal that was starting arrives when that is ready.
func untimely(s *story, at time.Time, starts []span) string {
	nearest, known := time.Hour, false
	for _, l := range s.Lines {
		if l.Wrote.IsZero() || l.What != silence && l.What != failed && l.What != acked && l.What != checking {
			continue
		}
		known = true
		arrived := l.Wrote
		for _, one := range starts {
			if arrived.After(one.from) && arrived.Before(one.to) {
				arrived = one.to
			}
		}
		if by := at.Sub(arrived); by.Abs() < nearest.Abs() {
			nearest = by
		}
	}
	if !known || nearest.Abs() <= slack {
		return ""
	}
	return fmt.Sprintf("received at %s, %s after the nearest last byte", at.Format("15:04:05.000"), nearest.Round(time.Millisecond))
}

// sequenceSkip is how many numbers PostgreSQL may skip when it crashes (SEQ_LOG_VALS).
const sequenceSkip = 32

// sent is how often something was sent.
func sent(stories map[uuid.UUID]*story) (n int) {
	for _, s := range stories {
		for _, line := range s.Lines {
			if line.What == intends || line.What == sends {
				n++
			}
		}
	}
	return n
}

// acknowledged is how many were told that it was taken.
func acknowledged(stories map[uuid.UUID]*story) (n int) {
	for _, s := range stories {
		if s.Acked {
			n++
		}
	}
	return n
}

// gaps counts the numbers that nothing has. Each try that was not acknowledged may have
// taken one, whether it failed or is still on its way, and each crash of PostgreSQL a few.
func (l *lab) gaps(out findings, rows []kept, tries int) {
	var all []int
	for _, k := range rows {
		_, digits, _ := strings.Cut(k.Number, "-")
		n, err := strconv.Atoi(digits)
		if err != nil {
			out.add(I5, "%s has the number %q", k.ID, k.Number)
			continue
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		return
	}
	missing := slices.Max(all) - slices.Min(all) + 1 - len(all)
	if explained := tries + sequenceSkip*l.crashes; missing > explained {
		out.add(I5, "%d numbers are missing, and only %d tries and %d crashes explain any", missing, tries, l.crashes)
	}
}

const (
	selectCourier = `SELECT seq FROM courier`

	// Who decides a filing is told of it.
	selectUntold = `
SELECT r.object_id FROM record r JOIN filing f ON f.id = r.object_id
 WHERE r.act = 'filing-submit' AND r.seq <= (SELECT seq FROM courier) AND NOT EXISTS (SELECT FROM notice n WHERE n.seq = r.seq)
   AND r.seq > $1`
)

// toldTime is how long after a fault every act must have its notices.
const toldTime = 20 * time.Second

// told waits until the courier has read the whole record, and looks whom it forgot.
func (l *lab) told(ctx context.Context, out findings) error {
	size, err := ledger.Size(ctx, l.db)
	if err != nil {
		return err
	}
	var seq int64
	for end := time.Now().Add(toldTime); time.Now().Before(end) && seq < size; sleep(ctx, 100*time.Millisecond) {
		if err := l.db.Get(ctx, &seq, selectCourier); err != nil {
			return err
		}
	}
	if seq < size {
		out.add(I6, "of %d acts people were told of %d", size, seq)
	}
	var untold []uuid.UUID
	if err := l.db.Select(ctx, &untold, selectUntold, l.stagedActs); err != nil {
		return err
	}
	for _, id := range untold {
		out.add(I6, "nobody was told that %s was filed", id)
	}
	return nil
}

// grown looks at the record: the tree, the signatures, what witnesses hold, every row
// against its act, every receipt that was handed out.
func (l *lab) grown(ctx context.Context, out findings, stories map[uuid.UUID]*story) error {
	key, err := audit.ParseKey(l.key)
	if err != nil {
		return err
	}
	if _, _, err := ledger.Check(ctx, l.db); err != nil {
		out.add(I7, "the record: %v", err)
	}
	if err := ledger.Proven(ctx, l.db, key, ledger.Witness{Folder: l.witness()}); err != nil {
		out.add(I7, "the witness: %v", err)
	}
	heads, err := audit.ReadWitness(l.witness())
	if err != nil {
		return err
	}
	report, err := audit.Verify(ctx, l.db, audit.Options{Key: key, Heads: heads})
	if err != nil {
		return err
	}
	for _, f := range report.Findings {
		out.add(I7, "%s", f)
	}
	for id, s := range stories {
		for _, text := range s.Receipts {
			if err := l.holds(ctx, s, text); err != nil {
				out.add(I7, "the receipt of %s: %v", id, err)
			}
		}
	}
	return nil
}

// holds verifies a receipt as its owner would, and that its row is still in the record.
func (l *lab) holds(ctx context.Context, s *story, text []byte) error {
	r, err := receipt.Parse(text)
	if err != nil {
		return err
	}
	proved, err := r.Verify(l.key)
	if err != nil {
		return err
	}
	if hex.EncodeToString(r.Digest) != s.Digest {
		return errors.New("it is of another document")
	}
	row, err := ledger.ReadRow(ctx, l.db, proved.Row.Seq)
	if err != nil {
		return err
	}
	if ledger.LeafHash(row) != ledger.LeafHash(proved.Row) {
		return errors.New("the record has another act in its place")
	}
	return nil
}

// readAll opens what was acknowledged through the portal, as its authors: the paper, the
// signature, the file. Those in seen were opened before.
func (l *lab) readAll(ctx context.Context, out findings, stories map[uuid.UUID]*story, seen map[uuid.UUID]bool) error {
	readers := map[string]*client{}
	for id, s := range stories {
		if !s.Acked || seen[id] {
			continue
		}
		seen[id] = true
		c := readers[s.Client]
		if c == nil {
			c = l.person(900+len(readers), l.who[s.Client], nil)
			readers[s.Client] = c
		}
		here := "/kk/filings/" + id.String()
		fetch := func(path string) (string, error) {
			a, err := c.until(ctx, "read "+path, func() (answer, error) { return c.get(ctx, path) }, func(a answer) bool { return a.status == http.StatusOK || a.status == http.StatusNotFound })
			if err == nil && a.status != http.StatusOK {
				out.add(I1, "%s was acknowledged, and %s answers %d", id, path, a.status)
				return "", nil
			}
			return a.body, err
		}
		doc, err := fetch(here + "/document")
		if err != nil {
			return err
		}
		if sum := sha256.Sum256([]byte(doc)); doc != "" && hex.EncodeToString(sum[:]) != s.Digest {
			out.add(I1, "%s reads otherwise than it was signed", id)
		}
		if _, err = fetch(here + "/signature"); err != nil {
			return err
		}
		if s.Sum != "" {
			file, err := fetch("/kk/attachments/" + s.File.String() + "/original")
			if err != nil {
				return err
			}
			if sum := sha256.Sum256([]byte(file)); file != "" && hex.EncodeToString(sum[:]) != s.Sum {
				out.add(I1, "the file beside %s reads otherwise than it was sent", id)
			}
		}
	}
	for _, c := range readers {
		c.transport.CloseIdleConnections()
	}
	return nil
}
