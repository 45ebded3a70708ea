package document

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// raw builds a PDF from its objects with a right cross-reference table; the
// first object is the catalogue.
func raw(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, start)
	return b.Bytes()
}

const (
	catalogue = "<</Type /Catalog /Pages 2 0 R>>"
	onePage   = "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources <<>>>>"
)

// blank is a PDF of so many empty pages.
func blank(pages int) []byte {
	objects := []string{catalogue, ""}
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", i+3)
		objects = append(objects, onePage)
	}
	objects[1] = fmt.Sprintf("<</Type /Pages /Count %d /Kids [%s]>>", pages, kids.String())
	return raw("", objects...)
}

func locked(t *testing.T, user string) []byte {
	t.Helper()
	pdf := fpdf.New("P", "pt", "A4", "")
	pdf.SetProtection(fpdf.CnProtectPrint, user, "owner")
	pdf.AddPage()
	var b bytes.Buffer
	if err := pdf.Output(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// swollen is a small file with an object stream that unpacks to so many MB.
func swollen(t *testing.T, megabytes int) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "5 0 "+onePage)
	for range megabytes {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	stream := fmt.Sprintf("<</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream", packed.Len(), packed.String())
	// A cross-reference stream is what makes a reader open object streams.
	var b bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	at := make([]int, 5)
	for i, o := range []string{catalogue, "<</Type /Pages /Count 2 /Kids [3 0 R 5 0 R]>>", onePage, stream} {
		at[i+1] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	var table bytes.Buffer
	table.Write([]byte{0, 0, 0, 0, 255})
	for _, n := range at[1:] {
		table.Write([]byte{1, byte(n >> 16), byte(n >> 8), byte(n), 0})
	}
	table.Write([]byte{2, 0, 0, 4, 0})                                          // object 5 lives in stream 4
	table.Write([]byte{1, byte(start >> 16), byte(start >> 8), byte(start), 0}) // this table
	fmt.Fprintf(&b, "6 0 obj\n<</Type /XRef /Size 7 /W [1 3 1] /Root 1 0 R /Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", table.Len(), table.String(), start)
	return b.Bytes()
}

func reason(err error) Reason {
	var bad *BadPDF
	if errors.As(err, &bad) {
		return bad.Reason
	}
	if err != nil {
		return Reason(err.Error())
	}
	return ""
}

func TestASoundPDFIsTaken(t *testing.T) {
	ours := mustPrint(t, kazakh())
	for name, pdf := range map[string][]byte{
		"of ours":                ours,
		"of one page":            blank(1),
		"of the most pages":      blank(MaxUploadPages),
		"with packed objects":    swollen(t, 3),
		"with a line at the end": append(bytes.Clone(ours), '\n'),
	} {
		if err := CheckUpload(pdf); err != nil {
			t.Errorf("a PDF %s was refused: %v: %v", name, err, errors.Unwrap(err))
		}
	}
}

func TestABadPDFIsRefusedWithItsReason(t *testing.T) {
	ours := mustPrint(t, russian())
	mangled := bytes.ReplaceAll(ours, []byte("/Kids"), []byte("/Maps"))
	for _, c := range []struct {
		name string
		pdf  []byte
		want Reason
	}{
		{"nothing", nil, NotPDF},
		{"a text", []byte("Құрметті тергеуші!"), NotPDF},
		{"a page of the web", []byte("<html>%PDF-1.4"), NotPDF},
		{"a PDF after something else", append([]byte("GIF89a"), ours...), NotPDF},
		{"20 MiB and a byte", append(bytes.Clone(ours), make([]byte, MaxUpload+1-len(ours))...), TooLarge},
		{"the name of the format only", []byte("%PDF-1.7\n"), Damaged},
		{"half a file", ours[:len(ours)/2], Damaged},
		{"a file without its last quarter", ours[:len(ours)*3/4], Damaged},
		{"a file with a broken page tree", mangled, Damaged},
		{"no pages", raw("", catalogue, "<</Type /Pages /Count 0 /Kids []>>"), Damaged},
		{"no catalogue", raw("", "<</Type /Catalogue>>"), Damaged},
		{"a page tree that is its own child", raw("", catalogue, "<</Type /Pages /Count 1 /Kids [2 0 R]>>"), Damaged},
		{"a password", locked(t, "secret"), Encrypted},
		{"an empty password", locked(t, ""), Encrypted},
		{"an unknown way of encryption", raw("/Encrypt 4 0 R", catalogue, "<</Type /Pages /Count 1 /Kids [3 0 R]>>", onePage, "<</Filter /Own /V 9>>"), Encrypted},
		{"encryption written into the trailer", raw("/Encrypt\n<</Filter /Standard /V 1>>", catalogue, "<</Type /Pages /Count 1 /Kids [3 0 R]>>", onePage), Encrypted},
		{"a page too many", blank(MaxUploadPages + 1), TooManyPages},
		{"300 MB in a small file", swollen(t, 300), Damaged},
	} {
		start := time.Now()
		if got := reason(CheckUpload(c.pdf)); got != c.want {
			t.Errorf("%s: refused as %q, want %q", c.name, got, c.want)
		}
		if took := time.Since(start); took > uploadTime+time.Second {
			t.Errorf("%s: took %v", c.name, took)
		}
	}
}

func TestACheckThatHangsIsLeftBehind(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	hang := make(chan struct{})
	defer close(hang)
	err := within(ctx, func() error { <-hang; return nil })
	if reason(err) != Damaged || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestARefusalDoesNotQuoteTheFile(t *testing.T) {
	err := CheckUpload([]byte("%PDF-1.4 880102300111"))
	if err == nil || strings.Contains(err.Error(), "8801") {
		t.Errorf("got %v", err)
	}
}

// Every cut and every changed byte of a real file ends in an answer.
func TestADamagedFileNeverStopsTheCheck(t *testing.T) {
	pdf := blank(3)
	for i := range len(pdf) {
		CheckUpload(pdf[:i])
		spoiled := bytes.Clone(pdf)
		spoiled[i] ^= 0x15
		if got := reason(CheckUpload(spoiled)); strings.Contains(string(got), " ") {
			t.Fatalf("byte %d: not a refusal: %s", i, got)
		}
	}
}

func TestADescriptionOfTheFileIsNotUnpacked(t *testing.T) {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	for range 300 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pdf := raw("", "<</Type /Catalog /Pages 2 0 R /Metadata 4 0 R>>", "<</Type /Pages /Count 1 /Kids [3 0 R]>>", onePage,
		fmt.Sprintf("<</Type /Metadata /Subtype /XML /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream", packed.Len(), packed.String()))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := CheckUpload(pdf); err != nil {
		t.Errorf("refused: %v", err)
	}
	runtime.ReadMemStats(&after)
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 64 {
		t.Errorf("it took %d MB of memory", took)
	}
}

func TestNamesWrittenInHexCountAsPackedStreams(t *testing.T) {
	for text, want := range map[string]int{
		"/Type /ObjStm /Type/XRef":          2,
		"/Type /Obj#53tm /#4fbjStm /#58Ref": 3,
		"/Times#20New#20Roman # #4 #zz":     0,
		"#":                                 0, "#4": 0, "": 0, // too near the end for a name of a stream
	} {
		if got := packedStreams([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func FuzzCheckUpload(f *testing.F) {
	f.Add(blank(1))
	f.Add(blank(3))
	f.Add(raw("/Encrypt 4 0 R", catalogue, "<</Type /Pages /Count 1 /Kids [3 0 R]>>", onePage, "<</Filter /Standard /V 1>>"))
	f.Add([]byte("%PDF-1.4\nstartxref\n0\n%%EOF"))
	f.Fuzz(func(t *testing.T, pdf []byte) {
		switch got := reason(CheckUpload(pdf)); got {
		case "", TooLarge, NotPDF, Damaged, Encrypted, TooManyPages:
		default:
			t.Errorf("an answer of no kind: %q", got)
		}
	})
}
