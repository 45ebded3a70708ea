package materials

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// What a page may weigh, in bytes: the picture that is shown at once, on the slowest
// telephone, and the sharp one behind a link.
const (
	MaxSmall = 45 << 10
	MaxSharp = 200 << 10
)

// Bounds of the program that draws the pages of a file that is not ours.
const (
	sharpSide  = 1556        // pixels of the longer side: an A4 page is 1100 wide
	smallSide  = 1010        // the same, of the small picture: 714 wide
	drawTime   = time.Minute // for one batch
	drawMemory = 768 << 20   // bytes of addresses
	drawCPU    = 50          // seconds of the processor
	maxWords   = 64 << 10    // bytes of text that are kept of a page
	maxOutput  = 64 << 20    // bytes of text a batch may give
)

// errUnreadable is a file that the program cannot draw: whatever the reason, it lies
// in the file, and trying again will not help.
var errUnreadable = errors.New("materials: the file cannot be drawn")

// Tools says what is missing to draw pages; nil where all is there.
func Tools() error {
	for _, name := range []string{"pdftoppm", "pdftotext"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("materials: %s is not installed (package poppler-utils): pages of the file cannot be drawn", name)
		}
	}
	return nil
}

// sheet is one drawn page.
type sheet struct {
	small, sharp  []byte
	width, height int // of the small picture
	words         string
}

// draw draws the pages from first to last of a PDF. The program that does it has an
// empty folder of its own, nothing of our environment, and an end to its time and
// memory: the file was made by others. It is read from a pipe and never stands on a
// disk, where it would outlive a power cut in clear (security/ADMINBLIND A01).
func draw(ctx context.Context, pdf []byte, first, last int) ([]sheet, error) {
	ctx, cancel := context.WithTimeout(ctx, drawTime)
	defer cancel()
	dir, err := os.MkdirTemp("", "zharia-pages-") // 0700
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	from, to := strconv.Itoa(first), strconv.Itoa(last)
	var out []sheet
	err = tool(ctx, dir, pdf, func(r io.Reader) error {
		pages := bufio.NewReaderSize(r, 1<<16)
		for range last - first + 1 {
			page, err := readPPM(pages)
			if err != nil {
				return err
			}
			s, err := picture(page)
			if err != nil {
				return err
			}
			out = append(out, s)
		}
		return nil
	}, "pdftoppm", "-q", "-f", from, "-l", to, "-scale-to", strconv.Itoa(sharpSide), "-")
	if err != nil {
		return nil, err
	}
	err = tool(ctx, dir, pdf, func(r io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(r, maxOutput))
		for i, page := range strings.Split(string(text), "\f") {
			if i < len(out) {
				out[i].words = plain(page)
			}
		}
		return err
	}, "pdftotext", "-q", "-enc", "UTF-8", "-f", from, "-l", to, "-", "-")
	return out, err
}

// tool runs one of the two programs on a file, without a shell, and has its output
// read.
func tool(ctx context.Context, dir string, pdf []byte, read func(io.Reader) error, name string, args ...string) error {
	if limits, err := exec.LookPath("prlimit"); err == nil {
		program, err := exec.LookPath(name)
		if err != nil {
			return err
		}
		args = append([]string{"--as=" + strconv.Itoa(drawMemory), "--cpu=" + strconv.Itoa(drawCPU), "--core=0", "--fsize=0", program}, args...)
		name = limits
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C"}
	cmd.WaitDelay = time.Second
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	wrong := read(out)
	if wrong != nil {
		cmd.Process.Kill() // it may wait for us to read on
	}
	ended := cmd.Wait()
	if err := errors.Join(wrong, ended); err != nil {
		return errors.Join(errUnreadable, err)
	}
	return nil
}

// readPPM reads one raw picture of those the program writes one after another. Its
// size is held to what we asked for before anything of it is read.
func readPPM(r *bufio.Reader) (*image.RGBA, error) {
	var width, height, most int
	if _, err := fmt.Fscanf(r, "P6\n%d %d\n%d\n", &width, &height, &most); err != nil {
		return nil, err
	}
	if width < 1 || height < 1 || width > sharpSide+1 || height > sharpSide+1 || most != 255 {
		return nil, fmt.Errorf("a picture of %d by %d", width, height)
	}
	raw := make([]byte, width*height*3)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	page := image.NewRGBA(image.Rect(0, 0, width, height))
	for i, j := 0, 0; i < len(raw); i, j = i+3, j+4 {
		page.Pix[j], page.Pix[j+1], page.Pix[j+2], page.Pix[j+3] = raw[i], raw[i+1], raw[i+2], 255
	}
	return page, nil
}

// picture makes the two pictures of a page.
func picture(page *image.RGBA) (sheet, error) {
	grey := greyed(page)
	var s sheet
	for side := smallSide; s.small == nil; side = side * 4 / 5 {
		if side < 200 {
			return s, errors.New("the page cannot be made small enough")
		}
		small := shrunk(grey, side)
		s.width, s.height = small.Rect.Dx(), small.Rect.Dy()
		s.small = lightest(small, MaxSmall, 60, 45, 30)
	}
	var full image.Image = page
	if !coloured(page) {
		full = grey
	}
	for side := sharpSide; s.sharp == nil; side = side * 4 / 5 {
		if side < 200 {
			return s, errors.New("the page cannot be made small enough")
		}
		if side < sharpSide {
			full = shrunk(grey, side)
		}
		s.sharp = jpegWithin(full, MaxSharp, 80, 65, 50, 35, 25)
	}
	return s, nil
}

// lightest is a page as four shades of grey, which keep letters sharp at a third of
// the weight; where that is too much, as for photographs, as a JPEG; nil where
// neither is light enough.
func lightest(page *image.Gray, most int, qualities ...int) []byte {
	shades := image.NewPaletted(page.Rect, color.Palette{color.Gray{0}, color.Gray{85}, color.Gray{170}, color.Gray{255}})
	for i, v := range page.Pix {
		shades.Pix[i] = uint8((int(v) + 42) / 85)
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, shades); err == nil && out.Len() <= most {
		return out.Bytes()
	}
	return jpegWithin(page, most, qualities...)
}

func jpegWithin(page image.Image, most int, qualities ...int) []byte {
	for _, quality := range qualities {
		var out bytes.Buffer
		if err := jpeg.Encode(&out, page, &jpeg.Options{Quality: quality}); err == nil && out.Len() <= most {
			return out.Bytes()
		}
	}
	return nil
}

func greyed(page *image.RGBA) *image.Gray {
	out := image.NewGray(page.Rect)
	for i := range out.Pix {
		p := page.Pix[4*i:]
		out.Pix[i] = uint8((299*int(p[0]) + 587*int(p[1]) + 114*int(p[2])) / 1000)
	}
	return out
}

// coloured says that a page has more than shades of grey: a seal, a photograph.
func coloured(page *image.RGBA) bool {
	for i := 0; i < len(page.Pix); i += 4 {
		r, g, b := int(page.Pix[i]), int(page.Pix[i+1]), int(page.Pix[i+2])
		if max(r, g, b)-min(r, g, b) > 24 {
			return true
		}
	}
	return false
}

// shrunk is a page whose longer side has at most so many pixels; each is the mean of
// those it stands for.
func shrunk(page *image.Gray, side int) *image.Gray {
	w, h := page.Rect.Dx(), page.Rect.Dy()
	if max(w, h) <= side {
		return page
	}
	to := image.NewGray(image.Rect(0, 0, max(1, w*side/max(w, h)), max(1, h*side/max(w, h))))
	tw, th := to.Rect.Dx(), to.Rect.Dy()
	for y := range th {
		top, bottom := y*h/th, max((y+1)*h/th, y*h/th+1)
		for x := range tw {
			left, right := x*w/tw, max((x+1)*w/tw, x*w/tw+1)
			sum := 0
			for row := top; row < bottom; row++ {
				for _, v := range page.Pix[row*page.Stride+left : row*page.Stride+right] {
					sum += int(v)
				}
			}
			to.Pix[y*to.Stride+x] = uint8(sum / ((bottom - top) * (right - left)))
		}
	}
	return to
}

// plain is the text of a page on one line, letters composed, no longer than is kept.
func plain(text string) string {
	text = norm.NFC.String(strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), ""))
	text = strings.ReplaceAll(text, "\x00", "")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "")
	}
	return text
}
