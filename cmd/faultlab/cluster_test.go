package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lib/pq"
)

// What would lose an acknowledged filing with one machine, or let another read it on its
// way, does not stand in the files that are installed.
func TestTheFilesOfThreeMachinesKeepWhatIsAcknowledged(t *testing.T) {
	t.Chdir("../..") // the files are found from the tree's root
	read := func(file string) string {
		text, err := os.ReadFile(filepath.Join(installed, file))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	patroni := read("patroni.yml")
	for _, want := range []string{
		"synchronous_mode: true", "synchronous_mode_strict: true", "synchronous_commit: 'on'", "fsync: 'on'", "full_page_writes: 'on'", "- data-checksums",
		"archive_mode: 'on'", "archive_timeout: 60", "archive_command: '/usr/bin/zharia archive /var/lib/zharia-wal %p'", // the base of a week is nothing without the log after it
		"verify_client: required", "ssl: 'on'", "sslmode: verify-full", "protocol: https",
	} {
		if !strings.Contains(patroni, want) {
			t.Errorf("patroni.yml lacks %q", want)
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^    - (host\w*|local) .*$`).FindAllString(patroni, -1) {
		if !strings.Contains(line, "hostssl") && !strings.HasSuffix(line, "peer") || strings.Contains(line, "trust") {
			t.Errorf("somebody comes in without a key: %s", line)
		}
	}
	address := regexp.MustCompile(`DATABASE_URL=(\S+)`).FindStringSubmatch(patroni)
	if address == nil {
		t.Fatal("no address for the portals")
	}
	config, err := pq.NewConfig(address[1])
	if err != nil {
		t.Fatal(err)
	}
	if len(config.Multi) != 2 || config.TargetSessionAttrs != pq.TargetSessionAttrsPrimary || config.SSLMode != pq.SSLModeVerifyFull || config.ConnectTimeout == 0 {
		t.Errorf("the address of the portals: %d hosts more, %s, %s, %s", len(config.Multi), config.TargetSessionAttrs, config.SSLMode, config.ConnectTimeout)
	}
	if etcd := read("etcd.env"); !strings.Contains(etcd, "ETCD_CLIENT_CERT_AUTH=true") || !strings.Contains(etcd, "ETCD_PEER_CLIENT_CERT_AUTH=true") || strings.Contains(etcd, "http://") {
		t.Error("etcd is open to whoever reaches it")
	}
	if pooler := read("pgbouncer.ini"); !strings.Contains(pooler, "\npool_mode = session\n") || strings.Contains(pooler, "\nignore_startup_parameters = extra_float_digits,") {
		t.Error("behind this pgbouncer one would work in the role of another")
	}
}

// The files of the other two machines come of those of the first by the rule at their head,
// and Patroni, where it is installed, takes them.
func TestTheFilesOfEachMachineAreItsOwn(t *testing.T) {
	t.Chdir("../..")
	network, err := freeNetwork()
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{dir: t.TempDir(), secret: "of-the-lab", network: network, pg: "/usr/lib/postgresql/15/bin", portal: "/tmp/lab/portal"}
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) > 0 {
		c.pg = programs[len(programs)-1]
	}
	for _, n := range []*node{{name: "db1"}, {name: "db2"}, {name: "db3"}} {
		n.addr, n.dir = network+"1"+n.name[2:], filepath.Join(c.dir, n.name)
		c.nodes = append(c.nodes, n)
	}
	if err := c.certify(); err != nil {
		t.Fatal(err)
	}
	for _, n := range c.nodes {
		if err := c.lay(n); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(n.dir, "patroni.yml")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"\nname: " + n.name + "\n", "connect_address: " + n.addr + ":8008", "connect_address: " + n.addr + ":5432", "archive_command: '/tmp/lab/portal archive " + c.wal() + " %p'", network + "11:2379, " + network + "12:2379, " + network + "13:2379"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %q", n.name, want)
			}
		}
		if etcd := strings.Join(n.etcd.env, "\n"); !strings.Contains(etcd, "ETCD_NAME="+n.name+"\n") || !strings.Contains(etcd, "ETCD_LISTEN_PEER_URLS=https://"+n.addr+":2380\n") ||
			!strings.Contains(etcd, "db1=https://"+network+"11:2380,db2=https://"+network+"12:2380") {
			t.Errorf("etcd of %s: %s", n.name, etcd)
		}
		if regexp.MustCompile(`10\.1\.0\.|/etc/zharia-db|/var/lib/`).Match(text) {
			t.Errorf("%s names what is another machine's", n.name)
		}
	}
	program, err := exec.LookPath("patroni")
	if err != nil {
		t.Logf("Patroni did not read them: %v", err)
		return
	}
	for _, n := range c.nodes { // it asks whether somebody answers there
		l, err := net.Listen("tcp", n.addr+":2379")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
	if out, err := exec.CommandContext(t.Context(), program, "--validate-config", filepath.Join(c.nodes[1].dir, "patroni.yml")).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("patroni --validate-config: %v\n%s", err, out)
	}
}
