package filing

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// How many points a filing may have, and how long each may be, in characters.
const (
	MaxPoints    = 20
	MinPoint     = 5
	MaxPointText = 5_000
)

// Point is one of the things a filing asks for. The answer decides each.
type Point struct {
	ID         uuid.UUID
	N          int // from 1
	Text       string
	Resolution *Resolution // what the answer says of it: of a signed answer, or of the reader's own draft
}

// Resolution is what an answer says of a point.
type Resolution struct {
	Outcome Status
	Reasons string // "" only where it is granted
	Article string // by which it is refused, as its author wrote it
}

func pointText(home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "point", Column: "text", ID: id}.In(home)
}

func resolutionText(column string, home vault.Home, point uuid.UUID) vault.Where {
	return vault.Where{Table: "resolution", Column: column, ID: point}.In(home)
}

const deletePoints = `
DELETE FROM point WHERE filing = $1`

const insertPoint = `
INSERT INTO point (id, filing, n, text)
VALUES ($1, $2, $3, $4)`

// keepPoints writes the points of a draft down, in place of those before.
func (n NewFiling) keepPoints(ctx context.Context, tx *vault.DB, home vault.Home, filing, author uuid.UUID) error {
	if err := tx.Exec(ctx, deletePoints, filing); err != nil {
		return err
	}
	for i, text := range n.Points {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		sealed, err := tx.SealText(pointText(home, id), text, author)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertPoint, id, filing, i+1, sealed); err != nil {
			return err
		}
	}
	return nil
}

// bounded holds the points against their limits. A filing asks for something.
func (n NewFiling) bounded() error {
	if len(n.Points) == 0 || len(n.Points) > MaxPoints {
		return fault.New(fault.Invalid, "fault.points").At("point-1")
	}
	for _, text := range n.Points {
		if length := utf8.RuneCountInString(text); length < MinPoint || length > MaxPointText {
			return fault.New(fault.Invalid, "fault.points").At("point-1")
		}
	}
	return nil
}

const selectPoints = `
SELECT p.id, p.n, p.text, r.outcome, r.reasons, r.article
  FROM point p
  LEFT JOIN answer a ON a.filing = p.filing AND (a.signed_at IS NOT NULL OR a.author = $2)
  LEFT JOIN resolution r ON r.point = p.id AND a.filing IS NOT NULL
 WHERE p.filing = $1
 ORDER BY p.n`

type pointRow struct {
	ID      uuid.UUID `db:"id"`
	N       int       `db:"n"`
	Text    []byte    `db:"text"`
	Outcome *Status   `db:"outcome"`
	Reasons []byte    `db:"reasons"`
	Article []byte    `db:"article"`
}

// points are those of a filing that was fetched through the asker.
func (f Filing) points(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Point, error) {
	home := f.home()
	var rows []pointRow
	if err := db.Select(ctx, &rows, selectPoints, f.ID, ask.Person); err != nil {
		return nil, err
	}
	out := make([]Point, len(rows))
	for i, row := range rows {
		text, err := db.OpenText(ctx, pointText(home, row.ID), row.Text)
		if err != nil {
			return nil, err
		}
		out[i] = Point{ID: row.ID, N: row.N, Text: text}
		if row.Outcome == nil || f.Left {
			continue
		}
		said := Resolution{Outcome: *row.Outcome}
		article, err := db.OpenMaybe(ctx, resolutionText("article", home, row.ID), row.Article)
		if err != nil {
			return nil, err
		}
		said.Article = deref(article)
		if row.Reasons != nil {
			if said.Reasons, err = db.OpenText(ctx, resolutionText("reasons", home, row.ID), row.Reasons); err != nil {
				return nil, err
			}
		}
		out[i].Resolution = &said
	}
	return out, nil
}

// Requests are the texts of the points.
func (f Filing) Requests() []string {
	out := make([]string, len(f.Points))
	for i, p := range f.Points {
		out[i] = p.Text
	}
	return out
}

const deleteResolutions = `
DELETE FROM resolution WHERE point IN (SELECT id FROM point WHERE filing = $1)`

const insertResolution = `
INSERT INTO resolution (point, outcome, reasons, article)
VALUES ($1, $2, $3, $4)`

// resolve writes down what an answer says of each point, in place of what stood there.
func (f Filing) resolve(ctx context.Context, tx *vault.DB, said []Resolution, whose []uuid.UUID) error {
	if err := tx.Exec(ctx, deleteResolutions, f.ID); err != nil {
		return err
	}
	for i, r := range said {
		point := f.Points[i].ID
		var reasons []byte
		if r.Reasons != "" {
			var err error
			if reasons, err = tx.SealText(resolutionText("reasons", f.home(), point), r.Reasons, whose...); err != nil {
				return err
			}
		}
		var article []byte
		if r.Article != "" {
			var err error
			if article, err = tx.SealText(resolutionText("article", f.home(), point), r.Article, whose...); err != nil {
				return err
			}
		}
		if err := tx.Exec(ctx, insertResolution, point, r.Outcome, reasons, article); err != nil {
			return err
		}
	}
	return nil
}

// complete holds that each point is decided, and that what is refused, if only in
// part, has a reason and an article (CPC 99(6), 105(4)).
func complete(of []Point, said []Resolution) error {
	if len(said) != len(of) {
		return fault.New(fault.Invalid, "fault.point-empty").At("outcome-1")
	}
	for i, r := range said {
		switch {
		case r.Outcome.Act() == "":
			return fault.New(fault.Invalid, "fault.point-empty").At(fmt.Sprintf("outcome-%d", i+1))
		case r.Outcome != Granted && r.Reasons == "":
			return fault.New(fault.Invalid, "fault.point-empty").At(fmt.Sprintf("why-%d", i+1))
		case r.Outcome != Granted && r.Article == "":
			return fault.New(fault.Invalid, "fault.point-empty").At(fmt.Sprintf("article-%d", i+1))
		}
	}
	return nil
}

// outcome is what the answers to all points make of the filing.
func outcome(said []Resolution) Status {
	all := said[0].Outcome
	for _, r := range said[1:] {
		if r.Outcome != all {
			return GrantedPart
		}
	}
	return all
}
