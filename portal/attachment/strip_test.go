package attachment_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zharia/portal/attachment"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/portaltest"
)

const mark = "Zmarker7Qx"

// refusal is the message of an error of Strip.
func refusal(err error) string {
	if told := new(fault.Fault); errors.As(err, &told) {
		return told.Message
	}
	return fmt.Sprint(err)
}

func TestOfAFileOfNobodyOnlyWhatCanBeSeenIsLeft(t *testing.T) {
	for name, file := range portaltest.Marked(mark) {
		if n := bytes.Count(file, []byte(mark)); n == 0 {
			t.Fatalf("%s has no mark: the search proves nothing", name)
		}
		got, err := attachment.Strip(t.Context(), name, bytes.NewReader(file))
		if name == "letter.docx" {
			if refusal(err) != "attachments.refused.bare" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || len(got.Content) == 0 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, trace := range []string{mark, "Exif", "GPS", "xmpmeta", "8BIM", "tEXt", "eXIf", "photo", "2026"} {
			if bytes.Contains(got.Content, []byte(trace)) {
				t.Errorf("of %s %q is left", name, trace)
			}
		}
		hostile{name: name}.harmless(t, name, got.Kind, got.Content)
		again, err := attachment.Strip(t.Context(), "x."+name[strings.LastIndexByte(name, '.')+1:], bytes.NewReader(file))
		if err != nil || !bytes.Equal(again.Content, got.Content) {
			t.Errorf("%s under another name at another time is another file, %v", name, err) // the moment, or the name, is in it
		}
	}
}

func TestAFileOfNobodyIsAPhotographAScreenshotOrPages(t *testing.T) {
	photo, paper := jpegOf(picture(60, 40)), pdfOf(2)
	large := append(bytes.Clone(photo), make([]byte, attachment.MaxBare)...)
	for _, c := range []struct {
		name string
		file []byte
		why  attachment.Reason
	}{
		{"a.jpg", photo, ""}, {"суреттер/a.jpeg", photo, ""}, {".jpg", photo, ""}, {"a.png", pngOf(picture(30, 30)), ""}, {"a.pdf", paper, ""},
		{"a.heic", photo, attachment.NotBare}, {"a", photo, attachment.NotBare}, {"a.mp4", mp4("mp42", "vide"), attachment.NotBare}, {"a.odt", odt(""), attachment.NotBare},
		{"a.mp3", mp3(), attachment.NotBare}, {"a.pdf", photo, attachment.Mismatch}, {"a.jpg", paper, attachment.Mismatch}, {"a.jpg", nil, attachment.Empty}, {"a.pdf", nil, attachment.Empty},
		{"a.jpg", large, attachment.TooBig}, {"a.pdf", pdfOf(attachment.BarePages), ""}, {"a.pdf", pdfOf(attachment.BarePages + 1), attachment.TooThick},
		{"a.jpg", jpegClaiming(60000, 60000), attachment.TooDetail},
	} {
		_, err := attachment.Strip(t.Context(), c.name, bytes.NewReader(c.file))
		want := "<nil>"
		if c.why != "" {
			want = "attachments.refused." + string(c.why)
		}
		if refusal(err) != want {
			t.Errorf("%s of %d bytes: %s, not %s", c.name, len(c.file), refusal(err), want)
		}
	}
}

// What harms is no more taken from somebody without a name than from one with a name.
func TestNoHostileFileComesThroughWithoutAName(t *testing.T) {
	taken, refused := 0, 0
	for _, h := range campaign() {
		got, err := attachment.Strip(t.Context(), h.name, bytes.NewReader(h.file))
		if err != nil {
			if !strings.HasPrefix(refusal(err), "attachments.refused.") {
				t.Errorf("%s: %v", h.what, err)
			}
			refused++
			continue
		}
		taken++
		h.called = ""
		h.harmless(t, "file", got.Kind, got.Content)
		if got.Kind == attachment.PDF {
			if document.CheckUpload(got.Content) != nil || bytes.Contains(got.Content, []byte("/JavaScript")) || bytes.Contains(got.Content, []byte("/Launch")) {
				t.Errorf("%s: the pages made anew act", h.what)
			}
		}
	}
	if taken == 0 || refused < 60 {
		t.Errorf("%d were made anew, %d refused", taken, refused)
	}
	t.Logf("%d made anew, %d refused", taken, refused)
}
