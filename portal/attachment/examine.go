package attachment

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"zharia/portal/document"
)

// bad carries a reason through the readers of the kinds.
type bad Reason

func (b bad) Error() string { return string(b) }

// examine reads a file of a kind to its end, in a worker, and says what it is worth.
// Where others are to see a copy, it writes that.
func examine(kind Kind, in io.Reader, out io.Writer) verdict {
	start := make([]byte, 3072) // as much as the library looks at
	n, err := io.ReadFull(in, start)
	start = start[:n]
	switch {
	case n == 0:
		return verdict{Refused: Empty}
	case err != nil && err != io.ErrUnexpectedEOF:
		return verdict{Refused: Damaged}
	case !looksLike(kind, start):
		return verdict{Refused: Mismatch}
	}
	v, err := readers[kind](io.MultiReader(bytes.NewReader(start), in), out)
	var why bad
	switch {
	case errors.As(err, &why):
		return verdict{Refused: Reason(why)}
	case err != nil:
		return verdict{Refused: Damaged}
	}
	v.Refused = ""
	return v
}

// looksLike asks a list of beginnings that is not ours: a file must be what its name
// says for others' programs as well.
func looksLike(kind Kind, start []byte) bool {
	for found := mimetype.Detect(start); found != nil; found = found.Parent() {
		if slices.ContainsFunc(forms[kind].heads, found.Is) {
			return true
		}
	}
	return false
}

// readers reads each kind strictly.
var readers map[Kind]func(in io.Reader, out io.Writer) (verdict, error)

func init() {
	readers = map[Kind]func(io.Reader, io.Writer) (verdict, error){
		PDF: readPDF, JPEG: readJPEG, PNG: readPNG, DOCX: readDOCX, ODT: readODT,
		MP3: readMP3, AAC: readAAC, OGG: readOGG, WAV: readWAV, WebM: readWebM,
		M4A: func(in io.Reader, _ io.Writer) (verdict, error) { return verdict{}, readBoxes(in, false) },
		MP4: func(in io.Reader, _ io.Writer) (verdict, error) { return verdict{}, readBoxes(in, true) },
	}
}

// whole is a file of a kind that is read at once: in a worker there is room for it.
func whole(in io.Reader) ([]byte, error) {
	all, err := io.ReadAll(io.LimitReader(in, MaxPaper+1))
	if err == nil && len(all) > MaxPaper {
		err = bad(TooLarge)
	}
	return all, err
}

const disarmTime = 30 * time.Second

func readPDF(in io.Reader, out io.Writer) (verdict, error) {
	file, err := whole(in)
	if err != nil {
		return verdict{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), disarmTime)
	defer cancel()
	err = document.CheckUpload(file)
	var copied []byte
	if err == nil {
		copied, err = document.Disarm(ctx, file)
	}
	switch {
	case err != nil:
		return verdict{}, badPDF(err)
	case copied == nil:
		return verdict{}, nil
	case len(copied) > 2*MaxPaper:
		return verdict{}, bad(TooComplex)
	}
	_, err = out.Write(copied)
	return verdict{Copy: PDF, Disarmed: true}, err
}

// badPDF is the reason that the reader of PDFs gives.
func badPDF(err error) error {
	var refused *document.BadPDF
	if !errors.As(err, &refused) {
		return bad(TooComplex)
	}
	return bad(map[document.Reason]Reason{
		document.TooLarge: TooLarge, document.NotPDF: Mismatch, document.Damaged: Damaged,
		document.Encrypted: Locked, document.TooManyPages: TooLong,
	}[refused.Reason])
}

// measured holds a picture to its bounds before it is decoded.
func measured(file []byte, decode func(io.Reader) (image.Config, error)) error {
	is, err := decode(bytes.NewReader(file))
	switch {
	case err != nil:
		return err
	case is.Width < 1 || is.Height < 1:
		return bad(Damaged)
	case is.Width > MaxPixels || is.Height > MaxPixels || is.Width*is.Height > MaxPixels:
		return bad(TooDetail)
	}
	return nil
}

// copyQuality keeps small print of a photographed page sharp.
const copyQuality = 88

// readJPEG decodes a photograph and makes it anew: without where and by whom it was
// taken, the right way up, and without whatever followed it in the file.
func readJPEG(in io.Reader, out io.Writer) (verdict, error) {
	file, err := whole(in)
	if err != nil {
		return verdict{}, err
	}
	if err := measured(file, jpeg.DecodeConfig); err != nil {
		return verdict{}, err
	}
	picture, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return verdict{}, err
	}
	return verdict{Copy: JPEG}, jpeg.Encode(out, turned(picture, orientation(file)), &jpeg.Options{Quality: copyQuality})
}

// readPNG is readJPEG for a PNG. Where the PNG made anew is too heavy, as of a
// photograph, it becomes a JPEG.
func readPNG(in io.Reader, out io.Writer) (verdict, error) {
	file, err := whole(in)
	if err != nil {
		return verdict{}, err
	}
	if err := measured(file, png.DecodeConfig); err != nil {
		return verdict{}, err
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return verdict{}, err
	}
	var made bytes.Buffer
	kind := PNG
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&limited{Buffer: &made, most: MaxPaper}, picture); err != nil {
		made.Reset()
		kind = JPEG
		if err := jpeg.Encode(&made, onWhite(picture), &jpeg.Options{Quality: copyQuality}); err != nil {
			return verdict{}, err
		}
	}
	_, err = out.Write(made.Bytes())
	return verdict{Copy: kind}, err
}

// limited is a buffer that takes so many bytes and no more.
type limited struct {
	*bytes.Buffer
	most int
	full bool // more was written
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.most {
		l.full = true
		return 0, io.ErrShortWrite
	}
	return l.Buffer.Write(p)
}

// onWhite is a picture without transparency: JPEG has none.
func onWhite(picture image.Image) image.Image {
	out := image.NewRGBA(picture.Bounds())
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), picture, picture.Bounds().Min, draw.Over)
	return out
}

// orientation is how the camera was held, by EXIF: 1 to 8, and 1 where it says
// nothing that can be read.
func orientation(file []byte) int {
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker, size := file[at+1], int(binary.BigEndian.Uint16(file[at+2:]))
		if marker == 0xda || size < 2 || at+2+size > len(file) {
			break
		}
		if body := file[at+4 : at+2+size]; marker == 0xe1 && begins(body, "Exif\x00\x00") {
			return exifOrientation(body[6:])
		}
		at += 2 + size
	}
	return 1
}

// exifOrientation reads tag 0x0112 of the first directory of a TIFF header.
func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder
	switch {
	case begins(tiff, "II*\x00"):
		order = binary.LittleEndian
	case begins(tiff, "MM\x00*"):
		order = binary.BigEndian
	default:
		return 1
	}
	if len(tiff) < 8 {
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x0112 {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// turned is a picture the right way up.
func turned(picture image.Image, orientation int) image.Image {
	if orientation == 1 {
		return picture
	}
	b := picture.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			out.Set(tx, ty, picture.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}
