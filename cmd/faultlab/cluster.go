package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// installed is where the files of an installation on three machines are, in this tree.
const installed = "cmd/portal/deploy/ha"

// cluster is the three machines of cmd/portal/deploy/ha on this one: etcd, Patroni and
// PostgreSQL of each at an address of its own, with the very files that are installed. Only
// addresses, folders and passwords are others.
type cluster struct {
	dir     string
	network string // the first three numbers of all addresses: "127.77.4."
	nodes   []*node
	browser *http.Client
	as      *syscall.Credential // whose processes they are; nil: ours
	pg      string              // the folder of psql and the server's programs
	secret  string              // the password of all logins
	portal  string              // the binary, which archives the log
}

// node is one of the machines.
type node struct {
	name, addr, dir string
	etcd, patroni   *daemon
}

// daemon is a process that runs until it is killed.
type daemon struct {
	args, env []string
	log       string
	as        *syscall.Credential
	cmd       *exec.Cmd
	gone      chan struct{}
}

func (d *daemon) start() error {
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(d.args[0], d.args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = d.env, log, log, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: d.as}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", d.args[0], err)
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is no concern: we kill it
		close(gone)
	}()
	d.cmd, d.gone = cmd, gone
	return nil
}

// end sends a signal and waits for the end; after most it is killed.
func (d *daemon) end(s syscall.Signal, most time.Duration) {
	if d == nil || d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Signal(s) // gone already, or it goes
	select {
	case <-d.gone:
	case <-time.After(most):
		_ = d.cmd.Process.Kill()
		<-d.gone
	}
}

func (n *node) data() string { return filepath.Join(n.dir, "data") }

// postmaster is the PostgreSQL of this node, 0 where none runs. It is not our child, for
// Patroni lets go of it: that it works in the folder of this node shows whose it is.
func (n *node) postmaster() int {
	text, err := os.ReadFile(filepath.Join(n.data(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || pid < 2 {
		return 0
	}
	if at, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || at != n.data() {
		return 0
	}
	return pid
}

// postgres are all processes of its PostgreSQL, the postmaster first.
func (n *node) postgres() (pids []int) {
	master := n.postmaster()
	if master == 0 {
		return nil
	}
	pids = []int{master}
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return pids
	}
	for _, one := range all {
		if pid, err := strconv.Atoi(filepath.Base(one)); err == nil && parentOf(pid) == master {
			pids = append(pids, pid)
		}
	}
	return pids
}

// signal is for its PostgreSQL, and for all of the machine.
func (n *node) signal(s syscall.Signal, whole bool) error {
	pids := n.postgres()
	if len(pids) == 0 {
		return fmt.Errorf("%s has no PostgreSQL that runs", n.name)
	}
	if whole { // who could help first
		pids = append([]int{n.patroni.cmd.Process.Pid, n.etcd.cmd.Process.Pid}, pids...)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// missing is what a cluster cannot be without; "" where all of it is here.
func missing() string {
	var lacks []string
	for _, name := range []string{"patroni", "etcd"} {
		if _, err := exec.LookPath(name); err != nil {
			lacks = append(lacks, name)
		}
	}
	return strings.Join(lacks, ", ")
}

// openCluster makes the files of three nodes in dir and starts them. What it began is to be
// closed, whatever the error.
func openCluster(ctx context.Context, dir, portal string) (*cluster, error) {
	c := &cluster{dir: dir, secret: "of-the-lab", portal: portal}
	if lacks := missing(); lacks != "" {
		return c, fmt.Errorf("%s: not installed (Debian: patroni, etcd-server)", lacks)
	}
	version, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(version) == 0 {
		return c, errors.New("no PostgreSQL under /usr/lib/postgresql")
	}
	c.pg = version[len(version)-1]
	if os.Geteuid() == 0 { // PostgreSQL refuses root
		u, err := user.Lookup("postgres")
		if err != nil {
			return c, err
		}
		uid, wrong := strconv.Atoi(u.Uid)
		gid, err := strconv.Atoi(u.Gid)
		if err = errors.Join(wrong, err); err != nil {
			return c, err
		}
		c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	if c.network, err = freeNetwork(); err != nil {
		return c, err
	}
	for i := 1; i <= 3; i++ {
		n := &node{name: fmt.Sprintf("db%d", i), addr: fmt.Sprintf("%s1%d", c.network, i)}
		n.dir = filepath.Join(dir, n.name)
		c.nodes = append(c.nodes, n)
	}
	if err := c.certify(); err != nil {
		return c, err
	}
	for _, n := range c.nodes {
		if err := c.lay(n); err != nil {
			return c, err
		}
	}
	for _, n := range c.nodes {
		if err := n.etcd.start(); err != nil {
			return c, err
		}
	}
	for _, n := range c.nodes {
		if err := n.patroni.start(); err != nil {
			return c, err
		}
	}
	return c, c.whole(ctx, 2*time.Minute)
}

// ports are all that a node listens at.
var ports = []int{5432, 8008, 2379, 2380}

// freeNetwork is one of this machine's own addresses at which nobody listens.
func freeNetwork() (string, error) {
	for range 50 {
		network := fmt.Sprintf("127.77.%d.", 1+mathrand.IntN(250))
		free := true
		for host := 11; host <= 13 && free; host++ {
			for _, port := range ports {
				l, err := net.Listen("tcp", fmt.Sprintf("%s%d:%d", network, host, port))
				if err != nil {
					free = false
					break
				}
				l.Close()
			}
		}
		if free {
			return network, nil
		}
	}
	return "", errors.New("no three addresses of this machine have the ports 5432, 8008, 2379 and 2380 free")
}

// certify makes an authority and the certificates of the nodes.
func (c *cluster) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "faultlab"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	ca, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca}))
	for i, n := range c.nodes {
		own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		// etcd asks from where its peers come: here all come from 127.0.0.1.
		cert, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: big.NewInt(int64(2 + i)), Subject: pkix.Name{CommonName: n.name}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
			IPAddresses: []net.IP{net.ParseIP(n.addr), net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}, root, own.Public(), key)
		if err != nil {
			return err
		}
		hidden, err := x509.MarshalPKCS8PrivateKey(own)
		if err != nil {
			return err
		}
		tls := filepath.Join(n.dir, "tls")
		if err := os.MkdirAll(tls, 0o755); err != nil {
			return err
		}
		err = errors.Join(
			os.WriteFile(filepath.Join(tls, "ca.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca}), 0o644),
			os.WriteFile(filepath.Join(tls, "node.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644),
			os.WriteFile(filepath.Join(tls, "node.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: hidden}), 0o600))
		if err != nil {
			return err
		}
	}
	shown, err := tls.LoadX509KeyPair(filepath.Join(c.nodes[0].dir, "tls", "node.crt"), filepath.Join(c.nodes[0].dir, "tls", "node.key"))
	c.browser = &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{shown}}}}
	return err
}

// rendered is a file of the installation for one node, by the rule that stands at its head.
func (c *cluster) rendered(n *node, file string, kept string) (string, error) {
	text, err := os.ReadFile(filepath.Join(installed, file))
	if err != nil {
		return "", fmt.Errorf("faultlab runs in the folder of the portal's tree: %w", err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, kept) {
			line = strings.NewReplacer("db1", n.name, "10.1.0.11", "10.1.0.1"+n.name[2:]).Replace(line)
		}
		out.WriteString(line)
	}
	return strings.NewReplacer(
		"10.1.0.0/24", c.network+"0/24", "10.1.0.", c.network, "/etc/zharia-db/tls", filepath.Join(n.dir, "tls"),
		"/var/lib/postgresql/15/zharia", n.data(), "/var/lib/postgresql/.pgpass-patroni", filepath.Join(n.dir, "pgpass"), "/etc/patroni/archive-rest", filepath.Join(n.dir, "archive-rest"),
		"/var/run/postgresql", filepath.Join(n.dir, "run"), "/usr/lib/postgresql/15/bin", c.pg, "/var/lib/etcd/zharia", filepath.Join(n.dir, "etcd"),
		"/usr/bin/zharia archive /var/lib/zharia-wal", c.portal+" archive "+c.wal(), "/var/lib/zharia-wal", c.wal(),
		"REPLICATOR-PASSWORD", c.secret, "REWINDER-PASSWORD", c.secret,
	).Replace(out.String()), nil
}

// wal is the archive of the log, which all nodes reach.
func (c *cluster) wal() string { return filepath.Join(c.dir, "wal") }

// lay puts the folder of a node there.
func (c *cluster) lay(n *node) error {
	patroni, err := c.rendered(n, "patroni.yml", ":2379")
	if err != nil {
		return err
	}
	if c.as == nil { // who we are is not called postgres, but nobody else comes to its socket
		patroni = strings.Replace(patroni, "    peer\n", "    trust\n", 1)
	}
	etcd, err := c.rendered(n, "etcd.env", "ETCD_INITIAL_CLUSTER=")
	if err != nil {
		return err
	}
	rest, err := c.rendered(n, "archive-rest", "")
	if err != nil {
		return err
	}
	config := filepath.Join(n.dir, "patroni.yml")
	err = errors.Join(os.MkdirAll(filepath.Join(n.dir, "run"), 0o755), os.MkdirAll(c.wal(), 0o700), os.WriteFile(config, []byte(patroni), 0o600),
		os.WriteFile(filepath.Join(n.dir, "archive-rest"), []byte(rest), 0o755))
	if err != nil {
		return err
	}
	base := []string{"PATH=/usr/bin:/bin:/usr/local/bin", "HOME=" + n.dir, "LC_ALL=C.UTF-8"}
	n.patroni = &daemon{args: []string{"patroni", config}, env: base, log: filepath.Join(c.dir, n.name+".patroni.log"), as: c.as}
	n.etcd = &daemon{args: []string{"etcd"}, env: base, log: filepath.Join(c.dir, n.name+".etcd.log"), as: c.as}
	for line := range strings.Lines(etcd) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "ETCD_") {
			n.etcd.env = append(n.etcd.env, line)
		}
	}
	if c.as == nil {
		return nil
	}
	if err := os.Chown(c.wal(), int(c.as.Uid), int(c.as.Gid)); err != nil {
		return err
	}
	return filepath.WalkDir(n.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(c.as.Uid), int(c.as.Gid))
	})
}

// member is a node as Patroni sees it.
type member struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	State    string `json:"state"`
	Timeline int    `json:"timeline"`
}

// Roles of a member.
const (
	leads    = "leader"
	inStep   = "sync_standby"
	streams  = "streaming"
	isActive = "running"
)

// ask sends a request to the Patroni of a node.
func (c *cluster) ask(ctx context.Context, n *node, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, "https://"+n.addr+":8008"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	came, err := c.browser.Do(r)
	if err != nil {
		return nil, err
	}
	defer came.Body.Close()
	text, err := io.ReadAll(io.LimitReader(came.Body, 1<<20))
	if err == nil && came.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %d %s", method, path, came.StatusCode, text)
	}
	return text, err
}

// members are all nodes, as the first that answers sees them.
func (c *cluster) members(ctx context.Context) ([]member, error) {
	var last error
	for _, n := range c.nodes {
		text, err := c.ask(ctx, n, http.MethodGet, "/cluster", nil)
		var view struct {
			Members []member `json:"members"`
		}
		if err == nil {
			err = json.Unmarshal(text, &view)
		}
		if err == nil {
			return view.Members, nil
		}
		last = err
	}
	return nil, last
}

// with is the node of that role; nil where there is none.
func (c *cluster) with(ctx context.Context, role string) *node {
	all, err := c.members(ctx)
	if err != nil {
		return nil
	}
	for _, m := range all {
		if m.Role == role && (m.State == isActive || m.State == streams) {
			for _, n := range c.nodes {
				if n.name == m.Name {
					return n
				}
			}
		}
	}
	return nil
}

// whole waits until all three run, one leads and one is in step with it.
func (c *cluster) whole(ctx context.Context, most time.Duration) error {
	var seen []member
	var err error
	for end := time.Now().Add(most); time.Now().Before(end) && ctx.Err() == nil; sleep(ctx, 200*time.Millisecond) {
		if seen, err = c.members(ctx); err != nil {
			continue
		}
		count := map[string]int{}
		for _, m := range seen {
			if m.State == isActive || m.State == streams {
				count[m.Role]++
				count["all"]++
				count[strconv.Itoa(m.Timeline)]++
			}
		}
		if count["all"] == 3 && count[leads] == 1 && count[inStep] >= 1 && count[strconv.Itoa(seen[0].Timeline)] == 3 {
			return nil
		}
	}
	logs := ""
	for _, n := range c.nodes {
		logs += "\n" + n.name + ":\n" + tail(n.patroni.log)
	}
	return errors.Join(fmt.Errorf("the cluster is not whole after %s: %+v%s", most, seen, logs), err, ctx.Err())
}

// change asks the leader to let another lead.
func (c *cluster) change(ctx context.Context, from *node) error {
	text, err := json.Marshal(map[string]string{"leader": from.name})
	if err != nil {
		return err
	}
	patient := *c.browser
	patient.Timeout = time.Minute
	_, err = (&cluster{browser: &patient}).ask(ctx, from, http.MethodPost, "/switchover", text)
	return err
}

// address is that of the database for a login: of all three nodes, whichever leads.
func (c *cluster) address(login string) string {
	var hosts []string
	for _, n := range c.nodes {
		hosts = append(hosts, n.addr)
	}
	return c.addressAt(strings.Join(hosts, ","), login) + " target_session_attrs=primary"
}

// addressAt is that of one node, leader or not.
func (c *cluster) addressAt(hosts, login string) string {
	return fmt.Sprintf("host=%s port=5432 user=%s password=%s dbname=zharia connect_timeout=3 sslmode=verify-full sslrootcert=%s",
		hosts, login, c.secret, filepath.Join(c.nodes[0].dir, "tls", "ca.crt"))
}

// psql speaks to the leader as its superuser, by the socket, as an administrator would.
func (c *cluster) psql(ctx context.Context, args ...string) error {
	n := c.with(ctx, leads)
	if n == nil {
		return errors.New("nobody leads")
	}
	cmd := exec.CommandContext(ctx, "psql", append([]string{"-X", "-q", "-h", filepath.Join(n.dir, "run"), "-U", "postgres", "-d", "postgres", "-v", "ON_ERROR_STOP=1"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as}
	cmd.Env, cmd.Dir = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}, n.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, out)
	}
	return nil
}

// close ends all that was started: Patroni first, which ends its PostgreSQL.
func (c *cluster) close() error {
	for _, n := range c.nodes {
		if n.patroni != nil && n.patroni.cmd != nil {
			_ = n.signal(syscall.SIGCONT, true) // one that was frozen does not hear the next
		}
	}
	for _, n := range c.nodes {
		n.patroni.end(syscall.SIGKILL, time.Second)
		for _, pid := range n.postgres() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // the folder goes as well
		}
		n.etcd.end(syscall.SIGKILL, time.Second)
	}
	sleep(context.Background(), 200*time.Millisecond)
	return nil
}
