//go:build !hsm || !cgo

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zharia/portal/keeper"
)

func TestABuildWithoutPKCS11SaysSoAndHowToMakeOne(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	var out heard
	err := keepWith(t.Context(), []string{
		"init", "-dir", state, "-source", "pkcs11", "-pkcs11-module", "/usr/lib/softhsm/libsofthsm2.so", "-pkcs11-token", "keeper",
	}, typing("271828182"), nil, &out)
	if !errors.Is(err, keeper.ErrNoPKCS11) || !strings.Contains(err.Error(), "go build -tags hsm ./cmd/portal") || strings.Contains(out.String(), askPIN) {
		t.Errorf("%v: %s", err, &out)
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("a folder was made for a keeper that could not be")
	}
}
