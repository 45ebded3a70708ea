package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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
	// On a standby the end of a timeline is archived as each machine has it, and the second is
	// refused for ever: archive_mode stays on, and who comes to lead archives the rest.
	if info, err := os.Stat(filepath.Join(installed, "archive-rest")); err != nil || info.Mode().Perm()&0o111 == 0 || !strings.Contains(patroni, "\n    on_role_change: /etc/patroni/archive-rest\n") {
		t.Errorf("what a leader did not archive stays out of the archive: %v", err)
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

// Who comes to lead archives what he received and nobody archived, but no segment in which a
// timeline ended: its rest differs on each machine, and the next who brings it is refused.
func TestWhoComesToLeadArchivesTheRest(t *testing.T) {
	t.Chdir("../..")
	c := &cluster{dir: t.TempDir(), network: "127.77.1.", portal: filepath.Join(t.TempDir(), "portal")}
	n := &node{name: "db1", addr: "127.77.1.11", dir: filepath.Join(c.dir, "db1")}
	script, err := c.rendered(n, "archive-rest", "")
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(n.data(), "pg_wal")
	files := map[string]string{
		c.portal:                               "#!/bin/sh\ncp \"$3\" \"$2\"\n",
		filepath.Join(n.dir, "rest"):           script,
		filepath.Join(log, "00000002.history"): "1\t0/5000028\tno recovery target specified\n",
		filepath.Join(log, "0000000B.history"): "1\t0/5000028\tno recovery target specified\n\n10\t1A/6F0000A0\tno recovery target specified\n",
	}
	for _, name := range []string{"000000010000000000000004", "000000010000000000000005", "0000000A0000001A0000006E", "0000000A0000001A0000006F.partial", "0000000B0000001A0000006F", "0000000B0000001A00000070"} {
		files[filepath.Join(log, name)] = name
		if name != "0000000B0000001A00000070" { // it is being written
			files[filepath.Join(log, "archive_status", name+".done")] = ""
		}
	}
	files[filepath.Join(log, "archive_status", "000000010000000000000001.done")] = "" // and the segment is gone
	for file, text := range files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(c.wal(), 0o755); err != nil {
		t.Fatal(err)
	}
	for role, want := range map[string][]string{
		"replica": nil,
		"master":  {"000000010000000000000004", "0000000A0000001A0000006E", "0000000B0000001A0000006F"},
	} {
		if out, err := exec.CommandContext(t.Context(), "sh", filepath.Join(n.dir, "rest"), "on_role_change", role, "zharia").CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v %s", role, err, out)
		}
		all, err := os.ReadDir(c.wal())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, one := range all {
			got = append(got, one.Name())
		}
		if !slices.Equal(got, want) {
			t.Errorf("who becomes %s archives %v, not %v", role, got, want)
		}
		if err := errors.Join(os.RemoveAll(c.wal()), os.Mkdir(c.wal(), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
}
