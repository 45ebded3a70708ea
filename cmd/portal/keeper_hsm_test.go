//go:build hsm && cgo

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zharia/portal/keeper/softhsm"
)

func TestAKeeperByAnHSMWaitsForItsPINAndSaysWhatIsWrong(t *testing.T) {
	softhsm.New(t, "keeper")
	dir, anchors := site(t)
	state, file := filepath.Join(dir, "state"), filepath.Join(dir, "pin")
	write := func(pin string, mode os.FileMode) {
		t.Helper()
		os.Remove(file)
		if err := os.WriteFile(file, []byte(pin+"\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	var log heard
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	module := []string{"-source", "pkcs11", "-pkcs11-module", softhsm.Module(t), "-pkcs11-token", "keeper"}
	var all bytes.Buffer // whatever was said
	do := func(in io.Reader, args ...string) (string, error) {
		var out heard
		err := keepWith(t.Context(), append(args, "-dir", state), in, nil, &out)
		all.WriteString(out.String() + fmt.Sprint(err))
		return out.String(), err
	}

	// A wrong PIN makes no keeper; the right one does, typed or from a file that is ours alone.
	if _, err := do(typing("000000000"), append([]string{"init"}, module...)...); err == nil || !strings.Contains(err.Error(), "the PIN is not that of the token") {
		t.Errorf("a wrong PIN: %v", err)
	}
	write(softhsm.PIN, 0o640)
	if _, err := do(typing(), append([]string{"init", "-pin-file", file}, module...)...); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a PIN that others can read: %v", err)
	}
	if text, err := do(typing(softhsm.PIN), append([]string{"init"}, module...)...); err != nil || !strings.Contains(text, "Back up this folder, and the token") || strings.Contains(text, "shares") {
		t.Fatalf("%v: %s", err, text)
	}

	// It runs with a wrong PIN in its file: sealed, and the log says why.
	write("000000000", 0o600)
	ctx, stop := context.WithCancel(t.Context())
	var said heard
	ran := make(chan error, 1)
	go func() {
		ran <- keepWith(ctx, append([]string{
			"run", "-dir", state, "-socket", filepath.Join(dir, "k"), "-users", fmt.Sprint(os.Geteuid()), "-origin", "https://zharia.test", "-anchors", anchors,
			"-dev", "-without-chain", "-pin-file", file,
		}, module...), typing(), nil, &said)
	}()
	said.until(t, "ready, sealed")
	if !strings.Contains(said.String(), "NOT UNSEALED: keeper: the PIN is not that of the token") || !strings.Contains(log.String(), "stays sealed") {
		t.Errorf("%s; the log: %s", &said, &log)
	}
	if text, err := do(typing(), "status"); err != nil || !strings.Contains(text, "sealed, root by pkcs11") {
		t.Errorf("%v: %s", err, text)
	}
	if text, err := do(typing("999999999"), "unseal"); err == nil || !strings.Contains(err.Error(), "the PIN is not that of the token") || !strings.Contains(text, askPIN) {
		t.Errorf("%v: %s", err, text)
	}
	for name, how := range map[string]func() (string, error){
		"typed":       func() (string, error) { return do(typing(softhsm.PIN), "unseal") },
		"from a file": func() (string, error) { write(softhsm.PIN, 0o600); return do(typing(), "unseal", "-pin-file", file) },
	} {
		if text, err := how(); err != nil || !strings.Contains(text, "unsealed, root by pkcs11, epoch 1") {
			t.Errorf("%s: %v: %s", name, err, text)
		}
		if text, err := do(typing(), "seal"); err != nil || !strings.Contains(text, "sealed, root by pkcs11") {
			t.Errorf("%s: %v: %s", name, err, text)
		}
	}
	// Who has the PIN may hand over to custodians of shares.
	text, err := do(typing(softhsm.PIN), "reshare", "-threshold", "2", "-shares", "3", "-unchecked")
	if err != nil {
		t.Fatal(err)
	}
	papers(t, text, 3)
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	for _, pin := range []string{softhsm.PIN, "000000000", "999999999"} {
		if strings.Contains(all.String()+said.String()+log.String(), pin) {
			t.Errorf("the PIN %s was said or logged", pin)
		}
	}
}

func TestAKeeperByAnHSMStartsUnsealedWithThePINInAFile(t *testing.T) {
	softhsm.New(t, "keeper")
	dir, anchors := site(t)
	state, file := filepath.Join(dir, "state"), filepath.Join(dir, "pin")
	if err := os.WriteFile(file, []byte(softhsm.PIN), 0o600); err != nil {
		t.Fatal(err)
	}
	module := []string{"-dir", state, "-source", "pkcs11", "-pkcs11-module", softhsm.Module(t), "-pkcs11-token", "keeper", "-pkcs11-key", "root", "-pin-file", file}
	if err := keepWith(t.Context(), append([]string{"init"}, module...), typing(), nil, io.Discard); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var said heard
	ran := make(chan error, 1)
	go func() {
		ran <- keepWith(ctx, append([]string{
			"run", "-socket", filepath.Join(dir, "k"), "-users", fmt.Sprint(os.Geteuid()), "-origin", "https://zharia.test", "-anchors", anchors, "-dev", "-without-chain",
		}, module...), typing(), nil, &said)
	}()
	said.until(t, "ready, unsealed")
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

func TestSettingsOfAnHSMThatDoNotFitAreMisuse(t *testing.T) {
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"another source":           {"-source", "tpm"},
		"two sources":              {"-source", "pkcs11", "-transit", "https://bao.example"},
		"a module and no source":   {"-pkcs11-module", "/usr/lib/x.so"},
		"a PIN file and no source": {"-pin-file", "/dev/null"},
	} {
		if err := keepWith(t.Context(), append([]string{"init", "-dir", filepath.Join(dir, "state")}, args...), typing(), nil, io.Discard); !errors.Is(err, errMisuse) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, args := range map[string][]string{
		"no module":                    {"-source", "pkcs11", "-pkcs11-token", "keeper"},
		"no token":                     {"-source", "pkcs11", "-pkcs11-module", softhsm.Module(t)},
		"a PIN in the place of a file": {"-source", "pkcs11", "-pkcs11-module", softhsm.Module(t), "-pkcs11-token", "keeper", "-pin-file", softhsm.PIN},
	} {
		if err := keepWith(t.Context(), append([]string{"init", "-dir", filepath.Join(dir, "state")}, args...), typing(), nil, io.Discard); err == nil {
			t.Errorf("%s: a keeper was made", name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "state", "keeper.json")); err == nil {
		t.Error("a keeper was made")
	}
}
