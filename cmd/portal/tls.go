package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// certificate is the one that the portal shows to browsers. It is read again when one of
// its files changes, and on SIGHUP; one that cannot be used leaves the one before in place.
type certificate struct {
	cert, key string

	held  atomic.Pointer[tls.Certificate]
	stamp string // of the files as they were read
}

// certificateEvery is how often the files are looked at.
const certificateEvery = 10 * time.Second

// openCertificate reads a certificate and its key, PEM, whose file nobody else may read.
func openCertificate(cert, key string) (*certificate, error) {
	c := &certificate{cert: cert, key: key}
	return c, c.read()
}

func (c *certificate) read() error {
	stamp, err := c.stamped()
	if err != nil {
		return fmt.Errorf("PORTAL_TLS_CERT, PORTAL_TLS_KEY: %w", err)
	}
	info, err := os.Stat(c.key)
	if err == nil && info.Mode().Perm()&0o027 != 0 {
		err = fmt.Errorf("%s: others can read it: chmod 600 it", c.key)
	}
	if err != nil {
		return fmt.Errorf("PORTAL_TLS_KEY: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("PORTAL_TLS_CERT, PORTAL_TLS_KEY: %w", err)
	}
	if now := time.Now(); now.After(pair.Leaf.NotAfter) || now.Before(pair.Leaf.NotBefore) {
		return fmt.Errorf("PORTAL_TLS_CERT: it is good from %s to %s", pair.Leaf.NotBefore.Format(time.DateTime), pair.Leaf.NotAfter.Format(time.DateTime))
	}
	c.held.Store(&pair)
	c.stamp = stamp
	return nil
}

// stamped tells one state of the files from another.
func (c *certificate) stamped() (string, error) {
	cert, err := os.Stat(c.cert)
	key, other := os.Stat(c.key)
	if err := errors.Join(err, other); err != nil {
		return "", err
	}
	return fmt.Sprint(cert.ModTime().UnixNano(), cert.Size(), key.ModTime().UnixNano(), key.Size()), nil
}

// watch reads the certificate again, until ctx ends.
func (c *certificate) watch(ctx context.Context) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		told := false
		select {
		case <-ctx.Done():
			return
		case <-hup:
			told = true
		case <-time.After(certificateEvery):
		}
		if stamp, err := c.stamped(); !told && (err == nil && stamp == c.stamp) {
			continue
		}
		if err := c.read(); err != nil {
			slog.ErrorContext(ctx, "the certificate for TLS cannot be read, the one before is shown", "error", err, "until", c.expires())
			continue
		}
		slog.InfoContext(ctx, "a certificate for TLS was read", "until", c.expires())
	}
}

func (c *certificate) expires() time.Time { return c.held.Load().Leaf.NotAfter }

// config is TLS 1.3, and 1.2 with suites that keep past talks closed to whoever takes the
// key later.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.held.Load(), nil },
	}
}
