package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/keeper"
	"zharia/portal/share"
)

// heard is what a command says, while it says it.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// until waits for a command to say something.
func (h *heard) until(t *testing.T, words string) {
	t.Helper()
	for begun := time.Now(); !strings.Contains(h.String(), words); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("it never said %q: %s", words, h)
		}
	}
}

// site is a folder with all that a keeper needs to run.
func site(t *testing.T) (dir, anchors string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "keep") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	a, err := authority.New("TEST KEEPER", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	anchors = filepath.Join(dir, "anchors")
	if err := os.Mkdir(anchors, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, der := range map[string][]byte{"root": a.Root(), "issuer": a.Issuer()} {
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		if err := os.WriteFile(filepath.Join(anchors, name+".pem"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, anchors
}

var printed = regexp.MustCompile(`(?m)^    [0-9A-Z ]+$`)

// papers are the shares as they were printed.
func papers(t *testing.T, out string, want int) []string {
	t.Helper()
	var shares []string
	var words []string
	for _, line := range printed.FindAllString(out, -1) {
		words = append(words, strings.Fields(line)...)
		if one, err := share.Parse(strings.Join(words, " ")); err == nil {
			shares, words = append(shares, one.Text()), nil
		}
	}
	if len(shares) != want || len(words) > 0 {
		t.Fatalf("%d shares were printed, not %d: %s", len(shares), want, out)
	}
	return shares
}

// typing is what people type, a paragraph each.
func typing(paragraphs ...string) io.Reader {
	return strings.NewReader(strings.Join(paragraphs, "\n\n") + "\n")
}

func TestACeremonyFromTheFirstShareToTheLast(t *testing.T) {
	dir, anchors := site(t)
	state := filepath.Join(dir, "state")
	type_ := func(in io.Reader, args ...string) (string, error) {
		var out heard
		err := keepWith(t.Context(), append(args, "-dir", state), in, nil, &out)
		return out.String(), err
	}

	// The shares are shown, and one is typed back, the first time wrong.
	in, hand := io.Pipe()
	var out heard
	made := make(chan error, 1)
	go func() { made <- keepWith(t.Context(), []string{"init", "-dir", state}, in, nil, &out) }()
	out.until(t, "Type one of them back")
	first := papers(t, out.String(), 5)
	wrong := []byte(first[2])
	wrong[0] = map[bool]byte{true: '1', false: '0'}[wrong[0] == '0']
	fmt.Fprintf(hand, "%s\n\n", wrong)
	out.until(t, "word 1 is not as it was printed")
	fmt.Fprintf(hand, "%s\n\n", strings.ToLower(first[2]))
	if err := <-made; err != nil || !strings.Contains(out.String(), "Right: share 3.") {
		t.Fatalf("%v: %s", err, out.String())
	}

	// It runs, sealed.
	ctx, stop := context.WithCancel(t.Context())
	var said heard
	ran := make(chan error, 1)
	socket := filepath.Join(dir, "keeper.sock")
	go func() {
		ran <- keepWith(ctx, []string{
			"run", "-dir", state, "-socket", socket, "-users", fmt.Sprint(os.Geteuid()), "-origin", "https://zharia.test", "-anchors", anchors, "-dev",
			"-register", filepath.Join(anchors, "issuer.pem"),
		}, strings.NewReader(""), nil, &said)
	}()
	said.until(t, "ready, sealed")
	if strings.Contains(said.String(), "No papers are judged") {
		t.Error("with a register it says that no papers are judged")
	}
	if text, err := type_(typing(), "status"); err != nil || !strings.Contains(text, "0 of 3 shares given") {
		t.Errorf("%v: %s", err, text)
	}

	// Three custodians; one of them first with a share of somebody else's.
	others, err := share.Split(make([]byte, share.Size), 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	text, err := type_(typing(first[0], others[0].Text(), first[0], first[4], first[1]), "unseal")
	if err != nil || !strings.Contains(text, others[0].Set.String()) || !strings.Contains(text, "one share twice") || !strings.Contains(text, "unsealed, root by shares, epoch 1") {
		t.Errorf("%v: %s", err, text)
	}
	client, err := keeper.Dial("unix:"+socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if in, err := client.Intake(t.Context()); err != nil || in.Epoch != 1 {
		t.Errorf("%+v, %v", in, err)
	}
	if text, err := type_(typing(), "rotate"); err != nil || !strings.Contains(text, "epoch 2") {
		t.Errorf("%v: %s", err, text)
	}

	// One case is opened, with a ground.
	ground := filepath.Join(dir, "ground.txt")
	if err := os.WriteFile(ground, []byte("the investigator died, the term ends tomorrow\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err = type_(typing(first[1], first[1], first[2], first[3]), "open-case", "-case", "019a9c3e-0000-7000-8000-00000000000a", "-iin", "850202300026", "-ground", ground); err != nil || !strings.Contains(text, "is open for him until") || !strings.Contains(text, "was given already") {
		t.Errorf("%v: %s", err, text)
	}
	if openings, err := client.Openings(t.Context()); err != nil || len(openings) != 1 || openings[0].Ground != "the investigator died, the term ends tomorrow" {
		t.Errorf("%+v, %v", openings, err)
	}

	// Its folder is copied beside it, and into nothing that is there.
	apart := filepath.Join(t.TempDir(), "copy")
	for _, step := range []struct {
		args []string
		well bool
	}{{[]string{"copy"}, false}, {[]string{"copy", apart}, true}, {[]string{"copy", apart}, false}} {
		var out heard
		if err := keepWith(t.Context(), append(step.args[:1:1], append([]string{"-dir", state}, step.args[1:]...)...), typing(), nil, &out); (err == nil) != step.well {
			t.Errorf("%v: %v: %s", step.args, err, out.String())
		}
	}
	if _, err := os.Stat(filepath.Join(apart, "keeper.json")); err != nil {
		t.Error(err)
	}

	// New shares, each locked; the old ones are worth nothing.
	text, err = type_(typing(first[0], first[1], first[2], "a passphrase of one\na passphrase of one\nshort\nshort\na passphrase of two\na passphrase of two\na passphrase of the third\na passphrase of the third"), "reshare", "-threshold", "2", "-shares", "3", "-lock", "-unchecked")
	if err != nil || !strings.Contains(text, "at least 10 characters") {
		t.Fatalf("%v: %s", err, text)
	}
	second := papers(t, text, 3)
	if text, err = type_(typing(), "status"); err != nil || strings.Contains(text, "never confirmed") {
		t.Errorf("new shares that were printed to the end: %v: %s", err, text)
	}
	if text, err = type_(typing(), "seal"); err != nil || !strings.Contains(text, "0 of 2 shares given") {
		t.Errorf("%v: %s", err, text)
	}
	text, err = type_(typing(first[0], second[1], "a wrong passphrase\n"+second[1], "a passphrase of two\n"+second[2], "a passphrase of the third"), "unseal")
	if err != nil || !strings.Contains(text, "the shares of this keeper are of set") || !strings.Contains(text, "the passphrase is not that of the share") || !strings.Contains(text, "unsealed") {
		t.Errorf("%v: %s", err, text)
	}
	if in, err := client.Intake(t.Context()); err != nil || in.Epoch != 2 {
		t.Errorf("%+v, %v", in, err)
	}

	// Newer ones: the line breaks when one of three has its passphrase.
	text, err = type_(typing(second[0], "a passphrase of one\n"+second[1], "a passphrase of two\na passphrase of one\na passphrase of one"), "reshare", "-threshold", "2", "-shares", "3", "-lock")
	if err == nil || !strings.Contains(err.Error(), "rename keeper.json.before") {
		t.Errorf("%v: %s", err, text)
	}
	if text, err = type_(typing(), "status"); err != nil || !strings.Contains(text, "\x1b[1;31mThe new shares were never confirmed") {
		t.Errorf("%v: %s", err, text)
	}
	if text, err = type_(typing(), "seal"); err != nil {
		t.Errorf("%v: %s", err, text)
	}
	if text, err = type_(typing(), "unseal"); err == nil || !strings.Contains(text, "rename keeper.json.before") {
		t.Errorf("who comes to unseal it is not told: %v: %s", err, text)
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if _, err := type_(typing(), "status"); err == nil || !strings.Contains(err.Error(), "no keeper runs") {
		t.Errorf("%v", err)
	}
}

// Custodians sit at more than one terminal, and the last share may find the disk full: what
// each is told is how it is.
func TestACustodianIsToldHowItIsAndNotHowItWas(t *testing.T) {
	dir, anchors := site(t)
	state := filepath.Join(dir, "state")
	var out heard
	if err := keepWith(t.Context(), []string{"init", "-dir", state, "-unchecked", "-threshold", "2", "-shares", "3"}, typing(), nil, &out); err != nil {
		t.Fatal(err)
	}
	shares := papers(t, out.String(), 3)
	ctx, stop := context.WithCancel(t.Context())
	var said heard
	ran := make(chan error, 1)
	go func() {
		ran <- keepWith(ctx, []string{
			"run", "-dir", state, "-socket", filepath.Join(dir, "keeper.sock"), "-users", fmt.Sprint(os.Geteuid()), "-origin", "https://zharia.test", "-anchors", anchors, "-dev",
		}, strings.NewReader(""), nil, &said)
	}()
	defer func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	said.until(t, "ready, sealed")
	unseal := func() (hand io.WriteCloser, out *heard, ended chan error) {
		in, hand := io.Pipe()
		out, ended = new(heard), make(chan error, 1)
		go func() { ended <- keepWith(t.Context(), []string{"unseal", "-dir", state}, in, nil, out) }()
		out.until(t, "Share 1 of 2")
		return hand, out, ended
	}
	one, first, over := unseal()
	two, second, done := unseal()

	// What cannot be written down is not done, and the shares are forgotten.
	full := filepath.Join(state, "decisions-"+time.Now().UTC().Format(time.DateOnly)+".jsonl")
	if err := os.Mkdir(full, 0o700); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(one, "%s\n\n", shares[0])
	first.until(t, "Share 2 of 2")
	fmt.Fprintf(one, "%s\n\n", shares[1])
	first.until(t, ".\nShare 1 of 2") // after why it was not taken
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}

	// At the other terminal it is unsealed; then there is nothing to give at this one.
	fmt.Fprintf(two, "%s\n\n%s\n\n", shares[2], shares[0])
	if err := <-done; err != nil || !strings.Contains(second.String(), "unsealed, root by shares") {
		t.Errorf("%v: %s", err, second.String())
	}
	fmt.Fprintf(one, "%s\n\n", shares[0])
	if err := <-over; err != nil || !strings.Contains(first.String(), "It is unsealed already.") {
		t.Errorf("%v: %s", err, first.String())
	}
}

func TestAKeeperByPassphraseSaysInRedWhatItIs(t *testing.T) {
	dir, anchors := site(t)
	state, file := filepath.Join(dir, "state"), filepath.Join(dir, "passphrase")
	if err := os.WriteFile(file, []byte("five words of a list, at least\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	var out heard
	if err := keepWith(t.Context(), []string{"init", "-dir", state, "-passphrase-file", file}, typing(), nil, &out); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a passphrase others can read: %v", err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keepWith(t.Context(), []string{"init", "-dir", state, "-passphrase-file", file}, typing(), nil, &out); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- keepWith(ctx, []string{
			"run", "-dir", state, "-socket", filepath.Join(dir, "k"), "-users", fmt.Sprint(os.Geteuid()), "-origin", "https://zharia.test", "-anchors", anchors,
			"-dev", "-without-chain", "-passphrase-file", file,
		}, typing(), nil, &out)
	}()
	out.until(t, "ready, unsealed")
	for _, want := range []string{"\x1b[1;31m" + passphraseWarning, "\x1b[1;31mWITHOUT CHAIN"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was not said: %s", want, out.String())
		}
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

func TestAKeeperThatWouldGuardNothingDoesNotStart(t *testing.T) {
	dir, anchors := site(t)
	run := func(more ...string) error {
		args := append([]string{"run", "-dir", filepath.Join(dir, "state"), "-origin", "https://zharia.test", "-anchors", anchors}, more...)
		return keepWith(t.Context(), args, typing(), nil, io.Discard)
	}
	us, k := fmt.Sprint(os.Geteuid()), filepath.Join(dir, "k")
	if err := run("-socket", k, "-users", us); err == nil || errors.Is(err, errMisuse) || !strings.Contains(err.Error(), "a user of its own") {
		t.Errorf("as the user of the portal: %v", err)
	}
	for name, args := range map[string][]string{
		"nobody may ask":                {"-socket", k},
		"no door":                       {"-users", us},
		"two doors":                     {"-socket", k, "-listen", "127.0.0.1:0", "-users", us},
		"without chain, and in earnest": {"-socket", k, "-users", "54321", "-without-chain"},
		"users that are no numbers":     {"-socket", k, "-users", "portal"},
		"no register":                   {"-socket", k, "-users", "54321"},
	} {
		if err := run(args...); !errors.Is(err, errMisuse) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := filepath.Join(dir, "register.pem") // somebody's whole chain, or a key
	if err := os.WriteFile(other, []byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run("-socket", k, "-users", us, "-dev", "-register", other); err == nil || !strings.Contains(err.Error(), "-register") {
		t.Errorf("a register that is none: %v", err)
	}
	for _, args := range [][]string{nil, {"keep"}, {"status"}, {"init", "-dir", dir, "more"}} {
		if err := keepWith(t.Context(), args, typing(), nil, io.Discard); !errors.Is(err, errMisuse) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
