package main

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"

	"zharia/portal"
	"zharia/portal/attachment"
	"zharia/portal/audit"
	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/egov"
)

// config is every setting, from the environment. A missing secret stops the
// start. README.md has this table; a test compares the two.
type config struct {
	Database string `env:"DATABASE_URL,required,notEmpty" help:"PostgreSQL, as lib/pq takes it: postgres://… or key=value; or DATABASE_URL_FILE, a file with it, mode 0600"`
	Origin   string `env:"PORTAL_ORIGIN,required,notEmpty" help:"what people type: https://…, without a slash at the end"`
	Anchors  string `env:"PORTAL_ANCHORS,required,notEmpty" help:"folder of the certificates of the authorities that are trusted, DER or PEM"`
	Pins     string `env:"PORTAL_PINS,required,notEmpty" help:"SHA-256 of each of those certificates, hex, with commas between; others stop the start, and so do test authorities"`
	Lists    string `env:"PORTAL_LISTS,required,notEmpty" help:"folder where revocation lists of the authority are kept over a restart; the portal's own, mode 0700"`
	Addr     string `env:"PORTAL_ADDR" envDefault:"127.0.0.1:8080" help:"where to listen; a socket that systemd hands over counts instead"`
	Agent    string `env:"PORTAL_AGENT" envDefault:"wss://127.0.0.1:13579" help:"where NCALayer listens on people's computers"`

	Front

	Keyring

	Exchange

	LogKey    string   `env:"PORTAL_LOG_KEY,required,notEmpty" help:"public key of the auditor, as 'portal auditor' prints it: NAME+12345678+…; people check their receipts with it"`
	Witnesses []string `env:"PORTAL_WITNESSES" help:"folders of checkpoints that others keep, with commas between: a portal whose record contradicts one does not start"`
	Register  string   `env:"PORTAL_REGISTER" help:"file of the certificate of the register of investigations, the one that the keeper was told with -register: its messages are taken at /api/v1; none: nobody's are"`
	Audit     string   `env:"PORTAL_AUDIT" help:"file of the last sound audit, outside the database: each day what is new is audited, each week everything"`
	Unsafe    string   `env:"PORTAL_UNSAFE" help:"'development' serves over a PostgreSQL or a clock with which a filing could be lost; each page of an official says so"`

	Scanner string `env:"PORTAL_CLAMD" help:"the ClamAV daemon that looks at what people attach: unix:/run/clamav/clamd.ctl or tcp:127.0.0.1:3310, on this machine, for it gets files in clear, with StreamMaxLength, MaxFileSize and MaxScanSize of 100M or more in clamd.conf (Debian's has 25M: what is longer stays unopened); without one nothing is scanned"`

	Store

	TipOrigin string     `env:"PORTAL_TIP_ORIGIN" help:"a host of its own for anonymous messages, https://…: no cookie of the portal comes there; without one they stand beside the other pages"`
	EgovBIN   string     `env:"PORTAL_EGOV_BIN,required,notEmpty" help:"BIN of the organisation that eGov Mobile knows this site under, twelve digits"`
	EgovAuth  egov.Auth  `env:"PORTAL_EGOV_AUTH" envDefault:"Token" help:"how a phone shows that it may fetch a document: None, Token or Eds"`
	EgovReply egov.Reply `env:"PORTAL_EGOV_REPLY" envDefault:"json" help:"what answers an accepted signature, as the application expects: json, text or list"`

	Channels
}

// readConfig reads the settings. All that is wrong with them is said at once: whoever
// installs the portal corrects it once and not line by line.
func readConfig() (config, error) {
	var c config
	wrong := []error{unpacked(env.Parse(&c))}
	if c.Origin != "" && (!strings.HasPrefix(c.Origin, "https://") || strings.HasSuffix(c.Origin, "/")) {
		wrong = append(wrong, fmt.Errorf("PORTAL_ORIGIN %q: https://… without a slash at the end is expected", c.Origin))
	}
	if c.Pins != "" {
		if _, err := eds.ParsePins(c.Pins); err != nil {
			wrong = append(wrong, fmt.Errorf("PORTAL_PINS: %w", err))
		}
	}
	if c.LogKey != "" {
		if _, err := audit.ParseKey(c.LogKey); err != nil {
			wrong = append(wrong, fmt.Errorf("PORTAL_LOG_KEY: %w", err))
		}
	}
	if c.Database != "" {
		if err := database.Private(c.Database); err != nil {
			wrong = append(wrong, fmt.Errorf("DATABASE_URL: %w", err))
		}
	}
	for _, dir := range c.Witnesses {
		if !filepath.IsAbs(dir) {
			wrong = append(wrong, fmt.Errorf("PORTAL_WITNESSES: %q is no full path of a folder", dir))
		}
	}
	if _, err := attachment.ParseScanner(c.Scanner); err != nil {
		wrong = append(wrong, fmt.Errorf("PORTAL_CLAMD: %w", err))
	}
	if c.Unsafe != "" && c.Unsafe != development {
		wrong = append(wrong, fmt.Errorf("PORTAL_UNSAFE %q: only %q is known", c.Unsafe, development))
	}
	wrong = append(wrong, c.Front.check(), c.Keyring.check(), c.Exchange.check(), c.Store.check())
	if err := c.egov().Check(); err != nil && c.EgovBIN != "" {
		wrong = append(wrong, fmt.Errorf("PORTAL_EGOV_…: %w", err))
	}
	return c, errors.Join(wrong...)
}

// unpacked is the list of the library, one error a line.
func unpacked(err error) error {
	var all env.AggregateError
	if errors.As(err, &all) {
		return errors.Join(all.Errors...)
	}
	return err
}

// Front is how the portal is reached.
type Front struct {
	TLSCert string   `env:"PORTAL_TLS_CERT" help:"PEM of the certificate of PORTAL_ORIGIN with its chain: then the portal speaks TLS itself; it is read anew when it changes, and on SIGHUP"`
	TLSKey  string   `env:"PORTAL_TLS_KEY" help:"PEM of its key, mode 0600, or 0640 for the group of the portal"`
	Plain   string   `env:"PORTAL_PLAIN_ADDR" help:"beside TLS of its own: an address, say :80, that sends people on to PORTAL_ORIGIN and takes nothing"`
	Proxies []string `env:"PORTAL_PROXIES" help:"networks of the fronts whose X-Forwarded-For is believed, 10.1.0.0/24, with commas between, or 'none'; none set: this machine, or nobody where the portal speaks TLS itself"`
	Ops     string   `env:"PORTAL_OPS_ADDR" envDefault:"127.0.0.1:8081" help:"where those who look after the machine ask /healthz, /readyz, /metrics, and on this machine /debug/pprof/; 'none': nowhere"`
	Log     string   `env:"PORTAL_LOG" help:"json or text; none: JSON for serve, auditor and keeper"`
	File    string   `env:"PORTAL_SETTINGS" help:"a file of all these, NAME=value, one a line; what stands in the environment counts more"`
}

// none is the word for an address or a list that is not to be.
const none = "none"

// onThisMachine are the fronts that are believed when nothing is said.
var onThisMachine = []string{"127.0.0.0/8", "::1/128"}

func (f Front) check() error {
	var wrong []error
	say := func(text string, args ...any) { wrong = append(wrong, fmt.Errorf(text, args...)) }
	if (f.TLSCert == "") != (f.TLSKey == "") {
		say("PORTAL_TLS_CERT and PORTAL_TLS_KEY belong together")
	}
	if f.TLSCert != "" && f.TLSKey != "" {
		if _, err := openCertificate(f.TLSCert, f.TLSKey); err != nil {
			wrong = append(wrong, err)
		}
	}
	if f.Plain != "" && f.TLSCert == "" {
		say("PORTAL_PLAIN_ADDR is for a portal that speaks TLS itself: PORTAL_TLS_CERT is not set")
	}
	if _, err := f.proxies(); err != nil {
		say("PORTAL_PROXIES: %w", err)
	}
	if f.Log != "" && f.Log != "json" && f.Log != "text" {
		say("PORTAL_LOG %q: json or text", f.Log)
	}
	return errors.Join(wrong...)
}

// proxies are the networks whose word is taken for who asks.
func (f Front) proxies() ([]netip.Prefix, error) {
	switch {
	case len(f.Proxies) > 0:
		return portal.Proxies(f.Proxies)
	case f.TLSCert != "":
		return portal.Proxies([]string{none})
	}
	return portal.Proxies(onThisMachine)
}

// egov is how phones are spoken to.
func (c config) egov() egov.Settings {
	return egov.Settings{BIN: c.EgovBIN, Auth: c.EgovAuth, Reply: c.EgovReply}
}

// settings prints the table of settings as README.md has it.
func settings() string {
	var out strings.Builder
	out.WriteString("| setting | default | what it is for |\n|---|---|---|\n")
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config]()) {
		tag := field.Tag
		if field.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(tag.Get("env"), ",")
		value := tag.Get("envDefault")
		switch {
		case value != "":
			value = "`" + value + "`"
		case strings.Contains(options, "required"):
			value = "none: must be set"
		default:
			value = "none"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", name, value, tag.Get("help"))
	}
	return out.String()
}
