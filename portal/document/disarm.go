package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Disarm is a PDF of others without what acts: scripts, starts of programs, files
// within the file, sound and video, forms that send themselves away. nil where there
// is nothing of the kind, and the file may be shown as it came. The refusal is that
// of CheckUpload, which goes first. It holds the whole file in memory several times
// over, so it is called in a process that may be ended.
func Disarm(ctx context.Context, pdf []byte) (disarmed []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			disarmed, err = nil, &BadPDF{Reason: Damaged, Cause: fmt.Errorf("panic: %v", r)}
		}
	}()
	read, err := pdfcpu.ReadWithContext(ctx, timed{bytes.NewReader(pdf), ctx}, settings(pdf))
	if err != nil {
		return nil, unreadable(err)
	}
	if !disarm(read) {
		return nil, nil
	}
	root, err := read.Catalog()
	if err != nil {
		return nil, unreadable(err)
	}
	root.Delete("Metadata")
	var out bytes.Buffer
	read.Cmd = model.OPTIMIZE
	if err := api.WriteContext(read, &out); err != nil {
		return nil, unreadable(err)
	}
	again, err := pdfcpu.ReadWithContext(ctx, timed{bytes.NewReader(out.Bytes()), ctx}, settings(out.Bytes()))
	if err != nil {
		return nil, unreadable(err)
	}
	if disarm(again) {
		return nil, &BadPDF{Reason: Damaged, Cause: errors.New("what acts in it cannot be taken out")}
	}
	return out.Bytes(), nil
}

// acting are the entries of any dictionary that start something, or hold what could
// be started. Where a document opens may stay: the deed there is found as a deed.
var acting = []string{"AA", "JavaScript", "JS", "EmbeddedFiles", "EF", "AF", "XFA", "Collection", "Renditions", "RichMediaContent", "RichMediaSettings", "Win", "Mac", "Unix"}

// deeds are the actions that do more than lead to a place: table 201 of ISO 32000-2
// without those that do that.
var deeds = []string{"JavaScript", "Launch", "SubmitForm", "ImportData", "ResetForm", "GoToR", "GoToE", "Rendition", "Movie", "Sound", "RichMediaExecute", "GoTo3DView", "Hide"}

// notes are the annotations that hold a file or play something.
var notes = []string{"RichMedia", "Movie", "Sound", "Screen", "FileAttachment", "3D"}

// disarm takes out of every object what acts; it answers whether there was anything.
func disarm(read *model.Context) bool {
	found := false
	for _, entry := range read.Table {
		if entry != nil && !entry.Free {
			found = disarmObject(entry.Object, 0) || found
		}
	}
	return found
}

const deepest = 100 // of objects within objects: the library has held the file to 64

func disarmObject(o types.Object, depth int) bool {
	if depth > deepest {
		return false
	}
	found := false
	switch o := o.(type) {
	case types.Dict:
		found = disarmDict(o, depth)
	case types.StreamDict:
		found = disarmDict(o.Dict, depth)
	case *types.StreamDict:
		found = o != nil && disarmDict(o.Dict, depth)
	case types.ObjectStreamDict:
		found = disarmDict(o.Dict, depth)
	case *types.ObjectStreamDict:
		found = o != nil && disarmDict(o.Dict, depth)
	case types.Array:
		for _, item := range o {
			found = disarmObject(item, depth+1) || found
		}
	}
	return found
}

func disarmDict(d types.Dict, depth int) bool {
	found := false
	for _, key := range acting {
		if value, ok := d[key]; ok && !empty(value) {
			d.Delete(key)
			found = true
		}
	}
	if deed := d.NameEntry("S"); deed != nil && slices.Contains(deeds, *deed) {
		for key := range d {
			delete(d, key)
		}
		d["S"], d["N"] = types.Name("Named"), types.Name("FirstPage")
		found = true
	}
	if kind := d.NameEntry("Subtype"); kind != nil && slices.Contains(notes, *kind) {
		for _, key := range []string{"FS", "Movie", "Sound", "A", "3DD", "3DV"} {
			d.Delete(key)
		}
		d["Subtype"], d["F"] = types.Name("Square"), types.Integer(2) // hidden
		found = true
	}
	for _, value := range d {
		found = disarmObject(value, depth+1) || found
	}
	return found
}

// empty tells that a tree of names has none: some programs always write it.
func empty(tree types.Object) bool {
	d, ok := tree.(types.Dict)
	if !ok {
		return false
	}
	names, ok := d["Names"].(types.Array)
	return ok && len(names) == 0 && len(d) == 1
}
