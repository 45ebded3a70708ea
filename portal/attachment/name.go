package attachment

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// harmlessName is a name without what could mislead: folders, control characters, marks
// that turn the direction of writing.
func harmlessName(name string) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, ""))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError, strings.ContainsRune(`<>:"|?*`, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	return strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
}

// Said is the name of a file that was not taken, to be told to the one who sent it.
func Said(name string) string {
	said := []rune(harmlessName(name))
	return string(said[:min(len(said), MaxName)])
}

// cleanName is the harmless name of a file; one that is too long keeps its end. What
// has no kind that is taken is refused here, before a byte of it is received.
func cleanName(name string) (string, Kind, error) {
	name = harmlessName(name)
	kind, ok := kindOf(name)
	if !ok {
		return "", "", refuse(WrongKind)
	}
	dot := strings.LastIndexByte(name, '.')
	base, end := []rune(strings.Trim(name[:dot], ". ")), name[dot:]
	if len(base) == 0 {
		return "", "", refuse(BadName)
	}
	if most := MaxName - utf8.RuneCountInString(end); len(base) > most {
		base = base[:most]
	}
	return strings.TrimSpace(string(base)) + end, kind, nil
}
