package law_test

import (
	"testing"

	"zharia/portal/law"
)

func TestAReferenceSaysWhereInTheCodeItPoints(t *testing.T) {
	for _, row := range []struct {
		ref                 law.Ref
		text, article, part string
		item, words, title  string
	}{
		{law.CPC(48), "CPC 48", "48", "", "", "law.cpc.article", "law.title.48"},
		{law.CPC(99, 4), "CPC 99(4)", "99", "4", "", "law.cpc.article-part", "law.title.99"},
		{law.CPC(71, 6, 13), "CPC 71(6)(13)", "71", "6", "13", "law.cpc.article-part-item", "law.title.71"},
		{law.CPCs("65-1", 2), "CPC 65-1(2)", "65-1", "2", "", "law.cpc.article-part", "law.title.65-1"},
		{law.CPC(202, 1).Dash(1), "CPC 202(1-1)", "202", "1-1", "", "law.cpc.article-part", "law.title.202"},
		{law.CPC(64, 9, 16).Dash(1), "CPC 64(9)(16-1)", "64", "9", "16-1", "law.cpc.article-part-item", "law.title.64"},
		{law.CPC(65).Dash(1), "CPC 65-1", "65-1", "", "", "law.cpc.article", "law.title.65-1"},
		{law.Ref{}, "", "", "", "", "", ""},
	} {
		r := row.ref
		got := [...]string{r.String(), r.Article(), r.Part(), r.Item(), r.Words(), r.Title()}
		want := [...]string{row.text, row.article, row.part, row.item, row.words, row.title}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAReferenceIsAValueThatCanBeComparedAndUsedAsAKey(t *testing.T) {
	if law.CPC(65).Dash(1) != law.CPCs("65-1") || law.CPC(99, 4) == law.CPC(99, 5) {
		t.Error("references to the same place are not the same value")
	}
	if !(law.Ref{}).IsZero() || law.CPC(99).IsZero() || law.CPC(99).Code() != "CPC" || (law.Ref{}).Code() != "" {
		t.Error("the zero reference is confused with a real one")
	}
}

func TestWhatTheLedgerKeptReadsBackTheSame(t *testing.T) {
	for _, ref := range []law.Ref{
		law.CPC(48), law.CPC(99, 4), law.CPC(71, 6, 13), law.CPCs("65-1", 2),
		law.CPC(202, 1).Dash(1), law.CPC(64, 9, 16).Dash(1),
	} {
		if got, err := law.Parse(ref.String()); err != nil || got != ref {
			t.Errorf("%s reads back as %q, %v", ref, got, err)
		}
	}
}

func TestWhatIsNotAReferenceIsRefused(t *testing.T) {
	for _, s := range []string{
		"", "CPC", "CPC ", "CC 419", "cpc 99", "CPC  99", "CPC 99 ", "CPC 0", "CPC 099", "CPC 99(", "CPC 99()",
		"CPC 99(4", "CPC 99)4(", "CPC 99(4)x", "CPC 99(4)(5)(6)", "CPC 99(-1)", "CPC 99(+1)", "CPC 65-", "CPC 65-1-1",
		"CPC 99(4) ", "CPC 12345", "CPC ٩٩", "CPC 99(4)(5)(6)(7)(8)(9)(10)(11)(12)(13)",
	} {
		if ref, err := law.Parse(s); err == nil {
			t.Errorf("%q was read as %s", s, ref)
		}
	}
}

func FuzzParseGivesBackWhatItTook(f *testing.F) {
	f.Add("CPC 71(6)(13)")
	f.Add("CPC 65-1(2)")
	f.Fuzz(func(t *testing.T, s string) {
		if ref, err := law.Parse(s); err == nil && ref.String() != s {
			t.Errorf("%q became %q", s, ref)
		}
	})
}
