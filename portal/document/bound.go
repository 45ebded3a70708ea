package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
)

// MaxBound is how many bytes the parts of one bound file may have together: they
// lie in memory several times over while they are bound.
const MaxBound = 64 << 20

// ErrTooLargeToBind says that the parts are more than MaxBound together.
var ErrTooLargeToBind = errors.New("document: too large to bind into one file")

// Pages counts the pages of a PDF, checking it as CheckUpload does; the refusal is a
// *BadPDF.
func Pages(pdf []byte) (n int, err error) {
	if err := CheckUpload(pdf); err != nil {
		return 0, err
	}
	err = bounded(func(ctx context.Context) (err error) {
		n, err = count(ctx, pdf)
		return err
	})
	return n, err
}

func count(ctx context.Context, pdf []byte) (int, error) {
	read, err := pdfcpu.ReadWithContext(ctx, timed{bytes.NewReader(pdf), ctx}, settings(pdf))
	if err != nil {
		return 0, unreadable(err)
	}
	if err := read.EnsurePageCount(); err != nil {
		return 0, unreadable(err)
	}
	return read.PageCount, nil
}

// Bind makes one PDF of several that CheckUpload has let in, in their order.
func Bind(parts [][]byte) (out []byte, err error) {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	if size > MaxBound {
		return nil, ErrTooLargeToBind
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	err = bounded(func(context.Context) error {
		readers := make([]io.ReadSeeker, len(parts))
		for i, part := range parts {
			readers[i] = bytes.NewReader(part)
		}
		var bound bytes.Buffer
		if err := api.MergeRaw(readers, &bound, false, settings(nil)); err != nil {
			return unreadable(err)
		}
		out = bound.Bytes()
		return nil
	})
	return out, err
}

// bounded does something with files of others: few at once, no longer than a check
// may take, and a panic of the library is a damaged file.
func bounded(do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), uploadTime)
	defer cancel()
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return ErrBusy
	}
	return within(ctx, func() (err error) {
		defer func() { <-places }()
		defer func() {
			if r := recover(); r != nil {
				err = &BadPDF{Reason: Damaged, Cause: fmt.Errorf("panic: %v", r)}
			}
		}()
		return do(ctx)
	})
}
