package materials_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// world has a file of four materials: two of the case, one of the civil claim, a
// secret one and the prosecution's list.
type world struct {
	*portaltest.W
	search, witness, claim, secret, list uuid.UUID
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{W: portaltest.World(t)}
	w.search = w.Material(materials.New{Title: "Тінту хаттамасы"}, "Тінту кезінде үйден ноутбук табылды.", "Тінтудің барысы бейнежазбаға түсірілді.", "Ескерту түскен жоқ.")
	w.witness = w.Material(materials.New{Title: "Жауап алу хаттамасы"}, "Свидетель рассказал о ноутбуке и пёстрой сумке.")
	w.claim = w.Material(materials.New{Title: "Талап арыз", Part: materials.CivilPart, Volume: 2, Sheet: 1}, "Есік пен құлыпты ауыстыруға 186 000 теңге жұмсалды.")
	w.secret = w.Material(materials.New{Title: "Банк мәліметі", Flags: []policy.Flag{"other-secret"}}, "Шот нөмірі.")
	w.list = w.Material(materials.New{Title: "Тізім", Part: materials.InList}, "Шақырылатын адамдар.")
	w.EndNotice()
	return w
}

func is(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

func (w *world) table(t *testing.T, a *portaltest.Actor, id uuid.UUID) string {
	t.Helper()
	f, err := materials.Read(t.Context(), w.DB, a.Asks(policy.FamiliarisationRead), id)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := materials.Table(t.Context(), w.DB, f)
	if err != nil {
		t.Fatal(err)
	}
	return "title | volume | sheet | last | opened | read | new\n" + portaltest.Lines(entries, func(e materials.Entry) string {
		return fmt.Sprint(e.Title, " | ", e.Volume, " | ", e.Sheet, " | ", e.Last(), " | ", e.Opened, " | ", e.Read, " | ", e.New)
	})
}

func TestTheFileIsNumberedSheetBySheetAndNoSheetIsTakenTwice(t *testing.T) {
	w := open(t)
	w.Want(t, `SELECT volume, sheet, sheets, part, state FROM material ORDER BY volume, sheet`, `
		volume | sheet | sheets | part             | state
		1      | 1     | 3      | case             | ready
		1      | 4     | 1      | case             | ready
		2      | 1     | 1      | civil-claim      | ready
		2      | 2     | 1      | case             | ready
		2      | 3     | 1      | prosecution-list | ready`)
	for _, sheet := range []int{1, 3, 4} {
		err := materials.Add(t.Context(), w.DB, w.Daniyar.Asks(policy.MaterialAdd), w.Theft, materials.New{
			ID: uuid.Must(uuid.NewV7()), Title: "Тағы", Volume: 1, Sheet: sheet, Part: materials.InCase, Language: "kk", PDF: w.PDF("Бір парақ."),
		})
		is(t, fmt.Sprint("sheet ", sheet), err, fault.Invalid)
	}
	// Nobody else puts anything into it.
	n := materials.New{ID: uuid.Must(uuid.NewV7()), Title: "Тағы", Volume: 9, Sheet: 1, Part: materials.InCase, Language: "kk", PDF: w.PDF("Бір парақ.")}
	for _, a := range []*portaltest.Actor{w.Aigul, w.Dana, w.Zhanar} {
		is(t, a.Word, materials.Add(t.Context(), w.DB, a.Asks(policy.MaterialAdd), w.Theft, n), fault.Forbidden)
	}
	for _, a := range []*portaltest.Actor{w.Stranger, w.Ermek, w.Bolat} {
		is(t, a.Word, materials.Add(t.Context(), w.DB, a.Asks(policy.MaterialAdd), w.Theft, n), fault.NotFound)
	}
	w.Sound()
}

// What a secret and the prosecution's list say never becomes a picture or a text.
func TestWhatNobodyReadsIsNotDrawn(t *testing.T) {
	w := open(t)
	w.Want(t, `SELECT m.part, count(p.id) AS pages FROM material m LEFT JOIN material_page p ON p.material = m.id
		WHERE m.flags <> '{}' OR m.part = 'prosecution-list' GROUP BY m.id, m.part ORDER BY m.part`, `
		part             | pages
		case             | 0
		prosecution-list | 0`)
}

func TestTheFileOpensToEachAsFarAsTheCodeOpensItAndToNobodyElse(t *testing.T) {
	w := open(t)
	whole := `
		title               | volume | sheet | last | opened | read | new
		Тінту хаттамасы     | 1      | 1     | 3    | 0      | 0    | false
		Жауап алу хаттамасы | 1      | 4     | 4    | 0      | 0    | false
		Талап арыз          | 2      | 1     | 1    | 0      | 0    | false`
	claim := `
		title      | volume | sheet | last | opened | read | new
		Талап арыз | 2      | 1     | 1    | 0      | 0    | false`
	opened := map[*portaltest.Actor]uuid.UUID{}
	for _, c := range []struct {
		who  *portaltest.Actor
		sees string
	}{{w.Aigul, whole}, {w.Serik, whole}, {w.Dana, whole}, {w.Saule, claim}} {
		id := w.Opened(c.who.Word + "@theft")
		opened[c.who] = id
		portaltest.WantText(t, c.who.Word, w.table(t, c.who, id), c.sees)
	}
	page := w.Pages(w.search)[0]
	for who, id := range opened {
		for other := range opened {
			if other == who {
				continue
			}
			_, err := materials.Read(t.Context(), w.DB, other.Asks(policy.FamiliarisationRead), id)
			is(t, other.Word+" reads what was opened to "+who.Word, err, fault.NotFound)
			_, err = materials.Turn(t.Context(), w.DB, other.Asks(policy.FamiliarisationPage), id, page)
			is(t, other.Word+" turns a page of "+who.Word, err, fault.NotFound)
		}
		for _, a := range []*portaltest.Actor{w.Stranger, w.Timur, w.Nurlan, w.Ermek, w.Bolat} {
			_, err := materials.Read(t.Context(), w.DB, a.Asks(policy.FamiliarisationRead), id)
			is(t, a.Word, err, fault.NotFound)
		}
		_, err := materials.Turn(t.Context(), w.DB, w.Daniyar.Asks(policy.FamiliarisationPage), id, page)
		is(t, "the investigator reads in a reader's place", err, fault.Forbidden)
	}
	for what, closed := range map[string]uuid.UUID{"the search": page, "the witness": w.Pages(w.witness)[0]} {
		_, err := materials.Turn(t.Context(), w.DB, w.Saule.Asks(policy.FamiliarisationPage), opened[w.Saule], closed)
		is(t, "the plaintiff opens "+what, err, fault.NotFound)
		_, err = materials.Picture(t.Context(), w.DB, w.Saule.Asks(policy.FamiliarisationPicture), opened[w.Saule], closed, false)
		is(t, "the plaintiff has the picture of "+what, err, fault.NotFound)
		is(t, "the plaintiff notes on "+what, materials.SaveNote(t.Context(), w.DB, w.Saule.Asks(policy.FamiliarisationNote), opened[w.Saule], closed, make([]byte, 60)), fault.NotFound)
	}
	found, err := materials.Search(t.Context(), w.DB, w.Saule.Asks(policy.FamiliarisationSearch), opened[w.Saule], "ноутбук", materials.Place{})
	if err != nil || len(found.Hits) > 0 {
		t.Errorf("the plaintiff finds %v, %v", found, err)
	}
}

// A page whose material becomes secret later is closed at once.
func TestAFlagClosesWhatWasOpen(t *testing.T) {
	w := open(t)
	id, page := w.Opened("aigul@theft"), w.Pages(w.search)[0]
	if _, err := materials.Turn(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPage), id, page); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{`flags = '{protected-person}'`, `flags = '{}', part = 'prosecution-list'`} {
		if _, err := w.SQL.Exec(`UPDATE material SET `+change+` WHERE id = $1`, w.search); err != nil {
			t.Fatal(err)
		}
		_, err := materials.Turn(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPage), id, page)
		is(t, change, err, fault.NotFound)
		_, err = materials.Picture(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPicture), id, page, true)
		is(t, change, err, fault.NotFound)
		found, err := materials.Search(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationSearch), id, "тінту", materials.Place{})
		if err != nil || len(found.Hits) != 0 {
			t.Errorf("%s: found %v, %v", change, found, err)
		}
		if _, _, pdf, err := materials.Copy(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationCopy), id, materials.Portion{}); err != nil || strings.Contains(portaltest.PDFText(t, pdf), "ноутбук табылды") {
			t.Errorf("%s: the copy has it, %v", change, err)
		}
	}
}

func TestNothingOpensBeforeTheNoticeOfTheEnd(t *testing.T) {
	w := portaltest.World(t)
	aigul := w.Participant("aigul@theft")
	w.Material(materials.New{}, "Бір парақ.")
	is(t, "without the notice", w.Invite(aigul), fault.Conflict)
	w.EndNotice()
	// Drafts are prepared, and what changes before they are signed counts.
	id := w.Notice("aigul@theft")
	if _, err := w.SQL.Exec(`UPDATE material SET state = 'unreadable'`); err != nil {
		t.Fatal(err)
	}
	is(t, "with a sheet that cannot be read", w.Begin(id), fault.Conflict)
	if _, err := w.SQL.Exec(`UPDATE material SET state = 'ready'`); err != nil {
		t.Fatal(err)
	}
	if err := w.End(w.Daniyar, aigul); err != nil {
		t.Fatal(err)
	}
	is(t, "to one whose status has ended", w.Begin(id), fault.Conflict)
	w.Want(t, `SELECT status FROM familiarisation`, "status\ndraft")
	_, err := materials.Read(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationRead), id)
	is(t, "a draft, to its reader", err, fault.NotFound)
	_, err = materials.Read(t.Context(), w.DB, w.Zhanar.Asks(policy.FamiliarisationRead), id)
	is(t, "a draft, to the prosecutor", err, fault.NotFound)
	if _, err := materials.Discard(t.Context(), w.DB, w.Daniyar.Asks(policy.FamiliarisationDiscard), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM familiarisation`, "count\n0")
	w.Sound()
}

func TestATerminatedCaseOpensWithoutTheNotice(t *testing.T) {
	w := &world{W: portaltest.World(t)}
	w.Material(materials.New{}, "Бір парақ.")
	w.SQL.MustExec(`ALTER TABLE decision DISABLE TRIGGER is_final`)
	for _, kind := range []string{"terminated-full", "prosecution-terminated"} {
		if _, err := w.SQL.Exec(`UPDATE decision SET kind = $1 WHERE id = $2`, kind, w.Decision("group")); err != nil {
			t.Fatal(err)
		}
		if err := materials.Hindrance(t.Context(), w.DB, w.Theft); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	// The notice is of the articles by which it opens: petitions after the reading are of a
	// case that goes on (CPC 297), a termination is complained of.
	id := w.Notice("aigul@theft")
	paper := w.noticed(t, id)
	for _, want := range []string{"289 және 290-баптары", "102-бабы", "106-бабының 5-бөлігі"} {
		if !strings.Contains(paper, want) {
			t.Errorf("the notice after a termination has no %q:\n%s", want, paper)
		}
	}
	for _, wrong := range []string{"294", "297", "үш тәулік"} {
		if strings.Contains(paper, wrong) {
			t.Errorf("the notice after a termination says %q:\n%s", wrong, paper)
		}
	}
	// An investigation that was resumed and ended anew is read by CPC 294 again.
	w.At = w.At.Add(time.Hour)
	w.EndNotice()
	if paper := w.noticed(t, w.Notice("serik@theft")); !strings.Contains(paper, "294-бабы бойынша") || !strings.Contains(paper, "үш тәулік") {
		t.Errorf("the notice after a new end of the acts:\n%s", paper)
	}
	w.Want(t, `SELECT terminated FROM familiarisation ORDER BY made_at`, "terminated\ntrue\nfalse")
}

// noticed is a notice as it is read, on one line.
func (w *world) noticed(t *testing.T, id uuid.UUID) string {
	t.Helper()
	_, doc, err := materials.ReadNotice(t.Context(), w.DB, w.Daniyar.Asks(policy.FamiliarisationCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(portaltest.PDFText(t, doc.Content)), " ")
}

func TestTheTermOpensAndClosesTheFile(t *testing.T) {
	w := open(t)
	id, page := w.Opened("aigul@theft"), w.Pages(w.search)[0]
	turn := func() error {
		_, err := materials.Turn(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPage), id, page)
		return err
	}
	began := w.At
	w.At = began.AddDate(0, 0, -1)
	is(t, "the day before", turn(), fault.Conflict)
	w.At = began.AddDate(0, 0, 9)
	if err := turn(); err != nil {
		t.Errorf("the last day: %v", err)
	}
	w.At = began.AddDate(0, 0, 10)
	for what, err := range map[string]error{
		"a page": turn(),
		"a picture": func() error {
			_, err := materials.Picture(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPicture), id, page, false)
			return err
		}(),
		"a copy": func() error {
			_, _, _, err := materials.Copy(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationCopy), id, materials.Portion{})
			return err
		}(),
		"a search": func() error {
			_, err := materials.Search(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationSearch), id, "тінту", materials.Place{})
			return err
		}(),
		"time": materials.Spent(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationTime), id, page, time.Second),
	} {
		is(t, what+" after the last day", err, fault.Conflict)
	}
}

// The last day closes nothing to a suspect and his defender (CPC 296(3)), and they need not
// ask; what closes the file to them is their own record.
func TestTheDefenceReadsForAsLongAsItNeeds(t *testing.T) {
	w := open(t)
	page := w.Pages(w.search)[0]
	opened := map[*portaltest.Actor]uuid.UUID{}
	for _, a := range []*portaltest.Actor{w.Serik, w.Dana} {
		opened[a] = w.Opened(a.Word + "@theft")
	}
	w.Opened("aigul@theft")
	w.At = w.At.AddDate(0, 0, 40)
	for a, id := range opened {
		if _, err := materials.Turn(t.Context(), w.DB, a.Asks(policy.FamiliarisationPage), id, page); err != nil {
			t.Errorf("%s turns a page a month after the last day: %v", a.Word, err)
		}
		if _, err := materials.Picture(t.Context(), w.DB, a.Asks(policy.FamiliarisationPicture), id, page, false); err != nil {
			t.Errorf("%s has no picture a month after the last day: %v", a.Word, err)
		}
		is(t, a.Word+" asks for more time, who has all of it", materials.Plead(t.Context(), w.DB, a.Asks(policy.FamiliarisationPlead), id, "Үлгермедім, тағы уақыт керек."), fault.Conflict)
		is(t, "it is opened again to "+a.Word+", who reads it", w.Invite(w.Participant(a.Word+"@theft")), fault.Invalid)
	}
	w.At = w.At.AddDate(0, 0, -45)
	_, err := materials.Turn(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationPage), opened[w.Serik], page)
	is(t, "before the first day", err, fault.Conflict)
	// The notice says so to whom it is so, and offers the five days of CPC 294(4) to others.
	for _, c := range []struct{ who, has, not string }{
		{"serik@theft", "296-бабының 3-бөлігі", "бес тәулік"}, {"aigul@theft", "бес тәулік", "296-бабының"},
	} {
		var id uuid.UUID
		if err := w.SQL.Get(&id, `SELECT id FROM familiarisation WHERE participant = $1`, w.Participant(c.who)); err != nil {
			t.Fatal(err)
		}
		if paper := w.noticed(t, id); !strings.Contains(paper, c.has) || strings.Contains(paper, c.not) {
			t.Errorf("the notice to %s:\n%s", c.who, paper)
		}
	}
}

// Who did not come, or signed nothing, is no dead end: the file is opened anew, and what was
// read before stays written where it was read.
func TestAfterTheLastDayTheFileIsOpenedAnew(t *testing.T) {
	w := open(t)
	aigul, page := w.Participant("aigul@theft"), w.Pages(w.search)[0]
	first := w.Opened("aigul@theft")
	turn := func(id uuid.UUID) error {
		_, err := materials.Turn(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPage), id, page)
		return err
	}
	if err := turn(first); err != nil {
		t.Fatal(err)
	}
	began := w.At
	w.At = began.AddDate(0, 0, 9)
	is(t, "on the last day", w.Invite(aigul), fault.Invalid)
	w.At = began.AddDate(0, 0, 20)
	is(t, "after it", turn(first), fault.Conflict)
	second := w.Notice("aigul@theft")
	w.Want(t, `SELECT status FROM familiarisation ORDER BY made_at`, "status\nopen\ndraft")
	is(t, "a second notice", w.Invite(aigul), fault.Invalid)
	// A notice that lay until its own last day passed opens nothing: it is prepared anew.
	w.At = began.AddDate(0, 0, 40)
	is(t, "a notice whose days have passed", w.Begin(second), fault.Invalid)
	w.Want(t, `SELECT status FROM familiarisation ORDER BY made_at`, "status\nopen\ndraft")
	if _, err := materials.Discard(t.Context(), w.DB, w.Daniyar.Asks(policy.FamiliarisationDiscard), second); err != nil {
		t.Fatal(err)
	}
	second = w.Opened("aigul@theft")
	if err := turn(second); err != nil {
		t.Errorf("she does not read by the new notice: %v", err)
	}
	is(t, "by the notice of before", turn(first), fault.Conflict)
	w.Want(t, `SELECT f.status, count(r.page) AS read FROM familiarisation f LEFT JOIN reading r ON r.familiarisation = f.id GROUP BY f.id ORDER BY f.made_at`, `
		status | read
		lapsed | 1
		open   | 1`)
	w.Sound()
}

// A notice that was printed while the investigation went on is not signed when it has ended:
// it would say what is not so any more.
func TestANoticeOfAnotherEndIsPreparedAnew(t *testing.T) {
	w := open(t)
	id := w.Notice("aigul@theft")
	w.At = w.At.Add(time.Hour)
	w.SQL.MustExec(`ALTER TABLE decision DISABLE TRIGGER is_final`)
	w.SQL.MustExec(`UPDATE decision SET kind = 'terminated-full', published_at = $2 WHERE id = $1`, w.Decision("group"), w.At)
	is(t, "the notice of CPC 294 in a terminated case", w.Begin(id), fault.Invalid)
}

// An investigation that was begun again is secret again: whoever had the file open by its end
// reads no more, the defence included, and nothing opens before it has ended anew.
func TestAnInvestigationThatGoesOnClosesTheFile(t *testing.T) {
	for _, kind := range []policy.Kind{"pti-reopened", "returned"} {
		t.Run(string(kind), func(t *testing.T) {
			w := open(t)
			page, id := w.Pages(w.search)[0], w.Opened("serik@theft")
			turn := func(id uuid.UUID) error {
				_, err := materials.Turn(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationPage), id, page)
				return err
			}
			if err := turn(id); err != nil {
				t.Fatal(err)
			}
			waits := w.Notice("dana@theft")
			w.At = w.At.Add(time.Hour)
			w.Decides(kind)
			is(t, "he turns a page", turn(id), fault.Conflict)
			is(t, "another begins", w.Begin(waits), fault.Conflict)
			is(t, "others are invited", w.Invite(w.Participant("aigul@theft")), fault.Conflict)
			f, err := materials.Read(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationRead), id)
			if err != nil || f.Status != materials.Ended {
				t.Errorf("he finds that he read: %v, %s", err, f.Status)
			}
			w.At = w.At.Add(time.Hour)
			w.EndNotice()
			if err := turn(w.Opened("serik@theft")); err != nil {
				t.Errorf("it ended anew, and he does not read: %v", err)
			}
			w.Want(t, `SELECT f.status, count(r.page) AS read FROM familiarisation f LEFT JOIN reading r ON r.familiarisation = f.id GROUP BY f.id ORDER BY f.status`, `
				status | read
				draft  | 0
				ended  | 1
				open   | 1`)
			w.Sound()
		})
	}
}

// A file that was opened by mistake is taken back by whoever has the case: at once, and its
// reader is told.
func TestAFileOpenedByMistakeIsTakenBack(t *testing.T) {
	w := open(t)
	page, id := w.Pages(w.search)[0], w.Opened("serik@theft")
	turn := func() error {
		_, err := materials.Turn(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationPage), id, page)
		return err
	}
	if err := turn(); err != nil {
		t.Fatal(err)
	}
	end := func(a *portaltest.Actor) error {
		return materials.End(t.Context(), w.DB, a.Asks(policy.FamiliarisationEnd), id)
	}
	is(t, "by its reader", end(w.Serik), fault.Forbidden)
	is(t, "by the prosecutor", end(w.Zhanar), fault.Forbidden)
	is(t, "by a stranger", end(w.Stranger), fault.NotFound)
	if err := end(w.Daniyar); err != nil {
		t.Fatal(err)
	}
	is(t, "a page after it", turn(), fault.Conflict)
	is(t, "a plea after it", materials.Plead(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationPlead), id, "Ауруханада жатырмын, таныса алмаймын."), fault.Conflict)
	is(t, "once more", end(w.Daniyar), fault.Conflict)
	w.Want(t, `SELECT who, act FROM record WHERE act = 'familiarisation-end'`, "who | act\ndaniyar | familiarisation-end")
	w.Opened("serik@theft") // as it should have been
	w.Sound()
}

// The suspect becomes an accused after the end of the acts (CPC 65), mostly while he reads or
// when he has read: what was opened to the suspect is the accused's, who has all that he had.
func TestWhatWasOpenedToTheSuspectIsTheAccuseds(t *testing.T) {
	w := open(t)
	page := w.Pages(w.search)[0]
	serik, accused := w.Participant("serik@theft"), uuid.Must(uuid.NewV7())
	id, dana := w.Opened("serik@theft"), w.Opened("dana@theft")
	turn := func(a *portaltest.Actor, id uuid.UUID) {
		t.Helper()
		if _, err := materials.Turn(t.Context(), w.DB, a.Asks(policy.FamiliarisationPage), id, page); err != nil {
			t.Errorf("%s turns a page: %v", a.Word, err)
		}
		if _, err := materials.Picture(t.Context(), w.DB, a.Asks(policy.FamiliarisationPicture), id, page, false); err != nil {
			t.Errorf("%s sees no picture: %v", a.Word, err)
		}
	}
	if err := materials.SaveNote(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationNote), id, page, append([]byte{1}, make([]byte, 60)...)); err != nil {
		t.Fatal(err)
	}
	day := w.At.In(deadline.Zone)
	since := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	if err := w.Change(w.Daniyar, serik, accused, casefile.Grant{Role: policy.Accused, Basis: "indictment", Since: since}); err != nil {
		t.Fatal(err)
	}
	turn(w.Serik, id)
	turn(w.Dana, dana)
	f, err := materials.Read(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationRead), id)
	if err != nil || !f.Reads(w.At) || f.Role != policy.Accused {
		t.Fatalf("the accused reads as %s: %v, %v", f.Role, f.Reads(w.At), err)
	}
	is(t, "it is opened to the accused who reads it", w.Invite(accused), fault.Invalid)
	if notes, err := materials.Notes(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationRead), f); err != nil || len(notes) != 1 {
		t.Errorf("his notes: %d, %v", len(notes), err)
	}
	if err := materials.DraftRecord(t.Context(), w.DB, w.Press, w.Serik.Asks(policy.RecordDraft), id, "kk", "Сараптама тағайындауды сұраймын."); err != nil {
		t.Fatal(err)
	}
	_, doc, err := materials.ReadRecord(t.Context(), w.DB, w.Serik.Asks(policy.RecordCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := materials.SignRecord(t.Context(), w.DB, w.Verifier, w.Serik.Asks(policy.RecordSign), id, w.SignedBy(w.Serik, doc.Content), doc.Digest); err != nil {
		t.Fatal(err)
	}
	// Before the court he reads no more here, and has what he signed.
	if err := w.Change(w.Daniyar, accused, uuid.Must(uuid.NewV7()), casefile.Grant{Role: policy.TrialDefendant, Basis: "trial-appointed", Since: since}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := materials.ReadRecord(t.Context(), w.DB, w.Serik.Asks(policy.RecordPaper), id); err != nil {
		t.Errorf("his own record: %v", err)
	}
	if all, err := materials.Mine(t.Context(), w.DB, w.Serik.Asks(policy.CaseRead), w.Theft); err != nil || len(all) != 1 {
		t.Errorf("on the page of his case: %d, %v", len(all), err)
	}
	w.Sound()
}

func TestAStatusThatEndsClosesTheFileAtOnce(t *testing.T) {
	w := open(t)
	id, page := w.Opened("dana@theft"), w.Pages(w.search)[0]
	if err := w.End(w.Daniyar, w.Participant("serik@theft")); err != nil { // her client
		t.Fatal(err)
	}
	_, err := materials.Turn(t.Context(), w.DB, w.Dana.Asks(policy.FamiliarisationPage), id, page)
	is(t, "a page", err, fault.NotFound)
	_, err = materials.Picture(t.Context(), w.DB, w.Dana.Asks(policy.FamiliarisationPicture), id, page, false)
	is(t, "its picture", err, fault.NotFound)
}

func TestAPowerWithoutCopiesGivesNoCopy(t *testing.T) {
	w := open(t)
	id := w.Opened("dana@theft")
	copy := func() error {
		_, _, _, err := materials.Copy(t.Context(), w.DB, w.Dana.Asks(policy.FamiliarisationCopy), id, materials.Portion{})
		return err
	}
	if err := copy(); err != nil {
		t.Fatal(err)
	}
	for scope, kind := range map[string]fault.Kind{"{read,file}": fault.NotFound, "{copy,file}": fault.NotFound} {
		if _, err := w.SQL.Exec(`UPDATE participant SET scope = $1 WHERE id = $2`, scope, w.Participant("dana@theft")); err != nil {
			t.Fatal(err)
		}
		is(t, scope, copy(), kind)
	}
}

func TestReadingIsCountedAsItWas(t *testing.T) {
	w := open(t)
	id, pages := w.Opened("aigul@theft"), w.Pages(w.search)
	turn := func(i int) {
		t.Helper()
		if _, err := materials.Turn(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPage), id, pages[i]); err != nil {
			t.Fatal(err)
		}
	}
	spent := func(i int, d time.Duration) {
		t.Helper()
		if err := materials.Spent(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationTime), id, pages[i], d); err != nil {
			t.Fatal(err)
		}
	}
	pass := func(d time.Duration) { w.At = w.At.Add(d) }

	turn(0) // a browser without scripts: the time to the next page
	pass(40 * time.Second)
	turn(1) // one that tells: a tab behind others
	spent(1, 0)
	pass(20 * time.Minute)
	turn(0)
	pass(3 * time.Hour) // left alone: five minutes count at most
	turn(2)
	spent(2, 0)
	pass(10 * time.Second)
	spent(2, 8*time.Second)
	spent(2, 5*time.Minute) // told too much: no more than has passed
	w.Want(t, `SELECT p.number, r.times, r.seconds FROM reading r JOIN material_page p ON p.id = r.page ORDER BY p.number`, `
		number | times | seconds
		1      | 2     | 340
		2      | 1     | 0
		3      | 1     | 8`)
	w.Want(t, `SELECT act, count(*) FROM record WHERE act = 'familiarisation-page' GROUP BY act`, `
		act                  | count
		familiarisation-page | 3`) // one for each line of who opened what
	w.Want(t, `SELECT person, object, reason FROM opening WHERE object = 'material' GROUP BY person, object, reason`, `
		person | object   | reason
		aigul  | material | own`)
	portaltest.WantText(t, "the contents", w.table(t, w.Aigul, id), `
		title               | volume | sheet | last | opened | read | new
		Тінту хаттамасы     | 1      | 1     | 3    | 3      | 2    | false
		Жауап алу хаттамасы | 1      | 4     | 4    | 0      | 0    | false
		Талап арыз          | 2      | 1     | 1    | 0      | 0    | false`)
	pass(time.Minute)
	w.Material(materials.New{Title: "Жаңа қорытынды", Volume: 3, Sheet: 1}, "Сараптама қорытындысы.")
	if got := w.table(t, w.Aigul, id); !strings.Contains(got, "Жаңа қорытынды | 3 | 1 | 1 | 0 | 0 | true") {
		t.Errorf("what was added since is not new:\n%s", got)
	}
	_, err := materials.Remove(t.Context(), w.DB, w.Daniyar.Asks(policy.MaterialRemove), w.search)
	is(t, "what was read is taken out", err, fault.Conflict)
	if _, err := materials.Remove(t.Context(), w.DB, w.Daniyar.Asks(policy.MaterialRemove), w.witness); err != nil {
		t.Errorf("what nobody has read stays: %v", err)
	}
	w.Sound()
}

// Whoever took a copy has seen all that is in it, and whoever searched what was shown
// to him: neither turned a page.
func TestWhatSomebodyTookOrFoundStaysInTheFile(t *testing.T) {
	w := open(t)
	id := w.Opened("aigul@theft")
	remove := func(material uuid.UUID) error {
		_, err := materials.Remove(t.Context(), w.DB, w.Daniyar.Asks(policy.MaterialRemove), material)
		return err
	}
	if _, _, _, err := materials.Copy(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationCopy), id, materials.Portion{Volume: 2}); err != nil {
		t.Fatal(err)
	}
	if found, err := materials.Search(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationSearch), id, "сумка", materials.Place{}); err != nil || len(found.Hits) != 1 {
		t.Fatalf("she found %v, %v", found, err)
	}
	w.Want(t, `SELECT person, o.object_id = '`+w.claim.String()+`' AS claim, o.object_id = '`+w.witness.String()+`' AS witness, o.reason
		FROM opening o WHERE o.object = 'material' ORDER BY o.at, o.id`, `
		person | claim | witness | reason
		aigul  | true  | false   | own
		aigul  | false | true    | own`)
	for what, material := range map[string]uuid.UUID{"what she took": w.claim, "what she found": w.witness} {
		is(t, what, remove(material), fault.Conflict)
		for _, del := range []string{`DELETE FROM material WHERE id = $1`, `DELETE FROM material_page WHERE material = $1`} {
			if _, err := w.SQL.Exec(del, material); !database.Violates(err, "stays") {
				t.Errorf("%s, %s: %v", what, del, err)
			}
		}
	}
	if err := remove(w.search); err != nil {
		t.Errorf("what nobody has seen stays: %v", err)
	}
	w.Sound()
}

func TestWordsAreFoundInWhateverForm(t *testing.T) {
	w := open(t)
	id := w.Opened("aigul@theft")
	for query, want := range map[string]string{
		"ноутбук": "1-1 1-4", "НОУТБУКТІ": "1-1 1-4", "ноутбуком": "1-1 1-4", "тінту": "1-1 1-2", "пестрая сумка": "1-4",
		"тінту ноутбук": "1-1", "186": "2-1", "банк": "", "шақырылатын": "", "": "", "%_'": "", "ноутбук автомобиль": "",
	} {
		found, err := materials.Search(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationSearch), id, query, materials.Place{})
		if err != nil || found.Left != nil {
			t.Fatal(found.Left, err)
		}
		got := strings.ReplaceAll(portaltest.Lines(found.Hits, func(h materials.Hit) string { return fmt.Sprint(h.Volume, "-", h.Sheet) }), "\n", " ")
		if got != want {
			t.Errorf("%q is found on %q, want %q", query, got, want)
		}
	}
	found, err := materials.Search(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationSearch), id, "ноутбук", materials.Place{})
	if err != nil || len(found.Hits) == 0 {
		t.Fatal(err)
	}
	if hits := found.Hits; hits[0].Match != "ноутбук" || !strings.Contains(hits[0].Before+hits[0].Match+hits[0].After, "үйден ноутбук табылды") {
		t.Errorf("the fragment is %+v, %v", hits, err)
	}
}

// A file may have more sheets than the keeper opens to one person in a minute: a search
// looks at some of them, says how far it came, and goes on from there.
func TestASearchInALargeFileGoesOnWhereItStopped(t *testing.T) {
	w := open(t)
	id := w.Opened("aigul@theft")
	search := func(behind materials.Place) materials.Found {
		t.Helper()
		found, err := materials.Search(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationSearch), id, "ноутбук", behind)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for _, atOnce := range []int{1, 2, 3, 4, 5, 6} {
		materials.SearchesAtOnce(t, atOnce)
		var seen []string
		turns := 0
		for found, more := search(materials.Place{}), true; more; turns++ {
			for _, hit := range found.Hits {
				seen = append(seen, fmt.Sprint(hit.Volume, "-", hit.Sheet))
			}
			if more = found.Left != nil; more {
				found = search(*found.Left)
			}
		}
		if got := strings.Join(seen, " "); got != "1-1 1-4" || turns != (5+atOnce-1)/atOnce {
			t.Errorf("%d at once: found %q in %d turns", atOnce, got, turns)
		}
	}
}

func TestACopyHasAllThatIsOpenAndNothingElse(t *testing.T) {
	w := open(t)
	aigul, saule := w.Opened("aigul@theft"), w.Opened("saule@theft")
	has := func(a *portaltest.Actor, id uuid.UUID, of materials.Portion, yes, no []string) {
		t.Helper()
		_, _, pdf, err := materials.Copy(t.Context(), w.DB, a.Asks(policy.FamiliarisationCopy), id, of)
		if err != nil {
			t.Fatal(err)
		}
		text := portaltest.PDFText(t, pdf)
		for _, word := range yes {
			if !strings.Contains(text, word) {
				t.Errorf("%s, %v: no %q", a.Word, of, word)
			}
		}
		for _, word := range no {
			if strings.Contains(text, word) {
				t.Errorf("%s, %v: has %q", a.Word, of, word)
			}
		}
	}
	closed := []string{"Шот нөмірі", "Шақырылатын"}
	has(w.Aigul, aigul, materials.Portion{}, []string{"ноутбук табылды", "186 000", "Свидетель"}, closed)
	has(w.Aigul, aigul, materials.Portion{Volume: 2}, []string{"186 000"}, append(closed, "ноутбук"))
	has(w.Saule, saule, materials.Portion{}, []string{"186 000"}, append(closed, "ноутбук"))
	refused := func(what string, a *portaltest.Actor, id uuid.UUID, of materials.Portion, kind fault.Kind) {
		t.Helper()
		_, _, _, err := materials.Copy(t.Context(), w.DB, a.Asks(policy.FamiliarisationCopy), id, of)
		is(t, what, err, kind)
	}
	refused("a volume that is not there", w.Aigul, aigul, materials.Portion{Volume: 7}, fault.NotFound)
	refused("a secret", w.Aigul, aigul, materials.Portion{Material: w.secret}, fault.NotFound)
	refused("what is not opened to the plaintiff", w.Saule, saule, materials.Portion{Material: w.witness}, fault.NotFound)
	// What is too heavy together is there piece by piece, and a single piece always.
	materials.CopiesUpTo(t, 1)
	refused("all", w.Aigul, aigul, materials.Portion{}, fault.Conflict)
	refused("a volume of two", w.Aigul, aigul, materials.Portion{Volume: 1}, fault.Conflict)
	has(w.Aigul, aigul, materials.Portion{Material: w.witness}, []string{"Свидетель"}, append(closed, "186 000", "ноутбук табылды"))
	has(w.Aigul, aigul, materials.Portion{Material: w.search}, []string{"ноутбук табылды"}, append(closed, "186 000", "Свидетель"))
}

func TestReadingIsPostponedByFiveDaysAtMost(t *testing.T) {
	w := open(t)
	id := w.Opened("aigul@theft")
	plead := func() error {
		return materials.Plead(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPlead), id, "Ауруханада жатырмын, таныса алмаймын.")
	}
	postpone := func(a *portaltest.Actor, days int) error {
		return materials.Postpone(t.Context(), w.DB, a.Asks(policy.FamiliarisationPostpone), id, days)
	}
	is(t, "what nobody asked for", postpone(w.Daniyar, 2), fault.Conflict)
	if err := plead(); err != nil {
		t.Fatal(err)
	}
	is(t, "asked twice", plead(), fault.Conflict)
	is(t, "by six days", postpone(w.Daniyar, 6), fault.Invalid)
	is(t, "by less than none", postpone(w.Daniyar, -1), fault.Invalid)
	is(t, "by the reader", postpone(w.Aigul, 3), fault.Forbidden)
	is(t, "by the prosecutor", postpone(w.Zhanar, 3), fault.Forbidden)
	if err := postpone(w.Daniyar, 3); err != nil {
		t.Fatal(err)
	}
	if err := plead(); err != nil {
		t.Fatal(err)
	}
	is(t, "by three more", postpone(w.Daniyar, 3), fault.Invalid)
	if err := postpone(w.Daniyar, 2); err != nil {
		t.Fatal(err)
	}
	is(t, "a sixth day", plead(), fault.Conflict)
	w.Want(t, `SELECT opens_on, until, postponed FROM familiarisation`, `
		opens_on   | until      | postponed
		2026-10-22 | 2026-11-05 | 5`)
	w.Sound()
}

// What she asked and what she was told stays as it was when she asks again: a refusal is complained of.
func TestARefusalStaysWhenSheAsksAgain(t *testing.T) {
	w := open(t)
	id := w.Opened("aigul@theft")
	for i, days := range []int{0, 3} {
		if err := materials.Plead(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPlead), id, fmt.Sprintf("Ауруханада жатырмын, анықтама %d.", i)); err != nil {
			t.Fatal(err)
		}
		w.At = w.At.Add(time.Hour)
		if err := materials.Postpone(t.Context(), w.DB, w.Daniyar.Asks(policy.FamiliarisationPostpone), id, days); err != nil {
			t.Fatal(err)
		}
		w.At = w.At.Add(time.Hour)
	}
	for _, a := range []*portaltest.Actor{w.Aigul, w.Daniyar, w.Zhanar} {
		f, err := materials.Read(t.Context(), w.DB, a.Asks(policy.FamiliarisationRead), id)
		if err != nil {
			t.Fatal(err)
		}
		all, err := materials.Pleas(a.As(t.Context()), w.DB, f)
		if err != nil {
			t.Fatal(err)
		}
		portaltest.WantText(t, a.Word, portaltest.Lines(all, func(p materials.Plea) string {
			return fmt.Sprint(p.Words, " | ", p.Days, " | ", p.AnsweredAt.Sub(p.MadeAt))
		}), `
			Ауруханада жатырмын, анықтама 0. | 0 | 1h0m0s
			Ауруханада жатырмын, анықтама 1. | 3 | 1h0m0s`)
	}
	for _, change := range []string{`UPDATE plea SET days = 5`, `UPDATE plea SET answered_at = now()`, `DELETE FROM plea`} {
		if _, err := w.SQL.Exec(change); err == nil {
			t.Errorf("%s: done", change)
		}
	}
	w.Sound()
}

// A plea of the last evening that is answered a week later: days that have passed already
// give her nothing, and would be said to have been given.
func TestNothingIsPostponedToADayThatHasPassed(t *testing.T) {
	w := open(t)
	id := w.Opened("aigul@theft")
	w.At = w.At.AddDate(0, 0, 9)
	if err := materials.Plead(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPlead), id, "Ауруханада жатырмын, таныса алмаймын."); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.AddDate(0, 0, 4)
	postpone := func(days int) error {
		return materials.Postpone(t.Context(), w.DB, w.Daniyar.Asks(policy.FamiliarisationPostpone), id, days)
	}
	is(t, "by three days", postpone(3), fault.Invalid)
	if err := postpone(4); err != nil {
		t.Errorf("to today: %v", err)
	}
	if _, err := materials.Turn(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPage), id, w.Pages(w.search)[0]); err != nil {
		t.Errorf("she does not read on the day that was given: %v", err)
	}
}

// record has Aigul draft the record and sign it.
func (w *world) record(t *testing.T, id uuid.UUID) error {
	t.Helper()
	_, doc, err := materials.ReadRecord(t.Context(), w.DB, w.Aigul.Asks(policy.RecordCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	return materials.SignRecord(t.Context(), w.DB, w.Verifier, w.Aigul.Asks(policy.RecordSign), id, w.SignedBy(w.Aigul, doc.Content), doc.Digest)
}

func TestTheRecordSaysWhatWasReadAndBothSignIt(t *testing.T) {
	w := open(t)
	id, pages := w.Opened("aigul@theft"), w.Pages(w.search)
	turn := func(i int) {
		t.Helper()
		if _, err := materials.Turn(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPage), id, pages[i]); err != nil {
			t.Fatal(err)
		}
	}
	draft := func() error {
		return materials.DraftRecord(t.Context(), w.DB, w.Press, w.Aigul.Asks(policy.RecordDraft), id, "kk", "Қосымша сараптама тағайындауды сұраймын.")
	}
	turn(0)
	w.At = w.At.Add(65 * time.Second)
	if err := draft(); err != nil {
		t.Fatal(err)
	}
	_, doc, err := materials.ReadRecord(t.Context(), w.DB, w.Aigul.Asks(policy.RecordCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	text := portaltest.PDFText(t, doc.Content)
	for _, words := range []string{"ТАНЫСУ ХАТТАМАСЫ", "Тінту хаттамасы. Ашылғаны: 1 / 3", "1 мин 5 с", "Талап арыз. Ашылмаған парақтар саны: 1", "Қосымша сараптама тағайындауды сұраймын.", w.Aigul.FullName()} {
		if !strings.Contains(text, words) {
			t.Errorf("the record does not say %q:\n%s", words, text)
		}
	}
	if strings.Contains(text, "Банк") {
		t.Error("the record names a secret")
	}
	_, _, err = materials.ReadRecord(t.Context(), w.DB, w.Daniyar.Asks(policy.RecordPaper), id)
	is(t, "a draft of hers, to the investigator", err, fault.NotFound)
	// She reads on: what she would sign is no longer true.
	w.At = w.At.Add(time.Second)
	turn(1)
	is(t, "a record that is behind", w.record(t, id), fault.Invalid)
	w.At = w.At.Add(time.Minute)
	if err := draft(); err != nil {
		t.Fatal(err)
	}
	// Sheets are added: a record that names ten of ten would be of a smaller file.
	w.At = w.At.Add(time.Second)
	w.Material(materials.New{Title: "Кейін тігілген"}, "Жаңа парақ.")
	is(t, "a record of a file that has grown", w.record(t, id), fault.Invalid)
	w.At = w.At.Add(time.Second)
	if err := draft(); err != nil {
		t.Fatal(err)
	}
	is(t, "before she signs", materials.DraftClosing(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RecordAssent), id, "kk"), fault.Conflict)
	if err := w.record(t, id); err != nil {
		t.Fatal(err)
	}
	_, err = materials.Turn(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPage), id, pages[0])
	is(t, "a page after the record", err, fault.Conflict)
	f, err := materials.Read(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationRead), id)
	if err != nil {
		t.Fatal(err)
	}
	// Three days from Thursday the 22nd: Sunday the 25th is the Day of the Republic
	// and Monday is off for it.
	if got := f.PetitionsUntil(nil).UTC().Format(time.RFC3339); got != "2026-10-27T19:00:00Z" {
		t.Errorf("petitions until %s", got)
	}
	waiting, err := materials.Waiting(t.Context(), w.DB, w.Daniyar.Asks(policy.DeskRead))
	if err != nil || len(waiting) != 1 || waiting[0].ID != id {
		t.Errorf("on his desk: %v, %v", waiting, err)
	}
	is(t, "by herself", materials.DraftClosing(t.Context(), w.DB, w.Press, w.Aigul.Asks(policy.RecordAssent), id, "kk"), fault.Forbidden)
	if err := materials.DraftClosing(t.Context(), w.DB, w.Press, w.Daniyar.Asks(policy.RecordAssent), id, "kk"); err != nil {
		t.Fatal(err)
	}
	_, closing, err := materials.ReadClosing(t.Context(), w.DB, w.Daniyar.Asks(policy.RecordAssentPaper), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := materials.Close(t.Context(), w.DB, w.Verifier, w.Daniyar.Asks(policy.FamiliarisationClose), id, w.SignedBy(w.Daniyar, closing.Content), closing.Digest); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT f.status, d.signer AS reader, a.author AS investigator, a.agrees FROM familiarisation f
		JOIN document d ON d.id = f.record JOIN assent a ON a.about = f.record`, `
		status | reader | investigator | agrees
		closed | aigul  | daniyar      | true`)
	w.Sound()
}

// A record cannot name two thousand documents; it says of how many it is silent.
func TestTheRecordOfALargeFileCountsWhatItDoesNotName(t *testing.T) {
	materials.RecordNames(t, 1)
	w := open(t)
	id := w.Opened("aigul@theft")
	for _, m := range []uuid.UUID{w.search, w.witness} {
		if _, err := materials.Turn(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationPage), id, w.Pages(m)[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := materials.DraftRecord(t.Context(), w.DB, w.Press, w.Aigul.Asks(policy.RecordDraft), id, "kk", ""); err != nil {
		t.Fatal(err)
	}
	_, doc, err := materials.ReadRecord(t.Context(), w.DB, w.Aigul.Asks(policy.RecordCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	text := portaltest.PDFText(t, doc.Content)
	for _, words := range []string{"1. 1-том, 1–3-парақ", "2. Тағы 1 құжат, ашылған парақтар саны: 1.", "2. Тағы 1 құжат, ашылмаған парақтар саны: 1."} {
		if !strings.Contains(text, words) {
			t.Errorf("the record does not say %q:\n%s", words, text)
		}
	}
}

// What is kept of a note says nothing to whoever reads the database, with our keys or
// without.
func TestANoteIsBytesToUs(t *testing.T) {
	w := open(t)
	id, page := w.Opened("aigul@theft"), w.Pages(w.search)[0]
	save := func(content []byte) error {
		return materials.SaveNote(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationNote), id, page, content)
	}
	note := append([]byte{1}, bytes.Repeat([]byte{7}, 60)...)
	for what, bad := range map[string][]byte{
		"plain text": []byte(strings.Repeat("Менің жазбам. ", 10)), "too short": {1, 2, 3}, "too long": append([]byte{1}, make([]byte, materials.MaxNote)...),
	} {
		is(t, what, save(bad), fault.Invalid)
	}
	if err := save(note); err != nil {
		t.Fatal(err)
	}
	f, err := materials.Read(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationRead), id)
	if err != nil {
		t.Fatal(err)
	}
	notes, err := materials.Notes(t.Context(), w.DB, w.Aigul.Asks(policy.FamiliarisationRead), f)
	if err != nil || len(notes) != 1 || !bytes.Equal(notes[0].Content, note) {
		t.Errorf("her notes are %v, %v", notes, err)
	}
	serik := w.Opened("serik@theft")
	other, err := materials.Read(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationRead), serik)
	if err != nil {
		t.Fatal(err)
	}
	if notes, err := materials.Notes(t.Context(), w.DB, w.Serik.Asks(policy.FamiliarisationRead), other); err != nil || len(notes) != 0 {
		t.Errorf("another sees %v, %v", notes, err)
	}
	if err := save(nil); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM note`, "count\n0")
}

func TestADecisionGoesIntoTheFileAsItIs(t *testing.T) {
	w := open(t)
	decision := w.Decision("expertise-done")
	put := func(a *portaltest.Actor, id uuid.UUID) error {
		_, err := materials.Put(t.Context(), w.DB, a.Asks(policy.MaterialPut), id, "Сараптама")
		return err
	}
	if err := put(w.Daniyar, decision); err != nil {
		t.Fatal(err)
	}
	is(t, "twice", put(w.Daniyar, decision), fault.Conflict)
	is(t, "by her", put(w.Aigul, decision), fault.Forbidden)
	if err := put(w.Daniyar, w.Decision("bank-secret")); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT m.volume, m.sheet, m.flags, m.document = d.document AS same FROM material m JOIN decision d ON d.document = m.document ORDER BY m.sheet`, `
		volume | sheet | flags          | same
		2      | 4     | {}             | true
		2      | 5     | {other-secret} | true`)
	var id uuid.UUID
	if err := w.SQL.Get(&id, `SELECT m.id FROM material m JOIN decision d ON d.document = m.document WHERE d.id = $1`, decision); err != nil {
		t.Fatal(err)
	}
	if _, err := materials.Remove(t.Context(), w.DB, w.Daniyar.Asks(policy.MaterialRemove), id); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM document d JOIN decision e ON e.document = d.id WHERE e.id = '`+decision.String()+`'`, "count\n1")
	w.Sound()
}

// hostile are files that were made to hurt: none may stop the portal, and none opens.
func TestAHostileFileIsRefusedOrMarkedUnreadable(t *testing.T) {
	w := open(t)
	good := w.PDF("Бір парақ.", "Екі парақ.")
	add := func(pdf []byte) error {
		return materials.Add(t.Context(), w.DB, w.Daniyar.Asks(policy.MaterialAdd), w.Theft, materials.New{
			ID: uuid.Must(uuid.NewV7()), Title: "Бөгде файл", Volume: 9, Sheet: 1, Part: materials.InCase, Language: "kk", PDF: pdf,
		})
	}
	for what, pdf := range map[string][]byte{
		"garbage":          bytes.Repeat([]byte("garbage "), 1000),
		"half a file":      good[:len(good)/2],
		"nothing":          {},
		"a password":       bytes.Replace(w.PDF("Бір парақ."), []byte("trailer\n<<"), []byte("trailer\n<<\n/Encrypt 1 0 R"), 1),
		"10,000 pages":     manyPages(10_000),
		"2,001 pages":      manyPages(document.MaxUploadPages + 1),
		"no page":          manyPages(0),
		"a tree of itself": []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj\ntrailer<</Root 1 0 R>>"),
	} {
		is(t, what, add(pdf), fault.Invalid)
	}
	// What the check lets in and the program cannot draw is marked, and the job is done.
	huge := page("[0 0 14400 1]", "")
	bomb := page("[0 0 595 842]", strings.Repeat("q 1 0 0 1 0 0 cm /X Do Q\n", 10))
	for what, pdf := range map[string][]byte{"a page like a thread": huge, "a form that draws itself": bomb} {
		id := w.Material(materials.New{Title: what, Volume: 20, Sheet: 1, PDF: pdf})
		w.Want(t, `SELECT count(*) FROM material_page WHERE size > 46080 OR sharp_size > 204800`, "count\n0")
		if _, err := materials.Remove(t.Context(), w.DB, w.Daniyar.Asks(policy.MaterialRemove), id); err != nil {
			t.Fatal(err)
		}
	}
	broken := w.Material(materials.New{Title: "Зақымданған", Volume: 20, Sheet: 1}, "Бір парақ.")
	if _, err := w.SQL.Exec(`UPDATE material SET state = 'rendering', sheets = 3 WHERE id = $1`, broken); err != nil { // as if a page could not be drawn
		t.Fatal(err)
	}
	w.Render(broken)
	w.Want(t, `SELECT state FROM material WHERE id = '`+broken.String()+`'`, "state\nunreadable")
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "zharia-pages-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// manyPages is a small PDF that has one page many times.
func manyPages(n int) []byte {
	var kids strings.Builder
	for range n {
		kids.WriteString("3 0 R ")
	}
	return written("<</Type/Catalog/Pages 2 0 R>>", fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", kids.String(), n), "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>")
}

// page is a PDF of one page with a form that refers to itself.
func page(box, content string) []byte {
	stream := func(dict, s string) string {
		return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(s), s)
	}
	return written("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox"+box+"/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
		stream("", content), stream("/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X 5 0 R>>>>", content))
}

// written is a PDF of these objects.
func written(objects ...string) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes()
}

// A page of text weighs what a slow telephone has in a second, and stays readable.
func TestAPageOfTextIsLight(t *testing.T) {
	w := open(t)
	w.Material(materials.New{Volume: 30, Sheet: 1}, strings.Repeat("Тінту кезінде табылған ноутбук жәбірленушінің құжатындағы нөмірмен сәйкес келеді. ", 40))
	var heaviest struct {
		Small int `db:"small"`
		Sharp int `db:"sharp"`
	}
	if err := w.SQL.Get(&heaviest, `SELECT max(size) AS small, max(sharp_size) AS sharp FROM material_page`); err != nil {
		t.Fatal(err)
	}
	t.Logf("the heaviest page: %d bytes small, %d sharp", heaviest.Small, heaviest.Sharp)
	if heaviest.Small > 40<<10 {
		t.Errorf("a page of text weighs %d bytes", heaviest.Small)
	}
}

func TestAMaterialThatIsGoneIsNotDrawn(t *testing.T) {
	w := portaltest.World(t)
	err := w.DB.Within(t.Context(), func(tx *vault.DB) error { return materials.Render(t.Context(), tx, uuid.Must(uuid.NewV7()), w.At) })
	if err != nil {
		t.Error(err)
	}
}
