//go:build hsm && cgo

package keeper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"zharia/portal/keeper/softhsm"
)

func init() {
	tagged[byHSM] = func(t testing.TB) Source {
		softhsm.New(t, "keeper")
		return hsmOf(t)
	}
}

// hsmOf is the source of these tests: SoftHSM with the token that is plugged in.
func hsmOf(t testing.TB) HSM {
	return HSM{Module: softhsm.Module(t), Token: "keeper", Key: "root", PIN: []byte(softhsm.PIN)}
}

// someRoot is a root that would be seen wherever it stood.
var someRoot = []byte("the root of all keys, 32 bytes..")

func sealedBy(t testing.TB, h HSM) []byte {
	t.Helper()
	sealed, err := h.Seal(t.Context(), someRoot)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// touched is what was sealed, with something of it changed.
func touched(t testing.TB, sealed []byte, change func(*sealedHSM)) []byte {
	t.Helper()
	var kept sealedHSM
	if err := strictly(sealed, &kept); err != nil {
		t.Fatal(err)
	}
	change(&kept)
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// on does something in the token with its own functions, as its owner could.
func on(t testing.TB, h HSM, do func(token) error) {
	t.Helper()
	if err := h.within(do); err != nil {
		t.Fatal(err)
	}
}

// makeKey puts a key into the token that the keeper has not made.
func makeKey(h HSM, id string, size int, extractable bool) func(token) error {
	return func(t token) error {
		_, err := t.GenerateKey(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
			pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, size), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
			pkcs11.NewAttribute(pkcs11.CKA_LABEL, h.Key), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
			pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, extractable),
			pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true), pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
		})
		return err
	}
}

// delete takes every key of that label away.
func deleteKeys(h HSM) func(token) error {
	return func(t token) error {
		keys, err := t.keys(h.Key, nil)
		for _, key := range keys {
			err = errors.Join(err, t.DestroyObject(t.session, key))
		}
		return err
	}
}

func TestARootUnderAnHSMComesBackFromThatKeyOfThatTokenAlone(t *testing.T) {
	elsewhere := softhsm.New(t, "keeper")
	other := sealedBy(t, hsmOf(t))
	two := softhsm.New(t, "keeper", "keeper")
	home := softhsm.New(t, "keeper", "spare")
	good := hsmOf(t)
	sealed := sealedBy(t, good)
	spare := good
	spare.Token = "spare"
	sealedBy(t, spare)

	if back, err := good.Unseal(t.Context(), sealed); err != nil || !bytes.Equal(back, someRoot) {
		t.Fatalf("the right one: %v", err)
	}
	if again := sealedBy(t, good); bytes.Equal(again, sealed) {
		t.Error("two sealings are alike")
	}
	for _, secret := range []string{string(someRoot), softhsm.PIN, fmt.Sprintf("%x", someRoot)} {
		if strings.Contains(string(sealed), secret) {
			t.Errorf("%q stands in what was sealed", secret)
		}
	}
	// Sealed with the very key, for another service that shares the token.
	foreign := touched(t, sealed, func(kept *sealedHSM) {
		on(t, good, func(in token) error {
			keys, err := in.keys(good.Key, kept.ID)
			if err != nil {
				return err
			}
			with := pkcs11.NewGCMParams(kept.Nonce, []byte("another service"), gcmTag)
			defer with.Free()
			if err := in.EncryptInit(in.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, with)}, keys[0]); err != nil {
				return err
			}
			kept.Box, err = in.Encrypt(in.session, someRoot)
			return err
		})
	})
	noLibrary := filepath.Join(t.TempDir(), "library.so")
	loose := filepath.Join(t.TempDir(), "library.so")
	for path, mode := range map[string]os.FileMode{noLibrary: 0o600, loose: 0o722} {
		if err := errors.Join(os.WriteFile(path, []byte("not a library"), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	nowhere := t.TempDir() // no module at all: SoftHSM has no settings there
	for name, row := range map[string]struct {
		change func(*HSM)
		sealed []byte
		in     string
		want   error
		says   string
	}{
		"a wrong PIN":                     {func(h *HSM) { h.PIN = []byte("999999999") }, sealed, home, ErrPIN, "C_Login"},
		"a PIN that is too short":         {func(h *HSM) { h.PIN = []byte("1") }, sealed, home, ErrPIN, "C_Login"},
		"no PIN":                          {func(h *HSM) { h.PIN = nil }, sealed, home, ErrPIN, "255"},
		"an endless PIN":                  {func(h *HSM) { h.PIN = bytes.Repeat([]byte("1"), 256) }, sealed, home, ErrPIN, "255"},
		"a PIN that ends within":          {func(h *HSM) { h.PIN = []byte(softhsm.PIN + "\x00") }, sealed, home, ErrPIN, "255"},
		"another key is told":             {func(h *HSM) { h.Key = "other" }, sealed, home, ErrHSMKey, `"other" is told`},
		"another token with such a key":   {func(h *HSM) { h.Token = "spare" }, sealed, home, ErrHSMKey, "another token"},
		"another module, alike":           {nil, sealed, elsewhere, ErrHSMKey, "another token"},
		"no such token":                   {func(h *HSM) { h.Token = "keeper 2" }, sealed, home, ErrHSMToken, "0 of"},
		"two tokens of one name":          {nil, sealed, two, ErrHSMToken, "2 of"},
		"a module without settings":       {nil, sealed, nowhere, ErrHSMGone, "C_Initialize"},
		"a library that is not there":     {func(h *HSM) { h.Module = "/nowhere/library.so" }, sealed, home, ErrHSMGone, "no such file"},
		"a library that is none":          {func(h *HSM) { h.Module = noLibrary }, sealed, home, ErrHSMGone, "no PKCS#11 library"},
		"a library that others can write": {func(h *HSM) { h.Module = loose }, sealed, home, nil, "chmod go-w"},
		"a library by its name alone":     {func(h *HSM) { h.Module = "libsofthsm2.so" }, sealed, home, nil, "full path"},
		"no label of a token":             {func(h *HSM) { h.Token = "" }, sealed, home, nil, "1 to 32"},
		"a long label of a token":         {func(h *HSM) { h.Token = strings.Repeat("k", 33) }, sealed, home, nil, "1 to 32"},
		"no label of a key":               {func(h *HSM) { h.Key = "" }, touched(t, sealed, func(k *sealedHSM) { k.Key = "" }), home, nil, "1 to 64"},
		"sealed by a module elsewhere":    {nil, other, home, ErrHSMKey, "no key"},
		"a bit of the box":                {nil, touched(t, sealed, func(k *sealedHSM) { k.Box[0] ^= 1 }), home, ErrNotRoot, "C_Decrypt"},
		"a bit of its tag":                {nil, touched(t, sealed, func(k *sealedHSM) { k.Box[len(k.Box)-1] ^= 1 }), home, ErrNotRoot, "C_Decrypt"},
		"a bit of the nonce":              {nil, touched(t, sealed, func(k *sealedHSM) { k.Nonce[0] ^= 1 }), home, ErrNotRoot, "C_Decrypt"},
		"a shorter box":                   {nil, touched(t, sealed, func(k *sealedHSM) { k.Box = k.Box[:len(k.Box)-1] }), home, ErrNotRoot, "C_Decrypt"},
		"a box of nothing":                {nil, touched(t, sealed, func(k *sealedHSM) { k.Box = nil }), home, ErrNotRoot, ""},
		"no nonce":                        {nil, touched(t, sealed, func(k *sealedHSM) { k.Nonce = nil }), home, nil, ""},
		"another id":                      {nil, touched(t, sealed, func(k *sealedHSM) { k.ID[0] ^= 1 }), home, ErrHSMKey, "no key"},
		"no id":                           {nil, touched(t, sealed, func(k *sealedHSM) { k.ID = nil }), home, ErrNotRoot, "C_Decrypt"},
		"for another service":             {nil, foreign, home, ErrNotRoot, "C_Decrypt"},
		"nothing that was sealed":         {nil, []byte(`{"key":"root","box":1}`), home, ErrChanged, ""},
	} {
		t.Run(name, func(t *testing.T) {
			softhsm.Plug(t, row.in)
			h := good
			if row.change != nil {
				row.change(&h)
			}
			back, err := h.Unseal(t.Context(), row.sealed)
			if err == nil || back != nil || (row.want != nil && !errors.Is(err, row.want)) || !strings.Contains(fmt.Sprint(err), row.says) {
				t.Errorf("%v, not %v", err, row.want)
			}
			if len(h.PIN) > 1 && strings.Contains(fmt.Sprint(err), string(h.PIN)) {
				t.Errorf("the PIN stands in %q", err)
			}
		})
	}
	// Whatever was tried, the right one opens still.
	if back, err := good.Unseal(t.Context(), sealed); err != nil || !bytes.Equal(back, someRoot) {
		t.Errorf("afterwards: %v", err)
	}
	// Another key with the same label and the same id.
	var kept sealedHSM
	if err := strictly(sealed, &kept); err != nil {
		t.Fatal(err)
	}
	on(t, good, deleteKeys(good))
	on(t, good, makeKey(good, string(kept.ID), 32, false))
	if back, err := good.Unseal(t.Context(), sealed); !errors.Is(err, ErrNotRoot) || back != nil {
		t.Errorf("another key of the same name: %v", err)
	}
	on(t, good, makeKey(good, string(kept.ID), 32, false))
	if back, err := good.Unseal(t.Context(), sealed); !errors.Is(err, ErrHSMKey) || back != nil {
		t.Errorf("two keys of the same name: %v", err)
	}
}

func TestTheKeyInTheHSMCannotLeaveIt(t *testing.T) {
	softhsm.New(t, "keeper")
	h := hsmOf(t)
	sealedBy(t, h)
	sealedBy(t, h)
	on(t, h, func(in token) error {
		keys, err := in.keys(h.Key, nil)
		if err != nil || len(keys) != 1 {
			t.Fatalf("%d keys after two sealings, %v", len(keys), err)
		}
		if value, err := in.GetAttributeValue(in.session, keys[0], []*pkcs11.Attribute{{Type: pkcs11.CKA_VALUE}}); err == nil && len(value[0].Value) > 0 {
			t.Error("the key can be read")
		}
		for name, change := range map[string]*pkcs11.Attribute{
			"extractable":   pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, true),
			"not sensitive": pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, false),
		} {
			if err := in.SetAttributeValue(in.session, keys[0], []*pkcs11.Attribute{change}); err == nil {
				t.Errorf("its owner can make it %s", name)
			}
		}
		wrapping, err := in.GenerateKey(in.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, 32), pkcs11.NewAttribute(pkcs11.CKA_WRAP, true),
		})
		if err != nil {
			return err
		}
		wrap := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_WRAP, nil)}
		if out, err := in.WrapKey(in.session, wrap, wrapping, keys[0]); err == nil || len(out) > 0 {
			t.Error("the key leaves wrapped in another one")
		}
		return nil
	})
}

func TestARootIsNotSealedWithAKeyOfTheHSMThatCouldLeave(t *testing.T) {
	for name, row := range map[string]struct {
		make func(HSM) []func(token) error
		says string // "": it is taken
	}{
		"made by somebody else in the module": {func(h HSM) []func(token) error { return []func(token) error{makeKey(h, "1", 32, false)} }, ""},
		"extractable":                         {func(h HSM) []func(token) error { return []func(token) error{makeKey(h, "1", 32, true)} }, "can leave"},
		"of 128 bits":                         {func(h HSM) []func(token) error { return []func(token) error{makeKey(h, "1", 16, false)} }, "not AES-256"},
		"without an id":                       {func(h HSM) []func(token) error { return []func(token) error{makeKey(h, "", 32, false)} }, "no id"},
		"one of two": {func(h HSM) []func(token) error {
			return []func(token) error{makeKey(h, "1", 32, false), makeKey(h, "2", 32, false)}
		}, "more than one"},
		"brought from outside": {func(h HSM) []func(token) error {
			return []func(token) error{func(in token) error {
				_, err := in.CreateObject(in.session, []*pkcs11.Attribute{
					pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
					pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_LABEL, h.Key), pkcs11.NewAttribute(pkcs11.CKA_ID, "1"),
					pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
					pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true), pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
					pkcs11.NewAttribute(pkcs11.CKA_VALUE, bytes.Repeat([]byte{5}, 32)),
				})
				return err
			}}
		}, "came from outside"},
	} {
		t.Run(name, func(t *testing.T) {
			softhsm.New(t, "keeper")
			h := hsmOf(t)
			for _, do := range row.make(h) {
				on(t, h, do)
			}
			dir := filepath.Join(t.TempDir(), "state")
			err := Init(t.Context(), dir, h, noon)
			if row.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrHSMKey) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, stateFile)); err == nil {
				t.Error("a keeper was made all the same")
			}
		})
	}
}

// heardBy is a keeper whose log is kept.
func heardBy(log *bytes.Buffer, h HSM) func(*Config) {
	h.PIN = nil
	return func(c *Config) { c.HSM, c.Log = h, slog.New(slog.NewTextHandler(log, nil)) }
}

func TestAKeeperStaysSealedUntilItsHSMIsThereAndOpensWhenAskedAgain(t *testing.T) {
	elsewhere := softhsm.New(t, "keeper")
	sealedBy(t, hsmOf(t))
	empty := softhsm.New(t)
	home := softhsm.New(t, "keeper")
	h := hsmOf(t)
	var log bytes.Buffer
	s := unsealed(t, h, heardBy(&log, h))
	me, where := s.signIn(aigul), own(s.person(aigul))
	text := s.seal(where, "құпия")
	s.keeper.Seal()
	o, err := Operate(s.socket + "o")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	for _, row := range []struct{ name, in, pin, says string }{
		{"a wrong PIN", home, "000000000", "the PIN is not that of the token"},
		{"it is unplugged", empty, softhsm.PIN, "not the one token"},
		{"another one is plugged in", elsewhere, softhsm.PIN, "has not the key"},
		{"it is broken", t.TempDir(), softhsm.PIN, "does not answer"},
	} {
		log.Reset()
		softhsm.Plug(t, row.in)
		_, err := o.GivePassphrase(t.Context(), []byte(row.pin))
		if err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: whoever asked hears %v", row.name, err)
		}
		if !strings.Contains(log.String(), row.says) || !strings.Contains(log.String(), "stays sealed") {
			t.Errorf("%s: the log says %s", row.name, &log)
		}
		if strings.Contains(log.String()+fmt.Sprint(err), row.pin) {
			t.Errorf("%s: the PIN stands in the log: %s", row.name, &log)
		}
		if got := s.keeper.Status(); !got.Sealed || got.Source != byHSM {
			t.Errorf("%s: %+v", row.name, got)
		}
	}
	softhsm.Plug(t, home)
	status, err := o.GivePassphrase(t.Context(), []byte(softhsm.PIN))
	if err != nil || status.Sealed {
		t.Fatalf("it is back: %+v, %v", status, err)
	}
	s.pass(time.Second)
	if got, err := s.keys.OpenText(s.as(me), where, text); err != nil || got != "құпия" {
		t.Errorf("%q, %v", got, err)
	}

	// The PIN is also what proves that custodians of shares may be appointed.
	if _, err := o.Reshare(t.Context(), Proof{Passphrase: []byte("000000000")}, 2, 3); err == nil || !strings.Contains(err.Error(), "the PIN is not that of the token") {
		t.Errorf("shares for a wrong PIN: %v", err)
	}
	made, err := o.Reshare(t.Context(), Proof{Passphrase: []byte(softhsm.PIN)}, 2, 3)
	if err != nil || len(made) != 3 {
		t.Fatal(len(made), err)
	}
	s.keeper.Seal()
	if _, err := o.GivePassphrase(t.Context(), []byte(softhsm.PIN)); err == nil {
		t.Error("the PIN unseals what is under shares now")
	}
	for _, one := range made[:2] {
		if _, err := o.GiveShare(t.Context(), one); err != nil {
			t.Error(err)
		}
	}
	if s.keeper.Status().Sealed {
		t.Error("the new shares do not unseal it")
	}
	// And back under the module: what was under shares before is under its key now.
	if err := s.keeper.Reshare(t.Context(), &Shares{Given: made[:2]}, h); err != nil {
		t.Fatal(err)
	}
	s.keeper.Seal()
	if status, err := o.GivePassphrase(t.Context(), []byte(softhsm.PIN)); err != nil || status.Sealed {
		t.Errorf("%+v, %v", status, err)
	}
}

// troubled is SoftHSM behind a library that has troubles: HSM_TROUBLE says which.
func troubled(t testing.TB) HSM {
	t.Helper()
	h := hsmOf(t)
	library := filepath.Join(t.TempDir(), "trouble.so")
	build := exec.Command("cc", "-shared", "-fPIC", "-w", "-o", library, "testdata/trouble.c", "-ldl")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cc: %v: %s", err, out)
	}
	if err := os.Chmod(library, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HSM_REAL", h.Module)
	h.Module = library
	return h
}

func TestEachTroubleOfAnHSMIsToldByItsName(t *testing.T) {
	softhsm.New(t, "keeper")
	h := troubled(t)
	t.Setenv("HSM_TROUBLE", "none")
	sealed := sealedBy(t, h)
	for trouble, want := range map[string]error{
		"last try": ErrPINLast, "locked before": ErrPINLocked, "locked now": ErrPINLocked, "expired": ErrPIN, "no pin yet": ErrHSMToken,
		"unplugged": ErrHSMGone, "unplugged in the midst": ErrHSMGone, "another root": ErrNotRoot, "another root, older": ErrNotRoot,
	} {
		t.Run(trouble, func(t *testing.T) {
			t.Setenv("HSM_TROUBLE", trouble)
			back, err := h.Unseal(t.Context(), sealed)
			if !errors.Is(err, want) || back != nil || strings.Contains(err.Error(), softhsm.PIN) {
				t.Errorf("%v, not %v", err, want)
			}
		})
	}
	if back, err := h.Unseal(t.Context(), sealed); err != nil || !bytes.Equal(back, someRoot) {
		t.Errorf("when the trouble is over: %v", err)
	}
}

func TestAnHSMThatHangsHoldsUpNobody(t *testing.T) {
	softhsm.New(t, "keeper")
	h := troubled(t)
	t.Setenv("HSM_TROUBLE", "none")
	sealed := sealedBy(t, h)
	soon := func() context.Context {
		ctx, done := context.WithTimeout(t.Context(), 150*time.Millisecond)
		t.Cleanup(done)
		return ctx
	}
	t.Setenv("HSM_TROUBLE", "hangs")
	begun := time.Now()
	if back, err := h.Unseal(soon(), sealed); !errors.Is(err, ErrHSMGone) || back != nil {
		t.Errorf("it hangs: %v", err)
	}
	if back, err := h.Unseal(soon(), sealed); !errors.Is(err, ErrHSMGone) || back != nil || !strings.Contains(err.Error(), "question before") {
		t.Errorf("it hangs still: %v", err)
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("that took %v", took)
	}
	t.Setenv("HSM_TROUBLE", "none")
	if back, err := h.Unseal(t.Context(), sealed); err != nil || !bytes.Equal(back, someRoot) {
		t.Errorf("it hangs no more: %v", err)
	}
}

func TestAQuestionToTheHSMThatBreaksEndsNobody(t *testing.T) {
	h := hsmOf(t)
	for range 2 {
		if text, err := h.ask(t.Context(), func(HSM) ([]byte, error) { panic("broken") }); !errors.Is(err, ErrHSMGone) || text != nil {
			t.Errorf("%v", err)
		}
	}
}

func TestNothingThatPrintsAnHSMPrintsItsPIN(t *testing.T) {
	h := hsmOf(t)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("settings", "hsm", h)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		fmt.Fprintf(&log, verb, h)
	}
	if !strings.Contains(log.String(), "token") || slices.ContainsFunc([]string{softhsm.PIN, fmt.Sprint(h.PIN), fmt.Sprintf("%x", h.PIN), b64(h.PIN)}, func(pin string) bool { return strings.Contains(log.String(), pin) }) {
		t.Error(&log)
	}
}

func BenchmarkUnsealThroughTheHSM(b *testing.B) {
	softhsm.New(b, "keeper")
	s := sealed(b, hsmOf(b), nil)
	for b.Loop() {
		s.unseal()
		s.keeper.Seal()
	}
}
