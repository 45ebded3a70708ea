package inbound

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia"
	"zharia/portal/vault"
)

// here is what the portal of these tests calls itself.
const here = "https://portal.example"

var noon = time.Date(2026, time.October, 22, 12, 0, 0, 0, time.UTC)

func keys(t testing.TB) *vault.DB {
	t.Helper()
	k, err := vault.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return vault.New(nil, k)
}

func TestAMessageHasOneForm(t *testing.T) {
	db := keys(t)
	good := `{"id":"0192f0c1-0000-7000-8000-000000000001","portal":"https://portal.example","kind":"persons","at":"2026-10-22T09:30:00Z","data":{"persons":[{"iin":"850312400128","name":"Аты Жөні"}]}}`
	m, err := Read([]byte(good), here, db, noon)
	if err != nil || m.problem != nil {
		t.Fatalf("a good one: %v, %v", err, m.problem)
	}
	for what, bad := range map[string]string{
		"cut":                           good[:len(good)-1],
		"for another portal":            strings.Replace(good, "portal.example", "portal.example.org", 1),
		"for none":                      strings.Replace(good, `"portal":"https://portal.example",`, "", 1),
		"more after it":                 good + "{}",
		"an unknown field":              strings.Replace(good, `"at"`, `"on"`, 1),
		"a field twice":                 strings.Replace(good, `"kind"`, `"at":"2026-10-22T09:30:00Z","kind"`, 1),
		"a field twice, escaped":        strings.Replace(good, `"kind"`, `"\u0061t":"2026-10-22T09:30:00Z","kind"`, 1),
		"a name in large letters":       strings.Replace(good, `"kind"`, `"Kind"`, 1),
		"null":                          strings.Replace(good, `"persons":[`, `"more":null,"persons":[`, 1),
		"a list":                        "[" + good + "]",
		"an id in large letters":        strings.Replace(good, "0192f0c1", "0192F0C1", 1),
		"no id":                         strings.Replace(good, "0192f0c1-0000-7000-8000-000000000001", "00000000-0000-0000-0000-000000000000", 1),
		"a kind that is not there":      strings.Replace(good, `"kind":"persons"`, `"kind":"people"`, 1),
		"a case where there is none":    strings.Replace(good, `"kind"`, `"case":"0192f0c1-0000-7000-8000-000000000001","sequence":1,"kind"`, 1),
		"a moment with a zone":          strings.Replace(good, `09:30:00Z`, `09:30:00+05:00`, 1),
		"a moment to come":              strings.Replace(good, `2026-10-22T09`, `2026-10-22T19`, 1),
		"a number that fails its check": strings.Replace(good, "850312400128", "850312400127", 1),
		"a name of one letter":          strings.Replace(good, "Аты Жөні", "А", 1),
		"a name with a mark in it":      strings.Replace(good, "Аты Жөні", "Аты\u202eЖөні", 1),
		"a name with spaces around":     strings.Replace(good, "Аты Жөні", " Аты ", 1),
		"nobody":                        strings.Replace(good, `{"iin":"850312400128","name":"Аты Жөні"}`, "", 1),
		"no text":                       strings.Replace(good, "Аты", "\xff", 1),
		"deep":                          strings.Replace(good, `[{`, strings.Repeat("[", 40), 1),
	} {
		m, err := Read([]byte(bad), here, db, noon)
		if err == nil && m.problem == nil {
			t.Errorf("%s is taken: %s", what, bad)
		}
	}
}

func TestEveryExampleConforms(t *testing.T) {
	db := keys(t)
	all := Examples(here)
	for _, k := range Kinds {
		m, err := Read(all[k], here, db, noon)
		if err != nil {
			t.Errorf("%s: %v", k, err)
		}
		if code, field := Code(m.problem); m.problem != nil && code != "fault.register-fact" {
			t.Errorf("%s: %s at %q", k, code, field)
		}
	}
}

// What is read twice is read the same; nothing that is sent makes it fall over, and what is
// taken is valid JSON whose fields stand in it once.
func FuzzRead(f *testing.F) {
	for _, body := range Examples(here) {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"id":"","id":""}`))
	db := keys(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Read(body, here, db, noon)
		if err != nil {
			return
		}
		if !json.Valid(body) || kinds[m.Kind].fresh == nil || m.ID.String() == "" || len(m.Digest) != 32 {
			t.Errorf("taken: %q", body)
		}
		if again, err := Read(body, here, db, noon); err != nil || (again.problem == nil) != (m.problem == nil) || !bytes.Equal(again.Digest, m.Digest) {
			t.Errorf("read twice it is another: %q", body)
		}
	})
}

func TestLinesAreReadOneAtATimeAndALongOneIsPassedOver(t *testing.T) {
	next := Lines(strings.NewReader("a\n\n  \nb" + strings.Repeat("x", maxLine) + "\nc"))
	var got []string
	for {
		line, err := next()
		if err != nil && !strings.Contains(err.Error(), "register-line") {
			break
		}
		if len(line) > 10 {
			t.Fatal("a long line came")
		}
		got = append(got, string(line))
	}
	if strings.Join(got, "|") != "a||c" {
		t.Errorf("%q", got)
	}
}

// An answer names everybody whom its message names. One that its row had no room for would be
// refused as ours, and the register would send that message for ever.
func TestTheLongestAnswerHasRoomInItsRow(t *testing.T) {
	found := regexp.MustCompile(`answer +text +NOT NULL CHECK \(octet_length\(answer\) <= (\d+)\)`).FindStringSubmatch(zharia.Schema)
	if found == nil {
		t.Fatal("schema.sql bounds no answer")
	}
	room, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	lists := 0
	for kind, row := range kinds {
		v := reflect.TypeOf(row.fresh()).Elem()
		for i := range v.NumField() {
			f := fieldOf(v.Field(i))
			if f.most == 0 {
				continue
			}
			lists++
			long := Answer{ID: uuid.New(), State: "taken", Digest: strings.Repeat("0", 64), At: noon.Add(time.Nanosecond), Persons: make([]uuid.UUID, f.most)}
			if raw, err := json.Marshal(long); err != nil || len(raw) > room {
				t.Errorf("%s: an answer to %d of %s is %d bytes, and %d have room: %v", kind, f.most, f.name, len(raw), room, err)
			}
		}
	}
	if lists < 4 {
		t.Errorf("%d lists: nothing was read", lists)
	}
}
