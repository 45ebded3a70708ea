package materials

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Entry is a material as its reader sees it in the contents.
type Entry struct {
	Material
	Opened  int       // sheets that were on the screen
	Read    int       // of them, those he looked at for a second or more
	Seconds int       // altogether
	New     bool      // put into the file after he had begun to read, and not opened yet
	At      uuid.UUID // the page to open: the first he has not opened, or the first of all
}

// Left is how many sheets he has not opened.
func (e Entry) Left() int { return e.Sheets - e.Opened }

// visible are the materials that a part of the file opens, in order. What is secret,
// the prosecution's list and what cannot be drawn are in none.
func visible(ctx context.Context, db *vault.DB, casefileID uuid.UUID, part policy.FilePart) ([]Material, error) {
	all, err := contents(ctx, db, casefileID)
	return slices.DeleteFunc(all, func(m Material) bool {
		return m.Closed() || m.State != Ready || !slices.Contains(parts(part), string(m.Part))
	}), err
}

// parts are the parts of the file by the words of schema.sql.
func parts(part policy.FilePart) pq.StringArray {
	switch part {
	case policy.WholeFile:
		return pq.StringArray{string(InCase), string(CivilPart)}
	case policy.ClaimPart:
		return pq.StringArray{string(CivilPart)}
	}
	return pq.StringArray{}
}

type leafRow struct {
	ID       uuid.UUID  `db:"id"`
	Material uuid.UUID  `db:"material"`
	Number   int        `db:"number"`
	FirstAt  *time.Time `db:"first_at"`
	LastAt   *time.Time `db:"last_at"`
	Seconds  *int       `db:"seconds"`
}

// The sheets themselves the database shows no more when the last day has passed; what was
// read of them the record says all the same, by their numbers.
const selectLeaves = `
SELECT p.id, m.id AS material, p.number, r.first_at, r.last_at, r.seconds
  FROM material m
 CROSS JOIN LATERAL (SELECT id, number FROM material_page WHERE material = m.id UNION SELECT id, number FROM fence.leaves(m.id)) AS p
  LEFT JOIN reading r ON r.page = p.id AND r.familiarisation = $2
 WHERE m.casefile = $1 AND m.state = 'ready' AND m.flags = '{}' AND m.part = ANY ($3)
 ORDER BY m.volume, m.sheet, p.number`

// Table is what is opened to a reader, and what he has read of it.
func Table(ctx context.Context, db *vault.DB, f Familiarisation) ([]Entry, error) {
	all, err := visible(ctx, db, f.Case, f.Part)
	if err != nil {
		return nil, err
	}
	var leaves []leafRow
	if err := db.Select(ctx, &leaves, selectLeaves, f.Case, f.ID, parts(f.Part)); err != nil {
		return nil, err
	}
	var began time.Time
	for _, leaf := range leaves {
		if leaf.FirstAt != nil && (began.IsZero() || leaf.FirstAt.Before(began)) {
			began = *leaf.FirstAt
		}
	}
	of := map[uuid.UUID][]leafRow{}
	for _, leaf := range leaves {
		of[leaf.Material] = append(of[leaf.Material], leaf)
	}
	out := make([]Entry, len(all))
	for i, m := range all {
		e := Entry{Material: m}
		for _, leaf := range of[m.ID] {
			if e.At == uuid.Nil || leaf.FirstAt == nil && e.Opened > 0 && e.Opened == leaf.Number-1 {
				e.At = leaf.ID
			}
			if leaf.FirstAt == nil {
				continue
			}
			e.Opened++
			e.Seconds += *leaf.Seconds
			if *leaf.Seconds > 0 {
				e.Read++
			}
		}
		e.New = e.Opened == 0 && !began.IsZero() && m.MadeAt.After(began)
		out[i] = e
	}
	return out, nil
}

// Sheet is one page of the file on the screen of its reader.
type Sheet struct {
	Familiarisation Familiarisation
	Material        Material
	ID              uuid.UUID
	Sheet           int // its number in the volume
	Place, Of       int // among all that is opened
	Prev, Next      uuid.UUID
	Width, Height   int    // of the picture, pixels
	Words           string // its text, if it has one
	Note            []byte // the reader's own, encrypted by him; nil where there is none
}

// HasPrev and HasNext say that there is a page before this one, and after it.
func (s Sheet) HasPrev() bool { return s.Prev != uuid.Nil }
func (s Sheet) HasNext() bool { return s.Next != uuid.Nil }

type sheetRow struct {
	ID       uuid.UUID     `db:"id"`
	Material uuid.UUID     `db:"material"`
	Number   int           `db:"number"`
	Place    int           `db:"place"`
	Of       int           `db:"of"`
	Prev     uuid.NullUUID `db:"prev"`
	Next     uuid.NullUUID `db:"next"`
}

const selectSheet = `
SELECT id, material, number, place, of, prev, next
  FROM (SELECT p.id, p.material, p.number, row_number() OVER w AS place, count(*) OVER () AS of,
               lag(p.id) OVER w AS prev, lead(p.id) OVER w AS next
          FROM material m
          JOIN material_page p ON p.material = m.id
         WHERE m.casefile = $1 AND m.state = 'ready' AND m.flags = '{}' AND m.part = ANY ($2)
        WINDOW w AS (ORDER BY m.volume, m.sheet, p.number)) AS pages
 WHERE id = $3`

type leafContent struct {
	Width  int    `db:"width"`
	Height int    `db:"height"`
	Words  []byte `db:"words"`
	Note   []byte `db:"note"`
}

const selectLeaf = `
SELECT p.width, p.height, p.words, n.content AS note
  FROM material_page p
  LEFT JOIN note n ON n.page = p.id AND n.person = $2
 WHERE p.id = $1`

// reads is a familiarisation in which the asker reads today.
func reads(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Familiarisation, error) {
	f, err := Read(ctx, db, ask, id)
	if err == nil && !f.Reads(ask.At) {
		err = fault.New(fault.Conflict, "fault.file-closed").Under(law.CPC(294))
	}
	return f, err
}

// held is reads for a view: what the right to it rests on does not end before the
// transaction does.
func held(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Familiarisation, error) {
	f, err := reads(ctx, tx, ask, id)
	if err != nil {
		return f, err
	}
	if err := opening.HoldCase(ctx, tx, ask, f.Case); err != nil {
		return f, err
	}
	return reads(ctx, tx, ask, id)
}

// Turn opens a page of the file to its reader and counts that it was opened. How
// long it was read the browser tells afterwards (Spent).
func Turn(ctx context.Context, db *vault.DB, ask policy.Ask, id, page uuid.UUID) (Sheet, error) {
	var s Sheet
	err := db.Within(ctx, func(tx *vault.DB) error {
		f, err := held(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if s, err = leaf(ctx, tx, ask, f, page); err != nil {
			return err
		}
		return s.keep(ctx, tx, ask)
	})
	return s, err
}

func leaf(ctx context.Context, db *vault.DB, ask policy.Ask, f Familiarisation, page uuid.UUID) (Sheet, error) {
	s := Sheet{Familiarisation: f, ID: page}
	var row sheetRow
	if err := db.Get(ctx, &row, selectSheet, f.Case, parts(f.Part), page); err != nil {
		return s, err
	}
	var of materialRow
	if err := db.Get(ctx, &of, selectMaterial, row.Material); err != nil {
		return s, err
	}
	var err error
	if s.Material, err = of.open(ctx, db); err != nil {
		return s, err
	}
	var content leafContent
	if err := db.Get(ctx, &content, selectLeaf, page, ask.Person); err != nil {
		return s, err
	}
	s.Sheet, s.Place, s.Of, s.Prev, s.Next = s.Material.Sheet+row.Number-1, row.Place, row.Of, row.Prev.UUID, row.Next.UUID
	s.Width, s.Height, s.Note = content.Width, content.Height, content.Note
	s.Words, err = maybe(ctx, db, wordsAt(f.Case, page), content.Words)
	return s, err
}

// idle is the most that counts as reading between two requests of a browser that
// tells nothing itself.
const idle = 5 * time.Minute

const settleReading = `
UPDATE reading
   SET seconds = seconds + CAST(least(extract(epoch FROM CAST($2 AS timestamptz) - last_at), $3) AS int), told = true
 WHERE familiarisation = $1 AND NOT told AND last_at <= CAST($2 AS timestamptz)`

const insertReading = `
INSERT INTO reading (familiarisation, page, first_at, last_at, times, seconds, told)
VALUES ($1, $2, $3, $3, 1, 0, false)
    ON CONFLICT (familiarisation, page) DO UPDATE
   SET times = reading.times + 1, last_at = $3, told = false`

const countOpened = `
SELECT count(*) FROM reading r JOIN material_page p ON p.id = r.page
 WHERE r.familiarisation = $1 AND p.material = $2`

// keep counts the opening of a page. The first of a material is an act of its own in
// the record.
func (s Sheet) keep(ctx context.Context, tx *vault.DB, ask policy.Ask) error {
	f := s.Familiarisation
	if err := settle(ctx, tx, f.ID, ask.At); err != nil {
		return err
	}
	var before int
	if err := tx.Get(ctx, &before, countOpened, f.ID, s.Material.ID); err != nil {
		return err
	}
	if err := tx.Exec(ctx, insertReading, f.ID, s.ID, ask.At); err != nil {
		return err
	}
	view := opening.Opening{
		Case: f.Case, As: policy.Party, Role: f.Role, Object: opening.Material, ObjectID: s.Material.ID, Document: s.Material.Document,
	}
	if before > 0 {
		return opening.Show(ctx, tx, ask, view)
	}
	if err := opening.Keep(ctx, tx, ask, view); err != nil {
		return err
	}
	return ledger.Step(ctx, tx.DB, ask, "material", s.Material.ID, f.Case, nil)
}

// settle counts the time since the last page, where the browser did not tell it.
func settle(ctx context.Context, tx *vault.DB, id uuid.UUID, at time.Time) error {
	return tx.Exec(ctx, settleReading, id, at, int(idle.Seconds()))
}

// Settle counts the time of the last page as the reader leaves it for the contents.
func Settle(ctx context.Context, db *vault.DB, ask policy.Ask, f Familiarisation) error {
	if !f.Mine || f.Status != Opened {
		return nil
	}
	return settle(ctx, db, f.ID, ask.At)
}

// MaxSpent is the most that a browser may tell at once.
const MaxSpent = 5 * time.Minute

const spend = `
UPDATE reading
   SET seconds = seconds + CAST(least($4, greatest(0, floor(extract(epoch FROM CAST($3 AS timestamptz) - last_at)))) AS int),
       last_at = greatest(last_at, CAST($3 AS timestamptz)), told = true
 WHERE familiarisation = $1 AND page = $2`

// Spent adds what the browser tells: for so long the page was before somebody's eyes
// since it told the last time. More than has passed by our clock does not count; a
// time that is none, or longer than MaxSpent, is Invalid.
func Spent(ctx context.Context, db *vault.DB, ask policy.Ask, id, page uuid.UUID, d time.Duration) error {
	f, err := reads(ctx, db, ask, id)
	if err != nil {
		return err
	}
	if d < 0 || d > MaxSpent {
		return fault.New(fault.Invalid, "fault.request")
	}
	n, err := db.Change(ctx, spend, f.ID, page, ask.At, int(d.Seconds()))
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return err
}

const selectSmall = `
SELECT small FROM material_page WHERE id = $1`

const selectSharp = `
SELECT sharp FROM material_page WHERE id = $1`

// Picture is the picture of a page, small or sharp.
func Picture(ctx context.Context, db *vault.DB, ask policy.Ask, id, page uuid.UUID, sharp bool) ([]byte, error) {
	var picture []byte
	return picture, db.Within(ctx, func(tx *vault.DB) error {
		f, err := held(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		var row sheetRow
		if err := tx.Get(ctx, &row, selectSheet, f.Case, parts(f.Part), page); err != nil {
			return err
		}
		var sealed []byte
		if sharp {
			if err := tx.Get(ctx, &sealed, selectSharp, page); err != nil {
				return err
			}
			picture, err = tx.Open(ctx, sharpAt(f.Case, page), sealed)
			return err
		}
		if err := tx.Get(ctx, &sealed, selectSmall, page); err != nil {
			return err
		}
		picture, err = tx.Open(ctx, smallAt(f.Case, page), sealed)
		return err
	})
}

// Hit is a place where the words that were looked for stand.
type Hit struct {
	Page                 uuid.UUID
	material, document   uuid.UUID
	Title                string
	Volume, Sheet        int
	Before, Match, After string // a fragment of the text around the first of them
}

// MaxHits is how many places a search shows at once.
const MaxHits = 50

// Place is a sheet of the file.
type Place struct{ Volume, Sheet int }

// Found is what a search shows.
type Found struct {
	Hits []Hit
	Left *Place // the last sheet it has looked at, where there are more; nil at the end of the file
}

type wordsRow struct {
	ID       uuid.UUID `db:"id"`
	Title    []byte    `db:"title"`
	Of       uuid.UUID `db:"material"`
	Document uuid.UUID `db:"document"`
	Volume   int       `db:"volume"`
	Sheet    int       `db:"sheet"`
	Words    []byte    `db:"words"`
}

const selectWords = `
SELECT p.id, m.title, m.id AS material, m.document, m.volume, m.sheet + p.number - 1 AS sheet, p.words
  FROM material m
  JOIN material_page p ON p.material = m.id
 WHERE m.casefile = $1 AND m.state = 'ready' AND m.flags = '{}' AND m.part = ANY ($2) AND p.words IS NOT NULL
   AND (m.volume, m.sheet + p.number - 1) > (CAST($3 AS int), CAST($4 AS int))
 ORDER BY m.volume, m.sheet, p.number`

// searched is how many pages a search asks the keeper for at once: their texts are in
// memory together.
const searched = vault.MaxAsks / 2

// searchable is how many pages one search looks at: twice as many are well below what the
// keeper opens to a person in a minute. A variable for the tests.
var searchable = 2 * vault.MaxAsks

// errEnough ends a search that has found what it shows, or looked at what it may.
var errEnough = errors.New("enough")

// Search finds the pages behind a sheet on which all the words stand, in whatever form: a
// word is found by its beginning. What it shows of a material is a view of it.
func Search(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, query string, behind Place) (Found, error) {
	var out Found
	f, err := reads(ctx, db, ask, id)
	if err != nil {
		return out, err
	}
	wanted := stems(query)
	if len(wanted) == 0 {
		return out, nil
	}
	var some []wordsRow // that the keeper is asked for at once
	looked := 0
	look := func() error {
		objects := make([]vault.Sealed, len(some))
		for i, row := range some {
			objects[i] = vault.Sealed{Where: wordsAt(f.Case, row.ID), Bytes: row.Words}
		}
		texts, err := db.OpenAll(ctx, objects)
		if err != nil {
			return err
		}
		for i, row := range some {
			text := string(texts[i])
			from, to, ok := stand(text, wanted)
			if !ok {
				continue
			}
			if len(out.Hits) == MaxHits {
				last := out.Hits[MaxHits-1]
				out.Left, some = &Place{last.Volume, last.Sheet}, nil
				return errEnough
			}
			hit := Hit{Page: row.ID, material: row.Of, document: row.Document, Volume: row.Volume, Sheet: row.Sheet}
			if hit.Title, err = db.OpenText(ctx, titleAt(f.Case, row.Of), row.Title); err != nil {
				return err
			}
			hit.Before, hit.Match, hit.After = around(text, from, to)
			out.Hits = append(out.Hits, hit)
		}
		looked += len(some)
		some = some[:0]
		return nil
	}
	var last Place
	err = database.Each(ctx, db.DB, func(row wordsRow) error {
		if looked+len(some) == searchable {
			out.Left = &last
			return errEnough
		}
		last = Place{row.Volume, row.Sheet}
		if some = append(some, row); len(some) < searched {
			return nil
		}
		return look()
	}, selectWords, f.Case, parts(f.Part), behind.Volume, behind.Sheet)
	if err == nil || errors.Is(err, errEnough) {
		err = look() // at the rest of them
	}
	if err != nil && !errors.Is(err, errEnough) {
		return Found{}, err
	}
	return out, shown(ctx, db, ask, f.ID, out.Hits)
}

// shown writes down of which materials the reader sees a fragment.
func shown(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, hits []Hit) error {
	if len(hits) == 0 {
		return nil
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := held(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		var last uuid.UUID
		for _, hit := range hits {
			if hit.material == last { // they come in the order of the sheets
				continue
			}
			last = hit.material
			err := opening.Keep(ctx, tx, ask, opening.Opening{
				Case: f.Case, As: policy.Party, Role: f.Role, Object: opening.Material, ObjectID: hit.material, Document: hit.document,
			})
			if err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", f.ID, f.Case, nil)
	})
}

// fold makes letters alike that a reader does not tell apart: small and capital, and
// the letter yo, which is mostly printed as ye.
func fold(word string) string {
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); r == '\u0451' {
			return '\u0435'
		}
		return r
	}, word)
}

// stems are the beginnings of the words of a query: both languages put what changes
// at the end, so a third of a long word is left off.
func stems(query string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(fold(query), separates) {
		letters := []rune(word)
		if n := len(letters); n >= 5 {
			letters = letters[:n-n/3]
		}
		out = append(out, string(letters))
	}
	return out
}

func separates(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// stand says whether a text has a word for each beginning, and where the first of
// them is.
func stand(text string, wanted []string) (from, to int, ok bool) {
	found := make([]bool, len(wanted))
	from = -1
	begin := -1
	look := func(end int) {
		word := fold(text[begin:end])
		for i, stem := range wanted {
			if strings.HasPrefix(word, stem) {
				found[i] = true
				if from < 0 {
					from, to = begin, end
				}
			}
		}
		begin = -1
	}
	for at, r := range text {
		switch {
		case separates(r) && begin >= 0:
			look(at)
		case !separates(r) && begin < 0:
			begin = at
		}
	}
	if begin >= 0 {
		look(len(text))
	}
	return from, to, !slices.Contains(found, false)
}

// around is a word with some of the text on both sides.
func around(text string, from, to int) (before, match, after string) {
	const side = 70
	b, a := []rune(text[:from]), []rune(text[to:])
	if len(b) > side {
		b = append([]rune("…"), b[len(b)-side:]...)
	}
	if len(a) > side {
		a = append(a[:side:side], '…')
	}
	return string(b), text[from:to], string(a)
}

// Portion is what somebody wants a copy of: a volume, a single material, or with neither
// all that is opened to him.
type Portion struct {
	Volume   int
	Material uuid.UUID
}

func (p Portion) has(m Material) bool {
	return (p.Volume == 0 || m.Volume == p.Volume) && (p.Material == uuid.Nil || m.ID == p.Material)
}

// mostCopied is how many bytes are bound into one file; a single material is as it came,
// whatever it weighs. A variable for the tests.
var mostCopied = document.MaxBound

// Copy is a portion of what is opened to a reader as one PDF, and the materials in it.
// Who may read the file may take copies of what he reads (CPC 296), unless his power
// has no copies in it.
func Copy(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, of Portion) (Familiarisation, []Material, []byte, error) {
	var f Familiarisation
	var all []Material
	var bound []byte
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if f, err = held(ctx, tx, ask, id); err != nil {
			return err
		}
		if all, err = visible(ctx, tx, f.Case, f.Part); err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(m Material) bool { return !of.has(m) })
		if !f.MayCopy || len(all) == 0 {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		var pdfs [][]byte
		size := 0
		for _, m := range all {
			doc, err := document.Fetch(ctx, tx, m.Document)
			if err != nil {
				return err
			}
			if size += len(doc.Content); size > mostCopied && len(all) > 1 {
				return fault.New(fault.Conflict, "fault.file-copy-large")
			}
			pdfs = append(pdfs, doc.Content)
			err = opening.Keep(ctx, tx, ask, opening.Opening{
				Case: f.Case, As: policy.Party, Role: f.Role, Object: opening.Material, ObjectID: m.ID, Document: m.Document,
			})
			if err != nil {
				return err
			}
		}
		bound, err = document.Bind(pdfs)
		switch {
		case errors.Is(err, document.ErrBusy):
			return fault.New(fault.Unavailable, "fault.file-busy").Because(err)
		case err != nil: // it takes too long, or one of them binds with no other: each by itself is there
			return fault.New(fault.Conflict, "fault.file-copy-large").Because(err)
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", f.ID, f.Case, nil)
	})
	return f, all, bound, err
}
