package materials

import "testing"

// SearchesAtOnce has a search look at so many pages until the test ends.
func SearchesAtOnce(t *testing.T, pages int) {
	usual := searchable
	searchable = pages
	t.Cleanup(func() { searchable = usual })
}
