package database

import (
	"bytes"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// locale knows that Ә is a letter, and sorts by code point (the C locale does
// only the latter).
const locale = "C.UTF-8"

// identities are the users to try, best first. initdb and postgres refuse to
// run as root; in a user namespace in which root is called nobody they do not
// notice, and the files stay root's own, so a project under /root works too.
// Where namespaces are forbidden another user must do.
func identities(data string) []identity {
	if os.Geteuid() != 0 {
		return []identity{myself()}
	}
	var all []identity
	if uid, gid, ok := lookup("nobody"); ok {
		i := myself()
		i.name = "root, called nobody in a user namespace"
		i.attr.Cloneflags = syscall.CLONE_NEWUSER
		i.attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: 0, Size: 1}}
		i.attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: 0, Size: 1}}
		all = append(all, i)
	}
	for _, name := range []string{"postgres", "nobody"} {
		if uid, gid, ok := lookup(name); ok {
			i := myself()
			i.name = name
			i.attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			all = append(all, i)
		}
	}
	// A cluster that exists keeps its owner.
	var stat syscall.Stat_t
	if syscall.Stat(filepath.Join(data, "PG_VERSION"), &stat) == nil {
		slices.SortStableFunc(all, func(a, b identity) int { return stranger(a, stat.Uid) - stranger(b, stat.Uid) })
	}
	return all
}

func stranger(i identity, owner uint32) int {
	if uid, _ := i.owner(); uint32(uid) == owner {
		return 0
	}
	return 1
}

func lookup(name string) (uid, gid int, ok bool) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, false
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	return uid, gid, uidErr == nil && gidErr == nil
}

// dropDeadLock removes the lock file of a server that was killed together with
// its parent and that nobody reaped: PostgreSQL counts such a zombie as running.
func dropDeadLock(path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		return
	}
	pid, _, _ := strings.Cut(string(content), "\n")
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(pid) + "/stat")
	if err != nil {
		return
	}
	if i := bytes.LastIndexByte(stat, ')'); i > 0 && len(stat) > i+2 && stat[i+2] == 'Z' {
		os.Remove(path)
	}
}
