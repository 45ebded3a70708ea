package document

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

const letters = "ә ғ қ ң ө ұ ү һ і ё Ә Ғ Қ Ң Ө Ұ Ү Һ І Ё ₸ № « » – — … § абвгдежзийклмнопрстуфхцчшщъыьэюя АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"

func mustPrint(t testing.TB, s Sheet) []byte {
	t.Helper()
	pdf, err := Print(s)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

// contents returns the drawing instructions of every page, and proves on the way
// that the file keeps the standard strictly.
func contents(t testing.TB, pdf []byte) (pages []string) {
	t.Helper()
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationStrict
	ctx, err := api.ReadAndValidate(bytes.NewReader(pdf), conf)
	if err != nil {
		t.Fatalf("not a sound PDF: %v", err)
	}
	if err := ctx.EnsurePageCount(); err != nil {
		t.Fatal(err)
	}
	for n := range ctx.PageCount {
		r, err := pdfcpu.ExtractPageContent(ctx, n+1)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, string(b))
	}
	return pages
}

var shown = regexp.MustCompile(`(?s)Td \(((?:\\.|[^\\)])*)\) Tj`)

// texts reads the words of every page: as the instructions draw them and, where
// poppler is installed, as it finds them, which must be the same words.
func texts(t testing.TB, pdf []byte) (pages []string) {
	t.Helper()
	for _, content := range contents(t, pdf) {
		var b strings.Builder
		for _, m := range shown.FindAllStringSubmatch(content, -1) {
			raw := regexp.MustCompile(`(?s)\\.`).ReplaceAllStringFunc(m[1], func(s string) string {
				if s[1] == 'r' {
					return "\r"
				}
				return s[1:]
			})
			var units []uint16
			for i := 0; i+1 < len(raw); i += 2 {
				units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
			}
			b.WriteString(string(utf16.Decode(units)))
			b.WriteString("\n")
		}
		pages = append(pages, b.String())
	}
	if _, err := exec.LookPath("pdftotext"); err == nil {
		comparePoppler(t, pdf, pages)
	}
	return pages
}

// bag is the letters of a text without spaces, counted: two readers may differ
// on the order of columns, but not on what is on the paper.
func bag(text string) map[rune]int {
	n := map[rune]int{}
	for _, r := range text {
		if r > ' ' && r != 0xA0 {
			n[r]++
		}
	}
	return n
}

func comparePoppler(t testing.TB, pdf []byte, pages []string) {
	t.Helper()
	cmd := exec.Command("pdftotext", "-enc", "UTF-8", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
	if len(got) != len(pages) {
		t.Fatalf("pdftotext finds %d pages, want %d", len(got), len(pages))
	}
	for i := range pages {
		if a, b := fmt.Sprint(bag(got[i])), fmt.Sprint(bag(pages[i])); a != b {
			t.Errorf("page %d: pdftotext finds other letters than are drawn:\n%s\n%s", i+1, a, b)
		}
	}
}

// flat is a text with every space and line end made one space.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestEveryLetterOfBothLanguagesIsOnPaper(t *testing.T) {
	s := kazakh()
	s.Title, s.Subtitle, s.Note, s.VerifyText = letters, letters, letters, letters
	s.To, s.From, s.Closing = []string{letters}, []string{letters}, []string{letters}
	s.Facts = []Fact{{letters, letters}}
	s.Sections = []Section{{letters, letters}}
	all := flat(strings.Join(texts(t, mustPrint(t, s)), ""))
	for letter := range bag(letters) {
		if got := bag(all)[letter]; got < 11 {
			t.Errorf("%c is printed %d times, want 11", letter, got)
		}
	}
	if strings.ContainsRune(all, missing) {
		t.Error("a letter is missing")
	}
}

func TestTheWordsOfAPetitionAreOnPaperInOrder(t *testing.T) {
	for _, s := range []Sheet{kazakh(), russian()} {
		pages := texts(t, mustPrint(t, s))
		all := strings.Join(strings.Fields(strings.Join(pages, "")), "") // a hyphen may end a line
		at := 0
		want := append(append([]string{}, s.To...), s.From...)
		want = append(want, s.Title, s.Subtitle)
		for _, part := range s.Sections {
			want = append(want, part.Heading)
			for p := range strings.SplitSeq(part.Text, "\n") {
				want = append(want, p)
			}
		}
		want = append(want, strings.Split(s.Closing[0], "\t")...)
		want = append(want, s.Note, s.VerifyText)
		for _, text := range want {
			for _, word := range strings.Fields(text) {
				i := strings.Index(all[at:], word)
				if i < 0 {
					t.Fatalf("%s: %q of %.60q is not found in its place", s.Language, word, text)
				}
				at += i + len(word)
			}
		}
	}
}

func TestEveryPageBearsItsNumberItsPurposeAndItsID(t *testing.T) {
	s := kazakh()
	s.Sections[0].Text = strings.Repeat(s.Sections[0].Text+"\n", 8)
	pages := texts(t, mustPrint(t, s))
	if len(pages) < 4 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, text := range pages {
		text = flat(text)
		for _, want := range []string{fmt.Sprintf("%d-бет, барлығы %d", i+1, len(pages)), s.Purpose, s.ID, s.Title} {
			if !strings.Contains(text, want) {
				t.Errorf("page %d lacks %q", i+1, want)
			}
		}
	}
}

func TestTheNumberOfAPageMayComeAfterTheNumberOfPages(t *testing.T) {
	s := kazakh()
	s.PageText = "%[2]d беттің %[1]d-беті"
	for i, text := range texts(t, mustPrint(t, s)) {
		if want := fmt.Sprintf("2 беттің %d-беті", i+1); !strings.Contains(flat(text), want) {
			t.Errorf("page %d lacks %q", i+1, want)
		}
	}
}

func TestTheSameSheetGivesTheSameBytes(t *testing.T) {
	for _, s := range []Sheet{kazakh(), russian()} {
		want := sha256.Sum256(mustPrint(t, s))
		local := s
		local.Made = s.Made.In(time.FixedZone("Asia/Almaty", 5*60*60)).Add(300 * time.Millisecond)
		var wg sync.WaitGroup
		for i := range 20 {
			sheet := s
			if i%2 == 1 {
				sheet = local // the same moment, told by another clock
			}
			wg.Go(func() {
				pdf, err := Print(sheet)
				if err != nil || sha256.Sum256(pdf) != want {
					t.Errorf("run %d of %s differs: %v", i, s.Language, err)
				}
			})
			if i%4 == 3 {
				wg.Wait()
			}
		}
		wg.Wait()
	}
}

func TestTheFontsWeShareAreNotWrittenTo(t *testing.T) {
	sum := func() (all [32]byte) {
		h := sha256.New()
		for _, f := range typefaces().all {
			h.Write(f.ttf)
		}
		return [32]byte(h.Sum(nil))
	}
	before := sum()
	s := kazakh()
	for r := rune(0x21); r < 0xFFFF; r += 3 { // also the last glyphs, whose widths the library reads in its own way
		s.Sections[0].Text += string(r)
	}
	mustPrint(t, s)
	if sum() != before {
		t.Error("printing changed a font")
	}
}

func TestAnyChangeOfTheSheetChangesTheBytes(t *testing.T) {
	seen := map[[32]byte]string{sha256.Sum256(mustPrint(t, kazakh())): "nothing"}
	for what, change := range map[string]func(*Sheet){
		"language":  func(s *Sheet) { s.Language = "ru" },
		"id":        func(s *Sheet) { s.ID = "019ab3f2-7c41-7e0b-9d53-1f2a6c8e4b71" },
		"purpose":   func(s *Sheet) { s.Purpose = "zharia/petition/2" },
		"date":      func(s *Sheet) { s.Made = s.Made.Add(time.Second) },
		"addressee": func(s *Sheet) { s.To[0] += "." },
		"fact":      func(s *Sheet) { s.Facts[3].Value = "1 845 001 ₸" },
		"text":      func(s *Sheet) { s.Sections[2].Text += "!" },
		"address":   func(s *Sheet) { s.VerifyURL += "1" },
	} {
		s := kazakh()
		change(&s)
		sum := sha256.Sum256(mustPrint(t, s))
		if other, ok := seen[sum]; ok {
			t.Errorf("changing the %s gives the same bytes as changing the %s", what, other)
		}
		seen[sum] = what
	}
}

func TestTheFileSaysWhatItIs(t *testing.T) {
	s := kazakh()
	pdf := mustPrint(t, s)
	conf := model.NewDefaultConfiguration()
	ctx, err := api.ReadAndValidate(bytes.NewReader(pdf), conf)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"title":    {ctx.Title, s.Title},
		"subject":  {ctx.Subject, s.Purpose},
		"creation": {ctx.XRefTable.CreationDate, "D:20261123051240+00'00'"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
		}
	}
	for _, want := range []string{`/Lang \(kk\)`, `/Producer \(zharia\)`, `/ID \[<[0-9a-f]{32}> <[0-9a-f]{32}>\]`,
		`/MediaBox \[0 0 595\.28 841\.89\]`} {
		if !regexp.MustCompile(want).Match(pdf) {
			t.Errorf("the file lacks %s", want)
		}
	}
	if err := CheckUpload(pdf); err != nil {
		t.Errorf("what we print we would not take back: %v", err)
	}
}

func TestAPageIsSmall(t *testing.T) {
	for _, s := range []Sheet{kazakh(), russian()} {
		if size := len(mustPrint(t, s)); size > 120_000 {
			t.Errorf("%s: %d bytes", s.Language, size)
		}
	}
}

func TestASheetThatShouldNotHaveBeenMadeIsRefused(t *testing.T) {
	for what, change := range map[string]func(*Sheet){
		"no language":                 func(s *Sheet) { s.Language = "" },
		"another language":            func(s *Sheet) { s.Language = "en" },
		"no date":                     func(s *Sheet) { s.Made = time.Time{} },
		"no title":                    func(s *Sheet) { s.Title = " \n\u200b" },
		"no purpose":                  func(s *Sheet) { s.Purpose = "" },
		"a purpose of two lines":      func(s *Sheet) { s.Purpose = "zharia/petition/1\nzharia/answer/1" },
		"a purpose of other letters":  func(s *Sheet) { s.Purpose = "zharia/реtition/1" },
		"a purpose too long to print": func(s *Sheet) { s.Purpose = strings.Repeat("z", 65) },
		"an id too long to print":     func(s *Sheet) { s.ID = strings.Repeat("0", 65) },
		"no page text":                func(s *Sheet) { s.PageText = "" },
		"one number for a page":       func(s *Sheet) { s.PageText = "%d-бет" },
		"three numbers for a page":    func(s *Sheet) { s.PageText = "%d %d %d" },
		"words for numbers":           func(s *Sheet) { s.PageText = "%s %s" },
		"a script for an address":     func(s *Sheet) { s.VerifyURL = "javascript:alert(1)" },
		"a file for an address":       func(s *Sheet) { s.VerifyURL = "file:///etc/passwd" },
		"no host":                     func(s *Sheet) { s.VerifyURL = "https:///verify" },
		"an address too long":         func(s *Sheet) { s.VerifyURL = "https://zharia.kz/" + strings.Repeat("a", 200) },
		"an address of other letters": func(s *Sheet) { s.VerifyURL = "https://жария.қаз/\xff" },
		"a broken address":            func(s *Sheet) { s.VerifyURL = "https://zharia.kz/\x7f" },
		"a text without measure":      func(s *Sheet) { s.Sections[0].Text = strings.Repeat("ә", maxRunes) },
	} {
		s := kazakh()
		change(&s)
		if pdf, err := Print(s); err == nil || pdf != nil {
			t.Errorf("%s was printed", what)
		}
	}
}

func TestTheLeastSheetIsPrinted(t *testing.T) {
	s := Sheet{Language: "ru", Purpose: "zharia/receipt/1", Made: made, Title: "Расписка", PageText: "%d/%d"}
	if pages := texts(t, mustPrint(t, s)); len(pages) != 1 || flat(pages[0]) != "Расписка zharia/receipt/1 1/1" {
		t.Errorf("%q", pages)
	}
}

func TestTheCodeOnPaperIsTheAddress(t *testing.T) {
	for _, s := range []Sheet{kazakh(), russian()} {
		pages := contents(t, mustPrint(t, s))
		dark, err := modules(s.VerifyURL)
		if err != nil {
			t.Fatal(err)
		}
		drawn := rectangles(t, pages[len(pages)-1])
		unit := codeSide / float64(len(dark))
		top := 0.0
		for _, r := range drawn {
			top = max(top, r[1]+r[3])
		}
		for y, row := range dark {
			for x, want := range row {
				cx, cy := left+(float64(x)+0.5)*unit, top-(float64(y)+0.5)*unit
				got := false
				for _, r := range drawn {
					got = got || cx > r[0] && cx < r[0]+r[2] && cy > r[1] && cy < r[1]+r[3]
				}
				if got != want {
					t.Fatalf("%s: module %d, %d is %v, want %v", s.Language, x, y, got, want)
				}
			}
		}
	}
}

func rectangles(t *testing.T, content string) (all [][4]float64) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re$`).FindAllStringSubmatch(content, -1) {
		var r [4]float64
		for i := range r {
			v, err := strconv.ParseFloat(m[i+1], 64)
			if err != nil {
				t.Fatal(err)
			}
			r[i] = v
		}
		all = append(all, r)
	}
	return all
}

func BenchmarkPrint(b *testing.B) {
	long := kazakh()
	long.Sections[0].Text = strings.Repeat(long.Sections[0].Text+"\n", 16)
	for name, s := range map[string]Sheet{"petition": kazakh(), "complaint": russian(), "long": long} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				mustPrint(b, s)
			}
		})
	}
}
