package filing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Moves is the life of a filing as a diagram that Mermaid draws: each line is a
// move of the table, and there are no others. Extended, forwarded and overdue are facts
// beside a status.
func Moves() string {
	rank := func(s Status) int { return slices.Index(Statuses, s) }
	name := func(s Status) string { return strings.ReplaceAll(string(s), "-", "_") }
	steps := slices.SortedFunc(maps.Keys(moves), func(a, b step) int {
		return cmp.Or(cmp.Compare(rank(a.from), rank(b.from)), cmp.Compare(rank(moves[a]), rank(moves[b])), cmp.Compare(a.act, b.act))
	})
	lines := []string{"stateDiagram-v2", "    [*] --> " + name(Draft)}
	for _, s := range steps {
		lines = append(lines, fmt.Sprintf("    %s --> %s: %s", name(s.from), name(moves[s]), s.act))
	}
	for _, s := range Statuses {
		if s != Draft && !s.Open() {
			lines = append(lines, "    "+name(s)+" --> [*]")
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
