package law

import (
	"fmt"
	"strings"
)

// maxRef bounds what Parse will look at; the longest real reference has
// about twenty bytes.
const maxRef = 40

// Parse reads the neutral form back, as the ledger kept it. It takes exactly
// what String gives: an article, at most a part and an item, each a number
// with at most one dash. Anything else is an error, "" too.
func Parse(s string) (Ref, error) {
	rest, ok := strings.CutPrefix(s, code+" ")
	if !ok || len(s) > maxRef {
		return Ref{}, fmt.Errorf("law: %.40q is not a reference", s)
	}
	article, rest, inside := strings.Cut(rest, "(")
	if !isNumber(article) {
		return Ref{}, fmt.Errorf("law: %.40q has no article", s)
	}
	if !inside {
		return Ref{article: article}, nil
	}
	body, ok := strings.CutSuffix(rest, ")")
	parts := strings.Split(body, ")(")
	if !ok || len(parts) > 2 {
		return Ref{}, fmt.Errorf("law: %.40q has unreadable parts", s)
	}
	for _, part := range parts {
		if !isNumber(part) {
			return Ref{}, fmt.Errorf("law: %.40q has an unreadable part", s)
		}
	}
	return Ref{article: article, path: strings.Join(parts, "/")}, nil
}

// isNumber takes the numbers the Code gives to articles, parts and items:
// "13", "13-1"; no sign, no leading zero.
func isNumber(s string) bool {
	whole, after, dashed := strings.Cut(s, "-")
	return isCount(whole) && (!dashed || isCount(after))
}

func isCount(s string) bool {
	if s == "" || s[0] == '0' || len(s) > 4 {
		return false
	}
	for _, digit := range []byte(s) {
		if digit < '0' || digit > '9' {
			return false
		}
	}
	return true
}
