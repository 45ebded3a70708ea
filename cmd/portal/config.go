package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"

	"zharia/portal/egov"
)

// config is every setting, from the environment. A missing secret stops the
// start. README.md has this table; a test compares the two.
type config struct {
	Database string `env:"DATABASE_URL,required,notEmpty" help:"PostgreSQL, as lib/pq takes it: postgres://… or key=value"`
	Origin   string `env:"PORTAL_ORIGIN,required,notEmpty" help:"what people type: https://…, without a slash at the end"`
	Anchors  string `env:"PORTAL_ANCHORS,required,notEmpty" help:"folder of the certificates of the authorities that are trusted, DER or PEM"`
	Pins     string `env:"PORTAL_PINS,required,notEmpty" help:"SHA-256 of each of those certificates, hex, with commas between; others stop the start, and so do test authorities"`
	Lists    string `env:"PORTAL_LISTS,required,notEmpty" help:"folder where revocation lists of the authority are kept over a restart; the portal's own, mode 0700"`
	Addr     string `env:"PORTAL_ADDR" envDefault:"127.0.0.1:8080" help:"where to listen, behind the front that speaks TLS"`
	Agent    string `env:"PORTAL_AGENT" envDefault:"wss://127.0.0.1:13579" help:"where NCALayer listens on people's computers"`

	Keyring

	LogKey    string   `env:"PORTAL_LOG_KEY,required,notEmpty" help:"public key of the auditor, as 'portal auditor' prints it: NAME+12345678+…; people check their receipts with it"`
	Witnesses []string `env:"PORTAL_WITNESSES" help:"folders of checkpoints that others keep, with commas between: a portal whose record contradicts one does not start"`
	Audit     string   `env:"PORTAL_AUDIT" help:"file of the last sound audit, outside the database: each day what is new is audited, each week everything"`

	Scanner string `env:"PORTAL_CLAMD" help:"the ClamAV daemon that looks at what people attach: unix:/run/clamav/clamd.ctl or tcp:host:port; without one nothing is scanned"`

	TipOrigin string     `env:"PORTAL_TIP_ORIGIN" help:"a host of its own for anonymous messages, https://…: no cookie of the portal comes there; without one they stand beside the other pages"`
	EgovBIN   string     `env:"PORTAL_EGOV_BIN,required,notEmpty" help:"BIN of the organisation that eGov Mobile knows this site under, twelve digits"`
	EgovAuth  egov.Auth  `env:"PORTAL_EGOV_AUTH" envDefault:"Token" help:"how a phone shows that it may fetch a document: None, Token or Eds"`
	EgovReply egov.Reply `env:"PORTAL_EGOV_REPLY" envDefault:"json" help:"what answers an accepted signature, as the application expects: json, text or list"`

	Channels
}

func readConfig() (config, error) {
	var c config
	if err := env.Parse(&c); err != nil {
		return c, err
	}
	if !strings.HasPrefix(c.Origin, "https://") || strings.HasSuffix(c.Origin, "/") {
		return c, fmt.Errorf("PORTAL_ORIGIN %q: https://… without a slash at the end is expected", c.Origin)
	}
	if err := c.Keyring.check(); err != nil {
		return c, err
	}
	if err := c.egov().Check(); err != nil {
		return c, fmt.Errorf("PORTAL_EGOV_…: %w", err)
	}
	return c, nil
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
