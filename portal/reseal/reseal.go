package reseal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/keeper"
	"zharia/portal/vault"
)

// maxPasses bounds how often the database is walked through: a portal that has not asked
// for the newest key yet seals to the old one for some minutes.
const maxPasses = 20

// ErrLeft says that wraps of an old epoch are left.
var ErrLeft = errors.New("something is still sealed to an old epoch")

// Count is how many texts of a column are sealed to an epoch before the one asked for.
type Count struct {
	Column
	Old int `db:"old"`
}

// Left counts what is sealed to an epoch before this one, column by column. db works as
// database.Rotate.
func Left(ctx context.Context, db *database.DB, epoch uint32) ([]Count, error) {
	var out []Count
	for _, c := range Columns {
		if c.Of == Brief {
			continue
		}
		n := Count{Column: c}
		if err := countOld(ctx, db, c, epoch, &n.Old); err != nil {
			return nil, fmt.Errorf("count %s: %w", c, err)
		}
		out = append(out, n)
	}
	return out, nil
}

// All is the sum.
func All(counts []Count) (n int) {
	for _, c := range counts {
		n += c.Old
	}
	return n
}

// Over brings all texts under the keeper's present epoch, and tells the keeper so when
// nothing is left and every wrap was proved (Prove). It can be broken off at any moment and begun again. progress is
// called with the column and how many of all of it are done. What it brought over, by
// column, is given with an error too. Texts that are not what was sealed for their place
// are passed over: vault.ErrNotSealedHere.
func Over(ctx context.Context, db *database.DB, c *keeper.Client, progress func(of string, done, all int64)) (map[Column]int, error) {
	done := map[Column]int{}
	for range maxPasses {
		in, err := c.Intake(ctx)
		if err != nil {
			return done, err
		}
		counts, err := Left(ctx, db, in.Epoch)
		if err != nil {
			return done, err
		}
		if All(counts) == 0 {
			// The number of an epoch stands in clear, and whoever has the login that
			// changes wraps can write any number over any noise.
			if _, err := Prove(ctx, db, c, progress); err != nil {
				return done, err
			}
			return done, c.Swept(ctx, in.Epoch)
		}
		var strange error
		for _, n := range counts {
			if n.Old == 0 {
				continue
			}
			out, err := keeper.BringOver(ctx, c, Shelf(db, n.Column), func(seen int) { progress(n.String(), int64(seen), int64(max(seen, n.Old))) })
			done[n.Column] += out.Done
			switch {
			case errors.Is(err, vault.ErrNotSealedHere):
				strange = errors.Join(strange, err)
			case err != nil:
				return done, fmt.Errorf("bring %s over: %w", n, err)
			}
		}
		if strange != nil {
			return done, strange
		}
	}
	return done, ErrLeft
}

// Prove has the keeper look at every wrap, those of its present epoch too: that it is what
// was sealed for its place, under a key that the keeper has. It opens nothing, needs no
// right and changes nothing; it says how many texts it saw. vault.ErrNotSealedHere names
// columns with a wrap that is not. What it cannot see is whether the text itself opens by
// the key in its wrap: that key leaves the keeper for nobody who may not read.
func Prove(ctx context.Context, db *database.DB, c *keeper.Client, progress func(of string, done, all int64)) (seen int, err error) {
	var strange error
	for _, column := range Columns {
		if column.Of == Brief {
			continue
		}
		out, err := keeper.BringOver(ctx, c, proving{shelf{db, column}}, func(n int) { progress(column.String(), int64(n), int64(n)) })
		seen += out.Left
		switch {
		case errors.Is(err, vault.ErrNotSealedHere):
			strange = errors.Join(strange, fmt.Errorf("%s: %w", column, err))
		case err != nil:
			return seen, fmt.Errorf("prove %s: %w", column, err)
		}
	}
	return seen, strange
}

// proving is a column whose texts are looked at, all of them, and left as they are.
type proving struct{ shelf }

func (s proving) Old(ctx context.Context, _ uint32, n int, take func([]vault.Sealed) error) error {
	return s.walk(ctx, everyEpoch, n, take)
}

func (s proving) Put(context.Context, []vault.Sealed, []vault.Sealed) (int, error) { return 0, nil }

// everyEpoch is after all of them.
const everyEpoch = 1 << 32

// Shelf is one column, as keeper.BringOver walks along it; db works as database.Rotate.
func Shelf(db *database.DB, c Column) keeper.Shelf { return shelf{db, c} }

type shelf struct {
	db *database.DB
	Column
}

// row is one text, or rather its beginning.
type row struct {
	ID     uuid.UUID     `db:"id"`
	Sealed []byte        `db:"sealed"`
	Case   uuid.NullUUID `db:"casefile"`
	Body   uuid.NullUUID `db:"body"`
	Person uuid.NullUUID `db:"person"`
}

// page is how many rows are read at once.
const page = 2000

// Old walks along the column page by page, in the order of its keys. A query that ran all
// the way would keep PostgreSQL from clearing up behind everybody for as long.
func (s shelf) Old(ctx context.Context, epoch uint32, n int, take func([]vault.Sealed) error) error {
	return s.walk(ctx, int64(epoch), n, take)
}

func (s shelf) walk(ctx context.Context, before int64, n int, take func([]vault.Sealed) error) error {
	var q database.Writing
	q.Text(`SELECT t.`).Name(s.Key).Text(` AS id, substring(t.`).Name(s.Name).Text(` FOR $2) AS sealed`)
	s.owner(&q)
	q.Text(` WHERE t.`).Name(s.Key).Text(` > $3 AND t.`).Name(s.Name).Text(` IS NOT NULL AND coalesce(oldest_wrap(substring(t.`).Name(s.Name).
		Text(` FOR $2)), 0) < $1 ORDER BY t.`).Name(s.Key).Text(` LIMIT $4`)
	most := page
	for last := uuid.Nil; ; {
		var rows []row
		if err := s.db.Select(ctx, &rows, q.Query(), before, vault.MaxWraps, last, most); err != nil {
			return err
		}
		full := len(rows) == most
		if full {
			// Of the last key there may be more: they come together, on the next page.
			end := rows[len(rows)-1].ID
			rows = rows[:slices.IndexFunc(rows, func(r row) bool { return r.ID == end })]
			if len(rows) == 0 {
				most *= 2
				continue
			}
		}
		for part := range slices.Chunk(rows, n) {
			objects := make([]vault.Sealed, len(part))
			for i, r := range part {
				objects[i] = vault.Sealed{Where: s.where(r), Bytes: r.Sealed}
			}
			if err := take(objects); err != nil {
				return err
			}
		}
		if !full {
			return nil
		}
		last, most = rows[len(rows)-1].ID, page
	}
}

// countOld counts what Old gives.
func countOld(ctx context.Context, db *database.DB, c Column, epoch uint32, n *int) error {
	var q database.Writing
	q.Text(`SELECT count(*) FROM `).Name(c.Table).Text(` AS t WHERE t.`).Name(c.Name).Text(` IS NOT NULL AND coalesce(oldest_wrap(substring(t.`).Name(c.Name).
		Text(` FOR $2)), 0) < $1`)
	return db.Get(ctx, n, q.Query(), epoch, vault.MaxWraps)
}

// owner writes whose the text is, and where that is read.
func (c Column) owner(q *database.Writing) {
	const none = `, CAST(NULL AS uuid)`
	switch c.Of {
	case Itself:
		q.Text(`, t.id AS casefile` + none + ` AS body` + none + ` AS person FROM `).Name(c.Table).Text(` AS t`)
	case Case:
		q.Text(`, t.casefile` + none + ` AS body` + none + ` AS person FROM `).Name(c.Table).Text(` AS t`)
	case OfPerson:
		q.Text(none + ` AS casefile` + none + ` AS body, t.id AS person FROM `).Name(c.Table).Text(` AS t`)
	case OfPersonToo:
		q.Text(none + ` AS casefile` + none + ` AS body, t.person FROM `).Name(c.Table).Text(` AS t`)
	case OfAdvocate:
		q.Text(none + ` AS casefile` + none + ` AS body, t.advocate AS person FROM `).Name(c.Table).Text(` AS t`)
	case OfAuthor:
		q.Text(none + ` AS casefile` + none + ` AS body, coalesce(t.author, t.entered_by) AS person FROM `).Name(c.Table).Text(` AS t`)
	case OfBody:
		q.Text(none + ` AS casefile, t.body` + none + ` AS person FROM `).Name(c.Table).Text(` AS t`)
	case OfTip:
		q.Text(none + ` AS casefile, o.body` + none + ` AS person FROM `).Name(c.Table).Text(` AS t JOIN tip o ON o.id = t.tip`)
	case OfReport:
		q.Text(none + ` AS casefile, o.body` + none + ` AS person FROM `).Name(c.Table).Text(` AS t JOIN report o ON o.id = t.report`)
	case AtHome:
		q.Text(`, t.casefile, t.body` + none + ` AS person FROM `).Name(c.Table).Text(` AS t`)
	case OfProof:
		q.Text(`, o.casefile, o.body, CASE WHEN t.document IS NULL THEN t.person END AS person FROM `).Name(c.Table).Text(` AS t LEFT JOIN document o ON o.id = t.document`)
	default:
		switch c.Of {
		case OfFiles:
			q.Text(`, o.casefile, coalesce(t.body, o.body) AS body` + none + ` AS person FROM `).Name(c.Table)
		case OfAttachment:
			q.Text(`, o.casefile, coalesce(a.body, o.body) AS body` + none + ` AS person FROM `).Name(c.Table)
		case OfFiling, OfPoint, OfAddition:
			q.Text(`, o.casefile, o.body` + none + ` AS person FROM `).Name(c.Table)
		default:
			q.Text(`, o.casefile` + none + ` AS body` + none + ` AS person FROM `).Name(c.Table)
		}
		switch c.Of {
		case OfDecision:
			q.Text(` AS t JOIN decision o ON o.id = t.decision`)
		case OfFiling:
			q.Text(` AS t JOIN filing o ON o.id = t.filing`)
		case OfPoint:
			q.Text(` AS t JOIN point p ON p.id = t.point JOIN filing o ON o.id = p.filing`)
		case OfAddition:
			q.Text(` AS t JOIN addition a ON a.id = t.addition JOIN filing o ON o.id = a.filing`)
		case OfMaterial:
			q.Text(` AS t JOIN material o ON o.id = t.material`)
		case OfAttachment:
			q.Text(` AS t JOIN attachment a ON a.id = t.attachment LEFT JOIN filing o ON o.id = a.filing`)
		case OfFiles:
			q.Text(` AS t LEFT JOIN filing o ON o.id = t.filing`)
		case OfParticipant:
			q.Text(` AS t JOIN participant o ON o.id = t.participant`)
		case OfAssent:
			q.Text(` AS t JOIN document o ON o.id = t.document`)
		}
	}
}

// recordReseal writes the act down that answers for a batch: of the table, under the
// first of its rows.
const recordReseal = `SELECT ledger.reseal($1, $2)`

// byIndex keeps PostgreSQL from reading a table of tens of thousands whole to find 64 rows
// of it, as it would rather: each step leaves more that is dead to read through.
const byIndex = `SET LOCAL enable_seqscan = off`

// Put changes what is still as it was and what nobody has in hand: it waits for nobody,
// so it stands in nobody's way.
func (s shelf) Put(ctx context.Context, was, fresh []vault.Sealed) (done int, err error) {
	if len(was) == 0 {
		return 0, nil
	}
	var ids pq.StringArray
	var before, after pq.ByteaArray
	for i, o := range was {
		old, err := vault.Wraps(o.Bytes)
		if err != nil {
			return 0, err
		}
		next, err := vault.Wraps(fresh[i].Bytes)
		if err != nil {
			return 0, err
		}
		ids, before, after = append(ids, o.Where.ID.String()), append(before, old), append(after, next)
	}
	var q database.Writing
	q.Text(`
WITH free AS (
    SELECT x.id, x.was, x.wraps
      FROM unnest(CAST($1 AS uuid[]), CAST($2 AS bytea[]), CAST($3 AS bytea[])) AS x(id, was, wraps)
      JOIN `).Name(s.Table).Text(` AS t ON t.`).Name(s.Key).Text(` = x.id AND substring(t.`).Name(s.Name).Text(` FOR octet_length(x.was)) = x.was
       FOR NO KEY UPDATE OF t SKIP LOCKED)
UPDATE `).Name(s.Table).Text(` AS t SET `).Name(s.Name).Text(` = free.wraps || substring(t.`).Name(s.Name).Text(` FROM octet_length(free.was) + 1)
  FROM free
 WHERE t.`).Name(s.Key).Text(` = free.id AND substring(t.`).Name(s.Name).Text(` FOR octet_length(free.was)) = free.was`)
	err = s.db.Within(ctx, func(tx *database.DB) error {
		if err := tx.Exec(ctx, byIndex); err != nil {
			return err
		}
		n, err := tx.Change(ctx, q.Query(), ids, before, after)
		if err != nil || n == 0 {
			return err
		}
		done = int(n)
		return tx.Exec(ctx, recordReseal, s.Table, was[0].Where.ID)
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

// Open opens the database as database.Rotate. The login of a portal cannot: it would
// then be able to spoil papers that are signed.
func Open(ctx context.Context, dsn string) (*database.DB, error) {
	db, err := database.OpenAs(ctx, dsn, database.Rotate)
	if why := pq.As(err); why != nil && (why.Code == "42501" || why.Code == "22023") {
		err = fmt.Errorf("%w; give it a login of its own: CREATE ROLE zharia_rotate LOGIN PASSWORD '…' IN ROLE portal_rotate", err)
	}
	return db, err
}
