package filing

import "strings"

// Run is words in a row that two versions of a text share, or that only one has.
type Run struct {
	Mark string // "": both, "-": the older alone, "+": the newer alone
	Text string
}

// mostCells bounds the work of a comparison: the table of two texts of some 3,000
// words each. Longer middles are shown as taken out and put in whole.
const mostCells = 10_000_000

// Difference compares two texts word by word.
func Difference(older, newer string) []Run {
	a, b := pieces(older), pieces(newer)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []Run
	out = grow(out, "", a[:head]...)
	out = middle(out, a[head:len(a)-tail], b[head:len(b)-tail])
	return grow(out, "", a[len(a)-tail:]...)
}

// pieces are the words of a text, each with the space after it; a line break is a
// piece of its own.
func pieces(text string) []string {
	var out []string
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out = append(out, "\n")
		}
		for _, word := range strings.Fields(line) {
			out = append(out, word+" ")
		}
	}
	return out
}

func grow(out []Run, mark string, words ...string) []Run {
	for _, w := range words {
		if n := len(out); n > 0 && out[n-1].Mark == mark {
			out[n-1].Text += w
		} else {
			out = append(out, Run{mark, w})
		}
	}
	return out
}

// middle is the longest common run of words, found in a table of lengths.
func middle(out []Run, a, b []string) []Run {
	if len(a) == 0 || len(b) == 0 || (len(a)+1)*(len(b)+1) > mostCells {
		return grow(grow(out, "-", a...), "+", b...)
	}
	width := len(b) + 1
	same := make([]uint16, (len(a)+1)*width) // a text has fewer than 65,536 words
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				same[i*width+j] = same[(i+1)*width+j+1] + 1
			} else {
				same[i*width+j] = max(same[(i+1)*width+j], same[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = grow(out, "", a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && same[(i+1)*width+j] >= same[i*width+j+1]:
			out = grow(out, "-", a[i])
			i++
		default:
			out = grow(out, "+", b[j])
			j++
		}
	}
	return out
}
