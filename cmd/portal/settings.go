package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
)

// Secret settings can stand in a file of their own, NAME_FILE: a password is then neither
// in a unit of systemd nor in what `docker inspect` shows.
var secretSettings = []string{"DATABASE_URL", "PORTAL_MIGRATE_DATABASE", "PORTAL_BACKUP_DATABASE", "PORTAL_ROTATE_DATABASE", "VAULT_TOKEN", "PORTAL_S3_SECRET"}

// knownSettings are all that any command of this program reads.
func knownSettings() []string {
	known := slices.Clone(secretSettings)
	for _, of := range []reflect.Type{reflect.TypeFor[config](), reflect.TypeFor[auditorConfig]()} {
		for _, field := range reflect.VisibleFields(of) {
			if name, _, _ := strings.Cut(field.Tag.Get("env"), ","); name != "" {
				known = append(known, name)
			}
		}
	}
	for _, name := range secretSettings {
		known = append(known, name+"_FILE")
	}
	return known
}

// maxSettings is how large a file of settings may be, in bytes.
const maxSettings = 64 << 10

// settle brings the settings of the file PORTAL_SETTINGS and of the files of secrets into
// the environment, where all commands look. What the environment says already counts.
// Everything that is wrong is said at once.
func settle() error {
	var wrong []error
	if file := os.Getenv("PORTAL_SETTINGS"); file != "" {
		read, err := readSettings(file)
		wrong = append(wrong, err)
		for name, value := range read {
			if _, set := os.LookupEnv(name); !set {
				wrong = append(wrong, os.Setenv(name, value))
			}
		}
	}
	for _, name := range secretSettings {
		file := os.Getenv(name + "_FILE")
		switch {
		case file == "":
		case os.Getenv(name) != "":
			wrong = append(wrong, fmt.Errorf("%s and %s_FILE are both set", name, name))
		default:
			text, err := secretFile(file)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s_FILE: %w", name, err))
				continue
			}
			wrong = append(wrong, os.Setenv(name, string(text)))
		}
	}
	return errors.Join(wrong...)
}

// readSettings reads NAME=value, one a line; # begins a comment, and what stands after = is
// taken as it is. A name that the program does not know is refused: a slip of the pen must
// not leave a setting at its default unseen.
func readSettings(file string) (map[string]string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SETTINGS: %w", err)
	}
	var wrong []error
	say := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%s: "+format, append([]any{file}, args...)...))
	}
	if !info.Mode().IsRegular() || info.Size() > maxSettings {
		return nil, fmt.Errorf("%s: it is no file of settings", file)
	}
	if info.Mode().Perm()&0o022 != 0 {
		say("others can write it: chmod go-w it")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_SETTINGS: %w", err)
	}
	known, out, n := knownSettings(), map[string]string{}, 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		_, again := out[name]
		switch {
		case !found:
			say("line %d: NAME=value is expected", n) // not the line: it could be a password
		case name == "PORTAL_SETTINGS" || !slices.Contains(known, name):
			say("line %d: no setting is called %q", n, name)
		case again:
			say("line %d: %s is set twice", n, name)
		case value != "" && strings.ContainsRune(`"'`, rune(value[0])):
			say("line %d: %s: quotation marks would be part of the value: leave them out", n, name)
		case slices.Contains(secretSettings, name) && info.Mode().Perm()&0o004 != 0:
			say("line %d: %s is a secret and everybody can read the file: chmod o-r it, or set %s_FILE", n, name, name)
		default:
			out[name] = value
		}
	}
	return out, errors.Join(wrong...)
}
