package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// What CI does of the campaign: R01 and R02, 14 times each where the machine has the time
// for it. `make faults` does 25 of each.
func TestAPortalThatIsKilledLosesNothing(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "portal")
	if err := build(t.Context(), binary, ""); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	o, err := campaign(t.Context(), &said, plan{
		binary: binary, faults: []string{"portal", "postmaster", "portal-commit", "backend"}, cycles: 28, clients: 4, seed: 9,
		wait: 300 * time.Millisecond, most: 40 * time.Second, tenacity: time.Minute,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if !o.print(&said) || o.cycles < 4 {
		t.Fatal(said.String())
	}
	t.Logf("%d cycles in %s, %s of processor time; %d filings", o.cycles, o.took.Round(time.Second), o.cpu.Round(time.Second), o.filed)
}

// A campaign that cannot fail proves nothing. All twelve: `make faults`.
func TestAnAnswerBeforeTheCommitIsSeen(t *testing.T) {
	dir := t.TempDir()
	overlay, err := plant(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "portal")
	if err := build(t.Context(), binary, overlay); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(defects, func(d defect) bool { return d.name == "ack-early" })
	var said strings.Builder
	o, err := defects[i].look(t.Context(), &said, binary)
	if err != nil || len(o.found[I1]) == 0 {
		t.Fatalf("found %v, %v\n%s", o.found, err, said.String())
	}
}

func TestThereAreTwelveDefectsAndEachHasItsFault(t *testing.T) {
	if len(defects) != 12 {
		t.Errorf("%d defects, and RELIABILITY 5 has twelve", len(defects))
	}
	if _, err := plant(t.Context(), t.TempDir()); err != nil {
		t.Error(err)
	}
	for _, d := range defects {
		for _, id := range d.faults {
			if _, err := faultOf(id); err != nil {
				t.Errorf("%s: %v", d.name, err)
			}
		}
	}
}

var (
	one = uuid.MustParse("01a20000-0000-7000-8000-000000000001")
	two = uuid.MustParse("01a20000-0000-7000-8000-000000000002")
)

func TestADiaryIsReadAsItWasWritten(t *testing.T) {
	dir := t.TempDir()
	d, err := openDiary(filepath.Join(dir, "a.diary"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []line{
		{What: intends, Filing: one, Key: two, Digest: "aa", CMS: "bb"}, {What: silence, Filing: one}, {What: acked, Filing: one},
		{What: numbered, Filing: one, Number: "2026-000007"}, {What: proved, Filing: one, Receipt: []byte("r")},
	} {
		if err := d.write(l); err != nil {
			t.Fatal(err)
		}
	}
	all, err := readDiaries(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := all[one]
	if s == nil || !s.Acked || s.Number != "2026-000007" || len(s.Receipts) != 1 || !s.signedAs("bb") || s.signedAs("cc") || s.Digest != "aa" || len(s.Lines) != 5 {
		t.Errorf("read %+v", s)
	}
}

func TestOnlyWhoWasAlwaysRefusedWasToldThatItFailed(t *testing.T) {
	for _, c := range []struct {
		what []event
		want bool
	}{
		{[]event{intends, failed, gaveUp}, true},
		{[]event{intends, failed, sends, failed, gaveUp}, true},
		{[]event{intends, failed, sends}, false}, // he goes on
		{[]event{intends, silence, sends, failed, gaveUp}, false},
		{[]event{intends, checking, sends, failed, gaveUp}, false},
		{[]event{intends, failed, sends, acked}, false},
	} {
		var s story
		for _, what := range c.what {
			s.Lines = append(s.Lines, line{What: what})
		}
		if s.toldFailed() != c.want {
			t.Errorf("%v: %v", c.what, !c.want)
		}
	}
}

func TestTheMomentOfAReceiptIsThatOfALastByte(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	s := &story{Lines: []line{{What: silence, Wrote: at}, {What: acked, Wrote: at.Add(time.Minute)}}}
	for _, c := range []struct {
		received time.Time
		timely   bool
	}{
		{at.Add(slack), true}, {at.Add(time.Minute), true}, {at.Add(slack + time.Millisecond), false}, {at.Add(-slack - time.Millisecond), false}, {at.Add(2 * time.Minute), false},
	} {
		if why := untimely(s, c.received, nil); (why == "") != c.timely {
			t.Errorf("%s: %q", c.received, why)
		}
	}
	ready := at.Add(20 * time.Second)
	if why := untimely(s, ready.Add(time.Second), []span{{at.Add(-time.Second), ready}}); why != "" {
		t.Errorf("sent while the portal was starting: %q", why)
	}
}

func TestHalvesAndGapsAreFound(t *testing.T) {
	sum := sha256.Sum256(nil)
	sound := kept{ID: one, Status: "filed", Number: "2026-000001", Signed: true, CMS: sum[:], Acts: 1, Keys: 1, Received: true, Watched: true}
	for _, c := range []struct {
		spoil func(*kept)
		want  invariant
	}{
		{func(*kept) {}, ""},
		{func(k *kept) { k.Status = "draft" }, I3},
		{func(k *kept) { k.Signed = false }, I3},
		{func(k *kept) { k.Acts = 0 }, I3},
		{func(k *kept) { k.Acts = 2 }, I2},
		{func(k *kept) { k.Keys = 2 }, I2},
		{func(k *kept) { k.Received = false }, I3},
		{func(k *kept) { k.Watched = false }, I3},
	} {
		k, found := sound, findings{}
		c.spoil(&k)
		(&lab{}).half(found, k)
		if found.names() != string(c.want) {
			t.Errorf("%+v: found %v", k, found)
		}
	}
	other := sound
	other.ID, other.Number = two, "2026-000004"
	for n, want := range map[int]string{0: "I5", 1: "I5", 2: ""} { // two numbers are missing
		found := findings{}
		(&lab{}).gaps(found, []kept{sound, other}, n)
		if found.names() != want {
			t.Errorf("%d tries: found %v", n, found)
		}
	}
	found := findings{}
	(&lab{crashes: 1}).gaps(found, []kept{sound, other}, 0)
	if found.count() > 0 {
		t.Errorf("after a crash: %v", found)
	}
}

// Others file while the lab looks: a number whose filing is still on its way is no gap.
func TestWhatIsStillOnItsWayMayHaveTakenANumber(t *testing.T) {
	for _, c := range []struct {
		before, after []event
		want          int
	}{
		{[]event{intends}, []event{intends}, 1},
		{nil, []event{intends}, 1}, // begun between the two looks into the diary
		{[]event{intends, acked}, []event{intends, acked, numbered}, 0},
		{[]event{intends, silence, sends, acked}, []event{intends, silence, sends, acked}, 1},
		{[]event{intends, failed, gaveUp}, []event{intends, failed, gaveUp}, 1},
	} {
		told := func(what []event) map[uuid.UUID]*story {
			s := &story{Acked: slices.Contains(what, acked)}
			for _, one := range what {
				s.Lines = append(s.Lines, line{What: one})
			}
			return map[uuid.UUID]*story{one: s}
		}
		if got := sent(told(c.after)) - acknowledged(told(c.before)); got != c.want {
			t.Errorf("%v, then %v: %d tries, want %d", c.before, c.after, got, c.want)
		}
	}
}

func TestTheOrderOfSystemCallsIsRead(t *testing.T) {
	good := []string{
		`7 fsync(9</w/.new-1>) = 0`, `7 renameat(AT_FDCWD</>, "/w/.new-1", AT_FDCWD</>, "/w/newest") = 0`, `7 fsync(9</w>) = 0`,
		`7 fsync(9</w/.new-2> <unfinished ...>`, `8 openat(AT_FDCWD</>, "/x", O_RDONLY) = 3</x>`, `7 <... fsync resumed>) = 0`,
		`7 renameat(AT_FDCWD</>, "/w/.new-2", AT_FDCWD</>, "/w/newest" <unfinished ...>`, `7 <... renameat resumed>) = 0`,
		`8 +++ killed by SIGKILL +++`,
		`9 fsync(9</w/.new-3>) = 0`, `9 rename("/w/.new-3", "/w/newest") = 0`, `9 fsync(9</w>) = 0`,
	}
	for name, c := range map[string]struct {
		without int
		wrong   int
	}{"as it must be": {-1, 0}, "bytes not on the disk": {0, 1}, "folder not on the disk": {2, 1}} {
		o := newOrder()
		for i, text := range good {
			if i != c.without {
				o.hear(text)
			}
		}
		if len(o.wrong) != c.wrong || o.renamed != 3 {
			t.Errorf("%s: %d renamed, wrong %q", name, o.renamed, o.wrong)
		}
	}
}

// server is as much of PostgreSQL as the wire has to do with: it tells what it hears, and
// says C to a COMMIT.
func server(t *testing.T) (socket string, heard chan string) {
	t.Helper()
	socket, heard = filepath.Join(t.TempDir(), "s"), make(chan string, 64)
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				if _, err := io.ReadFull(in, make([]byte, 8)); err != nil {
					return
				}
				for {
					head := make([]byte, 5)
					if _, err := io.ReadFull(in, head); err != nil {
						return
					}
					body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
					if _, err := io.ReadFull(in, body); err != nil {
						return
					}
					heard <- fmt.Sprintf("%c%s", head[0], strings.TrimRight(string(body), "\x00"))
					if strings.HasPrefix(string(body), "COMMIT") {
						if _, err := conn.Write([]byte("C")); err != nil {
							return
						}
					}
				}
			}()
		}
	}()
	return socket, heard
}

func message(kind byte, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4)), body...)
}

func TestTheWireCutsAtTheCommitOfAFiling(t *testing.T) {
	for _, c := range []struct {
		how     cut
		filing  bool
		arrives bool // the COMMIT, at the server
		answers bool // the server, at the client
	}{
		{whole, true, true, true}, {cutBefore, true, false, false}, {cutAfter, true, true, false}, {halfOpen, true, true, false},
		{cutBefore, false, true, true}, {hold, true, true, true},
	} {
		socket, heard := server(t)
		w, err := openWire(socket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.close)
		if c.how != whole {
			w.arm(c.how, 1)
		}
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", w.port()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		statement := "SELECT 1"
		if c.filing {
			statement = "SELECT " + marksFiling
		}
		start := binary.BigEndian.AppendUint32(nil, 8)
		say := append(start, 0, 3, 0, 0)
		say = append(say, message('P', "s1\x00"+statement+"\x00\x00\x00")...)
		say = append(say, message('B', "\x00s1\x00")...)
		say = append(say, message('Q', "COMMIT\x00")...)
		if _, err := conn.Write(say); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second)) // of a connection of this process
		n, _ := conn.Read(make([]byte, 8))
		if (n == 1) != c.answers {
			t.Errorf("%q, filing %v: the client heard %d bytes", c.how, c.filing, n)
		}
		arrived := false
		for len(heard) > 0 {
			arrived = strings.HasPrefix(<-heard, "QCOMMIT") || arrived
		}
		if arrived != c.arrives {
			t.Errorf("%q, filing %v: the server heard COMMIT: %v", c.how, c.filing, arrived)
		}
	}
}

func TestWhatIsAskedForIsBounded(t *testing.T) {
	for _, args := range [][]string{
		nil, {"storm"}, {"run", "-cycles", "0"}, {"run", "-cycles", "10001"}, {"run", "-clients", "9"}, {"run", "-faults", "earthquake"}, {"run", "-disk", "-1"}, {"run", "-wait", "0s"}, {"run", "-wait", "2m"}, {"run", "more"},
	} {
		if err := run(t.Context(), io.Discard, args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := run(ended, io.Discard, []string{"run", "-cycles", "1"}); err == nil || errors.Is(err, errFound) {
		t.Errorf("a campaign that was ended says %v", err)
	}
}
