package sample

import (
	"strings"
	"testing"
	"testing/fstest"
)

const (
	blankFile = "[kk]\nCase = \"____ (нөмірі)\"\nChoice = \"____\"\n[ru]\nCase = \"____ (номер)\"\nChoice = \"____\"\n"
	good      = `
[[sample]]
key = "one"
kinds = ["petition"]
roles = ["victim"]
about = ["expertise-done"]
law = ["CPC 99(2)"]
kk = {title = "Куәдан жауап алу", hint = "Не болғанын жазыңыз. Қысқа болсын.", circumstances = "Істің нөмірі: {{.Case}}. Мән-жайы: ____.", points = ["Куәдан жауап алынсын: {{.Choice}}."]}
ru = {title = "Допросить свидетеля", hint = "Напишите, что было. Коротко.", circumstances = "Номер дела: {{.Case}}. Обстоятельства: ____.", points = ["Допросить свидетеля: {{.Choice}}."]}
[[sample.choice]]
key = "a"
kk = {label = "Бірінші", words = "бірінші куә"}
ru = {label = "Первый", words = "первый свидетель"}
[[sample.choice]]
key = "b"
kk = {label = "Екінші", words = "екінші куә"}
ru = {label = "Второй", words = "второй свидетель"}
`
)

// folder is a folder of samples of which one group has a text.
func folder(text, blanks string) fstest.MapFS {
	out := fstest.MapFS{"blank.toml": {Data: []byte(blanks)}}
	for _, g := range Groups {
		out[string(g)+".toml"] = &fstest.MapFile{}
	}
	out["evidence.toml"] = &fstest.MapFile{Data: []byte(text)}
	return out
}

func TestASampleWithAFlawStopsTheProgram(t *testing.T) {
	if got, _, err := read(folder(good, blankFile)); err != nil || len(got) != 1 || len(got[0].Choices) != 2 {
		t.Fatalf("a sound sample is refused: %v", err)
	}
	for flaw, change := range map[string][2]string{
		"no key":                           {`key = "one"`, `key = ""`},
		"a kind that is none":              {`["petition"]`, `["verdict"]`},
		"no kind":                          {`["petition"]`, `[]`},
		"a role that is none":              {`["victim"]`, `["tsar"]`},
		"a role that may not bring it":     {`["victim"]`, `["applicant"]`},
		"a second role that may not":       {`["victim"]`, `["victim", "applicant"]`},
		"a decision that is none":          {`["expertise-done"]`, `["coronation"]`},
		"an article that is no reference":  {`CPC 99(2)`, `Конституция`},
		"no article":                       {`["CPC 99(2)"]`, `[]`},
		"a field that is none":             {`{{.Case}}`, `{{.Password}}`},
		"a field that is not closed":       {`{{.Case}}`, `{{.Case}`},
		"a field without a blank":          {`{{.Case}}`, `{{.Official}}`},
		"more points in one language":      {`points = ["Допросить`, `points = ["И ещё один свидетель.", "Допросить`},
		"nothing asked":                    {`points = ["Куәдан жауап алынсын: {{.Choice}}."]`, `points = []`},
		"a point that says nothing":        {`"Куәдан жауап алынсын: {{.Choice}}."`, `"{{.Choice}}"`},
		"a title that is a page":           {`Допросить свидетеля"`, strings.Repeat("Допросить ", 20) + `"`},
		"no hint":                          {`hint = "Напишите, что было. Коротко."`, `hint = ""`},
		"circumstances that no form takes": {`Обстоятельства: ____.`, strings.Repeat("Было. ", 2000)},
		"a choice without words":           {`words = "второй свидетель"`, `words = ""`},
		"a choice with a field in it":      {`второй свидетель`, `{{.Case}}`},
		"a choice without a place":         {`{{.Choice}}`, `біреуі`},
		"a word nobody knows":              {`kinds =`, `sort = "x"` + "\nkinds ="},
		"the same key twice":               {`[[sample]]`, strings.TrimSpace(good) + "\n[[sample]]"},
		"one choice, which is none":        {good[strings.Index(good, "[[sample.choice]]\nkey = \"b\""):], ""},
		"text that is not TOML":            {`key = "one"`, `key =`},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if change[0] == `{{.Choice}}` {
			text = strings.ReplaceAll(good, change[0], change[1])
		}
		if text == good {
			t.Fatalf("%s: the test changes nothing", flaw)
		}
		if _, _, err := read(folder(text, blankFile)); err == nil {
			t.Errorf("%s is accepted", flaw)
		}
	}
	if _, _, err := read(fstest.MapFS{}); err == nil {
		t.Error("an empty folder is accepted")
	}
	short := folder(good, blankFile)
	delete(short, "further.toml")
	if _, _, err := read(short); err == nil {
		t.Error("a group without its file is accepted")
	}
}
