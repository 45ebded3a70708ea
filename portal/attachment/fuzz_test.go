package attachment_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"zharia/portal/attachment"
)

// FuzzExamine looks that no file breaks its reader or makes more of itself than may be, and
// that what others open of it is taken again as it is.
func FuzzExamine(f *testing.F) {
	kinds := map[string]attachment.Kind{}
	for _, k := range attachment.Kinds {
		kinds[k.End()] = k
	}
	add := func(name string, file []byte) {
		if kind, ok := kinds[name[max(0, strings.LastIndexByte(name, '.')):]]; ok && len(file) < 64<<10 {
			f.Add(byte(slices.Index(attachment.Kinds, kind)), file)
		}
	}
	for name, file := range benign() {
		add(name, file)
	}
	for _, h := range campaign() {
		add(h.name, h.file)
	}
	f.Fuzz(func(t *testing.T, n byte, file []byte) {
		kind := attachment.Kinds[int(n)%len(attachment.Kinds)]
		why, copied, of, _ := attachment.Read(kind, file)
		if why != "" {
			if !slices.Contains(attachment.Reasons, why) || copied != nil {
				t.Fatalf("%s is refused with %q and %d bytes of a copy", kind, why, len(copied))
			}
			return
		}
		if len(copied) > 2*attachment.MaxPaper {
			t.Fatalf("the copy of %d bytes has %d", len(file), len(copied))
		}
		if of == "" {
			return
		}
		why, again, _, disarmed := attachment.Read(of, copied)
		if why != "" || disarmed || of.Picture() && bytes.Equal(again, nil) {
			t.Fatalf("the copy of a %s is answered with %q, disarmed %v", kind, why, disarmed)
		}
	})
}
