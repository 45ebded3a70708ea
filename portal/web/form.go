package web

import (
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"zharia/portal/fault"
	"zharia/portal/words"
)

// Form is what somebody typed and what was wrong with it. Its name is the name
// of its page: the words of a field are the messages NAME.FIELD and, if there
// is one, NAME.FIELD.hint.
type Form struct {
	name   string
	values map[string][]string
	files  map[string][]*multipart.FileHeader
	wrong  []wrong
	keep   bool              // the language was switched: show it again, complain of nothing
	called map[string]string // fields that have another name on this page than the form's own: field, key of the words

	Typed Typed // where its text is kept until it is sent (typed.go)
}

type wrong struct {
	field, key string
	pairs      []any
}

// NewForm is an empty form, or one filled from what is known, name and value in turn.
func NewForm(name string, pairs ...string) *Form {
	f := &Form{name: name, values: map[string][]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values[pairs[i]] = []string{pairs[i+1]}
	}
	return f
}

// Fill adds a value to a field of a form that is shown afresh.
func (f *Form) Fill(name, value string) { f.values[name] = append(f.values[name], value) }

// Set replaces the value of a field.
func (f *Form) Set(name, value string) { f.values[name] = []string{value} }

// switchField is the button of the language switch on a page with a form: it
// posts the form to the same act in the other language, which shows it again.
const switchField = "language-switch"

// moreField are the buttons that ask the same page for something more: the form
// comes back as it was typed, complaining of nothing.
const moreField = "more"

// Wants is what such a button asks for; "" where none was pressed.
func (f *Form) Wants() string { return f.Value(moreField) }

// More tells that one more field is asked for.
func (f *Form) More() bool { return f.Wants() == "1" }

// ReadBody reads the body of a POST, once for all that ask for its fields. One
// that is longer than its address takes is refused, and so is one that the portal
// has no room for; one that cannot be read is left to ReadForm, which tells the person.
func ReadBody(c echo.Context) error {
	err := body(c)
	var large *http.MaxBytesError
	var full *fault.Fault
	switch {
	case errors.As(err, &large):
		return echo.ErrStatusRequestEntityTooLarge.WithInternal(err)
	case errors.As(err, &full):
		return full
	}
	return nil
}

const bodyKey = "body"

// read is a body that was read, and how that went.
type read struct{ err error }

// body reads a body into memory, with the files in it: what lies in a temporary file,
// for a second or until somebody remembers to take it away, is there for whoever has the
// disk. Whoever lets bodies be long bounds how many there are at once.
func body(c echo.Context) error {
	if done, ok := c.Get(bodyKey).(read); ok {
		return done.err
	}
	r := c.Request()
	err := r.ParseForm()
	if err == nil {
		if err = r.ParseMultipartForm(math.MaxInt32); errors.Is(err, http.ErrNotMultipart) {
			err = nil
		}
	}
	c.Set(bodyKey, read{err})
	return err
}

// WithoutFiles reads a body with files for whoever may not bring any: its words are kept,
// at most this many bytes of them, and of a file under which field it came.
func WithoutFiles(c echo.Context, most int64) error {
	r := c.Request()
	form := &multipart.Form{File: map[string][]*multipart.FileHeader{}}
	_, words, err := Words(r, most, func(part *multipart.Part) bool {
		form.File[part.FormName()] = []*multipart.FileHeader{{}}
		return true
	})
	if form.Value = words; err == nil {
		r.PostForm, r.MultipartForm = words, form
		err = r.ParseForm()
	}
	c.Set(bodyKey, read{err})
	return ReadBody(c)
}

// Words reads the words of a body that may have files, at most this many bytes. What
// stands around words and files counts like words: half a million empty fields are some
// megabytes on their way here, and a hundred in memory. At each file that was chosen it is
// asked whether to go on after it; otherwise the rest, from this file on, is left unread.
func Words(r *http.Request, most int64, after func(file *multipart.Part) bool) (*multipart.Reader, url.Values, error) {
	from := &wordy{ReadCloser: r.Body, left: most, most: most}
	r.Body = from
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, err
	}
	words, err := from.words(parts, after)
	if err != nil && from.over() { // a header that was cut by it says something else of itself
		err = from.tooMany()
	}
	return parts, words, err
}

func (w *wordy) words(parts *multipart.Reader, after func(file *multipart.Part) bool) (url.Values, error) {
	words := url.Values{}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return words, nil
		}
		if err != nil {
			return nil, err
		}
		name, file := FileName(part)
		if !file {
			value, err := io.ReadAll(part)
			if err != nil {
				return nil, err
			}
			words.Add(part.FormName(), string(value))
			continue
		}
		if name == "" { // none was chosen
			continue
		}
		w.file = true
		if !after(part) {
			return words, nil
		}
		size, err := io.Copy(io.Discard, part)
		if err != nil {
			return nil, err
		}
		w.file, w.left = false, w.left+size
	}
}

// FileName is the name of the file that a part holds, as it was sent; "" for a field that
// was left empty.
func FileName(part *multipart.Part) (name string, is bool) {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return "", false
	}
	name, is = params["filename"]
	return name, is
}

// wordy is a body of which only so much may be something else than files.
type wordy struct {
	io.ReadCloser
	left, most int64
	file       bool // what is read now is a file: how long it was is known after it
}

func (w *wordy) over() bool { return w.left < 0 && !w.file }

func (w *wordy) tooMany() error { return &http.MaxBytesError{Limit: w.most} }

func (w *wordy) Read(into []byte) (int, error) {
	n, err := w.ReadCloser.Read(into)
	if w.left -= int64(n); w.over() {
		return 0, w.tooMany()
	}
	return n, err
}

// ReadForm reads the body of a POST, at most what the body limit of the address
// lets through. A body that cannot be read is one mistake of the whole form.
func ReadForm(c echo.Context, name string) *Form {
	f := NewForm(name)
	if body(c) != nil {
		f.Wrong("", "form.unreadable")
		return f
	}
	r := c.Request()
	if r.MultipartForm != nil {
		f.files = r.MultipartForm.File
	}
	f.values = r.PostForm
	f.keep = f.values[switchField] != nil || f.values[moreField] != nil
	return f
}

// raw is the one value of a field, in NFC; several values or broken UTF-8 are a mistake.
func (f *Form) raw(name string) string {
	v := f.values[name]
	if len(v) == 0 {
		return ""
	}
	if len(v) > 1 || !utf8.ValidString(v[0]) {
		f.Wrong(name, "form.unreadable")
		return ""
	}
	return norm.NFC.String(v[0])
}

// Text is a trimmed text of min to max characters, without control characters
// other than line ends and tabs.
func (f *Form) Text(name string, min, max int) string {
	text := strings.TrimSpace(strings.Map(printable, strings.ReplaceAll(f.raw(name), "\r\n", "\n")))
	switch n := utf8.RuneCountInString(text); {
	case n == 0 && min > 0:
		f.Wrong(name, "form.required")
	case n < min:
		f.Wrong(name, "form.too-short", "n", min)
	case n > max:
		f.Wrong(name, "form.too-long", "n", max, "typed", n)
	}
	return text
}

// Line is a Text on one line.
func (f *Form) Line(name string, min, max int) string {
	return strings.Join(strings.Fields(f.Text(name, min, max)), " ")
}

func printable(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return -1
	}
	return r
}

// OneOf is one of a closed list.
func OneOf[T ~string](f *Form, name string, list ...T) T {
	v := T(f.raw(name))
	if !slices.Contains(list, v) {
		f.Wrong(name, "form.choose")
		return ""
	}
	return v
}

// AnyOf are some of a closed list, none included.
func AnyOf[T ~string](f *Form, name string, list ...T) []T {
	var out []T
	for _, v := range f.values[name] {
		if !slices.Contains(list, T(v)) {
			f.Wrong(name, "form.choose")
			return nil
		}
		if !slices.Contains(out, T(v)) {
			out = append(out, T(v))
		}
	}
	return out
}

// ID is the identity of something the page offered.
func (f *Form) ID(name string) uuid.UUID {
	id, err := uuid.Parse(f.raw(name))
	if err != nil {
		f.Wrong(name, "form.choose")
		return uuid.Nil
	}
	return id
}

// IDs are the identities of some things the page offered, none included; at most
// a hundred.
func (f *Form) IDs(name string) []uuid.UUID {
	var out []uuid.UUID
	for _, v := range f.values[name] {
		id, err := uuid.Parse(v)
		if err != nil || len(out) == 100 {
			f.Wrong(name, "form.choose")
			return nil
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// OptionalID is ID where nothing may be chosen.
func (f *Form) OptionalID(name string) uuid.UUID {
	if f.raw(name) == "" {
		return uuid.Nil
	}
	return f.ID(name)
}

// Date is a day as the browser sends it (2026-10-27), or as people write it
// (27.10.2026), not before 1990 and not after latest.
func (f *Form) Date(name string, latest time.Time) time.Time {
	text := strings.ReplaceAll(strings.TrimSpace(f.raw(name)), " ", "")
	if text == "" {
		f.Wrong(name, "form.required")
		return time.Time{}
	}
	day, err := time.Parse("2006-01-02", text)
	if err != nil {
		day, err = time.Parse("02.01.2006", text)
	}
	switch {
	case err != nil || day.Year() < 1990:
		f.Wrong(name, "form.date")
		return time.Time{}
	case day.Format(time.DateOnly) > latest.Format(time.DateOnly): // days, not moments: latest is midnight here, not in UTC
		f.Wrong(name, "form.date-future")
	}
	return day
}

// OptionalDate is Date where nothing may be given; then it is the zero time.
func (f *Form) OptionalDate(name string, latest time.Time) time.Time {
	if strings.TrimSpace(f.raw(name)) == "" {
		return time.Time{}
	}
	return f.Date(name, latest)
}

// Number is a whole number from min to max.
func (f *Form) Number(name string, min, max int) int {
	text := strings.TrimSpace(f.raw(name))
	if text == "" {
		f.Wrong(name, "form.required")
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < min || n > max {
		f.Wrong(name, "form.number", "min", min, "max", max)
		return 0
	}
	return n
}

// IIN is twelve digits, however they were spaced. The control digit is not
// asked for: it is no ground to refuse a person (pki/FACTS §0.6).
func (f *Form) IIN(name string) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, f.raw(name))
	if text == "" {
		f.Wrong(name, "form.required")
		return ""
	}
	if len(text) != 12 || strings.Trim(text, "0123456789") != "" {
		f.Wrong(name, "form.iin")
		return ""
	}
	return text
}

// Chosen tells whether a box was ticked or a button pressed.
func (f *Form) Chosen(name string) bool { return len(f.values[name]) > 0 }

// File is an uploaded file of at most max bytes, or nil when none was chosen.
func (f *Form) File(name string, max int64) []byte {
	if len(f.files[name]) == 0 || f.files[name][0].Size == 0 {
		return nil
	}
	head := f.files[name][0]
	if head.Size > max {
		f.Wrong(name, "form.file-too-large", "n", int(max>>20))
		return nil
	}
	file, err := head.Open()
	if err != nil {
		f.Wrong(name, "form.unreadable")
		return nil
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, max))
	if err != nil {
		f.Wrong(name, "form.unreadable")
		return nil
	}
	return content
}

// Wrong remembers a mistake; the first of a field counts.
func (f *Form) Wrong(field, key string, pairs ...any) {
	for _, w := range f.wrong {
		if w.field == field {
			return
		}
	}
	f.wrong = append(f.wrong, wrong{field, key, pairs})
}

// Refused puts a fault of the domain that is the form's (Invalid) to the field
// it names; it answers whether it was one.
func (f *Form) Refused(err error) bool {
	var fa *fault.Fault
	if errors.As(err, &fa) && fa.Kind == fault.Invalid {
		f.Wrong(fa.Field, fa.Message)
		return true
	}
	return false
}

// Bad tells that the form must be shown again: something is wrong, or only the
// language was switched.
func (f *Form) Bad() bool { return f.keep || len(f.wrong) > 0 }

// Switched tells that the form came only to be shown in the other language.
func (f *Form) Switched() bool { return f.keep }

// Problem tells that there is something to complain of.
func (f *Form) Problem() bool { return !f.keep && len(f.wrong) > 0 }

// Value is what was typed into a field.
func (f *Form) Value(name string) string {
	if v := f.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Call has a field go by other words on this page than the form's own: in its label, its
// hint and the summary of mistakes.
func (f *Form) Call(field, key string) {
	if f.called == nil {
		f.called = map[string]string{}
	}
	f.called[field] = key
}

// words are the key of a field's label and what it takes. Only a field that is one of
// several has a number: with a zero, Russian would ask for plural forms that the others lack.
func (f *Form) words(field string) (key string, pairs []any) {
	name, n := numbered(field)
	if n > 0 {
		pairs = []any{"n", n}
	}
	if key := f.called[name]; key != "" {
		return key, pairs
	}
	return f.name + "." + name, pairs
}

// numbered tells the third of several fields, "point-3", from the words they share.
func numbered(field string) (name string, n int) {
	before, after, found := strings.Cut(field, "-")
	if n, err := strconv.Atoi(after); found && err == nil {
		return before, n
	}
	return field, 0
}

// Mistake is one line of the error summary.
type Mistake struct{ Field, Label, Text string }

func (f *Form) mistakes(l *words.Language) []Mistake {
	if f == nil || !f.Problem() {
		return nil
	}
	var out []Mistake
	for _, w := range f.wrong {
		m := Mistake{Field: w.field, Text: l.T(w.key, w.pairs...)}
		if w.field != "" {
			key, nth := f.words(w.field)
			m.Label = l.T(key, nth...)
		}
		out = append(out, m)
	}
	return out
}

// Field is all that a part needs to draw one field.
type Field struct {
	Name, Label, Hint, Error, Value string
	Options                         []Option
	Set                             map[string]any // what the page adds: rows, max, type, …
}

// Option is one choice.
type Option struct {
	Value, Label, Hint string
	Chosen             bool
}

// field draws a field: pairs may carry "options" ([]Option) and anything a part reads from Set.
func (f *Form) field(l *words.Language, name string, pairs ...any) (Field, error) {
	set, err := dict(pairs...)
	if err != nil {
		return Field{}, err
	}
	of, nth := f.words(name)
	label, err := l.Say(of, nth...)
	if err != nil {
		return Field{}, err
	}
	out := Field{Name: name, Label: label, Value: f.Value(name), Set: set}
	if key := of + ".hint"; l.Has(key) {
		out.Hint = l.T(key, pairs...)
	}
	for _, m := range f.mistakes(l) {
		if m.Field == name {
			out.Error = m.Text
		}
	}
	if options, ok := set["options"].([]Option); ok {
		for _, o := range options {
			o.Chosen = slices.Contains(f.values[name], o.Value)
			out.Options = append(out.Options, o)
		}
	} else if set["options"] != nil {
		return Field{}, fmt.Errorf("field %s: options are %T", name, set["options"])
	}
	return out, nil
}
