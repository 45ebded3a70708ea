package document

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia"
	"zharia/portal/deadline"
	"zharia/portal/policy"
	"zharia/portal/words"
)

// aloud tells this test process to print and to do nothing else: it is then the
// other process, which must come to the same bytes.
const aloud = "ZHARIA_PRINT_SHEETS"

func TestMain(m *testing.M) {
	if os.Getenv(aloud) == "" {
		os.Exit(m.Run())
	}
	for _, sum := range sums() {
		fmt.Printf("%x\n", sum)
	}
}

// stable are sheets of one page and of many, in both languages.
func stable() []Sheet {
	long, longer := kazakh(), russian()
	long.Sections[0].Text = strings.Repeat(long.Sections[0].Text+"\n", 6)
	longer.Sections[1].Text = strings.Repeat(longer.Sections[1].Text+"\n\n", 12)
	return []Sheet{kazakh(), russian(), long, longer}
}

func sums() (all [][32]byte) {
	for _, s := range stable() {
		pdf, err := Print(s)
		if err != nil {
			panic(err)
		}
		all = append(all, sha256.Sum256(pdf))
	}
	return all
}

// Security/THREATS S31: what was shown can be printed again, here and elsewhere.
func TestAHundredRunsAndAnotherProcessGiveTheSameBytes(t *testing.T) {
	want := sums()
	for run := range 100 {
		i := run % len(want)
		if got := sha256.Sum256(mustPrint(t, stable()[i])); got != want[i] {
			t.Fatalf("run %d of sheet %d differs", run, i)
		}
	}
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), aloud+"=1", "TZ=America/New_York", "LC_ALL=C", "GOMAXPROCS=1")
	out, err := other.Output()
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, sum := range want {
		fmt.Fprintf(&lines, "%x\n", sum)
	}
	if string(out) != lines.String() {
		t.Errorf("another process prints\n%swant\n%s", out, lines.String())
	}
}

func TestTheStatementIsWholeOnTheFirstPageAndNowhereElse(t *testing.T) {
	for _, s := range stable() {
		pages := texts(t, mustPrint(t, s))
		first := strings.Join(strings.Fields(pages[0]), "")
		for _, f := range append([]Fact{{s.Statement.Heading, ""}}, s.Statement.Rows...) {
			if said := strings.Join(strings.Fields(f.Label+f.Value), ""); !strings.Contains(first, said) {
				t.Errorf("%s: the first page does not say %q", s.Language, said)
			}
		}
		for n, page := range pages[1:] {
			if strings.Contains(page, s.Statement.Rows[7].Value) {
				t.Errorf("%s: page %d says it again", s.Language, n+2)
			}
		}
	}
}

func TestTheTextNeverRunsIntoTheStatement(t *testing.T) {
	for extra := range 80 {
		s := russian()
		s.Sections[1].Text += strings.Repeat("\nЕщё один довод.", extra)
		pages := mustCompose(t, s)
		wantInside(t, pages)
		top := bottom - newBlock(newStyles(1), s.Statement).high - blockPad
		for _, r := range pages[0].texts {
			if r.size > 7.5 && r.size != 8.5 && r.y > top {
				t.Fatalf("%d: %q stands in the statement", extra, r.text)
			}
		}
		if c := pages[0].code; c != nil && c.y+c.side > top {
			t.Fatalf("%d: the code stands in the statement", extra)
		}
	}
}

func TestAStatementThatLeavesNoRoomForTheTextIsRefused(t *testing.T) {
	s := kazakh()
	s.Statement.Rows[2].Value = strings.Repeat("https://zharia.kz/ ", 400)
	if pdf, err := Print(s); err == nil || pdf != nil {
		t.Error("it was printed")
	}
}

func TestAnythingInTheStatementChangesTheBytes(t *testing.T) {
	seen := map[[32]byte]int{sha256.Sum256(mustPrint(t, kazakh())): -1}
	for i := range kazakh().Statement.Rows {
		s := kazakh()
		s.Statement.Rows[i].Value += "1"
		sum := sha256.Sum256(mustPrint(t, s))
		if other, ok := seen[sum]; ok {
			t.Errorf("rows %d and %d change nothing", i, other)
		}
		seen[sum] = i
	}
}

// The definition, word for word, as somebody would follow it with an editor and
// sha256sum.
func TestTheDigestOfATextCanBeCheckedByHand(t *testing.T) {
	s := Sheet{Sections: []Section{
		{"Мән-жайлар", "Бірінші  сөйлем.\r\n\r\n \t \nЕкінші\u00a0сөйлем:\tсоңы. "},
		{"", "Тақырыпсыз и\u0306."},
		{"Сұраймын", ""},
	}}
	byHand := "Мән-жайлар\nБірінші сөйлем.\nЕкінші сөйлем: соңы.\n\n\nТақырыпсыз й.\n\nСұраймын\n\n"
	want := sha256.Sum256([]byte(byHand))
	if got := TextDigest(s); string(got) != string(want[:]) {
		t.Errorf("the canonical text is %q, want %q", canonical(s), byHand)
	}
	if _, err := exec.LookPath("sha256sum"); err == nil {
		cmd := exec.Command("sha256sum")
		cmd.Stdin = strings.NewReader(byHand)
		out, err := cmd.Output()
		if err != nil || !strings.HasPrefix(string(out), fmt.Sprintf("%x ", TextDigest(s))) {
			t.Errorf("sha256sum says %s, %v", out, err)
		}
	}
}

func TestTextsThatDifferHaveDifferentDigests(t *testing.T) {
	seen := map[string]string{}
	for what, sections := range map[string][]Section{
		"nothing":                   nil,
		"an empty section":          {{"", ""}},
		"two empty sections":        {{"", ""}, {"", ""}},
		"a heading":                 {{"а", ""}},
		"a paragraph":               {{"", "а"}},
		"a heading and a paragraph": {{"а", "б"}},
		"two headings":              {{"а", ""}, {"б", ""}},
		"two paragraphs":            {{"", "а\nб"}},
		"two sections":              {{"", "а"}, {"", "б"}},
		"words apart":               {{"", "а б"}},
		"words together":            {{"", "аб"}},
	} {
		sum := string(TextDigest(Sheet{Sections: sections}))
		if other, ok := seen[sum]; ok {
			t.Errorf("%s and %s have one digest", what, other)
		}
		seen[sum] = what
	}
}

func pressOf(t *testing.T) Press {
	t.Helper()
	folder, err := fs.Sub(zharia.Words, "i18n")
	if err != nil {
		t.Fatal(err)
	}
	book, err := words.New(folder, deadline.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return Press{Words: book, Origin: "https://zharia.test"}
}

func TestAPaperStatesWhatWhereWhichWhoseWhenAndOnce(t *testing.T) {
	press := pressOf(t)
	for language, want := range map[string][]string{
		"kk": {"өтінішхат беру", "қазақ тілі", "2026 жылғы 23 қараша, сағат 10:12:40"},
		"ru": {"подача ходатайства", "русский", "23 ноября 2026 года"},
	} {
		ask := policy.Ask{Person: uuid.New(), At: made.Add(123456789 * time.Nanosecond)}
		d, err := New(ask, uuid.New(), Petition, language)
		if err != nil {
			t.Fatal(err)
		}
		s := press.Sheet(d, "petition")
		s.Sections = []Section{{"Сұраймын", "Ноутбукті қайтаруды."}}
		pdf, err := press.Paper(s, d, "267511031000456")
		if err != nil {
			t.Fatal(err)
		}
		page := strings.Join(strings.Fields(texts(t, pdf)[0]), "") // an address may break after a slash
		want = append(want, "267511031000456", "https://zharia.test", d.ID.String(), fmt.Sprintf("%x", d.Nonce), press.Words.In(language).Hex(TextDigest(s)), "zharia/petition/1")
		for _, said := range want {
			if !strings.Contains(page, strings.ReplaceAll(said, " ", "")) {
				t.Errorf("%s: the first page does not say %q:\n%s", language, said, page)
			}
		}
		again, err := press.Paper(s, d, "267511031000456")
		if err != nil || sha256.Sum256(again) != sha256.Sum256(pdf) {
			t.Errorf("%s: printed again it is another paper, %v", language, err)
		}
		other, err := New(ask, d.Casefile, Petition, language)
		if err != nil || string(other.Nonce) == string(d.Nonce) || len(other.Nonce) != NonceSize {
			t.Errorf("two drafts have one nonce, %v", err)
		}
	}
}
