package sample

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/words"
)

// The bounds of the texts: those of a filing, less some room for what the citizen
// adds himself.
const (
	minText  = 20
	maxText  = 10_000
	maxPoint = 1_000
	maxTitle = 100
)

//go:embed data
var data embed.FS

// all are the samples of data/, read once: a flaw stops the program before it
// serves anybody.
var all, blanks = func() ([]Sample, map[string]map[string]string) {
	files, err := fs.Sub(data, "data")
	if err != nil {
		panic(err)
	}
	samples, blanks, err := read(files)
	if err != nil {
		panic(err)
	}
	return samples, blanks
}()

// written is a file of samples.
type written struct {
	Sample []struct {
		Key    string
		Kinds  []policy.FilingKind
		Roles  []policy.Role
		About  []About
		Law    []string
		KK, RU Text
		Choice []struct {
			Key    string
			KK, RU struct{ Label, Words string }
		}
	}
}

// read reads a folder of samples: GROUP.toml for each group, and blank.toml with
// what stands for a fact that is not known.
func read(files fs.FS) ([]Sample, map[string]map[string]string, error) {
	blanks := map[string]map[string]string{}
	if err := decode(files, "blank.toml", &blanks); err != nil {
		return nil, nil, err
	}
	var out []Sample
	for _, group := range Groups {
		var file written
		if err := decode(files, string(group)+".toml", &file); err != nil {
			return nil, nil, err
		}
		for _, w := range file.Sample {
			s := Sample{Key: w.Key, Group: group, Kinds: w.Kinds, Roles: w.Roles, About: w.About,
				text: map[string]Text{"kk": w.KK, "ru": w.RU}}
			for lang, text := range s.text {
				text.Circumstances = strings.TrimSpace(text.Circumstances)
				s.text[lang] = text
			}
			for _, c := range w.Choice {
				s.Choices = append(s.Choices, Choice{c.Key,
					map[string]string{"kk": c.KK.Label, "ru": c.RU.Label}, map[string]string{"kk": c.KK.Words, "ru": c.RU.Words}})
			}
			for _, place := range w.Law {
				ref, err := law.Parse(place)
				if err != nil {
					return nil, nil, fmt.Errorf("sample %s: %w", s.Key, err)
				}
				s.Law = append(s.Law, ref)
			}
			if slices.ContainsFunc(out, func(other Sample) bool { return other.Key == s.Key }) {
				return nil, nil, fmt.Errorf("sample %s is there twice", s.Key)
			}
			if err := s.check(blanks); err != nil {
				return nil, nil, fmt.Errorf("sample %s: %w", s.Key, err)
			}
			out = append(out, s)
		}
	}
	return out, blanks, nil
}

// decode reads a file in which no word is misspelt.
func decode(files fs.FS, name string, into any) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	meta, err := toml.Decode(string(text), into)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("%s: nobody knows %v", name, unknown)
	}
	return nil
}

// check refuses a sample that somebody could not use.
func (s Sample) check(blanks map[string]map[string]string) error {
	switch {
	case s.Key == "":
		return errors.New("no key")
	case len(s.Kinds) == 0:
		return errors.New("it begins no filing")
	case len(s.Law) == 0:
		return errors.New("it rests on no article")
	case len(s.text["kk"].Points) != len(s.text["ru"].Points):
		return errors.New("the languages ask for different things")
	case len(s.Choices) == 1:
		return errors.New("one choice is none")
	}
	for _, kind := range s.Kinds {
		if _, known := policy.FilingOf(kind); !known {
			return fmt.Errorf("%q is no kind of filing", kind)
		}
		if len(s.Roles) > 0 && !slices.ContainsFunc(s.Roles, func(r policy.Role) bool { _, may := policy.MayFile(r, "", kind); return may }) {
			return fmt.Errorf("none of %v may bring a %s", s.Roles, kind)
		}
	}
	for _, role := range s.Roles {
		if !slices.ContainsFunc(s.Kinds, func(k policy.FilingKind) bool { _, may := policy.MayFile(role, "", k); return may }) {
			return fmt.Errorf("%s may bring none of %v", role, s.Kinds)
		}
	}
	for _, about := range s.About {
		if _, known := policy.KindOf(policy.Kind(about)); !known && about != Answer && about != Silence {
			return fmt.Errorf("%q is nothing a filing can be about", about)
		}
	}
	for _, lang := range words.Languages {
		if err := s.checkText(lang, blanks[lang]); err != nil {
			return fmt.Errorf("in %s: %w", lang, err)
		}
	}
	return nil
}

func (s Sample) checkText(lang string, blanks map[string]string) error {
	t := s.text[lang]
	for name, part := range map[string]struct {
		text string
		max  int
	}{"title": {t.Title, maxTitle}, "hint": {t.Hint, maxPoint}, "circumstances": {t.Circumstances, maxText}} {
		if n := utf8.RuneCountInString(part.text); n < minText/2 || n > part.max {
			return fmt.Errorf("the %s has %d characters", name, n)
		}
	}
	if len(t.Points) == 0 {
		return errors.New("it asks for nothing")
	}
	for i, p := range t.Points {
		if n := utf8.RuneCountInString(p); n < minText || n > maxPoint {
			return fmt.Errorf("point %d has %d characters", i+1, n)
		}
	}
	whole := t.Circumstances + "\n" + strings.Join(t.Points, "\n")
	for _, found := range field.FindAllStringSubmatch(whole, -1) {
		if _, known := (Fields{}).values()[found[1]]; !known && found[1] != "Choice" {
			return fmt.Errorf("%s is no field", found[0])
		}
		if Blanks(blanks[found[1]]) != 1 {
			return fmt.Errorf("nothing stands for an unknown %s", found[1])
		}
	}
	if strings.ContainsAny(field.ReplaceAllString(whole, ""), "{}") {
		return errors.New("a field is not closed")
	}
	if strings.Contains(whole, "{{.Choice}}") != (len(s.Choices) > 0) {
		return errors.New("choices and their place do not go together")
	}
	for _, c := range s.Choices {
		if c.Key == "" || c.label[lang] == "" || c.words[lang] == "" || strings.Contains(c.words[lang], "{{") {
			return fmt.Errorf("the choice %q says nothing", c.Key)
		}
	}
	return nil
}
