package attachment

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"zharia/portal/document"
)

// Bounds of what somebody sends who says nothing of himself.
const (
	MaxBare   = 10 << 20 // bytes of a file
	BarePages = 30       // of a PDF: each is drawn anew while he waits
	BareFiles = 3        // of a message
)

// Bare lists the kinds that are made anew from what can be seen of them, so that nothing
// else of them is left. What an office document, a recording or a film says of its maker
// cannot be taken out with certainty: it is refused in so many words.
var Bare = []Kind{JPEG, PNG, PDF}

// Stripped is all that is kept of such a file.
type Stripped struct {
	Kind    Kind
	Content []byte
}

// Strip makes a file anew from its points alone: of a photograph no place, camera or time
// is left; of a PDF its pages are drawn, and neither its text nor its layers, notes,
// earlier versions, programs and names remain. The name only says what kind it is, and
// is kept nowhere. What comes goes through a worker; in the portal there is no more of it
// at a time than a buffer. Invalid where it is not taken.
func Strip(ctx context.Context, name string, file io.Reader) (Stripped, error) {
	kind, _ := kindOf(name)
	if !slices.Contains(Bare, kind) {
		return Stripped{}, refuse(NotBare)
	}
	in := &counted{r: file, most: MaxBare}
	out := &limited{Buffer: new(bytes.Buffer), most: MaxBare}
	v, err := employ(ctx, stripWork+string(kind), in, struct{ io.Writer }{out}) // io.Copy would fill the buffer past its bound
	switch {
	case in.over || out.full:
		return Stripped{}, refuse(TooBig)
	case err != nil:
		return Stripped{}, err
	case v.Refused != "":
		return Stripped{}, refuse(v.Refused)
	case v.Copy == "" || out.Len() == 0:
		return Stripped{}, errWorker
	}
	return Stripped{v.Copy, out.Bytes()}, nil
}

// stripWork begins the name of the work of a worker that makes a file anew.
const stripWork = "strip-"

// strip is examine for files of nobody: what it does not write is not kept.
func strip(kind Kind, in io.Reader, out io.Writer) verdict {
	if kind != PDF {
		return examine(kind, in, out)
	}
	v, err := drawn(in, out)
	var why bad
	switch {
	case errors.As(err, &why):
		return verdict{Refused: Reason(why)}
	case err != nil:
		return verdict{Refused: Damaged}
	}
	return v
}

// Bounds of the drawing of one document.
const (
	drawnSide = 1754 // pixels of the longer side: 150 to the inch of A4
	drawnTime = 40 * time.Second
)

// epoch is the day that every PDF made here says it was made on: the true one would tell
// the moment.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// drawn makes a PDF of pictures of the pages of another.
func drawn(in io.Reader, out io.Writer) (verdict, error) {
	file, err := whole(in)
	if err != nil {
		return verdict{}, err
	}
	if len(file) == 0 {
		return verdict{}, bad(Empty)
	}
	if !looksLike(PDF, file[:min(len(file), 3072)]) {
		return verdict{}, bad(Mismatch)
	}
	if err := document.CheckUpload(file); err != nil {
		return verdict{}, badPDF(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), drawnTime)
	defer cancel()
	// One page more than there may be tells that there are more.
	cmd := exec.CommandContext(ctx, "pdftoppm", "-q", "-l", strconv.Itoa(BarePages+1), "-scale-to", strconv.Itoa(drawnSide), "-")
	cmd.WaitDelay = time.Second
	cmd.Stdin = bytes.NewReader(file)
	pages, err := cmd.StdoutPipe()
	if err != nil {
		return verdict{}, err
	}
	if err := cmd.Start(); err != nil {
		return verdict{}, bad(TooComplex)
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCreationDate(epoch)
	pdf.SetModificationDate(epoch)
	count, wrong := 0, error(nil)
	for r := bufio.NewReaderSize(pages, 1<<16); ; count++ {
		page, err := readPage(r)
		if err == io.EOF {
			break
		}
		if err == nil && count == BarePages {
			err = bad(TooThick)
		}
		if err == nil {
			err = addPage(pdf, strconv.Itoa(count), page)
		}
		if wrong = err; wrong != nil {
			cmd.Process.Kill() // it may wait for us to read on
			break
		}
	}
	ended := cmd.Wait()
	switch {
	case wrong != nil:
		return verdict{}, wrong
	case ctx.Err() != nil:
		return verdict{}, bad(TooComplex)
	case ended != nil || count == 0:
		return verdict{}, bad(Damaged)
	}
	var made bytes.Buffer
	if err := pdf.Output(&made); err != nil {
		return verdict{}, err
	}
	if made.Len() > MaxBare {
		return verdict{}, bad(TooBig)
	}
	_, err = out.Write(made.Bytes())
	return verdict{Copy: PDF}, err
}

// readPage reads one raw picture of those pdftoppm writes one after another; io.EOF after
// the last. Its size is held to what was asked for before anything of it is read.
func readPage(r *bufio.Reader) (image.Image, error) {
	if _, err := r.Peek(1); err != nil {
		return nil, err
	}
	var width, height, most int
	if _, err := fmt.Fscanf(r, "P6\n%d %d\n%d\n", &width, &height, &most); err != nil {
		return nil, bad(Damaged)
	}
	if width < 1 || height < 1 || width > drawnSide+1 || height > drawnSide+1 || most != 255 {
		return nil, bad(Damaged)
	}
	raw := make([]byte, width*height*3)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, bad(Damaged)
	}
	page := image.NewRGBA(image.Rect(0, 0, width, height))
	for i, j := 0, 0; i < len(raw); i, j = i+3, j+4 {
		page.Pix[j], page.Pix[j+1], page.Pix[j+2], page.Pix[j+3] = raw[i], raw[i+1], raw[i+2], 255
	}
	return page, nil
}
