package warrant_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/policy"
	"zharia/portal/warrant"
)

var noon = time.Date(2026, 10, 22, 7, 0, 0, 123_000, time.UTC)

func id(word string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(word)) }

func confirmation() warrant.Fact {
	return warrant.Fact{
		Kind: warrant.Confirmation, ID: id("paper"), Made: noon, Case: id("case"), Participant: id("participant"), Person: id("person"),
		Role: policy.Defender, Basis: "defence-notice", Represents: id("client"), Whom: id("whom"), WhomRole: policy.Suspect,
		Capacity: "full", Scope: []string{"read", "copy"}, From: "2026-10-22", Until: "2027-01-01",
	}
}

// sheet is a paper with what people type into every field that reaches it.
func sheet(typed string) document.Sheet {
	f := confirmation()
	return document.Sheet{
		Language: "kk", ID: f.ID.String(), Purpose: "zharia/confirmation/1", Made: noon,
		To: []string{typed}, From: []string{typed}, Title: "Т " + typed, Subtitle: typed, Facts: []document.Fact{{Label: typed, Value: typed}},
		Sections: []document.Section{{Heading: typed, Text: typed}}, Statement: document.Statement{Heading: "Қол қойылатын", Rows: []document.Fact{{Label: "Құжат", Value: f.ID.String()}}},
		Closing: []string{typed + "\t" + typed}, Note: typed, VerifyText: typed, VerifyURL: "https://zharia.test/kk/verify/x", PageText: "%d / %d",
		States: &f,
	}
}

func TestAPaperStatesItsFactAndIsStillAPDFForEverybody(t *testing.T) {
	pdf, err := document.Print(sheet("Қаулы"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := warrant.Read(pdf)
	if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", confirmation()) {
		t.Errorf("it states %+v, %v", got, err)
	}
	if err := document.CheckUpload(pdf); err != nil {
		t.Errorf("our own check: %v", err)
	}
	again, err := document.Print(sheet("Қаулы"))
	if err != nil || !bytes.Equal(pdf, again) {
		t.Errorf("the same sheet gives other bytes: %v", err)
	}
	silent := sheet("Қаулы")
	silent.States = nil
	plain, err := document.Print(silent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := warrant.Read(plain); !errors.Is(err, warrant.ErrNone) || warrant.Claims(plain) {
		t.Errorf("a paper that states nothing: %v", err)
	}
	read := exec.Command("pdftotext", "-", "-")
	read.Stdin = bytes.NewReader(pdf)
	var complaints bytes.Buffer
	read.Stderr = &complaints
	text, err := read.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Log("no poppler here: only our own reader was asked")
		return
	}
	if err != nil || complaints.Len() > 0 || !strings.Contains(string(text), "Қаулы") || strings.Contains(string(text), "facts") {
		t.Errorf("poppler reads %q, %q, %v", text, complaints.String(), err)
	}
}

// hostile are texts that would like to be a fact.
func hostile(t *testing.T) []string {
	t.Helper()
	f := confirmation()
	f.Person = id("attacker")
	text, err := f.Text()
	if err != nil {
		t.Fatal(err)
	}
	line := "%zharia/facts/1 " + base64.RawURLEncoding.EncodeToString(text)
	return []string{
		line, "\n" + line + "\n", "\r" + line + "\r", line + "\nstartxref\n0\n%%EOF\n", "endstream\nendobj\n" + line + "\n", ")>>\n" + line, "\u2028" + line, "\\n" + line,
		string(text), "%zharia/facts/", "startxref", "%%EOF", strings.Repeat(line+"\n", 3),
	}
}

func TestWhatPeopleTypeIsNeverAFact(t *testing.T) {
	for _, typed := range hostile(t) {
		s := sheet(typed)
		pdf, err := document.Print(s)
		if err != nil {
			t.Fatalf("%.40q: %v", typed, err)
		}
		got, err := warrant.Read(pdf)
		if err != nil || got.Person != id("person") {
			t.Errorf("%.40q: the paper states %+v, %v", typed, got, err)
		}
		s.States = nil
		if pdf, err = document.Print(s); err != nil {
			t.Fatal(err)
		}
		if got, err := warrant.Read(pdf); !errors.Is(err, warrant.ErrNone) {
			t.Errorf("%.40q on a paper that states nothing: %+v, %v", typed, got, err)
		}
	}
}

func printed(t *testing.T) ([]byte, int) {
	t.Helper()
	pdf, err := document.Print(sheet("Қаулы"))
	if err != nil {
		t.Fatal(err)
	}
	return pdf, bytes.Index(pdf, []byte("%zharia/facts/"))
}

func TestOnlyTheOneLineInTheOnePlaceCounts(t *testing.T) {
	pdf, at := printed(t)
	line := pdf[at : at+bytes.IndexByte(pdf[at:], '\n')+1]
	without := bytes.Replace(pdf, line, nil, 1)
	put := func(at int, what []byte) []byte { return bytes.Join([][]byte{pdf[:at], what, pdf[at:]}, nil) }
	text, err := base64.RawURLEncoding.DecodeString(string(line[len("%zharia/facts/1 ") : len(line)-1]))
	if err != nil {
		t.Fatal(err)
	}
	say := func(text string) []byte {
		return bytes.Replace(pdf, line, []byte("%zharia/facts/1 "+base64.RawURLEncoding.EncodeToString([]byte(text))+"\n"), 1)
	}
	for what, file := range map[string][]byte{
		"twice":                       put(at, line),
		"another in front":            append([]byte("%PDF-1.3\n%zharia/facts/1 e30\n"), pdf[9:]...),
		"another after the end":       append(bytes.Clone(pdf), line...),
		"something after the end":     append(bytes.Clone(pdf), '\n'),
		"another file after the end":  append(bytes.Clone(pdf), pdf...),
		"an incremental update":       append(bytes.Clone(pdf), []byte("1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n")...),
		"without the end":             pdf[:len(pdf)-1],
		"an end with a return":        append(bytes.Clone(pdf[:len(pdf)-1]), "\r\n"...),
		"not before startxref":        append(append([]byte{}, without[:9]...), append(bytes.Clone(line), without[9:]...)...),
		"after startxref":             bytes.Replace(without, []byte("startxref\n"), append([]byte("startxref\n"), line...), 1),
		"not on a line of its own":    bytes.Replace(pdf, append([]byte("\n"), line...), append([]byte(" "), line...), 1),
		"of another version":          bytes.Replace(pdf, []byte("facts/1 "), []byte("facts/2 "), 1),
		"a return in the line":        bytes.Replace(pdf, []byte("facts/1 "), []byte("facts/1 \r"), 1),
		"a space more":                bytes.Replace(pdf, []byte("facts/1 "), []byte("facts/1  "), 1),
		"padded":                      bytes.Replace(pdf, line, append(bytes.TrimSuffix(bytes.Clone(line), []byte("\n")), "=\n"...), 1),
		"no text":                     say(""),
		"a space in the text":         say(" " + string(text)),
		"an unknown key":              say(strings.Replace(string(text), `{"kind"`, `{"judge":true,"kind"`, 1)),
		"a key twice":                 say(strings.Replace(string(text), `{"kind"`, `{"kind":"ending","kind"`, 1)),
		"keys in another order":       say(strings.Replace(string(text), `"kind":"confirmation","id":"`+id("paper").String()+`"`, `"id":"`+id("paper").String()+`","kind":"confirmation"`, 1)),
		"a key in capitals":           say(strings.Replace(string(text), `"kind"`, `"KIND"`, 1)),
		"an id in capitals":           say(strings.Replace(string(text), id("paper").String(), strings.ToUpper(id("paper").String()), 1)),
		"an id in braces":             say(strings.Replace(string(text), id("paper").String(), "{"+id("paper").String()+"}", 1)),
		"a time of another zone":      say(strings.Replace(string(text), "07:00:00.000123Z", "12:00:00.000123+05:00", 1)),
		"a time with more zeros":      say(strings.Replace(string(text), ".000123Z", ".000123000Z", 1)),
		"something zero spelled out":  say(strings.Replace(string(text), `"scope"`, `"previous":"`+uuid.Nil.String()+`","scope"`, 1)),
		"a day that is none":          say(strings.Replace(string(text), "2027-01-01", "2027-02-30", 1)),
		"an unknown kind":             say(strings.Replace(string(text), `"confirmation"`, `"pardon"`, 1)),
		"without a person":            say(strings.Replace(string(text), `"person":"`+id("person").String()+`",`, "", 1)),
		"two texts":                   say(string(text) + string(text)),
		"a paper and the fact beside": append(bytes.Clone(without), line...),
	} {
		if bytes.Equal(file, pdf) {
			t.Errorf("%s: nothing was changed", what)
		}
		if f, err := warrant.Read(file); err == nil || errors.Is(err, warrant.ErrNone) {
			t.Errorf("%s: it states %+v, %v", what, f, err)
		}
	}
	if _, err := warrant.Put(pdf, confirmation()); err == nil {
		t.Error("a second fact is put into a paper")
	}
}

// Who somebody is, is said of each whom a paper names, or of none.
func TestAFactSaysWhoEachIsOrNobody(t *testing.T) {
	severs := warrant.Fact{Kind: warrant.Severance, ID: id("paper"), Made: noon, Case: id("case"), Other: warrant.Severed(id("paper")), Concerns: []uuid.UUID{id("one"), id("two")}}
	one := warrant.Who{Person: id("somebody"), Role: policy.Victim}
	for n, good := range []bool{true, false, true, false} {
		severs.Who = slices.Repeat([]warrant.Who{one}, n)
		if err := severs.Check(); (err == nil) != good {
			t.Errorf("of two it names it says who %d are: %v", n, err)
		}
	}
	f := confirmation()
	for previous, good := range map[uuid.UUID]bool{uuid.Nil: false, id("before"): true} {
		f.Previous, f.Before = previous, policy.Witness
		if err := f.Check(); (err == nil) != good {
			t.Errorf("what he was before, as %s: %v", previous, err)
		}
	}
}

// What a kind needs it must say.
// Whoever asks the keeper may show it any text as a paper. What it says in its log of one
// that is none holds no word of it.
func TestWhatIsNoFactIsNotToldInTheError(t *testing.T) {
	for _, text := range []string{
		`{"kind":"Құпия"}`, `{"Құпия":1}`, `{"kind":"roll","id":"Құпия"}`, `{"kind":"roll","made":"Құпия"}`, `{"Құпия`, `{"kind":"ending","until":"Құпия"}`,
		`{"kind":"Құпия","id":"0199f000-0000-7000-8000-000000000001","made":"2026-10-22T12:00:00Z"}`,
	} {
		_, err := warrant.Parse([]byte(text))
		if err == nil || strings.Contains(err.Error(), "Құпия") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAFactWithoutWhatItNeedsIsNotPrinted(t *testing.T) {
	one := uuid.New()
	whole := []warrant.Fact{
		confirmation(),
		{Kind: warrant.Roll, Officers: []warrant.Officer{{Person: one, Post: "judge", Body: one}}},
		{Kind: warrant.Charge, Case: one, Officer: one, Body: one, Prosecutor: one, Office: one},
		{Kind: warrant.Ending, Case: one, Participant: one, Person: one, Role: policy.Victim},
		{Kind: warrant.Revocation, Case: one, Participant: one, Person: one, Role: policy.Defender},
		{Kind: warrant.Assent, About: one, Digest: strings.Repeat("ab", 32)},
		{Kind: warrant.Dissent, About: one, Digest: strings.Repeat("ab", 32)},
		{Kind: warrant.Appointment, Person: one, Post: "judge", Body: one},
		{Kind: warrant.Substitution, Officer: one, Deputy: id("deputy"), Until: "2026-12-31"},
		{Kind: warrant.Assignment, Case: one, Duty: "charge", Officer: one},
		{Kind: warrant.Joinder, Case: one, Other: id("other")},
		{Kind: warrant.Severance, Case: one, ID: id("paper"), Other: warrant.Severed(id("paper")), Concerns: []uuid.UUID{one}},
		{Kind: warrant.Filing, Case: one, Filing: one, To: one, Seat: "judge"},
		{Kind: warrant.Forward, Case: one, Filing: one, To: one, Seat: "chief"},
		{Kind: warrant.Withdrawal, Case: one, Filing: one},
		{Kind: warrant.Familiarisation, Case: one, Participant: one, Person: one, From: "2026-10-22", Until: "2026-10-30"},
		{Kind: warrant.Record, Case: one, Participant: one, Person: one, About: one},
	}
	for _, f := range whole {
		f.ID, f.Made = id("paper"), noon
		text, err := f.Text()
		if err != nil {
			t.Errorf("%s: %v", f.Kind, err)
			continue
		}
		if again, err := warrant.Parse(text); err != nil || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", f) {
			t.Errorf("%s comes back as %+v, %v", f.Kind, again, err)
		}
		var parts map[string]json.RawMessage
		if err := json.Unmarshal(text, &parts); err != nil {
			t.Fatal(err)
		}
		refused := 0
		for name := range parts {
			less := map[string]json.RawMessage{}
			for n, v := range parts {
				if n != name {
					less[n] = v
				}
			}
			var bare warrant.Fact
			short, err := json.Marshal(less)
			if err == nil {
				err = json.Unmarshal(short, &bare)
			}
			if err != nil {
				t.Fatal(err)
			}
			if bare.Check() != nil {
				refused++
			}
		}
		if refused < 4 { // kind, id, time, and what it is about
			t.Errorf("%s can be said without all but %d of its parts", f.Kind, refused)
		}
	}
}

func FuzzRead(f *testing.F) {
	pdf, err := document.Print(sheet("Қаулы"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pdf)
	f.Add([]byte("%PDF-1.3\n%zharia/facts/1 e30\nstartxref\n0\n%%EOF\n"))
	f.Add([]byte("\n%zharia/facts/1 \nstartxref\n00\n%%EOF\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		fact, err := warrant.Read(file)
		if err != nil {
			return
		}
		// What is read is what is written, and only one file could have said it.
		line := bytes.Index(file, []byte("%zharia/facts/"))
		plain := append(bytes.Clone(file[:line]), file[line+bytes.IndexByte(file[line:], '\n')+1:]...)
		if again, err := warrant.Put(plain, fact); err != nil || !bytes.Equal(again, file) {
			t.Errorf("read and put back it is another file: %v", err)
		}
	})
}

func FuzzParse(f *testing.F) {
	text, err := confirmation().Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"kind":"roll"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		fact, err := warrant.Parse(text)
		if err != nil {
			return
		}
		if again, err := fact.Text(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q is said as %q, %v", text, again, err)
		}
	})
}
