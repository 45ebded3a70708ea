package document

import (
	"bytes"
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"
)

// draw puts composed pages on paper.
func draw(pdf *fpdf.Fpdf, pages []*page) {
	addFaces(pdf, pages)
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetLineWidth(0.5)
	pdf.SetDrawColor(pale, pale, pale)
	for _, p := range pages {
		pdf.AddPage()
		for _, r := range p.rules {
			pdf.Line(r.x1, r.y1, r.x2, r.y2)
		}
		for _, t := range p.texts {
			pdf.SetFont(t.face.family, t.face.style, t.size)
			pdf.SetTextColor(t.ink, t.ink, t.ink)
			pdf.Text(t.x, t.y, t.text)
		}
		if p.code != nil {
			pdf.RawWriteStr(p.code.path())
		}
	}
}

// addFaces loads the faces in use, each from a copy: the library writes into the
// bytes it is given when it reads the widths of some letters, and ours are shared
// by every document printed at the same time.
func addFaces(pdf *fpdf.Fpdf, pages []*page) {
	used := map[*face]bool{}
	for _, p := range pages {
		for _, t := range p.texts {
			used[t.face] = true
		}
	}
	for _, f := range typefaces().all {
		if used[f] {
			pdf.AddUTF8FontFromBytes(f.family, f.style, bytes.Clone(f.ttf))
		}
	}
}

// modules encodes an address as a QR code (ISO/IEC 18004) of level M, which
// still reads with a seventh of it worn away.
func modules(address string) ([][]bool, error) {
	c, err := qr.Encode(address, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	n := c.Bounds().Dx()
	dark := make([][]bool, n)
	for y := range dark {
		dark[y] = make([]bool, n)
		for x := range dark[y] {
			r, _, _, _ := c.At(x, y).RGBA()
			dark[y][x] = r == 0
		}
	}
	return dark, nil
}

// path writes the dark modules as one shape, so that no viewer leaves hairs of
// white between them. PDF counts from the bottom of the page (ISO 32000-1, 8.5).
func (c *code) path() string {
	var b strings.Builder
	b.WriteString("q 0 g\n")
	unit := c.side / float64(len(c.dark))
	for y, row := range c.dark {
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			if x > start {
				fmt.Fprintf(&b, "%.3f %.3f %.3f %.3f re\n",
					c.x+float64(start)*unit, pageHigh-c.y-float64(y+1)*unit, float64(x-start)*unit, unit)
			}
		}
	}
	b.WriteString("f Q")
	return b.String()
}
