package document

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// Bounds of an uploaded PDF.
const (
	MaxUpload      = 20 << 20 // bytes
	MaxUploadPages = 2000
)

const (
	uploadTime   = 10 * time.Second // to check one file; an ordinary one takes milliseconds
	uploadsAside = 2                // files checked at the same time, those that ran out of time included
	unpacked     = 256 << 20        // bytes that one file's object streams may unpack to, together
)

// Reason is why an uploaded PDF is refused.
type Reason string

// The reasons of refusal.
const (
	TooLarge     Reason = "too-large"      // more than MaxUpload bytes
	NotPDF       Reason = "not-pdf"        // does not begin as a PDF does
	Damaged      Reason = "damaged"        // cannot be read, has no page, or takes too long to read
	Encrypted    Reason = "encrypted"      // has a password, even an empty one
	TooManyPages Reason = "too-many-pages" // more than MaxUploadPages
)

// BadPDF is the refusal of an uploaded PDF.
type BadPDF struct {
	Reason Reason
	Cause  error // for the log only: it may quote the file
}

func (b *BadPDF) Error() string { return "document: upload refused: " + string(b.Reason) }

func (b *BadPDF) Unwrap() error { return b.Cause }

// ErrBusy says that too many files are being checked at this moment: the file
// was not looked at and may be sent again.
var ErrBusy = errors.New("document: too many uploads at once")

// The library would keep a folder of settings in the home of whoever runs us.
func init() { api.DisableConfigDir() }

// places holds a token for each check under way. A check that hangs keeps its
// token, so that bad files can occupy a few processors but not all the memory.
var places = make(chan struct{}, uploadsAside)

// CheckUpload says whether an uploaded file is a PDF that everyone in the case
// will be able to open: of at most MaxUpload bytes, structurally sound (ISO
// 32000, as leniently as readers are), not encrypted, of 1 to MaxUploadPages
// pages. The refusal is a *BadPDF. It says nothing of what the file contains:
// the file is still not ours, to be scanned and given back as a download only.
func CheckUpload(pdf []byte) error {
	switch {
	case len(pdf) > MaxUpload:
		return &BadPDF{Reason: TooLarge}
	case !bytes.HasPrefix(pdf, []byte("%PDF-")):
		return &BadPDF{Reason: NotPDF} // strictly at the start: a file must not be two things at once
	}
	select {
	case places <- struct{}{}:
	case <-time.After(uploadTime):
		return ErrBusy
	}
	// From here on: that others took their time is no fault of this file.
	ctx, cancel := context.WithTimeout(context.Background(), uploadTime)
	defer cancel()
	return within(ctx, func() error {
		defer func() { <-places }()
		return inspect(ctx, pdf)
	})
}

// within waits for check no longer than ctx allows. Most of the library cannot
// be interrupted, so the check then runs on to its end by itself.
func within(ctx context.Context, check func() error) error {
	done := make(chan error, 1)
	go func() { done <- check() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return &BadPDF{Reason: Damaged, Cause: ctx.Err()}
	}
}

// directEncrypt finds an encryption dictionary written into the trailer itself,
// where the library looks for references only (ISO 32000-1, table 15).
var directEncrypt = regexp.MustCompile(`/Encrypt[\x00\t\n\f\r ]*<<`)

// inspect reads the file. A panic of the library is a damaged file: it is made
// by whoever sent it.
func inspect(ctx context.Context, pdf []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &BadPDF{Reason: Damaged, Cause: fmt.Errorf("panic: %v", r)}
		}
	}()
	if directEncrypt.Match(pdf) {
		return &BadPDF{Reason: Encrypted}
	}
	read, err := pdfcpu.ReadWithContext(ctx, timed{bytes.NewReader(pdf), ctx}, settings(pdf))
	if err != nil {
		return unreadable(err)
	}
	root, err := read.Catalog()
	if err != nil {
		return unreadable(err)
	}
	root.Delete("Metadata") // nobody needs it to read the file, and the library unpacks it without our bound
	read.Cmd = model.VALIDATE
	if err := api.ValidateContext(read); err != nil {
		return unreadable(err)
	}
	if err := read.EnsurePageCount(); err != nil {
		return unreadable(err)
	}
	switch {
	case read.PageCount < 1:
		return &BadPDF{Reason: Damaged, Cause: errors.New("no pages")}
	case read.PageCount > MaxUploadPages:
		return &BadPDF{Reason: TooManyPages}
	}
	return nil
}

// timed is a file that cannot be read any more when the time is up.
type timed struct {
	*bytes.Reader
	ctx context.Context
}

func (t timed) Read(to []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	return t.Reader.Read(to)
}

// settings are the library's, held to what such a file may need, and cut off
// from the network. The file is read as one to be merged with others: then the
// library refuses encryption of any kind before it tries a password.
func settings(pdf []byte) *model.Configuration {
	c := model.NewDefaultConfiguration()
	c.Cmd = model.MERGECREATE
	c.ValidationMode = model.ValidationRelaxed
	c.Optimize = false
	c.Offline = true
	c.ValidateLinks = false
	c.Limits.MaxStreamBytes = MaxUpload
	c.Limits.MaxDecodeBytes = int64(unpacked / (4 + packedStreams(pdf)))
	c.Limits.MaxObjectCount = 500_000
	c.Limits.MaxXRefEntries = 500_000
	c.Limits.MaxObjectStreamCount = 100_000
	c.Limits.MaxRecursionDepth = 64
	return c
}

// packedStreams counts the streams that the library unpacks and keeps in memory;
// it bounds each but not their sum. A name may be written with a letter as a hex
// number, which no honest program does: each such place counts as a stream too.
func packedStreams(pdf []byte) int {
	n := bytes.Count(pdf, []byte("ObjStm")) + bytes.Count(pdf, []byte("XRef"))
	for rest := pdf; ; {
		at := bytes.IndexByte(rest, '#')
		if at < 0 || at+2 >= len(rest) {
			return n
		}
		rest = rest[at+1:]
		if letter, err := hex.DecodeString(string(rest[:2])); err == nil && letter[0] >= 'A' && letter[0] <= 'z' {
			n++
		}
	}
}

// unreadable gives the reason for an error of the library.
func unreadable(err error) error {
	if errors.Is(err, pdfcpu.ErrEncrypted) {
		return &BadPDF{Reason: Encrypted, Cause: err}
	}
	return &BadPDF{Reason: Damaged, Cause: err}
}
