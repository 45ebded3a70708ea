package web

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Typed is where the text of a form is kept until the form is sent. The page
// carries it in hidden fields, so that it survives being shown again, with
// scripts or without.
type Typed struct {
	Address string    // of the page with the form, without its language; "" where nothing is kept
	Row     uuid.UUID // names person and form: what one person typed never lands with another
	Page    uuid.UUID // this showing of the form
	Turn    int       // counts what the page has sent
	Since   time.Time // the newest text known when the page was shown
	At      time.Time // when the text shown was typed; zero: the form is fresh
}

// The hidden fields of Typed.
const (
	typedAddress = "typed"
	typedRow     = "typed-row"
	typedPage    = "typed-page"
	typedTurn    = "typed-turn"
	typedSince   = "typed-since"
)

// Clock is Since as the hidden field carries it.
func (t Typed) Clock() string { return t.Since.UTC().Format(time.RFC3339Nano) }

// TypedOf reads the hidden fields of a form that was sent; false where they are
// missing or make no sense.
func TypedOf(f *Form) (Typed, bool) {
	t := Typed{Address: f.Value(typedAddress)}
	var errs [4]error
	t.Row, errs[0] = uuid.Parse(f.Value(typedRow))
	t.Page, errs[1] = uuid.Parse(f.Value(typedPage))
	var turn int64
	turn, errs[2] = strconv.ParseInt(f.Value(typedTurn), 10, 31)
	t.Since, errs[3] = time.Parse(time.RFC3339Nano, f.Value(typedSince))
	for _, err := range errs {
		if err != nil {
			return Typed{}, false
		}
	}
	t.Turn, t.Since = int(turn), t.Since.UTC()
	return t, t.Address != "" && turn >= 0
}

// Fields is all that was typed, without what the page itself needs.
func (f *Form) Fields() url.Values {
	out := url.Values(maps.Clone(f.values))
	for name := range out {
		if name == switchField || name == moreField || name == typedAddress || strings.HasPrefix(name, typedAddress+"-") {
			delete(out, name)
		}
	}
	return out
}

// Restore fills a fresh form with what was typed into it before. The id of what
// the form makes stays the fresh one: under the old id something may be sent
// already, and that must not be written over.
func (f *Form) Restore(fields url.Values) {
	id, has := f.values["id"]
	f.values = maps.Clone(fields)
	if has {
		f.values["id"] = id
	}
}

// Says are the reasons for which static/portal.js could not keep a form; each has
// a sentence of its own in it.
var Says = []string{"offline", "late", "signed-out", "other", "large", "many"}
