package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/directory"
	"zharia/portal/identity"
	"zharia/portal/keeper"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// An operator begins a new epoch, brings the texts over and would destroy the old keys.
func TestAnOperatorRotatesBringsOverAndForgetsNotBeforeItsTime(t *testing.T) {
	dir, anchors := site(t)
	state, socket := filepath.Join(dir, "state"), filepath.Join(dir, "keeper.sock")
	file := filepath.Join(dir, "passphrase")
	if err := os.WriteFile(file, []byte("five words of a list, at least\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ceremony := func(typed string, args ...string) (string, error) {
		var out heard
		err := keepWith(t.Context(), append(args, "-dir", state), strings.NewReader(typed), nil, &out)
		return out.String(), err
	}
	if _, err := ceremony("", "init", "-passphrase-file", file); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var said heard
	ran := make(chan error, 1)
	go func() {
		ran <- keepWith(ctx, []string{
			"run", "-dir", state, "-socket", socket, "-users", fmt.Sprint(os.Geteuid()), "-origin", "https://zharia.test", "-anchors", anchors, "-dev",
			"-register", filepath.Join(anchors, "issuer.pem"), "-passphrase-file", file,
		}, strings.NewReader(""), nil, &said)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	said.until(t, "ready, unsealed")
	if text, err := ceremony("", "status"); err != nil || !strings.Contains(text, "it is the first") {
		t.Errorf("%v: %s", err, text)
	}

	// One person, whose IIN and name are sealed to this keeper.
	db := portaltest.DB(t)
	client, err := keeper.Dial("unix:"+socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	keys, err := vault.Connect(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	work, err := database.OpenAs(t.Context(), db.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer work.Close()
	body := identity.Body{NameKK: "Комитет", NameRU: "Комитет"}
	if _, err := directory.First(t.Context(), vault.New(work, keys), now(), "811111399014", "ОСПАНОВА АЙГҮЛ", body, uuid.Nil); err != nil {
		t.Fatal(err)
	}

	t.Setenv("PORTAL_KEEPER", "unix:"+socket)
	t.Setenv("DATABASE_URL", db.DSN())
	reseal := func(args ...string) (string, error) {
		var out heard
		err := bringOver(t.Context(), args, &out)
		return out.String(), err
	}
	if text, err := reseal("-check"); err != nil || !strings.Contains(text, "0 texts are sealed to an epoch before 1") {
		t.Errorf("%v: %s", err, text)
	}
	if text, err := ceremony("", "rotate"); err != nil || !strings.Contains(text, "portal reseal") {
		t.Errorf("%v: %s", err, text)
	}
	if text, err := reseal("-check"); err == nil || !regexp.MustCompile(`1\s+person\.iin`).MatchString(text) || !strings.Contains(text, "2 texts are sealed to an epoch before 2") {
		t.Errorf("%v: %s", err, text)
	}
	if text, err := ceremony("", "status"); err != nil || !strings.Contains(text, "texts may need them: portal reseal") {
		t.Errorf("%v: %s", err, text)
	}
	text, err := reseal()
	if err != nil || !regexp.MustCompile(`1\s+person\.name`).MatchString(text) || !strings.Contains(text, "2 texts were brought over") || !strings.Contains(text, "Nothing is left of an epoch before 2") ||
		!strings.Contains(text, "keeper rotate -forget") {
		t.Errorf("%v: %s", err, text)
	}
	if text, err := ceremony("", "status"); err != nil || !strings.Contains(text, "no text needed one on") {
		t.Errorf("%v: %s", err, text)
	}
	if text, err := ceremony("3\n", "rotate", "-forget"); err == nil || !strings.Contains(err.Error(), "nothing was done") || !strings.Contains(text, "Backups") {
		t.Errorf("another number: %v: %s", err, text)
	}
	if text, err := ceremony("2\n", "rotate", "-forget"); err == nil || !strings.Contains(err.Error(), "may still be needed") {
		t.Errorf("on the first day: %v: %s", err, text)
	}
}

func TestBringingOverSaysWhatItNeeds(t *testing.T) {
	t.Setenv("PORTAL_KEEPER", "")
	t.Setenv("DATABASE_URL", "")
	for _, s := range []struct {
		env  map[string]string
		args []string
	}{
		{nil, nil},
		{nil, []string{"more"}},
		{map[string]string{"DATABASE_URL": "host=nowhere"}, nil},
		{map[string]string{"DATABASE_URL": "host=nowhere", "PORTAL_KEYS": "file", "PORTAL_DIRECT_KEYS": "development"}, nil},
	} {
		for name, value := range s.env {
			t.Setenv(name, value)
		}
		if err := bringOver(t.Context(), s.args, &heard{}); !errors.Is(err, errMisuse) {
			t.Errorf("%v %v: %v", s.env, s.args, err)
		}
	}
}
