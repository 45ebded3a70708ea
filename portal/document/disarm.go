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
	if found, err := disarm(ctx, read); err != nil || !found {
		return nil, err
	}
	root, err := read.Catalog()
	if err != nil {
		return nil, unreadable(err)
	}
	root.Delete("Metadata")
	var out bytes.Buffer
	read.Cmd = model.OPTIMIZE
	read.WriteObjectStream = false // whoever looks into the copy sees what it holds
	if err := api.WriteContext(read, &out); err != nil {
		return nil, unreadable(err)
	}
	if err := inspect(ctx, out.Bytes()); err != nil { // a file that was torn is read leniently, and the copy of it may be none
		return nil, err
	}
	again, err := pdfcpu.ReadWithContext(ctx, timed{bytes.NewReader(out.Bytes()), ctx}, settings(out.Bytes()))
	if err != nil {
		return nil, unreadable(err)
	}
	found, err := disarm(ctx, again)
	if err != nil {
		return nil, err
	}
	if found {
		return nil, &BadPDF{Reason: Damaged, Cause: errors.New("what acts in it cannot be taken out")}
	}
	return out.Bytes(), nil
}

// acting are the entries of any dictionary that start something, or hold what could
// be started. Where a document opens may stay: at a place, and nowhere else (leads).
var acting = []string{"AA", "JavaScript", "JS", "EmbeddedFiles", "EF", "AF", "XFA", "Collection", "Renditions", "RichMediaContent", "RichMediaSettings", "Win", "Mac", "Unix"}

// deeds are the actions that do more than lead to a place: table 201 of ISO 32000-2
// without those that do that.
var deeds = []string{"JavaScript", "Launch", "SubmitForm", "ImportData", "ResetForm", "GoToR", "GoToE", "Rendition", "Movie", "Sound", "RichMediaExecute", "GoTo3DView", "Hide"}

// notes are the annotations that hold a file or play something.
var notes = []string{"RichMedia", "Movie", "Sound", "Screen", "FileAttachment", "3D"}

// disarm takes out of every object what acts; it answers whether there was anything.
func disarm(ctx context.Context, read *model.Context) (found bool, err error) {
	// Those in a stream of objects are read when somebody asks for them: all of them,
	// first, for one may be the name in another.
	for _, entry := range read.Table {
		if entry == nil || entry.Free {
			continue
		}
		if packed, ok := entry.Object.(types.LazyObjectStreamObject); ok {
			if entry.Object, err = packed.DecodedObject(ctx); err != nil {
				return false, unreadable(err)
			}
		}
	}
	s := search{read: read}
	for _, entry := range read.Table {
		if entry != nil && !entry.Free {
			s.object(entry.Object, 0)
		}
	}
	return s.found, s.err
}

const deepest = 100 // of objects within objects: the library has held the file to as much

// search goes through the objects of a file.
type search struct {
	read  *model.Context
	found bool  // something acted
	err   error // something could not be looked through
}

func (s *search) object(o types.Object, depth int) {
	if depth > deepest {
		s.err = &BadPDF{Reason: Damaged, Cause: errors.New("objects too deep")}
		return
	}
	switch o := o.(type) {
	case nil, types.Name, types.Integer, types.Float, types.Boolean, types.StringLiteral, types.HexLiteral, types.IndirectRef:
	case types.Dict:
		s.dict(o, depth)
	case types.StreamDict:
		s.dict(o.Dict, depth)
	case *types.StreamDict:
		s.dict(o.Dict, depth)
	case types.ObjectStreamDict:
		s.dict(o.Dict, depth)
	case *types.ObjectStreamDict:
		s.dict(o.Dict, depth)
	case types.XRefStreamDict:
		s.dict(o.Dict, depth)
	case *types.XRefStreamDict:
		s.dict(o.Dict, depth)
	case types.Array:
		for _, item := range o {
			s.object(item, depth+1)
		}
	default:
		s.err = &BadPDF{Reason: Damaged, Cause: fmt.Errorf("an object of type %T", o)}
	}
}

func (s *search) dict(d types.Dict, depth int) {
	for _, key := range acting {
		if value, ok := d[key]; ok && !empty(value) {
			d.Delete(key)
			s.found = true
		}
	}
	if at, ok := d["OpenAction"]; ok && !s.leads(at) {
		d.Delete("OpenAction") // an address that is asked for would tell who reads it, and when
		s.found = true
	}
	if slices.Contains(deeds, s.name(d["S"])) {
		clear(d)
		d["S"], d["N"] = types.Name("Named"), types.Name("FirstPage")
		s.found = true
	}
	if slices.Contains(notes, s.name(d["Subtype"])) {
		for _, key := range []string{"FS", "Movie", "Sound", "A", "3DD", "3DV"} {
			d.Delete(key)
		}
		d["Subtype"], d["F"] = types.Name("Square"), types.Integer(2) // hidden
		s.found = true
	}
	for _, value := range d {
		s.object(value, depth+1)
	}
}

// leads tells that a document opens at one of its own places and does nothing else.
func (s *search) leads(o types.Object) bool {
	d, deed := s.behind(o).(types.Dict)
	if !deed {
		return true
	}
	is := s.name(d["S"])
	return (is == "GoTo" || is == "Named") && s.behind(d["Next"]) == nil
}

// behind is what a reference leads to, or the object itself.
func (s *search) behind(o types.Object) types.Object {
	for range deepest {
		ref, ok := o.(types.IndirectRef)
		if !ok {
			break
		}
		var err error
		if o, err = s.read.Dereference(ref); err != nil {
			s.err = unreadable(err)
			return nil
		}
	}
	return o
}

// name is a name that may stand in an object of its own; "" for what is none.
func (s *search) name(o types.Object) string {
	name, _ := s.behind(o).(types.Name)
	return string(name)
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
