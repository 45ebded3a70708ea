// Package materials is the file of a case and familiarisation with it (CPC 294-297):
// what lies in the file sheet by sheet, to whom it is opened and until when, what
// was read, and the record that ends the reading.
package materials

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/job"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Part is the part of the file a material belongs to; schema.sql lists the same.
type Part string

// The parts. The prosecution's list opens to nobody (CPC 296(1)).
const (
	InCase    Part = "case"
	CivilPart Part = "civil-claim"
	InList    Part = "prosecution-list"
)

// Parts are all of them.
var Parts = []Part{InCase, CivilPart, InList}

// State is whether the pages of a material are drawn; schema.sql lists the same.
type State string

// The states of a material.
const (
	Rendering  State = "rendering"
	Ready      State = "ready"
	Unreadable State = "unreadable" // the file cannot be drawn: it must be replaced
)

// Material is a PDF in the file, with its place.
type Material struct {
	ID       uuid.UUID
	Case     uuid.UUID
	Volume   int
	Sheet    int // the first
	Sheets   int
	Title    string
	Part     Part
	Flags    []policy.Flag
	Document uuid.UUID
	State    State
	MadeAt   time.Time
}

// Last is the last sheet.
func (m Material) Last() int { return m.Sheet + m.Sheets - 1 }

// Closed says that nobody outside the investigation reads it.
func (m Material) Closed() bool { return m.Part == InList || len(m.Flags) > 0 }

// New is what the investigator says of a PDF he puts into the file.
type New struct {
	ID       uuid.UUID // of the page that offered the form
	Title    string
	Volume   int
	Sheet    int
	Part     Part
	Flags    []policy.Flag
	Language string
	PDF      []byte
}

func titleAt(casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "material", Column: "title", ID: id, Case: casefile}
}

type materialRow struct {
	ID       uuid.UUID      `db:"id"`
	Case     uuid.UUID      `db:"casefile"`
	Volume   int            `db:"volume"`
	Sheet    int            `db:"sheet"`
	Sheets   int            `db:"sheets"`
	Title    []byte         `db:"title"`
	Part     Part           `db:"part"`
	Flags    pq.StringArray `db:"flags"`
	Document uuid.UUID      `db:"document"`
	State    State          `db:"state"`
	MadeAt   time.Time      `db:"made_at"`
}

const selectAnyMaterial = `
SELECT m.id, m.casefile, m.volume, m.sheet, m.sheets, m.title, m.part, m.flags, m.document, m.state, m.made_at
  FROM material m`

const selectMaterials = selectAnyMaterial + `
 WHERE m.casefile = $1
 ORDER BY m.volume, m.sheet`

const selectMaterial = selectAnyMaterial + `
 WHERE m.id = $1`

func (row materialRow) open(ctx context.Context, db *vault.DB) (Material, error) {
	m := Material{
		ID: row.ID, Case: row.Case, Volume: row.Volume, Sheet: row.Sheet, Sheets: row.Sheets,
		Part: row.Part, Document: row.Document, State: row.State, MadeAt: row.MadeAt,
	}
	for _, f := range row.Flags {
		m.Flags = append(m.Flags, policy.Flag(f))
	}
	var err error
	m.Title, err = db.OpenText(ctx, titleAt(row.Case, row.ID), row.Title)
	return m, err
}

// Contents is the file of a case as officials see it, in the order of its sheets.
func Contents(ctx context.Context, db *vault.DB, ask policy.Ask, casefileID uuid.UUID) (casefile.Case, []Material, error) {
	c, err := casefileOf(ctx, db, ask, casefileID)
	if err != nil {
		return c, nil, err
	}
	all, err := contents(ctx, db, casefileID)
	return c, all, err
}

// casefileOf finds the case first and then asks whether he may: a party reads his
// case and not the file as officials see it.
func casefileOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (casefile.Case, error) {
	c, err := casefile.Read(ctx, db, ask.To(policy.CaseRead), id)
	if err != nil {
		return c, err
	}
	return c, ask.Check(c.Standing)
}

func contents(ctx context.Context, db *vault.DB, casefileID uuid.UUID) ([]Material, error) {
	var rows []materialRow
	if err := db.Select(ctx, &rows, selectMaterials, casefileID); err != nil {
		return nil, err
	}
	out := make([]Material, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.open(ctx, db); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Next is the place a new material would take: after the last sheet of the last
// volume.
func Next(all []Material) (volume, sheet int) {
	if len(all) == 0 {
		return 1, 1
	}
	last := all[len(all)-1]
	return last.Volume, last.Last() + 1
}

// The bounds of a place in the file; schema.sql says the same.
const (
	MaxVolume = 999
	MaxSheet  = 99_999
)

// Add puts a PDF into the file. Its pages are drawn soon after, by the portal at
// work. Adding it twice from one page adds it once.
func Add(ctx context.Context, db *vault.DB, ask policy.Ask, casefileID uuid.UUID, n New) error {
	if _, err := casefileOf(ctx, db, ask, casefileID); err != nil {
		return err
	}
	pages, err := document.Pages(n.PDF) // before the transaction: it takes its time
	if err != nil {
		return fault.New(fault.Invalid, "form.bad-pdf.damaged").At("file").Because(err)
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		c, err := casefileOf(ctx, tx, ask, casefileID)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, c.ID, document.Material, n.Language)
		if err != nil {
			return err
		}
		doc.Content, doc.Nonce = n.PDF, nil
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		return place(ctx, tx, ask, c, n, pages, doc)
	})
}

// Put puts a published decision of the case into its file, as the case itself: the
// same document, at the end.
func Put(ctx context.Context, db *vault.DB, ask policy.Ask, decision uuid.UUID, title string) (uuid.UUID, error) {
	var in uuid.UUID
	err := db.Within(ctx, func(tx *vault.DB) error {
		d, c, err := casefile.ReadDecision(ctx, tx, ask, decision)
		if err != nil {
			return err
		}
		if d.Status != casefile.Published {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		in = c.ID
		doc, err := document.Fetch(ctx, tx, d.Document)
		if err != nil {
			return err
		}
		pages, err := document.Pages(doc.Content)
		if err != nil {
			return fault.New(fault.Conflict, "fault.not-now").Because(err)
		}
		all, err := contents(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		n := New{Title: title, Part: InCase, Flags: d.Flags}
		n.Volume, n.Sheet = Next(all)
		if n.ID, err = uuid.NewV7(); err != nil {
			return err
		}
		return place(ctx, tx, ask, c, n, pages, doc)
	})
	return in, err
}

const lockCase = `
SELECT id FROM casefile WHERE id = $1 FOR UPDATE`

const countOverlaps = `
SELECT count(*) FROM material
 WHERE casefile = $1 AND volume = $2 AND id <> $5
   AND sheet <= CAST($4 AS int) AND sheet + sheets - 1 >= CAST($3 AS int)`

const insertMaterial = `
INSERT INTO material (id, casefile, volume, sheet, sheets, title, part, flags, document, state, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'rendering', $10)`

// place gives a document its sheets; the numbers of others are not taken. The case
// is held meanwhile, so that two do not take one place.
func place(ctx context.Context, tx *vault.DB, ask policy.Ask, c casefile.Case, n New, pages int, doc document.Document) error {
	var id uuid.UUID
	if err := tx.Get(ctx, &id, lockCase, c.ID); err != nil {
		return err
	}
	if n.Sheet+pages-1 > MaxSheet {
		return fault.New(fault.Invalid, "fault.file-sheet-high").At("sheet")
	}
	var taken int
	if err := tx.Get(ctx, &taken, countOverlaps, c.ID, n.Volume, n.Sheet, n.Sheet+pages-1, n.ID); err != nil {
		return err
	}
	if taken > 0 {
		return fault.New(fault.Invalid, "fault.file-sheet-taken").At("sheet")
	}
	title, err := tx.SealText(titleAt(c.ID, n.ID), n.Title)
	if err != nil {
		return err
	}
	flags := make(pq.StringArray, len(n.Flags))
	for i, f := range n.Flags {
		flags[i] = string(f)
	}
	err = tx.Exec(ctx, insertMaterial, n.ID, c.ID, n.Volume, n.Sheet, pages, title, n.Part, flags, doc.ID, ask.At)
	if database.Violates(err, "material_pkey") || database.Violates(err, "material_document_key") {
		return fault.New(fault.Conflict, "fault.file-there")
	}
	if err != nil {
		return err
	}
	content, cms := document.Places(doc.ID, vault.Home{Case: c.ID})
	err = job.AddFor(ctx, tx, ask.At, job.New{Name: RenderJob, At: ask.At, Args: job.Args{"material": n.ID}, Opens: []vault.Where{content, cms}})
	if err != nil {
		return err
	}
	return ledger.Step(ctx, tx.DB, ask, "material", n.ID, c.ID, doc.Digest)
}

// Open is the PDF of a material, for officials of the case.
func Open(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Material, document.Document, error) {
	var m Material
	var doc document.Document
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if err := opening.Hold(ctx, tx, ask, opening.Material, id); err != nil {
			return err
		}
		var c casefile.Case
		if m, c, err = find(ctx, tx, ask, id); err != nil {
			return err
		}
		err = opening.Keep(ctx, tx, ask, opening.Opening{
			Case: m.Case, As: c.Standing, Object: opening.Material, ObjectID: m.ID, Document: m.Document,
		})
		if err != nil {
			return err
		}
		if doc, err = document.Fetch(ctx, tx, m.Document); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "material", m.ID, m.Case, doc.Digest)
	})
	return m, doc, err
}

// find is a material that the asker may do this with. Parties find none this way:
// what they read, they read through their familiarisation.
func find(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Material, casefile.Case, error) {
	var row materialRow
	if err := db.Get(ctx, &row, selectMaterial, id); err != nil {
		return Material{}, casefile.Case{}, err
	}
	c, err := casefile.Read(ctx, db, ask.To(policy.CaseRead), row.Case)
	if err != nil {
		return Material{}, c, err
	}
	if ask.To(policy.FileRead).Check(c.Standing) != nil {
		return Material{}, c, fault.New(fault.NotFound, "fault.not-found")
	}
	if err := ask.Check(c.Standing); err != nil {
		return Material{}, c, err
	}
	m, err := row.open(ctx, db)
	return m, c, err
}

const countSeen = `
SELECT (SELECT count(*) FROM reading r JOIN material_page p ON p.id = r.page WHERE p.material = $1)
     + (SELECT count(*) FROM opening WHERE object = 'material' AND object_id = $1 AND reason = 'own')`

const deleteMaterial = `
DELETE FROM material WHERE id = $1`

// Remove takes a material out of the file: one that no reader has seen yet. What
// somebody has read, found or taken a copy of stays where he saw it.
func Remove(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (uuid.UUID, error) {
	m, c, err := find(ctx, db, ask, id)
	if err != nil {
		return uuid.Nil, err
	}
	return c.ID, db.Within(ctx, func(tx *vault.DB) error {
		var row materialRow
		if err := tx.Get(ctx, &row, lockMaterial, id); err != nil {
			return err
		}
		var seen int
		if err := tx.Get(ctx, &seen, countSeen, id); err != nil {
			return err
		}
		if seen > 0 {
			return fault.New(fault.Conflict, "fault.file-read")
		}
		doc, err := document.Fetch(ctx, tx, m.Document)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, deleteMaterial, id); err != nil {
			return err
		}
		if doc.Kind == document.Material { // a decision has its document for itself
			if err := document.Drop(ctx, tx, doc.ID); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "material", id, m.Case, doc.Digest)
	})
}

const lockMaterial = selectMaterial + `
   FOR UPDATE`

// Size is how much a part of the file weighs, for those who are offered a copy.
type Size struct {
	Volume int
	Sheets int
}

// Volumes are the volumes of a list of materials with their sheets.
func Volumes(all []Material) []Size {
	var out []Size
	for _, m := range all {
		i := slices.IndexFunc(out, func(s Size) bool { return s.Volume == m.Volume })
		if i < 0 {
			out, i = append(out, Size{Volume: m.Volume}), len(out)
		}
		out[i].Sheets += m.Sheets
	}
	return out
}
