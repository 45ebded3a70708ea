//go:build linux

package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"zharia/portal/share"
)

// Nobody's account on Linux.
const nobody = 65534

// TestMain is also the programs that these tests run: a keeper that was hardened, and
// a thief who tries to look into it.
func TestMain(m *testing.M) {
	switch os.Getenv("KEEPER_TEST_ROLE") {
	case "keeper":
		hardened()
	case "thief":
		thief(os.Getenv("KEEPER_TEST_PID"))
	default:
		os.Exit(m.Run())
	}
}

// hardened holds a secret like a keeper, says how it is closed, and waits.
func hardened() {
	warnings := Harden()
	p, err := newPage()
	if err != nil {
		fmt.Println("page:", err)
		os.Exit(1)
	}
	copy(p.bytes(), "the root")
	dumpable, _ := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	noNew, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	var core unix.Rlimit
	unix.Getrlimit(unix.RLIMIT_CORE, &core)
	status, _ := os.ReadFile("/proc/self/status")
	locked := "?"
	for line := range strings.Lines(string(status)) {
		if after, ok := strings.CutPrefix(line, "VmLck:"); ok {
			locked = strings.TrimSpace(after)
		}
	}
	fmt.Printf("dumpable=%d no-new-privs=%d core=%d/%d locked=%s warnings=%q\n", dumpable, noNew, core.Cur, core.Max, locked, warnings)
	os.Stdin.Read(make([]byte, 1))
	p.free()
}

// thief tries every way into the memory of another process that needs no root.
func thief(pid string) {
	for _, name := range []string{"mem", "maps", "environ", "auxv", "root/etc/passwd", "fd/0"} {
		if f, err := os.Open("/proc/" + pid + "/" + name); err == nil {
			fmt.Println("opened", name)
			f.Close()
		}
	}
	var of int
	fmt.Sscan(pid, &of)
	if err := unix.PtraceSeize(of); err == nil {
		fmt.Println("traced")
	}
	fmt.Println("done as", os.Getuid())
}

// program runs this test binary again in a role, as a user.
func program(t *testing.T, role string, uid uint32, more ...string) *exec.Cmd {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "role")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := dir + "/role"
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(path, self, 0o755)); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path)
	c.Dir = "/"
	c.Env = append([]string{"KEEPER_TEST_ROLE=" + role}, more...)
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	return c
}

func TestNobodyLooksIntoARunningKeeper(t *testing.T) {
	keeper := program(t, "keeper", nobody-1)
	hold, err := keeper.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := keeper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 4096)
	n, err := out.Read(said)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"dumpable=0", "no-new-privs=1", "core=0/0"} {
		if !strings.Contains(string(said[:n]), want) {
			t.Errorf("%s is not in: %s", want, said[:n])
		}
	}
	// Another user sees nothing, and neither does another process of the same user.
	for _, uid := range []uint32{nobody, nobody - 1} {
		found, err := program(t, "thief", uid, fmt.Sprintf("KEEPER_TEST_PID=%d", keeper.Process.Pid)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, found)
		}
		if strings.Contains(string(found), "opened") || strings.Contains(string(found), "traced") || !strings.Contains(string(found), "done") {
			t.Errorf("uid %d: %s", uid, found)
		}
	}
	// The control: the same thief looks into a process that is not closed.
	open := exec.Command("sleep", "60")
	if os.Getuid() == 0 {
		open.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if err := open.Start(); err != nil {
		t.Fatal(err)
	}
	found, err := program(t, "thief", nobody, fmt.Sprintf("KEEPER_TEST_PID=%d", open.Process.Pid)).CombinedOutput()
	if err != nil || !strings.Contains(string(found), "opened maps") {
		t.Errorf("the thief finds nothing where something is: %s, %v", found, err)
	}
	open.Process.Kill()
	open.Wait()
	hold.Close()
	if err := keeper.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAllMemoryIsLockedOrItIsToldThatItIsNot(t *testing.T) {
	for uid, may := range map[uint32]bool{0: os.Getuid() == 0, nobody - 1: false} {
		keeper := program(t, "keeper", uid)
		keeper.Stdin = bytes.NewReader([]byte("x"))
		out, err := keeper.Output()
		told := strings.Contains(string(out), "memory may be written to swap")
		if err != nil || may && (told || strings.Contains(string(out), "locked=0 kB")) {
			t.Errorf("uid %d: %s, %v", uid, out, err)
		}
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
			t.Fatal(err)
		}
		if !may && limit.Cur != unix.RLIM_INFINITY && !told {
			t.Errorf("uid %d is not told that memory is not locked: %s", uid, out)
		}
	}
}

func TestTheRootIsOverwrittenWhenTheKeeperIsSealed(t *testing.T) {
	s := unsealed(t, nil, nil)
	p := s.keeper.opened.root
	tag := s.keeper.opened.tagKey
	if bytes.Equal(p.bytes(), make([]byte, rootSize)) {
		t.Fatal("there is no root")
	}
	s.keeper.Seal()
	if p.memory != nil || !bytes.Equal(tag, make([]byte, len(tag))) {
		t.Error("the root is still there")
	}
	for _, one := range s.made[:3] { // what was combined was given to Unseal and is the caller's
		if _, err := one.Print(); err != nil {
			t.Error(err)
		}
	}
	var given []share.Share
	for _, one := range s.made[:3] {
		given = append(given, copyOf(t, one))
	}
	for _, one := range given {
		if err := s.keeper.GiveShare(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range given {
		if print, _ := one.Print(); print == must(s.made[one.Index-1].Print()) {
			t.Errorf("%v was not overwritten", one)
		}
	}
}

func must(print [32]byte, err error) [32]byte {
	if err != nil {
		panic(err)
	}
	return print
}

func TestThoseWhoRunTheKeeperDoItOverTheirOwnDoor(t *testing.T) {
	s := sealed(t, nil, nil)
	o, err := Operate(s.socket + "o")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	ctx := context.Background()
	for n, i := range []int{4, 0, 2} {
		status, err := o.GiveShare(ctx, copyOf(t, s.made[i]))
		if err != nil || status.Sealed != (n < 2) || n < 2 && status.Have != n+1 || status.Need != 3 {
			t.Fatalf("%+v, %v", status, err)
		}
	}
	if _, err := o.GiveShare(ctx, copyOf(t, s.made[1])); err == nil || !strings.Contains(err.Error(), "unsealed already") {
		t.Errorf("one more: %v", err)
	}
	if epoch, err := o.Rotate(ctx); err != nil || epoch != 2 {
		t.Errorf("%d, %v", epoch, err)
	}
	opening, err := o.OpenCase(ctx, Proof{Shares: s.made[1:4]}, theft, daniyar, "the investigator died, the term ends tomorrow")
	if err != nil || opening.Case != theft || !opening.Until.Equal(noon.Add(OpeningLife)) {
		t.Errorf("%+v, %v", opening, err)
	}
	fresh, err := o.Reshare(ctx, Proof{Shares: s.made[:3]}, 2, 3)
	if err != nil || len(fresh) != 3 {
		t.Fatal(fresh, err)
	}
	if _, err := o.Reshare(ctx, Proof{Shares: s.made[:3]}, 3, 5); err == nil || !strings.Contains(err.Error(), fresh[0].Set.String()) {
		t.Errorf("the old shares: %v", err)
	}
	if status, err := o.Seal(ctx); err != nil || !status.Sealed {
		t.Errorf("%+v, %v", status, err)
	}
	for _, one := range fresh[:2] {
		if _, err := o.GiveShare(ctx, one); err != nil {
			t.Fatal(err)
		}
	}
	if status, err := o.Status(ctx); err != nil || status.Sealed || status.Epoch != 2 || status.Openings.Entries != 1 {
		t.Errorf("%+v, %v", status, err)
	}
	if _, err := o.GivePassphrase(ctx, []byte("five words of a list, at least")); err == nil {
		t.Error("a passphrase was taken")
	}
}
