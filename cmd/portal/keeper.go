package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/keeper"
	"zharia/portal/leave"
	"zharia/portal/share"
)

const keeperUsage = `usage: portal keeper VERB -dir DIR [FLAGS]

  init       make a root and print the shares of its custodians, once
  run        keep: opens texts for those who show their right; starts sealed
  unseal     give shares, one custodian after the other
  status     how it is
  seal       forget the root, now
  rotate     begin a new epoch: new texts are sealed to a new key, and 'portal reseal' brings
             the old ones over; with -forget destroy the keys of the epochs before
  reshare    make new shares; the old ones are worth nothing afterwards
  copy       copy the folder beside a keeper at work: copy -dir DIR NEW
  open-case  three custodians open one case for one official for a day
`

// keep is the keeper of the keys: the other process, and the ceremonies around it.
func keep(ctx context.Context, args []string, out io.Writer) error {
	return keepWith(ctx, args, os.Stdin, os.Stdin, out)
}

// keepWith is keep with whoever types; terminal is nil where nobody does.
func keepWith(ctx context.Context, args []string, in io.Reader, terminal *os.File, out io.Writer) error {
	verbs := map[string]func(context.Context, *ceremony, []string) error{
		"init": keeperInit, "run": keeperRun, "unseal": keeperUnseal, "status": keeperStatus, "seal": keeperSeal,
		"rotate": keeperRotate, "reshare": keeperReshare, "copy": keeperCopy, "open-case": keeperOpenCase,
	}
	if len(args) == 0 || verbs[args[0]] == nil {
		fmt.Fprint(os.Stderr, keeperUsage)
		return errMisuse
	}
	c := &ceremony{in: bufio.NewReader(in), terminal: terminal, out: out, flags: flag.NewFlagSet("keeper "+args[0], flag.ContinueOnError)}
	c.flags.StringVar(&c.dir, "dir", "", "the state folder of the keeper; its own, mode 0700")
	c.flags.StringVar(&c.socket, "operators", "", "the socket of those who run the keeper (default: operators.sock in the state folder)")
	return verbs[args[0]](ctx, c, args[1:])
}

// ceremony is a talk with those who sit at the terminal.
type ceremony struct {
	in          *bufio.Reader
	terminal    *os.File // whose echo is turned off, if it is one
	out         io.Writer
	flags       *flag.FlagSet
	dir, socket string
}

// parse reads the flags.
func (c *ceremony) parse(args []string) error {
	switch {
	case c.flags.Parse(args) != nil:
		return errMisuse
	case c.flags.NArg() > 0:
		return misused(c.flags.Name() + " takes flags only, not " + c.flags.Arg(0))
	case c.dir == "":
		return misused("-dir is the state folder of the keeper")
	}
	if c.socket == "" {
		c.socket = filepath.Join(c.dir, "operators.sock")
	}
	return nil
}

func (c *ceremony) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// red is for what must not be overlooked.
func (c *ceremony) red(format string, args ...any) {
	fmt.Fprintf(c.out, "\x1b[1;31m"+format+"\x1b[0m\n", args...)
}

// secret reads one line that does not show while it is typed.
func (c *ceremony) secret(prompt string) ([]byte, error) {
	fmt.Fprint(c.out, prompt+" ")
	defer fmt.Fprintln(c.out)
	defer silence(c.terminal)()
	line, err := c.in.ReadBytes('\n')
	if err != nil && len(line) == 0 {
		return nil, fmt.Errorf("nothing was typed: %w", err)
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// share asks for one share until it is typed right: its words in one line or several,
// ended by an empty line. A locked one asks for its passphrase.
func (c *ceremony) share(prompt string) (share.Share, error) {
	for {
		text, err := c.paragraph(prompt + " (its words, then an empty line; they do not show)")
		if err != nil {
			return share.Share{}, err
		}
		one, err := share.Parse(text)
		if err == nil && one.Locked() {
			var passphrase []byte
			if passphrase, err = c.secret(fmt.Sprintf("Passphrase of share %d:", one.Index)); err != nil {
				return share.Share{}, err
			}
			one, err = one.Unlock(passphrase)
			clear(passphrase)
		}
		if err == nil {
			return one, nil
		}
		c.say("Not taken: %v.", err)
	}
}

// paragraph reads up to an empty line.
func (c *ceremony) paragraph(prompt string) (string, error) {
	c.say("%s:", prompt)
	defer silence(c.terminal)()
	var text strings.Builder
	for text.Len() < share.MaxText {
		line, err := c.in.ReadString('\n')
		empty := strings.TrimSpace(line) == ""
		switch {
		case empty && text.Len() == 0 && err != nil:
			return "", fmt.Errorf("nothing was typed: %w", err)
		case empty && text.Len() == 0:
			continue
		}
		text.WriteString(line)
		if empty || err != nil {
			break
		}
	}
	return text.String(), nil
}

// shares asks for as many as the keeper needs.
func (c *ceremony) shares(need int) ([]share.Share, error) {
	var given []share.Share
	for len(given) < need {
		one, err := c.share(fmt.Sprintf("Share %d of %d", len(given)+1, need))
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(given, func(other share.Share) bool { return other.Index == one.Index }) {
			c.say("Not taken: %v was given already.", one)
			continue
		}
		given = append(given, one)
	}
	return given, nil
}

// proof asks for whatever unseals this keeper.
func (c *ceremony) proof(s keeper.Status) (keeper.Proof, error) {
	if s.Need == 0 {
		text, err := c.secret(secretOf(s))
		return keeper.Proof{Passphrase: text}, err
	}
	given, err := c.shares(s.Need)
	return keeper.Proof{Shares: given}, err
}

// secretOf is what a keeper without shares asks for.
func secretOf(s keeper.Status) string {
	switch s.Source {
	case (keeper.HSM{}).Name():
		return askPIN
	case (keeper.Transit{}).Name():
		return "Token of the transit engine:"
	}
	return "Passphrase of the keeper:"
}

const askPIN = "PIN of the token:"

// print shows shares once. What stands on the screen is in no file.
func (c *ceremony) print(shares []share.Share, lock bool) error {
	c.say("")
	c.say("%d shares, any %d open. Each is for one custodian of another body, on paper, in a sealed", len(shares), shares[0].Threshold)
	c.say("envelope. They are shown now and never again; clear the screen afterwards.")
	for _, one := range shares {
		if lock {
			passphrase, err := c.twice(fmt.Sprintf("A passphrase for share %d:", one.Index))
			if err != nil {
				return err
			}
			if one, err = one.Lock(passphrase); err != nil {
				return err
			}
			clear(passphrase)
		}
		c.say("")
		c.say("  Zharia keeper, share %d of %d, set %s", one.Index, len(shares), one.Set)
		for words := range slices.Chunk(strings.Fields(one.Text()), 6) {
			c.say("    %s", strings.Join(words, " "))
		}
	}
	c.say("")
	return nil
}

// minLock is the least length of a share's passphrase: whoever guesses has the paper
// too.
const minLock = 10

func (c *ceremony) twice(prompt string) ([]byte, error) {
	for {
		first, err := c.secret(prompt)
		if err != nil {
			return nil, err
		}
		again, err := c.secret("Once more:")
		switch {
		case err != nil:
			return nil, err
		case !bytes.Equal(first, again):
			c.say("The two differ.")
		case len(first) < minLock:
			c.say("It has at least %d characters.", minLock)
		default:
			return first, nil
		}
	}
}

// typedBack asks for one of the shares as it was written down.
func (c *ceremony) typedBack(made []share.Share) error {
	for {
		one, err := c.share("Type one of them back from its paper")
		if err != nil {
			return err
		}
		if slices.ContainsFunc(made, one.Same) {
			c.say("Right: share %d.", one.Index)
			return nil
		}
		c.say("Not taken: it is not one of these.")
	}
}

// sourceFlags say where the root comes from, if not from shares.
type sourceFlags struct {
	kind, passphrase, address, key, pin string
	hsm                                 keeper.HSM
}

func (c *ceremony) sourceFlags() *sourceFlags {
	var f sourceFlags
	c.flags.StringVar(&f.passphrase, "passphrase-file", "", "instead of shares: a file with one passphrase, mode 0600; for development and small sites")
	c.flags.StringVar(&f.address, "transit", "", "instead of shares: address of OpenBao or Vault whose transit engine seals the root; its token stands in VAULT_TOKEN")
	c.flags.StringVar(&f.key, "transit-key", "zharia-keeper", "name of the key in that engine")
	c.flags.StringVar(&f.kind, "source", "", "instead of shares: pkcs11, a hardware module whose key seals the root")
	c.flags.StringVar(&f.hsm.Module, "pkcs11-module", "", "full path of the library that the maker of the module gives")
	c.flags.StringVar(&f.hsm.Token, "pkcs11-token", "", "label of the token in it")
	c.flags.StringVar(&f.hsm.Key, "pkcs11-key", "zharia-keeper", "label of the key in the token; init makes it if there is none")
	c.flags.StringVar(&f.pin, "pin-file", "", "file with the PIN of the token's user, mode 0600; without it init and unseal ask for it")
	return &f
}

// source is nil for shares. One by a hardware module has no PIN yet if it is in no file.
func (f *sourceFlags) source() (keeper.Source, error) {
	ways := 0
	for _, told := range []bool{f.passphrase != "", f.address != "", f.kind != ""} {
		if told {
			ways++
		}
	}
	switch {
	case f.kind != "" && f.kind != f.hsm.Name():
		return nil, misused("-source is " + f.hsm.Name() + " or nothing")
	case ways > 1:
		return nil, misused("-passphrase-file, -transit and -source are different ways: one of them")
	case f.kind == "" && (f.hsm.Module != "" || f.hsm.Token != "" || f.pin != ""):
		return nil, misused("-pkcs11-… and -pin-file go with -source " + f.hsm.Name())
	case f.kind != "":
		if err := f.hsm.Check(); err != nil {
			return nil, err
		}
		if f.pin == "" {
			return f.hsm, nil
		}
		h := f.hsm
		var err error
		h.PIN, err = secretFile(f.pin)
		return h, err
	case f.address != "":
		token := os.Getenv("VAULT_TOKEN")
		if token == "" {
			return nil, misused("VAULT_TOKEN is not set")
		}
		return keeper.Transit{Address: f.address, Token: token, Key: f.key}, nil
	case f.passphrase == "":
		return nil, nil
	}
	text, err := secretFile(f.passphrase)
	return keeper.Passphrase{Text: text}, err
}

// secretFile reads one line that nobody else can.
func secretFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	others := fs.FileMode(0o077)
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" && filepath.Dir(path) == filepath.Clean(dir) {
		others = 0o037 // systemd 254 lets our user in by an ACL, which shows as a group that reads; the group is root
	}
	if info.Mode().Perm()&others != 0 || !info.Mode().IsRegular() || info.Size() > 4<<10 {
		return nil, fmt.Errorf("%s: others can read it, or it is no secret of one line: chmod 600 it", path)
	}
	text, err := os.ReadFile(path)
	return bytes.TrimRight(text, "\r\n"), err
}

const passphraseWarning = "ONE PASSPHRASE OPENS EVERYTHING: this is for development and small sites. For shares: portal keeper reshare"

func keeperInit(ctx context.Context, c *ceremony, args []string) error {
	threshold := c.flags.Int("threshold", 3, "how many custodians open")
	count := c.flags.Int("shares", 5, "how many custodians there are")
	lock := c.flags.Bool("lock", false, "ask for a passphrase for each share, so that the paper alone is nothing")
	unchecked := c.flags.Bool("unchecked", false, "do not ask to type a share back: for scripts")
	from := c.sourceFlags()
	if err := c.parse(args); err != nil {
		return err
	}
	source, err := from.source()
	if err != nil {
		return err
	}
	made := &keeper.Shares{Threshold: *threshold, Count: *count}
	hsm, byHSM := source.(keeper.HSM)
	switch {
	case source == nil:
		source = made
	case byHSM && hsm.PIN == nil:
		if hsm.PIN, err = c.secret(askPIN); err != nil {
			return err
		}
		source = hsm
	}
	err = keeper.Init(ctx, c.dir, source, now())
	if errors.Is(err, keeper.ErrExists) {
		return fmt.Errorf("%w: where its shares were never written down, and no database is sealed to it, take the folder away and begin anew", err)
	}
	if err != nil {
		return err
	}
	if source.Name() == made.Name() {
		if err := c.print(made.Made, *lock); err != nil {
			return err
		}
		if !*unchecked {
			if err := c.typedBack(made.Made); err != nil {
				return err
			}
		}
	}
	if byHSM {
		c.say("A keeper is in %s. Back up this folder, and the token by the means of its maker, now:", c.dir)
		c.say("with both and the PIN everything opens, and when either is lost nothing ever does.")
		return nil
	}
	c.say("A keeper is in %s. Back up this folder: with it and the shares everything opens,", c.dir)
	c.say("with either alone nothing does, and without it the shares are nothing.")
	if source.Name() == (keeper.Passphrase{}).Name() {
		c.red(passphraseWarning)
	}
	return nil
}

// runFlags are the settings of a keeper at work.
type runFlags struct {
	socket, users, origin, trust, pins, lists    string
	register                                     string
	listen, certificate, key, authority, portals string
	withoutChain, dev                            bool
	from                                         *sourceFlags
}

func keeperRun(ctx context.Context, c *ceremony, args []string) (err error) {
	f := runFlags{from: c.sourceFlags()}
	c.flags.StringVar(&f.socket, "socket", "", "unix socket where the portal asks; its folder must be open to the portal's user")
	c.flags.StringVar(&f.users, "users", "", "numbers of the users who may ask there, with commas between")
	c.flags.StringVar(&f.listen, "listen", "", "instead of the socket: host:port, where both sides show certificates")
	c.flags.StringVar(&f.certificate, "certificate", "", "PEM of our certificate, with -listen")
	c.flags.StringVar(&f.key, "key", "", "PEM of its key")
	c.flags.StringVar(&f.authority, "authority", "", "PEM of the authority of the portals' certificates")
	c.flags.StringVar(&f.portals, "portals", "", "SHA-256 of the portals' certificates, hex, with commas between")
	c.flags.StringVar(&f.origin, "origin", os.Getenv("PORTAL_ORIGIN"), "of the portal: https://… (default: PORTAL_ORIGIN)")
	c.flags.StringVar(&f.trust, "anchors", os.Getenv("PORTAL_ANCHORS"), "folder of the trusted authorities, the keeper's own copy (default: PORTAL_ANCHORS)")
	c.flags.StringVar(&f.pins, "pins", os.Getenv("PORTAL_PINS"), "SHA-256 of each of those certificates (default: PORTAL_PINS)")
	c.flags.StringVar(&f.lists, "lists", "", "folder where the keeper keeps revocation lists (default: lists in the state folder)")
	c.flags.StringVar(&f.register, "register", "", "certificate of the register of investigations, DER or PEM: every right begins with what it has signed")
	c.flags.BoolVar(&f.withoutChain, "without-chain", false, "open every case for whoever signed in: development only")
	c.flags.BoolVar(&f.dev, "dev", false, "development: may run as the portal's user, believes the authorities without asking them")
	if err := c.parse(args); err != nil {
		return err
	}
	if f.lists == "" {
		f.lists = filepath.Join(c.dir, "lists")
	}
	users, err := f.check()
	if err != nil {
		return err
	}
	for _, warning := range keeper.Harden() {
		c.red("NOT CLOSED: %s", warning)
	}
	verifier, err := f.verifier(ctx)
	if err != nil {
		return err
	}
	rights, err := f.rights(verifier)
	if err != nil {
		return err
	}
	source, err := f.from.source()
	if err != nil {
		return err
	}
	k, err := keeper.Open(keeper.Config{Dir: c.dir, Origin: f.origin, Verifier: verifier, Rights: rights, WithoutChain: f.withoutChain,
		HSM: f.from.hsm, Transit: keeper.Transit{Address: f.from.address, Key: f.from.key}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	doors, err := f.doors(c.socket, users)
	if err != nil {
		return err
	}
	if f.withoutChain {
		c.red("WITHOUT CHAIN: every case opens for whoever signed in. This is for development only.")
	} else if rights == nil {
		c.red("No papers are judged: no text of a case opens.")
	}
	if k.Status().Source == (keeper.Passphrase{}).Name() {
		c.red(passphraseWarning)
	}
	switch hsm, byHSM := source.(keeper.HSM); {
	case byHSM && hsm.PIN != nil:
		// A module that is away comes back, and somebody may type the PIN: the keeper waits.
		// It does not try again by itself, for a wrong PIN tried often locks the token.
		if no := k.Unseal(ctx, hsm); no != nil {
			c.red("NOT UNSEALED: %v", no)
		}
		clear(hsm.PIN)
	case !byHSM && source != nil:
		err = k.Unseal(ctx, source)
	}
	if err != nil {
		for _, door := range doors {
			door.Listener.Close()
		}
		return err
	}
	c.say("ready, %s", sealedWord(k.Status().Sealed))
	return k.Serve(ctx, doors...)
}

func sealedWord(sealed bool) string {
	if sealed {
		return "sealed: portal keeper unseal"
	}
	return "unsealed"
}

// check reads who may ask. A keeper that runs as the portal's user guards nothing: who
// has the portal could read its memory.
func (f runFlags) check() ([]uint32, error) {
	var users []uint32
	for _, word := range strings.FieldsFunc(f.users, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			return nil, misused("-users are numbers: id -u portal")
		}
		users = append(users, uint32(n))
	}
	switch {
	case (f.socket == "") == (f.listen == ""):
		return nil, misused("-socket or -listen: one of them")
	case f.socket != "" && len(users) == 0:
		return nil, misused("-users are those who may ask at the socket: id -u portal")
	case f.origin == "" || f.trust == "":
		return nil, misused("-origin and -anchors are not both set")
	case f.withoutChain && !f.dev:
		return nil, misused("-without-chain is for development: with -dev only")
	case !f.dev && slices.Contains(users, uint32(os.Geteuid())):
		return nil, errors.New("the keeper runs as the user of the portal, who could then read its memory: give it a user of its own")
	case f.register == "" && !f.dev:
		return nil, misused("-register is the certificate of the register of investigations")
	}
	return users, nil
}

// verifier trusts what the keeper was given, and asks the authority itself.
func (f runFlags) verifier(ctx context.Context) (*eds.Verifier, error) {
	if !f.dev {
		verifier, authority, err := nationalVerifier(config{Anchors: f.trust, Pins: f.pins, Lists: f.lists})
		if err == nil {
			go refresh(ctx, authority)
		}
		return verifier, err
	}
	verifier, err := eds.NewVerifier()
	if err != nil {
		return nil, err
	}
	refused, err := trust(f.trust, verifier.AddAuthority)
	return verifier, errors.Join(err, refused)
}

// rights is how papers are judged; nil without the certificate with which they begin.
func (f runFlags) rights(verifier *eds.Verifier) (func() keeper.Rights, error) {
	if f.register == "" {
		return nil, nil
	}
	certificate, err := os.ReadFile(f.register)
	if err != nil {
		return nil, fmt.Errorf("-register: %w", err)
	}
	if err := eds.MachineCertificate(certificate); err != nil { // else every paper of the register would be refused, one by one
		return nil, fmt.Errorf("-register: %s is no certificate of a machine: %w", f.register, err)
	}
	return leave.New(verifier, certificate), nil
}

// doors takes the sockets. Who may come is asked of the system, not of the mode of the
// file, which is open to the group.
func (f runFlags) doors(operators string, users []uint32) (doors []keeper.Door, err error) {
	defer func() {
		if err != nil {
			for _, door := range doors {
				door.Listener.Close()
			}
		}
	}()
	l, err := listenUnix(operators, 0o600)
	if err != nil {
		return doors, err
	}
	doors = append(doors, keeper.Door{Listener: l, Operator: true, Users: []uint32{0, uint32(os.Geteuid())}})
	if f.socket != "" {
		if l, err = listenUnix(f.socket, 0o666); err != nil {
			return doors, err
		}
		return append(doors, keeper.Door{Listener: l, Users: users}), nil
	}
	with, err := f.mutual()
	if err != nil {
		return doors, err
	}
	if l, err = tls.Listen("tcp", f.listen, with); err != nil {
		return doors, err
	}
	return append(doors, keeper.Door{Listener: l}), nil
}

// listenUnix takes a socket; one that a keeper left behind when it died goes.
func listenUnix(path string, mode fs.FileMode) (net.Listener, error) {
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return nil, fmt.Errorf("somebody answers at %s already", path)
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, mode)
}

func (f runFlags) mutual() (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(f.authority)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: no certificate in PEM", f.authority)
	}
	pins, err := eds.ParsePins(f.portals)
	if err != nil {
		return nil, fmt.Errorf("-portals: %w", err)
	}
	var portals [][sha256.Size]byte
	for pin := range pins {
		portals = append(portals, pin)
	}
	return keeper.Mutual(own, pool, portals...), nil
}

// operate asks a keeper that runs.
func (c *ceremony) operate(ctx context.Context, args []string, do func(o *keeper.Operator, s keeper.Status) error) error {
	if err := c.parse(args); err != nil {
		return err
	}
	o, err := keeper.Operate(c.socket)
	if err != nil {
		return err
	}
	defer o.Close()
	s, err := o.Status(ctx)
	if err != nil {
		return fmt.Errorf("no keeper runs at %s: %w", c.socket, err)
	}
	return do(o, s)
}

func (c *ceremony) tell(s keeper.Status) {
	c.say("%s, root by %s, epoch %d", map[bool]string{true: "sealed", false: "unsealed"}[s.Sealed], s.Source, s.Epoch)
	if s.Epoch > 0 {
		c.say("epoch %d began %s; %s", s.Epoch, s.Began.Format(toTheMinute), oldKeys(s))
	}
	if s.Sealed && s.Need > 0 {
		c.say("%d of %d shares given", s.Have, s.Need)
	}
	c.say("withdrawn  %d entries, newest %s", s.Withdrawn.Entries, s.Withdrawn.Newest)
	c.say("openings   %d entries, newest %s", s.Openings.Entries, s.Openings.Newest)
	if s.Disk.All > 0 {
		c.say("disk       %d MB free of %d", s.Disk.Free>>20, s.Disk.All>>20)
	}
	if s.Disk.Scarce() {
		c.red("THE DISK IS ALMOST FULL: when it is, no text opens.")
	}
	for name, e := range map[string]keeper.Extent{"withdrawn": s.Withdrawn, "openings": s.Openings} {
		if e.Scarce() {
			c.red("THE MEMORY %q IS ALMOST FULL, %d MB of %d: when it is, no new case opens. A later release has more room.", name, e.Bytes>>20, e.Most>>20)
		}
	}
	if s.Ahead > 0 {
		c.red("THIS FOLDER IS FROM BEFORE EPOCH %d, in which texts were sealed. They open. Call `portal keeper rotate` until that is the present epoch.", s.Ahead)
	}
	if s.Unsettled {
		c.red("%s", unsettled)
	}
	if s.WithoutChain {
		c.red("WITHOUT CHAIN: every case opens for whoever signed in.")
	}
}

const toTheMinute = "2006-01-02 15:04 MST"

// oldKeys says what is known of the epochs before the present one.
func oldKeys(s keeper.Status) string {
	switch {
	case s.Oldest == s.Epoch && s.Epoch == 1:
		return "it is the first"
	case s.Oldest == s.Epoch:
		return "those before it are forgotten"
	case s.Swept.Epoch == s.Epoch:
		return fmt.Sprintf("the keys from epoch %d on are kept, and no text needed one on %s, the portal says", s.Oldest, s.Swept.At.Format(toTheMinute))
	}
	return fmt.Sprintf("the keys from epoch %d on are kept, and texts may need them: portal reseal", s.Oldest)
}

func keeperStatus(ctx context.Context, c *ceremony, args []string) error {
	return c.operate(ctx, args, func(_ *keeper.Operator, s keeper.Status) error {
		c.tell(s)
		return nil
	})
}

func keeperSeal(ctx context.Context, c *ceremony, args []string) error {
	return c.operate(ctx, args, func(o *keeper.Operator, _ keeper.Status) error {
		s, err := o.Seal(ctx)
		if err == nil {
			c.tell(s)
		}
		return err
	})
}

func keeperUnseal(ctx context.Context, c *ceremony, args []string) error {
	pin := c.flags.String("pin-file", "", "of a keeper by a hardware module: file with the PIN of the token's user, mode 0600")
	return c.operate(ctx, args, func(o *keeper.Operator, s keeper.Status) error {
		if !s.Sealed {
			c.say("It is unsealed already.")
			return nil
		}
		if s.Unsettled {
			c.red("%s", unsettled)
		}
		if s.Need == 0 {
			ask := func() ([]byte, error) { return c.secret(secretOf(s)) }
			if *pin != "" {
				ask = func() ([]byte, error) { return secretFile(*pin) }
			}
			text, err := ask()
			if err == nil {
				s, err = o.GivePassphrase(ctx, text)
				clear(text)
			}
			if err == nil {
				c.tell(s)
			}
			return err
		}
		for s.Sealed {
			one, err := c.share(fmt.Sprintf("Share %d of %d", s.Have+1, s.Need))
			if err != nil {
				return err
			}
			after, err := o.GiveShare(ctx, one)
			if err != nil {
				c.say("Not taken: %v.", err)
				if after, err = o.Status(ctx); err != nil { // others give shares too, and what fails forgets them
					return err
				}
				if !after.Sealed {
					c.say("It is unsealed already.")
				}
			}
			s = after
		}
		c.tell(s)
		return nil
	})
}

func keeperRotate(ctx context.Context, c *ceremony, args []string) error {
	forget := c.flags.Bool("forget", false, "instead of a new epoch: destroy the keys of those before the present one, for ever")
	unchecked := c.flags.Bool("unchecked", false, "do not ask to type the number of the epoch: for scripts")
	return c.operate(ctx, args, func(o *keeper.Operator, s keeper.Status) error {
		if *forget {
			return c.forget(ctx, o, s, *unchecked)
		}
		epoch, err := o.Rotate(ctx)
		if err != nil {
			return err
		}
		c.say("epoch %d: the portal seals new texts to its key as soon as it asks for it", epoch)
		c.say("texts of earlier epochs open as before; `portal reseal`, where the portal runs, brings them over")
		return nil
	})
}

// forget destroys old keys, after saying what that means.
func (c *ceremony) forget(ctx context.Context, o *keeper.Operator, s keeper.Status, unchecked bool) error {
	c.red("The keys of the epochs before %d will be destroyed. There is no way back.", s.Epoch)
	c.say("Backups of the database from before `portal reseal` open to nobody any more: make a new one first.")
	c.say("An old copy of this folder opens them still, with the shares: destroy those copies as well.")
	if !unchecked {
		fmt.Fprintf(c.out, "Type the number of the present epoch to go on: ")
		line, err := c.in.ReadString('\n')
		if strings.TrimSpace(line) != strconv.FormatUint(uint64(s.Epoch), 10) {
			return errors.Join(errors.New("nothing was done"), err)
		}
	}
	after, err := o.Forget(ctx, s.Epoch)
	if err != nil {
		return err
	}
	c.tell(after)
	c.say("Back this folder up anew.")
	return nil
}

func keeperReshare(ctx context.Context, c *ceremony, args []string) error {
	threshold := c.flags.Int("threshold", 3, "how many custodians open")
	count := c.flags.Int("shares", 5, "how many custodians there are")
	lock := c.flags.Bool("lock", false, "ask for a passphrase for each new share")
	unchecked := c.flags.Bool("unchecked", false, "do not ask to type a share back: for scripts")
	return c.operate(ctx, args, func(o *keeper.Operator, s keeper.Status) error {
		proof, err := c.proof(s)
		if err != nil {
			return err
		}
		made, err := o.Reshare(ctx, proof, *threshold, *count)
		if err == nil {
			err = c.print(made, *lock)
		}
		if err == nil && !*unchecked {
			err = c.typedBack(made)
		}
		if s, no := o.Status(ctx); no != nil || s.Unsettled {
			if err == nil {
				err = o.Settle(ctx)
			}
			if err != nil {
				return fmt.Errorf("%w\n%s", err, unsettled)
			}
		}
		if err != nil {
			return err
		}
		c.say("The old shares open nothing with this folder any more. Back it up anew, and destroy")
		c.say("the old shares and the old copies of the folder: together those still open.")
		return nil
	})
}

// unsettled is what to do when new shares were made and perhaps nobody has them.
const unsettled = `The new shares were never confirmed. The old ones still open: stop the keeper, rename keeper.json.before in its
folder to keeper.json, start it, unseal with the old ones, and make new ones again. Or, where enough of the new ones
are on paper after all, unseal with those: then the old ones are worth nothing.`

func keeperCopy(_ context.Context, c *ceremony, args []string) error {
	to, err := takesOne(c.flags, args)
	switch {
	case err != nil:
		return err
	case to == "" || c.dir == "":
		return misused("call: portal keeper copy -dir DIR NEW")
	}
	if err := keeper.Copy(c.dir, to); err != nil {
		return err
	}
	c.say("%s is a copy of the keeper in %s, but for its decisions. Keep it apart from the database and its backups.", to, c.dir)
	return nil
}

func keeperOpenCase(ctx context.Context, c *ceremony, args []string) error {
	casefile := c.flags.String("case", "", "id of the case")
	iin := c.flags.String("iin", "", "IIN of the official, twelve digits")
	ground := c.flags.String("ground", "", "file of the written ground; it is shown to the participants and to the prosecutor")
	return c.operate(ctx, args, func(o *keeper.Operator, s keeper.Status) error {
		id, err := uuid.Parse(*casefile)
		if err != nil {
			return misused("-case is the id of a case")
		}
		who, err := eds.ParseIIN(*iin)
		if err != nil {
			return misused("-iin is twelve digits")
		}
		text, err := os.ReadFile(*ground)
		if err != nil {
			return misused("-ground is a file with the written ground")
		}
		proof, err := c.proof(s)
		if err != nil {
			return err
		}
		opening, err := o.OpenCase(ctx, proof, id, who, string(text))
		if err != nil {
			return err
		}
		slog.WarnContext(ctx, "a case was opened against the rule", "opening", opening.ID)
		c.say("case %s is open for him until %s (%s)", opening.Case, opening.Until.Format("2006-01-02 15:04 MST"), opening.ID)
		return nil
	})
}
