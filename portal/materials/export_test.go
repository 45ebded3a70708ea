package materials

import "testing"

// SearchesAtOnce has a search look at so many pages until the test ends.
func SearchesAtOnce(t *testing.T, pages int) {
	usual := searchable
	searchable = pages
	t.Cleanup(func() { searchable = usual })
}

// CopiesUpTo has a copy of several materials end at so many bytes until the test ends.
func CopiesUpTo(t *testing.T, bytes int) {
	usual := mostCopied
	mostCopied = bytes
	t.Cleanup(func() { mostCopied = usual })
}

// RecordNames has the record name so many materials one by one until the test ends.
func RecordNames(t *testing.T, lines int) {
	usual := maxLines
	maxLines = lines
	t.Cleanup(func() { maxLines = usual })
}
