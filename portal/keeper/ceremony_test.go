package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal/share"
	"zharia/portal/vault"
)

// choices are all ways to take k of n.
func choices(n, k int) [][]int {
	var out [][]int
	for mask := range 1 << n {
		var chosen []int
		for i := range n {
			if mask>>i&1 == 1 {
				chosen = append(chosen, i)
			}
		}
		if len(chosen) == k {
			out = append(out, chosen)
		}
	}
	return out
}

func TestAnyThreeCustodiansUnsealAndNoTwoDo(t *testing.T) {
	s := unsealed(t, nil, nil)
	me := s.signIn(aigul)
	person := s.person(aigul)
	opens := func() bool { // another text each time: the portal remembers those it has opened
		where := own(person)
		text := s.seal(where, "құпия")
		got, err := s.keys.OpenText(s.as(me), where, text)
		return err == nil && got == "құпия"
	}
	triples, pairs := 0, 0
	for _, which := range choices(5, 3) {
		s.keeper.Seal()
		for n, i := range which {
			if s.keeper.Status().Have != n {
				t.Errorf("%v: %+v", which, s.keeper.Status())
			}
			if err := s.keeper.GiveShare(t.Context(), copyOf(t, s.made[i])); err != nil {
				t.Fatal(which, err)
			}
		}
		if !s.keeper.Status().Sealed && opens() {
			triples++
		}
		s.pass(time.Second)
	}
	for _, which := range choices(5, 2) {
		s.keeper.Seal()
		for _, i := range which {
			if err := s.keeper.GiveShare(t.Context(), copyOf(t, s.made[i])); err != nil {
				t.Fatal(which, err)
			}
		}
		if s.keeper.Status().Sealed && !opens() {
			pairs++
		}
		s.pass(shareLife + time.Second) // those two have gone home
	}
	if triples != 10 || pairs != 10 {
		t.Errorf("%d of 10 triples unseal, %d of 10 pairs do not", triples, pairs)
	}
}

// copyOf is a share as it comes from paper: the keeper clears what it was given.
func copyOf(t testing.TB, s share.Share) share.Share {
	t.Helper()
	typed, err := share.Parse(s.Text())
	if err != nil {
		t.Fatal(err)
	}
	return typed
}

func TestAWrongShareIsNamedAndSpoilsNothing(t *testing.T) {
	s := sealed(t, nil, nil)
	others, err := share.Split(bytes.Repeat([]byte{7}, share.Size), 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	forged := others[1]
	forged.Set = s.made[0].Set
	locked, err := copyOf(t, s.made[1]).Lock([]byte("a passphrase of a custodian"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.keeper.GiveShare(t.Context(), copyOf(t, s.made[0])); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		one  share.Share
		want error
		says string
	}{
		"of another set": {others[0], share.ErrMixed, others[0].Set.String()},
		"forged":         {forged, ErrForged, "share 2"},
		"twice":          {copyOf(t, s.made[0]), share.ErrTwice, "share 1"},
		"locked":         {locked, share.ErrLocked, "share 2"},
	} {
		if err := s.keeper.GiveShare(t.Context(), row.one); !errors.Is(err, row.want) || !strings.Contains(fmt.Sprint(err), row.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, i := range []int{3, 4} {
		if err := s.keeper.GiveShare(t.Context(), copyOf(t, s.made[i])); err != nil {
			t.Fatal(err)
		}
	}
	if s.keeper.Status().Sealed {
		t.Error("three right shares did not unseal it")
	}
	if err := s.keeper.GiveShare(t.Context(), copyOf(t, s.made[1])); !errors.Is(err, ErrUnsealed) {
		t.Errorf("a fourth: %v", err)
	}
}

func TestNewSharesMakeTheOldOnesUseless(t *testing.T) {
	s := unsealed(t, nil, nil)
	me, where := s.signIn(aigul), own(s.person(aigul))
	text := s.seal(where, "бұрынғы")
	two := &Shares{Given: s.made[:2]}
	if err := s.keeper.Reshare(t.Context(), two, &Shares{Threshold: 2, Count: 3}); !errors.Is(err, share.ErrTooFew) {
		t.Fatalf("two custodians made new shares: %v", err)
	}
	fresh := &Shares{Threshold: 3, Count: 5}
	if err := s.keeper.Reshare(t.Context(), &Shares{Given: s.made[1:4]}, fresh); err != nil {
		t.Fatal(err)
	}
	s.keeper.Seal()
	for _, which := range choices(5, 3) {
		var old []share.Share
		for _, i := range which {
			if err := s.keeper.GiveShare(t.Context(), copyOf(t, s.made[i])); !errors.Is(err, share.ErrMixed) {
				t.Errorf("old share %d: %v", i+1, err)
			}
			old = append(old, s.made[i])
		}
		// Who does without our checks has nothing either: the root is under another key.
		key, err := share.Combine(old...)
		if err != nil {
			t.Fatal(err)
		}
		var kept sealedShares
		if err := strictly(s.keeper.state.Sealed, &kept); err != nil {
			t.Fatal(err)
		}
		for _, set := range []share.Set{kept.Set, s.made[0].Set} {
			if _, err := unbox(key, byShares+"/"+set.String(), kept.Box); !errors.Is(err, ErrNotRoot) {
				t.Errorf("old shares open the new box: %v", err)
			}
		}
	}
	s.end() // new shares stand in the folder, not in the process
	s.start()
	for _, one := range fresh.Made[2:] {
		if err := s.keeper.GiveShare(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	s.pass(time.Second)
	if got, err := s.keys.OpenText(s.as(me), where, text); err != nil || got != "бұрынғы" {
		t.Errorf("after new shares: %q, %v", got, err)
	}
}

func TestNewSharesThatWereLostOnTheWayToPaperCloseNothing(t *testing.T) {
	s := unsealed(t, nil, nil)
	me, where := s.signIn(aigul), own(s.person(aigul))
	text := s.seal(where, "бұрынғы")
	before, now := filepath.Join(s.dir, beforeFile), filepath.Join(s.dir, stateFile)
	reshare := func(old []share.Share) []share.Share {
		t.Helper()
		fresh := &Shares{Threshold: 3, Count: 5}
		if err := s.keeper.Reshare(t.Context(), &Shares{Given: old}, fresh); err != nil {
			t.Fatal(err)
		}
		return fresh.Made
	}
	opens := func(with []share.Share) {
		t.Helper()
		s.end()
		s.start()
		for _, one := range with {
			if err := s.keeper.GiveShare(t.Context(), copyOf(t, one)); err != nil {
				t.Fatal(err)
			}
		}
		s.pass(time.Second)
		if got, err := s.keys.OpenText(s.as(me), where, text); err != nil || got != "бұрынғы" {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := os.Stat(before); !errors.Is(err, os.ErrNotExist) || s.keeper.Status().Unsettled {
			t.Errorf("whoever unseals it has its shares, and the former sealing stays: %v", err)
		}
	}

	reshare(s.made[:3]) // and nobody has seen them
	if !s.keeper.Status().Unsettled {
		t.Error("nobody is told that the new shares were never confirmed")
	}
	if _, err := s.keeper.Rotate(); !errors.Is(err, ErrUnsettled) {
		t.Errorf("a new epoch meanwhile, which the former sealing knows nothing of: %v", err)
	}
	if err := s.keeper.Forget(1); !errors.Is(err, ErrUnsettled) {
		t.Errorf("keys are forgotten meanwhile, and lie in the former sealing: %v", err)
	}
	s.end()
	if err := os.Rename(before, now); err != nil {
		t.Fatal(err)
	}
	s.start()
	opens(s.made[2:])

	opens(reshare(s.made[:3])[1:4]) // the ceremony was broken off, and they are on paper all the same
	fresh := &Shares{Threshold: 2, Count: 3}
	if err := s.keeper.Reshare(t.Context(), &Shares{Given: s.made[:3]}, fresh); !errors.Is(err, share.ErrMixed) {
		t.Errorf("the shares of before: %v", err)
	}
}

func TestAKeeperThatCannotWriteDownWhatChangesChangesNothing(t *testing.T) {
	s := unsealed(t, nil, nil)
	s.pass(48 * time.Hour) // a new file of decisions, in whose place there is a folder
	if err := os.Mkdir(filepath.Join(s.dir, "decisions-"+s.now().Format(time.DateOnly)+".jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	was, err := os.ReadFile(filepath.Join(s.dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.keeper.Reshare(t.Context(), &Shares{Given: s.made[:3]}, &Shares{Threshold: 3, Count: 5}); err == nil {
		t.Error("new shares that are written down nowhere")
	}
	if _, err := s.keeper.Rotate(); err == nil {
		t.Error("a new epoch that is written down nowhere")
	}
	if is, err := os.ReadFile(filepath.Join(s.dir, stateFile)); err != nil || !bytes.Equal(is, was) || s.keeper.Status().Unsettled || s.keeper.Status().Epoch != 1 {
		t.Errorf("the state changed: %v, %+v", err, s.keeper.Status())
	}
}

func TestAThiefOfTheFolderWithTwoSharesOpensNothing(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	me := s.signIn(aigul)
	where := own(s.person(aigul))
	text := s.seal(where, "құпия")
	if _, err := s.keys.OpenText(s.as(me), where, text); err != nil {
		t.Fatal(err)
	}
	if err := s.client.Show(t.Context(), paperOf("withdraw", theft, s.person(aigul))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.keeper.OpenCase(t.Context(), &Shares{Given: s.made[:3]}, theft, daniyar, "the investigator died, the term ends tomorrow"); err != nil {
		t.Fatal(err)
	}
	ask, err := vault.Head(where, text)
	if err != nil {
		t.Fatal(err)
	}
	root := bytes.Clone(s.keeper.opened.root.bytes())
	private, err := s.keeper.opened.key(ask.Epoch, ask.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	dek, err := ask.Unwrap(private)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]byte{
		"the root": root, "the seed of the epoch": bytes.Clone(s.keeper.opened.seed.bytes()), "the tagging key": s.keeper.opened.tagKey, "the key of a text": dek, "an IIN": []byte(aigul),
		"another IIN": []byte(daniyar), "a name": []byte("TEST"), "the ground of an opening": []byte("investigator died"),
	}
	searched := 0
	err = filepath.Walk(s.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for what, secret := range secrets {
			for _, form := range []string{string(secret), fmt.Sprintf("%x", secret), b64(secret)[:len(secret)*8/6]} {
				if strings.Contains(string(content), form) {
					t.Errorf("%s stands in %s", what, filepath.Base(path))
				}
			}
		}
		searched++
		return err
	})
	if err != nil || searched < 6 {
		t.Fatalf("%d files were searched, %v", searched, err)
	}
	s.end()
	thief, err := Open(s.config)
	if err != nil {
		t.Fatal(err)
	}
	defer thief.Close()
	for _, which := range choices(5, 2) {
		a, b := copyOf(t, s.made[which[0]]), copyOf(t, s.made[which[1]])
		if err := thief.Unseal(t.Context(), &Shares{Given: []share.Share{a, b}}); !errors.Is(err, share.ErrTooFew) {
			t.Errorf("%v: %v", which, err)
		}
		a.Threshold, b.Threshold = 2, 2
		key, err := share.Combine(a, b)
		if err != nil {
			t.Fatal(err)
		}
		var kept sealedShares
		if err := strictly(thief.state.Sealed, &kept); err != nil {
			t.Fatal(err)
		}
		if _, err := unbox(key, byShares+"/"+kept.Set.String(), kept.Box); !errors.Is(err, ErrNotRoot) {
			t.Errorf("%v opens the box: %v", which, err)
		}
	}
}

func TestANewEpochIsForNewTextsAndOldOnesAreBroughtOver(t *testing.T) {
	s := unsealed(t, nil, nil)
	me, where := s.signIn(aigul), own(s.person(aigul))
	old := s.seal(where, "ескі")
	if epoch, err := s.keeper.Rotate(); err != nil || epoch != 2 {
		t.Fatal(epoch, err)
	}
	if err := s.keys.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh := s.seal(where, "жаңа")
	asks := make([]vault.Ask, 2)
	for i, text := range [][]byte{old, fresh} {
		var err error
		if asks[i], err = vault.Head(where, text); err != nil || asks[i].Epoch != uint32(i+1) {
			t.Fatal(asks[i].Epoch, err)
		}
	}
	elsewhere := asks[0]
	elsewhere.Where = own(s.person(daniyar))
	wraps, err := s.client.Rewrap(t.Context(), append(asks, elsewhere))
	if err != nil || len(wraps) != 3 || wraps[2] != nil {
		t.Fatalf("%v, %v", wraps, err)
	}
	over, err := vault.Rehead(*wraps[0], old)
	if err != nil || bytes.Equal(over, old) || wraps[0].Epoch != 2 {
		t.Fatal(wraps[0].Epoch, err)
	}
	s.end() // the epoch outlives the process
	s.start()
	s.unseal()
	s.pass(time.Second)
	if s.keeper.Status().Epoch != 2 {
		t.Errorf("%+v", s.keeper.Status())
	}
	for want, text := range map[string][]byte{"ескі": old, "жаңа": fresh} {
		if got, err := s.keys.OpenText(s.as(me), where, text); err != nil || got != want {
			t.Errorf("%s: %q, %v", want, got, err)
		}
	}
	if got, err := s.keys.OpenText(s.as(me), where, over); err != nil || got != "ескі" {
		t.Errorf("brought over: %q, %v", got, err)
	}
}

func TestAFolderThatWasTouchedStopsTheKeeper(t *testing.T) {
	three := func(s *stage) {
		for _, id := range []vault.Where{ofCase(theft), ofCase(theft), ofCase(theft)} {
			if err := s.client.Show(t.Context(), paperOf("withdraw", theft, id.ID)); err != nil {
				t.Fatal(err)
			}
		}
	}
	lines := func(text []byte) [][]byte { return bytes.SplitAfter(text, []byte("\n")) }
	for name, row := range map[string]struct {
		file  string
		touch func([]byte) []byte
	}{
		"the last withdrawal cut":   {withdrawnFile, func(b []byte) []byte { return bytes.Join(lines(b)[:2], nil) }},
		"the first withdrawal cut":  {withdrawnFile, func(b []byte) []byte { return bytes.Join(lines(b)[1:], nil) }},
		"all withdrawals cut":       {withdrawnFile, func([]byte) []byte { return nil }},
		"two withdrawals exchanged": {withdrawnFile, func(b []byte) []byte { l := lines(b); return bytes.Join([][]byte{l[1], l[0], l[2]}, nil) }},
		"a withdrawal twice":        {withdrawnFile, func(b []byte) []byte { l := lines(b); return append(b, l[2]...) }},
		"a time changed":            {withdrawnFile, func(b []byte) []byte { return bytes.Replace(b, []byte("2026-"), []byte("2025-"), 1) }},
		"a withdrawal changed":      {withdrawnFile, func(b []byte) []byte { return bytes.Replace(b, []byte(`"data":"d2l0`), []byte(`"data":"d2m0`), 1) }},
		"a line that is none":       {withdrawnFile, func(b []byte) []byte { return append([]byte("{}\n"), b...) }},
		"how far it went set back":  {withdrawnFile + ".head", func([]byte) []byte { return []byte(`{"n":2,"mac":""}`) }},
		"how far it went is gone":   {withdrawnFile + ".head", func([]byte) []byte { return nil }},
		"a withdrawal of the thief's": {withdrawnFile, func(b []byte) []byte {
			return append(b, bytes.Replace(lines(b)[2], []byte(`"n":3`), []byte(`"n":4`), 1)...)
		}},
		"an opening of the thief's": {openingsFile, func([]byte) []byte {
			return []byte(`{"n":1,"at":"2026-10-22T07:00:00Z","data":"AAAA","mac":"AAAA"}` + "\n")
		}},
		"the epoch set forward":          {stateFile, func(b []byte) []byte { return bytes.Replace(b, []byte(`"epoch": 1`), []byte(`"epoch": 2`), 1) }},
		"the time of the shares changed": {stateFile, func(b []byte) []byte { return bytes.Replace(b, []byte(`"made": "2026`), []byte(`"made": "2016`), 1) }},
		"a field more":                   {stateFile, func(b []byte) []byte { return bytes.Replace(b, []byte(`"epoch"`), []byte(`"mode": 1, "epoch"`), 1) }},
		"the file of the root cut":       {stateFile, func(b []byte) []byte { return b[:len(b)/2] }},
	} {
		t.Run(name, func(t *testing.T) {
			s := unsealed(t, nil, byPapers)
			three(s)
			s.end()
			path := filepath.Join(s.dir, row.file)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			after := row.touch(bytes.Clone(before))
			if bytes.Equal(before, after) {
				t.Fatal("nothing was touched")
			}
			if err := os.WriteFile(path, after, 0o600); err != nil {
				t.Fatal(err)
			}
			k, err := Open(s.config)
			if err == nil {
				err = k.Unseal(t.Context(), s.source())
				if !k.Status().Sealed {
					t.Error("it was unsealed")
				}
				k.Close()
			}
			if !errors.Is(err, ErrChanged) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAPowerCutInTheMidstOfAnEntryLosesNothingThatWasAnswered(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	if err := s.client.Show(t.Context(), paperOf("withdraw", theft, s.person(aigul))); err != nil {
		t.Fatal(err)
	}
	s.end()
	f, err := os.OpenFile(filepath.Join(s.dir, withdrawnFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"n":2,"at":"2026-`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	for range 2 {
		s.start()
		s.unseal()
		if n := s.keeper.Status().Withdrawn.Entries; n != 1 {
			t.Errorf("%d entries", n)
		}
		s.end()
	}
}

// The record of decisions grows for ever, on a disk that ends: how much is left is told, and
// what earlier days filled may be taken elsewhere while the keeper works.
func TestTheDiskOfTheFolderIsToldAndOldDecisionsMayBeMovedAway(t *testing.T) {
	s := unsealed(t, nil, nil)
	if status, err := s.client.Status(t.Context()); err != nil || status.Disk.Free == 0 || status.Disk.Free > status.Disk.All {
		t.Errorf("of its disk it says %+v, %v", status.Disk, err)
	}
	for _, d := range []struct {
		Disk
		scarce bool
	}{{Disk{}, false}, {Disk{0, 5 << 30}, true}, {Disk{1<<30 - 1, 5 << 40}, true}, {Disk{1 << 30, 5 << 30}, false}} {
		if d.Scarce() != d.scarce {
			t.Errorf("%+v: %v", d.Disk, d.Scarce())
		}
	}
	days := func() []string {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(s.dir, "decisions-*.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	s.pass(24 * time.Hour)
	s.keeper.Seal()
	s.unseal()
	if len(days()) != 2 {
		t.Fatalf("the record lies in %v", days())
	}
	if err := os.Rename(days()[0], filepath.Join(t.TempDir(), "elsewhere")); err != nil {
		t.Fatal(err)
	}
	left := days()[0]
	before, err := os.ReadFile(left)
	if err != nil {
		t.Fatal(err)
	}
	s.end()
	s.start()
	s.unseal()
	after, err := os.ReadFile(left)
	if err != nil || len(days()) != 1 || len(after) <= len(before) || !bytes.HasPrefix(after, before) {
		t.Errorf("after a restart the record is %v: %s", days(), after)
	}
}

func TestEachCopyOfAKeeperAtWorkOpens(t *testing.T) {
	s := unsealed(t, nil, nil)
	stop, wrote := make(chan struct{}), make(chan error, 1)
	go func() {
		var err error
		for i := 0; err == nil; i++ {
			select {
			case <-stop:
				wrote <- nil
				return
			default:
				err = s.keeper.withdrawn.addOnce(fmt.Appendf(nil, "right %d", i), noon)
			}
		}
		wrote <- err
	}()
	for range 30 {
		had := s.keeper.Status().Withdrawn
		to := filepath.Join(t.TempDir(), "copy")
		if err := Copy(s.dir, to); err != nil {
			t.Fatal(err)
		}
		config := s.config
		config.Dir = to
		k, err := Open(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range s.made[:3] {
			if err := k.GiveShare(t.Context(), copyOf(t, one)); err != nil {
				t.Fatal(err)
			}
		}
		if has := k.Status().Withdrawn; has.Entries < had.Entries {
			t.Errorf("the copy has %d entries, and the keeper had %d", has.Entries, had.Entries)
		}
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	if err := <-wrote; err != nil {
		t.Error(err)
	}

	there, missing := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	if err := Copy(s.dir, there); err == nil {
		t.Error("a copy over what was there")
	}
	if err := os.Remove(filepath.Join(s.dir, openingsFile)); err != nil {
		t.Fatal(err)
	}
	if err := Copy(s.dir, missing); err == nil {
		t.Error("a copy of half a keeper")
	}
	if left, err := os.ReadDir(filepath.Dir(missing)); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestAnInitThatWasBrokenOffIsMadeAgainAndAKeeperIsNot(t *testing.T) {
	again := func(dir string) error { return Init(t.Context(), dir, &Shares{Threshold: 3, Count: 5}, noon) }
	s := sealed(t, nil, nil)
	s.end()
	if err := os.Rename(filepath.Join(s.dir, stateFile), filepath.Join(s.dir, beforeFile)); err != nil {
		t.Fatal(err)
	}
	if err := again(s.dir); !errors.Is(err, ErrExists) {
		t.Errorf("beside the former sealing of a keeper: %v", err)
	}
	if err := os.Remove(filepath.Join(s.dir, beforeFile)); err != nil {
		t.Fatal(err)
	}
	if err := again(s.dir); err != nil { // the memories are there, and the state was never written
		t.Errorf("after one that was broken off: %v", err)
	}

	s = unsealed(t, nil, nil)
	s.end()
	if err := os.Remove(filepath.Join(s.dir, stateFile)); err != nil {
		t.Fatal(err)
	}
	if err := again(s.dir); !errors.Is(err, ErrExists) {
		t.Errorf("over a keeper that was at work and lost its state: %v", err)
	}
	full := t.TempDir()
	if err := errors.Join(os.Chmod(full, 0o700), os.WriteFile(filepath.Join(full, withdrawnFile), []byte("{}\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := again(full); !errors.Is(err, ErrExists) {
		t.Errorf("over a memory of something: %v", err)
	}
}

func TestAFolderThatOthersCanReadOrThatIsInUseIsRefused(t *testing.T) {
	s := sealed(t, nil, nil)
	if _, err := Open(s.config); !errors.Is(err, ErrInUse) {
		t.Errorf("a second keeper: %v", err)
	}
	s.end()
	for _, mode := range []os.FileMode{0o750, 0o701, 0o770} {
		if err := os.Chmod(s.dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(s.config); !errors.Is(err, ErrExposed) {
			t.Errorf("%v: %v", mode, err)
		}
	}
	if err := os.Chmod(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Init(t.Context(), s.dir, &Shares{Threshold: 3, Count: 5}, noon); !errors.Is(err, ErrExists) {
		t.Errorf("a second root: %v", err)
	}
	s.start()
}

// stuck is a source that is asked and does not answer.
type stuck struct {
	Source
	asked, goOn chan struct{}
}

func (s stuck) Unseal(ctx context.Context, sealed []byte) ([]byte, error) {
	close(s.asked)
	<-s.goOn
	return s.Source.Unseal(ctx, sealed)
}

// A module that hangs in a ceremony keeps the portal from nothing: texts open, and how the
// keeper is can be asked.
func TestACeremonyThatWaitsHoldsUpNobody(t *testing.T) {
	s := unsealed(t, nil, nil)
	me, where := s.signIn(aigul), own(s.person(aigul))
	text := s.head(where)
	from := stuck{s.source(), make(chan struct{}), make(chan struct{})}
	ended := make(chan error)
	go func() {
		_, err := s.keeper.OpenCase(context.Background(), from, theft, daniyar, "Тергеуші қайтыс болды, мерзім ертең бітеді.")
		ended <- err
	}()
	<-from.asked
	if st, err := s.client.Status(t.Context()); err != nil || st.Sealed {
		t.Errorf("%+v, %v", st, err)
	}
	if _, err := s.client.Unwrap(s.as(me), []vault.Ask{text}); err != nil {
		t.Error(err)
	}
	close(from.goOn)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Of a keeper whose root a transit engine seals, its token is what those bring who may.
func TestTheTokenOfATransitEngineProvesAndUnseals(t *testing.T) {
	from := transit(t)
	s := unsealed(t, from, func(c *Config) { c.Transit = Transit{Address: from.Address, Key: from.Key} })
	o, err := Operate(s.socket + "o")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if st, err := o.Seal(t.Context()); err != nil || !st.Sealed {
		t.Fatal(st, err)
	}
	if st, err := o.GivePassphrase(t.Context(), []byte("another token")); err == nil || !strings.Contains(err.Error(), ErrNotRoot.Error()) {
		t.Errorf("another token: %+v, %v", st, err)
	}
	token := func() Proof { return Proof{Passphrase: []byte(from.Token)} }
	if st, err := o.GivePassphrase(t.Context(), token().Passphrase); err != nil || st.Sealed {
		t.Errorf("unsealed anew: %+v, %v", st, err)
	}
	if _, err := o.OpenCase(t.Context(), token(), theft, daniyar, because); err != nil {
		t.Errorf("a case: %v", err)
	}
	if made, err := o.Reshare(t.Context(), token(), 2, 3); err != nil || len(made) != 3 {
		t.Errorf("shares instead: %v", err)
	}
}
