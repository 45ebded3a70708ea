package attachment

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strconv"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/draw"
)

// albumWork has a worker bind pictures to one PDF, a page each.
const albumWork = "album"

const (
	albumSide    = 2200 // pixels of the longer side: 190 to the inch of A4
	albumQuality = 80
	margin       = 10.0 // mm
)

// frame puts the length of a picture before it, for bind.
func frame(size int64, picture io.Reader) io.Reader {
	return io.MultiReader(bytes.NewReader(binary.BigEndian.AppendUint64(nil, uint64(size))), picture)
}

// bind reads pictures one after another and writes the PDF.
func bind(in io.Reader, out io.Writer) verdict {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetAutoPageBreak(false, 0)
	for n := 0; ; n++ {
		var size [8]byte
		_, err := io.ReadFull(in, size[:])
		if err == io.EOF && n > 0 {
			break
		}
		length := binary.BigEndian.Uint64(size[:])
		if err != nil || n == MaxFiles || length > MaxPaper*2 {
			return verdict{Refused: NoPictures}
		}
		file := make([]byte, length)
		if _, err := io.ReadFull(in, file); err != nil {
			return verdict{Refused: Damaged}
		}
		decode, measure := jpeg.Decode, jpeg.DecodeConfig
		if begins(file, "\x89PNG") {
			decode, measure = png.Decode, png.DecodeConfig
		}
		if err := measured(file, measure); err != nil {
			return verdict{Refused: TooDetail}
		}
		picture, err := decode(bytes.NewReader(file))
		if err != nil {
			return verdict{Refused: Damaged}
		}
		if err := addPage(pdf, strconv.Itoa(n), picture); err != nil {
			return verdict{Refused: Damaged}
		}
	}
	var made bytes.Buffer
	if err := pdf.Output(&made); err != nil {
		return verdict{Refused: Damaged}
	}
	if made.Len() > MaxPaper {
		return verdict{Refused: TooLarge}
	}
	if _, err := out.Write(made.Bytes()); err != nil {
		return verdict{Refused: TooComplex}
	}
	return verdict{Copy: PDF}
}

// addPage puts a picture on a page of its own, which lies as the picture does.
func addPage(pdf *fpdf.Fpdf, name string, picture image.Image) error {
	b := picture.Bounds()
	if side := max(b.Dx(), b.Dy()); side > albumSide {
		small := image.NewRGBA(image.Rect(0, 0, max(1, b.Dx()*albumSide/side), max(1, b.Dy()*albumSide/side)))
		draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
		draw.ApproxBiLinear.Scale(small, small.Bounds(), picture, b, draw.Over, nil)
		picture, b = small, small.Bounds()
	} else {
		picture = onWhite(picture)
		b = picture.Bounds()
	}
	var page bytes.Buffer
	if err := jpeg.Encode(&page, picture, &jpeg.Options{Quality: albumQuality}); err != nil {
		return err
	}
	orientation, width, height := "P", 210.0, 297.0
	if b.Dx() > b.Dy() {
		orientation, width, height = "L", 297.0, 210.0
	}
	pdf.AddPageFormat(orientation, fpdf.SizeType{Wd: 210, Ht: 297})
	options := fpdf.ImageOptions{ImageType: "JPG"}
	pdf.RegisterImageOptionsReader(name, options, &page)
	scale := min((width-2*margin)/float64(b.Dx()), (height-2*margin)/float64(b.Dy()))
	w, h := scale*float64(b.Dx()), scale*float64(b.Dy())
	pdf.ImageOptions(name, (width-w)/2, (height-h)/2, w, h, false, options, 0, "")
	return pdf.Error()
}
