package ops

import (
	"context"
	"encoding"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

type requestKey struct{}

// WithRequest is a context whose lines in the log carry the number of the request.
func WithRequest(ctx context.Context, number string) context.Context {
	return context.WithValue(ctx, requestKey{}, number)
}

// Sieve is a handler through which everything goes that is logged. It adds the number of
// the request, and lets no personal data pass, whoever forgot to think of it: values are
// of a closed list of types, a struct is never printed, and in texts whatever looks like
// an IIN, a telephone number, an e-mail address or the network address of who asked becomes ***.
type Sieve struct{ to slog.Handler }

// NewSieve puts the sieve in front of a handler.
func NewSieve(to slog.Handler) Sieve { return Sieve{to} }

// Enabled is the handler's.
func (s Sieve) Enabled(ctx context.Context, level slog.Level) bool { return s.to.Enabled(ctx, level) }

// WithAttrs sieves what every line of a logger carries.
func (s Sieve) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = sieved(a)
	}
	return Sieve{s.to.WithAttrs(clean)}
}

// WithGroup is the handler's.
func (s Sieve) WithGroup(name string) slog.Handler { return Sieve{s.to.WithGroup(name)} }

// Handle sieves one line.
func (s Sieve) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time.UTC(), r.Level, Masked(r.Message), r.PC)
	numbered := false
	r.Attrs(func(a slog.Attr) bool {
		numbered = numbered || a.Key == "request"
		out.AddAttrs(sieved(a))
		return true
	})
	if number, ok := ctx.Value(requestKey{}).(string); ok && !numbered {
		out.AddAttrs(slog.String("request", number))
	}
	return s.to.Handle(ctx, out)
}

const stars = "***"

func sieved(a slog.Attr) slog.Attr {
	v := a.Value.Resolve() // LogValuer: what masks itself does
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(Masked(v.String()))
	case slog.KindGroup:
		group := slices.Clone(v.Group())
		for i := range group {
			group[i] = sieved(group[i])
		}
		v = slog.GroupValue(group...)
	case slog.KindTime:
		v = slog.TimeValue(v.Time().UTC())
	case slog.KindAny:
		v = slog.StringValue(anything(v.Any()))
	case slog.KindInt64:
		if n := v.Int64(); n >= 1e11 && n < 1e12 { // an IIN written as a number
			v = slog.StringValue(stars)
		}
	case slog.KindUint64:
		if n := v.Uint64(); n >= 1e11 && n < 1e12 {
			v = slog.StringValue(stars)
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}

// anything is a value of no simple kind: one that can say what it is in words does, all
// others are their type alone.
func anything(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case error:
		return Masked(v.Error())
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case encoding.TextMarshaler: // a UUID, an address of the network
		if text, err := v.MarshalText(); err == nil {
			return Masked(string(text))
		}
	case []string:
		out := make([]string, len(v))
		for i, s := range v {
			out[i] = Masked(s)
		}
		return fmt.Sprint(out)
	}
	return fmt.Sprintf("%s (%T)", stars, v)
}

// personal are the texts that are masked. A run of digits within something longer (an id,
// a hash) is let be: a word boundary stands on both sides.
var personal = regexp.MustCompile(`(\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)` + // an id, which may end with twelve digits: it stays
	`|\b\d{12}\b` + // IIN, BIN
	`|(?:\+7|\b[78])[ -]?\(?7\d{2}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}\b` + // a telephone of Kazakhstan
	`|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+\.[\p{L}\p{N}.-]+` + // e-mail
	`|(://[^/\s:@]*:)\S+@` + // a password in an address, whatever is in it
	`|(?i:(\bpassword ?= ?)(?:'[^']*'|\S+))` + // and in one of key=value
	`|(->|\bfrom |\bserving )(?:\[[0-9A-Fa-f:.]+(?:%\w+)?\]|\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})\b`) // who asked, in the words of net and net/http

// services are the ports of those whom the portal asks itself: where its database was helps
// whoever looks for a fault, and is nobody's address.
var services = []string{"2775", "3310", "5432", "6432", "8200", "9000"}

func service(port string) bool { return len(port) <= 3 || slices.Contains(services, port) }

// Masked is a text with everything in it that looks like personal data taken out.
func Masked(text string) string {
	if !strings.ContainsAny(text, "0123456789@=") || uuid.Validate(text) == nil && len(text) == 36 && strings.ToLower(text) == text {
		return text // most of them: nothing of the above, or just an id
	}
	return personal.ReplaceAllStringFunc(text, func(found string) string {
		switch part := personal.FindStringSubmatch(found); {
		case len(part) > 1 && part[1] != "":
			return part[1]
		case len(part) > 2 && part[2] != "":
			return part[2] + stars + "@"
		case len(part) > 3 && part[3] != "":
			return part[3] + stars
		case len(part) > 5 && part[4] == "->" && service(part[5]):
			return found
		case len(part) > 5 && part[4] != "":
			return part[4] + stars
		}
		return stars
	})
}
