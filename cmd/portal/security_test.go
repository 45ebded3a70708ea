package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Whoever speaks an old TLS, or one whose talks open to whoever takes the key later, gets
// no connection (ASVS 11.2.3, 11.6.2, 12.1.1, 12.1.2).
func TestTLSIsOfTodayAndKeepsPastTalksClosed(t *testing.T) {
	cert, key := pair(t, t.TempDir(), 1, time.Now().Add(time.Hour))
	shown, err := openCertificate(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	talk := func(client *tls.Config) error {
		a, b := net.Pipe()
		defer a.Close()
		defer b.Close()
		go tls.Server(b, shown.config()).HandshakeContext(t.Context())
		client.InsecureSkipVerify = true // the certificate is of this test
		return tls.Client(a, client).HandshakeContext(t.Context())
	}
	for what, client := range map[string]*tls.Config{
		"TLS 1.1":                 {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"no forward secrecy":      {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}},
		"blocks in CBC with SHA1": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
	} {
		if err := talk(client); err == nil {
			t.Errorf("%s is spoken", what)
		}
	}
	for what, client := range map[string]*tls.Config{
		"TLS 1.3": {MinVersion: tls.VersionTLS13},
		"TLS 1.2": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}},
	} {
		if err := talk(client); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, id := range shown.config().CipherSuites {
		for _, weak := range tls.InsecureCipherSuites() {
			if weak.ID == id {
				t.Errorf("%s is offered", weak.Name)
			}
		}
	}
}

// The log is written where the system keeps it, kept as long as SECURITY.md says, and sent
// to another machine as it is written (ASVS 16.2.3, 16.4.3).
func TestTheLogIsSentToAnotherMachineAsItIsWritten(t *testing.T) {
	read := func(path string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("deploy", path))
		if err != nil {
			t.Fatal(err)
		}
		return "\n" + string(text)
	}
	for file, lines := range map[string][]string{
		"systemd/journal-upload.conf": {`\[Upload\]`, `URL=https://\S+`, `ServerKeyFile=/\S+`, `ServerCertificateFile=/\S+`, `TrustedCertificateFile=/\S+`},
		"systemd/journald.conf":       {`\[Journal\]`, `Storage=persistent`, `Seal=yes`, `MaxRetentionSec=90day`},
	} {
		text := read(file)
		for _, line := range lines {
			if !regexp.MustCompile(`\n` + line + `\n`).MatchString(text) {
				t.Errorf("%s lacks %s", file, line)
			}
		}
	}
	units, err := filepath.Glob("deploy/systemd/*.service")
	if err != nil || len(units) < 5 {
		t.Fatalf("%v %v", units, err)
	}
	for _, unit := range units {
		if text := read(strings.TrimPrefix(unit, "deploy/")); regexp.MustCompile(`\n(StandardOutput|StandardError|LogNamespace)=`).MatchString(text) {
			t.Errorf("%s sends its log elsewhere", unit)
		}
	}
	if text := read("compose.yaml"); strings.Count(text, "logging: {driver: journald}") != 1 || !strings.Contains(text, "x-closed: &closed") {
		t.Error("containers do not write to the journal")
	}
	// The program itself writes to the one place it is given.
	var log bytes.Buffer
	logTo(&log, "serve").Info("a line")
	if !strings.HasPrefix(log.String(), `{"time":"`) || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("the log is %q", log.String())
	}
}

// Whatever stands in a file of settings, it is read or refused with the number of its line,
// and what it says is not quoted: it may be a password.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{"PORTAL_ORIGIN=https://x.example\n", "# a word\n\nPORTAL_ADDR = 1\n", "PORTAL_ADDR=1\nPORTAL_ADDR=2\n", "=\n", "PORTAL_NOTHING=hunter2\n", "DATABASE_URL=\"a\nb\"\n", "\x00\xff=\n", strings.Repeat("a", 300)} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(dir, fmt.Sprint("settings-", os.Getpid()))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := readSettings(file)
		for name := range read {
			if err == nil && !strings.Contains(text, name) {
				t.Errorf("%q: nobody wrote %q", text, name)
			}
		}
		for line := range strings.SplitSeq(text, "\n") {
			if _, value, is := strings.Cut(line, "="); err != nil && is && len(value) > 12 && strings.Contains(err.Error(), value) {
				t.Errorf("the error quotes what was written: %v", err)
			}
		}
	})
}
