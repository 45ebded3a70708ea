package document

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"
)

func mustCompose(t *testing.T, s Sheet) []*page {
	t.Helper()
	pages, err := compose(s.clean())
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// wantInside says that all text stands between the margins and above the foot.
func wantInside(t *testing.T, pages []*page) {
	t.Helper()
	for n, p := range pages {
		for _, r := range p.texts {
			if r.x < left-0.01 || r.x+r.wide*r.size > right+0.01 || r.y < 40 || r.y > pageHigh-30 {
				t.Fatalf("page %d: %.40q stands at %.1f–%.1f, %.1f", n+1, r.text, r.x, r.x+r.wide*r.size, r.y)
			}
			if foot := pageHigh - 58; r.size > 8.5 && r.y > foot {
				t.Fatalf("page %d: %.40q is in the foot", n+1, r.text)
			}
		}
	}
}

func printed(pages []*page) string {
	var b strings.Builder
	for _, p := range pages {
		for _, r := range p.texts {
			b.WriteString(r.text)
		}
	}
	return b.String()
}

func TestALongTextFlowsOverPagesAndLosesNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшыіэюя")
	var b strings.Builder
	for utf8.RuneCountInString(b.String()) < 19_900 {
		for range 1 + rnd.IntN(18) {
			b.WriteRune(alphabet[rnd.IntN(len(alphabet))])
		}
		b.WriteString([]string{" ", " ", " ", " ", "-", "\n", "\n\n", ", "}[rnd.IntN(8)])
	}
	s := kazakh()
	s.Sections = []Section{{"", b.String()}}
	pages := mustCompose(t, s)
	wantInside(t, pages)
	if len(pages) < 8 {
		t.Errorf("%d pages", len(pages))
	}
	for i, p := range pages { // what stands on every page is not part of the text
		pages[i] = &page{texts: p.texts}
		body := pages[i].texts[:0:0]
		for _, r := range p.texts {
			if r.size == 11 {
				body = append(body, r)
			}
		}
		pages[i].texts = body
	}
	want := strings.Join(strings.Fields(b.String()), "")
	if got := strings.Join(strings.Fields(printed(pages)), ""); !strings.Contains(got, want) {
		t.Error("the text on paper is not the text")
	}
}

func TestWhateverIsTypedStaysInsideTheMargins(t *testing.T) {
	for name, text := range map[string]string{
		"a word without end":       strings.Repeat("Ө", 20_000),
		"capitals without end":     strings.Repeat("Щ", 3_000) + " " + strings.Repeat("W", 3_000),
		"an address without end":   "https://example.kz/" + strings.Repeat("a-b/", 5_000),
		"hyphens":                  strings.Repeat("-", 5_000),
		"dashes":                   strings.Repeat("— ", 5_000),
		"spaces":                   strings.Repeat(" ", 20_000),
		"spaces that do not break": strings.Repeat("а\u00a0", 5_000),
		"one-letter words":         strings.Repeat("я ", 10_000),
		"new lines":                strings.Repeat("а\n", 3_000),
		"blank lines":              strings.Repeat("\n", 20_000),
		"tabs":                     strings.Repeat("\tа\t", 5_000),
		"controls":                 strings.Repeat("\x00\x01\x1b[31mа\x7f", 2_000),
		"not UTF-8":                strings.Repeat("\xff\xfeа", 2_000),
		"pictures":                 strings.Repeat("👨‍👩‍👧🇰🇿⚖️", 1_000),
		"a tower of accents":       "а" + strings.Repeat("\u0301", 10_000),
		"right to left":            strings.Repeat("\u202eбаз \u2067קול\u2069 ", 1_000),
		"Chinese":                  strings.Repeat("我要求撤销决定", 1_000),
		"invisible spaces":         strings.Repeat("\u200b", 20_000) + "а",
	} {
		s := kazakh()
		s.To, s.From, s.Closing = []string{text[:min(300, len(text))]}, []string{text[:min(300, len(text))]}, []string{text[:min(900, len(text))] + "\t" + text[:min(900, len(text))]}
		s.Subtitle, s.Note, s.VerifyText = text[:min(900, len(text))], text[:min(900, len(text))], text[:min(900, len(text))]
		s.Title = "Т" + text[:min(900, len(text))]
		s.Facts = []Fact{{text[:min(900, len(text))], text}, {text, "1"}}
		s.Sections = []Section{{text[:min(900, len(text))], text}}
		pages := mustCompose(t, s)
		t.Run(name, func(t *testing.T) { wantInside(t, pages) })
		for _, r := range printed(pages) {
			if r < ' ' || r > 0xFFFF || r == 0x202e || r == 0x2067 {
				t.Fatalf("%s: %U is printed", name, r)
			}
		}
	}
}

func TestTextIsCleanedForPrint(t *testing.T) {
	for text, want := range map[string]string{
		"а\r\nб\rв\u2028г":              "а\nб\nв\nг",
		"а\x00б\x1bв\x7f\u0085г":        "абв\nг",
		"\ufeffта\u00adлап\u200b":       "талап",
		"қа\u202eзақ\u202c\u2066\u200f": "қазақ",
		"и\u0306 е\u0308 І":             "й ё І",
		"а\u0301\u0301\u0301\u0301":     "а\u0301\u0301",
		"1\u202f845\u2007000":           "1\u00a0845\u00a0000",
		"а\u2003б\tв":                   "а б\tв",
		"\ue000 \xff":                   "□ □",
		"⚖\ufe0f":                       "⚖",
	} {
		if got := clean(text); got != want {
			t.Errorf("%+q became %+q, want %+q", text, got, want)
		}
	}
}

func TestALetterIsSoughtInTheNextTypefaceBeforeItIsMissing(t *testing.T) {
	f := typefaces()
	for _, c := range []struct {
		weight weight
		letter rune
		face   *face
		want   rune
	}{
		{f.regular, 'Қ', f.all[0], 'Қ'},
		{f.bold, 'Қ', f.all[1], 'Қ'},
		{f.regular, '₸', f.all[2], '₸'},
		{f.bold, '₸', f.all[3], '₸'},
		{f.regular, '我', nil, missing},
		{f.bold, '👨', nil, missing},
	} {
		face, letter, wide := c.weight.find(c.letter)
		if c.face != nil && face != c.face || letter != c.want || wide <= 0 {
			t.Errorf("%c: %s%s %c %.3f", c.letter, face.family, face.style, letter, wide)
		}
	}
	for _, r := range strings.ReplaceAll(letters, " ", "") {
		for _, w := range []weight{f.regular, f.bold} {
			if _, letter, _ := w.find(r); letter != r {
				t.Errorf("%c is missing", r)
			}
		}
	}
}

// A width of ours that is not the library's would end lines in other places than
// where the letters end.
func TestOurWidthsAreTheWidthsInTheFile(t *testing.T) {
	for _, f := range typefaces().all {
		pdf := fpdf.New("P", "pt", "A4", "")
		pdf.AddUTF8FontFromBytes(f.family, f.style, append([]byte(nil), f.ttf...))
		pdf.SetFont(f.family, f.style, 1000)
		n := 0
		for r := rune(' '); r < 0x3000; r++ {
			if wide, ok := f.width(r); ok && wide > 0 {
				n++
				if want := pdf.GetStringSymbolWidth(string(r)); int(wide*1000+0.5) != want {
					t.Fatalf("%s%s: %c is %.0f wide, want %d", f.family, f.style, r, wide*1000, want)
				}
			}
		}
		if n < 1500 {
			t.Errorf("%s%s has %d letters only", f.family, f.style, n)
		}
	}
}

func TestALineOfAParagraphEndsAtTheMargin(t *testing.T) {
	st := newStyles(1)
	for _, s := range []Sheet{kazakh(), russian()} {
		for _, part := range s.Sections {
			for text := range strings.SplitSeq(part.Text, "\n") {
				lines := st.text.breaks(text, measure, 28)
				for i, l := range lines[:max(len(lines)-1, 0)] {
					room := measure
					if i == 0 {
						room -= 28
					}
					if l.wide < room-0.01 || l.wide > room+0.01 {
						t.Errorf("a line of %.40q is %.2f wide, want %.2f", text, l.wide, room)
					}
					if natural := st.text.width(" "); l.space < (1-shrink)*natural-0.01 {
						t.Errorf("spaces of %.2f in %.40q", l.space, text)
					}
				}
			}
		}
	}
}

func TestNoLineBeginsWithADashOrEndsWithAnInitial(t *testing.T) {
	st := newStyles(1)
	text := strings.Repeat("Тергеуші Д. С. Әбдірахманов — істі жүргізуші адам, № 5 қаулы. ", 30)
	lines := st.text.breaks(text, measure, 28)
	if len(lines) < 15 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, l := range lines {
		first, last := l.pieces[0].text, l.pieces[len(l.pieces)-1].text
		if first == "—" || last == "Д." || last == "№" {
			t.Errorf("a line %q … %q", first, last)
		}
	}
}

func TestACompoundBreaksAfterItsHyphenOnly(t *testing.T) {
	for word, want := range map[string]string{
		"тергеп-тексеруді":            "тергеп- тексеруді",
		"118-үй":                      "118-үй",
		"27-бапқа":                    "27-бапқа",
		"№-5":                         "№-5",
		"—":                           "—",
		"https://zharia.kz/kk/verify": "https:/ /zharia.kz/ kk/ verify",
	} {
		var got []string
		for part := range hyphenated(word) {
			got = append(got, part)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestNoLineStandsAloneAtTheEdgeOfAPage(t *testing.T) {
	for shift := range 50 {
		f := &flow{pages: []*page{{}}, y: firstTop + float64(shift)*13}
		st := newStyles(1)
		lines := st.text.breaks(strings.Repeat("сотқа дейінгі тергеп-тексеру ", 12), measure, 28)
		f.paragraph(st.text, lines, 28)
		for n, p := range f.pages {
			rows := map[float64]bool{}
			for _, r := range p.texts {
				rows[r.y] = true
			}
			if len(f.pages) > 1 && len(rows) == 1 {
				t.Errorf("shift %d: page %d has one line of %d", shift, n+1, len(lines))
			}
		}
	}
}

func TestAHeadingStaysWithItsText(t *testing.T) {
	for shift := range 60 {
		f := &flow{pages: []*page{{}}, y: firstTop + float64(shift)*12}
		f.section(newStyles(1), Section{"Сұраймын", "Өтінішхатты қанағаттандыруды сұраймын."})
		for n, p := range f.pages {
			bold, plain := false, false
			for _, r := range p.texts {
				bold = bold || r.face.style == "B"
				plain = plain || r.face.style == ""
			}
			if bold && !plain {
				t.Errorf("shift %d: the heading is alone on page %d", shift, n+1)
			}
		}
	}
}

func TestTheSignatureAndTheCodeAreOnTheSamePage(t *testing.T) {
	for extra := range 60 {
		s := russian()
		s.Sections[1].Text += strings.Repeat("\nЕщё один довод.", extra)
		pages := mustCompose(t, s)
		last := pages[len(pages)-1]
		if last.code == nil {
			t.Fatalf("%d: no code on the last page", extra)
		}
		if !strings.Contains(printed(pages[len(pages)-1:]), "Сулейменов") {
			t.Errorf("%d: the code stands without the signature", extra)
		}
		for n, p := range pages[:len(pages)-1] {
			if p.code != nil {
				t.Errorf("%d: a code on page %d of %d", extra, n+1, len(pages))
			}
		}
	}
}

func TestALetterThatAlmostFitsItsPageIsMadeToFit(t *testing.T) {
	shown := 0
	for extra := range 30 {
		s := russian()
		s.Sections[1].Text = strings.Repeat("Ещё один довод.\n", extra)
		loose, err := layOut(s.clean(), newStyles(1))
		if err != nil {
			t.Fatal(err)
		}
		tight, err := layOut(s.clean(), newStyles(0.88))
		if err != nil {
			t.Fatal(err)
		}
		if len(loose) != 2 || len(tight) != 1 {
			continue
		}
		shown++
		if pages := mustCompose(t, s); len(pages) != 1 {
			t.Errorf("%d pages", len(pages))
		}
	}
	if shown == 0 {
		t.Error("the sample no longer shows it")
	}
}

func TestALongTitleIsCutAtTheHeadOfLaterPagesOnly(t *testing.T) {
	s := kazakh()
	s.Title = strings.Repeat("Сотқа дейінгі тергеп-тексеру ", 12) + "соңы"
	pages := mustCompose(t, s)
	wantInside(t, pages)
	if !strings.Contains(printed(pages[:1]), "соңы") || !strings.Contains(printed(pages[1:]), "…") {
		t.Error("the title is cut where it should not be")
	}
}
