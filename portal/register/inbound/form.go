package inbound

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/eds"
	"zharia/portal/fault"
)

// format is what a text of a message may be: for the decoder and for the contract alike.
type format struct {
	pattern string // of JSON Schema; "" where the length says all
	max     int    // characters
	binary  bool   // base64
	ok      func(string) bool
}

// Bounds of a message, in bytes.
const (
	maxBody = 32 << 20 // with a file of 20 MiB in base64
	maxLine = maxBody*4/3 + 64<<10
	maxFile = 20 << 20
	maxCMS  = 64 << 10
	maxFact = 1 << 20 // of a roll: some thousand officials

	maxDepth = 6
	maxNames = 64 // of one object: whoever writes millions of them fills the memory before his signature is asked
)

// formats are all the texts there are, by the name that stands in the tag of a field.
var formats = map[string]format{
	"origin":  {`^https?://[^/\s]{1,250}$`, 258, false, regexp.MustCompile(`^https?://[^/\s]{1,250}$`).MatchString},
	"uuid":    {`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`, 36, false, isID},
	"moment":  {`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`, 20, false, isMoment},
	"day":     {`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, 10, false, isDay},
	"iin":     {`^[0-9]{12}$`, 12, false, isIIN},
	"number":  {`^[0-9]{15}$`, 15, false, regexp.MustCompile(`^[0-9]{15}$`).MatchString},
	"report":  {`^([0-9]{15}|[0-9]{4,8}-[0-9]{2}-[0-9]{6})$`, 18, false, regexp.MustCompile(`^([0-9]{15}|[0-9]{4,8}-[0-9]{2}-[0-9]{6})$`).MatchString}, // of the register's own book, or as the portal's have it (casefile.Spelt)
	"kato":    {`^[0-9]{9}$`, 9, false, regexp.MustCompile(`^[0-9]{9}$`).MatchString},
	"code":    {`^[0-9]{4,8}$`, 8, false, regexp.MustCompile(`^[0-9]{4,8}$`).MatchString},
	"word":    {`^[a-z][a-z-]*$`, 40, false, regexp.MustCompile(`^[a-z][a-z-]{0,39}$`).MatchString},
	"lang":    {`^(kk|ru)$`, 2, false, func(s string) bool { return s == "kk" || s == "ru" }},
	"name":    {"", 150, false, func(s string) bool { return isText(s, 150) && utf8.RuneCountInString(s) >= 2 }},
	"line":    {"", 500, false, func(s string) bool { return isText(s, 500) }},
	"text":    {"", 5000, false, func(s string) bool { return isText(s, 5000) }},
	"licence": {`^[0-9]{1,20}$`, 20, false, regexp.MustCompile(`^[0-9]{1,20}$`).MatchString},
	"pdf":     {"", base64.StdEncoding.EncodedLen(maxFile), true, isBase64},
	"cms":     {"", base64.StdEncoding.EncodedLen(maxCMS), true, isBase64},
	"fact":    {"", base64.StdEncoding.EncodedLen(maxFact), true, isBase64},
	"body":    {"", base64.StdEncoding.EncodedLen(maxBody), true, isBase64},
}

func isID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id != uuid.Nil && id.String() == s
}

// first is before everything that the register holds (CPC of 1997).
var first = time.Date(1998, time.January, 1, 0, 0, 0, 0, time.UTC)

func isDay(s string) bool {
	day, err := time.Parse(time.DateOnly, s)
	return err == nil && day.Format(time.DateOnly) == s && !day.Before(first) && day.Year() < 2100
}

const momentShape = "2006-01-02T15:04:05Z"

func isMoment(s string) bool {
	at, err := time.Parse(momentShape, s)
	return err == nil && at.Format(momentShape) == s && !at.Before(first) && at.Year() < 2100
}

func isIIN(s string) bool {
	iin, err := eds.ParseIIN(s)
	return err == nil && iin.Valid()
}

// isText is a text in one line or several, as it is shown: no control characters, nothing
// that is not seen before and after it.
func isText(s string, most int) bool {
	return s != "" && utf8.RuneCountInString(s) <= most && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) || r == utf8.RuneError
		})
}

func isBase64(s string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return s != "" && err == nil && !strings.ContainsAny(s, "\r\n")
}

// refused is a refusal of the form of a message, with the place in it.
func refused(field string) *fault.Fault {
	return fault.New(fault.Invalid, "fault.register-form").At(field)
}

// decode reads one JSON object strictly: no field that is unknown, written twice, null or
// in other letters, nothing after it, and each text as its tag says.
func decode(raw []byte, into any) error {
	if !utf8.Valid(raw) {
		return refused("")
	}
	if err := walk(raw); err != nil {
		return err
	}
	return fill(raw, into)
}

// fill is decode for a part of what was decoded already: its names were looked at.
func fill(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil { // its words may hold what was sent
		return refused("")
	}
	return conform(reflect.ValueOf(into).Elem(), "")
}

var key = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)

// walk looks at the tokens alone: encoding/json takes the last of two fields of one name,
// and a field whose letters are large.
func walk(raw []byte) error {
	type level struct {
		seen map[string]bool // nil: an array
		name bool            // a name comes next
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var open []level
	for {
		t, err := d.Token()
		if err == io.EOF && len(open) == 0 {
			return nil
		}
		if err != nil || t == nil {
			return refused("")
		}
		in := len(open) - 1
		if in >= 0 && open[in].name {
			if end, ok := t.(json.Delim); !ok || end != '}' {
				name, ok := t.(string)
				if !ok || !key.MatchString(name) || open[in].seen[name] || len(open[in].seen) >= maxNames {
					return refused("")
				}
				open[in].seen[name], open[in].name = true, false
				continue
			}
		}
		switch t {
		case json.Delim('{'):
			open = append(open, level{map[string]bool{}, true})
			if len(open) > maxDepth {
				return refused("")
			}
			continue
		case json.Delim('['):
			open = append(open, level{})
			if len(open) > maxDepth {
				return refused("")
			}
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:in]
		}
		if n := len(open); n > 0 {
			open[n-1].name = open[n-1].seen != nil
		} else if rest, err := io.ReadAll(io.MultiReader(d.Buffered())); err != nil || len(bytes.TrimSpace(rest)) > 0 {
			return refused("")
		}
	}
}

// field is a field of a message: its name, whether it may be left out, what it is, and of
// a list how long that may be.
type field struct {
	name     string
	optional bool
	is       string
	most     int
}

func fieldOf(f reflect.StructField) field {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	most, _ := strconv.Atoi(f.Tag.Get("max"))
	return field{name, strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero"), f.Tag.Get("is"), most}
}

// conform holds what was decoded against the tags.
func conform(v reflect.Value, at string) error {
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			if err := conform(v.Field(i), at); err != nil {
				return err
			}
			continue
		}
		f := fieldOf(v.Type().Field(i))
		if f.name == "" { // what is found out about it later
			continue
		}
		place := strings.TrimPrefix(at+"."+f.name, ".")
		if v.Type().Field(i).Type == reflect.TypeFor[json.RawMessage]() {
			if v.Field(i).Len() == 0 {
				return refused(place)
			}
			continue
		}
		if v.Field(i).IsZero() || v.Field(i).Kind() == reflect.Slice && v.Field(i).Len() == 0 {
			if f.optional || v.Field(i).Kind() == reflect.Bool || v.Field(i).Kind() == reflect.Struct && v.Field(i).NumField() == 0 {
				continue
			}
			return refused(place)
		}
		if err := one(v.Field(i), f, place); err != nil {
			return err
		}
	}
	return nil
}

func one(v reflect.Value, f field, place string) error {
	switch v.Kind() {
	case reflect.String:
		if text := v.String(); len(text) > 4*formats[f.is].max || !formats[f.is].ok(text) {
			return refused(place)
		}
	case reflect.Int64:
		if v.Int() < 1 || v.Int() > 1<<53 {
			return refused(place)
		}
	case reflect.Struct:
		return conform(v, place)
	case reflect.Slice:
		if v.Len() > f.most {
			return refused(place)
		}
		for i := range v.Len() {
			if err := one(v.Index(i), f, place+"."+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// What stands in a message that conforms.

func idOf(s string) uuid.UUID {
	id, _ := uuid.Parse(s)
	return id
}

func dayOf(s string) time.Time {
	day, _ := time.Parse(time.DateOnly, s)
	return day
}

func momentOf(s string) time.Time {
	at, _ := time.Parse(momentShape, s)
	return at.UTC()
}

func bytesOf(s string) []byte {
	raw, _ := base64.StdEncoding.DecodeString(s)
	return raw
}

// past refuses a day that has not come in Kazakhstan yet.
func past(day, at time.Time, field string) error {
	if day.Format(time.DateOnly) > at.In(deadline.Zone).Format(time.DateOnly) {
		return fault.New(fault.Invalid, "fault.register-future").At(field)
	}
	return nil
}
